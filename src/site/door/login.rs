//! `/login`: the owner's link, or the key written into a form; then a cookie, and the page that was wanted.

use super::{COOKIE_SECONDS, Door};
use crate::site::{
    Site,
    failure::{Failure, page},
    post_box::is_ours,
    shell::Shell,
};
use askama::Template;
use axum::{
    body::Bytes,
    extract::{Query, State},
    response::{IntoResponse, Redirect, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Deserialize;
use url::Url;

/// Longest address that a log-in leads back to, in bytes.
const NEXT_BYTES_MAX: usize = 512;
/// Where a log-in leads that was not on its way anywhere.
const HOME: &str = "/login";

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
    /// What was wrong, or is.
    warning: Option<&'static str>,
    /// Where the key leads, on a page that asks for it.
    next: Option<String>,
}

/// `GET /login?token=...`: the owner's link. The key moves from the address into a cookie, and the address is left at once.
pub(in crate::site) async fn login(
    State(site): State<Site>,
    headers: HeaderMap,
    Query(shown): Query<Shown>,
) -> Response {
    let next = shown.next.as_deref().and_then(way_back);
    if let Some(token) = shown.token {
        return enter(&site.door, &token, next.as_deref().unwrap_or(HOME));
    }
    if !site.door.opens(&headers) {
        return ask(next.as_deref().unwrap_or(HOME));
    }
    if let Some(next) = next {
        return Redirect::to(&next).into_response();
    }
    let warning = "This site is not reached by https, so anybody on the way could read your key. Set site.public_url to its https address.";
    let is_open = !site.door.is_https && !is_this_machine(&site.settings.public_url);
    let login = Login {
        shell: Shell::plain("You hold the key", ("what", "Skip to the page")),
        head: "You hold the key",
        text: "This browser is known as the owner’s. Events are made with the command line for now: perihelion event apply event.toml.",
        warning: is_open.then_some(warning),
        next: None,
    };
    drawn(StatusCode::OK, &login)
}

/// `POST /login`: the key, or the whole link, as somebody has written it into the form.
pub(in crate::site) async fn unlock(State(site): State<Site>, headers: HeaderMap, body: Bytes) -> Response {
    if !is_ours(&headers, &site.settings.public_url) {
        return Failure::Forged.into_response();
    }
    let field = |name: &str| {
        let mut fields = url::form_urlencoded::parse(&body);
        fields.find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
    };
    let next = field("next").as_deref().and_then(way_back).unwrap_or_else(|| HOME.to_owned());
    let key = key_in(field("key").unwrap_or_default().trim());
    if site.door.is_owner_key(&key) {
        return enter(&site.door, &key, &next);
    }
    let wrong =
        "This is not the owner’s key. A link that was replaced by a newer one opens nothing any more.";
    drawn(StatusCode::UNAUTHORIZED, &locked(&next, Some(wrong)))
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

/// The page that asks for the key, with the way to what was wanted.
pub(super) fn ask(wanted: &str) -> Response {
    let next = way_back(wanted).unwrap_or_else(|| HOME.to_owned());
    drawn(StatusCode::UNAUTHORIZED, &locked(&next, None))
}

fn locked(next: &str, warning: Option<&'static str>) -> Login {
    Login {
        shell: Shell::plain("This door is locked", ("what", "Skip to the page")),
        head: "This door is locked",
        text: "Everything public is open to you; this page is the organisers’. If you run this event, open the owner’s link that was printed at \
               the first start, or paste it here. To get a new one, delete owner-link.sha256 in the data directory and start again.",
        warning,
        next: Some(next.to_owned()),
    }
}

fn enter(door: &Door, key: &str, next: &str) -> Response {
    if !door.is_owner_key(key) {
        return ask(next);
    }
    let cookie = format!("{}={key}; Max-Age={COOKIE_SECONDS}{}", door.cookie, door.attributes);
    let Ok(cookie) = HeaderValue::from_str(&cookie) else { return Failure::Locked.into_response() };
    let mut response = Redirect::to(next).into_response();
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
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

fn drawn(status: StatusCode, login: &Login) -> Response {
    let mut response = (status, page(login)).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if status == StatusCode::UNAUTHORIZED {
        let realm = HeaderValue::from_static("Bearer realm=\"perihelion\"");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, realm);
    }
    response
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
