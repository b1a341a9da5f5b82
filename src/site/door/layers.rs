//! What routes ask of whoever comes: one layer for each role. An event that somebody was given nothing at is not there for them (404), a role
//! that is too small is told what is needed (403), and whoever shows nothing is asked to sign in (401).

use super::{Insider, Who, forged::genuine};
use crate::site::{Site, failure::Failure, login};
use archive::people::Role;
use axum::{
    extract::{FromRequestParts, OriginalUri, RawPathParams, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use chassis::http::Client;
use http::{Method, StatusCode};

/// Anybody who has a role anywhere: the index, one's own password.
pub(in crate::site) async fn insiders(State(site): State<Site>, request: Request, next: Next) -> Response {
    pass(site, Need { role: Role::Steward, everywhere: false }, request, next).await
}

/// Stewards of the event in the address, and those above.
pub(in crate::site) async fn stewards(State(site): State<Site>, request: Request, next: Next) -> Response {
    pass(site, Need { role: Role::Steward, everywhere: true }, request, next).await
}

/// Its moderators, and those above.
pub(in crate::site) async fn moderators(State(site): State<Site>, request: Request, next: Next) -> Response {
    pass(site, Need { role: Role::Moderator, everywhere: true }, request, next).await
}

/// Its organisers, and owners.
pub(in crate::site) async fn organisers(State(site): State<Site>, request: Request, next: Next) -> Response {
    pass(site, Need { role: Role::Organiser, everywhere: true }, request, next).await
}

/// Owners only.
pub(in crate::site) async fn owners(State(site): State<Site>, request: Request, next: Next) -> Response {
    pass(site, Need { role: Role::Owner, everywhere: true }, request, next).await
}

/// What a route asks for.
#[derive(Clone, Copy)]
struct Need {
    role: Role,
    /// Where the address names no event: whether the role must be one at all events.
    everywhere: bool,
}

async fn pass(site: Site, need: Need, request: Request, next: Next) -> Response {
    match entered(&site, need, request).await {
        Ok(request) => next.run(request).await,
        Err(refused) => *refused,
    }
}

/// The request with its [`Who`], or what is answered instead.
async fn entered(site: &Site, need: Need, request: Request) -> Result<Request, Box<Response>> {
    let OriginalUri(uri) =
        request.extensions().get::<OriginalUri>().cloned().unwrap_or(OriginalUri(request.uri().clone()));
    let is_api = uri.path().starts_with("/api/");
    let is_page = !is_api && *request.method() == Method::GET;
    let refuse = |failure: Failure| Box::new(if is_api { failure.json() } else { failure.into_response() });
    let insider = match site.door.insider(request.headers()).await {
        Ok(Some(insider)) => insider,
        Ok(None) if is_page => {
            return Err(Box::new(
                login::ask(site, uri.path_and_query().map_or("/", |wanted| wanted.as_str())).await,
            ));
        }
        Ok(None) => return Err(refuse(Failure::Locked)),
        Err(failure) => return Err(refuse(failure)),
    };
    let (mut parts, body) = request.into_parts();
    let role =
        role(site, &insider, need, RawPathParams::from_request_parts(&mut parts, site).await.ok()).await;
    let request = Request::from_parts(parts, body);
    let role = role.map_err(&refuse)?;
    let mut request = genuine(request, &insider, &site.settings.public_url).await.map_err(&refuse)?;
    request.extensions_mut().insert(insider.who(role));
    Ok(request)
}

/// What they are where the request goes; the event is the one that the route will see, whichever way its name was written.
async fn role(
    site: &Site,
    insider: &Insider,
    need: Need,
    params: Option<RawPathParams>,
) -> Result<Role, Failure> {
    let slug = params.as_ref().and_then(|params| params.iter().find(|(name, _)| *name == "event"));
    let held = match slug {
        None if need.everywhere => insider.role_everywhere().ok_or(Failure::NotYours { needs: need.role })?,
        None => insider.role_anywhere().ok_or(Failure::NotYours { needs: need.role })?,
        Some((_, slug)) => match site.events.find(slug).await {
            Some(event) => insider.role_at(event.eid).ok_or(Failure::NotFound)?,
            // The handler says what is not there, or where it has gone.
            None => insider.role_everywhere().ok_or(Failure::NotFound)?,
        },
    };
    if held >= need.role { Ok(held) } else { Err(Failure::NotYours { needs: need.role }) }
}

/// Keeps programs away from what is about people.
pub(in crate::site) async fn persons(request: Request, next: Next) -> Response {
    let is_program = request.extensions().get::<Who>().is_none_or(Who::is_program);
    if is_program { Failure::Locked.into_response() } else { next.run(request).await }
}

/// Locks `/metrics`, which shows traffic, but for insiders and this very machine, whose own collector reads it. Whether the process
/// lives and is ready, anybody may ask.
pub(in crate::site) async fn metrics_locked(
    State(site): State<Site>,
    request: Request,
    next: Next,
) -> Response {
    // A proxy on this machine that is not named in trusted_proxies brings the whole world from loopback.
    let is_forwarded =
        ["x-forwarded-for", "forwarded", "via"].iter().any(|name| request.headers().contains_key(*name));
    let is_local =
        !is_forwarded && request.extensions().get::<Client>().is_some_and(|client| client.ip.is_loopback());
    if is_local || request.uri().path() != "/metrics" {
        return next.run(request).await;
    }
    let insider = site.door.insider(request.headers()).await.ok().flatten();
    if insider.is_some_and(|insider| insider.role_everywhere() == Some(Role::Owner)) {
        next.run(request).await
    } else {
        Failure::Locked.into_response()
    }
}

/// Behind the door, where nothing is yet.
pub(in crate::site) async fn nothing_here() -> (StatusCode, Response) {
    (StatusCode::NOT_FOUND, Failure::NotFound.into_response())
}
