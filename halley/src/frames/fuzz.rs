//! Frames as no client should send them: heard as tungstenite hears them, wherever the socket cuts them.

use std::io::Cursor;

use proptest::prelude::*;
use testkit::fuzz::{config, near, proptest};
use tokio_tungstenite::tungstenite::protocol::frame::{
    FrameHeader,
    coding::{Data, OpCode},
};

use super::{
    INBOUND_BYTES_MAX,
    rig::{Told, cut, frame, ours, theirs},
};

/// Ends what a client left unfinished: the longest payload, and a header.
const PADDING: [u8; INBOUND_BYTES_MAX as usize + 14] = [0; INBOUND_BYTES_MAX as usize + 14];

/// Conversations of clients, good and bad.
fn samples() -> Vec<Vec<u8>> {
    let text = "häh 日本 👩‍👧".as_bytes();
    [
        vec![frame(0x89, b"ping"), frame(0x8a, b""), frame(0x88, &[0x03, 0xe8])],
        vec![frame(0x01, &text[..2]), frame(0x89, b"between"), frame(0x00, b""), frame(0x80, &text[2..])],
        vec![frame(0x81, br#"{"hello":{}}"#), frame(0x82, &[0; 300]), frame(0x88, b"\x0f\xa0bye")],
        vec![frame(0x02, &[7; 2000]), frame(0x00, &[7; 2000]), frame(0x80, &[7; 96])],
        vec![frame(0xc1, b"\xaaVJ\x04\0"), frame(0x41, b"\xaa"), frame(0x80, b"V")],
        vec![vec![0x81, 0x05], b"hello".to_vec(), frame(0x88, &[0x03])],
        vec![frame(0x81, &[b'x'; 4096]), frame(0x81, &[b'x'; 70_000])],
        vec![vec![0x82, 0xff, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1, 1], frame(0x88, b"\x03\xed")],
    ]
    .map(|frames| frames.concat())
    .to_vec()
}

/// The sizes of pieces that a socket gives.
fn cuts() -> impl Strategy<Value = Vec<usize>> {
    prop_oneof![Just(Vec::new()), Just(vec![1]), prop::collection::vec(1..200usize, 1..8)]
}

/// One frame, right or wrong in any of its parts, but mostly right.
fn any_frame() -> impl Strategy<Value = Vec<u8>> {
    let first = prop_oneof![
        8 => prop::sample::select(vec![0x00u8, 0x01, 0x02, 0x80, 0x81, 0x82, 0x89, 0x8a]),
        1 => Just(0x88),
        1 => any::<u8>(),
    ];
    let text = "aä日👩".as_bytes();
    let payload = prop_oneof![
        4 => (0..=text.len(), 0..=text.len())
            .prop_map(move |(a, b)| text[a.min(b)..a.max(b)].to_vec()),
        2 => prop::collection::vec(any::<u8>(), 0..130),
        1 => (3900..4200usize).prop_map(|size| vec![b'x'; size]),
        1 => (any::<u16>(), 0..130usize).prop_map(|(code, size)| {
            [&code.to_be_bytes()[..], &vec![b'y'; size]].concat()
        }),
    ];
    (first, payload, any::<u8>()).prop_map(|(first, payload, luck)| {
        let mut bytes = frame(first, &payload);
        if luck < 5 {
            bytes[1] ^= 0x80;
        }
        bytes
    })
}

/// Whether the first frame that is too large is no frame that a client may send in the first place: that is said first here.
fn is_illegal_before_it_is_large(bytes: &[u8]) -> bool {
    let (mut cursor, mut is_open) = (Cursor::new(bytes), false);
    while let Ok(Some((header, size))) = FrameHeader::parse(&mut cursor) {
        let is_reserved = header.rsv1 || header.rsv2 || header.rsv3;
        if size > INBOUND_BYTES_MAX {
            let is_misplaced = match header.opcode {
                OpCode::Control(_) => true,
                OpCode::Data(kind) => (kind == Data::Continue) != is_open,
            };
            return is_misplaced || is_reserved || header.mask.is_none();
        }
        if let OpCode::Data(_) = header.opcode {
            is_open = !header.is_final;
        }
        cursor.set_position(cursor.position() + size);
    }
    false
}

fn agree(bytes: &[u8], sizes: &[usize]) {
    let (heard, frames) = ours(&cut(bytes, sizes), false);
    assert!(frames * 6 <= bytes.len() + 6, "{frames} frames in {} bytes", bytes.len());
    let mut expected = theirs(&cut(bytes, sizes));
    if heard != expected && heard[..heard.len().min(expected.len())] == expected[..] {
        // A frame that is refused by its header, or within its payload, is refused by tungstenite at its end.
        assert!(matches!(heard.last(), Some(Told::Closed(_))), "{heard:?}, not {expected:?}");
        expected = theirs(&[bytes, &PADDING]);
        expected.truncate(heard.len());
    }
    if heard.last() == Some(&Told::Closed(Some(1002)))
        && expected.last() == Some(&Told::Closed(Some(1009)))
        && is_illegal_before_it_is_large(bytes)
    {
        expected.pop();
        expected.push(Told::Closed(Some(1002)));
    }
    assert_eq!(heard, expected);
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn broken_frames_are_heard_as_tungstenite_hears_them(bytes in near(&samples()), sizes in cuts()) {
        agree(&bytes, &sizes);
    }

    #[test]
    fn frames_in_any_order_are_heard_as_tungstenite_hears_them(
        frames in prop::collection::vec(any_frame(), 0..12),
        sizes in cuts(),
    ) {
        agree(&frames.concat(), &sizes);
    }

    #[test]
    fn compressed_frames_are_heard_the_same_wherever_they_are_cut(bytes in near(&samples()), sizes in cuts()) {
        assert_eq!(ours(&cut(&bytes, &sizes), true), ours(&[&bytes], true));
    }
}
