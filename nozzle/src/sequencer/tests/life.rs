//! What becomes of an event as a whole.

use model::event::{EventFile, Life};

use super::*;
use crate::intake::{Decide, Decision, Say, SetLife};

async fn life(rig: &Rig) -> Life {
    rig.fold().await.event.expect("settings").life
}

fn say(text: &str) -> Ask {
    Ask::Say(Say { text: text.to_owned(), name: "Ada".to_owned(), reply_to: None, talk: None, room: None })
}

fn state(refusal: Refusal) -> String {
    match refusal {
        Refusal::Conflict { state, .. } => state,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn nobody_writes_once_it_is_over_until_it_is_reopened_and_a_file_changes_nothing_of_that() {
    let mut rig = Rig::new().await;
    rig.ask(Ask::Event(EVENT.into())).await.unwrap();
    let ended = rig.ask(Ask::Life(SetLife::End { at: None })).await.unwrap();
    assert_eq!(ended.seq, rig.ledger.top());
    assert!(life(&rig).await.is_over());
    assert_eq!(state(rig.ask(say("too late")).await.unwrap_err()), "over");
    let again = rig.ask(Ask::Life(SetLife::End { at: None })).await.unwrap();
    assert!(again.is_old && rig.ledger.top() == ended.seq, "saying it twice moves nothing");
    rig.ask(Ask::Event(EVENT.replace("RustFest", "RustFest 2026"))).await.unwrap();
    assert!(life(&rig).await.is_over(), "a file says nothing of its life");
    rig.ask(Ask::Life(SetLife::Reopen {})).await.unwrap();
    rig.ask(say("again")).await.unwrap();
}

#[tokio::test]
async fn a_planned_end_closes_the_box_at_its_moment_and_can_be_moved_before() {
    let mut rig = Rig::new().await;
    rig.ask(Ask::Event(EVENT.into())).await.unwrap();
    let now = Micros(Clock::real().now());
    rig.ask(Ask::Life(SetLife::End { at: Some(now.plus(Micros::HOUR)) })).await.unwrap();
    let planned = life(&rig).await;
    assert!(!planned.is_over() && planned.ends.is_some());
    rig.ask(say("still open")).await.unwrap();
    rig.ask(Ask::Life(SetLife::End { at: Some(now.plus(-Micros::MINUTE)) })).await.unwrap();
    let over = life(&rig).await;
    assert_eq!((over.ends, over.ended), (None, Some(now.plus(-Micros::MINUTE))));
}

#[tokio::test]
async fn an_archived_event_takes_nothing_but_what_takes_words_away() {
    let mut rig = Rig::new().await;
    rig.ask(Ask::Event(EVENT.into())).await.unwrap();
    let post = rig.ask(say("a canary sings")).await.unwrap();
    let id: ItemId = post.id.unwrap().parse().unwrap();
    rig.ask(Ask::Life(SetLife::Archive {})).await.unwrap();
    let archived = life(&rig).await;
    assert!(archived.is_archived() && archived.ended.is_some());
    assert_eq!(state(rig.ask(Ask::Event(EVENT.replace("Side", "Third"))).await.unwrap_err()), "archived");
    assert_eq!(state(rig.ask(say("no")).await.unwrap_err()), "archived");
    let decide = |decision| Ask::Decide(Decide { id, decision, law: true });
    assert_eq!(state(rig.ask(decide(Decision::Show)).await.unwrap_err()), "archived");
    rig.ask(decide(Decision::Remove)).await.unwrap();
    assert!(!rig.all_text().await.contains("canary"));
}

#[tokio::test]
async fn a_new_slug_is_in_the_file_that_is_kept_and_the_old_one_leads_there() {
    let mut rig = Rig::new().await;
    rig.ask(Ask::Event(format!("# our own\n{EVENT}"))).await.unwrap();
    let bad = rig.ask(Ask::Life(SetLife::Rename { slug: "admin".into() })).await.unwrap_err();
    assert!(matches!(bad, Refusal::Bad(_)), "{bad:?}");
    rig.ask(Ask::Life(SetLife::Rename { slug: "rustfest-26".into() })).await.unwrap();
    let event = rig.fold().await.event.unwrap();
    assert_eq!(
        (event.slug.as_str(), event.life.former.as_slice()),
        ("rustfest-26", ["rustfest".to_owned()].as_slice())
    );
    let kept = rig.ledger.view().note("event.toml").await.unwrap().unwrap();
    assert_eq!(
        kept,
        format!("# our own\n{}", EVENT.replace("\"rustfest\"\ntitle", "\"rustfest-26\"\ntitle"))
    );
    // A file with another slug, applied to the same event, is the same order.
    let file = EVENT.replace("slug = \"rustfest\"", "slug = \"rust\"");
    assert!(EventFile::parse(&file).is_ok());
    rig.ask(Ask::Event(file)).await.unwrap();
    assert_eq!(life(&rig).await.former, ["rustfest", "rustfest-26"]);
    let rig = rig.reborn().await;
    assert_eq!(rig.sequencer.standing.view(rig.eid).life.former.len(), 2);
}

#[tokio::test]
async fn a_day_that_is_over_already_is_no_day_until_which_an_event_is_kept() {
    let mut rig = Rig::new().await;
    let kept = |day: &str| Ask::Event(EVENT.replace("onsite", &format!("retain_until = {day}\nonsite")));
    let refused = rig.ask(kept("2001-01-01")).await.unwrap_err();
    assert!(refused.to_string().contains("is over already"), "{refused}");
    rig.ask(kept("2199-12-31")).await.unwrap();
    assert_eq!(rig.fold().await.event.unwrap().retain_until.as_deref(), Some("2199-12-31"));
}
