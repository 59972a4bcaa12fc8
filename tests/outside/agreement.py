"""The life of one agreement: how it stands, and what time alone brings about.

Letters are those of the domain page, section 2.1: F filed, C clarifying, G negotiating,
A approving, P approved, V active, S suspended, E ending, X closed, R refused, W withdrawn,
L lapsed; of a party, 2.9: i invited, s signing, x executed, d declined, p suspended,
l leaving, o left. What may happen stands in `permitted.py` and `guards.py`, what has happened
in `happened.py`.
"""

import copy
import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import amendment as amendments
import contest
import jcs
import london
import succession
from header import Header

SIGNATURES = ("AdviceGiven", "ApprovalGiven", "ExecutionSigned")
REGULATOR_LAPSES = timedelta(days=10)
_ADVICE, _DOUBT = "ADVICE_OVERDUE", "KEY_COMPROMISE "


@dataclass
class Signature:
    """One advice, approval or execution."""

    id: str
    kind: str
    organisation: str
    role: str
    person: str
    version_hash: str
    given_at: datetime
    datasets: list = field(default_factory=list)
    counts: bool = True


@dataclass
class Party:
    state: str = "i"
    leaves_at: datetime | None = None
    notice: str = ""


@dataclass
class Version:
    """One draft of the stream: its number, its hash, what stands in clear, and who made it."""

    number: int
    hash: str
    header: Header
    organisation: str
    terms: str


@dataclass
class Amendment:
    """The open amendment: T1 proposed, T2 signed for, T3 agreed for a day to come."""

    version: Version
    kind: str
    proposer: str
    stage: str = "T1"
    effective_at: datetime | None = None


@dataclass
class Ground:
    """Why an agreement, a party or some datasets are suspended."""

    organisation: str
    code: str
    scope: str
    opened_at: datetime
    datasets: list = field(default_factory=list)


def _apart(value, memo):
    """A record of its own, once for each: what an amendment and the agreement share they share in the copy."""
    if not isinstance(value, (dict, Signature, Party, Version, Amendment, Ground)):
        return value
    if id(value) not in memo:
        other = memo[id(value)] = copy.copy(value)
        if isinstance(value, Amendment):
            other.version = _apart(value.version, memo)
    return memo[id(value)]


@dataclass
class Agreement:
    stream: str
    state: str = "N"
    current: Version | None = None
    drafts: int = 0
    drafter: str = ""
    counter: Version | None = None
    amendment: Amendment | None = None
    requesting: str = ""
    filer: str = ""
    events: int = 0
    parties: dict = field(default_factory=dict)
    triaged: set = field(default_factory=set)
    questions: dict = field(default_factory=dict)
    signatures: list = field(default_factory=list)
    grounds: dict = field(default_factory=dict)
    incidents: dict = field(default_factory=dict)
    sent: set = field(default_factory=set)
    duties: set = field(default_factory=set)
    holds: dict = field(default_factory=dict)
    declined: set = field(default_factory=set)
    joined: dict = field(default_factory=dict)
    # Whom the open amendment would bring in: they sign it, and are no parties before it takes effect.
    coming: set = field(default_factory=set)
    led_by: str = ""
    imported_by: str = ""
    documents: int = 0
    # The hashes of the versions whose signatures carry the one in force: its own, and those before particulars.
    carried: set = field(default_factory=set)
    doubted: set = field(default_factory=set)
    cause: str = ""
    is_recorded: bool = False
    consents: dict = field(default_factory=dict)
    reviews: list = field(default_factory=list)
    approve_by: datetime | None = None
    moved_at: datetime | None = None
    activates_at: datetime | None = None
    filed_at: datetime | None = None
    passed: set = field(default_factory=set)
    unconfirmed: dict = field(default_factory=dict)
    heirs: dict = field(default_factory=dict)
    grants: dict = field(default_factory=dict)
    ended_at: datetime | None = None

    def __deepcopy__(self, memo):
        """A copy that changes apart: containers and the records within them are new, headers are shared."""
        other = copy.copy(self)
        for name, value in vars(self).items():
            if isinstance(value, dict):
                setattr(other, name, {key: _apart(inner, memo) for key, inner in value.items()})
            elif isinstance(value, list):
                setattr(other, name, [_apart(inner, memo) for inner in value])
            else:
                setattr(other, name, set(value) if isinstance(value, set) else _apart(value, memo))
        return other

    @property
    def header(self):
        return self.current and self.extended(self.current.header)

    @property
    def version(self):
        return self.current.number if self.current else 0

    @property
    def version_hash(self):
        return self.current.hash if self.current else ""

    @property
    def track(self):
        """T0 to T3: where the open amendment stands."""
        return self.amendment.stage if self.amendment else "T0"

    @property
    def lead(self):
        return self.led_by or self.header.lead

    @property
    def signing(self):
        """The version that the bound parties sign, or signed: an amendment's while one is open."""
        return self.amendment.version if self.amendment else self.current

    def signed_by(self, organisation):
        """The version that one party signs: who accedes signs the one in force."""
        return self.current if self.is_acceding(organisation) else self.signing

    def is_acceding(self, organisation):
        """Whether a body joins an agreement that others have formed already."""
        there = self.parties.get(organisation)
        if there is None or organisation in self.coming or self.header.formation != "ACCESSION":
            return False
        return self.state in "PVS" and there.state in "isqdo"

    def owed(self, organisation):
        """{(event type, role)} that the version being signed asks of a party."""
        if self.amendment and not self.is_acceding(organisation):
            return amendments.asked(self.amendment.kind, self.extended(self.amendment.version.header), organisation)
        return self.header.required(organisation)

    def counting(self, organisation=None, kind=None):
        """Signatures on the version being signed that still count."""
        return [
            s
            for s in self.signatures
            if s.counts
            and s.id not in self.doubted
            and s.version_hash == self.signed_by(s.organisation).hash
            and organisation in (None, s.organisation)
            and kind in (None, s.kind)
        ]

    def missing(self, organisation, *kinds):
        """Required roles of a party that have not signed yet: {(kind, role)}."""
        signed = {(s.kind, s.role) for s in self.counting(organisation)}
        owed = {r for r in self.owed(organisation) if r[0] in kinds}
        return {r for r in owed if r not in signed or self._is_partial(organisation, *r)}

    def _is_partial(self, organisation, kind, role):
        """Whether a role has approved, but not for every dataset of the party's."""
        if kind != "ApprovalGiven":
            return False
        given = [s for s in self.counting(organisation, kind) if s.role == role]
        if any(not s.datasets for s in given):
            return False
        approved = {name for s in given for name in s.datasets}
        return not self.datasets_of(organisation) <= approved

    def datasets_of(self, organisation):
        """The ids of what a party provides or receives by the version that it signs."""
        return self.extended(self.signed_by(organisation).header).datasets_of(organisation)

    def extended(self, header):
        """A header with the rows of those who joined since."""
        there = header.organisations()
        return header.with_rows([row for code, row in self.joined.items() if code not in there])

    def join(self, row, state):
        """A body is invited, or asks to join; one that comes back signs everything again."""
        code = row["organisation"]
        if code in self.parties and self.parties[code].state not in "iq":
            for signature in self.signatures:
                signature.counts = signature.counts and signature.organisation != code
        self.joined[code] = row
        self.parties[code] = Party(state)

    def begin(self, event, state):
        """What was agreed or shared elsewhere is recorded: every row is an import's."""
        self.current = draft_of(self, event)
        self.drafts, self.drafter = self.current.number, self.current.organisation
        self.parties = {code: Party("m") for code in self.current.header.organisations()}
        self.requesting, _, self.filer = principal(event)
        self.imported_by, self.state = event.id, state

    def is_imported(self):
        """Whether a row still waits for its own body's word."""
        return any(party.state == "m" for party in self.parties.values())

    def is_held(self, name):
        return any(not datasets or name in datasets for _, datasets in self.holds.values())

    def is_bilateral(self):
        standing = [c for c, party in self.parties.items() if party.state != "u" and c not in self.coming]
        return len(standing) == 2 and self.header.formation != "ACCESSION"

    def bound(self):
        """The parties that are bound now."""
        return {code for code, party in self.parties.items() if party.state in "xlp"}

    def staying(self):
        """The parties that are bound and have given no notice."""
        return {code for code, party in self.parties.items() if party.state in "xp" and not party.leaves_at}

    def whole_grounds(self):
        return [g for g in self.grounds.values() if g.scope == "WHOLE"]

    # What time alone brings about.

    def settle(self, at, book):
        """Everything derived up to an instant, in the order in which it fell due."""
        contested, disowned = contest.doubts(book)
        self.doubted = (contested | disowned) & ({s.id for s in self.signatures} | {e for _, _, e in self.consents.values()})
        while True:
            due = [change for change in self._due(book) if change[0] is None or change[0] <= at]
            if not due:
                return
            when, _, happen = min(due, key=lambda change: (change[0] is not None, change[0] or at, change[1]))
            happen()
            if self.state in "EX" and self.ended_at is None:
                self.ended_at = when or at

    def _due(self, book):
        """(instant, or None for at once; place among derived changes; what happens)."""
        idle = timedelta(days=book.reference["POLICY-WINDOWS"]["idle_days"])
        if self.state not in "NRWLX":
            for code, party in self.parties.items():
                left = book.organisations[code].left_at
                if left and party.state in "isqxplm":
                    yield left, 0, lambda c=code, t=left: self.leave(c, "d" if self.parties[c].state in "isq" else "o", t)
        for at, happen in succession.due(self, book):
            yield at, 0.5, happen
        if self.state in "VS":
            yield from self._due_in_force(book)
        if self.state == "P" and not self.is_formed():
            yield None, 1, lambda: self.move("A")
        if self.state == "A" and self.activates_at and self.is_formed():
            yield None, 1, lambda: self.move("P")
        if self.state == "P":
            yield self.activates_at, 8, lambda: self.move("V")
        if self.state in "FCG":
            yield self.moved_at + idle, 9, lambda: self.move("L")
        if self.state == "A" and self.approve_by:
            yield self.approve_by, 9, lambda: self.move("L")
        if self.state == "E" and not self.duties and not self.holds:
            yield None, 11, lambda: self.move("X")

    def _due_in_force(self, book):
        for code, party in self.parties.items() if not self.is_imported() else ():
            if party.leaves_at and party.state in "xpl":
                yield party.leaves_at, 3, lambda c=code, t=party.leaves_at: self.leave(c, "o", t)
        yield from self._due_contests(book)
        if not self.is_imported() and not self._goes_on():
            yield None, 4, lambda: self.move("E")
        yield from self._due_advice(book)
        if self.header.end_date:
            yield london.ends(self.header.end_date), 5, lambda: self.move("E")
        ends = None if self.is_imported() else self.consented_end()
        if ends:
            yield ends, 5.5, lambda: self.move("E")
        for name, ground in self.grounds.items():
            if self._lapses(ground):
                yield ground.opened_at + REGULATOR_LAPSES, 1, lambda n=name: self.close(n)
        if self.track == "T3":
            yield self.amendment.effective_at, 6, self.switch
        yield from succession.due_in_force(self)

    @property
    def was_in_force(self):
        return self.state in "VSEX"

    def is_formed(self):
        """ALL: everybody; ACCESSION: enough, with every anchor and one pair; UNILATERAL: the publisher."""
        header = self.header
        executed = {code for code, row in self.parties.items() if row.state == "x" and not self.lost(code)}
        if header.formation == "ACCESSION":
            anchors = set(header.value.get("anchor_parties", []))
            enough = len(executed) >= header.value["min_parties"] and anchors <= executed
            return enough and header.has_pair(executed)
        return all(code in executed for code in self.parties if header.executes(code))

    def lost(self, organisation):
        """{(event type, role)} of a party that were given for what is in force, and are in doubt."""
        given = [
            s for s in self.signatures
            if s.organisation == organisation and s.counts and s.kind != "AdviceGiven" and s.version_hash in (self.carried or {self.version_hash})
        ]
        sound = {(s.kind, s.role) for s in given if s.id not in self.doubted}
        return {(s.kind, s.role) for s in given if s.id in self.doubted} - sound

    def _due_contests(self, book):
        """D1: signatures that are needed are in doubt, or are whole again."""
        for code, party in self.parties.items():
            name = f"{_DOUBT}{code}"
            lacking = self.lost(code) and party.state in "xlp"
            if lacking and name not in self.grounds:
                yield None, 1, lambda n=name, c=code: self.open_ground(n, None, c, self.reach_of(c))
            if not lacking and name in self.grounds:
                yield None, 1, lambda n=name: self.close(n)

    def reach_of(self, code):
        """How far a ground of one party reaches: the party alone where the others can go on without it."""
        others = self.bound() - {code}
        alone = not self.is_bilateral() and self.header.formation != "UNILATERAL" and self.header.goes_on_with(others)
        if self.header.formation == "ACCESSION":
            anchors = set(self.header.value.get("anchor_parties", []))
            alone = alone and len(others) >= self.header.value["min_parties"] and anchors <= others
        return "PARTY" if alone else "WHOLE"

    def _due_advice(self, book):
        """D2: an emergency goes on for five days without the advice of each data protection officer."""
        if self.header.kind != "EMG":
            return
        advised = {s.organisation for s in self.signatures if (s.kind, s.role) == ("AdviceGiven", "DPO") and s.counts}
        late = {code for code, party in self.parties.items() if party.state in "xplm"} - advised
        days = timedelta(days=book.reference["POLICY-WINDOWS"]["emergency_advice_days"])
        if late and self.state == "V" and _ADVICE not in self.grounds:
            yield self.activates_at + days, 2, lambda: self.open_ground(_ADVICE, self.activates_at + days)
        if not late and _ADVICE in self.grounds:
            yield None, 2, lambda: self.close(_ADVICE)

    def open_ground(self, name, at, organisation="", scope="WHOLE"):
        """A derived ground opens."""
        self.grounds[name] = Ground(organisation, name, scope, at)
        if scope == "WHOLE":
            self.state = "S"
        elif self.parties[organisation].state in "xl":
            self.parties[organisation].state = "p"

    def consented_end(self):
        """When it ends by consent of everybody who is bound and stays; None while one is missing."""
        staying = self.staying()
        if not staying or not staying <= self.consents.keys():
            return None
        given = [self.consents[code] for code in staying]
        if any(event in self.doubted for _, _, event in given):
            return None
        return max(max(at, london.midnight(day)) for day, at, _ in given)

    def move(self, state):
        self.state = state
        if state in "EXW":
            self.drop_amendment()

    def drop_amendment(self):
        """The amendment is over, what was asked and countered about it, and whom it would have brought in."""
        if self.amendment:
            self.amendment = self.counter = None
            self.questions, self.declined = {}, set()
            self._send_away(self.coming)

    def _send_away(self, codes):
        self.parties = {code: party for code, party in self.parties.items() if code not in codes}
        self.coming = self.coming - codes

    def follow_amendment(self):
        """Whom the draft of the amendment names and who never was a party is to come; nobody else is."""
        named = self.amendment.version.header.organisations()
        self._send_away(self.coming - set(named))
        for code in named:
            if code not in self.parties:
                self.parties[code] = Party("i")
                self.coming.add(code)

    def _has_signed_all(self, code):
        return not self.missing(code, "AdviceGiven", "ApprovalGiven", "ExecutionSigned")

    def adopters(self):
        """The parties that have executed the open amendment."""
        found = {s.organisation for s in self.counting(kind="ExecutionSigned")}
        return {code for code in found if not self.is_acceding(code) and code not in self.coming}

    def is_adopted(self):
        """Whether everybody whose signature an amendment needs has executed it."""
        header = self.extended(self.amendment.version.header)
        asked = {code for code in self.staying() if header.executes(code)}
        if self.header.non_adopter_rule == "LEAVE" and self.header.quorum == "TWO_THIRDS":
            return 3 * len(asked & self.adopters()) >= 2 * len(asked) > 0
        waited = {code for code in self.coming if self.parties[code].state != "d"}
        return asked <= self.adopters() and all(self._has_signed_all(code) for code in waited)

    def agree(self, at):
        """Whether an amendment has its signatures by now; then it waits for its day."""
        if self.track == "T2" and self.is_adopted():
            self.amendment.stage = "T3"
            self.amendment.effective_at = max(at, london.midnight(self.signing.header.effective_date))

    def switch(self):
        """An amendment takes effect, and who did not adopt it is left behind by rule LEAVE."""
        if self.header.non_adopter_rule == "LEAVE" and self.amendment.kind != "M0":
            for code in self.staying() - self.adopters():
                if self.extended(self.amendment.version.header).executes(code):
                    self.parties[code].state = "n"
        for code in {code for code in self.coming if self._has_signed_all(code)}:
            self.parties[code].state = "x"
            self.coming.discard(code)
        before = (self.carried or {self.version_hash}) if self.amendment.kind == "M0" else set()
        self.current, self.led_by = self.amendment.version, ""
        self.carried = before | {self.current.hash}
        self.drop_amendment()

    def leave(self, code, state, at):
        """A party goes, and the grounds that stopped it alone with it."""
        self.parties[code].state, self.parties[code].leaves_at = state, None
        self.grounds = {
            name: g for name, g in self.grounds.items() if (g.scope, g.organisation) != ("PARTY", code)
        }
        self.agree(at)

    def _goes_on(self):
        bound = self.bound()
        if self.header.formation == "UNILATERAL":
            return any(self.header.executes(code) for code in bound)
        return self.header.goes_on_with(bound)

    def _lapses(self, ground):
        """A regulator's ground over the whole, by one party of many that may not do so alone."""
        if ground.scope != "WHOLE" or ground.code != "REGULATOR":
            return False
        if self.is_bilateral() or ground.organisation == self.lead:
            return False
        return not any(
            g.code == "REGULATOR" and g.organisation != ground.organisation for g in self.grounds.values()
        )

    def close(self, name):
        """A ground ends."""
        closed = self.grounds.pop(name)
        if closed.scope == "PARTY":
            row = self.parties[closed.organisation]
            if row.state == "p" and not self.own_grounds(closed.organisation):
                row.state = "l" if row.leaves_at else "x"
        if self.state == "S" and not self.whole_grounds():
            self.state = "V"

    def own_grounds(self, code):
        return [g for g in self.grounds.values() if g.scope == "PARTY" and g.organisation == code]


def version_hash(stream, header, terms, version):
    """What advice, approvals and executions name."""
    body = {"header": header, "stream": stream, "version": version, **({"terms": terms["$commit"]} if terms else {})}
    return hashlib.sha256(b"counterpart/version/v1\n" + jcs.spell(body)).hexdigest()


def draft_of(agreement, event):
    """The version that an event brings: the next of its stream. An import may have no terms."""
    data, number = event.data, agreement.drafts + 1
    terms = data.get("terms")
    found = version_hash(event.stream, data["header"], terms, number)
    organisation, _, _ = principal(event)
    return Version(number, found, Header(data["header"]), organisation, terms["$commit"] if terms else "")


def principal(event):
    first = event.signers[0]
    return first["organisation"], first["role"], first["person"]


def target_of(agreement, wanted):
    """A signature by its event, whether it still counts or not; or None."""
    return next((s for s in agreement.signatures if s.id == wanted), None)
