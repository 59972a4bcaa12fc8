//! Policies, and a checkpoint under them: both are read or refused.
#![no_main]

use counterpart_tlog::policy::Policy;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    // The part after a zero byte is a checkpoint for the policy before it.
    let mut parts = bytes.splitn(2, |byte| *byte == 0);
    let (policy, note) = (parts.next(), parts.next());
    if let Ok(policy) = Policy::parse(policy.unwrap_or_default()) {
        let _ = policy.verify(note.unwrap_or_default());
    }
});
