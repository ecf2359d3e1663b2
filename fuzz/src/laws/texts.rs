//! Normal forms, layers, and what is looked for in texts.

use jingwei_core::{Limits, Span};
use jingwei_text::{
    NormalizeOptions, Reading, decode_layers, find_hidden, find_personal, find_private_keys, find_secrets, normalize,
    open_personal, open_private_key, plain_form, restart_before,
};

use super::{assert_map, assert_place};

const FORMS: [(&str, NormalizeOptions); 4] = [
    ("literal", NormalizeOptions::LITERAL),
    ("caseless", NormalizeOptions::CASELESS),
    ("words", NormalizeOptions::WORDS),
    ("disguised", NormalizeOptions::DISGUISED),
];

/// Every form of a text leads back to it.
pub fn normalizer(bytes: &[u8]) {
    let text = &*String::from_utf8_lossy(bytes);
    for (name, options) in FORMS {
        let normal = normalize(text, &options);
        assert_map(text, &normal.text, name, |range| normal.original(range));
    }
    let once = normalize(text, &NormalizeOptions::LITERAL).text;
    assert_eq!(normalize(&once, &NormalizeOptions::LITERAL).text, once, "the literal form of {text:?} has another");
    reading(text);
    layers(text);
    for hidden in find_hidden(text) {
        assert_place(text, hidden.span, "hidden");
    }
    if let Some(at) = restart_before(text, 0, text.len()) {
        assert!(text.is_char_boundary(at), "{at} in {text:?}");
    }
}

fn reading(text: &str) {
    let reading = Reading::of(text);
    let words = &reading.words.text;
    assert_map(text, words, "words of a reading", |range| reading.original(range));
    for (form, place) in reading.forms() {
        assert_map(words, form, "form of a reading", place);
    }
    assert_eq!(plain_form(text), reading.plainest(), "two ways to the plainest form of {text:?}");
}

/// Two rounds, as a text inside a text inside a text is read.
fn layers(text: &str) {
    let limits = Limits { entries: 100, ..Limits::default() };
    for layer in decode_layers(text, &limits).layers {
        assert_map(text, &layer.text, layer.encoding.code(), |range| layer.map.span(range));
        for inner in decode_layers(&layer.text, &limits).layers {
            assert_map(&layer.text, &inner.text, inner.encoding.code(), |range| inner.map.span(range));
        }
    }
}

/// Personal data and secrets stand where they are said to stand, in a text of any form.
pub fn finders(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for text in [text.as_ref(), normalize(&text, &NormalizeOptions::LITERAL).text.as_str()] {
        let personal = find_personal(text).into_iter().map(|found| (found.span, found.kind.label()));
        in_order(text, personal);
        in_order(text, find_secrets(text).into_iter().map(|found| (found.span, found.kind.label())));
        in_order(text, find_private_keys(text).into_iter().map(|found| (found.span, found.kind.label())));
        for open in [open_personal(text, |_| true), open_private_key(text).unwrap_or(0)] {
            assert!(text.is_char_boundary(open), "{open} in {text:?}");
        }
    }
}

fn in_order(text: &str, found: impl Iterator<Item = (Span, &'static str)>) {
    let mut last = 0;
    for (span, what) in found {
        assert_place(text, span, what);
        assert!(span.start < span.end && span.start >= last, "{what}: {span:?} after {last} in {text:?}");
        last = span.start;
    }
}
