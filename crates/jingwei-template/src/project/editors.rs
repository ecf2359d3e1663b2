//! What editors run when they open a folder.

use serde_json::Value;

use super::{Run, command_of, is_usual, json, walk};

const OPENS: (&str, &str) = ("编辑器打开文件夹时", "when an editor opens the folder");
const CONTAINER: (&str, &str) = ("开发容器建立或启动时", "when the container of the project is made or starts");

pub(super) fn tasks(_: &str, text: &str) -> Vec<Run> {
    tasks_in(&json(text))
}

/// Tasks that are run on opening; their platforms may have commands of their own.
fn tasks_in(document: &Value) -> Vec<Run> {
    let tasks = document.get("tasks").and_then(Value::as_array);
    let on_open = |task: &&Value| {
        let when = task.get("runOptions").and_then(|options| options.get("runOn")).and_then(Value::as_str);
        when.is_some_and(|when| when.eq_ignore_ascii_case("folderOpen"))
    };
    let run = |task: &Value| {
        let command = task.get("command").or(task.get("script")).map(command_of).unwrap_or_default();
        let arguments = task.get("args").map(command_of).unwrap_or_default();
        let what = format!("{command} {arguments}");
        Run::new("runOn", if what.trim().is_empty() { "a task" } else { what.trim() }, OPENS)
    };
    tasks.into_iter().flatten().filter(on_open).map(run).collect()
}

pub(super) fn settings(_: &str, text: &str) -> Vec<Run> {
    settings_in(&json(text))
}

pub(super) fn workspace(_: &str, text: &str) -> Vec<Run> {
    let document = json(text);
    let mut runs = settings_in(document.get("settings").unwrap_or(&Value::Null));
    runs.extend(tasks_in(document.get("tasks").unwrap_or(&Value::Null)));
    runs
}

/// Variables by which a program of the system runs something else.
const VARIABLES: [&str; 12] = [
    "ld_preload",
    "ld_library_path",
    "dyld_insert_libraries",
    "bash_env",
    "env",
    "pythonstartup",
    "pythonpath",
    "node_options",
    "git_ssh_command",
    "prompt_command",
    "perl5opt",
    "path",
];

/// Programs that an editor starts by a setting, and settings that let it run without asking.
fn settings_in(settings: &Value) -> Vec<Run> {
    let mut runs = Vec::new();
    walk(settings, &mut Vec::new(), &mut |path, value| {
        let key = path.join(".").to_ascii_lowercase();
        let last = key.rsplit('.').next().unwrap_or_default();
        let text = value.as_str().unwrap_or_default();
        let program =
            ["interpreter", "pythonpath", "executable", "binary", "nodepath", "serverpath", "toolpath", "shell"];
        let names_program = program.iter().any(|part| last.contains(part)) || last == "path" || last.ends_with("path");
        let own = ["./", "../", "${workspacefolder}", "${workspaceroot}", ".\\", "\\\\"];
        let lower = text.to_ascii_lowercase();
        let is_own = own.iter().any(|front| lower.starts_with(front));
        let is_environment = ["venv", "env/", "node_modules/", ".conda", ".pixi", "typeshed", "stubs"]
            .iter()
            .any(|part| lower.contains(part));
        let is_variable = key.contains(".env.");
        let variable = is_variable
            && VARIABLES.contains(&last)
            && !text.is_empty()
            && !(last == "pythonpath" && stays_inside(&lower));
        let unasked = matches!(
            (key.as_str(), value),
            ("task.allowautomatictasks", Value::String(on)) if on == "on"
        ) || (key.contains("autoapprove") || key == "chat.tools.global.autoapprove")
            && *value == Value::Bool(true)
            || key == "security.workspace.trust.enabled" && *value == Value::Bool(false);
        if is_own && names_program && !is_variable && !is_environment || variable || unasked {
            runs.push(Run::new(&path.join("."), if text.is_empty() { last } else { text }, OPENS));
        }
    });
    runs
}

/// Whether all folders of a search path lie in the folder that is open.
fn stays_inside(lower: &str) -> bool {
    let kept = lower.replace("${env:pythonpath}", "").replace("${workspacefolder}", ".");
    kept.split([':', ';']).filter(|folder| !folder.is_empty()).all(|folder| {
        !folder.starts_with(['/', '\\', '~', '$', '%']) && folder.split(['/', '\\']).all(|part| part != "..")
    })
}

/// Commands of a development container. The first runs on the machine itself.
pub(super) fn container(_: &str, text: &str) -> Vec<Run> {
    const INSIDE: [&str; 5] =
        ["onCreateCommand", "updateContentCommand", "postCreateCommand", "postStartCommand", "postAttachCommand"];
    let document = json(text);
    let mut runs = Vec::new();
    let command = |key: &str| document.get(key).map(command_of).filter(|command| !command.trim().is_empty());
    if let Some(what) = command("initializeCommand").filter(|what| !is_usual(what)) {
        runs.push(Run::new(
            "initializeCommand",
            &what,
            ("编辑器打开文件夹时在本机上", "on the machine itself when an editor opens the folder"),
        ));
    }
    for key in INSIDE {
        // A script of the project is what such a command is for; text that runs elsewhere is not.
        let fetches = |what: &String| {
            ["curl", "wget", "http://", "eval", "base64", " -c ", "/dev/tcp", "nc "]
                .iter()
                .any(|part| what.contains(part))
        };
        runs.extend(
            command(key).filter(|what| !is_usual(what) && fetches(what)).map(|what| Run::new(key, &what, CONTAINER)),
        );
    }
    for key in ["mounts", "runArgs"] {
        let exposed = document.get(key).into_iter().flat_map(sources).find(|source| is_private(source));
        runs.extend(exposed.map(|source| Run::new(key, &source, CONTAINER)));
    }
    runs
}

/// What the machine gives into a container; where it lies inside does not matter.
fn sources(mounts: &Value) -> Vec<String> {
    let from_words = |words: &str| {
        let fields = words.split([',', ' ']).filter_map(|field| {
            let (name, value) = field.split_once('=')?;
            matches!(name.trim(), "source" | "src").then(|| value.trim().to_owned())
        });
        let mut found: Vec<String> = fields.collect();
        if found.is_empty() {
            let volume = ["--volume=", "-v=", "-v"].iter().find_map(|front| words.strip_prefix(front)).unwrap_or(words);
            // A colon also stands within `${localEnv:HOME}`.
            let mut depth = 0_usize;
            let end = volume.char_indices().find(|(_, c)| {
                depth = match c {
                    '{' => depth + 1,
                    '}' => depth.saturating_sub(1),
                    _ => depth,
                };
                *c == ':' && depth == 0
            });
            found.extend(end.map(|(end, _)| volume[..end].trim().to_owned()));
        }
        found
    };
    match mounts {
        Value::Array(items) => items.iter().flat_map(sources).collect(),
        Value::String(words) => from_words(words),
        Value::Object(fields) => {
            let source = fields.get("source").or(fields.get("src")).and_then(Value::as_str);
            source.map(str::to_owned).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

fn is_private(source: &str) -> bool {
    source == "/"
        || ["/.ssh", "/.aws", "docker.sock"].iter().any(|part| source.contains(part))
        || ["/etc", "/root"].iter().any(|folder| source.starts_with(folder))
}

/// IntelliJ and its kin run what stands in a startup component, and tools of watchers.
pub(super) fn idea(path: &str, text: &str) -> Vec<Run> {
    let marks = ["ProjectStartupSharedConfiguration", "ProjectTasksOptions", "BeforeRunTask", "<TaskOptions "];
    let startup = path.ends_with("startup.xml") && text.contains("<configuration ");
    let met = marks.iter().find(|mark| text.contains(**mark)).copied().or(startup.then_some("startup"));
    met.map(|mark| Run::new(mark, mark, OPENS)).into_iter().collect()
}
