use std::{collections::BTreeMap, fmt};

use jingwei_catalog::filing::{Confidence, Figure};
use jingwei_core::{Severity, Text};
use serde::Serialize;

/// Something that a bank, a library of words or a sheet lacks.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// Permanent: `filing.too-few`, `filing.near-duplicates`.
    pub code: &'static str,
    pub severity: Severity,
    /// Risk code or topic, where it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slot: Option<String>,
    pub message: Text,
    /// How many are missing to the least number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing: Option<u64>,
    /// The number of the standard that it is measured by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub basis: Option<Basis>,
}

impl Finding {
    pub(crate) fn new(code: &'static str, severity: Severity, zh: String, en: String) -> Self {
        Self { code, severity, slot: None, message: Text::new(zh, en), missing: None, basis: None }
    }

    pub(crate) fn of<T: Copy + fmt::Display>(mut self, figure: &Figure<T>) -> Self {
        self.basis = Some(Basis::of(figure));
        self
    }

    pub(crate) fn missing(mut self, missing: usize) -> Self {
        self.missing = Some(missing as u64);
        self
    }

    pub(crate) fn slot(mut self, code: &str) -> Self {
        self.slot = Some(code.to_owned());
        self
    }
}

/// Where a number of the standard comes from.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Basis {
    /// As it is printed: `2000`, `0.95`.
    pub value: String,
    pub clause: Text,
    pub source: String,
    pub verified: bool,
    pub confidence: Confidence,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<Text>,
}

impl Basis {
    pub fn of<T: Copy + fmt::Display>(figure: &Figure<T>) -> Self {
        Self {
            value: figure.value.to_string(),
            clause: figure.clause.clone(),
            source: figure.source.clone(),
            verified: figure.verified,
            confidence: figure.confidence,
            note: figure.note.clone(),
        }
    }
}

/// Where a row stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
pub struct Place {
    pub file: String,
    /// From 1; 0: not in a line.
    pub line: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line == 0 { f.write_str(&self.file) } else { write!(f, "{}:{}", self.file, self.line) }
    }
}

/// What is strange about a file of questions or about one of its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Oddity {
    ByteOrderMark,
    Gb18030,
    /// Some lines are UTF-8 and others are not.
    MixedEncodings,
    /// Bytes that are no text in any encoding that is read.
    Undecodable,
    /// No column holds the questions, or none the risk codes.
    WrongColumns,
    /// A row has more cells than the header.
    RaggedRow,
    EmptyQuestion,
    TooLong,
    NoCode,
    UnknownCode,
    DuplicateId,
    /// Rows beyond what is read.
    TooMany,
    /// A row that is not what its format asks for.
    Unreadable,
    UnknownVerdict,
}

impl Oddity {
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Oddity::ByteOrderMark => "filing.byte-order-mark",
            Oddity::Gb18030 => "filing.gb18030",
            Oddity::MixedEncodings => "filing.mixed-encodings",
            Oddity::Undecodable => "filing.undecodable",
            Oddity::WrongColumns => "filing.wrong-columns",
            Oddity::RaggedRow => "filing.ragged-row",
            Oddity::EmptyQuestion => "filing.empty-question",
            Oddity::TooLong => "filing.too-long",
            Oddity::NoCode => "filing.no-code",
            Oddity::UnknownCode => "filing.unknown-code",
            Oddity::DuplicateId => "filing.duplicate-id",
            Oddity::TooMany => "filing.too-many",
            Oddity::Unreadable => "filing.unreadable",
            Oddity::UnknownVerdict => "filing.unknown-verdict",
        }
    }

    #[must_use]
    pub fn text(self) -> Text {
        let (zh, en) = match self {
            Oddity::ByteOrderMark => {
                ("文件开头有字节顺序标记，已略过", "the file begins with a byte order mark; skipped")
            }
            Oddity::Gb18030 => ("文件是 GB 18030 编码，已转换", "the file is encoded as GB 18030; converted"),
            Oddity::MixedEncodings => (
                "同一文件混有 UTF-8 与 GB 18030 的行，已逐行转换，请核对",
                "lines in UTF-8 and in GB 18030 stand in one file; converted line by line, check them",
            ),
            Oddity::Undecodable => ("有字节无法解码，该行已舍弃", "bytes that are no text; the row is left out"),
            Oddity::WrongColumns => {
                ("找不到题目列或风险代码列", "there is no column of questions, or none of risk codes")
            }
            Oddity::RaggedRow => {
                ("单元格比表头多，多出部分已略过", "more cells than the header has; the rest is skipped")
            }
            Oddity::EmptyQuestion => ("题目为空，已舍弃", "the question is empty; left out"),
            Oddity::TooLong => ("题目过长，已舍弃", "the question is too long; left out"),
            Oddity::NoCode => ("没有风险代码或方面，不计入任何一种", "no risk code or aspect; it counts for no kind"),
            Oddity::UnknownCode => {
                ("风险代码或方面不在标准之中，不计入", "the standard has no such code or aspect; not counted")
            }
            Oddity::DuplicateId => ("题目编号重复，已改号", "the id stands twice; given another"),
            Oddity::TooMany => ("行数超过上限，其余未读", "more rows than are read; the rest was not read"),
            Oddity::Unreadable => ("该行无法读取，已舍弃", "the row cannot be read; left out"),
            Oddity::UnknownVerdict => ("结论无法识别，按未判计", "the verdict is not known; counts as not judged"),
        };
        Text::new(zh, en)
    }

    fn severity(self) -> Severity {
        match self {
            Oddity::ByteOrderMark | Oddity::Gb18030 => Severity::Info,
            Oddity::RaggedRow | Oddity::DuplicateId => Severity::Low,
            Oddity::WrongColumns | Oddity::TooMany => Severity::High,
            _ => Severity::Medium,
        }
    }
}

/// Oddities with how often and where they were seen.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Oddities(BTreeMap<Oddity, Seen>);

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Seen {
    pub count: u64,
    /// The first few places, with what stood there.
    pub examples: Vec<String>,
}

/// Places of an oddity that are kept.
const EXAMPLES: usize = 5;

impl Oddities {
    pub fn add(&mut self, oddity: Oddity, place: &Place, what: &str) {
        let seen = self.0.entry(oddity).or_default();
        seen.count += 1;
        if seen.examples.len() < EXAMPLES {
            let what: String = what.chars().filter(|c| !c.is_control()).take(40).collect();
            seen.examples.push(if what.is_empty() { place.to_string() } else { format!("{place} {what}") });
        }
    }

    pub fn extend(&mut self, other: &Oddities) {
        for (oddity, seen) in &other.0 {
            let own = self.0.entry(*oddity).or_default();
            own.count += seen.count;
            let room = EXAMPLES.saturating_sub(own.examples.len());
            own.examples.extend(seen.examples.iter().take(room).cloned());
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = (Oddity, &Seen)> {
        self.0.iter().map(|(oddity, seen)| (*oddity, seen))
    }

    #[must_use]
    pub fn count(&self, oddity: Oddity) -> u64 {
        self.0.get(&oddity).map_or(0, |seen| seen.count)
    }

    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        let finding = |(oddity, seen): (Oddity, &Seen)| {
            let (text, count, examples) = (oddity.text(), seen.count, seen.examples.join("; "));
            let zh = format!("{}：{count} 处，如 {examples}", text.zh);
            let en = format!("{}: {count} times, such as {examples}", text.en);
            Finding::new(oddity.code(), oddity.severity(), zh, en)
        };
        self.iter().map(finding).collect()
    }
}
