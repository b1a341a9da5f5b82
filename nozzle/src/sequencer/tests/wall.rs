//! What operators say of the walls.

use model::event::{DuringTalks, WallSettings};

use super::*;
use crate::intake::SetWall;

fn blank(room: Option<&str>, blank: bool) -> Ask {
    Ask::Wall(SetWall { room: room.map(str::to_owned), blank: Some(blank), ..SetWall::default() })
}

fn delay(seconds: u16) -> Ask {
    Ask::Wall(SetWall { delay_s: Some(seconds), ..SetWall::default() })
}

async fn wall(rig: &Rig) -> WallSettings {
    rig.fold().await.event.expect("settings").wall
}

#[tokio::test]
async fn a_panic_is_an_entry_that_two_rooms_survive_and_saying_it_twice_changes_nothing() {
    let mut rig = Rig::new().await;
    let before = rig.ask(Ask::Event(EVENT.into())).await.unwrap().seq;
    let first = rig.ask(blank(None, true)).await.unwrap();
    assert_eq!((first.seq, first.is_old), (before + 1, false));
    let again = rig.ask(blank(None, true)).await.unwrap();
    assert!(again.is_old && rig.ledger.top() == before + 1);
    // Two operators at once, each of one room, in one batch.
    let asked = |room: &str, key: &str| {
        let (answer, said) = oneshot::channel();
        (Command::Ordered { order: Box::new(order(blank(Some(room), true), key)), answer }, said)
    };
    let ((one, said_one), (other, said_other)) = (asked("main", "a"), asked("side", "b"));
    rig.sequencer.take(vec![one, other]).await.unwrap();
    assert!(said_one.await.unwrap().is_ok() && said_other.await.unwrap().is_ok());
    rig.ask(blank(None, false)).await.unwrap();
    let wall_now = wall(&rig).await;
    assert!(!wall_now.blank.all && wall_now.is_blank(Some("main")) && wall_now.is_blank(Some("side")));
    rig.ask(blank(Some("main"), false)).await.unwrap();
    assert!(!wall(&rig).await.is_blank(Some("main")));
    let event = rig.fold().await.event.unwrap();
    assert_eq!((event.title.as_str(), event.rooms.len()), ("RustFest", 2), "all else of the settings stays");
    let rig = rig.recovered().await;
    assert!(
        wall(&rig).await.is_blank(Some("side")),
        "what is blank stays so in a ledger that was made again"
    );
}

#[tokio::test]
async fn a_file_that_is_applied_again_shows_no_wall_and_keeps_what_operators_set() {
    let mut rig = Rig::new().await;
    let file = |more: &str| Ask::Event(format!("{EVENT}{more}"));
    rig.ask(file("[wall]\ndelay = 10\n")).await.unwrap();
    assert_eq!(wall(&rig).await.delay_s, 10);
    rig.ask(delay(60)).await.unwrap();
    rig.ask(blank(Some("main"), true)).await.unwrap();
    rig.ask(file("[[room]]\nname = \"Third\"\n[wall]\ndelay = 10\n")).await.unwrap();
    let kept = wall(&rig).await;
    assert_eq!((kept.delay_s, kept.is_blank(Some("main"))), (60, true));
    // Also after a start: the file that was applied last is in the ledger.
    let mut rig = rig.reborn().await;
    rig.ask(file("[wall]\ndelay = 10\nduring_talks = \"questions\"\n")).await.unwrap();
    let changed = wall(&rig).await;
    assert_eq!((changed.delay_s, changed.during_talks), (60, DuringTalks::Questions));
    rig.ask(file("[wall]\ndelay = 20\nduring_talks = \"questions\"\n")).await.unwrap();
    let changed = wall(&rig).await;
    assert_eq!(
        (changed.delay_s, changed.is_blank(Some("main"))),
        (20, true),
        "the file says something new of it"
    );
}

#[tokio::test]
async fn what_walls_cannot_do_is_refused_with_what_they_can() {
    let mut rig = Rig::new().await;
    assert!(
        matches!(rig.ask(blank(None, true)).await, Err(Refusal::Unknown(_))),
        "an event without settings"
    );
    rig.ask(Ask::Event(EVENT.into())).await.unwrap();
    let nothing = Ask::Wall(SetWall::default());
    let of_a_room = Ask::Wall(SetWall { room: Some("main".into()), delay_s: Some(5), ..SetWall::default() });
    for ask in [nothing, of_a_room, delay(121)] {
        assert!(matches!(rig.ask(ask.clone()).await, Err(Refusal::Bad(_))), "{ask:?}");
    }
    assert!(matches!(rig.ask(blank(Some("attic"), true)).await, Err(Refusal::Unknown(_))));
    assert!(rig.ask(blank(Some("attic"), false)).await.unwrap().is_old, "nothing is blank there");
    let top = rig.ledger.top();
    let dry = Order { is_dry_run: true, ..order(delay(5), "dry") };
    rig.ask_as(dry).await.unwrap();
    assert_eq!((rig.ledger.top(), wall(&rig).await.delay_s), (top, 0));
}
