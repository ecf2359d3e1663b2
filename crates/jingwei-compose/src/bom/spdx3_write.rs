//! SPDX 3.0.1 as JSON-LD, with the Core, Software, SimpleLicensing, AI, Dataset, Security and Extension profiles.

use std::collections::{BTreeMap, BTreeSet};

use jingwei_core::Digest;
use serde_json::{Value, json};

use super::{
    AffectedStatus, Bom, Component, Kind, LinkKind, Making, SUBJECT, StatedLicence, Vulnerability,
    cyclonedx_write::{iri, seconds},
    uuid,
};
use crate::lockfiles::Scope;

const CREATION: &str = "_:creation";

pub(super) fn document(bom: &Bom, making: &Making<'_>) -> Value {
    let space = format!("urn:uuid:{}#", uuid(bom.digest()));
    let mut graph = Graph { space, elements: Vec::new(), written: BTreeSet::new(), licences: BTreeMap::new() };
    let components: Vec<Value> = bom.components.iter().map(|one| graph.component(one)).collect();
    graph.elements.extend(components);
    graph.subject(bom);
    for one in &bom.components {
        graph.relations(one, bom);
    }
    for (from, to) in &bom.dependencies {
        let completeness = if bom.dependencies_known { "complete" } else { "noAssertion" };
        graph.relation(from, "dependsOn", to.iter().map(String::as_str), Some(completeness));
    }
    for one in &bom.vulnerabilities {
        graph.vulnerability(one, making);
    }
    let mut profiles: BTreeSet<&str> = ["core", "software", "simpleLicensing", "extension"].into();
    profiles.extend((!bom.vulnerabilities.is_empty()).then_some("security"));
    profiles.extend(graph.conforms("ai_AIPackage").then_some("ai"));
    profiles.extend(graph.conforms("dataset_DatasetPackage").then_some("dataset"));
    graph.wrap(bom, making, &profiles)
}

struct Graph {
    space: String,
    elements: Vec<Value>,
    /// Names of agents and of things that are only named, each of which has one element.
    written: BTreeSet<String>,
    /// Elements of licences by what they say.
    licences: BTreeMap<String, String>,
}

impl Graph {
    /// The same thing has the same name in every document, behind the document's own part.
    fn name(&self, kind: &str, id: &str) -> String {
        // Half of the digest: enough that nobody can make two things share a name.
        let digest = Digest::of(id.as_bytes()).to_string();
        format!("{}{kind}-{}", self.space, &digest[..32])
    }

    fn of_component(&self, id: &str) -> String {
        self.name("component", id)
    }

    fn subject(&mut self, bom: &Bom) {
        let mut value = json!({
            "type": "software_Package",
            "spdxId": self.of_component(SUBJECT),
            "creationInfo": CREATION,
            "name": bom.subject.name,
            "software_primaryPurpose": "application",
        });
        if let Some(version) = &bom.subject.version {
            value["software_packageVersion"] = json!(version);
        }
        if let Some(description) = &bom.subject.description {
            value["description"] = json!(description);
        }
        if let Some(supplier) = &bom.subject.supplier {
            value["suppliedBy"] = json!(self.agent(supplier));
        }
        let mut properties: Vec<(String, String)> = bom.properties.clone().into_iter().collect();
        for gap in &bom.gaps {
            properties.push(("jingwei:gap.en".to_owned(), gap.en.clone()));
            properties.push(("jingwei:gap.zh".to_owned(), gap.zh.clone()));
        }
        extend(&mut value, properties);
        self.elements.push(value);
        let parts = bom.components.iter().filter(|one| one.parent.is_none()).map(|one| one.id.as_str());
        self.relation(SUBJECT, "contains", parts, None);
    }

    fn agent(&mut self, name: &str) -> String {
        let id = self.name("agent", name);
        if self.written.insert(id.clone()) {
            self.elements.push(json!({"type": "Organization", "spdxId": id, "creationInfo": CREATION, "name": name}));
        }
        id
    }

    fn component(&mut self, one: &Component) -> Value {
        let file = one.kind == Kind::File;
        let mut value = json!({
            "type": match one.kind {
                Kind::Model => "ai_AIPackage",
                Kind::Dataset => "dataset_DatasetPackage",
                Kind::File => "software_File",
                _ => "software_Package",
            },
            "spdxId": self.of_component(&one.id),
            "creationInfo": CREATION,
            "name": one.name,
            "software_primaryPurpose": purpose(one.kind),
            "externalIdentifier": [{
                "type": "ExternalIdentifier",
                "externalIdentifierType": "other",
                "identifier": one.id,
                "issuingAuthority": "urn:jingwei",
            }],
        });
        let mut properties: Vec<(String, String)> = one.properties.clone().into_iter().collect();
        let mut keep = |key: &str, text: Option<String>| properties.extend(text.map(|text| (key.to_owned(), text)));
        if matches!(one.kind, Kind::Prompt | Kind::Tool | Kind::Agent | Kind::Service) {
            keep("jingwei:kind", Some(one.kind.code().to_owned()));
        }
        keep("jingwei:scope", one.scope.map(|scope| scope_code(scope).to_owned()));
        if let Some(service) = &one.service {
            service.endpoints.iter().for_each(|endpoint| keep("jingwei:endpoint", Some(endpoint.clone())));
            keep("jingwei:authenticated", service.authenticated.map(|is| is.to_string()));
            keep("jingwei:crosses-boundary", service.crosses_boundary.map(|is| is.to_string()));
        }
        let version_key = if file { "jingwei:version" } else { "software_packageVersion" };
        if let Some(version) = &one.version {
            if file { keep(version_key, Some(version.clone())) } else { value[version_key] = json!(version) }
        }
        if let Some(purl) = &one.purl {
            if file {
                keep("jingwei:purl", Some(purl.clone()))
            } else {
                value["software_packageUrl"] = json!(iri(purl))
            }
        }
        model_and_data(one, &mut value, &mut keep);
        if let Some(description) = &one.description {
            value["description"] = json!(description);
        }
        if let Some(supplier) = &one.supplier {
            value["suppliedBy"] = json!(self.agent(supplier));
        }
        let hashes: Vec<Value> = one.hashes.iter().filter_map(|hash| written_hash(hash)).collect();
        if !hashes.is_empty() {
            value["verifiedUsing"] = Value::Array(hashes);
        }
        links(one, &mut value);
        extend(&mut value, properties);
        value
    }

    fn relations(&mut self, one: &Component, bom: &Bom) {
        if let Some(parent) = one.parent.as_deref().filter(|parent| bom.component(parent).is_some()) {
            self.relation(parent, "contains", [one.id.as_str()], None);
        }
        for licence in &one.licences {
            let to = self.licence(licence);
            self.relation_to(&one.id, "hasDeclaredLicense", vec![to], None);
        }
        let Some(model) = &one.model else { return };
        let bases: Vec<String> =
            model.base_models.iter().map(|base| self.known_or_named(base, Kind::Model, bom)).collect();
        let datasets: Vec<String> =
            model.datasets.iter().map(|name| self.known_or_named(name, Kind::Dataset, bom)).collect();
        for (relation, to) in [("descendantOf", bases), ("trainedOn", datasets)] {
            if !to.is_empty() {
                self.relation_to(&one.id, relation, to, None);
            }
        }
    }

    /// An element for what is named and not listed, marked so that a reader does not take it for a part of the system.
    fn known_or_named(&mut self, name: &str, kind: Kind, bom: &Bom) -> String {
        let listed = bom.component(name).map(|one| one.id.clone());
        if let Some(id) = listed {
            return self.of_component(&id);
        }
        let id = self.name("named", name);
        if self.written.insert(id.clone()) {
            let (of_type, purpose) =
                if kind == Kind::Model { ("ai_AIPackage", "model") } else { ("dataset_DatasetPackage", "data") };
            let mut value = json!({
                "type": of_type, "spdxId": id, "creationInfo": CREATION, "name": name, "software_primaryPurpose": purpose,
            });
            if kind == Kind::Dataset {
                value["dataset_datasetType"] = json!(["noAssertion"]);
            }
            extend(&mut value, vec![("jingwei:named-only".to_owned(), "true".to_owned())]);
            self.elements.push(value);
        }
        id
    }

    fn licence(&mut self, licence: &StatedLicence) -> String {
        let said = licence.expression.as_ref().unwrap_or(&licence.stated);
        if let Some(id) = self.licences.get(said) {
            return id.clone();
        }
        let id = self.name("licence", said);
        let mut value = json!({"type": "simplelicensing_LicenseExpression", "spdxId": id, "creationInfo": CREATION});
        if let Some(expression) = &licence.expression {
            value["simplelicensing_licenseExpression"] = json!(expression);
        } else {
            let text = self.name("text", said);
            let reference = format!("LicenseRef-stated-{}", Digest::of(said.as_bytes()).short());
            value["simplelicensing_licenseExpression"] = json!(reference);
            value["simplelicensing_customIdToUri"] =
                json!([{"type": "DictionaryEntry", "key": reference, "value": text}]);
            self.elements.push(json!({
                "type": "simplelicensing_SimpleLicensingText", "spdxId": text, "creationInfo": CREATION, "simplelicensing_licenseText": said,
            }));
        }
        self.elements.push(value);
        self.licences.insert(said.clone(), id.clone());
        id
    }

    fn relation<'t>(
        &mut self,
        from: &str,
        relation: &str,
        to: impl IntoIterator<Item = &'t str>,
        completeness: Option<&str>,
    ) {
        let to: Vec<String> = to.into_iter().map(|id| self.of_component(id)).collect();
        if !to.is_empty() {
            self.relation_to(from, relation, to, completeness);
        }
    }

    fn relation_to(&mut self, from: &str, relation: &str, to: Vec<String>, completeness: Option<&str>) {
        let id = self.name("relationship", &format!("{from} {relation} {}", to.join(" ")));
        let mut value = json!({
            "type": "Relationship", "spdxId": id, "creationInfo": CREATION,
            "from": self.of_component(from), "relationshipType": relation, "to": to,
        });
        if let Some(completeness) = completeness {
            value["completeness"] = json!(completeness);
        }
        self.elements.push(value);
    }

    fn vulnerability(&mut self, one: &Vulnerability, making: &Making<'_>) {
        let id = self.name("vulnerability", &one.id);
        let identifier = |text: &String| {
            let kind = if text.starts_with("CVE-") { "cve" } else { "securityOther" };
            json!({"type": "ExternalIdentifier", "externalIdentifierType": kind, "identifier": text})
        };
        let mut value = json!({
            "type": "security_Vulnerability", "spdxId": id, "creationInfo": CREATION, "name": one.id,
            "externalIdentifier": std::iter::once(&one.id).chain(&one.aliases).map(identifier).collect::<Vec<_>>(),
        });
        if let Some(description) = &one.description {
            value["description"] = json!(description);
        }
        if let Some(url) = &one.url {
            value["externalRef"] =
                json!([{"type": "ExternalRef", "externalRefType": "securityAdvisory", "locator": [url]}]);
        }
        let cwes = one.cwes.iter().map(|cwe| ("jingwei:cwe".to_owned(), cwe.to_string()));
        let told = [
            ("source", &one.source),
            ("severity", &one.severity),
            ("vector", &one.vector),
            ("recommendation", &one.recommendation),
        ];
        let told = told.into_iter().filter_map(|(key, text)| Some((format!("jingwei:{key}"), text.clone()?)));
        extend(&mut value, told.chain(cwes).collect());
        self.elements.push(value);
        for affected in &one.affects {
            let (of_type, relation) = match affected.status {
                AffectedStatus::Affected => ("security_VexAffectedVulnAssessmentRelationship", "affects"),
                AffectedStatus::Unaffected => ("security_VexNotAffectedVulnAssessmentRelationship", "doesNotAffect"),
                AffectedStatus::Unknown => {
                    ("security_VexUnderInvestigationVulnAssessmentRelationship", "underInvestigationFor")
                }
            };
            let mut assessment = json!({
                "type": of_type, "creationInfo": CREATION,
                "spdxId": self.name("assessment", &format!("{} {}", one.id, affected.component)),
                "from": id, "relationshipType": relation, "to": [self.of_component(&affected.component)],
                "security_publishedTime": seconds(making.at),
            });
            if affected.status == AffectedStatus::Affected {
                let action = one.recommendation.as_deref().unwrap_or("no action is known");
                assessment["security_actionStatement"] = json!(action);
            }
            if affected.status == AffectedStatus::Unaffected {
                let why = affected.justification.as_deref().unwrap_or("the version is not in an affected range");
                assessment["security_impactStatement"] = json!(why);
            }
            self.elements.push(assessment);
        }
    }

    /// A profile is claimed only where every element has what the profile asks of it (SPDX 3.0.1, AI and Dataset conformance).
    fn conforms(&self, of_type: &str) -> bool {
        let needed: &[&str] = if of_type == "ai_AIPackage" {
            &[
                "suppliedBy",
                "software_downloadLocation",
                "software_packageVersion",
                "software_primaryPurpose",
                "releaseTime",
            ]
        } else {
            &[
                "originatedBy",
                "software_downloadLocation",
                "software_primaryPurpose",
                "releaseTime",
                "builtTime",
                "dataset_datasetType",
            ]
        };
        let mut those = self.elements.iter().filter(|one| one["type"] == of_type).peekable();
        those.peek().is_some() && those.all(|one| needed.iter().all(|key| !one[key].is_null()))
    }

    fn wrap(mut self, bom: &Bom, making: &Making<'_>, profiles: &BTreeSet<&str>) -> Value {
        let tool = self.name("tool", making.tool);
        let maker = self.name("maker", making.tool);
        let sbom = self.name("sbom", SUBJECT);
        let root = self.of_component(SUBJECT);
        let mut ids: Vec<Value> = self.elements.iter().map(|one| one["spdxId"].clone()).collect();
        ids.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
        self.elements.sort_by(|a, b| a["spdxId"].as_str().cmp(&b["spdxId"].as_str()));
        let head = [
            json!({
                "type": "CreationInfo", "@id": CREATION, "specVersion": "3.0.1", "created": seconds(making.at),
                "createdBy": [maker], "createdUsing": [tool],
            }),
            json!({"type": "SoftwareAgent", "spdxId": maker, "creationInfo": CREATION, "name": making.tool}),
            json!({
                "type": "Tool", "spdxId": tool, "creationInfo": CREATION,
                "name": format!("{} {}", making.tool, making.tool_version),
            }),
            json!({
                "type": "SpdxDocument", "spdxId": self.name("document", SUBJECT), "creationInfo": CREATION, "name": bom.subject.name,
                "profileConformance": profiles, "rootElement": [sbom],
            }),
            json!({
                "type": "software_Sbom", "spdxId": sbom, "creationInfo": CREATION, "software_sbomType": ["analyzed"],
                "rootElement": [root], "element": ids,
            }),
        ];
        let graph: Vec<Value> = head.into_iter().chain(self.elements).collect();
        json!({"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": graph})
    }
}

fn purpose(kind: Kind) -> &'static str {
    match kind {
        Kind::Model => "model",
        Kind::Dataset => "data",
        Kind::Prompt => "configuration",
        Kind::Tool | Kind::Agent => "application",
        Kind::Service => "other",
        Kind::Package => "library",
        Kind::File => "file",
    }
}

pub(super) fn scope_code(scope: Scope) -> &'static str {
    match scope {
        Scope::Runtime => "runtime",
        Scope::Optional => "optional",
        Scope::Build => "build",
        Scope::Dev => "dev",
    }
}

fn model_and_data(one: &Component, value: &mut Value, keep: &mut impl FnMut(&str, Option<String>)) {
    let entry = |(key, text): (&str, String)| json!({"type": "DictionaryEntry", "key": key, "value": text});
    if let Some(model) = &one.model {
        let traits: Vec<Value> = [
            ("architecture", model.architecture.clone()),
            ("format", model.format.clone()),
            ("parameters", model.parameters.map(|n| n.to_string())),
            ("quantisation", model.quantisation.clone()),
        ]
        .into_iter()
        .filter_map(|(key, text)| text.map(|text| entry((key, text))))
        .collect();
        for (key, list) in [
            ("ai_hyperparameter", traits),
            ("ai_typeOfModel", model.architecture_family.iter().map(|text| json!(text)).collect()),
            ("ai_domain", model.task.iter().map(|text| json!(text)).collect()),
            ("ai_metric", model.metrics.iter().map(|one| entry((one.name.as_str(), one.value.clone()))).collect()),
        ] {
            if !list.is_empty() {
                value[key] = Value::Array(list);
            }
        }
        for (key, list) in
            [("ai_limitation", &model.limitations), ("ai_informationAboutApplication", &model.intended_uses)]
        {
            if !list.is_empty() {
                value[key] = json!(list.join("\n"));
            }
        }
        model.ethical_considerations.iter().for_each(|text| keep("jingwei:ethical-consideration", Some(text.clone())));
        for metric in &model.metrics {
            keep("jingwei:metric-slice", metric.slice.as_ref().map(|slice| format!("{}={slice}", metric.name)));
        }
    }
    if one.kind != Kind::Dataset {
        return;
    }
    let facts = one.dataset.clone().unwrap_or_default();
    let types =
        ["audio", "categorical", "graph", "image", "numeric", "sensor", "structured", "text", "timeseries", "video"];
    let of_type = facts
        .modality
        .as_deref()
        .map_or("noAssertion", |modality| if types.contains(&modality) { modality } else { "other" });
    value["dataset_datasetType"] = json!([of_type]);
    if of_type == "other" {
        keep("jingwei:modality", facts.modality.clone());
    }
    let personal = match facts.personal_data {
        Some(true) => "yes",
        Some(false) => "no",
        None => "noAssertion",
    };
    value["dataset_hasSensitivePersonalInformation"] = json!(personal);
    if let Some(bytes) = facts.bytes {
        value["dataset_datasetSize"] = json!(bytes);
    }
    if let Some(collection) = &facts.collection {
        value["dataset_dataCollectionProcess"] = json!(collection);
    }
    match facts.classification.as_deref() {
        Some(level @ ("red" | "amber" | "green" | "clear")) => value["dataset_confidentialityLevel"] = json!(level),
        other => keep("jingwei:classification", other.map(ToOwned::to_owned)),
    }
    facts.sensitive.iter().for_each(|text| keep("jingwei:sensitive", Some(text.clone())));
}

fn written_hash(hash: &str) -> Option<Value> {
    let (algorithm, content) = hash.split_once(':')?;
    let name = match algorithm {
        "md5" | "sha1" | "sha224" | "sha256" | "sha384" | "sha512" | "blake3" => algorithm,
        "sha3-256" => "sha3_256",
        "sha3-512" => "sha3_512",
        "blake2b-256" => "blake2b256",
        "blake2b-512" => "blake2b512",
        _ => return None,
    };
    Some(json!({"type": "Hash", "algorithm": name, "hashValue": content}))
}

fn links(one: &Component, value: &mut Value) {
    let code = |kind: LinkKind| match kind {
        LinkKind::Distribution => "altDownloadLocation",
        LinkKind::Vcs => "vcs",
        LinkKind::Website => "altWebPage",
        LinkKind::Documentation => "documentation",
        LinkKind::ModelCard => "productMetadata",
        LinkKind::Other => "other",
    };
    if one.links.is_empty() {
        return;
    }
    let refs = one
        .links
        .iter()
        .map(|link| json!({"type": "ExternalRef", "externalRefType": code(link.kind), "locator": [link.url]}));
    value["externalRef"] = refs.collect();
    let first = one.links.iter().find(|link| link.kind == LinkKind::Distribution).filter(|_| one.kind != Kind::File);
    if let Some(link) = first {
        value["software_downloadLocation"] = json!(iri(&link.url));
    }
}

/// Facts that the standard has no field for, as name and value (the Extension profile's property extension).
fn extend(value: &mut Value, properties: Vec<(String, String)>) {
    if properties.is_empty() {
        return;
    }
    let entry = |(name, text): &(String, String)| json!({"type": "extension_CdxPropertyEntry", "extension_cdxPropName": name, "extension_cdxPropValue": text});
    let entries: Vec<Value> = properties.iter().map(entry).collect();
    value["extension"] = json!([{"type": "extension_CdxPropertiesExtension", "extension_cdxProperty": entries}]);
}
