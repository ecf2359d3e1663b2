//! Sets of characters, held against a fixed choice of samples: two sets overlap where they share one.

/// Characters beyond ASCII, of the kinds that properties in patterns tell apart.
const SAMPLES: [char; 36] = [
    'É', 'é', 'ß', 'ǅ', 'ʰ', 'Ω', 'ω', 'Д', 'д', 'א', 'ع', 'ह', 'ก', 'ა', '中', 'あ', 'ア', '한', '\u{301}', '\u{94d}',
    '٣', 'Ⅳ', '½', '。', '，', '“', '—', '€', '¬', '😀', '\u{a0}', '\u{3000}', '\u{2028}', '\u{200b}', '\u{200d}',
    '\u{e000}',
];
const ASCII: usize = 128;
/// Bits of a set: ASCII, the samples, and characters that the pattern itself names.
const BITS: usize = 256;

/// The characters by which one pattern is judged.
pub(super) struct Letters {
    all: Vec<char>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Set([u64; BITS / 64]);

impl Set {
    pub(super) fn overlaps(self, other: Self) -> bool {
        self.and(other) != Self::default()
    }

    pub(super) fn and(self, other: Self) -> Self {
        Self(std::array::from_fn(|at| self.0[at] & other.0[at]))
    }

    pub(super) fn or(self, other: Self) -> Self {
        Self(std::array::from_fn(|at| self.0[at] | other.0[at]))
    }
}

impl Letters {
    pub(super) fn of(pattern: &str) -> Self {
        let mut all: Vec<char> = (0..=127u8).map(char::from).chain(SAMPLES).collect();
        for c in pattern.chars().filter(|c| !c.is_ascii()) {
            if all.len() < BITS && !all[ASCII..].contains(&c) {
                all.push(c);
            }
        }
        Self { all }
    }

    pub(super) fn with(&self, holds: impl Fn(char) -> bool) -> Set {
        let mut set = Set::default();
        for (at, c) in self.all.iter().enumerate() {
            if holds(*c) {
                set.0[at / 64] |= 1 << (at % 64);
            }
        }
        set
    }

    /// Whether a character is in a set. Of those that the pattern does not know nothing is.
    pub(super) fn holds(&self, set: Set, c: char) -> bool {
        let at = if c.is_ascii() { Some(c as usize) } else { self.all.iter().position(|known| *known == c) };
        at.is_some_and(|at| set.has(at))
    }

    pub(super) fn without(&self, set: Set) -> Set {
        let all = self.with(|_| true);
        Set(std::array::from_fn(|at| all.0[at] & !set.0[at]))
    }

    /// The same letters in either case.
    pub(super) fn any_case(set: Set) -> Set {
        let mut both = set;
        // ASCII stands first, in its own order.
        for upper in usize::from(b'A')..=usize::from(b'Z') {
            let pair = [upper, upper + 32];
            if pair.iter().any(|at| set.has(*at)) {
                pair.iter().for_each(|at| both.0[at / 64] |= 1 << (at % 64));
            }
        }
        both
    }

    /// `\p{…}`, and the names of POSIX classes. A property that is not known stands for any letter.
    pub(super) fn property(&self, name: &str) -> Set {
        let (name, negated) = name.strip_prefix('^').map_or((name, false), |name| (name, true));
        let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
        let plain = plain.strip_prefix("script").or(plain.strip_prefix("is")).unwrap_or(&plain);
        let set = self.with(|c| has_property(c, plain));
        if negated { self.without(set) } else { set }
    }
}

impl Set {
    fn has(self, at: usize) -> bool {
        self.0[at / 64] >> (at % 64) & 1 == 1
    }
}

pub(super) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || category(c).starts_with('m')
}

fn has_property(c: char, name: &str) -> bool {
    let between = |from: char, to: char| (from..=to).contains(&c);
    match name {
        "l" | "letter" | "alpha" | "alphabetic" => category(c).starts_with('l'),
        "m" | "mark" => category(c).starts_with('m'),
        "n" | "number" => category(c).starts_with('n'),
        "p" | "punct" | "punctuation" => category(c).starts_with('p'),
        "s" | "symbol" => category(c).starts_with('s'),
        "z" | "separator" => category(c).starts_with('z'),
        "c" | "other" => category(c).starts_with('c'),
        "space" | "whitespace" => c.is_whitespace(),
        "digit" => category(c) == "nd",
        "alnum" => c.is_alphanumeric(),
        "word" => is_word(c),
        "upper" | "uppercase" => c.is_uppercase(),
        "lower" | "lowercase" => c.is_lowercase(),
        "xdigit" => c.is_ascii_hexdigit(),
        "cntrl" => c.is_control(),
        "ascii" => c.is_ascii(),
        "any" | "print" | "graph" => true,
        "han" | "unifiedideograph" => between('\u{3400}', '\u{9fff}'),
        "hiragana" => between('\u{3040}', '\u{309f}'),
        "katakana" => between('\u{30a0}', '\u{30ff}'),
        "hangul" => between('\u{ac00}', '\u{d7a3}'),
        "latin" => c.is_alphabetic() && c < '\u{250}',
        "greek" => between('\u{370}', '\u{3ff}'),
        "cyrillic" => between('\u{400}', '\u{52f}'),
        "hebrew" => between('\u{590}', '\u{5ff}'),
        "arabic" => between('\u{600}', '\u{6ff}'),
        "devanagari" => between('\u{900}', '\u{97f}'),
        "thai" => between('\u{e00}', '\u{e7f}'),
        name if name.len() == 2 => category(c) == name,
        _ => c.is_alphabetic(),
    }
}

/// The general category, near enough to tell the samples apart.
fn category(c: char) -> &'static str {
    match c {
        'ǅ' => "lt",
        'ʰ' => "lm",
        '\u{300}'..='\u{36f}' | '\u{94d}' => "mn",
        '\u{200b}' | '\u{200d}' => "cf",
        '\u{e000}' => "co",
        '\u{2028}' => "zl",
        '½' => "no",
        'Ⅳ' => "nl",
        '$' | '€' => "sc",
        '+' | '<' | '=' | '>' | '|' | '~' | '¬' => "sm",
        '^' | '`' => "sk",
        '(' | '[' | '{' => "ps",
        ')' | ']' | '}' => "pe",
        '-' | '—' => "pd",
        '_' => "pc",
        c if c.is_control() => "cc",
        c if c.is_uppercase() => "lu",
        c if c.is_lowercase() => "ll",
        c if c.is_alphabetic() => "lo",
        c if c.is_numeric() => "nd",
        c if c.is_whitespace() => "zs",
        '\u{2010}'..='\u{2027}' | '\u{3000}'..='\u{303f}' | '\u{ff00}'..='\u{ff65}' => "po",
        c if c.is_ascii() => "po",
        _ => "so",
    }
}
