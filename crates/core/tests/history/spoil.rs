//! What makes a legal move nearly legal: one thing is not as it should be.

use counterpart_core::ids::{EventId, OrganisationCode, Role};
use serde_json::{Value, json};

use super::{Chronicle, DAY, Draft, Hand, at};

/// What is wrong with the payload or its envelope.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Twist {
    /// Nothing.
    #[default]
    Nothing,
    /// A signature is over other bytes.
    Signature,
    /// A signer did not sign.
    Unsigned,
    /// The entry says that it was recorded before the last one.
    Earlier,
    /// The signers saw another revision, by so many.
    Revision(i64),
    /// The clock of the signer is ahead by so many minutes.
    Ahead(i64),
    /// It could be recorded until an hour ago.
    Expired,
    /// The id was used before.
    Repeated(EventId),
    /// It is for another ledger.
    OtherLedger,
    /// The type is not known, or its version.
    Unknown(&'static str),
    /// It is larger than an envelope may be.
    Large,
    /// It waits for longer than one signer may.
    Patient,
}

impl Twist {
    /// Changes a payload before it is signed.
    pub fn apply(&self, chronicle: &Chronicle, payload: &mut Value) {
        let now = chronicle.now;
        match self {
            Self::Nothing | Self::Signature | Self::Unsigned | Self::Earlier => {}
            Self::Revision(by) => {
                let seen = payload["expected_revision"].as_i64().unwrap();
                payload["expected_revision"] = json!((seen + by).max(0));
            }
            Self::Ahead(minutes) => {
                payload["signed_at"] = json!(at(now + minutes * 60_000).to_string());
                payload["valid_until"] = json!(at(now + DAY).to_string());
            }
            Self::Expired => {
                payload["signed_at"] = json!(at(now - DAY / 4).to_string());
                payload["valid_until"] = json!(at(now - DAY / 24).to_string());
            }
            Self::Repeated(id) => payload["id"] = json!(id.to_string()),
            Self::OtherLedger => payload["ledger"] = json!(format!("other.example/log#{}", "ab".repeat(32))),
            Self::Unknown(what) if *what == "v" => payload["v"] = json!(2),
            Self::Unknown(what) => payload["type"] = json!(what),
            Self::Large => payload["data"]["text"] = json!("a".repeat(counterpart_core::wire::MAX_ENVELOPE)),
            Self::Patient => payload["valid_until"] = json!(at(now + 20 * DAY).to_string()),
        }
    }
}

impl Draft {
    /// A draft as it should be.
    pub fn new(stream: &str, kind: &str, data: Value, hands: Vec<Hand>) -> Self {
        Self { stream: stream.to_owned(), kind: kind.to_owned(), data, hands, twist: Twist::Nothing }
    }
}

/// Roles that sign nearly everything between them.
const ROLES: [&str; 14] =
    ["REQ", "IGL", "DPO", "SIRO", "CG", "IAO", "SIG", "LGL", "SEC", "LEO", "OPN", "DAT", "ADM", "CEX"];

impl Chronicle {
    /// Now and then a draft is spoilt in one way.
    pub(super) fn perhaps_spoilt(&mut self, mut draft: Draft) -> Draft {
        if draft.hands.is_empty() || !self.dice.percent(24) {
            return draft;
        }
        let signs = self.checks_signatures;
        match self.dice.below(24) {
            0 | 1 => self.other_hand(&mut draft, true),
            2 => self.other_hand(&mut draft, false),
            3 if draft.hands.len() > 1 => {
                draft.hands.pop();
            }
            3 | 4 => {
                let organisation = self.any_body();
                let role = *self.dice.of_these(&ROLES);
                draft.hands.extend(self.holder(organisation, role));
            }
            5 => draft.twist = Twist::Revision(*self.dice.of_these(&[-1, -3, 1, 7])),
            6 => {
                let odd = [
                    Twist::Ahead(9),
                    Twist::Expired,
                    Twist::OtherLedger,
                    Twist::Patient,
                    Twist::Unsigned,
                    Twist::Earlier,
                ];
                draft.twist = self.dice.of_these(&odd).clone();
            }
            7 => draft.twist = Twist::Unknown(["v", "SomethingElse"][self.dice.below(2)]),
            8 => draft.twist = self.any_event().map_or(Twist::Nothing, Twist::Repeated),
            9 if signs => draft.twist = Twist::Signature,
            9 | 10 => self.wrong_key(&mut draft),
            11 | 12 => self.other_target(&mut draft),
            13 | 14 => self.other_date(&mut draft),
            15..=17 => {
                if let (true, Some(id)) = (draft.stream.starts_with("agr:"), self.dice.any(&self.agreements)) {
                    draft.stream = format!("agr:{id}");
                }
            }
            18 if draft.stream.starts_with("agr:") => draft.stream = format!("agr:{}", self.uuid()),
            18 | 19 => {
                let other = if self.dice.percent(30) { "QQQ".to_owned() } else { self.any_body().to_string() };
                for member in ["asked", "organisation", "lead", "predecessor", "partnership", "requesting_organisation"]
                {
                    if draft.data.get(member).is_some() {
                        draft.data[member] = json!(other);
                    }
                }
            }
            20 => {
                if let Some(members) = draft.data.as_object_mut() {
                    members.retain(|name, _| name != "words" && name != "version_hash");
                }
            }
            21 => {
                if draft.data.get("datasets").is_some() {
                    draft.data["datasets"] = json!(["DS-9"]);
                }
            }
            22 => {
                let registrar = self.cast.people()[0].as_role("REG");
                draft.hands[0] = registrar;
            }
            _ => self.filer_signs(&mut draft),
        }
        draft
    }

    fn any_body(&mut self) -> OrganisationCode {
        let all = self.bodies();
        *self.dice.of_these(&all)
    }

    fn any_event(&mut self) -> Option<EventId> {
        let entry = self.dice.below(self.entries.len());
        let read = counterpart_core::replay::read(&self.entries[entry]).ok()?;
        Some(read.event.id)
    }

    /// Another officer of the same body signs first, or one of another body in the same role.
    fn other_hand(&mut self, draft: &mut Draft, own: bool) {
        let first = draft.hands[0].clone();
        let Ok(organisation) = first.organisation.parse::<OrganisationCode>() else { return };
        let (organisation, role) =
            if own { (organisation, (*self.dice.of_these(&ROLES)).to_owned()) } else { (self.any_body(), first.role) };
        if let Some(other) = self.holder(organisation, &role) {
            draft.hands[0] = other;
        }
    }

    /// An older key of the person, a key that is not registered, or somebody else's.
    fn wrong_key(&mut self, draft: &mut Draft) {
        let place = self.dice.below(draft.hands.len());
        let person = draft.hands[place].person.clone();
        let known: Vec<_> =
            self.cast.people().iter().filter(|p| p.organisation == person.organisation).cloned().collect();
        let ended: Vec<_> = known
            .iter()
            .filter(|p| self.state().keys.get(&p.key_id()).is_some_and(|key| !key.is_active() || key.contested))
            .cloned()
            .collect();
        let other = match self.dice.below(4) {
            0 => Some(self.cast.another_key(&person)),
            1 => self.dice.any(&known).map(|other| super::Person { id: person.id.clone(), ..other }),
            _ => self.dice.any(&ended),
        };
        let Some(other) = other else { return };
        let role = self.role_of(&other.id).unwrap_or_else(|| draft.hands[place].role.clone());
        draft.hands[place].role = role;
        draft.hands[place].person = other;
    }

    /// What an event refers to becomes something else.
    fn other_target(&mut self, draft: &mut Draft) {
        let Some(other) = self.any_event() else { return };
        for member in ["target", "ground", "question", "hold", "incident", "import", "appointment", "delegation"] {
            if draft.data.get(member).is_some() {
                draft.data[member] = json!(other.to_string());
            }
        }
        if draft.data.get("targets").is_some() {
            draft.data["targets"] = json!([other.to_string()]);
        }
        if draft.data.get("version_hash").is_some() {
            let all: Vec<String> = self.agreements.clone().iter().flat_map(|id| self.hashes(*id)).collect();
            draft.data["version_hash"] = json!(self.dice.any(&all));
        }
    }

    fn hashes(&self, id: counterpart_core::ids::AgreementId) -> Vec<String> {
        let agreement = self.state().agreement(id);
        agreement.iter().flat_map(|own| own.versions()).map(|version| version.hash.to_string()).collect()
    }

    /// Every day that is named lies elsewhere.
    fn other_date(&mut self, draft: &mut Draft) {
        let day = match self.dice.below(4) {
            0 => self.long_ago(),
            1 => self.day(-1),
            2 => self.day(3),
            _ => self.day(900),
        };
        for member in
            ["until", "on", "effective", "approve_by", "takes_effect_on", "next_review", "recheck", "valid_from"]
        {
            if draft.data.get(member).is_some() {
                draft.data[member] = json!(day);
            }
        }
    }

    /// Whoever filed the request signs in whatever other role they hold.
    fn filer_signs(&mut self, draft: &mut Draft) {
        let Some(id) = draft.stream.strip_prefix("agr:").and_then(|id| id.parse().ok()) else { return };
        let Some(agreement) = self.state().agreement(id) else { return };
        let (filer, organisation) = (agreement.filer(), agreement.filed_by());
        let now = self.instant();
        let Some(body) = self.state().organisations.get(&organisation) else { return };
        let roles: Vec<Role> = body.roles_of(filer, now).collect();
        let known = self.cast.keys_of(filer).last().cloned();
        if let (Some(role), Some(person)) = (self.dice.any(&roles), known) {
            draft.hands = vec![person.as_role(role.as_str())];
        }
    }
}
