//! Finds in a configuration document what listens: addresses, ports, and whether a key or TLS goes with them.

use std::collections::BTreeMap;

use crate::{
    address::{is_any, is_loopback, parse_url, split_port},
    document::{Node, is_variable},
};

/// Something wrong with how a server is configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Exposure {
    /// Listens on every interface: key and value.
    AllInterfaces { key: String, value: String },
    /// A server with this port asks nobody for a key.
    NoAuthentication { section: String, port: String },
    /// A server that others can reach has no TLS.
    PlainHttp { section: String, host: String },
}

/// Everything that a document exposes, in its order.
pub(crate) fn exposures(document: &Node) -> Vec<Exposure> {
    let mut found = Vec::new();
    visit(document, &mut Vec::new(), Protection::default(), &mut found);
    found
}

/// What a section inherits from those around it.
#[derive(Debug, Clone, Copy, Default)]
struct Protection {
    key: bool,
    tls: bool,
}

fn visit(node: &Node, path: &mut Vec<String>, around: Protection, found: &mut Vec<Exposure>) {
    match node {
        Node::Scalar(_) => {}
        Node::List(list) => {
            for (at, item) in list.iter().enumerate() {
                path.push(at.to_string());
                visit(item, path, around, found);
                path.pop();
            }
        }
        Node::Table(table) => {
            let entries = normalised(table);
            let own = Protection { key: around.key || has_key(&entries), tls: around.tls || has_tls(&entries) };
            inspect_section(&entries, path, own, found);
            for (key, value) in table {
                path.push(key.clone());
                match as_section(key, value) {
                    Some(section) => visit(&section, path, own, found),
                    None => visit(value, path, own, found),
                }
                path.pop();
            }
        }
    }
}

/// Keys in one spelling: lower case, `-` and `.` as `_`.
fn normalised(table: &[(String, Node)]) -> Vec<(String, &Node)> {
    table.iter().map(|(key, value)| (key.to_ascii_lowercase().replace(['-', '.'], "_"), value)).collect()
}

/// A server's own entries hidden in lists: `command: [serve, --host, …]`, `environment: [HOST=…]`,
/// `env: [{name: HOST, value: …}]`.
fn as_section(key: &str, value: &Node) -> Option<Node> {
    let words: Vec<&str> = match value {
        Node::Scalar(line) => line.split_whitespace().collect(),
        Node::List(list) => list.iter().filter_map(scalar).flat_map(str::split_whitespace).collect(),
        Node::Table(_) => Vec::new(),
    };
    match key.to_ascii_lowercase().as_str() {
        "command" | "cmd" | "args" | "entrypoint" | "exec" | "execstart" => Some(arguments(&words)).filter(is_filled),
        "environment" | "env" => {
            let Node::List(list) = value else { return None };
            Some(Node::Table(list.iter().filter_map(variable).collect())).filter(is_filled)
        }
        _ => None,
    }
}

fn is_filled(node: &Node) -> bool {
    matches!(node, Node::Table(table) if !table.is_empty())
}

fn scalar(node: &Node) -> Option<&str> {
    match node {
        Node::Scalar(value) => Some(value),
        _ => None,
    }
}

fn arguments(words: &[&str]) -> Node {
    let mut table = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let Some(flag) = word.strip_prefix("--") else { continue };
        let (name, value) = match flag.split_once('=') {
            Some((name, value)) => (name, value),
            None => (flag, words.get(at + 1).filter(|next| !next.starts_with("--")).copied().unwrap_or("true")),
        };
        table.push((name.to_owned(), Node::Scalar(value.to_owned())));
    }
    Node::Table(table)
}

fn variable(node: &Node) -> Option<(String, Node)> {
    match node {
        Node::Scalar(line) => {
            let (key, value) = line.split_once('=').filter(|(key, _)| is_variable(key))?;
            Some((key.to_owned(), Node::Scalar(value.to_owned())))
        }
        Node::Table(table) => {
            let field = |name: &str| table.iter().find(|(key, _)| key == name).and_then(|(_, value)| scalar(value));
            Some((field("name")?.to_owned(), Node::Scalar(field("value")?.to_owned())))
        }
        Node::List(_) => None,
    }
}

type Entries<'a> = [(String, &'a Node)];

fn inspect_section(entries: &Entries<'_>, path: &[String], own: Protection, found: &mut Vec<Exposure>) {
    let dotted = |key: &str| path.iter().map(String::as_str).chain([key]).collect::<Vec<_>>().join(".");
    for (key, value) in entries {
        for value in values(value) {
            let exposed = (host_prefix(key).is_some() && listener_host(key, value).is_some_and(is_any))
                || (key == "ports" && is_published_widely(value));
            if exposed {
                found.push(Exposure::AllInterfaces { key: dotted(key), value: value.to_owned() });
            }
        }
    }
    let servers = servers(entries, path);
    if servers.is_empty() {
        return;
    }
    let key = own.key || entries.iter().any(|(_, value)| within(value, has_key));
    let tls = own.tls || entries.iter().any(|(_, value)| within(value, has_tls));
    for server in servers {
        let section = if path.is_empty() { server.key } else { path.join(".") };
        if !key {
            found.push(Exposure::NoAuthentication { section: section.clone(), port: server.port });
        }
        if let Some(host) = server.host.filter(|host| !tls && !server.encrypted && !is_loopback(host)) {
            found.push(Exposure::PlainHttp { section, host });
        }
    }
}

/// The scalar or the scalars of a list.
fn values(node: &Node) -> Vec<&str> {
    match node {
        Node::Scalar(value) => vec![value],
        Node::List(list) => list.iter().filter_map(scalar).collect(),
        Node::Table(_) => Vec::new(),
    }
}

struct Server {
    /// The entry that gives its port.
    key: String,
    port: String,
    /// As configured; `None`: the server's own default.
    host: Option<String>,
    encrypted: bool,
}

/// A section configures a server where it has a port and either an address to listen on or a name that says so.
fn servers(entries: &Entries<'_>, path: &[String]) -> Vec<Server> {
    let is_foreign = |name: &str| has_word(name, FOREIGN);
    if path.iter().any(|name| is_foreign(name)) {
        return Vec::new();
    }
    let mut servers = Vec::new();
    // The first host entry of each prefix, so that every port finds its host at once.
    let mut hosts: BTreeMap<&str, (&str, &str)> = BTreeMap::new();
    for (key, value) in entries {
        if let (Some(prefix), Some(value)) = (host_prefix(key), values(value).into_iter().next()) {
            hosts.entry(prefix).or_insert((key, value));
        }
    }
    for (key, value) in entries {
        let Some(value) = scalar(value) else { continue };
        if let Some(prefix) = port_prefix(key).filter(|prefix| !is_foreign(prefix)) {
            if value.parse::<u16>().is_ok_and(|port| port > 0) {
                servers.extend(server_with_port(hosts.get(prefix), path, key, prefix, value));
            }
        } else if host_prefix(key).is_some_and(|prefix| !is_foreign(prefix))
            && let Some(host) = listener_host(key, value)
            && let Some(port) = listener_port(value)
        {
            let encrypted = value.starts_with("https://");
            servers.push(Server { key: key.clone(), port, host: Some(host.to_owned()), encrypted });
        }
    }
    servers
}

fn server_with_port(
    host: Option<&(&str, &str)>,
    path: &[String],
    key: &str,
    prefix: &str,
    port: &str,
) -> Option<Server> {
    let host = match host {
        // The name of another machine: this is where something connects to, not where it listens.
        Some((name, value)) => Some(listener_host(name, value)?.to_owned()),
        None => {
            let section = path.last().map_or("server", String::as_str);
            (prefix.is_empty() && has_word(section, SERVER_SECTIONS)).then_some(())?;
            None
        }
    };
    Some(Server { key: key.to_owned(), port: port.to_owned(), host, encrypted: false })
}

/// Whether a name is built with one of the words: `model-server` and `webserver` with `server`, but `feedback` not with `db`.
fn has_word(name: &str, words: &[&str]) -> bool {
    let name = name.to_ascii_lowercase();
    let mut parts = name.split(|c: char| !c.is_ascii_alphanumeric());
    parts.any(|part| {
        let built_with = |word: &&str| part.starts_with(*word) || part.ends_with(*word);
        words.iter().any(|word| part == *word || (word.len() > 3 && built_with(word)))
    })
}

/// Sections of other services that a deployment connects to.
const FOREIGN: &[&str] = &[
    "db", "database", "postgres", "pg", "mysql", "redis", "mongo", "smtp", "mail", "kafka", "rabbit", "amqp",
    "elastic", "qdrant", "milvus", "upstream", "client", "remote", "backend", "proxy", "s3", "minio",
];
const SERVER_SECTIONS: &[&str] =
    &["server", "serve", "api", "listen", "http", "gateway", "endpoint", "command", "args", "llm", "ollama"];
const HOST_KEYS: &[&str] = &[
    "host",
    "hostname",
    "hostnames",
    "bind",
    "bind_address",
    "bind_host",
    "listen",
    "listen_address",
    "listen_addr",
    "addr",
    "address",
];

/// What stands before a host key: `` for `host`, `vllm` for `vllm_host`.
fn host_prefix(key: &str) -> Option<&str> {
    HOST_KEYS.iter().find_map(|known| ending(key, known))
}

fn port_prefix(key: &str) -> Option<&str> {
    ending(key, "port")
}

fn ending<'k>(key: &'k str, known: &str) -> Option<&'k str> {
    let before = key.strip_suffix(known)?;
    if before.is_empty() { Some(before) } else { before.strip_suffix('_') }
}

/// The address of this machine that a value names, if it names one: a literal, `localhost` or all of them.
fn listener_host<'v>(key: &str, value: &'v str) -> Option<&'v str> {
    let authority = value.split_once("://").map_or(value, |(_, rest)| rest);
    let authority = authority.split('/').next().unwrap_or_default().trim();
    let (host, port) = split_port(authority);
    if host.is_empty() && port.is_some() && !key.contains("hostname") {
        return Some("*");
    }
    let is_literal = crate::address::bare(host).parse::<std::net::IpAddr>().is_ok();
    (is_literal || is_any(host) || is_loopback(host)).then_some(host)
}

fn listener_port(value: &str) -> Option<String> {
    if let Ok(address) = parse_url(value) {
        return Some(address.port.to_string());
    }
    let (_, port) = split_port(value.trim());
    port.filter(|port| port.parse::<u16>().is_ok_and(|port| port > 0)).map(ToOwned::to_owned)
}

/// `8080:80` publishes on all interfaces; `127.0.0.1:8080:80` does not.
fn is_published_widely(value: &str) -> bool {
    let value = value.split('/').next().unwrap_or(value);
    let numeric = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    match value.split_once(':') {
        Some((outer, inner)) => numeric(outer) && numeric(inner),
        None => false,
    }
}

const KEY_NAMES: &[&str] = &[
    "api_key",
    "api_keys",
    "apikey",
    "api_key_file",
    "api_key_env",
    "key_env",
    "auth",
    "auth_token",
    "authentication",
    "basic_auth",
    "bearer_token",
    "access_token",
    "token",
    "tokens",
    "token_env",
    "token_file",
    "password",
    "credentials",
    "htpasswd",
    "oauth",
    "oidc",
    "jwt_secret",
];
/// Variables of keys that the server shows to others, not keys that it asks for.
const CLIENT_KEYS: &[&str] = &[
    "openai",
    "anthropic",
    "azure",
    "hf_",
    "hugging",
    "wandb",
    "google",
    "gemini",
    "cohere",
    "mistral",
    "deepseek",
    "dashscope",
    "zhipu",
    "moonshot",
    "qianfan",
    "tavily",
    "serp",
    "langsmith",
    "langchain",
    "pinecone",
    "github",
];

fn has_key(entries: &Entries<'_>) -> bool {
    entries.iter().any(|(key, value)| is_key_name(key) && is_set(value))
}

/// The name of an entry that holds or names a key.
pub(crate) fn is_key_name(key: &str) -> bool {
    let suffixed = ["_api_key", "_api_keys", "_auth", "_auth_token", "_access_token", "_bearer_token", "_api_token"];
    let named = KEY_NAMES.contains(&key) || suffixed.iter().any(|suffix| key.ends_with(suffix));
    named && !CLIENT_KEYS.iter().any(|client| key.contains(client))
}

fn has_tls(entries: &Entries<'_>) -> bool {
    let named = |key: &str| {
        ["tls", "ssl", "https", "certificate", "cert"]
            .iter()
            .any(|word| key == *word || key.starts_with(&format!("{word}_")))
            || ["certfile", "keyfile", "_cert", "_tls", "_ssl"].iter().any(|word| key.ends_with(word))
    };
    entries.iter().any(|(key, value)| named(key) && is_set(value))
}

/// Something other than nothing, `false` and `none`; of a table, something that is not switched off.
fn is_set(node: &Node) -> bool {
    match node {
        Node::Scalar(value) => {
            let value = value.trim().to_ascii_lowercase();
            !matches!(value.as_str(), "" | "false" | "no" | "off" | "none" | "null" | "disabled" | "0")
        }
        Node::List(list) => list.iter().any(is_set),
        Node::Table(table) => {
            let off = table.iter().any(|(key, value)| key.eq_ignore_ascii_case("enabled") && !is_set(value));
            !off && table.iter().any(|(_, value)| is_set(value))
        }
    }
}

/// Whether any table at or below the node has it.
fn within(node: &Node, has: fn(&Entries<'_>) -> bool) -> bool {
    match node {
        Node::Scalar(_) => false,
        Node::List(list) => list.iter().any(|item| within(item, has)),
        Node::Table(table) => has(&normalised(table)) || table.iter().any(|(_, value)| within(value, has)),
    }
}
