//! The first events: the ledger is founded, the bodies register, and their posts are filled.

use anyhow::{Context, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use counterpart_core::codes;
use counterpart_core::event::PublicKeyBytes;
use counterpart_core::ids::{OrganisationCode, Role, Stream};
use counterpart_core::london;
use serde_json::{Value, json};

use super::bodies::{Bodies, Body};
use super::cast::{Hand, Officer};
use super::seal::{document, text};
use super::stage::Stage;

/// Who registers. No real body hosts the demonstration.
const REGISTRAR: &str = "Registrar of the demonstration (no real body)";

/// Registrars of the demonstration.
const REGISTRARS: u8 = 3;

/// Keys of the ledger itself, which its server holds.
pub struct LedgerKeys {
    /// The verifier key of the log.
    pub log: String,
    /// The key that signs refusals.
    pub answer: PublicKeyBytes,
}

/// Entry 0.
pub fn found(stage: &mut Stage, origin: &str, keys: &LedgerKeys) -> Result<()> {
    for number in 1..=REGISTRARS {
        stage.cast.add(Officer::new(&stage.chance, OrganisationCode::REGISTRAR, Role::Reg, number));
    }
    let registrars = registrars(stage)?;
    let (code_lists, policies) = codes::manifest();
    let named: Vec<Value> = registrars
        .iter()
        .map(|hand| {
            let officer = &hand.officer;
            json!({ "key": officer.key_id().to_string(), "person": officer.person, "public": base64(officer.public()) })
        })
        .collect();
    let data = json!({
        "answer_keys": [{ "key": keys.answer.key_id().to_string(), "public": base64(keys.answer) }],
        "code_lists": code_lists,
        "log_keys": [keys.log],
        "origin": origin,
        "policies": policies,
        "registrar": { "name": REGISTRAR, "organisation": OrganisationCode::REGISTRAR },
        "registrar_keys": named,
        "rules": 1,
        "threshold": 2,
        "visibility": "OPEN",
    });
    stage.say(Stream::Sys, "LedgerGenesis", data, &registrars).map(drop)
}

fn registrars(stage: &Stage) -> Result<Vec<Hand>> {
    (1..=REGISTRARS).map(|number| stage.cast.numbered(OrganisationCode::REGISTRAR, Role::Reg, number)).collect()
}

/// One body registers, with its chief, and fills its posts.
pub fn register(stage: &mut Stage, bodies: &Bodies, body: &Body) -> Result<()> {
    let chief = Officer::new(&stage.chance, body.code, Role::Cex, 1);
    stage.cast.add(chief.clone());
    let mut data = json!({
        "chief": {
            "holder": holder(body, Role::Cex), "key": chief.key_id().to_string(), "person": chief.person,
            "public": base64(chief.public()),
        },
        "code": body.code,
        "extra_roles": [],
        "flags": bodies.flags(body),
        "governance": "FULL",
        "name": body.name,
        "type": body.kind,
    });
    let members = data.as_object_mut().context("the data of a registration are an object")?;
    if let Some(gss) = &body.gss {
        members.insert("gss".to_owned(), json!(gss));
    }
    if let Some(ods) = &body.ods {
        members.insert("ods".to_owned(), json!(ods));
    }
    let mut hands = registrars(stage)?;
    hands.truncate(2);
    hands.push(chief.into());
    stage.say(Stream::Organisation(body.code), "OrganisationRegistered", data, &hands)?;
    for (role, number) in bodies.posts(body) {
        fill(stage, body, role, number)?;
    }
    Ok(())
}

/// A body takes the place of others by statute: two registrars and every chief sign.
pub fn succeed(stage: &mut Stage, bodies: &Bodies) -> Result<()> {
    let gone = |after: OrganisationCode| bodies.bodies.iter().filter(move |body| body.succeeded_by == Some(after));
    for body in &bodies.bodies {
        let predecessors: Vec<OrganisationCode> = gone(body.code).map(|before| before.code).collect();
        let Some(first) = predecessors.first() else { continue };
        let mut hands = registrars(stage)?;
        hands.truncate(2);
        for code in std::iter::once(&body.code).chain(&predecessors) {
            hands.push(stage.cast.of(*code, Role::Cex)?);
        }
        let data = json!({
            "default": body.code,
            "effective": london::date_of(stage.now),
            "instrument": text("The bodies merged on 1 April 2026; the story of the demonstration begins later and records it on a day of its own."),
            "kind": "MERGE",
            "mapping": [],
            "predecessors": predecessors,
            "successors": [body.code],
        });
        stage.say(Stream::Organisation(*first), "OrganisationSucceeded", data, &hands)?;
    }
    Ok(())
}

/// Appoints somebody to a post, and registers their key.
fn fill(stage: &mut Stage, body: &Body, role: Role, number: u8) -> Result<()> {
    let officer = Officer::new(&stage.chance, body.code, role, number);
    let chief = stage.cast.of(body.code, Role::Cex)?;
    let administrator = stage.cast.of(body.code, Role::Adm).ok();
    let by_chief = needs_chief(role);
    let appoints = if by_chief { chief.clone() } else { administrator.clone().unwrap_or_else(|| chief.clone()) };
    let today = london::date_of(stage.now);
    let data = json!({
        "functions": [],
        "holder": holder(body, role),
        "notice_given_on": today,
        "person": officer.person,
        "role": role,
        "valid_from": today,
    });
    stage.say(Stream::Organisation(body.code), "RoleHolderAppointed", data, &[appoints])?;
    let data = json!({
        "custody": "DEMONSTRATION", "key": officer.key_id().to_string(), "organisation": body.code,
        "person": officer.person, "public": base64(officer.public()),
    });
    // The new key comes first; then an administrator who is somebody else; then the chief where the post asks for one.
    let mut hands = vec![Hand::from(officer.clone())];
    hands.extend(administrator);
    if by_chief {
        hands.push(chief);
    }
    stage.say(Stream::Key(officer.key_id()), "KeyRegistered", data, &hands)?;
    stage.cast.add(officer);
    Ok(())
}

/// Whether the head of paid service appoints this role and signs for its key.
const fn needs_chief(role: Role) -> bool {
    matches!(role, Role::Siro | Role::Dpo | Role::Cg | Role::Sig | Role::Leo | Role::Adm)
}

/// The words about who holds a post: of the office, never of a person.
fn holder(body: &Body, role: Role) -> Value {
    document(&json!({
        "authority": format!("{}: constitution and scheme of delegation", body.name),
        "email": format!("{}@{}.example", role.as_str().to_lowercase(), body.code.as_str().to_lowercase()),
        "name": "The holder of the post (demonstration: no person is named)",
        "post": role.title(),
    }))
}

fn base64(public: PublicKeyBytes) -> String {
    STANDARD.encode(public.0)
}
