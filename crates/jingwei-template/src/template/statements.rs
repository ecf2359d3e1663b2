//! Statements: what stands in `{% … %}`, and the text between.

use crate::template::{
    ast::{Expr, Kind, Statement, Step, Target},
    expressions::Parser,
    lexer::{Fault, Spanned, Token},
};

/// What could be read, the first fault, and whether the template is nested too deep.
pub(crate) struct Template {
    pub statements: Vec<Statement>,
    pub fault: Option<Fault>,
    pub too_deep: bool,
}

pub(crate) fn parse(tokens: &[Spanned<'_>], end: usize, deepest: u32) -> Template {
    let mut parser = Parser::new(tokens, end, deepest);
    let mut statements = Vec::new();
    let mut fault = None;
    while parser.peek().is_some() {
        match parser.statement(&mut statements) {
            Ok(None) => {}
            Ok(Some(end)) => {
                fault = Some(parser.fault(format!("多余的 {end}"), format!("`{end}` closes nothing")));
                break;
            }
            Err(found) => {
                fault = Some(found);
                break;
            }
        }
    }
    Template { statements, fault, too_deep: parser.too_deep }
}

/// The word that ended a body, such as `endif` or `else`; its tag is still open.
type Ended = String;
type Parsed<T> = Result<T, Fault>;

const ENDS: [&str; 17] = [
    "endif",
    "else",
    "elif",
    "endfor",
    "endset",
    "endmacro",
    "endcall",
    "endfilter",
    "endwith",
    "endblock",
    "endgeneration",
    "endautoescape",
    "endtrans",
    "pluralize",
    "endraw",
    "endcomment",
    "endspaceless",
];

impl Parser<'_> {
    /// Reads one statement into `out`, or the word that ends the body around it.
    fn statement(&mut self, out: &mut Vec<Statement>) -> Parsed<Option<Ended>> {
        let offset = self.offset();
        match self.peek() {
            Some(Token::Text(text)) => {
                self.step();
                out.push(Statement::Text { offset, text: (*text).to_owned() });
            }
            Some(Token::OpenOutput) => {
                self.step();
                out.push(Statement::Output(self.tuple()?));
                self.close_output()?;
            }
            Some(Token::OpenBlock) => {
                self.step();
                let verb = self.name()?;
                if ENDS.contains(&verb.as_str()) {
                    return Ok(Some(verb));
                }
                out.extend(self.deeper(|parser| parser.block(&verb, offset))?);
            }
            _ => return Err(self.fault("标签有误", "a tag is wrong")),
        }
        Ok(None)
    }

    fn block(&mut self, verb: &str, offset: usize) -> Parsed<Option<Statement>> {
        Ok(Some(match verb {
            "if" => self.conditions()?,
            "for" => self.repetition()?,
            "set" => self.assignment()?,
            "macro" => self.definition()?,
            "call" => self.call()?,
            "filter" => {
                let first = Step { offset: self.offset(), what: self.filter_name()? };
                let mut filters = vec![first];
                filters.extend(self.filters()?);
                self.close()?;
                Statement::Filter { filters, body: self.closed("endfilter")? }
            }
            "with" => self.with()?,
            "block" => {
                while !matches!(self.peek(), Some(Token::CloseBlock) | None) {
                    self.name()?;
                }
                self.close()?;
                let body = self.body(&["endblock"])?.0;
                if !matches!(self.peek(), Some(Token::CloseBlock)) {
                    self.name()?;
                }
                self.close()?;
                Statement::Holds(body)
            }
            "generation" | "autoescape" | "spaceless" => {
                if verb == "autoescape" {
                    self.expression()?;
                }
                self.close()?;
                Statement::Holds(self.closed(&format!("end{verb}"))?)
            }
            "do" => {
                let value = self.tuple()?;
                self.close()?;
                Statement::Do(value)
            }
            "break" | "continue" | "debug" => {
                self.close()?;
                return Ok(None);
            }
            "import" | "include" | "extends" | "from" => self.import(verb, offset)?,
            _ => {
                let shown = jingwei_read::shown(verb);
                return Err(Fault::new(offset, format!("不认识的标签 {shown}"), format!("unknown tag `{shown}`")));
            }
        }))
    }

    fn close(&mut self) -> Parsed<()> {
        match self.peek() {
            Some(Token::CloseBlock) => {
                self.step();
                Ok(())
            }
            _ => Err(self.fault("缺少 %}", "`%}` is missing")),
        }
    }

    fn close_output(&mut self) -> Parsed<()> {
        match self.peek() {
            Some(Token::CloseOutput) => {
                self.step();
                Ok(())
            }
            _ => Err(self.fault("缺少 }}", "`}}` is missing")),
        }
    }

    /// The statements up to one of `ends`, which is told.
    fn body(&mut self, ends: &[&str]) -> Parsed<(Vec<Statement>, Ended)> {
        let mut statements = Vec::new();
        while self.peek().is_some() {
            match self.statement(&mut statements)? {
                Some(end) if ends.contains(&end.as_str()) => return Ok((statements, end)),
                Some(end) => {
                    return Err(self.fault(format!("多余的 {end}"), format!("`{end}` closes nothing")));
                }
                None => {}
            }
        }
        let missing = ends.last().copied().unwrap_or_default();
        Err(self.fault(format!("缺少 {missing}"), format!("`{missing}` is missing")))
    }

    fn closed(&mut self, end: &str) -> Parsed<Vec<Statement>> {
        let (body, _) = self.body(&[end])?;
        self.close()?;
        Ok(body)
    }

    fn conditions(&mut self) -> Parsed<Statement> {
        let mut branches = Vec::new();
        let mut otherwise = Vec::new();
        loop {
            let condition = self.tuple()?;
            self.close()?;
            let (body, end) = self.body(&["elif", "else", "endif"])?;
            branches.push((condition, body));
            match end.as_str() {
                "elif" => continue,
                "else" => {
                    self.close()?;
                    otherwise = self.closed("endif")?;
                }
                _ => self.close()?,
            }
            return Ok(Statement::If { branches, otherwise });
        }
    }

    fn repetition(&mut self) -> Parsed<Statement> {
        let mut targets = Vec::new();
        let mut brackets = 0usize;
        while !self.word("in") {
            if self.sign("(") {
                brackets += 1;
            } else if !(self.sign(",") || (brackets > 0 && self.sign(")"))) {
                targets.push(self.name()?);
            }
        }
        let over = self.unconditional()?;
        let over = if self.is_sign(",") { self.rest_of_tuple(over)? } else { over };
        let filter = if self.word("if") { Some(self.expression()?) } else { None };
        self.word("recursive");
        self.close()?;
        let (body, end) = self.body(&["else", "endfor"])?;
        self.close()?;
        let otherwise = if end == "else" { self.closed("endfor")? } else { Vec::new() };
        Ok(Statement::For { targets, over, filter, body, otherwise })
    }

    fn rest_of_tuple(&mut self, first: Expr) -> Parsed<Expr> {
        let offset = first.offset;
        let mut items = vec![first];
        while self.sign(",") {
            if matches!(self.peek(), Some(Token::CloseBlock)) || self.is_word("if") {
                break;
            }
            items.push(self.unconditional()?);
        }
        Ok(Expr { offset, kind: Kind::List(items) })
    }

    fn assignment(&mut self) -> Parsed<Statement> {
        let mut targets = Vec::new();
        loop {
            self.sign("(");
            let offset = self.offset();
            let name = self.name()?;
            let attribute = if self.sign(".") { Some(self.name()?) } else { None };
            targets.push(Target { offset, name, attribute });
            self.sign(")");
            if !self.sign(",") {
                break;
            }
        }
        if self.sign("=") {
            let value = self.tuple()?;
            self.close()?;
            return Ok(Statement::Set { targets, value });
        }
        let filters = self.filters()?;
        self.close()?;
        let body = self.closed("endset")?;
        let Some(target) = targets.into_iter().next() else {
            return Err(self.fault("缺少名称", "a name is missing"));
        };
        Ok(Statement::Capture { target, filters, body })
    }

    fn definition(&mut self) -> Parsed<Statement> {
        let name = self.name()?;
        let parameters = self.parameters()?;
        self.close()?;
        Ok(Statement::Macro { name, parameters, body: self.closed("endmacro")? })
    }

    fn parameters(&mut self) -> Parsed<Vec<(String, Option<Expr>)>> {
        self.expect("(")?;
        let mut parameters = Vec::new();
        while !self.sign(")") {
            let name = self.name()?;
            let default = if self.sign("=") { Some(self.expression()?) } else { None };
            parameters.push((name, default));
            if !self.sign(",") {
                self.expect(")")?;
                break;
            }
        }
        Ok(parameters)
    }

    fn call(&mut self) -> Parsed<Statement> {
        if self.is_sign("(") {
            self.parameters()?;
        }
        let call = self.expression()?;
        self.close()?;
        Ok(Statement::Call { call, body: self.closed("endcall")? })
    }

    fn with(&mut self) -> Parsed<Statement> {
        let mut assigned = Vec::new();
        while !matches!(self.peek(), Some(Token::CloseBlock)) {
            let name = self.name()?;
            self.expect("=")?;
            assigned.push((name, self.expression()?));
            self.sign(",");
        }
        self.close()?;
        Ok(Statement::With { assigned, body: self.closed("endwith")? })
    }

    /// What is imported does not matter; that something is does.
    fn import(&mut self, verb: &str, offset: usize) -> Parsed<Statement> {
        let path = self.expression()?;
        while !matches!(self.peek(), Some(Token::CloseBlock) | None) {
            self.step();
        }
        self.close()?;
        Ok(Statement::Import { offset, verb: verb.to_owned(), path })
    }
}
