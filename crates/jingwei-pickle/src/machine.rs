use std::collections::{BTreeMap, HashMap};

use jingwei_core::{Limits, Text};
use jingwei_read::{NameTable, Source};

use crate::{
    burden::{self, Burden},
    escape,
    heap::{Heap, Items, Memo, Node, NodeId, Pairs, Value},
    judge::Judge,
    lexer::{Fault, Integer, Lexer},
    payload::Suspects,
    steps::Steps,
};

/// Values on the stack, and marks, per entry of [`Limits::entries`].
const STACK_PER_ENTRY: u64 = 1;
/// Values in the memo per entry.
const VALUES_PER_ENTRY: u64 = 4;
/// Memo slots that are not in a row with others. Writers number them from 0 or 1 on.
const MOST_SCATTERED: usize = 50_000;
/// Most things of one kind that are noted one by one.
pub(crate) const MOST_NOTES: usize = 1000;

/// The state of one stream: CPython's unpickler has the same three.
#[derive(Default)]
pub(crate) struct Stream {
    pub(crate) stack: Vec<Value>,
    /// Heights of the stack at which marks lie. Nothing below the last one can be popped.
    marks: Vec<usize>,
    memo: Memo,
}

/// What a file takes from whoever loads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Outside {
    /// An object by its number or name.
    Object,
    /// Bytes.
    Buffer,
}

/// An attribute or item of something imported was set.
#[derive(Debug)]
pub(crate) struct Write {
    pub(crate) at: u64,
    pub(crate) target: String,
    pub(crate) value: Value,
}

/// Runs opcodes in the abstract.
pub(crate) struct Machine<'a, 't> {
    pub(crate) lexer: Lexer<'a>,
    pub(crate) heap: Heap,
    pub(crate) judge: Judge<'t>,
    pub(crate) protocol: u8,
    /// What long names in two texts stood for.
    pub(crate) imported: HashMap<(Option<NodeId>, Option<NodeId>), Value>,
    /// What attribute writes put under a dotted name.
    pub(crate) written: HashMap<String, Value>,
    pub(crate) writes: Vec<Write>,
    /// Extension codes, and where each was first used.
    pub(crate) extensions: BTreeMap<u64, u64>,
    /// Breaks after which the stream can be followed further.
    pub(crate) notes: Vec<(u64, Text)>,
    /// Ways to wear its reader out, the first of each kind.
    pub(crate) burdens: Vec<Burden>,
    /// The first value that the file takes from its loader, by kind.
    pub(crate) outside: BTreeMap<Outside, (u64, Value)>,
    /// A name to import that a call gives.
    pub(crate) computed_name: Option<(u64, Value)>,
    /// Calls of something that has no name.
    pub(crate) computed: Option<(u64, Value)>,
    /// Arguments of BINPERSID, in order.
    pub(crate) persistent: Vec<Value>,
    pub(crate) suspects: Suspects,
    /// Where the elements of arrays lie that stand between the opcodes, and how many bytes they are, by their wrapper.
    pub(crate) inlined: HashMap<NodeId, (u64, u64)>,
    pub(crate) calls: u64,
    /// Values that POP took away.
    dropped: u64,
    pub(crate) folding: u32,
    pub(crate) deepest: u32,
    /// For recognising alone: the first import, call or build ends the run.
    pub(crate) stop_at_call: bool,
    /// PERSID ends the stream: no loader takes a text for the id of an object, and archives begin with its letter.
    pub(crate) refuses_ids: bool,
    /// A memo entry was used that was never stored.
    pub(crate) missed_memo: bool,
    /// Keys of slots that may still be looked through.
    pub(crate) scans_left: u64,
    steps: &'t Steps,
    /// One after another.
    pub(crate) most_streams: u64,
    most_stack: usize,
    most_values: u64,
}

impl<'a, 't> Machine<'a, 't> {
    pub(crate) fn new(source: &'a mut dyn Source, names: &'t NameTable, limits: &Limits, steps: &'t Steps) -> Self {
        Self {
            lexer: Lexer::new(source, limits),
            heap: Heap::new(limits),
            judge: Judge::new(names),
            protocol: 0,
            imported: HashMap::new(),
            written: HashMap::new(),
            writes: Vec::new(),
            extensions: BTreeMap::new(),
            notes: Vec::new(),
            burdens: Vec::new(),
            outside: BTreeMap::new(),
            computed_name: None,
            computed: None,
            persistent: Vec::new(),
            suspects: Suspects::default(),
            inlined: HashMap::new(),
            calls: 0,
            dropped: 0,
            folding: 0,
            deepest: limits.depth,
            stop_at_call: false,
            refuses_ids: false,
            missed_memo: false,
            scans_left: limits.entries.saturating_mul(VALUES_PER_ENTRY),
            steps,
            most_streams: limits.entries,
            most_stack: usize::try_from(limits.entries.saturating_mul(STACK_PER_ENTRY)).unwrap_or(usize::MAX),
            most_values: limits.entries.saturating_mul(VALUES_PER_ENTRY),
        }
    }

    pub(crate) fn note(&mut self, at: u64, zh: &str, en: &str) {
        if self.notes.len() < MOST_NOTES {
            self.notes.push((at, Text::new(zh, en)));
        }
    }

    pub(crate) fn burden(&mut self, key: &'static str, at: u64, reason: impl FnOnce() -> Text) {
        if !self.burdens.iter().any(|known| known.key == key) {
            self.burdens.push(Burden { key, at, reason: reason() });
        }
    }

    pub(crate) fn write(&mut self, at: u64, target: String, value: Value) {
        if self.writes.len() < MOST_NOTES {
            self.writes.push(Write { at, target: target.clone(), value });
            self.written.insert(target, value);
        }
    }

    /// Something was called or written.
    pub(crate) fn has_acted(&self) -> bool {
        self.calls > 0 || !self.writes.is_empty()
    }

    pub(crate) fn notes_left(&self) -> usize {
        MOST_NOTES.saturating_sub(self.writes.len())
    }

    /// Follows one stream to its STOP.
    pub(crate) fn stream(&mut self, depth: u32) -> Result<Value, Fault> {
        if depth > self.deepest {
            return Err(Fault::Limit { limit: "depth", value: u64::from(self.deepest) });
        }
        self.follow(Stream::default(), depth)
    }

    /// Follows a stream from where it stands.
    pub(crate) fn follow(&mut self, mut stream: Stream, depth: u32) -> Result<Value, Fault> {
        loop {
            let (at, code) = self.lexer.opcode()?;
            if !self.steps.take() {
                return Err(self.out_of_steps(at));
            }
            if code == b'.' {
                self.lexer.end_of_stream();
                return stream.pop(at);
            }
            self.step(&mut stream, at, code, depth)?;
            if self.stop_at_call && self.has_acted() {
                return Ok(Value::Unknown);
            }
            if stream.stack.len() > self.most_stack {
                return Err(Fault::Limit { limit: "entries", value: self.most_stack as u64 });
            }
            if stream.memo.count() > self.most_values {
                return Err(Fault::Limit { limit: "entries", value: self.most_values });
            }
        }
    }

    #[cold]
    fn out_of_steps(&mut self, at: u64) -> Fault {
        let most = self.steps.most();
        self.burden("opcodes", at, || {
            let zh = format!("操作码超过 {most} 个，与文件大小不相称");
            Text::new(zh, format!("it has more than {most} opcodes, which is out of proportion to its size"))
        });
        Fault::Limit { limit: "entries", value: most }
    }

    fn step(&mut self, stream: &mut Stream, at: u64, code: u8, depth: u32) -> Result<(), Fault> {
        match code {
            b'q' | b'r' | b'p' | 0x94 | b'h' | b'j' | b'g' => self.memo(stream, at, code),
            b'(' | b'0' | b'1' | b'2' => self.stack(stream, at, code),
            b')' | b']' | b'}' | 0x8f | 0x85..=0x87 | b't' | b'l' | b'd' | 0x91 | b'a' | b'e' | b's' | b'u' | 0x90 => {
                self.container(stream, at, code)
            }
            0x80 => self.protocol(at),
            0x95 => self.lexer.frame(at),
            b'c' | 0x93 | b'i' | b'o' | b'R' | 0x81 | 0x92 | 0x82..=0x84 | b'P' | b'Q' => self.object(stream, at, code),
            b'b' => self.build(stream, at, depth),
            // READONLY_BUFFER
            0x98 => stream.top(at).map(drop),
            _ => {
                let value = self.scalar(at, code)?;
                stream.push(value);
                Ok(())
            }
        }
    }

    fn protocol(&mut self, at: u64) -> Result<(), Fault> {
        let protocol = self.lexer.byte()?;
        if protocol > 5 {
            return Err(Fault::broken(at, "协议版本未知", "the protocol is unknown"));
        }
        self.protocol = self.protocol.max(protocol);
        Ok(())
    }

    /// Opcodes that push one constant.
    fn scalar(&mut self, at: u64, code: u8) -> Result<Value, Fault> {
        Ok(match code {
            b'N' => Value::None,
            0x88 => Value::Bool(true),
            0x89 => Value::Bool(false),
            b'K' => Value::Int(i64::from(self.lexer.byte()?)),
            b'M' => Value::Int(i64::try_from(self.lexer.u16()?).unwrap_or_default()),
            b'J' => Value::Int(self.lexer.i32()?),
            b'G' => Value::Float(self.lexer.f64_be()?),
            b'I' => {
                let integer = self.lexer.integer(at)?;
                self.integer(integer)
            }
            b'L' => {
                let integer = self.lexer.long_line(at)?;
                self.integer(integer)
            }
            b'F' => Value::Float(self.lexer.float_line(at)?),
            0x8a | 0x8b => {
                let length = if code == 0x8a { i64::from(self.lexer.byte()?) } else { self.lexer.i32()? };
                let integer = self.lexer.long(at, length)?;
                self.integer(integer)
            }
            0x8c | b'X' | 0x8d | b'U' | b'T' | b'S' | b'V' => self.text(at, code)?,
            b'C' | b'B' | 0x8e | 0x96 => {
                let length = match code {
                    b'C' => self.lexer.u8()?,
                    b'B' => self.lexer.u32()?,
                    _ => self.lexer.u64()?,
                };
                let constant = self.lexer.constant(length)?;
                if let Some(packing) = self.suspects.suspicion(&constant, false) {
                    self.suspects.keep(at, &constant, packing);
                }
                self.heap.put(Node::Bytes(constant))
            }
            // NEXT_BUFFER: bytes that the caller holds.
            0x97 => {
                self.outside.entry(Outside::Buffer).or_insert((at, Value::Unknown));
                Value::Unknown
            }
            _ => return Err(Fault::broken(at, "操作码未知", "an opcode is unknown")),
        })
    }

    fn text(&mut self, at: u64, code: u8) -> Result<Value, Fault> {
        let constant = match code {
            b'S' => self.lexer.quoted_line(at)?,
            b'V' => self.lexer.unicode_line(at)?,
            _ => {
                let length = match code {
                    0x8c | b'U' => self.lexer.u8()?,
                    b'X' => self.lexer.u32()?,
                    b'T' => u64::try_from(self.lexer.i32()?)
                        .map_err(|_| Fault::broken(at, "字符串的长度为负", "a string has a negative length"))?,
                    _ => self.lexer.u64()?,
                };
                self.lexer.constant(length)?
            }
        };
        if matches!(code, 0x8c | b'X' | 0x8d) && !escape::is_utf8(&constant.head, constant.is_whole()) {
            self.note(at, "文本不是 UTF-8", "a text is not UTF-8");
        }
        if let Some(packing) = self.suspects.suspicion(&constant, true) {
            self.suspects.keep(at, &constant, packing);
        }
        Ok(self.heap.put(Node::Text(constant)))
    }

    fn integer(&mut self, integer: Integer) -> Value {
        match integer {
            Integer::Truth(truth) => Value::Bool(truth),
            Integer::Small(n) => Value::Int(n),
            Integer::Large(constant) => self.heap.put(Node::Long(constant)),
            Integer::Digits => Value::Unknown,
        }
    }

    fn memo(&mut self, stream: &mut Stream, at: u64, code: u8) -> Result<(), Fault> {
        let index = match code {
            b'q' | b'h' => self.lexer.u8()?,
            b'r' | b'j' => self.lexer.u32()?,
            b'p' | b'g' => self.lexer.index()?,
            _ => stream.memo.count(),
        };
        if matches!(code, b'h' | b'j' | b'g') {
            let Some(value) = stream.memo.get(index) else {
                self.missed_memo = true;
                return Err(Fault::broken(at, "引用了未存储的备忘", "a memo entry is used that was never stored"));
            };
            self.judge.given(value);
            stream.push(value);
        } else {
            let value = stream.top(at)?;
            if burden::is_far(index, stream.memo.count()) {
                self.burden("memo", at, || {
                    let zh = format!("备忘编号 {index} 远超已存数量，会占用大量内存");
                    let en = "is far beyond those in use and takes memory for all before it";
                    Text::new(zh, format!("memo slot {index} {en}"))
                });
            }
            stream.memo.put(index, value);
            if stream.memo.scattered() > MOST_SCATTERED {
                return Err(Fault::Limit { limit: "entries", value: MOST_SCATTERED as u64 });
            }
        }
        Ok(())
    }

    fn stack(&mut self, stream: &mut Stream, at: u64, code: u8) -> Result<(), Fault> {
        match code {
            b'(' => {
                stream.marks.push(stream.stack.len());
                if stream.marks.len() > burden::DEEPEST {
                    let most = burden::DEEPEST;
                    self.burden("marks", at, || {
                        let zh = format!("同时开启的标记超过 {most} 个");
                        Text::new(zh, format!("more than {most} marks are open at once"))
                    });
                }
                if stream.marks.len() > self.most_stack {
                    return Err(Fault::Limit { limit: "entries", value: self.most_stack as u64 });
                }
            }
            b'0' if stream.marks.last() == Some(&stream.stack.len()) => drop(stream.marks.pop()),
            b'0' => {
                let value = stream.pop(at)?;
                self.judge.used(value);
                self.dropped += 1;
                if self.dropped > burden::MOST_DROPPED {
                    let (zh, en) = ("上百万个值存入后即被丢弃", "more than a million values are made and dropped");
                    self.burden("dropped", at, || Text::new(zh, en));
                }
            }
            b'1' => {
                let mark = stream.mark(at)?;
                for value in stream.stack.drain(mark..) {
                    self.judge.used(value);
                }
            }
            _ => {
                let value = stream.top(at)?;
                self.judge.given(value);
                stream.push(value);
            }
        }
        Ok(())
    }

    fn container(&mut self, stream: &mut Stream, at: u64, code: u8) -> Result<(), Fault> {
        match code {
            b')' => stream.push(self.heap.put(Node::Tuple(Box::default()))),
            b']' => stream.push(self.heap.put(Node::List(Items::default()))),
            b'}' => stream.push(self.heap.put(Node::Dict(Pairs::default()))),
            0x8f => stream.push(self.heap.put(Node::Set(Items::default()))),
            0x85..=0x87 => {
                let start = stream.below_top(at, usize::from(code - 0x84))?;
                let tuple = self.heap.tuple(&stream.stack[start..]);
                stream.stack.truncate(start);
                stream.push(tuple);
            }
            b't' | b'l' | 0x91 | b'd' => {
                let mark = stream.mark(at)?;
                let values = &stream.stack[mark..];
                let made = match code {
                    b't' => self.heap.tuple(values),
                    b'd' => {
                        let mut pairs = Pairs::default();
                        self.add_pairs(at, &mut pairs, values)?;
                        self.heap.put(Node::Dict(pairs))
                    }
                    _ => {
                        let items = self.heap.items(values);
                        self.heap.put(if code == b'l' { Node::List(items) } else { Node::Set(items) })
                    }
                };
                stream.stack.truncate(mark);
                stream.push(made);
            }
            b'a' | b's' => {
                let start = stream.below_top(at, if code == b'a' { 2 } else { 3 })?;
                let target = stream.stack[start];
                self.add(at, target, &stream.stack[start + 1..], code == b's')?;
                stream.stack.truncate(start + 1);
            }
            _ => {
                let mark = stream.mark(at)?;
                let fence = stream.fence();
                let target = mark.checked_sub(1).filter(|t| *t >= fence).ok_or_else(|| underflow(at))?;
                self.add(at, stream.stack[target], &stream.stack[mark..], code == b'u')?;
                stream.stack.truncate(mark);
            }
        }
        Ok(())
    }

    fn add_pairs(&mut self, at: u64, pairs: &mut Pairs, values: &[Value]) -> Result<(), Fault> {
        if !values.len().is_multiple_of(2) {
            return Err(Fault::broken(at, "字典的键缺少值", "a key of a dictionary has no value"));
        }
        if self.heap.take_elements(values.len() as u64) {
            pairs.kept.extend(values.chunks_exact(2).map(|pair| (pair[0], pair[1])));
        } else {
            pairs.more += values.len() as u64 / 2;
        }
        Ok(())
    }

    /// APPEND(S), ADDITEMS and SETITEM(S).
    fn add(&mut self, at: u64, target: Value, values: &[Value], paired: bool) -> Result<(), Fault> {
        // CPython does not even look at the target.
        if values.is_empty() {
            return Ok(());
        }
        if paired && !values.len().is_multiple_of(2) {
            return Err(Fault::broken(at, "字典的键缺少值", "a key of a dictionary has no value"));
        }
        if let Some(name) = self.shared_target(target) {
            for pair in values.chunks(if paired { 2 } else { 1 }) {
                let key = if paired { self.heap.whole_text(pair[0]).unwrap_or("?") } else { "append" };
                let target = format!("{name}[{key}]");
                self.write(at, target, pair[pair.len() - 1]);
            }
            return Ok(());
        }
        let fits = self.heap.take_elements(values.len() as u64);
        let (items, pairs) = match self.heap.get_mut(target) {
            Some(Node::Call(call)) => {
                let added = call.added.get_or_insert_default();
                (Some(&mut added.items), Some(&mut added.pairs))
            }
            Some(Node::List(items) | Node::Set(items)) => (Some(items), None),
            Some(Node::Dict(pairs)) => (None, Some(pairs)),
            // A bytearray takes numbers.
            Some(Node::Persistent(_) | Node::Attribute(..) | Node::Bytes(_)) => return Ok(()),
            None if target == Value::Unknown => return Ok(()),
            _ => return Err(Fault::broken(at, "向不是容器的值添加元素", "elements are added to what is no container")),
        };
        match (paired, items, pairs) {
            (true, _, Some(pairs)) if fits => {
                if pairs.kept.is_empty() {
                    pairs.kept.reserve_exact(values.len() / 2);
                }
                pairs.kept.extend(values.chunks_exact(2).map(|pair| (pair[0], pair[1])));
            }
            (true, _, Some(pairs)) => pairs.more += values.len() as u64 / 2,
            (false, Some(items), _) if fits => {
                if items.kept.is_empty() {
                    items.kept.reserve_exact(values.len());
                }
                items.kept.extend_from_slice(values);
            }
            (false, Some(items), _) => items.more += values.len() as u64,
            // Setting an element of a list by its index.
            (true, Some(_), None) => {}
            _ => return Err(Fault::broken(at, "向不是容器的值添加元素", "elements are added to what is no container")),
        }
        Ok(())
    }
}

impl Stream {
    /// The same stack, marks and memo, with every value put through `copy`.
    pub(crate) fn map(&self, with_memo: bool, mut copy: impl FnMut(Value) -> Value) -> Self {
        Self {
            stack: self.stack.iter().map(|value| copy(*value)).collect(),
            marks: self.marks.clone(),
            memo: if with_memo { self.memo.map(copy) } else { Memo::default() },
        }
    }

    pub(crate) fn values(&self, with_memo: bool) -> u64 {
        let memo = if with_memo { self.memo.count() } else { 0 };
        self.stack.len() as u64 + self.marks.len() as u64 + memo
    }

    #[inline]
    pub(crate) fn push(&mut self, value: Value) {
        self.stack.push(value);
    }

    fn fence(&self) -> usize {
        self.marks.last().copied().unwrap_or(0)
    }

    pub(crate) fn top(&self, at: u64) -> Result<Value, Fault> {
        let start = self.below_top(at, 1)?;
        Ok(self.stack[start])
    }

    pub(crate) fn pop(&mut self, at: u64) -> Result<Value, Fault> {
        let value = self.top(at)?;
        self.stack.pop();
        Ok(value)
    }

    pub(crate) fn replace_top(&mut self, value: Value) {
        if let Some(top) = self.stack.last_mut() {
            *top = value;
        }
    }

    /// Where the uppermost `count` values begin.
    fn below_top(&self, at: u64, count: usize) -> Result<usize, Fault> {
        self.stack.len().checked_sub(count).filter(|start| *start >= self.fence()).ok_or_else(|| underflow(at))
    }

    /// Takes the last mark away and says where it lay.
    pub(crate) fn mark(&mut self, at: u64) -> Result<usize, Fault> {
        self.marks.pop().ok_or_else(|| Fault::broken(at, "缺少标记", "a mark is missing"))
    }
}

/// Whether a pickle of any protocol has this opcode.
pub(crate) fn is_opcode(code: u8) -> bool {
    b"().012FGIJKLMNPQRSTUVXBC]abcdeghijlopqrstu}".contains(&code) || (0x80..=0x98).contains(&code)
}

fn underflow(at: u64) -> Fault {
    Fault::broken(at, "栈上的值不足", "the stack holds too few values")
}
