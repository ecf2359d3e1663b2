use jingwei_core::Limits;
use jingwei_read::{ReadError, Reader, Source};

use crate::Stop;

/// Protocol Buffers on the wire, read from front to end. What is not asked for is jumped over, so that gigabytes of
/// weights cost neither memory nor time.
pub(crate) struct Wire<'s> {
    reader: Reader<'s>,
    limits: Limits,
    /// Bytes looked at, held against `header_bytes`.
    spent: u64,
    /// Messages entered, held against `entries`.
    entered: u64,
    /// Cuts what a length claims to what there is, to guess at a file that is cut off.
    lenient: bool,
}

/// What each field costs a guess, in bytes, over those that it has.
const FIELD: u64 = 15;
/// Bytes of a field that is jumped over rather than read past.
const JUMP: u64 = 4096;

/// Where the bytes of a field lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub start: u64,
    pub end: u64,
}

impl Span {
    pub fn len(self) -> u64 {
        self.end - self.start
    }
}

/// A message that is being read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Message {
    pub start: u64,
    at: u64,
    end: u64,
    depth: u32,
}

impl Message {
    /// Whether nothing stands behind it in a source of this length.
    pub fn is_last(&self, length: u64) -> bool {
        self.end >= length
    }
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Field {
    pub number: u32,
    pub value: Value,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Value {
    Varint(u64),
    /// Eight bytes or four, which no reader here needs.
    Fixed,
    Bytes(Span),
    Group,
}

impl<'s> Wire<'s> {
    pub fn new(source: &'s mut dyn Source, limits: &Limits) -> Self {
        Self { reader: Reader::new(source), limits: *limits, spent: 0, entered: 0, lenient: false }
    }

    pub fn lenient(source: &'s mut dyn Source, limits: &Limits) -> Self {
        Self { lenient: true, ..Self::new(source, limits) }
    }

    /// The whole source as one message.
    pub fn root(&self) -> Message {
        Message { start: 0, at: 0, end: self.reader.length(), depth: 0 }
    }

    /// Of the source.
    pub fn length(&self) -> u64 {
        self.reader.length()
    }

    /// The message in a field of `parent`.
    pub fn enter(&mut self, span: Span, parent: &Message) -> Result<Message, Stop> {
        self.entered += 1;
        if self.entered > self.limits.entries {
            return Err(Stop::Limit("entries", self.limits.entries));
        }
        let depth = parent.depth + 1;
        if depth > self.limits.depth {
            return Err(Stop::Limit("depth", u64::from(self.limits.depth)));
        }
        Ok(Message { start: span.start, at: span.start, end: span.end, depth })
    }

    /// The next field of a message; `None` at its end.
    pub fn next(&mut self, message: &mut Message) -> Result<Option<Field>, Stop> {
        if message.at >= message.end {
            return Ok(None);
        }
        let at = message.at;
        self.reader.seek(at);
        let (number, kind) = self.key(message.end)?;
        let value = self.value(number, kind, message)?;
        // A guess may cost no more for a file of many small fields than for one of few.
        let field = if self.lenient { FIELD } else { 0 };
        if let Value::Bytes(span) = value {
            self.spend(span.start - at + self.jump(span) + field)?;
            message.at = span.end;
        } else {
            self.spend(self.reader.position() - at + field)?;
            message.at = self.reader.position();
        }
        Ok(Some(Field { number, value }))
    }

    /// What it costs a guess to look behind a long field: a window has to be filled there.
    fn jump(&self, span: Span) -> u64 {
        if self.lenient && span.len() > JUMP { JUMP } else { 0 }
    }

    fn key(&mut self, end: u64) -> Result<(u32, u8), Stop> {
        let at = self.reader.position();
        let key = self.varint(end)?;
        match u32::try_from(key >> 3) {
            Ok(number) if (1..1 << 29).contains(&number) => Ok((number, (key & 7) as u8)),
            _ => Err(Stop::malformed(at, "字段编号超出范围", "a field number is out of range")),
        }
    }

    fn value(&mut self, number: u32, kind: u8, message: &Message) -> Result<Value, Stop> {
        let at = self.reader.position();
        Ok(match kind {
            0 => Value::Varint(self.varint(message.end)?),
            1 => self.fixed(8, message.end)?,
            2 => {
                let length = self.varint(message.end)?;
                let start = self.reader.position();
                match start.checked_add(length) {
                    Some(end) if end <= message.end => Value::Bytes(Span { start, end }),
                    _ if self.lenient => Value::Bytes(Span { start, end: message.end.max(start) }),
                    _ => {
                        let (zh, en) =
                            ("字段声称的长度超出其所在的消息", "a field claims more bytes than its message has");
                        return Err(Stop::malformed(at, zh, en));
                    }
                }
            }
            3 => self.group(number, message)?,
            5 => self.fixed(4, message.end)?,
            _ => return Err(Stop::malformed(at, "未知的字段类型", "a field is of no known wire type")),
        })
    }

    fn fixed(&mut self, count: u64, end: u64) -> Result<Value, Stop> {
        let at = self.reader.position();
        if end.saturating_sub(at) < count {
            return Err(Stop::malformed(at, "数值被截断", "a number is cut off"));
        }
        self.reader.seek(at + count);
        Ok(Value::Fixed)
    }

    /// Skips a group with all groups in it.
    fn group(&mut self, number: u32, message: &Message) -> Result<Value, Stop> {
        let mut open = vec![number];
        while let Some(innermost) = open.last().copied() {
            let at = self.reader.position();
            let (number, kind) = self.key(message.end)?;
            match kind {
                3 => {
                    if open.len() as u64 + u64::from(message.depth) >= u64::from(self.limits.depth) {
                        return Err(Stop::Limit("depth", u64::from(self.limits.depth)));
                    }
                    open.push(number);
                }
                4 if number == innermost => drop(open.pop()),
                4 => return Err(Stop::malformed(at, "组的结束标记不匹配", "a group ends that did not begin")),
                _ => {
                    if let Value::Bytes(span) = self.value(number, kind, message)? {
                        self.spend(span.start - at)?;
                        self.reader.seek(span.end);
                        continue;
                    }
                }
            }
            self.spend(self.reader.position() - at)?;
        }
        Ok(Value::Group)
    }

    fn varint(&mut self, end: u64) -> Result<u64, Stop> {
        let at = self.reader.position();
        let left = usize::try_from(end.saturating_sub(at)).unwrap_or(usize::MAX);
        let window = self.reader.peek(left.min(10))?;
        let mut number = 0u64;
        for (n, byte) in window.iter().enumerate() {
            if n == 9 && *byte > 1 {
                break;
            }
            number |= u64::from(byte & 0x7f) << (7 * n);
            if byte & 0x80 == 0 {
                self.reader.seek(at + n as u64 + 1);
                return Ok(number);
            }
        }
        Err(Stop::malformed(at, "变长整数没有结束", "a variable-length number does not end"))
    }

    /// The numbers of a packed field, one by one.
    pub fn packed(&mut self, span: Span, mut each: impl FnMut(u64)) -> Result<(), Stop> {
        self.spend(span.len())?;
        self.reader.seek(span.start);
        while self.reader.position() < span.end {
            each(self.varint(span.end)?);
        }
        Ok(())
    }

    /// The whole bytes of a field, held against `string_bytes`.
    pub fn bytes(&mut self, span: Span) -> Result<Vec<u8>, Stop> {
        if span.len() > self.limits.string_bytes {
            return Err(Stop::Limit("string_bytes", self.limits.string_bytes));
        }
        self.spend(span.len())?;
        self.reader.seek(span.start);
        Ok(self.reader.take_vec(span.len())?)
    }

    /// How the bytes of a field begin. It costs no budget: each byte of the file is passed at most once.
    pub fn front(&mut self, span: Span, count: u64) -> Result<Vec<u8>, Stop> {
        self.reader.seek(span.start);
        let count = usize::try_from(span.len().min(count)).unwrap_or(0);
        Ok(self.reader.peek(count)?.to_vec())
    }

    /// A text that has to be known whole.
    pub fn text(&mut self, span: Span) -> Result<String, Stop> {
        Ok(String::from_utf8_lossy(&self.bytes(span)?).into_owned())
    }

    /// A name. No name that means anything is longer than 1,024 bytes, and what is cut off cannot become one.
    pub fn name(&mut self, span: Span) -> Result<String, Stop> {
        let span = Span { start: span.start, end: span.end.min(span.start + 1024) };
        self.text(span)
    }

    fn spend(&mut self, count: u64) -> Result<(), Stop> {
        self.spent = self.spent.saturating_add(count);
        if self.spent > self.limits.header_bytes {
            return Err(Stop::Limit("header_bytes", self.limits.header_bytes));
        }
        Ok(())
    }
}

impl From<ReadError> for Stop {
    fn from(e: ReadError) -> Self {
        match e {
            ReadError::End(at) => Stop::malformed(at, "文件在此中断", "the bytes end here"),
            ReadError::Io(reason) => Stop::Unreadable(reason),
        }
    }
}
