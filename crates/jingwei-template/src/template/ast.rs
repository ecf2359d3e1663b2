//! What a template is made of. Chains of operators and of attributes are flat, so that a long one is no deep one.

/// An expression and where it begins.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Expr {
    pub offset: usize,
    pub kind: Kind,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    /// A literal, and whether all of its escapes are known.
    Str(String, bool),
    Name(String),
    List(Vec<Expr>),
    Dict(Vec<(Expr, Expr)>),
    /// Operators of one rank, from left to right.
    Chain(Box<Expr>, Vec<(Op, Expr)>),
    /// Several comparisons are held together by `and`.
    Compare(Box<Expr>, Vec<(Op, Expr)>),
    /// Held together by `and` or `or`.
    Any(Vec<Expr>),
    Not(Box<Expr>),
    Minus(Box<Expr>),
    /// `then if condition else otherwise`
    If {
        condition: Box<Expr>,
        then: Box<Expr>,
        otherwise: Option<Box<Expr>>,
    },
    /// Attributes, subscripts, calls, filters and tests after something.
    Steps(Box<Expr>, Vec<Step>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Op {
    Add,
    Subtract,
    Multiply,
    Divide,
    FloorDivide,
    Modulo,
    Power,
    Concat,
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    In,
    NotIn,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Step {
    pub offset: usize,
    pub what: What,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum What {
    Attribute(String),
    Subscript(Box<Expr>),
    /// `[start:stop:step]`
    Slice([Option<Box<Expr>>; 3]),
    Call(Arguments),
    Filter(String, Arguments),
    Test(String, Arguments),
}

#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Arguments {
    pub places: Vec<Expr>,
    pub names: Vec<(String, Expr)>,
    /// `*a` and `**a`
    pub spread: Vec<Expr>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Statement {
    Text {
        offset: usize,
        text: String,
    },
    Output(Expr),
    If {
        branches: Vec<(Expr, Vec<Statement>)>,
        otherwise: Vec<Statement>,
    },
    For {
        targets: Vec<String>,
        over: Expr,
        filter: Option<Expr>,
        body: Vec<Statement>,
        otherwise: Vec<Statement>,
    },
    Set {
        targets: Vec<Target>,
        value: Expr,
    },
    /// `{% set name %}…{% endset %}`, with filters.
    Capture {
        target: Target,
        filters: Vec<Step>,
        body: Vec<Statement>,
    },
    Macro {
        name: String,
        parameters: Vec<(String, Option<Expr>)>,
        body: Vec<Statement>,
    },
    /// `{% call m(…) %}…{% endcall %}`
    Call {
        call: Expr,
        body: Vec<Statement>,
    },
    Filter {
        filters: Vec<Step>,
        body: Vec<Statement>,
    },
    With {
        assigned: Vec<(String, Expr)>,
        body: Vec<Statement>,
    },
    /// Blocks that only hold others: `block`, `generation`, `autoescape`.
    Holds(Vec<Statement>),
    /// `{% do expression %}`
    Do(Expr),
    /// `import`, `from`, `include` and `extends`: another file is wanted.
    Import {
        offset: usize,
        verb: String,
        path: Expr,
    },
}

/// `name`, or `name.attribute` of a namespace.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Target {
    pub offset: usize,
    pub name: String,
    pub attribute: Option<String>,
}
