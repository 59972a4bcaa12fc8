//! Disclosures: what is read is printed again, in the one spelling.
#![no_main]

use counterpart_core::commitment::Disclosure;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(disclosure) = Disclosure::from_bytes(bytes) {
        let printed = disclosure.to_bytes();
        assert_eq!(Disclosure::from_bytes(&printed), Ok(disclosure));
    }
});
