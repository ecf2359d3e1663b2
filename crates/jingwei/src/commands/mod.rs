//! One module per noun of the command line.

mod access;
mod assess;
mod catalog;
mod govern;
mod guard;
mod guard_bench;
mod guard_explain;
mod guard_lexicon;
mod guard_score;
mod guard_train;
mod ledger;
mod probe;
pub mod probe_filing;
pub mod probe_organism;
mod probe_report;
pub mod probe_review;
mod scan;
mod scan_bom;
mod scan_packages;
mod scan_sign;
mod up;

use std::path::Path;

use jingwei_app::{App, Error};

use crate::{
    cli::{Cli, Command, Global},
    output::{Exit, Speaker},
    settings::app_settings,
};

pub async fn run(cli: Cli, speaker: Speaker) -> Result<Exit, Error> {
    let global = &cli.global;
    match cli.command {
        Command::Assess(command) => assess::run(global, command, speaker).await,
        Command::Govern(command) => govern::run(global, command, speaker).await,
        Command::Probe(command) => probe::run(global, *command, speaker).await,
        Command::Scan(command) => scan::run(global, *command, speaker).await,
        Command::Guard(command) => guard::run(global, command, speaker),
        Command::Ledger(command) => ledger::run(global, command, speaker),
        Command::Catalog(command) => catalog::run(global, command, speaker),
        Command::Access(command) => access::run(global, command, speaker).await,
        Command::Up(command) => up::run(global, command, speaker).await,
    }
}

async fn open(global: &Global) -> Result<App, Error> {
    App::open(app_settings(global, 2)).await
}

fn unreadable(path: &Path, error: std::io::Error) -> Error {
    let shown = path.display();
    Error::invalid(format!("无法读取 `{shown}`"), format!("cannot read `{shown}`")).because(error)
}
