//! `log-key`: another key for a log, made before two registrars sign that it is to follow.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use serde_json::json;

use crate::ending::Ending;
use crate::folder::Folder;
use crate::passphrase::Passphrase;
use crate::{Common, shell};

/// Make another key for a log
///
/// Lays it beside the present one and prints both, as `LogKeyChanged` names them. Start the server again, so that it
/// holds the new key; then two registrars sign `LogKeyChanged` with a `first_size` that is still to come. From that
/// size on the new key signs, and the old one beside it for as long as its file stays in the folder. Take it away once
/// everybody who has pinned it has met the ledger again.
///
/// Example:
///   counterpart log-key --data ledger
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub struct LogKey {
    /// The folder of the ledger
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
}

impl LogKey {
    /// Makes it.
    pub fn run(&self, common: &Common) -> Result<Ending> {
        let folder = Folder::at(&self.data);
        let made = folder.make_log_key(Passphrase::new(common.passphrase_file.as_deref()))?;
        if common.json {
            shell::line(&json!({ "file": made.file.display().to_string(), "new": made.vkey }).to_string());
        } else {
            shell::line(&made.vkey);
        }
        common
            .say(&format!("the private key is `{}`; start the server again, so that it holds it", made.file.display()));
        Ok(Ending::Done)
    }
}
