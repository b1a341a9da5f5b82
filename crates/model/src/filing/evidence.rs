//! The evidence: what speaks for which talk, one kind in each file. Each sign has a weight in log-odds (natural logarithms:
//! 2.3 makes a talk ten times likelier than "no talk") with its reason beside it, and a sentence that a reader understands.
//!
//! Signs are independent by design: where two would count the same words, one of them stands back.

mod author;
pub(super) mod clock;
mod names;
mod pointer;
mod rare;
mod reasons;
mod room;
mod shared;
mod thread;
mod title;

use super::post::Post;
use super::{Context, Programme};
use clock::Clock;

pub(super) use rare::summary_worth;
pub(super) use reasons::{plain_sentence, sentence};

/// One sign that an item is about a talk.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sign {
    /// The talk's number.
    pub(super) talk: u32,
    /// Log-odds.
    pub(super) weight: f64,
    /// Which kind, with what its sentence needs.
    pub(super) what: What,
}

/// The kinds of signs.
#[derive(Clone, Copy, Debug)]
pub(super) enum What {
    /// The talk's code stands in the words.
    Code,
    /// A link leads to the talk's page, or holds its code.
    Page,
    /// A link holds the talk's number.
    Number,
    /// It answers a post that is filed there, or suggested.
    Answers,
    /// It quotes one.
    Quotes,
    /// It names a speaker by handle.
    Handle(u32),
    /// It names a speaker in full.
    Name(u32),
    /// It has a part of a speaker's name.
    PartOfName(u32),
    /// A speaker wrote it.
    Speaker(u32),
    /// A speaker wrote it, of a talk of their own.
    OwnTalk(u32),
    /// It has the title, or the better part of it.
    Title { is_whole: bool, is_former: bool },
    /// It has words that few talks use; the most telling first, and whether no other talk uses that one.
    Words { words: [Option<u32>; rare::SHOWN_MAX], is_only: bool },
    /// Others who shared a link or photo of it are filed there.
    Shared(usize),
    /// It names the room, where the talk was on.
    Room(u32),
    /// It was written for the room, where the talk was on.
    WrittenFor,
    /// Its author was filed to the talk a moment ago; minutes.
    AuthorAt(i64),
    /// Its author was in the talk's room a moment ago; minutes.
    AuthorInRoom(i64),
    /// It names the time at which the talk starts; minutes since midnight.
    Minute(u16),
}

impl What {
    /// True for what comes from the author's other posts: it never carries over to the next one.
    pub(super) fn is_authors_context(&self) -> bool {
        matches!(self, Self::AuthorAt(_) | Self::AuthorInRoom(_))
    }

    /// True for what is in the post itself, rather than where, when and after what it was said.
    pub(super) fn is_in_words(&self) -> bool {
        use What::{Code, Handle, Name, Number, Page, PartOfName, Title, Words};
        matches!(
            self,
            Code | Page | Number | Handle(_) | Name(_) | PartOfName(_) | Title { .. } | Words { .. }
        )
    }
}

/// Everything that evidence looks at.
pub(super) struct Case<'a> {
    pub(super) post: &'a Post<'a>,
    pub(super) programme: &'a Programme,
    pub(super) context: &'a Context,
    pub(super) clock: &'a Clock<'a>,
}

/// All signs, in no order that means anything.
pub(super) fn gather(case: &Case<'_>) -> Vec<Sign> {
    let mut signs = Vec::new();
    pointer::look(case, &mut signs);
    thread::look(case, &mut signs);
    names::look(case, &mut signs);
    let titles = title::look(case, &mut signs);
    rare::look(case, &titles, &mut signs);
    shared::look(case, &mut signs);
    room::look(case, &mut signs);
    author::look(case, &mut signs);
    clock::look_at_minutes(case, &mut signs);
    signs
}
