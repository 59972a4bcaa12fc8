//! Wrong ways of doing things, planted to see whether the simulation finds them. An ordinary build has none of them.
//!
//! Each has a name and a place in the code that asks [`planted!`](macro@crate::planted). A build with `--cfg planted="NAME"`
//! has that one; a build with `--cfg planted="all"` has all of them, of which one at a time can be switched on.
//! The program itself does not build with any (`crates/cli/src/main.rs`).

/// Makes the list of names, and the one constant that says whether any of them is in this build.
macro_rules! names {
    ($($name:tt)*) => {
        /// Every planted bug, by name.
        pub const NAMES: &[&str] = &[$($name),*];

        /// Whether this build has any of them.
        pub const ANY: bool = cfg!(planted = "all") $(|| cfg!(planted = $name))*;
    };
}

names! {
    "ack_before_sync"
    "words_not_synced"
    "checkpoint_not_synced"
    "sync_error_ignored"
    "poison_forgotten"
    "second_server_let_in"
    "checksum_ignored"
    "names_not_synced"
    "lost_words_signed_for"
    "mark_vouches_for_unsigned"
    "signed_before_durable"
    "not_read_back"
    "clock_behind_accepted"
    "time_not_raised"
    "carried_key_unchecked"
    "nothing_read_again"
    "start_signs_nothing"
    "fork_at_start_unseen"
    "witness_keeps_nothing"
    "witness_asks_no_proof"
    "witness_same_size_unseen"
    "witness_time_goes_back"
    "cosignature_unchecked"
    "quorum_of_fewer"
    "mirror_takes_any_entry"
    "mirror_checkpoint_first"
    "mirror_fork_unseen"
    "answers_mixed_up"
    "readers_do_not_wait"
}

#[cfg(planted = "all")]
static ON: std::sync::Mutex<&'static str> = std::sync::Mutex::new("");

/// Switches one on, and every other off; `""` switches all off.
#[cfg(planted = "all")]
pub fn switch(name: &'static str) {
    *ON.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = name;
}

/// Whether one is switched on.
#[cfg(planted = "all")]
pub fn is_on(name: &str) -> bool {
    *ON.lock().unwrap_or_else(std::sync::PoisonError::into_inner) == name
}

/// Whether the planted bug of this name is at work: never in an ordinary build.
#[cfg(planted = "all")]
#[macro_export]
macro_rules! planted {
    ($name:tt) => {
        $crate::planted::is_on($name)
    };
}

/// Whether the planted bug of this name is at work: never in an ordinary build.
#[cfg(not(planted = "all"))]
#[macro_export]
macro_rules! planted {
    ($name:tt) => {
        $crate::planted::is_in(cfg!(planted = $name))
    };
}

/// What a build says of one planted bug: `false`, and the compiler drops what hangs on it.
#[inline]
pub const fn is_in(build: bool) -> bool {
    build
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    #[test]
    fn each_planted_bug_has_a_name_of_its_own() {
        let names: BTreeSet<_> = super::NAMES.iter().collect();
        assert_eq!(names.len(), super::NAMES.len());
    }
}
