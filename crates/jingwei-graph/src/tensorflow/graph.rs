use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};

use jingwei_core::Text;
use jingwei_read::{Effect, NameClass, NameTable, shown};

use super::Walk;
use super::loops::Signature;
use super::node::Node;
use crate::findings::{Findings, Stop, named, place};
use crate::location;
use crate::wire::{Message, Value};

/// Operators that hand a text on, so that a path may come through them.
const HANDS_ON: [&str; 10] = [
    "Identity",
    "IdentityN",
    "PlaceholderWithDefault",
    "StringJoin",
    "ShardedFilename",
    "Pack",
    "Reshape",
    "Squeeze",
    "ExpandDims",
    "ConcatV2",
];
/// How many of them are followed.
const FOLLOWED: usize = 64;
/// Texts that are kept of one graph only to be shown, and those that matter.
const SHOWN: usize = 4096;
const KEPT: usize = 100_000;

/// What the operators of a file are.
pub(super) struct Operators<'n> {
    names: &'n NameTable,
    nodes: u64,
    /// Names that no list has.
    unknown: Met,
    /// Those of libraries that are well known and have to be installed.
    companions: Met,
    /// Constants that the loader replaces by the path of an asset.
    pub assets: HashSet<String>,
    /// Functions of the file's own library may stand where an operator stands.
    functions: HashSet<String>,
}

/// Names of operators, and where the first of them stands.
#[derive(Default)]
struct Met {
    names: BTreeSet<String>,
    at: u64,
}

impl Met {
    fn meet(&mut self, node: Node) {
        if self.names.is_empty() {
            self.at = node.at;
        }
        if self.names.len() < SHOWN {
            self.names.insert(node.operator);
        }
    }
}

/// The nodes of one graph or function by which a path is traced back.
#[derive(Default)]
struct Trace {
    texts: HashMap<String, Vec<String>>,
    hands_on: HashMap<String, Vec<String>>,
    open: Vec<Node>,
}

impl Walk<'_, '_> {
    pub(super) fn graph(&mut self, mut graph: Message) -> Result<(), Stop> {
        let mut trace = Trace::default();
        self.loops.begin_graph();
        while let Some(field) = self.wire.next(&mut graph)? {
            let Value::Bytes(span) = field.value else { continue };
            match field.number {
                1 => {
                    let message = self.wire.enter(span, &graph)?;
                    let node = self.node(message)?;
                    self.loops.meet(&node);
                    self.operators.meet(node, &mut trace, &mut self.findings);
                }
                2 => {
                    let library = self.wire.enter(span, &graph)?;
                    self.library(library)?;
                    self.loops.back_in_graph();
                }
                _ => {}
            }
        }
        self.operators.judge(trace, &mut self.findings);
        Ok(())
    }

    fn library(&mut self, mut library: Message) -> Result<(), Stop> {
        while let Some(field) = self.wire.next(&mut library)? {
            if let (1, Value::Bytes(span)) = (field.number, field.value) {
                let function = self.wire.enter(span, &library)?;
                self.function(function)?;
            }
        }
        Ok(())
    }

    fn function(&mut self, mut function: Message) -> Result<(), Stop> {
        let mut trace = Trace::default();
        let mut signature = Signature::default();
        self.loops.begin_function();
        while let Some(field) = self.wire.next(&mut function)? {
            let Value::Bytes(span) = field.value else { continue };
            match field.number {
                1 => {
                    let message = self.wire.enter(span, &function)?;
                    self.signature(message, &mut signature)?;
                }
                3 => {
                    let message = self.wire.enter(span, &function)?;
                    let node = self.node(message)?;
                    self.loops.meet(&node);
                    self.operators.meet(node, &mut trace, &mut self.findings);
                }
                4 => {
                    let message = self.wire.enter(span, &function)?;
                    let (name, value) = self.result(message)?;
                    if signature.results.len() < SHOWN {
                        signature.results.insert(name, value);
                    }
                }
                _ => {}
            }
        }
        self.operators.judge(trace, &mut self.findings);
        if !signature.name.is_empty() {
            self.operators.functions.insert(signature.name.clone());
        }
        self.loops.end_function(signature);
        Ok(())
    }

    fn signature(&mut self, mut message: Message, signature: &mut Signature) -> Result<(), Stop> {
        while let Some(field) = self.wire.next(&mut message)? {
            let Value::Bytes(span) = field.value else { continue };
            match field.number {
                1 => signature.name = self.wire.name(span)?,
                2 | 3 => {
                    let mut argument = self.wire.enter(span, &message)?;
                    let list = if field.number == 2 { &mut signature.arguments } else { &mut signature.outputs };
                    while let Some(field) = self.wire.next(&mut argument)? {
                        if let (1, Value::Bytes(span)) = (field.number, field.value) {
                            list.push(self.wire.name(span)?);
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The name of an output, and the value that it is.
    fn result(&mut self, mut entry: Message) -> Result<(String, String), Stop> {
        let (mut name, mut value) = (String::new(), String::new());
        while let Some(field) = self.wire.next(&mut entry)? {
            match (field.number, field.value) {
                (1, Value::Bytes(span)) => name = self.wire.name(span)?,
                (2, Value::Bytes(span)) => value = self.wire.name(span)?,
                _ => {}
            }
        }
        Ok((name, value))
    }
}

impl<'n> Operators<'n> {
    pub fn new(names: &'n NameTable) -> Self {
        Self {
            names,
            nodes: 0,
            unknown: Met::default(),
            companions: Met::default(),
            assets: HashSet::new(),
            functions: HashSet::new(),
        }
    }

    /// Takes a node up. What needs its inputs to be judged waits for the end of the graph.
    fn meet(&mut self, node: Node, trace: &mut Trace, findings: &mut Findings) {
        self.nodes += 1;
        if !node.debug_urls.is_empty() {
            let urls = node.debug_urls.join(", ");
            findings.dangerous(&node.operator, Effect::Network, &argument(&node, &urls), node.at);
        }
        match self.names.classify(&node.operator) {
            NameClass::Allowed { when: None } => trace.keep(node),
            NameClass::Allowed { when: Some("companion-library") } => self.companions.meet(node),
            NameClass::Unknown => self.unknown.meet(node),
            _ if trace.open.len() < KEPT => trace.open.push(node),
            // Too many to be traced back: judged without their inputs.
            _ => self.judge_one(&node, &Trace::default(), findings),
        }
    }

    fn judge(&self, mut trace: Trace, findings: &mut Findings) {
        for node in std::mem::take(&mut trace.open) {
            self.judge_one(&node, &trace, findings);
        }
    }

    fn judge_one(&self, node: &Node, trace: &Trace, findings: &mut Findings) {
        let path = || trace.path(node, &HashSet::new());
        match self.names.classify(&node.operator) {
            NameClass::Dangerous(effect) => {
                let path = path().unwrap_or_default();
                findings.dangerous(&node.operator, effect, &argument(node, &path), node.at);
            }
            // Where it sends what it sees was judged already.
            NameClass::Review if !node.debug_urls.is_empty() => {}
            NameClass::Review => {
                let path = path().unwrap_or_default();
                findings.review(&node.operator, &argument(node, &path), node.at);
            }
            NameClass::Allowed { when: Some("standard-stream") } => {
                let stream = node.output_stream.as_deref().unwrap_or("stderr");
                if !matches!(stream, "stdout" | "stderr") && !stream.starts_with("log(") {
                    findings.dangerous(&node.operator, Effect::File, &argument(node, stream), node.at);
                }
            }
            NameClass::Allowed { when: Some("descriptor-inside") } => {
                let descriptor = node.descriptor_source.as_deref().unwrap_or_default();
                if !(descriptor.is_empty() || descriptor == "local://" || descriptor.starts_with("bytes://")) {
                    findings.review(&node.operator, &argument(node, descriptor), node.at);
                }
            }
            NameClass::Allowed { when: Some("path-inside") } => {
                if let Some(path) = path().filter(|path| location::escape(path).is_some()) {
                    findings.review(&node.operator, &argument(node, &path), node.at);
                }
            }
            NameClass::Allowed { when: Some("asset") } => {
                if let Some(path) = trace.path(node, &self.assets).filter(|path| location::escape(path).is_some()) {
                    findings.review(&node.operator, &argument(node, &path), node.at);
                }
            }
            // A condition that this reader does not know cannot be said to hold.
            NameClass::Allowed { when: Some(_) } => findings.review(&node.operator, &argument(node, ""), node.at),
            NameClass::Allowed { when: None } | NameClass::Unknown => {}
        }
    }

    pub fn conclude(&mut self, findings: &mut Findings) {
        let foreign = |met: &'_ Met| -> Vec<String> {
            met.names.iter().filter(|name| !self.functions.contains(*name)).cloned().collect()
        };
        let (unknown, companions) = (foreign(&self.unknown), foreign(&self.companions));
        if !unknown.is_empty() {
            findings.unknown("TensorFlow", &named(&unknown), self.unknown.at);
        }
        if !companions.is_empty() {
            findings.custom("TensorFlow", &named(&companions), self.companions.at);
        }
        findings.inspection.facts.more.insert("nodes", self.nodes.to_string());
    }
}

impl Trace {
    fn keep(&mut self, node: Node) {
        if !node.texts.is_empty() {
            let matters = node.texts.iter().any(|text| location::escape(text).is_some());
            if self.texts.len() < if matters { KEPT } else { SHOWN } {
                self.texts.insert(node.name, node.texts);
            }
        } else if HANDS_ON.contains(&node.operator.as_str()) && self.hands_on.len() < KEPT {
            self.hands_on.insert(node.name, node.inputs);
        }
    }

    /// A constant that reaches the inputs of a node: one that leaves the folder before all others. `replaced`: constants
    /// that do not count.
    fn path(&self, node: &Node, replaced: &HashSet<String>) -> Option<String> {
        let mut queue: VecDeque<&str> = node.inputs.iter().map(|input| node_of(input)).collect();
        let mut seen: HashSet<&str> = HashSet::new();
        let mut plain = node.texts.first();
        if let Some(own) = node.texts.iter().find(|text| location::escape(text).is_some()) {
            return Some(own.clone());
        }
        while let Some(name) = queue.pop_front() {
            if seen.len() >= FOLLOWED || !seen.insert(name) {
                continue;
            }
            for text in self.texts.get(name).filter(|_| !replaced.contains(name)).into_iter().flatten() {
                if location::escape(text).is_some() {
                    return Some(text.clone());
                }
                plain.get_or_insert(text);
            }
            queue.extend(self.hands_on.get(name).into_iter().flatten().map(|input| node_of(input)));
        }
        plain.cloned()
    }
}

/// `name:output:0` and `^name` stand for the node `name`.
pub(super) fn node_of(input: &str) -> &str {
    let input = input.trim_start_matches('^');
    input.split(':').next().unwrap_or(input)
}

fn argument(node: &Node, argument: &str) -> Text {
    let place = place("节点", "node", &node.name);
    if argument.is_empty() {
        return place;
    }
    let argument = shown(argument);
    Text::new(format!("{}，参数 {argument}", place.zh), format!("{}, argument {argument}", place.en))
}
