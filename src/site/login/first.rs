//! The first owner: whoever holds the key of the first start chooses a name and a password (`/login` with the key, or `/admin/first`). From that
//! moment the key opens nothing any more.

use super::{objection, private, sessions::enter};
use crate::site::{
    Site,
    audit::What,
    door::{Held, Insider, Who, real_now},
    failure::{Failure, page},
    people::{Typed, new_account},
    shell::Shell,
};
use archive::people::{Change, Done};
use askama::Template;
use axum::{
    body::Bytes,
    extract::{Extension, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode};

/// What was typed.
#[derive(Clone, Debug, Default)]
pub(super) struct Wanted {
    name: String,
    login: String,
}

#[derive(Template)]
#[template(path = "first_owner.html")]
struct FirstOwner {
    shell: Shell,
    warning: Option<String>,
    wanted: Wanted,
    form_token: String,
}

/// The page with the form.
pub(super) fn page_of(
    _site: &Site,
    insider: &Insider,
    wanted: &Wanted,
    warning: Option<String>,
) -> Result<Response, Failure> {
    let status = if warning.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    let first = FirstOwner {
        shell: Shell::plain("You hold the key", ("what", "Skip to the form")),
        warning,
        wanted: wanted.clone(),
        form_token: insider.form_token().to_owned(),
    };
    Ok(private((status, page(&first)?).into_response()))
}

/// `GET /admin/first`.
pub(in crate::site) async fn first(
    State(site): State<Site>,
    Extension(who): Extension<Who>,
) -> Result<Response, Failure> {
    if who.insider.held != Held::Key {
        return Err(Failure::NotFound);
    }
    page_of(&site, &who.insider, &Wanted::default(), None)
}

/// `POST /admin/first`: makes the account, signs it in, and leaves the key without use.
pub(in crate::site) async fn become_first(
    State(site): State<Site>,
    Extension(who): Extension<Who>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    if who.insider.held != Held::Key {
        return Err(Failure::NotFound);
    }
    let typed = Typed::read(&body);
    let wanted = Wanted { name: typed.one("name").to_owned(), login: typed.one("login").to_lowercase() };
    let again = |why: String| page_of(&site, &who.insider, &wanted, Some(why));
    let mut account = match new_account(&wanted.login, &wanted.name, real_now()) {
        Ok(account) => account,
        Err(why) => return again(why),
    };
    let password = typed.one_as_typed("password");
    if let Some(why) = objection(password, &account.login) {
        return again(why.to_owned());
    }
    account.password = site.passwords.hash(password).await?;
    match site.door.memory.change(Change::FirstOwner(account.clone())).await? {
        Done::Yes => {}
        Done::Taken if site.door.memory.is_owned().await? => return Err(Failure::Locked),
        Done::Taken => return again("Somebody has that sign-in name. Take another one.".to_owned()),
        _ => return again("There are as many accounts as there may be.".to_owned()),
    }
    let what = What::new(
        "own",
        &account.login,
        format!("{} became the first owner; the link of the first start is dead.", account.login),
    );
    site.audit(&who, None, what, None);
    let (account, _) = site
        .door
        .memory
        .people()
        .login(&account.login)
        .await
        .map_err(|error| Failure::ours(&error))?
        .ok_or(Failure::Locked)?;
    enter(&site, &account, &headers, "/admin").await
}
