//! What we need of a Redis client library: one call, and a subscription that says when it may have missed something.

use crate::Error;
use async_trait::async_trait;
use bytes::Bytes;

/// What Redis answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// Nothing.
    Nil,
    /// A whole number.
    Int(i64),
    /// Bytes, or a status.
    Text(Bytes),
    /// A list.
    List(Vec<Reply>),
}

impl Reply {
    /// The text, if it is one in UTF-8; a number in decimal.
    ///
    /// # Errors
    /// [`Error::Corrupt`] for anything else.
    pub fn text(&self) -> Result<String, Error> {
        match self {
            Self::Int(n) => Ok(n.to_string()),
            Self::Text(bytes) => {
                String::from_utf8(bytes.to_vec()).map_err(|e| Error::Corrupt(format!("Redis answered {e}")))
            }
            other => Err(Error::Corrupt(format!("Redis answered {other:?} instead of text"))),
        }
    }

    /// The number, also when it is written as text.
    ///
    /// # Errors
    /// [`Error::Corrupt`] for anything else.
    pub fn number(&self) -> Result<u64, Error> {
        let text = self.text()?;
        text.parse().map_err(|_| Error::Corrupt(format!("Redis answered {text:?} instead of a number")))
    }

    /// The list.
    ///
    /// # Errors
    /// [`Error::Corrupt`] for anything else.
    pub fn list(self) -> Result<Vec<Self>, Error> {
        match self {
            Self::List(list) => Ok(list),
            other => Err(Error::Corrupt(format!("Redis answered {other:?} instead of a list"))),
        }
    }
}

/// A connection that runs commands. It reconnects by itself, for ever; meanwhile calls fail within seconds.
#[async_trait]
pub trait Client: Send + Sync + 'static {
    /// Runs one command; `key` tells a cluster where. The command may reach the server although the call fails.
    ///
    /// # Errors
    /// [`Error::Redis`], with the server's own words if it answered.
    async fn call(&self, command: &'static str, key: &str, arguments: Vec<Bytes>) -> Result<Reply, Error>;
}

/// What wakes a subscriber.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wake {
    /// Somebody published on this channel.
    Channel(String),
    /// The connection was made anew, or messages were dropped: subscribe to everything again, and look everywhere.
    Lost,
    /// The client has ended.
    Closed,
}

/// A connection that listens.
#[async_trait]
pub trait Subscriber: Send + Sync + 'static {
    /// Subscribes, and returns only when the server has confirmed it.
    ///
    /// # Errors
    /// [`Error::Redis`]; then the subscription may or may not stand.
    async fn subscribe(&self, channel: &str) -> Result<(), Error>;

    /// Proves that the connection lives, and drops it if it does not.
    async fn prove(&self);

    /// Waits for the next wake.
    async fn wake(&mut self) -> Wake;
}
