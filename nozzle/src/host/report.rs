//! Puts together what pumps, sequencer, ledger and settings know of an event's sources.

mod pace;

use std::time::Duration;

use model::Micros;
use model::event::{EventFile, Onsite, SourceFile};

use crate::intake::{Doing, DroppedSample, How, SourceReport, SourcesReport};
use crate::onsite;
use crate::pump::{SourceState, SourceStatus};
use crate::sequencer::Board;
pub(super) use pace::NEWEST_MAX;

/// Silence, in times of what a stream may be silent, after which a source that counts as connected is stale: its pump has
/// not noticed, or waits for a disk.
const STALE_TIMES: u32 = 3;

/// What is known of an event's sources beside its settings.
pub(super) struct Seen<'a> {
    /// What pumps say.
    pub(super) statuses: &'a [SourceStatus],
    /// When the newest posts of each were said, newest first, at most [`NEWEST_MAX`]; empty where nobody knows.
    pub(super) said: &'a [Vec<Micros>],
    /// What the sequencer says.
    pub(super) board: &'a Board,
    /// Since when this process serves the event.
    pub(super) started: Micros,
}

/// What is reported of the sources that `settings` describe.
pub(super) fn report(
    settings: &EventFile,
    seen: &Seen<'_>,
    env: &dyn Fn(&str) -> Option<String>,
    now: Micros,
) -> SourcesReport {
    let board = seen.board;
    let described = seen.statuses.iter().enumerate().filter_map(|(n, status)| {
        let file = settings.sources.iter().find(|file| file.name == status.name)?;
        let report = one(status, file, board, env, now);
        let newest = seen.said.get(n).and_then(|said| said.first()).copied();
        Some(with_pace(report, newest, pace::stopped(seen.said, n, now)))
    });
    let mut sources: Vec<SourceReport> = described.collect();
    let has_page = settings.sources.iter().any(|file| file.kind == onsite::KIND);
    if settings.onsite != Onsite::Off && !has_page {
        sources.push(page(settings, seen, now));
    }
    let (ours, rooms) = tags(settings);
    SourcesReport { sources, watched: Vec::new(), near_tags: board.near_tags(&ours, &rooms) }
}

/// What is reported of the looks at an address: of the schedule, or of the speakers' handles. It brings no posts; `received`
/// counts its answers.
pub(super) fn watched(status: &SourceStatus, now: Micros) -> SourceReport {
    let (state, why, until) = doing(status, How::Polling, now);
    let cure = match state {
        Doing::NeedsCredentials | Doing::Misconfigured | Doing::BackingOff => Some(format!(
            "open the address of `{}` in a browser; if it gives no file, write another one in event.toml and apply it, or import \
             the file by hand",
            status.name
        )),
        _ => None,
    };
    SourceReport {
        name: status.name.clone(),
        kind: status.name.clone(),
        how: How::Polling,
        state,
        since: status.since,
        until,
        why,
        cure,
        warning: status.warning.clone(),
        heard: status.heard,
        last_item: None,
        received: status.received,
        new: 0,
        duplicate: 0,
        held: 0,
        rejected: std::collections::BTreeMap::new(),
        ends: status.ends,
        samples: Vec::new(),
    }
}

fn one(
    status: &SourceStatus,
    file: &SourceFile,
    board: &Board,
    env: &dyn Fn(&str) -> Option<String>,
    now: Micros,
) -> SourceReport {
    let how = how(file, env);
    let totals = board.totals(&status.name);
    let (state, why, until) = doing(status, how, now);
    let mut rejected = totals.counts.rejected;
    for (reason, times) in &status.rejected {
        *rejected.entry((*reason).to_owned()).or_default() += times;
    }
    SourceReport {
        name: status.name.clone(),
        kind: file.kind.clone(),
        how,
        state,
        since: status.since,
        until,
        cure: cure(state, file),
        why,
        warning: status.warning.clone(),
        heard: status.heard,
        last_item: totals.last_item,
        received: status.received.max(totals.counts.received),
        new: totals.counts.new,
        duplicate: totals.counts.duplicate,
        held: totals.counts.held,
        rejected,
        ends: status.ends,
        samples: status
            .samples
            .iter()
            // An older one may hold words of what was removed since.
            .filter(|sample| sample.at > board.removed_at())
            .map(|sample| DroppedSample { reason: sample.reason.to_owned(), line: sample.line.clone() })
            .collect(),
    }
}

/// A source that is connected and whose posts have stopped is stale. After a restart the ledger knows when its last one was.
fn with_pace(report: SourceReport, newest: Option<Micros>, stopped: Option<pace::Stopped>) -> SourceReport {
    let last_item = report.last_item.or(newest);
    match (report.state, stopped) {
        (Doing::Streaming | Doing::Polling, Some(stopped)) => SourceReport {
            state: Doing::Stale,
            why: Some(stopped.sentence()),
            cure: Some(
                "look on the network itself for newer posts under these hashtags; if there are any, start the nozzle anew"
                    .to_owned(),
            ),
            last_item,
            ..report
        },
        _ => SourceReport { last_item, ..report },
    }
}

/// Posts from the page where event.toml has no source for them.
fn page(settings: &EventFile, seen: &Seen<'_>, now: Micros) -> SourceReport {
    let file = SourceFile::new(&onsite::source_name(Some(settings)), onsite::KIND);
    one(&SourceStatus::new(&file.name, SourceState::Live, seen.started), &file, seen.board, &|_| None, now)
}

fn how(file: &SourceFile, env: &dyn Fn(&str) -> Option<String>) -> How {
    match file.kind.as_str() {
        "feed" | "flickr" => How::Polling,
        "mastodon" if file.token_env.as_deref().and_then(env).is_none() => How::Polling,
        "hook" => How::Pushed,
        onsite::KIND => How::Written,
        _ => How::Streaming,
    }
}

fn doing(status: &SourceStatus, how: How, now: Micros) -> (Doing, Option<String>, Option<Micros>) {
    let is_stale = status.silence_max.is_some_and(|longest| {
        // What was heard before an outage says nothing of the connection after it.
        let since = status.heard.map_or(status.since, |heard| heard.max(status.since));
        Duration::from_micros(now.since(since).max(0).unsigned_abs()) > longest * STALE_TIMES
    });
    match &status.state {
        SourceState::Live | SourceState::CatchingUp if is_stale => {
            (Doing::Stale, Some("connected, and nothing has been heard for long".to_owned()), None)
        }
        SourceState::Connecting => (Doing::Connecting, None, None),
        SourceState::CatchingUp => (Doing::CatchingUp, None, None),
        SourceState::Live => {
            let state = match how {
                How::Streaming => Doing::Streaming,
                How::Polling => Doing::Polling,
                How::Pushed | How::Written => Doing::Open,
            };
            (state, None, None)
        }
        SourceState::Waiting { why, seconds } => {
            let wait = i64::try_from(*seconds).unwrap_or(i64::MAX).saturating_mul(Micros::SECOND);
            (Doing::BackingOff, Some(why.clone()), Some(status.since.plus(wait)))
        }
        SourceState::NeedsCredentials { why } => (Doing::NeedsCredentials, Some(why.clone()), None),
        SourceState::Misconfigured { why } => (Doing::Misconfigured, Some(why.clone()), None),
        SourceState::Paused => (Doing::Paused, None, None),
        SourceState::Finished => (Doing::Finished, None, None),
    }
}

fn cure(state: Doing, file: &SourceFile) -> Option<String> {
    let variables: Vec<&str> = [&file.token_env, &file.key_env, &file.secret_env]
        .into_iter()
        .flatten()
        .map(String::as_str)
        .collect();
    match state {
        Doing::NeedsCredentials if variables.is_empty() => {
            let key = if file.kind == "flickr" { "key_env" } else { "token_env" };
            Some(format!(
                "name an environment variable with a valid key as {key} in event.toml, and apply it"
            ))
        }
        Doing::NeedsCredentials => Some(format!(
            "set {} to a valid key in the nozzle's environment and start the nozzle anew",
            variables.join(", ")
        )),
        Doing::Misconfigured => Some("change the source in event.toml and apply it".to_owned()),
        Doing::Stale => Some("look at the nozzle's log, its disk and its line to the network".to_owned()),
        _ => None,
    }
}

/// The hashtags that are followed, and those that mean something else here.
fn tags(settings: &EventFile) -> (Vec<String>, Vec<String>) {
    let bare = |tag: &String| tag.trim().trim_start_matches('#').to_owned();
    let own = settings.sources.iter().flat_map(|file| file.tags.iter().flatten());
    let ours = settings.hashtags.iter().chain(own).map(bare).collect();
    (ours, settings.rooms.iter().flat_map(|room| &room.tags).map(bare).collect())
}

#[cfg(test)]
mod tests;
