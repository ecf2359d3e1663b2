//! Writes one bill of materials of lockfiles and other bills: `bill cyclonedx|spdx FILE…`. What `peers/bom_validate.py` validates at real size.

use std::io::Write as _;

use jingwei_compose::{
    bom::{Bom, Making, read},
    lockfiles::{parse, recognise},
};
use jingwei_core::{Limits, Timestamp};

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let notation = arguments.next().unwrap_or_default();
    let mut bom = Bom::default();
    bom.subject.name = "example".to_owned();
    for path in arguments {
        let bytes = std::fs::read(&path)?;
        if let Some(kind) = recognise(&path, &bytes[..bytes.len().min(4096)]) {
            bom.add_packages(&parse(kind, &path, &bytes, &Limits::default()));
        } else if let Ok((other, format)) = read(&bytes, &Limits::default()) {
            writeln!(std::io::stderr(), "{format:?} with {} components", other.components.len())?;
            bom.components.extend(other.components);
            bom.dependencies.extend(other.dependencies);
            bom.vulnerabilities.extend(other.vulnerabilities);
        }
    }
    let making = Making { at: Timestamp::from_micros(0), tool: "example", tool_version: "1" };
    let text = if notation == "spdx" { bom.to_spdx(&making) } else { bom.to_cyclonedx(&making) };
    std::io::stdout().lock().write_all(text.as_bytes())
}
