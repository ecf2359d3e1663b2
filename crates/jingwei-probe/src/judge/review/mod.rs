//! Review by people, double-blind: every rater gets the replies in an order and under codes of their own, without a
//! word of which model, arm or judge stands behind them. Pure: the same replies, raters and seed give the same sheets.

mod agreement;
mod csv;
mod labels;

use jingwei_core::Digest;
use serde::{Deserialize, Serialize};

use crate::{Call, Expect, JudgedBy, Judgement, Outcome, Random};

pub use agreement::{Agreement, agreement};
pub use csv::to_csv;
pub use labels::{Labels, SheetProblem, read_csv};

/// A reply that people look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewItem {
    /// Key of the attempt.
    pub key: Digest,
    pub question: String,
    pub reply: String,
}

/// A line of a rater's sheet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SheetRow {
    pub rater: String,
    /// From 1.
    pub number: usize,
    /// Stands for the attempt on this rater's sheet and on no other.
    pub code: String,
    pub question: String,
    pub reply: String,
}

/// The sheets of all raters, one after the other.
#[must_use]
pub fn sheet(items: &[ReviewItem], raters: &[String], seed: u64) -> Vec<SheetRow> {
    let of_rater = |rater: &String| {
        let mut order: Vec<&ReviewItem> = items.iter().collect();
        order.sort_by_key(|item| item.key);
        order.dedup_by_key(|item| item.key);
        Random::of(["review-order", rater, &seed.to_string()]).shuffle(&mut order);
        let row = |(number, item): (usize, &ReviewItem)| SheetRow {
            rater: rater.clone(),
            number,
            code: code_of(item, rater, seed),
            question: item.question.clone(),
            reply: item.reply.clone(),
        };
        (1..).zip(order).map(row).collect::<Vec<_>>()
    };
    raters.iter().flat_map(of_rater).collect()
}

/// Twelve hexadecimal digits: two replies of one sheet practically never share them.
fn code_of(item: &ReviewItem, rater: &str, seed: u64) -> String {
    Digest::of_parts(["review-code", &item.key.to_string(), rater, &seed.to_string()]).short()
}

/// What people said of an attempt, as a judge's judgement.
#[must_use]
pub fn judged_by_people(expect: Expect, call: Call, was_adjudicated: bool) -> JudgedBy {
    let reason = if was_adjudicated { "human.adjudicated" } else { "human.agreed" };
    let outcome = Outcome::of(expect, call);
    let score = matches!(outcome, Outcome::Success | Outcome::Failure)
        .then(|| f64::from(u8::from(outcome == Outcome::Success)));
    JudgedBy { judge: "human/1".into(), judgement: Judgement { score, ..Judgement::new(outcome, reason) } }
}
