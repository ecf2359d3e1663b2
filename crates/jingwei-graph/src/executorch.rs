//! ExecuTorch programs.

use jingwei_core::Limits;
use jingwei_read::{Inspection, NameTable, Source};

use crate::findings::{Findings, Stop};
use crate::flatbuffer::Flat;

/// Reads an ExecuTorch program.
pub fn inspect_executorch(source: &mut dyn Source, _names: &NameTable, limits: &Limits) -> Inspection {
    let mut flat = Flat::new(source, limits);
    let result: Result<(), Stop> = flat.root().map(drop);
    Findings::default().finish(result)
}
