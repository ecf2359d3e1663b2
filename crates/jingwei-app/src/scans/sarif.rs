//! SARIF 2.1.0 for code-scanning services.

use jingwei_catalog::Catalog;
use jingwei_core::{Severity, Text};
use serde_json::{Map, Value, json};

use super::{Reported, ScanReport, State};
use crate::{Error, register::internal};

/// The report as SARIF. With a baseline each result says whether it is new.
pub fn sarif(report: &ScanReport, catalog: &Catalog, with_baseline: bool) -> Result<String, Error> {
    let rules: Vec<Value> = report
        .rules()
        .into_iter()
        .filter_map(|id| {
            let rule = catalog.rules.get(id)?;
            let both = |text: &Text| format!("{}\n\n{}", text.en, text.zh);
            let mut tags = vec!["security".to_owned(), "ai".to_owned()];
            tags.extend(rule.refs.iter().map(ToString::to_string));
            Some(json!({
                "id": id,
                "shortDescription": {"text": rule.title.en},
                "fullDescription": {"text": both(&rule.title)},
                "help": {"text": both(&rule.remedy), "markdown": both(&rule.remedy)},
                "defaultConfiguration": {"level": level(rule.severity)},
                "properties": {"security-severity": score(rule.severity), "tags": tags},
            }))
        })
        .collect();
    let prefix = prefix(report);
    let location = |path: &str| location(&prefix, path);
    let results: Vec<Value> =
        report.findings.iter().map(|reported| result(reported, with_baseline, &location)).collect();
    let artifacts: Vec<Value> = report
        .files
        .iter()
        .map(|file| {
            let mut artifact = json!({"location": location(&file.path), "length": file.bytes});
            if let (Some(digest), Some(object)) = (file.sha256, artifact.as_object_mut()) {
                object.insert("hashes".to_owned(), json!({"sha-256": digest}));
            }
            artifact
        })
        .collect();
    let sarif = json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "jingwei",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "columnKind": "unicodeCodePoints",
            "originalUriBaseIds": {"SCANROOT": {"description": {"text": "the scanned folder"}}},
            "artifacts": artifacts,
            "results": results,
        }],
    });
    let mut text = serde_json::to_string_pretty(&sarif).map_err(internal)?;
    text.push('\n');
    Ok(text)
}

fn result(reported: &Reported, with_baseline: bool, location: &dyn Fn(&str) -> Value) -> Value {
    let finding = &reported.finding;
    let mut result = Map::new();
    result.insert("ruleId".to_owned(), json!(finding.rule));
    result.insert("level".to_owned(), json!(level(finding.severity)));
    result.insert("message".to_owned(), json!({"text": format!("{}\n{}", finding.message.en, finding.message.zh)}));
    let mut place = Map::new();
    if let Some(path) = &finding.place.path {
        let mut physical = json!({"artifactLocation": location(path)});
        if let (Some(offset), Some(object)) = (finding.place.offset, physical.as_object_mut()) {
            object.insert("region".to_owned(), json!({"byteOffset": offset, "byteLength": 0}));
        }
        place.insert("physicalLocation".to_owned(), physical);
    }
    if let Some(key) = &finding.place.key {
        place.insert("logicalLocations".to_owned(), json!([{"fullyQualifiedName": key}]));
    }
    if !place.is_empty() {
        result.insert("locations".to_owned(), json!([place]));
    }
    result.insert("partialFingerprints".to_owned(), json!({"jingwei/1": finding.fingerprint}));
    match &reported.state {
        State::Suppressed { reason, owner, until } => {
            let justification = format!("{reason} ({owner}, until {until})");
            let suppression = json!([{"kind": "external", "status": "accepted", "justification": justification}]);
            result.insert("suppressions".to_owned(), suppression);
        }
        State::Known if with_baseline => drop(result.insert("baselineState".to_owned(), json!("unchanged"))),
        State::New if with_baseline => drop(result.insert("baselineState".to_owned(), json!("new"))),
        State::Known | State::New => {}
    }
    result.insert("properties".to_owned(), json!({"risks": finding.risks}));
    Value::Object(result)
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Info | Severity::Low => "note",
        Severity::Medium => "warning",
        Severity::High | Severity::Critical => "error",
    }
}

/// In the ranges that code-scanning services read: above 9 critical, above 7 high, above 4 medium.
fn score(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "0.0",
        Severity::Low => "2.0",
        Severity::Medium => "5.0",
        Severity::High => "8.0",
        Severity::Critical => "9.5",
    }
}

/// Relative to the scanned folder; a path from the root is relative to nothing (SARIF 2.1.0, 3.4.3).
fn location(prefix: &str, path: &str) -> Value {
    match path.starts_with('/') {
        true => json!({"uri": format!("file://{}", uri("", path))}),
        false => json!({"uri": uri(prefix, path), "uriBaseId": "SCANROOT"}),
    }
}

/// A scan of one folder names files relative to it; code scanning wants them relative to where the scan was started.
fn prefix(report: &ScanReport) -> String {
    match report.subjects.as_slice() {
        [one] if report.check == "scan.model" && !one.path.starts_with('/') => {
            let path = one.path.trim_start_matches("./").trim_end_matches('/');
            let only = report.files.first().filter(|_| report.files.len() == 1).map(|file| file.path.as_str());
            match path {
                "" | "." => String::new(),
                path if path.rsplit('/').next() == only => {
                    path.rsplit_once('/').map(|(folder, _)| format!("{folder}/")).unwrap_or_default()
                }
                path => format!("{path}/"),
            }
        }
        _ => String::new(),
    }
}

/// A relative URI reference (RFC 3986): everything but unreserved characters and slashes is encoded.
fn uri(prefix: &str, path: &str) -> String {
    let mut uri = String::with_capacity(prefix.len() + path.len());
    for byte in prefix.bytes().chain(path.bytes()) {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => uri.push(char::from(byte)),
            byte => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}
