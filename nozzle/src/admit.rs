//! Admit: a stranger's draft becomes an item that is safe to store, show and quote, or is rejected with a reason.
//! Pure; what happened before (deduplication, edits, deletes) is the sequencer's.

mod body;
mod found;
mod text;
mod url;
mod when;

use std::fmt;

use model::event::Consent;
use model::extract::tag_key;
use model::{Author, Body, Card, Counts, Item, Mark, Media, Micros, Retain};

use crate::source::{ALIASES_MAX, Draft, DraftCounts, Revision, TAGS_MAX, Wish};

pub use body::{LINKS_MAX, TEXT_BYTES_MAX};
pub use text::COMBINING_MARKS_MAX;
pub use url::URL_CHARS_MAX;

/// Most attachments of an item.
pub const MEDIA_MAX: usize = 4;
/// Longest uid or alias, in bytes. Addresses of posts serve as ids, so as long as an address.
pub const NAME_BYTES_MAX: usize = 2048;
/// Longest one-line text (names, handles, titles, content warnings), in bytes.
pub const LINE_TEXT_BYTES_MAX: usize = 500;
/// Longest description of a picture, or text of a card, in bytes.
pub const ALT_BYTES_MAX: usize = 2000;
/// Largest width or height that is believed, in pixels.
pub const PIXELS_MAX: u32 = 100_000;

/// A draft that passed, with what the sequencer needs beside the item.
#[derive(Clone, Debug, PartialEq)]
pub struct Admitted {
    /// The item; `rev` is 0 unless the network gave an edit time, `reply_to` and `quotes` are still empty.
    pub item: Item,
    /// Which revision the network says it is.
    pub revision: Revision,
    /// See [`Draft::aliases`].
    pub aliases: Vec<String>,
    /// Its hashtags, without `#`: those that the words show, and the others that the network told.
    pub tags: Vec<String>,
    /// Uid or alias of the post that this one answers.
    pub reply_to: Option<String>,
    /// Uid or alias of the post that this one quotes.
    pub quotes: Option<String>,
    /// The counts as the network said them; what it did not say must not overwrite what is known.
    pub counts: DraftCounts,
    /// Something was cut or dropped on the way, by short word.
    pub trimmed: Vec<&'static str>,
}

/// What the draft does not say itself.
#[derive(Clone, Copy, Debug)]
pub struct Arrival<'a> {
    /// Name of the source that brought it.
    pub source: &'a str,
    /// When it reached us.
    pub received: Micros,
    /// It came by backfill.
    pub is_late: bool,
    /// What becomes of posts by accounts that ask not to be indexed.
    pub consent: Consent,
}

/// Why a draft was rejected. The words are counted in tallies and metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rejection {
    /// No id, an id without its network's name before it, or one that is too long or holds control characters.
    Identity,
    /// Nothing to read and nothing to see once everything dangerous is gone.
    Empty,
    /// Its author asks not to be shown to those who are not logged in.
    NotShown,
    /// Its author asks not to be indexed, and the source's `consent` is `drop`.
    NotIndexed,
}

impl Rejection {
    /// The short word for tallies and metrics.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Empty => "empty",
            Self::NotShown => "not_shown",
            Self::NotIndexed => "not_indexed",
        }
    }
}

impl Rejection {
    /// Whether the post's author asked for it.
    pub fn is_wish(self) -> bool {
        matches!(self, Self::NotShown | Self::NotIndexed)
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Identity => "the post has no usable id",
            Self::Empty => "the post has nothing to read or see",
            Self::NotShown => "its author asks not to be shown to those who are not logged in",
            Self::NotIndexed => "its author asks not to be indexed",
        })
    }
}

/// Longest lateness that still counts as live, in microseconds: a backfill overlaps with what is being said now.
const LATE_AFTER: i64 = Micros::MINUTE;

/// Makes an item of a draft.
///
/// # Errors
/// When there is no item in it.
pub fn admit(draft: Draft, arrival: Arrival<'_>) -> Result<Admitted, Rejection> {
    if !is_name(&draft.uid.0) || !draft.uid.0.starts_with(draft.network.name()) {
        return Err(Rejection::Identity);
    }
    let retain = retain(draft.wish, arrival.consent)?;
    let mut trimmed = Vec::new();
    let body = body::clean(&draft.words, &mut trimmed);
    let title = draft.title.as_deref().and_then(|t| text::line(t, LINE_TEXT_BYTES_MAX));
    let media = media(draft.media, &mut trimmed);
    if body::is_blank(&body) && media.is_empty() && title.is_none() {
        return Err(Rejection::Empty);
    }
    let said = when::said(draft.author_time, draft.network_time, arrival.received);
    let when = said.unwrap_or(arrival.received);
    let rev = match draft.revision {
        Revision::EditedAt(at) => u64::try_from(at.0).unwrap_or(0),
        Revision::Original | Revision::Newer => 0,
    };
    let marks = if body::is_question(&body) { vec![Mark::Question] } else { Vec::new() };
    let (tags, beside) = tags(&body, &draft.tags);
    let item = Item {
        uid: draft.uid,
        network: draft.network,
        source: arrival.source.to_owned(),
        rev,
        url: draft.url.as_deref().and_then(url::checked),
        when,
        author: author(draft.author),
        title,
        body,
        lang: draft.lang.and_then(language),
        cover: draft.cover.map(|c| text::line(&c, LINE_TEXT_BYTES_MAX).unwrap_or_default()),
        reply_to: None,
        quotes: None,
        media,
        card: draft.card.and_then(card),
        counts: clamp(draft.counts, Counts::default()),
        marks,
        // What nobody dates may be of any age: thirty articles of a feed are no news of this minute.
        late: arrival.is_late && (said.is_none() || arrival.received.since(when) > LATE_AFTER),
        retain,
        tags: beside,
        at: None,
    };
    let mut aliases = draft.aliases;
    aliases.retain(|a| is_name(a));
    aliases.truncate(ALIASES_MAX);
    Ok(Admitted {
        item,
        revision: draft.revision,
        aliases,
        tags,
        reply_to: draft.reply_to.filter(|n| is_name(n)),
        quotes: draft.quotes.filter(|n| is_name(n)),
        counts: draft.counts,
        trimmed,
    })
}

/// All hashtags of a post, and those among them that its words do not show.
fn tags(body: &Body, told: &[String]) -> (Vec<String>, Vec<String>) {
    let mut tags: Vec<String> = body.tags().map(str::to_owned).collect();
    let shown: Vec<String> = tags.iter().map(|tag| tag_key(tag)).collect();
    let mut beside = Vec::new();
    for tag in told.iter().take(TAGS_MAX).filter_map(|tag| text::line(tag, LINE_TEXT_BYTES_MAX)) {
        if !shown.contains(&tag_key(&tag)) {
            beside.push(tag.clone());
        }
        tags.push(tag);
    }
    (tags, beside)
}

/// For how long an item may be kept, by its author's wish and the source's policy.
fn retain(wish: Wish, consent: Consent) -> Result<Retain, Rejection> {
    match (wish, consent) {
        (Wish::None, _) => Ok(Retain::Archive),
        (Wish::NotShown, _) => Err(Rejection::NotShown),
        (Wish::NotIndexed, Consent::Live) => Ok(Retain::Live),
        (Wish::NotIndexed, Consent::Drop) => Err(Rejection::NotIndexed),
    }
}

/// A stranger's text of several lines, cleaned as the words of a post are.
pub fn plain_lines(raw: &str) -> String {
    text::lines(raw).trim().to_owned()
}

/// Whether a text can be a uid or alias: `something:something`, bounded, without control characters.
pub fn is_name(name: &str) -> bool {
    let shaped =
        name.split_once(':').is_some_and(|(network, native)| !network.is_empty() && !native.is_empty());
    shaped && name.len() <= NAME_BYTES_MAX && !name.chars().any(char::is_control)
}

/// The name of an account, `network:id`, as items that have been admitted carry it; none for what cannot be one.
pub fn author_name(name: &str) -> Option<String> {
    let (network, id) = name.split_once(':').filter(|_| is_name(name))?;
    text::line(id, LINE_TEXT_BYTES_MAX).map(|id| format!("{network}:{id}"))
}

/// What the network said over what is known: unknown stays, negative is 0.
pub fn clamp(said: DraftCounts, known: Counts) -> Counts {
    let one = |said: Option<i64>, known: u32| said.map_or(known, |n| n.clamp(0, i64::from(u32::MAX)) as u32);
    Counts {
        boosts: one(said.boosts, known.boosts),
        likes: one(said.likes, known.likes),
        replies: one(said.replies, known.replies),
    }
}

fn author(raw: Author) -> Author {
    let line = |t: &str| text::line(t, LINE_TEXT_BYTES_MAX).unwrap_or_default();
    Author {
        id: line(&raw.id),
        name: line(&raw.name),
        handle: line(&raw.handle),
        url: raw.url.as_deref().and_then(url::checked),
        avatar: raw.avatar.as_deref().and_then(url::checked),
    }
}

fn media(raw: Vec<Media>, trimmed: &mut Vec<&'static str>) -> Vec<Media> {
    let before = raw.len();
    let pixels = |n: Option<u32>| n.filter(|n| (1..=PIXELS_MAX).contains(n));
    let kept: Vec<Media> = raw
        .into_iter()
        .filter_map(|m| {
            Some(Media {
                kind: m.kind,
                url: url::checked(&m.url)?,
                width: pixels(m.width),
                height: pixels(m.height),
                alt: m.alt.and_then(|a| text::line(&a, ALT_BYTES_MAX)),
                licence: m.licence.and_then(|l| text::line(&l, LINE_TEXT_BYTES_MAX)),
            })
        })
        .take(MEDIA_MAX)
        .collect();
    if kept.len() < before {
        trimmed.push("media");
    }
    kept
}

fn card(raw: Card) -> Option<Card> {
    Some(Card {
        url: url::checked(&raw.url)?,
        title: text::line(&raw.title, LINE_TEXT_BYTES_MAX)?,
        text: raw.text.and_then(|t| text::line(&t, ALT_BYTES_MAX)),
    })
}

/// A BCP 47 tag as far as its shape goes; `und` and its like say nothing.
fn language(raw: String) -> Option<String> {
    const LANG_CHARS_MAX: usize = 35; // RFC 5646 section 4.4.1
    let shaped = raw.len() <= LANG_CHARS_MAX
        && raw
            .split('-')
            .all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()))
        && raw.as_bytes().get(1).is_some_and(u8::is_ascii_alphabetic);
    let says_nothing =
        ["und", "zxx", "mul", "mis", "art", "qme", "qam", "qct", "qht", "qst"].contains(&raw.as_str());
    (shaped && !says_nothing).then_some(raw)
}

#[cfg(test)]
pub(crate) mod fuzz;
#[cfg(test)]
mod tests;
