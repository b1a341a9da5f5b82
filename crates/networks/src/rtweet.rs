//! Reads archives of conference hashtags (one tweet a line, the column names of R's rtweet) as posts.
//!
//! A retweet wraps an original with the id that the archive names. When the original is not in the file, it is made
//! from the retweet: author from `RT @name: `, words from what follows.

use std::collections::HashMap;
use std::path::Path;

use serde::Deserialize;

use crate::post::{Author, Counts, Link, Media, MediaKind, Post};
use crate::{Error, Happening, ids};

#[derive(Deserialize)]
struct Row {
    status_id: String,
    created_at: String,
    user_id: String,
    screen_name: String,
    text: String,
    #[serde(default)]
    is_retweet: bool,
    retweet_status_id: Option<String>,
    #[serde(default)]
    hashtags: Vec<String>,
    #[serde(default, alias = "urls_expanded")]
    urls_expanded_url: Vec<String>,
    #[serde(default)]
    mentions_screen_name: Vec<String>,
    #[serde(default)]
    media_url: Vec<String>,
    #[serde(default)]
    media_type: Vec<String>,
    lang: Option<String>,
    #[serde(default)]
    favorite_count: u32,
    #[serde(default)]
    retweet_count: u32,
    #[serde(alias = "in_reply_to_status_status_id")]
    reply_to_status_id: Option<String>,
    #[serde(alias = "quote_status_id")]
    quoted_status_id: Option<String>,
}

/// Reads a file, in its order (oldest first). Lines that are repeated in it are repeated here.
///
/// # Errors
/// When the file cannot be read, or a line lacks what a tweet needs.
pub fn load(path: &Path) -> Result<Vec<Happening>, Error> {
    let text = std::fs::read_to_string(path).map_err(Error::io(format!("read {}", path.display())))?;
    let mut rows = Vec::new();
    for (n, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let bad = |why: String| Error::BadLine { path: path.to_owned(), line: n + 1, why };
        let row: Row = serde_json::from_str(line).map_err(|e| bad(e.to_string()))?;
        let at: jiff::Timestamp = row.created_at.parse().map_err(|e: jiff::Error| bad(e.to_string()))?;
        rows.push((row, at.as_microsecond()));
    }
    let plain = rows.iter().filter(|(row, _)| !row.is_retweet);
    let mut originals: HashMap<String, Post> =
        plain.map(|(row, at)| (row.status_id.clone(), post(row, *at))).collect();
    let mut out = Vec::with_capacity(rows.len());
    for (row, at) in &rows {
        out.push(Happening::Post(match row.retweet_status_id.as_ref().filter(|_| row.is_retweet) {
            Some(id) => {
                let original = originals.entry(id.clone()).or_insert_with(|| rebuilt(row, id)).clone();
                let mut retweet = Post::new(&row.status_id, *at, &row.screen_name, &row.text);
                retweet.author = author(&row.user_id, &row.screen_name);
                retweet.lang = row.lang.clone();
                Post { retweet_of: Some(Box::new(original)), ..retweet }
            }
            None => post(row, *at),
        }));
    }
    Ok(out)
}

fn author(id: &str, handle: &str) -> Author {
    Author { id: id.to_owned(), name: handle.to_owned(), handle: handle.to_owned(), ..Author::default() }
}

/// The archive keeps the network's escaping; posts are plain.
fn unescape(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

fn post(row: &Row, at: i64) -> Post {
    let text = unescape(&row.text);
    let shorts = short_links(&text);
    let links = row
        .urls_expanded_url
        .iter()
        .zip(&shorts)
        .map(|(to, short)| Link { shown: short.clone(), expanded: to.clone() });
    let links: Vec<Link> = links.collect();
    let mut rest = shorts.iter().skip(links.len());
    let media = row.media_url.iter().enumerate().map(|(n, url)| Media {
        kind: match row.media_type.get(n).map(String::as_str) {
            Some("video") => MediaKind::Video,
            Some("animated_gif") => MediaKind::Gif,
            _ => MediaKind::Photo,
        },
        url: url.replacen("http://", "https://", 1),
        shown: rest.next().cloned(),
        ..Media::default()
    });
    Post {
        id: row.status_id.clone(),
        created_at: at,
        author: author(&row.user_id, &row.screen_name),
        tags: row.hashtags.clone(),
        mentions: row.mentions_screen_name.clone(),
        links,
        media: media.collect(),
        lang: row.lang.clone(),
        reply_to: row.reply_to_status_id.clone(),
        quote: row.quoted_status_id.clone(),
        counts: Counts { boosts: row.retweet_count, likes: row.favorite_count, replies: 0 },
        text,
        ..Post::default()
    }
}

/// The original of a retweet, from the retweet alone.
fn rebuilt(row: &Row, id: &str) -> Post {
    let body = row.text.strip_prefix("RT @").unwrap_or(&row.text);
    let (handle, words) = body.split_once(": ").unwrap_or(("unknown", body));
    let at = ids::snowflake_micros(id).unwrap_or(0);
    let whole = Row { status_id: id.to_owned(), text: words.to_owned(), ..bare(row) };
    Post { author: author(&ids::digits(handle), handle), ..post(&whole, at) }
}

fn bare(row: &Row) -> Row {
    Row {
        status_id: String::new(),
        created_at: String::new(),
        user_id: String::new(),
        screen_name: String::new(),
        text: String::new(),
        is_retweet: false,
        retweet_status_id: None,
        hashtags: row.hashtags.clone(),
        urls_expanded_url: row.urls_expanded_url.clone(),
        mentions_screen_name: row.mentions_screen_name.clone(),
        media_url: row.media_url.clone(),
        media_type: row.media_type.clone(),
        lang: row.lang.clone(),
        favorite_count: row.favorite_count,
        retweet_count: row.retweet_count,
        reply_to_status_id: None,
        quoted_status_id: row.quoted_status_id.clone(),
    }
}

fn short_links(text: &str) -> Vec<String> {
    let starts = text.match_indices("https://t.co/");
    let code =
        |at: usize| text[at + 13..].chars().take_while(char::is_ascii_alphanumeric).collect::<String>();
    starts.map(|(at, head)| format!("{head}{}", code(at))).filter(|link| link.len() > 13).collect()
}
