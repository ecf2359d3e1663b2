//! ONNX as JSON: the mapping that protobuf has for every message.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::schema::{Kind, Type, float, put_bytes, put_whole, whole};

/// The same model on the wire.
pub(super) fn transcode(json: &[u8]) -> Result<Vec<u8>, serde_json::Error> {
    let mut out = Vec::new();
    let mut reader = serde_json::Deserializer::from_slice(json);
    reader.deserialize_map(Members { of: Type::Model, out: &mut out })?;
    reader.end()?;
    Ok(out)
}

/// Whether the text begins as an object whose first member is one of a model.
pub(super) fn begins_like_model(front: &[u8]) -> bool {
    let Some(rest) = front.trim_ascii_start().strip_prefix(b"{") else { return false };
    let mut texts = serde_json::Deserializer::from_slice(rest).into_iter::<String>();
    matches!(texts.next(), Some(Ok(key)) if Type::Model.field(&key).is_some())
}

/// The members of a message.
struct Members<'o> {
    of: Type,
    out: &'o mut Vec<u8>,
}

impl<'de> Visitor<'de> for Members<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a message of ONNX")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match self.of.field(&key) {
                Some((_, Kind::Other)) => drop(map.next_value::<IgnoredAny>()?),
                Some((number, kind)) => map.next_value_seed(Field { number, kind, out: self.out })?,
                None => return Err(Error::custom("a member that the message does not have")),
            }
        }
        Ok(())
    }
}

/// What stands in a field, once or in a list.
struct Field<'o> {
    number: u32,
    kind: Kind,
    out: &'o mut Vec<u8>,
}

impl Field<'_> {
    fn whole<E: Error>(self, number: Option<u64>) -> Result<(), E> {
        let number = number.ok_or_else(|| Error::custom("no whole number"))?;
        put_whole(self.out, self.number, number);
        Ok(())
    }

    fn float(self, number: f64) {
        let mut bytes = Vec::new();
        float(&mut bytes, self.kind, number);
        put_bytes(self.out, self.number, &bytes);
    }
}

impl<'de> DeserializeSeed<'de> for Field<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Field<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field of ONNX")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        let Kind::Message(of) = self.kind else { return Err(Error::custom("no message belongs here")) };
        let mut inner = Vec::new();
        Members { of, out: &mut inner }.visit_map(map)?;
        put_bytes(self.out, self.number, &inner);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        if matches!(self.kind, Kind::Float | Kind::Double) {
            let mut bytes = Vec::new();
            while let Some(Number(number)) = list.next_element()? {
                float(&mut bytes, self.kind, number);
            }
            put_bytes(self.out, self.number, &bytes);
            return Ok(());
        }
        while list.next_element_seed(Field { number: self.number, kind: self.kind, out: self.out })?.is_some() {}
        Ok(())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        match self.kind {
            Kind::Text => put_bytes(self.out, self.number, text.as_bytes()),
            Kind::Bytes => put_bytes(self.out, self.number, &base64(text)),
            Kind::Whole => return self.whole(whole(text)),
            Kind::Float | Kind::Double => self.float(text.parse().map_err(|_| E::custom("no number"))?),
            Kind::Message(_) | Kind::Other => return Err(E::custom("no text belongs here")),
        }
        Ok(())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<(), E> {
        self.visit_number(Some(number), u64_as_float(number))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<(), E> {
        self.visit_number(Some(number.cast_unsigned()), i64_as_float(number))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<(), E> {
        let is_whole = number.fract() == 0.0;
        self.visit_number(if is_whole { whole(&format!("{number:.0}")) } else { None }, number)
    }
}

impl Field<'_> {
    fn visit_number<E: Error>(self, number: Option<u64>, as_float: f64) -> Result<(), E> {
        match self.kind {
            Kind::Whole => self.whole(number),
            Kind::Float | Kind::Double => {
                self.float(as_float);
                Ok(())
            }
            Kind::Text | Kind::Bytes | Kind::Message(_) | Kind::Other => Err(E::custom("no number belongs here")),
        }
    }
}

/// A number, which may be spelled as a text.
struct Number(f64);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl Visitor<'_> for Any {
            type Value = Number;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number")
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Number, E> {
                Ok(Number(u64_as_float(number)))
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Number, E> {
                Ok(Number(i64_as_float(number)))
            }

            fn visit_f64<E: Error>(self, number: f64) -> Result<Number, E> {
                Ok(Number(number))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Number, E> {
                text.parse().map(Number).map_err(|_| E::custom("no number"))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

#[allow(clippy::cast_precision_loss, reason = "so does every reader")]
fn u64_as_float(number: u64) -> f64 {
    number as f64
}

#[allow(clippy::cast_precision_loss, reason = "so does every reader")]
fn i64_as_float(number: i64) -> f64 {
    number as f64
}

/// Bytes in either alphabet; what is no letter of it is passed over.
fn base64(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut held, mut bits) = (0u32, 0);
    for letter in text.bytes() {
        let six = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => continue,
        };
        held = held << 6 | u32::from(six);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits & 0xff) as u8);
        }
    }
    bytes
}
