//! What a body has to see to without being asked (domain.md 5, Q04 and Q07): reviews, destruction, notices, holds,
//! advice after an emergency, contested signatures, incidents.
//!
//! In scope: one agreement and one body of it, on a day. Out of scope: what others wait for; that is [`crate::waiting`].

use counterpart_core::agreement::Agreement;
use counterpart_core::event::data::IncidentStatus;
use counterpart_core::ids::{DatasetId, EventId, OrganisationCode, Role};
use counterpart_core::london;
use counterpart_core::state::State;
use counterpart_core::time::Date;
use serde::Serialize;

use crate::english;
use crate::register::name_of;

/// What kind of duty something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Kind {
    /// To look at the agreement again.
    Review,
    /// Its last day comes.
    Ends,
    /// To certify that data were destroyed or returned.
    Destroy,
    /// A party leaves on a day.
    Notice,
    /// A hold that the body placed stops destruction.
    Hold,
    /// To advise on an emergency after sharing began.
    Advice,
    /// To stand by a contested signature, or disown it.
    Contest,
    /// An incident that it noted is open.
    Incident,
    /// To decide again what of the words everybody may read.
    LookAgain,
}

impl Kind {
    /// In words, as a heading of a table has it.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Review => "Review",
            Self::Ends => "End of the agreement",
            Self::Destroy => "Destroy or return data",
            Self::Notice => "Notice running",
            Self::Hold => "Hold on destruction",
            Self::Advice => "Advice after an emergency",
            Self::Contest => "Contested signature",
            Self::Incident => "Incident",
            Self::LookAgain => "Decision on publication",
        }
    }
}

/// One duty of one body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Duty {
    /// What kind.
    pub kind: Kind,
    /// The role that does it, where one must act.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// The data, if it is about some.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dataset: Option<DatasetId>,
    /// The event that it comes from, if one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<EventId>,
    /// The last day for it, or the day on which it comes; left out where no day is set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due: Option<Date>,
    /// Whether that day has gone by.
    pub overdue: bool,
    /// What it is, in words.
    pub what: String,
}

/// The duties of a body in an agreement that was taken to `today`: reviews, ends and decisions that come by `horizon`,
/// and everything else that is open.
pub fn of(state: &State, now: &Agreement, own: OrganisationCode, today: Date, horizon: Date) -> Vec<Duty> {
    let mut duties = Duties { today, found: Vec::new() };
    let bound = now.party(own).is_some_and(|party| party.state.is_bound());
    let leads = now.lead() == own;
    let name = |code| name_of(state, code);
    if now.stage().force().is_some() {
        let review = review_on(now).filter(|day| leads && *day <= horizon);
        if let Some(day) = review {
            duties.add(
                Kind::Review,
                Some(Role::Igl),
                Some(day),
                "Review the agreement: go on, change it or end it.".to_owned(),
            );
        }
        if let Some(day) = now.header().end_date.filter(|day| bound && *day <= horizon) {
            duties.add(
                Kind::Ends,
                Some(Role::Igl),
                Some(day),
                "The agreement ends after this day, unless it is renewed before.".to_owned(),
            );
        }
        for party in now.parties().iter().filter(|_| bound) {
            if let Some(notice) = &party.notice {
                let what = format!("{} leaves the agreement on this day.", name(party.organisation));
                duties.add_of(Kind::Notice, None, Some(notice.day), what, Some(notice.event), None);
            }
        }
        if now.without_advice().any(|code| code == own)
            && let Some(force) = now.stage().force()
        {
            let days = i64::from(now.windows().emergency_advice_days);
            let due = london::date_of(force.since.add_days(days));
            let what = "Advise on the emergency: sharing stops when this advice is missing.".to_owned();
            duties.add(Kind::Advice, Some(Role::Dpo), Some(due), what);
        }
    }
    destruction(now, own, &name, &mut duties);
    for hold in now.holds().iter().filter(|hold| hold.by == own) {
        let which: Vec<String> = hold.datasets.iter().map(ToString::to_string).collect();
        let which = if which.is_empty() { "all data".to_owned() } else { which.join(", ") };
        let what = format!(
            "A hold of this organisation has stopped the destruction of {which} since {}.",
            english::date(london::date_of(hold.at))
        );
        duties.add_of(Kind::Hold, Some(Role::Lgl), None, what, Some(hold.event), None);
    }
    for event in now.contested() {
        if state.contests.contest(*event).is_some_and(|contest| contest.organisation == own) {
            duties.found.push(contested(*event));
        }
    }
    for incident in now.incidents().iter().filter(|incident| incident.by == own) {
        let state = match incident.status {
            IncidentStatus::Closed => continue,
            IncidentStatus::Open => "open",
            IncidentStatus::Contained => "contained, and open",
            IncidentStatus::CriticalOpen => "open and critical",
        };
        let what = format!("An incident, noted on {}, is {state}.", english::date(london::date_of(incident.at)));
        duties.add_of(Kind::Incident, Some(Role::Igl), None, what, Some(incident.event), None);
    }
    if let Some(decided) = now.publication().filter(|_| leads && !now.name().is_final())
        && let Some(day) = decided.look_again.filter(|day| *day <= horizon)
    {
        let what = "Decide again whether everybody may read the words.".to_owned();
        duties.add_of(Kind::LookAgain, Some(Role::Igl), Some(day), what, Some(decided.event), None);
    }
    duties.found
}

/// That a body says whether it stands by an event whose key may have been in other hands.
pub fn contested(event: EventId) -> Duty {
    let what = "Stand by this signature, or disown it: its key may have been in other hands.".to_owned();
    let (kind, role) = (Kind::Contest, Some(Role::Siro));
    Duty { kind, role, dataset: None, event: Some(event), due: None, overdue: false, what }
}

/// When the agreement is looked at next: as the newest review says or, of a version that is newer, its header.
pub fn review_on(now: &Agreement) -> Option<Date> {
    let since = now.in_force().last().map(|force| force.since);
    let reviewed = now.review().filter(|review| since.is_none_or(|since| review.at >= since));
    reviewed.map(|review| review.next).or(now.header().review_date)
}

fn destruction(now: &Agreement, own: OrganisationCode, name: &dyn Fn(OrganisationCode) -> String, duties: &mut Duties) {
    for duty in now.duties().iter().filter(|duty| duty.organisation == own) {
        let which = duty.dataset.map_or_else(|| "the data".to_owned(), |dataset| dataset.to_string());
        let due = now.due_on(duty);
        let stopped = now.holds().iter().find(|hold| hold.holds(duty.dataset));
        let what = match (stopped, due) {
            (Some(hold), _) => format!("Do not destroy {which}: {} holds it.", name(hold.by)),
            (None, Some(_)) => format!("Destroy {which} or give it back, and certify that."),
            (None, None) => format!("Destroy {which} or give it back once the sharing is over."),
        };
        let event = stopped.map(|hold| hold.event);
        duties.add_of(Kind::Destroy, Some(Role::Iao), due, what, event, duty.dataset);
    }
}

struct Duties {
    today: Date,
    found: Vec<Duty>,
}

impl Duties {
    fn add(&mut self, kind: Kind, role: Option<Role>, due: Option<Date>, what: String) {
        self.add_of(kind, role, due, what, None, None);
    }

    fn add_of(
        &mut self,
        kind: Kind,
        role: Option<Role>,
        due: Option<Date>,
        what: String,
        event: Option<EventId>,
        dataset: Option<DatasetId>,
    ) {
        let overdue = due.is_some_and(|day| day < self.today);
        self.found.push(Duty { kind, role, dataset, event, due, overdue, what });
    }
}
