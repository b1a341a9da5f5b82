//! A source that has closed itself because the day's allowance is used up.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_pause_is_kept_however_long_and_shows_as_a_gap_until_what_was_said_is_fetched() {
    let why = "all 40 posts that posts_a_day_max allows a day are used; it goes on at 2026-11-21T00:00:00Z";
    let pause = SourceEnd::Paused { why: why.to_owned(), wait: S(4 * 3600) };
    let complete = || (vec![], Backfilled::Complete);
    let first = vec![opened(), post(1), Act::Wait(S(20)), Act::End(pause)];
    let second = [vec![opened()], alive(10)].concat();
    let mut rig = Rig::new(vec![first, second], vec![complete(), complete()], None);
    let shown = gaps(&rig.after(S(110)).await);
    assert_eq!((shown.len(), shown[0].closed), (1, false));
    assert!(shown[0].reason.contains("allow a day"), "{}", shown[0].reason);
    let SourceState::Waiting { why: seen, .. } = rig.status.borrow().state.clone() else {
        panic!("not waiting")
    };
    assert!(seen.contains("goes on at 2026-11-21T00:00:00Z"), "{seen}");
    let closed = gaps(&rig.after(S(5 * 3600)).await);
    let waits: Vec<u64> = rig.connects().windows(2).map(|w| (w[1] - w[0]).as_secs()).collect();
    assert!(waits[0] >= 4 * 3600, "{waits:?}");
    assert!(closed.iter().any(|gap| gap.id == shown[0].id && gap.closed), "{closed:?}");
}

#[tokio::test(start_paused = true)]
async fn a_warning_stands_beside_the_state_until_it_is_lifted() {
    let warning = |why: Option<&str>| Act::Say(Upstream::Warning { why: why.map(str::to_owned) });
    let stream = vec![opened(), warning(Some("nearly used up")), Act::Wait(S(30)), warning(None)];
    let mut rig = Rig::new(vec![stream], vec![(vec![], Backfilled::Complete)], None);
    rig.after(S(10)).await;
    assert_eq!(rig.status.borrow().warning.as_deref(), Some("nearly used up"));
    assert_eq!(rig.status.borrow().state, SourceState::Live);
    rig.after(S(25)).await;
    assert_eq!(rig.status.borrow().warning, None);
}
