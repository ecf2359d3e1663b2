//! Questions that a user brings.

use std::path::Path;

use jingwei_catalog::Catalog;
use jingwei_core::{Limits, Text};
use jingwei_probe::datasets::{self, Source};

use super::Dataset;
use crate::Error;

/// Reads a dataset. `format` is an adapter's name; without one it is told by the columns. `licence` is what the user
/// says; without it, what the adapter knows of its original. With it come assumptions and problems, for people.
pub fn read_dataset(
    id: &str,
    path: &Path,
    format: Option<&str>,
    licence: Option<&str>,
    catalog: &Catalog,
    limits: &Limits,
) -> Result<(Dataset, Vec<Text>), Error> {
    let shown = path.display().to_string();
    let unreadable =
        |e: std::io::Error| Error::invalid(format!("无法读取 `{shown}`"), format!("cannot read `{shown}`")).because(e);
    if std::fs::metadata(path).map_err(unreadable)?.len() > limits.header_bytes {
        let most = limits.header_bytes;
        return Err(Error::invalid(
            format!("`{shown}` 超过 {most} 字节；请拆分"),
            format!("`{shown}` is larger than {most} bytes; split it"),
        ));
    }
    // A device has no length, and may have no end.
    let mut bytes = Vec::new();
    let most = limits.header_bytes.saturating_add(1);
    std::io::Read::read_to_end(
        &mut std::io::Read::take(std::fs::File::open(path).map_err(unreadable)?, most),
        &mut bytes,
    )
    .map_err(unreadable)?;
    let source = Source { id, bytes: &bytes, adapter: format, licence, expect: None, catalog };
    let read = datasets::read(&source, limits).map_err(|bad| {
        let at = bad.line.map(|line| format!(":{line}")).unwrap_or_default();
        Error::invalid(format!("{shown}{at}：{}", bad.message.zh), format!("{shown}{at}: {}", bad.message.en))
    })?;
    let problem = |problem: datasets::Problem| {
        let (line, message) = (problem.line, problem.message);
        Text::new(format!("{shown}:{line}：{}", message.zh), format!("{shown}:{line}: {}", message.en))
    };
    let told = read.notes.into_iter().chain(read.problems.into_iter().map(problem)).collect();
    Ok((Dataset { id: read.id, licence: read.licence, items: read.items }, told))
}
