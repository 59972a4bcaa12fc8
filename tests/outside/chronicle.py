"""Histories that the outsider writes alone, for the program's own audit to decide again.

A server lives in the present; a chronicle has a clock of its own, so that months pass in a
second: notices run out, reviews fall due, successions are confirmed late. What the outsider
admits becomes a log of its own making, which `counterpart audit` must re-decide to the last
entry; what it refuses is put behind the log as it stood, and the audit must stop there with
the same code.
"""

import json
import os
import random
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import dsse
import london
import tree
from observer import Observer, Report, same
from rehearsal import Rehearsal

# What no log shows: the form of a request, and words that do not open what stands in it.
_AT_THE_DOOR = {"E01", "E02", "E03", "E04", "E05", "E07", "E08", "C02"}
# An audit of one refusal costs a process; a walk has hundreds, and every run asks for others.
MOST_REFUSALS = 60
_STOPPED = re.compile(r"stopped at index (\d+): (\S+)")


class Chronicle(Rehearsal):
    """A rehearsal that keeps what it refused, and what the log was then."""

    def __init__(self, library):
        super().__init__(library)
        self.refusals, self.clock = [], london.Clock()

    def begin(self, at):
        """It begins at an instant of its own, and only what is recorded takes time: it can be played again."""
        self.clock.still = at

    def told(self):
        return f"{self.state.size} entries, {len(self.refusals)} refusals"

    def pass_time(self, **span):
        """Days, hours and minutes go by."""
        self.clock.ahead += timedelta(**span)

    def record(self, submission):
        """One event, admitted."""
        data = dsse.entry(submission["envelope"], london.spell(london.now()))
        self.state.replay(data)
        self.entries.append(data)
        if self.clock.still:
            self.pass_time(seconds=1)

    def refuse(self, code, body):
        """One event, refused: kept for the audit where a log could show it."""
        # A header that does not hold together is seen without the words.
        shown = code == "E08" and self.state.decide(body, london.now(), words=False).code == code
        if shown or code not in _AT_THE_DOOR:
            envelope = json.loads(body)["envelope"]
            self.refusals.append((code, self.state.size, dsse.entry(envelope, london.spell(london.now()))))

    def _refuse(self, code, body):
        self.refuse(code, body)
        return super()._refuse(code, body)

    def file(self, size, *more):
        """The log of some entries, signed: a checkpoint, then an entry a line."""
        entries = [*self.entries[:size], *more]
        leaves = [*self.state.leaves[:size], *map(tree.leaf, more)]
        return self._checkpoint(leaves).encode() + b"".join(entry + b"\n" for entry in entries)


class Scribe(Observer):
    """Writes a chronicle: the outsider alone decides, once, and the audit of the program is the other judge."""

    def __init__(self, chronicle, library, verifier):
        super().__init__(chronicle, library, verifier)
        self.state, self.entries = chronicle.state, chronicle.entries

    def catch_up(self):
        pass

    def submit(self, draft):
        submission = draft.submission()
        verdict = self.state.decide(json.dumps(submission, ensure_ascii=False).encode(), london.now())
        same(verdict.code, None, f"the outsider's verdict ({verdict.why})")
        self.client.record(submission)
        self.words[draft.payload["id"]] = submission["disclosures"]
        return draft.payload["id"]

    def _check_refused(self, body, code, verdict=None, says=None):
        found = verdict or self.state.decide(body, london.now())
        same(found.code, code, f"the outsider's verdict ({found.why})")
        self.client.refuse(code, body)

    def compare(self, stream, name, letter, at=None):
        same(self.state.agreement(stream, at or london.now()).state, letter, "the outsider's state")


def audit(program, name, data):
    """What the program's audit says of a log file: (exit code, everything it printed)."""
    path = program.share(name, data.decode())
    done = subprocess.run([program.binary, "audit", path], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def most_refusals():
    """About how many refusals of a history the audit is asked."""
    return int(os.environ.get("OUTSIDER_REFUSALS", MOST_REFUSALS))


def check(program, chronicle):
    """The audit agrees with every entry, and with every refusal at its place; of very many refusals, with some."""
    size = chronicle.state.size
    code, said = audit(program, "chronicle.log", chronicle.file(size))
    form = _STOPPED.search(said)
    at = _told(chronicle.entries[int(form[1])]) if form and int(form[1]) < size else ""
    same((code, f"{size} of {size}" in said), (0, True), f"the audit of what was admitted ({said[-300:]} {at})")
    with ThreadPoolExecutor(2) as hands:
        asked = list(enumerate(chronicle.refusals))
        asked = random.sample(asked, min(len(asked), most_refusals()))
        found = list(hands.map(lambda numbered: _judge(program, chronicle, *numbered), asked))
    differ = [line for line in found if line]
    same(differ[:6], [], f"{len(differ)} of {len(found)} refusals that the audit judges otherwise")
    return len(found)


def _judge(program, chronicle, number, refusal):
    wanted, size, entry = refusal
    _, said = audit(program, f"refused.{number}.log", chronicle.file(size, entry))
    form = _STOPPED.search(said)
    if form and (int(form[1]), form[2]) == (size, wanted):
        return None
    return f"{_told(entry)}: {wanted} expected, the audit says {form[0] if form else said[-200:]}"


def _told(entry):
    """An entry in few words: what, in which stream, by whom, and what it says in clear."""
    payload = json.loads(dsse.unb64(json.loads(entry)["envelope"]["payload"]))
    who = "+".join(f"{s['organisation']}.{s['role']}" for s in payload["signers"])
    clear = {name: value for name, value in payload["data"].items() if name not in ("header", "contacts", "terms", "words", "text")}
    return f"{payload['type']} of {payload['stream']} by {who} {json.dumps(clear)[:300]}"


def quiet_report():
    """A report whose steps are told only when they fail: the audit is the test."""
    report = Report()
    report.tells = False
    return report
