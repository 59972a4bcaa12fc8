//! Terms of agreements, from `config/demo/papers`: what a council's own tool would hand to the ledger.

use anyhow::{Context, Result};
use counterpart_core::ids::OrganisationCode;
use counterpart_core::time::Date;
use serde_json::{Map, Value, json};

/// Members that every paper about people shares.
const PERSONAL: &str = include_str!("../../../../config/demo/papers/personal.json");

/// A paper of the folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paper {
    /// Children known to two boroughs (personal data).
    Safeguarding,
    /// Households placed in temporary accommodation elsewhere (personal data, power of competence).
    Accommodation,
    /// Adults with care needs who move (special category, Caldicott Guardian).
    Adults,
    /// Charge points as open data (one publisher).
    OpenData,
    /// Online knife sales (Part 3 on both sides).
    KnifeSales,
    /// Duty-to-refer notifications for the police.
    DutyToRefer,
    /// Homes in the pipeline, across many authorities (no personal data).
    Planning,
}

/// The days that a paper names.
#[derive(Clone, Copy)]
pub struct Days {
    /// The first day in force.
    pub start: Date,
    /// The last day in force.
    pub end: Date,
}

impl Paper {
    const fn text(self) -> &'static str {
        match self {
            Self::Safeguarding => include_str!("../../../../config/demo/papers/safeguarding.json"),
            Self::Accommodation => include_str!("../../../../config/demo/papers/accommodation.json"),
            Self::Adults => include_str!("../../../../config/demo/papers/adults.json"),
            Self::OpenData => include_str!("../../../../config/demo/papers/open-data.json"),
            Self::KnifeSales => include_str!("../../../../config/demo/papers/knife-sales.json"),
            Self::DutyToRefer => include_str!("../../../../config/demo/papers/duty-to-refer.json"),
            Self::Planning => include_str!("../../../../config/demo/papers/planning.json"),
        }
    }

    const fn is_about_people(self) -> bool {
        !matches!(self, Self::OpenData | Self::Planning)
    }

    /// The terms between one body and another, with words in place of commitments.
    pub fn terms(self, from: OrganisationCode, to: OrganisationCode, days: Days) -> Result<Value> {
        let filled = |text: &str| -> Result<Map<String, Value>> {
            let text = text
                .replace("@FROM@", from.as_str())
                .replace("@TO@", to.as_str())
                .replace("@START@", &days.start.to_string())
                .replace("@END@", &days.end.to_string())
                .replace("@REVIEW@", &days.start.add_days(300).min(days.end).to_string())
                .replace("@DPIA@", &days.start.add_days(-60).to_string());
            serde_json::from_str(&text).with_context(|| format!("the paper {self:?} is not JSON"))
        };
        let mut terms = if self.is_about_people() { filled(PERSONAL)? } else { Map::new() };
        terms.extend(filled(self.text())?);
        // A paper may say that a shared member does not apply to it.
        terms.retain(|_, member| !member.as_object().is_some_and(Map::is_empty) && member != &json!([]));
        Ok(with_words(Value::Object(terms)))
    }

    /// The party rows.
    pub fn parties(self, from: OrganisationCode, to: OrganisationCode, others: &[OrganisationCode]) -> Value {
        let row = |code: OrganisationCode, capacity: &str, role: &str, regime: &str, function: &str| json!({ "capacity": capacity, "functions": [function], "legal_role": role, "organisation": code, "regime": regime });
        match self {
            Self::Safeguarding => json!([
                row(from, "PROVIDER", "CONTROLLER", "UKGDPR", "CHILD_SC"),
                row(to, "RECIPIENT", "CONTROLLER", "UKGDPR", "CHILD_SC")
            ]),
            Self::Accommodation => json!([
                row(from, "PROVIDER", "CONTROLLER", "UKGDPR", "HOUSING"),
                row(to, "RECIPIENT", "CONTROLLER", "UKGDPR", "HOUSING")
            ]),
            Self::Adults => json!([
                row(from, "PROVIDER", "CONTROLLER", "UKGDPR", "ADULT_SC"),
                row(to, "RECIPIENT", "CONTROLLER", "UKGDPR", "ADULT_SC")
            ]),
            Self::OpenData => json!([
                { "capacity": "PROVIDER", "functions": ["TRANSPORT"], "legal_role": "LICENSOR", "organisation": from },
                { "capacity": "PLATFORM", "functions": ["PLANNING_STRATEGIC"], "organisation": to }
            ]),
            Self::KnifeSales => json!([
                row(from, "BOTH", "CONTROLLER", "PART3", "TRADING_STD"),
                row(to, "BOTH", "CONTROLLER", "PART3", "POLICING")
            ]),
            Self::DutyToRefer => json!([
                row(from, "PROVIDER", "CONTROLLER", "UKGDPR", "HOUSING"),
                row(to, "RECIPIENT", "CONTROLLER", "PART3", "POLICING")
            ]),
            Self::Planning => {
                let all = [from, to].into_iter().chain(others.iter().copied());
                all.map(|code| json!({ "capacity": "BOTH", "functions": ["PLANNING"], "organisation": code })).collect()
            }
        }
    }
}

/// In a paper a string that begins with `~` is free text.
fn with_words(value: Value) -> Value {
    match value {
        Value::String(text) => match text.strip_prefix('~') {
            Some(words) => super::seal::text(words),
            None => Value::String(text),
        },
        Value::Array(elements) => elements.into_iter().map(with_words).collect(),
        Value::Object(members) => members.into_iter().map(|(name, member)| (name, with_words(member))).collect(),
        other @ (Value::Null | Value::Bool(_) | Value::Number(_)) => other,
    }
}
