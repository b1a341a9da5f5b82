//! `perihelion schedule import`: a schedule by hand, checked whole before anything of it is imported, and said before it is done.

mod tell;

use model::EventId;
use nozzle::intake::{Ask, Intake, Outcome};

use crate::cli::ImportArgs;
use crate::config::Config;
use crate::event_file::{Kind, order, read, read_schedule, shown};
use crate::failure::Failure;
use crate::ledgers::{self, Held};
use crate::reach::{Reached, event_id};

use super::event::unknown;
use tell::{Report, Where};

/// What is to be imported, read and checked.
struct Import {
    schedule: Vec<u8>,
    handles: Option<Vec<u8>>,
}

/// Imports a schedule into an event.
pub(crate) async fn import(config: &Config, args: &ImportArgs) -> Result<(), Failure> {
    let slug = slug(config, args).await?;
    let held = ledgers::find(&config.data_dir, &slug).await?;
    let timezone = held.as_ref().and_then(|held| Some(held.fold.event.as_ref()?.timezone.clone()));
    let (schedule, slips) = read_schedule(args.place(), timezone.as_deref().unwrap_or("UTC")).await?;
    if !slips.is_empty() && !args.anyway {
        return Err(Failure::Asked(tell::slips(shown(args.place()), &slips)));
    }
    let handles = match &args.handles {
        Some(place) => Some(read(place, Kind::Handles).await?),
        None => None,
    };
    let Some(eid) = event_id(config, &slug).await? else { return Err(unknown(config, &slug).await?) };
    let before = match &held {
        Some(held) => Where::read(held).await?,
        None => Where::default(),
    };
    let reached = Reached::nozzle(config).await?;
    let what = Import { schedule, handles };
    let report = Report { slug: &slug, place: shown(args.place()), before: &before, args };
    let done = run(&*reached.intake, eid, &what, &report).await;
    if done.is_ok() && !args.json && reached.is_alone() && !args.dry_run {
        println!("No nozzle runs here just now; the next one that starts serves it.");
    }
    reached.leave().await;
    done
}

/// Says what would change, then changes it.
async fn run(intake: &dyn Intake, eid: EventId, what: &Import, report: &Report<'_>) -> Result<(), Failure> {
    let would = order(intake, eid, Ask::Schedule(what.schedule.clone()), true).await?;
    report.would(&would);
    if report.args.dry_run {
        // Handles of talks that this version brings cannot be tried before it is there.
        let handles = try_handles(intake, eid, what).await?;
        report.dry(&would, handles.as_ref());
        return Ok(());
    }
    let done = order(intake, eid, Ask::Schedule(what.schedule.clone()), false).await?;
    let handles = match &what.handles {
        Some(csv) => Some(order(intake, eid, Ask::Handles(csv.clone()), false).await?),
        None => None,
    };
    report.done(&done, handles.as_ref());
    Ok(())
}

async fn try_handles(intake: &dyn Intake, eid: EventId, what: &Import) -> Result<Option<Outcome>, Failure> {
    match &what.handles {
        Some(csv) => order(intake, eid, Ask::Handles(csv.clone()), true).await.map(Some),
        None => Ok(None),
    }
}

/// The event that is meant: the one that is named, or the only one that there is.
async fn slug(config: &Config, args: &ImportArgs) -> Result<String, Failure> {
    if let Some(slug) = args.event().map_err(Failure::Asked)? {
        return Ok(slug.to_owned());
    }
    let held = ledgers::all(&config.data_dir).await?;
    let slugs: Vec<&str> = held.iter().filter_map(Held::slug).collect();
    match slugs[..] {
        [one] => Ok(one.to_owned()),
        [] => Err(Failure::Asked(format!(
            "there is no event in {}; apply one with `perihelion event apply event.toml`",
            config.data_dir.display()
        ))),
        _ => Err(Failure::Asked(format!("which event? Name it with --event: {}", slugs.join(", ")))),
    }
}
