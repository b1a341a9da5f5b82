//! Clients that do not read, ask for everything, or come in floods: they cost the others nothing.

use std::time::{Duration, Instant};

use halley::Config;
use tokio::{io::AsyncReadExt, net::TcpStream};

use crate::{
    clients::{Sse, Ws, ask, http},
    stage::Stage,
};

/// Opens a stream and never reads it.
async fn deaf(stage: &Stage, way: &str) -> TcpStream {
    let mut socket = TcpStream::connect(&stage.address).await.expect("halley listens");
    ask(&mut socket, stage, way).await;
    socket
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_clients_that_do_not_read_slow_nobody() {
    let stage = Stage::with(Config { ring_entries_max: 512, ..Config::default() }).await;
    let mut ws = Ws::open(&stage, None).await;
    let mut sse = Sse::open(&stage, None, None).await;
    ws.object().await;
    sse.event().await;
    let alone = p95(&stage, &mut ws, &mut sse, 1..=100).await;
    let mut deaf_sockets = Vec::new();
    for n in 0..100 {
        deaf_sockets.push(deaf(&stage, if n % 2 == 0 { "ws" } else { "sse" }).await);
    }
    let among_deaf = p95(&stage, &mut ws, &mut sse, 101..=400).await;
    let allowed = (alone * 5).max(Duration::from_millis(200));
    assert!(among_deaf < allowed, "p95 {among_deaf:?}, alone {alone:?}");
    drop(deaf_sockets);
}

/// Posts one entry after the other; how long both clients waited for one, in all but the slowest 5 %.
async fn p95(stage: &Stage, ws: &mut Ws, sse: &mut Sse, seqs: std::ops::RangeInclusive<u64>) -> Duration {
    let long = "x".repeat(4000);
    let mut waits = Vec::new();
    for seq in seqs {
        stage.post(&long).await;
        let committed = Instant::now();
        assert_eq!(ws.object().await["seq"], seq);
        assert_eq!(sse.event().await.data["seq"], seq);
        waits.push(committed.elapsed());
    }
    waits.sort();
    waits[waits.len() * 95 / 100]
}

#[tokio::test]
async fn everything_again_and_again_is_answered_429_with_the_limit() {
    let stage = Stage::start().await;
    stage.seen(stage.posts(&["x".repeat(8000).as_str(); 128]).await).await;
    let client = http();
    let mut refused = None;
    for _ in 0..200 {
        let answer = client
            .get(stage.url("chunk/0.json"))
            .header("accept-encoding", "identity")
            .send()
            .await
            .expect("an answer");
        if answer.status() == 429 {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.expect("500 KiB again and again is too much");
    assert!(refused.headers()["retry-after"].to_str().expect("text").parse::<u64>().expect("seconds") >= 1);
    let body: serde_json::Value =
        serde_json::from_slice(&refused.bytes().await.expect("a body")).expect("JSON");
    assert_eq!((&body["error"], &body["limit"]), (&"rate".into(), &"address_rate".into()));
}

#[tokio::test]
async fn more_streams_than_allowed_are_turned_away_politely() {
    let stage = Stage::with(Config { connections_max: 6, ..Config::default() }).await;
    let mut open = Vec::new();
    for _ in 0..3 {
        open.push(Sse::open(&stage, None, None).await);
    }
    let full = http().get(stage.url("sse")).send().await.expect("an answer");
    assert_eq!(full.status(), 503);
    assert!(full.headers().contains_key("retry-after"));
    drop(open);
    crate::stage::eventually("there is room again", async || {
        http().get(stage.url("sse")).send().await.expect("an answer").status() == 200
    })
    .await;
}

#[tokio::test]
async fn more_connections_than_allowed_get_a_503_before_they_ask() {
    let stage = Stage::with(Config { connections_max: 1, ..Config::default() }).await;
    let mut idle = Vec::new();
    for _ in 0..65 {
        idle.push(TcpStream::connect(&stage.address).await.expect("halley listens"));
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    let mut one_more = TcpStream::connect(&stage.address).await.expect("the kernel accepts");
    let mut answer = String::new();
    one_more.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 503 ") && answer.contains("retry-after: "), "{answer}");
}
