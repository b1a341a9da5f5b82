//! 50 items a second to 100 WebSocket clients: from a commit to the moment each client has the frame.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chassis::clock::Clock;
use chassis::{Readiness, Shutdown, http};
use futures_util::StreamExt;
use live::EmbeddedStore;
use live::ledger::Ledger;
use model::event::{Consent, EventRef};
use model::{EventId, Filing, ItemEntry, Kind, Micros};
use nozzle::admit::{Arrival, admit};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use crate::figures::{Aim, Figures};
use crate::posts;

const CLIENTS: usize = 100;
const ITEMS: usize = 1_000;
const EVERY: Duration = Duration::from_millis(20);
const WAIT_MAX: Duration = Duration::from_secs(60);

pub(crate) async fn measure(figures: &mut Figures) -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let eid = EventId::from_random(5);
    let ledger = Ledger::open(dir.path(), eid).await?;
    let store = Arc::new(EmbeddedStore::default());
    store.publish(EventRef { eid, slug: "bench".to_owned(), title: "Bench".to_owned() }, ledger.clone());
    let shutdown = Shutdown::new();
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let config = halley::Config { hosts: http::Hosts::default(), ..halley_config() };
    let parts = halley::Parts { store, readiness: Readiness::default() };
    let serving = tokio::spawn(halley::serve(listener, config, parts, shutdown.clone()));

    let (seen, mut frames) = mpsc::channel(CLIENTS);
    for _ in 0..CLIENTS {
        tokio::spawn(watch(connect(address).await?, seen.clone()));
    }
    drop(seen);
    let said = say(&ledger).await?;
    let mut all: Vec<(usize, Instant)> = Vec::with_capacity(CLIENTS * ITEMS);
    while let Some(some) = tokio::time::timeout(WAIT_MAX, frames.recv()).await? {
        all.extend(some);
    }
    shutdown.trigger();
    serving.await??;
    anyhow::ensure!(all.len() == CLIENTS * ITEMS, "clients saw {} of {} frames", all.len(), CLIENTS * ITEMS);
    let committed = Delays::since(&all, |seq| said[seq - 1].committed);
    let asked = Delays::since(&all, |seq| said[seq - 1].asked);
    figures.tell(
        "commit to client, 50 items/s, 100 WebSocket clients, median",
        committed.ms(0.5),
        "ms",
        Aim::None,
    );
    figures.tell("  p99", committed.ms(0.99), "ms", Aim::AtMost(10.0));
    figures.tell("  p99, the commit itself (fsync) included", asked.ms(0.99), "ms", Aim::None);
    Ok(())
}

/// When one item was handed to the ledger, and when it was committed.
struct Said {
    asked: Instant,
    committed: Instant,
}

struct Delays(Vec<Duration>);

impl Delays {
    /// From a moment of each frame's item to the frame. A client may have the frame before the commit's own caller has
    /// its answer: no delay.
    fn since(frames: &[(usize, Instant)], moment: impl Fn(usize) -> Instant) -> Self {
        let mut all: Vec<Duration> =
            frames.iter().map(|(seq, seen)| seen.saturating_duration_since(moment(*seq))).collect();
        all.sort_unstable();
        Self(all)
    }

    fn ms(&self, part: f64) -> f64 {
        self.0[((self.0.len() - 1) as f64 * part) as usize].as_secs_f64() * 1000.0
    }
}

fn halley_config() -> halley::Config {
    halley::Config { connections_max: 4 * CLIENTS, version: "bench".to_owned(), ..halley::Config::default() }
}

type Socket = tokio_tungstenite::WebSocketStream<TcpStream>;

/// Connects and reads the hello, so that the client follows before anything is said.
async fn connect(address: std::net::SocketAddr) -> anyhow::Result<Socket> {
    let stream = TcpStream::connect(address).await?;
    let url = format!("ws://{address}/live/bench/ws");
    let (mut socket, _) = tokio_tungstenite::client_async(url, stream).await?;
    socket.next().await.ok_or_else(|| anyhow::anyhow!("no hello"))??;
    Ok(socket)
}

/// Reads until the last item, and hands over when each frame came.
async fn watch(mut socket: Socket, seen: mpsc::Sender<Vec<(usize, Instant)>>) {
    let mut frames = Vec::with_capacity(ITEMS);
    while frames.len() < ITEMS
        && let Some(Ok(message)) = socket.next().await
    {
        let now = Instant::now();
        let seq = message.to_text().ok().and_then(seq_of);
        frames.extend(seq.filter(|seq| (1..=ITEMS).contains(seq)).map(|seq| (seq, now)));
    }
    // The measurement may have ended early.
    let _gone = seen.send(frames).await;
}

fn seq_of(text: &str) -> Option<usize> {
    text.strip_prefix("{\"seq\":")?.split(',').next()?.parse().ok()
}

async fn say(ledger: &Ledger) -> anyhow::Result<Vec<Said>> {
    let mut said = Vec::with_capacity(ITEMS);
    let now = Micros(Clock::real().now());
    let arrival = Arrival { source: "bench", received: now, is_late: false, consent: Consent::Live };
    let mut beat = tokio::time::interval(EVERY);
    for (n, draft) in (1..).zip(posts::drafts(ITEMS, now)) {
        beat.tick().await;
        let id = draft.uid.id();
        let item = admit(draft, arrival).map_err(|why| anyhow::anyhow!("{why}"))?.item;
        let filing = Filing::unsorted("no talk is on");
        let entry = ItemEntry { id, first: n as u64, voids: Vec::new(), item, filing };
        let mut txn = ledger.begin().await?;
        txn.append(now, Kind::Post(Box::new(entry)))?;
        let asked = Instant::now();
        txn.commit().await?;
        said.push(Said { asked, committed: Instant::now() });
    }
    Ok(said)
}
