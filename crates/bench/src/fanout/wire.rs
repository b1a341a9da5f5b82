//! The wire forms that subscribers read, each as a function or a small state over bytes: no sockets, no messages.

pub(crate) mod chunked;
pub(crate) mod events;
pub(crate) mod head;
pub(crate) mod websocket;

/// Why a subscriber cannot go on reading. A short closed list, so that a thousand of them can be told in one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Broken {
    /// The answer's head is not HTTP, or longer than anybody's.
    Head,
    /// The stream or the upgrade was refused with this status.
    Status(u16),
    /// `Sec-WebSocket-Accept` is not the answer to our key.
    Accept,
    /// A chunk's size is none.
    Chunk,
    /// Reserved bits, an unknown opcode, a masked frame, a control frame in pieces, or a frame beyond any message.
    Frame,
    /// The server closed the WebSocket with this code; 1005 when it told none.
    Closed(u16),
    /// The server said that we read too slowly, and ends the stream.
    Lag,
    /// The body or the connection ended.
    Ended,
    /// An answer to a poll says nothing about where to go on.
    Answer,
    /// The operating system's error.
    Io(std::io::ErrorKind),
    /// No connection within the wait.
    Late,
}

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Head => f.write_str("an answer's head was not HTTP"),
            Self::Status(status) => write!(f, "answered {status}"),
            Self::Accept => f.write_str("wrong Sec-WebSocket-Accept"),
            Self::Chunk => f.write_str("a chunk's size was none"),
            Self::Frame => f.write_str("a frame that RFC 6455 forbids"),
            Self::Closed(code) => write!(f, "closed with {code}"),
            Self::Lag => f.write_str("told that it lags"),
            Self::Ended => f.write_str("ended by the server"),
            Self::Answer => f.write_str("an answer without a position"),
            Self::Io(kind) => write!(f, "{kind}"),
            Self::Late => f.write_str("not answered in time"),
        }
    }
}
