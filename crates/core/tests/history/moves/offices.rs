//! Bodies, posts, keys, and the ledger itself.

use counterpart_core::ids::{EventId, OrganisationCode, PersonId, Stream};
use counterpart_core::offices::{Appointment, OrganisationStage};
use counterpart_core::state::Succession;
use serde_json::{Value, json};

use crate::history::cast::{is_chiefs, log_key};
use crate::history::{Chronicle, Draft, Hand, Person, sealed};

/// Bodies that join later, with their types.
const NEWCOMERS: [(&str, &str); 14] = [
    ("TWH", "LONDON_BOROUGH"),
    ("NWM", "LONDON_BOROUGH"),
    ("SWK", "LONDON_BOROUGH"),
    ("LEW", "LONDON_BOROUGH"),
    ("GRN", "LONDON_BOROUGH"),
    ("HGY", "LONDON_BOROUGH"),
    ("BRK", "LONDON_BOROUGH"),
    ("WSM", "LONDON_BOROUGH"),
    ("WFT", "LONDON_BOROUGH"),
    ("BEX", "LONDON_BOROUGH"),
    ("CRY", "LONDON_BOROUGH"),
    ("BRT", "LONDON_BOROUGH"),
    ("EAL", "LONDON_BOROUGH"),
    ("LOTI", "PARTNERSHIP"),
];

/// Fewer bodies than these, and nobody leaves for good.
const FEWEST: usize = 4;

/// Roles that newcomers are appointed to.
const POSTS: [&str; 16] =
    ["REQ", "IGL", "DPO", "SIRO", "CG", "IAO", "SIG", "LGL", "SEC", "LEO", "OPN", "DAT", "ADM", "AUD", "PRG", "CEX"];

impl Chronicle {
    /// A move of a body, a post or a key.
    pub(super) fn office_move(&mut self) -> Option<Draft> {
        let bodies = self.bodies();
        let code = self.dice.any(&bodies)?;
        if let Some(doubt) = self.doubt_of_office()
            && self.dice.percent(30)
        {
            return Some(doubt);
        }
        let waits =
            |s: &&Succession| !s.chiefless.is_empty() && s.objected.is_none() && s.effective_at > self.instant();
        if self.state().successions.iter().any(|succession| waits(&succession)) && self.dice.percent(30) {
            return self.object(code);
        }
        match self.dice.below(100) {
            0..27 => self.fill_a_post(code),
            27..33 => self.end_a_post(code),
            33..43 => self.delegate(code),
            43..47 => self.end_a_delegation(code),
            47..52 => self.rotate(code),
            52..55 => self.end_a_key(code),
            55..66 => self.report(code),
            66..69 => self.suspend_body(code),
            69..73 => self.reinstate(code),
            73..77 => self.update(code),
            77..79 => self.leave(code),
            79..85 => self.succeed(code),
            85..88 => self.object(code),
            88..94 => self.newcomer(),
            _ => self.belong(code),
        }
    }

    fn post_of(&mut self, code: OrganisationCode) -> Option<Appointment> {
        let now = self.instant();
        let body = self.replay.state.organisations.get(&code)?;
        let live: Vec<Appointment> = body.appointments.iter().filter(|post| post.is_live(now)).cloned().collect();
        self.dice.any(&live)
    }

    /// A vacant post is filled, somebody new is appointed, or somebody who is there gets a second role.
    fn fill_a_post(&mut self, code: OrganisationCode) -> Option<Draft> {
        let now = self.instant();
        let body = self.state().organisations.get(&code)?;
        let vacant: Vec<&str> =
            POSTS.iter().copied().filter(|role| !body.has_serving(role.parse().unwrap(), now)).collect();
        if let Some(person) = self.dice.any(&self.keyless(code))
            && self.dice.percent(75)
        {
            let with_chief = self.dice.percent(85);
            return self.key_for(code, person, with_chief);
        }
        let role = match self.dice.any(&vacant) {
            Some(role) if self.dice.percent(70) => role,
            Some(_) | None => *self.dice.of_these(&POSTS),
        };
        if self.dice.percent(35) {
            let post = self.post_of(code)?;
            return self.appointment(code, &post.person.to_string(), role);
        }
        let whom = self.cast.somebody(&code.to_string());
        let mut draft = self.appointment(code, &whom.id, role)?;
        if self.dice.percent(12) {
            // One human at two bodies, declared by both.
            let bodies = self.bodies();
            let other = self.dice.any(&bodies)?;
            let there = self.post_of(other)?;
            draft.data["same_person"] = json!(there.event.to_string());
            draft.hands.push(self.holder(other, "ADM")?);
        }
        Some(draft)
    }

    /// A body that is new fills its posts one after another.
    pub(super) fn fill_newcomer(&mut self, code: OrganisationCode) -> Option<Draft> {
        let now = self.instant();
        let body = self.state().organisations.get(&code)?;
        let serving = |role: &str| body.has_serving(role.parse().unwrap(), now);
        let wanted = ["ADM", "IGL", "REQ", "DPO", "SIRO", "SIG", "IAO", "SEC", "LGL", "CG"];
        if body.is_gone(now) || body.kind.as_str() == "PARTNERSHIP" || wanted.iter().all(|role| serving(role)) {
            self.filling = None;
            return None;
        }
        let keyless = self.keyless(code);
        if let Some(person) = keyless.first() {
            return self.key_for(code, *person, true);
        }
        let body = self.state().organisations.get(&code)?;
        let role = wanted.into_iter().find(|role| !body.has_serving(role.parse().unwrap(), now))?;
        let whom = self.cast.somebody(&code.to_string());
        self.appointment(code, &whom.id, role)
    }

    /// Who holds a post at a body and has no key that signs.
    fn keyless(&self, code: OrganisationCode) -> Vec<PersonId> {
        let now = self.instant();
        let body = self.state().organisations.get(&code);
        let posts = body.into_iter().flat_map(|body| body.appointments.iter());
        posts
            .filter(|post| post.is_live(now) && !self.state().has_active_key(code, post.person))
            .map(|post| post.person)
            .collect()
    }

    /// A first or another key for somebody.
    pub(super) fn key_for(&mut self, code: OrganisationCode, person: PersonId, with_chief: bool) -> Option<Draft> {
        let known = Person { organisation: code.to_string(), id: person.to_string(), ..self.cast.people()[0].clone() };
        let whose = self.cast.another_key(&known);
        self.key_registration(&whose, with_chief)
    }

    fn end_a_post(&mut self, code: OrganisationCode) -> Option<Draft> {
        let mut post = self.post_of(code)?;
        if self.dice.percent(15) {
            // A body without its chief.
            let body = self.state().organisations.get(&code)?;
            post = body.holders("CEX".parse().unwrap(), self.instant()).next()?.clone();
        }
        let role = post.role.as_str();
        let data = json!({ "appointment": post.event.to_string() });
        let hands = if role == "CEX" {
            let mut hands = self.registrars();
            hands.push(self.holder(code, "SIRO")?);
            hands
        } else {
            vec![self.holder(code, if is_chiefs(role) { "CEX" } else { "ADM" })?]
        };
        Some(Draft::new(&format!("org:{code}"), "RoleHolderRevoked", data, hands))
    }

    fn delegate(&mut self, code: OrganisationCode) -> Option<Draft> {
        let (post, other) = (self.post_of(code)?, self.post_of(code)?);
        let days = *self.dice.of_these(&[10, 40, 80, 120]);
        let data = json!({
            "appointment": post.event.to_string(), "functions": [], "person": other.person.to_string(), "until": self.day(days),
        });
        let by = self.holder(code, post.role.as_str())?;
        Some(Draft::new(&format!("org:{code}"), "RoleDelegated", data, vec![by]))
    }

    fn end_a_delegation(&mut self, code: OrganisationCode) -> Option<Draft> {
        let body = self.replay.state.organisations.get(&code)?;
        let all: Vec<(EventId, EventId)> =
            body.delegations.iter().rev().take(3).map(|d| (d.event, d.appointment)).collect();
        let (delegation, appointment) = self.dice.any(&all)?;
        let role = self.replay.state.organisations.get(&code)?.appointment_by(appointment)?.role;
        let by = self.holder(code, role.as_str())?;
        let data = json!({ "delegation": delegation.to_string() });
        Some(Draft::new(&format!("org:{code}"), "DelegationRevoked", data, vec![by]))
    }

    /// Somebody of a body who can sign.
    pub(super) fn somebody_of(&mut self, code: OrganisationCode) -> Option<Hand> {
        let role = *self.dice.of_these(&POSTS);
        self.holder(code, role).filter(|hand| hand.delegation.is_none())
    }

    fn rotate(&mut self, code: OrganisationCode) -> Option<Draft> {
        let old = self.somebody_of(code)?;
        let new = self.cast.another_key(&old.person);
        let data = json!({
            "custody": "HARDWARE", "key": new.key_id().to_string(), "public": new.public_text(),
            "replaces": old.person.key_id().to_string(),
        });
        let stream = format!("key:{}", new.key_id());
        self.cast.add(new.clone());
        let hands = vec![new.as_role(&old.role), old];
        Some(Draft::new(&stream, "KeyRotated", data, hands))
    }

    fn end_a_key(&mut self, code: OrganisationCode) -> Option<Draft> {
        let whose = self.somebody_of(code)?;
        let by = if self.dice.percent(50) { self.holder(code, "ADM")? } else { self.holder(code, "CEX")? };
        let id = whose.person.key_id();
        let reason = *self.dice.of_these(&["LOST", "REPLACED", "ENDED"]);
        let data = json!({ "key": id.to_string(), "reason": reason });
        Some(Draft::new(&format!("key:{id}"), "KeyRevoked", data, vec![by]))
    }

    /// A key may be in other hands, since some event that it signed.
    fn report(&mut self, code: OrganisationCode) -> Option<Draft> {
        let administrator = self.holder(code, "ADM").filter(|_| self.dice.percent(30));
        let id = if let Some(administrator) = administrator {
            administrator.person.key_id()
        } else if self.dice.percent(15) {
            let known: Vec<Person> =
                self.cast.people().iter().filter(|p| p.organisation == code.to_string()).cloned().collect();
            self.dice.any(&known)?.key_id()
        } else {
            self.somebody_of(code)?.person.key_id()
        };
        let mut data = json!({ "evidence": sealed(), "key": id.to_string() });
        let acts: Vec<_> = self.replay.state.acts_of(id).collect();
        let newest = &acts[acts.len().saturating_sub(4)..];
        if self.dice.percent(80) {
            let from = self.dice.any(newest).map(|act| act.index)?;
            data["suspect_from"] = json!(if self.dice.percent(5) { from + 100_000 } else { from });
        }
        let mut hands = vec![self.holder(code, "CEX")?];
        match self.dice.below(10) {
            0 => hands = vec![self.holder(code, "ADM")?],
            1 => hands = self.registrars(),
            2..=6 => hands.extend(self.registrars()),
            _ => {}
        }
        Some(Draft::new(&format!("key:{id}"), "KeyCompromised", data, hands))
    }

    /// A contested administrative event is affirmed or disowned in its own stream.
    fn doubt_of_office(&mut self) -> Option<Draft> {
        let contests = &self.replay.state.contests;
        let open: Vec<(EventId, OrganisationCode, Stream)> = contests
            .open()
            .filter(|(_, contest)| contest.agreement.is_none())
            .filter_map(|(event, contest)| {
                Some((event, contest.organisation, self.replay.state.stream_of(event, contest)?))
            })
            .collect();
        let (event, code, stream) = self.dice.any(&open)?;
        let outcome = if self.dice.percent(60) { "AFFIRMED" } else { "DISOWNED" };
        let data = json!({ "evidence": sealed(), "outcome": outcome, "targets": [event.to_string()] });
        let hands = if code == OrganisationCode::REGISTRAR {
            self.registrars()
        } else if outcome == "AFFIRMED" {
            let role = *self.dice.of_these(&["SIRO", "CEX"]);
            vec![self.holder(code, role)?]
        } else {
            self.holders(code, &["SIRO", "CEX"])?
        };
        Some(Draft::new(&stream.to_string(), "ContestResolved", data, hands))
    }

    #[expect(clippy::unnecessary_wraps, reason = "a move may find nothing to do")]
    fn suspend_body(&mut self, code: OrganisationCode) -> Option<Draft> {
        let days = *self.dice.of_these(&[1, 3, 9, 45]);
        let data = json!({ "reason": "SECURITY", "until": self.day(days) });
        Some(Draft::new(&format!("org:{code}"), "OrganisationSuspended", data, self.registrars()))
    }

    #[expect(clippy::unnecessary_wraps, reason = "a move may find nothing to do")]
    fn reinstate(&mut self, code: OrganisationCode) -> Option<Draft> {
        let now = self.instant();
        let stopped = |code: &OrganisationCode| {
            let stage = self.state().organisations.get(code).map(|body| body.stage_at(now));
            matches!(stage, Some(OrganisationStage::Suspended { .. }))
        };
        let whom = self.bodies().into_iter().find(stopped).unwrap_or(code);
        Some(Draft::new(&format!("org:{whom}"), "OrganisationReinstated", json!({}), self.registrars()))
    }

    fn update(&mut self, code: OrganisationCode) -> Option<Draft> {
        let data = match self.dice.below(3) {
            0 => json!({ "name": "A public body of London, renamed" }),
            1 => json!({ "extra_roles": ["SEC"] }),
            _ => json!({ "governance": self.dice.of_these(&["LIGHT", "FULL", "FULL"]) }),
        };
        let hands = self.holders(code, &["ADM", "CEX"])?;
        Some(Draft::new(&format!("org:{code}"), "OrganisationUpdated", data, hands))
    }

    fn leave(&mut self, code: OrganisationCode) -> Option<Draft> {
        if self.bodies().len() <= FEWEST && self.dice.percent(90) {
            return None;
        }
        let days = *self.dice.of_these(&[0, 10]);
        let data = json!({ "on": self.day(days) });
        let by = self.holder(code, "CEX")?;
        Some(Draft::new(&format!("org:{code}"), "OrganisationLeft", data, vec![by]))
    }

    /// A body takes the place of another.
    fn succeed(&mut self, from: OrganisationCode) -> Option<Draft> {
        let bodies = self.bodies();
        let now = self.instant();
        let chiefless = bodies
            .iter()
            .copied()
            .find(|code| !self.state().organisations[code].has_serving("CEX".parse().unwrap(), now));
        let from = chiefless.filter(|_| self.dice.percent(60)).unwrap_or(from);
        let (to, third) = (self.dice.any(&bodies)?, self.dice.any(&bodies)?);
        let kind = if bodies.len() <= FEWEST {
            "TRANSFER"
        } else {
            *self.dice.of_these(&["MERGE", "REPLACE", "SPLIT", "TRANSFER", "TRANSFER", "RENAME"])
        };
        let mut successors = vec![to];
        if kind == "SPLIT" {
            successors.push(third);
        }
        let days = if self.holder(from, "CEX").is_none() { 20 } else { *self.dice.of_these(&[0, 0, 3, 20]) };
        let names = |codes: &[OrganisationCode]| codes.iter().map(ToString::to_string).collect::<Vec<_>>();
        let mut mapping: Vec<Value> = Vec::new();
        if kind == "SPLIT" {
            let now = self.instant();
            for agreement in self.state().agreements_of(from).filter(|a| !a.at(now).name().is_final()) {
                let whom = successors[mapping.len() % 2];
                mapping.push(json!({ "agreement": agreement.id().to_string(), "successor": whom.to_string() }));
            }
        }
        let mut data = json!({
            "default": to.to_string(), "effective": self.day(days), "instrument": sealed(), "kind": kind,
            "mapping": mapping, "predecessors": [from.to_string()], "successors": names(&successors),
        });
        if kind == "TRANSFER" {
            data["functions"] = json!([self.dice.of_these(&["PLANNING", "HOUSING", "TRANSPORT"])]);
        }
        if self.dice.percent(6) {
            data["default"] = json!(third.to_string());
        }
        let mut hands = self.registrars();
        for code in successors {
            hands.push(self.holder(code, "CEX")?);
        }
        hands.extend(self.holder(from, "CEX"));
        Some(Draft::new(&format!("org:{from}"), "OrganisationSucceeded", data, hands))
    }

    fn object(&mut self, code: OrganisationCode) -> Option<Draft> {
        let state = self.state();
        let waiting = state
            .successions
            .iter()
            .rev()
            .find(|s| !s.chiefless.is_empty() && s.objected.is_none())
            .or(state.successions.last())?;
        let (target, body) = (waiting.event, waiting.chiefless.first().copied().unwrap_or(code));
        let by = self.holder(body, "SIG")?;
        let data = json!({ "target": target.to_string(), "words": sealed() });
        Some(Draft::new(&format!("org:{body}"), "SuccessionObjected", data, vec![by]))
    }

    /// A body that is not on the ledger enters it, or joins again.
    fn newcomer(&mut self) -> Option<Draft> {
        let now = self.instant();
        let here = |code: &str| {
            let body = self.state().organisations.get(&code.parse().unwrap());
            body.is_some_and(|body| !body.is_gone(now))
        };
        let absent: Vec<(&str, &str)> = NEWCOMERS.iter().copied().filter(|(code, _)| !here(code)).collect();
        let (code, kind) = if self.dice.percent(90) { self.dice.any(&absent)? } else { ("CMD", "LONDON_BOROUGH") };
        Some(self.registration(code, kind))
    }

    #[expect(clippy::unnecessary_wraps, reason = "a move may find nothing to do")]
    fn belong(&mut self, code: OrganisationCode) -> Option<Draft> {
        let partnership = if self.dice.percent(90) { "LOTI" } else { "CMD" };
        let change = *self.dice.of_these(&["JOINED", "LEFT"]);
        let data = json!({ "change": change, "on": self.day(0), "partnership": partnership, "source": sealed() });
        Some(Draft::new(&format!("org:{code}"), "PartnershipMembershipChanged", data, self.registrars()))
    }

    /// A move of the registrars about the ledger itself.
    pub(super) fn ledger_move(&mut self) -> Option<Draft> {
        let registrars = self.registrars();
        match self.dice.below(if self.may_close { 7 } else { 6 }) {
            0 => {
                let new = self.cast.somebody("REG");
                let gone = registrars.last()?.person.clone();
                let remove = if self.dice.percent(80) { json!([gone.key_id().to_string()]) } else { json!([]) };
                let data = json!({ "add": [new.row()], "remove": remove, "threshold": 2 });
                let mut hands = registrars;
                hands.push(new.as_role("REG"));
                self.cast.add(new);
                Some(Draft::new("sys", "RegistrarChanged", data, hands))
            }
            1 => {
                let founded = self.state().founded.as_ref()?;
                let old = founded.log_keys.last()?.to_string();
                let number = 2 + founded.log_key_changes.len() as u64;
                let first = self.state().size + 1 + self.dice.below(3) as u64;
                let data = json!({ "first_size": first, "new": log_key(number), "old": old });
                Some(Draft::new("sys", "LogKeyChanged", data, registrars))
            }
            2 => Some(Draft::new("sys", "WitnessPolicyPublished", json!({ "sha256": "07".repeat(32) }), registrars)),
            3 => {
                let rules = 1 + self.dice.below(2);
                Some(Draft::new("sys", "RulesAdopted", json!({ "rules": rules }), registrars))
            }
            4 | 5 => {
                let held = counterpart_core::codes::FILES.iter().find(|file| file.id == "CL-GATE")?;
                let version = 1 + self.dice.below(3);
                let data = json!({
                    "id": "CL-GATE", "in_force_from": self.day(0), "sha256": held.sha256().to_string(), "version": version,
                });
                let kind = *self.dice.of_these(&["CodeListPublished", "PolicyPublished"]);
                Some(Draft::new("sys", kind, data, registrars))
            }
            _ => {
                let successor = format!("next.example/london/log#{}", "ab".repeat(32));
                let data = json!({ "reason": "SUCCEEDED", "successor": successor });
                Some(Draft::new("sys", "LedgerClosed", data, registrars))
            }
        }
    }
}
