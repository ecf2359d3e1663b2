//! Files inside constants: pickles, archives, and either of them in base64 or hexadecimal.

use jingwei_read::Source;

use crate::{
    heap::{Constant, Heap, Node, Value},
    judge::Judge,
};

/// Most constants that are looked into.
pub(crate) const MOST_SUSPECTS: usize = 10_000;
/// Shortest constant that is looked into.
const SHORTEST: u64 = 12;
/// How many characters of a text are decoded to see what begins there.
const SAMPLE: usize = 64;
/// How models of trees begin, which wrappers of XGBoost, LightGBM and CatBoost keep whole.
const TREES: [&[u8]; 6] =
    [b"{L\0\0\0\0\0\0\0", b"{\"Config\":{\"learner\"", b"{\"learner\":{\"", b"binf\0\0", b"CBM1", b"tree\nversion=v"];
/// How much of a suspect is kept to see its beginning.
const KEPT: usize = 256;

/// How the file is written into the constant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Packing {
    Raw,
    /// UTF-8 of characters that stand for one byte each.
    Latin1,
    Base64,
    Hex,
}

/// What begins there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Beginning {
    Pickle,
    Container,
    /// A model of trees.
    Trees,
}

/// A constant as the bytes that it stands for.
#[derive(Debug, Clone)]
pub(crate) struct Payload {
    pub(crate) constant: Constant,
    pub(crate) packing: Packing,
}

/// A payload to be looked into after the stream that holds it.
#[derive(Debug)]
pub(crate) struct Suspect {
    /// Of the opcode.
    pub(crate) at: u64,
    pub(crate) payload: Payload,
    /// A call loads it, so it has to be whole; otherwise it only looks like a file.
    pub(crate) is_loaded: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Suspects {
    pub(crate) found: Vec<Suspect>,
    pub(crate) is_cut: bool,
}

impl Suspects {
    /// Judges by the beginning alone; cheap for the constants of which nothing comes.
    pub(crate) fn suspicion(&self, constant: &Constant, is_text: bool) -> Option<Packing> {
        if constant.length < SHORTEST {
            return None;
        }
        let head = &*constant.head;
        if beginning(head).is_some() {
            return Some(Packing::Raw);
        }
        if is_text && head.starts_with(b"\xc2\x80") && beginning(&latin1(head)?).is_some() {
            return Some(Packing::Latin1);
        }
        match head.first()? {
            // c, (, \x80, P, \x1f, 7z, BZh, \xfd7z, ], }
            b'Y' | b'K' | b'g' | b'U' | b'H' | b'N' | b'Q' | b'/' | b'X' | b'f' | b'6' | b'2' | b'8' | b'5' | b'1'
            | b'3' | b'4' | b'7' => {}
            _ => return None,
        }
        let sample = &head[..head.len().min(SAMPLE)];
        if constant.length >= 2 * SHORTEST && decode_hex(sample).is_some_and(|bytes| is_strong(&bytes)) {
            return Some(Packing::Hex);
        }
        decode_base64(sample).filter(|bytes| is_strong(bytes)).map(|_| Packing::Base64)
    }

    pub(crate) fn keep(&mut self, at: u64, constant: &Constant, packing: Packing) {
        let payload = Payload { constant: shortened(constant), packing };
        self.push(Suspect { at, payload, is_loaded: false });
    }

    /// A call loads it. It may be known already, because it looks like a file.
    pub(crate) fn keep_loaded(&mut self, at: u64, payload: Payload) {
        const LAST: usize = 4;
        let constant = shortened(&payload.constant);
        let known = self.found.iter_mut().rev().take(LAST).find(|known| {
            known.payload.packing == payload.packing && known.payload.constant == constant && constant.at.is_some()
        });
        match known {
            Some(known) => known.is_loaded = true,
            None => self.push(Suspect { at, payload: Payload { constant, ..payload }, is_loaded: true }),
        }
    }

    fn push(&mut self, suspect: Suspect) {
        if self.found.len() < MOST_SUSPECTS {
            self.found.push(suspect);
        } else {
            self.is_cut = true;
        }
    }
}

impl Payload {
    /// The bytes that a value stands for: a constant, or a call that only decodes one.
    pub(crate) fn of(value: Value, heap: &Heap, judge: &Judge) -> Option<Payload> {
        let whole = |constant: &Constant, packing| Payload { constant: constant.clone(), packing };
        match heap.get(value)? {
            Node::Bytes(constant) => Some(whole(constant, Packing::Raw)),
            Node::Call(call) => {
                let first = *heap.tuple_of(call.arguments)?.first()?;
                let inner = || match heap.get(first)? {
                    Node::Bytes(constant) | Node::Text(constant) => Some(constant),
                    _ => None,
                };
                match judge.canonical(call.callable)? {
                    "_codecs.encode" | "codecs.encode" => Some(whole(heap.text(first)?, Packing::Latin1)),
                    "base64.b64decode"
                    | "base64.standard_b64decode"
                    | "base64.urlsafe_b64decode"
                    | "base64.decodebytes"
                    | "binascii.a2b_base64" => Some(whole(inner()?, Packing::Base64)),
                    "builtins.bytes.fromhex"
                    | "builtins.bytearray.fromhex"
                    | "binascii.unhexlify"
                    | "binascii.a2b_hex"
                    | "base64.b16decode" => Some(whole(inner()?, Packing::Hex)),
                    "builtins.bytes" | "builtins.bytearray" => match heap.get(first)? {
                        Node::Bytes(constant) => Some(whole(constant, Packing::Raw)),
                        Node::Text(constant) => Some(whole(constant, Packing::Latin1)),
                        _ => None,
                    },
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// Reads and decodes it. `None`: not all of it can be had, or it does not decode.
    pub(crate) fn bytes(&self, source: &mut dyn Source, most: u64) -> Option<Vec<u8>> {
        let constant = &self.constant;
        let raw = if constant.is_whole() {
            constant.head.to_vec()
        } else {
            let at = constant.at.filter(|_| constant.length <= most)?;
            jingwei_read::Part::new(source, at, constant.length).whole()?
        };
        match self.packing {
            Packing::Raw => Some(raw),
            Packing::Latin1 => latin1(&raw),
            Packing::Base64 => decode_base64(&raw),
            Packing::Hex => decode_hex(&raw),
        }
    }
}

trait Whole {
    fn whole(&mut self) -> Option<Vec<u8>>;
}

impl Whole for jingwei_read::Part<'_> {
    fn whole(&mut self) -> Option<Vec<u8>> {
        let length = self.length();
        jingwei_read::Reader::new(self).take_vec(length).ok()
    }
}

/// What stands in the source is read from there again.
fn shortened(constant: &Constant) -> Constant {
    let kept = if constant.at.is_some() { constant.head.len().min(KEPT) } else { constant.head.len() };
    Constant { head: constant.head[..kept].into(), ..constant.clone() }
}

const CONTAINERS: &[&[u8]] = &[
    b"PK\x03\x04",
    b"\x1f\x8b\x08",
    b"BZh91AY&SY",
    b"\xfd7zXZ\0",
    b"7z\xbc\xaf\x27\x1c",
    b"\x28\xb5\x2f\xfd",
    b"\x04\x22\x4d\x18",
    b"\x89HDF\r\n\x1a\n",
];

/// What file begins with these bytes, if any that matters here.
pub(crate) fn beginning(head: &[u8]) -> Option<Beginning> {
    if CONTAINERS.iter().any(|magic| head.starts_with(magic)) {
        return Some(Beginning::Container);
    }
    if TREES.iter().any(|mark| head.starts_with(mark)) {
        return Some(Beginning::Trees);
    }
    let is_pickle = match head {
        [0x80, 4 | 5, 0x95, ..] => true,
        [0x80, 2..=5, code, ..] => b"()]}cNKMJX\x8c\x8a\x8f\x88\x89CBG".contains(code),
        [b'c', rest @ ..] => begins_with_names(rest),
        [b'(' | b']' | b'}', b'i' | b'c', rest @ ..] => begins_with_names(rest),
        _ => false,
    };
    is_pickle.then_some(Beginning::Pickle)
}

/// Whether these first bytes are those of a pickle, or of an archive that may hold one.
#[must_use]
pub fn begins_like_a_file(head: &[u8]) -> bool {
    is_strong(head)
}

/// Whether any of them begins with this byte.
#[must_use]
pub fn may_begin_a_file(first: u8) -> bool {
    let begins = |mark: &&[u8]| mark.first() == Some(&first);
    matches!(first, 0x80 | b'c' | b'(' | b']' | b'}') || CONTAINERS.iter().any(begins) || TREES.iter().any(begins)
}

/// Worth decoding a text for.
fn is_strong(decoded: &[u8]) -> bool {
    decoded.len() >= 8 && beginning(decoded).is_some()
}

/// Two lines with a dotted name each, as after GLOBAL.
fn begins_with_names(rest: &[u8]) -> bool {
    let mut lines = rest.splitn(3, |b| *b == b'\n');
    let is_name = |line: &[u8]| {
        !line.is_empty()
            && line.len() <= 200
            && line.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.'))
    };
    lines.next().is_some_and(is_name) && lines.next().is_some_and(is_name) && lines.next().is_some()
}

/// UTF-8 text whose characters are bytes. The last character of a cut text may be missing.
fn latin1(text: &[u8]) -> Option<Vec<u8>> {
    let text = match std::str::from_utf8(text) {
        Ok(text) => text,
        Err(e) if e.error_len().is_none() => std::str::from_utf8(&text[..e.valid_up_to()]).ok()?,
        Err(_) => return None,
    };
    text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect()
}

fn decode_hex(text: &[u8]) -> Option<Vec<u8>> {
    let digits = text.iter().filter(|b| !b.is_ascii_whitespace()).map(|b| char::from(*b).to_digit(16));
    let digits: Vec<u32> = digits.collect::<Option<_>>()?;
    digits.chunks_exact(2).map(|pair| u8::try_from(pair[0] << 4 | pair[1]).ok()).collect()
}

/// Both alphabets, with or without padding and line ends.
fn decode_base64(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut held) = (0u32, 0);
    for byte in text {
        let six = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            b'\r' | b'\n' => continue,
            b'=' => break,
            _ => return None,
        };
        bits = bits << 6 | u32::from(six);
        held += 6;
        if held >= 8 {
            held -= 8;
            out.push((bits >> held).to_le_bytes()[0]);
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packing(text: &[u8], is_text: bool) -> Option<Packing> {
        let constant = Constant { head: text.into(), length: text.len() as u64, at: None };
        Suspects::default().suspicion(&constant, is_text)
    }

    #[test]
    fn files_in_constants_are_seen_by_their_beginning() {
        for (constant, expected) in [
            (&b"\x80\x04\x95\x10\0\0\0\0\0\0\0\x8c"[..], Some(Packing::Raw)),
            (b"cposix\nsystem\n(S'id'\ntR.", Some(Packing::Raw)),
            (b"PK\x03\x04............", Some(Packing::Raw)),
            (b"Y3Bvc2l4CnN5c3RlbQooUydpZCcKdFIu", Some(Packing::Base64)),
            (b"gASVEAAAAAAAAACMBXBvc2l4", Some(Packing::Base64)),
            (b"80049510000000000000008c05706f736978", Some(Packing::Hex)),
            (b"configuration of\nthe model\nand more", None),
            (b"Yesterday a sentence was here.", None),
            (b"YWJjZGVmZ2hpamtsbW5vcA==", None),
            (b"short", None),
        ] {
            assert_eq!(packing(constant, true), expected, "{}", String::from_utf8_lossy(constant));
        }
        assert_eq!(packing("\u{80}\u{4}\u{95}..........".as_bytes(), true), Some(Packing::Latin1));
    }
}
