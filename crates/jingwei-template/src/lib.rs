//! Reads what comes with weights and is no weights: chat templates, configurations, tokenizers, notes, scripts.
//!
//! Never knows: the weights, the file system, how severe a sighting is; it runs no template and no script.
//!
//! Invariant: every byte is answered for, read or named as not inspected; work is linear in the bytes that are there,
//! and constants are put together only within a budget.

mod config;
mod lines;
mod lookalike;
mod marks;
mod note;
mod orders;
mod path;
mod project;
mod read;
mod requirements;
mod script;
mod template;
mod tokenizer;
mod unicode;

pub use config::{inspect_config, inspect_settings, inspect_yaml};
pub use marks::{has_marks, inspect_marks};
pub use note::{
    Note, base64, inspect_formulas, inspect_modelines, inspect_note, inspect_orders, inspect_prose, is_for_agents,
};
pub use project::{inspect_project, reads_by_itself};
pub use requirements::{inspect_indexes, inspect_lock, inspect_packages, inspect_requirements};
pub use script::{
    Language, inspect_markup, inspect_notebook, inspect_script, inspect_source, inspect_torchscript, interpreter,
};
pub use template::{inspect_template, inspect_template_text};
pub use tokenizer::{
    inspect_character_map, inspect_ranks, inspect_sentencepiece, inspect_tokenizer, inspect_tokenizer_settings,
    inspect_vocabulary, inspect_word_list, is_sentencepiece,
};
