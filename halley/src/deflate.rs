//! One message compressed by itself (RFC 7692 section 7.2.1), so that the same bytes serve everybody who agreed to permessage-deflate.
//! What is agreed on stands in `handshake/offers.rs`.

use std::cell::RefCell;

use bytes::Bytes;
use flate2::{Compress, Compression, FlushCompress, Status};

use crate::frames;

/// Entries are short: a higher level looks longer and finds nothing more.
const LEVEL: Compression = Compression::new(6);
/// What ends a flushed block; whoever inflates puts it back.
const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];

thread_local! {
    /// A few hundred kilobytes that are not worth setting up for each entry.
    static COMPRESSOR: RefCell<Compress> = RefCell::new(Compress::new(LEVEL, false));
}

/// The whole frame of a compressed message; none when its payload would not be shorter than `text`, which then goes as it is.
pub(crate) fn frame(text: &[u8]) -> Option<Bytes> {
    let payload = deflate(text)?;
    let header = frames::text_header(payload.len(), true);
    Some([header.as_ref(), &payload].concat().into())
}

/// The payload of such a frame.
pub(crate) fn deflate(text: &[u8]) -> Option<Bytes> {
    let mut deflated = Vec::with_capacity(text.len() + TAIL.len());
    COMPRESSOR.with_borrow_mut(|compressor| {
        compressor.reset();
        let status = compressor.compress_vec(text, &mut deflated, FlushCompress::Sync);
        // A message that fills its room did not shrink, and may be cut.
        let is_whole = matches!(status, Ok(Status::Ok)) && deflated.len() < deflated.capacity();
        is_whole.then_some(())
    })?;
    deflated.truncate(deflated.strip_suffix(&TAIL)?.len());
    deflated.shrink_to_fit();
    (deflated.len() < text.len()).then(|| Bytes::from(deflated))
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Decompress, FlushDecompress};
    use testkit::fuzz::{config, near, proptest};

    const ENTRY: &str = r#"{"seq":7,"at":1792050680967500,"kind":"post","item":{"network":"mastodon","url":"https://social.example/@a/1",
        "author":{"id":"https://social.example/users/a","url":"https://social.example/@a","avatar":null},"media":[],"card":null}}"#;

    /// As a client does it: with nothing kept from the message before.
    fn inflated(deflated: &[u8], size: usize) -> Vec<u8> {
        let mut text = Vec::with_capacity(size + 1);
        let bytes = [deflated, &TAIL].concat();
        Decompress::new(false).decompress_vec(&bytes, &mut text, FlushDecompress::Sync).expect("it is whole");
        text
    }

    #[test]
    fn every_message_is_whole_in_itself() {
        let once = deflate(ENTRY.as_bytes()).expect("it shrinks");
        assert!(once.len() < ENTRY.len() * 4 / 5, "{} of {}", once.len(), ENTRY.len());
        assert_eq!(inflated(&once, ENTRY.len()), ENTRY.as_bytes());
        assert_eq!(deflate(ENTRY.as_bytes()), Some(once), "it does not refer to the one before");
    }

    #[test]
    fn a_frame_says_that_it_is_compressed() {
        let (payload, frame) = (deflate(ENTRY.as_bytes()).expect("it shrinks"), frame(ENTRY.as_bytes()));
        let frame = frame.expect("it shrinks");
        assert_eq!((frame[0], frame[1], &frame[4..]), (0xc1, 126, &payload[..]));
    }

    #[test]
    fn what_does_not_shrink_goes_as_it_is() {
        for text in ["", "{}", r#"{"seq":7,"kind":"void"}"#] {
            assert_eq!(frame(text.as_bytes()), None, "{text}");
        }
    }

    proptest! {
        #![proptest_config(config())]

        #[test]
        fn whatever_is_compressed_comes_back(text in near(&[ENTRY, "{}"])) {
            if let Some(deflated) = deflate(&text) {
                assert!(deflated.len() < text.len());
                assert_eq!(inflated(&deflated, text.len()), &text[..]);
            }
        }
    }
}
