//! Everybody is away for 200 messages, then comes back at once: until all have them, against the time that nginx needs to send the same
//! bytes as a file to as many who come back to it. The store is read for all of them together a few times, if at all.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{Setting, Sound, median, share};
use crate::fanout::crew::Crew;
use crate::fanout::message::{Message, now};
use crate::fanout::peer::{Dialect, Mode, Peer as _};
use crate::fanout::peers::{Files, Halley};
use crate::fanout::run::manner;
use crate::fanout::store_reads::Calls;
use crate::fanout::subscriber::Manner;
use crate::fanout::wire::chunked::Chunks;
use crate::fanout::wire::head::{Framing, head};
use crate::figures::{Aim, Figures};

const MISSED: u64 = 200;
/// Until halley has taken over what was published while all were away.
const SETTLE: Duration = Duration::from_secs(2);
const WAIT_MAX: Duration = Duration::from_secs(120);
const ANSWER_WAIT: Duration = Duration::from_secs(20);
/// Of nginx's time.
const TIME_MAX: f64 = 1.5;
const READS_MAX: f64 = 8.0;

/// What one return showed.
struct Returned {
    seconds: f64,
    /// Everything that subscribers read.
    bytes: u64,
}

pub(super) async fn measure(setting: &Setting, figures: &mut Figures) -> anyhow::Result<()> {
    for mode in setting.modes.iter().copied().filter(|mode| *mode != Mode::Poll) {
        let (mut ours, mut theirs, mut reads) = (Vec::new(), Vec::new(), Vec::new());
        let mut sound = Sound::default();
        for _ in 0..setting.rounds {
            let (returned, asked, file) = halley(setting, mode, &mut sound).await?;
            let sent = nginx(setting, &file, &mut sound).await?;
            println!(
                "  {}: halley {:.2} s for {} MB, nginx {:.2} s for {} MB",
                mode.name(),
                returned.seconds,
                returned.bytes / 1_000_000,
                sent.seconds,
                sent.bytes / 1_000_000
            );
            ours.push(returned.seconds);
            theirs.push(sent.seconds);
            reads.push(asked.of_entries() as f64);
        }
        let name = format!("{} {} back, {MISSED} missed each", setting.connections, mode.name());
        let of_nginx = share(&ours, &theirs);
        figures.tell(&format!("{name}: until all have them"), median(&ours), "s", Aim::None);
        figures.tell("  nginx, the same bytes as a file", median(&theirs), "s", Aim::None);
        figures.tell("  of nginx's time", of_nginx, "x", Aim::AtMost(TIME_MAX));
        figures.tell("  reads of the live store meanwhile", median(&reads), "", Aim::AtMost(READS_MAX));
        sound.tell(mode.name(), figures);
    }
    Ok(())
}

/// All leave, the messages are published, all come back.
async fn halley(
    setting: &Setting,
    mode: Mode,
    sound: &mut Sound,
) -> anyhow::Result<(Returned, Calls, Vec<u8>)> {
    let mut halley = Halley::start(&setting.start(mode, setting.connections, 1)).await?;
    let mut crew = Crew::start(setting.connections, setting.cores.generator)?;
    crew.connect(halley.address(), &manner(&halley, mode), WAIT_MAX).await?;
    let position = halley.position();
    crew.expect(1, MISSED).await?;
    crew.leave(setting.connections).await?;
    let messages: Vec<Message> =
        (1..=MISSED).map(|number| Message { number, due: now(), bytes: setting.bytes }).collect();
    halley.publish(&messages).await?;
    tokio::time::sleep(SETTLE).await;
    let before = Calls::of(halley.redis()).await?;
    let returned = come_back(&mut crew, sound).await?;
    let calls = Calls::of(halley.redis()).await?.since(&before);
    let file = caught_up(&halley, &position).await?;
    crew.close().await?;
    Box::new(halley).stop().await?;
    Ok((returned, calls, file))
}

/// The same with a server that knows nothing of what it sends. The file is fetched twice by everybody, as the subscribers of a stream
/// have to be there before they can come back.
async fn nginx(setting: &Setting, file: &[u8], sound: &mut Sound) -> anyhow::Result<Returned> {
    let files = Files::start(file, 1, setting.cores.server.as_deref()).await?;
    let mut crew = Crew::start(setting.connections, setting.cores.generator)?;
    let manner = Manner {
        mode: Mode::Events,
        dialect: Dialect::Raw,
        host: files.address().to_string(),
        path: Files::PATH.to_owned(),
    };
    crew.connect(files.address(), &manner, WAIT_MAX).await?;
    crew.expect(1, MISSED).await?;
    crew.leave(setting.connections).await?;
    tokio::time::sleep(SETTLE).await;
    let returned = come_back(&mut crew, sound).await?;
    crew.close().await?;
    files.stop().await?;
    Ok(returned)
}

async fn come_back(crew: &mut Crew, sound: &mut Sound) -> anyhow::Result<Returned> {
    let begin = now();
    crew.come_back(WAIT_MAX).await?;
    let report = crew.report(WAIT_MAX).await?;
    sound.note(&report);
    sound.note_broken(&report);
    Ok(Returned { seconds: report.last_at.saturating_sub(begin) as f64 / 1e9, bytes: report.bytes })
}

/// What one who comes back reads as server-sent events.
async fn caught_up(halley: &Halley, position: &str) -> anyhow::Result<Vec<u8>> {
    let path = format!("{}?after={position}", Halley::path_of(Mode::Events));
    let mut stream = TcpStream::connect(halley.address()).await?;
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: {}\r\nAccept: text/event-stream\r\n\r\n", halley.address());
    stream.write_all(request.as_bytes()).await?;
    let last = format!("~{MISSED:08}~~");
    let mut answer = Vec::new();
    let reading = async {
        while memchr::memmem::find(&answer, last.as_bytes()).is_none() || !answer.ends_with(b"\n") {
            ensure!(stream.read_buf(&mut answer).await? > 0, "the stream ended");
        }
        Ok(())
    };
    tokio::time::timeout(ANSWER_WAIT, reading).await.context("a catch-up takes too long")??;
    let (framing, length) = match head(&answer) {
        Ok(Some((head, length))) if head.status == 200 => (head.framing, length),
        other => anyhow::bail!("a catch-up was answered {other:?}"),
    };
    let behind = &answer[length..];
    if framing != Framing::Chunked {
        return Ok(behind.to_vec());
    }
    let mut body = Vec::new();
    Chunks::default().read(behind, &mut body).map_err(|broken| anyhow::anyhow!("a catch-up: {broken}"))?;
    Ok(body)
}
