//! One running network: its options, its listener, the clock that plays the script.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde::{Deserialize, Serialize};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::deliver::FaultState;
use crate::faults::Faults;
use crate::http::{Answer, Request};
use crate::journal::Journal;
use crate::script::{Happening, Pace, Script};
use crate::store::{Naming, Store};
use crate::{Error, bluesky, feed, flickr, mastodon, x1, x2};

/// Connections at once; more wait.
const CONNECTIONS_MAX: usize = 256;

/// Which wire format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Protocol {
    /// Mastodon's client API: timelines and server-sent events.
    #[serde(rename = "mastodon")]
    Mastodon,
    /// X API v2: filtered stream, recent search, lookup.
    #[serde(rename = "x2")]
    XV2,
    /// Twitter API v1.1: `statuses/filter` and `search/tweets`.
    #[serde(rename = "x1")]
    XV1,
    /// Bluesky: Jetstream v1, and the look-up of profiles.
    #[serde(rename = "bluesky")]
    Bluesky,
    /// A blog: RSS, Atom and JSON Feed.
    #[serde(rename = "feed")]
    Feed,
    /// Flickr's REST API: search and single photos.
    #[serde(rename = "flickr")]
    Flickr,
}

/// Which posts a stream or search carries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Matching {
    /// Those that the rule, track or hashtag asks for.
    #[default]
    ByRule,
    /// All: for recorded data that was gathered by another query than the one asked.
    Everything,
}

/// How to run a network.
pub struct Options {
    protocol: Protocol,
    listen: SocketAddr,
    token: Option<String>,
    matching: Matching,
    script: Script,
    faults: Faults,
    journal: Journal,
    calls_max: u32,
}

impl Options {
    /// A network on a free loopback port that asks for no token.
    pub fn new(protocol: Protocol, script: Script) -> Self {
        Self {
            protocol,
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            token: None,
            matching: Matching::ByRule,
            script,
            faults: Faults::default(),
            journal: Journal::memory(),
            calls_max: 10_000,
        }
    }

    /// Listens here.
    #[must_use]
    pub fn listen(self, listen: SocketAddr) -> Self {
        Self { listen, ..self }
    }

    /// Asks for this bearer token, as the real network does.
    #[must_use]
    pub fn token(self, token: impl Into<String>) -> Self {
        Self { token: Some(token.into()), ..self }
    }

    /// Which posts match.
    #[must_use]
    pub fn matching(self, matching: Matching) -> Self {
        Self { matching, ..self }
    }

    /// With these faults.
    #[must_use]
    pub fn faults(self, faults: Faults) -> Self {
        Self { faults, ..self }
    }

    /// Writes this journal.
    #[must_use]
    pub fn journal(self, journal: Journal) -> Self {
        Self { journal, ..self }
    }

    /// REST calls allowed in a rate-limit window; by default more than any test makes (really 300 to 450).
    #[must_use]
    pub fn calls_max(self, calls_max: u32) -> Self {
        Self { calls_max, ..self }
    }
}

/// What the handlers of all protocols share.
pub(crate) struct World {
    pub(crate) store: Arc<Store>,
    pub(crate) faults: Arc<FaultState>,
    pub(crate) token: Option<String>,
    pub(crate) matching: Matching,
    pub(crate) calls_max: u32,
    /// Port of the streaming host (Mastodon only).
    pub(crate) streaming_port: u16,
    pub(crate) shutdown: CancellationToken,
    pub(crate) tasks: TaskTracker,
}

enum Api {
    Mastodon(mastodon::Api),
    XV2(x2::Api),
    XV1(x1::Api),
    Bluesky(bluesky::Api),
    Feed(feed::Api),
    Flickr(flickr::Api),
}

/// A running network.
pub struct Server {
    addr: SocketAddr,
    store: Arc<Store>,
    tasks: TaskTracker,
    shutdown: CancellationToken,
}

impl Server {
    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Base address of its API.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Lets something happen now that is in no script.
    pub fn say(&self, what: Happening) {
        self.store.say(what);
    }

    /// Lets the next `n` things of the script happen now, whoever reads; returns how many there were.
    pub fn play(&self, n: u64) -> u64 {
        self.store.play(n)
    }

    /// Things of the script that have happened, and in all.
    pub fn progress(&self) -> (usize, usize) {
        self.store.progress()
    }

    /// Its journal.
    pub fn journal(&self) -> &Journal {
        self.store.journal()
    }

    /// Ends it and waits until its connections are closed.
    pub async fn stop(self) {
        self.shutdown.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

/// Starts a network; it runs until `shutdown` or [`Server::stop`].
///
/// # Errors
/// When a port cannot be bound.
pub async fn serve(options: Options, shutdown: CancellationToken) -> Result<Server, Error> {
    let listener = bind(options.listen).await?;
    let addr = listener.local_addr().map_err(Error::io("local address"))?;
    let streaming = match options.protocol {
        Protocol::Mastodon => Some(bind(SocketAddr::new(options.listen.ip(), 0)).await?),
        _ => None,
    };
    let streaming_port = streaming.as_ref().and_then(|l| l.local_addr().ok()).map_or(0, |a| a.port());
    let naming = match options.protocol {
        Protocol::Mastodon => Naming::Mastodon,
        Protocol::Bluesky => Naming::Bluesky,
        Protocol::Feed => Naming::Feed,
        Protocol::Flickr => Naming::Flickr,
        Protocol::XV2 | Protocol::XV1 => Naming::X,
    };
    let store = Arc::new(Store::new(options.script, naming, options.journal));
    let shutdown = shutdown.child_token();
    let tasks = TaskTracker::new();
    let world = Arc::new(World {
        store: Arc::clone(&store),
        faults: Arc::new(FaultState::new(options.faults)),
        token: options.token,
        matching: options.matching,
        calls_max: options.calls_max,
        streaming_port,
        shutdown: shutdown.clone(),
        tasks: tasks.clone(),
    });
    let api = Arc::new(match options.protocol {
        Protocol::Mastodon => Api::Mastodon(mastodon::Api::new(Arc::clone(&world))),
        Protocol::XV2 => Api::XV2(x2::Api::new(Arc::clone(&world))),
        Protocol::XV1 => Api::XV1(x1::Api::new(Arc::clone(&world))),
        Protocol::Bluesky => Api::Bluesky(bluesky::Api::new(Arc::clone(&world))),
        Protocol::Feed => Api::Feed(feed::Api::new(Arc::clone(&world))),
        Protocol::Flickr => Api::Flickr(flickr::Api::new(Arc::clone(&world))),
    });
    let slots = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    for listener in std::iter::once(listener).chain(streaming) {
        tasks.spawn(accept(listener, Arc::clone(&api), Arc::clone(&world), Arc::clone(&slots)));
    }
    if store.pace() == Pace::Clock {
        tasks.spawn(play(Arc::clone(&store), shutdown.clone()));
    }
    Ok(Server { addr, store, tasks, shutdown })
}

async fn bind(addr: SocketAddr) -> Result<TcpListener, Error> {
    TcpListener::bind(addr).await.map_err(Error::io(format!("listen on {addr}")))
}

/// Lets the script happen at its own times.
async fn play(store: Arc<Store>, shutdown: CancellationToken) {
    let start = Instant::now();
    while let Some(due) = store.next_due_ms() {
        tokio::select! {
            () = sleep_until(start + Duration::from_millis(due)) => {}
            () = shutdown.cancelled() => return,
        }
        store.play(1);
    }
}

async fn accept(listener: TcpListener, api: Arc<Api>, world: Arc<World>, slots: Arc<Semaphore>) {
    loop {
        let Ok(slot) = Arc::clone(&slots).acquire_owned().await else { return };
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::debug!(%error, "a connection to a fake network failed before it began");
                    continue;
                }
            },
            () = world.shutdown.cancelled() => return,
        };
        let (api, shutdown) = (Arc::clone(&api), world.shutdown.clone());
        world.tasks.spawn(async move {
            let _slot = slot;
            if let Err(error) = connection(stream, api, shutdown).await {
                tracing::debug!(%error, "a connection to a fake network ended");
            }
        });
    }
}

async fn connection(stream: TcpStream, api: Arc<Api>, shutdown: CancellationToken) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let std = stream.into_std()?;
    let second_handle = Arc::new(std.try_clone()?);
    let stream = TcpStream::from_std(std)?;
    let is_streaming_port =
        |world: &World| second_handle.local_addr().is_ok_and(|a| a.port() == world.streaming_port);
    let service = service_fn(|request| {
        let (api, socket) = (Arc::clone(&api), Arc::clone(&second_handle));
        async move {
            let request = Request::read(request).await;
            let answer: Answer = match &*api {
                Api::Mastodon(api) => api.answer(&request, socket, is_streaming_port(api.world())).await,
                Api::XV2(api) => api.answer(&request, socket),
                Api::XV1(api) => api.answer(&request, socket),
                Api::Bluesky(api) => api.answer(&request, socket),
                Api::Feed(api) => api.answer(&request),
                Api::Flickr(api) => api.answer(&request).await,
            };
            Ok::<_, std::convert::Infallible>(answer)
        }
    });
    let serving = http1::Builder::new().serve_connection(TokioIo::new(stream), service).with_upgrades();
    tokio::pin!(serving);
    let ended = tokio::select! {
        ended = serving.as_mut() => ended,
        () = shutdown.cancelled() => {
            serving.as_mut().graceful_shutdown();
            tokio::time::timeout(Duration::from_secs(1), serving).await.unwrap_or(Ok(()))
        }
    };
    ended.map_err(std::io::Error::other)
}
