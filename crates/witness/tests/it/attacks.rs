//! What a witness is for: logs that roll back, fork and race, and a memory that must not fail.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use counterpart_tlog::checkpoint::Checkpoint;
use counterpart_tlog::cosignature;
use counterpart_tlog::note::Note;
use counterpart_tlog::witness::AddCheckpoint;
use counterpart_witness::{Folder, Logs, Refused, Witness, WitnessError};
use proptest::prelude::*;

use super::world::{Faulty, Log, START, cosigner, watching};

const ORIGIN: &str = "log.example/one";

fn add(witness: &Witness, request: &AddCheckpoint) -> Result<u64, Refused> {
    let line = witness.add_checkpoint(request.to_string().as_bytes(), START)?;
    Ok(cosignature::timestamp(line.bytes()).unwrap())
}

#[test]
fn a_log_that_rolls_back_and_goes_on_is_never_cosigned_again() {
    let mut honest = Log::new(ORIGIN, 1, "a", 50);
    let witness = watching(&[&honest], Arc::new(Faulty::default()));
    add(&witness, &honest.request(0, 50)).unwrap();
    // Restored from a copy of size 40, and gone on with other entries.
    let mut restored = Log::new(ORIGIN, 1, "a", 40);
    restored.grow("b", 90);
    for new in [45, 50, 51, 64, 90] {
        for old in [0, 40, 45, 50] {
            if old <= new {
                assert!(add(&witness, &restored.request(old, new)).is_err(), "{old} to {new}");
            }
        }
    }
    assert_eq!(witness.seen(ORIGIN).unwrap().size, 50);
    honest.grow("a", 51);
    add(&witness, &honest.request(50, 51)).expect("the honest log goes on");
}

#[test]
fn an_old_checkpoint_replayed_changes_nothing() {
    let log = Log::new(ORIGIN, 1, "a", 9);
    let witness = watching(&[&log], Arc::new(Faulty::default()));
    let first = log.request(0, 4);
    add(&witness, &first).unwrap();
    add(&witness, &log.request(4, 9)).unwrap();
    assert_eq!(add(&witness, &first), Err(Refused::OtherSize { old: 0, size: 9 }));
    assert_eq!(add(&witness, &log.request(4, 9)), Err(Refused::OtherSize { old: 4, size: 9 }));
    assert_eq!(witness.seen(ORIGIN).unwrap().size, 9);
}

#[test]
fn of_many_at_once_one_history_wins() {
    for round in 0..20_u64 {
        let base = Log::new(ORIGIN, 1, "a", 10);
        let witness = watching(&[&base], Arc::new(Faulty::default()));
        add(&witness, &base.request(0, 10)).unwrap();
        let outcomes: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8_u64)
                .map(|branch| {
                    let witness = &witness;
                    scope.spawn(move || {
                        let mut fork = Log::new(ORIGIN, 1, "a", 10);
                        fork.grow(&format!("branch {branch}"), 11 + (branch + round) % 3);
                        let size = fork.tree.size();
                        add(witness, &fork.request(10, size)).map(|_| fork.tree.root())
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let won: HashSet<_> = outcomes.iter().flatten().collect();
        assert_eq!(won.len(), 1, "two histories were cosigned: {outcomes:?}");
        assert_eq!(witness.seen(ORIGIN).unwrap().root, **won.iter().next().unwrap());
    }
}

#[test]
fn the_same_history_sent_by_many_at_once_is_cosigned_without_harm() {
    let log = Log::new(ORIGIN, 1, "a", 40);
    let records = Arc::new(Faulty::default());
    let witness = watching(&[&log], records.clone());
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for new in 1..=40 {
                    let old = witness.seen(ORIGIN).map_or(0, |seen| seen.size);
                    if old <= new {
                        let _ = add(&witness, &log.request(old, new));
                    }
                }
            });
        }
    });
    assert_eq!(witness.seen(ORIGIN).unwrap().root, log.tree.root());
}

#[test]
fn a_restart_remembers_and_a_changed_record_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let log = Log::new(ORIGIN, 1, "a", 20);
    let mut fork = Log::new(ORIGIN, 1, "a", 5);
    fork.grow("b", 30);
    {
        let witness = watching(&[&log], Arc::new(Folder::open(folder.path()).unwrap()));
        add(&witness, &log.request(0, 20)).unwrap();
    }
    {
        let witness = watching(&[&log], Arc::new(Folder::open(folder.path()).unwrap()));
        assert!(matches!(add(&witness, &fork.request(20, 30)), Err(Refused::NotConsistent { old: 20, .. })));
        assert_eq!(add(&witness, &fork.request(0, 30)), Err(Refused::OtherSize { old: 0, size: 20 }));
    }
    let file = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.file_name().unwrap().len() == 64)
        .unwrap();
    let kept = std::fs::read_to_string(&file).unwrap();
    // Somebody makes the witness believe that it saw less.
    std::fs::write(&file, kept.replace("\n20\n", "\n19\n")).unwrap();
    let mut logs = Logs::new();
    logs.add(&log.vkey()).unwrap();
    let records = Arc::new(Folder::open(folder.path()).unwrap());
    let refused = Witness::open(cosigner(), logs.clone(), records.clone()).err().unwrap();
    assert!(matches!(refused, WitnessError::Damaged { .. }), "{refused}");
    // One written with another witness key is no memory of this one.
    std::fs::write(&file, log.signed(20).to_string()).unwrap();
    assert!(matches!(Witness::open(cosigner(), logs, records), Err(WitnessError::Damaged { .. })));
}

#[test]
fn a_disk_that_fails_gives_no_cosignature_and_no_second_chance() {
    for after in [false, true] {
        let log = Log::new(ORIGIN, 1, "a", 20);
        let other = Log::new("log.example/two", 1, "a", 20);
        let mut fork = Log::new(ORIGIN, 1, "a", 10);
        fork.grow("b", 20);
        let records = Arc::new(Faulty::default());
        let witness = watching(&[&log, &other], records.clone());
        add(&witness, &log.request(0, 10)).unwrap();
        let failing = if after { &records.fail_after } else { &records.fail_before };
        failing.store(true, Ordering::SeqCst);
        assert!(matches!(add(&witness, &log.request(10, 20)), Err(Refused::Unable(_))));
        failing.store(false, Ordering::SeqCst);
        // Whatever was kept, the other history must not be cosigned before that is known.
        assert!(matches!(add(&witness, &fork.request(10, 20)), Err(Refused::Unable(_))));
        add(&witness, &other.request(0, 20)).expect("another log is not concerned");
        let again = watching(&[&log, &other], records.clone());
        assert_eq!(again.seen(ORIGIN).unwrap().size, if after { 20 } else { 10 });
        assert_eq!(add(&again, &fork.request(10, 20)).is_ok(), !after);
    }
}

#[test]
fn time_never_goes_back_in_what_is_cosigned() {
    let log = Log::new(ORIGIN, 1, "a", 9);
    let witness = watching(&[&log], Arc::new(Faulty::default()));
    let at = |now: u64, request: &AddCheckpoint| {
        let line = witness.add_checkpoint(request.to_string().as_bytes(), now)?;
        Ok::<_, Refused>(cosignature::timestamp(line.bytes()).unwrap())
    };
    assert_eq!(at(START, &log.request(0, 4)), Ok(START));
    assert_eq!(at(START + 600, &log.request(4, 4)), Ok(START + 600), "a refresh has a new time");
    assert_eq!(at(START + 590, &log.request(4, 5)), Ok(START + 600), "a correction of the clock");
    assert!(matches!(at(START, &log.request(5, 6)), Err(Refused::Unable(_))), "a clock that is wrong");
    assert_eq!(witness.seen(ORIGIN).unwrap().size, 5);
}

#[test]
fn asking_again_within_a_second_costs_no_write() {
    let log = Log::new(ORIGIN, 1, "a", 9);
    let records = Arc::new(Faulty::default());
    let witness = watching(&[&log], records.clone());
    add(&witness, &log.request(0, 9)).unwrap();
    for _ in 0..5 {
        add(&witness, &log.request(9, 9)).unwrap();
    }
    assert_eq!(records.writes.load(Ordering::SeqCst), 1);
}

#[test]
fn a_witness_keeps_no_lines_of_strangers() {
    let log = Log::new(ORIGIN, 1, "a", 9);
    let witness = watching(&[&log], Arc::new(Faulty::default()));
    let mut note = log.signed(9);
    let stranger = cosigner().cosign(note.text(), 5).unwrap();
    note.add(stranger).unwrap();
    let request = AddCheckpoint { checkpoint: note.to_string(), ..log.request(0, 9) };
    add(&witness, &request).unwrap();
    assert_eq!(witness.seen(ORIGIN).unwrap().note.signatures().len(), 2);
}

#[test]
fn a_log_changes_its_key_under_one_origin() {
    let log = Log::new(ORIGIN, 1, "a", 9);
    let new = Log::new(ORIGIN, 2, "a", 9);
    let witness = watching(&[&log, &new], Arc::new(Faulty::default()));
    add(&witness, &log.request(0, 4)).unwrap();
    let root = log.tree.root_at(6).unwrap();
    let both = Checkpoint::new(ORIGIN, 6, root).sign(&[&log.signer, &new.signer]).unwrap();
    add(&witness, &AddCheckpoint { checkpoint: both.to_string(), ..log.request(4, 6) }).unwrap();
    assert_eq!(witness.seen(ORIGIN).unwrap().note.signatures().len(), 3);
    add(&witness, &new.request(6, 9)).unwrap();
}

/// One thing that a log, honest or not, sends.
#[derive(Debug, Clone)]
struct Move {
    branch: usize,
    old: u64,
    new: u64,
    break_proof: bool,
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let one = (0..3_usize, 0..24_u64, 0..24_u64, prop::bool::weighted(0.1))
        .prop_map(|(branch, old, new, break_proof)| Move { branch, old, new, break_proof });
    prop::collection::vec(one, 1..60)
}

proptest! {
    #[test]
    fn whatever_is_sent_every_pair_of_cosigned_checkpoints_is_one_history(moves in moves()) {
        // Three histories that part at 8 and at 12.
        let mut branches = [Log::new(ORIGIN, 1, "a", 24), Log::new(ORIGIN, 1, "a", 8), Log::new(ORIGIN, 1, "a", 12)];
        branches[1].grow("b", 24);
        branches[2].grow("c", 24);
        let records = Arc::new(Faulty::default());
        let witness = watching(&[&branches[0]], records);
        let mut cosigned: Vec<Checkpoint> = Vec::new();
        for Move { branch, old, new, break_proof } in moves {
            let log = &branches[branch];
            // Half of the moves know what the witness has.
            let old = if old % 2 == 0 { witness.seen(ORIGIN).map_or(0, |seen| seen.size) } else { old };
            let mut request = AddCheckpoint {
                old,
                proof: log.tree.consistency(old, new).unwrap_or_default(),
                checkpoint: log.signed(new).to_string(),
            };
            if break_proof {
                request.proof.pop();
            }
            let before = witness.seen(ORIGIN);
            if add(&witness, &request).is_ok() {
                let note = Note::parse(&request.checkpoint).unwrap();
                cosigned.push(Checkpoint::parse_text(note.text()).unwrap());
            } else {
                prop_assert_eq!(witness.seen(ORIGIN), before);
            }
        }
        prop_assert!(cosigned.windows(2).all(|pair| pair[0].size <= pair[1].size));
        if let Some(last) = cosigned.last() {
            let log = branches.iter().find(|log| log.tree.root_at(last.size) == Some(last.root)).unwrap();
            prop_assert!(cosigned.iter().all(|seen| log.tree.root_at(seen.size) == Some(seen.root)));
        }
    }
}
