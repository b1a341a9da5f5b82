//! `/admin/people` and `/admin/{event}/people`: who may do what, who is invited, who is shut out. What the forms of these pages do is in
//! [`orders`], one's own password in [`me`].
//!
//! An organiser gives roles at their event, up to their own. What is of an account as a whole (its password, its log-ins, shutting it out) they
//! may change only where the account has nothing to do with any other event; else that is an owner's.

mod me;
mod names;
mod orders;
mod typed;

pub(super) use me::{change_password, me};
pub(crate) use names::new_account;
pub(super) use orders::{at_event, at_site};
pub(super) use typed::Typed;

use super::{
    Site,
    door::{Who, real_now},
    failure::{self, Failure},
    follow::EventLive,
    login::random_token,
    shell::Shell,
};
use archive::people::{Account, OneTimeLink, PersonId, Role, TokenHash};
use askama::Template;
use axum::{
    extract::{Extension, Path, State},
    response::{IntoResponse, Response},
};
use http::{StatusCode, header};
use model::{EventId, Micros};
use std::{collections::HashMap, sync::Arc};
use url::Url;

/// How long a one-time link works.
pub(crate) const LINK_DAYS: i64 = 3;

#[derive(Template)]
#[template(path = "people.html")]
struct People {
    shell: Shell,
    base: String,
    /// Whether this is the list of the whole site.
    is_site: bool,
    form_token: String,
    said: Said,
    people: Vec<Person>,
    roles: Vec<(&'static str, &'static str)>,
    /// Id and title of every event, for the form of the whole site.
    events: Vec<(String, String)>,
    link_days: i64,
    typed: Typed,
}

/// What came of the last press.
#[derive(Clone, Debug, Default)]
struct Said {
    words: String,
    is_wrong: bool,
    /// A one-time link, shown this once, and whose.
    link: Option<(String, String)>,
}

/// Somebody as the page shows them.
struct Person {
    id: String,
    login: String,
    name: String,
    state: String,
    /// What they are where this page is about.
    role: Option<Role>,
    /// Every role, with its event's id and name.
    grants: Vec<(String, String, Role)>,
    is_disabled: bool,
    is_me: bool,
    may_role: bool,
    may_account: bool,
}

/// `GET /admin/people`.
pub(super) async fn of_site(
    State(site): State<Site>,
    Extension(who): Extension<Who>,
) -> Result<Response, Failure> {
    drawn(&site, &who, None, (Said::default(), Typed::default())).await
}

/// `GET /admin/{event}/people`.
pub(super) async fn of_event(
    State(site): State<Site>,
    Extension(who): Extension<Who>,
    Path(slug): Path<String>,
) -> Result<Response, Failure> {
    let event = site.event(&slug).await?;
    drawn(&site, &who, Some(&event), (Said::default(), Typed::default())).await
}

/// A token for a one-time link, with what is kept of it.
pub(crate) fn new_link(now: Micros) -> (String, OneTimeLink) {
    let token = random_token();
    let link = OneTimeLink { hash: TokenHash::of(&token), ends: now.plus(LINK_DAYS * 24 * Micros::HOUR) };
    (token, link)
}

/// The whole address of a one-time link.
pub(crate) fn link_address(public_url: &Url, token: &str) -> String {
    format!("{}/join/{token}", public_url.origin().ascii_serialization())
}

/// Whether somebody may change an account as a whole, from the page of this event or (none) of the site.
pub(super) fn may_account(who: &Who, at: Option<EventId>, account: &Account) -> bool {
    let is_only_here = || {
        !account.grants.is_empty()
            && account
                .grants
                .iter()
                .all(|grant| grant.event.is_some() && grant.event == at && grant.role <= who.role)
    };
    who.insider.role_everywhere() == Some(Role::Owner) || (who.role >= Role::Organiser && is_only_here())
}

/// Whether somebody may change an account's role, from the page of this event or (none) of the site: who has a role at all events is out of
/// an organiser's reach.
pub(super) fn may_role(who: &Who, at: Option<EventId>, account: &Account) -> bool {
    who.insider.role_everywhere() == Some(Role::Owner)
        || (who.role >= Role::Organiser && at.is_some() && account.role_everywhere().is_none())
}

async fn drawn(
    site: &Site,
    who: &Who,
    event: Option<&Arc<EventLive>>,
    (said, typed): (Said, Typed),
) -> Result<Response, Failure> {
    let people = site.door.memory.people();
    let (accounts, sessions) = tokio::join!(people.accounts(), people.sessions(real_now()));
    let away = |error: archive::Error| {
        tracing::warn!(%error, "people cannot be listed");
        Failure::DoorAway
    };
    let (accounts, sessions) = (accounts.map_err(away)?, sessions.map_err(away)?);
    let sessions: HashMap<PersonId, u32> = sessions.into_iter().collect();
    let at = event.map(|event| event.eid);
    let events: Vec<(EventId, String)> =
        site.events.all().await.into_iter().map(|event| (event.eid, event.listed().title)).collect();
    let is_listed = |account: &Account| at.is_none_or(|at| account.role_at(at).is_some());
    let people = accounts.into_iter().filter(is_listed);
    let people = people.map(|account| person(who, at, &account, &sessions, &events)).collect();
    let skip = ("people", "Skip to the list");
    let shell = match event {
        Some(event) => {
            let settings = event.fold().fold().event.clone();
            Shell::of(&event.listed(), settings.as_ref(), "People", "", skip)
        }
        None => Shell::plain("People", skip),
    };
    let status = if said.is_wrong { StatusCode::CONFLICT } else { StatusCode::OK };
    let page = People {
        shell,
        base: event.map_or_else(|| "/admin".to_owned(), |event| format!("/admin/{}", event.listed().slug)),
        is_site: event.is_none(),
        form_token: who.form_token().to_owned(),
        said,
        people,
        roles: ROLES.into_iter().filter(|(role, _)| event.is_none() || *role != "owner").collect(),
        events: events.into_iter().map(|(id, title)| (id.to_string(), title)).collect(),
        link_days: LINK_DAYS,
        typed,
    };
    let mut response = (status, failure::page(&page)?).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, http::HeaderValue::from_static("no-store"));
    Ok(response)
}

/// Roles as the forms offer them.
const ROLES: [(&str, &str); 4] = [
    ("steward", "Steward: stage, walls, posts to sort"),
    ("moderator", "Moderator: also what is held, hidden, removed"),
    ("organiser", "Organiser: also settings, schedule, people"),
    ("owner", "Owner: everything, at all events"),
];

fn person(
    who: &Who,
    at: Option<EventId>,
    account: &Account,
    sessions: &HashMap<PersonId, u32>,
    events: &[(EventId, String)],
) -> Person {
    let name = |event: Option<EventId>| match event {
        None => "all events".to_owned(),
        Some(eid) => {
            let found = events.iter().find(|(known, _)| *known == eid);
            found.map_or_else(|| "an event that is gone".to_owned(), |(_, title)| title.clone())
        }
    };
    let state = match (account.disabled, account.has_password, sessions.get(&account.id)) {
        (Some(_), ..) => "shut out".to_owned(),
        (None, false, _) => "invited, has not come yet".to_owned(),
        (None, true, None) => "not signed in".to_owned(),
        (None, true, Some(1)) => "signed in".to_owned(),
        (None, true, Some(count)) => format!("signed in {count} times"),
    };
    let is_me = who.person.as_ref() == Some(&account.id);
    let may_account = !is_me && may_account(who, at, account);
    Person {
        id: account.id.0.clone(),
        login: account.login.clone(),
        name: account.name.clone(),
        state,
        role: at.map_or_else(|| account.role_everywhere(), |at| account.role_at(at)),
        grants: account
            .grants
            .iter()
            .map(|grant| {
                (grant.event.map_or_else(String::new, |eid| eid.to_string()), name(grant.event), grant.role)
            })
            .collect(),
        is_disabled: account.disabled.is_some(),
        is_me,
        may_role: !is_me && may_role(who, at, account),
        may_account,
    }
}
