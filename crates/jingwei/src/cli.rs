//! The command line: one definition, from which parsing, help in two languages and the reference page come.

use std::path::PathBuf;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use jingwei_core::Lang;

/// AI-safety governance that runs: find risks, test, guard, watch, and keep proof
#[derive(Parser)]
#[command(name = "jingwei", version, arg_required_else_help = true, propagate_version = true)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Args, Clone)]
pub struct Global {
    /// Language of everything that is printed; by default that of LANG
    #[arg(long, global = true, value_enum, env = "JINGWEI_LANG")]
    pub lang: Option<LangArg>,
    /// Folder for the ledger, the register, keys, runs and reports
    #[arg(long, global = true, env = "JINGWEI_DATA", default_value = ".jingwei")]
    pub data: PathBuf,
    /// Database of the register: postgres://… or a file; by default a SQLite file in the data folder
    #[arg(long, global = true, env = "JINGWEI_STORE", hide_env_values = true)]
    pub store: Option<String>,
    /// Catalog folder to use instead of the built-in one
    #[arg(long, global = true, env = "JINGWEI_CATALOG")]
    pub catalog: Option<PathBuf>,
    /// Who acts, for the audit trail
    #[arg(long, global = true, env = "JINGWEI_ACTOR", default_value = "cli")]
    pub actor: String,
    /// Let requests go to private network addresses too
    #[arg(long, global = true)]
    pub allow_private: bool,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum LangArg {
    Zh,
    En,
}

impl From<LangArg> for Lang {
    fn from(lang: LangArg) -> Lang {
        match lang {
            LangArg::Zh => Lang::Zh,
            LangArg::En => Lang::En,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Table,
    Json,
    Jsonl,
}

#[derive(Subcommand)]
pub enum Command {
    /// Run the whole loop on a system: checks, evidence, risks, gate, report
    Assess(Assess),
    /// Look at risks, controls and the gate of assessed systems
    #[command(subcommand)]
    Govern(Govern),
    /// Test a model or an application: red team, over-refusal, filing self-assessment
    #[command(subcommand)]
    Probe(Box<crate::cli_probe::Probe>),
    /// Look at model files, packages, signatures and bills of materials, offline
    #[command(subcommand)]
    Scan(Box<crate::cli_scan::Scan>),
    /// Judge texts by a guard policy
    #[command(subcommand)]
    Guard(Guard),
    /// Verify, prove and export the evidence ledger; needs no server
    #[command(subcommand)]
    Ledger(Ledger),
    /// Look up and check the catalog of frameworks, risks, controls and tests
    #[command(subcommand)]
    Catalog(Catalog),
    /// Make and revoke the tokens that let people and programs in
    #[command(subcommand)]
    Access(Access),
    /// Serve reports, register and API, and the guarding gateway
    Up(Up),
}

#[derive(Args)]
pub struct Assess {
    /// The system's manifest
    pub manifest: PathBuf,
    /// Judge a recorded run again instead of asking the model
    #[arg(long, value_name = "JOURNAL", conflicts_with = "no_checks")]
    pub replay: Option<PathBuf>,
    /// Run only this check (repeatable); the newest evidence stands for the others
    #[arg(long, value_name = "CHECK")]
    pub only: Vec<String>,
    /// Run no check: judge what the ledger holds
    #[arg(long)]
    pub no_checks: bool,
    /// Judge as of another instant, such as 2027-01-01T00:00:00Z; nothing is recorded
    #[arg(long, value_name = "TIME", requires = "no_checks")]
    pub as_of: Option<String>,
    /// Folder for the report
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Components may lie outside the manifest's folder
    #[arg(long)]
    pub allow_outside: bool,
    /// Exit 1 from which gate decision on
    #[arg(long, value_enum, default_value = "stop")]
    pub fail_on: FailOn,
    /// Requests under way at once
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=64))]
    pub concurrency: u32,
    #[arg(long, value_enum, default_value = "table")]
    /// Form of the output
    pub format: Format,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    Conditional,
    Stop,
    Never,
}

#[derive(Subcommand)]
pub enum Govern {
    /// Write a manifest to start from
    Init {
        /// Where to write it
        #[arg(default_value = "system.toml")]
        path: PathBuf,
    },
    /// Read a manifest and say everything that is wrong with it
    Validate {
        /// The system's manifest
        manifest: PathBuf,
    },
    /// JSON Schema of manifests, for editors
    Schema,
    /// Systems that were assessed
    List {
        #[arg(long, value_enum, default_value = "table")]
        /// Form of the output
        format: Format,
    },
    /// A system's risks as the newest assessment left them
    Risks {
        /// The system's id
        system: String,
        #[arg(long, value_enum, default_value = "table")]
        /// Form of the output
        format: Format,
    },
    /// Why a risk stands where it stands, down to the evidence
    Explain {
        /// Risk id or code, such as harmful-output or R205
        risk: String,
        /// The system's id; may be left out while there is only one
        #[arg(long)]
        system: Option<String>,
        #[arg(long, value_enum, default_value = "table")]
        /// Form of the output
        format: Format,
    },
}

#[derive(Subcommand)]
pub enum Guard {
    /// Read texts from standard input and say what the guard does with each
    Check {
        /// Policy file; by default the built-in baseline
        #[arg(long)]
        policy: Option<PathBuf>,
        /// Which way the texts go
        #[arg(long, value_enum, default_value = "input")]
        direction: Direction,
        /// Each line is {"id": …, "text": …}
        #[arg(long)]
        jsonl: bool,
        /// Exit 1 from which action on
        #[arg(long, value_enum)]
        fail_on: Option<ActionArg>,
    },
    /// Check a policy file and warn of rules that can never match
    Validate {
        /// Policy file; by default the built-in baseline
        #[arg(long)]
        policy: Option<PathBuf>,
        /// Bindings of tenants, applications and models to policies: check them and every policy that they name
        #[arg(long)]
        bindings: Option<PathBuf>,
    },
    /// JSON Schema of policy files, for editors
    Schema {
        /// That of bindings files instead
        #[arg(long)]
        bindings: bool,
    },
    /// Print the built-in baseline policy
    Baseline,
    /// Import lists of words into packs, and look at packs
    #[command(subcommand)]
    Lexicon(GuardLexicon),
    /// Say what the guard does with a text and why, and what the policy costs a stream
    Explain(GuardExplain),
    /// Train the heads of the semantic level on labelled examples and feedback
    Train(GuardTrain),
    /// Score heads, or a whole policy, on labelled examples
    Score(GuardScore),
    /// Measure how fast a policy judges, and how much memory it takes
    Bench(GuardBench),
}

#[derive(Args)]
pub struct GuardExplain {
    /// The text; by default standard input
    pub text: Option<String>,
    /// Policy file; by default the built-in baseline
    #[arg(long)]
    pub policy: Option<PathBuf>,
    /// Which way the text goes
    #[arg(long, value_enum, default_value = "input")]
    pub direction: Direction,
    #[arg(long, value_enum, default_value = "table")]
    /// Form of the output
    pub format: Format,
}

#[derive(Args)]
pub struct GuardTrain {
    /// Labelled examples: JSON lines, also packed as .gz
    #[arg(required_unless_present = "feedback", value_name = "DATA")]
    pub files: Vec<PathBuf>,
    /// Folder for heads.jwm, manifest.json and scorecard.json
    #[arg(long, value_name = "FOLDER")]
    pub out: PathBuf,
    /// Heads to start from; by default nothing, and for feedback alone the built-in heads
    #[arg(long, value_name = "HEADS")]
    pub base: Option<PathBuf>,
    /// Your own labelled feedback, which weighs more (repeatable)
    #[arg(long, value_name = "FILE")]
    pub feedback: Vec<PathBuf>,
    /// JSON document of training options, or a manifest that has some
    #[arg(long, value_name = "FILE")]
    pub options: Option<PathBuf>,
    /// Train a head over the vectors of the encoder in this folder instead; the folder of --out receives head.json
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["base", "options"])]
    pub encoder: Option<PathBuf>,
    #[arg(long, value_enum, default_value = "table")]
    /// Form of the output
    pub format: Format,
}

#[derive(Args)]
pub struct GuardScore {
    /// Labelled examples: JSON lines, also packed as .gz
    #[arg(required = true, value_name = "DATA")]
    pub files: Vec<PathBuf>,
    /// Score this whole policy: flagged is what it blocks or wants confirmed
    #[arg(long, conflicts_with = "model")]
    pub policy: Option<PathBuf>,
    /// Score these heads; by default the built-in ones
    #[arg(long, value_name = "HEADS")]
    pub model: Option<PathBuf>,
    /// Score the built-in baseline policy
    #[arg(long, conflicts_with_all = ["policy", "model"])]
    pub baseline: bool,
    /// Which way the texts go
    #[arg(long, value_enum, default_value = "input")]
    pub direction: Direction,
    /// One table, grouped by these; by default by head and language, then by class, then by source
    #[arg(long, value_enum, value_delimiter = ',')]
    pub by: Vec<ScoreBy>,
    /// The mildest severity of heads that counts as flagged
    #[arg(long, value_enum, default_value = "unsafe")]
    pub from: LevelArg,
    /// Score the examples of this split; by default those of test, or all where there are none
    #[arg(long, value_enum)]
    pub split: Option<SplitArg>,
    #[arg(long, value_enum, default_value = "table")]
    /// Form of the output
    pub format: Format,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ScoreBy {
    Head,
    Lang,
    Class,
    Source,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LevelArg {
    Controversial,
    Unsafe,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SplitArg {
    Train,
    Dev,
    Test,
}

#[derive(Args)]
pub struct GuardBench {
    /// Policy file; by default the built-in baseline
    #[arg(long)]
    pub policy: Option<PathBuf>,
    /// Texts to judge: lines {"text": …}, also packed as .gz; by default made-up ones of 100 characters and 1 KB
    #[arg(long, value_name = "FILE")]
    pub texts: Option<PathBuf>,
    /// Which way the texts go
    #[arg(long, value_enum, default_value = "input")]
    pub direction: Direction,
    /// Rounds of which the median is told
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub rounds: u32,
    /// Also as streams that arrive in pieces of three characters
    #[arg(long)]
    pub stream: bool,
    #[arg(long, value_enum, default_value = "table")]
    /// Form of the output
    pub format: Format,
}

#[derive(Subcommand)]
pub enum GuardLexicon {
    /// Make a pack of lists of words (.txt, .csv, .tsv, .jsonl), and say what is strange about them
    Import(LexiconImport),
    /// Say what is in a pack; without one, list the catalog's lexicons and its empty slots
    Show {
        /// Pack file
        pack: Option<PathBuf>,
        /// Print the words too
        #[arg(long, requires = "pack")]
        words: bool,
        /// Say which categories hold a word, in whatever writing; exit 1 if none does
        #[arg(long, value_name = "WORD", requires = "pack")]
        find: Option<String>,
        #[arg(long, value_enum, default_value = "table")]
        /// Form of the output
        format: Format,
    },
}

#[derive(Args)]
pub struct LexiconImport {
    /// Lists of words in UTF-8; the end of the name says how each is written
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// Where to write the pack; with --into by default the same file
    #[arg(long, value_name = "PACK", required_unless_present = "into")]
    pub out: Option<PathBuf>,
    /// Take the words into this pack: categories of the same name are replaced, the others stay
    #[arg(long, value_name = "PACK")]
    pub into: Option<PathBuf>,
    /// The pack's id; by default the name of the file that is written
    #[arg(long, conflicts_with = "into")]
    pub id: Option<String>,
    /// Category of words whose row names none; by default the name of their file
    #[arg(long)]
    pub category: Option<String>,
    /// Column (or field) of the words; a number where the table has no header
    #[arg(long, value_name = "COLUMN")]
    pub word_column: Option<String>,
    /// Column (or field) of the categories
    #[arg(long, value_name = "COLUMN")]
    pub category_column: Option<String>,
    /// Language of words whose row names none; by default what their characters say
    #[arg(long, value_enum)]
    pub word_lang: Option<LangArg>,
    /// Keep words of one character, which are found everywhere
    #[arg(long)]
    pub keep_single: bool,
    /// Chinese title of the pack
    #[arg(long, value_name = "TITLE")]
    pub title_zh: Option<String>,
    /// English title of the pack
    #[arg(long, value_name = "TITLE")]
    pub title_en: Option<String>,
    /// Under what licence the words are used
    #[arg(long)]
    pub licence: Option<String>,
    /// Write nothing and exit 1 if a word would be left out
    #[arg(long)]
    pub strict: bool,
    #[arg(long, value_enum, default_value = "table")]
    /// Form of the output
    pub format: Format,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Direction {
    Input,
    Output,
}

impl From<Direction> for jingwei_guard::Direction {
    fn from(direction: Direction) -> Self {
        match direction {
            Direction::Input => Self::Input,
            Direction::Output => Self::Output,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum ActionArg {
    Redact,
    Confirm,
    Block,
}

#[derive(Subcommand)]
pub enum Ledger {
    /// Check every byte of a ledger
    Verify {
        /// The ledger's folder, or an export of one; by default that of the data folder
        dir: Option<PathBuf>,
        /// Public key that must have signed it (text or file); by default the ledger's own
        #[arg(long)]
        key: Option<String>,
        /// A checkpoint that was kept elsewhere: the ledger must hold everything that it covers
        #[arg(long, value_name = "FILE")]
        expect: Option<PathBuf>,
        #[arg(long, value_enum, default_value = "table")]
        /// Form of the output
        format: Format,
    },
    /// Print the signed checkpoint
    Checkpoint {
        /// The ledger's folder; by default that of the data folder
        dir: Option<PathBuf>,
    },
    /// Prove that an entry stands in the ledger, or that it only grew
    Prove {
        /// Number of the entry
        #[arg(long, conflicts_with = "since", required_unless_present = "since")]
        index: Option<u64>,
        /// Size that the ledger had: prove that it only grew since
        #[arg(long)]
        since: Option<u64>,
        /// The ledger's folder; by default that of the data folder
        dir: Option<PathBuf>,
    },
    /// Print an entry and the document that it names
    Show {
        /// Number of the entry
        index: u64,
    },
    /// Write a copy that verifies by itself
    Export {
        /// New folder
        out: PathBuf,
        /// The ledger's folder; by default that of the data folder
        #[arg(long)]
        dir: Option<PathBuf>,
    },
}

#[derive(Subcommand)]
pub enum Catalog {
    /// Check a catalog: shapes, references, codes, both languages
    Check {
        /// Catalog folder; by default the one in use
        dir: Option<PathBuf>,
    },
    /// List items of one kind
    List {
        /// Which items
        #[arg(value_enum)]
        noun: CatalogNoun,
        #[arg(long, value_enum, default_value = "table")]
        /// Form of the output
        format: Format,
    },
    /// Print one item: a risk, a control, or a framework item such as tc260-2.0/3.2.2.a
    Show {
        /// Id or code
        id: String,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CatalogNoun {
    Frameworks,
    Risks,
    Controls,
    Rules,
    Gates,
    Mappings,
    Banks,
    Lexicons,
}

#[derive(Subcommand)]
pub enum Access {
    /// Make a token; it is shown once
    Create {
        /// Who gets it
        name: String,
        /// What it may do
        #[arg(long, value_enum, default_value = "auditor")]
        role: RoleArg,
        /// Days until it expires
        #[arg(long, value_parser = clap::value_parser!(u32).range(1..=3650))]
        days: Option<u32>,
    },
    /// List tokens; the secrets are nowhere
    List,
    /// Revoke a token
    Revoke {
        /// Its id
        id: String,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RoleArg {
    Owner,
    RiskOfficer,
    Engineer,
    Auditor,
}

#[derive(Args)]
pub struct Up {
    /// Address of the console and API
    #[arg(long, default_value = "127.0.0.1:7800")]
    pub listen: std::net::SocketAddr,
    /// Address of the guarding gateway
    #[arg(long, default_value = "127.0.0.1:7801")]
    pub gateway: std::net::SocketAddr,
    /// OpenAI-compatible server that the gateway stands before, such as http://127.0.0.1:7811/v1
    #[arg(long, value_name = "URL")]
    pub upstream: Option<String>,
    /// Guard policy of the gateway; by default the built-in baseline
    #[arg(long)]
    pub policy: Option<PathBuf>,
    /// Bindings of tenants, applications and models to policies of their own
    #[arg(long)]
    pub bindings: Option<PathBuf>,
}

/// The command line with its help in a language.
pub fn command(lang: Lang) -> clap::Command {
    let command = Cli::command();
    match lang {
        Lang::En => command,
        Lang::Zh => crate::help_zh::translated(command),
    }
}
