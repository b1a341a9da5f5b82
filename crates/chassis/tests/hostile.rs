//! Requests that try to be read twice, to never end, or to be too much: one honest answer over a raw socket, or none, and the connection ends.

use std::time::{Duration, Instant};

use axum::{Router, body::Bytes, routing::get};
use chassis::{
    Shutdown,
    http::{Hosts, Limits, serve},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket, TcpStream},
    time::{sleep, timeout},
};

const SHORT: Duration = Duration::from_millis(400);
const WAIT: Duration = Duration::from_secs(60);
/// A second request, hidden where only another parser would find it.
const HIDDEN: &str = "GET /hidden HTTP/1.1\r\nhost: localhost\r\n\r\n";

async fn start() -> (String, Shutdown) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound").to_string();
    let shutdown = Shutdown::new();
    let routes = Router::new()
        .route("/", get(async || "hello").post(async |body: Bytes| body.len().to_string()))
        .route("/hidden", get(async || "smuggled"));
    let hosts = Hosts::known(["live.example.org"]).into();
    let limits = Limits { header_read_wait: SHORT, hosts, ..Limits::default() };
    shutdown.spawn(serve(listener, routes, limits, shutdown.clone()));
    (address, shutdown)
}

/// Everything that comes until the other side closes; a reset is an end, too.
async fn all(socket: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let reading = socket.read_to_end(&mut answer);
    let _closed_or_reset = timeout(WAIT, reading).await.expect("closed in time");
    String::from_utf8_lossy(&answer).into_owned()
}

async fn ask(address: &str, sent: &[u8]) -> String {
    let mut socket = TcpStream::connect(address).await.expect("somebody listens");
    socket.write_all(sent).await.expect("sent");
    all(&mut socket).await
}

fn status(answer: &str) -> u16 {
    let code = answer.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3));
    code.and_then(|code| code.parse().ok()).unwrap_or_default()
}

#[tokio::test]
async fn what_two_parsers_may_read_differently_gets_one_answer_and_nothing_behind_it_is_read() {
    let (address, _shutdown) = start().await;
    let host = "host: localhost\r\n";
    let post = format!("POST / HTTP/1.1\r\n{host}");
    let cases = [
        ("no host", "GET / HTTP/1.1\r\n\r\n".to_owned(), 400),
        ("two hosts", format!("GET / HTTP/1.1\r\n{host}{host}\r\n"), 400),
        ("two different hosts", format!("GET / HTTP/1.1\r\n{host}host: live.example.org\r\n\r\n"), 400),
        (
            "an absolute address of another host",
            format!("GET http://evil.example/ HTTP/1.1\r\n{host}\r\n"),
            400,
        ),
        ("somebody else's host", "GET / HTTP/1.1\r\nhost: evil.example\r\n\r\n".to_owned(), 421),
        ("two lengths", format!("{post}content-length: 0\r\ncontent-length: 5\r\n\r\n"), 400),
        ("a list of lengths", format!("{post}content-length: 0, 0\r\n\r\n"), 400),
        ("a signed length", format!("{post}content-length: +0\r\n\r\n"), 400),
        ("a length beyond numbers", format!("{post}content-length: 99999999999999999999999\r\n\r\n"), 400),
        // The length does not count, and nothing more is read: RFC 9112, section 6.3.
        (
            "a length and chunks",
            format!("{post}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"),
            200,
        ),
        (
            "chunks and a length",
            format!("{post}transfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n0\r\n\r\n"),
            200,
        ),
        (
            "chunked twice",
            format!("{post}transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"),
            400,
        ),
        ("chunked in a list", format!("{post}transfer-encoding: identity, chunked\r\n\r\n0\r\n\r\n"), 400),
        ("an unknown coding", format!("{post}transfer-encoding: xchunked\r\n\r\n"), 400),
        ("chunked and then something", format!("{post}transfer-encoding: chunked, identity\r\n\r\n"), 400),
        (
            "chunked in HTTP/1.0",
            format!("POST / HTTP/1.0\r\n{host}transfer-encoding: chunked\r\n\r\n0\r\n\r\n"),
            400,
        ),
        ("a body where none belongs", format!("GET / HTTP/1.1\r\n{host}content-length: 2\r\n\r\n"), 400),
        ("a space before the colon", format!("GET / HTTP/1.1\r\n{host}a : b\r\n\r\n"), 400),
        ("a folded line", format!("GET / HTTP/1.1\r\n{host}a: b\r\n c\r\n\r\n"), 400),
        ("a NUL", format!("GET / HTTP/1.1\r\n{host}a: b\0c\r\n\r\n"), 400),
        ("a bare CR", format!("GET / HTTP/1.1\r\n{host}a: b\rc: d\r\n\r\n"), 400),
        ("no version", "GET /\r\n\r\n".to_owned(), 400),
        ("TLS", "\x16\x03\x01\x02\0\x01\0\x01\r\n\r\n".to_owned(), 400),
        (
            "a broken chunk size",
            format!("{post}transfer-encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n"),
            400,
        ),
    ];
    for (what, head, expected) in cases {
        let answer = ask(&address, format!("{head}{HIDDEN}").as_bytes()).await;
        assert_eq!(status(&answer), expected, "{what}: {answer}");
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{what}: one answer at most: {answer}");
        assert!(!answer.contains("smuggled"), "{what}: {answer}");
    }
}

/// RFC 9110, section 8.6, leaves it to the recipient; hyper makes one of them, and framing has one meaning either way.
#[tokio::test]
async fn the_same_length_twice_is_that_length() {
    let (address, _shutdown) = start().await;
    let twice = "content-length: 2\r\ncontent-length: 2\r\n";
    let sent = format!("POST / HTTP/1.1\r\nhost: localhost\r\n{twice}connection: close\r\n\r\nhi{HIDDEN}");
    let answer = ask(&address, sent.as_bytes()).await;
    assert!(status(&answer) == 200 && answer.ends_with("\r\n\r\n2"), "{answer}");
}

#[tokio::test]
async fn header_bombs_of_every_shape_are_431() {
    let (address, _shutdown) = start().await;
    let head = "GET / HTTP/1.1\r\nhost: localhost\r\n";
    let bombs = [
        ("many lines", format!("{head}{}\r\n", "a: b\r\n".repeat(65))),
        ("a long line", format!("{head}a: {}\r\n\r\n", "b".repeat(20 << 10))),
        ("a long name", format!("{head}{}: b\r\n\r\n", "a".repeat(20 << 10))),
        ("a line without an end", format!("{head}a: {}", "b".repeat(1 << 20))),
    ];
    for (what, bomb) in bombs {
        let mut socket = TcpStream::connect(&address).await.expect("somebody listens");
        // Cut off as soon as it is too much.
        let _sent_or_refused = socket.write_all(bomb.as_bytes()).await;
        let answer = all(&mut socket).await;
        assert_eq!(status(&answer), 431, "{what}: {answer}");
    }
    let long = format!("GET /{} HTTP/1.1\r\nhost: localhost\r\n\r\n", "a".repeat(20 << 10));
    let answer = ask(&address, long.as_bytes()).await;
    assert!(matches!(status(&answer), 414 | 431), "an endless address: {answer}");
}

#[tokio::test]
async fn who_says_too_much_is_heard_out_and_hears_why() {
    let (address, _shutdown) = start().await;
    let post = "POST / HTTP/1.1\r\nhost: localhost\r\n";
    let much = "b".repeat(500 << 10);
    let cases = [
        (format!("GET / HTTP/1.1\r\nhost: localhost\r\na: {much}\r\n\r\n"), 431),
        (format!("{post}content-length: {}\r\n\r\n{much}", much.len()), 413),
        (format!("{post}transfer-encoding: chunked\r\n\r\n{:x}\r\n{much}\r\n0\r\n\r\n", much.len()), 413),
        (format!("GET / HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\n\r\n{much}", much.len()), 400),
    ];
    for (sent, expected) in cases {
        let socket = TcpSocket::new_v4().expect("a socket");
        // Otherwise the kernel swallows everything at once, whatever the other side does.
        socket.set_send_buffer_size(16 << 10).expect("smaller");
        let mut socket = socket.connect(address.parse().expect("bound")).await.expect("somebody listens");
        socket.write_all(sent.as_bytes()).await.expect("sent to the last byte");
        let mut answer = String::new();
        let read = timeout(WAIT, socket.read_to_string(&mut answer)).await.expect("closed in time");
        assert!(read.is_ok() && status(&answer) == expected, "{expected}: {read:?}: {answer}");
    }
}

#[tokio::test]
async fn headers_that_come_a_byte_at_a_time_are_cut_off_in_time() {
    let (address, shutdown) = start().await;
    for head in ["GET / HTTP/1.1\r\nhost: localhost\r\na: ", "\r\n\r\n\r\n", "G"] {
        let (mut read, mut write) =
            TcpStream::connect(&address).await.expect("somebody listens").into_split();
        write.write_all(head.as_bytes()).await.expect("sent");
        let began = Instant::now();
        let dripping = async {
            while write.write_all(b"b").await.is_ok() {
                sleep(SHORT / 10).await;
            }
            std::future::pending::<()>().await;
        };
        let mut answer = Vec::new();
        tokio::select! {
            _closed_or_reset = timeout(WAIT, read.read_to_end(&mut answer)) => {}
            () = dripping => {}
        }
        let took = began.elapsed();
        assert!(took >= SHORT / 2 && took < SHORT * 10, "{head:?}: {took:?}");
        assert!(!String::from_utf8_lossy(&answer).contains(" 200 "), "{head:?}");
    }
    let mut left = 1000;
    while shutdown.tasks() > 1 && left > 0 {
        sleep(Duration::from_millis(20)).await;
        left -= 1;
    }
    assert_eq!(shutdown.tasks(), 1, "only the listener is left");
}
