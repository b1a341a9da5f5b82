//! What the scripts of a page did wrong, collected while it is open.

use std::sync::{Arc, Mutex, PoisonError};

use chromiumoxide::cdp::browser_protocol::log;
use chromiumoxide::cdp::js_protocol::runtime;
use chromiumoxide::page::Page;
use futures_util::StreamExt as _;
use tokio::task::JoinSet;

/// More than these tell nothing new.
const COMPLAINTS_MAX: usize = 100;
/// How the browser begins to say that a socket could not be opened: the network's business.
const SOCKET: &str = "WebSocket connection to";

/// See the module. Stops listening when dropped.
#[derive(Debug)]
pub(super) struct Complaints {
    heard: Arc<Mutex<Vec<String>>>,
    _listening: JoinSet<()>,
}

impl Complaints {
    /// Listens to a page that has not begun yet.
    pub(super) async fn of(page: &Page) -> anyhow::Result<Self> {
        let heard: Arc<Mutex<Vec<String>>> = Arc::default();
        let mut listening = JoinSet::new();
        let mut thrown = page.event_listener::<runtime::EventExceptionThrown>().await?;
        let mut called = page.event_listener::<runtime::EventConsoleApiCalled>().await?;
        let mut logged = page.event_listener::<log::EventEntryAdded>().await?;
        page.execute(runtime::EnableParams::default()).await?;
        page.execute(log::EnableParams::default()).await?;
        let to = heard.clone();
        listening.spawn(async move {
            while let Some(event) = thrown.next().await {
                let details = &event.exception_details;
                let what = details.exception.as_ref().and_then(|thrown| thrown.description.clone());
                note(&to, format!("{} {}", details.text, what.unwrap_or_default()));
            }
        });
        let to = heard.clone();
        listening.spawn(async move {
            while let Some(event) = called.next().await {
                if event.r#type == runtime::ConsoleApiCalledType::Error {
                    let words =
                        event.args.iter().filter_map(|arg| arg.value.as_ref().map(ToString::to_string));
                    note(&to, words.collect::<Vec<_>>().join(" "));
                }
            }
        });
        let to = heard.clone();
        listening.spawn(async move {
            while let Some(event) = logged.next().await {
                let entry = &event.entry;
                let is_network =
                    entry.source == log::LogEntrySource::Network || entry.text.starts_with(SOCKET);
                if entry.level == log::LogEntryLevel::Error && !is_network {
                    note(&to, entry.text.clone());
                }
            }
        });
        Ok(Self { heard, _listening: listening })
    }

    /// What was heard since the last time.
    pub(super) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.heard.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn note(heard: &Mutex<Vec<String>>, complaint: String) {
    let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
    if heard.len() < COMPLAINTS_MAX {
        heard.push(complaint);
    }
}
