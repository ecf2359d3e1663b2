//! Python files beside weights: what happens when they are imported, by a look at their words.

use std::{
    borrow::Cow,
    collections::{BTreeSet, HashMap, HashSet},
    iter,
};

use jingwei_core::Text;
use jingwei_read::{Effect, NameClass, NameTable};
use unicode_normalization::UnicodeNormalization;

use crate::{
    config::loaders,
    script::{
        shell,
        tokens::{self, Line, Spanned, Token},
    },
};

/// Modules whose dangerous names count in scripts. Others are used by honest scripts at every turn.
const ROOTS: [&str; 27] = [
    "webbrowser",
    "pip",
    "pexpect",
    "plumbum",
    "_posixsubprocess",
    "popen2",
    "antigravity",
    "asyncio",
    "cProfile",
    "profile",
    "timeit",
    "pdb",
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
/// Files and folders of keys, as they begin the path below a home.
const KEY_FILES: [&str; 3] = [".ssh", ".aws", ".netrc"];
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

/// Files that servers, hubs and installers call, and a word by which they are known as such.
const LOADED_BY_TEXT: [(&str, &str); 14] = [
    ("model.py", "TritonPythonModel"),
    ("handler.py", "def handle"),
    ("handler.py", "BaseHandler"),
    ("handler.py", "EndpointHandler"),
    ("hubconf.py", "dependencies"),
    ("inference.py", "def model_fn"),
    ("predict.py", "BasePredictor"),
    ("tool.py", "forward"),
    ("tool.py", "__call__"),
    ("generate.py", "def generate"),
    ("__init__.py", "load_model_from_init_py"),
    ("__init__.py", "def load(**"),
    ("setup.py", "cmdclass"),
    ("service.py", "bentoml"),
];
/// Classes and functions that loaders of data sets and models call, whatever their file is called.
const BUILDERS: [&str; 8] = [
    "GeneratorBasedBuilder)",
    "ArrowBasedBuilder)",
    "BeamBasedBuilder)",
    "DatasetBuilder)",
    // MLflow's own models, and SageMaker's.
    "def _load_pyfunc(",
    "pyfunc.PythonModel)",
    "(PythonModel)",
    "def model_fn(",
];
/// Files that are imported by tools of their own accord: none of them has a reason to go to the network.
const EAGER: [&str; 6] =
    ["__init__.py", "setup.py", "conftest.py", "hubconf.py", "sitecustomize.py", "usercustomize.py"];

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

/// A script with plain letters for those that Python takes for the same.
pub(crate) struct Plain<'t> {
    pub text: Cow<'t, str>,
    /// Where the two part: offsets of the plain one and of the other.
    shifts: Vec<(usize, usize)>,
}

impl<'t> Plain<'t> {
    pub(crate) fn of(text: &'t str) -> Self {
        if text.is_ascii() && !text.contains('\r') {
            return Self { text: text.into(), shifts: Vec::new() };
        }
        let mut plain = String::with_capacity(text.len());
        let mut shifts = Vec::new();
        for (at, c) in text.char_indices() {
            if c == '\r' && !text[at + 1..].starts_with('\n') {
                plain.push('\n');
                continue;
            }
            let same = |c: char| c == '_' || c.is_ascii_alphanumeric();
            if !c.is_ascii() && iter::once(c).nfkc().all(same) {
                plain.extend(iter::once(c).nfkc());
                shifts.push((plain.len(), at + c.len_utf8()));
            } else {
                plain.push(c);
            }
        }
        Self { text: plain.into(), shifts }
    }

    pub(crate) fn offset(&self, offset: usize) -> usize {
        let after = self.shifts.partition_point(|(plain, _)| *plain <= offset);
        after.checked_sub(1).map_or(offset, |last| self.shifts[last].1 + offset - self.shifts[last].0)
    }
}

/// What it does, and where reading was given up.
pub(crate) fn deeds(text: &str, file: &str, names: &NameTable) -> (Vec<Deed>, Option<usize>) {
    let (lines, stopped) = tokens::lines(text);
    let aliases = Aliases::of(&lines);
    let reached = reached(&lines);
    let by_its_text = LOADED_BY_TEXT.iter().any(|(name, mark)| file == *name && text.contains(mark))
        || BUILDERS.iter().any(|mark| text.contains(mark));
    let loaded = by_its_text || LOADED.iter().any(|prefix| file.starts_with(prefix));
    let mut looker = Looker {
        names,
        aliases,
        deeds: Vec::new(),
        known: BTreeSet::new(),
        blocks: Vec::new(),
        loaded,
        eager: EAGER.contains(&file),
        environ: false,
        reached,
        classes: Vec::new(),
    };
    for line in &lines {
        looker.line(line);
    }
    (looker.deeds, stopped)
}

/// Operators of PyTorch that map, read or write a file.
pub(crate) const FILES: [&str; 3] = ["save", "from_file", "load"];

/// Namespaces of classes that come with PyTorch, besides those of its operators.
const CLASSES: [&str; 4] = ["rnn", "nnapi", "dist_c10d", "cuda"];

/// Operators that read or write files, and those of namespaces that are not known; at most 50, and where reading was
/// given up.
pub(crate) fn operators(text: &str, known: &[&str]) -> (Vec<(String, usize)>, Option<usize>) {
    let (lines, stopped) = tokens::lines(text);
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for line in &lines {
        for (at, word) in line.tokens.iter().enumerate() {
            let first = matches!(word.token, Token::Name("torch" | "ops" | "__torch__"));
            if !first || at.checked_sub(1).is_some_and(|before| line.tokens[before].token == Token::Sign('.')) {
                continue;
            }
            let words: Vec<Token<'_>> = line.tokens[at..].iter().take(12).map(|spanned| spanned.token).collect();
            let (path, _) = dotted(&words);
            let parts: Vec<&str> = path.split('.').skip_while(|part| matches!(*part, "torch" | "__torch__")).collect();
            let foreign = match parts.as_slice() {
                ["ops", "aten", name, ..] | [name] => FILES.contains(name),
                // Classes of native code, which a library registers when it is loaded.
                ["classes", namespace, _, ..] => !known.contains(namespace) && !CLASSES.contains(namespace),
                ["ops", namespace, ..] => !known.contains(namespace),
                _ => false,
            };
            if foreign && found.len() < 50 && seen.insert(path.clone()) {
                found.push((path, word.offset));
            }
        }
    }
    (found, stopped)
}

/// The first call of an expression that runs code or programs.
pub(crate) fn first_dangerous_call(expression: &str, names: &NameTable) -> Option<(String, Effect)> {
    let (lines, _) = tokens::lines(expression);
    let mut aliases = Aliases::of(&lines);
    aliases.modules = true;
    let mut looker = Looker {
        names,
        aliases,
        deeds: Vec::new(),
        known: BTreeSet::new(),
        blocks: Vec::new(),
        loaded: false,
        eager: false,
        environ: false,
        reached: HashSet::new(),
        classes: Vec::new(),
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

    /// No name that counts is long; long ones would grow with every assignment.
    fn set(&mut self, name: &'t str, path: String) {
        if path.len() > 256 || path.split('.').count() > 24 {
            self.names.remove(name);
            self.own.insert(name);
        } else {
            self.names.insert(name, path);
        }
    }

    fn import(&mut self, rest: &[Token<'t>]) {
        for part in rest.split(|token| *token == Token::Sign(',')) {
            let (path, used) = dotted(part);
            match (part.get(used), part.get(used + 1)) {
                (Some(Token::Name("as")), Some(Token::Name(alias))) => self.set(alias, path),
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
                    self.set(alias, format!("{module}.{name}"));
                }
                [Token::Name(name), ..] => self.set(name, format!("{module}.{name}")),
                [Token::Sign('*'), ..] => {
                    let root = module.split('.').next().unwrap_or_default();
                    if ROOTS.contains(&root) && self.stars.len() < 16 && !self.stars.contains(&module) {
                        self.stars.push(module.clone());
                    }
                }
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
                self.set(name, path);
            }
        } else if let Some((path, used)) = self.fold(rest)
            && used == rest.len()
        {
            self.set(name, path);
        } else if let [Token::Name("__import__"), Token::Sign('('), Token::Str(module), Token::Sign(')')] = rest {
            self.names.insert(name, (*module).to_owned());
        } else {
            self.own.insert(name);
        }
    }

    /// What an expression leads to through lookups by literal names, and how many tokens it takes:
    /// `importlib.import_module('os').system`, `sys.modules['os']`, `vars(os)['system']`.
    fn fold(&self, words: &[Token<'t>]) -> Option<(String, usize)> {
        let (path, mut used) = dotted(words.get(..words.len().min(48))?);
        let mut full = self.resolve(&path)?;
        for _ in 0..8 {
            let rest = words.get(used..).unwrap_or_default();
            let imports =
                matches!(full.as_str(), "importlib.import_module" | "importlib.__import__" | "builtins.__import__");
            let table = full == "sys.modules" || full.ends_with(".__dict__");
            let below = |full: &str, name: &str| match full.strip_suffix(".__dict__") {
                Some(module) => format!("{module}.{name}"),
                None => name.to_owned(),
            };
            match rest {
                [Token::Sign('('), Token::Str(module), Token::Sign(')'), ..] if imports => {
                    full = (*module).to_owned();
                    used += 3;
                }
                [Token::Sign('['), Token::Str(name), Token::Sign(']'), ..] if table => {
                    full = below(&full, name);
                    used += 3;
                }
                [Token::Sign('('), Token::Str(name), Token::Sign(')'), ..]
                    if full.ends_with(".get") || full.ends_with(".__getitem__") =>
                {
                    let holder = full.rsplit_once('.').map_or("", |(holder, _)| holder);
                    if holder != "sys.modules" && !holder.ends_with(".__dict__") {
                        break;
                    }
                    full = below(holder, name);
                    used += 3;
                }
                [Token::Sign('('), inner @ ..] if full == "builtins.vars" => {
                    let (path, taken) = dotted(inner);
                    if taken == 0 || inner.get(taken) != Some(&Token::Sign(')')) {
                        break;
                    }
                    full = format!("{}.__dict__", self.resolve(&path)?);
                    used += taken + 2;
                }
                [Token::Sign('.'), Token::Name(_), ..] => {
                    let (path, taken) = dotted(&rest[1..]);
                    full = format!("{full}.{path}");
                    used += taken + 1;
                }
                _ => break,
            }
        }
        if let Some(called) = full.strip_suffix(".__call__") {
            full = called.to_owned();
        }
        // Modules show those that they import.
        if let Some(at) = [".os.", ".subprocess.", ".builtins."].iter().find_map(|part| full.find(part)) {
            full = full[at + 1..].to_owned();
        }
        (full.len() <= 256).then_some((full, used))
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
    eager: bool,
    /// Secrets of the environment were read on import.
    environ: bool,
    /// Functions that the file itself calls on import.
    reached: HashSet<&'t str>,
    /// The classes around, by their indentation.
    classes: Vec<(usize, &'t str)>,
}

impl<'t> Looker<'_, 't> {
    fn line(&mut self, line: &Line<'t>) {
        while self.blocks.last().is_some_and(|(indent, _)| *indent >= line.indent) {
            self.blocks.pop();
        }
        let inside = !self.blocks.is_empty();
        while self.classes.last().is_some_and(|(indent, _)| *indent >= line.indent) {
            self.classes.pop();
        }
        if let [class, name, ..] = &line.tokens[..]
            && let (Token::Name("class"), Token::Name(name)) = (class.token, name.token)
        {
            self.classes.push((line.indent, name));
        }
        let class = self.classes.last().map(|(_, name)| *name);
        let called = defined(&line.tokens).is_some_and(|name| self.reached.contains(owner(name, class)));
        let defers = defers(&line.tokens) && !called;
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
        let lines_up = |word: &Token<'_>| matches!(word, Token::Name("import" | "from" | "def" | "class" | "async"));
        let first = line.tokens.first().map(|first| first.token);
        let alias = line.indent == 0
            && matches!(&line.tokens[..], [name, sign, rest @ ..]
                if matches!(name.token, Token::Name(_)) && sign.token == Token::Sign('=')
                && rest.iter().all(|part| matches!(part.token, Token::Name(_) | Token::Sign('.'))));
        // Names that are imported, annotate or are given another name run nothing.
        let by_name = !alias && !first.is_some_and(|first| lines_up(&first));
        let imports = line.tokens.iter().any(|word| word.token == Token::Name("import"));
        let mut lambda_end = 0;
        for at in 0..line.tokens.len() {
            if at >= lambda_end && line.tokens[at].token == Token::Name("lambda") {
                lambda_end = end_of_lambda(&line.tokens, at);
            }
            let later = inside || at > body || at < lambda_end;
            self.call(&line.tokens, at, !later, by_name && !imports);
        }
    }

    /// A call that begins at this token.
    /// `by_name`: a name alone counts too, for it may be called by what it is given to.
    fn call(&mut self, tokens: &[Spanned<'t>], at: usize, on_import: bool, by_name: bool) {
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
            _ => {}
        }
        let folded = self.aliases.fold(&words);
        let used = folded.as_ref().map_or(used, |folded| folded.1);
        let called = words.get(used) == Some(&Token::Sign('('));
        if !called {
            let bare = !path.contains('.');
            let next = words.get(used);
            let equals = next == Some(&Token::Sign('=')) && words.get(used + 1) != Some(&Token::Sign('='));
            if !on_import || !by_name || (bare && (equals || next == Some(&Token::Sign(':')))) {
                return;
            }
            let stars = self.aliases.stars.iter().map(|module| format!("{module}.{path}"));
            let full = folded.map(|folded| folded.0).into_iter().chain(stars).find(|full| self.runs(full));
            let Some(full) = full else { return };
            // It is a type as well.
            let given = matches!(before, Some(Token::Sign('(' | '@' | '=')));
            if full != "subprocess.Popen" || given {
                let effect = self.dangerous(&full).unwrap_or(Effect::Process);
                self.deed(&full, offset, effect, true, on_import_text());
            }
            return;
        }
        let resolved = folded.map(|folded| folded.0);
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

    /// A function that runs what it is given, and no type or constant.
    fn runs(&self, full: &str) -> bool {
        let (root, member) = full.split_once('.').unwrap_or_default();
        match root {
            "os" | "posix" | "nt" => {
                self.names.classify(&format!("os.{member}")) == NameClass::Dangerous(Effect::Process)
            }
            "subprocess" | "commands" => matches!(
                member,
                "run" | "call" | "check_call" | "check_output" | "Popen" | "getoutput" | "getstatusoutput"
            ),
            "builtins" => matches!(member, "eval" | "exec" | "execfile"),
            "pty" => member == "spawn",
            "runpy" => member.starts_with("run_"),
            "asyncio" => member.starts_with("create_subprocess_"),
            "cProfile" | "profile" | "timeit" => self.dangerous(full) == Some(Effect::Execute),
            _ => false,
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
            Effect::Network => full.starts_with("socket.") || self.eager && full.starts_with("webbrowser."),
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
        let secret = || {
            arguments.iter().any(|spanned| match spanned.token {
                Token::Name(name) => matches!(name, "environ" | "getenv"),
                Token::Str(text) => names_keys(text),
                _ => false,
            })
        };
        let root = self.aliases.resolve(path).unwrap_or_default();
        let network = NETWORKS.contains(&root.split('.').next().unwrap_or_default());
        if on_import && network && self.eager && (SENDERS.contains(&method) || method == "get") {
            let why = Text::new("导入文件时即访问网络", "it goes to the network as soon as the file is imported");
            return self.deed(path, offset, Effect::Network, true, why);
        }
        let named = || {
            arguments.iter().any(|spanned| match spanned.token {
                Token::Str(text) => text.starts_with("http://") || text.starts_with("https://"),
                _ => false,
            })
        };
        if !on_import && self.is_loaded() && network && matches!(method, "post" | "put" | "sendall") && named() {
            let why = Text::new("加载器调用它时向外发送数据", "it sends data away when a loader calls it");
            return self.deed(path, offset, Effect::Network, true, why);
        }
        if !on_import
            && self.is_loaded()
            && network
            && (SENDERS.contains(&method) || method == "get")
            && self.gives_away(arguments)
        {
            let why = Text::new(
                "加载器调用它时向外发送环境变量或密钥",
                "it sends the environment or keys away when a loader calls it",
            );
            return self.deed(path, offset, Effect::Network, true, why);
        }
        if on_import
            && network
            && SENDERS.contains(&method)
            && path.contains('.')
            && (secret() || (self.environ && method != "urlopen" && method != "urlretrieve" && method != "request"))
        {
            let why = Text::new("导入时向外发送环境变量或密钥", "it sends the environment or keys away on import");
            self.deed(path, offset, Effect::Network, true, why);
        }
    }

    /// All of the environment, a file of keys, or the key of a service that goes to a host of somebody else.
    fn gives_away(&self, arguments: &[Spanned<'t>]) -> bool {
        let word = |at: usize| arguments.get(at).map(|spanned| spanned.token);
        let texts = || {
            arguments.iter().filter_map(|spanned| match spanned.token {
                Token::Str(text) => Some(text),
                _ => None,
            })
        };
        let leaks = |key: &str| texts().any(|text| loaders::leaks(key, text));
        let reads = |at: usize| {
            let is_part = at >= 1 && word(at - 1) == Some(Token::Sign('.'));
            let of_os = is_part && at >= 2 && word(at - 2) == Some(Token::Name("os"));
            match word(at) {
                Some(Token::Name(name @ ("environ" | "getenv")))
                    if of_os
                        || !is_part && self.aliases.resolve(name).is_some_and(|full| full == format!("os.{name}")) =>
                {
                    match [word(at + 1), word(at + 2), word(at + 3), word(at + 4)] {
                        [Some(Token::Sign('[' | '(')), Some(Token::Str(key)), ..]
                        | [Some(Token::Sign('.')), Some(Token::Name("get" | "pop")), _, Some(Token::Str(key))] => {
                            leaks(key)
                        }
                        [Some(Token::Sign('[' | '(')), ..] => false,
                        [Some(Token::Sign('.')), Some(Token::Name(part)), ..] => {
                            matches!(part, "items" | "values" | "copy")
                        }
                        _ => {
                            let before = at.checked_sub(if of_os { 3 } else { 1 }).and_then(word);
                            name == "environ" && before != Some(Token::Name("in"))
                        }
                    }
                }
                _ => false,
            }
        };
        texts().any(names_keys) || (0..arguments.len()).any(reads)
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
        // `getattr(import_module(f(111, 115)), …)`: both names are spelled by numbers.
        let numbers = inner.iter().filter(|token| **token == Token::Number).count();
        if on_import && numbers > 2 && path.ends_with("import_module") {
            return self.deed("getattr", offset, Effect::Import, true, built_text());
        }
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

/// The path of a file of keys or accounts; hosts may be called alike.
fn names_keys(text: &str) -> bool {
    let begins = |name: &&str| text.starts_with(*name) || text.split(['/', '\\']).skip(1).any(|part| part == *name);
    text.contains("/etc/passwd") || KEY_FILES.iter().any(begins)
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

/// The name that a line defines as a function.
fn defined<'t>(tokens: &[Spanned<'t>]) -> Option<&'t str> {
    let mut words = tokens.iter().map(|spanned| spanned.token).skip_while(|word| *word == Token::Name("async"));
    match (words.next(), words.next()) {
        (Some(Token::Name("def")), Some(Token::Name(name))) => Some(name),
        _ => None,
    }
}

/// What must be called so that a function runs: its class for what makes objects.
fn owner<'t>(name: &'t str, class: Option<&'t str>) -> &'t str {
    match class {
        Some(class) if matches!(name, "__init__" | "__new__" | "__post_init__") => class,
        _ => name,
    }
}

/// Functions of the file that are called when it is imported, directly or by one another.
fn reached<'t>(lines: &[Line<'t>]) -> HashSet<&'t str> {
    let class = |line: &Line<'t>| match line.tokens.get(..2).unwrap_or_default() {
        [Spanned { token: Token::Name("class"), .. }, Spanned { token: Token::Name(name), .. }] => Some(*name),
        _ => None,
    };
    let functions: HashSet<&str> = lines.iter().filter_map(|line| defined(&line.tokens).or(class(line))).collect();
    let mut classes: Vec<(usize, &'t str)> = Vec::new();
    let mut calls: HashMap<Option<&'t str>, HashSet<&'t str>> = HashMap::new();
    let mut blocks: Vec<(usize, Option<&'t str>)> = Vec::new();
    for line in lines {
        while blocks.last().is_some_and(|(indent, _)| *indent >= line.indent) {
            blocks.pop();
        }
        while classes.last().is_some_and(|(indent, _)| *indent >= line.indent) {
            classes.pop();
        }
        classes.extend(class(line).map(|name| (line.indent, name)));
        // The shell runs the block of `if __name__`, no import.
        if defers(&line.tokens) {
            blocks.push((
                line.indent,
                defined(&line.tokens).map(|name| owner(name, classes.last().map(|(_, name)| *name))).or(Some("")),
            ));
        }
        let within = blocks.last().and_then(|(_, name)| *name);
        for (at, pair) in line.tokens.windows(2).enumerate() {
            let Token::Name(name) = pair[0].token else { continue };
            let before = at.checked_sub(1).map(|before| line.tokens[before].token);
            let is_call = pair[1].token == Token::Sign('(')
                && !matches!(before, Some(Token::Sign('.') | Token::Name("def" | "class" | "lambda")));
            if functions.contains(name) && (is_call || before == Some(Token::Sign('@'))) {
                calls.entry(within).or_default().insert(name);
            }
        }
    }
    let mut reached: HashSet<&'t str> = HashSet::new();
    let mut open: Vec<Option<&'t str>> = vec![None];
    while let Some(from) = open.pop() {
        for name in calls.remove(&from).unwrap_or_default() {
            if reached.insert(name) {
                open.push(Some(name));
            }
        }
    }
    reached
}

/// Where the body of a lambda ends. One that is called on the spot has none that waits.
fn end_of_lambda(tokens: &[Spanned<'_>], at: usize) -> usize {
    let depth = tokens[at].depth;
    let rest = &tokens[at..];
    let head = rest.iter().position(|part| part.depth <= depth && part.token == Token::Sign(':')).unwrap_or(0);
    let ends = |part: &Spanned<'_>| part.depth < depth || (part.depth == depth && part.token == Token::Sign(','));
    let end = rest.iter().skip(head).position(ends).map_or(tokens.len(), |end| at + head + end);
    let signs = |from: usize| (tokens.get(from).map(|part| part.token), tokens.get(from + 1).map(|part| part.token));
    match signs(end) {
        (Some(Token::Sign(')')), Some(Token::Sign('('))) => at,
        _ => end,
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
