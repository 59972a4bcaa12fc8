"""The agreement of the story: one dataset about children at risk, from Hackney to Camden."""

import datetime

import commit
from cast import Words


def _text(text):
    return Words("text", text)


def document(today, notice_days=0):
    """The terms: members of the domain page, 1.2 and 1.4 to 1.8; free text as words."""
    later = today + datetime.timedelta(days=300)
    return {
        "agreement_type": "C2C",
        "automated_decisions": "NONE",
        "benefits": _text("Children known to both boroughs are found before harm is done; measured by cases joined up each quarter."),
        "breach": {"lead": "HCK", "notify_within_hours": 24},
        "datasets": [{
            "asset_ref": _text("Information asset register, children's social care"),
            "data_class": "PD",
            "destruction_due_days": 30,
            "destruction_standard": "OVERWRITE",
            "ds_id": "DS-1",
            "fields": [{
                "category": "identity",
                "description": _text("Full name of the child"),
                "identifier": "DIRECT",
                "justification": _text("Needed to find the same child in both boroughs"),
                "name": _text("child name"),
            }],
            "flags": [],
            "frequency": "AD_HOC",
            "method": "PORTAL",
            "name": _text("Children known to the safeguarding partnership"),
            "onward": {"kind": "NONE"},
            "provider": "HCK",
            "recipients": ["CMD"],
            "retention": {"basis": _text("Council retention schedule"), "end_action": "DESTROY", "period": "P1Y", "start": "FROM_RECEIPT"},
            "standard": {"name": _text("NONE: a short list of names")},
            "subjects": ["children"],
            "volume": "<100",
        }],
        "dispute_route": "DPO_TO_DPO",
        "excluded_uses": ["IMMIGRATION_ENFORCEMENT"],
        "execution_form": "SIMPLE_CONTRACT",
        "formation": "ALL",
        "further_use": "ORIGINAL",
        "gateways": {"CMD": ["CA89-47"], "HCK": ["CA89-27"]},
        "harm_if_not_shared": _text("A child known to one borough alone may be missed when the family moves to the other."),
        "human_rights": _text("The interference is limited to names, for a short time, and protects children from serious harm."),
        "lawful_basis": {"CMD": "E", "HCK": "E"},
        "lead_party": "HCK",
        "necessity": _text("The same child cannot be recognised in both boroughs without the name; numbers differ between them."),
        "notice_days": notice_days,
        "publication": {"register": "PUBLISH"},
        "purpose": _text("To find children at risk who are known to both boroughs, so that one social worker can see the whole picture."),
        "purpose_codes": ["SAFEGUARD_CHILD"],
        "security_class": "OFFICIAL",
        "sharing_mode": "ON_REQUEST",
        "term": {"effective_date": today.isoformat(), "end_date": later.isoformat(), "review_date": later.isoformat()},
        "title": _text("Children known to two boroughs"),
        "transfers": {"kind": "NONE"},
    }


def plain(value):
    """The terms with their words in place."""
    if isinstance(value, Words):
        return plain(value.value)
    if isinstance(value, dict):
        return {name: plain(inner) for name, inner in value.items()}
    return [plain(inner) for inner in value] if isinstance(value, list) else value


def parties():
    """The party rows: Hackney provides, Camden receives."""
    return [
        {"capacity": capacity, "functions": ["CHILD_SC"], "legal_role": "CONTROLLER",
         "organisation": code, "regime": "UKGDPR"}
        for code, capacity in [("CMD", "RECIPIENT"), ("HCK", "PROVIDER")]
    ]


def header(terms, rows):
    """The header as a stranger reads the contract, for a rehearsal without a server."""
    owed = {"advice": ["DPO"], "approval": ["IAO"], "execution": ["SIG"]}
    codes = [row["organisation"] for row in rows]
    term = terms["term"]
    return {
        "datasets": [
            {"class": d["data_class"], "ids": [d["ds_id"]], "provider": codes.index(d["provider"]) + 1,
             "recipients": [codes.index(r) + 1 for r in d["recipients"]]}
            for d in terms["datasets"]
        ],
        "effective_date": term["effective_date"],
        "end_date": term["end_date"],
        "formation": terms["formation"],
        "lead": codes.index(terms["lead_party"]) + 1,
        "notice_days": terms["notice_days"],
        "parties": [{**row, "required_roles": owed} for row in rows],
        "type": terms["agreement_type"],
    }


def skeleton(value, event, pointer=""):
    """(the terms with commitments, {pointer within the terms: text})."""
    words = {}

    def walk(inner, at):
        if isinstance(inner, Words):
            words[at] = inner.value
            return commit.seal(event, f"/terms{at}", inner.kind, inner.value)[0]
        if isinstance(inner, dict):
            return {name: walk(part, f"{at}/{name}") for name, part in inner.items()}
        if isinstance(inner, list):
            return [walk(part, f"{at}/{place}") for place, part in enumerate(inner)]
        return inner

    return walk(value, pointer), words
