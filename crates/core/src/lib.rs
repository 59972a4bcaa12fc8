//! Events, terms, rules, keys, replay and the write path: what the ledger means.

pub mod storage;
