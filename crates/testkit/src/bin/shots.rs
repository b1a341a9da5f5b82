//! Pictures of the running demo for people to look at: `shots BINARY FOLDER`, called by `cargo xtask shots`.
//! Every kind of page, on a phone and on a laptop, light and dark. It compares nothing; eyes do.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use testkit::{Chromium, Process, Tab, Viewport, free_port};

/// Conference seconds per second: the first day has a talk on stage and a few talks behind it after [`PLAYED`].
const SPEED: &str = "500";
/// How long the demo plays before the first picture.
const PLAYED: Duration = Duration::from_secs(40);
const START_LIMIT: Duration = Duration::from_secs(60);
const DRAWN_LIMIT: Duration = Duration::from_secs(20);
/// Pictures come through the product after the words; fonts are swapped in.
const SETTLES: Duration = Duration::from_millis(700);
const VIEWS: [(&str, Viewport); 2] =
    [("phone", Viewport::PHONE), ("laptop", Viewport { width: 1440, height: 900, mobile: false })];

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<()> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let (Some(binary), Some(folder)) = (arguments.next(), arguments.next()) else {
        anyhow::bail!("usage: shots BINARY FOLDER");
    };
    std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    let data = tempfile::tempdir()?;
    let (_demo, live) = demo(&binary, data.path()).await?;
    let Some(chromium) = Chromium::start().await else { return Ok(()) };
    println!("the demo plays at {live}; pictures in {} s", PLAYED.as_secs());
    tokio::time::sleep(PLAYED).await;
    for (page, address) in pages(&chromium, &live).await? {
        for (name, view) in VIEWS {
            let tab = chromium.open(&address, view).await?;
            for scheme in ["light", "dark"] {
                tab.emulate(scheme == "dark", true).await?;
                settle(&tab).await?;
                save(&tab, &folder.join(format!("{page}-{name}-{scheme}.png")), false).await?;
            }
            if name == "laptop" {
                tab.emulate(false, true).await?;
                save(&tab, &folder.join(format!("{page}-{name}-light-full.png")), true).await?;
            }
            let overflow = tab.eval_number("document.documentElement.scrollWidth - innerWidth").await?;
            if overflow > 0.0 {
                println!("{page} on a {name} is {overflow} px wider than its window");
            }
            tab.close().await?;
        }
        println!("{page:<10} {address}");
    }
    Ok(())
}

/// The demo on a free port, and the address of its live page.
async fn demo(binary: &Path, data: &Path) -> Result<(Process, String)> {
    let mut command = Command::new(binary);
    command.args(["demo", "--speed", SPEED, "--port"]).arg(free_port().to_string());
    command.arg("--data-dir").arg(data.join("demo")).current_dir(data);
    let mut demo = Process::start(command)?;
    // The first address is the owner's link; the live page's is a line of its own.
    let live = demo
        .wait_line(START_LIMIT, |line| {
            let line = line.trim();
            (line.starts_with("http://") && !line.contains('?')).then(|| line.to_owned())
        })
        .await?;
    Ok((demo, live))
}

/// Each kind of page with an address; the talk and the post are ones that have something to show.
async fn pages(chromium: &Chromium, live: &str) -> Result<Vec<(&'static str, String)>> {
    let home = live.rsplit_once('/').context("the live page has a path")?.0.to_owned();
    let programme = format!("{live}/programme");
    let tab = chromium.open(&programme, Viewport::LAPTOP).await?;
    let talk = tab.eval_text(BUSIEST_TALK).await.context("no talk with a conversation yet")?;
    tab.goto(live).await?;
    tab.wait_until("document.querySelector('[data-id] a[href*=\"/posts/\"]')", DRAWN_LIMIT).await?;
    let post = tab.eval_text("document.querySelector('[data-id] a[href*=\"/posts/\"]').href").await?;
    tab.close().await?;
    Ok(vec![
        ("home", format!("{home}/")),
        ("live", live.to_owned()),
        ("programme", programme),
        ("talk", talk),
        ("post", post),
        ("404", format!("{live}/talks/there-is-none")),
    ])
}

/// The talk whose row names the largest number of posts.
const BUSIEST_TALK: &str = "(() => { const rows = [...document.querySelectorAll('a[href*=\"/talks/\"]')]; \
    const said = a => Number((a.closest('li, tr, article')?.innerText.match(/(\\d+) posts?/) ?? [0, 0])[1]); \
    return rows.sort((a, b) => said(b) - said(a))[0].href; })()";

async fn settle(tab: &Tab) -> Result<()> {
    tab.wait_until("document.readyState === 'complete' && document.fonts.status === 'loaded'", DRAWN_LIMIT)
        .await?;
    tokio::time::sleep(SETTLES).await;
    Ok(())
}

async fn save(tab: &Tab, path: &Path, whole_page: bool) -> Result<()> {
    let png = tab.screenshot(whole_page).await?;
    ensure!(png.starts_with(b"\x89PNG"), "the browser drew no PNG");
    std::fs::write(path, png).with_context(|| path.display().to_string())
}
