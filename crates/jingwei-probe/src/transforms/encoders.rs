//! Bytes written with other characters.

use std::fmt::Write as _;

use super::{Family, Proof, SettingKind, TransformEntry, Work, spec::Settings};

pub(super) fn entries() -> Vec<TransformEntry> {
    let encoder = |name, zh, en, encode, decode| {
        TransformEntry::new(name, Family::Encoding, zh, en, Work::Encode { encode, decode, proof: Proof::Decodes })
    };
    vec![
        encoder("base16", "Base16 编码", "Base16", |t, _| base16(t), |t, _| hexed(t))
            .like("garak.probes.encoding.InjectBase16"),
        encoder("base32", "Base32 编码", "Base32", |t, _| BASE32.encode(t), |t, _| BASE32.decode(t))
            .like("garak.probes.encoding.InjectBase32"),
        encoder("base45", "Base45 编码（RFC 9285）", "Base45 (RFC 9285)", |t, _| base45(t), |t, _| from_base45(t)),
        encoder("base58", "Base58 编码", "Base58", |t, _| base58(t), |t, _| from_base58(t)),
        encoder("base64", "Base64 编码", "Base64", |t, _| BASE64.encode(t), |t, _| BASE64.decode(t))
            .like("garak.probes.encoding.InjectBase64"),
        encoder(
            "base64url",
            "URL 安全的 Base64 编码",
            "URL-safe Base64",
            |t, _| BASE64_URL.encode(t),
            |t, _| BASE64_URL.decode(t),
        )
        .like("pyrit.converter.Base64Converter"),
        encoder(
            "ascii85",
            "Ascii85 编码",
            "Ascii85",
            |t, _| fives(t, ASCII85, true),
            |t, _| from_fives(t, ASCII85, true),
        )
        .like("garak.probes.encoding.InjectAscii85"),
        encoder("base85", "Base85 编码", "Base85", |t, _| fives(t, BASE85, false), |t, _| from_fives(t, BASE85, false))
            .like("garak.probes.encoding.InjectAscii85"),
        encoder("hex", "十六进制", "hexadecimal", |t, _| hex(t), |t, _| hexed(t))
            .like("garak.probes.encoding.InjectHex"),
        encoder("binary", "二进制", "binary numbers", binary, from_binary)
            .with("bits", SettingKind::Choice(&["8", "16", "32"]))
            .like("pyrit.converter.BinaryConverter"),
        encoder("octal", "八进制字节", "octal bytes", |t, _| octal(t), |t, _| numbers(t, 8).and_then(utf8)),
        encoder(
            "char-codes",
            "十进制字符码",
            "decimal character codes",
            |t, _| char_codes(t),
            |t, _| from_char_codes(t),
        )
        .like("garak.buffs.encoding.CharCode"),
        encoder("quoted-printable", "Quoted-Printable 编码", "quoted-printable", |t, _| quoted(t), |t, _| unquoted(t))
            .suits(super::ZH)
            .like("garak.probes.encoding.InjectQP"),
        encoder("uuencode", "UUencode 编码", "uuencode", |t, _| uuencode(t), |t, _| from_uuencode(t))
            .like("garak.probes.encoding.InjectUU"),
        encoder("url", "URL 百分号编码", "URL percent-encoding", |t, _| percent(t), |t, _| from_percent(t))
            .like("pyrit.converter.UrlConverter"),
        encoder("html-entities", "HTML 实体", "HTML entities", |t, _| entities(t), |t, _| from_entities(t)),
        encoder(
            "unicode-escapes",
            "Unicode 转义（\\u）",
            "Unicode escapes (\\u)",
            |t, _| escapes(t),
            |t, _| from_escapes(t),
        )
        .like("pyrit.converter.UnicodeReplacementConverter"),
        encoder("json-string", "JSON 字符串转义", "a JSON string with escapes", |t, _| json(t), |t, _| from_json(t))
            .suits(super::ZH)
            .like("pyrit.converter.JsonStringConverter"),
    ]
}

fn utf8(bytes: Vec<u8>) -> Option<String> {
    String::from_utf8(bytes).ok()
}

fn byte(number: u32) -> u8 {
    u8::try_from(number & 0xff).unwrap_or(0)
}

fn symbol(alphabet: &[u8], number: u32) -> char {
    usize::try_from(number).ok().and_then(|at| alphabet.get(at)).map_or('?', |b| char::from(*b))
}

fn value(alphabet: &[u8], c: char) -> Option<u32> {
    let at = alphabet.iter().position(|b| char::from(*b) == c)?;
    u32::try_from(at).ok()
}

/// An encoding whose symbols carry a fixed number of bits (RFC 4648).
struct Bits {
    alphabet: &'static [u8],
    width: u32,
    /// Symbols of a full group, to which the last one is filled with `=`.
    group: usize,
}

const BASE32: Bits = Bits { alphabet: b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", width: 5, group: 8 };
const BASE64: Bits =
    Bits { alphabet: b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", width: 6, group: 4 };
const BASE64_URL: Bits =
    Bits { alphabet: b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", width: 6, group: 4 };

impl Bits {
    fn encode(&self, text: &str) -> String {
        let (mut out, mut held, mut bits) = (String::new(), 0_u32, 0);
        let mut symbols = 0_usize;
        let mask = (1 << self.width) - 1;
        for b in text.bytes() {
            held = (held << 8 | u32::from(b)) & 0xffff;
            bits += 8;
            while bits >= self.width {
                bits -= self.width;
                out.push(symbol(self.alphabet, held >> bits & mask));
                symbols += 1;
            }
        }
        if bits > 0 {
            out.push(symbol(self.alphabet, held << (self.width - bits) & mask));
            symbols += 1;
        }
        let full = symbols.next_multiple_of(self.group);
        out.extend(std::iter::repeat_n('=', full - symbols));
        out
    }

    fn decode(&self, text: &str) -> Option<String> {
        let compact: String = text.split_whitespace().collect();
        let symbols = compact.trim_end_matches('=');
        if !compact.len().is_multiple_of(self.group) || compact.len() - symbols.len() >= self.group {
            return None;
        }
        let (mut bytes, mut held, mut bits) = (Vec::new(), 0_u32, 0);
        for c in symbols.chars() {
            held = (held << self.width | value(self.alphabet, c)?) & 0xffff;
            bits += self.width;
            if bits >= 8 {
                bits -= 8;
                bytes.push(byte(held >> bits));
            }
        }
        utf8(bytes)
    }
}

fn hex(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, b| {
        let _ = write!(out, "{b:02x}");
        out
    })
}

fn base16(text: &str) -> String {
    hex(text).to_ascii_uppercase()
}

fn hexed(text: &str) -> Option<String> {
    let digits: Option<Vec<u32>> = text.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_digit(16)).collect();
    let digits = digits?;
    let pairs = digits.chunks(2).map(|pair| match pair {
        [high, low] => Some(byte(high * 16 + low)),
        _ => None,
    });
    utf8(pairs.collect::<Option<_>>()?)
}

const BASE45: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

fn base45(text: &str) -> String {
    let mut out = String::new();
    for pair in text.as_bytes().chunks(2) {
        let number = pair.iter().fold(0, |number, b| number * 256 + u32::from(*b));
        out.push(symbol(BASE45, number % 45));
        out.push(symbol(BASE45, number / 45 % 45));
        if pair.len() == 2 {
            out.push(symbol(BASE45, number / 2025));
        }
    }
    out
}

fn from_base45(text: &str) -> Option<String> {
    let values: Option<Vec<u32>> = text.chars().map(|c| value(BASE45, c)).collect();
    let mut bytes = Vec::new();
    for group in values?.chunks(3) {
        let number = group.iter().rev().fold(0, |number, v| number * 45 + v);
        match group.len() {
            3 if number < 65_536 => bytes.extend([byte(number >> 8), byte(number)]),
            2 if number < 256 => bytes.push(byte(number)),
            _ => return None,
        }
    }
    utf8(bytes)
}

const BASE58: &[u8] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
/// Base58 takes the square of the time: longer texts are written in several lines.
const BASE58_BLOCK: usize = 512;

fn base58(text: &str) -> String {
    let blocks = text.as_bytes().chunks(BASE58_BLOCK).map(|block| {
        let zeros = block.iter().take_while(|b| **b == 0).count();
        let digits = rebased(block.iter().map(|b| u32::from(*b)), 256, 58);
        let digits = std::iter::repeat_n(0, zeros).chain(digits);
        digits.map(|digit| symbol(BASE58, digit)).collect::<String>()
    });
    blocks.collect::<Vec<_>>().join("\n")
}

fn from_base58(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    for line in text.split_whitespace() {
        if line.len() > 2 * BASE58_BLOCK {
            return None;
        }
        let digits: Option<Vec<u32>> = line.chars().map(|c| value(BASE58, c)).collect();
        let digits = digits?;
        bytes.extend(digits.iter().take_while(|digit| **digit == 0).map(|_| 0));
        bytes.extend(rebased(digits.iter().copied(), 58, 256).into_iter().map(byte));
    }
    utf8(bytes)
}

/// The same number in another base, highest digit first, without zeros before it.
fn rebased(digits: impl Iterator<Item = u32>, from: u32, to: u32) -> Vec<u32> {
    let mut out: Vec<u32> = Vec::new();
    for digit in digits {
        let mut carry = digit;
        for place in &mut out {
            carry += *place * from;
            *place = carry % to;
            carry /= to;
        }
        while carry > 0 {
            out.push(carry % to);
            carry /= to;
        }
    }
    out.reverse();
    out
}

const ASCII85: &[u8] = b"!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstu";
const BASE85: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~";

/// Four bytes as five symbols; four zeros as `z` where that is allowed.
fn fives(text: &str, alphabet: &[u8], short_zero: bool) -> String {
    let mut out = String::new();
    for group in text.as_bytes().chunks(4) {
        let number = (0..4).fold(0, |number, at| number << 8 | group.get(at).map_or(0, |b| u32::from(*b)));
        if short_zero && group.len() == 4 && number == 0 {
            out.push('z');
            continue;
        }
        let powers = [52_200_625, 614_125, 7_225, 85, 1];
        out.extend(powers.iter().take(group.len() + 1).map(|power| symbol(alphabet, number / power % 85)));
    }
    out
}

fn from_fives(text: &str, alphabet: &[u8], short_zero: bool) -> Option<String> {
    let mut values = Vec::new();
    for c in text.chars().filter(|c| !c.is_whitespace()) {
        if short_zero && c == 'z' && values.len() % 5 == 0 {
            values.extend([0; 5]);
        } else {
            values.push(value(alphabet, c)?);
        }
    }
    let mut bytes = Vec::new();
    for group in values.chunks(5) {
        if group.len() == 1 {
            return None;
        }
        let digits = (0..5).map(|at| group.get(at).copied().unwrap_or(84));
        let number = digits.fold(0_u64, |number, digit| number * 85 + u64::from(digit));
        let number = u32::try_from(number).ok()?;
        bytes.extend(number.to_be_bytes().into_iter().take(group.len() - 1));
    }
    utf8(bytes)
}

/// Eight bits: bytes. More: characters.
fn binary(text: &str, settings: &Settings) -> String {
    let width = settings.word("bits").parse().unwrap_or(8_usize);
    let written: Vec<String> = if width == 8 {
        text.bytes().map(|b| format!("{b:08b}")).collect()
    } else {
        text.chars().map(|c| format!("{:0width$b}", u32::from(c))).collect()
    };
    written.join(" ")
}

fn from_binary(text: &str, settings: &Settings) -> Option<String> {
    if settings.word("bits") == "8" {
        return numbers(text, 2).and_then(utf8);
    }
    text.split_whitespace().map(|n| u32::from_str_radix(n, 2).ok().and_then(char::from_u32)).collect()
}

fn numbers(text: &str, radix: u32) -> Option<Vec<u8>> {
    text.split_whitespace().map(|number| u8::from_str_radix(number, radix).ok()).collect()
}

fn octal(text: &str) -> String {
    text.bytes().map(|b| format!("{b:03o}")).collect::<Vec<_>>().join(" ")
}

fn char_codes(text: &str) -> String {
    text.chars().map(|c| u32::from(c).to_string()).collect::<Vec<_>>().join(" ")
}

fn from_char_codes(text: &str) -> Option<String> {
    text.split_whitespace().map(|code| code.parse().ok().and_then(char::from_u32)).collect()
}

/// Quoted-printable (RFC 2045) as Python's `binascii` writes it: line ends of the text stay, and become all alike.
fn quoted(text: &str) -> String {
    const LINE: usize = 76;
    let data = text.as_bytes();
    let crlf = data.iter().position(|b| *b == b'\n').is_some_and(|at| at > 0 && data.get(at - 1) == Some(&b'\r'));
    let end = if crlf { "\r\n" } else { "\n" };
    let (mut out, mut line, mut at) = (String::new(), 0, 0);
    while let Some(&b) = data.get(at) {
        let next = data.get(at + 1).copied();
        if must_quote(b, next, line) {
            if line + 3 >= LINE {
                out.extend(["=", end]);
                line = 0;
            }
            let _ = write!(out, "={b:02X}");
            line += 3;
            at += 1;
        } else if b == b'\n' || (b == b'\r' && next == Some(b'\n')) {
            // A space at the end of a line would get lost.
            if let Some(space) = out.pop() {
                match space {
                    ' ' | '\t' => {
                        let _ = write!(out, "={:02X}", u32::from(space));
                    }
                    other => out.push(other),
                }
            }
            out.push_str(end);
            line = 0;
            at += if b == b'\r' { 2 } else { 1 };
        } else {
            if next.is_some_and(|next| next != b'\n') && line + 1 >= LINE {
                out.extend(["=", end]);
                line = 0;
            }
            out.push(char::from(b));
            line += 1;
            at += 1;
        }
    }
    out
}

fn must_quote(b: u8, next: Option<u8>, line: usize) -> bool {
    match b {
        b'=' | 127.. => true,
        b'.' => line == 0 && matches!(next, None | Some(b'\n' | b'\r' | 0)),
        b' ' | b'\t' => next.is_none(),
        b'\r' | b'\n' => false,
        _ => b < 33,
    }
}

fn unquoted(text: &str) -> Option<String> {
    let joined = text.replace("=\r\n", "").replace("=\n", "");
    unescaped_bytes(&joined, '=')
}

/// Bytes behind a mark and two hexadecimal digits, and all others as they are.
fn unescaped_bytes(text: &str, mark: char) -> Option<String> {
    let mut parts = text.split(mark);
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        let (digits, rest) = part.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    utf8(bytes)
}

fn uuencode(text: &str) -> String {
    let mut out = String::new();
    let sixth = |bits: u32| char::from(byte(32 + (bits & 63)));
    for line in text.as_bytes().chunks(45) {
        out.push(char::from(byte(32 + u32::try_from(line.len()).unwrap_or(0))));
        for group in line.chunks(3) {
            let held = (0..3).fold(0, |held, at| held << 8 | group.get(at).map_or(0, |b| u32::from(*b)));
            out.extend([18, 12, 6, 0].map(|shift| sixth(held >> shift)));
        }
        out.push('\n');
    }
    out
}

fn from_uuencode(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        let values: Option<Vec<u32>> =
            line.bytes().map(|b| u32::from(b).checked_sub(32).filter(|v| *v <= 64).map(|v| v & 63)).collect();
        let values = values?;
        let (len, symbols) = values.split_first()?;
        let len = usize::try_from(*len).ok()?;
        let start = bytes.len();
        for group in symbols.chunks(4) {
            // Spaces at the end of a line stand for zeros and are often cut off.
            let held = (0..4).fold(0, |held, at| held << 6 | group.get(at).copied().unwrap_or(0));
            bytes.extend([byte(held >> 16), byte(held >> 8), byte(held)]);
        }
        if bytes.len() < start + len {
            return None;
        }
        bytes.truncate(start + len);
    }
    utf8(bytes)
}

fn percent(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, b| {
        if b.is_ascii_alphanumeric() || b"_.-~/".contains(&b) {
            out.push(char::from(b));
        } else {
            let _ = write!(out, "%{b:02X}");
        }
        out
    })
}

fn from_percent(text: &str) -> Option<String> {
    text.contains('%').then(|| unescaped_bytes(text, '%')).flatten()
}

fn entities(text: &str) -> String {
    text.chars().fold(String::new(), |mut out, c| {
        let _ = write!(out, "&#{};", u32::from(c));
        out
    })
}

fn from_entities(text: &str) -> Option<String> {
    let mut parts = text.split("&#");
    let mut out = parts.next()?.to_owned();
    for part in parts {
        let (code, rest) = part.split_once(';')?;
        out.push(char::from_u32(code.parse().ok()?)?);
        out.push_str(rest);
    }
    Some(out)
}

fn escape(out: &mut String, c: char) {
    for unit in c.encode_utf16(&mut [0; 2]) {
        let _ = write!(out, "\\u{unit:04x}");
    }
}

/// Every character but the space.
fn escapes(text: &str) -> String {
    text.chars().fold(String::new(), |mut out, c| {
        if c == ' ' {
            out.push(' ')
        } else {
            escape(&mut out, c)
        }
        out
    })
}

fn from_escapes(text: &str) -> Option<String> {
    from_json(&text.replace(['"', '\n', '\r', '\t'], " "))
}

fn json(text: &str) -> String {
    text.chars().fold(String::new(), |mut out, c| {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            ' '..='~' => out.push(c),
            _ => escape(&mut out, c),
        }
        out
    })
}

fn from_json(text: &str) -> Option<String> {
    text.contains('\\').then(|| serde_json::from_str(&format!("\"{text}\"")).ok()).flatten()
}
