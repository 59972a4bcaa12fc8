//! E08 that anybody re-decides: what a header holds together, by itself and with the agreement that it changes,
//! whatever the words say (wire.md 4, 5.1; amendments.md A21, A40; domain.md 2.3).
//!
//! Whether a header is true to its terms is for the door. What stands here reads only what stands in clear, and comes
//! before every V rule, D and G (wire.md 2.3): a rule that numbers parties finds them there.

use crate::agreement::amending::adopts;
use crate::agreement::asked::{Put, Question};
use crate::event::data::{AgreementImported, Data, EmergencySharingRecorded};
use crate::header::{AgreementType, DatasetRow, Header, HeaderMember, OnePartyRef, PartyRefs, PartyRow};
use crate::ids::OrganisationCode;
use crate::refusal::Refusal;
use crate::roles::{OrganisationFacts, required_roles};

impl Question<'_> {
    /// E08 of the header or the row that an event brings, or that it freezes.
    pub(crate) fn coherence(&self) -> Result<(), Refusal> {
        let data = &self.event.data;
        if let Data::RequestFiled(data) = data {
            return first_version(&data.header);
        }
        if let Data::AgreementImported(data) = data {
            return import(data);
        }
        if let Data::EmergencySharingRecorded(data) = data {
            return record(data);
        }
        if let Data::CounterProposalMade(data) = data {
            return later_version(&data.header);
        }
        if let Data::ClarificationProvided(data) = data {
            return data.header.as_deref().map_or(Ok(()), later_version);
        }
        let Some(put) = self.put() else {
            return Ok(());
        };
        if let Data::AmendmentProposed(data) = data {
            later_version(&data.header)?;
            return names_who_is_bound(&put, &data.header);
        }
        if let Data::TermsSubmitted(_) = data {
            return coherent(put.agreement.draft_header());
        }
        if let Data::PartyInvited(data) = data {
            return joiner(&put, &data.row);
        }
        if let Data::AccessionRequested(data) = data {
            return joiner(&put, &data.row);
        }
        Ok(())
    }
}

fn wrong(problem: &str) -> Result<(), Refusal> {
    Err(Refusal::HeaderIncomplete { problem: problem.to_owned() })
}

/// Whether a header holds together, as far as the log rules lean on it.
fn coherent(header: &Header) -> Result<(), Refusal> {
    named_once(&header.parties)?;
    numbered(&header.datasets, &header.parties)?;
    if header.parties.iter().all(|row| row.required_roles.is_empty()) {
        return wrong("nobody would sign it");
    }
    Ok(())
}

/// An organisation has one row.
fn named_once(rows: &[PartyRow]) -> Result<(), Refusal> {
    let mut named: Vec<OrganisationCode> = rows.iter().map(|row| row.organisation).collect();
    named.sort_unstable();
    if named.array_windows().any(|[one, next]| one == next) {
        return wrong("an organisation is a party twice");
    }
    Ok(())
}

/// Datasets name only parties that are there.
fn numbered(datasets: &[DatasetRow], parties: &[PartyRow]) -> Result<(), Refusal> {
    if datasets.iter().all(|row| numbers_fit(row, parties.len())) {
        Ok(())
    } else {
        wrong("a dataset names a party that is not there")
    }
}

fn numbers_fit(row: &DatasetRow, parties: usize) -> bool {
    let numbered = |number: u8| usize::from(number) >= 1 && usize::from(number) <= parties;
    let provider = match row.provider {
        OnePartyRef::Number(number) => numbered(number),
        OnePartyRef::All(_) => true,
    };
    let recipients = match &row.recipients {
        PartyRefs::Numbers(numbers) => numbers.iter().all(|number| numbered(*number)),
        PartyRefs::All(_) => true,
    };
    provider && recipients
}

/// A first version changes nothing.
fn first_version(header: &Header) -> Result<(), Refusal> {
    coherent(header)?;
    if header.changes.is_some() { wrong("a first version changes nothing") } else { Ok(()) }
}

/// From the second version on a header says what changed.
fn later_version(header: &Header) -> Result<(), Refusal> {
    coherent(header)?;
    if header.changes.is_none() { wrong("it does not say what changes") } else { Ok(()) }
}

/// A40: a header of an emergency, on the ground that is named.
fn record(data: &EmergencySharingRecorded) -> Result<(), Refusal> {
    let header = &data.header;
    first_version(header)?;
    if header.agreement_type != AgreementType::Emg {
        return wrong("sharing in an emergency has the type EMG");
    }
    if header.emergency_ground != Some(data.ground) {
        return wrong("its ground is not the one that is named");
    }
    Ok(())
}

/// A37: the known members hold together, and the gaps are those that are missing.
fn import(data: &AgreementImported) -> Result<(), Refusal> {
    let header = &data.header;
    named_once(&header.parties)?;
    if !header.parties.iter().any(|row| row.organisation == header.lead_party) {
        return wrong("the lead party is not among the parties");
    }
    numbered(header.datasets.as_deref().unwrap_or_default(), &header.parties)?;
    let fits = |member: &HeaderMember| match (header.has(*member), data.gaps.contains(member)) {
        (true, named) => !named,
        (false, named) => named || !member.is_required(),
    };
    let mut sorted = data.gaps.clone();
    sorted.sort_unstable();
    sorted.dedup();
    if sorted != data.gaps || !HeaderMember::ALL.iter().all(fits) {
        return wrong("`gaps` are the members that are missing, sorted");
    }
    Ok(())
}

/// A18: whoever is bound and stays is in it.
fn names_who_is_bound(put: &Put<'_>, header: &Header) -> Result<(), Refusal> {
    let mut stays = put.agreement.parties.iter().filter(|party| adopts(party));
    if stays.all(|party| header.party(party.organisation).is_some()) {
        Ok(())
    } else {
        wrong("a party that is bound is not in it")
    }
}

/// A21 and A22: who must sign for a joiner is no choice of whoever writes its row.
fn joiner(put: &Put<'_>, row: &PartyRow) -> Result<(), Refusal> {
    let (Some(body), Some(reference)) = (put.body(row.organisation), &put.state.reference) else {
        return Ok(());
    };
    let owed = required_roles(row, put.agreement.header(), &OrganisationFacts::from(body), reference);
    if owed == row.required_roles {
        return Ok(());
    }
    let problem = format!("the roles that must sign for {} are others", row.organisation);
    Err(Refusal::HeaderIncomplete { problem })
}
