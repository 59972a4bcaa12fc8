//! Where passphrases come from: a file, a credential of the service manager, or a person.

use std::path::Path;

use anyhow::{Result, bail};
use zeroize::Zeroizing;

use crate::shell;

/// A passphrase that is asked for only when it is needed.
#[derive(Clone, Copy)]
pub struct Passphrase<'a> {
    file: Option<&'a Path>,
}

impl<'a> Passphrase<'a> {
    /// From `--passphrase-file`, else from a credential called `passphrase`, else from the terminal.
    pub const fn new(file: Option<&'a Path>) -> Self {
        Self { file }
    }

    /// The passphrase that opens `what`.
    ///
    /// # Errors
    ///
    /// The file is wide open or empty, or there is no terminal to ask on.
    pub fn open(&self, what: &str) -> Result<Zeroizing<String>> {
        match self.stored()? {
            Some(phrase) => Ok(phrase),
            None => shell::ask_passphrase(&format!("passphrase of {what}")),
        }
    }

    /// A new passphrase for `what`, asked twice; `None` when no file is given and nobody can be asked.
    ///
    /// # Errors
    ///
    /// As for [`Passphrase::open`], and when the two answers differ or are empty.
    pub fn choose(&self, what: &str) -> Result<Option<Zeroizing<String>>> {
        if let Some(phrase) = self.stored()? {
            return Ok(Some(phrase));
        }
        if !shell::can_ask() {
            return Ok(None);
        }
        let phrase = shell::ask_passphrase(&format!("new passphrase for {what}"))?;
        if phrase.is_empty() {
            bail!("the passphrase is empty; choose one, or ask for a key without one with --no-passphrase");
        }
        if *shell::ask_passphrase("the same again")? != *phrase {
            bail!("the two passphrases differ; nothing was written, start again");
        }
        Ok(Some(phrase))
    }

    /// The passphrase of a file or credential, if there is one.
    ///
    /// # Errors
    ///
    /// The file is wide open, empty or no text.
    pub fn stored(&self) -> Result<Option<Zeroizing<String>>> {
        let credential = shell::credential("passphrase");
        let Some(path) = self.file.or(credential.as_deref()) else {
            return Ok(None);
        };
        let bytes = shell::read_secret(path)?;
        let Ok(text) = std::str::from_utf8(&bytes) else {
            bail!("`{}` is not text", path.display());
        };
        let phrase = text.trim_end_matches(['\r', '\n']);
        if phrase.is_empty() {
            bail!("`{}` is empty; write the passphrase into it", path.display());
        }
        Ok(Some(Zeroizing::new(phrase.to_owned())))
    }
}
