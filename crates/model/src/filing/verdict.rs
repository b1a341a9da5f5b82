//! The verdict: all signs of each talk with its prior, against each other and against "no talk".

use super::evidence::{Case, Sign, plain_sentence, sentence};
use super::words::lists::Known;
use super::{ANCHOR_SCORE, By, FILED_SCORE, Filing, FilingState, SUGGESTED_SCORE};

/// Sentences of one filing.
const REASONS_MAX: usize = 5;
/// A sign that adds less is not worth a sentence.
const TOLD_MIN: f64 = 0.25;
/// What leans on its author's other posts stays this far below an anchor.
const BELOW_ANCHOR: f64 = 0.01;
/// Posts of food and travel are about no talk, ten times in eleven; each further such word says so again.
const WIDE: f64 = 2.3;
const WIDE_MAX: f64 = 2.0;
/// "First day", "what a conference".
const SOFT: f64 = 0.8;
const SOFT_MAX: f64 = 2.0;
/// Words from a seat in the audience, and "talk", make it likelier that there is one.
const LISTENING: f64 = -0.9;
const TALK: f64 = -0.4;
const QUESTION: f64 = -0.2;
/// An answer to a post about the event as a whole is about that.
const ANSWERS_EVENT: f64 = 1.5;
/// A post whose words speak for one talk is less likely about one of which it says nothing: half of all posts say something.
const SILENT: f64 = -1.1;
/// From this weight on, its words speak for a talk.
const SPEAKS_MIN: f64 = 1.0;
/// Words of travel are a talk's own when more of it is said.
const EXCUSE_MIN: f64 = 2.0;
/// Most that a talk's signs may weigh: nothing is surer than a person.
const SIGNS_MAX: f64 = 14.0;

/// One talk on the scales.
struct Scale<'a> {
    talk: u32,
    prior: f64,
    /// Signs but those of the author's other posts.
    own: f64,
    /// All signs.
    all: f64,
    signs: &'a [Sign],
}

/// Weighs.
pub(super) fn reach(case: &Case<'_>, mut signs: Vec<Sign>) -> Filing {
    // Nothing is filed to lunch.
    signs.retain(|sign| !case.programme.slot(sign.talk).is_break);
    signs.sort_by_key(|sign| sign.talk);
    let scales = scales(case, &signs);
    let none = against(case);
    let Some(best) = heaviest(&scales, |scale| scale.all) else { return nothing(case, 0.0) };
    if best.signs.is_empty() && case.clock.on() > 1 {
        return nothing(case, 0.0);
    }
    let with_context = share(&scales, none, best, |scale| scale.all);
    let without = share(&scales, none, best, |scale| scale.own);
    let score = if without >= ANCHOR_SCORE {
        with_context
    } else {
        with_context.min(below_anchor(best, with_context))
    };
    let score = (score * 1000.0).round() / 1000.0;
    // A guess about a post of food or travel needs words of the talk.
    let is_said = best.signs.iter().any(|sign| sign.what.is_in_words());
    let state = if score >= FILED_SCORE {
        FilingState::Filed
    } else if score >= SUGGESTED_SCORE && (is_said || !case.post.mood.is_wide()) {
        FilingState::Suggested
    } else {
        return nothing(case, score);
    };
    let id = &case.programme.slot(best.talk).id;
    let room = case.clock.of(best.talk).map(|near| near.room.to_owned());
    Filing {
        talk: Some(id.clone()),
        room: room.or_else(|| case.programme.talk(id).map(|talk| talk.room.clone())),
        state,
        score,
        by: By::Rule,
        reasons: reasons(case, best),
    }
}

/// Where a score ends that leans on the author's other posts.
fn below_anchor(best: &Scale<'_>, score: f64) -> f64 {
    if best.all > best.own { ANCHOR_SCORE - BELOW_ANCHOR } else { score }
}

/// Every talk that has a sign, and every talk that is near, in the order of talks. The signs are in it, too.
fn scales<'a>(case: &Case<'_>, signs: &'a [Sign]) -> Vec<Scale<'a>> {
    let is_spoken = signs.iter().any(|sign| sign.what.is_in_words() && sign.weight >= SPEAKS_MIN);
    let mut groups = signs.chunk_by(|a, b| a.talk == b.talk).peekable();
    let mut scales = Vec::with_capacity(32);
    let mut near = case.clock.near().map(|near| near.talk).peekable();
    loop {
        let next = near.peek().copied();
        let (talk, signs) = match groups.next_if(|signs| next.is_none_or(|near| signs[0].talk <= near)) {
            Some(signs) => (signs[0].talk, signs),
            None => match next {
                Some(near) => (near, &[][..]),
                None => return scales,
            },
        };
        near.next_if_eq(&talk);
        scales.push(scale(case, talk, signs, is_spoken));
    }
}

fn scale<'a>(case: &Case<'_>, talk: u32, signs: &'a [Sign], is_spoken: bool) -> Scale<'a> {
    let sum = |all: bool| -> f64 {
        signs.iter().filter(|s| all || !s.what.is_authors_context()).map(|s| s.weight).sum()
    };
    let excuse = excuse(case, talk, signs);
    let (own, all) = ((sum(false) + excuse).min(SIGNS_MAX), (sum(true) + excuse).min(SIGNS_MAX));
    let is_silent = is_spoken && !signs.iter().any(|sign| sign.what.is_in_words());
    let silent = if is_silent { SILENT } else { 0.0 };
    Scale { talk, prior: case.clock.prior(talk) + silent, own, all, signs }
}

/// A talk about trains is not to lose by the word "train": what its own words took from it is given back.
fn excuse(case: &Case<'_>, talk: u32, signs: &[Sign]) -> f64 {
    let is_spoken = signs.iter().any(|sign| sign.what.is_in_words() && sign.weight >= EXCUSE_MIN);
    if case.post.mood.wide == 0.0 || !is_spoken {
        return 0.0;
    }
    let words =
        case.post.seen.iter().filter(|seen| seen.known.is(Known::WIDE)).filter_map(|seen| seen.number);
    let own = words.filter(|n| case.programme.vocabulary.entry(*n).postings.iter().any(|p| p.talk == talk));
    WIDE * (own.count() as f64).min(WIDE_MAX).min(case.post.mood.wide)
}

/// The log-odds of "no talk".
fn against(case: &Case<'_>) -> f64 {
    let mood = &case.post.mood;
    let wide = WIDE * mood.wide.min(WIDE_MAX) + SOFT * mood.soft.min(SOFT_MAX);
    let seat = [(mood.listening, LISTENING), (mood.talk, TALK), (mood.question, QUESTION)];
    let seat: f64 = seat.into_iter().filter(|(is, _)| *is).map(|(_, weight)| weight).sum();
    let event = case.context.parent.as_ref().is_some_and(|parent| parent.state == FilingState::Event);
    wide + seat + if event { ANSWERS_EVENT } else { 0.0 }
}

/// The first of the heaviest.
fn heaviest<'a, 's>(scales: &'a [Scale<'s>], weight: impl Fn(&Scale<'_>) -> f64) -> Option<&'a Scale<'s>> {
    let of = |scale: &Scale<'_>| scale.prior + weight(scale);
    scales.iter().reduce(|best, next| if of(next) > of(best) { next } else { best })
}

/// What one talk has of the certainty that all of them and "no talk" share.
fn share(scales: &[Scale<'_>], none: f64, best: &Scale<'_>, weight: impl Fn(&Scale<'_>) -> f64) -> f64 {
    let own = best.prior + weight(best);
    let others: f64 = scales
        .iter()
        .filter(|scale| scale.talk != best.talk)
        .map(|scale| (scale.prior + weight(scale) - own).exp())
        .sum();
    1.0 / (1.0 + others + (none - own).exp())
}

fn reasons(case: &Case<'_>, best: &Scale<'_>) -> Vec<String> {
    let mut signs: Vec<&Sign> = best.signs.iter().filter(|sign| sign.weight >= TOLD_MIN).collect();
    signs.sort_by(|a, b| b.weight.total_cmp(&a.weight));
    let mut told: Vec<String> = Vec::new();
    for sign in signs {
        let sentence = sentence(&sign.what, best.talk, case.programme);
        if told.len() < REASONS_MAX - 1 && !told.contains(&sentence) {
            told.push(sentence);
        }
    }
    if let Some(near) = case.clock.of(best.talk) {
        told.push(plain_sentence(near, case.clock.on() == 1, case.programme));
    }
    if told.is_empty() {
        told.push("Is the likeliest of the talks around this time.".to_owned());
    }
    told
}

/// No talk: about the event, or not known.
fn nothing(case: &Case<'_>, score: f64) -> Filing {
    if case.post.mood.is_wide() {
        return Filing {
            state: FilingState::Event,
            score: (1.0 - score).clamp(0.0, 1.0),
            ..Filing::unsorted("Speaks of food, travel, the place or the event as a whole.")
        };
    }
    let reason = match case.clock.on() {
        0 => "No talk was on when this was said.",
        1 => "Nothing in it tells of the talk that was on.",
        _ => "Several talks were on when this was said.",
    };
    Filing { score, ..Filing::unsorted(reason) }
}
