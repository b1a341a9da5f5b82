//! The ledger: one event's log in one SQLite file, and the private state behind it.

mod account;
mod author;
mod kept;
mod lock;
mod pile;
mod read;
mod receipts;
mod schema;
mod scrub;
mod txn;
mod verdict;

pub use account::{Account, ITEMS_PER_STEP_MAX, author_name};
pub use author::{AUTHORS_MAX, AuthorChange};
pub use kept::{KEPT_MAX, Kept};
pub use pile::{Aside, AuthorNote, History, Hit, PILE_MAX, Pile, Sizes, Which};
pub use read::{LedgerView, PushRow};
pub use receipts::NewReceipt;
pub use txn::{Txn, void_json};
pub use verdict::{NewReport, REPORTS_MAX, Reported};

use crate::Error;
use crate::follow::{Head, Line as Lineage};
use crate::log::{Bell, Ringer};
pub(crate) use lock::Lock;
use model::{Epoch, EventId, Seq};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, Executor, Row};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Early deletes that are remembered: the newest this many, or one hour.
pub const EARLY_DELETES_MAX: usize = 100_000;
/// How long an early delete is remembered, in microseconds.
pub const EARLY_DELETE_MICROS: i64 = 3_600_000_000;
/// Accounts that are remembered as hidden or removed: the newest this many; removed ones as long as an early delete.
pub const ACCOUNTS_MAX: usize = 100_000;
/// How long an idempotency key keeps its answer, in microseconds: a week, longer than any sender's retries.
pub const ANSWER_MICROS: i64 = 7 * 24 * 3_600_000_000;
const WAL_BYTES_MAX: u64 = 64 << 20;

/// An open ledger. Clones share the file, its lock and its bell; the lock goes when the last one is dropped.
#[derive(Clone)]
pub struct Ledger(Arc<Inner>);

struct Inner {
    eid: EventId,
    path: PathBuf,
    epoch: Epoch,
    line: Lineage,
    place: String,
    at_home: bool,
    top: AtomicU64,
    trim: AtomicU64,
    writer: tokio::sync::Mutex<SqliteConnection>,
    view: LedgerView,
    ringer: Ringer,
    _lock: Lock,
}

/// How a ledger that does not exist yet begins.
#[derive(Clone, Debug)]
pub struct Birth {
    /// Its name. [`Epoch::new`] with generation 0, unless a recovery makes it.
    pub epoch: Epoch,
    /// The logs that it continues.
    pub line: Lineage,
}

impl Birth {
    /// A log that continues nothing.
    #[must_use]
    pub fn new() -> Self {
        Self { epoch: Epoch::new(0, rand::random()), line: Lineage::default() }
    }
}

impl Default for Birth {
    fn default() -> Self {
        Self::new()
    }
}

impl Ledger {
    /// Where the ledger of an event lies under the data directory.
    #[must_use]
    pub fn path_in(data_dir: &Path, eid: EventId) -> PathBuf {
        data_dir.join("live").join(format!("{eid}.sqlite"))
    }

    /// Opens the ledger of an event under `data_dir`, making it if it is not there.
    ///
    /// # Errors
    /// [`Error::Locked`] when another process holds it, [`Error::TooNew`], [`Error::File`], or what SQLite says.
    pub async fn open(data_dir: &Path, eid: EventId) -> Result<Self, Error> {
        Self::open_or(data_dir, eid, Birth::new()).await
    }

    /// As [`Ledger::open`], with a say in how a new ledger begins.
    ///
    /// # Errors
    /// As [`Ledger::open`].
    pub async fn open_or(data_dir: &Path, eid: EventId, birth: Birth) -> Result<Self, Error> {
        let path = Self::path_in(data_dir, eid);
        let dir = path.parent().expect("path_in puts the file in a folder");
        std::fs::create_dir_all(dir).map_err(|source| Error::File {
            path: dir.to_owned(),
            what: "cannot make this folder; choose a data_dir that can be written",
            source,
        })?;
        let lock = Lock::take(&path)?;
        let mut writer = connect(&path).await?;
        prepare(&mut writer, &path, eid, &birth).await?;
        let place = lock::place(&path)?;
        let meta = writer
            .fetch_one(
                "SELECT epoch, line, place, trim, (SELECT coalesce(max(seq), 0) FROM entry) top FROM meta",
            )
            .await?;
        let epoch: String = meta.try_get("epoch")?;
        let inner = Inner {
            eid,
            epoch: epoch.parse().map_err(|e| Error::Corrupt(format!("{e}")))?,
            line: serde_json::from_str(meta.try_get("line")?)?,
            at_home: meta.try_get::<String, _>("place")? == place,
            place,
            top: AtomicU64::new(number(meta.try_get("top")?)),
            trim: AtomicU64::new(number(meta.try_get("trim")?)),
            writer: tokio::sync::Mutex::new(writer),
            view: LedgerView::open(&path).await?,
            path,
            ringer: Ringer::default(),
            _lock: lock,
        };
        Ok(Self(Arc::new(inner)))
    }

    /// The event.
    #[must_use]
    pub fn eid(&self) -> EventId {
        self.0.eid
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// The log's name.
    #[must_use]
    pub fn epoch(&self) -> &Epoch {
        &self.0.epoch
    }

    /// What the log says of itself. Nothing is ever trimmed from a ledger, so `base` is 0.
    #[must_use]
    pub fn head(&self) -> Head {
        Head { epoch: self.0.epoch.clone(), base: 0, top: self.top(), line: self.0.line.clone() }
    }

    /// The last committed entry.
    #[must_use]
    pub fn top(&self) -> Seq {
        self.0.top.load(Ordering::Acquire)
    }

    /// Who and where we are, for the owner key: a hash of machine and file.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.0.place
    }

    /// True when this file was last used here: a restart, not a copy or a moved disk.
    #[must_use]
    pub fn is_at_home(&self) -> bool {
        self.0.at_home
    }

    /// The seq up to which the tail was trimmed, as far as we know.
    #[must_use]
    pub fn trim(&self) -> Seq {
        self.0.trim.load(Ordering::Acquire)
    }

    /// A bell that rings at every commit.
    #[must_use]
    pub fn bell(&self) -> Bell {
        self.0.ringer.bell()
    }

    /// Read access beside the writer.
    #[must_use]
    pub fn view(&self) -> &LedgerView {
        &self.0.view
    }

    /// Begins the transaction in which things are accepted. Waits for the one before.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn begin(&self) -> Result<Txn<'_>, Error> {
        let conn = self.0.writer.lock().await;
        Txn::begin(self, conn).await
    }

    /// Remembers that this is where the ledger lives now, after its claim succeeded.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn settle(&self) -> Result<(), Error> {
        let mut conn = self.0.writer.lock().await;
        sqlx::query("UPDATE meta SET place = ?").bind(&self.0.place).execute(&mut *conn).await?;
        Ok(())
    }

    /// Remembers how far the tail was trimmed. Never goes back.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn set_trim(&self, seq: Seq) -> Result<(), Error> {
        if seq <= self.trim() {
            return Ok(());
        }
        let mut conn = self.0.writer.lock().await;
        sqlx::query("UPDATE meta SET trim = max(trim, ?)").bind(signed(seq)).execute(&mut *conn).await?;
        self.0.trim.fetch_max(seq, Ordering::AcqRel);
        Ok(())
    }

    /// Writes another name and ancestry of the log. This open ledger still goes by the old ones.
    pub(crate) async fn rename(&self, epoch: &Epoch, line: &Lineage) -> Result<(), Error> {
        let mut conn = self.0.writer.lock().await;
        sqlx::query("UPDATE meta SET epoch = ?, line = ?, place = ''")
            .bind(epoch.as_str())
            .bind(serde_json::to_string(line)?)
            .execute(&mut *conn)
            .await?;
        Ok(())
    }
}

async fn connect(path: &Path) -> Result<SqliteConnection, Error> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_secs(5))
        .pragma("secure_delete", "ON")
        .pragma("journal_size_limit", WAL_BYTES_MAX.to_string())
        .pragma("wal_autocheckpoint", "2000")
        .pragma("temp_store", "MEMORY")
        .pragma("cache_size", "-8000")
        .disable_statement_logging();
    SqliteConnection::connect_with(&options).await.map_err(|e| match e {
        sqlx::Error::Database(d) => Error::File {
            path: path.to_owned(),
            what: "cannot open this ledger; is the disk full or the folder read-only?",
            source: std::io::Error::other(d.to_string()),
        },
        e => e.into(),
    })
}

async fn prepare(conn: &mut SqliteConnection, path: &Path, eid: EventId, birth: &Birth) -> Result<(), Error> {
    let found: i64 = conn.fetch_one("PRAGMA user_version").await?.try_get(0)?;
    if found > schema::VERSION {
        return Err(Error::TooNew { path: path.to_owned(), found, known: schema::VERSION });
    }
    if found < schema::VERSION {
        // All steps or none: a crash in between leaves the version that was there.
        let mut tx = conn.begin().await?;
        for step in &schema::STEPS[usize::try_from(found).unwrap_or(0)..] {
            sqlx::raw_sql(*step).execute(&mut *tx).await?;
        }
        if found == 0 {
            sqlx::query("INSERT INTO meta (one, eid, epoch, line, place, trim) VALUES (1, ?, ?, ?, '', 0)")
                .bind(eid.as_str())
                .bind(birth.epoch.as_str())
                .bind(serde_json::to_string(&birth.line)?)
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
    }
    let stored: String = conn.fetch_one("SELECT eid FROM meta").await?.try_get(0)?;
    if stored != eid.as_str() {
        return Err(Error::Corrupt(format!("{} is the ledger of event {stored}", path.display())));
    }
    Ok(())
}

/// SQLite's integers are signed; seqs stay far below the limit.
fn signed(seq: Seq) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}

fn number(n: i64) -> Seq {
    Seq::try_from(n).unwrap_or(0)
}

impl std::fmt::Debug for Ledger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Ledger({}, {}.{})", self.0.eid, self.0.epoch, self.top())
    }
}
