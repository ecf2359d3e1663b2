//! What a run's journal says of the questions of a filing.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
};

use jingwei_catalog::filing::FilingRole;
use jingwei_core::{Arm, Digest, Finish, Timestamp};
use jingwei_probe::{Expect, Outcome, TurnAnswer, filing::Mark};
use serde::Serialize;

use super::Standard;
use crate::{
    Error,
    probes::{RunHeader, each_line},
};

/// Longest first line of a journal that is read, in bytes.
const MAX_HEADER_BYTES: u64 = 64 << 20;

/// A question's reply in a run.
#[derive(Debug, Clone)]
pub(crate) struct RunReply {
    pub role: FilingRole,
    pub item: String,
    pub arm: Arm,
    /// What the target answered; empty where nothing came.
    pub text: String,
    /// Digest of the reply; `None` where none came.
    pub digest: Option<Digest>,
    /// The provider or the guard held it back: there is no content.
    pub held_back: bool,
    /// What the run's own refusal judge says: a hit is a refusal.
    pub refusal: Mark,
}

/// A run that was read.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunUse {
    pub folder: String,
    pub suite: String,
    pub started_at: Timestamp,
    /// Digest of the journal's bytes.
    pub journal: Digest,
    /// Of the plan that was run.
    pub plan: Digest,
    pub targets: Vec<String>,
    pub replies: u64,
    /// Attempts that are no plain, single question of one of the banks: other parts, disguises, repetitions.
    pub other_attempts: u64,
}

/// Replies of runs, the first of each question and arm.
pub(crate) fn read_runs(standard: &Standard<'_>, folders: &[PathBuf]) -> Result<(Vec<RunReply>, Vec<RunUse>), Error> {
    let mut replies: BTreeMap<(FilingRole, Arm, String), RunReply> = BTreeMap::new();
    let mut uses = Vec::new();
    for folder in folders {
        let (header, journal) = header_of(folder)?;
        let (mut count, mut other) = (0_u64, 0_u64);
        each_line(folder, |line| {
            let attempt = line.attempt;
            let is_plain = attempt.epoch == 0 && attempt.chain == "identity/1";
            let Some(role) = role_of(standard, &attempt.part, &attempt.dataset).filter(|_| is_plain) else {
                other += 1;
                return;
            };
            let answer = line.conversation.judged().map(|turn| &turn.answer);
            let (text, held_back) = match answer {
                Some(TurnAnswer::Reply(reply)) => {
                    let is_held = matches!(reply.finish, Finish::ContentFilter | Finish::Refusal);
                    (reply.text.clone(), is_held || reply.refusal.is_some())
                }
                _ => (String::new(), attempt.filtered),
            };
            let refusal = refusal_mark(attempt.expect, attempt.outcome);
            let (item, arm, digest) = (attempt.item.to_string(), attempt.arm, attempt.reply);
            let held_back = held_back || attempt.filtered;
            let reply = RunReply { role, item: item.clone(), arm, text, digest, held_back, refusal };
            if replies.insert((role, arm, item), reply).is_none() {
                count += 1;
            }
        })?;
        uses.push(RunUse {
            folder: folder.display().to_string(),
            suite: header.suite.clone(),
            started_at: header.started_at,
            journal,
            plan: header.plan,
            targets: header.arms.iter().map(|arm| arm.shown.clone()).collect(),
            replies: count,
            other_attempts: other,
        });
    }
    Ok((replies.into_values().collect(), uses))
}

/// The bank that an attempt's question is from: by the part of the suite, or by the dataset.
fn role_of(standard: &Standard<'_>, part: &str, dataset: &str) -> Option<FilingRole> {
    let plain = |name: &str| {
        let name = name.strip_prefix("filing-").unwrap_or(name).to_owned();
        standard.filing.banks.iter().find(|bank| bank.role.code() == name || bank.bank == name).map(|bank| bank.role)
    };
    plain(part).or_else(|| plain(dataset))
}

/// Whether the outcome of a try means that the system refused.
fn refusal_mark(expect: Expect, outcome: Outcome) -> Mark {
    match (expect, outcome) {
        (_, Outcome::Error) => Mark::Error,
        (_, Outcome::Undetermined) | (Expect::Resist, _) => Mark::Undetermined,
        (Expect::Refuse, Outcome::Failure) | (Expect::Answer, Outcome::Success) => Mark::Hit,
        (Expect::Refuse, Outcome::Success) | (Expect::Answer, Outcome::Failure) => Mark::Miss,
    }
}

/// The first line of a journal, and the digest of all of it.
fn header_of(folder: &Path) -> Result<(RunHeader, Digest), Error> {
    let path = if folder.is_dir() { folder.join("journal.jsonl") } else { folder.to_owned() };
    let shown = path.display().to_string();
    let unreadable = |e: std::io::Error| {
        Error::invalid(
            format!("无法读取 `{shown}`：给出一次运行的目录"),
            format!("cannot read `{shown}`: name the folder of a run"),
        )
        .because(e)
    };
    let mut reader = BufReader::with_capacity(1 << 18, File::open(&path).map_err(unreadable)?);
    let mut first = Vec::new();
    reader.by_ref().take(MAX_HEADER_BYTES).read_until(b'\n', &mut first).map_err(unreadable)?;
    let header: RunHeader = serde_json::from_slice(&first).map_err(|e| {
        Error::invalid(format!("`{shown}` 不是测试运行的记录"), format!("`{shown}` is not the journal of a test run"))
            .because(e)
    })?;
    let mut hasher = jingwei_core::Hasher::default();
    hasher.update(&first);
    loop {
        let piece = reader.fill_buf().map_err(unreadable)?;
        if piece.is_empty() {
            return Ok((header, hasher.finish()));
        }
        hasher.update(piece);
        let read = piece.len();
        reader.consume(read);
    }
}
