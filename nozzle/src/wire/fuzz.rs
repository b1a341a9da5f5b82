//! Lines and server-sent events do not depend on how the bytes were cut into chunks, and no piece is beyond its cap.

use testkit::fuzz::{config, near, proptest};

use super::{Ending, Event, Piece, Reader, Splitter};

const STREAMS: [&str; 3] = [
    "{\"id\":1}\r\n\r\n{\"id\":2}\n\r\n{\"id\":3}\r\nnot ended",
    ":)\nevent: update\ndata: {\"a\":\"ü\"}\n\n:thump\nevent: delete\r\ndata: 12\r\n\r\ndata:a\ndata\n\n",
    "event: a\n:thump\ndata: 1\n\ndata: 0123456789012345678901234567890123456789012345678901234567890123456789\n\n",
];
const CAP: usize = 64;

/// What the bytes hold, by the plainest reading: a line ends at its mark, and one beyond the cap is only counted.
fn plainly(bytes: &[u8], ending: Ending) -> Vec<Piece> {
    let mut lines: Vec<Vec<u8>> = vec![Vec::new()];
    for byte in bytes {
        let line = lines.last_mut().expect("there is always a line under way");
        let is_end = *byte == b'\n' && (ending == Ending::Lf || line.last() == Some(&b'\r'));
        if !is_end {
            line.push(*byte);
            continue;
        }
        line.pop_if(|last| *last == b'\r');
        lines.push(Vec::new());
    }
    lines.pop();
    let piece =
        |line: Vec<u8>| if line.len() > CAP { Piece::Oversize(line.len() as u64) } else { Piece::Line(line) };
    lines.into_iter().map(piece).collect()
}

fn pieces(bytes: &[u8], ending: Ending, size: usize) -> Vec<Piece> {
    let (mut splitter, mut found) = (Splitter::new(ending, CAP), Vec::new());
    bytes.chunks(size).for_each(|chunk| splitter.push(chunk, |piece| found.push(piece)));
    found
}

fn events(bytes: &[u8], size: usize) -> Vec<Event> {
    let (mut reader, mut found) = (Reader::new(CAP), Vec::new());
    bytes.chunks(size).for_each(|chunk| reader.push(chunk, |event| found.push(event)));
    found
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn lines_are_what_the_plainest_reading_finds(bytes in near(&STREAMS), size in 1..90usize) {
        for ending in [Ending::Lf, Ending::CrLf] {
            assert_eq!(pieces(&bytes, ending, size), plainly(&bytes, ending));
        }
    }

    #[test]
    fn events_do_not_depend_on_chunks_and_keep_their_cap(bytes in near(&STREAMS), size in 1..90usize) {
        let found = events(&bytes, size);
        assert_eq!(found, events(&bytes, bytes.len().max(1)));
        for event in found {
            match event {
                // Lines are joined by a line feed each, which the cap does not count.
                Event::Message { name, data } => assert!(name.len() <= 3 * CAP && data.len() <= 2 * CAP, "{name} {data:?}"),
                Event::Oversize(bytes) => assert!(bytes > CAP as u64),
                Event::Comment => {}
            }
        }
    }
}
