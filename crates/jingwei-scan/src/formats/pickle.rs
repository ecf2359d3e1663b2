//! Recognises pickle streams, protocols 0 to 5, by walking their opcodes over a stack of which only the
//! height is kept (opcodes: Python's `pickletools`). Nothing is loaded, and nothing is judged to be harmless.

use std::io::Read;

use jingwei_core::Limits;

use crate::stream::{Stream, StreamError};

/// What a walk over the bytes tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Walk {
    /// Not a pickle, or not one that could run anything.
    NotPickle,
    Pickle {
        protocol: Option<u8>,
    },
    /// Still a valid stream of opcodes when this limit was reached.
    Limit {
        limit: &'static str,
        value: u64,
    },
    Io(String),
}

/// Walks from the stream's position. A pickle is recognised by a protocol mark with a valid opcode after it,
/// by the first opcode that would call something, or by streams that end exactly where the bytes end.
pub(crate) fn walk<R: Read>(stream: &mut Stream<'_, R>, limits: &Limits) -> Walk {
    let mut walker = Walker { stream, limits, stack: Stack::default(), protocol: None, finished_streams: 0 };
    match walker.run() {
        Ok(walk) => walk,
        Err(Stop::Invalid | Stop::Stream(StreamError::End(_))) => Walk::NotPickle,
        Err(Stop::LongLine) => Walk::Limit { limit: "string_bytes", value: limits.string_bytes },
        Err(Stop::Stream(StreamError::Io(reason))) => Walk::Io(reason),
    }
}

enum Stop {
    Invalid,
    LongLine,
    Stream(StreamError),
}

impl From<StreamError> for Stop {
    fn from(error: StreamError) -> Self {
        Self::Stream(error)
    }
}

struct Walker<'s, 'p, 'l, R: Read> {
    stream: &'s mut Stream<'p, R>,
    limits: &'l Limits,
    stack: Stack,
    protocol: Option<u8>,
    finished_streams: u64,
}

impl<R: Read> Walker<'_, '_, '_, R> {
    fn run(&mut self) -> Result<Walk, Stop> {
        for _ in 0..self.limits.entries {
            if self.finished_streams > 0 && self.stack.is_fresh() && self.stream.at_end()? {
                return Ok(Walk::Pickle { protocol: self.protocol });
            }
            let code = self.stream.take_byte()?;
            let (argument, effect) = operation(code).ok_or(Stop::Invalid)?;
            if let Effect::Protocol = effect {
                let version = self.stream.take_byte()?;
                self.protocol = Some(version).filter(|v| *v <= 5);
                self.protocol.ok_or(Stop::Invalid)?;
                continue;
            }
            self.argument(argument)?;
            self.stack.apply(effect).ok_or(Stop::Invalid)?;
            if self.protocol.is_some() || matches!(effect, Effect::Call(_) | Effect::CallToMark(_)) {
                return Ok(Walk::Pickle { protocol: self.protocol });
            }
            if let Effect::End = effect {
                self.finished_streams += 1;
            }
        }
        Ok(Walk::Limit { limit: "entries", value: self.limits.entries })
    }

    fn argument(&mut self, argument: Argument) -> Result<(), Stop> {
        match argument {
            Argument::None => {}
            Argument::Bytes(count) => self.stream.skip(count)?,
            Argument::Prefixed(width) => {
                let mut length = [0; 8];
                self.stream.take(&mut length[..width])?;
                self.stream.skip(u64::from_le_bytes(length))?;
            }
            Argument::Line(valid) => self.line(valid)?,
            Argument::TwoNames => {
                self.line(is_name)?;
                self.line(is_name)?;
            }
        }
        Ok(())
    }

    fn line(&mut self, valid: fn(&[u8]) -> bool) -> Result<(), Stop> {
        let mut line = Vec::new();
        loop {
            match self.stream.take_byte()? {
                b'\n' => break,
                byte => line.push(byte),
            }
            if line.len() as u64 > self.limits.string_bytes {
                return Err(Stop::LongLine);
            }
        }
        let line = line.strip_suffix(b"\r").unwrap_or(&line);
        if valid(line) { Ok(()) } else { Err(Stop::Invalid) }
    }
}

/// Heights between marks; the last one is the current height.
#[derive(Default)]
struct Stack {
    below_marks: Vec<u64>,
    height: u64,
}

impl Stack {
    fn is_fresh(&self) -> bool {
        self.below_marks.is_empty() && self.height == 0
    }

    /// `None`: Python's unpickler would refuse here.
    fn apply(&mut self, effect: Effect) -> Option<()> {
        match effect {
            Effect::Give => self.height += 1,
            Effect::Turn(count) | Effect::Call(count) => self.height = self.height.checked_sub(count)? + 1,
            Effect::Copy => self.height = self.height.checked_sub(1)? + 2,
            Effect::Need => self.height.checked_sub(1).map(drop)?,
            Effect::Mark => self.below_marks.push(std::mem::take(&mut self.height)),
            Effect::Pop if self.height > 0 => self.height -= 1,
            Effect::Pop | Effect::PopMark => self.height = self.below_marks.pop()?,
            Effect::CollectToMark => self.height = self.below_marks.pop()? + 1,
            Effect::CallToMark(least) => {
                self.height.checked_sub(least)?;
                self.height = self.below_marks.pop()? + 1;
            }
            Effect::AddToMark => {
                self.height = self.below_marks.pop()?;
                self.height.checked_sub(1)?;
            }
            Effect::End => {
                self.height.checked_sub(1)?;
                *self = Self::default();
            }
            Effect::Nothing | Effect::Protocol => {}
        }
        Some(())
    }
}

#[derive(Clone, Copy)]
enum Argument {
    None,
    Bytes(u64),
    /// A little-endian length of so many bytes, then as many bytes.
    Prefixed(usize),
    Line(fn(&[u8]) -> bool),
    TwoNames,
}

#[derive(Clone, Copy)]
enum Effect {
    Nothing,
    Protocol,
    Give,
    /// Takes so many and gives one.
    Turn(u64),
    /// As `Turn`, and code of the pickle's choice may run.
    Call(u64),
    /// The top again.
    Copy,
    /// Something must be there.
    Need,
    Mark,
    Pop,
    PopMark,
    /// Everything down to the mark becomes one value.
    CollectToMark,
    /// As `CollectToMark` with at least so many values, and code of the pickle's choice may run.
    CallToMark(u64),
    /// Everything down to the mark goes into the value below it.
    AddToMark,
    End,
}

fn operation(code: u8) -> Option<(Argument, Effect)> {
    use Argument::{Bytes, Line, None as No, Prefixed, TwoNames};
    use Effect::{
        AddToMark, Call, CallToMark, CollectToMark, Copy, End, Give, Mark, Need, Nothing, Pop, PopMark, Protocol, Turn,
    };
    Some(match code {
        b'(' => (No, Mark),
        b'.' => (No, End),
        b'0' => (No, Pop),
        b'1' => (No, PopMark),
        b'2' => (No, Copy),
        b'N' | b')' | b'}' | b']' | 0x88 | 0x89 | 0x8f | 0x97 => (No, Give),
        b'F' => (Line(is_float), Give),
        b'I' => (Line(is_integer), Give),
        b'L' => (Line(is_long), Give),
        b'S' => (Line(is_quoted), Give),
        b'V' | b'P' => (Line(|_| true), Give),
        b'K' => (Bytes(1), Give),
        b'M' => (Bytes(2), Give),
        b'J' => (Bytes(4), Give),
        b'G' => (Bytes(8), Give),
        b'U' | b'C' | 0x8a | 0x8c => (Prefixed(1), Give),
        b'T' | b'X' | b'B' | 0x8b => (Prefixed(4), Give),
        0x8d | 0x8e | 0x96 => (Prefixed(8), Give),
        b'c' => (TwoNames, Give),
        b'g' => (Line(is_integer), Give),
        b'h' => (Bytes(1), Give),
        b'j' => (Bytes(4), Give),
        b'p' => (Line(is_integer), Need),
        b'q' => (Bytes(1), Need),
        b'r' => (Bytes(4), Need),
        0x94 | 0x98 => (No, Need),
        b'Q' | 0x85 => (No, Turn(1)),
        0x86 | 0x93 => (No, Turn(2)),
        0x87 => (No, Turn(3)),
        b'a' => (No, Turn(2)),
        b's' => (No, Turn(3)),
        b'l' | b'd' | b't' | 0x91 => (No, CollectToMark),
        b'e' | b'u' | 0x90 => (No, AddToMark),
        b'R' | b'b' | 0x81 => (No, Call(2)),
        0x92 => (No, Call(3)),
        b'i' => (TwoNames, CallToMark(0)),
        b'o' => (No, CallToMark(1)),
        0x82 => (Bytes(1), Call(0)),
        0x83 => (Bytes(2), Call(0)),
        0x84 => (Bytes(4), Call(0)),
        0x80 => (No, Protocol),
        0x95 => (Bytes(8), Nothing),
        _ => return None,
    })
}

fn is_integer(line: &[u8]) -> bool {
    let digits = line.strip_prefix(b"-").unwrap_or(line);
    !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
}

fn is_long(line: &[u8]) -> bool {
    is_integer(line.strip_suffix(b"L").unwrap_or(line))
}

fn is_float(line: &[u8]) -> bool {
    std::str::from_utf8(line).is_ok_and(|text| text.trim().parse::<f64>().is_ok())
}

fn is_quoted(line: &[u8]) -> bool {
    matches!(line, [b'\'', .., b'\''] | [b'"', .., b'"'])
}

/// A module or attribute as an import could name it.
fn is_name(line: &[u8]) -> bool {
    !line.is_empty() && !line.iter().any(|b| b.is_ascii_whitespace() || b.is_ascii_control())
}
