//! Our own server: `perihelion halley` as it is shipped, all limits on, loopback a venue, behind a real Redis.
//!
//! The log is written here, by a ledger and its pusher, as a nozzle does it: what halley's processes cost is halley's alone. A message is
//! published as the text of a post, so that subscribers get what subscribers of a conference get.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use async_trait::async_trait;
use chassis::clock::Clock;
use live::ledger::Ledger;
use live::push::{Claim, PushEnd, Pusher, Standing};
use live::redis::RedisStore;
use model::event::{Consent, EventRef};
use model::{Author, Entry, EventId, Filing, ItemEntry, Kind, Micros, Network};
use nix::sys::resource::{Resource, getrlimit};
use nozzle::admit::{Arrival, admit};
use nozzle::source::{Draft, Words};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::program::{Program, is_there, on_cores};
use crate::fanout::message::{Message, TEXT_BYTES_MIN};
use crate::fanout::peer::{Dialect, Mode, Peer, Start};

const SLUG: &str = "bench";
const START_MAX: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// Places beside those that are measured: for whoever comes back before the server has seen that he left.
const PLACES_RESERVED: usize = 500;
/// Descriptors of a process that are no clients'.
const DESCRIPTORS_RESERVED: usize = 256;
/// Entries of one transaction when a log is filled.
const STEP_ENTRIES: usize = 200;

/// See the module. Fields are dropped in order: the server before what it reads.
pub(crate) struct Halley {
    program: Program,
    address: SocketAddr,
    mode: Mode,
    log: Written,
    redis: testkit::Redis,
    _dir: TempDir,
}

impl Halley {
    /// Starts Redis, an event and the server.
    pub(crate) async fn start(start: &Start) -> anyhow::Result<Self> {
        if let Some(missing) = missing(&start.product) {
            bail!(missing);
        }
        let product = start.product.canonicalize()?;
        let redis = testkit::Redis::start().await.context("redis-server is missing")?;
        let dir = tempfile::tempdir()?;
        let log = Written::begin(dir.path(), &redis).await?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, testkit::free_port()));
        let settings = dir.path().join("perihelion.toml");
        std::fs::write(&settings, settings_for(start, address, &redis.url())?)?;
        let mut command = on_cores(product, start.cores.as_deref());
        command.arg("--config").arg(&settings).arg("halley").current_dir(dir.path());
        command.env("RUST_LOG", "warn");
        let program = Program::start(command, address).await?;
        let mut halley = Self { program, address, mode: start.mode, log, redis, _dir: dir };
        halley.ready().await?;
        Ok(halley)
    }

    /// The store that it reads.
    pub(crate) fn redis(&self) -> &testkit::Redis {
        &self.redis
    }

    /// The position up to which everything was published, as a reader writes it.
    pub(crate) fn position(&self) -> String {
        format!("{}.{}", self.log.ledger.epoch(), self.log.ledger.top())
    }

    /// Where a stream of this kind is.
    pub(crate) fn path_of(mode: Mode) -> String {
        let way = match mode {
            Mode::WebSocket => "ws",
            Mode::Events => "sse",
            Mode::Poll => "poll",
        };
        format!("/live/{SLUG}/{way}")
    }

    /// What the server has printed: warnings and errors.
    pub(crate) fn output(&self) -> String {
        self.program.output()
    }

    /// It listens before it has found the event.
    async fn ready(&mut self) -> anyhow::Result<()> {
        let deadline = Instant::now() + START_MAX;
        loop {
            let answer = get(self.address, &format!("/live/{SLUG}/head.json")).await.unwrap_or_default();
            if answer.starts_with("HTTP/1.1 200") {
                return Ok(());
            }
            self.program.must_run("it ended before it knew the event")?;
            if Instant::now() > deadline {
                bail!(
                    "halley did not serve the event within {START_MAX:?}; last answer:\n{answer}\n{}",
                    self.output()
                );
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}

/// See [`super::missing`].
pub(super) fn missing(product: &Path) -> Option<String> {
    if !is_there("redis-server") {
        return Some("redis-server is missing: install it with `apt-get install redis-server`".to_owned());
    }
    let build = "build it with `cargo build --release --package perihelion`";
    (!product.exists())
        .then(|| format!("{} is missing: {build}, or name another with --bin", product.display()))
}

/// The settings file. Several processes serve what one may not hold.
fn settings_for(start: &Start, address: SocketAddr, redis: &str) -> anyhow::Result<String> {
    let (_, files) = getrlimit(Resource::RLIMIT_NOFILE).context("reading RLIMIT_NOFILE")?;
    let places = start.connections + PLACES_RESERVED;
    let fit = usize::try_from(files).unwrap_or(usize::MAX).saturating_sub(DESCRIPTORS_RESERVED);
    let (workers, shards) = if places > fit { (start.threads.max(2), 1) } else { (1, start.threads.max(1)) };
    Ok(format!(
        "data_dir = \"data\"\n[live]\nurl = \"{redis}\"\n[http]\nvenue_cidrs = [\"127.0.0.0/8\"]\n\
         [halley]\nlisten = \"{address}\"\nconnections_max = {places}\nworkers = {workers}\nshards = {shards}\n"
    ))
}

/// The answer to one request, head and all.
async fn get(address: SocketAddr, path: &str) -> anyhow::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    tokio::time::timeout(START_MAX, stream.read_to_string(&mut answer)).await??;
    Ok(answer)
}

#[async_trait]
impl Peer for Halley {
    fn address(&self) -> SocketAddr {
        self.address
    }

    fn pids(&self) -> Vec<u32> {
        self.program.pids()
    }

    fn dialect(&self) -> Dialect {
        Dialect::Halley
    }

    fn path(&self) -> String {
        Self::path_of(self.mode)
    }

    async fn publish(&mut self, messages: &[Message]) -> anyhow::Result<()> {
        for step in messages.chunks(STEP_ENTRIES) {
            self.log.append(step).await?;
        }
        Ok(())
    }

    async fn stop(self: Box<Self>) -> anyhow::Result<()> {
        self.program.stop().await?;
        self.log.stop().await
    }
}

/// The log of one event, and the task that copies it to Redis.
struct Written {
    ledger: Ledger,
    standing: watch::Receiver<Standing>,
    stop: CancellationToken,
    pushing: JoinHandle<PushEnd>,
    _store: RedisStore,
}

impl Written {
    async fn begin(dir: &Path, redis: &testkit::Redis) -> anyhow::Result<Self> {
        let ledger = Ledger::open(dir, EventId::from_random(6)).await?;
        let store = RedisStore::connect(&redis.url()).await?;
        // Nobody else knows this event: there is no other owner to be looked out for.
        let claim = Claim::new(ledger.place(), true);
        let pusher = Pusher::with_claim(ledger.clone(), store.tail(ledger.eid()), claim);
        let mut standing = pusher.standing();
        let stop = CancellationToken::new();
        let pushing = tokio::spawn(pusher.run(stop.clone()));
        tokio::time::timeout(START_MAX, standing.wait_for(|s| s.is_owner)).await??;
        store
            .publish(&EventRef { eid: ledger.eid(), slug: SLUG.to_owned(), title: "Bench".to_owned() })
            .await?;
        Ok(Self { ledger, standing, stop, pushing, _store: store })
    }

    /// Writes these in one transaction; they go to Redis in one push, too, if it is not behind.
    async fn append(&mut self, messages: &[Message]) -> anyhow::Result<()> {
        let now = Micros(Clock::real().now());
        let mut txn = self.ledger.begin().await?;
        for (seq, message) in (self.ledger.top() + 1..).zip(messages) {
            txn.append(now, post(message, seq, now)?)?;
        }
        txn.commit().await?;
        let top = self.ledger.top();
        tokio::time::timeout(START_MAX, self.standing.wait_for(|s| s.sent >= top)).await??;
        Ok(())
    }

    async fn stop(self) -> anyhow::Result<()> {
        self.stop.cancel();
        match self.pushing.await? {
            PushEnd::Told => Ok(()),
            end => bail!("the pusher ended: {end}"),
        }
    }
}

/// The post whose public entry is as long as the message wants, and holds its text.
fn post(message: &Message, seq: u64, now: Micros) -> anyhow::Result<Kind> {
    let shortest = said(message.text(TEXT_BYTES_MIN), message.number, seq, now)?;
    let others = public_bytes(&shortest, seq, now) - TEXT_BYTES_MIN;
    let text_bytes = message.bytes.saturating_sub(others);
    ensure!(text_bytes >= TEXT_BYTES_MIN, "an entry has {} bytes at least", others + TEXT_BYTES_MIN);
    said(message.text(text_bytes), message.number, seq, now)
}

fn public_bytes(kind: &Kind, seq: u64, now: Micros) -> usize {
    model::public::entry_json(&Entry { seq, at: now, kind: kind.clone() }).len()
}

/// As little as a post can be besides its text, so that there is room for it.
fn said(text: String, number: u64, seq: u64, now: Micros) -> anyhow::Result<Kind> {
    let draft = Draft {
        network_time: Some(now),
        author: Author { id: "1".to_owned(), ..Author::default() },
        words: Words::Text(text),
        ..Draft::new(Network::X, &number.to_string())
    };
    let id = draft.uid.id();
    let arrival = Arrival { source: "b", received: now, is_late: false, consent: Consent::Live };
    let item = admit(draft, arrival).map_err(|why| anyhow::anyhow!("{why}"))?.item;
    let filing = Filing { reasons: Vec::new(), ..Filing::unsorted("") };
    Ok(Kind::Post(Box::new(ItemEntry { id, first: seq, voids: Vec::new(), item, filing })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_as_long_as_was_asked_however_long_its_numbers() {
        let now = Micros(Clock::real().now());
        for number in [1, 999, 1_000, 99_999_999] {
            let message = Message { number, due: crate::fanout::message::now(), bytes: 600 };
            let post = post(&message, number, now).expect("600 bytes are enough");
            assert_eq!(public_bytes(&post, number, now), 600);
        }
        let message = Message { number: 1, due: 0, bytes: 400 };
        assert!(post(&message, 1, now).is_err());
    }
}
