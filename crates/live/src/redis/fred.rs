//! [`Client`] and [`Subscriber`] by fred, with the settings that its defaults lack.

use super::client::{Client, Reply, Subscriber, Wake};
use crate::Error;
use async_trait::async_trait;
use bytes::Bytes;
use fred::prelude::{ClientLike, EventInterface, PubsubInterface};
use fred::types::config::{Config, ReconnectPolicy};
use fred::types::{Builder, ClusterHash, CustomCommand, Message, Value};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio_util::task::AbortOnDropHandle;

/// fred takes any other scheme for the first one.
const SCHEMES: [&str; 4] = ["redis://", "rediss://", "redis-cluster://", "rediss-cluster://"];
/// fred waits for ever by default, and its per-call limits do not reach EVALSHA.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(2);
/// Around everything: also what fred keeps in its queue while it reconnects.
const CALL_TIMEOUT: Duration = Duration::from_millis(2_500);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// A connection on which an answer is late is closed.
const UNRESPONSIVE_AFTER: Duration = Duration::from_secs(5);
const RECONNECT_MIN_MS: u32 = 100;
/// Few clients and a server nearby: a live page should not wait longer than it must.
const RECONNECT_MAX_MS: u32 = 2_000;
const RECONNECT_JITTER_MS: u32 = 500;
/// What a listener may fall behind; fred's 32 are lost at the first hiccup.
const MESSAGES_MAX: usize = 4_096;
/// fred keeps six such queues for each client, and lays them out in memory at once.
const NOTICES_MAX: usize = 64;
const COMMANDS_MAX: usize = 10_000;

/// One connection to Redis. It ends when this value is dropped.
pub struct FredClient {
    client: fred::clients::Client,
    messages: Receiver<Message>,
    reconnects: Receiver<fred::types::config::Server>,
    troubles: Mutex<Receiver<(fred::error::Error, Option<fred::types::config::Server>)>>,
    _task: AbortOnDropHandle<Result<(), fred::error::Error>>,
}

impl FredClient {
    /// A connection for commands. Begins to connect, and goes on doing so for ever; waits a moment, so that a server
    /// that is there is there.
    ///
    /// # Errors
    /// [`Error::Unfit`] when the address cannot be understood.
    pub async fn connect(url: &str) -> Result<Self, Error> {
        Self::open(url, NOTICES_MAX).await
    }

    /// The same, for subscriptions.
    ///
    /// # Errors
    /// As [`FredClient::connect`].
    pub async fn listen(url: &str) -> Result<Self, Error> {
        Self::open(url, MESSAGES_MAX).await
    }

    async fn open(url: &str, messages_max: usize) -> Result<Self, Error> {
        let unfit = |e: fred::error::Error| {
            Error::Unfit(format!("live.url is no address of a Redis server ({e}); write redis://HOST:PORT"))
        };
        if !SCHEMES.iter().any(|scheme| url.starts_with(scheme)) {
            return Err(Error::Unfit(
                "live.url is no address of a Redis server; write redis://HOST:PORT".into(),
            ));
        }
        let mut config = Config::from_url(url).map_err(unfit)?;
        config.fail_fast = false;
        let mut policy = ReconnectPolicy::new_exponential(0, RECONNECT_MIN_MS, RECONNECT_MAX_MS, 2);
        policy.set_jitter(RECONNECT_JITTER_MS);
        let client = Builder::from_config(config)
            .with_performance_config(|p| {
                p.default_command_timeout = COMMAND_TIMEOUT;
                p.broadcast_channel_capacity = messages_max;
            })
            .with_connection_config(|c| {
                c.connection_timeout = CONNECT_TIMEOUT;
                c.internal_command_timeout = CONNECT_TIMEOUT;
                c.max_command_buffer_len = COMMANDS_MAX;
                // What was under way when a connection broke is asked again by us, who know what it was.
                c.max_command_attempts = 1;
                c.unresponsive.max_timeout = Some(UNRESPONSIVE_AFTER);
                c.unresponsive.interval = Duration::from_secs(1);
                c.reconnect_on_auth_error = true;
            })
            .set_policy(policy)
            .build()
            .map_err(unfit)?;
        let messages = client.message_rx();
        let reconnects = client.reconnect_rx();
        let troubles = Mutex::new(client.error_rx());
        let task = AbortOnDropHandle::new(client.connect());
        let _ = tokio::time::timeout(COMMAND_TIMEOUT, client.wait_for_connect()).await;
        Ok(Self { client, messages, reconnects, troubles, _task: task })
    }

    async fn within<T: Send>(
        &self,
        call: impl Future<Output = Result<T, fred::error::Error>> + Send,
    ) -> Result<T, Error> {
        let why = match tokio::time::timeout(CALL_TIMEOUT, call).await {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(error)) => error.details().to_owned(),
            Err(_) => format!("no answer within {} ms", CALL_TIMEOUT.as_millis()),
        };
        // A call that waited for a connection says only that it waited; why there is none was said elsewhere.
        let trouble = if self.client.is_connected() { None } else { self.newest_trouble() };
        Err(Error::Redis(trouble.map_or_else(|| why.clone(), |trouble| format!("{why} ({trouble})"))))
    }

    /// What last kept the connection from being made, for example a refused password.
    fn newest_trouble(&self) -> Option<String> {
        let mut troubles = self.troubles.lock().unwrap_or_else(PoisonError::into_inner);
        let mut newest = None;
        loop {
            match troubles.try_recv() {
                Ok((error, _)) => newest = Some(error.details().to_owned()),
                Err(TryRecvError::Lagged(_)) => {}
                Err(TryRecvError::Empty | TryRecvError::Closed) => return newest,
            }
        }
    }
}

#[async_trait]
impl Client for FredClient {
    async fn call(&self, command: &'static str, key: &str, arguments: Vec<Bytes>) -> Result<Reply, Error> {
        let slot = ClusterHash::Custom(fred::util::redis_keyslot(key.as_bytes()));
        let command = CustomCommand::new_static(command, slot, false);
        let arguments: Vec<Value> = arguments.into_iter().map(Value::Bytes).collect();
        // Spawned by fred itself: dropping this future does not take back what is on its way.
        let value: Value = self.within(self.client.custom(command, arguments)).await?;
        Ok(reply(value))
    }
}

#[async_trait]
impl Subscriber for FredClient {
    async fn subscribe(&self, channel: &str) -> Result<(), Error> {
        self.within(self.client.subscribe(channel)).await?;
        // fred returns before the server has the subscription; the answer to a ping comes behind it.
        self.within(self.client.ping::<Value>(None)).await?;
        Ok(())
    }

    async fn prove(&self) {
        if self.within(self.client.ping::<Value>(None)).await.is_err() {
            // An idle subscriber sends nothing, so nobody else notices a dead peer.
            let _ = tokio::time::timeout(CALL_TIMEOUT, self.client.force_reconnection()).await;
        }
    }

    async fn wake(&mut self) -> Wake {
        tokio::select! {
            message = self.messages.recv() => match message {
                Ok(message) => Wake::Channel(message.channel.to_string()),
                Err(RecvError::Lagged(_)) => Wake::Lost,
                Err(RecvError::Closed) => Wake::Closed,
            },
            server = self.reconnects.recv() => match server {
                Ok(_) | Err(RecvError::Lagged(_)) => Wake::Lost,
                Err(RecvError::Closed) => Wake::Closed,
            },
        }
    }
}

fn reply(value: Value) -> Reply {
    match value {
        Value::Boolean(yes) => Reply::Int(i64::from(yes)),
        Value::Integer(n) => Reply::Int(n),
        Value::Double(x) => Reply::Text(Bytes::from(x.to_string())),
        Value::String(text) => Reply::Text(text.into_inner()),
        Value::Bytes(bytes) => Reply::Text(bytes),
        Value::Null | Value::Queued => Reply::Nil,
        Value::Array(all) => Reply::List(all.into_iter().map(reply).collect()),
        Value::Map(map) => {
            let pairs = map.inner().into_iter();
            Reply::List(pairs.flat_map(|(k, v)| [Reply::Text(k.into_bytes()), reply(v)]).collect())
        }
    }
}
