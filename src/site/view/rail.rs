//! What stands beside the feed: how much the filters hold, the links that several people share, the newest photos.

use super::{
    body::{host, web},
    item::PhotoView,
};
use model::{FilingState, Mark, Row};
use std::collections::{BTreeMap, BTreeSet};

const LINKS_MAX: usize = 5;
const PHOTOS_MAX: usize = 6;

/// Which items a live page shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::site) enum Filter {
    #[default]
    All,
    Room(String),
    /// What was filed to no room.
    Hallway,
    Photos,
    Links,
    Questions,
}

impl Filter {
    /// Reads `?show=`; what is unknown shows everything.
    pub(in crate::site) fn parse(text: &str) -> Self {
        match text {
            "hallway" => Self::Hallway,
            "photos" => Self::Photos,
            "links" => Self::Links,
            "questions" => Self::Questions,
            other => other.strip_prefix("room.").map_or(Self::All, |slug| Self::Room(slug.to_owned())),
        }
    }

    /// The name in addresses.
    pub(in crate::site) fn name(&self) -> String {
        match self {
            Self::All => "all".to_owned(),
            Self::Room(slug) => format!("room.{slug}"),
            Self::Hallway => "hallway".to_owned(),
            Self::Photos => "photos".to_owned(),
            Self::Links => "links".to_owned(),
            Self::Questions => "questions".to_owned(),
        }
    }

    /// Whether a shown row belongs to it.
    pub(in crate::site) fn holds(&self, row: &Row) -> bool {
        let Some(item) = &row.item else { return *self == Self::All };
        match self {
            Self::All => true,
            Self::Room(slug) => room(row) == Some(slug),
            Self::Hallway => room(row).is_none(),
            Self::Photos => item.has_photo(),
            Self::Links => item.card.is_some() || item.body.links().next().is_some(),
            Self::Questions => item.marks.contains(&Mark::Question),
        }
    }
}

/// The room that a row was filed to.
pub(in crate::site) fn room(row: &Row) -> Option<&str> {
    let filing = row.filing.as_ref().filter(|f| f.state == FilingState::Filed)?;
    filing.room.as_deref()
}

/// One filter with what it holds.
#[derive(Clone, Debug)]
pub(in crate::site) struct FilterView {
    pub(in crate::site) key: String,
    pub(in crate::site) name: String,
    pub(in crate::site) count: u64,
    pub(in crate::site) shown: String,
    pub(in crate::site) is_current: bool,
}

/// A link that people share.
#[derive(Clone, Debug)]
pub(in crate::site) struct LinkView {
    pub(in crate::site) href: String,
    pub(in crate::site) title: String,
    pub(in crate::site) source: String,
}

/// The links that most distinct people share, the newest first among equals. `rows` are newest first.
pub(in crate::site) fn links<'a>(rows: impl Iterator<Item = &'a Row>) -> Vec<LinkView> {
    struct Seen<'a> {
        people: BTreeSet<&'a str>,
        title: Option<&'a str>,
        nth: usize,
    }
    let mut seen: BTreeMap<&str, Seen<'_>> = BTreeMap::new();
    for row in rows {
        let Some(item) = row.item.as_ref().filter(|item| item.cover.is_none()) else { continue };
        let card = item.card.as_ref().map(|card| (card.url.as_str(), Some(card.title.as_str())));
        for (url, title) in item.body.links().map(|url| (url, None)).chain(card) {
            let nth = seen.len();
            let link = seen.entry(url).or_insert_with(|| Seen { people: BTreeSet::new(), title: None, nth });
            link.people.insert(&item.author.id);
            link.title = link.title.or(title);
        }
    }
    let mut all: Vec<(&str, Seen<'_>)> = seen.into_iter().collect();
    all.sort_by_key(|(_, link)| (std::cmp::Reverse(link.people.len()), link.nth));
    all.into_iter()
        .filter_map(|(url, link)| linked(url, link.title, link.people.len()))
        .take(LINKS_MAX)
        .collect()
}

fn linked(url: &str, title: Option<&str>, people: usize) -> Option<LinkView> {
    let parsed = web(url)?;
    let host = host(&parsed);
    let path = parsed.path().trim_matches('/');
    let title =
        title.map_or_else(|| if path.is_empty() { host.clone() } else { path.to_owned() }, str::to_owned);
    let source = if people > 1 { format!("{host}, {people} people") } else { host };
    Some(LinkView { href: parsed.into(), title, source })
}

/// A small picture that leads to its post.
#[derive(Clone, Debug)]
pub(in crate::site) struct ThumbView {
    pub(in crate::site) href: String,
    pub(in crate::site) photo: PhotoView,
}

/// The newest photos that nobody covered. `rows` are newest first.
pub(in crate::site) fn photos<'a>(rows: impl Iterator<Item = &'a Row>, slug: &str) -> Vec<ThumbView> {
    let mut out = Vec::new();
    for row in rows {
        let Some(item) = row.item.as_ref().filter(|item| item.cover.is_none()) else { continue };
        let Some((n, medium)) =
            item.media.iter().enumerate().find(|(_, m)| m.kind == model::MediaKind::Photo)
        else {
            continue;
        };
        let src = format!("/media/{slug}.{}.{}.{n}", row.id, item.rev);
        let alt = medium.alt.clone().unwrap_or_default();
        let photo = PhotoView { src, alt, width: medium.width, height: medium.height };
        out.push(ThumbView { href: format!("/{slug}/posts/{}", row.id), photo });
        if out.len() == PHOTOS_MAX {
            break;
        }
    }
    out
}
