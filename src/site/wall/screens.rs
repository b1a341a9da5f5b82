//! The screens that show walls, as far as this process was told by them: which room, what they show, and which word of the operators they
//! have painted. Kept in memory only: a screen says it anew every 15 seconds.

use chassis::client_addr::AddrKey;
use live::reached::{How, Reached};
use model::{EventId, ItemId, Micros, Position, Seq};
use serde::{Deserialize, Serialize};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// A screen that said nothing for so long is not there any more, as far as anybody knows.
pub(in crate::site) const SILENCE_MAX: Duration = Duration::from_secs(45);
/// A screen that was heard so lately may still hang there, and show what it had.
const LATELY: Duration = Duration::from_secs(600);
/// A screen that said nothing for so long is forgotten.
const FORGET: Duration = Duration::from_secs(12 * 3600);
/// Screens of one event, and those that one address may bring.
const SCREENS_MAX: usize = 256;
const OF_ADDRESS_MAX: usize = 48;

/// What a wall shows, by its own account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::site) enum Shows {
    /// Posts.
    Posts,
    /// What comes next, as there are no posts to show.
    Schedule,
    /// Nothing at all.
    Blank,
    /// Nobody knows: its window is covered or in the background.
    Hidden,
}

/// What a wall says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    /// Random, of the wall's own making.
    pub(super) screen: String,
    /// None is a wall of the whole event.
    pub(super) room: Option<String>,
    /// The seq of the newest settings that it has painted.
    pub(super) seq: Seq,
    pub(super) shows: Shows,
    pub(super) posts: Vec<ItemId>,
    /// The last entry of the log that it has obeyed; 0 when it does not say.
    pub(super) top: Seq,
}

/// One screen.
#[derive(Clone, Debug)]
pub(in crate::site) struct Screen {
    pub(in crate::site) id: String,
    pub(in crate::site) room: Option<String>,
    /// When it was first heard of.
    pub(in crate::site) since: Micros,
    /// The newest settings that it has painted, and when it first said so.
    pub(in crate::site) painted: (Seq, Micros),
    pub(in crate::site) shows: Shows,
    pub(in crate::site) posts: Vec<ItemId>,
    /// When it was last heard.
    pub(in crate::site) heard: Micros,
    pub(in crate::site) silent: Duration,
    heard_at: Instant,
    /// The last entry that it has obeyed, and since when that has been behind the last that took words back.
    obeyed: (Seq, Instant),
    from: Option<AddrKey>,
}

impl Screen {
    /// Whether it is there, as far as anybody knows.
    pub(in crate::site) fn is_here(&self) -> bool {
        self.silent <= SILENCE_MAX
    }
}

/// All screens of all events.
#[derive(Debug, Default)]
pub(in crate::site) struct Screens(Mutex<HashMap<EventId, Vec<Screen>>>);

impl Screens {
    /// Notes what a screen says; false when there are too many.
    pub(super) fn hear(
        &self,
        event: EventId,
        word: Word,
        from: Option<AddrKey>,
        now: (Micros, Instant),
        took_back: Seq,
    ) -> bool {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let screens = all.entry(event).or_default();
        let (told, at) = now;
        let silent = |screen: &Screen| at.duration_since(screen.heard_at);
        screens.retain(|screen| silent(screen) < FORGET);
        let Word { screen: id, room, seq, shows, posts, top } = word;
        if let Some(screen) = screens.iter_mut().find(|screen| screen.id == id) {
            let painted = if seq == screen.painted.0 { screen.painted } else { (seq, told) };
            let since = if screen.obeyed.0 < took_back { at } else { screen.obeyed.1 };
            *screen = Screen {
                room,
                painted,
                shows,
                posts,
                heard: told,
                heard_at: at,
                obeyed: (top, since),
                from,
                ..screen.clone()
            };
            return true;
        }
        let is_of_address = |screen: &Screen| from.is_some() && screen.from == from;
        if screens.len() >= SCREENS_MAX
            || screens.iter().filter(|screen| is_of_address(screen)).count() >= OF_ADDRESS_MAX
        {
            // Who is silent makes room: a screen that was reloaded without its memory comes back under another name.
            screens.retain(|screen| silent(screen) <= SILENCE_MAX);
        }
        if screens.len() >= SCREENS_MAX
            || screens.iter().filter(|screen| is_of_address(screen)).count() >= OF_ADDRESS_MAX
        {
            metrics::counter!(crate::site::metrics::WALLS_REFUSED).increment(1);
            return false;
        }
        let painted = (seq, told);
        let silent = Duration::ZERO;
        screens.push(Screen {
            id,
            room,
            since: told,
            painted,
            shows,
            posts,
            heard: told,
            silent,
            heard_at: at,
            obeyed: (top, at),
            from,
        });
        true
    }

    /// Up to where all screens that are there have obeyed the log, which has come to `ours`.
    pub(in crate::site) fn reached(&self, event: EventId, ours: &Position, at: Instant) -> Reached {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let screens = all.get(&event).map(Vec::as_slice).unwrap_or_default();
        let silent = |screen: &&Screen| at.duration_since(screen.heard_at);
        let (here, away): (Vec<&Screen>, Vec<&Screen>) =
            screens.iter().partition(|screen| silent(screen) <= SILENCE_MAX);
        let count = |screens: usize| u32::try_from(screens).unwrap_or(u32::MAX);
        let seq = here.iter().map(|screen| screen.obeyed.0).min().unwrap_or(ours.seq);
        let age = here.iter().map(|screen| at.duration_since(screen.obeyed.1)).min().unwrap_or_default();
        Reached {
            position: Position { epoch: ours.epoch.clone(), seq },
            age_ms: u64::try_from(age.as_millis()).unwrap_or(u64::MAX),
            told: count(here.len()),
            silent: count(away.iter().filter(|screen| silent(screen) <= LATELY).count()),
            how: here.is_empty().then_some(How::Absent),
        }
    }

    /// The screens of an event, those that are there first, by room.
    pub(in crate::site) fn of(&self, event: EventId, at: Instant) -> Vec<Screen> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut screens = all.get(&event).cloned().unwrap_or_default();
        for screen in &mut screens {
            screen.silent = at.duration_since(screen.heard_at);
        }
        screens.sort_by(|a, b| {
            (!a.is_here(), &a.room, a.since, &a.id).cmp(&(!b.is_here(), &b.room, b.since, &b.id))
        });
        screens
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::IpAddr;

    fn event() -> EventId {
        EventId::from_random(42)
    }

    fn word(screen: &str, seq: Seq) -> Word {
        Word {
            screen: screen.into(),
            room: Some("main".into()),
            seq,
            shows: Shows::Posts,
            posts: Vec::new(),
            top: seq,
        }
    }

    fn address(n: u8) -> Option<AddrKey> {
        Some(AddrKey::of(IpAddr::from([192, 0, 2, n])))
    }

    #[test]
    fn the_moment_at_which_a_screen_first_painted_the_settings_is_kept() {
        let (screens, start) = (Screens::default(), Instant::now());
        let hear = |seq, second: u64| {
            let now = (Micros(second as i64), start + Duration::from_secs(second));
            assert!(screens.hear(event(), word("a", seq), None, now, 0));
        };
        hear(5, 1);
        hear(9, 3);
        hear(9, 18);
        let told = screens.of(event(), start + Duration::from_secs(20)).remove(0);
        assert_eq!((told.since, told.painted, told.heard), (Micros(1), (9, Micros(3)), Micros(18)));
        assert!(told.is_here() && told.silent == Duration::from_secs(2));
        let told = screens.of(event(), start + Duration::from_secs(64)).remove(0);
        assert!(!told.is_here(), "silent for 46 s");
    }

    #[test]
    fn a_flood_of_screens_is_bounded_and_the_silent_make_room() {
        let (screens, start) = (Screens::default(), Instant::now());
        let hear = |name: String, from: u8, second: u64| {
            screens.hear(
                event(),
                word(&name, 1),
                address(from),
                (Micros(0), start + Duration::from_secs(second)),
                0,
            )
        };
        let taken = (0..100).filter(|n| hear(format!("one{n}"), 1, 0)).count();
        assert_eq!(taken, OF_ADDRESS_MAX);
        assert!(hear("one0".into(), 1, 1), "one that is known goes on");
        let taken = (2..20).flat_map(|from| (0..40).map(move |n| (from, n)));
        let taken = taken.filter(|(from, n)| hear(format!("{from} {n}"), *from, 1)).count();
        assert_eq!(taken, SCREENS_MAX - OF_ADDRESS_MAX);
        assert!(hear("new".into(), 99, 50), "the others have been silent for 49 s");
        assert_eq!(screens.of(event(), start + Duration::from_secs(50)).len(), 1);
        assert!(hear("next day".into(), 1, 50 + 13 * 3600));
        assert_eq!(screens.of(event(), start + Duration::from_secs(50 + 13 * 3600)).len(), 1);
    }
}
