//! What the pictures are of: the running demo, and installations that show what a demo never does.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result};
use testkit::pages::Examples;
use testkit::{Chromium, Process, Viewport, free_port};

use crate::{Studio, sheets};

/// Conference seconds per second: the first day has a talk on stage and a few talks behind it after [`PLAYED`].
const SPEED: &str = "500";
/// How long the demo plays before the first picture.
const PLAYED: Duration = Duration::from_secs(40);
const START_LIMIT: Duration = Duration::from_secs(60);
const DRAWN_LIMIT: Duration = Duration::from_secs(20);
/// An archive that does not answer: nothing listens there.
const NO_ARCHIVE: &str = "postgres://nobody@127.0.0.1:9/none?connect_timeout=1";
/// Asks for more exports than one address may have, until its tab is closed: what is given back is taken before the camera comes.
const TOO_MANY: &str = "(() => { const ask = async () => { const answer = await fetch('/quiet/export.ndjson', { cache: 'no-store' }); \
    await answer.text(); globalThis.refused ||= answer.status === 429; }; setInterval(ask, 40); return 'asks'; })()";
const EVENT: &str = "slug = \"quiet\"\ntitle = \"Quiet Conf: an event of which nobody has said anything yet\"\ntimezone = \"Europe/Berlin\"\n\
    starts = 2026-06-01\nends = 2026-06-02\nplace = \"Oulu\"\nhashtags = [\"quiet\"]\nonsite = \"open\"\n";

/// An installation without any event.
pub(crate) async fn fresh(studio: &Studio, chromium: &Chromium, binary: &Path) -> Result<()> {
    if !studio.wants("fresh") {
        return Ok(());
    }
    let up = Up::start(chromium, binary, "", false).await?;
    studio.take(chromium, "fresh-home", &format!("{}/", up.base)).await
}

/// An event in which nothing was said, and what an address is told that asks too much of it.
pub(crate) async fn quiet(studio: &Studio, chromium: &Chromium, binary: &Path) -> Result<()> {
    if !studio.wants("quiet") {
        return Ok(());
    }
    let up = Up::start(chromium, binary, "", true).await?;
    let pages =
        ["", "/programme", "/catch-up", "/search?q=tea", "/photos", "/links", "/about", "/privacy", "/wall"];
    for page in pages {
        let name = page.trim_start_matches('/').split('?').next().filter(|name| !name.is_empty());
        let name = format!("quiet-{}", name.unwrap_or("live"));
        studio.take(chromium, &name, &format!("{}/quiet{page}", up.base)).await?;
    }
    studio.take(chromium, "quiet-home", &format!("{}/", up.base)).await?;
    let tab = chromium.open(&format!("{}/quiet", up.base), Viewport::LAPTOP).await?;
    tab.eval_text(TOO_MANY).await?;
    tab.wait_until("globalThis.refused", DRAWN_LIMIT).await?;
    studio.take(chromium, "quiet-429", &format!("{}/quiet/export.ndjson", up.base)).await?;
    tab.close().await
}

/// What fails while the archive is away.
pub(crate) async fn away(studio: &Studio, chromium: &Chromium, binary: &Path) -> Result<()> {
    if !studio.wants("away") {
        return Ok(());
    }
    let up = Up::start(chromium, binary, &format!("[archive]\nurl = \"{NO_ARCHIVE}\"\n"), true).await?;
    for (name, page) in [("away-503", "search?q=tea"), ("away-programme", "programme")] {
        studio.take(chromium, name, &format!("{}/quiet/{page}", up.base)).await?;
    }
    Ok(())
}

/// The demo in the afternoon of its first day.
pub(crate) async fn demo(studio: &Studio, chromium: &Chromium, binary: &Path) -> Result<()> {
    let data = tempfile::tempdir()?;
    let mut command = Command::new(binary);
    command.args(["demo", "--speed", SPEED, "--port"]).arg(free_port().to_string());
    command.arg("--data-dir").arg(data.path().join("demo")).current_dir(data.path());
    let mut demo = Process::start(command)?;
    // The first address is the owner's link; the live page's is a line of its own.
    let is_address = |line: &str| line.trim().starts_with("http://").then(|| line.trim().to_owned());
    let live = demo.wait_line(START_LIMIT, |line| is_address(line).filter(|at| !at.contains('?'))).await?;
    let (base, event) = live.rsplit_once('/').context("the live page has a path")?;
    println!("the demo plays at {live}; pictures in {} s", PLAYED.as_secs());
    tokio::time::sleep(PLAYED).await;
    let (examples, gone) = examples(chromium, base, event).await?;
    for sheet in sheets(false) {
        studio.take(chromium, sheet.name, &format!("{base}{}", examples.path(sheet))).await?;
    }
    if let Some(gone) = gone {
        studio.take(chromium, "gone", &format!("{base}/{event}/posts/{gone}")).await?;
    }
    let owner = demo.wait_line(START_LIMIT, |line| {
        let start = line.find("http://")?;
        let link = line[start..].split_whitespace().next()?;
        link.contains("/login?token=").then(|| link.to_owned())
    });
    chromium.open(&owner.await?, Viewport::LAPTOP).await?.close().await?;
    for sheet in sheets(true) {
        studio.take(chromium, sheet.name, &format!("{base}{}", examples.path(sheet))).await?;
    }
    Ok(())
}

/// Pages of the demo that have something to show, and a post that is gone, where there is one by now.
async fn examples(chromium: &Chromium, base: &str, event: &str) -> Result<(Examples, Option<String>)> {
    let tab = chromium.open(&format!("{base}/{event}/programme"), Viewport::LAPTOP).await?;
    let room = "document.querySelector('.heads a').href.split('/').at(-1)";
    let day = "document.querySelector('section.day').id.replace(/^d(ay)?-?/, '')";
    let (talk, later) = (tab.eval_text(BUSIEST_TALK).await?, tab.eval_text(LATER_TALK).await?);
    let (room, day) = (tab.eval_text(room).await?, tab.eval_text(day).await?);
    tab.goto(&format!("{base}/{event}")).await?;
    tab.wait_until("document.querySelector('[data-id] a[href*=\"/posts/\"]')", DRAWN_LIMIT).await?;
    let post = tab.eval_text(POST).await?;
    let gone = tab.eval_text("document.querySelector('.item.removed')?.dataset.id ?? ''").await?;
    tab.close().await?;
    let examples = Examples { event: event.to_owned(), room, day, talk, later, post };
    Ok((examples, Some(gone).filter(|id| !id.is_empty())))
}

/// The talk whose row names the largest number of items.
const BUSIEST_TALK: &str = "(() => { const rows = [...document.querySelectorAll('a.slot')]; \
    const said = a => Number((a.querySelector('.sp')?.textContent.match(/([\\d,]+) items?/) ?? [0, '0'])[1].replace(',', '')); \
    return rows.sort((a, b) => said(b) - said(a))[0].href.split('/').at(-1); })()";
/// The last talk of the programme.
const LATER_TALK: &str = "[...document.querySelectorAll('a.slot')].at(-1).href.split('/').at(-1)";
/// A post that answers another one, else any.
const POST: &str =
    "(document.querySelector('.item:has(.context)') ?? document.querySelector('.item[data-id]')).dataset.id";

/// Whether the event's page is there. Asks, and tells of the last answer.
const IS_THERE: &str = "(fetch('/quiet').then(answer => { window.isThere = answer.ok; }), window.isThere)";

/// A running product of its own.
struct Up {
    _process: Process,
    _data: tempfile::TempDir,
    base: String,
}

impl Up {
    async fn start(chromium: &Chromium, binary: &Path, settings: &str, has_event: bool) -> Result<Self> {
        let data = tempfile::tempdir()?;
        let [site, intake, hooks] = [(); 3].map(|()| free_port());
        let text = format!(
            "{settings}[site]\nlisten = \"127.0.0.1:{site}\"\n[nozzle]\nlisten = \"127.0.0.1:{intake}\"\n\
             hooks_listen = \"127.0.0.1:{hooks}\"\n"
        );
        std::fs::write(data.path().join("perihelion.toml"), text)?;
        std::fs::write(data.path().join("event.toml"), EVENT)?;
        let mut command = Command::new(binary);
        command.arg("up").current_dir(data.path());
        if has_event {
            command.args(["--event", "event.toml"]);
        }
        let mut process = Process::start(command)?;
        process.wait_url(START_LIMIT).await?;
        let base = format!("http://127.0.0.1:{site}");
        if has_event {
            let tab = chromium.open(&base, Viewport::LAPTOP).await?;
            tab.wait_until(IS_THERE, START_LIMIT).await?;
            tab.close().await?;
        }
        Ok(Self { _process: process, _data: data, base })
    }
}
