//! Every bad input gets its clear error, and never a 500.

use std::time::{Duration, Instant};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{sleep, timeout},
};
use tokio_tungstenite::tungstenite::{Bytes, Message};

use crate::{
    clients::{Ws, get_json, http},
    stage::Stage,
};

#[tokio::test]
async fn a_bad_position_is_refused_in_one_shape_everywhere() {
    let stage = Stage::start().await;
    let huge = format!("{}1{}", stage.at(0), "0".repeat(30));
    let huge_epoch = format!("0.{}.1", "f".repeat(5000));
    let bad = [
        "abc",
        "-1",
        "1e9",
        "5",
        "",
        "0.zz.1",
        ".1",
        "0.ab.",
        "0.ab.-1",
        "%00",
        "0.ab.1%20",
        &huge,
        &huge_epoch,
    ];
    for after in bad {
        for way in ["poll", "sse", "ws"] {
            let (status, body) = get_json(&stage.url(&format!("{way}?after={after}"))).await;
            assert_eq!((status, &body["error"]), (400, &"bad_cursor".into()), "{way} {after}");
            assert!(
                body["message"].as_str().is_some_and(|m| m.len() > 20) && body["docs"] == "/live",
                "{body}"
            );
        }
    }
    let at = stage.at(0);
    let (status, body) = get_json(&stage.url(&format!("poll?after={at}&after={at}"))).await;
    assert_eq!((status, &body["error"]), (400, &"bad_cursor".into()));
    let last = http().get(stage.url("sse")).header("last-event-id", "seven").send().await.expect("an answer");
    assert_eq!(last.status(), 400);
}

#[tokio::test]
async fn unknown_events_and_chunks_are_404_and_methods_405_with_allow() {
    let stage = Stage::start().await;
    for rest in ["ws", "sse", "poll", "head.json", "chunk/0.json"] {
        let (status, body) = get_json(&format!("http://{}/live/nosuch/{rest}", stage.address)).await;
        assert_eq!((status, &body["error"]), (404, &"unknown_event".into()), "{rest}");
    }
    for file in ["x.json", "-1.json", "01.json", "99999999999999999999.json", "0"] {
        assert_eq!(get_json(&stage.url(&format!("chunk/{file}"))).await.1["error"], "bad_chunk", "{file}");
    }
    let posted = http().post(stage.url("poll")).send().await.expect("an answer");
    assert_eq!(
        (posted.status().as_u16(), posted.headers()["allow"].to_str().expect("text")),
        (405, "GET,HEAD")
    );
}

#[tokio::test]
async fn what_is_no_websocket_is_told_so() {
    let stage = Stage::start().await;
    let plain = http().get(stage.url("ws")).send().await.expect("an answer");
    assert_eq!(
        (plain.status().as_u16(), plain.headers()["upgrade"].to_str().expect("text")),
        (426, "websocket")
    );
    let head = format!(
        "GET /live/rustfest/ws HTTP/1.1\r\nhost: {}\r\nconnection: upgrade\r\nupgrade: websocket\r\n",
        stage.address
    );
    for rest in [
        "sec-websocket-version: 8\r\n\r\n",
        "sec-websocket-version: 13\r\n\r\n",
        "sec-websocket-version: 13\r\nsec-websocket-key: x\r\n\r\n",
    ] {
        let answer = raw(&stage, &format!("{head}{rest}")).await;
        assert!(answer.starts_with("HTTP/1.1 426 "), "{answer}");
    }
}

#[tokio::test]
async fn clients_that_talk_are_closed_with_the_reason() {
    let stage = Stage::start().await;
    let cases = [
        (Message::Binary(Bytes::from_static(b"\x00\x01")), 1003),
        (Message::text("x".repeat(5000)), 1009),
        (Message::Binary(Bytes::from(vec![0; 70_000])), 1009),
        (Message::text("{not json"), 4003),
        (Message::text(r#"{"hello":{}}"#), 4003),
    ];
    for (message, code) in cases {
        let mut ws = Ws::open(&stage, None).await;
        ws.object().await;
        ws.send(message.clone()).await;
        assert_eq!(ws.close_code().await, Some(code), "{message:?}");
    }
    let mut ws = Ws::open(&stage, None).await;
    ws.object().await;
    for _ in 0..60 {
        ws.send(Message::Ping(Bytes::new())).await;
    }
    assert_eq!(ws.close_code().await, Some(4029));
}

#[tokio::test]
async fn broken_frames_close_the_socket_and_nothing_else() {
    let stage = Stage::start().await;
    let mut neighbour = Ws::open(&stage, None).await;
    neighbour.object().await;
    for garbage in [
        &b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"[..],
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x81\x82\x00\x00\x00\x00\xff\xfe",
        b"\x81\x05hello",
    ] {
        let mut ws = Ws::open(&stage, None).await;
        ws.object().await;
        let mut socket = ws.into_inner();
        socket.write_all(garbage).await.expect("sent");
        let mut rest = Vec::new();
        let ended =
            tokio::time::timeout(std::time::Duration::from_secs(20), socket.read_to_end(&mut rest)).await;
        assert!(ended.is_ok(), "{garbage:?} left the socket open");
    }
    stage.post("still here").await;
    assert_eq!(neighbour.object().await["seq"], 1);
}

#[tokio::test]
async fn requests_that_two_parsers_may_read_differently_are_refused() {
    let stage = Stage::start().await;
    let line = "GET /live/rustfest/head.json HTTP/1.1\r\n";
    let host = format!("host: {}\r\n", stage.address);
    let cases = [
        (format!("{line}\r\n"), 400),
        (format!("{line}{host}{host}\r\n"), 400),
        (format!("{line}{host}content-length: 3\r\n\r\nabc"), 400),
        (format!("{line}{host}content-length: 0\r\ncontent-length: 5\r\n\r\n"), 400),
        (format!("{line}{host}content-length: 0, 0\r\n\r\n"), 400),
        (format!("{line}{host}host: elsewhere.example\r\n\r\n"), 400),
        (format!("{line}{host}transfer-encoding: chunked\r\n\r\n0\r\n\r\n"), 400),
        (format!("GET http://evil.example/live/rustfest/head.json HTTP/1.1\r\n{host}\r\n"), 400),
        (format!("{line}{host}x: {}\r\n\r\n", "y".repeat(20_000)), 431),
        (format!("{line}{host}{}\r\n", "x: y\r\n".repeat(80)), 431),
    ];
    for (request, status) in cases {
        let answer = raw(&stage, &request).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{status} for {request:.80}: {answer:.200}"
        );
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "one request, one answer");
    }
}

/// Also on a connection that has had a poll, which the shards gave back.
#[tokio::test]
async fn headers_that_take_too_long_end_the_connection() {
    let stage = Stage::start().await;
    stage.seen(stage.many(1).await).await;
    let whole =
        format!("GET /live/rustfest/poll?after={} HTTP/1.1\r\nhost: {}\r\n\r\n", stage.at(0), stage.address);
    let slow = async |before: &str| {
        let mut socket = TcpStream::connect(&stage.address).await.expect("halley listens");
        socket.write_all(before.as_bytes()).await.expect("sent");
        let (mut read, mut write) = socket.into_split();
        let began = Instant::now();
        let dripping = async {
            for byte in whole[..whole.len() - 1].bytes().cycle() {
                if write.write_all(&[byte]).await.is_err() {
                    break;
                }
                sleep(Duration::from_millis(250)).await;
            }
            std::future::pending::<()>().await;
        };
        let mut answers = Vec::new();
        tokio::select! {
            _closed_or_reset = timeout(Duration::from_secs(60), read.read_to_end(&mut answers)) => {}
            () = dripping => {}
        }
        let took = began.elapsed();
        assert!((Duration::from_secs(5)..Duration::from_secs(30)).contains(&took), "{took:?}");
        let answers = String::from_utf8_lossy(&answers).into_owned();
        assert_eq!(answers.matches(" 200 OK").count(), usize::from(!before.is_empty()), "{answers}");
    };
    tokio::join!(slow(""), slow(&whole));
}

async fn raw(stage: &Stage, request: &str) -> String {
    let mut socket = TcpStream::connect(&stage.address).await.expect("halley listens");
    socket.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = Vec::new();
    let first = socket.read_buf(&mut answer);
    let _answered = tokio::time::timeout(std::time::Duration::from_secs(60), first).await;
    let reading = socket.read_to_end(&mut answer);
    let _ended_or_kept = tokio::time::timeout(std::time::Duration::from_secs(1), reading).await;
    String::from_utf8_lossy(&answer).into_owned()
}
