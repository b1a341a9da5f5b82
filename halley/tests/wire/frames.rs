//! WebSocket frames byte by byte over a bare socket: every mistake gets the close code that RFC 6455 asks for, and compression is what
//! RFC 7692 says.

use std::time::Duration;

use flate2::{Decompress, FlushDecompress};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::{
    clients::Ws,
    stage::{SLUG, Stage},
};

const PATIENCE: Duration = Duration::from_secs(60);
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
const TEXT: u8 = 0x81;
const DEFLATED: u8 = 0xc1;
const CLOSE: u8 = 0x88;
const PONG: u8 = 0x8a;

/// A client that writes and reads bytes.
struct Bare {
    socket: TcpStream,
    /// What was answered to the handshake.
    head: String,
}

impl Bare {
    async fn open(stage: &Stage, after: u64, offer: &str) -> Self {
        Self::open_and(stage, after, offer, b"").await
    }

    /// Opens it, with these bytes right behind the handshake.
    async fn open_and(stage: &Stage, after: u64, offer: &str, early: &[u8]) -> Self {
        let mut socket = TcpStream::connect(&stage.address).await.expect("halley listens");
        let request = format!(
            "GET /live/{SLUG}/ws?after={} HTTP/1.1\r\nhost: {}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
             sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n{offer}\r\n",
            stage.at(after),
            stage.address
        );
        socket.write_all(&[request.as_bytes(), early].concat()).await.expect("sent");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(timeout(PATIENCE, socket.read_u8()).await.expect("an answer").expect("a byte"));
        }
        Self { socket, head: String::from_utf8(head).expect("ASCII") }
    }

    async fn write(&mut self, bytes: &[u8]) {
        self.socket.write_all(bytes).await.expect("sent");
    }

    /// The next frame: its first byte and its payload.
    async fn frame(&mut self) -> (u8, Vec<u8>) {
        let reading = async {
            let first = self.socket.read_u8().await.expect("a frame");
            let size = match self.socket.read_u8().await.expect("a length") {
                126 => usize::from(self.socket.read_u16().await.expect("a length")),
                size => usize::from(size),
            };
            let mut payload = vec![0; size];
            self.socket.read_exact(&mut payload).await.expect("a payload");
            (first, payload)
        };
        timeout(PATIENCE, reading).await.expect("a frame within a minute")
    }

    /// Reads on to the server's close: its code, if it has one. Then the connection ends.
    async fn closed(&mut self) -> Option<u16> {
        loop {
            let (first, payload) = self.frame().await;
            if first == CLOSE {
                let mut rest = Vec::new();
                let ended = timeout(PATIENCE, self.socket.read_to_end(&mut rest)).await;
                assert_eq!(
                    (ended.expect("an end").ok(), rest.len()),
                    (Some(0), 0),
                    "nothing follows a close"
                );
                return payload.first_chunk().map(|code| u16::from_be_bytes(*code));
            }
        }
    }
}

fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    match payload.len() {
        size @ 0..126 => bytes.push(0x80 | size as u8),
        size => {
            bytes.push(0x80 | 126);
            bytes.extend((size as u16).to_be_bytes());
        }
    }
    bytes.extend(MASK);
    bytes.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    bytes
}

#[tokio::test]
async fn every_mistake_gets_its_close_code_and_hurts_nobody_else() {
    let stage = Stage::start().await;
    let mut neighbour = Ws::open(&stage, None).await;
    neighbour.object().await;
    let cases = [
        ("text", frame(TEXT, br#"{"hello":{}}"#), 4003),
        ("text in two frames", [frame(0x01, b"{"), frame(0x80, b"}")].concat(), 4003),
        ("binary", frame(0x82, b"\x00\x01"), 1003),
        ("4097 bytes", frame(TEXT, &[b'x'; 4097]), 1009),
        ("4097 bytes in two frames", [frame(0x01, &[b'x'; 4000]), frame(0x80, &[b'x'; 97])].concat(), 1009),
        ("the largest text that is read", frame(TEXT, &[b'x'; 4096]), 4003),
        ("an empty text", frame(TEXT, b""), 4003),
        ("a length with its top bit set", vec![TEXT, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 1, 1, 2, 3, 4], 1009),
        ("a terabyte to come", vec![TEXT, 0xff, 0, 0, 1, 0, 0, 0, 0, 0, 1, 2, 3, 4], 1009),
        ("broken UTF-8", frame(TEXT, b"\xff\xfe"), 1007),
        ("a character cut by the end", [frame(0x01, b"\xf0\x9f"), frame(0x80, b"\x91")].concat(), 1007),
        ("unmasked", b"\x81\x05hello".to_vec(), 1002),
        ("reserved bit 1", frame(0xc1, b"x"), 1002),
        ("reserved bit 2", frame(0xa1, b"x"), 1002),
        ("reserved bit 3", frame(0x91, b"x"), 1002),
        ("reserved opcode", frame(0x83, b"x"), 1002),
        ("reserved control opcode", frame(0x8f, b""), 1002),
        ("fragmented ping", frame(0x09, b"x"), 1002),
        ("long ping", frame(0x89, &[0; 126]), 1002),
        ("continuation of nothing", frame(0x80, b"x"), 1002),
        ("message within a message", [frame(0x01, b"x"), frame(0x01, b"y")].concat(), 1002),
        ("close of one byte", frame(CLOSE, b"\x03"), 1002),
        ("close with a code that nobody may send", frame(CLOSE, &1005u16.to_be_bytes()), 1002),
        ("close with code 999", frame(CLOSE, &999u16.to_be_bytes()), 1002),
        ("close with code 1004", frame(CLOSE, &1004u16.to_be_bytes()), 1002),
        ("close with code 1006", frame(CLOSE, &1006u16.to_be_bytes()), 1002),
        ("close with code 1015", frame(CLOSE, &1015u16.to_be_bytes()), 1002),
        ("close with code 1016", frame(CLOSE, &1016u16.to_be_bytes()), 1002),
        ("close with code 2999", frame(CLOSE, &2999u16.to_be_bytes()), 1002),
        ("close with code 5000", frame(CLOSE, &5000u16.to_be_bytes()), 1002),
        ("long close", frame(CLOSE, &[b"\x03\xe8", &[b'x'; 124][..]].concat()), 1002),
        ("fragmented close", frame(0x08, b"\x03\xe8"), 1002),
        ("close with a broken reason", frame(CLOSE, b"\x03\xe8\xff"), 1007),
        ("HTTP", b"GET / HTTP/1.1\r\n\r\n".to_vec(), 1002),
        ("empty continuations without end", [frame(0x01, b""), frame(0x00, b"").repeat(40)].concat(), 4029),
    ];
    for (name, bytes, code) in cases {
        for is_in_pieces in [false, true] {
            let mut bare = Bare::open(&stage, 0, "").await;
            if is_in_pieces && bytes.len() < 200 {
                bare.socket.set_nodelay(true).expect("an option");
                for byte in &bytes {
                    // The server may have closed before the last of them.
                    let _sent_or_closed = bare.socket.write_all(&[*byte]).await;
                }
            } else {
                bare.write(&bytes).await;
            }
            assert_eq!(bare.closed().await, Some(code), "{name}, in pieces: {is_in_pieces}");
        }
    }
    stage.post("still here").await;
    assert_eq!(neighbour.object().await["seq"], 1);
}

#[tokio::test]
async fn pings_are_answered_and_a_clients_close_comes_back() {
    let stage = Stage::start().await;
    let mut bare = Bare::open(&stage, 0, "").await;
    assert_eq!(bare.frame().await.0, TEXT, "the hello");
    let all = [frame(0x89, b"one"), frame(0x8a, b"nobody asked"), frame(0x89, &[7; 125])].concat();
    for piece in all.chunks(7) {
        bare.write(piece).await;
    }
    assert_eq!(bare.frame().await, (PONG, b"one".to_vec()));
    assert_eq!(bare.frame().await, (PONG, vec![7; 125]));
    bare.write(&frame(CLOSE, b"\x0f\xa0I have seen enough")).await;
    assert_eq!(bare.closed().await, Some(4000));
    let mut bare = Bare::open(&stage, 0, "").await;
    bare.write(&frame(CLOSE, b"")).await;
    assert_eq!(bare.closed().await, None);
}

#[tokio::test]
async fn what_is_said_with_the_handshake_or_within_a_message_is_heard_in_its_turn() {
    let stage = Stage::start().await;
    let mut bare = Bare::open_and(&stage, 0, "", &frame(0x89, b"early")).await;
    assert_eq!(bare.frame().await.0, TEXT, "the hello");
    assert_eq!(bare.frame().await, (PONG, b"early".to_vec()));
    // Control frames may come within a message (RFC 6455 section 5.4).
    bare.write(&[frame(0x01, b"one "), frame(0x89, b""), frame(0x00, b"two "), frame(0x89, b"!")].concat())
        .await;
    assert_eq!(bare.frame().await, (PONG, Vec::new()));
    assert_eq!(bare.frame().await, (PONG, b"!".to_vec()));
    bare.write(&frame(0x80, b"three")).await;
    assert_eq!(bare.closed().await, Some(4003));
    for code in [1000u16, 1001, 1003, 1007, 1011, 3000, 4999] {
        let mut bare = Bare::open(&stage, 0, "").await;
        // Whatever follows a close is not heard.
        bare.write(&[frame(CLOSE, &code.to_be_bytes()), frame(0x82, b"\0")].concat()).await;
        assert_eq!(bare.closed().await, Some(code));
    }
}

/// Reads objects until the entry `last`; how many frames were compressed.
async fn read_until(bare: &mut Bare, last: u64) -> (Vec<Value>, usize) {
    let (mut entries, mut deflated) = (Vec::new(), 0);
    while entries.last().is_none_or(|entry: &Value| entry["seq"] != last) {
        let (first, payload) = bare.frame().await;
        let text = match first {
            TEXT => payload,
            DEFLATED => {
                deflated += 1;
                let mut text = Vec::with_capacity(64 << 10);
                // As every message stands alone, so does every reading of one.
                Decompress::new(false)
                    .decompress_vec(
                        &[&payload[..], &[0, 0, 0xff, 0xff]].concat(),
                        &mut text,
                        FlushDecompress::Sync,
                    )
                    .expect("deflate");
                text
            }
            other => panic!("a frame {other:#x}"),
        };
        let object: Value = serde_json::from_slice(&text).expect("JSON");
        if object.get("seq").is_some() {
            entries.push(object);
        }
    }
    (entries, deflated)
}

#[tokio::test]
async fn a_client_who_offers_compression_is_told_the_same_in_fewer_bytes() {
    let stage = Stage::start().await;
    stage.many(100).await;
    stage.seen(100).await;
    let offer = "sec-websocket-extensions: permessage-deflate; client_max_window_bits\r\n";
    let mut packed = Bare::open(&stage, 0, offer).await;
    let mut plain = Bare::open(&stage, 0, "").await;
    let agreed = "\r\nsec-websocket-extensions: permessage-deflate; server_no_context_takeover; \
                  client_no_context_takeover\r\n";
    assert!(packed.head.contains(agreed), "{}", packed.head);
    assert!(!plain.head.contains("sec-websocket-extensions"), "{}", plain.head);
    stage.remove(vec![7]).await;
    stage.many(20).await;
    let ((ours, deflated), (theirs, none)) =
        (read_until(&mut packed, 121).await, read_until(&mut plain, 121).await);
    assert_eq!(ours.len(), 121);
    assert_eq!(ours.iter().filter(|entry| entry["seq"] != 7).count(), 120);
    let without_the_seventh = |all: Vec<Value>| -> Vec<Value> {
        // One of the two may have been told it before it was taken back.
        all.into_iter().filter(|entry| entry["seq"] != 7).collect()
    };
    assert_eq!(without_the_seventh(ours), without_the_seventh(theirs));
    assert!(deflated >= 119 && none == 0, "{deflated} and {none} compressed frames");

    packed.write(&frame(DEFLATED, b"\xaaVJ\x04\0")).await;
    assert_eq!(packed.closed().await, Some(4003), "compressed or not, nothing is to be said here");
    let mut packed = Bare::open(&stage, 121, offer).await;
    packed.write(&frame(0xc9, b"")).await;
    assert_eq!(packed.closed().await, Some(1002), "control frames are never compressed");
}

#[tokio::test]
async fn an_offer_that_cannot_be_met_is_declined_and_served_uncompressed() {
    let stage = Stage::start().await;
    stage.many(1).await;
    stage.seen(1).await;
    let offer = "sec-websocket-extensions: permessage-deflate; server_max_window_bits=9\r\n";
    let mut bare = Bare::open(&stage, 0, offer).await;
    assert!(!bare.head.contains("sec-websocket-extensions"), "{}", bare.head);
    assert_eq!(read_until(&mut bare, 1).await.1, 0);
}

/// One poll as a bare client asks for it: the head, and the body as it came.
async fn poll(stage: &Stage, rest: &str) -> (String, Vec<u8>) {
    let mut socket = TcpStream::connect(&stage.address).await.expect("halley listens");
    let request = format!(
        "GET /live/{SLUG}/poll?after={} HTTP/1.1\r\nhost: {}\r\n{rest}connection: close\r\n\r\n",
        stage.at(0),
        stage.address
    );
    socket.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = Vec::new();
    timeout(PATIENCE, socket.read_to_end(&mut answer)).await.expect("an answer").expect("read");
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("a head") + 4;
    let body = answer.split_off(end);
    (String::from_utf8(answer).expect("ASCII"), body)
}

#[tokio::test]
async fn a_polls_page_comes_in_the_coding_that_its_client_wants() {
    let stage = Stage::start().await;
    stage.many(100).await;
    stage.seen(100).await;
    let (head, plain) = poll(&stage, "").await;
    assert!(head.contains("\r\nvary: accept-encoding\r\n") && !head.contains("content-encoding"), "{head}");
    let page: Value = serde_json::from_slice(&plain).expect("JSON");
    assert!(page["next"].as_u64() > Some(20), "{page}");

    let (head, gzip) = poll(&stage, "accept-encoding: gzip, br;q=0\r\n").await;
    assert!(head.contains("\r\ncontent-encoding: gzip\r\n"), "{head}");
    let mut read = Vec::new();
    std::io::copy(&mut flate2::read::GzDecoder::new(&gzip[..]), &mut read).expect("gzip");
    assert!(read == plain && gzip.len() < plain.len() / 4, "{} of {} bytes", gzip.len(), plain.len());

    let (head, brotli) = poll(&stage, "accept-encoding: gzip, deflate, br\r\n").await;
    assert!(head.contains("\r\ncontent-encoding: br\r\n"), "{head}");
    let mut read = Vec::new();
    std::io::copy(&mut brotli::Decompressor::new(&brotli[..], 4096), &mut read).expect("brotli");
    assert!(read == plain && brotli.len() < plain.len() / 4, "{} of {} bytes", brotli.len(), plain.len());

    stage.remove(vec![3]).await;
    stage.seen(101).await;
    let (_, brotli) = poll(&stage, "accept-encoding: br\r\n").await;
    let mut read = Vec::new();
    std::io::copy(&mut brotli::Decompressor::new(&brotli[..], 4096), &mut read).expect("brotli");
    let page: Value = serde_json::from_slice(&read).expect("JSON");
    assert_eq!(page["entries"][2]["kind"], "void", "words that were taken back are kept nowhere");
}
