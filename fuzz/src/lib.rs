//! Laws that hold for any bytes, each with a fuzz target of its name and a corpus in `corpus/`.
//!
//! A law panics when it is broken. `crates/jingwei/tests/it/fuzz_corpus.rs` holds the corpus, and small changes of it,
//! against the same laws with every test run.

pub mod laws;
