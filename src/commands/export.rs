//! `perihelion export`: an event's public items from the archive, one JSON object per line, in the order they were said.

use std::io::{BufWriter, ErrorKind, Write};

use anyhow::{Context, Result};
use archive::{Archive, Page, Query, Scope};
use model::EventId;

use crate::config::{ArchiveUrl, Config};
use crate::failure::Failure;
use crate::wiring;

/// Writes the lines to standard output. A reader that closes the pipe ends it early and well.
pub(crate) async fn run(config: &Config, slug: &str) -> Result<(), Failure> {
    let store = wiring::archive(config)?;
    let is_missing =
        config.archive.url == ArchiveUrl::Embedded && !config.data_dir.join(archive::EMBEDDED_FILE).exists();
    let events =
        if is_missing { Vec::new() } else { store.events().await.context("cannot read the archive")? };
    let Some(event) = events.iter().find(|event| event.settings.slug == slug) else {
        let known: Vec<&str> = events.iter().map(|event| event.settings.slug.as_str()).collect();
        let known = if known.is_empty() { "no events".to_owned() } else { known.join(", ") };
        return Err(Failure::Asked(format!("the archive has no event {slug:?}; it holds {known}")));
    };
    let mut out = BufWriter::new(std::io::stdout().lock());
    match write_items(&*store, event.id, &mut out).await {
        Err(error) if is_closed_pipe(&error) => Ok(()),
        other => Ok(other?),
    }
}

async fn write_items(archive: &dyn Archive, event: EventId, out: &mut impl Write) -> Result<()> {
    let mut query = Query::new(Scope::Event);
    loop {
        let rows = archive.items(event, &query).await.context("cannot read the archive")?;
        for line in rows.iter().filter_map(model::public::export_line) {
            serde_json::to_writer(&mut *out, &line).map_err(std::io::Error::from)?;
            out.write_all(b"\n")?;
        }
        let last = rows.last().and_then(|row| Some(Page { when: row.item.as_ref()?.when, id: row.id }));
        match last {
            Some(last) => query.after = Some(last),
            None => return Ok(out.flush()?),
        }
    }
}

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}
