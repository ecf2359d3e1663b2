//! Small sums over the conditions of loops: whether a loop ever ends may stand in the graph as a constant.

use std::collections::HashMap;

/// Values that are kept of all graphs of a file.
const KEPT: usize = 1 << 17;
/// Steps of one sum, and how deep they lie within each other.
const STEPS: usize = 256;
const DEPTH: usize = 48;

/// How a value comes about.
#[derive(Debug, Clone)]
enum Made {
    Constant(f64),
    By(Operator, Vec<String>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    /// Hands its first input on.
    Same,
    Not,
    And,
    Or,
    Add,
    Subtract,
    Multiply,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    NotEqual,
}

impl Operator {
    /// By its name in ONNX or in TensorFlow.
    fn of_name(name: &str) -> Option<Self> {
        Some(match name {
            "Identity" | "Cast" | "Squeeze" | "Unsqueeze" | "Reshape" | "ExpandDims" | "Flatten" | "StopGradient"
            | "PreventGradient" | "Snapshot" | "EnsureShape" | "CheckNumerics" | "Enter" | "All" | "Any" => Self::Same,
            "Not" | "LogicalNot" => Self::Not,
            "And" | "LogicalAnd" => Self::And,
            "Or" | "LogicalOr" => Self::Or,
            "Add" | "AddV2" => Self::Add,
            "Sub" => Self::Subtract,
            "Mul" => Self::Multiply,
            "Less" => Self::Less,
            "LessOrEqual" | "LessEqual" => Self::LessOrEqual,
            "Greater" => Self::Greater,
            "GreaterOrEqual" | "GreaterEqual" => Self::GreaterOrEqual,
            "Equal" => Self::Equal,
            "NotEqual" => Self::NotEqual,
            _ => return None,
        })
    }

    /// What comes of two numbers, of which either may be unknown.
    fn apply(self, a: Option<f64>, b: Option<f64>) -> Option<f64> {
        let truth = |value: bool| Some(f64::from(u8::from(value)));
        let is = |value: Option<f64>, wanted: bool| value.is_some_and(|value| (value != 0.0) == wanted);
        match self {
            Self::Same => a,
            Self::Not => truth(a? == 0.0),
            Self::And if is(a, false) || is(b, false) => truth(false),
            Self::Or if is(a, true) || is(b, true) => truth(true),
            Self::And => truth(is(a, true) && b? != 0.0),
            Self::Or => truth(a? != 0.0 || b? != 0.0),
            Self::Add => Some(a? + b?),
            Self::Subtract => Some(a? - b?),
            Self::Multiply => Some(a? * b?),
            Self::Less => truth(a? < b?),
            Self::LessOrEqual => truth(a? <= b?),
            Self::Greater => truth(a? > b?),
            Self::GreaterOrEqual => truth(a? >= b?),
            Self::Equal => truth(a? == b?),
            Self::NotEqual => truth(a? != b?),
        }
    }

    /// Whether it holds of any value and itself.
    fn holds_of_itself(self) -> bool {
        matches!(self, Self::LessOrEqual | Self::GreaterOrEqual | Self::Equal)
    }
}

/// One graph or function: what comes in, what goes out, and what conditions may be made of.
#[derive(Debug, Default)]
pub(crate) struct Scope {
    pub inputs: Vec<String>,
    pub outputs: Vec<String>,
    /// The graph around it, whose values it sees.
    around: Option<usize>,
    made: HashMap<String, Made>,
}

/// All graphs of a file.
#[derive(Debug, Default)]
pub(crate) struct Scopes {
    scopes: Vec<Scope>,
    kept: usize,
}

impl Scopes {
    /// A new one; the answer is its number, which none has where there are too many.
    pub fn begin(&mut self, around: Option<usize>) -> usize {
        if self.is_full() {
            return usize::MAX;
        }
        self.kept += 1;
        self.scopes.push(Scope { around, ..Scope::default() });
        self.scopes.len() - 1
    }

    pub fn get(&self, scope: usize) -> Option<&Scope> {
        self.scopes.get(scope)
    }

    pub fn is_full(&self) -> bool {
        self.kept >= KEPT
    }

    pub fn most() -> usize {
        KEPT
    }

    pub fn input(&mut self, scope: usize, name: String) {
        self.keep(scope, |scope| scope.inputs.push(name));
    }

    pub fn output(&mut self, scope: usize, name: String) {
        self.keep(scope, |scope| scope.outputs.push(name));
    }

    pub fn constant(&mut self, scope: usize, name: &str, value: f64) {
        self.keep(scope, |scope| drop(scope.made.insert(name.to_owned(), Made::Constant(value))));
    }

    /// Keeps a node if it is one that conditions are made of.
    pub fn node<'a>(
        &mut self,
        scope: usize,
        operator: &str,
        output: &str,
        inputs: impl IntoIterator<Item = &'a String>,
    ) {
        let Some(operator) = Operator::of_name(operator) else { return };
        let inputs = inputs.into_iter().take(2).cloned().collect();
        self.keep(scope, |scope| drop(scope.made.insert(output.to_owned(), Made::By(operator, inputs))));
    }

    fn keep(&mut self, scope: usize, put: impl FnOnce(&mut Scope)) {
        if self.is_full() {
            return;
        }
        if let Some(scope) = self.scopes.get_mut(scope) {
            self.kept += 1;
            put(scope);
        }
    }

    fn made(&self, scope: usize, name: &str) -> Option<&Made> {
        let mut at = self.get(scope);
        for _ in 0..DEPTH {
            match at?.made.get(name) {
                Some(made) => return Some(made),
                None => at = at?.around.and_then(|around| self.get(around)),
            }
        }
        None
    }

    /// A constant of a graph, whatever comes into it.
    pub fn value(&self, scope: usize, name: &str) -> Option<f64> {
        self.value_where(scope, name, &State::new())
    }

    /// A value of a graph where some of what comes in is known.
    fn value_where(&self, scope: usize, name: &str, state: &State<'_>) -> Option<f64> {
        self.sum(scope, name, state, DEPTH, &mut STEPS.clone())
    }

    fn sum(&self, scope: usize, name: &str, state: &State<'_>, depth: usize, steps: &mut usize) -> Option<f64> {
        if let Some(known) = state.get(name) {
            return *known;
        }
        *steps = steps.checked_sub(1)?;
        let depth = depth.checked_sub(1)?;
        match self.made(scope, name)? {
            Made::Constant(value) => Some(*value),
            Made::By(operator, inputs) => {
                let (first, second) = (inputs.first()?, inputs.get(1));
                if operator.holds_of_itself() && second == Some(first) {
                    return Some(1.0);
                }
                let first = self.sum(scope, first, state, depth, steps);
                let second = second
                    .filter(|_| !matches!(operator, Operator::Same | Operator::Not))
                    .and_then(|second| self.sum(scope, second, state, depth, steps));
                operator.apply(first, second)
            }
        }
    }

    /// What a value is handed on from.
    fn origin<'a>(&'a self, scope: usize, mut name: &'a str) -> &'a str {
        for _ in 0..DEPTH {
            match self.made(scope, name) {
                Some(Made::By(Operator::Same, inputs)) => match inputs.first() {
                    Some(input) => name = input,
                    None => return name,
                },
                _ => return name,
            }
        }
        name
    }

    /// What is known of the state of a loop before its first round and after all others, for each input of its body.
    /// `results`: the output of the body that is the same input of the next round.
    fn rounds<'a>(
        &'a self,
        body: usize,
        starts: &[Option<f64>],
        result: impl Fn(usize) -> Option<&'a String>,
    ) -> Vec<[Option<f64>; 2]> {
        let inputs = self.get(body).map_or(&[][..], |body| &body.inputs);
        let unknown: State<'_> = inputs.iter().map(|input| (input.as_str(), None)).collect();
        let round = |n: usize, input: &String| {
            let start = starts.get(n).copied().flatten();
            let later = match result(n) {
                Some(output) if self.origin(body, output) == input.as_str() => start,
                Some(output) => self.value_where(body, output, &unknown),
                None => None,
            };
            [start, later]
        };
        inputs.iter().enumerate().map(|(n, input)| round(n, input)).collect()
    }

    /// Whether a condition that is a graph of its own never ends a loop.
    pub fn never_ends(&self, condition: usize, body: usize, starts: &[Option<f64>]) -> bool {
        let (Some(condition_scope), Some(body_scope)) = (self.get(condition), self.get(body)) else { return false };
        let rounds = self.rounds(body, starts, |n| body_scope.outputs.get(n));
        self.holds(condition, &condition_scope.inputs, condition_scope.outputs.first(), &rounds)
    }

    /// Whether the condition that a body gives as its first output never ends the loop. What comes into the body is the
    /// number of the round, the condition, and the state.
    pub fn goes_on(&self, body: usize, starts: &[Option<f64>]) -> bool {
        let Some(scope) = self.get(body) else { return false };
        let mut rounds = self.rounds(body, starts, |n| scope.outputs.get(n.checked_sub(1)?));
        for (n, round) in rounds.iter_mut().enumerate().take(2) {
            // A round is there only because the condition held.
            *round = if n == 1 { [Some(1.0); 2] } else { [None; 2] };
        }
        self.holds(body, &scope.inputs, scope.outputs.first(), &rounds)
    }

    /// Whether a condition holds after each round, and may hold in the first.
    fn holds(&self, scope: usize, inputs: &[String], condition: Option<&String>, rounds: &[[Option<f64>; 2]]) -> bool {
        let value = |later: usize| {
            let known = |n: usize| rounds.get(n).and_then(|round| round.get(later).copied()).flatten();
            let state = inputs.iter().enumerate().map(|(n, input)| (input.as_str(), known(n))).collect();
            self.value_where(scope, condition?, &state)
        };
        value(0) != Some(0.0) && value(1).is_some_and(|value| value != 0.0)
    }
}

type State<'a> = HashMap<&'a str, Option<f64>>;
