//! How much a post matters to others: who answered it, quoted it, boosted it, shared the link that it brought first. Counted by people, never
//! by posts, and nobody counts for themselves, so one loud author is as quiet as a silent one. Extractive and pure: the same rows always give
//! the same order. The talk's highlights and the catch-up stand on it.

use model::{Author, Item, ItemId, Mark, Micros, Network, Row};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Replies that only the network tells count as this many people at most: it does not say who wrote them, and they may all be the author's.
const REPLIES_ELSEWHERE_MAX: u32 = 3;
/// What a question and a picture weigh before anybody reacted.
const QUESTION: u32 = 4;
const PICTURE: u32 = 3;
/// What one step of each echo weighs: words cost more than a click.
const WORDS: u32 = 3;
const BOOST: u32 = 2;
const LIKE: u32 = 1;

/// Somebody, on the network where they write.
pub(super) type Person<'a> = (Network, &'a str);

/// Who wrote an item.
pub(super) fn person(item: &Item) -> Person<'_> {
    let Author { id, handle, .. } = &item.author;
    (item.network, if id.is_empty() { handle } else { id })
}

/// Who reacted to a post. People are distinct and never its author.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Echo {
    /// Who answered it here.
    pub(super) answered: usize,
    /// Who quoted it.
    pub(super) quoted: usize,
    /// Who shared, later, the link that it brought first.
    pub(super) linked: usize,
    /// Boosts, as its network counts them: one for each account.
    pub(super) boosts: u32,
    /// Likes, as its network counts them.
    pub(super) likes: u32,
    /// Replies that its network tells and that are not here.
    pub(super) elsewhere: u32,
}

impl Echo {
    /// How many people stand behind it, each kind of reaction by itself.
    pub(super) fn people(&self) -> u64 {
        let here = self.answered + self.quoted + self.linked;
        here as u64 + u64::from(self.boosts) + u64::from(self.likes)
    }

    /// "5 people answered, 14 boosts": what it amounts to, the weightiest first. Empty when nobody reacted.
    pub(super) fn sentence(&self) -> String {
        let people = |n: usize, one: &str, many: &str| {
            (n > 0).then(|| format!("{} {}", super::view::number(n as u64), if n == 1 { one } else { many }))
        };
        let count = |n: u32, one, many| (n > 0).then(|| super::view::count(n.into(), one, many));
        let all = [
            people(self.answered, "person answered", "people answered"),
            people(self.quoted, "person quoted it", "people quoted it"),
            people(self.linked, "person shared its link later", "people shared its link later"),
            count(self.boosts, "boost", "boosts"),
            count(self.likes, "like", "likes"),
        ];
        all.into_iter().flatten().take(2).collect::<Vec<_>>().join(", ")
    }
}

/// A post with what it is worth to others.
#[derive(Clone, Copy, Debug)]
pub(super) struct Told<'a> {
    pub(super) row: &'a Row,
    pub(super) item: &'a Item,
    pub(super) echo: Echo,
    /// Larger is more telling; 0 says nothing.
    pub(super) weight: u32,
}

impl Told<'_> {
    /// By weight, then as it was said: an order without ties.
    pub(super) fn rank(&self) -> (std::cmp::Reverse<u32>, Micros, ItemId) {
        (std::cmp::Reverse(self.weight), self.item.when, self.row.id)
    }
}

/// All shown rows with their echoes, in the order in which they came.
pub(super) fn weigh(rows: &[Row]) -> Vec<Told<'_>> {
    let shown: Vec<(&Row, &Item)> =
        rows.iter().filter_map(|row| row.item.as_ref().map(|item| (row, item))).collect();
    let by_id: HashMap<ItemId, &Item> = shown.iter().map(|(row, item)| (row.id, *item)).collect();
    let mut answered: HashMap<ItemId, BTreeSet<Person<'_>>> = HashMap::new();
    let mut quoted: HashMap<ItemId, BTreeSet<Person<'_>>> = HashMap::new();
    let mut replies: HashMap<ItemId, u32> = HashMap::new();
    for (_, item) in &shown {
        if let Some(of) = item.reply_to {
            *replies.entry(of).or_default() += 1;
        }
        for (whose, into) in [(item.reply_to, &mut answered), (item.quotes, &mut quoted)] {
            let is_other = |of: &ItemId| by_id.get(of).is_none_or(|asked| person(asked) != person(item));
            if let Some(of) = whose.filter(is_other) {
                into.entry(of).or_default().insert(person(item));
            }
        }
    }
    let linked = first_links(&shown);
    let people = |of: &HashMap<ItemId, BTreeSet<Person<'_>>>, id| of.get(&id).map_or(0, BTreeSet::len);
    let told = |(row, item): &(&'_ Row, &'_ Item)| {
        let here = replies.get(&row.id).copied().unwrap_or(0);
        let echo = Echo {
            answered: people(&answered, row.id),
            quoted: people(&quoted, row.id),
            linked: linked.get(&row.id).copied().unwrap_or(0),
            boosts: item.counts.boosts,
            likes: item.counts.likes,
            elsewhere: item.counts.replies.saturating_sub(here),
        };
        (echo, weight(item, &echo))
    };
    shown
        .iter()
        .map(|pair| {
            let (echo, weight) = told(pair);
            Told { row: pair.0, item: pair.1, echo, weight }
        })
        .collect()
}

/// The addresses that an item shares, each once.
pub(super) fn links(item: &Item) -> BTreeSet<&str> {
    item.body.links().chain(item.card.as_ref().map(|card| card.url.as_str())).map(same).collect()
}

/// One page is one link, whatever place in it was linked to.
fn same(url: &str) -> &str {
    url.split('#').next().unwrap_or(url).trim_end_matches('/')
}

/// For whoever shared a link first: how many others did later.
fn first_links(shown: &[(&Row, &Item)]) -> HashMap<ItemId, usize> {
    let mut shared: BTreeMap<&str, Vec<(Micros, ItemId, Person<'_>)>> = BTreeMap::new();
    for (row, item) in shown {
        for url in links(item) {
            shared.entry(url).or_default().push((item.when, row.id, person(item)));
        }
    }
    let mut first: HashMap<ItemId, usize> = HashMap::new();
    for mut all in shared.into_values() {
        all.sort_unstable();
        let Some((_, id, who)) = all.first().copied() else { continue };
        let others: BTreeSet<_> =
            all.iter().map(|(.., other)| other).filter(|other| **other != who).collect();
        let best = first.entry(id).or_default();
        *best = (*best).max(others.len());
    }
    first
}

fn weight(item: &Item, echo: &Echo) -> u32 {
    let words = |n: usize| WORDS * level(u32::try_from(n).unwrap_or(u32::MAX));
    let answered = u32::try_from(echo.answered).unwrap_or(u32::MAX);
    let mark = if item.marks.contains(&Mark::Question) { QUESTION } else { 0 };
    let picture = if item.has_photo() { PICTURE } else { 0 };
    WORDS * level(answered.saturating_add(echo.elsewhere.min(REPLIES_ELSEWHERE_MAX)))
        + words(echo.quoted)
        + words(echo.linked)
        + BOOST * level(echo.boosts)
        + LIKE * level(echo.likes)
        + mark
        + picture
}

/// Four steps for each doubling, in whole numbers: the tenth boost says less than the first, and every machine counts the same.
fn level(n: u32) -> u32 {
    let m = u64::from(n) + 1;
    let doublings = m.ilog2();
    let quarters = ((m << 2) >> doublings) - 4;
    4 * doublings + u32::try_from(quarters).unwrap_or(0)
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::tests::entries::{NOON, item};
    use super::*;
    use model::{Body, Counts, RowState, Run};

    /// A shown row of `native`, said by `who` so many seconds after noon.
    pub(in crate::site) fn row(native: &str, who: &str, seconds: i64, change: impl FnOnce(&mut Item)) -> Row {
        let mut item = item(native, Body::plain(format!("words of {native}")));
        item.author.id = who.into();
        item.author.name = who.into();
        item.when = NOON.plus(seconds * Micros::SECOND);
        change(&mut item);
        Row {
            id: item.id(),
            state: RowState::Shown,
            item: Some(item),
            filing: None,
            by: None,
            at: NOON,
            first: 1,
            last: 1,
            touched: 1,
        }
    }

    fn answers(of: &str) -> impl FnOnce(&mut Item) {
        let of = item(of, Body::default()).id();
        move |item| item.reply_to = Some(of)
    }

    #[test]
    fn people_are_counted_once_and_nobody_for_themselves() {
        let link = |item: &mut Item| {
            item.body = Body(vec![Run::Link { link: "https://a.example/p#x".into(), text: String::new() }]);
        };
        let rows = [
            row("q", "ada", 0, link),
            row("a1", "bob", 1, answers("q")),
            row("a2", "bob", 2, answers("q")),
            row("a3", "ada", 3, answers("q")),
            row("a4", "eve", 4, answers("q")),
            row("l1", "bob", 5, link),
            row("l2", "ada", 6, link),
            row("c", "kim", 7, |item| {
                item.quotes = Some(super::super::tests::entries::item("q", Body::default()).id());
            }),
        ];
        let told = weigh(&rows);
        assert_eq!(told[0].echo, Echo { answered: 2, quoted: 1, linked: 1, ..Echo::default() });
        assert_eq!(told[0].echo.sentence(), "2 people answered, 1 person quoted it");
        assert!(told[1..].iter().all(|other| other.echo.people() == 0 && other.weight == 0));
    }

    #[test]
    fn a_monologue_of_a_hundred_answers_weighs_nothing() {
        let mut rows = vec![row("m", "loud", 0, |item| item.counts.replies = 100)];
        rows.extend((0..100).map(|n| row(&format!("m{n}"), "loud", n, answers("m"))));
        rows.push(row("quiet", "ada", 200, |_| {}));
        rows.push(row("one", "bob", 201, answers("quiet")));
        let told = weigh(&rows);
        assert_eq!(told[0].weight, 0);
        assert!(told[101].weight > 0);
    }

    #[test]
    fn steps_grow_with_every_reaction_and_ever_less() {
        let levels: Vec<u32> = [0, 1, 2, 3, 5, 7, 15, u32::MAX].map(level).to_vec();
        assert_eq!(levels, [0, 4, 6, 8, 10, 12, 16, 128]);
        let of = |boosts| {
            weigh(&[row("b", "ada", 0, |i| i.counts = Counts { boosts, likes: 0, replies: 0 })])[0].weight
        };
        assert!(of(40) > of(14) && of(14) > of(2));
    }
}
