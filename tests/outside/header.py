"""What the rules read of an agreement's header (`/schemas/header-v1.json`)."""
