"""Verifies signed events with securesystemslib, which is not ours: python3 dsse.py EVENTS.ndjson"""

import base64
import hashlib
import json
import sys

from securesystemslib.dsse import Envelope
from securesystemslib.signer import SSlibKey


def keys_in(value, found):
    """Every public key that stands beside its id."""
    if isinstance(value, dict):
        if isinstance(value.get("key"), str) and isinstance(value.get("public"), str):
            public = base64.b64decode(value["public"])
            if hashlib.sha256(public).hexdigest() == value["key"]:
                found[value["key"]] = SSlibKey(value["key"], "ed25519", "ed25519", {"public": public.hex()})
        for member in value.values():
            keys_in(member, found)
    elif isinstance(value, list):
        for member in value:
            keys_in(member, found)


def main(path):
    keys, events, signatures, changed = {}, 0, 0, 0
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            submission = json.loads(line)["envelope"]
            payload = base64.b64decode(submission["payload"])
            keys_in(json.loads(payload), keys)
            envelope = Envelope.from_dict(json.loads(json.dumps(submission)))
            signers = [keys[signature["keyid"]] for signature in submission["signatures"]]
            verified = envelope.verify(signers, len(signers))
            assert len(verified) == len(signers), f"event {events}"
            events += 1
            signatures += len(signers)
            # One bit more, and nobody has signed it.
            other = dict(submission, payload=base64.b64encode(payload + b" ").decode())
            try:
                Envelope.from_dict(other).verify(signers, len(signers))
            except Exception:  # the library has several ways to say no
                changed += 1
    assert events == changed > 0
    print(f"{events} envelopes with {signatures} signatures verify, and none of them when it is changed")


main(sys.argv[1])
