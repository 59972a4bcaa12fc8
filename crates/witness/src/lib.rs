//! A witness says that a log has only grown: it cosigns a checkpoint after it has checked that the checkpoint goes on
//! from the last one it cosigned, so that nobody can be shown another history without its help.
//!
//! *In scope*: C2SP tlog-witness v1, both sides: a complete witness for any logs ([`Witness`], [`router`]), and what a
//! log does to ask one ([`submit`]) and all of them ([`Gathering`], [`ask_before_signing`]). Checking and keeping are one step, durable before the answer.
//!
//! *Out of scope*: what the entries of a log mean. This crate knows no agreement, and so a body that runs a witness
//! answers for nothing that the log says (`docs/adr/0010-a-witness-knows-no-agreement.md`). The clock is a value that
//! the caller gives; keys arrive as values.

mod asking;
mod claims;
mod decide;
mod gathering;
mod history;
mod logs;
mod records;
mod serve;
mod start_check;
mod witness;

pub use asking::{Asked, Http, Reply, Shortfall, Transport, submit};
pub use claims::Claim;
pub use decide::{Refused, Seen};
pub use gathering::{Alarm, Gathering, Keep, Prover, Recall, Standing, Surroundings, WitnessStanding, Witnessed};
pub use history::{History, HistoryError};
pub use logs::{LogListError, Logs, WatchedLog};
pub use records::{Folder, Records, RecordsError};
pub use serve::{Clock, router};
pub use start_check::{StartCheck, ask_before_signing};
pub use witness::{Witness, WitnessError};
