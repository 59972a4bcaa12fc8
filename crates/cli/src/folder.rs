//! The folder of one ledger, `--data`: its own keys and its store.
//!
//! ```text
//! ledger.json   format 1, which has no member `format`: {"answer_key":"<key id>","log_key":"<vkey>","origin":"<origin>"}
//! log.key       signs checkpoints: PKCS#8 PEM, mode 0600, sealed if a passphrase was given
//! log-*.key     other keys of the same log, to come or to go: the same; `*` is the id of the key in its vkey
//! answer.key    signs refusals: the same
//! pending/      what waits for signatures, sealed; no part of the record, and in no backup
//! store/        records, words, the keys of words, signed checkpoints (`counterpart-store`)
//! ended.note    by which statement the ledger ended, if it did; the one in the store counts
//! continues.note, predecessor.note   from which ledger this one goes on, if it does, and by which statement that one ended
//! *.begun       the first three while `init` makes them; nothing was founded with them yet
//! ```

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use counterpart_core::commitment::{Disclosure, DisclosureError, Promised};
use counterpart_core::ledger::LogKeys;
use counterpart_core::statement::{Continues, Founding, Held, Kind, Statement};
use counterpart_core::wire::KeyId;
use counterpart_core::{json, replay};
use counterpart_store::embedded::{Embedded, Options, Verify};
use counterpart_store::{Folder as Waiting, Word};
use counterpart_tlog::ed25519::SigningKey;
use counterpart_tlog::note::{NoteSigner, VerifierKey};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::ending::Fault;
use crate::passphrase::Passphrase;
use crate::{care, key_file, shell};

/// What stands in `ledger.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// The key id of the key that signs refusals.
    pub answer_key: KeyId,
    /// The verifier key of the log, as a genesis pins it.
    pub log_key: String,
    /// Host and prefix of the log.
    pub origin: String,
}

/// That this ledger goes on from another one, signed by its answer key; and the statement by which that one ended.
const CONTINUES: &str = "continues.note";
const PREDECESSOR: &str = "predecessor.note";

/// The format of `ledger.json`: a member that format 1 does not have.
#[derive(Deserialize)]
struct Format {
    format: u64,
}

impl Format {
    fn of(bytes: &[u8]) -> Option<u64> {
        serde_json::from_slice::<Self>(bytes).ok().map(|found| found.format)
    }
}

/// What `init` makes, in the order in which it gets its own names.
const MADE: [&str; 3] = ["log.key", "answer.key", "ledger.json"];

/// How the files of later keys of the log begin.
const LATER: &str = "log-";

/// A key of the log that was made.
pub struct MadeKey {
    /// Its file.
    pub file: PathBuf,
    /// What others verify with.
    pub vkey: String,
}

/// The folder of one ledger.
#[derive(Clone, Debug)]
pub struct Folder {
    root: PathBuf,
}

impl Folder {
    /// The folder at this path, whether it is there or not.
    pub fn at(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.root
    }

    fn file(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// Which ledger it is for.
    ///
    /// # Errors
    ///
    /// `init` has not made its keys yet.
    pub fn identity(&self) -> Result<Identity> {
        let path = self.file("ledger.json");
        if !path.exists() {
            bail!("`{}` holds no ledger; found one with `counterpart init --data {0}`", self.root.display());
        }
        let bytes = shell::read(&path)?;
        let of_another = Format::of(&bytes).filter(|format| *format != 1);
        if let Some(format) = of_another {
            bail!(
                "E-UNSUITABLE `{}` cannot be used: it has format {format} and this program reads 1; use the program that \
                 wrote it",
                path.display()
            );
        }
        serde_json::from_slice(&bytes).with_context(|| format!("`{}` is not the identity of a ledger", path.display()))
    }

    /// Makes the log key and the answer key; keys that are there already for the same origin are kept.
    ///
    /// All three files are made under passing names first, `ledger.json` last: what an attempt left that was cut short
    /// there is ended or made anew. A key under its own name is never replaced.
    ///
    /// # Errors
    ///
    /// The folder is that of another origin, holds somebody's keys or store, or cannot be written.
    pub fn make_keys(&self, origin: &str, passphrase: Option<&str>) -> Result<Identity> {
        if self.file("ledger.json").exists() {
            return self.of_origin(self.identity()?, origin);
        }
        shell::make_directory(&self.root)?;
        // INVARIANT: this file is whole before anything has its own name, so whatever began here is known by it.
        let begun = self.begun("ledger.json");
        let read = if begun.exists() { serde_json::from_slice::<Identity>(&shell::read(&begun)?).ok() } else { None };
        if let Some(identity) = read {
            let identity = self.of_origin(identity, origin)?;
            self.end_begun()?;
            return Ok(identity);
        }
        self.refuse_strangers()?;
        for name in MADE {
            shell::remove(&self.begun(name))?;
        }
        let log = key_file::make(&self.begun("log.key"), passphrase)?;
        let answer = key_file::make(&self.begun("answer.key"), passphrase)?;
        let signer = signer(origin, log)?;
        let identity = Identity {
            answer_key: KeyId::of(&answer.verifying_key().to_bytes()),
            log_key: signer.vkey().to_string(),
            origin: origin.to_owned(),
        };
        let mut text = serde_json::to_vec_pretty(&identity).context("the identity of the ledger cannot be written")?;
        text.push(b'\n');
        shell::write_new(&begun, &text, false)?;
        self.end_begun()?;
        Ok(identity)
    }

    fn begun(&self, name: &str) -> PathBuf {
        self.file(&format!("{name}.begun"))
    }

    /// Gives what was begun its own names, `ledger.json` last: a folder without it was never whole.
    fn end_begun(&self) -> Result<()> {
        for name in MADE {
            let begun = self.begun(name);
            if begun.exists() {
                if self.file(name).exists() {
                    bail!("`{}` exists already and is not overwritten", self.file(name).display());
                }
                shell::rename(&begun, &self.file(name))?;
            } else if !self.file(name).exists() {
                bail!("`{}` is missing; choose another folder", self.file(name).display());
            }
        }
        Ok(())
    }

    /// Without `ledger.json` a key or a store is somebody's who lost it.
    fn refuse_strangers(&self) -> Result<()> {
        for name in ["log.key", "answer.key", "store"] {
            if self.file(name).exists() {
                bail!(
                    "`{}` is there and `ledger.json` is not: put back the `ledger.json` that belongs to it, or choose \
                     another folder",
                    self.file(name).display()
                );
            }
        }
        Ok(())
    }

    fn of_origin(&self, identity: Identity, origin: &str) -> Result<Identity> {
        if identity.origin != origin {
            bail!(
                "`{}` has the keys of `{}`; choose another folder for `{origin}`",
                self.root.display(),
                identity.origin
            );
        }
        Ok(identity)
    }

    /// The key that signs checkpoints.
    ///
    /// # Errors
    ///
    /// It cannot be read or opened, or is not the one of this ledger.
    pub fn log_signer(&self, passphrase: Passphrase<'_>) -> Result<NoteSigner> {
        let identity = self.identity()?;
        let signer = signer(&identity.origin, key_file::load(&self.file("log.key"), passphrase)?)?;
        if signer.vkey().to_string() != identity.log_key {
            bail!("`log.key` in `{}` is not the key of this ledger; restore the right one", self.root.display());
        }
        Ok(signer)
    }

    /// Every key of the log that is here: the one that the ledger was founded with, if it was not taken away, and those
    /// that are to follow it or did.
    ///
    /// # Errors
    ///
    /// None is here, or one cannot be read, opened or is of another log.
    pub fn log_keys(&self, passphrase: Passphrase<'_>) -> Result<LogKeys> {
        let origin = self.identity()?.origin;
        let mut keys =
            self.file("log.key").exists().then(|| self.log_signer(passphrase)).transpose()?.map(LogKeys::from);
        for name in shell::names(&self.root)? {
            if name.strip_prefix(LATER).is_some_and(|rest| rest.strip_suffix(".key").is_some()) {
                let signer = signer(&origin, key_file::load(&self.file(&name), passphrase)?)?;
                keys = Some(match keys {
                    Some(keys) => keys.with(signer),
                    None => LogKeys::from(signer),
                });
            }
        }
        keys.with_context(|| format!("no key of the log is in `{}`; put `log.key` back", self.root.display()))
    }

    /// Makes another key for the log, beside those that are here.
    ///
    /// # Errors
    ///
    /// There is no ledger here, or the folder cannot be written.
    pub fn make_log_key(&self, passphrase: Passphrase<'_>) -> Result<MadeKey> {
        let origin = self.identity()?.origin;
        let key = SigningKey::from_bytes(&Zeroizing::new(shell::entropy::<32>()));
        let pem = key_file::to_pem(&key, passphrase.stored()?.as_deref().map(String::as_str))?;
        let vkey = signer(&origin, key)?.vkey();
        let file = self.file(&format!("{LATER}{}.key", vkey.key_id()));
        shell::write_new(&file, pem.as_bytes(), true)?;
        Ok(MadeKey { file, vkey: vkey.to_string() })
    }

    /// The key that signs refusals.
    ///
    /// # Errors
    ///
    /// It cannot be read or opened, or is not the one of this ledger.
    pub fn answer_key(&self, passphrase: Passphrase<'_>) -> Result<SigningKey> {
        let identity = self.identity()?;
        let key = key_file::load(&self.file("answer.key"), passphrase)?;
        if KeyId::of(&key.verifying_key().to_bytes()) != identity.answer_key {
            bail!("`answer.key` in `{}` is not the key of this ledger; restore the right one", self.root.display());
        }
        Ok(key)
    }

    /// Keeps by which statement the ledger before ended, and says under this one's answer key that it goes on from there.
    ///
    /// # Errors
    ///
    /// The folder cannot be written, or what binds the answer key to the log does not hold.
    pub fn go_on(
        &self,
        answer: &SigningKey,
        ledger: &str,
        founding: Founding,
        predecessor: &str,
        ended: &[u8],
    ) -> Result<()> {
        let digest = hex::encode(Sha256::digest(ended));
        let (at, predecessor) = (shell::now().to_string(), predecessor.to_owned());
        let said = Continues { at, ledger: ledger.to_owned(), predecessor, ended: digest };
        let origin = self.identity()?.origin;
        let note = Statement::new(Kind::Continues, &origin, &said, founding)?.sign(answer)?.to_string();
        shell::replace(&self.file(PREDECESSOR), ended, false)?;
        shell::replace(&self.file(CONTINUES), note.as_bytes(), false)
    }

    /// The statement that this ledger goes on from another one, and that one's, if it does.
    ///
    /// # Errors
    ///
    /// The first does not hold under the log's keys, or it is about another than the second (exit 4).
    pub fn continues(&self, vkeys: &[VerifierKey]) -> Result<Option<(String, String)>> {
        if !self.file(CONTINUES).exists() {
            return Ok(None);
        }
        let (note, ended) = (shell::read_text(&self.file(CONTINUES))?, shell::read(&self.file(PREDECESSOR))?);
        let Held { statement, .. } = Statement::verify(note.as_bytes(), vkeys).map_err(Fault::statement)?;
        let said: Continues = statement.says().map_err(Fault::statement)?;
        if statement.kind != Kind::Continues || said.ended != hex::encode(Sha256::digest(&ended)) {
            return Err(Fault::unverified(format!(
                "`{CONTINUES}` is not about `{PREDECESSOR}`; restore the right files"
            )));
        }
        Ok(Some((note, String::from_utf8_lossy(&ended).into_owned())))
    }

    /// Where the store is.
    pub fn store(&self) -> PathBuf {
        self.file("store")
    }

    /// Opens the store, which checks it: the ends after a clean stop, every record after any other. One process at a time.
    ///
    /// # Errors
    ///
    /// Another process holds it, or what it holds is damaged.
    pub fn open_store(&self) -> Result<Embedded> {
        self.open_store_as(&options())
    }

    /// The same, reading every record, word and row of the index.
    ///
    /// # Errors
    ///
    /// As [`Folder::open_store`].
    pub fn open_store_whole(&self) -> Result<Embedded> {
        self.open_store_as(&Options { verify: Verify::Full, ..options() })
    }

    /// Opens what waits for signatures, beside the store: copies of the store do not reach there.
    ///
    /// # Errors
    ///
    /// The folder cannot be made.
    pub fn open_waiting(&self) -> Result<Waiting> {
        Ok(Waiting::open(&self.file("pending"), Arc::new(shell::fill))?)
    }

    fn open_store_as(&self, options: &Options) -> Result<Embedded> {
        let store = Embedded::open(&self.store(), options)?;
        care::report(&store, &self.root, &shell::say);
        Ok(store)
    }
}

/// What a store is opened with.
pub fn options() -> Options {
    let label = shell::now().to_string().replace([':', '.'], "-");
    Options { words_fit: Some(Arc::new(words_fit)), label, ..Options::new(Arc::new(shell::fill), Arc::new(keys_of)) }
}

/// Whether the words that are kept of an entry open its commitments, and those within the documents that these open.
fn words_fit(entry: &[u8], words: &[Word]) -> Result<(), String> {
    if words.is_empty() {
        return Ok(());
    }
    let read = replay::read(entry).map_err(|stop| stop.to_string())?;
    let limits = json::Limits { max_depth: json::MAX_DEPTH, max_bytes: entry.len() };
    let payload = json::parse(&read.entry.envelope.payload, limits).map_err(|error| error.to_string())?;
    let data = payload.member("data").ok_or("the event has no data")?;
    let wrong = |problem: DisclosureError| format!("the words do not open their commitments: {problem}");
    let read_as = |word: &Word| match Disclosure::from_bytes(&word.bytes) {
        Ok(disclosure) if disclosure.pointer == word.name => Ok(disclosure),
        Ok(disclosure) => Err(format!("the words `{}` are those of `{}`", word.name, disclosure.pointer)),
        Err(problem) => Err(format!("the words `{}` cannot be read: {problem}", word.name)),
    };
    let disclosures = words.iter().map(read_as).collect::<Result<Vec<_>, _>>()?;
    let mut promised = Promised::of(&read.event.id.to_string(), data).map_err(wrong)?;
    promised.open_any(&disclosures).map_err(wrong)
}

fn signer(origin: &str, key: SigningKey) -> Result<NoteSigner> {
    NoteSigner::new(origin, key).map_err(|error| anyhow::anyhow!("`{origin}` cannot be an origin: {error}"))
}

/// Whether an entry commits to words.
pub fn promises_words(entry: &[u8]) -> bool {
    replay::read(entry).is_ok_and(|read| !counterpart_core::door::seals(&read.event.data).is_empty())
}

/// Under which keys an entry is found: its stream and its id, as the write path records them.
pub fn keys_of(entry: &[u8]) -> Vec<Vec<u8>> {
    replay::read(entry).map_or_else(
        // An entry that does not parse stops the replay, which names it.
        |_| Vec::new(),
        |read| vec![read.event.stream.to_string().into_bytes(), read.event.id.as_bytes().to_vec()],
    )
}
