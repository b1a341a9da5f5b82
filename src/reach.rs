//! How a command reaches the nozzle: over its intake when one runs, else by opening the ledgers itself.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use chassis::clock::Clock;
use chassis::{Readiness, Shutdown};
use model::EventId;
use nozzle::Nozzle;
use nozzle::intake::Intake;
use tokio::net::TcpStream;

use crate::config::{Config, LiveUrl, reachable};
use crate::data_dir::DataDir;
use crate::failure::Failure;
use crate::{ledgers, wiring};

/// How long a nozzle may take to take a connection.
const CONNECT_WAIT: Duration = Duration::from_secs(2);

/// A way to the nozzle.
pub(crate) struct Reached {
    pub(crate) intake: Arc<dyn Intake>,
    /// Stops the nozzle that this command had to be itself.
    own: Option<Shutdown>,
}

impl Reached {
    /// The nozzle that runs, or the ledgers of the data directory themselves.
    ///
    /// # Errors
    /// When the token cannot be read, or another process holds a ledger without answering at `nozzle.listen`.
    pub(crate) async fn nozzle(config: &Config) -> Result<Self, Failure> {
        let data = DataDir::open(&config.data_dir)?;
        let address = reachable(config.nozzle.listen);
        if matches!(tokio::time::timeout(CONNECT_WAIT, TcpStream::connect(address)).await, Ok(Ok(_))) {
            let token = data.intake_token(config.nozzle.intake_token_file.as_deref())?;
            return Ok(Self { intake: Arc::new(wiring::http_intake(config, token)?), own: None });
        }
        let shutdown = Shutdown::new();
        let parts = nozzle::Parts {
            live: nozzle::Live::Nobody,
            clock: Clock::real(),
            readiness: Readiness::default(),
            env: nozzle::sources::process_env,
        };
        let nozzle = Nozzle::open(wiring::nozzle_config(config, &data)?, parts, shutdown.clone()).await?;
        Ok(Self { intake: Arc::new(nozzle), own: Some(shutdown) })
    }

    /// Whether the command writes to ledgers that no nozzle serves just now.
    pub(crate) fn is_alone(&self) -> bool {
        self.own.is_some()
    }

    /// Lets go of the ledgers, if this command held them.
    pub(crate) async fn leave(self) {
        if let Some(shutdown) = self.own {
            drop(self.intake);
            shutdown.trigger();
            shutdown.finish().await;
        }
    }
}

/// The id behind a slug: in the ledgers here, or in the directory of events in Redis.
pub(crate) async fn event_id(config: &Config, slug: &str) -> Result<Option<EventId>, Failure> {
    if let Some(held) = ledgers::find(&config.data_dir, slug).await? {
        return Ok(Some(held.eid));
    }
    if matches!(config.live.url, LiveUrl::Embedded) {
        return Ok(None);
    }
    let (store, _) = wiring::live(config).await?;
    let events = store.events().await.context("cannot read the list of events")?;
    Ok(events.into_iter().find(|event| event.slug == slug).map(|event| event.eid))
}
