//! Signed notes, and signature lines alone: what is read is printed again.
#![no_main]

use counterpart_tlog::note::{Note, NoteSignature};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(note) = Note::parse(bytes) {
        assert_eq!(note.to_string().as_bytes(), bytes);
    }
    if let Ok(lines) = NoteSignature::parse_lines(bytes) {
        let printed: String = lines.iter().map(ToString::to_string).collect();
        assert_eq!(printed.as_bytes(), bytes);
    }
});
