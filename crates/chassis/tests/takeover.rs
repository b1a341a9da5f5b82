//! Connections that leave hyper and come back, over raw sockets.

use std::{
    io::{Read, Write},
    time::Duration,
};

use axum::{Router, body::Bytes, routing::get};
use chassis::{
    Ending, Shutdown,
    http::{Limits, Taken, Takeover, serve},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc::{Receiver, Sender, channel},
    time::{sleep, timeout},
};

const WAIT: Duration = Duration::from_secs(60);
const BIG_BYTES: usize = 8 << 20;
const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/// A listener whose `/take` hands connections to the test.
struct Stand {
    address: String,
    shutdown: Shutdown,
    taken: Receiver<Taken>,
}

impl Stand {
    async fn start() -> Self {
        Self::with(Limits::default()).await
    }

    async fn with(limits: Limits) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound").to_string();
        let shutdown = Shutdown::new();
        let (out, taken) = channel(64);
        shutdown.spawn(serve(listener, routes(&out), limits, shutdown.clone()));
        Self { address, shutdown, taken }
    }

    /// A client that has sent these bytes.
    async fn client(&self, sent: &str) -> TcpStream {
        let mut socket = TcpStream::connect(&self.address).await.expect("somebody listens");
        socket.write_all(sent.as_bytes()).await.expect("sent");
        socket
    }

    async fn next(&mut self) -> Taken {
        timeout(WAIT, self.taken.recv()).await.expect("taken over in time").expect("the routes live")
    }

    /// Waits until only the listener and so many connections are left.
    async fn connections(&self, left: usize) {
        let waiting = async {
            while self.shutdown.tasks() != 1 + left {
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(WAIT, waiting).await.unwrap_or_else(|_| panic!("{} tasks are left", self.shutdown.tasks()));
    }
}

fn routes(out: &Sender<Taken>) -> Router {
    let take = |out: Sender<Taken>| {
        Takeover::response(move |taken| out.try_send(taken).unwrap_or_else(|_| panic!("nobody takes")))
    };
    let (now, posted, later) = (out.clone(), out.clone(), out.clone());
    Router::new()
        .route("/", get(async || "hello"))
        .route("/big", get(async || vec![b'x'; BIG_BYTES]))
        .route("/take", get(async move || take(now)).post(async move || take(posted)))
        .route(
            "/late",
            get(async move || {
                // Long enough for a client on a slow machine to leave before.
                sleep(Duration::from_secs(1)).await;
                take(later)
            }),
        )
}

fn request(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n")
}

fn last_request(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
}

/// Everything until the other side closes.
async fn all(socket: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    timeout(WAIT, socket.read_to_end(&mut answer)).await.expect("closed in time").expect("no reset");
    String::from_utf8_lossy(&answer).into_owned()
}

async fn answer(mut taken: Taken, bytes: &[u8]) {
    taken.stream.write_all(bytes).await.expect("written");
}

#[tokio::test]
async fn who_takes_a_connection_gets_what_was_read_and_writes_the_whole_answer() {
    let mut stand = Stand::start().await;
    let mut client = stand.client(&(request("/take") + "and more")).await;
    let taken = stand.next().await;
    assert_eq!((&taken.read[..], taken.note), (&b"and more"[..], None));
    assert_eq!(taken.peer, client.local_addr().expect("bound"));
    stand.connections(0).await;
    answer(taken, b"anything at all").await;
    assert_eq!(all(&mut client).await, "anything at all", "hyper has written nothing");
}

#[tokio::test]
async fn answers_before_a_takeover_leave_whole_however_slowly_they_are_read() {
    let mut stand = Stand::start().await;
    let mut client = stand.client(&(request("/big") + &request("/take"))).await;
    sleep(Duration::from_millis(300)).await;
    assert!(stand.taken.try_recv().is_err(), "the answer before it waits in hyper");
    let reading = tokio::spawn(async move { all(&mut client).await });
    let taken = stand.next().await;
    answer(taken, b"the end").await;
    let read = reading.await.expect("no panic");
    let (_, body) = read.split_once("\r\n\r\n").expect("a head");
    assert_eq!(body.len(), BIG_BYTES + "the end".len());
    assert!(body.ends_with("xthe end"));
}

#[tokio::test]
async fn a_connection_given_back_is_answered_by_the_routes_again() {
    let mut stand = Stand::start().await;
    let mut client = stand.client(&(request("/take") + &last_request("/"))).await;
    let Taken { stream, read, peer, slot, back, .. } = stand.next().await;
    let stream = stream.into_std().expect("a socket");
    std::thread::spawn(move || back.give(stream, read, peer, slot, None)).join().expect("from any thread");
    assert!(all(&mut client).await.ends_with("hello"));
    stand.connections(0).await;
}

#[tokio::test]
async fn one_given_back_with_half_a_request_or_none_waits_for_the_rest() {
    let mut stand = Stand::start().await;
    for split in [0, 10] {
        let mut client = stand.client(&request("/take")).await;
        let Taken { stream, peer, slot, back, .. } = stand.next().await;
        let (first, second) = (last_request("/"), last_request("/").split_off(split));
        let read = Bytes::copy_from_slice(&first.as_bytes()[..split]);
        back.give(stream.into_std().expect("a socket"), read, peer, slot, None);
        stand.connections(1).await;
        client.write_all(second.as_bytes()).await.expect("sent");
        assert!(all(&mut client).await.ends_with("hello"));
    }
}

#[tokio::test]
async fn the_note_comes_back_only_with_the_one_request_that_was_given_back() {
    let mut stand = Stand::start().await;
    let take = request("/take");
    let cases = [
        (take.clone(), "", Some(7)),
        (take.clone() + "x", "", None),
        (take[..20].to_owned(), &take[20..], None),
        (String::new(), &take[..], None),
        (request("/") + &take, "", None),
        (request("/"), &take[..], None),
        ("\r\n".to_owned() + &take, "", Some(7)),
    ];
    for (given, sent, note) in cases {
        let mut client = stand.client(&take).await;
        let Taken { stream, peer, slot, back, .. } = stand.next().await;
        let read = Bytes::copy_from_slice(given.as_bytes());
        back.give(stream.into_std().expect("a socket"), read, peer, slot, Some(7));
        client.write_all(sent.as_bytes()).await.expect("sent");
        let taken = stand.next().await;
        assert_eq!(taken.note, note, "{given:?} given, {sent:?} sent");
        assert_eq!(taken.read, if given.ends_with('x') { "x" } else { "" });
    }
}

#[tokio::test]
async fn a_request_with_a_body_is_not_taken_over_and_head_gets_the_head() {
    let mut stand = Stand::start().await;
    let post = "POST /take HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\n\r\n";
    for sent in [post.to_owned(), format!("{post}12345"), format!("{post}12345{}", request("/"))] {
        let refused = all(&mut stand.client(&sent).await).await;
        assert!(
            refused.starts_with("HTTP/1.1 400 ") && refused.contains(r#""unexpected_body""#),
            "{refused}"
        );
        assert!(!refused.contains("hello"), "nothing behind it is trusted: {refused}");
    }
    let head = "HEAD /take HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    assert!(all(&mut stand.client(head).await).await.starts_with("HTTP/1.1 200 "));
    stand.connections(0).await;
    assert!(stand.taken.try_recv().is_err());
    let empty = "POST /take HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\n\r\n";
    let mut client = stand.client(empty).await;
    let taken = stand.next().await;
    answer(taken, b"taken").await;
    assert_eq!(all(&mut client).await, "taken", "no body is no reason");
}

#[tokio::test]
async fn a_connection_keeps_its_place_until_its_slot_is_dropped() {
    let mut stand = Stand::with(Limits { connections_max: 1, ..Limits::default() }).await;
    let _client = stand.client(&request("/take")).await;
    let Taken { stream, slot, .. } = stand.next().await;
    stand.connections(0).await;
    drop(stream);
    let full = all(&mut stand.client("").await).await;
    assert!(full.starts_with("HTTP/1.1 503 "), "{full}");
    drop(slot);
    assert!(all(&mut stand.client(&last_request("/")).await).await.ends_with("hello"));
}

#[tokio::test]
async fn a_client_that_leaves_before_leaves_nothing_behind() {
    let mut stand = Stand::with(Limits { connections_max: 1, ..Limits::default() }).await;
    for sent in [request("/late"), request("/big") + &request("/take")] {
        let client = stand.client(&sent).await;
        stand.connections(1).await;
        sleep(Duration::from_millis(100)).await;
        drop(client);
        stand.connections(0).await;
        assert!(stand.taken.try_recv().is_err(), "nobody is there to be served");
    }
    assert!(all(&mut stand.client(&last_request("/")).await).await.ends_with("hello"));
}

#[tokio::test]
async fn a_stop_lets_takeovers_and_connections_given_back_finish() {
    let mut stand = Stand::start().await;
    let mut taken_late = stand.client(&request("/late")).await;
    let mut given_back = stand.client(&(request("/take") + &request("/"))).await;
    let Taken { stream, read, peer, slot, back, .. } = stand.next().await;
    stand.shutdown.trigger();
    back.give(stream.into_std().expect("a socket"), read, peer, slot, None);
    let answered = all(&mut given_back).await;
    assert!(answered.contains("\r\nconnection: close\r\n") && answered.ends_with("hello"), "{answered}");
    let taken = stand.next().await;
    assert_eq!(stand.shutdown.finish().await, Ending::Clean);
    answer(taken, b"goodbye").await;
    assert_eq!(all(&mut taken_late).await, "goodbye", "who took it says the last words");
}

#[test]
fn a_connection_given_back_after_the_runtime_is_gone_is_closed() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let (mut client, taken) = runtime.block_on(async {
        let mut stand = Stand::start().await;
        let client = stand.client(&request("/take")).await;
        (client.into_std().expect("a socket"), stand.next().await)
    });
    let Taken { stream, peer, slot, back, .. } = taken;
    let stream = stream.into_std().expect("a socket");
    drop(runtime);
    back.give(stream, Bytes::from(request("/")), peer, slot, None);
    client.set_nonblocking(false).expect("a socket");
    client.set_read_timeout(Some(WAIT)).expect("a socket");
    assert_eq!(client.read(&mut [0; 8]).expect("no reset"), 0, "nobody is left to answer");
}

/// Answers every connection by hand and gives it back with its next request, until its client leaves. One blocking thread stands for the
/// parts that serve taken connections outside the runtime.
fn keep(mut taken: Receiver<Taken>) -> (usize, usize) {
    let (mut taken_over, mut noted) = (0, 0);
    while let Some(Taken { stream, read, peer, slot, back, note }) = taken.blocking_recv() {
        assert!(read.is_empty());
        taken_over += 1;
        noted += usize::from(note == Some(peer.port().into()));
        let mut stream = stream.into_std().expect("a socket");
        stream.set_nonblocking(false).expect("a socket");
        stream.write_all(OK).expect("written");
        let mut next = [0; 1024];
        match stream.read(&mut next).expect("no reset") {
            0 => drop(slot),
            n => back.give(stream, Bytes::copy_from_slice(&next[..n]), peer, slot, Some(peer.port().into())),
        }
    }
    (taken_over, noted)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_takeovers_and_returns_leak_nothing() {
    const CLIENTS: usize = 50;
    const REQUESTS: usize = 21;
    let mut stand = Stand::with(Limits { connections_max: CLIENTS, ..Limits::default() }).await;
    let taken = std::mem::replace(&mut stand.taken, channel(1).1);
    let keeper = std::thread::spawn(move || keep(taken));
    let clients = (0..CLIENTS).map(|_| {
        let address = stand.address.clone();
        tokio::spawn(async move {
            let mut socket = TcpStream::connect(address).await.expect("somebody listens");
            let mut answer = [0; OK.len()];
            for _ in 0..REQUESTS {
                socket.write_all(request("/take").as_bytes()).await.expect("sent");
                socket.read_exact(&mut answer).await.expect("answered");
                assert_eq!(&answer, OK);
            }
        })
    });
    for client in clients.collect::<Vec<_>>() {
        timeout(WAIT * 3, client).await.expect("in time").expect("no panic");
    }
    stand.connections(0).await;
    let mut again = Vec::new();
    for _ in 0..CLIENTS {
        again.push(stand.client(&request("/")).await);
    }
    for client in &mut again {
        let mut answer = [0; 12];
        timeout(WAIT, client.read_exact(&mut answer)).await.expect("in time").expect("answered");
        assert_eq!(&answer, b"HTTP/1.1 200", "every place is free again");
    }
    drop(again);
    stand.shutdown.trigger();
    assert_eq!(stand.shutdown.finish().await, Ending::Clean);
    let (taken_over, noted) = keeper.join().expect("no panic");
    assert_eq!((taken_over, noted), (CLIENTS * REQUESTS, CLIENTS * (REQUESTS - 1)));
}
