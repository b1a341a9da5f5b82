//! `perihelion event apply`, `event list`, `event show` and `event secret`. `list` and `show` read what a data directory
//! holds, beside whoever writes it; `apply` asks the nozzle; `secret` asks nobody.

use std::fmt::Write;

use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chassis::clock::Clock;
use model::event::EventFile;
use model::{EventId, Micros};
use nozzle::intake::Outcome;

use super::sources;
use crate::cli::ApplyArgs;
use crate::config::{Config, reachable};
use crate::event_file::EventToApply;
use crate::failure::Failure;
use crate::ledgers::{self, Held};
use crate::reach::{Reached, event_id};

/// Length of a hook's secret; Standard Webhooks asks for 24 to 64 bytes.
const SECRET_BYTES: usize = 32;

/// Creates or changes the event that a file describes.
pub(crate) async fn apply(config: &Config, args: &ApplyArgs) -> Result<(), Failure> {
    let event = EventToApply::read(&args.file, nozzle::sources::process_env).await?;
    let slug = &event.file.slug;
    let known = known_as(config, &event.file, args.rename_from.as_deref()).await?;
    let eid = known.unwrap_or_else(|| EventId::from_random(rand::random()));
    let reached = Reached::nozzle(config).await?;
    let applied = event.apply(&*reached.intake, eid).await;
    if let Ok(outcome) = &applied {
        let word = if known.is_some() { "changed" } else { "created" };
        print_outcome(&format!("{word} {slug} ({eid})"), outcome, &reached);
    }
    reached.leave().await;
    applied.map(drop)
}

/// The event that a file describes; none for a new one. A file whose slug was changed by hand looks like a new event, and what it
/// describes is there already: somebody has to say which of the two is meant.
async fn known_as(
    config: &Config,
    file: &EventFile,
    rename_from: Option<&str>,
) -> Result<Option<EventId>, Failure> {
    let slug = file.slug.as_str();
    let known = event_id(config, slug).await?;
    match rename_from {
        Some(old) if known.is_some() => Err(Failure::Asked(format!(
            "there is an event {slug:?} already, so {old:?} cannot become it; leave --rename-from out to change {slug:?}"
        ))),
        Some(old) => match event_id(config, old).await? {
            None => Err(unknown(config, old).await?),
            found => Ok(found),
        },
        None if known.is_some() => Ok(known),
        None => {
            let held = ledgers::all(&config.data_dir).await?;
            let settings = held.iter().filter_map(|held| held.fold.event.as_ref());
            for other in settings {
                let old = &other.slug;
                if other.life.former.iter().any(|former| former == slug) {
                    return Err(Failure::Asked(format!(
                        "{slug:?} was renamed to {old:?}, and its addresses lead there: write slug = \"{old}\""
                    )));
                }
                let starts = file.starts.map(|day| day.to_string());
                if other.title == file.title && other.starts == starts {
                    return Err(Failure::Asked(format!(
                        "no event has the slug {slug:?}, but {old:?} has the same title and first day: say --rename-from {old} to \
                         rename it, so that its posts and addresses come along; for a second event, give this one another title"
                    )));
                }
            }
            Ok(None)
        }
    }
}

/// Says what came of an order.
pub(super) fn print_outcome(what: &str, outcome: &Outcome, reached: &Reached) {
    println!("{what}, log at entry {}", outcome.seq);
    for note in &outcome.notes {
        println!("  {note}");
    }
    if reached.is_alone() {
        println!("No nozzle runs here just now; the next one that starts serves it.");
    }
}

/// Prints one line per event.
pub(crate) async fn list(config: &Config) -> Result<(), Failure> {
    let held = ledgers::all(&config.data_dir).await?;
    if held.is_empty() {
        eprintln!(
            "no events in {}: apply one with `perihelion event apply event.toml`",
            config.data_dir.display()
        );
    }
    for event in &held {
        let title = event.fold.event.as_ref().map_or("(never applied)", |settings| settings.title.as_str());
        println!("{:<20} {} {title}", event.slug().unwrap_or("-"), event.eid);
    }
    Ok(())
}

/// Prints an event's event.toml to standard output, as `event apply` takes it, and beside it, to standard error, what no file says: its
/// position, its talks, the addresses of its hooks, how its sources are doing.
///
/// # Errors
/// With `json`, also when no nozzle runs that could tell of its sources.
pub(crate) async fn show(config: &Config, slug: &str, json: bool) -> Result<(), Failure> {
    let held = find(config, slug).await?;
    let report = sources::report(config, held.eid).await?;
    if json {
        let report = report.context("no nozzle runs that could tell how the sources are doing")?;
        println!(
            "{}",
            serde_json::to_string_pretty(&report).context("the report cannot be written as JSON")?
        );
        return Ok(());
    }
    let head = held.view.page(0, 0).await.map_err(anyhow::Error::from)?.head;
    let text = held.view.note("event.toml").await.map_err(anyhow::Error::from)?.unwrap_or_default();
    print!("{text}");
    eprint!("{}", describe(&held));
    eprintln!("log        {} ({} entries)", head.epoch, head.top);
    for name in hooks(&text) {
        eprintln!("hook       POST http://{}/hooks/{slug}/{name}", reachable(config.nozzle.hooks_listen));
    }
    match report {
        Some(report) if !report.sources.is_empty() || !report.watched.is_empty() => {
            eprint!("\n{}", sources::table(&report, Micros(Clock::real().now())));
        }
        Some(_) => {}
        None => eprintln!("No nozzle runs here just now: nothing is known of its sources."),
    }
    Ok(())
}

/// Names of the event's sources that are sent to.
fn hooks(text: &str) -> Vec<String> {
    let sources = EventFile::parse(text).map(|file| file.sources).unwrap_or_default();
    sources.into_iter().filter(|source| source.kind == "hook").map(|source| source.name).collect()
}

/// Prints a new secret for a hook, and nothing else, so that it can be piped.
pub(crate) fn secret() {
    println!("whsec_{}", STANDARD.encode(rand::random::<[u8; SECRET_BYTES]>()));
}

/// The event with this slug.
async fn find(config: &Config, slug: &str) -> Result<Held, Failure> {
    match ledgers::find(&config.data_dir, slug).await? {
        Some(held) => Ok(held),
        None => Err(unknown(config, slug).await?),
    }
}

/// The sentence about a slug that no event has.
pub(super) async fn unknown(config: &Config, slug: &str) -> Result<Failure, Failure> {
    let all = ledgers::all(&config.data_dir).await?;
    let known: Vec<&str> = all.iter().filter_map(Held::slug).collect();
    let known = if known.is_empty() { "no events".to_owned() } else { known.join(", ") };
    let dir = config.data_dir.display();
    Ok(Failure::Asked(format!("there is no event {slug:?} in {dir}; it holds {known}")))
}

fn describe(held: &Held) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: &str| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{name:<10} {value}");
    };
    line("id", held.eid.as_str());
    if let Some(event) = &held.fold.event {
        line("slug", &event.slug);
        line("title", &event.title);
        line("timezone", &event.timezone);
        line(
            "days",
            &[event.starts.as_deref(), event.ends.as_deref()].map(|day| day.unwrap_or("-")).join(" to "),
        );
        line("hashtags", &event.hashtags.join(" "));
        line("rooms", &event.rooms.iter().map(|room| room.name.as_str()).collect::<Vec<_>>().join(", "));
        let sources: Vec<&str> = event.sources.iter().map(|source| source.name.as_str()).collect();
        line("sources", &sources.join(", "));
    }
    let talks = held.fold.talks.values().filter(|talk| !talk.dropped).count();
    line("talks", &talks.to_string());
    if let Some(schedule) = &held.fold.schedule {
        line("version", &schedule.version);
    }
    text
}
