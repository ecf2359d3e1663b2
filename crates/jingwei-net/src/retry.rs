use std::time::Duration;

use jiff::{Timestamp, fmt::rfc2822};
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};

/// When a request is sent again: after 429, 408, 5xx and after connections that could not be made.
/// A request that reached the server and got no whole answer is not repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetrySettings {
    /// Most times that one request is sent.
    pub tries: u32,
    /// Pause after the first try; it doubles after each further one.
    pub first_pause_ms: u64,
    /// Longest pause, also where the server asks for a longer one.
    pub longest_pause_ms: u64,
}

impl Default for RetrySettings {
    fn default() -> Self {
        Self { tries: 4, first_pause_ms: 250, longest_pause_ms: 20_000 }
    }
}

impl RetrySettings {
    /// One try.
    pub(crate) const NEVER: Self = Self { tries: 1, first_pause_ms: 0, longest_pause_ms: 0 };

    /// How long to wait after try number `tries`, or `None` when it was the last one.
    pub(crate) fn pause(&self, tries: u32, asked: Option<Duration>) -> Option<Duration> {
        if tries >= self.tries {
            return None;
        }
        let doubled =
            self.first_pause_ms.saturating_mul(1_u64.checked_shl(tries.saturating_sub(1)).unwrap_or(u64::MAX));
        let pause = asked.unwrap_or(Duration::from_millis(doubled));
        Some(pause.min(Duration::from_millis(self.longest_pause_ms)))
    }
}

/// Whether the same request may succeed later (RFC 9110 §15).
pub(crate) fn is_passing(status: u16) -> bool {
    matches!(status, 408 | 425 | 429 | 500..=599) && !matches!(status, 501 | 505)
}

/// How long the server asks to be left alone: `Retry-After-Ms` (OpenAI, Azure), `Retry-After`, or the time until a
/// limit that is used up is given anew (`x-ratelimit-…`, OpenAI and its likes).
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let milliseconds = text("retry-after-ms").and_then(whole_number).map(Duration::from_millis);
    milliseconds.or_else(|| standard_retry_after(headers)).or_else(|| {
        let used_up = |kind: &&str| text(&format!("x-ratelimit-remaining-{kind}")) == Some("0");
        let reset = |kind: &str| text(&format!("x-ratelimit-reset-{kind}")).and_then(short_duration);
        ["requests", "tokens"].into_iter().filter(used_up).filter_map(reset).max()
    })
}

fn whole_number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

/// In seconds or as a date (RFC 9110 §10.2.3). A date is compared with the server's own `Date`, so this machine's
/// clock does not matter; without one it is ignored.
fn standard_retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Some(seconds) = whole_number(value) {
        return Some(Duration::from_secs(seconds));
    }
    let wait = http_date(value)?.as_second().saturating_sub(http_date(headers.get(DATE)?.to_str().ok()?)?.as_second());
    Some(Duration::from_secs(u64::try_from(wait).unwrap_or(0)))
}

/// `6m0s`, `1.5s`, `20ms`; a bare number is seconds.
fn short_duration(text: &str) -> Option<Duration> {
    let mut total = Duration::ZERO;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, tail) = rest.split_at(digits);
        let letters = tail.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(tail.len());
        let (unit, after) = tail.split_at(letters);
        let seconds = match unit {
            "ms" => 0.001,
            "s" | "" => 1.0,
            "m" => 60.0,
            "h" => 3_600.0,
            _ => return None,
        };
        let part = Duration::try_from_secs_f64(number.parse::<f64>().ok()? * seconds).ok()?;
        total = total.checked_add(part)?;
        rest = after;
    }
    (!text.is_empty()).then_some(total)
}

fn http_date(value: &str) -> Option<Timestamp> {
    rfc2822::DateTimeParser::new().parse_timestamp(value.trim()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_may_ask_for_a_pause() {
        let check = |retry_after_value: &str, date: Option<&str>, expected: Option<u64>| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, retry_after_value.parse().unwrap());
            if let Some(date) = date {
                headers.insert(DATE, date.parse().unwrap());
            }
            assert_eq!(retry_after(&headers).map(|d| d.as_secs()), expected, "{retry_after_value} {date:?}");
        };
        check("3", None, Some(3));
        check(" 0 ", None, Some(0));
        check("99999999999999999999999", None, Some(u64::MAX));
        check("-3", None, None);
        check("soon", Some("Sat, 21 Nov 2026 10:00:00 GMT"), None);
        check("Sat, 21 Nov 2026 10:00:05 GMT", Some("Sat, 21 Nov 2026 10:00:00 GMT"), Some(5));
        check("Sat, 21 Nov 2026 09:00:00 GMT", Some("Sat, 21 Nov 2026 10:00:00 GMT"), Some(0));
        check("Sat, 21 Nov 2026 10:00:05 GMT", None, None);
        check("", None, None);
    }

    #[test]
    fn other_headers_ask_for_pauses_too() {
        let check = |given: &[(&'static str, &str)], expected: Option<u64>| {
            let mut headers = HeaderMap::new();
            for (name, value) in given {
                headers.insert(*name, value.parse().unwrap());
            }
            assert_eq!(retry_after(&headers).map(|d| d.as_millis()), expected.map(u128::from), "{given:?}");
        };
        let requests = |left, reset| [("x-ratelimit-remaining-requests", left), ("x-ratelimit-reset-requests", reset)];
        check(&[("retry-after-ms", "250"), ("retry-after", "9")], Some(250));
        check(&[("retry-after-ms", "-1"), ("retry-after", "9")], Some(9_000));
        check(&requests("0", "6m1.5s"), Some(361_500));
        check(&requests("0", "20ms"), Some(20));
        check(&requests("0", "2"), Some(2_000));
        check(&requests("1", "2s"), None);
        for nonsense in ["", "s", "1d", "1.2.3s", "-1s", "9e9s", "99999999999999999999999999h", "１s"] {
            let mut headers = HeaderMap::new();
            headers.insert("x-ratelimit-remaining-tokens", "0".parse().unwrap());
            headers.insert(
                "x-ratelimit-reset-tokens",
                reqwest::header::HeaderValue::from_bytes(nonsense.as_bytes()).unwrap(),
            );
            assert_eq!(retry_after(&headers), None, "{nonsense}");
        }
    }

    #[test]
    fn pauses_double_up_to_a_cap_and_end() {
        let retries = RetrySettings { tries: 4, first_pause_ms: 100, longest_pause_ms: 350 };
        let ms = |tries, asked| retries.pause(tries, asked).map(|d| d.as_millis());
        assert_eq!([ms(1, None), ms(2, None), ms(3, None), ms(4, None)], [Some(100), Some(200), Some(350), None]);
        assert_eq!(ms(1, Some(Duration::from_secs(u64::MAX))), Some(350));
        assert_eq!(ms(1, Some(Duration::ZERO)), Some(0));
        let endless = RetrySettings { tries: u32::MAX, ..retries };
        assert_eq!(endless.pause(4000, None), Some(Duration::from_millis(350)));
    }

    #[test]
    fn only_passing_faults_are_tried_again() {
        let passing: Vec<u16> = (200..600).filter(|s| is_passing(*s)).collect();
        assert!([408, 425, 429, 500, 502, 503, 504, 529].iter().all(|s| passing.contains(s)));
        assert!([200, 301, 400, 401, 404, 501, 505].iter().all(|s| !passing.contains(s)));
    }
}
