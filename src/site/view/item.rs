//! One item as a page shows it. The browser's twin is `templates/static/js/item.js`: the same words, the same classes.

use super::{
    because::{BecauseView, because},
    body::{Piece, host, paragraphs, web},
    count,
    time::Venue,
};
use archive::Words;
use model::{
    Author, Card, Counts, Filing, FilingState, GoneBy, Item, ItemId, Mark, MediaKind, Micros, Network, Room,
    Row, RowState, Seq, TalkId,
};

/// What items are shown on: the event's names, and how to look up what an item answers.
pub(in crate::site) struct Setting<'a> {
    /// The event's slug.
    pub(in crate::site) slug: &'a str,
    /// Its rooms.
    pub(in crate::site) rooms: &'a [Room],
    /// Its zone.
    pub(in crate::site) venue: &'a Venue,
    /// Whether the foot names the room (a talk's own page does not).
    pub(in crate::site) shows_place: bool,
    /// The item that another one answers, where it is at hand.
    pub(in crate::site) find: &'a dyn Fn(ItemId) -> Option<Answered>,
    /// The title of a talk.
    pub(in crate::site) title: &'a dyn Fn(&TalkId) -> Option<String>,
}

/// What an item answers: two lines of it stand above the answer.
#[derive(Clone, Debug)]
pub(in crate::site) struct Answered {
    pub(in crate::site) of: ItemId,
    pub(in crate::site) name: String,
    pub(in crate::site) words: String,
}

/// A shown item.
#[derive(Clone, Debug)]
pub(in crate::site) struct ItemView {
    pub(in crate::site) id: ItemId,
    pub(in crate::site) first: Seq,
    pub(in crate::site) rev: u64,
    pub(in crate::site) at: i64,
    pub(in crate::site) room: String,
    pub(in crate::site) late: bool,
    /// What it answers, whether or not that is at hand.
    pub(in crate::site) answers: Option<ItemId>,
    pub(in crate::site) is_article: bool,
    pub(in crate::site) label: String,
    pub(in crate::site) name: String,
    pub(in crate::site) handle: String,
    pub(in crate::site) source: &'static str,
    pub(in crate::site) context: Option<Answered>,
    pub(in crate::site) cover: Option<CoverView>,
    pub(in crate::site) lang: Option<String>,
    pub(in crate::site) title: Option<String>,
    pub(in crate::site) title_href: Option<String>,
    pub(in crate::site) paragraphs: Vec<Vec<Piece>>,
    pub(in crate::site) photos: Vec<PhotoView>,
    pub(in crate::site) caption: String,
    /// The page of whoever licensed the picture.
    pub(in crate::site) credit: Option<String>,
    pub(in crate::site) card: Option<CardView>,
    pub(in crate::site) place: Option<PlaceView>,
    pub(in crate::site) is_question: bool,
    pub(in crate::site) counts: Vec<String>,
    pub(in crate::site) original: Option<String>,
    pub(in crate::site) link: String,
    /// Why it was filed where it is; none where a page says so itself.
    pub(in crate::site) because: Option<BecauseView>,
    /// What the reader searched for, which is marked in the words; empty on every other page.
    pub(in crate::site) sought: Words,
}

impl ItemView {
    /// Words in parts: whether the reader searched for it, and the part.
    pub(in crate::site) fn sought_in<'a>(&self, words: &'a str) -> Vec<(bool, &'a str)> {
        let (mut parts, mut done) = (Vec::new(), 0);
        for found in self.sought.found_in(words) {
            parts.push((false, &words[done..found.start]));
            parts.push((true, &words[found.clone()]));
            done = found.end;
        }
        parts.push((false, &words[done..]));
        parts.retain(|(_, part)| !part.is_empty());
        parts
    }

    /// Whether there are words to show beside pictures and previews.
    pub(in crate::site) fn has_words(&self) -> bool {
        self.title.is_some() || !self.paragraphs.is_empty()
    }
}

/// A content warning.
#[derive(Clone, Debug)]
pub(in crate::site) struct CoverView {
    pub(in crate::site) title: &'static str,
    pub(in crate::site) text: String,
    pub(in crate::site) verb: &'static str,
}

/// A picture, by way of our own proxy.
#[derive(Clone, Debug)]
pub(in crate::site) struct PhotoView {
    pub(in crate::site) src: String,
    pub(in crate::site) alt: String,
    pub(in crate::site) width: Option<u32>,
    pub(in crate::site) height: Option<u32>,
}

/// The preview of a linked page: text only, nothing fetched by the reader's browser.
#[derive(Clone, Debug)]
pub(in crate::site) struct CardView {
    pub(in crate::site) href: String,
    pub(in crate::site) title: String,
    pub(in crate::site) text: Option<String>,
    pub(in crate::site) host: String,
}

/// The room an item was filed to, leading to its talk.
#[derive(Clone, Debug)]
pub(in crate::site) struct PlaceView {
    pub(in crate::site) name: String,
    pub(in crate::site) href: Option<String>,
}

/// The grey line that keeps the place of an item that is gone.
#[derive(Clone, Debug)]
pub(in crate::site) struct GoneView {
    pub(in crate::site) id: ItemId,
    pub(in crate::site) first: Seq,
    pub(in crate::site) at: i64,
    pub(in crate::site) sentence: String,
}

/// The view of a shown row; none for hidden and removed ones. `at` is the moment it stands under.
pub(in crate::site) fn view(row: &Row, at: Micros, setting: &Setting<'_>) -> Option<ItemView> {
    let item = row.item.as_ref().filter(|_| row.state == RowState::Shown)?;
    let name = display_name(&item.author).to_owned();
    let handle = if item.author.handle == name { String::new() } else { item.author.handle.clone() };
    let href = |url: &Option<String>| url.as_deref().and_then(web).map(String::from);
    Some(ItemView {
        id: row.id,
        first: row.first,
        rev: item.rev,
        at: at.0,
        room: super::rail::room(row).unwrap_or_default().to_owned(),
        late: item.late,
        answers: item.reply_to,
        is_article: item.network == Network::Feed,
        label: format!("{name}, {}, {}", item.network.label(), setting.venue.hhmm(at)),
        name,
        handle,
        source: item.network.label(),
        context: item.reply_to.and_then(|id| (setting.find)(id)),
        cover: item.cover.as_deref().map(|text| cover(item, text)),
        lang: item.lang.clone().filter(|tag| is_language(tag)),
        title: item.title.clone().filter(|t| !t.is_empty()),
        title_href: href(&item.url),
        paragraphs: paragraphs(&item.body),
        photos: photos(row.id, item, setting.slug),
        caption: caption(item),
        credit: href(&item.author.url).filter(|_| is_licensed(item)),
        card: item.card.as_ref().and_then(card),
        place: row.filing.as_ref().filter(|_| setting.shows_place).and_then(|f| place(f, setting)),
        is_question: item.marks.contains(&Mark::Question),
        counts: if item.network == Network::Onsite { Vec::new() } else { counts(item.counts) },
        original: href(&item.url).filter(|_| item.network != Network::Onsite),
        link: format!("/{}/posts/{}", setting.slug, row.id),
        because: row.filing.as_ref().map(|filing| because(filing, setting)),
        sought: Words::default(),
    })
}

/// The name, or the handle of somebody without one.
pub(in crate::site) fn display_name(author: &Author) -> &str {
    if author.name.is_empty() { &author.handle } else { &author.name }
}

/// What stands above an answer to this item.
pub(in crate::site) fn answered(item: &Item) -> Answered {
    let covered = || "Covered by a content warning.".to_owned();
    let words = if item.cover.is_some() { covered() } else { item.body.text() };
    Answered { of: item.id(), name: display_name(&item.author).to_owned(), words }
}

/// Why an item is not there any more.
pub(in crate::site) fn gone_sentence(state: RowState, by: Option<GoneBy>, time: Option<&str>) -> String {
    let what = match (state, by) {
        (RowState::Hidden, Some(GoneBy::Network)) => "This post is hidden, as its account was closed",
        (RowState::Hidden, _) => "This post was hidden by the organisers",
        (_, Some(GoneBy::Author)) => "This post was removed by its author",
        (_, Some(GoneBy::Network)) => "This post was taken down by its network",
        (_, Some(GoneBy::Moderator)) => "This post was removed by the organisers",
        (_, Some(GoneBy::Law)) => "This post was removed for legal reasons",
        (_, None) => "This post was removed",
    };
    time.map_or_else(|| format!("{what}."), |time| format!("{what} at {time}."))
}

fn cover(item: &Item, text: &str) -> CoverView {
    let photo = item.has_photo();
    let title = match (text.is_empty(), photo) {
        (true, true) => "Sensitive photo",
        (true, false) => "Sensitive post",
        (false, _) => "Content warning",
    };
    CoverView { title, text: text.to_owned(), verb: if photo { "Show" } else { "Read" } }
}

/// A language tag that is safe to print as an attribute and worth it: letters, digits and hyphens, as BCP 47 has them.
pub(in crate::site) fn is_language(tag: &str) -> bool {
    let mut parts = tag.split('-');
    let first = parts.next().unwrap_or_default();
    (2..=8).contains(&first.len())
        && first.bytes().all(|b| b.is_ascii_alphabetic())
        && parts.clone().count() <= 4
        && parts.all(|p| (1..=8).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_alphanumeric()))
}

fn photos(id: ItemId, item: &Item, slug: &str) -> Vec<PhotoView> {
    let seen = item.media.iter().enumerate().filter(|(_, m)| m.kind != MediaKind::Audio);
    let photo = |(n, m): (usize, &model::Media)| PhotoView {
        src: format!("/media/{slug}.{id}.{}.{n}", item.rev),
        alt: m.alt.clone().unwrap_or_default(),
        width: m.width,
        height: m.height,
    };
    seen.map(photo).collect()
}

fn caption(item: &Item) -> String {
    let mut notes: Vec<&str> = Vec::new();
    for medium in item.media.iter().filter(|m| m.kind != MediaKind::Audio) {
        let kind = match medium.kind {
            MediaKind::Video => Some("Video, plays at the original."),
            MediaKind::Gif => Some("Moving picture, plays at the original."),
            MediaKind::Photo | MediaKind::Audio => None,
        };
        for note in kind.into_iter().chain(medium.licence.as_deref()) {
            if !note.is_empty() && !notes.contains(&note) {
                notes.push(note);
            }
        }
    }
    notes.join(" ")
}

/// A licence names its owner: the picture's line leads there.
fn is_licensed(item: &Item) -> bool {
    item.media
        .iter()
        .any(|m| m.kind != MediaKind::Audio && m.licence.as_deref().is_some_and(|l| !l.is_empty()))
}

fn card(card: &Card) -> Option<CardView> {
    let url = web(&card.url)?;
    let text = card.text.clone().filter(|t| !t.is_empty());
    Some(CardView { host: host(&url), href: url.into(), title: card.title.clone(), text })
}

fn place(filing: &Filing, setting: &Setting<'_>) -> Option<PlaceView> {
    let slug = filing.room.as_deref().filter(|_| filing.state == FilingState::Filed)?;
    let room = setting.rooms.iter().find(|room| room.slug == slug)?;
    let href = filing.talk.as_ref().map(|talk| format!("/{}/talks/{talk}", setting.slug));
    Some(PlaceView { name: room.name.clone(), href })
}

fn counts(counts: Counts) -> Vec<String> {
    let all = [
        (counts.boosts, "boost", "boosts"),
        (counts.likes, "like", "likes"),
        (counts.replies, "reply", "replies"),
    ];
    all.iter().filter(|(n, ..)| *n > 0).map(|(n, one, many)| count(u64::from(*n), one, many)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_language_tags_are_printed_as_such() {
        for good in ["en", "pt-BR", "zh-Hant-TW"] {
            assert!(is_language(good), "{good}");
        }
        for bad in ["", "e", "en\" onload=\"x", "en_US", "-", "en-", "abcdefghi"] {
            assert!(!is_language(bad), "{bad}");
        }
    }

    #[test]
    fn what_is_gone_says_who_took_it_away() {
        let author = gone_sentence(RowState::Removed, Some(GoneBy::Author), Some("15:39"));
        assert_eq!(author, "This post was removed by its author at 15:39.");
        assert_eq!(
            gone_sentence(RowState::Hidden, Some(GoneBy::Moderator), None),
            "This post was hidden by the organisers."
        );
    }

    #[test]
    fn a_licensed_picture_leads_to_its_owner() {
        use crate::site::tests::entries::item;
        let medium = |licence: Option<&str>| model::Media {
            kind: MediaKind::Photo,
            url: "https://live.staticflickr.com/65535/1_a_b.jpg".into(),
            width: Some(1024),
            height: Some(683),
            alt: Some("Hall 1".into()),
            licence: licence.map(str::to_owned),
        };
        let mut photo = item("1", model::Body::default());
        photo.author.url = Some("https://www.flickr.com/people/ada/".into());
        photo.media = vec![medium(None)];
        assert!(!is_licensed(&photo));
        photo.media = vec![medium(Some("CC BY 2.0"))];
        assert!(is_licensed(&photo));
        assert_eq!(caption(&photo), "CC BY 2.0");
    }
}
