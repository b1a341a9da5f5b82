//! One entry in every wire form, encoded once and shared by all connections.
//!
//! The three forms lie in one allocation: the server-sent event holds the JSON, and the JSON is what a WebSocket text frame, a poll's
//! answer and a chunk carry.

use bytes::Bytes;
use model::{Entry, Epoch, Seq};
use tokio_tungstenite::tungstenite::Utf8Bytes;

/// See the module. Cloning shares the bytes.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    seq: Seq,
    sse: Bytes,
    text: Utf8Bytes,
}

impl Frame {
    /// Encodes the public form of an entry.
    pub(crate) fn encode(epoch: &Epoch, entry: &Entry) -> Self {
        let json = model::public::entry_json(entry);
        let mut sse = Vec::with_capacity(json.len() + 96);
        sse.extend_from_slice(format!("id: {epoch}.{}\ndata: ", entry.seq).as_bytes());
        let start = sse.len();
        sse.extend_from_slice(&json);
        sse.extend_from_slice(b"\n\n");
        sse.shrink_to_fit();
        let sse = Bytes::from(sse);
        let text = Utf8Bytes::try_from(sse.slice(start..start + json.len())).expect("JSON is UTF-8");
        Self { seq: entry.seq, sse, text }
    }

    /// The entry's number.
    pub(crate) fn seq(&self) -> Seq {
        self.seq
    }

    /// The server-sent event, `id:` line included.
    pub(crate) fn sse(&self) -> &Bytes {
        &self.sse
    }

    /// The JSON object, as a WebSocket text frame carries it.
    pub(crate) fn text(&self) -> &Utf8Bytes {
        &self.text
    }

    /// What this entry counts against the bounds of the ring, a batch and a bucket.
    pub(crate) fn bytes(&self) -> usize {
        self.sse.len()
    }
}

/// `{"epoch","after","next","entries":[...]}`, the body of chunks and (with `extra` before its end) of polls.
pub(crate) fn page(epoch: &Epoch, after: Seq, frames: &[Frame], extra: &str) -> Bytes {
    let next = frames.last().map_or(after, Frame::seq);
    let mut body =
        Vec::with_capacity(frames.iter().map(|f| f.text.len() + 1).sum::<usize>() + extra.len() + 128);
    body.extend_from_slice(
        format!(r#"{{"epoch":"{epoch}","after":{after},"next":{next},"entries":["#).as_bytes(),
    );
    for (i, frame) in frames.iter().enumerate() {
        if i > 0 {
            body.push(b',');
        }
        body.extend_from_slice(frame.text.as_bytes());
    }
    body.push(b']');
    body.extend_from_slice(extra.as_bytes());
    body.push(b'}');
    Bytes::from(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn epoch() -> Epoch {
        Epoch::new(0, 0xff)
    }

    #[test]
    fn the_three_forms_share_one_allocation() {
        let frame = Frame::encode(&epoch(), &Entry::void(7));
        let sse = std::str::from_utf8(frame.sse()).expect("text");
        assert_eq!(sse, format!("id: {}.7\ndata: {}\n\n", epoch(), frame.text()));
        let inside = frame.sse().as_ptr_range();
        assert!(inside.contains(&frame.text().as_bytes().as_ptr()));
    }

    #[test]
    fn a_page_names_the_positions_it_lies_between() {
        let frames: Vec<_> = [3, 4].iter().map(|seq| Frame::encode(&epoch(), &Entry::void(*seq))).collect();
        let page: serde_json::Value = serde_json::from_slice(&page(&epoch(), 2, &frames, "")).expect("JSON");
        assert_eq!((&page["after"], &page["next"]), (&2.into(), &4.into()));
        assert_eq!(page["entries"][1]["seq"], 4);
        let empty: serde_json::Value =
            serde_json::from_slice(&super::page(&epoch(), 9, &[], r#","resumed":false"#)).expect("JSON");
        assert_eq!((&empty["next"], &empty["resumed"]), (&9.into(), &false.into()));
    }
}
