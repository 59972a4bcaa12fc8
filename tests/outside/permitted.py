"""What may happen to an agreement: who signs it, and in which state.

The log rules of families R and T, with D05. Each function raises `Refused` with the code
that answers.
"""

from datetime import timedelta

import contest
import erasure
import flows
import imports
import joining
import succession
from agreement import principal, target_of
from directory import REGISTRAR, Refused
from header import _GIVES, Header

_COLUMNS = "NFCGAPVSEXRWL"
# Section 2.7 of the domain page, one row for each event built so far: a code refuses,
# `=` goes on to the guards below.
_TABLE = {
    "RequestFiled": "= T02 T02 T02 T02 T02 T02 T02 T02 T02 T02 T02 T02",
    "RequestTriaged": "T01 = T10 T12 T09 T05 T05 T05 T06 T18 T07 T07 T07",
    "ClarificationRequested": "T01 = = = = T05 = = T06 T18 T07 T07 T07",
    "ClarificationProvided": "T01 T11 = T11 = T11 = = T06 T18 T07 T07 T07",
    "CounterProposalMade": "T01 = T10 = T09 T17 = = T06 T18 T07 T07 T07",
    "CounterProposalAccepted": "T01 T13 T10 = T13 T13 = = T06 T18 T07 T07 T07",
    "CounterProposalRejected": "T01 T13 T10 = T13 T13 = = T06 T18 T07 T07 T07",
    "TermsSubmitted": "T01 = T10 T12 T09 T05 = = T06 T18 T07 T07 T07",
    "AdviceGiven": "T01 = = = = = = = T06 T18 T07 T07 T07",
    "ApprovalGiven": "T01 T03 T03 T03 = = = = T06 T18 T07 T07 T07",
    "ExecutionSigned": "T01 T03 T03 T03 = = = = T06 T18 T07 T07 T07",
    "ApprovalDeclined": "T01 T03 T03 T03 = = = = T06 T18 T07 T07 T07",
    "ApprovalWithdrawn": "T01 T03 T03 T03 = = = = T06 T18 T07 T07 T07",
    "RequestRefused": "T01 = = = T21 T17 T16 T16 T06 T18 T07 T07 T07",
    "RequestWithdrawn": "T01 = = = = = T16 T16 T06 T18 T07 T07 T07",
    "AgreementSuspended": "T01 T04 T04 T04 T04 T17 = = T06 T18 T07 T07 T07",
    "AgreementResumed": "T01 T04 T04 T04 T04 T04 = = T06 T18 T07 T07 T07",
    "RevocationNoticed": "T01 T04 T04 T04 T04 T17 = = T06 T18 T07 T07 T07",
    "RevocationRescinded": "T01 T04 T04 T04 T04 T04 = = T06 T18 T07 T07 T07",
    "TerminationConsented": "T01 T04 T04 T04 T04 T17 = = T06 T18 T07 T07 T07",
    "AmendmentProposed": "T01 T04 T04 T04 T09 T17 = = T06 T18 T07 T07 T07",
    "AmendmentAbandoned": "T01 T14 T14 T14 T14 T14 = = T06 T18 T07 T07 T07",
    "ReviewCompleted": "T01 T04 T04 T04 T04 T04 = = T06 T18 T07 T07 T07",
    "PartyInvited": "T01 = = = = = = T08 T06 T18 T07 T07 T07",
    "AccessionRequested": "T01 T03 T03 T03 = = = T08 T06 T18 T07 T07 T07",
    "DisclosureLogged": "T01 T04 T04 T04 T04 T04 = T08 T06 T18 T07 T07 T07",
    "IncidentNoted": "T01 T04 T04 T04 T04 = = = = = T07 T07 T07",
    "IncidentUpdated": "T01 T04 T04 T04 T04 = = = = = T07 T07 T07",
    "DestructionCertified": "T01 T04 T04 T04 T04 T20 = = = T18 T07 T07 T07",
    "RetentionHoldPlaced": "T01 T04 T04 T04 T04 T04 = = = T18 T07 T07 T07",
    "RetentionHoldReleased": "T01 T04 T04 T04 T04 T04 = = = T18 T07 T07 T07",
    "DocumentAttached": "T01 = = = = = = = = = T07 T07 T07",
    "AgreementImported": "= T02 T02 T02 T02 T02 T02 T02 T02 T02 T02 T02 T02",
    "ImportConfirmed": "T01 T04 T04 T04 T04 T04 = = = = T07 T07 T07",
    "ImportDisputed": "T01 T04 T04 T04 T04 T04 = = = = T07 T07 T07",
    "EmergencySharingRecorded": "= T02 T02 T02 T02 T02 T02 T02 T02 T02 T02 T02 T02",
    "ContestResolved": "T01 = = = = = = = = = = = =",
    **dict.fromkeys(erasure.TYPES, "T01 = = = = = = = = = = = ="),
    "SuccessionConfirmed": "T01 = = = = = = = = T18 T07 T07 T07",
    "LeadChanged": "T01 = = = = = = = T06 T18 T07 T07 T07",
    "Corrected": "T01 = = = = = = = = = = = =",
    "PublicationDecided": "T01 = = = = = = = = = = = =",
    "NoteRecorded": "T01 = = = = = = = = = = = =",
}
# Section 2.10: where the amendment stands, in V and S: T0 none, T1 proposed, T2 signed for, T3 agreed.
_SIGNED = ("ApprovalGiven", "ExecutionSigned", "ApprovalDeclined")
_TRACK = {
    "ClarificationRequested": "T14 = = T09",
    "ClarificationProvided": "T11 = = =",
    "CounterProposalMade": "T14 = T09 T09",
    "CounterProposalAccepted": "T13 = T13 T13",
    "CounterProposalRejected": "T13 = T13 T13",
    "TermsSubmitted": "T14 = T09 T09",
    "ApprovalGiven": "T05 T03 = =",
    "ExecutionSigned": "T05 T03 = =",
    "ApprovalDeclined": "T05 T03 = =",
    "ApprovalWithdrawn": "T16 T03 = =",
    "AmendmentProposed": "= T15 T15 T15",
    "AmendmentAbandoned": "T14 = = =",
}
# What a suspended organisation's officers may still sign (2.11).
PROTECTIVE = {
    "AgreementSuspended", "RevocationNoticed", "IncidentNoted", "IncidentUpdated", "DestructionCertified",
    "RetentionHoldPlaced", "RetentionHoldReleased",
}
NEVER_DECIDE = {"REG", "AUD", "WIT"}
_APPROVERS = {"IAO", "SIRO", "CG", "LEO", "SEC", "OPN"}
_ADVISERS = {"DPO", "LGL", "CG", "SEC"}
_ASKERS = {"IGL", "DPO", "CG", "SIRO", "IAO", "LGL", "SEC"}
_VACANT = timedelta(days=14)


def _need(met, why=""):
    if not met:
        raise Refused("R01", why)


def check_deciders(event):
    """D05: registrars, auditors and witnesses never decide an agreement."""
    if event.type == "NoteRecorded" or erasure.is_ordered(event):
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
    if event.type == "AgreementImported":
        imports.import_signed(event)
        return
    if event.type == "EmergencySharingRecorded":
        imports.record_signed(event)
        return
    if header is None:
        return
    if event.type == "NoteRecorded":
        _need((organisation in header.organisations() and organisation != REGISTRAR) or role == "AUD")
        _need(not others)
        return
    if event.type == "ContestResolved":
        contest.check_resolver(book, event)
        return
    if event.type in erasure.TYPES:
        erasure.check_signers(book, event, at, agreement)
        return
    if event.type in joining.SIGNED:
        # Who joins is no party yet; whose event is corrected only the event says, and of none nobody can say it.
        _need(event.type in ("AccessionRequested", "LeadChanged", "Corrected") or organisation in agreement.parties)
        joining.SIGNED[event.type](agreement, event, book, at)
        return
    _need(organisation in agreement.parties, f"{organisation} is no party")
    elsewhere = flows.SIGNED | imports.SIGNED | {"SuccessionConfirmed": succession.confirm_signed}
    if event.type in elsewhere:
        elsewhere[event.type](agreement, event, book, at)
        return
    acting = lambda *roles: book.acting(organisation, *roles)
    if event.type == "AgreementSuspended":
        _check_suspending(agreement, event, book)
        return
    if event.type == "AgreementResumed":
        _check_resuming(agreement, event, book, at)
        return
    if event.type == "RevocationRescinded":
        _check_rescinding(agreement, event, book)
        return
    _need(not others, "one signature")
    required = agreement.owed(organisation)
    match event.type:
        case "RequestTriaged":
            _need(role == "IGL")
        case "ClarificationRequested":
            _need(role in _ASKERS)
        case "ClarificationProvided":
            _need(role in ("IGL", "REQ"))
        case "CounterProposalMade":
            _need(role == "IGL")
        case "CounterProposalAccepted" | "CounterProposalRejected":
            _need(role == "IGL" and organisation in _answering(agreement))
        case "AmendmentProposed" | "ReviewCompleted":
            _need(role == "IGL")
        case "AmendmentAbandoned":
            # While none is open nobody is its proposer, and T14 says so.
            proposer = agreement.amendment and agreement.amendment.proposer
            _need(not proposer or (role, organisation) in (("IGL", proposer), ("SIG", agreement.lead)))
        case "TerminationConsented":
            _need(role == "SIG")
        case "TermsSubmitted":
            _need(role == "IGL" and organisation == agreement.lead)
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
            # Whose capacity is to give is a provider, also where no dataset names it.
            gives = any(row["organisation"] == organisation and row["capacity"] in _GIVES for row in header.value["parties"])
            _need(role in acting("SIRO", "SIG") and gives)
        case "RequestWithdrawn":
            own = organisation == agreement.requesting and role in ("IGL", "SIG")
            _need(own or book.human(person) == book.human(agreement.filer))
        case "RevocationNoticed":
            _need(role in acting("SIG", "SIRO"))
        case "PublicationDecided":
            wanted = acting("SIRO") if data["decision"] == "WITHHOLD" else {"IGL"}
            _need(role in wanted and organisation == agreement.lead)


def _answering(agreement):
    """Who answers the counter-proposal that waits: never the one who made it."""
    counter = agreement.counter
    if counter is None:
        return set(agreement.parties)
    if agreement.amendment:
        named = {agreement.amendment.proposer}
    elif counter.organisation != agreement.requesting:
        named = {agreement.requesting}
    else:
        named = agreement.header.givers(agreement.header.dataset("DS-1"))
    # Where the rule names who made it, the next of the others answers, in the order of the rows.
    others = [code for code in agreement.parties if code != counter.organisation]
    return named - {counter.organisation} or set(others[:1])


def _check_rescinding(agreement, event, book):
    """A24: SIG or SIRO of who gave notice; of two parties, the other's signatory as well (G24 without it)."""
    first, others = event.signers[0], event.signers[1:]
    _need(first["role"] in book.acting(first["organisation"], "SIG", "SIRO"))
    _need(len(others) <= (1 if agreement.is_bilateral() else 0))
    for other in others:
        _need(other["role"] == "SIG" and other["organisation"] in agreement.parties)
        _need(other["organisation"] != first["organisation"])


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
    lead = agreement.lead
    _need(len(set(here)) == 2 and lead in here and set(here) <= set(agreement.parties))


def check_table(agreement, event):
    """T01, then the cell of the table, then the T guards within the cell."""
    code = _TABLE[event.type].split()[_COLUMNS.index(agreement.state)]
    acceding = agreement.is_acceding(principal(event)[0])
    if event.type in _SIGNED and agreement.state in "PVS" and acceding:
        code = "T08" if agreement.state == "S" else "="
    elif event.type in _SIGNED[:2] and agreement.state in "VS" and is_again(agreement, event):
        code = "="
    elif event.type in _SIGNED and agreement.state == "P":
        code = "T17" if event.type == "ApprovalDeclined" else "T05"
    elif event.type == "PartyInvited" and joining.check_open(agreement, event) == "T09":
        code = "T09"
    elif code == "=" and agreement.state in "VS" and event.type in _TRACK:
        code = _TRACK[event.type].split()[int(agreement.track[1])]
        # Without an amendment it is the suspension that stands in the way of signatures.
        if agreement.state == "S" and code == "T05":
            code = "T08"
    if code != "=":
        raise Refused(code, f"{event.type} in {agreement.state} {agreement.track}")
    organisation, role, _ = principal(event)
    _check_talk(agreement, event)
    if event.type == "RequestWithdrawn" and agreement.state == "P":
        if not agreement.is_bilateral() or (organisation, role) != (agreement.requesting, "SIG"):
            raise Refused("T17")
    if event.type == "AgreementResumed" and event.data["ground"] not in agreement.grounds:
        raise Refused("T19")


def _check_talk(agreement, event):
    """T rules on questions and counter-proposals: what is answered is there."""
    kind, data = event.type, event.data
    # S8: after a refusal it is T07 for everybody, so whose turn it is comes behind the table.
    _need(kind != "CounterProposalMade" or principal(event)[0] != agreement.drafter, "whoever made the newest draft waits")
    if kind == "ClarificationProvided":
        if data["question"] not in agreement.questions:
            raise Refused("T11")
        if "terms" in data and (agreement.state == "A" or agreement.track in ("T2", "T3")):
            raise Refused("T09")
    if kind in ("CounterProposalAccepted", "CounterProposalRejected") and agreement.counter is None:
        raise Refused("T13")
    if kind in ("ExecutionSigned", "TermsSubmitted") and _is_blocked(agreement, event):
        raise Refused("T10")
    if kind == "DestructionCertified":
        flows.check_duty(agreement, event)
    if kind == "TermsSubmitted" and agreement.counter:
        raise Refused("T12")


def _is_blocked(agreement, event):
    """Whether an open question stands in the way: in ACCESSION of who asked and who is asked alone."""
    if agreement.header.formation != "ACCESSION" or event.type == "TermsSubmitted":
        return bool(agreement.questions)
    return any(principal(event)[0] in pair for pair in agreement.questions.values())


def is_again(agreement, event):
    """Whether a signature is given in the place of one that is in doubt."""
    organisation, role, _ = principal(event)
    given = event.data["version_hash"] == agreement.version_hash
    return given and (event.type, role) in agreement.lost(organisation)
