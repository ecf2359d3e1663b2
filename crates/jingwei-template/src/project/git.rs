//! Settings and hooks of git that run programs.

use super::Run;
use crate::script;

const GIT: (&str, &str) = ("git 在此文件夹中工作时", "when git works in the folder");

/// Occasions on which GitHub runs a workflow with the repository's secrets for anybody who comes by.
const FOR_ANYBODY: [&str; 3] = ["pull_request_target", "issue_comment", "discussion_comment"];

/// What anybody may write, as expressions of a workflow name it.
const WRITTEN: [&str; 10] = [
    "event.issue.title",
    "event.issue.body",
    "event.pull_request.title",
    "event.pull_request.body",
    "pull_request.head.ref",
    "event.comment.body",
    "event.review.body",
    "event.discussion.title",
    "event.discussion.body",
    "github.head_ref",
];

/// A workflow that gives away what only the repository should know: it runs for anybody, and its commands see the secrets.
pub(super) fn workflow(_: &str, text: &str) -> Vec<Run> {
    let when = ("任何人向仓库提交请求或评论时", "when anybody sends the repository a request or a comment");
    // What others wrote becomes a part of the command itself.
    let spliced = text.lines().map(str::trim).find(|line| {
        let Some((before, after)) = line.split_once("${{") else { return false };
        let command = before.trim_start_matches("- ").starts_with("run:") || !before.contains(':');
        command && WRITTEN.iter().any(|part| after.contains(part))
    });
    if let Some(line) = spliced {
        return vec![Run::new("run", line, when)];
    }
    // The code of a request runs with what only the repository should have.
    let foreign =
        text.lines().map(str::trim).find(|line| line.starts_with("ref:") && line.contains("pull_request.head."));
    if let Some(line) = foreign.filter(|_| text.contains("pull_request_target") && text.contains("run:")) {
        return vec![Run::new("pull_request_target", line, when)];
    }
    // Secrets that go out by hand.
    let sent = text.lines().map(str::trim).find(|line| {
        let reads = line.contains("${{") && line.contains("secrets.") || line.contains("toJSON(secrets)");
        let sends = ["curl ", "wget ", "nc ", "Invoke-WebRequest"].iter().any(|word| line.contains(word));
        reads && sends && line.contains("://") && !line.contains("github.com/") && !line.contains("huggingface.co/")
    });
    if let Some(line) = sent {
        return vec![Run::new("secrets", line, ("工作流运行时", "when the workflow runs"))];
    }
    let Some(occasion) = FOR_ANYBODY.iter().find(|occasion| text.contains(*occasion)) else { return Vec::new() };
    let sees = |line: &str| line.contains("toJSON(secrets)") || line.contains("${{") && line.contains("secrets.");
    let runs = |line: &str| ["curl", "wget", "run:", "| sh", "| bash"].iter().any(|word| line.contains(word));
    let line = text.lines().find(|line| sees(line) && runs(line));
    line.map(|line| Run::new(occasion, line.trim(), when)).into_iter().collect()
}

/// Addresses of installers that their makers have people fetch and run.
const INSTALLERS: [&str; 12] = [
    "://astral.sh/",
    "://sh.rustup.rs",
    "://install.python-poetry.org",
    "://get.docker.com",
    "://bun.sh/",
    "://deno.land/",
    "://get.helm.sh",
    "://raw.githubusercontent.com/nvm-sh/",
    "://deb.nodesource.com/",
    "://ollama.com/install.sh",
    "://pixi.sh/",
    "://dl.google.com/",
];

/// A pipeline of GitLab: commands that fetch and run what is nobody's installer, and steps that come from elsewhere.
pub(super) fn pipeline(_: &str, text: &str) -> Vec<Run> {
    const RUNS: (&str, &str) = ("流水线运行时", "when the pipeline runs");
    let code = || text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    let fetches =
        |line: &&str| script::shell_mark(line).is_some() && !INSTALLERS.iter().any(|known| line.contains(known));
    let elsewhere = |line: &&str| {
        let from =
            line.trim_start_matches("- ").strip_prefix("remote:").map(|from| from.trim().trim_matches(['"', '\'']));
        from.is_some_and(|from| from.starts_with("http") && !from.starts_with("https://gitlab.com/"))
    };
    let line = code().find(fetches).or_else(|| code().find(elsewhere));
    line.map(|line| Run::new("script", line, RUNS)).into_iter().collect()
}

/// Checks before a commit that the folder brings itself, where they are commands of a shell or an interpreter.
pub(super) fn checks(_: &str, text: &str) -> Vec<Run> {
    let run = |line: &str| {
        let value = line.trim().trim_start_matches("- ").strip_prefix("entry:")?.trim().trim_matches(['"', '\'']);
        let starts =
            ["sh -c", "bash -c", "python -c", "python3 -c", "node -e", "perl -e", "ruby -e", "curl ", "wget ", "/"];
        let runs = starts.iter().any(|start| value.starts_with(start)) || script::shell_mark(value).is_some();
        runs.then(|| Run::new("entry", value, ("提交之前", "before a commit")))
    };
    text.lines().filter_map(run).take(1).collect()
}

/// Keys whose value git runs, by section and name. A subsection in between may be anything.
const PROGRAMS: [(&str, &str); 30] = [
    ("core", "fsmonitor"),
    ("core", "hookspath"),
    ("core", "sshcommand"),
    ("core", "gitproxy"),
    ("core", "askpass"),
    ("core", "editor"),
    ("core", "pager"),
    ("core", "alternaterefscommand"),
    ("core", "attributesfile"),
    ("diff", "external"),
    ("diff", "command"),
    ("diff", "textconv"),
    ("filter", "clean"),
    ("filter", "smudge"),
    ("filter", "process"),
    ("merge", "driver"),
    ("credential", "helper"),
    ("gpg", "program"),
    ("sequence", "editor"),
    ("pager", ""),
    ("interactive", "difffilter"),
    ("include", "path"),
    ("includeif", "path"),
    ("remote", "uploadpack"),
    ("remote", "receivepack"),
    ("remote", "vcs"),
    ("uploadpack", "packobjectshook"),
    ("trailer", "command"),
    ("mergetool", "cmd"),
    ("difftool", "cmd"),
];
/// Programs that come with git, by the first word of the value.
const OWN: [&str; 20] = [
    "true",
    "false",
    "git-lfs",
    "git",
    "store",
    "cache",
    "osxkeychain",
    "manager",
    "manager-core",
    "wincred",
    "libsecret",
    "less",
    "more",
    "cat",
    "vi",
    "vim",
    "nano",
    "emacs",
    "code",
    "gpg",
];

/// Lines of a configuration of git: sections in brackets, keys and values below.
pub(super) fn config(_: &str, text: &str) -> Vec<Run> {
    let mut section = String::new();
    let mut runs = Vec::new();
    for line in text.lines().map(str::trim) {
        if line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(head) = line.strip_prefix('[') {
            let end = head.find(['"', ']', ' ', '.']).unwrap_or(head.len());
            section = head[..end].to_ascii_lowercase();
        }
        let line = line.rsplit_once(']').filter(|_| line.starts_with('[')).map_or(line, |(_, rest)| rest.trim());
        let Some((key, value)) = line.split_once('=') else { continue };
        let (key, value) = (key.trim().to_ascii_lowercase(), value.trim().trim_matches('"'));
        if runs_program(&section, &key, value) {
            runs.push(Run::new(&format!("{section}.{key}"), value, GIT));
        }
    }
    runs
}

fn runs_program(section: &str, key: &str, value: &str) -> bool {
    let first = value.split_whitespace().next().unwrap_or_default();
    let known = value.is_empty() || OWN.contains(&first) && !value.contains([';', '|', '&', '`', '$']);
    let named = PROGRAMS.iter().any(|(in_section, name)| section == *in_section && (key == *name || name.is_empty()));
    // A transport that runs a command, an option in the place of an address, a command in the place of a way to update.
    let transport = key == "url" && (value.contains("ext::") || value.contains("://-") || value.starts_with('-'));
    let updates = section == "submodule" && key == "update" && value.starts_with('!');
    let leads_out = section == "submodule" && key == "path" && (value.starts_with(['-', '/']) || value.contains(".."));
    let alias = section == "alias" && value.starts_with('!');
    let allows = section == "protocol" && key == "allow" && value == "always";
    named && !known || transport || updates || leads_out || alias || allows
}

/// A hook that does something: git comes with samples alone.
pub(super) fn hook(path: &str, text: &str) -> Vec<Run> {
    let mut code = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    // Git LFS puts hooks of its own there.
    let large_files =
        text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).all(|line| {
            line.starts_with("command -v git-lfs") && !line.contains("curl") && !line.contains("wget")
                || line.starts_with("git lfs ") && !line.contains([';', '|', '&', '`'])
        });
    let first = code.next().filter(|_| !large_files);
    let name = path.rsplit('/').next().unwrap_or_default();
    first.map(|line| Run::new(name, line, GIT)).into_iter().collect()
}
