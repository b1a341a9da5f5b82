//! What may go wrong with one try of a delivery.

use std::time::Duration;

/// One fault; see [`super::Sender::faults`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// One character of the signature is another.
    BadSignature,
    /// Signed with a secret that the receiver does not know.
    OtherSecret,
    /// No signature at all.
    Unsigned,
    /// The timestamp is off by so many seconds, and signed.
    Clock {
        /// Below 0: in the past.
        seconds: i64,
    },
    /// Another content type.
    ContentType(String),
    /// The body is announced in chunks, which have no length beforehand.
    Chunked,
    /// So many bytes of spaces behind the body, in chunks, unsigned.
    Huge {
        /// How many.
        bytes: usize,
    },
    /// One byte of the body after each wait.
    SlowBody {
        /// The wait.
        every: Duration,
    },
    /// Half the body, then the connection is closed.
    HalfBody,
    /// The whole request; whatever is answered in this time is not read, then the connection is closed.
    Deaf {
        /// The time.
        wait: Duration,
    },
}
