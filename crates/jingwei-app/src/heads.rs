//! Heads of the guard's semantic level, trained on labelled examples of one's own.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::Read,
    path::{Path, PathBuf},
};

use flate2::read::MultiGzDecoder;
use jingwei_core::{Digest, Files, Lang, Limits, Text};
use jingwei_guard::BUILTIN_HEADS;
use jingwei_text::heads::{self as text_heads, Example, Model, Report, Severity, Split, TrainOptions, UNKNOWN_CLASS};
use serde::{Deserialize, Serialize};

use crate::{
    DiskFiles, Error,
    files::why_unreadable,
    lexicons::write,
    scores::{self, Judge, Score, ScoreOptions},
};

/// The class of a benign example.
pub(crate) const NONE: &str = "none";
/// Problems of example files that are told; more are counted.
const MOST_PROBLEMS: usize = 20;

/// What a file of examples is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    Data,
    /// What users said of single texts. It weighs more.
    Feedback,
}

/// A file of examples that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExampleFile {
    /// Without its folder, so that a manifest is the same on every machine.
    pub name: String,
    pub role: Role,
    pub rows: u64,
    /// Of the bytes on disk.
    pub sha256: Digest,
}

/// Labelled examples, and where they are from.
#[derive(Debug, Clone, Default)]
pub struct Examples {
    pub examples: Vec<Example>,
    pub files: Vec<ExampleFile>,
}

/// One line of a file. What may be left out is filled in from the text, the class and the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    text: String,
    lang: Option<Lang>,
    head: String,
    class: String,
    severity: Option<Severity>,
    source: Option<String>,
    group: Option<String>,
    split: Option<Split>,
}

/// Heads and their classes.
type Known = BTreeMap<String, BTreeSet<String>>;

/// Reads files of examples (JSON lines, or the same packed as `.gz`). All that is wrong with them comes back at once.
pub fn read_examples(paths: &[PathBuf], role: Role, limits: &Limits) -> Result<Examples, Error> {
    let known = known_heads()?;
    let mut all = Examples::default();
    let mut problems: Vec<Text> = Vec::new();
    for path in paths {
        let shown = path.display().to_string();
        match read_lines(path, limits) {
            Err(why) => problems.push(Text::new(format!("{shown}：{}", why.zh), format!("{shown}: {}", why.en))),
            Ok((text, sha256)) => {
                let before = all.examples.len();
                rows_of(path, &text, &known, limits, &mut all.examples, &mut problems);
                let rows = (all.examples.len() - before) as u64;
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                all.files.push(ExampleFile { name, role, rows, sha256 });
            }
        }
    }
    if all.examples.len() as u64 > limits.entries {
        let most = limits.entries;
        problems.push(Text::new(format!("样本超过 {most} 行"), format!("there are more than {most} rows")));
    }
    if problems.is_empty() { Ok(all) } else { Err(told(&problems)) }
}

fn told(problems: &[Text]) -> Error {
    let more = problems.len().saturating_sub(MOST_PROBLEMS);
    let say = |lang| problems.iter().take(MOST_PROBLEMS).map(|p| p.get(lang)).collect::<Vec<_>>().join("\n");
    let (mut zh, mut en) = (say(Lang::Zh), say(Lang::En));
    if more > 0 {
        zh += &format!("\n另有 {more} 处");
        en += &format!("\nand {more} more");
    }
    Error::invalid(zh, en)
}

/// The texts of a file of JSON lines with a `text`, whatever else they have.
pub fn read_texts(path: &Path, limits: &Limits) -> Result<Vec<String>, Error> {
    #[derive(Deserialize)]
    struct Line {
        text: String,
    }
    let shown = path.display();
    let wrong = |zh: String, en: String| Error::invalid(format!("{shown}{zh}"), format!("{shown}{en}"));
    let (bytes, _) = read_lines(path, limits).map_err(|why| wrong(format!("：{}", why.zh), format!(": {}", why.en)))?;
    let mut texts = Vec::new();
    for (number, line) in (1_u64..).zip(bytes.split(|byte| *byte == b'\n')) {
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let line: Line = serde_json::from_slice(line).map_err(|error| {
            wrong(format!(":{number}：不是 {{\"text\": …}}"), format!(":{number}: not {{\"text\": …}}")).because(error)
        })?;
        texts.push(line.text);
    }
    if texts.is_empty() {
        return Err(wrong("：没有文本".to_owned(), ": there are no texts in it".to_owned()));
    }
    Ok(texts)
}

/// The text of a file, unpacked, and the digest of its bytes.
fn read_lines(path: &Path, limits: &Limits) -> Result<(Vec<u8>, Digest), Text> {
    let bytes = read(path, limits)?;
    let digest = Digest::of(&bytes);
    if path.extension().is_none_or(|extension| extension != "gz") {
        return Ok((bytes, digest));
    }
    let most = limits.header_bytes.min(limits.expansion_ratio.saturating_mul(bytes.len() as u64));
    let mut text = Vec::new();
    MultiGzDecoder::new(bytes.as_slice()).take(most.saturating_add(1)).read_to_end(&mut text).map_err(|error| {
        Text::new(format!("不是完好的 gzip 文件：{error}"), format!("not a sound gzip file: {error}"))
    })?;
    if text.len() as u64 > most {
        let (zh, en) = (format!("解包后超过 {most} 字节"), format!("it unpacks to more than {most} bytes"));
        return Err(Text::new(zh, en));
    }
    Ok((text, digest))
}

pub(crate) fn read(path: &Path, limits: &Limits) -> Result<Vec<u8>, Text> {
    let files = DiskFiles::new(Path::new(""), true);
    files.read(&path.to_string_lossy(), limits.header_bytes).map_err(|error| why_unreadable(&error))
}

fn rows_of(
    path: &Path,
    text: &[u8],
    known: &Known,
    limits: &Limits,
    examples: &mut Vec<Example>,
    problems: &mut Vec<Text>,
) {
    let shown = path.display();
    let stem = path.file_name().unwrap_or_default().to_string_lossy();
    let source = stem.split('.').next().unwrap_or_default();
    let before = (examples.len(), problems.len());
    for (number, line) in (1_u64..).zip(text.split(|byte| *byte == b'\n')) {
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        match example(line, source, known, limits) {
            Ok(example) => examples.push(example),
            Err(why) => problems
                .push(Text::new(format!("{shown}:{number}：{}", why.zh), format!("{shown}:{number}: {}", why.en))),
        }
    }
    if (examples.len(), problems.len()) == before {
        problems.push(Text::new(format!("{shown}：没有样本"), format!("{shown}: there are no rows in it")));
    }
}

fn example(line: &[u8], source: &str, known: &Known, limits: &Limits) -> Result<Example, Text> {
    let row: Row = serde_json::from_slice(line).map_err(|error| {
        let said = error.to_string();
        // The line of the JSON text is always its first; that of the file is told.
        let said = said.split(" at line ").next().unwrap_or_default();
        Text::new(format!("不是样本：{said}"), format!("not an example: {said}"))
    })?;
    let Row { text, lang, head, class, severity, source: from, group, split } = row;
    let Some(classes) = known.get(&head) else {
        let there = known.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        let head = shortened(&head);
        let (zh, en) =
            (format!("没有名为 `{head}` 的头；可用：{there}"), format!("there is no head `{head}`; known: {there}"));
        return Err(Text::new(zh, en));
    };
    if class != NONE && class != UNKNOWN_CLASS && !classes.contains(&class) {
        let there = classes.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        let class = shortened(&class);
        return Err(Text::new(
            format!("头 `{head}` 没有类别 `{class}`；可用：{NONE}, {there}"),
            format!("head `{head}` has no class `{class}`; known: {NONE}, {there}"),
        ));
    }
    let usual = if class == NONE { Severity::Safe } else { Severity::Unsafe };
    let severity = severity.unwrap_or(usual);
    if (class == NONE) != (severity == Severity::Safe) {
        return Err(Text::new(
            "只有类别 `none` 的样本是 `safe`，且它总是 `safe`",
            "class `none` is `safe`, and nothing else is",
        ));
    }
    if text.trim().is_empty() {
        return Err(Text::new("文本是空的", "the text is empty"));
    }
    if text.len() as u64 > limits.string_bytes {
        let most = limits.string_bytes;
        return Err(Text::new(format!("文本超过 {most} 字节"), format!("the text is longer than {most} bytes")));
    }
    let lang = lang.unwrap_or_else(|| lang_of(&text));
    let source = from.unwrap_or_else(|| source.to_owned());
    Ok(Example { text, lang, head, class, severity, source, group, split: split.unwrap_or(Split::Train) })
}

fn shortened(name: &str) -> String {
    name.chars().take(40).collect()
}

/// Chinese where at least one letter in five is a Chinese character, as the heads see it.
fn lang_of(text: &str) -> Lang {
    let ideographs = text.chars().filter(|c| jingwei_text::is_ideograph(*c)).count();
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    if ideographs > 0 && ideographs * 5 >= letters { Lang::Zh } else { Lang::En }
}

fn known_heads() -> Result<Known, Error> {
    let (_, model) = open_model(None, &Limits::default())?;
    Ok(model.heads().iter().map(|head| (head.id.clone(), head.classes().map(str::to_owned).collect())).collect())
}

/// Reads a file of heads.
pub(crate) fn read_heads(path: &Path, limits: &Limits) -> Result<(Vec<u8>, Model), Text> {
    let bytes = read(path, limits)?;
    let model = Model::parse(&bytes, limits)
        .map_err(|error| Text::new(format!("不是可用的模型：{error}"), error.to_string()))?;
    Ok((bytes, model))
}

/// The heads in a file, or those of this program, with the digest of their bytes.
pub fn open_model(path: Option<&Path>, limits: &Limits) -> Result<(Digest, Model), Error> {
    let Some(path) = path else {
        // They are this program's own, whatever is allowed to others.
        let model = Model::parse(BUILTIN_HEADS, &Limits::default())
            .map_err(|e| Error::failed("内置模型已损坏", "the built-in heads are damaged").because(e))?;
        return Ok((Digest::of(BUILTIN_HEADS), model));
    };
    let shown = path.display();
    let (bytes, model) = read_heads(path, limits)
        .map_err(|why| Error::invalid(format!("`{shown}`：{}", why.zh), format!("`{shown}`: {}", why.en)))?;
    Ok((Digest::of(&bytes), model))
}

/// What to train on, and where to put what comes of it.
#[derive(Debug, Clone, Default)]
pub struct TrainRequest {
    pub data: Vec<PathBuf>,
    pub feedback: Vec<PathBuf>,
    /// Heads to start from. Without it training on data starts from nothing, and feedback alone from the built-in heads.
    pub base: Option<PathBuf>,
    /// A JSON document of options, or a manifest that has some.
    pub options: Option<PathBuf>,
    pub out: PathBuf,
}

/// What training came to.
#[derive(Debug)]
pub struct Trained {
    pub files: Vec<ExampleFile>,
    /// On the data, then on the feedback.
    pub reports: Vec<Report>,
    pub score: Score,
    /// Digest of the weights' file.
    pub digest: Digest,
    pub written: Vec<PathBuf>,
}

/// From what heads were trained, and how. Whoever has the inputs makes the same bytes.
#[derive(Serialize)]
struct Manifest<'a> {
    kind: &'static str,
    version: u32,
    inputs: &'a [ExampleFile],
    /// SHA-256 of the heads that training started from.
    base: Option<Digest>,
    seed: u64,
    options: &'a TrainOptions<'a>,
    reports: &'a [Report],
}

/// Trains heads and writes `heads.jwm`, `manifest.json` and `scorecard.json`. Equal inputs give equal bytes.
pub fn train(request: &TrainRequest, progress: &dyn Fn(&Text), limits: &Limits) -> Result<Trained, Error> {
    let options = options(request.options.as_deref(), limits)?;
    let data = read_examples(&request.data, Role::Data, limits)?;
    let feedback = read_examples(&request.feedback, Role::Feedback, limits)?;
    let (rows, said) = (data.examples.len(), feedback.examples.len());
    progress(&Text::new(
        format!("读到 {rows} 个样本、{said} 条反馈"),
        format!("read {rows} examples and {said} rows of feedback"),
    ));
    warn_of_overlap(&data.examples, progress);
    let starts_from = match (&request.base, data.examples.is_empty()) {
        (None, false) => None,
        (base, _) => Some(open_model(base.as_deref(), limits)?),
    };
    let base = starts_from.as_ref().map(|(digest, _)| *digest);
    let mut model = starts_from.map(|(_, model)| model);
    let mut reports = Vec::new();
    for examples in [&data.examples, &feedback.examples].into_iter().filter(|examples| !examples.is_empty()) {
        progress(&Text::new("训练中", "training"));
        let (learnt, report) = learn(examples, &TrainOptions { base: model.as_ref(), ..options.clone() })?;
        model = Some(learnt);
        reports.push(report);
    }
    let Some(model) = model.filter(|_| !reports.is_empty()) else {
        return Err(Error::invalid(
            "没有样本：给出数据文件或 --feedback",
            "there are no examples; give data files or --feedback",
        ));
    };
    let files = [data.files, feedback.files].concat();
    let manifest = Manifest {
        kind: "guard-heads-manifest",
        version: 1,
        inputs: &files,
        base,
        seed: options.seed,
        options: &options,
        reports: &reports,
    };
    let manifest = document(&manifest)?;
    let model = model.with_manifest(Digest::of(&manifest));
    let unwritable = |e| Error::failed("无法写出模型", "cannot write the heads").because(e);
    let bytes = model.to_bytes().map_err(unwritable)?;
    let digest = Digest::of(&bytes);
    progress(&Text::new("评分中", "scoring"));
    let all = [data.examples, feedback.examples].concat();
    let score = scores::score(&Judge::Heads { model: &model, digest }, &all, &ScoreOptions::default());
    let scorecard = document(&score)?;
    let written =
        put(&request.out, &[("manifest.json", &manifest), ("scorecard.json", &scorecard), ("heads.jwm", &bytes)])?;
    Ok(Trained { files, reports, score, digest, written })
}

fn learn(examples: &[Example], options: &TrainOptions<'_>) -> Result<(Model, Report), Error> {
    text_heads::train(examples, options)
        .map_err(|error| Error::invalid(format!("无法训练：{error}"), format!("cannot train: {error}")))
}

/// A text that is learnt and tested makes its test worth nothing.
pub(crate) fn warn_of_overlap(examples: &[Example], progress: &dyn Fn(&Text)) {
    let learnt = |example: &&Example| example.split == Split::Train;
    let texts: BTreeSet<&str> = examples.iter().filter(learnt).map(|example| example.text.as_str()).collect();
    let groups: BTreeSet<&str> =
        examples.iter().filter(learnt).filter_map(|example| example.group.as_deref()).collect();
    let is_known = |example: &&Example| {
        texts.contains(example.text.as_str()) || example.group.as_deref().is_some_and(|group| groups.contains(group))
    };
    let torn = examples.iter().filter(|example| example.split == Split::Test).filter(is_known).count();
    if torn > 0 {
        progress(&Text::new(
            format!("提示：{torn} 个测试样本的文本或组也在训练样本中，其得分会偏高"),
            format!(
                "warning: the text or group of {torn} test rows is among the train rows too, so they score too well"
            ),
        ));
    }
}

fn options(path: Option<&Path>, limits: &Limits) -> Result<TrainOptions<'static>, Error> {
    let Some(path) = path else { return Ok(TrainOptions::default()) };
    let shown = path.display();
    let wrong = |zh: &str, en: &str| Error::invalid(format!("`{shown}`：{zh}"), format!("`{shown}`: {en}"));
    let bytes = read(path, limits).map_err(|why| wrong(&why.zh, &why.en))?;
    let read: Result<serde_json::Value, _> = serde_json::from_slice(&bytes);
    let options = read.and_then(|mut value| {
        let options = value.get_mut("options").map(serde_json::Value::take).unwrap_or(value);
        serde_json::from_value::<TrainOptions<'static>>(options)
    });
    options.map_err(|error| wrong(&format!("不是训练选项：{error}"), &format!("not options of training: {error}")))
}

pub(crate) fn document(value: &impl Serialize) -> Result<Vec<u8>, Error> {
    let mut bytes = serde_json::to_vec_pretty(value)
        .map_err(|e| Error::failed("无法写出文档", "cannot write a document").because(e))?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Writes documents into a folder; each is there whole or not at all.
pub(crate) fn put(folder: &Path, documents: &[(&str, &[u8])]) -> Result<Vec<PathBuf>, Error> {
    let shown = folder.display();
    fs::create_dir_all(folder).map_err(|e| {
        Error::failed(format!("无法创建目录 `{shown}`"), format!("cannot make the folder `{shown}`")).because(e)
    })?;
    let mut written = Vec::new();
    for (name, bytes) in documents {
        let path = folder.join(name);
        write(&path, bytes)?;
        written.push(path);
    }
    Ok(written)
}

#[cfg(test)]
#[path = "heads_tests.rs"]
mod tests;
