"""Reference data: code lists and policies, each by the hash that the log pins.

The decider reads them as any auditor would: the genesis names id, version and SHA-256, the
ledger serves the bytes under `/log/data/<sha256>`, and the hash decides whether they are the
right ones.
"""

import hashlib
import json
from pathlib import Path

HELD = Path(__file__).resolve().parents[2] / "config/reference"


class NotHeld(KeyError):
    """No bytes are known for a hash that the log pins."""


def published():
    """The files of the repository: {sha256: bytes}."""
    found = [path.read_bytes() for path in sorted(HELD.glob("*.json"))]
    return {hashlib.sha256(data).hexdigest(): data for data in found}


def manifest():
    """What a genesis pins of the published files: (code lists, policies)."""
    rows = []
    for sha256, data in published().items():
        value = json.loads(data)
        rows.append({"id": value["id"], "sha256": sha256, "version": value["version"]})
    rows.sort(key=lambda row: row["id"])
    policies = [row for row in rows if row["id"].startswith("POLICY-")]
    return [row for row in rows if row not in policies], policies


class Reference:
    """The lists and policies that a genesis pins."""

    def __init__(self, genesis, fetch=None):
        held = published() if fetch is None else None
        fetch = fetch or held.get
        self._lists = {}
        for row in genesis["code_lists"] + genesis["policies"]:
            data = fetch(row["sha256"])
            if data is None or hashlib.sha256(data).hexdigest() != row["sha256"]:
                raise NotHeld(f"{row['id']} version {row['version']}: {row['sha256']}")
            self._lists[row["id"]] = json.loads(data)
        self.code_lists = {row["id"]: row["version"] for row in genesis["code_lists"]}
        self.policies = {row["id"]: row["version"] for row in genesis["policies"]}

    def __getitem__(self, name):
        """A list or policy by its id, as the file has it."""
        return self._lists[name]

    def gate(self, code):
        """The row of a legal gateway, or None."""
        rows = self["CL-GATE"]["rows"]
        return next((row for row in rows if row["code"] == code), None)

    def stands_in(self, role):
        """Who acts for a role at a body of governance LIGHT: {role itself, its stand-in}."""
        light = self["POLICY-ROLES"]["light"]
        return {role} | {row["becomes"] for row in light if row["role"] == role}

    def clash(self, role, other):
        """Whether one person may not hold both roles at one body."""
        policy = self["POLICY-SEPARATION"]
        if sorted((role, other)) in [sorted(pair) for pair in policy["forbidden"]]:
            return True
        apart = policy["apart_from_deciding"]
        return (role in apart and other in DECIDING) or (other in apart and role in DECIDING)

    def keeps_apart(self, role):
        """Whether a role is kept apart from deciding ones at every body, not only its own."""
        return role in self["POLICY-SEPARATION"]["apart_from_deciding"]


# Roles that advise, decide or bind, or say who does.
DECIDING = {"ADM", "CEX", "CG", "DAT", "DPO", "IAO", "IGL", "LEO", "LGL", "OPN", "SEC", "SIG", "SIRO"}
