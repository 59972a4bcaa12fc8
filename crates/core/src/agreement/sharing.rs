//! A26: data were sent. Evidence of flow, from which the duties of recipients follow.

use serde::{Deserialize, Serialize};

use crate::agreement::asked::Put;
use crate::agreement::party::Asked;
use crate::agreement::signing::{provides, receives};
use crate::agreement::{Agreement, Duty, Party, PartyState, Reach};
use crate::event::Event;
use crate::event::data::DisclosureLogged;
use crate::header::{DataClass, DatasetRow, Frequency, HeaderMember, PartyRefs, SharingMode};
use crate::ids::{DatasetId, EventId, OrganisationCode, Role};
use crate::london;
use crate::refusal::Refusal;
use crate::time::{Date, Timestamp};

/// What is known of the newest disclosure of a dataset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// Which dataset.
    pub dataset: DatasetId,
    /// The event that says so.
    pub event: EventId,
    /// The day on which it was recorded.
    pub on: Date,
    /// Whether the one before was nearer than the frequency agreed on (G41, which warns and stops nothing).
    pub too_often: bool,
}

/// IAO or DAT of a party that provides.
pub(super) fn hands_of_disclosure(put: &Put<'_>) -> Result<(), Refusal> {
    put.alone_in(&[Role::Iao, Role::Dat])?;
    let header = put.agreement.header();
    let party = put.party()?;
    let gives = header.datasets.iter().any(|row| provides(header, row, party));
    // Whose data they are is not known while the datasets are a gap; G45 answers in its turn.
    if gives || put.agreement.lacks(HeaderMember::Datasets) { Ok(()) } else { Err(put.not_held(Role::Iao)) }
}

/// I7: in force, both ends bound and not stopped, the dataset in the version in force; G40 for a one-off.
pub(super) fn guards_of_disclosure(put: &Put<'_>, data: &DisclosureLogged) -> Result<(), Refusal> {
    let agreement = put.agreement;
    let party = put.party()?;
    if party.state == PartyState::Imported {
        return Err(Refusal::ImportUnconfirmed { organisation: party.organisation });
    }
    party.may(Asked::Share)?;
    agreement.knows(&[HeaderMember::Datasets, HeaderMember::SharingMode])?;
    let header = agreement.header();
    for dataset in &data.datasets {
        let row = header.datasets.iter().find(|row| row.ids.contains(dataset));
        let Some(row) = row.filter(|row| provides(header, row, party)) else {
            let reason = format!("{} does not provide it under the version in force", party.organisation);
            return Err(not_now(put, party.organisation, *dataset, reason));
        };
        let recipients = agreement.recipients_of(row, data, party.organisation);
        // I7: there are two ends, but for what the terms give to everybody. Bodies that became one share nothing.
        let anybody = matches!(&row.recipients, PartyRefs::Numbers(numbers) if numbers.is_empty());
        if recipients.is_empty() && !anybody {
            return Err(not_now(put, party.organisation, *dataset, "nobody else receives it".to_owned()));
        }
        for recipient in recipients {
            may_receive(put, row, *dataset, recipient)?;
        }
        if header.sharing_mode == SharingMode::OneOff
            && let Some(sent) = agreement.sent.iter().find(|sent| sent.dataset == *dataset)
        {
            return Err(Refusal::AlreadySent { dataset: *dataset, on: sent.on });
        }
    }
    Ok(())
}

fn not_now(put: &Put<'_>, recipient: OrganisationCode, dataset: DatasetId, reason: String) -> Refusal {
    Refusal::MayNotReceive { recipient, dataset, on: london::date_of(put.at), reason }
}

/// G39 and G45: a recipient may receive a dataset now.
fn may_receive(
    put: &Put<'_>,
    row: &DatasetRow,
    dataset: DatasetId,
    recipient: OrganisationCode,
) -> Result<(), Refusal> {
    let agreement = put.agreement;
    let no = |reason: String| Err(not_now(put, recipient, dataset, reason));
    let stopped = agreement.grounds().iter().find(|ground| match &ground.reach {
        Reach::Datasets(datasets) => datasets.contains(&dataset),
        Reach::Whole | Reach::Party(_) => false,
    });
    if let Some(ground) = stopped {
        return no(format!("{} suspended it ({})", ground.by, ground.code));
    }
    let listed = |party: &&Party| receives(agreement.header(), row, party) && party.organisation != put.organisation();
    match agreement.party(recipient).filter(listed) {
        Some(party) if party.state == PartyState::Imported => {
            Err(Refusal::ImportUnconfirmed { organisation: recipient })
        }
        Some(party) if matches!(party.state, PartyState::Executed | PartyState::Leaving) => Ok(()),
        Some(party) => no(format!("it is {} in this agreement", party.state.words())),
        None => no("it is not a recipient of it under the version in force".to_owned()),
    }
}

impl Agreement {
    /// The newest disclosure of each dataset.
    pub fn sent(&self) -> &[Sent] {
        &self.sent
    }

    /// Whom a disclosure went to: those named, or all others whom the dataset's row names.
    fn recipients_of(
        &self,
        row: &DatasetRow,
        data: &DisclosureLogged,
        sender: OrganisationCode,
    ) -> Vec<OrganisationCode> {
        data.recipients.clone().unwrap_or_else(|| {
            let others = self.parties.iter().filter(|party| party.organisation != sender && !party.joins);
            others.filter(|party| receives(self.header(), row, party)).map(|party| party.organisation).collect()
        })
    }

    /// Data were sent: the recipients owe their destruction, return or certificate.
    pub(super) fn disclosed(&mut self, event: &Event, data: &DisclosureLogged, at: Timestamp) {
        let on = london::date_of(at);
        let header = self.current().header.clone();
        let own = event.principal().organisation;
        for dataset in &data.datasets {
            let Some(row) = header.datasets.iter().find(|row| row.ids.contains(dataset)) else {
                continue;
            };
            // Open data are for everybody to keep.
            let kept = row.class == DataClass::NonPersonalOpen;
            for organisation in self.recipients_of(row, data, own).into_iter().filter(|_| !kept) {
                self.owe(organisation, Some(*dataset));
            }
            let earlier = self.sent.iter().position(|sent| sent.dataset == *dataset);
            let last = earlier.map(|place| self.sent.swap_remove(place).on);
            let too_often = last.is_some_and(|last| last.days_until(on) < least_days(row.frequency));
            self.sent.push(Sent { dataset: *dataset, event: event.id, on, too_often });
        }
    }

    /// A party comes to owe what becomes of a dataset, once.
    pub(super) fn owe(&mut self, organisation: OrganisationCode, dataset: Option<DatasetId>) {
        let owed = self.duties.iter().any(|duty| duty.organisation == organisation && duty.dataset == dataset);
        if !owed {
            self.duties.push(Duty { organisation, dataset, not_before: None });
        }
    }
}

/// How many days lie between two disclosures at the frequency agreed on, the shortest month and quarter counted.
const fn least_days(frequency: Frequency) -> i64 {
    match frequency {
        Frequency::Once => i64::MAX,
        Frequency::Annual => 365,
        Frequency::Quarterly => 90,
        Frequency::Monthly => 28,
        Frequency::Weekly => 7,
        Frequency::Daily => 1,
        Frequency::Hourly | Frequency::Live | Frequency::AdHoc => 0,
    }
}
