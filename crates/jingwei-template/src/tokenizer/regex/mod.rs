//! Whether a pattern takes exponential time in an engine that tries again: judged by its structure, never run.
//!
//! A repetition explodes where one text leads through it on two ways that meet again: each further turn doubles the ways.
//! The body of a repetition becomes an automaton of positions (Glushkov), and pairs of positions are followed that read the
//! same characters, from a position that both share to another such.

mod letters;
mod parser;
mod replace;

use std::collections::HashSet;

use jingwei_core::Text;
use jingwei_read::Sighting;
use letters::{Letters, Set};
use parser::Node;
pub(crate) use replace::Replaced;

/// Longest pattern that is read, in bytes.
const LONGEST: usize = 16 << 10;
/// Positions of one repetition. No honest one comes near.
const POSITIONS: usize = 400;
/// A count from which on a repetition is as good as without bound.
const MANY: u32 = 8;
/// Elements in a row that share their characters, each without bound: the work grows with the text's fourth power.
const UNBOUNDED_RUN: usize = 4;
/// Elements in a row that share their characters, each of which may be left out.
const OPTIONAL_RUN: usize = 12;

/// What may still be spent on the patterns of one file: bytes read and pairs followed.
pub(crate) struct Work(u64);

impl Default for Work {
    fn default() -> Self {
        Self(1 << 19)
    }
}

impl Work {
    fn spend(&mut self, steps: u64) -> bool {
        self.0 = self.0.saturating_sub(steps);
        self.0 > 0
    }
}

/// A pattern that is too long or too deep, or that crosses what may be spent, is taken for a trap.
pub(crate) fn explodes(pattern: &str, work: &mut Work) -> bool {
    if pattern.len() > LONGEST || !work.spend(8 * pattern.len() as u64) {
        return true;
    }
    let letters = Letters::of(pattern);
    parser::parse(pattern, &letters).map_or(true, |node| holds_trap(&node, work))
}

/// A step of a tokenizer whose pattern explodes.
pub(crate) fn exploding(step: &str, pattern: &str) -> Sighting {
    let reason = Text::new(
        "其重复可任意切分，耗时可达指数级",
        "its repetitions can be cut anywhere, which takes exponential time",
    );
    let sighting = Sighting::new("model.tokenizer-regex").key(step).with("step", step).with("pattern", pattern);
    sighting.with_text("reason", reason)
}

/// Looks for repetitions from the outside to the inside. The automaton of one holds those within it.
fn holds_trap(node: &Node, work: &mut Work) -> bool {
    match node {
        Node::Empty | Node::Set(_) => false,
        Node::Sequence(parts) => long_run(parts) || parts.iter().any(|part| holds_trap(part, work)),
        Node::Alternatives(parts) => parts.iter().any(|part| holds_trap(part, work)),
        Node::Kept(inner) | Node::Looked(inner) => holds_trap(inner, work),
        Node::Repeat { of, most, .. } if most.is_none_or(|most| most >= MANY) => {
            // As many turns as are wanted may match nothing, and which of them do is free.
            let at_will = most.is_some() && !matches!(**of, Node::Kept(_) | Node::Looked(_)) && skips(of);
            at_will || is_ambiguous(of, work) || apart(of, work)
        }
        Node::Repeat { of, .. } => holds_trap(of, work),
    }
}

/// Parts of a repetition that its automaton leaves out.
fn apart(node: &Node, work: &mut Work) -> bool {
    match node {
        Node::Empty | Node::Set(_) => false,
        Node::Sequence(parts) | Node::Alternatives(parts) => parts.iter().any(|part| apart(part, work)),
        Node::Repeat { of, .. } => apart(of, work),
        Node::Kept(inner) | Node::Looked(inner) => holds_trap(inner, work),
    }
}

/// Whether it may match nothing, and may match something too.
fn skips(node: &Node) -> bool {
    may_be_empty(node) && reach(node) != Set::default()
}

fn may_be_empty(node: &Node) -> bool {
    match node {
        Node::Empty | Node::Looked(_) => true,
        Node::Set(_) => false,
        Node::Sequence(parts) => parts.iter().all(may_be_empty),
        Node::Alternatives(parts) => parts.iter().any(may_be_empty),
        Node::Repeat { of, least, .. } => *least == 0 || may_be_empty(of),
        Node::Kept(inner) => may_be_empty(inner),
    }
}

/// All characters that may stand in what it matches.
fn reach(node: &Node) -> Set {
    match node {
        Node::Empty | Node::Looked(_) => Set::default(),
        Node::Set(set) => *set,
        Node::Sequence(parts) | Node::Alternatives(parts) => {
            parts.iter().fold(Set::default(), |all, part| all.or(reach(part)))
        }
        Node::Repeat { of, .. } | Node::Kept(of) => reach(of),
    }
}

/// Elements side by side between which a text can be cut anywhere.
fn long_run(parts: &[Node]) -> bool {
    let mut shared: Option<Set> = None;
    let (mut unbounded, mut optional) = (0, 0);
    for part in parts {
        let (set, is_free) = match part {
            Node::Empty | Node::Looked(_) => continue,
            Node::Repeat { of, most, .. } => (reach(of), most.is_none_or(|most| most >= MANY)),
            part => (reach(part), false),
        };
        let both = shared.map_or(set, |before| before.and(set));
        let goes_on = both != Set::default() && !matches!(part, Node::Kept(_));
        if goes_on {
            shared = Some(both);
        } else if !may_be_empty(part) {
            shared = None;
            (unbounded, optional) = (0, 0);
        }
        if is_free || may_be_empty(part) {
            shared = shared.or(Some(set).filter(|_| !matches!(part, Node::Kept(_))));
            unbounded += usize::from(is_free && goes_on);
            optional += usize::from(goes_on);
        }
        if unbounded >= UNBOUNDED_RUN || optional >= OPTIONAL_RUN {
            return true;
        }
    }
    false
}

/// The automaton of a repeated part.
#[derive(Default)]
struct Automaton {
    reads: Vec<Set>,
    follows: Vec<Vec<usize>>,
    edges: HashSet<(usize, usize)>,
    /// A step can be taken on two ways, or there are too many positions.
    is_trap: bool,
}

struct Ends {
    first: Vec<usize>,
    last: Vec<usize>,
    may_be_empty: bool,
}

impl Ends {
    fn nothing() -> Self {
        Self { first: Vec::new(), last: Vec::new(), may_be_empty: true }
    }

    fn or(mut self, other: Self) -> Self {
        self.first.extend(other.first);
        self.last.extend(other.last);
        self.may_be_empty |= other.may_be_empty;
        self
    }
}

impl Automaton {
    fn join(&mut self, last: &[usize], first: &[usize], work: &mut Work) {
        for (from, to) in last.iter().flat_map(|from| first.iter().map(move |to| (*from, *to))) {
            if self.is_trap || !work.spend(1) || !self.edges.insert((from, to)) {
                self.is_trap = true;
                return;
            }
            self.follows[from].push(to);
        }
    }

    fn position(&mut self, set: Set) -> Ends {
        self.is_trap |= self.reads.len() >= POSITIONS;
        if self.is_trap || set == Set::default() {
            return Ends { may_be_empty: false, ..Ends::nothing() };
        }
        self.reads.push(set);
        self.follows.push(Vec::new());
        let at = self.reads.len() - 1;
        Ends { first: vec![at], last: vec![at], may_be_empty: false }
    }

    fn add(&mut self, node: &Node, work: &mut Work) -> Ends {
        if self.is_trap {
            return Ends::nothing();
        }
        match node {
            Node::Empty | Node::Looked(_) => Ends::nothing(),
            Node::Set(set) => self.position(*set),
            Node::Sequence(parts) => parts.iter().fold(Ends::nothing(), |before, part| {
                let next = self.add(part, work);
                self.then(before, next, work)
            }),
            Node::Alternatives(parts) => {
                let none = Ends { may_be_empty: false, ..Ends::nothing() };
                parts.iter().fold(none, |all, part| all.or(self.add(part, work)))
            }
            // It is one piece that is not tried again.
            Node::Kept(inner) => {
                let ends = self.position(reach(inner));
                Ends { may_be_empty: may_be_empty(inner), ..ends }
            }
            Node::Repeat { of, least, most } => self.repeat(of, *least, *most, work),
        }
    }

    fn then(&mut self, before: Ends, next: Ends, work: &mut Work) -> Ends {
        self.join(&before.last, &next.first, work);
        let mut first = before.first;
        if before.may_be_empty {
            first.extend(&next.first);
        }
        let mut last = next.last;
        if next.may_be_empty {
            last.extend(&before.last);
        }
        Ends { first, last, may_be_empty: before.may_be_empty && next.may_be_empty }
    }

    /// Counts are written out: `x{2,}` is `xx+`, `x{1,3}` is `x(x(x)?)?`.
    fn repeat(&mut self, of: &Node, least: u32, most: Option<u32>, work: &mut Work) -> Ends {
        let copies = least.min(MANY);
        let more = most.map(|most| most.saturating_sub(least)).filter(|more| *more < MANY);
        let mut ends = Ends::nothing();
        for turn in 0..copies {
            let mut part = self.add(of, work);
            if more.is_none() && turn + 1 == copies {
                self.join(&part.last.clone(), &part.first.clone(), work);
            }
            part.may_be_empty |= least == 0;
            ends = self.then(ends, part, work);
        }
        match more {
            Some(more) => {
                let rest = self.optional(of, more, work);
                self.then(ends, rest, work)
            }
            None if copies == 0 => {
                let part = self.add(of, work);
                self.join(&part.last.clone(), &part.first.clone(), work);
                Ends { may_be_empty: true, ..part }
            }
            None => ends,
        }
    }

    /// Up to so many turns: each stands within the one before it, so that no text has two ways.
    fn optional(&mut self, of: &Node, turns: u32, work: &mut Work) -> Ends {
        if turns == 0 || self.is_trap {
            return Ends::nothing();
        }
        let part = self.add(of, work);
        let rest = self.optional(of, turns - 1, work);
        Ends { may_be_empty: true, ..self.then(part, rest, work) }
    }

    /// Positions that both can be reached by one character from these.
    fn next(&self, (one, other): (usize, usize)) -> impl Iterator<Item = (usize, usize)> {
        let others = &self.follows[other];
        let pairs = self.follows[one].iter().flat_map(move |one| others.iter().map(move |other| (*one, *other)));
        pairs.filter(|(one, other)| self.reads[*one].overlaps(self.reads[*other]))
    }
}

/// Whether one text can lead from a position back to it on two ways. In a repeated part every position leads to every other.
fn is_ambiguous(of: &Node, work: &mut Work) -> bool {
    let mut automaton = Automaton::default();
    let ends = automaton.add(of, work);
    automaton.join(&ends.last, &ends.first, work);
    if automaton.is_trap {
        return true;
    }
    let mut known: HashSet<(usize, usize)> = HashSet::new();
    let mut open: Vec<(usize, usize)> = (0..automaton.reads.len()).map(|at| (at, at)).collect();
    while let Some(pair) = open.pop() {
        for (one, other) in automaton.next(pair) {
            if !work.spend(1) || pair.0 != pair.1 && one == other {
                return true;
            }
            if one < other && known.insert((one, other)) {
                open.push((one, other));
            }
        }
        let steps = automaton.follows[pair.0].len() * automaton.follows[pair.1].len();
        if !work.spend(steps as u64) {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(rows: &[(&str, bool)]) {
        for (pattern, expected) in rows {
            assert_eq!(explodes(pattern, &mut Work::default()), *expected, "{pattern}");
        }
    }

    #[test]
    fn patterns_of_published_tokenizers_are_sound() {
        check(&[
            ("", false),
            (r"\s+", false),
            (
                r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
                false,
            ),
            (
                r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t)?|\s*[\r\n/]*|\s+$",
                false,
            ),
            (r" ?[^(\s|[.,!?…。，、।۔،])]+", false),
            (r"\p{N}{1,3}(?=(?:\p{N}{3})*(?:\P{N}|$))", false),
            (r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+", false),
            (
                r"[!\x22#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*",
                false,
            ),
            (r"[\p{Han}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}&&[^\p{Han}]]*[\p{Ll}&&[^\p{Han}]]+", false),
            (r"[一-龥぀-ゟ゠-ヿ]+", false),
            (r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+", false),
            (r"(?<=[\p{L}])(?=[\p{N}])|\b", false),
            (r"(?x) a+ # words\n | b+", false),
        ]);
    }

    #[test]
    fn repetitions_with_one_way_are_sound() {
        check(&[
            (r"(?:\s+\w+)+", false),
            (r"(\w+\s)*", false),
            (r"(ab|cd)+", false),
            (r"(?:ab|ac)+d", false),
            (r"(?>a+)+", false),
            (r"(a++)+", false),
            (r"(a{2})+", false),
            (r"(a+)?", false),
            (r"(?:\d{1,3},)+", false),
            (r"(?:(?!STOP).)*STOP", false),
            (r"\d{1,3}(?:[.,]\d{3}){0,10}", false),
            ("(?i)(", false),
            ("[", false),
            ("a)b", false),
        ]);
    }

    #[test]
    fn repetitions_with_two_ways_explode() {
        check(&[
            (r"(a+)+$", true),
            (r"(a*)*", true),
            (r"(?:a|a)+b", true),
            (r"(?:a|aa|a?)*$", true),
            (r"(?:\w|\d)+!", true),
            (r"(?:\p{L}|[a-z])+!", true),
            (r"(?i:a|A)+!", true),
            (r"(.*,)*x", true),
            (r"(?:.+=.+;)+x", true),
            (r"(\w+\s?)*$", true),
            (r"([a-z]+)*\d", true),
            (r"((a+))+", true),
            (r"(?<n>x{1,})+", true),
            (r"(?:(?:a|ab?)+c?){2,}", true),
            (r"(?:a{2,})+b", true),
            (r"(?:a{1,3})+b", true),
            (r"(?:ab|a|b)+c", true),
            (r"(?:aba|ab|a)*!", true),
            (r"(?=(\s*\S*)*\x00)x", true),
            (r"(?>(a|a)*b)", true),
            (r"(?:(?=a)[ab]|a)*c", true),
            (r"(a?){30}a{30}", true),
            (r"(?:a{0,30}){0,30}b", true),
            (r"(?:[[:alpha:]]|[a-f&&[^x]])*!", true),
            (r"\s*\s*\s*\s*\s*x", true),
            (r".*.*.*.*=.*", true),
            ("a?a?a?a?a?a?a?a?a?a?a?a?a?a?aaaaaaaaaaaaaa", true),
            (r"(?<p>a|b\g<p>c)", true),
            ("(?:中|[一-龥])+x", true),
        ]);
    }

    #[test]
    fn traps_for_the_reader_cost_little() {
        let many: String = (0..3_000).map(|number| format!("a{number}?")).collect();
        for pattern in [
            "(".repeat(100_000),
            "a".repeat(100_000),
            format!("({many})*"),
            "(a{9,}){9,}".repeat(1_000),
            ")".repeat(100_000),
            format!("a{}", "++".repeat(50_000)),
        ] {
            assert!(explodes(&pattern, &mut Work::default()));
        }
        let mut work = Work::default();
        let patterns = 1 << 20;
        assert!((0..patterns).any(|_| explodes("[a-z]+", &mut work)), "the work of a file is bounded");
    }
}
