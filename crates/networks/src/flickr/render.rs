//! A post as Flickr writes it: a photo in a list, a photo by itself, and the licences. Which numbers are texts and which
//! are not follows what Flickr really sends.

use serde_json::{Value, json};

use crate::ids;
use crate::post::{Media, MediaKind, Post, Visibility};
use crate::text::{Part, parts};

/// Licences by their number.
const LICENCES: [&str; 17] = [
    "All Rights Reserved",
    "CC BY-NC-SA 2.0",
    "CC BY-NC 2.0",
    "CC BY-NC-ND 2.0",
    "CC BY 2.0",
    "CC BY-SA 2.0",
    "CC BY-ND 2.0",
    "No known copyright restrictions",
    "United States Government Work",
    "Public Domain Dedication (CC0)",
    "Public Domain Mark",
    "CC BY 4.0",
    "CC BY-SA 4.0",
    "CC BY-ND 4.0",
    "CC BY-NC 4.0",
    "CC BY-NC-SA 4.0",
    "CC BY-NC-ND 4.0",
];
/// Fields of a photo that are only there when their extra is asked for.
const EXTRAS: [(&str, &[&str]); 11] = [
    ("date_upload", &["dateupload"]),
    ("last_update", &["lastupdate"]),
    ("owner_name", &["ownername"]),
    ("path_alias", &["pathalias"]),
    ("icon_server", &["iconserver", "iconfarm"]),
    ("tags", &["tags"]),
    ("description", &["description"]),
    ("license", &["license"]),
    ("media", &["media", "media_status"]),
    ("count_faves", &["count_faves"]),
    ("count_comments", &["count_comments"]),
];
/// Sizes by their letter and longest side.
const SIZES: [(&str, u32); 6] = [("l", 1024), ("c", 800), ("z", 640), ("m", 500), ("s", 240), ("t", 0)];

/// A photo of a list.
pub(super) fn listed(post: &Post, extras: &[&str]) -> Value {
    let (author, seconds) = (&post.author, post.created_at.div_euclid(1_000_000));
    let mut photo = json!({
        "id": post.id, "owner": nsid(post), "secret": secret(post), "server": "65535", "farm": 66,
        "title": post.title.as_deref().unwrap_or_default(),
        "ispublic": u8::from(post.visibility == Visibility::Public), "isfriend": 0, "isfamily": 0,
        "license": licence(post), "description": {"_content": description(post)},
        "dateupload": seconds.to_string(), "lastupdate": updated(post).to_string(),
        "ownername": author.name, "iconserver": "0", "iconfarm": 0, "tags": tags(post).join(" "),
        "media": media(post), "media_status": "ready", "pathalias": alias(post),
        "count_faves": post.counts.likes.to_string(), "count_comments": post.counts.replies,
    });
    let Some(fields) = photo.as_object_mut() else { return photo };
    for (extra, names) in EXTRAS {
        if !extras.contains(&extra) {
            names.iter().for_each(|name| drop(fields.remove(*name)));
        }
    }
    if let Some(picture) = post.media.first().filter(|picture| !picture.url.is_empty()) {
        let letter = size(picture);
        if extras.contains(&format!("url_{letter}").as_str()) {
            fields.insert(format!("url_{letter}"), json!(picture.url));
            fields.insert(format!("width_{letter}"), json!(picture.width));
            fields.insert(format!("height_{letter}"), json!(picture.height.to_string()));
        }
    }
    photo
}

/// A photo by itself.
pub(super) fn info(post: &Post) -> Value {
    let author = &post.author;
    let seconds = post.created_at.div_euclid(1_000_000).to_string();
    let owner = alias(post).unwrap_or_else(|| nsid(post));
    let tags = tags(post).into_iter().map(|tag| {
        json!({"id": format!("{}-{}", post.id, ids::digits(&tag)), "author": nsid(post), "authorname": author.name,
            "raw": tag, "_content": tag, "machine_tag": 0})
    });
    json!({
        "id": post.id, "secret": secret(post), "server": "65535", "farm": 66, "dateuploaded": seconds,
        "isfavorite": 0, "license": licence(post), "safety_level": if post.sensitive { "1" } else { "0" },
        "rotation": 0, "views": "8", "media": media(post),
        "owner": {"nsid": nsid(post), "username": author.name, "realname": "", "location": null, "iconserver": "0",
            "iconfarm": 0, "path_alias": alias(post)},
        "title": {"_content": post.title.as_deref().unwrap_or_default()},
        "description": {"_content": description(post)},
        "visibility": {"ispublic": u8::from(post.visibility == Visibility::Public), "isfriend": 0, "isfamily": 0},
        "dates": {"posted": seconds, "taken": "2026-06-01 09:30:00", "takengranularity": 0, "takenunknown": "1",
            "lastupdate": updated(post).to_string()},
        "comments": {"_content": post.counts.replies.to_string()},
        "tags": {"tag": tags.collect::<Vec<_>>()},
        "urls": {"url": [{"type": "photopage", "_content": format!("https://www.flickr.com/photos/{owner}/{}/", post.id)}]},
    })
}

/// The list of licences.
pub(super) fn licences() -> Value {
    let all = LICENCES.iter().enumerate();
    let all: Vec<Value> =
        all.map(|(n, name)| json!({"id": n.to_string(), "name": name, "url": ""})).collect();
    json!({"licenses": {"license": all}, "stat": "ok"})
}

fn nsid(post: &Post) -> String {
    format!("{}@N01", post.author.id)
}

/// Not everybody has chosen one.
fn alias(post: &Post) -> Option<String> {
    let handle = &post.author.handle;
    (!handle.is_empty() && handle.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'))
        .then(|| handle.clone())
}

fn secret(post: &Post) -> String {
    format!("{:010x}", ids::hash(&post.id) & 0xff_ffff_ffff)
}

fn updated(post: &Post) -> i64 {
    post.edited_at.unwrap_or(post.created_at).div_euclid(1_000_000)
}

fn licence(post: &Post) -> String {
    let named = post.licence.as_deref().unwrap_or_default();
    let number = LICENCES.iter().position(|name| name.eq_ignore_ascii_case(named));
    number.unwrap_or(0).to_string()
}

/// As Flickr writes tags for machines: small letters and digits only.
fn tags(post: &Post) -> Vec<String> {
    let small = |tag: &String| tag.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect();
    post.tags.iter().map(small).collect()
}

fn media(post: &Post) -> &'static str {
    match post.media.first().map(|m| m.kind) {
        Some(MediaKind::Video) => "video",
        _ => "photo",
    }
}

fn size(picture: &Media) -> &'static str {
    let side = picture.width.max(picture.height);
    SIZES.iter().find(|(_, least)| side >= *least).map_or("t", |(letter, _)| letter)
}

/// Words with their line ends, addresses as links.
fn description(post: &Post) -> String {
    if let Some(html) = &post.html {
        return html.clone();
    }
    let mut html = String::new();
    for part in parts(post) {
        match part {
            Part::Words(words) => html.push_str(words),
            Part::Tag(tag) => html.push_str(&format!("#{tag}")),
            Part::Mention(handle) => html.push_str(&format!("@{handle}")),
            Part::Link(link) => html.push_str(&format!(
                "<a href=\"{}\" rel=\"noreferrer nofollow\">{}</a>",
                link.expanded.replace('"', "%22"),
                link.expanded.trim_start_matches("https://").replace('<', "&lt;")
            )),
            Part::Media(_) => {}
        }
    }
    html
}
