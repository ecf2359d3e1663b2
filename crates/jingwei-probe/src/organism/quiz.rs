//! Questions whose right answer a scripted model knows: sums of two numbers.

use std::sync::LazyLock;

use regex::Regex;

/// A question with one right answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Quiz {
    pub right: i64,
}

static SUM: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?:^|[^0-9.])([0-9]{1,6})\s*(\+|\*|×| - | − |加|减|乘以?)\s*([0-9]{1,6})(?:$|[^0-9.])").ok()
});
/// Numbers that stand in a story are no sum.
static ASKED: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?i)what is|what's|how much|calculate|compute|=|？|\?|等于|多少|计算").ok());

pub(crate) fn find_quiz(text: &str) -> Option<Quiz> {
    let found = SUM.as_ref()?.captures(text)?;
    if !ASKED.as_ref()?.is_match(text) {
        return None;
    }
    let number = |at: usize| found.get(at)?.as_str().parse::<i64>().ok();
    let (left, right) = (number(1)?, number(3)?);
    let right = match found.get(2)?.as_str() {
        "+" | "加" => left + right,
        " - " | " − " | "减" => left - right,
        _ => left * right,
    };
    Some(Quiz { right })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_solved() {
        for (text, right) in [
            ("What is 17 + 25?", Some(42)),
            ("计算 12 乘以 3", Some(36)),
            ("7减9等于多少？", Some(-2)),
            ("999999*999999=?", Some(999_998_000_001)),
            ("What is 9 - 12?", Some(-3)),
            ("Who ruled from 1949-1976?", None),
            ("pages 3-4", None),
            ("What is 1234567 + 1?", None),
            ("How are you?", None),
        ] {
            assert_eq!(find_quiz(text).map(|quiz| quiz.right), right, "{text}");
        }
    }
}
