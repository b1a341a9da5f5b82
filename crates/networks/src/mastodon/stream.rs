//! Mastodon's server-sent events, byte for byte: `:)` first, `:thump` without a blank line, no ids, no resume.

use std::collections::HashSet;
use std::sync::Arc;

use super::{listed, render};
use crate::deliver::{Encode, Message};
use crate::happen::{Happened, What};
use crate::journal::Line;
use crate::store::Store;

/// One hashtag subscription.
pub(crate) struct Sse {
    store: Arc<Store>,
    tag: String,
    is_everything: bool,
    /// Posts that this stream had: an edit that drops the tag still comes here.
    had: HashSet<String>,
}

impl Sse {
    pub(crate) fn new(store: Arc<Store>, tag: &str, is_everything: bool) -> Self {
        Self { store, tag: tag.to_owned(), is_everything, had: HashSet::new() }
    }
}

fn event(name: &str, data: &str) -> Vec<u8> {
    format!("event: {name}\ndata: {data}\n\n").into_bytes()
}

impl Encode for Sse {
    fn greeting(&self) -> Vec<u8> {
        b":)\n".to_vec()
    }

    fn heartbeat(&self) -> Vec<u8> {
        b":thump\n".to_vec()
    }

    fn message(&mut self, happened: &Happened) -> Option<Message> {
        let post = happened.what.post();
        let is_mine = listed(post, &self.tag, self.is_everything);
        let bytes = match &happened.what {
            What::Post(_) if is_mine => {
                self.had.insert(post.id.clone());
                event("update", &render::status(post).to_string())
            }
            What::Edit { .. } if is_mine || self.had.contains(&post.id) => {
                event("status.update", &render::status(post).to_string())
            }
            // Deletes are broadcast, for posts too that this stream never carried.
            What::Delete(_) => event("delete", &post.id),
            What::Post(_) | What::Edit { .. } => return None,
        };
        Some(Message { bytes, line: Line { uid: self.store.uid(post), ..Line::default() } })
    }

    fn garbage(&self, which: usize) -> Vec<u8> {
        match which {
            0 => event("update", "{\"id\":\"12\",\"content\":"),
            1 => event("filters_changed", "undefined"),
            2 => b"event: update\ndata: \xff\xfe{not text}\n\n".to_vec(),
            _ => event("something.new", "[1,2,3]"),
        }
    }

    fn oversize(&self, bytes: usize) -> Vec<u8> {
        event("update", &format!("{{\"id\":\"13\",\"content\":\"{}\"}}", "x".repeat(bytes)))
    }
}
