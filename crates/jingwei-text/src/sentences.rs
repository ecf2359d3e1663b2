//! Where sentences end: the same for whole texts, for streams, and for what heads are trained on.

use std::ops::Range;

/// Longest sentence, in bytes: what goes on longer is cut.
const MAX_SENTENCE_BYTES: usize = 360;
/// Shorter ones are joined with what follows: "No.", "好。".
const MIN_SENTENCE_BYTES: usize = 12;

/// Places of the sentences of a text: they cover it. Where a sentence ends is decided by what it holds and by the
/// one character after it, so a stream decides as the whole text does. An unfinished text has no end at its end.
#[must_use]
pub fn sentence_places(text: &str, finished: bool) -> Vec<Range<usize>> {
    let mut places = Vec::new();
    let mut start = 0;
    let (mut weight, mut escape) = (0, 0);
    let mut rest = text.char_indices().peekable();
    while let Some((at, c)) = rest.next() {
        let end = at + c.len_utf8();
        let Some((_, next)) = rest.peek().copied() else { break };
        // An escape counts as the one character that it stands for.
        let escaped = escape > 0 && (c.is_ascii_hexdigit() || matches!(c, '#' | 'x' | 'u' | '{' | '}' | ';'));
        escape = match c {
            '%' | '&' | '\\' => MAX_ESCAPE,
            _ if escaped => escape - 1,
            _ => 0,
        };
        weight += if escaped { 0 } else { c.len_utf8() };
        let closes = match c {
            '。' | '！' | '？' | '；' | '!' | '?' | '\n' => !is_closing(next),
            '.' | ';' => next.is_whitespace(),
            '”' | '"' | '」' | '』' | '）' | ')' => {
                text[start..at].chars().next_back().is_some_and(is_closing) && !is_closing(next)
            }
            _ => false,
        };
        let too_long = weight + next.len_utf8() > MAX_SENTENCE_BYTES && escape == 0;
        if (closes && weight >= MIN_SENTENCE_BYTES) || too_long || end - start > MAX_WRITTEN_BYTES {
            places.push(start..end);
            (start, weight, escape) = (end, 0, 0);
        }
    }
    if finished && start < text.len() {
        places.push(start..text.len());
    }
    places
}

/// Most characters of an escape after its sign: `&#x1f600;`, with zeros before the number.
const MAX_ESCAPE: u32 = 43;
/// Longest sentence as it is written, escapes and all.
const MAX_WRITTEN_BYTES: usize = 8 * MAX_SENTENCE_BYTES;

/// What may follow the end of a sentence and belongs to it.
fn is_closing(c: char) -> bool {
    matches!(c, '。' | '！' | '？' | '；' | '!' | '?' | '.' | '”' | '"' | '」' | '』' | '）' | ')')
}

/// The sentences of a finished text; together they are the text.
pub fn sentences(text: &str) -> impl Iterator<Item = &str> {
    sentence_places(text, true).into_iter().filter_map(|place| text.get(place))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn texts_are_cut_after_sentences() {
        let long = "长".repeat(MAX_SENTENCE_BYTES / 3);
        let escaped = "&#28856;".repeat(50);
        let after = format!("{long}长");
        for (text, expected) in [
            ("", vec![]),
            ("一句话", vec!["一句话"]),
            ("你好。怎么做蛋糕？！好", vec!["你好。怎么做蛋糕？！", "好"]),
            ("他说：“去吧。”然后走了", vec!["他说：“去吧。”", "然后走了"]),
            ("Pi is 3.14. See example.com! Yes", vec!["Pi is 3.14. See example.com!", " Yes"]),
            ("Nothing to see. Go on; please", vec!["Nothing to see.", " Go on; please"]),
            ("first line here\n\nb", vec!["first line here\n", "\nb"]),
            (&after, vec![&long, "长"]),
            (&escaped, vec![&escaped]),
        ] {
            assert_eq!(sentences(text).collect::<Vec<_>>(), expected);
        }
    }

    proptest! {
        #[test]
        fn sentences_are_the_text_and_a_beginning_has_the_same(text in "([a-z。！？.!?;” \\n%&炸]|&#x5f39;){0,60}", cut in 0..200_usize) {
            prop_assert_eq!(sentences(&text).collect::<String>(), text.as_str());
            let cut = (0..=cut.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap();
            let (all, begun) = (sentence_places(&text, true), sentence_places(&text[..cut], false));
            prop_assert_eq!(&all[..begun.len()], &begun[..]);
        }
    }
}
