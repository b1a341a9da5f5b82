//! Filing in the sequencer: what was said before counts, a person's move beats every rule, and whatever happened, every item
//! is filed as filing all of them again from nothing files it ([`Rig::filed_as_from_scratch`]).

use std::collections::{BTreeMap, HashMap};

use live::state::{ItemState, Record};
use model::filing::{Programme, Register, file};
use model::stage::Timeline;
use model::{By, Filing, FilingState, TalkId};

use super::*;
use crate::intake::{Decide, Decision, FileItems, SetStage};

/// The day of the test's talks, at this hour and minute.
pub(super) fn at(hour: i64, minute: i64) -> Micros {
    Micros::parse_rfc3339("2026-11-20T00:00:00Z").unwrap().plus(hour * Micros::HOUR + minute * Micros::MINUTE)
}

/// A talk of the test's schedule: guid, room, start and length in minutes after 14:00, title, speaker.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot(
    pub(super) &'static str,
    pub(super) &'static str,
    pub(super) i64,
    pub(super) i64,
    pub(super) &'static str,
    pub(super) &'static str,
);

pub(super) const COMPILERS: Slot = Slot("a", "Main", 0, 30, "Compilers that argue back", "Ada Vandermolen");
pub(super) const SOURDOUGH: Slot = Slot("b", "Main", 30, 30, "Sourdough as a replicated log", "Bo Kettleson");
pub(super) const MAPS: Slot = Slot("c", "Side", 0, 45, "Maps without a north", "Cyd Okonjo");
pub(super) const PRINTERS: Slot =
    Slot("d", "Side", 45, 45, "Whispering to thermal printers", "Dee Marchetti");
pub(super) const SLOTS: [Slot; 4] = [COMPILERS, SOURDOUGH, MAPS, PRINTERS];

/// Talks get their ids in the order of the schedule.
pub(super) fn talk(slot: Slot) -> TalkId {
    TalkId::numbered(SLOTS.iter().position(|s| s.0 == slot.0).unwrap() + 1)
}

pub(super) fn schedule(slots: &[Slot]) -> Ask {
    let mut rooms: BTreeMap<&str, Vec<serde_json::Value>> = BTreeMap::new();
    for Slot(guid, room, start, minutes, title, speaker) in slots {
        let talk = serde_json::json!({
            "guid": guid, "date": at(14, *start).timestamp().to_string(), "room": room, "title": title,
            "duration": format!("{:02}:{:02}", minutes / 60, minutes % 60), "persons": [{"public_name": speaker}],
        });
        rooms.entry(room).or_default().push(talk);
    }
    let day = serde_json::json!({"date": "2026-11-20", "rooms": rooms});
    let file = serde_json::json!({"schedule": {"version": "1", "conference": {"days": [day]}}});
    Ask::Schedule(serde_json::to_vec(&file).unwrap())
}

pub(super) fn decide(n: u64, decision: Decision) -> Ask {
    Ask::Decide(Decide { id: id(n), decision, law: false })
}

pub(super) fn by_hand(items: &[u64], talk: Option<TalkId>) -> Ask {
    let ids = items.iter().map(|n| id(*n)).collect();
    Ask::File(FileItems { ids, talk, event: false, rule: false })
}

pub(super) fn give_back(items: &[u64]) -> Ask {
    let ids = items.iter().map(|n| id(*n)).collect();
    Ask::File(FileItems { ids, talk: None, event: false, rule: true })
}

pub(super) fn press(room: &str, talk: Option<TalkId>, since: Micros) -> Ask {
    Ask::Stage(SetStage { room: room.into(), talk, since: Some(since), undo: false })
}

pub(super) fn said(n: u64, when: Micros, text: &str) -> Draft {
    Draft { network_time: Some(when), ..draft(n, text) }
}

pub(super) fn reply(n: u64, to: u64, when: Micros, text: &str) -> Draft {
    Draft { reply_to: Some(uid(to).0), ..said(n, when, text) }
}

impl Rig {
    pub(super) async fn with_talks() -> Self {
        let mut rig = Self::new().await;
        rig.ask(Ask::Event(EVENT.into())).await.unwrap();
        rig.ask(schedule(&SLOTS)).await.unwrap();
        rig
    }

    /// Files again what waits until nothing does, and says how many transactions that took.
    pub(super) async fn refiled(&mut self) -> usize {
        let mut steps = 0;
        while self.sequencer.filer.has_waiting() {
            assert!(self.sequencer.refile().await.unwrap());
            steps += 1;
        }
        steps
    }

    pub(super) async fn all_records(&self) -> Vec<Record> {
        let mut records = self.ledger.view().records(None, 100_000).await.unwrap();
        records.retain(|record| record.words.is_some());
        records.sort_by_key(|record| (record.words.as_ref().unwrap().item.when, record.id));
        records
    }

    /// How filing everything again from nothing files every item that has words; a person's filing stands.
    async fn scratch(&self) -> HashMap<ItemId, Filing> {
        let fold = self.fold().await;
        let programme = Programme::new(fold.talks.values().cloned(), fold.event.as_ref());
        let stage = Timeline::new(fold.talks.values(), &fold.stage);
        let mut register = Register::default();
        let mut filings = HashMap::new();
        for record in self.all_records().await {
            let words = record.words.unwrap();
            let mut filing = words.filing;
            if filing.by == By::Rule {
                let context = register.context(&words.item);
                filing = file(&words.item, &programme, &stage, &context);
            }
            if let Some(talk) = filing.talk.as_ref().filter(|_| filing.by == By::Person) {
                filing.room = Some(fold.talks[talk].room.clone());
            }
            if record.state == ItemState::Shown {
                register.put(&words.item, &filing);
            }
            filings.insert(record.id, filing);
        }
        filings
    }

    /// Every record, the log's fold and filing from nothing say the same of every public item.
    pub(super) async fn filed_as_from_scratch(&mut self) {
        self.refiled().await;
        let (scratch, fold) = (self.scratch().await, self.fold().await);
        for record in self.all_records().await.into_iter().filter(|record| record.state == ItemState::Shown) {
            let (id, words) = (record.id, record.words.unwrap());
            let text = words.item.body.clone();
            assert_eq!(words.filing, scratch[&id], "{text:?} is filed otherwise from nothing");
            assert_eq!(
                fold.items[&id].filing.as_ref(),
                Some(&words.filing),
                "the log says otherwise of {text:?}"
            );
        }
    }

    pub(super) async fn filing(&self, n: u64) -> Filing {
        self.ledger.view().record(id(n)).await.unwrap().unwrap().words.unwrap().filing
    }

    /// The talk that an item counts for.
    pub(super) async fn talk_of(&self, n: u64) -> Option<TalkId> {
        let filing = self.filing(n).await;
        filing.talk.filter(|_| filing.state == FilingState::Filed)
    }
}

#[tokio::test]
async fn a_move_by_hand_is_followed_by_its_replies_and_told_in_a_dry_run() {
    let mut rig = Rig::with_talks().await;
    rig.bring([
        post_of(said(1, at(14, 10), "I would argue with that")),
        post_of(reply(2, 1, at(14, 11), "so would I")),
        post_of(reply(3, 2, at(14, 12), "and I")),
    ])
    .await;
    let top = rig.ledger.top();
    let dry = Order { is_dry_run: true, ..order(by_hand(&[1], Some(talk(PRINTERS))), "dry") };
    let told = rig.ask_as(dry).await.unwrap().moves;
    assert_eq!(rig.ledger.top(), top, "a dry run leaves nothing");
    rig.filed_as_from_scratch().await;
    let moves = rig.ask(by_hand(&[1], Some(talk(PRINTERS)))).await.unwrap().moves;
    assert_eq!(moves, told, "a dry run tells what will happen");
    assert_eq!(moves.iter().map(|m| m.id).collect::<Vec<_>>(), [id(1), id(2), id(3)]);
    for n in 1..=3 {
        assert_eq!(rig.talk_of(n).await, Some(talk(PRINTERS)), "item {n}");
    }
    rig.filed_as_from_scratch().await;
}

#[tokio::test]
async fn a_move_taken_back_is_filed_as_the_rules_say_now() {
    let mut rig = Rig::with_talks().await;
    rig.bring([
        post_of(said(1, at(14, 10), "Compilers that argue back: Ada Vandermolen has a point")),
        post_of(reply(2, 1, at(14, 11), "she has")),
    ])
    .await;
    let before = (rig.filing(1).await, rig.filing(2).await);
    assert_eq!(before.0.talk, Some(talk(COMPILERS)));
    rig.ask(by_hand(&[1], Some(talk(MAPS)))).await.unwrap();
    rig.filed_as_from_scratch().await;
    let both = Ask::File(FileItems { ids: vec![id(1)], talk: Some(talk(MAPS)), event: false, rule: true });
    assert!(matches!(rig.ask(both).await, Err(Refusal::Bad(_))), "it is one or the other");
    assert_eq!(rig.ask(give_back(&[1])).await.unwrap().moves.len(), 2);
    assert_eq!((rig.filing(1).await, rig.filing(2).await), before);
    assert!(rig.ask(give_back(&[1, 2])).await.unwrap().is_old, "the rules have them already");
    rig.filed_as_from_scratch().await;
}

#[tokio::test]
async fn the_same_move_again_changes_nothing_whoever_makes_it() {
    let mut rig = Rig::with_talks().await;
    rig.bring([post_of(said(1, at(14, 10), "hm"))]).await;
    rig.ask(by_hand(&[1], None)).await.unwrap();
    let top = rig.ledger.top();
    let mut again = order(by_hand(&[1, 1], None), "again");
    again.actor = "owner:grace".parse().unwrap();
    let told = rig.ask_as(again).await.unwrap();
    assert!(told.is_old && told.moves.is_empty());
    assert_eq!(rig.ledger.top(), top);
    let reasons = rig.filing(1).await.reasons.join(" ");
    assert!(reasons.contains("moderator") && !reasons.contains("ada"), "{reasons}");
}

#[tokio::test]
async fn many_items_are_moved_in_one_entry() {
    let mut rig = Rig::with_talks().await;
    let all: Vec<u64> = (0..200).collect();
    rig.bring(all.iter().map(|n| post_of(said(*n, at(14, 10), "hm")))).await;
    let top = rig.ledger.top();
    let told = rig.ask(by_hand(&all, Some(talk(MAPS)))).await.unwrap();
    assert_eq!((told.moves.len(), rig.ledger.top()), (200, top + 1));
    let told = rig.ask(give_back(&all)).await.unwrap();
    assert_eq!((told.moves.len(), rig.ledger.top()), (200, top + 2));
    rig.filed_as_from_scratch().await;
}

#[tokio::test]
async fn what_a_person_filed_follows_its_talk_to_another_room() {
    let mut rig = Rig::with_talks().await;
    rig.bring([post_of(said(1, at(14, 10), "hm"))]).await;
    rig.ask(by_hand(&[1], Some(talk(MAPS)))).await.unwrap();
    let moved = Slot(MAPS.0, "Main", 90, 45, MAPS.4, MAPS.5);
    rig.ask(schedule(&[COMPILERS, SOURDOUGH, moved, PRINTERS])).await.unwrap();
    let filing = rig.filing(1).await;
    assert_eq!(
        (filing.by, filing.talk, filing.room.as_deref()),
        (By::Person, Some(talk(MAPS)), Some("main"))
    );
    rig.filed_as_from_scratch().await;
}

#[tokio::test]
async fn two_posts_in_one_batch_see_each_other() {
    let mut rig = Rig::with_talks().await;
    rig.bring([
        post_of(said(1, at(14, 10), "Maps without a north, by Cyd Okonjo, is on")),
        post_of(reply(2, 1, at(14, 11), "yes")),
    ])
    .await;
    assert_eq!(rig.talk_of(2).await, Some(talk(MAPS)));
    let of_items = rig.ledger.view().lines(0, live::LINES_MAX).await.unwrap();
    let kinds: Vec<&str> =
        of_items.iter().map(|l| l.entry().unwrap().name()).filter(|k| *k == "filing").collect();
    assert!(kinds.is_empty(), "nothing had to be filed again");
}

#[tokio::test]
async fn a_transaction_that_fails_leaves_the_register_as_it_was() {
    let mut rig = Rig::with_talks().await;
    rig.bring([post_of(said(1, at(14, 10), "Maps without a north, by Cyd Okonjo, is on"))]).await;
    {
        let mut work =
            work::Work::begin(&rig.ledger, &rig.sequencer.standing, &mut rig.sequencer.filer, NOON)
                .await
                .unwrap();
        let gone = [from_source(delete(1)), from_source(post_of(said(3, at(14, 0), "hm")))];
        work.look_up(&gone).await.unwrap();
        for command in &gone {
            let Command::Pumped(pumped) = command else { unreachable!() };
            work.pumped(pumped).unwrap();
        }
        work.settle(10).await.unwrap();
    }
    rig.bring([post_of(reply(2, 1, at(14, 11), "yes"))]).await;
    assert_eq!(rig.talk_of(2).await, Some(talk(MAPS)), "its parent is there");
    rig.filed_as_from_scratch().await;
}
