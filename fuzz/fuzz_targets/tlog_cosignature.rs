//! Cosignatures: none that is made up holds.
#![no_main]

use counterpart_tlog::cosignature;
use counterpart_tlog::ed25519::{PublicKey, SigningKey};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    // A key of the target's own: a signature by it that nobody made must not hold.
    let public = PublicKey::from(&SigningKey::from_bytes(&[1; 32]));
    let (signature, text) = bytes.split_at(bytes.len().min(72));
    cosignature::timestamp(signature);
    if let Ok(text) = std::str::from_utf8(text) {
        assert_eq!(cosignature::verify(&public, text, signature), None);
    }
});
