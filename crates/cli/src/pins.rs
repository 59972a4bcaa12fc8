//! Which ledgers this person has used, and by which key they were known the first time.
//!
//! ```text
//! pins.json  [{"ledger":"<origin>#<64 hex>","url":"https://…","vkey":"<vkey>","earlier":[{"vkey","last_size"}]?}]
//! ```

use std::path::PathBuf;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::ending::Fault;
use crate::{Common, shell};

/// One ledger that was used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pin {
    /// Origin and leaf hash of entry 0.
    pub ledger: String,
    /// Where it was met.
    pub url: String,
    /// The log's verifier key.
    pub vkey: String,
    /// Keys that signed before it, the oldest first: each handed over under a checkpoint that it signed itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<Earlier>,
}

/// A key of a log that another one has followed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Earlier {
    /// The key.
    pub vkey: String,
    /// The size at which it handed over: it counts for nothing longer.
    pub last_size: u64,
}

impl Pin {
    /// The key to check a checkpoint over so many entries with.
    pub fn key_at(&self, size: u64) -> &str {
        self.earlier.iter().find(|earlier| size <= earlier.last_size).map_or(&self.vkey, |earlier| &earlier.vkey)
    }
}

/// The pins of one home.
#[derive(Debug)]
pub struct Pins {
    path: PathBuf,
    pins: Vec<Pin>,
}

impl Pins {
    /// Reads them; none is an empty list.
    ///
    /// # Errors
    ///
    /// The file is not of its form.
    pub fn read(common: &Common) -> Result<Self> {
        let path = shell::home(common.home.as_deref())?.join("pins.json");
        let pins = if path.exists() {
            let text = shell::read(&path)?;
            serde_json::from_slice(&text).with_context(|| format!("`{}` is not a list of pins", path.display()))?
        } else {
            Vec::new()
        };
        Ok(Self { path, pins })
    }

    /// The pin of a ledger of this origin.
    pub fn of_origin(&self, origin: &str) -> Option<&Pin> {
        self.pins.iter().find(|pin| pin.ledger.split('#').next() == Some(origin))
    }

    /// The pin of the ledger at this URL, or of its origin.
    pub fn known(&self, url: &str, ledger: &str) -> Option<&Pin> {
        let by_origin = || self.of_origin(ledger.split('#').next().unwrap_or_default());
        self.pins.iter().find(|pin| pin.url == url).or_else(by_origin)
    }

    /// Compares what a server shows with what was pinned under its URL, or pins it.
    ///
    /// # Errors
    ///
    /// It shows another ledger or another key (exit 4), or the pin cannot be written.
    pub fn meet(&mut self, met: &Pin, common: &Common) -> Result<()> {
        let Some(known) = self.known(&met.url, &met.ledger) else {
            common.say(&format!("First use of this ledger. Compare these with what its registrar publishes elsewhere:\n  ledger   {}\n  log key  {}", met.ledger, met.vkey));
            self.pins.push(met.clone());
            return self.write();
        };
        if known.ledger != met.ledger {
            return Err(Fault::unverified(format!(
                "`{}` shows the ledger `{}`, and you pinned `{}`. Do not sign anything; ask the registrar. If it is right, remove the pin from `{}`",
                met.url,
                met.ledger,
                known.ledger,
                self.path.display()
            )));
        }
        if met.earlier.iter().any(|earlier| earlier.vkey == known.vkey) {
            common.say(&format!(
                "The key of this log has changed, and the one that you pinned has handed over to {}. It is pinned now.",
                met.vkey
            ));
            let (old, ledger) = (known.vkey.clone(), known.ledger.clone());
            for pin in self.pins.iter_mut().filter(|pin| pin.ledger == ledger && pin.vkey == old) {
                pin.vkey.clone_from(&met.vkey);
                pin.earlier.clone_from(&met.earlier);
            }
            return self.write();
        }
        if known.vkey != met.vkey {
            return Err(Fault::unverified(format!(
                "`{}` shows the log key {}, and you pinned {}. Do not sign anything; ask the registrar",
                met.url, met.vkey, known.vkey
            )));
        }
        Ok(())
    }

    fn write(&self) -> Result<()> {
        if let Some(home) = self.path.parent() {
            shell::make_directory(home)?;
        }
        let mut text = serde_json::to_vec_pretty(&self.pins).context("the pins cannot be written")?;
        text.push(b'\n');
        shell::replace(&self.path, &text, true)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::ending::{Ending, of};

    fn pin(ledger: &str, url: &str, vkey: &str) -> Pin {
        Pin { ledger: ledger.to_owned(), url: url.to_owned(), vkey: vkey.to_owned(), earlier: Vec::new() }
    }

    #[test]
    fn a_ledger_that_changes_is_noticed_and_not_pinned_again() {
        let home = tempfile::tempdir().unwrap();
        let common = Common { json: false, quiet: true, home: Some(home.path().to_owned()), passphrase_file: None };
        Pins::read(&common).unwrap().meet(&pin("a#1", "http://one", "k"), &common).unwrap();
        let mut pins = Pins::read(&common).unwrap();
        pins.meet(&pin("a#1", "http://one", "k"), &common).unwrap();
        // The same ledger at another address is the same ledger.
        pins.meet(&pin("a#1", "http://two", "k"), &common).unwrap();
        for other in [
            pin("a#2", "http://one", "k"),
            pin("a#1", "http://one", "l"),
            pin("b#1", "http://one", "k"),
            pin("a#2", "http://three", "k"),
        ] {
            assert_eq!(of(&pins.meet(&other, &common).unwrap_err()), Ending::Unverified, "{other:?}");
        }
        assert_eq!(Pins::read(&common).unwrap().pins.len(), 1);
    }

    #[test]
    fn a_key_that_handed_over_counts_up_to_that_size() {
        let home = tempfile::tempdir().unwrap();
        let common = Common { json: false, quiet: true, home: Some(home.path().to_owned()), passphrase_file: None };
        Pins::read(&common).unwrap().meet(&pin("a#1", "http://one", "k"), &common).unwrap();
        let mut changed = pin("a#1", "http://one", "l");
        assert!(Pins::read(&common).unwrap().meet(&changed, &common).is_err(), "nobody has handed over to it");
        changed.earlier.push(Earlier { vkey: "k".to_owned(), last_size: 7 });
        Pins::read(&common).unwrap().meet(&changed, &common).unwrap();
        let pins = Pins::read(&common).unwrap();
        let pinned = pins.of_origin("a").unwrap();
        assert_eq!((pinned.key_at(7), pinned.key_at(8)), ("k", "l"));
    }
}
