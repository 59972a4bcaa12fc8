"""Agreements made before the ledger, and sharing recorded after an emergency: A37 to A40.

Whoever records such a thing speaks for itself alone: the other rows are `m`, imported, until
their own body confirms them (x) or disputes them (k).
"""

from datetime import timedelta

import london
from directory import Refused
from filing import months_later

_LONGEST_AGO = timedelta(hours=72)
_MONTHS = 24


def _need(met, why=""):
    if not met:
        raise Refused("R01", why)


# Who may sign.


def import_signed(event):
    first, header = event.signers[0], event.data["header"]
    _need(len(event.signers) == 1 and (first["role"], first["organisation"]) == ("IGL", header["lead_party"]))


def record_signed(event):
    first, header = event.signers[0], event.data["header"]
    named = [party["organisation"] for party in header.get("parties", [])]
    _need(len(event.signers) == 1 and first["organisation"] in named)
    _need(first["role"] in ("SIRO", "CG", "DPO") or "delegation" in first)


def _confirm_signed(agreement, event, book, at):
    roles = ("SIG", "SIRO") if agreement.is_recorded else ("SIG",)
    _need(len(event.signers) == 1 and event.signers[0]["role"] in book.acting(event.signers[0]["organisation"], *roles))


def _dispute_signed(agreement, event, book, at):
    roles = book.acting(event.signers[0]["organisation"], "SIG", "SIRO", "IGL")
    _need(len(event.signers) == 1 and event.signers[0]["role"] in roles)


SIGNED = {"ImportConfirmed": _confirm_signed, "ImportDisputed": _dispute_signed}


# What stands in the way.


def _import_guarded(agreement, event, at, book, codes):
    """G47: imports are admitted until the day two years after the lead party joined."""
    body = book.organisations[event.data["header"]["lead_party"]]
    if london.today(at) > months_later(london.today(body.registered_at), _MONTHS):
        raise Refused("G47")


def _record_guarded(agreement, event, at, book, codes):
    """G38: it began at most 72 hours ago, and ends within 30 days of that."""
    began = london.instant(event.data["began_at"])
    if began > at or at - began > _LONGEST_AGO:
        raise Refused("G38")


def _answer_guarded(agreement, event, at, book, codes):
    party = agreement.parties[event.signers[0]["organisation"]]
    if party.state != "m":
        raise Refused(codes[party.state])
    if event.data["import"] != agreement.imported_by:
        raise Refused("G28")


GUARDED = {
    "AgreementImported": _import_guarded, "EmergencySharingRecorded": _record_guarded,
    "ImportConfirmed": _answer_guarded, "ImportDisputed": _answer_guarded,
}


# What has happened.


def _import(agreement, event, at):
    agreement.begin(event, "V" if event.data["status"] == "ACTIVE" else "E")
    agreement.activates_at = at
    _owe(agreement)


def _owe(agreement):
    """What was sent before it was recorded nobody knows here: every recipient owes every dataset."""
    header = agreement.header
    for row in header.value.get("datasets", []):
        if row["class"] != "NP-O":
            agreement.duties |= {(code, name) for code in header.takers(row) for name in row["ids"]}


def _record(agreement, event, at):
    header = event.data["header"]
    over = "end_date" in header and london.ends(london.day(header["end_date"])) <= at
    agreement.begin(event, "E" if over else "V")
    agreement.parties[event.signers[0]["organisation"]].state = "x"
    agreement.is_recorded, agreement.activates_at = True, at
    _owe(agreement)


def _confirm(agreement, event, at):
    organisation = event.signers[0]["organisation"]
    agreement.parties[organisation].state = "p" if agreement.own_grounds(organisation) else "x"


def _dispute(agreement, event, at):
    organisation = event.signers[0]["organisation"]
    agreement.parties[organisation].state = "k"
    agreement.duties = {(code, name) for code, name in agreement.duties if code != organisation}
    standing = [party for party in agreement.parties.values() if party.state != "u"]
    if len(standing) == 2 and agreement.state in "VS" and organisation != agreement.requesting:
        agreement.move("W")


HAPPENED = {
    "AgreementImported": _import, "EmergencySharingRecorded": _record,
    "ImportConfirmed": _confirm, "ImportDisputed": _dispute,
}
