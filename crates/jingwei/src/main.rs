//! The one binary: flags, settings and wiring.

use std::process::ExitCode;

use clap::FromArgMatches;

mod cli;
mod cli_probe;
mod cli_scan;
mod commands;
mod help_zh;
mod organism_server;
mod output;
mod settings;
mod terminal;

use crate::output::{Exit, Speaker};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args_os().map(|a| a.to_string_lossy().into_owned()).collect();
    let lang = settings::language(&arguments);
    let matches = match cli::command(lang).try_get_matches() {
        Ok(matches) => matches,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { Exit::Usage.code() } else { 0 });
        }
    };
    let cli = match cli::Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => error.exit(),
    };
    let speaker = Speaker { lang: cli.global.lang.map_or(lang, Into::into) };
    let filter = settings::variable("JINGWEI_LOG").unwrap_or_else(|| "warn".to_owned());
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_env_filter(filter).init();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            speaker.say(&error.to_string());
            return ExitCode::from(Exit::Failed.code());
        }
    };
    let exit = runtime.block_on(commands::run(cli, speaker)).unwrap_or_else(|error| {
        speaker.say(&format!("{}: {}", speaker.pick("错误", "error"), error.display(speaker.lang)));
        match error.kind {
            jingwei_app::ErrorKind::Invalid | jingwei_app::ErrorKind::NotFound => Exit::Usage,
            _ => Exit::Failed,
        }
    });
    ExitCode::from(exit.code())
}
