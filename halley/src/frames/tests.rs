//! The rules of frames, one by one; `fuzz.rs` holds them against tungstenite.

use std::ops::ControlFlow;

use super::{rig::*, *};
use crate::goodbye::Goodbye;

fn heard(bytes: &[u8], is_deflating: bool) -> Vec<Told> {
    let whole = ours(&[bytes], is_deflating);
    assert_eq!(ours(&cut(bytes, &[1]), is_deflating), whole, "byte by byte");
    whole.0
}

fn closed(code: u16) -> Vec<Told> {
    vec![Told::Closed(Some(code))]
}

#[test]
fn a_client_that_says_nothing_costs_one_pointer() {
    assert_eq!(size_of::<Inbound>(), size_of::<usize>());
    let mut inbound = Inbound::default();
    for bytes in [frame(0x89, b"ping"), frame(0x8a, b""), frame(0x81, b"text")] {
        for byte in bytes {
            inbound.hear(&mut [byte], false, &mut |_| ControlFlow::Continue(()));
        }
        assert!(inbound.is_idle(), "nothing is held between frames");
    }
    inbound.hear(&mut frame(0x01, b"te"), false, &mut |_| ControlFlow::Continue(()));
    assert!(!inbound.is_idle(), "a message is unfinished");
}

#[test]
fn pings_come_with_their_payload_and_pongs_as_they_are() {
    let bytes = [frame(0x89, b"one"), frame(0x8a, b"two"), frame(0x89, &[5; 125])].concat();
    assert_eq!(heard(&bytes, false), [Told::Ping(b"one".to_vec()), Told::Pong, Told::Ping(vec![5; 125])]);
}

#[test]
fn frames_that_no_client_may_send_are_1002() {
    let unmasked = b"\x81\x05hello".to_vec();
    let long = [&[0x81, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0][..], &MASK].concat();
    assert_eq!(heard(&long, false), closed(1009), "a length beyond all lengths");
    let cases = [
        ("unmasked", unmasked),
        ("HTTP", b"GET / HTTP/1.1\r\n\r\n".to_vec()),
        ("ones", vec![0xff; 14]),
        ("rsv1", frame(0xc1, b"x")),
        ("rsv2", frame(0xa1, b"x")),
        ("rsv3", frame(0x91, b"x")),
        ("reserved data", frame(0x83, b"x")),
        ("reserved control", frame(0x8b, b"x")),
        ("fragmented ping", frame(0x09, b"x")),
        ("long ping", frame(0x89, &[0; 126])),
        ("longer ping", frame(0x89, &[0; 5000])),
        ("continuation of nothing", frame(0x80, b"x")),
        ("text within text", [frame(0x01, b"x"), frame(0x81, b"y")].concat()),
        ("close of one byte", frame(0x88, b"\x03")),
        ("close 1005", frame(0x88, &1005u16.to_be_bytes())),
        ("close 999", frame(0x88, &999u16.to_be_bytes())),
        ("close 5000", frame(0x88, &5000u16.to_be_bytes())),
    ];
    for (name, bytes) in cases {
        assert_eq!(heard(&bytes, false), closed(1002), "{name}");
    }
}

#[test]
fn messages_get_the_code_of_what_is_wrong_with_them() {
    let half = [frame(0x01, &[b'x'; 2049]), frame(0x80, &[b'x'; 2048])].concat();
    assert_eq!(heard(&half, false), closed(1009), "4097 bytes in two frames");
    assert_eq!(heard(&frame(0x82, &[0; 70_000]), false), closed(1009));
    assert_eq!(heard(&frame(0x81, b"\xff\xfe"), false), closed(1007));
    assert_eq!(heard(&[frame(0x01, b"\xc3"), frame(0x80, b"\x28")].concat(), false), closed(1007));
    assert_eq!(heard(&[frame(0x01, b"\xc3"), frame(0x80, b"")].concat(), false), closed(1007));
    assert_eq!(heard(&frame(0x88, b"\x03\xe8\xff"), false), closed(1007), "the reason of a close");
    let cut_character = [frame(0x01, b"\xc3"), frame(0x89, b""), frame(0x80, b"\xa4")].concat();
    assert_eq!(heard(&cut_character, false), [Told::Ping(Vec::new()), Told::Text]);
    assert_eq!(heard(&frame(0x82, b"\xff"), false), [Told::Binary]);
    assert_eq!(heard(&frame(0x81, &[b'x'; 4096]), false), [Told::Text], "just small enough");
}

#[test]
fn after_an_unwanted_message_the_clients_close_is_still_heard() {
    let bytes = [frame(0x81, b"hello"), frame(0x88, b""), frame(0x89, b"too late")].concat();
    assert_eq!(heard(&bytes, false), [Told::Text, Told::Closed(None)]);
    let bytes = [frame(0x88, b"\x0f\xa0why"), frame(0x88, b"")].concat();
    assert_eq!(heard(&bytes, false), closed(4000));
}

#[test]
fn compressed_messages_are_refused_without_being_inflated() {
    assert_eq!(heard(&frame(0xc1, b"\xff\xfe"), true), [Told::Text], "its bytes are not text yet");
    assert_eq!(heard(&frame(0xc2, b"\xff"), true), [Told::Binary]);
    assert_eq!(heard(&[frame(0x41, b"\xff"), frame(0x80, b"\xfe")].concat(), true), [Told::Text]);
    assert_eq!(heard(&frame(0x81, b"\xff"), true), closed(1007), "one that is not compressed");
    let cases = [
        ("a compressed ping", frame(0xc9, b"")),
        ("a compressed close", frame(0xc8, b"")),
        ("a compressed continuation", [frame(0x41, b"x"), frame(0xc0, b"y")].concat()),
        ("rsv2", frame(0xe1, b"x")),
    ];
    for (name, bytes) in cases {
        assert_eq!(heard(&bytes, true), closed(1002), "{name}");
    }
}

#[test]
fn every_frame_is_counted_and_whoever_has_enough_hears_nothing_more() {
    let bytes = [frame(0x01, b"x"), frame(0x00, b"").repeat(9)].concat();
    assert_eq!(ours(&[&bytes], false), (Vec::new(), 10));
    let (mut inbound, mut count) = (Inbound::default(), 0);
    for _ in 0..2 {
        inbound.hear(&mut bytes.clone(), false, &mut |_| {
            count += 1;
            if count == 4 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
    }
    assert_eq!(count, 4);
}

#[test]
fn what_we_write_is_what_tungstenite_would_write() {
    for (size, head) in [
        (0, vec![0x81, 0]),
        (125, vec![0x81, 125]),
        (126, vec![0x81, 126, 0, 126]),
        (65_535, vec![0x81, 126, 0xff, 0xff]),
        (65_536, vec![0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
    ] {
        assert_eq!(text_header(size, false).as_ref(), head, "{size}");
        let deflated = [&[0xc1], &head[1..]].concat();
        assert_eq!(text_header(size, true).as_ref(), deflated, "{size}");
    }
    assert_eq!(pong(b"abc"), b"\x8a\x03abc");
    assert_eq!(close_echo(None), [0x88, 0]);
    assert_eq!(close_echo(Some(4000)), [0x88, 2, 0x0f, 0xa0]);
    assert_eq!(Goodbye::Broken.frame()[..4], [0x88, 23, 0x03, 0xea]);
}
