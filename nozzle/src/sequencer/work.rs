//! One transaction under way: everything the commands of a batch need is looked up at once, then decided in memory, then
//! written at once.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use live::ledger::{Account, AuthorChange, Ledger, Txn};
use live::receipts::Way;
use live::state::Record;
use model::{Entry, ItemId, Kind, Micros, Seq, Tally, TallyCounts, Uid};

use super::authors::TakeDowns;
use super::board::{Heard, RADAR_NOTE};
use super::command::{Brought, Command, Pumped};
use super::receipts::Receipts;
use super::refile::{Draft, FILING_NOTE, Filer, Refiling};
use super::rules::Notes;
use super::standing::{Effects, Standing};
use crate::admit::Admitted;
use crate::intake::Ask;
use crate::pump::{Counted, Saved};

pub(super) struct Work<'a> {
    pub(super) txn: Txn<'a>,
    pub(super) ledger: &'a Ledger,
    pub(super) standing: &'a Standing,
    pub(super) now: Micros,
    /// Records that were looked up, and those that this transaction changed.
    pub(super) records: HashMap<ItemId, Record>,
    pub(super) aliases: HashMap<String, ItemId>,
    pub(super) early: HashSet<String>,
    pub(super) effects: Effects,
    /// What was said, and what waits to be filed again, this transaction's own changes included.
    pub(super) filer: Draft<'a>,
    pub(super) refiling: Refiling,
    /// What became of the accounts that this batch speaks of.
    pub(super) accounts: HashMap<String, Account>,
    /// Changes of accounts in this batch, in their order.
    pub(super) account_news: Vec<(String, Account)>,
    /// What is said for good of the authors that this batch speaks of.
    pub(super) authors: HashMap<String, AuthorChange>,
    /// What this batch says of authors, and who says it, in their order.
    pub(super) author_news: Vec<(String, AuthorChange, String)>,
    /// Codes by which authors take their posts down.
    pub(super) codes: TakeDowns,
    /// Items that a moderator covers.
    pub(super) covered: HashSet<ItemId>,
    /// What rules and moderators have noted.
    pub(super) notes: Notes,
    /// Who takes items away in this transaction.
    pub(super) receipts: Receipts,
    deleted: Vec<String>,
    saved: BTreeMap<Arc<str>, String>,
}

impl<'a> Work<'a> {
    pub(super) async fn begin(
        ledger: &'a Ledger,
        standing: &'a Standing,
        filer: &'a mut Filer,
        now: Micros,
    ) -> Result<Self, live::Error> {
        Ok(Self {
            txn: ledger.begin().await?,
            ledger,
            standing,
            now,
            records: HashMap::new(),
            aliases: HashMap::new(),
            early: HashSet::new(),
            effects: Effects { at: now, ..Effects::default() },
            filer: filer.begin(),
            refiling: Refiling::default(),
            accounts: HashMap::new(),
            account_news: Vec::new(),
            authors: HashMap::new(),
            author_news: Vec::new(),
            codes: TakeDowns::default(),
            covered: HashSet::new(),
            notes: Notes::default(),
            receipts: Receipts::default(),
            deleted: Vec::new(),
            saved: BTreeMap::new(),
        })
    }

    /// Reads everything that these commands speak of, in four statements.
    pub(super) async fn look_up(&mut self, commands: &[Command]) -> Result<(), live::Error> {
        let mut names: Vec<&str> = Vec::new();
        let mut ids: Vec<ItemId> = Vec::new();
        let mut own_names: Vec<String> = Vec::new();
        for command in commands {
            match command {
                Command::Pumped(pumped) => spoken_of(&pumped.what, &mut names, &mut own_names),
                Command::Delivered { delivery, .. } => {
                    delivery.brought.iter().for_each(|what| spoken_of(what, &mut names, &mut own_names));
                }
                Command::Ordered { order, .. } => match &order.ask {
                    Ask::Decide(decide) => ids.push(decide.id),
                    Ask::File(file) => ids.extend_from_slice(&file.ids),
                    Ask::Say(say) => {
                        own_names.push(super::onsite::say_uid(&order.key).0);
                        ids.extend(say.reply_to);
                    }
                    Ask::Unsay(unsay) => ids.push(unsay.id),
                    Ask::Moderate(moderate) => ids.extend_from_slice(&moderate.ids),
                    Ask::Report(report) => ids.push(report.id),
                    _ => {}
                },
            }
        }
        names.extend(own_names.iter().map(String::as_str));
        names.sort_unstable();
        names.dedup();
        self.aliases = self.txn.by_aliases(&names).await?;
        self.early = self.txn.deleted_early(&names).await?;
        ids.extend(names.iter().map(|name| Uid((*name).to_owned()).id()));
        ids.extend(self.aliases.values());
        ids.sort_unstable();
        ids.dedup();
        self.records = self.txn.items(&ids).await?;
        let authors = super::accounts::spoken_of(commands);
        let authors: Vec<&str> = authors.iter().map(String::as_str).collect();
        self.accounts = self.txn.accounts(&authors, self.now).await?;
        self.authors = self.txn.authors(&authors).await?;
        self.covered = self.txn.covered(&ids).await?;
        self.count_shown(&authors).await?;
        self.find_codes(commands).await
    }

    pub(super) fn pumped(&mut self, pumped: &Pumped) -> Result<(), live::Error> {
        self.brought(&pumped.source, &pumped.what)
    }

    /// Takes in what a source brought.
    pub(super) fn brought(&mut self, source: &Arc<str>, what: &Brought) -> Result<(), live::Error> {
        if what.is_message() {
            self.accounted(source, |work| work.bring(source, what))
        } else {
            self.bring(source, what)
        }
    }

    /// Takes in one message that was counted as received, and counts what became of it, once: tallies are held against each other.
    pub(super) fn accounted(
        &mut self,
        source: &Arc<str>,
        take_in: impl FnOnce(&mut Self) -> Result<(), live::Error>,
    ) -> Result<(), live::Error> {
        let before = self.counted(source).settled();
        take_in(self)?;
        let counted = self.counted(source);
        if counted.settled() == before {
            *counted.changed.get_or_insert_default() += 1;
        }
        Ok(())
    }

    fn bring(&mut self, source: &Arc<str>, what: &Brought) -> Result<(), live::Error> {
        self.asked_by(Way::Upstream);
        match what {
            Brought::Post { admitted, is_held } => self.post(source, admitted, *is_held),
            Brought::Boost { uid, admitted, is_held } => self.boost(source, uid, admitted, *is_held),
            Brought::BoostOf { uid, name } => self.boost_of(source, uid, name),
            Brought::Delete { name, by } => self.delete(name, *by),
            Brought::Withdrawn { name } => self.withdrawn(name),
            Brought::NearTag { tag, author } => {
                self.effects.heard.push(Heard::Near { author: author.clone(), tag: tag.clone() });
                Ok(())
            }
            Brought::Account { name, account } => {
                self.account(name, *account);
                Ok(())
            }
            Brought::Counts { name, counts } => {
                if let Some(id) = self.find(name) {
                    self.count(source, id, *counts);
                }
                Ok(())
            }
            Brought::Save(saved) => self.save(source, saved),
            Brought::Gap { gap, saved } => {
                self.append(Kind::Gap { gap: gap.clone() })?;
                self.save(source, saved)
            }
            Brought::Minute { minute, counted } => self.minute(source, *minute, counted),
        }
    }

    /// Appends an entry and notes what it means for the standing.
    pub(super) fn append(&mut self, kind: Kind) -> Result<Seq, live::Error> {
        let is_of_event = !matches!(
            kind,
            Kind::Post(_)
                | Kind::Edit(_)
                | Kind::Show(_)
                | Kind::Hide(_)
                | Kind::Remove(_)
                | Kind::Void
                | Kind::Tally { .. }
        );
        let entry = Entry { seq: self.txn.next_seq(), at: self.now, kind };
        self.effects.entries += 1;
        // A held post's words lie in private rows only, and leave the disk all the same.
        self.effects.has_voids |= !entry.voids().is_empty() || matches!(entry.kind, Kind::Remove(_));
        if is_of_event {
            self.effects.news.push(entry.clone());
        }
        self.txn.append(self.now, entry.kind)
    }

    /// Puts a record that is to others what it was before; see `keep` for all others.
    pub(super) fn put(&mut self, record: Record) {
        self.records.insert(record.id, record.clone());
        self.txn.put(record);
    }

    pub(super) fn counted(&mut self, source: &Arc<str>) -> &mut TallyCounts {
        self.effects.counted.entry(Arc::clone(source)).or_default()
    }

    /// The known item that goes by this uid or alias.
    pub(super) fn find(&self, name: &str) -> Option<ItemId> {
        let id = Uid(name.to_owned()).id();
        if self.records.contains_key(&id) {
            return Some(id);
        }
        self.aliases.get(name).copied().filter(|id| self.records.contains_key(id))
    }

    /// Remembers a delete whose post has not come.
    pub(super) fn delete_early(&mut self, name: &str) {
        self.early.insert(name.to_owned());
        self.deleted.push(name.to_owned());
    }

    fn save(&mut self, source: &Arc<str>, saved: &Saved) -> Result<(), live::Error> {
        self.saved.insert(Arc::clone(source), serde_json::to_string(saved)?);
        Ok(())
    }

    fn minute(&mut self, source: &Arc<str>, minute: Micros, counted: &Counted) -> Result<(), live::Error> {
        let mut counts = self.standing.tally(source);
        let of_batch = self.effects.counted.remove(source).unwrap_or_default();
        counts.add(&of_batch);
        self.effects.told.push((Arc::clone(source), of_batch));
        let rejected = counted.rejected.iter().map(|(reason, n)| ((*reason).to_owned(), *n)).collect();
        counts.add(&TallyCounts { received: counted.received, rejected, ..TallyCounts::default() });
        if counts == TallyCounts::default() {
            return Ok(());
        }
        counts.changed.get_or_insert_default();
        if let Some(told) = self.standing.told(source, minute) {
            counts.add(told);
        }
        let tally = Tally { source: source.to_string(), minute, counts };
        self.effects.written.push(tally.clone());
        self.append(Kind::Tally { tally }).map(drop)
    }

    pub(super) async fn commit(mut self) -> Result<Effects, live::Error> {
        for (source, saved) in std::mem::take(&mut self.saved) {
            self.txn.set_cursor(&source, &saved).await?;
        }
        for name in std::mem::take(&mut self.deleted) {
            self.txn.delete_early(&name, self.now).await?;
        }
        for (name, account) in std::mem::take(&mut self.account_news) {
            self.txn.set_account(&name, account, self.now).await?;
            self.effects.has_account_news = true;
        }
        self.write_authors().await?;
        self.write_notes().await?;
        self.write_receipts().await?;
        if let Some(note) = self.standing.board.note_due(self.now, &self.effects.heard) {
            self.txn.set_note(RADAR_NOTE, &note).await?;
            self.effects.has_radar_note = true;
        }
        if let Some(note) = self.filer.note_due()? {
            self.txn.set_note(FILING_NOTE, &note).await?;
        }
        self.txn.commit().await?;
        self.filer.keep();
        self.refiling.leave(&mut self.effects);
        Ok(self.effects)
    }

    pub(super) async fn give_up(self) -> Result<(), live::Error> {
        self.txn.rollback().await
    }
}

fn spoken_of<'c>(what: &'c Brought, names: &mut Vec<&'c str>, own_names: &mut Vec<String>) {
    match what {
        Brought::Post { admitted, .. } => names_of(admitted, names),
        Brought::Boost { uid, admitted, .. } => {
            names_of(admitted, names);
            own_names.push(super::items::boost_name(uid));
        }
        Brought::BoostOf { uid, name } => {
            names.push(name);
            own_names.push(super::items::boost_name(uid));
        }
        Brought::Delete { name, .. } | Brought::Counts { name, .. } | Brought::Withdrawn { name } => {
            names.push(name);
        }
        Brought::Account { .. }
        | Brought::NearTag { .. }
        | Brought::Save(_)
        | Brought::Gap { .. }
        | Brought::Minute { .. } => {}
    }
}

fn names_of<'c>(admitted: &'c Admitted, names: &mut Vec<&'c str>) {
    names.push(&admitted.item.uid.0);
    names.extend(admitted.aliases.iter().map(String::as_str));
    names.extend(admitted.reply_to.as_deref());
    names.extend(admitted.quotes.as_deref());
}
