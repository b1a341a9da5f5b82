//! What has become of an event as a whole: over, archived, under another address. The rest of its settings come from
//! event.toml; this comes from orders, and a file that is applied again leaves it as it is.

use crate::{EventId, Micros};
use jiff::{civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};

/// Former addresses that lead on to an event. The oldest goes first.
pub const FORMER_SLUGS_MAX: usize = 16;

/// The state of an event's life, as its log carries it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Life {
    /// When it is to end by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends: Option<Micros>,
    /// Since then nothing more is taken from sources or written on the page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Micros>,
    /// Since then nothing is taken at all but what takes words away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archived: Option<Micros>,
    /// Slugs that it had before, oldest first; their addresses lead here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub former: Vec<String>,
}

impl Life {
    /// Whether nothing has happened to it yet.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Whether the event is over. What was to end by itself is over once the log says so, for every reader at the same entry.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.is_archived() || self.ended.is_some()
    }

    /// Whether it is only read any more.
    #[must_use]
    pub fn is_archived(&self) -> bool {
        self.archived.is_some()
    }

    /// Remembers that it was found under `old` and is found under `new` now.
    pub fn moved(&mut self, old: &str, new: &str) {
        self.former.retain(|slug| slug != old && slug != new);
        if old != new {
            self.former.push(old.to_owned());
        }
        let extra = self.former.len().saturating_sub(FORMER_SLUGS_MAX);
        self.former.drain(..extra);
    }
}

/// Addresses under which no event is found any more, and what has become of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Former {
    /// The event that was there.
    pub eid: EventId,
    /// Its former slugs; of one that was deleted, the last one too.
    pub slugs: Vec<String>,
    /// When it was deleted; none of an event that lives on under another slug.
    #[serde(default)]
    pub deleted: Option<Micros>,
    /// Who deleted it: `role:name`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub by: String,
}

/// The moment at which a day named by `retain_until` is over in the event's zone; none for what is no day.
#[must_use]
pub fn day_over(day: &str, timezone: &str) -> Option<Micros> {
    let next = day.parse::<Date>().ok()?.tomorrow().ok()?;
    let zone = TimeZone::get(timezone).unwrap_or(TimeZone::UTC);
    Some(Micros::from(next.to_zoned(zone).ok()?.timestamp()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_that_comes_back_leads_nowhere_else() {
        let mut life = Life::default();
        life.moved("one", "two");
        life.moved("two", "three");
        assert_eq!(life.former, ["one", "two"]);
        life.moved("three", "one");
        assert_eq!(life.former, ["two", "three"], "the event is found under `one` again");
        for n in 0..40 {
            life.moved(&format!("s{n}"), &format!("s{}", n + 1));
        }
        assert_eq!(
            (life.former.len(), life.former.last().map(String::as_str)),
            (FORMER_SLUGS_MAX, Some("s39"))
        );
    }

    #[test]
    fn an_event_is_over_when_its_log_says_so() {
        let at = Some(Micros(100));
        assert!(!Life { ends: at, ..Life::default() }.is_over());
        assert!(Life { ended: at, ..Life::default() }.is_over());
        assert!(Life { archived: at, ..Life::default() }.is_over());
    }

    #[test]
    fn a_day_is_over_at_midnight_of_the_venue() {
        let over = day_over("2026-12-31", "Europe/Berlin").unwrap();
        assert_eq!(over, Micros::parse_rfc3339("2026-12-31T23:00:00Z").unwrap());
        assert_eq!(day_over("soon", "UTC"), None);
    }
}
