//! Requests to a witness and the sizes it answers: what is read is printed again.
#![no_main]

use counterpart_tlog::witness::{AddCheckpoint, parse_size};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(request) = AddCheckpoint::parse(bytes) {
        assert_eq!(request.to_string().as_bytes(), bytes);
    }
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Some(size) = parse_size(text)
    {
        assert_eq!(format!("{size}\n"), text);
    }
});
