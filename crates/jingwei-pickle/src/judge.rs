use jingwei_read::{Effect, NameClass, NameTable, QuickMap};

use crate::{
    alias,
    condition::Condition,
    heap::{NameId, Value},
};

/// Most distinct names that are told apart; a file with more is cut short.
pub(crate) const MOST_NAMES: usize = 16_384;

/// Longest dotted name, in bytes, and the most parts it has; nothing real comes near, and looking up is never slow.
pub(crate) const LONGEST_NAME: usize = 512;
const MOST_PARTS: usize = 24;

/// Attributes that lead from any object to everything else.
pub(crate) const ESCAPES: &[&str] = &[
    "__base__",
    "__bases__",
    "__builtins__",
    "__closure__",
    "__code__",
    "__dict__",
    "__func__",
    "__getattribute__",
    "__globals__",
    "__import__",
    "__init_subclass__",
    "__loader__",
    "__mro__",
    "__reduce__",
    "__reduce_ex__",
    "__self__",
    "__spec__",
    "__subclasses__",
    "__wrapped__",
    "f_back",
    "f_builtins",
    "f_globals",
    "f_locals",
    "func_code",
    "func_globals",
    "gi_frame",
    "mro",
    "tb_frame",
];

/// Modules that give everything away as soon as another module hands them out; of others, only what is inside them.
const KEYS: &[&str] = &[
    "__builtin__",
    "__builtins__",
    "builtins",
    "cPickle",
    "commands",
    "ctypes",
    "importlib",
    "marshal",
    "nt",
    "os",
    "pdb",
    "pickle",
    "posix",
    "pty",
    "requests",
    "runpy",
    "shutil",
    "socket",
    "subprocess",
    "sys",
    "urllib",
];

/// What a name may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    Allowed,
    /// Only so.
    Conditional(Condition),
    Dangerous(Effect),
    /// Known, and no model needs it.
    Review,
    Unknown,
}

/// A name that was imported, and what became of it.
#[derive(Debug)]
pub(crate) struct Name {
    pub(crate) module: Box<str>,
    /// Dotted, below the module.
    pub(crate) path: Box<str>,
    /// As the lists of names know it.
    pub(crate) canonical: Box<str>,
    /// What it leads to, where that is another name: `os.system` in `sklearn` is `os.system`.
    pub(crate) leads_to: Option<Box<str>>,
    pub(crate) class: Class,
    /// Where it was first imported.
    pub(crate) offset: u64,
    /// How often it came onto the stack, and how often it was then called or dropped.
    pub(crate) given: u64,
    pub(crate) used: u64,
    pub(crate) calls: u64,
    /// The call that shows best what it is there for.
    pub(crate) example: Option<Value>,
    /// A call that breaks its condition.
    pub(crate) broken: bool,
    /// It was imported by the stream itself, not found by folding.
    pub(crate) is_import: bool,
}

/// Every name of a run, in the order of the first meeting.
pub(crate) struct Judge<'t> {
    table: &'t NameTable,
    pub(crate) names: Vec<Name>,
    /// By module, a zero, and path.
    ids: QuickMap<Box<str>, NameId>,
    key: String,
    pub(crate) is_cut: bool,
}

impl<'t> Judge<'t> {
    pub(crate) fn new(table: &'t NameTable) -> Self {
        Self { table, names: Vec::new(), ids: QuickMap::default(), key: String::new(), is_cut: false }
    }

    pub(crate) fn name(&self, id: NameId) -> Option<&Name> {
        self.names.get(id.0 as usize)
    }

    pub(crate) fn name_mut(&mut self, id: NameId) -> Option<&mut Name> {
        self.names.get_mut(id.0 as usize)
    }

    /// The canonical name of a value that is a name.
    pub(crate) fn canonical(&self, value: Value) -> Option<&str> {
        match value {
            Value::Name(id) => self.name(id).map(|name| &*name.canonical),
            _ => None,
        }
    }

    /// A name comes onto the stack.
    pub(crate) fn import(&mut self, at: u64, module: &str, path: &str, is_import: bool) -> Value {
        self.key.clear();
        self.key.extend([module, "\0", path]);
        let id = match self.ids.get(self.key.as_str()) {
            Some(id) => *id,
            None => {
                let (Ok(id), true) = (u32::try_from(self.names.len()), self.names.len() < MOST_NAMES) else {
                    self.is_cut = true;
                    return Value::Unknown;
                };
                self.names.push(self.describe(at, module, path));
                self.ids.insert(self.key.as_str().into(), NameId(id));
                NameId(id)
            }
        };
        if let Some(name) = self.name_mut(id) {
            name.given += 1;
            name.is_import |= is_import;
        }
        Value::Name(id)
    }

    fn describe(&self, at: u64, module: &str, path: &str) -> Name {
        let canonical = alias::canonical(module, path);
        let (class, leads_to) = self.classify(&canonical, module, path);
        Name {
            module: module.into(),
            path: path.into(),
            canonical: canonical.into(),
            leads_to,
            class,
            offset: at,
            given: 0,
            used: 0,
            calls: 0,
            example: None,
            broken: false,
            is_import: false,
        }
    }

    /// What a name is that nobody has imported.
    pub(crate) fn class_of(&self, module: &str, path: &str) -> Class {
        self.classify(&alias::canonical(module, path), module, path).0
    }

    fn classify(&self, canonical: &str, module: &str, path: &str) -> (Class, Option<Box<str>>) {
        if canonical.len() > LONGEST_NAME || canonical.split('.').count() > MOST_PARTS {
            return (Class::Dangerous(Effect::Import), None);
        }
        // TorchScript's classes: their code is in the archive, and no Python module has that name.
        if module == "__torch__" || module.starts_with("__torch__.") {
            return (Class::Allowed, None);
        }
        let listed = self.table.classify(canonical);
        match listed {
            NameClass::Allowed { when: None } => return (Class::Allowed, None),
            NameClass::Allowed { when: Some(when) } => return (Class::Conditional(Condition::named(when)), None),
            NameClass::Dangerous(effect) => return (Class::Dangerous(effect), None),
            NameClass::Review | NameClass::Unknown => {}
        }
        // scikit-learn put an underscore before the names of its inner modules, and reads files from before all the same.
        if listed == NameClass::Unknown
            && let Some(newer) = alias::underscored(canonical)
            && let NameClass::Allowed { when } = self.table.classify(&newer)
        {
            return (when.map_or(Class::Allowed, |when| Class::Conditional(Condition::named(when))), None);
        }
        if let Some((effect, target)) = self.target(path) {
            return (Class::Dangerous(effect), Some(target.into()));
        }
        if path.split('.').any(|part| ESCAPES.contains(&part)) {
            return (Class::Dangerous(Effect::Import), None);
        }
        (if listed == NameClass::Review { Class::Review } else { Class::Unknown }, None)
    }

    /// A module that another module imported is its attribute, and with it everything inside: `os.system` in `sklearn`.
    fn target(&self, path: &str) -> Option<(Effect, String)> {
        let mut rest = path;
        loop {
            let (module, name) = rest.split_once('.').unwrap_or((rest, ""));
            for module in alias::shown_as(module) {
                let full = match name {
                    "" if KEYS.contains(&module) => module.to_owned(),
                    "" => continue,
                    name => alias::canonical(module, name),
                };
                if let NameClass::Dangerous(effect) = self.table.classify(&full) {
                    return Some((effect, full));
                }
            }
            rest = rest.split_once('.')?.1;
        }
    }

    pub(crate) fn used(&mut self, value: Value) {
        if let Value::Name(id) = value
            && let Some(name) = self.name_mut(id)
        {
            name.used += 1;
        }
    }

    pub(crate) fn given(&mut self, value: Value) {
        if let Value::Name(id) = value
            && let Some(name) = self.name_mut(id)
        {
            name.given += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn names_are_judged_by_what_they_lead_to() {
        let table = testing::names();
        let judge = Judge::new(&table);
        for (module, path, dangerous, target) in [
            ("os", "system", true, None),
            ("posix", "system", true, None),
            ("sklearn", "os.system", true, Some("os.system")),
            ("sklearn.utils", "os", true, Some("os")),
            ("some.where", "helpers.posix.system", true, Some("os.system")),
            ("random", "_os.system", true, Some("os.system")),
            ("some.where", "_posix.system", true, Some("os.system")),
            ("some.where", "_os", true, Some("os")),
            ("some.where", "_outside.system", false, None),
            ("some.where", "Model.__init__.__globals__", true, None),
            ("some.where", "Model", false, None),
            ("collections", "OrderedDict", false, None),
            ("__torch__.models", "Encoder", false, None),
        ] {
            let name = judge.describe(0, module, path);
            assert_eq!(matches!(name.class, Class::Dangerous(_)), dangerous, "{module} {path}");
            assert_eq!(name.leads_to.as_deref(), target, "{module} {path}");
        }
    }

    #[test]
    fn older_modules_of_scikit_learn_are_known() {
        let table = testing::names();
        let judge = Judge::new(&table);
        for (module, path, allowed) in [
            ("sklearn.linear_model._huber", "HuberRegressor", true),
            ("sklearn.linear_model.huber", "HuberRegressor", true),
            ("sklearn.linear_model.huber", "Other", false),
            ("other.linear_model.huber", "HuberRegressor", false),
        ] {
            assert_eq!(judge.describe(0, module, path).class == Class::Allowed, allowed, "{module}.{path}");
        }
    }
}
