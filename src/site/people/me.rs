//! `/admin/me`: one's own password, and signing out everywhere else.

use super::Typed;
use crate::site::{
    Site,
    audit::What,
    door::{Held, Who},
    failure::{self, Failure},
    login::{Refused, check, objection},
    shell::Shell,
};
use archive::people::{Account, Change, Done};
use askama::Template;
use axum::{
    body::Bytes,
    extract::{Extension, State},
    response::{IntoResponse, Redirect, Response},
};
use chassis::http::Client;
use http::{StatusCode, header};
use std::sync::Arc;

#[derive(Template)]
#[template(path = "me.html")]
struct Me {
    shell: Shell,
    account: Arc<Account>,
    form_token: String,
    words: String,
}

/// `GET /admin/me`.
pub(in crate::site) async fn me(Extension(who): Extension<Who>) -> Result<Response, Failure> {
    drawn(&who, String::new(), false)
}

/// `POST /admin/me`: `act` is `password` (with `old` and `password`), which ends every log-in but this one, or
/// `sign-out`, which ends all.
pub(in crate::site) async fn change_password(
    State(site): State<Site>,
    Extension(who): Extension<Who>,
    client: Option<Extension<Client>>,
    body: Bytes,
) -> Result<Response, Failure> {
    let typed = Typed::read(&body);
    let (Some(account), Held::Session(session)) = (who.insider.account.clone(), who.insider.held.clone())
    else {
        return Err(Failure::NotFound);
    };
    if typed.one("act") == "sign-out" {
        site.door.memory.change(Change::SignOutAll(account.id.clone())).await?;
        return Ok(Redirect::to("/login").into_response());
    }
    let password = typed.one_as_typed("password");
    if let Some(why) = objection(password, &account.login) {
        return drawn(&who, why.to_owned(), true);
    }
    // Whoever found a phone unlocked does not know the old one, and has as few guesses as anybody.
    match check(&site, &account.login, typed.one_as_typed("old"), client.map(|Extension(client)| client))
        .await?
    {
        Ok(_) => {}
        Err(Refused::Wrong) => {
            return drawn(&who, "The password that you have now is another one.".to_owned(), true);
        }
        Err(Refused::Wait(_)) => {
            return drawn(&who, "That was tried often. Try again in a few minutes.".to_owned(), true);
        }
    }
    let hash = site.passwords.hash(password).await?;
    if site.door.memory.change(Change::Password(account.id.clone(), hash, Some(session))).await? != Done::Yes
    {
        return Err(Failure::Locked);
    }
    let sentence =
        format!("{} changed their own password; all other log-ins of theirs ended.", account.login);
    site.audit(&who, None, What::new("password", &account.login, sentence), None);
    drawn(&who, "Done. You are signed out everywhere else.".to_owned(), false)
}

fn drawn(who: &Who, words: String, is_wrong: bool) -> Result<Response, Failure> {
    let account = who.insider.account.clone().ok_or(Failure::NotFound)?;
    let me = Me {
        shell: Shell::plain("Your account", ("me", "Skip to the form")),
        account,
        form_token: who.form_token().to_owned(),
        words,
    };
    let status = if is_wrong { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    Ok((status, [(header::CACHE_CONTROL, "no-store")], failure::page(&me)?).into_response())
}
