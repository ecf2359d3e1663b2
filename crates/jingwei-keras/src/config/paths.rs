//! Files that a configuration names.

use jingwei_core::Text;
use jingwei_read::Sighting;

use super::{Place, Walk};
use crate::json::Node;

/// Arguments whose text is the path of a file that the layer opens when it is built.
const FILES: [&str; 8] =
    ["vocabulary", "vocabulary_file", "idf_weights", "merges", "proto", "filepath", "file_path", "filename"];
/// Arguments that may be a path and are mostly something else.
const PERHAPS: [&str; 8] = ["weights", "path", "url", "uri", "origin", "fname", "asset", "assets_dir"];

impl Walk<'_> {
    pub(super) fn file_references(&mut self, node: &Node, at: u64, place: Place<'_>) {
        let Node::Map { pairs, .. } = node else { return };
        for (key, value) in pairs {
            let Some(value) = value.text().filter(|v| !v.is_empty()) else { continue };
            let is_file = FILES.contains(&key.as_str());
            if !is_file && !PERHAPS.contains(&key.as_str()) {
                continue;
            }
            match (outside(value), is_file) {
                (Some(how), _) => self.file_reference("model.keras-file-reference", key, value, how, at, place),
                (None, true) => {
                    let how = Text::new("相对路径", "a relative path");
                    self.file_reference("model.keras-relative-file", key, value, how, at, place);
                }
                (None, false) => {}
            }
        }
    }

    pub(super) fn file_reference(
        &mut self,
        rule: &'static str,
        argument: &str,
        value: &str,
        how: Text,
        at: u64,
        place: Place<'_>,
    ) {
        let sighting = Sighting::new(rule)
            .key(&format!("{argument}={value}"))
            .at(at)
            .with("layer", place.layer)
            .with("argument", argument)
            .with("value", value)
            .with_text("how", how);
        self.notes.see(sighting);
    }
}

/// How a path leads out of the folder of the model, if it does.
fn outside(path: &str) -> Option<Text> {
    let path = path.trim_start();
    let bytes = path.as_bytes();
    let is_scheme =
        |s: &str| s.len() > 1 && s.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '.' | '-'));
    if path.split_once("://").is_some_and(|(scheme, _)| is_scheme(scheme)) || path.starts_with("file:") {
        return Some(Text::new("一个网址", "a URL"));
    }
    let drive = matches!(bytes, [letter, b':', b'\\' | b'/', ..] if letter.is_ascii_alphabetic());
    if drive || matches!(bytes.first(), Some(b'/' | b'\\' | b'~')) {
        return Some(Text::new("绝对路径", "an absolute path"));
    }
    let climbs = path.split(['/', '\\']).any(|part| part == "..");
    climbs.then(|| Text::new("指向模型目录之外的路径", "a path out of the folder of the model"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_lead_out() {
        for (path, out) in [
            ("/etc/passwd", true),
            ("~/.ssh/id_rsa", true),
            ("C:\\Users\\x", true),
            ("\\\\host\\share", true),
            ("assets/../../secret", true),
            ("https://canary.invalid/x", true),
            ("gs://bucket/x", true),
            ("file:relative", true),
            ("vocab.txt", false),
            ("assets/vocab.txt", false),
            ("a..b/c", false),
            ("imagenet", false),
            ("中文://x", false),
        ] {
            assert_eq!(outside(path).is_some(), out, "{path}");
        }
    }
}
