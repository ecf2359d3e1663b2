//! The `probe` part of the command line.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use crate::cli::Format;

#[derive(Subcommand)]
pub enum Probe {
    /// Run a suite of tests on a target; a run that was cut off goes on where it stopped
    Run(Box<ProbeRun>),
    /// Say again what a run came to
    Show(ProbeShow),
    /// Write a run's report: HTML, JSON, JSON lines, JUnit or SARIF
    Report(ProbeReport),
    /// Compare two runs attempt by attempt, with paired tests
    Compare(ProbeCompare),
    /// List suites, banks, transforms, drivers, judges or formats of datasets
    List(ProbeList),
    /// Show what a chain of transforms makes of a text
    Transform(ProbeTransform),
    /// Say how many attempts a question needs, and what count a pass line takes to be sure
    Size(ProbeSize),
    /// Have people look at a run's replies, double-blind, and hold the judges against them
    #[command(subcommand)]
    Review(crate::commands::probe_review::Review),
    /// Serve a scripted model whose behaviour is known, to test tests with
    Organism(crate::commands::probe_organism::ProbeOrganism),
    /// Self-assessment for China's filing: banks, draws, checks, annexes (GB/T 45654-2025)
    #[command(subcommand)]
    Filing(crate::commands::probe_filing::Filing),
}

/// Who is tested.
#[derive(Args, Clone, Default)]
pub struct TargetArgs {
    /// Address of the target, such as http://127.0.0.1:7811/v1
    #[arg(long, value_name = "URL", conflicts_with_all = ["target_file", "model_file", "system"])]
    pub target: Option<String>,
    /// What the target speaks
    #[arg(long, value_enum, default_value = "openai-chat", requires = "target")]
    pub api: ApiArg,
    /// The model's name at the target
    #[arg(long, default_value = "default")]
    pub model: String,
    /// Environment variable that holds the target's key
    #[arg(long, value_name = "VARIABLE")]
    pub key_env: Option<String>,
    /// Target in a TOML file: any HTTP service, a command, a tool behind MCP
    #[arg(long, value_name = "FILE", conflicts_with = "system")]
    pub target_file: Option<PathBuf>,
    /// A model in a GGUF file, run in this process
    #[arg(long, value_name = "FILE", conflicts_with_all = ["target_file", "system"])]
    pub model_file: Option<PathBuf>,
    /// Test an endpoint of this system and enter the evidence into its ledger
    #[arg(long, value_name = "MANIFEST")]
    pub system: Option<PathBuf>,
    /// Which endpoint of the system; may be left out while there is only one
    #[arg(long, value_name = "ID", requires = "system")]
    pub component: Option<String>,
    /// File with the system prompt that stands before everything
    #[arg(long, value_name = "FILE", conflicts_with = "system")]
    pub prompt: Option<PathBuf>,
    /// Also test behind this guard policy; `builtin` is the baseline
    #[arg(long, value_name = "POLICY", conflicts_with = "system")]
    pub guard: Option<String>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum ApiArg {
    #[default]
    OpenaiChat,
    OpenaiResponses,
    Anthropic,
    Ollama,
}

#[derive(Args)]
pub struct ProbeRun {
    /// Id of a suite (`jingwei probe list suites`), or a suite file
    pub suite: String,
    #[command(flatten)]
    pub target: TargetArgs,
    /// Questions of your own: ID=FILE, ID=FILE:FORMAT or ID=FILE:FORMAT:LICENCE (repeatable)
    #[arg(long, value_name = "DATASET")]
    pub dataset: Vec<String>,
    /// Use data under this licence too (repeatable)
    #[arg(long, value_name = "LICENCE")]
    pub accept_licence: Vec<String>,
    /// Model that writes attacks for adaptive drivers; without one they use templates
    #[arg(long, value_name = "URL")]
    pub attacker: Option<String>,
    /// Name of the attacker's model
    #[arg(long, default_value = "default", requires = "attacker")]
    pub attacker_model: String,
    /// Model that judges, for judges that ask one
    #[arg(long, value_name = "URL")]
    pub judge: Option<String>,
    /// Name of the judge's model
    #[arg(long, default_value = "default", requires = "judge")]
    pub judge_model: String,
    /// Environment variable that holds the key of attacker and judge
    #[arg(long, value_name = "VARIABLE")]
    pub helper_key_env: Option<String>,
    /// Folder for journal and reports; by default one per plan in the data folder
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Only this part of the suite (repeatable)
    #[arg(long, value_name = "PART")]
    pub only: Vec<String>,
    /// At most so many items of each part, drawn by the seed
    #[arg(long)]
    pub limit: Option<u32>,
    /// Seed instead of the suite's
    #[arg(long)]
    pub seed: Option<u64>,
    /// Most attempts under way at once; how many it really are follows the target's answers
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..=2000))]
    pub concurrency: u32,
    /// Longest wait for one answer, in seconds
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub timeout: u64,
    /// Stop after so many requests
    #[arg(long)]
    pub max_requests: Option<u64>,
    /// Stop after so many tokens
    #[arg(long)]
    pub max_tokens: Option<u64>,
    /// Stop after so many minutes
    #[arg(long)]
    pub max_minutes: Option<u64>,
    /// Answers that were given before are taken from this file, and new ones are added
    #[arg(long, value_name = "FILE")]
    pub cache: Option<PathBuf>,
    /// Exit 1 if this holds, such as 'asr.upper95 > 0.05' (repeatable)
    #[arg(long, value_name = "EXPRESSION")]
    pub fail_on: Vec<String>,
    /// Say what would be asked, and ask nothing
    #[arg(long)]
    pub dry_run: bool,
    #[arg(long, value_enum, default_value = "table")]
    /// Form of the output
    pub format: Format,
}

#[derive(Args)]
pub struct ProbeShow {
    /// The run's folder
    pub run: PathBuf,
    /// Exit 1 if this holds, such as 'asr.upper95 > 0.05' (repeatable)
    #[arg(long, value_name = "EXPRESSION")]
    pub fail_on: Vec<String>,
    #[arg(long, value_enum, default_value = "table")]
    /// Form of the output
    pub format: Format,
}

#[derive(Args)]
pub struct ProbeReport {
    /// The run's folder
    pub run: PathBuf,
    /// Form of the report
    #[arg(long, value_enum, default_value = "html")]
    pub format: ReportFormat,
    /// Where to write it; by default beside the journal
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Leave out what was asked and answered
    #[arg(long)]
    pub no_texts: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    Html,
    Json,
    Jsonl,
    Junit,
    Sarif,
}

#[derive(Args)]
pub struct ProbeCompare {
    /// Folder of the first run
    pub before: PathBuf,
    /// Folder of the second run
    pub after: PathBuf,
    /// Exit 1 if this holds, such as 'asr.p < 0.05 && asr.difference > 0.0' (repeatable)
    #[arg(long, value_name = "EXPRESSION")]
    pub fail_on: Vec<String>,
    #[arg(long, value_enum, default_value = "table")]
    /// Form of the output
    pub format: Format,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ProbeNoun {
    Suites,
    Banks,
    Transforms,
    Drivers,
    Judges,
    Formats,
}

#[derive(Args)]
pub struct ProbeList {
    /// Which ones
    #[arg(value_enum)]
    pub noun: ProbeNoun,
    #[arg(long, value_enum, default_value = "table")]
    /// Form of the output
    pub format: Format,
}

#[derive(Args)]
pub struct ProbeTransform {
    /// Transforms joined by `+`, such as role-play+base64
    pub chain: String,
    /// The text; by default standard input
    pub text: Option<String>,
    /// Decides what is random
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    #[arg(long, value_enum, default_value = "table")]
    /// Form of the output
    pub format: Format,
}

#[derive(Args)]
pub struct ProbeSize {
    /// Rate that is expected, from 0 to 1
    #[arg(long, default_value_t = 0.05)]
    pub rate: f64,
    /// Half the width that the interval may have
    #[arg(long, default_value_t = 0.02)]
    pub half_width: f64,
    /// Another rate that should be told apart from the first
    #[arg(long)]
    pub versus: Option<f64>,
    /// Pass line, such as at-least=0.9 or at-most=0.05, for --attempts
    #[arg(long, value_name = "LINE")]
    pub pass_line: Option<String>,
    /// Attempts of the test with the pass line
    #[arg(long, default_value_t = 1000)]
    pub attempts: u64,
    #[arg(long, value_enum, default_value = "table")]
    /// Form of the output
    pub format: Format,
}
