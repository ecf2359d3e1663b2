//! Files of projects by which a tool runs something as soon as a folder is opened, checked out, installed or built: settings
//! of editors and agents, of git, of package managers, and what shells and debuggers read when they start.

mod agents;
mod editors;
mod git;
mod packages;
mod startup;

use jingwei_core::Text;
use jingwei_read::Sighting;
use serde_json::Value;

use crate::{path::is_within, read, script};

/// Longest file of settings, in bytes.
const LONGEST: u64 = 1 << 20;
/// Sightings of one file.
const MOST: usize = 16;

/// What a file has run, and on which occasion.
struct Run {
    key: String,
    what: String,
    when: Text,
}

impl Run {
    fn new(key: &str, what: &str, when: (&str, &str)) -> Self {
        Self { key: key.to_owned(), what: what.to_owned(), when: Text::new(when.0, when.1) }
    }
}

/// Whether a tool reads a file of this path by itself, and how long such a file may be.
#[must_use]
pub fn reads_by_itself(path: &str) -> Option<u64> {
    judge_of(&lower(path)).map(|_| LONGEST)
}

/// What tools run because of a file. `path`: in the folder of the model.
#[must_use]
pub fn inspect_project(path: &str, bytes: &[u8]) -> Vec<Sighting> {
    let path = lower(path);
    let Some(judge) = judge_of(&path) else { return Vec::new() };
    let (text, _) = read::text(bytes);
    let text = text.trim_start_matches('\u{feff}');
    let runs = judge(&path, text);
    let mut seen: Vec<Sighting> = runs.into_iter().take(MOST).map(sighting).collect();
    seen.dedup_by(|one, other| one.key == other.key);
    seen
}

fn sighting(run: Run) -> Sighting {
    let what = jingwei_read::shown(&run.what);
    Sighting::new("model.runs-by-itself").key(&run.key).with("what", &what).with_text("when", run.when)
}

fn lower(path: &str) -> String {
    path.replace('\\', "/").to_ascii_lowercase()
}

type Judge = fn(&str, &str) -> Vec<Run>;

/// Which tool reads a file, told by its path: tools go by nothing else.
fn judge_of(path: &str) -> Option<Judge> {
    let name = path.rsplit('/').next().unwrap_or_default();
    // Folders of tools begin with a dot, and most paths have none such.
    let has_folder = path.starts_with('.') || path.as_bytes().windows(2).any(|two| two == b"/.");
    let within = |folder: &str| has_folder && is_within(path, folder);
    let judge: Judge = match name {
        "tasks.json" if within(".vscode/") => editors::tasks,
        "settings.json" if within(".vscode/") => editors::settings,
        "devcontainer.json" | ".devcontainer.json" => editors::container,
        "pyproject.toml" => packages::pyproject,
        "setup.cfg" => packages::setup,
        "pytest.ini" | ".pytest.ini" => packages::pytest,
        "config.toml" | "config" if within(".cargo/") => packages::cargo,
        "composer.json" => packages::composer,
        ".gitlab-ci.yml" | ".gitlab-ci.yaml" => git::pipeline,
        ".pre-commit-config.yaml" | ".pre-commit-config.yml" => git::checks,
        "package.json" => packages::npm,
        ".npmrc" | ".yarnrc" | ".yarnrc.yml" | ".pnpmfile.cjs" => packages::npm_settings,
        "makefile" | "gnumakefile" | "justfile" => packages::make,
        ".gitmodules" | ".gitconfig" => git::config,
        name if within(".github/workflows/") && (name.ends_with(".yml") || name.ends_with(".yaml")) => git::workflow,
        "config" if within(".git/") || path.starts_with(".git/") || within(".git/modules/") => git::config,
        "config.worktree" if within(".git/") => git::config,
        "sitecustomize.py" | "usercustomize.py" => startup::customize,
        _ if within(".git/hooks/") && !name.ends_with(".sample") => git::hook,
        _ if name.ends_with(".code-workspace") => editors::workspace,
        _ if within(".idea/") && name.ends_with(".xml") => editors::idea,
        _ if agents::is_settings(path) => agents::settings,
        _ if startup::is_startup(path, name) => startup::lines,
        _ => return None,
    };
    Some(judge)
}

/// JSON in which comments and loose commas may stand.
fn json(text: &str) -> Value {
    serde_json::from_str(text).or_else(|_| serde_json::from_str(&without_comments(text))).unwrap_or_default()
}

fn without_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.char_indices().peekable();
    let (mut in_text, mut escaped) = (false, false);
    while let Some((at, c)) = rest.next() {
        if in_text {
            in_text = escaped || c != '"';
            escaped = !escaped && c == '\\';
            out.push(c);
        } else if c == '/' && text[at..].starts_with("//") {
            while rest.peek().is_some_and(|(_, c)| *c != '\n') {
                rest.next();
            }
        } else if c == '/' && text[at..].starts_with("/*") {
            let end = text[at + 2..].find("*/").map_or(text.len(), |end| at + 2 + end + 2);
            while rest.peek().is_some_and(|(at, _)| *at < end) {
                rest.next();
            }
        } else {
            if matches!(c, '}' | ']') {
                let end = out.trim_end().len();
                if out[..end].ends_with(',') {
                    out.truncate(end - 1);
                }
            }
            in_text = c == '"';
            out.push(c);
        }
    }
    out
}

/// A command as one line: a text, a list of words, or an object of several.
fn command_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(words) => words.iter().map(command_of).collect::<Vec<_>>().join(" "),
        Value::Object(parts) => parts.values().map(command_of).collect::<Vec<_>>().join("; "),
        _ => String::new(),
    }
}

/// All members of a document, with the keys that lead to them.
fn walk(value: &Value, path: &mut Vec<String>, visit: &mut dyn FnMut(&[String], &Value)) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                path.push(key.clone());
                visit(path, value);
                walk(value, path, visit);
                path.pop();
            }
        }
        Value::Array(items) => items.iter().for_each(|item| walk(item, path, visit)),
        _ => {}
    }
}

/// First words of commands that set up a project: they fetch packages by their names, build, or only talk.
const USUAL: [&str; 42] = [
    "pip",
    "pip3",
    "npx husky",
    "husky",
    "patch-package",
    "tsc",
    "npx tsc",
    "tshy",
    "npx tshy",
    "rollup",
    "vite",
    "tsup",
    "unbuild",
    "not-in-publish",
    "in-publish",
    "node-gyp",
    "node-gyp-build",
    "prebuild-install",
    "ngcc",
    "prisma",
    "electron-builder",
    "nuxt",
    "svelte-kit",
    "simple-git-hooks",
    "lefthook",
    "is-ci",
    "rimraf",
    "apt",
    "apt-get",
    "apk",
    "brew",
    "rustup",
    "pre-commit",
    "echo",
    "true",
    "cd",
    "cp",
    "mkdir",
    "chmod",
    "nvidia-smi",
    "python --version",
    "exit 0",
];

/// Programs that set up a project by most of their words, and the words by which they run something else.
const USUAL_BUT: [(&str, &[&str]); 13] = [
    ("uv", &["run", "tool", "x"]),
    ("poetry", &["run", "shell"]),
    ("pdm", &["run"]),
    ("hatch", &["run", "shell"]),
    ("conda", &["run"]),
    ("mamba", &["run"]),
    // Scripts of another folder are not seen from here.
    ("npm", &["exec", "x", "explore", "--prefix", "-C", "-w", "--workspace"]),
    ("yarn", &["exec", "node", "dlx", "--cwd", "workspace", "workspaces"]),
    ("pnpm", &["exec", "dlx", "--dir", "-C", "--filter"]),
    ("make", &["-f", "--file", "--makefile", "-C", "--directory", "--eval"]),
    ("cmake", &["-P", "-E"]),
    ("cargo", &["run", "r", "--config", "--manifest-path"]),
    ("go", &["run", "generate", "tool"]),
];
/// What `git` runs for somebody else.
const GIT_RUNS: [&str; 5] = ["-c", "bisect", "foreach", "--exec", "-x"];

/// Whether a command only does what setting up a project does.
fn is_usual(command: &str) -> bool {
    is_plain(command) && parts(command).all(is_usual_part)
}

/// Whether a shell would do no more with a command than run its parts.
fn is_plain(command: &str) -> bool {
    script::shell_mark(command).is_none() && !command.contains(['`', '<']) && !command.contains("$(")
}

/// The commands of one line.
fn parts(command: &str) -> impl Iterator<Item = &str> {
    command.split(['&', ';', '|', '\n']).map(str::trim).filter(|part| !part.is_empty())
}

fn is_usual_part(part: &str) -> bool {
    let part = part.strip_prefix("sudo ").unwrap_or(part).trim_start();
    let part = part.strip_prefix("python -m ").or(part.strip_prefix("python3 -m ")).unwrap_or(part);
    if part.contains("://") {
        return false;
    }
    // What runs in an environment is judged as if it ran outside of it.
    if let Some(inner) = ["uv run ", "poetry run ", "pdm run "].iter().find_map(|front| part.strip_prefix(front)) {
        return is_usual_part(inner.trim_start());
    }
    let mut words = part.split_whitespace();
    let first = words.next().unwrap_or_default();
    let runs = |word: &str, list: &[&str]| {
        list.iter().any(|run| {
            let glued = run.len() == 2 && run.starts_with('-') && !word.starts_with("--") && word.starts_with(run);
            word == *run || glued || word.strip_prefix(run).is_some_and(|rest| rest.starts_with('='))
        })
    };
    if first == "git" {
        return !words.any(|word| runs(word, &GIT_RUNS) || word.starts_with(['!', '\'', '"']));
    }
    if let Some((_, others)) = USUAL_BUT.iter().find(|(program, _)| *program == first) {
        return !words.any(|word| runs(word, others));
    }
    USUAL.iter().any(|usual| part == *usual || part.strip_prefix(usual).is_some_and(|rest| rest.starts_with(' ')))
}

#[cfg(test)]
mod tests;
