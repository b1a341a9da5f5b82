//! The room that a post names, by hashtag or in words: what is on there is meant, if anything is.

use super::{Case, Sign, What};
use crate::filing::words::lists::Known;

/// A tag is set on purpose.
const TAGGED: f64 = 4.3;
/// A name of several words, or with a number in it.
const SAID: f64 = 4.0;
/// A name that is a word or a person as well, behind "in" or "room".
const SAID_WEAKLY: f64 = 1.6;
/// Who writes for a room means it.
const WRITTEN_FOR: f64 = 6.0;
/// Two rooms in one post compare them, or point from one to the other.
const TWO_ROOMS: f64 = 0.4;
/// What is on less than this is not what is on: half an hour after its end.
const PRESENCE_MIN: f64 = 0.15;
/// Words behind which a room is named.
const BEFORE: [&str; 16] = [
    "in", "im", "at", "en", "a", "dans", "nella", "sala", "na", "no", "op", "auf", "am", "nel", "from", "aus",
];

pub(super) fn look(case: &Case<'_>, signs: &mut Vec<Sign>) {
    if let Some(slug) = case.post.item.at.as_ref().and_then(|at| at.room.as_deref()) {
        for near in case.clock.near().filter(|near| near.room == slug && near.is_on) {
            signs.push(Sign { talk: near.talk, weight: WRITTEN_FOR, what: What::WrittenFor });
        }
    }
    let mut rooms: Vec<(u32, f64)> = Vec::new();
    for tag in &case.post.tags {
        note(&mut rooms, case.programme.rooms.tagged(tag).map(|room| (room, TAGGED)));
    }
    for at in 0..case.post.seen.len() {
        let Some(number) = case.post.number_at(at) else { continue };
        for room in &case.programme.vocabulary.entry(number).rooms {
            note(&mut rooms, said(case, *room, at).map(|weight| (*room, weight)));
        }
    }
    let share = if rooms.len() > 1 { TWO_ROOMS } else { 1.0 };
    for (room, weight) in rooms {
        let slug = &case.programme.rooms.get(room).slug;
        for near in case.clock.near().filter(|near| near.room == slug && near.presence >= PRESENCE_MIN) {
            // A room that is named is one, however many there are.
            let weight = weight * share + case.clock.shortfall(near.talk) * near.presence;
            signs.push(Sign { talk: near.talk, weight, what: What::Room(room) });
        }
    }
}

fn note(rooms: &mut Vec<(u32, f64)>, found: Option<(u32, f64)>) {
    let Some((room, weight)) = found else { return };
    match rooms.iter_mut().find(|(known, _)| *known == room) {
        Some((_, known)) => *known = known.max(weight),
        None => rooms.push((room, weight)),
    }
}

/// A room's name whose first word stands at this place.
fn said(case: &Case<'_>, room: u32, at: usize) -> Option<f64> {
    let place = case.programme.rooms.get(room);
    let is_whole = (0..).zip(&place.words).all(|(n, word)| case.post.number_at(at + n) == Some(*word));
    if !is_whole || case.post.seen[at].is_mended {
        return None;
    }
    // "Stage A" does not begin "stage a coup", and hall 1 is not hall 1a.
    let last = case.post.seen.get(at + place.words.len() - 1)?;
    let is_letter_alone = last.shape.first || (!last.shape.digit && !last.shape.capital);
    let last_word = case.post.words.get(at + place.words.len() - 1)?;
    if place.words.len() > 1 && case.post.words.folded(last_word).len() == 1 && is_letter_alone {
        return None;
    }
    if place.is_telling {
        return Some(SAID);
    }
    let before = at
        .checked_sub(1)
        .and_then(|before| Some((case.post.seen.get(before)?, case.post.words.get(before)?)));
    let (seen, word) = before?;
    let is_place = seen.known.is(Known::ROOM) || BEFORE.contains(&case.post.words.folded(word));
    (is_place && case.post.seen[at].shape.capital).then_some(SAID_WEAKLY)
}
