//! How an event's sources are doing, as `event show` prints it: one line each, what somebody must do, and hashtags that
//! may be worth following.

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use model::{EventId, Micros};
use nozzle::intake::{Intake, Near, SourceReport, SourcesReport};
use tokio::net::TcpStream;

use crate::config::{Config, reachable};
use crate::data_dir::DataDir;
use crate::failure::Failure;
use crate::wiring;

/// How long a nozzle may take to take a connection.
const CONNECT_WAIT: Duration = Duration::from_secs(2);

/// What the nozzle that runs says of its sources; none when none runs, or it does not know the event.
pub(super) async fn report(config: &Config, eid: EventId) -> Result<Option<SourcesReport>, Failure> {
    let address = reachable(config.nozzle.listen);
    if !matches!(tokio::time::timeout(CONNECT_WAIT, TcpStream::connect(address)).await, Ok(Ok(_))) {
        return Ok(None);
    }
    let token = DataDir::open(&config.data_dir)?.intake_token(config.nozzle.intake_token_file.as_deref())?;
    let intake: Arc<dyn Intake> = Arc::new(wiring::http_intake(config, token)?);
    Ok(intake.sources(eid).await.ok())
}

/// The table with what follows it.
pub(super) fn table(report: &SourcesReport, now: Micros) -> String {
    let head = ["SOURCE", "KIND", "STATE", "NEW", "HAD", "HELD", "DROPPED", "LAST POST"].map(str::to_owned);
    let all: Vec<&SourceReport> = report.sources.iter().chain(&report.watched).collect();
    let rows: Vec<[String; 8]> = std::iter::once(head).chain(all.iter().map(|s| row(s, now))).collect();
    let widths: [usize; 8] =
        std::array::from_fn(|n| rows.iter().map(|row| row[n].chars().count()).max().unwrap_or(0));
    let mut text = String::new();
    for (n, row) in rows.iter().enumerate() {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
        let line = cells.collect::<Vec<_>>().join("  ");
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}", line.trim_end());
        if let Some(source) = n.checked_sub(1).and_then(|n| all.get(n)) {
            text.push_str(&remarks(source));
        }
    }
    for near in &report.near_tags {
        let more = if near.or_more { " or more" } else { "" };
        let said = match near.why {
            Near::Alike => "people also write",
            Near::Beside => "often written beside yours:",
        };
        let (people, posts) = (of(near.people, "person", "people"), of(near.posts, "post", "posts"));
        let tag = &near.tag;
        let _ = writeln!(text, "{said} #{tag} ({people}{more}, {posts}); to follow it, add it to hashtags");
    }
    text
}

fn row(source: &SourceReport, now: Micros) -> [String; 8] {
    let dropped: u64 = source.rejected.values().sum();
    [
        source.name.clone(),
        source.kind.clone(),
        source.state.words().to_owned(),
        source.new.to_string(),
        source.duplicate.to_string(),
        source.held.to_string(),
        dropped.to_string(),
        source.last_item.map_or_else(|| "-".to_owned(), |at| ago(now.since(at))),
    ]
}

fn remarks(source: &SourceReport) -> String {
    let mut text = String::new();
    let until = source.until.and_then(|until| Timestamp::from_microsecond(until.0).ok());
    let until = until.map(|until| format!("tried again at {until:.0}"));
    let dropped =
        source.rejected.iter().map(|(reason, n)| format!("{reason} {n}")).collect::<Vec<_>>().join(", ");
    let dropped = (!dropped.is_empty()).then(|| format!("dropped: {dropped}"));
    let cure = source.cure.as_ref().map(|cure| format!("to do: {cure}"));
    for line in [source.why.clone(), until, cure, source.warning.clone(), dropped].into_iter().flatten() {
        let _ = writeln!(text, "    {line}");
    }
    for sample in &source.samples {
        let _ = writeln!(text, "    {}: {}", sample.reason, sample.line);
    }
    text
}

fn of(n: u64, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

fn ago(micros: i64) -> String {
    match micros.max(0) / Micros::SECOND {
        s @ ..=119 => format!("{s} s ago"),
        s @ ..=7199 => format!("{} min ago", s / 60),
        s => format!("{} h ago", s / 3600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_says_what_somebody_must_do_and_which_hashtags_people_write() {
        let report = r#"{"sources":[{"name":"fosstodon","kind":"mastodon","how":"polling","state":"needs_credentials",
            "since":0,"until":null,"why":"401","cure":"set FOSSTODON_TOKEN","warning":null,"heard":null,
            "last_item":1000000,"received":9,"new":5,"duplicate":2,"held":1,"rejected":{"json":1,"empty":2},"ends":0,
            "samples":[{"reason":"json","line":"{oops"}]}],
            "watched":[{"name":"schedule","kind":"schedule","how":"polling","state":"polling","since":0,"until":null,
            "why":null,"cure":null,"warning":"This version has only 1 of the 6 talks","heard":null,"last_item":null,
            "received":3,"new":0,"duplicate":0,"held":0,"rejected":{},"ends":0,"samples":[]}],
            "near_tags":[{"tag":"rustfest26","people":12,"posts":31,"why":"alike"},
            {"tag":"ferris","people":1,"posts":1,"why":"beside"}]}"#;
        let text = table(&serde_json::from_str(report).unwrap(), Micros(31 * Micros::SECOND));
        for part in [
            "fosstodon  mastodon  needs credentials  5    2    1     3        30 s ago\n",
            "    to do: set FOSSTODON_TOKEN\n",
            "    dropped: empty 2, json 1\n",
            "    json: {oops\n",
            "schedule   schedule  polling",
            "    This version has only 1 of the 6 talks\n",
            "people also write #rustfest26 (12 people, 31 posts); to follow it, add it to hashtags\n",
            "often written beside yours: #ferris (1 person, 1 post); ",
        ] {
            assert!(text.contains(part), "{part}\n{text}");
        }
    }
}
