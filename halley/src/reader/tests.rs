//! The pull path on a ring filled by hand, in paused time.

use model::Epoch;

use super::*;
use crate::{
    rig::{Rig, epoch},
    ring::{Ring, RingBounds},
};

fn hello(step: Step) -> (Seq, bool) {
    match step {
        Step::Signal(Signal::Hello { after, resumed, .. }) => (after, resumed),
        other => panic!("not a hello: {other:?}"),
    }
}

fn seqs(step: Step) -> Vec<Seq> {
    match step {
        Step::Entries(frames) => frames.iter().map(Frame::seq).collect(),
        other => panic!("no entries: {other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_beat_comes_every_15_s_with_the_top() {
    let rig = Rig::with_entries(0, 3);
    let mut reader = rig.reader(Some(3), AHEAD_HOLD_MAX);
    assert_eq!(hello(reader.next().await), (3, true));
    for n in 1..=3 {
        let Step::Signal(Signal::Beat { top }) = reader.next().await else { panic!("a beat") };
        assert_eq!(top, 2 + n);
        rig.append([3 + n]);
        assert_eq!(seqs(reader.next().await), [3 + n]);
    }
}

#[tokio::test(start_paused = true)]
async fn beats_come_through_an_endless_stream_too() {
    let rig = Rig::with_entries(0, 1);
    let mut reader = rig.reader(Some(0), AHEAD_HOLD_MAX);
    hello(reader.next().await);
    let mut beats = 0;
    for seq in 2..=400 {
        rig.append([seq]);
        tokio::time::advance(Duration::from_millis(100)).await;
        if let Step::Signal(Signal::Beat { .. }) = reader.next().await {
            beats += 1;
        }
    }
    assert_eq!(beats, 2, "40 s passed");
}

#[tokio::test(start_paused = true)]
async fn a_client_ahead_is_held_for_30_s_and_then_starts_afresh() {
    let rig = Rig::with_entries(0, 3);
    let mut reader = rig.reader(Some(10), AHEAD_HOLD_MAX);
    let began = Instant::now();
    assert_eq!(hello(reader.next().await), (0, false));
    assert_eq!(began.elapsed(), AHEAD_HOLD_MAX);
    assert_eq!(seqs(reader.next().await), [1, 2, 3]);
}

#[tokio::test(start_paused = true)]
async fn a_position_older_than_the_tail_gets_a_window_and_then_the_tail() {
    let rig = Rig::with_entries(70, 2);
    let mut reader = rig.reader(Some(7), AHEAD_HOLD_MAX);
    assert_eq!(hello(reader.next().await), (70, false));
    let Step::Signal(window) = reader.next().await else { panic!("a window") };
    let archive = "/api/v1/events/rustfest/items?after=7".to_owned();
    assert_eq!(window, Signal::Window { after: 7, base: 70, archive });
    assert_eq!(seqs(reader.next().await), [71, 72]);
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_the_tail_left_behind_gets_a_window_in_the_middle() {
    let rig = Rig::with_entries(0, 2);
    let mut reader = rig.reader(Some(0), AHEAD_HOLD_MAX);
    hello(reader.next().await);
    assert_eq!(seqs(reader.next().await), [1, 2]);
    rig.channel.replace(Ring::new(epoch(), 500, 500, RingBounds::default()));
    rig.append([501]);
    let Step::Signal(Signal::Window { after: 2, base: 500, .. }) = reader.next().await else {
        panic!("a window")
    };
    assert_eq!(seqs(reader.next().await), [501]);
}

#[tokio::test(start_paused = true)]
async fn a_log_that_was_replaced_or_closed_ends_the_stream_with_a_bye() {
    for is_replaced in [true, false] {
        let rig = Rig::with_entries(0, 2);
        let mut reader = rig.reader(Some(2), AHEAD_HOLD_MAX);
        hello(reader.next().await);
        if is_replaced {
            rig.channel.replace(Ring::new(Epoch::new(9, 1), 0, 0, RingBounds::default()));
        } else {
            rig.channel.close();
        }
        let Step::Signal(Signal::Bye { retry_ms }) = reader.next().await else { panic!("a bye") };
        assert!((100..=1000).contains(&retry_ms));
        assert!(matches!(reader.next().await, Step::End(Ending::Drain)));
        assert!(matches!(reader.next().await, Step::End(Ending::Drain)));
    }
}

#[tokio::test(start_paused = true)]
async fn older_entries_that_cannot_be_read_end_in_an_overload_not_in_silence() {
    let rig = Rig::with_entries(64, 2);
    // The tail goes further back than the ring, but nothing can be read there.
    rig.channel.replace(Ring::new(epoch(), 0, 64, RingBounds::default()));
    let mut reader = rig.reader(Some(3), AHEAD_HOLD_MAX);
    assert_eq!(hello(reader.next().await), (3, true));
    let ended = async {
        loop {
            if let Step::End(ending) = reader.next().await {
                return ending;
            }
        }
    };
    assert_eq!(tokio::time::timeout(Duration::from_secs(60), ended).await, Ok(Ending::Overload));
}

#[tokio::test(start_paused = true)]
async fn a_log_that_is_never_read_ends_in_an_overload_too() {
    let rig = Rig::unread();
    let mut reader = rig.reader(None, AHEAD_HOLD_MAX);
    let began = Instant::now();
    assert!(matches!(reader.next().await, Step::Signal(Signal::Bye { .. })));
    assert!(matches!(reader.next().await, Step::End(Ending::Overload)));
    assert_eq!(began.elapsed(), AHEAD_HOLD_MAX);
}

#[tokio::test(start_paused = true)]
async fn history_waits_while_the_client_owes_and_live_entries_do_not() {
    let rig = Rig::with_entries(0, 64);
    let mut greedy = rig.reader(Some(0), AHEAD_HOLD_MAX);
    let mut live = rig.reader(Some(64), AHEAD_HOLD_MAX);
    hello(greedy.next().await);
    hello(live.next().await);
    greedy.pass.charge(20 << 20);
    let began = Instant::now();
    rig.append([65]);
    assert_eq!(seqs(live.next().await), [65]);
    assert_eq!(began.elapsed(), Duration::ZERO);
    let entries = async {
        loop {
            if let Step::Entries(frames) = greedy.next().await {
                return frames.len();
            }
        }
    };
    assert!(entries.await > 0);
    assert!(began.elapsed() >= Duration::from_secs(3), "{:?}", began.elapsed());
}
