//! Expressions, by recursive descent. Every nesting is counted.

use crate::template::{
    ast::{Arguments, Expr, Kind, Op, Step, What},
    lexer::{Fault, Spanned, Token},
};

/// Reads tokens; the statements are in [`crate::template::statements`].
pub(crate) struct Parser<'t> {
    tokens: &'t [Spanned<'t>],
    at: usize,
    pub(crate) depth: u32,
    pub(crate) deepest: u32,
    /// Nested deeper than allowed, which is no fault of the language.
    pub(crate) too_deep: bool,
    end: usize,
}

type Parsed<T> = Result<T, Fault>;

impl<'t> Parser<'t> {
    pub(crate) fn new(tokens: &'t [Spanned<'t>], end: usize, deepest: u32) -> Self {
        Self { tokens, at: 0, depth: 0, deepest, too_deep: false, end }
    }

    pub(crate) fn peek(&self) -> Option<&'t Token<'t>> {
        self.tokens.get(self.at).map(|spanned| &spanned.token)
    }

    fn ahead(&self, count: usize) -> Option<&'t Token<'t>> {
        self.tokens.get(self.at + count).map(|spanned| &spanned.token)
    }

    pub(crate) fn offset(&self) -> usize {
        self.tokens.get(self.at).map_or(self.end, |spanned| spanned.offset)
    }

    pub(crate) fn step(&mut self) {
        self.at += 1;
    }

    pub(crate) fn sign(&mut self, sign: &str) -> bool {
        let met = self.is_sign(sign);
        self.at += usize::from(met);
        met
    }

    pub(crate) fn is_sign(&self, sign: &str) -> bool {
        matches!(self.peek(), Some(Token::Sign(s)) if *s == sign)
    }

    pub(crate) fn word(&mut self, word: &str) -> bool {
        let met = self.is_word(word);
        self.at += usize::from(met);
        met
    }

    pub(crate) fn is_word(&self, word: &str) -> bool {
        matches!(self.peek(), Some(Token::Name(name)) if *name == word)
    }

    pub(crate) fn name(&mut self) -> Parsed<String> {
        match self.peek() {
            Some(Token::Name(name)) => {
                self.step();
                Ok((*name).to_owned())
            }
            _ => Err(self.fault("这里应当是名称", "a name is missing")),
        }
    }

    pub(crate) fn expect(&mut self, sign: &str) -> Parsed<()> {
        if self.sign(sign) {
            return Ok(());
        }
        Err(self.fault(format!("缺少 {sign}"), format!("`{sign}` is missing")))
    }

    pub(crate) fn fault(&self, zh: impl Into<String>, en: impl Into<String>) -> Fault {
        Fault::new(self.offset(), zh, en)
    }

    /// Everything that nests goes through here.
    pub(crate) fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth >= self.deepest {
            self.too_deep = true;
            return Err(self.fault("嵌套过深", "it is nested too deep"));
        }
        self.depth += 1;
        let read = read(self);
        self.depth -= 1;
        read
    }

    /// An expression, or several with commas between them, which make a tuple.
    pub(crate) fn tuple(&mut self) -> Parsed<Expr> {
        let offset = self.offset();
        let first = self.expression()?;
        if !self.is_sign(",") {
            return Ok(first);
        }
        let mut items = vec![first];
        while self.sign(",") {
            if matches!(self.peek(), None | Some(Token::CloseBlock | Token::CloseOutput | Token::Sign(")" | "="))) {
                break;
            }
            items.push(self.expression()?);
        }
        Ok(Expr { offset, kind: Kind::List(items) })
    }

    pub(crate) fn expression(&mut self) -> Parsed<Expr> {
        self.deeper(Self::conditional)
    }

    /// Without `if … else …`, which after `in` of a loop is the loop's own filter.
    pub(crate) fn unconditional(&mut self) -> Parsed<Expr> {
        self.deeper(Self::either)
    }

    fn conditional(&mut self) -> Parsed<Expr> {
        let offset = self.offset();
        let mut value = self.either()?;
        while self.word("if") {
            let condition = Box::new(self.either()?);
            let otherwise = if self.word("else") { Some(Box::new(self.deeper(Self::conditional)?)) } else { None };
            value = Expr { offset, kind: Kind::If { condition, then: Box::new(value), otherwise } };
            if self.depth_of_ifs_is_spent(&value) {
                self.too_deep = true;
                return Err(self.fault("嵌套过深", "it is nested too deep"));
            }
        }
        Ok(value)
    }

    /// `a if b if c if d`, each of which wraps the one before.
    fn depth_of_ifs_is_spent(&self, value: &Expr) -> bool {
        let mut depth = self.depth;
        let mut inner = value;
        while let Kind::If { then, .. } = &inner.kind {
            depth += 1;
            inner = then;
        }
        depth > self.deepest
    }

    fn either(&mut self) -> Parsed<Expr> {
        self.several("or", |parser| parser.several("and", Self::negated))
    }

    fn several(&mut self, word: &str, part: impl Fn(&mut Self) -> Parsed<Expr>) -> Parsed<Expr> {
        let offset = self.offset();
        let first = part(self)?;
        if !self.is_word(word) {
            return Ok(first);
        }
        let mut parts = vec![first];
        while self.word(word) {
            parts.push(part(self)?);
        }
        Ok(Expr { offset, kind: Kind::Any(parts) })
    }

    fn negated(&mut self) -> Parsed<Expr> {
        let offset = self.offset();
        if self.word("not") {
            let inner = self.deeper(Self::negated)?;
            return Ok(Expr { offset, kind: Kind::Not(Box::new(inner)) });
        }
        self.comparison()
    }

    fn comparison(&mut self) -> Parsed<Expr> {
        let offset = self.offset();
        let first = self.chain(&[("+", Op::Add), ("-", Op::Subtract)], |p| p.concatenation())?;
        let mut rest = Vec::new();
        loop {
            let op = match (self.peek(), self.ahead(1)) {
                (Some(Token::Sign("==")), _) => Op::Equal,
                (Some(Token::Sign("!=")), _) => Op::NotEqual,
                (Some(Token::Sign("<")), _) => Op::Less,
                (Some(Token::Sign("<=")), _) => Op::LessEqual,
                (Some(Token::Sign(">")), _) => Op::Greater,
                (Some(Token::Sign(">=")), _) => Op::GreaterEqual,
                (Some(Token::Name("in")), _) => Op::In,
                (Some(Token::Name("not")), Some(Token::Name("in"))) => {
                    self.step();
                    Op::NotIn
                }
                _ => break,
            };
            self.step();
            rest.push((op, self.chain(&[("+", Op::Add), ("-", Op::Subtract)], |p| p.concatenation())?));
        }
        if rest.is_empty() { Ok(first) } else { Ok(Expr { offset, kind: Kind::Compare(Box::new(first), rest) }) }
    }

    fn concatenation(&mut self) -> Parsed<Expr> {
        self.chain(&[("~", Op::Concat)], |parser| {
            let products = [("*", Op::Multiply), ("//", Op::FloorDivide), ("/", Op::Divide), ("%", Op::Modulo)];
            parser.chain(&products, |parser| parser.chain(&[("**", Op::Power)], Self::signed))
        })
    }

    fn chain(&mut self, ops: &[(&str, Op)], part: impl Fn(&mut Self) -> Parsed<Expr>) -> Parsed<Expr> {
        let offset = self.offset();
        let first = part(self)?;
        let mut rest = Vec::new();
        while let Some(Token::Sign(sign)) = self.peek()
            && let Some((_, op)) = ops.iter().find(|(known, _)| known == sign)
        {
            self.step();
            rest.push((*op, part(self)?));
        }
        if rest.is_empty() { Ok(first) } else { Ok(Expr { offset, kind: Kind::Chain(Box::new(first), rest) }) }
    }

    fn signed(&mut self) -> Parsed<Expr> {
        let offset = self.offset();
        let inner = if self.sign("-") {
            let inner = self.deeper(Self::signed)?;
            Expr { offset, kind: Kind::Minus(Box::new(inner)) }
        } else if self.sign("+") {
            self.deeper(Self::signed)?
        } else {
            self.primary()?
        };
        self.steps(inner)
    }

    fn primary(&mut self) -> Parsed<Expr> {
        let offset = self.offset();
        let Some(token) = self.peek() else {
            return Err(self.fault("表达式没有结束", "an expression does not end"));
        };
        self.step();
        let kind = match token {
            Token::Name("true" | "True") => Kind::Bool(true),
            Token::Name("false" | "False") => Kind::Bool(false),
            Token::Name("none" | "None") => Kind::None,
            Token::Name(name) => Kind::Name((*name).to_owned()),
            Token::Int(value) => Kind::Int(*value),
            Token::Float(value) => Kind::Float(*value),
            Token::Str(text, known) => self.joined(text, *known),
            Token::Sign("(") => return self.parenthesis(offset),
            Token::Sign("[") => Kind::List(self.items("]")?),
            Token::Sign("{") => Kind::Dict(self.pairs()?),
            _ => {
                self.at -= 1;
                return Err(self.fault("这里应当是表达式", "an expression is missing"));
            }
        };
        Ok(Expr { offset, kind })
    }

    /// Literals that stand side by side are one.
    fn joined(&mut self, first: &str, mut known: bool) -> Kind {
        let mut text = first.to_owned();
        while let Some(Token::Str(more, also)) = self.peek() {
            text.push_str(more);
            known &= also;
            self.step();
        }
        Kind::Str(text, known)
    }

    fn parenthesis(&mut self, offset: usize) -> Parsed<Expr> {
        if self.sign(")") {
            return Ok(Expr { offset, kind: Kind::List(Vec::new()) });
        }
        let inner = self.tuple()?;
        self.expect(")")?;
        Ok(inner)
    }

    fn items(&mut self, close: &str) -> Parsed<Vec<Expr>> {
        let mut items = Vec::new();
        while !self.sign(close) {
            items.push(self.expression()?);
            if !self.sign(",") {
                self.expect(close)?;
                break;
            }
        }
        Ok(items)
    }

    fn pairs(&mut self) -> Parsed<Vec<(Expr, Expr)>> {
        let mut pairs = Vec::new();
        while !self.sign("}") {
            let key = self.expression()?;
            self.expect(":")?;
            pairs.push((key, self.expression()?));
            if !self.sign(",") {
                self.expect("}")?;
                break;
            }
        }
        Ok(pairs)
    }

    fn steps(&mut self, base: Expr) -> Parsed<Expr> {
        let mut steps = Vec::new();
        loop {
            let offset = self.offset();
            let what = match self.peek() {
                Some(Token::Sign(".")) => {
                    self.step();
                    match self.peek() {
                        Some(Token::Int(index)) => {
                            self.step();
                            What::Subscript(Box::new(Expr { offset, kind: Kind::Int(*index) }))
                        }
                        _ => What::Attribute(self.name()?),
                    }
                }
                Some(Token::Sign("[")) => {
                    self.step();
                    self.subscript()?
                }
                Some(Token::Sign("(")) => What::Call(self.arguments()?),
                Some(Token::Sign("|")) => self.filter()?,
                Some(Token::Name("is")) => self.test()?,
                _ => break,
            };
            steps.push(Step { offset, what });
        }
        if steps.is_empty() {
            return Ok(base);
        }
        Ok(Expr { offset: base.offset, kind: Kind::Steps(Box::new(base), steps) })
    }

    fn subscript(&mut self) -> Parsed<What> {
        let mut parts: [Option<Box<Expr>>; 3] = [None, None, None];
        let mut part = 0;
        loop {
            if self.sign(":") {
                part += 1;
                if part > 2 {
                    return Err(self.fault("切片有误", "a slice is wrong"));
                }
            } else if self.sign("]") {
                break;
            } else if let (None, Some(place)) = (parts.get(part).cloned().flatten(), parts.get_mut(part)) {
                *place = Some(Box::new(self.tuple()?));
            } else {
                return Err(self.fault("缺少 ]", "`]` is missing"));
            }
        }
        match parts {
            [Some(key), None, None] if part == 0 => Ok(What::Subscript(key)),
            [None, None, None] if part == 0 => Err(self.fault("下标为空", "a subscript is empty")),
            parts => Ok(What::Slice(parts)),
        }
    }

    /// The filters that begin here, as `{% filter … %}` and `{% set … | … %}` take them.
    pub(crate) fn filters(&mut self) -> Parsed<Vec<Step>> {
        let mut filters = Vec::new();
        while self.is_sign("|") {
            let offset = self.offset();
            filters.push(Step { offset, what: self.filter()? });
        }
        Ok(filters)
    }

    fn filter(&mut self) -> Parsed<What> {
        self.expect("|")?;
        self.filter_name()
    }

    pub(crate) fn filter_name(&mut self) -> Parsed<What> {
        let name = self.dotted()?;
        let arguments = if self.is_sign("(") { self.arguments()? } else { Arguments::default() };
        Ok(What::Filter(name, arguments))
    }

    fn dotted(&mut self) -> Parsed<String> {
        let mut name = self.name()?;
        while self.is_sign(".") && matches!(self.ahead(1), Some(Token::Name(_))) {
            self.step();
            name.push('.');
            name.push_str(&self.name()?);
        }
        Ok(name)
    }

    fn test(&mut self) -> Parsed<What> {
        self.step();
        self.word("not");
        let name = self.dotted()?;
        let mut arguments = Arguments::default();
        if self.is_sign("(") {
            arguments = self.arguments()?;
        } else if self.argument_follows() {
            let argument = self.deeper(|parser| {
                let inner = parser.primary()?;
                parser.attributes(inner)
            })?;
            arguments.places.push(argument);
        }
        Ok(What::Test(name, arguments))
    }

    /// `x is divisibleby 3`, but not `x is defined and …`.
    fn argument_follows(&self) -> bool {
        match self.peek() {
            Some(Token::Name(word)) => {
                !matches!(*word, "and" | "or" | "else" | "if" | "in" | "is" | "not" | "recursive")
            }
            Some(Token::Str(..) | Token::Int(_) | Token::Float(_) | Token::Sign("[" | "{")) => true,
            _ => false,
        }
    }

    fn attributes(&mut self, base: Expr) -> Parsed<Expr> {
        let offset = base.offset;
        let mut steps = Vec::new();
        while matches!(self.peek(), Some(Token::Sign("." | "[" | "("))) {
            let offset = self.offset();
            let what = if self.sign(".") {
                What::Attribute(self.name()?)
            } else if self.sign("[") {
                self.subscript()?
            } else {
                What::Call(self.arguments()?)
            };
            steps.push(Step { offset, what });
        }
        if steps.is_empty() { Ok(base) } else { Ok(Expr { offset, kind: Kind::Steps(Box::new(base), steps) }) }
    }

    pub(crate) fn arguments(&mut self) -> Parsed<Arguments> {
        self.expect("(")?;
        let mut arguments = Arguments::default();
        while !self.sign(")") {
            if self.sign("**") || self.sign("*") {
                arguments.spread.push(self.expression()?);
            } else if let (Some(Token::Name(name)), Some(Token::Sign("="))) = (self.peek(), self.ahead(1)) {
                self.at += 2;
                arguments.names.push(((*name).to_owned(), self.expression()?));
            } else {
                arguments.places.push(self.expression()?);
            }
            if !self.sign(",") {
                self.expect(")")?;
                break;
            }
        }
        Ok(arguments)
    }
}
