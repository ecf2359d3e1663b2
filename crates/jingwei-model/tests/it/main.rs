#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail loudly")]

mod encoder;
mod golden;
mod head;
mod hostile;
mod reference;
mod tiny;
