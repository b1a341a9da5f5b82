//! Lua scripts, called by their hash; a server that forgot one (a restart, a failover) is told it once more.

use super::client::{Client, Reply};
use crate::Error;
use bytes::Bytes;

/// One script, and what it is called by.
pub(super) struct Script {
    text: &'static str,
    sha1: String,
}

impl Script {
    pub(super) fn new(text: &'static str) -> Self {
        Self { text, sha1: ::fred::util::sha1_hash(text) }
    }

    /// Runs the script; on NOSCRIPT once more with its text.
    pub(super) async fn run(
        &self,
        client: &dyn Client,
        keys: &[&str],
        arguments: Vec<Bytes>,
    ) -> Result<Reply, Error> {
        let slot = keys.first().copied().unwrap_or_default();
        let by_hash = self.words(Bytes::from(self.sha1.clone()), keys, &arguments);
        match client.call("EVALSHA", slot, by_hash).await {
            Err(Error::Redis(why)) if why.contains("NOSCRIPT") => {
                let whole = self.words(Bytes::from_static(self.text.as_bytes()), keys, &arguments);
                client.call("EVAL", slot, whole).await
            }
            answer => answer,
        }
    }

    fn words(&self, script: Bytes, keys: &[&str], arguments: &[Bytes]) -> Vec<Bytes> {
        let mut words = Vec::with_capacity(2 + keys.len() + arguments.len());
        words.push(script);
        words.push(Bytes::from(keys.len().to_string()));
        words.extend(keys.iter().map(|key| Bytes::copy_from_slice(key.as_bytes())));
        words.extend_from_slice(arguments);
        words
    }
}
