//! Pages: those that nobody's post has changed, against nginx serving the same bytes as a file; those that are drawn; and what a first
//! view weighs. Server and nginx have the same core in turns, what asks them has another one; each round begins with the other server.

pub(crate) mod load;
pub(crate) mod server;
mod stock;
mod weigh;

use std::path::Path;
use std::time::{Duration, Instant};

use crate::fanout::account;
use crate::fanout::peers::{self, Files};
use crate::fanout::rounds::Cores;
use crate::figures::{Aim, Figures};
use load::{Answered, Ask};
use server::Server;
use std::net::SocketAddr;

const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_secs(2);
const CONNECTIONS: usize = 32;
/// A kept page is to be answered at least so often, for each time that nginx answers with the same bytes.
const KEPT_MIN: f64 = 0.8;
/// Pages that must be drawn each second, and how long the slowest of a hundred may take at that rate.
const DRAWN_MIN: f64 = 50.0;
const DRAWN_P99_MS_MAX: f64 = 30.0;
const DRAWN_TIME: Duration = Duration::from_secs(10);
const FIRST_VIEW_KB_MAX: f64 = 60.0;
const KB: f64 = 1024.0;
const PACKED: &str = "gzip";

pub(crate) async fn measure(figures: &mut Figures, bin: &Path) -> anyhow::Result<()> {
    if !bin.exists() {
        figures.skip("pages", &format!("{} is not built", bin.display()));
        return Ok(());
    }
    let cores = Cores::split(1);
    println!("pages: {}", cores.told());
    let server = Server::start(bin, cores.server.as_deref()).await?;
    first_views(&server, figures).await?;
    for (name, path) in [("live page", server::live()), ("talk page", server::talk())] {
        kept(&server, &cores, name, &path, figures).await?;
    }
    drawn(&server, &cores, figures).await?;
    server.stop().await
}

async fn first_views(server: &Server, figures: &mut Figures) -> anyhow::Result<()> {
    for accept in ["br", "gzip"] {
        let view = weigh::weigh(server, &server::live(), accept).await?;
        let tell = |figures: &mut Figures, what: &str, bytes: usize, aim| {
            figures.tell(&format!("first live view, {accept}: {what}"), bytes as f64 / KB, "KB", aim);
        };
        tell(figures, "page", view.page, Aim::None);
        tell(figures, "styles", view.styles, Aim::None);
        tell(figures, "scripts", view.scripts, Aim::None);
        let all = format!("all but pictures and fonts, {} files", view.files + 1);
        tell(figures, &all, view.bytes(), Aim::AtMost(FIRST_VIEW_KB_MAX));
    }
    Ok(())
}

/// A page that is kept, in turns with nginx.
async fn kept(
    server: &Server,
    cores: &Cores,
    name: &str,
    path: &str,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    for accept in ["identity", "gzip", "br"] {
        let bytes = server.get(path, accept).await?.body.len();
        figures.tell(&format!("{name}, {accept}"), bytes as f64 / KB, "KB", Aim::None);
    }
    if let Some(missing) = peers::nginx_missing() {
        figures.skip(&format!("{name} against nginx"), &missing);
        return Ok(());
    }
    let bytes = server.get(path, PACKED).await?.body;
    let files = Files::start(&bytes, 1, cores.server.as_deref()).await?;
    let (mut ratios, mut costs, mut rates) = (Vec::new(), Vec::new(), (Vec::new(), Vec::new()));
    for round in 0..ROUNDS {
        let ours = || turn(server.address(), path, server.pids(), cores);
        let theirs = || turn(files.address(), Files::PATH, files.pids(), cores);
        let (ours, theirs) = if round % 2 == 0 {
            let ours = ours().await?;
            (ours, theirs().await?)
        } else {
            let theirs = theirs().await?;
            (ours().await?, theirs)
        };
        ratios.push(ours.rate / theirs.rate);
        costs.push(ours.us / theirs.us);
        rates.0.push(ours.rate);
        rates.1.push(theirs.rate);
    }
    files.stop().await?;
    figures.tell(&format!("{name}, kept: answers"), median(&mut rates.0), "/s", Aim::None);
    figures.tell("  nginx, the same bytes as a file", median(&mut rates.1), "/s", Aim::None);
    figures.tell(
        &format!("{name}, kept: answers for each of nginx's"),
        median(&mut ratios),
        "",
        Aim::AtLeast(KEPT_MIN),
    );
    figures.tell("  processor time for each of nginx's", median(&mut costs), "", Aim::None);
    Ok(())
}

/// One server's turn.
struct Turn {
    rate: f64,
    /// Processor time of an answer.
    us: f64,
}

async fn turn(to: SocketAddr, path: &str, pids: Vec<u32>, cores: &Cores) -> anyhow::Result<Turn> {
    let ask = |time| Ask { time, ..ask(to, path, cores) };
    load::run(ask(ROUND / 8)).await?;
    let before = account::cpu(&pids)?;
    let answered = load::run(ask(ROUND)).await?;
    let spent = account::cpu(&pids)?.saturating_sub(before);
    Ok(Turn { rate: answered.rate(), us: spent.as_secs_f64() * 1e6 / answered.latencies.len() as f64 })
}

fn ask(to: SocketAddr, path: &str, cores: &Cores) -> Ask {
    Ask {
        to,
        path: path.to_owned(),
        is_always_another: false,
        accept: PACKED,
        connections: CONNECTIONS,
        rate: None,
        time: ROUND,
        core: cores.generator,
    }
}

/// The talk's page, drawn anew for every request: each asks with another word for what became of a post, which changes nothing.
async fn drawn(server: &Server, cores: &Cores, figures: &mut Figures) -> anyhow::Result<()> {
    let path = format!("{}?wrote=", server::talk());
    let posts = server.get(&path, "identity").await?.text().matches("<article").count();
    let another = Ask { is_always_another: true, connections: 1, ..ask(server.address(), &path, cores) };
    load::run(another.clone()).await?;
    let before = (account::cpu(&server.pids())?, Instant::now());
    let fast = load::run(Ask { time: DRAWN_TIME / 2, ..another.clone() }).await?;
    let busy = (account::cpu(&server.pids())? - before.0).as_secs_f64() / before.1.elapsed().as_secs_f64();
    let steady = Ask { rate: Some(DRAWN_MIN), connections: 4, time: DRAWN_TIME, ..another };
    let steady: Answered = load::run(steady).await?;
    let name = format!("talk of {} posts, drawn with {posts} of them", stock::POSTS);
    figures.tell(&name, fast.rate(), "/s", Aim::AtLeast(DRAWN_MIN));
    figures.tell("  one after the other, p50", fast.percentile_ms(50.0), "ms", Aim::None);
    figures.tell("  one after the other, p99", fast.percentile_ms(99.0), "ms", Aim::AtMost(DRAWN_P99_MS_MAX));
    figures.tell("  cores busy meanwhile", busy, "", Aim::None);
    figures.tell(
        &format!("  at {DRAWN_MIN} a second, p99"),
        steady.percentile_ms(99.0),
        "ms",
        Aim::AtMost(DRAWN_P99_MS_MAX),
    );
    if peers::nginx_missing().is_none() {
        let bytes = server.get(&server::talk(), PACKED).await?.body;
        let files = Files::start(&bytes, 1, cores.server.as_deref()).await?;
        let theirs = turn(files.address(), Files::PATH, files.pids(), cores).await?;
        files.stop().await?;
        figures.tell("  pages drawn for each of nginx's answers", fast.rate() / theirs.rate, "", Aim::None);
    }
    Ok(())
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
