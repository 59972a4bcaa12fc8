//! `export`: an agreement to take away, checked before it is kept.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, ValueEnum};
use counterpart_export::check::{self, Checked, Wrong};

use crate::act;
use crate::ending::{Ending, Fault};
use crate::key::Where;
use crate::ledger::Ledger;
use crate::show::named;
use crate::web::detail;
use crate::{Common, shell};

/// Take an agreement away as a file
///
/// A bundle is evidence that is checked without the ledger (`counterpart verify FILE`). It is checked here as well,
/// with the key that you pinned, before it is written.
///
/// Examples:
///   counterpart export DSA-2026-000042 --format bundle --url http://127.0.0.1:8080
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub struct Export {
    /// Its id or reference
    agreement: String,
    /// What to make of it
    #[arg(long)]
    format: Format,
    /// Where to write it [default: ID-bundle.zip, here]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// The ledger
    #[arg(long, value_name = "URL", env = "COUNTERPART_URL")]
    url: String,
    /// Read for the organisation of this key: a file, ORG.ROLE, ORG.ROLE.n or digits of its id
    #[arg(long = "as", value_name = "KEY")]
    reader: Option<String>,
    #[command(flatten)]
    place: Where,
}

/// What an agreement can be exported as.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// A zip with entries, proofs, words and how to check them
    Bundle,
}

impl Export {
    /// Fetches, checks and writes.
    pub fn run(&self, common: &Common) -> Result<Ending> {
        let name = named(&self.agreement)?;
        let hand = |name: &String| act::hand(&self.place.folder(common)?, name, common);
        let reader = self.reader.as_ref().map(hand).transpose()?;
        let ledger = Ledger::meet_as(&self.url, reader, &|| Ok(Vec::new()), common)?;
        let format = match self.format {
            Format::Bundle => "bundle",
        };
        let path = format!("/api/v1/agreements/{name}/export?format={format}");
        let answer = ledger.web().get(&path)?;
        if !answer.is_success() {
            anyhow::bail!("`{}{path}` answered {}{}", ledger.web().base(), answer.status, detail(&answer));
        }
        let mut checked = Checked::default();
        let policy = ledger.policy()?;
        let verdict = check::open(&answer.body).and_then(|opened| opened.check(&policy, &mut checked));
        verdict.map_err(|Wrong(problem)| Fault::unverified(format!("the bundle does not hold: {problem}")))?;
        let out = self.out.clone().unwrap_or_else(|| PathBuf::from(format!("{name}-{format}.zip")));
        shell::write_new(&out, &answer.body, false)?;
        if common.json {
            let told = serde_json::json!({
                "file": out.display().to_string(), "bytes": answer.body.len(),
                "checked": checked.checked, "not_checked": checked.open,
            });
            shell::line(&told.to_string());
        } else {
            checked.checked.iter().for_each(|line| common.say(&format!("checked      {line}")));
            checked.open.iter().for_each(|line| common.say(&format!("not checked  {line}")));
            shell::line(&out.display().to_string());
        }
        Ok(Ending::Done)
    }
}
