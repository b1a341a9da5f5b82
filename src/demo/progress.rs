//! One line that says how far the conference is: its time, the posts that the page shows, who is on stage. The posts are
//! counted by a reader like any other: it follows the live log over halley's long poll.

use std::collections::HashSet;
use std::io::{IsTerminal, Write, stderr};
use std::time::Duration;

use chassis::Shutdown;
use chassis::clock::Clock;
use serde::Deserialize;
use tokio::time::sleep;
use url::Url;

use super::elsewhere::said_in_all;
use super::stage::{Programme, SLUG};

/// How often the line is written anew; and how often a line is added where lines cannot be rewritten (a pipe, a log).
const REWRITE_EVERY: Duration = Duration::from_millis(500);
const ADD_EVERY: Duration = Duration::from_secs(20);
/// How long to wait before asking again after an answer that was none.
const ASK_AGAIN: Duration = Duration::from_millis(500);
/// A poll is held for less than this.
const ANSWER_WAIT: Duration = Duration::from_secs(35);
const TITLE_CHARS_MAX: usize = 44;
/// A line that is rewritten must not wrap, and terminals are at least this wide.
const LINE_CHARS_MAX: usize = 79;

/// Writes the line until `shutdown`.
pub(crate) async fn show(site: Url, clock: Clock, programme: Programme, shutdown: Shutdown) {
    let (shown, posts) = tokio::sync::watch::channel(Counts::default());
    let rewrites = stderr().is_terminal();
    let write = async {
        loop {
            let line = line(&programme, clock.now(), *posts.borrow());
            let line = if rewrites { shortened(&line, LINE_CHARS_MAX) } else { line };
            let (start, end) = if rewrites { ("\r\x1b[2K", "") } else { ("", "\n") };
            // Nobody may be reading; the conference goes on.
            let _unread = write!(stderr(), "{start}{line}{end}").and_then(|()| stderr().flush());
            sleep(if rewrites { REWRITE_EVERY } else { ADD_EVERY }).await;
        }
    };
    tokio::select! {
        () = write => {}
        () = count(&site, &shown) => {}
        () = shutdown.triggered() => {}
    }
    if rewrites {
        eprintln!();
    }
}

/// What a reader of the live log has seen.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    shown: usize,
    /// Deleted by their authors, and therefore by us.
    taken_back: usize,
}

/// Says what has just happened, on a line that stays.
pub(crate) fn say(line: &str) {
    let start = if stderr().is_terminal() { "\r\x1b[2K" } else { "" };
    // Nobody may be reading; the conference goes on.
    let _unread = writeln!(stderr(), "{start}{line}");
}

fn line(programme: &Programme, now: i64, posts: Counts) -> String {
    let on: Vec<String> = programme
        .on_at(now)
        .map(|t| format!("{} ({})", shortened(&t.title, TITLE_CHARS_MAX), t.room))
        .collect();
    let is_over = programme.really.iter().all(|t| t.end.0 <= now);
    let stage = match on.as_slice() {
        [] if is_over => "the conference is over; its pages stay".to_owned(),
        [] => "a break".to_owned(),
        on => format!("on stage: {}", on.join(", ")),
    };
    let Counts { shown, taken_back } = posts;
    let taken_back = if taken_back == 0 { String::new() } else { format!(", {taken_back} taken back") };
    let all = said_in_all();
    format!("{}   {shown} of {all} posts shown{taken_back}   {stage}", programme.clock_face(now))
}

fn shortened(text: &str, chars_max: usize) -> String {
    if text.chars().count() <= chars_max {
        return text.to_owned();
    }
    text.chars().take(chars_max - 1).chain(['…']).collect()
}

#[derive(Deserialize)]
struct Head {
    epoch: String,
}

#[derive(Deserialize)]
struct Answer {
    epoch: String,
    next: u64,
    #[serde(default)]
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    kind: String,
    #[serde(default)]
    id: Option<String>,
}

/// Items by what the log last said of them. An entry that was overwritten is told by the one that overwrote it.
#[derive(Default)]
struct Items {
    said: HashSet<String>,
    gone: HashSet<String>,
}

impl Items {
    fn note(&mut self, kind: &str, id: String) {
        match kind {
            "hide" | "remove" => _ = self.gone.insert(id.clone()),
            "post" | "edit" | "show" => _ = self.gone.remove(&id),
            _ => return,
        }
        self.said.insert(id);
    }
}

/// Follows the live log and counts the items that are shown.
async fn count(site: &Url, counts: &tokio::sync::watch::Sender<Counts>) {
    let client = reqwest::Client::builder().timeout(ANSWER_WAIT).no_proxy().build().unwrap_or_default();
    let mut after: Option<String> = None;
    let mut items = Items::default();
    loop {
        let answered = match &after {
            None => head(&client, site).await.map(|h| format!("{}.0", h.epoch)),
            Some(since) => poll(&client, site, since, &mut items).await,
        };
        match answered {
            Some(_) => after = answered,
            None => sleep(ASK_AGAIN).await,
        }
        let taken_back = items.gone.len();
        counts.send_replace(Counts { shown: items.said.len() - taken_back, taken_back });
    }
}

async fn head(client: &reqwest::Client, site: &Url) -> Option<Head> {
    let url = site.join(&format!("live/{SLUG}/head.json")).ok()?;
    client.get(url).send().await.ok()?.error_for_status().ok()?.json().await.ok()
}

/// One poll: takes note of what came and returns the next position; `None` when there was nothing.
async fn poll(client: &reqwest::Client, site: &Url, after: &str, items: &mut Items) -> Option<String> {
    let mut url = site.join(&format!("live/{SLUG}/poll")).ok()?;
    url.query_pairs_mut().append_pair("after", after);
    let answer: Answer = client.get(url).send().await.ok()?.error_for_status().ok()?.json().await.ok()?;
    for entry in answer.entries {
        if let Some(id) = entry.id {
            items.note(&entry.kind, id);
        }
    }
    Some(format!("{}.{}", answer.epoch, answer.next))
}
