"""The ledger's own stream as stories: registrars and log keys change, lists and rules, and the end of a ledger."""

import dsse
import london
import reference
from attacks import refused
from cast import Officer
from note import Verifier
from rehearsal import new_log_key
from story import ORIGIN

_TYPES = {
    "CodeListPublished": {"id": "CL-FOI", "sha256": "0" * 64, "version": 2},
    "PolicyPublished": {"id": "POLICY-WINDOWS", "sha256": "0" * 64, "version": 2},
}


def _today():
    return london.today(london.now()).isoformat()


def _row(officer):
    return {"key": officer.key.id, "person": officer.person, "public": dsse.b64(officer.key.public)}


def change(add=(), remove=(), threshold=2):
    """The data of RegistrarChanged."""
    return {"add": [_row(officer) for officer in add], "remove": list(remove), "threshold": threshold}


def _registrar(tale, name, person=None):
    return tale.cast.officer(f"REG.{name}", "REG", "REG", person)


def registrars(tale):
    """Registrars come and go: by the threshold in force and every new key, and three are left."""
    cast, kind = tale.cast, "RegistrarChanged"
    tale.register("ISL", ["ADM", "SIG", "REQ"])
    one, two, three = cast.registrars
    fourth, fifth = _registrar(tale, "4"), _registrar(tale, "5")
    no = lambda title, code, data, *hands, **more: refused(tale, title, code, kind, "sys", data, *hands, **more)
    no("by one of them", "R01", change([fourth]), one, fourth)
    no("without the new key", "K06", change([fourth]), one, two)
    no("with a chief besides", "R01", change([fourth]), one, two, fourth, cast["ISL.CEX"])
    no("a key that is known", "K02", change([three]), one, two, three)
    no("a chief's key", "K02", change([cast["ISL.CEX"]]), one, two, cast["ISL.CEX"])
    no("who registers nothing", "K01", change(remove=[fourth.key.id]), one, two)
    no("two are left", "R11", change(remove=[three.key.id]), one, two)
    no("more than there are", "R11", change(threshold=4), one, two)
    again = _registrar(tale, "again", one.person)
    no("the same person twice", "R05", change([again]), two, three, again)
    chief = _registrar(tale, "chief", cast["ISL.CEX"].person)
    no("who decides for a body", "R04", change([chief]), one, two, chief)
    no("another person than is named", "K10", change([fourth]), one, two, fourth, signers=[one.signer(), two.signer(), {**fourth.signer(), "person": fifth.person}])
    tale.say("a fourth", kind, "sys", change([fourth]), one, two, fourth)
    tale.say("one goes, another comes, three must sign", kind, "sys", change([fifth], [one.key.id], 3), one, fourth, fifth)
    cast.registrars[:] = [two, three, fourth, fifth]
    soon = {"reason": "REQUESTED", "until": _today()}
    refused(tale, "by two, where three must", "R01", "OrganisationSuspended", "org:ISL", soon, two, three)
    refused(tale, "by one who is none any more", "K04", "OrganisationSuspended", "org:ISL", soon, one, two, three)
    tale.say("by three", "OrganisationSuspended", "org:ISL", soon, two, three, fourth)
    tale.say("back again", "OrganisationReinstated", "org:ISL", {}, three, fourth, fifth)
    tale.say("as many as before", kind, "sys", change(threshold=2), two, three, fourth)
    refused(tale, "a registrar for a body", "R04", "RoleHolderAppointed", "org:ISL", tale.appointment("ISL", "IAO", fifth.person), cast["ISL.ADM"])


def new_keys(tale):
    """Who signs for a new key: nobody too many, and in whatever order."""
    tale.have("HCK", ["ADM", "ADM2", "SIG", "IAO", "LGL"])
    cast, old = tale.cast, tale.cast["HCK.IAO"]

    def key(name):
        return Officer("HCK", old.person, "IAO", cast.officer(f"HCK.IAO.{name}", "HCK", "IAO").key)

    def data(new):
        return {"custody": "SOFTWARE", "key": new.key.id, "organisation": "HCK", "person": old.person, "public": dsse.b64(new.key.public)}

    def no(title, code, new, *hands, **more):
        refused(tale, title, code, "KeyRegistered", f"key:{new.key.id}", {**data(new), **more}, *hands)

    chief = cast["HCK.CEX"]
    other = Officer("HCK", chief.person, "CEX", cast.officer("HCK.CEX.2", "HCK", "CEX").key)
    mine = {**data(other), "person": chief.person}
    refused(tale, "a chief's second key, by the chief alone", "R01", "KeyRegistered", f"key:{other.key.id}", mine, other, chief)
    refused(tale, "a chief's second key, by the administrator", "R01", "KeyRegistered", f"key:{other.key.id}", mine, other, cast["HCK.ADM"])
    tale.say("a chief's second key", "KeyRegistered", f"key:{other.key.id}", mine, other, chief, cast["HCK.ADM"])
    second = key("2")
    no("a second key, by the administrator alone", "R01", second, second, cast["HCK.ADM"])
    no("a second key, by the chief alone", "R01", second, second, cast["HCK.CEX"])
    no("with a signatory besides", "R01", second, second, cast["HCK.ADM"], cast["HCK.CEX"], cast["HCK.SIG"])
    no("for another person", "K10", second, second, cast["HCK.ADM"], cast["HCK.CEX"], person=cast["HCK.LGL"].person)
    no("without the new key", "K06", second, cast["HCK.ADM"], cast["HCK.CEX"])
    tale.say("with the chief", "KeyRegistered", f"key:{second.key.id}", data(second), second, cast["HCK.ADM"], cast["HCK.CEX"])
    third = key("3")
    tale.say("with the other key, the new one last", "KeyRegistered", f"key:{third.key.id}", data(third), cast["HCK.ADM"], old, third)


def log_key(tale):
    """Another key signs checkpoints, from a size to come."""
    two, kind = tale.cast.registrars[:2], "LogKeyChanged"
    old, (_, new) = tale.state.book.log_keys[0], new_log_key(ORIGIN)
    size = lambda: tale.state.size
    data = lambda **more: {"first_size": size() + 50, "new": new, "old": old, **more}
    no = lambda title, code, changed, *hands: refused(tale, title, code, kind, "sys", changed, *(hands or two))
    no("by one registrar", "R01", data(), two[0])
    no("a key of another log", "K06", data(new=new_log_key("elsewhere.example/log")[1]))
    no("no key", "K06", data(new=f"{ORIGIN}+00000000+AAAA"))
    no("the old key again", "K06", data(new=old))
    no("in the place of a key that does not sign", "K06", data(old=new))
    no("from a size that is past", "K06", data(first_size=size()))
    tale.say("a key to come", kind, "sys", data(), *two)
    no("a key that was named already", "K06", data(old=new, new=new))
    Verifier.read(new)


def lists(tale):
    """Reference data, rules and witnesses: what is not held, or not next, is not admitted."""
    two, today = tale.cast.registrars[:2], _today()
    for kind, data in _TYPES.items():
        data = {**data, "in_force_from": today}
        no = lambda title, changed, k=kind: refused(tale, title, "E10", k, "sys", changed, *two)
        no("what nobody holds", data)
        held = next(sha for sha, text in reference.published().items() if f'"{data["id"]}"'.encode() in text)
        no("the version that is in force", {**data, "sha256": held, "version": 1})
        no("a version that leaves one out", {**data, "sha256": held, "version": 3})
        no("a list that never was", {**data, "id": "CL-NEW" if kind == "CodeListPublished" else "POLICY-NEW", "version": 1})
    refused(tale, "the rules that are in force", "E10", "RulesAdopted", "sys", {"rules": 1}, *two)
    refused(tale, "the rules after the next", "E10", "RulesAdopted", "sys", {"rules": 3}, *two)
    refused(tale, "witnesses, by one registrar", "R01", "WitnessPolicyPublished", "sys", {"sha256": "1" * 64}, two[0])
    tale.say("witnesses", "WitnessPolicyPublished", "sys", {"sha256": "1" * 64}, *two)


def closed(tale):
    """Nothing more is recorded, whoever signs."""
    cast, two = tale.cast, tale.cast.registrars[:2]
    successor = f"next.counterpart.example/london/log#{'ab' * 32}"
    data = {"reason": "SUCCEEDED", "successor": successor}
    refused(tale, "by one registrar", "R01", "LedgerClosed", "sys", data, two[0])
    tale.say("goes on elsewhere", "LedgerClosed", "sys", data, *two)
    refused(tale, "closed twice", "E06", "LedgerClosed", "sys", data, *two)
    update = lambda: ("OrganisationUpdated", "org:ISL", {}, cast["ISL.ADM"], cast["ISL.CEX"])
    refused(tale, "an honest update", "E06", *update())
    refused(tale, "a body suspended", "E06", "OrganisationSuspended", "org:ISL", {"reason": "ORDER", "until": _today()}, *two)


HISTORIES = {"the ledger's own affairs": [registrars, new_keys, log_key, lists, closed]}
