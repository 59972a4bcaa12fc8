"""A bundle that is whole, and each way in which one can be spoilt: the offline verifier must see it."""

import contextlib
import io
import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import bundle
import note
import reference
import run
import story
from cast import Cast
from chronicle import Chronicle, quiet_report
from observer import Observer
from rehearsal import Unpublished

VERIFIER = Path(__file__).resolve().parents[2] / "docs/verify/verify.py"


class Bundles(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        log, cast, report = Chronicle(Unpublished()), Cast(cls.folder), quiet_report()
        with contextlib.redirect_stdout(io.StringIO()):
            submission, cls.vkey = run.found_ledger(log, cast, Unpublished())
            watch = Observer(log, Unpublished(), note.Verifier.read(cls.vkey))
            watch.replay(log.entries[0])
            tale = story.Story(watch, cast, report)
            for code in ("CMD", "HCK"):
                tale.register(code, ["ADM", "IGL", "REQ"])
            tale.file()
            tale.triage()
        assert report.failed == 0
        cls.files = bundle.files(log.entries, log.state.leaves, log._checkpoint(), tale.stream, watch.words, reference.published())

    def verdict(self, **changed):
        path = self.folder / "bundle.zip"
        path.write_bytes(bundle.pack({name: data for name, data in {**self.files, **changed}.items() if data is not None}))
        done = subprocess.run([sys.executable, VERIFIER, path, "--vkey", self.vkey], capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr

    def lines(self, name):
        return self.files[name].splitlines(keepends=True)

    def test_a_whole_bundle_is_good(self):
        code, said = self.verdict()
        self.assertEqual(code, 0, said)
        self.assertIn("signatures verify", said)
        self.assertIn("0 are not in the bundle", said)

    def test_words_may_be_left_out(self):
        code, said = self.verdict(**{"disclosures.jsonl": None})
        self.assertEqual(code, 0, said)
        self.assertIn("0 words open", said)

    def test_an_entry_left_out_of_the_chain_is_seen(self):
        entries, proofs = self.lines("entries.jsonl"), self.lines("proofs.jsonl")
        for gap in range(len(entries) - 2):
            code, said = self.verdict(**{"entries.jsonl": b"".join(entries[:gap] + entries[gap + 1 :]), "proofs.jsonl": b"".join(proofs[:gap] + proofs[gap + 1 :])})
            self.assertEqual(code, 4, f"{gap}: {said}")

    def test_a_changed_entry_is_seen(self):
        entries = self.lines("entries.jsonl")
        for place in (0, 1, len(entries) - 1):
            changed = entries[place].replace(b'"recorded_at":"2', b'"recorded_at":"3')
            self.assertNotEqual(changed, entries[place])
            self.assertEqual(self.verdict(**{"entries.jsonl": b"".join([*entries[:place], changed, *entries[place + 1 :]])})[0], 4)

    def test_other_words_are_seen(self):
        said = [json.loads(line) for line in self.lines("disclosures.jsonl")]
        said[0]["content"], said[1]["content"] = said[1]["content"], said[0]["content"]
        self.assertEqual(self.verdict(**{"disclosures.jsonl": "".join(json.dumps(line) + "\n" for line in said).encode()})[0], 4)

    def test_other_reference_data_are_seen(self):
        name = next(name for name in self.files if name.startswith("data/"))
        self.assertEqual(self.verdict(**{name: b"{}"})[0], 4)
        self.assertEqual(self.verdict(**{"data/" + "0" * 64: b"{}"})[0], 4)

    def test_a_bundle_without_its_parts_is_seen(self):
        for name in ("checkpoint", "entries.jsonl", "proofs.jsonl"):
            self.assertEqual(self.verdict(**{name: None})[0], 4)


if __name__ == "__main__":
    unittest.main()
