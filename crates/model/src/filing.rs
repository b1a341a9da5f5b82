//! Filing: which talk an item is about, and why. A pure function; "don't know" is a good answer.

use crate::{Item, Micros, Talk, TalkId};
use serde::{Deserialize, Serialize};

/// How sure we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FilingState {
    /// Counts for its talk.
    Filed,
    /// A guess, offered to people, that counts for nothing.
    Suggested,
    /// We do not know.
    Unsorted,
    /// About the event as a whole.
    Event,
}

/// Who filed it. A person's move is never undone by a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum By {
    /// The rules of this module.
    Rule,
    /// A person.
    Person,
}

/// Where an item was filed, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Filing {
    /// The talk it is filed to, or suggested for.
    pub talk: Option<TalkId>,
    /// Slug of the room.
    pub room: Option<String>,
    /// How sure.
    pub state: FilingState,
    /// From 0 to 1.
    pub score: f64,
    /// Who filed it.
    pub by: By,
    /// Each a sentence that a person can read.
    pub reasons: Vec<String>,
}

impl Filing {
    /// "We do not know", with the reason.
    #[must_use]
    pub fn unsorted(reason: impl Into<String>) -> Self {
        Self {
            talk: None,
            room: None,
            state: FilingState::Unsorted,
            score: 0.0,
            by: By::Rule,
            reasons: vec![reason.into()],
        }
    }
}

/// The talks of an event, ready to be asked what is on. Build it when the schedule changes, ask it for each item.
#[derive(Clone, Debug, Default)]
pub struct Timetable {
    talks: Vec<Talk>,
    longest: i64,
}

impl Timetable {
    /// Takes all talks of an event; dropped ones are left out.
    #[must_use]
    pub fn new(talks: impl IntoIterator<Item = Talk>) -> Self {
        let mut talks: Vec<Talk> = talks.into_iter().filter(|t| !t.dropped && t.end > t.start).collect();
        talks.sort_by(|a, b| (a.start, &a.id).cmp(&(b.start, &b.id)));
        let longest = talks.iter().map(|t| t.end.since(t.start)).max().unwrap_or(0);
        Self { talks, longest }
    }

    /// The talks that are on at `at`, by start.
    pub fn on_at(&self, at: Micros) -> impl Iterator<Item = &Talk> {
        let from = self.talks.partition_point(|t| t.start < at.plus(-self.longest));
        self.talks[from..].iter().take_while(move |t| t.start <= at).filter(move |t| t.is_on(at))
    }

    /// All talks, by start.
    #[must_use]
    pub fn talks(&self) -> &[Talk] {
        &self.talks
    }
}

/// Where its writer stood when an item was written on the event's own page. Kept beside the item in private, so that a
/// later look at stage or schedule still knows it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrittenAt {
    /// On this talk's page.
    #[serde(default)]
    pub talk: Option<TalkId>,
    /// For this room, by its slug.
    #[serde(default)]
    pub room: Option<String>,
}

/// Files an item. What its writer said about the place comes first; else by one honest rule: exactly one talk on anywhere
/// when it was said means that talk.
#[must_use]
pub fn file(item: &Item, at: Option<&WrittenAt>, timetable: &Timetable) -> Filing {
    if let Some(filing) = at.and_then(|at| file_where_written(item, at, timetable)) {
        return filing;
    }
    let mut on = timetable.on_at(item.when);
    match (on.next(), on.next()) {
        (Some(talk), None) => Filing {
            talk: Some(talk.id.clone()),
            room: Some(talk.room.clone()),
            state: FilingState::Filed,
            score: 0.6,
            by: By::Rule,
            reasons: vec!["It was the only talk on when this was said.".into()],
        },
        (None, _) => Filing::unsorted("No talk was on when this was said."),
        (Some(_), Some(_)) => Filing::unsorted("Several talks were on when this was said."),
    }
}

/// A talk that is still in the programme; else what is on in the room, or the room alone as a suggestion.
fn file_where_written(item: &Item, at: &WrittenAt, timetable: &Timetable) -> Option<Filing> {
    let filed = |talk: &Talk, score, reason: &str| Filing {
        talk: Some(talk.id.clone()),
        room: Some(talk.room.clone()),
        state: FilingState::Filed,
        score,
        by: By::Rule,
        reasons: vec![reason.to_owned()],
    };
    if let Some(talk) = timetable.talks().iter().find(|talk| at.talk.as_ref() == Some(&talk.id)) {
        return Some(filed(talk, 1.0, "Written on this talk\u{2019}s page."));
    }
    let room = at.room.as_ref()?;
    let mut on = timetable.on_at(item.when).filter(|talk| talk.room == *room);
    match (on.next(), on.next()) {
        (Some(talk), None) => Some(filed(talk, 0.9, "Written for this room while this talk was on.")),
        _ => Some(Filing {
            room: Some(room.clone()),
            state: FilingState::Suggested,
            score: 0.5,
            ..Filing::unsorted("Written for this room; no one talk was on there.")
        }),
    }
}
