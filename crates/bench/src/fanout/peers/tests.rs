//! Each server is really started, and tells a subscriber what was published.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::StreamExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::*;
use crate::fanout::message::{Message, now};
use crate::fanout::peer::{Mode, Start};

const BYTES: usize = 600;
const WAIT_MAX: Duration = Duration::from_secs(10);

#[test]
fn what_is_missing_is_named_with_its_cure() {
    let missing = missing(Server::Halley, Path::new("/nowhere/perihelion")).expect("there is no such file");
    assert!(missing.contains("apt-get install") || missing.contains("cargo build"), "{missing}");
}

/// The product as it was built last, beside this test.
fn product() -> PathBuf {
    let test = std::env::current_exe().expect("a test has a file");
    test.ancestors().nth(2).expect("target/PROFILE/deps").join("perihelion")
}

/// Loudly, but no failure: a peer to be measured against is nothing that a checkout must have.
fn skipped(missing: &str) {
    // Past the test harness, which swallows what a passing test prints. A closed stderr is no reason to fail.
    std::io::stderr().write_all(format!("SKIPPED: {missing}\n").as_bytes()).ok();
}

async fn running(server: Server, mode: Mode) -> Option<Box<dyn Peer>> {
    let start = Start { mode, connections: 10, bytes: BYTES, threads: 1, cores: None, product: product() };
    if let Some(missing) = missing(server, &start.product) {
        skipped(&missing);
        return None;
    }
    Some(super::start(server, &start).await.expect("it starts"))
}

async fn ask(peer: &dyn Peer, headers: &str) -> TcpStream {
    let mut stream = TcpStream::connect(peer.address()).await.expect("it listens");
    let request = format!("GET {} HTTP/1.1\r\nHost: {}\r\n{headers}\r\n", peer.path(), peer.address());
    stream.write_all(request.as_bytes()).await.expect("asked");
    stream
}

/// Reads until `end` was read.
async fn read_until(stream: &mut TcpStream, end: &str) -> String {
    let mut read = Vec::new();
    let reading = async {
        while !String::from_utf8_lossy(&read).contains(end) {
            assert!(stream.read_buf(&mut read).await.expect("read") > 0, "it ended without {end:?}");
        }
    };
    tokio::time::timeout(WAIT_MAX, reading).await.unwrap_or_else(|_| panic!("no {end:?} came"));
    String::from_utf8(read).expect("text")
}

fn messages(numbers: std::ops::Range<u64>) -> Vec<Message> {
    numbers.map(|number| Message { number, due: now(), bytes: BYTES }).collect()
}

/// Events as they are published one by one and in a burst, each as long as was asked for.
async fn events_come(server: Server) {
    let Some(mut peer) = running(server, Mode::Events).await else { return };
    let mut stream = ask(&*peer, "Accept: text/event-stream\r\n").await;
    read_until(&mut stream, "\r\n\r\n").await;
    peer.publish(&messages(1..2)).await.expect("published");
    let mut read = read_until(&mut stream, "~00000001~~").await;
    peer.publish(&messages(2..10)).await.expect("published");
    read.push_str(&read_until(&mut stream, "~00000009~~").await);
    let data: Vec<&str> = read
        .lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .filter(|data| data.contains("~~"))
        .collect();
    for (number, data) in (1..).zip(&data[..8]) {
        assert_eq!(data.len(), BYTES, "{data}");
        assert!(data.contains(&format!("~~{number:08}~")), "{data}");
    }
    peer.stop().await.expect("it stops");
}

#[tokio::test]
async fn events_of_nchan_come_as_they_were_published() {
    events_come(Server::Nchan).await;
}

#[tokio::test]
async fn events_of_halley_come_as_they_were_published() {
    events_come(Server::Halley).await;
}

async fn frames_come(server: Server) {
    let Some(mut peer) = running(server, Mode::WebSocket).await else { return };
    let stream = TcpStream::connect(peer.address()).await.expect("it listens");
    let url = format!("ws://{}{}", peer.address(), peer.path());
    let (mut socket, _) = tokio_tungstenite::client_async(url, stream).await.expect("a WebSocket");
    peer.publish(&messages(1..4)).await.expect("published");
    let mut number = 1;
    while number < 4 {
        let message = tokio::time::timeout(WAIT_MAX, socket.next()).await.expect("in time").expect("open");
        let text = message.expect("a frame").into_text().expect("text");
        if text.contains("~~") {
            assert_eq!(text.len(), BYTES, "{text}");
            assert!(text.contains(&format!("~{number:08}~~")), "{text}");
            number += 1;
        }
    }
    peer.stop().await.expect("it stops");
}

#[tokio::test]
async fn frames_of_nchan_come_as_they_were_published() {
    frames_come(Server::Nchan).await;
}

#[tokio::test]
async fn frames_of_halley_come_as_they_were_published() {
    frames_come(Server::Halley).await;
}

#[tokio::test]
async fn a_poll_of_nchan_is_held_until_there_is_a_message() {
    let Some(mut peer) = running(Server::Nchan, Mode::Poll).await else { return };
    let mut stream = ask(&*peer, "").await;
    // It is held once the worker counts it; a message that comes before is no news to it.
    for number in 1.. {
        peer.publish(&messages(number..number + 1)).await.expect("published");
        let answered = tokio::time::timeout(Duration::from_millis(50), stream.readable()).await;
        if answered.is_ok() {
            break;
        }
        assert!(number < 100, "no poll was answered");
    }
    let answer = read_until(&mut stream, "~~\"}").await;
    assert!(answer.contains("Etag: ") && answer.contains("Last-Modified: "), "{answer}");
}

#[tokio::test]
async fn nothing_is_left_of_a_server_that_is_dropped() {
    let Some(peer) = running(Server::Nchan, Mode::Events).await else { return };
    let pids = peer.pids();
    assert!(pids.len() >= 2, "a master and a worker: {pids:?}");
    drop(peer);
    for pid in pids {
        assert!(!Path::new(&format!("/proc/{pid}")).exists(), "{pid} runs on");
    }
}

#[tokio::test]
async fn a_file_comes_byte_for_byte() {
    if let Some(missing) = nginx::missing(false) {
        skipped(&missing);
        return;
    }
    let bytes = b"whatever ".repeat(1000);
    let files = Files::start(&bytes, 1, None).await.expect("it starts");
    let mut stream = TcpStream::connect(files.address()).await.expect("it listens");
    let request = format!("GET {} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", Files::PATH);
    stream.write_all(request.as_bytes()).await.expect("asked");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.expect("answered");
    assert!(answer.starts_with(b"HTTP/1.1 200") && answer.ends_with(&bytes));
    files.stop().await.expect("it stops");
}
