//! `/{event}/links`: the links that most people shared, by distinct people, not by posts; `?talk=t7` those of one talk. Different
//! addresses of one page are one link (`model::link::normal`). The ranking is the archive's; every word is a masked row's.

use super::{
    Site,
    archive_reads::masked,
    failure::{Failure, page},
    follow::EventLive,
    shell::Shell,
    view::{
        body::{host, web},
        count,
        item::display_name,
        names,
        time::{Venue, iso},
    },
};
use archive::{Link, Links, Rank};
use askama::Template;
use axum::{
    extract::{Path, Query as UrlQuery, State},
    response::IntoResponse,
};
use http::header;
use model::{EventEntry, ItemId, Micros, Row, Talk, TalkId, link::normal};
use serde::Deserialize;
use std::collections::BTreeMap;
use url::{Position, Url, form_urlencoded};

/// Links on one page.
const LINKS_SHOWN: u32 = 40;
/// Names that are told of a link.
const NAMES_SHOWN: usize = 3;
/// Characters of a path that are shown.
const PATH_CHARS_MAX: usize = 80;

#[derive(Deserialize)]
pub(super) struct Asked {
    /// A talk's id; absent: all of the event.
    talk: Option<String>,
    /// `PEOPLE.FIRST.LINK` of the last link of the page before.
    after: Option<String>,
}

#[derive(Template)]
#[template(path = "links.html")]
struct LinksPage {
    shell: Shell,
    slug: String,
    /// The talk whose links these are, and its address.
    talk: Option<(String, String)>,
    links: Vec<LinkView>,
    is_first: bool,
    more: Option<String>,
}

/// One link.
struct LinkView {
    href: String,
    title: Option<String>,
    host: String,
    path: String,
    people: (String, &'static str),
    /// `Ada, Bo, Cy and 11 others`.
    who: String,
    /// When it was first shared: for machines, for people, and the post.
    first: (String, String, String),
    /// Titles and addresses of the talks to whose conversations it belongs.
    talks: Vec<(String, String)>,
}

pub(super) async fn show(
    State(site): State<Site>,
    Path(slug): Path<String>,
    UrlQuery(asked): UrlQuery<Asked>,
) -> Result<impl IntoResponse, Failure> {
    let event = site.event(&slug).await?;
    let (settings, talk) = {
        let live = event.fold();
        let fold = live.fold();
        let talk = match asked.talk.filter(|talk| !talk.is_empty()).map(TalkId) {
            None => None,
            Some(id) => Some(fold.talks.get(&id).cloned().ok_or(Failure::NotFound)?),
        };
        (fold.event.clone(), talk)
    };
    let after = match asked.after.as_deref() {
        None => None,
        Some(text) => {
            Some(parse_rank(text).ok_or(Failure::Bad("That place among the links does not exist."))?)
        }
    };
    let of = talk.as_ref().map_or(Links::Event, |talk| Links::Talk(talk.id.clone()));
    site.archive_position(&event).await?;
    let read = site.archive.links(event.eid, &of, after.as_ref(), LINKS_SHOWN);
    let links = site.ask_archive(&event, read).await?;
    let template = draw(&site, &event, settings.as_ref(), talk.as_ref(), links, after.is_none());
    Ok(([(header::CACHE_CONTROL, "no-cache")], page(&template)?))
}

/// `14.1780322520000000.a.example/page`.
fn parse_rank(text: &str) -> Option<Rank> {
    let mut parts = text.splitn(3, '.');
    let (people, first) = (parts.next()?.parse().ok()?, Micros(parts.next()?.parse().ok()?));
    Some(Rank { people, first, link: parts.next()?.to_owned() })
}

fn draw(
    site: &Site,
    event: &EventLive,
    settings: Option<&EventEntry>,
    talk: Option<&Talk>,
    links: Vec<Link>,
    is_first: bool,
) -> LinksPage {
    let listed = event.listed();
    let slug = listed.slug.clone();
    let path = format!("/{slug}/links");
    let here = talk.map_or_else(|| path.clone(), |talk| format!("{path}?talk={}", talk.id));
    let more = links.last().filter(|_| links.len() >= LINKS_SHOWN as usize).map(|last| {
        let Rank { people, first, link } = &last.rank;
        let place = format!("{people}.{}.{link}", first.0);
        let mut asked = form_urlencoded::Serializer::new(String::new());
        asked.extend_pairs(talk.map(|talk| ("talk", talk.id.as_str())));
        format!("{path}?{}", asked.append_pair("after", &place).finish())
    });
    let title = talk.map_or_else(|| "Links".to_owned(), |talk| format!("Links shared in {}", talk.title));
    let venue = Venue::of(settings);
    let titles = event.titles();
    LinksPage {
        shell: Shell::of(
            &listed,
            settings,
            &format!("{title}: {}", listed.title),
            "links",
            ("links", "Skip to the links"),
        )
        .shared(&site.settings, &here, &format!("The links that people shared at {}.", listed.title)),
        talk: talk.map(|talk| (talk.title.clone(), format!("/{slug}/talks/{}", talk.id))),
        links: links
            .into_iter()
            .filter_map(|link| Some(Found::of(event, link)?.view(&slug, &venue, &titles)))
            .collect(),
        is_first,
        more,
        slug,
    }
}

/// A link as the posts say that hold it, behind the mask.
pub(super) struct Found {
    pub(super) url: Url,
    pub(super) title: Option<String>,
    pub(super) rank: Rank,
    pub(super) talks: Vec<TalkId>,
    /// The first post that holds it, and when it was said.
    pub(super) first: (ItemId, Micros),
    /// The names of the first people who shared it.
    who: Vec<String>,
}

impl Found {
    /// None when all posts that are told of it are gone since the archive read them.
    pub(super) fn of(event: &EventLive, link: Link) -> Option<Self> {
        let rows = masked(event, link.rows);
        let mut found: Option<(Url, &Row)> = None;
        let mut title = None;
        let mut people: Vec<(&str, &str)> = Vec::new();
        for row in &rows {
            let Some(item) = row.item.as_ref().filter(|item| item.cover.is_none()) else { continue };
            let mut holds = false;
            for shared in model::link::shared(item) {
                if normal(shared.address).as_deref() != Some(link.rank.link.as_str()) {
                    continue;
                }
                holds = true;
                title = title.or_else(|| shared.title.map(str::to_owned));
                if found.is_none() {
                    found = web(shared.address).map(|url| (without_counters(url), row));
                }
            }
            if holds && people.iter().all(|(id, _)| *id != item.author.id) {
                people.push((&item.author.id, display_name(&item.author)));
            }
        }
        let (url, first) = found?;
        Some(Self {
            first: (first.id, first.item.as_ref()?.when),
            title: title.filter(|title| !title.trim().is_empty()),
            who: people.into_iter().map(|(_, name)| name.to_owned()).collect(),
            rank: link.rank,
            talks: link.talks,
            url,
        })
    }

    fn view(self, slug: &str, venue: &Venue, titles: &BTreeMap<TalkId, String>) -> LinkView {
        let (rest, (id, when)) = (&self.url[Position::BeforePath..], self.first);
        LinkView {
            host: host(&self.url),
            path: if rest == "/" { String::new() } else { cut(rest) },
            people: super::view::sum(self.rank.people, "person", "people"),
            who: who(&self.who, self.rank.people),
            first: (
                iso(when),
                format!("{} {}", venue.weekday(when), venue.hhmm(when)),
                format!("/{slug}/posts/{id}"),
            ),
            talks: self
                .talks
                .iter()
                .filter_map(|talk| Some((titles.get(talk)?.clone(), format!("/{slug}/talks/{talk}"))))
                .collect(),
            title: self.title,
            href: self.url.into(),
        }
    }
}

/// The address without what only counts visitors.
fn without_counters(mut url: Url) -> Url {
    let kept: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(name, _)| !model::link::counts_visitors(&name.to_lowercase()))
        .map(|(n, v)| (n.into(), v.into()))
        .collect();
    if url.query_pairs().count() != kept.len() {
        url.set_query(None);
        if !kept.is_empty() {
            url.query_pairs_mut().extend_pairs(kept);
        }
    }
    url
}

fn who(people: &[String], all: u64) -> String {
    let mut told: Vec<String> = people.iter().take(NAMES_SHOWN).cloned().collect();
    let others = all.saturating_sub(told.len() as u64);
    if others > 0 {
        told.push(count(others, "other", "others"));
    }
    names(&told)
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(PATH_CHARS_MAX) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_the_ranking_is_people_a_moment_and_the_link() {
        let rank = parse_rank("14.1780322520000000.a.example/p?q=1.2").unwrap();
        assert_eq!(
            (rank.people, rank.first.0, rank.link.as_str()),
            (14, 1_780_322_520_000_000, "a.example/p?q=1.2")
        );
        for bad in ["", "1", "1.2", "x.1.a", "-1.1.a"] {
            assert!(parse_rank(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn an_address_is_shown_without_what_counts_visitors() {
        let shown = |text: &str| String::from(without_counters(Url::parse(text).unwrap()));
        assert_eq!(
            shown("https://a.example/p?utm_source=x&q=a%20b&fbclid=1#s"),
            "https://a.example/p?q=a+b#s"
        );
        assert_eq!(shown("https://a.example/p?si=1"), "https://a.example/p");
        assert_eq!(shown("https://a.example/p?q=a%20b"), "https://a.example/p?q=a%20b");
    }

    #[test]
    fn few_names_are_told_and_the_others_counted() {
        let people = ["Ada", "Bo", "Cy", "Di"].map(str::to_owned);
        assert_eq!(who(&people, 14), "Ada, Bo, Cy and 11 others");
        assert_eq!(who(&people[..2], 2), "Ada and Bo");
        assert_eq!(who(&people[..1], 2), "Ada and 1 other");
    }
}
