//! The replay: a connection of its own that begins at a time and reads until it has caught up with the live stream.
//!
//! Hosts lose and reorder events around the moment at which a replay turns live. So the live stream runs first, for a
//! while, and the replay reads on until it is past its beginning: what the hand-over loses has been heard live.

use std::sync::atomic::Ordering;

use model::Micros;
use tokio::time::sleep;

use super::Bluesky;
use super::place::{self, Saved};
use super::session::{Session, Step};
use super::socket::Socket;
use crate::source::{Backfilled, Outlet, Since, SourceEnd, Upstream};
use crate::wire::answer::now;

/// How far past the live stream's beginning a replay reads, in microseconds.
const OVERLAP: i64 = 2 * Micros::SECOND;
/// Silences, in multiples of the first, after which a replay counts as over though the live stream's first event never
/// came by it: that event itself fell into the hand-over, or there was none yet. A host that stumbles answers pings, too.
const QUIET_TIMES: u32 = 4;
/// Step over frames that no try gets past, in microseconds; doubled each time.
const STEP_OVER: i64 = Micros::SECOND;
/// Largest power of two of that step.
const STEPS_MAX: u32 = 12;

/// How a try ended.
enum Done {
    CaughtUp,
    Unreadable,
    Broken(SourceEnd),
}

/// Replays what was missed.
pub(super) async fn run(source: &Bluesky, since: &Since, out: &Outlet) -> Backfilled {
    sleep(source.timing.settle).await;
    let door = source.door();
    let mut lane = source.late.lock().await;
    let saved = since.cursor.as_ref().and_then(Saved::parse);
    let asked = match &saved {
        Some(saved) => saved.rewound(door.host()),
        None => place::at(since.not_before.min(now())),
    };
    let from = lane.resume.map_or(asked, |resume| resume.max(asked));
    lane.has_hole &= from > asked;
    lane.restart(saved.as_ref().map_or(0, |saved| saved.time));
    let mut socket = match door.connect(Some(from)).await {
        Ok(socket) => socket,
        Err(end) => return Backfilled::Broken(end),
    };
    let mut session = Session::new(source, out, lane, door.host(), false);
    let done = listen(source, &mut session, &mut socket).await;
    // Where no place was ever reached, what lies before the first event was never promised.
    session.lane.has_hole |= saved.is_some() && place::is_clamped(from, &session.times);
    match done {
        Done::CaughtUp => {
            session.settle().await;
            session.close().await;
            let live_from = source.live_from.load(Ordering::Relaxed);
            let is_whole = saved.is_none_or(|saved| {
                // The network's own time where it has said one: a recording lives in its own days.
                let heard = live_from.max(session.lane.newest());
                let today = if heard == 0 { now().0 } else { heard };
                let is_too_old = today - saved.time > place::WINDOW;
                !is_too_old && !session.lane.has_hole
            });
            session.lane.has_hole = false;
            session.lane.resume = None;
            session.lane.ended_at = None;
            session.lane.stuck = 0;
            if is_whole {
                Backfilled::Complete
            } else {
                Backfilled::Impossible("Bluesky no longer hands out what is so far back.".into())
            }
        }
        Done::Unreadable => {
            past(&mut session, from, out).await;
            Backfilled::Broken(SourceEnd::Cut("a frame that cannot be read ended the replay".into()))
        }
        Done::Broken(end) => {
            session.close().await;
            let cap = session.cap();
            session.lane.go_on(from, cap);
            Backfilled::Broken(end)
        }
    }
}

async fn listen(source: &Bluesky, session: &mut Session<'_>, socket: &mut Socket) -> Done {
    let quiet = source.timing.quiet;
    let mut is_asked = false;
    loop {
        let wake = (!is_asked).then(|| session.event_at + quiet);
        match session.step(socket, wake).await {
            Step::Event => is_asked = false,
            Step::Time => {
                if !is_asked && session.event_at.elapsed() >= quiet {
                    is_asked = true;
                    if let Err(end) = socket.ping().await {
                        return Done::Broken(end);
                    }
                }
            }
            Step::Pong => {
                let live_from = source.live_from.load(Ordering::Relaxed);
                let silence = session.event_at.elapsed();
                let is_reached = live_from != 0 && session.lane.newest() >= live_from;
                if silence >= quiet && (is_reached || silence >= quiet * QUIET_TIMES) {
                    return Done::CaughtUp;
                }
                is_asked = silence >= quiet * QUIET_TIMES;
            }
            Step::Unreadable => return Done::Unreadable,
            Step::End(end) => return Done::Broken(end),
        }
        let live_from = source.live_from.load(Ordering::Relaxed);
        if live_from != 0 && session.lane.newest() >= live_from + OVERLAP {
            return Done::CaughtUp;
        }
    }
}

/// The next try begins behind the frame that ended this one. Where a try ends at its first frame already, it steps over
/// more and more, and says that something may be missing.
async fn past(session: &mut Session<'_>, from: i64, out: &Outlet) {
    session.close().await;
    if session.lane.newest() > from {
        session.lane.stuck = 0;
        let cap = session.cap();
        session.lane.go_on(from, cap);
        return;
    }
    let step = STEP_OVER << session.lane.stuck.min(STEPS_MAX);
    session.lane.stuck += 1;
    session.lane.resume = Some(from + step);
    out.send(Upstream::Limit { undelivered: None }).await;
}
