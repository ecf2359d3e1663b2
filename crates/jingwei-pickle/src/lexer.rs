use jingwei_core::{Limits, Text};
use jingwei_read::{ReadError, Reader, Source};

use crate::{escape, heap::Constant};

/// How much of a constant is kept; the rest stays in the source and is read again where it is needed.
const KEPT: usize = 4096;
/// How much of a constant is kept once there are very many.
const KEPT_LATER: usize = 64;
/// Longest line of an opcode that takes a number or a name.
const SHORT_LINE: usize = 64 << 10;
/// Longest number in bytes that costs its reader nothing to speak of.
const LONGEST_NUMBER: u64 = 1 << 20;

/// Why a stream of opcodes cannot be followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The bytes end inside the stream.
    End(u64),
    Io(String),
    Broken {
        at: u64,
        reason: Text,
    },
    Limit {
        limit: &'static str,
        value: u64,
    },
}

impl Fault {
    pub(crate) fn broken(at: u64, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self::Broken { at, reason: Text::new(zh, en) }
    }
}

impl From<ReadError> for Fault {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::End(at) => Self::End(at),
            ReadError::Io(reason) => Self::Io(reason),
        }
    }
}

/// What is far too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Overlong {
    Name,
    Number,
}

/// Decodes opcodes' arguments. Long constants are skipped in the source, not held.
pub(crate) struct Lexer<'a> {
    reader: Reader<'a>,
    /// The current frame ends here; 0 when there is none.
    frame_end: u64,
    /// Bytes of constants that may still be kept in full.
    keep_left: u64,
    longest_line: usize,
    line: Vec<u8>,
    /// For recognising alone: lines that are too long, or no number, are passed over as something unknown.
    pub(crate) is_lenient: bool,
    /// The first number or name of a size that nothing honest has.
    pub(crate) overlong: Option<(u64, Overlong)>,
    /// The first thing that a plain reader and a framed one would take differently.
    pub(crate) tampered: Option<(u64, Text)>,
}

impl<'a> Lexer<'a> {
    pub(crate) fn new(source: &'a mut dyn Source, limits: &Limits) -> Self {
        Self {
            reader: Reader::new(source),
            frame_end: 0,
            keep_left: limits.header_bytes / 4,
            longest_line: usize::try_from(limits.string_bytes).unwrap_or(usize::MAX),
            line: Vec::new(),
            is_lenient: false,
            overlong: None,
            tampered: None,
        }
    }

    pub(crate) fn position(&self) -> u64 {
        self.reader.position()
    }

    /// Of the source.
    pub(crate) fn length(&self) -> u64 {
        self.reader.position().saturating_add(self.reader.remaining())
    }

    pub(crate) fn remaining(&self) -> u64 {
        self.reader.remaining()
    }

    pub(crate) fn skip(&mut self, count: u64) -> Result<(), Fault> {
        Ok(self.reader.skip(count)?)
    }

    pub(crate) fn peek(&mut self, count: usize) -> Result<&[u8], Fault> {
        Ok(self.reader.peek(count)?)
    }

    /// Bytes that a constant left in the source; fewer where the source ends.
    pub(crate) fn again(&mut self, at: u64, count: u64) -> Result<Vec<u8>, Fault> {
        let here = self.reader.position();
        self.reader.seek(at);
        let bytes = self.reader.take_vec(count.min(self.reader.remaining()));
        self.reader.seek(here);
        Ok(bytes?)
    }

    pub(crate) fn byte(&mut self) -> Result<u8, Fault> {
        Ok(self.reader.byte()?)
    }

    /// The next opcode and where it stands.
    #[inline]
    pub(crate) fn opcode(&mut self) -> Result<(u64, u8), Fault> {
        let at = self.reader.position();
        if self.frame_end != 0 && at >= self.frame_end {
            if at > self.frame_end {
                self.tamper(self.frame_end, "帧的长度切断了操作码", "the length of a frame cuts an opcode");
            }
            self.frame_end = 0;
        }
        Ok((at, self.reader.byte()?))
    }

    /// A FRAME begins.
    pub(crate) fn frame(&mut self, at: u64) -> Result<(), Fault> {
        let length = self.reader.u64_le()?;
        if self.frame_end != 0 && self.reader.position() < self.frame_end {
            self.tamper(at, "一个帧开始于另一个帧之内", "a frame begins inside another");
        }
        if length > self.reader.remaining() {
            self.tamper(at, "帧的长度超出了字节流", "a frame claims more bytes than there are");
        }
        self.frame_end = self.reader.position().saturating_add(length);
        Ok(())
    }

    /// A stream ends here, and so must its frame.
    pub(crate) fn end_of_stream(&mut self) {
        let here = self.reader.position();
        if self.frame_end != 0 && here != self.frame_end {
            let (zh, en) = ("流在其帧的中间结束", "the stream ends elsewhere than its frame");
            self.tamper(here, zh, en);
        }
        self.frame_end = 0;
    }

    pub(crate) fn leave_frame(&mut self) {
        self.frame_end = 0;
    }

    pub(crate) fn tamper(&mut self, at: u64, zh: &str, en: &str) {
        self.tampered.get_or_insert_with(|| (at, Text::new(zh, en)));
    }

    pub(crate) fn u8(&mut self) -> Result<u64, Fault> {
        Ok(u64::from(self.reader.byte()?))
    }

    pub(crate) fn u16(&mut self) -> Result<u64, Fault> {
        Ok(u64::from(self.reader.u16_le()?))
    }

    pub(crate) fn u32(&mut self) -> Result<u64, Fault> {
        Ok(u64::from(self.reader.u32_le()?))
    }

    pub(crate) fn u64(&mut self) -> Result<u64, Fault> {
        Ok(self.reader.u64_le()?)
    }

    pub(crate) fn i32(&mut self) -> Result<i64, Fault> {
        Ok(i64::from(self.reader.i32_le()?))
    }

    pub(crate) fn f64_be(&mut self) -> Result<f64, Fault> {
        Ok(self.reader.f64_be()?)
    }

    /// A constant of so many raw bytes.
    pub(crate) fn constant(&mut self, length: u64) -> Result<Constant, Fault> {
        let at = self.reader.position();
        if length > self.reader.remaining() {
            return Err(Fault::End(self.reader.length()));
        }
        let most = if self.keep_left > 0 { KEPT } else { KEPT_LATER };
        let kept = usize::try_from(length).unwrap_or(usize::MAX).min(most);
        self.keep_left = self.keep_left.saturating_sub(kept as u64);
        let mut head = vec![0; kept];
        self.reader.take(&mut head)?;
        self.reader.skip(length - kept as u64)?;
        Ok(Constant { head: head.into_boxed_slice(), length, at: Some(at) })
    }

    /// A decoded constant of a line.
    fn decoded(&mut self, mut bytes: Vec<u8>) -> Constant {
        let length = bytes.len() as u64;
        bytes.truncate(if self.keep_left > 0 { KEPT } else { KEPT_LATER });
        self.keep_left = self.keep_left.saturating_sub(bytes.len() as u64);
        Constant { head: bytes.into_boxed_slice(), length, at: None }
    }

    /// The next line without its end, into `self.line`.
    fn read_line(&mut self, most: usize, limit: &'static str) -> Result<(), Fault> {
        self.line.clear();
        loop {
            let ready = self.reader.peek(4096)?;
            let end = ready.iter().position(|b| *b == b'\n');
            let count = end.unwrap_or(ready.len());
            let fits = self.line.len() + count <= most;
            if !fits && !self.is_lenient {
                return Err(Fault::Limit { limit, value: most as u64 });
            }
            if fits {
                self.line.extend_from_slice(&ready[..count]);
            } else if let ([.., last], [.., end]) = (self.line.as_mut_slice(), &ready[..count]) {
                // The quote at the end.
                *last = *end;
            }
            let empty = ready.is_empty();
            self.reader.skip(count as u64 + u64::from(end.is_some()))?;
            if end.is_some() {
                return Ok(());
            }
            if empty {
                return Err(Fault::End(self.reader.position()));
            }
        }
    }

    fn read_short_line(&mut self, what: Overlong) -> Result<(), Fault> {
        let at = self.reader.position();
        let read = self.read_line(SHORT_LINE.min(self.longest_line), "string_bytes");
        if matches!(read, Err(Fault::Limit { .. })) {
            self.overlong.get_or_insert((at, what));
        }
        read
    }

    fn short_line(&mut self) -> Result<&str, Fault> {
        let at = self.reader.position();
        self.read_short_line(Overlong::Name)?;
        std::str::from_utf8(&self.line).map_err(|_| Fault::broken(at, "行不是 UTF-8", "a line is not UTF-8"))
    }

    /// A line with a number: C stops at the first zero.
    fn number_line(&mut self) -> Result<&str, Fault> {
        self.read_short_line(Overlong::Number)?;
        let end = self.line.iter().position(|b| *b == 0).unwrap_or(self.line.len());
        // What is no UTF-8 is no number either.
        Ok(std::str::from_utf8(&self.line[..end]).unwrap_or("?"))
    }

    /// A name of a GLOBAL or INST.
    pub(crate) fn name(&mut self) -> Result<String, Fault> {
        self.short_line().map(str::to_owned)
    }

    /// A memo index in digits.
    pub(crate) fn index(&mut self) -> Result<u64, Fault> {
        let at = self.reader.position();
        let line = self.number_line()?.trim();
        let plain = line.strip_prefix('+').unwrap_or(line).replace('_', "");
        plain.parse().map_err(|_| Fault::broken(at, "备忘编号无效", "a memo index is no number"))
    }

    /// INT: a truth value or a number; `Err(digits)` where it is too large.
    pub(crate) fn integer(&mut self, at: u64) -> Result<Integer, Fault> {
        let is_lenient = self.is_lenient;
        let line = self.number_line()?;
        match line {
            "00" => return Ok(Integer::Truth(false)),
            "01" => return Ok(Integer::Truth(true)),
            _ => {}
        }
        parse_integer(line)
            .or(is_lenient.then_some(Integer::Digits))
            .ok_or_else(|| Fault::broken(at, "整数无效", "an integer is no number"))
    }

    pub(crate) fn long_line(&mut self, at: u64) -> Result<Integer, Fault> {
        let is_lenient = self.is_lenient;
        let line = self.number_line()?;
        parse_integer(line.strip_suffix('L').unwrap_or(line))
            .or(is_lenient.then_some(Integer::Digits))
            .ok_or_else(|| Fault::broken(at, "整数无效", "an integer is no number"))
    }

    pub(crate) fn float_line(&mut self, at: u64) -> Result<f64, Fault> {
        let is_lenient = self.is_lenient;
        let line = self.number_line()?.trim();
        line.parse()
            .or(if is_lenient { Ok(f64::NAN) } else { Err(()) })
            .map_err(|()| Fault::broken(at, "浮点数无效", "a float is no number"))
    }

    /// STRING: quoted and escaped.
    pub(crate) fn quoted_line(&mut self, at: u64) -> Result<Constant, Fault> {
        self.read_line(self.longest_line, "string_bytes")?;
        let inner = match self.line.as_slice() {
            [b'\'', inner @ .., b'\''] | [b'"', inner @ .., b'"'] => escape::bytes(inner),
            _ => return Err(Fault::broken(at, "字符串没有引号", "a string has no quotes")),
        };
        let inner = inner
            .or(self.is_lenient.then(Vec::new))
            .ok_or_else(|| Fault::broken(at, "字符串的转义无效", "a string has a broken escape"))?;
        Ok(self.decoded(inner))
    }

    /// UNICODE: raw-unicode-escape.
    pub(crate) fn unicode_line(&mut self, at: u64) -> Result<Constant, Fault> {
        self.read_line(self.longest_line, "string_bytes")?;
        let text = escape::raw_unicode(&self.line)
            .or(self.is_lenient.then(Vec::new))
            .ok_or_else(|| Fault::broken(at, "字符串的转义无效", "a string has a broken escape"))?;
        Ok(self.decoded(text))
    }

    /// PERSID: the whole line.
    pub(crate) fn plain_line(&mut self) -> Result<Constant, Fault> {
        self.read_line(self.longest_line, "string_bytes")?;
        let line = self.line.clone();
        Ok(self.decoded(line))
    }

    /// LONG1 and LONG4: two's complement, little end first.
    pub(crate) fn long(&mut self, at: u64, length: i64) -> Result<Integer, Fault> {
        let length = u64::try_from(length)
            .map_err(|_| Fault::broken(at, "长整数的长度为负", "a long integer has a negative length"))?;
        let constant = self.constant(length)?;
        if length > LONGEST_NUMBER {
            self.overlong.get_or_insert((at, Overlong::Number));
        }
        if length > 8 {
            return Ok(Integer::Large(constant));
        }
        let negative = constant.head.last().is_some_and(|b| b & 0x80 != 0);
        let mut bytes = [if negative { 0xff } else { 0 }; 8];
        bytes[..constant.head.len()].copy_from_slice(&constant.head);
        Ok(Integer::Small(i64::from_le_bytes(bytes)))
    }
}

/// An integer of any size.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Integer {
    Truth(bool),
    Small(i64),
    /// Two's complement, little end first.
    Large(Constant),
    /// Larger, and written in digits.
    Digits,
}

/// As Python reads a number of any base: `12`, `-0x1f`, `1_000`.
fn parse_integer(line: &str) -> Option<Integer> {
    let line = line.trim();
    let (negative, digits) = match line.as_bytes().first()? {
        b'-' => (true, &line[1..]),
        b'+' => (false, &line[1..]),
        _ => (false, line),
    };
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &digits[2..]),
        [b'0', b'o' | b'O', ..] => (8, &digits[2..]),
        [b'0', b'b' | b'B', ..] => (2, &digits[2..]),
        _ => (10, digits),
    };
    let digits = digits.replace('_', "");
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        return None;
    }
    Some(match i128::from_str_radix(&digits, radix).ok().map(|n| if negative { -n } else { n }) {
        None => Integer::Digits,
        Some(n) => match i64::try_from(n) {
            Ok(n) => Integer::Small(n),
            Err(_) => Integer::Large(large(n)),
        },
    })
}

/// As LONG1 would hold it.
fn large(n: i128) -> Constant {
    let mut head = n.to_le_bytes().to_vec();
    let sign = if n < 0 { 0xff } else { 0 };
    while head.len() > 1 && head.last() == Some(&sign) && (head[head.len() - 2] & 0x80 != 0) == (n < 0) {
        head.pop();
    }
    Constant { length: head.len() as u64, head: head.into_boxed_slice(), at: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_read_as_python_reads_them() {
        for (line, expected) in [
            ("12", Some(Integer::Small(12))),
            ("-5", Some(Integer::Small(-5))),
            (" 7 ", Some(Integer::Small(7))),
            ("0x1F", Some(Integer::Small(31))),
            ("1_0", Some(Integer::Small(10))),
            ("", None),
            ("-", None),
            ("1a", None),
        ] {
            assert_eq!(parse_integer(line), expected, "{line}");
        }
        assert!(matches!(parse_integer("119547037146038801333356"), Some(Integer::Large(_))));
        assert_eq!(parse_integer(&"9".repeat(100)), Some(Integer::Digits));
    }
}
