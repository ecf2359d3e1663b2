//! Options of sessions, which ONNX Runtime takes from a model where it is told to (`ort_config`).

use jingwei_core::Text;
use jingwei_read::{Sighting, shown};
use serde_json::Value;

use crate::findings::Findings;
use crate::location;

/// Bytes of options that are read: they are a handful of numbers.
const MOST: usize = 1 << 20;
/// What the names of options say whose values name a file.
const FILES: [&str; 7] = ["path", "file", "prefix", "librar", "folder", "directory", "location"];

/// Tells options by which the runtime opens or writes a file.
pub(super) fn judge(options: &str, at: u64, findings: &mut Findings) {
    if options.len() > MOST {
        return findings.see(Sighting::limit("string_bytes", MOST as u64));
    }
    // The runtime refuses what is no JSON.
    if let Ok(options) = serde_json::from_str(options) {
        walk("ort_config", &options, &mut |key, value| {
            let what = Text::new("运行时会打开或写入的文件", "a file that the runtime opens or writes");
            let sighting = Sighting::new("model.config-outside-reference").key(key).at(at);
            findings.see(sighting.with("key", key).with("value", &shown(value)).with_text("what", what));
        });
    }
}

/// `see`: takes the name of an option and its value.
fn walk(name: &str, value: &Value, see: &mut dyn FnMut(&str, &str)) {
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                walk(&format!("{name}.{}", shown(key)), member, see);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| walk(name, item, see)),
        Value::String(text) if names_file(name, text) => see(name, text),
        Value::Number(_) | Value::Bool(_) if own_name(name) == "enable_profiling" && is_on(value) => {
            see(name, &value.to_string());
        }
        _ => {}
    }
}

fn is_on(value: &Value) -> bool {
    value.as_f64() != Some(0.0) && *value != Value::Bool(false)
}

fn own_name(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

fn names_file(name: &str, text: &str) -> bool {
    let own = own_name(name).to_ascii_lowercase();
    let is_asked_for = FILES.iter().any(|word| own.contains(word));
    !text.is_empty() && (is_asked_for || location::escape(text).is_some() || location::is_native_library(text))
}
