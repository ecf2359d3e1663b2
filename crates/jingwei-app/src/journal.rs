//! What a model answered, kept so that a killed run goes on where it stopped and a finished one can be replayed.
//!
//! One JSON document a line. The first line names the plan; every other line is an answer under its key.
//! A torn last line is dropped when the journal is opened again: its answer was never used.

use std::{
    collections::HashMap,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use jingwei_core::{ChatReply, Digest, ExposureFacts, SystemId, TargetError, Timestamp};
use serde::{Deserialize, Serialize};

use crate::Error;

/// A run that is older than this is not gone on with: the system may have changed under it.
const RESUME_DAYS: i64 = 1;

/// First line of a journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Always `journal`.
    pub kind: String,
    pub version: u32,
    pub system: SystemId,
    /// Digest of manifest, catalog and checks: the same plan asks the same questions.
    pub plan: Digest,
    /// The instant of the assessment, also when it is gone on with or replayed.
    pub started_at: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct Line {
    key: Digest,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reply: Option<ChatReply>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error: Option<TargetError>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    exposure: Option<ExposureFacts>,
}

impl Line {
    fn of(key: Digest, answer: &Answer) -> Self {
        let mut line = Self { key, reply: None, error: None, exposure: None };
        match answer {
            Answer::Chat(Ok(reply)) => line.reply = Some(reply.clone()),
            Answer::Chat(Err(error)) => line.error = Some(error.clone()),
            Answer::Exposure(facts) => line.exposure = Some(facts.clone()),
        }
        line
    }

    fn answer(self) -> Option<Answer> {
        let chat = self.reply.map(Ok).or(self.error.map(Err)).map(Answer::Chat);
        chat.or(self.exposure.map(Answer::Exposure))
    }
}

/// What the world said.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    Chat(Result<ChatReply, TargetError>),
    Exposure(ExposureFacts),
}

#[derive(Serialize, Deserialize)]
struct Finished {
    finished: bool,
}

/// Where answers come from besides the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Ask the model for what is not recorded, and record it.
    Record,
    /// Never ask: what is not recorded is an error.
    Replay,
}

/// The answers of one run.
pub struct Journal {
    pub header: Header,
    pub mode: Mode,
    pub path: PathBuf,
    /// Answers that an earlier, unfinished run had recorded.
    pub resumed: usize,
    answers: Mutex<HashMap<Digest, Answer>>,
    file: Mutex<Option<File>>,
}

impl Journal {
    /// Goes on with the unfinished run of the same plan, or starts a new one.
    pub fn record(folder: &Path, header: Header) -> Result<Self, Error> {
        let fail = |e: io::Error| failed(folder, e);
        fs::create_dir_all(folder).map_err(fail)?;
        if let Some(found) = unfinished(folder, &header)? {
            let (known, answers, whole) = found.1;
            let file = OpenOptions::new().write(true).open(&found.0).map_err(fail)?;
            file.set_len(whole).map_err(fail)?;
            let mut file = file;
            io::Seek::seek(&mut file, io::SeekFrom::End(0)).map_err(fail)?;
            // Errors are asked again: they may have been the weather.
            let answers: HashMap<_, _> =
                answers.into_iter().filter(|(_, answer)| !matches!(answer, Answer::Chat(Err(_)))).collect();
            let resumed = answers.len();
            return Ok(Self::new(known, Mode::Record, found.0, resumed, answers, Some(file)));
        }
        let path = free_path(folder, &header);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        // It holds what the model said.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&path).map_err(fail)?;
        write_line(&mut file, &header).map_err(fail)?;
        Ok(Self::new(header, Mode::Record, path, 0, HashMap::new(), Some(file)))
    }

    /// Opens a recorded run. `plan` must be the plan it was recorded under.
    pub fn replay(path: &Path, plan: Digest, now: Timestamp) -> Result<Self, Error> {
        let (header, answers, whole) = read(path)?.ok_or_else(|| {
            let shown = path.display();
            Error::invalid(
                format!("`{shown}` 不是评估的记录"),
                format!("`{shown}` is not the journal of an assessment"),
            )
        })?;
        if header.plan != plan {
            return Err(Error::new(
                crate::ErrorKind::Conflict,
                "记录来自另一份清单、目录库或程序版本：不带 --replay 重新运行",
                "the journal was recorded under another manifest, catalog or program; run again without --replay",
            ));
        }
        let length = fs::metadata(path).map_err(|e| failed(path, e))?.len();
        if !is_finished(path) || whole != length {
            return Err(Error::new(
                crate::ErrorKind::Conflict,
                "记录未完成或已损坏：不带 --replay 重新运行",
                "the journal is not finished, or damaged; run again without --replay",
            ));
        }
        if header.started_at > now {
            return Err(Error::new(
                crate::ErrorKind::Conflict,
                "记录的时间在将来",
                "the journal says that it was recorded in the future",
            ));
        }
        Ok(Self::new(header, Mode::Replay, path.to_owned(), answers.len(), answers, None))
    }

    /// The header of a recorded run.
    pub fn header_of(path: &Path) -> Result<Header, Error> {
        let shown = path.display();
        let not_one = || {
            Error::invalid(
                format!("`{shown}` 不是评估的记录"),
                format!("`{shown}` is not the journal of an assessment"),
            )
        };
        Ok(read(path)?.ok_or_else(not_one)?.0)
    }

    fn new(
        header: Header,
        mode: Mode,
        path: PathBuf,
        resumed: usize,
        answers: HashMap<Digest, Answer>,
        file: Option<File>,
    ) -> Self {
        Self { header, mode, path, resumed, answers: Mutex::new(answers), file: Mutex::new(file) }
    }

    /// A recorded answer.
    #[must_use]
    pub fn get(&self, key: &Digest) -> Option<Answer> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    /// Records an answer. It survives the end of the process as soon as this returns.
    pub fn put(&self, key: Digest, answer: &Answer) -> io::Result<()> {
        let line = Line::of(key, answer);
        if let Some(file) = self.file.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            write_line(file, &line)?;
        }
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).insert(key, answer.clone());
        Ok(())
    }

    /// Marks the run as finished: the next one starts anew.
    pub fn finish(&self) -> io::Result<()> {
        match self.file.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            Some(file) => {
                write_line(file, &Finished { finished: true })?;
                file.sync_all()
            }
            None => Ok(()),
        }
    }
}

/// One write call per line, so that a killed process leaves at most one torn line.
fn write_line(file: &mut File, value: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    file.write_all(&line)
}

type Recorded = (Header, HashMap<Digest, Answer>, u64);

/// Header, answers and the length up to which lines are whole. `None` where the file is not a journal.
fn read(path: &Path) -> Result<Option<Recorded>, Error> {
    let bytes = fs::read(path).map_err(|e| failed(path, e))?;
    let mut header = None;
    let mut answers = HashMap::new();
    let mut whole = 0_u64;
    for line in bytes.split_inclusive(|&b| b == b'\n') {
        if !line.ends_with(b"\n") {
            break;
        }
        if header.is_none() {
            match serde_json::from_slice::<Header>(line) {
                Ok(found) if found.kind == "journal" && found.version == 1 => header = Some(found),
                _ => return Ok(None),
            }
        } else if let Ok(line) = serde_json::from_slice::<Line>(line) {
            let key = line.key;
            if let Some(answer) = line.answer() {
                answers.insert(key, answer);
            }
        } else if serde_json::from_slice::<Finished>(line).is_err() {
            // Damage in the middle: what follows cannot be trusted to belong here.
            break;
        }
        whole += line.len() as u64;
    }
    Ok(header.map(|header| (header, answers, whole)))
}

fn is_finished(path: &Path) -> bool {
    let Ok(bytes) = fs::read(path) else { return false };
    let last = bytes.split(|&b| b == b'\n').rfind(|line| !line.is_empty());
    last.is_some_and(|line| serde_json::from_slice::<Finished>(line).is_ok_and(|f| f.finished))
}

fn unfinished(folder: &Path, wanted: &Header) -> Result<Option<(PathBuf, Recorded)>, Error> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder).map_err(|e| failed(folder, e))?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    for path in paths.into_iter().rev().filter(|path| path.extension().is_some_and(|e| e == "jsonl")) {
        if is_finished(&path) {
            continue;
        }
        if let Some(found) = read(&path)?
            && found.0.plan == wanted.plan
            && (0..RESUME_DAYS).contains(&wanted.started_at.days_since(found.0.started_at))
        {
            return Ok(Some((path, found)));
        }
    }
    Ok(None)
}

fn free_path(folder: &Path, header: &Header) -> PathBuf {
    let stamp: String = header.started_at.to_string().chars().filter(char::is_ascii_alphanumeric).collect();
    let name = |extra: &str| folder.join(format!("{stamp}-{}{extra}.jsonl", header.plan.short()));
    let mut path = name("");
    let mut count = 1;
    while path.exists() {
        count += 1;
        path = name(&format!("-{count}"));
    }
    path
}

fn failed(path: &Path, error: io::Error) -> Error {
    let shown = path.display();
    Error::failed(format!("无法读写 `{shown}`"), format!("cannot read or write `{shown}`")).because(error)
}

#[cfg(test)]
mod tests {
    use jingwei_core::Finish;

    use super::*;

    fn header(at: i64) -> Header {
        Header {
            kind: "journal".to_owned(),
            version: 1,
            system: SystemId::literal("shop"),
            plan: Digest::of(b"plan"),
            started_at: Timestamp::from_micros(at),
        }
    }

    fn reply(text: &str) -> Answer {
        Answer::Chat(Ok(ChatReply::new(text, Finish::Stop)))
    }

    fn failure() -> Answer {
        Answer::Chat(Err(TargetError::NotRecorded))
    }

    #[test]
    fn a_torn_run_is_gone_on_with_and_a_finished_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::record(folder.path(), header(0)).unwrap();
        journal.put(Digest::of(b"1"), &reply("one")).unwrap();
        journal.put(Digest::of(b"2"), &failure()).unwrap();
        let path = journal.path.clone();
        drop(journal);
        // The process died in the middle of a line.
        OpenOptions::new().append(true).open(&path).unwrap().write_all(b"{\"key\":\"ab").unwrap();

        let again = Journal::record(folder.path(), header(5)).unwrap();
        assert_eq!(again.path, path);
        assert_eq!(again.header.started_at, Timestamp::from_micros(0));
        assert_eq!(again.resumed, 1, "answers are kept, errors are asked again");
        assert_eq!(again.get(&Digest::of(b"1")), Some(reply("one")));
        again.put(Digest::of(b"3"), &reply("three")).unwrap();
        again.finish().unwrap();

        let third = Journal::record(folder.path(), header(9)).unwrap();
        assert_ne!(third.path, path);
        assert_eq!(third.resumed, 0);
        let later = Timestamp::from_micros(10);
        let replayed = Journal::replay(&path, Digest::of(b"plan"), later).unwrap();
        assert_eq!(replayed.get(&Digest::of(b"3")), Some(reply("three")));
        assert_eq!(replayed.get(&Digest::of(b"2")), Some(failure()));
    }

    #[test]
    fn another_plan_or_another_day_starts_anew() {
        let folder = tempfile::tempdir().unwrap();
        drop(Journal::record(folder.path(), header(0)).unwrap());
        let other = Header { plan: Digest::of(b"other"), ..header(1) };
        assert_eq!(Journal::record(folder.path(), other.clone()).unwrap().header, other);
        let tomorrow = header(Timestamp::MICROS_PER_DAY + 1);
        assert_eq!(Journal::record(folder.path(), tomorrow.clone()).unwrap().header, tomorrow);
    }

    #[test]
    fn a_foreign_file_is_not_replayed() {
        let folder = tempfile::tempdir().unwrap();
        for bytes in [&b""[..], b"\xff\xfe", b"{}\n", b"[1]\n"] {
            let path = folder.path().join("x.jsonl");
            fs::write(&path, bytes).unwrap();
            assert!(Journal::replay(&path, Digest::of(b"plan"), Timestamp::from_micros(1)).is_err());
        }
        let path = Journal::record(folder.path(), header(0)).unwrap().path;
        let (drifted, plan, now) = (Digest::of(b"drifted"), Digest::of(b"plan"), Timestamp::from_micros(1));
        assert_eq!(Journal::replay(&path, drifted, now).err().unwrap().kind, crate::ErrorKind::Conflict);
        // The same plan, but never finished.
        assert!(Journal::replay(&path, plan, now).err().unwrap().to_string().contains("not finished"));
    }
}
