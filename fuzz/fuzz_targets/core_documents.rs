//! Terms, parties and contacts, as any JSON: judged without a panic, and never valid without a header.
#![no_main]

use std::sync::OnceLock;

use counterpart_core::codes::{ReferenceSet, manifest};
use counterpart_core::door::{self, Proposal, Surroundings};
use counterpart_core::event::data::Visibility;
use counterpart_core::json::{Limits, Value, parse};
use counterpart_core::{draft, time::Date};
use libfuzzer_sys::fuzz_target;

fn reference() -> &'static ReferenceSet {
    static SET: OnceLock<ReferenceSet> = OnceLock::new();
    SET.get_or_init(|| {
        let (lists, policies) = manifest();
        ReferenceSet::resolve(&lists, &policies).expect("the program holds its own reference data")
    })
}

fuzz_target!(|bytes: &[u8]| {
    let Ok(document) = parse(bytes, Limits { max_depth: 32, max_bytes: 1 << 20 }) else { return };
    let nothing = Value::Array(Vec::new());
    let terms = document.member("terms").unwrap_or(&document);
    let parties = document.member("parties").unwrap_or(&nothing);
    let event = "01890000-0000-7000-8000-000000000000";
    let Ok(split) = draft::split(terms, event, &mut std::iter::repeat([7; 32])) else { return };
    let proposal = Proposal {
        terms: &split.skeleton,
        words: &split.words,
        parties,
        contacts: document.member("contacts"),
        requesting_organisation: None,
    };
    let around = Surroundings {
        organisations: &|_| None,
        reference: reference(),
        visibility: Visibility::Open,
        on: Date::from_ymd(2026, 11, 24).expect("a day of the calendar"),
        agreement_exists: None,
        similar: &[],
    };
    let validation = door::validate(&proposal, &around, Some(terms));
    assert!(validation.header.is_some() || !validation.is_valid());
});
