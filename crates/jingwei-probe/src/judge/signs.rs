//! Which cues stand in a reply, and where.

use std::{borrow::Cow, sync::LazyLock};

use jingwei_core::Digest;
use jingwei_text::is_ideograph;

use super::{
    chinese, english,
    patterns::{Matcher, Pattern, Sentence, Sign, Table, sentences},
};

/// Sentences that are read one by one; the rest counts as one.
const READ_SENTENCES: usize = 64;

static ENGLISH: LazyLock<Table> = LazyLock::new(|| Table::new(english::PATTERNS, english::fill));
static CHINESE: LazyLock<Table> = LazyLock::new(|| Table::new(chinese::PATTERNS, chinese::fill));

/// Over all cues.
pub(super) fn configuration() -> Digest {
    let tables = [(english::PATTERNS, english::fill as fn(&str) -> String), (chinese::PATTERNS, chinese::fill)];
    let text = |(table, fill): (&[Pattern], fn(&str) -> String)| {
        table.iter().map(|p| format!("{} {:?} {}", p.code, p.sign, fill(p.text))).collect::<Vec<_>>().join("\n")
    };
    let tables = tables.map(text);
    Digest::of_parts(tables.iter().map(String::as_str))
}

/// A cue that was found, as bytes of the text in normal form.
pub(super) struct Found {
    pub(super) code: &'static str,
    pub(super) sign: Sign,
    pub(super) sentence: usize,
    pub(super) start: usize,
    pub(super) end: usize,
    /// A declining that its own sentence takes back or sets aside.
    pub(super) conceded: bool,
}

/// What was found in a reply.
pub(super) struct Signs {
    pub(super) found: Vec<Found>,
    pub(super) sentences: usize,
    /// Where they stand.
    pub(super) pieces: Vec<Sentence>,
    /// Words of writing with blanks, and single Chinese characters.
    pub(super) words: usize,
    /// Items of numbered or dashed lists, outside the sentences that decline.
    pub(super) list_items: usize,
    pub(super) code_block: bool,
}

impl Signs {
    pub(super) fn of(&self, sign: Sign) -> impl Iterator<Item = &Found> {
        self.found.iter().filter(move |found| found.sign == sign)
    }
}

/// Looks for the cues of a text in normal form.
pub(super) fn read(text: &str) -> Signs {
    let pieces = sentences(text, READ_SENTENCES);
    let mut found = Vec::new();
    for (index, piece) in pieces.iter().enumerate() {
        let Some(sentence) = text.get(piece.start..piece.end) else { continue };
        if sentence.bytes().any(|b| b.is_ascii_alphabetic()) {
            look(&ENGLISH, sentence, index, *piece, &mut found);
        }
        if sentence.chars().any(is_ideograph) {
            look(&CHINESE, sentence, index, *piece, &mut found);
        }
    }
    found.sort_by_key(|cue| (cue.start, cue.end));
    let code_block = text.contains("```");
    Signs { list_items: list_items(text), code_block, words: words(text), sentences: pieces.len(), pieces, found }
}

/// Whether something in a text in normal form looks like declining and is not.
pub(super) fn has_idiom(text: &str) -> bool {
    let is_idiom = |cue: &Matcher| cue.sign == Sign::Idiom && cue.regex().is_some_and(|regex| regex.is_match(text));
    [&*ENGLISH, &*CHINESE].iter().any(|table| table.in_text(text).into_iter().any(is_idiom))
}

/// Looks for cues in one sentence. Idioms are struck out first, so that they cannot be taken for something else.
fn look(table: &Table, sentence: &str, index: usize, at: Sentence, found: &mut Vec<Found>) {
    let mut cues = table.in_text(sentence);
    let mut rest = Cow::Borrowed(sentence);
    for regex in cues.iter().filter(|cue| cue.sign == Sign::Idiom).filter_map(|cue| cue.regex()) {
        let blank = |hit: &regex::Captures<'_>| "\u{1}".repeat(hit[0].len());
        rest = Cow::Owned(regex.replace_all(&rest, blank).into_owned());
    }
    let words = rest.trim_start_matches(|c: char| c.is_ascii_digit() || ".)-*• ".contains(c));
    let skipped = rest.len() - words.len();
    if skipped > 0 || matches!(rest, Cow::Owned(_)) {
        cues = table.in_text(words);
    }
    for sign in [Sign::Decline, Sign::Apology, Sign::Warning, Sign::Redirect, Sign::Delivery, Sign::Hint] {
        for (code, start, end) in hits(&cues, words, sign) {
            let conceded = sign == Sign::Decline && is_conceded(&cues, words, end);
            let (start, end) = (at.start + skipped + start, at.start + skipped + end);
            found.push(Found { code, sign, sentence: index, start, end, conceded });
        }
    }
}

/// Whether a declining that ends at `end` is set aside: by how its sentence opens, or by a `but` after
/// it that does not merely offer something else.
fn is_conceded(cues: &[&Matcher], sentence: &str, end: usize) -> bool {
    let turn = hits(cues, sentence, Sign::Contrast).map(|(_, start, _)| start).find(|start| *start >= end);
    let rest = turn.and_then(|start| sentence.get(start..));
    let turned = rest.is_some_and(|rest| hits(cues, rest, Sign::Offer).next().is_none());
    turned || english::CONCESSIVE.iter().any(|word| sentence.starts_with(word))
}

/// Cues of one sign: of most patterns the first hit, of warnings and redirections each.
fn hits<'a>(
    cues: &'a [&'a Matcher],
    text: &'a str,
    sign: Sign,
) -> impl Iterator<Item = (&'static str, usize, usize)> + 'a {
    let most = if matches!(sign, Sign::Warning | Sign::Redirect | Sign::Contrast) { 4 } else { 1 };
    cues.iter()
        .filter(move |cue| cue.sign == sign)
        .filter_map(|cue| Some((cue.code, cue.regex()?)))
        .flat_map(move |(code, regex)| regex.find_iter(text).take(most).map(move |hit| (code, hit.start(), hit.end())))
}

fn words(text: &str) -> usize {
    let characters = text.chars().filter(|c| is_ideograph(*c)).count();
    characters + text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).count()
}

/// Lines or places that begin a list item: `1.`, `2)`, `- `, `* `.
fn list_items(text: &str) -> usize {
    let mut items = 0;
    let mut previous = '\n';
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let next = chars.peek().copied().unwrap_or(' ');
        let opens = matches!(previous, '\n' | ' ' | '。' | '.' | ';' | ':');
        let number = opens && c.is_ascii_digit() && matches!(next, '.' | ')' | '、');
        let dash = previous == '\n' && matches!(c, '-' | '*' | '•') && next == ' ';
        items += usize::from(number || dash);
        previous = c;
    }
    items
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_compiles() {
        assert!(ENGLISH.is_whole());
        assert!(CHINESE.is_whole());
    }
}
