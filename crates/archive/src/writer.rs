//! The one connection that writes.
//!
//! It belongs to nobody's pool: whoever writes takes it, and gives it back only after a clean commit. A connection that
//! saw an error, a time-out or a cancelled step is dropped, so nobody ever meets a half-done transaction on it.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use sqlx::{ConnectOptions as _, Connection as _, Database, Transaction};
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::time::timeout;

use crate::Error;
use crate::sql::Backend;

/// How long to wait for a connection.
pub(crate) const CONNECT_LIMIT: Duration = Duration::from_secs(3);
/// How long to wait for another writer of this process to finish.
const TURN_LIMIT: Duration = Duration::from_secs(40);

/// Hands out the connection, one turn at a time.
pub(crate) struct Writer<DB: Database> {
    options: <DB::Connection as sqlx::Connection>::Options,
    idle: Arc<Mutex<Option<DB::Connection>>>,
}

/// The right to write until dropped.
pub(crate) struct Turn<DB: Database> {
    connection: DB::Connection,
    idle: OwnedMutexGuard<Option<DB::Connection>>,
}

impl<DB: Backend> Writer<DB> {
    pub(crate) fn new(options: <DB::Connection as sqlx::Connection>::Options) -> Self {
        Self { options, idle: Arc::new(Mutex::new(None)) }
    }

    pub(crate) fn options(&self) -> &<DB::Connection as sqlx::Connection>::Options {
        &self.options
    }

    pub(crate) async fn turn(&self) -> Result<Turn<DB>, Error> {
        let waiting = Arc::clone(&self.idle).lock_owned();
        let mut idle = limited(TURN_LIMIT, async { Ok(waiting.await) }).await?;
        let connection = match idle.take() {
            Some(connection) => connection,
            None => limited(CONNECT_LIMIT, async { Ok(self.options.connect().await?) }).await?,
        };
        Ok(Turn { connection, idle })
    }
}

impl<DB: Backend> Turn<DB> {
    pub(crate) async fn begin(&mut self) -> Result<Transaction<'_, DB>, Error> {
        Ok(self.connection.begin_with(DB::BEGIN_WRITE).await?)
    }

    /// The connection itself, for what needs no transaction or makes its own.
    pub(crate) fn connection(&mut self) -> &mut DB::Connection {
        &mut self.connection
    }

    /// Gives the connection back for the next turn. Call it after a commit only.
    pub(crate) fn keep(mut self) {
        *self.idle = Some(self.connection);
    }
}

/// Runs a transaction in a task of its own, which a caller that goes away does not cancel.
pub(crate) async fn whole<T: Send + 'static>(
    transaction: impl Future<Output = Result<T, Error>> + Send + 'static,
) -> Result<T, Error> {
    tokio::spawn(transaction).await.unwrap_or(Err(Error::Abandoned))
}

/// A database that does not answer in time is away.
pub(crate) async fn limited<T>(
    limit: Duration,
    step: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    timeout(limit, step).await.unwrap_or(Err(Error::Silent))
}
