"""Words that go and words that are opened: erasure with its guards, access granted and ended."""

from datetime import timedelta

import london
from attacks import refused
from aftermath import certificate, destroyed, incident, sent
from bodies import POSTS, note
from cast import Words, new_id
from story import leaving
from talks import Talk


def _in(days):
    return (london.today(london.now()) + timedelta(days=days)).isoformat()


def erasure(target, *pointers, reason="PERSONAL_DATA", days=0):
    """The data of DisclosureErased."""
    return {"advice": Words("text", "The officer advises it."), "erases_on": _in(days), "pointers": list(pointers), "reason": reason, "target": target}


def access(*pointers, days=30, **more):
    """The data of AccessGranted."""
    return {"pointers": list(pointers), "reader": "LAS", "until": _in(days), **more}


def erased(tale):
    """Single words at once; the rest when the agreement is over, kept long enough, and under no hold."""
    for code in ("CMD", "HCK", "LAS"):
        tale.register(code, [*POSTS, "LGL"])
    talk, passes = Talk(tale).in_force(), tale.observer.client.pass_time
    say, no, kind = talk.say, talk.refused, "DisclosureErased"
    both = ("HCK.IGL", "HCK.SIRO")
    noted = say("seen by others", "IncidentNoted", incident(), "HCK.SEC")
    no("nothing named", "E03", kind, erasure(noted), *both)
    no("named twice", "E03", kind, erasure(noted, "/words", "/words"), *both)
    no("by one of two", "R01", kind, erasure(noted, "/words"), "HCK.IGL")
    no("by the other body", "R01", kind, erasure(noted, "/words"), "CMD.IGL", "CMD.SIRO")
    no("with a signatory besides", "R01", kind, erasure(noted, "/words"), *both, "HCK.SIG")
    no("an event of another stream", "G28", kind, erasure(new_id(), "/words"), *both)
    no("yesterday", "G38", kind, erasure(noted, "/words", days=-1), *both)
    no("in thirteen days, where fourteen are told", "G38", kind, erasure(noted, "/words", reason="RETENTION_ENDED", days=13), *both)
    no("while it goes on", "G46", kind, erasure(noted, "/words", reason="RETENTION_ENDED", days=14), *both)
    no("the contract itself", "G46", kind, erasure(_filed(talk), "/terms"), "CMD.IGL", "CMD.SIRO")
    say("a person is named in it", kind, erasure(noted, "/words"), *both)
    order = erasure(noted, "/words", reason="COURT_ORDER", days=14)
    tale.report.step("registrars, by an order", _ordered, tale, talk, order)
    say("a list", "DisclosureLogged", sent("DS-1"), "HCK.IAO")
    hold = say("for a court", "RetentionHoldPlaced", {"datasets": [], "reason": "LITIGATION"}, "HCK.LGL")
    no("under a hold", "G42", kind, erasure(noted, "/words"), *both)
    say("the court is content", "RetentionHoldReleased", {"hold": hold}, "HCK.LGL")
    say("Camden leaves", "RevocationNoticed", leaving(_in(0)), "CMD.SIG")
    say("destroyed", "DestructionCertified", destroyed("DS-1"), "CMD.IAO", "CMD.SEC")
    talk.expect("CLOSED", "X")
    late = lambda days=14: erasure(noted, "/words", reason="RETENTION_ENDED", days=days)
    no("in the year that it is kept", "G46", kind, late(), *both)
    passes(days=364)
    no("a day before", "G46", kind, late(), *both)
    passes(days=1)
    say("a year later", kind, late(), *both)
    say("the contract itself", kind, erasure(_filed(talk), "/terms", reason="RETENTION_ENDED", days=14), "CMD.IGL", "CMD.SIRO")


def _filed(talk):
    """The event that filed an agreement."""
    marks = talk.tale.state.book.marks
    return next(name for name, mark in marks.items() if (mark.stream, mark.kind) == (talk.stream, "RequestFiled"))


def _ordered(tale, talk, data):
    two, kind = tale.cast.registrars[:2], "DisclosureErased"
    refused(tale, "by an order, while it goes on", "G46", kind, talk.stream, data, *two)
    refused(tale, "by an order, and one registrar", "R01", kind, talk.stream, data, two[0])
    refused(tale, "by registrars without an order", "D05", kind, talk.stream, {**data, "reason": "PERSONAL_DATA"}, *two)


def opened(tale):
    """An auditor reads what one body said, or what all parties open, until a day."""
    talk, cast = Talk(tale).in_force(), tale.cast
    say, no, kind = talk.say, talk.refused, "AccessGranted"
    no("by a risk owner", "R01", kind, access("/words"), "HCK.SIRO")
    no("by a stranger", "R01", kind, access("/words"), "LAS.SIG")
    no("until yesterday", "G38", kind, access("/words", days=-1), "HCK.SIG")
    no("for nobody", "O01", kind, {**access("/words"), "reader": "ZZZ"}, "HCK.SIG")
    no("the terms, by one of two", "R01", kind, access("/terms"), "HCK.SIG")
    mine = say("its own words", kind, access("/words"), "HCK.IGL")
    whole = say("the terms, by both", kind, access("/terms"), "HCK.SIG", "CMD.IGL")
    no("another's grant", "R01", "AccessEnded", {"grant": mine}, "CMD.SIG")
    no("a grant of both, by one", "R01", "AccessEnded", {"grant": whole}, "HCK.SIG")
    no("no grant", "G28", "AccessEnded", {"grant": new_id()}, "HCK.SIG")
    say("no longer", "AccessEnded", {"grant": mine}, "HCK.SIG")
    no("ended twice", "G28", "AccessEnded", {"grant": mine}, "HCK.SIG")
    say("no longer, by both", "AccessEnded", {"grant": whole}, "CMD.SIG", "HCK.SIG")
    two = cast.registrars[:2]
    ordered = tale.say("by an order", kind, talk.stream, access("/words", order=certificate()), *two)
    tale.say("the order is over", "AccessEnded", talk.stream, {"grant": ordered}, *two)
    brief = say("for a day", kind, access("/words", days=0), "HCK.SIG")
    tale.observer.client.pass_time(days=2)
    no("what is over by itself", "G28", "AccessEnded", {"grant": brief}, "HCK.SIG")
    say("a note stays possible", "NoteRecorded", note(), "HCK.IGL")


HISTORIES = {"words that go, and who reads them": [erased, opened]}
WAITS_FOR = {"words that go, and who reads them": "DisclosureErased"}
