"""The decider and the observer against a log that lies: what a check is for is that it fails."""

import io
import json
import tempfile
import unittest
from contextlib import redirect_stdout
from pathlib import Path

import dsse
import jcs
import note
import story
import tree
from cast import Cast, draft
from directory import Refused
from rehearsal import Rehearsal, Unpublished
from rules import State
from observer import Disagreement, Report, Observer


class Lies(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.cast = Cast(Path(folder.name))
        for _ in range(3):
            cls.cast.add_registrar()
        cls.log = Rehearsal(Unpublished())
        data = story.genesis(cls.cast, cls.log.print_genesis(story.ORIGIN))
        empty = State(Unpublished())
        made = draft(empty, "LedgerGenesis", "sys", data, *cls.cast.registrars, ledger=story.ORIGIN)
        cls.log.found(made.submission())
        cls.verifier = note.Verifier.read(cls.log.vkey)
        cls.observer = Observer(cls.log, Unpublished(), cls.verifier)
        cls.observer.replay(cls.log.entries[0])
        report = Report()
        with redirect_stdout(io.StringIO()):
            story.Story(cls.observer, cls.cast, report).register("CMD")
        assert report.failed == 0

    def replay(self, entries):
        state = State(Unpublished())
        for data in entries:
            state.replay(data)
        return state

    def test_an_honest_log_is_decided_again(self):
        self.assertEqual(self.replay(self.log.entries).size, self.log.state.size)

    def test_an_entry_left_out_stops_the_replay(self):
        for gap in (1, 2, 3):
            with self.assertRaises(Refused):
                self.replay(self.log.entries[:gap] + self.log.entries[gap + 1 :])

    def test_an_entry_recorded_twice_stops_the_replay(self):
        with self.assertRaises(Refused) as found:
            self.replay(self.log.entries + self.log.entries[-1:])
        self.assertEqual(found.exception.code, "C02")

    def test_a_changed_payload_stops_the_replay(self):
        value = jcs.read(self.log.entries[1])
        payload = dsse.unb64(value["envelope"]["payload"])
        value["envelope"]["payload"] = dsse.b64(payload.replace(b"Camden", b"Hamden"))
        with self.assertRaises(Refused) as found:
            self.replay([self.log.entries[0], jcs.spell(value)])
        self.assertEqual(found.exception.code, "E09")

    def test_an_entry_before_its_predecessor_stops_the_replay(self):
        value = jcs.read(self.log.entries[1])
        value["recorded_at"] = "2020-01-01T00:00:00.000Z"
        with self.assertRaises(Refused):
            self.replay([self.log.entries[0], jcs.spell(value)])

    def test_an_entry_in_another_spelling_stops_the_replay(self):
        data = json.dumps(jcs.read(self.log.entries[1])).encode()
        with self.assertRaises(Refused):
            self.replay([self.log.entries[0], data])

    def test_a_tile_that_differs_is_seen(self):
        def fetch(path):
            return bytes(len(self.log.log(path)))

        with self.assertRaises(tree.BadProof):
            tree.check_tiles(self.log.state.leaves, fetch)

    def test_a_refusal_of_another_event_is_seen(self):
        cast = self.cast
        made = draft(self.log.state, "OrganisationReinstated", "org:CMD", {}, *cast.registrars[:2])
        submission = made.submission()
        answer = self.log.ask("POST", "/api/v1/events", json.dumps(submission).encode()).json()
        self.assertEqual(answer["code"], "O06")
        self.observer.check_refusal(answer["refusal"], submission["envelope"], "O06")
        with self.assertRaises(Disagreement):
            self.observer.check_refusal(answer["refusal"], submission["envelope"], "R01")
        other = draft(self.log.state, "OrganisationReinstated", "org:CMD", {}, *cast.registrars[1:])
        with self.assertRaises(Disagreement):
            self.observer.check_refusal(answer["refusal"], other.submission()["envelope"], "O06")


if __name__ == "__main__":
    unittest.main()
