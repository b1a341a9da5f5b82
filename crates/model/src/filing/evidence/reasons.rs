//! The reasons as sentences: short, plain, about the post and the schedule, never about anybody's private affairs. What
//! comes from outside (names, titles) is cut, so that no name can become a page.

use super::What;
use super::clock::Near;
use crate::filing::Programme;

/// A longer name or title is cut.
const NAME_CHARS_MAX: usize = 60;

/// The sentence of a sign.
pub(in crate::filing) fn sentence(what: &What, talk: u32, programme: &Programme) -> String {
    let name = |person: &u32| cut(&programme.people.get(*person).name);
    match what {
        What::Code => "Has the talk\u{2019}s code.".to_owned(),
        What::Page => "Links to the talk\u{2019}s page.".to_owned(),
        What::Number => "Has a link with the talk\u{2019}s number.".to_owned(),
        What::Answers => "Answers a post filed here.".to_owned(),
        What::Quotes => "Quotes a post filed here.".to_owned(),
        What::Handle(person) | What::Name(person) => format!("Names the speaker, {}.", name(person)),
        What::PartOfName(person) => format!("Has a part of the name of a speaker, {}.", name(person)),
        What::Speaker(person) => format!("Was written by the speaker, {}.", name(person)),
        What::OwnTalk(person) => format!("{} speaks of a talk of their own.", name(person)),
        What::Title { is_whole: true, is_former: false } => {
            format!("Has its title, {}.", quoted(title(talk, programme)))
        }
        What::Title { is_whole: true, is_former: true } => "Has a title that the talk once had.".to_owned(),
        What::Title { is_whole: false, .. } => "Has a part of its title.".to_owned(),
        What::Words { words, is_only } => {
            let text = |word: &u32| &*programme.vocabulary.entry(*word).text;
            said(&words.iter().flatten().map(text).collect::<Vec<_>>(), *is_only)
        }
        What::Shared(1) => "Shares a link or photo with a post filed here.".to_owned(),
        What::Shared(people) => format!("Shares a link or photo with posts of {people} people filed here."),
        What::Room(room) => format!("Names the room, {}.", cut(&programme.rooms.get(*room).name)),
        What::WrittenFor => "Written for this room while this talk was on.".to_owned(),
        What::AuthorAt(minutes) => format!("Its author wrote about this talk {}.", ago(*minutes)),
        What::AuthorInRoom(minutes) => format!("Its author was in this room {}.", ago(*minutes)),
        What::Minute(minute) => format!("Names {:02}:{:02}, when it starts.", minute / 60, minute % 60),
    }
}

/// What the clock says of a talk.
pub(in crate::filing) fn plain_sentence(near: &Near<'_>, is_alone: bool, programme: &Programme) -> String {
    let room = cut(programme.rooms.name(near.room));
    if near.is_on && is_alone {
        return "It was the only talk on when this was said.".to_owned();
    }
    if near.is_on {
        return format!("Was on in {room} when this was said, {} min in.", near.minutes.max(0));
    }
    if near.over >= 0 {
        return format!("Had ended in {room} {} when this was said.", ago(near.over));
    }
    format!("Was to begin in {room} {} min later.", -near.minutes)
}

fn title(talk: u32, programme: &Programme) -> &str {
    programme.talk(&programme.slot(talk).id).map_or("", |talk| &talk.title)
}

fn said(words: &[&str], is_only: bool) -> String {
    let quoted: Vec<String> = words.iter().map(|word| quoted(word)).collect();
    let list = match quoted.as_slice() {
        [] => return "Has words of its abstract.".to_owned(),
        [one] => one.clone(),
        [all @ .., last] => format!("{} and {last}", all.join(", ")),
    };
    match (words.len(), is_only) {
        (1, true) => format!("Says {list}, a word that only this talk uses."),
        (1, false) => format!("Says {list}, a word that few talks use."),
        (_, true) => format!("Says {list}, words that only this talk uses."),
        (_, false) => format!("Says {list}, words that few talks use."),
    }
}

fn ago(minutes: i64) -> String {
    match minutes {
        ..=0 => "less than a minute before".to_owned(),
        _ => format!("{minutes} min before"),
    }
}

fn quoted(text: &str) -> String {
    format!("\u{201c}{}\u{201d}", cut(text))
}

/// At most so many characters, on one line.
fn cut(text: &str) -> String {
    let clean: String = text.chars().map(|c| if is_odd(c) { ' ' } else { c }).take(NAME_CHARS_MAX).collect();
    let is_cut = text.chars().nth(NAME_CHARS_MAX).is_some();
    let clean = clean.trim();
    if is_cut { format!("{clean}\u{2026}") } else { clean.to_owned() }
}

/// Controls, and marks that turn the direction of what follows them.
fn is_odd(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
