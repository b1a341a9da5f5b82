//! Orders, relations between items, boosts, tallies: one behaviour a test.

use model::event::EventFile;
use model::{Counts, FilingState, Gap, Kind, Tally};

use super::*;
use crate::intake::{Decide, Decision, FileItems, Say, SayNotice, SetStage};
use crate::pump::{Counted, Saved};
use crate::source::DraftCounts;

fn decide(n: u64, decision: Decision) -> Ask {
    Ask::Decide(Decide { id: id(n), decision, law: false })
}

fn schedule(talks: &[(&str, &str, &str)]) -> Ask {
    let rooms: Vec<String> = talks
        .iter()
        .map(|(guid, start, room)| {
            format!(
                r#""{room} {guid}":[{{"guid":"{guid}","date":"{start}","duration":"01:00","title":"Talk {guid}","persons":[]}}]"#
            )
        })
        .collect();
    let json = format!(
        r#"{{"schedule":{{"version":"1","conference":{{"days":[{{"date":"2026-11-20","rooms":{{{}}}}}]}}}}}}"#,
        rooms.join(",")
    );
    Ask::Schedule(json.into_bytes())
}

const DURING: &str = "2026-11-20T14:30:00Z";
const ELSEWHEN: &str = "2026-11-19T10:00:00Z";

fn said_at(n: u64, time: &str) -> Brought {
    post_of(Draft {
        network_time: Some(Micros::parse_rfc3339(time).unwrap()),
        ..draft(n, &format!("words {n}"))
    })
}

#[tokio::test]
async fn a_hidden_post_leaves_no_words_in_public_and_comes_back_whole() {
    let mut rig = Rig::new().await;
    rig.bring([post(1, "first words"), edit(1, 5, "second words")]).await;
    rig.ask(decide(1, Decision::Hide)).await.unwrap();
    rig.bring([edit(1, 9, "third words")]).await;
    assert_eq!(shown(&rig.fold().await, 1), None);
    let lines = rig.ledger.view().lines(0, 100).await.unwrap();
    assert!(lines.iter().all(|l| !String::from_utf8_lossy(&l.json).contains("words")));
    rig.ask(decide(1, Decision::Show)).await.unwrap();
    let fold = rig.fold().await;
    assert_eq!(shown(&fold, 1), Some(Body::plain("third words")));
    assert_eq!(fold.items[&id(1)].first, 1, "it is drawn where it was first seen");
}

#[tokio::test]
async fn a_removed_post_is_erased_everywhere_and_never_comes_back() {
    let mut rig = Rig::new().await;
    rig.bring([post(1, "canary one"), edit(1, 5, "canary two"), post(2, "others stay")]).await;
    rig.bring([delete(1)]).await;
    rig.bring([edit(1, 9, "canary three"), post(1, "canary one")]).await;
    let all = rig.all_text().await;
    assert!(!all.contains("canary") && all.contains("others stay"));
    assert!(
        matches!(rig.ask(decide(1, Decision::Show)).await, Err(Refusal::Conflict { state, .. }) if state == "removed")
    );
    let taken = *rig.sequencer.taken().borrow();
    assert_eq!(
        (taken.newest, taken.voided),
        (rig.ledger.top(), rig.ledger.top()),
        "the disk is cleaned next"
    );
    assert_eq!(rig.ledger.scrub().await.unwrap(), Some(rig.ledger.top()));
    let file = std::fs::read(rig.ledger.path()).unwrap();
    let wal = std::fs::read(format!("{}-wal", rig.ledger.path().display())).unwrap_or_default();
    let holds = |bytes: &[u8]| bytes.windows(6).any(|w| w == b"canary");
    assert!(!holds(&file) && !holds(&wal), "the disk still holds the words");
}

#[tokio::test]
async fn an_order_under_a_used_key_gets_the_first_answer() {
    let mut rig = Rig::new().await;
    rig.bring([post(1, "words")]).await;
    let hide = order(decide(1, Decision::Hide), "k");
    let first = rig.ask_as(hide.clone()).await.unwrap();
    rig.ask(decide(1, Decision::Show)).await.unwrap();
    let mut rig = rig.reborn().await;
    let again = rig.ask_as(hide).await.unwrap();
    assert_eq!((again.seq, again.id, again.is_old), (first.seq, first.id, true));
    assert!(shown(&rig.fold().await, 1).is_some(), "it was not hidden a second time");
    // The key stands for that request alone; what an older program kept does not say which.
    let notice = Ask::Notice(SayNotice { text: "words".into(), until: None });
    for other in [decide(1, Decision::Remove), decide(2, Decision::Hide), notice] {
        let said = rig.ask_as(order(other, "k")).await;
        assert!(matches!(&said, Err(Refusal::Reused(why)) if why.contains("a key of its own")), "{said:?}");
    }
    let mut txn = rig.ledger.begin().await.unwrap();
    let old = r#"{"seq":1,"id":null,"state":null,"moves":[],"notes":[]}"#;
    txn.set_answer("old", old, Micros(0)).await.unwrap();
    txn.commit().await.unwrap();
    assert_eq!(rig.ask_as(order(decide(1, Decision::Hide), "old")).await.unwrap().seq, 1);
    assert!(shown(&rig.fold().await, 1).is_some());
}

#[tokio::test]
async fn deciding_what_is_already_so_or_unknown_changes_nothing() {
    let mut rig = Rig::new().await;
    rig.bring([post(1, "words")]).await;
    let shown = rig.ask(decide(1, Decision::Show)).await.unwrap();
    assert_eq!((shown.seq, shown.state.as_deref(), shown.is_old), (0, Some("shown"), true));
    assert!(matches!(rig.ask(decide(2, Decision::Hide)).await, Err(Refusal::Unknown(_))));
    assert_eq!(rig.ledger.top(), 1);
}

#[tokio::test]
async fn a_held_post_is_a_void_until_it_is_shown() {
    let mut rig = Rig::new().await;
    let Brought::Post { admitted, .. } = post(1, "held words") else { unreachable!() };
    rig.bring([Brought::Post { admitted, is_held: true }]).await;
    let line = rig.ledger.view().lines(0, 9).await.unwrap().remove(0);
    assert_eq!(line.entry().unwrap().kind, Kind::Void);
    rig.ask(decide(1, Decision::Show)).await.unwrap();
    let fold = rig.fold().await;
    assert_eq!((shown(&fold, 1), fold.items[&id(1)].first), (Some(Body::plain("held words")), 2));
}

#[tokio::test]
async fn a_delete_by_an_alias_finds_its_post_before_and_after() {
    let mut rig = Rig::new().await;
    let named = |n: u64, alias: &str| post_of(Draft { aliases: vec![alias.to_owned()], ..draft(n, "words") });
    let gone = |alias: &str| Brought::Delete { name: alias.to_owned(), by: GoneBy::Author };
    rig.bring([
        named(1, "mastodon@a:1"),
        gone("mastodon@a:1"),
        gone("mastodon@a:2"),
        named(2, "mastodon@a:2"),
    ])
    .await;
    // The second server's name for a post that the first one brought.
    rig.bring([post(3, "words"), gone("mastodon@b:3"), named(3, "mastodon@b:3")]).await;
    let fold = rig.fold().await;
    assert!((1..=3).all(|n| shown(&fold, n).is_none()));
}

#[tokio::test]
async fn replies_find_their_posts_by_uid_and_by_alias() {
    let mut rig = Rig::new().await;
    let original = Draft { aliases: vec!["mastodon@a:1".into()], ..draft(1, "original") };
    let reply = |n: u64, to: &str| post_of(Draft { reply_to: Some(to.to_owned()), ..draft(n, "reply") });
    rig.bring([post_of(original), reply(2, "mastodon@a:1"), reply(3, &uid(9).0), reply(4, "mastodon@a:77")])
        .await;
    let fold = rig.fold().await;
    let answers = |n: u64| fold.items[&id(n)].item.as_ref().unwrap().reply_to;
    assert_eq!((answers(2), answers(3), answers(4)), (Some(id(1)), Some(id(9)), None));
}

#[tokio::test]
async fn a_boost_brings_its_original_once_and_counts_once() {
    let mut rig = Rig::new().await;
    let Brought::Post { admitted, is_held } = post(1, "original") else { unreachable!() };
    let boost =
        |n: u32| Brought::Boost { uid: format!("mastodon:boost{n}"), admitted: admitted.clone(), is_held };
    rig.bring([boost(1), boost(2), boost(1)]).await;
    rig.bring([boost(2), Brought::BoostOf { uid: "mastodon:boost3".into(), name: uid(1).0 }]).await;
    assert_eq!(rig.ledger.top(), 1, "boosts are no entries");
    rig.sequencer.counts().await.unwrap();
    let item = rig.fold().await.items.remove(&id(1)).unwrap().item.unwrap();
    assert_eq!(item.counts, Counts { boosts: 3, likes: 0, replies: 0 });
}

#[tokio::test]
async fn counts_wait_for_their_minute_and_other_servers_only_raise_them() {
    let mut rig = Rig::new().await;
    rig.bring([post(1, "words")]).await;
    let likes = |n: i64| DraftCounts { likes: Some(n), ..DraftCounts::default() };
    let told = |source: &str, n: i64| {
        let what = Brought::Counts { name: uid(1).0, counts: likes(n) };
        Command::Pumped(Pumped { source: Arc::from(source), what })
    };
    rig.sequencer.take(vec![told("s", 9), told("s", 7), told("other", 3)]).await.unwrap();
    assert_eq!(rig.ledger.top(), 1);
    let due = rig.sequencer.standing.counts_due().unwrap();
    rig.sequencer.counts().await.unwrap();
    assert_eq!(rig.fold().await.items[&id(1)].item.as_ref().unwrap().counts.likes, 7);
    rig.bring([Brought::Counts { name: uid(1).0, counts: likes(8) }]).await;
    let next = rig.sequencer.standing.counts_due().unwrap();
    assert!(next.since(due) >= Micros::MINUTE);
}

#[tokio::test]
async fn a_minute_is_tallied_with_what_became_of_its_messages() {
    let mut rig = Rig::new().await;
    rig.bring([post(1, "one"), post(1, "one"), delete(2), post(2, "two")]).await;
    let rejected = [("json", 2)].into_iter().collect();
    let next = || Brought::Minute {
        minute: NOON.minute().plus(Micros::MINUTE),
        counted: Counted { received: 4, rejected: Default::default() },
    };
    let first = Brought::Minute { minute: NOON.minute(), counted: Counted { received: 4, rejected } };
    rig.bring([first]).await;
    let fold = rig.fold().await;
    let tally: &model::TallyCounts = fold.tallies.values().next().unwrap();
    assert_eq!((tally.received, tally.new, tally.duplicate, tally.held), (4, 1, 1, 0));
    assert_eq!(tally.changed, Some(1), "the delete");
    assert_eq!(tally.rejected, [("deleted".to_owned(), 1), ("json".to_owned(), 2)].into_iter().collect());
    rig.bring([next()]).await;
    let last = rig.ledger.view().lines(rig.ledger.top() - 1, 9).await.unwrap().remove(0).entry().unwrap();
    let Kind::Tally { tally: Tally { counts, .. } } = last.kind else { panic!("no tally") };
    assert_eq!((counts.received, counts.new), (4, 0), "what was told once is not told again");
    let mut rig = rig.reborn().await;
    rig.bring([post(3, "three"), next()]).await;
    let tallies = rig.fold().await.tallies;
    assert_eq!(tallies.len(), 2);
    let last = tallies.values().next_back().unwrap();
    assert_eq!((last.received, last.new), (8, 1), "a minute with a restart in it is counted on");
}

#[tokio::test]
async fn an_event_needs_settings_that_can_work() {
    let mut rig = Rig::new().await;
    assert!(matches!(rig.ask(Ask::Event("slug = 5".into())).await, Err(Refusal::Bad(_))));
    assert_eq!(rig.ledger.top(), 0);
    assert_eq!(rig.ask(Ask::Event(EVENT.into())).await.unwrap().seq, 1);
    assert!(rig.ask(Ask::Event(EVENT.into())).await.unwrap().is_old);
    let rig = rig.reborn().await;
    let view = rig.sequencer.view.borrow().clone();
    assert_eq!(view.event.unwrap().slug, "rustfest");
    assert_eq!(*view.settings.unwrap(), EventFile::parse(EVENT).unwrap());
}

#[tokio::test]
async fn a_schedule_files_what_was_said_during_its_talks() {
    let mut rig = Rig::new().await;
    rig.ask(Ask::Event(EVENT.into())).await.unwrap();
    rig.bring([said_at(1, DURING), said_at(2, ELSEWHEN)]).await;
    let dry = Order { is_dry_run: true, ..order(schedule(&[("a", "2026-11-20T14:00:00Z", "Main")]), "dry") };
    let top = rig.ledger.top();
    assert_eq!(rig.ask_as(dry).await.unwrap().moves.len(), 1);
    assert_eq!(rig.ledger.top(), top, "a dry run leaves nothing");
    let told = rig.ask(schedule(&[("a", "2026-11-20T14:00:00Z", "Main")])).await.unwrap();
    assert_eq!(told.moves.iter().map(|m| m.id).collect::<Vec<_>>(), [id(1)]);
    let fold = rig.fold().await;
    let filing = fold.items[&id(1)].filing.clone().unwrap();
    assert_eq!((filing.state, filing.room.as_deref()), (FilingState::Filed, Some("main-a")));
    assert_eq!(fold.items[&id(2)].filing.as_ref().unwrap().state, FilingState::Unsorted);
    let again = rig.ask(schedule(&[("a", "2026-11-20T14:00:00Z", "Main")])).await.unwrap();
    assert!(again.is_old, "the same schedule changes nothing");
}

#[tokio::test]
async fn a_persons_filing_outlives_schedules_edits_and_stages() {
    let mut rig = Rig::new().await;
    rig.ask(Ask::Event(EVENT.into())).await.unwrap();
    rig.ask(schedule(&[("a", "2026-11-20T14:00:00Z", "Main"), ("b", "2026-11-20T13:00:00Z", "Side")]))
        .await
        .unwrap();
    rig.bring([said_at(1, DURING)]).await;
    let b = model::TalkId::numbered(2);
    let by_hand = Ask::File(FileItems { ids: vec![id(1)], talk: Some(b.clone()), event: false, rule: false });
    assert_eq!(rig.ask(by_hand).await.unwrap().moves.len(), 1);
    rig.ask(schedule(&[("a", "2026-11-20T14:05:00Z", "Main"), ("b", "2026-11-20T13:00:00Z", "Side")]))
        .await
        .unwrap();
    rig.ask(Ask::Stage(SetStage { room: "main".into(), talk: None, since: Some(NOON), undo: false }))
        .await
        .unwrap();
    rig.bring([edit(1, 99, "new words")]).await;
    let row = rig.fold().await.items.remove(&id(1)).unwrap();
    assert_eq!(row.filing.unwrap().talk, Some(b));
    assert_eq!(
        row.item.unwrap().when,
        Micros::parse_rfc3339(DURING).unwrap(),
        "an edit does not move it in time"
    );
    let unknown = Ask::File(FileItems { ids: vec![id(1), id(2)], talk: None, event: true, rule: false });
    assert!(matches!(rig.ask(unknown).await, Err(Refusal::Unknown(_))));
    assert_eq!(
        rig.fold().await.items[&id(1)].filing.as_ref().unwrap().state,
        FilingState::Filed,
        "all or nothing"
    );
}

#[tokio::test]
async fn a_schedule_that_lost_most_talks_is_believed_only_twice() {
    let mut rig = Rig::new().await;
    rig.ask(Ask::Event(EVENT.into())).await.unwrap();
    let full: Vec<_> = ["a", "b", "c", "d"].map(|g| (g, "2026-11-20T14:00:00Z", "Main")).into();
    rig.ask(schedule(&full)).await.unwrap();
    let small = || schedule(&[("a", "2026-11-20T14:00:00Z", "Main")]);
    assert!(matches!(rig.ask(small()).await, Err(Refusal::Conflict { state, .. }) if state == "shrunk"));
    assert!(!rig.ask(small()).await.unwrap().is_old);
    assert_eq!(rig.fold().await.talks.values().filter(|t| !t.dropped).count(), 1);
    assert!(matches!(rig.ask(Ask::Schedule(b"junk".to_vec())).await, Err(Refusal::Bad(_))));
}

#[tokio::test]
async fn stages_and_notices_are_checked_and_entered() {
    let mut rig = Rig::new().await;
    rig.ask(Ask::Event(EVENT.into())).await.unwrap();
    let stage = |room: &str, since: Option<Micros>| {
        Ask::Stage(SetStage { room: room.into(), talk: None, since, undo: false })
    };
    assert!(matches!(rig.ask(stage("nowhere", None)).await, Err(Refusal::Unknown(_))));
    let tomorrow = Micros(Clock::real().now()).plus(24 * Micros::HOUR);
    assert!(matches!(rig.ask(stage("main", Some(tomorrow))).await, Err(Refusal::Bad(_))));
    assert!(rig.ask(stage("main", None)).await.unwrap().is_old, "nothing is on there anyway");
    rig.ask(Ask::Notice(SayNotice { text: "Lunch\u{202e} is served".into(), until: None })).await.unwrap();
    let fold = rig.fold().await;
    assert!(fold.stage.is_empty());
    assert_eq!(fold.notices.values().next().unwrap().text, "Lunch is served");
}

#[tokio::test]
async fn a_post_written_on_the_page_follows_the_events_rule() {
    let mut rig = Rig::new().await;
    let say = || {
        Ask::Say(Say { text: "Hello <b>".into(), name: "Ana".into(), reply_to: None, talk: None, room: None })
    };
    assert!(matches!(rig.ask(say()).await, Err(Refusal::Conflict { state, .. }) if state == "off"));
    rig.ask(Ask::Event(EVENT.into())).await.unwrap();
    let told = rig.ask(say()).await.unwrap();
    let fold = rig.fold().await;
    let item = fold.items[&told.id.unwrap().parse().unwrap()].item.clone().unwrap();
    assert_eq!((item.body, item.network), (Body::plain("Hello <b>"), Network::Onsite));
    rig.ask(Ask::Event(EVENT.replace("\"open\"", "\"hold\""))).await.unwrap();
    let held = rig.ask(say()).await.unwrap();
    assert!(!rig.fold().await.items.contains_key(&held.id.unwrap().parse().unwrap()));
}

#[tokio::test]
async fn the_saved_cursor_moves_with_its_items_or_not_at_all() {
    let mut rig = Rig::new().await;
    let saved = Saved { cursor: Some("c1".into()), covered: NOON, gap: None };
    let gap = Gap {
        id: "g".into(),
        source: "s".into(),
        from: NOON,
        to: None,
        reason: "The connection was lost.".into(),
        count: None,
        closed: false,
    };
    rig.bring([post(1, "one"), Brought::Gap { gap, saved: Box::new(saved.clone()) }]).await;
    {
        // A transaction that is cut before its commit.
        let mut work =
            work::Work::begin(&rig.ledger, &rig.sequencer.standing, &mut rig.sequencer.filer, NOON)
                .await
                .unwrap();
        let commands = [
            from_source(post(2, "two")),
            from_source(Brought::Save(Saved { cursor: None, ..saved.clone() })),
        ];
        work.look_up(&commands).await.unwrap();
        for command in &commands {
            let Command::Pumped(pumped) = command else { unreachable!() };
            work.pumped(pumped).unwrap();
        }
    }
    let rig = rig.reborn().await;
    let mut txn = rig.ledger.begin().await.unwrap();
    let kept = txn.cursor("s").await.unwrap().unwrap();
    assert_eq!(serde_json::from_str::<Saved>(&kept).unwrap(), saved);
    txn.rollback().await.unwrap();
    assert_eq!(shown(&rig.fold().await, 2), None);
    assert_eq!(rig.sequencer.standing.fold.gaps.len(), 1);
}
