//! Opcodes that import, call and build.

use crate::{
    array,
    heap::{Call, Node, Value},
    judge::{Class, LONGEST_NAME},
    lexer::Fault,
    machine::{MOST_NOTES, Machine, Outside, Stream},
    payload::Payload,
};

/// Longest name of a module or attribute, in bytes.
const LONGEST_TEXT: u64 = 512;
/// Names that are longer are remembered by the objects that hold them, so many of them.
const LONG_NAME: usize = 64;
const MOST_IMPORTED: usize = 100_000;

/// What loads or unpacks bytes that it is given.
const LOADERS: &[&str] = &[
    "pickle.loads",
    "pickle._loads",
    "dill.loads",
    "dill._dill.loads",
    "cloudpickle.loads",
    "cloudpickle.cloudpickle.loads",
    "torch.storage._load_from_bytes",
    "zlib.decompress",
    "gzip.decompress",
    "bz2.decompress",
    "lzma.decompress",
    "io.BytesIO",
];

impl Machine<'_, '_> {
    pub(crate) fn object(&mut self, stream: &mut Stream, at: u64, code: u8) -> Result<(), Fault> {
        match code {
            b'c' => {
                let module = self.lexer.name()?;
                let path = self.lexer.name()?;
                let value = self.import(at, &module, &path);
                stream.push(value);
            }
            0x93 => {
                let path = stream.pop(at)?;
                let module = stream.pop(at)?;
                let value = self.import_texts(at, module, path)?;
                stream.push(value);
            }
            b'i' => {
                let module = self.lexer.name()?;
                let path = self.lexer.name()?;
                let callable = self.import(at, &module, &path);
                let mark = stream.mark(at)?;
                let arguments = self.heap.tuple(&stream.stack[mark..]);
                stream.stack.truncate(mark);
                let value = self.call(at, callable, arguments, None, false);
                stream.push(value);
            }
            b'o' => {
                let mark = stream.mark(at)?;
                let callable = stream.stack.get(mark).copied();
                let callable = callable.ok_or_else(|| Fault::broken(at, "缺少类", "a class is missing"))?;
                let arguments = self.heap.tuple(&stream.stack[mark + 1..]);
                stream.stack.truncate(mark);
                let value = self.call(at, callable, arguments, None, false);
                stream.push(value);
            }
            b'R' | 0x81 => {
                let arguments = stream.pop(at)?;
                let callable = stream.pop(at)?;
                let value = self.call(at, callable, arguments, None, code == 0x81);
                stream.push(value);
            }
            0x92 => {
                let keywords = stream.pop(at)?;
                let arguments = stream.pop(at)?;
                let callable = stream.pop(at)?;
                let value = self.call(at, callable, arguments, Some(keywords), true);
                stream.push(value);
            }
            b'P' if self.refuses_ids => {
                return Err(Fault::broken(at, "持久编号无法加载", "nothing loads a persistent id"));
            }
            b'P' | b'Q' => {
                let id = if code == b'P' {
                    let line = self.lexer.plain_line()?;
                    self.heap.put(Node::Text(line))
                } else {
                    stream.pop(at)?
                };
                if self.heap.take_elements(1) {
                    self.persistent.push(id);
                }
                if code == b'P' || !self.is_storage(id) {
                    self.outside.entry(Outside::Object).or_insert((at, id));
                }
                let value = self.heap.put(Node::Persistent(id));
                stream.push(value);
            }
            _ => {
                let extension = match code {
                    0x82 => self.lexer.u8()?,
                    0x83 => self.lexer.u16()?,
                    _ => self.lexer.u32()?,
                };
                if self.extensions.len() < MOST_NOTES {
                    self.extensions.entry(extension).or_insert(at);
                }
                stream.push(Value::Unknown);
            }
        }
        Ok(())
    }

    /// STACK_GLOBAL. Long names that are imported again and again are looked up by their objects.
    fn import_texts(&mut self, at: u64, module: Value, path: Value) -> Result<Value, Fault> {
        if let Some(value) = self.imported.get(&(module.node(), path.node())).copied() {
            self.judge.given(value);
            return Ok(self.rewritten(at, value).unwrap_or(value));
        }
        let (Some(module_name), Some(path_name)) = (self.full_text(module)?, self.full_text(path)?) else {
            match [module, path].into_iter().find(|value| self.is_computed(*value)) {
                Some(value) => drop(self.computed_name.get_or_insert((at, value))),
                None => self.note(at, "导入的名称不是普通文本", "a name to import is no plain text"),
            }
            return Ok(Value::Unknown);
        };
        let value = self.import(at, &module_name, &path_name);
        let is_long = module_name.len() + path_name.len() > LONG_NAME;
        if is_long
            && self.imported.len() < MOST_IMPORTED
            && self.written.is_empty()
            && module.node().is_some()
            && path.node().is_some()
        {
            self.imported.insert((module.node(), path.node()), value);
        }
        Ok(value)
    }

    /// What a call or a loader gives. No pickler writes a name so.
    fn is_computed(&self, value: Value) -> bool {
        matches!(
            self.heap.get(value),
            Some(Node::Call(_) | Node::Attribute(..) | Node::Module(_) | Node::Persistent(_))
        )
    }

    /// The ids that PyTorch writes: of storages, of modules with their source, and plain numbers in its oldest files.
    fn is_storage(&self, id: Value) -> bool {
        let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        match self.heap.tuple_of(id) {
            Some([kind, ..]) => ["storage", "module"].iter().any(|known| self.heap.is_text(*kind, known)),
            Some([]) => false,
            None => matches!(id, Value::Int(_)) || self.heap.whole_text(id).is_some_and(is_digits),
        }
    }

    /// A text, read again where the heap holds its beginning only. `None`: no text, or none that names anything.
    fn full_text(&mut self, value: Value) -> Result<Option<String>, Fault> {
        let Some(text) = self.heap.text(value) else { return Ok(None) };
        if text.length > LONGEST_TEXT {
            return Ok(None);
        }
        if text.is_whole() {
            return Ok(String::from_utf8(text.head.to_vec()).ok());
        }
        match text.at {
            Some(at) => {
                let bytes = self.lexer.again(at, text.length)?;
                Ok(String::from_utf8(bytes).ok())
            }
            None => Ok(None),
        }
    }

    /// `find_class`, with the attributes that were written before.
    fn import(&mut self, at: u64, module: &str, path: &str) -> Value {
        let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.');
        if module.is_empty() || path.is_empty() || !module.chars().chain(path.chars()).all(is_plain) {
            self.note(at, "导入的名称含有异常字符", "a name to import has odd characters");
        }
        let value = self.judge.import(at, module, path, true);
        self.rewritten(at, value).unwrap_or(value)
    }

    /// What an earlier attribute write put in the place of a name.
    pub(crate) fn rewritten(&mut self, at: u64, value: Value) -> Option<Value> {
        if self.written.is_empty() {
            return None;
        }
        let full = self.judge.canonical(value).filter(|name| name.len() <= LONGEST_NAME)?.to_owned();
        let mut prefix = full.as_str();
        loop {
            if let Some(found) = self.written.get(prefix).copied() {
                self.judge.given(found);
                let rest: Vec<&str> = full[prefix.len()..].split('.').filter(|part| !part.is_empty()).collect();
                return Some(rest.iter().fold(found, |base, name| self.attribute(at, base, name)));
            }
            prefix = prefix.rsplit_once('.')?.0;
        }
    }

    /// Records a call, judges it, and gives what it stands for.
    pub(crate) fn call(
        &mut self,
        at: u64,
        callable: Value,
        arguments: Value,
        keywords: Option<Value>,
        is_new: bool,
    ) -> Value {
        if self.stop_at_call && !self.can_call(callable, arguments) {
            return Value::None;
        }
        self.calls += 1;
        let made = Call { at, callable, arguments, keywords, is_new, state: None, added: None };
        let value = self.heap.put(Node::Call(Box::new(made)));
        self.judge_call(callable, value);
        self.judge_arguments(arguments, value);
        if self.judge.canonical(callable).is_some_and(|name| LOADERS.contains(&name)) {
            let first = self.heap.tuple_of(arguments).and_then(|values| values.first().copied());
            let payload = first.and_then(|first| Payload::of(first, &self.heap, &self.judge));
            if let Some(payload) = payload {
                self.suspects.keep_loaded(at, payload);
            }
        }
        self.fold(at, callable, arguments, value, is_new).unwrap_or(value)
    }

    /// CPython raises where a constant is called, or called with one.
    fn can_call(&self, callable: Value, arguments: Value) -> bool {
        let callable = match callable {
            Value::Name(_) | Value::Unknown => true,
            Value::Node(_) => {
                let node = self.heap.get(callable);
                matches!(node, Some(Node::Call(_) | Node::Attribute(..) | Node::Module(_) | Node::Persistent(_)))
            }
            _ => false,
        };
        let arguments = match arguments {
            Value::Unknown => true,
            Value::Node(_) => matches!(
                self.heap.get(arguments),
                Some(Node::Tuple(_) | Node::Call(_) | Node::Attribute(..) | Node::Persistent(_))
            ),
            _ => false,
        };
        callable && arguments
    }

    fn judge_call(&mut self, callable: Value, value: Value) {
        let Value::Name(id) = callable else { return };
        let class = self.judge.name(id).map(|name| name.class);
        let broken = match class {
            Some(Class::Conditional(condition)) => {
                self.heap.call(value).is_none_or(|call| !condition.holds(call, &self.heap, &self.judge))
            }
            _ => false,
        };
        if let Some(name) = self.judge.name_mut(id) {
            name.calls += 1;
            name.used += 1;
            if name.calls == 1 || (broken && !name.broken) {
                name.example = Some(value);
            }
            name.broken |= broken;
        }
    }

    /// What is handed to a call that may call it is best shown with that call.
    fn judge_arguments(&mut self, arguments: Value, value: Value) {
        const MOST: usize = 16;
        let ids: Vec<_> = match self.heap.tuple_of(arguments) {
            Some(values) => values
                .iter()
                .take(MOST)
                .filter_map(|v| if let Value::Name(id) = v { Some(*id) } else { None })
                .collect(),
            None => return,
        };
        for id in ids {
            if let Some(name) = self.judge.name_mut(id) {
                name.example.get_or_insert(value);
            }
        }
    }

    /// The name under which everyone shares a value, if it is not an object of this pickle alone.
    pub(crate) fn shared_target(&self, value: Value) -> Option<String> {
        match value {
            Value::Name(_) => self.judge.canonical(value).map(str::to_owned),
            _ => match self.heap.get(value)? {
                Node::Module(name) => Some(name.to_string()),
                _ => None,
            },
        }
    }

    /// BUILD: gives an object its state. On anything that is shared it writes attributes.
    pub(crate) fn build(&mut self, stream: &mut Stream, at: u64, depth: u32) -> Result<(), Fault> {
        let state = stream.pop(at)?;
        let target = stream.top(at)?;
        if let Some(name) = self.shared_target(target) {
            self.write_attributes(at, &name, state);
            return Ok(());
        }
        if let Some([_, slots]) = self.heap.tuple_of(state) {
            let slots = *slots;
            self.write_dunder_slots(at, target, slots);
        }
        let Some(call) = self.heap.call_mut(target) else { return Ok(()) };
        call.state = Some(state);
        let callable = call.callable;
        match self.judge.canonical(callable) {
            Some(array::WRAPPER) => {
                let value = self.inline_array(stream, at, target, depth)?;
                stream.replace_top(value);
            }
            Some("functools.partial") => self.build_partial(target, callable, state),
            Some(name) if array::OUTSIDE.contains(&name) => self.outside_array(at, state),
            _ => {}
        }
        Ok(())
    }

    /// The state of a partial is `(function, arguments, keywords, attributes)`, and replaces what it was made of.
    fn build_partial(&mut self, target: Value, partial: Value, state: Value) {
        const MOST: usize = 32;
        let Some(call) = self.heap.call(target) else { return };
        let before = self.heap.tuple_of(call.arguments).and_then(|given| given.first().copied());
        let (function, bound) = match self.heap.tuple_of(state) {
            Some([function, bound, ..]) => (*function, self.heap.tuple_of(*bound)),
            _ => (Value::Unknown, None),
        };
        let is_known = bound.is_some() && function != Value::Unknown && before == Some(function);
        let all: Vec<Value> =
            [function].into_iter().chain(bound.unwrap_or_default().iter().take(MOST).copied()).collect();
        let arguments = self.heap.tuple(&all);
        let keywords = self.heap.tuple_of(state).and_then(|state| state.get(2).copied());
        if let Some(call) = self.heap.call_mut(target) {
            call.arguments = arguments;
            call.keywords = keywords.filter(|keywords| *keywords != Value::None);
        }
        let Value::Name(id) = partial else { return };
        if let Some(name) = self.judge.name_mut(id).filter(|_| !is_known) {
            name.broken = true;
            name.example = Some(target);
        }
    }

    fn write_attributes(&mut self, at: u64, name: &str, state: Value) {
        let states = match self.heap.tuple_of(state) {
            Some([state, slots]) => vec![*state, *slots],
            _ => vec![state],
        };
        let mut any = false;
        for state in states {
            let pairs: Vec<(Value, Value)> = match self.heap.get(state) {
                Some(Node::Dict(pairs)) => pairs.kept.iter().take(self.notes_left()).copied().collect(),
                _ => continue,
            };
            for (key, value) in pairs {
                let key = self.heap.whole_text(key).unwrap_or("?").to_owned();
                self.write(at, format!("{name}.{key}"), value);
                any = true;
            }
        }
        if !any {
            self.write(at, format!("{name}.__setstate__"), state);
        }
    }

    /// Slots are set one by one with `setattr`, which may change even the class of an object.
    fn write_dunder_slots(&mut self, at: u64, target: Value, slots: Value) {
        let Some(Node::Dict(pairs)) = self.heap.get(slots) else { return };
        let Some(left) = self.scans_left.checked_sub(pairs.kept.len() as u64) else {
            return self.write(at, "?".to_owned(), slots);
        };
        self.scans_left = left;
        let is_dunder = |key: &str| key.starts_with("__") && key.ends_with("__");
        let found: Vec<(String, Value)> = pairs
            .kept
            .iter()
            .filter_map(|(key, value)| {
                let key = self.heap.whole_text(*key).filter(|key| is_dunder(key))?;
                Some((key.to_owned(), *value))
            })
            .collect();
        for (key, value) in found {
            let class = self.heap.call(target).and_then(|call| self.judge.canonical(call.callable));
            let target = format!("{}().{key}", class.unwrap_or("?"));
            self.write(at, target, value);
        }
    }
}
