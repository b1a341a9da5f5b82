//! What was most telling of a talk: what was said when most people spoke at once, and what most people answered, quoted, boosted or linked
//! to. Extractive: each is the beginning of somebody's post. Counted by people, and one of each person at most, so one loud author makes
//! neither a peak nor a highlight.

use crate::site::telling::{Person, Told, person};
use model::{Micros, terms::terms};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Highlights of one talk.
const HIGHLIGHTS_MAX: usize = 5;
/// Of those, what was said at peaks.
const PEAKS_MAX: usize = 3;
/// A minute in which fewer people spoke is no peak.
const PEAK_PEOPLE_MIN: usize = 4;
/// A peak stands out from the mean minute by this much.
const PEAK_TIMES_MEAN: usize = 2;
/// Peaks are so many minutes apart.
const PEAKS_APART: i64 = 3;
/// What was said within so long from a peak's first moment belongs to it, in microseconds.
const PEAK_SPAN: i64 = 2 * Micros::MINUTE;
/// Fewer people say nothing about a post.
const PEOPLE_MIN: u64 = 2;

/// A highlight.
#[derive(Clone, Debug)]
pub(super) struct Highlight<'a> {
    pub(super) told: Told<'a>,
    /// The minute of the peak that it speaks for, and how many people spoke in it.
    pub(super) peak: Option<(Micros, usize)>,
}

impl Highlight<'_> {
    /// Why it stands here.
    pub(super) fn why(&self) -> String {
        let echo = self.told.echo.sentence();
        match self.peak {
            Some((_, people)) if echo.is_empty() => format!("{people} people spoke in this minute"),
            Some((_, people)) => format!("{people} people spoke in this minute, {echo}"),
            None => echo,
        }
    }
}

/// By when they were said.
pub(super) fn highlights<'a>(all: &[Told<'a>]) -> Vec<Highlight<'a>> {
    let open: Vec<Told<'a>> = all.iter().filter(|told| told.item.cover.is_none()).copied().collect();
    let mut out: Vec<Highlight<'a>> = Vec::new();
    let mut heard: BTreeSet<Person<'a>> = BTreeSet::new();
    for (minute, people) in peaks(all) {
        let within = |told: &&Told<'_>| {
            (0..PEAK_SPAN).contains(&told.item.when.since(minute)) && !heard.contains(&person(told.item))
        };
        let near: Vec<Told<'a>> = open.iter().filter(within).copied().collect();
        if let Some(told) = voice(&near) {
            heard.insert(person(told.item));
            out.push(Highlight { told, peak: Some((minute, people)) });
        }
    }
    let mut ranked = open;
    ranked.retain(|told| told.echo.people() >= PEOPLE_MIN);
    ranked.sort_by_key(Told::rank);
    for told in ranked {
        if out.len() >= HIGHLIGHTS_MAX {
            break;
        }
        if heard.insert(person(told.item)) {
            out.push(Highlight { told, peak: None });
        }
    }
    out.sort_by_key(|highlight| (highlight.told.item.when, highlight.told.row.id));
    out
}

/// The minutes in which most people spoke, with how many, the loudest first.
fn peaks(all: &[Told<'_>]) -> Vec<(Micros, usize)> {
    let mut minutes: BTreeMap<Micros, BTreeSet<Person<'_>>> = BTreeMap::new();
    for told in all {
        minutes.entry(told.item.when.minute()).or_default().insert(person(told.item));
    }
    let spoke: usize = minutes.values().map(BTreeSet::len).sum();
    let mut loud: Vec<(Micros, usize)> = minutes.iter().map(|(minute, who)| (*minute, who.len())).collect();
    loud.retain(|(_, people)| {
        *people >= PEAK_PEOPLE_MIN && people * minutes.len() >= PEAK_TIMES_MEAN * spoke
    });
    loud.sort_by_key(|(minute, people)| (std::cmp::Reverse(*people), *minute));
    let mut out: Vec<(Micros, usize)> = Vec::new();
    for (minute, people) in loud {
        let is_apart =
            out.iter().all(|(other, _)| minute.since(*other).abs() >= PEAKS_APART * Micros::MINUTE);
        if is_apart && out.len() < PEAKS_MAX {
            out.push((minute, people));
        }
    }
    out
}

/// The post that speaks for others of its minute: what they reacted to most, else the one whose words most of them use.
fn voice<'a>(near: &[Told<'a>]) -> Option<Told<'a>> {
    let best = near.iter().min_by_key(|told| told.rank()).filter(|told| told.echo.people() >= PEOPLE_MIN);
    if let Some(best) = best {
        return Some(*best);
    }
    let words = |told: &Told<'_>| terms(&told.item.body.text()).into_iter().collect::<BTreeSet<String>>();
    let mut users: HashMap<String, BTreeSet<Person<'_>>> = HashMap::new();
    for told in near {
        for term in words(told) {
            users.entry(term).or_default().insert(person(told.item));
        }
    }
    let shared = |told: &Told<'_>| -> usize {
        words(told).iter().filter_map(|term| users.get(term)).map(|who| who.len() - 1).sum()
    };
    near.iter()
        .filter(|told| !told.item.body.is_empty())
        .min_by_key(|told| (std::cmp::Reverse(shared(told)), told.item.when, told.row.id))
        .copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::telling::{tests::row, weigh};
    use crate::site::tests::entries::NOON;
    use model::{Counts, Row};

    fn said(rows: &[Row]) -> Vec<(String, bool)> {
        let name = |h: &Highlight<'_>| (h.told.item.body.text(), h.peak.is_some());
        highlights(&weigh(rows)).iter().map(name).collect()
    }

    fn murmur() -> Vec<Row> {
        (0..30).map(|n| row(&format!("m{n}"), &format!("p{}", n % 9), n * 60, |_| {})).collect()
    }

    #[test]
    fn a_peak_is_told_by_the_words_that_most_people_use() {
        let mut rows = murmur();
        for n in 0..9_i64 {
            let words = if n == 4 { "the wifi is off on stage".to_owned() } else { format!("wifi off {n}") };
            rows.push(row(&format!("w{n}"), &format!("w{n}"), 600 + n, |item| {
                item.body = model::Body::plain(words);
            }));
        }
        let told = said(&rows);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].0.contains("wifi") && told[0].1);
    }

    #[test]
    fn one_loud_author_makes_neither_a_peak_nor_a_highlight() {
        let mut rows = murmur();
        let first = row("loud", "loud", 900, |item| item.counts.replies = 60);
        let of = first.id;
        rows.push(first);
        rows.extend((0..60).map(|n| {
            row(&format!("l{n}"), "loud", 901 + n / 2, |item| {
                item.reply_to = Some(of);
                item.quotes = Some(of);
            })
        }));
        assert_eq!(said(&rows), []);
    }

    #[test]
    fn what_people_reacted_to_is_told_once_for_each_person_and_never_from_under_a_cover() {
        let mut rows = murmur();
        let counts = |boosts| Counts { boosts, likes: 0, replies: 0 };
        for n in 0..8_u32 {
            let who = if n < 4 { "star".to_owned() } else { format!("s{n}") };
            rows.push(row(&format!("s{n}"), &who, 300 + i64::from(n), |item| item.counts = counts(10 + n)));
        }
        rows.push(row("covered", "cov", 500, |item| {
            item.counts = counts(90);
            item.cover = Some("spiders".into());
        }));
        let told = said(&rows);
        assert!(
            told.len() <= HIGHLIGHTS_MAX && !told.iter().any(|(words, _)| words.contains("covered")),
            "{told:?}"
        );
        let star = told
            .iter()
            .filter(|(words, _)| ["s0", "s1", "s2", "s3"].iter().any(|s| words.ends_with(s)))
            .count();
        assert!(star <= 1, "{told:?}");
        let times: Vec<_> = highlights(&weigh(&rows)).iter().map(|h| h.told.item.when.since(NOON)).collect();
        assert!(times.is_sorted(), "as they were said");
    }
}
