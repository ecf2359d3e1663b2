/// A whole number of any length, as versions have them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Number {
    Small(u64),
    /// More than a `u64` holds: length first, then digits, so that the derived order is that of the numbers.
    Large(usize, String),
}

impl Number {
    pub(crate) const ZERO: Number = Number::Small(0);

    /// One or more ASCII digits and nothing else.
    pub(crate) fn parse(digits: &str) -> Option<Self> {
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let short = digits.trim_start_matches('0');
        if short.is_empty() {
            return Some(Self::ZERO);
        }
        Some(short.parse().map_or_else(|_| Number::Large(short.len(), short.to_owned()), Number::Small))
    }

    pub(crate) fn is_zero(&self) -> bool {
        *self == Self::ZERO
    }

    pub(crate) fn next(&self) -> Option<Self> {
        match self {
            Number::Small(value) => value.checked_add(1).map(Number::Small),
            Number::Large(..) => None,
        }
    }
}

/// Takes the digits at the start of a text.
pub(super) fn split_digits(text: &str) -> (&str, &str) {
    text.split_at(text.bytes().take_while(u8::is_ascii_digit).count())
}

/// Drops the zeros at the end.
pub(super) fn trim_zeros(numbers: &mut Vec<Number>) {
    while numbers.last().is_some_and(Number::is_zero) {
        numbers.pop();
    }
}

impl std::fmt::Display for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Number::Small(value) => write!(f, "{value}"),
            Number::Large(_, digits) => f.write_str(digits),
        }
    }
}
