//! What viewers cost the store: reads of entries for each message, before few viewers and before many. The numbers must be the same.
//! The archive is not asked at all: the process has none open.

use std::path::Path;

use anyhow::Context as _;

use super::{Setting, Sound};
use crate::fanout::crew::Crew;
use crate::fanout::message::{Message, now};
use crate::fanout::peer::{Mode, Peer as _};
use crate::fanout::peers::Halley;
use crate::fanout::run::manner;
use crate::fanout::store_reads::Calls;
use crate::figures::{Aim, Figures};
use std::time::Duration;

const FEW: usize = 100;
const MESSAGES: u64 = 40;
const EVERY: Duration = Duration::from_millis(250);
const WAIT_MAX: Duration = Duration::from_secs(60);

pub(super) async fn measure(setting: &Setting, figures: &mut Figures) -> anyhow::Result<()> {
    let mut sound = Sound::default();
    let few = each(setting, FEW, &mut sound).await?;
    let many = each(setting, setting.connections, &mut sound).await?;
    let name = |viewers: usize| format!("reads of the store per message, {viewers} viewers");
    figures.tell(&name(FEW), few.reads, "", Aim::None);
    figures.tell(&name(setting.connections), many.reads, "", Aim::AtMost(few.reads));
    figures.tell("  looks and pushes besides, a second, few viewers", few.others, "/s", Aim::None);
    figures.tell("  looks and pushes besides, a second, many viewers", many.others, "/s", Aim::None);
    let archives = (few.archives + many.archives) as f64;
    figures.tell("archives that are open", archives, "", Aim::AtMost(0.0));
    sound.tell("reads", figures);
    Ok(())
}

struct Asked {
    /// For each message.
    reads: f64,
    /// Scripts that fetched nothing, each second.
    others: f64,
    archives: usize,
}

async fn each(setting: &Setting, viewers: usize, sound: &mut Sound) -> anyhow::Result<Asked> {
    let start = setting.start(Mode::Events, viewers, 1);
    let mut halley = Halley::start(&start).await?;
    let mut crew = Crew::start(viewers, setting.cores.generator)?;
    crew.connect(halley.address(), &manner(&halley, start.mode), WAIT_MAX).await?;
    crew.expect(1, MESSAGES).await?;
    let before = Calls::of(halley.redis()).await?;
    let begin = std::time::Instant::now();
    for number in 1..=MESSAGES {
        halley.publish(&[Message { number, due: now(), bytes: setting.bytes }]).await?;
        tokio::time::sleep(EVERY).await;
    }
    let report = crew.report(WAIT_MAX).await?;
    let (calls, seconds) = (Calls::of(halley.redis()).await?.since(&before), begin.elapsed().as_secs_f64());
    let archives = archives(&halley.pids())?;
    sound.note(&report);
    sound.note_broken(&report);
    crew.close().await?;
    Box::new(halley).stop().await?;
    let reads = calls.of_entries();
    Ok(Asked {
        reads: reads as f64 / MESSAGES as f64,
        others: calls.of_scripts().saturating_sub(reads) as f64 / seconds,
        archives,
    })
}

/// Databases that these processes have open. No PostgreSQL server is named to them, so that an archive could only be a file.
fn archives(pids: &[u32]) -> anyhow::Result<usize> {
    let mut found = 0;
    for pid in pids {
        let dir = format!("/proc/{pid}/fd");
        let files = std::fs::read_dir(&dir).with_context(|| dir.clone())?;
        let target = |file: std::fs::DirEntry| std::fs::read_link(file.path()).ok();
        found += files.flatten().filter_map(target).filter(|file| is_database(file)).count();
    }
    Ok(found)
}

fn is_database(file: &Path) -> bool {
    file.to_string_lossy().contains(".sqlite")
}
