//! The versions of an agreement, recomputed here from the events of its stream, and which of them a person means.
//!
//! The ledger says which versions matter now; what is signed is the hash that is computed here.

use anyhow::{Context, Result};
use clap::Args;
use counterpart_core::commitment::Commitment;
use counterpart_core::derive::version_hash;
use counterpart_core::event::data::Data;
use counterpart_core::header::Header;
use counterpart_core::ids::{EventId, OrganisationCode, Stream};
use counterpart_core::json;
use counterpart_core::wire::Digest;
use serde::Deserialize;

use crate::ending::Fault;
use crate::ledger::{Ledger, Recorded};

/// One version of an agreement.
#[derive(Clone, Debug)]
pub struct Version {
    /// Its number: every draft of the stream counts.
    pub number: u32,
    /// Its header; none of an import, whose header has gaps.
    pub header: Option<Box<Header>>,
    /// The commitment to its terms, where there are some.
    pub terms: Option<Commitment>,
    /// What signers name.
    pub hash: Digest,
    /// The event that proposed it.
    pub proposed_by: EventId,
}

impl Version {
    /// The header.
    ///
    /// # Errors
    ///
    /// It is that of an import.
    pub fn header(&self) -> Result<&Header> {
        let header = self.header.as_deref();
        header.with_context(|| format!("version {} was imported, so its header has gaps; file it anew", self.number))
    }
}

/// What a person does with a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Freezes it for signing.
    Submit,
    /// Advises on it.
    Advise,
    /// Approves, executes or declines it.
    Sign,
    /// Accepts or rejects it as a counter-proposal.
    Answer,
}

/// Which version is meant, where a verb may mean two.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct Meant {
    /// Which version [default: the one that can be meant; asks where two can]
    #[arg(long, value_name = "N")]
    pub version: Option<u32>,
}

/// An agreement as the ledger says it stands, with its versions.
pub struct Drafts {
    /// Its stream.
    pub stream: Stream,
    /// In order.
    pub versions: Vec<Version>,
    standing: Standing,
}

/// What is read of the ledger's answer.
#[derive(Debug, Deserialize)]
struct Standing {
    version: u32,
    versions: Vec<Row>,
    parties: Vec<Side>,
    #[serde(default)]
    answered: Option<u32>,
    #[serde(default)]
    counter: Option<u32>,
    #[serde(default)]
    amendment: Option<Open>,
}

#[derive(Debug, Deserialize)]
struct Row {
    version: u32,
    version_hash: Digest,
}

#[derive(Debug, Deserialize)]
struct Side {
    organisation: OrganisationCode,
    state: String,
}

#[derive(Debug, Deserialize)]
struct Open {
    version: u32,
    state: String,
}

impl Drafts {
    /// Reads an agreement, named by its id or reference.
    ///
    /// # Errors
    ///
    /// There is none, or the hashes that the ledger shows are not those of the events that it shows (exit 4).
    pub fn read(ledger: &Ledger, named: &str) -> Result<Self> {
        Self::of(ledger, ledger.agreement(named)?)
    }

    /// Reads the agreement of a stream.
    ///
    /// # Errors
    ///
    /// As for [`Drafts::read`].
    pub fn of(ledger: &Ledger, stream: Stream) -> Result<Self> {
        let id = stream.to_string();
        let standing = ledger.web().json(&format!("/api/v1/agreements/{}", id.trim_start_matches("agr:")))?;
        let standing: Standing = serde_json::from_value(standing)
            .context("the ledger describes the agreement in a way that this program does not understand")?;
        let events = ledger.events(stream)?;
        let versions = versions(&events, stream)?;
        for row in &standing.versions {
            let own = versions.iter().find(|version| version.number == row.version);
            if own.is_none_or(|own| own.hash != row.version_hash) {
                return Err(Fault::unverified(format!(
                    "the ledger says that version {} has the hash {}, and its events give another. Sign nothing, and ask the other parties",
                    row.version, row.version_hash
                )));
            }
        }
        Ok(Self { stream, versions, standing })
    }

    /// One version by its number.
    ///
    /// # Errors
    ///
    /// There is none.
    pub fn version(&self, number: u32) -> Result<&Version> {
        self.versions.iter().find(|version| version.number == number).ok_or_else(|| {
            Fault::usage(format!("the agreement has {} version(s), and none of number {number}", self.versions.len()))
        })
    }

    /// The version that a new draft is compared with.
    ///
    /// # Errors
    ///
    /// The ledger shows none.
    pub fn answered(&self) -> Result<&Version> {
        self.version(self.standing.answered.unwrap_or(self.standing.version))
    }

    /// The version in force or under discussion.
    ///
    /// # Errors
    ///
    /// The ledger shows none.
    pub fn current(&self) -> Result<&Version> {
        self.version(self.standing.version)
    }

    /// The version that an organisation means by what it does; `asked` settles it.
    ///
    /// # Errors
    ///
    /// There is none, or two can be meant and nobody said which (exit 2).
    pub fn meant(&self, act: Act, organisation: Option<OrganisationCode>, asked: Meant) -> Result<&Version> {
        if let Some(number) = asked.version {
            return self.version(number);
        }
        let candidates = self.candidates(act, organisation);
        match candidates.as_slice() {
            [(one, _)] => self.version(*one),
            [] => Err(Fault::usage("no counter-proposal waits for an answer")),
            several => {
                let named: Vec<String> = several.iter().map(|(number, what)| format!("{number} ({what})")).collect();
                Err(Fault::usage(format!("that may mean version {}; say which with --version", named.join(" or "))))
            }
        }
    }

    fn candidates(&self, act: Act, organisation: Option<OrganisationCode>) -> Vec<(u32, &'static str)> {
        let standing = &self.standing;
        let current = (standing.version, if standing.amendment.is_some() { "in force" } else { "under discussion" });
        let counter = standing.counter.map(|number| (number, "the counter-proposal"));
        let amendment = standing.amendment.as_ref().map(|open| (open.version, "the amendment"));
        match act {
            Act::Answer => counter.into_iter().collect(),
            Act::Submit => vec![amendment.unwrap_or(current)],
            Act::Advise => match (amendment, counter) {
                (Some(amendment), _) => vec![current, amendment],
                (None, Some(counter)) => vec![current, counter],
                (None, None) => vec![current],
            },
            Act::Sign => match (&standing.amendment, amendment) {
                (Some(open), Some(amendment)) => {
                    let side = standing.parties.iter().find(|side| Some(side.organisation) == organisation);
                    let bound = side.is_some_and(|side| matches!(side.state.as_str(), "EXECUTED" | "SUSPENDED"));
                    // A body that is still joining may mean what is in force or, when the amendment names it, that.
                    match (bound, open.state.as_str()) {
                        (true, _) => vec![amendment],
                        (false, "SIGNING") => vec![current, amendment],
                        (false, _) => vec![current],
                    }
                }
                (_, _) => vec![current],
            },
        }
    }
}

/// Every version, its number and hash computed here.
fn versions(events: &[Recorded], stream: Stream) -> Result<Vec<Version>> {
    let mut versions: Vec<Version> = Vec::new();
    for recorded in events {
        let data = &recorded.event.data;
        let (jcs, header) = if let Some(header) = data.header() {
            (json::to_jcs(header)?, Some(Box::new(header.clone())))
        } else if let Data::AgreementImported(import) = data {
            (json::to_jcs(&*import.header)?, None)
        } else {
            continue;
        };
        let number = u32::try_from(versions.len()).unwrap_or(u32::MAX).saturating_add(1);
        let terms = data.terms();
        let hash = version_hash(&jcs, stream, terms, number);
        versions.push(Version { number, header, terms, hash, proposed_by: recorded.event.id });
    }
    Ok(versions)
}
