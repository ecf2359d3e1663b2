use jingwei_catalog::document::{Document, Problems};

use crate::{Policy, parse_policy};

/// The policy that serves where no other is named.
pub const BASELINE_TOML: &str = include_str!("../policies/baseline.toml");

/// Reads [`BASELINE_TOML`].
pub fn baseline() -> Result<Document<Policy>, Problems> {
    parse_policy("baseline.toml", BASELINE_TOML.as_bytes())
}

#[cfg(test)]
#[path = "baseline_tests.rs"]
pub(crate) mod tests;
