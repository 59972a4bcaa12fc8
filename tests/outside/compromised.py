"""A key in other hands: reported, its signatures contested, affirmed, disowned, given again."""

from datetime import timedelta

import london
from aftermath import incident, sent
from attacks import refused
from cast import Officer, Words, new_id
from talks import Talk, three_boroughs

_WHY = Words("text", "The card was lost on a train and found in other hands.")


def report(key, start=None):
    """The data of KeyCompromised."""
    return {"evidence": _WHY, "key": key, **({"suspect_from": start} if start is not None else {})}


def resolve(outcome, *targets):
    return {"evidence": _WHY, "outcome": outcome, "targets": list(targets)}


def _given(talk, organisation, kind):
    found = talk.tale.state.agreements[talk.stream]
    return next(s.id for s in found.signatures if (s.organisation, s.kind) == (organisation, kind))


def _index(talk, event):
    return talk.tale.state.events[event][0]


def _new_key(tale, name):
    """The officer's next key, registered by the administrator and the chief."""
    cast, old = tale.cast, tale.cast[name]
    new = Officer(old.organisation, old.person, old.role, cast.officer(f"{name}.{new_id()[-6:]}", old.organisation, old.role).key, appointment=old.appointment)
    cast.people[name] = new
    administrator = f"{old.organisation}.ADM" if old.role != "ADM" else f"{old.organisation}.ADM2"
    tale.register_key(name, new, new, cast[administrator], cast[f"{old.organisation}.CEX"])


def affirmed(tale):
    """Camden's signatory loses a key; what it signed is contested, and stands again."""
    talk = Talk(tale).in_force()
    cast, key = tale.cast, tale.cast["CMD.SIG"].key.id
    signed = _given(talk, "CMD", "ExecutionSigned")
    start, stream = _index(talk, signed), f"key:{key}"
    tell = lambda title, data, *hands: tale.say(title, "KeyCompromised", stream, data, *(cast[h] for h in hands))
    no = lambda title, code, data, *hands: refused(tale, title, code, "KeyCompromised", stream, data, *(cast[h] for h in hands))
    no("by the lost key itself", "R01", report(key, start), "CMD.SIRO")
    no("an administrator reaches back", "R01", report(key, start), "CMD.ADM")
    no("in the future", "K08", report(key, 100_000), "CMD.CEX")
    no("before the key was registered", "K08", report(key, 1), "CMD.CEX")
    refused(tale, "a key that nobody knows", "K01", "KeyCompromised", f"key:{'0' * 64}", report("0" * 64), cast["CMD.CEX"])
    tell("by the chief", report(key, start), "CMD.CEX")
    talk.expect("SUSPENDED", "S")
    no("reported from a later point", "K05", report(key, start + 1), "CMD.CEX")
    talk.refused("signs once more", "K05", "NoteRecorded", {"text": Words("text", "A note."), "visibility": "PARTIES"}, "CMD.SIG")
    talk.refused("sent meanwhile", "T08", "DisclosureLogged", sent("DS-1"), "HCK.IAO")
    talk.refused("affirmed by an information lead", "R01", "ContestResolved", resolve("AFFIRMED", signed), "CMD.IGL")
    talk.refused("affirmed by the other side", "R01", "ContestResolved", resolve("AFFIRMED", signed), "HCK.SIRO")
    talk.refused("nothing contested", "G34", "ContestResolved", resolve("AFFIRMED", _given(talk, "CMD", "ApprovalGiven")), "CMD.SIRO")
    talk.refused("disowned by one alone", "R01", "ContestResolved", resolve("DISOWNED", signed), "CMD.SIRO")
    talk.refused("disowned before the incident", "G44", "ContestResolved", resolve("DISOWNED", signed), "CMD.SIRO", "CMD.CEX")
    talk.say("it was the officer", "ContestResolved", resolve("AFFIRMED", signed), "CMD.SIRO")
    talk.expect("ACTIVE", "V")
    talk.refused("resolved twice", "G34", "ContestResolved", resolve("AFFIRMED", signed), "CMD.SIRO")
    _new_key(tale, "CMD.SIG")
    talk.say("with the new key", "NoteRecorded", {"text": Words("text", "A note with the new key."), "visibility": "PARTIES"}, "CMD.SIG")


def disowned(tale):
    """Hackney's asset owner did not sign: the approval is disowned and given again."""
    talk = Talk(tale).in_force()
    cast, key = tale.cast, tale.cast["HCK.IAO"].key.id
    signed = _given(talk, "HCK", "ApprovalGiven")
    back, stream = report(key, _index(talk, signed)), f"key:{key}"
    refused(tale, "past what its signatory has built on", "K08", "KeyCompromised", stream, back, cast["HCK.CEX"])
    tale.say("with two registrars", "KeyCompromised", stream, back, *cast.registrars[:2], cast["HCK.CEX"])
    talk.expect("SUSPENDED", "S")
    talk.say("people may be concerned", "IncidentNoted", incident(key=True), "HCK.IGL")
    talk.say("disowned", "ContestResolved", resolve("DISOWNED", signed), "HCK.SIRO", "HCK.CEX")
    talk.expect("SUSPENDED", "S")
    _new_key(tale, "HCK.IAO")
    talk.refused("a role that lacks nothing", "T08", "ApprovalGiven", {"datasets": [], "version_hash": tale.version_hash(talk.stream)}, "CMD.IAO")
    tale.approve("HCK", stream=talk.stream)
    talk.expect("ACTIVE", "V")


def beneath_particulars(tale):
    """Particulars changed since: what was signed before them is missed, and given again on the version in force."""
    talk = Talk(tale).in_force()
    notice = talk.document["privacy_notice"]
    signed, key = _given(talk, "HCK", "ExecutionSigned"), tale.cast["HCK.SIG"].key.id
    for turn in ("new", "newest"):
        pages = {**notice["HCK"], "url": Words("text", f"The {turn} privacy pages of the council")}
        other = talk.changed(privacy_notice={**notice, "HCK": pages})
        talk.say(f"the {turn} pages", "AmendmentProposed", talk.amend(other, "M0"), "HCK.IGL")
        talk.take(other)
        if turn == "new":
            tale.say("by the chief", "KeyCompromised", f"key:{key}", report(key, _index(talk, signed)), tale.cast["HCK.CEX"])
        talk.expect("SUSPENDED", "S")
    _new_key(tale, "HCK.SIG")
    talk.refused("a role that lost nothing", "T08", "ApprovalGiven", {"datasets": [], "version_hash": tale.version_hash(talk.stream)}, "HCK.IAO")
    tale.execute("HCK", talk.stream)
    talk.expect("ACTIVE", "V")


def stopped_at_once(tale):
    """An administrator stops a key from now on: nothing is contested."""
    talk = Talk(tale).in_force()
    key = tale.cast["CMD.IAO"].key.id
    tale.say("from now on", "KeyCompromised", f"key:{key}", report(key), tale.cast["CMD.ADM"])
    talk.expect("ACTIVE", "V")
    _new_key(tale, "CMD.IAO")


def while_signing(tale):
    """Contested before it is in force: back to signing, and formed again."""
    talk = Talk(tale)
    later = (london.today(london.now()) + timedelta(days=20)).isoformat()
    talk.document["term"] |= {"effective_date": later}
    talk.file()
    tale.triage(talk.stream)
    talk.submit()
    talk.sign()
    talk.expect("APPROVED", "P")
    key, signed = tale.cast["HCK.SIG"].key.id, _given(talk, "HCK", "ExecutionSigned")
    tale.say("by the chief", "KeyCompromised", f"key:{key}", report(key, _index(talk, signed)), tale.cast["HCK.CEX"])
    talk.expect("APPROVING", "A")
    talk.say("it was the officer", "ContestResolved", resolve("AFFIRMED", signed), "HCK.CEX")
    talk.expect("APPROVED", "P")
    _new_key(tale, "HCK.SIG")


HISTORIES = {"keys in other hands": [three_boroughs, affirmed, disowned, beneath_particulars, stopped_at_once, while_signing]}
