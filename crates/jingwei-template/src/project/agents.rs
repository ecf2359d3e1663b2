//! What coding agents and chat programs start because of a folder: hooks, tool servers, permissions.

use serde_json::Value;

use super::{Run, command_of, is_plain, json, parts, walk};
use crate::path::ends_with;

const STARTS: (&str, &str) = ("编码智能体在此文件夹中启动时", "when a coding agent starts in the folder");

/// Files of settings, by the end of their path.
const FILES: [&str; 26] = [
    ".mcp.json",
    "mcp.json",
    "mcp_config.json",
    "mcp_settings.json",
    "mcp-config.json",
    ".cursor/hooks.json",
    ".claude/settings.json",
    ".claude/settings.local.json",
    ".claude.json",
    "claude_desktop_config.json",
    ".gemini/settings.json",
    ".qwen/settings.json",
    ".codex/config.toml",
    ".codex/hooks.json",
    "opencode.json",
    "opencode.jsonc",
    ".zed/settings.json",
    ".zed/tasks.json",
    ".continue/config.json",
    ".continue/config.yaml",
    ".crush.json",
    "crush.json",
    ".aider.conf.yml",
    ".factory/settings.json",
    ".windsurf/hooks.json",
    ".claude-plugin/plugin.json",
];

pub(super) fn is_settings(path: &str) -> bool {
    FILES.iter().any(|file| ends_with(path, file))
        || path.contains(".kiro/") && path.ends_with(".hook")
        || path.contains(".amazonq/") && path.ends_with(".json")
        || path.ends_with("hooks/hooks.json")
}

/// Servers that are fetched by the name of a published package and nothing else.
const PUBLISHED: [&str; 5] =
    ["@modelcontextprotocol/", "mcp-server-", "@playwright/mcp", "@upstash/context7-mcp", "@huggingface/"];

pub(super) fn settings(path: &str, text: &str) -> Vec<Run> {
    if path.ends_with(".toml") || path.ends_with(".yml") || path.ends_with(".yaml") {
        return lines(text);
    }
    let document = json(text);
    let mut runs = Vec::new();
    walk(&document, &mut Vec::new(), &mut |keys, value| {
        let last = keys.last().map(String::as_str).unwrap_or_default();
        let above = &keys[..keys.len() - 1];
        let in_server = above.iter().any(|key| {
            let key = key.to_ascii_lowercase();
            key.contains("servers") || key == "mcp" || key == "lsp"
        });
        let in_hooks = keys.iter().any(|key| key.to_ascii_lowercase().contains("hook"));
        let key = keys.join(".");
        match (last, value) {
            (_, Value::Object(server)) if in_server => runs.extend(started(&key, server)),
            ("command" | "run" | "bash", _) if in_hooks => {
                let what = command_of(value);
                runs.extend((!only_checks(&what)).then(|| Run::new(&key, &what, STARTS)));
            }
            (_, Value::Array(servers)) if last.to_ascii_lowercase().ends_with("servers") => {
                runs.extend(servers.iter().filter_map(Value::as_object).filter_map(|server| started(&key, server)));
            }
            ("runCommand" | "shellCommand", Value::String(what)) => runs.push(Run::new(&key, what, STARTS)),
            _ => runs.extend(permitted(&key, last, value)),
        }
    });
    runs
}

/// Whether a hook only formats or checks what an agent wrote, by tools that are known for it.
fn only_checks(command: &str) -> bool {
    const CHECKS: [&str; 20] = [
        "git status",
        "git diff",
        "git log",
        "git branch --show-current",
        "date",
        "pwd",
        "ruff format",
        "ruff check",
        "uvx ruff format",
        "uvx ruff check",
        "black",
        "isort",
        "prettier",
        "npx prettier",
        "tsc",
        "npx tsc",
        "gofmt",
        "cargo fmt",
        "rustfmt",
        "true",
    ];
    // A configuration or a plugin of one's own may be a program.
    let own = ["--plugin", "--config", "--rulesdir", "--settings", "--project", "--ext-diff", "--output", "://", ">"];
    let known = |part: &str| {
        CHECKS.iter().any(|check| part.strip_prefix(check).is_some_and(|rest| rest.is_empty() || rest.starts_with(' ')))
    };
    !command.trim().is_empty()
        && is_plain(command)
        && !own.iter().any(|word| command.contains(word))
        && parts(command).all(known)
}

/// A tool server that is a program, or one elsewhere that is reached in the open.
fn started(key: &str, server: &serde_json::Map<String, Value>) -> Option<Run> {
    if let Some(address) =
        ["url", "serverUrl", "httpUrl"].iter().find_map(|key| server.get(*key)).and_then(Value::as_str)
    {
        let local =
            ["http://localhost", "http://127.0.0.1", "http://[::1]"].iter().any(|front| address.starts_with(front));
        return (!address.starts_with("https://") && !local).then(|| Run::new(key, address, STARTS));
    }
    let command = server.get("command").or(server.get("path")).map(command_of)?;
    let arguments = server.get("args").map(command_of).unwrap_or_default();
    let what = format!("{command} {arguments}");
    let fetched = ["npx", "uvx", "bunx", "pipx"].iter().any(|runner| what.starts_with(runner));
    let published = fetched
        && what
            .split_whitespace()
            .skip(1)
            .filter(|word| !word.starts_with('-'))
            .take(1)
            .all(|word| PUBLISHED.iter().any(|known| word.starts_with(known)));
    (!published && !command.trim().is_empty()).then(|| Run::new(key, what.trim(), STARTS))
}

/// Settings that run a helper, or that let an agent act unasked.
fn permitted(key: &str, last: &str, value: &Value) -> Option<Run> {
    let helpers = [
        "apiKeyHelper",
        "awsAuthRefresh",
        "awsCredentialExport",
        "otelHeadersHelper",
        "headersHelper",
        "toolDiscoveryCommand",
        "toolCallCommand",
    ];
    let text = value.as_str().unwrap_or_default();
    let runs = helpers.contains(&last) && !text.is_empty()
        || key == "statusLine.command" && !text.is_empty()
        || key.ends_with("env.ANTHROPIC_BASE_URL") && !text.starts_with("https://api.anthropic.com")
        || matches!(text, "bypassPermissions" | "danger-full-access")
        || last == "enableAllProjectMcpServers" && *value == Value::Bool(true)
        || last == "autoAccept" && *value == Value::Bool(true);
    let any = |item: &Value| matches!(item.as_str(), Some("Bash" | "Bash(*)" | "Bash(*:*)" | "*"));
    let all = last == "allow" && value.as_array().is_some_and(|items| items.iter().any(any));
    (runs || all).then(|| Run::new(key, if text.is_empty() { last } else { text }, STARTS))
}

/// Settings in TOML or YAML, line by line.
fn lines(text: &str) -> Vec<Run> {
    let keys = ["command", "notify", "lint-cmd", "test-cmd", "approval_policy", "sandbox_mode", "yes-always", "load"];
    let risky = |key: &str, value: &str| match key {
        "approval_policy" => value == "never",
        "sandbox_mode" => value == "danger-full-access",
        "yes-always" => value == "true",
        _ => !value.is_empty() && value != "[]",
    };
    let run = |line: &str| {
        let (key, value) = line.trim().trim_start_matches("- ").split_once(['=', ':'])?;
        let (key, value) = (key.trim(), value.trim().trim_matches(['"', '\'']));
        (keys.contains(&key) && risky(key, value)).then(|| Run::new(key, value, STARTS))
    };
    text.lines().filter(|line| !line.trim_start().starts_with('#')).filter_map(run).collect()
}
