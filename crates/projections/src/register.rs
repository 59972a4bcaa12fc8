//! The public transparency register (domain.md 5, P01): eighteen fields of each agreement, for pages and feeds alike.

use counterpart_core::agreement::{Agreement, StageName};
use counterpart_core::header::{
    AutomatedDecisions, DataClass, DpiaStatus, GatewayUse, Header, HeaderMember, LegalRole, PartyRow, PublicRegister,
};
use counterpart_core::ids::{AgreementId, Code, DatasetId, OrganisationCode};
use counterpart_core::organisation::OrganisationType;
use counterpart_core::state::State;
use counterpart_core::terms::ExcludedUse;
use counterpart_core::time::{Date, Timestamp};
use serde::Serialize;

use crate::english;
use crate::words::Opened;

/// A body, by code and name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Named {
    /// Its code.
    pub code: OrganisationCode,
    /// Its official name.
    pub name: String,
}

/// A power that a party relies on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Power {
    /// The code (CL-GATE).
    pub code: Code,
    /// Who relies on it.
    pub organisation: OrganisationCode,
    /// What for.
    #[serde(rename = "use")]
    pub uses: Vec<GatewayUse>,
}

/// Data, as far as the reader may know of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Described {
    /// The dataset.
    pub id: DatasetId,
    /// Its class.
    pub class: DataClass,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Names of its fields.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
    /// How often and how it moves, how long it is kept.
    pub handling: String,
    /// Why nobody can be identified from it, where its terms say so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disclosure_risk: Option<String>,
}

/// Whether the words are open to everybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Openness {
    /// Nobody has decided yet; only what stands in the log is shown.
    NotDecided,
    /// The words are open.
    Published,
    /// Some words are withheld.
    PublishedInPart,
    /// The words are withheld.
    Withheld,
}

/// Where an agreement came from that was made before the ledger (wire.md 5.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Imported {
    /// Who imported it.
    pub by: Named,
    /// How many of its parties have confirmed that.
    pub confirmed: usize,
    /// How many parties there are.
    pub parties: usize,
    /// What is not known of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<HeaderMember>,
    /// When it was signed elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signed_elsewhere_on: Option<Date>,
}

impl Imported {
    /// Where an agreement came from; nothing when it was made here.
    pub fn of(state: &State, agreement: &Agreement) -> Option<Self> {
        let import = agreement.import()?;
        let (confirmed, parties) = agreement.confirmed();
        Some(Self {
            by: Named { code: import.by, name: name_of(state, import.by) },
            confirmed,
            parties,
            gaps: import.gaps.iter().copied().filter(|member| agreement.lacks(*member)).collect(),
            signed_elsewhere_on: import.signed_elsewhere_on,
        })
    }
}

/// Whether an agreement was imported and not every party has confirmed that; then nobody calls it active.
pub fn is_unconfirmed(agreement: &Agreement) -> bool {
    let (confirmed, parties) = agreement.confirmed();
    agreement.import().is_some() && confirmed < parties
}

/// One agreement in the register.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// The key of its stream.
    pub id: AgreementId,
    /// Its human reference.
    pub reference: String,
    /// Where it stands.
    pub state: StageName,
    /// Where it came from, when it was made before the ledger.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub import: Option<Imported>,
    /// Whether its words are open.
    pub publication: Openness,
    /// The exemption relied on to withhold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exemption: Option<Code>,
    /// When the decision is looked at again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub look_again: Option<Date>,
    /// 1. Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// 2. Its purpose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// 3. The benefits expected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub benefits: Option<String>,
    /// 4. The legal powers.
    pub legal_power: Vec<Power>,
    /// 5. The data.
    pub data: Vec<Described>,
    /// 6. Controllers; of data about no person, the parties that give or receive.
    pub controllers: Vec<Named>,
    /// 7. Processors.
    pub processors: Vec<Named>,
    /// 8. How data move.
    pub method: Vec<String>,
    /// 9. How long they are kept.
    pub retention: Vec<String>,
    /// 10. The first day; of an import it may not be known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<Date>,
    /// 11. The last day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end: Option<Date>,
    /// 12. The first review.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub review: Option<Date>,
    /// 13. Whom to ask.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
    /// 14. The local authorities whose areas it covers.
    pub areas: Vec<Named>,
    /// 15. Open licences.
    pub licence: Vec<Code>,
    /// 16. Whether an impact assessment was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dpia: Option<DpiaStatus>,
    /// 17. Uses that are not allowed.
    pub excluded_uses: Vec<ExcludedUse>,
    /// 18. Automated decisions.
    pub automated_decisions: AutomatedDecisions,
}

impl Row {
    /// The row of an agreement at an instant, with the words that everybody may read.
    pub fn of(state: &State, agreement: &Agreement, at: Timestamp, opened: &Opened) -> Self {
        let now = agreement.at(at);
        let header = now.header();
        let text = |pointer: &str| opened.text(pointer).map(str::to_owned);
        let named = |code: OrganisationCode| Named { code, name: name_of(state, code) };
        let roles = |wanted: fn(LegalRole) -> bool| -> Vec<Named> {
            header.parties.iter().filter(|row| wanted(row.legal_role)).map(|row| named(row.organisation)).collect()
        };
        let terms = opened.terms.as_ref();
        let (publication, exemption, look_again) = openness(&now);
        Self {
            id: now.id(),
            reference: now.reference().to_string(),
            state: now.name(),
            import: Imported::of(state, &now),
            publication,
            exemption,
            look_again,
            name: text("/title"),
            purpose: text("/purpose"),
            benefits: text("/benefits"),
            legal_power: powers(header),
            data: if now.lacks(HeaderMember::Datasets) { Vec::new() } else { described(header, opened) },
            controllers: roles(|role| !matches!(role, LegalRole::Processor | LegalRole::SubProcessor)),
            processors: roles(|role| matches!(role, LegalRole::Processor | LegalRole::SubProcessor)),
            method: distinct(header.datasets.iter().map(|row| english::method(row.method).to_owned())),
            retention: distinct(header.datasets.iter().filter_map(|row| {
                let kept = row.retention.as_ref()?;
                Some(format!("{}, {}", english::period(&kept.period), english::end_action(kept.end_action)))
            })),
            start: (!now.lacks(HeaderMember::EffectiveDate)).then_some(header.effective_date),
            end: header.end_date,
            review: header.review_date,
            contact: opened.mailbox(header.lead_party).map(str::to_owned),
            areas: header
                .parties
                .iter()
                .filter(|row| is_council(state, row.organisation))
                .map(|row| named(row.organisation))
                .collect(),
            licence: terms
                .map(|terms| distinct(terms.datasets.iter().filter_map(|dataset| dataset.licence.clone())))
                .unwrap_or_default(),
            dpia: header.dpia.as_ref().map(|dpia| dpia.status),
            excluded_uses: terms.map(|terms| terms.excluded_uses.clone()).unwrap_or_default(),
            automated_decisions: header.automated_decisions,
        }
    }

    /// What to call it: its name, or who shares what where the name is not open.
    pub fn title(&self) -> String {
        if let Some(name) = &self.name {
            return name.clone();
        }
        between(self.controllers.iter().chain(&self.processors).map(|named| named.name.as_str()), &self.reference)
    }
}

/// What to call an agreement whose name is not open: who shares.
pub fn unnamed(state: &State, agreement: &Agreement) -> String {
    let header = agreement.header();
    let is_processor = |row: &&PartyRow| matches!(row.legal_role, LegalRole::Processor | LegalRole::SubProcessor);
    let controllers = header.parties.iter().filter(|row| !is_processor(row));
    let names: Vec<String> = controllers
        .chain(header.parties.iter().filter(is_processor))
        .map(|row| name_of(state, row.organisation))
        .collect();
    between(names.iter().map(String::as_str), &agreement.reference().to_string())
}

fn between<'a>(names: impl Iterator<Item = &'a str>, reference: &str) -> String {
    let parties: Vec<&str> = names.map(short_name).collect();
    match parties.as_slice() {
        [] => reference.to_owned(),
        [one] => format!("Sharing by {one}"),
        [one, two] => format!("Sharing between {one} and {two}"),
        [one, two, rest @ ..] => format!("Sharing between {one}, {two} and {} more", rest.len()),
    }
}

/// Whether and how far everybody may read the words.
fn openness(agreement: &Agreement) -> (Openness, Option<Code>, Option<Date>) {
    let Some(decided) = agreement.publication() else {
        return (Openness::NotDecided, None, None);
    };
    let openness = match decided.decision {
        PublicRegister::Publish => Openness::Published,
        PublicRegister::PublishRedacted => Openness::PublishedInPart,
        PublicRegister::Withhold => Openness::Withheld,
    };
    (openness, decided.exemption.clone(), decided.look_again)
}

fn powers(header: &Header) -> Vec<Power> {
    let mut powers = Vec::new();
    for party in &header.parties {
        powers.extend(party.gateways.iter().map(|gateway| Power {
            code: gateway.code.clone(),
            organisation: party.organisation,
            uses: gateway.uses.clone(),
        }));
    }
    powers
}

fn described(header: &Header, opened: &Opened) -> Vec<Described> {
    let mut data: Vec<Described> = Vec::new();
    for row in &header.datasets {
        for id in &row.ids {
            let place = id.position();
            let fields =
                opened.terms.as_ref().and_then(|terms| terms.datasets.get(place)).map_or(0, |d| d.fields.len());
            let field = |at: usize| opened.text(&format!("/datasets/{place}/fields/{at}/name")).map(str::to_owned);
            data.push(Described {
                id: *id,
                class: row.class,
                name: opened.text(&format!("/datasets/{place}/name")).map(str::to_owned),
                fields: (0..fields).filter_map(field).collect(),
                handling: format!("{}, by {}", english::frequency(row.frequency), english::method(row.method)),
                disclosure_risk: opened
                    .text(&format!("/datasets/{place}/disclosure_risk_statement"))
                    .map(str::to_owned),
            });
        }
    }
    data.sort_by_key(|described| described.id);
    data
}

fn distinct<T: Ord>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut items: Vec<T> = items.collect();
    items.sort();
    items.dedup();
    items
}

fn is_council(state: &State, code: OrganisationCode) -> bool {
    let kind = state.organisations.get(&code).map(|organisation| organisation.kind);
    matches!(kind, Some(OrganisationType::LondonBorough | OrganisationType::CityCorp))
}

/// The official name of a body, or its code where it is not registered.
pub fn name_of(state: &State, code: OrganisationCode) -> String {
    state.organisations.get(&code).map_or_else(|| code.to_string(), |organisation| organisation.name.clone())
}

/// A name as people say it: `Camden` for `London Borough of Camden`.
pub fn short_name(name: &str) -> &str {
    ["London Borough of ", "Royal Borough of "].iter().find_map(|before| name.strip_prefix(before)).unwrap_or(name)
}

/// What a reader of the register asks for; every member that is there must fit.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// Words of the title, a reference, or the name or code of a party; lower case.
    pub words: String,
    /// A party.
    pub party: Option<OrganisationCode>,
    /// A stage. An import that is not confirmed is not in force, whatever its stage.
    pub state: Option<StageName>,
    /// Only imports that are not confirmed by all their parties.
    pub unconfirmed: bool,
    /// The highest class of the data.
    pub class: Option<DataClass>,
}

impl Search {
    /// Whether an agreement fits. `title` is its name, where that is open to everybody.
    pub fn fits(&self, state: &State, agreement: &Agreement, at: Timestamp, title: Option<&str>) -> bool {
        let now = agreement.at(at);
        let unconfirmed = is_unconfirmed(&now);
        if (self.unconfirmed && !unconfirmed)
            || self.state.is_some_and(|stage| stage != now.name() || (unconfirmed && stage == StageName::Active))
            || self.class.is_some_and(|class| class != now.header().class())
        {
            return false;
        }
        if self.party.is_some_and(|code| now.party(code).is_none()) {
            return false;
        }
        let found = |text: &str| text.to_lowercase().contains(&self.words);
        self.words.is_empty()
            || title.is_some_and(found)
            || found(&now.reference().to_string())
            || now
                .parties()
                .iter()
                .any(|party| found(party.organisation.as_str()) || found(&name_of(state, party.organisation)))
    }
}
