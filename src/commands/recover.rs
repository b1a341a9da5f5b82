//! `perihelion recover`: a new ledger for an event whose ledger is lost, out of what the archive and Redis still hold.
//! The rules are in `live::recover`; here the witnesses are heard and the steps taken in their order.

use anyhow::{Context, Result, bail};
use archive::{Archive, Cursor};
use live::follow::Line as Lineage;
use live::recover::{self, ArchiveWitness, Consent, Plan, TailWitness};
use live::redis::RedisStore;
use live::{LINES_MAX, Store};
use model::{EventId, Micros, Position};

use crate::cli::RecoverArgs;
use crate::config::{Config, LiveUrl};
use crate::data_dir::DataDir;
use crate::failure::Failure;
use crate::wiring;

/// Recovers one event.
pub(crate) async fn run(config: &Config, args: &RecoverArgs) -> Result<(), Failure> {
    let data = DataDir::open(&config.data_dir)?;
    let archive = wiring::archive(config)?;
    let redis = match &config.live.url {
        LiveUrl::Embedded => None,
        LiveUrl::Redis(url) => Some(RedisStore::connect(url.expose()).await.map_err(anyhow::Error::from)?),
    };
    let eid = find(&args.event, &*archive, redis.as_ref()).await?;
    let (cursor, witness) = hear_archive(&*archive, eid, args).await;
    let tail = match &redis {
        Some(redis) if !args.without_tail => hear_tail(redis, eid).await,
        _ => None,
    };
    let consent = Consent {
        without_archive: args.without_archive,
        // Embedded stores have no tail beside the ledger: there is none to bring back.
        without_tail: args.without_tail || redis.is_none(),
        accept_gap: args.accept_gap,
    };
    let now = Micros(chassis::clock::Clock::real().now());
    let plan = recover::plan(witness, tail, consent, now).map_err(anyhow::Error::from)?;
    Ok(carry_out(plan, cursor, &data, &*archive, eid, now).await?)
}

/// Ledger beside its place, then the archive's cursor, then the ledger in its place: a crash in between repeats all.
async fn carry_out(
    plan: Plan,
    cursor: Option<Cursor>,
    data: &DataDir,
    archive: &dyn Archive,
    eid: EventId,
    now: Micros,
) -> Result<()> {
    let report = format!(
        "recovered {eid} up to entry {}: {} items, {} of them hidden{}",
        plan.top,
        plan.items,
        plan.hidden,
        if plan.gap.is_some() {
            "; what lay between archive and tail is lost and shown as a gap"
        } else {
            ""
        }
    );
    let (epoch, line) = (plan.epoch.clone(), plan.line.clone());
    let built = recover::build(plan, data.path(), eid, now).await?;
    if let Some(from) = cursor {
        let position = Position { epoch, seq: from.position.seq };
        let line = line.iter().map(|(epoch, seq)| (epoch.clone(), seq)).collect();
        archive
            .move_cursor(eid, from, Cursor { position, line })
            .await
            .context("cannot readdress the archive")?;
    }
    let path = built.install()?;
    println!("{report}\nledger: {}", path.display());
    println!("Sources and rooms come back with `perihelion event apply event.toml`.");
    Ok(())
}

/// The event with this slug. A store that does not answer is named when the other one does not know the slug either.
async fn find(slug: &str, archive: &dyn Archive, redis: Option<&RedisStore>) -> Result<EventId> {
    let mut silent = Vec::new();
    // An archive that was never used has no tables yet: it is read as empty.
    let read = async {
        archive.prepare().await?;
        archive.events().await
    };
    let archived = read.await.unwrap_or_else(|error: archive::Error| {
        silent.push(error.to_string());
        Vec::new()
    });
    if let Some(event) = archived.iter().find(|event| event.settings.slug == slug) {
        return Ok(event.id);
    }
    if let Some(redis) = redis {
        match redis.events().await {
            Ok(live) => {
                if let Some(event) = live.into_iter().find(|event| event.slug == slug) {
                    return Ok(event.eid);
                }
            }
            Err(error) => silent.push(error.to_string()),
        }
    }
    if silent.is_empty() {
        bail!("neither the archive nor Redis knows an event {slug:?}");
    }
    bail!("no event {slug:?} was found, but not everybody was heard: {}", silent.join("; "))
}

/// What the archive holds; nothing when it cannot be read, which the plan then refuses without consent.
async fn hear_archive(
    archive: &dyn Archive,
    eid: EventId,
    args: &RecoverArgs,
) -> (Option<Cursor>, Option<ArchiveWitness>) {
    if args.without_archive {
        return (None, None);
    }
    // An archive that was never used has no tables yet: it is read as empty.
    let read = async {
        archive.prepare().await?;
        archive.snapshot(eid, u32::MAX).await
    };
    match read.await {
        Ok(Some((cursor, fold))) => {
            let mut line = Lineage::default();
            for (epoch, seq) in &cursor.line {
                line.carry(epoch.clone(), *seq);
            }
            let witness = ArchiveWitness { fold, cursor: Some(cursor.position.clone()), line };
            (Some(cursor), Some(witness))
        }
        Ok(None) => (
            None,
            Some(ArchiveWitness { fold: model::Fold::default(), cursor: None, line: Lineage::default() }),
        ),
        Err(error) => {
            eprintln!("the archive cannot be read: {error}");
            (None, None)
        }
    }
}

/// The whole tail, from its base.
async fn hear_tail(redis: &RedisStore, eid: EventId) -> Option<TailWitness> {
    let tail = redis.tail(eid);
    let read = async {
        let Some(first) = tail.read(0, LINES_MAX).await? else { return Ok(None) };
        let mut lines = first.lines;
        while let Some(last) = lines.last().map(|line| line.seq).filter(|seq| *seq < first.head.top) {
            match tail.read(last, LINES_MAX).await? {
                Some(page) if page.after == last && !page.lines.is_empty() => lines.extend(page.lines),
                _ => {
                    let why =
                        format!("the tail ends at {} and could be read up to {last} only", first.head.top);
                    return Err(live::Error::Corrupt(why));
                }
            }
        }
        Ok::<_, live::Error>(Some(TailWitness { head: first.head, lines }))
    };
    read.await.unwrap_or_else(|error| {
        eprintln!("the tail cannot be read: {error}");
        None
    })
}
