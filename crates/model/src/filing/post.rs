//! A post as filing reads it: its words with what the schedule knows of them, whom it names, where its links lead, what
//! kind of post it is, and which times of day it speaks of.

mod mood;
mod times;

pub(super) use mood::Mood;

use super::Programme;
use super::programme::people::parts;
use super::words::lists::{Known, known};
use super::words::{Shape, Words};
use crate::extract::{self, Kind, without_sign};
use crate::{Item, Run};

/// Mentions looked at.
const MENTIONS_MAX: usize = 24;
/// Links looked at.
pub(super) const LINKS_MAX: usize = 20;
/// Hashtags looked at.
const TAGS_MAX: usize = 40;
/// Addresses whose words are read.
const LINKS_READ_MAX: usize = 4;

/// A word of a post.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    /// Its number in the schedule's vocabulary.
    pub(super) number: Option<u32>,
    /// It was mended: a slip of the pen.
    pub(super) is_mended: bool,
    /// What it is known for in any schedule.
    pub(super) known: Known,
    /// How it was written.
    pub(super) shape: Shape,
}

/// Somebody who is named by handle.
#[derive(Clone, Debug)]
pub(super) struct Mention {
    /// The name.
    pub(super) local: String,
    /// The server.
    pub(super) host: Option<String>,
    /// It stands at the head of an answer, where networks put whom it goes to.
    pub(super) is_address: bool,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Post<'a> {
    /// The item.
    pub(super) item: &'a Item,
    /// Its words.
    pub(super) words: Words,
    /// The same words, as the schedule knows them.
    pub(super) seen: Vec<Seen>,
    /// Whom it names.
    pub(super) mentions: Vec<Mention>,
    /// Where it leads.
    pub(super) links: Vec<&'a str>,
    /// Its hashtags.
    pub(super) tags: Vec<&'a str>,
    /// What kind of post it is.
    pub(super) mood: Mood,
    /// The times of day that it speaks of, in minutes since midnight.
    pub(super) minutes: Vec<u16>,
    /// Words that stand as they are and may be a code.
    pub(super) codes: Vec<u32>,
}

impl<'a> Post<'a> {
    /// Reads an item.
    pub(super) fn read(item: &'a Item, programme: &Programme) -> Self {
        let mut post = Self {
            item,
            words: Words::of(""),
            seen: Vec::new(),
            mentions: Vec::new(),
            links: Vec::new(),
            tags: Vec::new(),
            mood: Mood::default(),
            minutes: Vec::new(),
            codes: Vec::new(),
        };
        let mut plain = Plain { words: Words::of(""), is_head: item.reply_to.is_some() };
        for title in item.title.iter().chain(&item.cover) {
            post.text(title, programme, &mut plain);
            plain.words.part();
        }
        for run in &item.body.0 {
            match run {
                Run::Text(text) => post.text(text, programme, &mut plain),
                Run::Mention { mention, url } => post.mention(mention, url.as_deref(), &plain),
                Run::Tag { tag } => post.tag(tag, &mut plain),
                Run::Link { link, .. } => post.link(link),
            }
        }
        for tag in &item.tags {
            plain.words.part();
            post.tag(without_sign(tag), &mut plain);
        }
        post.beside(item, &mut plain);
        post.words = plain.words;
        post.seen = post.words.iter().map(|word| seen(&post.words, word, programme)).collect();
        post.mood = Mood::of(&post, programme);
        post
    }

    /// What comes with the words: previews, descriptions of pictures, the words in addresses.
    fn beside(&mut self, item: &'a Item, plain: &mut Plain) {
        let card =
            item.card.iter().flat_map(|card| [Some(card.title.as_str()), card.text.as_deref()]).flatten();
        for text in card.chain(item.media.iter().filter_map(|media| media.alt.as_deref())) {
            plain.words.part();
            plain.words.read(text);
        }
        let card = item.card.iter().map(|card| card.url.as_str());
        for link in card.chain(item.media.iter().map(|media| media.url.as_str())) {
            if self.links.len() < LINKS_MAX {
                self.links.push(link);
            }
        }
        let said = item.body.links().chain(item.card.iter().map(|card| card.url.as_str()));
        for path in said.take(LINKS_READ_MAX).filter_map(|link| link.split_once("://")?.1.split_once('/')) {
            plain.words.part();
            plain.words.read(path.1);
        }
    }

    /// Plain words; most sources have made runs of mentions, tags and links, some have not.
    fn text(&mut self, text: &'a str, programme: &Programme, plain: &mut Plain) {
        times::read(text, &mut self.minutes);
        self.code(text, programme);
        if text.contains(['@', '#', '\u{ff03}', '\u{ff20}']) || text.contains("://") {
            let mut from = 0;
            for found in extract::extract(text) {
                plain.say(&text[from..found.range.start]);
                from = found.range.end;
                let shown = &text[found.range];
                match found.kind {
                    Kind::Hashtag => self.tag(without_sign(shown), plain),
                    Kind::Mention | Kind::Account => self.mention(shown, None, plain),
                    Kind::Url if shown.contains("://") => self.link(shown),
                    Kind::Url | Kind::List => {}
                }
            }
            plain.say(&text[from..]);
        } else {
            plain.say(text);
        }
    }

    fn code(&mut self, text: &str, programme: &Programme) {
        let words = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| word.len() >= 4);
        for talk in words.filter_map(|word| programme.pointers.code(word)) {
            if !self.codes.contains(&talk) {
                self.codes.push(talk);
            }
        }
    }

    fn tag(&mut self, tag: &'a str, plain: &mut Plain) {
        plain.words.read_tag(tag);
        plain.is_head = false;
        if self.tags.len() < TAGS_MAX {
            self.tags.push(tag);
        }
    }

    fn link(&mut self, link: &'a str) {
        if self.links.len() < LINKS_MAX {
            self.links.push(link);
        }
    }

    fn mention(&mut self, shown: &str, url: Option<&str>, plain: &Plain) {
        if self.mentions.len() >= MENTIONS_MAX {
            return;
        }
        let Some((local, host)) = parts(shown) else { return };
        let host = host.or_else(|| host_of(url?));
        self.mentions.push(Mention { local, host, is_address: plain.is_head });
    }

    /// The number of the n-th word in the schedule's vocabulary, if it is one of it.
    pub(super) fn number_at(&self, at: usize) -> Option<u32> {
        self.seen.get(at).and_then(|seen| seen.number)
    }
}

/// The words as they gather.
struct Plain {
    words: Words,
    /// Nothing was said yet but to whom.
    is_head: bool,
}

impl Plain {
    fn say(&mut self, text: &str) {
        self.is_head &= text.trim().is_empty();
        self.words.read(text);
    }
}

fn seen(words: &Words, word: &super::words::Word, programme: &Programme) -> Seen {
    let found = programme.vocabulary.find(words, word);
    Seen {
        number: found.map(|(number, _)| number),
        is_mended: found.is_some_and(|(_, is_mended)| is_mended),
        known: known(words.folded(word)),
        shape: word.shape,
    }
}

fn host_of(url: &str) -> Option<String> {
    let host = url.split_once("://")?.1.split(['/', '?', '#']).next()?;
    (!host.is_empty()).then(|| host.to_lowercase())
}
