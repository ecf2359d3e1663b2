//! Behaviour of the checks as a caller sees it, through fakes of the ports.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail by panicking, as tests do")]

mod builders;
mod documents;
mod exposure;
mod gguf;
mod hostile;
mod inventory;
mod nested;
mod pickle;
mod rules;
mod safetensors;
mod support;
