"""Many at once: signatures of many parties from many clients, a batch, and the limits of a day."""

import london
import terms as text
from attacks import refused
from cast import Words, draft, new_id
from story import suspension

# Other boroughs of the crowd, by their three-letter codes.
CROWD = ["BNE", "BRY", "EAL", "ENF", "HRY", "LEW"]


def all_sign_at_once(tale):
    """Each party's advice, approval and execution on one version, sent together: no C01."""
    cast, observer, stream = tale.cast, tale.observer, f"agr:{new_id()}"
    for code in CROWD:
        tale.register(code, ["ADM", "DPO", "IAO", "SIG"])
    codes = ["CMD", "HCK", *CROWD]
    gateways = [
        {"code": "CA89-47", "holder": code, "use": ["DISCLOSE"] if code == "HCK" else ["RECEIVE"]} for code in codes
    ]
    each = lambda value: {code: value for code in codes}
    plain = text.document(london.today(london.now()))
    document = {
        **plain, "continuation": {"min_parties": 2, "required_capacities": ["RECIPIENT", "PROVIDER"]},
        "gateways": gateways, "lawful_basis": each(["E"]),
        "privacy_notice": each(plain["privacy_notice"]["CMD"]),
    }
    document["datasets"] = [{**document["datasets"][0], "recipients": [c for c in codes if c != "HCK"]}]
    rows = [text.party(code, "PROVIDER" if code == "HCK" else "RECIPIENT") for code in codes]
    tale.file(stream, document, rows)
    tale.triage(stream)
    tale.submit_terms(stream)
    frozen = tale.version_hash(stream)

    def make(code, kind, role):
        words = Words("json", {"outcome": "SUPPORT", "reasons": "The sharing is limited and explained to residents."})
        data = {
            "AdviceGiven": {"kind": "DPO", "version_hash": frozen, "words": words},
            "ApprovalGiven": {"datasets": [], "version_hash": frozen},
            "ExecutionSigned": {"form": "SIMPLE_CONTRACT", "version_hash": frozen},
        }[kind]
        return draft(tale.state, kind, stream, data, cast[f"{code}.{role}"])

    for kind, role in [("AdviceGiven", "DPO"), ("ApprovalGiven", "IAO"), ("ExecutionSigned", "SIG")]:
        # Every one of them saw the same revision; only a barrier would stop those who come late.
        drafts = [make(code, kind, role) for code in codes]
        tale.report.step(f"{kind}: {len(codes)} parties at once", observer.together, drafts)
    tale.expect("ACTIVE", "V", stream)
    tale.say("by one of many", "AgreementSuspended", stream, suspension("PARTY"), cast["BNE.SIG"])
    refused(tale, "one of many stops the whole", "G26", "AgreementSuspended", stream, suspension(code="OTHER"), cast["BRY.SIG"])
    tale.say("the second of the same ground", "AgreementSuspended", stream, suspension(), cast["CMD.SIRO"])
    tale.expect("SUSPENDED", "S", stream)


def limits(tale):
    """G48: notes until the day's limit is reached, in one batch; the next is refused."""
    hand, stream = tale.cast["HCK.LGL"], tale.stream
    limit = tale.state.book.reference["POLICY-LIMITS"]["organisation_day"]["notes"]
    used = tale.state.days.get(("HCK", london.today(london.now())), {}).get("notes", 0)

    def note():
        return draft(tale.state, "NoteRecorded", stream, {"text": Words("text", "One of many notes."), "visibility": "PARTIES"}, hand)

    drafts = [note() for _ in range(limit - used)]
    tale.report.step(f"a batch of {len(drafts)} notes", tale.observer.many, drafts)
    data = {"text": Words("text", "One note too many."), "visibility": "PARTIES"}
    refused(tale, "a note beyond the day's limit", "G48", "NoteRecorded", stream, data, hand)
