//! Filing: which talk an item is about, and why. A pure function; "don't know" is a good answer.
//!
//! For every talk that may be meant, the clock gives what is likely before anything is read, and the evidence (one kind in
//! each file of `evidence`) adds its log-odds. All these talks and "no talk" share one certainty, so two talks with the same
//! signs have half of it each, and neither is filed. The score is what the best one has of it.
//!
//! | state | score |
//! | --- | --- |
//! | filed | [`FILED_SCORE`] and more |
//! | suggested | [`SUGGESTED_SCORE`] and more |
//! | event | less than that, and the words are of food, travel, the venue, the event |
//! | unsorted | less than that |
//!
//! A filing that leans on what its author said before stays below [`ANCHOR_SCORE`]: only what is filed without it, or by a
//! person, tells of the author's next posts and of other posts with the same link. So nothing rests on itself.

mod evidence;
mod post;
mod programme;
mod reach;
mod register;
mod scratch;
mod verdict;
mod words;

pub use programme::Programme;
pub use reach::reach;
pub use register::{Context, ITEMS_MAX, Known, Linked, Register};
pub use scratch::{Said, scratch};

use crate::stage::Timeline;
use crate::{Item, TalkId};
use evidence::clock::Clock;
use evidence::{Case, What};
use post::Post;
use serde::{Deserialize, Serialize};

/// The least score of what is filed. Chosen so that of all that is filed 96 in 100 are right; what is filed with just this
/// score is right in about five of six. More than a half, so that of two talks alike neither is filed.
pub const FILED_SCORE: f64 = 0.68;
/// The least score of a guess that is worth a person's look.
pub const SUGGESTED_SCORE: f64 = 0.4;
/// The least score of a filing on which others may rest: the author's next posts, posts with the same link.
pub const ANCHOR_SCORE: f64 = 0.78;

/// Version of the rules. Whoever changes what [`file`] answers adds one: what older rules filed is then filed again when
/// its event is next opened.
pub const RULES: u32 = 4;

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

/// Where its writer stood when an item was written on the event's own page. Kept with the item in private, so that a
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
pub fn file(item: &Item, programme: &Programme, stage: &Timeline, context: &Context) -> Filing {
    let at = item.at.as_ref();
    if let Some(talk) = at.and_then(|at| at.talk.as_ref()).and_then(|id| programme.talk(id)) {
        return Filing {
            talk: Some(talk.id.clone()),
            room: Some(talk.room.clone()),
            state: FilingState::Filed,
            score: 1.0,
            by: By::Rule,
            reasons: vec!["Written on this talk\u{2019}s page.".to_owned()],
        };
    }
    let post = Post::read(item, programme);
    let clock = Clock::at(item, post.mood, programme, stage);
    let case = Case { post: &post, programme, context, clock: &clock };
    let signs = evidence::gather(&case);
    // Who writes for a room is there, whatever the clock says of the others, and wherever they just were.
    let is_weak = |sign: &evidence::Sign| matches!(sign.what, What::AuthorAt(_) | What::AuthorInRoom(_));
    let has_words_or_place = !signs.iter().all(is_weak);
    let filing = verdict::reach(&case, signs);
    match at.and_then(|at| at.room.as_ref()) {
        Some(room) if filing.state != FilingState::Filed || !has_words_or_place => Filing {
            room: Some(room.clone()),
            state: FilingState::Suggested,
            score: 0.5,
            ..Filing::unsorted("Written for this room; no one talk was on there.")
        },
        _ => filing,
    }
}

#[cfg(test)]
mod tests;
