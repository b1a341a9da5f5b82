//! Puts parts together: the only place that names concrete back-ends. Everybody else sees traits. The roles that are
//! started from these parts are in `wiring/roles.rs`.

mod roles;
mod workers;

pub(crate) use roles::{Up, halley, halley_worker, nozzle, site, strainer, up};
pub(crate) use workers::Plan;

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use archive::{Archive, people::People};
use async_trait::async_trait;
use chassis::Secret;
use chassis::http::Hosts;
use chassis::workers::Seat;
use live::redis::RedisStore;
use live::{EmbeddedStore, Page, Store};
use model::{EventId, Seq};
use nozzle::Live;
use nozzle::intake::{HttpIntake, Intake, Refusal};
use tokio::time::Instant;

use crate::config::{ArchiveUrl, Config, LiveUrl, SecretUrl, reachable};
use crate::data_dir::DataDir;

/// This program's version, for status records.
const VERSION: &str = env!("CARGO_PKG_VERSION");
/// How long a start waits for Redis before it goes on without; the roles then wait, and say that they are not ready.
const REDIS_WAIT: Duration = Duration::from_secs(5);
const REDIS_RETRY: Duration = Duration::from_millis(200);

/// The archive that the settings name; it connects when it is first used.
pub(crate) fn archive(config: &Config) -> Result<Arc<dyn Archive>> {
    Ok(archive::open(&archive_settings(config))?)
}

/// Who may pass the site's door, kept in the archive's database.
pub(crate) fn people(config: &Config) -> Result<Arc<dyn People>> {
    Ok(archive::people::open(&archive_settings(config))?)
}

pub(crate) fn archive_settings(config: &Config) -> archive::Settings {
    let url = match &config.archive.url {
        ArchiveUrl::Embedded => "embedded".to_owned(),
        ArchiveUrl::Postgres(url) => url.expose().to_owned(),
    };
    let statement_cache = config.archive.statement_cache;
    archive::Settings { url, data_dir: config.data_dir.clone(), statement_cache }
}

/// The live store for readers, and the same for the nozzle that writes it.
pub(crate) async fn live(config: &Config) -> Result<(Arc<dyn Store>, Live)> {
    match &config.live.url {
        LiveUrl::Embedded => {
            let store = Arc::new(EmbeddedStore::default());
            Ok((store.clone(), Live::Embedded(store)))
        }
        LiveUrl::Redis(url) => {
            let store = Arc::new(redis(url).await?);
            Ok((store.clone(), Live::Redis(store)))
        }
    }
}

/// Connects to Redis. One that is unfit is refused; one that is away is waited for by whoever uses it.
async fn redis(url: &SecretUrl) -> Result<RedisStore> {
    let store = RedisStore::connect(url.expose()).await.with_context(|| url.to_string())?;
    let deadline = Instant::now() + REDIS_WAIT;
    loop {
        match store.check().await {
            Ok(_) => return Ok(store),
            Err(error) if error.class() != live::Class::Retry => {
                return Err(error).with_context(|| url.to_string());
            }
            Err(error) if Instant::now() > deadline => {
                tracing::warn!(%url, %error, "Redis does not answer; waiting for it");
                return Ok(store);
            }
            Err(_) => tokio::time::sleep(REDIS_RETRY).await,
        }
    }
}

/// The intake of the nozzle at `nozzle.listen`.
pub(crate) fn http_intake(config: &Config, token: Secret<String>) -> Result<HttpIntake> {
    let base = format!("http://{}", reachable(config.nozzle.listen)).parse()?;
    Ok(HttpIntake::new(base, token)?)
}

/// The nozzle's settings.
pub(crate) fn nozzle_config(config: &Config, data: &DataDir) -> Result<nozzle::Config> {
    Ok(nozzle::Config {
        data_dir: data.path().to_path_buf(),
        listen: config.nozzle.listen.to_string(),
        hooks: nozzle::Hooks {
            listen: config.nozzle.hooks_listen.to_string(),
            trusted_proxies: config.http.trusted_proxies.clone(),
        },
        token: data.intake_token(config.nozzle.intake_token_file.as_deref())?,
        version: VERSION.to_owned(),
    })
}

/// The settings of halley as one process, or as one of several.
pub(crate) fn halley_config(config: &Config, seat: Option<Seat>) -> Result<halley::Config, chassis::Error> {
    let plan = Plan::for_workers(&config.halley, seat.map_or(1, Seat::of))?;
    Ok(halley::Config {
        listen: config.halley.listen.to_string(),
        connections_max: plan.share(seat.map_or(1, Seat::number)),
        shards: shards(config.halley.shards as usize, seat),
        worker: seat,
        poll_hold: config.halley.poll_hold,
        trusted_proxies: config.http.trusted_proxies.clone(),
        venue: config.http.venue_cidrs.clone(),
        hosts: hosts(config),
        version: VERSION.to_owned(),
        ..halley::Config::default()
    })
}

/// A worker that is told nothing takes its part of the cores.
fn shards(wished: usize, seat: Option<Seat>) -> usize {
    match (wished, seat) {
        (0, Some(seat)) => {
            let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
            (cores / seat.of()).max(1)
        }
        _ => wished,
    }
}

/// The strainer's settings.
fn strainer_config(config: &Config) -> strainer::Config {
    strainer::Config { listen: config.strainer.listen.to_string(), version: VERSION.to_owned() }
}

/// What the tail no longer holds, asked of the nozzle: over its intake, or in the same process.
struct NozzleHistory<I>(I);

#[async_trait]
impl<I: Intake> strainer::History for NozzleHistory<I> {
    async fn lines(&self, eid: EventId, after: Seq, max: usize) -> Result<Page, strainer::HistoryError> {
        self.0.lines(eid, after, max).await.map_err(|refusal| strainer::HistoryError {
            may_pass: matches!(refusal, Refusal::Later { .. } | Refusal::Failed(_)),
            why: refusal.to_string(),
        })
    }
}

/// The names under which pages may be asked for: those of the public addresses, or any while none is set.
fn hosts(config: &Config) -> Hosts {
    let Some(site) = &config.site.public_url else { return Hosts::any() };
    let urls = [Some(site), config.halley.public_url.as_ref()];
    Hosts::known(urls.into_iter().flatten().filter_map(|url| url.host_str()))
}
