//! Loops without an end: their count is none or more than anybody waits for, and their condition never turns false.

use jingwei_core::Text;
use jingwei_read::{Sighting, shown};

use crate::findings::Findings;
use crate::logic::Scopes;

/// Rounds that nobody waits for. Exporters write the largest whole number where only the condition ends the loop.
const ROUNDS: f64 = (1u64 << 40) as f64;
/// Loops that are judged.
const KEPT: usize = 4096;

/// Graphs with what their conditions are made of, and the loops among their nodes.
#[derive(Default)]
pub(super) struct Loops {
    scopes: Scopes,
    /// Graphs that are being read, from the outside to the inside.
    open: Vec<usize>,
    met: Vec<Loop>,
    is_cut: bool,
}

struct Loop {
    name: String,
    inputs: Vec<String>,
    around: usize,
    body: usize,
    at: u64,
}

impl Loops {
    pub fn begin(&mut self) -> usize {
        let number = self.scopes.begin(self.open.last().copied());
        self.open.push(number);
        number
    }

    /// A function sees nothing of the graphs around it.
    pub fn begin_function(&mut self) {
        let number = self.scopes.begin(None);
        self.open.push(number);
    }

    pub fn end(&mut self) {
        self.open.pop();
    }

    /// What comes into the graph that is being read, or goes out of it.
    pub fn end_of_graph(&mut self, name: String, comes_in: bool) {
        match self.open.last() {
            Some(scope) if comes_in => self.scopes.input(*scope, name),
            Some(scope) => self.scopes.output(*scope, name),
            None => {}
        }
    }

    pub fn constant(&mut self, name: &str, values: &[f64]) {
        if let (Some(scope), [value]) = (self.open.last(), values) {
            self.scopes.constant(*scope, name, *value);
        }
    }

    pub fn node(&mut self, operator: &str, output: &str, inputs: &[String]) {
        if let Some(scope) = self.open.last() {
            self.scopes.node(*scope, operator, output, inputs);
        }
    }

    pub fn meet(&mut self, name: &str, inputs: &[String], body: Option<usize>, at: u64) {
        let (Some(around), Some(body)) = (self.open.last().copied(), body) else { return };
        if self.met.len() < KEPT {
            self.met.push(Loop { name: format!("Loop {name}"), inputs: inputs.to_vec(), around, body, at });
        } else {
            self.is_cut = true;
        }
    }

    pub fn judge(&self, findings: &mut Findings) {
        for endless in self.met.iter().filter(|one| self.is_endless(one)) {
            let reason = Text::new("循环的条件永远为真", "the condition of the loop is always true");
            let bomb = Sighting::new("model.graph-bomb").key(&endless.name).at(endless.at);
            findings.see(bomb.with("name", &shown(&endless.name)).with_text("reason", reason));
        }
        if self.is_cut || self.scopes.is_full() && !self.met.is_empty() {
            findings.overflows("nodes", Scopes::most());
        }
    }

    fn is_endless(&self, one: &Loop) -> bool {
        let input = |n: usize| one.inputs.get(n).map_or("", String::as_str);
        let value = |n: usize| self.scopes.value(one.around, input(n));
        // A count that is computed ends the loop; one that is left out does not.
        let is_counted = !input(0).is_empty() && value(0).is_none_or(|rounds| rounds < ROUNDS);
        if is_counted || value(1) == Some(0.0) {
            return false;
        }
        let starts: Vec<Option<f64>> = (0..one.inputs.len()).map(value).collect();
        self.scopes.goes_on(one.body, &starts)
    }
}
