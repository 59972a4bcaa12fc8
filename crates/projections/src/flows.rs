//! Who shares with whom, now: counted from the headers of agreements in force.

use std::collections::{BTreeMap, BTreeSet};

use counterpart_core::agreement::{Agreement, PartyState, StageName};
use counterpart_core::header::{Header, OnePartyRef, PartyRefs};
use counterpart_core::ids::OrganisationCode;
use counterpart_core::state::State;
use counterpart_core::time::Timestamp;

/// How many agreements in force let data go from one body to another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flows {
    counts: BTreeMap<(OrganisationCode, OrganisationCode), u32>,
}

impl Flows {
    /// Counted at an instant over every agreement; [`crate::board::Board::flows`] has the same without counting.
    pub fn at(state: &State, at: Timestamp) -> Self {
        let mut flows = Self::default();
        for agreement in state.agreements() {
            for pair in pairs(&agreement.at(at)) {
                flows.add(pair);
            }
        }
        flows
    }

    /// One more agreement lets data go between these.
    pub(crate) fn add(&mut self, pair: (OrganisationCode, OrganisationCode)) {
        *self.counts.entry(pair).or_default() += 1;
    }

    /// One agreement fewer does.
    pub(crate) fn take(&mut self, pair: (OrganisationCode, OrganisationCode)) {
        if let Some(count) = self.counts.get_mut(&pair) {
            *count -= 1;
            if *count == 0 {
                self.counts.remove(&pair);
            }
        }
    }

    /// From one body to another.
    pub fn count(&self, from: OrganisationCode, to: OrganisationCode) -> u32 {
        self.counts.get(&(from, to)).copied().unwrap_or_default()
    }

    /// Every body that gives or receives, in order of code.
    pub fn bodies(&self) -> BTreeSet<OrganisationCode> {
        self.counts.keys().flat_map(|(from, to)| [*from, *to]).collect()
    }

    /// How many pairs share.
    pub fn pairs(&self) -> usize {
        self.counts.len()
    }

    /// With how many other bodies one shares, either way.
    pub fn partners(&self, of: OrganisationCode) -> usize {
        let others: BTreeSet<_> = self
            .counts
            .keys()
            .filter_map(|(from, to)| {
                if *from == of {
                    Some(*to)
                } else if *to == of {
                    Some(*from)
                } else {
                    None
                }
            })
            .collect();
        others.len()
    }
}

/// The pairs between which an agreement lets data go: it is in force, and both are bound and not suspended (domain.md 2.1).
pub(crate) fn pairs(agreement: &Agreement) -> BTreeSet<(OrganisationCode, OrganisationCode)> {
    let mut pairs = BTreeSet::new();
    if agreement.name() != StageName::Active {
        return pairs;
    }
    let header = agreement.header();
    let unilateral = header.parties.iter().any(|row| row.required_roles.is_empty());
    let moves = |code: OrganisationCode| {
        agreement.party(code).is_some_and(|party| {
            matches!(party.state, PartyState::Executed | PartyState::Leaving)
                || (unilateral && header.party(code).is_some_and(|(_, row)| row.required_roles.is_empty()))
        })
    };
    for row in &header.datasets {
        for from in providers(header, row.provider) {
            for to in recipients(header, &row.recipients) {
                if from != to && moves(from) && moves(to) {
                    pairs.insert((from, to));
                }
            }
        }
    }
    pairs
}

fn providers(header: &Header, provider: OnePartyRef) -> Vec<OrganisationCode> {
    match provider {
        OnePartyRef::Number(number) => numbered(header, number).into_iter().collect(),
        OnePartyRef::All(_) => {
            header.parties.iter().filter(|row| row.capacity.provides()).map(|row| row.organisation).collect()
        }
    }
}

fn recipients(header: &Header, refs: &PartyRefs) -> Vec<OrganisationCode> {
    match refs {
        PartyRefs::Numbers(numbers) => numbers.iter().filter_map(|number| numbered(header, *number)).collect(),
        PartyRefs::All(_) => {
            header.parties.iter().filter(|row| row.capacity.receives()).map(|row| row.organisation).collect()
        }
    }
}

fn numbered(header: &Header, number: u8) -> Option<OrganisationCode> {
    let place = usize::from(number).checked_sub(1)?;
    header.parties.get(place).map(|row| row.organisation)
}
