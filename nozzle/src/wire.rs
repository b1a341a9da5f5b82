//! What the networks' wires have in common: lines, server-sent events, bounded answers, lenient JSON. Knows no network.

pub(crate) mod answer;
#[cfg(test)]
mod fuzz;
pub(crate) mod lenient;
mod lines;
#[cfg(test)]
pub(crate) mod listen;
mod sse;
mod stream;

pub(crate) use lines::{Ending, Piece, Splitter};
pub(crate) use sse::{Event, Reader};
pub(crate) use stream::{Bytes, cause, open, streaming_client};
