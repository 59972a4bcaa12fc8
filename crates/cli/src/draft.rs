//! `draft`: a proposal before anybody signs it, words in place.
//!
//! ```text
//! contacts                 mailboxes by organisation; for filing
//! needed_by                optional, a day
//! parties                  [{organisation, capacity, functions, legal_role, regime}]
//! requesting_organisation  who asks; for filing
//! terms                    as in /schemas/terms-v1.json, each commitment a plain text
//! ```

mod command;

use std::path::Path;

use anyhow::{Context, Result, anyhow};
use counterpart_core::codes::{self, ReferenceSet};
use counterpart_core::commitment::{Commitment, Disclosure, Kind};
use counterpart_core::door::{self, Proposal, Surroundings, Validation, WordsByPointer};
use counterpart_core::event::data::Visibility;
use counterpart_core::ids::{EventId, OrganisationCode};
use counterpart_core::json::{self, Value};
use counterpart_core::message::Message;
use counterpart_core::organisation::{Governance, OrganisationFlags, OrganisationType};
use counterpart_core::roles::OrganisationFacts;
use counterpart_core::time::Date;
use counterpart_core::{draft, london};
use serde::Deserialize;

pub use command::DraftCommand;

use crate::ledger::Ledger;
use crate::{Common, documents, shell};

/// A proposal as a person writes it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    /// How to reach the parties; only filing and inviting ask for it.
    #[serde(default)]
    pub contacts: Option<serde_json::Value>,
    /// When the data are needed.
    #[serde(default)]
    pub needed_by: Option<Date>,
    /// Who takes part.
    pub parties: serde_json::Value,
    /// Who asks; only filing asks for it.
    #[serde(default)]
    pub requesting_organisation: Option<OrganisationCode>,
    /// What is agreed, words in place.
    pub terms: serde_json::Value,
}

/// The terms of a draft, sealed for one event.
pub struct SealedTerms {
    /// The skeleton.
    pub skeleton: Value,
    /// The words by pointer within the terms.
    pub words: WordsByPointer,
    /// The commitment to the skeleton.
    pub commitment: Commitment,
    /// What opens it and the words within.
    pub disclosures: Vec<Disclosure>,
}

/// What a draft is judged against.
pub struct Around {
    reference: ReferenceSet,
    organisations: Vec<OrganisationFacts>,
    visibility: Visibility,
    on: Date,
}

impl Draft {
    /// Reads a draft, YAML or JSON.
    ///
    /// # Errors
    ///
    /// It is neither, or has other members.
    pub fn read(path: &Path) -> Result<Self> {
        serde_json::from_value(documents::read(path)?)
            .map_err(|error| anyhow!("`{}` is not a draft: {error}; see `counterpart draft new`", path.display()))
    }

    /// Seals the terms for the event of this id.
    ///
    /// # Errors
    ///
    /// They are not strict JSON.
    pub fn seal(&self, event: EventId) -> Result<SealedTerms> {
        let terms = documents::strict(&self.terms).map_err(|problem| anyhow!("the terms: {problem}"))?;
        let id = event.to_string();
        let split = draft::split(&terms, &id, &mut std::iter::repeat_with(shell::entropy));
        let split = split.map_err(|at| anyhow!("there was no salt for `{at}`"))?;
        let content = json::jcs(&split.skeleton);
        let whole = Disclosure { pointer: "/terms".to_owned(), kind: Kind::Json, salt: shell::entropy(), content };
        let commitment = whole.commitment(&id);
        let mut disclosures = split.disclosures;
        disclosures.push(whole);
        Ok(SealedTerms { skeleton: split.skeleton, words: split.words, commitment, disclosures })
    }

    /// The organisations that the draft names as parties, as far as they can be read.
    fn codes(&self) -> Vec<OrganisationCode> {
        let rows = self.parties.as_array().into_iter().flatten();
        rows.filter_map(|row| row.get("organisation")?.as_str()?.parse().ok()).collect()
    }
}

/// Judges a draft by the rule book: every message at once, and the header if there is one.
///
/// `earlier` are the terms, words in place, of the version that a later draft is compared with.
///
/// # Errors
///
/// Parties or contacts are not strict JSON.
pub fn judge(draft: &Draft, sealed: &SealedTerms, around: &Around, earlier: Option<&Value>) -> Result<Validation> {
    let parties = documents::strict(&draft.parties).map_err(|problem| anyhow!("the parties: {problem}"))?;
    let contacts = draft.contacts.as_ref().map(documents::strict).transpose();
    let contacts = contacts.map_err(|problem| anyhow!("the contacts: {problem}"))?;
    let proposal = Proposal {
        terms: &sealed.skeleton,
        words: &sealed.words,
        parties: &parties,
        contacts: contacts.as_ref(),
        requesting_organisation: draft.requesting_organisation,
    };
    let organisations = |code: OrganisationCode| around.organisations.iter().find(|facts| facts.code == code).cloned();
    let surroundings = Surroundings {
        organisations: &organisations,
        reference: &around.reference,
        visibility: around.visibility,
        on: around.on,
        agreement_exists: None,
        similar: &[],
    };
    Ok(door::validate(&proposal, &surroundings, earlier))
}

/// The surroundings of a ledger.
///
/// # Errors
///
/// It does not answer, or pins reference data that this program does not hold.
pub fn around_ledger(ledger: &Ledger, draft: &Draft) -> Result<Around> {
    let genesis = ledger.genesis();
    let reference = ReferenceSet::resolve(&genesis.code_lists, &genesis.policies)?;
    let mut organisations = Vec::new();
    for code in draft.codes() {
        organisations.extend(ledger.organisation(code)?);
    }
    Ok(Around { reference, organisations, visibility: genesis.visibility, on: london::date_of(shell::now()) })
}

/// Surroundings without a ledger: the reference data that this program holds, and ordinary public authorities.
///
/// # Errors
///
/// Never for the data that this program holds.
pub fn around_nothing(draft: &Draft) -> Result<Around> {
    let (code_lists, policies) = codes::manifest();
    let reference = ReferenceSet::resolve(&code_lists, &policies).context("the reference data of this program")?;
    let flags = OrganisationFlags { public_authority: true, foi_subject: true, ..OrganisationFlags::default() };
    let organisations = draft.codes().into_iter().map(|code| OrganisationFacts {
        code,
        kind: OrganisationType::LondonBorough,
        flags: flags.clone(),
        governance: Governance::Full,
        extra_roles: Vec::new(),
    });
    let organisations = organisations.collect();
    Ok(Around { reference, organisations, visibility: Visibility::Open, on: london::date_of(shell::now()) })
}

/// Tells messages to the person.
pub fn tell(messages: &[Message], common: &Common) {
    for message in messages {
        common.say(&format!(
            "{} {} at {}: {} {}",
            message.severity, message.code, message.path, message.message, message.help
        ));
    }
}
