//! I26 to I32: on what authority people sign, what happens when it ends or is in doubt, bodies that go.

use std::collections::{BTreeSet, HashMap, HashSet};

use counterpart_core::agreement::{Agreement, PartyState, Standing};
use counterpart_core::event::Event;
use counterpart_core::event::data::{ContestOutcome, Data, SuccessionKind};
use counterpart_core::ids::{AgreementId, EventId, OrganisationCode, PersonId, Role, Stream};
use counterpart_core::london;
use counterpart_core::replay::Replay;
use counterpart_core::time::{Date, Timestamp};
use counterpart_core::wire::KeyId;

use crate::corpus::{Told, each_turn, entries, histories};

/// A post, as an independent reader of the entries keeps it.
struct Post {
    body: OrganisationCode,
    person: PersonId,
    role: Role,
    from: Date,
    to: Option<Date>,
    ended: Option<Timestamp>,
}

/// Leave to act for a post.
struct Leave {
    post: EventId,
    person: PersonId,
    until: Date,
    ended: Option<Timestamp>,
}

/// What the entries so far say of keys, posts and bodies; nothing of it is taken from the program's own state.
#[derive(Default)]
struct Reader {
    keys: HashMap<KeyId, (OrganisationCode, PersonId, bool)>,
    posts: HashMap<EventId, Post>,
    leaves: HashMap<EventId, Leave>,
    registrars: HashSet<KeyId>,
    registered: HashMap<OrganisationCode, u64>,
    /// From when on a body is gone.
    gone: HashMap<OrganisationCode, Timestamp>,
    going: HashMap<EventId, Vec<OrganisationCode>>,
}

impl Reader {
    /// What an event of these hands must rest on, just before it.
    fn judge(&self, event: &Event, at: Timestamp) {
        let new = |key: KeyId| match &event.data {
            Data::LedgerGenesis(data) => data.registrar_keys.iter().any(|row| row.key == key),
            Data::OrganisationRegistered(data) => data.chief.key == key,
            Data::KeyRegistered(data) => data.key == key,
            Data::KeyRotated(data) => data.key == key,
            Data::RegistrarChanged(data) => data.add.iter().any(|row| row.key == key),
            _ => false,
        };
        for signer in &event.signers {
            if !new(signer.key) {
                let (body, person, signs) = self.keys[&signer.key];
                assert!(signs && body == signer.organisation && person == signer.person, "{event:?}");
            }
            if signer.organisation == OrganisationCode::REGISTRAR {
                assert!(self.registrars.contains(&signer.key) || new(signer.key), "{event:?}");
                continue;
            }
            let founding = matches!(&event.data, Data::OrganisationRegistered(data) if data.chief.key == signer.key);
            if founding {
                continue;
            }
            let gone = self.gone.get(&signer.organisation).is_some_and(|gone| *gone <= at);
            let outlives = matches!(
                event.data,
                Data::DestructionCertified(_)
                    | Data::IncidentNoted(_)
                    | Data::IncidentUpdated(_)
                    | Data::DisclosureErased(_)
            );
            assert!(!gone || outlives, "{event:?}");
            let live = |post: &Post| {
                post.body == signer.organisation
                    && post.role == signer.role
                    && (post.ended.is_none() || gone)
                    && london::start_of(post.from) <= at
                    && post.to.is_none_or(|day| at < london::end_of(day))
            };
            let holds = match signer.delegation {
                None => self.posts.values().any(|post| post.person == signer.person && live(post)),
                Some(delegation) => {
                    let leave = &self.leaves[&delegation];
                    leave.person == signer.person
                        && leave.ended.is_none()
                        && at < london::end_of(leave.until)
                        && live(&self.posts[&leave.post])
                }
            };
            assert!(holds, "{} {} at {at}: {event:?}", signer.role, signer.organisation);
        }
    }

    fn take_in(&mut self, event: &Event, index: u64, at: Timestamp) {
        let today = london::date_of(at);
        match &event.data {
            Data::LedgerGenesis(data) => {
                for row in &data.registrar_keys {
                    self.keys.insert(row.key, (OrganisationCode::REGISTRAR, row.person, true));
                    self.registrars.insert(row.key);
                }
            }
            Data::RegistrarChanged(data) => {
                for row in &data.add {
                    self.keys.insert(row.key, (OrganisationCode::REGISTRAR, row.person, true));
                    self.registrars.insert(row.key);
                }
                for key in &data.remove {
                    self.registrars.remove(key);
                    self.keys.get_mut(key).unwrap().2 = false;
                }
            }
            Data::OrganisationRegistered(data) => {
                // Who joins again brings new roles and keys.
                for key in self.keys.values_mut().filter(|key| key.0 == data.code) {
                    key.2 = false;
                }
                for post in self.posts.values_mut().filter(|post| post.body == data.code) {
                    post.ended.get_or_insert(at);
                }
                self.gone.remove(&data.code);
                self.registered.entry(data.code).or_insert(index);
                self.keys.insert(data.chief.key, (data.code, data.chief.person, true));
                let post = Post {
                    body: data.code,
                    person: data.chief.person,
                    role: Role::Cex,
                    from: today,
                    to: None,
                    ended: None,
                };
                self.posts.insert(event.id, post);
            }
            Data::RoleHolderAppointed(data) => {
                let Stream::Organisation(body) = event.stream else { unreachable!() };
                let (person, role) = (data.person, data.role);
                let post = Post { body, person, role, from: data.valid_from, to: data.valid_to, ended: None };
                self.posts.insert(event.id, post);
            }
            Data::RoleHolderRevoked(data) => {
                self.posts.get_mut(&data.appointment).unwrap().ended = Some(at);
            }
            Data::RoleDelegated(data) => {
                let leave = Leave { post: data.appointment, person: data.person, until: data.until, ended: None };
                self.leaves.insert(event.id, leave);
            }
            Data::DelegationRevoked(data) => {
                self.leaves.get_mut(&data.delegation).unwrap().ended = Some(at);
            }
            Data::KeyRegistered(data) => {
                self.keys.insert(data.key, (data.organisation, data.person, true));
            }
            Data::KeyRotated(data) => {
                let old = self.keys.get_mut(&data.replaces).unwrap();
                old.2 = false;
                let (body, person) = (old.0, old.1);
                self.keys.insert(data.key, (body, person, true));
            }
            Data::KeyRevoked(data) => self.keys.get_mut(&data.key).unwrap().2 = false,
            Data::KeyCompromised(data) => self.keys.get_mut(&data.key).unwrap().2 = false,
            Data::OrganisationLeft(data) => {
                let Stream::Organisation(body) = event.stream else { unreachable!() };
                self.gone.insert(body, london::start_of(data.on).max(at));
            }
            Data::OrganisationSucceeded(data) if data.kind != SuccessionKind::Transfer => {
                self.going.insert(event.id, data.predecessors.clone());
                for body in &data.predecessors {
                    self.gone.insert(*body, london::start_of(data.effective).max(at));
                }
            }
            Data::SuccessionObjected(data) => {
                for body in self.going.get(&data.target).into_iter().flatten() {
                    self.gone.remove(body);
                }
            }
            _ => {}
        }
    }
}

#[test]
fn i26_whoever_signed_had_the_key_the_role_and_a_body_that_was_there() {
    let mut judged = 0;
    for told in histories() {
        let mut reader = Reader::default();
        for (index, read) in entries(told) {
            reader.judge(&read.event, read.entry.recorded_at);
            reader.take_in(&read.event, index, read.entry.recorded_at);
            judged += read.event.signers.len();
        }
    }
    assert!(judged > 5_000, "{judged}");
}

/// Shows a replay before and after each entry of some kinds.
fn around(
    told: &Told,
    wanted: impl Fn(&Data) -> bool,
    mut look: impl FnMut(&Event, Timestamp, &HashMap<AgreementId, Agreement>, &Replay),
) {
    let mut replay = Replay::new();
    for (_, read) in entries(told) {
        if wanted(&read.event.data) {
            let before = replay.state.agreements().map(|agreement| (agreement.id(), agreement.into_owned())).collect();
            replay.next(read, true).unwrap();
            look(&read.event, read.entry.recorded_at, &before, &replay);
        } else {
            replay.next(read, true).unwrap();
        }
    }
}

#[test]
fn i27_the_end_of_a_role_or_key_changes_nothing_that_was_signed() {
    let mut ends = 0;
    for told in histories().iter().step_by(3) {
        let wanted = |data: &Data| {
            matches!(
                data,
                Data::RoleHolderRevoked(_) | Data::DelegationRevoked(_) | Data::KeyRevoked(_) | Data::KeyRotated(_)
            )
        };
        around(told, wanted, |_, _, before, replay| {
            ends += 1;
            for agreement in replay.state.agreements() {
                assert_eq!(Some(&*agreement), before.get(&agreement.id()));
            }
        });
    }
    assert!(ends > 30, "{ends}");
}

#[test]
fn i28_contested_is_what_the_key_signed_in_doubt_and_what_rests_on_it() {
    let (mut reports, mut dependent) = (0, 0);
    for told in histories() {
        // Who signed what with which key, on which post or delegation; which event brought in which key.
        let mut acts: Vec<(u64, EventId, KeyId, Option<EventId>)> = Vec::new();
        let mut brought: HashMap<KeyId, EventId> = HashMap::new();
        let mut doubted: HashMap<KeyId, (u64, u64)> = HashMap::new();
        let mut resolved: HashSet<EventId> = HashSet::new();
        let mut replay = Replay::new();
        for (index, read) in entries(told) {
            let event = &read.event;
            match &event.data {
                Data::KeyRegistered(data) => drop(brought.insert(data.key, event.id)),
                Data::KeyRotated(data) => drop(brought.insert(data.key, event.id)),
                Data::ContestResolved(data) => resolved.extend(&data.targets),
                _ => {}
            }
            replay.next(read, true).unwrap();
            for act in event.signers.iter().map(|signer| (signer, replay.state.acts_of(signer.key).last())) {
                acts.push((index, event.id, act.0.key, act.1.and_then(|act| act.authority)));
            }
            let Data::KeyCompromised(data) = &event.data else { continue };
            reports += 1;
            let from = data.suspect_from.unwrap_or(index);
            let entry = doubted.entry(data.key).or_insert((from, index));
            entry.0 = entry.0.min(from);
            let open: BTreeSet<EventId> = replay.state.contests.open().map(|(event, _)| event).collect();
            let direct: BTreeSet<EventId> = acts
                .iter()
                .filter(|(at, _, key, _)| doubted.get(key).is_some_and(|(from, to)| (from..to).contains(&at)))
                .map(|(_, event, ..)| *event)
                .collect();
            // Everything that the key signed in doubt is contested, but for what its body has spoken of.
            for event in &direct {
                assert!(open.contains(event) || resolved.contains(event) || rests(event, &acts, &brought, &resolved));
            }
            // Nothing else is, unless it rests on what is; and what is contested counts nowhere.
            for event in open.difference(&direct) {
                dependent += 1;
                let own = acts.iter().filter(|(_, id, ..)| id == event);
                let grounded = own.clone().any(|(_, _, key, authority)| {
                    let by_key = brought.get(key).is_some_and(|event| open.contains(event) || resolved.contains(event));
                    by_key || authority.is_some_and(|post| open.contains(&post) || resolved.contains(&post))
                });
                let of_doubter = delegator(&replay, *event)
                    .is_some_and(|person| doubted.keys().any(|key| replay.state.keys[key].person == person));
                assert!(grounded || of_doubter, "{event} of {open:?}");
            }
            for agreement in replay.state.agreements() {
                for signature in agreement.signatures().iter().filter(|s| open.contains(&s.event)) {
                    assert_ne!(signature.standing, Standing::Counts);
                }
            }
        }
    }
    assert!(reports > 20 && dependent > 5, "{reports} {dependent}");
}

/// Whether what an event rests on was spoken of, so that it is resolved with that.
fn rests(
    event: &EventId,
    acts: &[(u64, EventId, KeyId, Option<EventId>)],
    brought: &HashMap<KeyId, EventId>,
    resolved: &HashSet<EventId>,
) -> bool {
    let mut own = acts.iter().filter(|(_, id, ..)| id == event);
    own.any(|(_, _, key, authority)| {
        brought.get(key).is_some_and(|event| resolved.contains(event))
            || authority.is_some_and(|post| resolved.contains(&post))
    })
}

/// Who gave a delegation.
fn delegator(replay: &Replay, event: EventId) -> Option<PersonId> {
    replay.state.organisations.values().find_map(|body| body.delegation(event)).map(|delegation| delegation.by)
}

/// What was said of a signature: by which key it was made and where, and whether its body stands by it.
#[derive(Default)]
struct Said {
    acts: HashMap<EventId, (u64, HashSet<KeyId>)>,
    disowned: HashSet<EventId>,
    affirmed: HashSet<EventId>,
    /// From where on each reported key is in doubt.
    since: HashMap<KeyId, u64>,
}

impl Said {
    fn take(&mut self, index: u64, event: &Event) {
        self.acts.insert(event.id, (index, event.signers.iter().map(|signer| signer.key).collect()));
        match &event.data {
            Data::ContestResolved(data) if data.outcome == ContestOutcome::Disowned => {
                self.disowned.extend(&data.targets);
                self.affirmed.retain(|target| !data.targets.contains(target));
            }
            Data::ContestResolved(data) => self.affirmed.extend(&data.targets),
            // Another doubt, or a point of suspicion that moves past it, contests what was affirmed.
            Data::KeyCompromised(data) => {
                let from = data.suspect_from.unwrap_or(index);
                let until = self.since.insert(data.key, from).unwrap_or(index);
                let acts = &self.acts;
                self.affirmed.retain(|target| {
                    let (at, keys) = &acts[target];
                    !(keys.contains(&data.key) && (from..until).contains(at))
                });
            }
            _ => {}
        }
    }
}

#[test]
fn i29_what_is_disowned_never_counts_again_and_what_is_affirmed_is_left_alone() {
    let (mut disowned, mut affirmed, mut after) = (0, 0, 0);
    for told in histories() {
        let mut said = Said::default();
        let mut replay = Replay::new();
        for (index, read) in entries(told) {
            replay.next(read, true).unwrap();
            said.take(index, &read.event);
            let contests = &replay.state.contests;
            for event in &said.disowned {
                assert!(contests.contest(*event).is_none(), "what is disowned is not in doubt any more");
            }
            for event in &said.affirmed {
                assert!(contests.contest(*event).is_none(), "what is affirmed is left alone");
            }
            // Signatures that count change only with these.
            let told = matches!(read.event.data, Data::ContestResolved(_) | Data::KeyCompromised(_));
            if !told {
                continue;
            }
            after += usize::from(matches!(read.event.data, Data::KeyCompromised(_)) && !said.affirmed.is_empty());
            let signatures: Vec<_> = replay.state.agreements().flat_map(|own| own.signatures().to_vec()).collect();
            for signature in signatures {
                if said.disowned.contains(&signature.event) {
                    assert!(!signature.standing.may_count());
                    disowned += 1;
                } else if said.affirmed.contains(&signature.event) {
                    assert_ne!(signature.standing, Standing::Contested);
                    affirmed += 1;
                }
            }
        }
    }
    // What is disowned is rare; `doubts.rs` looks at it one by one, and at both ways to contest anew.
    assert!(affirmed > 0 && after > 0, "{disowned} {affirmed} {after}");
}

#[test]
fn i30_a_delegation_is_short_given_by_a_holder_and_ends_with_the_role() {
    let mut given = 0;
    for told in histories() {
        let state = told.ledger.state();
        for (_, read) in entries(told) {
            let event = &read.event;
            if let Data::RoleDelegated(data) = &event.data {
                given += 1;
                let Stream::Organisation(code) = event.stream else { unreachable!() };
                let role = state.organisations[&code].appointment_by(data.appointment).unwrap().role;
                let most = if role == Role::Cex { 366 } else { 90 };
                assert!(data.until <= london::date_of(read.entry.recorded_at).add_days(most));
                // No chain: a delegate of the role does not pass it on.
                assert!(event.signers.iter().all(|signer| signer.role != role || signer.delegation.is_none()));
            }
        }
        for body in state.organisations.values() {
            for delegation in &body.delegations {
                let post = body.appointment_by(delegation.appointment).unwrap();
                if let Some(ended) = post.ended_at {
                    assert!(delegation.ended_at.is_some_and(|at| at <= ended));
                }
            }
        }
    }
    assert!(given > 20, "{given}");
}

#[test]
fn i31_whoever_is_named_in_an_agreement_was_registered_before() {
    let mut named = 0;
    for told in histories() {
        let mut reader = Reader::default();
        let mut replay = Replay::new();
        for (index, read) in entries(told) {
            replay.next(read, true).unwrap();
            if let Stream::Agreement(id) = read.event.stream {
                for party in replay.state.agreement(id).unwrap().parties() {
                    assert!(reader.registered[&party.organisation] < index);
                    named += 1;
                }
            }
            reader.take_in(&read.event, index, read.entry.recorded_at);
        }
    }
    assert!(named > 1_000, "{named}");
}

#[test]
fn i32_every_live_agreement_of_a_predecessor_has_one_successor_and_no_more_parties() {
    let (mut taken, mut collapsed) = (0, 0);
    each_turn(|turn| {
        let Data::OrganisationSucceeded(data) = &turn.event().data else { return };
        let day = london::start_of(data.effective).max(turn.step.at);
        let eve = turn.before.filter(|_| day == turn.step.at).cloned();
        let eve = eve.unwrap_or_else(|| turn.after.at(day.add_millis(-1)).into_owned());
        let then = turn.after.at(day);
        if eve.name().is_final() {
            return;
        }
        let standing = |agreement: &Agreement| {
            agreement.parties().iter().filter(|party| party.state != PartyState::Succeeded && !party.joins).count()
        };
        assert!(standing(&then) <= standing(&eve), "{}", turn.place());
        collapsed += usize::from(standing(&then) < standing(&eve));
        for predecessor in &data.predecessors {
            let Some(was) = eve.party(*predecessor) else { continue };
            let Some(now) = then.party(*predecessor).map(|party| party.state) else { continue };
            let stood = matches!(
                was.state,
                PartyState::Executed
                    | PartyState::Suspended
                    | PartyState::Leaving
                    | PartyState::Signing
                    | PartyState::Invited
            );
            if stood && data.kind != SuccessionKind::Transfer && !was.joins {
                assert_eq!(now, PartyState::Succeeded, "{}", turn.place());
                let heirs = data.successors.iter().filter(|code| then.party(**code).is_some());
                assert!(heirs.count() >= 1, "{}", turn.place());
                taken += 1;
            }
        }
    });
    assert!(taken > 10 && collapsed > 0, "{taken} {collapsed}");
}
