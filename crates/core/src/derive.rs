//! The header of terms, the hash that signers name, and the paths that two versions differ in (wire.md 4).

use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use crate::codes::ReferenceSet;
use crate::commitment::Commitment;
use crate::header::AmendmentQuorum;
use crate::header::{
    Article6, Article9, AutomatedDecisions, DatasetFacts, DatasetRow, DpiaRow, GatewayRow, Header, LegalRole,
    NonAdopterRule, OnePartyRef, Onward, Part3Row, PartyFacts, PartyRefs, PartyRow, Pointer, PublicationRow, Regime,
    RetentionRow, Transfers,
};
use crate::ids::{DatasetId, NotAnId, OrganisationCode, Stream};
use crate::json::{Value, pointer};
use crate::message::{Message, Severity};
use crate::roles::{OrganisationFacts, required_roles};
use crate::terms::{Dataset, OneParty, OnwardKind, OnwardTerms, Party, SeveralParties, Terms};
use crate::wire::Digest;

/// Days of notice, and days to destroy, when the terms name none.
const DAYS_DEFAULT: u16 = 30;

/// Derives what stands in clear of a version. Pure: the server and every client come to the same bytes.
///
/// `changes` is [`changes`] of the version before, from version 2 on.
///
/// # Errors
///
/// Messages, all at once: a party that is not registered (V-20), parties or datasets beyond what can be
/// numbered, a dataset that names an organisation which is no party (V-114).
pub fn header(
    terms: &Terms,
    parties: &[Party],
    organisations: &dyn Fn(OrganisationCode) -> Option<OrganisationFacts>,
    reference: &ReferenceSet,
    changes: Option<Vec<Pointer>>,
) -> Result<Header, Vec<Message>> {
    let mut problems = Vec::new();
    let mut facts = Vec::with_capacity(parties.len());
    for (at, party) in parties.iter().enumerate() {
        match organisations(party.organisation) {
            Some(found) => facts.push(found),
            None => problems.push(error(
                "V-20",
                format!("/parties/{at}/organisation"),
                format!("{} is not registered in the ledger. Ask the registrar to add it.", party.organisation),
            )),
        }
    }
    if parties.len() > usize::from(u8::MAX) {
        problems.push(error(
            "V-05",
            "/parties".to_owned(),
            format!("An agreement has at most 255 parties, and this one names {}.", parties.len()),
        ));
    }
    let datasets = dataset_rows(terms, parties, &mut problems);
    if !problems.is_empty() {
        return Err(problems);
    }
    let mut header = Header {
        agreement_type: terms.agreement_type,
        amendment_quorum: terms.amendment_quorum.unwrap_or(AmendmentQuorum::All),
        anchor_parties: sorted(terms.anchor_parties.clone()),
        automated_decisions: terms.automated_decisions.unwrap_or(AutomatedDecisions::None),
        changes,
        code_lists: Arc::clone(&reference.code_lists),
        continuation: terms.continuation.clone().map(|mut continuation| {
            continuation.required_capacities = sorted(continuation.required_capacities);
            continuation
        }),
        countries: sorted(terms.transfers.as_ref().map(|to| to.countries.clone()).unwrap_or_default()),
        datasets,
        derived_from: terms.derived_from.clone(),
        dpia: terms.dpia.as_ref().map(|dpia| DpiaRow { date: dpia.date, residual: dpia.residual, status: dpia.status }),
        effective_date: terms.term.effective_date,
        eligible_joiners: sorted(terms.eligible_joiners.clone()),
        emergency_ground: terms.emergency.as_ref().map(|emergency| emergency.ground),
        end_date: terms.term.end_date,
        execution_form: terms.execution_form,
        formation: terms.formation,
        lead_party: terms.lead_party,
        min_parties: terms.min_parties,
        non_adopter_rule: terms.non_adopter_rule.unwrap_or(NonAdopterRule::Block),
        notice_days: terms.notice_days.unwrap_or(DAYS_DEFAULT),
        parties: parties.iter().map(|party| party_row(terms, party)).collect(),
        policies: Arc::clone(&reference.policies),
        programme: terms.programme_id,
        publication: PublicationRow {
            exemption: terms.publication.exemption.clone(),
            look_again: terms.publication.look_again,
            register: terms.publication.register,
        },
        review_date: terms.term.review_date,
        security_class: terms.security_class,
        sharing_mode: terms.sharing_mode,
        template: terms.template.clone(),
        transfers: terms.transfers.as_ref().map_or(Transfers::None, |to| to.mechanism),
    };
    // The policy reads the whole header without required roles, so they come last.
    let owed: Vec<_> = header
        .parties
        .iter()
        .zip(&facts)
        .map(|(row, organisation)| required_roles(row, &header, organisation, reference))
        .collect();
    for (row, roles) in header.parties.iter_mut().zip(owed) {
        row.required_roles = roles;
    }
    Ok(header)
}

fn party_row(terms: &Terms, party: &Party) -> PartyRow {
    let code = &party.organisation;
    let mut gateways: Vec<GatewayRow> = terms
        .gateways
        .iter()
        .filter(|gateway| gateway.holder == *code)
        .map(|gateway| GatewayRow {
            code: gateway.code.clone(),
            implied: gateway.implied,
            legal_opinion: gateway.legal_opinion,
            uses: sorted(gateway.uses.clone()),
        })
        .collect();
    gateways.sort_by(|a, b| (&a.code, &a.uses).cmp(&(&b.code, &b.uses)));
    let article6: Vec<Article6> = terms.lawful_basis.get(code).cloned().unwrap_or_default();
    let article9: Vec<Article9> = terms.art9_condition.get(code).cloned().unwrap_or_default();
    PartyRow::from(PartyFacts {
        article6: sorted(article6),
        article9: sorted(article9),
        capacity: party.capacity,
        functions: sorted(party.functions.clone()),
        gateways,
        legal_role: party.legal_role.unwrap_or(LegalRole::NotApplicable),
        organisation: *code,
        part3: terms.part3.get(code).map(|part| Part3Row {
            authority: part.competent_authority_basis,
            basis: part.le_basis,
            function: part.function.clone(),
            onward_gateway: part.onward_gateway.clone(),
            purposes: sorted(part.le_purposes.clone()),
            schedule8: part.sch8_condition,
        }),
        regime: party.regime.unwrap_or(Regime::None),
        required_roles: Vec::new(),
        schedule1: sorted(terms.sch1_condition.get(code).cloned().unwrap_or_default()),
    })
}

/// Datasets whose rows are equal share one, in the order of their first id.
fn dataset_rows(terms: &Terms, parties: &[Party], problems: &mut Vec<Message>) -> Vec<DatasetRow> {
    let mut rows: Vec<DatasetRow> = Vec::new();
    for (at, dataset) in terms.datasets.iter().enumerate() {
        let Some(id) = DatasetId::from_position(at) else {
            problems.push(error(
                "V-61",
                "/terms/datasets".to_owned(),
                format!(
                    "An agreement has at most {} datasets, and this one has {}.",
                    DatasetId::MAX,
                    terms.datasets.len()
                ),
            ));
            break;
        };
        let mut number = |code: OrganisationCode, member: &str| {
            let place = parties.iter().position(|party| party.organisation == code);
            let number = place.and_then(|place| u8::try_from(place + 1).ok());
            if number.is_none() {
                problems.push(error(
                    "V-114",
                    format!("/terms/datasets/{at}/{member}"),
                    format!("Dataset {id} names {code}, which is not a party."),
                ));
            }
            number
        };
        let provider = match dataset.provider {
            OneParty::All(star) => Some(OnePartyRef::All(star)),
            OneParty::Code(code) => number(code, "provider").map(OnePartyRef::Number),
        };
        let recipients = match &dataset.recipients {
            SeveralParties::All(star) => PartyRefs::All(*star),
            SeveralParties::Codes(codes) => {
                PartyRefs::Numbers(sorted(codes.iter().filter_map(|&code| number(code, "recipients")).collect()))
            }
        };
        let Some(provider) = provider else { continue };
        let row = dataset_row(terms, dataset, provider, recipients);
        let same = rows.iter_mut().find(|other| {
            let unnamed = DatasetFacts { ids: Vec::new(), ..(***other).clone() };
            unnamed == row
        });
        match same {
            Some(other) => other.ids.push(id),
            None => rows.push(DatasetFacts { ids: vec![id], ..row }.into()),
        }
    }
    rows
}

fn dataset_row(terms: &Terms, dataset: &Dataset, provider: OnePartyRef, recipients: PartyRefs) -> DatasetFacts {
    DatasetFacts {
        class: dataset.data_class,
        destroy_within_days: terms.destruction_due_days.unwrap_or(DAYS_DEFAULT),
        flags: sorted(dataset.flags.clone()),
        frequency: dataset.frequency,
        ids: Vec::new(),
        method: dataset.method,
        onward: onward(&dataset.onward),
        provider,
        recipients,
        retention: dataset.retention.as_ref().map(|retention| RetentionRow {
            archiving: retention.archiving,
            end_action: retention.end_action,
            period: retention.period.clone(),
            start: retention.start,
        }),
    }
}

fn onward(terms: &OnwardTerms) -> Onward {
    match terms.kind {
        OnwardKind::None => Onward::None,
        OnwardKind::WithConsent => Onward::WithConsent,
        OnwardKind::Named if terms.named.iter().all(|to| to.public_sector) => Onward::NamedPublic,
        OnwardKind::Named => Onward::NamedOther,
    }
}

fn sorted<T: Ord>(mut values: Vec<T>) -> Vec<T> {
    values.sort_unstable();
    values.dedup();
    values
}

fn error(code: &str, path: String, message: String) -> Message {
    Message {
        code: code.to_owned(),
        severity: Severity::Error,
        path,
        message,
        help: "Correct the terms and check them again.".to_owned(),
    }
}

/// What signers of a version name: SHA-256 over a domain line and the JCS of header, stream, terms and number.
///
/// `header_jcs` is the canonical form of the header; `terms` the commitment to the skeleton.
/// An event that brings a header without terms (A37, A40) leaves the member `terms` out.
pub fn version_hash(header_jcs: &[u8], stream: Stream, terms: impl Into<Option<Commitment>>, version: u32) -> Digest {
    let mut hash = Sha256::new();
    hash.update(b"counterpart/version/v1\n{\"header\":");
    hash.update(header_jcs);
    hash.update(format!(",\"stream\":\"{stream}\""));
    if let Some(terms) = terms.into() {
        hash.update(format!(",\"terms\":\"{terms}\""));
    }
    hash.update(format!(",\"version\":{version}}}"));
    Digest(hash.finalize().into())
}

/// The paths in which two terms differ, words in place: sorted by bytes, no duplicates.
///
/// It descends into objects and into lists of equal length; otherwise it names the list. An added or removed
/// member is named itself.
///
/// # Errors
///
/// [`NotAnId`] when a member has a name that no terms have, or the documents differ as a whole.
pub fn changes(old: &Value, new: &Value) -> Result<Vec<Pointer>, NotAnId> {
    let mut paths = Vec::new();
    compare(old, new, &mut String::new(), &mut paths);
    paths.sort_unstable();
    paths.dedup();
    paths.iter().map(|path| path.parse()).collect()
}

fn compare(old: &Value, new: &Value, path: &mut String, paths: &mut Vec<String>) {
    let here = path.len();
    match (old, new) {
        (Value::Object(before), Value::Object(after)) => {
            for (name, value) in before {
                pointer::push(path, name);
                match new.member(name) {
                    Some(other) => compare(value, other, path, paths),
                    None => paths.push(path.clone()),
                }
                path.truncate(here);
            }
            for (name, _) in after.iter().filter(|(name, _)| old.member(name).is_none()) {
                pointer::push(path, name);
                paths.push(path.clone());
                path.truncate(here);
            }
        }
        (Value::Array(before), Value::Array(after)) if before.len() == after.len() => {
            for (at, (value, other)) in before.iter().zip(after).enumerate() {
                pointer::push(path, &at.to_string());
                compare(value, other, path, paths);
                path.truncate(here);
            }
        }
        _ if old == new => {}
        _ => paths.push(path.clone()),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests;
