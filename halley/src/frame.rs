//! One entry in every wire form, encoded once and shared by all connections.
//!
//! All forms lie in one allocation: the server-sent event, then the WebSocket frame, whose payload is the JSON that a poll's answer and a
//! chunk carry. The compressed WebSocket frame is made when the first client wants it.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use model::{Entry, Epoch, Seq};

use crate::{audience::Said, deflate, frames};

/// The forms in which entries lie on a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// WebSocket text frames.
    Text,
    /// The same, compressed where that makes them shorter.
    Deflated,
    /// Server-sent events.
    Event,
}

/// See the module. Cloning shares the bytes.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    seq: Seq,
    said: Option<Said>,
    all: Bytes,
    /// Where the WebSocket frame begins, and where its payload.
    text_from: u32,
    json_from: u32,
    /// Empty inside where compressing does not pay.
    deflated: Arc<OnceLock<Option<Bytes>>>,
}

impl Frame {
    /// Encodes the public form of an entry.
    pub(crate) fn encode(epoch: &Epoch, entry: &Entry) -> Self {
        let json = model::public::entry_json(entry);
        let mut all = Vec::with_capacity(2 * json.len() + 96);
        all.extend_from_slice(format!("id: {epoch}.{}\ndata: ", entry.seq).as_bytes());
        all.extend_from_slice(&json);
        all.extend_from_slice(b"\n\n");
        let text_from = offset(&all);
        all.extend_from_slice(frames::text_header(json.len(), false).as_ref());
        let json_from = offset(&all);
        all.extend_from_slice(&json);
        all.shrink_to_fit();
        let (seq, said) = (entry.seq, Said::of(entry));
        Self { seq, said, all: Bytes::from(all), text_from, json_from, deflated: Arc::default() }
    }

    /// The entry's number.
    pub(crate) fn seq(&self) -> Seq {
        self.seq
    }

    /// When it was said, if it is a new post.
    pub(crate) fn said(&self) -> Option<Said> {
        self.said
    }

    /// The entry as it lies on a stream: a WebSocket frame with its header, or a server-sent event with its `id:` line.
    pub(crate) fn form(&self, form: Form) -> Bytes {
        match form {
            Form::Text => self.all.slice(self.text_from as usize..),
            Form::Event => self.all.slice(..self.text_from as usize),
            Form::Deflated => {
                let deflated = self.deflated.get_or_init(|| deflate::frame(self.json()));
                deflated.clone().unwrap_or_else(|| self.form(Form::Text))
            }
        }
    }

    /// The JSON object.
    pub(crate) fn json(&self) -> &[u8] {
        &self.all[self.json_from as usize..]
    }

    /// What this entry costs a client, whatever way it takes it.
    pub(crate) fn bytes(&self) -> usize {
        self.text_from as usize
    }

    /// What this entry may hold in memory: its compressed form, if somebody wants it, is shorter than the JSON.
    pub(crate) fn held_bytes(&self) -> usize {
        self.all.len() + self.json().len()
    }
}

/// Admit lets no entry through that is anywhere near 4 GiB.
fn offset(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).expect("an entry has less than 4 GiB")
}

/// `{"epoch","after","next","entries":[...]}`, the body of chunks and (with `extra` before its end) of polls.
pub(crate) fn page(epoch: &Epoch, after: Seq, frames: &[Frame], extra: &str) -> Bytes {
    let next = frames.last().map_or(after, Frame::seq);
    let size = frames.iter().map(|f| f.json().len() + 1).sum::<usize>() + extra.len() + 128;
    let mut body = Vec::with_capacity(size);
    body.extend_from_slice(
        format!(r#"{{"epoch":"{epoch}","after":{after},"next":{next},"entries":["#).as_bytes(),
    );
    for (i, frame) in frames.iter().enumerate() {
        if i > 0 {
            body.push(b',');
        }
        body.extend_from_slice(frame.json());
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
    fn all_forms_say_the_same() {
        let frame = Frame::encode(&epoch(), &Entry::void(7));
        let json = std::str::from_utf8(frame.json()).expect("text");
        assert_eq!(frame.form(Form::Event), format!("id: {}.7\ndata: {json}\n\n", epoch()));
        let text = frame.form(Form::Text);
        assert_eq!((text[0], text[1] as usize, &text[2..]), (0x81, json.len(), json.as_bytes()));
        assert_eq!(frame.form(Form::Deflated), text, "nothing to be saved");
        assert_eq!(frame.held_bytes(), frame.bytes() + text.len() + json.len());
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
