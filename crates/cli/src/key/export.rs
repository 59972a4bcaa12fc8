//! `key export`: a key in the form that another program wants.

use std::path::PathBuf;

use anyhow::{Result, anyhow};
use clap::{ArgGroup, Args};
use ed25519_dalek::pkcs8::EncodePublicKey as _;
use pkcs8::LineEnding;

use super::Where;
use crate::ending::Ending;
use crate::passphrase::Passphrase;
use crate::{Common, key_file, shell};

/// Export the public key, or the private key under another passphrase
///
/// Examples:
///   counterpart key export CMD.IGL --public
///   counterpart key export CMD.IGL --private copy.pem --new-passphrase-file other
#[derive(Args)]
#[command(verbatim_doc_comment, group = ArgGroup::new("what").required(true))]
pub struct Export {
    /// A file, ORG.ROLE, ORG.ROLE.n or the first digits of a key id
    key: String,
    #[command(flatten)]
    place: Where,
    /// Print the public key in PEM (SubjectPublicKeyInfo)
    #[arg(long, group = "what")]
    public: bool,
    /// Write the private key to a new file of mode 0600
    #[arg(long, group = "what", value_name = "FILE")]
    private: Option<PathBuf>,
    /// A file with the passphrase of the new file
    #[arg(long, value_name = "FILE", requires = "private")]
    new_passphrase_file: Option<PathBuf>,
    /// Leave the new file unsealed
    #[arg(long, requires = "private", conflicts_with = "new_passphrase_file")]
    no_passphrase: bool,
}

impl Export {
    /// Exports it.
    pub fn run(&self, common: &Common) -> Result<Ending> {
        let (key, _) = super::load(&self.place.folder(common)?, &self.key, common)?;
        let Some(path) = &self.private else {
            let pem = key.verifying_key().to_public_key_pem(LineEnding::LF);
            shell::data(pem.map_err(|error| anyhow!("the public key cannot be written: {error}"))?.as_bytes());
            return Ok(Ending::Done);
        };
        let phrase = if self.no_passphrase {
            None
        } else {
            let file = self.new_passphrase_file.as_deref();
            let phrase = Passphrase::new(file).choose("the new file")?;
            Some(phrase.ok_or_else(|| {
                crate::ending::Fault::usage(
                    "give --new-passphrase-file FILE, or --no-passphrase to leave the file open",
                )
            })?)
        };
        shell::write_new(path, key_file::to_pem(&key, phrase.as_deref().map(String::as_str))?.as_bytes(), true)?;
        common.say(&format!("Written to `{}`. Whoever has it and its passphrase can sign.", path.display()));
        Ok(Ending::Done)
    }
}
