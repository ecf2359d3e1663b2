//! What holds for every transform, whatever the text.

use std::collections::BTreeSet;

use jingwei_core::{ChatMessage, ChatRole, Lang};
use proptest::prelude::*;

use super::*;

fn prompt(text: &str, lang: Lang) -> Prompt {
    let messages =
        vec![ChatMessage::system("s"), ChatMessage::user("u"), ChatMessage::assistant("a"), ChatMessage::user(text)];
    Prompt { messages, lang }
}

fn bytes(prompt: &Prompt) -> usize {
    prompt.messages.iter().map(|message| message.content.len()).sum()
}

/// Specs of an entry with each of its settings at its ends.
fn specs(entry: &TransformEntry) -> Vec<String> {
    let mut specs = vec![entry.name.to_owned()];
    for setting in &entry.settings {
        let values: Vec<String> = match setting.kind {
            SettingKind::Flag => vec!["true".to_owned()],
            SettingKind::Number { least, most, .. } => vec![least.to_string(), most.to_string()],
            SettingKind::Choice(choices) => choices.iter().map(|choice| (*choice).to_owned()).collect(),
            SettingKind::Letters { .. } => vec!["A".to_owned(), "Zebra".to_owned()],
        };
        specs.extend(values.iter().map(|value| format!("{}({}={value})", entry.name, setting.name)));
    }
    specs
}

#[track_caller]
fn check_laws(text: &str, seed: u64) {
    for spec in all().iter().flat_map(specs) {
        let transform = named(&spec).unwrap();
        for lang in Lang::ALL {
            let before = prompt(text, lang);
            let room = 64 * text.len() + (16 << 10) + bytes(&before);
            let after = transform.apply(before.clone(), &mut Random::seeded(seed));
            assert!(bytes(&after) <= room, "{spec}: {} bytes of {}", bytes(&after), text.len());
            assert_eq!(after, transform.apply(before.clone(), &mut Random::seeded(seed)), "{spec} is not pure");
            let last = after.messages.last().unwrap().role;
            assert!(last == ChatRole::User || last == ChatRole::Assistant, "{spec}");
            assert_eq!(after.messages.first(), before.messages.first(), "{spec} changed what is not the question");
        }
        let _ = transform.read_reply(text);
    }
}

/// What a decoder gives back of a text that its encoder wrote.
fn decoded(spec: &str, text: &str) -> Option<String> {
    let parsed = Spec::parse(spec).unwrap();
    let entry = all().iter().find(|entry| entry.name == parsed.name).unwrap();
    let settings = parsed.settings(entry.name, &entry.settings).unwrap();
    match entry.work {
        Work::Encode { encode, decode, .. } => decode(&encode(text, &settings), &settings),
        _ => panic!("{spec} has no decoder"),
    }
}

/// Encoders that give back every text.
const EXACT: &[&str] = &[
    "base16",
    "base32",
    "base45",
    "base58",
    "base64",
    "base64url",
    "ascii85",
    "base85",
    "hex",
    "binary",
    "binary(bits=16)",
    "binary(bits=32)",
    "octal",
    "char-codes",
    "uuencode",
    "html-entities",
    "rot13",
    "rot47",
    "atbash",
    "atbash(digits)",
    "caesar",
    "caesar(shift=11)",
    "vigenere",
    "vigenere(key=Abz)",
    "affine",
    "keyboard-shift",
    "rail-fence",
    "rail-fence(rails=5)",
    "reverse",
    "flip-words",
    "flip-each-word",
    "variation-selectors",
    "sneaky-bits",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, ..ProptestConfig::default() })]
    #[test]
    fn no_text_breaks_a_transform(text in "\\PC{0,60}|[\\s\\S]{0,30}|[a-zA-Z ]{0,80}|[一-龥，。？ ]{0,40}", seed: u64) {
        check_laws(&text, seed);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
    #[test]
    fn what_was_encoded_is_decoded(text in "\\PC{1,60}|[\\s\\S]{1,30}|[a-zA-Z ]{1,80}|[一-龥，。？ ]{1,40}") {
        for spec in EXACT {
            prop_assert_eq!(decoded(spec, &text), Some(text.clone()), "{}", spec);
        }
        // These leave alone what needs no code, and know a text that was encoded by its marks.
        if text.contains(|c: char| !c.is_ascii()) {
            prop_assert_eq!(decoded("url", &text), Some(text.clone()));
        }
        let line: String = text.chars().filter(|c| !c.is_control()).collect();
        prop_assert_eq!(decoded("quoted-printable", &line), Some(line.clone()));
        if line.contains(|c: char| !c.is_ascii()) {
            prop_assert_eq!(decoded("unicode-escapes", &line), Some(line.clone()));
            prop_assert_eq!(decoded("json-string", &line), Some(line.clone()));
        }
    }

    #[test]
    fn letters_come_back(text in "[A-Z][A-Z ]{0,40}[A-Z]") {
        let specs = [
            "morse", "nato", "bacon", "a1z26", "tag-characters", "tag-characters(carrier=emoji)", "private-use",
        ];
        for spec in specs {
            prop_assert_eq!(decoded(spec, &text), Some(text.clone()), "{}", spec);
        }
    }
}

#[test]
fn every_encoder_is_tested() {
    let tested: BTreeSet<&str> = EXACT.iter().map(|spec| spec.split('(').next().unwrap()).collect();
    let others = [
        "url",
        "quoted-printable",
        "unicode-escapes",
        "json-string",
        "morse",
        "nato",
        "bacon",
        "a1z26",
        "tag-characters",
        "private-use",
    ];
    for entry in all().iter().filter(|entry| matches!(entry.work, Work::Encode { .. })) {
        assert!(tested.contains(entry.name) || others.contains(&entry.name), "{}", entry.name);
    }
}

#[test]
fn hostile_texts_break_nothing() {
    for text in [
        "",
        "\0",
        "\u{10ffff}\u{fffe}\u{feff}",
        "\r\n\r\r\n\n",
        "🏳️‍🌈👩‍👩‍👧",
        "{}{{}}\\\"'`$%=&#",
        "=\t \n. \n.",
        "\u{202e}abc\u{301}\u{301}",
        "İıßǅ",
        "𠀀㐀〇",
    ] {
        check_laws(text, 7);
    }
}

/// The bound holds for long questions too, and takes no time that grows with their square.
#[test]
fn long_questions_stay_within_bounds() {
    let text = "Why is the sky blue? 天为什么是蓝的？\n".repeat(400);
    for entry in all() {
        let after = named(entry.name).unwrap().apply(prompt(&text, Lang::Zh), &mut Random::seeded(1));
        assert!(bytes(&after) <= 64 * text.len() + (16 << 10), "{}", entry.name);
    }
}

#[test]
fn a_question_that_is_too_long_stays() {
    let fits = "a".repeat(MAX_QUESTION_BYTES);
    let base64 = named("base64").unwrap();
    let after = base64.apply(prompt(&fits, Lang::En), &mut Random::seeded(1));
    assert!(after.text().len() > fits.len());
    let long = fits + "a";
    assert_eq!(base64.apply(prompt(&long, Lang::En), &mut Random::seeded(1)).text(), long);
}
