//! Lists the packages of lockfiles as JSON, one file a line: what `peers/compose_locks.py` compares with the tools that wrote them.

use std::io::Write as _;

use jingwei_compose::lockfiles::{parse, recognise};
use jingwei_core::Limits;

fn main() -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    for path in std::env::args().skip(1) {
        let bytes = std::fs::read(&path)?;
        let Some(kind) = recognise(&path, &bytes[..bytes.len().min(4096)]) else {
            writeln!(out, "{}", serde_json::json!({"path": path, "kind": null}))?;
            continue;
        };
        let parsed = parse(kind, &path, &bytes, &Limits::default());
        let problems: Vec<String> =
            parsed.problems.iter().map(|one| format!("{}: {}", one.place.line, one.reason.en)).collect();
        let line = serde_json::json!({
            "path": path, "kind": kind, "packages": parsed.packages, "links": parsed.links, "problems": problems,
        });
        writeln!(out, "{line}")?;
    }
    Ok(())
}
