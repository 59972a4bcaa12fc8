"""Who may speak: organisations, keys, roles and delegations, decided from entries alone."""

from dataclasses import dataclass, field
from datetime import datetime

import keys
import london

REGISTRAR = "REG"


class Refused(Exception):
    """The rules said no; `code` names the rule."""

    def __init__(self, code, why=""):
        super().__init__(f"{code} {why}".strip())
        self.code = code


# Section 3.2 of the domain page: what one person may not hold together at one body.
_FORBIDDEN = {
    frozenset((role, other))
    for role, others in {
        "IGL": "SIRO SIG",
        "DPO": "REQ SIRO IAO SIG SEC LEO OPN ADM",
        "SIRO": "IGL DPO CG SEC ADM",
        "SIG": "IGL DPO ADM",
        "CEX": "REQ IGL DPO CG IAO LGL SEC LEO OPN ADM",
    }.items()
    for other in others.split()
}
_APART = {"REG", "AUD", "WIT"}
_APPOINTED_BY_CHIEF = {"SIRO", "DPO", "CG", "SIG", "LEO", "ADM"}
_KEY_NEEDS_CHIEF = {"CEX", "SIRO", "DPO", "CG", "SIG", "LEO", "ADM"}


def clash(role, other):
    """Whether one person may not hold both roles."""
    if role != other and (role in _APART or other in _APART):
        return True
    return frozenset((role, other)) in _FORBIDDEN


@dataclass
class Organisation:
    code: str
    kind: str
    flags: dict
    governance: str
    extra_roles: list
    left: bool = False
    suspended_until: datetime | None = None

    def standing(self, at):
        """`a` active, `s` suspended, `l` left."""
        if self.left:
            return "l"
        return "s" if self.suspended_until and at < self.suspended_until else "a"


@dataclass
class Appointment:
    organisation: str
    person: str
    role: str
    starts: datetime
    ends: datetime | None
    revoked: bool = False

    def holds(self, at):
        return self.starts <= at and not self.is_over(at)

    def is_over(self, at):
        return self.revoked or (self.ends is not None and self.ends <= at)


@dataclass
class Delegation:
    appointment: str
    person: str
    ends: datetime
    revoked: bool = False


@dataclass
class KnownKey:
    public: bytes
    organisation: str
    person: str
    standing: str = "a"


@dataclass
class Directory:
    """Everything the `sys`, `org` and `key` streams have said."""

    registrars: dict = field(default_factory=dict)
    threshold: int = 2
    organisations: dict = field(default_factory=dict)
    keys: dict = field(default_factory=dict)
    appointments: dict = field(default_factory=dict)
    delegations: dict = field(default_factory=dict)
    same: dict = field(default_factory=dict)

    def human(self, person):
        """One name for all ids that were declared to be the same human."""
        while person in self.same:
            person = self.same[person]
        return person

    def public(self, keyid):
        """The public key of a key the log knows, or None."""
        if keyid in self.registrars:
            return self.registrars[keyid][1]
        known = self.keys.get(keyid)
        return known and known.public

    def roles(self, organisation, person, at):
        return {
            a.role
            for a in self.appointments.values()
            if (a.organisation, a.person) == (organisation, person) and a.holds(at)
        }

    def has_holder(self, organisation, role, at):
        return any(
            a.organisation == organisation and a.role == role and a.holds(at)
            for a in self.appointments.values()
        )


def carried(event):
    """The keys an event brings with it: {keyid: public bytes}."""
    data = event.data
    if event.type == "LedgerGenesis":
        held = data["registrar_keys"]
    elif event.type == "OrganisationRegistered":
        held = [data["chief"]]
    elif event.type in ("KeyRegistered", "KeyRotated"):
        held = [data]
    else:
        held = []
    return {key["key"]: event.bytes_of(key["public"]) for key in held}


def check_keys(book, event, at):
    """The K rules."""
    new = carried(event)
    for keyid, public in new.items():
        if not keys.is_fit(public) or keys.keyid(public) != keyid:
            raise Refused("K06", "the new key is not fit")
        if book.public(keyid) is not None:
            raise Refused("K02")
        if keyid not in {s["key"] for s in event.signers}:
            raise Refused("K06", "the new key did not sign")
    for signer in event.signers:
        keyid = signer["key"]
        if keyid in new:
            continue
        if keyid in book.registrars:
            if (signer["organisation"], signer["person"]) != (REGISTRAR, book.registrars[keyid][0]):
                raise Refused("K10")
            continue
        known = book.keys.get(keyid)
        if known is None:
            raise Refused("K01")
        if known.standing != "a":
            raise Refused({"r": "K03", "v": "K04", "c": "K05"}[known.standing])
        if (known.organisation, known.person) != (signer["organisation"], signer["person"]):
            raise Refused("K10")
    if event.type == "KeyRevoked":
        target = book.keys.get(event.data["key"])
        if target is None:
            raise Refused("K01")
        if target.standing == "v":
            raise Refused("K04")
    if event.type == "KeyRotated":
        target = book.keys.get(event.data["replaces"])
        if target is None:
            raise Refused("K01")
    if at < event.signed_at - event.GRACE:
        raise Refused("K09")
    if at > event.valid_until:
        raise Refused("K11")


def check_organisations(book, event, at, protective):
    """The O rules."""
    named = event.stream.removeprefix("org:") if event.stream.startswith("org:") else None
    if event.type == "OrganisationRegistered":
        there = book.organisations.get(named)
        if there and not there.left:
            raise Refused("O02")
    for signer in event.signers:
        code = signer["organisation"]
        if code == REGISTRAR or (event.type == "OrganisationRegistered" and code == named):
            continue
        body = book.organisations.get(code)
        if body is None:
            raise Refused("O01", code)
        standing = body.standing(at)
        if standing == "l":
            raise Refused("O03", code)
        if standing == "s" and event.stream.startswith("agr:") and not protective:
            raise Refused("O05", code)
    if named and event.type != "OrganisationRegistered":
        body = book.organisations.get(named)
        if body is None:
            raise Refused("O01", named)
        standing = body.standing(at)
        if standing == "l":
            raise Refused("O03", named)
        if event.type == "OrganisationSuspended" and standing == "s":
            raise Refused("O05", named)
        if event.type == "OrganisationReinstated" and standing == "a":
            raise Refused("O06", named)


def check_roles_held(book, event, at):
    """R01 to R03 for every signer: the role is held, or lent by a live delegation."""
    new = event.data["chief"]["key"] if event.type == "OrganisationRegistered" else None
    for signer in event.signers:
        organisation, person, role = (signer[m] for m in ("organisation", "person", "role"))
        if event.type == "LedgerGenesis":
            if (organisation, role) != (REGISTRAR, REGISTRAR):
                raise Refused("R01")
            continue
        if organisation == REGISTRAR:
            if role != REGISTRAR or signer["key"] not in book.registrars:
                raise Refused("R01")
            continue
        if signer["key"] == new:
            if role != "CEX":
                raise Refused("R01")
            continue
        if "delegation" in signer:
            _check_delegate(book, signer, at)
            continue
        terms = [
            a
            for a in book.appointments.values()
            if (a.organisation, a.person, a.role) == (organisation, person, role)
        ]
        if not any(a.holds(at) for a in terms):
            raise Refused("R02" if any(a.is_over(at) for a in terms) else "R01", f"{role} of {organisation}")


def _check_delegate(book, signer, at):
    lent = book.delegations.get(signer["delegation"])
    if lent is None or lent.revoked or lent.ends <= at or lent.person != signer["person"]:
        raise Refused("R03")
    post = book.appointments[lent.appointment]
    if (post.organisation, post.role) != (signer["organisation"], signer["role"]) or not post.holds(at):
        raise Refused("R03")


def _registrars(event):
    return {s["person"] for s in event.signers if s["organisation"] == REGISTRAR}


def _is(signer, organisation, *roles):
    return signer["organisation"] == organisation and signer["role"] in roles


def _need(met, why):
    if not met:
        raise Refused("R01", why)


def check_signers(book, event, at):
    """Which hands an event of `sys`, `org` or `key` needs, and the other R rules."""
    data, signers = event.data, event.signers
    enough = len(_registrars(event)) >= book.threshold
    body = event.stream.removeprefix("org:")
    match event.type:
        case "LedgerGenesis":
            wanted = {key["key"] for key in data["registrar_keys"]}
            _need({s["key"] for s in signers} == wanted, "every registrar key signs the genesis")
        case "OrganisationRegistered":
            _need(enough and any(_is(s, body, "CEX") for s in signers), "registrars and the chief")
        case "OrganisationSuspended" | "OrganisationReinstated":
            _need(enough, "two registrars")
        case "OrganisationUpdated":
            for role in ("ADM", "CEX"):
                _need(any(_is(s, body, role) for s in signers), f"{role} signs")
        case "OrganisationLeft":
            _need(_is(signers[0], body, "CEX"), "the chief signs")
        case "RoleHolderAppointed":
            _check_appointment(book, event, at)
        case "RoleHolderRevoked":
            post = book.appointments.get(data["appointment"])
            if post is None or post.organisation != body or post.is_over(at):
                raise Refused("R06")
            _check_appointer(book, event, post.role, at)
        case "RoleDelegated":
            _check_delegation(book, event, at)
        case "DelegationRevoked":
            lent = book.delegations.get(data["delegation"])
            if lent is None or lent.revoked or lent.ends <= at:
                raise Refused("R08")
            _check_lender(book, event, book.appointments[lent.appointment], at)
        case "KeyRegistered":
            _check_key(book, event, at)
        case "KeyRotated":
            old = book.keys[data["replaces"]]
            _need(
                {s["key"] for s in signers} >= {data["key"], data["replaces"]}
                and (old.organisation, old.person) == (signers[0]["organisation"], signers[0]["person"]),
                "the old and the new key sign",
            )
        case "KeyRevoked":
            known, first = book.keys[data["key"]], signers[0]
            _need(
                (first["organisation"], first["person"]) == (known.organisation, known.person)
                or _is(first, known.organisation, "ADM", "CEX"),
                "the holder, an ADM or the CEX signs",
            )


def _check_appointer(book, event, role, at):
    body = event.stream.removeprefix("org:")
    if role == "CEX":
        serving = any(book.has_holder(body, r, at) for r in ("SIRO", "SIG", "ADM"))
        helped = any(_is(s, body, "SIRO", "SIG", "ADM") for s in event.signers)
        _need(len(_registrars(event)) >= book.threshold and (helped or not serving), "registrars")
    else:
        wanted = "CEX" if role in _APPOINTED_BY_CHIEF else "ADM"
        _need(any(_is(s, body, wanted) for s in event.signers), f"{wanted} appoints {role}")


def _check_appointment(book, event, at):
    data, body = event.data, event.stream.removeprefix("org:")
    _check_appointer(book, event, data["role"], at)
    held = book.roles(body, data["person"], at)
    if data["role"] in held:
        raise Refused("R05")
    is_registrar = data["person"] in {person for person, _ in book.registrars.values()}
    if is_registrar or any(clash(data["role"], role) for role in held):
        raise Refused("R04")


def _check_lender(book, event, post, at):
    first = event.signers[0]
    if (first["organisation"], first["person"], first["role"]) != (post.organisation, post.person, post.role):
        _check_appointer(book, event, post.role, at)


def _check_delegation(book, event, at):
    data, body = event.data, event.stream.removeprefix("org:")
    post = book.appointments.get(data["appointment"])
    if post is None or post.organisation != body or not post.holds(at):
        raise Refused("R06")
    _check_lender(book, event, post, at)
    lent = [d for d in book.delegations.values() if d.appointment == data["appointment"]]
    if any(not d.revoked and d.ends > at for d in lent):
        raise Refused("R07")
    if any(clash(post.role, role) for role in book.roles(body, data["person"], at)):
        raise Refused("R09")


def _check_key(book, event, at):
    data, signers = event.data, event.signers
    body, person = data["organisation"], data["person"]
    held = book.roles(body, person, at)
    _need(held, "a person without a role has no key")
    first = signers[0]
    _need((first["key"], first["organisation"], first["person"]) == (data["key"], body, person), "the new key comes first")
    others = [s for s in signers[1:]]
    chief = any(_is(s, body, "CEX") for s in others)
    administrator = any(_is(s, body, "ADM") and s["person"] != person for s in others)
    own = any(s["person"] == person and s["key"] in book.keys for s in others)
    has_key = any(
        (k.organisation, k.person, k.standing) == (body, person, "a") for k in book.keys.values()
    )
    serving = any(
        "ADM" in book.roles(body, k.person, at)
        for k in book.keys.values()
        if k.organisation == body and k.standing == "a" and k.person != person
    )
    if "CEX" in held and not own:
        helped = any(_is(s, body, "SIG", "SIRO") for s in others)
        _need(len(_registrars(event)) >= book.threshold and helped, "registrars and SIG or SIRO")
        return
    _need(administrator or (not serving and "ADM" in held and chief), "an ADM who is not that person")
    if held & _KEY_NEEDS_CHIEF or has_key:
        _need(own or chief, "the person's other key, or the CEX")


def check_self_dealing(book, event):
    """D06: nobody appoints or delegates to themself."""
    if event.type in ("RoleHolderAppointed", "RoleDelegated"):
        wanted = book.human(event.data["person"])
        if any(book.human(s["person"]) == wanted for s in event.signers):
            raise Refused("D06")


def evolve(book, event, at):
    """What an admitted event of `sys`, `org` or `key` changes."""
    data, body = event.data, event.stream.removeprefix("org:")
    match event.type:
        case "LedgerGenesis":
            book.threshold = data["threshold"]
            for key in data["registrar_keys"]:
                book.registrars[key["key"]] = (key["person"], event.bytes_of(key["public"]))
        case "OrganisationRegistered":
            chief = data["chief"]
            book.organisations[body] = Organisation(
                body, data["type"], data["flags"], data["governance"], data["extra_roles"]
            )
            book.keys[chief["key"]] = KnownKey(event.bytes_of(chief["public"]), body, chief["person"])
            book.appointments[event.id] = Appointment(body, chief["person"], "CEX", at, None)
        case "OrganisationUpdated":
            there = book.organisations[body]
            for name in ("flags", "governance", "extra_roles"):
                if name in data:
                    setattr(there, name, data[name])
        case "OrganisationSuspended":
            book.organisations[body].suspended_until = london.ends(london.day(data["until"]))
        case "OrganisationReinstated":
            book.organisations[body].suspended_until = None
        case "OrganisationLeft":
            book.organisations[body].left = True
            for post in book.appointments.values():
                post.revoked |= post.organisation == body
        case "RoleHolderAppointed":
            ends = london.ends(london.day(data["valid_to"])) if "valid_to" in data else None
            starts = london.midnight(london.day(data["valid_from"]))
            book.appointments[event.id] = Appointment(body, data["person"], data["role"], starts, ends)
            if "same_person" in data and data["same_person"] in book.appointments:
                twin = book.human(book.appointments[data["same_person"]].person)
                if twin != book.human(data["person"]):
                    book.same[book.human(data["person"])] = twin
        case "RoleHolderRevoked":
            book.appointments[data["appointment"]].revoked = True
        case "RoleDelegated":
            ends = london.ends(london.day(data["until"]))
            book.delegations[event.id] = Delegation(data["appointment"], data["person"], ends)
        case "DelegationRevoked":
            book.delegations[data["delegation"]].revoked = True
        case "KeyRegistered" | "KeyRotated":
            old = book.keys.get(data.get("replaces"))
            organisation = old.organisation if old else data["organisation"]
            person = old.person if old else data["person"]
            if old:
                old.standing = "r"
            book.keys[data["key"]] = KnownKey(event.bytes_of(data["public"]), organisation, person)
        case "KeyRevoked":
            book.keys[data["key"]].standing = "v"
