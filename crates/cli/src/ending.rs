//! How a command ends: its exit code, and what it says when it could not do what was asked.

use std::fmt;
use std::process::ExitCode;

/// How a command ended (wire.md 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// 0: done.
    Done,
    /// 1: it could not: a file, the network, a lock.
    CouldNot,
    /// 2: it was not asked rightly.
    Usage,
    /// 3: the rules refused.
    Refused,
    /// 4: something that was to be verified does not verify.
    Unverified,
    /// 5: a monitor has something to tell.
    Found,
}

impl Ending {
    /// The exit code.
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::CouldNot => 1,
            Self::Usage => 2,
            Self::Refused => 3,
            Self::Unverified => 4,
            Self::Found => 5,
        }
    }
}

impl From<Ending> for ExitCode {
    fn from(ending: Ending) -> Self {
        Self::from(ending.code())
    }
}

/// An error that knows how the command ends. Any other error ends with 1.
#[derive(Debug)]
pub struct Fault {
    /// How it ends.
    pub ending: Ending,
    message: String,
}

impl Fault {
    /// An error with its ending.
    pub fn new(ending: Ending, message: impl Into<String>) -> Self {
        Self { ending, message: message.into() }
    }

    /// It was not asked rightly.
    pub fn usage(message: impl Into<String>) -> anyhow::Error {
        Self::new(Ending::Usage, message).into()
    }

    /// The rules refused.
    pub fn refused(message: impl Into<String>) -> anyhow::Error {
        Self::new(Ending::Refused, message).into()
    }

    /// A statement of a log does not hold.
    #[expect(clippy::needless_pass_by_value, reason = "errors are mapped by it")]
    pub fn statement(error: counterpart_core::statement::StatementError) -> Self {
        Self::new(Ending::Unverified, format!("the statement does not hold: {error}"))
    }

    /// Something does not verify.
    pub fn unverified(message: impl Into<String>) -> anyhow::Error {
        Self::new(Ending::Unverified, message).into()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Fault {}

/// The ending that an error asks for.
pub fn of(error: &anyhow::Error) -> Ending {
    error.chain().find_map(|cause| cause.downcast_ref::<Fault>()).map_or(Ending::CouldNot, |fault| fault.ending)
}

#[cfg(test)]
mod tests {
    use anyhow::Context as _;

    use super::*;

    #[test]
    fn an_error_keeps_its_ending_under_context() {
        let error = Err::<(), _>(Fault::refused("no")).context("while asking").err();
        assert_eq!(error.map(|error| of(&error)), Some(Ending::Refused));
        assert_eq!(of(&anyhow::anyhow!("plain")), Ending::CouldNot);
    }
}
