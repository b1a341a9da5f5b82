//! event.toml: what an organiser says about an event, and the part of it that the public log carries.
//!
//! Secrets are named here (`token_env`), never held: the file may be shown to anybody.

mod onsite;

use crate::EventId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

pub use onsite::{Onsite, OnsiteLimits};

/// Slugs that would hide a page of the site.
const TAKEN: &[&str] = &[
    "admin", "api", "healthz", "intake", "live", "login", "logout", "media", "metrics", "readyz", "robots",
    "static", "hooks", "favicon",
];
const SLUG_CHARS_MIN: usize = 3;
const SLUG_CHARS_MAX: usize = 40;
const SOURCES_MAX: usize = 64;
const ROOMS_MAX: usize = 64;

/// event.toml. Every key but `slug` and `title` is optional.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventFile {
    /// The event's place in addresses: 3 to 40 of a-z, 0-9 and `-`.
    pub slug: String,
    /// The name that people read.
    pub title: String,
    /// IANA time zone of the venue.
    #[serde(default = "utc")]
    pub timezone: String,
    /// First day, in the venue's zone.
    #[serde(default)]
    pub starts: Option<toml::value::Datetime>,
    /// Last day, in the venue's zone.
    #[serde(default)]
    pub ends: Option<toml::value::Datetime>,
    /// City or venue, as printed beside the clock.
    #[serde(default)]
    pub place: Option<String>,
    /// Hashtags to follow, without `#`.
    #[serde(default)]
    pub hashtags: Vec<String>,
    /// Path (relative to this file) or URL of the schedule.
    #[serde(default)]
    pub schedule: Option<String>,
    /// Posts written on the page: open, hold or off.
    #[serde(default)]
    pub onsite: Onsite,
    /// How much one person may write on the page.
    #[serde(default)]
    pub onsite_limits: OnsiteLimits,
    /// Hue of the accent, 0 to 360.
    #[serde(default)]
    pub accent_hue: Option<u16>,
    /// Rooms, in the order they are shown.
    #[serde(default, rename = "room")]
    pub rooms: Vec<RoomFile>,
    /// Where posts come from.
    #[serde(default, rename = "source")]
    pub sources: Vec<SourceFile>,
}

fn utc() -> String {
    "UTC".into()
}

/// A room in event.toml.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoomFile {
    /// As printed in the programme.
    pub name: String,
    /// Hashtags that name this room.
    #[serde(default)]
    pub tags: Vec<String>,
}

/// A source in event.toml.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceFile {
    /// A name of your choice, unique in the event; pages show it beside gaps.
    pub name: String,
    /// mastodon, twitter, bluesky, flickr, feed, hook, onsite or replay.
    pub kind: String,
    /// Base address of the server (or the feed, or the replayed file).
    #[serde(default)]
    pub url: Option<String>,
    /// Mastodon: base address of the streaming API, where it is not found by itself.
    #[serde(default)]
    pub streaming_url: Option<String>,
    /// Bluesky: base address for look-ups.
    #[serde(default)]
    pub api_url: Option<String>,
    /// twitter: "v2" (default) or "v1".
    #[serde(default)]
    pub api: Option<String>,
    /// Hashtags of this source; default: the event's.
    #[serde(default)]
    pub tags: Option<Vec<String>>,
    /// Environment variable that holds the token.
    #[serde(default)]
    pub token_env: Option<String>,
    /// Environment variable that holds the API key.
    #[serde(default)]
    pub key_env: Option<String>,
    /// Environment variable that holds the shared secret.
    #[serde(default)]
    pub secret_env: Option<String>,
    /// twitter: most posts a day that X may deliver, because each is charged for; none: no limit.
    #[serde(default)]
    pub posts_a_day_max: Option<u64>,
    /// What becomes of posts by accounts that ask not to be indexed.
    #[serde(default)]
    pub consent: Consent,
    /// Seconds between polls.
    #[serde(default)]
    pub poll_seconds: Option<u32>,
    /// "open" shows at once, "hold" waits for a moderator.
    #[serde(default)]
    pub moderation: Moderation,
}

impl SourceFile {
    /// A source of which only name and kind are said.
    #[must_use]
    pub fn new(name: &str, kind: &str) -> Self {
        Self {
            name: name.to_owned(),
            kind: kind.to_owned(),
            url: None,
            streaming_url: None,
            api_url: None,
            api: None,
            tags: None,
            token_env: None,
            key_env: None,
            secret_env: None,
            posts_a_day_max: None,
            consent: Consent::default(),
            poll_seconds: None,
            moderation: Moderation::default(),
        }
    }
}

/// What becomes of posts by accounts that ask not to be indexed (`noindex`, `indexable: false`, `#nobot`). Accounts that
/// ask not to be shown to those who are not logged in (`!no-unauthenticated`) are never shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Consent {
    /// Shown live, never archived.
    #[default]
    Live,
    /// Not taken at all.
    Drop,
}

/// Whether a source's items are shown at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Moderation {
    /// Shown at once.
    #[default]
    Open,
    /// Shown when a moderator says so.
    Hold,
}

/// Why an event.toml is refused. Every message says what to change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadEvent {
    /// Not TOML, a wrong type, or an unknown key; the message names line and key.
    #[error("{0}")]
    Toml(String),
    /// A value that cannot be.
    #[error("{key}: {what}")]
    Value {
        /// The key.
        key: String,
        /// What is wrong and what would be right.
        what: String,
    },
}

/// The line's number and what is wrong there, never its words: somebody may have written a token into it.
fn bad_toml(text: &str, error: &toml::de::Error) -> BadEvent {
    let at = error.span().map_or(0, |span| span.start).min(text.len());
    let line = text.as_bytes()[..at].iter().filter(|b| **b == b'\n').count() + 1;
    BadEvent::Toml(format!("line {line}: {}", error.message().trim_end().replace('\n', ", ")))
}

fn bad(key: impl Into<String>, what: impl Into<String>) -> BadEvent {
    BadEvent::Value { key: key.into(), what: what.into() }
}

impl EventFile {
    /// Reads and checks an event.toml.
    ///
    /// # Errors
    /// [`BadEvent`], naming the key (and for TOML the line) and what is allowed.
    pub fn parse(text: &str) -> Result<Self, BadEvent> {
        let file: Self = toml::from_str(text).map_err(|e| bad_toml(text, &e))?;
        file.check()?;
        Ok(file)
    }

    /// Checks what the types cannot say.
    ///
    /// # Errors
    /// [`BadEvent::Value`] for the first value that cannot be.
    pub fn check(&self) -> Result<(), BadEvent> {
        check_slug(&self.slug)?;
        if self.title.trim().is_empty() {
            return Err(bad("title", "give the event a name that people can read"));
        }
        if jiff::tz::TimeZone::get(&self.timezone).is_err() {
            let what =
                format!("{:?} is no IANA time zone; write one such as \"Europe/Berlin\"", self.timezone);
            return Err(bad("timezone", what));
        }
        if let (Some(a), Some(b)) = (day(self.starts.as_ref(), "starts")?, day(self.ends.as_ref(), "ends")?)
            && b < a
        {
            return Err(bad("ends", format!("{b} lies before starts = {a}")));
        }
        if self.rooms.len() > ROOMS_MAX || self.sources.len() > SOURCES_MAX {
            return Err(bad("source", format!("at most {SOURCES_MAX} sources and {ROOMS_MAX} rooms")));
        }
        self.onsite_limits.check().map_err(|what| bad("onsite_limits", what))?;
        self.check_names()
    }

    fn check_names(&self) -> Result<(), BadEvent> {
        let mut rooms = BTreeSet::new();
        for room in &self.rooms {
            if !rooms.insert(room_slug(&room.name)) {
                return Err(bad(
                    "room.name",
                    format!("two rooms are called {:?}; a room's name must be its own", room.name),
                ));
            }
        }
        let mut sources = BTreeSet::new();
        for source in &self.sources {
            if source.name.trim().is_empty() || !sources.insert(source.name.as_str()) {
                let what =
                    format!("two sources are called {:?}; a source's name must be its own", source.name);
                return Err(bad("source.name", what));
            }
        }
        Ok(())
    }

    /// The part of the file that the public log carries.
    #[must_use]
    pub fn entry(&self) -> EventEntry {
        EventEntry {
            slug: self.slug.clone(),
            title: self.title.clone(),
            timezone: self.timezone.clone(),
            starts: self.starts.map(|d| d.to_string()),
            ends: self.ends.map(|d| d.to_string()),
            place: self.place.clone(),
            hashtags: self.hashtags.clone(),
            rooms: self
                .rooms
                .iter()
                .map(|r| Room { slug: room_slug(&r.name), name: r.name.clone(), tags: r.tags.clone() })
                .collect(),
            sources: self.sources.iter().map(|s| s.name.clone()).collect(),
            onsite: self.onsite,
            accent_hue: self.accent_hue,
        }
    }
}

fn day(value: Option<&toml::value::Datetime>, key: &str) -> Result<Option<String>, BadEvent> {
    match value {
        None => Ok(None),
        Some(d) if d.date.is_some() && d.time.is_none() => Ok(Some(d.to_string())),
        Some(d) => Err(bad(key, format!("{d} is no day; write one such as 2026-06-01"))),
    }
}

fn check_slug(slug: &str) -> Result<(), BadEvent> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !(SLUG_CHARS_MIN..=SLUG_CHARS_MAX).contains(&slug.len())
        || !slug.chars().all(allowed)
        || slug.starts_with('-')
        || slug.ends_with('-')
    {
        let what = format!(
            "{slug:?} must be {SLUG_CHARS_MIN} to {SLUG_CHARS_MAX} of a-z, 0-9 and - (not at an end)"
        );
        return Err(bad("slug", what));
    }
    if TAKEN.contains(&slug) {
        return Err(bad("slug", format!("{slug:?} is a page of the site itself; choose another")));
    }
    Ok(())
}

/// The slug of a room's name: letters and digits of any script in lower case, the rest as `-`.
#[must_use]
pub fn room_slug(name: &str) -> String {
    let mut out = String::new();
    for c in name.to_lowercase().chars() {
        if c.is_alphanumeric() {
            out.push(c);
        } else if !out.is_empty() && !out.ends_with('-') {
            out.push('-');
        }
    }
    let trimmed = out.trim_end_matches('-');
    if trimmed.is_empty() { "room".to_owned() } else { trimmed.to_owned() }
}

/// An event's settings as its log carries them: no secret, no address of a source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventEntry {
    /// Place in addresses.
    pub slug: String,
    /// Name.
    pub title: String,
    /// IANA time zone of the venue.
    pub timezone: String,
    /// First day, `2026-06-01`.
    #[serde(default)]
    pub starts: Option<String>,
    /// Last day.
    #[serde(default)]
    pub ends: Option<String>,
    /// City or venue.
    #[serde(default)]
    pub place: Option<String>,
    /// Hashtags, without `#`.
    #[serde(default)]
    pub hashtags: Vec<String>,
    /// Rooms, in order.
    #[serde(default)]
    pub rooms: Vec<Room>,
    /// Names of the sources.
    #[serde(default)]
    pub sources: Vec<String>,
    /// Whether people may write on the page.
    #[serde(default)]
    pub onsite: Onsite,
    /// Hue of the accent.
    #[serde(default)]
    pub accent_hue: Option<u16>,
}

/// A room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Room {
    /// Its name in addresses and filings.
    pub slug: String,
    /// Its name in the programme.
    pub name: String,
    /// Hashtags that name it.
    #[serde(default)]
    pub tags: Vec<String>,
}

/// An event as lists of events show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventRef {
    /// The id that never changes.
    pub eid: EventId,
    /// Its place in addresses.
    pub slug: String,
    /// Its name.
    pub title: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "slug = \"rustfest\"\ntitle = \"RustFest\"\n";

    #[test]
    fn an_unknown_key_is_named_with_its_line() {
        let e = EventFile::parse(&format!("{GOOD}hashtag = [\"x\"]\n")).unwrap_err().to_string();
        assert!(e.contains("line 3") && e.contains("hashtag"), "{e}");
    }

    #[test]
    fn values_that_cannot_be_are_refused_with_the_cure() {
        for (extra, want) in [
            ("timezone = \"Europe/Berln\"", "IANA"),
            ("starts = 2026-06-02\nends = 2026-06-01", "lies before"),
            ("starts = 2026-06-02T10:00:00Z", "no day"),
            (
                "[[source]]\nname=\"a\"\nkind=\"feed\"\n[[source]]\nname=\"a\"\nkind=\"feed\"",
                "must be its own",
            ),
            ("[[room]]\nname=\"Hall A\"\n[[room]]\nname=\"hall-a\"", "must be its own"),
        ] {
            let e = EventFile::parse(&format!("{GOOD}{extra}\n")).unwrap_err().to_string();
            assert!(e.contains(want), "{extra}: {e}");
        }
        for slug in ["ab", "admin", "Rust", "-rust", "a b c"] {
            assert!(EventFile::parse(&format!("slug = {slug:?}\ntitle = \"x\"\n")).is_err(), "{slug}");
        }
    }

    #[test]
    fn rooms_get_slugs_in_any_script() {
        assert_eq!(room_slug("Main hall"), "main-hall");
        assert_eq!(room_slug("大ホール (2F)"), "大ホール-2f");
        assert_eq!(room_slug("!!!"), "room");
    }
}
