//! Hashtag streams: one connection per hashtag, all of them or none.

use futures_util::future::select_all;

use super::Mastodon;
use super::status::{self, Status};
use crate::source::{Deleter, LINE_BYTES_MAX, Outlet, SourceEnd, Upstream, sample};
use crate::wire::{Bytes, Event, Reader, open};

/// Connects every hashtag, then reads until one of them ends.
pub(super) async fn run(source: &Mastodon, out: &Outlet) -> SourceEnd {
    let base = match source.server.streaming_base().await {
        Ok(base) => base,
        Err(end) => return end,
    };
    let mut streams = Vec::new();
    for tag in &source.tags {
        match open(source.server.stream(&base, tag)).await {
            Ok(bytes) => streams.push((tag, bytes)),
            Err(refusal) => return refusal.end,
        }
    }
    out.send(Upstream::Opened).await;
    let reading = streams.into_iter().map(|(tag, bytes)| Box::pin(read(source, tag, bytes, out)));
    let (end, _, _) = select_all(reading).await;
    end
}

async fn read(source: &Mastodon, tag: &str, mut bytes: Bytes, out: &Outlet) -> SourceEnd {
    let mut reader = Reader::new(LINE_BYTES_MAX);
    loop {
        let chunk = match bytes.next().await {
            Ok(chunk) => chunk,
            Err(end) => return end,
        };
        let mut events = Vec::new();
        reader.push(&chunk, |event| events.push(event));
        for event in events {
            let (message, id) = heard(source, tag, event);
            out.send(message).await;
            if let Some(id) = id {
                out.send(Upstream::Cursor(source.reached(tag, &id))).await;
            }
        }
    }
}

/// What an event says, and the id up to which everything has now been heard.
fn heard(source: &Mastodon, tag: &str, event: Event) -> (Upstream, Option<String>) {
    let (name, data) = match event {
        Event::Comment => return (Upstream::Alive, None),
        Event::Oversize(bytes) => return (Upstream::Oversize { bytes }, None),
        Event::Message { name, data } => (name, data),
    };
    match name.as_str() {
        "update" | "status.update" => match status::read(&data) {
            Ok(status) => post(source, tag, status, name == "update"),
            Err(malformed) => (malformed, None),
        },
        "delete" => (delete(source, &data), None),
        "filters_changed"
        | "notification"
        | "conversation"
        | "announcement"
        | "announcement.reaction"
        | "announcement.delete"
        | "notifications_merged"
        | "encrypted_message" => (Upstream::Ignored { kind: "not_a_post" }, None),
        _ => (Upstream::Ignored { kind: "unknown_event" }, None),
    }
}

fn post(source: &Mastodon, tag: &str, status: Status, is_new: bool) -> (Upstream, Option<String>) {
    let id = status.id.clone();
    let version = status.version();
    let message = status.upstream(source.server.host());
    if let (Some(id), Upstream::Post(_)) = (&id, &message) {
        source.known().look(tag, id, version);
    }
    (message, id.filter(|_| is_new))
}

fn delete(source: &Mastodon, data: &[u8]) -> Upstream {
    match std::str::from_utf8(data).map(|id| id.trim().trim_matches('"')) {
        Ok(id) if !id.is_empty() => {
            source.known().forget(id);
            Upstream::Delete { name: status::alias(source.server.host(), id), by: Deleter::Author }
        }
        _ => Upstream::Malformed { reason: "no_id", sample: sample(data) },
    }
}
