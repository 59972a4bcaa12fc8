"""The offline verifier against published figures, and against files with one thing changed."""

import base64
import contextlib
import hashlib
import io
import json
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import verify

FIGURES = json.loads((HERE.parents[1] / "tests/outside/figures.json").read_text())
VKEY, NOTE = FIGURES["log_vkey"], FIGURES["checkpoint7"]
# The published proof carries the checkpoint with a witness's line; here it stands without.
PROOF = FIGURES["tlog_proof"].partition("\n\n")[0] + "\n\n" + NOTE
WITNESS = "witness.example.gla/w1+59b01bc6+BCmsuuFBvMrwsi4alNNNC8c2HlJtC/4SyJeUvJMilm3X"
COSIGNED = "\u2014 witness.example.gla/w1 WbAbxgAAAABpVbkApB29mOIbwvyAcpGtOXkTeQYstXa930/bJR2a969fjJIAJdk+hN7+wCzShoHP2Sema2W7UnnWiTfhYxNg76mADA==\n"


def b64(data):
    return base64.b64encode(data).decode()


class OnFiles(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def run_on(self, text, *arguments):
        """(exit code, what was printed)."""
        path = self.folder / "file"
        path.write_text(text)
        said = io.StringIO()
        with mock.patch.object(sys, "argv", ["verify.py", str(path), *arguments]), contextlib.redirect_stdout(said):
            return verify.main(), said.getvalue()


class Proofs(OnFiles):
    """The published proof, and what may be changed in it: nothing."""

    def policy(self, text):
        path = self.folder / "policy"
        path.write_text(text)
        return str(path)

    def test_the_published_proof_is_good(self):
        code, said = self.run_on(PROOF, "--vkey", VKEY)
        self.assertEqual(code, 0, said)
        self.assertIn("entry 2 is in the log of 7 entries", said)
        self.assertIn("not witnessed", said)

    def test_openssl_alone_gives_the_same_verdicts(self):
        gone = {"cryptography.exceptions": None, "cryptography.hazmat.primitives.asymmetric.ed25519": None}
        with mock.patch.dict(sys.modules, gone):
            self.assertEqual(self.run_on(PROOF, "--vkey", VKEY)[0], 0)
            self.assertEqual(self.run_on(PROOF.replace("E+0jh5Le", "E+0jh5Lf"), "--vkey", VKEY)[0], 4)

    def test_another_entry_is_wrong(self):
        entry = self.folder / "entry"
        for data, code in [(b"event-2", 0), (b"event-3", 4)]:
            entry.write_bytes(data)
            self.assertEqual(self.run_on(PROOF, "--vkey", VKEY, "--entry", str(entry))[0], code)

    def test_each_changed_character_of_the_proof_is_seen(self):
        body = PROOF.replace("extra ZXZlbnQtMg==\n", "")
        leaf = b64(bytes.fromhex(FIGURES["leaf"][2]))
        self.assertEqual(self.run_on(body, "--vkey", VKEY, "--leaf", leaf)[0], 0)
        for place in range(len(body)):
            changed = body[:place] + ("A" if body[place] != "A" else "B") + body[place + 1 :]
            code, said = self.run_on(changed, "--vkey", VKEY, "--leaf", leaf)
            self.assertEqual(code, 4, f"{place}: {said}")

    def test_another_log_key_is_wrong(self):
        key = b"\x01" + Ed25519PrivateKey.generate().public_key().public_bytes_raw()
        name = VKEY.split("+")[0]
        key_id = hashlib.sha256(name.encode() + b"\n" + key).digest()[:4].hex()
        self.assertEqual(self.run_on(PROOF, "--vkey", f"{name}+{key_id}+{b64(key)}")[0], 4)

    def test_a_policy_asks_for_its_witnesses(self):
        policy = self.policy(f"log {VKEY}\nwitness w1 {WITNESS}\nquorum w1\n")
        self.assertEqual(self.run_on(PROOF, "--policy", policy)[0], 4)
        code, said = self.run_on(PROOF + COSIGNED, "--policy", policy)
        self.assertEqual(code, 0, said)
        self.assertIn("1 witnesses cosigned it", said)
        self.assertEqual(self.run_on(PROOF + COSIGNED.replace("WbAbxgAAAABp", "WbAbxgAAAABq"), "--policy", policy)[0], 4)

    def test_a_group_counts_its_members(self):
        both = f"log {VKEY}\nwitness w1 {WITNESS}\ngroup g 2 w1 w2\nquorum g\n"
        self.assertEqual(self.run_on(PROOF + COSIGNED, "--policy", self.policy(both))[0], 4)
        one = f"log {VKEY}\nwitness w1 {WITNESS}\ngroup g any w1 # one is enough\nquorum g\n"
        self.assertEqual(self.run_on(PROOF + COSIGNED, "--policy", self.policy(one))[0], 0)

    def test_points_of_small_order_prove_nothing(self):
        for point in verify.SMALL:
            self.assertFalse(verify.is_signed(point, bytes(64), b"anything"))

    def test_no_file_is_not_a_verdict(self):
        with mock.patch.object(sys, "argv", ["verify.py", str(self.folder / "none"), "--vkey", VKEY]):
            with contextlib.redirect_stderr(io.StringIO()):
                self.assertEqual(verify.main(), 1)


class Receipts(OnFiles):
    """A receipt of a log of three entries, made here."""

    def setUp(self):
        super().setUp()
        key, name = Ed25519PrivateKey.generate(), "verify.example/log"
        public = b"\x01" + key.public_key().public_bytes_raw()
        key_id = hashlib.sha256(name.encode() + b"\n" + public).digest()[:4]
        self.vkey = f"{name}+{key_id.hex()}+{b64(public)}"
        payload = verify.spell({"id": "0190-test", "stream": "sys", "type": "NoteRecorded"}).encode()
        self.envelope = {"payload": b64(payload), "payloadType": verify.EVENT, "signatures": [{"keyid": "b", "sig": "AA=="}, {"keyid": "a", "sig": "AA=="}]}
        at = "2026-11-24T10:00:00.000Z"
        leaf = hashlib.sha256(b"\x00" + verify.entry_of(self.envelope, at)).digest()
        others = [hashlib.sha256(b"\x00" + data).digest() for data in (b"one", b"three")]
        root = verify.node(verify.node(others[0], leaf), others[1])
        text = f"{name}\n3\n{b64(root)}\n"
        note = f"{text}\n\u2014 {name} {b64(key_id + key.sign(text.encode()))}\n"
        path = "".join(f"{b64(h)}\n" for h in others)
        pae = b"DSSEv1 %d %s %d %s" % (len(verify.EVENT), verify.EVENT.encode(), len(payload), payload)
        self.receipt = {
            "checkpoint": note, "digest": hashlib.sha256(pae).hexdigest(), "envelope": self.envelope,
            "id": "0190-test", "index": 1, "leaf_hash": b64(leaf), "proof": f"c2sp.org/tlog-proof@v1\nindex 1\n{path}\n{note}",
            "recorded_at": at, "revision": 1, "standing": "RECORDED", "stream": "sys",
        }

    def verdict(self, *arguments, **changed):
        return self.run_on(json.dumps({**self.receipt, **changed}), "--vkey", self.vkey, *arguments)

    def test_a_receipt_with_its_envelope_is_good(self):
        code, said = self.verdict()
        self.assertEqual(code, 0, said)
        self.assertIn("NoteRecorded", said)

    def test_the_envelope_may_lie_beside_it(self):
        path = self.folder / "envelope"
        path.write_text(json.dumps({"envelope": self.envelope, "disclosures": []}, indent=2))
        del self.receipt["envelope"]
        self.assertIn("was not looked at", self.verdict()[1])
        self.assertIn("was recorded at", self.verdict("--envelope", str(path))[1])

    def test_each_changed_member_is_seen(self):
        other = {**self.envelope, "payload": b64(b'{"id":"0190-test","stream":"sys","type":"Other"}')}
        for changed in (
            {"digest": "0" * 64}, {"id": "another"}, {"stream": "org:CMD"}, {"index": 2}, {"envelope": other},
            {"recorded_at": "2026-11-24T10:00:00.001Z"}, {"leaf_hash": b64(bytes(32))}, {"checkpoint": NOTE},
            {"proof": PROOF}, {"proof": 7}, {"envelope": []},
        ):
            code, said = self.verdict(**changed)
            self.assertEqual(code, 4, f"{changed}: {said}")


if __name__ == "__main__":
    unittest.main()
