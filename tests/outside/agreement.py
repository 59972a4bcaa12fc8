"""The life of one agreement, decided from entries alone: formation ALL and UNILATERAL.

Letters are those of the domain page, section 2.1: F filed, C clarifying, A approving,
P approved, V active, S suspended, E ending, X closed, R refused, W withdrawn, L lapsed.
"""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import jcs
import london
from directory import Refused
from header import Header

_COLUMNS = "NFCGAPVSEXRWL"
# Section 2.7 of the domain page, one row for each event built so far: a code refuses,
# `=` goes on to the guards below.
_TABLE = {
    "RequestFiled": "= T02 T02 T02 T02 T02 T02 T02 T02 T02 T02 T02 T02",
    "RequestTriaged": "T01 = T10 T12 T09 T05 T05 T05 T06 T18 T07 T07 T07",
    "TermsSubmitted": "T01 = T10 T12 T09 T05 T14 T14 T06 T18 T07 T07 T07",
    "AdviceGiven": "T01 = = = = = = = T06 T18 T07 T07 T07",
    "ApprovalGiven": "T01 T03 T03 T03 = T05 T05 T08 T06 T18 T07 T07 T07",
    "ExecutionSigned": "T01 T03 T03 T03 = T05 T05 T08 T06 T18 T07 T07 T07",
    "ApprovalDeclined": "T01 T03 T03 T03 = T17 T05 T08 T06 T18 T07 T07 T07",
    "ApprovalWithdrawn": "T01 T03 T03 T03 = = T16 T16 T06 T18 T07 T07 T07",
    "RequestRefused": "T01 = = = T21 T17 T16 T16 T06 T18 T07 T07 T07",
    "RequestWithdrawn": "T01 = = = = = T16 T16 T06 T18 T07 T07 T07",
    "AgreementSuspended": "T01 T04 T04 T04 T04 T17 = = T06 T18 T07 T07 T07",
    "AgreementResumed": "T01 T04 T04 T04 T04 T04 = = T06 T18 T07 T07 T07",
    "RevocationNoticed": "T01 T04 T04 T04 T04 T17 = = T06 T18 T07 T07 T07",
    "NoteRecorded": "T01 = = = = = = = = = = = =",
}
PROTECTIVE = {"AgreementSuspended", "RevocationNoticed"}
_SIGNATURES = {"AdviceGiven", "ApprovalGiven", "ExecutionSigned"}
_PARTY_CODES = {"i": "G10", "q": "G22", "x": "G11", "d": "G12", "p": "G13", "l": "G14", "o": "G15"}
_IMMEDIATE = {"BREACH_BY_OTHER", "UNLAWFUL", "REGULATOR_ORDER", "COURT_ORDER"}
_QUIET_DAYS = 90


@dataclass
class Signature:
    """One advice, approval or execution."""

    id: str
    kind: str
    organisation: str
    role: str
    person: str
    version_hash: str
    counts: bool = True


@dataclass
class Party:
    state: str = "i"
    leaves_at: datetime | None = None


@dataclass
class Agreement:
    stream: str
    state: str = "N"
    header: Header | None = None
    version: int = 0
    version_hash: str = ""
    requesting: str = ""
    filer: str = ""
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

    def missing(self, organisation, kinds):
        """Required roles of a party that have not signed yet: {(kind, role)}."""
        signed = {(s.kind, s.role) for s in self.counting(organisation)}
        return {r for r in self.header.required(organisation) if r[0] in kinds} - signed

    def is_bilateral(self):
        return len(self.parties) == 2

    def settle(self, at):
        """What time alone has brought about up to an instant: D9, D8, D5, D3, D4, D11."""
        while self._step(at):
            pass

    def _step(self, at):
        before = self.state, [(p.state, p.leaves_at) for p in self.parties.values()]
        if self.state in "FCG" and at >= self.moved_at + timedelta(days=_QUIET_DAYS):
            self.state = "L"
        if self.state == "A" and self.approve_by and at >= self.approve_by:
            self.state = "L"
        if self.state == "P" and at >= self.activates_at:
            self.state = "V"
        if self.state and self.state in "VS":
            end = self.header.end_date
            for party in self.parties.values():
                if party.leaves_at and at >= party.leaves_at and party.state in "xpl":
                    party.state, party.leaves_at = "o", None
            if (end and at >= london.ends(end)) or not self._goes_on():
                self.state = "E"
        if self.state == "E":
            # Nothing was ever disclosed, for that event is not built yet: no duty, no hold.
            self.state = "X"
        return before != (self.state, [(p.state, p.leaves_at) for p in self.parties.values()])

    def _goes_on(self):
        bound = {code for code, party in self.parties.items() if party.state in "xlp"}
        if self.header.formation == "UNILATERAL":
            return bool(bound)
        return len(bound) >= self.header.least_parties and self.header.has_pair(bound)


def version_hash(stream, header, terms, version):
    """What advice, approvals and executions name."""
    body = {"header": header, "stream": stream, "terms": terms["$commit"], "version": version}
    return hashlib.sha256(b"counterpart/version/v1\n" + jcs.spell(body)).hexdigest()


def _principal(event):
    first = event.signers[0]
    return first["organisation"], first["role"], first["person"]


def check_roles(agreement, event):
    """R01: whether these hands may sign this event for this agreement."""
    organisation, role, person = _principal(event)
    data, header = event.data, agreement.header
    if event.type == "RequestFiled":
        named = Header(data["header"]).organisations()
        _need(role in ("REQ", "IGL") and organisation in named)
        _need(organisation == data["requesting_organisation"])
        return
    if header is None:
        return
    if event.type == "NoteRecorded":
        _need(organisation in header.organisations() or role == "AUD")
        return
    _need(organisation in header.organisations())
    match event.type:
        case "RequestTriaged":
            _need(role == "IGL")
        case "TermsSubmitted":
            _need(role == "IGL" and organisation == header.lead)
        case "AdviceGiven":
            _need(role in ("DPO", "LGL", "CG", "SEC") and role == data["kind"])
        case "ApprovalGiven":
            _need(role in ("IAO", "SIRO", "CG", "LEO", "SEC", "OPN"))
        case "ExecutionSigned":
            _need(role == header.executing_role)
        case "ApprovalDeclined":
            wanted = {r for _, r in header.required(organisation)} | {"SIG"}
            _need(role in wanted)
        case "ApprovalWithdrawn":
            target = _target(agreement, data["target"])
            if target:
                _need(organisation == target.organisation and role in (target.role, "SIG"))
        case "RequestRefused":
            _need(role in ("SIRO", "SIG") and organisation in header.providers())
        case "RequestWithdrawn":
            own = organisation == agreement.requesting and role in ("IGL", "SIG")
            _need(own or person == agreement.filer)
        case "AgreementSuspended":
            second = any(
                s["organisation"] == organisation and s["role"] == "SIRO" for s in event.signers[1:]
            )
            _need(role in ("SIRO", "CG", "SIG", "LEO") or (role == "DPO" and second))
        case "AgreementResumed":
            ground = agreement.grounds.get(data["ground"])
            _need(role == "SIRO" and (ground is None or organisation == ground["organisation"]))
        case "RevocationNoticed":
            _need(role in ("SIG", "SIRO"))


def _need(met):
    if not met:
        raise Refused("R01")


def _target(agreement, wanted):
    return next((s for s in agreement.signatures if s.id == wanted and s.counts), None)


def check_table(agreement, event):
    """T01, then the cell of the table, then the T guards within the cell."""
    code = _TABLE[event.type].split()[_COLUMNS.index(agreement.state)]
    if code != "=":
        raise Refused(code, f"{event.type} in {agreement.state}")
    organisation, role, _ = _principal(event)
    if event.type == "RequestWithdrawn" and agreement.state == "P":
        if not agreement.is_bilateral() or (organisation, role) != (agreement.requesting, "SIG"):
            raise Refused("T17")
    if event.type == "AgreementResumed" and event.data["ground"] not in agreement.grounds:
        raise Refused("T19")


def check_separation(agreement, event, human):
    """D01 to D04. `human` maps a person id to one name for the human behind it."""
    organisation, role, person = _principal(event)
    if event.type not in _SIGNATURES | {"RequestTriaged"}:
        return
    me = human(person)
    if me == human(agreement.filer):
        raise Refused("D01")
    if event.type == "RequestTriaged":
        return
    mine = [s for s in agreement.signatures if human(s.person) == me]
    deciding = event.type != "AdviceGiven"
    on_this = [s for s in mine if s.version_hash == agreement.version_hash]
    if deciding:
        for s in on_this:
            pair = {s.role, role} == {"SIRO", "SIG"} or s.role == role
            if s.organisation == organisation and s.kind != "AdviceGiven" and not pair:
                raise Refused("D02")
    for s in on_this:
        if s.organisation == organisation and deciding != (s.kind != "AdviceGiven"):
            raise Refused("D03")
    for s in mine:
        both_advise = not deciding and s.kind == "AdviceGiven"
        if s.organisation != organisation and not both_advise:
            raise Refused("D04")


def check_guards(agreement, event, at, has_holder):
    """The G rules."""
    organisation, role, _ = _principal(event)
    data, party = event.data, agreement.parties.get(organisation)
    if "version_hash" in data and data["version_hash"] != agreement.version_hash:
        raise Refused("G08")
    match event.type:
        case "RequestTriaged" if organisation in agreement.triaged:
            raise Refused("G02")
        case "TermsSubmitted":
            if not agreement.header.providers() <= agreement.triaged:
                raise Refused("G09")
            if data["version"] != agreement.version:
                raise Refused("G08")
        case "AdviceGiven":
            if party.state in "dlo" or (party.state == "x" and agreement.state not in "VS"):
                raise Refused(_PARTY_CODES[party.state])
        case "ApprovalGiven":
            _check_signing(party)
            if ("ApprovalGiven", role) not in agreement.header.required(organisation):
                raise Refused("G18")
            if agreement.missing(organisation, {"AdviceGiven"}) and agreement.header.kind != "EMG":
                raise Refused("G19")
        case "ExecutionSigned":
            _check_signing(party)
            needed = {"AdviceGiven", "ApprovalGiven"}
            if agreement.header.kind == "EMG":
                needed = {"ApprovalGiven"}
            if agreement.missing(organisation, needed):
                raise Refused("G18")
            for _, wanted in agreement.header.required(organisation):
                if not has_holder(organisation, wanted, at):
                    raise Refused("R11")
        case "ApprovalDeclined":
            if party.state not in "isx":
                raise Refused(_PARTY_CODES[party.state])
        case "ApprovalWithdrawn":
            if _target(agreement, data["target"]) is None:
                raise Refused("G25")
        case "AgreementSuspended":
            other = data.get("organisation", organisation) != organisation
            if data["scope"] == "PARTY" and other:
                raise Refused("G26")
        case "RevocationNoticed":
            _check_notice(agreement, event, party, at)


def _check_signing(party):
    if party.state not in "is":
        raise Refused(_PARTY_CODES[party.state])


def _check_notice(agreement, event, party, at):
    if party.state not in "xp" or party.leaves_at:
        raise Refused(_PARTY_CODES["l" if party.leaves_at else party.state])
    day = london.day(event.data["takes_effect_on"])
    earliest = london.today(at)
    if event.data["ground"] not in _IMMEDIATE:
        earliest += timedelta(days=agreement.header.notice_days)
    if day < earliest:
        raise Refused("G37")


def evolve(agreement, event, at):
    """What an admitted event changes."""
    organisation, role, person = _principal(event)
    data, party = event.data, agreement.parties.get(organisation)
    before = agreement.state
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
            agreement.moved_at = at
        case "RequestTriaged":
            agreement.state = "C"
        case "TermsSubmitted":
            agreement.state = "A"
            agreement.approve_by = london.ends(london.day(data["approve_by"]))
            for row in agreement.parties.values():
                row.state = "s" if row.state == "i" else row.state
        case "AdviceGiven" | "ApprovalGiven" | "ExecutionSigned":
            agreement.signatures.append(
                Signature(event.id, event.type, organisation, role, person, data["version_hash"])
            )
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
            target = _target(agreement, data["target"])
            target.counts = False
            row = agreement.parties[target.organisation]
            row.state = "s" if row.state == "x" else row.state
            if agreement.state == "P":
                agreement.state = "A"
        case "RequestRefused":
            agreement.state = "R"
        case "RequestWithdrawn":
            agreement.state = "W"
        case "AgreementSuspended":
            agreement.grounds[event.id] = {"organisation": organisation, "scope": data["scope"]}
            if data["scope"] == "WHOLE":
                agreement.state = "S"
            elif data["scope"] == "PARTY":
                party.state = "p"
        case "AgreementResumed":
            _resume(agreement, data["ground"])
        case "RevocationNoticed":
            takes_effect = london.midnight(london.day(data["takes_effect_on"]))
            party.leaves_at = max(takes_effect, at)
            party.state = "l" if party.state == "x" else party.state
    if agreement.state != before:
        agreement.moved_at = at
    agreement.settle(at)


def _form(agreement, at):
    if all(
        row.state == "x" for code, row in agreement.parties.items() if agreement.header.executes(code)
    ):
        agreement.activates_at = max(at, london.midnight(agreement.header.effective_date))
        agreement.state = "P"


def _resume(agreement, ground):
    closed = agreement.grounds.pop(ground)
    if closed["scope"] == "PARTY":
        left = [g for g in agreement.grounds.values() if g["organisation"] == closed["organisation"]]
        row = agreement.parties[closed["organisation"]]
        if row.state == "p" and not left:
            row.state = "l" if row.leaves_at else "x"
    if not any(g["scope"] == "WHOLE" for g in agreement.grounds.values()):
        agreement.state = "V"
