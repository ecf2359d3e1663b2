//! Addresses: what a URL names, and who can reach it.

use std::net::IpAddr;

/// The parts of an `http` or `https` URL that exposure depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    pub encrypted: bool,
    /// Without brackets, in lower case.
    pub host: String,
    pub port: u16,
}

/// Why a text is no usable URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BadUrl {
    Scheme,
    Credentials,
    Host,
    Port,
}

pub(crate) fn parse_url(url: &str) -> Result<Address, BadUrl> {
    let (scheme, rest) = url.split_once("://").ok_or(BadUrl::Scheme)?;
    let encrypted = match scheme.to_ascii_lowercase().as_str() {
        "http" => false,
        "https" => true,
        _ => return Err(BadUrl::Scheme),
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') {
        return Err(BadUrl::Credentials);
    }
    let (host, port) = split_port(authority);
    let port = match port {
        None => Some(if encrypted { 443 } else { 80 }),
        Some(digits) => digits.parse().ok().filter(|port| *port > 0),
    };
    let host = bare(host).to_ascii_lowercase();
    let legal = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_');
    let is_host = !host.is_empty() && (host.parse::<IpAddr>().is_ok() || host.chars().all(legal));
    if !is_host {
        return Err(BadUrl::Host);
    }
    Ok(Address { encrypted, host, port: port.ok_or(BadUrl::Port)? })
}

/// Host and port of `host`, `host:port`, `[v6]:port`, `v6` or `:port`.
pub(crate) fn split_port(authority: &str) -> (&str, Option<&str>) {
    if let Some(end) = authority.strip_prefix('[').and_then(|_| authority.find(']')) {
        let (host, rest) = authority.split_at(end + 1);
        return (host, rest.strip_prefix(':'));
    }
    match authority.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') => (host, Some(port)),
        _ => (authority, None),
    }
}

/// Without the brackets of an IPv6 address and its zone.
pub(crate) fn bare(host: &str) -> &str {
    let host = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host);
    host.split('%').next().unwrap_or(host)
}

/// Only this machine can reach it.
pub(crate) fn is_loopback(host: &str) -> bool {
    match bare(host).parse::<IpAddr>() {
        Ok(ip) => ip.to_canonical().is_loopback(),
        Err(_) => {
            let name = host.trim_end_matches('.').to_ascii_lowercase();
            name == "localhost" || name.ends_with(".localhost")
        }
    }
}

/// Stands for every interface of the machine.
pub(crate) fn is_any(host: &str) -> bool {
    host == "*" || bare(host).parse::<IpAddr>().is_ok_and(|ip| ip.to_canonical().is_unspecified())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_taken_apart() {
        let good = |encrypted, host: &str, port| Ok(Address { encrypted, host: host.to_owned(), port });
        for (url, expected) in [
            ("http://127.0.0.1:8080/v1", good(false, "127.0.0.1", 8080)),
            ("HTTPS://Models.Example.com", good(true, "models.example.com", 443)),
            ("http://[::1]:11434/", good(false, "::1", 11434)),
            ("http://[fe80::1%25eth0]", good(false, "fe80::1", 80)),
            ("http://模型.example:80?x", good(false, "模型.example", 80)),
            ("127.0.0.1:8080", Err(BadUrl::Scheme)),
            ("ftp://x", Err(BadUrl::Scheme)),
            ("", Err(BadUrl::Scheme)),
            ("http://user:pass@x/", Err(BadUrl::Credentials)),
            ("http:///v1", Err(BadUrl::Host)),
            ("http://a b/", Err(BadUrl::Host)),
            ("http://[::1/", Err(BadUrl::Host)),
            ("http://x:0", Err(BadUrl::Port)),
            ("http://x:99999", Err(BadUrl::Port)),
            ("http://x:port", Err(BadUrl::Port)),
        ] {
            assert_eq!(parse_url(url), expected, "{url}");
        }
    }

    #[test]
    fn hosts_are_told_apart() {
        for (host, loopback, any) in [
            ("localhost", true, false),
            ("API.localhost.", true, false),
            ("127.8.9.1", true, false),
            ("[::1]", true, false),
            ("::ffff:127.0.0.1", true, false),
            ("0.0.0.0", false, true),
            ("[::]", false, true),
            ("::ffff:0.0.0.0", false, true),
            ("*", false, true),
            ("10.0.0.1", false, false),
            ("localhost.example.com", false, false),
            ("", false, false),
        ] {
            assert_eq!((is_loopback(host), is_any(host)), (loopback, any), "{host}");
        }
    }
}
