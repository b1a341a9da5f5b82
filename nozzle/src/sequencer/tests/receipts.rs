//! Who asked is written down with every entry that takes an item away, whichever way; and names and hashtags go with what is removed.

use live::ledger::Account;
use live::receipts::{Receipt, Way, What};

use super::*;
use crate::intake::{Decide, Decision, Say, Unsay};

const ANA: &str = "mastodon:https://s.example/@ana";

async fn receipts(rig: &Rig) -> Vec<Receipt> {
    let mut all = rig.ledger.view().receipts(None, 99).await.unwrap();
    all.reverse();
    all
}

fn decide(n: u64, decision: Decision, law: bool) -> Ask {
    Ask::Decide(Decide { id: id(n), decision, law })
}

#[tokio::test]
async fn every_way_of_taking_an_item_away_leaves_a_receipt_that_says_who_asked() {
    let mut rig = Rig::new().await;
    rig.ask(Ask::Event(EVENT.to_owned())).await.unwrap();
    let anas = Draft {
        author: model::Author { id: "https://s.example/@ana".into(), ..model::Author::default() },
        ..draft(4, "words of Ana")
    };
    rig.bring([post(1, "one"), post(2, "two"), post(3, "three"), post_of(anas), post(5, "five")]).await;
    rig.bring([delete(1)]).await;
    rig.ask(decide(2, Decision::Hide, false)).await.unwrap();
    rig.ask(decide(2, Decision::Show, false)).await.unwrap();
    rig.ask(decide(3, Decision::Remove, true)).await.unwrap();
    rig.bring([Brought::Account { name: ANA.to_owned(), account: Account::Removed(GoneBy::Network) }]).await;
    while rig.sequencer.standing.has_account_to_do {
        assert!(rig.sequencer.sweep().await.unwrap());
    }
    rig.bring([Brought::Withdrawn { name: uid(5).0 }]).await;
    let person = Actor { role: "person".into(), name: "guest".into() };
    let say = Say { text: "mine".into(), name: String::new(), reply_to: None, talk: None, room: None };
    let said = Order { ask: Ask::Say(say), key: "k1".into(), actor: person.clone(), is_dry_run: false };
    let mine: ItemId = rig.ask_as(said).await.unwrap().id.unwrap().parse().unwrap();
    let unsay =
        Order { ask: Ask::Unsay(Unsay { id: mine }), key: "k2".into(), actor: person, is_dry_run: false };
    rig.ask_as(unsay).await.unwrap();

    let told: Vec<_> = receipts(&rig)
        .await
        .into_iter()
        .map(|r| (r.id, r.what, r.by, r.asker.way, r.asker.role, r.undone.is_some()))
        .collect();
    let moderator = || "moderator".to_owned();
    let nobody = String::new;
    assert_eq!(
        told,
        [
            (id(1), What::Remove, GoneBy::Author, Way::Upstream, nobody(), false),
            (id(2), What::Hide, GoneBy::Moderator, Way::Hand, moderator(), true),
            (id(3), What::Remove, GoneBy::Law, Way::Hand, moderator(), false),
            (id(4), What::Remove, GoneBy::Network, Way::Account, nobody(), false),
            (id(5), What::Hide, GoneBy::Network, Way::Wish, nobody(), false),
            (mine, What::Remove, GoneBy::Author, Way::Page, nobody(), false),
        ]
    );
    let entries = rig.ledger.view().lines(0, 99).await.unwrap();
    for receipt in receipts(&rig).await {
        let line = entries.iter().find(|line| line.seq == receipt.seq).unwrap();
        let entry = line.entry().unwrap();
        assert!(
            matches!(&entry.kind, Kind::Hide(gone) | Kind::Remove(gone) if gone.id == receipt.id),
            "{entry:?}"
        );
        assert_eq!(receipt.at, entry.at);
    }
    let taken = *rig.sequencer.taken().borrow();
    assert_eq!(taken.newest, receipts(&rig).await.last().unwrap().seq);
}

#[tokio::test]
async fn an_order_that_changes_nothing_or_only_tries_leaves_no_receipt() {
    let mut rig = Rig::new().await;
    rig.bring([post(1, "one")]).await;
    let tried = Order { is_dry_run: true, ..order(decide(1, Decision::Remove, false), "try") };
    rig.ask_as(tried).await.unwrap();
    assert_eq!(receipts(&rig).await, []);
    rig.ask(decide(1, Decision::Remove, false)).await.unwrap();
    rig.ask(decide(1, Decision::Remove, false)).await.unwrap();
    rig.bring([delete(1)]).await;
    assert_eq!(receipts(&rig).await.len(), 1);
}

#[tokio::test]
async fn names_and_hashtags_of_what_is_removed_are_not_on_the_disk_and_it_is_known_by_them_all_the_same() {
    let mut rig = Rig::new().await;
    let named = |n: u64| match post_of(draft(n, "said with #canarytag")) {
        Brought::Post { mut admitted, is_held } => {
            admitted.aliases = vec!["mastodon:https://blog.example/canary-title".to_owned()];
            Brought::Post { admitted, is_held }
        }
        other => other,
    };
    rig.bring([named(1), Brought::BoostOf { uid: "x:canaryboost".into(), name: uid(1).0 }]).await;
    rig.bring([delete(1)]).await;
    assert_eq!(rig.ledger.scrub().await.unwrap(), Some(rig.ledger.top()));
    let file = std::fs::read(rig.ledger.path()).unwrap();
    let at = file.windows(6).position(|some| some == b"canary");
    assert_eq!(
        at,
        None,
        "{:?}",
        at.map(|at| String::from_utf8_lossy(&file[at.saturating_sub(60)..at + 60]).into_owned())
    );

    let top = rig.ledger.top();
    rig.bring([
        named(1),
        Brought::Delete { name: "mastodon:https://blog.example/canary-title".into(), by: GoneBy::Author },
    ])
    .await;
    assert_eq!(rig.ledger.top(), top, "it is known under both names, and nothing comes of it");
    let mut txn = rig.ledger.begin().await.unwrap();
    let found = txn.by_aliases(&["mastodon:https://blog.example/canary-title", "x:never"]).await.unwrap();
    assert_eq!(found.into_values().collect::<Vec<_>>(), [id(1)]);
    txn.rollback().await.unwrap();
    let file = std::fs::read(format!("{}-wal", rig.ledger.path().display())).unwrap_or_default();
    assert!(!file.windows(6).any(|some| some == b"canary"), "and no name of it is written down again");
}
