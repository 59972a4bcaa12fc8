//! Events, terms, rules, keys, replay and the write path: what the ledger means.

pub mod admit;
pub mod agreement;
pub mod commitment;
pub mod event;
pub mod header;
pub mod ids;
pub mod json;
pub mod keyring;
pub mod keys;
pub mod ledger;
pub mod london;
pub mod message;
pub mod offices;
pub mod organisation;
pub mod refusal;
pub mod replay;
pub mod sealed;
pub mod separation;
pub mod state;
pub mod storage;
pub mod terms;
pub mod time;
pub mod wire;
pub mod words;
