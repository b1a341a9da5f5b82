//! `/oembed`: what other people's software shows for an address of ours (<https://oembed.com>, version 1.0): the frame of a live page, a room, a
//! talk or a post. The answer holds no words of a post and nobody's name: whoever asked may keep it for long, and a post may go; its frame
//! then says so.

use super::{
    Settings, Site,
    failure::Failure,
    feeds::{answer::answer, entry::plain, xml::Xml},
    follow::EventLive,
    limiter::ITEMS_COST,
    shell::absolute,
    view::stage::rooms,
};
use axum::{
    extract::{Extension, Query, State},
    response::{IntoResponse, Response},
};
use chassis::http::Client;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use model::{ItemId, RowState, TalkId};
use serde::{Deserialize, Serialize};
use url::Url;

/// Pixels of a frame, where nobody asks for less.
const WIDTH: u32 = 640;
const STREAM_HEIGHT: u32 = 640;
/// A post's frame: what stands around the words, a line of them, a letter, and a picture's share of the width (3:2).
const POST_HEIGHT: u32 = 150;
const LINE_HEIGHT: u32 = 26;
const LETTER_WIDTH: u32 = 8;
const POST_HEIGHT_MAX: u32 = 900;
/// Seconds for which the answer may be kept. The frame inside it is ours and always new.
const KEPT_SECONDS: u32 = 3600;

#[derive(Deserialize)]
pub(super) struct Asked {
    url: Option<String>,
    maxwidth: Option<String>,
    maxheight: Option<String>,
    format: Option<String>,
}

/// What an address of ours is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Target<'a> {
    Live {
        slug: &'a str,
    },
    Room {
        slug: &'a str,
        room: &'a str,
    },
    Talk {
        slug: &'a str,
        talk: &'a str,
    },
    Post {
        slug: &'a str,
        id: &'a str,
    },
    /// The organisers' pages.
    Private,
}

impl<'a> Target<'a> {
    /// Reads a path; none for pages that have no frame.
    fn of(path: &'a str) -> Option<Self> {
        let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        match parts.as_slice() {
            ["admin", ..] => Some(Self::Private),
            [slug] if is_slug(slug) => Some(Self::Live { slug }),
            [slug, "rooms", room] => Some(Self::Room { slug, room }),
            [slug, "talks", talk] => Some(Self::Talk { slug, talk }),
            [slug, "posts", id] => Some(Self::Post { slug, id }),
            _ => None,
        }
    }
}

/// Whether it could be an event's; that it is one, the list of events says.
fn is_slug(text: &str) -> bool {
    text.len() >= 3 && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// The answer. Field for field what the specification says of `rich`.
#[derive(Debug, Serialize)]
struct Rich {
    version: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
    title: String,
    provider_name: String,
    provider_url: String,
    cache_age: u32,
    html: String,
    width: u32,
    height: u32,
}

/// The addresses under which a page's frame is found: for JSON and for XML. None for pages that have none.
pub(super) fn discovery(settings: &Settings, path: &str) -> Option<(String, String)> {
    if Target::of(path.split('?').next().unwrap_or_default()).is_none_or(|target| target == Target::Private) {
        return None;
    }
    let url: String = url::form_urlencoded::byte_serialize(absolute(settings, path).as_bytes()).collect();
    let of = |format| absolute(settings, &format!("/oembed?format={format}&url={url}"));
    Some((of("json"), of("xml")))
}

pub(super) async fn show(
    State(site): State<Site>,
    Query(asked): Query<Asked>,
    client: Option<Extension<Client>>,
    headers: HeaderMap,
) -> Response {
    let mut response = match tell(&site, &asked, client, &headers).await {
        Ok(response) => response,
        Err(failure) => failure.json(),
    };
    response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}

async fn tell(
    site: &Site,
    asked: &Asked,
    client: Option<Extension<Client>>,
    headers: &HeaderMap,
) -> Result<Response, Failure> {
    let is_xml = match asked.format.as_deref() {
        None | Some("json") => false,
        Some("xml") => true,
        // The specification's own status for a form that is not made.
        Some(_) => return Ok((StatusCode::NOT_IMPLEMENTED, "format is json or xml\n").into_response()),
    };
    site.limiter.admit(client, ITEMS_COST)?;
    let url = asked.url.as_deref().ok_or(Failure::Bad("url is missing: the address of one of our pages."))?;
    let rich = rich(site, url, limit(asked.maxwidth.as_deref())?, limit(asked.maxheight.as_deref())?).await?;
    Ok(if is_xml {
        answer(headers, "text/xml; charset=utf-8", xml(&rich), None)
    } else {
        let json = serde_json::to_vec(&rich).map_err(|error| Failure::ours(&error))?;
        answer(headers, "application/json; charset=utf-8", json, None)
    })
}

fn limit(text: Option<&str>) -> Result<u32, Failure> {
    let bad = Failure::Bad("maxwidth and maxheight are whole numbers of pixels, from 1.");
    text.map_or(Ok(u32::MAX), |text| text.parse().ok().filter(|n| *n > 0).ok_or(bad))
}

/// What stands in the frame: its address below ours, its title, how high it wants to be at a width.
struct Framed {
    path: String,
    title: String,
    height: Box<dyn Fn(u32) -> u32 + Send>,
}

async fn rich(site: &Site, url: &str, width_max: u32, height_max: u32) -> Result<Rich, Failure> {
    let url = Url::parse(url).map_err(|_| Failure::NotFound)?;
    let ours = &site.settings.public_url;
    // Whether by http or https: who copies an address has been here by either.
    let is_ours = matches!(url.scheme(), "http" | "https")
        && url.host_str() == ours.host_str()
        && url.port() == ours.port();
    let target = Target::of(url.path()).filter(|_| is_ours).ok_or(Failure::NotFound)?;
    let slug = match target {
        Target::Private => return Err(Failure::Locked),
        Target::Live { slug }
        | Target::Room { slug, .. }
        | Target::Talk { slug, .. }
        | Target::Post { slug, .. } => slug,
    };
    let event = site.event(slug).await?;
    let framed = framed(site, &event, &target, slug).await?;
    let width = WIDTH.min(width_max);
    let height = (framed.height)(width).min(height_max);
    let title = plain(&framed.title);
    Ok(Rich {
        version: "1.0",
        kind: "rich",
        html: iframe(&absolute(&site.settings, &framed.path), &title, width, height),
        title,
        provider_name: plain(&name(&event)),
        provider_url: absolute(&site.settings, &format!("/{slug}")),
        cache_age: KEPT_SECONDS,
        width,
        height,
    })
}

fn name(event: &EventLive) -> String {
    let listed = event.listed().title;
    event.fold().fold().event.as_ref().map_or(listed, |event| event.title.clone())
}

async fn framed(site: &Site, event: &EventLive, target: &Target<'_>, slug: &str) -> Result<Framed, Failure> {
    let stream = |path: String, title: String| Framed { path, title, height: Box::new(|_| STREAM_HEIGHT) };
    match target {
        Target::Private => Err(Failure::Locked),
        Target::Live { .. } => Ok(stream(format!("/{slug}/embed"), name(event))),
        Target::Room { room, .. } => {
            let rooms = rooms(event.fold().fold());
            let known = rooms.into_iter().find(|known| known.slug == *room).ok_or(Failure::NotFound)?;
            let show: String =
                url::form_urlencoded::byte_serialize(format!("room.{room}").as_bytes()).collect();
            Ok(stream(format!("/{slug}/embed?show={show}"), format!("{}, {}", known.name, name(event))))
        }
        Target::Talk { talk, .. } => {
            let id = TalkId((*talk).to_owned());
            let title = event.fold().fold().talks.get(&id).map(|talk| talk.title.clone());
            Ok(stream(format!("/{slug}/talks/{id}/embed"), title.ok_or(Failure::NotFound)?))
        }
        Target::Post { id, .. } => {
            let id: ItemId = id.parse().map_err(|_| Failure::NotFound)?;
            let row = site.item(event, id).await?.filter(|row| row.state == RowState::Shown);
            let item = row.and_then(|row| row.item).ok_or(Failure::NotFound)?;
            let letters = u32::try_from(item.body.text().chars().count()).unwrap_or(u32::MAX);
            let (is_covered, has_photo) = (item.cover.is_some(), item.has_photo());
            Ok(Framed {
                path: format!("/{slug}/posts/{id}/embed"),
                title: format!("A post at {}", name(event)),
                height: Box::new(move |width| post_height(width, letters, is_covered, has_photo)),
            })
        }
    }
}

/// About as high as its words and picture are: a frame cannot tell its page how high it came out without a script of ours in that page.
fn post_height(width: u32, letters: u32, is_covered: bool, has_photo: bool) -> u32 {
    let inside = width.saturating_sub(32).max(LETTER_WIDTH);
    let lines = if is_covered { 3 } else { letters.saturating_mul(LETTER_WIDTH).div_ceil(inside).max(1) };
    let photo = if has_photo && !is_covered { inside.saturating_mul(2) / 3 } else { 0 };
    POST_HEIGHT.saturating_add(lines.saturating_mul(LINE_HEIGHT)).saturating_add(photo).min(POST_HEIGHT_MAX)
}

/// The element as a page takes it in. It may run our script on our origin and open tabs, and nothing else.
pub(super) fn iframe(src: &str, title: &str, width: u32, height: u32) -> String {
    let escape = |text: &str| quick_xml::escape::escape(text).into_owned();
    format!(
        "<iframe src=\"{}\" title=\"{}\" width=\"{width}\" height=\"{height}\" loading=\"lazy\" \
         sandbox=\"allow-scripts allow-same-origin allow-popups allow-popups-to-escape-sandbox\" \
         style=\"max-width:100%;border:1px solid #c9c9c5;border-radius:6px\"></iframe>",
        escape(src),
        escape(title)
    )
}

fn xml(rich: &Rich) -> Vec<u8> {
    let mut xml = Xml::new();
    xml.open("oembed", &[]);
    xml.text("version", &[], rich.version);
    xml.text("type", &[], rich.kind);
    xml.text("title", &[], &rich.title);
    xml.text("provider_name", &[], &rich.provider_name);
    xml.text("provider_url", &[], &rich.provider_url);
    xml.text("cache_age", &[], &rich.cache_age.to_string());
    xml.text("html", &[], &rich.html);
    xml.text("width", &[], &rich.width.to_string());
    xml.text("height", &[], &rich.height.to_string());
    xml.close("oembed");
    xml.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_page_that_has_a_frame_or_none() {
        assert_eq!(Target::of("/fest"), Some(Target::Live { slug: "fest" }));
        assert_eq!(Target::of("/fest/talks/t1/"), Some(Target::Talk { slug: "fest", talk: "t1" }));
        assert_eq!(Target::of("/admin/fest/stage"), Some(Target::Private));
        for none in ["", "/", "/xy", "/fest/about", "/fest/talks", "/fest/talks/t1/embed", "/a//b", "/Fest"] {
            assert_eq!(Target::of(none), None, "{none}");
        }
    }

    #[test]
    fn a_frame_s_element_holds_hostile_titles_as_words() {
        let html = iframe("https://x.example/fest/embed?a=1&b=2", "\"><script>alert(1)</script>", 1, 2);
        assert!(html.contains("title=\"&quot;&gt;&lt;script&gt;"), "{html}");
        assert!(html.contains("embed?a=1&amp;b=2\" "), "{html}");
    }

    #[test]
    fn a_post_s_frame_is_as_high_as_its_words() {
        let (short, long) = (post_height(640, 40, false, false), post_height(640, 1200, false, false));
        assert!(short < long && long < post_height(320, 1200, false, false));
        assert_eq!(
            post_height(640, 1200, true, true),
            post_height(640, 1, true, false),
            "what is covered is low"
        );
        assert_eq!(post_height(1, u32::MAX, false, true), POST_HEIGHT_MAX);
    }
}
