//! Forms that identify a person without a check digit: they count only where the form is strict or a word says what it is.

/// How far before a passport number the word is looked for that says what it is.
pub(crate) const MAX_CONTEXT_BYTES: usize = 48;

/// Fixed-line number with its area code: `010-12345678`, `(0755) 1234567-801`, `86-21-12345678` after a plus.
pub(crate) fn landline(text: &str, at: usize) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    let digits = |from: usize, most: usize| {
        bytes.get(from..).map_or(0, |rest| rest.iter().take(most).take_while(|b| b.is_ascii_digit()).count())
    };
    let international = text[..at].ends_with('+') && text[at..].starts_with("86");
    let mut here = if international { at + 2 } else { at };
    if international {
        here += usize::from(matches!(bytes.get(here), Some(b'-' | b' ')));
    } else if bytes.get(here) == Some(&b'0') {
        here += 1;
    } else {
        return None;
    }
    let area = match bytes.get(here)? {
        b'1' if bytes.get(here + 1) == Some(&b'0') => 2,
        b'2' => 2,
        b'3'..=b'9' => 3,
        _ => return None,
    };
    if digits(here, area + 1) != area {
        return None;
    }
    here += area;
    let bracket = bytes.get(here) == Some(&b')');
    here += match bytes.get(here..)? {
        [b')', b' ' | b'-', ..] => 2,
        [b')' | b'-' | b' ', ..] => 1,
        _ => return None,
    };
    let subscriber = digits(here, 9);
    let whole = subscriber == 8 || (subscriber == 7 && area == 3);
    if !whole || !matches!(bytes.get(here), Some(b'2'..=b'8')) {
        return None;
    }
    here += subscriber;
    let extension = if bytes.get(here) == Some(&b'-') { digits(here + 1, 6) } else { 0 };
    if extension > 5 {
        return None;
    }
    here += if extension > 0 { 1 + extension } else { 0 };
    let start = if bracket && text[..at].ends_with('(') { at - 1 } else { at };
    ends_token(bytes, here).then_some((start, here))
}

/// Nothing follows that would make a number longer.
fn ends_token(bytes: &[u8], end: usize) -> bool {
    let goes_on = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_';
    match bytes.get(end) {
        Some(b'.' | b'-') => !bytes.get(end + 1).is_some_and(u8::is_ascii_digit),
        next => !next.is_some_and(goes_on),
    }
}

pub(crate) const PROVINCES_ON_PLATES: &str = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼";

/// Chinese vehicle plate (GA 36): province, letter, five of letters and digits, or six for new energy.
pub(crate) fn plate(text: &str, at: usize) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    let province = text[..at].chars().next_back().filter(|c| PROVINCES_ON_PLATES.contains(*c))?;
    let is_letter = |b: &u8| b.is_ascii_uppercase() && !matches!(b, b'I' | b'O');
    bytes.get(at).filter(|b| is_letter(b))?;
    let dot =
        text[at + 1..].chars().next().filter(|c| matches!(c, '·' | '•' | '‧' | '-' | ' ')).map_or(0, char::len_utf8);
    let from = at + 1 + dot;
    let run = bytes[from..].iter().take(7).take_while(|b| is_letter(b) || b.is_ascii_digit()).count();
    let body = &bytes[from..from + run];
    let letters = body.iter().filter(|b| b.is_ascii_uppercase()).count();
    let energy = |b: Option<&u8>| b.is_some_and(|b| matches!(b, b'A'..=b'H' | b'J' | b'K'));
    let special = text[from + run..].chars().next().filter(|c| "学警挂港澳".contains(*c));
    let end = from + run;
    let end = match run {
        4 if letters <= 1 && special.is_some() => end + special.map_or(0, char::len_utf8),
        5 if letters <= 2 => end,
        6 if letters <= 2 && (energy(body.first()) || energy(body.last())) => end,
        _ => return None,
    };
    ends_token(bytes, end).then_some((at - province.len_utf8(), end))
}

/// Chinese passport (E12345678, EA1234567, G12345678) or permit for Hong Kong, Macau (C, H, M), near a word that says so.
pub(crate) fn passport_end(text: &str, at: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let run = bytes[at..].iter().take(12).take_while(|b| b.is_ascii_alphanumeric()).count();
    let (letter, rest) = bytes[at..at + run].split_first()?;
    let (second, digits) = rest.split_first()?;
    let shaped = match letter {
        b'E' => {
            run == 9 && (second.is_ascii_digit() || (second.is_ascii_uppercase() && !matches!(second, b'I' | b'O')))
        }
        b'G' | b'D' | b'S' | b'P' => run == 9 && (second.is_ascii_digit() || *second == b'E'),
        b'C' => run == 9 && second.is_ascii_alphanumeric(),
        b'H' | b'M' => matches!(run, 9 | 11) && second.is_ascii_digit(),
        _ => false,
    };
    if !shaped || !digits.iter().all(u8::is_ascii_digit) || !ends_token(bytes, at + run) {
        return None;
    }
    let mut from = at.saturating_sub(MAX_CONTEXT_BYTES);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    let before = text[from..at].to_ascii_lowercase();
    ["护照", "護照", "通行证", "通行證", "回乡证", "回鄉證", "passport", "travel permit"]
        .iter()
        .any(|word| before.contains(word))
        .then_some(at + run)
}
