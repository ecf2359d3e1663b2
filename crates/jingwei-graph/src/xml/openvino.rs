use std::collections::{BTreeMap, BTreeSet};

use jingwei_core::{Limits, Text};
use jingwei_read::{Inspection, NameClass, NameTable, Source};

use super::{Element, read};
use crate::findings::{Findings, named, place};
use crate::location;

const TOLD_APART: usize = 1024;

/// Reads the `.xml` of an OpenVINO model.
pub fn inspect_openvino(source: &mut dyn Source, names: &NameTable, limits: &Limits) -> Inspection {
    let mut findings = Findings::default();
    let mut model = Model::default();
    let result = read(source, limits, &mut findings, |findings, element, parent| {
        model.element(findings, element, parent, names);
    });
    model.conclude(&mut findings);
    findings.finish(result)
}

#[derive(Default)]
struct Model {
    layers: u64,
    /// Of the layer that is being read.
    layer: String,
    /// Where the farthest weights end in the file of weights.
    weights_end: u64,
    constants: u64,
    /// Kinds of layers by their set of operators: all of a set of somebody's own, of the standard sets those that they lack.
    custom: BTreeMap<String, (BTreeSet<String>, u64)>,
}

impl Model {
    fn element(&mut self, findings: &mut Findings, element: &Element, parent: Option<&str>, names: &NameTable) {
        match element.name.as_str() {
            "net" if parent.is_none() => {
                if let Some(version) = element.attribute("version") {
                    findings.inspection.facts.more.insert("ir_version", jingwei_read::shown(version));
                }
            }
            "layer" if parent == Some("layers") => self.layer(element, names),
            "data" | "weights" | "biases" => self.data(findings, element),
            _ => {}
        }
    }

    fn layer(&mut self, element: &Element, names: &NameTable) {
        self.layers += 1;
        element.attribute("name").unwrap_or_default().clone_into(&mut self.layer);
        // Before version 10 no layer says to which set it belongs.
        let Some(set) = element.attribute("version") else { return };
        let own = set.strip_prefix("opset").is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
        let kind = element.attribute("type").unwrap_or_default();
        let is_standard = own && names.classify(&format!("openvino.{kind}")) != NameClass::Unknown;
        if is_standard || self.custom.len() >= TOLD_APART && !self.custom.contains_key(set) {
            return;
        }
        let (kinds, _) = self.custom.entry(set.to_owned()).or_insert_with(|| (BTreeSet::new(), element.at));
        if kinds.len() < TOLD_APART {
            kinds.insert(kind.to_owned());
        }
    }

    /// Where a layer's weights lie in the `.bin` beside the file.
    fn data(&mut self, findings: &mut Findings, element: &Element) {
        let place = place("层", "layer", &self.layer);
        if let Some(path) = element.attribute("file")
            && let Some(reason) = location::escape(path)
        {
            findings.escape(path, &place, reason, element.at);
        }
        let (Some(offset), Some(size)) = (element.attribute("offset"), element.attribute("size")) else { return };
        self.constants += 1;
        let end = offset.trim().parse::<u64>().ok().zip(size.trim().parse::<u64>().ok());
        match end.and_then(|(offset, size)| offset.checked_add(size)) {
            Some(end) => self.weights_end = self.weights_end.max(end),
            None => {
                let reason = Text::new("权重的位置不是有效的字节范围", "the place of its weights is no range of bytes");
                findings.lie(&self.layer, &place, reason, element.at);
            }
        }
    }

    fn conclude(self, findings: &mut Findings) {
        for (set, (kinds, at)) in self.custom {
            let kinds: Vec<_> = kinds.iter().map(String::as_str).collect();
            if location::is_native_library(&set) {
                findings.native(&set, &named(&kinds), at);
            } else {
                findings.unknown(&set, &named(&kinds), at);
            }
        }
        let facts = &mut findings.inspection.facts;
        facts.tensors = Some(self.constants);
        facts.more.insert("nodes", self.layers.to_string());
        facts.more.insert("weights_end", self.weights_end.to_string());
    }
}
