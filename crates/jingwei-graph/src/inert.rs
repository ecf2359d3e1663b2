//! Formats that can hold nothing but numbers and texts: they are read through, to be sure that this is what they are.

use jingwei_core::Limits;
use jingwei_read::{Inspection, NameTable, Source};
use serde::de::IgnoredAny;

use crate::findings::{Findings, Stop};

/// Reads an XGBoost model in JSON: it is JSON from front to end.
pub fn inspect_xgboost_json(source: &mut dyn Source, _names: &NameTable, limits: &Limits) -> Inspection {
    let result = crate::whole(source, limits).and_then(|bytes| {
        // Nothing of it is kept: it may be a hundred megabytes.
        serde_json::from_slice::<IgnoredAny>(&bytes).map_err(|e| crate::not_json(&e))?;
        Ok(())
    });
    Findings::default().finish(result)
}

/// Reads a LightGBM model: it is text from front to end.
pub fn inspect_lightgbm(source: &mut dyn Source, _names: &NameTable, limits: &Limits) -> Inspection {
    let mut findings = Findings::default();
    let result = crate::whole(source, limits).and_then(|bytes| {
        let odd = bytes.iter().position(|b| b.is_ascii_control() && !b.is_ascii_whitespace());
        let at = odd.or(std::str::from_utf8(&bytes).err().map(|e| e.valid_up_to()));
        if let Some(at) = at {
            return Err(Stop::malformed(at as u64, "文本中有二进制内容", "its text holds what is no text"));
        }
        let trees = bytes.split(|b| *b == b'\n').filter(|line| line.starts_with(b"Tree=")).count();
        findings.inspection.facts.more.insert("trees", trees.to_string());
        Ok(())
    });
    findings.finish(result)
}
