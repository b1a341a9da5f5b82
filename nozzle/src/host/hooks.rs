//! The nozzle behind the listener for hooks: which events there are, and the way to their sequencers.

use std::net::SocketAddr;
use std::sync::Arc;

use async_trait::async_trait;
use model::EventId;

use super::Nozzle;
use crate::SourceStatus;
use crate::hook::{self, Events, KIND, Listen};
use crate::intake::{Outcome, Refusal};
use crate::sequencer::Delivery;

impl Nozzle {
    /// Takes deliveries until it is dropped.
    pub(super) async fn listen_for_hooks(&self) {
        let inner = &self.0;
        let settings = Listen {
            address: &inner.config.hooks.listen,
            trusted_proxies: inner.config.hooks.trusted_proxies.clone(),
            clock: inner.parts.clock.clone(),
        };
        hook::listen(settings, inner.doors.clone(), Arc::new(self.clone()), inner.shutdown.clone()).await;
    }

    /// How the sources of an event are doing; none when there is no such event.
    pub fn sources(&self, eid: EventId) -> Vec<SourceStatus> {
        self.event(eid).map(|event| event.statuses()).unwrap_or_default()
    }

    /// Where deliveries to hooks come in, once they can: some event must have a hook, and the port must be free.
    pub async fn hooks_address(&self) -> SocketAddr {
        self.0.doors.address().await
    }
}

#[async_trait]
impl Events for Nozzle {
    fn hooked(&self, slug: &str, source: &str) -> Option<EventId> {
        let is_meant = |view: crate::sequencer::EventView| {
            // Whoever was told the address before the event was renamed goes on sending there.
            let has_slug = view.event.is_some_and(|event| event.slug == slug)
                || view.life.former.iter().any(|former| former == slug);
            let is_hook = |s: &model::event::SourceFile| s.kind == KIND && s.name == source;
            has_slug && view.settings.is_some_and(|settings| settings.sources.iter().any(is_hook))
        };
        self.events().into_iter().find(|event| is_meant(event.view())).map(|event| event.eid())
    }

    async fn deliver(&self, eid: EventId, delivery: Delivery) -> Result<Outcome, Refusal> {
        match self.event(eid) {
            Some(event) => event.deliver(delivery).await,
            None => Err(Refusal::later("The event is being closed.")),
        }
    }
}
