"""The ledger's own stream: registrars, the log's key, reference data, rules, and the end of a ledger."""

import keys
import note
import reference
from directory import REGISTRAR, KnownKey, Refused

TYPES = {
    "CodeListPublished", "PolicyPublished", "RulesAdopted", "RegistrarChanged", "LogKeyChanged", "WitnessPolicyPublished",
    "LedgerClosed",
}
RULES = 1  # The rule book that is decided here.
_FEWEST = 3


def carried(event):
    """The keys of new registrars."""
    return event.data["add"] if event.type == "RegistrarChanged" else []


def check_keys(book, event):
    """K rules: who is removed registers, and the log's new key is a new one of this log."""
    data = event.data
    if event.type == "RegistrarChanged":
        for signer in event.signers:
            new = next((row for row in data["add"] if row["key"] == signer["key"]), None)
            if new and (signer["organisation"], signer["person"]) != (REGISTRAR, new["person"]):
                raise Refused("K10")
        if not set(data["remove"]) <= book.registrars.keys():
            raise Refused("K01")
    if event.type == "LogKeyChanged":
        name, key = _log_key(data["new"])
        fits = name == book.origin and key is not None and data["new"] not in book.log_keys_ever
        if not fits or data["old"] not in book.log_keys or data["first_size"] <= len(book.marks):
            raise Refused("K06")


def _log_key(vkey):
    """(name, key) of a vkey whose key is fit to sign; (name, None) else."""
    try:
        found = note.Verifier.read(vkey)
    except ValueError:
        return "", None
    return found.name, found.public if keys.is_fit(found.public) else None


def check_signers(book, event, at):
    """R rules: the threshold of registrars, and every new one; enough of them are left."""
    new = {row["key"] for row in carried(event)}
    old = [s for s in event.signers if s["key"] in book.registrars]
    met = len(old) >= book.threshold and len(old) + len(new) == len(event.signers)
    if not met:
        raise Refused("R01", "registrars")
    if event.type != "RegistrarChanged":
        return
    data = event.data
    left = {key: person for key, (person, _) in book.registrars.items() if key not in data["remove"]}
    people = [book.human(person) for person in left.values()]
    for row in data["add"]:
        if book.promised_anywhere(row["person"], at) & reference.DECIDING:
            raise Refused("R04", row["person"])
        if book.human(row["person"]) in people:
            raise Refused("R05", row["person"])
        people.append(book.human(row["person"]))
    if len(people) < _FEWEST or data["threshold"] > len(people):
        raise Refused("R11")


def check_reference(book, event, held):
    """E10: the next version of what is held, with every row that there was. E04: rules that are not known here."""
    data = event.data
    if event.type == "RulesAdopted":
        if data["rules"] != book.rules + 1:
            raise Refused("E10")
        raise Refused("E04", f"rules {data['rules']}")
    if event.type in ("CodeListPublished", "PolicyPublished"):
        last = {**book.reference.code_lists, **book.reference.policies}.get(data["id"], 0)
        if data["version"] != last + 1 or held(data["sha256"]) is None:
            raise Refused("E10", data["id"])


def evolve(book, event, at):
    """What an admitted event of the ledger's own stream changes."""
    data = event.data
    match event.type:
        case "RegistrarChanged":
            for key in data["remove"]:
                person, public = book.registrars.pop(key)
                book.keys[key] = KnownKey(public, REGISTRAR, person, standing="v")
            for row in data["add"]:
                book.registrars[row["key"]] = (row["person"], event.bytes_of(row["public"]))
            book.threshold = data["threshold"]
        case "LogKeyChanged":
            book.log_keys = [*(k for k in book.log_keys if k != data["old"]), data["new"]]
            book.log_keys_ever.add(data["new"])
        case "LedgerClosed":
            book.closed = True
        case _:
            pass
