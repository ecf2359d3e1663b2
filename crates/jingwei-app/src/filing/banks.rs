//! Banks of questions: those of the catalog, and the operator's own in files.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use jingwei_catalog::{
    document,
    filing::FilingRole,
    items::{Bank, BankItem, BankKind, Expect},
};
use jingwei_core::{Date, Digest, ItemRef, Limits, RiskId, Text, Timestamp};
use jingwei_probe::filing::{
    BankInput, BankReport, Columns, LintOptions, Oddities, Oddity, Question, Slots, Table, lint_bank,
    questions_of_table,
};
use serde::Serialize;

use super::{Standard, role_named, standard::read_file, tables::read_tables};
use crate::{Error, lexicons::write};

/// Longest question, in bytes.
const LONGEST: usize = 16 << 10;

/// A bank that somebody named: the id of one of the catalog's or a file, and what it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BankSource {
    pub role: FilingRole,
    /// Id of a bank of the catalog, or a path.
    pub name: String,
}

impl BankSource {
    /// `ROLE=FILE`, `ROLE=ID`, or the id of a bank that the standard knows.
    pub fn parse(standard: &Standard<'_>, text: &str) -> Result<Self, Error> {
        if let Some((role, name)) = text.split_once('=')
            && let Some(role) = role_named(role)
            && !name.is_empty()
        {
            return Ok(Self { role, name: name.to_owned() });
        }
        let known = standard.filing.banks.iter().find(|bank| bank.bank == text || bank.role.code() == text);
        match known {
            Some(bank) => Ok(Self { role: bank.role, name: bank.bank.clone() }),
            None => Err(Error::invalid(
                format!(
                    "请写明 `{text}` 是哪种题库，例如 content-test={text}、should-refuse={text} 或 should-not-refuse={text}"
                ),
                format!(
                    "say what `{text}` is for: content-test={text}, should-refuse={text} or should-not-refuse={text}"
                ),
            )),
        }
    }
}

/// The questions of all sources of one role. Nobody named one: the catalog's.
pub fn load_bank(
    standard: &Standard<'_>,
    role: FilingRole,
    sources: &[BankSource],
    limits: &Limits,
) -> Result<BankInput, Error> {
    let (bank, slots) = standard.bank(role)?;
    let own: Vec<&str> =
        sources.iter().filter(|source| source.role == role).map(|source| source.name.as_str()).collect();
    let names = if sources.is_empty() { vec![bank.bank.as_str()] } else { own };
    let mut input = BankInput::default();
    let mut dates = Vec::new();
    for name in names {
        dates.push(load_one(standard, name, &slots, &mut input, limits)?);
        input.from.push(name.to_owned());
    }
    // A part without a date makes the whole one without a date.
    input.updated = dates.into_iter().collect::<Option<Vec<Date>>>().and_then(|dates| dates.into_iter().min());
    Ok(input)
}

fn load_one(
    standard: &Standard<'_>,
    name: &str,
    slots: &Slots,
    input: &mut BankInput,
    limits: &Limits,
) -> Result<Option<Date>, Error> {
    if let Some(bank) = standard.catalog.banks.get(name) {
        add_bank(bank, slots, input);
        return Ok(Some(bank.updated));
    }
    let path = Path::new(name);
    let (file, bytes) = read_file(path, limits)?;
    if file.ends_with(".toml") {
        let bank = document::parse::<Bank>(&file, &bytes)?.value;
        add_bank(&bank, slots, input);
        return Ok(Some(bank.updated));
    }
    let tables = tables_of(path, &file, &bytes, limits)?;
    for table in chosen(tables, &Columns::default()) {
        let questions = questions_of_table(&table, &Columns::default(), slots, LONGEST, &mut input.oddities);
        input.questions.extend(questions);
    }
    Ok(None)
}

fn add_bank(bank: &Bank, slots: &Slots, input: &mut BankInput) {
    let questions: Vec<Question> =
        bank.items.iter().map(|item| Question::of_bank(item, &bank.id, slots, &mut input.oddities)).collect();
    input.questions.extend(questions);
}

fn tables_of(path: &Path, file: &str, bytes: &[u8], limits: &Limits) -> Result<Vec<Table>, Error> {
    let shown = path.display();
    read_tables(file, bytes, limits)
        .map_err(|why| Error::invalid(format!("`{shown}`：{}", why.zh), format!("`{shown}`: {}", why.en)))
}

/// Of several sheets those that hold questions; where none does, the first, which then tells what it lacks.
fn chosen(mut tables: Vec<Table>, columns: &Columns) -> Vec<Table> {
    if tables.iter().any(|table| table.has_questions(columns)) {
        tables.retain(|table| table.has_questions(columns));
    } else {
        tables.truncate(1);
    }
    tables
}

/// What `lint` compares.
pub struct LintRequest<'a> {
    pub banks: &'a [BankSource],
    pub similar: f64,
    pub now: Timestamp,
}

/// Compares banks with the standard: those that are named, or the catalog's.
pub fn lint(standard: &Standard<'_>, request: &LintRequest<'_>, limits: &Limits) -> Result<Vec<BankReport>, Error> {
    let mut reports = Vec::new();
    for (bank, slots) in standard.banks() {
        if !request.banks.is_empty() && !request.banks.iter().any(|source| source.role == bank.role) {
            continue;
        }
        let input = load_bank(standard, bank.role, request.banks, limits)?;
        let left_to_operator = standard.left_to_operator(bank.role)?;
        let options = LintOptions { now: request.now, similar: request.similar, left_to_operator: &left_to_operator };
        reports.push(lint_bank(bank, &slots, &input, &options));
    }
    Ok(reports)
}

/// An operator's questions, and the bank that is made of them.
pub struct ImportRequest {
    pub files: Vec<PathBuf>,
    pub role: FilingRole,
    /// `.toml`: a bank file. `.jsonl`: one question a line, for banks larger than a bank file may be.
    pub out: PathBuf,
    pub columns: Columns,
    /// By default the name of the file that is written.
    pub id: Option<String>,
    pub licence: String,
    /// Write over a file that is there.
    pub replace: bool,
}

/// What an import took.
#[derive(Debug, Clone, Serialize)]
pub struct Imported {
    pub path: String,
    pub role: FilingRole,
    pub questions: u64,
    /// Of no risk or aspect of the standard: kept, and not counted for any.
    pub of_no_kind: u64,
    pub bytes: u64,
    pub digest: Digest,
    pub findings: Vec<jingwei_probe::filing::Finding>,
}

/// Reads lists of questions and writes a bank.
pub fn import(
    standard: &Standard<'_>,
    request: &ImportRequest,
    now: Timestamp,
    limits: &Limits,
) -> Result<Imported, Error> {
    let shown = request.out.display();
    if request.out.exists() && !request.replace {
        return Err(Error::invalid(
            format!("`{shown}` 已存在；要覆盖请加 --replace"),
            format!("`{shown}` is there already; add --replace to write over it"),
        ));
    }
    let (_, slots) = standard.bank(request.role)?;
    let mut input = BankInput::default();
    for path in &request.files {
        let (file, bytes) = read_file(path, limits)?;
        let tables = chosen(tables_of(path, &file, &bytes, limits)?, &request.columns);
        for table in &tables {
            let questions = questions_of_table(table, &request.columns, &slots, LONGEST, &mut input.oddities);
            input.questions.extend(questions);
        }
    }
    if input.questions.is_empty() {
        let findings = input.oddities.findings();
        let say = |lang| findings.iter().map(|f| f.message.get(lang)).collect::<Vec<_>>().join("; ");
        let (zh, en) = (say(jingwei_core::Lang::Zh), say(jingwei_core::Lang::En));
        return Err(Error::invalid(format!("没有读到题目。{zh}"), format!("there are no questions. {en}")));
    }
    unique_ids(&mut input.questions, &mut input.oddities);
    let items = items_of(standard, request.role, &slots, &input.questions)?;
    let stem = request.out.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let id = request.id.clone().unwrap_or(stem);
    let bank =
        bank_of(&id, title(standard, request.role)?, &request.licence, "imported by the operator", now.date(), items);
    let bytes = if request.out.extension().is_some_and(|end| end == "jsonl") { jsonl(&bank)? } else { toml_of(&bank)? };
    write(&request.out, &bytes)?;
    Ok(Imported {
        path: request.out.display().to_string(),
        role: request.role,
        questions: input.questions.len() as u64,
        of_no_kind: input.questions.iter().filter(|question| question.slot.is_none()).count() as u64,
        bytes: bytes.len() as u64,
        digest: Digest::of(&bytes),
        findings: input.oddities.findings(),
    })
}

/// Several files may use one id each for other questions.
fn unique_ids(questions: &mut [Question], oddities: &mut Oddities) {
    let mut ids = BTreeSet::new();
    for question in questions {
        let own = question.id.clone();
        let mut count = 2_u32;
        while !ids.insert(question.id.clone()) {
            question.id = format!("{own}-{count}");
            count += 1;
        }
        if question.id != own {
            oddities.add(Oddity::DuplicateId, &question.place, &own);
        }
    }
}

fn title(standard: &Standard<'_>, role: FilingRole) -> Result<Text, Error> {
    Ok(standard.bank(role)?.0.title.clone())
}

/// Questions as items of a bank: what is expected of each kind, and which risks it bears on, as in the shipped bank.
pub(crate) fn items_of(
    standard: &Standard<'_>,
    role: FilingRole,
    slots: &Slots,
    questions: &[Question],
) -> Result<Vec<BankItem>, Error> {
    let (bank, _) = standard.bank(role)?;
    let shipped = standard.catalog.banks.get(&bank.bank).map(|bank| bank.items.as_slice()).unwrap_or_default();
    let mut usual: BTreeMap<usize, (Expect, Vec<RiskId>)> = BTreeMap::new();
    for item in shipped {
        let slot = item.refs.iter().find_map(|r| slots.find(r.as_str())).or_else(|| slots.find(&item.topic));
        if let Some(slot) = slot {
            usual.entry(slot).or_insert_with(|| (item.expect, item.risks.clone()));
        }
    }
    let is_known = |risk: &&str| standard.catalog.risks.keys().any(|id| id.as_str() == *risk);
    let other = if role == FilingRole::ShouldNotRefuse { "unreliable-output" } else { "harmful-output" };
    let expect = if role == FilingRole::ShouldNotRefuse { Expect::Answer } else { Expect::Refuse };
    let risks: Vec<RiskId> =
        [other].iter().filter(|risk| is_known(risk)).filter_map(|risk| RiskId::new(*risk).ok()).collect();
    let item = |question: &Question| {
        let slot = question.slot.and_then(|slot| slots.get(slot));
        let code = slot.map_or("unassigned", |slot| slot.code.as_str());
        let reference = ItemRef::new(format!("{}/{code}", standard.filing.framework)).ok();
        let is_risk = reference.as_ref().is_some_and(|reference| standard.catalog.item(reference).is_some());
        let (expect, risks) =
            question.slot.and_then(|slot| usual.get(&slot)).cloned().unwrap_or_else(|| (expect, risks.clone()));
        BankItem {
            id: question.id.clone(),
            expect,
            lang: question.lang,
            text: question.text.clone(),
            topic: topic_of(code),
            risks,
            refs: reference.filter(|_| is_risk).into_iter().collect(),
            scene: None,
        }
    };
    Ok(questions.iter().map(item).collect())
}

/// `A.1.4` as topics are written: `a1-4`.
fn topic_of(code: &str) -> String {
    match code.split('.').collect::<Vec<_>>().as_slice() {
        [section, class, risk] => format!("{}{class}-{risk}", section.to_lowercase()),
        _ => code.to_owned(),
    }
}

pub(crate) fn bank_of(id: &str, title: Text, licence: &str, source: &str, updated: Date, items: Vec<BankItem>) -> Bank {
    let (id, licence, source) = (id.to_owned(), licence.to_owned(), source.to_owned());
    Bank { kind: BankKind::Bank, version: 1, id, title, licence, source, updated, items }
}

/// A bank file.
pub(crate) fn toml_of(bank: &Bank) -> Result<Vec<u8>, Error> {
    let text = toml::to_string(bank).map_err(|e| Error::failed("无法写出题库", "cannot write the bank").because(e))?;
    if text.len() > document::MAX_BYTES {
        let most = document::MAX_BYTES;
        return Err(Error::invalid(
            format!("题库文件将超过 {most} 字节；请用 --out 文件.jsonl"),
            format!("the bank file would be larger than {most} bytes; use --out FILE.jsonl"),
        ));
    }
    Ok(text.into_bytes())
}

/// One question a line, with the columns that datasets and imports read.
pub(crate) fn jsonl(bank: &Bank) -> Result<Vec<u8>, Error> {
    #[derive(Serialize)]
    struct Line<'a> {
        id: &'a str,
        text: &'a str,
        expect: Expect,
        lang: jingwei_core::Lang,
        topic: &'a str,
    }
    let mut bytes = Vec::new();
    for item in &bank.items {
        let BankItem { id, text, expect, lang, topic, .. } = item;
        let line = Line { id, text, expect: *expect, lang: *lang, topic };
        serde_json::to_writer(&mut bytes, &line)
            .map_err(|e| Error::failed("无法写出题库", "cannot write the bank").because(e))?;
        bytes.push(b'\n');
    }
    Ok(bytes)
}

/// Makes a folder and writes files into it, each whole or not at all.
pub(crate) fn put(folder: &Path, files: &[(String, Vec<u8>)]) -> Result<Vec<Written>, Error> {
    let shown = folder.display();
    fs::create_dir_all(folder).map_err(|e| {
        Error::failed(format!("无法创建目录 `{shown}`"), format!("cannot make the folder `{shown}`")).because(e)
    })?;
    files
        .iter()
        .map(|(name, bytes)| {
            let path = folder.join(name);
            write(&path, bytes)?;
            let path = path.display().to_string();
            Ok(Written { path, bytes: bytes.len() as u64, digest: Digest::of(bytes) })
        })
        .collect()
}

/// A file that was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Written {
    pub path: String,
    pub bytes: u64,
    pub digest: Digest,
}
