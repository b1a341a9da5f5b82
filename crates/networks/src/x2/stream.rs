//! The filtered stream: one JSON object a line, `\r\n` ends, `\r\n` alone as heartbeat. It carries no deletes.

use std::sync::Arc;

use serde_json::json;

use super::render::Fields;
use super::rulebook::Rulebook;
use super::search;
use crate::deliver::{Encode, Message};
use crate::happen::{Happened, What};
use crate::journal::Line;
use crate::server::{Matching, World};
use crate::store::Store;

pub(crate) struct Lines {
    store: Arc<Store>,
    rules: Arc<Rulebook>,
    matching: Matching,
    fields: Fields,
}

impl Lines {
    pub(crate) fn new(world: &World, rules: Arc<Rulebook>, fields: Fields) -> Self {
        Self { store: Arc::clone(&world.store), rules, matching: world.matching, fields }
    }
}

impl Encode for Lines {
    fn heartbeat(&self) -> Vec<u8> {
        b"\r\n".to_vec()
    }

    fn message(&mut self, happened: &Happened) -> Option<Message> {
        let (What::Post(post) | What::Edit { post, .. }) = &happened.what else { return None };
        let rules = search::matching(&self.rules, post, self.matching);
        if rules.is_empty() {
            return None;
        }
        let body = search::message(&self.store, post, &self.fields, rules);
        let line = Line { uid: self.store.uid(post), id: Some(post.id.clone()), ..Line::default() };
        Some(Message { bytes: format!("{body}\r\n").into_bytes(), line })
    }

    fn garbage(&self, which: usize) -> Vec<u8> {
        match which {
            0 => b"{\"data\":{\"id\":\"12\",\"text\":\"cut\r\n".to_vec(),
            1 => b"\xff\xfe not text at all\r\n".to_vec(),
            2 => b"<html><body>502</body></html>\r\n".to_vec(),
            _ => b"{\"data\":{\"something\":\"new\"}}\r\n".to_vec(),
        }
    }

    fn oversize(&self, bytes: usize) -> Vec<u8> {
        format!("{{\"data\":{{\"id\":\"13\",\"text\":\"{}\"}}}}\r\n", "x".repeat(bytes)).into_bytes()
    }

    fn goodbye(&self) -> Vec<u8> {
        let body = json!({"errors": [{"title": "operational-disconnect", "disconnect_type": "UpstreamOperationalDisconnect",
            "detail": "This stream has been disconnected upstream for operational reasons.",
            "type": "https://api.x.com/2/problems/operational-disconnect"}]});
        format!("{body}\r\n").into_bytes()
    }
}
