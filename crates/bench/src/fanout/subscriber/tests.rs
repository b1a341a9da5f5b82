//! What a subscriber makes of a stream is the same wherever the stream is cut.

use super::*;
use crate::fanout::message::Message;

fn manner(mode: Mode, dialect: Dialect) -> Manner {
    Manner { mode, dialect, host: "127.0.0.1:80".to_owned(), path: "/live/bench/x".to_owned() }
}

fn message(number: u64) -> Vec<u8> {
    Message { number, due: 5, bytes: 150 }.json()
}

fn whole(numbers: &[u64]) -> Vec<Found> {
    numbers.iter().map(|number| Found::Whole { number: *number, due: 5 }).collect()
}

/// What was found, what is to be written, and the position at the end.
type Outcome = (Vec<Found>, Vec<u8>, String);

fn hear(manner: &Manner, pieces: &[&[u8]]) -> Result<Outcome, Broken> {
    let (mut subscriber, mut heard) = (Subscriber::default(), Heard::default());
    let (mut found, mut out) = (Vec::new(), Vec::new());
    subscriber.begin(manner, &mut Vec::new());
    for piece in pieces {
        heard.clear();
        subscriber.hear(manner, piece, &mut heard)?;
        found.append(&mut heard.found);
        out.append(&mut heard.out);
    }
    Ok((found, out, String::from_utf8(subscriber.position).expect("text")))
}

/// Hears `stream` whole, cut in two at every byte, and byte by byte.
fn hear_cut(manner: &Manner, stream: &[u8]) -> Outcome {
    let outcome = hear(manner, &[stream]).expect("well formed");
    for at in 0..stream.len() {
        assert_eq!(hear(manner, &[&stream[..at], &stream[at..]]), Ok(outcome.clone()), "cut at {at}");
    }
    assert_eq!(hear(manner, &stream.chunks(1).collect::<Vec<_>>()), Ok(outcome.clone()));
    outcome
}

fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    match payload.len() {
        short @ 0..=125 => bytes.push(short as u8),
        long => {
            bytes.push(126);
            bytes.extend_from_slice(&(long as u16).to_be_bytes());
        }
    }
    bytes.extend_from_slice(payload);
    bytes
}

const UPGRADED: &[u8] =
    b"HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

#[test]
fn websocket_messages_come_whole_or_in_pieces_with_pings_between() {
    let three = message(3);
    let stream = [
        UPGRADED,
        &frame(0x81, br#"{"hello":{"epoch":"0.ff","after":6,"top":6,"base":0,"resumed":true}}"#),
        &frame(0x81, &message(1)),
        &frame(0x82, &message(2)),
        &frame(0x01, b""),
        &frame(0x89, b"beat"),
        &frame(0x00, &three[..70]),
        &frame(0x80, &three[70..]),
    ]
    .concat();
    let (found, out, position) = hear_cut(&manner(Mode::WebSocket, Dialect::Halley), &stream);
    let mut pong = Vec::new();
    websocket::write_control(Opcode::Pong, b"beat", &mut pong);
    assert_eq!((found, out, position.as_str()), (whole(&[1, 2, 3]), pong, "0.ff.3"));
}

#[test]
fn events_come_in_chunks_that_know_nothing_of_them() {
    let events = [
        &b": hi\n\ndata: {\"hello\":{\"epoch\":\"e\",\"after\":4}}\n\nid: e.5\ndata: "[..],
        &message(1),
        b"\n\nid: e.6\r\ndata: ",
        &message(2),
        b"\r\n\r\n",
    ]
    .concat();
    let chunk = |part: &[u8]| [format!("{:x}\r\n", part.len()).as_bytes(), part, b"\r\n"].concat();
    for size in [7, 64, 1_000] {
        let chunks: Vec<u8> = events.chunks(size).flat_map(chunk).collect();
        let stream = [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", &chunks[..]].concat();
        let (found, out, position) = hear_cut(&manner(Mode::Events, Dialect::Halley), &stream);
        assert_eq!((found, out.len(), position.as_str()), (whole(&[1, 2]), 0, "e.6"));
    }
    let stream = [b"HTTP/1.1 200 OK\r\n\r\n", &events[..]].concat();
    assert_eq!(hear_cut(&manner(Mode::Events, Dialect::Nchan), &stream).0, whole(&[1, 2]));
}

#[test]
fn a_poll_asks_again_from_where_the_answer_ended() {
    let body = [br#"{"epoch":"e","after":0,"next":9,"entries":["#, &message(1)[..], b",", &message(2), b"]}"]
        .concat();
    let empty = "HTTP/1.1 204 No Content\r\n\r\n";
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
    let stream = [head.as_bytes(), &body, empty.as_bytes()];
    let manner = manner(Mode::Poll, Dialect::Halley);
    let (found, out, position) = hear_cut(&manner, &stream.concat());
    assert_eq!((found, position.as_str()), (whole(&[1, 2]), "e.9"));
    let requests = String::from_utf8(out).expect("text");
    assert_eq!(requests.matches("GET /live/bench/x?after=e.9 HTTP/1.1\r\n").count(), 2, "{requests}");
}

#[test]
fn a_poll_by_headers_repeats_what_the_answer_said() {
    let (one, two) = (message(1), message(2));
    let stream = [
        format!("HTTP/1.1 200 OK\r\nLast-Modified: then\r\nEtag: 3\r\nContent-Length: {}\r\n\r\n", one.len())
            .as_bytes(),
        &one,
        format!(
            "HTTP/1.1 200 OK\r\nLast-Modified: now\r\nEtag: 4\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n",
            two.len()
        )
        .as_bytes(),
        &two,
        b"\r\n0\r\n\r\n",
    ]
    .concat();
    let (found, out, position) = hear_cut(&manner(Mode::Poll, Dialect::Nchan), &stream);
    assert_eq!(
        (found, position.as_str()),
        (whole(&[1, 2]), "If-Modified-Since: now\r\nIf-None-Match: 4\r\n")
    );
    let requests = String::from_utf8(out).expect("text");
    assert!(
        requests.contains("\r\nIf-Modified-Since: then\r\nIf-None-Match: 3\r\n\r\nGET /live/bench/x HTTP"),
        "{requests}"
    );
}

#[test]
fn refusals_and_ends_say_why() {
    let of = |mode, text: &[u8]| hear(&manner(mode, Dialect::Halley), &[text]).map(|_| ());
    assert_eq!(of(Mode::Events, b"HTTP/1.1 503 Full\r\n\r\n"), Err(Broken::Status(503)));
    assert_eq!(of(Mode::Poll, b"HTTP/1.1 429 Slow\r\nContent-Length: 0\r\n\r\n"), Err(Broken::Status(429)));
    assert_eq!(
        of(Mode::WebSocket, b"HTTP/1.1 101 Yes\r\nSec-WebSocket-Accept: no\r\n\r\n"),
        Err(Broken::Accept)
    );
    let closed = [UPGRADED, &frame(0x88, &[0x03, 0xf4])].concat();
    assert_eq!(of(Mode::WebSocket, &closed), Err(Broken::Closed(1012)));
    let ended = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    assert_eq!(of(Mode::Events, ended), Err(Broken::Ended));
    let lag = b"HTTP/1.1 200 OK\r\n\r\nretry: 40\ndata: {\"bye\":{\"retry_ms\":40,\"why\":\"lag\"}}\n\n";
    assert_eq!(of(Mode::Events, lag), Err(Broken::Lag));
    assert_eq!(of(Mode::Poll, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"), Err(Broken::Answer));
}

#[test]
fn whoever_comes_back_says_where_it_stands() {
    let asked = |mode, dialect, position: &str| {
        let mut subscriber = Subscriber { position: position.as_bytes().to_vec(), ..Subscriber::default() };
        let mut out = Vec::new();
        subscriber.begin(&manner(mode, dialect), &mut out);
        String::from_utf8(out).expect("text")
    };
    assert!(
        asked(Mode::WebSocket, Dialect::Halley, "")
            .starts_with("GET /live/bench/x HTTP/1.1\r\nHost: 127.0.0.1:80\r\n")
    );
    assert!(
        asked(Mode::Events, Dialect::Halley, "e.5").starts_with("GET /live/bench/x?after=e.5 HTTP/1.1\r\n")
    );
    assert!(asked(Mode::Events, Dialect::Nchan, "5:0").contains("\r\nLast-Event-ID: 5:0\r\n"));
    for mode in [Mode::WebSocket, Mode::Events, Mode::Poll] {
        assert!(asked(mode, Dialect::Raw, "").ends_with("\r\n\r\n"));
    }
}
