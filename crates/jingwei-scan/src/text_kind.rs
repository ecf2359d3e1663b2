//! What loaders make of a text: most go by its name, some by its keys.

use memchr::memmem;

use crate::formats::{FRONT, gguf};

pub(crate) fn is_named_json(name: &str) -> bool {
    name.to_ascii_lowercase().ends_with(".json")
}

/// What a loader takes a text for.
pub(crate) enum TextKind {
    Template,
    Script,
    Yaml,
    /// Keys and values in one of the plainer syntaxes.
    Settings,
    /// A list of packages.
    Requirements,
    /// A `.pth` file, of which Python runs the lines that begin with `import`.
    Paths,
    Plain,
}

/// Endings and names of files with settings that loaders and servers of models read.
const SETTINGS: [&str; 13] = [
    ".pbtxt",
    ".prototxt",
    ".toml",
    ".ini",
    ".cfg",
    ".conf",
    ".config",
    ".properties",
    ".gin",
    ".jsonl",
    ".json5",
    ".env",
    ".libsonnet",
];
const SETTINGS_NAMES: [&str; 3] = ["checkpoint", "modelfile", "dockerfile"];

/// The file that the library `tokenizers` reads, by its name or its keys.
pub(crate) fn is_tokenizer(name: &str, json: &[u8]) -> bool {
    const KEYS: [&[u8]; 2] = [b"\"added_tokens\"", b"\"pre_tokenizer\""];
    let front = json.get(..json.len().min(FRONT)).unwrap_or_default();
    let named = name.to_ascii_lowercase().ends_with("tokenizer.json");
    named || KEYS.iter().any(|key| memmem::find(front, key).is_some())
}

pub(crate) fn text_kind(name: &str, front: &[u8]) -> TextKind {
    let name = name.to_ascii_lowercase();
    let ends = |endings: &[&str]| endings.iter().any(|ending| name.ends_with(ending));
    let holds = |needle: &[u8]| memmem::find(front, needle).is_some();
    if name.starts_with(gguf::TEMPLATE) || ends(&[".jinja", ".jinja2", ".j2"]) {
        TextKind::Template
    } else if is_requirements(name.rsplit('/').next().unwrap_or(&name)) {
        TextKind::Requirements
    } else if ends(&[".pth"]) && front.split(|b| *b == b'\n').any(|line| line.starts_with(b"import")) {
        TextKind::Paths
    } else if ends(&[".py", ".pyw", ".pyx", ".pxi", ".sh", ".bash", ".zsh", ".ksh", ".fish", ".csh"])
        || front.starts_with(b"#!")
    {
        TextKind::Script
    } else if ends(&[".yaml", ".yml", ".dvc"]) || matches!(name.rsplit('/').next(), Some("mlmodel" | "mlproject")) {
        TextKind::Yaml
    } else if ends(&SETTINGS) || SETTINGS_NAMES.contains(&name.rsplit('/').next().unwrap_or(&name)) {
        TextKind::Settings
    } else if holds(b"{%") && !ends(&[".md", ".rst", ".html", ".htm"]) {
        TextKind::Template
    } else {
        TextKind::Plain
    }
}

fn is_requirements(name: &str) -> bool {
    let plain = name.contains("requirements") && [".txt", ".in", ".pip"].iter().any(|ending| name.ends_with(ending));
    plain
        || matches!(name, "pipfile")
        || matches!(name, "conda.yaml" | "conda.yml" | "environment.yaml" | "environment.yml" | "python_env.yaml")
}

/// Whether a JSON document may be a model of XGBoost that does not begin like one.
pub(crate) fn holds_trees(json: &[u8]) -> bool {
    may_hold(json, b"\"gradient_booster\"")
}

/// Whether a JSON document may describe a Keras model.
pub(crate) fn names_classes(json: &[u8]) -> bool {
    // Without its settings no object of Keras is made, and others name classes too.
    may_hold(json, b"\"class_name\"") && may_hold(json, b"\"config\"")
}

/// Whether a key may stand in a document. It may be escaped: honest writers escape what is not ASCII, and nobody escapes
/// letters.
fn may_hold(json: &[u8], key: &[u8]) -> bool {
    let escaped = |at: usize| json.get(at + 4).is_some_and(|digit| matches!(digit, b'2'..=b'7'));
    memmem::find(json, key).is_some() || memmem::find_iter(json, b"\\u00").any(escaped)
}
