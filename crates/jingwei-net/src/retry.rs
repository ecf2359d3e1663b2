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

/// `Retry-After` in seconds or as a date (RFC 9110 §10.2.3). A date is compared with the server's own
/// `Date`, so this machine's clock does not matter; without one it is ignored.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) {
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    let wait = http_date(value)?.as_second().saturating_sub(http_date(headers.get(DATE)?.to_str().ok()?)?.as_second());
    Some(Duration::from_secs(u64::try_from(wait).unwrap_or(0)))
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
