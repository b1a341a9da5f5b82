//! The event's rules, asked about what comes: what they hold back or hide, why that was noted, and what they count. Which
//! rules there are and what they compare is `model::event::Rules`; what becomes of a post is `live::state`.

mod copies;

use std::collections::HashMap;
use std::sync::Arc;

use live::ledger::{AuthorChange, Ledger, author_name};
use live::state::{ItemState, Record, Veil};
use model::event::{Match, RuleAction, Rules, Seen};
use model::{Item, ItemId, link};

use super::work::Work;
use crate::admit::Admitted;
use crate::intake::Why;

pub(super) use copies::{Copies, Copy};

/// The role in whose name a rule takes a post away.
pub(super) const BY_RULE: &str = "rule";
/// Posts that are read again at the start, for what rules count over time.
const READ_AGAIN_MAX: usize = 5_000;

/// What the rules say of a post.
#[derive(Clone, Debug, Default)]
pub(super) struct Judged {
    /// What keeps it from the public.
    pub(super) veil: Veil,
    /// Why.
    pub(super) why: Why,
}

/// What is noted beside the log while a transaction is under way.
#[derive(Default)]
pub(super) struct Notes {
    /// Why items are not shown.
    pub(super) verdicts: HashMap<ItemId, Why>,
    /// How often rules held.
    pub(super) hits: HashMap<Arc<str>, u32>,
    /// Posts that came of blocked authors, and of those who have opted out.
    pub(super) came: HashMap<String, u32>,
    /// Shown posts of the authors that this batch speaks of, counted as far as the rules ask.
    pub(super) shown: HashMap<String, u32>,
}

/// Links of posts that came of late, where a rule counts them.
pub(super) async fn copies_of_late(ledger: &Ledger, rules: &Rules) -> Result<Copies, live::Error> {
    let mut copies = Copies::default();
    if rules.counts_copies_for().is_some() {
        let newest = ledger.view().newest(READ_AGAIN_MAX).await?;
        // The oldest first, as they came.
        for item in newest.iter().rev().filter_map(|record| record.words.as_ref()).map(|words| &words.item) {
            copies_in(item).for_each(|copy| copies.add(copy));
        }
    }
    Ok(copies)
}

fn copies_in(item: &Item) -> impl Iterator<Item = Copy> + '_ {
    let mut links: Vec<String> =
        link::shared(item).filter_map(|shared| link::normal(shared.address)).collect();
    links.sort_unstable();
    links.dedup();
    let (id, when) = (item.id(), item.when);
    links.into_iter().map(move |link| Copy { link, when, id })
}

impl Work<'_> {
    /// What keeps a post, or the new words of a known one, from the public. `is_moderated`: its source lets nothing through
    /// by itself.
    pub(super) fn judge(
        &self,
        admitted: &Admitted,
        item: &Item,
        known: Option<&Record>,
        is_moderated: bool,
    ) -> Judged {
        let author = author_name(item);
        let change = author.as_ref().and_then(|name| self.authors.get(name)).copied();
        let is_trusted = change == Some(AuthorChange::Trusted);
        let is_blocked = change == Some(AuthorChange::Blocked);
        let before = known.and_then(|record| record.words.as_ref()).map(|words| &words.item);
        let mut judged =
            Judged { veil: Veil { blocked: is_blocked, ..Veil::default() }, ..Judged::default() };
        let is_new = match (known, before) {
            (None, _) => true,
            // Lost with an older ledger: what was decided about it is in its state.
            (Some(_), None) => false,
            (Some(_), Some(before)) => has_other_words(before, item),
        };
        if !is_new {
            return judged;
        }
        let mut matches = self.matches(admitted, item, author.as_deref());
        if let Some(before) = before {
            // What a moderator has seen and shown is not asked about again.
            let old = self.matches(admitted, before, author.as_deref());
            matches.retain(|found| !old.contains(found));
        }
        matches.retain(|found| !(is_trusted && found.action == RuleAction::Hold));
        judged.veil.person = matches.iter().any(|found| found.action == RuleAction::Reject);
        judged.why.source = is_moderated && !is_trusted;
        judged.why.code = self.codes.is_wrong(&item.uid);
        judged.veil.held = !judged.veil.person
            && (judged.why.source
                || judged.why.code
                || matches.iter().any(|found| found.action == RuleAction::Hold));
        judged.why.rules = matches.iter().map(|found| found.rule.to_string()).collect();
        judged
    }

    fn matches(&self, admitted: &Admitted, item: &Item, author: Option<&str>) -> Vec<Match> {
        let rules = &self.standing.rules;
        if rules.is_empty() {
            return Vec::new();
        }
        let (id, when) = (item.id(), item.when);
        let copies = |link: &str, within: i64| {
            let here = self.effects.copies.iter().filter(|copy| copy.is_of(link, id, when, within)).count();
            self.standing.copies.count(link, id, when, within) + u32::try_from(here).unwrap_or(u32::MAX)
        };
        rules.judge(&Seen {
            item,
            tags: admitted.tags.len().max(item.body.tags().count()),
            shown_before: author.map(|name| self.notes.shown.get(name).copied().unwrap_or_default()),
            copies: &copies,
        })
    }

    /// Notes what the rules said of a post, once it is known what has become of it.
    pub(super) fn judged(&mut self, id: ItemId, judged: Judged, is_first: bool) {
        for rule in &judged.why.rules {
            if let Some(name) = self.standing.rules.names().find(|name| ***name == **rule) {
                *self.notes.hits.entry(Arc::clone(name)).or_default() += 1;
            }
        }
        let Some(record) = self.records.get(&id) else { return };
        let author = record.words.as_ref().and_then(|words| author_name(&words.item));
        let (is_shown, is_blocked) = (record.state == ItemState::Shown, judged.veil.blocked);
        if let Some(words) = &record.words {
            self.effects.copies.extend(copies_in(&words.item));
        }
        if let (Some(author), true) = (author, is_first) {
            if is_blocked {
                *self.notes.came.entry(author).or_default() += 1;
            } else if is_shown && let Some(shown) = self.notes.shown.get_mut(&author) {
                *shown += 1;
            }
        }
        if judged.veil.held || judged.veil.person {
            self.notes.verdicts.insert(id, judged.why);
        }
    }

    /// Reads how many posts of these authors are shown, where a rule asks.
    pub(super) async fn count_shown(&mut self, authors: &[&str]) -> Result<(), live::Error> {
        if let Some(most) = self.standing.rules.counts_authors_to() {
            self.notes.shown = self.txn.shown_of(authors, most).await?;
        }
        Ok(())
    }

    /// Why an item is not shown, this transaction's own notes included.
    pub(super) async fn why(&mut self, id: ItemId) -> Result<Why, live::Error> {
        if let Some(why) = self.notes.verdicts.get(&id) {
            return Ok(why.clone());
        }
        let json = self.txn.verdict(id).await?;
        Ok(json.and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default())
    }

    /// Writes what was noted.
    pub(super) async fn write_notes(&mut self) -> Result<(), live::Error> {
        let notes = std::mem::take(&mut self.notes);
        for (id, why) in notes.verdicts {
            if self.records.get(&id).is_some_and(|record| record.state != ItemState::Removed) {
                self.txn.set_verdict(id, self.now, &serde_json::to_string(&why)?).await?;
            }
        }
        for (rule, times) in notes.hits {
            self.txn.count_hits(&rule, times, self.now).await?;
        }
        for (name, posts) in notes.came {
            self.txn.came_of(&name, posts).await?;
        }
        if let Some(settings) = &self.effects.settings {
            let names: Vec<&str> = settings.rules.iter().map(|rule| rule.name.trim()).collect();
            self.txn.keep_hits_of(&names).await?;
        }
        Ok(())
    }
}

/// Whether readers would see other words or pictures. A preview that its network makes later, or counts, are none.
fn has_other_words(a: &Item, b: &Item) -> bool {
    a.body != b.body || a.title != b.title || a.cover != b.cover || a.media != b.media
}
