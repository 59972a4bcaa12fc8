"""Who may speak: organisations, keys, roles and delegations, decided from entries alone."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import keys
import london

REGISTRAR = "REG"
LENDING, LENDING_OF_A_CHIEF = 90, 366


class Refused(Exception):
    """The rules said no; `code` names the rule."""

    def __init__(self, code, why=""):
        super().__init__(f"{code} {why}".strip())
        self.code = code


# What officers of a body that left may still sign.
AFTERWARDS = {"IncidentNoted", "IncidentUpdated", "DestructionCertified", "DisclosureErased"}
# What a suspended body may say of itself, besides what protects people.
WHILE_SUSPENDED = {
    "OrganisationUpdated", "OrganisationLeft", "OrganisationSucceeded", "SuccessionObjected", "RoleHolderRevoked", "DelegationRevoked",
    "KeyRevoked", "KeyCompromised", "ContestResolved", "DisclosureErased",
}
_APPOINTED_BY_CHIEF = {"SIRO", "DPO", "CG", "SIG", "LEO", "ADM"}
_KEY_NEEDS_CHIEF = {"CEX", "SIRO", "DPO", "CG", "SIG", "LEO", "ADM"}


@dataclass
class Organisation:
    code: str
    kind: str
    flags: dict
    governance: str
    extra_roles: list
    left_at: datetime | None = None
    suspended_until: datetime | None = None
    registered_at: datetime | None = None
    succeeded_at: datetime | None = None

    def standing(self, at):
        """`a` active, `s` suspended, `l` left, `u` succeeded."""
        if self.left_at and self.left_at <= at:
            return "l"
        if self.succeeded_at and self.succeeded_at <= at:
            return "u"
        return "s" if self.suspended_until and at < self.suspended_until else "a"


@dataclass
class Appointment:
    organisation: str
    person: str
    role: str
    starts: datetime
    ends: datetime | None
    functions: list = field(default_factory=list)
    body: Organisation | None = field(default=None, compare=False)

    def holds(self, at):
        return self.starts <= at and not self.is_over(at)

    def is_over(self, at):
        gone = self.body is not None and self.body.succeeded_at is not None and self.body.succeeded_at <= at
        return gone or (self.ends is not None and self.ends <= at)


@dataclass
class Delegation:
    appointment: str
    person: str
    ends: datetime
    functions: list = field(default_factory=list)
    revoked: bool = False


@dataclass
class KnownKey:
    public: bytes
    organisation: str
    person: str
    event: str = ""
    standing: str = "a"
    reported: int = 0


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
    marks: dict = field(default_factory=dict)
    suspects: dict = field(default_factory=dict)
    resolved: dict = field(default_factory=dict)
    contested: set = field(default_factory=set)
    doubted: tuple | None = field(default=None, compare=False)
    successions: dict = field(default_factory=dict)
    objectors: set = field(default_factory=set)
    origin: str = ""
    log_keys: list = field(default_factory=list)
    log_keys_ever: set = field(default_factory=set)
    rules: int = 1
    closed: bool = False
    reference: object = field(default=None, compare=False)

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
        """The roles that a person holds at a body now."""
        return {a.role for a in self._of(organisation, person) if a.holds(at)}

    def has_holder(self, organisation, role, at):
        return any(
            a.organisation == organisation and a.role == role and a.holds(at) and name not in self.contested
            for name, a in self.appointments.items()
        )

    def vacant_since(self, organisation, role, at):
        """Since when nobody has held a role at a body; None while somebody does."""
        posts = {n: a for n, a in self.appointments.items() if (a.organisation, a.role) == (organisation, role)}
        held = list(posts.values())
        if any(a.holds(at) and name not in self.contested for name, a in posts.items()):
            return None
        return max((a.ends for a in held if a.is_over(at)), default=datetime.min.replace(tzinfo=at.tzinfo))

    def _of(self, organisation, person):
        wanted = organisation, person
        return [a for a in self.appointments.values() if (a.organisation, a.person) == wanted]

    def promised(self, organisation, person, at):
        """The roles of a person at a body that have not ended, even those not begun yet."""
        return {a.role for a in self._of(organisation, person) if not a.is_over(at)}

    def promised_anywhere(self, person, at):
        """The same of the human behind a person id, at every body."""
        me = self.human(person)
        found = [a for a in self.appointments.values() if self.human(a.person) == me]
        return {a.role for a in found if not a.is_over(at)}

    def is_light(self, organisation):
        body = self.organisations.get(organisation)
        return body is not None and body.governance == "LIGHT"

    def acting(self, organisation, *roles):
        """Who may act in these roles at a body: under LIGHT also those who stand in."""
        if not self.is_light(organisation):
            return set(roles)
        return set().union(*(self.reference.stands_in(role) for role in roles))


def carried(event):
    """The keys an event brings with it: {keyid: public bytes}."""
    data = event.data
    if event.type == "LedgerGenesis":
        held = data["registrar_keys"]
    elif event.type == "OrganisationRegistered":
        held = [data["chief"]]
    elif event.type in ("KeyRegistered", "KeyRotated"):
        held = [data]
    elif event.type in office.TYPES:
        held = office.carried(event)
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
        if known.event in book.contested and not _are_vouched_for(book, event):
            raise Refused("K05", "its registration is contested")
        if known.standing != "a":
            raise Refused({"r": "K03", "v": "K04", "c": "K05"}[known.standing])
        if (known.organisation, known.person) != (signer["organisation"], signer["person"]):
            raise Refused("K10")
    if event.type == "KeyRegistered":
        named = next(s for s in event.signers if s["key"] == event.data["key"])
        if (named["organisation"], named["person"]) != (event.data["organisation"], event.data["person"]):
            raise Refused("K10")
    if event.type in office.TYPES:
        office.check_keys(book, event)
    if event.type == "KeyRevoked":
        target = book.keys.get(event.data["key"])
        if target is None:
            raise Refused("K01")
        if target.standing in "vc":
            raise Refused("K04" if target.standing == "v" else "K05")  # One that was replaced can still be lost.
    if event.type == "KeyCompromised":
        contest.check_report(book, event, at)
    if event.type == "KeyRotated":
        target = book.keys.get(event.data["replaces"])
        if target is None:
            raise Refused("K01")
        if target.standing != "a":
            raise Refused({"r": "K03", "v": "K04", "c": "K05"}[target.standing])
    if at < event.signed_at - event.GRACE:
        raise Refused("K09")
    if at > event.valid_until:
        raise Refused("K11")


def _are_vouched_for(book, event):
    """Whether the registrars' threshold signs along, so that no body is locked out for good."""
    return sum(map(_is_registrar, event.signers)) >= book.threshold


def check_organisations(book, event, at, protective):
    """The O rules."""
    named = event.stream.removeprefix("org:") if event.stream.startswith("org:") else None
    if event.type == "OrganisationRegistered":
        there = book.organisations.get(named)
        if there and there.standing(at) != "l":
            raise Refused("O04" if there.standing(at) == "u" else "O02")
    for signer in event.signers:
        code = signer["organisation"]
        if code == REGISTRAR or (event.type == "OrganisationRegistered" and code == named):
            continue
        body = book.organisations.get(code)
        if body is None:
            raise Refused("O01", code)
        standing = body.standing(at)
        if standing == "u":
            raise Refused("O04", code)
        if standing == "l" and event.type not in AFTERWARDS:
            raise Refused("O03", code)
        if standing == "s" and event.type not in WHILE_SUSPENDED and not protective:
            raise Refused("O05", code)
    if named and event.type != "OrganisationRegistered":
        body = book.organisations.get(named)
        if body is None:
            raise Refused("O01", named)
        standing = body.standing(at)
        if standing == "u" or (standing == "l" and event.type not in AFTERWARDS):
            raise Refused({"l": "O03", "u": "O04"}[standing], named)
        if event.type == "OrganisationSuspended" and standing == "s":
            raise Refused("O05", named)
        if event.type == "OrganisationReinstated" and standing == "a":
            raise Refused("O06", named)
    erasure.check_organisations(book, event, at)
    if event.type == "SuccessionObjected":
        succession.check_objection(book, event)
    if event.type == "PartnershipMembershipChanged":
        group = book.organisations.get(event.data["partnership"])
        if group is None or group.kind != "PARTNERSHIP":
            raise Refused("O01", event.data["partnership"])


def check_roles_held(book, event, at, functions_of=lambda organisation: []):
    """R01 to R03 for every signer: the role is held, or lent by a live delegation.

    `functions_of` tells which functions an agreement serves at a body.
    """
    new = event.data["chief"]["key"] if event.type == "OrganisationRegistered" else None
    for signer in event.signers:
        organisation, person, role = (signer[m] for m in ("organisation", "person", "role"))
        if event.type == "LedgerGenesis":
            _need((organisation, role) == (REGISTRAR, REGISTRAR), "registrars found a ledger")
            continue
        if organisation == REGISTRAR:
            joins = event.type == "RegistrarChanged" and signer["key"] in carried(event)
            _need(role == REGISTRAR and (joins or signer["key"] in book.registrars), "a registrar")
            continue
        if signer["key"] == new:
            _need(role == "CEX" and person == event.data["chief"]["person"], "the chief")
            continue
        if "delegation" in signer:
            _check_delegate(book, signer, at, functions_of(organisation))
            continue
        posts = [a for a in book._of(organisation, person) if a.role == role]
        left = book.organisations[organisation].left_at if event.type in AFTERWARDS else None
        # Who held a post until the body left may still say what became of the data.
        held = [a for a in posts if a.holds(at) or (left and left <= at and a.ends == left)]
        if not held:
            raise Refused("R02" if any(a.is_over(at) for a in posts) else "R01", f"{role} of {organisation}")
        _need(any(_covers(a.functions, functions_of(organisation)) for a in held), f"{role} for another function")
        names = {id(a): name for name, a in book.appointments.items()}
        sound = any(names[id(a)] not in book.contested for a in held)
        _need(sound or _are_vouched_for(book, event), "an appointment that is contested")


def _covers(scope, functions):
    """Whether a post for some functions reaches an agreement that serves some."""
    return not scope or not functions or bool(set(scope) & set(functions))


def _check_delegate(book, signer, at, functions):
    lent = book.delegations.get(signer["delegation"])
    if lent is None or lent.revoked or lent.ends <= at or lent.person != signer["person"]:
        raise Refused("R03")
    if {signer["delegation"], lent.appointment} & book.contested:
        raise Refused("R03", "contested")
    post = book.appointments[lent.appointment]
    if (post.organisation, post.role) != (signer["organisation"], signer["role"]) or not post.holds(at):
        raise Refused("R03")
    if not _covers(lent.functions, functions) or not _covers(post.functions, functions):
        raise Refused("R03", "for another function")


def _is_registrar(signer):
    return signer["organisation"] == REGISTRAR


def _post(organisation, *roles):
    """A test of a signer: one of these roles at this body."""
    return lambda signer: signer["organisation"] == organisation and signer["role"] in roles


def _need(met, why):
    if not met:
        raise Refused("R01", why)


def _hands(event, *groups):
    """R01 unless each group (how many, which) is met and nobody else signs."""
    for least, is_one in groups:
        _need(sum(map(is_one, event.signers)) >= least, f"too few hands for {event.type}")
    for signer in event.signers:
        _need(any(is_one(signer) for _, is_one in groups), f"{signer['role']} of {signer['organisation']} does not sign {event.type}")


def check_signers(book, event, at):
    """Which hands an event of `sys`, `org` or `key` needs, and the other R rules."""
    data = event.data
    body = event.stream.removeprefix("org:")
    registrars = book.threshold, _is_registrar
    match event.type:
        case "LedgerGenesis":
            _hands(event, (len(data["registrar_keys"]), _is_registrar))
        case "OrganisationRegistered":
            _hands(event, registrars, (1, _post(body, "CEX")))
            if _is_registrars(book, data["chief"]["person"]):
                raise Refused("R04")
        case "OrganisationSuspended" | "OrganisationReinstated":
            _hands(event, registrars)
        case "OrganisationUpdated":
            _hands(event, (1, _post(body, "ADM")), (1, _post(body, "CEX")))
        case "OrganisationLeft":
            _hands(event, (1, _post(body, "CEX")))
        case "OrganisationSucceeded":
            _hands(event, *succession.groups(book, event, at, _post))
        case "SuccessionObjected":
            _hands(event, (1, _post(body, "SIRO", "SIG")))
        case "PartnershipMembershipChanged":
            own = _post(data["partnership"], "CEX", "ADM", "PRG")
            _hands(event, registrars if any(map(_is_registrar, event.signers)) else (1, own))
            _need(any(map(_is_registrar, event.signers)) or len(event.signers) == 1, "one signature")
        case kind if kind in office.TYPES:
            office.check_signers(book, event, at)
        case kind if kind in erasure.TYPES:
            erasure.check_signers(book, event, at)
        case "RoleHolderAppointed":
            _check_appointment(book, event, at)
        case "RoleHolderRevoked":
            post = book.appointments.get(data["appointment"])
            if post is None or post.organisation != body or post.is_over(at):
                raise Refused("R06")
            _hands(event, *_appointers(book, event, post.role, at))
        case "RoleDelegated":
            _check_delegation(book, event, at)
        case "DelegationRevoked":
            lent = book.delegations.get(data["delegation"])
            if lent is None or lent.revoked or lent.ends <= at:
                raise Refused("R08")
            post = book.appointments[lent.appointment]
            if post.organisation != body or not post.holds(at):
                raise Refused("R08")
            _hands(event, *_lenders(book, event, post, at))
        case "KeyRegistered":
            _check_key(book, event, at)
        case "KeyRotated":
            old = book.keys[data["replaces"]]
            _hands(event, *((1, _holds_key(k, old)) for k in (data["key"], data["replaces"])))
        case "KeyCompromised":
            contest.check_reporter(book, event)
        case "ContestResolved":
            contest.check_resolver(book, event)
        case "KeyRevoked":
            known = book.keys[data["key"]]
            own = _holds_key(None, known)
            _hands(event, (1, lambda s: own(s) or _post(known.organisation, "ADM", "CEX")(s)))


def _is_registrars(book, person):
    me = book.human(person)
    return any(book.human(registrar) == me for registrar, _ in book.registrars.values())


def _holds_key(key, known):
    """A test of a signer: the holder of a known key, with this key when one is named."""
    return lambda s: (
        (s["organisation"], s["person"]) == (known.organisation, known.person) and key in (None, s["key"])
    )


def _appointers(book, event, role, at):
    """The groups that appoint a role, and end it."""
    body = event.stream.removeprefix("org:")
    if role != "CEX":
        return [(1, _post(body, "CEX" if role in _APPOINTED_BY_CHIEF else "ADM"))]
    serving = any(book.has_holder(body, r, at) for r in ("SIRO", "SIG", "ADM"))
    return [(book.threshold, _is_registrar), (1 if serving else 0, _post(body, "SIRO", "SIG", "ADM"))]


def _check_appointment(book, event, at):
    data, body = event.data, event.stream.removeprefix("org:")
    role, person, groups = data["role"], data["person"], _appointers(book, event, data["role"], at)
    _need(role not in ("REG", "WIT"), "no body appoints a registrar or a witness")
    if "same_person" in data:
        twin = book.appointments.get(data["same_person"])
        if twin is None:
            raise Refused("R06")
        groups.append((1, _post(twin.organisation, "ADM", "CEX")))
    _hands(event, *groups)
    held = book.promised(body, person, at)
    if role in held:
        raise Refused("R05")
    clash = book.reference.clash
    apart = {r for r in book.promised_anywhere(person, at) if clash(role, r)}
    apart = {r for r in apart if book.reference.keeps_apart(r) or book.reference.keeps_apart(role)}
    registrar = _is_registrars(book, person) and clash(role, REGISTRAR)
    if registrar or apart or any(clash(role, r) for r in held):
        raise Refused("R04")


def _lenders(book, event, post, at):
    """The groups that lend a post: its holder, or who appoints it."""
    first = event.signers[0]
    if (first["organisation"], first["person"], first["role"]) == (post.organisation, post.person, post.role) and "delegation" not in first:
        return [(1, lambda s: s is first)]
    return _appointers(book, event, post.role, at)


def _check_delegation(book, event, at):
    data, body = event.data, event.stream.removeprefix("org:")
    post = book.appointments.get(data["appointment"])
    if post is None or post.organisation != body or not post.holds(at):
        raise Refused("R06")
    _hands(event, *_lenders(book, event, post, at))
    lent = [d for d in book.delegations.values() if d.appointment == data["appointment"]]
    if any(not d.revoked and d.ends > at for d in lent):
        raise Refused("R07")
    if any(book.reference.clash(post.role, role) for role in book.promised(body, data["person"], at)):
        raise Refused("R09")


def _check_key(book, event, at):
    data, signers = event.data, event.signers
    body, person = data["organisation"], data["person"]
    held = book.roles(body, person, at)
    _need(held, "a person without a role has no key")
    others = [s for s in signers if s["key"] != data["key"]]
    active = [k for k in book.keys.values() if k.organisation == body and k.standing == "a"]
    is_own = lambda s: s["organisation"] == body and s["person"] == person and s["key"] != data["key"]
    is_adm = lambda s: _post(body, "ADM")(s) and s["person"] != person
    is_chief = lambda s: _post(body, "CEX")(s) and s["person"] != person
    is_new = lambda s: s["key"] == data["key"]
    own = any(map(is_own, others))
    if "CEX" in held and not own:
        _hands(event, (1, is_new), (book.threshold, _is_registrar), (1, _post(body, "SIG", "SIRO")))
        return
    serving = any("ADM" in book.roles(body, k.person, at) for k in active if k.person != person)
    has_key = any(k.person == person for k in active)
    chief = any(map(is_chief, others))
    first_administrator = "ADM" in held and not serving and chief
    _need(any(map(is_adm, others)) or first_administrator, "an ADM who is not that person")
    if held & _KEY_NEEDS_CHIEF or has_key:
        _need(own or chief, "the person's other key, or the CEX")
    _hands(event, (1, is_new), (0, is_own), (0, is_adm), (0, is_chief))


def check_self_dealing(book, event):
    """D06: nobody appoints or delegates to themself, or affirms their own."""
    if event.type == "ContestResolved":
        contest.check_own(book, event)
    if event.type in ("RoleHolderAppointed", "RoleDelegated"):
        wanted = book.human(event.data["person"])
        if any(book.human(s["person"]) == wanted for s in event.signers):
            raise Refused("D06")


def check_dates(book, event, at):
    """G38: dates that reach too far. A suspension or delegation until a day that is over does nothing."""
    data, today = event.data, london.today(at)
    if event.type == "ContestResolved":
        contest.check_targets(book, event)
    if event.type in erasure.TYPES:
        erasure.check_guards(book, event, at)
        return
    if event.type in ("OrganisationSucceeded", "SuccessionObjected"):
        succession.check_day(book, event, at)
        return
    if event.type == "OrganisationSuspended":
        longest = book.reference["POLICY-WINDOWS"]["suspension_days_max"]
    elif event.type == "RoleDelegated":
        post = book.appointments[data["appointment"]]
        to_monitor = post.role == "CEX" and "SIG" in book.roles(post.organisation, data["person"], at)
        longest = LENDING_OF_A_CHIEF if to_monitor else LENDING
    else:
        return
    if london.day(data["until"]) > today + timedelta(days=longest):
        raise Refused("G38")


def evolve(book, event, at):
    """What an admitted event of `sys`, `org` or `key` changes."""
    data, body = event.data, event.stream.removeprefix("org:")
    match event.type:
        case "LedgerGenesis":
            book.threshold = data["threshold"]
            book.origin, book.log_keys, book.log_keys_ever = data["origin"], data["log_keys"], set(data["log_keys"])
            for key in data["registrar_keys"]:
                book.registrars[key["key"]] = (key["person"], event.bytes_of(key["public"]))
        case "OrganisationRegistered":
            chief = data["chief"]
            before = book.organisations.get(body)
            book.organisations[body] = Organisation(
                body, data["type"], data["flags"], data["governance"], data["extra_roles"]
            )
            book.organisations[body].registered_at = before.registered_at if before else at
            book.keys[chief["key"]] = KnownKey(event.bytes_of(chief["public"]), body, chief["person"], event.id)
            book.appointments[event.id] = Appointment(body, chief["person"], "CEX", at, None, body=book.organisations[body])
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
            leaves = max(london.midnight(london.day(data["on"])), at)
            book.organisations[body].left_at = leaves
            for post in book.appointments.values():
                if post.organisation == body and (post.ends is None or post.ends > leaves):
                    post.ends = leaves
        case "RoleHolderAppointed":
            ends = london.ends(london.day(data["valid_to"])) if "valid_to" in data else None
            leaves = book.organisations[body].left_at
            if leaves and (ends is None or ends > leaves):
                ends = leaves
            starts = london.midnight(london.day(data["valid_from"]))
            book.appointments[event.id] = Appointment(
                body, data["person"], data["role"], starts, ends, data["functions"], book.organisations[body]
            )
            if "same_person" in data and data["same_person"] in book.appointments:
                twin = book.human(book.appointments[data["same_person"]].person)
                if twin != book.human(data["person"]):
                    book.same[book.human(data["person"])] = twin
        case "RoleHolderRevoked":
            book.appointments[data["appointment"]].ends = at
        case "RoleDelegated":
            ends = london.ends(london.day(data["until"]))
            book.delegations[event.id] = Delegation(
                data["appointment"], data["person"], ends, data["functions"]
            )
        case "DelegationRevoked":
            lent = book.delegations[data["delegation"]]
            lent.revoked, lent.ends = True, min(lent.ends, at)
        case "KeyRegistered" | "KeyRotated":
            old = book.keys.get(data.get("replaces"))
            organisation = old.organisation if old else data["organisation"]
            person = old.person if old else data["person"]
            if old:
                old.standing = "r"
            book.keys[data["key"]] = KnownKey(event.bytes_of(data["public"]), organisation, person, event.id)
        case "KeyRevoked":
            book.keys[data["key"]].standing = "v"
        case "KeyCompromised":
            contest.report(book, event, len(book.marks))
        case "ContestResolved":
            contest.resolve(book, event, at)
        case "OrganisationSucceeded" | "SuccessionObjected":
            succession.record(book, event, at)
        case kind if kind in office.TYPES:
            office.evolve(book, event, at)


# These read this module, so they are read behind it.
import contest  # noqa: E402
import erasure  # noqa: E402
import office  # noqa: E402
import succession  # noqa: E402
