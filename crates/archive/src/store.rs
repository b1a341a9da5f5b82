//! The archive over either database.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use model::{EventId, Fold, Gap, ItemId, Micros, Notice, Row, Seq, StageEntry, Talk, Tally};
use sqlx::Pool;
use sqlx::migrate::Migrator;
use sqlx::pool::PoolOptions;

use crate::contract::{Archive, Batch, Lines, Purged};
use crate::query::{
    Arrivals, EventRow, Link, Links, Minute, Query, Rank, Scope, TalkCount, Then, Totals, Version,
};
use crate::sql::Backend;
use crate::writer::{CONNECT_LIMIT, Writer, limited, whole};
use crate::{Cursor, Error, arrivals, fill, find, links, reads, snapshot, writes};

/// A page would rather say 503 than wait longer.
const READ_LIMIT: Duration = Duration::from_secs(5);
/// A database that took the batch and says nothing for this long is gone.
const WRITE_LIMIT: Duration = Duration::from_secs(30);
/// The table that says which migrations were applied.
pub(crate) const MIGRATIONS: &str = "archive_migrations";

/// Both databases.
pub(crate) struct Store<DB: Backend> {
    writer: Arc<Writer<DB>>,
    readers: Pool<DB>,
    migrator: Arc<Migrator>,
}

impl<DB: Backend> Store<DB> {
    pub(crate) fn new(
        writer: <DB::Connection as sqlx::Connection>::Options,
        readers: Pool<DB>,
        mut migrator: Migrator,
    ) -> Self {
        // Other parts of the product keep tables of their own in the same database.
        migrator.dangerous_set_table_name(MIGRATIONS);
        Self { writer: Arc::new(Writer::new(writer)), readers, migrator: Arc::new(migrator) }
    }
}

impl<DB: Backend> fmt::Debug for Store<DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Archive").field("database", &DB::NAME).finish_non_exhaustive()
    }
}

#[async_trait]
impl<DB: Backend> Archive for Store<DB> {
    async fn prepare(&self) -> Result<(), Error> {
        let (writer, migrator) = (Arc::clone(&self.writer), Arc::clone(&self.migrator));
        let readers = self.readers.clone();
        let known = migrator.iter().map(|migration| migration.version).max().unwrap_or(0);
        whole(async move {
            // A pool of its own, closed at once: the driver keeps its session lock when a migration is refused.
            let own = PoolOptions::<DB>::new()
                .max_connections(1)
                .acquire_timeout(CONNECT_LIMIT)
                .connect_lazy_with(writer.options().clone());
            let migrated = DB::migrate(&own, &migrator).await;
            own.close().await;
            migrated.map_err(|error| Error::from_migration(error, known))?;
            if fill::is_filled::<DB>(&mut *readers.acquire().await?).await? {
                return Ok(());
            }
            let mut turn = writer.turn().await?;
            let mut transaction = turn.begin().await?;
            // Another program may have done it while we waited for our turn.
            if !fill::is_filled::<DB>(&mut transaction).await? {
                fill::fill::<DB>(&mut transaction).await?;
            }
            transaction.commit().await?;
            turn.keep();
            Ok(())
        })
        .await
    }

    async fn ping(&self) -> Result<(), Error> {
        limited(READ_LIMIT, async { reads::ping::<DB>(&mut *self.readers.acquire().await?).await }).await
    }

    async fn purge(&self) -> Result<Option<Purged>, Error> {
        let (writer, readers) = (Arc::clone(&self.writer), self.readers.clone());
        whole(async move { DB::purge(&writer, &readers).await }).await
    }

    async fn cursor(&self, event: EventId) -> Result<Option<Cursor>, Error> {
        limited(READ_LIMIT, async { reads::cursor::<DB>(&mut *self.readers.acquire().await?, event).await })
            .await
    }

    async fn write(&self, batch: Batch) -> Result<(), Error> {
        let writer = Arc::clone(&self.writer);
        whole(async move {
            let mut turn = writer.turn().await?;
            let write = async {
                let mut transaction = turn.begin().await?;
                writes::write::<DB>(&mut transaction, &batch).await?;
                Ok(transaction.commit().await?)
            };
            limited(WRITE_LIMIT, write).await?;
            turn.keep();
            Ok(())
        })
        .await
    }

    async fn move_cursor(&self, event: EventId, from: Cursor, to: Cursor) -> Result<(), Error> {
        let writer = Arc::clone(&self.writer);
        whole(async move {
            let mut turn = writer.turn().await?;
            let mut transaction = turn.begin().await?;
            writes::move_cursor::<DB>(&mut transaction, event, Some(&from), &to).await?;
            transaction.commit().await?;
            turn.keep();
            Ok(())
        })
        .await
    }

    async fn rebuild(&self, event: EventId, mut lines: Box<dyn Lines>) -> Result<Cursor, Error> {
        let writer = Arc::clone(&self.writer);
        whole(async move {
            let mut turn = writer.turn().await?;
            let mut transaction = turn.begin().await?;
            let cursor = writes::rebuild::<DB>(&mut transaction, event, &mut *lines).await?;
            transaction.commit().await?;
            turn.keep();
            Ok(cursor)
        })
        .await
    }

    async fn forget(&self, event: EventId) -> Result<(), Error> {
        let writer = Arc::clone(&self.writer);
        whole(async move {
            let mut turn = writer.turn().await?;
            let mut transaction = turn.begin().await?;
            writes::forget::<DB>(&mut transaction, event).await?;
            transaction.commit().await?;
            turn.keep();
            Ok(())
        })
        .await
    }

    async fn events(&self) -> Result<Vec<EventRow>, Error> {
        limited(READ_LIMIT, async { reads::events::<DB>(&mut *self.readers.acquire().await?).await }).await
    }

    async fn item(&self, event: EventId, id: ItemId) -> Result<Option<Row>, Error> {
        limited(READ_LIMIT, async { reads::item::<DB>(&mut *self.readers.acquire().await?, event, id).await })
            .await
    }

    async fn items(&self, event: EventId, query: &Query) -> Result<Vec<Row>, Error> {
        let read = async {
            let Scope::Search(search) = &query.scope else {
                return reads::items::<DB>(&mut *self.readers.acquire().await?, event, query).await;
            };
            let mut transaction = self.readers.begin_with(DB::BEGIN_SEARCH).await?;
            let rows = find::page::<DB>(&mut transaction, event, search, query).await?;
            transaction.rollback().await?;
            Ok(rows)
        };
        limited(READ_LIMIT, read).await
    }

    async fn count(&self, event: EventId, query: &Query, most: u32) -> Result<u64, Error> {
        let Scope::Search(search) = &query.scope else { return Ok(0) };
        let read = async {
            let mut transaction = self.readers.begin_with(DB::BEGIN_SEARCH).await?;
            let count = find::count::<DB>(&mut transaction, event, search, query, most).await?;
            transaction.rollback().await?;
            Ok(count)
        };
        limited(READ_LIMIT, read).await
    }

    async fn links(
        &self,
        event: EventId,
        of: &Links,
        after: Option<&Rank>,
        limit: u32,
    ) -> Result<Vec<Link>, Error> {
        let read =
            async { links::links::<DB>(&mut *self.readers.acquire().await?, event, of, after, limit).await };
        limited(READ_LIMIT, read).await
    }

    async fn arrivals(&self, event: EventId, asked: &Arrivals) -> Result<Vec<Row>, Error> {
        let read =
            async { arrivals::arrivals::<DB>(&mut *self.readers.acquire().await?, event, asked).await };
        limited(READ_LIMIT, read).await
    }

    async fn places(&self, event: EventId, asked: &Arrivals) -> Result<Vec<Row>, Error> {
        let read = async { arrivals::places::<DB>(&mut *self.readers.acquire().await?, event, asked).await };
        limited(READ_LIMIT, read).await
    }

    async fn then(&self, event: EventId, at: Micros) -> Result<Then, Error> {
        let read = async { arrivals::then::<DB>(&mut *self.readers.acquire().await?, event, at).await };
        limited(READ_LIMIT, read).await
    }

    async fn unfiled(&self, event: EventId, from: Micros, to: Micros) -> Result<u64, Error> {
        let read =
            async { arrivals::unfiled::<DB>(&mut *self.readers.acquire().await?, event, from, to).await };
        limited(READ_LIMIT, read).await
    }

    async fn changed_after(&self, event: EventId, after: Seq, limit: u32) -> Result<Vec<Row>, Error> {
        limited(READ_LIMIT, async {
            reads::changed_after::<DB>(&mut *self.readers.acquire().await?, event, after, limit).await
        })
        .await
    }

    async fn talks(&self, event: EventId) -> Result<Vec<Talk>, Error> {
        limited(READ_LIMIT, async { reads::talks::<DB>(&mut *self.readers.acquire().await?, event).await })
            .await
    }

    async fn versions(&self, event: EventId, below: u64, limit: u32) -> Result<Vec<Version>, Error> {
        limited(READ_LIMIT, async {
            reads::versions::<DB>(&mut *self.readers.acquire().await?, event, below, limit).await
        })
        .await
    }

    async fn stage(&self, event: EventId) -> Result<Vec<StageEntry>, Error> {
        limited(READ_LIMIT, async { reads::stage::<DB>(&mut *self.readers.acquire().await?, event).await })
            .await
    }

    async fn gaps(&self, event: EventId) -> Result<Vec<Gap>, Error> {
        limited(READ_LIMIT, async { reads::gaps::<DB>(&mut *self.readers.acquire().await?, event).await })
            .await
    }

    async fn tallies(&self, event: EventId, from: Micros, to: Micros) -> Result<Vec<Tally>, Error> {
        limited(READ_LIMIT, async {
            reads::tallies::<DB>(&mut *self.readers.acquire().await?, event, from, to).await
        })
        .await
    }

    async fn notices(&self, event: EventId) -> Result<Vec<Notice>, Error> {
        let read = async { reads::notices::<DB>(&mut *self.readers.acquire().await?, event).await };
        let rows = limited(READ_LIMIT, read).await?;
        Ok(rows.into_iter().map(|(_, notice)| notice).collect())
    }

    async fn talk_counts(&self, event: EventId) -> Result<Vec<TalkCount>, Error> {
        limited(READ_LIMIT, async {
            reads::talk_counts::<DB>(&mut *self.readers.acquire().await?, event).await
        })
        .await
    }

    async fn minutes(&self, event: EventId) -> Result<Vec<Minute>, Error> {
        limited(READ_LIMIT, async { reads::minutes::<DB>(&mut *self.readers.acquire().await?, event).await })
            .await
    }

    async fn totals(&self, event: EventId) -> Result<Totals, Error> {
        limited(READ_LIMIT, async { reads::totals::<DB>(&mut *self.readers.acquire().await?, event).await })
            .await
    }

    async fn snapshot(&self, event: EventId, items_max: u32) -> Result<Option<(Cursor, Fold)>, Error> {
        let pool = self.readers.clone();
        whole(async move {
            let mut transaction = pool.begin_with(DB::BEGIN_SNAPSHOT).await?;
            let snapshot = snapshot::read::<DB>(&mut transaction, event, items_max).await?;
            transaction.rollback().await?;
            Ok(snapshot)
        })
        .await
    }
}
