//! `perihelion user add|reset|list`: people from the command line, for a first start without a browser and for whoever locked themselves out. A
//! password is never typed here: what is printed is a one-time link, at which its holder chooses one.

use anyhow::Context;
use archive::people::{Account, Change, Done, Grant, People, Role};
use chassis::clock::Clock;
use model::{EventId, Micros};

use crate::cli::{UserAddArgs, UserCommand};
use crate::config::Config;
use crate::data_dir::DataDir;
use crate::failure::Failure;
use crate::site::{LINK_DAYS, link_address, new_account, new_link};
use crate::{ledgers, wiring};

use super::event::unknown;

/// Runs one of them.
pub(crate) async fn run(config: &Config, command: &UserCommand) -> Result<(), Failure> {
    // Also where nothing was started yet: the first owner may come from here.
    DataDir::open(&config.data_dir)?;
    let people = wiring::people(config)?;
    people.prepare().await.context("people are kept in the archive's database")?;
    match command {
        UserCommand::Add(args) => add(config, &*people, args).await,
        UserCommand::Reset { login } => reset(config, &*people, login).await,
        UserCommand::List => list(config, &*people).await,
    }
}

async fn add(config: &Config, people: &dyn People, args: &UserAddArgs) -> Result<(), Failure> {
    let event = match &args.event {
        Some(slug) => Some(event_of(config, slug).await?),
        None => None,
    };
    if args.role == Role::Owner && event.is_some() {
        return Err(Failure::Asked("an owner is one at all events: leave --event away".to_owned()));
    }
    let account =
        new_account(&args.login, args.name.as_deref().unwrap_or_default(), now()).map_err(Failure::Asked)?;
    let (token, link) = new_link(now());
    let grant = Some(Grant { event, role: args.role });
    match people.change(Change::Add(account.clone(), grant, Some(link))).await.map_err(anyhow::Error::from)? {
        Done::Yes => say_link(config, &account.name, &token),
        Done::Taken => {
            return Err(Failure::Asked(format!(
                "somebody signs in as {} already: `perihelion user reset {}` makes a new link for them",
                account.login, account.login
            )));
        }
        _ => return Err(Failure::Asked("there are as many accounts as there may be".to_owned())),
    }
    Ok(())
}

async fn reset(config: &Config, people: &dyn People, login: &str) -> Result<(), Failure> {
    let account = known(people, login).await?;
    let (token, link) = new_link(now());
    let done = people.change(Change::Reset(account.id.clone(), link)).await;
    if done.map_err(anyhow::Error::from)? != Done::Yes {
        return Err(Failure::Asked(format!("{login} is gone")));
    }
    println!("{} is signed out everywhere, and the old password is dead.", account.name);
    if account.disabled.is_some() {
        println!(
            "They are shut out; somebody has to let them in again on the people page before the link works."
        );
    }
    say_link(config, &account.name, &token);
    Ok(())
}

async fn list(config: &Config, people: &dyn People) -> Result<(), Failure> {
    let (accounts, events) =
        (people.accounts().await.map_err(anyhow::Error::from)?, ledgers::all(&config.data_dir).await?);
    if accounts.is_empty() {
        println!(
            "Nobody has an account yet. `perihelion user add NAME --role owner` prints a link for the first."
        );
    }
    let slug = |eid: EventId| {
        let found = events.iter().find(|held| held.eid == eid);
        found.and_then(|held| held.slug()).map_or_else(|| eid.to_string(), str::to_owned)
    };
    for account in accounts {
        let state = match (account.disabled, account.has_password) {
            (Some(_), _) => "shut out",
            (None, false) => "invited",
            (None, true) => "active",
        };
        let grants: Vec<String> = account
            .grants
            .iter()
            .map(|grant| {
                format!("{} of {}", grant.role, grant.event.map_or_else(|| "all events".to_owned(), slug))
            })
            .collect();
        println!("{}  {}  {state}  {}", account.login, account.name, grants.join(", "));
    }
    Ok(())
}

async fn known(people: &dyn People, login: &str) -> Result<Account, Failure> {
    let found = people.login(&login.trim().to_lowercase()).await.map_err(anyhow::Error::from)?;
    found.map(|(account, _)| account).ok_or_else(|| {
        Failure::Asked(format!("nobody signs in as {login}: `perihelion user list` tells who does"))
    })
}

async fn event_of(config: &Config, slug: &str) -> Result<EventId, Failure> {
    match ledgers::find(&config.data_dir, slug).await? {
        Some(held) => Ok(held.eid),
        None => Err(unknown(config, slug).await?),
    }
}

fn say_link(config: &Config, name: &str, token: &str) {
    let site = config.site.address(config.site.listen);
    println!("For {name}, to choose a password; works once, and for {LINK_DAYS} days:");
    println!("{}", link_address(&site, token));
}

fn now() -> Micros {
    Micros(Clock::real().now())
}
