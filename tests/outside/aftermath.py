"""What became of the data, and what was agreed before the ledger: stories by a clock of their own."""

import copy
from datetime import timedelta

import london
import terms as text
from cast import Words, new_id
from header import derive
from story import leaving, reason, refusal, suspension
from talks import Talk, three_boroughs

_SENT = {"band": "UNDER_100", "method": "PORTAL"}


def _today():
    return london.today(london.now())


def _in(days):
    return (_today() + timedelta(days=days)).isoformat()


def sent(*datasets, **more):
    """The data of A26."""
    today = _today().isoformat()
    return {**_SENT, "datasets": list(datasets), "from": today, "to": today, **more}


def incident(key=False):
    """The data of A27."""
    words = {
        "discovered_at": london.spell(london.now()), "kind": "KEY" if key else "CONFIDENTIALITY", "people": "UNDER_100",
        "regulator": "NO", "severity": "MEDIUM", "text": "A list was seen by somebody who should not have seen it.",
    }
    return {"key": key, "words": Words("json", words)}


def update(wanted, status):
    """The data of A28."""
    return {"incident": wanted, "status": status, "words": Words("json", {"text": "It was looked at again."})}


def destroyed(*datasets, outcome="DESTROYED", **more):
    """The data of A29."""
    words = Words("json", {"copies": "No copies are left, and backups run out within a month.", "standard": "OVERWRITE"})
    return {"datasets": list(datasets), "on": _today().isoformat(), "outcome": outcome, "words": words, **more}


def certificate():
    """A supplier's certificate, by the hash of its file."""
    return Words("sha256", bytes(range(32)))


def shared_and_destroyed(tale):
    """From the first transfer to the last certificate: A26 to A31, A33, D11."""
    talk = Talk(tale).in_force()
    say, no = talk.say, talk.refused
    no("sent by the recipient", "R01", "DisclosureLogged", sent("DS-1"), "CMD.IAO")
    no("sent by a signatory", "R01", "DisclosureLogged", sent("DS-1"), "HCK.SIG")
    no("a dataset that is not there", "G39", "DisclosureLogged", sent("DS-2"), "HCK.IAO")
    no("sent to a stranger", "G39", "DisclosureLogged", sent("DS-1", recipients=["ISL"]), "HCK.IAO")
    no("destroyed before anything was sent", "T20", "DestructionCertified", destroyed("DS-1"), "CMD.IAO", "CMD.SEC")
    say("the first list", "DisclosureLogged", sent("DS-1"), "HCK.IAO")
    no("destroyed while it goes on", "T20", "DestructionCertified", destroyed("DS-1"), "CMD.IAO", "CMD.SEC")
    some = say("a dataset", "AgreementSuspended", suspension("DATASETS", datasets=["DS-1"]), "HCK.SIRO")
    no("a dataset that is stopped", "G39", "DisclosureLogged", sent("DS-1"), "HCK.IAO")
    lift = lambda ground: {"ground": ground, "words": Words("json", {"evidence": ["Looked at and put right."]})}
    say("a dataset", "AgreementResumed", lift(some), "HCK.SIRO")
    own = say("the sender", "AgreementSuspended", suspension("PARTY"), "HCK.SIRO")
    no("sent while stopped", "G13", "DisclosureLogged", sent("DS-1"), "HCK.IAO")
    say("the sender", "AgreementResumed", lift(own), "HCK.SIRO")
    other = say("the recipient", "AgreementSuspended", suspension("PARTY"), "CMD.SIRO")
    no("sent to who is stopped", "G39", "DisclosureLogged", sent("DS-1"), "HCK.IAO")
    say("the recipient", "AgreementResumed", lift(other), "CMD.SIRO")
    _incidents(talk, lift)
    say("an assessment", "DocumentAttached", {"file": certificate(), "kind": "DPIA"}, "HCK.DPO")
    no("an assessment by an asset owner", "R01", "DocumentAttached", {"file": certificate(), "kind": "DPIA"}, "HCK.IAO")
    _ended(talk)


def _incidents(talk, lift):
    say, no = talk.say, talk.refused
    no("an incident by a requesting officer", "R01", "IncidentNoted", incident(), "CMD.REQ")
    noted = say("seen by others", "IncidentNoted", incident(), "CMD.SEC")
    no("another incident", "G28", "IncidentUpdated", update(new_id(), "CONTAINED"), "CMD.SEC")
    whole = say("whole", "AgreementSuspended", suspension(code="INCIDENT"), "HCK.SIRO")
    no("sent while suspended", "T08", "DisclosureLogged", sent("DS-1"), "HCK.IAO")
    say("critical", "IncidentUpdated", update(noted, "CRITICAL_OPEN"), "HCK.DPO")
    no("resumed while it is critical", "G27", "AgreementResumed", lift(whole), "HCK.SIRO")
    say("contained", "IncidentUpdated", update(noted, "CONTAINED"), "HCK.IGL")
    say("whole", "AgreementResumed", lift(whole), "HCK.SIRO")
    say("over", "IncidentUpdated", update(noted, "CLOSED"), "CMD.SIRO")
    no("what is over", "G28", "IncidentUpdated", update(noted, "OPEN"), "CMD.SIRO")


def _ended(talk):
    say, no = talk.say, talk.refused
    hold = say("for a court", "RetentionHoldPlaced", {"datasets": [], "reason": "LITIGATION"}, "CMD.LGL")
    no("a hold by an asset owner", "R01", "RetentionHoldPlaced", {"datasets": [], "reason": "LITIGATION"}, "CMD.IAO")
    say("Camden leaves", "RevocationNoticed", leaving(_today().isoformat()), "CMD.SIG")
    talk.expect("ENDING", "E")
    no("sent after the end", "T06", "DisclosureLogged", sent("DS-1"), "HCK.IAO")
    no("nothing was sent to the provider", "T20", "DestructionCertified", destroyed(), "HCK.IAO", "HCK.SEC")
    no("under a hold", "G42", "DestructionCertified", destroyed("DS-1"), "CMD.IAO", "CMD.SEC")
    # Data that are kept under a law are not destroyed, so no hold stops that: the day to look again is what is missing.
    no("kept under a hold", "G43", "DestructionCertified", destroyed("DS-1", outcome="RETAINED_UNDER_LAW"), "CMD.IAO", "CMD.SEC")
    no("another's hold", "R01", "RetentionHoldReleased", {"hold": hold}, "HCK.LGL")
    no("no hold", "G31", "RetentionHoldReleased", {"hold": new_id()}, "CMD.LGL")
    say("the court is content", "RetentionHoldReleased", {"hold": hold}, "CMD.SIG")
    no("by the asset owner alone", "R01", "DestructionCertified", destroyed("DS-1"), "CMD.IAO")
    no("the security lead first", "R01", "DestructionCertified", destroyed("DS-1"), "CMD.SEC", "CMD.IAO")
    no("kept without a day to look again", "G43", "DestructionCertified", destroyed("DS-1", outcome="RETAINED_UNDER_LAW"), "CMD.IAO", "CMD.SEC")
    no("a day to look again that is today", "G43", "DestructionCertified", destroyed("DS-1", outcome="RETAINED_UNDER_LAW", recheck=_in(0)), "CMD.IAO", "CMD.SEC")
    say("an incident after the end", "IncidentNoted", incident(), "HCK.IGL")
    say("with the supplier's certificate", "DestructionCertified", destroyed(certificate=certificate()), "CMD.IAO")
    talk.expect("CLOSED", "X")
    no("destroyed twice", "T18", "DestructionCertified", destroyed("DS-1"), "CMD.IAO", "CMD.SEC")
    say("an incident in what is closed", "IncidentNoted", incident(), "HCK.IGL")


def brought_in(tale):
    """An amendment that names a third body: material, signed by all three, and a party only when it takes effect."""
    talk = Talk(tale, text.document(_today(), continuation={"min_parties": 2})).in_force()
    say, no = talk.say, talk.refused
    wider, rows = _with_islington(talk)
    no("called operation", "G29", "AmendmentProposed", talk.amend(wider, "M1", rows=rows), "HCK.IGL")
    # E08 comes before every guard: G29 of the class, G21 of parties that are fixed.
    without = {**wider, "datasets": [{**wider["datasets"][0], "recipients": ["ISL"]}]}
    no("without Camden, which is bound", "E08", "AmendmentProposed", talk.amend(without, "M1", rows=rows[1:]), "HCK.IGL")
    joiner = talk.draft(wider, rows)["header"]["parties"][2]
    asked = lambda row: {"contacts": Words("json", {"ISL": {"ig": "ig@isl.example"}}), "row": row}
    no("Islington by invitation", "G21", "PartyInvited", asked(joiner), "HCK.IGL")
    no("and with nobody to sign for it", "E08", "PartyInvited", asked({**joiner, "required_roles": []}), "HCK.IGL")
    say("Islington too", "AmendmentProposed", talk.amend(wider, "M3", rows=rows), "HCK.IGL")
    no("stopped by who is to come", "G10", "AgreementSuspended", suspension("PARTY"), "ISL.SIRO")
    say("on second thoughts", "AmendmentAbandoned", {}, "HCK.IGL")
    no("a word of who never was a party", "R01", "ClarificationRequested", talk.question("CMD"), "ISL.IGL")
    say("Islington after all", "AmendmentProposed", talk.amend(wider, "M3", rows=rows), "CMD.IGL")
    talk.submit()
    talk.sign()
    no("sent to who is to come", "G39", "DisclosureLogged", sent("DS-1", recipients=["ISL"]), "HCK.IAO")
    talk.sign(("ISL",), ("DPO", "IAO"))
    say("to those who are bound", "DisclosureLogged", sent("DS-1"), "HCK.IAO")
    talk.sign(("ISL",), ("SIG",))
    talk.take(wider)
    talk.expect("ACTIVE", "V")
    say("to both", "DisclosureLogged", sent("DS-1"), "HCK.IAO")
    say("Islington leaves", "RevocationNoticed", leaving(_today().isoformat()), "ISL.SIG")
    talk.expect("ACTIVE", "V")
    say("and certifies", "DestructionCertified", destroyed("DS-1"), "ISL.IAO", "ISL.SEC")
    # Who will not come ends what would have brought it in.
    talk = Talk(tale, text.document(_today(), continuation={"min_parties": 2})).in_force()
    talk.say("Islington again", "AmendmentProposed", talk.amend(wider, "M3", rows=rows), "HCK.IGL")
    talk.submit()
    final = {"kind": "FINAL", "version_hash": tale.version_hash(talk.stream), "words": refusal("We do not want to take part in this, neither now nor later.")}
    talk.say("not for us", "ApprovalDeclined", final, "ISL.SIG")
    talk.refused("signed all the same", "T05", "ExecutionSigned", {"form": "SIMPLE_CONTRACT", "version_hash": tale.version_hash(talk.stream)}, "CMD.SIG")
    talk.expect("ACTIVE", "V")


def _with_islington(talk):
    """The same terms with a third body that receives, and the rows of all three."""
    wider = copy.deepcopy(talk.document)
    for member in ("lawful_basis", "privacy_notice"):
        wider[member]["ISL"] = copy.deepcopy(wider[member]["CMD"])
    wider["gateways"].append({**copy.deepcopy(wider["gateways"][0]), "holder": "ISL"})
    wider["datasets"][0]["recipients"] = ["CMD", "ISL"]
    return wider, [*talk.rows, {**talk.rows[0], "organisation": "ISL"}]


def sent_once(tale):
    """A one-off: one transfer, and its data may be destroyed before the end."""
    document = text.document(_today(), sharing_mode="ONE_OFF")
    document["datasets"][0]["frequency"] = "ONCE"
    talk = Talk(tale, document).in_force()
    talk.say("the one list", "DisclosureLogged", sent("DS-1"), "HCK.IAO")
    talk.refused("a second list", "G40", "DisclosureLogged", sent("DS-1"), "HCK.IAO")
    talk.say("no longer needed", "DestructionCertified", destroyed("DS-1"), "CMD.IAO", "CMD.SEC")
    talk.refused("destroyed twice", "T20", "DestructionCertified", destroyed("DS-1"), "CMD.IAO", "CMD.SEC")
    talk.expect("ACTIVE", "V")
    tale.expect_at("CLOSED", "X", talk.stream, london.ends(london.day(document["term"]["end_date"])))


def kept_by_one(tale):
    """The end comes by the calendar, and the agreement stays open until the data are gone."""
    talk = Talk(tale).in_force()
    talk.say("a list", "DisclosureLogged", sent("DS-1"), "HCK.IAO")
    tale.observer.client.pass_time(days=400)
    talk.expect("ENDING", "E")
    talk.say("kept under a law", "DestructionCertified", destroyed("DS-1", outcome="RETAINED_UNDER_LAW", recheck=_in(90)), "CMD.IAO", "CMD.SEC")
    talk.expect("CLOSED", "X")


def _old(talk, **changed):
    """What is known of an agreement that was made elsewhere."""
    book = talk.tale.state
    header = derive(text.plain(talk.document), talk.rows, book.bodies(), book.book.reference)
    for name in ("code_lists", "policies"):
        del header[name]
    return {"gaps": [], "header": {**header, **changed}, "source": Words("text", "The paper of 2024 in the safe."), "status": "ACTIVE"}


def _broken(header):
    """Headers that do not hold together, whoever has the words: (title, header)."""
    first, rows = header["datasets"][0], header["parties"]
    again = [{**first, "ids": ["DS-9"], "provider": 3}]
    return [
        ("one body in two rows", {**header, "parties": [*rows, rows[1]]}),
        ("a provider beyond the last party", {**header, "datasets": [first, *again]}),
        ("a provider before the first party", {**header, "datasets": [{**first, "provider": 0}]}),
        ("a recipient beyond the last party", {**header, "datasets": [{**first, "recipients": [1, 3]}]}),
    ]


def _only_emergencies(header):
    unsigned = [{**row, "required_roles": []} for row in header["parties"]]
    return [
        ("without a ground", {name: value for name, value in header.items() if name != "emergency_ground"}),
        ("of another type", {**header, "agreement_type": "C2C"}),
        ("a first draft that changes something", {**header, "changes": ["/purpose"]}),
        ("what nobody would sign", {**header, "parties": unsigned}),
    ]


def _not_what_is_missing(talk):
    """Imports whose gaps are not those of their header: (title, data)."""
    data = _old(talk)
    known = data["header"]
    without = lambda *names: {name: value for name, value in known.items() if name not in names}
    return [
        ("a gap that is not said", {**data, "header": without("formation")}),
        ("a gap of what is known", {**data, "gaps": ["formation"]}),
        ("gaps out of order", {**data, "gaps": ["formation", "datasets"], "header": without("formation", "datasets")}),
        ("a lead that is no party", {**data, "header": {**known, "parties": [r for r in known["parties"] if r["organisation"] != known["lead_party"]]}}),
    ]


def imported(tale):
    """A37 to A39: what one body says of an old agreement, until the other confirms or disputes it."""
    talk = Talk(tale)
    say, no = talk.say, talk.refused
    no("by who does not lead", "R01", "AgreementImported", _old(talk), "CMD.IGL")
    no("by a signatory", "R01", "AgreementImported", _old(talk), "HCK.SIG")
    for title, wrong in _not_what_is_missing(talk):
        no(title, "E08", "AgreementImported", wrong, "HCK.IGL")
    for title, wrong in _broken(_old(talk)["header"]):
        no(title, "E08", "AgreementImported", {**_old(talk), "header": wrong}, "HCK.IGL")
    made = say("an old agreement", "AgreementImported", _old(talk), "HCK.IGL")
    talk.expect("ACTIVE", "V")
    no("imported twice", "T02", "AgreementImported", _old(talk), "HCK.IGL")
    no("sent before it is confirmed", "G45", "DisclosureLogged", sent("DS-1"), "HCK.IAO")
    no("suspended by an unconfirmed row", "G10", "AgreementSuspended", suspension(), "CMD.SIRO")
    no("left by an unconfirmed row", "G10", "RevocationNoticed", leaving(_in(0)), "CMD.SIG")
    confirm = lambda wanted: {"document": certificate(), "import": wanted}
    no("confirmed by an information lead", "R01", "ImportConfirmed", confirm(made), "CMD.IGL")
    no("another import", "G28", "ImportConfirmed", confirm(new_id()), "CMD.SIG")
    say("by the importer", "ImportConfirmed", confirm(made), "HCK.SIG")
    no("confirmed twice", "G11", "ImportConfirmed", confirm(made), "HCK.SIG")
    no("sent to an unconfirmed row", "G45", "DisclosureLogged", sent("DS-1"), "HCK.IAO")
    say("by the other side", "ImportConfirmed", confirm(made), "CMD.SIG")
    say("now it may be sent", "DisclosureLogged", sent("DS-1"), "HCK.IAO")
    say("and ended", "RevocationNoticed", leaving(_in(0)), "CMD.SIG")
    talk.expect("ENDING", "E")
    say("destroyed", "DestructionCertified", destroyed("DS-1"), "CMD.IAO", "CMD.SEC")
    talk.expect("CLOSED", "X")


def disputed(tale):
    """The only other party says that there is no such agreement."""
    talk = Talk(tale)
    made = talk.say("an old agreement", "AgreementImported", _old(talk), "HCK.IGL")
    dispute = {"import": made, "words": reason("We have no such agreement in our files.")}
    talk.refused("by an asset owner", "R01", "ImportDisputed", dispute, "CMD.IAO")
    talk.say("never agreed", "ImportDisputed", dispute, "CMD.IGL")
    talk.expect("WITHDRAWN", "W")


def too_late(tale):
    """Imports end two years after the lead party joined."""
    tale.observer.client.pass_time(days=700)
    talk = Talk(tale)
    ended = {**_old(talk), "status": "ENDED"}
    talk.say("an old agreement that is over", "AgreementImported", ended, "HCK.IGL")
    talk.expect("ENDING", "E")
    tale.observer.client.pass_time(days=60)
    Talk(tale).refused("after two years", "G47", "AgreementImported", copy.deepcopy(_old(talk)), "HCK.IGL")


def recorded_afterwards(tale):
    """A40 to A42: shared first and recorded after it; another lead; a word put right."""
    for code in ("TWH", "LFC"):
        tale.register(code, ["ADM", "DPO", "SIRO", "IGL", "SIG", "IAO", "SEC"])
    talk = Talk(tale, text.emergency(_today()), text.emergency_parties())
    say, no = talk.say, talk.refused
    header = derive(text.plain(talk.document), talk.rows, tale.state.bodies(), tale.state.book.reference)

    def data(hours, **more):
        began = london.spell(london.now() - timedelta(hours=hours))
        return {"began_at": began, "ground": "LIFE", "header": header, "words": reason("Nobody could sign at that hour of the night."), **more}

    kind = "EmergencySharingRecorded"
    no("by a signatory", "R01", kind, data(1), "TWH.SIG")
    no("four days later", "G38", kind, data(96), "TWH.SIRO")
    no("before it begins", "G38", kind, data(-1), "TWH.SIRO")
    no("on another ground than the header's, and too late", "E08", kind, data(96, ground="SAFEGUARDING"), "TWH.SIRO")
    for title, wrong in [*_broken(header), *_only_emergencies(header)]:
        no(title, "E08", kind, data(1, header=wrong), "TWH.SIRO")
    # E08 comes before V: the lead is no party either (V-08).
    no("without a ground, and without its lead", "E08", kind, data(1, header={**_only_emergencies(header)[0][1], "lead_party": "HCK"}), "TWH.SIRO")
    made = say("within three days", kind, data(71), "TWH.SIRO")
    talk.expect("ACTIVE", "V")
    no("recorded twice", "T02", kind, data(1), "LFC.SIRO")
    no("not confirmed yet", "G45", "DisclosureLogged", sent("DS-1"), "TWH.IAO")
    say("the other side confirms", "ImportConfirmed", {"document": certificate(), "import": made}, "LFC.SIRO")
    say("now it is logged", "DisclosureLogged", sent("DS-1"), "TWH.IAO")
    fixed = {"pointer": "/words", "target": made, "words": reason("It was the night of the day before.")}
    no("put right by another", "R01", "Corrected", fixed, "LFC.SIRO")
    no("of an event elsewhere", "G28", "Corrected", {**fixed, "target": new_id()}, "TWH.SIRO")
    say("a word is put right", "Corrected", fixed, "TWH.SIRO")
    no("a lead by one of two", "R01", "LeadChanged", {"lead": "LFC"}, "LFC.IGL")
    no("a stranger leads", "R01", "LeadChanged", {"lead": "HCK"}, "TWH.IGL", "LFC.IGL")
    say("the brigade leads", "LeadChanged", {"lead": "LFC"}, "LFC.IGL", "TWH.IGL")
    tale.observer.client.pass_time(days=5, minutes=1)
    talk.expect("SUSPENDED", "S")
    for code in ("TWH", "LFC"):
        talk.sync()
        tale.advise(code, stream=talk.stream)
    talk.expect("ACTIVE", "V")
    tale.observer.client.pass_time(days=31)
    talk.expect("ENDING", "E")
    say("what was sent that night is destroyed", "DestructionCertified", destroyed("DS-1"), "LFC.IAO", "LFC.SEC")
    talk.expect("CLOSED", "X")


HISTORIES = {
    "recorded afterwards": [recorded_afterwards],
    "what became of data": [three_boroughs, shared_and_destroyed, sent_once, kept_by_one, brought_in],
    "agreements made before": [three_boroughs, imported, disputed, too_late],
}
