//! `demo`: the demonstration as files, for whoever wants to send it to a ledger of their own making.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use serde_json::json;

use super::{Chance, folder};
use crate::ending::Ending;
use crate::{Common, shell};

/// Write the demonstration: signed events in order, and the keys that signed them
///
/// The folder will hold a ledger with entry 0, `events.ndjson` with every submission, and `keys` with the private
/// keys of everybody in it. The events are valid for 23 hours. No body named in them has signed anything.
/// With --past or --more it is a ledger that holds everything already, to be served with `serve --data DIR`.
///
///   counterpart demo --out DIR
///   counterpart serve --data DIR/ledger --listen 127.0.0.1:8080
///   curl -H 'Content-Type: application/x-ndjson' --data-binary @DIR/events.ndjson http://127.0.0.1:8080/api/v1/events/batch
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub struct Demo {
    /// The folder to make
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Make a whole ledger with a past of 150 days instead, ready to be served
    #[arg(long)]
    past: bool,
    /// The same, with so many plain requests beside the stories, to see how a large ledger behaves
    #[arg(long, value_name = "N")]
    more: Option<u32>,
    /// 64 hexadecimal digits from which ids and keys follow [default: random]
    #[arg(long, value_name = "HEX")]
    seed: Option<String>,
}

impl Demo {
    /// Writes it.
    pub fn run(&self, common: &Common) -> Result<Ending> {
        let chance = chance(self.seed.as_deref())?;
        let demonstration = if self.past || self.more.is_some() {
            folder::history(&self.out, chance, shell::now(), self.more.unwrap_or_default())?
        } else {
            folder::submissions(&self.out, chance, shell::now())?
        };
        let (events, keys) = (demonstration.said.len(), demonstration.officers.len());
        common.say("Demonstration: no body named here has signed anything.");
        if common.json {
            let refused = &demonstration.refused;
            shell::line(&json!({ "events": events, "keys": keys, "refused": refused }).to_string());
        } else {
            shell::line(&format!("{events} events and {keys} keys in `{}`", self.out.display()));
            for refused in &demonstration.refused {
                common.say(&format!("Tried and refused: {} ({}: {})", refused.tried, refused.code, refused.message));
            }
        }
        Ok(Ending::Done)
    }
}

/// The seed given, or a random one.
pub fn chance(seed: Option<&str>) -> Result<Chance> {
    let Some(seed) = seed else {
        return Ok(Chance(shell::entropy()));
    };
    let mut bytes = [0; 32];
    hex::decode_to_slice(seed, &mut bytes).context("the seed is 64 hexadecimal digits")?;
    Ok(Chance(bytes))
}
