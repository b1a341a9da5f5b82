//! Authors for good: blocked with all they said and let in again, and those who take their own posts down by a code.

use live::ledger::{AuthorChange, ITEMS_PER_STEP_MAX, Pile};
use live::state::ItemState;
use model::{Network, RowState};

use super::rules::by;
use super::*;
use crate::codes::Codes;
use crate::intake::{AuthorStanding, Judgement, SetAuthor};

const A: &str = "mastodon:a";

impl Rig {
    async fn set(&mut self, author: &str, standing: AuthorStanding) -> Result<Outcome, Refusal> {
        let outcome = self.ask(Ask::Author(SetAuthor { author: author.into(), standing })).await;
        self.settled().await;
        outcome
    }

    fn codes(&self) -> Arc<Codes> {
        self.sequencer.codes()
    }
}

#[tokio::test]
async fn a_block_hides_everything_of_an_author_and_lifting_it_shows_only_what_it_hid() {
    let mut rig = Rig::new().await;
    rig.bring([by("a", 1, "one"), by("a", 2, "two"), by("b", 9, "another's")]).await;
    rig.moderate(&[2], Judgement::Hide).await;
    rig.set(A, AuthorStanding::Blocked).await.unwrap();
    rig.bring([by("a", 3, "three")]).await;
    let mut rig = rig.reborn().await;
    rig.bring([by("a", 4, "four"), by("a", 4, "four")]).await;
    let fold = rig.fold().await;
    assert!((1..=4).all(|n| shown(&fold, n).is_none()) && shown(&fold, 9).is_some());
    assert_eq!(fold.items[&id(1)].by, Some(GoneBy::Moderator));
    let notes = rig.ledger.view().author_notes().await.unwrap();
    assert_eq!(
        (notes[0].change, notes[0].came, notes[0].actor.as_str()),
        (AuthorChange::Blocked, 2, "moderator:ada")
    );
    rig.moderate(&[4], Judgement::Show).await;
    assert!(shown(&rig.fold().await, 4).is_some(), "one post may be shown all the same");

    let again = rig.set(A, AuthorStanding::Blocked).await.unwrap();
    assert!(again.is_old, "it is so already");
    rig.set(A, AuthorStanding::None).await.unwrap();
    let fold = rig.fold().await;
    assert_eq!(shown(&fold, 1).unwrap().text(), "one");
    assert_eq!(shown(&fold, 3).unwrap().text(), "three");
    assert_eq!(rig.stands(2).await, ItemState::Hidden, "a moderator hid it before");
    assert_eq!(rig.ledger.view().author_notes().await.unwrap(), [], "nothing is remembered");
    rig.bring([by("a", 5, "five")]).await;
    assert!(shown(&rig.fold().await, 5).is_some());
}

#[tokio::test]
async fn a_prolific_author_is_hidden_in_steps_and_a_crash_between_them_loses_none() {
    let mut rig = Rig::new().await;
    let all = ITEMS_PER_STEP_MAX as u64 * 2 + 7;
    rig.bring((1..=all).map(|n| by("a", n, "again and again"))).await;
    rig.ask(Ask::Author(SetAuthor { author: A.into(), standing: AuthorStanding::Blocked })).await.unwrap();
    assert!(rig.sequencer.sweep().await.unwrap());
    assert_eq!(
        rig.fold().await.items.values().filter(|row| row.state == RowState::Hidden).count(),
        ITEMS_PER_STEP_MAX
    );
    let mut rig = rig.reborn().await;
    rig.settled().await;
    assert!(rig.fold().await.items.values().all(|row| row.state == RowState::Hidden));
    rig.set(A, AuthorStanding::Trusted).await.unwrap();
    assert!(rig.fold().await.items.values().all(|row| row.state == RowState::Shown), "trust lifts a block");
}

#[tokio::test]
async fn an_author_is_a_network_and_an_id_and_nothing_else() {
    let mut rig = Rig::new().await;
    for name in ["", "ana", "mastodon:", "myspace:1", "mastodon:a\nb", &format!("x:{}", "1".repeat(600))] {
        assert!(matches!(rig.set(name, AuthorStanding::Blocked).await, Err(Refusal::Bad(_))), "{name:?}");
    }
    let own = rig.set(A, AuthorStanding::OptedOut).await;
    assert!(matches!(own, Err(Refusal::Bad(why)) if why.contains("themselves")));
}

#[tokio::test]
async fn a_code_from_the_same_account_removes_the_post_and_is_never_shown() {
    let mut rig = Rig::new().await;
    rig.bring([by("a", 1, "one"), by("a", 2, "two")]).await;
    let code = rig.codes().remove(A, id(1));
    rig.bring([by("b", 3, &format!("{code} #rustfest"))]).await;
    assert!(shown(&rig.fold().await, 1).is_some(), "another account’s word counts for nothing");
    assert_eq!(rig.stands(3).await, ItemState::Held);
    assert!(rig.why(3, Pile::Held).await.code, "a moderator is told why it waits");

    rig.bring([by("a", 4, &format!("Please: {} #rustfest", code.to_uppercase()))]).await;
    let mut rig = rig.reborn().await;
    // Another server brings the same post.
    rig.bring([by("a", 4, &format!("Please: {code} #rustfest")), by("a", 1, "one")]).await;
    let fold = rig.fold().await;
    assert_eq!((fold.items[&id(1)].state, fold.items[&id(1)].by), (RowState::Removed, Some(GoneBy::Author)));
    assert!(shown(&fold, 2).is_some(), "the other post stays");
    assert!(!fold.items.contains_key(&id(4)) && rig.ledger.view().record(id(4)).await.unwrap().is_none());
    let all = rig.all_text().await;
    assert!(!all.contains("one") && !all.contains("Please"), "{all}");
}

#[tokio::test]
async fn the_other_code_removes_everything_and_keeps_out_what_comes() {
    let mut rig = Rig::new().await;
    rig.bring([by("a", 1, "one"), by("a", 2, "two"), by("b", 9, "another's")]).await;
    rig.moderate(&[2], Judgement::Hide).await;
    let code = rig.codes().forget(A);
    rig.bring([by("b", 3, &code), by("a", 4, &code)]).await;
    rig.settled().await;
    let mut rig = rig.reborn().await;
    rig.bring([by("a", 5, "five"), by("a", 1, "one")]).await;
    let fold = rig.fold().await;
    for n in 1..=2 {
        assert_eq!(
            (fold.items[&id(n)].state, fold.items[&id(n)].by),
            (RowState::Removed, Some(GoneBy::Author))
        );
    }
    assert!(!fold.items.contains_key(&id(4)) && !fold.items.contains_key(&id(5)));
    assert!(shown(&fold, 9).is_some());
    assert_eq!(rig.sequencer.standing.tally("s").rejected["opted_out"], 2);
    let forced = rig.set(A, AuthorStanding::Trusted).await;
    assert!(matches!(forced, Err(Refusal::Conflict { state, .. }) if state == "opted_out"));
    rig.set(A, AuthorStanding::None).await.unwrap();
    rig.bring([by("a", 6, "six")]).await;
    assert!(shown(&rig.fold().await, 6).is_some(), "whoever asks to be back can be");
}

#[tokio::test]
async fn a_post_that_becomes_the_code_by_an_edit_goes_with_what_it_names() {
    let mut rig = Rig::new().await;
    rig.bring([by("a", 1, "one"), by("a", 2, "two")]).await;
    let code = rig.codes().remove(A, id(1));
    let mut edit = by("a", 2, &code);
    if let Brought::Post { admitted, .. } = &mut edit {
        admitted.item.rev = 7;
    }
    rig.bring([edit]).await;
    let fold = rig.fold().await;
    assert!((1..=2).all(|n| fold.items[&id(n)].by == Some(GoneBy::Author)));
}

#[tokio::test]
async fn codes_outlive_a_restart_and_differ_between_events() {
    let rig = Rig::new().await;
    let code = rig.codes().remove(A, id(1));
    let rig = rig.reborn().await;
    assert_eq!(rig.codes().remove(A, id(1)), code);
    assert_ne!(Rig::new().await.codes().remove(A, id(1)), code);
    assert_eq!(Network::Mastodon.name(), "mastodon");
}
