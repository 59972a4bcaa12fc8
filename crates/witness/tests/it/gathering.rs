//! A log that grows, and witnesses of which some are dead, slow, forgetful or of another opinion.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, RwLock, mpsc};
use std::time::Duration;

use counterpart_tlog::cosignature::Cosigner;
use counterpart_tlog::ed25519::SigningKey;
use counterpart_tlog::note::Note;
use counterpart_tlog::policy::Policy;
use counterpart_witness::{Alarm, Gathering, Logs, Reply, Surroundings, Transport, Witness, ask_before_signing};

use super::world::{Faulty, Log, START, get, post};

const ORIGIN: &str = "log.example/one";

/// How a witness behaves.
#[derive(Clone)]
enum Way {
    Good(Arc<Witness>),
    Dead,
    /// Hangs until the test ends.
    Slow(Arc<Mutex<()>>),
    /// Says that it has cosigned so many entries, and shows this note as what it has seen.
    Claims(u64, Option<String>),
}

struct Town {
    ways: Mutex<HashMap<String, Way>>,
    now: Arc<AtomicU64>,
    asked: AtomicU64,
    /// How far the clocks of the witnesses are ahead, in seconds.
    ahead: AtomicU64,
}

impl Transport for Town {
    fn post(&self, url: &str, body: &str) -> Result<Reply, String> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let host = url.strip_prefix("http://").unwrap().strip_suffix("/add-checkpoint").unwrap();
        let way = self.ways.lock().unwrap()[host].clone();
        match way {
            Way::Good(witness) => {
                let answer = post(
                    &witness,
                    self.now.load(Ordering::SeqCst) + self.ahead.load(Ordering::SeqCst),
                    body.as_bytes(),
                );
                Ok(Reply { status: answer.status, body: answer.body.into_bytes(), retry_after: None })
            }
            Way::Dead => Err("connection refused".to_owned()),
            Way::Slow(gate) => {
                let _held = gate.lock().unwrap();
                Err("timed out".to_owned())
            }
            Way::Claims(size, _) => Ok(Reply { status: 409, body: format!("{size}\n").into(), retry_after: None }),
        }
    }

    fn get(&self, url: &str) -> Result<Reply, String> {
        let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
        let way = self.ways.lock().unwrap()[host].clone();
        let reply = |status, body: String| Reply { status, body: body.into_bytes(), retry_after: None };
        match way {
            Way::Good(witness) => {
                let answer = get(&witness, &format!("/{path}"));
                Ok(reply(answer.status, answer.body))
            }
            Way::Claims(_, Some(note)) => Ok(reply(200, note)),
            Way::Claims(_, None) => Ok(reply(404, String::new())),
            Way::Dead | Way::Slow(_) => Err("connection refused".to_owned()),
        }
    }
}

fn cosigner(name: &str) -> Cosigner {
    let seed = name.as_bytes()[0];
    Cosigner::new(&format!("{name}.example"), SigningKey::from_bytes(&[seed; 32])).unwrap()
}

fn witness(name: &str, log: &Log) -> Way {
    let mut logs = Logs::new();
    logs.add(&log.vkey()).unwrap();
    Way::Good(Arc::new(Witness::open(cosigner(name), logs, Arc::new(Faulty::default())).unwrap()))
}

fn policy(log: &Log, quorum: &str) -> Policy {
    let lines = ["alpha", "beta", "gamma"]
        .map(|name| format!("witness {name} {} http://{name}\n", cosigner(name).vkey()))
        .concat();
    let text = format!("log {}\n{lines}group all-three {quorum} alpha beta gamma\nquorum all-three\n", log.vkey());
    Policy::parse(text).unwrap()
}

struct Setting {
    log: Arc<RwLock<Log>>,
    town: Arc<Town>,
    now: Arc<AtomicU64>,
    policy: Policy,
    gathering: Gathering,
    kept: mpsc::Receiver<String>,
    evidence: mpsc::Receiver<String>,
}

impl Setting {
    fn new(quorum: &str, ways: [Way; 3], log: Log, kept: Option<&str>) -> Self {
        let policy = policy(&log, quorum);
        let log = Arc::new(RwLock::new(log));
        let now = Arc::new(AtomicU64::new(START));
        let names = ["alpha", "beta", "gamma"].map(str::to_owned);
        let town = Arc::new(Town {
            ways: Mutex::new(names.into_iter().zip(ways).collect()),
            now: Arc::clone(&now),
            asked: AtomicU64::new(0),
            ahead: AtomicU64::new(0),
        });
        let (keeping, keeps) = mpsc::channel();
        let (proving, evidence) = mpsc::channel();
        let (tree, clock) = (Arc::clone(&log), Arc::clone(&now));
        let surroundings = Surroundings {
            transport: town.clone(),
            prover: Arc::new(move |old, new| tree.read().unwrap().tree.consistency(old, new).ok()),
            clock: Arc::new(move || clock.load(Ordering::SeqCst)),
            keep: Arc::new(move |note| drop(keeping.send(note.to_owned()))),
            recall: Arc::new(|_| None),
            evidence: Arc::new(move |note| drop(proving.send(note.to_owned()))),
        };
        let gathering = Gathering::start(policy.clone(), surroundings, kept).unwrap();
        Self { log, town, now, policy, gathering, kept: keeps, evidence }
    }

    fn grow(&self, size: u64) {
        let mut log = self.log.write().unwrap();
        log.grow("a", size);
        let note = log.signed(size).to_string();
        drop(log);
        self.gathering.offer(&note).unwrap();
    }

    /// Waits until this size is witnessed, and returns the note that was kept.
    fn witnessed(&self, size: u64) -> String {
        loop {
            let note = self.kept.recv_timeout(Duration::from_secs(20)).expect("a quorum in time");
            let satisfied = self.policy.verify(&note).unwrap();
            if satisfied.checkpoint.size >= size {
                return note;
            }
        }
    }
}

fn published(gathering: &Gathering) -> (u64, usize) {
    let note = gathering.published().unwrap();
    let note = Note::parse(&*note).unwrap();
    let size = note.text().lines().nth(1).unwrap().parse().unwrap();
    (size, note.signatures().len())
}

#[test]
fn a_quorum_is_reached_with_one_witness_dead_and_one_hanging_in_other_rounds() {
    let log = Log::new(ORIGIN, 1, "a", 1);
    let (alpha, beta) = (witness("alpha", &log), witness("beta", &log));
    let gate = Arc::new(Mutex::new(()));
    let held = gate.lock().unwrap();
    let setting = Setting::new("2", [alpha, beta, Way::Slow(Arc::clone(&gate))], log, None);
    for size in [1, 2, 5, 300] {
        setting.grow(size);
        setting.witnessed(size);
        assert_eq!(setting.gathering.witnessed().unwrap().size, size);
        assert_eq!(published(&setting.gathering), (size, 3));
        assert_eq!(setting.gathering.standing().stale(START), None);
    }
    drop(held);
}

#[test]
fn a_busy_log_is_witnessed_in_rounds_and_the_newest_checkpoint_always_comes() {
    let log = Log::new(ORIGIN, 1, "a", 1);
    let ways = [witness("alpha", &log), witness("beta", &log), witness("gamma", &log)];
    let setting = Setting::new("all", ways, log, None);
    for size in 1..=2000 {
        setting.grow(size);
    }
    setting.witnessed(2000);
    assert!(setting.town.asked.load(Ordering::SeqCst) < 3000, "many checkpoints, few rounds");
}

#[test]
fn without_a_quorum_readers_wait_ten_seconds_and_then_get_what_the_log_signed() {
    let log = Log::new(ORIGIN, 1, "a", 1);
    let ways = [witness("alpha", &log), witness("beta", &log), Way::Dead];
    let setting = Setting::new("2", ways, log, None);
    setting.grow(4);
    setting.witnessed(4);
    setting.town.ways.lock().unwrap().insert("beta".to_owned(), Way::Dead);
    setting.grow(9);
    assert_eq!(published(&setting.gathering), (4, 3), "the witnessed one, for a while");
    setting.now.store(START + 11, Ordering::SeqCst);
    assert_eq!(published(&setting.gathering), (9, 1), "then the newest, as it is");
    let stale = setting.gathering.standing().stale(START + 700).unwrap();
    assert!(stale.contains("700 seconds old") && stale.contains("`gamma`"), "{stale}");
    // It comes back, and what was published does not become smaller.
    let back = witness("beta", &setting.log.read().unwrap());
    setting.town.ways.lock().unwrap().insert("beta".to_owned(), back);
    setting.now.store(START + 200, Ordering::SeqCst);
    setting.witnessed(9);
    assert_eq!(published(&setting.gathering), (9, 3));
}

#[test]
fn a_quiet_log_is_cosigned_again_within_ten_minutes() {
    let log = Log::new(ORIGIN, 1, "a", 1);
    let ways = [witness("alpha", &log), witness("beta", &log), witness("gamma", &log)];
    let setting = Setting::new("all", ways, log, None);
    setting.grow(4);
    let first = setting.witnessed(4);
    for step in 1..=5 {
        let now = START + step * 200;
        setting.now.store(now, Ordering::SeqCst);
        loop {
            let note = setting.witnessed(4);
            assert!(note != first);
            if setting.gathering.witnessed().unwrap().at == now {
                break;
            }
        }
        assert_eq!(setting.gathering.standing().stale(now), None);
    }
}

#[test]
fn what_was_kept_is_served_after_a_restart_before_anybody_answers() {
    let log = Log::new(ORIGIN, 1, "a", 1);
    let ways = [witness("alpha", &log), witness("beta", &log), Way::Dead];
    let setting = Setting::new("2", ways, log, None);
    setting.grow(4);
    let kept = setting.witnessed(4);
    let log = Log::new(ORIGIN, 1, "a", 4);
    let again = Setting::new("2", [Way::Dead, Way::Dead, Way::Dead], log, Some(&kept));
    again.grow(4);
    assert_eq!(published(&again.gathering), (4, 3));
    assert_eq!(again.gathering.witnessed().unwrap().at, START);
}

#[test]
fn a_log_restored_from_an_old_copy_is_told_before_it_signs() {
    let log = Log::new(ORIGIN, 1, "a", 9);
    let ways = [witness("alpha", &log), witness("beta", &log), Way::Dead];
    let setting = Setting::new("2", ways, log, None);
    setting.grow(9);
    setting.witnessed(9);
    let check = |log: &Log| {
        let size = log.tree.size();
        let proof = |old: u64| log.tree.consistency(old, size).ok();
        ask_before_signing(&*setting.town, &setting.policy, &log.signed(size), &proof)
    };
    let right = check(&Log::new(ORIGIN, 1, "a", 9));
    assert_eq!((right.agree.len(), right.silent.len(), right.claims.len(), right.alarm), (2, 1, 0, None));
    let old = check(&Log::new(ORIGIN, 1, "a", 6));
    let rollback = |name: &str| Alarm::Rollback { witness: name.to_owned(), witnessed: 9, signed: 6 };
    let said: Vec<_> = old.claims.iter().map(|claim| claim.alarm.clone()).collect();
    assert_eq!(said, [rollback("alpha"), rollback("beta")]);
    assert!(old.claims.iter().all(|claim| claim.evidence.is_some()), "both show what this log's own key has signed");
    assert!(old.alarm.unwrap().to_string().starts_with("E-ROLLBACK: witness `alpha` has cosigned 9 entries"));
    let mut forked = Log::new(ORIGIN, 1, "a", 6);
    forked.grow("b", 12);
    let fork = check(&forked);
    assert_eq!(fork.claims.len(), 2);
    assert!(fork.claims.iter().all(|claim| matches!(claim.alarm, Alarm::Fork { .. })), "{fork:?}");
    assert!(fork.claims.iter().all(|claim| claim.evidence.is_some()), "{fork:?}");
    assert!(matches!(fork.alarm, Some(Alarm::Fork { .. })));
}

#[test]
fn one_witness_that_claims_more_without_proof_stops_nothing_and_with_proof_everything() {
    let published = Log::new(ORIGIN, 1, "a", 50);
    let log = Log::new(ORIGIN, 1, "a", 9);
    let stranger = Log::new(ORIGIN, 2, "a", 50);
    let ways = |claims: Way| [witness("alpha", &log), witness("beta", &log), claims];
    // Nothing to show; a note of another key; an older note of ours, which proves nothing.
    for note in [None, Some(stranger.signed(50).to_string()), Some(published.signed(7).to_string())] {
        let claims = Way::Claims(50, note);
        let start = {
            let setting = Setting::new("2", ways(claims.clone()), Log::new(ORIGIN, 1, "a", 9), None);
            let proof = |old: u64| log.tree.consistency(old, 9).ok();
            ask_before_signing(&*setting.town, &setting.policy, &log.signed(9), &proof)
        };
        assert_eq!((start.agree.len(), start.claims.len(), &start.alarm), (2, 1, &None));
        assert_eq!(start.claims[0].evidence, None);
        let setting = Setting::new("2", ways(claims), Log::new(ORIGIN, 1, "a", 9), None);
        setting.grow(9);
        setting.witnessed(9);
        while setting.gathering.standing().witnesses[2].fault.is_none() {
            std::thread::yield_now();
        }
        assert_eq!(setting.gathering.contradiction(), None);
        assert_eq!(setting.gathering.standing().stale(START), None);
        setting.grow(10);
        setting.witnessed(10);
    }
    // Its word is proved by a checkpoint that this log's own key has signed.
    let note = published.signed(50).to_string();
    let setting = Setting::new("2", ways(Way::Claims(50, Some(note.clone()))), Log::new(ORIGIN, 1, "a", 9), None);
    setting.grow(9);
    assert_eq!(setting.evidence.recv_timeout(Duration::from_secs(20)).unwrap(), note);
    let why = setting.gathering.contradiction().unwrap();
    assert!(why.starts_with("E-ROLLBACK: witness `gamma` has cosigned 50 entries and this log has signed 9"), "{why}");
    assert!(setting.evidence.recv_timeout(Duration::from_millis(50)).is_err(), "kept once");
}

#[test]
fn so_many_that_claim_more_that_no_quorum_is_left_stop_the_log_until_they_cosign_again() {
    let log = Log::new(ORIGIN, 1, "a", 9);
    let claims = || Way::Claims(50, None);
    let setting = Setting::new("2", [claims(), claims(), witness("gamma", &log)], log, None);
    setting.grow(9);
    while setting.gathering.contradiction().is_none() {
        std::thread::yield_now();
    }
    let back = witness("beta", &setting.log.read().unwrap());
    setting.town.ways.lock().unwrap().insert("beta".to_owned(), back);
    setting.now.store(START + 100, Ordering::SeqCst);
    setting.witnessed(9);
    assert_eq!(setting.gathering.contradiction(), None, "a bare word falls");
}

#[test]
fn a_running_log_that_was_rolled_back_raises_an_alarm() {
    let log = Log::new(ORIGIN, 1, "a", 9);
    let ways = [witness("alpha", &log), witness("beta", &log), witness("gamma", &log)];
    let setting = Setting::new("2", ways.clone(), log, None);
    setting.grow(9);
    setting.witnessed(9);
    let rolled_back = Setting::new("2", ways, Log::new(ORIGIN, 1, "a", 6), None);
    rolled_back.grow(6);
    while rolled_back.gathering.standing().alarm.is_none() {
        std::thread::yield_now();
    }
    let standing = rolled_back.gathering.standing();
    assert!(standing.stale(START).unwrap().starts_with("E-ROLLBACK"));
    assert!(standing.metrics(START).contains("\ncounterpart_witness_alarm 1\n"));
}

#[test]
fn a_clock_that_no_witness_agrees_with_is_noticed() {
    let log = Log::new(ORIGIN, 1, "a", 9);
    let ways = [witness("alpha", &log), witness("beta", &log), witness("gamma", &log)];
    let setting = Setting::new("all", ways, log, None);
    setting.grow(9);
    setting.witnessed(9);
    assert_eq!(setting.gathering.standing().clock_fault(), None);
    let metrics = setting.gathering.standing().metrics(START + 5);
    for line in [
        "counterpart_quorum_age_seconds 5",
        "counterpart_witnessed_size 9",
        "counterpart_witness_answers{witness=\"alpha\"} 1",
    ] {
        assert!(metrics.contains(line), "{line} in {metrics}");
    }
    setting.town.ahead.store(301, Ordering::SeqCst);
    setting.grow(10);
    setting.witnessed(10);
    let fault = setting.gathering.standing().clock_fault().unwrap();
    assert!(fault.starts_with("the clock is 301 seconds from that of every witness"), "{fault}");
}

#[test]
fn a_policy_without_witnesses_publishes_what_the_log_signs() {
    let log = Log::new(ORIGIN, 1, "a", 9);
    let policy = Policy::of_log(log.signer.vkey());
    let surroundings = Surroundings {
        transport: Arc::new(Town {
            ways: Mutex::default(),
            now: Arc::default(),
            asked: AtomicU64::new(0),
            ahead: AtomicU64::new(0),
        }),
        prover: Arc::new(|_, _| None),
        clock: Arc::new(|| START),
        keep: Arc::new(|_| {}),
        recall: Arc::new(|_| None),
        evidence: Arc::new(|_| {}),
    };
    let gathering = Gathering::start(policy, surroundings, None).unwrap();
    assert_eq!(gathering.published(), None);
    gathering.offer(&log.signed(9).to_string()).unwrap();
    assert_eq!(published(&gathering), (9, 1));
    assert_eq!((gathering.witnessed(), gathering.standing().stale(START + 9999)), (None, None));
}
