//! Where the author just was: people stay in their seats. Only what was filed on signs of its own counts (an anchor, see
//! [`ANCHOR_SCORE`]), so nothing rests on what rests on something else; it fades within half an hour and ends with the
//! author's next post from another room.

use super::{Case, Sign, What};
use crate::filing::{ANCHOR_SCORE, Known};
use crate::{By, FilingState, Micros, TalkId};

/// Right after a post that is surely about the talk, the next one mostly is, too.
const SAME_TALK: f64 = 3.2;
/// The talk is over, the thoughts may not be.
const SAME_TALK_OVER: f64 = 0.3;
/// The next talk in the same room.
const SAME_ROOM: f64 = 0.5;
/// Somebody who sits and listens goes on doing so.
const LISTENING: f64 = 0.8;
/// After this nothing is left of it.
const FADES_MINUTES: f64 = 35.0;
/// While the talk is on it fades more slowly: few leave before the end.
const FADES_ON_MINUTES: f64 = 60.0;
/// So long after its end people are still clapping.
const APPLAUSE_MINUTES: i64 = 5;

pub(super) fn look(case: &Case<'_>, signs: &mut Vec<Sign>) {
    let Some((anchor, talk)) = anchor(&case.context.author) else { return };
    let minutes = case.post.item.when.since(anchor.when) / Micros::MINUTE;
    let left = (1.0 - minutes as f64 / FADES_MINUTES).max(0.0);
    if left == 0.0 {
        return;
    }
    let is_listening = case.post.mood.listening || case.post.mood.question;
    let bonus = if is_listening { LISTENING } else { 0.0 };
    if let Some(number) = case.programme.number(talk) {
        let is_on = case
            .clock
            .of(number)
            .is_some_and(|near| near.is_on || (0..=APPLAUSE_MINUTES).contains(&near.over));
        let left = if is_on { 1.0 - minutes as f64 / FADES_ON_MINUTES } else { left };
        let weight = (if is_on { SAME_TALK } else { SAME_TALK_OVER } + bonus) * left;
        // Who sits in one room is not drawn by the number of others.
        let weight = weight + if is_on { case.clock.shortfall(number) * left } else { 0.0 };
        signs.push(Sign { talk: number, weight, what: What::AuthorAt(minutes) });
    }
    let Some(room) = &anchor.room else { return };
    for near in case.clock.near().filter(|near| near.room == room && near.is_on) {
        if case.programme.slot(near.talk).id != *talk {
            signs.push(Sign { talk: near.talk, weight: SAME_ROOM * left, what: What::AuthorInRoom(minutes) });
        }
    }
}

/// The author's newest anchor, unless a later post of theirs went elsewhere.
fn anchor(said: &[Known]) -> Option<(&Known, &TalkId)> {
    let at = said.iter().position(is_anchor)?;
    let anchor = &said[at];
    let went = said[..at]
        .iter()
        .any(|later| later.state == FilingState::Filed && later.room.is_some() && later.room != anchor.room);
    if went { None } else { Some((anchor, anchor.talk.as_ref()?)) }
}

/// Filed on signs of its own, or by a person.
fn is_anchor(known: &Known) -> bool {
    known.state == FilingState::Filed
        && known.talk.is_some()
        && (known.by == By::Person || known.score >= ANCHOR_SCORE)
}
