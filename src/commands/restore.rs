//! `perihelion restore`: a backup put into an empty data directory, so that what starts on it goes on. Every file is checked before
//! anything is written into place; ledgers come last, and a crash in between leaves a directory that holds no events.

mod source;
mod witness;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use archive::Archive;
use live::backup;
use live::ledger::{Ledger, LedgerView};
use live::redis::RedisStore;
use model::{Epoch, EventId, Micros, Position, Seq};

use super::backup::{Manifest, SETTINGS, SavedEvent};
use crate::cli::RestoreArgs;
use crate::config::{ArchiveUrl, Config, LiveUrl};
use crate::data_dir::{DataDir, free_bytes};
use crate::failure::Failure;
use crate::wiring;
use source::Source;
use witness::Tail;

/// Folder below the data directory in which everything is made ready.
const STAGE: &str = ".restore";
/// What a restored data directory leaves free at least, in bytes.
const SPARE_BYTES: u64 = 16 << 20;

/// Puts a backup back.
pub(crate) async fn run(config: &Config, args: &RestoreArgs) -> Result<(), Failure> {
    let data = DataDir::open(&config.data_dir)?;
    refuse_filled(data.path())?;
    let stage = Stage::begin(data.path().join(STAGE))?;
    let manifest = Source::open(&args.from, stage.path())?.unpack(stage.path())?;
    fits(config, &manifest)?;
    let needed = manifest.files.iter().map(|file| file.bytes).sum::<u64>() + SPARE_BYTES;
    if free_bytes(data.path()).is_some_and(|free| free < needed.div_ceil(2)) {
        return Err(Failure::Could(anyhow::anyhow!(
            "{} has too little room for {} MiB: make room there, or set data_dir",
            data.path().display(),
            needed >> 20
        )));
    }
    Ok(put_back(config, args, &data, &stage, &manifest).await?)
}

async fn put_back(
    config: &Config,
    args: &RestoreArgs,
    data: &DataDir,
    stage: &Stage,
    manifest: &Manifest,
) -> Result<()> {
    let redis = match &config.live.url {
        LiveUrl::Embedded => None,
        LiveUrl::Redis(url) => Some(RedisStore::connect(url.expose()).await?),
    };
    let apart = match &config.archive.url {
        ArchiveUrl::Embedded => None,
        ArchiveUrl::Postgres(_) => Some(wiring::archive(config)?),
    };
    if let Some(archive) = &apart {
        archive.prepare().await.context("the archive cannot be prepared")?;
    }
    let now = Micros(chassis::clock::Clock::real().now());
    let mut ready = Vec::new();
    for event in &manifest.events {
        let tail = match &redis {
            Some(redis) => witness::hear(redis, event.eid, args.without_tail).await?,
            None => None,
        };
        let archived = match &apart {
            Some(archive) => archive.cursor(event.eid).await?.map(|cursor| cursor.position),
            None => None,
        };
        ready.push(Ready::make(stage.path(), event, tail, archived, args, now).await?);
    }
    let has_people = match &apart {
        Some(_) if manifest.has(archive::backup::PEOPLE_FILE) => {
            let settings = wiring::archive_settings(config);
            archive::backup::load_people(&settings, &stage.path().join(archive::backup::PEOPLE_FILE)).await?
        }
        _ => true,
    };
    stage.install(data.path(), manifest)?;
    for ready in &ready {
        if let Some(archive) = apart.as_deref().filter(|_| ready.is_rebuilt) {
            rebuild(archive, data.path(), ready.eid).await?;
        }
        println!("{}", ready.told);
    }
    if !has_people {
        println!(
            "PostgreSQL has accounts of its own; they stay as they are, and those of the backup were left out."
        );
    }
    if manifest.has(SETTINGS) {
        println!(
            "The settings file of the backup is {}; compare it with yours.",
            data.path().join(SETTINGS).display()
        );
    }
    println!(
        "restored {} events of {} into {}",
        manifest.events.len(),
        manifest.made.timestamp(),
        data.path().display()
    );
    Ok(())
}

/// An archive that holds what came after the backup begins anew from the ledger that was put back.
async fn rebuild(archive: &dyn Archive, data: &Path, eid: EventId) -> Result<()> {
    let view = LedgerView::open(&Ledger::path_in(data, eid)).await?;
    strainer::rebuild(archive, view)
        .await
        .context("the archive cannot be folded anew; run `perihelion archive rebuild`")?;
    Ok(())
}

/// One event's ledger, ready to be put in its place.
struct Ready {
    eid: EventId,
    /// The archive holds what this ledger does not continue, and is to be folded anew.
    is_rebuilt: bool,
    told: String,
}

impl Ready {
    async fn make(
        stage: &Path,
        event: &SavedEvent,
        tail: Option<Tail>,
        archived: Option<Position>,
        args: &RestoreArgs,
        now: Micros,
    ) -> Result<Self> {
        let path = Ledger::path_in(stage, event.eid);
        let ledger = backup::open_copy(stage, &path).await?;
        let mut seen: Vec<Epoch> = archived.iter().map(|at| at.epoch.clone()).collect();
        let name = event.slug.clone().unwrap_or_else(|| event.eid.to_string());
        let mut told = format!("{name}: put back up to entry {}", event.top);
        if let Some(tail) = tail {
            seen.push(tail.head.epoch.clone());
            let taken = take_over(&ledger, tail, args, now).await.with_context(|| name.clone())?;
            if taken > 0 {
                told.push_str(&format!(", and {taken} entries more that Redis still held"));
            }
        }
        let head = ledger.head();
        let carried = |at: &Position| head.line.carries(at) || (at.epoch == head.epoch && at.seq <= head.top);
        let is_rebuilt = archived.as_ref().is_some_and(|at| !carried(at));
        if let (true, false, Some(at)) = (is_rebuilt, args.accept_loss, &archived) {
            bail!(
                "{name}: the archive in PostgreSQL is at {at}, further than this backup ({}.{}). If the ledger alone is lost, \
                 `perihelion recover {name}` brings more back than the backup; to go back to the backup all the same, say --accept-loss",
                head.epoch,
                head.top
            );
        }
        let epoch = ledger.readdress(&seen, now).await?;
        told.push_str(&format!("; its log goes on as {epoch}"));
        settle(ledger).await?;
        Ok(Self { eid: event.eid, is_rebuilt, told })
    }
}

/// Takes over what the tail holds beyond the backup.
async fn take_over(ledger: &Ledger, tail: Tail, args: &RestoreArgs, now: Micros) -> Result<Seq> {
    let (base, is_wanted) = match backup::beyond(&ledger.head(), &tail.head) {
        Ok(beyond) => (0, beyond > 0),
        // What follows the hole is still better than nothing.
        Err(backup::Apart::Hole { base, .. }) if args.without_tail => (base, true),
        Err(backup::Apart::TwoLogs { .. }) if args.without_tail => (0, false),
        Err(apart) => bail!(
            "{apart}. Say --without-tail to go back to the backup all the same; what only Redis knows is then lost"
        ),
    };
    if !is_wanted {
        return Ok(0);
    }
    Ok(backup::take_over(ledger, base, &tail.lines, now).await?)
}

/// Leaves everything in the one file, so that it can be moved.
async fn settle(ledger: Ledger) -> Result<()> {
    /// A reader of our own may still be closing.
    const TRIES_MAX: u32 = 50;
    for _ in 0..TRIES_MAX {
        if ledger.scrub().await?.is_some() {
            return Ok(());
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    bail!("{} cannot be written out", ledger.path().display())
}

/// Refuses what this program or these settings cannot take.
fn fits(config: &Config, manifest: &Manifest) -> Result<(), Failure> {
    let ours = match config.archive.url {
        ArchiveUrl::Embedded => "embedded",
        ArchiveUrl::Postgres(_) => "postgres",
    };
    // People are in the archive's database; ledgers alone would come back without their accounts.
    if manifest.archive != ours && manifest.archive_schema > 0 {
        let cure = match ours {
            "embedded" => "set archive.url to a PostgreSQL database",
            _ => "set archive.url = \"embedded\"",
        };
        return Err(Failure::Asked(format!(
            "this backup was made of an archive in {}, and archive.url names another kind: {cure} for the restore",
            if ours == "embedded" { "PostgreSQL" } else { "the data directory" }
        )));
    }
    Ok(())
}

fn refuse_filled(dir: &Path) -> Result<()> {
    for file in fs::read_dir(dir).with_context(|| format!("cannot list {}", dir.display()))? {
        let name = file?.file_name();
        let name = name.to_string_lossy();
        if name != STAGE && !name.starts_with(".probe-") {
            bail!(
                "{} is not empty (it has {name}): a backup is only put into an empty data directory; move what is there away, or set data_dir",
                dir.display()
            );
        }
    }
    Ok(())
}

/// The folder in which everything is made ready; removed when dropped.
struct Stage(PathBuf);

impl Stage {
    fn begin(path: PathBuf) -> Result<Self> {
        if path.exists() {
            fs::remove_dir_all(&path).with_context(|| format!("cannot clear {}", path.display()))?;
        }
        fs::create_dir_all(path.join("live")).with_context(|| format!("cannot make {}", path.display()))?;
        Ok(Self(path))
    }

    fn path(&self) -> &Path {
        &self.0
    }

    /// Moves everything into place, the ledgers last: until then there is no event that could be served half.
    fn install(&self, data: &Path, manifest: &Manifest) -> Result<()> {
        let is_ledger = |path: &str| path.starts_with("live/") && path.ends_with(".sqlite");
        let wanted = manifest.files.iter().map(|file| file.path.as_str());
        let wanted = wanted.filter(|path| *path != archive::backup::PEOPLE_FILE);
        let (ledgers, others): (Vec<&str>, Vec<&str>) = wanted.partition(|path| is_ledger(path));
        for path in others.into_iter().chain(ledgers) {
            let to = data.join(path);
            fs::create_dir_all(to.parent().unwrap_or(data))?;
            fs::rename(self.0.join(path), &to)
                .with_context(|| format!("cannot put {} in its place", to.display()))?;
        }
        for dir in [data.join("live"), data.to_path_buf()] {
            if dir.is_dir() {
                fs::File::open(&dir)?.sync_all()?;
            }
        }
        Ok(())
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // What cannot be removed is cleared by the next restore.
        let _ = fs::remove_dir_all(&self.0);
    }
}
