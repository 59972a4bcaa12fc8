"""What an admitted event changes in an agreement."""

import erasure
import flows
import imports
import joining
import london
import succession
from agreement import Amendment, Ground, Party, Signature, draft_of, principal, target_of


def evolve(agreement, event, at, book):
    """What has happened, and what follows from it at once."""
    before = _moving(agreement)
    agreement.events += 1
    _HAPPENS[event.type](agreement, event, at)
    if _moving(agreement) != before:
        agreement.moved_at = at
    agreement.settle(at, book)


def _moving(agreement):
    """What keeps a request alive: its state, its drafts and its open questions (D9)."""
    return agreement.state, agreement.drafts, sorted(agreement.questions)


# Before it is agreed.


def _file(agreement, event, at):
    data = event.data
    _take_draft(agreement, event)
    agreement.requesting = data["requesting_organisation"]
    agreement.filer = principal(event)[2]
    agreement.state = "F"


def _take_draft(agreement, event):
    """A new draft becomes the terms that are talked about."""
    version = draft_of(agreement, event)
    agreement.drafts, agreement.drafter = version.number, version.organisation
    _answer_with(agreement, version)


def _answer_with(agreement, version):
    """The terms are now these, and the parties those that they name."""
    agreement.current, agreement.led_by = version, ""  # A version names its lead itself.
    rows = agreement.parties
    agreement.parties = {code: rows.get(code, Party()) for code in version.header.organisations()}
    agreement.triaged &= agreement.parties.keys()  # Who is named anew accepts anew.
    agreement.joined = {code: row for code, row in agreement.joined.items() if code in agreement.parties}


def _triage(agreement, event, at):
    organisation = principal(event)[0]
    if event.data["outcome"] == "ACCEPTED":
        agreement.triaged.add(organisation)
    else:
        agreement.questions[event.id] = organisation, agreement.requesting
        agreement.state = "C"


def _ask(agreement, event, at):
    agreement.questions[event.id] = principal(event)[0], event.data["asked"]
    if agreement.state in "FG":
        agreement.state = "C"


def _answer(agreement, event, at):
    del agreement.questions[event.data["question"]]
    if "terms" in event.data and agreement.amendment:
        _redraft(agreement, event)
    elif "terms" in event.data:
        _take_draft(agreement, event)
    if agreement.state == "C" and not agreement.questions:
        agreement.state = "G" if agreement.counter else "F"


def _redraft(agreement, event):
    """New terms in an answer about an amendment."""
    version = draft_of(agreement, event)
    agreement.drafts, agreement.drafter = version.number, version.organisation
    agreement.amendment.version, agreement.amendment.kind = version, "M3"
    agreement.follow_amendment()


def _counter(agreement, event, at):
    agreement.counter = draft_of(agreement, event)
    agreement.drafts, agreement.drafter = agreement.counter.number, agreement.counter.organisation
    if agreement.state == "F":
        agreement.state = "G"


def _accept_counter(agreement, event, at):
    version, agreement.counter = agreement.counter, None
    if agreement.amendment:
        agreement.amendment.version, agreement.amendment.kind = version, "M3"
        agreement.follow_amendment()
    else:
        _answer_with(agreement, version)
        agreement.state = "F"


def _reject_counter(agreement, event, at):
    agreement.counter = None
    if agreement.state == "G":
        agreement.state = "F"


def _submit(agreement, event, at):
    if agreement.amendment:
        agreement.amendment.stage = "T2"
        for code in agreement.coming:
            row = agreement.parties[code]
            row.state = "s" if row.state == "i" else row.state
        return
    agreement.state = "A"
    agreement.approve_by = london.ends(london.day(event.data["approve_by"]))
    for row in agreement.parties.values():
        row.state = "s" if row.state == "i" else row.state


def _refuse(agreement, event, at):
    agreement.state = "R"
    agreement.counter = None


def _withdraw_request(agreement, event, at):
    agreement.state = "W"
    # Nothing waits any more: it is T07 to everybody.
    agreement.counter = None


# Signatures.


def _sign(agreement, event, at):
    organisation, role, person = principal(event)
    data, party = event.data, agreement.parties[organisation]
    agreement.signatures.append(Signature(
        event.id, event.type, organisation, role, person, data["version_hash"], at, data.get("datasets", []),
    ))
    party.state = "s" if party.state == "i" else party.state


def _execute(agreement, event, at):
    _sign(agreement, event, at)
    if agreement.amendment and not agreement.is_acceding(principal(event)[0]):
        agreement.agree(at)
        return
    if agreement.state in "VS" and agreement.parties[principal(event)[0]].state in "xpl":
        return  # It is given again, in the place of one that is in doubt.
    agreement.parties[principal(event)[0]].state = "x"
    if agreement.state == "A" and agreement.is_formed():
        agreement.carried = {agreement.version_hash}
        agreement.activates_at = max(at, london.midnight(agreement.header.effective_date))
        agreement.state = "P"
        for code, row in agreement.parties.items():
            if not agreement.header.required(code) and row.state in "is":
                row.state = "x"


def _decline(agreement, event, at):
    organisation, final = principal(event)[0], event.data["kind"] == "FINAL"
    party = agreement.parties[organisation]
    acceding = agreement.is_acceding(organisation)
    if agreement.amendment and not acceding:
        _decline_amendment(agreement, organisation, final)
    elif final and agreement.header.formation == "ACCESSION":
        party.state = "d"
    elif final:
        party.state, agreement.state = "d", "R"
    elif acceding:
        _void(agreement, organisation)
        party.state = "i"
    else:
        _void(agreement)
        agreement.state, agreement.approve_by = "F", None
        for row in agreement.parties.values():
            row.state = "i" if row.state in "sx" else row.state


def _decline_amendment(agreement, organisation, final):
    """Rule LEAVE notes who will not adopt; else a final no ends the amendment, and a return opens it again."""
    if final and agreement.header.non_adopter_rule == "LEAVE":
        agreement.declined.add(organisation)
    elif final:
        agreement.drop_amendment()
    else:
        _void(agreement)
        agreement.amendment.stage = "T1"


def _void(agreement, organisation=None):
    for signature in agreement.counting(organisation):
        signature.counts = False


def _withdraw_signature(agreement, event, at):
    target = target_of(agreement, event.data["target"])
    target.counts = False
    code = target.organisation
    executions = agreement.counting(code, "ExecutionSigned")
    # Execution comes last: what lay before it is gone, so it is given again.
    for execution in executions:
        execution.counts = False
    if agreement.amendment:
        if agreement.track == "T3" and not agreement.is_adopted():
            agreement.amendment.stage, agreement.amendment.effective_at = "T2", None
        return
    row = agreement.parties[code]
    if row.state == "x":
        row.state = "s"
        agreement.state = "A" if agreement.state == "P" else agreement.state


# In force.


def _suspend(agreement, event, at):
    data, organisation = event.data, principal(event)[0]
    agreement.grounds[event.id] = Ground(organisation, data["code"], data["scope"], at, data["datasets"])
    if data["scope"] == "WHOLE":
        agreement.state = "S"
    elif data["scope"] == "PARTY":
        agreement.parties[organisation].state = "p"


def _resume(agreement, event, at):
    agreement.close(event.data["ground"])


def _notice(agreement, event, at):
    organisation = principal(event)[0]
    party = agreement.parties[organisation]
    takes_effect = london.midnight(london.day(event.data["takes_effect_on"]))
    party.leaves_at, party.state, party.notice = max(takes_effect, at), "l", event.id
    if agreement.track == "T2":
        _void(agreement, organisation)
        agreement.agree(at)


def _rescind(agreement, event, at):
    organisation = principal(event)[0]
    party = agreement.parties[organisation]
    party.leaves_at, party.notice = None, ""
    party.state = "p" if agreement.own_grounds(organisation) else "x"


def _consent(agreement, event, at):
    agreement.consents[principal(event)[0]] = london.day(event.data["takes_effect_on"]), at, event.id


def _review(agreement, event, at):
    agreement.reviews.append((london.today(at), event.data["outcome"]))


def _propose(agreement, event, at):
    version = draft_of(agreement, event)
    agreement.drafts, agreement.drafter = version.number, version.organisation
    agreement.amendment = Amendment(version, event.data["class"], version.organisation)
    if event.data["class"] == "M0":
        agreement.switch()
    else:
        agreement.follow_amendment()


def _abandon(agreement, event, at):
    agreement.drop_amendment()


def _nothing(agreement, event, at):
    pass


_HAPPENS = {
    "RequestFiled": _file, "RequestTriaged": _triage, "ClarificationRequested": _ask,
    "ClarificationProvided": _answer, "CounterProposalMade": _counter,
    "CounterProposalAccepted": _accept_counter, "CounterProposalRejected": _reject_counter,
    "TermsSubmitted": _submit, "AdviceGiven": _sign, "ApprovalGiven": _sign, "ExecutionSigned": _execute,
    "ApprovalDeclined": _decline, "ApprovalWithdrawn": _withdraw_signature, "RequestRefused": _refuse,
    "RequestWithdrawn": _withdraw_request, "AgreementSuspended": _suspend, "AgreementResumed": _resume,
    "AmendmentProposed": _propose, "AmendmentAbandoned": _abandon, "ReviewCompleted": _review,
    "RevocationNoticed": _notice, "RevocationRescinded": _rescind, "TerminationConsented": _consent,
    "PublicationDecided": _nothing, "NoteRecorded": _nothing,
    "ContestResolved": _nothing, "SuccessionConfirmed": succession.confirm,
    "DisclosureErased": _nothing, "AccessGranted": erasure.grant, "AccessEnded": erasure.end,
    **flows.HAPPENED, **joining.HAPPENED, **imports.HAPPENED,
}
