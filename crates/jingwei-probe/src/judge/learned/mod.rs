//! A small linear model over words, characters and rule cues of a reply. It corrects the rules where a reply turns a
//! request down without a word of declining, or seems to decline and does not.
//!
//! It sees the reply and nothing of the question: what is asked must not sway how the answer is counted.

mod features;
mod model;
mod train;

pub(super) use features::Rules;
pub use model::{ModelError, RefusalModel};
pub use train::TrainOptions;
