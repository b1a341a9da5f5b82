//! The ledger is lost: what archive and tail know becomes a new one.

use crate::kit::{Event, Kind, uid};
use crate::watcher::Watcher;
use live::follow::{self, CursorStep, Line};
use live::recover::{ArchiveWitness, Consent, Plan, Refusal, TailWitness, build, plan};
use live::state::ItemState;
use model::{
    By, Counts, CountsEntry, Epoch, Filing, FilingEntry, FilingState, Fold, ItemCounts, Kind as Entry,
    Micros, Move, Notice, Position, Seq, StageEntry,
};

const NOW: Micros = Micros(1_795_189_320_000_000);

/// A conversation with everything in it that a fold knows.
async fn talk(event: &Event) {
    event.post_many(0..20).await;
    let mut txn = event.ledger().begin().await.unwrap();
    let talk = serde_json::json!({
        "id": "t1", "title": "Now", "room": "main", "start": NOW, "end": NOW.plus(Micros::HOUR), "day": "2026-11-20",
        "was": [{"version": "1", "title": "Then", "room": "side", "times": [NOW, NOW], "speakers": ["Ana"]}],
    });
    txn.append(NOW, Entry::Talk { talk: serde_json::from_value(talk).unwrap() }).unwrap();
    for (talk, undone) in [("t1", false), ("t2", false), ("t2", true)] {
        let stage =
            StageEntry { room: "main".into(), talk: Some(model::TalkId(talk.into())), since: NOW, undone };
        txn.append(NOW, Entry::Stage(stage)).unwrap();
    }
    let filing = Filing {
        talk: Some(model::TalkId("t1".into())),
        room: Some("main".into()),
        state: FilingState::Filed,
        by: By::Person,
        ..Filing::unsorted("Filed by hand (moderator).")
    };
    let moves = ["2", "8"].map(|n| Move { id: uid(n).id(), filing: filing.clone() }).to_vec();
    txn.append(NOW, Entry::Filing(FilingEntry { moves })).unwrap();
    txn.append(NOW, Entry::Notice { notice: Notice { text: "Lunch".into(), until: None } }).unwrap();
    let counts = Counts { boosts: 3, likes: 2, replies: 1 };
    let counts = [3, 4].map(|n: u32| ItemCounts { id: uid(&n.to_string()).id(), counts });
    txn.append(NOW, Entry::Counts(CountsEntry { counts: counts.to_vec() })).unwrap();
    txn.commit().await.unwrap();
    event.edit("5", 9, "edited").await;
    event.hide("6").await;
    event.remove("7").await;
    event.post_many(20..40).await;
}

async fn archive_at(event: &Event, seq: Seq) -> ArchiveWitness {
    let mut fold = Fold::default();
    for line in event.ledger().view().lines(0, usize::try_from(seq).unwrap()).await.unwrap() {
        fold.apply(&line.entry().unwrap());
    }
    let cursor = Some(Position { epoch: event.ledger().epoch().clone(), seq });
    ArchiveWitness { fold, cursor, line: event.ledger().head().line }
}

async fn tail(event: &Event) -> TailWitness {
    let page = event.redis().tail(event.eid).read(0, 1_000).await.unwrap().unwrap();
    TailWitness { head: page.head, lines: page.lines }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_ledger_is_recovered_and_readers_go_over_to_it() {
    let Some(mut event) = Event::start(Kind::Redis).await else { return };
    let watcher = Watcher::start(event.store(), event.eid).await;
    talk(&event).await;
    event.sent().await;
    let (archive, tail) = (archive_at(&event, 25).await, tail(&event).await);
    let cursor = archive.cursor.clone().unwrap();
    let (old, want) = (event.ledger().epoch().clone(), event.ledger().view().fold().await.unwrap());
    let top = event.ledger().top();
    let path = event.ledger().path().to_owned();
    event.nozzle_dies();
    event.claim_runs_out().await;
    std::fs::remove_file(&path).unwrap();

    let planned = plan(Some(archive), Some(tail), Consent::default(), NOW).unwrap();
    assert_eq!((planned.top, planned.items, planned.hidden), (top, 40, 1));
    assert!(planned.epoch.generation() > old.generation());
    let built = build(planned, event.dir.path(), event.eid, NOW).await.unwrap();
    assert!(!path.exists(), "nobody sees it before the archive has moved over");
    built.install().unwrap();

    event.nozzle_starts().await;
    assert!(event.ledger().is_at_home());
    assert_eq!(event.ledger().view().fold().await.unwrap(), want, "the same items, under the same numbers");
    let new = event.ledger().epoch().clone();
    assert_eq!(event.post("0", "the network sends it again").await, top, "known items stay known");
    assert_eq!(event.post("new", "said afterwards").await, top + 1);
    let hidden = event.ledger().view().record(uid("6").id()).await.unwrap().unwrap();
    assert_eq!((hidden.state, hidden.words), (ItemState::Hidden, None));
    event.post("6", "sent again").await;
    assert_eq!(event.show("6").await, top + 2, "its words came back with the network's next delivery");
    event.sent().await;
    watcher.reaches(&new, top + 2).await;
    let page = event.redis().tail(event.eid).read(0, 1_000).await.unwrap().unwrap();
    assert_eq!(follow::cursor(Some(&cursor), &page.head), CursorStep::Tail(25), "a strainer goes on");
    crate::accidents::tail_equals_ledger(&event).await;
}

fn witness(epoch: &str, seq: Seq) -> ArchiveWitness {
    let cursor = Some(Position { epoch: epoch.parse().unwrap(), seq });
    ArchiveWitness { fold: Fold::at(seq), cursor, line: Line::default() }
}

fn tail_of(epoch: &str, base: Seq, top: Seq) -> TailWitness {
    let head = follow::Head { epoch: epoch.parse().unwrap(), base, top, line: Line::default() };
    let line = |seq| live::Line { seq, json: live::ledger::void_json(seq).into() };
    TailWitness { head, lines: (base + 1..=top).map(line).collect() }
}

fn decided(
    archive: Option<ArchiveWitness>,
    tail: Option<TailWitness>,
    consent: Consent,
) -> Result<Plan, Refusal> {
    plan(archive, tail, consent, NOW)
}

#[test]
fn recovery_refuses_what_nobody_agreed_to() {
    let no = Consent::default();
    assert!(matches!(decided(None, Some(tail_of("0.a", 0, 9)), no), Err(Refusal::NoArchive)));
    assert!(matches!(decided(Some(witness("0.a", 9)), None, no), Err(Refusal::NoTail)));
    let both = Consent { without_archive: true, without_tail: true, ..no };
    assert!(matches!(decided(None, None, both), Err(Refusal::Nothing)));
    let two = decided(Some(witness("0.a", 9)), Some(tail_of("0.b", 0, 9)), no);
    assert!(matches!(two, Err(Refusal::TwoLogs { .. })));
    let gap = || (Some(witness("0.a", 9)), Some(tail_of("0.a", 20, 30)));
    let (archive, tail) = gap();
    assert!(matches!(decided(archive, tail, no), Err(Refusal::Gap { cursor: 9, base: 20 })));
    let (archive, tail) = gap();
    let agreed = decided(archive, tail, Consent { accept_gap: true, ..no }).unwrap();
    assert_eq!((agreed.top, agreed.gap.is_some()), (30, true));
}

#[test]
fn a_recovery_that_was_cut_short_is_recovered_from() {
    // The archive's cursor was moved to the new log, which nobody ever saw; the tail is still the old one's.
    let mut archive = witness("7.c", 9);
    archive.line.carry("0.a".parse().unwrap(), 12);
    let planned = decided(Some(archive), Some(tail_of("0.a", 0, 14)), Consent::default()).unwrap();
    assert_eq!(planned.top, 12, "what the first recovery took over, and nothing that came later");
    let carried = |epoch: &str| planned.line.carried(&epoch.parse::<Epoch>().unwrap());
    assert_eq!((carried("0.a"), carried("7.c")), (Some(12), Some(12)));
}

#[test]
fn the_new_generation_is_above_every_one_that_was_seen() {
    let future = format!("{}.a", NOW.0 / 1_000_000 + 500);
    let planned =
        decided(Some(witness(&future, 9)), Some(tail_of(&future, 0, 9)), Consent::default()).unwrap();
    assert_eq!(i64::try_from(planned.epoch.generation()).unwrap(), NOW.0 / 1_000_000 + 501);
}
