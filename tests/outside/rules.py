"""The decider: admission and replay from entries alone, in the order of `wire.md` 2.3.

It shares no line with the server. `State.decide` answers for a submission before it is
sent; `State.replay` re-decides what stands in the log. Neither reads words, except that
`decide` checks, like the server's door, that each commitment is opened.
"""

import copy
from dataclasses import dataclass, field
from datetime import datetime

import agreement as life
import commit
import directory
import dsse
import event as events
import jcs
import keys
import london
import tree
from directory import Directory, Refused

_BARRIERS = {
    "RequestFiled", "TermsSubmitted", "ApprovalDeclined", "RequestRefused", "RequestWithdrawn",
}
_TWO_KEYS = {"KeyRegistered", "KeyRotated"}
_ABOUT_A_PERSON = {"RoleHolderAppointed", "RoleHolderRevoked", "RoleDelegated"}


@dataclass
class Stream:
    """How many events a stream has, and the revision just after its last barrier."""

    revision: int = 0
    barrier: int = 0
    persons: dict = field(default_factory=dict)


@dataclass
class Verdict:
    """What the decider expects: None admits; `index` and `repeat` are set for a known id."""

    code: str | None
    why: str = ""
    repeat: bool = False


@dataclass
class State:
    """What the entries so far have made."""

    library: object
    book: Directory = field(default_factory=Directory)
    agreements: dict = field(default_factory=dict)
    streams: dict = field(default_factory=dict)
    events: dict = field(default_factory=dict)
    leaves: list = field(default_factory=list)
    origin: str = ""
    identity: str = ""
    genesis: dict = field(default_factory=dict)
    last: datetime | None = None

    @property
    def size(self):
        return len(self.leaves)

    def stream(self, name):
        return self.streams.get(name, Stream())

    def agreement(self, name, at):
        """A copy of an agreement, brought up to an instant."""
        found = copy.deepcopy(self.agreements.get(name)) or life.Agreement(name)
        if found.state != "N":
            found.settle(at)
        return found

    # What the server must answer.

    def decide(self, body, at):
        """The verdict on the bytes of a request, at an instant."""
        try:
            envelope, disclosures = events.read_submission(body)
            event = events.open_event(envelope, self.library)
            self._check_ledger(event)
            self._check_signatures(event)
            if event.id in self.events:
                if self.events[event.id][1] == event.digest:
                    return Verdict(None, "the same event again", repeat=True)
                return Verdict("C02")
            self._admit(event, at, disclosures)
        except Refused as refused:
            return Verdict(refused.code, str(refused))
        return Verdict(None)

    def _check_ledger(self, event):
        if event.ledger != (self.identity if self.size else event.ledger):
            raise Refused("E06")

    def _check_signatures(self, event):
        named = [s["key"] for s in event.signers]
        people = [self.book.human(s["person"]) for s in event.signers]
        # A person who changes keys signs with the old and the new one: there a person may
        # stand twice, for the contract asks for both signatures.
        twice = event.type not in _TWO_KEYS and len(set(people)) < len(people)
        if len(set(named)) < len(named) or twice:
            raise Refused("E09", "signers are unique by key and by person")
        if set(named) != set(event.signatures):
            raise Refused("E09", "signers and signatures differ")
        signed = dsse.pae(dsse.EVENT, event.payload)
        try:
            new = directory.carried(event)
        except dsse.BadEnvelope as error:
            raise Refused("E03", str(error)) from None
        for keyid, signature in event.signatures.items():
            public = self.book.public(keyid)
            if public is None:
                public = new.get(keyid)
                if public is None or not keys.is_fit(public) or keys.keyid(public) != keyid:
                    continue  # K01 or K06, in their turn.
            if not keys.verify(public, signature, signed):
                raise Refused("E09", f"the signature of {keyid[:8]} does not verify")

    def _admit(self, event, at, disclosures=None):
        """K, O, R with D05, T01, T, C01, E07, D, G. `disclosures` None: the log rules only."""
        of_agreement = event.stream.startswith("agr:")
        current = self.agreement(event.stream, at) if of_agreement else None
        directory.check_keys(self.book, event, at)
        protective = event.type in life.PROTECTIVE
        directory.check_organisations(self.book, event, at, protective)
        registrars = any(s["organisation"] == directory.REGISTRAR for s in event.signers)
        if of_agreement and registrars and event.type != "NoteRecorded":
            raise Refused("D05")
        directory.check_roles_held(self.book, event, at)
        if of_agreement:
            life.check_roles(current, event)
            life.check_table(current, event)
        else:
            directory.check_signers(self.book, event, at)
        self._check_revision(event)
        if disclosures is not None:
            check_words(event, disclosures, self.library)
        if of_agreement:
            life.check_separation(current, event, self.book.human)
            life.check_guards(current, event, at, self.book.has_holder)
        else:
            directory.check_self_dealing(self.book, event)

    def _check_revision(self, event):
        seen, stream = event.expected_revision, self.stream(event.stream)
        barrier = stream.barrier
        if event.type in _ABOUT_A_PERSON:
            barrier = max(barrier, stream.persons.get(self._person_of(event), 0))
        if not barrier <= seen <= stream.revision:
            raise Refused("C01", f"{seen} is not within {barrier} to {stream.revision}")

    def _person_of(self, event):
        if "person" in event.data:
            return event.data["person"]
        return self.book.appointments[event.data["appointment"]].person

    # What has happened.

    def replay(self, data):
        """Re-decides one entry and evolves. Raises `Refused` where replay must stop."""
        try:
            envelope, recorded = dsse.open_entry(data)
            at = london.instant(recorded)
        except ValueError as error:
            raise Refused("E02", str(error)) from None
        event = events.open_event(envelope, self.library)
        if self.last and at < self.last:
            raise Refused("E03", "recorded_at decreases")
        if (event.type == "LedgerGenesis") != (self.size == 0):
            raise Refused("E03", "the genesis is entry 0 and no other")
        self._check_ledger(event)
        self._check_signatures(event)
        if event.id in self.events:
            raise Refused("C02")
        self._admit(event, at)
        self._evolve(event, at, tree.leaf(data))
        return event

    def _evolve(self, event, at, leaf):
        # The person is found before the appointment's end is applied.
        person = self._person_of(event) if event.type in _ABOUT_A_PERSON else None
        index = self.size
        self.leaves.append(leaf)
        self.events[event.id] = (index, event.digest)
        self.last = at
        if index == 0:
            self.genesis, self.origin = event.data, event.ledger
            self.identity = f"{event.ledger}#{leaf.hex()}"
        stream = self.streams.setdefault(event.stream, Stream())
        stream.revision += 1
        if event.stream.startswith("agr:"):
            current = self.agreement(event.stream, at)
            life.evolve(current, event, at)
            self.agreements[event.stream] = current
            ends_version = event.type in _BARRIERS
        else:
            directory.evolve(self.book, event, at)
            ends_version = person is None
        if person is not None:
            stream.persons[person] = stream.revision
        elif ends_version:
            stream.barrier = stream.revision


def check_words(event, disclosures, library):
    """E07: every commitment is opened, by nothing less and nothing more."""
    shown = dict(commit.found_in(event.data))
    if not isinstance(disclosures, list):
        raise Refused("E01")
    kinds = library.kinds(f"events/{event.type}-v1.json")
    opened, salts = set(), set()
    for opening in disclosures:
        if not isinstance(opening, dict) or set(opening) != {"pointer", "kind", "salt", "content"}:
            raise Refused("E07", "a disclosure has pointer, kind, salt and content")
        at = opening["pointer"]
        within = at.startswith("/terms/")
        if at in opened or opening["salt"] in salts:
            raise Refused("E07", "a pointer or a salt stands twice")
        if not within and (at not in shown or not commit.opens(event.id, shown[at], opening)):
            raise Refused("E07", at)
        if not within and kinds.get(at, opening["kind"]) != opening["kind"]:
            raise Refused("E07", "another kind")
        opened.add(at)
        salts.add(opening["salt"])
    skeleton = None
    if "/terms" in opened:
        skeleton = _skeleton(disclosures)
        shown |= dict(commit.found_in(skeleton, "/terms"))
        for opening in disclosures:
            at = opening["pointer"]
            if at.startswith("/terms/"):
                if at not in shown or not commit.opens(event.id, shown[at], opening):
                    raise Refused("E07", at)
    if opened != set(shown):
        raise Refused("E07", f"not opened: {sorted(set(shown) - opened)[:3]}")
    if event.type == "RequestFiled":
        check_header(event.data["header"], skeleton)


def _skeleton(disclosures):
    """The terms with their words as commitments."""
    found = next(d for d in disclosures if d["pointer"] == "/terms")
    return jcs.read(dsse.unb64(found["content"]), commit.DEEPEST)


def check_header(header, terms):
    """E08, as far as a stranger reads it: the members that stand in both, word for word.

    The server derives the whole header and compares every member; this much is enough to
    see that it does.
    """
    term = terms["term"]
    pairs = [
        (header.get("type"), terms["agreement_type"]),
        (header.get("formation"), terms["formation"]),
        (header.get("effective_date"), term["effective_date"]),
        (header.get("end_date"), term.get("end_date")),
    ]
    if any(found != wanted for found, wanted in pairs):
        raise Refused("E08")
