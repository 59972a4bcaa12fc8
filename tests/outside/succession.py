"""Bodies that take the place of others by statute: who signs it, what passes, what must be confirmed.

`OrganisationSucceeded` and `SuccessionObjected` stand in the stream of the (first) body that
goes; `SuccessionConfirmed` (A35) in each agreement that came to another body by it.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import london
from directory import REGISTRAR, Refused

WITHOUT_A_CHIEF = timedelta(days=14)
TO_CONFIRM = timedelta(days=90)
_LIVE = "isqxplm"
# Of two rows that come to one body, the first of these stays.
_STRONGEST = "xplmsiq"


@dataclass
class Succession:
    """What was said, and when it takes effect."""

    id: str
    kind: str
    predecessors: list
    successors: list
    functions: set
    effective: datetime
    recorded_at: datetime
    default: str
    mapping: dict
    unsigned: set = field(default_factory=set)
    objected: bool = False


def _need(met, why=""):
    if not met:
        raise Refused("R01", why)


# Its shape.


def check_shape(data):
    """E03: as many bodies on each side as its kind says."""
    gone, new, kind = data["predecessors"], data["successors"], data["kind"]
    many = {"MERGE": (len(gone) >= 1 and len(new) == 1), "SPLIT": (len(gone) == 1 and len(new) >= 2)}
    fits = many.get(kind, len(gone) == 1 and (len(new) >= 1 if kind == "TRANSFER" else len(new) == 1))
    named = [row["agreement"] for row in data["mapping"]]
    takers = set(new) | (set(gone) if kind == "TRANSFER" else set())
    apart = len({*gone, *new}) == len(gone) + len(new) and len(set(named)) == len(named)
    passes = bool(data.get("functions")) == (kind == "TRANSFER")
    known = {data["default"], *(row["successor"] for row in data["mapping"])} <= takers
    if not (fits and apart and passes and known):
        raise ValueError("no succession has this shape")


# Organisations.


def check_organisations(book, event, at, agreements):
    """O rules of a succession: who may go, who may take its place, and that nothing is left out."""
    data = event.data
    for code in data["predecessors"]:
        body = book.organisations.get(code)
        if body is None:
            raise Refused("O01", code)
        # A body goes once, also where the day is still to come.
        if body.succeeded_at and body.standing(at) != "l":
            raise Refused("O04", code)
        if body.left_at:
            raise Refused("O03", code)
        if code in book.objectors and not _signs(event, code, "CEX"):
            raise Refused("O10", code)
    for code in data["successors"]:
        body = book.organisations.get(code)
        if body is None:
            raise Refused("O01", code)
        standing = body.standing(at)
        if standing != "a":
            raise Refused({"l": "O03", "u": "O04", "s": "O05"}[standing], code)
    if len(data["successors"]) > 1:
        named = {row["agreement"] for row in data["mapping"]}
        made = _made(event, at)
        for agreement in agreements:
            if agreement.stream.removeprefix("agr:") not in named and any(takes(made, agreement, code) for code in made.predecessors):
                raise Refused("O08", agreement.stream)


def check_objection(book, event):
    """O10: what was objected to is not objected to again."""
    target = book.successions.get(event.data["target"])
    if target and target.objected:
        raise Refused("O10")


def _signs(event, code, *roles):
    return any(s["organisation"] == code and s["role"] in roles for s in event.signers)


# Hands, and the day.


def groups(book, event, at, post):
    """The groups of signers: registrars' threshold, and the chief of every body that has one."""
    data = event.data
    chiefs = [(1, post(code, "CEX")) for code in data["successors"]]
    gone = [(int(book.has_holder(code, "CEX", at)), post(code, "CEX")) for code in data["predecessors"]]
    return [(book.threshold, lambda s: s["organisation"] == REGISTRAR), *chiefs, *gone]


def check_day(book, event, at):
    """G38: today at the earliest, and in 14 days where a chief did not sign. G35: an objection comes before the day."""
    data = event.data
    if event.type == "SuccessionObjected":
        target, code = book.successions.get(data["target"]), event.signers[0]["organisation"]
        if target is None or code not in target.unsigned or target.effective <= at:
            raise Refused("G35")
        return
    first = london.today(at)
    if unsigned(event):
        first += WITHOUT_A_CHIEF
    if london.day(data["effective"]) < first:
        raise Refused("G38")


def unsigned(event):
    """The bodies that go and whose chief did not sign."""
    return {code for code in event.data["predecessors"] if not _signs(event, code, "CEX")}


# What passes.


def _made(event, at):
    data = event.data
    return Succession(
        event.id, data["kind"], data["predecessors"], data["successors"], set(data.get("functions", [])),
        max(at, london.midnight(london.day(data["effective"]))), at, data["default"],
        {row["agreement"]: row["successor"] for row in data["mapping"]}, unsigned(event),
    )


def record(book, event, at):
    """What an admitted succession, or objection, changes in the directory."""
    if event.type == "SuccessionObjected":
        target = book.successions[event.data["target"]]
        target.objected = True
        book.objectors |= target.unsigned
        for code in target.predecessors:
            book.organisations[code].succeeded_at = None
        return
    made = _made(event, at)
    book.successions[event.id] = made
    if made.kind != "TRANSFER":
        for code in made.predecessors:
            book.organisations[code].succeeded_at = made.effective


def takes(made, agreement, code):
    """Whether an agreement of a body that goes, wholly or in part, is touched."""
    party = agreement.parties.get(code)
    if party is None or party.state not in _LIVE or agreement.state in "NXRWL":
        return False
    if made.kind != "TRANSFER" or agreement.stream.removeprefix("agr:") in made.mapping:
        return True
    rows = [row for row in agreement.header.value["parties"] if row["organisation"] == code]
    return any(not row.get("functions") or made.functions & set(row["functions"]) for row in rows)


def _heir(made, agreement):
    """Who takes an agreement: as it is mapped, else the one successor, else whoever takes the rest."""
    mapped = made.mapping.get(agreement.stream.removeprefix("agr:"))
    return mapped or (made.successors[0] if len(made.successors) == 1 else made.default)


def due(agreement, book):
    """(instant, what happens) of each succession that an agreement has not gone through yet."""
    for made in book.successions.values():
        touched = made.id not in agreement.passed and agreement.filed_at and agreement.filed_at < made.effective
        if touched and not made.objected and any(takes(made, agreement, code) for code in made.predecessors):
            yield made.effective, lambda m=made: apply(agreement, m)


def apply(agreement, made):
    """Rows, questions, grounds, notices, duties and holds come to the successor; then D10."""
    agreement.passed.add(made.id)
    heir = _heir(made, agreement)
    for code in made.predecessors:
        if takes(made, agreement, code) and heir != code:
            _pass(agreement, code, heir, made)
    if _has_collapsed(agreement) and agreement.state in "FCGAPVS":
        _collapse(agreement)


def _collapse(agreement):
    """The same controller holds what it would have to destroy."""
    agreement.duties = set()
    agreement.move("E" if agreement.state in "VS" else "W")


def _pass(agreement, code, heir, made):
    old, swap = agreement.parties[code], lambda c: heir if c == code else c
    state = old.state
    if agreement.state in "FCGA" and state in "isx":
        state = "s" if agreement.state == "A" else "i"  # It signs for itself.
    new = type(old)(state, old.leaves_at, old.notice)
    there = agreement.parties.get(heir)
    if there is not None and there.state in _LIVE:
        new = min(there, new, key=lambda party: _STRONGEST.index(party.state))
    agreement.heirs[code] = heir
    agreement.parties[code] = type(old)("u")
    agreement.parties[heir] = new
    agreement.questions = {q: tuple(map(swap, pair)) for q, pair in agreement.questions.items()}
    for ground in agreement.grounds.values():
        ground.organisation = swap(ground.organisation)
    agreement.duties = {(swap(c), name) for c, name in agreement.duties}
    agreement.holds = {h: (swap(c), names) for h, (c, names) in agreement.holds.items()}
    agreement.consents = {c: given for c, given in agreement.consents.items() if c != code}
    agreement.triaged, agreement.coming = set(map(swap, agreement.triaged)), set(map(swap, agreement.coming))
    agreement.requesting, agreement.led_by = swap(agreement.requesting), swap(agreement.led_by)
    agreement.joined = {swap(c): {**row, "organisation": swap(c)} for c, row in agreement.joined.items()}
    versions = [agreement.current, agreement.counter, agreement.amendment and agreement.amendment.version]
    for version in {id(v): v for v in versions if v}.values():
        version.header, version.organisation = version.header.with_heir(code, heir), swap(version.organisation)
    agreement.drafter = swap(agreement.drafter)
    if agreement.amendment:
        agreement.amendment.proposer = swap(agreement.amendment.proposer)
    if made.kind != "RENAME":
        agreement.unconfirmed[code] = heir, made.effective, made.id


def _has_collapsed(agreement):
    """Whether giver and taker are one legal person in every dataset that somebody takes; an import waits for its last row."""
    if agreement.is_imported():
        return False
    header = agreement.header
    rows = [(header.givers(d), header.takers(d)) for d in header.value.get("datasets", [])]
    return any(takers for _, takers in rows) and all(len(givers | takers) == 1 for givers, takers in rows if takers)


# A35, and what time brings when it does not come.


def confirm_signed(agreement, event, book, at):
    first = event.signers[0]
    _need(len(event.signers) == 1 and first["role"] in book.acting(first["organisation"], "SIRO"))


def confirm_guarded(agreement, event, at, book, codes):
    """G35: a succession waits for this body's word. G19: in force, after its adviser has spoken."""
    organisation = event.signers[0]["organisation"]
    heir, since, _ = agreement.unconfirmed.get(event.data["predecessor"], ("", None, ""))
    if heir != organisation:
        raise Refused("G35")
    asked = ("AdviceGiven", "DPO") in agreement.header.required(organisation)
    advised = any(
        (s.organisation, s.kind, s.role, s.version_hash) == (organisation, "AdviceGiven", "DPO", agreement.version_hash)
        and s.given_at >= since and s.id not in agreement.doubted
        for s in agreement.signatures
    )
    if agreement.state in "VS" and asked and not advised:
        raise Refused("G19")


def confirm(agreement, event, at):
    del agreement.unconfirmed[event.data["predecessor"]]


def due_in_force(agreement):
    """D7: 90 days without A35 stop the successor, or the whole; its ground goes with the last A35."""
    if _has_collapsed(agreement):
        # The last row of an import was confirmed or disputed. D10 comes before D4.
        yield None, 3.5, lambda: _collapse(agreement)
    waiting = {}
    for heir, since, name in agreement.unconfirmed.values():
        waiting[name] = heir, since
    for name, (heir, since) in waiting.items():
        if name not in agreement.grounds and agreement.parties[heir].state in "xlp":
            yield since + TO_CONFIRM, 7, lambda n=name, c=heir, t=since + TO_CONFIRM: agreement.open_ground(n, t, c, agreement.reach_of(c))
    for name in agreement.grounds.keys() & agreement.passed - waiting.keys():
        yield None, 7, lambda n=name: agreement.close(n)
