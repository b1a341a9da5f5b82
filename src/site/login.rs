//! `/login`, `/logout`: people sign in with a name and a password; whoever holds the key that the first start printed comes in with that, until
//! somebody owns the installation by name ([`first`]). One-time links lead to [`join`].
//!
//! How often somebody may try is in [`attempts`], how passwords are kept in [`password`].

mod attempts;
mod first;
mod join;
mod password;
mod sessions;

pub(super) use attempts::Attempts;
pub(super) use first::{become_first, first};
pub(super) use join::{join, joined};
use password::Compared;
pub(super) use password::{Passwords, objection};
pub(super) use sessions::random_token;

use super::{
    Site,
    door::{Held, Insider, holds_token},
    failure::{Failure, page},
    people::Typed,
    post_box::is_ours,
    shell::Shell,
};
use archive::people::{Account, Change};
use askama::Template;
use attempts::Attempt;
use axum::{
    body::Bytes,
    extract::{Extension, Query, State},
    response::{IntoResponse, Redirect, Response},
};
use chassis::http::Client;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Deserialize;
use sessions::{enter, leave};
use std::time::{Duration, Instant};
use url::Url;

/// Longest address that a log-in leads back to, in bytes.
const NEXT_BYTES_MAX: usize = 512;
/// Where a log-in leads that was not on its way anywhere.
const HOME: &str = "/admin";
/// Where the key of the first start leads.
const FIRST: &str = "/login";

#[derive(Deserialize)]
pub(in crate::site) struct Shown {
    token: Option<String>,
    next: Option<String>,
}

#[derive(Template)]
#[template(path = "login.html")]
struct Login {
    shell: Shell,
    head: &'static str,
    text: &'static str,
    /// What was wrong.
    warning: Option<String>,
    /// The name that was typed.
    name: String,
    /// Where signing in leads.
    next: String,
    /// Whether the key of the first start still opens.
    has_key: bool,
    is_open_http: bool,
}

#[derive(Template)]
#[template(path = "signed_in.html")]
struct SignedIn {
    shell: Shell,
    name: String,
    form_token: String,
}

/// `GET /login`: the form, or who is signed in. With `?token=...` the link of the first start: its key moves from the address into a cookie,
/// and the address is left at once.
pub(in crate::site) async fn login(
    State(site): State<Site>,
    headers: HeaderMap,
    Query(shown): Query<Shown>,
) -> Result<Response, Failure> {
    let next = shown.next.as_deref().and_then(way_back);
    if let Some(token) = shown.token {
        return with_key(&site, &token, next.as_deref().unwrap_or(FIRST)).await;
    }
    let Some(insider) = site.door.insider(&headers).await? else {
        return Ok(ask(&site, next.as_deref().unwrap_or(HOME)).await);
    };
    if let Some(next) = next {
        return Ok(Redirect::to(&next).into_response());
    }
    if insider.held == Held::Key {
        return first::page_of(&site, &insider, &first::Wanted::default(), None);
    }
    let signed_in = SignedIn {
        shell: Shell::plain("You are signed in", ("what", "Skip to the page")),
        name: insider.account.as_ref().map_or_else(|| "a program".to_owned(), |account| account.name.clone()),
        form_token: insider.form_token().to_owned(),
    };
    Ok(private((StatusCode::OK, page(&signed_in)?).into_response()))
}

/// `POST /login`: a name and a password; or, in `key`, the key of the first start, or its whole link.
pub(in crate::site) async fn send(
    State(site): State<Site>,
    client: Option<Extension<Client>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    if !is_ours(&headers, &site.settings.public_url) {
        return Err(Failure::Forged);
    }
    let typed = Typed::read(&body);
    let next = way_back(typed.one("next"));
    if !typed.one("key").is_empty() {
        let key = key_in(typed.one("key"));
        return with_key(&site, &key, next.as_deref().unwrap_or(FIRST)).await;
    }
    let next = next.unwrap_or_else(|| HOME.to_owned());
    let login = typed.one("name").to_lowercase();
    match check(&site, &login, typed.one_as_typed("password"), client.map(|Extension(client)| client)).await?
    {
        Ok(account) => enter(&site, &account, &headers, &next).await,
        Err(Refused::Wrong) => {
            let words = "The name or the password is not right. If you forgot it, whoever invited you can send a new link.";
            Ok(drawn(&site, StatusCode::UNAUTHORIZED, &next, (typed.one("name"), Some(words.to_owned())))
                .await)
        }
        Err(Refused::Wait(wait)) => {
            let words = format!("That was tried often. Try again in {}.", in_words(wait));
            let mut response =
                drawn(&site, StatusCode::TOO_MANY_REQUESTS, &next, (typed.one("name"), Some(words))).await;
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait.as_secs().max(1)));
            Ok(response)
        }
    }
}

/// Why nobody was let in.
pub(super) enum Refused {
    /// Name or password; nobody is told which.
    Wrong,
    /// Too many tries.
    Wait(Duration),
}

/// Compares name and password, within what may be tried. Whether there is such an account changes neither the answer nor what it takes.
pub(super) async fn check(
    site: &Site,
    login: &str,
    password: &str,
    client: Option<Client>,
) -> Result<Result<Account, Refused>, Failure> {
    let is_venue = client.as_ref().is_some_and(|client| site.settings.venue.contains(client.ip));
    let attempt = Attempt::new(login, client.map(|client| client.key), is_venue);
    if let Err(wait) = site.attempts.book(&attempt, Instant::now()) {
        metrics::counter!(crate::site::metrics::LOGINS_REFUSED).increment(1);
        return Ok(Err(Refused::Wait(wait)));
    }
    let people = site.door.memory.people();
    let found = people.login(login).await.map_err(|error| {
        tracing::warn!(%error, "nobody can sign in: people cannot be looked up");
        Failure::DoorAway
    })?;
    let kept = found.as_ref().map_or_else(String::new, |(_, password)| password.clone());
    let compared = site.passwords.compare(password, &kept).await?;
    let account = found.map(|(account, _)| account).filter(|account| account.disabled.is_none());
    match (compared, account) {
        (Compared::Wrong, _) | (_, None) => {
            metrics::counter!(crate::site::metrics::LOGINS_FAILED).increment(1);
            Ok(Err(Refused::Wrong))
        }
        (compared, Some(account)) => {
            site.attempts.succeeded(&attempt, Instant::now());
            if let Compared::Grown(grown) = compared {
                site.door.memory.change(Change::Rehash(account.id.clone(), kept, grown)).await?;
            }
            Ok(Ok(account))
        }
    }
}

/// `POST /logout`: this log-in ends, here and on the server, so a cookie that somebody copied is dead as well.
pub(in crate::site) async fn logout(
    State(site): State<Site>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    if !is_ours(&headers, &site.settings.public_url) {
        return Err(Failure::Forged);
    }
    let insider: Insider = site.door.insider(&headers).await?.ok_or(Failure::Locked)?;
    if !holds_token(&body, insider.form_token()) {
        return Err(Failure::Forged);
    }
    leave(&site, &insider).await
}

/// The page that asks for name and password, with the way to what was wanted.
pub(super) async fn ask(site: &Site, wanted: &str) -> Response {
    let next = way_back(wanted).unwrap_or_else(|| HOME.to_owned());
    drawn(site, StatusCode::UNAUTHORIZED, &next, ("", None)).await
}

async fn with_key(site: &Site, key: &str, next: &str) -> Result<Response, Failure> {
    if !site.door.is_owner_key(key) {
        let words =
            "This key opens nothing here. A link that was replaced by a newer one is dead.".to_owned();
        return Ok(drawn(site, StatusCode::UNAUTHORIZED, next, ("", Some(words))).await);
    }
    if site.door.memory.is_owned().await? {
        let words = "This link has done its work: somebody owns this site by name. Sign in with your name and password.";
        return Ok(drawn(site, StatusCode::UNAUTHORIZED, HOME, ("", Some(words.to_owned()))).await);
    }
    let mut response = private(Redirect::to(next).into_response());
    response.headers_mut().insert(header::SET_COOKIE, site.door.cookies.set_owner(key));
    Ok(response)
}

async fn drawn(
    site: &Site,
    status: StatusCode,
    next: &str,
    (name, warning): (&str, Option<String>),
) -> Response {
    // While nobody can say, both ways in are offered.
    let has_key = !site.door.memory.is_owned().await.unwrap_or(false);
    let login = Login {
        shell: Shell::plain("Sign in", ("what", "Skip to the form")),
        head: "Sign in",
        text: "Everything public is open to you; what is behind this door is for those who run an event here.",
        warning,
        name: name.to_owned(),
        next: next.to_owned(),
        has_key,
        is_open_http: !site.door.cookies.is_https && !is_this_machine(&site.settings.public_url),
    };
    let mut response = private((status, page(&login)).into_response());
    if status == StatusCode::UNAUTHORIZED {
        let realm = HeaderValue::from_static("Bearer realm=\"perihelion\"");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, realm);
    }
    response
}

/// Nobody keeps it, and no other site is told where it led from. Not `no-referrer`: under that, browsers call the origin of our own forms
/// "null", and over plain http they say nothing else of it.
pub(super) fn private(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    response
}

fn in_words(wait: Duration) -> String {
    match wait.as_secs().max(1) {
        1 => "a second".to_owned(),
        seconds @ 2..=90 => format!("{seconds} seconds"),
        seconds => format!("{} minutes", seconds.div_ceil(60)),
    }
}

/// Whether nothing lies between browser and server.
fn is_this_machine(public: &Url) -> bool {
    match public.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

/// An address of ours behind the door, or nothing: nobody is led to another site from here.
fn way_back(wanted: &str) -> Option<String> {
    let path = wanted.split(['?', '#']).next().unwrap_or_default();
    let is_behind = path == "/admin" || path.starts_with("/admin/");
    let is_plain = wanted.len() <= NEXT_BYTES_MAX
        && wanted.bytes().all(|b| b.is_ascii_graphic() && b != b'\\')
        && !path.contains("//");
    (is_behind && is_plain).then(|| wanted.to_owned())
}

/// The key in what was pasted: a link holds it behind `token=`.
fn key_in(pasted: &str) -> String {
    let of_link = Url::parse(pasted).ok().and_then(|link| {
        link.query_pairs().find(|(name, _)| name == "token").map(|(_, token)| token.into_owned())
    });
    of_link.unwrap_or_else(|| pasted.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_warned_of_except_on_this_machine() {
        let is_here = |url: &str| is_this_machine(&url.parse().expect("an address"));
        assert!(
            is_here("http://localhost:8080") && is_here("http://127.0.0.1") && is_here("http://[::1]:80")
        );
        assert!(!is_here("http://conference.example") && !is_here("http://192.168.1.7:8080"));
    }

    #[test]
    fn a_log_in_leads_to_pages_behind_the_door_and_nowhere_else() {
        for ours in ["/admin", "/admin/rustfest/stage?room=main", "/admin/a/file?room=%2F"] {
            assert_eq!(way_back(ours).as_deref(), Some(ours));
        }
        let slips = ["", "/", "/login", "/administer", "/admin//x", "/admin\\x", "/admin/\r\nx: y"];
        for other in slips.into_iter().chain(["//evil.example/admin/", "https://evil.example/admin/"]) {
            assert_eq!(way_back(other), None, "{other}");
        }
    }

    #[test]
    fn the_key_is_found_in_the_link_that_was_pasted() {
        assert_eq!(key_in("http://127.0.0.1:8080/login?token=abc%2B1"), "abc+1");
        assert_eq!(key_in("abc"), "abc");
    }
}
