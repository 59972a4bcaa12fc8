//! The terms of a version as a signer reads them: their words against the commitments, the header from the terms.

use std::path::Path;

use anyhow::{Context, Result, anyhow};
use counterpart_core::codes::ReferenceSet;
use counterpart_core::commitment::{self, Disclosure};
use counterpart_core::door::WordsByPointer;
use counterpart_core::ids::{OrganisationCode, Stream};
use counterpart_core::json::{self, Limits, Value};
use counterpart_core::roles::OrganisationFacts;
use counterpart_core::terms::{Party, Terms};
use counterpart_core::{derive, draft};

use crate::act::printable;
use crate::ending::Fault;
use crate::ledger::Ledger;
use crate::signing::Hand;
use crate::versions::Version;
use crate::web::Web;
use crate::{Common, shell};

/// The terms of one version, opened against its commitments.
pub struct Read {
    skeleton: Value,
    words: WordsByPointer,
    unopened: usize,
}

impl Read {
    /// Shows the terms of a version to whoever is about to sign it, and derives its header again from them. A version
    /// without terms, of an import or an emergency, has nothing to be derived from, and that is said.
    ///
    /// # Errors
    ///
    /// As for [`Read::find`] and [`Read::check`].
    pub fn told(
        ledger: &Ledger,
        stream: Stream,
        version: &Version,
        file: Option<&Path>,
        hand: Option<&Hand>,
        common: &Common,
    ) -> Result<()> {
        if version.terms.is_none() {
            common.say(&format!(
                "Version {} brought no terms; what stands in clear of it is all there is.",
                version.number
            ));
            return Ok(());
        }
        let read = Self::find(ledger, stream, version, file, hand, common)?;
        read.check(ledger, version)?;
        read.tell(version);
        Ok(())
    }

    /// Finds the words of a version: in `file`, among the receipts of this home, or at the ledger; and opens them.
    ///
    /// # Errors
    ///
    /// They are nowhere, or do not open the commitments of the version (exit 4).
    pub fn find(
        ledger: &Ledger,
        stream: Stream,
        version: &Version,
        file: Option<&Path>,
        hand: Option<&Hand>,
        common: &Common,
    ) -> Result<Self> {
        let kept = shell::home(common.home.as_deref())?.join("receipts").join(format!("{}.json", version.proposed_by));
        let held = match file {
            Some(file) => Some(read_words(&shell::read(file)?)?),
            None if kept.exists() => Some(read_words(&shell::read(&kept)?)?),
            None => at_ledger(ledger, stream, version, hand, common)?,
        };
        let disclosures = held.ok_or_else(|| {
            anyhow!("the terms of this version are neither here nor readable at the ledger; get the filed event with its words, and give it with --terms FILE (or sign without reading, with --unread)")
        })?;
        Self::open(&disclosures, version)
    }

    /// Opens words against the commitments of a version.
    ///
    /// # Errors
    ///
    /// They are other words (exit 4).
    pub fn open(disclosures: &[Disclosure], version: &Version) -> Result<Self> {
        let wrong = |problem: String| {
            Fault::unverified(format!("the terms that were shown are not those of this version: {problem}"))
        };
        let id = version.proposed_by.to_string();
        let terms = disclosures.iter().find(|disclosure| disclosure.pointer == "/terms");
        let terms = terms.ok_or_else(|| wrong("there is no disclosure of `/terms`".to_owned()))?;
        let promised = version.terms.ok_or_else(|| wrong("it promises none".to_owned()))?;
        commitment::open(terms, &id, &promised).map_err(|error| wrong(error.to_string()))?;
        let limits = Limits { max_depth: commitment::MAX_CONTENT_DEPTH, max_bytes: commitment::MAX_CONTENT };
        let skeleton = json::parse(&terms.content, limits).map_err(|error| wrong(error.to_string()))?;
        let within = commitment::commitments(&skeleton, "/terms").map_err(wrong)?;
        let mut words = WordsByPointer::new();
        let mut unopened = 0;
        for (pointer, commitment) in within {
            let Some(disclosure) = disclosures.iter().find(|disclosure| disclosure.pointer == pointer) else {
                unopened += 1;
                continue;
            };
            commitment::open(disclosure, &id, &commitment).map_err(|error| wrong(error.to_string()))?;
            let path = pointer.strip_prefix("/terms").unwrap_or_default().to_owned();
            words.insert(path, String::from_utf8_lossy(&disclosure.content).into_owned());
        }
        Ok(Self { skeleton, words, unopened })
    }

    /// Derives the header again and compares it with the one that signers' hashes name.
    ///
    /// # Errors
    ///
    /// They differ (exit 4), or an organisation cannot be looked up.
    pub fn check(&self, ledger: &Ledger, version: &Version) -> Result<()> {
        let terms: Terms = json::from_value(&self.skeleton).map_err(|error| {
            Fault::unverified(format!("the terms of this version are not of their schema: {error}"))
        })?;
        let header = version.header()?;
        let parties: Vec<Party> = header.parties.iter().map(Party::from).collect();
        let mut facts: Vec<OrganisationFacts> = Vec::new();
        for party in &parties {
            facts.extend(ledger.organisation(party.organisation)?);
        }
        let organisations = |code: OrganisationCode| facts.iter().find(|fact| fact.code == code).cloned();
        let genesis = ledger.genesis();
        let reference = ReferenceSet::resolve(&genesis.code_lists, &genesis.policies)?;
        let derived = derive::header(&terms, &parties, &organisations, &reference, header.changes.clone());
        let derived = derived.map_err(|messages| {
            let first = messages.first().map(|message| message.message.clone()).unwrap_or_default();
            Fault::unverified(format!("no header follows from the terms: {first}"))
        })?;
        if derived == *header {
            return Ok(());
        }
        let spelt = |header: &counterpart_core::header::Header| json::to_value(header).context("a header is JSON");
        let paths = derive::changes(&spelt(&derived)?, &spelt(header)?).unwrap_or_default();
        let paths: Vec<&str> = paths.iter().map(counterpart_core::header::Pointer::as_str).collect();
        Err(Fault::unverified(format!(
            "the header that the ledger shows is not the one that follows from the terms; they differ at {}. Sign nothing, and ask the other parties",
            paths.join(", ")
        )))
    }

    /// The terms, words in place.
    pub fn whole(&self) -> Value {
        draft::join(&self.skeleton, &self.words)
    }

    /// Whether every text of the terms is here.
    pub const fn is_whole(&self) -> bool {
        self.unopened == 0
    }

    /// Shows the terms, words in place.
    pub fn tell(&self, version: &Version) {
        let plain = serde_json::to_value(self.whole()).ok().and_then(|value| serde_yaml_ng::to_string(&value).ok());
        shell::say(&format!("Version {}, with the hash {}.", version.number, version.hash));
        shell::say("The terms of this version, which open its commitments and give its header:");
        for line in plain.unwrap_or_default().lines() {
            shell::say(&format!("  {}", printable(line)));
        }
        if self.unopened > 0 {
            shell::say(&format!(
                "{} text(s) of the terms were not shown to you: their words are not here.",
                self.unopened
            ));
        }
    }
}

fn read_words(bytes: &[u8]) -> Result<Vec<Disclosure>> {
    let value: serde_json::Value = serde_json::from_slice(bytes).context("the file with the terms is not JSON")?;
    let words = value.get("disclosures").cloned().unwrap_or(value);
    serde_json::from_value(words).context("the file holds no disclosures")
}

/// What the ledger shows of the words to everybody or, where that is nothing, to the organisation that signs.
fn at_ledger(
    ledger: &Ledger,
    stream: Stream,
    version: &Version,
    hand: Option<&Hand>,
    common: &Common,
) -> Result<Option<Vec<Disclosure>>> {
    let id = stream.to_string();
    let path = format!("/api/v1/agreements/{}/versions/{}", id.trim_start_matches("agr:"), version.number);
    if let Some(words) = shown(ledger.web(), &path)? {
        return Ok(Some(words));
    }
    let Some(hand) = hand else { return Ok(None) };
    match ledger.read_as(hand) {
        Ok(web) => shown(&web, &path),
        Err(error) => {
            common.say(&format!("The words could not be read for {}: {error:#}", hand.signer.organisation));
            Ok(None)
        }
    }
}

fn shown(web: &Web, path: &str) -> Result<Option<Vec<Disclosure>>> {
    let answer = web.get(path)?;
    if !answer.is_success() {
        return Ok(None);
    }
    let words = answer.json()?.get("disclosures").cloned().unwrap_or_default();
    let words: Vec<Disclosure> =
        serde_json::from_value(words).context("the ledger's disclosures are not of their form")?;
    Ok(Some(words).filter(|words| words.iter().any(|word| word.pointer == "/terms")))
}
