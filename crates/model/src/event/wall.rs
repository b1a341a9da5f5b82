//! What the walls of an event (the projectors in its rooms) show, and what event.toml may say of it. How a wall is drawn is the site's.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Longest delay between the commit of a post and its first moment on a wall, in seconds.
pub const DELAY_SECONDS_MAX: u16 = 120;

/// The control of an event's walls, as its log carries it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WallSettings {
    /// Which walls are blank.
    pub blank: Blank,
    /// What walls show while a talk is on in their room.
    pub during_talks: DuringTalks,
    /// Seconds that a post waits before a wall shows it, so that what is taken back within them is never seen.
    pub delay_s: u16,
}

/// Which walls show nothing at all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Blank {
    /// Every wall of the event, whatever is said of its room.
    pub all: bool,
    /// The walls of these rooms.
    pub rooms: BTreeSet<String>,
}

/// What walls show while a talk is on in their room. In breaks they show the conversation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DuringTalks {
    /// All posts about it.
    #[default]
    All,
    /// Only questions.
    Questions,
    /// No posts.
    Off,
}

impl WallSettings {
    /// Whether nobody has said anything: then the log need not carry it.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Whether the wall of a room is blank; without a room, that of the whole event.
    #[must_use]
    pub fn is_blank(&self, room: Option<&str>) -> bool {
        self.blank.all || room.is_some_and(|room| self.blank.rooms.contains(room))
    }
}

impl DuringTalks {
    /// The name in event.toml and on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Questions => "questions",
            Self::Off => "off",
        }
    }
}

/// `[wall]` in event.toml: what walls begin with. Operators change it while the event runs, and that stands until this part of
/// the file is changed. Whether walls are blank is no setting: only a person says so, while it happens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WallFile {
    /// Seconds between a post and its first moment on a wall, 0 to [`DELAY_SECONDS_MAX`]. Default 0.
    pub delay: u16,
    /// What walls show while a talk is on: all, questions or off. Default all.
    pub during_talks: DuringTalks,
}

impl WallFile {
    /// Checks that the delay can be.
    ///
    /// # Errors
    /// A sentence that names the number and what is allowed.
    pub fn check(self) -> Result<(), String> {
        if self.delay > DELAY_SECONDS_MAX {
            return Err(format!(
                "delay = {} must lie between 0 and {DELAY_SECONDS_MAX} (seconds)",
                self.delay
            ));
        }
        Ok(())
    }

    /// What a wall that nobody has touched yet obeys.
    #[must_use]
    pub fn settings(self) -> WallSettings {
        WallSettings { blank: Blank::default(), during_talks: self.during_talks, delay_s: self.delay }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{EventEntry, EventFile};

    fn wall(extra: &str) -> Result<WallFile, String> {
        let text = format!("slug = \"rustfest\"\ntitle = \"RustFest\"\n{extra}\n");
        EventFile::parse(&text).map(|file| file.wall).map_err(|bad| bad.to_string())
    }

    #[test]
    fn walls_show_everything_at_once_unless_the_file_says_otherwise() {
        assert_eq!(wall("").unwrap(), WallFile { delay: 0, during_talks: DuringTalks::All });
        let some = wall("[wall]\ndelay = 20\nduring_talks = \"questions\"").unwrap();
        assert_eq!(some, WallFile { delay: 20, during_talks: DuringTalks::Questions });
        assert_eq!((some.settings().delay_s, some.settings().is_blank(None)), (20, false));
    }

    #[test]
    fn what_a_wall_cannot_do_is_refused_with_what_it_can() {
        for (extra, want) in [
            ("delay = 121", "between 0 and 120"),
            ("delay = -1", "line 4"),
            ("during_talks = \"quiet\"", "line 4"),
            ("blank = true", "blank"),
        ] {
            let why = wall(&format!("[wall]\n{extra}")).unwrap_err();
            assert!(why.contains(want), "{extra}: {why}");
        }
    }

    #[test]
    fn a_log_without_walls_is_read_and_one_that_nobody_touched_says_nothing_of_them() {
        let json = r#"{"slug":"abc","title":"x","timezone":"UTC"}"#;
        let mut entry: EventEntry = serde_json::from_str(json).unwrap();
        assert!(entry.wall.is_default());
        assert!(!serde_json::to_string(&entry).unwrap().contains("wall"));
        entry.wall.blank.rooms.insert("main".to_owned());
        entry.wall.delay_s = 20;
        let told = serde_json::to_string(&entry).unwrap();
        let wall = r#""wall":{"blank":{"all":false,"rooms":["main"]},"during_talks":"all","delay_s":20}"#;
        assert!(told.contains(wall), "{told}");
        assert_eq!(serde_json::from_str::<EventEntry>(&told).unwrap(), entry);
    }

    #[test]
    fn a_room_is_blank_when_it_was_said_of_it_or_of_all() {
        let mut wall = WallSettings::default();
        wall.blank.rooms.insert("main".to_owned());
        assert_eq!([Some("main"), Some("side"), None].map(|room| wall.is_blank(room)), [true, false, false]);
        wall.blank.all = true;
        assert_eq!([Some("main"), Some("side"), None].map(|room| wall.is_blank(room)), [true, true, true]);
    }
}
