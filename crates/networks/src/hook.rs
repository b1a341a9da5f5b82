//! A faithful sender of webhooks: signs as Standard Webhooks' senders do (or as GitHub does), posts, and tries again on a
//! schedule until it is answered 2xx or told that nobody wants to hear (410). Where the other files here are servers that
//! the product reads, this one is a client that the product listens to.
//!
//! ```no_run
//! # async fn example() -> Result<(), networks::Error> {
//! use networks::hook::Sender;
//! let sender = Sender::new("http://127.0.0.1:8083/hooks/rustfest/blog", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")?;
//! let delivered = sender.deliver("msg_1", br#"{"type":"post.created","data":{"id":"1","text":"hello"}}"#).await;
//! assert!(delivered.is_taken());
//! # Ok(()) }
//! ```

mod fault;
mod render;
mod wire;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tokio::time::sleep;
use url::Url;

use crate::Error;

pub use fault::Fault;
pub use render::body;
pub use wire::Answer;

/// What a sender of Standard Webhooks waits between its tries, in seconds; it gives up after three days.
pub const SCHEDULE_SECONDS: [u64; 9] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];

/// Tells the time of a delivery in unix seconds; a rehearsal brings its own.
pub type Now = Arc<dyn Fn() -> i64 + Send + Sync>;

/// A sender to one address.
#[derive(Clone)]
pub struct Sender {
    address: Url,
    secrets: Vec<String>,
    style: Style,
    now: Now,
    waits: Vec<Duration>,
    faults: Arc<Vec<Fault>>,
    tries: Arc<AtomicUsize>,
}

#[derive(Clone, Debug)]
enum Style {
    Standard,
    GitHub { event: String },
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").field("address", &self.address.as_str()).finish_non_exhaustive()
    }
}

/// How a delivery ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivered {
    /// The status of each try; none where no answer came.
    pub tries: Vec<Option<u16>>,
    /// The last answer's body.
    pub body: String,
}

impl Delivered {
    /// Whether the receiver said that it has it.
    pub fn is_taken(&self) -> bool {
        self.tries.last().copied().flatten().is_some_and(|status| (200..300).contains(&status))
    }
}

impl Sender {
    /// A sender by Standard Webhooks, without retries.
    ///
    /// # Errors
    /// When the address is none.
    pub fn new(address: &str, secret: &str) -> Result<Self, Error> {
        let address = address.parse().map_err(|e| Error::BadSettings(format!("{address:?}: {e}")))?;
        let now = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs() as i64);
        Ok(Self {
            address,
            secrets: vec![secret.to_owned()],
            style: Style::Standard,
            now: Arc::new(now),
            waits: Vec::new(),
            faults: Arc::default(),
            tries: Arc::default(),
        })
    }

    /// Signs as GitHub does, for an event of this kind.
    #[must_use]
    pub fn github(mut self, event: &str) -> Self {
        self.style = Style::GitHub { event: event.to_owned() };
        self
    }

    /// Signs with this secret too, as a sender does while its secret is being changed.
    #[must_use]
    pub fn also(mut self, secret: &str) -> Self {
        self.secrets.push(secret.to_owned());
        self
    }

    /// Stamps deliveries by this clock.
    #[must_use]
    pub fn clock(mut self, now: Now) -> Self {
        self.now = now;
        self
    }

    /// Tries again after these waits. See [`SCHEDULE_SECONDS`].
    #[must_use]
    pub fn retries(mut self, waits: impl IntoIterator<Item = Duration>) -> Self {
        self.waits = waits.into_iter().collect();
        self
    }

    /// What goes wrong with the first tries, in order; all later ones are sound.
    #[must_use]
    pub fn faults(mut self, faults: impl IntoIterator<Item = Fault>) -> Self {
        (self.faults, self.tries) = (Arc::new(faults.into_iter().collect()), Arc::default());
        self
    }

    /// Sends a body until it is taken, with a fresh timestamp each time and one id.
    pub async fn deliver(&self, id: &str, body: &[u8]) -> Delivered {
        let mut delivered = Delivered { tries: Vec::new(), body: String::new() };
        let mut waits = self.waits.iter();
        loop {
            let answer = self.once(id, body).await;
            delivered.tries.push(answer.as_ref().map(|answer| answer.status));
            let told = answer.as_ref().and_then(|answer| answer.retry_after);
            let is_unwanted = answer.as_ref().is_some_and(|answer| answer.status == 410);
            delivered.body = answer.map(|answer| answer.body).unwrap_or_default();
            if delivered.is_taken() || is_unwanted {
                return delivered;
            }
            let Some(wait) = waits.next() else { return delivered };
            sleep(told.map_or(*wait, |told| told.max(*wait))).await;
        }
    }

    /// One try; nothing when no answer came.
    pub async fn once(&self, id: &str, body: &[u8]) -> Option<Answer> {
        let fault = self.faults.get(self.tries.fetch_add(1, Ordering::Relaxed)).cloned();
        let signed = self.headers(id, body, fault.as_ref());
        let answer = wire::post(&self.address, &signed, body, fault.as_ref()).await;
        if let Err(error) = &answer {
            tracing::debug!(%error, "a webhook got no answer");
        }
        answer.ok().flatten()
    }

    fn headers(&self, id: &str, body: &[u8], fault: Option<&Fault>) -> Vec<(&'static str, String)> {
        let other = ["a secret that nobody shares".to_owned()];
        let secrets = if fault == Some(&Fault::OtherSecret) { &other[..] } else { &self.secrets[..] };
        let mut headers = match &self.style {
            Style::Standard => {
                let off = if let Some(Fault::Clock { seconds }) = fault { *seconds } else { 0 };
                let at = (self.now)().saturating_add(off).to_string();
                let sign = |secret: &String| {
                    let signed = [id.as_bytes(), b".", at.as_bytes(), b".", body];
                    format!("v1,{}", STANDARD.encode(code(&key(secret), &signed)))
                };
                let signatures: Vec<String> = secrets.iter().map(sign).collect();
                vec![
                    ("webhook-id", id.to_owned()),
                    ("webhook-timestamp", at),
                    ("webhook-signature", signatures.join(" ")),
                ]
            }
            Style::GitHub { event } => {
                let code = code(secrets[0].as_bytes(), &[body]);
                let hex: String = code.iter().map(|byte| format!("{byte:02x}")).collect();
                vec![
                    ("x-github-delivery", id.to_owned()),
                    ("x-github-event", event.clone()),
                    ("x-hub-signature-256", format!("sha256={hex}")),
                ]
            }
        };
        match fault {
            Some(Fault::Unsigned) => drop(headers.pop()),
            Some(Fault::BadSignature) => {
                headers
                    .iter_mut()
                    .filter(|(name, _)| name.contains("signature"))
                    .for_each(|(_, value)| spoil(value));
            }
            _ => {}
        }
        headers
    }
}

/// The key of a secret: what stands behind `whsec_` in base64, else the text itself.
fn key(secret: &str) -> Vec<u8> {
    let decoded = secret.strip_prefix("whsec_").and_then(|encoded| STANDARD.decode(encoded).ok());
    decoded.unwrap_or_else(|| secret.as_bytes().to_vec())
}

fn code(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let mut code = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length (RFC 2104)");
    parts.iter().for_each(|part| code.update(part));
    code.finalize().into_bytes().to_vec()
}

/// Changes one character in the middle of a signature.
fn spoil(value: &mut String) {
    let middle = value.len() / 2;
    let other = if value.get(middle..=middle) == Some("a") { "b" } else { "a" };
    value.replace_range(middle..=middle, other);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_signs_what_the_published_example_signs() {
        // The example of the scheme's reference tests.
        let sender = Sender::new("http://127.0.0.1:1/", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let sender = sender.clock(Arc::new(|| 1_614_265_330));
        let headers = sender.headers("msg_p5jXN8AQM9LWM0D4loKWxJek", br#"{"test": 2432232314}"#, None);
        assert_eq!(headers[2].1, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_spoiled_signature_is_another_one() {
        let mut one = "v1,aaaa".to_owned();
        spoil(&mut one);
        assert_ne!(one, "v1,aaaa");
        assert_eq!(one.len(), 7);
    }
}
