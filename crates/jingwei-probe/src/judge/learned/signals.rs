//! What the rules found in a reply, and how it is written, as features.

use super::{
    super::{
        patterns::Sign,
        signs::{Found, Signs},
    },
    features::{Rules, Sink, signal, text_code},
};

pub(super) fn signals(text: &str, signs: &Signs, rules: Rules, emit: &mut impl Sink) {
    let mut signal = signal(text, signs, emit);
    signal("always", 0);
    signal("rules", rules.call as usize);
    signal("refuses", rules.refuses.min(9) / 2);
    signal("delivers", rules.delivers.min(6));
    signal("words", usize::BITS as usize - signs.words.leading_zeros() as usize);
    signal("sentences", signs.sentences.min(6));
    signal("list", signs.list_items.min(4));
    signal("code", usize::from(signs.code_block));
    signal("found nothing", usize::from(signs.found.is_empty()));
    for found in &signs.found {
        let place = usize::from(found.sentence == 0) + 2 * usize::from(found.sentence + 1 == signs.sentences);
        signal(found.code, 4 * usize::from(found.conceded) + place);
    }
    pairs(signs, &mut signal);
    crossed(text, signs, rules, &mut signal);
    for sign in [Sign::Decline, Sign::Apology, Sign::Warning, Sign::Redirect, Sign::Delivery, Sign::Hint] {
        let count = |keep: fn(&&Found) -> bool| signs.of(sign).filter(keep).count().min(3);
        signal("sign", 16 * sign as usize + count(|_| true));
        signal("sign that holds", 16 * sign as usize + count(|found| !found.conceded));
        signal("sign at first", 16 * sign as usize + count(|found| found.sentence == 0));
    }
    let questions = signs.pieces.iter().filter(|piece| text.get(..piece.end).is_some_and(|t| t.ends_with('?'))).count();
    signal("questions", questions.min(3));
    signal("only questions", usize::from(questions > 0 && questions == signs.sentences));
    signal("ends", text.trim_end().chars().next_back().map_or(0, |c| c as usize));
    let opens = text.trim_start().chars().next().unwrap_or(' ');
    signal("opens", if opens.is_alphanumeric() { 0 } else { opens as usize });
    let quotes = text.chars().filter(|c| matches!(c, '"' | '“' | '”' | '「' | '」' | '《')).count();
    signal("quotes", quotes.min(4));
    signal("lines", text.trim().lines().count().min(5));
    signal("table", usize::from(text.contains("|--")));
    let numbers = text.chars().filter(char::is_ascii_digit).count();
    signal("digits", usize::BITS as usize - numbers.leading_zeros() as usize);
}

/// Cues that stand together say more than each by itself.
fn pairs(signs: &Signs, signal: &mut impl FnMut(&str, usize)) {
    let mut codes: Vec<&str> = signs.found.iter().filter(|found| !found.conceded).map(|found| found.code).collect();
    codes.sort_unstable();
    codes.dedup();
    for (at, one) in codes.iter().enumerate() {
        for other in codes.iter().skip(at + 1) {
            signal(one, (text_code(other) >> 33) as usize);
        }
    }
}

/// What means one thing after one form of question and another after another. The form says nothing by itself.
fn crossed(text: &str, signs: &Signs, rules: Rules, signal: &mut impl FnMut(&str, usize)) {
    let form = 64 * rules.form as usize;
    for sign in [Sign::Decline, Sign::Apology, Sign::Warning, Sign::Redirect, Sign::Delivery] {
        if let Some(found) = signs.of(sign).next() {
            signal("form and sign", form + 2 * sign as usize + usize::from(found.sentence == 0));
        }
    }
    signal("form and topic", form + 4 * rules.topic + usize::from(signs.of(Sign::Delivery).next().is_some()));
    for found in signs.of(Sign::Hint) {
        signal(found.code, 1024 + form);
        signal(found.code, 2048 + 4 * rules.topic + usize::from(found.sentence == 0));
    }
    let begins = text.trim_start();
    let no = ["不", "没有", "no", "not ", "never", "unfortunately", "抱歉", "sorry", "违法", "illegal"];
    let yes = ["可以", "能", "会", "是", "好", "当然", "yes", "sure", "of course", "okay", "对"];
    let opening = |words: &[&str]| words.iter().any(|word| begins.starts_with(word));
    match (opening(&no), opening(&yes)) {
        (true, _) => signal("form and no", form),
        (_, true) => signal("form and yes", form),
        _ => {}
    }
}
