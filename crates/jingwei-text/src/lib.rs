//! What a text contains: its normal form with a map back to the original, words of a lexicon,
//! personal data and secrets, hidden characters, text that is encoded inside the text.
//!
//! Never knows what may be done about any of it: that is the guard's, the scanner's, the marker's
//! business. Pure: values in, values out.
//!
//! Invariant: every place that leaves this crate is a byte range of the *original* text, in range
//! and on character boundaries, whatever was normalised or decoded in between.

mod beginnings;
mod characters;
mod confusables;
mod filter;
mod fold;
pub mod heads;
mod heard;
mod hidden;
mod layers;
mod lexicon;
mod normalize;
mod offsets;
mod personal;
mod personal_forms;
mod personal_numbers;
mod personal_open;
mod personal_places;
pub mod phonetic;
mod reading;
mod secrets;
mod sentences;
mod simplify;
pub mod split;
mod trie;
mod undisguise;

pub use fold::is_separator;
pub use hidden::{Hidden, HiddenKind, find_hidden, is_hidden};
pub use layers::{Encoding, Layer, Layers, MAX_RUN_BYTES, decode_layers, has_byte, longest_escape, open_run};
pub use lexicon::{Automaton, LexiconError, LexiconMatch, LexiconWord, Likeness, Scan, Unusable, UnusableWord};
pub use normalize::{NormalizeOptions, Normalized, is_ideograph, normalize};
pub use offsets::OffsetMap;
pub use personal::{MAX_PERSONAL_BYTES, MAX_PERSONAL_CONTEXT_BYTES, PersonalKind, PersonalMatch, find_personal};
pub use personal_numbers::{credit_code_is_valid, luhn_is_valid, resident_id_is_valid};
pub use personal_open::open_personal;
pub use reading::{Reading, plain_form, restart_before};
pub use secrets::{MAX_KEY_BLOCK_BYTES, SecretKind, SecretMatch, find_private_keys, find_secrets, open_private_key};
pub use sentences::{sentence_places, sentences};
pub use simplify::to_simplified;
pub use undisguise::leet_letter;
