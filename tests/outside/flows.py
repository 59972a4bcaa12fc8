"""What was shared, and what must become of it: A26 to A31, with incidents, duties and holds.

Each event has its line in `SIGNED` (who may), `GUARDED` (what stands in the way) and
`HAPPENED` (what it changes). A duty is a pair of a recipient and a dataset that it was sent.
"""

from directory import Refused

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
    """The asset owner, and the security lead, or the certificate of a supplier."""
    first, others = event.signers[0], event.signers[1:]
    organisation = first["organisation"]
    _need(first["role"] in book.acting(organisation, "IAO"))
    for other in others:
        _need(other["organisation"] == organisation and other["role"] in book.acting(organisation, "SEC"))
    _need(len(others) <= 1 and (others or "certificate" in event.data))


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
    if agreement.state == "E" or party.state in "on":
        due = True
    else:
        # Data that were sent once may be destroyed before the end.
        due = agreement.header.value["sharing_mode"] == "ONE_OFF" and party.state == "x"
    owed = {name for code, name in agreement.duties if code == organisation}
    if not (due and event.data["datasets"] and set(event.data["datasets"]) <= owed):
        raise Refused("T20")


# What stands in the way.


def _log_guarded(agreement, event, at, book, codes):
    """G13, G14, G39, G40 and G45: both ends are bound, the dataset is theirs, and once is once."""
    data, giver = event.data, event.signers[0]["organisation"]
    state = agreement.parties[giver].state
    if state == "m":
        raise Refused("G45")
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
    if event.data["incident"] not in agreement.incidents:
        raise Refused("G28")


def _destroy_guarded(agreement, event, at, book, codes):
    data = event.data
    party = agreement.parties[event.signers[0]["organisation"]]
    if party.state not in "xponl":
        raise Refused(codes[party.state])
    for name in data["datasets"]:
        if data["outcome"] != "RETAINED_UNDER_LAW" and agreement.is_held(name):
            raise Refused("G42", name)
    if data["outcome"] == "RETAINED_UNDER_LAW" and "recheck" not in data:
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
        agreement.duties |= {(code, name) for code in recipients(agreement, event, row)}


def _note_incident(agreement, event, at):
    agreement.incidents[event.id] = "OPEN", event.data["key"]


def _update_incident(agreement, event, at):
    _, key = agreement.incidents[event.data["incident"]]
    agreement.incidents[event.data["incident"]] = event.data["status"], key


def _destroy(agreement, event, at):
    organisation = event.signers[0]["organisation"]
    agreement.duties -= {(organisation, name) for name in event.data["datasets"]}


def _hold(agreement, event, at):
    agreement.holds[event.id] = event.signers[0]["organisation"], tuple(event.data["datasets"])


def _release(agreement, event, at):
    del agreement.holds[event.data["hold"]]


HAPPENED = {
    "DisclosureLogged": _log, "IncidentNoted": _note_incident, "IncidentUpdated": _update_incident,
    "DestructionCertified": _destroy, "RetentionHoldPlaced": _hold, "RetentionHoldReleased": _release,
}
