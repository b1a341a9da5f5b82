//! One afternoon in two rooms, told by stewards and by new versions: where each post lands, by name, and that it is where
//! filing everything from nothing puts it.

use model::{Author, FilingState, TalkId};

use super::filing::*;
use super::*;
use crate::intake::SetStage;

/// What people write, each of them once, and when.
const POSTS: [(&str, i64); 9] = [
    ("the speaker in Main argues well", 10),
    ("sourdough!", 10),
    ("sourdough!", 28),
    ("sourdough!", 35),
    ("sourdough!", 50),
    ("maps and no north", 10),
    ("maps and no north", 28),
    ("Ada Vandermolen is great", 41),
    ("compilers argue", 50),
];
/// Where the clock alone puts them.
const BY_THE_CLOCK: [Option<Slot>; 9] = [
    Some(COMPILERS),
    None,
    Some(SOURDOUGH),
    Some(SOURDOUGH),
    Some(SOURDOUGH),
    Some(MAPS),
    Some(MAPS),
    Some(COMPILERS),
    Some(COMPILERS),
];

impl Rig {
    async fn on_an_afternoon() -> Self {
        let mut rig = Self::with_talks().await;
        for (n, (text, minute)) in (0..).zip(POSTS) {
            let author = Author { id: format!("p{n}"), ..Author::default() };
            rig.bring([post_of(Draft { author, ..said(n, at(14, minute), text) })]).await;
        }
        rig
    }

    /// The talk for which each post counts.
    async fn landed(&mut self) -> Vec<Option<TalkId>> {
        self.filed_as_from_scratch().await;
        let mut all = Vec::new();
        for n in 0..POSTS.len() as u64 {
            all.push(self.talk_of(n).await);
        }
        all
    }
}

fn talks(slots: [Option<Slot>; 9]) -> Vec<Option<TalkId>> {
    slots.into_iter().map(|slot| slot.map(talk)).collect()
}

/// The compilers take until 14:42: bread at 14:28 is no talk that is about to begin.
fn overrun() -> Vec<Option<TalkId>> {
    let [a, b, _, d, e, f, g, h, i] = BY_THE_CLOCK;
    talks([a, b, None, d, e, f, g, h, i])
}

#[tokio::test]
async fn an_overrun_keeps_what_was_said_in_it_from_the_next_talk() {
    let mut rig = Rig::on_an_afternoon().await;
    assert_eq!(rig.landed().await, talks(BY_THE_CLOCK));
    rig.ask(press("main", Some(talk(COMPILERS)), at(14, 0))).await.unwrap();
    rig.ask(press("main", Some(talk(SOURDOUGH)), at(14, 42))).await.unwrap();
    assert_eq!(rig.landed().await, overrun());
}

#[tokio::test]
async fn presses_that_come_late_doubled_or_in_the_wrong_order_come_to_the_same() {
    let (first, second) =
        (press("main", Some(talk(COMPILERS)), at(14, 0)), press("main", Some(talk(SOURDOUGH)), at(14, 42)));
    for presses in [
        vec![second.clone(), first.clone()],
        vec![first.clone(), first.clone(), second.clone(), second.clone(), first.clone()],
        // Somebody else's wrong button in between, taken back.
        vec![
            first,
            press("main", Some(talk(PRINTERS)), at(14, 20)),
            second,
            Ask::Stage(SetStage { room: "main".into(), talk: None, since: Some(at(14, 20)), undo: true }),
        ],
    ] {
        let mut rig = Rig::on_an_afternoon().await;
        for press in presses {
            rig.ask(press).await.ok();
        }
        assert_eq!(rig.landed().await, overrun());
        let mut rig = rig.reborn().await;
        assert_eq!(rig.landed().await, overrun(), "a restart changes nothing");
    }
}

#[tokio::test]
async fn a_wrong_button_that_was_taken_back_leaves_all_where_it_was() {
    let mut rig = Rig::on_an_afternoon().await;
    rig.ask(press("main", Some(talk(MAPS)), at(14, 0))).await.unwrap();
    assert_ne!(rig.landed().await, talks(BY_THE_CLOCK));
    rig.ask(Ask::Stage(SetStage { room: "main".into(), talk: None, since: Some(at(14, 0)), undo: true }))
        .await
        .unwrap();
    assert_eq!(rig.landed().await, talks(BY_THE_CLOCK));
}

#[tokio::test]
async fn two_talks_that_swap_their_slots_swap_what_is_said_in_them() {
    let mut rig = Rig::on_an_afternoon().await;
    rig.ask(press("main", Some(talk(SOURDOUGH)), at(14, 0))).await.unwrap();
    rig.ask(press("main", Some(talk(COMPILERS)), at(14, 30))).await.unwrap();
    let landed = rig.landed().await;
    assert_ne!(landed[0], Some(talk(COMPILERS)), "another speaker is in Main by then");
    let [_, _, rest @ ..] = BY_THE_CLOCK.map(|slot| slot.map(talk));
    assert_eq!((&landed[1], &landed[2..]), (&Some(talk(SOURDOUGH)), &rest[..]));
}

#[tokio::test]
async fn a_talk_that_is_called_off_or_moved_keeps_what_people_filed_to_it() {
    let mut rig = Rig::on_an_afternoon().await;
    rig.ask(by_hand(&[0, 1], Some(talk(MAPS)))).await.unwrap();
    let [_, _, c, d, e, f, g, h, i] = BY_THE_CLOCK;
    let kept = talks([Some(MAPS), Some(MAPS), c, d, e, f, g, h, i]);
    assert_eq!(rig.landed().await, kept);
    rig.ask(schedule(&[COMPILERS, SOURDOUGH, PRINTERS])).await.unwrap();
    let off = rig.landed().await;
    assert_eq!((&off[..2], &off[7..]), (&kept[..2], &kept[7..]));
    let moved = Slot(MAPS.0, "Main", 60, 30, MAPS.4, MAPS.5);
    rig.ask(schedule(&[COMPILERS, SOURDOUGH, moved, PRINTERS])).await.unwrap();
    assert_eq!(rig.landed().await[..2], kept[..2]);
    rig.ask(schedule(&SLOTS)).await.unwrap();
    assert_eq!(rig.landed().await, kept, "it is as if nothing had been");
    let mut rig = rig.recovered().await;
    assert_eq!(rig.landed().await, kept, "nor does the loss of the ledger move what people filed");
    for n in 0..2 {
        assert_eq!(
            (rig.filing(n).await.by, rig.filing(n).await.state),
            (model::By::Person, FilingState::Filed)
        );
    }
}
