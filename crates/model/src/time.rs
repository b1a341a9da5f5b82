//! Time as the log keeps it: microseconds since 1970-01-01 UTC, without a zone.

use jiff::{Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};

/// Microseconds since the Unix epoch, UTC. Stays below 2^53 until the year 2255, so JavaScript reads it exactly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Micros(pub i64);

impl Micros {
    /// One second, in microseconds.
    pub const SECOND: i64 = 1_000_000;
    /// One minute, in microseconds.
    pub const MINUTE: i64 = 60 * Self::SECOND;
    /// One hour, in microseconds.
    pub const HOUR: i64 = 60 * Self::MINUTE;

    /// The moment `micros` later (earlier when negative), stopping at the ends of the range.
    #[must_use]
    pub fn plus(self, micros: i64) -> Self {
        Self(self.0.saturating_add(micros))
    }

    /// Microseconds from `earlier` to `self`; negative when `self` is the earlier one.
    #[must_use]
    pub fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The start of the minute that `self` lies in.
    #[must_use]
    pub fn minute(self) -> Self {
        Self(self.0.saturating_sub(self.0.rem_euclid(Self::MINUTE)))
    }

    /// True for the value that stands for "no time" in an entry (a void has none).
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.0 == 0
    }

    /// From whole milliseconds, as the social networks count.
    #[must_use]
    pub fn from_millis(millis: i64) -> Self {
        Self(millis.saturating_mul(1000))
    }

    /// Reads an RFC 3339 / ISO 8601 moment with an offset or `Z`.
    ///
    /// # Errors
    /// When the text is no such moment.
    pub fn parse_rfc3339(text: &str) -> Result<Self, jiff::Error> {
        text.parse::<Timestamp>().map(Self::from)
    }

    /// The moment as jiff knows it; clamped to jiff's range (years -9999 to 9999).
    #[must_use]
    pub fn timestamp(self) -> Timestamp {
        Timestamp::from_microsecond(self.0).unwrap_or(if self.0 < 0 {
            Timestamp::MIN
        } else {
            Timestamp::MAX
        })
    }

    /// The moment in a zone, for people to read.
    #[must_use]
    pub fn zoned(self, zone: &TimeZone) -> jiff::Zoned {
        self.timestamp().to_zoned(zone.clone())
    }
}

impl From<Timestamp> for Micros {
    fn from(t: Timestamp) -> Self {
        Self(t.as_microsecond())
    }
}
