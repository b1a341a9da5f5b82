//! Starts roles: all in one process, or one. Each start returns once the role runs; what it started is owned by the
//! fate's shutdown.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ::archive::{Archive, people::People};
use ::live::Store;
use ::nozzle::Nozzle;
use anyhow::{Context, Result};
use chassis::clock::Clock;
use chassis::http::{self, Limits};
use chassis::workers::{Leash, Seat};
use chassis::{Readiness, process};
use model::EventId;
use tokio::net::TcpListener;
use tokio::time::timeout;

use super::{
    NozzleHistory, Plan, archive, halley_config, hosts, http_intake, live, nozzle_config, people,
    strainer_config, workers,
};
use crate::config::Config;
use crate::data_dir::DataDir;
use crate::event_file::EventToApply;
use crate::failure::Failure;
use crate::runtime::Fate;
use crate::{ledgers, site as pages};

const SITE_KEY: &str = "[site] listen";
const NOZZLE_KEY: &str = "[nozzle] listen";
pub(super) const HALLEY_KEY: &str = "[halley] listen";
/// How long a start looks at the archive.
const ARCHIVE_WAIT: Duration = Duration::from_secs(2);
/// Connections for requests that end at once, beside the streams.
const REQUESTS_MAX: usize = 256;

/// What `up` and the demo start with.
pub(crate) struct Up {
    /// Tells everybody the time.
    pub(crate) clock: Clock,
    /// Where sources find their secrets.
    pub(crate) env: fn(&str) -> Option<String>,
    /// An event.toml to apply first.
    pub(crate) event: Option<PathBuf>,
    /// Whether pictures may come from this machine itself.
    pub(crate) media_from_loopback: bool,
}

/// Starts every role in this process and returns the address of the pages.
pub(crate) async fn up(config: &Config, with: Up, fate: &Fate) -> Result<SocketAddr, Failure> {
    let event = match &with.event {
        Some(path) => Some(EventToApply::read(path, with.env).await?),
        None => None,
    };
    let data = DataDir::open(&config.data_dir)?;
    let page_listener = http::bind(&config.site.listen.to_string(), SITE_KEY).await?;
    let intake_listener = http::bind(&config.nozzle.listen.to_string(), NOZZLE_KEY).await?;
    let bound = page_listener.local_addr().context("the site's listener has no address")?;
    let readiness = fate.readiness().clone();
    readiness.awaits(&["directory", "events", "schema"]);
    let (store, live) = live(config).await?;

    let parts =
        ::nozzle::Parts { live, clock: with.clock.clone(), readiness: readiness.clone(), env: with.env };
    let nozzle = Nozzle::open(nozzle_config(config, &data)?, parts, fate.shutdown().clone()).await?;
    run_nozzle(nozzle.clone(), intake_listener, fate);
    let archive = archive(config)?;
    refuse_newer(archive.as_ref()).await?;
    let parts = ::strainer::Parts {
        store: store.clone(),
        archive,
        history: Some(Arc::new(NozzleHistory(nozzle.clone()))),
        readiness: readiness.clone(),
    };
    ::strainer::start(&strainer_config(config), parts, fate.shutdown());
    let ground = Ground {
        config,
        data,
        store: store.clone(),
        clock: with.clock.clone(),
        readiness: readiness.clone(),
    };
    let (settings, parts) = ground.site(bound, Arc::new(nozzle.clone()), with.media_from_loopback).await?;
    let site = pages::Site::start(settings, parts, fate.shutdown());
    let parts = ::halley::Parts { store, readiness };
    Plan::for_workers(&config.halley, 1)?.warn(false);
    let streams = ::halley::Config { clock: with.clock, ..halley_config(config, None)? };
    let limits = ground.limits(process::connections_max(streams.connections_max)? + REQUESTS_MAX);
    let streams = ::halley::service(&streams, parts, fate.shutdown()).map_err(anyhow::Error::from)?;
    let limits = Limits { front: Some(pages::front(&site)), body_bytes_max: pages::BODY_BYTES_MAX, ..limits };
    let routes = pages::router(&site).merge(streams);
    fate.shutdown().spawn(http::serve(page_listener, routes, limits, fate.shutdown().clone()));

    if let Some(event) = event {
        let known = ledgers::find(&config.data_dir, &event.file.slug).await?;
        event
            .apply(&nozzle, known.map_or_else(|| EventId::from_random(rand::random()), |held| held.eid))
            .await?;
    }
    Ok(bound)
}

/// An archive that a newer program wrote stops the start, since no waiting cures it. One that is away is the strainer's to wait for,
/// and nobody waits for it here.
async fn refuse_newer(archive: &dyn Archive) -> Result<(), Failure> {
    match timeout(ARCHIVE_WAIT, archive.prepare()).await {
        Ok(Err(error @ ::archive::Error::Newer { .. })) => Err(Failure::Could(error.into())),
        _ => Ok(()),
    }
}

/// Starts the ingest daemon.
pub(crate) async fn nozzle(config: &Config, fate: &Fate) -> Result<(), Failure> {
    fate.readiness().awaits(&["ledgers"]);
    let data = DataDir::open(&config.data_dir)?;
    let listener = http::bind(&config.nozzle.listen.to_string(), NOZZLE_KEY).await?;
    let (_, live) = live(config).await?;
    let parts = ::nozzle::Parts {
        live,
        clock: Clock::real(),
        readiness: fate.readiness().clone(),
        env: ::nozzle::sources::process_env,
    };
    let nozzle = Nozzle::open(nozzle_config(config, &data)?, parts, fate.shutdown().clone()).await?;
    run_nozzle(nozzle, listener, fate);
    Ok(())
}

/// Starts the fan-out daemon: in this process, or as several that this one starts and keeps.
pub(crate) async fn halley(config: &Config, fate: &Fate) -> Result<(), Failure> {
    let plan = Plan::of(&config.halley)?;
    plan.warn(true);
    if plan.workers() > 1 {
        // The listener is open before the workers are: who comes meanwhile waits for them.
        let part = fate.readiness().part("workers", "the workers are being started");
        part.ready();
        return workers::run(config, &plan, fate).await;
    }
    let (store, _) = live(config).await?;
    let listener = http::bind(&config.halley.listen.to_string(), HALLEY_KEY).await?;
    serve_streams(listener, store, halley_config(config, None)?, fate);
    Ok(())
}

/// Starts one of several fan-out processes, on the listener that it was handed.
pub(crate) async fn halley_worker(
    config: &Config,
    seat: Seat,
    leash: Leash,
    fate: &Fate,
) -> Result<(), Failure> {
    let listener = http::inherited()?;
    leash.hold(fate.shutdown())?;
    let (store, _) = live(config).await?;
    serve_streams(listener, store, halley_config(config, Some(seat))?, fate);
    Ok(())
}

fn serve_streams(listener: TcpListener, store: Arc<dyn Store>, settings: ::halley::Config, fate: &Fate) {
    fate.readiness().awaits(&["directory"]);
    let parts = ::halley::Parts { store, readiness: fate.readiness().clone() };
    let (ending, shutdown) = (fate.clone(), fate.shutdown().clone());
    fate.shutdown().spawn(async move {
        if let Err(error) = ::halley::serve(listener, settings, parts, shutdown).await {
            ending.fail(Failure::Could(error.into()));
        }
    });
}

/// Starts the archiving daemon.
pub(crate) async fn strainer(config: &Config, fate: &Fate) -> Result<(), Failure> {
    fate.readiness().awaits(&["directory", "schema"]);
    let data = DataDir::open(&config.data_dir)?;
    let (store, _) = live(config).await?;
    let token = data.intake_token(config.nozzle.intake_token_file.as_deref())?;
    let archive = archive(config)?;
    refuse_newer(archive.as_ref()).await?;
    let parts = ::strainer::Parts {
        store,
        archive,
        history: Some(Arc::new(NozzleHistory(http_intake(config, token)?))),
        readiness: fate.readiness().clone(),
    };
    let (settings, ending, shutdown) = (strainer_config(config), fate.clone(), fate.shutdown().clone());
    fate.shutdown().spawn(async move {
        if let Err(error) = ::strainer::run(settings, parts, shutdown).await {
            ending.fail(Failure::Could(error.into()));
        }
    });
    Ok(())
}

/// Starts the pages and returns their address.
pub(crate) async fn site(config: &Config, fate: &Fate) -> Result<SocketAddr, Failure> {
    fate.readiness().awaits(&["events"]);
    let data = DataDir::open(&config.data_dir)?;
    let listener = http::bind(&config.site.listen.to_string(), SITE_KEY).await?;
    let bound = listener.local_addr().context("the site's listener has no address")?;
    let (store, _) = live(config).await?;
    let token = data.intake_token(config.nozzle.intake_token_file.as_deref())?;
    let intake = Arc::new(http_intake(config, token)?);
    let ground = Ground { config, data, store, clock: Clock::real(), readiness: fate.readiness().clone() };
    let (settings, parts) = ground.site(bound, intake, false).await?;
    let limits = ground.limits(process::connections_max(0)?);
    let site = pages::Site::start(settings, parts, fate.shutdown());
    let (routes, limits) = (
        pages::router(&site),
        Limits { front: Some(pages::front(&site)), body_bytes_max: pages::BODY_BYTES_MAX, ..limits },
    );
    let (readiness, shutdown) = (fate.readiness().clone(), fate.shutdown().clone());
    fate.shutdown().spawn(async move {
        http::until_ready(&readiness, &shutdown).await;
        http::serve(listener, routes, limits, shutdown).await;
    });
    Ok(bound)
}

fn run_nozzle(nozzle: Nozzle, listener: TcpListener, fate: &Fate) {
    let ending = fate.clone();
    fate.shutdown().spawn(async move {
        if let Err(error) = nozzle.serve(listener).await {
            ending.fail(error.into());
        }
    });
}

/// What the pages stand on.
struct Ground<'a> {
    config: &'a Config,
    data: DataDir,
    store: Arc<dyn Store>,
    clock: Clock,
    readiness: Readiness,
}

impl Ground<'_> {
    /// What the site is told and given; prints the owner's link if this start made it and nobody owns the installation by name yet.
    async fn site(
        &self,
        bound: SocketAddr,
        intake: Arc<dyn ::nozzle::Intake>,
        media_from_loopback: bool,
    ) -> Result<(pages::Settings, pages::Parts)> {
        let public_url = self.config.site.address(bound);
        let owner = self.data.owner_key()?;
        let people = people(self.config)?;
        if let Some(key) = &owner.fresh
            && !is_owned(&*people).await
        {
            println!("The owner's link, shown this once: {public_url}login?token={}", key.expose());
        }
        let token = self.data.intake_token(self.config.nozzle.intake_token_file.as_deref())?;
        let settings = pages::Settings {
            public_url,
            live_url: self.config.halley.public_url.clone(),
            data_dir: self.data.path().to_path_buf(),
            cache_dir: self.data.path().join("media"),
            media_from_loopback,
            venue: self.config.http.venue_cidrs.clone(),
        };
        let parts = pages::Parts {
            store: self.store.clone(),
            archive: archive(self.config)?,
            people,
            intake,
            clock: self.clock.clone(),
            keys: pages::Keys { intake: token, owner_sha256: owner.sha256 },
            readiness: self.readiness.clone(),
        };
        Ok((settings, parts))
    }

    fn limits(&self, connections_max: usize) -> Limits {
        Limits {
            connections_max,
            hosts: Arc::new(hosts(self.config)),
            trusted_proxies: Arc::new(self.config.http.trusted_proxies.clone()),
            ..Limits::default()
        }
    }
}

/// Whether somebody owns the installation by name, as far as that can be told at a start: then a new key would open nothing.
async fn is_owned(people: &dyn People) -> bool {
    let look = async {
        people.prepare().await?;
        people.has_owner().await
    };
    matches!(timeout(ARCHIVE_WAIT, look).await, Ok(Ok(true)))
}
