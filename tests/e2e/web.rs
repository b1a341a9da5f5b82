//! Fetching with a time limit: a test that waits for ever tells nothing.

use std::sync::OnceLock;
use std::time::Duration;

use reqwest::{Client, IntoUrl, Response, Result};

const WAIT: Duration = Duration::from_secs(60);

/// GETs an address with a client of its own.
pub(crate) async fn get(url: impl IntoUrl) -> Result<Response> {
    client().get(url).send().await
}

/// Opens a stream on a connection of its own: its head must come within the time limit, its body may take for ever.
pub(crate) async fn stream(url: impl IntoUrl) -> Result<Response> {
    /// Making one costs more than a stream does, and a crowd opens a thousand. It keeps no connection for the next request.
    static STREAMS: OnceLock<Client> = OnceLock::new();
    let client = STREAMS.get_or_init(|| {
        chassis::tls::install();
        let builder = Client::builder().connect_timeout(WAIT).pool_max_idle_per_host(0);
        builder.build().expect("a client can be made")
    });
    client.get(url).send().await
}

/// A client with a time limit.
pub(crate) fn client() -> Client {
    chassis::tls::install();
    Client::builder().timeout(WAIT).build().expect("a client can be made")
}
