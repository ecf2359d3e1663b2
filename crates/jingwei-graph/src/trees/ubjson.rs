//! Universal Binary JSON (draft 12), as far as models are written in it, behind serde's interface.

use jingwei_core::Text;
use serde::de::{self, DeserializeSeed, MapAccess, SeqAccess, Visitor};

/// Objects and lists within each other.
const DEEPEST: u32 = 64;

pub(super) struct Ubjson<'de> {
    bytes: &'de [u8],
    at: usize,
    depth: u32,
    /// The kind of the next value, where a list gives one for all of its values.
    kind: Option<u8>,
}

/// Where the bytes are no UBJSON, and why.
#[derive(Debug)]
pub(super) struct Broken {
    pub reason: Text,
}

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.reason.en)
    }
}

impl std::error::Error for Broken {}

impl de::Error for Broken {
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        let message = jingwei_read::shown(&message.to_string());
        Self {
            reason: Text::new(format!("内容不符合格式（{message}）"), format!("it is not so written ({message})"))
        }
    }
}

fn broken(zh: &str, en: &str) -> Broken {
    Broken { reason: Text::new(zh, en) }
}

impl<'de> Ubjson<'de> {
    pub fn new(bytes: &'de [u8]) -> Self {
        Self { bytes, at: 0, depth: 0, kind: None }
    }

    pub fn at(&self) -> u64 {
        self.at as u64
    }

    fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], Broken> {
        let bytes = self.bytes[self.at..].first_chunk::<N>().copied();
        let bytes = bytes.ok_or_else(|| broken("内容在中途结束", "the bytes end in its middle"))?;
        self.at += N;
        Ok(bytes)
    }

    fn kind(&mut self) -> Result<u8, Broken> {
        if let Some(kind) = self.kind.take() {
            return Ok(kind);
        }
        loop {
            match self.take::<1>()? {
                [b'N'] => {}
                [kind] => return Ok(kind),
            }
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn whole(&mut self, kind: u8) -> Result<i64, Broken> {
        Ok(match kind {
            b'i' => i8::from_be_bytes(self.take()?).into(),
            b'U' => u8::from_be_bytes(self.take()?).into(),
            b'I' => i16::from_be_bytes(self.take()?).into(),
            b'l' => i32::from_be_bytes(self.take()?).into(),
            b'L' => i64::from_be_bytes(self.take()?),
            _ => return Err(broken("长度不是整数", "a length is no whole number")),
        })
    }

    /// A length, which what is left must be able to hold: every entry has a byte at least.
    fn length(&mut self) -> Result<usize, Broken> {
        let kind = self.take::<1>()?[0];
        let length = self.whole(kind)?;
        let length = usize::try_from(length).ok().filter(|length| *length <= self.left());
        length.ok_or_else(|| broken("声称的长度超出文件", "a length is claimed that the file does not have"))
    }

    fn text(&mut self) -> Result<&'de str, Broken> {
        let length = self.length()?;
        let bytes = &self.bytes[self.at..self.at + length];
        self.at += length;
        std::str::from_utf8(bytes).map_err(|_| broken("文本不是 UTF-8", "a text is not UTF-8"))
    }

    /// How a list or an object begins: the kind of all values and their number, where they are given.
    fn head(&mut self, end: u8) -> Result<Many<'_, 'de>, Broken> {
        if self.depth >= DEEPEST {
            return Err(broken("嵌套过深", "it is nested too deep"));
        }
        let mut kind = None;
        if self.peek() == Some(b'$') {
            let [_, given] = self.take()?;
            if matches!(given, b'Z' | b'N' | b'T' | b'F') || self.peek() != Some(b'#') {
                return Err(broken("列表的类型不占字节", "a list's values take no bytes"));
            }
            kind = Some(given);
        }
        let mut left = None;
        if self.peek() == Some(b'#') {
            self.take::<1>()?;
            let count = self.length()?;
            if kind.is_some_and(|kind| count.saturating_mul(width(kind)) > self.left()) {
                return Err(broken("列表声称的元素超出文件", "a list claims more elements than the file has"));
            }
            left = Some(count);
        }
        self.depth += 1;
        Ok(Many { of: self, kind, left, end })
    }
}

/// Fewest bytes of a value.
fn width(kind: u8) -> usize {
    match kind {
        b'I' => 2,
        b'l' | b'd' => 4,
        b'L' | b'D' => 8,
        _ => 1,
    }
}

struct Many<'a, 'de> {
    of: &'a mut Ubjson<'de>,
    kind: Option<u8>,
    left: Option<usize>,
    end: u8,
}

impl Many<'_, '_> {
    /// Whether another value comes.
    fn more(&mut self) -> Result<bool, Broken> {
        let more = match &mut self.left {
            Some(0) => false,
            Some(left) => {
                *left -= 1;
                true
            }
            None => {
                while self.of.peek() == Some(b'N') {
                    self.of.at += 1;
                }
                if self.of.peek() == Some(self.end) {
                    self.of.at += 1;
                    false
                } else {
                    true
                }
            }
        };
        if !more {
            self.of.depth = self.of.depth.saturating_sub(1);
        }
        Ok(more)
    }
}

impl<'de> SeqAccess<'de> for Many<'_, 'de> {
    type Error = Broken;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Broken> {
        if !self.more()? {
            return Ok(None);
        }
        self.of.kind = self.kind;
        seed.deserialize(&mut *self.of).map(Some)
    }
}

impl<'de> MapAccess<'de> for Many<'_, 'de> {
    type Error = Broken;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Broken> {
        if !self.more()? {
            return Ok(None);
        }
        let key = self.of.text()?;
        seed.deserialize(de::value::BorrowedStrDeserializer::new(key)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Broken> {
        self.of.kind = self.kind;
        seed.deserialize(&mut *self.of)
    }
}

impl<'de> de::Deserializer<'de> for &mut Ubjson<'de> {
    type Error = Broken;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Broken> {
        match self.kind()? {
            b'Z' => visitor.visit_unit(),
            b'T' => visitor.visit_bool(true),
            b'F' => visitor.visit_bool(false),
            b'd' => visitor.visit_f64(f32::from_be_bytes(self.take()?).into()),
            b'D' => visitor.visit_f64(f64::from_be_bytes(self.take()?)),
            b'C' => visitor.visit_i64(u8::from_be_bytes(self.take()?).into()),
            b'S' | b'H' => visitor.visit_borrowed_str(self.text()?),
            b'[' => visitor.visit_seq(self.head(b']')?),
            b'{' => visitor.visit_map(self.head(b'}')?),
            kind @ (b'i' | b'U' | b'I' | b'l' | b'L') => visitor.visit_i64(self.whole(kind)?),
            _ => Err(broken("值的类型未知", "a value has an unknown kind")),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Broken> {
        visitor.visit_some(self)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}
