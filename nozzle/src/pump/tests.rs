//! The pump against scripted sources, in paused time: a rehearsal's clock follows tokio's.

mod accounts;
mod paused;

use std::collections::VecDeque;
use std::sync::Mutex;

use async_trait::async_trait;
use chassis::Backoff;
use chassis::clock::Timeline;
use model::{Gap, Network};
use tokio::task::JoinHandle;

use super::*;
use crate::sequencer::{Brought, Pumped};
use crate::source::{Cursor, Draft, Words};

const NOON: i64 = 1_795_189_320_000_000;
const S: fn(u64) -> Duration = Duration::from_secs;

#[derive(Clone)]
enum Act {
    Say(Upstream),
    Wait(Duration),
    End(SourceEnd),
}

/// Plays one script per connection and one per backfill; when there is none left, it stays silent.
#[derive(Default)]
struct Script {
    streams: Mutex<VecDeque<Vec<Act>>>,
    backfills: Mutex<VecDeque<(Vec<Act>, Backfilled)>>,
    connects: Mutex<Vec<Instant>>,
    asked: Mutex<Vec<Since>>,
}

#[derive(Clone, Default)]
struct Scripted(Arc<Script>);

async fn play(acts: Vec<Act>, out: &Outlet) -> Option<SourceEnd> {
    for act in acts {
        match act {
            Act::Say(message) => out.send(message).await,
            Act::Wait(time) => sleep(time).await,
            Act::End(end) => return Some(end),
        }
    }
    None
}

#[async_trait]
impl Source for Scripted {
    fn rhythm(&self) -> Rhythm {
        Rhythm {
            cut: Backoff::linear(S(1), S(16)).at_least(),
            refused: Backoff::exponential(S(5), S(320)).at_least(),
            throttled: Backoff::exponential(S(60), S(900)).at_least(),
            silence_max: S(45),
        }
    }

    async fn stream(&self, out: &Outlet) -> SourceEnd {
        self.0.connects.lock().unwrap().push(Instant::now());
        let acts = self.0.streams.lock().unwrap().pop_front().unwrap_or_default();
        match play(acts, out).await {
            Some(end) => end,
            None => std::future::pending().await,
        }
    }

    async fn backfill(&self, since: &Since, out: &Outlet) -> Backfilled {
        self.0.asked.lock().unwrap().push(since.clone());
        let script = self.0.backfills.lock().unwrap().pop_front();
        let Some((acts, done)) = script else { return std::future::pending().await };
        play(acts, out).await;
        done
    }
}

struct Rig {
    source: Scripted,
    queue: mpsc::Receiver<Command>,
    status: watch::Receiver<SourceStatus>,
    stop: CancellationToken,
    task: JoinHandle<Saved>,
}

impl Drop for Rig {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Rig {
    fn new(streams: Vec<Vec<Act>>, backfills: Vec<(Vec<Act>, Backfilled)>, saved: Option<Saved>) -> Self {
        Self::with_queue(4096, streams, backfills, saved)
    }

    fn with_queue(
        commands_max: usize,
        streams: Vec<Vec<Act>>,
        backfills: Vec<(Vec<Act>, Backfilled)>,
        saved: Option<Saved>,
    ) -> Self {
        let source = Scripted::default();
        *source.0.streams.lock().unwrap() = streams.into();
        *source.0.backfills.lock().unwrap() = backfills.into();
        let (sender, queue) = mpsc::channel(commands_max);
        let timeline = Timeline::new(vec![(NOON, NOON + 30 * 24 * Micros::HOUR)], 1.0).unwrap();
        let (status, seen) = watch::channel(SourceStatus::new("s", SourceState::Connecting, Micros(NOON)));
        let parts = PumpParts {
            name: Arc::from("s"),
            source: Box::new(source.clone()),
            is_held: false,
            consent: model::event::Consent::Live,
            saved,
            not_before: Micros(NOON),
            queue: sender,
            clock: Clock::rehearsal(timeline, 0),
            status,
        };
        let stop = CancellationToken::new();
        let task = tokio::spawn(run(parts, stop.clone()));
        Self { source, queue, status: seen, stop, task }
    }

    /// Everything that the pump handed over, up to now plus `time`.
    async fn after(&mut self, time: Duration) -> Vec<Brought> {
        sleep(time).await;
        let mut all = Vec::new();
        while let Ok(command) = self.queue.try_recv() {
            let Command::Pumped(Pumped { what, .. }) = command else { panic!("no order comes from a pump") };
            all.push(what);
        }
        all
    }

    fn connects(&self) -> Vec<Instant> {
        self.source.0.connects.lock().unwrap().clone()
    }

    fn asked(&self) -> Vec<Since> {
        self.source.0.asked.lock().unwrap().clone()
    }
}

fn post(n: u32) -> Act {
    Act::Say(Upstream::Post(Box::new(Draft {
        words: Words::Text("words".into()),
        network_time: Some(Micros(NOON - 10 * Micros::MINUTE)),
        ..Draft::new(Network::Mastodon, &n.to_string())
    })))
}

fn cursor(text: &str) -> Act {
    Act::Say(Upstream::Cursor(Cursor(text.into())))
}

fn opened() -> Act {
    Act::Say(Upstream::Opened)
}

fn cut() -> Act {
    Act::End(SourceEnd::Cut("reset".into()))
}

/// Says that it lives every 10 s, for `times` times.
fn alive(times: usize) -> Vec<Act> {
    vec![[Act::Say(Upstream::Alive), Act::Wait(S(10))]; times].concat()
}

fn posts(brought: &[Brought]) -> Vec<(String, bool)> {
    let one = |b: &Brought| match b {
        Brought::Post { admitted, .. } => Some((admitted.item.uid.0.clone(), admitted.item.late)),
        _ => None,
    };
    brought.iter().filter_map(one).collect()
}

fn gaps(brought: &[Brought]) -> Vec<Gap> {
    let one = |b: &Brought| if let Brought::Gap { gap, .. } = b { Some(gap.clone()) } else { None };
    brought.iter().filter_map(one).collect()
}

fn last_saved(brought: &[Brought]) -> Option<Saved> {
    let one = |b: &Brought| match b {
        Brought::Save(saved) => Some(saved.clone()),
        Brought::Gap { saved, .. } => Some(Saved::clone(saved)),
        _ => None,
    };
    brought.iter().rev().find_map(one)
}

fn saved(cursor: &str) -> Option<Saved> {
    Some(Saved { cursor: Some(cursor.into()), covered: Micros(NOON - Micros::MINUTE), gap: None })
}

#[tokio::test(start_paused = true)]
async fn the_stream_is_open_before_the_backfill_begins_and_both_are_merged() {
    let stream = vec![Act::Wait(S(3)), opened(), post(2), cursor("2")];
    let backfill = (vec![Act::Wait(S(5)), post(1), post(2), cursor("1")], Backfilled::Complete);
    let mut rig = Rig::new(vec![stream], vec![backfill], saved("0"));
    assert!(rig.after(S(2)).await.is_empty() && rig.asked().is_empty());
    let early = rig.after(S(3)).await;
    assert_eq!(posts(&early), [("mastodon:2".to_owned(), false)]);
    assert_eq!(rig.asked()[0].cursor, Some(Cursor("0".into())));
    assert!(
        last_saved(&early).is_none_or(|s| s.cursor.as_deref() == Some("0")),
        "1 has not been fetched yet"
    );
    let rest = rig.after(S(10)).await;
    assert_eq!(posts(&rest), [("mastodon:1".to_owned(), true), ("mastodon:2".to_owned(), true)]);
    assert_eq!(last_saved(&rest).unwrap().cursor.as_deref(), Some("2"));
    assert_eq!(rig.status.borrow().state, SourceState::Live);
    assert_eq!(gaps(&rest), []);
}

#[tokio::test(start_paused = true)]
async fn waits_grow_until_the_network_has_proved_itself() {
    let dead = || vec![opened(), cut()];
    let sound = vec![opened(), Act::Say(Upstream::Alive), cut()];
    let mut rig = Rig::new(vec![dead(), dead(), dead(), sound, dead()], vec![], None);
    rig.after(S(60)).await;
    let at = rig.connects();
    let waits: Vec<u64> = at.windows(2).map(|w| (w[1] - w[0]).as_secs()).collect();
    assert_eq!(waits[..5], [1, 2, 3, 1, 2], "a mere connection resets nothing, a heartbeat does");
}

#[tokio::test(start_paused = true)]
async fn an_open_but_silent_stream_is_left() {
    let complete = || (vec![], Backfilled::Complete);
    let quiet = [vec![opened()], alive(6)].concat();
    let mut rig = Rig::new(vec![quiet], vec![complete(), complete()], None);
    rig.after(S(90)).await;
    assert_eq!(rig.connects().len(), 1, "50 s of heartbeats, and 40 s of silence");
    rig.after(S(10)).await;
    assert_eq!(rig.connects().len(), 2);
    assert_eq!(rig.status.borrow().ends, 1);
}

#[tokio::test(start_paused = true)]
async fn a_loss_shows_as_a_gap_within_90_seconds_and_is_closed_by_the_backfill() {
    let first = [vec![opened()], alive(3)].concat();
    let second = [vec![Act::Wait(S(40)), opened()], alive(100)].concat();
    let complete = || (vec![], Backfilled::Complete);
    let refuse = || vec![Act::End(SourceEnd::Refused("503".into()))];
    // Silent from 20 s on: stalled at 65 s, refused until about 100 s, then let in after 40 s more.
    let mut rig = Rig::new(vec![first, refuse(), refuse(), second], vec![complete(), complete()], None);
    let early = rig.after(S(110)).await;
    let shown = gaps(&early);
    assert_eq!(shown.len(), 1, "{shown:?}");
    assert_eq!((shown[0].to, shown[0].closed), (None, false));
    assert_eq!(shown[0].from, Micros(NOON + 20 * Micros::SECOND), "from the last sign of life");
    let later = rig.after(S(300)).await;
    let closed = gaps(&later);
    assert_eq!(closed.len(), 1);
    assert_eq!((&closed[0].id, closed[0].closed), (&shown[0].id, true));
    assert!(closed[0].to.is_some());
}

#[tokio::test(start_paused = true)]
async fn what_a_backfill_covers_leaves_no_gap() {
    let stream = |n| vec![opened(), post(n), Act::Wait(S(5)), cut()];
    let complete = || (vec![Act::Wait(S(10))], Backfilled::Complete);
    let last = [vec![opened()], alive(100)].concat();
    let mut rig = Rig::new(vec![stream(1), stream(2), last], vec![complete(); 3], saved("0"));
    let all = rig.after(S(300)).await;
    assert_eq!(gaps(&all), []);
    assert_eq!(rig.status.borrow().state, SourceState::Live);
}

#[tokio::test(start_paused = true)]
async fn what_can_never_be_fetched_stays_a_gap() {
    let stream = || [vec![opened()], alive(2), vec![cut()]].concat();
    let never = || (vec![], Backfilled::Impossible("The network does not hand out the past.".into()));
    let last = [vec![opened()], alive(100)].concat();
    let mut rig = Rig::new(vec![stream(), last], vec![never(), never()], None);
    let all = rig.after(S(120)).await;
    let gaps = gaps(&all);
    assert_eq!(gaps.len(), 1, "nothing was promised before the first start: {gaps:?}");
    assert!(gaps[0].to.is_some() && !gaps[0].closed);
    assert_eq!(rig.status.borrow().state, SourceState::Live);
}

#[tokio::test(start_paused = true)]
async fn a_broken_backfill_is_tried_again_while_the_stream_goes_on() {
    let stream = [vec![opened()], alive(100)].concat();
    let broken = (vec![post(1), cursor("1")], Backfilled::Broken(SourceEnd::WaitFor(S(20))));
    let rest = (vec![post(2)], Backfilled::Complete);
    let mut rig = Rig::new(vec![stream], vec![broken, rest], saved("0"));
    let all = rig.after(S(40)).await;
    assert_eq!(posts(&all).len(), 2);
    let asked: Vec<_> = rig.asked().into_iter().map(|s| s.cursor.unwrap().0).collect();
    assert_eq!(asked, ["0", "1"], "it goes on where it broke off");
    assert_eq!(rig.connects().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_refused_key_is_shown_and_not_hammered() {
    let refused = || vec![Act::End(SourceEnd::NeedsCredentials("set TOKEN".into()))];
    let mut rig = Rig::new(vec![refused(), refused()], vec![], None);
    let all = rig.after(S(600)).await;
    assert_eq!(rig.connects().len(), 1);
    assert_eq!(rig.status.borrow().state, SourceState::NeedsCredentials { why: "set TOKEN".into() });
    assert_eq!(gaps(&all), [], "nothing was ever promised");
    rig.after(S(600)).await;
    assert_eq!(rig.connects().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_the_network_asks_for_is_kept_up_to_15_minutes() {
    let wait = |seconds| vec![Act::End(SourceEnd::WaitFor(S(seconds)))];
    let mut rig = Rig::new(vec![wait(100), wait(86_400 * 3650)], vec![], None);
    rig.after(S(3000)).await;
    let at = rig.connects();
    let waits: Vec<u64> = at.windows(2).map(|w| (w[1] - w[0]).as_secs()).collect();
    assert!((100..=110).contains(&waits[0]) && (900..=990).contains(&waits[1]), "{waits:?}");
}

#[tokio::test(start_paused = true)]
async fn each_minute_is_counted_and_what_was_kept_from_us_is_a_gap() {
    let bad = |reason| Act::Say(Upstream::Malformed { reason, sample: "\\u{0}".into() });
    let limit = |n| Act::Say(Upstream::Limit { undelivered: Some(n) });
    let empty = Act::Say(Upstream::Post(Box::new(Draft::new(Network::Mastodon, "9"))));
    let said = vec![opened(), post(1), bad("json"), bad("json"), empty, limit(3), limit(4)];
    let big = vec![Act::Say(Upstream::Oversize { bytes: 3 << 20 })];
    let stream = [said, big, alive(100)].concat();
    let mut rig = Rig::new(vec![stream], vec![(vec![], Backfilled::Complete)], None);
    let all = rig.after(S(70)).await;
    let counted = all
        .iter()
        .find_map(|b| if let Brought::Minute { counted, .. } = b { Some(counted.clone()) } else { None });
    let counted = counted.unwrap();
    assert_eq!(counted.received, 5, "also what is dropped has been received");
    assert_eq!(counted.rejected, [("empty", 1), ("json", 2), ("oversize", 1)].into_iter().collect());
    let gaps = gaps(&all);
    assert_eq!(gaps.iter().map(|g| g.count).collect::<Vec<_>>(), [Some(7), Some(1)]);
    assert_eq!(rig.status.borrow().samples.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_nozzle_that_is_slow_to_take_is_no_stalled_network() {
    let stream = [vec![opened()], (0..20).map(post).collect(), alive(100)].concat();
    let mut rig = Rig::with_queue(1, vec![stream], vec![(vec![], Backfilled::Complete)], None);
    let mut taken = 0;
    // Each thing waits 20 s for its place; the network says something every 10 s.
    while taken < 20 {
        sleep(S(20)).await;
        let Some(Command::Pumped(Pumped { what, .. })) = rig.queue.recv().await else {
            panic!("the pump has gone")
        };
        taken += usize::from(matches!(what, Brought::Post { .. }));
    }
    assert_eq!(rig.connects().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_finished_source_hands_over_its_last_words_and_ends() {
    let stream = vec![opened(), post(1), Act::Wait(S(1)), Act::End(SourceEnd::Finished)];
    let mut rig = Rig::new(vec![stream], vec![(vec![], Backfilled::Complete)], None);
    let all = rig.after(S(5)).await;
    assert!(all.iter().any(|b| matches!(b, Brought::Minute { counted, .. } if counted.received == 1)));
    assert_eq!(rig.status.borrow().state, SourceState::Finished);
    assert!(rig.task.is_finished());
}

#[tokio::test(start_paused = true)]
async fn a_pump_that_is_told_to_stop_hands_over_what_it_counted_and_what_was_kept_from_us() {
    let limit = Act::Say(Upstream::Limit { undelivered: Some(3) });
    let stream = vec![opened(), post(1), Act::Wait(S(1)), limit, cursor("1")];
    let mut rig = Rig::new(vec![stream], vec![(vec![], Backfilled::Complete)], None);
    rig.after(S(5)).await;
    rig.stop.cancel();
    let all = rig.after(S(1)).await;
    assert!(all.iter().any(|b| matches!(b, Brought::Minute { counted, .. } if counted.received == 1)));
    assert_eq!(gaps(&all).iter().map(|gap| gap.count).collect::<Vec<_>>(), [Some(3)]);
    assert_eq!(last_saved(&all).unwrap().cursor.as_deref(), Some("1"));
    assert!(rig.task.is_finished());
}

#[tokio::test(start_paused = true)]
async fn a_gap_is_remembered_in_the_transaction_that_shows_or_closes_it() {
    let first = [vec![opened()], alive(1), vec![cut()]].concat();
    let second = [vec![Act::Wait(S(40)), opened()], alive(100)].concat();
    let complete = || (vec![], Backfilled::Complete);
    let mut rig = Rig::new(vec![first, second], vec![complete(), complete()], None);
    let all = rig.after(S(120)).await;
    let remembered: Vec<_> = all
        .iter()
        .filter_map(|b| if let Brought::Gap { gap, saved } = b { Some((gap, &saved.gap)) } else { None })
        .collect();
    let [(shown, open), (closed, none)] = remembered[..] else { panic!("{remembered:?}") };
    assert_eq!((open.as_ref(), none), (Some(shown), &None));
    assert!(!shown.closed && closed.closed && shown.id == closed.id);
}
