//! Gathers cosignatures for a log that grows: asks all witnesses of a policy at once, round after round.
//!
//! A round is one checkpoint, because a quorum must have cosigned the same one. When its quorum is reached, or nobody is
//! left who might answer, the next round takes the newest checkpoint, whatever came between. Each witness has a thread
//! of its own, so the slowest delays nobody but the quorum that needs it, and no acknowledgement ever waits here.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use counterpart_tlog::Hash;
use counterpart_tlog::checkpoint::{Checkpoint, CheckpointError};
use counterpart_tlog::note::{Note, NoteSignature};
use counterpart_tlog::policy::Policy;

use crate::asking::{Asked, Shortfall, Transport, submit};
use crate::claims::{Claim, stopping};
use crate::serve::Clock;

mod round;
mod standing;

use round::{Round, Signed};
pub use standing::{Alarm, Standing, WitnessStanding};

/// After how long a quorum is asked for again although nothing was recorded, in seconds. A cosignature is never older
/// than ten minutes; this leaves room for two rounds that fail.
const REFRESH: u64 = 180;

/// For how long the newest witnessed checkpoint is published while newer ones wait for their quorum, in seconds. After
/// that readers get the newest one as the log alone has signed it, rather than none of what it covers.
const WAIT_MAX: u64 = 10;

/// How long a witness that gave no cosignature is left alone at first, and at most, in seconds.
const PAUSE: (u64, u64) = (2, 60);

/// The shortest time from one round to the next: a busy log does not keep its witnesses' disks busy.
const PACE: Duration = Duration::from_millis(25);

/// How often a sleeping thread looks at the clock.
const TICK: Duration = Duration::from_millis(500);

/// Gives the consistency proof from one size to another, both of which the log has had.
pub type Prover = Arc<dyn Fn(u64, u64) -> Option<Vec<Hash>> + Send + Sync>;

/// Keeps a checkpoint whose quorum is reached, so that it is served again after a restart.
pub type Keep = Arc<dyn Fn(&str) + Send + Sync>;

/// Gives back what [`Keep`] was given of a size, if a quorum was reached for it.
pub type Recall = Arc<dyn Fn(u64) -> Option<String> + Send + Sync>;

/// What a gathering needs from outside.
pub struct Surroundings {
    /// Brings requests to witnesses.
    pub transport: Arc<dyn Transport>,
    /// Proves that the log has only grown.
    pub prover: Prover,
    /// The time, in seconds since 1970.
    pub clock: Clock,
    /// Keeps what is witnessed.
    pub keep: Keep,
    /// Finds what was witnessed before.
    pub recall: Recall,
    /// Keeps a checkpoint which proves that this copy of the log is not the one that was published.
    pub evidence: Keep,
}

/// Asks the witnesses of a policy about each checkpoint of one log.
pub struct Gathering {
    shared: Arc<Shared>,
}

/// A checkpoint and who stands behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witnessed {
    /// How many entries it covers.
    pub size: u64,
    /// The note with the log's signatures and every cosignature that came so far.
    pub note: Arc<str>,
    /// The earliest time of its cosignatures, in seconds since 1970.
    pub at: u64,
}

struct Shared {
    policy: Policy,
    surroundings: Surroundings,
    state: Mutex<State>,
    /// Something happened that somebody may wait for.
    changed: Condvar,
    /// The gathering stops; nothing else wakes who waits for this.
    stopped: Condvar,
}

#[derive(Default)]
struct State {
    stopping: bool,
    newest: Option<Arc<Signed>>,
    /// Since when the newest checkpoint, or one before it, waits for its quorum.
    waiting_since: Option<u64>,
    round: Option<Round>,
    rounds: u64,
    witnessed: Option<Witnessed>,
    /// The largest size that was published; it never falls.
    published: u64,
    witnesses: Vec<WitnessStanding>,
    /// What each witness says against this log. What it proves stays until a restart; a bare word falls when the
    /// witness cosigns again.
    claims: Vec<Option<Claim>>,
}

impl State {
    /// The checkpoint of the next round, if it is time for one: the last one is over and there is something newer, or
    /// it is old.
    fn due(&self, now: u64) -> Option<Arc<Signed>> {
        let newest = self.newest.clone()?;
        let Some(round) = &self.round else { return Some(newest) };
        let resting = |place: usize| self.witnesses.get(place).is_some_and(|witness| witness.not_before > now);
        let over = round.reached || round.is_exhausted(resting);
        let newer = newest.checkpoint.size > round.signed.checkpoint.size;
        let old = round.reached && now.saturating_sub(round.began) >= REFRESH;
        ((over && newer) || old).then_some(newest)
    }
}

impl Gathering {
    /// Begins to gather. `kept` is what [`Keep`] was last given, if anything.
    ///
    /// # Errors
    ///
    /// A thread cannot be started.
    pub fn start(policy: Policy, surroundings: Surroundings, kept: Option<&str>) -> std::io::Result<Self> {
        let state = State {
            witnessed: kept.and_then(|note| witnessed_in(&policy, note)),
            witnesses: policy.witnesses().iter().map(|witness| WitnessStanding::new(&witness.name)).collect(),
            claims: vec![None; policy.witnesses().len()],
            ..State::default()
        };
        let shared = Arc::new(Shared {
            policy,
            surroundings,
            state: Mutex::new(state),
            changed: Condvar::new(),
            stopped: Condvar::new(),
        });
        let gathering = Self { shared: Arc::clone(&shared) };
        if shared.policy.witnesses().is_empty() {
            return Ok(gathering);
        }
        let rounds = Arc::clone(&shared);
        std::thread::Builder::new().name("witness rounds".to_owned()).spawn(move || rounds.begin_rounds())?;
        for place in 0..shared.policy.witnesses().len() {
            let shared = Arc::clone(&shared);
            std::thread::Builder::new().name(format!("witness {place}")).spawn(move || shared.follow(place))?;
        }
        Ok(gathering)
    }

    /// Says that the log has signed this checkpoint and acknowledged it. Returns at once.
    ///
    /// # Errors
    ///
    /// It is not a checkpoint.
    pub fn offer(&self, note: &str) -> Result<(), CheckpointError> {
        let (checkpoint, note) = Checkpoint::parse(note)?;
        let now = (self.shared.surroundings.clock)();
        let mut state = self.shared.lock();
        if state.newest.as_ref().is_some_and(|newest| newest.checkpoint.size >= checkpoint.size) {
            return Ok(());
        }
        let covered = state.witnessed.as_ref().is_some_and(|witnessed| witnessed.size >= checkpoint.size);
        if !covered {
            state.waiting_since.get_or_insert(now);
        }
        state.newest = Some(Arc::new(Signed { checkpoint, note }));
        drop(state);
        self.shared.changed.notify_all();
        Ok(())
    }

    /// Whom it asks, and whose cosignatures are enough.
    pub fn policy(&self) -> &Policy {
        &self.shared.policy
    }

    /// The newest checkpoint whose quorum is reached. Every entry below its size is WITNESSED. Nothing, if the policy
    /// asks for nobody.
    pub fn witnessed(&self) -> Option<Witnessed> {
        self.shared.lock().witnessed.clone().filter(|_| self.shared.policy.asks_for_witnesses())
    }

    /// The checkpoint to publish: the newest witnessed one, or the newest at all when the policy asks for no witness
    /// or the witnesses have been silent for ten seconds. Its size never falls.
    pub fn published(&self) -> Option<Arc<str>> {
        let now = (self.shared.surroundings.clock)();
        let mut state = self.shared.lock();
        let newest = state.newest.clone()?;
        let asks = self.shared.policy.asks_for_witnesses();
        let patient = asks && state.waiting_since.is_none_or(|since| now.saturating_sub(since) <= WAIT_MAX);
        let witnessed = state.witnessed.clone().filter(|witnessed| {
            let of_this_log = witnessed.size <= newest.checkpoint.size;
            of_this_log && witnessed.size >= state.published && (patient || witnessed.size == newest.checkpoint.size)
        });
        let (size, note) = match witnessed {
            Some(witnessed) => (witnessed.size, witnessed.note),
            None => (newest.checkpoint.size, newest.note.to_string().into()),
        };
        state.published = size;
        Some(note)
    }

    /// The checkpoint of exactly this size as its quorum cosigned it, however long ago.
    pub fn cosigned(&self, size: u64) -> Option<String> {
        (self.shared.surroundings.recall)(size)
    }

    /// Why nothing more may be signed: a witness proves that this copy is not the one that was published, the others
    /// are too few for a quorum without those who say so, or all of them contradict its clock.
    pub fn contradiction(&self) -> Option<String> {
        let alarm = stopping(&self.shared.policy, &self.shared.lock().claims).map(|claim| claim.alarm.to_string());
        alarm.or_else(|| self.standing().clock_fault())
    }

    /// How the witnesses and the quorum stand.
    pub fn standing(&self) -> Standing {
        let state = self.shared.lock();
        Standing {
            asks_for_witnesses: self.shared.policy.asks_for_witnesses(),
            quorum_at: state.witnessed.as_ref().map(|witnessed| witnessed.at),
            witnessed_size: state.witnessed.as_ref().map_or(0, |witnessed| witnessed.size),
            signed_size: state.newest.as_ref().map_or(0, |newest| newest.checkpoint.size),
            witnesses: state.witnesses.clone(),
            alarm: stopping(&self.shared.policy, &state.claims).map(|claim| claim.alarm.clone()),
        }
    }
}

impl std::fmt::Debug for Gathering {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Gathering").field(&self.standing()).finish()
    }
}

impl Drop for Gathering {
    fn drop(&mut self) {
        self.shared.lock().stopping = true;
        self.shared.changed.notify_all();
        self.shared.stopped.notify_all();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The life of the thread of one witness.
    fn follow(&self, place: usize) {
        let Some(witness) = self.policy.witnesses().get(place) else { return };
        let Some(url) = witness.url.as_deref() else {
            let nowhere = Shortfall::Later { reason: "the policy gives no address for it".into(), after: None };
            self.note_failure(place, &nowhere, None);
            return;
        };
        let mut old = 0;
        while let Some((number, signed)) = self.next_round(place) {
            let size = signed.checkpoint.size;
            let prover = &self.surroundings.prover;
            let proof = |from: u64| prover(from, size);
            let outcome = submit(&*self.surroundings.transport, url, &witness.key, &signed.note, old, &proof);
            match outcome {
                Ok(asked) => {
                    old = size;
                    self.note_success(place, number, &signed, &asked);
                }
                Err(shortfall) => {
                    if let Shortfall::Ahead { size } = shortfall {
                        old = size;
                    }
                    // What the log has signed by now, which may be more than what was shown.
                    let newest = self.lock().newest.clone().unwrap_or_else(|| Arc::clone(&signed));
                    let proof = |from: u64| prover(from, newest.checkpoint.size);
                    let (transport, named) = (&*self.surroundings.transport, (witness.name.as_str(), url));
                    let claim = Claim::of(transport, named, &self.policy, &shortfall, &newest.checkpoint, &proof);
                    self.note_failure(place, &shortfall, claim);
                }
            }
        }
    }

    /// Waits for a round in which this witness has not answered. `None` when the gathering stops.
    fn next_round(&self, place: usize) -> Option<(u64, Arc<Signed>)> {
        let mut state = self.lock();
        loop {
            if state.stopping {
                return None;
            }
            let now = (self.surroundings.clock)();
            let free = state.witnesses.get(place).is_none_or(|witness| witness.not_before <= now);
            if let Some(round) = state.round.as_mut().filter(|round| free && !round.has_answered(place)) {
                round.asked(place);
                return Some((round.number, Arc::clone(&round.signed)));
            }
            let (waited, _) = self.changed.wait_timeout(state, TICK).unwrap_or_else(PoisonError::into_inner);
            state = waited;
        }
    }

    /// The life of the thread that begins rounds.
    fn begin_rounds(&self) {
        let mut state = self.lock();
        while !state.stopping {
            let now = (self.surroundings.clock)();
            if let Some(newest) = state.due(now) {
                state.rounds += 1;
                state.round = Some(Round::new(state.rounds, newest, now, self.policy.witnesses().len()));
                self.changed.notify_all();
                let (paced, _) = self.stopped.wait_timeout(state, PACE).unwrap_or_else(PoisonError::into_inner);
                state = paced;
            } else {
                let (waited, _) = self.changed.wait_timeout(state, TICK).unwrap_or_else(PoisonError::into_inner);
                state = waited;
            }
        }
    }

    fn note_success(&self, place: usize, number: u64, signed: &Arc<Signed>, asked: &Asked) {
        let now = (self.surroundings.clock)();
        let mut state = self.lock();
        if let Some(witness) = state.witnesses.get_mut(place) {
            witness.succeeded(signed.checkpoint.size, asked.timestamp, now);
        }
        if let Some(claim) = state.claims.get_mut(place) {
            claim.take_if(|claim| claim.evidence.is_none());
        }
        let mut kept = None;
        if let Some(round) = state.round.as_mut().filter(|round| round.number == number) {
            round.add(place, asked.line.clone());
            kept = witnessed_by(&self.policy, &round.signed, round.lines());
            round.reached = kept.is_some();
        } else if let Some(late) = state.witnessed.as_ref().and_then(|last| last.with_late(signed, &asked.line)) {
            kept = witnessed_in(&self.policy, &late);
        }
        if let Some(witnessed) = &kept
            && state.witnessed.as_ref().is_none_or(|last| last.size <= witnessed.size)
        {
            let all = state.newest.as_ref().is_none_or(|newest| newest.checkpoint.size <= witnessed.size);
            state.waiting_since = if all { None } else { Some(now) };
            state.witnessed = Some(witnessed.clone());
        }
        drop(state);
        self.changed.notify_all();
        if let Some(witnessed) = kept {
            (self.surroundings.keep)(&witnessed.note);
        }
    }

    fn note_failure(&self, place: usize, shortfall: &Shortfall, claim: Option<Claim>) {
        let now = (self.surroundings.clock)();
        let mut state = self.lock();
        if let Some(witness) = state.witnesses.get_mut(place) {
            // Somebody else has shown it a newer checkpoint of ours.
            let harmless = matches!(shortfall, Shortfall::Ahead { .. }) && claim.is_none();
            witness.failed(shortfall, now, if harmless { (1, 1) } else { PAUSE });
        }
        let mut evidence = None;
        if let (Some(claim), Some(held)) = (claim, state.claims.get_mut(place))
            && held.as_ref().is_none_or(|held| held.evidence.is_none())
        {
            if held.as_ref() != Some(&claim) {
                let proved = claim.evidence.is_some();
                tracing::error!(alarm = %claim.alarm, proved, "a witness contradicts this log");
            }
            evidence.clone_from(&claim.evidence);
            *held = Some(claim);
        }
        if let Some(round) = state.round.as_mut() {
            round.failed(place);
        }
        drop(state);
        self.changed.notify_all();
        if let Some(note) = evidence {
            (self.surroundings.evidence)(&note);
        }
    }
}

impl Witnessed {
    /// This checkpoint with a cosignature that came after its quorum was reached, if it is of the same text and new.
    fn with_late(&self, signed: &Signed, line: &NoteSignature) -> Option<String> {
        let mut note = Note::parse(&*self.note).ok()?;
        let known = note.signatures().iter().any(|have| have.name() == line.name() && have.key_id() == line.key_id());
        if known || note.text() != signed.note.text() {
            return None;
        }
        note.add(line.clone()).ok()?;
        Some(note.to_string())
    }
}

/// The checkpoint with these cosignatures, if they make the quorum.
fn witnessed_by<'l>(
    policy: &Policy,
    signed: &Signed,
    lines: impl Iterator<Item = &'l NoteSignature>,
) -> Option<Witnessed> {
    let mut note = signed.note.clone();
    for line in lines {
        note.add(line.clone()).ok()?;
    }
    witnessed_in(policy, &note.to_string())
}

/// What a note says, if the policy accepts it and asks for anybody at all.
fn witnessed_in(policy: &Policy, note: &str) -> Option<Witnessed> {
    let satisfied = policy.verify(note).ok()?;
    let at = satisfied.witnesses.iter().map(|witness| witness.timestamp).min()?;
    Some(Witnessed { size: satisfied.checkpoint.size, note: note.into(), at })
}
