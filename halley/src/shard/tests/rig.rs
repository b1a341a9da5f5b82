//! A listener, shards and one event without a feed.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use ::http::HeaderMap;
use axum::{
    Extension, Router,
    body::Body,
    extract::{Path, RawQuery, State},
    response::Response,
    routing::get,
};
use chassis::{
    Shutdown,
    client_addr::Ranges,
    http::{self, Client, Limits},
};
use model::{Entry, Epoch, Gone, GoneBy, Kind, Micros, Notice, Seq};
use tokio::{net::TcpListener, time::Instant};

use crate::{
    channel::Channel,
    coding::Coding,
    gate::{Gate, GateBounds},
    handshake,
    reader::{AHEAD_HOLD_MAX, Reader},
    rig::Rig,
    ring::{Ring, RingBounds},
    shard::{Grant, Rules, Shards, Way, inbox::Command},
};

/// A busy machine is no fault.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);
const POLL_HOLD: Duration = Duration::from_millis(300);

/// See the module.
pub(super) struct Hall {
    pub(super) channel: Arc<Channel>,
    pub(super) gate: Arc<Gate>,
    pub(super) address: SocketAddr,
    pub(super) shutdown: Shutdown,
    shards: Arc<Shards>,
    log: Mutex<(Epoch, Seq)>,
    epochs: AtomicU64,
}

struct Door {
    channel: Arc<Channel>,
    gate: Arc<Gate>,
    shards: Arc<Shards>,
}

impl Hall {
    /// An event without entries.
    pub(super) async fn open(shards: usize) -> Self {
        let hall = Self::unread(shards).await;
        hall.replace();
        hall
    }

    /// An event whose log was not read yet.
    pub(super) async fn unread(shards: usize) -> Self {
        let shutdown = Shutdown::new();
        let shards = Shards::start(shards, Rules::usual(POLL_HOLD), &shutdown).expect("threads");
        Self::with(Rig::listening(shards.bells(), shutdown.token()), shards, shutdown).await
    }

    /// This event, with these shards.
    pub(super) async fn on(channel: Arc<Channel>, shards: Arc<Shards>) -> Self {
        Self::with(channel, shards, Shutdown::new()).await
    }

    async fn with(channel: Arc<Channel>, shards: Arc<Shards>, shutdown: Shutdown) -> Self {
        let venue = Ranges::parse(&["127.0.0.0/8"]).expect("ranges");
        let gate = Gate::new(GateBounds::usual(1000), venue);
        let door = Arc::new(Door { channel: channel.clone(), gate: gate.clone(), shards: shards.clone() });
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let routes = Router::new().route("/{way}", get(enter)).with_state(door);
        let serving = http::serve(listener, routes, Limits::default(), shutdown.clone());
        shutdown.spawn(serving);
        let log = Mutex::new((Epoch::new(0, 0), 0));
        Self { channel, gate, address, shutdown, shards, log, epochs: AtomicU64::new(1) }
    }

    /// Has every shard meet a fault.
    pub(super) fn fail(&self) {
        self.shards.inboxes.iter().for_each(|inbox| inbox.push(Command::Fail));
    }

    /// The position behind this entry of the present log.
    pub(super) fn at(&self, seq: Seq) -> String {
        format!("{}.{seq}", self.log.lock().expect("whole").0)
    }

    /// The present log and its newest entry.
    pub(super) fn top(&self) -> (Epoch, Seq) {
        self.log.lock().expect("whole").clone()
    }

    /// Puts another log in the place of this one.
    pub(super) fn replace(&self) {
        let epoch = Epoch::new(0, self.epochs.fetch_add(1, Ordering::Relaxed));
        *self.log.lock().expect("whole") = (epoch.clone(), 0);
        self.channel.replace(Ring::new(epoch, 0, 0, RingBounds::default()));
    }

    /// Appends so many entries at once that name their log and have so many bytes.
    pub(super) fn append(&self, count: u64, bytes: usize) {
        let (epoch, top) = self.top();
        let text = format!("{epoch} {}", "x".repeat(bytes));
        let entry = |seq| Entry {
            seq,
            at: Micros(1),
            kind: Kind::Notice { notice: Notice { text: text.as_str().into(), until: None } },
        };
        let entries: Vec<_> = (top + 1..=top + count).map(entry).collect();
        self.add(&entries);
    }

    /// Takes the words of an entry back.
    pub(super) fn void(&self, seq: Seq) {
        let id = "k3f9q2m7xw4d".parse().expect("an id");
        let gone = Gone { id, first: seq, voids: vec![seq], by: GoneBy::Author };
        self.add(&[Entry { seq: self.top().1 + 1, at: Micros(1), kind: Kind::Remove(gone) }]);
    }

    fn add(&self, entries: &[Entry]) {
        let mut log = self.log.lock().expect("whole");
        log.1 += entries.len() as u64;
        let epoch = log.0.clone();
        self.channel.append(&epoch, entries, 0);
    }
}

async fn enter(
    State(door): State<Arc<Door>>,
    Path(way): Path<String>,
    RawQuery(query): RawQuery,
    Extension(client): Extension<Client>,
    headers: HeaderMap,
) -> Response<Body> {
    let want = query.and_then(|query| query.strip_prefix("after=")?.parse().ok());
    let pass = door.gate.enter(&client).expect("room");
    let ticket = pass.ticket();
    let (hold, way) = match way.as_str() {
        "ws" => (
            AHEAD_HOLD_MAX,
            Way::WebSocket(handshake::accept(&::http::Method::GET, &headers).expect("a handshake")),
        ),
        "sse" => (AHEAD_HOLD_MAX, Way::Events),
        _ => {
            let closes = headers.get("connection").is_some_and(|told| told == "close");
            let way = Way::Poll { has_position: want.is_some(), closes, coding: Coding::Plain, ticket };
            (door.shards.ahead_hold(), way)
        }
    };
    let reader = Reader::new(want, pass, hold, Instant::now());
    door.shards.take(Grant { channel: door.channel.clone(), slug: "rustfest".to_owned(), reader, way })
}

/// Waits until something holds.
pub(super) async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let waiting = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE, waiting).await.is_ok(), "{what}: not within a minute");
}
