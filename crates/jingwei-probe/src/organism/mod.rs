//! Models with known behaviour: the ground truth of tests.
//!
//! An [`Organism`] is a list of tendencies, each a probability or a number, in TOML or JSON. A [`ScriptedModel`] is an
//! organism and the questions that it knows. Its answer follows from the organism's seed and the request alone: same
//! request, same answer, in this process or over a socket. Each tendency draws for itself, so none moves another.
//!
//! Never knows who asks, how often or when. Its answers are inert: a compliance has steps without content.

mod chance;
mod cues;
mod draw;
mod fault;
mod known;
mod model;
mod parameters;
mod planted;
mod presets;
mod quiz;
mod reading;
mod topic;
mod truth;
mod words;

pub use chance::{Chance, NotAChance};
pub use cues::Cues;
pub use fault::{Fault, Faults};
pub use known::Questions;
pub use model::{Scripted, ScriptedModel};
pub use parameters::{
    Alignment, BadOrganism, Breaks, ByLang, Decided, Decodes, Injection, Latency, Leaks, Manners, Organism, Refuses,
    Sandbagging, Thinking,
};
pub use presets::{PRESETS, Preset};
pub use truth::{Condition, Conduct, Disguise, Manner, ThoughtKind, Truth};
