"""Who belongs to an agreement, and who leads it: A21, A22, A33, A41, A42, and accession.

In formation ACCESSION bodies join one by one: a joiner's row stands in the event that invites
it or asks for it, and its signatures are on the version in force.
"""

from directory import Refused

_DOCUMENTS = 200


def _need(met, why=""):
    if not met:
        raise Refused("R01", why)


# Who may sign.


def _invite_signed(agreement, event, book, at):
    first = event.signers[0]
    _need(len(event.signers) == 1 and first["role"] == "IGL" and first["organisation"] == agreement.lead)


def _ask_signed(agreement, event, book, at):
    first = event.signers[0]
    _need(len(event.signers) == 1 and first["role"] == "IGL")
    _need(first["organisation"] == event.data["row"]["organisation"], "another body's row")


def _attach_signed(agreement, event, book, at):
    _need(len(event.signers) == 1 and event.signers[0]["role"] in ("IGL", "DPO", "LGL", "SIG"))


def _lead_signed(agreement, event, book, at):
    """The new lead's IGL with the old lead's, or with two signatories when the old lead cannot."""
    lead = event.data["lead"]
    news = [s for s in event.signers if (s["organisation"], s["role"]) == (lead, "IGL")]
    others = [s for s in event.signers if s not in news]
    _need(len(news) == 1 and all(s["organisation"] in agreement.parties for s in others))
    if len(others) == 1:
        _need((others[0]["organisation"], others[0]["role"]) == (agreement.lead, "IGL"))
        return
    old = agreement.parties.get(agreement.lead)
    _need(old is None or old.state != "x", "the old lead signs")
    _need({s["role"] for s in others} == {"SIG"} and len(others) == 2)
    # Where only one other party is left, the new lead's own signatory is the second.
    left = {code for code, party in agreement.parties.items() if party.state in "iqsxplmk"} - {lead, agreement.lead}
    own = {lead} if len(left) < 2 else set()
    _need(len({s["organisation"] for s in others} - ({lead, agreement.lead} - own)) == 2)


def _correct_signed(agreement, event, book, at):
    """A42: whoever signed the target first, in the same role."""
    first, target = event.signers[0], book.marks.get(event.data["target"])
    _need(len(event.signers) == 1)
    if target and target.stream == event.stream:
        _need((first["organisation"], first["role"]) == target.first, "another's event")


SIGNED = {
    "Corrected": _correct_signed, "PartyInvited": _invite_signed, "AccessionRequested": _ask_signed, "DocumentAttached": _attach_signed,
    "LeadChanged": _lead_signed,
}


# What stands in the way.


def check_open(agreement, event):
    """T and G21 of the table: before it is signed for, and later for ACCESSION alone."""
    if agreement.header.formation == "ACCESSION" or agreement.state in "FCG":
        return None
    if event.type == "PartyInvited" and agreement.state == "A":
        return "T09"
    return "G21"


def _row_guarded(agreement, event, at, book, codes):
    """G10 to G17 and G21, G22 of the party's row, then G36: of a kind that may join."""
    code = event.data["row"]["organisation"]
    if check_open(agreement, event) == "G21":
        raise Refused("G21")
    there = agreement.parties.get(code)
    again = "donq" if event.type == "PartyInvited" else "don"
    if there is not None and there.state not in again:
        raise Refused(codes[there.state])
    kinds = agreement.header.value.get("eligible_joiners", [])
    if agreement.header.formation == "ACCESSION" and book.organisations[code].kind not in kinds:
        raise Refused("G36")


def _lead_guarded(agreement, event, at, book, codes):
    there = agreement.parties.get(event.data["lead"])
    # Who leads stays: it is asked to sign, or bound, or waits for its word on an import.
    if there is None or there.state not in "isxpm":
        raise Refused(codes[there.state] if there else "G21")


def _correct_guarded(agreement, event, at, book, codes):
    target = book.marks.get(event.data["target"])
    if target is None or target.stream != event.stream:
        raise Refused("G28")


def _attach_guarded(agreement, event, at, book, codes):
    if agreement.documents >= _DOCUMENTS:
        raise Refused("G48")


GUARDED = {
    "Corrected": _correct_guarded, "DocumentAttached": _attach_guarded, "PartyInvited": _row_guarded, "AccessionRequested": _row_guarded, "LeadChanged": _lead_guarded,
}


# What has happened.


def _invite(agreement, event, at):
    agreement.join(event.data["row"], "i")


def _ask(agreement, event, at):
    agreement.join(event.data["row"], "q")


def _change_lead(agreement, event, at):
    agreement.led_by = event.data["lead"]


def _attach(agreement, event, at):
    agreement.documents += 1


def _nothing(agreement, event, at):
    pass


HAPPENED = {
    "PartyInvited": _invite, "AccessionRequested": _ask, "LeadChanged": _change_lead,
    "DocumentAttached": _attach, "Corrected": _nothing,
}
