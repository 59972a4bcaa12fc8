"""The decider: admission and replay from entries alone, in the order of `wire.md` 2.3.

It shares no line with the server. `State.decide` answers for a submission before it is
sent; `State.replay` re-decides what stands in the log. Neither reads words, except that
`decide` checks, like the server's door, that each commitment is opened.
"""

import copy
from dataclasses import dataclass, field
from datetime import datetime

import agreement as life
import amendment
import coherent
import commit
import contest
import directory
import dsse
import erasure
import event as events
import filing
import header as headers
import jcs
import keys
import london
import guards
import office
import succession
import happened
import permitted
import tree
from directory import Directory, Refused
from reference import Reference, published

_BARRIERS = {
    "AgreementImported", "EmergencySharingRecorded",
    "RequestFiled", "CounterProposalMade", "CounterProposalAccepted", "CounterProposalRejected",
    "TermsSubmitted", "ApprovalDeclined", "RequestRefused", "RequestWithdrawn", "AmendmentProposed",
    "AmendmentAbandoned",
}
# Events that bring a draft: header and terms whole.
_DRAFTS = {"RequestFiled", "ClarificationProvided", "CounterProposalMade", "AmendmentProposed"}
_TWO_KEYS = {"KeyRegistered", "KeyRotated"}
_ABOUT_A_PERSON = {
    "RoleHolderAppointed", "RoleHolderRevoked", "RoleDelegated", "DelegationRevoked",
}
_COUNTED = {"RequestFiled": "requests", "NoteRecorded": "notes", "PartyInvited": "invitations"}
# A limit must not keep anybody from protecting people.
_UNLIMITED = {
    "AgreementSuspended", "RevocationNoticed", "IncidentNoted", "IncidentUpdated", "DestructionCertified",
    "RetentionHoldPlaced", "DisclosureErased", "AccessEnded",
}


# Every kind of event that was recorded while this program ran.
REACHED = set()


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
    fetch: object = None
    days: dict = field(default_factory=dict)
    said: dict = field(default_factory=dict, compare=False)
    looked_up: list = field(default_factory=lambda: [None, {}], compare=False)

    @property
    def size(self):
        return len(self.leaves)

    def stream(self, name):
        return self.streams.get(name, Stream())

    def agreement(self, name, at):
        """How an agreement stands at an instant: to be read. Before the next entry it is not worked out twice."""
        if self.looked_up[0] != (self.size, at):
            self.looked_up = [(self.size, at), {}]
        held = self.looked_up[1]
        if name not in held:
            held[name] = self._settled(name, at)
        return held[name]

    def _settled(self, name, at):
        """A copy of an agreement, brought up to an instant."""
        found = copy.deepcopy(self.agreements.get(name)) or life.Agreement(name)
        if found.state != "N":
            found.settle(at, self.book)
        return found

    def bodies(self):
        """What a header asks of each organisation: {code: (flags, governance, extra roles)}."""
        return bodies(self.book)

    # What the server must answer.

    def decide(self, body, at, words=True):
        """The verdict on the bytes of a request, at an instant; without its words, by the log rules alone."""
        try:
            envelope, disclosures = events.read_submission(body)
            event = events.open_event(envelope, self.library)
            self._check_ledger(event)
            self._check_signatures(event)
            if event.id in self.events:
                if self.events[event.id][1] == event.digest:
                    return Verdict(None, "the same event again", repeat=True)
                return Verdict("C02")
            self._admit(event, at, disclosures if words else None)
        except Refused as refused:
            return Verdict(refused.code, str(refused))
        return Verdict(None)

    def _check_ledger(self, event):
        if event.ledger != (self.identity if self.size else event.ledger):
            raise Refused("E06")
        if self.book.closed and event.id not in self.events:
            raise Refused("E06", "the ledger is closed")

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
        """K, O, R with D05, T01, T, C01, E07, E08, V, D, G. `disclosures` None: the log rules only."""
        of_agreement = event.stream.startswith("agr:")
        current = self.agreement(event.stream, at) if of_agreement else None
        book = self.book
        if event.type == "LedgerGenesis":
            check_genesis(event)
            book = Directory(reference=Reference(event.data, self.fetch))
        if event.type in office.TYPES:
            office.check_reference(book, event, self.fetch or published().get)
        directory.check_keys(book, event, at)
        directory.check_organisations(book, event, at, event.type in permitted.PROTECTIVE)
        if event.type == "OrganisationSucceeded":
            succession.check_organisations(book, event, at, [self.agreement(name, at) for name in self.agreements])
        self._check_parties(event, at)
        if of_agreement:
            permitted.check_deciders(event)
        directory.check_roles_held(book, event, at, self._functions(event, current))
        if of_agreement:
            permitted.check_roles(current, event, book, at)
            permitted.check_table(current, event)
        else:
            directory.check_signers(book, event, at)
        self._check_revision(event)
        if disclosures is not None:
            check_words(event, disclosures, self.library, book)
            self._check_draft(event, disclosures, current)
        if of_agreement:
            coherent.check(event, current, book, self.bodies())
            self._check_header(event, current, at)
            filing.check_publication(event, at, book)
            guards.check_separation(current, event, book)
            guards.check_guards(current, event, at, book)
        else:
            directory.check_self_dealing(book, event)
            directory.check_dates(book, event, at)
        self._check_limits(event, current, at)

    def _functions(self, event, current):
        """Which functions an agreement serves at a body."""
        if current is None:
            return lambda organisation: []
        first = ("RequestFiled", "AgreementImported", "EmergencySharingRecorded")
        rows = event.data["header"]["parties"] if event.type in first else []
        if current.header:
            rows = current.header.value["parties"]
        served = {row["organisation"]: row.get("functions", []) for row in rows}
        return lambda organisation: served.get(organisation, [])

    def _check_parties(self, event, at):
        """O rules on bodies that an event names, not only on those that sign it."""
        brings = event.type in _DRAFTS | {"AgreementImported", "EmergencySharingRecorded"} and "header" in event.data
        rows = event.data["header"]["parties"] if brings else [event.data["row"]] if "row" in event.data else []
        for row in rows:
            body = self.book.organisations.get(row["organisation"])
            if body is None:
                raise Refused("O01", row["organisation"])
            if body.standing(at) != "a":
                raise Refused({"l": "O03", "s": "O05", "u": "O04"}[body.standing(at)], row["organisation"])
            if body.kind == "PARTNERSHIP":
                raise Refused("O09", row["organisation"])
        if event.type == "OrganisationLeft":
            code = event.stream.removeprefix("org:")
            if any(self._is_needed(self.agreement(name, at), code) for name in self.agreements):
                raise Refused("O07")

    @staticmethod
    def _is_needed(agreement, code):
        """Whether a body is the only provider, or an anchor, of what is in force."""
        if agreement.state not in "VS" or code not in agreement.parties:
            return False
        row, header = agreement.parties[code], agreement.header
        if row.state not in "xp" or row.leaves_at:
            return False
        givers = [header.givers(d) & agreement.bound() for d in header.value["datasets"]]
        return {code} in givers or code in header.value.get("anchor_parties", [])

    def _check_draft(self, event, disclosures, current):
        """E08: a header is true to its terms, where they came along, and to what they differ from."""
        if "header" not in event.data or "terms" not in event.data:
            return
        said = terms_with_words(disclosures)
        self.said[event.data["terms"][commit.MARK]] = said
        header = dict(event.data["header"])
        changes = header.pop("changes", None)
        check_header(header, said, self.book)
        if event.type not in _DRAFTS - {"RequestFiled"} or changes is None:
            return  # Whether `changes` may and must stand there is seen without the terms.
        # The version answered: the counter-proposal that waits, before anything is in force; the terms that a question is about.
        counters = event.type == "CounterProposalMade" and current.counter and current.state in "FCG"
        answered = current.counter if counters else current.current
        # What was recorded without terms is compared with nothing: every member of the terms is a change.
        before = answered and (self.said.get(answered.terms) if answered.terms else {})
        if before is not None and changes != amendment.changes(before, said):
            raise Refused("E08", f"changes are {amendment.changes(before, said)}")

    def _check_header(self, event, current, at):
        """The V rules that read only the header."""
        header = None
        if event.type in _DRAFTS | {"EmergencySharingRecorded"} and "header" in event.data:
            header = headers.Header(event.data["header"])
        elif event.type == "TermsSubmitted":
            header = current.signing.header
        if header:
            found = filing.problems(header, self.book, self.agreements, self.genesis["visibility"], at)
            if found:
                raise Refused(found[0], ", ".join(found))

    def _check_limits(self, event, current, at):
        """G48: what an organisation may do in a London day, and an agreement in its life."""
        if current is None or event.type in _UNLIMITED:
            return
        limits = self.book.reference["POLICY-LIMITS"]
        used = self.days.get((event.signers[0]["organisation"], london.today(at)), {})
        for kind in ("events", _COUNTED.get(event.type)):
            if kind and used.get(kind, 0) >= limits["organisation_day"][kind]:
                raise Refused("G48", kind)
        if current.events >= limits["agreement"]["events"]:
            raise Refused("G48", "events of an agreement")

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
        if "delegation" in event.data:
            return self.book.delegations[event.data["delegation"]].person
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

    def take(self, data):
        """Evolves by an entry without deciding it: the way on after a disagreement was told."""
        envelope, recorded = dsse.open_entry(data)
        at, leaf = london.instant(recorded), tree.leaf(data)
        try:
            self._evolve(events.open_event(envelope, self.library), at, leaf)
        except Refused:
            # It is no event at all by the schemas: it has a place and a stream, and changes nothing.
            payload = dsse.unb64(envelope["payload"])
            value = jcs.read(payload)
            self.events[value["id"]] = (self.size, dsse.digest(payload))
            self.book.marks[value["id"]] = contest.Mark(self.size, at, value["stream"], value["type"], {}, set(), set())
            self.leaves.append(leaf)
            self.last = at
            stream = self.streams.setdefault(value["stream"], Stream())
            stream.revision += 1
            stream.barrier = stream.revision

    def _evolve(self, event, at, leaf):
        REACHED.add(event.type)
        # The person is found before the appointment's end is applied.
        person = self._person_of(event) if event.type in _ABOUT_A_PERSON else None
        index = self.size
        noted = contest.mark(self.book, event, index, at)
        self.leaves.append(leaf)
        self.events[event.id] = (index, event.digest)
        self.last = at
        if index == 0:
            self.genesis, self.origin = event.data, event.ledger
            self.identity = f"{event.ledger}#{leaf.hex()}"
            self.book.reference = Reference(event.data, self.fetch)
        if event.stream.startswith("agr:"):
            used = self.days.setdefault((event.signers[0]["organisation"], london.today(at)), {})
            for kind in filter(None, ("events", _COUNTED.get(event.type))):
                used[kind] = used.get(kind, 0) + 1
        stream = self.streams.setdefault(event.stream, Stream())
        stream.revision += 1
        if event.stream.startswith("agr:"):
            current = self._settled(event.stream, at)
            current.filed_at = current.filed_at or at
            if event.type == "ContestResolved":
                contest.resolve(self.book, event, at)
                self.book.contested = contest.doubts(self.book)[0]
            happened.evolve(current, event, at, self.book)
            self.agreements[event.stream] = current
            ends_version = event.type in _BARRIERS or (event.type == "ClarificationProvided" and "terms" in event.data)
            # Of fixed parties, whoever is invited changes what the others sign.
            ends_version = ends_version or (event.type == "PartyInvited" and current.header.formation == "ALL")
        else:
            directory.evolve(self.book, event, at)
            ends_version = person is None and event.type not in erasure.TYPES
        self.book.marks[event.id] = noted
        self.book.contested = contest.doubts(self.book)[0]
        if person is not None:
            stream.persons[person] = stream.revision
        elif ends_version:
            stream.barrier = stream.revision


def check_words(event, disclosures, library, book):
    """E07: every commitment is opened, by nothing less and nothing more. Then E08."""
    shown = dict(commit.found_in(event.data))
    if not isinstance(disclosures, list):
        raise Refused("E07", "disclosures are a list")
    by_pointer, salts = {}, set()
    for opening in disclosures:
        if not isinstance(opening, dict) or set(opening) != {"pointer", "kind", "salt", "content"}:
            raise Refused("E07", "a disclosure has pointer, kind, salt and content")
        if not all(isinstance(member, str) for member in opening.values()):
            raise Refused("E07", "the members of a disclosure are strings")
        if opening["pointer"] in by_pointer or opening["salt"] in salts:
            raise Refused("E07", "a pointer or a salt stands twice")
        by_pointer[opening["pointer"]] = opening
        salts.add(opening["salt"])
    data = f"events/{event.type}-v1.json"
    for at, commitment in shown.items():
        _check_opening(event, at, commitment, by_pointer, library.commitment(data, at), library)
    if "/terms" in shown:
        inner = dict(commit.found_in(_skeleton(disclosures), "/terms"))
        for at, commitment in inner.items():
            place = library.commitment("terms-v1.json", at.removeprefix("/terms"))
            _check_opening(event, at, commitment, by_pointer, place, library)
        shown |= inner
    if by_pointer.keys() != shown.keys():
        raise Refused("E07", f"opened without need: {sorted(by_pointer.keys() - shown.keys())[:3]}")


def _check_opening(event, at, commitment, by_pointer, place, library):
    """One commitment: opened, of its kind, and a JSON content of its schema."""
    opening = by_pointer.get(at)
    if opening is None or not commit.opens(event.id, commitment, opening):
        raise Refused("E07", at)
    kind, schema = place or (opening["kind"], None)
    if opening["kind"] != kind:
        raise Refused("E07", f"{at} is of kind {kind}")
    if schema:
        found = library.problems(schema, jcs.read(dsse.unb64(opening["content"]), commit.DEEPEST))
        if found:
            raise Refused("E07", f"{at}: {'; '.join(found[:2])}")


def _skeleton(disclosures):
    """The terms with their words as commitments."""
    found = next(d for d in disclosures if d["pointer"] == "/terms")
    return jcs.read(dsse.unb64(found["content"]), commit.DEEPEST)


def terms_with_words(disclosures):
    """The terms as they were written: each commitment replaced by its words."""
    said = {d["pointer"]: dsse.unb64(d["content"]).decode() for d in disclosures}

    def fill(value, at):
        if isinstance(value, dict) and commit.MARK in value:
            return said[at]
        if isinstance(value, dict):
            return {name: fill(inner, f"{at}/{name}") for name, inner in value.items()}
        if isinstance(value, list):
            return [fill(inner, f"{at}/{place}") for place, inner in enumerate(value)]
        return value

    return fill(_skeleton(disclosures), "/terms")


def check_header(header, said, book):
    """E08: the header is derived anew from terms and words, and every member must agree.

    What the terms do not say of the parties is taken from the header's own rows.
    """
    members = ("capacity", "functions", "legal_role", "organisation", "regime")
    rows = [{m: row[m] for m in members if m in row} for row in header["parties"]]
    try:
        mine = headers.derive(said, rows, bodies(book), book.reference)
    except (KeyError, ValueError) as error:
        raise Refused("E08", f"the terms have no header: {error!r}") from None
    if mine != header:
        differ = sorted(n for n in mine.keys() | header.keys() if mine.get(n) != header.get(n))
        raise Refused("E08", f"differs in {', '.join(differ)}")


def bodies(book):
    """What a header asks of each organisation."""
    return {
        code: (body.flags, body.governance, body.extra_roles)
        for code, body in book.organisations.items()
    }


def check_genesis(event):
    """What a genesis must say (E03), and that each registrar key signs it (K06)."""
    data = event.data
    held = [key["key"] for key in data["registrar_keys"]]
    people = {key["person"] for key in data["registrar_keys"]}
    fits = (
        len(held) >= 3 and len(set(held)) == len(held) == len(people)
        and 2 <= data["threshold"] <= len(held)
        and data["log_keys"] and data["answer_keys"] and data["rules"] == 1
        and data["registrar"]["organisation"] == directory.REGISTRAR
        and data["origin"] == event.ledger
    )
    if not fits:
        raise Refused("E03", "not a genesis")
