"""The envelope of an event (DSSE v1.0.2, strict profile) and the bytes that are signed."""

import base64
import binascii
import hashlib
import re

import jcs

EVENT = "application/vnd.counterpart.event.v1+json"
REFUSAL = "application/vnd.counterpart.refusal.v1+json"
LARGEST_ENVELOPE = 48_000
MOST_SIGNATURES = 16

_HEX = re.compile(r"[0-9a-f]{64}")


class BadEnvelope(ValueError):
    """The envelope is not of the strict profile."""


def b64(data):
    """Standard padded base64."""
    return base64.b64encode(data).decode()


def unb64(text, length=None):
    """Reads standard, padded, canonical base64 and nothing else."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError, TypeError):
        raise BadEnvelope("not standard base64") from None
    if b64(data) != text:
        raise BadEnvelope("not the canonical base64 of its bytes")
    if length is not None and len(data) != length:
        raise BadEnvelope(f"{len(data)} bytes where {length} are asked for")
    return data


def pae(kind, body):
    """The pre-authentication encoding: what a signature covers."""
    name = kind.encode()
    return b"DSSEv1 %d %s %d %s" % (len(name), name, len(body), body)


def digest(body, kind=EVENT):
    """The digest of an event: lower-case hex SHA-256 of its PAE."""
    return hashlib.sha256(pae(kind, body)).hexdigest()


def seal(body, signatures, kind=EVENT):
    """An envelope as a dict; `signatures` maps keyid to 64 bytes."""
    return {
        "payload": b64(body),
        "payloadType": kind,
        "signatures": [{"keyid": k, "sig": b64(s)} for k, s in sorted(signatures.items())],
    }


def spell(envelope):
    """The one canonical spelling: signatures sorted by keyid, JCS for the rest."""
    lines = sorted(envelope["signatures"], key=lambda line: line["keyid"])
    return jcs.spell({**envelope, "signatures": lines})


def open_envelope(envelope, kind=EVENT):
    """Gives (payload bytes, {keyid: signature}) of a parsed envelope, or raises."""
    if not isinstance(envelope, dict) or set(envelope) != {"payload", "payloadType", "signatures"}:
        raise BadEnvelope("an envelope has payload, payloadType and signatures")
    if envelope["payloadType"] != kind:
        raise BadEnvelope("another payload type")
    lines = envelope["signatures"]
    if not isinstance(lines, list) or not 1 <= len(lines) <= MOST_SIGNATURES:
        raise BadEnvelope("1 to 16 signatures")
    signatures = {}
    for line in lines:
        if not isinstance(line, dict) or set(line) != {"keyid", "sig"}:
            raise BadEnvelope("a signature has keyid and sig")
        keyid = line["keyid"]
        if not isinstance(keyid, str) or not _HEX.fullmatch(keyid):
            raise BadEnvelope("a keyid is 64 lower-case hex digits")
        if keyid in signatures:
            raise BadEnvelope("a keyid stands twice")
        signatures[keyid] = unb64(line["sig"], 64)
    return unb64(envelope["payload"]), signatures


def entry(envelope, recorded_at):
    """The bytes of a log entry."""
    return jcs.spell({"envelope": jcs.read(spell(envelope)), "recorded_at": recorded_at})


def open_entry(data):
    """Gives (envelope, recorded_at) of an entry, refusing every other spelling."""
    value = jcs.read_canonical(data)
    if not isinstance(value, dict) or set(value) != {"envelope", "recorded_at"}:
        raise BadEnvelope("an entry has envelope and recorded_at")
    open_envelope(value["envelope"])
    if entry(value["envelope"], value["recorded_at"]) != data:
        raise BadEnvelope("signatures are not sorted by keyid")
    return value["envelope"], value["recorded_at"]
