//! The one test binary of this crate: over real loopback sockets and real processes.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test helpers outside #[test] functions")]

#[cfg(unix)]
mod agents;
mod bad_servers;
mod support;
mod targets;
mod upstream;
