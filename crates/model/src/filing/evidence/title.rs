//! Titles: whole, nearly whole, without their second half, as a hashtag. A run of a title's words in its order is more than
//! the same words scattered, so runs are looked for, with small gaps and single slips allowed.

use super::{Case, Sign, What};
use crate::filing::programme::Slot;

/// A whole title, before its words count.
const WHOLE: f64 = 1.4;
/// Each unit of the words' weight in a whole title, in the better part of it, in a part.
const WHOLE_EACH: f64 = 1.8;
const MOST_EACH: f64 = 1.6;
const PART_EACH: f64 = 1.3;
/// The part of the weight that makes a title whole, or nearly, or worth looking at.
const WHOLE_SHARE: f64 = 0.9;
const MOST_SHARE: f64 = 0.6;
const PART_SHARE: f64 = 0.4;
/// No title is surer than this.
const MOST: f64 = 11.0;
/// A title of one word is a word first, unless it was written as a title.
const ONE_WORD: f64 = 0.6;
/// What the talk was called once, and the second line.
const FORMER: f64 = 0.8;
const SUBTITLE: f64 = 0.7;
/// A word that was mended.
const MENDED: f64 = 0.85;
/// Each word that stands between two of a title.
const GAP: f64 = 0.25;
/// More words between two end a run.
const GAP_WORDS_MAX: usize = 3;
/// Talks whose titles are compared, for one post.
const CANDIDATES_MAX: usize = 48;
/// Places in a post at which words of one title stand, that are looked at.
const PLACES_MAX: usize = 96;
/// The words of a post in which titles are looked for.
const WORDS_READ_MAX: usize = 600;

/// The words that a talk's title has taken: they are not counted again.
pub(super) type Taken = Vec<(u32, Vec<u32>)>;

/// A run of a title's words.
#[derive(Clone, Debug, Default)]
struct Run {
    weight: f64,
    words: Vec<u32>,
    is_marked: bool,
}

pub(super) fn look(case: &Case<'_>, signs: &mut Vec<Sign>) -> Taken {
    let mut taken = Taken::new();
    for talk in candidates(case) {
        let slot = case.programme.slot(talk);
        if slot.is_break {
            continue;
        }
        let Some((weight, run, what)) = best(case, slot) else { continue };
        taken.push((talk, run.words));
        signs.push(Sign { talk, weight, what });
    }
    taken
}

/// Talks of which the rarest word of a title stands in the post.
fn candidates(case: &Case<'_>) -> Vec<u32> {
    let mut candidates = Vec::new();
    for seen in case.post.seen.iter().take(WORDS_READ_MAX) {
        let Some(number) = seen.number else { continue };
        for talk in case.programme.vocabulary.anchored(number) {
            if candidates.len() < CANDIDATES_MAX && !candidates.contains(talk) {
                candidates.push(*talk);
            }
        }
    }
    candidates.sort_unstable();
    candidates
}

/// The strongest of a talk's titles.
fn best(case: &Case<'_>, slot: &Slot) -> Option<(f64, Run, What)> {
    let whole = |is_whole| What::Title { is_whole, is_former: false };
    let mut all = Vec::new();
    for (title, share) in [(&slot.title, 1.0), (&slot.short, 0.95), (&slot.subtitle, SUBTITLE)] {
        if let Some((weight, is_whole, run)) = found(case, title) {
            all.push((weight * share, run, whole(is_whole)));
        }
    }
    for title in &slot.former {
        if let Some((weight, is_whole, run)) = found(case, title) {
            all.push((weight * FORMER, run, What::Title { is_whole, is_former: true }));
        }
    }
    all.into_iter().reduce(|best, next| if next.0 > best.0 { next } else { best })
}

fn found(case: &Case<'_>, title: &[u32]) -> Option<(f64, bool, Run)> {
    let vocabulary = &case.programme.vocabulary;
    let all: f64 = title.iter().map(|word| vocabulary.entry(*word).weight_in_title).sum();
    let run = run(case, title)?;
    let share = run.weight / all;
    let telling = run.words.iter().filter(|word| !vocabulary.entry(**word).is_plain()).count();
    let weight = if share >= WHOLE_SHARE {
        let whole = WHOLE + WHOLE_EACH * run.weight;
        let content = title.iter().filter(|word| vocabulary.entry(**word).weight_in_title > 0.25).count();
        if content <= 1 && !run.is_marked { whole * ONE_WORD } else { whole }
    } else if share >= MOST_SHARE && run.words.len() >= 2 {
        MOST_EACH * run.weight
    } else if share >= PART_SHARE && run.words.len() >= 2 && telling >= 2 {
        PART_EACH * run.weight
    } else {
        return None;
    };
    Some((weight.min(MOST), share >= MOST_SHARE, run))
}

/// The heaviest run of a title's words in the post.
fn run(case: &Case<'_>, title: &[u32]) -> Option<Run> {
    let vocabulary = &case.programme.vocabulary;
    let mut places: Vec<(usize, usize)> = Vec::new();
    for (at, seen) in case.post.seen.iter().enumerate().take(WORDS_READ_MAX) {
        let Some(number) = seen.number else { continue };
        let in_title = title.iter().enumerate().filter(|(_, word)| **word == number);
        places.extend(in_title.map(|(index, _)| (at, index)));
        if places.len() >= PLACES_MAX {
            places.truncate(PLACES_MAX);
            break;
        }
    }
    let mut best: Vec<(f64, Option<usize>)> = Vec::with_capacity(places.len());
    for (n, (at, index)) in places.iter().enumerate() {
        let seen = &case.post.seen[*at];
        let own = vocabulary.entry(title[*index]).weight_in_title * if seen.is_mended { MENDED } else { 1.0 };
        let before = (0..n).filter_map(|m| {
            let (at_before, index_before) = places[m];
            let gap = at.checked_sub(at_before + 1)?;
            (index_before < *index && gap <= GAP_WORDS_MAX).then(|| (best[m].0 - GAP * gap as f64, m))
        });
        let before = before
            .fold((0.0, None), |best, (weight, m)| if weight > best.0 { (weight, Some(m)) } else { best });
        best.push((own + before.0, before.1));
    }
    let end = (0..best.len()).reduce(|a, b| if best[b].0 > best[a].0 { b } else { a })?;
    let mut run = Run { weight: best[end].0, ..Run::default() };
    let mut next = Some(end);
    while let Some(n) = next {
        let shape = case.post.seen[places[n].0].shape;
        run.is_marked |= shape.quoted || shape.tag || (shape.capital && !shape.first);
        run.words.push(title[places[n].1]);
        next = best[n].1;
    }
    Some(run)
}
