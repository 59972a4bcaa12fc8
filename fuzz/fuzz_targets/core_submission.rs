//! Whole submissions: envelope, payload, disclosures, and the words against the commitments.
#![no_main]

use counterpart_core::wire::Submission;
use counterpart_core::{door, event};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(submission) = Submission::parse(bytes) else { return };
    if let (Ok(event), Ok(disclosures)) = (event::parse(&submission.envelope), submission.disclosures) {
        let _ = door::open(&event.id.to_string(), &event.data, &disclosures);
    }
});
