//! Rules of the event against what comes: what waits, what is hidden, what is counted, and what an edit may not smuggle in.

use live::ledger::{Pile, Which};
use live::state::ItemState;
use model::{Author, RowState, Run};

use super::*;
use crate::intake::{AuthorStanding, Judgement, Moderate, Say, SetAuthor, Why};

pub(super) fn by(who: &str, n: u64, text: &str) -> Brought {
    let author = Author { id: who.into(), name: who.into(), ..Author::default() };
    post_of(Draft { author, ..draft(n, text) })
}

fn edited_by(who: &str, n: u64, rev: i64, text: &str) -> Brought {
    let author = Author { id: who.into(), name: who.into(), ..Author::default() };
    post_of(Draft { author, revision: Revision::EditedAt(Micros(rev)), ..draft(n, text) })
}

impl Rig {
    pub(super) async fn ruled(rules: &str) -> Self {
        let mut rig = Self::new().await;
        rig.rule(rules).await;
        rig
    }

    pub(super) async fn rule(&mut self, rules: &str) {
        self.ask(Ask::Event(format!("{EVENT}{rules}"))).await.unwrap();
    }

    pub(super) async fn stands(&self, n: u64) -> ItemState {
        self.ledger.view().record(id(n)).await.unwrap().unwrap().state
    }

    pub(super) async fn moderate(&mut self, ids: &[u64], decision: Judgement) -> Outcome {
        let ids = ids.iter().map(|n| id(*n)).collect();
        self.ask(Ask::Moderate(Moderate { ids, decision })).await.unwrap()
    }

    pub(super) async fn why(&self, n: u64, pile: Pile) -> Why {
        let asides = self.ledger.view().pile(pile, &Which::default(), 100).await.unwrap();
        let aside = asides.into_iter().find(|aside| aside.record.id == id(n)).expect("in the pile");
        serde_json::from_str(&aside.verdict.unwrap_or_else(|| "{}".into())).unwrap()
    }

    async fn hits(&self) -> Vec<(String, u64)> {
        let mut hits: Vec<_> =
            self.ledger.view().hits().await.unwrap().into_iter().map(|hit| (hit.rule, hit.times)).collect();
        hits.sort();
        hits
    }
}

const CASINO: &str = "[[rule]]\nname = \"casinos\"\nwords = [\"casino\"]\n[[rule]]\nname = \"worse\"\nwords = [\"free mint\"]\naction = \"reject\"\n";

#[tokio::test]
async fn words_make_a_post_wait_or_hide_it_and_every_rule_counts_its_posts() {
    let mut rig = Rig::ruled(CASINO).await;
    rig.bring([
        by("a", 1, "Hello"),
        by("a", 2, "Casino!"),
        by("b", 3, "A FREE mint"),
        by("b", 4, "casino, free mint"),
    ])
    .await;
    let stands = [rig.stands(1).await, rig.stands(2).await, rig.stands(3).await, rig.stands(4).await];
    assert_eq!(stands, [ItemState::Shown, ItemState::Held, ItemState::Hidden, ItemState::Hidden]);
    assert_eq!(rig.why(2, Pile::Held).await.rules, ["casinos"]);
    assert_eq!(rig.why(4, Pile::Hidden).await.rules, ["casinos", "worse"]);
    let counts = [("casinos".to_owned(), 2), ("worse".to_owned(), 2)];
    assert_eq!(rig.hits().await, counts);
    let fold = rig.fold().await;
    assert!((2..=4).all(|n| !fold.items.contains_key(&id(n))), "none of it has ever been public");
    assert_eq!(rig.sequencer.standing.tally("s").held, 3);

    rig.bring([by("a", 2, "Casino!")]).await;
    assert_eq!(rig.hits().await, counts, "a post that comes again is no other post");
    rig.moderate(&[2, 4], Judgement::Show).await;
    let fold = rig.fold().await;
    assert_eq!(shown(&fold, 2).unwrap().text(), "Casino!");
    let first = fold.items[&id(2)].first;
    assert!(first > 4, "it enters as new, not where it once would have stood: {first}");
    rig.rule("[[rule]]\nname = \"worse\"\ntags = 9\n").await;
    assert_eq!(rig.hits().await, [("worse".to_owned(), 2)], "counts of a rule that is no more are gone");
}

#[tokio::test]
async fn an_edit_brings_nothing_in_that_a_post_could_not() {
    let mut rig = Rig::ruled(CASINO).await;
    rig.bring([by("a", 1, "Innocent"), by("a", 2, "Casino!"), by("a", 3, "Innocent, too")]).await;
    rig.moderate(&[2], Judgement::Show).await;
    rig.bring([
        edited_by("a", 1, 5, "Casino!"),
        edited_by("a", 2, 5, "Casino, casino!"),
        edited_by("a", 3, 5, "Free mint"),
    ])
    .await;
    let fold = rig.fold().await;
    assert_eq!((rig.stands(1).await, fold.items[&id(1)].state), (ItemState::Held, RowState::Hidden));
    assert_eq!(
        shown(&fold, 2).unwrap().text(),
        "Casino, casino!",
        "a moderator has let it through with this word"
    );
    assert_eq!(rig.stands(3).await, ItemState::Hidden);
    let log = rig.ledger.view().lines(0, 100).await.unwrap();
    let log: String = log.iter().map(|line| String::from_utf8_lossy(&line.json).into_owned()).collect();
    assert!(
        !log.contains("Innocent") && !log.contains("Free mint"),
        "what stood there before is gone with it: {log}"
    );
    rig.moderate(&[1], Judgement::Show).await;
    assert_eq!(shown(&rig.fold().await, 1).unwrap().text(), "Casino!");
}

#[tokio::test]
async fn an_author_is_new_until_so_many_of_their_posts_were_shown() {
    let mut rig = Rig::ruled("[[rule]]\nname = \"first\"\nnew_author = 2\n").await;
    rig.bring([by("a", 1, "one"), by("a", 2, "two"), by("a", 3, "three")]).await;
    assert_eq!(rig.stands(3).await, ItemState::Held, "waiting posts make nobody known");
    rig.moderate(&[1], Judgement::Show).await;
    rig.bring([by("a", 4, "four")]).await;
    assert_eq!(rig.stands(4).await, ItemState::Held);
    rig.moderate(&[2], Judgement::Show).await;
    rig.bring([by("a", 5, "five"), by("b", 6, "another"), post(7, "by nobody in particular")]).await;
    let stands = [rig.stands(5).await, rig.stands(6).await, rig.stands(7).await];
    assert_eq!(stands, [ItemState::Shown, ItemState::Held, ItemState::Shown]);
}

#[tokio::test]
async fn the_fourth_copy_of_a_link_waits_through_a_restart_and_the_next_hour_is_free() {
    let rules = "[[rule]]\nname = \"copies\"\ncopies = 3\nminutes = 5\n";
    let at = |n: u64, minutes: i64, address: &str| {
        let when = NOON.plus(minutes * Micros::MINUTE);
        let mut brought = post_of(Draft { network_time: Some(NOON), ..draft(n, "See ") });
        if let Brought::Post { admitted, .. } = &mut brought {
            admitted.item.when = when;
            admitted.item.body.push(Run::Link { link: address.into(), text: "it".into() });
        }
        brought
    };
    let mut rig = Rig::ruled(rules).await;
    rig.bring((1..=2).map(|n| at(n, 0, "https://a.example/x?utm_source=y"))).await;
    let mut rig = rig.reborn().await;
    rig.bring([
        at(3, 1, "https://www.a.example/x"),
        at(4, 2, "http://a.example/x/"),
        at(5, 2, "https://b.example"),
    ])
    .await;
    let stands = [rig.stands(3).await, rig.stands(4).await, rig.stands(5).await];
    assert_eq!(stands, [ItemState::Shown, ItemState::Held, ItemState::Shown]);
    rig.bring([at(6, 60, "https://a.example/x")]).await;
    assert_eq!(rig.stands(6).await, ItemState::Shown);
}

#[tokio::test]
async fn trust_lets_a_post_past_holding_rules_and_moderated_sources_but_not_past_what_is_rejected() {
    let mut rig = Rig::ruled(CASINO).await;
    let trust = SetAuthor { author: "mastodon:a".into(), standing: AuthorStanding::Trusted };
    rig.ask(Ask::Author(trust)).await.unwrap();
    let held = |what| match what {
        Brought::Post { admitted, .. } => Brought::Post { admitted, is_held: true },
        other => other,
    };
    rig.bring([
        by("a", 1, "casino"),
        held(by("a", 2, "hello")),
        by("a", 3, "free mint"),
        held(by("b", 4, "hello")),
    ])
    .await;
    let stands = [rig.stands(1).await, rig.stands(2).await, rig.stands(3).await, rig.stands(4).await];
    assert_eq!(stands, [ItemState::Shown, ItemState::Shown, ItemState::Hidden, ItemState::Held]);
    assert!(rig.why(4, Pile::Held).await.source);
    rig.moderate(&[4], Judgement::Show).await;
    rig.bring([held(edited_by("b", 4, 9, "hello, and more")), held(edited_by("a", 2, 9, "hello, and more"))])
        .await;
    assert_eq!(rig.stands(4).await, ItemState::Held, "a moderated source is moderated word by word");
    assert_eq!(rig.stands(2).await, ItemState::Shown);
}

#[tokio::test]
async fn rules_hold_for_what_is_written_on_the_page_and_its_writer_is_told() {
    let mut rig = Rig::ruled(CASINO).await;
    let say = |text: &str| {
        Ask::Say(Say { text: text.into(), name: "Ana".into(), reply_to: None, talk: None, room: None })
    };
    assert_eq!(rig.ask(say("A casino")).await.unwrap().state.as_deref(), Some("held"));
    assert_eq!(rig.ask(say("A talk")).await.unwrap().state.as_deref(), Some("shown"));
}
