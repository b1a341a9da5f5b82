//! Pictures of every page for people to look at: `shots BINARY FOLDER [NAMES]`, called by `cargo xtask shots`. Each page of
//! [`testkit::pages`] on a phone, a laptop and a projector, light and dark, and what no list can name: a fresh installation, an event in
//! which nothing was said, pages that fail ([`scenes`]). It compares nothing; eyes do.

mod scenes;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use testkit::pages::SHEETS;
use testkit::{Chromium, Tab, Viewport};

const DRAWN_LIMIT: Duration = Duration::from_secs(20);
/// Pictures come through the product after the words; fonts are swapped in.
const SETTLES: Duration = Duration::from_millis(500);
/// What a change of colours takes.
const RECOLOURS: Duration = Duration::from_millis(120);
const VIEWS: [(&str, Viewport); 3] = [
    ("390", Viewport::PHONE),
    ("1440", Viewport { width: 1440, height: 900, mobile: false }),
    ("1920", Viewport { width: 1920, height: 1080, mobile: false }),
];

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(binary), Some(folder)) = (arguments.next(), arguments.next()) else {
        anyhow::bail!("usage: shots BINARY FOLDER [NAMES]");
    };
    let studio = Studio { folder: PathBuf::from(folder), only: arguments.collect() };
    std::fs::create_dir_all(&studio.folder).with_context(|| studio.folder.display().to_string())?;
    let Some(chromium) = Chromium::start().await else { return Ok(()) };
    let binary = Path::new(&binary);
    scenes::fresh(&studio, &chromium, binary).await?;
    scenes::quiet(&studio, &chromium, binary).await?;
    scenes::away(&studio, &chromium, binary).await?;
    scenes::demo(&studio, &chromium, binary).await
}

/// Where pictures go, and which are wanted.
pub(crate) struct Studio {
    folder: PathBuf,
    /// Beginnings of names; all when there are none.
    only: Vec<String>,
}

impl Studio {
    pub(crate) fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|begin| name.starts_with(begin.as_str()))
    }

    /// Takes all pictures of one page.
    pub(crate) async fn take(&self, chromium: &Chromium, name: &str, address: &str) -> Result<()> {
        if !self.wants(name) {
            return Ok(());
        }
        for (width, view) in VIEWS {
            let tab = chromium.open(address, view).await?;
            tab.emulate(false, true).await?;
            settle(&tab).await?;
            for scheme in ["light", "dark"] {
                tab.emulate(scheme == "dark", true).await?;
                tokio::time::sleep(RECOLOURS).await;
                self.save(&tab, &format!("{name}-{width}-{scheme}.png"), false).await?;
            }
            tab.emulate(false, true).await?;
            self.save(&tab, &format!("{name}-{width}-whole.png"), true).await?;
            let overflow = tab.eval_number("document.documentElement.scrollWidth - innerWidth").await?;
            if overflow > 0.0 {
                println!("{name} at {width} px is {overflow} px wider than its window");
            }
            tab.close().await?;
        }
        println!("{name:<18} {address}");
        Ok(())
    }

    async fn save(&self, tab: &Tab, name: &str, whole_page: bool) -> Result<()> {
        let png = tab.screenshot(whole_page).await?;
        ensure!(png.starts_with(b"\x89PNG"), "the browser drew no PNG");
        let path = self.folder.join(name);
        std::fs::write(&path, png).with_context(|| path.display().to_string())
    }
}

/// The pages of the list: what anybody may open first, then what the owner may.
pub(crate) fn sheets(is_locked: bool) -> impl Iterator<Item = &'static testkit::pages::Sheet> {
    SHEETS.iter().filter(move |sheet| sheet.is_locked == is_locked)
}

async fn settle(tab: &Tab) -> Result<()> {
    tab.wait_until("document.readyState === 'complete' && document.fonts.status === 'loaded'", DRAWN_LIMIT)
        .await?;
    tokio::time::sleep(SETTLES).await;
    Ok(())
}
