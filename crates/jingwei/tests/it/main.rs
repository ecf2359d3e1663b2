//! The one end-to-end test binary: the house's own rules, and the command line as a user meets it.

mod cli;
mod layers;
mod support;
