//! Who may pass where the public may not. People come with a log-in (a cookie of a random token), programs with the intake's bearer token, and
//! whoever holds the key that the first start printed, as long as nobody owns the installation by name.
//!
//! Here is who somebody is ([`Door::insider`]); what a route asks of them is in [`layers`], what is remembered of people in [`memory`],
//! whether a request was made by a page of ours in [`forged`]. The pages at which people sign in are `login`'s.

mod cookies;
mod forged;
mod layers;
mod memory;
mod who;

use cookies::Cookies;
pub(super) use forged::holds_token;
pub(super) use layers::{
    insiders, metrics_locked, moderators, nothing_here, organisers, owners, persons, stewards,
};
pub(super) use memory::{ABSOLUTE, Memory};
pub(super) use who::{Held, Insider, Who, form_token};

use super::{Settings, Site, failure::Failure};
use archive::people::{People, Role, TokenHash};
use chassis::{Secret, clock::Clock};
use http::{HeaderMap, header};
use model::{EventId, Micros};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use subtle::ConstantTimeEq;

/// A longer token is no token of ours.
const TOKEN_BYTES_MAX: usize = 256;

/// The two keys that open.
#[derive(Clone, Debug)]
pub(crate) struct Keys {
    /// The intake's bearer token.
    pub(crate) intake: Secret<String>,
    /// SHA-256 of the owner's key; the key itself is known to its holder only.
    pub(crate) owner_sha256: [u8; 32],
}

/// The door of one installation.
#[derive(Debug)]
pub(super) struct Door {
    keys: Keys,
    pub(super) cookies: Cookies,
    pub(super) memory: Memory,
}

impl Door {
    pub(super) fn new(keys: Keys, people: Arc<dyn People>, settings: &Settings) -> Self {
        let cookies = Cookies::new(settings.public_url.scheme() == "https");
        Self { keys, cookies, memory: Memory::new(people) }
    }

    /// Whether this is the key that the first start printed. Takes the same time wherever the texts differ.
    pub(super) fn is_owner_key(&self, key: &str) -> bool {
        key.len() <= TOKEN_BYTES_MAX
            && bool::from(Sha256::digest(key.as_bytes()).as_slice().ct_eq(&self.keys.owner_sha256))
    }

    fn is_intake_token(&self, token: &str) -> bool {
        let (given, ours) =
            (Sha256::digest(token.as_bytes()), Sha256::digest(self.keys.intake.expose().as_bytes()));
        token.len() <= TOKEN_BYTES_MAX && bool::from(given.as_slice().ct_eq(ours.as_slice()))
    }

    /// Who comes with these headers; none for whoever shows nothing that opens.
    ///
    /// # Errors
    /// [`Failure::DoorAway`] when what was shown cannot be looked up now.
    pub(super) async fn insider(&self, headers: &HeaderMap) -> Result<Option<Insider>, Failure> {
        if let Some(bearer) = bearer(headers) {
            return Ok(self.is_intake_token(bearer).then(|| Insider::program(headers)));
        }
        if let Some(token) = self.cookies.session(headers).filter(|token| token.len() <= TOKEN_BYTES_MAX) {
            let hash = TokenHash::of(token);
            if let Some(account) = self.memory.session(&hash, real_now()).await? {
                return Ok(Some(Insider::person(account, hash, token)));
            }
        }
        let Some(key) = self.cookies.owner(headers).filter(|key| self.is_owner_key(key)) else {
            return Ok(None);
        };
        let is_owned = self.memory.is_owned().await?;
        Ok((!is_owned).then(|| Insider::key_holder(key)))
    }
}

impl Site {
    /// Whether whoever sends these headers has at least this role at an event: for public pages that show insiders more. While people cannot
    /// be looked up, nobody is one.
    pub(super) async fn is_inside(&self, headers: &HeaderMap, event: EventId, least: Role) -> bool {
        let insider = self.door.insider(headers).await.ok().flatten();
        insider.is_some_and(|insider| insider.role_at(event).is_some_and(|role| role >= least))
    }
}

/// People's time: the world's, also where the event's is rehearsed.
pub(super) fn real_now() -> Micros {
    Micros(Clock::real().now())
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let said = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    said.strip_prefix("Bearer ").map(str::trim)
}
