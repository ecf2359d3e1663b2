//! Whether a pattern takes exponential time in an engine that tries again: judged by its structure, never run.

/// Deepest nesting of groups that is followed. Deeper patterns are taken for traps: no honest one comes near.
const DEEPEST: usize = 32;
/// Longest pattern that is read, in bytes.
const LONGEST: usize = 64 << 10;

/// A repetition without an upper bound over a group whose own text can be cut in several ways: `(a+)+`, `(a*b?)*`,
/// `(a|a)+`, `(a|ab?)*`. What stands between two repetitions and has to be there makes the cut certain.
pub(super) fn explodes(pattern: &str) -> bool {
    if pattern.len() > LONGEST {
        return true;
    }
    let mut parser = Parser { rest: pattern, explodes: false };
    parser.alternatives(0);
    parser.explodes
}

/// One element of a sequence.
#[derive(Clone, PartialEq)]
struct Element {
    /// As it is written, without its repetition.
    text: String,
    /// It may match nothing.
    may_be_empty: bool,
    /// It may match its text more often without bound.
    unbounded: bool,
    /// It gives nothing back once it has matched.
    keeps: bool,
    /// Repeated without bound, it can be cut in several ways.
    ambiguous: bool,
}

struct Parser<'p> {
    rest: &'p str,
    explodes: bool,
}

impl Parser<'_> {
    /// Alternatives up to the end of the group. Whether it may match nothing, and whether repeating it is ambiguous.
    fn alternatives(&mut self, depth: usize) -> (bool, bool) {
        let mut all: Vec<Vec<Element>> = vec![Vec::new()];
        while let Some(first) = self.rest.chars().next() {
            match first {
                ')' => break,
                '|' => {
                    self.rest = &self.rest[1..];
                    all.push(Vec::new());
                }
                _ => {
                    let element = self.element(depth);
                    if let Some(last) = all.last_mut() {
                        last.extend(element);
                    }
                }
            }
        }
        let empty = all.iter().any(|sequence| sequence.iter().all(|element| element.may_be_empty));
        let ambiguous = all.iter().any(|sequence| cuts(sequence)) || overlap(&all);
        (empty, ambiguous)
    }

    fn element(&mut self, depth: usize) -> Option<Element> {
        let before = self.rest;
        let (mut may_be_empty, mut ambiguous, mut keeps) = (false, false, false);
        let first = before.chars().next()?;
        match first {
            '(' => {
                let around = before.starts_with("(?=") || before.starts_with("(?!") || before.starts_with("(?<=");
                let around = around || before.starts_with("(?<!");
                keeps = before.starts_with("(?>");
                self.rest = &before[group_head(before)..];
                if depth >= DEEPEST {
                    self.explodes = true;
                    self.rest = "";
                    return None;
                }
                (may_be_empty, ambiguous) = self.alternatives(depth + 1);
                self.rest = self.rest.strip_prefix(')').unwrap_or(self.rest);
                may_be_empty |= around;
            }
            '[' => self.rest = &before[class_end(before)..],
            '\\' => self.rest = &before[escape_end(before)..],
            '^' | '$' => {
                self.rest = &before[1..];
                may_be_empty = true;
            }
            c => self.rest = &before[c.len_utf8()..],
        }
        let text = before[..before.len() - self.rest.len()].to_owned();
        let (least, most, possessive) = self.repetition();
        let unbounded = most.is_none();
        keeps |= possessive;
        if unbounded && ambiguous && !keeps {
            self.explodes = true;
        }
        Some(Element {
            text,
            may_be_empty: may_be_empty || least == 0,
            unbounded,
            keeps,
            ambiguous: ambiguous && !keeps,
        })
    }

    /// Least, most, and whether it gives nothing back.
    fn repetition(&mut self) -> (u32, Option<u32>, bool) {
        let (least, most, used) = match self.rest.as_bytes() {
            [b'*', ..] => (0, None, 1),
            [b'+', ..] => (1, None, 1),
            [b'?', ..] => (0, Some(1), 1),
            [b'{', ..] => match counted(self.rest) {
                Some(counted) => counted,
                None => return (1, Some(1), false),
            },
            _ => return (1, Some(1), false),
        };
        self.rest = &self.rest[used..];
        let possessive = self.rest.starts_with('+');
        if possessive || self.rest.starts_with('?') {
            self.rest = &self.rest[1..];
        }
        (least, most, possessive)
    }
}

/// `{2,}` and its like: least, most, bytes.
fn counted(rest: &str) -> Option<(u32, Option<u32>, usize)> {
    let end = rest.find('}')?;
    let (least, most) = match rest[1..end].split_once(',') {
        Some((least, "")) => (least.parse().unwrap_or(0), None),
        Some((least, most)) => (least.parse().unwrap_or(0), Some(most.parse().ok()?)),
        None => {
            let count = rest[1..end].parse().ok()?;
            (count, Some(count))
        }
    };
    Some((least, most, end + 1))
}

/// A sequence whose repetition can be cut anywhere: one element without bound, and nothing that has to stand beside it.
fn cuts(sequence: &[Element]) -> bool {
    let needed = sequence.iter().filter(|element| !element.may_be_empty).count();
    let at_will = |element: &Element| (element.unbounded || element.ambiguous) && !element.keeps;
    sequence.iter().any(|element| at_will(element) && needed <= usize::from(!element.may_be_empty))
}

/// Two alternatives that begin alike, one of which is the other with something that may be left out.
fn overlap(all: &[Vec<Element>]) -> bool {
    let bare = |sequence: &[Element]| -> Vec<String> {
        sequence.iter().filter(|element| !element.may_be_empty).map(|element| element.text.clone()).collect()
    };
    let mut needed: Vec<Vec<String>> = all.iter().map(|sequence| bare(sequence)).filter(|s| !s.is_empty()).collect();
    let count = needed.len();
    needed.sort_unstable();
    needed.dedup();
    needed.len() < count
}

fn group_head(rest: &str) -> usize {
    let Some(inner) = rest.strip_prefix("(?") else { return 1 };
    let named =
        inner.starts_with("P<") || inner.starts_with('<') && !inner.starts_with("<=") && !inner.starts_with("<!");
    if named {
        return rest.find('>').map_or(rest.len(), |end| end + 1);
    }
    let flags = inner.find(|c: char| !c.is_ascii_alphabetic() && c != '-').unwrap_or(inner.len());
    match inner[flags..].chars().next() {
        Some(':') => 2 + flags + 1,
        Some('=' | '!' | '>') => 3,
        Some('<') => 4,
        _ => 2 + flags,
    }
}

/// Classes may hold classes.
fn class_end(rest: &str) -> usize {
    let mut depth = 0usize;
    let mut escaped = false;
    for (at, c) in rest.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '[' => depth += 1,
            ']' if at > 1 => {
                depth -= 1;
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
    }
    rest.len()
}

fn escape_end(rest: &str) -> usize {
    let Some(kind) = rest[1..].chars().next() else { return rest.len() };
    let end = 1 + kind.len_utf8();
    let braced = matches!(kind, 'p' | 'P' | 'x' | 'u' | 'k' | 'g') && rest[end..].starts_with('{');
    if braced { rest.find('}').map_or(rest.len(), |at| at + 1) } else { end }
}

#[cfg(test)]
mod tests {
    use super::explodes;

    #[test]
    fn only_repetitions_that_can_be_cut_anywhere_explode() {
        for (pattern, expected) in [
            ("", false),
            (r"\s+", false),
            (
                r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
                false,
            ),
            (r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}]*[\p{Ll}\p{Lm}]+(?i:'s|'t)?|\s*[\r\n/]*|\s+$", false),
            (r" ?[^(\s|[.,!?…。，、।۔،])]+", false),
            (r"\p{N}{1,3}(?=(?:\p{N}{3})*(?:\P{N}|$))", false),
            (r"(?:\s+\w+)+", false),
            (r"(\w+\s)*", false),
            (r"(ab|cd)+", false),
            (r"(?>a+)+", false),
            (r"(a++)+", false),
            (r"(a{2})+", false),
            (r"(a+)?", false),
            ("(?i)(", false),
            ("[", false),
            (r"(a+)+$", true),
            (r"(a*)*", true),
            (r"(?:a|a)+b", true),
            (r"(\w+\s?)*$", true),
            (r"([a-z]+)*\d", true),
            (r"((a+))+", true),
            (r"(?<n>x{1,})+", true),
            (r"(?:(?:a|ab?)+c?){2,}", true),
        ] {
            assert_eq!(explodes(pattern), expected, "{pattern}");
        }
        assert!(explodes(&"(".repeat(100_000)));
        assert!(explodes(&"a".repeat(100_000)));
    }
}
