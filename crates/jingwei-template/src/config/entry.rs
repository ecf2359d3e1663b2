//! What one entry of a configuration makes a loader do, whatever the syntax that it is written in: JSON, YAML, TOML, INI,
//! the text form of a protobuf.

use jingwei_core::Text;
use jingwei_read::Effect;

use crate::{
    config::{
        chains,
        findings::{Findings, leads_outside},
        loaders, shards, targets,
    },
    script,
};

/// Files in which a server or a loader of models is told what to take: any path in them is followed.
const FOLLOWED: [&str; 22] = [
    "adapter_config.json",
    "desktop.ini",
    "meta.yaml",
    "mlmodel",
    "modules.json",
    "checkpoint",
    "modelfile",
    "config.pbtxt",
    "models.config",
    "config.properties",
    "model-config.yaml",
    "model_config.yaml",
    "model-settings.json",
    "genai_config.json",
    "mlc-chat-config.json",
    "openvino_config.json",
    "manifest.json",
    "bentofile.yaml",
    "bento.yaml",
    "cog.yaml",
    "config.cfg",
    "pipeline.config",
];
/// Endings of such files.
const FOLLOWED_ENDINGS: [&str; 3] = [".prototxt", ".gin", ".mar"];
/// Keys that name a piece of code by its full name, in one framework or another. Only dangerous names are told.
const CODE_KEYS: [&str; 28] = [
    "class",
    "cls",
    "class_name",
    "classname",
    "@class",
    "()",
    "loader",
    "module",
    "hook",
    "hooks",
    "handler",
    "entry_point",
    "entrypoint",
    "implementation",
    "import_path",
    "import",
    "imports",
    "plugin",
    "plugins",
    "service",
    "callback",
    "callbacks",
    "activation",
    "model_lc_class",
    "tokenizer_class",
    // jsonpickle makes and calls what stands here.
    "py/object",
    "py/type",
    "py/function",
];
/// Keys of texts for people. What they say is no setting.
const PROSE_KEYS: [&str; 22] = [
    "description",
    "documentation",
    "docstring",
    "doc",
    "readme",
    "text",
    "content",
    "prompt",
    "question",
    "answer",
    "summary",
    "example",
    "examples",
    "note",
    "notes",
    "comment",
    "title",
    "message",
    "help",
    "body",
    "source",
    "template",
];
/// Parts of keys of lists of what is not allowed.
const DENIAL: [&str; 9] = ["block", "deny", "forbid", "banned", "unsafe", "danger", "ignore", "exclude", "disallow"];
/// Keys under which a repository is named whose code a loader runs. A value without a slash is a name of its own.
const REPOSITORY_KEYS: [&str; 4] =
    ["custom_generate", "custom_pipeline", "_attn_implementation", "attn_implementation"];
/// Repositories of compiled kernels that the publisher of the loader keeps itself.
const KNOWN_REPOSITORIES: [&str; 2] = ["kernels-community/", "kernels-test/"];
/// Addresses at which Java looks up an object and makes it.
const LOOKUPS: [&str; 4] = ["ldap://", "ldaps://", "rmi://", "iiop://"];
/// Beginnings of places that belong to the machine and its owner, never to a model.
const SYSTEM: [&str; 9] =
    ["/etc/", "/proc/", "/sys/", "/root/.ssh", "/var/run/", "~/.ssh", "~/.aws", "c:\\windows", "file://"];
/// Endings of libraries of native code.
const NATIVE: [&str; 4] = [".so", ".dll", ".dylib", ".pyd"];
/// Longest value that is a setting, in bytes.
const LONGEST: usize = 4096;

/// Whether every path in this file is followed. `file`: its name without folders, in lower case.
pub(crate) fn is_followed(file: &str) -> bool {
    FOLLOWED.contains(&file) || FOLLOWED_ENDINGS.iter().any(|ending| file.ends_with(ending))
}

/// Judges one entry. `key` is the innermost; an item of a list has that of its list.
pub(crate) fn judge(found: &Findings<'_>, key: &str, value: &str) {
    let value = value.trim();
    let lower = key.to_ascii_lowercase();
    chains::note(found, key, &lower, value);
    if value.is_empty() || value.len() > LONGEST || PROSE_KEYS.contains(&lower.as_str()) {
        return;
    }
    code(found, key, &lower, value);
    repository(found, key, &lower, value);
    place(found, key, &lower, value);
    shards::judge(found, key, value);
    loaders::judge(found, key, &lower, value);
}

/// Names and expressions that run something.
fn code(found: &Findings<'_>, key: &str, lower: &str, value: &str) {
    // Files of builds run commands by design, and no loader reads them.
    if let Some(mark) =
        script::shell_mark(value).filter(|_| !found.file.starts_with('.') || found.file.starts_with(".pre-commit"))
    {
        return found.dangerous_target(key, mark, Effect::Process);
    }
    // Nobody who writes a setting imports by a call.
    let is_call = value.ends_with(')') && value.contains('(') || value.contains("__import__");
    if is_call && let Some((name, effect)) = script::first_dangerous_call(value, found.names) {
        return found.dangerous_target(key, &name, effect);
    }
    if lower == "download" && !value.contains("://") {
        return download(found, key, value);
    }
    if !targets::is_dotted(value) || DENIAL.iter().any(|part| lower.contains(part)) {
        return;
    }
    match targets::verdict(value, found.names) {
        targets::Verdict::Dangerous(effect)
            if CODE_KEYS.contains(&lower) || matches!(effect, Effect::Process | Effect::Execute) =>
        {
            found.dangerous_target(key, value, effect);
        }
        _ => {}
    }
}

/// Ultralytics runs what stands here: a command of the shell, or Python.
fn download(found: &Findings<'_>, key: &str, value: &str) {
    let runs = ["bash ", "sh ", "import ", "from "].iter().any(|word| value.starts_with(word));
    if runs || value.contains('(') {
        found.loader_module(key, value);
    }
}

/// Code that is fetched from another repository, or that the model brings and nobody expects there.
fn repository(found: &Findings<'_>, key: &str, lower: &str, value: &str) {
    if !REPOSITORY_KEYS.contains(&lower) {
        return;
    }
    if value.contains('/') && !KNOWN_REPOSITORIES.iter().any(|known| value.starts_with(known)) {
        found.code_repository(key, value);
    } else if lower.starts_with("custom_") && !value.contains('/') {
        found.remote_code(key);
    }
}

/// Files and addresses to which the entry sends its reader.
fn place(found: &Findings<'_>, key: &str, lower: &str, value: &str) {
    let start = value.chars().take(16).collect::<String>().to_ascii_lowercase();
    let what = if LOOKUPS.iter().any(|scheme| start.starts_with(scheme)) {
        Some(Text::new("由 Java 查找并实例化的地址", "an address at which Java looks up an object"))
    } else if SYSTEM.iter().any(|place| start.starts_with(place)) && !value.contains(char::is_whitespace) {
        Some(Text::new("系统文件", "a file of the system"))
    } else if is_native(value) {
        Some(Text::new("原生代码库", "a library of native code"))
    } else if (found.is_followed || lower == "!include") && !is_address_of_service(lower) {
        let stays = super::json::LEFTOVERS.iter().any(|folder| value.starts_with(folder));
        leads_outside(value, !stays).filter(|_| !value.contains(char::is_whitespace))
    } else {
        None
    };
    if let Some(what) = what {
        found.outside(key, value, what);
    }
}

/// Keys of addresses that a server listens on or a person reads.
fn is_address_of_service(key: &str) -> bool {
    ["address", "homepage", "repository", "docs", "license", "licence", "author", "email"]
        .iter()
        .any(|part| key.contains(part))
        || key == "url"
}

/// A file of native code: one word that ends like one.
fn is_native(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    let name = lower.rsplit(['/', '\\']).next().unwrap_or_default();
    let versioned =
        name.split_once(".so.").is_some_and(|(_, version)| version.starts_with(|c: char| c.is_ascii_digit()));
    (versioned || NATIVE.iter().any(|ending| name.len() > ending.len() && name.ends_with(ending)))
        && !lower.contains(char::is_whitespace)
}
