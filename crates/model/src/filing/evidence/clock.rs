//! The clock: how likely a post said now is about each talk before anything in it is looked at. Alone it can be right for a
//! share of posts only, one in four talks that are on; with words it tells a repeat from its twin.

use super::{Case, Sign, What};
use crate::filing::Programme;
use crate::filing::post::Mood;
use crate::filing::programme::Slot;
use crate::stage::{Span, Timeline};
use crate::{Item, Micros, TalkId};

/// Of posts while talks are on, three in four are about one of them.
const ABOUT_ODDS: f64 = 3.0;
/// While one talk has the whole event to itself.
const ABOUT_ODDS_ALONE: f64 = 3.2;
/// The same where the event has one room only: who posts is in it, or listens to it.
const ABOUT_ODDS_ONE_ROOM: f64 = 12.0;
/// Between talks, people speak of more than talks.
const ABOUT_ODDS_BETWEEN: f64 = 1.2;
/// In an answer, the clock says a third of what it says elsewhere.
const ABOUT_ODDS_ANSWER: f64 = 1.0;
/// Posts about a talk at another time: one in ten of all, spread over all talks, so each has less where there are more.
const FAR: f64 = -1.4;
const FAR_EACH: f64 = 0.85;
/// Some fifty talks at once.
const SHORTFALL_MAX: f64 = 3.0;
/// Spans of one room that are looked at, the latest first.
const SPANS_MAX: usize = 12;
/// How far ahead "next" reaches, in minutes.
pub(in crate::filing) const AHEAD_MINUTES: i64 = 240;
/// How far ahead people speak of what begins without saying so.
const SOON_MINUTES: i64 = 30;
/// How long after its end a talk is still spoken of more than at any other time.
pub(in crate::filing) const TAIL_MINUTES: i64 = 120;
/// How fast that fades.
const TAIL_FADES_MINUTES: f64 = 18.0;
/// Odds that a post which names a starting time means one of the talks that start then.
const MINUTE_ODDS: f64 = 3.0;
/// The same where the post looks ahead.
const MINUTE_ODDS_AHEAD: f64 = 6.0;
/// When more talks start at once, the time tells none of them.
const MINUTE_TALKS_MAX: usize = 24;
/// Starting times are named up to this long before, and after.
const MINUTE_AHEAD: i64 = 36 * Micros::HOUR;
const MINUTE_AFTER: i64 = 10 * Micros::HOUR;

/// A talk that is on, or nearly.
#[derive(Clone, Debug)]
pub(in crate::filing) struct Near<'a> {
    pub(in crate::filing) talk: u32,
    pub(in crate::filing) room: &'a str,
    /// From 0 to 1: how much people speak of it now, against when it is on.
    pub(in crate::filing) presence: f64,
    pub(in crate::filing) is_on: bool,
    /// Minutes since its start; negative before.
    pub(in crate::filing) minutes: i64,
    /// Minutes since its end; negative before.
    pub(in crate::filing) over: i64,
}

/// See the module.
#[derive(Debug)]
pub(in crate::filing) struct Clock<'a> {
    near: Vec<Near<'a>>,
    /// All presence together.
    sum: f64,
    odds: f64,
    far: Far<'a>,
}

/// What is known of a talk that is not near.
#[derive(Debug)]
struct Far<'a> {
    programme: &'a Programme,
    when: Micros,
    mood: Mood,
    /// What the number of talks leaves for each.
    each: f64,
}

impl<'a> Clock<'a> {
    /// At the time of an item.
    pub(in crate::filing) fn at(
        item: &Item,
        mood: Mood,
        programme: &'a Programme,
        stage: &'a Timeline,
    ) -> Self {
        let when = item.when;
        let mut near: Vec<Near<'a>> = Vec::new();
        let (mut rooms, mut on) = (0, 0);
        for (room, spans) in stage.rooms() {
            rooms += usize::from(!spans.is_empty());
            let reach = if mood.ahead { AHEAD_MINUTES } else { SOON_MINUTES } * Micros::MINUTE;
            let known = spans.partition_point(|span| span.from <= when.plus(reach));
            for span in spans[..known].iter().rev().take(SPANS_MAX) {
                let Some(found) = near_now(span, room, when, mood, programme) else { continue };
                on += usize::from(found.is_on);
                near.push(found);
            }
        }
        // A talk that was on twice, as stewards say, counts where it is nearer.
        near.sort_by(|a, b| a.talk.cmp(&b.talk).then(b.presence.total_cmp(&a.presence)));
        near.dedup_by_key(|near| near.talk);
        let sum = near.iter().map(|near| near.presence).sum();
        let is_alone = on == 1 && near.iter().all(|near| near.is_on || near.presence < 0.2);
        let odds = match (item.reply_to, is_alone, rooms) {
            (Some(_), _, _) => ABOUT_ODDS_ANSWER,
            (None, true, 1) => ABOUT_ODDS_ONE_ROOM,
            (None, true, _) => ABOUT_ODDS_ALONE,
            (None, false, _) if on == 0 => ABOUT_ODDS_BETWEEN,
            (None, false, _) => ABOUT_ODDS,
        };
        let talks = programme.slots.len().max(8) as f64;
        let far = Far { programme, when, mood, each: FAR - FAR_EACH * talks.ln() };
        Self { near, sum, odds, far }
    }

    /// What is on, or nearly, room by room.
    pub(in crate::filing) fn near(&self) -> impl Iterator<Item = &Near<'a>> {
        self.near.iter()
    }

    /// The odds of all other talks together that are near, against "no talk".
    pub(in crate::filing) fn others(&self, talk: u32) -> f64 {
        let own = self.of(talk).map_or(0.0, |near| near.presence);
        self.odds * (self.sum - own) / self.sum.max(1.0)
    }

    /// A talk that is near.
    pub(in crate::filing) fn of(&self, talk: u32) -> Option<&Near<'a>> {
        let at = self.near.binary_search_by_key(&talk, |near| near.talk).ok()?;
        self.near.get(at)
    }

    /// How many talks are on.
    pub(in crate::filing) fn on(&self) -> usize {
        self.near.iter().filter(|near| near.is_on).count()
    }

    /// How much the number of talks at once takes from one that is on: to be given back where a sign names the place.
    pub(in crate::filing) fn shortfall(&self, talk: u32) -> f64 {
        (-self.prior(talk)).clamp(0.0, SHORTFALL_MAX)
    }

    /// The log-odds of a talk against "no talk", by the clock alone.
    pub(in crate::filing) fn prior(&self, talk: u32) -> f64 {
        let far = self.far.prior(talk);
        self.of(talk).map_or(far, |near| (self.odds * near.presence / self.sum.max(1.0)).ln().max(far))
    }
}

impl Far<'_> {
    /// Late and early posts: a few of many, spread over all talks, more of them over those of the hours before.
    fn prior(&self, talk: u32) -> f64 {
        let slot = self.programme.slot(talk);
        let (after, before) = (self.when.since(slot.end), slot.start.since(self.when));
        let by_time = if after > 0 {
            let recent = if after < 4 * Micros::HOUR { 0.8 } else { 0.0 };
            let old = if after > 30 * Micros::HOUR { -0.5 } else { 0.0 };
            recent + old + if self.mood.past { 1.2 } else { 0.0 } - if self.mood.ahead { 0.5 } else { 0.0 }
        } else {
            let distant = if before > 14 * Micros::HOUR { -0.5 } else { 0.0 };
            distant + if self.mood.ahead { 0.8 } else { -0.3 } - if self.mood.past { 0.5 } else { 0.0 }
        };
        self.each + by_time
    }
}

fn near_now<'a>(
    span: &'a Span,
    room: &'a str,
    when: Micros,
    mood: Mood,
    programme: &Programme,
) -> Option<Near<'a>> {
    let over = when.since(span.to).div_euclid(Micros::MINUTE);
    if over > TAIL_MINUTES {
        return None;
    }
    let number = fit(span.talk.as_ref()?, programme)?;
    let minutes = when.since(span.from).div_euclid(Micros::MINUTE);
    let is_on = span.holds(when);
    let presence = if is_on {
        while_on(minutes, mood)
    } else if over >= 0 {
        after(over, mood)
    } else {
        before(-minutes, mood)
    };
    (presence > 0.0).then_some(Near { talk: number, room, presence, is_on, minutes, over })
}

fn fit(talk: &TalkId, programme: &Programme) -> Option<u32> {
    let number = programme.number(talk)?;
    let slot: &Slot = programme.slot(number);
    (!slot.is_break && !slot.dropped).then_some(number)
}

/// People sit down first, then they write.
fn while_on(minutes: i64, mood: Mood) -> f64 {
    let settled = ((minutes as f64 + 2.0) / 5.0).clamp(0.4, 1.0);
    if mood.ahead && !mood.listening { settled * 0.6 } else { settled }
}

/// A post is written after what it is about: half of them within a quarter of an hour.
fn after(minutes: i64, mood: Mood) -> f64 {
    let left = 0.75 * (-(minutes as f64) / TAIL_FADES_MINUTES).exp();
    if mood.ahead { left * 0.3 } else { left }
}

/// Hardly anybody speaks of a talk before it begins without saying so.
fn before(minutes: i64, mood: Mood) -> f64 {
    if mood.ahead {
        return 0.1 + 0.7 * (-(minutes as f64) / 60.0).exp();
    }
    match minutes {
        ..=3 => 0.35,
        4..=10 => 0.15,
        _ => 0.05,
    }
}

/// "At 14:00": one of those that start then, today or tomorrow.
pub(super) fn look_at_minutes(case: &Case<'_>, signs: &mut Vec<Sign>) {
    for minute in &case.post.minutes {
        let at = case.programme.by_minute.get(minute).map_or(&[][..], Vec::as_slice);
        let when = case.post.item.when;
        let fit = |talk: &&u32| {
            let wait = case.programme.slot(**talk).start.since(when);
            (-MINUTE_AFTER..=MINUTE_AHEAD).contains(&wait)
        };
        let meant: Vec<u32> = at.iter().filter(fit).copied().collect();
        let nearest = meant.iter().map(|talk| case.programme.slot(*talk).start.since(when).abs()).min();
        let today: Vec<u32> = meant
            .into_iter()
            .filter(|talk| {
                nearest
                    .is_some_and(|n| case.programme.slot(*talk).start.since(when).abs() <= n + Micros::HOUR)
            })
            .collect();
        if today.len() > MINUTE_TALKS_MAX {
            continue;
        }
        let odds = if case.post.mood.ahead { MINUTE_ODDS_AHEAD } else { MINUTE_ODDS };
        let prior = (odds / today.len().max(1) as f64).ln();
        for talk in today {
            let weight = (prior - case.clock.prior(talk)).max(0.3);
            signs.push(Sign { talk, weight, what: What::Minute(*minute) });
        }
    }
}
