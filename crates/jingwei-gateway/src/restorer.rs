use jingwei_guard::Placeholders;

/// Puts values back into a reply that arrives in pieces and is held back in between.
///
/// A placeholder of the request becomes one private-use character before the guard holds the text, and its
/// value after the text is released. So neither a cut inside a placeholder nor the guard's own placeholders
/// for the reply, which may bear the same names, can put a value where it does not belong.
pub(crate) struct Restorer<'p> {
    placeholders: &'p Placeholders,
    /// The beginning of what may become a placeholder.
    tail: String,
    /// Values by character.
    values: Vec<String>,
}

const FIRST: u32 = 0xe000;
const LAST: u32 = 0xf8ff;
/// Longer names are not given.
const LONGEST: usize = 120;

impl<'p> Restorer<'p> {
    pub(crate) fn new(placeholders: &'p Placeholders) -> Self {
        Self { placeholders, tail: String::new(), values: Vec::new() }
    }

    /// The next piece as the guard shall see it.
    pub(crate) fn before(&mut self, piece: &str) -> String {
        if self.placeholders.is_empty() {
            return piece.to_owned();
        }
        self.tail.push_str(piece);
        let text = std::mem::take(&mut self.tail);
        let mut rest = text.as_str();
        let mut out = String::with_capacity(rest.len());
        while let Some(at) = rest.find('[') {
            push_cleaned(&mut out, &rest[..at]);
            rest = &rest[at..];
            match placeholder_at(rest) {
                Shape::Whole(length) => {
                    match self.mark(&rest[..length]) {
                        Some(mark) => out.push(mark),
                        None => out.push_str(&rest[..length]),
                    }
                    rest = &rest[length..];
                }
                Shape::Never => {
                    out.push('[');
                    rest = &rest[1..];
                }
                Shape::NotYet => {
                    self.tail.push_str(rest);
                    return out;
                }
            }
        }
        push_cleaned(&mut out, rest);
        out
    }

    /// What is left when no further piece comes.
    pub(crate) fn rest(&mut self) -> String {
        std::mem::take(&mut self.tail)
    }

    /// The text as the caller shall see it.
    pub(crate) fn after(&self, released: String) -> String {
        if self.values.is_empty() {
            return released;
        }
        let value = |c: char| usize::try_from(u32::from(c).checked_sub(FIRST)?).ok().and_then(|i| self.values.get(i));
        released.chars().fold(String::with_capacity(released.len()), |mut out, c| {
            match value(c) {
                Some(value) => out.push_str(value),
                None => out.push(c),
            }
            out
        })
    }

    fn mark(&mut self, name: &str) -> Option<char> {
        let value = self.placeholders.restore(name);
        if value == name {
            return None;
        }
        let index = self.values.iter().position(|known| *known == value).unwrap_or(self.values.len());
        let mark = u32::try_from(index).ok().and_then(|i| FIRST.checked_add(i)).filter(|c| *c <= LAST)?;
        if index == self.values.len() {
            self.values.push(value);
        }
        char::from_u32(mark)
    }
}

/// The model's own private-use characters would be taken for marks.
fn push_cleaned(out: &mut String, text: &str) {
    out.extend(text.chars().map(|c| if (FIRST..=LAST).contains(&u32::from(c)) { '\u{fffd}' } else { c }));
}

enum Shape {
    Whole(usize),
    NotYet,
    Never,
}

/// Whether a text begins with `[[NAME_1]]`.
fn placeholder_at(text: &str) -> Shape {
    let inner = match text.strip_prefix("[[") {
        Some(inner) => inner,
        None if text == "[" => return Shape::NotYet,
        None => return Shape::Never,
    };
    let name = inner.bytes().take_while(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b'_').count();
    match inner.get(name..) {
        _ if name > LONGEST => Shape::Never,
        Some(end) if end.starts_with("]]") && name > 0 => Shape::Whole(name + 4),
        Some("" | "]") => Shape::NotYet,
        _ => Shape::Never,
    }
}

#[cfg(test)]
mod tests {
    use jingwei_core::{Action, RuleHit, RuleId, Severity, Span};
    use jingwei_guard::apply_redactions;
    use proptest::prelude::*;

    use super::*;

    fn placeholders() -> Placeholders {
        let hit = |start, end| RuleHit {
            rule: "own.rule".parse::<RuleId>().unwrap(),
            action: Action::Redact,
            severity: Severity::High,
            surface: String::new(),
            span: Span { start, end },
        };
        apply_redactions("Ada 李雷", &[hit(0, 3), hit(4, 10)]).placeholders
    }

    fn restored(placeholders: &Placeholders, pieces: &[&str]) -> String {
        let mut restorer = Restorer::new(placeholders);
        let mut out = String::new();
        for piece in pieces {
            let seen = restorer.before(piece);
            out.push_str(&restorer.after(seen));
        }
        let rest = restorer.rest();
        out + &restorer.after(rest)
    }

    #[test]
    fn values_come_back() {
        let placeholders = placeholders();
        for (text, expected) in [
            ("[[OWN_RULE_1]] and [[OWN_RULE_2]][[OWN_RULE_1]]", "Ada and 李雷Ada"),
            ("[[[OWN_RULE_1]]]", "[Ada]"),
            ("[[OWN_RULE_3]] [[x]] [ [[ [[OWN_RULE_1] ]]", "[[OWN_RULE_3]] [[x]] [ [[ [[OWN_RULE_1] ]]"),
            ("\u{e000}\u{e001}", "\u{fffd}\u{fffd}"),
            ("[[OWN_RULE_", "[[OWN_RULE_"),
            ("", ""),
        ] {
            assert_eq!(restored(&placeholders, &[text]), expected);
        }
        assert_eq!(restored(&Placeholders::default(), &["\u{e000}[["]), "\u{e000}[[", "nothing to restore");
        let endless = format!("[[{}", "A".repeat(200));
        let mut restorer = Restorer::new(&placeholders);
        assert_eq!(restorer.before(&endless), endless, "a name without end is not held");
    }

    proptest! {
        #[test]
        fn every_cut_gives_the_same(text in "(\\[|\\[\\[OWN_RULE_|[12]|\\]|a|经|\\[\\[OWN_RULE_1\\]\\]){0,20}", at in 0_usize..60, to in 0_usize..60) {
            let placeholders = placeholders();
            let floor = |i: usize| (0..=i.min(text.len())).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0);
            let (a, b) = (floor(at.min(to)), floor(at.max(to)));
            let cut = restored(&placeholders, &[&text[..a], &text[a..b], &text[b..]]);
            prop_assert_eq!(cut, restored(&placeholders, &[&text]));
        }
    }
}
