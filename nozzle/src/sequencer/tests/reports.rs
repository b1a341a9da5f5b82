//! What readers report, and what moderators decide about several posts at once and take back.

use live::ledger::{Pile, Which};
use live::state::ItemState;
use model::RowState;

use super::rules::by;
use super::*;
use crate::intake::{Judgement, Moderate, Report, ReportReason};

impl Rig {
    async fn report(&mut self, who: &str, n: u64) -> Result<Outcome, Refusal> {
        self.keys += 1;
        let key = format!("report {}", self.keys);
        let actor = Actor { role: "person".into(), name: who.into() };
        let ask = Ask::Report(Report { id: id(n), reason: ReportReason::Spam });
        self.ask_as(Order { actor, ..order(ask, &key) }).await
    }

    async fn reported(&self) -> Vec<(ItemId, u32)> {
        let asides = self.ledger.view().pile(Pile::Reported, &Which::default(), 100).await.unwrap();
        asides.iter().map(|aside| (aside.record.id, aside.reports["spam"])).collect()
    }
}

#[tokio::test]
async fn reports_are_counted_by_reader_and_hide_nothing_by_themselves() {
    let mut rig = Rig::new().await;
    rig.bring([by("a", 1, "one"), by("a", 2, "two")]).await;
    for who in ["x", "y", "z", "x"] {
        rig.report(who, 1).await.unwrap();
    }
    rig.report("x", 2).await.unwrap();
    let mut reported = rig.reported().await;
    reported.sort_by_key(|(_, readers)| *readers);
    assert_eq!(reported, [(id(2), 1), (id(1), 3)], "one reader counts once");
    assert!(shown(&rig.fold().await, 1).is_some());
    let top = rig.ledger.top();
    let kept = rig.moderate(&[1], Judgement::Keep).await;
    assert_eq!((rig.reported().await, rig.ledger.top()), (vec![(id(2), 1)], top), "an answer is no entry");
    for ask in kept.back {
        rig.ask(Ask::Moderate(ask)).await.unwrap();
    }
    assert_eq!(rig.reported().await.len(), 2, "and can be taken back");
    rig.moderate(&[1, 2], Judgement::Hide).await;
    assert_eq!(rig.reported().await, []);
    assert!(matches!(rig.report("w", 1).await, Err(Refusal::Unknown(_))), "it is not shown any more");
}

#[tokio::test]
async fn more_reports_than_a_rule_allows_hide_a_post_until_a_moderator_says_otherwise() {
    let mut rig = Rig::ruled("[[rule]]\nname = \"crowd\"\nreports = 2\naction = \"reject\"\n").await;
    rig.bring([by("a", 1, "one")]).await;
    for who in ["x", "y"] {
        rig.report(who, 1).await.unwrap();
    }
    assert_eq!(rig.stands(1).await, ItemState::Shown);
    rig.report("z", 1).await.unwrap();
    assert_eq!(rig.stands(1).await, ItemState::Hidden);
    assert_eq!(
        (rig.why(1, Pile::Hidden).await.rules, rig.reported().await),
        (vec!["crowd".to_owned()], vec![(id(1), 3)])
    );
    rig.moderate(&[1], Judgement::Show).await;
    for who in ["x", "v"] {
        rig.report(who, 1).await.unwrap();
    }
    assert_eq!(
        (rig.stands(1).await, rig.reported().await),
        (ItemState::Shown, vec![(id(1), 1)]),
        "answered once, counted anew"
    );
}

#[tokio::test]
async fn a_reader_reports_twenty_posts_an_hour_and_no_more() {
    let mut rig = Rig::new().await;
    rig.bring((1..=21).map(|n| by("a", n, "words"))).await;
    for n in 1..=20 {
        rig.report("x", n).await.unwrap();
    }
    assert!(matches!(rig.report("x", 21).await, Err(Refusal::Slow { .. })));
    rig.report("y", 21).await.unwrap();
}

#[tokio::test]
async fn many_posts_are_decided_at_once_and_taken_back_as_each_was() {
    let mut rig = Rig::ruled("[[rule]]\nname = \"casinos\"\nwords = [\"casino\"]\n").await;
    rig.bring([by("a", 1, "casino one"), by("b", 2, "casino two"), by("c", 3, "three"), by("c", 4, "four")])
        .await;
    rig.moderate(&[4], Judgement::Hide).await;
    let done = rig.moderate(&[1, 2, 3, 4], Judgement::Show).await;
    assert!((1..=4).all(|n| done.seq > 0 && n > 0));
    let fold = rig.fold().await;
    assert!((1..=4).all(|n| shown(&fold, n).is_some()));
    assert_eq!(
        done.back,
        [
            Moderate { ids: vec![id(4)], decision: Judgement::Hide },
            Moderate { ids: vec![id(1), id(2)], decision: Judgement::Hold },
        ]
    );
    for ask in done.back {
        rig.ask(Ask::Moderate(ask)).await.unwrap();
    }
    let stands = [rig.stands(1).await, rig.stands(2).await, rig.stands(3).await, rig.stands(4).await];
    assert_eq!(stands, [ItemState::Held, ItemState::Held, ItemState::Shown, ItemState::Hidden]);
    assert_eq!(rig.why(1, Pile::Held).await.rules, ["casinos"], "why it waits is not forgotten");
    let nothing = rig.moderate(&[3], Judgement::Show).await;
    assert!(nothing.is_old && nothing.back.is_empty());
    let ask = Moderate { ids: vec![id(3), id(99)], decision: Judgement::Hide };
    assert!(matches!(rig.ask(Ask::Moderate(ask)).await, Err(Refusal::Unknown(_))));
    assert_eq!(rig.stands(3).await, ItemState::Shown, "all of it or nothing");
    let ask = Moderate { ids: Vec::new(), decision: Judgement::Hide };
    assert!(matches!(rig.ask(Ask::Moderate(ask)).await, Err(Refusal::Bad(_))));
}

#[tokio::test]
async fn a_moderators_cover_outlives_edits_and_comes_off_again_but_an_authors_own_does_not() {
    let mut rig = Rig::new().await;
    rig.bring([by("a", 1, "one"), post_of(Draft { cover: Some("Food".into()), ..draft(2, "two") })]).await;
    let cover = |fold: &Fold, n| fold.items[&id(n)].item.as_ref().unwrap().cover.clone();
    let done = rig.moderate(&[1, 2], Judgement::Cover).await;
    assert_eq!(cover(&rig.fold().await, 1).as_deref(), Some("Covered by a moderator"));
    assert_eq!(cover(&rig.fold().await, 2).as_deref(), Some("Food"));
    let mut newer = by("a", 1, "newer");
    if let Brought::Post { admitted, .. } = &mut newer {
        admitted.item.rev = 7;
    }
    rig.bring([newer]).await;
    let fold = rig.fold().await;
    assert_eq!(shown(&fold, 1).unwrap().text(), "newer");
    assert_eq!(cover(&fold, 1).as_deref(), Some("Covered by a moderator"));
    for ask in done.back {
        rig.ask(Ask::Moderate(ask)).await.unwrap();
    }
    let off = rig.moderate(&[2], Judgement::Uncover).await;
    let fold = rig.fold().await;
    assert_eq!((cover(&fold, 1), cover(&fold, 2).as_deref(), off.is_old), (None, Some("Food"), true));
    assert_eq!(fold.items[&id(1)].state, RowState::Shown);
}
