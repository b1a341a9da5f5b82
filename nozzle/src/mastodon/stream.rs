//! Hashtag streams: one connection per hashtag, all of them or none.

use futures_util::future::{select_all, try_join_all};
use tokio::time::timeout;

use super::status::{self, Status};
use super::{Mastodon, SILENCE_MAX, look};
use crate::source::{LINE_BYTES_MAX, Outlet, SourceEnd, Upstream, sample};
use crate::wire::{Bytes, Event, Reader, open};

/// Connects every hashtag, then reads until one of them ends.
pub(super) async fn run(source: &Mastodon, out: &Outlet) -> SourceEnd {
    // One after the other, the server is asked where its streams are only once.
    let mut requests = Vec::new();
    for tag in &source.tags {
        match source.server.stream(tag).await {
            Ok(request) => requests.push(request),
            Err(end) => return end,
        }
    }
    let streams = match try_join_all(requests.into_iter().map(open)).await {
        Ok(streams) => streams,
        Err(refusal) => {
            source.server.lost_stream();
            return refusal.end;
        }
    };
    out.send(Upstream::Opened).await;
    let reading = source.tags.iter().zip(streams).map(|(tag, bytes)| Box::pin(read(source, tag, bytes, out)));
    let (end, _, _) = select_all(reading).await;
    end
}

async fn read(source: &Mastodon, tag: &str, mut bytes: Bytes, out: &Outlet) -> SourceEnd {
    let mut reader = Reader::new(LINE_BYTES_MAX);
    loop {
        // The pump hears all hashtags together, and would not notice that one of them has fallen silent.
        let chunk = match timeout(SILENCE_MAX, bytes.next()).await {
            Ok(Ok(chunk)) => chunk,
            Ok(Err(end)) => return end,
            Err(_) => return SourceEnd::Stalled,
        };
        let mut events = Vec::new();
        reader.push(&chunk, |event| events.push(event));
        for event in events {
            take(source, tag, event, out).await;
        }
    }
}

/// Tells what an event says, and up to which id everything has now been heard.
async fn take(source: &Mastodon, tag: &str, event: Event, out: &Outlet) {
    let (name, data) = match event {
        Event::Comment => return out.send(Upstream::Alive).await,
        Event::Oversize(bytes) => return out.send(Upstream::Oversize { bytes }).await,
        Event::Message { name, data } => (name, data),
    };
    let message = match name.as_str() {
        "update" | "status.update" => match status::read(&data) {
            Ok(status) => return post(source, tag, status, name == "update", out).await,
            Err(malformed) => malformed,
        },
        "delete" => delete(source, &data),
        "filters_changed"
        | "notification"
        | "conversation"
        | "announcement"
        | "announcement.reaction"
        | "announcement.delete"
        | "notifications_merged"
        | "encrypted_message" => Upstream::Ignored { kind: "not_a_post" },
        _ => Upstream::Ignored { kind: "unknown_event" },
    };
    out.send(message).await;
}

async fn post(source: &Mastodon, tag: &str, status: Status, is_new: bool, out: &Outlet) {
    let id = status.id.clone();
    let version = status.version();
    let is_withdrawn = !is_new && !status.is_public() && id.as_ref().is_some_and(|id| source.known().has(id));
    let message = match &id {
        Some(id) if is_withdrawn => look::gone(source, id),
        _ if is_new => status.upstream(source.server.host()),
        _ => status.changed().upstream(source.server.host()),
    };
    let is_known = matches!(message, Upstream::Post(_));
    out.send(message).await;
    let Some(id) = id else { return };
    if is_known {
        source.known().note_streamed(&id, version);
    }
    if is_new {
        out.send(Upstream::Cursor(source.reached(tag, &id))).await;
    }
}

fn delete(source: &Mastodon, data: &[u8]) -> Upstream {
    match std::str::from_utf8(data).map(|id| id.trim().trim_matches('"')) {
        Ok(id) if !id.is_empty() => look::gone(source, id),
        _ => Upstream::Malformed { reason: "no_id", sample: sample(data) },
    }
}
