use std::collections::BTreeSet;

use jingwei_core::{Digest, Lang};
use jingwei_text::is_ideograph;

use super::{Oddities, Oddity, Place, Slots, plain};

/// A question of a bank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Unique within the bank.
    pub id: String,
    pub text: String,
    pub lang: Lang,
    /// Index of its risk or aspect; `None` where the standard has none of that name.
    pub slot: Option<usize>,
    pub place: Place,
}

/// Rows of cells, as a file of any format gave them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Table {
    /// The file's name without its folders.
    pub name: String,
    pub header: Vec<String>,
    pub rows: Vec<Row>,
    pub oddities: Oddities,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Row {
    /// From 1.
    pub line: u64,
    pub cells: Vec<String>,
}

impl Table {
    /// The column of that name, or the first whose name is one of the usual ones.
    #[must_use]
    pub fn column(&self, named: Option<&str>, usual: &[&str]) -> Option<usize> {
        let position = |name: &str| self.header.iter().position(|cell| plain(cell) == plain(name));
        match named {
            Some(name) => position(name),
            None => usual.iter().find_map(|name| position(name)),
        }
    }

    /// Whether a column holds questions.
    #[must_use]
    pub fn has_questions(&self, columns: &Columns) -> bool {
        self.column(columns.text.as_deref(), &TEXT).is_some()
    }

    #[must_use]
    pub fn place(&self, row: &Row) -> Place {
        Place { file: self.name.clone(), line: row.line }
    }
}

impl Row {
    /// Without spaces around it. An apostrophe that keeps a spreadsheet from reading a formula is not part of it.
    #[must_use]
    pub fn cell(&self, column: Option<usize>) -> &str {
        let cell = column.and_then(|column| self.cells.get(column)).map_or("", |cell| cell.trim());
        match cell.strip_prefix('\'') {
            Some(rest) if rest.starts_with(['=', '+', '-', '@']) => rest,
            _ => cell,
        }
    }
}

/// Names of columns, where they are not the usual ones.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Columns {
    pub text: Option<String>,
    pub code: Option<String>,
    pub id: Option<String>,
}

const TEXT: [&str; 10] =
    ["text", "question", "prompt", "题目", "问题", "测试题", "题目内容", "测试题内容", "内容", "提示词"];
const CODE: [&str; 16] = [
    "code",
    "risk_code",
    "risk",
    "slot",
    "topic",
    "aspect",
    "category",
    "风险代码",
    "风险编号",
    "代码",
    "风险类型",
    "风险",
    "风险种类",
    "方面",
    "类别",
    "分类",
];
const ID: [&str; 5] = ["id", "编号", "题号", "题目编号", "序号"];
const LANG: [&str; 3] = ["lang", "language", "语言"];

/// Makes questions of rows. What is wrong with them is added to the oddities.
#[must_use]
pub fn questions_of_table(
    table: &Table,
    columns: &Columns,
    slots: &Slots,
    longest: usize,
    oddities: &mut Oddities,
) -> Vec<Question> {
    oddities.extend(&table.oddities);
    let text = table.column(columns.text.as_deref(), &TEXT);
    let code = table.column(columns.code.as_deref(), &CODE);
    let id = table.column(columns.id.as_deref(), &ID);
    let lang = table.column(None, &LANG);
    if text.is_none() || code.is_none() {
        let place = Place { file: table.name.clone(), line: 1 };
        oddities.add(Oddity::WrongColumns, &place, &table.header.join(", "));
    }
    if text.is_none() {
        return Vec::new();
    }
    let mut ids = BTreeSet::new();
    let mut questions = Vec::new();
    for row in &table.rows {
        let place = table.place(row);
        let asked = row.cell(text);
        if plain(asked).is_empty() {
            oddities.add(Oddity::EmptyQuestion, &place, asked);
            continue;
        }
        if asked.len() > longest {
            oddities.add(Oddity::TooLong, &place, asked);
            continue;
        }
        let told = row.cell(code);
        let slot = slots.find(told);
        match slot {
            Some(_) => {}
            None if told.is_empty() => oddities.add(Oddity::NoCode, &place, asked),
            None => oddities.add(Oddity::UnknownCode, &place, told),
        }
        let id = unique(id_of(row.cell(id), asked), row.cell(id), &mut ids, &place, oddities);
        let lang = match row.cell(lang) {
            "" => lang_of(asked),
            told => Lang::of_locale(told),
        };
        questions.push(Question { id, text: asked.to_owned(), lang, slot, place });
    }
    questions
}

/// A permanent id: the one that is given if it can be one, else one that the text decides.
fn id_of(given: &str, text: &str) -> String {
    let is_id = |id: &str| {
        let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        id.len() <= 64 && !id.starts_with('-') && !id.is_empty() && id.chars().all(legal)
    };
    let lower = given.to_ascii_lowercase();
    // A running number changes with every sorting of the sheet.
    let is_running = lower.chars().all(|c| c.is_ascii_digit());
    if is_id(&lower) && !is_running { lower } else { format!("q-{}", Digest::of(text.as_bytes()).short()) }
}

fn unique(id: String, given: &str, ids: &mut BTreeSet<String>, place: &Place, oddities: &mut Oddities) -> String {
    if ids.insert(id.clone()) {
        return id;
    }
    // Copies of a text have one id too; they are told as copies.
    if id == given.to_ascii_lowercase() {
        oddities.add(Oddity::DuplicateId, place, given);
    }
    for count in 2_u32.. {
        let next = format!("{id}-{count}");
        if ids.insert(next.clone()) {
            return next;
        }
    }
    id
}

/// Chinese where at least one letter in five is a Chinese character.
fn lang_of(text: &str) -> Lang {
    let ideographs = text.chars().filter(|c| is_ideograph(*c)).count();
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    if ideographs > 0 && ideographs * 5 >= letters { Lang::Zh } else { Lang::En }
}
