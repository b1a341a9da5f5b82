//! `statuses/filter`: messages ended by `\r\n`, or preceded by their length; blank lines keep the connection alive.

use std::sync::Arc;

use serde_json::{Value, json};

use super::render;
use crate::deliver::{Encode, Message};
use crate::happen::{Happened, What};
use crate::journal::Line;
use crate::rules::Rule;
use crate::store::Store;

pub(crate) struct Lines {
    store: Arc<Store>,
    track: Rule,
    is_everything: bool,
    is_delimited: bool,
}

impl Lines {
    pub(crate) fn new(store: &Arc<Store>, track: Rule, is_everything: bool, is_delimited: bool) -> Self {
        Self { store: Arc::clone(store), track, is_everything, is_delimited }
    }

    fn frame(&self, message: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(message.len() + 16);
        if self.is_delimited {
            out.extend_from_slice(format!("{}\n", message.len() + 2).as_bytes());
        }
        out.extend_from_slice(message);
        out.extend_from_slice(b"\r\n");
        out
    }

    fn json(&self, value: &Value) -> Vec<u8> {
        self.frame(value.to_string().as_bytes())
    }
}

impl Encode for Lines {
    fn heartbeat(&self) -> Vec<u8> {
        b"\r\n".to_vec()
    }

    fn message(&mut self, happened: &Happened) -> Option<Message> {
        let post = happened.what.post();
        if !self.is_everything && !self.track.matches(post) {
            return None;
        }
        let value = match &happened.what {
            What::Post(post) | What::Edit { post, .. } => render::status(&self.store, post, false),
            What::Delete(post) => json!({"delete": {"status": {
                "id": post.id.parse::<u64>().unwrap_or(0), "id_str": post.id,
                "user_id": post.author.id.parse::<u64>().unwrap_or(0), "user_id_str": post.author.id,
            }, "timestamp_ms": (post.created_at / 1000).to_string()}}),
        };
        let line = Line { uid: self.store.uid(post), id: Some(post.id.clone()), ..Line::default() };
        Some(Message { bytes: self.json(&value), line })
    }

    fn garbage(&self, which: usize) -> Vec<u8> {
        match which {
            0 => self.frame(b"{\"id\":12,\"text\":\"cut"),
            1 => self.frame(b"\xff\xfe not text at all"),
            2 => self.frame(b"<html><body>502</body></html>"),
            _ => self.json(&json!({"unknown_data": {"new_twitter_type": "unexpected"}})),
        }
    }

    fn oversize(&self, bytes: usize) -> Vec<u8> {
        self.json(&json!({"id": 13, "id_str": "13", "text": "x".repeat(bytes)}))
    }

    fn goodbye(&self) -> Vec<u8> {
        let reason = "admin logout";
        self.json(&json!({"disconnect": {"code": 7, "stream_name": "fake", "reason": reason}}))
    }
}
