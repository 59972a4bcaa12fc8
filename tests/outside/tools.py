"""The program's own tools, and the offline verifier, on what the outsider received."""

import base64
import hashlib
import json
import subprocess
import sys
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import bundle
import note
import reference
from observer import same

VERIFIER = Path(__file__).resolve().parents[2] / "docs/verify/verify.py"


def check(program, observer, tale):
    """Restart, audit and verification."""
    step = tale.report.step
    step("the offline verifier takes a receipt, and refuses another", _offline, program, observer)
    step("the offline verifier takes a bundle of an agreement", _bundle, program, observer, tale)
    step("`counterpart verify` agrees", _verify, program, observer)
    step("`counterpart audit` decides every entry again", _audit, program, observer)
    step("a server that starts again serves the same log", _restart, program, observer, tale)


def _other_key(vkey):
    """A key of the same name that the log does not have."""
    name = vkey.split("+")[0]
    key = b"\x01" + Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    key_id = hashlib.sha256(name.encode() + b"\n" + key).digest()[:4]
    return f"{name}+{key_id.hex()}+{base64.b64encode(key).decode()}"


def _receipt(observer):
    """The last receipt, with its envelope."""
    receipt, envelope = observer.last
    return json.dumps({**receipt, "envelope": envelope})


def _offline(program, observer):
    path = program.share("receipt.json", _receipt(observer))
    vkey = observer.genesis_vkey()
    for key, code in [(vkey, 0), (_other_key(vkey), 4)]:
        done = subprocess.run([sys.executable, VERIFIER, path, "--vkey", key], capture_output=True, text=True)
        same(done.returncode, code, f"exit code ({done.stdout}{done.stderr})")


def _bundle(program, observer, tale):
    """The main agreement with all that it rests on, and what it lacks without one of them."""
    checkpoint = observer.client.log("checkpoint").decode()
    size = note.checkpoint(checkpoint, observer.verifier).size
    held = bundle.files(observer.entries[:size], observer.state.leaves[:size], checkpoint, tale.stream, observer.words, reference.published())
    path, vkey = program.folder / "bundle.zip", observer.genesis_vkey()
    for files, code in [(held, 0), ({**held, "checkpoint": held["checkpoint"].replace(b"\n\n", b"\nx\n\n", 1)}, 4)]:
        path.write_bytes(bundle.pack(files))
        done = subprocess.run([sys.executable, VERIFIER, path, "--vkey", vkey], capture_output=True, text=True)
        same(done.returncode, code, f"exit code ({done.stdout}{done.stderr})")


def _verify(program, observer):
    path, vkey = program.share("receipt.json", _receipt(observer)), observer.genesis_vkey()
    program.run("verify", path, "--vkey", vkey)
    program.run("verify", path, "--vkey", _other_key(vkey), ok=(4,))
    spoilt = json.loads(_receipt(observer))
    spoilt["digest"] = "0" * 64
    program.run("verify", program.share("spoilt.json", json.dumps(spoilt)), "--vkey", vkey, ok=(4,))


def _audit(program, observer):
    url, vkey = f"http://{observer.client.address}", observer.genesis_vkey()
    said = program.run("audit", url, "--vkey", vkey)
    n = observer.state.size
    same(f"{n} of {n}" in said, True, f"`{n} of {n}` within `{said[-600:]}`")
    program.run("audit", url, "--vkey", _other_key(vkey), ok=(4,))


def _restart(program, observer, tale):
    before = observer.client.log("checkpoint")
    same(program.stop(), 0, "exit code")
    observer.client = program.serve()
    after = observer.client.log("checkpoint").decode()
    same(note.checkpoint(after, observer.verifier), note.checkpoint(before.decode(), observer.verifier), "checkpoint")
    observer.compare(tale.stream, "CLOSED", "X")
