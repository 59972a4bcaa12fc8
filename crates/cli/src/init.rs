//! `init`: a new ledger.

mod found;

use std::path::PathBuf;

use anyhow::{Context, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use counterpart_core::codes;
use counterpart_core::event::Signer;
use counterpart_core::event::data::Origin;
use counterpart_core::ids::{OrganisationCode, Role, Stream};
use counterpart_core::wire::KeyId;
use serde_json::{Value, json};

use crate::audit::trust;
use crate::ending::{Ending, Fault};
use crate::folder::{Folder, Identity};
use crate::passphrase::Passphrase;
use crate::people::{KeyHolder, People};
use crate::signing::{self, Hand, Payload};
use crate::{Common, care, key_file, shell};

/// Found a new ledger
///
/// There are two ways. For a ledger that counts, the registrars sign entry 0 with keys that never come near the
/// server: print what the program knows of it, add registrars, threshold and visibility, sign, and found it.
///
///   counterpart init --data DIR --origin ledger.example/london/log --print-genesis > genesis.json
///   counterpart init --data DIR --genesis signed.json
///
/// To try things out, one command makes the registrars' keys too:
///
///   counterpart init --data DIR --origin ledger.example/london/log --registrar "London Councils"
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub struct Init {
    /// The folder of the ledger
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Host and prefix of the log
    #[arg(long, value_name = "ORIGIN", required_unless_present = "genesis")]
    origin: Option<Origin>,
    /// Make the keys and print what the program knows of the genesis
    #[arg(long, conflicts_with_all = ["genesis", "registrar"])]
    print_genesis: bool,
    /// Found the ledger with a signed genesis, a submission
    #[arg(long, value_name = "FILE", conflicts_with = "registrar")]
    genesis: Option<PathBuf>,
    /// The official name of the body that hosts the registrar
    #[arg(long, value_name = "NAME", default_value = "London Councils")]
    registrar: String,
    /// Who may read the entries
    #[arg(long, value_name = "WHO", default_value = "OPEN", value_parser = ["OPEN", "CLOSED"])]
    visibility: String,
    /// The statement by which another ledger ended, from which this one goes on
    #[arg(long, value_name = "FILE", requires = "after_key", conflicts_with = "print_genesis")]
    after: Option<PathBuf>,
    /// The verifier key of that ledger's log
    #[arg(long, value_name = "KEY", requires = "after")]
    after_key: Option<String>,
    /// Where the registrars' keys go [default: the keys folder of your home]
    #[arg(long, value_name = "DIR")]
    keys: Option<PathBuf>,
}

impl Init {
    /// Does what the three forms ask for.
    pub fn run(&self, common: &Common) -> Result<Ending> {
        let folder = Folder::at(&self.data);
        let passphrase = Passphrase::new(common.passphrase_file.as_deref());
        if let Some(file) = &self.genesis {
            let identity = folder.identity().context("the keys are made first, with --print-genesis")?;
            if self.origin.as_ref().is_some_and(|origin| origin.as_str() != identity.origin) {
                return Err(Fault::usage(format!("the folder is that of `{}`", identity.origin)));
            }
            let after = self.after(&identity)?;
            return found::found(&folder, &shell::read(file)?, passphrase, after, common);
        }
        let origin = self.origin.as_ref().context("name the origin with --origin")?;
        let identity = folder.make_keys(origin.as_str(), passphrase.stored()?.as_deref().map(String::as_str))?;
        let data = known(&folder, &identity, passphrase)?;
        if self.print_genesis {
            shell::line(&json!({ "data": data }).to_string());
            common.say("Add registrar, registrar_keys, threshold and visibility, sign it, and found the ledger with --genesis.");
            return Ok(Ending::Done);
        }
        let after = self.after(&identity)?;
        found::refuse_founded(&folder)?;
        let submission = self.signed_genesis(common, data, &identity)?;
        found::found(&folder, &submission, passphrase, after, common)
    }

    /// What the ledger goes on from: the bytes of a statement that holds, and the origin of the log that made it.
    fn after(&self, identity: &Identity) -> Result<Option<(Vec<u8>, String)>> {
        let Some((file, key)) = self.after.as_ref().zip(self.after_key.as_ref()) else { return Ok(None) };
        care::predecessor(file, &trust::key(key)?, identity).map(Some)
    }

    /// Makes three registrars and has them sign entry 0.
    fn signed_genesis(&self, common: &Common, mut data: Value, identity: &Identity) -> Result<Vec<u8>> {
        let keys = match &self.keys {
            Some(keys) => keys.clone(),
            None => shell::home(common.home.as_deref())?.join("keys"),
        };
        shell::make_directory(&keys)?;
        let phrase = Passphrase::new(common.passphrase_file.as_deref()).choose("the registrars' keys")?;
        let mut people = People::read(&keys)?;
        let mut hands = Vec::new();
        for _ in 0..3 {
            let file = people.next_file(OrganisationCode::REGISTRAR, Role::Reg);
            let key = key_file::make(&keys.join(&file), phrase.as_deref().map(String::as_str))?;
            let signer = Signer {
                delegation: None,
                key: KeyId::of(&key.verifying_key().to_bytes()),
                organisation: OrganisationCode::REGISTRAR,
                person: shell::person_id(),
                role: Role::Reg,
            };
            people.add(KeyHolder {
                file,
                key: signer.key,
                organisation: signer.organisation,
                person: signer.person,
                role: signer.role,
            })?;
            hands.push(Hand { key, signer });
        }
        common.say(&format!(
            "Three registrars' keys lie in `{}`{}. This is right for trying things out, and wrong for a ledger that counts.",
            keys.display(),
            if phrase.is_some() { "" } else { ", without a passphrase" }
        ));
        let registrars: Vec<Value> = hands
            .iter()
            .map(|hand| {
                json!({
                    "key": hand.signer.key,
                    "person": hand.signer.person,
                    "public": STANDARD.encode(hand.key.verifying_key().to_bytes()),
                })
            })
            .collect();
        if let Some(members) = data.as_object_mut() {
            members.insert("registrar".into(), json!({ "name": self.registrar, "organisation": "REG" }));
            members.insert("registrar_keys".into(), registrars.into());
            members.insert("threshold".into(), 2.into());
            members.insert("visibility".into(), self.visibility.clone().into());
        }
        let now = shell::now();
        let payload = Payload {
            data,
            expected_revision: 0,
            id: shell::event_id(),
            ledger: identity.origin.clone(),
            signed_at: now,
            signers: hands.iter().map(|hand| hand.signer.clone()).collect(),
            stream: Stream::Sys,
            event_type: "LedgerGenesis".to_owned(),
            v: 1,
            valid_until: signing::valid_until(now, hands.len()),
        };
        let envelope = signing::envelope(payload.to_bytes()?, &hands)?;
        Ok(signing::submission(&envelope, &[]))
    }
}

/// What the program knows of the data of a genesis (wire.md 7).
fn known(folder: &Folder, identity: &Identity, passphrase: Passphrase<'_>) -> Result<Value> {
    let answer = folder.answer_key(passphrase)?.verifying_key().to_bytes();
    let (code_lists, policies) = codes::manifest();
    Ok(json!({
        "answer_keys": [{ "key": identity.answer_key, "public": STANDARD.encode(answer) }],
        "code_lists": code_lists,
        "log_keys": [identity.log_key],
        "origin": identity.origin,
        "policies": policies,
        "rules": 1,
    }))
}
