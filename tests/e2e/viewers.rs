//! A crowd that follows one event by server-sent events, comes back with its position whenever a connection ends, and remembers
//! everything that it was told.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::task::JoinSet;

use crate::web;

/// A viewer without a bye comes back after this time.
const RETRY: Duration = Duration::from_millis(50);
const SOON: Duration = Duration::from_secs(60);

/// What one viewer was told.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen {
    /// Numbers of the entries, as they came.
    pub(crate) seqs: Vec<u64>,
    /// The times after which it was asked to come back.
    pub(crate) byes: Vec<u64>,
    /// Streams that ended without a bye.
    pub(crate) drops: usize,
}

impl Seen {
    /// Every entry came once, in its order.
    #[track_caller]
    pub(crate) fn is_whole(&self) {
        let last = self.seqs.len() as u64;
        assert!(self.seqs.iter().copied().eq(1..=last), "lost, doubled or out of order: {self:?}");
    }
}

/// See the module. Its viewers end when it is dropped.
pub(crate) struct Crowd {
    seen: Vec<Arc<Mutex<Seen>>>,
    _viewers: JoinSet<()>,
}

impl Crowd {
    /// So many viewers at `address`, each of which has been answered.
    pub(crate) async fn gather(address: &str, slug: &str, count: usize) -> Self {
        let head: Value = web::get(format!("http://{address}/live/{slug}/head.json"))
            .await
            .expect("a head")
            .json()
            .await
            .expect("JSON");
        let epoch = head["epoch"].as_str().expect("an epoch");
        let mut viewers = JoinSet::new();
        let seen: Vec<Arc<Mutex<Seen>>> = (0..count).map(|_| Arc::default()).collect();
        for seen in &seen {
            viewers.spawn(follow(format!("http://{address}/live/{slug}/sse?after={epoch}."), seen.clone()));
        }
        let crowd = Self { seen, _viewers: viewers };
        let top = head["top"].as_u64().expect("a top");
        crowd.wait(|seen| seen.seqs.last().copied().unwrap_or(0) >= top, "to be served").await;
        crowd
    }

    /// What everybody has seen.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.iter().map(|seen| lock(seen).clone()).collect()
    }

    /// Waits until everybody has the entry `top`.
    pub(crate) async fn wait_top(&self, top: u64) {
        self.wait(|seen| seen.seqs.last() == Some(&top), &format!("entry {top}")).await;
    }

    /// Waits until everybody was told bye so many times.
    pub(crate) async fn wait_byes(&self, times: usize) {
        self.wait(|seen| seen.byes.len() >= times, "a bye").await;
    }

    async fn wait(&self, is_so: impl Fn(&Seen) -> bool, what: &str) {
        let deadline = Instant::now() + SOON;
        while let Some(seen) = self.seen().into_iter().find(|seen| !is_so(seen)) {
            assert!(Instant::now() < deadline, "somebody waits for {what}: {seen:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn follow(from: String, seen: Arc<Mutex<Seen>>) {
    loop {
        let after = lock(&seen).seqs.last().copied().unwrap_or(0);
        let byes = lock(&seen).byes.len();
        let answered = match web::stream(format!("{from}{after}")).await {
            Ok(answer) if answer.status().is_success() => {
                read(answer, &seen).await;
                true
            }
            _ => false,
        };
        let wait = ended(&seen, byes, answered);
        tokio::time::sleep(wait).await;
    }
}

/// How long a viewer waits that knew of so many byes when it began.
fn ended(seen: &Mutex<Seen>, byes: usize, answered: bool) -> Duration {
    let mut seen = lock(seen);
    let bye = seen.byes.get(byes).copied();
    seen.drops += usize::from(answered && bye.is_none());
    bye.map_or(RETRY, Duration::from_millis)
}

async fn read(mut answer: reqwest::Response, seen: &Mutex<Seen>) {
    let mut bytes = Vec::new();
    while let Ok(Some(more)) = answer.chunk().await {
        bytes.extend_from_slice(&more);
        while let Some(end) = bytes.windows(2).position(|pair| pair == b"\n\n") {
            let event: Vec<u8> = bytes.drain(..end + 2).collect();
            let event = String::from_utf8(event).expect("UTF-8");
            let data = event.lines().find_map(|line| line.strip_prefix("data: ")).expect("data");
            let object: Value = serde_json::from_str(data).expect("JSON");
            let mut seen = lock(seen);
            seen.seqs.extend(object["seq"].as_u64());
            if let Some(wait) = object["bye"]["retry_ms"].as_u64() {
                assert!(event.contains(&format!("retry: {wait}\n")), "a browser is told, too: {event}");
                seen.byes.push(wait);
            }
        }
    }
}
