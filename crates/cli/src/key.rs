//! `key`: the keys of an organisation's role holders, on their own machine.

mod export;

use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::{Args, Subcommand};
use counterpart_core::ids::{OrganisationCode, PersonId, Role};
use counterpart_core::wire::KeyId;
use counterpart_tlog::ed25519::SigningKey;
use serde_json::{Value, json};

use crate::ending::{Ending, Fault};
use crate::passphrase::Passphrase;
use crate::people::{self, KeyHolder, People};
use crate::{Common, key_file, shell};

/// Make, list, show and export keys; register, rotate and revoke them on the ledger
#[derive(Subcommand)]
pub enum Key {
    New(New),
    List(List),
    Show(Show),
    Export(export::Export),
    #[command(flatten)]
    Ledger(crate::verbs::KeyVerbs),
}

/// Where key files are.
#[derive(Args, Clone, Debug)]
pub struct Where {
    /// The folder of the keys [default: the keys folder of your home]
    #[arg(long, value_name = "DIR")]
    pub keys: Option<PathBuf>,
}

impl Where {
    /// The folder.
    ///
    /// # Errors
    ///
    /// No home is known.
    pub fn folder(&self, common: &Common) -> Result<PathBuf> {
        match &self.keys {
            Some(keys) => Ok(keys.clone()),
            None => Ok(shell::home(common.home.as_deref())?.join("keys")),
        }
    }
}

/// Make a key for one person in one role
///
/// The file is <ORG>.<ROLE>.<n>.pem: Ed25519 in PKCS#8, which OpenSSL reads, of mode 0600 and sealed with a
/// passphrase. `people.json` beside it says whose it is. The private key never leaves this machine.
///
/// Examples:
///   counterpart key new --org CMD --role IGL
///   counterpart key new --org CMD --role SIG --person PER-7QF2M9K0XW3T --passphrase-file secret
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub struct New {
    /// The organisation that the person acts for
    #[arg(long, value_name = "CODE")]
    org: OrganisationCode,
    /// The role that the person signs in
    #[arg(long)]
    role: Role,
    /// The person, when they have an id already [default: a new random one]
    #[arg(long, value_name = "PER-…")]
    person: Option<PersonId>,
    #[command(flatten)]
    place: Where,
    /// Leave the file unsealed: anybody who copies it can sign
    #[arg(long)]
    no_passphrase: bool,
}

/// List the keys of a folder
#[derive(Args)]
pub struct List {
    #[command(flatten)]
    place: Where,
}

/// Show one key: its id, its public key and whose it is
///
/// Examples:
///   counterpart key show CMD.IGL
///   counterpart key show ./CMD.IGL.1.pem --json
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub struct Show {
    /// A file, ORG.ROLE, ORG.ROLE.n or the first digits of a key id
    key: String,
    #[command(flatten)]
    place: Where,
}

impl Key {
    /// Runs the verb.
    pub fn run(&self, common: &Common) -> Result<Ending> {
        match self {
            Self::New(verb) => verb.run(common),
            Self::List(verb) => verb.run(common),
            Self::Show(verb) => verb.run(common),
            Self::Export(verb) => verb.run(common),
            Self::Ledger(verb) => verb.run(common),
        }
    }
}

impl New {
    fn run(&self, common: &Common) -> Result<Ending> {
        let folder = self.place.folder(common)?;
        let person = self.person.unwrap_or_else(shell::person_id);
        let (key, holder) = make(&folder, self.org, self.role, person, self.no_passphrase, common)?;
        tell(&key, Some(&holder), &folder.join(&holder.file), common);
        Ok(Ending::Done)
    }
}

/// Makes a key file and enters it in the list.
///
/// # Errors
///
/// There is no passphrase and none was waived, or the files cannot be written.
pub fn make(
    folder: &Path,
    organisation: OrganisationCode,
    role: Role,
    person: PersonId,
    no_passphrase: bool,
    common: &Common,
) -> Result<(SigningKey, KeyHolder)> {
    shell::make_directory(folder)?;
    let mut people = People::read(folder)?;
    let file = people.next_file(organisation, role);
    let phrase = if no_passphrase {
        None
    } else {
        let phrase = Passphrase::new(common.passphrase_file.as_deref()).choose(&file)?;
        Some(phrase.ok_or_else(|| {
            Fault::usage(
                "a key is sealed with a passphrase: give --passphrase-file FILE, or --no-passphrase to leave it open",
            )
        })?)
    };
    let key = key_file::make(&folder.join(&file), phrase.as_deref().map(String::as_str))?;
    let id = KeyId::of(&key.verifying_key().to_bytes());
    let holder = KeyHolder { file, key: id, organisation, person, role };
    people.add(holder.clone())?;
    Ok((key, holder))
}

impl List {
    fn run(&self, common: &Common) -> Result<Ending> {
        let folder = self.place.folder(common)?;
        let people = People::read(&folder)?;
        if common.json {
            shell::line(&serde_json::to_string(&people.holders)?);
        } else {
            for holder in &people.holders {
                shell::line(&format!("{:<20} {}  {}", holder.file, holder.person, holder.key));
            }
            if people.holders.is_empty() {
                common
                    .say(&format!("There are no keys in `{}`; make one with `counterpart key new`.", folder.display()));
            }
        }
        Ok(Ending::Done)
    }
}

impl Show {
    fn run(&self, common: &Common) -> Result<Ending> {
        let (path, holder) = people::resolve(&self.place.folder(common)?, &self.key)?;
        let key = key_file::load(&path, Passphrase::new(common.passphrase_file.as_deref()))?;
        if holder.as_ref().is_some_and(|holder| holder.key != KeyId::of(&key.verifying_key().to_bytes())) {
            bail!("`{}` does not hold the key that people.json names; one of them was exchanged", path.display());
        }
        tell(&key, holder.as_ref(), &path, common);
        Ok(Ending::Done)
    }
}

/// The key as the data of an event carry it.
pub fn public_text(key: &SigningKey) -> String {
    STANDARD.encode(key.verifying_key().to_bytes())
}

fn tell(key: &SigningKey, holder: Option<&KeyHolder>, path: &Path, common: &Common) {
    let id = KeyId::of(&key.verifying_key().to_bytes());
    let mut rows: Vec<(&str, String)> = vec![("file", path.display().to_string())];
    if let Some(holder) = holder {
        rows.push(("organisation", holder.organisation.to_string()));
        rows.push(("role", holder.role.to_string()));
        rows.push(("person", holder.person.to_string()));
    }
    rows.push(("key", id.to_string()));
    rows.push(("public", public_text(key)));
    if common.json {
        let members: serde_json::Map<String, Value> =
            rows.into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect();
        shell::line(&Value::Object(members).to_string());
    } else {
        for (name, value) in rows {
            shell::line(&format!("{name:<12} {value}"));
        }
    }
}

/// Loads the key that a person means, with its holder.
///
/// # Errors
///
/// It cannot be found or opened.
pub fn load(folder: &Path, meant: &str, common: &Common) -> Result<(SigningKey, Option<KeyHolder>)> {
    let (path, holder) = people::resolve(folder, meant)?;
    let key = key_file::load(&path, Passphrase::new(common.passphrase_file.as_deref()))?;
    if holder.as_ref().is_some_and(|holder| holder.key != KeyId::of(&key.verifying_key().to_bytes())) {
        return Err(anyhow!(
            "`{}` does not hold the key that people.json names; one of them was exchanged",
            path.display()
        ));
    }
    Ok((key, holder))
}
