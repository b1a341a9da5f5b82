//! What stewards say enters the log: since when a room is on a talk or on a break, and what they take back. An order says
//! what is so, never what to change, so that saying it twice, late or by two phones comes to the same.

use std::collections::BTreeMap;

use live::state::Record;
use model::stage::{Press, Timeline, standing};
use model::{FilingState, ItemId, Kind, Micros, Move, StageEntry, TalkId};

use super::orders::Said;
use super::work::Work;
use crate::intake::{Order, Outcome, Refusal, SetStage};

/// How far in the future a press may lie (clocks differ), in microseconds.
const AHEAD_MAX: i64 = Micros::MINUTE;
/// How long before the event's first talk a press may lie, in microseconds.
const BEFORE_MAX: i64 = 24 * Micros::HOUR;
/// Most presses of one room, undone ones included: they are all read whenever one of them comes.
const PRESSES_MAX: usize = 5_000;
/// Most sentences of a dry run about what would move.
const NOTES_MAX: usize = 20;
/// State of an order that found everything as it wants it.
const UNCHANGED: &str = "unchanged";

/// What is said of each room, as the fold has it.
type Presses = BTreeMap<String, Vec<StageEntry>>;

impl Work<'_> {
    pub(super) async fn stage(&mut self, ask: &SetStage, order: &Order) -> Result<Said, live::Error> {
        if let Err(refusal) = self.can_be_said(ask) {
            return Ok(Err(refusal));
        }
        let entries = if ask.undo { self.undone(ask) } else { self.pressed(ask) };
        let entries = match entries {
            Ok(entries) => entries,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let id = ask.talk.as_ref().map(TalkId::to_string);
        let Some(first) = entries.first() else {
            let seq = self.said_before(ask).await?;
            return Ok(Ok(Outcome { seq, ..Outcome::unchanged(id, Some(UNCHANGED)) }));
        };
        let id = id.or_else(|| first.talk.as_ref().map(TalkId::to_string));
        let timeline = self.with(&entries);
        let mut seq = 0;
        for entry in entries {
            seq = self.append(Kind::Stage(entry))?;
        }
        let (moves, mut notes) = self.stage_changed(timeline).await?;
        if order.is_dry_run {
            notes.splice(0..0, self.would_move(&moves).await?);
        }
        Ok(Ok(Outcome { moves, notes, ..Outcome::committed(seq, id) }))
    }

    /// The room, the talk and the moment are such as can be on.
    fn can_be_said(&self, ask: &SetStage) -> Result<(), Refusal> {
        self.has_room(&ask.room)?;
        let talks = &self.standing.fold.talks;
        if let Some(id) = &ask.talk {
            let talk = talks.get(id).ok_or_else(|| Refusal::Unknown(format!("There is no talk {id}.")))?;
            if talk.dropped && !ask.undo {
                let why = format!("\u{201c}{}\u{201d} is no longer in the programme.", talk.title);
                return Err(Refusal::Conflict { why, state: "dropped".to_owned() });
            }
        }
        if self.standing.fold.stage.get(&ask.room).is_some_and(|said| said.len() >= PRESSES_MAX) {
            let why = format!("{PRESSES_MAX} things were said of this room already; no more are taken.");
            return Err(Refusal::Conflict { why, state: "full".to_owned() });
        }
        let Some(since) = ask.since else { return Ok(()) };
        if since.since(self.now) > AHEAD_MAX {
            return Err(Refusal::bad("That lies in the future. Press it when it is so."));
        }
        let first = talks.values().map(|talk| talk.start).min().unwrap_or(self.now).min(self.now);
        if first.since(since) > BEFORE_MAX {
            return Err(Refusal::bad("That lies more than a day before the first talk of this event."));
        }
        Ok(())
    }

    /// The entries of a press; none when everything is so already.
    fn pressed(&self, ask: &SetStage) -> Result<Vec<StageEntry>, Refusal> {
        let since = ask.since.unwrap_or(self.now);
        let entry = StageEntry { room: ask.room.clone(), talk: ask.talk.clone(), since, undone: false };
        // Said of two rooms for one moment, the talk is where it was said to be last.
        let mut entries: Vec<StageEntry> = Vec::new();
        for (room, said) in self.standing.fold.stage.iter().filter(|(room, _)| **room != ask.room) {
            let same = |press: &&Press<'_>| press.since == since && press.talk == ask.talk.as_ref();
            if ask.talk.is_some() && standing(said).iter().any(|press| same(&press)) {
                entries.push(StageEntry { room: room.clone(), undone: true, ..entry.clone() });
            }
        }
        entries.push(entry);
        let is_so = self.with(&entries) == self.standing.stage;
        Ok(if is_so { Vec::new() } else { entries })
    }

    /// The entry that takes a press back; none when it was taken back already.
    fn undone(&self, ask: &SetStage) -> Result<Vec<StageEntry>, Refusal> {
        let said = self.standing.fold.stage.get(&ask.room).map_or(&[][..], Vec::as_slice);
        let stands = standing(said);
        let press = match ask.since {
            Some(since) => stands.iter().find(|press| press.since == since),
            None => stands.iter().max_by_key(|press| press.nth),
        };
        let is_meant = |press: &&Press<'_>| ask.talk.is_none() || press.talk == ask.talk.as_ref();
        if let Some(press) = press.filter(is_meant) {
            let (room, talk, since) = (ask.room.clone(), press.talk.cloned(), press.since);
            return Ok(vec![StageEntry { room, talk, since, undone: true }]);
        }
        let was_taken_back = |said: &&StageEntry| {
            said.undone && Some(said.since) == ask.since && (ask.talk.is_none() || said.talk == ask.talk)
        };
        match press {
            _ if said.iter().any(|said| was_taken_back(&said)) => Ok(Vec::new()),
            None => Err(Refusal::Unknown(
                "Nobody pressed that in this room; there is nothing to undo.".to_owned(),
            )),
            Some(press) => Err(Refusal::Conflict {
                why: "Something else was pressed in this room for that moment since.".to_owned(),
                state: press.talk.map_or("break", TalkId::as_str).to_owned(),
            }),
        }
    }

    /// What would be on, were this said as well.
    fn with(&self, entries: &[StageEntry]) -> Timeline {
        let mut presses: Presses = self.standing.fold.stage.clone();
        for entry in entries {
            presses.entry(entry.room.clone()).or_default().push(entry.clone());
        }
        Timeline::new(self.standing.fold.talks.values(), &presses)
    }

    /// The entry that has made it so: the last press of the room up to that moment, or what took it back. 0 for what the
    /// clock says by itself.
    async fn said_before(&self, ask: &SetStage) -> Result<u64, live::Error> {
        let since = ask.since.unwrap_or(self.now);
        let said = self.standing.fold.stage.get(&ask.room).map_or(&[][..], Vec::as_slice);
        let moment = if ask.undo {
            ask.since
        } else {
            let stands = standing(said);
            stands.iter().rfind(|press| press.since <= since).map(|press| press.since)
        };
        let Some(moment) = moment else { return Ok(0) };
        Ok(self.ledger.view().stage_seq(&ask.room, moment, ask.undo).await?.unwrap_or_default())
    }

    /// "37 posts would move from A to B", most posts first.
    async fn would_move(&self, moves: &[Move]) -> Result<Vec<String>, live::Error> {
        let mut ways: BTreeMap<(Option<TalkId>, Option<TalkId>), usize> = BTreeMap::new();
        for Move { id, filing } in moves {
            let before = self.before(*id).await?.and_then(|record| record.words);
            let from = before.and_then(|words| filed(&words.filing));
            let to = filed(filing);
            if from != to {
                *ways.entry((from, to)).or_default() += 1;
            }
        }
        let mut ways: Vec<_> = ways.into_iter().collect();
        ways.sort_by_key(|(_, posts)| std::cmp::Reverse(*posts));
        let say = |((from, to), posts): ((Option<TalkId>, Option<TalkId>), usize)| {
            let posts = if posts == 1 { "1 post".to_owned() } else { format!("{posts} posts") };
            format!("{posts} would move from {} to {}.", self.titled(from.as_ref()), self.titled(to.as_ref()))
        };
        Ok(ways.into_iter().take(NOTES_MAX).map(say).collect())
    }

    /// A record as it was before this transaction.
    async fn before(&self, id: ItemId) -> Result<Option<Record>, live::Error> {
        self.ledger.view().record(id).await
    }

    fn titled(&self, talk: Option<&TalkId>) -> String {
        let title = talk.and_then(|id| self.standing.fold.talks.get(id)).map(|talk| &talk.title);
        title.map_or_else(|| "no talk".to_owned(), |title| format!("\u{201c}{title}\u{201d}"))
    }
}

/// The talk that an item counts for.
fn filed(filing: &model::Filing) -> Option<TalkId> {
    filing.talk.clone().filter(|_| filing.state == FilingState::Filed)
}
