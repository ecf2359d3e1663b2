//! From bytes to text, and what was assumed about them.

use encoding_rs::{Encoding, GB18030, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::Log;

/// Bytes that are looked at for the zeros of UTF-16.
const SAMPLE: usize = 4096;

/// The text of a file. What could not be decoded stands as U+FFFD in it; rows with it are left out later.
pub(super) fn decode(bytes: &[u8], log: &mut Log) -> String {
    if let Some((encoding, length)) = Encoding::for_bom(bytes) {
        let (text, _) = encoding.decode_without_bom_handling(bytes.get(length..).unwrap_or_default());
        if encoding != encoding_rs::UTF_8 {
            let name = encoding.name();
            log.note(format!("按字节顺序标记读作 {name}"), format!("read as {name}, as its byte order mark says"));
        }
        return text.into_owned();
    }
    if let Some(encoding) = utf_16_without_mark(bytes) {
        return assumed(encoding, bytes, log);
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => other(bytes, log),
    }
}

fn assumed(encoding: &'static Encoding, bytes: &[u8], log: &mut Log) -> String {
    let name = encoding.name();
    log.note(
        format!("没有编码标记，且不是 UTF-8；假定为 {name}"),
        format!("not UTF-8 and without a mark; taken to be {name}"),
    );
    encoding.decode_without_bom_handling(bytes).0.into_owned()
}

/// Text that is mostly ASCII has a zero in every second byte.
fn utf_16_without_mark(bytes: &[u8]) -> Option<&'static Encoding> {
    let sample = bytes.get(..bytes.len().min(SAMPLE)).unwrap_or_default();
    let zeros = |odd: usize| sample.iter().skip(odd).step_by(2).filter(|byte| **byte == 0).count();
    let (first, second) = (zeros(0), zeros(1));
    let enough = sample.len() / 8;
    match (first, second) {
        _ if sample.len() < 8 || !bytes.len().is_multiple_of(2) => None,
        (0, zeros) if zeros > enough => Some(UTF_16LE),
        (zeros, 0) if zeros > enough => Some(UTF_16BE),
        _ => None,
    }
}

/// What is not UTF-8 throughout: UTF-8 with broken places, GB18030, or Windows-1252.
fn other(bytes: &[u8], log: &mut Log) -> String {
    let lossy = String::from_utf8_lossy(bytes);
    let (mut whole, mut broken) = (0_usize, 0_usize);
    for c in lossy.chars().filter(|c| !c.is_ascii()) {
        if c == char::REPLACEMENT_CHARACTER {
            broken += 1;
        } else {
            whole += 1;
        }
    }
    if whole > broken {
        log.note(
            "按 UTF-8 读；有的地方不是 UTF-8，这些行已略去",
            "read as UTF-8; some places are not, and their rows are left out",
        );
        return lossy.into_owned();
    }
    let (chinese, _, has_errors) = GB18030.decode(bytes);
    if !has_errors && is_likely_chinese(&chinese) {
        return assumed(GB18030, bytes, log);
    }
    assumed(WINDOWS_1252, bytes, log)
}

/// Accented Latin letters, read as GB18030, become rare signs between ASCII letters.
fn is_likely_chinese(text: &str) -> bool {
    let (mut common, mut all, mut joined) = (0_usize, 0_usize, 0_usize);
    let mut before = ' ';
    for c in text.chars() {
        if !c.is_ascii() {
            all += 1;
            // Signs of GB 2312 and Chinese punctuation are two bytes in the upper half.
            common += usize::from(GB18030.encode(c.encode_utf8(&mut [0; 4])).0.iter().all(|byte| *byte >= 0xa1));
            joined += usize::from(before.is_ascii_alphabetic());
        }
        before = c;
    }
    all > 0 && common * 10 >= all * 8 && joined * 2 <= all
}
