"""Keys in other hands: what is contested after a report, and how its body resolves it.

Contested is what a reported key signed between the point of suspicion and the report, and
whatever rests on a contested administrative event. Nothing of it counts until it is affirmed.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from directory import REGISTRAR, Refused

_REACH = timedelta(days=90)
_BUILDS = {
    "ExecutionSigned", "ReviewCompleted", "DisclosureLogged", "DestructionCertified", "PublicationDecided",
    "SuccessionConfirmed",
}


@dataclass
class Mark:
    """What later reports ask of an event: its place, who signed it, and what it rests on."""

    index: int
    at: datetime
    stream: str
    kind: str
    keys: dict
    persons: set
    rests: set
    first: tuple = ()


def mark(book, event, index, at):
    """Notes an event that is about to be recorded."""
    rests = set()
    for signer in event.signers:
        known = book.keys.get(signer["key"])
        if known:
            rests.add(known.event)
        if "delegation" in signer:
            rests |= {signer["delegation"], book.delegations[signer["delegation"]].appointment}
        else:
            rests |= {
                name for name, a in book.appointments.items()
                if (a.organisation, a.person, a.role) == (signer["organisation"], signer["person"], signer["role"]) and a.holds(at)
            }
    if event.type == "RoleDelegated":
        rests.add(event.data["appointment"])
    keys = {s["key"]: s["organisation"] for s in event.signers}
    return Mark(index, at, event.stream, event.type, keys, {book.human(s["person"]) for s in event.signers}, rests, _first(event))


def _first(event):
    """(organisation, role) of who signed an event first."""
    return event.signers[0]["organisation"], event.signers[0]["role"]


def doubts(book):
    """(contested events, disowned events) as the log stands."""
    # It is asked very often between two events, and changes with what is listed here alone.
    now = len(book.marks), len(book.delegations), tuple(book.suspects.items()), tuple(book.resolved.items())
    if book.doubted is None or book.doubted[0] != now:
        book.doubted = now, _doubts(book)
    return book.doubted[1]


def _doubts(book):
    contested, disowned, since = set(), set(), {}
    if not book.suspects:
        return contested, disowned
    for key, (start, until) in book.suspects.items():
        holder = book.keys[key]
        then = next(mark.at for mark in book.marks.values() if mark.index == start)
        for name, lent in book.delegations.items():
            post, made = book.appointments[lent.appointment], book.marks[name]
            # A delegation by whoever lost the key is in doubt even if it is older, but not if it was over by then.
            # Whoever signed it delegated, in absence another than the holder of the post.
            own = post.organisation == holder.organisation and book.human(holder.person) in made.persons
            if own and made.index < until and (made.index >= start or lent.ends > then):
                since[name] = min(start, since.get(name, start))
    for name, mark in book.marks.items():
        outcome = book.resolved.get(name)
        if outcome == "DISOWNED":
            disowned.add(name)
        elif outcome is None:
            direct = any(start <= mark.index < until for key, (start, until) in book.suspects.items() if key in mark.keys)
            # What rests on something disowned is in doubt still, and is resolved by itself.
            rests = any(r in contested | disowned and mark.index >= since.get(r, 0) for r in mark.rests)
            if direct or rests or name in since:
                contested.add(name)
    return contested, disowned


# The report.


def check_report(book, event, at):
    """K01, K05 and K08 of KeyCompromised."""
    data, index = event.data, len(book.marks)
    target = book.keys.get(data["key"])
    if target is None:
        raise Refused("K01")
    start = data.get("suspect_from", index)
    before = book.suspects.get(data["key"])
    if target.standing == "c" and not (start < (before[0] if before else target.reported)):
        raise Refused("K05")
    if start > index or start < book.marks[target.event].index:
        raise Refused("K08")
    if start == index:
        return
    roles = [s["role"] for s in event.signers]
    if "CEX" in roles and roles.count(REGISTRAR) >= book.threshold:
        return
    then = next(m.at for m in book.marks.values() if m.index == start)
    if at - then > _REACH or _is_built_upon(book, data["key"], target.organisation, start):
        raise Refused("K08")


def _is_built_upon(book, key, organisation, start):
    """Whether the body has built on what the key signed since, with another key of its own."""
    signed = [m for m in book.marks.values() if key in m.keys and m.index >= start and m.stream.startswith("agr:")]
    return any(
        b.kind in _BUILDS and b.stream == m.stream and b.index > m.index
        and any(k != key and o == organisation for k, o in b.keys.items())
        for m in signed
        for b in book.marks.values()
    )


def check_reporter(book, event):
    """Who reports: the holder with another key, or the chief; others only from now on."""
    data, signers, index = event.data, event.signers, len(book.marks)
    target = book.keys[data["key"]]
    registrars = [s for s in signers if s["organisation"] == REGISTRAR]
    others = [s for s in signers if s not in registrars]
    from_now = data.get("suspect_from", index) == index
    own = lambda s: (s["organisation"], s["person"]) == (target.organisation, target.person) and s["key"] != data["key"]
    chief = lambda s: (s["organisation"], s["role"]) == (target.organisation, "CEX")
    administrator = lambda s: (s["organisation"], s["role"]) == (target.organisation, "ADM")
    if registrars:
        enough = len(registrars) >= book.threshold
        met = enough and (from_now if not others else len(others) == 1 and chief(others[0]))
    else:
        met = len(others) == 1 and (own(others[0]) or chief(others[0]) or (from_now and administrator(others[0])))
    if not met:
        raise Refused("R01", "who reports a key")


def report(book, event, index):
    """What an admitted report changes."""
    data = event.data
    start, known = data.get("suspect_from", index), book.keys[data["key"]]
    if known.standing != "c":
        known.standing, known.reported = "c", index
    if start < known.reported:
        before = book.suspects.get(data["key"], (known.reported, known.reported))
        for name, mark in book.marks.items():
            # I29: affirmed under another doubt; what is disowned stays so.
            if data["key"] in mark.keys and start <= mark.index < before[0] and book.resolved.get(name) == "AFFIRMED":
                del book.resolved[name]
        book.suspects[data["key"]] = start, known.reported


# The answer.


def affected(book, mark):
    """Whose signature is in doubt: that of the body whose key was reported; else of anybody who signed."""
    reported = {
        organisation for key, organisation in mark.keys.items()
        if key in book.suspects and book.suspects[key][0] <= mark.index < book.suspects[key][1]
    }
    return reported or set(mark.keys.values())


def check_resolver(book, event):
    """R01: the risk owner or the chief affirms; both disown; registrars' own by their threshold."""
    organisation, outcome = event.signers[0]["organisation"], event.data["outcome"]
    signers = event.signers
    for name in event.data["targets"]:
        mark = book.marks.get(name)
        if mark and organisation not in affected(book, mark):
            raise Refused("R01", "another body's signature")
    if organisation == REGISTRAR:
        met = len(signers) >= book.threshold and all(s["organisation"] == REGISTRAR for s in signers)
    else:
        light = book.is_light(organisation)
        own = all(s["organisation"] == organisation for s in signers)
        roles = sorted(s["role"] for s in signers)
        if outcome == "AFFIRMED":
            met = own and len(roles) == 1 and roles[0] in ({"CEX"} if light else {"CEX", "SIRO"})
        else:
            met = own and roles == (["CEX", "SIG"] if light else ["CEX", "SIRO"])
    if not met:
        raise Refused("R01", "who resolves a contest")


def check_own(book, event):
    """D06: nobody affirms what they signed themselves."""
    mine = {book.human(s["person"]) for s in event.signers}
    targets = [book.marks[name] for name in event.data["targets"] if name in book.marks]
    if event.data["outcome"] == "AFFIRMED" and any(mine & mark.persons for mark in targets):
        raise Refused("D06")


def check_targets(book, event, agreement=None):
    """G34: contested events of this stream and this body; G44: an incident comes before disowning."""
    contested, _ = doubts(book)
    organisation, targets = event.signers[0]["organisation"], event.data["targets"]
    for name in targets:
        mark = book.marks.get(name)
        if name not in contested or mark.stream != event.stream or organisation not in affected(book, mark):
            raise Refused("G34", name)
    if not targets:
        raise Refused("G34")
    if agreement is None or event.data["outcome"] == "AFFIRMED" or not agreement.was_in_force:
        return
    counted = any(s.id in targets for s in agreement.signatures)
    if counted and not any(key for _, key in agreement.incidents.values()):
        raise Refused("G44")


def resolve(book, event, at):
    """What an admitted resolution changes: what is disowned ends."""
    for name in event.data["targets"]:
        book.resolved[name] = event.data["outcome"]
    if event.data["outcome"] != "DISOWNED":
        return
    for name in event.data["targets"]:
        if name in book.appointments and not book.appointments[name].is_over(at):
            book.appointments[name].ends = at
        for given, lent in book.delegations.items():
            if name in (given, lent.appointment):
                lent.revoked = True
        for known in book.keys.values():
            if known.event == name and known.standing == "a":
                known.standing = "v"
