//! One look at an address: conditional, redirects by hand and only where they may lead, no more bytes than a file may have.

use std::time::Duration;

use futures_util::StreamExt;
use reqwest::header::{ACCEPT, ETAG, HeaderMap, HeaderName, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED};
use reqwest::{Client, Response, redirect};
use url::Url;

use crate::feed;
use crate::source::SourceEnd;
use crate::wire::{answer, cause};

/// Longest wait for a connection.
const CONNECT_MAX: Duration = Duration::from_secs(10);
/// Longest wait for a whole file.
const FILE_MAX: Duration = Duration::from_secs(60);
/// Most redirects in a row.
const REDIRECTS_MAX: usize = 5;
/// What can be read; servers that mind are few.
const ACCEPTED: &str = "application/json, application/xml, text/xml, text/calendar, text/csv, */*;q=0.5";

/// What a server says of a file so that it can be asked whether there is another one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Validators {
    /// The address that they belong to: the one that answered.
    answered: Option<Url>,
    etag: Option<String>,
    modified: Option<String>,
}

/// What the server gave.
#[derive(Debug)]
pub(super) enum Fetched {
    /// Nothing has changed.
    Same,
    File(File),
}

#[derive(Debug)]
pub(super) struct File {
    pub(super) bytes: Vec<u8>,
    pub(super) validators: Validators,
}

pub(super) struct Fetcher {
    client: Client,
    bytes_max: usize,
}

impl Fetcher {
    pub(super) fn new(bytes_max: usize) -> Result<Self, String> {
        chassis::tls::install();
        let client = Client::builder()
            .user_agent(concat!("Perihelion/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_MAX)
            .timeout(FILE_MAX)
            .redirect(redirect::Policy::none())
            .referer(false)
            .build();
        let client = client.map_err(|error| format!("no HTTP client: {}", cause(&error)))?;
        Ok(Self { client, bytes_max })
    }

    /// Asks for the file, following redirects.
    pub(super) async fn get(&self, address: &Url, known: Option<&Validators>) -> Result<Fetched, SourceEnd> {
        let mut at = address.clone();
        for _ in 0..=REDIRECTS_MAX {
            let known = known.filter(|known| known.answered.as_ref() == Some(&at));
            let response = self.ask(&at, known).await?;
            match response.status().as_u16() {
                200..=299 => return self.file(response, at).await.map(Fetched::File),
                304 if known.is_some() => return Ok(Fetched::Same),
                301 | 302 | 303 | 307 | 308 => at = feed::target(&at, response.headers())?,
                _ => return Err(refused(&response)),
            }
        }
        Err(SourceEnd::Refused(format!(
            "more than {REDIRECTS_MAX} redirects in a row; write the address that they end at"
        )))
    }

    async fn ask(&self, at: &Url, known: Option<&Validators>) -> Result<Response, SourceEnd> {
        let mut request = self.client.get(at.clone()).header(ACCEPT, ACCEPTED);
        if let Some(etag) = known.and_then(|known| known.etag.as_ref()) {
            request = request.header(IF_NONE_MATCH, etag);
        }
        if let Some(modified) = known.and_then(|known| known.modified.as_ref()) {
            request = request.header(IF_MODIFIED_SINCE, modified);
        }
        request.send().await.map_err(|error| SourceEnd::Cut(cause(&error)))
    }

    async fn file(&self, response: Response, answered: Url) -> Result<File, SourceEnd> {
        let too_large = || {
            SourceEnd::Refused(format!(
                "a file of more than {} MiB, which no schedule has; look at what the address gives",
                self.bytes_max >> 20
            ))
        };
        // Of a packed body this is the packed length; what comes out of it is counted below.
        if response.content_length().is_some_and(|length| length > self.bytes_max as u64) {
            return Err(too_large());
        }
        let validators = Validators {
            answered: Some(answered),
            etag: header(response.headers(), ETAG),
            modified: header(response.headers(), LAST_MODIFIED),
        };
        let mut bytes = Vec::new();
        let mut chunks = response.bytes_stream();
        while let Some(chunk) = chunks.next().await {
            let chunk =
                chunk.map_err(|error| SourceEnd::Cut(format!("the file was cut off: {}", cause(&error))))?;
            if bytes.len() + chunk.len() > self.bytes_max {
                return Err(too_large());
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(File { bytes, validators })
    }
}

fn header(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

/// What an answer that is neither a file nor a redirect means.
fn refused(response: &Response) -> SourceEnd {
    let status = response.status();
    match status.as_u16() {
        404 | 410 => SourceEnd::Misconfigured(format!(
            "HTTP {status}: there is no schedule at this address; write another one in event.toml and apply it"
        )),
        401 | 403 => SourceEnd::NeedsCredentials(format!(
            "HTTP {status}: the address wants a log-in; write a public one in event.toml, or import the file by hand"
        )),
        304 => SourceEnd::Refused(format!("HTTP {status} although nothing was known")),
        _ => answer::refusal(status, response.headers(), b"").end,
    }
}
