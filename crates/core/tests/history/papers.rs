//! The terms of agreements: what bodies file, counter and amend.

use counterpart_core::derive;
use counterpart_core::header::Header;
use counterpart_core::ids::OrganisationCode;
use counterpart_core::roles::OrganisationFacts;
use counterpart_core::state::State;
use counterpart_core::terms::{Party, Terms};
use serde_json::{Value, json};

use super::{Chronicle, sealed};

/// Terms and the parties that are named beside them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paper {
    /// The skeleton of the terms.
    pub terms: Value,
    /// The rows of the parties.
    pub parties: Value,
}

/// Kinds of agreement, with how often each is filed.
const KINDS: [(&str, usize); 12] = [
    ("pair", 22),
    ("special", 8),
    ("three", 22),
    ("accession", 18),
    ("open", 6),
    ("emergency", 8),
    ("one-off", 6),
    ("anonymous", 3),
    ("enforcing", 3),
    ("restricted", 2),
    ("derived", 2),
    ("wrong", 4),
];

impl Chronicle {
    /// A new paper of some kind, and the body that files it.
    pub fn new_paper(&mut self) -> Option<(Paper, OrganisationCode)> {
        let total = KINDS.iter().map(|(_, weight)| weight).sum();
        let mut drawn = self.dice.below(total);
        let mut kind = "pair";
        for (name, weight) in KINDS {
            if drawn < weight {
                kind = name;
                break;
            }
            drawn -= weight;
        }
        self.paper_of(kind)
    }

    /// A new paper of a kind.
    pub fn paper_of(&mut self, kind: &str) -> Option<(Paper, OrganisationCode)> {
        let mut bodies = self.bodies();
        let mut draw = || {
            let place = self.dice.below(bodies.len());
            if bodies.is_empty() { None } else { Some(bodies.swap_remove(place)) }
        };
        let (asks, gives) = (draw()?, draw()?);
        let third = draw();
        let first = if self.dice.percent(30) { self.day(20) } else { self.day(0) };
        let mut paper = self.pair(asks, gives, &first);
        match kind {
            "special" => paper.set("/datasets/0/data_class", json!("SC")),
            "three" => {
                let third = third?;
                paper.terms["datasets"] = json!([dataset(gives, &[asks, third]), dataset(third, &[asks, gives])]);
                paper.terms["continuation"] = json!({ "min_parties": 2 });
                paper.parties = json!([row(asks, "RECIPIENT"), row(gives, "BOTH"), row(third, "BOTH")]);
            }
            "accession" => {
                paper.set("/formation", json!("ACCESSION"));
                paper.set("/min_parties", json!(2));
                paper.set("/anchor_parties", json!([gives.to_string()]));
                let joiners = if self.dice.percent(90) { "LONDON_BOROUGH" } else { "NHS_TRUST" };
                paper.set("/eligible_joiners", json!([joiners]));
                paper.set("/non_adopter_rule", json!("LEAVE"));
                paper.set("/amendment_quorum", json!("TWO_THIRDS"));
                paper.set("/continuation", json!({ "min_parties": 2 }));
                let mut set = dataset(gives, &[]);
                set["provider"] = json!("*");
                set["recipients"] = json!("*");
                paper.terms["datasets"] = json!([set]);
                paper.parties = json!([row(asks, "RECIPIENT"), row(gives, "BOTH")]);
            }
            "open" => {
                let mut set = dataset(asks, &[]);
                set["data_class"] = json!("NP-O");
                set["method"] = json!("PUBLIC_DOWNLOAD");
                paper.terms["datasets"] = json!([set]);
                paper.set("/agreement_type", json!("OPEN"));
                paper.set("/formation", json!("UNILATERAL"));
                paper.set("/lawful_basis", json!({}));
                paper.parties = json!([{
                    "organisation": asks.to_string(), "capacity": "PROVIDER", "legal_role": "LICENSOR", "regime": "NONE",
                    "functions": ["TRANSPORT"],
                }]);
            }
            "emergency" => {
                paper.set("/agreement_type", json!("EMG"));
                paper.set("/emergency", json!({ "declared_by": sealed(), "ground": "LIFE", "incident_ref": sealed() }));
                let term =
                    json!({ "effective_date": self.day(0), "end_date": self.day(14), "review_date": self.day(9) });
                paper.set("/term", term);
            }
            "one-off" => {
                paper.set("/sharing_mode", json!("ONE_OFF"));
                paper.set("/datasets/0/frequency", json!("ONCE"));
                paper.set("/term/end_date", json!(self.day(330)));
                paper.set("/term/review_date", json!(self.day(300)));
            }
            "anonymous" => paper.set("/datasets/0/data_class", json!("AN")),
            "restricted" => {
                paper.set("/datasets/0/data_class", json!("NP-R"));
                paper.set("/agreement_type", json!("NPR"));
            }
            "enforcing" => {
                paper.set("/agreement_type", json!("LE-LE"));
                paper.set("/datasets/0/data_class", json!("LE"));
                for place in ["0", "1"] {
                    paper.parties[place.parse::<usize>().unwrap()]["regime"] = json!("PART3");
                    paper.parties[place.parse::<usize>().unwrap()]["functions"] = json!(["TRADING_STD"]);
                }
            }
            "derived" => {
                let copied = self.dice.any(&self.agreements)?;
                paper.set("/derived_from", json!({ "agreement": copied.to_string(), "version": 1 }));
            }
            "wrong" => match self.dice.below(4) {
                0 => paper.set("/lawful_basis", json!({})),
                1 => paper.set("/gateways", json!([])),
                2 => paper.set("/lead_party", json!(third?.to_string())),
                _ => paper.set("/term/end_date", json!(self.day(-10))),
            },
            _ => {}
        }
        if self.dice.percent(60) {
            paper.set("/notice_days", json!(self.dice.of_these(&[0, 5, 30, 60])));
        }
        Some((paper, asks))
    }

    fn pair(&self, asks: OrganisationCode, gives: OrganisationCode, first: &str) -> Paper {
        let words = sealed();
        let all = self.bodies();
        let gateways: Vec<Value> = all
            .iter()
            .map(|code| json!({ "code": "CA89-47", "holder": code.to_string(), "use": ["DISCLOSE", "RECEIVE"] }))
            .collect();
        let by_body = |value: Value| {
            let each = all.iter().map(|code| (code.to_string(), value.clone()));
            Value::Object(each.collect())
        };
        let terms = json!({
            "agreement_type": "C2C", "datasets": [dataset(gives, &[asks])], "execution_form": "SIMPLE_CONTRACT",
            "formation": "ALL", "lead_party": asks.to_string(), "purpose": words, "purpose_codes": ["HOMELESSNESS"],
            "gateways": gateways, "art9_condition": by_body(json!(["C"])), "part3": by_body(enforcing()),
            "dpia": { "date": self.day(-60), "owner": gives.to_string(), "reference": words, "residual": "LOW", "status": "DONE" },
            "lawful_basis": by_body(json!(["E"])), "publication": { "register": "PUBLISH" },
            "security_class": "OFFICIAL", "sharing_mode": "REGULAR", "title": words, "notice_days": 30,
            "term": { "effective_date": first, "end_date": self.day(500), "review_date": self.day(350) },
        });
        Paper { terms, parties: json!([row(asks, "RECIPIENT"), row(gives, "PROVIDER")]) }
    }

    /// The same paper with one change, and the pointer of what changed.
    pub fn changed(&mut self, paper: &Paper) -> (Paper, String, &'static str) {
        let mut other = paper.clone();
        let (pointer, value, class) = match self.dice.below(8) {
            0 => ("/notice_days", json!(self.dice.below(80)), "M3"),
            1 => ("/term/end_date", json!(self.day(400)), "M2"),
            2 => ("/datasets/0/method", json!(self.dice.of_these(&["PORTAL", "API_MTLS", "SFTP"])), "M1"),
            3 => ("/datasets/0/frequency", json!(self.dice.of_these(&["DAILY", "QUARTERLY", "ANNUAL"])), "M1"),
            4 => ("/term/effective_date", json!(self.day(25)), "M3"),
            5 => ("/purpose_codes", json!(["HOMELESSNESS", "FRAUD"]), "M3"),
            6 => ("/continuation", json!({ "min_parties": 2 }), "M3"),
            _ => ("/term/review_date", json!(self.day(200)), "M2"),
        };
        other.set(pointer, value);
        (other, pointer.to_owned(), class)
    }
}

impl Paper {
    /// Puts a value at a pointer within the terms.
    pub fn set(&mut self, pointer: &str, value: Value) {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        if let Some(within) = self.terms.pointer_mut(parent) {
            within[name] = value;
        }
    }

    /// The header that follows; none where the terms are not of their form.
    pub fn header(&self, state: &State) -> Option<Header> {
        let terms: Terms = serde_json::from_value(self.terms.clone()).ok()?;
        let parties: Vec<Party> = serde_json::from_value(self.parties.clone()).ok()?;
        let facts = |code: OrganisationCode| state.organisations.get(&code).map(OrganisationFacts::from);
        derive::header(&terms, &parties, &facts, state.reference.as_ref()?, None).ok()
    }

    /// The bodies that are named as parties.
    pub fn names(&self, code: OrganisationCode) -> bool {
        let rows = self.parties.as_array().unwrap();
        rows.iter().any(|row| row["organisation"] == json!(code.to_string()))
    }
}

/// What a body says of itself under Part 3; it counts for parties of that regime alone.
fn enforcing() -> Value {
    json!({
        "archive_review_period": "P1Y", "competent_authority_basis": "S30_1B", "fact_opinion_marking": true,
        "function": "TRADING_STD", "handling": sealed(), "le_basis": "NECESSARY_FOR_TASK", "le_purposes": ["DETECT"],
        "logging": true, "subject_categories": ["SUSPECT"],
    })
}

fn dataset(provider: OrganisationCode, recipients: &[OrganisationCode]) -> Value {
    let words = sealed();
    let recipients: Vec<String> = recipients.iter().map(ToString::to_string).collect();
    json!({
        "asset_ref": words, "data_class": "PD", "frequency": "MONTHLY", "method": "SFTP", "name": words,
        "fields": [{ "identifier": "DIRECT", "justification": words, "name": words }],
        "onward": { "kind": "NONE" }, "provider": provider.to_string(), "recipients": recipients, "standard": words,
        "quality": { "correction": words, "gaps": words, "source": words },
        "retention": { "basis": words, "end_action": "DESTROY", "period": "P2Y", "start": "FROM_RECEIPT" },
    })
}

/// A party's row.
pub fn row(code: OrganisationCode, capacity: &str) -> Value {
    json!({
        "organisation": code.to_string(), "capacity": capacity, "legal_role": "CONTROLLER", "regime": "UKGDPR",
        "functions": ["HOUSING"],
    })
}
