//! Checkpoints, signed and bare: what is read is printed again.
#![no_main]

use counterpart_tlog::checkpoint::Checkpoint;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok((checkpoint, note)) = Checkpoint::parse(bytes) {
        assert_eq!(checkpoint.to_string(), note.text());
    }
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Ok(checkpoint) = Checkpoint::parse_text(text)
    {
        assert_eq!(checkpoint.to_string(), text);
    }
});
