//! The accept loop over raw sockets: silence, half requests, floods, panics, shutdown.

use std::time::{Duration, Instant};

use axum::{Router, body::Bytes, routing::get, routing::post};
use chassis::{
    Ending, Shutdown,
    client_addr::Ranges,
    http::{Client, Hosts, Limits, serve},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

const SHORT: Duration = Duration::from_millis(400);
/// Patience with a slow machine.
const WAIT: Duration = Duration::from_secs(60);

fn routes() -> Router {
    Router::new()
        .route("/", get(async || "hello"))
        .route(
            "/slow",
            get(async || {
                tokio::time::sleep(Duration::from_millis(600)).await;
                "done"
            }),
        )
        .route("/panic", get(async || -> &'static str { panic!("a bug") }))
        .route("/ip", get(async |client: axum::Extension<Client>| client.ip.to_string()))
        .route("/body", post(async |body: Bytes| body.len().to_string()))
        .route("/big", get(async || vec![b'x'; 32 << 20]))
}

async fn start(limits: Limits) -> (String, Shutdown) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound").to_string();
    let shutdown = Shutdown::new();
    shutdown.spawn(serve(listener, routes(), limits, shutdown.clone()));
    (address, shutdown)
}

fn impatient() -> Limits {
    Limits { first_byte_wait: SHORT, header_read_wait: SHORT, progress_wait: SHORT, ..Limits::default() }
}

/// Sends these bytes and reads until the other side closes.
async fn exchange(address: &str, sent: &str) -> String {
    let mut socket = TcpStream::connect(address).await.expect("somebody listens");
    socket.write_all(sent.as_bytes()).await.expect("sent");
    let mut answer = Vec::new();
    let read = tokio::time::timeout(WAIT, socket.read_to_end(&mut answer)).await;
    assert!(read.is_ok(), "still open after {WAIT:?}: {sent:?}");
    String::from_utf8_lossy(&answer).into_owned()
}

fn request(path: &str, more: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{more}\r\n")
}

#[tokio::test]
async fn silence_half_a_head_and_idleness_are_closed_in_time() {
    let (address, _shutdown) = start(impatient()).await;
    for sent in ["", "G", "GET / HTTP/1.1\r\nhost: loc", "GET / HTTP/1.1\r\nhost: localhost\r\n\r\n"] {
        let began = Instant::now();
        exchange(&address, sent).await;
        assert!(began.elapsed() < SHORT * 10, "{sent:?} was kept for {:?}", began.elapsed());
    }
}

#[tokio::test]
async fn one_more_connection_than_allowed_gets_a_polite_503() {
    let (address, _shutdown) = start(Limits { connections_max: 2, ..Limits::default() }).await;
    let kept =
        [TcpStream::connect(&address).await.expect("one"), TcpStream::connect(&address).await.expect("two")];
    tokio::time::sleep(Duration::from_millis(50)).await;
    let answer = exchange(&address, &request("/", "")).await;
    assert!(answer.starts_with("HTTP/1.1 503 ") && answer.contains("\r\nretry-after: "), "{answer}");
    drop(kept);
    let deadline = Instant::now() + WAIT;
    while !exchange(&address, &request("/", "")).await.starts_with("HTTP/1.1 200 ") {
        assert!(Instant::now() < deadline, "there is room again");
    }
}

#[tokio::test]
async fn one_address_cannot_take_all_the_places_unless_it_speaks_for_many() {
    let limits = Limits { connections_max: 4, connections_per_address_max: 1, ..Limits::default() };
    let (address, _shutdown) = start(limits.clone()).await;
    let greedy = TcpStream::connect(&address).await.expect("one");
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(exchange(&address, &request("/", "")).await.starts_with("HTTP/1.1 503 "));
    let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
    socket.bind("127.0.0.2:0".parse().expect("an address")).expect("another address of this machine");
    let mut other = socket.connect(address.parse().expect("bound")).await.expect("connected");
    other.write_all(request("/", "").as_bytes()).await.expect("sent");
    let mut answer = String::new();
    other.read_to_string(&mut answer).await.expect("answered");
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    drop(greedy);
    let trusted = Ranges::parse(&["127.0.0.1"]).expect("ranges");
    let (proxied, _shutdown) = start(Limits { trusted_proxies: trusted.into(), ..limits }).await;
    let _one = TcpStream::connect(&proxied).await.expect("one");
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(exchange(&proxied, &request("/", "")).await.starts_with("HTTP/1.1 200 "));
}

#[tokio::test]
async fn a_body_that_never_ends_is_given_up() {
    let (address, _shutdown) = start(Limits { body_wait: SHORT, ..Limits::default() }).await;
    let (read, mut write) = TcpStream::connect(&address).await.expect("somebody listens").into_split();
    let head = "POST /body HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: 1000\r\n\r\n";
    write.write_all(head.as_bytes()).await.expect("sent");
    let drip = async {
        while write.write_all(b"x").await.is_ok() {
            tokio::time::sleep(SHORT / 8).await;
        }
        std::future::pending::<()>().await;
    };
    let mut answer = String::new();
    let mut read = tokio::io::BufReader::new(read);
    let began = Instant::now();
    tokio::select! {
        read = tokio::time::timeout(SHORT * 20, read.read_to_string(&mut answer)) => drop(read.expect("given up in time")),
        () = drip => {}
    }
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert!(began.elapsed() >= SHORT, "not before its time");
}

#[tokio::test]
async fn a_panic_is_a_500_with_an_id_and_no_more() {
    let (address, _shutdown) = start(Limits::default()).await;
    let answer = exchange(&address, &request("/panic", "")).await;
    assert!(answer.starts_with("HTTP/1.1 500 ") && answer.contains("\"id\":"), "{answer}");
    assert!(!answer.contains("a bug") && !answer.contains(".rs"), "{answer}");
    assert!(exchange(&address, &request("/", "")).await.ends_with("hello"));
}

#[tokio::test]
async fn the_client_behind_a_trusted_proxy_is_known() {
    let trusted = Ranges::parse(&["127.0.0.1"]).expect("ranges");
    let (trusting, _a) = start(Limits { trusted_proxies: trusted.into(), ..Limits::default() }).await;
    let (wary, _b) = start(Limits::default()).await;
    let asked = request("/ip", "x-forwarded-for: 6.6.6.6, 5.5.5.5\r\n");
    assert!(exchange(&trusting, &asked).await.ends_with("5.5.5.5"));
    assert!(exchange(&wary, &asked).await.ends_with("127.0.0.1"));
}

#[tokio::test]
async fn wrong_hosts_methods_and_sizes_have_their_status() {
    let hosts = Hosts::known(["live.example.org"]);
    let (address, _shutdown) =
        start(Limits { hosts: hosts.into(), body_bytes_max: 1000, ..Limits::default() }).await;
    let close = "connection: close\r\n";
    let cases = [
        ("GET / HTTP/1.1\r\nhost: live.example.org\r\n".to_owned(), 200),
        ("GET / HTTP/1.1\r\nhost: rebound.example\r\n".to_owned(), 421),
        ("GET / HTTP/1.1\r\n".to_owned(), 400),
        ("POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\n".to_owned(), 405),
        ("TRACE / HTTP/1.1\r\nhost: localhost\r\n".to_owned(), 405),
        ("POST /body HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5000\r\n".to_owned(), 413),
        (format!("GET / HTTP/1.1\r\nhost: localhost\r\n{}", "a: b\r\n".repeat(70)), 431),
    ];
    for (head, status) in cases {
        let answer = exchange(&address, &format!("{head}{close}\r\n")).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{status}: {head:.60}: {answer:.120}");
        assert_eq!(status == 405, answer.contains("\r\nallow: "), "{answer}");
    }
    let chunked = format!(
        "POST /body HTTP/1.1\r\nhost: localhost\r\n{close}transfer-encoding: chunked\r\n\r\n7d0\r\n{}\r\n0\r\n\r\n",
        "x".repeat(2000)
    );
    assert!(
        exchange(&address, &chunked).await.starts_with("HTTP/1.1 413 "),
        "a body without a length is counted too"
    );
}

#[tokio::test]
async fn a_client_that_does_not_read_its_answer_is_given_up() {
    let (address, shutdown) = start(impatient()).await;
    let mut socket = TcpStream::connect(&address).await.expect("somebody listens");
    socket.write_all(request("/big", "").as_bytes()).await.expect("sent");
    until(|| shutdown.tasks() == 2, "the listener and the connection").await;
    until(|| shutdown.tasks() == 1, "the listener alone").await;
}

async fn until(holds: impl Fn() -> bool, what: &str) {
    let waiting = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(WAIT, waiting).await.unwrap_or_else(|_| panic!("never: {what}"));
}

#[tokio::test]
async fn stopping_finishes_answers_and_closes_the_rest() {
    let (address, shutdown) = start(Limits::default()).await;
    let _idle = TcpStream::connect(&address).await.expect("somebody listens");
    let busy = tokio::spawn({
        let address = address.clone();
        async move { exchange(&address, &request("/slow", "")).await }
    });
    until(|| shutdown.tasks() == 3, "the listener and both connections").await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    shutdown.trigger();
    assert_eq!(shutdown.finish().await, Ending::Clean);
    assert!(busy.await.expect("no panic").ends_with("done"));
    assert!(TcpStream::connect(&address).await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn a_request_that_is_on_its_way_when_a_stop_comes_is_answered_and_silence_is_not_waited_for_long() {
    for _ in 0..50 {
        let (address, shutdown) = start(Limits::default()).await;
        let mut crowd = Vec::new();
        for _ in 0..8 {
            crowd.push(TcpStream::connect(&address).await.expect("somebody listens"));
        }
        let silent = TcpStream::connect(&address).await.expect("somebody listens");
        // The accept loop takes them one after the other: the last one in the queue may be behind the stop.
        let mut first = TcpStream::connect(&address).await.expect("somebody listens");
        first.write_all(request("/", "").as_bytes()).await.expect("sent");
        let mut answer = Vec::new();
        first.read_to_end(&mut answer).await.expect("answered");
        shutdown.trigger();
        for socket in &mut crowd {
            tokio::task::yield_now().await;
            socket.write_all(request("/", "").as_bytes()).await.expect("sent");
        }
        for mut socket in crowd {
            let mut answer = Vec::new();
            socket.read_to_end(&mut answer).await.expect("answered");
            let answer = String::from_utf8_lossy(&answer).into_owned();
            assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("hello"), "{answer:?}");
        }
        drop(silent);
        assert_eq!(shutdown.finish().await, Ending::Clean);
    }
}
