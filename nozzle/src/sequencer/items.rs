//! What sources bring, against what is known: this file prepares the words; the item's state decides what becomes of them
//! (`live::state`), and `refile` carries that out.

use std::sync::Arc;

use live::ledger::{Account, author_name};
use live::receipts::Asker;
use live::state::{Arrival, ItemState, Record, Veil, Words};
use model::{Counts, GoneBy, Item, ItemId, Retain, Uid};

use super::board::Heard;
use super::moderate::COVERED;
use super::refile::Arrived;
use super::rules::BY_RULE;
use super::work::Work;
use crate::admit::{Admitted, clamp};
use crate::source::{DraftCounts, Revision};

/// The name under which a boost itself is remembered, so that it counts once. No source can send it as a uid: those
/// begin with their network's name.
pub(super) fn boost_name(uid: &str) -> String {
    format!("boost:{uid}")
}

impl Work<'_> {
    pub(super) fn post(
        &mut self,
        source: &Arc<str>,
        admitted: &Admitted,
        is_held: bool,
    ) -> Result<(), live::Error> {
        let id = admitted.item.id();
        if self.is_deleted_early(admitted) {
            *self.counted(source).rejected.entry("deleted".to_owned()).or_default() += 1;
            // Known all the same: another server brought it, and the delete named it by a name we learn only now.
            return if self.records.contains_key(&id) {
                self.delete(&admitted.item.uid.0, GoneBy::Author)
            } else {
                Ok(())
            };
        }
        if self.take_down(source, admitted)? {
            return Ok(());
        }
        let account = self.account_of(&admitted.item);
        if let Some(Account::Removed(_)) = account {
            *self.counted(source).rejected.entry("account_removed".to_owned()).or_default() += 1;
            return Ok(());
        }
        if self.has_opted_out(&admitted.item) {
            *self.counted(source).rejected.entry("opted_out".to_owned()).or_default() += 1;
            return Ok(());
        }
        let is_removed = self.records.get(&id).is_some_and(|record| record.state == ItemState::Removed);
        // Of what is removed no name is written down again.
        for alias in admitted.aliases.iter().filter(|_| !is_removed) {
            if !self.aliases.contains_key(alias) {
                self.txn.alias(alias, id);
                self.aliases.insert(alias.clone(), id);
            }
        }
        let words = match self.records.get(&id) {
            None => self.first_words(admitted),
            Some(record) => self.newer_words(record, admitted),
        };
        let is_known = self.records.contains_key(&id);
        let judged = self.judge(admitted, &words.item, self.records.get(&id), is_held);
        let veil = Veil { network: account == Some(Account::Hidden), ..judged.veil };
        if is_known && judged.veil != Veil::default() {
            self.asked_by(Asker::hand(BY_RULE));
        }
        let arrived = self.arrive(id, Arrival::Post { words: Box::new(words), veil })?;
        if matches!(arrived, Arrived::Entered(_) | Arrived::Kept) {
            self.judged(id, judged, !is_known);
        }
        match arrived {
            Arrived::Entered(_) if !is_known => self.first_seen(source, admitted),
            Arrived::Duplicate => {
                self.counted(source).duplicate += 1;
                self.count(source, id, admitted.counts);
            }
            _ => {}
        }
        Ok(())
    }

    fn first_seen(&mut self, source: &Arc<str>, admitted: &Admitted) {
        let is_public = self.records.get(&admitted.item.id()).is_some_and(|r| r.state == ItemState::Shown);
        let counted = self.counted(source);
        *(if is_public { &mut counted.new } else { &mut counted.held }) += 1;
        if !admitted.tags.is_empty() {
            let author = author_name(&admitted.item).unwrap_or_else(|| admitted.item.uid.0.clone());
            self.effects.heard.push(Heard::Post { author, tags: admitted.tags.clone() });
        }
    }

    pub(super) fn boost(
        &mut self,
        source: &Arc<str>,
        uid: &str,
        admitted: &Admitted,
        is_held: bool,
    ) -> Result<(), live::Error> {
        self.post(source, admitted, is_held)?;
        // A network that tells the number of boosts has counted this one.
        if admitted.counts.boosts.is_none() {
            let _known_already = self.boosted(source, uid, admitted.item.id());
        }
        Ok(())
    }

    pub(super) fn boost_of(&mut self, source: &Arc<str>, uid: &str, name: &str) -> Result<(), live::Error> {
        match self.find(name) {
            Some(id) if self.boosted(source, uid, id) => {}
            Some(_) => self.counted(source).duplicate += 1,
            None => *self.counted(source).rejected.entry("boost_of_unknown".to_owned()).or_default() += 1,
        }
        Ok(())
    }

    /// False when this boost was counted before.
    fn boosted(&mut self, source: &Arc<str>, uid: &str, id: ItemId) -> bool {
        let name = boost_name(uid);
        if self.aliases.contains_key(&name) {
            return false;
        }
        let Some(words) = self.records.get(&id).and_then(|r| r.words.as_ref()) else { return true };
        let boosts = i64::from(words.item.counts.boosts) + 1;
        self.txn.alias(&name, id);
        self.aliases.insert(name, id);
        self.count(source, id, DraftCounts { boosts: Some(boosts), ..DraftCounts::default() });
        true
    }

    pub(super) fn delete(&mut self, name: &str, by: GoneBy) -> Result<(), live::Error> {
        let Some(id) = self.find(name) else {
            self.delete_early(name);
            return Ok(());
        };
        self.arrive(id, Arrival::Delete { by }).map(drop)
    }

    /// Takes new counts into the private record; the public entry follows once a minute.
    pub(super) fn count(&mut self, source: &Arc<str>, id: ItemId, said: DraftCounts) {
        let Some(record) = self.records.get(&id) else { return };
        let Some(words) = &record.words else { return };
        let known = words.item.counts;
        let counts = told(&words.item, source, said);
        if counts == known {
            return;
        }
        let mut record = record.clone();
        if let Some(words) = &mut record.words {
            words.item.counts = counts;
        }
        if record.state == ItemState::Shown {
            self.effects.counts.push((id, Some(counts)));
        }
        self.put(record);
    }

    fn is_deleted_early(&self, admitted: &Admitted) -> bool {
        !self.early.is_empty()
            && (self.early.contains(&admitted.item.uid.0)
                || admitted.aliases.iter().any(|a| self.early.contains(a)))
    }

    fn first_words(&self, admitted: &Admitted) -> Words {
        let item = self.related(admitted);
        let filing = self.filed(&item);
        Words { item, filing }
    }

    fn related(&self, admitted: &Admitted) -> Item {
        let mut item = admitted.item.clone();
        item.reply_to = self.relation(&item, admitted.reply_to.as_deref()).or(item.reply_to);
        item.quotes = self.relation(&item, admitted.quotes.as_deref());
        item
    }

    /// A newer revision keeps what belongs to the first sight: when it was said, who brought it, where its writer stood,
    /// and a person's filing.
    fn newer_words(&self, record: &Record, admitted: &Admitted) -> Words {
        let Some(known) = &record.words else { return self.first_words(admitted) };
        let mut item = self.related(admitted);
        item.when = known.item.when;
        item.late = known.item.late;
        item.at.clone_from(&known.item.at);
        if known.item.retain == Retain::Live {
            // Once asked for, it holds: another server may not know of the wish.
            item.retain = Retain::Live;
        }
        item.source.clone_from(&known.item.source);
        item.reply_to = item.reply_to.or(known.item.reply_to);
        item.quotes = item.quotes.or(known.item.quotes);
        item.counts = told(&known.item, &admitted.item.source, admitted.counts);
        if item.cover.is_none() && self.covered.contains(&record.id) {
            item.cover = Some(COVERED.to_owned());
        }
        if admitted.revision == Revision::Newer {
            item.rev = if says_the_same(&item, &known.item) { record.rev } else { record.rev + 1 };
        }
        let words = Words { item, ..known.clone() };
        Words { filing: self.filed_again(&words), ..words }
    }

    /// The item behind a name: a known one, or the one that a uid will be when it comes.
    fn relation(&self, item: &Item, name: Option<&str>) -> Option<ItemId> {
        let name = name?;
        let is_uid = name.strip_prefix(item.network.name()).is_some_and(|rest| rest.starts_with(':'));
        self.find(name).or_else(|| is_uid.then(|| Uid(name.to_owned()).id())).filter(|id| *id != item.id())
    }
}

/// Counts as a source tells them. The source that brought the item is believed; another server sees only a part of the
/// network and may only raise them.
fn told(known: &Item, source: &str, said: DraftCounts) -> Counts {
    let counts = clamp(said, known.counts);
    if known.source == source {
        return counts;
    }
    Counts {
        boosts: counts.boosts.max(known.counts.boosts),
        likes: counts.likes.max(known.counts.likes),
        replies: counts.replies.max(known.counts.replies),
    }
}

fn says_the_same(a: &Item, b: &Item) -> bool {
    a.body == b.body
        && a.title == b.title
        && a.cover == b.cover
        && a.media == b.media
        && a.card == b.card
        && a.tags == b.tags
}
