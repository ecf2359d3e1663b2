//! Fakes of the ports in `jingwei_core`, for tests: files in memory, an address with fixed answers.
//!
//! Dev-dependency only. Invariant: no fake reads the clock, the disk or the network, so a test that
//! uses them gives the same result everywhere.

mod exposure;
mod files;
mod organism;
mod upstream;
mod world;

pub use exposure::FixedExposure;
pub use files::{CaseError, MemoryFiles};
pub use organism::{Conduct, KnownQuestion, Organism, ScriptedTarget, ScriptedTargets};
pub use upstream::{Behaviour, Received, Upstream, chat_completion, event_stream};
pub use world::{NoTargets, World};
