//! A state told in full and in one spelling, so that two replays are compared byte for byte.
//!
//! The account is lines of RFC 8785 JSON: the ledger, then organisations by code, keys by id, successions in order,
//! contested events, verdicts, persons who are one human, and agreements by id. Members that say nothing are left
//! out. It stands as of the newest entry: what time alone brings about later is not in it.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::ids::{EventId, OrganisationCode, Role};
use crate::json;
use crate::keys::KeyStage;
use crate::offices::{Organisation, OrganisationStage};
use crate::state::State;
use crate::time::Timestamp;
use crate::wire::Digest;

/// The first line, which names the form of the account.
const FORM: &str = "counterpart/state/v1";

fn instant(at: Option<Timestamp>) -> Value {
    json!(at.map(|at| at.to_string()))
}

/// Without the members that say nothing.
fn told(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let says = |value: &Value| match value {
                Value::Null | Value::Bool(false) => false,
                Value::Array(items) => !items.is_empty(),
                Value::Bool(true) | Value::Number(_) | Value::String(_) | Value::Object(_) => true,
            };
            let kept = members.into_iter().map(|(name, value)| (name, told(value))).filter(|(_, value)| says(value));
            Value::Object(kept.collect())
        }
        // A place in a list keeps its meaning when nothing stands there.
        Value::Array(items) => {
            let each = items.into_iter().map(|item| if item.is_null() { json!("-") } else { told(item) });
            Value::Array(each.collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}

fn organisation(body: &Organisation) -> Value {
    let stage = match body.stage {
        OrganisationStage::Active => json!("ACTIVE"),
        OrganisationStage::Suspended { until } => json!(["SUSPENDED", until.to_string()]),
        OrganisationStage::Left { on } => json!(["LEFT", on.to_string()]),
        OrganisationStage::Succeeded { by, on } => json!(["SUCCEEDED", by.to_string(), on.to_string()]),
    };
    let appointments: Vec<Value> = body
        .appointments
        .iter()
        .map(|post| {
            json!({
                "event": post.event.to_string(), "person": post.person.to_string(), "role": post.role.as_str(),
                "functions": post.functions, "valid_from": post.valid_from.to_string(),
                "valid_to": post.valid_to.map(|day| day.to_string()), "ended_at": instant(post.ended_at),
                "contested": post.contested,
            })
        })
        .collect();
    let delegations: Vec<Value> = body
        .delegations
        .iter()
        .map(|delegation| {
            json!({
                "event": delegation.event.to_string(), "appointment": delegation.appointment.to_string(),
                "person": delegation.person.to_string(), "functions": delegation.functions,
                "until": delegation.until.to_string(), "ended_at": instant(delegation.ended_at),
                "by": delegation.by.to_string(), "index": delegation.index, "contested": delegation.contested,
            })
        })
        .collect();
    let mut barriers: Vec<(String, u64)> =
        body.person_barriers.iter().map(|(person, barrier)| (person.to_string(), *barrier)).collect();
    barriers.sort();
    let roles: Vec<&str> = body.extra_roles.iter().map(|role| role.as_str()).collect();
    json!({
        "organisation": body.code.to_string(), "name": body.name, "type": body.kind.as_str(), "flags": body.flags,
        "governance": body.governance.as_str(), "extra_roles": roles, "stage": stage,
        "gone": body.gone.map(|gone| json!([gone.event.to_string(), gone.at.to_string(), gone.by.map(|by| by.to_string())])),
        "partnerships": body.partnerships.iter().map(|(code, on)| json!([code.to_string(), on.to_string()])).collect::<Vec<_>>(),
        "appointments": appointments, "delegations": delegations, "revision": body.revision, "barrier": body.barrier,
        "person_barriers": barriers.into_iter().map(|(person, barrier)| json!([person, barrier])).collect::<Vec<_>>(),
    })
}

impl State {
    /// Tells the state in full, line by line; each line is without its newline.
    pub fn tell(&self, each: &mut dyn FnMut(&[u8])) {
        each(FORM.as_bytes());
        let mut line = |value: Value| each(&spelt(&told(value)));
        line(self.account_of_ledger());
        let mut bodies: Vec<&Organisation> = self.organisations.values().collect();
        bodies.sort_by_key(|body| body.code);
        for body in bodies {
            line(organisation(body));
        }
        let mut keys: Vec<_> = self.keys.iter().map(|(id, key)| (id.to_string(), key)).collect();
        keys.sort_by(|one, other| one.0.cmp(&other.0));
        for (id, key) in keys {
            let stage = match key.stage {
                KeyStage::Active => json!("ACTIVE"),
                KeyStage::Retired { at, by } => json!(["RETIRED", at.to_string(), by.to_string()]),
                KeyStage::Revoked { at } => json!(["REVOKED", at.to_string()]),
                KeyStage::Compromised { at, index, from } => json!(["COMPROMISED", at.to_string(), index, from]),
            };
            line(json!({
                "key": id, "organisation": key.organisation.to_string(), "person": key.person.to_string(),
                "custody": key.custody.map(crate::event::data::Custody::as_str), "stage": stage, "event": key.event.to_string(),
                "index": key.index, "contested": key.contested, "revision": key.revision,
            }));
        }
        for succession in &self.successions {
            let names =
                |codes: &[crate::ids::OrganisationCode]| codes.iter().map(ToString::to_string).collect::<Vec<_>>();
            let mapping: Vec<Value> =
                succession.mapping.iter().map(|(id, code)| json!([id.to_string(), code.to_string()])).collect();
            line(json!({
                "succession": succession.event.to_string(), "kind": succession.kind.as_str(),
                "predecessors": names(&succession.predecessors), "successors": names(&succession.successors),
                "chiefless": names(&succession.chiefless), "default": succession.default.to_string(),
                "mapping": mapping, "functions": succession.functions,
                "effective_at": succession.effective_at.to_string(), "objected": instant(succession.objected),
            }));
        }
        for (event, contest) in self.contests.open() {
            line(json!({ "contested": event.to_string(), "index": contest.index, "from": contest.from }));
        }
        for (event, verdict) in self.contests.verdicts() {
            line(
                json!({ "verdict": event.to_string(), "outcome": verdict.outcome.as_str(), "at": verdict.at.to_string() }),
            );
        }
        let mut erasures: Vec<_> = self.erasures.all().collect();
        erasures.sort_by_key(|(_, erasure)| erasure.index);
        for (stream, erasure) in erasures {
            let pointers: Vec<&str> = erasure.pointers.iter().map(crate::header::Pointer::as_str).collect();
            line(json!({
                "erasure": erasure.event.to_string(), "index": erasure.index, "stream": stream.to_string(),
                "target": erasure.target.to_string(), "pointers": pointers, "reason": erasure.reason.as_str(),
                "at": erasure.at.to_string(), "over": erasure.over,
            }));
        }
        let mut humans: Vec<(String, String)> =
            self.humans.iter().map(|(person, human)| (person.to_string(), human.to_string())).collect();
        humans.sort();
        for (person, human) in humans {
            line(json!({ "human": human, "person": person }));
        }
        let mut authors: Vec<Vec<(EventId, OrganisationCode, Role)>> = Vec::new();
        authors.resize_with(self.agreements.len(), Vec::new);
        for row in self.events.rows() {
            let own = row.agreement().and_then(|place| authors.get_mut(usize::try_from(place).ok()?));
            if let Some(own) = own {
                let (organisation, role) = self.events.author(row);
                own.push((row.id, organisation, role));
            }
        }
        let mut agreements: Vec<_> = self.agreements.places().collect();
        agreements.sort_unstable();
        for (_, place) in agreements {
            let authors = usize::try_from(place).ok().and_then(|place| authors.get(place));
            if let (Some(agreement), Some(authors)) = (self.agreements.at(place), authors) {
                line(agreement.account(authors));
            }
        }
    }

    /// SHA-256 over the lines of [`State::tell`], each with a newline behind it.
    pub fn digest(&self) -> Digest {
        let mut all = Vec::new();
        self.tell(&mut |line| {
            all.extend_from_slice(line);
            all.push(b'\n');
        });
        Digest(Sha256::digest(&all).into())
    }

    fn account_of_ledger(&self) -> Value {
        let founded = self.founded.as_ref().map(|founded| {
            let mut registrars: Vec<(String, String)> =
                founded.registrars.iter().map(|(key, person)| (key.to_string(), person.to_string())).collect();
            registrars.sort();
            json!({
                "ledger": founded.ledger, "visibility": founded.visibility.as_str(), "threshold": founded.threshold,
                "registrars": registrars, "log_keys": founded.log_keys, "rules": founded.rules,
                "code_lists": founded.code_lists, "policies": founded.policies,
                "log_key_changes": founded.log_key_changes,
                "closed": founded.later.closed.as_ref().map(|closed| closed.at.to_string()),
            })
        });
        let mut years: Vec<(u16, u32)> = self.filed_in.iter().map(|(year, count)| (*year, *count)).collect();
        years.sort_unstable();
        json!({
            "size": self.size, "recorded_at": instant(self.recorded_at), "sys_revision": self.sys_revision,
            "founded": founded, "filed_in": years, "events": self.events.len(),
        })
    }
}

/// One line. A state holds text and whole numbers alone, which have one spelling.
fn spelt(value: &Value) -> Vec<u8> {
    let bytes = json::to_jcs(value);
    assert!(bytes.is_ok(), "an account is text and whole numbers");
    bytes.unwrap_or_default()
}
