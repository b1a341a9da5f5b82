//! Two who accept from one listening socket, as processes with a common listener do: the kernel sees no difference.

use std::time::{Duration, Instant};

use axum::{Router, routing::get};
use chassis::{
    Shutdown,
    http::{Limits, serve},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::{sleep, timeout},
};

const WAIT: Duration = Duration::from_secs(60);
const SMALL: usize = 5;
const LARGE: usize = 40;

/// One with few places, one with many.
fn start() -> (String, Shutdown) {
    let small = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = small.local_addr().expect("bound").to_string();
    small.set_nonblocking(true).expect("a socket");
    let large = small.try_clone().expect("a descriptor");
    let shutdown = Shutdown::new();
    for (listener, connections_max) in [(small, SMALL), (large, LARGE)] {
        let listener = TcpListener::from_std(listener).expect("a listener");
        let limits = Limits { connections_max, is_shared: true, ..Limits::default() };
        let routes = Router::new().route("/", get(async || "hello"));
        shutdown.spawn(serve(listener, routes, limits, shutdown.clone()));
    }
    (address, shutdown)
}

/// A new client with the first line of its answer; empty when it was closed without one.
async fn client(address: &str) -> (TcpStream, String) {
    let mut socket = TcpStream::connect(address).await.expect("somebody listens");
    socket.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").await.expect("sent");
    let mut answer = vec![0; 1024];
    let n = timeout(WAIT, socket.read(&mut answer)).await.expect("nobody is left standing").unwrap_or(0);
    let answer = String::from_utf8_lossy(&answer[..n]).into_owned();
    (socket, answer)
}

#[tokio::test]
async fn nobody_is_turned_away_while_one_has_room_and_nobody_hangs_when_none_has() {
    let (address, _shutdown) = start();
    let mut kept = Vec::new();
    for n in 0..SMALL + LARGE {
        let (socket, answer) = client(&address).await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "client {n}: {answer}");
        kept.push(socket);
        // Long enough for a full one to look at the queue many times while the other has room.
        sleep(Duration::from_millis(8)).await;
    }
    let began = Instant::now();
    let (_, answer) = client(&address).await;
    assert!(answer.starts_with("HTTP/1.1 503 ") && answer.contains("\r\nretry-after: "), "{answer}");
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());

    kept.truncate(SMALL + LARGE - 1);
    while !client(&address).await.1.starts_with("HTTP/1.1 200 ") {
        assert!(began.elapsed() < WAIT, "whoever has a place again takes the next");
        sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn a_crowd_before_full_houses_is_answered_or_closed() {
    let (address, _shutdown) = start();
    let mut kept = Vec::new();
    for _ in 0..SMALL + LARGE {
        kept.push(client(&address).await);
    }
    let crowd: Vec<_> = (0..300)
        .map(|_| {
            let address = address.clone();
            tokio::spawn(async move { client(&address).await.1 })
        })
        .collect();
    let mut polite = 0;
    for one in crowd {
        let answer = one.await.expect("answered or closed");
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 503 "), "{answer}");
        polite += usize::from(!answer.is_empty());
    }
    assert!(polite > 100, "only {polite} of 300 were told why");
}
