//! SPDX 3.0 as JSON-LD in the form that the standard's own schema fixes, by anybody.

use std::collections::{BTreeMap, HashMap};

use jingwei_core::Text;

use super::{
    Affected, AffectedStatus, Bom, Component, DatasetFacts, Kind, Link, LinkKind, ModelFacts, PerformanceMetric,
    SUBJECT, ServiceFacts, StatedLicence, Vulnerability, component_id,
};
use crate::{document::Node, lockfiles::Scope};

pub(super) fn read(document: &Node) -> Bom {
    let graph = document.get("@graph");
    let elements: Vec<&Node> = if graph.is_null() { vec![document] } else { graph.list().iter().collect() };
    let by_id: HashMap<&str, &Node> = elements.iter().filter_map(|one| Some((id_of(one)?, *one))).collect();
    let mut reader = Reader {
        by_id,
        bom: Bom::default(),
        names: HashMap::new(),
        places: HashMap::new(),
        advisories: HashMap::new(),
    };
    let roots: Vec<&str> = elements
        .iter()
        .filter(|one| matches!(type_of(one), "software_Sbom" | "Bom" | "SpdxDocument"))
        .flat_map(|one| one.get("rootElement").texts())
        .collect();
    let subject =
        roots.into_iter().find(|id| reader.by_id.get(id).is_some_and(|one| type_of(one) == "software_Package"));
    for element in &elements {
        reader.element(element, subject);
    }
    for element in &elements {
        reader.relation(element);
    }
    reader.bom
}

fn id_of(node: &Node) -> Option<&str> {
    node.get("spdxId").filled().or(node.get("@id").filled())
}

fn type_of(node: &Node) -> &str {
    node.get("type").text().or(node.get("@type").text()).unwrap_or_default()
}

fn owned(node: &Node) -> Option<String> {
    node.filled().map(ToOwned::to_owned)
}

/// Names and values of the property extension, in their order.
fn properties(node: &Node) -> Vec<(&str, &str)> {
    let entries = node.get("extension").list().iter().flat_map(|one| one.get("extension_cdxProperty").list());
    entries
        .filter_map(|one| {
            Some((one.get("extension_cdxPropName").text()?, one.get("extension_cdxPropValue").written()?))
        })
        .collect()
}

struct Reader<'d> {
    by_id: HashMap<&'d str, &'d Node>,
    bom: Bom,
    /// The id of a component by its name in the document, and where it stands in the bill.
    names: HashMap<&'d str, String>,
    places: HashMap<&'d str, usize>,
    advisories: HashMap<&'d str, usize>,
}

impl<'d> Reader<'d> {
    fn element(&mut self, node: &'d Node, subject: Option<&str>) {
        let Some(id) = id_of(node) else { return };
        let kind = match type_of(node) {
            "ai_AIPackage" => Kind::Model,
            "dataset_DatasetPackage" => Kind::Dataset,
            "software_File" => Kind::File,
            "software_Package" if Some(id) == subject => return self.subject(id, node),
            "software_Package" => Kind::Package,
            "security_Vulnerability" => {
                self.advisories.insert(id, self.bom.vulnerabilities.len());
                return self.bom.vulnerabilities.push(vulnerability(node));
            }
            _ => return,
        };
        if properties(node).iter().any(|(name, _)| *name == "jingwei:named-only") {
            return;
        }
        let one = self.component(kind, node);
        self.names.insert(id, one.id.clone());
        self.places.insert(id, self.bom.components.len());
        self.bom.components.push(one);
    }

    fn subject(&mut self, id: &'d str, node: &Node) {
        self.names.insert(id, SUBJECT.to_owned());
        let mut english: Option<String> = None;
        for (name, text) in properties(node) {
            match name {
                "jingwei:gap.en" => english = Some(text.to_owned()),
                "jingwei:gap.zh" => {
                    self.bom.gaps.push(Text::new(text, english.take().unwrap_or_else(|| text.to_owned())));
                }
                name => drop(self.bom.properties.insert(name.to_owned(), text.to_owned())),
            }
        }
        self.bom.subject.name = node.get("name").text().unwrap_or_default().to_owned();
        self.bom.subject.version = owned(node.get("software_packageVersion"));
        self.bom.subject.description = owned(node.get("description"));
        self.bom.subject.supplier = self.name_of(node.get("suppliedBy"));
    }

    fn name_of(&self, reference: &Node) -> Option<String> {
        owned(self.by_id.get(reference.text()?)?.get("name"))
    }

    fn component(&self, kind: Kind, node: &Node) -> Component {
        let told = properties(node);
        let first = |key: &str| told.iter().find(|(name, _)| *name == key).map(|(_, text)| (*text).to_owned());
        let all = |key: &str| {
            told.iter().filter(|(name, _)| *name == key).map(|(_, text)| (*text).to_owned()).collect::<Vec<_>>()
        };
        let kind = first("jingwei:kind").and_then(|code| Kind::of_code(&code)).unwrap_or(kind);
        let version = owned(node.get("software_packageVersion")).or(first("jingwei:version"));
        let identifiers = node.get("externalIdentifier").list();
        let of_type = |wanted: &str| {
            identifiers
                .iter()
                .find(|one| one.get("externalIdentifierType").text() == Some(wanted))
                .and_then(|one| owned(one.get("identifier")))
        };
        let purl = owned(node.get("software_packageUrl")).or(of_type("packageUrl")).or(first("jingwei:purl"));
        let name = node.get("name").text().unwrap_or("?");
        let mut one = Component::new(kind, name, version.as_deref(), purl);
        let ours = identifiers.iter().find(|one| one.get("issuingAuthority").text() == Some("urn:jingwei"));
        // Somebody else's components keep their own names where those are all that tells them apart.
        let theirs = id_of(node).filter(|_| one.purl.is_none()).map(ToOwned::to_owned);
        let stated = ours.and_then(|one| owned(one.get("identifier"))).or(theirs);
        one.id = component_id(&stated.unwrap_or(one.id));
        one.description = owned(node.get("description"));
        one.supplier = self.name_of(node.get("suppliedBy"));
        one.hashes = node.get("verifiedUsing").list().iter().filter_map(hash).collect();
        one.links = node.get("externalRef").list().iter().flat_map(links).collect();
        if let Some(url) =
            owned(node.get("software_downloadLocation")).filter(|url| !one.links.iter().any(|link| link.url == *url))
        {
            one.links.push(Link { kind: LinkKind::Distribution, url });
        }
        one.scope = match first("jingwei:scope").as_deref() {
            Some("runtime") => Some(Scope::Runtime),
            Some("optional") => Some(Scope::Optional),
            Some("build") => Some(Scope::Build),
            Some("dev") => Some(Scope::Dev),
            _ => None,
        };
        let flag = |key: &str| first(key).and_then(|text| text.parse().ok());
        match kind {
            Kind::Model => {
                one.model = Some(model(node, all("jingwei:ethical-consideration"), &all("jingwei:metric-slice")))
            }
            Kind::Dataset => {
                let facts = dataset(node);
                one.dataset = Some(DatasetFacts {
                    modality: facts.modality.or(first("jingwei:modality")),
                    classification: facts.classification.or(first("jingwei:classification")),
                    sensitive: all("jingwei:sensitive"),
                    ..facts
                });
            }
            Kind::Service => {
                one.service = Some(ServiceFacts {
                    endpoints: all("jingwei:endpoint"),
                    authenticated: flag("jingwei:authenticated"),
                    crosses_boundary: flag("jingwei:crosses-boundary"),
                });
            }
            _ => {}
        }
        let native = [
            "jingwei:kind",
            "jingwei:scope",
            "jingwei:version",
            "jingwei:purl",
            "jingwei:endpoint",
            "jingwei:authenticated",
            "jingwei:crosses-boundary",
            "jingwei:ethical-consideration",
            "jingwei:metric-slice",
            "jingwei:modality",
            "jingwei:classification",
            "jingwei:sensitive",
        ];
        let rest = told.iter().filter(|(name, _)| !native.contains(name));
        one.properties = rest.map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect::<BTreeMap<_, _>>();
        one
    }

    fn relation(&mut self, node: &'d Node) {
        let relation = node.get("relationshipType").text().unwrap_or_default();
        let Some(from) = node.get("from").text() else { return };
        for to in node.get("to").texts() {
            match relation {
                "affects" | "doesNotAffect" | "underInvestigationFor" => self.affects(node, relation, from, to),
                "contains" => self.contains(from, to),
                "hasDeclaredLicense" | "hasConcludedLicense" => self.licence(from, to),
                "descendantOf" | "trainedOn" => self.lineage(relation, from, to),
                "dependsOn" => self.depends(node, from, to),
                _ => {}
            }
        }
    }

    fn depends(&mut self, node: &Node, from: &str, to: &str) {
        if let (Some(from), Some(to)) = (self.names.get(from), self.names.get(to)) {
            self.bom.dependencies.entry(from.clone()).or_default().insert(to.clone());
            self.bom.dependencies_known |= node.get("completeness").text() == Some("complete");
        }
    }

    fn part(&mut self, name: &str) -> Option<&mut Component> {
        self.bom.components.get_mut(*self.places.get(name)?)
    }

    fn contains(&mut self, from: &str, to: &str) {
        let parent = self.names.get(from).filter(|id| *id != SUBJECT).cloned();
        if let (Some(parent), Some(one)) = (parent, self.part(to)) {
            one.parent = Some(parent);
        }
    }

    fn licence(&mut self, from: &str, to: &str) {
        let Some(element) = self.by_id.get(to).copied() else { return };
        let Some(expression) = owned(element.get("simplelicensing_licenseExpression")) else { return };
        let custom = element.get("simplelicensing_customIdToUri").list().iter();
        let text = custom
            .filter(|entry| entry.get("key").text() == Some(expression.as_str()))
            .find_map(|entry| owned(self.by_id.get(entry.get("value").text()?)?.get("simplelicensing_licenseText")));
        let licence = match text {
            Some(stated) if expression.starts_with("LicenseRef-stated-") => StatedLicence { stated, expression: None },
            _ => StatedLicence { stated: expression.clone(), expression: Some(expression) },
        };
        if let Some(one) = self.part(from) {
            one.licences.push(licence);
        }
    }

    fn lineage(&mut self, relation: &str, from: &str, to: &str) {
        let known = self.names.get(to).cloned();
        let Some(name) = known.or_else(|| owned(self.by_id.get(to)?.get("name"))) else { return };
        if let Some(model) = self.part(from).and_then(|one| one.model.as_mut()) {
            let list = if relation == "trainedOn" { &mut model.datasets } else { &mut model.base_models };
            list.push(name);
        }
    }

    fn affects(&mut self, node: &Node, relation: &str, from: &str, to: &str) {
        let status = match relation {
            "affects" => AffectedStatus::Affected,
            "doesNotAffect" => AffectedStatus::Unaffected,
            _ => AffectedStatus::Unknown,
        };
        let stated =
            ["security_justificationType", "security_impactStatement"].iter().find_map(|key| owned(node.get(key)));
        let justification = stated.filter(|_| status == AffectedStatus::Unaffected);
        let place = self.advisories.get(from).copied();
        let (Some(place), Some(component)) = (place, self.names.get(to).cloned()) else { return };
        if let Some(one) = self.bom.vulnerabilities.get_mut(place) {
            one.affects.push(Affected { component, status, justification });
        }
    }
}

fn hash(node: &Node) -> Option<String> {
    let algorithm = match node.get("algorithm").text()? {
        "sha3_256" => "sha3-256",
        "sha3_512" => "sha3-512",
        "blake2b256" => "blake2b-256",
        "blake2b512" => "blake2b-512",
        other => other,
    };
    Some(format!("{algorithm}:{}", node.get("hashValue").text()?.to_ascii_lowercase()))
}

fn links(node: &Node) -> Vec<Link> {
    let kind = match node.get("externalRefType").text() {
        Some("altDownloadLocation" | "binaryArtifact" | "sourceArtifact") => LinkKind::Distribution,
        Some("vcs") => LinkKind::Vcs,
        Some("altWebPage") => LinkKind::Website,
        Some("documentation") => LinkKind::Documentation,
        Some("productMetadata") => LinkKind::ModelCard,
        _ => LinkKind::Other,
    };
    node.get("locator").texts().map(|url| Link { kind, url: url.to_owned() }).collect()
}

fn lines(node: &Node) -> Vec<String> {
    node.filled().map(|text| text.lines().map(ToOwned::to_owned).collect()).unwrap_or_default()
}

fn model(node: &Node, ethical_considerations: Vec<String>, slices: &[String]) -> ModelFacts {
    let traits = node.get("ai_hyperparameter").list();
    let of = |key: &str| {
        traits.iter().find(|one| one.get("key").text() == Some(key)).and_then(|one| owned(one.get("value")))
    };
    let first = |key: &str| node.get(key).texts().next().map(ToOwned::to_owned);
    let metric = |one: &Node| {
        let name = one.get("key").text()?;
        let slice = slices.iter().find_map(|slice| slice.strip_prefix(name)?.strip_prefix('=')).map(ToOwned::to_owned);
        Some(PerformanceMetric {
            name: name.to_owned(),
            value: one.get("value").written().unwrap_or_default().to_owned(),
            slice,
        })
    };
    ModelFacts {
        task: first("ai_domain"),
        architecture_family: first("ai_typeOfModel"),
        architecture: of("architecture"),
        parameters: of("parameters").and_then(|n| n.parse().ok()),
        quantisation: of("quantisation"),
        format: of("format"),
        base_models: Vec::new(),
        datasets: Vec::new(),
        intended_uses: lines(node.get("ai_informationAboutApplication")),
        limitations: lines(node.get("ai_limitation")),
        ethical_considerations,
        metrics: node.get("ai_metric").list().iter().filter_map(metric).collect(),
    }
}

fn dataset(node: &Node) -> DatasetFacts {
    let modality = node.get("dataset_datasetType").texts().next();
    DatasetFacts {
        modality: modality.filter(|one| !matches!(*one, "noAssertion" | "other")).map(ToOwned::to_owned),
        classification: owned(node.get("dataset_confidentialityLevel")),
        sensitive: Vec::new(),
        personal_data: match node.get("dataset_hasSensitivePersonalInformation").text() {
            Some("yes") => Some(true),
            Some("no") => Some(false),
            _ => None,
        },
        collection: owned(node.get("dataset_dataCollectionProcess")),
        bytes: node.get("dataset_datasetSize").written().and_then(|n| n.parse().ok()),
    }
}

fn vulnerability(node: &Node) -> Vulnerability {
    let told = properties(node);
    let first = |key: &str| told.iter().find(|(name, _)| *name == key).map(|(_, text)| (*text).to_owned());
    let identifiers = || node.get("externalIdentifier").list().iter().filter_map(|one| owned(one.get("identifier")));
    let id = owned(node.get("name")).or_else(|| identifiers().next()).unwrap_or_else(|| "?".to_owned());
    let advisory = node.get("externalRef").list().iter().flat_map(|one| one.get("locator").texts()).next();
    Vulnerability {
        aliases: identifiers().filter(|one| *one != id).collect(),
        source: first("jingwei:source"),
        url: advisory.map(ToOwned::to_owned),
        description: owned(node.get("description")),
        severity: first("jingwei:severity"),
        vector: first("jingwei:vector"),
        cwes: told
            .iter()
            .filter(|(name, _)| *name == "jingwei:cwe")
            .filter_map(|(_, text)| text.parse().ok())
            .collect(),
        affects: Vec::new(),
        recommendation: first("jingwei:recommendation"),
        id,
    }
}
