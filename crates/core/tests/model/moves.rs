//! The moves: who, which event, about what. Each becomes a real event, made once and kept.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use counterpart_core::agreement::{Agreement, Amendment, PartyState, StageName};
use counterpart_core::event::{self, Event};
use counterpart_core::header::SignatureKind;
use counterpart_core::ids::{EventId, OrganisationCode, Role, Stream};
use counterpart_core::json::to_jcs;
use counterpart_core::london;
use counterpart_core::state::State;
use counterpart_core::wire::{Digest, EVENT_TYPE, Envelope, EnvelopeSignature};
use serde_json::{Value, json};

use crate::scenes::deputy;
use crate::sharing::disclosure;
use crate::town::{Case, Shape, accepted, leaving, officer, question, reasons, row, suspension};
use crate::world::{Person, at, commitment};

/// One move. Parties are named by their place among the boroughs.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Move {
    Accept(usize),
    Return(usize),
    Ask(usize, usize),
    Answer(EventId, usize),
    Counter(usize, u32),
    TakeCounter(usize, Digest),
    DropCounter(usize, Digest),
    Submit(u32, Digest),
    Advise(usize, Role, Digest),
    Approve(usize, Role, Digest),
    Execute(usize, Role, Digest),
    Decline(usize, bool, Digest),
    TakeBack(usize, EventId),
    Refuse(usize),
    Withdraw,
    Suspend(usize, &'static str, bool),
    Resume(usize, EventId),
    ResumeForOther(usize, EventId),
    Propose(usize, u32),
    Abandon(usize),
    Review,
    Invite(usize),
    Join(usize),
    Notice(usize, bool),
    Rescind(usize, EventId),
    Consent(usize),
    Disclose(usize),
    Incident(usize),
    Certify(usize),
    Hold(usize),
    Release(usize, EventId),
    Compromise(usize, u64),
    Affirm(usize, EventId),
    Disown(usize, EventId),
    /// The lead passes on, with the old one or, once that is gone, without it.
    Lead(usize, bool),
    Vacate(usize, EventId),
    Fill(usize),
    /// Nobody does anything for so many days.
    Wait(u16),
    /// Nobody does anything until time brings something about.
    WaitUntilDue,
}

pub const BOROUGHS: [&str; 3] = ["CMD", "HCK", "ISL"];

pub fn code(place: usize) -> OrganisationCode {
    BOROUGHS[place].parse().unwrap()
}

pub fn place(code: OrganisationCode) -> usize {
    BOROUGHS.iter().position(|known| *known == code.as_str()).unwrap()
}

/// What a move says, and who signs it.
struct Said {
    event_type: &'static str,
    data: Value,
    signers: Vec<Person>,
}

/// Makes events of moves, and keeps them.
pub struct Maker {
    case: Case,
    parties: usize,
    made: HashMap<(Move, i64, u8), Event>,
}

impl Maker {
    pub fn new(case: Case, parties: usize) -> Self {
        Self { case, parties, made: HashMap::new() }
    }

    /// Every move that somebody could think of now; the rules say which are let pass.
    pub fn moves(&self, view: &Agreement, state: &State) -> Vec<Move> {
        let mut moves = vec![Move::Wait(1), Move::Wait(15), Move::WaitUntilDue, Move::Withdraw, Move::Review];
        let current = view.current();
        let draft = view.amendment().map_or((current.number, current.hash), |a| draft_of(view, a));
        let newest = view.versions().last().map_or((1, current.hash), |version| (version.number, version.hash));
        moves.push(Move::Submit(draft.0, draft.1));
        for place in 0..self.parties {
            self.moves_of(place, view, draft, newest, &mut moves);
        }
        for question in view.open_questions() {
            moves.push(Move::Answer(question.event, place(question.to)));
        }
        for ground in view.grounds() {
            moves.push(Move::ResumeForOther(place(view.lead()), ground.event));
        }
        for hold in view.holds() {
            moves.push(Move::Release(place(hold.by), hold.event));
        }
        for event in view.contested() {
            for place in 0..self.parties {
                moves.push(Move::Affirm(place, *event));
                moves.push(Move::Disown(place, *event));
            }
        }
        for signature in view.signatures().iter().filter(|s| s.kind == SignatureKind::Execution) {
            let from = state.events.get(&signature.event).unwrap().index;
            moves.push(Move::Compromise(place(signature.organisation), from));
        }
        moves
    }

    fn moves_of(
        &self,
        place: usize,
        view: &Agreement,
        draft: (u32, Digest),
        newest: (u32, Digest),
        moves: &mut Vec<Move>,
    ) {
        let (number, hash) = draft;
        moves.extend([
            Move::Accept(place),
            Move::Return(place),
            Move::Ask(place, (place + 1) % self.parties),
            Move::Counter(place, newest.0 + 1),
            Move::TakeCounter(place, newest.1),
            Move::DropCounter(place, newest.1),
            Move::Decline(place, true, hash),
            Move::Decline(place, false, hash),
            Move::Refuse(place),
            Move::Suspend(place, "SECURITY", true),
            Move::Suspend(place, "SECURITY", false),
            Move::Suspend(place, "REGULATOR", true),
            Move::Propose(place, newest.0.max(number) + 1),
            Move::Abandon(place),
            Move::Notice(place, true),
            Move::Notice(place, false),
            Move::Consent(place),
            Move::Disclose(place),
            Move::Certify(place),
            Move::Hold(place),
            Move::Incident(place),
        ]);
        if let Some(party) = view.party(code(place)) {
            // What is owed, and what is asked for although it is not owed yet: the rules say which.
            for role in [Role::Iao, Role::Siro] {
                moves.push(Move::Approve(place, role, hash));
            }
            moves.push(Move::Execute(place, Role::Sig, hash));
            moves.push(Move::Advise(place, Role::Dpo, hash));
            if let Some(notice) = &party.notice {
                moves.push(Move::Rescind(place, notice.event));
            }
            let newest = view.signatures().iter().rfind(|s| s.organisation == party.organisation);
            moves.extend(newest.map(|signature| Move::TakeBack(place, signature.event)));
            moves.extend(view.grounds().iter().map(|ground| Move::Resume(place, ground.event)));
            if party.state == PartyState::Requested {
                moves.push(Move::Invite(place));
            }
        } else {
            moves.extend([Move::Invite(place), Move::Join(place)]);
        }
        let siro = self.case.world.replay.state.organisations[&code(place)].appointments.iter();
        let siro = siro.filter(|a| a.role == Role::Siro).map(|appointment| Move::Vacate(place, appointment.event));
        // A vacant post matters where somebody has to close a ground.
        if view.name() == StageName::Suspended {
            moves.extend(siro);
        }
    }

    /// The moves that may lead out of a suspension.
    pub fn lifting(view: &Agreement) -> Vec<Move> {
        let mut moves = Vec::new();
        let current = view.current();
        for ground in view.grounds() {
            moves.push(Move::Resume(place(ground.by), ground.event));
            moves.push(Move::ResumeForOther(place(view.lead()), ground.event));
            moves.push(Move::Fill(place(ground.by)));
        }
        for event in view.contested() {
            for signature in view.signatures().iter().filter(|signature| signature.event == *event) {
                moves.push(Move::Affirm(place(signature.organisation), *event));
            }
        }
        for party in view.parties() {
            let place = place(party.organisation);
            for owed in view.missing_signatures(party.organisation) {
                moves.push(match owed.kind {
                    SignatureKind::Advice => Move::Advise(place, owed.role, current.hash),
                    SignatureKind::Approval => Move::Approve(place, owed.role, current.hash),
                    SignatureKind::Execution => Move::Execute(place, owed.role, current.hash),
                });
            }
            if !view.disowned().is_empty() || !view.contested().is_empty() {
                moves.push(Move::Execute(place, Role::Sig, current.hash));
            }
            moves.push(Move::Advise(place, Role::Dpo, current.hash));
        }
        if view.parties().len() > 2 && place(view.lead()) == 0 {
            // Whom the lead left alone, another may lead.
            moves.extend([Move::Lead(1, false), Move::Lead(1, true)]);
        }
        moves.extend([Move::WaitUntilDue, Move::Wait(14)]);
        moves
    }

    /// The moves that may lead to a final stage.
    pub fn finishing(view: &Agreement) -> Vec<Move> {
        let mut moves = vec![Move::Withdraw];
        moves.extend(view.holds().iter().map(|hold| Move::Release(place(hold.by), hold.event)));
        for party in view.parties() {
            let place = place(party.organisation);
            moves.extend([Move::Certify(place), Move::Notice(place, true)]);
        }
        moves.push(Move::WaitUntilDue);
        moves
    }

    /// The event of a move at an instant, as somebody would sign it who knows the newest revision.
    ///
    /// None where it was made at this very instant before: it would be the same event.
    pub fn event(&mut self, mv: &Move, state: &State, now: i64) -> Option<Event> {
        let signs = matches!(mv, Move::Approve(..) | Move::Advise(..) | Move::Execute(..));
        let most = if signs { 2 } else { 1 };
        for ordinal in 0..most {
            let id = id_of(mv, now, ordinal);
            if state.events.contains_key(&id) {
                continue;
            }
            let by_deputy = deputised(mv, state);
            let key = (mv.clone(), now, ordinal + if by_deputy { 100 } else { 0 });
            if !self.made.contains_key(&key) {
                let made = self.make(mv, id, now, by_deputy);
                self.made.insert(key.clone(), made);
            }
            let mut event = self.made[&key].clone();
            event.expected_revision = state.revision(event.stream, None).0;
            if let Stream::Organisation(_) = event.stream {
                event.expected_revision = counterpart_core::admit::revision(state, &event).0;
            }
            return Some(event);
        }
        None
    }

    fn make(&self, mv: &Move, id: EventId, now: i64, deputised: bool) -> Event {
        let Said { event_type, data, signers } = self.said(mv, now, deputised);
        let stream = match mv {
            Move::Compromise(place, _) => format!("key:{}", officer(BOROUGHS[*place], "SIG").key_id()),
            Move::Vacate(place, _) | Move::Fill(place) => format!("org:{}", BOROUGHS[*place]),
            _ => self.case.stream.clone(),
        };
        let signed: Vec<Value> = signers
            .iter()
            .map(|s| json!({ "key": s.key_id().to_string(), "organisation": s.organisation, "person": s.id, "role": s.role }))
            .collect();
        let payload = json!({
            "data": data, "expected_revision": 0, "id": id, "ledger": self.case.world.ledger,
            "signed_at": at(now).to_string(), "signers": signed, "stream": stream, "type": event_type, "v": 1,
            "valid_until": at(now + 3_600_000).to_string(),
        });
        // The rules never see a signature: whoever reads entries has checked them.
        let signatures = signers.iter().map(|s| EnvelopeSignature { keyid: s.key_id(), sig: [0; 64] }).collect();
        let envelope = Envelope::new(EVENT_TYPE, to_jcs(&payload).unwrap(), signatures).unwrap();
        event::parse(&envelope).unwrap_or_else(|error| panic!("{mv:?}: {error}"))
    }

    #[expect(clippy::too_many_lines, reason = "one arm for each move")]
    fn said(&self, mv: &Move, now: i64, deputised: bool) -> Said {
        let today = london::date_of(at(now));
        let one = |place: usize, role: &str| vec![officer(BOROUGHS[place], role)];
        let sig =
            |place: usize| vec![if deputised { deputy(BOROUGHS[place]) } else { officer(BOROUGHS[place], "SIG") }];
        let said = |event_type, data, signers| Said { event_type, data, signers };
        match mv {
            Move::Accept(place) => said("RequestTriaged", accepted(), one(*place, "IGL")),
            Move::Return(place) => {
                said("RequestTriaged", json!({ "missing": [], "outcome": "RETURNED" }), one(*place, "IGL"))
            }
            Move::Ask(by, to) => said("ClarificationRequested", question(BOROUGHS[*to]), one(*by, "IGL")),
            Move::Answer(asked, by) => {
                let data = json!({ "question": asked, "text": commitment() });
                said("ClarificationProvided", data, one(*by, "IGL"))
            }
            Move::Counter(by, number) => {
                // Each draft ends on a day of its own, so that none repeats another.
                let day = format!("2028-03-{:02}", 31 - number);
                let shape = self.case.shape.clone().with("/term/end_date", json!(day));
                let (mut data, _) = self.case.draft_of(&shape, *number, &["/term/end_date"]);
                data["words"] = commitment();
                said("CounterProposalMade", data, one(*by, "IGL"))
            }
            Move::TakeCounter(by, hash) => {
                said("CounterProposalAccepted", json!({ "version_hash": hash }), one(*by, "IGL"))
            }
            Move::DropCounter(by, hash) => {
                let data = json!({ "version_hash": hash, "words": commitment() });
                said("CounterProposalRejected", data, one(*by, "IGL"))
            }
            Move::Submit(version, hash) => {
                let latest = today.add_days(20).to_string();
                let data = json!({ "approve_by": latest, "version": version, "version_hash": hash });
                said("TermsSubmitted", data, one(0, "IGL"))
            }
            Move::Advise(by, role, hash) => {
                let data = json!({ "kind": role, "version_hash": hash, "words": commitment() });
                said("AdviceGiven", data, one(*by, role.as_str()))
            }
            Move::Approve(by, role, hash) => {
                said("ApprovalGiven", json!({ "datasets": [], "version_hash": hash }), one(*by, role.as_str()))
            }
            Move::Execute(by, _, hash) => {
                said("ExecutionSigned", json!({ "form": "SIMPLE_CONTRACT", "version_hash": hash }), sig(*by))
            }
            Move::Decline(by, last, hash) => {
                let kind = if *last { "FINAL" } else { "RETURN" };
                let data = json!({ "kind": kind, "version_hash": hash, "words": commitment() });
                said("ApprovalDeclined", data, one(*by, "SIG"))
            }
            Move::TakeBack(by, target) => {
                said("ApprovalWithdrawn", json!({ "target": target, "words": commitment() }), one(*by, "SIG"))
            }
            Move::Refuse(by) => said("RequestRefused", reasons(), one(*by, "SIRO")),
            Move::Withdraw => said("RequestWithdrawn", json!({}), one(0, "IGL")),
            Move::Suspend(by, ground, whole) => {
                let scope = if *whole { "WHOLE" } else { "PARTY" };
                said("AgreementSuspended", suspension(ground, scope), one(*by, "SIRO"))
            }
            Move::Resume(by, ground) => {
                let mut siro = one(*by, "SIRO");
                if deputised {
                    siro = vec![Person { role: "SIRO", ..deputy(BOROUGHS[*by]) }];
                }
                said("AgreementResumed", json!({ "ground": ground, "words": commitment() }), siro)
            }
            Move::ResumeForOther(lead, ground) => {
                let other = (0..self.parties).rev().find(|place| place != lead).unwrap_or(0);
                let two = vec![officer(BOROUGHS[*lead], "SIRO"), officer(BOROUGHS[other], "SIRO")];
                said("AgreementResumed", json!({ "ground": ground, "words": commitment() }), two)
            }
            Move::Propose(by, number) => {
                let shape = self.case.shape.clone().with("/notice_days", json!(number + 10));
                let (mut data, _) = self.case.draft_of(&shape, *number, &["/notice_days"]);
                data["class"] = json!("M3");
                data["renewal"] = json!(false);
                data["words"] = commitment();
                said("AmendmentProposed", data, one(*by, "IGL"))
            }
            Move::Abandon(by) => said("AmendmentAbandoned", json!({}), one(*by, "IGL")),
            Move::Review => {
                let data = json!({ "next_review": "2027-12-01", "outcome": "CONTINUE", "words": commitment() });
                said("ReviewCompleted", data, one(0, "IGL"))
            }
            Move::Invite(whom) => {
                said("PartyInvited", json!({ "contacts": commitment(), "row": self.row_of(*whom) }), one(0, "IGL"))
            }
            Move::Join(whom) => {
                let data = json!({ "row": self.row_of(*whom), "words": commitment() });
                said("AccessionRequested", data, one(*whom, "IGL"))
            }
            Move::Notice(by, at_once) => {
                let data = if *at_once {
                    leaving("UNLAWFUL", &today.to_string())
                } else {
                    leaving("POLICY", &today.add_days(30).to_string())
                };
                said("RevocationNoticed", data, sig(*by))
            }
            Move::Rescind(by, target) => {
                let mut signers = sig(*by);
                if self.parties == 2 {
                    signers.push(officer(BOROUGHS[1 - by], "SIG"));
                }
                said("RevocationRescinded", json!({ "target": target }), signers)
            }
            Move::Consent(by) => said("TerminationConsented", json!({ "takes_effect_on": "2026-12-25" }), sig(*by)),
            Move::Disclose(by) => {
                let dataset = if *by == 2 { "DS-2" } else { "DS-1" };
                said("DisclosureLogged", disclosure(&[dataset]), one(*by, "IAO"))
            }
            Move::Incident(by) => said("IncidentNoted", json!({ "key": true, "words": commitment() }), one(*by, "DPO")),
            Move::Certify(by) => {
                let data = json!({ "datasets": [], "on": "2026-12-01", "outcome": "DESTROYED", "words": commitment() });
                let both = vec![officer(BOROUGHS[*by], "IAO"), officer(BOROUGHS[*by], "SEC")];
                said("DestructionCertified", data, both)
            }
            Move::Hold(by) => {
                let data = json!({ "datasets": [], "reason": "LITIGATION" });
                said("RetentionHoldPlaced", data, one(*by, "LGL"))
            }
            Move::Release(by, hold) => said("RetentionHoldReleased", json!({ "hold": hold }), one(*by, "LGL")),
            Move::Compromise(whose, from) => {
                let key = officer(BOROUGHS[*whose], "SIG").key_id().to_string();
                let data = json!({ "evidence": commitment(), "key": key, "suspect_from": from });
                said("KeyCompromised", data, one(*whose, "CEX"))
            }
            Move::Affirm(by, target) => {
                let data = json!({ "evidence": commitment(), "outcome": "AFFIRMED", "targets": [target] });
                // Where nobody is the risk owner, the chief answers.
                said("ContestResolved", data, one(*by, if deputised { "CEX" } else { "SIRO" }))
            }
            Move::Disown(by, target) => {
                let data = json!({ "evidence": commitment(), "outcome": "DISOWNED", "targets": [target] });
                let both = vec![officer(BOROUGHS[*by], "SIRO"), officer(BOROUGHS[*by], "CEX")];
                said("ContestResolved", data, both)
            }
            Move::Lead(to, gone) => {
                let third = (1..self.parties).find(|place| place != to).unwrap_or(0);
                let mut signers = one(*to, "IGL");
                if *gone {
                    signers.extend([officer(BOROUGHS[*to], "SIG"), officer(BOROUGHS[third], "SIG")]);
                } else {
                    signers.push(officer(BOROUGHS[0], "IGL"));
                }
                said("LeadChanged", json!({ "lead": BOROUGHS[*to] }), signers)
            }
            Move::Vacate(place, appointment) => {
                said("RoleHolderRevoked", json!({ "appointment": appointment }), one(*place, "CEX"))
            }
            Move::Fill(place) => {
                let whom = Person { role: "SIRO", ..deputy(BOROUGHS[*place]) };
                let data = json!({
                    "functions": [], "holder": commitment(), "notice_given_on": "2026-12-01", "person": whom.id,
                    "role": "SIRO", "valid_from": "2026-12-01",
                });
                said("RoleHolderAppointed", data, one(*place, "CEX"))
            }
            Move::Wait(_) | Move::WaitUntilDue => unreachable!("nobody signs that time goes by"),
        }
    }

    /// The row with which a borough would stand in the header.
    fn row_of(&self, place: usize) -> Value {
        let mut shape: Shape = self.case.shape.clone();
        shape.parties.as_array_mut().unwrap().push(row(BOROUGHS[place], "RECIPIENT"));
        let header = shape.header(&self.case.world.replay.state);
        serde_json::to_value(header.parties.last().unwrap()).unwrap()
    }
}

fn draft_of(view: &Agreement, amendment: Amendment) -> (u32, Digest) {
    let version = view.version(amendment.version).unwrap();
    (version.number, version.hash)
}

/// Whether the one who would sign has a key that was reported, so that the deputy signs.
fn deputised(mv: &Move, state: &State) -> bool {
    let (Move::Execute(place, ..) | Move::Notice(place, _) | Move::Consent(place) | Move::Rescind(place, _)) = mv
    else {
        return matches!(mv, Move::Resume(place, _) | Move::Affirm(place, _) if vacant(*place, state));
    };
    !state.keys[&officer(BOROUGHS[*place], "SIG").key_id()].is_active()
}

/// Whether the first holder of the post of risk owner is out of it.
fn vacant(place: usize, state: &State) -> bool {
    let held = &state.organisations[&code(place)];
    held.appointments.iter().filter(|a| a.role == Role::Siro).any(|a| a.ended_at.is_some())
}

/// The id of a move's event: it follows from the move and the instant, so that the same moves in another order
/// come to the same state.
fn id_of(mv: &Move, now: i64, ordinal: u8) -> EventId {
    let mut hasher = DefaultHasher::new();
    (mv, now, ordinal).hash(&mut hasher);
    let mark = hasher.finish() & 0xffff_ffff_ffff;
    format!("01890000-0000-7000-9{ordinal:03x}-{mark:012x}").parse().unwrap()
}
