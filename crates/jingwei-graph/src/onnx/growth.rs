//! Operators that make far more than there is in the file: a shape, a count or a scale that stands in the graph as a
//! constant says how much. Folding constants, as runtimes do when they load, is enough to ask for it.

use std::collections::HashMap;

use jingwei_core::Text;
use jingwei_read::{Sighting, shown};

/// Elements that no tensor of a model has: thirty-two gigabytes of the smallest usual number.
const MOST: f64 = (1u64 << 33) as f64;
/// Rounds that no loop of a model needs.
const ROUNDS: f64 = (1u64 << 31) as f64;
/// A tensor of more elements is no shape.
pub(super) const LONGEST: usize = 16;
/// Constants, and operators that wait for theirs, of one graph.
const KEPT: usize = 4096;

/// What one graph has, without the graphs inside of it.
#[derive(Default)]
pub(super) struct Scope {
    constants: HashMap<String, Vec<f64>>,
    waiting: Vec<Waiting>,
}

struct Waiting {
    operator: Grows,
    name: String,
    inputs: Vec<String>,
    at: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Grows {
    /// By the product of a list of sizes or factors.
    Product,
    /// By the sum of a list.
    Sum,
    /// By the way from one number to another.
    Range,
    /// By the number of its rounds.
    Rounds,
}

/// How an operator grows, and by which of its inputs.
fn grows(operator: &str) -> Option<(Grows, &'static [usize])> {
    Some(match operator {
        "ConstantOfShape" | "HannWindow" | "HammingWindow" | "BlackmanWindow" => (Grows::Product, &[0]),
        "Expand" | "Tile" | "OneHot" | "Upsample" => (Grows::Product, &[1]),
        // Scales and sizes.
        "Resize" => (Grows::Product, &[1, 2, 3]),
        "Pad" => (Grows::Sum, &[1]),
        "Range" => (Grows::Range, &[0, 1, 2]),
        "Loop" => (Grows::Rounds, &[0]),
        _ => return None,
    })
}

impl Scope {
    pub(super) fn constant(&mut self, name: &str, values: Vec<f64>) {
        if !name.is_empty() && !values.is_empty() && self.constants.len() < KEPT {
            self.constants.insert(name.to_owned(), values);
        }
    }

    pub(super) fn node(&mut self, operator: &str, name: &str, inputs: &[String], at: u64) {
        let Some((how, places)) = grows(operator) else { return };
        // Operators keep the order of their inputs, and leave one out by an empty name.
        let inputs = places.iter().map(|place| inputs.get(*place).cloned().unwrap_or_default()).collect();
        self.wait(how, format!("{operator} {name}"), inputs, at);
    }

    /// An operator whose shape is a constant of its own.
    pub(super) fn shaped(&mut self, operator: &str, name: &str, values: Vec<f64>, at: u64) {
        if amount(Grows::Product, &[Some(&values)]).is_some() {
            let shape = format!("{operator} {name} {at}");
            self.constant(&shape, values);
            self.wait(Grows::Product, format!("{operator} {name}"), vec![shape], at);
        }
    }

    fn wait(&mut self, operator: Grows, name: String, inputs: Vec<String>, at: u64) {
        if self.waiting.len() < KEPT {
            self.waiting.push(Waiting { operator, name, inputs, at });
        }
    }

    /// What is told of this graph; what still waits is for the graph around it.
    pub(super) fn close(self, around: Option<&mut Scope>) -> Vec<Sighting> {
        let mut seen = Vec::new();
        let mut left = Vec::new();
        for waiting in self.waiting {
            let values: Vec<Option<&Vec<f64>>> = waiting.inputs.iter().map(|input| self.constants.get(input)).collect();
            if values.iter().all(Option::is_none) {
                left.push(waiting);
            } else if let Some(amount) = amount(waiting.operator, &values) {
                seen.push(waiting.sighting(amount));
            }
        }
        if let Some(around) = around {
            let room = KEPT.saturating_sub(around.waiting.len());
            around.waiting.extend(left.into_iter().take(room));
        }
        seen
    }
}

impl Waiting {
    fn sighting(&self, amount: f64) -> Sighting {
        let reason = match self.operator {
            Grows::Rounds => Text::new(format!("循环 {amount:.1e} 次"), format!("it goes round {amount:.1e} times")),
            _ => Text::new(format!("它要求 {amount:.1e} 个元素"), format!("it asks for {amount:.1e} elements")),
        };
        Sighting::new("model.graph-bomb")
            .key(&self.name)
            .at(self.at)
            .with("name", &shown(&self.name))
            .with_text("reason", reason)
    }
}

/// How much it is, if that is too much.
fn amount(how: Grows, values: &[Option<&Vec<f64>>]) -> Option<f64> {
    let product = |values: &Vec<f64>| values.iter().map(|value| value.abs().max(1.0)).product::<f64>();
    let sum = |values: &Vec<f64>| values.iter().map(|value| value.max(0.0)).sum::<f64>();
    let first = |values: &Vec<f64>| values.first().copied().unwrap_or_default();
    let most =
        |measure: &dyn Fn(&Vec<f64>) -> f64| values.iter().flatten().map(|values| measure(values)).fold(0.0, f64::max);
    let (amount, limit) = match how {
        Grows::Product => (most(&product), MOST),
        Grows::Sum => (most(&sum), MOST),
        Grows::Rounds => (most(&first), ROUNDS),
        Grows::Range => {
            let number = |at: usize| values.get(at).copied().flatten().and_then(|values| values.first()).copied();
            let (start, end) = (number(0).unwrap_or(0.0), number(1)?);
            let step = number(2).unwrap_or(1.0);
            (((end - start) / if step == 0.0 { 1.0 } else { step }).abs(), MOST)
        }
    };
    // The largest whole number stands for "to the end" where somebody has none.
    let endless = how == Grows::Rounds && amount >= 9.2e18;
    (amount > limit && !endless).then_some(amount)
}
