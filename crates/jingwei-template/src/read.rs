//! Reads a small file whole.

use std::borrow::Cow;

use jingwei_read::{Inspection, ReadError, Reader, Sighting, Source};

pub(crate) enum Content {
    Bytes(Vec<u8>),
    /// It was not read, which is said here.
    Seen(Inspection),
}

pub(crate) fn all(source: &mut dyn Source, longest: u64) -> Content {
    let length = source.length();
    let sighting = if length > longest {
        Sighting::limit("header_bytes", longest)
    } else {
        match Reader::new(source).take_vec(length) {
            Ok(bytes) => return Content::Bytes(bytes),
            Err(ReadError::End(at)) => Sighting::malformed(at, "文件提前结束", "the file ends early"),
            Err(ReadError::Io(reason)) => {
                let reason = jingwei_read::shown(&reason);
                Sighting::not_inspected(format!("读取失败（{reason}）"), format!("it cannot be read ({reason})"))
            }
        }
    };
    let mut inspection = Inspection::default();
    inspection.see(sighting);
    Content::Seen(inspection)
}

/// The text of a file in UTF-8, or in UTF-16 or UTF-32 with a mark. Other bytes become replacement characters, so that
/// the letters that code is made of stay. The second part: where it is not what it seems.
pub(crate) fn text(bytes: &[u8]) -> (Cow<'_, str>, Option<usize>) {
    let wide = |rest: &[u8], big: bool| -> String {
        let order = if big { u32::from_be_bytes } else { u32::from_le_bytes };
        let chars = rest.as_chunks::<4>().0.iter().map(|chunk| order(*chunk));
        chars.map(|c| char::from_u32(c).unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
    };
    let pairs = |rest: &[u8], big: bool| -> String {
        let order = if big { u16::from_be_bytes } else { u16::from_le_bytes };
        let units = rest.as_chunks::<2>().0.iter().map(|chunk| order(*chunk));
        char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
    };
    match bytes {
        [0xff, 0xfe, 0, 0, rest @ ..] => (wide(rest, false).into(), None),
        [0, 0, 0xfe, 0xff, rest @ ..] => (wide(rest, true).into(), None),
        [0xff, 0xfe, rest @ ..] => (pairs(rest, false).into(), None),
        [0xfe, 0xff, rest @ ..] => (pairs(rest, true).into(), None),
        _ => {
            let broken = std::str::from_utf8(bytes).err().map(|error| error.valid_up_to());
            (String::from_utf8_lossy(bytes), broken)
        }
    }
}

/// Wide characters without a mark: nearly every second byte is nothing.
pub(crate) fn unmarked_wide(bytes: &[u8]) -> Option<Sighting> {
    let front = &bytes[..bytes.len().min(4_096)];
    let marked = matches!(bytes, [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, 0, 0xfe, 0xff, ..]);
    let empty = front.iter().filter(|b| **b == 0).count();
    (!marked && empty * 4 > front.len())
        .then(|| Sighting::not_inspected("文本编码没有标明", "the encoding of the text is not marked"))
}
