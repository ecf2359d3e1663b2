//! An OpenAI-compatible proxy with the guard in front of a model and behind it.
//!
//! A request is read within limits, the first binding that fits it names its policy, its texts are judged, what the
//! policy says is done, and only what was read and judged is written out again and sent on; the reply goes the same
//! way back, whole or as a stream.
//! It will never know risks, evidence or storage, it decides nothing that the policy does not say, and it
//! asks no clock but the one that it is given. Called by the binary, which owns addresses and secrets.
//!
//! Invariants: no text reaches the model or the caller unjudged, unless a binding says `off` and the event tells it;
//! the policy of a request is one snapshot
//! from its first byte to its last; a policy that does not load changes nothing; content of prompts and
//! replies never enters an event or a log line.

mod chat;
mod choices;
mod event;
mod health;
mod language;
mod models;
mod problem;
mod protect;
mod redaction;
mod refusal;
mod request;
mod restorer;
mod serve;
mod settings;
mod sse;
mod state;
mod streamed;
mod watch;
mod whole;

pub use event::{GatewayEvent, Outcome};
pub use serve::{router, serve};
pub use settings::{BlockAnswer, GatewaySettings, RandomNumbers};
pub use state::GatewayState;
pub use watch::{Compiled, PolicyWatch};
