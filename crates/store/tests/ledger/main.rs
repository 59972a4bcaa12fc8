//! The write path over the memory store: what is acknowledged is there, covered by a signed checkpoint, after a restart.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::cloned_ref_to_slice_refs,
    clippy::needless_pass_by_value,
    dead_code,
    reason = "tests"
)]

#[path = "../../../core/tests/offices/world.rs"]
mod world;

use std::sync::Arc;

use counterpart_core::event;
use counterpart_core::ledger::{Ledger, LedgerError, LogKeys, Opened, Outcome};
use counterpart_store::memory::{Memory, MemoryLocks};
use counterpart_store::{LockStore, Store};
use counterpart_tlog::checkpoint::Checkpoint;
use counterpart_tlog::ed25519::SigningKey;
use counterpart_tlog::note::NoteSigner;
use counterpart_tlog::verify_inclusion;
use serde_json::json;
use world::{Draft, ORIGIN, World, at, person, registrars};

fn signer() -> NoteSigner {
    NoteSigner::new(ORIGIN, SigningKey::from_bytes(&[77; 32])).unwrap()
}

fn open(store: &Arc<Memory>, lock: &Arc<MemoryLocks>) -> Result<Ledger<Memory, MemoryLocks>, LedgerError> {
    Ledger::open(Arc::clone(store), Arc::clone(lock), signer(), ORIGIN)
}

fn opened(ledger: &Ledger<Memory, MemoryLocks>, draft: &Draft) -> Opened {
    let envelope = draft.envelope();
    let event = event::parse(&envelope).unwrap();
    let checked = ledger.keyring().check(&event, &envelope).unwrap();
    Opened { envelope, event, disclosures: Vec::new(), unchecked: !checked.unknown.is_empty(), door: Ok(()) }
}

struct Running {
    world: World,
    store: Arc<Memory>,
    lock: Arc<MemoryLocks>,
    ledger: Ledger<Memory, MemoryLocks>,
}

impl Running {
    fn founded() -> Self {
        let (store, lock) = (Arc::new(Memory::new()), Arc::new(MemoryLocks::new()));
        let ledger = open(&store, &lock).unwrap();
        let mut running = Self { world: World::new(), store, lock, ledger };
        let genesis = running.world.genesis();
        running.submit(&genesis);
        running.world.ledger = running.ledger.state().founded.as_ref().unwrap().ledger.to_string();
        running
    }

    fn submit(&mut self, draft: &Draft) -> Outcome {
        let group = [opened(&self.ledger, draft)];
        let committed = self.ledger.commit(&group, at(self.world.now)).unwrap();
        committed.outcomes.into_iter().next().unwrap()
    }
}

#[test]
fn a_receipt_proves_that_the_event_is_in_the_log() {
    let mut running = Running::founded();
    let chief = person("CMD", "CEX", 10);
    let draft = running.world.registration("CMD", &chief);
    let Outcome::Recorded { index, leaf, revision, .. } = running.submit(&draft) else { panic!("it is recorded") };
    assert_eq!((index, revision), (1, 1));
    let note = running.ledger.checkpoint().unwrap();
    let (checkpoint, _) = Checkpoint::verify(&note, ORIGIN, &signer().vkey()).unwrap();
    let proof = running.ledger.tree().inclusion(index, checkpoint.size).unwrap();
    verify_inclusion(&leaf, index, checkpoint.size, &proof, &checkpoint.root).unwrap();
}

#[test]
fn said_twice_recorded_once() {
    let mut running = Running::founded();
    let chief = person("CMD", "CEX", 10);
    let draft = running.world.registration("CMD", &chief);
    running.submit(&draft);
    assert!(matches!(running.submit(&draft), Outcome::Repeated { index: 1 }));
    assert_eq!(running.store.size(), 2);
}

#[test]
fn a_refusal_records_nothing_and_does_not_stop_the_next() {
    let mut running = Running::founded();
    let chief = person("CMD", "CEX", 10);
    let good = running.world.registration("CMD", &chief);
    let stale = running.world.registration("HCK", &person("HCK", "CEX", 20)).with("expected_revision", json!(7));
    let group = [opened(&running.ledger, &stale), opened(&running.ledger, &good)];
    let committed = running.ledger.commit(&group, at(running.world.now)).unwrap();
    assert!(matches!(&committed.outcomes[0], Outcome::Refused(refusal) if refusal.code() == "C01"));
    assert!(matches!(committed.outcomes[1], Outcome::Recorded { index: 1, .. }));
    assert_eq!(committed.size, 2);
}

#[test]
fn a_key_that_enters_with_one_event_signs_the_next_of_the_same_group() {
    let mut running = Running::founded();
    let chief = person("CMD", "CEX", 10);
    let registration = running.world.registration("CMD", &chief);
    running.world.revisions.insert("org:CMD".to_owned(), 1);
    let appointment = running.world.appointment(&[chief], &person("CMD", "ADM", 11));
    let group = [opened(&running.ledger, &registration), opened(&running.ledger, &appointment)];
    assert!(group[1].unchecked, "the chief's key was not known when the group was opened");
    let committed = running.ledger.commit(&group, at(running.world.now)).unwrap();
    assert!(committed.outcomes.iter().all(|outcome| matches!(outcome, Outcome::Recorded { .. })));
}

#[test]
fn a_false_signature_by_such_a_key_is_still_refused() {
    let mut running = Running::founded();
    let chief = person("CMD", "CEX", 10);
    let registration = running.world.registration("CMD", &chief);
    running.world.revisions.insert("org:CMD".to_owned(), 1);
    let appointment = running.world.appointment(&[chief], &person("CMD", "ADM", 11));
    let mut forged = opened(&running.ledger, &appointment);
    forged.envelope.signatures[0].sig[0] ^= 1;
    let group = [opened(&running.ledger, &registration), forged];
    let committed = running.ledger.commit(&group, at(running.world.now)).unwrap();
    assert!(matches!(&committed.outcomes[1], Outcome::Refused(refusal) if refusal.code() == "E09"));
}

#[test]
fn a_ledger_that_is_opened_again_knows_what_it_knew() {
    let mut running = Running::founded();
    let chief = person("CMD", "CEX", 10);
    let draft = running.world.registration("CMD", &chief);
    running.submit(&draft);
    let again = open(&running.store, &running.lock).unwrap();
    assert_eq!(again.tree().root(), running.ledger.tree().root());
    assert_eq!(again.state().organisations, running.ledger.state().organisations);
    assert_eq!(again.checkpoint(), running.ledger.checkpoint());
}

#[test]
fn entries_that_were_durable_but_not_signed_for_are_covered_at_the_next_start() {
    let mut running = Running::founded();
    let chief = person("CMD", "CEX", 10);
    let draft = running.world.registration("CMD", &chief);
    running.submit(&draft);
    // A lock store that lost the second checkpoint: the process died between append and swap.
    let earlier = Arc::new(MemoryLocks::new());
    let first = running.lock.at_size(1).unwrap().unwrap();
    earlier.swap(None, 1, &first).unwrap();
    let again = open(&running.store, &earlier).unwrap();
    let (checkpoint, _) = Checkpoint::parse(again.checkpoint().unwrap()).unwrap();
    assert_eq!(checkpoint.size, 2);
}

#[test]
fn a_log_shorter_than_what_was_signed_is_not_signed_for() {
    let running = {
        let mut running = Running::founded();
        let chief = person("CMD", "CEX", 10);
        let draft = running.world.registration("CMD", &chief);
        running.submit(&draft);
        running
    };
    let shorter = Running::founded();
    let error = open(&shorter.store, &running.lock).err().unwrap();
    assert!(error.to_string().contains("1 entries but a checkpoint over 2"), "{error}");
}

#[test]
fn a_different_history_of_the_same_size_is_a_fork() {
    let running = Running::founded();
    let (store, lock) = (Arc::new(Memory::new()), Arc::new(MemoryLocks::new()));
    let mut other = open(&store, &lock).unwrap();
    let mut world = World::new();
    world.now += 5_000;
    let genesis = world.genesis();
    let group = [opened(&other, &genesis)];
    other.commit(&group, at(world.now)).unwrap();
    let error = open(&store, &running.lock).err().unwrap();
    assert!(matches!(error, LedgerError::Fork { size: 1 }), "{error}");
}

#[test]
fn a_ledger_whose_last_checkpoint_is_by_another_key_is_not_signed_for() {
    let running = Running::founded();
    let other = NoteSigner::new(ORIGIN, SigningKey::from_bytes(&[78; 32])).unwrap();
    let refused = Ledger::open(Arc::clone(&running.store), Arc::clone(&running.lock), other, ORIGIN);
    assert!(matches!(refused, Err(LedgerError::Signer(_))));
    let elsewhere = NoteSigner::new("other.example/log", SigningKey::from_bytes(&[77; 32])).unwrap();
    let refused = Ledger::open(Arc::clone(&running.store), Arc::clone(&running.lock), elsewhere, "other.example/log");
    assert!(matches!(refused, Err(LedgerError::Signer(_))));
    assert_eq!(running.lock.load().unwrap().as_deref(), running.ledger.checkpoint().as_deref());
}

#[test]
fn two_owners_do_not_both_sign() {
    let mut running = Running::founded();
    let mut second = open(&running.store, &running.lock).unwrap();
    let chief = person("CMD", "CEX", 10);
    let draft = running.world.registration("CMD", &chief);
    running.submit(&draft);
    let group = [opened(&second, &draft)];
    assert!(second.commit(&group, at(running.world.now)).is_err());
}

#[test]
fn a_clock_that_went_back_records_nothing() {
    let mut running = Running::founded();
    let chief = person("CMD", "CEX", 10);
    let draft = running.world.registration("CMD", &chief);
    let group = [opened(&running.ledger, &draft)];
    let early = at(running.world.now - 60_000);
    assert!(matches!(running.ledger.commit(&group, early), Err(LedgerError::Clock { .. })));
    assert_eq!(running.store.size(), 1);
}

#[test]
fn a_log_hands_over_to_another_key_at_exactly_its_first_size() {
    let next = || NoteSigner::new(ORIGIN, SigningKey::from_bytes(&[78; 32])).unwrap();
    let (store, lock) = (Arc::new(Memory::new()), Arc::new(MemoryLocks::new()));
    let open = |keys: LogKeys| Ledger::open(Arc::clone(&store), Arc::clone(&lock), keys, ORIGIN);
    let signed_by = |size: u64| {
        let note = lock.at_size(size).unwrap().unwrap();
        [signer(), next()].map(|key| Checkpoint::verify(&note, ORIGIN, &key.vkey()).is_ok())
    };
    let mut ledger = open(signer().into()).unwrap();
    let mut world = World::new();
    let mut genesis = world.genesis();
    genesis.payload["data"]["log_keys"] = json!([signer().vkey().to_string()]);
    ledger.commit(&[opened(&ledger, &genesis)], at(world.now)).unwrap();
    world.ledger = ledger.state().founded.as_ref().unwrap().ledger.to_string();
    world.revisions.insert("sys".to_owned(), 1);
    let data = json!({ "first_size": 3, "new": next().vkey().to_string(), "old": signer().vkey().to_string() });
    let change = world.draft("sys", "LogKeyChanged", data, &registrars()[..2]);
    let alone = ledger.commit(&[opened(&ledger, &change)], at(world.now)).unwrap();
    assert!(matches!(&alone.outcomes[0], Outcome::Refused(refusal) if refusal.code() == "K06"), "{alone:?}");
    drop(ledger);

    // The group goes from one entry to four: the checkpoint of three is signed on the way.
    let mut ledger = open(LogKeys::from(signer()).with(next())).unwrap();
    let group = [
        opened(&ledger, &change),
        opened(&ledger, &world.registration("CMD", &person("CMD", "CEX", 10))),
        opened(&ledger, &world.registration("HCK", &person("HCK", "CEX", 20))),
    ];
    let committed = ledger.commit(&group, at(world.now)).unwrap();
    assert!(committed.outcomes.iter().all(|outcome| matches!(outcome, Outcome::Recorded { .. })), "{committed:?}");
    assert_eq!((signed_by(1), signed_by(3), signed_by(4)), ([true, false], [true, true], [true, true]));
    drop(ledger);

    // Without the old key the new one signs alone; without the new one nobody does.
    let mut ledger = open(next().into()).unwrap();
    let later = world.registration("ISL", &person("ISL", "CEX", 30));
    ledger.commit(&[opened(&ledger, &later)], at(world.now)).unwrap();
    assert_eq!((signed_by(3), signed_by(5)), ([true, true], [false, true]));
    drop(ledger);
    assert!(matches!(open(signer().into()), Err(LedgerError::Signer(_))));
}

/// Two changes are recorded, the later one for an earlier size: checkpoints are signed in the order of their sizes, by who
/// goes on and by who starts and finds nothing signed.
#[test]
fn changes_of_the_key_are_signed_for_in_the_order_of_their_sizes() {
    let key = |seed: u8| NoteSigner::new(ORIGIN, SigningKey::from_bytes(&[seed; 32])).unwrap();
    let keys = || LogKeys::from(signer()).with(key(78)).with(key(79));
    let (store, lock) = (Arc::new(Memory::new()), Arc::new(MemoryLocks::new()));
    let mut ledger = Ledger::open(Arc::clone(&store), Arc::clone(&lock), keys(), ORIGIN).unwrap();
    let mut world = World::new();
    let mut genesis = world.genesis();
    genesis.payload["data"]["log_keys"] = json!([signer().vkey().to_string()]);
    ledger.commit(&[opened(&ledger, &genesis)], at(world.now)).unwrap();
    world.ledger = ledger.state().founded.as_ref().unwrap().ledger.to_string();
    let mut changed = |revision: u64, old: &NoteSigner, new: &NoteSigner, first: u64| {
        world.revisions.insert("sys".to_owned(), revision);
        let data = json!({ "first_size": first, "new": new.vkey().to_string(), "old": old.vkey().to_string() });
        world.draft("sys", "LogKeyChanged", data, &registrars()[..2])
    };
    let (one, two) = (changed(1, &signer(), &key(78), 5), changed(2, &key(78), &key(79), 4));
    let group = [
        opened(&ledger, &one),
        opened(&ledger, &two),
        opened(&ledger, &world.registration("CMD", &person("CMD", "CEX", 10))),
        opened(&ledger, &world.registration("HCK", &person("HCK", "CEX", 20))),
        opened(&ledger, &world.registration("ISL", &person("ISL", "CEX", 30))),
    ];
    let committed = ledger.commit(&group, at(world.now)).unwrap();
    assert!(committed.outcomes.iter().all(|outcome| matches!(outcome, Outcome::Recorded { .. })), "{committed:?}");
    drop(ledger);
    let sizes = |lock: &MemoryLocks| (1..=6).filter(|size| lock.at_size(*size).unwrap().is_some()).collect::<Vec<_>>();
    assert_eq!(sizes(&lock), [1, 4, 5, 6]);
    let fresh = Arc::new(MemoryLocks::new());
    Ledger::open(store, Arc::clone(&fresh), keys(), ORIGIN).unwrap();
    assert_eq!(sizes(&fresh), [4, 5, 6]);
}
