//! The site: pages, the public API, pictures, static files. One file per page; what pages show is worked out in [`view`].
//!
//! Live pages come from the site's own fold of each log ([`live_fold`], fed by [`follow`]); archive pages come from the archive, through
//! the mask of what the log has removed since ([`overlay`]). Nothing here writes to a log: what people write is handed to the nozzle
//! ([`post_box`]).

mod about_page;
mod admin_page;
mod api;
mod app_icon;
mod archive_reads;
mod assets;
mod audit;
mod bodies;
mod capability;
mod catch_up;
mod crawlers;
mod door;
mod embed;
mod export;
mod failure;
mod feeds;
mod follow;
mod headers;
mod home;
mod legal_page;
mod life;
mod limiter;
mod links_page;
mod live_fold;
mod live_page;
mod login;
mod media;
mod metrics;
mod moderate;
mod oembed;
mod ops;
mod overlay;
mod page_cache;
mod people;
mod photos_page;
mod post_box;
mod post_page;
mod programme;
mod receipts;
mod record;
mod room_page;
mod routes;
mod schedule_files;
mod schedule_versions;
mod search_page;
mod setup;
mod shell;
mod stage_page;
mod talk_page;
mod telling;
#[cfg(test)]
mod tests;
mod time_machine;
mod tray;
mod view;
mod wall;
mod wall_desk;

pub(crate) use bodies::BODY_BYTES_MAX;
pub(crate) use door::Keys;
pub(crate) use page_cache::front;
pub(crate) use people::{LINK_DAYS, link_address, new_account, new_link};
pub(crate) use routes::router;

use archive::{Archive, people::People};
use chassis::{Readiness, Shutdown, client_addr::Ranges, clock::Clock};
use failure::Failure;
use follow::{EventLive, Events};
use model::Micros;
use nozzle::Intake;
use post_box::{Crowd, Writers};
use std::{path::PathBuf, sync::Arc};
use url::Url;

/// What the site is told.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// The site as browsers see it.
    pub(crate) public_url: Url,
    /// Halley as browsers see it, where that is another origin.
    pub(crate) live_url: Option<Url>,
    /// The data directory, in which a supervisor of this installation has its socket.
    pub(crate) data_dir: PathBuf,
    /// Where fetched pictures are kept; made when needed.
    pub(crate) cache_dir: PathBuf,
    /// Whether pictures may come from this machine itself by plain http: for the demo and for tests.
    pub(crate) media_from_loopback: bool,
    /// The venue's own addresses (`[http] venue_cidrs`): many people write from each.
    pub(crate) venue: Ranges,
}

/// What the site stands on.
pub(crate) struct Parts {
    /// The live logs.
    pub(crate) store: Arc<dyn live::Store>,
    /// The archive.
    pub(crate) archive: Arc<dyn Archive>,
    /// Who may pass the locked door.
    pub(crate) people: Arc<dyn People>,
    /// The nozzle, which takes what people write.
    pub(crate) intake: Arc<dyn Intake>,
    /// What time it is.
    pub(crate) clock: Clock,
    /// What opens that door to programs, and to whoever was there first.
    pub(crate) keys: Keys,
    /// Where this part reports whether it works.
    pub(crate) readiness: Readiness,
}

/// A running site. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Site(Arc<Inner>);

pub(crate) struct Inner {
    settings: Settings,
    archive: Arc<dyn Archive>,
    intake: Arc<dyn Intake>,
    clock: page_cache::PageClock,
    pages: page_cache::PageCache,
    events: Arc<Events>,
    ops: ops::Ops,
    door: door::Door,
    attempts: login::Attempts,
    passwords: login::Passwords,
    audit: audit::Waiting,
    media: Arc<media::Media>,
    limiter: limiter::Limiter,
    posts: Crowd,
    writers: Writers,
    walls: wall::Walls,
    /// How much room the nozzle has for what comes.
    disk: life::Disk,
    codes: moderate::Kept,
    readiness: Readiness,
}

impl std::ops::Deref for Site {
    type Target = Inner;
    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Site {
    /// Starts following the logs. The tasks belong to `shutdown`.
    pub(crate) fn start(settings: Settings, parts: Parts, shutdown: &Shutdown) -> Self {
        let media = Arc::new(media::Media::new(settings.cache_dir.clone(), settings.media_from_loopback));
        let pages_bytes = Arc::<std::sync::atomic::AtomicUsize>::default();
        let store = parts.store.clone();
        metrics::describe();
        let ops = ops::Ops::new(parts.store.clone(), &settings.data_dir);
        let events = Events::start(
            parts.store,
            parts.archive.clone(),
            media.clone(),
            parts.readiness.clone(),
            pages_bytes.clone(),
            shutdown,
        );
        let door = door::Door::new(parts.keys, parts.people, &settings);
        let (posts, writers) = (Crowd::new(settings.venue.clone()), Writers::new(&settings));
        let readiness = parts.readiness;
        let site = Self(Arc::new(Inner {
            settings,
            archive: parts.archive,
            intake: parts.intake,
            clock: page_cache::PageClock::new(parts.clock),
            pages: page_cache::PageCache::new(pages_bytes),
            events,
            ops,
            door,
            attempts: login::Attempts::default(),
            passwords: login::Passwords::default(),
            audit: audit::Waiting::default(),
            media,
            limiter: limiter::Limiter::default(),
            posts,
            writers,
            walls: wall::Walls::default(),
            disk: life::Disk::default(),
            codes: moderate::Kept::default(),
            readiness,
        }));
        shutdown.spawn(record::keep(site.clone(), store, shutdown.clone()));
        shutdown.spawn(ops::watch(site.clone(), shutdown.clone()));
        shutdown.spawn(life::watch(site.clone(), shutdown.clone()));
        let (keeping, until) = (site.clone(), shutdown.clone());
        shutdown.spawn(async move {
            let memory = &keeping.door.memory;
            memory.keep_up(until, || keeping.audit.write(memory.people())).await;
        });
        site
    }

    fn now(&self) -> Micros {
        Micros(self.clock.now())
    }

    /// The event of a slug, once its log was read.
    async fn event(&self, slug: &str) -> Result<Arc<EventLive>, Failure> {
        let event = self.events.find(slug).await.ok_or(Failure::NotFound)?;
        if event.is_read().await { Ok(event) } else { Err(Failure::Starting) }
    }
}
