"""Words that go, and who else may read them: DisclosureErased, AccessGranted and AccessEnded.

Nothing here reads words: an erasure names an event of its stream and pointers in it; a grant
names pointers and a reader. Neither moves an agreement.
"""

import re
from datetime import timedelta

import london
from directory import REGISTRAR, Refused

TYPES = {"DisclosureErased", "AccessGranted", "AccessEnded"}
_TOLD = timedelta(days=14)
_PERIOD = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?")
_KEPT_CLASSES = {"AN", "PS", "PD", "CO", "SC", "LE"}
_AT_THE_TABLE = "isqxplmk"


def _need(met, why=""):
    if not met:
        raise Refused("R01", why)


def check_shape(kind, data):
    """E03: at least one pointer, each once."""
    if "pointers" in data and not 0 < len(data["pointers"]) == len(set(data["pointers"])):
        raise ValueError("pointers stand once each")


def is_ordered(event):
    """Whether registrars sign by an order of a court: no D05."""
    data = event.data
    return (event.type == "DisclosureErased" and data["reason"] == "COURT_ORDER") or event.type in ("AccessGranted", "AccessEnded")


def check_organisations(book, event, at):
    """O rules of the reader."""
    if event.type == "AccessGranted":
        body = book.organisations.get(event.data["reader"])
        standing = body.standing(at) if body else "?"
        if standing != "a":
            raise Refused({"?": "O01", "l": "O03", "s": "O05", "u": "O04"}[standing])


# Hands.


def _registrars(book, event):
    return len(event.signers) >= book.threshold and all(s["organisation"] == REGISTRAR for s in event.signers)


def check_signers(book, event, at, agreement=None):
    if event.type == "DisclosureErased":
        _check_erasing(book, event, at, agreement)
    elif event.type == "AccessGranted":
        _check_granting(book, event, agreement, event.data["pointers"], "order" in event.data)
    else:
        granted = agreement.grants.get(event.data["grant"])
        if granted is None:
            # There is nothing to end (G28): whoever could have granted says so.
            registrars = _registrars(book, event)
            _need(registrars or {s["role"] for s in event.signers} <= {"SIG", "IGL"})
            return
        _check_granting(book, event, agreement, granted["pointers"], granted["ordered"])
        _need(granted["ordered"] or granted["whole"] or event.signers[0]["organisation"] == granted["by"], "another's grant")


def _check_erasing(book, event, at, agreement):
    data, signers = event.data, event.signers
    if data["reason"] == "COURT_ORDER":
        _need(_registrars(book, event), "registrars, with an order")
        return
    code = _body(book, event, agreement)
    if code == REGISTRAR:
        _need(_registrars(book, event), "registrars' own words")
        return
    wanted = ["IGL", "CEX" if book.is_light(code) else "SIRO"]
    if not any(book.has_holder(code, role, at) for role in ("IGL", "SIRO")):
        wanted = ["ADM", "CEX"]
    _need(all(s["organisation"] == code for s in signers) and sorted(s["role"] for s in signers) == sorted(wanted), f"{wanted} of {code}")


def _body(book, event, agreement):
    """The body whose words they are; its successor in its place."""
    mark = book.marks.get(event.data["target"])
    if mark is None or mark.stream != event.stream:
        return event.signers[0]["organisation"]
    code = mark.first[0]
    if event.stream.startswith("org:"):
        code = event.stream.removeprefix("org:")
    elif event.stream.startswith("key:"):
        known = book.keys.get(event.stream.removeprefix("key:"))
        code = known.organisation if known else code
    if agreement is not None:
        while code in agreement.heirs:
            code = agreement.heirs[code]
    return code


def _check_granting(book, event, agreement, pointers, ordered):
    if ordered:
        _need(_registrars(book, event), "an order goes with registrars")
        return
    bodies = [s["organisation"] for s in event.signers]
    _need(all(s["role"] in ("SIG", "IGL") for s in event.signers) and len(set(bodies)) == len(bodies))
    table = {code for code, party in agreement.parties.items() if party.state in _AT_THE_TABLE}
    if any(pointer == "/terms" or pointer.startswith("/terms/") for pointer in pointers):
        _need(set(bodies) == table, "every party opens the terms")
    else:
        _need(len(bodies) == 1 and bodies[0] in agreement.parties, "its own words")


# Guards.


def check_guards(book, event, at, agreement=None):
    data, today = event.data, london.today(at)
    if event.type == "AccessGranted":
        if london.day(data["until"]) < today:
            raise Refused("G38")
        return
    if event.type == "AccessEnded":
        granted = agreement.grants.get(data["grant"])
        if granted is None or granted["ended"] or granted["until"] < today:
            raise Refused("G28")
        return
    mark = book.marks.get(data["target"])
    if mark is None or mark.stream != event.stream:
        raise Refused("G28")
    personal = data["reason"] == "PERSONAL_DATA"
    if london.day(data["erases_on"]) < today + (timedelta() if personal else _TOLD):
        raise Refused("G38")
    if agreement is None:
        post = book.appointments.get(data["target"])
        if data["reason"] == "RETENTION_ENDED" and post and not post.is_over(at):
            raise Refused("G46")
        return
    if agreement.holds:
        raise Refused("G42")
    if (not personal or "/terms" in data["pointers"]) and not _is_over(agreement, at):
        raise Refused("G46")


def _is_over(agreement, at):
    """Whether it is final and nothing of it has to be kept any longer."""
    if agreement.state in "RWL":
        return True
    if agreement.state != "X":
        return False
    days = [_days(d["retention"]["period"]) for d in agreement.header.value.get("datasets", []) if d["class"] in _KEPT_CLASSES and "retention" in d]
    return None not in days and agreement.ended_at + timedelta(days=max(days, default=0)) <= at


def _days(period):
    """Years of 365 days, months of 30; None is for ever."""
    if period == "PERPETUAL":
        return None
    years, months, days = (int(n or 0) for n in _PERIOD.fullmatch(period).groups())
    return 365 * years + 30 * months + days


# What has happened.


def grant(agreement, event, at):
    data, first = event.data, event.signers[0]
    whole = any(pointer == "/terms" or pointer.startswith("/terms/") for pointer in data["pointers"])
    agreement.grants[event.id] = {
        "by": first["organisation"], "ended": False, "ordered": "order" in data, "pointers": data["pointers"],
        "until": london.day(data["until"]), "whole": whole,
    }


def end(agreement, event, at):
    agreement.grants[event.data["grant"]]["ended"] = True
