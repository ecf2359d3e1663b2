use std::collections::BTreeMap;

use jingwei_core::Text;

/// What a parser saw in one file or member.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inspection {
    pub sightings: Vec<Sighting>,
    pub facts: Facts,
    /// Bytes inside that are a file of their own, to be looked at in turn.
    pub nested: Vec<Nested>,
    /// Values inside that begin like a pickle, or that another program is handed as they are.
    pub pickles: Vec<ValueSpan>,
    /// Texts that describe the model, with their keys. Nobody vouches for them.
    pub notes: Vec<(String, String)>,
}

impl Inspection {
    pub fn see(&mut self, sighting: Sighting) {
        self.sightings.push(sighting);
    }
}

/// A catalog rule was met. What could not be looked at is a sighting too: partial is never clean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    /// Id of the catalog rule, such as `model.pickle-dangerous`.
    pub rule: &'static str,
    /// What inside the file, such as the name of an operator. Tells two sightings of a rule apart from run to run,
    /// so it holds no offsets and no counts.
    pub key: Option<String>,
    /// In bytes, of the file or member that was inspected.
    pub offset: Option<u64>,
    /// Fill the `{name}`s of the rule's message and remedy, besides `{path}`, which the caller knows.
    pub details: Vec<(&'static str, Text)>,
}

impl Sighting {
    #[must_use]
    pub fn new(rule: &'static str) -> Self {
        Self { rule, key: None, offset: None, details: Vec::new() }
    }

    #[must_use]
    pub fn at(mut self, offset: u64) -> Self {
        self.offset = Some(offset);
        self
    }

    /// The key is untrusted: control characters are escaped and long ones are cut.
    #[must_use]
    pub fn key(mut self, key: &str) -> Self {
        self.key = Some(shown(key));
        self
    }

    /// A detail that reads the same in both languages. Untrusted: it is escaped and cut.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        let value = shown(value);
        self.details.push((name, Text::new(value.clone(), value)));
        self
    }

    #[must_use]
    pub fn with_text(mut self, name: &'static str, value: Text) -> Self {
        self.details.push((name, value));
        self
    }

    /// The file breaks its format at this byte.
    #[must_use]
    pub fn malformed(offset: u64, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self::new("model.header-malformed")
            .at(offset)
            .with("offset", &offset.to_string())
            .with_text("reason", Text::new(zh, en))
    }

    /// A limit was crossed; `limit` is the name of the field of [`jingwei_core::Limits`].
    #[must_use]
    pub fn limit(limit: &'static str, value: u64) -> Self {
        Self::new("model.limit-exceeded").key(limit).with("limit", limit).with("value", &value.to_string())
    }

    /// Part of the content was not looked at.
    #[must_use]
    pub fn not_inspected(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self::new("model.not-inspected").with_text("reason", Text::new(zh, en))
    }
}

/// What a file says about itself, for the inventory and the bill of materials. Nobody vouches for it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    pub tensors: Option<u64>,
    pub parameters: Option<u64>,
    pub licence: Option<String>,
    /// It holds a description of the model.
    pub described: bool,
    /// More, by key: `producer`, `architecture`, `opset`, `quantisation`, `inputs`.
    pub more: BTreeMap<&'static str, String>,
}

/// A file within a file, such as a pickle in a string of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nested {
    /// What it is to the outer file, such as `chat_template`.
    pub name: String,
    /// Where it begins in the outer file.
    pub offset: u64,
    pub bytes: Vec<u8>,
}

/// Where a value lies in the file that was inspected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueSpan {
    /// What it is to the file, such as the name of a tensor.
    pub name: String,
    pub offset: u64,
    pub length: u64,
}

/// Of a value, what [`begins_like_pickle`] looks at.
pub const PICKLE_FRONT: u64 = 160;

/// Whether bytes begin as a pickle that imports something may: by the mark of a protocol, or by an import in text before
/// anything else but brackets. Of numbers and pictures next to none do.
#[must_use]
pub fn begins_like_pickle(front: &[u8]) -> bool {
    if let [0x80, protocol, ..] = front {
        return (2..=5).contains(protocol);
    }
    let brackets = front.iter().take_while(|b| b"(]})".contains(b)).count().min(16);
    let [b'c' | b'i', rest @ ..] = front.get(brackets..).unwrap_or_default() else { return false };
    let mut lines = rest.split(|b| *b == b'\n');
    let is_name = |line: &[u8]| !line.is_empty() && line.iter().all(|b| b.is_ascii_alphanumeric() || b"_.".contains(b));
    // The second name may be longer than what is looked at.
    lines.next().is_some_and(is_name) && lines.next().is_some_and(is_name)
}

const SHOWN: usize = 160;

/// Untrusted text made fit for a screen: control, format and unassigned-looking characters escaped, cut at 160 characters.
#[must_use]
pub fn shown(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(SHOWN * 4));
    for (n, c) in text.chars().enumerate() {
        if n == SHOWN {
            out.push('…');
            break;
        }
        let invisible = matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{ad}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0000}'..='\u{e0fff}');
        match c {
            '\\' => out.push_str("\\\\"),
            c if c.is_control() || invisible => out.extend(c.escape_default()),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pickle_is_told_by_how_it_begins() {
        for front in [&b"\x80\x02cos"[..], b"\x80\x05\x95", b"cos\nsystem\n(S", b"((cos.path\njoin\n", b"ios\nsystem\n"]
        {
            assert!(begins_like_pickle(front), "{front:?}");
        }
        for front in
            [&b""[..], b"\x80", b"\x80\x00\x00\x80", b"\x80\x3f\0\0", b"cat\n", b"c\n\n", b"(((((", b"import os\nx y\n"]
        {
            assert!(!begins_like_pickle(front), "{front:?}");
        }
    }

    #[test]
    fn untrusted_text_is_fit_for_a_screen() {
        for (text, expected) in [
            ("os.system", "os.system"),
            ("a\u{1b}[2Jb\n", "a\\u{1b}[2Jb\\n"),
            ("模型\u{202e}txt", "模型\\u{202e}txt"),
            ("back\\slash", "back\\\\slash"),
        ] {
            assert_eq!(shown(text), expected);
        }
        assert_eq!(shown(&"x".repeat(10_000)).chars().count(), 161);
    }
}
