//! Random posts, edits, deletes, decisions, changes of accounts and repeats, in any order and any batches, with crashes between
//! steps: the ledger's fold equals what a naive oracle says, and nothing of older words is left anywhere.

use std::collections::{HashMap, HashSet};

use live::ledger::Account;
use model::{Author, RowState};
use proptest::prelude::*;

use super::*;
use crate::intake::{Decide, Decision};

const ITEMS: u64 = 6;
/// Item n is by account n % ACCOUNTS.
const ACCOUNTS: u64 = 2;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Step {
    Post { n: u64, rev: i64 },
    Delete { n: u64 },
    Decide { n: u64, decision: Decision },
    Account { who: u64, account: Account },
}

#[derive(Clone, Copy, Debug)]
enum Crash {
    Never,
    /// The batch is decided, then the process dies: nothing of it may be left.
    BeforeCommit,
    /// The batch is committed, the process dies before it says so: it comes again.
    AfterCommit,
}

fn step() -> impl Strategy<Value = Step> {
    let decision = prop_oneof![Just(Decision::Hide), Just(Decision::Show), Just(Decision::Remove)];
    let account = prop_oneof![
        4 => Just(Account::Hidden),
        4 => Just(Account::Back),
        1 => Just(Account::Removed(GoneBy::Network)),
    ];
    prop_oneof![
        6 => (0..ITEMS, 0..4i64).prop_map(|(n, rev)| Step::Post { n, rev }),
        2 => (0..ITEMS).prop_map(|n| Step::Delete { n }),
        3 => (0..ITEMS, decision).prop_map(|(n, decision)| Step::Decide { n, decision }),
        2 => (0..ACCOUNTS, account).prop_map(|(who, account)| Step::Account { who, account }),
    ]
}

fn batches() -> impl Strategy<Value = Vec<(Vec<Step>, Crash)>> {
    let crash =
        prop_oneof![4 => Just(Crash::Never), 1 => Just(Crash::BeforeCommit), 1 => Just(Crash::AfterCommit)];
    prop::collection::vec((prop::collection::vec(step(), 1..8), crash), 1..12)
}

fn words(n: u64, rev: i64) -> String {
    format!("w{n}-{rev}.")
}

#[derive(Clone, Copy, Default)]
struct Item {
    rev: i64,
    is_removed: bool,
    /// Its account is away, or a moderator hid it.
    away: bool,
    hidden: bool,
    /// The log has spoken of it in public.
    is_seen: bool,
}

impl Item {
    fn state(self) -> RowState {
        match self {
            Self { is_removed: true, .. } => RowState::Removed,
            Self { away: false, hidden: false, .. } => RowState::Shown,
            _ => RowState::Hidden,
        }
    }
}

/// The naive oracle: one item after the other, no batches, no crashes, no ledger.
#[derive(Default)]
struct Oracle {
    items: HashMap<u64, Item>,
    early: HashSet<u64>,
    accounts: HashMap<u64, Account>,
}

impl Oracle {
    fn step(&mut self, step: Step) {
        match step {
            Step::Post { n, .. } if self.early.contains(&n) => {}
            Step::Post { n, rev } => {
                let account = self.accounts.get(&(n % ACCOUNTS));
                if matches!(account, Some(Account::Removed(_))) {
                    return;
                }
                let away = account == Some(&Account::Hidden);
                let item = self.items.entry(n).or_insert(Item { away, ..Item::default() });
                item.rev = item.rev.max(rev);
            }
            Step::Delete { n } => match self.items.get_mut(&n) {
                Some(item) => item.is_removed = true,
                None => drop(self.early.insert(n)),
            },
            Step::Decide { n, decision } => {
                let Some(item) = self.items.get_mut(&n).filter(|i| !i.is_removed) else { return };
                match decision {
                    Decision::Hide => (item.hidden, item.is_seen) = (true, true),
                    Decision::Show => item.hidden = false,
                    Decision::Remove => item.is_removed = true,
                }
            }
            Step::Account { who, account } => self.account(who, account),
        }
        self.items.values_mut().for_each(|item| item.is_seen |= item.state() != RowState::Hidden);
    }

    fn account(&mut self, who: u64, account: Account) {
        if matches!(self.accounts.get(&who), Some(Account::Removed(_))) {
            return;
        }
        self.accounts.insert(who, account);
        for (_, item) in self.items.iter_mut().filter(|(n, _)| *n % ACCOUNTS == who) {
            match account {
                Account::Removed(_) => item.is_removed = true,
                Account::Hidden => item.away = true,
                Account::Back => item.away = false,
            }
        }
    }
}

fn commands(steps: &[Step], key: usize) -> Vec<Command> {
    let by = |n: u64, draft: Draft| {
        post_of(Draft { author: Author { id: format!("a{}", n % ACCOUNTS), ..Author::default() }, ..draft })
    };
    let command = |(i, step): (usize, &Step)| match *step {
        Step::Post { n, rev: 0 } => from_source(by(n, draft(n, &words(n, 0)))),
        Step::Post { n, rev } => {
            let revision = Revision::EditedAt(Micros(rev));
            from_source(by(n, Draft { revision, ..draft(n, &words(n, rev)) }))
        }
        Step::Delete { n } => from_source(delete(n)),
        Step::Account { who, account } => {
            from_source(Brought::Account { name: format!("mastodon:a{who}"), account })
        }
        Step::Decide { n, decision } => {
            let ask = Ask::Decide(Decide { id: id(n), decision, law: false });
            let order = Box::new(order(ask, &format!("{key}.{i}")));
            Command::Ordered { order, answer: oneshot::channel().0 }
        }
    };
    steps.iter().enumerate().map(command).collect()
}

async fn play(batches: Vec<(Vec<Step>, Crash)>) {
    let mut rig = Rig::new().await;
    let mut oracle = Oracle::default();
    for (key, (steps, crash)) in batches.iter().enumerate() {
        steps.iter().for_each(|step| oracle.step(*step));
        if matches!(crash, Crash::BeforeCommit) {
            let mut work =
                work::Work::begin(&rig.ledger, &rig.sequencer.standing, &mut rig.sequencer.filer, NOON)
                    .await
                    .unwrap();
            let batch = commands(steps, key);
            work.look_up(&batch).await.unwrap();
            for command in &batch {
                match command {
                    Command::Pumped(pumped) => work.pumped(pumped).unwrap(),
                    Command::Ordered { order, .. } => drop(work.order(order).await.unwrap()),
                    Command::Delivered { .. } => panic!("no step delivers"),
                }
            }
            drop(work);
            rig = rig.reborn().await;
        }
        rig.sequencer.take(commands(steps, key)).await.unwrap();
        if matches!(crash, Crash::AfterCommit) {
            rig = rig.reborn().await;
            // The source goes on from an older cursor: its part of the batch comes once more.
            let upstream = |c: &Command| matches!(c, Command::Pumped(_));
            rig.sequencer.take(commands(steps, key).into_iter().filter(upstream).collect()).await.unwrap();
        }
        // The items of an account may have to wait for the batches that are there already.
        if key % 2 == 0 {
            rig.settled().await;
        }
    }
    rig.settled().await;
    judge(&rig, &oracle).await;
}

async fn judge(rig: &Rig, oracle: &Oracle) {
    let fold = rig.fold().await;
    assert_eq!(fold.top(), rig.ledger.top(), "numbers have holes");
    for n in 0..ITEMS {
        let found = fold.items.get(&id(n)).map(|row| row.state);
        let want = oracle.items.get(&n).filter(|item| item.is_seen).map(|item| item.state());
        // An account that comes back and goes again before its items were looked at has shown nothing in between.
        let is_same = found == want || (found.is_none() && want == Some(RowState::Hidden));
        assert!(is_same, "item {n}: {found:?}, not {want:?}");
    }
    let all = rig.all_text().await;
    let public: String = lines(rig).await;
    for n in 0..ITEMS {
        for rev in 0..4 {
            let newest = oracle.items.get(&n).filter(|item| item.rev == rev).map(|item| item.state());
            let is_public = newest == Some(RowState::Shown);
            let is_kept = is_public || newest == Some(RowState::Hidden);
            assert_eq!(public.contains(&words(n, rev)), is_public, "words {n}-{rev} in the log");
            assert_eq!(all.contains(&words(n, rev)), is_kept, "words {n}-{rev} in the ledger");
        }
    }
}

async fn lines(rig: &Rig) -> String {
    let lines = rig.ledger.view().lines(0, live::LINES_MAX).await.unwrap();
    lines.iter().map(|line| String::from_utf8_lossy(&line.json).into_owned()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_fold_of_the_ledger_is_what_a_naive_oracle_says(batches in batches()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(play(batches));
    }
}
