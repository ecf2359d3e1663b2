//! A bill of materials of an AI system: models, data, prompts, tools, services, packages and files, what needs what, and what is known to be wrong with them.

mod cyclonedx_read;
mod cyclonedx_write;
mod spdx2_read;
mod spdx3_read;
mod spdx3_write;

use std::collections::{BTreeMap, BTreeSet};

use jingwei_core::{Digest, Limits, Text, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    document::{Broken, Node, Value, json},
    lockfiles::{Located, Parsed, Scope, Source},
};

/// What a system is composed of. Components are sorted by id and each id occurs once: see [`Bom::settle`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Bom {
    pub subject: Subject,
    pub components: Vec<Component>,
    /// Which component needs which, by id; the subject's id is [`SUBJECT`].
    pub dependencies: BTreeMap<String, BTreeSet<String>>,
    pub vulnerabilities: Vec<Vulnerability>,
    pub properties: BTreeMap<String, String>,
    /// What could not be looked at or is known to be missing. Without any the list is as complete as the inputs were.
    pub gaps: Vec<Text>,
    /// Whether dependencies of packages are known: a manifest without a lockfile knows only the direct ones.
    pub dependencies_known: bool,
}

/// The id of the subject.
pub const SUBJECT: &str = "subject";

/// Ids that a written bill needs for itself; a component of that name in somebody's bill gets another one.
fn component_id(reference: &str) -> String {
    if matches!(reference, SUBJECT | "tool") { format!("component:{reference}") } else { reference.to_owned() }
}

/// The system itself.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Subject {
    pub name: String,
    pub version: Option<String>,
    pub description: Option<String>,
    pub supplier: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    Model,
    Dataset,
    Prompt,
    Tool,
    Agent,
    Service,
    Package,
    File,
}

impl Kind {
    pub const ALL: [Kind; 8] =
        [Kind::Model, Kind::Dataset, Kind::Prompt, Kind::Tool, Kind::Agent, Kind::Service, Kind::Package, Kind::File];

    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Kind::Model => "model",
            Kind::Dataset => "dataset",
            Kind::Prompt => "prompt",
            Kind::Tool => "tool",
            Kind::Agent => "agent",
            Kind::Service => "service",
            Kind::Package => "package",
            Kind::File => "file",
        }
    }

    #[must_use]
    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    #[must_use]
    pub fn label(self) -> Text {
        match self {
            Kind::Model => Text::new("模型", "model"),
            Kind::Dataset => Text::new("数据集", "dataset"),
            Kind::Prompt => Text::new("提示词", "prompt"),
            Kind::Tool => Text::new("工具", "tool"),
            Kind::Agent => Text::new("智能体", "agent"),
            Kind::Service => Text::new("服务", "service"),
            Kind::Package => Text::new("软件包", "package"),
            Kind::File => Text::new("文件", "file"),
        }
    }
}

/// A part of the system.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Component {
    /// Stable between runs; see [`Component::new`].
    pub id: String,
    pub kind: Kind,
    pub name: String,
    #[serde(default)]
    pub version: Option<String>,
    #[serde(default)]
    pub supplier: Option<String>,
    #[serde(default)]
    pub description: Option<String>,
    #[serde(default)]
    pub purl: Option<String>,
    #[serde(default)]
    pub licences: Vec<StatedLicence>,
    /// As `algorithm:hexadecimal digits`, sorted.
    #[serde(default)]
    pub hashes: Vec<String>,
    /// Where it is fetched from, documented, described.
    #[serde(default)]
    pub links: Vec<Link>,
    #[serde(default)]
    pub scope: Option<Scope>,
    /// The component that it lies in: the model of a weight file.
    #[serde(default)]
    pub parent: Option<String>,
    #[serde(default)]
    pub properties: BTreeMap<String, String>,
    #[serde(default)]
    pub model: Option<ModelFacts>,
    #[serde(default)]
    pub dataset: Option<DatasetFacts>,
    #[serde(default)]
    pub service: Option<ServiceFacts>,
}

/// A licence as somebody stated it, and as an SPDX expression where it could be read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct StatedLicence {
    pub stated: String,
    #[serde(default)]
    pub expression: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Link {
    pub kind: LinkKind,
    pub url: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LinkKind {
    Distribution,
    Vcs,
    Website,
    Documentation,
    ModelCard,
    Other,
}

/// What is known of a model.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ModelFacts {
    pub task: Option<String>,
    /// Such as `transformer`.
    pub architecture_family: Option<String>,
    /// Such as `LlamaForCausalLM`.
    pub architecture: Option<String>,
    pub parameters: Option<u64>,
    /// Such as `Q4_K_M` or `bfloat16`.
    pub quantisation: Option<String>,
    /// Such as `safetensors`.
    pub format: Option<String>,
    /// Names or package URLs of what it was made from.
    pub base_models: Vec<String>,
    /// Ids of dataset components, or names of datasets that are not listed.
    pub datasets: Vec<String>,
    pub intended_uses: Vec<String>,
    pub limitations: Vec<String>,
    pub ethical_considerations: Vec<String>,
    /// Measured performance: name, value, and what it was measured on.
    pub metrics: Vec<PerformanceMetric>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PerformanceMetric {
    pub name: String,
    pub value: String,
    #[serde(default)]
    pub slice: Option<String>,
}

/// What is known of a dataset.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DatasetFacts {
    /// Such as `text`, `image`, `audio`.
    pub modality: Option<String>,
    /// Such as `public` or `confidential`, in the owner's words.
    pub classification: Option<String>,
    /// What is sensitive in it; empty and `personal_data` unset means that nobody said.
    pub sensitive: Vec<String>,
    pub personal_data: Option<bool>,
    /// Who collected it and how.
    pub collection: Option<String>,
    pub bytes: Option<u64>,
}

/// What is known of a service that the system calls.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ServiceFacts {
    pub endpoints: Vec<String>,
    pub authenticated: Option<bool>,
    /// Data leaves the operator's own domain.
    pub crosses_boundary: Option<bool>,
}

/// An advisory that meets a component. The caller fills it from what it matched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vulnerability {
    pub id: String,
    #[serde(default)]
    pub aliases: Vec<String>,
    #[serde(default)]
    pub source: Option<String>,
    #[serde(default)]
    pub url: Option<String>,
    #[serde(default)]
    pub description: Option<String>,
    /// `critical`, `high`, `medium`, `low`.
    #[serde(default)]
    pub severity: Option<String>,
    /// A CVSS vector.
    #[serde(default)]
    pub vector: Option<String>,
    #[serde(default)]
    pub cwes: Vec<u32>,
    /// Ids of components with the verdict on each.
    pub affects: Vec<Affected>,
    #[serde(default)]
    pub recommendation: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Affected {
    pub component: String,
    pub status: AffectedStatus,
    /// Why not, in VEX's words.
    #[serde(default)]
    pub justification: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AffectedStatus {
    Affected,
    Unaffected,
    /// The version is not known or cannot be compared.
    Unknown,
}

/// What a written bill says about its making. All of it is an input, so that a re-run gives the same bytes.
#[derive(Debug, Clone, Copy)]
pub struct Making<'a> {
    pub at: Timestamp,
    pub tool: &'a str,
    pub tool_version: &'a str,
}

impl Component {
    /// The id is the package URL, or the kind with the name and version.
    #[must_use]
    pub fn new(kind: Kind, name: &str, version: Option<&str>, purl: Option<String>) -> Self {
        let id = purl.clone().unwrap_or_else(|| match version {
            Some(version) => format!("{}:{name}@{version}", kind.code()),
            None => format!("{}:{name}", kind.code()),
        });
        Self {
            id,
            kind,
            name: name.to_owned(),
            version: version.map(ToOwned::to_owned),
            supplier: None,
            description: None,
            purl,
            licences: Vec::new(),
            hashes: Vec::new(),
            links: Vec::new(),
            scope: None,
            parent: None,
            properties: BTreeMap::new(),
            model: None,
            dataset: None,
            service: None,
        }
    }

    /// A package as a lockfile lists it. A version that nothing pins stays out, and its range becomes a property.
    #[must_use]
    pub fn of_package(located: &Located) -> Self {
        let package = &located.package;
        let conda = package.name.strip_prefix("conda/");
        let mut purl = package.purl();
        if let Some(rest) = purl.strip_prefix("pkg:generic/conda/") {
            purl = format!("pkg:conda/{rest}");
        }
        let local = matches!(located.source, Source::Path { .. });
        let purl = (!local).then_some(purl);
        let mut component = Self::new(Kind::Package, conda.unwrap_or(&package.name), package.version.as_deref(), purl);
        component.scope = Some(located.scope);
        component.hashes = located.hashes.iter().filter(|hash| !hash.starts_with("h1:")).cloned().collect();
        component.licences =
            located.licences.iter().map(|stated| StatedLicence { stated: stated.clone(), expression: None }).collect();
        let place = format!("{}:{}", located.place.path, located.place.line);
        component.properties.insert("jingwei:place".to_owned(), place);
        if let Some(requirement) = &located.requirement {
            component.id = format!("{} {requirement}", component.id);
            component.properties.insert("jingwei:requirement".to_owned(), requirement.clone());
        }
        match &located.source {
            Source::Git { url, commit } => {
                let url = commit.as_ref().map_or_else(|| url.clone(), |commit| format!("{url}#{commit}"));
                component.links.push(Link { kind: LinkKind::Vcs, url });
            }
            Source::Url { url } | Source::Registry { url: Some(url) } => {
                component.links.push(Link { kind: LinkKind::Distribution, url: url.clone() });
            }
            Source::Registry { url: None } | Source::Path { .. } => {}
        }
        component
    }
}

impl Bom {
    /// Adds what a lockfile lists, and what it says needs what.
    pub fn add_packages(&mut self, parsed: &Parsed) {
        let components: Vec<Component> = parsed.packages.iter().map(Component::of_package).collect();
        for (from, to) in &parsed.links {
            if let (Some(from), Some(to)) = (components.get(*from), components.get(*to)) {
                self.dependencies.entry(from.id.clone()).or_default().insert(to.id.clone());
            }
        }
        for (located, component) in parsed.packages.iter().zip(&components) {
            if located.direct == Some(true) {
                self.dependencies.entry(SUBJECT.to_owned()).or_default().insert(component.id.clone());
            }
        }
        self.dependencies_known |= !parsed.links.is_empty();
        for problem in &parsed.problems {
            let place = format!("{}:{}", problem.place.path, problem.place.line);
            let (zh, en) = (format!("{place} {}", problem.reason.zh), format!("{place} {}", problem.reason.en));
            self.gaps.push(Text::new(zh, en));
        }
        self.components.extend(components);
    }

    /// Brings it into the order and form in which it is written and compared: components by id, those of the same id made one.
    pub fn settle(&mut self) {
        let mut by_id: BTreeMap<String, Component> = BTreeMap::new();
        for component in std::mem::take(&mut self.components) {
            match by_id.get_mut(&component.id) {
                Some(known) => known.absorb(component),
                None => {
                    by_id.insert(component.id.clone(), component);
                }
            }
        }
        self.components = by_id.into_values().collect();
        for component in &mut self.components {
            component.licences.sort();
            component.licences.dedup();
            component.hashes.sort_unstable();
            component.hashes.dedup();
            component.links.sort();
            component.links.dedup();
        }
        let known: BTreeSet<&str> = self.components.iter().map(|one| one.id.as_str()).chain([SUBJECT]).collect();
        self.dependencies.retain(|from, _| known.contains(from.as_str()));
        for (from, list) in &mut self.dependencies {
            list.retain(|to| known.contains(to.as_str()) && to != from);
        }
        self.dependencies.retain(|_, list| !list.is_empty());
        for one in &mut self.vulnerabilities {
            one.affects.sort();
            one.affects.dedup();
            one.aliases.sort_unstable();
            one.aliases.dedup();
        }
        self.vulnerabilities.sort_by(|a, b| a.id.cmp(&b.id));
        self.gaps.sort();
        self.gaps.dedup();
    }

    #[must_use]
    pub fn component(&self, id: &str) -> Option<&Component> {
        self.components.binary_search_by(|one| one.id.as_str().cmp(id)).ok().map(|at| &self.components[at])
    }

    /// CycloneDX 1.7 as JSON (ECMA-424), with two spaces and a line's end.
    #[must_use]
    pub fn to_cyclonedx(&self, making: &Making<'_>) -> String {
        written(&cyclonedx_write::document(&self.settled(), making))
    }

    /// SPDX 3.0.1 as JSON-LD, with the AI and Dataset profiles.
    #[must_use]
    pub fn to_spdx(&self, making: &Making<'_>) -> String {
        written(&spdx3_write::document(&self.settled(), making))
    }

    fn settled(&self) -> Self {
        let mut copy = self.clone();
        copy.settle();
        copy
    }

    /// Stable while the content is: the digest of the settled bill.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let text = serde_json::to_string(&self.settled()).unwrap_or_default();
        Digest::of(text.as_bytes())
    }
}

impl Component {
    /// Takes over what the other one knows and this one does not.
    fn absorb(&mut self, other: Component) {
        self.licences.extend(other.licences);
        self.hashes.extend(other.hashes);
        self.links.extend(other.links);
        self.version = self.version.take().or(other.version);
        self.supplier = self.supplier.take().or(other.supplier);
        self.description = self.description.take().or(other.description);
        self.parent = self.parent.take().or(other.parent);
        self.model = self.model.take().or(other.model);
        self.dataset = self.dataset.take().or(other.dataset);
        self.service = self.service.take().or(other.service);
        self.scope = match (self.scope, other.scope) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        for (key, value) in other.properties {
            self.properties.entry(key).or_insert(value);
        }
    }
}

fn written(document: &serde_json::Value) -> String {
    // A value of our own making can always be written.
    let mut text = serde_json::to_string_pretty(document).unwrap_or_default();
    text.push('\n');
    text
}

/// A UUID of version 8 (RFC 9562) made of a digest.
fn uuid(digest: Digest) -> String {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest.0[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// A document is no bill that is known here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BomError {
    #[error("line {line}: {}", reason.en)]
    Malformed { line: u32, reason: Text },
    #[error("it is neither CycloneDX 1.2 to 1.7 nor SPDX 2.2, 2.3 or 3.0 as JSON")]
    Unknown,
}

impl BomError {
    #[must_use]
    pub fn text(&self) -> Text {
        match self {
            BomError::Malformed { line, reason } => {
                Text::new(format!("第 {line} 行：{}", reason.zh), format!("line {line}: {}", reason.en))
            }
            BomError::Unknown => Text::new(
                "既不是 CycloneDX 1.2 至 1.7，也不是 SPDX 2.2、2.3 或 3.0 的 JSON",
                "it is neither CycloneDX 1.2 to 1.7 nor SPDX 2.2, 2.3 or 3.0 as JSON",
            ),
        }
    }
}

/// The notation that a bill was read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BomFormat {
    CycloneDx,
    Spdx2,
    Spdx3,
}

fn refused(line: u32, zh: impl Into<String>, en: impl Into<String>) -> BomError {
    BomError::Malformed { line, reason: Text::new(zh, en) }
}

/// What a bill lists has to be a list; another value would pass for an empty one.
fn lists(document: &Node, keys: &[&str]) -> Result<(), BomError> {
    for key in keys {
        let node = document.get(key);
        if !matches!(node.value, Value::Null | Value::List(_)) {
            return Err(refused(node.line, format!("“{key}”不是列表"), format!("\"{key}\" is not a list")));
        }
    }
    Ok(())
}

/// Reads anybody's bill: CycloneDX 1.2–1.7, SPDX 2.2–2.3 or SPDX 3.0, as JSON. What it says and is not understood becomes a gap.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<(Bom, BomFormat), BomError> {
    if bytes.len() as u64 > limits.header_bytes {
        let crossed = Broken::crossed(1, "header_bytes", limits.header_bytes);
        return Err(BomError::Malformed { line: 1, reason: crossed.reason });
    }
    let text = String::from_utf8_lossy(bytes);
    let document = json(&text, limits).map_err(|e| BomError::Malformed { line: e.line, reason: e.reason })?;
    let (mut bom, format) = if document.get("bomFormat").text() == Some("CycloneDX") {
        (cyclonedx_read::read(&document)?, BomFormat::CycloneDx)
    } else if document.get("spdxVersion").text().is_some_and(|version| version.starts_with("SPDX-2")) {
        (spdx2_read::read(&document)?, BomFormat::Spdx2)
    } else if !document.get("@graph").is_null() || document.get("@context").text().is_some_and(|c| c.contains("spdx")) {
        lists(&document, &["@graph"])?;
        (spdx3_read::read(&document), BomFormat::Spdx3)
    } else {
        return Err(BomError::Unknown);
    };
    bom.settle();
    Ok((bom, format))
}
