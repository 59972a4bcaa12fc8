"""What may happen to an agreement: who signs, in which state, and the guards.

The log rules of families R, T, D and G for the events built so far, formation ALL and
UNILATERAL. Each function raises `Refused` with the code that answers.
"""

from datetime import timedelta

import london
from agreement import SIGNATURES, principal, target_of
from directory import REGISTRAR, Refused
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
    "PublicationDecided": "T01 = = = = = = = = = = = =",
    "NoteRecorded": "T01 = = = = = = = = = = = =",
    "PublicationDecided": "T01 = = = = = = = = = = = =",
}
# What a suspended organisation's officers may still sign (2.11).
PROTECTIVE = {"AgreementSuspended", "RevocationNoticed"}
NEVER_DECIDE = {"REG", "AUD", "WIT"}
_PARTY_CODES = {"i": "G10", "s": "G10", "q": "G22", "x": "G11", "d": "G12", "p": "G13", "l": "G14", "o": "G15"}
_IMMEDIATE = {"BREACH_BY_OTHER", "UNLAWFUL", "REGULATOR_ORDER", "COURT_ORDER"}
_APPROVERS = {"IAO", "SIRO", "CG", "LEO", "SEC", "OPN"}
_ADVISERS = {"DPO", "LGL", "CG", "SEC"}
_VACANT, _FRESH_ADVICE = timedelta(days=14), timedelta(days=14)


def _need(met, why=""):
    if not met:
        raise Refused("R01", why)


def check_deciders(event):
    """D05: registrars, auditors and witnesses never decide an agreement."""
    if event.type == "NoteRecorded":
        return
    for signer in event.signers:
        if signer["organisation"] == REGISTRAR or signer["role"] in NEVER_DECIDE:
            raise Refused("D05")


def check_roles(agreement, event, book, at):
    """R01: whether these hands may sign this event for this agreement. R11 at execution."""
    organisation, role, person = principal(event)
    data, header, others = event.data, agreement.header, event.signers[1:]
    if event.type == "RequestFiled":
        _need(role in ("REQ", "IGL") and not others)
        _need(organisation in Header(data["header"]).organisations())
        _need(organisation == data["requesting_organisation"])
        return
    if header is None:
        return
    if event.type == "NoteRecorded":
        _need((organisation in header.organisations() and organisation != REGISTRAR) or role == "AUD")
        _need(not others)
        return
    _need(organisation in header.organisations(), f"{organisation} is no party")
    acting = lambda *roles: book.acting(organisation, *roles)
    if event.type == "AgreementSuspended":
        _check_suspending(agreement, event, book)
        return
    if event.type == "AgreementResumed":
        _check_resuming(agreement, event, book, at)
        return
    _need(not others, "one signature")
    required = header.required(organisation)
    match event.type:
        case "RequestTriaged":
            _need(role == "IGL")
        case "TermsSubmitted":
            _need(role == "IGL" and organisation == header.lead)
        case "AdviceGiven":
            _need(role in _ADVISERS and role == data["kind"])
        case "ApprovalGiven":
            _need(role in _APPROVERS or (event.type, role) in required)
        case "ExecutionSigned":
            usual = "SIRO" if header.kind == "EMG" else "SIG"
            _need(role == usual or (event.type, role) in required)
            for _, wanted in sorted(required):
                if not book.has_holder(organisation, wanted, at):
                    raise Refused("R11", wanted)
        case "ApprovalDeclined":
            _need(role in {r for _, r in required} | {"SIG"})
        case "ApprovalWithdrawn":
            target = target_of(agreement, data["target"])
            if target:
                _need(organisation == target.organisation and role in (target.role, "SIG"))
        case "RequestRefused":
            _need(role in acting("SIRO", "SIG") and organisation in header.providers())
        case "RequestWithdrawn":
            own = organisation == agreement.requesting and role in ("IGL", "SIG")
            _need(own or book.human(person) == book.human(agreement.filer))
        case "RevocationNoticed":
            _need(role in acting("SIG", "SIRO"))
        case "PublicationDecided":
            wanted = acting("SIRO") if data["decision"] == "WITHHOLD" else {"IGL"}
            _need(role in wanted and organisation == header.lead)
        case "PublicationDecided":
            hides = data["decision"] == "WITHHOLD"
            _need(role in (acting("SIRO") if hides else {"IGL"}) and organisation == header.lead)


def _check_suspending(agreement, event, book):
    """A16: one of four roles; a DPO together with the SIRO; two SIROs of two parties."""
    first, others = event.signers[0], event.signers[1:]
    organisation, role = first["organisation"], first["role"]
    siro = book.acting(organisation, "SIRO")
    if not others:
        _need(role in {"CG", "SIG"} | siro or (role == "LEO" and _is_part3(agreement, organisation)))
        return
    _need(len(others) == 1)
    other = others[0]
    together = role == "DPO" and other["organisation"] == organisation and other["role"] in siro
    two = (
        role in siro and other["organisation"] in agreement.parties
        and other["organisation"] != organisation
        and other["role"] in book.acting(other["organisation"], "SIRO")
    )
    _need(together or two)


def _is_part3(agreement, organisation):
    return agreement.header.row(organisation).get("regime") == "PART3"


def _check_resuming(agreement, event, book, at):
    """A17: the SIRO of the party that opened the ground; others when that party cannot."""
    ground = agreement.grounds.get(event.data["ground"])
    siros = [s for s in event.signers if s["role"] in book.acting(s["organisation"], "SIRO")]
    _need(len(siros) == len(event.signers))
    if ground is None:
        return
    opener = ground.organisation
    if [s["organisation"] for s in siros] == [opener]:
        return
    gone = agreement.parties[opener].state not in "xpl"
    vacant = [book.vacant_since(opener, role, at) for role in book.acting(opener, "SIRO")]
    if not gone:
        _need(all(since is not None and since + _VACANT <= at for since in vacant))
    here = [s["organisation"] for s in siros]
    lead = agreement.header.lead
    _need(len(set(here)) == 2 and lead in here and set(here) <= set(agreement.parties))


def check_table(agreement, event):
    """T01, then the cell of the table, then the T guards within the cell."""
    code = _TABLE[event.type].split()[_COLUMNS.index(agreement.state)]
    if code != "=":
        raise Refused(code, f"{event.type} in {agreement.state}")
    organisation, role, _ = principal(event)
    if event.type == "RequestWithdrawn" and agreement.state == "P":
        if not agreement.is_bilateral() or (organisation, role) != (agreement.requesting, "SIG"):
            raise Refused("T17")
    if event.type == "AgreementResumed" and event.data["ground"] not in agreement.grounds:
        raise Refused("T19")


def check_separation(agreement, event, book):
    """D01 to D04, of the humans behind the person ids."""
    organisation, role, person = principal(event)
    if event.type not in SIGNATURES + ("RequestTriaged",):
        return
    me = book.human(person)
    if me == book.human(agreement.filer):
        raise Refused("D01")
    if event.type == "RequestTriaged":
        return
    mine = [s for s in agreement.signatures if book.human(s.person) == me]
    version = event.data["version_hash"]
    here = [s for s in mine if s.version_hash == version and s.organisation == organisation]
    decides = event.type != "AdviceGiven"
    if decides and book.is_light(organisation):
        _check_two_persons(agreement, event, book)
    elif decides:
        for s in here:
            together = s.role == role or {s.role, role} == {"SIRO", "SIG"}
            if s.kind != "AdviceGiven" and not together:
                raise Refused("D02")
    if any(decides != (s.kind != "AdviceGiven") for s in here):
        raise Refused("D03")
    for s in mine:
        both_advise = not decides and s.kind == "AdviceGiven"
        if s.organisation != organisation and not both_advise:
            raise Refused("D04")


def _check_two_persons(agreement, event, book):
    """D02 under LIGHT: who executes is not the only one who approved."""
    organisation, _, person = principal(event)
    given = agreement.counting(organisation, "ApprovalGiven")
    if event.type == "ExecutionSigned" and given:
        if {book.human(s.person) for s in given} == {book.human(person)}:
            raise Refused("D02")


def check_guards(agreement, event, at, book):
    """The G rules, but for the limits of a day."""
    organisation, role, _ = principal(event)
    data, party = event.data, agreement.parties.get(organisation)
    if "version_hash" in data and data["version_hash"] != agreement.version_hash:
        raise Refused("G08")
    match event.type:
        case "RequestTriaged" if organisation in agreement.triaged:
            raise Refused("G02")
        case "TermsSubmitted":
            _check_submitting(agreement, data, at, book)
        case "AdviceGiven":
            if party.state in "dlo" or (party.state in "xp" and agreement.state not in "VS"):
                raise Refused(_PARTY_CODES[party.state])
        case "ApprovalGiven":
            _check_signing(party)
            own = agreement.header.datasets_of(organisation)
            if (event.type, role) not in agreement.header.required(organisation) or not set(data["datasets"]) <= own:
                raise Refused("G18")
            if agreement.missing(organisation, "AdviceGiven") and agreement.header.kind != "EMG":
                raise Refused("G19")
        case "ExecutionSigned":
            _check_signing(party)
            needed = ["ApprovalGiven"] if agreement.header.kind == "EMG" else ["AdviceGiven", "ApprovalGiven"]
            owed = (event.type, role) in agreement.header.required(organisation)
            if agreement.missing(organisation, *needed) or not owed:
                raise Refused("G18")
        case "ApprovalDeclined":
            if party.state not in "isx":
                raise Refused(_PARTY_CODES[party.state])
        case "ApprovalWithdrawn":
            if target_of(agreement, data["target"]) not in agreement.counting():
                raise Refused("G25")
        case "AgreementSuspended":
            _check_scope(agreement, event, party)
        case "AgreementResumed":
            _check_lifting(agreement, data["ground"], at)
        case "RevocationNoticed":
            _check_notice(agreement, event, party, at)


def _check_signing(party):
    if party.state not in "is":
        raise Refused(_PARTY_CODES[party.state])


def _check_submitting(agreement, data, at, book):
    if data["version"] != agreement.version:
        raise Refused("G08")
    if not agreement.header.providers() <= agreement.triaged:
        raise Refused("G09")
    today, last = london.today(at), london.day(data["approve_by"])
    longest = book.reference["POLICY-WINDOWS"]["approve_by_days"]
    if last < today:
        raise Refused("G20")
    if last > today + timedelta(days=longest):
        raise Refused("G38")


def _check_scope(agreement, event, party):
    """G26, and the state of the party that suspends."""
    data, (organisation, role, _) = event.data, principal(event)
    if party.state not in "xpl":
        raise Refused(_PARTY_CODES[party.state])
    if data.get("organisation", organisation) != organisation:
        raise Refused("G26")
    header, scope = agreement.header, data["scope"]
    own = header.datasets_of(organisation)
    if role == "LEO" and scope != "DATASETS":
        raise Refused("G26")
    if scope == "DATASETS" and not (data["datasets"] and set(data["datasets"]) <= own):
        raise Refused("G26")
    if scope != "WHOLE" or agreement.is_bilateral() or header.formation == "UNILATERAL":
        return
    parties = {s["organisation"] for s in event.signers}
    seconded = any(
        g.code == data["code"] and g.scope != "WHOLE" and g.organisation != organisation
        for g in agreement.grounds.values()
    )
    if not (organisation == header.lead or len(parties) > 1 or seconded or data["code"] == "REGULATOR"):
        raise Refused("G26")


def _check_lifting(agreement, name, at):
    """G10 to G15 of the party's row, and G19: advice on a regulator's ground."""
    ground = agreement.grounds[name]
    opener = agreement.parties[ground.organisation]
    if ground.scope == "PARTY" and opener.state not in "po":
        raise Refused(_PARTY_CODES[opener.state])
    if ground.code == "REGULATOR":
        adviser = ground.organisation if opener.state in "xpl" else agreement.header.lead
        since = at - _FRESH_ADVICE
        fresh = [
            s for s in agreement.signatures
            if (s.organisation, s.kind, s.role) == (adviser, "AdviceGiven", "DPO")
            and s.version_hash == agreement.version_hash and s.given_at >= max(since, ground.opened_at)
        ]
        if not fresh:
            raise Refused("G19")


def _check_notice(agreement, event, party, at):
    if party.state not in "xp" or party.leaves_at:
        raise Refused(_PARTY_CODES["l" if party.leaves_at else party.state])
    day = london.day(event.data["takes_effect_on"])
    earliest = london.today(at)
    if event.data["ground"] not in _IMMEDIATE:
        earliest += timedelta(days=agreement.header.notice_days)
    if day < earliest:
        raise Refused("G37")
