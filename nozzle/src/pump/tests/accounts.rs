//! What a source says of accounts, of wishes and of hashtags that nobody follows, on its way through the desk.

use live::ledger::Account;
use model::{GoneBy, Retain};

use super::*;
use crate::source::{AccountChange, Deleter, Wish};

fn account(name: &str, change: AccountChange) -> Act {
    Act::Say(Upstream::Account { name: name.to_owned(), change })
}

fn near(tag: &str, author: &str) -> Act {
    Act::Say(Upstream::NearTag { tag: tag.to_owned(), author: author.to_owned() })
}

fn wishing(n: u32, wish: Wish) -> Act {
    let Act::Say(Upstream::Post(draft)) = post(n) else { unreachable!("a post is said") };
    Act::Say(Upstream::Post(Box::new(Draft { wish, ..*draft })))
}

fn accounts(brought: &[Brought]) -> Vec<(&str, Account)> {
    let one = |b| match b {
        &Brought::Account { ref name, account } => Some((name.as_str(), account)),
        _ => None,
    };
    brought.iter().filter_map(one).collect()
}

fn rig(said: Vec<Act>) -> Rig {
    let stream = [vec![opened()], said, alive(100)].concat();
    Rig::new(vec![stream], vec![(vec![], Backfilled::Complete)], None)
}

#[tokio::test(start_paused = true)]
async fn what_became_of_accounts_reaches_the_sequencer_in_order_and_on_whose_word() {
    let mut rig = rig(vec![
        account("bluesky:did:plc:a", AccountChange::Hidden),
        account("bluesky:did:plc:a", AccountChange::Back),
        account("x:7", AccountChange::Removed { by: Deleter::Author }),
        account("x:8", AccountChange::Removed { by: Deleter::Network }),
        account("x:9", AccountChange::Removed { by: Deleter::Law }),
        account("nobody", AccountChange::Hidden),
        account("x:", AccountChange::Removed { by: Deleter::Network }),
    ]);
    let all = rig.after(S(5)).await;
    let want = [
        ("bluesky:did:plc:a", Account::Hidden),
        ("bluesky:did:plc:a", Account::Back),
        ("x:7", Account::Removed(GoneBy::Author)),
        ("x:8", Account::Removed(GoneBy::Network)),
        ("x:9", Account::Removed(GoneBy::Law)),
    ];
    assert_eq!(accounts(&all), want);
    let status = rig.status.borrow().clone();
    assert_eq!(status.rejected["identity"], 2, "an account without a name is nobody's");
    assert_eq!(status.received, 2, "accounts are no posts; what nobody is named in was received and dropped");
}

#[tokio::test(start_paused = true)]
async fn an_account_that_a_backfill_tells_of_counts_as_much() {
    let told = vec![account("x:7", AccountChange::Removed { by: Deleter::Author })];
    let stream = [vec![opened()], alive(100)].concat();
    let mut rig = Rig::new(vec![stream], vec![(told, Backfilled::Complete)], saved("0"));
    assert_eq!(accounts(&rig.after(S(5)).await), [("x:7", Account::Removed(GoneBy::Author))]);
}

#[tokio::test(start_paused = true)]
async fn who_asks_not_to_be_shown_is_not_handed_over_and_what_was_shown_is_withdrawn() {
    let mut rig = rig(vec![post(1), wishing(1, Wish::NotShown), wishing(2, Wish::NotIndexed)]);
    let all = rig.after(S(5)).await;
    assert_eq!(posts(&all), [("mastodon:1".to_owned(), false), ("mastodon:2".to_owned(), false)]);
    let withdrawn = |b: &Brought| matches!(b, Brought::Withdrawn { name } if name == "mastodon:1");
    assert_eq!(all.iter().filter(|b| matches!(b, Brought::Withdrawn { .. })).count(), 1);
    assert!(all.iter().any(withdrawn), "{all:?}");
    let live_only = |b: &Brought| match b {
        Brought::Post { admitted, .. } => admitted.item.retain == Retain::Live,
        _ => false,
    };
    assert_eq!(all.iter().map(live_only).filter(|is| *is).count(), 1, "the source's consent is live");
    assert_eq!(rig.status.borrow().rejected["not_shown"], 1);
}

#[tokio::test(start_paused = true)]
async fn a_hashtag_near_ours_is_handed_over_with_its_author_and_is_no_post() {
    let mut rig = rig(vec![near("rustfest26", "bluesky:did:plc:a"), near("rustfest26", "nobody")]);
    let all = rig.after(S(5)).await;
    let heard: Vec<(&str, &str)> = all
        .iter()
        .filter_map(|b| match b {
            Brought::NearTag { tag, author } => Some((tag.as_str(), author.as_str())),
            _ => None,
        })
        .collect();
    assert_eq!(heard, [("rustfest26", "bluesky:did:plc:a")]);
    assert_eq!(rig.status.borrow().received, 0);
}
