//! `perihelion event list` and `event show`: what a data directory holds, read beside whoever writes it.

use std::fmt::Write;

use crate::config::Config;
use crate::failure::Failure;
use crate::ledgers::{self, Held};

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

/// Prints one event's settings, sources, schedule and position.
pub(crate) async fn show(config: &Config, slug: &str) -> Result<(), Failure> {
    let held = find(config, slug).await?;
    let head = held.view.page(0, 0).await.map_err(anyhow::Error::from)?.head;
    print!("{}", describe(&held));
    println!("log        {} ({} entries)", head.epoch, head.top);
    Ok(())
}

/// The event with this slug, or the sentence that lists those there are.
pub(crate) async fn find(config: &Config, slug: &str) -> Result<Held, Failure> {
    if let Some(held) = ledgers::find(&config.data_dir, slug).await? {
        return Ok(held);
    }
    let all = ledgers::all(&config.data_dir).await?;
    let known: Vec<&str> = all.iter().filter_map(Held::slug).collect();
    let known = if known.is_empty() { "no events".to_owned() } else { known.join(", ") };
    let dir = config.data_dir.display();
    Err(Failure::Asked(format!("there is no event {slug:?} in {dir}; it holds {known}")))
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
        line("sources", &event.sources.join(", "));
    }
    let talks = held.fold.talks.values().filter(|talk| !talk.dropped).count();
    line("talks", &talks.to_string());
    text
}
