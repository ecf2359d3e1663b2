//! `jingwei probe report`.

use std::path::{Path, PathBuf};

use jingwei_app::{
    Error,
    probes::{self, ReportForm},
};
use jingwei_catalog::Catalog;
use jingwei_core::Lang;

use crate::{
    cli::Global,
    cli_probe::{ProbeReport, ReportFormat},
    output::{Exit, Speaker},
};

pub fn run(global: &Global, command: &ProbeReport, speaker: Speaker) -> Result<Exit, Error> {
    let form = match command.format {
        ReportFormat::Html => ReportForm::Html,
        ReportFormat::Json => ReportForm::Json,
        ReportFormat::Jsonl => ReportForm::Jsonl,
        ReportFormat::Junit => ReportForm::Junit,
        ReportFormat::Sarif => ReportForm::Sarif,
    };
    let catalog = jingwei_app::load_catalog(global.catalog.as_deref())?;
    let path =
        probes::write_report(&command.run, form, command.out.as_deref(), !command.no_texts, &catalog, speaker.lang)?;
    speaker.data(&path.display().to_string());
    Ok(Exit::Clean)
}

pub(super) fn write_html(folder: &Path, catalog: &Catalog, lang: Lang) -> Result<PathBuf, Error> {
    probes::write_report(folder, ReportForm::Html, None, true, catalog, lang)
}
