//! Random posts, edits, deletes, decisions and repeats, in any order and any batches, with crashes between steps: the
//! ledger's fold equals what a naive oracle says, and nothing of older words is left anywhere.

use std::collections::{HashMap, HashSet};

use model::RowState;
use proptest::prelude::*;

use super::*;
use crate::intake::{Decide, Decision};

const ITEMS: u64 = 6;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Step {
    Post { n: u64, rev: i64 },
    Delete { n: u64 },
    Decide { n: u64, decision: Decision },
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
    prop_oneof![
        6 => (0..ITEMS, 0..4i64).prop_map(|(n, rev)| Step::Post { n, rev }),
        2 => (0..ITEMS).prop_map(|n| Step::Delete { n }),
        3 => (0..ITEMS, decision).prop_map(|(n, decision)| Step::Decide { n, decision }),
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

/// The naive oracle: one item after the other, no batches, no crashes, no ledger.
#[derive(Default)]
struct Oracle {
    items: HashMap<u64, (RowState, i64)>,
    early: HashSet<u64>,
}

impl Oracle {
    fn step(&mut self, step: Step) {
        use RowState::{Hidden, Removed, Shown};
        match step {
            Step::Post { n, .. } if self.early.contains(&n) => {}
            Step::Post { n, rev } => {
                let item = self.items.entry(n).or_insert((Shown, rev));
                item.1 = item.1.max(rev);
            }
            Step::Delete { n } => match self.items.get_mut(&n) {
                Some(item) => item.0 = Removed,
                None => drop(self.early.insert(n)),
            },
            Step::Decide { n, decision } => {
                let Some(item) = self.items.get_mut(&n).filter(|i| i.0 != Removed) else { return };
                item.0 = match decision {
                    Decision::Hide => Hidden,
                    Decision::Show => Shown,
                    Decision::Remove => Removed,
                };
            }
        }
    }
}

fn commands(steps: &[Step], key: usize) -> Vec<Command> {
    let command = |(i, step): (usize, &Step)| match *step {
        Step::Post { n, rev: 0 } => from_source(post(n, &words(n, 0))),
        Step::Post { n, rev } => from_source(edit(n, rev, &words(n, rev))),
        Step::Delete { n } => from_source(delete(n)),
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
            let mut work = work::Work::begin(&rig.ledger, &rig.sequencer.standing, NOON).await.unwrap();
            let batch = commands(steps, key);
            work.look_up(&batch).await.unwrap();
            for command in &batch {
                match command {
                    Command::Pumped(pumped) => work.pumped(pumped).unwrap(),
                    Command::Ordered { order, .. } => drop(work.order(order).await.unwrap()),
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
    }
    judge(&rig, &oracle).await;
}

async fn judge(rig: &Rig, oracle: &Oracle) {
    let fold = rig.fold().await;
    assert_eq!(fold.top(), rig.ledger.top(), "numbers have holes");
    for n in 0..ITEMS {
        let found = fold.items.get(&id(n)).map(|row| row.state);
        assert_eq!(found, oracle.items.get(&n).map(|item| item.0), "item {n}");
    }
    let all = rig.all_text().await;
    let public: String = lines(rig).await;
    for n in 0..ITEMS {
        for rev in 0..4 {
            let newest = oracle.items.get(&n).filter(|item| item.1 == rev).map(|item| item.0);
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
