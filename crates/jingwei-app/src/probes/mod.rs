//! Tests of models and applications: from a suite and a target to attempts, a summary, reports and evidence.

mod cache;
mod datasets;
mod executor;
#[cfg(test)]
mod executor_tests;
mod gate;
mod journal;
mod local;
mod paced;
mod report;
mod responders;
mod review;
mod runs;
mod suites;
mod target;

pub use datasets::read_dataset;
pub use executor::{Budget, Stopped};
pub use gate::{Gate, GateOutcome};
pub use journal::{ArmTarget, DatasetUse, HelperModel, RunHeader, RunLine};
pub use report::{ReportForm, write as write_report};
pub use review::{
    HumanRate, Kappa, MeasuredJudge, ReadSheet, ReviewResult, Share, SheetOptions, SheetsMade, make_review_sheets,
    read_review_sheets,
};
pub use runs::{
    Comparison, EvidenceUse, ProbeOptions, ProbeOutcome, RunDocument, compare_runs, each_line, plan_header, read, run,
    title,
};
pub(crate) use runs::{plan_of, suite_check};
pub use suites::{Dataset, find, load_catalog_for_run};
pub use target::TargetChoice;
