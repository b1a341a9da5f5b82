//! What kind of post it is, by words that mean the same at every conference.

use super::{Post, Programme};
use crate::filing::programme::vocabulary::Field;
use crate::filing::words::lists::{Known, known_pair};
use crate::{Mark, Run};

/// See the module.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(in crate::filing) struct Mood {
    /// How much of it is about food, travel, the venue, the party. From 0.
    pub(in crate::filing) wide: f64,
    /// How much of it is about the event as a whole. From 0.
    pub(in crate::filing) soft: f64,
    /// Somebody is listening.
    pub(in crate::filing) listening: bool,
    /// A talk is meant.
    pub(in crate::filing) talk: bool,
    /// It is still to come.
    pub(in crate::filing) ahead: bool,
    /// It is over.
    pub(in crate::filing) past: bool,
    /// The writer speaks of a talk of their own.
    pub(in crate::filing) mine: bool,
    /// A question.
    pub(in crate::filing) question: bool,
}

impl Mood {
    /// Of a post whose words are read.
    pub(super) fn of(post: &Post<'_>, programme: &Programme) -> Self {
        let mut mood = Self::default();
        let mut mine_at = None;
        for (at, (word, seen)) in post.words.iter().zip(&post.seen).enumerate() {
            let known = seen.known;
            if known.is(Known::WIDE) {
                mood.wide += if is_in_a_title(programme, seen.number) { 0.4 } else { 1.0 };
            }
            if known.is(Known::SOFT) {
                mood.soft += 0.5;
            }
            mood.listening |= known.is(Known::LISTENING);
            mood.talk |= known.is(Known::TALK);
            mood.ahead |= known.is(Known::AHEAD);
            mood.past |= known.is(Known::PAST);
            if known.is(Known::MINE) {
                mine_at = Some(at);
            }
            let names_talk = known.is(Known::TALK)
                || matches!(post.words.folded(word), "slides" | "folien" | "diapos" | "diapositivas");
            mood.mine |= names_talk && mine_at.is_some_and(|mine| at - mine <= 2);
            if let Some(next) = post.words.get(at + 1) {
                mood.pair(known_pair(post.words.folded(word), post.words.folded(next)));
            }
        }
        let ends_asking = post.item.body.0.iter().rev().find_map(|run| match run {
            Run::Text(text) if !text.trim().is_empty() => Some(text.trim_end().ends_with(['?', '\u{ff1f}'])),
            _ => None,
        });
        mood.question = post.item.marks.contains(&Mark::Question) || ends_asking == Some(true);
        mood
    }

    fn pair(&mut self, known: Known) {
        self.wide += f64::from(u8::from(known.is(Known::WIDE)));
        self.soft += if known.is(Known::SOFT) { 0.7 } else { 0.0 };
        self.listening |= known.is(Known::LISTENING);
        self.ahead |= known.is(Known::AHEAD);
        self.past |= known.is(Known::PAST);
    }

    /// About the event's surroundings, as far as words tell.
    pub(in crate::filing) fn is_wide(&self) -> bool {
        self.wide >= 0.9 || self.wide + self.soft >= 1.0
    }
}

fn is_in_a_title(programme: &Programme, number: Option<u32>) -> bool {
    let postings = number.map(|number| &programme.vocabulary.entry(number).postings);
    postings.is_some_and(|postings| postings.iter().any(|posting| posting.field == Field::Title))
}
