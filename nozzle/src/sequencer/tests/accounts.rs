//! Accounts as a whole: removed, hidden, back; and what an author's wish does to a post that is shown already.

use live::ledger::{Account, ITEMS_PER_STEP_MAX};
use live::state::{ItemState, Veil};
use model::{Author, RowState};

use super::*;
use crate::intake::{Decide, Decision};

const ANA: &str = "mastodon:https://s.example/@ana";

fn by_ana(n: u64, text: &str) -> Draft {
    let author = Author { id: "https://s.example/@ana".into(), name: "Ana".into(), ..Author::default() };
    Draft { author, ..draft(n, text) }
}

fn said(n: u64) -> Brought {
    post_of(by_ana(n, &format!("Words of Ana {n}")))
}

fn held(n: u64) -> Brought {
    match said(n) {
        Brought::Post { admitted, .. } => Brought::Post { admitted, is_held: true },
        other => other,
    }
}

fn account(account: Account) -> Brought {
    Brought::Account { name: ANA.to_owned(), account }
}

const REMOVED: Account = Account::Removed(GoneBy::Author);

impl Rig {
    /// Does the items of accounts until none is left, and says how many transactions that took.
    pub(super) async fn settled(&mut self) -> usize {
        let mut steps = 0;
        while self.sequencer.standing.has_account_to_do {
            assert!(self.sequencer.sweep().await.unwrap());
            steps += 1;
        }
        steps
    }

    async fn state(&self, n: u64) -> (ItemState, Veil) {
        let record = self.ledger.view().record(id(n)).await.unwrap().unwrap();
        (record.state, record.veil)
    }

    async fn decide(&mut self, n: u64, decision: Decision) -> Result<Outcome, Refusal> {
        self.ask(Ask::Decide(Decide { id: id(n), decision, law: false })).await
    }
}

#[tokio::test]
async fn with_a_removed_account_go_all_its_items_whatever_their_state_and_nobody_elses() {
    let mut rig = Rig::new().await;
    rig.bring([said(1), said(2), held(3), post(9, "another's words")]).await;
    rig.decide(2, Decision::Hide).await.unwrap();
    rig.bring([said(4), account(REMOVED), said(5)]).await;
    assert_eq!(rig.settled().await, 1);
    let fold = rig.fold().await;
    for n in 1..=4 {
        let row = &fold.items[&id(n)];
        assert_eq!((row.state, row.by), (RowState::Removed, Some(GoneBy::Author)), "item {n}");
    }
    assert!(!fold.items.contains_key(&id(5)), "it came after the account had gone");
    assert!(shown(&fold, 9).is_some());
    let all = rig.all_text().await;
    assert!(!all.contains("Ana"), "{all}");
}

#[tokio::test]
async fn what_still_comes_of_a_removed_account_is_refused_through_a_restart() {
    let mut rig = Rig::new().await;
    rig.bring([account(REMOVED)]).await;
    rig.settled().await;
    let mut rig = rig.reborn().await;
    rig.bring([said(1), post(2, "another's")]).await;
    let fold = rig.fold().await;
    assert_eq!((shown(&fold, 1), shown(&fold, 2).is_some()), (None, true));
    assert_eq!(rig.sequencer.standing.tally("s").rejected["account_removed"], 1);
    rig.bring([account(Account::Back)]).await;
    rig.settled().await;
    rig.bring([said(1)]).await;
    assert_eq!(shown(&rig.fold().await, 1), None, "a removal is final for the hour");
}

#[tokio::test]
async fn a_hidden_account_comes_back_as_people_and_rules_left_it() {
    let mut rig = Rig::new().await;
    rig.bring([said(1), said(2), held(3), account(Account::Hidden)]).await;
    rig.settled().await;
    rig.bring([
        said(4),
        held(5),
        post_of(Draft { revision: Revision::EditedAt(Micros(7)), ..by_ana(1, "newer") }),
    ])
    .await;
    rig.decide(2, Decision::Hide).await.unwrap();
    let withheld = rig.decide(1, Decision::Show).await;
    assert!(matches!(withheld, Err(Refusal::Conflict { state, .. }) if state == "hidden"));
    let fold = rig.fold().await;
    assert!((1..=5).all(|n| shown(&fold, n).is_none()));
    assert_eq!(fold.items[&id(1)].by, Some(GoneBy::Network));

    let mut rig = rig.reborn().await;
    rig.bring([account(Account::Back)]).await;
    rig.settled().await;
    let fold = rig.fold().await;
    assert_eq!(shown(&fold, 1).unwrap().text(), "newer");
    assert!(shown(&fold, 4).is_some());
    assert_eq!(fold.items[&id(2)].by, Some(GoneBy::Moderator));
    assert_eq!((rig.state(3).await.0, rig.state(5).await.0), (ItemState::Held, ItemState::Held));
    rig.bring([said(6)]).await;
    assert!(shown(&rig.fold().await, 6).is_some(), "nothing of the account is remembered");
}

#[tokio::test]
async fn a_change_that_a_crash_cut_short_is_done_after_the_next_start() {
    let mut rig = Rig::new().await;
    let many = ITEMS_PER_STEP_MAX as u64 + 50;
    rig.bring((0..many).map(said)).await;
    rig.bring([account(Account::Hidden)]).await;
    assert!(rig.sequencer.sweep().await.unwrap());
    let mut rig = rig.reborn().await;
    let left = rig.fold().await.items.values().filter(|row| row.state == RowState::Shown).count();
    assert_eq!(left, 50);
    assert_eq!(rig.settled().await, 1);
    assert!(rig.fold().await.items.values().all(|row| row.state == RowState::Hidden));
    rig.bring([account(REMOVED), account(Account::Back)]).await;
    assert_eq!(rig.settled().await, 2);
    assert!(rig.fold().await.items.values().all(|row| row.state == RowState::Removed));
}

#[tokio::test]
async fn a_running_sequencer_does_what_is_left_and_serves_others_in_between() {
    let mut rig = Rig::new().await;
    rig.bring((0..3 * ITEMS_PER_STEP_MAX as u64).map(said)).await;
    let dir = rig.ledger.path().parent().unwrap().parent().unwrap().to_owned();
    let Rig { ledger, eid, dir: _keep, sequencer, .. } = rig;
    drop((ledger, sequencer));
    let ledger = Ledger::open(&dir, eid).await.unwrap();
    let (queue, waiting) = mpsc::channel(8);
    let (sequencer, _view) = Sequencer::load(ledger.clone(), Clock::real(), waiting).await.unwrap();
    let (_own, gate) = watch::channel(Standing { is_owner: true, ..Standing::default() });
    let running = tokio::spawn(sequencer.run(gate, CancellationToken::new()));
    queue.send(from_source(account(REMOVED))).await.unwrap();
    queue.send(from_source(post(5000, "another's"))).await.unwrap();
    drop(queue);
    running.await.unwrap().unwrap();
    let fold = ledger.view().fold().await.unwrap();
    assert_eq!(fold.items.values().filter(|row| row.state == RowState::Shown).count(), 1);
}

#[tokio::test]
async fn a_shown_post_whose_author_no_longer_wants_it_shown_is_hidden_by_the_network() {
    let mut rig = Rig::new().await;
    rig.bring([said(1), Brought::Withdrawn { name: uid(1).0 }, Brought::Withdrawn { name: uid(2).0 }]).await;
    let fold = rig.fold().await;
    assert_eq!(fold.items[&id(1)].by, Some(GoneBy::Network));
    assert!(!fold.items.contains_key(&id(2)));
    assert!(!all_lines(&rig).await.contains("Words of Ana"));
    rig.bring([account(Account::Back)]).await;
    rig.settled().await;
    assert!(shown(&rig.fold().await, 1).is_some());
}

#[tokio::test]
async fn a_second_delivery_that_asks_not_to_be_indexed_takes_the_post_from_the_archive() {
    let mut rig = Rig::new().await;
    let wish = |n| post_of(Draft { wish: crate::source::Wish::NotIndexed, ..by_ana(n, "Words of Ana 1") });
    rig.bring([said(1), wish(1), said(1)]).await;
    let fold = rig.fold().await;
    let item = fold.items[&id(1)].item.as_ref().unwrap();
    assert_eq!((item.retain, item.rev), (model::Retain::Live, 0));
    assert_eq!(fold.top(), 2, "a post and an edit");
    rig.bring([post_of(Draft { revision: Revision::EditedAt(Micros(7)), ..by_ana(1, "newer") })]).await;
    let fold = rig.fold().await;
    let item = fold.items[&id(1)].item.as_ref().unwrap();
    assert_eq!((item.retain, item.body.text().as_str()), (model::Retain::Live, "newer"), "the wish holds");
}

async fn all_lines(rig: &Rig) -> String {
    let lines = rig.ledger.view().lines(0, live::LINES_MAX).await.unwrap();
    lines.iter().map(|line| String::from_utf8_lossy(&line.json).into_owned()).collect()
}
