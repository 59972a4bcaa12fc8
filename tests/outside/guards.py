"""What stands in the way of an event of an agreement: separation of duties, and the G rules."""

from datetime import timedelta

import amendment as amendments
import contest
import erasure
import flows
import imports
import joining
import london
import permitted
import succession
from agreement import SIGNATURES, principal, target_of
from directory import Refused
from filing import months_later
from header import Header

# Section 2.9, one code a state; an imported or disputed row can do nothing either.
PARTY_CODES = {
    "i": "G10", "s": "G10", "q": "G22", "x": "G11", "d": "G12", "p": "G13", "l": "G14", "o": "G15", "n": "G16",
    "u": "G17", "m": "G10", "k": "G10",
}
_ELSEWHERE = flows.GUARDED | joining.GUARDED | imports.GUARDED | {"SuccessionConfirmed": succession.confirm_guarded}
_IMMEDIATE = {"BREACH_BY_OTHER", "UNLAWFUL", "REGULATOR_ORDER", "COURT_ORDER"}
_FRESH_ADVICE = timedelta(days=14)
_OPEN_QUESTIONS, _OWN_QUESTIONS = 50, 5
_REVIEWED = timedelta(days=90)


def check_separation(agreement, event, book):
    """D01 to D04, of the humans behind the person ids."""
    organisation, role, person = principal(event)
    if event.type == "ContestResolved":
        contest.check_own(book, event)
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
    again = event.type in SIGNATURES[1:] and permitted.is_again(agreement, event) and agreement.state in "VS"
    if again:
        if event.type == "ExecutionSigned" and any(kind == "ApprovalGiven" for kind, _ in agreement.lost(organisation)):
            raise Refused("G18")
        return
    _check_version(agreement, event)
    match event.type:
        case "ContestResolved":
            contest.check_targets(book, event, agreement)
        case "ClarificationRequested":
            _check_asking(agreement, organisation, data["asked"])
        case "ClarificationProvided":
            if agreement.questions[data["question"]][1] != organisation:
                raise Refused("G04")
        case "CounterProposalMade" if not data["header"].get("changes"):
            raise Refused("G05")
        case "CounterProposalAccepted" | "CounterProposalRejected":
            if data["version_hash"] != agreement.counter.hash:
                raise Refused("G06")
        case "AmendmentProposed":
            _check_amendment(agreement, event, party, at)
        case "ReviewCompleted" if party.state in "mk":
            raise Refused(PARTY_CODES[party.state])
        case "ReviewCompleted":
            _check_review(agreement.header, data, at, book)
        case "RevocationRescinded":
            if party.state != "l":
                raise Refused(PARTY_CODES[party.state])
            alone = agreement.is_bilateral() and len(event.signers) == 1
            if data["target"] != party.notice or alone:
                raise Refused("G24")
        case "TerminationConsented":
            _check_consent(agreement, organisation, data)
        case "RequestTriaged" if organisation in agreement.triaged:
            raise Refused("G02")
        case "TermsSubmitted":
            _check_submitting(agreement, data, at, book)
        case "AdviceGiven":
            if party.state in "qdlonumk" or (party.state in "xp" and agreement.state not in "VS"):
                raise Refused(PARTY_CODES[party.state])
        case "ApprovalGiven":
            _check_signing(agreement, organisation, party)
            own = agreement.datasets_of(organisation)
            if (event.type, role) not in agreement.owed(organisation) or not set(data["datasets"]) <= own:
                raise Refused("G18")
            if agreement.missing(organisation, "AdviceGiven") and agreement.header.kind != "EMG":
                raise Refused("G19")
        case "ExecutionSigned":
            _check_signing(agreement, organisation, party)
            needed = ["ApprovalGiven"] if agreement.header.kind == "EMG" else ["AdviceGiven", "ApprovalGiven"]
            owed = (event.type, role) in agreement.owed(organisation)
            if agreement.missing(organisation, *needed) or not owed:
                raise Refused("G18")
        case "ApprovalDeclined":
            bound = agreement.amendment and not agreement.is_acceding(organisation) and organisation not in agreement.coming
            if party.state not in ("xp" if bound else "isq" if agreement.state != "A" else "isqx"):
                raise Refused(PARTY_CODES[party.state])
        case "ApprovalWithdrawn":
            target = target_of(agreement, data["target"])
            if target is None or target not in agreement.counting():
                raise Refused("G25")
        case "AgreementSuspended":
            _check_scope(agreement, event, party)
        case "AgreementResumed":
            _check_lifting(agreement, data["ground"], at)
        case "RevocationNoticed":
            _check_notice(agreement, event, party, at)
        case kind if kind in erasure.TYPES:
            erasure.check_guards(book, event, at, agreement)
        case kind if kind in _ELSEWHERE:
            _ELSEWHERE[kind](agreement, event, at, book, PARTY_CODES)


def _check_version(agreement, event):
    """G08: which version an event may name."""
    kind, named = event.type, event.data.get("version_hash")
    acceding = agreement.is_acceding(principal(event)[0])
    if kind in ("AdviceGiven", "ApprovalGiven", "ExecutionSigned", "ApprovalDeclined") and agreement.track == "T3" and not acceding:
        late = kind == "ExecutionSigned" and agreement.header.non_adopter_rule == "LEAVE" and named == agreement.signing.hash
        if not late and (kind != "AdviceGiven" or named != agreement.version_hash):
            raise Refused("G08", "the amendment is agreed")
    if kind == "AdviceGiven":
        good = {agreement.version_hash, agreement.signing.hash}
    elif kind in ("ApprovalGiven", "ExecutionSigned", "ApprovalDeclined", "TermsSubmitted"):
        good = {agreement.current.hash if acceding else agreement.signing.hash}
    else:
        return
    if named not in good:
        raise Refused("G08")


def _check_asking(agreement, organisation, asked):
    """G03 and G04: who is asked, and how many questions wait."""
    if asked == organisation or asked not in agreement.parties:
        raise Refused("G04")
    own = [asker for asker, _ in agreement.questions.values() if asker == organisation]
    if len(own) >= _OWN_QUESTIONS or len(agreement.questions) >= _OPEN_QUESTIONS:
        raise Refused("G03")


def _check_amendment(agreement, event, party, at):
    """G05, G29, G30, G32 and the state of who proposes."""
    data, header = event.data, agreement.header
    if party.state != "x":
        raise Refused(PARTY_CODES[party.state])
    if header.kind == "EMG":
        raise Refused("G32")
    if agreement.imported_by and agreement.version == 1 and data["class"] != "M3":
        raise Refused("G45", "the words of an import are not here")
    rows = {row["organisation"]: row for row in data["header"]["parties"]}
    others = any(_is_another(header, agreement, row) for row in rows.values())
    if not data["header"].get("changes") and not others:
        raise Refused("G05")
    computed = "M3" if others else amendments.kind(header, Header(data["header"]))
    if not amendments.suffices(data["class"], computed):
        raise Refused("G29", f"{data['class']} for {computed}")
    if data["renewal"] or data["class"] == "M2":
        today = london.today(at)
        if not any(outcome == "CONTINUE" and today - day <= _REVIEWED for day, outcome in agreement.reviews):
            raise Refused("G30")


def _is_another(header, agreement, row):
    """Whether a draft names another party, or another part of one: no path of the terms says so."""
    code = row["organisation"]
    if code not in agreement.parties or code not in header.organisations():
        return True
    now = header.row(code)
    part = lambda r: (r["capacity"], r.get("legal_role", "N_A"), r.get("regime", "NONE"), r.get("functions", []))
    return part(now) != part(row)


def _check_review(header, data, at, book):
    """G33: the next review is within the months that V-97 allows."""
    if not {"agreement_type", "datasets"} <= header.value.keys():
        raise Refused("G45")
    windows, today = book.reference["POLICY-WINDOWS"], london.today(at)
    months = [n for name, n in windows["first_review_months"].items() if name in header.classes()]
    if header.kind == "C2P":
        months.append(windows["first_review_months_c2p"])
    if months and london.day(data["next_review"]) > months_later(today, min(months)):
        raise Refused("G33")


def _check_consent(agreement, organisation, data):
    """G38: every consent names the same day, also a second one of one body."""
    party = agreement.parties[organisation]
    if party.state not in "xp" or party.leaves_at:
        raise Refused(PARTY_CODES["l" if party.leaves_at else party.state])
    day = london.day(data["takes_effect_on"])
    given = {d for code, (d, _, _) in agreement.consents.items() if code in agreement.staying()}
    if given - {day}:
        raise Refused("G38")


def _check_signing(agreement, organisation, party):
    """Before it is in force who is asked signs; an amendment is signed by who is bound."""
    bound = agreement.amendment and not agreement.is_acceding(organisation) and organisation not in agreement.coming
    if party.state not in ("xp" if bound else "is"):
        raise Refused(PARTY_CODES[party.state])


def _check_submitting(agreement, data, at, book):
    if data["version"] != agreement.signing.number:
        raise Refused("G08")
    if not agreement.amendment and not _is_triaged(agreement):
        raise Refused("G09")
    today, last = london.today(at), london.day(data["approve_by"])
    longest = book.reference["POLICY-WINDOWS"]["approve_by_days"]
    if last < today:
        raise Refused("G20")
    if last > today + timedelta(days=longest):
        raise Refused("G38")


def _is_triaged(agreement):
    """ALL: every provider; ACCESSION: the lead, every anchor, and as many as it needs."""
    header, ready = agreement.header, agreement.triaged
    if header.formation != "ACCESSION":
        return header.providers() <= ready
    wanted = {agreement.lead, *header.value.get("anchor_parties", [])}
    return wanted <= ready and len(ready) >= header.value["min_parties"]


def _check_scope(agreement, event, party):
    """G26, and the state of the party that suspends."""
    data, (organisation, role, _) = event.data, principal(event)
    if party.state not in "xpl":
        raise Refused(PARTY_CODES[party.state])
    if data.get("organisation", organisation) != organisation:
        raise Refused("G26")
    header, scope = agreement.header, data["scope"]
    own = header.datasets_of(organisation)
    if role == "LEO" and scope != "DATASETS":
        raise Refused("G26")
    if scope == "DATASETS" and "datasets" not in header.value:
        raise Refused("G45")
    if scope == "DATASETS" and not (data["datasets"] and set(data["datasets"]) <= own):
        raise Refused("G26")
    if scope != "WHOLE" or agreement.is_bilateral() or header.formation == "UNILATERAL":
        return
    parties = {s["organisation"] for s in event.signers}
    seconded = any(
        g.code == data["code"] and g.scope != "WHOLE" and g.organisation != organisation
        for g in agreement.grounds.values()
    )
    if not (organisation == agreement.lead or len(parties) > 1 or seconded or data["code"] == "REGULATOR"):
        raise Refused("G26")


def _check_lifting(agreement, name, at):
    """G10 to G15 of the party's row, G27 while an incident is critical, G19: advice on a regulator's ground."""
    ground = agreement.grounds[name]
    if name in agreement.passed:
        raise Refused("G35")
    opener = agreement.parties[ground.organisation]
    if any(status == "CRITICAL_OPEN" for status, _ in agreement.incidents.values()):
        raise Refused("G27")
    if ground.scope == "PARTY" and opener.state not in "po":
        raise Refused(PARTY_CODES[opener.state])
    if ground.code == "REGULATOR":
        adviser = ground.organisation if opener.state in "xpl" else agreement.lead
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
        raise Refused(PARTY_CODES["l" if party.leaves_at else party.state])
    day = london.day(event.data["takes_effect_on"])
    earliest = london.today(at)
    if event.data["ground"] not in _IMMEDIATE:
        earliest += timedelta(days=agreement.header.notice_days)
    if day < earliest:
        raise Refused("G37")
