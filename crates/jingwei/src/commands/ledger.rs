//! `jingwei ledger …`: needs no server, and trusts none.

use std::path::{Path, PathBuf};

use jingwei_app::{Entry, Error, ledger_folder, missing_documents};
use jingwei_core::{Limits, NoProgress, Text};
use jingwei_ledger::{
    Checkpoint, VerifierKey, VerifyInput, export, prove_consistency, prove_inclusion, read_entry, verify,
};
use serde_json::json;

use super::unreadable;
use crate::{
    cli::{Format, Global, Ledger},
    output::{Exit, Speaker},
};

pub fn run(global: &Global, command: Ledger, speaker: Speaker) -> Result<Exit, Error> {
    let folder = |dir: Option<PathBuf>| dir.unwrap_or_else(|| ledger_folder(&global.data));
    match command {
        Ledger::Verify { dir, key, expect, format } => {
            return verify_all(&folder(dir), key.as_deref(), expect.as_deref(), format, speaker);
        }
        Ledger::Checkpoint { dir } => speaker.data(checkpoint_text(&folder(dir))?.trim_end()),
        Ledger::Prove { index, since, dir } => prove(&folder(dir), index, since, speaker)?,
        Ledger::Show { index } => show(&ledger_folder(&global.data), index, speaker)?,
        Ledger::Export { out, dir } => {
            let from = folder(dir);
            let inside = std::path::absolute(&out).unwrap_or_else(|_| out.clone());
            if inside.starts_with(std::path::absolute(&from).unwrap_or_else(|_| from.clone())) {
                return Err(Error::invalid(
                    "不能导出到账本自己的目录中",
                    "an export cannot lie inside the ledger's own folder",
                ));
            }
            let report = export(&from, &out)?;
            speaker.data(&match speaker.lang {
                jingwei_core::Lang::Zh => format!("已导出 {} 条账目到 {}", report.entries, out.display()),
                jingwei_core::Lang::En => format!("exported {} entries to {}", report.entries, out.display()),
            });
        }
    }
    Ok(Exit::Clean)
}

fn checkpoint_text(dir: &Path) -> Result<String, Error> {
    let path = dir.join("checkpoint");
    std::fs::read_to_string(&path).map_err(|e| unreadable(&path, e))
}

/// A key as text, or as a file that holds one.
fn key_of(text: &str) -> Result<VerifierKey, Error> {
    let written = if Path::new(text).is_file() {
        std::fs::read_to_string(text).map_err(|e| unreadable(Path::new(text), e))?
    } else {
        text.to_owned()
    };
    written.trim().parse().map_err(|e| {
        Error::invalid(
            "`--key` 不是公钥，例如 name+1a2b3c4d+A…",
            "`--key` is not a public key such as name+1a2b3c4d+A…",
        )
        .because(WrappedNote(e))
    })
}

#[derive(Debug)]
struct WrappedNote(jingwei_ledger::NoteError);

impl std::fmt::Display for WrappedNote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for WrappedNote {}

fn own_key(dir: &Path) -> Result<VerifierKey, Error> {
    let path = dir.join("vkey");
    let text = std::fs::read_to_string(&path).map_err(|e| unreadable(&path, e))?;
    key_of(text.trim())
}

fn verify_all(
    dir: &Path,
    key: Option<&str>,
    expect: Option<&Path>,
    format: Format,
    speaker: Speaker,
) -> Result<Exit, Error> {
    if !dir.is_dir() {
        let shown = dir.display();
        return Err(Error::invalid(
            format!("`{shown}` 不是目录：给出账本目录，或用 --data 指明数据目录"),
            format!("`{shown}` is not a folder; name the ledger's, or the data folder with --data"),
        ));
    }
    let limits = Limits::default();
    let key = key.map(key_of).transpose()?;
    let kept = match expect {
        None => None,
        Some(path) => {
            let note = std::fs::read_to_string(path).map_err(|e| unreadable(path, e))?;
            let by = match &key {
                Some(key) => key.clone(),
                None => own_key(dir)?,
            };
            let opened = Checkpoint::open(&note, &by, &limits);
            Some(opened.map_err(|e| Error::invalid("检查点无法核验", "the checkpoint does not verify").because(e))?)
        }
    };
    let input = VerifyInput { key: key.as_ref(), kept: kept.as_ref(), limits: &limits, progress: &NoProgress };
    let report = verify(dir, &input)?;
    let missing = missing_documents(dir, report.entries);
    let whole = report.problems.is_empty() && missing.is_empty();
    if format != Format::Table {
        speaker.json(&json!({
            "ok": whole,
            "entries": report.entries,
            "unsigned": report.unsigned,
            "checkpoint_size": report.checkpoint_size,
            "root": report.root,
            "blobs": report.blobs,
            "bytes": report.bytes,
            "key": report.key.as_ref().map(ToString::to_string),
            "key_is_trusted": report.key_is_trusted,
            "problems": report.problems.iter().map(|problem| json!({
                "place": problem.place, "entry": problem.entry, "what": problem.what.text(),
            })).chain(missing.iter().map(|missing| json!({
                "place": {}, "entry": missing.entry, "what": gone(&missing.digest),
            }))).collect::<Vec<_>>(),
        }));
        return Ok(if whole { Exit::Clean } else { Exit::Findings });
    }
    for problem in &report.problems {
        let path = problem.place.path.as_deref().unwrap_or("");
        let offset = problem.place.offset.map(|offset| format!("+{offset}")).unwrap_or_default();
        let entry = problem.entry.map(|entry| format!(" #{entry}")).unwrap_or_default();
        speaker.data(&format!("{path}{offset}{entry}: {}", speaker.text(&problem.what.text())));
    }
    for missing in &missing {
        speaker.data(&format!("#{}: {}", missing.entry, speaker.text(&gone(&missing.digest))));
    }
    let root = report.root.map(|root| root.to_string()).unwrap_or_default();
    let word = if whole { speaker.pick("完好", "ok") } else { speaker.pick("不完好", "not ok") };
    speaker.data(&match speaker.lang {
        jingwei_core::Lang::Zh => {
            format!("{word}：{} 条账目，{} 个文档，{} 字节，根 {root}", report.entries, report.blobs, report.bytes)
        }
        jingwei_core::Lang::En => format!(
            "{word}: {} entries, {} documents, {} bytes, root {root}",
            report.entries, report.blobs, report.bytes
        ),
    });
    if whole && !report.key_is_trusted {
        speaker.say(speaker.pick(
            "以账本自带的公钥核验：能说明账本完整，不能说明它属于谁；用 --key 给出您信任的公钥",
            "checked with the ledger's own key: it is whole, but whose it is shows only --key with a key that you trust",
        ));
    }
    Ok(if whole { Exit::Clean } else { Exit::Findings })
}

fn gone(digest: &jingwei_core::Digest) -> Text {
    Text::new(format!("文档 {digest} 已不在"), format!("the document {digest} is gone"))
}

fn prove(dir: &Path, index: Option<u64>, since: Option<u64>, speaker: Speaker) -> Result<(), Error> {
    let checkpoint = Checkpoint::open(&checkpoint_text(dir)?, &own_key(dir)?, &Limits::default());
    let checkpoint =
        checkpoint.map_err(|e| Error::failed("检查点无法核验", "the checkpoint does not verify").because(e))?;
    match (index, since) {
        (Some(index), _) => speaker.json(&prove_inclusion(dir, index, checkpoint.size())?),
        (None, Some(since)) => speaker.json(&prove_consistency(dir, since, checkpoint.size())?),
        (None, None) => {}
    }
    Ok(())
}

fn show(dir: &Path, index: u64, speaker: Speaker) -> Result<(), Error> {
    let bytes = read_entry(dir, index)?;
    let entry: Entry = serde_json::from_slice(&bytes).map_err(|e| {
        Error::failed(format!("账目 {index} 无法读取"), format!("entry {index} cannot be read")).because(e)
    })?;
    let digest = entry.payload.to_string();
    let path = dir.join("blobs").join(&digest[..2]).join(&digest[2..]);
    let payload = std::fs::read(&path).map_err(|e| unreadable(&path, e))?;
    let document: serde_json::Value = serde_json::from_slice(&payload)
        .map_err(|e| Error::failed("文档无法读取", "the document cannot be read").because(e))?;
    speaker.json(&json!({ "index": index, "entry": entry, "document": document }));
    Ok(())
}
