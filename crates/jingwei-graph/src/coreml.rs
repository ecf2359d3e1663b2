//! Core ML: classes that the application must bring, files that the model names, and the manifest of a package.

use std::collections::{BTreeMap, BTreeSet};

use jingwei_core::Limits;
use jingwei_read::{Inspection, NameTable, Sighting, Source, shown};
use serde::Deserialize;

use crate::findings::{Findings, Stop, named, place};
use crate::location;
use crate::wire::{Message, Span, Value, Wire};

const TOLD_APART: usize = 1024;
/// What stands for the package's own folder before the name of a file in it.
const PACKAGE: &str = "@model_path/";

/// Reads a `.mlmodel`, alone or from a package. Weights are jumped over.
pub fn inspect_coreml(source: &mut dyn Source, _names: &NameTable, limits: &Limits) -> Inspection {
    let wire = Wire::new(source, limits);
    let mut walk = Walk { wire, findings: Findings::default(), classes: BTreeSet::new(), at: 0, nodes: 0 };
    let root = walk.wire.root();
    let result = walk.model(root);
    walk.conclude();
    walk.findings.finish(result)
}

struct Walk<'s> {
    wire: Wire<'s>,
    findings: Findings,
    /// Classes that the application must have, and where the first one is named.
    classes: BTreeSet<String>,
    at: u64,
    nodes: u64,
}

impl Walk<'_> {
    fn model(&mut self, mut model: Message) -> Result<(), Stop> {
        while let Some(field) = self.wire.next(&mut model)? {
            match (field.number, field.value) {
                (1, Value::Varint(version)) => self.fact("specification", version.to_string()),
                (2, Value::Bytes(span)) => self.description(span, &model)?,
                // A pipeline stands in the first field of the two that classify and regress.
                (200 | 201, Value::Bytes(span)) => self.inner(span, &model, 1, Self::pipeline)?,
                (202, Value::Bytes(span)) => self.pipeline(span, &model)?,
                (303 | 403 | 500, Value::Bytes(span)) => self.inner(span, &model, 1, Self::layer)?,
                (502, Value::Bytes(span)) => self.inner(span, &model, 2, Self::function)?,
                (555, Value::Bytes(span)) => self.class(span, &model)?,
                (556, Value::Bytes(span)) => self.inner(span, &model, 1, Self::linked_file)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn fact(&mut self, key: &'static str, value: String) {
        self.findings.inspection.facts.more.insert(key, value);
    }

    /// Reads each message in one field of a message.
    fn inner(
        &mut self,
        span: Span,
        parent: &Message,
        number: u32,
        read: fn(&mut Self, Span, &Message) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        let mut message = self.wire.enter(span, parent)?;
        while let Some(field) = self.wire.next(&mut message)? {
            if let Value::Bytes(span) = field.value
                && field.number == number
            {
                read(self, span, &message)?;
            }
        }
        Ok(())
    }

    fn description(&mut self, span: Span, parent: &Message) -> Result<(), Stop> {
        self.inner(span, parent, 100, |walk, span, parent| {
            let mut metadata = walk.wire.enter(span, parent)?;
            while let Some(field) = walk.wire.next(&mut metadata)? {
                match (field.number, field.value) {
                    (1, Value::Bytes(span)) => walk.findings.inspection.facts.described |= span.len() > 0,
                    (3, Value::Bytes(span)) if span.len() > 0 => {
                        let author = shown(&walk.wire.name(span)?);
                        walk.fact("author", author);
                    }
                    (4, Value::Bytes(span)) if span.len() > 0 => {
                        let licence = shown(&walk.wire.name(span)?);
                        walk.findings.inspection.facts.licence = Some(licence);
                    }
                    _ => {}
                }
            }
            Ok(())
        })
    }

    fn pipeline(&mut self, span: Span, parent: &Message) -> Result<(), Stop> {
        self.inner(span, parent, 1, |walk, span, parent| {
            let model = walk.wire.enter(span, parent)?;
            walk.model(model)
        })
    }

    fn layer(&mut self, span: Span, parent: &Message) -> Result<(), Stop> {
        self.nodes += 1;
        let mut layer = self.wire.enter(span, parent)?;
        while let Some(field) = self.wire.next(&mut layer)? {
            match (field.number, field.value) {
                (500, Value::Bytes(span)) => self.class(span, &layer)?,
                // Branches and loops have networks of their own.
                (605, Value::Bytes(span)) => self.networks(span, &layer, &[1, 2])?,
                (615, Value::Bytes(span)) => self.networks(span, &layer, &[3, 4])?,
                _ => {}
            }
        }
        Ok(())
    }

    fn networks(&mut self, span: Span, parent: &Message, numbers: &[u32]) -> Result<(), Stop> {
        let mut message = self.wire.enter(span, parent)?;
        while let Some(field) = self.wire.next(&mut message)? {
            if let Value::Bytes(span) = field.value
                && numbers.contains(&field.number)
            {
                self.inner(span, &message, 1, Self::layer)?;
            }
        }
        Ok(())
    }

    /// A model or a layer whose code is a class of the application.
    fn class(&mut self, span: Span, parent: &Message) -> Result<(), Stop> {
        if self.at == 0 {
            self.at = span.start;
        }
        let before = self.classes.len();
        self.inner(span, parent, 10, |walk, span, _| {
            let name = walk.wire.name(span)?;
            if walk.classes.len() < TOLD_APART {
                walk.classes.insert(name);
            }
            Ok(())
        })?;
        if self.classes.is_empty() && before == 0 {
            self.classes.insert(String::new());
        }
        Ok(())
    }

    /// Another model by name and search path.
    fn linked_file(&mut self, span: Span, parent: &Message) -> Result<(), Stop> {
        let mut link = self.wire.enter(span, parent)?;
        while let Some(field) = self.wire.next(&mut link)? {
            if let (1 | 2, Value::Bytes(span)) = (field.number, field.value) {
                self.inner(span, &link, 1, |walk, span, _| {
                    let text = walk.wire.text(span)?;
                    for path in text.split(':') {
                        walk.path(path, "链接的模型", "linked model", span.start);
                    }
                    Ok(())
                })?;
            }
        }
        Ok(())
    }

    fn path(&mut self, path: &str, zh: &str, en: &str, at: u64) {
        let inside = path.strip_prefix(PACKAGE).unwrap_or(path);
        if let Some(reason) = location::escape(inside) {
            self.findings.escape(path, &place(zh, en, path), reason, at);
        }
    }

    /// An entry of a map from names to functions, and in it the map from names to blocks.
    fn function(&mut self, span: Span, parent: &Message) -> Result<(), Stop> {
        self.inner(span, parent, 2, |walk, span, parent| {
            walk.inner(span, parent, 3, |walk, span, parent| walk.inner(span, parent, 2, Self::block))
        })
    }

    fn block(&mut self, span: Span, parent: &Message) -> Result<(), Stop> {
        self.inner(span, parent, 3, Self::operation)
    }

    fn operation(&mut self, span: Span, parent: &Message) -> Result<(), Stop> {
        self.nodes += 1;
        let mut operation = self.wire.enter(span, parent)?;
        while let Some(field) = self.wire.next(&mut operation)? {
            match (field.number, field.value) {
                // An argument binds names, or values that stand here.
                (2, Value::Bytes(span)) => self.inner(span, &operation, 2, |walk, span, parent| {
                    walk.inner(span, parent, 1, |walk, span, parent| walk.inner(span, parent, 2, Self::value))
                })?,
                (4, Value::Bytes(span)) => self.block(span, &operation)?,
                (5, Value::Bytes(span)) => self.inner(span, &operation, 2, Self::value)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn value(&mut self, span: Span, parent: &Message) -> Result<(), Stop> {
        self.inner(span, parent, 5, |walk, span, parent| {
            walk.inner(span, parent, 1, |walk, span, _| {
                let file = walk.wire.text(span)?;
                walk.path(&file, "权重文件", "weights", span.start);
                Ok(())
            })
        })
    }

    fn conclude(&mut self) {
        if !self.classes.is_empty() {
            let classes: Vec<_> = self.classes.iter().map(String::as_str).collect();
            // No class of this kind is well known: each application has its own.
            self.findings.unknown("Core ML", &named(&classes), self.at);
        }
        if self.nodes > 0 {
            self.fact("nodes", self.nodes.to_string());
        }
    }
}

/// Whether a JSON document begins as the manifest of a Core ML package.
pub(crate) fn is_package_manifest(front: &[u8]) -> bool {
    let text = String::from_utf8_lossy(&front[..front.len().min(4096)]);
    text.trim_start().starts_with('{') && text.contains("\"itemInfoEntries\"")
}

/// Reads the `Manifest.json` of a Core ML package: the files that it names.
pub fn inspect_coreml_package(source: &mut dyn Source, _names: &NameTable, limits: &Limits) -> Inspection {
    let mut findings = Findings::default();
    let result = manifest(source, limits, &mut findings);
    findings.finish(result)
}

/// Only what is asked for is kept.
#[derive(Deserialize)]
struct Manifest {
    #[serde(rename = "itemInfoEntries", default)]
    items: BTreeMap<String, Item>,
    #[serde(rename = "rootModelIdentifier", default)]
    root: String,
}

#[derive(Deserialize)]
struct Item {
    #[serde(default)]
    path: String,
}

fn manifest(source: &mut dyn Source, limits: &Limits, findings: &mut Findings) -> Result<(), Stop> {
    let bytes = crate::whole(source, limits)?;
    let manifest: Manifest = serde_json::from_slice(&bytes).map_err(|e| crate::not_json(&e))?;
    for (key, item) in &manifest.items {
        if let Some(reason) = location::escape(&item.path) {
            findings.escape(&item.path, &place("条目", "item", key), reason, 0);
        }
    }
    if !manifest.items.contains_key(&manifest.root) {
        findings.see(Sighting::malformed(0, "清单没有指明主模型", "the manifest does not say which item is the model"));
    }
    Ok(())
}
