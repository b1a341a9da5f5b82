//! 100 clients that never read among 1,000 that do: what the others notice, what each stuck one holds in memory, and when and how it
//! is told to go.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::stuck::Stuck;
use super::{Setting, Sound, median};
use crate::fanout::account;
use crate::fanout::crew::Crew;
use crate::fanout::peer::{Mode, Server};
use crate::fanout::run::{Plan, manner};
use crate::fanout::sockets;
use crate::fanout::wire::Broken;
use crate::figures::{Aim, Figures};

const READERS: usize = 1_000;
const SLOW: usize = 100;
/// Fills the buffers of whoever does not read within seconds.
const RATE: f64 = 50.0;
/// The stuck clients' buffers must fill, and the rule's time must pass. As long before, with everybody reading.
const SECONDS: f64 = 30.0;
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// A socket that was full for less has only been busy.
const STUCK_AFTER: Duration = Duration::from_secs(3);
/// Long enough that memory is that of a full socket, and before the rule's time is over.
const WEIGHED_AFTER: Duration = Duration::from_secs(8);
/// A stuck client must be closed within so many seconds: 15 s without progress, and what a look and the farewell take.
const RULE_SECONDS: f64 = 20.0;
/// For what lay in the buffers, and the end.
const FAREWELL_WAIT: Duration = Duration::from_secs(20);
const CONNECT_WAIT: Duration = Duration::from_secs(30);
/// How far the others' p99 may move.
const P99_SHARE_MAX: f64 = 1.2;
const STUCK_BYTES_MAX: f64 = 32.0 * 1024.0;
const WEIGHED_LEAST: usize = SLOW * 9 / 10;

/// What one round showed.
#[derive(Default)]
struct Shown {
    share: Vec<f64>,
    user_bytes: Vec<f64>,
    /// How far the same figure moves while everybody reads.
    noise_bytes: Vec<f64>,
    kernel_bytes: Vec<f64>,
    given_up: Vec<f64>,
    slowest_seconds: Vec<f64>,
    told: Vec<f64>,
    sound: Sound,
}

pub(super) async fn measure(setting: &Setting, figures: &mut Figures) -> anyhow::Result<()> {
    for mode in setting.modes.iter().copied().filter(|mode| *mode != Mode::Poll) {
        let mut shown = Shown::default();
        for _ in 0..setting.rounds {
            round(setting, mode, &mut shown).await?;
        }
        let name = format!("{}, {SLOW} stuck among {READERS}", mode.name());
        let Shown { share, user_bytes, noise_bytes, kernel_bytes, given_up, slowest_seconds, told, sound } =
            shown;
        figures.tell(
            &format!("{name}: the others' p99, of what it was"),
            median(&share),
            "x",
            Aim::AtMost(P99_SHARE_MAX),
        );
        let (user, kernel) = (median(&user_bytes), median(&kernel_bytes));
        figures.tell("  user memory of each stuck client", user, "B", Aim::None);
        figures.tell(
            "    which moves by so much while everybody reads",
            median(&noise_bytes),
            "B",
            Aim::None,
        );
        figures.tell("  kernel memory of its socket, server's side", kernel, "B", Aim::None);
        figures.tell("  together", user.max(0.0) + kernel, "B", Aim::AtMost(STUCK_BYTES_MAX));
        figures.tell("  closed", median(&given_up), "", Aim::AtLeast(SLOW as f64));
        let slowest = slowest_seconds.into_iter().fold(0.0, f64::max);
        figures.tell("  longest time stuck until closed", slowest, "s", Aim::AtMost(RULE_SECONDS));
        figures.tell("  told why", median(&told), "", Aim::AtLeast(SLOW as f64));
        sound.tell(&name, figures);
    }
    Ok(())
}

async fn round(setting: &Setting, mode: Mode, shown: &mut Shown) -> anyhow::Result<()> {
    let mut run = setting.begin(Server::Halley, &setting.start(mode, READERS, 1)).await?;
    // What the server keeps for all is full from here on, so that memory which is added is the stuck clients'.
    let filling = Plan { times: 50, every: Duration::from_millis(100), burst: 100, wait: CONNECT_WAIT };
    run.measure(&filling).await?;
    // Behind it, or their kernels would have given them buffers for such bursts, which take minutes to fill.
    let mut stuck = Crew::start(SLOW, setting.cores.generator)?;
    stuck.connect(run.peer.address(), &manner(&*run.peer, mode), CONNECT_WAIT).await?;
    stuck.expect(1, 1).await?;
    let (address, pids) = (run.peer.address(), run.peer.pids());
    let plan = Plan::steady(RATE, SECONDS);
    let (before, all_read) = tokio::join!(run.measure(&plan), watch(address, &pids, 0));
    stuck.slow(SLOW, None).await?;
    let (beside, watched) = tokio::join!(run.measure(&plan), watch(address, &pids, WEIGHED_LEAST));
    let (before, all_read, beside, watched) = (before?, all_read?, beside?, watched?);
    shown.share.push(beside.ms(0.99) / before.ms(0.99));
    shown.user_bytes.push((median(&watched.user_bytes) - median(&all_read.user_bytes)) / SLOW as f64);
    let (least, most) = ends(&all_read.user_bytes);
    shown.noise_bytes.push((most - least) / SLOW as f64);
    shown.kernel_bytes.push(watched.kernel_bytes);
    shown.given_up.push(watched.given_up.len() as f64);
    let slowest = watched.given_up.iter().max().map_or(f64::NAN, Duration::as_secs_f64);
    shown.slowest_seconds.push(slowest);
    shown.told.push(told(&mut stuck, mode).await?);
    for measured in [&before, &beside] {
        shown.sound.note(&measured.report);
    }
    shown.sound.note_broken(&beside.report);
    stuck.close().await?;
    run.end().await
}

fn ends(values: &[f64]) -> (f64, f64) {
    let first = (f64::INFINITY, f64::NEG_INFINITY);
    values.iter().fold(first, |(least, most), value| (least.min(*value), most.max(*value)))
}

/// What was seen of the stuck.
struct Watched {
    /// Memory of the server, each time that enough were stuck.
    user_bytes: Vec<f64>,
    /// Of each stuck one's socket.
    kernel_bytes: f64,
    given_up: Vec<Duration>,
}

/// Looks at the server while a plan is measured. Weighs it whenever so many are stuck, and their sockets once.
async fn watch(address: SocketAddr, pids: &[u32], least: usize) -> anyhow::Result<Watched> {
    let (begin, mut stuck) = (Instant::now(), Stuck::default());
    let mut watched = Watched { user_bytes: Vec::new(), kernel_bytes: f64::NAN, given_up: Vec::new() };
    while begin.elapsed().as_secs_f64() < SECONDS {
        tokio::time::sleep(LOOK_EVERY).await;
        let now = Instant::now();
        stuck.look(now, &sockets::of(address)?);
        if stuck.held(now, WEIGHED_AFTER) < least {
            continue;
        }
        watched.user_bytes.push(account::pss(pids)? as f64);
        if watched.kernel_bytes.is_nan() && least > 0 {
            watched.kernel_bytes = socket_bytes(address)?;
        }
    }
    watched.given_up = stuck.given_up(STUCK_AFTER);
    Ok(watched)
}

/// Kernel memory of each stuck client's socket. The readers' may hold something at that moment, too: the largest are the stuck ones'.
fn socket_bytes(address: SocketAddr) -> anyhow::Result<f64> {
    let mut all = sockets::kernel_bytes_of_stuck(address)?;
    all.sort_unstable();
    let largest: Vec<u64> = all.into_iter().rev().take(SLOW).collect();
    Ok(largest.iter().sum::<u64>() as f64 / largest.len().max(1) as f64)
}

/// They read on now. How many find out why they were closed: a WebSocket by its code, a reader of events in words.
async fn told(stuck: &mut Crew, mode: Mode) -> anyhow::Result<f64> {
    stuck.slow(0, None).await?;
    let report = stuck.report(FAREWELL_WAIT).await?;
    for (why, count) in &report.broken {
        println!("  of the stuck, {count}: {why}");
    }
    let reason = match mode {
        Mode::WebSocket => Broken::Closed(4001),
        Mode::Events | Mode::Poll => Broken::Lag,
    };
    Ok(report.broken.get(&reason.to_string()).copied().unwrap_or(0) as f64)
}
