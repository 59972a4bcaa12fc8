//! Events, terms, rules, keys, replay and the write path: what the ledger means.

pub mod storage;
pub mod event;
pub mod header;
pub mod ids;
pub mod organisation;
pub mod sealed;
pub mod terms;
pub mod words;
pub mod commitment;
pub mod json;
pub mod london;
pub mod time;
pub mod wire;
pub mod refusal;
pub mod message;
pub mod keys;
pub mod offices;
pub mod separation;
pub mod admit;
pub mod agreement;
pub mod keyring;
pub mod ledger;
pub mod replay;
pub mod state;
