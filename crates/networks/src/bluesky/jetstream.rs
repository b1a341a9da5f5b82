//! One Jetstream subscription: where it begins, which events it carries, what surrounds them.

use std::sync::Arc;
use std::time::Duration;

use super::{Stamps, render, websocket};
use crate::deliver::{Encode, Message};
use crate::happen::{Happened, What};
use crate::ids::Dice;
use crate::journal::Line;
use crate::server::World;
use crate::store::Store;

const POSTS: &str = "app.bsky.feed.post";

/// See the module.
pub(crate) struct Events {
    store: Arc<Store>,
    stamps: Arc<Stamps>,
    collections: Vec<String>,
    cursor: Option<i64>,
    /// Where the replay of this connection turns live.
    live_place: usize,
    /// From here to there nothing is carried.
    lost_from: usize,
    noise_percent: f64,
    dice: Dice,
}

impl Events {
    pub(super) fn new(
        world: &World,
        stamps: Arc<Stamps>,
        collections: Vec<String>,
        cursor: Option<i64>,
    ) -> Self {
        let faults = &world.faults.faults;
        let live_place = world.store.end();
        let lost = Duration::from_millis(faults.handover_lost_ms);
        let lost_from = if cursor.is_some() { stamps.younger_than(lost).min(live_place) } else { live_place };
        Self {
            store: Arc::clone(&world.store),
            stamps,
            collections,
            cursor,
            live_place,
            lost_from,
            noise_percent: faults.noise_percent,
            dice: Dice::new(faults.seed),
        }
    }

    fn wants(&self, collection: &str) -> bool {
        let fits = |wanted: &String| match wanted.strip_suffix('*') {
            Some(prefix) => collection.starts_with(prefix),
            None => wanted == collection,
        };
        self.collections.is_empty() || self.collections.iter().any(fits)
    }

    /// What others do at the same time.
    fn noise(&mut self, stamp: i64) -> Vec<u8> {
        if !self.dice.percent(self.noise_percent) {
            return Vec::new();
        }
        let lines = render::noise(stamp, self.dice.next());
        let carried = lines.iter().filter(|(collection, _)| collection.is_none_or(|name| self.wants(name)));
        carried.flat_map(|(_, line)| websocket::text(line.as_bytes())).collect()
    }
}

impl Encode for Events {
    fn start(&self, _end: usize) -> usize {
        self.stamps.place(self.cursor).min(self.live_place)
    }

    fn heartbeat(&self) -> Vec<u8> {
        websocket::ping()
    }

    fn message(&mut self, happened: &Happened) -> Option<Message> {
        if (self.lost_from..self.live_place).contains(&happened.place) {
            return None;
        }
        let stamp = self.stamps.at(happened.place);
        let post = happened.what.post();
        let line = match (&happened.what, &post.html) {
            (What::Post(_), Some(line)) => line.clone(),
            (What::Post(_), None) => render::post(&self.store, post, happened.place, stamp, "create"),
            (What::Edit { .. }, _) => render::post(&self.store, post, happened.place, stamp, "update"),
            (What::Delete(_), _) => render::delete(post, happened.place, stamp),
        };
        let mut bytes = self.noise(stamp);
        if post.html.is_none() && !self.wants(POSTS) {
            return None;
        }
        bytes.extend(websocket::text(line.as_bytes()));
        Some(Message { bytes, line: Line { uid: self.store.uid(post), ..Line::default() } })
    }

    fn garbage(&self, which: usize) -> Vec<u8> {
        match which {
            0 => websocket::text(b"{\"did\":\"did:plc:abc\",\"time_us\":17"),
            1 => websocket::binary(b"\x28\xb5\x2f\xfd"),
            2 => websocket::text(b"{\"did\":\"\xff\xfe\"}"),
            _ => websocket::text(b"{\"did\":\"did:plc:abc\",\"time_us\":1,\"kind\":\"sync\",\"sync\":{}}"),
        }
    }

    fn oversize(&self, bytes: usize) -> Vec<u8> {
        let line = format!(
            "{{\"did\":\"did:plc:abc\",\"time_us\":1,\"kind\":\"commit\",\"x\":\"{}\"}}",
            "x".repeat(bytes)
        );
        websocket::text(line.as_bytes())
    }

    fn goodbye(&self) -> Vec<u8> {
        websocket::close(1001, "the host goes away")
    }
}
