"""What was shared, and what must become of it: A26 to A31, with incidents, duties and holds.

Each event has its line in `SIGNED` (who may), `GUARDED` (what stands in the way) and
`HAPPENED` (what it changes). A duty is a pair of a recipient and a dataset that it was sent.
"""

import london
from directory import Refused

# Party states in which a certificate is looked at; the code of every other one answers.
_CERTIFIES = "xponlm"
_REPORTERS = {"IGL", "DPO", "SIRO", "SEC"}


def _need(met, why=""):
    if not met:
        raise Refused("R01", why)


# Who may sign.


def _log_signed(agreement, event, book, at):
    first = event.signers[0]
    _need(len(event.signers) == 1 and first["role"] in book.acting(first["organisation"], "IAO", "DAT"))
    _need(first["organisation"] in agreement.header.providers(), "no provider")


def _report_signed(agreement, event, book, at):
    first = event.signers[0]
    _need(len(event.signers) == 1 and first["role"] in book.acting(first["organisation"], *_REPORTERS))


def _destroy_signed(agreement, event, book, at):
    """The asset owner and then the security lead, or the asset owner with a supplier's certificate."""
    first, others = event.signers[0], event.signers[1:]
    organisation = first["organisation"]
    _need(first["role"] in book.acting(organisation, "IAO"))
    for other in others:
        _need(other["organisation"] == organisation and other["role"] in book.acting(organisation, "SEC"))
    _need(len(others) == (0 if "certificate" in event.data else 1))


def _hold_signed(agreement, event, book, at):
    first = event.signers[0]
    _need(len(event.signers) == 1 and first["role"] in ("LGL", "SIG"))
    hold = agreement.holds.get(event.data.get("hold"))
    _need(hold is None or hold[0] == first["organisation"], "another body's hold")


SIGNED = {
    "DisclosureLogged": _log_signed, "IncidentNoted": _report_signed, "IncidentUpdated": _report_signed,
    "DestructionCertified": _destroy_signed, "RetentionHoldPlaced": _hold_signed, "RetentionHoldReleased": _hold_signed,
}


def check_duty(agreement, event):
    """T20: there is something to destroy, and it is due."""
    organisation = event.signers[0]["organisation"]
    party = agreement.parties[organisation]
    if party.state not in _CERTIFIES:
        return  # Its own state answers, as 2.9 prints it.
    once = agreement.header.value.get("sharing_mode") == "ONE_OFF"
    due = agreement.state == "E" or party.state in "on" or once
    named = certified(agreement, event)
    if not (due and named and {(organisation, name) for name in named} <= agreement.duties):
        raise Refused("T20")


def certified(agreement, event):
    """The datasets of a certificate: those that it names, else all that the party still owes."""
    organisation = event.signers[0]["organisation"]
    return set(event.data["datasets"]) or {name for code, name in agreement.duties if code == organisation}


# What stands in the way.


def _log_guarded(agreement, event, at, book, codes):
    """G13, G14, G39, G40 and G45: both ends are bound, the dataset is theirs, and once is once."""
    data, giver = event.data, event.signers[0]["organisation"]
    state = agreement.parties[giver].state
    known = {"datasets", "sharing_mode"} <= agreement.header.value.keys()
    if state in "mk" or not known:
        raise Refused("G45" if state != "k" else "G10")
    if state not in "xl":
        raise Refused(codes[state])
    header = agreement.header
    stopped = {name for g in agreement.grounds.values() if g.scope == "DATASETS" for name in g.datasets}
    for name in data["datasets"]:
        row = header.find_dataset(name)
        if row is None or giver not in header.givers(row) or name in stopped:
            raise Refused("G39", name)
        for code in recipients(agreement, event, row):
            there = agreement.parties.get(code)
            if there is not None and there.state == "m":
                raise Refused("G45")
            if there is None or code not in header.takers(row) or there.state not in "xl":
                raise Refused("G39", code)
        if header.value["sharing_mode"] == "ONE_OFF" and name in agreement.sent:
            raise Refused("G40", name)


def recipients(agreement, event, row):
    """Who received a dataset: those that the event names, else all of the dataset's."""
    giver = event.signers[0]["organisation"]
    named = event.data.get("recipients")
    return named if named else sorted(agreement.header.takers(row) - {giver})


def _update_guarded(agreement, event, at, book, codes):
    status, _ = agreement.incidents.get(event.data["incident"], ("CLOSED", False))
    if status == "CLOSED":
        raise Refused("G28")


def _destroy_guarded(agreement, event, at, book, codes):
    data = event.data
    party = agreement.parties[event.signers[0]["organisation"]]
    if party.state not in _CERTIFIES:
        raise Refused(codes[party.state])
    kept = data["outcome"] == "RETAINED_UNDER_LAW"
    for name in certified(agreement, event):
        # Data that are kept under a law are not destroyed.
        if not kept and agreement.is_held(name):
            raise Refused("G42", name)
    ahead = "recheck" in data and london.day(data["recheck"]) > london.today(at)
    if kept and not ahead:
        raise Refused("G43")


def _release_guarded(agreement, event, at, book, codes):
    if event.data["hold"] not in agreement.holds:
        raise Refused("G31")


GUARDED = {
    "DisclosureLogged": _log_guarded, "IncidentUpdated": _update_guarded, "DestructionCertified": _destroy_guarded,
    "RetentionHoldReleased": _release_guarded,
}


# What has happened.


def _log(agreement, event, at):
    for name in event.data["datasets"]:
        row = agreement.header.find_dataset(name)
        agreement.sent.add(name)
        if row["class"] != "NP-O":
            agreement.duties |= {(code, name) for code in recipients(agreement, event, row)}


def _note_incident(agreement, event, at):
    agreement.incidents[event.id] = "OPEN", event.data["key"]


def _update_incident(agreement, event, at):
    _, key = agreement.incidents[event.data["incident"]]
    agreement.incidents[event.data["incident"]] = event.data["status"], key


def _destroy(agreement, event, at):
    organisation = event.signers[0]["organisation"]
    agreement.duties -= {(organisation, name) for name in certified(agreement, event)}


def _hold(agreement, event, at):
    agreement.holds[event.id] = event.signers[0]["organisation"], tuple(event.data["datasets"])


def _release(agreement, event, at):
    del agreement.holds[event.data["hold"]]


HAPPENED = {
    "DisclosureLogged": _log, "IncidentNoted": _note_incident, "IncidentUpdated": _update_incident,
    "DestructionCertified": _destroy, "RetentionHoldPlaced": _hold, "RetentionHoldReleased": _release,
}
