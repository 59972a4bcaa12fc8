//! The explorer: breadth first, every move from every state, each state once.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use counterpart_core::admit::admit;
use counterpart_core::agreement::{Agreement, Reach, StageName};
use counterpart_core::event::Event;
use counterpart_core::ids::{AgreementId, Role};
use counterpart_core::state::State;

use crate::laws::{self, Memory};
use crate::moves::{Maker, Move, code, place};
use crate::scenes::Scene;
use crate::town::DAY;
use crate::world::at;

/// A ground must be lifted within so many days (amendments.md, A17).
const LIFTED_WITHIN: i64 = 30 * DAY;
/// So many moves are tried to lift what is suspended, or to come to an end.
const WAYS_MAX: usize = 8;
/// What is found wrong is told so often.
const TOLD_MAX: usize = 5;

/// The rules, or a wrong version of them.
#[derive(Clone, Copy, Default)]
pub struct Rules {
    /// Refusals that are not given.
    pub without: &'static [&'static str],
    /// Events that are never let pass.
    pub never: &'static [&'static str],
    /// Events that are recorded and change nothing.
    pub forgotten: &'static [&'static str],
    /// Days that time runs ahead.
    pub early: i64,
}

impl Rules {
    fn admits(&self, state: &State, event: &Event, now: i64) -> bool {
        if self.never.contains(&event.event_type().as_str()) {
            return false;
        }
        match admit(state, event, at(now)) {
            Ok(()) => true,
            Err(refusal) => self.without.contains(&refusal.code()),
        }
    }
}

/// What an exploration came to.
#[derive(Default)]
pub struct Explored {
    pub states: usize,
    pub transitions: usize,
    pub refused: usize,
    /// States in which something was suspended, and a way out was found.
    pub lifted: usize,
    /// The letters of the stages that were reached.
    pub stages: String,
    /// Laws that were broken, each with the moves that led there.
    pub broken: Vec<String>,
}

impl Explored {
    pub fn add(&mut self, other: &Self) {
        self.states += other.states;
        self.transitions += other.transitions;
        self.refused += other.refused;
        self.lifted += other.lifted;
        let all: BTreeSet<char> = self.stages.chars().chain(other.stages.chars()).collect();
        self.stages = all.into_iter().collect();
    }
}

/// A state of the ledger, the time, and what the model remembers.
#[derive(Clone)]
struct Node {
    state: State,
    now: i64,
    memory: Memory,
}

struct Explorer<'a> {
    scene: &'a Scene,
    rules: &'a Rules,
    id: AgreementId,
    joint: bool,
    maker: Maker,
    explored: Explored,
}

/// Explores from a scene to a depth.
pub fn explore(scene: &Scene, rules: &Rules, depth: usize) -> Explored {
    let case = &scene.case;
    let id = case.stream.strip_prefix("agr:").unwrap().parse().unwrap();
    let joint = case.shape.terms["formation"] == "ALL";
    let maker = Maker::new(case.clone(), scene.parties);
    let mut explorer = Explorer { scene, rules, id, joint, maker, explored: Explored::default() };
    explorer.run(depth);
    explorer.explored
}

impl Explorer<'_> {
    fn run(&mut self, depth: usize) {
        let memory = Memory { owed: self.scene.owed.iter().copied().collect(), ..Memory::default() };
        let first = Node { state: self.scene.case.world.replay.state.clone(), now: self.scene.case.world.now, memory };
        let mut seen = HashMap::from([(self.digest(&first), 0)]);
        // By place: the move that first led there, and from where.
        let mut came: Vec<Option<(usize, Move)>> = vec![None];
        let mut leads: Vec<Vec<usize>> = vec![Vec::new()];
        let mut letters = BTreeSet::new();
        let mut ends: HashSet<usize> = HashSet::new();
        let mut frontier = vec![(0, first)];
        for level in 0..=depth {
            let mut next = Vec::new();
            for (place, node) in frontier {
                let view = self.view(&node);
                letters.insert(view.name().letter());
                if view.name() == StageName::Suspended || !view.grounds().is_empty() {
                    self.must_lift(&node, &view, || trail(&came, place));
                }
                if level == depth {
                    // From the edge on, a way to the end is looked for; from further in, ways lead to the edge.
                    if view.name().is_final() || self.finishes(&node) {
                        ends.insert(place);
                    } else {
                        self.tell("dead end: no way to a final stage", trail(&came, place));
                    }
                    continue;
                }
                if view.name().is_final() {
                    ends.insert(place);
                }
                for mv in self.maker.moves(&view, &node.state) {
                    let Some(after) = self.step(&node, &mv) else {
                        self.explored.refused += 1;
                        continue;
                    };
                    self.explored.transitions += 1;
                    let later = self.view(&after);
                    if let Some(told) = laws::broken(&view, &mv, &later, &after.memory, after.now) {
                        let mut path = trail(&came, place);
                        path.push(mv.clone());
                        self.tell(&told, path);
                    }
                    let known = *seen.entry(self.digest(&after)).or_insert(came.len());
                    leads[place].push(known);
                    if known == came.len() {
                        came.push(Some((place, mv)));
                        leads.push(Vec::new());
                        next.push((known, after));
                    }
                }
                if self.explored.broken.len() >= TOLD_MAX {
                    break;
                }
            }
            frontier = next;
        }
        self.explored.states = came.len();
        self.explored.stages = letters.into_iter().collect();
        self.dead_ends(&leads, &came, ends);
    }

    /// States within from which no way leads to a final stage.
    fn dead_ends(&mut self, leads: &[Vec<usize>], came: &[Option<(usize, Move)>], mut ends: HashSet<usize>) {
        if !self.explored.broken.is_empty() {
            return;
        }
        loop {
            let more: Vec<usize> = (0..leads.len())
                .filter(|place| !ends.contains(place) && leads[*place].iter().any(|to| ends.contains(to)))
                .collect();
            if more.is_empty() {
                break;
            }
            ends.extend(more);
        }
        for place in (0..leads.len()).filter(|place| !ends.contains(place)).collect::<Vec<_>>() {
            self.tell("dead end: no way to a final stage", trail(came, place));
        }
    }

    fn tell(&mut self, told: &str, path: Vec<Move>) {
        if self.explored.broken.len() < TOLD_MAX {
            let moves: Vec<String> = path.iter().map(|mv| format!("{mv:?}")).collect();
            self.explored.broken.push(format!("{told}; after {}", moves.join(", ")));
        }
    }

    /// The agreement at this instant, with what time brought about.
    fn view(&self, node: &Node) -> Agreement {
        let instant = at(node.now + self.rules.early * DAY);
        node.state.agreement(self.id).unwrap().at(instant).into_owned()
    }

    /// A move, if the rules let it pass and it is not nothing.
    fn step(&mut self, node: &Node, mv: &Move) -> Option<Node> {
        match mv {
            Move::Wait(days) => return Some(Node { now: node.now + i64::from(*days) * DAY, ..node.clone() }),
            Move::WaitUntilDue => {
                let due = node.state.agreement(self.id)?.at(at(node.now)).due_at()?;
                return (due.millis() > node.now).then(|| Node { now: due.millis(), ..node.clone() });
            }
            _ => {}
        }
        let event = self.maker.event(mv, &node.state, node.now)?;
        if !self.rules.admits(&node.state, &event, node.now) {
            return None;
        }
        let mut after = node.clone();
        if !self.rules.forgotten.contains(&event.event_type().as_str()) {
            after.state.evolve(&event, at(node.now), "");
        }
        after.memory.note(mv, event.id, &self.bound(node), self.joint);
        Some(after)
    }

    /// The boroughs that are bound now.
    fn bound(&self, node: &Node) -> Vec<usize> {
        let view = self.view(node);
        view.parties().iter().filter(|party| party.state.is_bound()).map(|party| place(party.organisation)).collect()
    }

    /// From here a few admissible events and at most 30 days lead out of the suspension.
    fn must_lift(&mut self, node: &Node, view: &Agreement, path: impl Fn() -> Vec<Move>) {
        // What has ended is not suspended any more, whatever stopped a part of it.
        let open = |view: &Agreement| {
            let part = view.grounds().iter().any(|g| g.reach != Reach::Whole);
            view.stage().force().is_some() && (view.name() == StageName::Suspended || part)
        };
        if !open(view) {
            return;
        }
        let until = node.now + LIFTED_WITHIN;
        let found = self.way(node, until, Maker::lifting, |view| !open(view));
        if found {
            self.explored.lifted += 1;
        } else {
            self.tell("A17: nothing lifts the suspension within 30 days", path());
        }
    }

    /// From here a few admissible events lead to a final stage.
    fn finishes(&mut self, node: &Node) -> bool {
        self.way(node, i64::MAX, Maker::finishing, |view| view.name().is_final())
    }

    /// Whether moves of a kind lead to a goal before an instant, breadth first.
    fn way(
        &mut self,
        from: &Node,
        until: i64,
        moves: impl Fn(&Agreement) -> Vec<Move>,
        goal: impl Fn(&Agreement) -> bool,
    ) -> bool {
        let mut seen = HashSet::from([self.digest(from)]);
        let mut frontier = vec![from.clone()];
        for _ in 0..WAYS_MAX {
            let mut next = Vec::new();
            for node in frontier {
                let view = self.view(&node);
                for mv in moves(&view) {
                    let Some(after) = self.step(&node, &mv) else { continue };
                    if after.now > until {
                        continue;
                    }
                    if goal(&self.view(&after)) {
                        return true;
                    }
                    if seen.insert(self.digest(&after)) {
                        next.push(after);
                    }
                }
            }
            frontier = next;
        }
        false
    }

    /// What of a state can make a difference to what may follow.
    fn digest(&self, node: &Node) -> u64 {
        let view = self.view(node);
        let mut hasher = DefaultHasher::new();
        node.now.hash(&mut hasher);
        node.memory.hash(&mut hasher);
        (view.stage().name().letter(), view.lead()).hash(&mut hasher);
        (view.current().number, view.versions().len(), view.in_force().len(), view.due_at()).hash(&mut hasher);
        format!("{:?}", view.stage()).hash(&mut hasher);
        for party in view.parties() {
            let notice = party.notice.as_ref().map(|notice| (notice.event, notice.at));
            (party.organisation, party.state.letter(), party.accepted.is_some(), notice, party.joins).hash(&mut hasher);
        }
        // The order in which the same things were said makes no difference.
        let mut said: BTreeSet<u64> = BTreeSet::new();
        for s in view.signatures() {
            said.insert(mark(&(s.event, s.person, s.version, s.role, s.kind as u8, s.standing as u8)));
        }
        said.extend(view.open_questions().map(|q| mark(&(q.event, q.by, q.to))));
        said.extend(view.grounds().iter().map(|g| mark(&(g.event, g.by, format!("{:?}{:?}", g.reach, g.derived)))));
        said.extend(view.consents().iter().map(|c| mark(&(c.event, c.organisation))));
        said.extend(view.duties().iter().map(|d| mark(&(d.organisation, d.dataset))));
        said.extend(view.holds().iter().map(|h| mark(&h.event)));
        said.extend(view.incidents().iter().map(|i| mark(&(i.event, i.key))));
        said.extend(view.contested().iter().chain(view.disowned()).map(mark));
        said.hash(&mut hasher);
        view.review().map(|review| review.at).hash(&mut hasher);
        for place in 0..self.scene.parties {
            let held = &node.state.organisations[&code(place)];
            held.has_serving(Role::Siro, at(node.now)).hash(&mut hasher);
            let ended = held.appointments.iter().filter(|a| a.role == Role::Siro).filter_map(|a| a.ended_at).max();
            ended.hash(&mut hasher);
            let sig = crate::town::officer(crate::moves::BOROUGHS[place], "SIG");
            node.state.keys[&sig.key_id()].is_active().hash(&mut hasher);
        }
        hasher.finish()
    }
}

fn mark(what: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    hasher.finish()
}

/// The moves that led to a place.
fn trail(came: &[Option<(usize, Move)>], mut place: usize) -> Vec<Move> {
    let mut moves = Vec::new();
    while let Some((before, mv)) = &came[place] {
        moves.push(mv.clone());
        place = *before;
    }
    moves.reverse();
    moves
}
