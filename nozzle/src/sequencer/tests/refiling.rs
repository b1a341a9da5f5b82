//! Random posts in any order of time, replies before parents, edits, deletes, decisions, changes of accounts, presses of
//! stewards (late, doubled, out of order), versions of the schedule, moves by hand and back, crashes and restarts: whatever
//! was said in whatever order, every item is filed as filing all of them from nothing files it, and every person's move stands.

use std::collections::HashMap;

use live::ledger::Account;
use model::{Author, By, TalkId};
use proptest::prelude::*;

use super::filing::*;
use super::*;
use crate::intake::Decision;

const ITEMS: u64 = 12;
const ACCOUNTS: u64 = 3;
/// What people write.
const TEXTS: [&str; 9] = [
    "Compilers that argue back is the best talk so far, thank you Ada Vandermolen",
    "Sourdough as a replicated log, who would have thought",
    "Maps without a north, by Cyd Okonjo",
    "Whispering to thermal printers with Dee Marchetti",
    "what a great talk this is",
    "so true",
    "where is the coffee?",
    "slides are at https://slides.example/north",
    "the keynote is over, see https://slides.example/north and https://notes.example/7",
];
/// Versions of the schedule: as it was, two swapped, one moved to the other room, one called off.
const VERSIONS: [[Slot; 4]; 3] = [
    SLOTS,
    [
        Slot("a", "Main", 30, 30, COMPILERS.4, COMPILERS.5),
        Slot("b", "Main", 0, 30, SOURDOUGH.4, SOURDOUGH.5),
        MAPS,
        PRINTERS,
    ],
    [COMPILERS, SOURDOUGH, Slot("c", "Main", 60, 45, MAPS.4, MAPS.5), PRINTERS],
];

#[derive(Clone, Debug)]
enum Step {
    Post { n: u64, rev: i64, minute: i64, text: usize, to: Option<u64>, is_held: bool },
    Delete(u64),
    Decide(u64, Decision),
    Account(u64, Account),
    Press { room: usize, talk: Option<usize>, minute: i64 },
    Schedule(usize),
    CallOff(usize),
    ByHand(Vec<u64>, Option<usize>),
    GiveBack(Vec<u64>),
    Settings(bool),
    Restart,
    Crash,
}

fn step() -> impl Strategy<Value = Step> {
    let decision =
        prop_oneof![5 => Just(Decision::Hide), 5 => Just(Decision::Show), 1 => Just(Decision::Remove)];
    let account = prop_oneof![4 => Just(Account::Hidden), 4 => Just(Account::Back), 1 => Just(Account::Removed(GoneBy::Author))];
    let some = || prop::collection::vec(0..ITEMS, 1..4);
    // Most of it while talks are on, some hours before and after.
    let minute = || prop_oneof![6 => 0..110i64, 1 => -300..0i64, 1 => 110..500i64];
    let post = (
        0..ITEMS,
        0..3i64,
        minute(),
        0..TEXTS.len(),
        prop::option::weighted(0.5, 0..ITEMS),
        prop::bool::weighted(0.1),
    );
    prop_oneof![
        20 => post.prop_map(|(n, rev, minute, text, to, is_held)| Step::Post { n, rev, minute, text, to, is_held }),
        1 => (0..ITEMS).prop_map(Step::Delete),
        4 => (0..ITEMS, decision).prop_map(|(n, decision)| Step::Decide(n, decision)),
        2 => (0..ACCOUNTS, account).prop_map(|(who, account)| Step::Account(who, account)),
        4 => (0..2usize, prop::option::weighted(0.8, 0..4usize), minute())
            .prop_map(|(room, talk, minute)| Step::Press { room, talk, minute }),
        1 => (0..VERSIONS.len()).prop_map(Step::Schedule),
        1 => (0..4usize).prop_map(Step::CallOff),
        3 => (some(), prop::option::weighted(0.8, 0..4usize)).prop_map(|(items, talk)| Step::ByHand(items, talk)),
        2 => some().prop_map(Step::GiveBack),
        1 => prop::bool::ANY.prop_map(Step::Settings),
        1 => Just(Step::Restart),
        1 => Just(Step::Crash),
    ]
}

fn posted(n: u64, rev: i64, minute: i64, text: usize, to: Option<u64>, is_held: bool) -> Command {
    let revision = if rev == 0 { draft(n, "").revision } else { Revision::EditedAt(Micros(rev)) };
    let author = Author { id: format!("a{}", n % ACCOUNTS), ..Author::default() };
    // The text is never the same twice, so that a revision is seen.
    let text = format!("{} {n}.{rev}", TEXTS[text]);
    let draft = Draft { author, revision, ..said(n, at(13, 50 + minute), &text) };
    let draft = Draft { reply_to: to.filter(|to| *to != n).map(|to| uid(to).0), ..draft };
    match post_of(draft) {
        Brought::Post { admitted, .. } => from_source(Brought::Post { admitted, is_held }),
        other => from_source(other),
    }
}

/// A rig, and what persons have said.
struct Stage {
    rig: Rig,
    by_hand: HashMap<u64, Option<TalkId>>,
}

impl Stage {
    async fn play(mut self, steps: Vec<(Step, bool)>) {
        for (step, is_checked) in steps {
            self.step(step).await;
            if is_checked {
                self.check().await;
            }
        }
        self.check().await;
        self.reborn().await;
        assert!(!self.rig.sequencer.filer.has_waiting(), "a restart changes nothing");
        self.check().await;
        // What was held or hidden is filed by what is known when it is shown.
        for who in 0..ACCOUNTS {
            self.step(Step::Account(who, Account::Back)).await;
        }
        for n in 0..ITEMS {
            self.step(Step::Decide(n, Decision::Show)).await;
        }
        self.check().await;
    }

    async fn step(&mut self, step: Step) {
        match step {
            Step::Post { n, rev, minute, text, to, is_held } => {
                self.take(vec![posted(n, rev, minute, text, to, is_held)]).await;
            }
            Step::Delete(n) => self.take(vec![from_source(delete(n))]).await,
            Step::Account(who, account) => {
                let name = format!("mastodon:a{who}");
                self.take(vec![from_source(Brought::Account { name, account })]).await;
            }
            Step::Decide(n, decision) => self.ask(decide(n, decision)).await,
            Step::Press { room, talk: on, minute } => {
                let on = on.map(|i| talk(SLOTS[i]));
                self.ask(press(["main", "side"][room], on, at(13, 50 + minute))).await;
            }
            Step::Schedule(version) => self.ask(schedule(&VERSIONS[version])).await,
            Step::CallOff(i) => {
                let left: Vec<Slot> = SLOTS.iter().filter(|slot| slot.0 != SLOTS[i].0).copied().collect();
                self.ask(schedule(&left)).await;
            }
            Step::ByHand(items, to) => {
                let to = to.map(|i| talk(SLOTS[i]));
                if self.rig.ask(by_hand(&items, to.clone())).await.is_ok() {
                    self.by_hand.extend(items.into_iter().map(|n| (n, to.clone())));
                }
            }
            Step::GiveBack(items) => {
                if self.rig.ask(give_back(&items)).await.is_ok() {
                    items.iter().for_each(|n| drop(self.by_hand.remove(n)));
                }
            }
            Step::Settings(has_tag) => {
                let tagged = EVENT.replace("name = \"Side\"", "name = \"Side\"\ntags = [\"rfside\"]");
                self.ask(Ask::Event(if has_tag { tagged } else { EVENT.to_owned() })).await;
            }
            Step::Restart => self.reborn().await,
            Step::Crash => {
                self.crash().await;
                self.reborn().await;
            }
        }
    }

    async fn take(&mut self, commands: Vec<Command>) {
        self.rig.sequencer.take(commands).await.unwrap();
    }

    async fn ask(&mut self, ask: Ask) {
        // Refused or not: the oracle reads what the ledger says.
        let _said = self.rig.ask(ask).await;
    }

    async fn reborn(&mut self) {
        let rig = std::mem::replace(&mut self.rig, Rig::new().await);
        self.rig = rig.reborn().await;
    }

    /// Something is decided, and filed again in part, when the process dies.
    async fn crash(&mut self) {
        let rig = &mut self.rig;
        let commands = [posted(0, 7, 3, 0, None, false), from_source(delete(1))];
        let begun = work::Work::begin(&rig.ledger, &rig.sequencer.standing, &mut rig.sequencer.filer, NOON);
        let mut work = begun.await.unwrap();
        work.look_up(&commands).await.unwrap();
        for command in &commands {
            let Command::Pumped(pumped) = command else { unreachable!() };
            work.pumped(pumped).unwrap();
        }
        work.settle(2).await.unwrap();
    }

    async fn check(&mut self) {
        self.rig.settled().await;
        self.rig.filed_as_from_scratch().await;
        let records: HashMap<ItemId, _> =
            self.rig.all_records().await.into_iter().map(|record| (record.id, record)).collect();
        for (n, talk) in &self.by_hand {
            // Removed since: nothing is left of it.
            let Some(record) = records.get(&id(*n)) else { continue };
            let filing = &record.words.as_ref().unwrap().filing;
            assert_eq!((filing.by, &filing.talk), (By::Person, talk), "a person's move of item {n} was lost");
        }
        let persons = records.values().filter(|r| r.words.as_ref().unwrap().filing.by == By::Person).count();
        assert!(persons <= self.by_hand.len(), "a move that was taken back is still there");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_item_is_filed_as_filing_all_from_nothing_files_it(
        steps in prop::collection::vec((step(), prop::bool::weighted(0.2)), 1..60)
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let stage = Stage { rig: Rig::with_talks().await, by_hand: HashMap::new() };
            stage.play(steps).await;
        });
    }
}
