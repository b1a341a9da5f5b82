//! What waits to be sorted, worked out from the site's own fold: the posts, what was on when each was said, and which of them go
//! together. Pure.

use super::super::{
    live_fold::LiveFold,
    view::{because::percent, number, time::Venue},
};
use super::asked::Filter;
use model::{
    By, Filing, FilingState, Item, ItemId, Micros, Room, Row, RowState, Seq, Talk, TalkId, stage::Timeline,
};
use nozzle::intake::FILE_ITEMS_MAX;
use serde::Serialize;
use std::collections::BTreeMap;

/// Talks that one post can be filed to by a digit.
const CHOICES_MAX: usize = 9;
/// How long after a talk's end people still write about it, and how long before its beginning.
const OVER_FOR: i64 = 15 * Micros::MINUTE;
const SOON_FOR: i64 = 10 * Micros::MINUTE;
/// A suggestion with a higher score is one of those that are accepted without reading each.
const SURE: f64 = 0.8;
/// Piles that are offered.
const GROUPS_MAX: usize = 6;
/// Fewer suggestions for one talk are no pile of their own.
const GROUP_MIN: usize = 2;

/// Whether a post waits for a person: nobody but the rules has said where it belongs, and they do not know.
fn waits(filing: &Filing) -> bool {
    filing.by == By::Rule && matches!(filing.state, FilingState::Suggested | FilingState::Unsorted)
}

/// A shown post with its words and its filing.
pub(super) fn shown(row: &Row) -> Option<(&Item, &Filing)> {
    Some((row.item.as_ref().filter(|_| row.state == RowState::Shown)?, row.filing.as_ref()?))
}

/// Every post that waits, the newest first.
pub(super) fn waiting(fold: &LiveFold) -> impl Iterator<Item = (&Row, &Item, &Filing)> {
    let told = |row| shown(row).map(|(item, filing)| (row, item, filing));
    fold.rows(Seq::MAX).filter_map(told).filter(|(.., filing)| waits(filing))
}

/// The posts that wait and are asked for: suggested ones first, the newest of each first.
pub(super) fn pile<'a>(fold: &'a LiveFold, filter: &Filter) -> Vec<&'a Row> {
    let mut rows: Vec<&Row> = waiting(fold)
        .filter(|(_, item, filing)| filter.holds(item, filing, fold.timeline()))
        .map(|(row, ..)| row)
        .collect();
    // Stable, so that each part stays in the order of the fold.
    rows.sort_by_key(|row| !is_suggested(row));
    rows
}

pub(super) fn is_suggested(row: &Row) -> bool {
    suggested(row).is_some()
}

fn suggested(row: &Row) -> Option<(&TalkId, f64)> {
    let filing = row.filing.as_ref().filter(|filing| filing.state == FilingState::Suggested)?;
    Some((filing.talk.as_ref()?, filing.score))
}

/// Posts that are filed to a talk, and posts at all, among those that the fold holds.
pub(super) fn sorted(fold: &LiveFold) -> (usize, usize) {
    let mut all = 0;
    let is_filed = |row: &&Row| {
        let filing = shown(row).map(|(_, filing)| filing);
        all += usize::from(filing.is_some());
        filing.is_some_and(|filing| filing.state == FilingState::Filed && filing.talk.is_some())
    };
    (fold.rows(Seq::MAX).filter(is_filed).count(), all)
}

/// One talk that a post may be about, as a line of its card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Choice {
    pub(super) talk: TalkId,
    pub(super) title: String,
    /// The room's name, and how the talk stood when the post was said.
    pub(super) note: String,
}

/// The suggestion of the rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Guess {
    pub(super) talk: TalkId,
    pub(super) title: String,
    pub(super) note: String,
    /// The score in percent.
    pub(super) percent: u8,
}

/// All that a card says beside the post itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Sheet {
    pub(super) id: ItemId,
    pub(super) first: Seq,
    pub(super) touched: Seq,
    /// `Thursday 14:31`.
    pub(super) time: String,
    pub(super) guess: Option<Guess>,
    pub(super) reasons: Vec<String>,
    pub(super) on: Vec<Choice>,
    /// Rooms in which nothing was on, as a sentence; empty when there are none.
    pub(super) quiet: String,
}

/// What sheets are written from.
pub(super) struct Desk<'a> {
    pub(super) talks: &'a BTreeMap<TalkId, Talk>,
    pub(super) rooms: &'a [Room],
    pub(super) stage: &'a Timeline,
    pub(super) venue: &'a Venue,
}

impl Desk<'_> {
    /// The sheet of a shown post.
    pub(super) fn sheet(&self, row: &Row) -> Option<Sheet> {
        let (item, filing) = shown(row)?;
        let guess = suggested(row).and_then(|(id, score)| self.guess(id, score));
        Some(Sheet {
            id: row.id,
            first: row.first,
            touched: row.touched,
            time: self.time(item.when),
            on: self.choices(item.when, guess.as_ref().map(|guess| &guess.talk)),
            guess,
            reasons: filing.reasons.clone(),
            quiet: self.quiet(item.when),
        })
    }

    pub(super) fn time(&self, at: Micros) -> String {
        format!("{} {}", self.venue.weekday(at), self.venue.hhmm(at))
    }

    fn guess(&self, id: &TalkId, score: f64) -> Option<Guess> {
        let talk = self.talks.get(id)?;
        let percent = percent(score);
        Some(Guess { talk: id.clone(), title: talk.title.clone(), note: self.when(talk), percent })
    }

    /// `Press Hall, Thursday 14:25 to 15:05`.
    pub(super) fn when(&self, talk: &Talk) -> String {
        let called_off = if talk.dropped { ", no longer in the programme" } else { "" };
        format!(
            "{}, {} to {}{called_off}",
            self.room(&talk.room),
            self.time(talk.start),
            self.venue.hhmm(talk.end)
        )
    }

    pub(super) fn room<'b>(&'b self, slug: &'b str) -> &'b str {
        self.rooms.iter().find(|room| room.slug == slug).map_or(slug, |room| &room.name)
    }

    /// The talks that were on at a moment, room by room, then those just over and those about to begin; without the one that is
    /// offered already.
    fn choices(&self, at: Micros, guess: Option<&TalkId>) -> Vec<Choice> {
        let mut near: Vec<(i64, usize, &TalkId, String)> = Vec::new();
        for (n, room) in self.rooms.iter().enumerate() {
            let spans = self.stage.rooms().find(|(slug, _)| *slug == room.slug).map_or(&[][..], |(_, s)| s);
            for span in spans {
                let Some(talk) = span.talk.as_ref().filter(|talk| Some(*talk) != guess) else { continue };
                let (begun, over) = (at.since(span.from), at.since(span.to));
                let (rank, note) = match () {
                    () if span.holds(at) => (0, format!("on for {}", minutes(begun))),
                    () if (0..OVER_FOR).contains(&over) => (1 + over, format!("over for {}", minutes(over))),
                    () if (-SOON_FOR..0).contains(&begun) => {
                        (1 + OVER_FOR - begun, format!("begins {} later", minutes(-begun)))
                    }
                    () => continue,
                };
                // A talk that went on after a break is one talk: as near as its nearest part.
                match near.iter_mut().find(|(_, _, known, _)| *known == talk) {
                    Some(known) if known.0 <= rank => {}
                    Some(known) => *known = (rank, n, talk, note),
                    None => near.push((rank, n, talk, note)),
                }
            }
        }
        near.sort_by_key(|(rank, room, ..)| (*rank, *room));
        let choice = |(_, n, id, how): (i64, usize, &TalkId, String)| {
            let title = self.talks.get(id)?.title.clone();
            Some(Choice { talk: id.clone(), title, note: format!("{}, {how}", self.rooms[n].name) })
        };
        near.into_iter().filter_map(choice).take(CHOICES_MAX).collect()
    }

    /// `Nothing was on in Press Hall.`
    fn quiet(&self, at: Micros) -> String {
        let is_quiet = |room: &&Room| self.stage.in_room(&room.slug, at).all(|span| span.talk.is_none());
        let names: Vec<&str> = self.rooms.iter().filter(is_quiet).map(|room| room.name.as_str()).collect();
        match names[..] {
            [] => String::new(),
            _ if names.len() == self.rooms.len() => "Nothing was on in any room.".to_owned(),
            _ => format!("Nothing was on in {}.", super::super::view::names(&names)),
        }
    }
}

/// `1 min`; what has not lasted a minute is less than one.
fn minutes(micros: i64) -> String {
    match micros / Micros::MINUTE {
        0 => "less than 1 min".to_owned(),
        n => format!("{} min", number(n.unsigned_abs())),
    }
}

/// Suggestions for one talk, to be accepted in one go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Group {
    pub(super) talk: TalkId,
    pub(super) title: String,
    /// All of them, the newest first, as many as one order takes.
    pub(super) all: Vec<ItemId>,
    /// Those with a score over [`SURE`]; empty where these are all or none.
    pub(super) sure: Vec<ItemId>,
}

/// The talks with more than one suggestion among these posts, the fullest first.
pub(super) fn groups(rows: &[&Row], talks: &BTreeMap<TalkId, Talk>) -> Vec<Group> {
    let mut by_talk: BTreeMap<&TalkId, Vec<(ItemId, f64)>> = BTreeMap::new();
    for row in rows {
        if let Some((talk, score)) = suggested(row) {
            by_talk.entry(talk).or_default().push((row.id, score));
        }
    }
    let mut groups: Vec<Group> = Vec::new();
    for (talk, mut found) in by_talk.into_iter().filter(|(_, found)| found.len() >= GROUP_MIN) {
        found.truncate(FILE_ITEMS_MAX);
        let all: Vec<ItemId> = found.iter().map(|(id, _)| *id).collect();
        let sure: Vec<ItemId> = found.iter().filter(|(_, score)| *score > SURE).map(|(id, _)| *id).collect();
        let sure = if sure.len() == all.len() { Vec::new() } else { sure };
        let title = talks.get(talk).map_or_else(|| talk.to_string(), |talk| talk.title.clone());
        groups.push(Group { talk: talk.clone(), title, all, sure });
    }
    groups.sort_by_key(|group| std::cmp::Reverse(group.all.len()));
    groups.truncate(GROUPS_MAX);
    groups
}
