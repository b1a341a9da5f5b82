//! An event in figures: posts, people, what each source brought, gaps, minutes. A fold of the log like any other, so the figures are the
//! same after every restart, and nothing is counted twice: a post that comes back is one post, a tally that is told anew replaces the one before.

use std::collections::{BTreeMap, HashMap};

use crate::{Entry, Gap, ItemEntry, ItemId, Kind, Micros, Retain, Seq, TallyCounts};

/// Minutes of which the figures are kept one by one, and the present one.
pub const MINUTES_MAX: usize = 61;

/// What became of the messages of one source, as its tallies tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// The sum of all tallies that tell of every message what became of it.
    pub counts: TallyCounts,
    /// Posts of it that are public now.
    pub posts: u64,
    /// Its last tally; another one of the same minute replaces it.
    last: Option<(Micros, TallyCounts)>,
}

impl Account {
    /// Messages of which nothing is told. Zero, unless one was lost on its way through us.
    #[must_use]
    pub fn missing(&self) -> u64 {
        self.counts.received.saturating_sub(self.counts.settled())
    }
}

/// The minute in which most came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Busiest {
    /// Its beginning.
    pub minute: Micros,
    /// Items that were taken in.
    pub items: u64,
}

/// A public post, as far as it is counted.
#[derive(Clone, Copy, Debug)]
struct Shown {
    source: usize,
    /// Its author, by number; none where the network does not say.
    author: Option<usize>,
    is_archived: bool,
}

/// See the module.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    top: Seq,
    shown: HashMap<ItemId, Shown>,
    /// How many of the posts will never be in the archive, as their authors wish.
    live_only: u64,
    /// Numbers by what they stand for: names are long and repeat.
    author_numbers: HashMap<String, usize>,
    /// Public posts of each author.
    authors: Vec<u64>,
    people: u64,
    source_numbers: HashMap<String, usize>,
    /// By number.
    accounts: Vec<(String, Account)>,
    gaps: BTreeMap<String, Gap>,
    minutes: BTreeMap<Micros, u64>,
    busiest: Option<Busiest>,
    /// New posts since this minute began, which no tally has told yet.
    running: (Micros, u64),
}

impl Figures {
    /// The seq of the last entry applied.
    #[must_use]
    pub fn top(&self) -> Seq {
        self.top
    }

    /// Public posts.
    #[must_use]
    pub fn posts(&self) -> u64 {
        self.shown.len() as u64
    }

    /// Public posts that belong into the archive.
    #[must_use]
    pub fn archived(&self) -> u64 {
        self.posts() - self.live_only
    }

    /// People who wrote a public post; two accounts of one person are two.
    #[must_use]
    pub fn people(&self) -> u64 {
        self.people
    }

    /// What each source brought, by name.
    #[must_use]
    pub fn accounts(&self) -> BTreeMap<&str, &Account> {
        self.accounts.iter().map(|(name, account)| (name.as_str(), account)).collect()
    }

    /// All gaps that were ever told, by name.
    #[must_use]
    pub fn gaps(&self) -> &BTreeMap<String, Gap> {
        &self.gaps
    }

    /// The minute in which most items were taken in; none before the first was told.
    #[must_use]
    pub fn busiest(&self) -> Option<Busiest> {
        self.busiest
    }

    /// Items taken in, minute by minute, oldest first: `count` minutes, the last one is that of `now` and not over yet.
    #[must_use]
    pub fn last_minutes(&self, now: Micros, count: usize) -> Vec<u64> {
        let (running, so_far) = self.running;
        let back = i64::try_from(count.min(MINUTES_MAX)).unwrap_or(0);
        (0..back)
            .map(|n| {
                let minute = now.minute().plus(-(back - 1 - n) * Micros::MINUTE);
                let told = self.minutes.get(&minute).copied().unwrap_or(0);
                if minute == running { told.max(so_far) } else { told }
            })
            .collect()
    }

    /// Applies the next entry. Entries come in the order of their seqs; one that was applied before changes nothing.
    pub fn apply(&mut self, entry: &Entry) {
        if entry.seq <= self.top {
            return;
        }
        self.top = entry.seq;
        match &entry.kind {
            Kind::Post(item) => {
                self.show(item);
                self.run(entry.at);
            }
            Kind::Edit(item) | Kind::Show(item) => self.show(item),
            Kind::Hide(gone) | Kind::Remove(gone) => self.take_away(gone.id),
            Kind::Gap { gap } => drop(self.gaps.insert(gap.id.clone(), gap.clone())),
            Kind::Tally { tally } => self.tally(&tally.source, tally.minute, &tally.counts),
            _ => {}
        }
    }

    fn show(&mut self, entry: &ItemEntry) {
        self.take_away(entry.id);
        let item = &entry.item;
        let author = (!item.author.id.is_empty()).then(|| {
            let name = format!("{}:{}", item.network.name(), item.author.id);
            number(&mut self.author_numbers, name, |_| self.authors.push(0))
        });
        if let Some(posts) = author.and_then(|author| self.authors.get_mut(author)) {
            *posts += 1;
            self.people += u64::from(*posts == 1);
        }
        let source = self.source(&item.source);
        self.accounts[source].1.posts += 1;
        let is_archived = item.retain != Retain::Live;
        self.live_only += u64::from(!is_archived);
        self.shown.insert(entry.id, Shown { source, author, is_archived });
    }

    fn take_away(&mut self, id: ItemId) {
        let Some(Shown { source, author, is_archived }) = self.shown.remove(&id) else { return };
        self.accounts[source].1.posts -= 1;
        self.live_only -= u64::from(!is_archived);
        if let Some(posts) = author.and_then(|author| self.authors.get_mut(author)) {
            *posts -= 1;
            self.people -= u64::from(*posts == 0);
        }
    }

    fn source(&mut self, name: &str) -> usize {
        let accounts = &mut self.accounts;
        number(&mut self.source_numbers, name.to_owned(), |name| accounts.push((name, Account::default())))
    }

    fn run(&mut self, at: Micros) {
        let minute = at.minute();
        let (running, posts) = &mut self.running;
        if *running != minute {
            (*running, *posts) = (minute, 0);
        }
        *posts += 1;
    }

    fn tally(&mut self, source: &str, minute: Micros, counts: &TallyCounts) {
        let source = self.source(source);
        let account = &mut self.accounts[source].1;
        let before = account.last.replace((minute, counts.clone()));
        let before = before.filter(|(of, _)| *of == minute).map(|(_, counts)| counts).unwrap_or_default();
        account.replace(&before, counts);
        let items = self.minutes.entry(minute).or_default();
        *items = (*items + counts.new + counts.held).saturating_sub(before.new + before.held);
        let items = *items;
        if self.busiest.is_none_or(|busiest| items > busiest.items) && items > 0 {
            self.busiest = Some(Busiest { minute, items });
        }
        while self.minutes.len() > MINUTES_MAX {
            self.minutes.pop_first();
        }
    }
}

impl Account {
    /// Takes the sum's old part out and the new one in, where both tell what became of every message.
    fn replace(&mut self, before: &TallyCounts, counts: &TallyCounts) {
        if before.changed.is_some() {
            let sum = &mut self.counts;
            let less = |sum: &mut u64, n: u64| *sum = sum.saturating_sub(n);
            less(&mut sum.received, before.received);
            less(&mut sum.new, before.new);
            less(&mut sum.duplicate, before.duplicate);
            less(&mut sum.held, before.held);
            less(sum.changed.get_or_insert_default(), before.changed.unwrap_or(0));
            for (reason, n) in &before.rejected {
                less(sum.rejected.entry(reason.clone()).or_default(), *n);
            }
        }
        if counts.changed.is_some() {
            self.counts.add(counts);
        }
    }
}

/// The number of a name, given at first sight.
fn number(numbers: &mut HashMap<String, usize>, name: String, begin: impl FnOnce(String)) -> usize {
    let next = numbers.len();
    *numbers.entry(name).or_insert_with_key(|name| {
        begin(name.clone());
        next
    })
}

#[cfg(test)]
mod tests;
