//! `scan.endpoint`: who can reach a model's address, and who may use it?

use std::collections::BTreeMap;

use jingwei_catalog::{
    items::Rule,
    rulebook::{MissingRule, Observations, RuleBook},
};
use jingwei_core::{
    Check, CheckError, Component, ComponentKind, Cost, Ctx, Digest, ExposureFacts, Limits, Observation, Place, RuleId,
    Text,
};

use crate::{
    address::{Address, BadUrl, is_any, is_loopback, parse_url, split_port},
    default_ports::servers_on,
    words::{name, same, shown},
};

const ID: &str = "scan.endpoint";

const ANY_KEY_ACCEPTED: &str = "endpoint.any-key-accepted";
const BOUND_TO_ALL_INTERFACES: &str = "endpoint.bound-to-all-interfaces";
const DEFAULT_PORT: &str = "endpoint.default-port";
const INVALID_URL: &str = "endpoint.invalid-url";
const NO_AUTHENTICATION: &str = "endpoint.no-authentication";
const PLAIN_HTTP: &str = "endpoint.plain-http";
const PLAIN_HTTP_LOOPBACK: &str = "endpoint.plain-http-loopback";
const UNREACHABLE: &str = "endpoint.unreachable";

/// Asks an endpoint what it shows to strangers.
pub struct EndpointCheck {
    rules: RuleBook,
}

impl EndpointCheck {
    /// The catalog rules that it reports by.
    pub const RULES: &'static [&'static str] = &[
        ANY_KEY_ACCEPTED,
        BOUND_TO_ALL_INTERFACES,
        DEFAULT_PORT,
        INVALID_URL,
        NO_AUTHENTICATION,
        PLAIN_HTTP,
        PLAIN_HTTP_LOOPBACK,
        UNREACHABLE,
    ];

    pub fn new(rules: BTreeMap<RuleId, Rule>) -> Result<Self, MissingRule> {
        Ok(Self { rules: RuleBook::new(ID, Self::RULES, rules)? })
    }
}

impl Check for EndpointCheck {
    fn id(&self) -> &str {
        ID
    }

    fn title(&self) -> Text {
        Text::new("接口暴露检查", "endpoint exposure")
    }

    fn kinds(&self) -> &'static [ComponentKind] {
        &[ComponentKind::Endpoint]
    }

    fn cost(&self) -> Cost {
        Cost::Requests
    }

    fn configuration(&self) -> Digest {
        self.rules.digest()
    }

    fn run(&self, component: &Component, ctx: &Ctx<'_>, limits: &Limits) -> Result<Vec<Observation>, CheckError> {
        let mut seen = Observations::new(&self.rules, component);
        let url = component.url.as_deref().unwrap_or_default();
        match parse_url(url) {
            Ok(address) => {
                report_address(&mut seen, &address);
                report_exposure(&mut seen, &address, &ctx.exposure.probe(url, limits));
            }
            Err(bad) => {
                let details = [("url", name(&without_credentials(url))), ("reason", bad_url(bad))];
                seen.finding(INVALID_URL, Place::default(), &details);
            }
        }
        Ok(seen.into_vec())
    }
}

fn bad_url(bad: BadUrl) -> Text {
    match bad {
        BadUrl::Scheme => Text::new("需要以 http:// 或 https:// 开头", "it has to begin with http:// or https://"),
        BadUrl::Credentials => {
            Text::new("地址里带有凭据，请改用 key_env", "it carries credentials; name them in key_env instead")
        }
        BadUrl::Host => Text::new("主机名无效", "its host is not valid"),
        BadUrl::Port => Text::new("端口不在 1 到 65535 之间", "its port is not a number from 1 to 65535"),
    }
}

/// A message must not repeat a password.
fn without_credentials(url: &str) -> String {
    match url.rsplit_once('@') {
        Some((_, host)) => format!("…@{host}"),
        None => url.to_owned(),
    }
}

fn at(address: &Address) -> Place {
    Place { key: Some(shown(&format!("{}:{}", address.host, address.port))), ..Place::default() }
}

/// What the address alone tells.
fn report_address(seen: &mut Observations<'_>, address: &Address) {
    let host = ("host", name(&address.host));
    let port = ("port", same(address.port));
    if !address.encrypted {
        let rule = if is_loopback(&address.host) { PLAIN_HTTP_LOOPBACK } else { PLAIN_HTTP };
        seen.finding(rule, at(address), &[host.clone(), port.clone()]);
    }
    if let Some(servers) = servers_on(address.port) {
        seen.finding(DEFAULT_PORT, at(address), &[host, port, ("servers", same(servers))]);
    }
}

/// What the answers tell.
fn report_exposure(seen: &mut Observations<'_>, address: &Address, facts: &ExposureFacts) {
    let host = ("host", name(&address.host));
    let port = ("port", same(address.port));
    let wide = facts.listens_on.iter().flatten().find(|listener| is_any(split_port(listener).0));
    let wide = wide.map(String::as_str).or_else(|| is_any(&address.host).then_some(address.host.as_str()));
    if let Some(listener) = wide {
        seen.finding(BOUND_TO_ALL_INTERFACES, at(address), &[port.clone(), ("listener", name(listener))]);
    }
    match access(facts) {
        Access::Open(status) => {
            seen.finding(NO_AUTHENTICATION, at(address), &[host, port, ("status", same(status))]);
            seen.metric("requires_credentials", 0.0, "ratio");
        }
        Access::AnyKey(status) => {
            seen.finding(ANY_KEY_ACCEPTED, at(address), &[host, port, ("status", same(status))]);
            seen.metric("requires_credentials", 0.0, "ratio");
        }
        Access::Guarded => seen.metric("requires_credentials", 1.0, "ratio"),
        Access::Unknown(reason) => seen.finding(UNREACHABLE, at(address), &[host, port, ("reason", reason)]),
    }
}

/// Who may use the endpoint.
enum Access {
    /// Anybody; with this status.
    Open(u16),
    /// Anybody who sends some key, right or wrong.
    AnyKey(u16),
    Guarded,
    Unknown(Text),
}

fn access(facts: &ExposureFacts) -> Access {
    if let Some(reason) = &facts.unreachable {
        return Access::Unknown(Text::new(
            format!("无法连接（{}）", shown(reason)),
            format!("no connection ({})", shown(reason)),
        ));
    }
    match (facts.status_without_credentials, facts.status_with_wrong_credentials) {
        (Some(status @ 200..=299), _) => Access::Open(status),
        (Some(401 | 403 | 407), Some(status @ 200..=299)) => Access::AnyKey(status),
        (Some(401 | 403 | 407), _) => Access::Guarded,
        (Some(status), _) => Access::Unknown(Text::new(
            format!("不带凭据的请求得到状态 {status}，看不出是否需要认证"),
            format!(
                "a request without credentials got status {status}, which does not tell whether credentials are needed"
            ),
        )),
        (None, _) => Access::Unknown(Text::new("没有得到回应", "there was no answer")),
    }
}
