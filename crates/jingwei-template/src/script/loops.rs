//! Loops of TorchScript that never end. The language has no `break` once it is saved: what was one stands as a condition
//! that the body assigns.

use std::ops::Range;

use super::{
    constants::{self, Constants, Within},
    tokens::{self, Line, Spanned, Token},
};

/// Turns of a `for` that nobody waits for, its outer loops counted too.
const TURNS: i128 = 1 << 40;
/// Loops that are judged, and lines of their bodies.
const LOOPS: usize = 4096;
const BODY: usize = 4096;
/// Parts of a body that are known never to run.
const DEAD: usize = 32;

/// The first loop whose condition always holds: what it says, and where it stands.
pub(crate) fn endless(text: &str) -> Option<(String, usize)> {
    let (lines, _) = tokens::lines(text);
    let constants = Constants::of(text, &lines);
    let exits: Vec<Exit> = lines.iter().map(exit).collect();
    let mut left_over = constants::ALL;
    // Where each `for` around a line ends, and its turns.
    let mut outer: Vec<(usize, i128)> = Vec::new();
    let loops = lines.iter().enumerate().filter(|(_, line)| is_loop(line)).take(LOOPS);
    for (at, line) in loops {
        let body = body(&lines, at);
        let end = body.end;
        let mut within = constants.within(at, body.clone(), left_over);
        within.dead = dead(&lines, body.clone(), &mut within);
        let left = leaves(&lines, &exits, body, &within.dead);
        let condition = if first(line) == Some(Token::Name("while")) {
            unchanging(text, at, line, &mut within)
        } else {
            outer.retain(|(end, _)| at < *end);
            let turns = if left { 1 } else { turns(at, line, &mut within) };
            outer.push((end, turns));
            let all = outer.iter().fold(1i128, |all, (_, turns)| all.saturating_mul(*turns));
            (all >= TURNS).then(|| all.to_string())
        };
        left_over = left_over.saturating_sub(within.spent);
        if let Some(condition) = condition.filter(|_| !left) {
            return Some((condition, line.tokens.first()?.offset));
        }
    }
    None
}

fn first<'t>(line: &Line<'t>) -> Option<Token<'t>> {
    line.tokens.first().map(|spanned| spanned.token)
}

fn is_loop(line: &Line<'_>) -> bool {
    matches!(first(line), Some(Token::Name("while" | "for")))
}

/// The lines that are indented below one.
fn body(lines: &[Line<'_>], at: usize) -> Range<usize> {
    let indent = lines.get(at).map_or(0, |line| line.indent);
    let start = at + 1;
    let length = lines.iter().skip(start).take(BODY).take_while(|line| line.indent > indent).count();
    start..start + length
}

/// Lines below conditions that never hold.
fn dead(lines: &[Line<'_>], all: Range<usize>, within: &mut Within<'_, '_, '_>) -> Vec<Range<usize>> {
    let mut dead = Vec::new();
    // The indent of a condition that always holds.
    let mut taken: Option<usize> = None;
    for at in all {
        let Some(line) = lines.get(at).filter(|_| dead.len() < DEAD) else { break };
        let first = first(line);
        let is_other = matches!(first, Some(Token::Name("else" | "elif"))) && taken == Some(line.indent);
        if is_other {
            dead.push(body(lines, at));
        } else if taken.is_some_and(|indent| line.indent <= indent) {
            taken = None;
        }
        if first == Some(Token::Name("if"))
            && let Some(value) = within.value(at, condition(&line.tokens))
        {
            if value == 0 {
                dead.push(body(lines, at));
            } else {
                taken = Some(line.indent);
            }
        }
    }
    dead
}

/// Out of what a line leads.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Exit {
    Nothing,
    Loop,
    Function,
}

fn exit(line: &Line<'_>) -> Exit {
    let has = |leaves: fn(&Token<'_>) -> bool| line.tokens.iter().any(|spanned| leaves(&spanned.token));
    if has(|token| matches!(token, Token::Name("return" | "raise"))) {
        Exit::Function
    } else if has(|token| *token == Token::Name("break")) {
        Exit::Loop
    } else {
        Exit::Nothing
    }
}

/// Whether a line that runs leads out of the loop, and not only out of one within it.
fn leaves(lines: &[Line<'_>], exits: &[Exit], body: Range<usize>, dead: &[Range<usize>]) -> bool {
    let mut inner: Option<usize> = None;
    for at in body {
        let Some(line) = lines.get(at) else { break };
        if inner.is_some_and(|indent| line.indent <= indent) {
            inner = None;
        }
        if dead.iter().any(|dead| dead.contains(&at)) {
            continue;
        }
        match exits.get(at) {
            Some(Exit::Function) => return true,
            Some(Exit::Loop) if inner.is_none() => return true,
            _ => {}
        }
        if inner.is_none() && is_loop(line) {
            inner = Some(line.indent);
        }
    }
    false
}

/// The tokens between the first word of a line and its last colon.
fn condition(tokens: &[Spanned<'_>]) -> Range<usize> {
    let end = tokens.iter().rposition(|spanned| spanned.token == Token::Sign(':')).unwrap_or(tokens.len());
    1..end.max(1)
}

/// The condition of a `while`, if it holds at each turn: constants, and names that the body gives no other value.
fn unchanging(text: &str, at: usize, line: &Line<'_>, within: &mut Within<'_, '_, '_>) -> Option<String> {
    let tokens = condition(&line.tokens);
    let (start, end) = (line.tokens.get(tokens.start)?.offset, line.tokens.get(tokens.end)?.offset);
    let holds = within.value(at, tokens).is_some_and(|value| value != 0);
    let shown = text.get(start..end)?.trim().trim_start_matches('(').trim_end_matches(')');
    holds.then(|| shown.chars().take(80).collect())
}

/// How often a `for` turns, as far as numbers say it.
fn turns(at: usize, line: &Line<'_>, within: &mut Within<'_, '_, '_>) -> i128 {
    let tokens = &line.tokens;
    let Some(range) = tokens.iter().position(|spanned| spanned.token == Token::Name("range")) else { return 1 };
    let Some(depth) = tokens.get(range).map(|spanned| spanned.depth) else { return 1 };
    let mut most = 1;
    let first = range + 2;
    let mut start = first;
    for end in first..tokens.len() {
        let ends = tokens.get(end).is_some_and(|spanned| match spanned.token {
            Token::Sign(',') => spanned.depth == depth + 1,
            Token::Sign(')') => spanned.depth == depth,
            _ => false,
        });
        if ends {
            most = within.value(at, start..end).unwrap_or(1).max(most);
            start = end + 1;
        }
    }
    most
}
