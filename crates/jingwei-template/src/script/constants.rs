//! Values of TorchScript that are known without running it: whole numbers and truths, through copies and comparisons.

use std::{collections::HashMap, ops::Range};

use super::tokens::{Line, Spanned, Token};

/// Tokens that are looked at for one loop and for all, and brackets and names within each other.
const FUEL: usize = 1 << 12;
pub(super) const ALL: usize = 1 << 19;
const DEPTH: u32 = 32;

/// What a line gives a name.
#[derive(Debug, Clone)]
enum Given {
    /// The tokens of the line that make its value.
    Tokens(Range<usize>),
    Unknown,
}

/// All lines of a text that give a name a value.
pub(super) struct Constants<'l, 't> {
    text: &'t str,
    lines: &'l [Line<'t>],
    given: HashMap<&'t str, Vec<(usize, Given)>>,
    /// For each line the one at which its function begins.
    functions: Vec<usize>,
}

/// A loop, and what is known while it runs.
pub(super) struct Within<'c, 'l, 't> {
    all: &'c Constants<'l, 't>,
    at: usize,
    body: Range<usize>,
    /// Lines of the body that never run.
    pub(super) dead: Vec<Range<usize>>,
    /// Values that names are taken to keep, until a line of the body says otherwise.
    assumed: Vec<(&'t str, i128)>,
    fuel: usize,
    pub(super) spent: usize,
}

impl<'l, 't> Constants<'l, 't> {
    pub(super) fn of(text: &'t str, lines: &'l [Line<'t>]) -> Self {
        let mut given: HashMap<&str, Vec<(usize, Given)>> = HashMap::new();
        let mut functions = Vec::with_capacity(lines.len());
        let mut function = 0;
        for (at, line) in lines.iter().enumerate() {
            if line.tokens.first().is_some_and(|first| first.token == Token::Name("def")) {
                function = at;
            }
            functions.push(function);
            for (name, value) in assignments(&line.tokens) {
                given.entry(name).or_default().push((at, value));
            }
        }
        Self { text, lines, given, functions }
    }

    /// `body`: the lines that the line `at` repeats; `left`: tokens that may still be looked at.
    pub(super) fn within(&self, at: usize, body: Range<usize>, left: usize) -> Within<'_, 'l, 't> {
        Within { all: self, at, body, dead: Vec::new(), assumed: Vec::new(), fuel: FUEL.min(left), spent: 0 }
    }
}

impl<'l, 't> Within<'_, 'l, 't> {
    /// What some tokens of a line stand for, as long as the loop runs. Truths are 1 and 0.
    pub(super) fn value(&mut self, line: usize, tokens: Range<usize>) -> Option<i128> {
        self.tokens(line, tokens, 0)
    }

    fn tokens(&mut self, line: usize, tokens: Range<usize>, depth: u32) -> Option<i128> {
        let lines: &'l [Line<'t>] = self.all.lines;
        let tokens = lines.get(line)?.tokens.get(tokens)?;
        self.fuel = self.fuel.checked_sub(tokens.len())?;
        self.spent += tokens.len();
        let mut parser = Parser { names: self, tokens, at: 0 };
        let value = parser.either(depth)?;
        (parser.at == tokens.len()).then_some(value)
    }

    /// What a name stands for: what it was given before the loop, if each line of the body gives it the same again.
    fn name(&mut self, name: &'t str, depth: u32) -> Option<i128> {
        if let Some((_, value)) = self.assumed.iter().find(|(known, _)| *known == name) {
            return Some(*value);
        }
        if depth > DEPTH {
            return None;
        }
        let all = self.all;
        let given = all.given.get(name)?;
        let function = *all.functions.get(self.at)?;
        let above = given.partition_point(|(line, _)| *line < self.at);
        let inner = given.partition_point(|(line, _)| *line < self.body.end);
        let before = given.get(..above)?.last().filter(|(line, _)| *line >= function);
        let mut value = before.and_then(|(line, given)| self.given(*line, given, depth));
        for (line, given) in given.get(above..inner)? {
            if self.dead.iter().any(|dead| dead.contains(line)) {
                continue;
            }
            self.assumed.extend(value.map(|value| (name, value)));
            let again = self.given(*line, given, depth);
            if value.is_some() {
                self.assumed.pop();
            }
            match (value, again) {
                (Some(before), Some(again)) if before == again => {}
                // Whatever it was before, it is this from now on.
                (None, Some(_)) => value = again,
                _ => return None,
            }
        }
        value
    }

    fn given(&mut self, line: usize, given: &Given, depth: u32) -> Option<i128> {
        match given {
            Given::Tokens(tokens) => self.tokens(line, tokens.clone(), depth + 1),
            Given::Unknown => None,
        }
    }
}

struct Parser<'w, 'c, 'l, 't> {
    names: &'w mut Within<'c, 'l, 't>,
    tokens: &'l [Spanned<'t>],
    at: usize,
}

impl<'t> Parser<'_, '_, '_, 't> {
    fn peek(&self) -> Option<Token<'t>> {
        self.tokens.get(self.at).map(|spanned| spanned.token)
    }

    fn takes(&mut self, token: Token<'_>) -> bool {
        let is_it = self.peek() == Some(token);
        self.at += usize::from(is_it);
        is_it
    }

    fn either(&mut self, depth: u32) -> Option<i128> {
        let mut value = self.both(depth)?;
        while self.takes(Token::Name("or")) {
            let other = self.both(depth)?;
            value = if value == 0 { other } else { value };
        }
        Some(value)
    }

    fn both(&mut self, depth: u32) -> Option<i128> {
        let mut value = self.negated(depth)?;
        while self.takes(Token::Name("and")) {
            let other = self.negated(depth)?;
            value = if value == 0 { value } else { other };
        }
        Some(value)
    }

    fn negated(&mut self, depth: u32) -> Option<i128> {
        let mut turned = false;
        let mut is_truth = false;
        while self.takes(Token::Name("not")) {
            (turned, is_truth) = (!turned, true);
        }
        let value = self.compared(depth)?;
        Some(if is_truth { i128::from((value == 0) == turned) } else { value })
    }

    fn compared(&mut self, depth: u32) -> Option<i128> {
        let left = self.sum(depth)?;
        let Some(Token::Sign(sign @ ('<' | '>' | '=' | '!'))) = self.peek() else { return Some(left) };
        self.at += 1;
        let with_equal = self.takes(Token::Sign('='));
        let name = match (sign, with_equal) {
            ('<', false) => "lt",
            ('<', true) => "le",
            ('>', false) => "gt",
            ('>', true) => "ge",
            ('=', true) => "eq",
            ('!', true) => "ne",
            _ => return None,
        };
        call(name, &[left, self.sum(depth)?])
    }

    fn sum(&mut self, depth: u32) -> Option<i128> {
        let mut value = self.atom(depth)?;
        while let Some(Token::Sign(sign @ ('+' | '-' | '*'))) = self.peek() {
            self.at += 1;
            let other = self.atom(depth)?;
            value = match sign {
                '+' => value.saturating_add(other),
                '-' => value.saturating_sub(other),
                _ => value.saturating_mul(other),
            };
        }
        Some(value)
    }

    fn atom(&mut self, depth: u32) -> Option<i128> {
        if depth > DEPTH {
            return None;
        }
        let spanned = *self.tokens.get(self.at)?;
        self.at += 1;
        match spanned.token {
            Token::Sign('(') => {
                let value = self.either(depth + 1)?;
                self.takes(Token::Sign(')')).then_some(value)
            }
            Token::Sign('-') => Some(-self.atom(depth + 1)?.max(i128::MIN + 1)),
            Token::Number => number(self.names.all.text, spanned.offset),
            Token::Name("True") => Some(1),
            Token::Name("False") => Some(0),
            Token::Name("torch") if self.takes(Token::Sign('.')) => {
                let Some(Token::Name(name)) = self.peek() else { return None };
                self.at += 1;
                self.takes(Token::Sign('(')).then_some(())?;
                self.called(name, depth)
            }
            Token::Name(name @ ("bool" | "int")) if self.takes(Token::Sign('(')) => self.called(name, depth),
            Token::Name("annotate") if self.takes(Token::Sign('(')) => {
                self.at += 1;
                self.takes(Token::Sign(',')).then_some(())?;
                self.called("int", depth)
            }
            Token::Name(name) if !matches!(self.peek(), Some(Token::Sign('(' | '.' | '['))) => {
                self.names.name(name, depth + 1)
            }
            _ => None,
        }
    }

    /// The rest of a call whose bracket is open.
    fn called(&mut self, name: &str, depth: u32) -> Option<i128> {
        let mut values = Vec::new();
        while !self.takes(Token::Sign(')')) {
            values.push(self.either(depth + 1)?);
            self.takes(Token::Sign(','));
        }
        call(name, &values)
    }
}

/// Operators on numbers and truths that PyTorch writes as calls.
fn call(name: &str, values: &[i128]) -> Option<i128> {
    let truth = |holds: bool| Some(i128::from(holds));
    match (name, values) {
        ("bool" | "Bool", [a]) => truth(*a != 0),
        ("int" | "Int", [a]) => Some(*a),
        ("__not__", [a]) => truth(*a == 0),
        ("neg", [a]) => Some(a.saturating_neg()),
        ("lt", [a, b]) => truth(a < b),
        ("le", [a, b]) => truth(a <= b),
        ("gt", [a, b]) => truth(a > b),
        ("ge", [a, b]) => truth(a >= b),
        ("eq" | "__is__", [a, b]) => truth(a == b),
        ("ne" | "__isnot__", [a, b]) => truth(a != b),
        ("__and__", [a, b]) => Some(a & b),
        ("__or__", [a, b]) => Some(a | b),
        ("__xor__", [a, b]) => Some(a ^ b),
        ("add", [a, b]) => Some(a.saturating_add(*b)),
        ("sub", [a, b]) => Some(a.saturating_sub(*b)),
        ("mul", [a, b]) => Some(a.saturating_mul(*b)),
        ("pow", [a, b]) => Some(a.saturating_pow(u32::try_from(*b).ok()?)),
        _ => None,
    }
}

/// A whole number. One of too many digits is the largest.
fn number(text: &str, offset: usize) -> Option<i128> {
    let rest = text.get(offset..)?;
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '.').unwrap_or(rest.len());
    let digits = rest.get(..end)?.replace('_', "");
    if let Some(hex) = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        return i128::from_str_radix(hex, 16).ok();
    }
    let is_whole = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    is_whole.then(|| digits.parse().unwrap_or(i128::MAX))
}

/// The names to which a line gives a value: alone, in a list of names, with a type, or as the counter of a loop.
fn assignments<'t>(tokens: &[Spanned<'t>]) -> Vec<(&'t str, Given)> {
    let Some(front) = tokens.first() else { return Vec::new() };
    let outer = |spanned: &Spanned<'_>| spanned.depth == front.depth;
    let name = |spanned: &Spanned<'t>| match spanned.token {
        Token::Name(name) => Some((name, Given::Unknown)),
        _ => None,
    };
    if matches!(front.token, Token::Name("for" | "with" | "def" | "if" | "elif" | "else" | "while" | "try")) {
        let end = tokens.iter().position(|spanned| spanned.token == Token::Name("in")).unwrap_or(tokens.len());
        return match front.token {
            Token::Name("for" | "with") => tokens.iter().take(end).skip(1).filter_map(name).collect(),
            _ => Vec::new(),
        };
    }
    let Some(equals) = tokens.iter().position(|spanned| spanned.token == Token::Sign('=') && outer(spanned)) else {
        return Vec::new();
    };
    let typed = tokens.iter().take(equals).position(|spanned| spanned.token == Token::Sign(':'));
    let targets = tokens.get(..typed.unwrap_or(equals)).unwrap_or_default();
    // `x += 1`, `x == y`.
    let is_plain =
        typed.is_some() || matches!(targets.last().map(|t| t.token), Some(Token::Name(_) | Token::Sign(',' | ')')));
    let names: Vec<(&str, Given)> = targets.iter().filter_map(name).collect();
    if !is_plain || tokens.get(equals + 1).is_some_and(|next| next.token == Token::Sign('=')) {
        return names;
    }
    let mut values = Vec::new();
    let first = equals + 1;
    let mut start = first;
    for at in first..=tokens.len() {
        let ends = tokens.get(at).is_none_or(|spanned| outer(spanned) && spanned.token == Token::Sign(','));
        if ends && start < at {
            values.push(start..at);
            start = at + 1;
        }
    }
    let is_each = names.len() == values.len();
    let whole = names.len() == 1 && !targets.iter().any(|spanned| spanned.token == Token::Sign(','));
    let parts = names.into_iter().enumerate();
    parts
        .map(|(number, (name, _))| match values.get(number) {
            Some(value) if is_each || whole && values.len() == 1 => (name, Given::Tokens(value.clone())),
            _ => (name, Given::Unknown),
        })
        .collect()
}
