//! Loops whose condition is always true or that have none, and functions that call themselves in any case.

use std::collections::HashMap;

use jingwei_core::{Limits, Text};
use jingwei_read::{Sighting, shown};

use super::node::Node;
use super::rings::Rings;
use crate::findings::Findings;
use crate::functions::Functions;
use crate::logic::Scopes;

/// Loops that are judged.
const KEPT: usize = 4096;
/// Operators that call a function whatever their inputs are.
const CALLS: [&str; 7] = [
    "PartitionedCall",
    "StatefulPartitionedCall",
    "TPUPartitionedCall",
    "RemoteCall",
    "SymbolicGradient",
    "BatchFunction",
    "XlaLaunch",
];

/// What a function of the library is called, and what comes in and goes out.
#[derive(Default)]
pub(super) struct Signature {
    pub name: String,
    pub arguments: Vec<String>,
    pub outputs: Vec<String>,
    /// The value that each output is.
    pub results: HashMap<String, String>,
}

/// The graphs of a file and their functions, with what conditions are made of.
#[derive(Default)]
pub(super) struct Loops {
    scopes: Scopes,
    /// Of the graph, and of what is being read.
    graph: usize,
    current: usize,
    library: HashMap<String, usize>,
    functions: Functions,
    nodes: u64,
    met: Vec<Loop>,
    /// Of the graph, and of the function that is being read.
    rings: Rings,
    inner: Option<Rings>,
    /// Nodes of those that were read that begin another round in any case.
    endless: Vec<(String, u64)>,
    is_cut: bool,
}

struct Loop {
    name: String,
    at: u64,
    scope: usize,
    inputs: Vec<String>,
    /// Functions, or `None` where the first input is the condition itself.
    functions: Option<[String; 2]>,
}

impl Loops {
    pub fn begin_graph(&mut self) {
        let rings = std::mem::take(&mut self.rings);
        self.ended(&rings);
        self.graph = self.scopes.begin(None);
        self.current = self.graph;
    }

    pub fn back_in_graph(&mut self) {
        self.current = self.graph;
    }

    pub fn begin_function(&mut self) {
        self.current = self.scopes.begin(None);
        self.functions.begin();
        self.inner = Some(Rings::default());
    }

    pub fn end_function(&mut self, signature: Signature) {
        self.functions.end(&signature.name);
        if let Some(rings) = self.inner.take() {
            self.ended(&rings);
        }
        for argument in signature.arguments {
            self.scopes.input(self.current, argument);
        }
        for output in signature.outputs {
            let value = signature.results.get(&output).map_or(String::new(), |value| one_output(value));
            self.scopes.output(self.current, value);
        }
        self.library.entry(signature.name).or_insert(self.current);
    }

    pub fn meet(&mut self, node: &Node) {
        self.nodes += 1;
        self.functions.call(&node.operator);
        self.inner.as_mut().unwrap_or(&mut self.rings).meet(node);
        let function = |purpose: &str| {
            let found = node.functions.iter().find(|(known, _)| *known == purpose);
            found.map_or(String::new(), |(_, function)| function.clone())
        };
        let inputs: Vec<String> =
            node.inputs.iter().filter(|input| !input.starts_with('^')).map(|input| one_output(input)).collect();
        match node.operator.as_str() {
            "While" | "StatelessWhile" | "_While" => {
                let functions = [function("cond"), function("body")];
                // The condition is asked before the first round.
                self.functions.call(&functions[0]);
                self.keep(node, inputs, Some(functions));
            }
            "LoopCond" => self.keep(node, inputs, None),
            "IdentityN" => {
                for (n, input) in inputs.iter().enumerate() {
                    let name = if n == 0 { node.name.clone() } else { format!("{}:{n}", node.name) };
                    self.scopes.node(self.current, "Identity", &name, [input]);
                }
            }
            "Const" => {
                if let Some(number) = node.number {
                    self.scopes.constant(self.current, &node.name, number);
                }
            }
            operator if CALLS.contains(&operator) => {
                for (_, function) in node.functions.iter().filter(|(purpose, _)| matches!(*purpose, "f" | "function")) {
                    self.functions.call(function);
                }
            }
            operator => self.scopes.node(self.current, operator, &node.name, &inputs),
        }
    }

    fn keep(&mut self, node: &Node, inputs: Vec<String>, functions: Option<[String; 2]>) {
        if self.met.len() < KEPT {
            let name = format!("{} {}", node.operator, node.name);
            self.met.push(Loop { name, at: node.at, scope: self.current, inputs, functions });
        } else {
            self.is_cut = true;
        }
    }

    /// A graph or a function was read.
    fn ended(&mut self, rings: &Rings) {
        let (endless, is_cut) = rings.finish();
        self.is_cut |= is_cut;
        if let Some((name, at)) = endless
            && self.endless.len() < KEPT
        {
            self.endless.push((format!("NextIteration {name}"), at));
        }
    }

    pub fn judge(&mut self, limits: &Limits, findings: &mut Findings) {
        let rings = std::mem::take(&mut self.rings);
        self.ended(&rings);
        for (name, at) in &self.endless {
            let reason = Text::new(
                "循环中没有可以离开的出口",
                "there is no way out of the loop: no switch decides about a round",
            );
            let bomb = Sighting::new("model.graph-bomb").key(name).at(*at);
            findings.see(bomb.with("name", &shown(name)).with_text("reason", reason));
        }
        for endless in self.met.iter().filter(|one| self.is_endless(one)) {
            let reason = Text::new("循环的条件永远为真", "the condition of the loop is always true");
            let bomb = Sighting::new("model.graph-bomb").key(&endless.name).at(endless.at);
            findings.see(bomb.with("name", &shown(&endless.name)).with_text("reason", reason));
        }
        for bomb in self.functions.bombs(self.nodes, limits) {
            findings.see(bomb);
        }
        if self.is_cut || self.scopes.is_full() && !self.met.is_empty() {
            findings.overflows("nodes", Scopes::most());
        }
    }

    fn is_endless(&self, one: &Loop) -> bool {
        let value = |input: &String| self.scopes.value(one.scope, input);
        let Some([condition, body]) = &one.functions else {
            return one.inputs.first().and_then(value).is_some_and(|value| value != 0.0);
        };
        let (Some(condition), Some(body)) = (self.library.get(condition), self.library.get(body)) else { return false };
        let starts: Vec<Option<f64>> = one.inputs.iter().map(value).collect();
        self.scopes.never_ends(*condition, *body, &starts)
    }
}

/// `name:output:0` and `name:0` stand for the only output of a node or for its first; others keep their number.
fn one_output(input: &str) -> String {
    let name = input.split(':').next().unwrap_or(input);
    match input.rsplit(':').next().and_then(|number| number.parse::<u32>().ok()) {
        Some(number @ 1..) => format!("{name}:{number}"),
        _ => name.to_owned(),
    }
}
