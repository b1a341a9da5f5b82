//! `perihelion event end|reopen|archive|rename|delete`: asks the nozzle, or is it; where no nozzle runs that could tell the strainer of
//! a deletion, the archive is cleared here.

use std::io::{IsTerminal, Write};

use model::{EventId, Micros};
use nozzle::intake::{Ask, Outcome, SetLife};

use super::event::{print_outcome, unknown};
use crate::cli::{DeleteArgs, LifeCommand};
use crate::config::Config;
use crate::event_file;
use crate::failure::Failure;
use crate::reach::{Reached, event_id};
use crate::wiring;

/// Runs one of them.
pub(crate) async fn run(config: &Config, command: &LifeCommand) -> Result<(), Failure> {
    let (slug, ask, done) = match command {
        LifeCommand::End(args) => {
            let at = args.at.as_deref().map(moment).transpose()?;
            (&args.event, SetLife::End { at }, if at.is_some() { "set the end of" } else { "ended" })
        }
        LifeCommand::Reopen(args) => (&args.event, SetLife::Reopen {}, "reopened"),
        LifeCommand::Archive(args) => (&args.event, SetLife::Archive {}, "archived"),
        LifeCommand::Rename(args) => (&args.event, SetLife::Rename { slug: args.to.clone() }, "renamed"),
        LifeCommand::Delete(args) => {
            confirm(args)?;
            (&args.event, SetLife::Delete { slug: args.event.clone() }, "deleted")
        }
    };
    let Some(eid) = event_id(config, slug).await? else { return Err(unknown(config, slug).await?) };
    let reached = Reached::nozzle(config).await?;
    let asked = event_file::ask(&*reached.intake, eid, Ask::Life(ask)).await;
    let told = asked.map(|outcome| {
        print_outcome(&format!("{} {slug}", word(done, &outcome)), &outcome, &reached);
    });
    let is_alone = reached.is_alone();
    reached.leave().await;
    told?;
    match command {
        LifeCommand::Rename(args) => println!("Addresses under /{slug} lead to /{} from now on.", args.to),
        LifeCommand::Delete(_) => forget(config, eid, is_alone).await?,
        _ => {}
    }
    Ok(())
}

fn word<'w>(done: &'w str, outcome: &Outcome) -> &'w str {
    if outcome.state.as_deref() == Some("unchanged") { "nothing had to change of" } else { done }
}

/// The strainer that runs clears the archive when it hears of the deletion; without daemons nobody would before the next start.
async fn forget(config: &Config, eid: EventId, is_alone: bool) -> Result<(), Failure> {
    if is_alone {
        let archive = wiring::archive(config)?;
        archive.prepare().await.map_err(anyhow::Error::from)?;
        archive.forget(eid).await.map_err(anyhow::Error::from)?;
        println!("The archive holds nothing of it any more; its pictures go at the next start.");
    } else {
        println!("Archive and pictures are cleared by the daemons that run, within seconds.");
    }
    println!("Backups that were made before still hold it.");
    Ok(())
}

fn moment(text: &str) -> Result<Micros, Failure> {
    Micros::parse_rfc3339(text).map_err(|_| {
        Failure::Asked(format!("{text:?} is no moment; write one such as 2026-06-02T20:00:00+02:00"))
    })
}

/// Lets a person type the slug once more; a script says --yes.
fn confirm(args: &DeleteArgs) -> Result<(), Failure> {
    if args.yes {
        return Ok(());
    }
    let slug = &args.event;
    if !std::io::stdin().is_terminal() {
        return Err(Failure::Asked(format!(
            "everything of {slug} would be deleted for good; say `perihelion event delete {slug} --yes` if that is meant"
        )));
    }
    eprint!("Everything of {slug} will be deleted for good. Type its slug to go on: ");
    let _ = std::io::stderr().flush();
    let mut typed = String::new();
    let read = std::io::stdin().read_line(&mut typed);
    if read.is_err() || typed.trim() != slug {
        return Err(Failure::Asked("that was not its slug; nothing was deleted".to_owned()));
    }
    Ok(())
}
