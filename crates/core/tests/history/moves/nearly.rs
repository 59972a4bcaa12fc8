//! Moves that are nearly legal and hardly ever come by chance: each needs its moment.

use counterpart_core::agreement::{Agreement, Signature, StageName, Standing};
use counterpart_core::header::SignatureKind;
use counterpart_core::ids::{AgreementId, EventId, OrganisationCode, PersonId};
use serde_json::json;

use super::early::{approval, execution, reasons};
use crate::history::spoil::Twist;
use crate::history::{Chronicle, Draft, Hand, sealed};

/// How many agreements are looked through, the newest first.
const LOOKED_AT: usize = 12;

/// Something that takes many moves and ends in a refusal.
#[derive(Clone, Copy, Debug)]
pub(in crate::history) struct Errand {
    what: What,
    agreement: AgreementId,
    party: OrganisationCode,
    left: usize,
}

#[derive(Clone, Copy, Debug)]
enum What {
    /// One question after another, and none is answered.
    Asks,
    /// Note after note.
    Notes,
    /// One human, declared at two bodies, decides for both.
    DecidesTwice,
    /// One person signs for a party in one office after another.
    SignsTwice,
}

impl Errand {
    /// Whether everything happens on one day.
    pub(in crate::history) fn hurries(self) -> bool {
        matches!(self.what, What::Notes)
    }
}

impl Chronicle {
    /// One of them, if its moment is now.
    pub(super) fn nearly_move(&mut self) -> Option<Draft> {
        match self.dice.below(100) {
            0..6 => self.known_key(),
            6..10 => self.while_a_counter_waits(),
            10..22 => self.of_a_former_holder(),
            22..32 => self.of_a_former_delegate(),
            32..40 => self.delegated_twice(),
            40..48 => self.odd_request(),
            48..58 => self.nothing_changes(),
            58..68 => self.by_who_was_left_behind(),
            68..76 => self.refused_while_signed(),
            76..82 => self.too_large(),
            82..86 => self.begin(What::Asks, &[StageName::Approving], 7),
            86..92 => self.begin(What::SignsTwice, &[StageName::Approving], 4),
            92..99 => self.begin(What::DecidesTwice, &[StageName::Approving, StageName::Active], 5),
            _ => self.begin(What::Notes, &[StageName::Active, StageName::Filed], 60),
        }
    }

    /// Goes on with an errand.
    pub(super) fn go_on(&mut self, errand: Errand) -> Option<Draft> {
        let agreement = self.agreement(errand.agreement);
        self.errand = (errand.left > 1).then_some(Errand { left: errand.left - 1, ..errand });
        let draft = match errand.what {
            What::Asks => {
                let other =
                    agreement.parties().iter().map(|row| row.organisation).find(|code| *code != errand.party)?;
                let data = json!({
                    "asked": other.to_string(), "due": self.day(10), "path": "/purpose", "text": sealed(),
                });
                self.says(&agreement, "ClarificationRequested", data, &[(errand.party, "IGL")])
            }
            What::Notes => {
                let data = json!({ "text": sealed(), "visibility": "PARTIES" });
                self.says(&agreement, "NoteRecorded", data, &[(errand.party, "IGL")])
            }
            What::DecidesTwice => self.one_human(&agreement),
            What::SignsTwice => self.one_person(&agreement),
        };
        if draft.is_none() {
            self.errand = None;
        }
        draft
    }

    fn begin(&mut self, what: What, stages: &[StageName], left: usize) -> Option<Draft> {
        let agreement = self.newest(|agreement| stages.contains(&agreement.name()))?;
        let party = self.a_party_in(&agreement, "isx")?;
        self.go_on(Errand { what, agreement: agreement.id(), party, left })
    }

    /// The newest agreement of which something is true now.
    fn newest(&self, fits: impl Fn(&Agreement) -> bool) -> Option<Agreement> {
        let newest = self.agreements.iter().rev().take(LOOKED_AT);
        newest.map(|id| self.agreement(*id)).find(fits)
    }

    /// Whoever has a key that signs, in a role.
    fn hand_of(&self, organisation: OrganisationCode, person: PersonId, role: &str) -> Option<Hand> {
        let signs = |known: &&crate::history::Person| {
            let key = self.state().keys.get(&known.key_id());
            key.is_some_and(|key| key.is_active() && !key.contested && key.organisation == organisation)
        };
        self.cast.keys_of(person).find(signs).map(|known| known.as_role(role))
    }

    /// A key that is registered is registered again.
    fn known_key(&mut self) -> Option<Draft> {
        let bodies = self.bodies();
        let code = self.dice.any(&bodies)?;
        let whose = self.somebody_of(code)?;
        let person = &whose.person;
        let data = json!({
            "custody": "SOFTWARE", "key": person.key_id().to_string(), "organisation": person.organisation,
            "person": person.id, "public": person.public_text(),
        });
        let stream = format!("key:{}", person.key_id());
        let mut hands = vec![whose.clone()];
        hands.extend(self.holders(code, &["ADM", "CEX"])?);
        Some(Draft::new(&stream, "KeyRegistered", data, hands))
    }

    /// A note in an agreement of a body, signed by one hand.
    fn note_of(&self, code: OrganisationCode, hand: Hand) -> Option<Draft> {
        let agreement = self.newest(|agreement| agreement.party(code).is_some())?;
        let data = json!({ "text": sealed(), "visibility": "PARTIES" });
        Some(Draft::new(&format!("agr:{}", agreement.id()), "NoteRecorded", data, vec![hand]))
    }

    /// Somebody whose post has ended signs as before.
    fn of_a_former_holder(&mut self) -> Option<Draft> {
        let now = self.instant();
        let mut former: Vec<(OrganisationCode, Hand)> = Vec::new();
        for code in self.bodies() {
            let body = &self.state().organisations[&code];
            for post in body.appointments.iter().filter(|post| post.ended_on(now).is_some()) {
                former.extend(self.hand_of(code, post.person, post.role.as_str()).map(|hand| (code, hand)));
            }
        }
        let (code, hand) = self.dice.any(&former)?;
        self.note_of(code, hand)
    }

    /// Somebody who may act for another no more does so.
    fn of_a_former_delegate(&mut self) -> Option<Draft> {
        let now = self.instant();
        let mut former: Vec<(OrganisationCode, Hand)> = Vec::new();
        for code in self.bodies() {
            let body = &self.state().organisations[&code];
            for delegation in body.delegations.iter().filter(|delegation| !delegation.is_live(now)) {
                let post = body.appointment_by(delegation.appointment);
                let hand = post.and_then(|post| self.hand_of(code, delegation.person, post.role.as_str()));
                former.extend(hand.map(|hand| (code, Hand { delegation: Some(delegation.event), ..hand })));
            }
        }
        let (code, hand) = self.dice.any(&former)?;
        self.note_of(code, hand)
    }

    /// What somebody does for a holder already is given to another besides.
    fn delegated_twice(&mut self) -> Option<Draft> {
        let now = self.instant();
        let mut given: Vec<(OrganisationCode, EventId, Hand)> = Vec::new();
        for code in self.bodies() {
            let body = &self.state().organisations[&code];
            for delegation in body.delegations.iter().filter(|delegation| delegation.is_live(now)) {
                let post = body.appointment_by(delegation.appointment).filter(|post| post.is_live(now));
                let hand = post.and_then(|post| self.hand_of(code, post.person, post.role.as_str()));
                given.extend(hand.map(|hand| (code, delegation.appointment, hand)));
            }
        }
        let (code, appointment, hand) = self.dice.any(&given)?;
        let other = self.somebody_of(code)?;
        let data = json!({
            "appointment": appointment.to_string(), "functions": [], "person": other.person.id, "until": self.day(20),
        });
        Some(Draft::new(&format!("org:{code}"), "RoleDelegated", data, vec![hand]))
    }

    /// A request that names a partnership, which has no legal personality; that keeps its own existence secret; or
    /// that has more kinds of data than one record holds.
    fn odd_request(&mut self) -> Option<Draft> {
        let (mut paper, asks) = self.paper_of("pair")?;
        match self.dice.below(3) {
            0 => {
                let bodies = self.state().organisations.values();
                let found = bodies.filter(|body| body.kind.as_str() == "PARTNERSHIP").map(|body| body.code).min()?;
                paper.parties[1]["organisation"] = json!(found.to_string());
                paper.set("/datasets/0/provider", json!(found.to_string()));
            }
            1 => {
                let secret = json!({ "exemption": "FOIA-S31", "look_again": self.day(200), "register": "WITHHOLD" });
                paper.set("/publication", secret);
            }
            _ => {
                let set = paper.terms["datasets"][0].clone();
                let sets = (1..=160).map(|months| {
                    let mut set = set.clone();
                    set["retention"]["period"] = json!(format!("P{months}M"));
                    set
                });
                paper.terms["datasets"] = sets.collect();
            }
        }
        let header = self.header_of(paper, None)?;
        let data = json!({
            "contacts": sealed(), "header": header, "requesting_organisation": asks.to_string(), "terms": sealed(),
            "warnings_acknowledged": [],
        });
        let stream = format!("agr:{}", self.uuid());
        Some(Draft::new(&stream, "RequestFiled", data, vec![self.holder(asks, "REQ")?]))
    }

    /// Other terms, in which nothing is other.
    fn nothing_changes(&mut self) -> Option<Draft> {
        let agreement =
            self.newest(|agreement| matches!(agreement.name(), StageName::Filed | StageName::Negotiating))?;
        let mut draft = self.counter(&agreement)?;
        draft.data["header"]["changes"] = json!([]);
        Some(draft)
    }

    /// A party that did not adopt an amendment gives notice all the same.
    fn by_who_was_left_behind(&mut self) -> Option<Draft> {
        let behind = |agreement: &Agreement| agreement.parties().iter().any(|party| party.state.letter() == 'n');
        let all: Vec<AgreementId> = self.agreements.iter().rev().copied().collect();
        let agreement = all.into_iter().map(|id| self.agreement(id)).find(behind)?;
        let party = self.a_party_in(&agreement, "n")?;
        let data = json!({ "ground": "UNLAWFUL", "takes_effect_on": self.day(0), "words": sealed() });
        self.says(&agreement, "RevocationNoticed", data, &[(party, "SIG")])
    }

    /// The terms are to be fixed while other terms wait for an answer.
    fn while_a_counter_waits(&mut self) -> Option<Draft> {
        let agreement = self.newest(|agreement| agreement.name() == StageName::Negotiating)?;
        self.submit(&agreement)
    }

    /// Whoever signed last for a party is appointed to the office that comes next, and signs in that too.
    fn one_person(&mut self, agreement: &Agreement) -> Option<Draft> {
        let now = self.instant();
        let signed = agreement.signatures().iter().rev().filter(|signature| {
            // A data protection officer may hold no office that decides (R04).
            signature.standing == Standing::Counts && signature.role.as_str() != "DPO"
        });
        let owing = signed.filter_map(|signature| {
            let next = agreement.missing_signatures(signature.organisation).first().copied()?;
            Some((signature.organisation, signature.person, next))
        });
        let (code, person, next) = owing.into_iter().next()?;
        let role = next.role.as_str();
        if !self.state().organisations.get(&code)?.roles_of(person, now).any(|held| held == next.role) {
            return self.appointment(code, &person.to_string(), role);
        }
        let hand = self.hand_of(code, person, role)?;
        let hash = Self::to_sign(agreement, code);
        let (kind, data) = match next.kind {
            SignatureKind::Advice => ("AdviceGiven", json!({ "kind": role, "version_hash": hash, "words": sealed() })),
            SignatureKind::Approval => ("ApprovalGiven", approval(&hash)),
            SignatureKind::Execution => ("ExecutionSigned", execution(&hash)),
        };
        Some(Draft::new(&format!("agr:{}", agreement.id()), kind, data, vec![hand]))
    }

    /// A request is refused when it is being signed.
    fn refused_while_signed(&mut self) -> Option<Draft> {
        let agreement = self.newest(|agreement| agreement.name() == StageName::Approving)?;
        let party = self.a_party(&agreement)?;
        self.says(&agreement, "RequestRefused", reasons(), &[(party, "SIRO")])
    }

    /// A note that is far too long for an entry.
    fn too_large(&mut self) -> Option<Draft> {
        let agreement = self.newest(|_| true)?;
        let mut draft = self.aside(&agreement)?;
        draft.twist = Twist::Large;
        Some(draft)
    }

    /// Somebody who decided for one party is declared at another, gets a key there, and decides for that too.
    fn one_human(&mut self, agreement: &Agreement) -> Option<Draft> {
        let now = self.instant();
        let decided =
            |signature: &&Signature| signature.kind != SignatureKind::Advice && signature.standing == Standing::Counts;
        let last = agreement.signatures().iter().rfind(decided)?;
        let first = (last.organisation, last.person);
        let human = self.state().human(first.1);
        let other = agreement.parties().iter().map(|party| party.organisation).find(|code| *code != first.0)?;
        let there = self.state().organisations.get(&other)?.appointments.iter();
        let same = there.rev().find(|post| post.is_live(now) && self.state().human(post.person) == human);
        let Some(post) = same.map(|post| (post.person, post.role)) else {
            let here = self.state().organisations.get(&first.0)?.appointments.of(first.1).last()?.event;
            let whom = self.cast.somebody(&other.to_string());
            let mut draft = self.appointment(other, &whom.id, "IAO")?;
            draft.data["same_person"] = json!(here.to_string());
            draft.hands.push(self.holder(first.0, "ADM")?);
            return Some(draft);
        };
        let Some(hand) = self.hand_of(other, post.0, post.1.as_str()) else {
            return self.key_for(other, post.0, true);
        };
        let hash = Self::to_sign(agreement, other);
        let (kind, data) = if post.1.as_str() == "SIG" {
            ("ExecutionSigned", execution(&hash))
        } else {
            ("ApprovalGiven", approval(&hash))
        };
        Some(Draft::new(&format!("agr:{}", agreement.id()), kind, data, vec![hand]))
    }
}
