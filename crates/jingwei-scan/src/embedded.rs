//! Files that stand in a text as base64 or as hexadecimal digits: Stable-Baselines3 keeps pickles so in its JSON, and any
//! loader of a configuration can.

use std::ops::Range;

use jingwei_read::{Part, Reader, Source};
use memchr::memmem;

/// Characters that are not worth a look: no call fits into fewer.
const LEAST: usize = 24;
/// Characters by which is told what a value is.
const HEAD: usize = 64;
/// Values that are decoded of one text.
const MOST: usize = 4096;

/// Where a file stands in a text, and the file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Embedded {
    pub offset: u64,
    pub how: &'static str,
    pub bytes: Vec<u8>,
}

/// The files in a text, of which no more than `most` bytes are decoded in all, and whether there are more.
pub(crate) fn embedded(text: &[u8], most: u64) -> (Vec<Embedded>, bool) {
    let mut found = Vec::new();
    let mut is_cut = false;
    let mut left = usize::try_from(most).unwrap_or(usize::MAX);
    let mut at = 0;
    while let Some(run) = next_run(text, at) {
        at = run.end;
        let mut start = run.start;
        while start + LEAST <= run.end {
            let value = &text[start..run.end];
            if let Some(how) = packing(&value[..value.len().min(HEAD)]) {
                if found.len() >= MOST || value.len() > left {
                    is_cut = true;
                    break;
                }
                let value = &value[..value.len().min(left)];
                left -= value.len();
                let bytes = decode(value, how);
                found.push(Embedded { offset: u64::try_from(start).unwrap_or(u64::MAX), how, bytes });
                break;
            }
            // Lines may stand together that are a value each.
            let Some(line) = memchr::memchr3(b'\n', b'\r', b'\\', value) else { break };
            let rest = &value[line..];
            start += line + rest.iter().position(|byte| !is_break(*byte)).unwrap_or(rest.len());
            // An escaped line's end has a letter.
            if text.get(start - 1) == Some(&b'\\') {
                start += 1;
            }
        }
    }
    (found, is_cut)
}

/// Databases and tables (SQLite, Parquet, Arrow) are searched so far for pickles; of other files whose format nobody here
/// knows only the front is read again.
const SEARCHED: u64 = 256 << 20;
const SEARCHED_OF_OTHERS: u64 = 512 << 10;
const TABLES: [&[u8]; 4] = [b"SQLite format 3\0", b"PAR1", b"ARROW1\0\0", b"\xff\xff\xff\xff"];
/// Places that are tried.
const MOST_TRIED: usize = 10_000;
const CHUNK: u64 = 1 << 20;

/// Where pickles may begin in a file of another kind: databases, tables and shards of samples keep them as values.
pub(crate) fn pickle_places(source: &mut dyn Source, front: &[u8]) -> Vec<u64> {
    let mut places = Vec::new();
    let is_table = TABLES.iter().any(|mark| front.starts_with(mark));
    let length = source.length().min(if is_table { SEARCHED } else { SEARCHED_OF_OTHERS });
    let mut at = 0;
    while at < length && places.len() < MOST_TRIED {
        // What begins at the end of one stretch is whole in the next.
        let mut part = Part::new(source, at, CHUNK.min(length - at) + HEAD as u64);
        let wanted = part.length();
        // What cannot be read is told where it is digested.
        let Ok(stretch) = Reader::new(&mut part).take_vec(wanted) else { break };
        let fresh = usize::try_from(CHUNK).unwrap_or(usize::MAX).min(stretch.len());
        for (index, _) in stretch[..fresh].iter().enumerate().filter(|(_, byte)| **byte == 0x80) {
            let head = &stretch[index..];
            if jingwei_pickle::begins_like_a_file(&head[..head.len().min(HEAD)]) && at + index as u64 > 0 {
                places.push(at + index as u64);
            }
        }
        at += CHUNK;
    }
    places.truncate(MOST_TRIED);
    places
}

/// Longest footer of a Parquet file that is read.
const FOOTER: u64 = 16 << 20;

/// What Arrow wrote about the columns of a Parquet file, which it keeps in base64 in the footer: types of Python's own bring a
/// pickle with them.
pub(crate) fn arrow_schemas(source: &mut dyn Source, front: &[u8]) -> Vec<Vec<u8>> {
    const KEY: &[u8] = b"ARROW:schema";
    const END: u64 = 8;
    /// A text in Thrift's compact protocol, one field on.
    const TEXT: u8 = 0x18;
    let Some(end) = source.length().checked_sub(END).filter(|_| front.starts_with(b"PAR1")) else { return Vec::new() };
    // What cannot be read is told where it is digested.
    let length = Reader::new(&mut Part::new(source, end, END)).u32_le().unwrap_or(0);
    let length = u64::from(length).min(FOOTER).min(end);
    let footer = Reader::new(&mut Part::new(source, end - length, length)).take_vec(length).unwrap_or_default();
    let values = memmem::find_iter(&footer, KEY).filter_map(|at| {
        // The next field of the pair, a text: its head, its length, and itself.
        let (head, behind) = footer.get(at + KEY.len()..)?.split_first()?;
        let digits = behind.iter().take(5).position(|byte| *byte < 0x80)? + 1;
        let length = behind[..digits].iter().rev().fold(0usize, |sum, byte| sum << 7 | usize::from(byte & 0x7f));
        let value = behind.get(digits..)?.get(..length).filter(|_| *head == TEXT)?;
        Some(jingwei_template::base64(std::str::from_utf8(value).ok()?)).filter(|schema| schema.len() >= LEAST)
    });
    values.take(MOST_SCHEMAS).collect()
}

/// Such values that are looked at.
const MOST_SCHEMAS: usize = 16;

/// Bytes of an index of FAISS that are searched; larger ones are not.
const INDEX: u64 = 64 << 20;

/// The file in which an index of FAISS keeps its lists, and which its reader maps.
pub(crate) fn faiss_lists(source: &mut dyn Source, front: &[u8]) -> Option<String> {
    const MARK: &[u8] = b"ilod";
    if !front.starts_with(b"I") || source.length() > INDEX {
        return None;
    }
    let length = source.length();
    let bytes = Reader::new(source).take_vec(length).ok()?;
    memmem::find_iter(&bytes, MARK).find_map(|at| lists_of(bytes.get(at + MARK.len()..)?))
}

/// Lists of 24 bytes each, slots of 16, then the name.
fn lists_of(behind: &[u8]) -> Option<String> {
    let number = |at: usize| Some(u64::from_le_bytes(behind.get(at..at.checked_add(8)?)?.try_into().ok()?));
    let after = |at: usize, width: u64| {
        let bytes = number(at)?.checked_mul(width).and_then(|bytes| usize::try_from(bytes).ok())?;
        at.checked_add(8)?.checked_add(bytes)
    };
    let slots = after(16, 24)?;
    let name = after(slots, 16)?;
    let text = behind.get(name.checked_add(8)?..after(name, 1)?)?;
    Some(String::from_utf8_lossy(text).into_owned())
}

const BASE64: &str = "base64";
const HEX: &str = "hex";

/// How a value is packed that begins like a file which runs something.
fn packing(head: &[u8]) -> Option<&'static str> {
    // The first byte of nearly every word is none with which a file begins.
    let letters = first_letters(head)?;
    let first = [(BASE64, of_base64(letters)), (HEX, of_hex(letters))];
    let likely = first.into_iter().filter(|(_, byte)| byte.is_some_and(jingwei_pickle::may_begin_a_file));
    likely.map(|(how, _)| how).find(|how| jingwei_pickle::begins_like_a_file(&decode(head, how)))
}

/// The first two that are no line's end.
fn first_letters(value: &[u8]) -> Option<[u8; 2]> {
    let is_line = |at: usize| matches!(value[at], b'n' | b'r') && at > 0 && value[at - 1] == b'\\';
    let mut letters = (0..value.len()).filter(|at| !is_break(value[*at]) && !is_line(*at)).map(|at| value[at]);
    Some([letters.next()?, letters.next()?])
}

fn of_base64([first, second]: [u8; 2]) -> Option<u8> {
    let digit = |letter: u8| match letter {
        b'A'..=b'Z' => Some(letter - b'A'),
        b'a'..=b'z' => Some(letter - b'a' + 26),
        b'0'..=b'9' => Some(letter - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    };
    Some(digit(first)? << 2 | digit(second)? >> 4)
}

fn of_hex([high, low]: [u8; 2]) -> Option<u8> {
    let digit = |letter: u8| char::from(letter).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    Some(digit(high)? << 4 | digit(low)?)
}

fn decode(value: &[u8], how: &str) -> Vec<u8> {
    let mut plain = String::with_capacity(value.len());
    let mut is_escape = false;
    for byte in value {
        match byte {
            b'\\' => is_escape = true,
            b'\n' | b'\r' => {}
            // A line's end as JSON writes it; a stroke may be escaped too.
            b'n' | b'r' if is_escape => is_escape = false,
            other => {
                is_escape = false;
                plain.push(char::from(*other));
            }
        }
    }
    if how == BASE64 {
        return jingwei_template::base64(&plain);
    }
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = plain.as_bytes().chunks_exact(2);
    pairs.map_while(|pair| Some(digit(&pair[0])? << 4 | digit(&pair[1])?)).collect()
}

/// The next stretch of letters of base64, over the ends of lines.
fn next_run(text: &[u8], from: usize) -> Option<Range<usize>> {
    let mut at = from;
    loop {
        // No run that is long enough lies between two of these places.
        at += text.get(at..)?.iter().step_by(LEAST / 2).position(|byte| belongs(*byte))? * (LEAST / 2);
        let before = text[from..at].iter().rev().position(|byte| !belongs(*byte)).unwrap_or(at - from);
        let after = text[at..].iter().position(|byte| !belongs(*byte)).unwrap_or(text.len() - at);
        if before + after >= LEAST {
            return Some(at - before..at + after);
        }
        at += after;
    }
}

#[inline]
fn belongs(byte: u8) -> bool {
    const BELONGS: [bool; 256] = {
        let mut all = [false; 256];
        let mut byte = 0_u8;
        while byte < 128 {
            all[byte as usize] =
                byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_') || is_break(byte);
            byte += 1;
        }
        all
    };
    BELONGS[usize::from(byte)]
}

const fn is_break(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r' | b'\\')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// `posix.system('id')`, protocol 0 and 4.
    const OLD: &str = "Y3Bvc2l4CnN5c3RlbQooUydpZCcKdFIu";
    const NEW: &str = "gASVHQAAAAAAAACMBXBvc2l4lIwGc3lzdGVtlJOUjAJpZJSFlFKULg";

    #[track_caller]
    fn check(text: &str, expected: &[(u64, &str)]) {
        let (found, _) = embedded(text.as_bytes(), 1 << 20);
        let told: Vec<_> = found.iter().map(|one| (one.offset, one.how)).collect();
        assert_eq!(told, expected, "{text}");
        let runs = |one: &Embedded| one.bytes.windows(5).any(|window| window == b"posix");
        assert!(found.iter().all(runs), "{found:?}");
    }

    #[test]
    fn files_are_found_in_a_text() {
        check("", &[]);
        check("a text of short words and one of-a-considerable-length-at-its-end", &[]);
        check(OLD, &[(0, BASE64)]);
        check(&format!("{{\"a\": \"{OLD}==\"}}"), &[(7, BASE64)]);
        check(&format!("a: {NEW}\nb: {OLD}"), &[(3, BASE64), (61, BASE64)]);
        check(&format!("\"words\\n{NEW}\""), &[(8, BASE64)]);
        check("636f730a73797374656d0a", &[]);
        check("'63706f7369780a73797374656d0a2853276964270a74522e'", &[(1, HEX)]);
        check("Y3Bvc2\\nl4CnN5\\nc3Rlb\\r\\nQooUydp\nZCcKdF\nIu", &[(0, BASE64)]);
        check(&format!("{}{NEW}", "word\n".repeat(99)), &[(495, BASE64)]);
        check(&"0123456789abcdef".repeat(9), &[]);
    }

    #[test]
    fn schemas_of_arrow_stand_in_the_footer() {
        let file = |footer: &[u8]| {
            let length = u32::try_from(footer.len()).unwrap().to_le_bytes();
            [b"PAR1....", footer, &length[..], b"PAR1"].concat()
        };
        let read = |mut bytes: Vec<u8>| {
            let front = bytes.clone();
            arrow_schemas(&mut bytes, &front)
        };
        let schema = format!("{NEW}{}", "A".repeat(300));
        // Digits of a length may be letters.
        let length = [0x80 | u8::try_from(schema.len() & 0x7f).unwrap(), u8::try_from(schema.len() >> 7).unwrap()];
        let value = [b"ARROW:schema\x18", &length[..], schema.as_bytes(), b"\0"].concat();
        assert_eq!(read(file(&value)).len(), 1);
        // A column may have the same name.
        let schemas = read(file(&[b"..ARROW:schema\0\0\0", &value[..]].concat()));
        assert!(schemas.iter().any(|schema| schema.windows(5).any(|window| window == b"posix")), "{schemas:?}");
        for bytes in [vec![], b"PAR1".to_vec(), b"PAR1\xff\xff\xff\xffPAR1".to_vec(), value.clone()] {
            assert_eq!(read(bytes), Vec::<Vec<u8>>::new());
        }
    }

    #[test]
    fn lists_of_an_index_may_lie_elsewhere() {
        let word = |number: u64| number.to_le_bytes();
        let index = |lists: u64, name: &[u8], claimed: u64| {
            let parts: [&[u8]; 8] = [
                b"IwFl.........ilod",
                &word(2),
                &word(16),
                &word(lists),
                &[0; 48],
                &[&word(1)[..], &[0; 16]].concat(),
                &[&word(claimed)[..], name].concat(),
                &word(128),
            ];
            parts.concat()
        };
        let lists = |mut bytes: Vec<u8>| {
            let front = bytes.clone();
            faiss_lists(&mut bytes, &front)
        };
        assert_eq!(lists(index(2, b"/x/lists", 8)).as_deref(), Some("/x/lists"));
        assert_eq!(lists([&b"I..ilod"[..], &index(2, b"/x/\xff", 4)].concat()).as_deref(), Some("/x/\u{fffd}"));
        for bytes in [vec![], b"IwFl".to_vec(), index(u64::MAX, b"a", 1), index(2, b"a", 1 << 40), b"Iilod".to_vec()] {
            assert_eq!(lists(bytes), None);
        }
    }

    #[test]
    fn what_is_decoded_is_limited() {
        let text = format!("{NEW} ").repeat(MOST + 1);
        let (found, is_cut) = embedded(text.as_bytes(), 1 << 20);
        assert!(is_cut && found.len() == MOST);
        let (found, is_cut) = embedded(text.as_bytes(), 100);
        assert!(is_cut && found.len() == 1, "{found:?}");
        // Each line could begin a value.
        assert!(embedded(&b"gAS\n".repeat(1 << 18), 1 << 20).0.is_empty());
    }

    proptest! {
        #[test]
        fn no_text_stops_it(text in r"[gASYc0-9n\\\n =]{0,200}", limit in 0..100_u64) {
            let bytes: usize = embedded(text.as_bytes(), limit).0.iter().map(|one| one.bytes.len()).sum();
            prop_assert!(bytes as u64 <= limit);
        }
    }
}
