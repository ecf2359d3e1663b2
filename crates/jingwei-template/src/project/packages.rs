//! What package managers and build tools run when they install or build a folder.

use serde_json::Value;

use super::{Run, command_of, is_plain, is_usual, is_usual_part, json, parts};
use crate::script;

const BUILD: (&str, &str) = ("安装或构建该文件夹时", "when the folder is installed or built");

/// A backend that lies in the folder itself: pip imports it and calls it.
pub(super) fn pyproject(_: &str, text: &str) -> Vec<Run> {
    let mut runs = Vec::new();
    let (mut section, mut backend) = (String::new(), String::new());
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
        if let Some(head) = line.strip_prefix('[') {
            section = head.trim_start_matches('[').split(']').next().unwrap_or_default().trim().replace('"', "");
            continue;
        }
        let Some((key, value)) = line.split_once('=') else { continue };
        let (key, value) = (key.trim().trim_matches('"'), value.trim().trim_matches(['"', '\'']));
        match (section.as_str(), key) {
            ("build-system", "build-backend") => value.clone_into(&mut backend),
            ("build-system", "backend-path") if value.split_whitespace().collect::<String>() != "[]" => {
                runs.push(Run::new(key, value, BUILD));
            }
            ("tool.setuptools.cmdclass", _) | ("tool.setuptools", "cmdclass") => {
                runs.push(Run::new("cmdclass", value, BUILD))
            }
            (section, key)
                if section.starts_with("tool.pdm.scripts")
                    && (key.starts_with("pre_") || key.starts_with("post_"))
                    && !is_usual(value) =>
            {
                runs.push(Run::new(key, value, BUILD));
            }
            _ => {}
        }
        if let Some(mark) = script::shell_mark(value) {
            runs.push(Run::new(mark, value, BUILD));
        }
    }
    // Whoever asks for no package and has a backend all the same has it in the folder.
    let asks_for_nothing = text.lines().any(|line| line.split_whitespace().collect::<String>() == "requires=[]");
    if runs.is_empty() && asks_for_nothing && !backend.is_empty() && !backend.starts_with("setuptools") {
        runs.push(Run::new("build-backend", &backend, BUILD));
    }
    if let Some(run) = runs.iter_mut().find(|run| run.key == "backend-path").filter(|_| !backend.is_empty()) {
        run.what = backend;
    }
    runs
}

/// Commands of an installation that the folder brings itself.
pub(super) fn setup(_: &str, text: &str) -> Vec<Run> {
    let mut in_classes = false;
    let run = |line: &str| {
        let (key, value) = line.split_once('=').map(|(key, value)| (key.trim(), value.trim()))?;
        let begins = !line.starts_with([' ', '\t']);
        in_classes = if begins { key == "cmdclass" } else { in_classes };
        let command = in_classes && (!begins || !value.is_empty()) || begins && key == "command_packages";
        // Tools that versions and translations come from ship such commands.
        let known =
            ["versioneer.", "setuptools.", "setuptools_scm.", "babel."].iter().any(|front| value.starts_with(front));
        (command && !known).then(|| Run::new(key, value, BUILD))
    };
    text.lines().filter(|line| !line.trim_start().starts_with(['#', ';'])).filter_map(run).collect()
}

/// Scripts that an installation runs. `prepublish` is none since npm 7.
pub(super) fn npm(_: &str, text: &str) -> Vec<Run> {
    const STEPS: [&str; 8] = [
        "preinstall",
        "install",
        "postinstall",
        "prepare",
        "preprepare",
        "postprepare",
        "dependencies",
        "pnpm:devPreinstall",
    ];
    let document = json(text);
    let empty = serde_json::Map::new();
    let scripts = document.get("scripts").and_then(Value::as_object).unwrap_or(&empty);
    let run = |step: &&str| {
        let what = command_of(scripts.get(*step)?);
        (!what.is_empty() && !is_usual_script(scripts, &what, FOLLOWED)).then(|| Run::new(step, &what, BUILD))
    };
    STEPS.iter().filter_map(run).collect()
}

/// Scripts that call one another are followed so far.
const FOLLOWED: usize = 3;

/// Whether a script, with the other scripts that it calls by name, only does what setting up a project does.
fn is_usual_script(scripts: &serde_json::Map<String, Value>, command: &str, further: usize) -> bool {
    let usual_part = |part: &str| match called(part).filter(|name| scripts.contains_key(*name)) {
        Some(name) => [name.to_owned(), format!("pre{name}"), format!("post{name}")].iter().all(|name| {
            scripts
                .get(name)
                .map(command_of)
                .is_none_or(|what| further > 0 && is_usual_script(scripts, &what, further - 1))
        }),
        None => is_usual_part(part),
    };
    is_plain(command) && parts(command).all(usual_part)
}

/// The script that a command calls by its name.
fn called(part: &str) -> Option<&str> {
    let mut words = part.split_whitespace().filter(|word| !word.starts_with('-'));
    let manager = words.next().filter(|first| matches!(*first, "npm" | "yarn" | "pnpm" | "bun"))?;
    match words.next()? {
        "run" | "run-script" => words.next(),
        "install" | "add" | "ci" => None,
        name @ ("test" | "start" | "stop" | "restart") => Some(name),
        name => (manager != "npm").then_some(name),
    }
}

/// Settings that have npm and its kin run other programs.
pub(super) fn npm_settings(path: &str, text: &str) -> Vec<Run> {
    if path.ends_with(".pnpmfile.cjs") {
        let code = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with("//"));
        return code.map(|line| Run::new(".pnpmfile.cjs", line, BUILD)).into_iter().collect();
    }
    let keys =
        ["script-shell", "node-options", "git", "shell", "onload-script", "init-module", "yarn-path", "yarnPath"];
    let run = |line: &str| {
        let (key, value) = line.trim().split_once(['=', ' ', ':'])?;
        let (key, value) = (key.trim(), value.trim().trim_start_matches([':', '=', ' ']));
        let usual = value.starts_with(".yarn/releases/")
            || key == "node-options" && !value.contains("require") && !value.contains("import");
        (keys.contains(&key) && !value.is_empty() && !usual).then(|| Run::new(key, value, BUILD))
    };
    text.lines().filter(|line| !line.trim_start().starts_with(['#', ';'])).filter_map(run).collect()
}

/// Recipes run by hand; what fetches and runs, or opens the machine, has no place in them either.
pub(super) fn make(_: &str, text: &str) -> Vec<Run> {
    let dangerous = script::shell_commands(text).into_iter();
    dangerous.map(|mark| Run::new(mark, mark, ("运行 make 时", "when make runs"))).collect()
}

/// Plugins of pytest by names that packages of that name have.
const PLUGINS: [&str; 14] = [
    "no:",
    "xdist",
    "cov",
    "asyncio",
    "timeout",
    "pytester",
    "forked",
    "randomly",
    "mock",
    "benchmark",
    "rerunfailures",
    "doctest",
    "anyio",
    "hypothesis",
];

/// Modules that pytest imports before it looks for tests.
pub(super) fn pytest(_: &str, text: &str) -> Vec<Run> {
    const TESTED: (&str, &str) = ("运行 pytest 时", "when pytest runs");
    let run = |line: &str| {
        let (key, value) = line.split_once('=')?;
        if key.trim() != "addopts" {
            return None;
        }
        let words: Vec<&str> = value.split_whitespace().collect();
        let module = words.windows(2).find_map(|pair| (pair[0] == "-p").then_some(pair[1]))?;
        let known = PLUGINS.iter().any(|known| module.starts_with(known)) || module.starts_with("pytest_");
        (!known).then(|| Run::new("addopts", module, TESTED))
    };
    text.lines().filter_map(run).collect()
}

/// Programs that cargo starts in place of its own, by the keys of its settings.
pub(super) fn cargo(_: &str, text: &str) -> Vec<Run> {
    const KEYS: [&str; 8] = [
        "rustc",
        "rustc-wrapper",
        "rustc-workspace-wrapper",
        "rustdoc",
        "runner",
        "credential-provider",
        "linker",
        "credential-process",
    ];
    const KNOWN: [&str; 24] = [
        "sccache",
        "ccache",
        "clang",
        "lld",
        "rust-lld",
        "mold",
        "gcc",
        "cc",
        "ld",
        "ld.lld",
        "link.exe",
        "lld-link",
        "cargo:token",
        "cargo:macos-keychain",
        "qemu-aarch64",
        "qemu-arm",
        "wasm-bindgen-test-runner",
        "wasmtime",
        "probe-rs",
        "cross",
        "aarch64-linux-gnu-gcc",
        "arm-linux-gnueabihf-gcc",
        "x86_64-linux-musl-gcc",
        "flip-link",
    ];
    let run = |line: &str| {
        let (key, value) = line.split_once('=')?;
        let (key, value) = (key.trim().trim_matches('"'), value.trim().trim_matches(['"', '\'', '[', ']', ' ']));
        let name = value.split(['"', '\'', ' ', ',']).next().unwrap_or_default();
        let runs = KEYS.contains(&key)
            && !name.is_empty()
            && !KNOWN.iter().any(|known| name == *known || name.starts_with(&format!("{known} ")));
        runs.then(|| Run::new(key, value, BUILD))
    };
    text.lines().filter(|line| !line.trim_start().starts_with('#')).filter_map(run).collect()
}

/// Commands that Composer runs around an installation; classes of PHP are called by their names.
pub(super) fn composer(_: &str, text: &str) -> Vec<Run> {
    let document = json(text);
    let scripts = document.get("scripts").and_then(Value::as_object);
    let of_install = |(key, command): (&String, &Value)| {
        let step = ["install", "update", "autoload-dump", "package", "root-package", "create-project"];
        let fires = (key.starts_with("pre-") || key.starts_with("post-")) && step.iter().any(|step| key.contains(step));
        let what = command_of(command);
        let calls = what.contains("::") && !what.contains(' ')
            || what.starts_with("@php artisan")
            || what.starts_with('@') && !what.contains(' ');
        (fires && !what.is_empty() && !calls && !is_usual(&what)).then(|| Run::new(key, &what, BUILD))
    };
    scripts.into_iter().flatten().filter_map(of_install).collect()
}
