//! Commands that are started for a call, and ended with it together with their children.

use std::{collections::BTreeMap, io, process::Stdio};

use bytes::Bytes;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    process::{Child, ChildStderr, ChildStdin, ChildStdout, Command},
};

use super::template::{ENVELOPE, Slot, TextTemplate, Values};
use crate::{Secret, reply::clean};

#[derive(Clone)]
pub(super) struct Program {
    program: String,
    args: Vec<String>,
    environment: Vec<(String, TextTemplate)>,
    folder: Option<String>,
    key: Option<Secret>,
}

/// Kept of what a command says about itself, in bytes.
const ERROR_BYTES: usize = 4_096;

impl Program {
    pub(super) fn new(
        program: &str,
        args: &[String],
        environment: &BTreeMap<String, String>,
        folder: Option<&str>,
        key: Option<&Secret>,
    ) -> Result<Self, String> {
        if program.is_empty() {
            return Err("the command names no `program`".to_owned());
        }
        let mut variables = Vec::new();
        for (name, value) in environment {
            let wrong = |reason: &str| format!("environment variable `{name}`: {reason}");
            if name.is_empty() || name.contains(['=', '\0']) || value.contains('\0') {
                return Err(wrong("it cannot be set"));
            }
            let value = TextTemplate::parse(value, &ENVELOPE).map_err(|reason| wrong(&reason))?;
            if value.slots().contains(&Slot::Key) && key.is_none() {
                return Err(wrong("it needs `${key}`, and the target has no key"));
            }
            variables.push((name.clone(), value));
        }
        let folder = folder.map(ToOwned::to_owned);
        Ok(Self { program: program.to_owned(), args: args.to_vec(), environment: variables, folder, key: key.cloned() })
    }

    pub(super) fn name(&self) -> String {
        clean(&self.program, 200)
    }

    /// It inherits nothing but `PATH`, without which few programs find what they call.
    pub(super) fn start(&self, values: &Values<'_>) -> Result<Running, String> {
        let mut command = Command::new(&self.program);
        command.args(&self.args).env_clear().stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.kill_on_drop(true);
        #[cfg(unix)]
        command.process_group(0);
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        for (name, value) in &self.environment {
            command.env(name, value.fill(values));
        }
        if let Some(folder) = &self.folder {
            command.current_dir(folder);
        }
        let failed = |reason: String| format!("command `{}` cannot be started: {reason}", self.name());
        let mut child = command.spawn().map_err(|e| failed(e.to_string()))?;
        let group = Group::of(&child);
        let (input, output, errors) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let pipes = input.zip(output).zip(errors).ok_or_else(|| failed("it has no pipes".to_owned()))?;
        let ((input, output), errors) = pipes;
        Ok(Running { group, child, input, output, errors })
    }

    /// Runs it to its end and gives what it wrote.
    pub(super) async fn run(&self, values: &Values<'_>, input: &[u8], most: u64) -> Result<Bytes, RunFault> {
        // The group is named last and so dropped first, while its number is still its own.
        let Running { mut child, input: mut pipe, output, errors, mut group } =
            self.start(values).map_err(RunFault::NotStarted)?;
        let write = async {
            // A command need not read what it is given.
            let _ = pipe.write_all(input).await;
            drop(pipe);
            Ok(())
        };
        let read = async { read_at_most(output, most).await.map_err(RunFault::Failed) };
        let listen = async { Ok(first_bytes(errors).await) };
        let ((), output, said) = tokio::try_join!(write, read, listen)?;
        let status = child.wait().await.map_err(|e| RunFault::Failed(e.to_string()))?;
        group.has_ended();
        if status.success() {
            return Ok(self.scrubbed(output.into()));
        }
        Err(RunFault::Failed(format!("it ended with {status}{}", self.first_line(&said))))
    }

    /// What it wrote, without the key that it was given. A short key is also a word and stays.
    pub(super) fn scrubbed(&self, output: Bytes) -> Bytes {
        let key = self.key.as_ref().filter(|key| key.is_long());
        key.and_then(|key| key.erased_from_bytes(&output)).map_or(output, Bytes::from)
    }

    /// What it said first about what went wrong, as the end of a sentence.
    pub(super) fn first_line(&self, said: &[u8]) -> String {
        let clean_bytes = self.key.as_ref().and_then(|key| key.erased_from_bytes(said));
        let text = String::from_utf8_lossy(clean_bytes.as_deref().unwrap_or(said));
        match text.lines().map(str::trim).find(|line| !line.is_empty()) {
            Some(line) => format!(": {}", clean(line, 300)),
            None => String::new(),
        }
    }
}

pub(super) enum RunFault {
    NotStarted(String),
    Failed(String),
}

/// A command that runs. Dropped, it is ended, and whatever it started with it.
pub(super) struct Running {
    pub(super) group: Group,
    pub(super) child: Child,
    pub(super) input: ChildStdin,
    pub(super) output: ChildStdout,
    pub(super) errors: ChildStderr,
}

async fn read_at_most(mut pipe: impl AsyncRead + Unpin, most: u64) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    (&mut pipe).take(most.saturating_add(1)).read_to_end(&mut bytes).await.map_err(|e| e.to_string())?;
    if bytes.len() as u64 > most {
        return Err(format!("it wrote more than {most} bytes"));
    }
    Ok(bytes)
}

/// Reads to the end, lest the command waits, and keeps the beginning.
pub(super) async fn first_bytes(mut pipe: impl AsyncRead + Unpin) -> Vec<u8> {
    let (mut kept, mut piece) = (Vec::new(), [0; 1_024]);
    loop {
        match pipe.read(&mut piece).await {
            Ok(read) if read > 0 => {
                let room = ERROR_BYTES.saturating_sub(kept.len());
                kept.extend_from_slice(&piece[..read.min(room)]);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            _ => return kept,
        }
    }
}

/// The process group of a command that has not been waited for.
pub(super) struct Group {
    #[cfg(unix)]
    leader: Option<rustix::process::Pid>,
}

impl Group {
    #[cfg(unix)]
    fn of(child: &Child) -> Self {
        let leader = child.id().and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw);
        Self { leader }
    }

    #[cfg(not(unix))]
    fn of(_: &Child) -> Self {
        Self {}
    }

    /// Ends all of it.
    pub(super) fn end(&mut self) {
        #[cfg(unix)]
        if let Some(leader) = self.leader.take() {
            // Nobody left is what was wanted.
            let _ = rustix::process::kill_process_group(leader, rustix::process::Signal::KILL);
        }
    }

    /// The command was waited for: its number may soon be another's.
    fn has_ended(&mut self) {
        #[cfg(unix)]
        {
            self.leader = None;
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.end();
    }
}
