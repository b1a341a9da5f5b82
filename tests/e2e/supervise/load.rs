//! Newcomers while processes are replaced: each with a connection of its own, none of which may be refused, reset or left without an answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, timeout};

/// A newcomer who waits longer was let down.
const PATIENCE: Duration = Duration::from_secs(20);
/// Newcomers under way; a machine that is behind gets no more of them.
const UNDER_WAY_MAX: usize = 800;

/// See the module. It goes on until it is asked how it went.
pub(super) struct Load {
    over: Arc<AtomicBool>,
    pub(super) served: Arc<AtomicU64>,
    task: tokio::task::JoinHandle<Vec<String>>,
}

impl Load {
    /// `per_second` new connections to `address`, each of which asks for one of `paths` in turn.
    pub(super) fn start(address: &str, paths: &'static [&'static str], per_second: u32) -> Self {
        let (over, served) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let task = tokio::spawn(run(address.to_owned(), paths, per_second, over.clone(), served.clone()));
        Self { over, served, task }
    }

    /// Ends it; how many were served, and what went wrong.
    pub(super) async fn finish(self) -> (u64, Vec<String>) {
        self.over.store(true, Ordering::Relaxed);
        let wrong = self.task.await.expect("the load does not panic");
        (self.served.load(Ordering::Relaxed), wrong)
    }
}

async fn run(
    address: String,
    paths: &'static [&'static str],
    per_second: u32,
    over: Arc<AtomicBool>,
    served: Arc<AtomicU64>,
) -> Vec<String> {
    let (mut ticks, mut newcomers, mut wrong, mut turn) =
        (interval(Duration::from_secs(1) / per_second), JoinSet::new(), Vec::new(), 0);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    while !over.load(Ordering::Relaxed) {
        ticks.tick().await;
        if newcomers.len() < UNDER_WAY_MAX {
            newcomers.spawn(visit(address.clone(), paths[turn % paths.len()]));
            turn += 1;
        }
        while let Some(Ok(ended)) = newcomers.try_join_next() {
            note(ended, &served, &mut wrong);
        }
    }
    while let Some(Ok(ended)) = newcomers.join_next().await {
        note(ended, &served, &mut wrong);
    }
    wrong
}

fn note(ended: Result<(), String>, served: &AtomicU64, wrong: &mut Vec<String>) {
    match ended {
        Ok(()) => drop(served.fetch_add(1, Ordering::Relaxed)),
        Err(why) => wrong.push(why),
    }
}

/// One newcomer: connects, asks, and wants a whole answer.
async fn visit(address: String, path: &str) -> Result<(), String> {
    let (mut answer, began, mut asked) = (Vec::new(), Instant::now(), Duration::ZERO);
    let visited = async {
        let mut stream =
            TcpStream::connect(&address).await.map_err(|error| format!("connecting: {error}"))?;
        let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.map_err(|error| format!("asking: {error}"))?;
        asked = began.elapsed();
        stream.read_to_end(&mut answer).await.map_err(|error| format!("hearing: {error}"))
    };
    timeout(PATIENCE, visited).await.map_err(|_| "no answer".to_owned())??;
    let head = String::from_utf8_lossy(&answer[..answer.len().min(64)]).into_owned();
    if head.starts_with("HTTP/1.1 200 ") {
        return Ok(());
    }
    Err(format!("{path}: {head:?} after {:?}, asked after {asked:?}", began.elapsed()))
}
