//! CycloneDX 1.2 to 1.7, by anybody.

use std::collections::BTreeMap;

use jingwei_core::Text;
use jingwei_read::shown;

use super::{
    Affected, AffectedStatus, Bom, BomError, Component, DatasetFacts, Kind, Link, LinkKind, ModelFacts,
    PerformanceMetric, SUBJECT, ServiceFacts, StatedLicence, Vulnerability, component_id, lists, refused,
};
use crate::{
    document::{Node, Value},
    lockfiles::Scope,
};

pub(super) fn read(document: &Node) -> Result<Bom, BomError> {
    let mut bom = Bom::default();
    let stated = document.get("specVersion");
    match stated.written() {
        Some("1.2" | "1.3" | "1.4" | "1.5" | "1.6" | "1.7") => {}
        Some(version) => {
            let version = shown(version);
            let (zh, en) =
                (format!("CycloneDX 版本 {version} 未知"), format!("CycloneDX version {version} is not known"));
            return Err(refused(stated.line, zh, en));
        }
        None => return Err(refused(document.line, "没有 CycloneDX 的 specVersion", "it states no specVersion")),
    }
    lists(document, &["components", "services", "dependencies", "vulnerabilities", "compositions"])?;
    let subject = document.path(&["metadata", "component"]);
    bom.subject.name = subject.get("name").text().unwrap_or_default().to_owned();
    bom.subject.version = owned(subject.get("version"));
    bom.subject.description = owned(subject.get("description"));
    bom.subject.supplier = owned(subject.path(&["supplier", "name"]));
    let mut names = Names { subject: subject.get("bom-ref").text().unwrap_or(SUBJECT).to_owned() };
    (bom.properties, bom.gaps) =
        metadata_properties(document.path(&["metadata", "properties"]), std::mem::take(&mut bom.gaps));
    components(document.get("components"), None, &mut bom);
    // Parts of the subject itself.
    components(subject.get("components"), None, &mut bom);
    for one in document.get("services").list() {
        bom.components.push(service(one));
    }
    for one in document.get("dependencies").list() {
        let Some(from) = one.get("ref").text() else { continue };
        let list = bom.dependencies.entry(names.of(from)).or_default();
        list.extend(one.get("dependsOn").texts().map(|to| names.of(to)));
    }
    bom.dependencies_known = document.get("compositions").list().iter().any(|one| {
        matches!(one.get("aggregate").text(), Some("complete" | "incomplete")) && !one.get("dependencies").is_null()
    });
    let vulnerabilities =
        document.get("vulnerabilities").list().iter().filter_map(|one| vulnerability(one, &mut names));
    bom.vulnerabilities = vulnerabilities.collect();
    Ok(bom)
}

/// The subject has one id here, whatever it is called there.
struct Names {
    subject: String,
}

impl Names {
    fn of(&mut self, reference: &str) -> String {
        if reference == self.subject { SUBJECT.to_owned() } else { component_id(reference) }
    }
}

fn owned(node: &Node) -> Option<String> {
    node.filled().map(ToOwned::to_owned)
}

fn metadata_properties(list: &Node, mut gaps: Vec<Text>) -> (BTreeMap<String, String>, Vec<Text>) {
    let mut properties = BTreeMap::new();
    let mut english: Option<String> = None;
    for (name, value) in pairs(list) {
        match name {
            "jingwei:gap.en" => english = Some(value.to_owned()),
            "jingwei:gap.zh" => gaps.push(Text::new(value, english.take().unwrap_or_else(|| value.to_owned()))),
            name => drop(properties.insert(name.to_owned(), value.to_owned())),
        }
    }
    (properties, gaps)
}

fn pairs(list: &Node) -> impl Iterator<Item = (&str, &str)> {
    list.list().iter().filter_map(|one| Some((one.get("name").text()?, one.get("value").written().unwrap_or_default())))
}

fn components(list: &Node, parent: Option<&str>, bom: &mut Bom) {
    if !matches!(list.value, Value::Null | Value::List(_)) {
        let (zh, en) = (
            format!("第 {} 行的 components 不是列表", list.line),
            format!("the components on line {} are not a list", list.line),
        );
        bom.gaps.push(Text::new(zh, en));
    }
    for one in list.list() {
        let Some(name) = one.get("name").filled() else {
            let (zh, en) = (
                format!("第 {} 行的组件没有名称", one.line),
                format!("the component on line {} has no name", one.line),
            );
            bom.gaps.push(Text::new(zh, en));
            continue;
        };
        let mut read = component(name, one);
        read.parent = parent.map(ToOwned::to_owned).or(read.properties.remove("jingwei:parent"));
        let id = read.id.clone();
        bom.components.push(read);
        components(one.get("components"), Some(&id), bom);
    }
}

fn component(name: &str, node: &Node) -> Component {
    let mut properties: BTreeMap<String, String> =
        pairs(node.get("properties")).map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let purl = owned(node.get("purl"));
    let told = properties.remove("jingwei:kind").and_then(|code| Kind::of_code(&code));
    let kind = told.unwrap_or_else(|| kind_of(node, purl.is_some()));
    // A group is part of the name for registries that have groups.
    let name = match node.get("group").filled() {
        Some(group) if !name.contains(group) => {
            let between = if purl.as_deref().is_some_and(|purl| purl.starts_with("pkg:maven/")) { ":" } else { "/" };
            format!("{group}{between}{name}")
        }
        _ => name.to_owned(),
    };
    let mut one = Component::new(kind, &name, node.get("version").filled(), purl);
    if let Some(reference) = node.get("bom-ref").filled() {
        one.id = component_id(reference);
    }
    one.supplier = owned(node.path(&["supplier", "name"])).or(owned(node.get("publisher")));
    one.description = owned(node.get("description"));
    one.scope = match (properties.remove("jingwei:scope").as_deref(), node.get("scope").text()) {
        (Some("build"), _) => Some(Scope::Build),
        (Some("dev"), _) | (_, Some("excluded")) => Some(Scope::Dev),
        (_, Some("optional")) => Some(Scope::Optional),
        (_, Some("required")) => Some(Scope::Runtime),
        _ => None,
    };
    one.hashes = node.get("hashes").list().iter().filter_map(hash).collect();
    one.licences = licences(node.get("licenses"));
    one.links = node.get("externalReferences").list().iter().filter_map(link).collect();
    if !node.get("modelCard").is_null() || kind == Kind::Model {
        one.model = Some(model(node));
    }
    if kind == Kind::Dataset {
        one.dataset = Some(dataset(node.get("data").list().first(), &mut properties));
    }
    one.properties = properties;
    one
}

fn kind_of(node: &Node, has_purl: bool) -> Kind {
    match node.get("type").text() {
        Some("machine-learning-model") => Kind::Model,
        Some("data") => Kind::Dataset,
        Some("file") if !has_purl => Kind::File,
        _ => Kind::Package,
    }
}

fn hash(node: &Node) -> Option<String> {
    let algorithm = node.get("alg").text()?.to_ascii_lowercase();
    let algorithm = match algorithm.strip_prefix("sha-") {
        Some(bits) => format!("sha{bits}"),
        None => algorithm,
    };
    Some(format!("{algorithm}:{}", node.get("content").text()?.to_ascii_lowercase()))
}

fn licences(list: &Node) -> Vec<StatedLicence> {
    let one = |node: &Node| {
        let licence = node.get("license");
        let expression = node.get("expression").filled().or(licence.get("id").filled());
        let stated = expression.or(licence.get("name").filled()).or(licence.get("url").filled())?;
        Some(StatedLicence { stated: stated.to_owned(), expression: expression.map(ToOwned::to_owned) })
    };
    list.list().iter().filter_map(one).collect()
}

fn link(node: &Node) -> Option<Link> {
    let kind = match node.get("type").text() {
        Some("distribution") => LinkKind::Distribution,
        Some("vcs") => LinkKind::Vcs,
        Some("website") => LinkKind::Website,
        Some("documentation") => LinkKind::Documentation,
        Some("model-card") => LinkKind::ModelCard,
        _ => LinkKind::Other,
    };
    Some(Link { kind, url: node.get("url").filled()?.to_owned() })
}

fn texts(node: &Node) -> Vec<String> {
    node.texts().map(ToOwned::to_owned).collect()
}

fn model(node: &Node) -> ModelFacts {
    let card = node.get("modelCard");
    let parameters = card.get("modelParameters");
    let considerations = card.get("considerations");
    let told: BTreeMap<&str, &str> = pairs(card.get("properties")).collect();
    let dataset = |one: &Node| owned(one.get("ref")).or(owned(one.get("name")));
    let metric = |one: &Node| {
        Some(PerformanceMetric {
            name: one.get("type").text()?.to_owned(),
            value: one.get("value").written().unwrap_or_default().to_owned(),
            slice: owned(one.get("slice")),
        })
    };
    let ancestor = |one: &Node| owned(one.get("purl")).or(owned(one.get("name")));
    ModelFacts {
        task: owned(parameters.get("task")),
        architecture_family: owned(parameters.get("architectureFamily")),
        architecture: owned(parameters.get("modelArchitecture")),
        parameters: told.get("jingwei:parameters").and_then(|n| n.parse().ok()),
        quantisation: told.get("jingwei:quantisation").map(|text| (*text).to_owned()),
        format: told.get("jingwei:format").map(|text| (*text).to_owned()),
        base_models: node.path(&["pedigree", "ancestors"]).list().iter().filter_map(ancestor).collect(),
        datasets: parameters.get("datasets").list().iter().filter_map(dataset).collect(),
        intended_uses: texts(considerations.get("useCases")),
        limitations: texts(considerations.get("technicalLimitations")),
        ethical_considerations: considerations
            .get("ethicalConsiderations")
            .list()
            .iter()
            .filter_map(|one| owned(one.get("name")))
            .collect(),
        metrics: card.path(&["quantitativeAnalysis", "performanceMetrics"]).list().iter().filter_map(metric).collect(),
    }
}

fn dataset(data: Option<&Node>, properties: &mut BTreeMap<String, String>) -> DatasetFacts {
    DatasetFacts {
        modality: properties.remove("jingwei:modality"),
        classification: data.and_then(|data| owned(data.get("classification"))),
        sensitive: data.map(|data| texts(data.get("sensitiveData"))).unwrap_or_default(),
        personal_data: properties.remove("jingwei:personal-data").and_then(|text| text.parse().ok()),
        collection: data.and_then(|data| owned(data.get("description"))),
        bytes: properties.remove("jingwei:bytes").and_then(|text| text.parse().ok()),
    }
}

fn service(node: &Node) -> Component {
    let name = node.get("name").text().unwrap_or("?");
    let mut one = Component::new(Kind::Service, name, node.get("version").filled(), None);
    if let Some(reference) = node.get("bom-ref").filled() {
        one.id = component_id(reference);
    }
    one.description = owned(node.get("description"));
    one.supplier = owned(node.path(&["provider", "name"]));
    one.licences = licences(node.get("licenses"));
    one.properties = pairs(node.get("properties")).map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let told = |key: &str| (!node.get(key).is_null()).then(|| node.get(key).is_true());
    one.service = Some(ServiceFacts {
        endpoints: texts(node.get("endpoints")),
        authenticated: told("authenticated"),
        crosses_boundary: told("x-trust-boundary"),
    });
    one
}

fn vulnerability(node: &Node, names: &mut Names) -> Option<Vulnerability> {
    let id = owned(node.get("id"))?;
    let rating = node.get("ratings").list().first();
    let detail = owned(node.path(&["analysis", "justification"])).or(owned(node.path(&["analysis", "detail"])));
    let state = node.path(&["analysis", "state"]).text();
    let affected = |one: &Node| {
        let status = match (one.get("versions").list().first().and_then(|version| version.get("status").text()), state)
        {
            (_, Some("not_affected" | "false_positive" | "resolved" | "resolved_with_pedigree"))
            | (Some("unaffected"), _) => AffectedStatus::Unaffected,
            (Some("unknown"), _) => AffectedStatus::Unknown,
            _ => AffectedStatus::Affected,
        };
        let justification = detail.clone().filter(|_| status == AffectedStatus::Unaffected);
        Some(Affected { component: names.of(one.get("ref").text()?), status, justification })
    };
    Some(Vulnerability {
        aliases: node.get("references").list().iter().filter_map(|one| owned(one.get("id"))).collect(),
        source: owned(node.path(&["source", "name"])),
        url: owned(node.path(&["source", "url"])),
        description: owned(node.get("description")),
        severity: rating.and_then(|rating| owned(rating.get("severity"))),
        vector: rating.and_then(|rating| owned(rating.get("vector"))),
        cwes: node.get("cwes").list().iter().filter_map(|one| one.written()?.parse().ok()).collect(),
        affects: node.get("affects").list().iter().filter_map(affected).collect(),
        recommendation: owned(node.get("recommendation")),
        id,
    })
}
