//! How a log-in begins and ends. Each begins with a token of its own, drawn here and now: one that was in the browser before is never taken
//! over, and ends.

use super::private;
use crate::site::{
    Site,
    door::{ABSOLUTE, Held, Insider, real_now},
    failure::Failure,
};
use archive::people::{Account, Change, Done, Session, TokenHash};
use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderMap, header};

/// Bytes of randomness in a token.
const TOKEN_BYTES: usize = 32;

/// A token that nobody can guess, in hexadecimal.
pub(in crate::site) fn random_token() -> String {
    rand::random::<[u8; TOKEN_BYTES]>().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Signs an account in and leads on.
pub(super) async fn enter(
    site: &Site,
    account: &Account,
    headers: &HeaderMap,
    next: &str,
) -> Result<Response, Failure> {
    let (token, now) = (random_token(), real_now());
    if let Some(before) = site.door.cookies.session(headers) {
        site.door.memory.change(Change::SignOut(TokenHash::of(before))).await?;
    }
    let session = Session {
        hash: TokenHash::of(&token),
        person: account.id.clone(),
        made: now,
        seen: now,
        ends: now.plus(ABSOLUTE),
    };
    if site.door.memory.change(Change::SignIn(session)).await? != Done::Yes {
        return Err(Failure::Locked);
    }
    let mut response = private(Redirect::to(next).into_response());
    for gone in site.door.cookies.clear() {
        response.headers_mut().append(header::SET_COOKIE, gone);
    }
    response.headers_mut().append(header::SET_COOKIE, site.door.cookies.set_session(&token));
    Ok(response)
}

/// Signs out: the log-in ends on the server, the cookies go.
pub(super) async fn leave(site: &Site, insider: &Insider) -> Result<Response, Failure> {
    if let Held::Session(hash) = &insider.held {
        site.door.memory.change(Change::SignOut(hash.clone())).await?;
    }
    let mut response = private(Redirect::to("/").into_response());
    for gone in site.door.cookies.clear() {
        response.headers_mut().append(header::SET_COOKIE, gone);
    }
    Ok(response)
}
