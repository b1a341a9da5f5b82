//! A post as Mastodon writes it: status JSON with HTML content.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::post::{Media, MediaKind, Post, Visibility};
use crate::text::{Part, parts};

/// The server's own name, for accounts without a host.
pub(crate) const DOMAIN: &str = "pixels.example";

fn at_home(handle: &str) -> (&str, &str) {
    handle.split_once('@').unwrap_or((handle, DOMAIN))
}

/// The global name of a post.
pub(crate) fn uri(post: &Post) -> String {
    let (user, host) = at_home(&post.author.handle);
    format!("https://{host}/users/{user}/statuses/{}", post.id)
}

/// The status document.
pub(crate) fn status(post: &Post) -> Value {
    let (user, host) = at_home(&post.author.handle);
    json!({
        "id": post.id,
        "created_at": time(post.created_at),
        "in_reply_to_id": post.reply_to,
        "in_reply_to_account_id": null,
        "sensitive": post.sensitive || post.warning.is_some(),
        "spoiler_text": post.warning.as_deref().unwrap_or(""),
        "visibility": post.visibility,
        "language": post.lang,
        "uri": uri(post),
        "url": format!("https://{host}/@{user}/{}", post.id),
        "replies_count": post.counts.replies,
        "reblogs_count": post.counts.boosts,
        "favourites_count": post.counts.likes,
        "edited_at": post.edited_at.map(time),
        "content": content(post),
        "reblog": null,
        "account": account(post),
        "media_attachments": post.media.iter().enumerate().map(|(n, m)| attachment(post, n, m)).collect::<Vec<_>>(),
        "mentions": post.mentions.iter().map(|m| mention(m)).collect::<Vec<_>>(),
        "tags": post.tags.iter().map(|t| json!({
            "name": t.to_lowercase(), "url": format!("https://{DOMAIN}/tags/{}", t.to_lowercase())
        })).collect::<Vec<_>>(),
        "emojis": [],
        "quote": post.quote.as_ref().map(|id| json!({"state": "accepted", "quoted_status_id": id})),
        "card": null,
        "poll": null,
    })
}

fn time(micros: i64) -> String {
    format!("{:.3}", Timestamp::from_microsecond(micros).unwrap_or_default())
}

fn account(post: &Post) -> Value {
    let author = &post.author;
    let (user, host) = at_home(&author.handle);
    json!({
        "id": author.id,
        "username": user,
        "acct": if host == DOMAIN { user } else { author.handle.as_str() },
        "display_name": author.name,
        "locked": false, "bot": false, "discoverable": true, "indexable": !author.no_index, "noindex": author.no_index, "group": false,
        "created_at": "2023-01-05T00:00:00.000Z",
        "note": "",
        "url": format!("https://{host}/@{user}"),
        "uri": format!("https://{host}/users/{user}"),
        "avatar": author.avatar.clone().unwrap_or_else(|| format!("https://{host}/avatars/original/missing.png")),
        "avatar_static": author.avatar.clone().unwrap_or_else(|| format!("https://{host}/avatars/original/missing.png")),
        "followers_count": 3, "following_count": 5, "statuses_count": 8, "emojis": [], "fields": [],
    })
}

fn mention(handle: &str) -> Value {
    let (user, host) = at_home(handle);
    json!({
        "id": crate::ids::digits(handle), "username": user, "acct": handle, "url": format!("https://{host}/@{user}"),
    })
}

fn attachment(post: &Post, n: usize, media: &Media) -> Value {
    let kind = match media.kind {
        MediaKind::Photo => "image",
        MediaKind::Video => "video",
        MediaKind::Gif => "gifv",
    };
    let size = (media.width > 0 && media.height > 0).then(|| {
        json!({"width": media.width, "height": media.height, "size": format!("{}x{}", media.width, media.height),
            "aspect": f64::from(media.width) / f64::from(media.height)})
    });
    json!({
        "id": format!("{}{n}", post.id), "type": kind, "url": media.url, "preview_url": media.url, "remote_url": null,
        "meta": {"original": size}, "description": media.alt, "blurhash": "UBL_:rOpGG-;~qRjWBay00WB%MofWBj[xuRj",
    })
}

/// The words as the HTML that Mastodon makes of them.
fn content(post: &Post) -> String {
    if let Some(html) = &post.html {
        return html.clone();
    }
    let mut html = String::from("<p>");
    for part in parts(post) {
        match part {
            Part::Words(words) => html.push_str(&paragraphs(words)),
            Part::Tag(tag) => html.push_str(&format!(
                "<a href=\"https://{DOMAIN}/tags/{}\" class=\"mention hashtag\" rel=\"tag\">#<span>{}</span></a>",
                escape(&tag.to_lowercase()),
                escape(tag)
            )),
            Part::Mention(handle) => {
                let (user, host) = at_home(handle);
                html.push_str(&format!(
                    "<span class=\"h-card\" translate=\"no\"><a href=\"https://{}/@{}\" class=\"u-url mention\">@<span>{}</span></a></span>",
                    escape(host), escape(user), escape(user)
                ));
            }
            Part::Link(link) => html.push_str(&anchor(&link.expanded)),
            Part::Media(_) => {}
        }
    }
    html.push_str("</p>");
    if post.visibility == Visibility::Public && post.text.is_empty() { String::new() } else { html }
}

/// Scheme and tail of a long address are hidden in spans; no dots are supplied.
fn anchor(address: &str) -> String {
    let rest_at = address.find("://").map_or(0, |at| at + 3);
    let rest_at = if address[rest_at..].starts_with("www.") { rest_at + 4 } else { rest_at };
    let (scheme, rest) = address.split_at(rest_at);
    let cut = rest.char_indices().nth(30).map_or(rest.len(), |(at, _)| at);
    let (shown, tail) = rest.split_at(cut);
    let class = if tail.is_empty() { "" } else { "ellipsis" };
    format!(
        "<a href=\"{}\" target=\"_blank\" rel=\"nofollow noopener\" translate=\"no\"><span class=\"invisible\">{}</span><span class=\"{class}\">{}</span><span class=\"invisible\">{}</span></a>",
        escape(address),
        escape(scheme),
        escape(shown),
        escape(tail)
    )
}

fn paragraphs(words: &str) -> String {
    escape(words).replace("\n\n", "</p><p>").replace('\n', "<br />")
}

fn escape(text: &str) -> String {
    crate::text::escape(text).replace('"', "&quot;").replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_is_the_html_that_mastodon_writes() {
        let text =
            "Hi @karo@other.example #RustFest <b>\nhttps://example.org/a/long/path/that/goes/on/and/on";
        let post = crate::text::complete(Post::new("1", 0, "ada", text));
        let status = status(&post);
        assert_eq!(status["uri"], "https://pixels.example/users/ada/statuses/1");
        assert_eq!(
            status["content"],
            "<p>Hi <span class=\"h-card\" translate=\"no\"><a href=\"https://other.example/@karo\" class=\"u-url mention\">@<span>karo</span></a></span> <a href=\"https://pixels.example/tags/rustfest\" class=\"mention hashtag\" rel=\"tag\">#<span>RustFest</span></a> &lt;b&gt;<br /><a href=\"https://example.org/a/long/path/that/goes/on/and/on\" target=\"_blank\" rel=\"nofollow noopener\" translate=\"no\"><span class=\"invisible\">https://</span><span class=\"ellipsis\">example.org/a/long/path/that/g</span><span class=\"invisible\">oes/on/and/on</span></a></p>"
        );
    }
}
