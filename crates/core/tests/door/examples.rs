//! A few agreements everyone knows by name, as an officer writes them: words in place.

use std::sync::OnceLock;

use counterpart_core::codes::{ReferenceSet, manifest};
use counterpart_core::door::{self, Proposal, Surroundings, Validation, WordsByPointer};
use counterpart_core::draft;
use counterpart_core::event::data::Visibility;
use counterpart_core::header::CompetentAuthorityBasis;
use counterpart_core::ids::{AgreementId, OrganisationCode};
use counterpart_core::json;
use counterpart_core::organisation::{CompetentAuthority, Governance, OrganisationFlags, OrganisationType};
use counterpart_core::roles::OrganisationFacts;
use serde_json::{Map, Value, json};

pub const EVENT: &str = "01890000-0000-7000-8000-00000000a001";

/// What is filed, words in place.
#[derive(Clone, Debug)]
pub struct Example {
    pub terms: Value,
    pub parties: Value,
    pub contacts: Value,
    pub requesting: &'static str,
    pub visibility: Visibility,
    pub on: &'static str,
    pub similar: Vec<String>,
}

/// The bodies of the examples, with what the ledger records of them.
pub fn body(code: OrganisationCode) -> Option<OrganisationFacts> {
    let (kind, public, authority) = match code.as_str() {
        "CMD" | "HCK" | "ISL" | "BNE" | "CRY" | "LBH" | "TWH" => (
            OrganisationType::LondonBorough,
            true,
            Some((CompetentAuthorityBasis::Section30, vec!["TRADING_STD".parse().unwrap()])),
        ),
        "MPS" => (OrganisationType::PoliceForce, true, Some((CompetentAuthorityBasis::Schedule7, Vec::new()))),
        "GLA" => (OrganisationType::Gla, true, None),
        "NEL" => (OrganisationType::NhsIcb, true, None),
        "LFC" => (OrganisationType::FireBody, true, None),
        "UCL" => (OrganisationType::University, true, None),
        "HAS" => (OrganisationType::HousingProvider, false, None),
        "SUP" => (OrganisationType::Supplier, false, None),
        "LOTI" => (OrganisationType::Partnership, false, None),
        _ => return None,
    };
    let flags = OrganisationFlags {
        // The brigade here answers nobody's requests, and the university is no public authority.
        public_authority: public && code.as_str() != "UCL",
        foi_subject: public && code.as_str() != "LFC",
        cca_category: public.then_some(1),
        competent_authority: authority.map(|(basis, functions)| CompetentAuthority { basis, functions }),
        ..OrganisationFlags::default()
    };
    Some(OrganisationFacts { code, kind, flags, governance: Governance::Full, extra_roles: Vec::new() })
}

pub fn reference() -> &'static ReferenceSet {
    static SET: OnceLock<ReferenceSet> = OnceLock::new();
    SET.get_or_init(|| {
        let (lists, policies) = manifest();
        ReferenceSet::resolve(&lists, &policies).unwrap()
    })
}

pub fn strict(value: &Value) -> json::Value {
    json::to_value(value).unwrap()
}

/// Fresh salts that are the same in every run.
pub fn salts() -> impl Iterator<Item = [u8; 32]> {
    (0_u32..).map(|number| {
        let mut salt = [7; 32];
        salt[..4].copy_from_slice(&number.to_be_bytes());
        salt
    })
}

impl Example {
    /// The same with other values at pointers that begin with `/terms`, `/parties` or `/contacts`; null removes.
    pub fn with(mut self, changes: &[(&str, Value)]) -> Self {
        for (pointer, value) in changes {
            let (document, rest) = match pointer.split('/').nth(1).unwrap() {
                "terms" => (&mut self.terms, &pointer["/terms".len()..]),
                "parties" => (&mut self.parties, &pointer["/parties".len()..]),
                "contacts" => (&mut self.contacts, &pointer["/contacts".len()..]),
                other => panic!("{other}"),
            };
            let (parent, name) = rest.rsplit_once('/').unwrap_or(("", ""));
            if name.is_empty() {
                *document = value.clone();
                continue;
            }
            match document.pointer_mut(parent).unwrap_or_else(|| panic!("{pointer}")) {
                Value::Object(members) if value.is_null() => assert!(members.remove(name).is_some(), "{pointer}"),
                Value::Object(members) => {
                    members.insert(name.to_owned(), value.clone());
                }
                Value::Array(elements) => elements[name.parse::<usize>().unwrap()] = value.clone(),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => panic!("{pointer}"),
            }
        }
        self
    }

    pub fn split(&self) -> draft::Split {
        draft::split(&strict(&self.terms), EVENT, &mut salts()).unwrap()
    }

    /// Hands the surroundings of the example to `work`.
    pub fn surround<T>(&self, work: impl FnOnce(&Surroundings<'_>) -> T) -> T {
        work(&Surroundings {
            organisations: &body,
            reference: reference(),
            visibility: self.visibility,
            on: self.on.parse().unwrap(),
            agreement_exists: Some(&|_: AgreementId| false),
            similar: &self.similar,
        })
    }

    pub fn judge(&self) -> Validation {
        let split = self.split();
        self.judge_skeleton(&split.skeleton, &split.words, None)
    }

    pub fn judge_skeleton(
        &self,
        skeleton: &json::Value,
        words: &WordsByPointer,
        earlier: Option<&json::Value>,
    ) -> Validation {
        let parties = strict(&self.parties);
        let contacts = strict(&self.contacts);
        let proposal = Proposal {
            terms: skeleton,
            words,
            parties: &parties,
            contacts: Some(&contacts),
            requesting_organisation: Some(self.requesting.parse().unwrap()),
        };
        self.surround(|around| door::validate(&proposal, around, earlier))
    }

    /// What is said, as code and message.
    pub fn said(&self) -> Vec<(String, String)> {
        self.judge().messages.into_iter().map(|message| (message.code, message.message)).collect()
    }

    /// The codes of the errors, each once.
    pub fn errors(&self) -> Vec<String> {
        let messages = self.judge().messages.into_iter().filter(counterpart_core::message::Message::is_error);
        let mut codes: Vec<String> = messages.map(|message| message.code).collect();
        codes.dedup();
        codes
    }
}

pub fn party(code: &str, capacity: &str, function: &str) -> Value {
    json!({ "organisation": code, "capacity": capacity, "legal_role": "CONTROLLER", "regime": "UKGDPR", "functions": [function] })
}

pub fn contacts(codes: &[&str]) -> Value {
    let one = |code: &&str| {
        let mailbox = |desk: &str| format!("{desk}@{}.example", code.to_lowercase());
        let contact = json!({
            "breach": mailbox("breach"), "complaints": mailbox("complaints"), "dpo": mailbox("dpo"),
            "ig": mailbox("ig"), "rights": mailbox("rights"), "ico_registration": "Z1234567",
        });
        ((*code).to_owned(), contact)
    };
    Value::Object(codes.iter().map(one).collect::<Map<_, _>>())
}

pub fn field(name: &str, identifier: &str, category: &str) -> Value {
    json!({
        "name": name, "identifier": identifier, "category": category,
        "justification": "The purpose cannot be met without it.",
    })
}

fn dataset(class: &str, provider: &str, recipients: &[&str]) -> Value {
    json!({
        "name": "Children known to the safeguarding partnership", "asset_ref": "Asset register, children's services",
        "data_class": class, "provider": provider, "recipients": recipients,
        "fields": [field("child name", "DIRECT", "IDENTITY"), field("school year", "INDIRECT", "EDUCATION")],
        "frequency": "AD_HOC", "method": "PORTAL", "onward": { "kind": "NONE" }, "subjects": ["CHILDREN"],
        "volume": "LT_1K", "standard": "NONE: a short list agreed by both services",
        "quality": { "source": "Case management", "gaps": "The last week may be incomplete", "correction": "By the portal" },
        "retention": { "basis": "Council retention schedule", "end_action": "DESTROY", "period": "P1Y", "start": "FROM_RECEIPT" },
    })
}

const LONG: &str = "Those concerned are found before harm is done, and it is measured each quarter.";

/// Hackney shares what it knows of children at risk with Camden.
pub fn children() -> Example {
    let notice = json!({ "route": "ART13_OWN", "url": "The privacy pages of the council" });
    let terms = json!({
        "agreement_type": "C2C", "sharing_mode": "ON_REQUEST", "formation": "ALL", "lead_party": "HCK",
        "execution_form": "SIMPLE_CONTRACT", "security_class": "OFFICIAL", "title": "Children known to two boroughs",
        "purpose": "To find children at risk who are known to both boroughs, so that one worker sees the whole picture.",
        "purpose_codes": ["SAFEGUARD_CHILD"], "benefits": LONG, "harm_if_not_shared": LONG, "necessity": LONG,
        "human_rights": LONG, "excluded_uses": ["IMMIGRATION_ENFORCEMENT"],
        "lawful_basis": { "CMD": ["E"], "HCK": ["E"] },
        "gateways": [
            { "code": "CA89-47", "holder": "CMD", "use": ["RECEIVE"] },
            { "code": "CA89-27", "holder": "HCK", "use": ["DISCLOSE"] },
        ],
        "datasets": [dataset("PD", "HCK", &["CMD"])],
        "destruction_standard": "OVERWRITE", "destruction_due_days": 30,
        "security": {
            "access_control": "Named officers", "location": "Within the United Kingdom", "certification": ["CE_PLUS"],
            "encryption_at_rest": true, "encryption_in_transit": true,
        },
        "rights_handling": { "model": "EACH_OWN", "contact": "The rights mailbox of each", "notify_days": 30 },
        "privacy_notice": { "CMD": notice, "HCK": notice },
        "breach": { "contact": "The breach mailbox of the lead", "lead": "HCK", "notify_within_hours": 24 },
        "dpia": { "status": "DONE", "reference": "Register 12", "date": "2026-09-01", "residual": "LOW", "owner": "HCK" },
        "foi_handling": { "lead": "RECEIVING_BODY", "consult_days": 5 }, "further_use": { "basis": "ORIGINAL" },
        "notice_days": 30, "publication": { "register": "PUBLISH" },
        "term": { "effective_date": "2026-12-01", "end_date": "2028-11-30", "review_date": "2027-11-30" },
    });
    Example {
        terms,
        parties: json!([party("CMD", "RECIPIENT", "CHILD_SC"), party("HCK", "PROVIDER", "CHILD_SC")]),
        contacts: contacts(&["CMD", "HCK"]),
        requesting: "CMD",
        visibility: Visibility::Open,
        on: "2026-11-24",
        similar: Vec::new(),
    }
}

/// S1: Camden publishes how its charge points are used.
pub fn charge_points() -> Example {
    let base = children();
    let mut terms = base.terms.clone();
    let members = terms.as_object_mut().unwrap();
    for member in [
        "lawful_basis",
        "gateways",
        "privacy_notice",
        "dpia",
        "breach",
        "rights_handling",
        "human_rights",
        "necessity",
        "excluded_uses",
        "foi_handling",
        "security",
        "destruction_standard",
        "further_use",
    ] {
        members.remove(member);
    }
    let changes = [
        ("/terms/agreement_type", json!("OPEN")),
        ("/terms/formation", json!("UNILATERAL")),
        ("/terms/sharing_mode", json!("REGULAR")),
        ("/terms/lead_party", json!("CMD")),
        ("/terms/title", json!("Use of charge points for electric vehicles")),
        ("/terms/purpose_codes", json!(["TRANSPARENCY", "TRANSPORT"])),
        ("/terms/term", json!({ "effective_date": "2026-12-01", "rolling": true })),
        ("/terms/datasets/0", dataset("NP-O", "CMD", &[])),
        (
            "/terms/datasets/0/fields",
            json!([field("charge point number", "NONE", "ASSET"), field("sessions in the month", "NONE", "ASSET")]),
        ),
        ("/terms/datasets/0/frequency", json!("MONTHLY")),
        ("/terms/datasets/0/method", json!("PUBLIC_DOWNLOAD")),
        ("/terms/datasets/0/licence", json!("OGL-UK-3-0")),
        ("/terms/datasets/0/publication_target", json!("DATA_FOR_LONDON")),
        (
            "/terms/datasets/0/disclosure_risk_statement",
            json!("Counts below five are suppressed, and no vehicle or driver is recorded."),
        ),
        ("/terms/datasets/0/retention", Value::Null),
    ];
    let parties = json!([{ "organisation": "CMD", "capacity": "PROVIDER", "legal_role": "LICENSOR", "functions": ["TRANSPORT"] }]);
    Example { terms, parties, contacts: contacts(&["CMD"]), ..base }.with(&changes)
}

fn block(basis: &str, function: Option<&str>) -> Value {
    let mut block = json!({
        "competent_authority_basis": basis, "le_basis": "NECESSARY_FOR_TASK", "le_purposes": ["INVESTIGATE", "PROSECUTE"],
        "subject_categories": ["SUSPECT", "WITNESS"], "fact_opinion_marking": true, "logging": true,
        "archive_review_period": "P12M", "handling": "Within the team only",
    });
    if let Some(function) = function {
        block["function"] = json!(function);
    }
    block
}

/// S3: Croydon's trading standards and the Metropolitan Police, online sales of knives.
pub fn knives() -> Example {
    let mut parties = json!([party("CRY", "BOTH", "TRADING_STD"), party("MPS", "BOTH", "POLICING")]);
    for at in 0..2 {
        parties[at]["regime"] = json!("PART3");
    }
    let mut base = children();
    base.terms["lawful_basis"] = json!({});
    let exempt = json!({ "route": "EXEMPT", "exemption": "S44_4" });
    let knives = json!([field("full name", "DIRECT", "IDENTITY"), field("item sold", "NONE", "OFFENCE")]);
    Example { parties, contacts: contacts(&["CRY", "MPS"]), requesting: "CRY", ..base }.with(&[
        ("/terms/agreement_type", json!("LE-LE")),
        ("/terms/lead_party", json!("CRY")),
        ("/terms/purpose_codes", json!(["CRIME_PREVENTION", "CRIME_ENFORCEMENT"])),
        ("/terms/security_class", json!("OFFICIAL_SENSITIVE")),
        ("/terms/gateways", json!([
            { "code": "CDA-115", "holder": "CRY", "use": ["DISCLOSE", "RECEIVE"] },
            { "code": "CDA-115", "holder": "MPS", "use": ["RECEIVE"] },
            { "code": "POL-COMMON", "holder": "MPS", "use": ["DISCLOSE"] },
        ])),
        ("/terms/part3", json!({ "CRY": block("S30_1B", Some("TRADING_STD")), "MPS": block("SCH7", None) })),
        ("/terms/privacy_notice", json!({ "CRY": exempt, "MPS": exempt })),
        ("/terms/publication", json!({
            "register": "PUBLISH_REDACTED", "exemption": "FOIA-S31", "fields": ["/datasets/0/method"], "look_again": "2027-09-01",
        })),
        ("/terms/breach/lead", json!("CRY")),
        ("/terms/datasets", json!([dataset("LE", "CRY", &["MPS"]), dataset("LE", "MPS", &["CRY"])])),
        ("/terms/datasets/0/fields", knives.clone()),
        ("/terms/datasets/1/fields", knives),
    ])
}

/// S4: a tower block is evacuated; the borough tells the fire brigade who needs help to leave.
pub fn tower_block() -> Example {
    let base = children();
    let notice = base.terms["privacy_notice"]["HCK"].clone();
    let parties = json!([party("TWH", "PROVIDER", "HOUSING"), party("LFC", "RECIPIENT", "FIRE")]);
    Example { parties, contacts: contacts(&["TWH", "LFC"]), requesting: "TWH", ..base }.with(&[
        ("/terms/agreement_type", json!("EMG")),
        ("/terms/lead_party", json!("TWH")),
        ("/terms/purpose_codes", json!(["EMERGENCY"])),
        ("/terms/lawful_basis", json!({ "TWH": ["D"], "LFC": ["E"] })),
        ("/terms/art9_condition", json!({ "TWH": ["C"], "LFC": ["C"] })),
        ("/terms/common_law_duty", json!("PUBLIC_INTEREST")),
        (
            "/terms/gateways",
            json!([
                { "code": "CCA-REG", "holder": "TWH", "use": ["DISCLOSE"] },
                { "code": "CCA-REG", "holder": "LFC", "use": ["RECEIVE"] },
                { "code": "FRSA-5A", "holder": "LFC", "use": ["RECEIVE"] },
            ]),
        ),
        (
            "/terms/emergency",
            json!({ "ground": "LIFE", "incident_ref": "Incident of tonight", "declared_by": "Gold commander" }),
        ),
        ("/terms/privacy_notice", json!({ "TWH": notice, "LFC": notice })),
        ("/terms/breach/lead", json!("TWH")),
        (
            "/terms/term",
            json!({ "effective_date": "2026-12-14", "end_date": "2026-12-28", "review_date": "2026-12-28" }),
        ),
        ("/terms/datasets/0", dataset("SC", "TWH", &["LFC"])),
        (
            "/terms/datasets/0/fields",
            json!([field("full name", "DIRECT", "IDENTITY"), field("help needed", "NONE", "HEALTH")]),
        ),
        ("/terms/datasets/0/flags", json!(["CONFIDENTIAL"])),
    ])
}

/// S6: a housing association tells Barnet of visits that point to cuckooing.
pub fn cuckooing() -> Example {
    let base = children();
    let notice = base.terms["privacy_notice"]["HCK"].clone();
    let parties = json!([party("BNE", "RECIPIENT", "COMMUNITY_SAFETY"), party("HAS", "PROVIDER", "HOUSING")]);
    Example { parties, contacts: contacts(&["BNE", "HAS"]), requesting: "BNE", ..base }.with(&[
        ("/terms/lead_party", json!("BNE")),
        ("/terms/purpose_codes", json!(["CRIME_PREVENTION"])),
        ("/terms/lawful_basis", json!({ "BNE": ["E"], "HAS": ["EA"] })),
        ("/terms/annex1_condition", json!({ "HAS": "A1-1" })),
        ("/terms/annex1_request", json!({ "HAS": "Barnet's written request of the autumn" })),
        (
            "/terms/gateways",
            json!([
                { "code": "CDA-17", "holder": "BNE", "use": ["RECEIVE"] },
                { "code": "LOC-1", "holder": "BNE", "use": ["RECEIVE"], "limits_checked": true },
                { "code": "CDA-115", "holder": "HAS", "use": ["DISCLOSE"] },
            ]),
        ),
        ("/terms/privacy_notice", json!({ "BNE": notice, "HAS": notice })),
        ("/terms/breach/lead", json!("BNE")),
        ("/terms/datasets/0", dataset("PD", "HAS", &["BNE"])),
    ])
}

/// S8: the police ask Lambeth for what residents said when they lost their home.
pub fn duty_to_refer() -> Example {
    let base = children();
    let notice = base.terms["privacy_notice"]["HCK"].clone();
    let mut parties = json!([party("LBH", "PROVIDER", "HOUSING"), party("MPS", "RECIPIENT", "POLICING")]);
    parties[1]["regime"] = json!("PART3");
    Example { parties, contacts: contacts(&["LBH", "MPS"]), requesting: "MPS", ..base }.with(&[
        ("/terms/agreement_type", json!("GP-LE")),
        ("/terms/sharing_mode", json!("REGULAR")),
        ("/terms/lead_party", json!("LBH")),
        ("/terms/purpose_codes", json!(["CRIME_PREVENTION"])),
        ("/terms/lawful_basis", json!({ "LBH": ["E"] })),
        (
            "/terms/gateways",
            json!([
                { "code": "CDA-115", "holder": "LBH", "use": ["DISCLOSE"] },
                { "code": "CDA-115", "holder": "MPS", "use": ["RECEIVE"] },
            ]),
        ),
        ("/terms/part3", json!({ "MPS": block("SCH7", None) })),
        ("/terms/gp_request", json!({ "LBH": "The request of the force, and Schedule 2, paragraph 2" })),
        ("/terms/privacy_notice", json!({ "LBH": notice, "MPS": notice })),
        ("/terms/breach/lead", json!("LBH")),
        ("/terms/datasets/0", dataset("PD", "LBH", &["MPS"])),
    ])
}
