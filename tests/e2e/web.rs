//! Fetching with a time limit: a test that waits for ever tells nothing.

use std::time::Duration;

use reqwest::{Client, IntoUrl, Response, Result};

const WAIT: Duration = Duration::from_secs(60);

/// GETs an address with a client of its own.
pub(crate) async fn get(url: impl IntoUrl) -> Result<Response> {
    client().get(url).send().await
}

/// Opens a stream on a connection of its own: its head must come within the time limit, its body may take for ever.
pub(crate) async fn stream(url: impl IntoUrl) -> Result<Response> {
    chassis::tls::install();
    Client::builder().connect_timeout(WAIT).build()?.get(url).send().await
}

/// A client with a time limit.
pub(crate) fn client() -> Client {
    chassis::tls::install();
    Client::builder().timeout(WAIT).build().expect("a client can be made")
}
