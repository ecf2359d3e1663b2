//! Where sentences end.

/// The sentences of a text, with their end marks; together they are the text.
///
/// A full stop ends a sentence only before white space: `3.5`, `example.com` stay whole.
pub fn sentences(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (sentence, after) = rest.split_at(end_of_sentence(rest));
        rest = after;
        Some(sentence)
    })
}

/// Marks and quotes that may follow the end of a sentence and belong to it: `?!`, `。”`.
const CLOSING: &str = "。！？!?；…\n.”’\"')）」』";

fn end_of_sentence(text: &str) -> usize {
    let mut characters = text.char_indices().peekable();
    while let Some((_, c)) = characters.next() {
        let ends = match c {
            '。' | '！' | '？' | '!' | '?' | '；' | '…' | '\n' => true,
            '.' | ';' => characters.peek().is_none_or(|(_, next)| next.is_whitespace() || CLOSING.contains(*next)),
            _ => false,
        };
        if ends {
            while characters.next_if(|(_, next)| CLOSING.contains(*next)).is_some() {}
            return characters.peek().map_or(text.len(), |(at, _)| *at);
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_after_sentences() {
        for (text, expected) in [
            ("", vec![]),
            ("一句话", vec!["一句话"]),
            ("你好。怎么做？！好", vec!["你好。", "怎么做？！", "好"]),
            ("他说：“去吧。”然后走了", vec!["他说：“去吧。”", "然后走了"]),
            ("Pi is 3.14. See example.com! Yes", vec!["Pi is 3.14.", " See example.com!", " Yes"]),
            ("a\n\nb", vec!["a\n\n", "b"]),
        ] {
            assert_eq!(sentences(text).collect::<Vec<_>>(), expected);
        }
    }
}
