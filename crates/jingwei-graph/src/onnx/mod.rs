//! ONNX models: what their operators reach, where their weights lie, and whether they say the truth about them.

mod ensemble;
mod growth;
mod json;
mod loops;
mod schema;
mod session;
mod spelled;
mod tensor;
mod text;

use std::collections::{BTreeMap, BTreeSet};

use jingwei_core::{Limits, Text};
use jingwei_read::{Inspection, NameClass, NameTable, Nested, Sighting, Source};

use crate::findings::{Findings, Stop, named, place};
use crate::functions::Functions;
use crate::location;
use crate::wire::{Field, Message, Span, Value, Wire};
use ensemble::Ensemble;
use growth::Scope;
use loops::Loops;
pub use spelled::{inspect_onnx_json, inspect_onnx_text};
pub(crate) use spelled::{is_json, is_text};
pub(crate) use tensor::bits;

/// Domains, and external files, that are told apart.
const TOLD_APART: usize = 256;
/// Inputs of one node that are kept.
const INPUTS: usize = 64;

/// Reads an ONNX model. Weights are jumped over.
pub fn inspect_onnx(source: &mut dyn Source, names: &NameTable, limits: &Limits) -> Inspection {
    let mut walk = Walk::new(source, names, limits);
    let result = walk.model();
    if matches!(result, Err(Stop::Limit("depth", _))) {
        // Readers of protobuf stop at a hundred messages within each other, so no exporter goes so deep.
        let (zh, en) = ("子图或消息嵌套过深", "its subgraphs or messages lie too deep within each other");
        let bomb = Sighting::new("model.graph-bomb").key("subgraphs").with("name", "graph");
        walk.findings.see(bomb.with_text("reason", Text::new(zh, en)));
    }
    walk.conclude();
    walk.findings.finish(result)
}

/// Reads one ONNX tensor in a file of its own.
pub fn inspect_onnx_tensor(source: &mut dyn Source, names: &NameTable, limits: &Limits) -> Inspection {
    let mut walk = Walk::new(source, names, limits);
    let root = walk.wire.root();
    let result = walk.tensor(root, true).map(drop);
    walk.conclude();
    walk.findings.finish(result)
}

pub(crate) struct Walk<'s, 'n> {
    wire: Wire<'s>,
    names: &'n NameTable,
    limits: Limits,
    findings: Findings,
    nodes: u64,
    tensors: u64,
    parameters: u128,
    opsets: BTreeMap<String, u64>,
    /// Domains that no list has, with operators and where the first one stands.
    custom: BTreeMap<String, Custom>,
    functions: Functions,
    /// Name and version of the program that wrote the file.
    producer: [String; 2],
    external: BTreeSet<String>,
    /// Where in such a file the farthest weights end.
    external_end: BTreeMap<String, u64>,
    /// Graphs that are being read, from the outside to the inside.
    scopes: Vec<Scope>,
    loops: Loops,
}

#[derive(Default)]
struct Custom {
    operators: BTreeSet<(String, u32)>,
    at: u64,
    /// Its library is well known.
    is_known: bool,
}

#[derive(Default)]
struct Node {
    name: String,
    inputs: Vec<String>,
    output: String,
    operator: String,
    domain: String,
    overload: String,
    /// A path to a compiled model beside this one, if it is not inside.
    context: Option<(String, u64)>,
    /// Whether that is inside; where nothing is said, it is.
    context_inside: Option<bool>,
    /// What was compiled, where it is inside.
    compiled: Option<Span>,
    /// A constant that it gives, or a shape by which it makes one.
    values: Vec<f64>,
    /// Texts that may be paths.
    texts: Vec<(String, u64)>,
    ensemble: Ensemble,
    /// The last graph that it holds.
    body: Option<usize>,
}

/// The numbers or texts of an attribute that is a list.
#[derive(Default)]
struct List {
    numbers: Vec<i64>,
    /// They stand together, and are read once the attribute's name is known.
    packed: Vec<Span>,
    /// Whether each text is that of a leaf.
    leaves: Vec<bool>,
}

impl List {
    fn add(&mut self, value: u64) {
        if self.numbers.len() < ensemble::MOST {
            self.numbers.push(value.cast_signed());
        }
    }
}

impl<'s, 'n> Walk<'s, 'n> {
    fn new(source: &'s mut dyn Source, names: &'n NameTable, limits: &Limits) -> Self {
        Self {
            wire: Wire::new(source, limits),
            names,
            limits: *limits,
            findings: Findings::default(),
            nodes: 0,
            tensors: 0,
            parameters: 0,
            opsets: BTreeMap::new(),
            custom: BTreeMap::new(),
            functions: Functions::default(),
            producer: Default::default(),
            external: BTreeSet::new(),
            external_end: BTreeMap::new(),
            scopes: Vec::new(),
            loops: Loops::default(),
        }
    }

    fn model(&mut self) -> Result<(), Stop> {
        let mut model = self.wire.root();
        while let Some(field) = self.wire.next(&mut model)? {
            match (field.number, field.value) {
                (1, Value::Varint(version)) => self.fact("ir_version", version.to_string()),
                (2 | 3, Value::Bytes(span)) => self.producer[field.number as usize - 2] = self.wire.name(span)?,
                (6, Value::Bytes(span)) => {
                    self.findings.inspection.facts.described |= span.len() > 0;
                    let text = self.wire.text(span)?;
                    self.findings.note("doc_string", &text);
                }
                (7, Value::Bytes(span)) => {
                    let graph = self.wire.enter(span, &model)?;
                    self.graph(graph)?;
                }
                (8, Value::Bytes(span)) => {
                    let opset = self.wire.enter(span, &model)?;
                    self.opset(opset)?;
                }
                (14, Value::Bytes(span)) => self.metadata(span, &model)?,
                (20, Value::Bytes(span)) => self.training(span, &model)?,
                (25, Value::Bytes(span)) => {
                    let function = self.wire.enter(span, &model)?;
                    self.function(function)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn fact(&mut self, key: &'static str, value: String) {
        self.findings.inspection.facts.more.insert(key, jingwei_read::shown(&value));
    }

    fn opset(&mut self, mut opset: Message) -> Result<(), Stop> {
        let (mut domain, mut version) = (String::new(), 0);
        while let Some(field) = self.wire.next(&mut opset)? {
            match (field.number, field.value) {
                (1, Value::Bytes(span)) => domain = self.wire.name(span)?,
                (2, Value::Varint(number)) => version = number,
                _ => {}
            }
        }
        if self.opsets.len() < TOLD_APART {
            self.opsets.insert(whole_domain(&domain).to_owned(), version);
        }
        Ok(())
    }

    fn metadata(&mut self, span: Span, parent: &Message) -> Result<(), Stop> {
        let entry = self.wire.enter(span, parent)?;
        let (key, value, entry_start) = self.key_value(entry)?;
        match key.to_ascii_lowercase().as_str() {
            "license" | "licence" | "licenses" if !value.is_empty() => {
                self.findings.inspection.facts.licence = Some(jingwei_read::shown(&value));
            }
            "description" | "doc_string" => self.findings.inspection.facts.described |= !value.is_empty(),
            _ => {}
        }
        self.findings.note(&key, &value);
        if key == "ort_config" {
            session::judge(&value, entry_start, &mut self.findings);
            // What a configuration may hold, it may hold here.
            let name = format!("{key}.json");
            let offset = entry_start;
            self.findings.inspection.nested.push(Nested { name, offset, bytes: value.into_bytes() });
        }
        Ok(())
    }

    /// Key, value and where the value begins.
    fn key_value(&mut self, mut entry: Message) -> Result<(String, String, u64), Stop> {
        let (mut key, mut value, mut at) = (String::new(), String::new(), entry.start);
        while let Some(field) = self.wire.next(&mut entry)? {
            match (field.number, field.value) {
                (1, Value::Bytes(span)) => key = self.wire.name(span)?,
                (2, Value::Bytes(span)) => {
                    at = span.start;
                    value = self.wire.text(span)?;
                }
                _ => {}
            }
        }
        Ok((key, value, at))
    }

    fn training(&mut self, span: Span, parent: &Message) -> Result<(), Stop> {
        let mut training = self.wire.enter(span, parent)?;
        while let Some(field) = self.wire.next(&mut training)? {
            if let (1 | 2, Value::Bytes(span)) = (field.number, field.value) {
                let graph = self.wire.enter(span, &training)?;
                self.graph(graph)?;
            }
        }
        Ok(())
    }

    fn function(&mut self, mut function: Message) -> Result<(), Stop> {
        let (mut name, mut domain, mut overload) = (String::new(), String::new(), String::new());
        self.functions.begin();
        self.scopes.push(Scope::default());
        self.loops.begin_function();
        while let Some(field) = self.wire.next(&mut function)? {
            match (field.number, field.value) {
                (1, Value::Bytes(span)) => name = self.wire.name(span)?,
                (7, Value::Bytes(span)) => {
                    let node = self.wire.enter(span, &function)?;
                    self.node(node)?;
                }
                (10, Value::Bytes(span)) => domain = self.wire.name(span)?,
                (11, Value::Bytes(span)) => {
                    let attribute = self.wire.enter(span, &function)?;
                    self.attribute(attribute, &mut Node::default())?;
                }
                (13, Value::Bytes(span)) => overload = self.wire.name(span)?,
                _ => {}
            }
        }
        self.functions.end(&whole_name(whole_domain(&domain), &name, &overload));
        self.close_scope();
        Ok(())
    }

    /// The answer is its number among all graphs.
    fn graph(&mut self, graph: Message) -> Result<usize, Stop> {
        self.scopes.push(Scope::default());
        let number = self.loops.begin();
        let result = self.parts(graph);
        self.close_scope();
        result.map(|()| number)
    }

    fn close_scope(&mut self) {
        self.loops.end();
        if let Some(scope) = self.scopes.pop() {
            for bomb in scope.close(self.scopes.last_mut()) {
                self.findings.see(bomb);
            }
        }
    }

    fn parts(&mut self, mut graph: Message) -> Result<(), Stop> {
        while let Some(field) = self.wire.next(&mut graph)? {
            match (field.number, field.value) {
                (1, Value::Bytes(span)) => {
                    let node = self.wire.enter(span, &graph)?;
                    self.node(node)?;
                }
                (5, Value::Bytes(span)) => {
                    let tensor = self.wire.enter(span, &graph)?;
                    let (name, values) = self.tensor(tensor, true)?;
                    self.loops.constant(&name, &values);
                    if let Some(scope) = self.scopes.last_mut() {
                        scope.constant(&name, values);
                    }
                }
                (11 | 12, Value::Bytes(span)) => {
                    let value = self.wire.enter(span, &graph)?;
                    let name = self.value_name(value)?;
                    self.loops.end_of_graph(name, field.number == 11);
                }
                (15, Value::Bytes(span)) => {
                    let sparse = self.wire.enter(span, &graph)?;
                    self.sparse_tensor(sparse)?;
                }
                (10, Value::Bytes(span)) => {
                    self.findings.inspection.facts.described |= span.len() > 0;
                    let text = self.wire.text(span)?;
                    self.findings.note("doc_string", &text);
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The name of what comes into a graph or goes out of it.
    fn value_name(&mut self, mut value: Message) -> Result<String, Stop> {
        let mut name = String::new();
        while let Some(field) = self.wire.next(&mut value)? {
            if let (1, Value::Bytes(span)) = (field.number, field.value) {
                name = self.wire.name(span)?;
            }
        }
        Ok(name)
    }

    fn sparse_tensor(&mut self, mut sparse: Message) -> Result<(), Stop> {
        while let Some(field) = self.wire.next(&mut sparse)? {
            if let (1 | 2, Value::Bytes(span)) = (field.number, field.value) {
                let tensor = self.wire.enter(span, &sparse)?;
                self.tensor(tensor, field.number == 1)?;
            }
        }
        Ok(())
    }

    fn node(&mut self, mut message: Message) -> Result<(), Stop> {
        let mut node = Node::default();
        while let Some(field) = self.wire.next(&mut message)? {
            let Value::Bytes(span) = field.value else { continue };
            match field.number {
                1 if node.inputs.len() < INPUTS => node.inputs.push(self.wire.name(span)?),
                2 if node.output.is_empty() => node.output = self.wire.name(span)?,
                3 => node.name = self.wire.name(span)?,
                4 => node.operator = self.wire.name(span)?,
                5 => {
                    let attribute = self.wire.enter(span, &message)?;
                    self.attribute(attribute, &mut node)?;
                }
                7 => node.domain = self.wire.name(span)?,
                8 => node.overload = self.wire.name(span)?,
                _ => {}
            }
        }
        self.nodes += 1;
        self.judge(&node, message.start);
        if node.operator.starts_with("TreeEnsemble") {
            node.ensemble.gather();
            if node.ensemble.is_cut() {
                self.findings.overflows("nodes", ensemble::MOST);
            }
            node.ensemble.faults().report(&mut self.findings);
        }
        self.grow(node, message.start);
        Ok(())
    }

    fn grow(&mut self, mut node: Node, at: u64) {
        let Some(scope) = self.scopes.last_mut().filter(|_| whole_domain(&node.domain) == "ai.onnx") else { return };
        let label = if node.name.is_empty() { &node.output } else { &node.name };
        match node.operator.as_str() {
            "Constant" => self.loops.constant(&node.output, &node.values),
            "Loop" => self.loops.meet(label, &node.inputs, node.body, at),
            operator => self.loops.node(operator, &node.output, &node.inputs),
        }
        match node.operator.as_str() {
            "Constant" => scope.constant(&node.output, node.values),
            "RandomNormal" | "RandomUniform" => {
                scope.shaped(&node.operator, label, std::mem::take(&mut node.values), at);
            }
            operator => scope.node(operator, label, &node.inputs, at),
        }
    }

    fn attribute(&mut self, mut attribute: Message, node: &mut Node) -> Result<(), Stop> {
        let (mut name, mut text, mut number) = (String::new(), None, None);
        let mut numbers = Vec::new();
        let mut list = List::default();
        while let Some(field) = self.wire.next(&mut attribute)? {
            match (field.number, field.value) {
                (1, Value::Bytes(span)) => name = self.wire.name(span)?,
                (3, Value::Varint(value)) => number = Some(value),
                (4, Value::Bytes(span)) => text = Some(span),
                (5, Value::Bytes(span)) => {
                    let tensor = self.wire.enter(span, &attribute)?;
                    node.values = self.tensor(tensor, false)?.1;
                }
                (8, Value::Varint(value)) => {
                    if numbers.len() < growth::LONGEST {
                        numbers.push(tensor::number(value));
                    }
                    list.add(value);
                }
                (8, Value::Bytes(span)) => {
                    if span.len() <= 160 {
                        self.wire.packed(span, |value| numbers.push(tensor::number(value)))?;
                    }
                    list.packed.push(span);
                }
                (9, Value::Bytes(span)) if list.leaves.len() < ensemble::MOST => {
                    list.leaves.push(self.wire.front(span, 5)? == ensemble::LEAF);
                }
                (6 | 11, Value::Bytes(span)) => {
                    let graph = self.wire.enter(span, &attribute)?;
                    node.body = Some(self.graph(graph)?);
                }
                (_, Value::Bytes(span)) => self.attribute_value(field, span, &attribute)?,
                _ => {}
            }
        }
        if name == "nodes_modes" {
            node.ensemble.leaves = list.leaves;
        } else if name.starts_with("nodes_") || ensemble::LISTS.contains(&name.as_str()) {
            for span in std::mem::take(&mut list.packed) {
                self.wire.packed(span, |value| list.add(value))?;
            }
            node.ensemble.keep(&name, list.numbers);
        }
        if name == "ep_cache_context" {
            node.compiled = text;
        }
        match (name.as_str(), text, number) {
            ("ep_cache_context", Some(span), _) if span.len() <= 4096 => {
                node.context = Some((self.wire.text(span)?, span.start));
            }
            ("embed_mode", _, Some(mode)) => node.context_inside = Some(mode == 1),
            ("value_int", _, Some(value)) => node.values = vec![tensor::number(value)],
            ("value_ints" | "shape", ..) if !numbers.is_empty() => node.values = numbers,
            (_, Some(span), _) if span.len() <= 512 && node.texts.len() < 8 => {
                node.texts.push((self.wire.text(span)?, span.start));
            }
            _ => {}
        }
        Ok(())
    }

    fn attribute_value(&mut self, field: Field, span: Span, parent: &Message) -> Result<(), Stop> {
        match field.number {
            10 => {
                let tensor = self.wire.enter(span, parent)?;
                self.tensor(tensor, false)?;
                Ok(())
            }
            22 | 23 => {
                let mut sparse = self.wire.enter(span, parent)?;
                while let Some(field) = self.wire.next(&mut sparse)? {
                    if let (1 | 2, Value::Bytes(span)) = (field.number, field.value) {
                        let tensor = self.wire.enter(span, &sparse)?;
                        self.tensor(tensor, false)?;
                    }
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn judge(&mut self, node: &Node, at: u64) {
        let domain = whole_domain(&node.domain);
        let name = format!("{domain}.{}", node.operator);
        let called = self.functions.call(&whole_name(domain, &node.operator, &node.overload));
        let label = if node.name.is_empty() { &node.output } else { &node.name };
        let anywhere = self.names.classify(&format!("onnx.operator.{}", node.operator));
        match (anywhere, self.names.classify(&name)) {
            (NameClass::Dangerous(effect), _) | (_, NameClass::Dangerous(effect)) => {
                self.findings.dangerous(&name, effect, &place("节点", "node", label), at);
            }
            (NameClass::Review, _) | (_, NameClass::Review) => {
                self.findings.review(&name, &place("节点", "node", label), at)
            }
            _ => self.judge_domain(domain, &node.operator, called, label, at),
        }
        if let Some(span) = node.compiled.filter(|_| node.context_inside != Some(false)) {
            // Nobody but the driver of the device knows what was compiled.
            self.findings.review(&name, &place("节点", "node", label), at);
            self.findings.pickle(label, span.start, span.len());
        }
        if let Some((path, at)) = &node.context
            && node.context_inside != Some(true)
            && let Some(reason) = location::escape(path)
        {
            self.findings.escape(path, &place("节点", "node", label), reason, *at);
        }
        // An operator from elsewhere opens what its attribute names; those of the standard open nothing.
        for (path, at) in node.texts.iter().filter(|(text, _)| domain != "ai.onnx" && location::is_far(text)) {
            if let Some(reason) = location::escape(path) {
                self.findings.escape(path, &place("节点", "node", label), reason, *at);
            }
        }
    }

    fn judge_domain(&mut self, domain: &str, operator: &str, called: u32, label: &str, at: u64) {
        match self.names.classify(domain) {
            NameClass::Allowed { when: None } => {}
            NameClass::Dangerous(effect) => {
                self.findings.dangerous(&format!("{domain}.{operator}"), effect, &place("节点", "node", label), at);
            }
            NameClass::Review => {
                self.findings.review(&format!("{domain}.{operator}"), &place("节点", "node", label), at)
            }
            class if self.custom.len() < TOLD_APART || self.custom.contains_key(domain) => {
                let is_known = class != NameClass::Unknown;
                let new = || Custom { at, is_known, ..Custom::default() };
                let custom = self.custom.entry(domain.to_owned()).or_insert_with(new);
                if custom.operators.len() < TOLD_APART {
                    custom.operators.insert((operator.to_owned(), called));
                }
            }
            NameClass::Allowed { .. } | NameClass::Unknown => {}
        }
    }

    fn conclude(&mut self) {
        for (domain, custom) in std::mem::take(&mut self.custom) {
            let missing: Vec<_> = custom
                .operators
                .iter()
                .filter(|(_, function)| !self.functions.is_defined(*function))
                .map(|(operator, _)| operator.as_str())
                .collect();
            if missing.is_empty() {
                continue;
            }
            let operators = named(&missing);
            if location::is_native_library(&domain) {
                self.findings.native(&domain, &operators, custom.at);
            } else if custom.is_known {
                self.findings.custom(&domain, &operators, custom.at);
            } else {
                self.findings.unknown(&domain, &operators, custom.at);
            }
        }
        for bomb in self.functions.bombs(self.nodes, &self.limits) {
            self.findings.see(bomb);
        }
        self.loops.judge(&mut self.findings);
        let producer = self.producer.join(" ");
        if !producer.trim().is_empty() {
            self.fact("producer", producer.trim().to_owned());
        }
        if self.nodes > 0 {
            self.fact("nodes", self.nodes.to_string());
        }
        if !self.opsets.is_empty() {
            let opsets: Vec<_> = self
                .opsets
                .iter()
                .map(|(domain, version)| format!("{} {version}", jingwei_read::shown(domain)))
                .collect();
            self.findings.inspection.facts.more.insert("opset", opsets.join(", "));
        }
        if !self.external.is_empty() {
            let files: Vec<_> = self.external.iter().map(String::as_str).collect();
            self.findings.inspection.facts.more.insert("external_data", files.join("\n"));
        }
        if !self.external_end.is_empty() {
            let ends: Vec<_> = self.external_end.iter().map(|(file, end)| format!("{end} {file}")).collect();
            self.findings.inspection.facts.more.insert("external_end", ends.join("\n"));
        }
        let facts = &mut self.findings.inspection.facts;
        facts.tensors = Some(self.tensors);
        facts.parameters = Some(u64::try_from(self.parameters).unwrap_or(u64::MAX));
    }
}

/// The default domain has two spellings.
fn whole_domain(domain: &str) -> &str {
    if domain.is_empty() { "ai.onnx" } else { domain }
}

/// A function by all that tells it from others.
fn whole_name(domain: &str, name: &str, overload: &str) -> String {
    if overload.is_empty() { format!("{domain}.{name}") } else { format!("{domain}.{name}.{overload}") }
}

fn tensor_place(name: &str) -> Text {
    place("张量", "tensor", name)
}
