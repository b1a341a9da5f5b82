//! Posts as articles, in the three formats.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::post::{MediaKind, Post};

/// Longest title that is made of a post without one, in characters.
const TITLE_CHARS_MAX: usize = 60;

/// Which format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Rss,
    Atom,
    Json,
}

/// How this answer differs from the usual one.
pub(super) struct How {
    pub(super) host: String,
    pub(super) guid_suffix: String,
    pub(super) moved_to: Option<String>,
    pub(super) is_latin: bool,
}

impl Form {
    pub(super) fn named(name: &str) -> Option<Self> {
        match name {
            "feed.xml" => Some(Self::Rss),
            "atom.xml" => Some(Self::Atom),
            "feed.json" => Some(Self::Json),
            _ => None,
        }
    }

    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::Rss => "application/rss+xml; charset=utf-8",
            Self::Atom => "application/atom+xml; charset=utf-8",
            Self::Json => "application/feed+json",
        }
    }

    pub(super) fn render(self, posts: &[Arc<Post>], how: &How) -> String {
        match self {
            Self::Rss => rss(posts, how),
            Self::Atom => atom(posts, how),
            Self::Json => json_feed(posts, how).to_string(),
        }
    }
}

fn declaration(how: &How) -> &'static str {
    if how.is_latin {
        "<?xml version=\"1.0\" encoding=\"iso-8859-1\"?>\n"
    } else {
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
    }
}

fn rss(posts: &[Arc<Post>], how: &How) -> String {
    let moved =
        how.moved_to.as_ref().map(|to| format!("<itunes:new-feed-url>{}</itunes:new-feed-url>", escaped(to)));
    let items: String = posts.iter().map(|post| rss_item(post, how)).collect();
    format!(
        "{}<rss version=\"2.0\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:atom=\"http://www.w3.org/2005/Atom\" \
         xmlns:content=\"http://purl.org/rss/1.0/modules/content/\" xmlns:itunes=\"http://www.itunes.com/dtds/podcast-1.0.dtd\">\
         <channel><title>The conference blog</title><link>https://blog.example/</link><language>en</language>{}\n{items}</channel></rss>\n",
        declaration(how),
        moved.unwrap_or_default()
    )
}

fn rss_item(post: &Post, how: &How) -> String {
    let html = html(post);
    let tags: String = post.tags.iter().map(|tag| format!("<category>{}</category>", escaped(tag))).collect();
    let updated =
        post.edited_at.map(|at| format!("<atom:updated>{}</atom:updated>", iso(at))).unwrap_or_default();
    let files: String = files(post)
        .map(|(url, kind)| format!("<enclosure url=\"{}\" type=\"{kind}\" length=\"1\"/>", escaped(url)))
        .collect();
    format!(
        "<item><title>{}</title><link>{}</link><guid isPermaLink=\"false\">{}{}</guid><pubDate>{}</pubDate>\
         <dc:creator>{}</dc:creator>{tags}{updated}{files}<description>{}</description>\
         <content:encoded><![CDATA[{}]]></content:encoded></item>\n",
        escaped(&title(post)),
        link(post),
        post.id,
        how.guid_suffix,
        http_date(post.created_at),
        escaped(name(post)),
        escaped(&html),
        html.replace("]]>", "]]&gt;")
    )
}

fn atom(posts: &[Arc<Post>], how: &How) -> String {
    let entries: String = posts.iter().map(|post| atom_entry(post, how)).collect();
    let newest = posts.iter().map(|post| changed(post)).max().unwrap_or_default();
    format!(
        "{}<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:base=\"https://blog.example/\" xml:lang=\"en\">\
         <title>The conference blog</title><id>tag:blog.example,2026:feed</id><updated>{}</updated>\
         <link rel=\"self\" href=\"http://{}/atom.xml\"/><link href=\"/\"/>\n{entries}</feed>\n",
        declaration(how),
        iso(newest),
        escaped(&how.host)
    )
}

fn atom_entry(post: &Post, how: &How) -> String {
    let tags: String = post.tags.iter().map(|tag| format!("<category term=\"{}\"/>", escaped(tag))).collect();
    let files: String = files(post)
        .map(|(url, kind)| format!("<link rel=\"enclosure\" href=\"{}\" type=\"{kind}\"/>", escaped(url)))
        .collect();
    format!(
        "<entry><id>{}{}</id><title>{}</title><link href=\"articles/{}\"/><published>{}</published><updated>{}</updated>\
         <author><name>{}</name></author>{tags}{files}<content type=\"html\">{}</content></entry>\n",
        post.id,
        how.guid_suffix,
        escaped(&title(post)),
        post.id,
        iso(post.created_at),
        iso(changed(post)),
        escaped(name(post)),
        escaped(&html(post))
    )
}

fn json_feed(posts: &[Arc<Post>], how: &How) -> Value {
    let items: Vec<Value> = posts.iter().map(|post| json_item(post, how)).collect();
    json!({
        "version": "https://jsonfeed.org/version/1.1", "title": "The conference blog", "language": "en",
        "home_page_url": "https://blog.example/", "feed_url": format!("http://{}/feed.json", how.host), "items": items,
    })
}

fn json_item(post: &Post, how: &How) -> Value {
    let picture = files(post).find(|(_, kind)| kind.starts_with("image"));
    let mut item = json!({
        "id": format!("{}{}", post.id, how.guid_suffix), "url": link(post), "title": title(post), "content_html": html(post),
        "date_published": iso(post.created_at), "authors": [{"name": name(post)}], "tags": post.tags,
    });
    if let Some(at) = post.edited_at {
        item["date_modified"] = json!(iso(at));
    }
    if let Some((url, _)) = picture {
        item["image"] = json!(url);
    }
    item
}

fn name(post: &Post) -> &str {
    if post.author.name.is_empty() { &post.author.handle } else { &post.author.name }
}

fn link(post: &Post) -> String {
    format!("https://blog.example/articles/{}", post.id)
}

fn changed(post: &Post) -> i64 {
    post.edited_at.unwrap_or(post.created_at)
}

/// The article's title; the beginning of its words where it has none.
fn title(post: &Post) -> String {
    let beginning = || post.text.lines().next().unwrap_or_default().chars().take(TITLE_CHARS_MAX).collect();
    post.title.clone().unwrap_or_else(beginning)
}

fn files(post: &Post) -> impl Iterator<Item = (&str, &'static str)> {
    post.media.iter().map(|medium| {
        let kind = match medium.kind {
            MediaKind::Photo => "image/jpeg",
            MediaKind::Gif => "image/gif",
            MediaKind::Video => "video/mp4",
        };
        (medium.url.as_str(), kind)
    })
}

/// The words with their links, a paragraph each.
fn html(post: &Post) -> String {
    if let Some(html) = &post.html {
        return html.clone();
    }
    let mut words = escaped(&post.text);
    for link in &post.links {
        let (shown, to) = (escaped(&link.shown), escaped(&link.expanded));
        words = words.replacen(&shown, &format!("<a href=\"{to}\">{shown}</a>"), 1);
    }
    let paragraphs: Vec<String> =
        words.split("\n\n").map(|part| format!("<p>{}</p>", part.replace('\n', "<br>"))).collect();
    paragraphs.concat()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn iso(micros: i64) -> String {
    Timestamp::from_microsecond(micros).unwrap_or_default().to_string()
}

/// As HTTP and RSS write dates.
pub(super) fn http_date(micros: i64) -> String {
    let at = Timestamp::from_microsecond(micros).unwrap_or_default();
    at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}
