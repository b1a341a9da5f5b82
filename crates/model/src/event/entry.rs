//! An event's settings as its log carries them: what anybody may know. No secret, no address of a source.

use super::{Consent, EventFile, Life, Moderation, Onsite, SourceFile, WallSettings, room_slug};
use serde::{Deserialize, Serialize};

/// Kinds of sources that do not look for hashtags, unless they are told which.
const LOOKS_FOR_NONE: [&str; 4] = ["feed", "hook", "onsite", "replay"];

/// An event's settings as its log carries them.
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
    /// Where posts come from.
    #[serde(default)]
    pub sources: Vec<SourceEntry>,
    /// Whether people may write on the page.
    #[serde(default)]
    pub onsite: Onsite,
    /// Hue of the accent.
    #[serde(default)]
    pub accent_hue: Option<u16>,
    /// What the projectors in the rooms show.
    #[serde(default, skip_serializing_if = "WallSettings::is_default")]
    pub wall: WallSettings,
    /// Whether search engines may know of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub published: bool,
    /// What is done with people's data: words, or the address of a page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub privacy: Option<String>,
    /// Who runs the event: words, or the address of a page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imprint: Option<String>,
    /// Last day on which it is kept, `2027-06-30`; then all of it is deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retain_until: Option<String>,
    /// What has become of the event as a whole.
    #[serde(default, skip_serializing_if = "Life::is_default")]
    pub life: Life,
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

/// A source, as readers may know it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Told")]
pub struct SourceEntry {
    /// Its name.
    pub name: String,
    /// Its kind, as in event.toml; empty in logs that did not tell it.
    pub kind: String,
    /// The hashtags that it looks for, without `#`; none where all that comes is taken.
    pub tags: Vec<String>,
    /// What becomes of posts by people who ask not to be indexed.
    pub consent: Consent,
    /// Whether a moderator sees posts before readers do.
    pub moderation: Moderation,
}

/// How logs tell of a source: older ones only its name.
#[derive(Deserialize)]
#[serde(untagged)]
enum Told {
    Name(String),
    Whole {
        name: String,
        #[serde(default)]
        kind: String,
        #[serde(default)]
        tags: Vec<String>,
        #[serde(default)]
        consent: Consent,
        #[serde(default)]
        moderation: Moderation,
    },
}

impl From<Told> for SourceEntry {
    fn from(told: Told) -> Self {
        match told {
            Told::Name(name) => Self {
                name,
                kind: String::new(),
                tags: Vec::new(),
                consent: Consent::default(),
                moderation: Moderation::default(),
            },
            Told::Whole { name, kind, tags, consent, moderation } => {
                Self { name, kind, tags, consent, moderation }
            }
        }
    }
}

impl EventFile {
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
            sources: self.sources.iter().map(|source| self.source_entry(source)).collect(),
            onsite: self.onsite,
            accent_hue: self.accent_hue,
            wall: self.wall.settings(),
            published: self.published,
            privacy: self.privacy.clone(),
            imprint: self.imprint.clone(),
            retain_until: self.retain_until.map(|day| day.to_string()),
            life: Life::default(),
        }
    }

    fn source_entry(&self, source: &SourceFile) -> SourceEntry {
        let tags = match &source.tags {
            Some(own) => own.as_slice(),
            None if LOOKS_FOR_NONE.contains(&source.kind.as_str()) => &[],
            None => &self.hashtags,
        };
        SourceEntry {
            name: source.name.clone(),
            kind: source.kind.clone(),
            tags: tags.iter().map(|tag| tag.trim().trim_start_matches('#').to_owned()).collect(),
            consent: source.consent,
            moderation: source.moderation,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_tells_of_a_source_what_readers_may_know_and_no_address() {
        let text = "slug=\"abc\"\ntitle=\"x\"\nhashtags=[\"#one\"]\n[[source]]\nname=\"m\"\nkind=\"mastodon\"\n\
            url=\"https://secret.example\"\ntoken_env=\"TOKEN\"\nconsent=\"drop\"\n[[source]]\nname=\"f\"\nkind=\"feed\"\n\
            moderation=\"hold\"\n";
        let entry = EventFile::parse(text).unwrap().entry();
        assert_eq!(
            (entry.sources[0].tags.as_slice(), entry.sources[0].consent),
            (["one".to_owned()].as_slice(), Consent::Drop)
        );
        assert_eq!((entry.sources[1].tags.len(), entry.sources[1].moderation), (0, Moderation::Hold));
        let json = serde_json::to_string(&entry).unwrap();
        assert!(!json.contains("secret") && !json.contains("TOKEN"), "{json}");
        assert_eq!(serde_json::from_str::<EventEntry>(&json).unwrap(), entry);
    }

    #[test]
    fn a_log_that_names_its_sources_only_is_read() {
        let json = r#"{"slug":"abc","title":"x","timezone":"UTC","sources":["fosstodon"]}"#;
        let entry: EventEntry = serde_json::from_str(json).unwrap();
        assert_eq!((entry.sources[0].name.as_str(), entry.sources[0].kind.as_str()), ("fosstodon", ""));
    }
}
