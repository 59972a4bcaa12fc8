//! Which key, or which policy, a published log is checked with.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use counterpart_mirror::Source;
use counterpart_tlog::note::VerifierKey;
use counterpart_tlog::policy::Policy;

use crate::audit::DEMONSTRATION;
use crate::ending::Fault;
use crate::{Common, demo, shell};

/// How a log is to be trusted.
#[derive(Args, Clone, Debug)]
pub struct Trust {
    /// The log's own verifier key, as it was given to you
    #[arg(long, value_name = "KEY", conflicts_with = "policy")]
    vkey: Option<String>,
    /// A tlog-policy file: the log, its witnesses, and how many of them must have cosigned
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
}

impl Trust {
    /// The policy to check with: the one given, else the key that was `pinned` before, else the key that the log itself
    /// shows, which is said aloud.
    ///
    /// # Errors
    ///
    /// What was given is no key and no policy, or the log shows none.
    pub fn policy(&self, pinned: Option<&str>, source: &Source, common: &Common) -> Result<Policy> {
        let policy = self.found(pinned, source, common)?;
        if policy.logs().iter().any(|log| log.key.name() == demo::ORIGIN) {
            common.say(&format!("{DEMONSTRATION}."));
        }
        Ok(policy)
    }

    fn found(&self, pinned: Option<&str>, source: &Source, common: &Common) -> Result<Policy> {
        if let Some(path) = &self.policy {
            return read_policy(path);
        }
        if let Some(vkey) = self.vkey.as_deref().or(pinned) {
            return Ok(Policy::of_log(key(vkey)?));
        }
        let shown = source.vkey().context("the log shows no verifier key; give it with --vkey")?;
        common.say(&format!(
            "The key was taken from the ledger itself and is not pinned yet: {shown}\n\
             Compare it with the one that the registrar gives out, and say --vkey or --policy from now on."
        ));
        Ok(Policy::of_log(key(&shown)?))
    }
}

/// Reads a tlog-policy file.
///
/// # Errors
///
/// It cannot be read or is no policy.
pub fn read_policy(path: &Path) -> Result<Policy> {
    let text = shell::read(path)?;
    Policy::parse(text).map_err(|error| Fault::usage(format!("`{}` is no policy: {error}", path.display())))
}

fn key(vkey: &str) -> Result<VerifierKey> {
    VerifierKey::parse(vkey).map_err(|error| Fault::usage(format!("`{vkey}` is no verifier key: {error}")))
}
