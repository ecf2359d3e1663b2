//! What was asked and answered in a run of tests, one attempt a line, as soon as it is over.
//!
//! The first line is the header: it names the plan. A torn last line is cut off when the journal is opened again; its
//! attempt is made again. Attempts that ended in an error are made again too: they may have been the weather.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, BufRead, BufReader, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use jingwei_core::{Arm, Digest, Text, Timestamp};
use jingwei_probe::{Attempt, Conversation, Ingredient, Name, Names, Outcome};
use serde::{Deserialize, Serialize};

use crate::Error;

/// Longest line that is read, in bytes: a reply of the longest kind, its requests and their escapes.
const MAX_LINE_BYTES: u64 = 256 << 20;

/// First line of a journal: what is needed to make the run again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunHeader {
    /// Always `probe_run`.
    pub kind: String,
    pub version: u32,
    pub suite: String,
    pub title: Text,
    pub plan: Digest,
    /// What the plan consists of: tells what has drifted when two plans differ.
    pub ingredients: Vec<Ingredient>,
    pub arms: Vec<ArmTarget>,
    /// Attempts of the whole plan, all arms together.
    pub attempts: u64,
    pub seed: u64,
    pub datasets: Vec<DatasetUse>,
    /// Models that attack or judge, where there are any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub helpers: Vec<HelperModel>,
    pub catalog: Digest,
    pub program: String,
    pub started_at: Timestamp,
}

/// A target as it was tested.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArmTarget {
    pub arm: Arm,
    /// Digest of address, model, system prompt and guard.
    pub configuration: Digest,
    /// Where it is, for people: never with a key.
    pub shown: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HelperModel {
    /// `attacker` or `judge`.
    pub party: String,
    pub configuration: Digest,
    pub shown: String,
}

/// A bank or dataset, and under what licence it was used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatasetUse {
    pub id: String,
    pub licence: String,
    /// Of its items.
    pub digest: Digest,
    /// Items that the plan takes from it.
    pub items: u64,
}

/// A line after the first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunLine {
    pub attempt: Attempt,
    pub conversation: Conversation,
}

#[derive(Deserialize)]
struct AttemptOnly {
    attempt: Attempt,
}

#[derive(Serialize, Deserialize)]
struct Finished {
    finished: bool,
}

/// A journal that is written to. Only one process at a time holds it.
pub(crate) struct RunJournal {
    pub(crate) header: RunHeader,
    pub(crate) path: PathBuf,
    file: File,
}

/// What an earlier, unfinished run had come to.
#[derive(Default)]
pub(crate) struct Resumed {
    pub(crate) attempts: Vec<Attempt>,
    pub(crate) keys: HashSet<Digest>,
}

impl RunJournal {
    /// Starts a journal in a folder, or goes on with the one that is there. The plan must be the same.
    pub(crate) fn open(folder: &Path, header: RunHeader) -> Result<(Self, Resumed), Error> {
        crate::app::make_folder(folder)?;
        let path = folder.join("journal.jsonl");
        let fail = |e: io::Error| failed(&path, e);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        // It holds questions and what the model said.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path).map_err(fail)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let shown = path.display();
                return Err(Error::new(
                    crate::ErrorKind::Conflict,
                    format!("另一个运行正在写 `{shown}`；等它结束，或用 --out 指定另一个目录"),
                    format!("another run is writing `{shown}`; wait for it to end, or name another folder with --out"),
                ));
            }
            Err(TryLockError::Error(e)) => return Err(fail(e)),
        }
        if file.metadata().map_err(fail)?.len() == 0 {
            let mut journal = Self { header, path: path.clone(), file };
            let line = journal.header.clone();
            journal.write(&line).map_err(|e| failed(&path, e))?;
            return Ok((journal, Resumed::default()));
        }
        let read = read(&path, &file)?;
        if read.finished {
            let shown = folder.display();
            return Err(Error::new(
                crate::ErrorKind::Conflict,
                format!("`{shown}` 中的运行已经完成；用 --out 指定另一个目录"),
                format!("the run in `{shown}` is finished; name another folder with --out"),
            ));
        }
        if let Some(line) = read.damaged {
            return Err(damaged(&path, line));
        }
        let drift = drift(&read.header, &header);
        if !drift.is_empty() {
            return Err(drifted(&path, &drift));
        }
        let mut journal = Self { header: read.header, path: path.clone(), file };
        journal.file.set_len(read.whole).map_err(|e| failed(&path, e))?;
        journal.file.seek(SeekFrom::End(0)).map_err(|e| failed(&path, e))?;
        let mut last: HashMap<Digest, usize> = HashMap::new();
        for (index, attempt) in read.attempts.iter().enumerate() {
            last.insert(attempt.key, index);
        }
        let attempts: Vec<Attempt> = read
            .attempts
            .into_iter()
            .enumerate()
            .filter(|(index, attempt)| attempt.outcome != Outcome::Error && last.get(&attempt.key) == Some(index))
            .map(|(_, attempt)| attempt)
            .collect();
        let keys = attempts.iter().map(|attempt| attempt.key).collect();
        Ok((journal, Resumed { attempts, keys }))
    }

    /// Writes an attempt down. It survives the end of the process as soon as this returns.
    pub(crate) fn put(&mut self, attempt: &Attempt, conversation: &Conversation) -> io::Result<()> {
        #[derive(Serialize)]
        struct Line<'a> {
            attempt: &'a Attempt,
            conversation: &'a Conversation,
        }
        self.write(&Line { attempt, conversation })
    }

    /// A handle with which what was written can be synced to the disk.
    pub(crate) fn handle(&self) -> io::Result<File> {
        self.file.try_clone()
    }

    /// Marks the run as finished and gives the digest of the whole file.
    pub(crate) fn finish(mut self) -> Result<Digest, Error> {
        let done = self.write(&Finished { finished: true }).and_then(|()| self.file.sync_all());
        done.map_err(|e| failed(&self.path, e))?;
        digest_of(&self.path)
    }

    /// One write call per line, so that a killed process leaves at most one torn line.
    fn write(&mut self, value: &impl Serialize) -> io::Result<()> {
        let mut line = serde_json::to_vec(value)?;
        line.push(b'\n');
        self.file.write_all(&line)
    }
}

/// Digest of a file's bytes.
pub(crate) fn digest_of(path: &Path) -> Result<Digest, Error> {
    let mut hasher = jingwei_core::Hasher::default();
    let mut reader = BufReader::with_capacity(1 << 18, File::open(path).map_err(|e| failed(path, e))?);
    loop {
        let piece = reader.fill_buf().map_err(|e| failed(path, e))?;
        if piece.is_empty() {
            return Ok(hasher.finish());
        }
        hasher.update(piece);
        let read = piece.len();
        reader.consume(read);
    }
}

/// A journal as it was found.
pub(crate) struct ReadRun {
    pub(crate) header: RunHeader,
    pub(crate) attempts: Vec<Attempt>,
    pub(crate) finished: bool,
    /// Number of a line that is neither an attempt nor the end; from there on nothing was read.
    damaged: Option<usize>,
    /// Bytes up to which lines are whole.
    whole: u64,
}

/// Reads the attempts of a run, the last of each key, without what was said.
pub(crate) fn read_run(folder: &Path) -> Result<ReadRun, Error> {
    let path = journal_path(folder);
    let file = File::open(&path).map_err(|e| failed(&path, e))?;
    let mut read = read(&path, &file)?;
    if let Some(line) = read.damaged {
        return Err(damaged(&path, line));
    }
    let mut seen = HashSet::new();
    read.attempts.reverse();
    read.attempts.retain(|attempt| seen.insert(attempt.key));
    read.attempts.reverse();
    Ok(read)
}

/// A run's folder may be named, or its journal.
pub(crate) fn journal_path(folder: &Path) -> PathBuf {
    if folder.is_dir() { folder.join("journal.jsonl") } else { folder.to_owned() }
}

/// Gives the attempts of a run that are wanted with what was said, the last of each key, in an order that does not depend
/// on when each ended; at most `most`. How many more there are is what it returns.
pub(crate) fn each_line(
    folder: &Path,
    wanted: impl Fn(&Attempt) -> bool,
    most: usize,
    mut each: impl FnMut(RunLine),
) -> Result<usize, Error> {
    let path = journal_path(folder);
    let mut file = File::open(&path).map_err(|e| failed(&path, e))?;
    // Texts are long and lines are many: only places of what is wanted are kept in the first pass.
    let mut places: HashMap<Digest, Option<Box<Place>>> = HashMap::new();
    let (mut at, mut names) = (0_u64, Names::default());
    lines(&path, &file, |number, line| {
        if number > 0
            && let Ok(AttemptOnly { attempt }) = serde_json::from_slice(line)
        {
            let place = wanted(&attempt).then(|| Box::new(Place::of(&attempt, at, line.len(), &mut names)));
            places.insert(attempt.key, place);
        }
        at += line.len() as u64;
        true
    })?;
    let mut places: Vec<Box<Place>> = places.into_values().flatten().collect();
    places.sort_unstable();
    let left_out = places.len().saturating_sub(most);
    places.truncate(most);
    for place in places {
        let mut line = vec![0; place.length];
        file.seek(SeekFrom::Start(place.at)).map_err(|e| failed(&path, e))?;
        io::Read::read_exact(&mut file, &mut line).map_err(|e| failed(&path, e))?;
        if let Ok(line) = serde_json::from_slice::<RunLine>(&line) {
            each(line);
        }
    }
    Ok(left_out)
}

/// Where a line stands in a report, and where in its journal.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    /// Part, dataset, item, chain and driver.
    names: [Name; 5],
    epoch: u32,
    arm: Arm,
    at: u64,
    length: usize,
}

impl Place {
    fn of(attempt: &Attempt, at: u64, length: usize, known: &mut Names) -> Self {
        let Attempt { part, dataset, item, chain, driver, epoch, arm, .. } = attempt;
        let mut names = [part, dataset, item, chain, driver].map(Clone::clone);
        names.iter_mut().for_each(|name| known.share(name));
        Self { names, epoch: *epoch, arm: *arm, at, length }
    }
}

fn damaged(path: &Path, line: usize) -> Error {
    let shown = path.display();
    Error::new(
        crate::ErrorKind::Conflict,
        format!("`{shown}` 第 {line} 行已损坏：恢复该文件，或删去这一行及其后的内容再接着做"),
        format!("`{shown}` is damaged at line {line}: restore it, or remove that line and all after it to go on"),
    )
}

fn read(path: &Path, file: &File) -> Result<ReadRun, Error> {
    let (mut attempts, mut names) = (Vec::new(), Names::default());
    let head = read_each(path, file, |attempt| attempts.push(attempt.condensed(&mut names)))?;
    let ReadHead { header, finished, damaged, whole } = head;
    Ok(ReadRun { header, attempts, finished, damaged, whole })
}

/// A journal without its attempts.
struct ReadHead {
    header: RunHeader,
    finished: bool,
    damaged: Option<usize>,
    whole: u64,
}

/// Reads a journal and gives each of its attempts, in the order in which they were written.
fn read_each(path: &Path, file: &File, mut each: impl FnMut(Attempt)) -> Result<ReadHead, Error> {
    let (mut header, mut finished, mut damaged) = (None, false, None);
    let whole = lines(path, file, |number, line| {
        if number == 0 {
            header = serde_json::from_slice::<RunHeader>(line).ok().filter(|h| h.kind == "probe_run" && h.version == 1);
            return header.is_some();
        }
        if let Ok(line) = serde_json::from_slice::<AttemptOnly>(line) {
            each(line.attempt);
        } else if let Ok(line) = serde_json::from_slice::<Finished>(line) {
            finished = line.finished;
        } else {
            // Damage in the middle: what follows cannot be trusted to belong here.
            damaged = Some(number + 1);
            return false;
        }
        true
    })?;
    let header = header.ok_or_else(|| {
        let shown = path.display();
        Error::invalid(format!("`{shown}` 不是测试运行的记录"), format!("`{shown}` is not the journal of a test run"))
    })?;
    Ok(ReadHead { header, finished, damaged, whole })
}

/// Whole lines, one after the other, until `each` says no. Gives the bytes of those that it took.
fn lines(path: &Path, file: &File, mut each: impl FnMut(usize, &[u8]) -> bool) -> Result<u64, Error> {
    let mut reader = BufReader::with_capacity(1 << 18, file);
    let (mut line, mut whole) = (Vec::new(), 0_u64);
    for number in 0.. {
        line.clear();
        let read =
            io::Read::take(&mut reader, MAX_LINE_BYTES).read_until(b'\n', &mut line).map_err(|e| failed(path, e))?;
        if read == 0 || line.last() != Some(&b'\n') || !each(number, &line) {
            break;
        }
        whole += read as u64;
    }
    Ok(whole)
}

/// Names of what differs between two plans or their targets.
fn drift(was: &RunHeader, is: &RunHeader) -> Vec<String> {
    let names: BTreeSet<&str> = was.ingredients.iter().chain(&is.ingredients).map(|i| i.name.as_str()).collect();
    let of = |header: &RunHeader, name: &str| header.ingredients.iter().find(|i| i.name == name).map(|i| i.digest);
    let mut drift: Vec<String> =
        names.into_iter().filter(|name| of(was, name) != of(is, name)).map(ToOwned::to_owned).collect();
    let targets = |header: &RunHeader| header.arms.iter().map(|arm| (arm.arm, arm.configuration)).collect::<Vec<_>>();
    if targets(was) != targets(is) {
        drift.push("target".to_owned());
    }
    if was.helpers != is.helpers {
        drift.push("helpers".to_owned());
    }
    if was.suite != is.suite {
        drift.push("suite".to_owned());
    }
    drift
}

fn drifted(path: &Path, drift: &[String]) -> Error {
    let (shown, drift) = (path.display(), drift.join(", "));
    Error::new(
        crate::ErrorKind::Conflict,
        format!("`{shown}` 属于另一个计划，不能接着做；已改变：{drift}。恢复原样，或用 --out 指定另一个目录"),
        format!(
            "`{shown}` belongs to another plan and cannot be gone on with; changed: {drift}. restore it, or name another folder with --out"
        ),
    )
}

fn failed(path: &Path, error: io::Error) -> Error {
    let shown = path.display();
    let full = error.kind() == io::ErrorKind::StorageFull;
    let (zh, en) = if full { ("：磁盘已满", ": the disk is full") } else { ("", "") };
    Error::failed(format!("无法读写 `{shown}`{zh}"), format!("cannot read or write `{shown}`{en}")).because(error)
}

/// A folder below `parent` whose run is of this plan and not finished, or one that does not exist yet.
pub(crate) fn folder_for(parent: &Path, name: &str, header: &RunHeader) -> PathBuf {
    for count in 1_u32.. {
        let folder = if count == 1 { parent.join(name) } else { parent.join(format!("{name}-{count}")) };
        let path = folder.join("journal.jsonl");
        let Ok(file) = File::open(&path) else { return folder };
        match read_each(&path, &file, drop) {
            Ok(found) if !found.finished && drift(&found.header, header).is_empty() => return folder,
            _ => {}
        }
        if fs::metadata(&path).is_ok_and(|m| m.len() == 0) {
            return folder;
        }
    }
    parent.join(name)
}
