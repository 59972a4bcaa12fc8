"""The life of one agreement, decided from entries alone: formation ALL and UNILATERAL.

Letters are those of the domain page, section 2.1: F filed, C clarifying, A approving,
P approved, V active, S suspended, E ending, X closed, R refused, W withdrawn, L lapsed;
of a party, 2.9: i invited, s signing, x executed, d declined, p suspended, l leaving, o left.
What may happen stands in `permitted.py`; here is what has happened, and what time brings.
"""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import jcs
import london
from header import Header

SIGNATURES = ("AdviceGiven", "ApprovalGiven", "ExecutionSigned")
REGULATOR_LAPSES = timedelta(days=10)


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


@dataclass
class Ground:
    """Why an agreement, a party or some datasets are suspended."""

    organisation: str
    code: str
    scope: str
    opened_at: datetime
    datasets: list = field(default_factory=list)


@dataclass
class Agreement:
    stream: str
    state: str = "N"
    header: Header | None = None
    version: int = 0
    version_hash: str = ""
    requesting: str = ""
    filer: str = ""
    events: int = 0
    parties: dict = field(default_factory=dict)
    triaged: set = field(default_factory=set)
    signatures: list = field(default_factory=list)
    grounds: dict = field(default_factory=dict)
    approve_by: datetime | None = None
    moved_at: datetime | None = None
    activates_at: datetime | None = None

    def counting(self, organisation=None, kind=None):
        """Signatures on the current version that still count."""
        return [
            s
            for s in self.signatures
            if s.counts
            and s.version_hash == self.version_hash
            and organisation in (None, s.organisation)
            and kind in (None, s.kind)
        ]

    def missing(self, organisation, *kinds):
        """Required roles of a party that have not signed yet: {(kind, role)}."""
        signed = {(s.kind, s.role) for s in self.counting(organisation)}
        owed = {r for r in self.header.required(organisation) if r[0] in kinds}
        return {r for r in owed if r not in signed or self._is_partial(organisation, *r)}

    def _is_partial(self, organisation, kind, role):
        """Whether a role has approved, but not for every dataset of the party's."""
        if kind != "ApprovalGiven":
            return False
        given = [s for s in self.counting(organisation, kind) if s.role == role]
        if any(not s.datasets for s in given):
            return False
        approved = {name for s in given for name in s.datasets}
        return not self.header.datasets_of(organisation) <= approved

    def is_bilateral(self):
        return len(self.parties) == 2

    def bound(self):
        """The parties that are bound now."""
        return {code for code, party in self.parties.items() if party.state in "xlp"}

    def whole_grounds(self):
        return [g for g in self.grounds.values() if g.scope == "WHOLE"]

    # What time alone brings about.

    def settle(self, at, book):
        """Everything derived up to an instant, in the order in which it fell due."""
        while True:
            due = [change for change in self._due(book) if change[0] is None or change[0] <= at]
            if not due:
                return
            _, _, happen = min(due, key=lambda change: (change[0] is not None, change[0] or at, change[1]))
            happen()

    def _due(self, book):
        """(instant, or None for at once; place among derived changes; what happens)."""
        idle = timedelta(days=book.reference["POLICY-WINDOWS"]["idle_days"])
        if self.state not in "NRWLX":
            for code, party in self.parties.items():
                left = book.organisations[code].left_at
                if left and party.state in "isxpl":
                    yield left, 0, lambda c=code: self._leave(c, "d" if self.parties[c].state in "is" else "o")
        if self.state in "VS":
            for code, party in self.parties.items():
                if party.leaves_at and party.state in "xpl":
                    yield party.leaves_at, 3, lambda c=code: self._leave(c, "o")
            if not self._goes_on():
                yield None, 4, lambda: self._move("E")
            if self.header.end_date:
                yield london.ends(self.header.end_date), 5, lambda: self._move("E")
            for name, ground in self.grounds.items():
                if self._lapses(ground):
                    yield ground.opened_at + REGULATOR_LAPSES, 1, lambda n=name: self.close(n)
        if self.state == "P":
            yield self.activates_at, 8, lambda: self._move("V")
        if self.state in "FCG":
            yield self.moved_at + idle, 9, lambda: self._move("L")
        if self.state == "A" and self.approve_by:
            yield self.approve_by, 9, lambda: self._move("L")
        if self.state == "E":
            # Nothing was ever disclosed, for that event is not built yet: no duty, no hold.
            yield None, 11, lambda: self._move("X")

    def _move(self, state):
        self.state = state

    def _leave(self, code, state):
        """A party goes, and the grounds that stopped it alone with it."""
        self.parties[code].state, self.parties[code].leaves_at = state, None
        self.grounds = {
            name: g for name, g in self.grounds.items() if (g.scope, g.organisation) != ("PARTY", code)
        }

    def _goes_on(self):
        bound = self.bound()
        if self.header.formation == "UNILATERAL":
            return any(self.header.executes(code) for code in bound)
        return self.header.goes_on_with(bound)

    def _lapses(self, ground):
        """A regulator's ground over the whole, by one party of many that may not do so alone."""
        if ground.scope != "WHOLE" or ground.code != "REGULATOR":
            return False
        if self.is_bilateral() or ground.organisation == self.header.lead:
            return False
        return not any(
            g.code == "REGULATOR" and g.organisation != ground.organisation for g in self.grounds.values()
        )

    def close(self, name):
        """A ground ends."""
        closed = self.grounds.pop(name)
        if closed.scope == "PARTY":
            row = self.parties[closed.organisation]
            own = [g for g in self.grounds.values() if g.scope == "PARTY" and g.organisation == closed.organisation]
            if row.state == "p" and not own:
                row.state = "l" if row.leaves_at else "x"
        if self.state == "S" and not self.whole_grounds():
            self.state = "V"


def version_hash(stream, header, terms, version):
    """What advice, approvals and executions name."""
    body = {"header": header, "stream": stream, "terms": terms["$commit"], "version": version}
    return hashlib.sha256(b"counterpart/version/v1\n" + jcs.spell(body)).hexdigest()


def principal(event):
    first = event.signers[0]
    return first["organisation"], first["role"], first["person"]


def evolve(agreement, event, at, book):
    """What an admitted event changes."""
    organisation, role, person = principal(event)
    data, party = event.data, agreement.parties.get(organisation)
    before = agreement.state
    agreement.events += 1
    match event.type:
        case "RequestFiled":
            agreement.header = Header(data["header"])
            agreement.version = 1
            agreement.version_hash = version_hash(event.stream, data["header"], data["terms"], 1)
            agreement.requesting, agreement.filer = data["requesting_organisation"], person
            agreement.parties = {code: Party() for code in agreement.header.organisations()}
            agreement.state = "F"
        case "RequestTriaged" if data["outcome"] == "ACCEPTED":
            agreement.triaged.add(organisation)
        case "RequestTriaged":
            agreement.state = "C"
        case "TermsSubmitted":
            agreement.state = "A"
            agreement.approve_by = london.ends(london.day(data["approve_by"]))
            for row in agreement.parties.values():
                row.state = "s" if row.state == "i" else row.state
        case "AdviceGiven" | "ApprovalGiven" | "ExecutionSigned":
            agreement.signatures.append(Signature(
                event.id, event.type, organisation, role, person, data["version_hash"], at,
                data.get("datasets", []),
            ))
            party.state = "s" if party.state == "i" else party.state
            if event.type == "ExecutionSigned":
                party.state = "x"
                _form(agreement, at)
        case "ApprovalDeclined" if data["kind"] == "FINAL":
            party.state, agreement.state = "d", "R"
        case "ApprovalDeclined":
            agreement.state, agreement.approve_by = "F", None
            for row in agreement.parties.values():
                row.state = "i" if row.state in "sx" else row.state
            for signature in agreement.counting():
                signature.counts = False
        case "ApprovalWithdrawn":
            _withdraw(agreement, data["target"])
        case "RequestRefused":
            agreement.state = "R"
        case "RequestWithdrawn":
            agreement.state = "W"
        case "AgreementSuspended":
            agreement.grounds[event.id] = Ground(
                organisation, data["code"], data["scope"], at, data["datasets"]
            )
            if data["scope"] == "WHOLE":
                agreement.state = "S"
            elif data["scope"] == "PARTY":
                party.state = "p"
        case "AgreementResumed":
            agreement.close(data["ground"])
        case "RevocationNoticed":
            takes_effect = london.midnight(london.day(data["takes_effect_on"]))
            party.leaves_at, party.state = max(takes_effect, at), "l"
    if agreement.state != before:
        agreement.moved_at = at
    agreement.settle(at, book)


def target_of(agreement, wanted):
    """A signature by its event, whether it still counts or not; or None."""
    return next((s for s in agreement.signatures if s.id == wanted), None)


def _withdraw(agreement, wanted):
    target = target_of(agreement, wanted)
    target.counts = False
    row, code = agreement.parties[target.organisation], target.organisation
    if row.state == "x":
        # Execution comes last: something that lay before it is gone, so it is given again.
        row.state = "s"
        for execution in agreement.counting(code, "ExecutionSigned"):
            execution.counts = False
        agreement.state = "A" if agreement.state == "P" else agreement.state


def _form(agreement, at):
    owing = [code for code in agreement.parties if agreement.header.executes(code)]
    if all(agreement.parties[code].state == "x" for code in owing):
        agreement.activates_at = max(at, london.midnight(agreement.header.effective_date))
        agreement.state = "P"
        for code, row in agreement.parties.items():
            if not agreement.header.required(code) and row.state in "is":
                row.state = "x"
