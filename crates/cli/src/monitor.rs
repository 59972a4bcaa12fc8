//! `monitor`: what was recorded in the name of an organisation or with a key, since it last looked.

mod look;
mod memory;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use clap::Args;
use counterpart_core::ids::OrganisationCode;
use counterpart_core::wire::KeyId;
use counterpart_mirror::Source;
use counterpart_tlog::Hash;
use serde_json::{Value, json};

use self::look::{Breach, Found, Looked, Watched};
use self::memory::Memory;
use crate::ending::{Ending, Fault};
use crate::session::Reading;
use crate::trust::Trust;
use crate::{Common, shell};

/// How long a webhook may take.
const WEBHOOK_PATIENCE: Duration = Duration::from_secs(30);

/// Tell every event made in the name of an organisation or with a key, since it last looked
///
/// Reads what the log has got since the last time, verifies that it continues what was seen then, checks the
/// signatures of what it tells, and compares the times of the entries with those of the witnesses. Made for cron: it
/// prints what it found and its exit code says whether there is anything to read.
///
/// Exit codes: 0 nothing new, 5 events were found, 1 it could not look or the witnesses are silent, 4 the log does not
/// verify: it was rolled back, shows two histories, or breaks its word.
///
/// Examples:
///   counterpart monitor https://ledger.example --organisation CMD --policy london.policy
///   counterpart monitor ./copy --key 3f9a… --state camden.state --webhook https://camden.example/alerts
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub struct Monitor {
    /// The ledger's URL, or the folder of a mirror
    #[arg(value_name = "URL|DIR")]
    from: String,
    /// The code of an organisation; may be given again
    #[arg(long = "organisation", value_name = "CODE", required_unless_present = "key_ids")]
    organisations: Vec<String>,
    /// The id of a key; may be given again
    #[arg(long = "key", value_name = "KEYID")]
    key_ids: Vec<String>,
    /// Where it is written down how far it has looked [default: in your home, by ledger and watch list]
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Post what was found, as JSON, to this address
    #[arg(long, value_name = "URL")]
    webhook: Option<String>,
    #[command(flatten)]
    trust: Trust,
    #[command(flatten)]
    reading: Reading,
}

impl Monitor {
    /// Looks once.
    pub fn run(&self, common: &Common) -> Result<Ending> {
        let watched = self.watched()?;
        let path = self.state_file(common)?;
        let memory = Memory::load(&path)?;
        let token = self.reading.token(&self.from, common)?;
        let source = Source::open(&self.from)?.with_token(token.as_deref());
        let pinned = memory.as_ref().map(|memory| memory.vkey.clone());
        let policy = self.trust.policy(pinned.as_deref(), &source, common)?;
        let now = shell::now();
        let Looked { found, breaches, stale, memory } = look::look(&source, &policy, &watched, memory, &path, now)?;
        for event in &found {
            shell::line(&if common.json { event.to_json().to_string() } else { event.to_string() });
        }
        for breach in &breaches {
            shell::say(&format!("counterpart: {breach}"));
        }
        if let Some(stale) = &stale {
            shell::say(&format!("counterpart: {stale}"));
        }
        common.say(&format!("Looked at {} entries; {} to tell.", memory.size, found.len()));
        self.post(&memory, &found, &breaches, stale.as_deref())?;
        // Written last: what was not told is told again.
        memory.save(&path)?;
        Ok(if !breaches.is_empty() {
            Ending::Unverified
        } else if stale.is_some() {
            Ending::CouldNot
        } else if found.is_empty() {
            Ending::Done
        } else {
            Ending::Found
        })
    }

    fn watched(&self) -> Result<Watched> {
        let organisations = self.organisations.iter().map(|code| {
            code.parse::<OrganisationCode>()
                .map_err(|_| Fault::usage(format!("`{code}` is not the code of an organisation")))
        });
        let keys = self.key_ids.iter().map(|key| {
            key.parse::<KeyId>()
                .map_err(|_| Fault::usage(format!("`{key}` is not the id of a key: 64 hexadecimal digits")))
        });
        Ok(Watched { organisations: organisations.collect::<Result<_>>()?, keys: keys.collect::<Result<_>>()? })
    }

    fn state_file(&self, common: &Common) -> Result<PathBuf> {
        if let Some(path) = &self.state {
            return Ok(path.clone());
        }
        let words = [std::slice::from_ref(&self.from), &self.organisations, &self.key_ids].concat().join("\n");
        let folder = shell::home(common.home.as_deref())?.join("monitor");
        shell::make_directory(&folder)?;
        let name: String = Hash::of(words.as_bytes()).to_hex().chars().take(16).collect();
        Ok(folder.join(format!("{name}.json")))
    }

    fn post(&self, memory: &Memory, found: &[Found], breaches: &[Breach], stale: Option<&str>) -> Result<()> {
        let Some(url) = &self.webhook else { return Ok(()) };
        if found.is_empty() && breaches.is_empty() && stale.is_none() {
            return Ok(());
        }
        let body = json!({
            "breaches": breaches.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "events": found.iter().map(Found::to_json).collect::<Vec<Value>>(),
            "origin": memory.origin,
            "size": memory.size,
            "stale": stale,
        });
        let config = ureq::Agent::config_builder().timeout_global(Some(WEBHOOK_PATIENCE)).build();
        let agent: ureq::Agent = config.into();
        agent
            .post(url)
            .content_type("application/json")
            .send(body.to_string())
            .map(drop)
            .map_err(|error| anyhow!("{error}"))
            .with_context(|| format!("the webhook `{url}` was not told; what was found is told again next time"))
    }
}
