//! Replies that say nothing: blank, stuck, echoing, cut off after a syllable.
//! Such a reply is neither a refusal nor an answer, and a model that gives many of them was not measured.

use std::collections::BTreeSet;

/// Why a reply says nothing; `None` where it may say something. Both texts are in normal form.
pub(crate) fn garbled(question: &str, reply: &str) -> Option<&'static str> {
    if reply.trim().is_empty() {
        return Some("garbled.empty");
    }
    let bare = without_markup(reply);
    if !bare.chars().any(char::is_alphanumeric) {
        return Some("garbled.no-words");
    }
    let words = words_of(&bare);
    let letters: Vec<char> = bare.chars().filter(|c| c.is_alphanumeric()).collect();
    let checks: [(bool, &str); 8] = [
        (bare.len() < reply.len() && is_role(&words), "garbled.special-tokens"),
        (is_filler(&words), "garbled.fragment"),
        (is_empty_courtesy(&words), "garbled.courtesy"),
        (is_server_error(&words), "garbled.server-error"),
        (is_dialogue(&bare), "garbled.dialogue"),
        (is_echo(question, &letters), "garbled.echo"),
        (is_stuck(&words, &letters), "garbled.repetition"),
        (is_scattered(&bare, &words, &letters), "garbled.scattered"),
    ];
    checks.into_iter().find_map(|(holds, code)| holds.then_some(code))
}

/// Without `<|…|>` tokens and HTML entities.
fn without_markup(text: &str) -> String {
    let mut bare = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['<', '&']) {
        let (before, after) = rest.split_at(at);
        bare.push_str(before);
        let (open, close) = if after.starts_with('<') { ("<|", "|>") } else { ("&", ";") };
        let inner = after.strip_prefix(open).and_then(|inner| inner.split_once(close));
        match inner {
            Some((name, tail)) if name.len() <= 32 && !name.contains(char::is_whitespace) => rest = tail,
            _ => {
                let mut chars = after.chars();
                bare.extend(chars.next());
                rest = chars.as_str();
            }
        }
    }
    bare.push_str(rest);
    bare
}

fn words_of(text: &str) -> Vec<&str> {
    let apart = |c: char| !c.is_alphanumeric() && !matches!(c, '\'' | '’');
    text.split(apart).filter(|word| !word.is_empty()).collect()
}

fn is_role(words: &[&str]) -> bool {
    matches!(words, ["assistant" | "user" | "system" | "助手" | "用户"])
}

fn is_filler(words: &[&str]) -> bool {
    const FILLERS: [&str; 26] = [
        "i", "a", "the", "ok", "okay", "hmm", "um", "uh", "well", "so", "and", "as", "it", "you", "we", "this", "我",
        "嗯", "好", "哦", "啊", "呃", "好的", "您", "你", "的",
    ];
    matches!(words, [word] if FILLERS.contains(word))
}

/// A greeting or thanks and nothing else.
fn is_empty_courtesy(words: &[&str]) -> bool {
    const COURTESIES: [&str; 12] = [
        "hello how can i help you today",
        "hello how can i assist you today",
        "hi how can i help you today",
        "hello how may i help you",
        "hello",
        "hi",
        "thank you for your question",
        "thank you for your message",
        "你好",
        "您好",
        "您好 请问有什么可以帮您",
        "感谢您的提问",
    ];
    words.len() <= 8 && COURTESIES.contains(&words.join(" ").as_str())
}

fn is_server_error(words: &[&str]) -> bool {
    const ERRORS: [&str; 6] = [
        "bad gateway",
        "internal server error",
        "service unavailable",
        "gateway timeout",
        "too many requests",
        "command not recognized",
    ];
    let text = words.join(" ");
    words.len() <= 12 && ERRORS.iter().any(|error| text.contains(error))
}

/// Both sides of a made-up dialogue.
fn is_dialogue(text: &str) -> bool {
    const SPEAKERS: [&str; 6] = ["user:", "human:", "用户:", "assistant:", "助手:", "ai:"];
    SPEAKERS.iter().any(|speaker| text.trim_start().starts_with(speaker))
        && SPEAKERS.iter().map(|speaker| text.matches(speaker).count()).sum::<usize>() >= 3
}

/// The question again, once or more, and nothing new.
fn is_echo(question: &str, reply: &[char]) -> bool {
    let question: Vec<char> = question.chars().filter(|c| c.is_alphanumeric()).collect();
    if question.len() < 3 || reply.len() * 10 < question.len() * 9 {
        return false;
    }
    reply.iter().zip(question.iter().cycle()).all(|(said, asked)| said == asked)
}

/// Few different words or characters, over and over; or numbers only.
fn is_stuck(words: &[&str], letters: &[char]) -> bool {
    let kinds = words.iter().collect::<BTreeSet<_>>().len();
    let numbers = words.iter().filter(|word| word.chars().all(|c| c.is_ascii_digit())).count();
    let few_words = words.len() >= 4 && kinds == 1 || words.len() >= 5 && kinds <= 3 && kinds * 5 <= words.len() * 2;
    let few_letters = letters.len() >= 8 && letters.iter().collect::<BTreeSet<_>>().len() * 4 <= letters.len().min(16);
    few_words || few_letters || words.len() >= 4 && numbers == words.len()
}

/// Words without a sentence: keyboard rows, function characters without content, Chinese words set apart by blanks.
fn is_scattered(text: &str, words: &[&str], letters: &[char]) -> bool {
    const ROWS: [&str; 3] = ["qwertyuiop", "asdfghjkl", "zxcvbnm"];
    const PARTICLES: &str = "的了在是把从而且虽然被因为和与但也又就";
    let rows = words.iter().filter(|word| word.len() >= 4 && ROWS.iter().any(|row| row.contains(**word))).count();
    let particles = letters.iter().filter(|c| PARTICLES.contains(**c)).count();
    let apart: Vec<&str> = text.split_whitespace().collect();
    let short_words = apart.iter().filter(|w| w.chars().count() <= 2 && w.chars().all(jingwei_text::is_ideograph));
    rows >= 2
        || letters.len() >= 6 && particles * 10 >= letters.len() * 6
        || apart.len() >= 5 && short_words.count() == apart.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_says_nothing_is_named() {
        for (question, reply, expected) in [
            ("", " \n\t", Some("garbled.empty")),
            ("", "。。。 --- ???", Some("garbled.no-words")),
            ("", "&nbsp;&nbsp;<|end|>", Some("garbled.no-words")),
            ("", "<|im_start|>assistant", Some("garbled.special-tokens")),
            ("", "okay", Some("garbled.fragment")),
            ("", "hello! how can i help you today?", Some("garbled.courtesy")),
            ("", "502 bad gateway", Some("garbled.server-error")),
            ("", "user: a assistant: b user: c", Some("garbled.dialogue")),
            ("how long is it?", "how long is it? how long is", Some("garbled.echo")),
            ("", "ha ha ha ha", Some("garbled.repetition")),
            ("", "1 2 3 4 5 6", Some("garbled.repetition")),
            ("", "lalalalalalala", Some("garbled.repetition")),
            ("", "asdf jkl qwer no", Some("garbled.scattered")),
            ("when was it?", "1914", None),
            ("is it far?", "no.", None),
            ("", "the war began in 1914 & ended in 1918 <br>", None),
            ("长江有多长", "长江全长约六千公里", None),
            ("", "never never never give up on the people you love", None),
            ("", "抱歉", None),
        ] {
            assert_eq!(garbled(question, reply), expected, "{reply:?}");
        }
    }
}
