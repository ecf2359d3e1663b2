//! Follows indirections to what they lead to: `getattr(__import__('os'), 'system')` is `os.system`.

use crate::{
    heap::{Node, Value},
    judge::LONGEST_NAME,
    machine::Machine,
};

/// Deepest chain of indirections that is followed; beyond it a callable is taken as computed.
const DEEPEST_FOLD: u32 = 16;
/// Most arguments, parts of a path and keys that are looked at.
const MOST_ARGUMENTS: usize = 32;

/// Calls that import a module by its name.
const IMPORTERS: &[&str] = &[
    "builtins.__import__",
    "importlib.import_module",
    "importlib._bootstrap._gcd_import",
    "importlib._bootstrap._find_and_load",
    "importlib.util.find_spec",
    "imp.load_module",
    "pydoc.safeimport",
    "setuptools._distutils.util.import_module",
    "numpy.testing._private.utils.import_nose",
    "test.support.import_helper.import_module",
];

/// Calls that look an object up by its dotted name.
const LOCATORS: &[&str] = &[
    "pkgutil.resolve_name",
    "pydoc.locate",
    "pydoc.resolve",
    "hydra.utils.get_class",
    "hydra.utils.get_method",
    "hydra._internal.utils._locate",
    "django.utils.module_loading.import_string",
    "werkzeug.utils.import_string",
    "sphinx.util.import_object",
    "twisted.python.reflect.namedAny",
    "zope.dottedname.resolve.resolve",
    "unittest.mock._importer",
    "torch._jit_internal._try_get_dispatched_fn",
    "logging.config._resolve",
    "xmlrpc.server.resolve_dotted_attribute",
];

/// Calls that call their first argument with the elements of the second.
const APPLIERS: &[&str] = &[
    "builtins.map",
    "builtins.filter",
    "functools.reduce",
    "itertools.starmap",
    "itertools.takewhile",
    "itertools.dropwhile",
];

impl Machine<'_, '_> {
    /// What a call stands for, where that is something else than its result.
    pub(crate) fn fold(
        &mut self,
        at: u64,
        callable: Value,
        arguments: Value,
        made: Value,
        is_new: bool,
    ) -> Option<Value> {
        if self.folding > DEEPEST_FOLD {
            self.computed.get_or_insert((at, made));
            return None;
        }
        self.folding += 1;
        let arguments: Vec<Value> =
            self.heap.tuple_of(arguments).unwrap_or_default().iter().take(MOST_ARGUMENTS).copied().collect();
        let folded = match callable {
            Value::Name(_) => self.fold_name(at, callable, &arguments),
            _ => self.fold_object(at, callable, &arguments, made, is_new),
        };
        self.folding -= 1;
        folded
    }

    fn fold_name(&mut self, at: u64, callable: Value, arguments: &[Value]) -> Option<Value> {
        let name = self.judge.canonical(callable)?.to_owned();
        match (name.as_str(), arguments) {
            ("builtins.getattr" | "builtins.object.__getattribute__" | "inspect.getattr_static", [base, key, ..]) => {
                let key = self.heap.whole_text(*key)?.to_owned();
                Some(self.attribute(at, *base, &key))
            }
            ("builtins.vars", [base]) => Some(self.attribute(at, *base, "__dict__")),
            ("numpy._core._ufunc_reconstruct", [module, path]) => {
                let module = self.heap.whole_text(*module)?.to_owned();
                let path = self.heap.whole_text(*path)?.to_owned();
                Some(self.judge.import(at, &module, &path, false))
            }
            ("operator.getitem", [base, key]) => self.item(at, *base, *key),
            ("operator.call", [callable, rest @ ..]) => Some(self.call_with(at, *callable, rest)),
            ("builtins.apply", [callable, rest, ..]) => {
                let rest = self.heap.tuple_of(*rest).unwrap_or_default();
                let rest: Vec<Value> = rest.iter().take(MOST_ARGUMENTS).copied().collect();
                Some(self.call_with(at, *callable, &rest))
            }
            ("copyreg.__newobj__", [class, rest @ ..]) => {
                let rest = self.heap.tuple(rest);
                Some(self.call(at, *class, rest, None, true))
            }
            ("copyreg._reconstructor", [class, rest @ ..]) => {
                // It has another class than `object` begin the new object with the state.
                if let [base, state] = rest
                    && self.judge.canonical(*base).is_some_and(|name| name != "builtins.object")
                {
                    let state = self.heap.tuple(&[*state]);
                    self.call(at, *base, state, None, false);
                }
                let none = self.heap.tuple(&[]);
                Some(self.call(at, *class, none, None, true))
            }
            (name, [text, rest @ ..]) if IMPORTERS.contains(&name) => {
                let module = self.heap.whole_text(*text)?.to_owned();
                // Without a list of names, `__import__('os.path')` gives `os`.
                let whole = name != "builtins.__import__" || rest.len() >= 3;
                let module = if whole { &module } else { module.split('.').next().unwrap_or_default() };
                Some(self.heap.put(Node::Module(module.into())))
            }
            (name, [text, ..]) if LOCATORS.contains(&name) => {
                let path = self.heap.whole_text(*text)?.to_owned();
                Some(self.locate(at, &path))
            }
            (name, [callable, elements, ..]) if APPLIERS.contains(&name) => {
                let element = match self.heap.get(*elements) {
                    Some(Node::List(items) | Node::Set(items)) => items.kept.first().copied(),
                    Some(Node::Tuple(values)) => values.first().copied(),
                    _ => None,
                };
                let spread = name == "itertools.starmap";
                // The first one shows what the others are; following all would double with every level.
                if let Some(element) = element {
                    let inner = self.heap.tuple_of(element).filter(|_| spread);
                    let inner: Option<Vec<Value>> = inner.map(|all| all.iter().take(MOST_ARGUMENTS).copied().collect());
                    self.call_with(at, *callable, &inner.unwrap_or_else(|| vec![element]));
                }
                None
            }
            (name, [key, ..]) => {
                let (dict, method) = name.rsplit_once('.')?;
                let reads = matches!(method, "get" | "__getitem__" | "pop" | "setdefault");
                if reads && (dict == "sys.modules" || dict.ends_with(".__dict__")) {
                    let key = self.heap.whole_text(*key)?.to_owned();
                    return self.item_of(at, dict, &key);
                }
                None
            }
            _ => None,
        }
    }

    /// Calls of what other calls gave.
    fn fold_object(
        &mut self,
        at: u64,
        callable: Value,
        arguments: &[Value],
        made: Value,
        is_new: bool,
    ) -> Option<Value> {
        let outer = self.heap.call(callable).map(|call| (call.callable, call.arguments));
        let name = outer.and_then(|(callable, _)| self.judge.canonical(callable));
        let given = outer.and_then(|(_, given)| self.heap.tuple_of(given)).unwrap_or_default();
        match (name, given, arguments) {
            (Some("functools.partial"), [inner, bound @ ..], _) if !is_new => {
                let all: Vec<Value> = bound.iter().take(MOST_ARGUMENTS).chain(arguments).copied().collect();
                Some(self.call_with(at, *inner, &all))
            }
            (Some("operator.attrgetter"), [path], [base, ..]) => {
                let path = self.heap.whole_text(*path)?.to_owned();
                Some(path.split('.').take(MOST_ARGUMENTS).fold(*base, |base, key| self.attribute(at, base, key)))
            }
            (Some("operator.itemgetter"), [key], [base, ..]) => self.item(at, *base, *key),
            (Some("operator.methodcaller"), [method, rest @ ..], [base, ..]) => {
                let (method, rest) = (
                    self.heap.whole_text(*method)?.to_owned(),
                    rest.iter().take(MOST_ARGUMENTS).copied().collect::<Vec<_>>(),
                );
                let bound = self.attribute(at, *base, &method);
                Some(self.call_with(at, bound, &rest))
            }
            _ => {
                self.computed.get_or_insert((at, made));
                None
            }
        }
    }

    fn call_with(&mut self, at: u64, callable: Value, arguments: &[Value]) -> Value {
        let arguments = self.heap.tuple(arguments);
        self.judge.given(callable);
        self.call(at, callable, arguments, None, false)
    }

    /// `base.key`
    pub(crate) fn attribute(&mut self, at: u64, base: Value, key: &str) -> Value {
        let (module, path) = match base {
            Value::Name(id) => match self.judge.name(id) {
                Some(name) => (name.module.to_string(), format!("{}.{key}", name.path)),
                None => return Value::Unknown,
            },
            _ => match self.heap.get(base) {
                Some(Node::Module(module)) => (module.to_string(), key.to_owned()),
                Some(Node::Text(_)) => ("builtins".to_owned(), format!("str.{key}")),
                Some(Node::Bytes(_)) => ("builtins".to_owned(), format!("bytes.{key}")),
                Some(Node::Dict(_)) => ("builtins".to_owned(), format!("dict.{key}")),
                Some(Node::List(_)) => ("builtins".to_owned(), format!("list.{key}")),
                Some(Node::Tuple(_)) => ("builtins".to_owned(), format!("tuple.{key}")),
                Some(Node::Call(call)) => match call.callable {
                    Value::Name(id) => match self.judge.name(id) {
                        Some(name) => (name.module.to_string(), format!("{}.{key}", name.path)),
                        None => return Value::Unknown,
                    },
                    _ => return self.heap.put(Node::Attribute(base, key.into())),
                },
                _ => return self.heap.put(Node::Attribute(base, key.into())),
            },
        };
        if path.len() > LONGEST_NAME {
            self.computed.get_or_insert((at, base));
            return Value::Unknown;
        }
        let value = self.judge.import(at, &module, &path, false);
        self.rewritten_once(at, value)
    }

    fn rewritten_once(&mut self, at: u64, value: Value) -> Value {
        if self.folding > DEEPEST_FOLD {
            return value;
        }
        self.folding += 1;
        let found = self.rewritten(at, value);
        self.folding -= 1;
        found.unwrap_or(value)
    }

    /// `base[key]`
    fn item(&mut self, at: u64, base: Value, key: Value) -> Option<Value> {
        let key = self.heap.whole_text(key)?.to_owned();
        match base {
            Value::Name(_) => {
                let dict = self.judge.canonical(base)?.to_owned();
                self.item_of(at, &dict, &key)
            }
            _ => self.heap.lookup(base, &key, MOST_ARGUMENTS),
        }
    }

    fn item_of(&mut self, at: u64, dict: &str, key: &str) -> Option<Value> {
        if dict == "sys.modules" {
            return Some(self.heap.put(Node::Module(key.into())));
        }
        let owner = dict.strip_suffix(".__dict__")?;
        Some(match owner.split_once('.') {
            Some((module, path)) => self.judge.import(at, module, &format!("{path}.{key}"), false),
            None => self.judge.import(at, owner, key, false),
        })
    }

    /// `package.module:attribute` or `package.module.attribute`
    fn locate(&mut self, at: u64, path: &str) -> Value {
        match path.split_once(':').or_else(|| path.rsplit_once('.')) {
            Some((module, name)) if !name.is_empty() => self.judge.import(at, module, name, false),
            _ => self.heap.put(Node::Module(path.trim_end_matches(':').into())),
        }
    }
}
