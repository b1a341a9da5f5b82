//! What stewards say: absolute, back-dated, twice, late, by two phones, taken back. Filing afterwards is in `scenes`.

use model::{StageEntry, TalkId};

use super::filing::*;
use super::*;
use crate::intake::SetStage;

fn undo(room: &str, talk: Option<TalkId>, since: Option<Micros>) -> Ask {
    Ask::Stage(SetStage { room: room.into(), talk, since, undo: true })
}

fn refused(said: Result<Outcome, Refusal>) -> (&'static str, String) {
    match said {
        Err(Refusal::Bad(why)) => ("bad", why),
        Err(Refusal::Unknown(why)) => ("unknown", why),
        Err(Refusal::Conflict { why, state }) => ("conflict", format!("{state}: {why}")),
        other => panic!("it was not refused: {other:?}"),
    }
}

impl Rig {
    /// The talk that the room is on.
    fn on(&self, room: &str, at: Micros) -> Option<TalkId> {
        self.sequencer.standing.stage.in_room(room, at).find_map(|span| span.talk.clone())
    }

    async fn said(&self, room: &str) -> Vec<StageEntry> {
        self.fold().await.stage.remove(room).unwrap_or_default()
    }
}

#[tokio::test]
async fn two_stewards_who_press_the_same_thing_make_one_change() {
    let mut rig = Rig::with_talks().await;
    let first = rig.ask(press("main", Some(talk(COMPILERS)), at(14, 4))).await.unwrap();
    let again = rig.ask(press("main", Some(talk(COMPILERS)), at(14, 4))).await.unwrap();
    let later = rig.ask(press("main", Some(talk(COMPILERS)), at(14, 9))).await.unwrap();
    assert_eq!(rig.said("main").await.len(), 1);
    for other in [again, later] {
        assert_eq!((other.is_old, other.seq, other.state.as_deref()), (true, first.seq, Some("unchanged")));
    }
    let earlier = rig.ask(press("main", Some(talk(COMPILERS)), at(14, 1))).await.unwrap();
    assert!(!earlier.is_old && earlier.seq > first.seq, "who saw it begin earlier knows more");
    assert_eq!(rig.on("main", at(14, 2)), Some(talk(COMPILERS)));
    let still = rig.ask(press("main", Some(talk(COMPILERS)), at(14, 33))).await.unwrap();
    assert!(!still.is_old, "it should have ended at 14:31 and is still on: that is news");
}

#[tokio::test]
async fn a_press_in_another_room_for_the_same_moment_takes_the_first_one_back() {
    let mut rig = Rig::with_talks().await;
    rig.ask(press("main", Some(talk(MAPS)), at(14, 0))).await.unwrap();
    assert_eq!((rig.on("main", at(14, 5)), rig.on("side", at(14, 5))), (Some(talk(MAPS)), None));
    rig.ask(press("side", Some(talk(MAPS)), at(14, 0))).await.unwrap();
    assert_eq!(rig.on("side", at(14, 5)), Some(talk(MAPS)));
    assert_eq!(
        rig.on("main", at(14, 5)),
        Some(talk(COMPILERS)),
        "the wrong room was pressed, the clock has it again"
    );
    assert!(rig.said("main").await[1].undone);
}

#[tokio::test]
async fn what_was_pressed_is_taken_back_once_by_whom_it_may_be() {
    let mut rig = Rig::with_talks().await;
    rig.ask(press("main", Some(talk(SOURDOUGH)), at(14, 10))).await.unwrap();
    rig.ask(press("main", None, at(14, 20))).await.unwrap();
    rig.ask(undo("main", None, None)).await.unwrap();
    assert_eq!(rig.on("main", at(14, 25)), Some(talk(SOURDOUGH)), "the last one was the break");
    let done = rig.ask(undo("main", Some(talk(SOURDOUGH)), Some(at(14, 10)))).await.unwrap();
    assert_eq!((done.is_old, rig.on("main", at(14, 25))), (false, Some(talk(COMPILERS))));
    let twice = rig.ask(undo("main", Some(talk(SOURDOUGH)), Some(at(14, 10)))).await.unwrap();
    assert_eq!((twice.is_old, twice.seq), (true, done.seq), "two stewards took the same back");
    assert_eq!(refused(rig.ask(undo("main", None, None)).await).0, "unknown");
    assert_eq!(refused(rig.ask(undo("main", None, Some(at(15, 0)))).await).0, "unknown");
    rig.ask(press("main", None, at(14, 10))).await.unwrap();
    let (name, why) = refused(rig.ask(undo("main", Some(talk(MAPS)), Some(at(14, 10)))).await);
    assert_eq!((name, why.starts_with("break: ")), ("conflict", true), "{why}");
}

#[tokio::test]
async fn a_press_speaks_of_this_event_its_rooms_and_its_days() {
    let mut rig = Rig::with_talks().await;
    let known = || Some(talk(COMPILERS));
    assert_eq!(refused(rig.ask(press("attic", known(), at(14, 0))).await).0, "unknown");
    assert_eq!(refused(rig.ask(press("main", Some(TalkId("t99".into())), at(14, 0))).await).0, "unknown");
    let ahead = Micros(Clock::real().now()).plus(2 * Micros::MINUTE);
    assert_eq!(refused(rig.ask(press("main", known(), ahead)).await).0, "bad");
    assert_eq!(refused(rig.ask(press("main", known(), at(14 - 25, 0))).await).0, "bad");
    rig.ask(press("main", known(), at(14 - 24, 0))).await.unwrap();
    rig.ask(schedule(&[COMPILERS, SOURDOUGH, MAPS])).await.unwrap();
    let (name, why) = refused(rig.ask(press("side", Some(talk(PRINTERS)), at(14, 50))).await);
    assert_eq!((name, why.starts_with("dropped: ")), ("conflict", true), "{why}");
}

#[tokio::test]
async fn a_dry_run_tells_what_would_move_and_leaves_nothing() {
    let mut rig = Rig::with_talks().await;
    rig.bring((0..5).map(|n| post_of(said(n, at(14, 20 + n as i64), "the speaker in Main is good")))).await;
    for n in 0..5 {
        assert_eq!(rig.talk_of(n).await, Some(talk(COMPILERS)), "the clock has it on in Main");
    }
    let top = rig.ledger.top();
    let dry = Order { is_dry_run: true, ..order(press("main", Some(talk(SOURDOUGH)), at(14, 0)), "dry") };
    let told = rig.ask_as(dry).await.unwrap();
    let sentence = format!("5 posts would move from “{}” to “{}”.", COMPILERS.4, SOURDOUGH.4);
    assert_eq!((&told.notes, told.moves.len()), (&vec![sentence], 5));
    assert_eq!((rig.ledger.top(), rig.said("main").await), (top, Vec::new()));
    assert_eq!(rig.on("main", at(14, 12)), Some(talk(COMPILERS)));
    let done = rig.ask(press("main", Some(talk(SOURDOUGH)), at(14, 0))).await.unwrap();
    assert_eq!((done.moves, done.notes), (told.moves, Vec::new()), "a dry run tells what will happen");
}

#[tokio::test]
async fn presses_of_a_phone_without_a_network_arrive_late_and_count_for_their_own_time() {
    let moments = [
        press("main", Some(talk(COMPILERS)), at(14, 6)),
        press("side", Some(talk(SOURDOUGH)), at(14, 37)),
        press("main", None, at(14, 41)),
        press("side", Some(talk(MAPS)), at(14, 58)),
    ];
    let mut filed = Vec::new();
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1]] {
        let mut rig = Rig::with_talks().await;
        rig.bring((0..80).map(|n| post_of(said(n, at(14, n as i64), "this is getting good")))).await;
        for n in order {
            rig.ask(moments[n].clone()).await.unwrap();
        }
        rig.refiled().await;
        rig.filed_as_from_scratch().await;
        let fold = rig.fold().await;
        filed.push((0..80).map(|n| fold.items[&id(n)].filing.clone()).collect::<Vec<_>>());
    }
    assert!(filed.windows(2).all(|pair| pair[0] == pair[1]));
}
