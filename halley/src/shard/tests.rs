//! Real shards behind a real listener, on a channel that is filled by hand: the stop, the flood, the last answer.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use chassis::{Ending, Shutdown};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use self::rig::{Hall, PATIENCE, eventually};

mod clients;
mod property;
mod rig;

const UPGRADE: &str = "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
                       sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";

/// Sends a request and returns the socket.
async fn ask(hall: &Hall, way: &str, after: &str, fields: &str) -> TcpStream {
    let mut socket = TcpStream::connect(hall.address).await.expect("it listens");
    let head = format!("GET /{way}?after={after} HTTP/1.1\r\nhost: x\r\n{fields}\r\n");
    socket.write_all(head.as_bytes()).await.expect("sent");
    socket
}

/// Reads until these words came.
async fn until(socket: &mut TcpStream, words: &str) -> String {
    let mut read = Vec::new();
    let reading = async {
        while memchr::memmem::find(&read, words.as_bytes()).is_none() {
            assert_ne!(socket.read_buf(&mut read).await.expect("open"), 0, "{words} did not come");
        }
    };
    timeout(PATIENCE, reading).await.expect("in time");
    String::from_utf8_lossy(&read).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_waits_for_nobody_who_does_not_read_and_for_no_poll_between_two_requests() {
    let hall = Hall::open(1).await;
    hall.append(3, 600);
    let at = hall.at(3);
    let mut told = Vec::new();
    for way in ["ws", "sse", "poll"] {
        told.push(ask(&hall, way, &at, if way == "ws" { UPGRADE } else { "" }).await);
    }
    // One has had its answer and asks for nothing; two take nothing of what they asked for.
    let mut idle = ask(&hall, "poll", &hall.at(0), "").await;
    until(&mut idle, "}]}").await;
    let stuck = [ask(&hall, "ws", &hall.at(0), UPGRADE).await, ask(&hall, "sse", &hall.at(0), "").await];
    eventually("all are served", || hall.gate.open() == 5).await;
    for _ in 0..40 {
        hall.append(64, 4000);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let began = Instant::now();
    hall.shutdown.trigger();
    for mut socket in told {
        let mut read = Vec::new();
        timeout(PATIENCE, socket.read_to_end(&mut read)).await.expect("an end").expect("no reset");
        assert!(
            memchr::memmem::find(&read, b"retry_ms").is_some()
                || memchr::memmem::find(&read, b"200 OK").is_some()
        );
    }
    assert_eq!(hall.shutdown.finish().await, Ending::Clean);
    assert!(began.elapsed() < Duration::from_secs(9), "{:?}", began.elapsed());
    assert_eq!(hall.gate.open(), 0);
    drop((stuck, idle));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shard_that_meets_a_fault_lets_its_clients_go_and_serves_those_who_come_back() {
    let hall = Hall::open(1).await;
    hall.append(3, 60);
    let mut socket = ask(&hall, "ws", &hall.at(3), UPGRADE).await;
    until(&mut socket, "hello").await;
    hall.fail();
    let mut rest = Vec::new();
    let ended = timeout(PATIENCE, socket.read_to_end(&mut rest)).await.expect("an end");
    assert!(ended.is_err() || rest.is_empty(), "closed without a word");
    hall.append(1, 60);
    let mut again = ask(&hall, "ws", &hall.at(3), UPGRADE).await;
    until(&mut again, r#""seq":4"#).await;
    assert_eq!(hall.gate.open(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_floods_after_its_goodbye_is_cut_off_and_stops_nobody() {
    let hall = Hall::open(1).await;
    let at = hall.at(0);
    let mut other = ask(&hall, "sse", &at, "").await;
    until(&mut other, "hello").await;
    let mut socket = ask(&hall, "ws", &at, UPGRADE).await;
    until(&mut socket, "hello").await;
    let flood = tokio::spawn(async move {
        let garbage = vec![0xff_u8; 1 << 16];
        let mut sent = 0_usize;
        while socket.write_all(&garbage).await.is_ok() && sent < 1 << 30 {
            sent += garbage.len();
        }
        sent
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    hall.append(1, 10);
    until(&mut other, "\"seq\":1,").await;
    let sent = timeout(PATIENCE, flood).await.expect("it ends").expect("no panic");
    assert!(sent < 32 << 20, "{sent} bytes were taken");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_last_answer_is_followed_by_no_other_and_by_an_end() {
    let hall = Hall::open(1).await;
    hall.append(2, 10);
    let mut socket = ask(&hall, "poll", &hall.at(0), "connection: close\r\n").await;
    let again = format!("GET /poll?after={} HTTP/1.1\r\nhost: x\r\n\r\n", hall.at(1));
    socket.write_all(again.as_bytes()).await.expect("sent");
    let mut read = Vec::new();
    timeout(PATIENCE, socket.read_to_end(&mut read)).await.expect("an end").expect("no reset");
    let read = String::from_utf8(read).expect("text");
    assert!(read.contains("\r\nconnection: close\r\n") && read.matches("HTTP/1.1 ").count() == 1, "{read}");
    assert_eq!(hall.gate.open(), 0);
    // What still comes is heard out as long as any goodbye is, and neither read as a request nor waited for like one.
    let began = Instant::now();
    while socket.write_all(b"x").await.is_ok() && began.elapsed() < PATIENCE {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let heard_out = began.elapsed();
    assert!((Duration::from_secs(1)..Duration::from_secs(8)).contains(&heard_out), "{heard_out:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poll_whose_log_is_not_read_in_time_is_told_so_and_may_ask_on_the_same_connection() {
    let hall = Hall::unread(1).await;
    let mut socket = ask(&hall, "poll", "0.a.1", "").await;
    let answer = until(&mut socket, "\"}").await;
    assert!(answer.starts_with("HTTP/1.1 503 ") && answer.contains("not_ready"), "{answer}");
    socket.write_all(b"GET /poll?after=0.a.1 HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("sent");
    assert!(until(&mut socket, "\"}").await.contains("not_ready"));
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_that_came_with_the_end_of_an_event_do_not_hide_it() {
    let hall = Hall::open(1).await;
    let mut socket = ask(&hall, "sse", &hall.at(0), "").await;
    until(&mut socket, "hello").await;
    let began = Instant::now();
    // Both before the shard has looked, most of the time.
    hall.append(1, 10);
    hall.channel.close();
    until(&mut socket, "bye").await;
    assert!(began.elapsed() < Duration::from_secs(10), "it came with a beat");
}

#[tokio::test]
async fn a_connection_for_a_shard_that_has_ended_is_closed() {
    let hall = Hall::open(1).await;
    let shutdown = Shutdown::new();
    let shards =
        super::Shards::start(1, super::Rules::usual(Duration::from_secs(1)), &shutdown).expect("threads");
    shutdown.trigger();
    assert_eq!(shutdown.finish().await, Ending::Clean);
    let late = Hall::on(hall.channel.clone(), shards).await;
    let mut socket = ask(&late, "sse", "0.a.1", "").await;
    let mut read = Vec::new();
    let read = timeout(PATIENCE, socket.read_to_end(&mut read)).await.expect("an end, at once");
    assert!(matches!(read, Ok(0) | Err(_)));
    assert_eq!(late.gate.open(), 0);
    let _held = Arc::clone(&hall.channel);
}
