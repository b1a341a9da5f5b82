//! `/join/{token}`: a one-time link, for whoever was invited or has forgotten a password. Opening it changes nothing, as programs that preview
//! links open them too; choosing a password uses it up.

use super::{objection, private, sessions::enter};
use crate::site::{
    Site,
    audit::What,
    door::{form_token, holds_token, real_now},
    failure::{Failure, page},
    people::Typed,
    post_box::is_ours,
    shell::Shell,
};
use archive::people::{Account, Change, Done, TokenHash};
use askama::Template;
use axum::{
    body::Bytes,
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode};

#[derive(Template)]
#[template(path = "join.html")]
struct Join {
    shell: Shell,
    account: Option<Account>,
    token: String,
    form_token: String,
    warning: Option<&'static str>,
}

/// `GET /join/{token}`.
pub(in crate::site) async fn join(
    State(site): State<Site>,
    Path(token): Path<String>,
) -> Result<Response, Failure> {
    let account = invited(&site, &token).await?;
    drawn(account, token, None)
}

/// `POST /join/{token}` with the password: it is set, the link is dead, and whoever used it is signed in.
pub(in crate::site) async fn joined(
    State(site): State<Site>,
    Path(token): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    if !is_ours(&headers, &site.settings.public_url) || !holds_token(&body, &form_token(&token)) {
        return Err(Failure::Forged);
    }
    let Some(account) = invited(&site, &token).await? else { return drawn(None, token, None) };
    let typed = Typed::read(&body);
    let password = typed.one_as_typed("password");
    if let Some(why) = objection(password, &account.login) {
        return drawn(Some(account), token, Some(why));
    }
    let hash = site.passwords.hash(password).await?;
    let used = Change::UseLink(TokenHash::of(&token), hash, real_now());
    if site.door.memory.change(used).await? != Done::Yes {
        return drawn(None, token, None);
    }
    let what = What::new(
        "password",
        &account.login,
        format!("{} chose a password with a one-time link.", account.login),
    );
    site.audit_of(&account, None, what);
    let account = Account { has_password: true, ..account };
    enter(&site, &account, &headers, "/admin").await
}

async fn invited(site: &Site, token: &str) -> Result<Option<Account>, Failure> {
    let found = site.door.memory.people().link(&TokenHash::of(token), real_now()).await;
    found.map_err(|error| {
        tracing::warn!(%error, "a one-time link cannot be looked up");
        Failure::DoorAway
    })
}

fn drawn(
    account: Option<Account>,
    token: String,
    warning: Option<&'static str>,
) -> Result<Response, Failure> {
    let status = match (&account, warning) {
        (None, _) => StatusCode::GONE,
        (Some(_), Some(_)) => StatusCode::BAD_REQUEST,
        (Some(_), None) => StatusCode::OK,
    };
    let join = Join {
        shell: Shell::plain(
            if account.is_some() { "Choose your password" } else { "This link is used up" },
            ("what", "Skip to the form"),
        ),
        form_token: form_token(&token),
        account,
        token,
        warning,
    };
    Ok(private((status, page(&join)?).into_response()))
}
