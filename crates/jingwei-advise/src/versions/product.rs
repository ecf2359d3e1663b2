//! Schemes of products that no registry numbers.

use super::{
    Number,
    number::{split_digits, trim_zeros},
};

/// `4.14.9.5`; `1.0` and `1.0.0` are the same.
pub(super) fn dotted(text: &str) -> Option<Vec<Number>> {
    let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
    let mut numbers: Vec<Number> = text.split('.').map(Number::parse).collect::<Option<_>>()?;
    trim_zeros(&mut numbers);
    Some(numbers)
}

/// `b8492`.
pub(super) fn build(text: &str) -> Option<Number> {
    Number::parse(text.strip_prefix('b')?)
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Day {
    year: u32,
    month: u32,
    day: u32,
    /// What tells releases of one day apart; none comes first.
    more: Number,
}

/// `2026.4.10`, `2026-04-10`, `20240410`, and each of them with `.N` or `-N` behind.
pub(super) fn day(text: &str) -> Option<Day> {
    let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
    let (lead, _) = split_digits(text);
    let (year, month, day, more) = if lead.len() == 8 {
        (&lead[..4], &lead[4..6], &lead[6..], &text[8..])
    } else {
        let separator = text.as_bytes().get(4).copied().map(char::from).filter(|c| matches!(c, '.' | '-'))?;
        let mut parts = text.splitn(3, separator);
        let (year, month) = (parts.next()?, parts.next()?);
        let (day, more) = split_digits(parts.next()?);
        (year, month, day, more)
    };
    let more = match more.strip_prefix(['.', '-']) {
        Some(number) => Number::parse(number)?,
        None if more.is_empty() => Number::ZERO,
        None => return None,
    };
    let day = Day { year: small(year, 4)?, month: small(month, 2)?, day: small(day, 2)?, more };
    let real = (1990..2200).contains(&day.year) && (1..=12).contains(&day.month) && (1..=31).contains(&day.day);
    real.then_some(day)
}

fn small(digits: &str, longest: usize) -> Option<u32> {
    if digits.len() > longest || !digits.bytes().all(|b| b.is_ascii_digit()) { None } else { digits.parse().ok() }
}

/// `25.07`, `25.07.1`. A server's own `2.59.0` is none: its month would be 59.
pub(super) fn year_month(text: &str) -> Option<Vec<Number>> {
    let mut parts = text.splitn(3, '.');
    let (year, month) = (parts.next()?, parts.next()?);
    if year.len() != 2 || month.len() != 2 || !(1..=12).contains(&small(month, 2)?) {
        return None;
    }
    let mut numbers = vec![Number::parse(year)?, Number::parse(month)?];
    if let Some(more) = parts.next() {
        numbers.extend(more.split('.').map(Number::parse).collect::<Option<Vec<_>>>()?);
    }
    trim_zeros(&mut numbers);
    Some(numbers)
}
