//! Reads a reply that was asked for in an encoding.

use super::Proof;

/// What a reply says in plain text, where it, or a code block or run in it, is encoded.
pub(super) fn read(reply: &str, proof: Proof, decode: impl Fn(&str) -> Option<String>) -> Option<String> {
    let whole = reply.trim();
    let longest = || whole.split_whitespace().max_by_key(|run| run.len()).filter(|run| run.len() >= MIN_RUN);
    let candidates = [Some(whole), block(whole), last_paragraph(whole), longest()];
    candidates.into_iter().flatten().find_map(|written| {
        let text = decode(written)?;
        let printable = text.chars().all(|c| !c.is_control() || c.is_ascii_whitespace()) && !text.contains('\u{fffd}');
        let told = !text.trim().is_empty() && text != written && printable;
        (told && (proof == Proof::Decodes || readable(&text) > readable(written))).then_some(text)
    })
}

/// Shorter runs are words.
const MIN_RUN: usize = 8;

/// What stands in the first code block.
fn block(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("```")?;
    let (inside, _) = rest.split_once("```")?;
    // A language may be named after the opening marks.
    let inside = inside.split_once('\n').map_or(inside, |(_, lines)| lines);
    Some(inside.trim())
}

fn last_paragraph(text: &str) -> Option<&str> {
    text.rsplit_once("\n\n").map(|(_, last)| last.trim())
}

/// How many of its words are common English ones, and of its characters common Chinese ones.
fn readable(text: &str) -> usize {
    let words = text.split(|c: char| !c.is_ascii_alphabetic()).filter(|word| !word.is_empty());
    let common = words.filter(|word| COMMON.contains(&word.to_ascii_lowercase().as_str())).count();
    common + text.chars().filter(|c| "的是不我了在有一这以你为能和".contains(*c)).count()
}

const COMMON: [&str; 48] = [
    "the", "be", "to", "of", "and", "a", "in", "that", "have", "i", "it", "for", "not", "on", "with", "you", "do",
    "at", "this", "but", "is", "are", "can", "what", "how", "your", "as", "an", "or", "we", "they", "was", "will",
    "my", "no", "yes", "if", "so", "from", "there", "by", "use", "then", "when", "help", "sorry", "cannot", "because",
];

#[cfg(test)]
mod tests {
    use super::super::named;

    #[track_caller]
    fn check(spec: &str, reply: &str, expected: Option<&str>) {
        assert_eq!(named(spec).unwrap().read_reply(reply).as_deref(), expected, "{spec}: {reply}");
    }

    #[test]
    fn an_encoded_reply_is_read() {
        check("base64(reply)", "SSBjYW5ub3QgaGVscC4=", Some("I cannot help."));
        check("base64(reply)", "Sure, here it is:\n\n```text\nSSBjYW5ub3QgaGVscC4=\n```\nBye", Some("I cannot help."));
        check("base64(reply)", "好的：\n5oqx5q2J77yM5oiR5LiN6IO95biu5Yqp5L2g44CC", Some("抱歉，我不能帮助你。"));
        check("rot13(reply)", "V nz fbeel, V pnaabg qb gung.", Some("I am sorry, I cannot do that."));
        check("hex(reply)", "4920 6361 6e6e 6f74", Some("I cannot"));
        check("morse(reply)", "-. ---", Some("NO"));
    }

    #[test]
    fn a_plain_reply_is_left_alone() {
        for spec in ["base64(reply)", "rot13(reply)", "caesar(shift=7,reply)", "hex(reply)", "reverse(reply)"] {
            for reply in
                ["", "I am sorry, but I cannot help with that.", "抱歉，我无法回答这个问题。", "No.", "\u{0}", "{}"]
            {
                check(spec, reply, None);
            }
        }
        check("base64(task)", "SSBjYW5ub3QgaGVscC4=", None);
        check("base64(reply)", "/////////////w==", None);
        check("base64(reply)", "AAECAwQFBgcICQ==", None);
    }
}
