//! Why a WebSocket is closed on our side: the codes, their sentences, and the frame that carries both.

use tokio_tungstenite::tungstenite::{
    Utf8Bytes,
    protocol::{CloseFrame, frame::Frame},
};

/// A reason to close. The codes below 4000 are those of RFC 6455 section 7.4.1; ours say what HTTP would, from 4000 on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Goodbye {
    /// halley is being replaced.
    Drain,
    /// The log cannot be read in time.
    Overload,
    /// The client did not take what was written.
    Slow,
    /// A text message: there is nothing to be said here.
    BadInput,
    /// A binary message.
    Binary,
    /// A message above the inbound bound.
    TooBig,
    /// Text, or the reason of a close, that is not UTF-8.
    BadText,
    /// What no WebSocket client may send.
    Broken,
    /// More frames than the bucket gives.
    TooMany,
}

impl Goodbye {
    /// The code, as clients and counters see it.
    pub(crate) fn code(self) -> u16 {
        self.words().0
    }

    /// The code, and a sentence beside it.
    fn words(self) -> (u16, &'static str) {
        match self {
            Self::Drain => (1012, "come back"),
            Self::Overload => (1013, "try again later"),
            Self::Slow => (4001, "you did not read fast enough"),
            Self::BadInput => (4003, "nothing needs to be sent here"),
            Self::Binary => (1003, "only text, please"),
            Self::TooBig => (1009, "messages may have 4 KiB"),
            Self::BadText => (1007, "this is not UTF-8"),
            Self::Broken => (1002, "this is not WebSocket"),
            Self::TooMany => (4029, "too many messages"),
        }
    }

    /// The whole close frame, ready for the socket.
    pub(crate) fn frame(self) -> Vec<u8> {
        let (code, reason) = self.words();
        let frame =
            Frame::close(Some(CloseFrame { code: code.into(), reason: Utf8Bytes::from_static(reason) }));
        let mut bytes = Vec::with_capacity(frame.len());
        frame.format(&mut bytes).expect("a vector takes all");
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [(Goodbye, u16); 9] = [
        (Goodbye::Drain, 1012),
        (Goodbye::Overload, 1013),
        (Goodbye::Slow, 4001),
        (Goodbye::BadInput, 4003),
        (Goodbye::Binary, 1003),
        (Goodbye::TooBig, 1009),
        (Goodbye::BadText, 1007),
        (Goodbye::Broken, 1002),
        (Goodbye::TooMany, 4029),
    ];

    #[test]
    fn close_codes_are_those_of_the_protocol() {
        for (goodbye, code) in ALL {
            assert_eq!(goodbye.code(), code, "{goodbye:?}");
        }
    }

    #[test]
    fn a_close_frame_is_one_unmasked_control_frame_with_code_and_reason() {
        for (goodbye, code) in ALL {
            let frame = goodbye.frame();
            let (head, payload) = frame.split_at(2);
            assert_eq!(head, [0x88, u8::try_from(payload.len()).expect("short")], "{goodbye:?}");
            assert!(payload.len() <= 125, "{goodbye:?}");
            assert_eq!(payload[..2], code.to_be_bytes());
            assert_eq!(&payload[2..], goodbye.words().1.as_bytes());
        }
    }
}
