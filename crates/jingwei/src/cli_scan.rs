//! The `scan` part of the command line.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use jingwei_core::Severity;

#[derive(Subcommand)]
pub enum Scan {
    /// Look into model files and folders: code in weights, lies in headers, traps in archives, templates, configurations
    Model(ScanModel),
    /// Hold the packages of an application against the advisories: affected, not affected, unknown
    Packages(ScanPackages),
    /// Write a bill of materials: CycloneDX 1.7 or SPDX 3.0.1, with models, data, prompts, packages, licences, advisories
    Bom(ScanBom),
    /// Say what changed between two bills of materials; a gate for pipelines
    Diff(ScanDiff),
    /// Hold bills of materials against the advisories again, and say what is new since the last look
    Watch(ScanWatch),
    /// Fill and look at the store of advisories
    #[command(subcommand)]
    Advisories(ScanAdvisories),
    /// Sign a model by OpenSSF Model Signing, with an elliptic-curve key
    Sign(ScanSign),
    /// Hold a model against its signature: changed, missing and unsigned files
    Verify(ScanVerify),
    /// Make a key pair for signing
    Key(ScanKey),
}

/// What is said about advisories, and about what.
#[derive(Args)]
pub struct VexArgs {
    /// VEX document: OpenVEX, CycloneDX or CSAF (repeatable)
    #[arg(long, value_name = "FILE")]
    pub vex: Vec<PathBuf>,
    /// What is scanned, as the VEX names it: what it says about parts of a product holds in that product alone
    #[arg(long, value_name = "PURL")]
    pub vex_product: Option<String>,
}

impl VexArgs {
    pub fn files(&self) -> jingwei_app::scans::VexFiles<'_> {
        jingwei_app::scans::VexFiles { paths: &self.vex, product: self.vex_product.as_deref() }
    }
}

#[derive(Args)]
pub struct ScanPackages {
    /// Folders of applications, and lockfiles
    #[arg(required = true)]
    pub paths: Vec<String>,
    /// Store of advisories; by default that of the data folder, and without one the catalog's own
    #[arg(long, value_name = "FILE")]
    pub advisories: Option<PathBuf>,
    #[command(flatten)]
    pub vex: VexArgs,
    /// Say so when the newest advisory is older
    #[arg(long, value_name = "DAYS", default_value_t = 30)]
    pub stale_after: u32,
    /// Also show what is not affected, with the reason
    #[arg(long)]
    pub all: bool,
    #[command(flatten)]
    pub output: ScanOutput,
}

#[derive(Args)]
pub struct ScanBom {
    /// Folders, files, and manifests of systems
    #[arg(required = true)]
    pub paths: Vec<String>,
    /// Form of the output
    #[arg(long, value_enum, default_value = "table")]
    pub format: BomFormat,
    /// Write it to this file instead of standard output
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Name of the system
    #[arg(long)]
    pub name: Option<String>,
    /// Version of the system
    #[arg(long = "system-version", value_name = "VERSION")]
    pub system_version: Option<String>,
    /// Who supplies the system
    #[arg(long)]
    pub supplier: Option<String>,
    /// The instant that the bill states, such as 2027-01-01T00:00:00Z; the same one gives the same bytes
    #[arg(long, value_name = "TIME", env = "JINGWEI_BOM_TIME")]
    pub at: Option<String>,
    /// Store of advisories; by default that of the data folder, and without one the catalog's own
    #[arg(long, value_name = "FILE")]
    pub advisories: Option<PathBuf>,
    /// Leave advisories out
    #[arg(long)]
    pub no_advisories: bool,
    #[command(flatten)]
    pub vex: VexArgs,
    /// Licence policy (TOML)
    #[arg(long, value_name = "FILE")]
    pub licences: Option<PathBuf>,
    /// The system earns money: licences for non-commercial use do not fit
    #[arg(long)]
    pub commercial: bool,
    /// Look up the support of a product too, such as python=3.9 (repeatable)
    #[arg(long, value_name = "PRODUCT=VERSION")]
    pub runtime: Vec<String>,
    /// Exit 1 if the bill is less complete than this, from 0 to 1
    #[arg(long, value_name = "SCORE")]
    pub least_complete: Option<f64>,
    /// Exit 1 if a finding about licences or support is at least this severe
    #[arg(long, value_enum, default_value = "high")]
    pub fail_on: FailSeverity,
    /// Suppressions (TOML), each with reason, owner and end
    #[arg(long, value_name = "FILE")]
    pub suppress: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum BomFormat {
    Table,
    Cyclonedx,
    Spdx,
}

#[derive(Args)]
pub struct ScanDiff {
    /// The older bill: CycloneDX or SPDX as JSON
    pub old: PathBuf,
    /// The newer bill
    pub new: PathBuf,
    /// Changes for which to exit 1, such as added:model, digest-changed, licence-changed (repeatable)
    #[arg(long, value_name = "CHANGE", value_delimiter = ',')]
    pub fail_on: Vec<String>,
    /// Form of the output
    #[arg(long, value_enum, default_value = "table")]
    pub format: crate::cli::Format,
}

#[derive(Args)]
pub struct ScanWatch {
    /// Bills of materials: CycloneDX or SPDX as JSON
    #[arg(required = true)]
    pub boms: Vec<PathBuf>,
    /// Where to remember what was open at the last look; by default in the data folder
    #[arg(long, value_name = "FILE")]
    pub state: Option<PathBuf>,
    /// Store of advisories; by default that of the data folder
    #[arg(long, value_name = "FILE")]
    pub advisories: Option<PathBuf>,
    #[command(flatten)]
    pub vex: VexArgs,
    /// Look again every so many seconds; advisories that did not change are not looked up again
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    pub every: Option<u64>,
    /// Form of the output
    #[arg(long, value_enum, default_value = "table")]
    pub format: crate::cli::Format,
}

#[derive(Subcommand)]
pub enum ScanAdvisories {
    /// Take in OSV zips, folders and records, RustSec's advisories, KEV and EPSS
    Import {
        /// Files and folders
        #[arg(required = true)]
        sources: Vec<PathBuf>,
        /// Store of advisories; by default that of the data folder
        #[arg(long, value_name = "FILE")]
        advisories: Option<PathBuf>,
    },
    /// Say what the store holds, how old it is and whether it is whole
    Show {
        /// Store of advisories; by default that of the data folder
        #[arg(long, value_name = "FILE")]
        advisories: Option<PathBuf>,
        /// Form of the output
        #[arg(long, value_enum, default_value = "table")]
        format: crate::cli::Format,
    },
}

#[derive(Args)]
pub struct ScanSign {
    /// Folder or file of the model
    pub model: String,
    /// Private key (PEM)
    #[arg(long, value_name = "FILE")]
    pub key: PathBuf,
    /// Where to write the signature
    #[arg(long, value_name = "FILE", default_value = "model.sig")]
    pub out: PathBuf,
    /// How files are digested
    #[arg(long, value_enum, default_value = "sha256")]
    pub hash: HashArg,
    /// Cut files into pieces of so many bytes
    #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u64).range(1..))]
    pub shard: Option<u64>,
    /// Leave out this path, relative to the model (repeatable); git's files are left out anyway
    #[arg(long, value_name = "PATH")]
    pub ignore: Vec<String>,
}

#[derive(Args)]
pub struct ScanVerify {
    /// Folder or file of the model
    pub model: String,
    /// The signature
    #[arg(long, value_name = "FILE", default_value = "model.sig")]
    pub signature: String,
    /// Public key (PEM)
    #[arg(long, value_name = "FILE")]
    pub key: String,
    /// A copy to go back to: it is held against the signature too
    #[arg(long, value_name = "DIR")]
    pub rollback: Option<String>,
    /// Verify again every so many seconds, until something differs or the program is stopped
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    pub every: Option<u64>,
    #[command(flatten)]
    pub output: ScanOutput,
}

#[derive(Args)]
pub struct ScanKey {
    /// Path without ending: .pem and .pub.pem are written
    pub out: PathBuf,
    /// Curve of the key
    #[arg(long, value_enum, default_value = "p256")]
    pub curve: CurveArg,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum HashArg {
    Sha256,
    Blake2b,
    Blake3,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CurveArg {
    P256,
    P384,
    P521,
}

#[derive(Args)]
pub struct ScanModel {
    /// Files and folders
    #[arg(required = true)]
    pub paths: Vec<String>,
    /// File of SHA-256 sums (as sha256sum writes them, paths relative to the scanned folder) that the files must have
    #[arg(long, value_name = "FILE")]
    pub pins: Option<PathBuf>,
    /// Write the sums of what was scanned to this file
    #[arg(long, value_name = "FILE")]
    pub write_pins: Option<PathBuf>,
    /// Look at the numbers in weights too: not finite, far out, there twice
    #[arg(long)]
    pub weights: bool,
    /// Write checkpoints of torch.save as safetensors, without executing them: a file for a file, a folder for a folder
    #[arg(long, value_name = "OUT")]
    pub convert: Option<PathBuf>,
    #[command(flatten)]
    pub output: ScanOutput,
}

/// What every scan lets one say about its result.
#[derive(Args)]
pub struct ScanOutput {
    /// Form of the output
    #[arg(long, value_enum, default_value = "table")]
    pub format: ScanFormat,
    /// Write it to this file instead of standard output
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Exit 1 if a finding that counts is at least this severe
    #[arg(long, value_enum, default_value = "medium")]
    pub fail_on: FailSeverity,
    /// Only findings that this baseline does not have count
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
    /// Write a baseline of today's findings
    #[arg(long, value_name = "FILE")]
    pub write_baseline: Option<PathBuf>,
    /// Suppressions (TOML), each with reason, owner and end
    #[arg(long, value_name = "FILE")]
    pub suppress: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ScanFormat {
    Table,
    Json,
    Jsonl,
    Sarif,
    Html,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FailSeverity {
    Low,
    Medium,
    High,
    Critical,
    Never,
}

impl FailSeverity {
    pub fn severity(self) -> Option<Severity> {
        match self {
            FailSeverity::Low => Some(Severity::Low),
            FailSeverity::Medium => Some(Severity::Medium),
            FailSeverity::High => Some(Severity::High),
            FailSeverity::Critical => Some(Severity::Critical),
            FailSeverity::Never => None,
        }
    }
}
