//! The pull path on a ring filled by hand, in paused time.

use std::sync::Arc;

use model::Epoch;

use super::*;
use crate::{
    channel::Channel,
    frame::Frame,
    rig::{Rig, epoch},
    ring::{Ring, RingBounds, Take},
};

/// What readers read here: a channel as it is, without anything behind the ring.
struct Bare(Arc<Channel>);

impl Tail for Bare {
    fn head(&self) -> Option<Head> {
        self.0.head()
    }

    fn take(&mut self, at: &Position) -> Found {
        let edition = self.0.edition();
        match self.0.take(at) {
            Take::Entries(frames) => {
                Batch::new(at, frames, edition).map_or(Found::Nothing, |batch| Found::Entries(Rc::new(batch)))
            }
            Take::Nothing => Found::Nothing,
            Take::Older => Found::Older,
            Take::Window(base) => Found::Window(base),
            Take::OtherLog => Found::OtherLog,
        }
    }

    fn is_closed(&self) -> bool {
        self.0.is_closed()
    }

    fn slug(&self) -> &str {
        "rustfest"
    }
}

/// A reader and the time that it is told. What has to be waited for has passed at once; what has to be fetched is not there.
struct Client {
    reader: Reader,
    tail: Bare,
}

impl Client {
    fn of(rig: &Rig, after: Option<Seq>) -> Self {
        Self { reader: rig.reader(after, AHEAD_HOLD_MAX), tail: Bare(rig.channel.clone()) }
    }

    async fn next(&mut self) -> Step {
        loop {
            match self.reader.next(&mut self.tail, Instant::now()) {
                Step::Wait(until) | Step::Rest(until) => tokio::time::advance(until - Instant::now()).await,
                Step::Fetch(_) => self.reader.not_fetched(Instant::now()),
                step => return step,
            }
        }
    }
}

fn hello(step: Step) -> (Seq, bool) {
    match step {
        Step::Say(Signal::Hello { after, resumed, .. }) => (after, resumed),
        other => panic!("not a hello: {other:?}"),
    }
}

fn seqs(step: Step) -> Vec<Seq> {
    match step {
        Step::Entries(batch) => batch.frames().iter().map(Frame::seq).collect(),
        other => panic!("no entries: {other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_beat_comes_every_15_s_with_the_top() {
    let rig = Rig::with_entries(0, 3);
    let mut reader = Client::of(&rig, Some(3));
    assert_eq!(hello(reader.next().await), (3, true));
    for n in 1..=3 {
        let Step::Say(Signal::Beat { top }) = reader.next().await else { panic!("a beat") };
        assert_eq!(top, 2 + n);
        rig.append([3 + n]);
        assert_eq!(seqs(reader.next().await), [3 + n]);
    }
}

#[tokio::test(start_paused = true)]
async fn beats_come_through_an_endless_stream_too() {
    let rig = Rig::with_entries(0, 1);
    let mut reader = Client::of(&rig, Some(0));
    hello(reader.next().await);
    let mut beats = 0;
    for seq in 2..=400 {
        rig.append([seq]);
        tokio::time::advance(Duration::from_millis(100)).await;
        if let Step::Say(Signal::Beat { .. }) = reader.next().await {
            beats += 1;
        }
    }
    assert_eq!(beats, 2, "40 s passed");
}

#[tokio::test(start_paused = true)]
async fn a_client_ahead_is_held_for_30_s_and_then_starts_afresh() {
    let rig = Rig::with_entries(0, 3);
    let mut reader = Client::of(&rig, Some(10));
    let began = Instant::now();
    assert_eq!(hello(reader.next().await), (0, false));
    assert_eq!(began.elapsed(), AHEAD_HOLD_MAX);
    assert_eq!(seqs(reader.next().await), [1, 2, 3]);
}

#[tokio::test(start_paused = true)]
async fn a_position_older_than_the_tail_gets_a_window_and_then_the_tail() {
    let rig = Rig::with_entries(70, 2);
    let mut reader = Client::of(&rig, Some(7));
    assert_eq!(hello(reader.next().await), (70, false));
    let Step::Say(window) = reader.next().await else { panic!("a window") };
    let archive = "/api/v1/events/rustfest/items?after=7".to_owned();
    assert_eq!(window, Signal::Window { after: 7, base: 70, archive });
    assert_eq!(seqs(reader.next().await), [71, 72]);
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_the_tail_left_behind_gets_a_window_in_the_middle() {
    let rig = Rig::with_entries(0, 2);
    let mut reader = Client::of(&rig, Some(0));
    hello(reader.next().await);
    assert_eq!(seqs(reader.next().await), [1, 2]);
    rig.channel.replace(Ring::new(epoch(), 500, 500, RingBounds::default()));
    rig.append([501]);
    let Step::Say(Signal::Window { after: 2, base: 500, .. }) = reader.next().await else {
        panic!("a window")
    };
    assert_eq!(seqs(reader.next().await), [501]);
}

#[tokio::test(start_paused = true)]
async fn a_log_that_was_replaced_or_closed_ends_the_stream_with_a_bye() {
    for is_replaced in [true, false] {
        let rig = Rig::with_entries(0, 2);
        let mut reader = Client::of(&rig, Some(2));
        hello(reader.next().await);
        if is_replaced {
            rig.channel.replace(Ring::new(Epoch::new(9, 1), 0, 0, RingBounds::default()));
        } else {
            rig.channel.close();
        }
        let Step::Say(Signal::Bye { retry_ms, .. }) = reader.next().await else { panic!("a bye") };
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
    let mut reader = Client::of(&rig, Some(3));
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
    let mut reader = Client::of(&rig, None);
    let began = Instant::now();
    assert!(matches!(reader.next().await, Step::Say(Signal::Bye { .. })));
    assert!(matches!(reader.next().await, Step::End(Ending::Overload)));
    assert_eq!(began.elapsed(), AHEAD_HOLD_MAX);
}

#[tokio::test(start_paused = true)]
async fn history_waits_while_the_client_owes_and_live_entries_do_not() {
    let rig = Rig::with_entries(0, 64);
    let mut greedy = Client::of(&rig, Some(0));
    let mut live = Client::of(&rig, Some(64));
    hello(greedy.next().await);
    hello(live.next().await);
    greedy.reader.pass().charge(20 << 20);
    let began = Instant::now();
    rig.append([65]);
    assert_eq!(seqs(live.next().await), [65]);
    assert_eq!(began.elapsed(), Duration::ZERO);
    let entries = async {
        loop {
            if let Step::Entries(batch) = greedy.next().await {
                return batch.len();
            }
        }
    };
    assert!(entries.await > 0);
    assert!(began.elapsed() >= Duration::from_secs(3), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn history_that_a_full_socket_did_not_take_is_paid_for_when_it_goes_out() {
    let rig = Rig::with_entries(0, 64);
    let mut slow = Client::of(&rig, Some(0));
    hello(slow.next().await);
    // What is left is enough for all entries once, and for no more.
    slow.reader.pass().charge((8 << 20) - 6000);
    let began = Instant::now();
    for seq in 1..=64 {
        let Step::Entries(batch) = slow.next().await else { panic!("entries") };
        slow.reader.took(&batch, seq);
    }
    assert_eq!(began.elapsed(), Duration::ZERO, "it never had to rest");
}
