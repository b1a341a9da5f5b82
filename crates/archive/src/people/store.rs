//! People over either database: connections, time limits, migrations. The statements are in `reads` and `changes`.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use model::Micros;
use sqlx::Pool;
use sqlx::migrate::Migrator;

use super::{
    Account, AuditPage, AuditRow, Capability, Change, Done, People, PersonId, Session, TokenHash, changes,
    reads,
};
use crate::sql::Backend;
use crate::store::MIGRATIONS;
use crate::writer::{limited, whole};
use crate::{Error, Settings, postgres, sqlite};

/// Somebody waits for this answer with a finger on a button.
const LIMIT: Duration = Duration::from_secs(4);
/// Another program may be in the middle of a long migration.
const PREPARE_LIMIT: Duration = Duration::from_secs(30);

/// People of the archive that the settings name. Connects when it is first used.
///
/// # Errors
/// [`Error::Address`] when `url` is none that we know.
pub fn open(settings: &Settings) -> Result<Arc<dyn People>, Error> {
    let url = settings.url.as_str();
    if url == "embedded" {
        return Ok(Arc::new(sqlite::people(&settings.data_dir)));
    }
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        return Ok(Arc::new(postgres::people(url, settings.statement_cache)?));
    }
    Err(Error::unknown_address(url))
}

/// Both databases.
pub(crate) struct Store<DB: Backend> {
    pool: Pool<DB>,
    migrator: Arc<Migrator>,
}

impl<DB: Backend> Store<DB> {
    pub(crate) fn new(pool: Pool<DB>, mut migrator: Migrator) -> Self {
        migrator.dangerous_set_table_name(MIGRATIONS);
        Self { pool, migrator: Arc::new(migrator) }
    }
}

impl<DB: Backend> fmt::Debug for Store<DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("People").field("database", &DB::NAME).finish_non_exhaustive()
    }
}

/// Asks one question on a connection of the pool.
macro_rules! ask {
    ($self:ident, $question:ident $(, $arg:expr)*) => {
        limited(LIMIT, async {
            reads::$question::<DB>(&mut *$self.pool.acquire().await? $(, $arg)*).await
        })
        .await
    };
}

#[async_trait]
impl<DB: Backend> People for Store<DB> {
    async fn prepare(&self) -> Result<(), Error> {
        let (pool, migrator) = (self.pool.clone(), Arc::clone(&self.migrator));
        let known = migrator.iter().map(|migration| migration.version).max().unwrap_or(0);
        whole(limited(PREPARE_LIMIT, async move {
            DB::migrate(&pool, &migrator).await.map_err(|error| Error::from_migration(error, known))
        }))
        .await
    }

    async fn version(&self) -> Result<i64, Error> {
        ask!(self, version)
    }

    async fn has_owner(&self) -> Result<bool, Error> {
        ask!(self, has_owner)
    }

    async fn accounts(&self) -> Result<Vec<Account>, Error> {
        ask!(self, accounts)
    }

    async fn account(&self, id: &PersonId) -> Result<Option<Account>, Error> {
        ask!(self, account, id)
    }

    async fn login(&self, login: &str) -> Result<Option<(Account, String)>, Error> {
        ask!(self, login, login)
    }

    async fn link(&self, hash: &TokenHash, now: Micros) -> Result<Option<Account>, Error> {
        ask!(self, link, hash, now)
    }

    async fn session(&self, hash: &TokenHash, now: Micros) -> Result<Option<(Session, Account)>, Error> {
        ask!(self, session, hash, now)
    }

    async fn sessions(&self, now: Micros) -> Result<Vec<(PersonId, u32)>, Error> {
        ask!(self, sessions, now)
    }

    async fn capabilities(&self, now: Micros) -> Result<Vec<Capability>, Error> {
        ask!(self, capabilities, now)
    }

    async fn audit(&self, page: AuditPage) -> Result<Vec<AuditRow>, Error> {
        ask!(self, audit, page)
    }

    async fn audit_row(&self, n: i64) -> Result<Option<AuditRow>, Error> {
        ask!(self, audit_row, n)
    }

    async fn change(&self, change: Change) -> Result<Done, Error> {
        let pool = self.pool.clone();
        whole(limited(LIMIT, async move {
            let mut transaction = pool.begin_with(DB::BEGIN_DURABLE).await?;
            let done = changes::apply::<DB>(&mut transaction, change).await?;
            match done {
                Done::Yes => transaction.commit().await?,
                _ => transaction.rollback().await?,
            }
            Ok(done)
        }))
        .await
    }
}
