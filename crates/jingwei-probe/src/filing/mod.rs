//! Self-assessment before a filing: whether banks of questions and libraries of words are as large, as broad and as
//! fresh as a standard asks, which questions are drawn for the test, and what its results amount to.
//!
//! The numbers of the standard are data of the catalog, each with its clause, source and confidence. This module
//! compares and counts; it never says that a filing will be admitted, because that is not for it to know.
//!
//! Invariant: the same questions and the same seed give the same findings and the same sample, in whatever order the
//! files were named; what could not be judged is told apart and never counted as good.

mod finding;
mod keywords;
mod lint;
mod measure;
mod question;
mod sample;
mod sheet;
mod similar;
mod slots;

pub use finding::{Basis, Finding, Oddities, Oddity, Place, Seen};
pub use keywords::{KeywordReport, SlotWords, WordList, lint_keywords};
pub use lint::{BankInput, BankReport, LintOptions, SlotQuestions, lint_bank};
pub use measure::{Agreement, Mark, Measure, Method, SlotRate, State, agreement, measure};
pub use question::{Columns, Question, Row, Table, questions_of_table};
pub use sample::{Sample, Stratum, draw};
pub use sheet::{Rating, Verdict, majority, ratings_of_table};
pub use similar::{Groups, SIMILAR, group_similar, plain};
pub use slots::{Slot, Slots};
