//! Scripts beside weights: a bounded look at their words, no parser of their languages.

mod constants;
mod foreign;
mod loops;
mod notebook;
mod page;
mod python;
mod shell;
mod tokens;

use jingwei_core::{Limits, Text};
use jingwei_read::{Inspection, NameTable, Sighting, Source};

use crate::{
    note,
    orders::Reader,
    read::{self, Content},
    unicode,
};

pub use foreign::inspect_source;
pub use notebook::inspect_notebook;
pub(crate) use python::first_dangerous_call;
pub(crate) use shell::{marks as shell_commands, what as shell_mark};

/// Longest script that is read.
const LONGEST: u64 = 4 << 20;

/// A language that is read here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    Python,
    Shell,
}

/// The language of a script, by the interpreter that its first line names: `#!/usr/bin/env -S python3 -u`.
#[must_use]
pub fn interpreter(text: &str) -> Option<Language> {
    let words = text.strip_prefix("#!")?.lines().next()?.split_whitespace();
    let mut names = words.map(|word| word.rsplit('/').next().unwrap_or(word));
    let first = names.next()?;
    let is_name = |word: &&str| !word.starts_with('-') && !word.contains('=');
    let name = if matches!(first, "env" | "busybox") { names.find(is_name)? } else { first };
    match name {
        "sh" | "ash" | "bash" | "dash" | "ksh" | "zsh" => Some(Language::Shell),
        name if name.starts_with("python") || name.starts_with("pypy") => Some(Language::Python),
        _ => None,
    }
}

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
    let (text, _) = read::text(&bytes);
    let file = file_name.rsplit(['/', '\\']).next().unwrap_or_default().to_lowercase();
    let mut inspection = Inspection::default();
    inspection.sightings.extend(read::unmarked_wide(&bytes));
    let is_shell = interpreter(&text) == Some(Language::Shell)
        || [".sh", ".bash", ".zsh", ".ksh", ".fish", ".csh"].iter().any(|ending| file.ends_with(ending));
    // Python takes that first line for a comment.
    let is_python = !is_shell || [".py", ".pyw"].iter().any(|ending| file.ends_with(ending));
    let mut notable = Vec::new();
    if is_shell {
        for (offset, mark) in shell::commands(&text) {
            see(&mut inspection, mark, offset, shell::why());
        }
    }
    if is_python {
        coding(&text, &mut inspection);
        notable = python(&text, &file, names, &mut inspection);
        inspection.sightings.extend(unpickled_download(&text));
    }
    inspection.sightings.extend(comments(&text));
    for hidden in unicode::find(&text, unicode::Natural::Prose).into_iter().take(8) {
        // Programs colour their output with escapes.
        if !matches!(hidden.kind, unicode::HiddenKind::Single | unicode::HiddenKind::Escape) {
            let offset = hidden.offset as u64;
            inspection.see(hidden.sighting().at(offset));
        }
    }
    if is_python && let Some((name, plain, offset)) = crate::lookalike::pair(&text) {
        let sighting = Sighting::new("model.look-alike-name").key(&plain).at(offset as u64);
        let codes: String = name
            .chars()
            .map(|c| if c.is_ascii() { c.to_string() } else { format!("\\u{:04x}", u32::from(c)) })
            .collect();
        inspection.see(sighting.with("name", &name).with("plain", &plain).with("codes", &codes));
    }
    inspection.see(beside(&notable));
    inspection
}

/// What is fetched and then unpickled with the loader's protection turned off, in one statement.
fn unpickled_download(text: &str) -> Option<Sighting> {
    const OFF: [&str; 3] = ["weights_only=False", "weights_only = False", "allow_pickle=True"];
    const FETCHES: [&str; 6] =
        ["hf_hub_download(", "urlopen(", "cached_download(", "requests.get(", "load_file_from_url(", "wget.download("];
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        let plain = line.trim_start();
        if !plain.starts_with('#')
            && let Some(off) = OFF.iter().find(|off| plain.contains(**off))
            && FETCHES.iter().any(|fetch| plain.contains(fetch))
        {
            let why = Text::new(
                "从网上取得的文件会在关闭保护后反序列化",
                "a file that is fetched is unpickled with the loader's protection turned off",
            );
            let sighting = Sighting::new("model.file-reaches-out").key(off).at(offset as u64);
            return Some(sighting.with("name", off).with_text("why", why));
        }
        offset += line.len();
    }
    None
}

/// Pages, pictures and notes with a script that sends something away. `path`: in the folder of the model.
#[must_use]
pub fn inspect_markup(path: &str, text: &str) -> Option<Sighting> {
    let name = path.to_ascii_lowercase();
    let ends = |endings: &[&str]| endings.iter().any(|ending| name.ends_with(ending));
    let told = if ends(&[".html", ".htm", ".xhtml", ".mhtml"]) {
        page::sending(text)
    } else if ends(&[".svg"]) {
        // A picture has no need of any.
        page::sending(text).or_else(|| text.contains("<script").then(|| "<script".to_owned()))
    } else if ends(&[".md", ".markdown", ".mdx", ".rst"]) {
        let notes = notebook::without_fences(text);
        page::sending(&notes).or_else(|| page::leads_to_a_script(text)).or_else(|| page::reports(&notes))
    } else {
        None
    };
    told.map(|text| notebook::sending("page", &text))
}

/// A script whose text is at hand: a script beside the weights, with what it does.
fn judge(text: &str, file: &str, names: &NameTable, inspection: &mut Inspection) {
    let notable = python(text, file, names, inspection);
    inspection.see(beside(&notable));
}

/// What Python code does; the calls that only run when something else calls them are given back.
fn python(text: &str, file: &str, names: &NameTable, inspection: &mut Inspection) -> Vec<String> {
    // Python ends a line here too, and takes wide letters for plain ones.
    let plain = python::Plain::of(text);
    let (deeds, stopped) = python::deeds(&plain.text, file, names);
    if stopped.is_some() {
        let (zh, en) =
            ("脚本过长或嵌套过深，其后未读", "the script is too long or nested too deeply to be read further");
        inspection.see(Sighting::not_inspected(zh, en));
    }
    let mut notable = Vec::new();
    for deed in deeds {
        if deed.grave {
            see(inspection, &deed.name, plain.offset(deed.offset), deed.why);
        } else {
            notable.push(deed.name);
        }
    }
    notable
}

/// An order in the comments: agents read them with the code.
pub(crate) fn comments(text: &str) -> Option<Sighting> {
    let comments = text.lines().filter_map(|line| line.trim_start().strip_prefix('#'));
    let comments: String = comments.flat_map(|line| [line, "\n"]).collect();
    note::ordered(&comments, Reader::Prose, "comment")
}

/// Namespaces of operators that come with PyTorch and its own libraries.
pub(crate) const OPERATORS: [&str; 24] = [
    "aten",
    "prim",
    "prims",
    "torchvision",
    "torchaudio",
    "torchtext",
    "quantized",
    "quantized_decomposed",
    "_quantized",
    "_nnapi",
    "mkldnn",
    "mkldnn_prepacked",
    "onednn",
    "xnnpack",
    "prepacked",
    "inductor",
    "profiler",
    "rngprims",
    "c10d",
    "_c10d_functional",
    "sparse",
    "metal",
    "vulkan_prepack",
    "mkl",
];

/// Code of a TorchScript archive, `code/**/*.py`: only the operators of PyTorch run in it.
pub fn inspect_torchscript(source: &mut dyn Source, limits: &Limits) -> Inspection {
    // Weights are no part of it, but its constants and functions are.
    let bytes = match read::all(source, (8 * LONGEST).min(limits.header_bytes)) {
        Content::Bytes(bytes) => bytes,
        Content::Seen(inspection) => return inspection,
    };
    let (text, _) = read::text(&bytes);
    let mut inspection = Inspection::default();
    inspection.sightings.extend(read::unmarked_wide(&bytes));
    let (operators, stopped) = python::operators(&text, &OPERATORS);
    if stopped.is_some() {
        let (zh, en) = ("代码过长或嵌套过深，其后未读", "the code is too long or nested too deeply to be read further");
        inspection.see(Sighting::not_inspected(zh, en));
    }
    for (name, offset) in operators {
        let is_file = name.rsplit('.').next().is_some_and(|last| python::FILES.contains(&last));
        let rule = if is_file && is_torch(&name) { "model.torchscript-file" } else { "model.torchscript-operator" };
        let sighting = Sighting::new(rule).key(&name).at(offset as u64);
        inspection.see(sighting.with("name", &name));
    }
    if let Some((condition, offset)) = loops::endless(&text) {
        let sighting = Sighting::new("model.torchscript-loop").key(&condition).at(offset as u64);
        inspection.see(sighting.with("condition", &condition));
    }
    inspection
}

/// An operator of PyTorch itself, not one of a library that is called alike.
fn is_torch(name: &str) -> bool {
    name.starts_with("ops.aten.") || name.starts_with("torch.")
}

/// An encoding declared in the first lines can make other code of the bytes.
fn coding(text: &str, inspection: &mut Inspection) {
    let declared = text.split(['\n', '\r']).take(3).find_map(|line| {
        let comment = line.trim_start_matches(['\u{feff}', ' ', '\t', '\u{c}']).strip_prefix('#')?;
        let rest = comment.split_once("coding")?.1.strip_prefix([':', '='])?.trim_start();
        let end = rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '-' | '_' | '.'))).unwrap_or(rest.len());
        Some(rest[..end].to_lowercase().replace('_', "-")).filter(|name| !name.is_empty())
    });
    let Some(name) = declared else { return };
    let plain =
        ["utf-8", "utf8", "u8", "ascii", "us-ascii", "latin1", "l1", "sjis", "cp1250", "cp437", "cp850", "cp866"];
    let families = [
        "utf-8-",
        "latin-",
        "cp125",
        "windows-125",
        "iso-8859-",
        "iso8859-",
        "gb",
        "big5",
        "euc",
        "shift-jis",
        "shiftjis",
        "koi8",
        "cp932",
        "cp936",
        "cp949",
        "cp950",
        "mac-",
    ];
    if plain.contains(&name.as_str()) || families.iter().any(|family| name.starts_with(family)) {
        return;
    }
    if ["utf-7", "utf7", "u7", "escape", "rot", "hex", "base64", "punycode"].iter().any(|part| name.contains(part)) {
        let why = Text::new("声明的编码把其他字节变成代码", "its declared encoding makes code of other bytes");
        see(inspection, &format!("coding: {name}"), 0, why);
    } else {
        let name = jingwei_read::shown(&name);
        let (zh, en) = (format!("声明的编码 {name} 未读"), format!("its declared encoding {name} is not read"));
        inspection.see(Sighting::not_inspected(zh, en));
    }
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
