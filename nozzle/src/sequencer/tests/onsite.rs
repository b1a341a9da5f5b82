//! Posts written on the event's own page: how much one person may write, where it is filed, how it is counted.

use serde_json::json;

use super::*;
use crate::intake::{Decide, Decision, Say, SetLimit, SetStage, Unsay};
use crate::pump::Counted;
use model::{FilingState, TalkId};

const LIMITS: &str = "[onsite_limits]\nburst = 2\nper_minute = 0.01\n";

fn event(more: &str) -> Ask {
    // Tables come last in TOML.
    Ask::Event(format!("{EVENT}{more}"))
}

fn words(text: &str) -> Say {
    Say { text: text.into(), name: String::new(), reply_to: None, talk: None, room: None }
}

fn by(person: &str, ask: Ask, key: &str) -> Order {
    let actor = Actor { role: "person".into(), name: person.into() };
    Order { ask, key: key.to_owned(), actor, is_dry_run: false }
}

fn say(person: &str, text: &str) -> Order {
    by(person, Ask::Say(words(text)), &format!("{person} {text}"))
}

fn item_id(outcome: &Outcome) -> ItemId {
    outcome.id.as_ref().unwrap().parse().unwrap()
}

/// Two talks: one that is on now in the main room, one that is over in the side room.
fn programme() -> Ask {
    let now = jiff::Timestamp::from_microsecond(Clock::real().now()).unwrap();
    let talk = |title: &str, from: i64| {
        let start = now + jiff::SignedDuration::from_mins(from);
        json!({"guid": title, "title": title, "date": start.to_string(), "duration": "01:00", "persons": []})
    };
    let rooms = json!({"Main": [talk("On", -10)], "Side": [talk("Over", -120)]});
    let days = json!([{"index": 1, "date": "2026-01-01", "rooms": rooms}]);
    let file = json!({"schedule": {"version": "1", "conference": {"title": "x", "days": days}}});
    Ask::Schedule(file.to_string().into_bytes())
}

async fn talk(rig: &Rig, title: &str) -> TalkId {
    rig.fold().await.talks.values().find(|t| t.title == title).unwrap().id.clone()
}

#[tokio::test]
async fn whoever_writes_too_much_waits_and_repeating_a_key_costs_nothing() {
    let mut rig = Rig::new().await;
    rig.ask(event(LIMITS)).await.unwrap();
    let first = rig.ask_as(say("ana", "one")).await.unwrap();
    assert_eq!((first.state.as_deref(), first.is_old), (Some("shown"), false));
    for _ in 0..10 {
        let again = rig.ask_as(say("ana", "one")).await.unwrap();
        assert_eq!((again.id.clone(), again.is_old), (first.id.clone(), true));
    }
    rig.ask_as(say("ana", "two")).await.unwrap();
    let Err(Refusal::Slow { why, retry_seconds }) = rig.ask_as(say("ana", "three")).await else {
        panic!("the third is one too many");
    };
    assert!(retry_seconds > 5_000 && why.contains("minutes; your words are kept"), "{why}");
    assert!(rig.ask_as(say("ana", "one")).await.unwrap().is_old, "what was answered is answered again");
    rig.ask_as(say("ben", "one")).await.unwrap();
    assert_eq!(rig.fold().await.items.len(), 3);
}

#[tokio::test]
async fn posts_of_one_transaction_count_against_each_other() {
    let mut rig = Rig::new().await;
    rig.ask(event(LIMITS)).await.unwrap();
    let mut said = Vec::new();
    let commands = (0..4).map(|n| {
        let (answer, answered) = oneshot::channel();
        said.push(answered);
        Command::Ordered { order: Box::new(say("ana", &n.to_string())), answer }
    });
    let commands = commands.collect();
    rig.sequencer.take(commands).await.unwrap();
    let mut taken = 0;
    for answered in said {
        taken += usize::from(answered.await.unwrap().is_ok());
    }
    assert_eq!((taken, rig.fold().await.items.len()), (2, 2));
}

#[tokio::test]
async fn an_organiser_changes_one_persons_numbers_and_they_outlive_a_restart() {
    let mut rig = Rig::new().await;
    rig.ask(event(LIMITS)).await.unwrap();
    let limit = |burst, per_minute| Ask::Limit(SetLimit { person: "person:ana".into(), burst, per_minute });
    let told = rig.ask(limit(Some(0), None)).await.unwrap();
    assert_eq!(told.notes, ["ana may not write"]);
    assert!(matches!(rig.ask_as(say("ana", "one")).await, Err(Refusal::Forbidden(_))));
    let mut rig = rig.reborn().await;
    assert!(matches!(rig.ask_as(say("ana", "one")).await, Err(Refusal::Forbidden(_))));
    rig.ask(limit(Some(4), Some(1.0))).await.unwrap();
    for n in 0..4 {
        rig.ask_as(say("ana", &format!("{n}"))).await.unwrap();
    }
    let slow = rig.ask_as(say("ana", "five")).await;
    assert!(matches!(slow, Err(Refusal::Slow { retry_seconds: 1..=60, .. })), "{slow:?}");
    let told = rig.ask(limit(None, None)).await.unwrap();
    assert_eq!(told.notes, ["ana may write 2 posts at once and 0.01 more a minute"]);
    for (person, burst) in [("", Some(1)), ("a b", Some(1)), ("person:", Some(1)), ("ana", Some(9999))] {
        let ask = Ask::Limit(SetLimit { person: person.into(), burst, per_minute: None });
        assert!(matches!(rig.ask(ask).await, Err(Refusal::Bad(_))), "{person:?} {burst:?}");
    }
}

#[tokio::test]
async fn what_does_not_fit_is_refused_with_a_sentence_and_counted() {
    let mut rig = Rig::new().await;
    rig.ask(event("")).await.unwrap();
    let long_name = Say { name: "n".repeat(61), ..words("x") };
    let nowhere = Say { room: Some("attic".into()), ..words("x") };
    let no_talk = Say { talk: Some(TalkId("t99".into())), ..words("x") };
    for (say, want) in [
        (words(&"x".repeat(2001)), "2000 characters; this one has 2001"),
        (words(" \u{202e}\n "), "write some words"),
        (words("\u{3164}\u{200d} \u{2800}"), "write some words"),
        (long_name, "60 characters"),
        (nowhere, "no room \"attic\""),
        (no_talk, "no talk t99"),
    ] {
        let why = rig.ask(Ask::Say(say)).await.unwrap_err().to_string();
        assert!(why.contains(want), "{why}");
    }
    rig.ask(Ask::Say(words(&"\u{1f600}".repeat(2000)))).await.unwrap();
    let minute = Micros(0);
    let counted = Brought::Minute { minute, counted: Counted::default() };
    let minutes = Command::Pumped(Pumped { source: Arc::from("onsite"), what: counted });
    rig.sequencer.take(vec![minutes]).await.unwrap();
    let fold = rig.fold().await;
    let counts = &fold.tallies.values().next().unwrap();
    assert_eq!((counts.received, counts.new), (7, 1));
    let rejected: Vec<(&str, u64)> = counts.rejected.iter().map(|(r, n)| (r.as_str(), *n)).collect();
    assert_eq!(rejected, [("empty", 2), ("too_long", 2), ("unknown_place", 2)]);
}

#[tokio::test]
async fn a_post_is_filed_where_its_writer_stood_and_no_rule_moves_it_from_there() {
    let mut rig = Rig::new().await;
    rig.ask(event("")).await.unwrap();
    rig.ask(programme()).await.unwrap();
    let over = talk(&rig, "Over").await;
    let on_page = Say { talk: Some(over.clone()), ..words("on the page") };
    let on_page = item_id(&rig.ask(Ask::Say(on_page)).await.unwrap());
    let in_main = Say { room: Some("main".into()), ..words("in the room") };
    let in_main = item_id(&rig.ask(Ask::Say(in_main)).await.unwrap());
    let in_side = Say { room: Some("side".into()), ..words("in the other room") };
    let in_side = item_id(&rig.ask(Ask::Say(in_side)).await.unwrap());
    rig.ask(Ask::Stage(SetStage { room: "side".into(), talk: Some(over.clone()), since: None, undo: false }))
        .await
        .unwrap();
    let fold = rig.fold().await;
    let filing = |id| fold.items[&id].filing.clone().unwrap();
    let (page, main, side) = (filing(on_page), filing(in_main), filing(in_side));
    assert_eq!((page.talk, page.state), (Some(over), FilingState::Filed));
    assert_eq!(page.reasons, ["Written on this talk\u{2019}s page."]);
    assert_eq!((main.talk, main.state), (Some(talk(&rig, "On").await), FilingState::Filed));
    assert_eq!((side.talk, side.room.as_deref(), side.state), (None, Some("side"), FilingState::Suggested));
}

#[tokio::test]
async fn an_answer_keeps_what_it_answers_when_the_log_has_it() {
    let mut rig = Rig::new().await;
    rig.ask(event("")).await.unwrap();
    rig.bring([post(1, "asked")]).await;
    let answer = |to| Ask::Say(Say { reply_to: Some(to), ..words("answered") });
    let known = item_id(&rig.ask(answer(id(1))).await.unwrap());
    let unknown = item_id(&rig.ask(answer(id(2))).await.unwrap());
    let fold = rig.fold().await;
    let reply_to = |id: ItemId| fold.items[&id].item.as_ref().unwrap().reply_to;
    assert_eq!((reply_to(known), reply_to(unknown)), (Some(id(1)), None));
}

#[tokio::test]
async fn a_source_of_the_kind_names_and_holds_what_is_written() {
    let mut rig = Rig::new().await;
    rig.ask(event("[[source]]\nname = \"guests\"\nkind = \"onsite\"\nmoderation = \"hold\"\n"))
        .await
        .unwrap();
    let held = rig.ask_as(say("ana", "let me in")).await.unwrap();
    assert_eq!(held.state.as_deref(), Some("held"));
    let waiting = rig.ledger.view().waiting(None, 10).await.unwrap();
    let item = &waiting[0].words.as_ref().unwrap().item;
    assert_eq!((item.source.as_str(), item.author.id.as_str()), ("guests", "person:ana"));
    assert!(item.author.name.starts_with("guest-"), "{}", item.author.name);
    let show = Decide { id: item_id(&held), decision: Decision::Show, law: false };
    rig.ask(Ask::Decide(show)).await.unwrap();
    assert!(rig.ledger.view().waiting(None, 10).await.unwrap().is_empty());
    assert!(rig.fold().await.items[&item_id(&held)].item.is_some());
}

#[tokio::test]
async fn only_its_writer_takes_a_post_back_and_then_no_word_of_it_is_left() {
    let mut rig = Rig::new().await;
    rig.ask(event("")).await.unwrap();
    rig.bring([post(1, "from a network")]).await;
    let said = item_id(&rig.ask_as(say("ana", "canary words")).await.unwrap());
    let unsay = |person: &str, id, key: &str| by(person, Ask::Unsay(Unsay { id }), key);
    assert!(matches!(rig.ask_as(unsay("ben", said, "a")).await, Err(Refusal::Forbidden(_))));
    assert!(matches!(rig.ask_as(unsay("ana", id(1), "b")).await, Err(Refusal::Forbidden(_))));
    assert!(matches!(rig.ask_as(unsay("ana", id(9), "c")).await, Err(Refusal::Unknown(_))));
    rig.ask_as(unsay("ana", said, "d")).await.unwrap();
    assert!(!rig.all_text().await.contains("canary"));
    assert_eq!(rig.fold().await.items[&said].by, Some(GoneBy::Author));
    assert_eq!(rig.ask_as(unsay("ana", said, "e")).await.unwrap().state.as_deref(), Some("removed"));
}

#[tokio::test]
async fn where_it_was_written_outlives_the_ledger_and_is_told_to_nobody() {
    let mut rig = Rig::new().await;
    rig.ask(event("")).await.unwrap();
    rig.ask(programme()).await.unwrap();
    let over = talk(&rig, "Over").await;
    let on_page = by("ana", Ask::Say(Say { talk: Some(over.clone()), ..words("hm") }), "page");
    let in_room = by("ben", Ask::Say(Say { room: Some("side".into()), ..words("hm hm") }), "room");
    let mut ids = Vec::new();
    for order in [on_page, in_room] {
        ids.push(item_id(&rig.ask_as(order).await.unwrap()));
    }
    for line in rig.ledger.view().lines(0, live::LINES_MAX).await.unwrap() {
        let public = String::from_utf8(model::public::entry_json(&line.entry().unwrap())).unwrap();
        assert!(!public.contains("\"at\":{"), "{public}");
    }
    let filed =
        async |rig: &Rig, id| rig.ledger.view().record(id).await.unwrap().unwrap().words.unwrap().filing;
    let before = [filed(&rig, ids[0]).await, filed(&rig, ids[1]).await];
    assert_eq!((&before[0].talk, before[1].room.as_deref()), (&Some(over), Some("side")));
    let mut rig = rig.recovered().await;
    // Recovered items have been filed by no rules that are known, so all of them are filed again.
    assert!(rig.refiled().await > 0);
    rig.filed_as_from_scratch().await;
    assert_eq!([filed(&rig, ids[0]).await, filed(&rig, ids[1]).await], before);
}

#[tokio::test]
async fn hashtags_told_beside_the_words_file_a_post_and_are_told_to_nobody() {
    let mut rig = Rig::with_talks().await;
    let said = super::filing::said(1, super::filing::at(14, 35), "hm");
    rig.bring([post_of(Draft { tags: vec!["SourdoughAsAReplicatedLog".into()], ..said })]).await;
    assert_eq!(rig.talk_of(1).await, Some(super::filing::talk(super::filing::SOURDOUGH)));
    let entries = rig.ledger.view().lines(0, live::LINES_MAX).await.unwrap();
    let entry = entries.last().unwrap().entry().unwrap();
    assert_eq!(entry.item().unwrap().item.tags, ["SourdoughAsAReplicatedLog"]);
    let public = String::from_utf8(model::public::entry_json(&entry)).unwrap();
    assert!(!public.contains("SourdoughAsA"), "{public}");
    rig.filed_as_from_scratch().await;
}
