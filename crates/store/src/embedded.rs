//! Files on one disk: the parts of the record file.
//!
//! `frame` is the framing with its checksum, `run` a preallocated file of frames, `disk` what both ask of
//! the file system. The store that puts them together, with words, locks and index, is not built yet.

mod disk;
mod frame;
mod run;
