//! What filing is measured against: the clock alone, words alone (TF-IDF cosine over title, abstract and speakers), and words among
//! the talks that are on. They share no code with the rules, and know the stage as well as they do.

use std::collections::{BTreeMap, HashMap};

use model::{Micros, Talk, TalkId};

use super::case::Case;

/// A talk, and how sure that is: higher is surer, by any measure.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Guess {
    pub(crate) talk: TalkId,
    pub(crate) sure: f64,
}

type Guesses = fn(&Case) -> Vec<Option<Guess>>;

/// All baselines by name.
pub(crate) const BASELINES: [(&str, Guesses); 3] =
    [("time", time), ("keywords", keywords), ("time + keywords", time_and_keywords)];

/// How long after its end a talk is still what people write about, in microseconds.
const AFTER: i64 = 5 * Micros::MINUTE;
/// Shortest word that is looked at, in characters.
const WORD_CHARS_MIN: usize = 3;

/// What is on; one of them where several are, with less confidence.
fn time(case: &Case) -> Vec<Option<Guess>> {
    let on = On::new(case);
    let mut picked = 0_usize;
    case.posts
        .iter()
        .map(|post| {
            let on = on.at(post.item.when);
            picked = picked.wrapping_mul(31).wrapping_add(7);
            let talk = on.get(picked % on.len().max(1))?;
            Some(Guess { talk: talk.clone(), sure: 1.0 / on.len() as f64 })
        })
        .collect()
}

fn keywords(case: &Case) -> Vec<Option<Guess>> {
    let index = Index::new(&case.setting.talks);
    case.posts.iter().map(|post| index.best(&post.item.body.text(), |_| true)).collect()
}

/// Words among the talks that are on; without any, the clock.
fn time_and_keywords(case: &Case) -> Vec<Option<Guess>> {
    let (index, on) = (Index::new(&case.setting.talks), On::new(case));
    let clock = time(case);
    let posts = case.posts.iter().zip(clock);
    posts
        .map(|(post, clock)| {
            let on = on.at(post.item.when);
            let by_words = index.best(&post.item.body.text(), |talk| on.contains(talk));
            let by_clock = clock.map(|guess| Guess { sure: guess.sure - 1.0, ..guess });
            by_words.map(|guess| Guess { sure: guess.sure + 1.0 / on.len() as f64, ..guess }).or(by_clock)
        })
        .collect()
}

/// What is on when, by the stage.
struct On(Vec<(Micros, Micros, TalkId)>);

impl On {
    fn new(case: &Case) -> Self {
        let timeline = case.timeline();
        let spans = timeline.rooms().flat_map(|(_, spans)| spans);
        let talks = spans.filter_map(|span| Some((span.from, span.to.plus(AFTER), span.talk.clone()?)));
        Self(talks.collect())
    }

    fn at(&self, at: Micros) -> Vec<TalkId> {
        let on = self.0.iter().filter(|(from, to, _)| *from <= at && at < *to);
        let mut on: Vec<TalkId> = on.map(|(.., talk)| talk.clone()).collect();
        on.sort();
        on.dedup();
        on
    }
}

/// Talks by their words, each weighted by how few talks have it.
struct Index {
    talks: Vec<TalkId>,
    idf: HashMap<String, f64>,
    /// For each word, the talks that have it, with its share of the talk's length.
    by_word: HashMap<String, Vec<(usize, f64)>>,
}

impl Index {
    fn new(talks: &[Talk]) -> Self {
        let counts: Vec<BTreeMap<String, f64>> = talks.iter().map(|talk| counts(&text(talk))).collect();
        let mut documents: HashMap<String, usize> = HashMap::new();
        counts
            .iter()
            .flat_map(BTreeMap::keys)
            .for_each(|word| *documents.entry(word.clone()).or_default() += 1);
        let idf: HashMap<String, f64> = documents
            .into_iter()
            .map(|(word, n)| (word, (talks.len() as f64 / n as f64).ln() + 0.1))
            .collect();
        let mut by_word: HashMap<String, Vec<(usize, f64)>> = HashMap::new();
        for (place, counts) in counts.iter().enumerate() {
            let norm = length(counts, &idf);
            for (word, count) in counts {
                by_word.entry(word.clone()).or_default().push((place, count * idf[word] / norm));
            }
        }
        Self { talks: talks.iter().map(|talk| talk.id.clone()).collect(), idf, by_word }
    }

    /// The nearest of the talks that may be, by the cosine; none when no word is shared.
    fn best(&self, text: &str, may: impl Fn(&TalkId) -> bool) -> Option<Guess> {
        let counts = counts(text);
        let norm = length(&counts, &self.idf).max(f64::MIN_POSITIVE);
        let mut near: HashMap<usize, f64> = HashMap::new();
        for (word, count) in &counts {
            for (place, weight) in self.by_word.get(word).into_iter().flatten() {
                *near.entry(*place).or_default() += count * self.idf[word] / norm * weight;
            }
        }
        let near = near.into_iter().filter(|(place, _)| may(&self.talks[*place]));
        let (place, sure) = near.max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)))?;
        Some(Guess { talk: self.talks[place].clone(), sure })
    }
}

fn text(talk: &Talk) -> String {
    let mut text = format!("{} ", talk.title);
    for part in [&talk.subtitle, &talk.summary].into_iter().flatten() {
        text.push_str(part);
        text.push(' ');
    }
    for speaker in &talk.speakers {
        text.push_str(&format!("{} {} ", speaker.name, speaker.handles.join(" ")));
    }
    text
}

/// In the order of the alphabet, so that sums come out the same each time.
fn counts(text: &str) -> BTreeMap<String, f64> {
    let mut counts = BTreeMap::new();
    for word in
        text.split(|c: char| !c.is_alphanumeric()).filter(|word| word.chars().count() >= WORD_CHARS_MIN)
    {
        *counts.entry(word.to_lowercase()).or_default() += 1.0;
    }
    counts
}

/// Words that no talk has count as the rarest: a post that speaks of much else is less near.
fn length(counts: &BTreeMap<String, f64>, idf: &HashMap<String, f64>) -> f64 {
    let rarest = idf.values().copied().fold(1.0, f64::max);
    counts.iter().map(|(word, n)| (n * idf.get(word).copied().unwrap_or(rarest)).powi(2)).sum::<f64>().sqrt()
}
