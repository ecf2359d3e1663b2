//! Small models that correct the rules where a reply turns a request down without a word of declining, or seems to decline
//! and does not: a linear one over words, characters and rule cues of the reply, and beside it small networks over its parts.
//!
//! Of the question they see the form, and its words only together with what the reply does: what is asked must not by
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
