//! `witness serve`: a witness of any transparency logs, with one command.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use counterpart_tlog::cosignature::Cosigner;
use counterpart_tlog::note::VerifierKey;
use counterpart_witness::{Clock, Folder, Logs, router};

use crate::ending::{Ending, Fault};
use crate::listening::Listening;
use crate::passphrase::Passphrase;
use crate::{Common, key_file, shell};

/// Watch transparency logs for others
#[derive(Subcommand)]
pub enum Witness {
    Serve(Serve),
}

impl Witness {
    /// Runs the command.
    pub fn run(&self, common: &Common) -> Result<Ending> {
        match self {
            Self::Serve(command) => command.run(common),
        }
    }
}

/// Run a witness: it cosigns checkpoints of logs that have only grown (c2sp.org/tlog-witness)
///
/// A witness vouches for one thing: the log has only grown since it last looked. It cannot read what the entries say.
/// At the first start it makes its key. It prints its verifier key, which goes into the policy of whoever trusts it.
/// Never start it from an older copy of its folder: then make a new witness with a new key.
///
/// Example:
///   counterpart witness serve --data witness --name witness.example/london --log 'ledger.example/log+1a2b3c4d+AQ…'
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub struct Serve {
    /// The folder of the witness: its key, and what it has seen
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Its name on cosignatures, like a URL without scheme; needed once, when the key is made
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// The verifier key of a log to watch; may be given again
    #[arg(long = "log", value_name = "VKEY")]
    logs: Vec<String>,
    /// A file of logs: verifier keys, or a tlog-policy, or a witness network's list
    #[arg(long = "logs", value_name = "FILE")]
    list: Vec<PathBuf>,
    /// Address and port; port 0 picks a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:7380")]
    listen: String,
}

impl Serve {
    fn run(&self, common: &Common) -> Result<Ending> {
        let logs = self.logs()?;
        let cosigner = self.cosigner(common)?;
        let records = Folder::open(&self.data.join("seen"))?;
        let witness = counterpart_witness::Witness::open(cosigner, logs, Arc::new(records))?;
        let vkey = witness.vkey().to_string();
        let count = witness.logs().iter().count();
        let clock: Clock = Arc::new(|| u64::try_from(shell::now().millis() / 1000).unwrap_or_default());
        let mut listening = Listening::start()?;
        shell::line(&format!("witness {vkey}"));
        listening.serve(&self.listen, router(Arc::new(witness), clock))?;
        common.say(&format!("Watching {count} log{}.", if count == 1 { "" } else { "s" }));
        listening.wait(None);
        listening.finish()?;
        Ok(Ending::Done)
    }

    fn logs(&self) -> Result<Logs> {
        let mut logs = Logs::new();
        let wrong = |error: counterpart_witness::LogListError| Fault::usage(error.to_string());
        for vkey in &self.logs {
            logs.add(vkey).map_err(wrong)?;
        }
        for path in &self.list {
            logs.add_list(&shell::read_text(path)?)
                .map_err(|error| Fault::usage(format!("`{}`: {error}", path.display())))?;
        }
        if logs.is_empty() {
            return Err(Fault::usage("name the logs to watch with --log VKEY or --logs FILE"));
        }
        Ok(logs)
    }

    /// The key of the witness, made at the first start.
    fn cosigner(&self, common: &Common) -> Result<Cosigner> {
        let passphrase = Passphrase::new(common.passphrase_file.as_deref());
        let (key, vkey) = (self.data.join("witness.key"), self.data.join("vkey"));
        if !vkey.exists() {
            let Some(name) = &self.name else {
                return Err(Fault::usage("a new witness needs a name: --name witness.example/london"));
            };
            shell::make_directory(&self.data)?;
            let made = key_file::make(&key, passphrase.stored()?.as_deref().map(String::as_str))?;
            let cosigner = Cosigner::new(name, made).map_err(|error| Fault::usage(error.to_string()))?;
            // Written last: a folder without it was never whole.
            shell::write_new(&vkey, format!("{}\n", cosigner.vkey()).as_bytes(), false)?;
            return Ok(cosigner);
        }
        let text = shell::read_text(&vkey)?;
        let named = VerifierKey::parse(text.trim_end())
            .with_context(|| format!("`{}` is not the verifier key of a witness", vkey.display()))?;
        if self.name.as_ref().is_some_and(|name| name != named.name()) {
            let kept = named.name();
            return Err(Fault::usage(format!("this witness is called `{kept}`; another name needs another folder")));
        }
        let cosigner = Cosigner::new(named.name(), key_file::load(&key, passphrase)?)?;
        anyhow::ensure!(
            *cosigner.vkey() == named,
            "`{}` is not the key that `{}` names; restore the right one",
            key.display(),
            vkey.display()
        );
        Ok(cosigner)
    }
}
