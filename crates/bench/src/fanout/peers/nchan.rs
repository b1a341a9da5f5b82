//! nginx with its push module: one channel, messages in shared memory, one location for each way to subscribe.

use std::net::SocketAddr;

use async_trait::async_trait;

use super::nginx::{Nginx, Site};
use super::post::Publisher;
use crate::fanout::message::Message;
use crate::fanout::peer::{Dialect, Mode, Peer, Start};

/// As long as a browser may be away, and far more than one run publishes within its round trips.
const STORE: &str = "nchan_message_buffer_length 1000; nchan_message_timeout 10m;";

/// See the module.
pub(crate) struct Nchan {
    nginx: Nginx,
    publisher: Publisher,
    mode: Mode,
}

impl Nchan {
    pub(crate) async fn start(start: &Start) -> anyhow::Result<Self> {
        let locations = format!(
            "location = /pub {{ nchan_publisher http; nchan_channel_id bench; {STORE} }}
             {}{}{}",
            subscriber("ws", "websocket"),
            subscriber("sse", "eventsource"),
            subscriber("poll", "longpoll"),
        );
        let site = Site {
            is_pushing: true,
            workers: start.threads.max(1),
            cores: start.cores.as_deref(),
            http: "nchan_shared_memory_size 256M;",
            locations: &locations,
        };
        let nginx = Nginx::start(tempfile::tempdir()?, &site).await?;
        let publisher = Publisher::connect(nginx.address(), "/pub").await?;
        Ok(Self { nginx, publisher, mode: start.mode })
    }
}

fn subscriber(path: &str, kind: &str) -> String {
    format!(
        "location = /{path} {{ nchan_subscriber {kind}; nchan_channel_id bench; nchan_subscriber_first_message newest; }}\n"
    )
}

#[async_trait]
impl Peer for Nchan {
    fn address(&self) -> SocketAddr {
        self.nginx.address()
    }

    fn pids(&self) -> Vec<u32> {
        self.nginx.pids()
    }

    fn dialect(&self) -> Dialect {
        Dialect::Nchan
    }

    fn path(&self) -> String {
        match self.mode {
            Mode::WebSocket => "/ws",
            Mode::Events => "/sse",
            Mode::Poll => "/poll",
        }
        .to_owned()
    }

    async fn publish(&mut self, messages: &[Message]) -> anyhow::Result<()> {
        let bodies: Vec<Vec<u8>> = messages.iter().map(Message::json).collect();
        self.publisher.post(&bodies).await
    }

    async fn stop(self: Box<Self>) -> anyhow::Result<()> {
        drop(self.publisher);
        self.nginx.stop().await
    }
}
