//! A TCP proxy on a free loopback port that delays, drips, swallows, cuts, half-closes and resets.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};

const CHUNK_BYTES_MAX: usize = 16 * 1024;

/// One of the two ways through a proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From the client to the server.
    ToServer,
    /// From the server to the client.
    ToClient,
}

/// Says whether a chunk is thrown away.
pub type Unwanted = Arc<dyn Fn(&[u8]) -> bool + Send + Sync>;

/// What happens to bytes on their way.
#[derive(Clone)]
pub enum Flow {
    /// They go on at once.
    Pass,
    /// Each chunk waits this long.
    Delay(Duration),
    /// Nothing goes on until the flow changes; no connection is closed.
    BlackHole,
    /// So many bytes at a time, with this pause between.
    Drip(usize, Duration),
    /// Chunks for which the test says so are thrown away.
    Swallow(Unwanted),
}

impl fmt::Debug for Flow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pass => f.write_str("Pass"),
            Self::Delay(time) => write!(f, "Delay({time:?})"),
            Self::BlackHole => f.write_str("BlackHole"),
            Self::Drip(bytes, pause) => write!(f, "Drip({bytes}, {pause:?})"),
            Self::Swallow(_) => f.write_str("Swallow"),
        }
    }
}

/// How connections end when the test wants them to.
#[derive(Debug, Clone, Copy)]
enum End {
    Cut,
    Reset,
    HalfClose(Direction),
}

/// The proxy. It stops, and closes what it carries, when dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    state: Arc<State>,
    accepting: AbortHandle,
}

#[derive(Debug)]
struct State {
    upstream: watch::Sender<SocketAddr>,
    to_server: watch::Sender<Flow>,
    to_client: watch::Sender<Flow>,
    end: watch::Sender<Option<End>>,
    refusing: watch::Sender<bool>,
    connections: AtomicU64,
}

impl Proxy {
    /// Listens on a free port and carries every connection to `upstream`.
    ///
    /// # Errors
    /// When no port can be bound.
    pub async fn start(upstream: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let state = Arc::new(State {
            upstream: watch::Sender::new(upstream),
            to_server: watch::Sender::new(Flow::Pass),
            to_client: watch::Sender::new(Flow::Pass),
            end: watch::Sender::new(None),
            refusing: watch::Sender::new(false),
            connections: AtomicU64::new(0),
        });
        let accepting = tokio::spawn(accept(listener, Arc::clone(&state))).abort_handle();
        Ok(Self { address, state, accepting })
    }

    /// Where the proxy listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many connections were made so far.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.state.connections.load(Ordering::Relaxed)
    }

    /// Sends later connections to another server.
    pub fn move_to(&self, upstream: SocketAddr) {
        self.state.upstream.send_replace(upstream);
    }

    /// Changes what happens to bytes in one direction, on open connections too.
    pub fn set(&self, direction: Direction, flow: Flow) {
        self.state.flow(direction).send_replace(flow);
    }

    /// Changes both directions.
    pub fn set_both(&self, flow: Flow) {
        self.set(Direction::ToServer, flow.clone());
        self.set(Direction::ToClient, flow);
    }

    /// Closes later connections as soon as they come; open ones stay.
    pub fn refuse(&self, refusing: bool) {
        self.state.refusing.send_replace(refusing);
    }

    /// Closes every open connection in order (FIN to both sides).
    pub fn cut(&self) {
        self.state.end.send_replace(Some(End::Cut));
    }

    /// Closes every open connection the hard way (RST to both sides).
    pub fn reset(&self) {
        self.state.end.send_replace(Some(End::Reset));
    }

    /// Closes one direction of every open connection; the other goes on.
    pub fn half_close(&self, direction: Direction) {
        self.state.end.send_replace(Some(End::HalfClose(direction)));
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // The accepting task owns the connections' tasks, so they end with it.
        self.accepting.abort();
    }
}

impl State {
    fn flow(&self, direction: Direction) -> &watch::Sender<Flow> {
        match direction {
            Direction::ToServer => &self.to_server,
            Direction::ToClient => &self.to_client,
        }
    }
}

async fn accept(listener: TcpListener, state: Arc<State>) {
    let mut carried = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((client, _)) = accepted else { continue };
                if !*state.refusing.borrow() {
                    state.connections.fetch_add(1, Ordering::Relaxed);
                    carried.spawn(carry(client, Arc::clone(&state)));
                }
            }
            Some(_) = carried.join_next() => {}
        }
    }
}

async fn carry(mut client: TcpStream, state: Arc<State>) {
    let mut end = state.end.subscribe();
    let upstream = *state.upstream.borrow();
    let Ok(mut server) = TcpStream::connect(upstream).await else { return };
    client.set_nodelay(true).ok();
    server.set_nodelay(true).ok();
    let ended = {
        let (client_read, client_write) = client.split();
        let (server_read, server_write) = server.split();
        let up = pump(client_read, server_write, Direction::ToServer, &state);
        let down = pump(server_read, client_write, Direction::ToClient, &state);
        tokio::select! {
            _ = async { tokio::join!(up, down) } => End::Cut,
            ended = wait_end(&mut end) => ended,
        }
    };
    if matches!(ended, End::Reset) {
        client.set_zero_linger().ok();
        server.set_zero_linger().ok();
    }
}

/// The end that closes whole connections; half-closes are the pumps' own business.
async fn wait_end(end: &mut watch::Receiver<Option<End>>) -> End {
    loop {
        if end.changed().await.is_err() {
            return End::Cut;
        }
        match *end.borrow_and_update() {
            Some(ended @ (End::Cut | End::Reset)) => return ended,
            Some(End::HalfClose(_)) | None => {}
        }
    }
}

/// Carries one direction until its reader ends, its writer fails or it is half-closed.
async fn pump(mut from: ReadHalf<'_>, mut to: WriteHalf<'_>, direction: Direction, state: &State) {
    let mut flow = state.flow(direction).subscribe();
    let mut end = state.end.subscribe();
    let half_closed = async {
        while end.changed().await.is_ok() {
            if matches!(*end.borrow_and_update(), Some(End::HalfClose(closed)) if closed == direction) {
                return;
            }
        }
    };
    let carried = async {
        let mut chunk = vec![0; CHUNK_BYTES_MAX];
        loop {
            match from.read(&mut chunk).await {
                Ok(0) | Err(_) => return,
                Ok(bytes) => {
                    if forward(&mut to, &chunk[..bytes], &mut flow).await.is_err() {
                        return;
                    }
                }
            }
        }
    };
    tokio::select! {
        () = half_closed => {}
        () = carried => {}
    }
    to.shutdown().await.ok();
}

/// Writes one chunk the way the flow says at this moment.
async fn forward(to: &mut WriteHalf<'_>, chunk: &[u8], flow: &mut watch::Receiver<Flow>) -> io::Result<()> {
    let mut rest = chunk;
    while !rest.is_empty() {
        let now = flow.borrow_and_update().clone();
        match now {
            Flow::Pass => return to.write_all(rest).await,
            Flow::Delay(time) => {
                tokio::time::sleep(time).await;
                return to.write_all(rest).await;
            }
            Flow::BlackHole => {
                flow.changed().await.map_err(io::Error::other)?;
            }
            Flow::Drip(bytes, pause) => {
                let (now, later) = rest.split_at(bytes.clamp(1, rest.len()));
                to.write_all(now).await?;
                rest = later;
                tokio::time::sleep(pause).await;
            }
            Flow::Swallow(unwanted) if unwanted(rest) => return Ok(()),
            Flow::Swallow(_) => return to.write_all(rest).await,
        }
    }
    Ok(())
}
