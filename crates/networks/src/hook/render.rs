//! The neutral form of a post as the body of a delivery.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::post::{MediaKind, Post};
use crate::script::Happening;

/// The body that tells of something that happened. A boost has none: nobody pushes the posts of others. `at`:
/// microseconds UTC.
pub fn body(happening: &Happening, at: i64) -> Option<Vec<u8>> {
    let (kind, data) = match happening {
        Happening::Post(post) if post.retweet_of.is_some() => return None,
        Happening::Post(post) => ("post.created", item(post)),
        Happening::Edit(post) => ("post.updated", item(post)),
        Happening::Delete(id) => ("post.deleted", json!({"id": id})),
    };
    Some(json!({"type": kind, "timestamp": time(at), "data": data}).to_string().into_bytes())
}

fn item(post: &Post) -> Value {
    let media = |m: &crate::post::Media| {
        let kind = match m.kind {
            MediaKind::Photo => "photo",
            MediaKind::Video => "video",
            MediaKind::Gif => "gif",
        };
        json!({"url": m.url, "alt": m.alt, "kind": kind, "width": m.width, "height": m.height, "licence": post.licence})
    };
    let mut item = json!({
        "id": post.id, "title": post.title, "time": time(post.created_at), "lang": post.lang,
        "author": {"name": post.author.name, "handle": post.author.handle, "avatar": post.author.avatar},
        "media": post.media.iter().map(media).collect::<Vec<_>>(),
        "warning": post.warning, "reply_to": post.reply_to, "tags": post.tags,
    });
    match &post.html {
        Some(html) => item["html"] = json!(html),
        None => item["text"] = json!(post.text),
    }
    if let Some(at) = post.edited_at {
        item["edited"] = json!(time(at));
    }
    item
}

fn time(micros: i64) -> String {
    Timestamp::from_microsecond(micros).map_or_else(|_| String::new(), |at| at.to_string())
}
