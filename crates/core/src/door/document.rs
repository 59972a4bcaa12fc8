//! What a rule may read: the public part of a proposal, and the whole of it.

use super::WordsByPointer;
use super::identifiers::Identified;
use crate::codes::{GatewayRule, ReferenceSet};
use crate::event::data::Visibility;
use crate::header::{DataClass, DatasetRow, GatewayRow, Header, LegalRole, OnePartyRef, PartyRefs, PartyRow, Regime};
use crate::ids::{AgreementId, OrganisationCode};
use crate::roles::OrganisationFacts;
use crate::terms::{Contacts, Dataset, Terms};
use crate::time::Date;

/// What the ledger says around a proposal: all of it stands in the log.
pub struct Surroundings<'a> {
    /// An organisation in force, by its code.
    pub organisations: &'a dyn Fn(OrganisationCode) -> Option<OrganisationFacts>,
    /// Code lists and policies in force.
    pub reference: &'a ReferenceSet,
    /// Who may read entries.
    pub visibility: Visibility,
    /// The day of London on which the proposal is judged.
    pub on: Date,
    /// Whether an agreement exists in the ledger; nothing where that is not known (V-10 is not asked then).
    pub agreement_exists: Option<&'a dyn Fn(AgreementId) -> bool>,
    /// References of agreements that have not ended and may cover the same (V-124); see [`super::resembles`].
    pub similar: &'a [String],
}

/// What a log rule reads: never a word.
pub struct Public<'a> {
    /// The header. At the door its classes are the effective ones: what identifies a person is personal data.
    pub header: &'a Header,
    /// The organisations, in the order of the parties.
    pub bodies: Vec<Option<OrganisationFacts>>,
    /// What the ledger says.
    pub around: &'a Surroundings<'a>,
    /// Who files, where somebody does.
    pub requesting: Option<OrganisationCode>,
    class: DataClass,
    /// The row of the list for each gateway of each party, in their order.
    powers: Vec<Option<&'a GatewayRule>>,
}

/// What a door rule reads: everything that was submitted.
pub struct Document<'a> {
    /// What stands in clear.
    pub public: Public<'a>,
    /// The skeleton.
    pub terms: &'a Terms,
    /// The words of the terms, by pointer within them.
    pub words: &'a WordsByPointer,
    /// Contacts, where they came along.
    pub contacts: Option<&'a Contacts>,
    /// The effective class of each dataset, in order.
    pub classes: Vec<DataClass>,
    /// Fields that identify persons (V-66).
    pub identified: Vec<Identified>,
}

impl<'a> Public<'a> {
    /// Looks the organisations up once.
    pub fn new(header: &'a Header, around: &'a Surroundings<'a>, requesting: Option<OrganisationCode>) -> Self {
        let bodies = header.parties.iter().map(|row| (around.organisations)(row.organisation)).collect();
        let used = header.parties.iter().flat_map(|row| &row.gateways);
        let powers = used.map(|used| around.reference.gateway(&used.code)).collect();
        Self { header, bodies, around, requesting, class: header.class(), powers }
    }

    /// The highest class.
    pub fn class(&self) -> DataClass {
        self.class
    }

    /// Whether any data are personal: class PS and above.
    pub fn is_personal(&self) -> bool {
        self.class() >= DataClass::Pseudonymised
    }

    /// Position, row and organisation of each party.
    pub fn parties(&self) -> impl Iterator<Item = Side<'_>> {
        let mut powers = self.powers.as_slice();
        self.header.parties.iter().zip(&self.bodies).enumerate().map(move |(at, (row, body))| {
            let (own, later) = powers.split_at_checked(row.gateways.len()).unwrap_or_default();
            powers = later;
            Side { at, row, body: body.as_ref(), powers: own }
        })
    }

    /// Whether the party at a position provides the datasets of a row.
    pub fn gives(&self, dataset: &DatasetRow, at: usize) -> bool {
        match dataset.provider {
            OnePartyRef::Number(number) => usize::from(number) == at + 1,
            OnePartyRef::All(_) => self.header.parties.get(at).is_some_and(|row| row.capacity.provides()),
        }
    }

    /// Whether the party at a position receives the datasets of a row.
    pub fn takes(&self, dataset: &DatasetRow, at: usize) -> bool {
        match &dataset.recipients {
            PartyRefs::Numbers(numbers) => numbers.iter().any(|&number| usize::from(number) == at + 1),
            PartyRefs::All(_) => self.header.parties.get(at).is_some_and(|row| row.capacity.receives()),
        }
    }

    /// The place and row of each dataset, by position.
    pub fn datasets(&self) -> impl Iterator<Item = (usize, &DatasetRow)> {
        self.header.datasets.iter().flat_map(|row| row.ids.iter().map(move |id| (id.position(), row)))
    }
}

/// One party, with its organisation where it is registered.
#[derive(Clone, Copy)]
pub struct Side<'a> {
    /// Its position, from 0.
    pub at: usize,
    /// Its row.
    pub row: &'a PartyRow,
    /// Its organisation.
    pub body: Option<&'a OrganisationFacts>,
    powers: &'a [Option<&'a GatewayRule>],
}

impl<'a> Side<'a> {
    /// The gateways it relies on, each with its row of the list where there is one.
    pub fn powers(&self) -> impl Iterator<Item = (&'a GatewayRow, Option<&'a GatewayRule>)> + use<'a> {
        self.row.gateways.iter().zip(self.powers).map(|(used, rule)| (used, *rule))
    }

    /// Whether it is a public authority.
    pub fn is_public(&self) -> bool {
        self.body.is_some_and(|body| body.flags.public_authority)
    }

    /// Whether it acts on another's basis.
    pub fn is_processor(&self) -> bool {
        matches!(self.row.legal_role, LegalRole::Processor | LegalRole::SubProcessor)
    }

    /// Whether it decides for itself, under the UK GDPR.
    pub fn is_general_controller(&self) -> bool {
        self.row.regime == Regime::UkGdpr && !self.is_processor()
    }
}

impl Document<'_> {
    /// The text at a pointer within the terms, trimmed; empty where there is none.
    pub fn text(&self, pointer: &str) -> &str {
        self.words.get(pointer).map_or("", |text| text.trim())
    }

    /// How many characters the text at a pointer has.
    pub fn length(&self, pointer: &str) -> usize {
        self.text(pointer).chars().count()
    }

    /// The datasets with their position and effective class.
    pub fn datasets(&self) -> impl Iterator<Item = (usize, &Dataset, DataClass)> {
        let classes = self.classes.iter().copied();
        self.terms.datasets.iter().zip(classes).enumerate().map(|(at, (dataset, class))| (at, dataset, class))
    }
}
