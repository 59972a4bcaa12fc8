"""Commitments to words, and the disclosures that open them."""

import hashlib
import hmac
import os

import dsse
import jcs

MARK = "$commit"
LARGEST = 1 << 20
DEEPEST = 32


def content(kind, value):
    """The committed bytes of a text, a JSON value or a file's SHA-256."""
    if kind == "text":
        return value.encode()
    return jcs.spell(value) if kind == "json" else value


def digest(salt, event, pointer, kind, data):
    parts = [b"counterpart/commit/v1", event.encode(), pointer.encode(), kind.encode(), data]
    mac = hmac.new(salt, b"\x00".join(parts), hashlib.sha256).hexdigest()
    return f"hmac-sha256:{mac}"


def seal(event, pointer, kind, value):
    """Gives (what stands in the entry, the disclosure that opens it)."""
    salt, data = os.urandom(32), content(kind, value)
    shown = {MARK: digest(salt, event, pointer, kind, data)}
    opening = {"pointer": pointer, "kind": kind, "salt": dsse.b64(salt), "content": dsse.b64(data)}
    return shown, opening


def opens(event, shown, disclosure):
    """Whether a disclosure opens a commitment of this event (door rule E07)."""
    try:
        salt, data = dsse.unb64(disclosure["salt"], 32), dsse.unb64(disclosure["content"])
        kind = disclosure["kind"]
        if len(data) > LARGEST:
            return False
        if kind == "text" and not jcs.is_plain_text(data.decode()):
            return False
        if kind == "json":
            jcs.read_canonical(data, DEEPEST)
        if kind == "sha256" and len(data) != 32:
            return False
    except ValueError:
        return False
    return shown == {MARK: digest(salt, event, disclosure["pointer"], kind, data)}


def found_in(value, pointer=""):
    """Every (pointer, commitment) that stands in a value."""
    if isinstance(value, dict):
        if set(value) == {MARK}:
            yield pointer, value
            return
        for name, inner in value.items():
            yield from found_in(inner, f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}")
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from found_in(inner, f"{pointer}/{place}")
