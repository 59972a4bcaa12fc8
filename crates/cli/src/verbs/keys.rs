//! Keys on the ledger: registered, rotated, revoked.

use anyhow::{Context, Result};
use clap::Subcommand;
use counterpart_core::event::data::{Custody, KeyEnd};
use counterpart_core::ids::Stream;
use counterpart_core::wire::KeyId;

use super::offices::say;
use super::{Members, code};
use crate::act::{Acting, Statement};
use crate::ending::Ending;
use crate::seal::text;
use crate::{Common, key, people, signing};

#[derive(Subcommand)]
pub enum KeyVerbs {
    /// Register a key on the ledger: the new key and an administrator sign
    ///
    ///   counterpart key register CMD.IGL -k CMD.ADM --url http://127.0.0.1:8080
    #[command(verbatim_doc_comment)]
    Register {
        /// The new key: a file, ORG.ROLE or digits of its id
        new: String,
        /// Where the private key lives
        #[arg(long, default_value = "SOFTWARE")]
        custody: Custody,
        #[command(flatten)]
        acting: Acting,
    },
    /// Make a new key for the same person and put it in the place of an old one
    ///
    ///   counterpart key rotate CMD.IGL.1 --url http://127.0.0.1:8080
    #[command(verbatim_doc_comment)]
    Rotate {
        /// The old key
        old: String,
        /// Where the new private key lives
        #[arg(long, default_value = "SOFTWARE")]
        custody: Custody,
        /// Leave the new file unsealed
        #[arg(long)]
        no_passphrase: bool,
        #[command(flatten)]
        acting: Acting,
    },
    /// Say that a key signs no more
    Revoke {
        /// Its id, 64 digits, or a key of this folder
        key: String,
        /// Why
        #[arg(long)]
        reason: KeyEnd,
        #[command(flatten)]
        acting: Acting,
    },
    /// Report that a key may be in other hands
    ///
    /// Signed by its holder with another key, or by the chief executive. An administrator or two registrars
    /// may report it too, without --suspect-from: that stops the key and contests nothing.
    ///
    ///   counterpart key compromised CMD.IAO --suspect-from 4711 --evidence "…" -k CMD.CEX
    #[command(verbatim_doc_comment)]
    Compromised {
        /// Its id, 64 digits, or a key of this folder
        key: String,
        /// The index from which its signatures are in doubt [default: none is]
        #[arg(long, value_name = "INDEX")]
        suspect_from: Option<u64>,
        /// What shows it
        #[arg(long, value_name = "TEXT")]
        evidence: String,
        #[command(flatten)]
        acting: Acting,
    },
}

/// The key that is meant: by its id, or as a key of this folder.
fn meant(key: &str, acting: &Acting, common: &Common) -> Result<KeyId> {
    if let Ok(id) = key.parse() {
        return Ok(id);
    }
    let (_, holder) = people::resolve(&acting.place.folder(common)?, key)?;
    Ok(holder.context("give the id of the key, 64 digits")?.key)
}

impl KeyVerbs {
    /// Says it and sends it.
    pub fn run(&self, common: &Common) -> Result<Ending> {
        match self {
            Self::Register { new, custody, acting } => {
                let folder = acting.place.folder(common)?;
                let (secret, holder) = key::load(&folder, new, common)?;
                let holder = holder.context("it is not known whose key this is; put a people.json beside it")?;
                let data = Members::new()
                    .with("custody", code(custody))
                    .with("key", code(&holder.key))
                    .with("organisation", code(&holder.organisation))
                    .with("person", code(&holder.person))
                    .with("public", key::public_text(&secret));
                // The new key comes first and proves its possession.
                let mut acting = acting.clone();
                acting.signers.insert(0, new.clone());
                say(&acting, Stream::Key(holder.key), "KeyRegistered", data, common)
            }
            Self::Rotate { old, custody, no_passphrase, acting } => {
                let folder = acting.place.folder(common)?;
                let (_, holder) = key::load(&folder, old, common)?;
                let holder = holder.context("it is not known whose key this is; put a people.json beside it")?;
                let ledger = acting.ledger(common)?;
                let (secret, new) =
                    key::make(&folder, holder.organisation, holder.role, holder.person, *no_passphrase, common)?;
                let mut acting = acting.clone();
                acting.signers.insert(0, old.clone());
                let mut hands = acting.hands(common)?;
                let mut signer = hands.first().context("the old key signs")?.signer.clone();
                signer.key = new.key;
                let public = key::public_text(&secret);
                hands.push(signing::Hand { key: secret, signer });
                let data = Members::new()
                    .with("custody", code(custody))
                    .with("key", code(&new.key))
                    .with("public", public)
                    .with("replaces", code(&holder.key));
                let said = Statement::new(Stream::Key(new.key), "KeyRotated", data.into());
                let ending = acting.perform(&ledger, &hands, said, common)?;
                common.say(&format!(
                    "From now on sign with `{}`; keep the old file until you are sure that you do not need it.",
                    new.file
                ));
                Ok(ending)
            }
            Self::Revoke { key, reason, acting } => {
                let id = meant(key, acting, common)?;
                let data = Members::new().with("key", code(&id)).with("reason", code(reason));
                say(acting, Stream::Key(id), "KeyRevoked", data, common)
            }
            Self::Compromised { key, suspect_from, evidence, acting } => {
                let id = meant(key, acting, common)?;
                let data = Members::new()
                    .with("evidence", text(evidence))
                    .with("key", code(&id))
                    .maybe("suspect_from", *suspect_from);
                say(acting, Stream::Key(id), "KeyCompromised", data, common)
            }
        }
    }
}
