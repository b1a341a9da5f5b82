//! What the sequencer keeps in memory between transactions: the event's own state (a fold of its ledger), the counters
//! of the running minute, and the counts that wait for their entry. Changes only after a commit.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use live::LINES_MAX;
use live::ledger::Ledger;
use model::event::{EventFile, EventRef, Life, OnsiteLimits, Rules};
use model::filing::Programme;
use model::stage::Timeline;
use model::{
    Counts, CountsEntry, Entry, EventId, Fold, ItemCounts, ItemId, Kind, Micros, Seq, Tally, TallyCounts,
};
use tokio::time::Instant;

use crate::codes::Codes;
use crate::onsite::Buckets;

use super::board::{Board, Heard, RADAR_NOTE};
use super::rules::{Copies, Copy, copies_of_late};

/// Name of the ledger's note that holds the applied event.toml.
pub(crate) const SETTINGS_NOTE: &str = "event.toml";
/// Name of the ledger's note that holds what removal codes are made with.
const CODES_NOTE: &str = "codes.secret";
/// Most items in one counts entry.
const COUNTS_ITEMS_MAX: usize = 200;
/// Most items whose counts wait; beyond, the oldest wait for their next change.
const DIRTY_ITEMS_MAX: usize = 50_000;

/// Out of the newest page of the log: the time of the last entry (voids have lost theirs), and each source's last tally,
/// which a nozzle writes as it stops.
async fn newest(ledger: &Ledger) -> Result<(Micros, HashMap<String, Tally>), live::Error> {
    let from = ledger.top().saturating_sub(LINES_MAX as Seq);
    let (mut last, mut written) = (Micros(0), HashMap::new());
    for line in ledger.view().lines(from, LINES_MAX).await? {
        let entry = line.entry()?;
        last = last.max(entry.at);
        if let Kind::Tally { tally } = entry.kind {
            written.insert(tally.source.clone(), tally);
        }
    }
    Ok((last, written))
}

/// The event's removal codes; their secret is made the first time.
async fn codes(ledger: &Ledger) -> Result<Codes, live::Error> {
    if let Some(secret) = ledger.view().note(CODES_NOTE).await? {
        return Ok(Codes::new(secret));
    }
    let mut txn = ledger.begin().await?;
    let secret = txn.secret(CODES_NOTE).await?;
    txn.commit().await?;
    Ok(Codes::new(secret))
}

/// What others may know of an event without reading its log.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct EventView {
    /// Its place in lists; `None` before its settings have been applied.
    pub(crate) event: Option<EventRef>,
    /// The event.toml as applied.
    pub(crate) settings: Option<Arc<EventFile>>,
    /// What has become of the event as a whole.
    pub(crate) life: Life,
}

/// See the module.
pub(super) struct Standing {
    pub(super) fold: Fold,
    /// What filing knows of the event.
    pub(super) programme: Programme,
    /// What is really on.
    pub(super) stage: Timeline,
    pub(super) settings: Option<Arc<EventFile>>,
    /// Its rules, compiled.
    pub(super) rules: Rules,
    /// Links of the posts that came of late.
    pub(super) copies: Copies,
    /// By which authors take their posts down.
    pub(super) codes: Arc<Codes>,
    /// How much each person has written on the page of late.
    pub(super) buckets: Buckets,
    /// A change of some account, or a word about some author, is still to be done to their items.
    pub(super) has_account_to_do: bool,
    /// What others may see of sources.
    pub(super) board: Arc<Board>,
    tallies: HashMap<Arc<str>, TallyCounts>,
    /// The last tally of each source. Another one of the same minute replaces it wherever it is folded, so it must hold it.
    written: HashMap<String, Tally>,
    dirty: HashMap<ItemId, Counts>,
    dirty_order: VecDeque<ItemId>,
    counts_written: Micros,
    last_at: Micros,
}

/// What a transaction changes of the standing, once it has committed.
#[derive(Default)]
pub(super) struct Effects {
    /// Entries about the event itself.
    pub(super) news: Vec<Entry>,
    /// Settings that were applied.
    pub(super) settings: Option<EventFile>,
    /// What was counted, by source.
    pub(super) counted: HashMap<Arc<str>, TallyCounts>,
    /// What was counted in this transaction and is in a minute that was written out.
    pub(super) told: Vec<(Arc<str>, TallyCounts)>,
    /// Minutes that were written out.
    pub(super) written: Vec<Tally>,
    /// Items with new counts, or (none) that are no longer public.
    pub(super) counts: Vec<(ItemId, Option<Counts>)>,
    /// Posts that people wrote on the page, with the numbers that hold for them.
    pub(super) wrote: HashMap<String, (u32, OnsiteLimits)>,
    /// Something has become of an account or was said of an author, and their items are still to be done.
    pub(super) has_account_news: bool,
    /// Links of what is new.
    pub(super) copies: Vec<Copy>,
    /// Hashtags of what is new.
    pub(super) heard: Vec<Heard>,
    /// The radar's note was written.
    pub(super) has_radar_note: bool,
    /// What filing knows of the event from now on, and what is on, where a transaction has worked it out.
    pub(super) programme: Option<Programme>,
    pub(super) stage: Option<Timeline>,
    /// Entries appended.
    pub(super) entries: u64,
    /// Words were overwritten.
    pub(super) has_voids: bool,
    /// The newest entry that took an item away.
    pub(super) newest_receipt: Option<Seq>,
    /// When it was committed.
    pub(super) at: Micros,
}

impl Standing {
    pub(super) async fn load(ledger: &Ledger) -> Result<Self, live::Error> {
        let fold = ledger.view().event_fold().await?;
        let text = ledger.view().note(SETTINGS_NOTE).await?;
        // Settings that an older version accepted and this one refuses leave the event without sources, not without
        // its log; the host says so.
        let settings = text.and_then(|t| EventFile::parse(&t).ok()).map(Arc::new);
        let programme = Programme::new(fold.talks.values().cloned(), fold.event.as_ref());
        let stage = Timeline::new(fold.talks.values(), &fold.stage);
        let (last_at, written) = newest(ledger).await?;
        let rules = settings.as_ref().map_or_else(Rules::default, |file| Rules::new(&file.rules));
        Ok(Self {
            fold,
            programme,
            stage,
            settings,
            copies: copies_of_late(ledger, &rules).await?,
            rules,
            codes: Arc::new(codes(ledger).await?),
            buckets: Buckets::default(),
            board: Arc::new(Board::load(ledger.view().note(RADAR_NOTE).await?.as_deref())),
            has_account_to_do: ledger.view().has_account_to_do().await?
                || ledger.view().has_author_to_do().await?,
            tallies: HashMap::new(),
            written,
            dirty: HashMap::new(),
            dirty_order: VecDeque::new(),
            counts_written: Micros(0),
            last_at,
        })
    }

    pub(super) fn view(&self, eid: EventId) -> EventView {
        let event = self.fold.event.as_ref();
        EventView {
            event: event.map(|e| EventRef { eid, slug: e.slug.clone(), title: e.title.clone() }),
            settings: self.settings.clone(),
            life: event.map(|e| e.life.clone()).unwrap_or_default(),
        }
    }

    /// The time of the next entries: now, but never before an entry that is there already.
    pub(super) fn next_at(&self, now: Micros) -> Micros {
        now.max(self.last_at)
    }

    /// What was counted for a source since its last tally.
    pub(super) fn tally(&self, source: &str) -> TallyCounts {
        self.tallies.get(source).cloned().unwrap_or_default()
    }

    /// What a tally of this minute has told already: a source that was stopped in mid-minute is counted on.
    pub(super) fn told(&self, source: &str, minute: Micros) -> Option<&TallyCounts> {
        self.written.get(source).filter(|tally| tally.minute == minute).map(|tally| &tally.counts)
    }

    /// Takes in what a transaction changed; true when the event's view is another one now.
    pub(super) fn apply(&mut self, effects: Effects) -> bool {
        self.last_at = self.last_at.max(effects.at);
        self.has_account_to_do |= effects.has_account_news;
        let (mut has_talks, mut has_stage) = (false, false);
        let mut has_view = false;
        for entry in &effects.news {
            has_talks |= matches!(entry.kind, Kind::Talk { .. });
            has_stage |= matches!(entry.kind, Kind::Stage(_));
            has_view |= matches!(entry.kind, Kind::Event { .. });
            self.fold.apply(entry);
        }
        if has_talks || has_view {
            let anew = || Programme::new(self.fold.talks.values().cloned(), self.fold.event.as_ref());
            self.programme = effects.programme.unwrap_or_else(anew);
        }
        if has_talks || has_stage {
            let anew = || Timeline::new(self.fold.talks.values(), &self.fold.stage);
            self.stage = effects.stage.unwrap_or_else(anew);
        }
        if let Some(settings) = effects.settings {
            self.rules = Rules::new(&settings.rules);
            self.settings = Some(Arc::new(settings));
            has_view = true;
        }
        for tally in effects.written {
            self.tallies.remove(tally.source.as_str());
            self.written.insert(tally.source.clone(), tally);
        }
        effects.copies.into_iter().for_each(|copy| self.copies.add(copy));
        self.board.hear(effects.heard);
        if effects.has_radar_note {
            self.board.noted(effects.at);
        }
        for (source, counted) in effects.told {
            self.board.count(&source, &counted, effects.at);
        }
        for (source, counted) in effects.counted {
            self.board.count(&source, &counted, effects.at);
            self.tallies.entry(source).or_default().add(&counted);
        }
        for (id, counts) in effects.counts {
            self.note_counts(id, counts);
        }
        for (person, (posts, limits)) in effects.wrote {
            self.buckets.take(person, limits, posts, Instant::now());
        }
        has_view
    }

    fn note_counts(&mut self, id: ItemId, counts: Option<Counts>) {
        let Some(counts) = counts else {
            self.dirty.remove(&id);
            return;
        };
        if self.dirty.insert(id, counts).is_none() {
            self.dirty_order.push_back(id);
        }
        while self.dirty_order.len() > DIRTY_ITEMS_MAX {
            let oldest = self.dirty_order.pop_front();
            oldest.and_then(|id| self.dirty.remove(&id));
        }
    }

    /// When the next counts entry may be written; `None` while no counts wait.
    pub(super) fn counts_due(&self) -> Option<Micros> {
        (!self.dirty.is_empty()).then(|| self.counts_written.plus(Micros::MINUTE))
    }

    /// The counts entry of this minute, if there is anything to say.
    pub(super) fn counts_entry(&mut self, now: Micros) -> Option<CountsEntry> {
        let mut counts = Vec::new();
        while counts.len() < COUNTS_ITEMS_MAX
            && let Some(id) = self.dirty_order.pop_front()
        {
            counts.extend(self.dirty.remove(&id).map(|counts| ItemCounts { id, counts }));
        }
        self.counts_written = now;
        self.last_at = self.last_at.max(now);
        (!counts.is_empty()).then_some(CountsEntry { counts })
    }

    /// Takes back counts that could not be written.
    pub(super) fn put_back(&mut self, entry: CountsEntry) {
        for ItemCounts { id, counts } in entry.counts {
            self.note_counts(id, Some(counts));
        }
    }
}
