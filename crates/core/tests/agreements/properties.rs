//! Invariants over random histories that are legal or nearly so (domain.md 2.14).

use counterpart_core::agreement::{Agreement, PartyState, Signature, StageName, Standing};
use counterpart_core::event::{self, Event};
use counterpart_core::header::SignatureKind;
use counterpart_core::london;
use counterpart_core::time::Timestamp;
use serde_json::{Value, json};

use crate::town::*;
use crate::world::{Draft, Person, at, commitment};

/// What a random history has seen so far.
struct History {
    case: Case,
    events: Vec<(Event, Timestamp)>,
    formed: bool,
}

const ROLES: [&str; 9] = ["REQ", "IGL", "DPO", "SIRO", "IAO", "SIG", "LGL", "CG", "SEC"];

impl History {
    fn begin(three: bool, late: bool) -> Self {
        let mut shape = if three { Shape::three() } else { Shape::pair() };
        if late {
            shape = shape.with("/term/effective_date", json!("2027-02-15"));
        }
        shape = shape.with("/datasets/0/data_class", json!("SC")).with("/notice_days", json!(5));
        let mut history = Self { case: Case::none(shape), events: Vec::new(), formed: false };
        let draft = history.case.request();
        history.record(&draft);
        history
    }

    fn record(&mut self, draft: &Draft) {
        let now = at(self.case.world.now);
        let event = event::parse(&draft.envelope()).unwrap();
        let state = &self.case.world.replay.state;
        let (size, root) = (state.size, self.case.world.replay.frontier.root());
        let counterpart_core::ids::Stream::Agreement(id) = event.stream else { return };
        let before = state.agreement(id).map(std::borrow::Cow::into_owned);
        if self.case.world.record(draft).is_ok() {
            self.events.push((event, now));
        } else {
            // I4: a refused event leaves everything as it was.
            let state = &self.case.world.replay.state;
            assert_eq!((state.size, self.case.world.replay.frontier.root()), (size, root));
            assert_eq!(state.agreement(id).map(std::borrow::Cow::into_owned), before);
        }
    }

    /// One step, chosen by a number.
    fn step(&mut self, number: u32) {
        let boroughs = self.case.organisations();
        let code = boroughs[(number >> 4) as usize % boroughs.len()].clone();
        let who = |role: &str| vec![officer(&code, role)];
        let any_role = ROLES[(number >> 8) as usize % ROLES.len()];
        let agreement = self.case.agreement();
        let organisation = code.parse().unwrap();
        let owed = agreement.missing_signatures(organisation).first().copied();
        let some_signature = |agreement: &Agreement| {
            let own: Vec<&Signature> =
                agreement.signatures().iter().filter(|s| s.organisation == organisation).collect();
            own.get((number >> 8) as usize % own.len().max(1)).map(|s| (s.event.to_string(), s.role))
        };
        let (event, data, signers): (&str, Value, Vec<Person>) = match number % 16 {
            0 => ("RequestTriaged", accepted(), who("IGL")),
            1 => ("TermsSubmitted", self.case.submission(), who("IGL")),
            2..=7 => match owed {
                Some(owed) => match owed.kind {
                    SignatureKind::Advice => {
                        ("AdviceGiven", self.case.advice(owed.role.as_str()), who(owed.role.as_str()))
                    }
                    SignatureKind::Approval => ("ApprovalGiven", self.case.approval(), who(owed.role.as_str())),
                    SignatureKind::Execution => ("ExecutionSigned", self.case.execution(), who(owed.role.as_str())),
                },
                None => ("ApprovalGiven", self.case.approval(), who(any_role)),
            },
            8 => ("ExecutionSigned", self.case.execution(), who(any_role)),
            9 if number & 0x3000 == 0 => ("ApprovalDeclined", self.case.decline("RETURN"), who("SIG")),
            9 => match some_signature(&agreement) {
                Some((target, _)) => {
                    ("ApprovalWithdrawn", json!({ "target": target, "words": commitment() }), who("SIG"))
                }
                None => ("NoteRecorded", note(), who("LGL")),
            },
            10 => {
                let scope = if number & 0x1000 == 0 { "WHOLE" } else { "PARTY" };
                ("AgreementSuspended", suspension("SECURITY", scope), who("SIRO"))
            }
            11 => match agreement.grounds().first() {
                Some(ground) => {
                    let by = ground.by.to_string();
                    let data = resumption(&ground.event.to_string());
                    ("AgreementResumed", data, vec![officer(&by, "SIRO")])
                }
                None => ("NoteRecorded", note(), who(any_role)),
            },
            12 if number & 0x1000 == 0 => {
                let days = i64::from((number >> 16) % 8);
                let on = london::date_of(at(self.case.world.now)).add_days(days).to_string();
                let ground = if number & 0x8000 == 0 { "POLICY" } else { "UNLAWFUL" };
                ("RevocationNoticed", leaving(ground, &on), who("SIG"))
            }
            13 => {
                self.case.world.now += i64::from((number >> 12) % 1_000) * (DAY / 40);
                ("NoteRecorded", note(), who(any_role))
            }
            14 if number & 0xf000 == 0 => ("RequestWithdrawn", json!({}), who("SIG")),
            _ => ("AdviceGiven", self.case.advice("DPO"), who("DPO")),
        };
        let draft = self.case.event(event, data, &signers);
        self.record(&draft);
    }

    fn check(&mut self, before: &Agreement) {
        let now = self.case.agreement();
        // I6: nothing leads out of a final stage.
        if before.name().is_final() {
            assert_eq!(before.name(), now.name());
        }
        let version = now.current().number;
        let counting = |party| {
            now.signatures()
                .iter()
                .filter(move |s| s.organisation == party && s.version == version && s.standing == Standing::Counts)
        };
        for party in now.parties() {
            // I9: who is bound has given every required signature on the version.
            if party.state.is_bound() {
                for required in &now.row(party.organisation).unwrap().required_roles {
                    let given =
                        counting(party.organisation).any(|s| s.kind == required.kind && s.role == required.role);
                    assert!(given, "{} lacks {} {}", party.organisation, required.kind, required.role);
                }
            }
            // I19: nobody signs for a party that is gone.
            let gone = |state| matches!(state, PartyState::Left | PartyState::Declined);
            if gone(before.party(party.organisation).unwrap().state) {
                let of = |a: &Agreement| a.signatures().iter().filter(|s| s.organisation == party.organisation).count();
                assert_eq!(of(before), of(&now));
            }
            // I21: notice without a grave ground runs its days.
            if let Some(notice) = &party.notice {
                let given = self.events.iter().find(|(event, _)| event.id == notice.event).unwrap();
                if let counterpart_core::event::data::Data::RevocationNoticed(data) = &given.0.data
                    && !data.ground.is_immediate()
                {
                    assert!(notice.day >= london::date_of(given.1).add_days(5));
                }
            }
        }
        // I10, I11: one person, one decision; the filer signs nothing.
        for one in now.signatures() {
            assert_ne!(one.person, now.filer());
            for other in now.signatures() {
                if one.person == other.person && one.version == other.version {
                    assert_eq!(one.organisation, other.organisation, "I12");
                    assert_eq!(one.kind == SignatureKind::Advice, other.kind == SignatureKind::Advice);
                }
            }
        }
        // I14, I15: formed by all, and never before the last signature or the first day.
        let formed = matches!(now.name(), StageName::Approved | StageName::Active);
        if formed && !self.formed {
            assert!(now.parties().iter().all(|party| party.state.is_bound()));
        }
        self.formed = formed || now.name() == StageName::Suspended;
        if let Some(begun) = now.first_in_force_at() {
            assert!(begun >= london::start_of(now.header().effective_date));
            for party in now.parties().iter().filter(|party| party.state.is_bound()) {
                let last = counting(party.organisation).filter(|s| s.kind == SignatureKind::Execution).map(|s| s.at);
                assert!(last.max().is_some_and(|at| at <= begun));
            }
        }
        // I20: between two, a notice that took effect is the end.
        if now.is_bilateral() && now.parties().iter().any(|party| party.state == PartyState::Left) {
            assert!(matches!(now.name(), StageName::Ending | StageName::Closed));
        }
    }
}

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        u32::try_from(self.0 >> 32).unwrap()
    }
}

#[test]
fn invariants_hold_after_every_step_of_random_histories_that_reach_every_stage() {
    let mut seen = std::collections::BTreeSet::new();
    for seed in 0..60 {
        let mut dice = Dice(seed);
        let mut history = History::begin(seed % 3 == 0, seed % 4 == 0);
        for _ in 0..80 {
            let before = history.case.agreement();
            history.step(dice.roll());
            history.check(&before);
            seen.insert(history.case.letter());
        }
        // I3: an agreement rebuilt from its own entries is the same.
        let windows = history.case.world.replay.state.windows();
        let stored = history.case.stored();
        let events = (0..).zip(&history.events).map(|(index, (event, at))| (index, event, *at));
        let again = Agreement::replayed(events, &[], u64::MAX, stored.reference(), windows).unwrap();
        assert_eq!(again, *stored, "seed {seed}");
    }
    assert_eq!(seen.iter().collect::<String>(), "AFLPSVWX");
}
