//! Which versions are past their support.

use jingwei_core::{Date, Text};
use serde::{Deserialize, Serialize};

/// `endoflife/<id>.toml`: the releases of one product with the days on which they stop being supported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EndOfLifeList {
    pub kind: ListKind,
    pub version: u32,
    /// The product: `python`, `node`, `debian`.
    pub id: String,
    pub title: Text,
    /// Where the days were read.
    pub source: String,
    /// The source itself was read.
    pub verified: bool,
    /// Other names under which the product is met, such as `nodejs` or `cpython`.
    #[serde(default)]
    pub names: Vec<String>,
    #[serde(rename = "release")]
    pub releases: Vec<Release>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ListKind {
    EndOfLife,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Release {
    /// The leading numbers of the versions that belong to it: `3.8` for 3.8.20, `12` for 12.5.
    pub cycle: String,
    #[serde(default)]
    pub name: Option<String>,
    /// The first day without security updates for everybody.
    pub ends: Date,
    /// Only the month is given by the source; `ends` is its last day.
    #[serde(default)]
    pub month_only: bool,
    /// Support that is paid for or that others give, until this day.
    #[serde(default)]
    pub extended: Option<Date>,
}

/// What is known of one version on one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndOfLife {
    pub product: String,
    pub cycle: String,
    pub ends: Date,
    /// Negative while it is supported.
    pub days_past: i64,
    pub extended_until: Option<Date>,
    pub reason: Text,
    pub source: String,
    pub verified: bool,
}

/// The list cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the end-of-life list cannot be read: {0}")]
pub struct ListError(String);

impl EndOfLifeList {
    pub fn read(text: &str) -> Result<Self, ListError> {
        toml::from_str(text).map_err(|e| ListError(e.to_string()))
    }
}

/// What is known of a product's version on a day; `None` where no list has it. A product that has several lists is in the first one.
#[must_use]
pub fn end_of_life(lists: &[EndOfLifeList], product: &str, version: &str, on: Date) -> Option<EndOfLife> {
    let product = product.trim().to_ascii_lowercase();
    let list = lists.iter().find(|list| list.id == product || list.names.contains(&product))?;
    let version = version.trim().trim_start_matches(['v', 'V']);
    let named = |release: &&Release| release.name.as_deref().is_some_and(|name| name.eq_ignore_ascii_case(version));
    let belongs = |release: &&Release| {
        version.strip_prefix(release.cycle.as_str()).is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()))
    };
    // `3.1` and `3.10` do not meet, thanks to the digit rule; the longest one is the nearest.
    let release = list
        .releases
        .iter()
        .filter(|release| belongs(release) || named(release))
        .max_by_key(|release| release.cycle.len())?;
    let days_past = on.start().days_since(release.ends.start());
    let (title, cycle, ends) = (&list.title, &release.cycle, release.ends);
    let reason = if days_past > 0 {
        Text::new(
            format!("{} {cycle} 的支持已于 {ends} 结束", title.zh),
            format!("support of {} {cycle} ended on {ends}", title.en),
        )
    } else {
        Text::new(
            format!("{} {cycle} 的支持将于 {ends} 结束", title.zh),
            format!("support of {} {cycle} ends on {ends}", title.en),
        )
    };
    Some(EndOfLife {
        product: list.id.clone(),
        cycle: cycle.clone(),
        ends,
        days_past,
        extended_until: release.extended,
        reason,
        source: list.source.clone(),
        verified: list.verified,
    })
}
