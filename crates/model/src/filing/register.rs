//! What was said before: the context that filing looks at, and the register that gives it.
//!
//! The context of an item is made of items before it in the order of (`when`, `id`) that are public, with the filing that
//! they have now. So the filing of every item is a function of what was said up to it, whatever order it reached us in:
//! filing all again from nothing gives the same. Whoever changes an item's contribution files again those that
//! [`Register::put`] names, the oldest first, until nothing changes any more; that ends, since each is later than its cause.
//!
//! The register holds the newest [`ITEMS_MAX`] items. What was said before those is no context any more; nothing is filed
//! again because of that.

mod keep;

use super::post::LINKS_MAX;
use crate::{By, Filing, FilingState, Item, ItemId, Micros, TalkId, link::normal};
use keep::{Interned, Kept};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Items in the register: the newest of them.
pub const ITEMS_MAX: usize = 250_000;
/// How far back an author's own posts are context. Longer than anything in them counts.
const AUTHOR_MINUTES_MAX: i64 = 35;
/// How many of them, the newest first.
const AUTHOR_ITEMS_MAX: usize = 8;
/// How many posts with the same link are looked at, the newest first.
const SHARERS_MAX: usize = 48;

/// What is known of an item that was said before.
#[derive(Clone, Debug, PartialEq)]
pub struct Known {
    /// The item.
    pub id: ItemId,
    /// When it was said.
    pub when: Micros,
    /// Its talk.
    pub talk: Option<TalkId>,
    /// Its room.
    pub room: Option<String>,
    /// How sure that is.
    pub state: FilingState,
    /// From 0 to 1.
    pub score: f64,
    /// Who filed it.
    pub by: By,
}

/// A talk to which items with the same link or photo are filed.
#[derive(Clone, Debug, PartialEq)]
pub struct Linked {
    /// The talk.
    pub talk: TalkId,
    /// How many people shared it there.
    pub people: usize,
}

/// What filing looks at besides the item, the schedule and the stage.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Context {
    /// What it replies to.
    pub parent: Option<Known>,
    /// What it quotes.
    pub quoted: Option<Known>,
    /// What its author said of late, newest first.
    pub author: Vec<Known>,
    /// Where its links and photos are filed already, on signs of their own, in the order of talks.
    pub links: Vec<Linked>,
}

/// A place in the order of what was said.
type Place = (Micros, ItemId);

/// What was said and where it is filed, as later filings see it.
#[derive(Clone, Debug, Default)]
pub struct Register {
    items: HashMap<ItemId, Kept>,
    order: BTreeSet<Place>,
    by_author: BTreeSet<(u64, Place)>,
    by_link: BTreeSet<(u64, Place)>,
    /// Who answers or quotes an item, which need not be here yet.
    answers: BTreeSet<(ItemId, Place)>,
    talks: Interned,
    rooms: Interned,
}

impl Register {
    /// The context of an item: what was said before it.
    #[must_use]
    pub fn context(&self, item: &Item) -> Context {
        let place = (item.when, item.id());
        let before = |id: Option<ItemId>| {
            let (id, kept) = id.and_then(|id| Some((id, self.items.get(&id)?)))?;
            ((kept.when, id) < place).then(|| self.known(id, kept))
        };
        Context {
            parent: before(item.reply_to),
            quoted: before(item.quotes),
            author: self.by_its_author(author_key(item), place),
            links: self.linked(&link_keys(item), place),
        }
    }

    /// Takes in an item with its filing, or in place of what it was before. Names the later items whose context this
    /// changes, oldest first.
    pub fn put(&mut self, item: &Item, filing: &Filing) -> Vec<(Micros, ItemId)> {
        let id = item.id();
        let kept = Kept {
            when: item.when,
            author: author_key(item),
            links: link_keys(item),
            parent: item.reply_to,
            quoted: item.quotes.filter(|quoted| Some(*quoted) != item.reply_to),
            talk: filing.talk.as_ref().map(|talk| self.talks.number(talk.as_str())),
            room: filing.room.as_ref().map(|room| self.rooms.number(room)),
            state: filing.state,
            score: filing.score,
            by: filing.by,
        };
        match self.items.get(&id) {
            Some(known) if *known == kept => return Vec::new(),
            Some(known) if known.tells_the_same(&kept) => {
                // Only what it answers is another: that is its own context, not that of others.
                self.take_out(id);
                self.take_in(id, kept);
                return Vec::new();
            }
            Some(_) | None => {}
        }
        let is_full = self.items.len() >= ITEMS_MAX && !self.items.contains_key(&id);
        if is_full && self.order.first().is_some_and(|oldest| *oldest > (kept.when, id)) {
            return Vec::new();
        }
        let mut touched = BTreeSet::new();
        self.depend_on(id, &mut touched);
        self.take_out(id);
        self.take_in(id, kept);
        self.depend_on(id, &mut touched);
        if is_full && let Some((_, oldest)) = self.order.first().copied() {
            self.take_out(oldest);
        }
        touched.remove(&(item.when, id));
        touched.into_iter().collect()
    }

    /// Forgets an item that is no longer public. Names the later items whose context this changes, oldest first.
    pub fn remove(&mut self, id: ItemId) -> Vec<(Micros, ItemId)> {
        let mut touched = BTreeSet::new();
        self.depend_on(id, &mut touched);
        self.take_out(id);
        touched.into_iter().collect()
    }

    /// The items said between two moments, the second excluded, oldest first.
    pub fn between(&self, from: Micros, to: Micros) -> impl Iterator<Item = (Micros, ItemId)> {
        let first = ItemId::FIRST;
        // A range that ends before it begins would panic.
        self.order.range((from, first)..(to.max(from), first)).copied()
    }

    fn known(&self, id: ItemId, kept: &Kept) -> Known {
        Known {
            id,
            when: kept.when,
            talk: kept.talk.map(|talk| TalkId(self.talks.text(talk).to_owned())),
            room: kept.room.map(|room| self.rooms.text(room).to_owned()),
            state: kept.state,
            score: kept.score,
            by: kept.by,
        }
    }

    fn by_its_author(&self, author: u64, place: Place) -> Vec<Known> {
        let from = place.0.plus(-AUTHOR_MINUTES_MAX * Micros::MINUTE);
        let said = self.by_author.range((author, (from, ItemId::FIRST))..(author, place)).rev();
        said.take(AUTHOR_ITEMS_MAX)
            .filter_map(|(_, (_, id))| Some(self.known(*id, self.items.get(id)?)))
            .collect()
    }

    /// By talk, how many people are filed there who shared one of these links.
    fn linked(&self, links: &[u64], place: Place) -> Vec<Linked> {
        let mut people: BTreeMap<u32, BTreeSet<u64>> = BTreeMap::new();
        for link in links {
            let sharers = self.by_link.range((*link, FIRST_PLACE)..(*link, place)).rev().take(SHARERS_MAX);
            for kept in sharers.filter_map(|(_, (_, id))| self.items.get(id)) {
                if let Some(talk) = kept.talk.filter(|_| self.is_anchor(kept)) {
                    people.entry(talk).or_default().insert(kept.author);
                }
            }
        }
        let mut linked: Vec<Linked> = people
            .into_iter()
            .map(|(talk, people)| Linked {
                talk: TalkId(self.talks.text(talk).to_owned()),
                people: people.len(),
            })
            .collect();
        linked.sort_by(|a, b| a.talk.cmp(&b.talk));
        linked
    }

    fn is_anchor(&self, kept: &Kept) -> bool {
        kept.state == FilingState::Filed && (kept.by == By::Person || kept.score >= super::ANCHOR_SCORE)
    }

    /// Notes the later items in whose context an item is. After it was taken out, or before it is taken in, those in
    /// whose context it would be are others than with it in place, so both are asked.
    fn depend_on(&self, id: ItemId, touched: &mut BTreeSet<Place>) {
        let Some(kept) = self.items.get(&id) else { return };
        let place = (kept.when, id);
        let until = (kept.when.plus(AUTHOR_MINUTES_MAX * Micros::MINUTE), ItemId::LAST);
        let by_author = self.by_author.range((kept.author, place)..=(kept.author, until));
        // Beyond those few newer ones, the item is no context, nor does its coming push another out.
        touched.extend(by_author.skip(1).take(AUTHOR_ITEMS_MAX).map(|(_, place)| *place));
        for link in &kept.links {
            let sharers = self.by_link.range((*link, place)..=(*link, LAST_PLACE));
            touched.extend(sharers.skip(1).take(SHARERS_MAX).map(|(_, place)| *place));
        }
        let answers = self.answers.range((id, place)..=(id, LAST_PLACE));
        touched.extend(answers.map(|(_, place)| *place));
    }

    fn take_in(&mut self, id: ItemId, kept: Kept) {
        let place = (kept.when, id);
        self.order.insert(place);
        self.by_author.insert((kept.author, place));
        self.by_link.extend(kept.links.iter().map(|link| (*link, place)));
        self.answers.extend(kept.related().map(|other| (other, place)));
        self.items.insert(id, kept);
    }

    fn take_out(&mut self, id: ItemId) {
        let Some(kept) = self.items.remove(&id) else { return };
        let place = (kept.when, id);
        self.order.remove(&place);
        self.by_author.remove(&(kept.author, place));
        for link in &kept.links {
            self.by_link.remove(&(*link, place));
        }
        for other in kept.related() {
            self.answers.remove(&(other, place));
        }
    }
}

const FIRST_PLACE: Place = (Micros(i64::MIN), ItemId::FIRST);
const LAST_PLACE: Place = (Micros(i64::MAX), ItemId::LAST);

/// An account, as a number that nobody can aim at: half of a hash without known collisions.
fn author_key(item: &Item) -> u64 {
    let author = &item.author;
    let name = if author.id.is_empty() { &author.handle } else { &author.id };
    key(&[item.network.name().as_bytes(), name.as_bytes()])
}

/// The links and photos of an item, as numbers.
fn link_keys(item: &Item) -> Box<[u64]> {
    let links = item.body.links().chain(item.card.iter().map(|card| card.url.as_str()));
    let all = links.chain(item.media.iter().map(|media| media.url.as_str()));
    let mut keys: Vec<u64> =
        all.take(LINKS_MAX).filter_map(normal).map(|link| key(&[link.as_bytes()])).collect();
    keys.sort_unstable();
    keys.dedup();
    keys.into_boxed_slice()
}

fn key(parts: &[&[u8]]) -> u64 {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
        hash.update([0]);
    }
    u64::from_be_bytes(hash.finalize()[..8].try_into().expect("SHA-256 has 32 bytes"))
}
