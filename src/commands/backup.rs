//! `perihelion backup`: everything that is kept, copied while it runs. The archive is copied before the ledgers, so that no archive in a
//! backup is further than its ledger; whatever the archive lacks is folded again.

mod keep;
mod manifest;

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use live::ledger::Ledger;
use model::{EventId, Micros};

pub(crate) use keep::Keep;
pub(crate) use manifest::{FORMAT, MANIFEST, Manifest, SETTINGS, SavedEvent, SavedFile, checksum};

use crate::cli::BackupArgs;
use crate::config::{ArchiveUrl, Config};
use crate::data_dir::free_bytes;
use crate::failure::Failure;
use crate::{ledgers, wiring};

/// What a backup leaves free on the disk that it is written to, in bytes.
const SPARE_BYTES: u64 = 16 << 20;
/// Largest key or settings file, in bytes.
const SMALL_FILE_BYTES_MAX: u64 = 1 << 20;
/// How often a long copy says how far it is.
const TELL_EVERY: Duration = Duration::from_secs(2);

/// Makes a backup.
pub(crate) async fn run(config: &Config, args: &BackupArgs) -> Result<(), Failure> {
    let data = &config.data_dir;
    if !data.is_dir() {
        return Err(Failure::Asked(format!(
            "there is no data directory {} to make a backup of",
            data.display()
        )));
    }
    let size = size(data)?;
    let keep = Keep::begin(&args.to)?;
    refuse_full_disk(keep.scratch(), size)?;
    let manifest = fill(config, keep).await.map_err(|error| {
        let why = match error.chain().any(|cause| cause.to_string().contains("full")) {
            true => ": make room there, or choose another disk",
            false => "",
        };
        error.context(format!("there is no backup at {}{why}", args.to.display()))
    })?;
    tell(&manifest, &args.to);
    Ok(())
}

fn tell(manifest: &Manifest, to: &Path) {
    for event in &manifest.events {
        println!("  {} up to entry {} of {}", event.slug.as_deref().unwrap_or("-"), event.top, event.epoch);
    }
    let bytes: u64 = manifest.files.iter().map(|file| file.bytes).sum();
    println!(
        "saved {} events, {} files, {} KiB in {}",
        manifest.events.len(),
        manifest.files.len(),
        bytes.div_ceil(1024),
        to.display()
    );
    println!("It holds keys and people's words: keep it as you keep those.");
}

async fn fill(config: &Config, mut keep: Keep) -> Result<Manifest> {
    let data = &config.data_dir;
    // Before the ledgers: a ledger that is copied later holds everything that this archive was folded from.
    eprintln!("archive ...");
    let settings = wiring::archive_settings(config);
    let archive =
        archive::backup::save(&settings, keep.scratch()).await.context("cannot save the archive")?;
    if let Some(file) = archive.file {
        keep.add(file)?;
    }
    let mut events = Vec::new();
    for eid in ledgers::ids(data)? {
        // Deleted since the list was read.
        let from = Ledger::path_in(data, eid);
        if from.exists() {
            events.push(save_ledger(&from, eid, &mut keep).await?);
        }
    }
    for (from, name) in small_files(config)? {
        keep.copy(&from, &name).with_context(|| format!("cannot copy {}", from.display()))?;
    }
    let manifest = Manifest {
        format: FORMAT,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        made: Micros(chassis::clock::Clock::real().now()),
        archive: match config.archive.url {
            ArchiveUrl::Embedded => "embedded".to_owned(),
            ArchiveUrl::Postgres(_) => "postgres".to_owned(),
        },
        archive_schema: archive.schema,
        events,
        files: Vec::new(),
    };
    keep.finish(manifest)
}

async fn save_ledger(from: &Path, eid: EventId, keep: &mut Keep) -> Result<SavedEvent> {
    let name = format!("live/{eid}.sqlite");
    let to = keep.room(&name)?;
    let whole = std::fs::metadata(from).map_or(0, |data| data.len()).max(1);
    let copying = live::backup::copy(from, &to);
    tokio::pin!(copying);
    let began = Instant::now();
    let copied = loop {
        tokio::select! {
            copied = &mut copying => break copied,
            () = tokio::time::sleep(TELL_EVERY) => {
                let done = std::fs::metadata(&to).map_or(0, |data| data.len());
                eprintln!("{name}: {} % after {} s", (done * 100 / whole).min(99), began.elapsed().as_secs());
            }
        }
    };
    let copied = copied.with_context(|| format!("cannot copy {}", from.display()))?;
    keep.add(&name)?;
    Ok(SavedEvent {
        eid,
        slug: copied.slug,
        epoch: copied.head.epoch,
        top: copied.head.top,
        schema: copied.schema,
    })
}

/// Keys, graves of deleted events, and the settings file: small files of the data directory that are no database.
fn small_files(config: &Config) -> Result<Vec<(std::path::PathBuf, String)>> {
    let data = &config.data_dir;
    let mut found = Vec::new();
    for (dir, prefix) in [(data.clone(), ""), (data.join("live"), "live/")] {
        if !dir.is_dir() {
            continue;
        }
        for file in std::fs::read_dir(&dir).with_context(|| format!("cannot list {}", dir.display()))? {
            let file = file?;
            let Ok(name) = file.file_name().into_string() else { continue };
            let is_one = is_key_or_grave(&name, prefix) && file.file_type()?.is_file();
            if is_one && file.metadata()?.len() <= SMALL_FILE_BYTES_MAX {
                found.push((file.path(), format!("{prefix}{name}")));
            }
        }
    }
    if config.file.was_read {
        found.push((config.file.path.clone(), SETTINGS.to_owned()));
    }
    found.sort();
    Ok(found)
}

fn is_key_or_grave(name: &str, prefix: &str) -> bool {
    let ends = |end: &str| name.ends_with(end);
    match prefix {
        "live/" => ends(".gone"),
        _ => {
            let is_database = ends(".sqlite") || ends(".sqlite-wal") || ends(".sqlite-shm");
            let is_passing = name.starts_with('.')
                || ends(".lock")
                || ends(".pid")
                || ends(".sock")
                || name.contains(".draft");
            !is_database && !is_passing && !ends(".log")
        }
    }
}

/// What everything takes that is copied, in bytes.
fn size(data: &Path) -> Result<u64> {
    let mut size = 0;
    for dir in [data.to_path_buf(), data.join("live")] {
        let Ok(listing) = std::fs::read_dir(&dir) else { continue };
        for file in listing {
            let file = file.with_context(|| format!("cannot list {}", dir.display()))?.metadata()?;
            if file.is_file() {
                size += file.len();
            }
        }
    }
    Ok(size)
}

fn refuse_full_disk(to: &Path, size: u64) -> Result<()> {
    let (needed, free) = (size + SPARE_BYTES, free_bytes(to).unwrap_or(u64::MAX));
    if free < needed {
        bail!(
            "{} has {} MiB free and this backup may need {} MiB: make room there, or choose another disk",
            to.parent().unwrap_or(to).display(),
            free >> 20,
            needed.div_ceil(1 << 20)
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_saved_and_what_passes_is_not() {
        for name in ["intake-token", "owner-link.sha256", "supervisor.toml"] {
            assert!(is_key_or_grave(name, ""), "{name}");
        }
        for name in [
            "archive.sqlite",
            "archive.sqlite-wal",
            ".probe-1",
            "x.lock",
            "ctl.sock",
            "site.log",
            "t.draft-7",
        ] {
            assert!(!is_key_or_grave(name, ""), "{name}");
        }
        assert!(is_key_or_grave("k3f9q2m7.gone", "live/") && !is_key_or_grave("k3f9q2m7.lock", "live/"));
    }
}
