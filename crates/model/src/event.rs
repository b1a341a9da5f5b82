//! event.toml: what an organiser says about an event, and the part of it that the public log carries.
//!
//! Secrets are named here (`token_env`), never held: the file may be shown to anybody.

mod bad;
mod check;
mod entry;
mod life;
mod onsite;
mod read;
mod rules;
mod slug;
mod suggest;
mod wall;
mod write;

use crate::EventId;
use serde::{Deserialize, Serialize};

pub use bad::{BadEvent, Problem};
pub use entry::{EventEntry, Room, SourceEntry};
pub use life::{FORMER_SLUGS_MAX, Former, Life, day_over};
pub use onsite::{Onsite, OnsiteLimits};
pub use read::Places;
pub use rules::{
    COUNT_MAX, MINUTES, MINUTES_MAX, Match, NAME_CHARS_MAX, RULES_MAX, RuleAction, RuleFile, Rules, Seen,
    WORD_CHARS_MAX, WORDS_MAX,
};
pub use slug::{bad_slug, with_slug};
pub use suggest::suggest_slug;
pub use wall::{Blank, DELAY_SECONDS_MAX, DuringTalks, WallFile, WallSettings};

/// event.toml. Every key but `slug` and `title` is optional.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventFile {
    /// The event's place in addresses: 3 to 40 of a-z, 0-9 and `-`.
    #[serde(default)]
    pub slug: String,
    /// The name that people read.
    #[serde(default)]
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
    /// Path (relative to this file) or URL of the schedule. An address is asked again and again.
    #[serde(default)]
    pub schedule: Option<String>,
    /// Seconds between two looks at the schedule's address, 30 to 86,400; 0: it is read only when the file is applied.
    #[serde(default)]
    pub schedule_poll_seconds: Option<u32>,
    /// Path (relative to this file) or URL of a CSV of talks and their speakers' handles.
    #[serde(default)]
    pub handles: Option<String>,
    /// Posts written on the page: open, hold or off.
    #[serde(default)]
    pub onsite: Onsite,
    /// How much one person may write on the page.
    #[serde(default)]
    pub onsite_limits: OnsiteLimits,
    /// What the projectors in the rooms show.
    #[serde(default)]
    pub wall: WallFile,
    /// Hue of the accent, 0 to 360.
    #[serde(default)]
    pub accent_hue: Option<u16>,
    /// Whether search engines may know of it. Until then it is read by whoever has its address.
    #[serde(default)]
    pub published: bool,
    /// What is done with people's data: words of the organiser's own, or the address of a page that says it.
    #[serde(default)]
    pub privacy: Option<String>,
    /// Who runs the event: words of the organiser's own, or the address of a page that says it.
    #[serde(default)]
    pub imprint: Option<String>,
    /// Last day on which the event is kept, in the venue's zone; then all of it is deleted. None: for ever.
    #[serde(default)]
    pub retain_until: Option<toml::value::Datetime>,
    /// Rooms, in the order they are shown.
    #[serde(default, rename = "room")]
    pub rooms: Vec<RoomFile>,
    /// Where posts come from.
    #[serde(default, rename = "source")]
    pub sources: Vec<SourceFile>,
    /// Which posts wait for a moderator, or are not shown at all. Never in the public log.
    #[serde(default, rename = "rule")]
    pub rules: Vec<RuleFile>,
}

fn utc() -> String {
    "UTC".into()
}

/// A room in event.toml.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoomFile {
    /// As printed in the programme.
    #[serde(default)]
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
    #[serde(default)]
    pub name: String,
    /// mastodon, twitter, bluesky, flickr, feed, hook, onsite or replay.
    #[serde(default)]
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
    /// Whether nothing is fetched for now; it goes on where it stopped.
    #[serde(default)]
    pub paused: bool,
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
            paused: false,
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

impl EventFile {
    /// Reads and checks an event.toml.
    ///
    /// # Errors
    /// [`BadEvent`]: everything that is wrong with it, with lines and what is allowed.
    pub fn parse(text: &str) -> Result<Self, BadEvent> {
        read::read(text)
    }

    /// As [`EventFile::parse`], for whoever has more to check: the file as far as it can be read, and what is wrong so far.
    #[must_use]
    pub fn inspect(text: &str) -> (Option<Self>, Vec<Problem>) {
        read::inspect(text)
    }
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

/// The address of a page, where the words of `privacy` or `imprint` are nothing else.
#[must_use]
pub fn page_address(words: &str) -> Option<&str> {
    let words = words.trim();
    let is_address = (words.starts_with("https://") || words.starts_with("http://"))
        && !words.contains(char::is_whitespace);
    is_address.then_some(words)
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
            ("schedule = \"ftp://s.example/x\"", "https://"),
            ("schedule = \"https://u:p@s.example/x\"", "password"),
            ("handles = \"\"", "a path"),
            ("schedule_poll_seconds = 29", "between 30 and 86400"),
            ("imprint = \" \"", "is empty"),
            ("privacy = \"<p>We care.</p>\"", "plain text"),
            ("imprint = \"https://u:p@s.example/x\"", "password"),
        ] {
            let e = EventFile::parse(&format!("{GOOD}{extra}\n")).unwrap_err().to_string();
            assert!(e.contains(want), "{extra}: {e}");
        }
        for slug in ["ab", "admin", "Rust", "-rust", "a b c"] {
            assert!(EventFile::parse(&format!("slug = {slug:?}\ntitle = \"x\"\n")).is_err(), "{slug}");
        }
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once_each_with_its_line() {
        let text = "slug = \"a\"\ntitle = 5\nhashtag = [\"x\"]\n\n[[source]]\nkind = \"feed\"\npoll_seconds = \"often\"\n\
                    colour = \"s3cret\"\n\n[[source]]\nname = \"b\"\nconsent = \"maybe\"\ntags = [\"a\", 5]\n[[room]]\n";
        let bad = EventFile::parse(text).unwrap_err();
        let lines: Vec<usize> = bad.0.iter().map(|problem| problem.line).collect();
        assert_eq!(lines, [1, 2, 3, 5, 7, 8, 12, 13, 14], "{bad}");
        let told = bad.in_file("event.toml");
        assert!(told.contains("event.toml:7: ") && told.contains("event.toml:12: "), "{told}");
        assert!(!told.contains("s3cret") && !told.contains("often") && !told.contains("maybe"), "{told}");
    }

    #[test]
    fn text_that_is_no_toml_is_told_with_its_lines() {
        let bad = EventFile::parse("slug = \ntitle = \"x\"\n[[source\n").unwrap_err();
        assert!(bad.0.iter().any(|problem| problem.line == 1), "{bad}");
        assert!(bad.0.iter().any(|problem| problem.line == 3), "{bad}");
    }

    #[test]
    fn places_are_found_and_a_missing_key_stands_at_its_heading() {
        let text = "slug = \"abc\"\n[[source]]\nname = \"a\"\n\n[[source]]\nurl = \"x\"\n";
        let places = Places::of(text).unwrap();
        let found = [("source", 0, "name"), ("source", 1, "url"), ("source", 1, "kind"), ("room", 0, "name")]
            .map(|(list, n, key)| places.line_in(list, n, key));
        assert_eq!((found, places.line_of("slug")), ([3, 6, 5, 1], 1));
    }

    #[test]
    fn rooms_get_slugs_in_any_script() {
        assert_eq!(room_slug("Main hall"), "main-hall");
        assert_eq!(room_slug("大ホール (2F)"), "大ホール-2f");
        assert_eq!(room_slug("!!!"), "room");
    }
}
