//! CycloneDX 1.7 (ECMA-424, second edition and after): the ML-BOM parts of it for models, data and prompts.

use std::collections::BTreeMap;

use jingwei_core::Timestamp;
use serde_json::{Map, Value, json};

use super::{
    Affected, AffectedStatus, Bom, Component, DatasetFacts, Kind, LinkKind, Making, ModelFacts, SUBJECT, StatedLicence,
    Vulnerability, uuid,
};
use crate::lockfiles::Scope;

const TOOL: &str = "tool";

pub(super) fn document(bom: &Bom, making: &Making<'_>) -> Value {
    let mut document = json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.7.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.7",
        "serialNumber": format!("urn:uuid:{}", uuid(bom.digest())),
        "version": 1,
        "metadata": metadata(bom, making),
        "components": components(bom),
        "dependencies": dependencies(bom),
        "compositions": compositions(bom),
    });
    let services: Vec<Value> = bom.components.iter().filter(|one| one.kind == Kind::Service).map(service).collect();
    if !services.is_empty() {
        document["services"] = Value::Array(services);
    }
    if !bom.vulnerabilities.is_empty() {
        let versions: BTreeMap<&str, Option<&str>> =
            bom.components.iter().map(|one| (one.id.as_str(), one.version.as_deref())).collect();
        document["vulnerabilities"] = bom.vulnerabilities.iter().map(|one| vulnerability(one, &versions)).collect();
    }
    if !bom.components.is_empty() {
        // Who says so (new in 1.7): all of it was read from files by the tool, none of it was attested by a supplier.
        document["citations"] = json!([{
            "pointers": ["/components"],
            "timestamp": seconds(making.at),
            "attributedTo": TOOL,
        }]);
    }
    document
}

/// RFC 3339 without parts of a second, which both standards' schemas take.
pub(super) fn seconds(at: Timestamp) -> String {
    let text = at.to_string();
    match text.split_once('.') {
        Some((whole, _)) => format!("{whole}Z"),
        None => text,
    }
}

fn metadata(bom: &Bom, making: &Making<'_>) -> Value {
    let subject = &bom.subject;
    let mut component = json!({"type": "application", "bom-ref": SUBJECT, "name": subject.name});
    put(&mut component, "version", subject.version.as_deref());
    put(&mut component, "description", subject.description.as_deref());
    if let Some(supplier) = &subject.supplier {
        component["supplier"] = json!({"name": supplier});
    }
    let tool = json!({"type": "application", "bom-ref": TOOL, "name": making.tool, "version": making.tool_version});
    let mut metadata =
        json!({"timestamp": seconds(making.at), "tools": {"components": [tool]}, "component": component});
    let mut properties = list_properties(&bom.properties);
    for gap in &bom.gaps {
        properties.push(json!({"name": "jingwei:gap.en", "value": gap.en}));
        properties.push(json!({"name": "jingwei:gap.zh", "value": gap.zh}));
    }
    if !properties.is_empty() {
        metadata["properties"] = Value::Array(properties);
    }
    metadata
}

fn put(object: &mut Value, key: &str, value: Option<&str>) {
    if let Some(value) = value {
        object[key] = Value::String(value.to_owned());
    }
}

fn list_properties(properties: &BTreeMap<String, String>) -> Vec<Value> {
    properties.iter().map(|(name, value)| json!({"name": name, "value": value})).collect()
}

/// Components lie in their parents; one whose parent is not listed stands by itself.
fn components(bom: &Bom) -> Vec<Value> {
    let mut inside: BTreeMap<&str, Vec<&Component>> = BTreeMap::new();
    let listed =
        |id: &str| bom.component(id).is_some_and(|parent| parent.parent.is_none() && parent.kind != Kind::Service);
    let (inner, outer): (Vec<&Component>, Vec<&Component>) = bom
        .components
        .iter()
        .filter(|one| one.kind != Kind::Service)
        .partition(|one| one.parent.as_deref().is_some_and(|parent| parent != one.id && listed(parent)));
    for one in inner {
        inside.entry(one.parent.as_deref().unwrap_or_default()).or_default().push(one);
    }
    let with_parts = |one: &&Component| {
        let mut value = component(one);
        if let Some(parent) = &one.parent {
            // Parts lie one level deep; what lies deeper, or in something that is not listed, names it.
            let named = json!({"name": "jingwei:parent", "value": parent});
            match value["properties"].as_array_mut() {
                Some(properties) => properties.push(named),
                None => value["properties"] = json!([named]),
            }
        }
        if let Some(parts) = inside.get(one.id.as_str()) {
            value["components"] = parts.iter().map(|part| component(part)).collect();
        }
        value
    };
    outer.iter().map(with_parts).collect()
}

fn type_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Model => "machine-learning-model",
        Kind::Dataset | Kind::Prompt => "data",
        Kind::Tool | Kind::Agent | Kind::Service => "application",
        Kind::Package => "library",
        Kind::File => "file",
    }
}

fn component(one: &Component) -> Value {
    let mut value = json!({"type": type_of(one.kind), "bom-ref": one.id, "name": one.name});
    put(&mut value, "version", one.version.as_deref());
    put(&mut value, "description", one.description.as_deref());
    put(&mut value, "purl", one.purl.as_deref());
    if let Some(supplier) = &one.supplier {
        value["supplier"] = json!({"name": supplier});
    }
    let scope = match one.scope {
        Some(Scope::Runtime) => Some("required"),
        Some(Scope::Optional) => Some("optional"),
        Some(Scope::Build | Scope::Dev) => Some("excluded"),
        None => None,
    };
    put(&mut value, "scope", scope);
    let hashes: Vec<Value> = one.hashes.iter().filter_map(|hash| written_hash(hash)).collect();
    if !hashes.is_empty() {
        value["hashes"] = Value::Array(hashes);
    }
    if !one.licences.is_empty() {
        value["licenses"] = one.licences.iter().map(licence).collect();
    }
    if !one.links.is_empty() {
        let links = one.links.iter().map(|link| json!({"type": link_code(link.kind), "url": iri(&link.url)}));
        value["externalReferences"] = links.collect();
    }
    if let Some(model) = &one.model {
        if !model.base_models.is_empty() {
            value["pedigree"] =
                json!({"ancestors": model.base_models.iter().map(|base| ancestor(base)).collect::<Vec<_>>()});
        }
        value["modelCard"] = model_card(model);
    }
    if one.dataset.is_some() || one.kind == Kind::Prompt {
        value["data"] = json!([data(one, &one.dataset.clone().unwrap_or_default())]);
    }
    let properties = properties(one);
    if !properties.is_empty() {
        value["properties"] = Value::Array(properties);
    }
    value
}

fn properties(one: &Component) -> Vec<Value> {
    let mut properties = one.properties.clone();
    if matches!(one.kind, Kind::Prompt | Kind::Tool | Kind::Agent) {
        properties.insert("jingwei:kind".to_owned(), one.kind.code().to_owned());
    }
    match one.scope {
        Some(Scope::Build) => drop(properties.insert("jingwei:scope".to_owned(), "build".to_owned())),
        Some(Scope::Dev) => drop(properties.insert("jingwei:scope".to_owned(), "dev".to_owned())),
        _ => {}
    }
    if let Some(dataset) = &one.dataset {
        let bytes = dataset.bytes.map(|bytes| ("jingwei:bytes".to_owned(), bytes.to_string()));
        let personal = dataset.personal_data.map(|is| ("jingwei:personal-data".to_owned(), is.to_string()));
        let modality = dataset.modality.clone().map(|modality| ("jingwei:modality".to_owned(), modality));
        properties.extend(bytes.into_iter().chain(personal).chain(modality));
    }
    list_properties(&properties)
}

fn written_hash(hash: &str) -> Option<Value> {
    let (algorithm, content) = hash.split_once(':')?;
    let name = match algorithm {
        "md5" => "MD5",
        "sha1" => "SHA-1",
        "sha256" => "SHA-256",
        "sha384" => "SHA-384",
        "sha512" => "SHA-512",
        "sha3-256" => "SHA3-256",
        "sha3-512" => "SHA3-512",
        "blake3" => "BLAKE3",
        "blake2b-256" => "BLAKE2b-256",
        "blake2b-512" => "BLAKE2b-512",
        _ => return None,
    };
    let sound =
        matches!(content.len(), 32 | 40 | 64 | 96 | 128) && content.bytes().all(|byte| byte.is_ascii_hexdigit());
    sound.then(|| json!({"alg": name, "content": content}))
}

/// Ids of the SPDX list 3.29 that the list in the schema of CycloneDX 1.7 does not have; as expressions they are valid.
#[rustfmt::skip]
const NEWER_IDS: [&str; 20] = [
    "BSD-2-Clause-pos-unchanged", "BSD-3-Clause-OpenWebUI", "BSD-Source-Code-no-disclaimer", "BSD-Source-alt-GPL",
    "BSD-ask-to-endorse", "Brian-Gladman-3-Clause-no-conversion", "Bugroff", "CC-BY-NC-3.0-IGO",
    "FDK-MPEG-H", "GFDL-1.1-invariants", "GFDL-1.1-no-invariants", "GFDL-1.2-invariants",
    "GFDL-1.2-no-invariants", "GFDL-1.3-invariants", "GFDL-1.3-no-invariants", "Hippocratic-3.0-core",
    "Informatica", "MVT-1.1", "NOASSERTION", "atc-game",
];

fn licence(one: &StatedLicence) -> Value {
    match &one.expression {
        Some(id) if spdx::license_id(id).is_some_and(|found| found.name == id) && !NEWER_IDS.contains(&id.as_str()) => {
            json!({"license": {"id": id, "acknowledgement": "declared"}})
        }
        Some(expression) => json!({"expression": expression, "acknowledgement": "declared"}),
        None => json!({"license": {"name": one.stated, "acknowledgement": "declared"}}),
    }
}

fn link_code(kind: LinkKind) -> &'static str {
    match kind {
        LinkKind::Distribution => "distribution",
        LinkKind::Vcs => "vcs",
        LinkKind::Website => "website",
        LinkKind::Documentation => "documentation",
        LinkKind::ModelCard => "model-card",
        LinkKind::Other => "other",
    }
}

/// What an address may not hold is escaped, so that any text can stand there.
pub(super) fn iri(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() || " <>\"{}|\\^`[]".contains(c) {
            let mut bytes = [0; 4];
            c.encode_utf8(&mut bytes).bytes().for_each(|byte| out.push_str(&format!("%{byte:02X}")));
        } else {
            out.push(c);
        }
    }
    out
}

fn ancestor(base: &str) -> Value {
    let mut value = json!({"type": "machine-learning-model", "name": base});
    if base.starts_with("pkg:") {
        value["purl"] = Value::String(base.to_owned());
    }
    value
}

fn model_card(model: &ModelFacts) -> Value {
    let mut parameters = json!({});
    put(&mut parameters, "task", model.task.as_deref());
    put(&mut parameters, "architectureFamily", model.architecture_family.as_deref());
    put(&mut parameters, "modelArchitecture", model.architecture.as_deref());
    if !model.datasets.is_empty() {
        let dataset = |one: &String| match one.contains(':') {
            true => json!({"ref": one}),
            false => json!({"type": "dataset", "name": one}),
        };
        parameters["datasets"] = model.datasets.iter().map(dataset).collect();
    }
    let mut card = json!({"modelParameters": parameters});
    if !model.metrics.is_empty() {
        let metric = |one: &super::PerformanceMetric| {
            let mut value = json!({"type": one.name, "value": one.value});
            put(&mut value, "slice", one.slice.as_deref());
            value
        };
        card["quantitativeAnalysis"] =
            json!({"performanceMetrics": model.metrics.iter().map(metric).collect::<Vec<_>>()});
    }
    let mut considerations = Map::new();
    for (key, list) in [("useCases", &model.intended_uses), ("technicalLimitations", &model.limitations)] {
        if !list.is_empty() {
            considerations.insert(key.to_owned(), json!(list));
        }
    }
    if !model.ethical_considerations.is_empty() {
        let risks = model.ethical_considerations.iter().map(|one| json!({"name": one}));
        considerations.insert("ethicalConsiderations".to_owned(), risks.collect());
    }
    if !considerations.is_empty() {
        card["considerations"] = Value::Object(considerations);
    }
    let properties: Vec<Value> = [
        ("jingwei:format", model.format.clone()),
        ("jingwei:parameters", model.parameters.map(|n| n.to_string())),
        ("jingwei:quantisation", model.quantisation.clone()),
    ]
    .into_iter()
    .filter_map(|(name, value)| value.map(|value| json!({"name": name, "value": value})))
    .collect();
    if !properties.is_empty() {
        card["properties"] = Value::Array(properties);
    }
    card
}

fn data(one: &Component, facts: &DatasetFacts) -> Value {
    let mut value = json!({"type": if one.kind == Kind::Prompt { "other" } else { "dataset" }, "name": one.name});
    put(&mut value, "classification", facts.classification.as_deref());
    if !facts.sensitive.is_empty() {
        value["sensitiveData"] = json!(facts.sensitive);
    }
    put(&mut value, "description", facts.collection.as_deref());
    value
}

fn service(one: &Component) -> Value {
    let facts = one.service.clone().unwrap_or_default();
    let mut value = json!({"bom-ref": one.id, "name": one.name});
    put(&mut value, "version", one.version.as_deref());
    put(&mut value, "description", one.description.as_deref());
    if let Some(supplier) = &one.supplier {
        value["provider"] = json!({"name": supplier});
    }
    if !facts.endpoints.is_empty() {
        value["endpoints"] = facts.endpoints.iter().map(|endpoint| iri(endpoint)).collect();
    }
    if let Some(authenticated) = facts.authenticated {
        value["authenticated"] = authenticated.into();
    }
    if let Some(crosses) = facts.crosses_boundary {
        value["x-trust-boundary"] = crosses.into();
    }
    if !one.licences.is_empty() {
        value["licenses"] = one.licences.iter().map(licence).collect();
    }
    if !one.properties.is_empty() {
        value["properties"] = Value::Array(list_properties(&one.properties));
    }
    value
}

fn dependencies(bom: &Bom) -> Vec<Value> {
    // Each element has a node of its own, and one without any means that it needs nothing, so it is written only where that is known.
    bom.dependencies.iter().map(|(from, to)| json!({"ref": from, "dependsOn": to})).collect()
}

fn compositions(bom: &Bom) -> Value {
    let whole = if bom.gaps.is_empty() { "unknown" } else { "incomplete" };
    let graph = match (bom.dependencies_known, bom.gaps.is_empty()) {
        (true, true) => "complete",
        (true, false) => "incomplete",
        (false, _) => "unknown",
    };
    json!([
        {"aggregate": whole, "assemblies": [SUBJECT]},
        {"aggregate": graph, "dependencies": [SUBJECT]},
    ])
}

fn vulnerability(one: &Vulnerability, versions: &BTreeMap<&str, Option<&str>>) -> Value {
    let mut value = json!({"bom-ref": format!("vulnerability:{}", one.id), "id": one.id});
    put(&mut value, "description", one.description.as_deref());
    put(&mut value, "recommendation", one.recommendation.as_deref());
    let mut source = json!({});
    put(&mut source, "name", one.source.as_deref());
    put(&mut source, "url", one.url.as_deref().map(iri).as_deref());
    if source.as_object().is_some_and(|object| !object.is_empty()) {
        value["source"] = source;
    }
    if !one.aliases.is_empty() {
        let alias =
            |alias: &String| json!({"id": alias, "source": {"name": alias.split('-').next().unwrap_or_default()}});
        value["references"] = one.aliases.iter().map(alias).collect();
    }
    if one.severity.is_some() || one.vector.is_some() {
        let mut rating = json!({});
        let known = ["critical", "high", "medium", "low", "info", "none"];
        let severity =
            one.severity.as_deref().map(|severity| if known.contains(&severity) { severity } else { "unknown" });
        put(&mut rating, "severity", severity);
        put(&mut rating, "vector", one.vector.as_deref());
        put(&mut rating, "method", one.vector.as_deref().map(method));
        value["ratings"] = json!([rating]);
    }
    if !one.cwes.is_empty() {
        value["cwes"] = one.cwes.iter().filter(|cwe| **cwe > 0).map(|cwe| json!(cwe)).collect();
    }
    if let Some(analysis) = analysis(&one.affects) {
        value["analysis"] = analysis;
    }
    let affects = one.affects.iter().map(|affected| {
        let version = versions.get(affected.component.as_str()).copied().flatten();
        let status = status_code(affected.status);
        match version {
            Some(version) => json!({"ref": affected.component, "versions": [{"version": version, "status": status}]}),
            None => json!({"ref": affected.component, "versions": [{"range": "vers:generic/*", "status": status}]}),
        }
    });
    value["affects"] = affects.collect();
    value
}

pub(super) fn status_code(status: AffectedStatus) -> &'static str {
    match status {
        AffectedStatus::Affected => "affected",
        AffectedStatus::Unaffected => "unaffected",
        AffectedStatus::Unknown => "unknown",
    }
}

fn method(vector: &str) -> &'static str {
    match vector {
        v if v.starts_with("CVSS:4") => "CVSSv4",
        v if v.starts_with("CVSS:3.1") => "CVSSv31",
        v if v.starts_with("CVSS:3") => "CVSSv3",
        v if v.starts_with("AV:") => "CVSSv2",
        _ => "other",
    }
}

/// A vulnerability is analysed as a whole; only where all components agree is there something to say.
fn analysis(affects: &[Affected]) -> Option<Value> {
    let all = |status: AffectedStatus| !affects.is_empty() && affects.iter().all(|one| one.status == status);
    if all(AffectedStatus::Unknown) {
        return Some(json!({"state": "in_triage"}));
    }
    if !all(AffectedStatus::Unaffected) {
        return None;
    }
    let known = [
        "code_not_present",
        "code_not_reachable",
        "requires_configuration",
        "requires_dependency",
        "requires_environment",
        "protected_by_compiler",
        "protected_at_runtime",
        "protected_at_perimeter",
        "protected_by_mitigating_control",
    ];
    let mut value = json!({"state": "not_affected"});
    let given = affects.iter().find_map(|one| one.justification.as_deref());
    match given {
        Some(one) if known.contains(&one) => put(&mut value, "justification", given),
        given => put(&mut value, "detail", given),
    }
    Some(value)
}
