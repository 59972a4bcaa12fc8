//! What time alone brings about, evaluated at its instant and never appended (domain.md 2.8, wire.md 3).
//!
//! Changes of one instant come in the order D1 to D11, repeated until nothing changes. They come before an
//! event that is recorded at that instant.

use crate::agreement::signing::provides;
use crate::agreement::{Agreement, End, EndReason, Force, InForce, Origin, PartyState, Reach, Stage, Track};
use crate::header::{Capacity, Formation};
use crate::ids::{EventId, OrganisationCode, codes};
use crate::london;
use crate::time::Timestamp;

codes! {
    /// A change that no event brings about.
    Derived {
        /// A body left the ledger, or another took its place.
        BodyGone = "BodyGone",
        /// D1: a signature that is needed is contested or disowned.
        ContestedQuorumLost = "ContestedQuorumLost",
        /// D2: an emergency goes on without the advice that may follow for a while.
        EmergencyAdviceOverdue = "EmergencyAdviceOverdue",
        /// A ground of suspension that nobody confirmed closes.
        GroundLapsed = "GroundLapsed",
        /// D3: the day of a notice has come.
        NoticeElapsed = "NoticeElapsed",
        /// D4: too few parties, or no pair that shares, are left.
        ContinuationFailed = "ContinuationFailed",
        /// D5: the last day has gone by.
        TermEnded = "TermEnded",
        /// A25: the day on which all agreed to end it has come.
        ConsentDue = "ConsentDue",
        /// D6: an amendment is agreed, and its first day has come.
        AmendmentEffective = "AmendmentEffective",
        /// D7: a successor did not confirm that it stands by the agreement.
        SuccessionUnconfirmed = "SuccessionUnconfirmed",
        /// D8: formed, and the first day has come.
        ActivationDue = "ActivationDue",
        /// D9: nobody moved it, or signing closed.
        ApprovalWindowClosed = "ApprovalWindowClosed",
        /// D10: a succession left both sides of every dataset one body.
        PartiesCollapsed = "PartiesCollapsed",
        /// D11: ended, and no duty and no hold are left.
        NoDutiesOutstanding = "NoDutiesOutstanding",
    }
}

/// A change that is due, and what it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Due {
    Gone(OrganisationCode),
    Unconfirmed(EventId, OrganisationCode),
    Advice,
    Ground(EventId),
    Notice(OrganisationCode),
    Continuation,
    Term,
    Consent,
    Amendment,
    Activation,
    Window,
    Duties,
}

impl Due {
    const fn name(self) -> Derived {
        match self {
            Self::Gone(_) => Derived::BodyGone,
            Self::Unconfirmed(..) => Derived::SuccessionUnconfirmed,
            Self::Advice => Derived::EmergencyAdviceOverdue,
            Self::Ground(_) => Derived::GroundLapsed,
            Self::Notice(_) => Derived::NoticeElapsed,
            Self::Continuation => Derived::ContinuationFailed,
            Self::Term => Derived::TermEnded,
            Self::Consent => Derived::ConsentDue,
            Self::Amendment => Derived::AmendmentEffective,
            Self::Activation => Derived::ActivationDue,
            Self::Window => Derived::ApprovalWindowClosed,
            Self::Duties => Derived::NoDutiesOutstanding,
        }
    }
}

impl Agreement {
    /// Applies every change that is due up to an instant, in order.
    pub(crate) fn settle(&mut self, instant: Timestamp) {
        loop {
            let next = self.next_due();
            match next {
                Some((at, due)) if at <= instant => self.bring_about(due, at),
                Some((at, _)) => {
                    self.due_at = Some(at);
                    return;
                }
                None => {
                    self.due_at = None;
                    return;
                }
            }
        }
    }

    /// The earliest change to come; at one instant the first in the order of the table.
    fn next_due(&self) -> Option<(Timestamp, Due)> {
        let mut first: Option<(Timestamp, Due)> = None;
        let mut consider = |at: Timestamp, due: Due| {
            let earlier = first.is_none_or(|(other, held)| (at, due.name()) < (other, held.name()));
            if earlier {
                first = Some((at, due));
            }
        };
        if !self.name().is_final() {
            for coming in &self.elsewhere.coming {
                consider(coming.at, Due::Gone(coming.organisation));
            }
        }
        match &self.stage {
            Stage::Filed | Stage::Clarifying { .. } | Stage::Negotiating { .. } => {
                consider(self.moved_at.add_days(i64::from(self.windows.idle_days)), Due::Window);
            }
            Stage::Approving(signing) => {
                consider(london::end_of(signing.approve_by).max(self.changed_at), Due::Window);
            }
            Stage::Approved { formed_at, .. } => {
                if self.is_formed() {
                    let begins = london::start_of(self.header().effective_date);
                    consider(begins.max(*formed_at).max(self.changed_at), Due::Activation);
                }
            }
            Stage::Active(_) | Stage::Suspended(_) => self.due_in_force(&mut consider),
            Stage::Ending(_) => {
                if self.duties.is_empty() && self.holds.is_empty() {
                    consider(self.changed_at, Due::Duties);
                }
            }
            Stage::Closed { .. } | Stage::Refused { .. } | Stage::Withdrawn { .. } | Stage::Lapsed { .. } => {}
        }
        first
    }

    fn due_in_force(&self, consider: &mut dyn FnMut(Timestamp, Due)) {
        for (at, event, predecessor) in self.unconfirmed_due() {
            consider(at.max(self.changed_at), Due::Unconfirmed(event, predecessor));
        }
        for ground in &self.grounds {
            if let Some(at) = ground.lapses_at {
                consider(at, Due::Ground(ground.event));
            }
        }
        if let Some(at) = self.amendment_due() {
            consider(at, Due::Amendment);
        }
        if let Some(at) = self.advice_due() {
            consider(at, Due::Advice);
        }
        // While an import is not confirmed by everybody, only its term ends it.
        if !self.is_unconfirmed() {
            for party in &self.parties {
                if let Some(notice) = &party.notice {
                    consider(notice.at.max(self.changed_at), Due::Notice(party.organisation));
                }
            }
            if !self.goes_on() {
                consider(self.changed_at, Due::Continuation);
            }
            if let Some(at) = self.consented_at() {
                consider(at.max(self.changed_at), Due::Consent);
            }
        }
        if let Some(day) = self.header().end_date {
            consider(london::end_of(day).max(self.changed_at), Due::Term);
        }
    }

    /// When the agreement ends by consent, once every party that is bound and not leaving has consented.
    fn consented_at(&self) -> Option<Timestamp> {
        let consent = |code: OrganisationCode| {
            let mut given = self.consents.iter().filter(|consent| self.elsewhere.counts(consent.event));
            given.find(|consent| consent.organisation == code)
        };
        let staying = |state| matches!(state, PartyState::Executed | PartyState::Suspended);
        let mut last: Option<Timestamp> = None;
        for party in self.parties.iter().filter(|party| staying(party.state)) {
            let consent = consent(party.organisation)?;
            last = last.max(Some(london::start_of(consent.day).max(consent.at)));
        }
        last
    }

    /// D4: whether enough bound parties are left, with a pair that shares.
    pub(super) fn goes_on(&self) -> bool {
        let header = self.header();
        let count = self.parties.iter().filter(|party| party.state.is_bound()).count();
        let usual = if header.formation == Formation::Unilateral { 1 } else { 2 };
        let least = header.continuation.as_ref().map_or(usual, |continuation| usize::from(continuation.min_parties));
        let has = |capacity: Capacity| {
            self.parties.iter().any(|party| {
                party.state.is_bound() && party.row(header).is_some_and(|row| row.capacity.counts_as(capacity))
            })
        };
        let capacities = header.continuation.as_ref().map(|continuation| continuation.required_capacities.as_slice());
        count >= least && capacities.unwrap_or_default().iter().all(|capacity| has(*capacity)) && self.has_pair()
    }

    fn bring_about(&mut self, due: Due, at: Timestamp) {
        self.changed_at = at;
        let about = match due {
            Due::Notice(organisation) | Due::Gone(organisation) | Due::Unconfirmed(_, organisation) => {
                Some(organisation)
            }
            Due::Advice
            | Due::Ground(_)
            | Due::Continuation
            | Due::Term
            | Due::Consent
            | Due::Amendment
            | Due::Activation
            | Due::Window
            | Due::Duties => None,
        };
        let origin = Origin::Derived { change: due.name(), organisation: about };
        match due {
            Due::Gone(organisation) => self.departs(organisation, at),
            Due::Unconfirmed(event, predecessor) => self.succession_overdue(event, predecessor, at),
            Due::Advice => self.advice_overdue(at, origin),
            Due::Ground(event) => self.close_ground(event, at, origin),
            Due::Notice(organisation) => {
                self.leaves(organisation, at);
                self.weigh_amendment(at);
                if self.is_bilateral() {
                    self.ends(EndReason::Notice, at, origin);
                }
            }
            Due::Continuation => self.ends(EndReason::Continuation, at, origin),
            Due::Term => self.ends(EndReason::Term, at, origin),
            Due::Consent => self.ends(EndReason::Consent, at, origin),
            Due::Amendment => self.amendment_takes_effect(at),
            Due::Activation => {
                if let Stage::Approved { signing, .. } = self.stage {
                    let force = Force { version: signing.version, since: at, amendment: Track::None };
                    self.go(Stage::Active(force), at, origin);
                    self.in_force.push(InForce { version: signing.version, since: at, rests_on: signing.version });
                }
            }
            Due::Window => self.go(Stage::Lapsed { at }, at, origin),
            Due::Duties => {
                if let Stage::Ending(end) = self.stage {
                    self.go(Stage::Closed { end, at }, at, origin);
                }
            }
        }
    }

    /// A party is gone, and with it the grounds that stopped it alone.
    pub(super) fn leaves(&mut self, organisation: OrganisationCode, at: Timestamp) {
        if let Some(party) = self.party_mut(organisation) {
            party.state = PartyState::Left;
            party.left_at = Some(at);
            party.notice = None;
        }
        self.grounds.retain(|ground| ground.reach != Reach::Party(organisation));
    }

    /// Whether it is in force and rests on one party alone, which has given no notice: the only provider of
    /// a dataset, or an anchor (O07).
    pub(crate) fn rests_on(&self, organisation: OrganisationCode) -> bool {
        let header = self.header();
        let bound = self.party(organisation).is_some_and(|p| p.state.is_bound() && p.notice.is_none());
        let anchor = header.anchor_parties.contains(&organisation);
        let mut sole = header.datasets.iter().filter(|row| {
            let givers = self.parties.iter().filter(|p| p.state.is_bound() && provides(header, row, p));
            let mut givers = givers.map(|party| party.organisation);
            givers.next() == Some(organisation) && givers.next().is_none()
        });
        self.stage.force().is_some() && bound && (anchor || sole.next().is_some())
    }

    /// The agreement ends, and an amendment that is open with it.
    pub(super) fn ends(&mut self, reason: EndReason, at: Timestamp, origin: Origin) {
        self.parties.retain(|party| !party.joins);
        self.go(Stage::Ending(End { at, reason }), at, origin);
    }
}
