//! What happens at conferences, one scene a test: afterwards everything is filed as if it had been known from the start.

use model::FilingState;

use super::filing::*;
use super::*;
use crate::intake::Decision;

#[tokio::test]
async fn a_reply_whose_parent_arrives_later_follows_it() {
    let mut rig = Rig::with_talks().await;
    rig.bring([post_of(reply(2, 1, at(15, 40), "so true")), post_of(reply(3, 2, at(15, 41), "it is"))]).await;
    assert_eq!(rig.talk_of(2).await, None);
    rig.bring([post_of(said(1, at(14, 12), "Maps without a north, by Cyd Okonjo, is on"))]).await;
    assert_eq!((rig.talk_of(2).await, rig.talk_of(3).await), (Some(talk(MAPS)), Some(talk(MAPS))));
    rig.filed_as_from_scratch().await;
}

#[tokio::test]
async fn replies_to_what_is_hidden_or_gone_stand_alone_and_follow_it_back() {
    let mut rig = Rig::with_talks().await;
    rig.bring([
        post_of(said(1, at(14, 12), "Maps without a north, by Cyd Okonjo, is on")),
        post_of(reply(2, 1, at(15, 40), "so true")),
    ])
    .await;
    assert_eq!(rig.talk_of(2).await, Some(talk(MAPS)));
    rig.ask(decide(1, Decision::Hide)).await.unwrap();
    assert_eq!(rig.talk_of(2).await, None);
    rig.filed_as_from_scratch().await;
    rig.ask(decide(1, Decision::Show)).await.unwrap();
    assert_eq!(rig.talk_of(2).await, Some(talk(MAPS)));
    rig.bring([delete(1)]).await;
    assert_eq!(rig.talk_of(2).await, None);
    rig.filed_as_from_scratch().await;
}

#[tokio::test]
async fn an_edit_that_makes_a_post_about_another_talk_takes_its_replies_along() {
    let mut rig = Rig::with_talks().await;
    rig.bring([
        post_of(said(1, at(14, 12), "Maps without a north, by Cyd Okonjo, is on")),
        post_of(reply(2, 1, at(14, 13), "so true")),
    ])
    .await;
    let revision = Revision::EditedAt(Micros(9));
    let text = "Compilers that argue back, by Ada Vandermolen, is on";
    rig.bring([post_of(Draft { revision, ..said(1, at(14, 12), text) })]).await;
    assert_eq!((rig.talk_of(1).await, rig.talk_of(2).await), (Some(talk(COMPILERS)), Some(talk(COMPILERS))));
    rig.filed_as_from_scratch().await;
}

#[tokio::test]
async fn a_held_post_is_filed_by_what_is_known_when_it_is_shown() {
    let mut rig = Rig::with_talks().await;
    let Brought::Post { admitted, .. } = post_of(reply(2, 1, at(15, 40), "so true")) else { unreachable!() };
    rig.bring([Brought::Post { admitted, is_held: true }]).await;
    rig.bring([post_of(said(1, at(14, 12), "Maps without a north, by Cyd Okonjo, is on"))]).await;
    rig.filed_as_from_scratch().await;
    rig.ask(decide(2, Decision::Show)).await.unwrap();
    let filing = rig.fold().await.items[&id(2)].filing.clone().unwrap();
    assert_eq!((filing.talk, filing.state), (Some(talk(MAPS)), FilingState::Filed));
    rig.filed_as_from_scratch().await;
}

#[tokio::test]
async fn nobody_follows_what_is_held() {
    let mut rig = Rig::with_talks().await;
    let parent = post_of(said(1, at(14, 12), "Maps without a north, by Cyd Okonjo, is on"));
    let Brought::Post { admitted, .. } = parent else { unreachable!() };
    rig.bring([Brought::Post { admitted, is_held: true }, post_of(reply(2, 1, at(15, 40), "so true"))]).await;
    assert_eq!(rig.talk_of(2).await, None);
    rig.ask(decide(1, Decision::Show)).await.unwrap();
    assert_eq!(rig.talk_of(2).await, Some(talk(MAPS)));
    rig.filed_as_from_scratch().await;
}

/// Ada is still speaking at 14:35 and ends at 14:42; the steward says so each time as it happens.
#[tokio::test]
async fn an_overrun_takes_what_was_said_in_it() {
    let mut rig = Rig::with_talks().await;
    rig.bring((0..30).map(|n| post_of(said(n, at(14, 20 + n as i64), "this is getting good")))).await;
    rig.ask(press("main", Some(talk(COMPILERS)), at(14, 31))).await.unwrap();
    rig.filed_as_from_scratch().await;
    rig.ask(press("main", Some(talk(SOURDOUGH)), at(14, 42))).await.unwrap();
    rig.filed_as_from_scratch().await;
    let late = rig.fold().await.stage["main"].len();
    assert_eq!(late, 2);
}

#[tokio::test]
async fn two_talks_that_swap_their_slots_swap_what_is_said_in_them() {
    let mut rig = Rig::with_talks().await;
    rig.bring((0..40).map(|n| post_of(said(n, at(14, 10 + n as i64), "what a talk")))).await;
    rig.ask(press("main", Some(talk(SOURDOUGH)), at(14, 0))).await.unwrap();
    rig.ask(press("main", Some(talk(COMPILERS)), at(14, 30))).await.unwrap();
    rig.filed_as_from_scratch().await;
}

#[tokio::test]
async fn a_talk_that_is_called_off_or_moved_keeps_what_people_filed_to_it() {
    let mut rig = Rig::with_talks().await;
    rig.bring((0..40).map(|n| post_of(said(n, at(14, 10 + n as i64), "what a talk")))).await;
    rig.ask(by_hand(&[1, 2, 3], Some(talk(MAPS)))).await.unwrap();
    rig.ask(schedule(&[COMPILERS, SOURDOUGH, PRINTERS])).await.unwrap();
    rig.filed_as_from_scratch().await;
    let moved = Slot(MAPS.0, "Main", 60, 30, MAPS.4, MAPS.5);
    rig.ask(schedule(&[COMPILERS, SOURDOUGH, moved, PRINTERS])).await.unwrap();
    rig.filed_as_from_scratch().await;
    for n in 1..=3 {
        assert_eq!(rig.talk_of(n).await, Some(talk(MAPS)));
    }
}

#[tokio::test]
async fn a_steward_who_presses_late_and_one_who_presses_twice_change_it_once() {
    let mut rig = Rig::with_talks().await;
    rig.bring((0..40).map(|n| post_of(said(n, at(14, 20 + n as i64), "what a talk")))).await;
    // The press of 14:42 arrives before that of 14:31.
    rig.ask(press("main", Some(talk(SOURDOUGH)), at(14, 42))).await.unwrap();
    rig.ask(press("main", Some(talk(COMPILERS)), at(14, 31))).await.unwrap();
    rig.filed_as_from_scratch().await;
    let again = rig.ask(press("main", Some(talk(COMPILERS)), at(14, 31))).await.unwrap();
    assert!(again.moves.is_empty());
    rig.filed_as_from_scratch().await;
}
