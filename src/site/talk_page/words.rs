//! What the page of a talk says in sentences: when it was, what became of it, what its numbers amount to, what may be missing.

use super::{Shows, read::Kept};
use crate::site::view::{
    count,
    course::{Course, Phase, formerly, moved_from, no_longer},
    names, sum,
    time::{Hours, Venue},
};
use archive::TalkCount;
use model::{Micros, Room, Talk};

/// The beginning of somebody's words in one line, whole words where there are any.
pub(super) fn begun(text: &str, letters_max: usize) -> String {
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let Some((end, _)) = flat.char_indices().nth(letters_max) else { return flat };
    let cut = flat[..end].rfind(' ').filter(|at| *at > end / 2).unwrap_or(end);
    format!("{}…", flat[..cut].trim_end())
}

/// The badge of a talk of which nothing may be missing, as far as every source tells.
pub(super) fn complete(kept: &Kept, course: &Course, now: Micros) -> Option<&'static str> {
    let gaps = kept.gaps.as_ref()?;
    match course.phase {
        _ if !gaps.is_empty() || now < course.from => None,
        Phase::Over => Some("Complete: every source was within reach while it was on."),
        Phase::On => Some("Complete so far: every source has been within reach."),
        _ => None,
    }
}

pub(super) fn sums(count: &TalkCount) -> Vec<(String, &'static str)> {
    vec![
        sum(count.items, "item", "items"),
        sum(count.people, "person", "people"),
        sum(count.photos, "photo", "photos"),
        sum(count.questions, "question", "questions"),
    ]
}

pub(super) fn heading(shows: Shows, is_first: bool) -> &'static str {
    match (shows, is_first) {
        (Shows::Conversation, true) => "The conversation, from the beginning",
        (Shows::Conversation, false) => "The conversation goes on",
        (Shows::Unfiled, _) => "Said in these minutes, not filed",
    }
}

pub(super) fn note(unfiled: u64, course: &Course, venue: &Venue) -> String {
    format!(
        "{} from {} to {}, while this talk was on. Which talk they are about, if any, is not known well enough, so they count for \
         none.",
        count(unfiled, "post", "posts"),
        venue.hhmm(course.from),
        venue.hhmm(course.to)
    )
}

/// Day and hours of the schedule; the room follows as a link.
pub(super) fn when(talk: &Talk, venue: &Venue, weekday: &str, date: &str) -> (String, Hours) {
    let planned = if talk.dropped { "Called off. It was planned for " } else { "" };
    (format!("{planned}{weekday} {date}"), Hours::span(venue, talk.start, talk.end))
}

pub(super) fn facts(
    talk: &Talk,
    course: &Course,
    venue: &Venue,
    rooms: &[Room],
    now: Micros,
) -> Vec<(&'static str, String)> {
    let class = match course.phase {
        Phase::On => "now",
        Phase::Before if course.lateness.is_some() => "late",
        _ => "was",
    };
    let mut facts = Vec::new();
    facts.extend(course.sentence(talk, venue, rooms, now).map(|sentence| (class, format!("{sentence}."))));
    facts.extend(moved_from(talk, rooms, venue).map(|from| ("from", format!("Moved from {from}."))));
    let titles: Vec<String> = formerly(talk).iter().map(|title| format!("“{title}”")).collect();
    if !titles.is_empty() {
        facts.push(("from", format!("Formerly {}.", names(&titles))));
    }
    let gone = no_longer(talk);
    if !gone.is_empty() {
        facts.push(("from", format!("No longer with {}.", names(&gone))));
    }
    facts
}

pub(super) fn about(talk: &Talk) -> Vec<String> {
    let paragraphs = talk.summary.iter().flat_map(|s| s.split("\n\n"));
    paragraphs.map(str::trim).filter(|p| !p.is_empty()).map(str::to_owned).collect()
}

pub(super) fn nothing(course: &Course, shows: Shows) -> &'static str {
    match (shows, course.phase) {
        (Shows::Unfiled, _) => "Everything that was said in these minutes is filed to a talk.",
        (_, Phase::Before) => "The talk has not begun. What is said about it appears here.",
        _ => "No post could be filed to this talk with confidence; the live page has everything.",
    }
}
