//! What the buttons of the people pages do: invite, give a role, shut out, let in, sign out everywhere, reset.

use super::{Said, Typed, drawn, link_address, may_account, new_account, new_link};
use crate::site::{
    Site,
    audit::{Undo, What},
    door::{Who, real_now},
    failure::Failure,
    follow::EventLive,
};
use archive::people::{Account, Change, Done, Grant, PersonId, Role};
use axum::{
    body::Bytes,
    extract::{Extension, Path, State},
    response::Response,
};
use model::EventId;
use std::sync::Arc;

/// `POST /admin/people`.
pub(in crate::site) async fn at_site(
    State(site): State<Site>,
    Extension(who): Extension<Who>,
    body: Bytes,
) -> Result<Response, Failure> {
    press(&site, &who, None, &body).await
}

/// `POST /admin/{event}/people`.
pub(in crate::site) async fn at_event(
    State(site): State<Site>,
    Extension(who): Extension<Who>,
    Path(slug): Path<String>,
    body: Bytes,
) -> Result<Response, Failure> {
    let event = site.event(&slug).await?;
    press(&site, &who, Some(&event), &body).await
}

/// A press, where it was made, and by whom.
struct Press<'a> {
    site: &'a Site,
    who: &'a Who,
    /// The event whose page it is; none for the site's.
    at: Option<EventId>,
    typed: &'a Typed,
}

async fn press(
    site: &Site,
    who: &Who,
    event: Option<&Arc<EventLive>>,
    body: &[u8],
) -> Result<Response, Failure> {
    let typed = Typed::read(body);
    let press = Press { site, who, at: event.map(|event| event.eid), typed: &typed };
    let said = match typed.one("act") {
        "invite" => press.invite().await?,
        "role" => press.role().await?,
        act => press.account(act).await?,
    };
    let said = said.unwrap_or_else(|why| Said { words: why, is_wrong: true, link: None });
    // What was typed stays only where it has to be mended.
    let typed = if said.is_wrong { typed } else { Typed::default() };
    // The page that comes next shows what was just done, in its audit log too.
    if let Err(error) = site.audit.write(site.door.memory.people()).await {
        tracing::debug!(%error, "the audit log waits");
    }
    drawn(site, who, event, (said, typed)).await
}

type Outcome = Result<Result<Said, String>, Failure>;

impl Press<'_> {
    /// The event that a form is about: its page's, or the one that was chosen on the site's page (empty: all).
    fn place(&self) -> Result<Option<EventId>, String> {
        match (self.at, self.typed.one("event")) {
            (Some(at), _) => Ok(Some(at)),
            (None, "") => Ok(None),
            (None, id) => id.parse().map(Some).map_err(|_| "There is no such event.".to_owned()),
        }
    }

    /// The role that was chosen; none takes it away. Nobody gives more than they are, and only an owner makes owners, at all events.
    fn wanted(&self, place: Option<EventId>) -> Result<Option<Role>, String> {
        let role = match self.typed.one("role") {
            "" => return Ok(None),
            role => role.parse::<Role>()?,
        };
        if role > self.who.role || (role == Role::Owner && (place.is_some() || self.at.is_some())) {
            return Err(match role {
                Role::Owner => "An owner is one at all events, and only owners make owners.".to_owned(),
                _ => "Nobody gives more than they are.".to_owned(),
            });
        }
        Ok(Some(role))
    }

    async fn invite(&self) -> Outcome {
        let asked = self.place().and_then(|place| Ok((place, self.wanted(place)?)));
        let (place, role) = match asked {
            Ok((place, Some(role))) => (place, role),
            Ok(_) => return Ok(Err("Choose a role.".to_owned())),
            Err(why) => return Ok(Err(why)),
        };
        let account = match new_account(self.typed.one("login"), self.typed.one("name"), real_now()) {
            Ok(account) => account,
            Err(why) => return Ok(Err(why)),
        };
        let (token, link) = new_link(real_now());
        let grant = Some(Grant { event: place, role });
        match self.change(Change::Add(account.clone(), grant, Some(link))).await? {
            Done::Yes => {
                let what =
                    What::new("invite", &account.login, format!("Invited {} as {role}.", account.login));
                let undo =
                    Undo::Role { person: account.id.0, event: place.map(|eid| eid.to_string()), role: None };
                self.site.audit(self.who, place, what, Some(undo));
                Ok(Ok(self.with_link(format!("{} is invited.", account.name), &account.name, &token)))
            }
            Done::Taken => self.give_known(&account.login, place, role).await,
            _ => {
                Ok(Err("There are as many accounts as there may be: shut out and reset old ones instead."
                    .to_owned()))
            }
        }
    }

    /// Somebody has that sign-in name: they are given the role, and need no link.
    async fn give_known(&self, login: &str, place: Option<EventId>, role: Role) -> Outcome {
        let found = self.site.door.memory.people().login(login).await.map_err(|_| Failure::DoorAway)?;
        let Some((account, _)) = found else { return Ok(Err("Try again.".to_owned())) };
        if account.role_everywhere().is_some() && self.at.is_some() {
            return Ok(Err(format!("{} has an account, and a role at all events.", account.name)));
        }
        self.give(&account, place, Some(role)).await
    }

    async fn role(&self) -> Outcome {
        let asked = self.place().and_then(|place| Ok((place, self.wanted(place)?)));
        let (place, role) = match asked {
            Ok(asked) => asked,
            Err(why) => return Ok(Err(why)),
        };
        let account = match self.person().await? {
            Ok(account) => account,
            Err(why) => return Ok(Err(why)),
        };
        // At an event, owners and those with a role at all events are out of its organisers' reach.
        let is_owner = self.who.insider.role_everywhere() == Some(Role::Owner);
        if !is_owner
            && (account.role_everywhere().is_some() || place.is_none_or(|at| account.role_at(at).is_none()))
        {
            return Ok(Err("That is an owner’s to change.".to_owned()));
        }
        self.give(&account, place, role).await
    }

    async fn give(&self, account: &Account, place: Option<EventId>, role: Option<Role>) -> Outcome {
        if self.who.person.as_ref() == Some(&account.id) {
            return Ok(Err("Nobody changes their own role: somebody else does.".to_owned()));
        }
        let before = account.grants.iter().find(|grant| grant.event == place).map(|grant| grant.role);
        let done = self.change(Change::Grant(account.id.clone(), place, role)).await?;
        if done != Done::Yes {
            return Ok(Err(refused(done).to_owned()));
        }
        let words = match role {
            Some(role) => format!("{} is {role} now.", account.name),
            None => format!("{} is nothing here any more.", account.name),
        };
        let sentence = match (before, role) {
            (None, Some(role)) => format!("Made {} {role}.", account.login),
            (Some(before), Some(role)) => format!("Made {} {role}, who was {before}.", account.login),
            (before, None) => {
                format!("Took the role of {} away: {}.", account.login, before.map_or("none", Role::name))
            }
        };
        let undo = Undo::Role {
            person: account.id.0.clone(),
            event: place.map(|eid| eid.to_string()),
            role: before.map(|role| role.name().to_owned()),
        };
        self.site.audit(self.who, place, What::new("role", &account.login, sentence), Some(undo));
        Ok(Ok(Said { words, ..Said::default() }))
    }

    /// What is done to an account as a whole.
    async fn account(&self, act: &str) -> Outcome {
        let account = match self.person().await? {
            Ok(account) => account,
            Err(why) => return Ok(Err(why)),
        };
        if self.who.person.as_ref() == Some(&account.id) {
            return Ok(
                Err("That is you. Your own password and log-ins are under “Your account”.".to_owned()),
            );
        }
        if !may_account(self.who, self.at, &account) {
            return Ok(Err(
                "They have to do with other events as well: that is an owner’s to change.".to_owned()
            ));
        }
        let id = account.id.clone();
        let (token, link) = new_link(real_now());
        let (change, verb, words): (Change, &'static str, String) = match act {
            "disable" => (
                Change::Disable(id.clone(), Some(real_now())),
                "disable",
                format!("{} is shut out.", account.name),
            ),
            "enable" => (Change::Disable(id, None), "enable", format!("{} may sign in again.", account.name)),
            "sign-out" => {
                (Change::SignOutAll(id), "sign-out", format!("{} is signed out everywhere.", account.name))
            }
            "reset" => (Change::Reset(id, link), "reset", format!("{} needs a new password.", account.name)),
            _ => return Ok(Err("Press one of the buttons. Nothing was changed.".to_owned())),
        };
        let done = self.change(change).await?;
        if done != Done::Yes {
            return Ok(Err(refused(done).to_owned()));
        }
        let undo = (verb == "disable").then(|| Undo::Enable { person: account.id.0.clone() });
        self.site.audit(
            self.who,
            self.at,
            What::new(verb, &account.login, words.replace(&account.name, &account.login)),
            undo,
        );
        Ok(Ok(match act {
            "reset" => self.with_link(words, &account.name, &token),
            _ => Said { words, ..Said::default() },
        }))
    }

    /// The account that a form names; on an event's page only one that has a role there.
    async fn person(&self) -> Result<Result<Account, String>, Failure> {
        let id = PersonId(self.typed.one("person").to_owned());
        let found = self.site.door.memory.people().account(&id).await.map_err(|_| Failure::DoorAway)?;
        let found = found.filter(|account| self.at.is_none_or(|at| account.role_at(at).is_some()));
        Ok(found.ok_or_else(|| "There is no such person here.".to_owned()))
    }

    async fn change(&self, change: Change) -> Result<Done, Failure> {
        self.site.door.memory.change(change).await
    }

    fn with_link(&self, words: String, whose: &str, token: &str) -> Said {
        let link = link_address(&self.site.settings.public_url, token);
        Said { words, is_wrong: false, link: Some((whose.to_owned(), link)) }
    }
}

fn refused(done: Done) -> &'static str {
    match done {
        Done::LastOwner => {
            "That would leave nobody who owns this site and can sign in. Make another owner first."
        }
        _ => "It is not so any more. Look again.",
    }
}
