//! The settings of a tokenizer (`tokenizer_config.json`, `special_tokens_map.json`): which tokens control a conversation. What
//! else they hold is passed over, not kept.

use std::fmt;

use jingwei_read::Sighting;
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use super::{Added, MOST, added, is_plain_word, odd};
use crate::config::mended;

/// Tokens that control a conversation, by their keys.
const CONTROLS: [&str; 7] =
    ["bos_token", "eos_token", "pad_token", "sep_token", "cls_token", "mask_token", "unk_token"];
/// Added tokens that are looked at.
const TOLD: usize = 1 << 16;

/// Looks into the settings of a tokenizer. What is no JSON is told where JSON is read.
#[must_use]
pub fn inspect_tokenizer_settings(json: &[u8]) -> Vec<Sighting> {
    let json = json.strip_prefix(b"\xef\xbb\xbf").unwrap_or(json);
    let read = |bytes: &[u8]| serde_json::from_slice::<Settings>(bytes).ok();
    let Some(settings) = read(json).or_else(|| read(&mended(json)?)) else { return Vec::new() };
    let mut seen = Vec::new();
    added(&settings.added, &mut seen);
    for word in settings.controls.iter().filter(|word| is_plain_word(word)) {
        seen.push(odd(word, "an ordinary word controls the conversation", "普通的词被用作控制词元"));
    }
    seen.truncate(MOST);
    seen
}

#[derive(Default)]
struct Settings {
    added: Vec<Added>,
    controls: Vec<String>,
}

impl<'de> Deserialize<'de> for Settings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Reading)
    }
}

struct Reading;

impl<'de> Visitor<'de> for Reading {
    type Value = Settings;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the settings of a tokenizer")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Settings, A::Error> {
        let mut settings = Settings::default();
        while let Some(key) = map.next_key::<String>()? {
            if CONTROLS.contains(&key.as_str()) {
                settings.controls.extend(map.next_value_seed(Lenient { levels: 0 })?.content);
            } else if key == "added_tokens_decoder" {
                let tokens = map.next_value_seed(Lenient { levels: 1 })?.below.into_iter();
                settings.added.extend(tokens.filter_map(|(id, token)| {
                    let (id, content) = (id.parse().ok()?, token.content?);
                    Some(Added { id, content, special: token.special })
                }));
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(settings)
    }
}

/// What counts of a value of any shape.
#[derive(Default)]
struct Object {
    /// The text that it is, or that its `content` is.
    content: Option<String>,
    special: bool,
    below: Vec<(String, Object)>,
}

/// `levels`: of objects whose other keys are kept.
#[derive(Clone, Copy)]
struct Lenient {
    levels: u8,
}

impl<'de> DeserializeSeed<'de> for Lenient {
    type Value = Object;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Object, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Lenient {
    type Value = Object;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_unit<E: Error>(self) -> Result<Object, E> {
        Ok(Object::default())
    }

    fn visit_bool<E: Error>(self, special: bool) -> Result<Object, E> {
        Ok(Object { special, ..Object::default() })
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Object, E> {
        Ok(Object::default())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Object, E> {
        Ok(Object::default())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Object, E> {
        Ok(Object::default())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Object, E> {
        Ok(Object { content: Some(text.to_owned()), ..Object::default() })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Object, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Object::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
        let mut object = Object::default();
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "content" => object.content = map.next_value_seed(Self { levels: 0 })?.content,
                "special" => object.special = map.next_value_seed(Self { levels: 0 })?.special,
                _ if self.levels > 0 && object.below.len() < TOLD => {
                    let value = map.next_value_seed(Self { levels: self.levels - 1 })?;
                    object.below.push((key, value));
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(object)
    }
}
