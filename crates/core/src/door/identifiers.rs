//! Which fields identify persons: the higher of what the filer says and what a list of names says (V-66).

use super::WordsByPointer;
use crate::codes::{IdentifierList, ReferenceSet};
use crate::header::{DataClass, DatasetFacts, DatasetRow, Header};
use crate::terms::{Dataset, Identifier, Terms};

/// A field that identifies persons, against the class that its dataset claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identified {
    /// The place of the dataset.
    pub dataset: usize,
    /// The place of the field.
    pub field: usize,
    /// What the filer calls it.
    pub name: String,
    /// What kind of identifier it is.
    pub kind: String,
}

/// The fields that make their dataset at least personal data though it claims less.
pub fn find(terms: &Terms, words: &WordsByPointer, reference: &ReferenceSet) -> Vec<Identified> {
    let list = &reference.identifiers;
    let claims_less = terms.datasets.iter().enumerate().filter(|(_, d)| d.data_class < DataClass::Personal);
    claims_less.flat_map(|(at, dataset)| in_dataset(at, dataset, words, list)).collect()
}

fn in_dataset(at: usize, dataset: &Dataset, words: &WordsByPointer, list: &IdentifierList) -> Vec<Identified> {
    let given = |place: usize| words.get(&format!("/datasets/{at}/fields/{place}/name")).map_or("", String::as_str);
    let names: Vec<Vec<String>> = (0..dataset.fields.len()).map(|place| tokens(given(place))).collect();
    let mut found = Vec::new();
    let mut tell = |place: usize, kind: &str| {
        let name = given(place).chars().take(80).collect();
        found.push(Identified { dataset: at, field: place, name, kind: kind.to_owned() });
    };
    for (place, field) in dataset.fields.iter().enumerate() {
        let name = names.get(place).map(Vec::as_slice).unwrap_or_default();
        if let Some(kind) = list.kind_of(name) {
            tell(place, kind);
        } else if field.identifier == Identifier::Direct {
            tell(place, "by itself");
        }
    }
    for together in &list.together {
        let place_of = |choices: &[String]| names.iter().position(|name| contains_any(name, choices));
        let places: Option<Vec<usize>> = together.all.iter().map(|choices| place_of(choices)).collect();
        if let Some(&first) = places.as_ref().and_then(|places| places.first()) {
            tell(first, &together.kind);
        }
    }
    // A pseudonymised dataset may hold what a place of its own says of a person; a non-personal or anonymous may not.
    if dataset.data_class <= DataClass::Anonymous {
        let place = names.iter().position(|name| contains_any(name, &list.property));
        let person = dataset
            .fields
            .iter()
            .any(|field| field.category.as_ref().is_some_and(|code| list.person_level.contains(code)));
        if let Some(place) = place.filter(|_| person) {
            tell(place, "a property reference beside what is known of a person");
        }
    }
    found
}

impl IdentifierList {
    /// The kind of direct identifier that a field of this name is, if it is one.
    fn kind_of(&self, name: &[String]) -> Option<&str> {
        let rows = self.rows.iter();
        let mut hits = rows.filter(|row| {
            let whole = row.names.iter().any(|listed| tokens(listed) == name);
            whole || contains_any(name, &row.within)
        });
        hits.next().map(|row| row.kind.as_str())
    }
}

/// The words of a name: lower case, split at whatever is no letter or digit, and where a capital begins.
fn tokens(name: &str) -> Vec<String> {
    let mut spaced = String::with_capacity(name.len() + 8);
    let mut before_is_small = false;
    for character in name.chars().take(200) {
        if character.is_uppercase() && before_is_small {
            spaced.push(' ');
        }
        before_is_small = character.is_lowercase() || character.is_ascii_digit();
        // An apostrophe joins: "child's name" is a child's name.
        match character {
            '\'' | '\u{2019}' => {}
            c if c.is_alphanumeric() => spaced.extend(c.to_lowercase()),
            _ => spaced.push(' '),
        }
    }
    spaced.split_whitespace().map(singular).collect()
}

/// Without the `s` of a plural or of possession: "tenants names" is "tenant name".
fn singular(word: &str) -> String {
    match word.strip_suffix('s') {
        Some(stem) if stem.len() > 2 && !stem.ends_with('s') => stem.to_owned(),
        _ => word.to_owned(),
    }
}

/// Whether one of the phrases stands in a name, as whole words in their order.
fn contains_any(name: &[String], phrases: &[String]) -> bool {
    phrases.iter().any(|phrase| {
        let phrase = tokens(phrase);
        !phrase.is_empty() && name.windows(phrase.len()).any(|window| window == phrase)
    })
}

/// The header with effective classes, and the class of each dataset: PD where a field identifies a person.
pub fn effective(header: &Header, terms: &Terms, identified: &[Identified]) -> (Header, Vec<DataClass>) {
    let raised = |at: usize| identified.iter().any(|field| field.dataset == at);
    let class = |at: usize, class: DataClass| if raised(at) { class.max(DataClass::Personal) } else { class };
    let classes = terms.datasets.iter().enumerate().map(|(at, dataset)| class(at, dataset.data_class)).collect();
    let mut header = header.clone();
    if !identified.is_empty() {
        header.datasets = header
            .datasets
            .iter()
            .flat_map(|row| {
                let (up, same): (Vec<_>, Vec<_>) = row.ids.iter().copied().partition(|id| raised(id.position()));
                let row_of = |ids, class| DatasetRow::from(DatasetFacts { class, ids, ..(**row).clone() });
                [row_of(up, row.class.max(DataClass::Personal)), row_of(same, row.class)]
            })
            .filter(|row| !row.ids.is_empty())
            .collect();
    }
    (header, classes)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::tokens;
    use crate::codes::{ReferenceSet, manifest};

    #[test]
    fn names_of_identifiers_are_seen_however_they_are_written() {
        let (lists, policies) = manifest();
        let reference = ReferenceSet::resolve(&lists, &policies).unwrap();
        let list = &reference.identifiers;
        for (name, kind) in [
            ("vehicle_registration", "a vehicle registration"),
            ("NHS number", "an NHS number"),
            ("nhsNumber", "an NHS number"),
            ("Name", "a name"),
            ("Child's full name", "a name"),
            ("Tenants' names", "a name"),
            ("E-mail address of the applicant", "an e-mail address"),
            ("council-tax account", "a council tax account"),
        ] {
            assert_eq!(list.kind_of(&tokens(name)), Some(kind), "{name}");
        }
        // An `s` is of a plural where one stands alone behind a longer word.
        for (name, words) in [
            ("Business addresses", ["business", "addresse"]),
            ("business address", ["business", "address"]),
            ("tenants' classes", ["tenant", "classe"]),
            ("bus class", ["bus", "class"]),
        ] {
            assert_eq!(tokens(name), words, "{name}");
        }
        for name in ["street name", "name of the ward", "charge point number", "month", "photovoltaic output", ""] {
            assert_eq!(list.kind_of(&tokens(name)), None, "{name}");
        }
    }
}
