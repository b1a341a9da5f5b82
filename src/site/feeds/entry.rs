//! What a feed says, before it is Atom, RSS or JSON: a feed, its entries, and how a post becomes an entry.
//!
//! **Words.** A post has no title, feed readers want one: its writer and its first words. The content is HTML made of the post's runs by one
//! template that escapes every piece (`templates/feeds/item.html`), and the same as plain words.
//!
//! **What is covered stays covered.** A page covers the words behind a content warning until somebody asks. A feed cannot: most readers drop
//! the `<details>` that would, and show in their lists what stands in it. So the words and pictures of a covered post are not in a feed at
//! all; its entry says what the warning says and leads to the post's page, where they can be read.

use super::id;
use crate::site::{
    failure::Failure,
    view::{
        body::{Piece, web},
        item::{ItemView, Setting, view},
        stage::rooms,
        time::Venue,
    },
};
use askama::Template;
use model::{EventId, Fold, ItemId, MediaKind, Micros, Room, Row, TalkId};
use std::collections::BTreeMap;
use unicode_segmentation::UnicodeSegmentation;

/// How long a title is at most: in letters as people count them, and in characters, of which one letter may pile up many.
const TITLE_LETTERS_MAX: usize = 80;
const TITLE_CHARS_MAX: usize = 240;

/// A feed.
#[derive(Clone, Debug)]
pub(in crate::site) struct Feed {
    /// For ever, see [`id`].
    pub(in crate::site) id: String,
    pub(in crate::site) title: String,
    pub(in crate::site) subtitle: String,
    /// The page that shows the same.
    pub(in crate::site) home: String,
    /// This document.
    pub(in crate::site) own: String,
    /// Where older entries are.
    pub(in crate::site) next: Option<String>,
    pub(in crate::site) icon: String,
    pub(in crate::site) updated: Micros,
    /// The newest first.
    pub(in crate::site) entries: Vec<Entry>,
    /// The names of entries that were taken away, and when.
    pub(in crate::site) gone: Vec<(String, Micros)>,
}

/// One entry.
#[derive(Clone, Debug, Default)]
pub(in crate::site) struct Entry {
    pub(in crate::site) id: String,
    /// Its page here.
    pub(in crate::site) link: String,
    /// Its page where it was written.
    pub(in crate::site) original: Option<String>,
    pub(in crate::site) title: String,
    /// Name and page of who wrote it.
    pub(in crate::site) author: Option<(String, Option<String>)>,
    pub(in crate::site) published: Micros,
    /// When it last changed: its words, or whether it is shown. Never before it was published.
    pub(in crate::site) updated: Micros,
    pub(in crate::site) lang: Option<String>,
    pub(in crate::site) html: String,
    pub(in crate::site) words: String,
    /// Talk and room.
    pub(in crate::site) categories: Vec<Category>,
    /// The name of what it answers, and the page of that where it is known to be shown.
    pub(in crate::site) answers: Option<(String, Option<String>)>,
    pub(in crate::site) pictures: Vec<Picture>,
}

/// Where an entry belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::site) struct Category {
    /// The address below which such places are.
    pub(in crate::site) scheme: String,
    pub(in crate::site) term: String,
    pub(in crate::site) label: String,
}

/// A picture, by way of our own proxy: a reader's browser tells no stranger that it reads, and the picture goes with its post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::site) struct Picture {
    pub(in crate::site) url: String,
    pub(in crate::site) kind: &'static str,
    pub(in crate::site) alt: String,
    pub(in crate::site) width: Option<u32>,
    pub(in crate::site) height: Option<u32>,
}

/// What entries are made with.
pub(super) struct Maker {
    pub(super) eid: EventId,
    pub(super) slug: String,
    /// `https://live.example`.
    pub(super) origin: String,
    rooms: Vec<Room>,
    titles: BTreeMap<TalkId, String>,
    venue: Venue,
}

#[derive(Template)]
#[template(path = "feeds/item.html")]
struct Content<'a> {
    item: &'a ItemView,
    origin: &'a str,
    link: &'a str,
}

impl Maker {
    pub(super) fn new(eid: EventId, slug: String, origin: String, fold: &Fold) -> Self {
        let titles = fold.talks.values().map(|talk| (talk.id.clone(), talk.title.clone())).collect();
        Self { eid, slug, origin, rooms: rooms(fold), titles, venue: Venue::of(fold.event.as_ref()) }
    }

    /// The entry of a shown row; none for others. `is_shown` tells which other posts have a page.
    pub(super) fn entry(
        &self,
        row: &Row,
        is_shown: &dyn Fn(ItemId) -> bool,
    ) -> Result<Option<Entry>, Failure> {
        let Some(item) = &row.item else { return Ok(None) };
        let setting = Setting {
            slug: &self.slug,
            rooms: &self.rooms,
            venue: &self.venue,
            shows_place: false,
            find: &|_| None,
            title: &|_| None,
        };
        let Some(shown) = view(row, item.when, &setting) else { return Ok(None) };
        let page = |id: ItemId| format!("{}/{}/posts/{id}", self.origin, self.slug);
        let link = page(row.id);
        let content = Content { item: &shown, origin: &self.origin, link: &link };
        let answers =
            item.reply_to.map(|to| (id::post(self.eid, to), Some(page(to)).filter(|_| is_shown(to))));
        let name = Some(plain(&shown.name)).filter(|name| !name.is_empty());
        let author_page = item.author.url.as_deref().and_then(web).map(String::from);
        Ok(Some(Entry {
            id: id::post(self.eid, row.id),
            html: content.render().map_err(|error| Failure::ours(&error))?,
            title: title(&shown),
            author: Some((name.unwrap_or_else(|| "Somebody".to_owned()), author_page)),
            published: item.when,
            updated: row.at.max(item.when),
            lang: shown.lang.clone(),
            words: if shown.cover.is_some() { warning(&shown) } else { item.body.text() },
            categories: self.categories(row),
            answers,
            pictures: if shown.cover.is_some() { Vec::new() } else { self.pictures(row, &shown) },
            original: shown.original,
            link,
        }))
    }

    fn categories(&self, row: &Row) -> Vec<Category> {
        let filed = row.filing.as_ref().filter(|filing| filing.state == model::FilingState::Filed);
        let category = |kind: &str, term: &str, label: &str| Category {
            scheme: format!("{}/{}/{kind}/", self.origin, self.slug),
            term: term.to_owned(),
            label: plain(label),
        };
        let talk = filed.and_then(|filing| self.titles.get_key_value(filing.talk.as_ref()?));
        let room = filed.and_then(|filing| {
            let slug = filing.room.as_deref()?;
            self.rooms.iter().find(|room| room.slug == slug)
        });
        let talk = talk.map(|(id, title)| category("talks", id.as_str(), title));
        talk.into_iter().chain(room.map(|room| category("rooms", &room.slug, &room.name))).collect()
    }

    fn pictures(&self, row: &Row, shown: &ItemView) -> Vec<Picture> {
        let media = row.item.iter().flat_map(|item| &item.media).filter(|m| m.kind != MediaKind::Audio);
        let picture = |(photo, medium): (&crate::site::view::item::PhotoView, &model::Media)| Picture {
            url: format!("{}{}", self.origin, photo.src),
            kind: kind(&medium.url),
            alt: photo.alt.clone(),
            width: photo.width,
            height: photo.height,
        };
        shown.photos.iter().zip(media).map(picture).collect()
    }
}

/// The type of a picture by the end of its address. What it really is shows when it is fetched, and the answer then says so.
fn kind(address: &str) -> &'static str {
    let path = web(address).map(|url| url.path().to_ascii_lowercase()).unwrap_or_default();
    match path.rsplit('.').next() {
        Some("png") => "image/png",
        Some("gif") => "image/gif",
        Some("webp") => "image/webp",
        Some("avif") => "image/avif",
        _ => "image/jpeg",
    }
}

/// "Ada: Sockets under the seats, row F."
fn title(item: &ItemView) -> String {
    let name = if item.name.is_empty() { "Somebody" } else { &item.name };
    let words = match (&item.cover, &item.title) {
        (Some(_), _) => warning(item),
        (None, Some(title)) => title.clone(),
        (None, None) => item.paragraphs.iter().flatten().map(read).collect(),
    };
    let words = plain(&words);
    if !words.is_empty() {
        return cut(&plain(&format!("{name}: {words}")));
    }
    let what = match item.photos.len() {
        0 => "a post",
        1 => "a picture",
        _ => "pictures",
    };
    cut(&plain(&format!("{name}: {what}")))
}

fn warning(item: &ItemView) -> String {
    let Some(cover) = &item.cover else { return String::new() };
    if cover.text.is_empty() { cover.title.to_owned() } else { format!("{}: {}", cover.title, cover.text) }
}

fn read(piece: &Piece) -> String {
    match piece {
        Piece::Text(text) | Piece::Mention { text, .. } => text.clone(),
        Piece::Break => " ".to_owned(),
        Piece::Tag(tag) => format!("#{tag}"),
        Piece::Address { host, rest, .. } => format!("{host}{rest}"),
        Piece::Words { text, host, .. } => format!("{text} ({host})"),
    }
}

/// Words on one line that turn no neighbour round: nothing isolates a title in a list of titles.
pub(in crate::site) fn plain(text: &str) -> String {
    let turns =
        |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let straight: String = super::xml::clean(text).chars().filter(|c| !turns(*c)).collect();
    straight.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// As much as a title may hold, cut between words where there are any.
fn cut(text: &str) -> String {
    let (mut letters, mut end) = (0, 0);
    for (at, letter) in text.grapheme_indices(true) {
        let after = at + letter.len();
        if letters == TITLE_LETTERS_MAX || text[..after].chars().count() > TITLE_CHARS_MAX {
            let kept = &text[..end];
            let whole = kept.rfind(' ').filter(|space| space * 2 > kept.len()).map_or(kept, |at| &kept[..at]);
            return format!("{}…", whole.trim_end());
        }
        (letters, end) = (letters + 1, after);
    }
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_one_line_cut_between_words_and_between_letters() {
        assert_eq!(cut("short"), "short");
        let long = "word ".repeat(40);
        let kept = cut(long.trim_end());
        assert!(kept.ends_with("word…") && kept.graphemes(true).count() <= TITLE_LETTERS_MAX + 1, "{kept}");
        let family = "\u{1f469}\u{200d}\u{1f469}\u{200d}\u{1f467}";
        assert_eq!(cut(&family.repeat(300)), format!("{}…", family.repeat(TITLE_CHARS_MAX / 5)));
        assert_eq!(cut(&format!("Ada: a{}", "\u{301}".repeat(10_000))), "Ada:…");
        assert_eq!(plain("a\n\n b\u{202e}c\u{2066} \u{0}d"), "a bc d");
    }

    #[test]
    fn a_picture_is_typed_by_its_address() {
        assert_eq!(kind("https://x.example/a.PNG?size=1"), "image/png");
        assert_eq!(kind("https://x.example/a"), "image/jpeg");
        assert_eq!(kind("not an address.gif"), "image/jpeg");
    }
}
