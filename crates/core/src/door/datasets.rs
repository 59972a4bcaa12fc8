//! 1.7: the schedule of datasets.

use super::rule::rules;
use super::{Document, Finding, Public};
use crate::codes::ReferenceSet;
use crate::header::{
    AgreementType, DataClass, DatasetFlag, DatasetRow, Frequency, Method, OnePartyRef, PartyRefs, SharingMode,
};
use crate::ids::DatasetId;
use crate::terms::{Dataset, Identifier, OnwardKind, SeveralParties};

rules! {
    log error "V-61" some "Name the dataset." "Add at least one dataset.";
    door error "V-61" name "Name the dataset." "Fill in `name`.";
    log error "V-62" sides "Dataset {}: provider and recipient must be different parties." "Correct `provider` and `recipients`.";
    door error "V-63" asset "Give the information asset so its owner can approve." "Fill in `asset_ref`.";
    door error "V-64" flagged "Dataset {} contains {} and cannot be called {}." "Raise the class, or take the data out.";
    door error "V-64" categorised "Dataset {} contains {} and cannot be called {}." "Raise the class, add its flag, or take the field out.";
    door error "V-65" fields "Say which fields dataset {} has, and why each is needed." "Add at least one field.";
    door error "V-65" justified "Say why {} is needed." "Fill in `justification`, or take the field out.";
    door error "V-65" field_name "Name each field, and say why it is needed." "Fill in `name`.";
    door error "V-65" category "There is no category {} in the list." "Choose one of CL-CAT.";
    door error "V-66" identified "{} identifies people ({}), so this dataset is at least personal data." "Raise the class to PD, or take the field out.";
    door warning "V-66" combined "Dataset {} has {} fields that identify people together; check that it is anonymous." "Take fields out, or explain it in the disclosure-risk statement.";
    door error "V-67" subjects "Say whose data these are." "Choose from CL-SUBJ, for example RESIDENTS.";
    door error "V-68" volume "Say about how many people the data are." "Choose a band, for example LT_1K.";
    door error "V-69" quality "State known quality limits and how corrections reach the other party." "Fill in `source`, `gaps` and `correction`.";
    door error "V-70" standard "Name the data standard or say why none fits." "Fill in `standard`; after NONE give the reason.";
    log error "V-71" one_off "A one-off agreement can only have frequency ONCE." "Change the frequency or the sharing mode.";
    door error "V-72" window "The time that the data describe ends before it begins." "Correct the dates.";
    log error "V-73" download "Public download is only for open data." "Choose another method.";
    door error "V-74" anonymised "Describe how people were made unidentifiable and who tested it." "Fill in `anonymisation`.";
    door error "V-75" key_holder "Name who holds the re-identification key; it must not be the recipient." "Fill in `pseudonymisation`.";
    door error "V-76" undertaking "Recipients must undertake not to re-identify anyone." "Set `no_reidentification` once they do.";
    door error "V-77" onward "Say whether the data may be passed on, and to whom." "List `named` with recipients and purpose, or choose another kind.";
    door error "V-78" licence "Open data need an open licence." "Choose OGL-UK-3-0, CC-BY-4-0 or CC0.";
    door error "V-78" restricted_licence "Say under which licence the data may be used." "Choose one of CL-LIC, for example CUSTOM-INTERNAL.";
    door error "V-79" published "Say where the open data are published." "Choose one of CL-PUB, for example DATA_FOR_LONDON.";
    door error "V-80" risk "State why nobody can be identified from the published data, alone or combined." "Write at least 50 characters.";
    log error "V-114" recipients "Dataset {} goes to {}, whose capacity does not receive." "Give the party capacity RECIPIENT, BOTH or PLATFORM.";
    log error "V-114" provider "Dataset {} comes from {}, whose capacity does not provide." "Give the party capacity PROVIDER or BOTH.";
}

/// The name that people know a dataset by.
fn id(at: usize) -> String {
    DatasetId::from_position(at).map_or_else(|| format!("{}", at + 1), |id| id.to_string())
}

fn place(at: usize, member: &str) -> Finding {
    Finding::at(format!("/terms/datasets/{at}/{member}"))
}

/// The datasets whose class is among some and which break something.
fn broken(document: &Document, member: &str, breaks: impl Fn(usize, &Dataset, DataClass) -> bool) -> Vec<Finding> {
    let found = document.datasets().filter(|(at, dataset, class)| breaks(*at, dataset, *class));
    found.map(|(at, ..)| place(at, member)).collect()
}

fn text<'a>(document: &'a Document, at: usize, member: &str) -> &'a str {
    document.text(&format!("/datasets/{at}/{member}"))
}

fn some(public: &Public) -> Vec<Finding> {
    super::rule::when(public.header.datasets.is_empty(), "/terms/datasets")
}

fn name(document: &Document) -> Vec<Finding> {
    broken(document, "name", |at, _, _| text(document, at, "name").is_empty())
}

fn sides(public: &Public) -> Vec<Finding> {
    let open = public.header.agreement_type == AgreementType::Open;
    let wrong = |row: &DatasetRow| {
        let providers: Vec<usize> = (0..public.header.parties.len()).filter(|at| public.gives(row, *at)).collect();
        let takers: Vec<usize> = (0..public.header.parties.len()).filter(|at| public.takes(row, *at)).collect();
        let same = match (row.provider, &row.recipients) {
            (OnePartyRef::Number(provider), PartyRefs::Numbers(numbers)) => numbers.contains(&provider),
            (OnePartyRef::Number(_) | OnePartyRef::All(_), _) => false,
        };
        let meets = providers.iter().any(|provider| takers.iter().any(|taker| taker != provider));
        same || !(meets || (open && !providers.is_empty()))
    };
    let found = public.datasets().filter(|(_, row)| wrong(row));
    found.map(|(at, _)| place(at, "recipients").with(id(at))).collect()
}

fn asset(document: &Document) -> Vec<Finding> {
    broken(document, "asset_ref", |at, _, _| text(document, at, "asset_ref").is_empty())
}

fn flagged(document: &Document) -> Vec<Finding> {
    let mut found = Vec::new();
    for (at, dataset, class) in document.datasets().filter(|(.., class)| *class < DataClass::Pseudonymised) {
        for flag in &dataset.flags {
            let Some(raised) = flag.class() else { continue };
            let what =
                if raised == DataClass::CriminalOffence { "criminal offence data" } else { "special category data" };
            found.push(place(at, "data_class").with(id(at)).with(what).with(class));
        }
    }
    found
}

/// Health is special category data and an offence is criminal offence data (UK GDPR, Articles 9 and 10),
/// so personal data of these categories are of that class, or carry its flag.
fn categorised(document: &Document) -> Vec<Finding> {
    let mut found = Vec::new();
    let personal = |class| matches!(class, DataClass::Pseudonymised | DataClass::Personal);
    for (at, dataset, class) in document.datasets().filter(|(.., class)| personal(*class)) {
        for (category, flag, what) in [
            ("HEALTH", DatasetFlag::SpecialCategory, "health data"),
            ("OFFENCE", DatasetFlag::CriminalOffence, "criminal offence data"),
        ] {
            let field = dataset
                .fields
                .iter()
                .position(|field| field.category.as_ref().is_some_and(|code| code.as_str() == category));
            if let Some(field) = field.filter(|_| !dataset.flags.contains(&flag)) {
                let name = text(document, at, &format!("fields/{field}/name"));
                let named = if name.is_empty() { what.to_owned() } else { format!("`{name}` ({what})") };
                found.push(place(at, "data_class").with(id(at)).with(named).with(class));
            }
        }
    }
    found
}

fn fields(document: &Document) -> Vec<Finding> {
    let empty = document.datasets().filter(|(_, dataset, _)| dataset.fields.is_empty());
    empty.map(|(at, ..)| place(at, "fields").with(id(at))).collect()
}

/// Each field with the place of its dataset and its own.
fn each_field<'a>(document: &'a Document) -> impl Iterator<Item = (usize, usize, &'a crate::terms::Field)> {
    let datasets = document.terms.datasets.iter().enumerate();
    datasets.flat_map(|(at, dataset)| dataset.fields.iter().enumerate().map(move |(field, row)| (at, field, row)))
}

fn justified(document: &Document) -> Vec<Finding> {
    each_field(document)
        .filter(|(at, field, _)| text(document, *at, &format!("fields/{field}/justification")).is_empty())
        .map(|(at, field, _)| {
            let name = text(document, at, &format!("fields/{field}/name"));
            let named =
                if name.is_empty() { format!("field {} of {}", field + 1, id(at)) } else { format!("`{name}`") };
            place(at, &format!("fields/{field}/justification")).with(named)
        })
        .collect()
}

fn field_name(document: &Document) -> Vec<Finding> {
    each_field(document)
        .filter(|(at, field, _)| text(document, *at, &format!("fields/{field}/name")).is_empty())
        .map(|(at, field, _)| place(at, &format!("fields/{field}/name")))
        .collect()
}

fn list<'a>(document: &'a Document) -> &'a ReferenceSet {
    document.public.around.reference
}

fn category(document: &Document) -> Vec<Finding> {
    each_field(document)
        .filter_map(|(at, field, row)| Some((at, field, row.category.as_ref()?)))
        .filter(|(.., code)| !list(document).lists("CL-CAT", code.as_str()))
        .map(|(at, field, code)| place(at, &format!("fields/{field}/category")).with(code))
        .collect()
}

fn identified(document: &Document) -> Vec<Finding> {
    document
        .identified
        .iter()
        .map(|field| {
            let named =
                if field.name.is_empty() { format!("Field {}", field.field + 1) } else { format!("`{}`", field.name) };
            place(field.dataset, &format!("fields/{}", field.field)).with(named).with(&field.kind)
        })
        .collect()
}

fn combined(document: &Document) -> Vec<Finding> {
    let indirect =
        |dataset: &Dataset| dataset.fields.iter().filter(|field| field.identifier == Identifier::Indirect).count();
    document
        .datasets()
        .filter(|(_, dataset, _)| dataset.data_class == DataClass::Anonymous && indirect(dataset) >= 3)
        .map(|(at, dataset, _)| place(at, "fields").with(id(at)).with(indirect(dataset)))
        .collect()
}

fn subjects(document: &Document) -> Vec<Finding> {
    broken(document, "subjects", |_, dataset, class| {
        let unknown = dataset.subjects.iter().any(|code| !list(document).lists("CL-SUBJ", code.as_str()));
        unknown || (class >= DataClass::Pseudonymised && dataset.subjects.is_empty())
    })
}

fn volume(document: &Document) -> Vec<Finding> {
    broken(document, "volume", |_, dataset, class| class >= DataClass::Pseudonymised && dataset.volume.is_none())
}

fn quality(document: &Document) -> Vec<Finding> {
    broken(document, "quality", |at, _, _| {
        ["source", "gaps", "correction"].iter().any(|part| text(document, at, &format!("quality/{part}")).is_empty())
    })
}

fn standard(document: &Document) -> Vec<Finding> {
    broken(document, "standard", |at, _, _| {
        let named = text(document, at, "standard");
        named.is_empty() || named.trim_end_matches(['.', ':']).eq_ignore_ascii_case("none")
    })
}

fn one_off(public: &Public) -> Vec<Finding> {
    let once = public.header.sharing_mode == SharingMode::OneOff;
    let wrong = public.datasets().filter(|(_, row)| once && row.frequency != Frequency::Once);
    wrong.map(|(at, _)| place(at, "frequency")).collect()
}

fn window(document: &Document) -> Vec<Finding> {
    broken(document, "window", |_, dataset, _| dataset.window.as_ref().is_some_and(|window| window.to < window.from))
}

fn download(public: &Public) -> Vec<Finding> {
    let wrong = public
        .datasets()
        .filter(|(_, row)| row.method == Method::PublicDownload && row.class != DataClass::NonPersonalOpen);
    wrong.map(|(at, _)| place(at, "method")).collect()
}

fn anonymised(document: &Document) -> Vec<Finding> {
    broken(document, "anonymisation", |at, dataset, class| {
        let Some(anonymisation) = &dataset.anonymisation else {
            return class == DataClass::Anonymous;
        };
        !list(document).lists("CL-ANON", anonymisation.method.as_str())
            || text(document, at, "anonymisation/tested_by").is_empty()
    })
}

fn key_holder(document: &Document) -> Vec<Finding> {
    broken(document, "pseudonymisation", |at, dataset, class| {
        let Some(pseudonymisation) = &dataset.pseudonymisation else {
            return class == DataClass::Pseudonymised;
        };
        let holder = pseudonymisation.key_holder;
        let receives = match &dataset.recipients {
            SeveralParties::Codes(codes) => codes.contains(&holder),
            SeveralParties::All(_) => {
                document.public.header.party(holder).is_some_and(|(_, row)| row.capacity.receives())
            }
        };
        receives || text(document, at, "pseudonymisation/separation").is_empty()
    })
}

fn undertaking(document: &Document) -> Vec<Finding> {
    broken(document, "no_reidentification", |_, dataset, class| {
        matches!(class, DataClass::Anonymous | DataClass::Pseudonymised) && !dataset.no_reidentification
    })
}

fn onward(document: &Document) -> Vec<Finding> {
    broken(document, "onward", |at, dataset, _| {
        let named = &dataset.onward.named;
        let told = |place: usize, part: &str| !text(document, at, &format!("onward/named/{place}/{part}")).is_empty();
        let whole = (0..named.len()).all(|place| told(place, "recipients") && told(place, "purpose"));
        match dataset.onward.kind {
            OnwardKind::Named => named.is_empty() || !whole,
            OnwardKind::None | OnwardKind::WithConsent => !named.is_empty(),
        }
    })
}

fn licence(document: &Document) -> Vec<Finding> {
    broken(document, "licence", |_, dataset, class| {
        let open = dataset
            .licence
            .as_ref()
            .is_some_and(|code| code.as_str() != "CUSTOM-INTERNAL" && list(document).lists("CL-LIC", code.as_str()));
        class == DataClass::NonPersonalOpen && !open
    })
}

fn restricted_licence(document: &Document) -> Vec<Finding> {
    broken(document, "licence", |_, dataset, class| {
        let listed = dataset.licence.as_ref().is_some_and(|code| list(document).lists("CL-LIC", code.as_str()));
        class == DataClass::NonPersonalRestricted && !listed
    })
}

fn published(document: &Document) -> Vec<Finding> {
    broken(document, "publication_target", |_, dataset, class| {
        let listed = dataset.publication_target.as_ref().map(|code| list(document).lists("CL-PUB", code.as_str()));
        !listed.unwrap_or(class != DataClass::NonPersonalOpen)
    })
}

fn risk(document: &Document) -> Vec<Finding> {
    broken(document, "disclosure_risk_statement", |at, _, class| {
        matches!(class, DataClass::NonPersonalOpen | DataClass::Anonymous)
            && text(document, at, "disclosure_risk_statement").chars().count() < 50
    })
}

fn recipients(public: &Public) -> Vec<Finding> {
    let mut found = Vec::new();
    for (at, row) in public.datasets() {
        let PartyRefs::Numbers(numbers) = &row.recipients else {
            continue;
        };
        for number in numbers {
            let party = usize::from(*number).checked_sub(1).and_then(|place| public.header.parties.get(place));
            if !party.is_some_and(|party| party.capacity.receives()) {
                let named = party.map_or_else(|| format!("party {number}"), |party| party.organisation.to_string());
                found.push(place(at, "recipients").with(id(at)).with(named));
            }
        }
    }
    found
}

fn provider(public: &Public) -> Vec<Finding> {
    let mut found = Vec::new();
    for (at, row) in public.datasets() {
        let OnePartyRef::Number(number) = row.provider else {
            continue;
        };
        let party = usize::from(number).checked_sub(1).and_then(|place| public.header.parties.get(place));
        if !party.is_some_and(|party| party.capacity.provides()) {
            let named = party.map_or_else(|| format!("party {number}"), |party| party.organisation.to_string());
            found.push(place(at, "provider").with(id(at)).with(named));
        }
    }
    found
}
