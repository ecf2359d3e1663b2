//! Findings that were there before: only what is new counts.

use std::{collections::BTreeSet, fs, path::Path};

use jingwei_core::{Digest, Finding};
use serde::{Deserialize, Serialize};

use super::{ScanReport, State};
use crate::{Error, register::internal, report::replace};

/// The file that `--write-baseline` writes and `--baseline` reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// Always `scan-baseline`.
    pub kind: String,
    pub version: u32,
    pub check: String,
    pub fingerprints: BTreeSet<Digest>,
}

impl Baseline {
    /// Of everything in a report that is not suppressed.
    #[must_use]
    pub fn of(report: &ScanReport) -> Self {
        let open = report.findings.iter().filter(|reported| !matches!(reported.state, State::Suppressed { .. }));
        Self {
            kind: "scan-baseline".to_owned(),
            version: 1,
            check: report.check.clone(),
            fingerprints: open.map(|reported| reported.finding.fingerprint).collect(),
        }
    }

    pub fn read(path: &Path) -> Result<Self, Error> {
        let shown = path.display();
        let bytes = fs::read(path)
            .map_err(|e| Error::invalid(format!("无法读取 `{shown}`"), format!("cannot read `{shown}`")).because(e))?;
        let bad = || {
            Error::invalid(
                format!("`{shown}` 不是基线文件；请用 --write-baseline 生成"),
                format!("`{shown}` is no baseline; write one with --write-baseline"),
            )
        };
        let baseline: Self = serde_json::from_slice(&bytes).map_err(|e| bad().because(e))?;
        if baseline.kind != "scan-baseline" || baseline.version != 1 {
            return Err(bad());
        }
        Ok(baseline)
    }

    pub fn write(&self, path: &Path) -> Result<(), Error> {
        let mut text = serde_json::to_string_pretty(self).map_err(internal)?;
        text.push('\n');
        let shown = path.display();
        replace(path, text.as_bytes())
            .map_err(|e| Error::failed(format!("无法写 `{shown}`"), format!("cannot write `{shown}`")).because(e))
    }

    /// A baseline of one check says nothing about another.
    pub fn of_check(self, check: &str) -> Result<Self, Error> {
        if self.check == check {
            return Ok(self);
        }
        let own = &self.check;
        Err(Error::invalid(
            format!("基线来自 {own}，不能用于 {check}"),
            format!("the baseline is of {own} and cannot be used for {check}"),
        ))
    }

    #[must_use]
    pub fn has(&self, finding: &Finding) -> bool {
        self.fingerprints.contains(&finding.fingerprint)
    }
}
