//! What is remembered of people, so that a log-in that was looked up once goes on while the database is away, and costs no question each time.
//!
//! Every change of people moves a number in the database. [`Memory::keep_up`] looks at it every two seconds, and reads anew what is remembered
//! when it has moved: what another process (or `perihelion user`) has changed counts here within that time, what this process changes at once.
//! While the database is away nobody can change anything, and what is remembered stays true until it ends by its own time.

use crate::site::failure::Failure;
use archive::{
    Class,
    people::{Account, Capability, Change, Done, People, Session, TokenHash},
};
use chassis::Shutdown;
use model::Micros;
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::sync::Notify;

/// A log-in that is not used for so long has ended.
pub(in crate::site) const IDLE: i64 = 12 * Micros::HOUR;
/// A log-in ends after so long, however much it is used.
pub(in crate::site) const ABSOLUTE: i64 = 7 * 24 * Micros::HOUR;
/// When a log-in was last used is written down so often at most.
const WRITE_SEEN_AFTER: i64 = 10 * Micros::MINUTE;
/// Log-ins that are remembered; others are looked up.
const SESSIONS_KEPT_MAX: usize = 2_000;
/// How often the number is looked at.
pub(in crate::site) const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Looks before giving up while people change faster than they are read.
const LOOKS_MAX: u32 = 4;

/// See the module.
#[derive(Debug)]
pub(in crate::site) struct Memory {
    people: Arc<dyn People>,
    kept: Mutex<Kept>,
    /// Told when something waits to be written.
    pub(in crate::site) wake: Notify,
    /// Whether the last look failed: then nobody waits for the database, which is looked at every two seconds anyway.
    is_away: AtomicBool,
}

#[derive(Debug, Default)]
struct Kept {
    sessions: HashMap<TokenHash, Known>,
    /// None until they were read once.
    capabilities: Option<Vec<Capability>>,
    is_owned: Option<bool>,
    /// The number as of which all this is true.
    version: Option<i64>,
    /// How often all was read: what was looked up before the last time is not believed.
    readings: u64,
}

#[derive(Clone, Debug)]
struct Known {
    session: Session,
    account: Arc<Account>,
    /// When it was last used, to the moment.
    seen: Micros,
}

impl Known {
    fn new((session, account): (Session, Account)) -> Self {
        Self { seen: session.seen, session, account: Arc::new(account) }
    }

    fn is_on(&self, now: Micros) -> bool {
        now.0 < self.session.ends.0 && now.since(self.seen) < IDLE
    }
}

impl Memory {
    pub(super) fn new(people: Arc<dyn People>) -> Self {
        Self { people, kept: Mutex::default(), wake: Notify::new(), is_away: AtomicBool::new(false) }
    }

    /// The database, for what is not remembered.
    pub(in crate::site) fn people(&self) -> &dyn People {
        &*self.people
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whose log-in this is, and that it was used now; none for one that has ended.
    pub(super) async fn session(
        &self,
        hash: &TokenHash,
        now: Micros,
    ) -> Result<Option<Arc<Account>>, Failure> {
        if let Some(account) = self.known(hash, now) {
            return Ok(Some(account));
        }
        for _ in 0..LOOKS_MAX {
            if self.is_away.load(Ordering::Relaxed) {
                break;
            }
            let readings = self.kept().readings;
            let found = self.people.session(hash, now).await.map_err(|error| away(&error))?;
            let Some(known) = found.map(Known::new).filter(|known| known.is_on(now)) else { return Ok(None) };
            let account = known.account.clone();
            let mut kept = self.kept();
            if kept.readings == readings {
                kept.make_room();
                kept.sessions.insert(hash.clone(), Known { seen: now, ..known });
                return Ok(Some(account));
            }
            // Somebody changed people meanwhile, perhaps this very log-in.
        }
        Err(Failure::DoorAway)
    }

    fn known(&self, hash: &TokenHash, now: Micros) -> Option<Arc<Account>> {
        let mut kept = self.kept();
        let known = kept.sessions.get_mut(hash)?;
        if known.is_on(now) {
            known.seen = now;
            return Some(known.account.clone());
        }
        // Another process may have seen it used since.
        kept.sessions.remove(hash);
        None
    }

    /// Whether somebody owns the installation by name. Once it is so, it stays so.
    pub(in crate::site) async fn is_owned(&self) -> Result<bool, Failure> {
        let known = self.kept().is_owned;
        if known == Some(true) {
            return Ok(true);
        }
        match self.people.has_owner().await {
            Ok(is_owned) => {
                self.kept().is_owned = Some(is_owned);
                Ok(is_owned)
            }
            Err(error) => known.ok_or_else(|| away(&error)),
        }
    }

    /// The capability link of a token, if it has not ended.
    pub(in crate::site) fn capability(
        &self,
        token: &str,
        now: Micros,
    ) -> Result<Option<Capability>, Failure> {
        let hash = TokenHash::of(token);
        let kept = self.kept();
        let all = kept.capabilities.as_ref().ok_or(Failure::DoorAway)?;
        let found = all.iter().find(|link| link.hash == hash && link.ends.is_none_or(|ends| now.0 < ends.0));
        Ok(found.cloned())
    }

    /// Changes people; what is remembered follows before this returns.
    pub(in crate::site) async fn change(&self, change: Change) -> Result<Done, Failure> {
        let done = self.people.change(change).await.map_err(|error| away(&error))?;
        if done == Done::Yes
            && let Err(error) = self.read_anew(crate::site::door::real_now()).await
        {
            tracing::warn!(%error, "people were changed and could not be read again; trying on");
        }
        Ok(done)
    }

    /// Reads all that is remembered, as of the number that the database gives first.
    async fn read_anew(&self, now: Micros) -> Result<(), archive::Error> {
        let hashes: Vec<TokenHash> = self.kept().sessions.keys().cloned().collect();
        let version = self.people.version().await?;
        let capabilities = self.people.capabilities(now).await?;
        let is_owned = self.people.has_owner().await?;
        let mut read = HashMap::new();
        for hash in hashes {
            if let Some(found) = self.people.session(&hash, now).await? {
                read.insert(hash, Known::new(found));
            }
        }
        let mut kept = self.kept();
        let before = std::mem::take(&mut kept.sessions);
        for (hash, known) in read {
            // What came or ended meanwhile is looked up when it is used next.
            if let Some(was) = before.get(&hash) {
                kept.sessions.insert(hash, Known { seen: known.seen.max(was.seen), ..known });
            }
        }
        kept.capabilities = Some(capabilities);
        kept.is_owned = Some(is_owned);
        kept.version = Some(version);
        kept.readings += 1;
        Ok(())
    }

    /// Log-ins that were used long after what the database knows.
    fn unwritten(&self) -> Vec<(TokenHash, Micros)> {
        let kept = self.kept();
        let is_due = |known: &&Known| known.seen.since(known.session.seen) >= WRITE_SEEN_AFTER;
        kept.sessions.values().filter(is_due).map(|known| (known.session.hash.clone(), known.seen)).collect()
    }

    /// One look at the database: prepares it once, reads anew what has changed, writes what waits.
    async fn look(&self, is_prepared: &mut bool) -> Result<(), archive::Error> {
        if !*is_prepared {
            self.people.prepare().await?;
            *is_prepared = true;
        }
        let version = self.people.version().await?;
        if self.kept().version != Some(version) {
            self.read_anew(super::real_now()).await?;
        }
        let seen = self.unwritten();
        if !seen.is_empty() {
            self.people.change(Change::Seen(seen.clone())).await?;
            let mut kept = self.kept();
            for (hash, at) in seen {
                if let Some(known) = kept.sessions.get_mut(&hash) {
                    known.session.seen = at;
                }
            }
        }
        Ok(())
    }

    /// Keeps what is remembered true until the end, and hands `each` the database after every look that succeeded.
    pub(in crate::site) async fn keep_up<F: Future<Output = Result<(), archive::Error>>>(
        &self,
        shutdown: Shutdown,
        each: impl Fn() -> F,
    ) {
        let mut is_prepared = false;
        loop {
            let looked = match self.look(&mut is_prepared).await {
                Ok(()) => each().await,
                failed => failed,
            };
            let was_away = self.is_away.swap(looked.is_err(), Ordering::Relaxed);
            if let (false, Err(error)) = (was_away, &looked) {
                say_away(error);
            }
            if shutdown.is_triggered() {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => {}
                () = self.wake.notified() => {}
                () = shutdown.triggered() => {}
            }
        }
    }
}

impl Kept {
    /// Lets the one go that was used longest ago.
    fn make_room(&mut self) {
        if self.sessions.len() >= SESSIONS_KEPT_MAX {
            let oldest =
                self.sessions.iter().min_by_key(|(_, known)| known.seen).map(|(hash, _)| hash.clone());
            oldest.and_then(|hash| self.sessions.remove(&hash));
        }
    }
}

fn say_away(error: &archive::Error) {
    match error.class() {
        Class::Retry => {
            tracing::warn!(%error, "people cannot be looked up: who is signed in stays so, nobody else can sign in");
        }
        Class::Reject | Class::Fatal => tracing::error!(%error, "people cannot be read: nobody can sign in"),
    }
}

fn away(error: &archive::Error) -> Failure {
    if error.class() == Class::Retry { Failure::DoorAway } else { Failure::ours(error) }
}
