//! What was seen of a configuration, each fault once.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeSet,
};

use jingwei_core::{Limits, Text};
use jingwei_read::{Effect, Inspection, NameTable, Sighting};

use crate::{
    config::{
        chains::{self, Chain},
        entry, loaders,
        targets::{self, Verdict},
    },
    note, orders, script, template,
    tokenizer::regex,
    unicode,
};

/// Most sightings that a configuration is worth.
const SIGHTINGS: usize = 200;
/// Shortest value that can be an order, in bytes.
const SHORTEST_ORDER: usize = 16;

/// Shared by all values of one file.
pub(crate) struct Findings<'a> {
    pub names: &'a NameTable,
    pub limits: &'a Limits,
    /// The file name without folders, in lower case.
    pub file: String,
    /// Every path in the file is followed by those who read it.
    pub is_followed: bool,
    pub entries: Cell<u64>,
    pub crossed: Cell<Option<(&'static str, u64)>>,
    pub chain: RefCell<Chain>,
    seen: RefCell<Inspection>,
    known: RefCell<BTreeSet<(&'static str, String)>>,
    patterns: RefCell<regex::Work>,
    /// A target is put together from other values.
    interpolated: Cell<bool>,
    /// The first dangerous name that stands anywhere, and what it can do.
    dangerous: RefCell<Option<(String, Effect)>>,
}

impl<'a> Findings<'a> {
    pub(crate) fn new(names: &'a NameTable, limits: &'a Limits, file_name: &str) -> Self {
        let file = file_name.rsplit(['/', '\\']).next().unwrap_or_default().to_lowercase();
        let is_followed = entry::is_followed(&file);
        Self {
            names,
            limits,
            file,
            is_followed,
            entries: Cell::new(0),
            crossed: Cell::new(None),
            chain: RefCell::default(),
            seen: RefCell::default(),
            known: RefCell::default(),
            patterns: RefCell::default(),
            interpolated: Cell::new(false),
            dangerous: RefCell::default(),
        }
    }

    pub(crate) fn finish(self) -> Inspection {
        if self.interpolated.get()
            && let Some((target, effect)) = self.dangerous.take()
        {
            self.dangerous_target("${…}", &target, effect);
        }
        chains::finish(&self);
        self.seen.into_inner()
    }

    pub(crate) fn see(&self, sighting: Sighting) {
        let key = (sighting.rule, sighting.key.clone().unwrap_or_default());
        let mut seen = self.seen.borrow_mut();
        if seen.sightings.len() < SIGHTINGS && self.known.borrow_mut().insert(key) {
            seen.see(sighting);
        }
    }

    pub(crate) fn fact(&self, name: &'static str, value: &str) {
        self.seen.borrow_mut().facts.more.entry(name).or_insert_with(|| jingwei_read::shown(value));
    }

    pub(crate) fn remote_code(&self, key: &str) {
        self.see(Sighting::new("model.remote-code").key(key).with("key", key));
    }

    /// `repository--module.Class`: the code lies in another repository.
    pub(crate) fn remote_repository(&self, key: &str, value: &str) {
        if let Some((remote, _)) =
            value.split_once("--").filter(|(remote, rest)| !remote.is_empty() && !rest.is_empty())
        {
            let sighting = Sighting::new("model.config-remote-repository").key(remote);
            self.see(sighting.with("key", key).with("remote", remote).with("value", value));
        }
    }

    /// A repository by its name alone, whose code is run.
    pub(crate) fn code_repository(&self, key: &str, value: &str) {
        let sighting = Sighting::new("model.config-remote-repository").key(value);
        self.see(sighting.with("key", key).with("remote", value).with("value", value));
    }

    /// A name that a loader imports. `strict`: unknown packages are told too.
    pub(crate) fn target(&self, key: &str, target: &str, strict: bool) {
        let target = target.trim();
        if let Some((before, _)) = target.split_once("${") {
            self.interpolated.set(true);
            if let Verdict::Dangerous(effect) = targets::verdict(before.trim_end_matches('.'), self.names) {
                self.dangerous_target(key, target, effect);
            }
            return;
        }
        // Graphs that `torch.export` writes name their operators so; those of PyTorch's own libraries run nothing else.
        let namespace = target.strip_prefix("torch.ops.").and_then(|rest| rest.split('.').next());
        if namespace.is_some_and(|namespace| script::OPERATORS.contains(&namespace)) {
            return;
        }
        match targets::verdict(target, self.names) {
            Verdict::Dangerous(effect) => self.dangerous_target(key, target, effect),
            Verdict::Unknown if strict && targets::is_dotted(target) => {
                self.loader_module(key, target);
            }
            _ => {}
        }
    }

    /// A module that a loader imports and calls, and that is none of the loader's own.
    pub(crate) fn loader_module(&self, key: &str, module: &str) {
        self.imports(key, module, Text::new("它不属于已知的框架", "which belongs to no known framework"));
    }

    /// A module that is imported, and why nobody should do so unseen.
    pub(crate) fn imports(&self, key: &str, module: &str, why: Text) {
        let sighting = Sighting::new("model.config-unknown-target").key(module);
        self.see(sighting.with("key", key).with("target", module).with_text("why", why));
    }

    pub(crate) fn dangerous_target(&self, key: &str, target: &str, effect: Effect) {
        let sighting = Sighting::new("model.config-dangerous-target").key(target);
        self.see(sighting.with("key", key).with("target", target).with_text("effect", effect.label()));
    }

    /// A dangerous name as a plain value: harmless unless a target is put together from values.
    pub(crate) fn value(&self, value: &str) {
        if self.dangerous.borrow().is_none()
            && targets::is_dotted(value)
            && let Verdict::Dangerous(effect) = targets::verdict(value, self.names)
        {
            *self.dangerous.borrow_mut() = Some((value.to_owned(), effect));
        }
    }

    /// `$expression`: some loaders have Python evaluate it.
    pub(crate) fn expression(&self, key: &str, expression: &str) {
        if let Some((name, effect)) = script::first_dangerous_call(expression, self.names) {
            let sighting = Sighting::new("model.config-dangerous-target").key(&name);
            self.see(sighting.with("key", key).with("target", expression).with_text("effect", effect.label()));
        } else if let Some((mark, effect)) = loaders::reaching(expression) {
            self.dangerous_target(key, mark, effect);
        }
    }

    pub(crate) fn template(&self, text: &str) {
        for mut sighting in template::inspect_template_text(text, self.limits).sightings {
            // It counts from the start of the template, which is not where the file begins.
            sighting.offset = None;
            self.see(sighting);
        }
    }

    pub(crate) fn outside(&self, key: &str, value: &str, what: Text) {
        let sighting = Sighting::new("model.config-outside-reference").key(key);
        self.see(sighting.with("key", key).with("value", value).with_text("what", what));
    }

    /// A pattern that splits texts.
    pub(crate) fn pattern(&self, key: &str, pattern: &str) {
        if regex::explodes(pattern, &mut self.patterns.borrow_mut()) {
            self.see(regex::exploding(key, pattern));
        }
    }

    /// A value that speaks to a machine which reads it.
    pub(crate) fn order(&self, key: &str, text: &str) {
        if text.len() >= SHORTEST_ORDER
            && let Some(sighting) = note::ordered(text, orders::reader_of(key), key)
        {
            self.see(sighting);
        }
    }

    pub(crate) fn hidden(&self, text: &str) {
        if text.is_ascii() && !text.contains('\u{1b}') {
            return;
        }
        let single = text.chars().nth(2).is_none();
        let natural = if single { unicode::Natural::Token } else { unicode::Natural::Prose };
        for hidden in unicode::find(text, natural) {
            if !single || hidden.count > 2 {
                self.see(hidden.sighting());
            }
        }
    }

    pub(crate) fn duplicate(&self, key: &str, decides: bool) {
        let rule = if decides { "model.config-duplicate-security-key" } else { "model.config-duplicate-key" };
        self.see(Sighting::new(rule).key(key).with("key", key));
    }
}

/// Where a reference leads that does not stay with the model, if it does so.
pub(crate) fn leads_outside(value: &str, absolute: bool) -> Option<Text> {
    let value = value.trim();
    let lower = value.to_ascii_lowercase();
    let inner = ["/etc/", "/proc/", "/sys/", "/dev/", "/root/.ssh", "/var/run/"];
    let drive =
        value.as_bytes().get(1) == Some(&b':') && value.as_bytes().get(2).is_some_and(|b| matches!(b, b'\\' | b'/'));
    if lower.contains("://") {
        Some(Text::new("网址", "an address on the network"))
    } else if value.starts_with("\\\\") || value.starts_with("//") {
        Some(Text::new("网络共享", "a share on the network"))
    } else if value.split(['/', '\\']).any(|part| part == "..") {
        Some(Text::new("文件夹之外的路径", "a path out of the folder"))
    } else if inner.iter().any(|path| lower.starts_with(path)) || lower.starts_with("~/.") {
        Some(Text::new("系统文件", "a file of the system"))
    } else if absolute && (value.starts_with('/') || value.starts_with('~') || drive) {
        Some(Text::new("绝对路径", "an absolute path"))
    } else {
        None
    }
}
