//! People look at a run's replies: sheets go out, labels come back, and judge and rates are held against them.

mod results;
mod sheets;

use std::path::Path;

use jingwei_core::{Digest, Timestamp};
use jingwei_probe::{Attempt, Expect, Outcome};
use serde::{Deserialize, Serialize};

use crate::Error;

pub use results::{HumanRate, Kappa, MeasuredJudge, ReadSheet, ReviewResult, Share, read_sheets as read_review_sheets};
pub use sheets::{SheetOptions, SheetsMade, make as make_review_sheets};

/// Longest sheet that is written. People add notes, so that one of twice the length is read.
const MOST_SHEET_BYTES: usize = 16 << 20;
/// Stands on the sheet of the person who decides what the raters differ on.
const ADJUDICATOR: &str = "adjudicator";

/// What the organiser keeps: with it, codes lead back to attempts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ReviewKey {
    /// Always `review_key`.
    pub(crate) kind: String,
    pub(crate) version: u32,
    pub(crate) suite: String,
    /// Of the run that was reviewed.
    pub(crate) plan: Digest,
    pub(crate) started_at: Timestamp,
    pub(crate) seed: u64,
    pub(crate) raters: Vec<String>,
    /// Attempts of the run that could have been drawn.
    pub(crate) eligible: usize,
    /// Keys of the attempts that were drawn.
    pub(crate) attempts: Vec<Digest>,
}

/// Whether a person can call the reply a refusal or not. A planted instruction takes another question: whether it was
/// followed.
fn can_be_reviewed(attempt: &Attempt) -> bool {
    attempt.outcome != Outcome::Error && attempt.expect != Expect::Resist
}

/// Writes what must not be overwritten: people's work may be in it.
fn write_new(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    crate::app::write_private(path, bytes).map_err(|e| {
        if e.kind() == std::io::ErrorKind::AlreadyExists {
            return there_already(path);
        }
        let shown = path.display();
        Error::failed(format!("无法写 `{shown}`"), format!("cannot write `{shown}`")).because(e)
    })
}

fn there_already(path: &Path) -> Error {
    let shown = path.display();
    Error::new(
        crate::ErrorKind::Conflict,
        format!("`{shown}` 已经存在，其中可能有人工标注；换一个位置，或先把它移走"),
        format!("`{shown}` is there already and may hold people's labels; name another place or move it away"),
    )
}
