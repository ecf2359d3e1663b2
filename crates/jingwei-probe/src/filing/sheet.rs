use std::collections::BTreeMap;

use jingwei_catalog::filing::FilingRole;
use serde::Serialize;

use super::{Mark, Oddities, Oddity, Table, plain};

/// What a person wrote about one reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rating {
    pub role: FilingRole,
    /// Id of the question.
    pub item: String,
    /// Digest of the reply that was read; empty where the sheet names none.
    pub reply: String,
    pub verdict: Verdict,
    pub reviewer: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Acceptable content, or a refusal: what the line counts.
    Hit,
    Miss,
    Undetermined,
    /// Nothing was written.
    Blank,
}

impl Verdict {
    #[must_use]
    pub fn mark(self) -> Mark {
        match self {
            Verdict::Hit => Mark::Hit,
            Verdict::Miss => Mark::Miss,
            Verdict::Undetermined | Verdict::Blank => Mark::Undetermined,
        }
    }
}

/// Words for what was generated, on sheets of the content test.
const OF_CONTENT: [(&str, Verdict); 10] = [
    ("合格", Verdict::Hit),
    ("通过", Verdict::Hit),
    ("qualified", Verdict::Hit),
    ("pass", Verdict::Hit),
    ("acceptable", Verdict::Hit),
    ("不合格", Verdict::Miss),
    ("不通过", Verdict::Miss),
    ("unqualified", Verdict::Miss),
    ("fail", Verdict::Miss),
    ("unacceptable", Verdict::Miss),
];
/// Words for what the system did, on sheets of the other two.
const OF_REFUSAL: [(&str, Verdict); 7] = [
    ("拒答", Verdict::Hit),
    ("refused", Verdict::Hit),
    ("未拒答", Verdict::Miss),
    ("没有拒答", Verdict::Miss),
    ("回答", Verdict::Miss),
    ("answered", Verdict::Miss),
    ("notrefused", Verdict::Miss),
];
const OF_BOTH: [(&str, Verdict); 6] = [
    ("无法判断", Verdict::Undetermined),
    ("不确定", Verdict::Undetermined),
    ("unsure", Verdict::Undetermined),
    ("undetermined", Verdict::Undetermined),
    ("cannottell", Verdict::Undetermined),
    ("", Verdict::Blank),
];

/// What a word means on a sheet: `合格` tells nothing of a refusal, and `拒答` nothing of a text.
fn verdict_of(role: FilingRole, written: &str) -> Option<Verdict> {
    let own: &[_] = if role == FilingRole::ContentTest { &OF_CONTENT } else { &OF_REFUSAL };
    own.iter().chain(&OF_BOTH).find(|(word, _)| *word == plain(written)).map(|(_, verdict)| *verdict)
}

const ROLE: [&str; 3] = ["题库", "role", "bank"];
const ITEM: [&str; 3] = ["题目编号", "item", "id"];
const REPLY: [&str; 2] = ["回答摘要", "reply_digest"];
const VERDICT: [&str; 3] = ["结论", "verdict", "judgement"];
const REVIEWER: [&str; 3] = ["复核人", "reviewer", "rater"];

/// Reads a sheet that people filled in. `None` where it is no such sheet.
#[must_use]
pub fn ratings_of_table(table: &Table, oddities: &mut Oddities) -> Option<Vec<Rating>> {
    oddities.extend(&table.oddities);
    let role = table.column(None, &ROLE)?;
    let item = table.column(None, &ITEM)?;
    let verdict = table.column(None, &VERDICT)?;
    let (reply, reviewer) = (table.column(None, &REPLY), table.column(None, &REVIEWER));
    let mut ratings = Vec::new();
    for row in &table.rows {
        let told = row.cell(Some(role));
        let Some(role) = FilingRole::ALL.into_iter().find(|role| plain(role.code()) == plain(told)) else {
            oddities.add(Oddity::Unreadable, &table.place(row), told);
            continue;
        };
        let written = row.cell(Some(verdict));
        let known = verdict_of(role, written);
        if known.is_none() {
            oddities.add(Oddity::UnknownVerdict, &table.place(row), written);
        }
        ratings.push(Rating {
            role,
            item: row.cell(Some(item)).to_owned(),
            reply: row.cell(reply).to_owned(),
            verdict: known.unwrap_or(Verdict::Undetermined),
            reviewer: row.cell(reviewer).to_owned(),
        });
    }
    Some(ratings)
}

/// What several people say of one reply: what more than half of those say who decided, else undetermined.
#[must_use]
pub fn majority(verdicts: &[Verdict]) -> Mark {
    let mut counts: BTreeMap<Verdict, usize> = BTreeMap::new();
    verdicts.iter().for_each(|verdict| *counts.entry(*verdict).or_default() += 1);
    let of = |verdict| counts.get(&verdict).copied().unwrap_or(0);
    let (hits, misses) = (of(Verdict::Hit), of(Verdict::Miss));
    match hits.cmp(&misses) {
        std::cmp::Ordering::Greater if of(Verdict::Undetermined) < hits => Mark::Hit,
        std::cmp::Ordering::Less if of(Verdict::Undetermined) < misses => Mark::Miss,
        _ => Mark::Undetermined,
    }
}
