//! I40: erasing words changes no entry and no hash.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::sync::Arc;

use counterpart_store::embedded::{Embedded, Options};
use counterpart_store::memory::Memory;
use counterpart_store::{NewEntry, Store, Word};
use counterpart_tlog::{Hash, Tree, leaf_hash};
use proptest::prelude::*;

/// Entries with some words each, and which words are erased.
fn story() -> impl Strategy<Value = Vec<(Vec<u8>, Vec<bool>)>> {
    prop::collection::vec((prop::collection::vec(any::<u8>(), 1..40), prop::collection::vec(any::<bool>(), 0..4)), 1..9)
}

fn name(place: usize) -> String {
    format!("/words/{place}")
}

fn group(story: &[(Vec<u8>, Vec<bool>)]) -> Vec<NewEntry> {
    let entry = |(number, (bytes, words)): (usize, &(Vec<u8>, Vec<bool>))| {
        let mut bytes = bytes.clone();
        bytes.push(u8::try_from(number).unwrap());
        let words = (0..words.len()).map(|place| Word { name: name(place), bytes: vec![7; 20 + place] }).collect();
        NewEntry { bytes: bytes.into(), words, keys: Vec::new() }
    };
    story.iter().enumerate().map(entry).collect()
}

fn root(store: &dyn Store) -> Hash {
    let mut tree = Tree::new();
    store.read_back(0..store.size(), &mut |_, bytes| tree.push(leaf_hash(bytes))).unwrap();
    tree.root()
}

fn erase_and_compare(store: &dyn Store, entries_and_gone: &[(Vec<u8>, Vec<bool>)]) {
    let group = group(entries_and_gone);
    store.append(0, &group).unwrap();
    let before = root(store);
    for (index, (_, erased)) in (0..).zip(entries_and_gone) {
        let names: Vec<String> = (0..erased.len()).filter(|place| erased[*place]).map(name).collect();
        if !names.is_empty() {
            store.erase(index, &names).unwrap();
        }
    }
    assert_eq!(root(store), before);
    for (index, (_, erased)) in (0..).zip(entries_and_gone) {
        let entry = &group[usize::try_from(index).unwrap()];
        assert_eq!(store.entry(index).unwrap().as_deref(), Some(&*entry.bytes));
        let kept: Vec<String> = store.words(index).unwrap().into_iter().map(|word| word.name).collect();
        let left: Vec<String> = (0..erased.len()).filter(|place| !erased[*place]).map(name).collect();
        assert_eq!(kept, left);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn i40_erasing_words_changes_no_entry_and_no_hash(story in story()) {
        erase_and_compare(&Memory::new(), &story);
        let folder = tempfile::tempdir().unwrap();
        let entropy = Arc::new(|bytes: &mut [u8]| bytes.fill(7));
        let options = Options { ballast_bytes: 0, ..Options::new(entropy, Arc::new(|_: &[u8]| Vec::new())) };
        let store = Embedded::open(folder.path(), &options).unwrap();
        erase_and_compare(&store, &story);
        drop(store);
        let again = Embedded::open(folder.path(), &options).unwrap();
        let words: usize = story.iter().map(|(_, erased)| erased.iter().filter(|gone| !**gone).count()).sum();
        let kept: usize = (0..again.size()).map(|index| again.words(index).unwrap().len()).sum();
        prop_assert_eq!(kept, words);
    }
}
