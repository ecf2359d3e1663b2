//! Loops of TorchScript that never end. The language has no `break` once it is saved: what was one stands as a condition
//! that the body assigns.

use super::tokens::{self, Line, Token};

/// Turns of a `for` that nobody waits for.
const TURNS: u64 = 1 << 40;
/// Loops that are judged, lines of their bodies, and lines above in which a condition gets its value.
const LOOPS: usize = 4096;
const BODY: usize = 4096;
const ABOVE: usize = 64;

/// The first loop whose condition always holds: what it says, and where it stands.
pub(crate) fn endless(text: &str) -> Option<(String, usize)> {
    let (lines, _) = tokens::lines(text);
    let is_loop =
        |line: &Line<'_>| line.tokens.first().is_some_and(|t| matches!(t.token, Token::Name("while" | "for")));
    let mut loops = lines.iter().enumerate().filter(|(_, line)| is_loop(line)).take(LOOPS);
    loops.find_map(|(at, line)| {
        let first = line.tokens.first()?;
        let condition = match first.token {
            Token::Name("while") => unchanging(text, &lines, at)?,
            Token::Name("for") => too_many(text, line)?,
            _ => return None,
        };
        let leaves = |token: &Token<'_>| matches!(token, Token::Name("break" | "return" | "raise"));
        let left = body(&lines, at).flat_map(|line| &line.tokens).any(|spanned| leaves(&spanned.token));
        (!left).then_some((condition, first.offset))
    })
}

/// The lines that are indented below one.
fn body<'l, 't>(lines: &'l [Line<'t>], at: usize) -> impl Iterator<Item = &'l Line<'t>> {
    let indent = lines.get(at).map_or(0, |line| line.indent);
    lines.iter().skip(at + 1).take_while(move |line| line.indent > indent).take(BODY)
}

/// The condition of a `while`, if it is a constant, or a name that is true and that the body never assigns.
fn unchanging(text: &str, lines: &[Line<'_>], at: usize) -> Option<String> {
    let words: Vec<_> = lines.get(at)?.tokens.iter().map(|spanned| spanned.token).filter(|t| !is_bracket(t)).collect();
    let [_, condition, Token::Sign(':')] = words.as_slice() else { return None };
    match condition {
        Token::Name("True") => Some("True".to_owned()),
        Token::Number => {
            let offset = lines.get(at)?.tokens.iter().find(|spanned| spanned.token == Token::Number)?.offset;
            let number = number(text, offset);
            (!number.trim_matches(['0', '.']).is_empty()).then(|| number.to_owned())
        }
        Token::Name(name) => {
            let before = lines.get(..at)?.iter().rev().take(ABOVE).find(|line| assigns(line, name))?;
            let is_true = before.tokens.last().is_some_and(|last| last.token == Token::Name("True"));
            let changes = body(lines, at).any(|line| assigns(line, name));
            (is_true && before.tokens.len() == 3 && !changes).then(|| (*name).to_owned())
        }
        _ => None,
    }
}

/// Whether a line gives a name a value: alone, in a list of names, or with a type.
fn assigns(line: &Line<'_>, name: &str) -> bool {
    let signs = line.tokens.iter().position(|spanned| spanned.token == Token::Sign('='));
    signs.is_some_and(|end| line.tokens.iter().take(end).any(|spanned| spanned.token == Token::Name(name)))
}

/// The range of a `for` that is a number beyond all use.
fn too_many(text: &str, line: &Line<'_>) -> Option<String> {
    let range = line.tokens.iter().position(|spanned| spanned.token == Token::Name("range"))?;
    let last = line.tokens.iter().skip(range).rfind(|spanned| spanned.token == Token::Number)?;
    let number = number(text, last.offset);
    // A number of too many digits is too many turns.
    let turns = number.parse::<u64>().unwrap_or(u64::MAX);
    (turns >= TURNS && number.bytes().all(|b| b.is_ascii_digit())).then(|| number.to_owned())
}

fn number(text: &str, offset: usize) -> &str {
    let rest = text.get(offset..).unwrap_or_default();
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '.').unwrap_or(rest.len());
    rest.get(..end).unwrap_or_default()
}

fn is_bracket(token: &Token<'_>) -> bool {
    matches!(token, Token::Sign('(' | ')'))
}
