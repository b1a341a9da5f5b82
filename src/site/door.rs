//! Who may pass where the public may not: the bearer of the intake's token, or the owner, whose link sets a cookie.
//!
//! What is asked for under `/admin` is refused before it is looked up. How the key becomes a cookie is in `login`.

mod login;

pub(super) use login::{login, unlock};

use super::{Settings, Site, failure::Failure};
use axum::{
    extract::{OriginalUri, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use chassis::{Secret, http::Client};
use http::{HeaderMap, Method, StatusCode, header};
use nozzle::intake::Actor;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// How long the owner's cookie is kept.
const COOKIE_SECONDS: u32 = 30 * 24 * 3600;
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
#[derive(Clone, Debug)]
pub(super) struct Door {
    keys: Keys,
    cookie: &'static str,
    attributes: &'static str,
    is_https: bool,
}

impl Door {
    pub(super) fn new(keys: Keys, settings: &Settings) -> Self {
        let is_https = settings.public_url.scheme() == "https";
        let (cookie, attributes) = if is_https {
            ("__Host-owner", "; Path=/; HttpOnly; SameSite=Lax; Secure")
        } else {
            ("owner", "; Path=/; HttpOnly; SameSite=Lax")
        };
        Self { keys, cookie, attributes, is_https }
    }

    /// Both comparisons take the same time wherever the texts differ.
    fn is_owner_key(&self, key: &str) -> bool {
        key.len() <= TOKEN_BYTES_MAX
            && bool::from(Sha256::digest(key.as_bytes()).as_slice().ct_eq(&self.keys.owner_sha256))
    }

    fn is_intake_token(&self, token: &str) -> bool {
        let (given, ours) =
            (Sha256::digest(token.as_bytes()), Sha256::digest(self.keys.intake.expose().as_bytes()));
        token.len() <= TOKEN_BYTES_MAX && bool::from(given.as_slice().ct_eq(ours.as_slice()))
    }

    /// Whether these headers open.
    pub(super) fn opens(&self, headers: &HeaderMap) -> bool {
        let bearer = headers
            .get(header::AUTHORIZATION)
            .and_then(|v| v.to_str().ok())
            .and_then(|v| v.strip_prefix("Bearer "));
        bearer.is_some_and(|token| self.is_intake_token(token.trim()))
            || self.cookie_of(headers).is_some_and(|key| self.is_owner_key(key))
    }

    /// Who passes with these headers, as the nozzle is told: the owner by the cookie; else a steward, who may say a name in `X-Actor`
    /// (`steward:ada`). None for whom the door stays shut.
    pub(super) fn actor(&self, headers: &HeaderMap) -> Option<Actor> {
        if self.cookie_of(headers).is_some_and(|key| self.is_owner_key(key)) {
            return Some(Actor { role: "owner".to_owned(), name: "owner".to_owned() });
        }
        let named = headers.get("x-actor").and_then(|value| value.to_str().ok());
        let steward = || Actor { role: "steward".to_owned(), name: "token".to_owned() };
        // The role is printed to everybody; a program does not make up one of its own.
        let said = named.and_then(|text| text.parse::<Actor>().ok()).filter(|actor| actor.role == "steward");
        self.opens(headers).then(|| said.unwrap_or_else(steward))
    }

    fn cookie_of<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        let all = headers.get_all(header::COOKIE).into_iter().filter_map(|v| v.to_str().ok());
        all.flat_map(|line| line.split(';'))
            .find_map(|pair| pair.trim().strip_prefix(self.cookie)?.strip_prefix('='))
    }
}

/// Lets only key holders pass, and tells the others in JSON.
pub(super) async fn keyholders_json(State(site): State<Site>, request: Request, next: Next) -> Response {
    if site.door.opens(request.headers()) { next.run(request).await } else { Failure::Locked.json() }
}

/// Lets only key holders pass. Whoever wanted to see a page is asked for the key, and comes to that page with it.
pub(super) async fn keyholders(
    State(site): State<Site>,
    OriginalUri(uri): OriginalUri,
    request: Request,
    next: Next,
) -> Response {
    if site.door.opens(request.headers()) {
        return next.run(request).await;
    }
    let wanted = uri.path_and_query().map_or("/", |wanted| wanted.as_str());
    if request.method() == Method::GET { login::ask(wanted) } else { Failure::Locked.into_response() }
}

/// Locks `/metrics`, which shows traffic, but for key holders and this very machine, whose own collector reads it. Whether the process
/// lives and is ready, anybody may ask.
pub(super) async fn metrics_locked(State(site): State<Site>, request: Request, next: Next) -> Response {
    // A proxy on this machine that is not named in trusted_proxies brings the whole world from loopback.
    let is_forwarded =
        ["x-forwarded-for", "forwarded", "via"].iter().any(|name| request.headers().contains_key(*name));
    let is_local =
        !is_forwarded && request.extensions().get::<Client>().is_some_and(|client| client.ip.is_loopback());
    let is_open = is_local || request.uri().path() != "/metrics";
    if is_open || site.door.opens(request.headers()) {
        next.run(request).await
    } else {
        Failure::Locked.into_response()
    }
}

/// Behind the door, where nothing is yet.
pub(super) async fn nothing_here() -> (StatusCode, Response) {
    (StatusCode::NOT_FOUND, Failure::NotFound.into_response())
}
