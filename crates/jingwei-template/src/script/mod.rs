//! Scripts beside weights: a bounded look at their words, no parser of their languages.

mod python;
mod shell;
mod tokens;

use jingwei_core::{Limits, Text};
use jingwei_read::{Inspection, NameTable, Sighting, Source};

use crate::{
    read::{self, Content},
    unicode,
};

pub(crate) use python::first_dangerous_call;

/// Longest script that is read.
const LONGEST: u64 = 4 << 20;

/// A Python or shell file. `names` is the list `config-targets`.
pub fn inspect_script(source: &mut dyn Source, file_name: &str, names: &NameTable, limits: &Limits) -> Inspection {
    let bytes = match read::all(source, LONGEST.min(limits.header_bytes)) {
        Content::Bytes(bytes) => bytes,
        Content::Seen(mut inspection) => {
            inspection.see(beside(&[]));
            return inspection;
        }
    };
    // Other encodings keep the letters that calls are made of.
    let text = String::from_utf8_lossy(&bytes);
    let file = file_name.rsplit(['/', '\\']).next().unwrap_or_default().to_lowercase();
    let mut inspection = Inspection::default();
    let is_shell = text.starts_with("#!") && text.lines().next().is_some_and(|line| line.ends_with("sh"))
        || [".sh", ".bash", ".zsh"].iter().any(|ending| file.ends_with(ending));
    let mut notable = Vec::new();
    if is_shell {
        for (offset, mark) in shell::commands(&text) {
            let why = Text::new(
                "命令会下载并运行程序或打开本机",
                "its command fetches and runs a program or opens the machine",
            );
            see(&mut inspection, mark, offset, why);
        }
    } else {
        for deed in python::deeds(&text, &file, names) {
            if deed.grave {
                see(&mut inspection, &deed.name, deed.offset, deed.why);
            } else {
                notable.push(deed.name);
            }
        }
    }
    for hidden in unicode::find(&text, unicode::Natural::Prose).into_iter().take(8) {
        // Programs colour their output with escapes.
        if !matches!(hidden.kind, unicode::HiddenKind::Single | unicode::HiddenKind::Escape) {
            let offset = hidden.offset as u64;
            inspection.see(hidden.sighting().at(offset));
        }
    }
    inspection.see(beside(&notable));
    inspection
}

fn see(inspection: &mut Inspection, name: &str, offset: usize, why: Text) {
    let sighting = Sighting::new("model.script-dangerous").key(name).at(offset as u64);
    inspection.see(sighting.with("name", name).with_text("why", why));
}

/// The script is there. `notable`: calls that only run when something else calls them.
fn beside(notable: &[String]) -> Sighting {
    let calls = notable.iter().take(5).map(String::as_str).collect::<Vec<_>>().join(", ");
    let calls = jingwei_read::shown(&calls);
    let text = if calls.is_empty() {
        Text::new("", "")
    } else {
        Text::new(format!("，其函数会调用 {calls}"), format!("; its functions call {calls}"))
    };
    Sighting::new("model.script-beside-weights").with_text("calls", text)
}
