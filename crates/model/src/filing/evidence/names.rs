//! Speakers: by handle, by name, by a part of the name; and posts that speakers write themselves. A name of one word is a
//! word first, and needs another sign.

use super::{Case, Sign, What};
use crate::Micros;
use crate::filing::post::Mention;
use crate::filing::programme::people::{Handle, NAMESAKES_MAX, Person, parts};
use crate::filing::words::Words;
use std::collections::BTreeMap;

/// The handle in the schedule, with the same server, or where one of the two names none.
const HANDLE: f64 = 8.5;
/// The same name at another server: most keep theirs, some names belong to two.
const HANDLE_ELSEWHERE: f64 = 5.0;
/// A handle that is the whole name of a speaker.
const NAME_AS_HANDLE: f64 = 6.0;
/// A handle that is a speaker's name of one word.
const WORD_AS_HANDLE: f64 = 3.6;
/// First and last name.
const NAME: f64 = 8.0;
/// Two words of a longer name.
const MOST_OF_NAME: f64 = 6.0;
/// The last name alone, written as a name, when one speaker has it and it is no word.
const LAST_NAME: f64 = 2.6;
/// The same in small letters, or the first name.
const PART_OF_NAME: f64 = 1.3;
/// A one-word name that is no word of any list.
const WORD_NAME: f64 = 1.2;
/// The same in small letters.
const WORD_NAME_SMALL: f64 = 0.8;
/// Behind "by", a word is a name.
const BEHIND_BY: f64 = 0.8;
const BY: [&str; 11] = ["by", "von", "par", "de", "di", "por", "door", "with", "mit", "avec", "con"];
/// Who is on stage is called by one name.
const ON_STAGE: f64 = 0.8;
/// From this weight on, a part of a name was written as a name.
const AS_NAME_MIN: f64 = 1.0;
/// Whom an answer goes to is said by the network, not by its writer.
const ADDRESS: f64 = 0.6;
/// Who was to speak once.
const FORMER: f64 = 0.6;
/// Speakers write about other talks, too; about their own they write around its time.
const SPEAKER_NEAR: f64 = 0.9;
const SPEAKER_FAR: f64 = 0.8;
/// A name of one word may be somebody else's.
const WORD_NAMED: f64 = 0.6;
/// "My talk", written by one who gives one.
const OWN_TALK: f64 = 6.0;
/// Longer names are nobody's.
const JOINED_MAX: usize = 256;
/// Around the time of their own talk.
const NEAR_HOURS: i64 = 3;

/// What was found of each person; the strongest counts.
type Found = Vec<(u32, f64, What)>;

pub(super) fn look(case: &Case<'_>, signs: &mut Vec<Sign>) {
    let mut found = Found::new();
    for mention in &case.post.mentions {
        handle(case, mention, &mut found);
    }
    for tag in &case.post.tags {
        if let Some(person) = joined(case, tag)
            && case.programme.people.get(person).words.len() > 1
        {
            note(&mut found, person, NAME_AS_HANDLE, What::Name(person));
        }
    }
    for at in 0..case.post.seen.len() {
        words(case, at, &mut found);
    }
    found.sort_unstable_by_key(|(person, ..)| *person);
    for (person, weight, what) in found {
        let Some(known) = shown(case, person) else { continue };
        let is_called = matches!(what, What::PartOfName(_)) && known.words.len() > 1 && weight >= AS_NAME_MIN;
        signs.extend(known.talks.iter().map(|talk| {
            let is_on = is_called && case.clock.of(*talk).is_some_and(|near| near.is_on);
            Sign { talk: *talk, weight: weight + if is_on { ON_STAGE } else { 0.0 }, what }
        }));
        let former = known.former.iter().filter(|talk| !known.talks.contains(talk));
        signs.extend(former.map(|talk| Sign { talk: *talk, weight: weight * FORMER, what }));
    }
    speaker(case, signs);
}

fn shown<'a>(case: &Case<'a>, person: u32) -> Option<&'a Person> {
    Some(case.programme.people.get(person)).filter(|known| !known.is_many())
}

fn note(found: &mut Found, person: u32, weight: f64, what: What) {
    match found.iter_mut().find(|known| known.0 == person) {
        Some(known) if known.1 >= weight => {}
        Some(known) => *known = (person, weight, what),
        None => found.push((person, weight, what)),
    }
}

fn handle(case: &Case<'_>, mention: &Mention, found: &mut Found) {
    let share = if mention.is_address { ADDRESS } else { 1.0 };
    for known in case.programme.people.by_handle(&mention.local) {
        let weight = if is_same_host(known, mention.host.as_deref()) { HANDLE } else { HANDLE_ELSEWHERE };
        note(found, known.person, weight * share, What::Handle(known.person));
    }
    let name = mention.local.split('.').next().unwrap_or_default();
    if let Some(person) = joined(case, name) {
        let is_word = case.programme.people.get(person).words.len() < 2;
        let weight = if is_word { WORD_AS_HANDLE } else { NAME_AS_HANDLE };
        note(found, person, weight * share, What::Handle(person));
    }
}

/// Two handles are one account's unless both name a server, and not the same.
fn is_same_host(known: &Handle, host: Option<&str>) -> bool {
    match (known.host.as_deref(), host) {
        (Some(known), Some(host)) => known == host,
        _ => true,
    }
}

/// The person whose name, written as one word, this is.
fn joined(case: &Case<'_>, text: &str) -> Option<u32> {
    let joined: String = if text.is_ascii() {
        text.chars()
            .filter(char::is_ascii_alphanumeric)
            .take(JOINED_MAX)
            .map(|c| c.to_ascii_lowercase())
            .collect()
    } else {
        let words = Words::of(text);
        words.iter().map(|word| words.folded(word)).collect()
    };
    (joined.len() >= 4).then(|| case.programme.people.by_joined(&joined)).flatten()
}

/// The name that begins at a word.
fn words(case: &Case<'_>, at: usize, found: &mut Found) {
    let Some(number) = case.post.number_at(at) else { return };
    let people = &case.programme.vocabulary.entry(number).people;
    for person in people.iter().take(NAMESAKES_MAX) {
        let known = case.programme.people.get(*person);
        if let Some(weight) = name_at(case, at, known) {
            note(found, *person, weight, What::Name(*person));
        } else if let Some(weight) = part_at(case, at, known, people.len()) {
            note(found, *person, weight, What::PartOfName(*person));
        }
    }
}

/// Two words of one name next to each other, an initial or a particle between them at most.
fn name_at(case: &Case<'_>, at: usize, person: &Person) -> Option<f64> {
    let own = case.post.number_at(at)?;
    let other = (at + 1..at + 4).find_map(|other| {
        let number = case.post.number_at(other)?;
        (number != own && person.words.contains(&number)).then_some((other, number))
    })?;
    if other.0 > at + 1 && person.words.len() == 2 && !is_initial(case, at + 1) {
        return None;
    }
    let is_word = |at: usize| {
        let seen = &case.post.seen[at];
        case.post.number_at(at).is_some_and(|n| case.programme.vocabulary.entry(n).is_plain())
            && !seen.shape.capital
    };
    if is_word(at) && is_word(other.0) {
        return None;
    }
    let last = person.words.last()?;
    let is_slip = case.post.seen[at].is_mended && case.post.seen[other.0].is_mended;
    let weight = if own == *last || other.1 == *last { NAME } else { MOST_OF_NAME };
    Some(if is_slip { weight - 1.0 } else { weight })
}

fn is_initial(case: &Case<'_>, at: usize) -> bool {
    case.post.words.get(at).is_some_and(|word| case.post.words.folded(word).len() == 1)
}

/// One word of a name, when it tells who is meant.
fn part_at(case: &Case<'_>, at: usize, person: &Person, namesakes: usize) -> Option<f64> {
    let seen = &case.post.seen[at];
    let number = seen.number?;
    let entry = case.programme.vocabulary.entry(number);
    let letters = case.post.words.get(at).map_or(0, |word| case.post.words.folded(word).chars().count());
    let is_word = entry.is_plain() || entry.talks > 0;
    if seen.is_mended || letters < 2 || (is_word && !seen.shape.capital) {
        return None;
    }
    // At the head of a sentence every word has a capital.
    let is_name = seen.shape.capital && !(is_word && seen.shape.first);
    let is_behind_by = at
        .checked_sub(1)
        .and_then(|before| case.post.words.get(before))
        .is_some_and(|word| BY.contains(&case.post.words.folded(word)));
    let by = if is_behind_by { BEHIND_BY } else { 0.0 };
    let weight = match (person.words.len(), person.words.last() == Some(&number)) {
        (1, _) if is_word || letters < 4 => is_name.then_some(WORD_NAME_SMALL)?,
        (1, _) if is_name => WORD_NAME,
        (1, _) => WORD_NAME_SMALL,
        (_, true) if is_name && !is_word && letters >= 4 => LAST_NAME,
        _ if is_name => PART_OF_NAME,
        (_, true) if letters >= 6 && !is_word => PART_OF_NAME,
        _ => return None,
    };
    Some((weight + by) / (namesakes.min(4) as f64).sqrt())
}

/// A post by somebody who speaks.
fn speaker(case: &Case<'_>, signs: &mut Vec<Sign>) {
    let author = &case.post.item.author;
    let mut people: BTreeMap<u32, f64> = BTreeMap::new();
    let handle = parts(&author.handle);
    if let Some((local, host)) = &handle {
        let known = case.programme.people.by_handle(local).iter();
        people.extend(
            known.filter(|known| is_same_host(known, host.as_deref())).map(|known| (known.person, 1.0)),
        );
    }
    let local = handle.as_ref().and_then(|(local, _)| local.split('.').next());
    for person in
        [Some(author.name.as_str()), local].into_iter().flatten().filter_map(|name| joined(case, name))
    {
        let is_word = case.programme.people.get(person).words.len() < 2;
        people.entry(person).or_insert(if is_word { WORD_NAMED } else { 1.0 });
    }
    for (person, share) in people {
        let Some(known) = shown(case, person) else { continue };
        for talk in &known.talks {
            let sign = speakers_sign(case, person, *talk);
            signs.push(Sign { weight: sign.weight * share, ..sign });
        }
    }
}

fn speakers_sign(case: &Case<'_>, person: u32, talk: u32) -> Sign {
    if case.post.mood.mine {
        return Sign { talk, weight: OWN_TALK, what: What::OwnTalk(person) };
    }
    let slot = case.programme.slot(talk);
    let when = case.post.item.when;
    let reach = NEAR_HOURS * Micros::HOUR;
    let is_near = when >= slot.start.plus(-reach) && when <= slot.end.plus(reach);
    let weight = if is_near { SPEAKER_NEAR } else { SPEAKER_FAR };
    Sign { talk, weight, what: What::Speaker(person) }
}
