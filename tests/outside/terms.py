"""What is agreed in the stories: terms documents, and the parties beside them.

Members are those of the published schema of terms; free text is `Words`, sealed by whoever
files. Every text is invented, no person is named.
"""

import datetime

import commit
from cast import Words


def _text(text):
    return Words("text", text)


def _month_later(day, months):
    return day + datetime.timedelta(days=30 * months)


def party(code, capacity, legal_role="CONTROLLER", regime="UKGDPR", functions=("CHILD_SC",)):
    """A party row as the filer names it."""
    return {
        "capacity": capacity, "functions": list(functions), "legal_role": legal_role,
        "organisation": code, "regime": regime,
    }


def dataset(number, data_class, provider, recipients, name, fields, **more):
    """One dataset of the schedule; `fields` are (name, identifier, category)."""
    return {
        "asset_ref": _text("Information asset register, entry of this service"),
        "data_class": data_class,
        "fields": [
            {
                "category": category,
                "description": _text(f"The {label} as the service records it"),
                "identifier": identifier,
                "justification": _text(f"Without the {label} the purpose cannot be met"),
                "name": _text(label),
            }
            for label, identifier, category in fields
        ],
        "frequency": "AD_HOC",
        "method": "PORTAL",
        "name": _text(name),
        "onward": {"kind": "NONE"},
        "provider": provider,
        "quality": {
            "correction": _text("Corrections are sent through the portal within five working days"),
            "gaps": _text("Records of the last week may be incomplete"),
            "source": _text("The case management system of the service"),
        },
        "recipients": recipients,
        "standard": _text("NONE: a short list of fields agreed by both services"),
        **more,
    }


def _kept(period="P1Y"):
    return {
        "basis": _text("Council retention schedule"), "end_action": "DESTROY", "period": period,
        "start": "FROM_RECEIPT",
    }


def _personal(codes, lead, gateways):
    """The members that personal data ask for."""
    each = lambda make: {code: make(code) for code in codes}
    return {
        "automated_decisions": "NONE",
        "benefits": _text("Those concerned are found before harm is done; measured by cases joined up each quarter."),
        "breach": {"contact": _text("The breach mailbox of the lead organisation"), "lead": lead, "notify_within_hours": 24},
        "common_law_duty": "NOT_APPLICABLE",
        "destruction_due_days": 30,
        "destruction_standard": "OVERWRITE",
        "dispute_route": "DPO_TO_DPO",
        "dpia": {"date": None, "owner": lead, "reference": _text("Register of impact assessments"), "residual": "LOW", "status": "DONE"},
        "excluded_uses": ["IMMIGRATION_ENFORCEMENT", "MARKETING"],
        "foi_handling": {"consult_days": 5, "lead": "RECEIVING_BODY"},
        "further_use": {"basis": "ORIGINAL"},
        "gateways": [
            {"code": code, "holder": holder, "use": [use], **({"limits_checked": True} if code == "LOC-1" else {})}
            for code, holder, use in gateways
        ],
        "harm_if_not_shared": _text("Somebody known to one body alone may be missed when they move to the other."),
        "human_rights": _text("The interference is limited to few fields, for a short time, and protects people from serious harm."),
        "lawful_basis": each(lambda code: ["E"]),
        "necessity": _text("The same person cannot be recognised by both bodies without the name; numbers differ between them."),
        "privacy_notice": each(lambda code: {"route": "ART13_OWN", "updated_on": "2026-09-01", "url": _text("Privacy pages of the council")}),
        "rights_handling": {"contact": _text("Each body's rights mailbox"), "model": "EACH_OWN", "notify_days": 30},
        "security": {
            "access_control": _text("Named officers of both services, reviewed each quarter"),
            "certification": ["CE_PLUS"], "encryption_at_rest": True, "encryption_in_transit": True,
            "location": _text("Data centres within the United Kingdom"),
        },
        "transfers": {"mechanism": "NONE"},
    }


def _always(today, title, purpose, codes, **more):
    later = _month_later(today, 10).isoformat()
    return {
        "agreement_type": "C2C",
        "execution_form": "SIMPLE_CONTRACT",
        "formation": "ALL",
        "publication": {"register": "PUBLISH"},
        "purpose": _text(purpose),
        "purpose_codes": codes,
        "security_class": "OFFICIAL",
        "sharing_mode": "ON_REQUEST",
        "term": {"effective_date": today.isoformat(), "end_date": later, "review_date": later},
        "title": _text(title),
        **more,
    }


def document(today, notice_days=0, **changed):
    """The agreement of the story: class PD, one dataset, from Hackney to Camden."""
    gateways = [("CA89-47", "CMD", "RECEIVE"), ("CA89-27", "HCK", "DISCLOSE")]
    found = _always(
        today, "Children known to two boroughs",
        "To find children at risk who are known to both boroughs, so that one social worker can see the whole picture.",
        ["SAFEGUARD_CHILD"], **_personal(["CMD", "HCK"], "HCK", gateways), lead_party="HCK", notice_days=notice_days,
    )
    found["dpia"]["date"] = today.isoformat()
    found["datasets"] = [dataset(
        1, "PD", "HCK", ["CMD"], "Children known to the safeguarding partnership",
        [("child name", "DIRECT", "IDENTITY"), ("school year", "INDIRECT", "EDUCATION")],
        retention=_kept(), subjects=["CHILDREN"], volume="LT_100",
    )]
    return {**found, **changed}


def parties():
    """Hackney provides, Camden receives."""
    return [party("CMD", "RECIPIENT"), party("HCK", "PROVIDER")]


def open_data(today, **changed):
    """S1: an open-data licence by one borough, formation UNILATERAL."""
    found = _always(
        today, "Use of charge points for electric vehicles",
        "To publish how often each public charge point is used, month by month, so that anybody may plan new ones.",
        ["TRANSPARENCY", "TRANSPORT"], agreement_type="OPEN", formation="UNILATERAL", lead_party="CMD",
        sharing_mode="REGULAR", term={"effective_date": today.isoformat(), "rolling": True},
        benefits=_text("Planners and residents see where charge points are missing; measured by downloads each month."),
    )
    found["datasets"] = [dataset(
        1, "NP-O", "CMD", [], "Charge point use by charge point, monthly",
        [("charge point number", "NONE", "ASSET"), ("sessions in the month", "NONE", "ASSET")],
        frequency="MONTHLY", method="PUBLIC_DOWNLOAD", licence="OGL-UK-3-0", publication_target="DATA_FOR_LONDON",
        disclosure_risk_statement=_text("Counts below five are suppressed, and no vehicle or driver is recorded at all."),
    )]
    return {**found, **changed}


def publisher():
    """The one party of an open-data licence."""
    return [{"capacity": "PROVIDER", "functions": ["TRANSPORT"], "legal_role": "LICENSOR", "organisation": "CMD"}]


def special(today, **changed):
    """Special category data about adults in care: two datasets, the second as the first."""
    gateways = [("CARE-6", "CMD", "RECEIVE"), ("CARE-6", "HCK", "DISCLOSE")]
    found = _always(
        today, "Adults in care who move between two boroughs",
        "To keep care going when an adult with care needs moves from one borough to the other, without asking again.",
        ["SAFEGUARD_ADULT", "CARE_INTEGRATION"], **_personal(["CMD", "HCK"], "HCK", gateways), lead_party="HCK",
        notice_days=30,
    )
    found |= {
        "apd": {code: {"date": today.isoformat(), "reference": _text("Policy document register")} for code in ("CMD", "HCK")},
        "art9_condition": {"CMD": ["H"], "HCK": ["H"]},
        "common_law_duty": "STATUTORY_GATEWAY",
        "sch1_condition": {"CMD": [2], "HCK": [2]},
    }
    found["dpia"]["date"] = today.isoformat()
    fields = [("full name", "DIRECT", "IDENTITY"), ("care needs", "NONE", "SOCIAL_CARE")]
    shared = {"flags": ["CONFIDENTIAL", "ADULT_SC"], "subjects": ["ADULTS_AT_RISK"], "volume": "LT_100"}
    found["datasets"] = [
        dataset(n, "SC", "HCK", ["CMD"], f"Adults with care needs, {part}", fields, retention=_kept(), **shared)
        for n, part in ((1, "north"), (2, "south"))
    ]
    return {**found, **changed}


def special_parties():
    return [party("CMD", "RECIPIENT", functions=["ADULT_SC"]), party("HCK", "PROVIDER", functions=["ADULT_SC"])]


def police(today, **changed):
    """S3: online knife sales, both bodies under Part 3."""
    gateways = [
        ("CDA-115", "CRY", "DISCLOSE"), ("CDA-115", "CRY", "RECEIVE"),
        ("CDA-115", "MPS", "RECEIVE"), ("POL-COMMON", "MPS", "DISCLOSE"),
    ]
    found = _always(
        today, "Online sales of knives to children",
        "To investigate and prosecute sellers who send knives to children, from test purchases and reports.",
        ["CRIME_ENFORCEMENT", "CRIME_PREVENTION"], **_personal(["CRY", "MPS"], "CRY", gateways), lead_party="CRY",
        agreement_type="LE-LE", notice_days=30, security_class="OFFICIAL_SENSITIVE",
    )
    found["dpia"]["date"] = today.isoformat()
    for gate in found["gateways"][:2]:
        gate["use"] = ["DISCLOSE", "RECEIVE"]
    del found["gateways"][1], found["lawful_basis"]
    found["publication"] = {
        "exemption": "FOIA-S31", "fields": ["/datasets/0/method"], "look_again": _month_later(today, 9).isoformat(),
        "register": "PUBLISH_REDACTED",
    }
    found["privacy_notice"] = {
        code: {"exemption": "S44_4", "route": "EXEMPT"} for code in ("CRY", "MPS")
    }
    found["part3"] = {
        code: {
            "archive_review_period": "P12M", "competent_authority_basis": basis, "fact_opinion_marking": True,
            "handling": _text("Handle as OFFICIAL-SENSITIVE, share within the team only"),
            "le_basis": "NECESSARY_FOR_TASK", "le_purposes": ["INVESTIGATE", "PROSECUTE"], "logging": True,
            "sensitive_processing": False, "subject_categories": ["SUSPECT", "WITNESS"],
            **({"function": "TRADING_STD"} if basis == "S30_1B" else {}),
        }
        for code, basis in (("CRY", "S30_1B"), ("MPS", "SCH7"))
    }
    fields = [("full name", "DIRECT", "IDENTITY"), ("item sold", "NONE", "OFFENCE")]
    found["datasets"] = [
        dataset(1, "LE", "CRY", ["MPS"], "Test purchases and sellers", fields, retention=_kept(), subjects=["SUSPECTS", "WITNESSES"], volume="LT_100"),
        dataset(2, "LE", "MPS", ["CRY"], "Reports of knives sent to children", fields, retention=_kept(), subjects=["SUSPECTS", "WITNESSES"], volume="LT_100"),
    ]
    return {**found, **changed}


def police_parties():
    return [
        party("CRY", "BOTH", regime="PART3", functions=["TRADING_STD"]),
        party("MPS", "BOTH", regime="PART3", functions=["POLICING"]),
    ]


def emergency(today, **changed):
    """S4: a tower block is evacuated; the borough tells the fire brigade who needs help."""
    gateways = [("CCA-REG", "TWH", "DISCLOSE"), ("CCA-REG", "LFC", "RECEIVE"), ("FRSA-5A", "LFC", "RECEIVE")]
    found = _always(
        today, "Evacuation of a tower block", "To bring residents who need help out of a burning tower block, flat by flat, tonight.",
        ["EMERGENCY"], **_personal(["TWH", "LFC"], "TWH", gateways), lead_party="TWH", agreement_type="EMG",
        term={"effective_date": today.isoformat(), "end_date": (today + datetime.timedelta(days=14)).isoformat(),
              "review_date": (today + datetime.timedelta(days=14)).isoformat()},
        notice_days=0, security_class="OFFICIAL_SENSITIVE",
    )
    found |= {
        "art9_condition": {"LFC": ["C"], "TWH": ["C"]}, "common_law_duty": "PUBLIC_INTEREST",
        "emergency": {"declared_by": _text("Gold commander of the borough"), "ground": "LIFE", "incident_ref": _text("Incident of tonight")},
        "lawful_basis": {"LFC": ["E"], "TWH": ["D"]},
    }
    found["dpia"]["date"] = today.isoformat()
    found["datasets"] = [dataset(
        1, "SC", "TWH", ["LFC"], "Residents needing help to leave, by flat",
        [("full name", "DIRECT", "IDENTITY"), ("help needed", "NONE", "HEALTH")],
        flags=["CONFIDENTIAL", "ADULT_SC"], frequency="AD_HOC", retention=_kept("P1M"), subjects=["RESIDENTS"], volume="LT_100",
    )]
    return {**found, **changed}


def emergency_parties():
    return [party("TWH", "PROVIDER", functions=["HOUSING"]), party("LFC", "RECIPIENT", functions=["FIRE"])]


def plain(value):
    """The terms with their words in place."""
    if isinstance(value, Words):
        return plain(value.value)
    if isinstance(value, dict):
        return {name: plain(inner) for name, inner in value.items()}
    return [plain(inner) for inner in value] if isinstance(value, list) else value


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
