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
