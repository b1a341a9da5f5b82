//! Copies of ledgers, and what makes a copy a log again. [`copy`] works beside the nozzle; the rest works on a copy that nobody has
//! opened yet.
//!
//! A ledger that is put back is an old state of a log whose later numbers others may have seen. It goes on under a new name
//! ([`Ledger::readdress`]), which says up to which number it is the old log: so no number ever means two things, and readers who are
//! further are told. What the tail holds beyond the copy is taken over first ([`take_over`]).

use crate::Error;
use crate::follow::{Head, Line as Lineage};
use crate::ledger::{Ledger, LedgerView, Txn};
use crate::log::Line;
use crate::state::{ItemState, Record, Veil, Words};
use model::{Entry, Epoch, Filing, Gap, Gone, GoneBy, ItemEntry, ItemId, Kind, Micros, Position, Seq};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, Row};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a copy waits for a moment in which it may begin.
const BUSY_WAIT: Duration = Duration::from_secs(30);
/// Entries that are taken over in one transaction.
const ENTRIES_PER_TRANSACTION: usize = 500;

/// What a copy of a ledger says of itself.
#[derive(Clone, Debug)]
pub struct Copied {
    /// Where the log stood at the moment of the copy.
    pub head: Head,
    /// The event's slug, if settings were ever applied.
    pub slug: Option<String>,
    /// The version of its tables.
    pub schema: i64,
}

/// Copies a ledger as it is at one moment, while its nozzle writes on. `to` must not exist.
///
/// # Errors
/// What SQLite or the disk says; what was written of `to` is then of no use.
pub async fn copy(from: &Path, to: &Path) -> Result<Copied, Error> {
    let options = SqliteConnectOptions::new()
        .filename(from)
        .create_if_missing(false)
        .busy_timeout(BUSY_WAIT)
        .disable_statement_logging();
    let mut conn = options.connect().await?;
    // One read transaction of SQLite's own: a whole state of the file, without pages that were freed, and so without old words.
    sqlx::query("VACUUM INTO ?").bind(to.to_string_lossy().into_owned()).execute(&mut conn).await?;
    conn.close().await?;
    tell(to).await
}

/// What a ledger says of itself that nobody has open.
///
/// # Errors
/// When it is no ledger.
pub async fn tell(path: &Path) -> Result<Copied, Error> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .read_only(true)
        .disable_statement_logging();
    let mut conn = options.connect().await?;
    let row = sqlx::query("SELECT epoch, line, (SELECT coalesce(max(seq), 0) FROM entry) FROM meta");
    let row = row.fetch_one(&mut conn).await?;
    let epoch: Epoch = row.try_get::<&str, _>(0)?.parse().map_err(|e| Error::Corrupt(format!("{e}")))?;
    let line: Lineage = serde_json::from_str(row.try_get(1)?)?;
    let top = Seq::try_from(row.try_get::<i64, _>(2)?).unwrap_or(0);
    let event = "SELECT json FROM entry WHERE kind = 'event' ORDER BY seq DESC LIMIT 1";
    let event = sqlx::query(event).fetch_optional(&mut conn).await?;
    let event =
        event.map(|row| serde_json::from_str::<Entry>(row.try_get(0)?).map_err(Error::from)).transpose()?;
    let slug = event.and_then(|entry| match entry.kind {
        Kind::Event { event } => Some(event.slug),
        _ => None,
    });
    let schema = sqlx::query("PRAGMA user_version").fetch_one(&mut conn).await?.try_get(0)?;
    conn.close().await?;
    Ok(Copied { head: Head { epoch, base: 0, top, line }, slug, schema })
}

/// Why a tail's entries cannot follow a ledger's.
#[derive(Debug, thiserror::Error)]
pub enum Apart {
    /// They are of two logs.
    #[error("Redis holds another log of this event ({tail}) than the backup ({ours})")]
    TwoLogs {
        /// The tail's log.
        tail: Epoch,
        /// The ledger's.
        ours: Epoch,
    },
    /// Entries between them are nowhere.
    #[error(
        "the backup ends at entry {top} and the tail in Redis begins behind {base}: what lies between is in neither"
    )]
    Hole {
        /// Where the ledger ends.
        top: Seq,
        /// The seq before the tail's first entry.
        base: Seq,
    },
}

/// How many of a tail's entries follow those of a ledger that ends at `ours`. They do when the tail is of the same log, or of one that
/// goes on from where the ledger ends.
///
/// # Errors
/// [`Apart`].
pub fn beyond(ours: &Head, tail: &Head) -> Result<u64, Apart> {
    let here = Position { epoch: ours.epoch.clone(), seq: ours.top };
    let is_older = ours.line.carries(&Position { epoch: tail.epoch.clone(), seq: tail.top });
    if is_older || (tail.epoch == ours.epoch && tail.top <= ours.top) {
        return Ok(0);
    }
    if tail.epoch != ours.epoch && !tail.line.carries(&here) {
        return Err(Apart::TwoLogs { tail: tail.epoch.clone(), ours: ours.epoch.clone() });
    }
    if tail.base > ours.top {
        return Err(Apart::Hole { top: ours.top, base: tail.base });
    }
    Ok(tail.top.saturating_sub(ours.top))
}

/// Takes a tail's entries into a ledger that ends before them, under the same numbers; returns how many. Numbers that neither has stay
/// empty and are shown as a gap. Words that were held or hidden meanwhile are not in a tail: they come back when their network sends
/// them again.
///
/// # Errors
/// What SQLite says, or an entry that cannot be read.
pub async fn take_over(ledger: &Ledger, base: Seq, lines: &[Line], now: Micros) -> Result<u64, Error> {
    let before = ledger.top();
    while ledger.top() < base {
        let mut txn = ledger.begin().await?;
        for _ in 0..(base - ledger.top()).min(ENTRIES_PER_TRANSACTION as u64) {
            txn.append(now, Kind::Void)?;
        }
        txn.commit().await?;
    }
    let lines: Vec<&Line> = lines.iter().filter(|line| line.seq > ledger.top()).collect();
    for some in lines.chunks(ENTRIES_PER_TRANSACTION) {
        let mut txn = ledger.begin().await?;
        for line in some {
            let entry = line.entry()?;
            if entry.seq != txn.next_seq() {
                return Err(Error::Corrupt(format!(
                    "the tail has entry {} in place of {}",
                    entry.seq,
                    txn.next_seq()
                )));
            }
            note(&mut txn, &entry).await?;
            txn.append(entry.at, entry.kind)?;
        }
        txn.commit().await?;
    }
    let taken = ledger.top() - before;
    if base > before {
        let gap = Gap {
            id: format!("restore-{}", now.0),
            source: "ledger".into(),
            from: now,
            to: Some(now),
            reason: format!(
                "The log was put back from a backup; entries {} to {base} could not be.",
                before + 1
            ),
            count: None,
            closed: false,
        };
        let mut txn = ledger.begin().await?;
        txn.append(now, Kind::Gap { gap })?;
        txn.commit().await?;
    }
    Ok(taken)
}

/// Keeps the private records as an entry leaves them.
async fn note(txn: &mut Txn<'_>, entry: &Entry) -> Result<(), Error> {
    match &entry.kind {
        Kind::Post(e) | Kind::Edit(e) | Kind::Show(e) => {
            let known = txn.items(&[e.id]).await?.remove(&e.id);
            txn.put(shown(entry.seq, e, known));
        }
        Kind::Hide(gone) | Kind::Remove(gone) => {
            let is_final = matches!(entry.kind, Kind::Remove(_));
            let known = txn.items(&[gone.id]).await?.remove(&gone.id);
            txn.put(taken_away(gone, is_final, known));
        }
        Kind::Filing(e) => {
            for moved in &e.moves {
                change(txn, moved.id, |words| words.filing = moved.filing.clone()).await?;
            }
        }
        Kind::Counts(e) => {
            for counted in &e.counts {
                change(txn, counted.id, |words| words.item.counts = counted.counts).await?;
            }
        }
        _ => {}
    }
    Ok(())
}

fn shown(seq: Seq, e: &ItemEntry, known: Option<Record>) -> Record {
    let mut at = known.map(|record| record.at).unwrap_or_default();
    at.push(seq);
    let filing: Filing = e.filing.clone();
    let words = Words { item: e.item.clone(), filing };
    Record {
        id: e.id,
        state: ItemState::Shown,
        veil: Veil::default(),
        rev: e.item.rev,
        words: Some(words),
        first: e.first,
        at,
    }
}

fn taken_away(gone: &Gone, is_final: bool, known: Option<Record>) -> Record {
    let (rev, words) = known.map_or((0, None), |record| (record.rev, record.words));
    let (state, veil, words) = match (is_final, gone.by) {
        (true, _) => (ItemState::Removed, Veil::default(), None),
        (false, GoneBy::Network | GoneBy::Author) => {
            (ItemState::Hidden, Veil { network: true, ..Veil::default() }, words)
        }
        (false, _) => (ItemState::Hidden, Veil { person: true, ..Veil::default() }, words),
    };
    Record { id: gone.id, state, veil, rev, words, first: gone.first, at: Vec::new() }
}

async fn change(txn: &mut Txn<'_>, id: ItemId, how: impl FnOnce(&mut Words)) -> Result<(), Error> {
    if let Some(mut record) = txn.items(&[id]).await?.remove(&id)
        && let Some(words) = &mut record.words
    {
        how(words);
        txn.put(record);
    }
    Ok(())
}

impl Ledger {
    /// Gives the log a new name that continues the present one up to its top, of a generation above everything in `seen`. To be called
    /// on a ledger that was put back, as the last thing before it is dropped.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn readdress(&self, seen: &[Epoch], now: Micros) -> Result<Epoch, Error> {
        let seconds = u64::try_from(now.0 / 1_000_000).unwrap_or(0);
        let generation =
            seen.iter().chain([self.epoch()]).map(|epoch| epoch.generation() + 1).fold(seconds, u64::max);
        let epoch = Epoch::new(generation, rand::random());
        let mut line = self.head().line;
        line.carry(self.epoch().clone(), self.top());
        self.rename(&epoch, &line).await?;
        Ok(epoch)
    }
}

/// Opens the copy of a ledger that lies under `dir` as a data directory, to put it right.
///
/// # Errors
/// As [`Ledger::open`]; [`Error::TooNew`] for one of a newer program.
pub async fn open_copy(dir: &Path, path: &Path) -> Result<Ledger, Error> {
    let view = LedgerView::open(path).await?;
    let eid = view.eid().await?;
    drop(view);
    let expected: PathBuf = Ledger::path_in(dir, eid);
    if expected != path {
        return Err(Error::Corrupt(format!("{} is the ledger of event {eid}", path.display())));
    }
    Ledger::open(dir, eid).await
}
