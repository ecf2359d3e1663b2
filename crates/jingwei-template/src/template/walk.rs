//! Goes through a template as if it ran, with everything from outside unknown.

use std::{
    collections::{HashMap, HashSet},
    rc::Rc,
};

use crate::template::{
    ast::{Expr, Kind, Op, Statement, Step, Target, What},
    emitted::{Guard, Stream},
    findings::Findings,
    folding::{self, Given},
    names,
    value::{Origin, Value},
};

/// Steps after which loops are no longer repeated and constants no longer put together.
const STEPS: u64 = 100_000;
/// Bytes of constants that are put together.
const SPENT: usize = 8 << 20;
/// How often the body of a nest of loops may run by constants alone.
const ROUNDS: u64 = 1_000_000;
/// Loops over one list within each other that honest templates have.
const SAME: usize = 2;
/// Macros within macros that are followed.
const CALLS: u32 = 4;
/// Times that a macro is followed with arguments of its own.
const RUNS: u32 = 64;

pub(crate) struct Macro<'a> {
    parameters: &'a [(String, Option<Expr>)],
    body: &'a [Statement],
    /// What it emits, whatever it is given.
    emits: Value,
    runs: u32,
}

pub(crate) struct Walker<'a> {
    pub(crate) defined: HashSet<&'a str>,
    pub(crate) names: HashMap<Rc<str>, Value>,
    pub(crate) spaces: Vec<HashMap<Rc<str>, Value>>,
    pub(crate) macros: Vec<Macro<'a>>,
    pub(crate) found: Findings,
    pub(crate) stream: Stream,
    /// Words of a message that the condition at hand asks for.
    pub(crate) asked: Guard,
    /// Under an odd number of `not`s.
    pub(crate) negated: bool,
    /// How many branches deep: an assignment there may not happen.
    conditional: u32,
    loops: u32,
    rounds: u64,
    steps: u64,
    spent: usize,
    pub(crate) calls: u32,
    captures: Vec<Vec<Value>>,
    /// What names meant outside of each scope that is open.
    scopes: Vec<Vec<(Rc<str>, Option<Value>)>>,
    /// Names within loops that are copies of others.
    copies: HashMap<String, String>,
    /// Names of the lists that the open loops go through.
    pub(crate) iterating: Vec<&'a str>,
    /// A list was changed in a way that was not followed.
    pub(crate) mutated: bool,
}

impl<'a> Walker<'a> {
    /// `macros`: the names of all macros, which may be called before they are read.
    pub(crate) fn new(macros: HashSet<&'a str>) -> Self {
        Self {
            defined: macros,
            names: HashMap::new(),
            spaces: Vec::new(),
            macros: Vec::new(),
            found: Findings::default(),
            stream: Stream::default(),
            asked: Guard::default(),
            negated: false,
            conditional: 0,
            loops: 0,
            rounds: 1,
            steps: 0,
            spent: 0,
            calls: 0,
            captures: Vec::new(),
            scopes: Vec::new(),
            copies: HashMap::new(),
            iterating: Vec::new(),
            mutated: false,
        }
    }

    /// Loops, macros and blocks have names of their own.
    fn scoped<T>(&mut self, run: impl FnOnce(&mut Self) -> T) -> T {
        self.scopes.push(Vec::new());
        let value = run(self);
        for (name, old) in self.scopes.pop().unwrap_or_default().into_iter().rev() {
            match old {
                Some(old) => self.names.insert(name, old),
                None => self.names.remove(&name),
            };
        }
        value
    }

    fn put(&mut self, name: &str, value: Value) {
        let name: Rc<str> = name.into();
        let old = self.names.insert(Rc::clone(&name), value);
        if let Some(scope) = self.scopes.last_mut() {
            scope.push((name, old));
        }
    }

    pub(crate) fn finish(mut self) -> Findings {
        self.stream.flush(&mut self.found);
        self.found
    }

    pub(crate) fn step(&mut self) {
        self.steps += 1;
    }

    /// Whether there is still work to give to folding and to further rounds of loops.
    pub(crate) fn has_budget(&self) -> bool {
        self.steps < STEPS && self.spent < SPENT
    }

    pub(crate) fn spend(&mut self, value: &Value) {
        let bytes = |value: &Value| value.as_str().map_or(8, str::len);
        self.spent += match value {
            Value::OneOf(values) | Value::List(values) => values.iter().map(bytes).sum(),
            value => bytes(value),
        };
    }

    pub(crate) fn statements(&mut self, statements: &'a [Statement]) {
        for statement in statements {
            self.step();
            self.statement(statement);
        }
    }

    fn statement(&mut self, statement: &'a Statement) {
        match statement {
            Statement::Text { offset, text } => {
                self.found.hidden(text, *offset, false);
                self.stream.text(text, *offset);
                self.capture(|| Value::text(text.as_str()));
            }
            Statement::Output(expr) => {
                let value = self.evaluate(expr, true);
                if !value.is_constant() {
                    self.stream.gap();
                }
                self.put_together(expr, &value);
                self.capture(|| value);
            }
            Statement::If { branches, otherwise } => self.branches(branches, otherwise),
            Statement::For { targets, over, filter, body, otherwise } => {
                self.repeat(targets, over, filter.as_ref(), body);
                self.maybe(otherwise);
            }
            Statement::Set { targets, value } => self.assignment(targets, value),
            Statement::Capture { target, filters, body } => {
                let value = self.captured(body);
                let value = self.filtered(value, filters);
                self.assign(target, value);
            }
            Statement::Macro { name, parameters, body } => {
                let number = self.macros.len();
                self.macros.push(Macro { parameters, body, emits: Value::Outside(Origin::Other), runs: 0 });
                self.put(name, Value::Macro(number));
                let emits = self.scoped(|walker| {
                    for (parameter, default) in parameters {
                        let mut value = Value::Outside(names::origin_of(parameter));
                        if let Some(default) = default {
                            value = Value::one_of([value, walker.evaluate(default, true)]);
                        }
                        walker.put(parameter, value);
                    }
                    walker.conditional += 1;
                    let emits = walker.captured(body);
                    walker.conditional -= 1;
                    emits
                });
                if let Some(known) = self.macros.get_mut(number) {
                    known.emits = emits;
                }
            }
            Statement::Call { call, body } => {
                self.scoped(|walker| walker.statements(body));
                self.evaluate(call, true);
                self.stream.gap();
            }
            Statement::Filter { filters, body } => {
                let value = self.captured(body);
                let value = self.filtered(value, filters);
                self.capture(|| value);
            }
            Statement::With { assigned, body } => self.scoped(|walker| {
                for (name, value) in assigned {
                    let value = walker.evaluate(value, true);
                    walker.put(name, value);
                }
                walker.statements(body);
            }),
            Statement::Holds(body) => self.scoped(|walker| walker.statements(body)),
            Statement::Do(value) => drop(self.evaluate(value, false)),
            Statement::Import { offset, verb, path } => {
                let path = self.evaluate(path, false);
                let shown = path.as_str().unwrap_or("…").to_owned();
                self.found.import(*offset, verb, &shown);
            }
        }
    }

    /// Text that lies in pieces in several names is read as the whole that it becomes.
    fn put_together(&mut self, expr: &Expr, value: &Value) {
        if let Kind::Chain(..) | Kind::Steps(..) = expr.kind {
            for text in value.candidates().iter().filter_map(Value::as_str) {
                self.stream.aside(text, expr.offset, &mut self.found);
            }
        }
    }

    /// Keeps what is emitted, where a block collects it.
    fn capture(&mut self, value: impl FnOnce() -> Value) {
        if let Some(capture) = self.captures.last_mut() {
            capture.push(value());
        }
    }

    /// What a body emits.
    pub(crate) fn captured(&mut self, body: &'a [Statement]) -> Value {
        self.captures.push(Vec::new());
        self.scoped(|walker| walker.statements(body));
        let parts = self.captures.pop().unwrap_or_default();
        let mut whole = Value::text("");
        for part in parts {
            whole = self.operate(Op::Concat, &whole, &part, 0);
        }
        whole
    }

    fn filtered(&mut self, value: Value, filters: &'a [Step]) -> Value {
        filters.iter().fold(value, |value, step| match &step.what {
            What::Filter(name, arguments) => self.filter(name, value, arguments, step.offset),
            _ => value,
        })
    }

    /// A body that may not run.
    fn maybe(&mut self, body: &'a [Statement]) {
        self.conditional += 1;
        self.statements(body);
        self.conditional -= 1;
    }

    /// A body that does not run: looked at all the same, but what it would assign must not count.
    fn never(&mut self, body: &'a [Statement]) {
        self.scoped(|walker| walker.maybe(body));
    }

    fn branches(&mut self, branches: &'a [(Expr, Vec<Statement>)], otherwise: &'a [Statement]) {
        let mut taken = false;
        for (condition, body) in branches {
            let (truth, asked) = self.condition(condition);
            self.stream.flush(&mut self.found);
            self.stream.enter(asked);
            match truth {
                _ if taken => self.never(body),
                Some(false) => self.never(body),
                Some(true) if branches.len() == 1 => {
                    taken = true;
                    self.statements(body);
                }
                _ => self.maybe(body),
            }
            self.stream.leave(&mut self.found);
        }
        if taken {
            self.never(otherwise)
        } else {
            self.maybe(otherwise)
        }
        self.stream.flush(&mut self.found);
    }

    /// Whether a condition holds, and which words of a message it asks for.
    pub(crate) fn condition(&mut self, condition: &'a Expr) -> (Option<bool>, Guard) {
        let outer = std::mem::take(&mut self.asked);
        let value = self.evaluate(condition, false);
        let asked = std::mem::replace(&mut self.asked, outer);
        self.asked.add(asked.clone());
        (value.truth(), asked)
    }

    fn repeat(&mut self, targets: &'a [String], over: &'a Expr, filter: Option<&'a Expr>, body: &'a [Statement]) {
        let value = self.evaluate(over, false);
        let mut asked = Guard::default();
        if let Some(filter) = filter {
            self.bind(targets, None, &value);
            asked = self.condition(filter).1;
        }
        let outer_rounds = self.rounds;
        let length = value.length().or_else(|| self.range_length(over));
        if let Some(length) = length {
            self.rounds = self.rounds.saturating_mul(length.max(1) as u64);
            if self.rounds > ROUNDS {
                self.found.too_much(over.offset, "range", self.rounds);
            }
        }
        let name = match &over.kind {
            Kind::Name(name) => Some(name.as_str()),
            _ => None,
        };
        // Each further loop over the messages multiplies the work by their number.
        if let Some(name) = name.filter(|name| self.iterating.iter().filter(|open| *open == name).count() >= SAME) {
            self.found.too_much(over.offset, name, u64::MAX);
        }
        self.iterating.extend(name);
        self.loops += 1;
        self.stream.flush(&mut self.found);
        self.stream.enter(asked);
        match value.items().filter(|_| filter.is_none()) {
            Some(items) if self.has_budget() => self.unrolled(targets, &value, items, body),
            _ => {
                // Twice shows what a round leaves to the next; deeper nests would double at each level.
                let rounds = if self.loops <= 2 && self.has_budget() { 2 } else { 1 };
                for _ in 0..rounds {
                    self.scoped(|walker| {
                        walker.bind(targets, None, &value);
                        walker.maybe(body);
                    });
                }
            }
        }
        self.stream.leave(&mut self.found);
        self.loops -= 1;
        self.iterating.truncate(self.iterating.len() - usize::from(name.is_some()));
        self.rounds = outer_rounds;
    }

    /// Whether an argument is the list that a loop around goes through.
    pub(crate) fn iterates(&self, expr: &Expr) -> bool {
        matches!(&expr.kind, Kind::Name(name) if self.iterating.contains(&name.as_str()))
    }

    fn unrolled(&mut self, targets: &'a [String], value: &Value, items: Vec<Value>, body: &'a [Statement]) {
        for item in items {
            if !self.has_budget() {
                // The rest of the rounds may assign anything.
                return self.scoped(|walker| {
                    walker.bind(targets, None, &Value::Unfolded(Origin::Other));
                    walker.maybe(body);
                });
            }
            self.scoped(|walker| {
                walker.bind(targets, Some(item), value);
                walker.statements(body);
            });
        }
    }

    /// Gives the variables of a loop their values.
    fn bind(&mut self, targets: &'a [String], item: Option<Value>, over: &Value) {
        let item = item.unwrap_or_else(|| match over {
            Value::OneOf(_) | Value::List(_) | Value::Dict(_) => {
                Value::one_of(over.candidates().iter().map(|value| match value.items() {
                    Some(items) => Value::one_of(items),
                    None => Value::Outside(value.origin().unwrap_or(Origin::Other)),
                }))
            }
            Value::Unfolded(origin) => Value::Unfolded(*origin),
            value => Value::Outside(value.origin().unwrap_or(Origin::Other)),
        });
        match targets {
            [only] => self.put(only, item),
            several => {
                for (place, name) in several.iter().enumerate() {
                    let part = match &item {
                        Value::List(parts) => parts.get(place).cloned(),
                        _ => None,
                    };
                    let part = part.unwrap_or(Value::Outside(item.origin().unwrap_or(Origin::Other)));
                    self.put(name, part);
                }
            }
        }
    }

    fn assignment(&mut self, targets: &'a [Target], value: &'a Expr) {
        if self.loops > 0
            && let [target] = targets
            && self.doubles(target, value)
        {
            self.found.too_much(target.offset, &target.name, u64::MAX);
        }
        let folded = self.evaluate_apart(value);
        match targets {
            [target] => self.assign(target, folded),
            several => {
                for (place, target) in several.iter().enumerate() {
                    let part = folding_part(&folded, place);
                    self.assign(target, part);
                }
            }
        }
    }

    /// `x = x ~ x`, also by way of another name: in a loop it grows without bound.
    fn doubles(&mut self, target: &Target, value: &Expr) -> bool {
        let whole = match &target.attribute {
            Some(attribute) => format!("{}.{attribute}", target.name),
            None => target.name.clone(),
        };
        let same = |part: &Expr| {
            variable(part).is_some_and(|name| name == whole || self.copies.get(&name).is_some_and(|of| *of == whole))
        };
        let doubled = match &value.kind {
            Kind::Chain(first, rest) => {
                let grows = |op: Op| matches!(op, Op::Add | Op::Concat);
                let uses = usize::from(same(first)) + rest.iter().filter(|(op, part)| grows(*op) && same(part)).count();
                let multiplied = rest.iter().any(|(op, part)| {
                    *op == Op::Multiply
                        && (same(first) || same(part))
                        && !matches!(part.kind, Kind::Int(1) | Kind::Float(_))
                });
                uses > 1 || multiplied
            }
            _ => false,
        };
        if let Some(of) = variable(value) {
            self.copies.insert(whole, of);
        }
        doubled
    }

    /// What is put into a name is judged by itself: nobody knows yet where it will stand.
    fn evaluate_apart(&mut self, value: &'a Expr) -> Value {
        self.stream.flush(&mut self.found);
        let folded = self.evaluate(value, true);
        self.stream.flush(&mut self.found);
        if !matches!(value.kind, Kind::Str(..)) {
            for candidate in folded.candidates() {
                if let Some(text) = candidate.as_str() {
                    self.stream.text(text, value.offset);
                    self.stream.flush(&mut self.found);
                }
            }
        }
        folded
    }

    fn assign(&mut self, target: &Target, value: Value) {
        let value = self.marked(value);
        let Some(attribute) = &target.attribute else { return self.assign_name(&target.name, value) };
        let conditional = self.conditional > 0;
        let space = match self.names.get(target.name.as_str()) {
            Some(Value::Space(space)) => self.spaces.get_mut(*space),
            _ => None,
        };
        if let Some(space) = space {
            let old = space.get(attribute.as_str()).cloned();
            space.insert(attribute.as_str().into(), merged(old, value, conditional));
        }
    }

    fn assign_name(&mut self, name: &str, value: Value) {
        let old = self.names.get(name).cloned();
        let value = merged(old, value, self.conditional > 0);
        self.put(name, value);
    }

    /// A value that is only set when a message holds certain words tells about these words.
    fn marked(&self, value: Value) -> Value {
        match self.stream.words_asked() {
            Some(words) if value.is_constant() => Value::one_of([value, Value::Hit(words.into())]),
            _ => value,
        }
    }

    /// A list or dictionary is changed in place, under every name that it has.
    pub(crate) fn change(&mut self, old: &Value, new: Option<Value>) {
        let Value::List(items) = old else {
            self.mutated |= matches!(old, Value::Dict(_) | Value::OneOf(_));
            return;
        };
        self.steps += self.names.len() as u64;
        let new = new.unwrap_or(Value::Unfolded(Origin::Other));
        let mut met = false;
        let values = self.names.values_mut().chain(self.spaces.iter_mut().flat_map(HashMap::values_mut));
        for value in values {
            if let Value::List(known) = value
                && Rc::ptr_eq(known, items)
            {
                *value = if self.conditional > 0 { Value::one_of([value.clone(), new.clone()]) } else { new.clone() };
                met = true;
            }
        }
        // It lies in another list, where it was not looked for.
        self.mutated |= !met;
    }

    /// Runs a macro with these arguments, and yields what it emits.
    pub(crate) fn call_macro(&mut self, number: usize, given: &Given) -> Value {
        let origin = given.origin().unwrap_or(Origin::Other);
        let Some(known) = self.macros.get_mut(number) else { return Value::Outside(origin) };
        let (parameters, body) = (known.parameters, known.body);
        // Only what the template itself hands over can make names that were not seen before.
        let told = given.all().any(|value| {
            value.candidates().iter().any(|value| value.truth() == Some(true) && value.as_int().is_none())
        });
        if !told {
            return known.emits.clone();
        }
        known.runs += 1;
        if self.calls >= CALLS || known.runs > RUNS || !self.has_budget() {
            return Value::Unfolded(origin);
        }
        self.calls += 1;
        let value = self.scoped(|walker| {
            for (place, (parameter, default)) in parameters.iter().enumerate() {
                let value = match (given.place(place).or(given.named(parameter)), default) {
                    (Some(value), _) => value.clone(),
                    (None, Some(default)) => walker.evaluate(default, false),
                    (None, None) => Value::Outside(Origin::Other),
                };
                walker.put(parameter, value);
            }
            walker.captured(body)
        });
        self.calls -= 1;
        value
    }
}

fn folding_part(value: &Value, place: usize) -> Value {
    match value {
        Value::List(items) => items.get(place).cloned().unwrap_or(Value::Outside(Origin::Other)),
        value => {
            folding::slice(value, [None, None, None]).origin().map_or(Value::Outside(Origin::Other), Value::Outside)
        }
    }
}

fn merged(old: Option<Value>, new: Value, conditional: bool) -> Value {
    match old {
        Some(old) if conditional => Value::one_of([old, new]),
        _ => new,
    }
}

/// `name` or `name.attribute`.
fn variable(expr: &Expr) -> Option<String> {
    match &expr.kind {
        Kind::Name(name) => Some(name.clone()),
        Kind::Steps(base, steps) => match (&base.kind, steps.as_slice()) {
            (Kind::Name(name), [Step { what: What::Attribute(attribute), .. }]) => Some(format!("{name}.{attribute}")),
            _ => None,
        },
        _ => None,
    }
}
