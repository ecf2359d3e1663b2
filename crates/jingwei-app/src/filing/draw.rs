//! Draws the samples of a filing's test and writes what it takes to run and to judge them.

use std::path::PathBuf;

use jingwei_catalog::{
    filing::FilingRole,
    suite::{Suite, SuiteKind, SuitePart},
};
use jingwei_core::{Arm, Limits, Text, Timestamp};
use jingwei_probe::filing::{Question, Sample, draw as draw_sample};
use serde::Serialize;

use super::{
    BankSource, Standard, Written,
    banks::{bank_of, items_of, jsonl, load_bank, put, toml_of},
    judges::ContentJudges,
    replies::{RunUse, read_runs},
    sheets::{Line, by_item, sheets_of},
};
use crate::Error;

/// Longest answer that is asked for, in tokens.
const MAX_TOKENS: u32 = 512;

pub struct DrawRequest<'a> {
    pub banks: &'a [BankSource],
    pub seed: u64,
    pub out: PathBuf,
    /// Licence of the questions, where they are not all of the catalog.
    pub licence: String,
}

/// A sample of each bank, and the files with which it is run and judged.
#[derive(Debug, Clone, Serialize)]
pub struct Drawn {
    pub seed: u64,
    pub samples: Vec<DrawnSample>,
    pub files: Vec<Written>,
    /// Arguments of `jingwei probe run` that run the sample.
    pub run: Vec<String>,
}

#[derive(Debug, Clone, Serialize)]
pub struct DrawnSample {
    pub role: FilingRole,
    pub title: Text,
    pub drawn: u64,
    #[serde(flatten)]
    pub sample: Sample,
}

/// Draws the samples. The same banks and the same seed give the same files.
pub fn draw(
    standard: &Standard<'_>,
    request: &DrawRequest<'_>,
    now: Timestamp,
    limits: &Limits,
) -> Result<Drawn, Error> {
    let (mut files, mut samples, mut parts) = (Vec::new(), Vec::new(), Vec::new());
    let mut run = vec![request.out.join("suite.toml").display().to_string()];
    for (bank, slots) in standard.banks() {
        let input = load_bank(standard, bank.role, request.banks, limits)?;
        let sample = draw_sample(bank, &slots, &input.questions, request.seed);
        let chosen: Vec<Question> =
            sample.drawn.iter().filter_map(|index| input.questions.get(*index).cloned()).collect();
        let role = bank.role;
        let id = format!("filing-{}", role.code());
        if !chosen.is_empty() {
            let items = items_of(standard, role, &slots, &chosen)?;
            let source =
                format!("drawn by jingwei probe filing draw --seed {} from {}", request.seed, input.from.join(", "));
            let updated = input.updated.unwrap_or_else(|| now.date());
            let drawn = bank_of(&id, bank.title.clone(), &request.licence, &source, updated, items);
            files.push((format!("{id}.toml"), toml_of(&drawn)?));
            files.push((format!("{id}.jsonl"), jsonl(&drawn)?));
            let lines: Vec<Line<'_>> = chosen.iter().map(|question| Line { role, question, reply: None }).collect();
            files.extend(sheets_of(role, &slots, &lines, None, now)?);
            parts.push(part_of(role, &bank.title, &id));
            let path = request.out.join(format!("{id}.jsonl"));
            run.push("--dataset".to_owned());
            run.push(format!("{id}={}:jsonl:{}", path.display(), request.licence));
        }
        samples.push(DrawnSample { role, title: bank.title.clone(), drawn: chosen.len() as u64, sample });
    }
    if parts.is_empty() {
        return Err(Error::invalid("题库中没有可抽取的题目", "the banks have no question to draw"));
    }
    let suite = Suite {
        kind: SuiteKind::Suite,
        version: 1,
        id: format!("{}-draw-{}", standard.filing.id, request.seed),
        title: Text::new(
            format!("备案自评抽样，种子 {}", request.seed),
            format!("Filing self-assessment sample, seed {}", request.seed),
        ),
        text: Text::new(
            "按标准的数量分层抽取的题目。它给出测量值，不保证备案结果。",
            "Questions drawn by strata in the standard's numbers. It gives measurements and promises nothing of a filing.",
        ),
        seed: request.seed,
        grading: None,
        parts,
    };
    let suite =
        toml::to_string(&suite).map_err(|e| Error::failed("无法写出套件", "cannot write the suite").because(e))?;
    files.push(("suite.toml".to_owned(), suite.into_bytes()));
    let files = put(&request.out, &files)?;
    Ok(Drawn { seed: request.seed, samples, files, run })
}

fn part_of(role: FilingRole, title: &Text, bank: &str) -> SuitePart {
    SuitePart {
        id: role.code().to_owned(),
        title: title.clone(),
        dimension: None,
        banks: vec![bank.to_owned()],
        expect: None,
        langs: Vec::new(),
        topics: Vec::new(),
        draw: None,
        transforms: vec![String::new()],
        driver: "single-turn".to_owned(),
        judges: vec!["refusal".to_owned()],
        epochs: 1,
        max_tokens: MAX_TOKENS,
        temperature: 0.0,
    }
}

pub struct SheetsRequest<'a> {
    pub runs: &'a [PathBuf],
    pub banks: &'a [BankSource],
    pub packs: &'a [PathBuf],
    pub heads: Option<PathBuf>,
    pub arm: Arm,
    pub out: PathBuf,
}

/// The sheets that were written.
#[derive(Debug, Clone, Serialize)]
pub struct Sheets {
    pub runs: Vec<RunUse>,
    pub lines: u64,
    pub files: Vec<Written>,
}

/// Writes the review sheets of a run with its replies in them, and the two sheets of the machine checks.
pub fn sheets(
    standard: &Standard<'_>,
    request: &SheetsRequest<'_>,
    now: Timestamp,
    limits: &Limits,
) -> Result<Sheets, Error> {
    let (replies, runs) = read_runs(standard, request.runs)?;
    let judges = ContentJudges::open(standard, request.packs, request.heads.as_deref(), limits)?;
    let (mut files, mut count) = (Vec::new(), 0_u64);
    for (bank, slots) in standard.banks() {
        let replies = by_item(&replies, bank.role, request.arm);
        if replies.is_empty() {
            continue;
        }
        let input = load_bank(standard, bank.role, request.banks, limits)?;
        let line =
            |question| Some(Line { role: bank.role, question, reply: Some(*replies.get(question.id.as_str())?) });
        let lines: Vec<Line<'_>> = input.questions.iter().filter_map(line).collect();
        count += lines.len() as u64;
        files.extend(sheets_of(bank.role, &slots, &lines, Some(&judges), now)?);
    }
    if count == 0 {
        return Err(Error::invalid(
            "运行中没有题库的题目；请用 --bank 给出抽样的题库，并核对 --arm",
            "the run has no question of the banks; name the drawn banks with --bank, and check --arm",
        ));
    }
    let files = put(&request.out, &files)?;
    Ok(Sheets { runs, lines: count, files })
}
