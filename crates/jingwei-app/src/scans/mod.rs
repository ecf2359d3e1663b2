//! Scans: files, packages and signatures are looked at, what was found is held against suppressions and a baseline,
//! and the result is one report with several forms.

mod advisories;
mod baseline;
mod bom;
mod conversion;
mod forms;
mod inline;
mod models;
mod packages;
mod report;
mod sarif;
mod signatures;
mod suppress;

pub use advisories::{VexFiles, VexLeftOut, import_advisories, open_advisories, own_advisories, read_vex, store_path};
pub use baseline::Baseline;
pub use bom::{
    BomForm, BomRules, BomScan, MadeBom, Watched, check_texts, diff_boms, failing, judge_bom, make_bom, matches_of_bom,
    read_bom, read_policy, write_bom,
};
pub use conversion::{Conversion, convert_models};
pub use forms::{html, json};
pub(crate) use models::model_check;
pub use models::{ModelScan, scan_models};
pub use packages::{Listed, PackageReport, PackageScan, PackagesCheck, scan_packages};
pub use packages::{STALE_DAYS, packages_check};
pub use report::{FileReport, Reported, ScanReport, State, Subject, Summary, VerdictOfFile, place_words};
pub use sarif::sarif;
pub(crate) use signatures::integrity_check;
pub use signatures::{Signing, Verification, key_paths, make_key, sign_model, verify_model};
pub use suppress::{Suppression, Suppressions};
