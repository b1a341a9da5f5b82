//! A throw-away headless Chromium: open a page, ask it questions, take its picture, hear what its scripts did wrong.

mod complaints;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow, bail};
use chromiumoxide::browser::{Browser, BrowserConfig};
use chromiumoxide::cdp::browser_protocol::emulation::{
    MediaFeature, SetDeviceMetricsOverrideParams, SetTimezoneOverrideParams,
};
use chromiumoxide::cdp::browser_protocol::network;
use chromiumoxide::cdp::browser_protocol::page::CaptureScreenshotFormat;
use chromiumoxide::cdp::browser_protocol::target::CreateTargetParams;
use chromiumoxide::cdp::js_protocol::heap_profiler::CollectGarbageParams;
use chromiumoxide::cdp::js_protocol::runtime::GetHeapUsageParams;
use chromiumoxide::page::{Page, ScreenshotParams};
use futures_util::StreamExt as _;
use nix::unistd::Uid;
use tempfile::TempDir;
use tokio::task::AbortHandle;

use crate::skip_loudly;
use complaints::Complaints;

const LAUNCH_LIMIT: Duration = Duration::from_secs(60);
const REQUEST_LIMIT: Duration = Duration::from_secs(30);
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
/// A browser in a test asks nobody but the server under test.
const FLAGS: [&str; 9] = [
    "disable-gpu",
    "disable-quic",
    "no-first-run",
    "disable-background-networking",
    "disable-component-update",
    "disable-sync",
    "disable-dev-shm-usage",
    "no-default-browser-check",
    "no-proxy-server",
];

/// The size of a page in CSS pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Viewport {
    /// CSS pixels.
    pub width: u32,
    /// CSS pixels.
    pub height: u32,
    /// Whether touch and mobile layout rules hold.
    pub mobile: bool,
}

impl Viewport {
    /// A phone held upright.
    pub const PHONE: Self = Self { width: 390, height: 844, mobile: true };
    /// A laptop.
    pub const LAPTOP: Self = Self { width: 1280, height: 800, mobile: false };
}

/// A real headless browser with a fresh profile. Killed when dropped.
#[derive(Debug)]
pub struct Chromium {
    browser: Browser,
    events: AbortHandle,
    // Last, so that the profile goes after the browser.
    _profile: TempDir,
}

/// One open page.
#[derive(Debug)]
pub struct Tab {
    page: Page,
    complaints: Complaints,
}

impl Chromium {
    /// Starts the browser, or skips loudly where none is installed.
    ///
    /// # Panics
    /// When it is installed and does not start.
    pub async fn start() -> Option<Self> {
        let Some(binary) = find_binary() else {
            skip_loudly("Chromium");
            return None;
        };
        Some(Self::launch(binary).await.unwrap_or_else(|error| panic!("Chromium does not start: {error:#}")))
    }

    /// Opens `url` in a new tab of that size and waits until it has loaded.
    ///
    /// # Errors
    /// When the page cannot be loaded.
    pub async fn open(&self, url: &str, viewport: Viewport) -> anyhow::Result<Tab> {
        let page = self.browser.new_page(own_window()).await?;
        let complaints = Complaints::of(&page).await?;
        let tab = Tab { page, complaints };
        tab.resize(viewport).await?;
        tab.goto(url).await?;
        Ok(tab)
    }

    async fn launch(binary: PathBuf) -> anyhow::Result<Self> {
        let profile = tempfile::tempdir()?;
        let mut config = BrowserConfig::builder()
            .chrome_executable(binary)
            .new_headless_mode()
            .user_data_dir(profile.path())
            .launch_timeout(LAUNCH_LIMIT)
            .request_timeout(REQUEST_LIMIT)
            .viewport(None)
            .args(FLAGS);
        if Uid::effective().is_root() {
            // The browser refuses its sandbox as root; containers run tests as root.
            config = config.no_sandbox();
        }
        let (browser, mut handler) = Browser::launch(config.build().map_err(|error| anyhow!(error))?).await?;
        let events = tokio::spawn(async move { while handler.next().await.is_some() {} }).abort_handle();
        Ok(Self { browser, events, _profile: profile })
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        self.events.abort();
    }
}

impl Tab {
    /// Goes to `url` and waits until it has loaded.
    ///
    /// # Errors
    /// When the page cannot be loaded.
    pub async fn goto(&self, url: &str) -> anyhow::Result<()> {
        self.page.goto(url).await.with_context(|| format!("cannot open {url}"))?;
        Ok(())
    }

    /// Loads the page again.
    ///
    /// # Errors
    /// When it cannot be loaded.
    pub async fn reload(&self) -> anyhow::Result<()> {
        self.page.reload().await?;
        Ok(())
    }

    /// Changes the size of the page.
    ///
    /// # Errors
    /// When the browser refuses.
    pub async fn resize(&self, viewport: Viewport) -> anyhow::Result<()> {
        let size = SetDeviceMetricsOverrideParams::new(
            i64::from(viewport.width),
            i64::from(viewport.height),
            1.0,
            viewport.mobile,
        );
        self.page.execute(size).await?;
        Ok(())
    }

    /// What `prefers-color-scheme` and `prefers-reduced-motion` answer.
    ///
    /// # Errors
    /// When the browser refuses.
    pub async fn emulate(&self, dark: bool, reduced_motion: bool) -> anyhow::Result<()> {
        let scheme = if dark { "dark" } else { "light" };
        let motion = if reduced_motion { "reduce" } else { "no-preference" };
        let features = vec![
            MediaFeature::new("prefers-color-scheme", scheme),
            MediaFeature::new("prefers-reduced-motion", motion),
        ];
        self.page.emulate_media_features(features).await?;
        Ok(())
    }

    /// The time zone in which the page's reader lives, by its IANA name. Pages that are open hear of it when they are loaded again.
    ///
    /// # Errors
    /// When the browser refuses.
    pub async fn live_in(&self, zone: &str) -> anyhow::Result<()> {
        self.page.execute(SetTimezoneOverrideParams::new(zone)).await?;
        Ok(())
    }

    /// Cuts the page off the network, or joins it again.
    ///
    /// # Errors
    /// When the browser refuses.
    #[expect(deprecated, reason = "what replaces it is unknown to browsers that people still have")]
    pub async fn set_online(&self, is_online: bool) -> anyhow::Result<()> {
        self.page.execute(network::EnableParams::default()).await?;
        // No latency, and as many bytes a second as there are.
        let conditions = network::EmulateNetworkConditionsParams::new(!is_online, 0.0, -1.0, -1.0);
        self.page.execute(conditions).await?;
        Ok(())
    }

    /// Runs an expression in the page (awaiting a promise) and gives its value as JSON text.
    ///
    /// # Errors
    /// When the script throws.
    pub async fn eval_json(&self, script: &str) -> anyhow::Result<String> {
        let value = self.page.evaluate(script).await.with_context(|| script.to_owned())?;
        Ok(value.value().map_or_else(|| "null".to_owned(), ToString::to_string))
    }

    /// Runs an expression that gives a string.
    ///
    /// # Errors
    /// When the script throws or gives something else.
    pub async fn eval_text(&self, script: &str) -> anyhow::Result<String> {
        let value = self.page.evaluate(script).await.with_context(|| script.to_owned())?;
        value.into_value().with_context(|| format!("not a string: {script}"))
    }

    /// Runs an expression that gives a number.
    ///
    /// # Errors
    /// When the script throws or gives something else.
    pub async fn eval_number(&self, script: &str) -> anyhow::Result<f64> {
        let value = self.page.evaluate(script).await.with_context(|| script.to_owned())?;
        value.into_value().with_context(|| format!("not a number: {script}"))
    }

    /// Waits until an expression is true.
    ///
    /// # Errors
    /// When it is not within `limit`.
    pub async fn wait_until(&self, script: &str, limit: Duration) -> anyhow::Result<()> {
        let deadline = Instant::now() + limit;
        loop {
            let last = self.eval_json(&format!("Boolean({script})")).await;
            if last.as_deref().is_ok_and(|value| value == "true") {
                return Ok(());
            }
            if Instant::now() >= deadline {
                bail!("still not true after {limit:?}: {script} (last answer {last:?})");
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// What went wrong in the page's scripts since it was opened or since the last time this was asked: exceptions, promises that were
    /// rejected and not caught, errors on the console, refusals by the content security policy. What did not come over the network is
    /// none of it: pages that are cut off are tested, too.
    ///
    /// # Errors
    /// When the page is gone.
    pub async fn complaints(&self) -> anyhow::Result<Vec<String>> {
        // What was thrown before this answer was told before it.
        self.page.evaluate("0").await?;
        Ok(self.complaints.take())
    }

    /// Makes sure that [`Self::complaints`] has nothing to tell.
    ///
    /// # Panics
    /// When it has.
    #[track_caller]
    pub fn runs_clean(&self) -> impl Future<Output = ()> + '_ {
        let caller = std::panic::Location::caller();
        async move {
            let complaints = self.complaints().await.expect("the page answers");
            assert!(complaints.is_empty(), "{caller}: the page's scripts complain: {complaints:#?}");
        }
    }

    /// What the page's scripts hold in memory when everything is gone that can go, in bytes.
    ///
    /// # Errors
    /// When the page is gone.
    pub async fn heap_bytes(&self) -> anyhow::Result<f64> {
        // What is freed by one collection may free more in the next.
        for _ in 0..2 {
            self.page.execute(CollectGarbageParams::default()).await?;
        }
        Ok(self.page.execute(GetHeapUsageParams::default()).await?.result.used_size)
    }

    /// The page as its DOM stands now.
    ///
    /// # Errors
    /// When the page is gone.
    pub async fn html(&self) -> anyhow::Result<String> {
        Ok(self.page.content().await?)
    }

    /// A PNG of what is in view, or of the whole page.
    ///
    /// # Errors
    /// When the browser cannot draw it.
    pub async fn screenshot(&self, whole_page: bool) -> anyhow::Result<Vec<u8>> {
        let params =
            ScreenshotParams::builder().format(CaptureScreenshotFormat::Png).full_page(whole_page).build();
        Ok(self.page.screenshot(params).await?)
    }

    /// The library's own page, for what has no method here (network conditions, console events).
    #[must_use]
    pub fn page(&self) -> &Page {
        &self.page
    }

    /// Closes the tab.
    ///
    /// # Errors
    /// When the browser is gone.
    pub async fn close(self) -> anyhow::Result<()> {
        self.page.close().await?;
        Ok(())
    }
}

/// A window of its own: what is behind another one is not painted, and its scrolling is told to nobody.
fn own_window() -> CreateTargetParams {
    CreateTargetParams { new_window: Some(true), ..CreateTargetParams::new("about:blank") }
}

fn find_binary() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    NAMES.iter().find_map(|name| {
        std::env::split_paths(&path).map(|dir| dir.join(name)).find(|candidate| candidate.is_file())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "data:text/html,<meta name=viewport content=width=device-width><style>@media(prefers-color-scheme:dark){p{color:rgb(1,2,3)}}\
                        </style><p id=p>words</p>";

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn page_is_opened_asked_and_drawn() {
        let Some(chromium) = Chromium::start().await else { return };
        let tab = chromium.open(PAGE, Viewport::PHONE).await.unwrap();
        assert_eq!(tab.eval_text("document.getElementById('p').textContent").await.unwrap(), "words");
        assert_eq!(tab.eval_number("innerWidth").await.unwrap(), 390.0);
        tab.wait_until("document.readyState === 'complete'", Duration::from_secs(5)).await.unwrap();
        tab.emulate(true, false).await.unwrap();
        let colour = tab.eval_text("getComputedStyle(document.getElementById('p')).color").await.unwrap();
        assert_eq!(colour, "rgb(1, 2, 3)");
        let png = tab.screenshot(false).await.unwrap();
        assert!(png.starts_with(b"\x89PNG"));
        assert!(tab.eval_json("nothing.here").await.is_err());
        tab.runs_clean().await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn what_scripts_do_wrong_is_heard() {
        let Some(chromium) = Chromium::start().await else { return };
        let page = "data:text/html,<script>console.error('said'); Promise.reject(new Error('rejected')); console.warn('harmless')</script>\
                    <script>throw new Error('thrown')</script><script>fetch('http://127.0.0.1:1/').catch(() => 0)</script>";
        let tab = chromium.open(page, Viewport::LAPTOP).await.unwrap();
        tab.wait_until("document.readyState === 'complete'", Duration::from_secs(5)).await.unwrap();
        let mut heard = tab.complaints().await.unwrap();
        heard.sort();
        let said: Vec<bool> = ["said", "rejected", "thrown"]
            .iter()
            .map(|word| heard.iter().any(|one| one.contains(word)))
            .collect();
        assert_eq!((said, heard.len()), (vec![true; 3], 3), "{heard:#?}");
        tab.runs_clean().await;
    }
}
