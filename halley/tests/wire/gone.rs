//! Peers that are gone, whether they say so by half or not at all.

use std::time::{Duration, Instant};

use socket2::{SockFilter, SockRef};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{sleep, timeout},
};

use crate::{
    clients::ask,
    kernel::{ESTABLISHED, sockets_of},
    stage::{Stage, eventually},
};

const PATIENCE: Duration = Duration::from_secs(60);
/// The rule: who acknowledges nothing for so long is gone,
const SILENT_MAX: Duration = Duration::from_secs(30);
/// give or take a busy machine.
const SLACK: Duration = Duration::from_secs(10);
const WAYS: [&str; 3] = ["ws", "sse", "poll"];

/// A stream, or a held poll, that the server has taken in.
async fn open(stage: &Stage, way: &str) -> TcpStream {
    let mut socket = TcpStream::connect(&stage.address).await.expect("halley listens");
    ask(&mut socket, stage, way).await;
    if way == "poll" {
        // Nothing is said to it; it is known to be held when the status counts it.
        return socket;
    }
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(timeout(PATIENCE, socket.read_u8()).await.expect("an answer").expect("a byte"));
    }
    socket
}

/// How many streams and held polls halley counts.
async fn are_open(stage: &Stage, count: u64) {
    eventually("they are counted", async || {
        let statuses = stage.store.statuses().await.expect("the board");
        let record = statuses.iter().find(|(key, _)| key.starts_with("status:halley:"));
        record.is_some_and(|(_, record)| {
            let record: serde_json::Value = serde_json::from_str(record).expect("JSON");
            record["connections"] == count
        })
    })
    .await;
}

#[tokio::test]
async fn who_closes_one_half_is_let_go_at_once() {
    let stage = Stage::start().await;
    for way in WAYS {
        let mut socket = open(&stage, way).await;
        are_open(&stage, 1).await;
        socket.shutdown().await.expect("half of it closes");
        let mut rest = Vec::new();
        let began = Instant::now();
        timeout(PATIENCE, socket.read_to_end(&mut rest)).await.expect("closed").expect("in an orderly way");
        assert!(began.elapsed() < SLACK, "{way}: {:?}", began.elapsed());
        are_open(&stage, 0).await;
    }
}

/// From now on nothing reaches this end, not even an acknowledgement, and nothing is said about that: its cable is cut.
fn vanish(socket: &TcpStream) {
    /// BPF_RET | BPF_K: keep so many bytes of a packet.
    const KEEP: u16 = 0x06;
    SockRef::from(socket).attach_filter(&[SockFilter::new(KEEP, 0, 0, 0)]).expect("a filter");
}

#[tokio::test]
async fn who_vanishes_is_let_go_within_the_rules_time() {
    let stage = Stage::start().await;
    let mut sockets = Vec::new();
    for way in WAYS {
        sockets.push(open(&stage, way).await);
    }
    are_open(&stage, 3).await;
    sockets.iter().for_each(vanish);
    stage.post("to whom it may concern").await;
    let began = Instant::now();
    let ports: Vec<u16> = sockets.iter().map(|socket| socket.local_addr().expect("bound").port()).collect();
    let is_open = || {
        let all = sockets_of(&stage.address);
        ports.iter().any(|port| all.get(port).is_some_and(|socket| socket.state == ESTABLISHED))
    };
    while is_open() {
        assert!(began.elapsed() < SILENT_MAX + SLACK, "nobody noticed");
        sleep(Duration::from_millis(100)).await;
    }
    are_open(&stage, 0).await;
}
