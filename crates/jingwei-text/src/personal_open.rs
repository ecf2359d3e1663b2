//! Where personal data may have begun that a text, which goes on, has not finished.

use crate::{
    PersonalKind, is_ideograph,
    personal_forms::PROVINCES_ON_PLATES,
    personal_places::{MAX_ADDRESS_CHARS, PLACES, PROVINCES},
};

/// From where on a text in literal form, which goes on, may hold the beginning of a match of a kind. What is open in
/// any text is not reckoned here: the last run of ASCII signs, and the last run of digits with what separates them.
#[must_use]
pub fn open_personal(text: &str, wanted: impl Fn(PersonalKind) -> bool) -> usize {
    let mut open = text.len();
    if wanted(PersonalKind::PlateNumber) {
        open = open.min(open_plate(text));
    }
    if wanted(PersonalKind::Address) {
        open = open.min(open_chinese_address(text)).min(open_american_address(text));
    }
    if wanted(PersonalKind::LandlinePhone) && text.ends_with('(') {
        // An area code may follow: (0755) 2345678.
        open = open.min(text.len() - 1);
    }
    open
}

/// A province, and a few letters and digits after it.
fn open_plate(text: &str) -> usize {
    const LONGEST_BODY: usize = 9;
    let body = |c: &char| c.is_ascii_uppercase() || c.is_ascii_digit() || matches!(c, '·' | '•' | '‧' | '-' | ' ');
    let after: usize = text.chars().rev().take(LONGEST_BODY).take_while(body).map(char::len_utf8).sum();
    match text[..text.len() - after].chars().next_back() {
        Some(c) if PROVINCES_ON_PLATES.contains(c) => text.len() - after - c.len_utf8(),
        _ => text.len(),
    }
}

/// Names in a row: from the first province or place in them, and the last characters may be the name of a place.
fn open_chinese_address(text: &str) -> usize {
    const LONGEST_OWN_NAME: usize = 3;
    let is_name = |c: &char| is_ideograph(*c) || c.is_ascii_alphanumeric();
    let run: usize = text.chars().rev().take(MAX_ADDRESS_CHARS).take_while(is_name).map(char::len_utf8).sum();
    let from = text.len() - run;
    let names = &text[from..];
    let before = |end: usize| {
        let own = names[..end].chars().rev().take(LONGEST_OWN_NAME).take_while(|c| is_ideograph(*c));
        end - own.map(char::len_utf8).sum::<usize>()
    };
    let province = PROVINCES.iter().filter_map(|province| names.find(province)).min();
    // A province that is not whole is no longer than a name of a place.
    let place = names.char_indices().find(|(at, c)| *at > 0 && PLACES.contains(c)).map_or(names.len(), |(at, _)| at);
    from + province.unwrap_or(usize::MAX).min(before(place))
}

/// A number, and only capitalised words after it.
fn open_american_address(text: &str) -> usize {
    const LONGEST: usize = 120;
    let mut from = text.len().saturating_sub(LONGEST);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    let bytes = &text.as_bytes()[from..];
    let mut open = text.len();
    for (at, byte) in bytes.iter().enumerate() {
        let fresh = at == 0 || !bytes[at - 1].is_ascii_alphanumeric();
        if !byte.is_ascii_digit() || !fresh {
            continue;
        }
        let digits = bytes[at..].iter().take_while(|b| b.is_ascii_digit()).count();
        let rest = &text[from + at + digits..];
        let is_name = |word: &str| {
            let mut letters = word.bytes();
            word.is_empty()
                || letters
                    .next()
                    .is_some_and(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || matches!(b, b'#' | b'.'))
                    && letters.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b','))
        };
        if digits <= 5 && rest.is_empty() | rest.starts_with(' ') && rest.split(' ').all(is_name) {
            open = open.min(from + at);
        }
    }
    open
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, open: &str) {
        assert_eq!(&text[open_personal(text, |_| true)..], open, "{text}");
    }

    #[test]
    fn beginnings_are_known() {
        check("", "");
        check("住在。", "");
        check("车牌是京", "车牌是京".strip_prefix("车").unwrap());
        check("车牌：京", "京");
        check("车牌：京A·12", "京A·12");
        check("寄到：北京朝阳", "北京朝阳");
        check("寄到：海淀区中关村大街", "海淀区中关村大街");
        check("at 221 Baker", "221 Baker");
        check("at 221 baker", "");
        check("221 Baker Street, Apt", "221 Baker Street, Apt");
    }
}
