//! Expressions: what they stand for, and what they reach for on the way.

use std::rc::Rc;

use jingwei_core::Text;

use crate::template::{
    ast::{Arguments, Expr, Kind, Op, Step, What},
    folding::{self, Given},
    names,
    operate::{self, TooMuch},
    phrases,
    value::{ITEMS, Origin, Value},
    walk::Walker,
};

/// Words that a replacement may have before it counts as a sentence of its own.
const REWRITTEN: usize = 4;
/// A number of messages that no template has to tell apart: what is said from then on is meant to come late.
const LATE: i64 = 4;

impl<'a> Walker<'a> {
    /// `emitted`: the text of this expression reaches the model, so that its literals are read too.
    pub(crate) fn evaluate(&mut self, expr: &'a Expr, emitted: bool) -> Value {
        self.step();
        match &expr.kind {
            Kind::None => Value::None,
            Kind::Bool(truth) => Value::Bool(*truth),
            Kind::Int(number) => Value::Int(*number),
            Kind::Float(number) => Value::Float(*number),
            Kind::Str(text, known) => {
                self.found.hidden(text, expr.offset, true);
                if emitted {
                    self.stream.text(text, expr.offset);
                }
                if *known { Value::text(text.as_str()) } else { Value::Unfolded(Origin::Other) }
            }
            Kind::Name(name) => self.look_up(name),
            Kind::List(items) => Value::list(items.iter().map(|item| self.evaluate(item, emitted)).collect()),
            Kind::Dict(pairs) => {
                let pairs = pairs.iter().map(|(key, value)| (self.evaluate(key, false), self.evaluate(value, emitted)));
                Value::Dict(Rc::new(pairs.collect()))
            }
            Kind::Chain(first, rest) => {
                let mut value = self.evaluate(first, emitted);
                // Renderers differ in which power is taken first, and with constants one of the two never ends.
                if rest.len() > 1 && rest.iter().all(|(op, _)| *op == Op::Power) {
                    self.found.too_much(expr.offset, "**", u64::MAX);
                }
                for (op, part) in rest {
                    let part = self.evaluate_part(&value, part, emitted);
                    value = self.operate(*op, &value, &part, expr.offset);
                }
                value
            }
            Kind::Compare(first, rest) => self.comparison(first, rest),
            Kind::Any(parts) => {
                let values: Vec<Value> = parts.iter().map(|part| self.evaluate(part, emitted)).collect();
                Value::one_of(values)
            }
            Kind::Not(inner) => {
                self.negated = !self.negated;
                let value = self.evaluate(inner, false);
                self.negated = !self.negated;
                value.truth().map_or_else(|| doubtful(value), |truth| Value::Bool(!truth))
            }
            Kind::Minus(inner) => match self.evaluate(inner, false) {
                Value::Int(number) => Value::Int(number.saturating_neg()),
                value => doubtful(value),
            },
            Kind::If { condition, then, otherwise } => self.choice(condition, then, otherwise.as_deref(), emitted),
            Kind::Steps(base, steps) => self.steps(base, steps, emitted),
        }
    }

    /// What comes from outside leaves a gap in the text around it.
    fn evaluate_part(&mut self, before: &Value, part: &'a Expr, emitted: bool) -> Value {
        if emitted && !before.is_constant() {
            self.stream.gap();
        }
        self.evaluate(part, emitted)
    }

    fn choice(&mut self, condition: &'a Expr, then: &'a Expr, otherwise: Option<&'a Expr>, emitted: bool) -> Value {
        let (truth, asked) = self.condition(condition);
        let mut values = Vec::new();
        for branch in [Some(then), otherwise].into_iter().flatten() {
            self.stream.flush(&mut self.found);
            self.stream.enter(asked.clone());
            values.push(self.evaluate(branch, emitted));
            self.stream.leave(&mut self.found);
        }
        match truth {
            Some(true) => values.swap_remove(0),
            Some(false) => values.pop().filter(|_| otherwise.is_some()).unwrap_or(Value::text("")),
            None => Value::one_of(values),
        }
    }

    fn look_up(&mut self, name: &str) -> Value {
        let value = match self.names.get(name) {
            Some(Value::List(_) | Value::Dict(_) | Value::OneOf(_)) if self.mutated => Value::Unfolded(Origin::Other),
            Some(value) => value.clone(),
            None if names::is_function(name) => Value::Global(name.into()),
            None => Value::Outside(names::origin_of(name)),
        };
        self.remember_hits(&value);
        value
    }

    fn remember_hits(&mut self, value: &Value) {
        for candidate in value.candidates() {
            if let Value::Hit(words) = candidate
                && !self.negated
            {
                self.asked.words(words);
            }
        }
    }

    pub(crate) fn operate(&mut self, op: Op, left: &Value, right: &Value, offset: usize) -> Value {
        let text =
            |value: &Value| matches!(value, Value::Str(_) | Value::List(_) | Value::OneOf(_) | Value::Unfolded(_));
        if !self.has_budget() && (text(left) || text(right)) {
            return Value::Unfolded(left.origin().max(right.origin()).unwrap_or(Origin::Other));
        }
        let outcome = operate::operate(op, left, right);
        self.settled(outcome, offset, "constant")
    }

    fn settled(&mut self, outcome: Result<Value, TooMuch>, offset: usize, what: &str) -> Value {
        match outcome {
            Ok(value) => {
                self.spend(&value);
                value
            }
            Err(TooMuch(size)) => {
                self.found.too_much(offset, what, size);
                Value::Unfolded(Origin::Other)
            }
        }
    }

    fn comparison(&mut self, first: &'a Expr, rest: &'a [(Op, Expr)]) -> Value {
        if let [(op, Expr { kind: Kind::Int(turns), .. })] = rest
            && *turns >= LATE
            && matches!(op, Op::Greater | Op::GreaterEqual | Op::Equal)
            && self.counts_turns(first)
        {
            self.asked.late = true;
        }
        let mut left = self.evaluate(first, false);
        let mut holds = Some(true);
        let mut hit = None;
        for (op, right) in rest {
            let right = self.evaluate(right, false);
            let (content, words) = if right.is_content() { (&right, &left) } else { (&left, &right) };
            // What is emitted unless a message says something is emitted nearly always, and judged as such.
            if content.is_content() && matches!(op, Op::NotIn | Op::NotEqual) == self.negated {
                hit = self.asks_for(words).or(hit);
            }
            let clock = |value: &Value| value.origin() == Some(Origin::Clock);
            if (clock(&left) && right.is_constant()) || (clock(&right) && left.is_constant()) {
                self.asked.clock = true;
            }
            holds = match (operate::compare(*op, &left, &right), holds) {
                (Some(true), Some(true)) => Some(true),
                (Some(false), _) => Some(false),
                _ => None,
            };
            left = right;
        }
        match (hit, holds) {
            (Some(words), _) => Value::Hit(words),
            (None, Some(truth)) => Value::Bool(truth),
            (None, None) => Value::Outside(Origin::Other),
        }
    }

    /// `messages|length`, or the number of a round.
    fn counts_turns(&self, expr: &Expr) -> bool {
        let Kind::Steps(base, steps) = &expr.kind else { return false };
        let Kind::Name(name) = &base.kind else { return false };
        let counts =
            |step: &Step| matches!(&step.what, What::Filter(filter, _) if matches!(&**filter, "length" | "count"));
        let numbers =
            |step: &Step| matches!(&step.what, What::Attribute(part) if matches!(&**part, "index" | "index0"));
        let messages = names::origin_of(name) == Origin::Messages;
        messages && steps.last().is_some_and(counts) || name == "loop" && steps.last().is_some_and(numbers)
    }

    /// Notes the words of natural language that a message is searched for.
    fn asks_for(&mut self, words: &Value) -> Option<Rc<str>> {
        let mut asked = None;
        let items = words.candidates().iter().flat_map(|value| match value {
            Value::List(items) => items.to_vec(),
            value => vec![value.clone()],
        });
        for item in items {
            if let Some(text) = item.as_str()
                && names::is_natural(text)
            {
                self.asked.words(text);
                asked = Some(text.into());
            }
        }
        asked
    }

    fn steps(&mut self, base: &'a Expr, steps: &'a [Step], emitted: bool) -> Value {
        let literal =
            matches!(base.kind, Kind::Str(..) | Kind::Chain(..) | Kind::If { .. } | Kind::Any(_) | Kind::List(_));
        let mut value = self.evaluate(base, emitted && literal);
        let mut rest = steps.iter().peekable();
        if let (Kind::Name(name), Some(Step { what: What::Call(_), .. })) = (&base.kind, steps.first())
            && matches!(value, Value::Outside(_))
            && !self.names.contains_key(name.as_str())
            && !self.defined.contains(name.as_str())
        {
            self.found.unknown(base.offset, name);
        }
        if let Kind::Name(name) = &base.kind {
            self.feeds_itself(name, steps);
        }
        while let Some(step) = rest.next() {
            self.step();
            let offset = step.offset;
            value = match &step.what {
                What::Attribute(name) => match rest.peek().map(|next| &next.what) {
                    Some(What::Call(arguments)) => {
                        rest.next();
                        self.method(&value, name, arguments, offset)
                    }
                    _ => self.attribute(&value, name, offset),
                },
                What::Subscript(key) => {
                    let key = self.evaluate(key, false);
                    self.subscript(&value, &key, offset)
                }
                What::Slice(ends) => {
                    let ends =
                        [&ends[0], &ends[1], &ends[2]].map(|end| end.as_deref().map(|end| self.evaluate(end, false)));
                    folding::slice(&value, ends)
                }
                What::Call(arguments) => self.call(&value, arguments, offset, emitted),
                What::Filter(name, arguments) => self.filter(name, value, arguments, offset),
                What::Test(name, arguments) => {
                    let given = self.arguments(arguments, false);
                    self.reach_all(&given, offset);
                    self.test(name, &value, &given)
                }
            };
            self.remember_hits(&value);
        }
        value
    }

    fn arguments(&mut self, arguments: &'a Arguments, emitted: bool) -> Given {
        let mut given = Given {
            places: arguments.places.iter().map(|value| self.evaluate(value, emitted)).collect(),
            names: arguments.names.iter().map(|(name, value)| (name.clone(), self.evaluate(value, emitted))).collect(),
        };
        for spread in &arguments.spread {
            match self.evaluate(spread, emitted) {
                Value::Dict(pairs) => {
                    let named = pairs.iter().filter_map(|(key, value)| Some((key.as_str()?.to_owned(), value.clone())));
                    given.names.extend(named);
                }
                value => given.places.extend(value.items().unwrap_or_else(|| vec![doubtful(value)])),
            }
        }
        given
    }

    fn test(&mut self, name: &str, value: &Value, given: &Given) -> Value {
        let words = given.place(0).cloned().unwrap_or(Value::None);
        if value.is_content()
            && matches!(name, "in" | "eq" | "equalto" | "sameas" | "contains" | "containing" | "match" | "search")
            && let Some(words) = self.asks_for(&words)
        {
            return Value::Hit(words);
        }
        doubtful(value.clone())
    }

    pub(crate) fn attribute(&mut self, value: &Value, name: &str, offset: usize) -> Value {
        let global = value.candidates().iter().any(|value| matches!(value, Value::Global(_) | Value::Macro(_)));
        self.found.reach(name, offset, global);
        if names::formats(name) {
            self.kept_format(value, offset);
        }
        let parts: Vec<Value> = value
            .candidates()
            .iter()
            .map(|value| match value {
                Value::Space(space) => {
                    let known = self.spaces.get(*space).and_then(|space| space.get(name)).cloned();
                    known.unwrap_or(Value::Outside(Origin::Other))
                }
                Value::Dict(pairs) => folding::subscript_of(pairs, Some(&Value::text(name))),
                value => Value::Outside(names::origin_below(value.origin(), name)),
            })
            .collect();
        Value::one_of(parts)
    }

    fn subscript(&mut self, value: &Value, key: &Value, offset: usize) -> Value {
        let mut parts = Vec::new();
        for key in key.candidates() {
            match key {
                Value::Str(name) => {
                    self.found.reach(name, offset, false);
                    if names::formats(name) {
                        self.kept_format(value, offset);
                    }
                }
                Value::Unfolded(_) => self.found.obscure(offset, "[…]"),
                Value::Outside(_) if matches!(value, Value::Global(_) | Value::Macro(_)) => {
                    self.found.obscure(offset, "[…]");
                }
                _ => {}
            }
            parts.extend(value.candidates().iter().map(|value| element(value, key)));
        }
        if let Value::Space(_) = value
            && let Some(name) = key.as_str()
        {
            return self.attribute(value, name, offset);
        }
        Value::one_of(parts)
    }

    fn method(&mut self, value: &Value, name: &str, arguments: &'a Arguments, offset: usize) -> Value {
        let given = self.arguments(arguments, false);
        let global = value.candidates().iter().any(|value| matches!(value, Value::Global(_) | Value::Macro(_)));
        self.found.reach(name, offset, global);
        self.found.reach_called(name, offset);
        self.reach_all(&given, offset);
        self.rewriting(name, value, &given, offset);
        if matches!(name, "format" | "format_map") {
            for candidate in value.candidates() {
                match candidate {
                    Value::Str(text) => self.format_fields(text, offset),
                    Value::Unfolded(_) => self.found.obscure(offset, ".format()"),
                    // Whoever writes the message says what is taken from what the template hands over.
                    Value::Outside(Origin::Content | Origin::Messages) => self.found.obscure(offset, ".format()"),
                    _ => {}
                }
            }
        }
        if value.is_content() && names::asks_content(name) && !self.negated {
            let words = given.places.first().cloned().unwrap_or(Value::None);
            if let Some(words) = self.asks_for(&words) {
                return if matches!(name, "startswith" | "endswith") {
                    Value::Hit(words)
                } else {
                    Value::Outside(Origin::Content)
                };
            }
        }
        if let Some(value) = self.space_method(value, name, &given) {
            return value;
        }
        if names::changes(name) {
            let new = match (name, value, given.place(0)) {
                ("append", Value::List(items), Some(item)) if items.len() < ITEMS && self.has_budget() => {
                    Some(Value::list(items.iter().cloned().chain([item.clone()]).collect()))
                }
                _ => None,
            };
            new.iter().for_each(|new| self.spend(new));
            self.change(value, new);
            return if name == "pop" { Value::Unfolded(Origin::Other) } else { Value::None };
        }
        let known =
            value.candidates().iter().all(|value| matches!(value, Value::Str(_) | Value::Dict(_) | Value::List(_)));
        if known && self.has_budget() {
            let outcome = folding::method(name, value, &given);
            return self.settled(outcome, offset, name);
        }
        match value {
            Value::Unfolded(origin) => Value::Unfolded(*origin),
            value => {
                let key = given.place(0).and_then(Value::as_str).unwrap_or_default();
                let below = if name == "get" { key } else { "" };
                Value::Outside(names::origin_below(value.origin().max(given.origin()), below))
            }
        }
    }

    /// A macro or a list may be kept in a namespace or a dictionary.
    fn space_method(&mut self, value: &Value, name: &str, given: &Given) -> Option<Value> {
        let Value::Space(space) = value else { return None };
        match self.spaces.get(*space)?.get(name)? {
            Value::Macro(number) => {
                let number = *number;
                Some(self.call_macro(number, given))
            }
            _ => None,
        }
    }

    /// A loop whose list grows with each round, or that begins again with the list that it goes through.
    fn feeds_itself(&mut self, name: &'a str, steps: &'a [Step]) {
        let grows = |step: &Step| matches!(&step.what, What::Attribute(method) if matches!(&**method, "append" | "insert" | "extend"));
        let begins_again = match steps {
            [Step { what: What::Call(arguments), .. }, ..] if name == "loop" => {
                arguments.places.iter().any(|place| self.iterates(place))
            }
            [step, Step { what: What::Call(_), .. }, ..] => grows(step) && self.iterating.contains(&name),
            _ => false,
        };
        if let Some(step) = steps.first().filter(|_| begins_again) {
            self.found.too_much(step.offset, name, u64::MAX);
        }
    }

    fn call(&mut self, function: &Value, arguments: &'a Arguments, offset: usize, emitted: bool) -> Value {
        let is_macro = matches!(function, Value::Macro(_));
        let given = self.arguments(arguments, emitted && is_macro);
        self.reach_all(&given, offset);
        match function {
            Value::Macro(number) => self.call_macro(*number, &given),
            Value::Global(name) => self.call_global(&Rc::clone(name), given, offset),
            _ => Value::Outside(given.origin().unwrap_or(Origin::Other)),
        }
    }

    fn call_global(&mut self, name: &str, given: Given, offset: usize) -> Value {
        match name {
            "range" => self.range(&given, offset),
            "dict" => {
                let named = given.names.iter().map(|(name, value)| (Value::text(name.as_str()), value.clone()));
                let placed = match given.place(0) {
                    Some(Value::Dict(pairs)) => pairs.to_vec(),
                    _ => Vec::new(),
                };
                Value::Dict(Rc::new(placed.into_iter().chain(named).collect()))
            }
            "namespace" => {
                let names = given.names.into_iter().map(|(name, value)| (name.as_str().into(), value)).collect();
                self.spaces.push(names);
                Value::Space(self.spaces.len() - 1)
            }
            "lipsum" => {
                if let Some(count) = given.all().filter_map(Value::as_int).max().filter(|count| *count > 10_000) {
                    self.found.too_much(offset, name, count.unsigned_abs());
                }
                Value::Unfolded(Origin::Other)
            }
            "strftime_now" => Value::Outside(Origin::Clock),
            _ => Value::Outside(given.origin().unwrap_or(Origin::Other)),
        }
    }

    fn range(&mut self, given: &Given, offset: usize) -> Value {
        let ints: Option<Vec<i64>> = given.places.iter().map(Value::as_int).collect();
        let (start, stop, step) = match ints.as_deref() {
            Some([stop]) => (0, *stop, 1),
            Some([start, stop]) => (*start, *stop, 1),
            Some([start, stop, step]) => (*start, *stop, *step),
            _ => return Value::Outside(Origin::Other),
        };
        let length = range_length(start, stop, step);
        if length > 1_000_000 {
            self.found.too_much(offset, "range", length);
        }
        if length > ITEMS as u64 || !self.has_budget() {
            return Value::Outside(Origin::Other);
        }
        let mut items = Vec::new();
        let mut at = start;
        for _ in 0..length {
            items.push(Value::Int(at));
            at = at.saturating_add(step);
        }
        let items = Value::list(items);
        self.spend(&items);
        items
    }

    /// The length of `range(…)` with constants, where it is too long to be kept.
    pub(crate) fn range_length(&mut self, over: &'a Expr) -> Option<usize> {
        let Kind::Steps(base, steps) = &over.kind else { return None };
        let ([Step { what: What::Call(arguments), .. }], Kind::Name(name)) = (steps.as_slice(), &base.kind) else {
            return None;
        };
        if name != "range" {
            return None;
        }
        let given = self.arguments(arguments, false);
        let ints: Vec<i64> = given.places.iter().map(Value::as_int).collect::<Option<_>>()?;
        let length = match ints.as_slice() {
            [stop] => range_length(0, *stop, 1),
            [start, stop] => range_length(*start, *stop, 1),
            [start, stop, step] => range_length(*start, *stop, *step),
            _ => 0,
        };
        usize::try_from(length).ok()
    }

    pub(crate) fn filter(&mut self, name: &str, value: Value, arguments: &'a Arguments, offset: usize) -> Value {
        let given = self.arguments(arguments, matches!(name, "default" | "d"));
        if !names::is_filter(name) {
            self.found.unknown(offset, name);
        }
        self.reach_all(&given, offset);
        self.attribute_filter(name, &given, offset);
        if matches!(name, "batch" | "slice")
            && let Some(count) = given.all().filter_map(Value::as_int).max().filter(|count| *count > 1_000_000)
        {
            self.found.too_much(offset, name, count.unsigned_abs());
        }
        self.rewriting(name, &value, &given, offset);
        if name == "attr" {
            let attribute = given.place(0).or(given.named("name")).cloned().unwrap_or(Value::None);
            let parts: Vec<Value> = attribute
                .candidates()
                .iter()
                .map(|candidate| match candidate {
                    Value::Str(name) => self.attribute(&value, name, offset),
                    _ => {
                        self.found.obscure(offset, "attr");
                        Value::Outside(Origin::Other)
                    }
                })
                .collect();
            return Value::one_of(parts);
        }
        if let Value::Global(_) = value {
            return Value::Unfolded(Origin::Other);
        }
        // A message as text holds what was written in it.
        if value.origin() == Some(Origin::Messages) && names::spells_out(name, &given) {
            return Value::Outside(Origin::Content);
        }
        if !self.has_budget() {
            return Value::Unfolded(value.origin().unwrap_or(Origin::Other));
        }
        let outcome = folding::filter(name, &value, &given);
        self.settled(outcome, offset, name)
    }

    /// `replace` on what somebody else wrote, with words or an address in its place.
    fn rewriting(&mut self, name: &str, value: &Value, given: &Given, offset: usize) {
        let new = given.place(1).or(given.named("new"));
        let (true, true, Some(new)) = (name == "replace", value.origin().is_some(), new) else { return };
        let old = given.place(0).or(given.named("old"));
        let known = |value: &Value| value.as_str().is_some_and(names::is_word_or_host);
        // What takes a "not" away turns an order round.
        let denies = |value: &Value| {
            let text = value.as_str().unwrap_or_default().to_lowercase();
            let english = ["not", "never", "don't", "cannot", "can't", "mustn't", "without", "except", "unless"];
            text.split_whitespace().any(|word| english.contains(&word))
                || ["不要", "不能", "不得", "禁止", "切勿", "严禁", "请勿"].iter().any(|word| text.contains(word))
        };
        let turns = old.is_some_and(|old| denies(old) && !denies(new));
        if value.is_content() && (known(new) && old.is_some_and(known) || turns) {
            let why = Text::new("它把消息中的词换成别的词", "it puts other words for those of a message");
            let text = new.as_str().unwrap_or_default();
            self.found.see("model.template-instruction", "rewrite", offset, |sighting| {
                sighting.with("text", text).with_text("why", why)
            });
        }
        for text in new.candidates().iter().filter_map(Value::as_str) {
            let links = phrases::links(text);
            if links || phrases::words(text) >= REWRITTEN || phrases::signs(text).iter().any(|sign| sign.weight > 2) {
                let why = Text::new("它改写了消息的内容", "it rewrites what a message says");
                self.found.see("model.template-injection", "rewrite", offset, |sighting| {
                    sighting.with("text", text).with_text("why", why)
                });
            }
        }
    }

    /// Filters that take attributes by name: `map(attribute=…)`, `map('attr', …)`, `selectattr(…)`.
    fn attribute_filter(&mut self, name: &str, given: &Given, offset: usize) {
        let takes = match name {
            "map" => given.named("attribute").into_iter().chain(map_attribute(given)).collect::<Vec<_>>(),
            "selectattr" | "rejectattr" | "groupby" => {
                given.place(0).or(given.named("attribute")).into_iter().collect()
            }
            "sort" | "unique" | "sum" | "min" | "max" | "join" => given.named("attribute").into_iter().collect(),
            _ => Vec::new(),
        };
        for value in takes.into_iter().flat_map(|value| value.candidates().to_vec()) {
            match value {
                Value::Str(path) => {
                    for part in path.split('.') {
                        self.found.reach(part, offset, false);
                        if names::formats(part) {
                            self.found.obscure(offset, name);
                        }
                    }
                }
                Value::Unfolded(_) | Value::Outside(_) => self.found.obscure(offset, name),
                _ => {}
            }
        }
    }

    /// A dunder name that is handed to any function is meant to be reached.
    fn reach_all(&mut self, given: &Given, offset: usize) {
        for value in given.all() {
            for candidate in value.candidates() {
                if let Value::Str(text) = candidate
                    && names::is_dunder(text)
                {
                    self.found.reach(text, offset, false);
                }
            }
        }
    }

    /// A way to format that is taken along rather than called: honest templates call it where they name it.
    fn kept_format(&mut self, value: &Value, offset: usize) {
        for text in value.candidates().iter().filter_map(Value::as_str) {
            self.format_fields(text, offset);
        }
        if !matches!(value, Value::Outside(_) | Value::Dict(_) | Value::Space(_)) {
            self.found.obscure(offset, ".format");
        }
    }

    /// `{0.__class__}` reaches an attribute too.
    fn format_fields(&mut self, text: &str, offset: usize) {
        for part in operate::fields(text).into_iter().flat_map(|field| field.split(['.', '[', ']'])) {
            self.found.reach(part, offset, false);
        }
    }
}

fn map_attribute(given: &Given) -> Option<&Value> {
    given.place(0).and_then(Value::as_str).filter(|name| *name == "attr").and(given.place(1))
}

fn range_length(start: i64, stop: i64, step: i64) -> u64 {
    let distance = if step < 0 { start.saturating_sub(stop) } else { stop.saturating_sub(start) };
    let step = step.unsigned_abs().max(1);
    u64::try_from(distance).unwrap_or(0).div_ceil(step)
}

/// Nothing is known of it but where it comes from.
fn doubtful(value: Value) -> Value {
    match value {
        Value::Hit(words) => Value::Hit(words),
        Value::OneOf(values) if values.iter().any(|value| matches!(value, Value::Hit(_))) => Value::OneOf(values),
        value => Value::Outside(value.origin().filter(|origin| *origin == Origin::Clock).unwrap_or(Origin::Other)),
    }
}

fn element(value: &Value, key: &Value) -> Value {
    match (value, key) {
        (Value::Dict(pairs), key) => folding::subscript_of(pairs, Some(key)),
        (Value::List(items), Value::Int(at)) => {
            let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
            let at = if *at < 0 { at.saturating_add(length) } else { *at };
            let item = usize::try_from(at).ok().and_then(|at| items.get(at));
            item.cloned().unwrap_or(Value::Outside(Origin::Other))
        }
        (Value::List(items), _) => {
            Value::one_of(items.iter().take(ITEMS).cloned().chain([Value::Outside(Origin::Other)]))
        }
        (Value::Str(text), Value::Int(_)) => match folding::slice(&Value::text(&**text), [None, None, None]).items() {
            Some(items) => element(&Value::list(items), key),
            None => Value::Unfolded(Origin::Other),
        },
        (Value::Str(_) | Value::Unfolded(_), _) => Value::Unfolded(value.origin().unwrap_or(Origin::Other)),
        (value, Value::Str(name)) => Value::Outside(names::origin_below(value.origin(), name)),
        (value, _) => Value::Outside(value.origin().unwrap_or(Origin::Other)),
    }
}
