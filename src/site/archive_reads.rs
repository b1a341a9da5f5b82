//! How pages read the archive: within a bounded time, only when it is not older than our mask, and every row through the mask.

use super::{
    Site,
    failure::Failure,
    follow::EventLive,
    page_cache::{archive_asked, archive_stands, archive_until},
};
use model::{Filing, FilingState, Item, Position, Retain, Row, RowState, Seq};
use std::{future::Future, time::Duration};
use tokio::time::timeout_at;

/// What all archive reads of one page may take together. Below three seconds, so that a page of an archive that hangs still answers.
const PAGE_WAIT: Duration = Duration::from_millis(2500);

impl Site {
    /// Runs a page's archive reads. An archive that does not answer in time, or refuses, is away.
    pub(super) async fn ask_archive<T>(
        &self,
        event: &EventLive,
        reads: impl Future<Output = Result<T, archive::Error>>,
    ) -> Result<T, Failure> {
        let away = || Failure::ArchiveAway { slug: event.listed().slug };
        let read = timeout_at(archive_until(PAGE_WAIT), reads).await;
        archive_asked(matches!(read, Ok(Ok(_))));
        match read {
            Ok(Ok(read)) => Ok(read),
            Ok(Err(error)) => match error.class() {
                archive::Class::Retry => {
                    tracing::debug!(%error, "the archive does not answer a page");
                    Err(away())
                }
                archive::Class::Reject | archive::Class::Fatal => Err(Failure::ours(&error)),
            },
            Err(_) => Err(away()),
        }
    }

    /// Where the archive stands, if its rows may be shown: not before it has reached what our mask knows. Ask this before any row is
    /// read, never after.
    pub(super) async fn archive_position(&self, event: &EventLive) -> Result<Option<Position>, Failure> {
        let cursor =
            self.ask_archive(event, self.archive.cursor(event.eid)).await?.map(|cursor| cursor.position);
        let fold = event.fold();
        archive_stands(seq_of(cursor.as_ref()) >= seq_of(fold.position()));
        if fold.overlay().covers(cursor.as_ref(), fold.position()) {
            Ok(cursor)
        } else {
            metrics::counter!(crate::site::metrics::ARCHIVE_RESTORING).increment(1);
            Err(Failure::Restoring { slug: event.listed().slug })
        }
    }
}

/// What an archive that is away, or closed while it is restored, leaves out of a page that can be drawn without it.
pub(super) fn if_there<T>(read: Result<T, Failure>) -> Result<Option<T>, Failure> {
    match read {
        Ok(read) => Ok(Some(read)),
        Err(Failure::ArchiveAway { .. } | Failure::Restoring { .. }) => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// The posts that a page can show without the archive: those of the newest that are filed and wanted, by when they were said. Whoever asked
/// to be shown live only is not among them, as in the archive.
pub(super) fn from_the_log(event: &EventLive, is_wanted: impl Fn(&Item, &Filing) -> bool) -> Vec<Row> {
    let wanted = |row: &&Row| match (&row.item, &row.filing) {
        (Some(item), Some(filing)) => {
            let is_kept = row.state == RowState::Shown && item.retain == Retain::Archive;
            is_kept && filing.state == FilingState::Filed && is_wanted(item, filing)
        }
        _ => false,
    };
    let mut rows: Vec<Row> = event.fold().rows(Seq::MAX).filter(wanted).cloned().collect();
    rows.sort_by_key(|row| (row.item.as_ref().map(|item| item.when), row.id));
    rows
}

/// The rows as they may be shown, in their order.
pub(super) fn masked(event: &EventLive, rows: Vec<Row>) -> Vec<Row> {
    let fold = event.fold();
    rows.into_iter().filter_map(|row| fold.overlay().pass(row)).collect()
}

/// The seq of an archive position; 0 for an archive that has nothing.
pub(super) fn seq_of(position: Option<&Position>) -> Seq {
    position.map_or(0, |position| position.seq)
}
