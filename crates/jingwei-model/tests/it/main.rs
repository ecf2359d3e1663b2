#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail loudly")]

mod encoder;
mod generate;
mod golden;
mod head;
mod hostile;
mod hostile_gguf;
mod reference;
mod tiny;
mod tiny_gguf;
