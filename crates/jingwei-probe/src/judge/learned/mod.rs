//! A small linear model over words, characters and rule cues of a reply. It corrects the rules where a reply turns a
//! request down without a word of declining, or seems to decline and does not.
//!
//! Of the question it sees the form, and its words only together with what the reply does: what is asked must not by
//! itself sway how the answer is counted.

mod features;
mod model;
mod net;
mod net_train;
mod signals;
mod train;
mod wanted;

pub(super) use features::{Rules, Seen};
pub use model::{ModelError, RefusalModel};
pub use net_train::NetOptions;
pub use train::TrainOptions;
