//! Which fields identify persons: the higher of what the filer says and what a list of names says (V-66).

use crate::codes::ReferenceSet;
use crate::header::{DataClass, DatasetRow, Header};
use crate::terms::{Identifier, Terms};

use super::WordsByPointer;

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
pub fn find(terms: &Terms, words: &WordsByPointer, _reference: &ReferenceSet) -> Vec<Identified> {
    let mut found = Vec::new();
    for (at, dataset) in terms.datasets.iter().enumerate().filter(|(_, d)| d.data_class < DataClass::Personal) {
        for (place, field) in dataset.fields.iter().enumerate() {
            let name = words.get(&format!("/datasets/{at}/fields/{place}/name")).cloned().unwrap_or_default();
            if field.identifier == Identifier::Direct {
                found.push(Identified { dataset: at, field: place, name, kind: "by itself".to_owned() });
            }
        }
    }
    found
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
                let row_of = |ids, class| DatasetRow { class, ids, ..row.clone() };
                [row_of(up, row.class.max(DataClass::Personal)), row_of(same, row.class)]
            })
            .filter(|row| !row.ids.is_empty())
            .collect();
    }
    (header, classes)
}
