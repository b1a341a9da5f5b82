//! All tails of an installation, the directory of events and the status board, in one Redis.

use super::bells::Bells;
use super::client::{Client, Reply};
use super::directory::Directory;
use super::fit::{self, ServerFacts};
use super::fred::FredClient;
use super::rewrite::{self, Rewritten};
use super::tail::{Keys, Tail};
use crate::Error;
use crate::log::{Bell, Log, Page, Store};
use async_trait::async_trait;
use bytes::Bytes;
use model::event::{EventRef, Former};
use model::{EventId, Position, Seq};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until};

/// Set of the keys that may hold a status record.
const BOARD: &str = "status:index";
const STATUS_LIFE_MS: u32 = 5_000;
/// More daemons than this are not shown.
const STATUSES_MAX: usize = 1_000;
/// Between the end of one rewrite of the server's files and the beginning of the next.
const REWRITE_PAUSE: Duration = Duration::from_secs(20);

/// The live store in Redis. Pushing, reading and listening have a connection each: a long read must delay neither.
#[derive(Clone)]
pub struct RedisStore {
    writer: Arc<dyn Client>,
    reader: Arc<dyn Client>,
    bells: Arc<Bells>,
    directory: Arc<Directory>,
    /// When the server's files were last written anew at our wish.
    rewritten: Arc<Mutex<Option<Instant>>>,
}

impl RedisStore {
    /// Connects. A server that is away is waited for in the background: calls fail until it is there.
    ///
    /// # Errors
    /// [`Error::Unfit`] when the address cannot be understood.
    pub async fn connect(url: &str) -> Result<Self, Error> {
        let (writer, reader, ear) =
            tokio::try_join!(FredClient::connect(url), FredClient::connect(url), FredClient::listen(url))?;
        let bells = Arc::new(Bells::new(ear));
        let writer: Arc<dyn Client> = Arc::new(writer);
        let directory = Arc::new(Directory::new(Arc::clone(&writer)));
        Ok(Self { writer, reader: Arc::new(reader), bells, directory, rewritten: Arc::default() })
    }

    /// Asks the server whether it may hold a tail. To be asked before the first push, and by `perihelion check`.
    ///
    /// # Errors
    /// [`Error::Unfit`] when it is older than 7 or evicts keys, [`Error::Redis`] when it is away.
    pub async fn check(&self) -> Result<ServerFacts, Error> {
        fit::check(&*self.reader).await
    }

    /// Has the server write its files anew, so that what was overwritten before this call is in none of them. Waits its turn: the
    /// whole server pays for it, whichever event asks.
    ///
    /// # Errors
    /// [`Error::Redis`]; then ask again.
    pub async fn rewrite(&self, eid: EventId) -> Result<Rewritten, Error> {
        let mut rewritten = self.rewritten.lock().await;
        if let Some(at) = *rewritten {
            sleep_until(at + REWRITE_PAUSE).await;
        }
        let done = rewrite::rewrite(&*self.writer, &Keys::of(eid).bell).await;
        *rewritten = Some(Instant::now());
        done
    }

    /// The tail of an event, for its nozzle.
    #[must_use]
    pub fn tail(&self, eid: EventId) -> Tail {
        Tail::new(Arc::clone(&self.writer), eid)
    }

    /// Lists an event in the directory, or its new slug and title, and keeps it listed for as long as this store lives:
    /// a flush or a rollback forgets the directory too.
    ///
    /// # Errors
    /// [`Error::Redis`]; the listing is tried again all the same.
    pub async fn publish(&self, event: &EventRef) -> Result<(), Error> {
        self.directory.publish(event).await
    }

    /// Says what has become of an event's addresses, and goes on saying it for as long as this store lives. What is left of
    /// an event that was deleted is erased; nobody may be pushing it any more.
    ///
    /// # Errors
    /// [`Error::Redis`]; what was said is said again all the same, what was not erased needs another call.
    pub async fn tell(&self, former: &Former) -> Result<(), Error> {
        self.directory.tell(former).await?;
        if former.deleted.is_some() {
            self.tail(former.eid).erase().await?;
        }
        Ok(())
    }
}

#[async_trait]
impl Store for RedisStore {
    async fn events(&self) -> Result<Vec<EventRef>, Error> {
        self.directory.events(&*self.reader).await
    }

    async fn formers(&self) -> Result<Vec<Former>, Error> {
        self.directory.formers(&*self.reader).await
    }

    async fn log(&self, eid: EventId) -> Result<Arc<dyn Log>, Error> {
        if !self.directory.has(&*self.reader, eid).await? {
            return Err(Error::NoEvent(eid.to_string()));
        }
        self.bells.add(&Keys::of(eid).bell).await;
        let tail = Tail::new(Arc::clone(&self.reader), eid);
        Ok(Arc::new(RedisLog { eid, tail, bells: Arc::clone(&self.bells) }))
    }

    async fn put_status(&self, key: &str, json: &str) -> Result<(), Error> {
        let arguments = vec![text(key), text(json), text("PX"), text(STATUS_LIFE_MS)];
        self.writer.call("SET", key, arguments).await?;
        self.writer.call("SADD", BOARD, vec![text(BOARD), text(key)]).await?;
        Ok(())
    }

    async fn statuses(&self) -> Result<Vec<(String, String)>, Error> {
        let keys = self.reader.call("SMEMBERS", BOARD, vec![text(BOARD)]).await?.list()?;
        let mut keys: Vec<String> = keys.iter().map(Reply::text).collect::<Result<_, _>>()?;
        keys.sort_unstable();
        keys.truncate(STATUSES_MAX);
        let Some(first) = keys.first() else { return Ok(Vec::new()) };
        let found = self.reader.call("MGET", first, keys.iter().map(text).collect()).await?.list()?;
        let (mut alive, mut gone) = (Vec::new(), vec![text(BOARD)]);
        for (key, record) in keys.into_iter().zip(found) {
            match record {
                Reply::Nil => gone.push(text(&key)),
                record => alive.push((key, record.text()?)),
            }
        }
        if gone.len() > 1 {
            // A daemon that puts its record right now adds its key again with the next one.
            self.writer.call("SREM", BOARD, gone).await?;
        }
        Ok(alive)
    }

    async fn put_figures(&self, eid: EventId, json: &str) -> Result<(), Error> {
        let key = Keys::of(eid).figures;
        self.writer.call("SET", &key, vec![text(&key), text(json)]).await.map(drop)
    }

    async fn figures(&self, eid: EventId) -> Result<Option<String>, Error> {
        let key = Keys::of(eid).figures;
        match self.reader.call("GET", &key, vec![text(&key)]).await? {
            Reply::Nil => Ok(None),
            json => json.text().map(Some),
        }
    }

    async fn server(&self) -> Result<Option<ServerFacts>, Error> {
        self.check().await.map(Some)
    }
}

/// One event's tail as readers see it.
struct RedisLog {
    eid: EventId,
    tail: Tail,
    bells: Arc<Bells>,
}

#[async_trait]
impl Log for RedisLog {
    fn eid(&self) -> EventId {
        self.eid
    }

    async fn read(&self, after: Seq, max: usize) -> Result<Option<Page>, Error> {
        self.tail.read(after, max).await
    }

    fn bell(&self) -> Bell {
        self.bells.bell(&self.tail.keys.bell)
    }

    async fn archived(&self, position: &Position) -> Result<(), Error> {
        self.tail.set_archived(position).await
    }
}

fn text(value: impl ToString) -> Bytes {
    Bytes::from(value.to_string())
}
