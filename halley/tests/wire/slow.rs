//! Clients that stop reading: what they hold of us, when they are let go, and what they find when they read at last.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use tokio::{
    io::AsyncReadExt,
    net::{TcpSocket, TcpStream},
    task::JoinHandle,
    time::{sleep, timeout},
};

use crate::{
    clients::{Sse, Ws, ask},
    kernel::{FIN_WAIT1, sockets_of},
    stage::Stage,
};

/// A third of them on each of the three ways.
const STUCK: usize = 102;
const WAYS: [&str; 3] = ["ws", "sse", "poll"];
const PATIENCE: Duration = Duration::from_secs(60);
/// The rule: who takes nothing for so long is told why and closed.
const WRITE_WAIT: Duration = Duration::from_secs(15);
/// What a busy machine may add to it.
const SLACK: Duration = Duration::from_secs(10);
/// What we hold at most for one of them, in bytes.
const HELD_BYTES_MAX: usize = 32 * 1024;

/// Opens a stream, with as much room on the client's side as usual or with little, and does not read it.
async fn deaf(stage: &Stage, way: &str, has_room: bool) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    if !has_room {
        socket.set_recv_buffer_size(4096).expect("smaller");
    }
    let mut socket = socket.connect(stage.address.parse().expect("bound")).await.expect("halley listens");
    ask(&mut socket, stage, way).await;
    socket
}

/// Reads a socket to its end; the bytes behind the head.
async fn to_the_end(mut socket: TcpStream) -> Vec<u8> {
    let mut all = Vec::new();
    let read = timeout(PATIENCE, socket.read_to_end(&mut all)).await.expect("an end");
    read.expect("an orderly end, and no reset");
    let head = all.windows(4).position(|four| four == b"\r\n\r\n").expect("a head") + 4;
    all.split_off(head)
}

/// The frames of a WebSocket: first byte and payload; nothing is left over.
fn frames(mut bytes: &[u8]) -> Vec<(u8, &[u8])> {
    let mut frames = Vec::new();
    while !bytes.is_empty() {
        let (skip, size) = match bytes[1] {
            126 => (4, usize::from(u16::from_be_bytes([bytes[2], bytes[3]]))),
            127 => panic!("no entry is that long"),
            size => (2, usize::from(size)),
        };
        let (frame, rest) = bytes.split_at(skip + size);
        frames.push((frame[0], &frame[skip..]));
        bytes = rest;
    }
    frames
}

/// Every entry from the first on, each once; then the reason, and nothing behind it.
fn entries_then_lag<'a>(objects: impl Iterator<Item = &'a [u8]>) {
    let objects: Vec<serde_json::Value> =
        objects.map(|object| serde_json::from_slice(object).expect("whole JSON")).collect();
    let (bye, before) = objects.split_last().expect("objects");
    assert_eq!(bye["bye"]["why"], "lag", "{bye}");
    assert!(bye["bye"]["retry_ms"].as_u64().is_some_and(|ms| ms >= 100), "{bye}");
    let seqs: Vec<u64> = before.iter().filter_map(|object| object["seq"].as_u64()).collect();
    assert!(!seqs.is_empty() && seqs.iter().copied().eq(1..=seqs.len() as u64), "{seqs:?}");
}

/// A client that reads.
enum Reader {
    Ws(Ws),
    Sse(Sse),
}

impl Reader {
    /// Reads on to the entry `last`; when each came.
    async fn all_until(mut self, last: u64) -> Vec<Instant> {
        let mut came = Vec::new();
        while (came.len() as u64) < last {
            let object = match &mut self {
                Self::Ws(ws) => ws.object().await,
                Self::Sse(sse) => sse.event().await.data,
            };
            if let Some(seq) = object["seq"].as_u64() {
                assert_eq!(seq, came.len() as u64 + 1, "lost, doubled or out of order");
                came.push(Instant::now());
            }
        }
        came
    }
}

/// Clients that read, among those that do not.
async fn readers(stage: &Stage, last: u64) -> Vec<JoinHandle<Vec<Instant>>> {
    let at = stage.at(0);
    let mut readers = Vec::new();
    for _ in 0..5 {
        let ws = Reader::Ws(Ws::open(stage, Some(&at)).await);
        let sse = Reader::Sse(Sse::open(stage, Some(&at), None).await);
        readers.extend([ws, sse].map(|reader| tokio::spawn(reader.all_until(last))));
    }
    readers
}

/// How long all readers waited for these entries, in all but the slowest 5 %.
fn p95(posted: &[Instant], came: &[Vec<Instant>], entries: std::ops::Range<usize>) -> Duration {
    let waits = came.iter().flat_map(|came| entries.clone().map(|n| came[n].duration_since(posted[n])));
    let mut waits: Vec<Duration> = waits.collect();
    waits.sort();
    waits[waits.len() * 95 / 100]
}

/// Posts one entry after the other; when each was committed.
async fn post(stage: &Stage, words: &str, count: usize, pause: Duration) -> Vec<Instant> {
    let mut posted = Vec::new();
    for _ in 0..count {
        stage.post(words).await;
        posted.push(Instant::now());
        sleep(pause).await;
    }
    posted
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_stops_reading_holds_little_is_let_go_in_time_and_finds_the_reason_when_reading_at_last() {
    const BEFORE: usize = 50;
    const FILL: usize = 100;
    const AMONG: usize = 150;
    let pause = Duration::from_millis(20);
    let stage = Stage::start().await;
    let readers = readers(&stage, (BEFORE + FILL + AMONG) as u64).await;
    let words = "x".repeat(600);
    let mut posted = post(&stage, &words, BEFORE, pause).await;
    let mut deaf_sockets = Vec::new();
    for n in 0..STUCK {
        deaf_sockets.push(deaf(&stage, WAYS[n % 3], n % 2 == 0 && n % 3 < 2).await);
    }
    let ours =
        deaf_sockets.iter().map(|socket| socket.local_addr().expect("bound").port()).collect::<Vec<_>>();
    let began = Instant::now();
    let burst = vec!["y".repeat(6000); 10];
    for _ in 0..FILL / burst.len() {
        stage.posts(&burst.iter().map(String::as_str).collect::<Vec<_>>()).await;
        posted.extend([Instant::now()].repeat(burst.len()));
        sleep(pause).await;
    }
    let filled = Instant::now();
    posted.extend(post(&stage, &words, AMONG, pause).await);

    let (mut held, mut gone) = (0, HashMap::new());
    while gone.len() < STUCK {
        assert!(filled.elapsed() < WRITE_WAIT + SLACK, "{} of {STUCK} were let go", gone.len());
        let all = sockets_of(&stage.address);
        for socket in ours.iter().filter_map(|port| all.get(port)) {
            if socket.state == FIN_WAIT1 {
                gone.entry(socket.peer_port).or_insert_with(|| began.elapsed());
            } else {
                held = held.max(socket.unacknowledged_bytes);
            }
        }
        sleep(Duration::from_millis(100)).await;
    }
    assert!(gone.values().all(|after| *after >= WRITE_WAIT - Duration::from_secs(1)), "too early: {gone:?}");
    assert!(held <= HELD_BYTES_MAX, "{held} bytes are held for one who does not read");

    for (n, socket) in deaf_sockets.into_iter().enumerate() {
        if n % 3 == 2 {
            // An answer that was begun cannot be taken back, and nothing can follow it.
            continue;
        }
        let bytes = to_the_end(socket).await;
        if n % 3 == 0 {
            let frames = frames(&bytes);
            let (last, texts) = frames.split_last().expect("frames");
            assert_eq!((last.0, u16::from_be_bytes([last.1[0], last.1[1]])), (0x88, 4001));
            assert!(texts.iter().all(|(first, _)| *first == 0x81));
            entries_then_lag(texts.iter().map(|(_, payload)| *payload));
        } else {
            let text = std::str::from_utf8(&bytes).expect("whole characters");
            let events = text.strip_suffix("\n\n").expect("whole events").split("\n\n");
            let data = events.map(|event| event.lines().find_map(|line| line.strip_prefix("data: ")));
            entries_then_lag(data.map(|data| data.expect("data").as_bytes()));
        }
    }
    let mut came = Vec::new();
    for reader in readers {
        came.push(reader.await.expect("everything came"));
    }
    let alone = p95(&posted, &came, 0..BEFORE);
    let among = p95(&posted, &came, BEFORE + FILL..BEFORE + FILL + AMONG);
    println!(
        "held {held} bytes; let go after {:?} to {:?}; p95 {alone:?} before, {among:?} among them",
        gone.values().min(),
        gone.values().max()
    );
    assert!(among < (alone * 5).max(Duration::from_millis(200)), "p95 {among:?}, before {alone:?}");
}
