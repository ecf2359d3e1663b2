//! Python files beside weights: what happens when they are imported, by a look at their words.

use std::collections::{BTreeSet, HashMap, HashSet};

use jingwei_core::Text;
use jingwei_read::{Effect, NameClass, NameTable};

use crate::script::{
    shell,
    tokens::{self, Line, Spanned, Token},
};

/// Modules whose dangerous names count in scripts. Others are used by honest scripts at every turn.
const ROOTS: [&str; 15] = [
    "builtins",
    "os",
    "posix",
    "nt",
    "subprocess",
    "pty",
    "runpy",
    "code",
    "marshal",
    "pickle",
    "dill",
    "cloudpickle",
    "ctypes",
    "socket",
    "commands",
];
/// Calls that turn text into other bytes.
const DECODERS: [&str; 12] = [
    "b64decode",
    "b32decode",
    "b16decode",
    "b85decode",
    "a85decode",
    "urlsafe_b64decode",
    "decompress",
    "fromhex",
    "unhexlify",
    "decodebytes",
    "decode",
    "rot13",
];
/// Parts of `ctypes` that load native code or reach memory; the others only describe types.
const LIBRARIES: [&str; 8] = ["CDLL", "WinDLL", "PyDLL", "OleDLL", "cdll", "windll", "pythonapi", "memmove"];
const NETWORKS: [&str; 6] = ["requests", "httpx", "urllib", "urllib3", "aiohttp", "http"];
const SENDERS: [&str; 6] = ["post", "put", "urlopen", "request", "sendall", "urlretrieve"];
/// Files that loaders import when a model asks for its own code.
const LOADED: [&str; 8] = [
    "modeling_",
    "configuration_",
    "tokenization_",
    "processing_",
    "image_processing_",
    "feature_extraction_",
    "pipeline",
    "custom_",
];

/// Something that a script does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Deed {
    pub name: String,
    pub offset: usize,
    pub effect: Effect,
    /// It happens on import, or hides what it runs.
    pub grave: bool,
    pub why: Text,
}

pub(crate) fn deeds(text: &str, file: &str, names: &NameTable) -> Vec<Deed> {
    let lines = tokens::lines(text);
    let aliases = Aliases::of(&lines);
    let loaded = LOADED.iter().any(|prefix| file.starts_with(prefix));
    let mut looker = Looker {
        names,
        aliases,
        deeds: Vec::new(),
        known: BTreeSet::new(),
        blocks: Vec::new(),
        loaded,
        environ: false,
    };
    for line in &lines {
        looker.line(line);
    }
    looker.deeds
}

/// The first call of an expression that runs code or programs.
pub(crate) fn first_dangerous_call(expression: &str, names: &NameTable) -> Option<(String, Effect)> {
    let lines = tokens::lines(expression);
    let mut aliases = Aliases::of(&lines);
    aliases.modules = true;
    let mut looker = Looker {
        names,
        aliases,
        deeds: Vec::new(),
        known: BTreeSet::new(),
        blocks: Vec::new(),
        loaded: false,
        environ: false,
    };
    for line in &lines {
        looker.line(line);
    }
    looker.deeds.into_iter().find(|deed| deed.grave).map(|deed| (deed.name, deed.effect))
}

/// What names stand for by imports and plain assignments.
#[derive(Default)]
struct Aliases<'t> {
    names: HashMap<&'t str, String>,
    /// Modules of which all names were imported.
    stars: Vec<String>,
    /// Names that the file defines, so that they are not the built-in ones.
    own: HashSet<&'t str>,
    /// Modules stand for themselves without an import.
    modules: bool,
}

impl<'t> Aliases<'t> {
    fn of(lines: &[Line<'t>]) -> Self {
        let mut aliases = Self::default();
        for line in lines {
            let words: Vec<Token<'t>> = line.tokens.iter().map(|spanned| spanned.token).collect();
            // An import may stand behind "if x:" or "try:".
            let start = words.iter().position(|token| matches!(token, Token::Name("import" | "from"))).unwrap_or(0);
            match words.get(start..).unwrap_or_default() {
                [Token::Name("import"), rest @ ..] => aliases.import(rest),
                [Token::Name("from"), rest @ ..] => aliases.from(rest),
                [Token::Name("def" | "class"), Token::Name(name), ..] => drop(aliases.own.insert(name)),
                [Token::Name(name), Token::Sign('='), rest @ ..] => aliases.assign(name, rest),
                _ => {}
            }
        }
        aliases
    }

    fn import(&mut self, rest: &[Token<'t>]) {
        for part in rest.split(|token| *token == Token::Sign(',')) {
            let (path, used) = dotted(part);
            match (part.get(used), part.get(used + 1)) {
                (Some(Token::Name("as")), Some(Token::Name(alias))) => drop(self.names.insert(alias, path)),
                _ => {
                    if let Some(Token::Name(root)) = part.first() {
                        self.names.insert(root, (*root).to_owned());
                    }
                }
            }
        }
    }

    fn from(&mut self, rest: &[Token<'t>]) {
        let (module, used) = dotted(rest);
        let Some(Token::Name("import")) = rest.get(used) else { return };
        let parts = rest[used + 1..].split(|token| matches!(token, Token::Sign(',' | '(' | ')')));
        for part in parts {
            match part {
                [Token::Name(name), Token::Name("as"), Token::Name(alias), ..] => {
                    self.names.insert(alias, format!("{module}.{name}"));
                }
                [Token::Name(name), ..] => drop(self.names.insert(name, format!("{module}.{name}"))),
                [Token::Sign('*'), ..] => self.stars.push(module.clone()),
                _ => {}
            }
        }
    }

    /// `run = os.system`
    fn assign(&mut self, name: &'t str, rest: &[Token<'t>]) {
        let (path, used) = dotted(rest);
        if used > 0 && used == rest.len() && !matches!(path.as_str(), "None" | "True" | "False") {
            let path = self.resolve(&path).unwrap_or(path);
            if path != name {
                self.names.insert(name, path);
            }
        } else if let [Token::Name("__import__"), Token::Sign('('), Token::Str(module), Token::Sign(')')] = rest {
            self.names.insert(name, (*module).to_owned());
        } else {
            self.own.insert(name);
        }
    }

    /// The full name of what is called, where it is one that the file imports or one that is always there.
    fn resolve(&self, path: &str) -> Option<String> {
        let (root, rest) = path.split_once('.').map_or((path, None), |(root, rest)| (root, Some(rest)));
        let join = |full: &str| rest.map_or_else(|| full.to_owned(), |rest| format!("{full}.{rest}"));
        match self.names.get(root) {
            Some(full) => Some(join(full)),
            None if root == "__builtins__" => Some(join("builtins")),
            None if self.own.contains(root) => None,
            None if rest.is_none() => Some(format!("builtins.{root}")),
            None if self.modules => Some(path.to_owned()),
            None => None,
        }
    }
}

/// `a.b.c` at the front, and how many tokens it takes.
fn dotted(tokens: &[Token<'_>]) -> (String, usize) {
    let mut path = String::new();
    let mut used = 0;
    loop {
        match tokens.get(used) {
            Some(Token::Sign('.')) if used == 0 || !path.ends_with('.') => path.push('.'),
            Some(Token::Name(name)) if path.is_empty() || path.ends_with('.') => {
                if matches!(*name, "import" | "as") {
                    break;
                }
                path.push_str(name);
            }
            _ => break,
        }
        used += 1;
    }
    (path.trim_end_matches('.').to_owned(), used)
}

struct Looker<'n, 't> {
    names: &'n NameTable,
    aliases: Aliases<'t>,
    deeds: Vec<Deed>,
    known: BTreeSet<(String, bool)>,
    /// Blocks that do not run on import, by their indentation, and whether only the shell runs them.
    blocks: Vec<(usize, bool)>,
    loaded: bool,
    /// Secrets of the environment were read on import.
    environ: bool,
}

impl<'t> Looker<'_, 't> {
    fn line(&mut self, line: &Line<'t>) {
        while self.blocks.last().is_some_and(|(indent, _)| *indent >= line.indent) {
            self.blocks.pop();
        }
        let inside = !self.blocks.is_empty();
        let defers = defers(&line.tokens);
        let body = if defers {
            let top = line.tokens.first().map_or(0, |first| first.depth);
            let colon =
                line.tokens.iter().rposition(|spanned| spanned.token == Token::Sign(':') && spanned.depth == top);
            let by_hand = line.tokens.first().is_some_and(|first| first.token == Token::Name("if"));
            self.blocks.push((line.indent, by_hand));
            // What stands behind the colon of a definition is its body.
            definition_colon(&line.tokens, top).or(colon).unwrap_or(line.tokens.len())
        } else {
            line.tokens.len()
        };
        let lambda = line.tokens.iter().position(|spanned| spanned.token == Token::Name("lambda"));
        for at in 0..line.tokens.len() {
            let later = inside || at > body || lambda.is_some_and(|lambda| at > lambda);
            self.call(&line.tokens, at, !later);
        }
    }

    /// A call that begins at this token.
    fn call(&mut self, tokens: &[Spanned<'t>], at: usize, on_import: bool) {
        let Token::Name(first) = tokens[at].token else { return };
        let before = at.checked_sub(1).map(|before| tokens[before].token);
        if matches!(before, Some(Token::Sign('.') | Token::Name("def" | "class" | "import" | "from"))) {
            return;
        }
        if first == "environ" || first == "getenv" {
            self.environ |= on_import;
        }
        let words: Vec<Token<'t>> = tokens[at..].iter().take(24).map(|spanned| spanned.token).collect();
        let (path, used) = dotted(&words);
        self.environ |= on_import && path.ends_with("environ");
        let called = words.get(used) == Some(&Token::Sign('('));
        let offset = tokens[at].offset;
        match path.as_str() {
            "__import__" if called => return self.dynamic(tokens, at, &words[used..], offset, on_import),
            "getattr" if called => return self.looked_up(&words[used..], offset, on_import),
            "__builtins__" | "globals" if words.get(used) == Some(&Token::Sign('[')) && on_import => {
                return self.deed("__builtins__", offset, Effect::Import, true, on_import_text());
            }
            _ if !called => return,
            _ => {}
        }
        let resolved = self.aliases.resolve(&path).or_else(|| {
            let star = self.aliases.stars.iter().map(|module| format!("{module}.{path}"));
            star.into_iter().find(|name| self.dangerous(name).is_some())
        });
        let arguments = arguments(tokens, at + used);
        let full = resolved.filter(|name| self.dangerous(name).is_some()).or_else(|| {
            let star = self.aliases.stars.iter().map(|module| format!("{module}.{path}"));
            star.into_iter().find(|name| self.dangerous(name).is_some())
        });
        let Some(full) = full else { return self.sends(&path, arguments, offset, on_import) };
        let Some(effect) = self.dangerous(&full) else { return };
        self.judge(&full, effect, arguments, offset, on_import);
    }

    /// A loader calls what stands here.
    fn is_loaded(&self) -> bool {
        self.loaded && !self.blocks.iter().any(|(_, by_hand)| *by_hand)
    }

    fn dangerous(&self, name: &str) -> Option<Effect> {
        let root = name.split('.').next().unwrap_or_default();
        match self.names.classify(name) {
            NameClass::Dangerous(effect) if ROOTS.contains(&root) => Some(effect),
            _ => None,
        }
    }

    fn judge(&mut self, full: &str, effect: Effect, arguments: &[Spanned<'t>], offset: usize, on_import: bool) {
        let decodes =
            arguments.iter().any(|spanned| matches!(spanned.token, Token::Name(name) if DECODERS.contains(&name)));
        let fetches =
            arguments.iter().any(|spanned| matches!(spanned.token, Token::Name("urlopen" | "requests" | "httpx")));
        let blob = arguments.iter().any(|spanned| matches!(spanned.token, Token::Str(text) if text.len() > 200));
        let shell =
            arguments.iter().any(|spanned| matches!(spanned.token, Token::Str(text) if shell::is_dangerous(text)));
        let runs = matches!(effect, Effect::Execute | Effect::Process);
        let hidden = matches!(effect, Effect::Execute | Effect::Load) && (decodes || fetches || blob);
        let why = if shell {
            Text::new("命令会下载并运行程序", "its command fetches and runs a program")
        } else if hidden {
            Text::new("运行经过编码或下载而来的内容", "it runs what is encoded or fetched")
        } else if on_import {
            on_import_text()
        } else {
            Text::new("在加载器会调用的文件中", "in a file whose functions the loader calls")
        };
        let counts = match effect {
            Effect::Execute | Effect::Process => true,
            Effect::Native => LIBRARIES.iter().any(|part| full.contains(part)),
            Effect::Network => full.starts_with("socket."),
            Effect::Load => full.starts_with("marshal.") || hidden,
            Effect::Import | Effect::File => false,
        };
        let literal = full.ends_with(".compile") || full.ends_with(".help");
        let grave =
            hidden || (shell && runs) || (counts && on_import && !literal) || (self.is_loaded() && runs && !literal);
        if grave || runs {
            self.deed(full, offset, effect, grave, why);
        }
    }

    /// Data of the environment go out on import.
    fn sends(&mut self, path: &str, arguments: &[Spanned<'t>], offset: usize, on_import: bool) {
        let method = path.rsplit('.').next().unwrap_or_default();
        let secret = arguments.iter().any(|spanned| match spanned.token {
            Token::Name(name) => matches!(name, "environ" | "getenv"),
            Token::Str(text) => [".ssh", ".aws", "/etc/passwd", ".netrc"].iter().any(|part| text.contains(part)),
            _ => false,
        });
        let root = self.aliases.resolve(path).unwrap_or_default();
        let network = NETWORKS.contains(&root.split('.').next().unwrap_or_default());
        if on_import
            && network
            && SENDERS.contains(&method)
            && path.contains('.')
            && (secret || (self.environ && method != "urlopen" && method != "urlretrieve" && method != "request"))
        {
            let why = Text::new("导入时向外发送环境变量或密钥", "it sends the environment or keys away on import");
            self.deed(path, offset, Effect::Network, true, why);
        }
    }

    /// `__import__('os').system(…)`
    fn dynamic(&mut self, tokens: &[Spanned<'t>], at: usize, rest: &[Token<'t>], offset: usize, on_import: bool) {
        match rest {
            [Token::Sign('('), Token::Str(module), Token::Sign(')'), Token::Sign('.'), chain @ ..] => {
                let (path, used) = dotted(chain);
                let full = format!("{module}.{path}");
                if let Some(effect) = self.dangerous(&full) {
                    self.judge(&full, effect, arguments(tokens, at + 5 + used), offset, on_import);
                }
            }
            [Token::Sign('('), Token::Str(_), Token::Sign(')' | ','), ..] => {}
            _ if on_import => self.deed("__import__", offset, Effect::Import, true, built_text()),
            _ => {}
        }
    }

    /// `getattr(os, 'sys' + 'tem')(…)`
    fn looked_up(&mut self, rest: &[Token<'t>], offset: usize, on_import: bool) {
        let Some(inner) = rest.get(1..) else { return };
        let (path, used) = dotted(inner);
        let module = match inner {
            [Token::Name("__import__"), Token::Sign('('), Token::Str(module), ..] => Some((*module).to_owned()),
            _ => self
                .aliases
                .names
                .get(path.as_str())
                .cloned()
                .or((path == "__builtins__").then(|| "builtins".to_owned())),
        };
        let Some(module) = module.filter(|module| ROOTS.contains(&module.as_str())) else { return };
        let after = inner.iter().skip(used).skip_while(|token| **token != Token::Sign(',')).skip(1);
        let after: Vec<Token<'t>> = after.copied().take(4).collect();
        match after.as_slice() {
            [Token::Str(name), Token::Sign(')' | ','), ..] => {
                let full = format!("{module}.{name}");
                if let Some(effect) =
                    self.dangerous(&full).filter(|effect| matches!(effect, Effect::Execute | Effect::Process))
                {
                    self.deed(&full, offset, effect, on_import || self.is_loaded(), on_import_text());
                }
            }
            [Token::Str(_), ..] => {
                self.deed(&format!("{module}.…"), offset, Effect::Import, true, built_text());
            }
            _ => {}
        }
    }

    fn deed(&mut self, name: &str, offset: usize, effect: Effect, grave: bool, why: Text) {
        if self.deeds.len() < 50 && self.known.insert((name.to_owned(), grave)) {
            self.deeds.push(Deed { name: name.to_owned(), offset, effect, grave, why });
        }
    }
}

fn on_import_text() -> Text {
    Text::new("导入文件时即执行", "it happens as soon as the file is imported")
}

fn built_text() -> Text {
    Text::new("名称由片段拼成", "its name is put together from pieces")
}

/// What this line begins does not run on import: a function, or what only a call from the shell runs.
fn defers(tokens: &[Spanned<'_>]) -> bool {
    let words: Vec<Token<'_>> = tokens.iter().take(4).map(|spanned| spanned.token).collect();
    match words.as_slice() {
        [Token::Name("def"), ..] | [Token::Name("async"), Token::Name("def"), ..] => true,
        [Token::Name("if"), rest @ ..] => rest.contains(&Token::Name("__name__")),
        _ => false,
    }
}

/// The colon that ends the head of a definition.
fn definition_colon(tokens: &[Spanned<'_>], top: u32) -> Option<usize> {
    tokens.iter().position(|spanned| spanned.token == Token::Sign(':') && spanned.depth == top)
}

/// The tokens between the bracket here and the one that closes it.
fn arguments<'s, 't>(tokens: &'s [Spanned<'t>], open: usize) -> &'s [Spanned<'t>] {
    let Some(bracket) = tokens.get(open) else { return &[] };
    let rest = &tokens[open + 1..];
    // Long calls are looked at in their beginning only, so that nested ones stay linear.
    let rest = &rest[..rest.len().min(400)];
    let end = rest.iter().position(|spanned| spanned.depth <= bracket.depth).unwrap_or(rest.len());
    &rest[..end]
}
