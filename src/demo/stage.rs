//! The conference's frame: its programme, its days, its event.toml.

use anyhow::{Context, Result};
use chassis::clock::Timeline;
use jiff::tz::TimeZone;
use model::Micros;
use model::schedule::FoundTalk;

use super::compose::TAG;
use super::course::{self, Press, Revision};
use super::elsewhere::{self, Note};
use super::lines::{self, When};
use super::state::Ports;
use super::times::{self, Span};

const SCHEDULE: &str = include_str!("content/schedule.json");
const ZONE: &str = "Europe/Brussels";
/// The event's short name in addresses.
pub(crate) const SLUG: &str = "marginalia";
/// Environment variables that the event's sources name, and what the demo answers when they are asked for.
const TOKEN: &str = "demo";
const MASTODON_TOKEN_ENV: &str = "PERIHELION_DEMO_MASTODON";
const X_TOKEN_ENV: &str = "PERIHELION_DEMO_X";
const FLICKR_KEY_ENV: &str = "PERIHELION_DEMO_FLICKR";
const DESK_SECRET_ENV: &str = "PERIHELION_DEMO_DESK";
/// Shared with the front desk; worth nothing outside of the demo.
const DESK_SECRET: &str = "whsec_dGhlIGZyb250IGRlc2sgaGFzIGEgYmVsbA==";
/// The source that the front desk pushes to.
pub(crate) const DESK: &str = "frontdesk";

/// What is on when, and where that is.
pub(crate) struct Programme {
    /// The talks as first published.
    pub(crate) talks: Vec<FoundTalk>,
    /// The talks as they are really held.
    pub(crate) really: Vec<FoundTalk>,
    pub(crate) presses: Vec<Press>,
    pub(crate) revision: Revision,
    pub(crate) zone: TimeZone,
}

impl Programme {
    /// Reads the schedule that the demo brings.
    ///
    /// # Errors
    /// Never with the files that are compiled in, which a test reads.
    pub(crate) fn read() -> Result<Self> {
        let zone = TimeZone::get(ZONE).context("the conference's time zone is missing")?;
        let talks = model::schedule::parse(SCHEDULE.as_bytes(), &zone).context("the demo's schedule")?.talks;
        let first = talks.iter().map(|t| t.start.0).min().unwrap_or_default();
        let presses = course::presses(first, &zone);
        let revision = Revision::read(first, &zone)?;
        let really = course::really(&talks, &presses, &revision);
        Ok(Self { talks, really, presses, revision, zone })
    }

    /// The talks that are really on at a time, with their rooms.
    pub(crate) fn on_at(&self, time: i64) -> impl Iterator<Item = &FoundTalk> {
        self.really.iter().filter(move |t| t.start.0 <= time && time < t.end.0)
    }

    /// When what is said elsewhere is said.
    pub(crate) fn notes(&self) -> Vec<(i64, Note)> {
        let first = self.talks.iter().map(|t| t.start.0).min().unwrap_or_default();
        let midnight = times::midnight(first, &self.zone);
        let at = |n: usize, note: &Note| {
            let minute = midnight + note.day as i64 * times::DAY + note.minute * times::MINUTE;
            // Nobody writes at the full minute.
            minute + (n as i64 * 17 % 53) * 1_000_000
        };
        elsewhere::notes().into_iter().enumerate().map(|(n, note)| (at(n, &note), note)).collect()
    }

    /// Both days from the first words to the last, played at this speed.
    ///
    /// # Errors
    /// When the speed is no speed.
    pub(crate) fn timeline(&self, speed: f64) -> Result<Timeline> {
        let first = self.talks.iter().map(|t| t.start.0).min().unwrap_or_default();
        let mut days: Vec<(i64, i64)> = Vec::new();
        for block in lines::blocks() {
            let When::Between(from, to) = block.when else { continue };
            let midnight = times::midnight(first, &self.zone) + block.day as i64 * times::DAY;
            let span = Span::between(midnight, from, to);
            match days.get_mut(block.day) {
                Some(day) => day.1 = span.to,
                None => days.push((span.from, span.to)),
            }
        }
        Timeline::new(days, speed).context("the speed must be above 0")
    }

    /// "Thu 09:31", where the conference is.
    pub(crate) fn clock_face(&self, time: i64) -> String {
        Micros(time).zoned(&self.zone).strftime("%a %H:%M").to_string()
    }
}

/// The schedule as the organisers publish it.
pub(crate) fn schedule_json() -> &'static str {
    SCHEDULE
}

/// The speakers' handles, as a CSV of talks and handles.
pub(crate) fn handles_csv() -> String {
    let speaks = |person: lines::Person| Some(format!("{},@{}\n", person.talk?, person.handle));
    std::iter::once("talk,handle\n".to_owned())
        .chain(lines::people().into_iter().filter_map(speaks))
        .collect()
}

/// The event.toml, with the fake networks as its sources.
pub(crate) fn event_toml(ports: Ports) -> String {
    let Ports { mastodon, x, bluesky, flickr, blog, pictures, .. } = ports;
    format!(
        r#"# Written by `perihelion demo` at each start. An event of your own looks like this, too.
slug = "{SLUG}"
title = "Marginalia 2026"
timezone = "{ZONE}"
place = "Corvanne"
starts = 2026-10-15
ends = 2026-10-16
hashtags = ["{TAG}"]
schedule = "http://127.0.0.1:{pictures}/schedule.json"
schedule_poll_seconds = 30
handles = "handles.csv"
onsite = "open"
accent_hue = 24
# published = true lets search engines in; an invented conference is better not found.
privacy = """
Marginalia is invented, and so is everybody who speaks here. What you write yourself stays on the machine on which you started the demo.
"""
imprint = """
# Marginalia 2026

The Society of Margins
3 Quay of the Bookbinders, Corvanne

Answerable: nobody, as none of them exists. The program that you are looking at is real: perihelion --version says which it is.
"""

[[room]]
name = "Press Hall"

[[room]]
name = "Bindery"

[[source]]
name = "inkwell"
kind = "mastodon"
url = "http://127.0.0.1:{mastodon}"
token_env = "{MASTODON_TOKEN_ENV}"

[[source]]
name = "x"
kind = "twitter"
url = "http://127.0.0.1:{x}"
token_env = "{X_TOKEN_ENV}"

[[source]]
name = "bluesky"
kind = "bluesky"
url = "ws://127.0.0.1:{bluesky}"
api_url = "http://127.0.0.1:{bluesky}"

[[source]]
name = "flickr"
kind = "flickr"
url = "http://127.0.0.1:{flickr}/services/rest/"
key_env = "{FLICKR_KEY_ENV}"
poll_seconds = 2

[[source]]
name = "blog"
kind = "feed"
url = "http://127.0.0.1:{blog}/atom.xml"
poll_seconds = 2

[[source]]
name = "{DESK}"
kind = "hook"
secret_env = "{DESK_SECRET_ENV}"
"#
    )
}

/// The token that the fake networks ask for.
pub(crate) fn token() -> &'static str {
    TOKEN
}

/// The secret with which the front desk signs.
pub(crate) fn desk_secret() -> &'static str {
    DESK_SECRET
}

/// The environment that the demo's sources see: their secrets, nothing of the real one.
pub(crate) fn env(name: &str) -> Option<String> {
    let secret = match name {
        MASTODON_TOKEN_ENV | X_TOKEN_ENV | FLICKR_KEY_ENV => TOKEN,
        DESK_SECRET_ENV => DESK_SECRET,
        _ => return None,
    };
    Some(secret.to_owned())
}
