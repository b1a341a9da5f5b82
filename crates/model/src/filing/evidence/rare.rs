//! Rare words: those that this schedule uses for one talk or few. A word of the title weighs more than one of the abstract;
//! each further word adds less, so that a long abstract does not win by its length.

use super::title::Taken;
use super::{Case, Sign, What};
use crate::filing::programme::vocabulary::{Field, Posting};
use std::collections::HashSet;

/// A word in a title, of one talk only.
const TITLE: f64 = 3.0;
const SUBTITLE: f64 = 2.4;
const FORMER: f64 = 1.8;
/// In an abstract: people use its words by chance, too.
const SUMMARY: f64 = 1.8;
/// In an abstract, three times or more: that is what it is about.
const SUMMARY_OFTEN: f64 = 2.2;
const TRACK: f64 = 0.5;
/// A hashtag is chosen.
const TAGGED: f64 = 1.2;
const MENDED: f64 = 0.8;
/// A single ordinary word is a coincidence more often than not.
const LONE: f64 = 0.56;
/// Two words of one title that hardly any other talk uses: nobody says both by chance, at any hour.
const TOGETHER: f64 = 0.8;
/// Such a word is worth this much, and stands in a title.
const TOGETHER_WORTH_MIN: f64 = 0.75;
/// Each further word adds this much of what it would add alone.
const FURTHER: f64 = 0.9;
/// No words are surer than this.
const MOST: f64 = 7.5;
/// Abstracts of this many words count as they are; the words of longer ones count less.
const SUMMARY_WORDS_USUAL: f64 = 70.0;
/// How much less: the chance to hold a word that was said of something else grows with the words.
const LENGTH_POWER: f64 = 0.35;
const LENGTH_LEAST: f64 = 0.6;
const LENGTH_MOST: f64 = 1.1;
/// Hits that are looked at, for one post.
const HITS_MAX: usize = 4_000;
/// Words that a sentence names.
pub(super) const SHOWN_MAX: usize = 3;

/// A word of the post that a talk uses.
struct Hit {
    talk: u32,
    weight: f64,
    /// Its number in the programme.
    word: u32,
    /// Its place in the post.
    at: usize,
    talks: usize,
    /// A rare word of the talk's title.
    is_titles_own: bool,
}

pub(super) fn look(case: &Case<'_>, titles: &Taken, signs: &mut Vec<Sign>) {
    let mut all = hits(case, titles);
    all.sort_unstable_by(|a, b| {
        a.talk.cmp(&b.talk).then(b.weight.total_cmp(&a.weight)).then(a.at.cmp(&b.at))
    });
    for hits in all.chunk_by(|a, b| a.talk == b.talk) {
        let (mut sum, mut share) = (0.0, 1.0);
        for hit in hits {
            sum += hit.weight * share;
            share *= FURTHER;
        }
        if let [one] = hits
            && !case.programme.vocabulary.entry(one.word).is_telling()
        {
            sum *= LONE;
        }
        if hits.iter().filter(|hit| hit.is_titles_own).count() >= 2 {
            sum += TOGETHER;
        }
        let mut words = [None; SHOWN_MAX];
        for (shown, hit) in words.iter_mut().zip(hits) {
            *shown = Some(hit.word);
        }
        let is_only = hits[0].talks == 1;
        let what = What::Words { words, is_only };
        signs.push(Sign { talk: hits[0].talk, weight: sum.min(MOST), what });
    }
}

fn hits(case: &Case<'_>, titles: &Taken) -> Vec<Hit> {
    let mut hits = Vec::with_capacity(64);
    let mut counted = HashSet::with_capacity(case.post.seen.len());
    let mut all = 0;
    for (at, seen) in case.post.seen.iter().enumerate() {
        let Some(number) = seen.number.filter(|number| counted.insert(*number)) else { continue };
        let entry = case.programme.vocabulary.entry(number);
        if entry.worth <= 0.0 {
            continue;
        }
        let written = if seen.shape.tag { TAGGED } else { 1.0 } * if seen.is_mended { MENDED } else { 1.0 };
        for posting in &entry.postings {
            all += 1;
            if all > HITS_MAX {
                return hits;
            }
            let is_taken =
                titles.iter().any(|(talk, words)| *talk == posting.talk && words.contains(&number));
            if !is_taken {
                let weight = entry.worth * written * by_place(case, posting);
                let is_titles_own = posting.field == Field::Title && entry.worth >= TOGETHER_WORTH_MIN;
                let talks = entry.talks;
                hits.push(Hit { talk: posting.talk, weight, word: number, at, talks, is_titles_own });
            }
        }
    }
    hits
}

fn by_place(case: &Case<'_>, posting: &Posting) -> f64 {
    match posting.field {
        Field::Title => TITLE,
        Field::Subtitle => SUBTITLE,
        Field::Former => FORMER,
        Field::Track => TRACK,
        Field::Summary => {
            let by_length = case.programme.slot(posting.talk).summary_worth;
            by_length * if posting.count >= 3 { SUMMARY_OFTEN } else { SUMMARY }
        }
    }
}

/// What a word of an abstract counts that has so many.
pub(in crate::filing) fn summary_worth(words: usize) -> f64 {
    let words = words.max(1) as f64;
    (SUMMARY_WORDS_USUAL / words).powf(LENGTH_POWER).clamp(LENGTH_LEAST, LENGTH_MOST)
}
