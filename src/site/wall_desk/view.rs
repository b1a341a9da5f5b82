//! What operators are told of the walls: which of them obey, since when, and which nobody hears of any more. Pure.

use crate::site::{
    view::{count, time::Venue},
    wall::screens::{Screen, Shows},
};
use model::{Micros, Room, Seq, event::WallSettings};

/// What the walls were last told, and when.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    /// The entry, and when it was committed.
    pub(super) said: (Seq, Micros),
    /// Seconds told by the clock for each real one: a rehearsal's clock runs faster.
    pub(super) speed: f64,
}

impl Moment {
    /// Whether a screen has painted what the walls were last told.
    pub(super) fn is_obeyed(&self, screen: &Screen) -> bool {
        screen.painted.0 >= self.said.0
    }

    /// How long after the order a screen said that it had painted it, in seconds; none for one that was opened later or has not.
    pub(super) fn after_seconds(&self, screen: &Screen) -> Option<f64> {
        let was_there = screen.since <= self.said.1 && screen.painted.0 == self.said.0;
        (was_there && self.said.0 > 0).then(|| self.seconds(screen.painted.1.since(self.said.1)))
    }

    fn seconds(&self, micros: i64) -> f64 {
        (micros as f64 / Micros::SECOND as f64 / self.speed).max(0.0)
    }
}

/// One sentence over all walls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Summary {
    pub(super) words: String,
    /// Some wall does not do what it was told.
    pub(super) is_wrong: bool,
}

/// "3 of 3 walls are blank after 0.6 s."
pub(super) fn summary(wall: &WallSettings, rooms: &[Room], screens: &[Screen], moment: &Moment) -> Summary {
    let here: Vec<&Screen> = screens.iter().filter(|screen| screen.is_here()).collect();
    if here.is_empty() {
        let words = "No wall is open, or none has been heard in the last 45 seconds.";
        return Summary { words: words.to_owned(), is_wrong: false };
    }
    let blanks: Vec<&Screen> =
        here.iter().copied().filter(|screen| wall.is_blank(screen.room.as_deref())).collect();
    let is_panic = !blanks.is_empty();
    let meant = if is_panic { blanks } else { here };
    let does = |screen: &&Screen| moment.is_obeyed(screen) && (!is_panic || screen.shows == Shows::Blank);
    let state = match (is_panic, meant.len()) {
        (true, 1) => "is blank",
        (true, _) => "are blank",
        (false, 1) => "follows",
        (false, _) => "follow",
    };
    let (done, waiting): (Vec<&Screen>, Vec<&Screen>) = meant.iter().copied().partition(does);
    let after = done.iter().filter_map(|screen| moment.after_seconds(screen)).reduce(f64::max);
    let after = after.map_or_else(String::new, |seconds| format!(" after {seconds:.1} s"));
    let all = count(meant.len() as u64, "wall", "walls");
    let mut words = format!("{} of {all} {state}{after}.", done.len());
    if !waiting.is_empty() {
        let mut names: Vec<String> = waiting.iter().map(|screen| room_name(rooms, screen)).collect();
        names.dedup();
        words.push_str(&format!(" Not yet: {}.", names.join(", ")));
    }
    let silent = screens.iter().filter(|screen| !screen.is_here()).count() as u64;
    if silent > 0 {
        words.push_str(&format!(" {} not heard of any more.", count(silent, "screen is", "screens are")));
    }
    Summary { words, is_wrong: !waiting.is_empty() }
}

/// A room with what may be pressed for it.
#[derive(Clone, Debug)]
pub(super) struct RoomLine {
    pub(super) slug: String,
    pub(super) name: String,
    pub(super) href: String,
    pub(super) is_blank: bool,
    pub(super) about: String,
}

/// The rooms, each with how many walls it has.
pub(super) fn room_lines(
    wall: &WallSettings,
    rooms: &[Room],
    screens: &[Screen],
    slug: &str,
) -> Vec<RoomLine> {
    let line = |room: &Room| {
        let here = screens.iter().filter(|s| s.is_here() && s.room.as_deref() == Some(&room.slug)).count();
        let is_blank = wall.blank.rooms.contains(&room.slug);
        let walls = if here == 0 { "no wall".to_owned() } else { count(here as u64, "wall", "walls") };
        let query =
            url::form_urlencoded::Serializer::new(String::new()).append_pair("room", &room.slug).finish();
        RoomLine {
            slug: room.slug.clone(),
            name: room.name.clone(),
            href: format!("/{slug}/wall?{query}"),
            about: if is_blank { format!("Blank, {walls}") } else { walls },
            is_blank,
        }
    };
    rooms.iter().map(line).collect()
}

/// A screen, as the list has it.
#[derive(Clone, Debug)]
pub(super) struct ScreenLine {
    pub(super) room: String,
    /// `ok`, `warn` or `off`: its mark.
    pub(super) state: &'static str,
    pub(super) words: String,
    pub(super) heard: String,
    /// The first letters of its name, to tell two screens of one room apart.
    pub(super) id: String,
}

/// The screens, those that are there first.
pub(super) fn screen_lines(
    wall: &WallSettings,
    rooms: &[Room],
    screens: &[Screen],
    moment: &Moment,
    venue: &Venue,
) -> Vec<ScreenLine> {
    let line = |screen: &Screen| {
        let is_obeyed = moment.is_obeyed(screen);
        let is_blank = wall.is_blank(screen.room.as_deref());
        let shows = match screen.shows {
            Shows::Posts => count(screen.posts.len() as u64, "post", "posts"),
            Shows::Schedule => "the schedule".to_owned(),
            Shows::Blank => "blank".to_owned(),
            Shows::Hidden => "nothing that anybody sees: its window is covered".to_owned(),
        };
        let after = moment.after_seconds(screen).map_or_else(String::new, |s| format!(", after {s:.1} s"));
        let does = is_obeyed && (is_blank == (screen.shows == Shows::Blank) || screen.shows == Shows::Hidden);
        ScreenLine {
            room: room_name(rooms, screen),
            state: match (screen.is_here(), does) {
                (false, _) => "off",
                (true, true) => "ok",
                (true, false) => "warn",
            },
            words: match (screen.is_here(), is_obeyed) {
                (false, _) => format!("Showed {shows}"),
                (true, true) => format!("Shows {shows}{after}"),
                (true, false) => format!("Shows {shows}, has not obeyed yet"),
            },
            heard: if screen.is_here() {
                format!("heard {} s ago", screen.silent.as_secs())
            } else {
                format!("not heard since {}", venue.hhmm(screen.heard))
            },
            id: screen.id.chars().take(4).collect(),
        }
    };
    screens.iter().map(line).collect()
}

fn room_name(rooms: &[Room], screen: &Screen) -> String {
    let Some(slug) = &screen.room else { return "Whole event".to_owned() };
    rooms.iter().find(|room| room.slug == *slug).map_or(slug, |room| &room.name).clone()
}
