//! `/api/v1/events/{event}/links`: the links that most people shared, of the event or of one talk, as the page of this name tells them.

use super::{
    Asked, Failure, answer,
    asked::{bad, number},
};
use crate::site::{Site, limiter::ITEMS_COST, links_page::Found, shell::absolute};
use archive::{LINKS_MAX, Links, Rank};
use axum::{
    extract::{Extension, Path, State},
    response::Response,
};
use chassis::http::Client;
use http::HeaderMap;
use model::{ItemId, Micros, Position, TalkId};
use serde::Serialize;
use url::form_urlencoded;

/// One link.
#[derive(Serialize)]
struct LinkJson {
    url: String,
    title: Option<String>,
    /// How many people shared it, whatever each of them wrote.
    people: u64,
    first: FirstJson,
    /// The talks to whose conversations it belongs, the one with the most posts first; none for a talk's own links.
    talks: Vec<TalkId>,
}

/// The first post that holds it.
#[derive(Serialize)]
struct FirstJson {
    id: ItemId,
    when: Micros,
    page: String,
}

#[derive(Serialize)]
struct LinksJson {
    /// How far the archive has read the log.
    position: Option<Position>,
    links: Vec<LinkJson>,
    /// What to ask for as `after` to go on; null at the end.
    next: Option<String>,
}

/// `GET /api/v1/events/{event}/links?talk=&after=&limit=`, 100 at most at a time.
pub(in crate::site) async fn links(
    State(site): State<Site>,
    Path(slug): Path<String>,
    asked: Asked,
    client: Option<Extension<Client>>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let event = site.event(&slug).await?;
    let of = match asked.one("talk")? {
        None => Links::Event,
        Some(id) => Links::Talk(TalkId(id.to_owned())),
    };
    if let Links::Talk(id) = &of
        && !event.fold().fold().talks.contains_key(id)
    {
        return Err(Failure::NotFound);
    }
    let limit = asked.limit()?.min(LINKS_MAX);
    let after = asked.one("after")?.map_or(Ok(None), |text| {
        let why = "It is the next of the answer before: people, a moment and a link.";
        parse(text).map_or_else(|| bad("after", why), |rank| Ok(Some(rank)))
    })?;
    site.limiter.admit(client, ITEMS_COST)?;
    let position = site.archive_position(&event).await?;
    let read = site.archive.links(event.eid, &of, after.as_ref(), limit);
    let links = site.ask_archive(&event, read).await?;
    let next = links.last().filter(|_| links.len() >= limit as usize).map(|last| written(&last.rank));
    let told = |link| {
        let Found { url, title, rank, talks, first, .. } = Found::of(&event, link)?;
        let page = absolute(&site.settings, &format!("/{slug}/posts/{}", first.0));
        let first = FirstJson { id: first.0, when: first.1, page };
        Some(LinkJson { url: url.into(), title, people: rank.people, first, talks })
    };
    Ok(answer(&headers, &LinksJson { position, links: links.into_iter().filter_map(told).collect(), next }))
}

/// `14.1780322520000000.a.example%2Fpage`.
fn written(rank: &Rank) -> String {
    let link: String = form_urlencoded::byte_serialize(rank.link.as_bytes()).collect();
    format!("{}.{}.{link}", rank.people, rank.first.0)
}

fn parse(text: &str) -> Option<Rank> {
    let mut parts = text.splitn(3, '.');
    let people = number(parts.next()?)?;
    let first = Micros(i64::try_from(number(parts.next()?)?).ok()?);
    let is_written = |b: u8| b.is_ascii_alphanumeric() || b"%*+._-".contains(&b);
    let link = parts.next().filter(|link| !link.is_empty() && link.bytes().all(is_written))?;
    let (link, _) = form_urlencoded::parse(link.as_bytes()).next()?;
    // No database takes it, and no address has it.
    Some(Rank { people, first, link: link.replace('\0', "") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_the_ranking_comes_back_as_it_was_written() {
        let rank = |link: &str| Rank { people: 14, first: Micros(1_780_322_520_000_000), link: link.into() };
        for link in ["a.example/p?q=1.2&x=%20+", "müller.example/ä", "a.example"] {
            let text = written(&rank(link));
            assert!(text.is_ascii() && parse(&text) == Some(rank(link)), "{text}");
        }
        for bad in ["", "1", "1.2", "1.2.", "x.1.a", "-1.1.a", "+1.1.a", "1.1.a b", "1.1.ä"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
