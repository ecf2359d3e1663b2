use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// An instant: microseconds since 1970-01-01T00:00:00Z, written in RFC 3339.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Timestamp(i64);

crate::schema::string_schema!(Timestamp, r"^\d{4}-\d{2}-\d{2}T.*$");

const MIN_MICROS: i64 = -62_135_596_800_000_000; // 0001-01-01
const MAX_MICROS: i64 = 253_402_300_799_999_999; // 9999-12-31

impl Timestamp {
    pub const MICROS_PER_DAY: i64 = 86_400_000_000;

    /// Clamped to the years 1 to 9999, so that it can always be written.
    #[must_use]
    pub fn from_micros(micros: i64) -> Self {
        Self(micros.clamp(MIN_MICROS, MAX_MICROS))
    }

    #[must_use]
    pub fn micros(self) -> i64 {
        self.0
    }

    /// Whole days from `earlier` to `self`; negative when `earlier` is later.
    #[must_use]
    pub fn days_since(self, earlier: Timestamp) -> i64 {
        self.0.saturating_sub(earlier.0).div_euclid(Self::MICROS_PER_DAY)
    }

    #[must_use]
    pub fn plus_days(self, days: i64) -> Self {
        Self::from_micros(self.0.saturating_add(days.saturating_mul(Self::MICROS_PER_DAY)))
    }

    #[must_use]
    pub fn date(self) -> Date {
        let stamp = jiff::Timestamp::from_microsecond(self.0).unwrap_or_default();
        Date(jiff::tz::TimeZone::UTC.to_datetime(stamp).date())
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", jiff::Timestamp::from_microsecond(self.0).unwrap_or_default())
    }
}

/// The text is not a time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{value}` is not {expected}")]
pub struct TimeError {
    value: String,
    expected: &'static str,
}

impl FromStr for Timestamp {
    type Err = TimeError;
    fn from_str(value: &str) -> Result<Self, TimeError> {
        let stamp: jiff::Timestamp = value.parse().map_err(|_| TimeError {
            value: value.chars().take(40).collect(),
            expected: "an RFC 3339 time such as 2026-11-21T08:00:00Z",
        })?;
        Ok(Self::from_micros(stamp.as_microsecond()))
    }
}

impl TryFrom<String> for Timestamp {
    type Error = TimeError;
    fn try_from(value: String) -> Result<Self, TimeError> {
        value.parse()
    }
}

impl From<Timestamp> for String {
    fn from(time: Timestamp) -> String {
        time.to_string()
    }
}

/// A calendar day, written `2026-11-21`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Date(jiff::civil::Date);

crate::schema::string_schema!(Date, r"^\d{4}-\d{2}-\d{2}$");

impl Date {
    /// Midnight UTC at the start of the day.
    #[must_use]
    pub fn start(self) -> Timestamp {
        let zoned = self.0.to_zoned(jiff::tz::TimeZone::UTC);
        Timestamp::from_micros(zoned.map_or(0, |z| z.timestamp().as_microsecond()))
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl FromStr for Date {
    type Err = TimeError;
    fn from_str(value: &str) -> Result<Self, TimeError> {
        let bad = || TimeError { value: value.chars().take(40).collect(), expected: "a day such as 2026-11-21" };
        if value.len() != 10 {
            return Err(bad());
        }
        Ok(Self(value.parse().map_err(|_| bad())?))
    }
}

impl TryFrom<String> for Date {
    type Error = TimeError;
    fn try_from(value: String) -> Result<Self, TimeError> {
        value.parse()
    }
}

impl From<Date> for String {
    fn from(date: Date) -> String {
        date.to_string()
    }
}

/// Tells the time. Only the binary owns a real one; engines never see it.
pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_back_as_written() {
        let time: Timestamp = "2026-11-21T08:00:00.25Z".parse().unwrap();
        assert_eq!(time.to_string(), "2026-11-21T08:00:00.25Z");
        assert_eq!(time.to_string().parse::<Timestamp>().unwrap(), time);
        assert_eq!(time.date().to_string(), "2026-11-21");
        assert_eq!(time.plus_days(30).days_since(time), 30);
        assert_eq!(time.date().start().to_string(), "2026-11-21T00:00:00Z");
    }

    #[test]
    fn the_ends_of_time_can_be_written() {
        for micros in [i64::MIN, 0, i64::MAX] {
            assert!(!Timestamp::from_micros(micros).to_string().is_empty());
        }
        assert!("2026-13-01".parse::<Date>().is_err());
        assert!("20261101".parse::<Date>().is_err());
    }
}
