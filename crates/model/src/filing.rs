//! Filing: which talk an item is about, and why. A pure function; "don't know" is a good answer.

mod programme;
mod register;

pub use programme::Programme;
pub use register::{Context, Known, Linked, Register};

use crate::stage::Timeline;
use crate::{Item, TalkId};
use serde::{Deserialize, Serialize};

/// Version of the rules. Whoever changes what [`file`] answers adds one: what older rules filed is then filed again when
/// its event is next opened.
pub const RULES: u32 = 1;

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

/// Files an item: which talk it is about, as far as its words, its place and what was said before it tell. The same
/// arguments give the same filing, always.
#[must_use]
pub fn file(
    item: &Item,
    at: Option<&WrittenAt>,
    programme: &Programme,
    stage: &Timeline,
    _context: &Context,
) -> Filing {
    if let Some(filing) = at.and_then(|at| file_where_written(item, at, programme, stage)) {
        return filing;
    }
    let on: Vec<(&str, &TalkId)> = stage
        .rooms()
        .flat_map(|(room, spans)| spans.iter().map(move |span| (room, span)))
        .filter(|(_, span)| span.holds(item.when))
        .filter_map(|(room, span)| span.talk.as_ref().map(|talk| (room, talk)))
        .collect();
    match on[..] {
        [(room, talk)] => filed(talk, room, 0.6, "It was the only talk on when this was said."),
        [] => Filing::unsorted("No talk was on when this was said."),
        _ => Filing::unsorted("Several talks were on when this was said."),
    }
}

fn filed(talk: &TalkId, room: &str, score: f64, reason: &str) -> Filing {
    Filing {
        talk: Some(talk.clone()),
        room: Some(room.to_owned()),
        state: FilingState::Filed,
        score,
        by: By::Rule,
        reasons: vec![reason.to_owned()],
    }
}

/// A talk that is still in the programme; else what is on in the room, or the room alone as a suggestion.
fn file_where_written(
    item: &Item,
    at: &WrittenAt,
    programme: &Programme,
    stage: &Timeline,
) -> Option<Filing> {
    if let Some(talk) = at.talk.as_ref().and_then(|id| programme.talk(id)) {
        return Some(filed(&talk.id, &talk.room, 1.0, "Written on this talk\u{2019}s page."));
    }
    let room = at.room.as_ref()?;
    let mut on = stage.in_room(room, item.when).filter_map(|span| span.talk.as_ref());
    match (on.next(), on.next()) {
        (Some(talk), None) => Some(filed(talk, room, 0.9, "Written for this room while this talk was on.")),
        _ => Some(Filing {
            room: Some(room.clone()),
            state: FilingState::Suggested,
            score: 0.5,
            ..Filing::unsorted("Written for this room; no one talk was on there.")
        }),
    }
}
