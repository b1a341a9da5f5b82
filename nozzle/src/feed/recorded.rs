//! Feeds as they were recorded, each served over a socket with the headers that its file asks for, read by the source.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use networks::raw::{Raw, answer};
use serde_json::Value;
use url::Url;

use super::{article, date, document, open};
use crate::source::{Api, Draft, Forgetful, Outlet, Since, SourceEnd, SourceSettings, Upstream};
use crate::wire::listen::{fixture, settings};
use expect::clauses;
use judge::{Told, Verdict};

mod expect;
mod judge;

/// No file may take longer.
const FILE_MAX: Duration = Duration::from_secs(1);
/// Files that are no feeds, or none that anybody could read; named in the test's output.
const REFUSED_MAX: usize = 4;
/// Expectations that we do not meet, each for a reason; named in the test's output.
const FAILED_MAX: usize = 20;
/// Fields in which we differ from feed-rs on purpose; named in the test's output.
const DIFFERENCES_MAX: usize = 4;
/// What feedparser's files call the place they are served from.
const BASE: &str = "http://127.0.0.1:8097/";

fn files(folder: &str) -> Vec<PathBuf> {
    let Some(root) = fixture(folder) else { return Vec::new() };
    let (mut found, mut folders) = (Vec::new(), vec![root]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.extension().and_then(|e| e.to_str()) {
                _ if path.is_dir() => folders.push(path),
                Some("xml" | "json") if !path.to_string_lossy().contains(".serde.") => found.push(path),
                _ => {}
            }
        }
    }
    found.sort();
    found
}

/// What a file of feedparser's says of itself.
struct Wanted {
    content_type: Option<String>,
    expect: String,
}

fn wanted(bytes: &[u8]) -> Wanted {
    let charset = if bytes.contains(&0) { Some("utf-16") } else { None };
    let text = super::encoding::decode(bytes, charset).0;
    let head = text.split("-->").next().unwrap_or_default();
    let line = |name: &str| {
        head.lines()
            .find_map(|line| Some(line.trim().strip_prefix(name)?.strip_prefix(':')?.trim().to_owned()))
    };
    let header = line("Header").and_then(|h| {
        let (name, value) = h.split_once(':')?;
        name.trim().eq_ignore_ascii_case("content-type").then(|| value.trim().to_owned())
    });
    let expect = head.split_once("Expect:").map_or("", |(_, rest)| rest);
    // A double hyphen cannot stand in a comment: its halves are joined.
    Wanted { content_type: header, expect: expect.replace("-' + '-", "--").trim().to_owned() }
}

/// What came of a file.
struct Heard {
    /// In the order of the document.
    drafts: Vec<Draft>,
    others: usize,
    end: Option<SourceEnd>,
    base: String,
}

/// Serves a file and listens until the source has told all of it.
async fn heard(bytes: Vec<u8>, content_type: Option<String>) -> Heard {
    let raw = Raw::serve(move |_| match &content_type {
        Some(kind) => answer(200, &[("content-type", kind)], &bytes),
        None => answer(200, &[], &bytes),
    })
    .await
    .unwrap();
    let base = format!("{}/", raw.url());
    let settings = SourceSettings { tags: Vec::new(), ..settings(&base, Api::V2, None) };
    let source = open(&settings, Arc::new(Forgetful)).unwrap();
    let (out, mut live) = Outlet::new(5000);
    let opened = async { while !matches!(live.recv().await, Some(Upstream::Opened)) {} };
    let end = tokio::select! {
        end = source.stream(&out) => Some(end),
        () = opened => None,
    };
    let mut heard = Heard { drafts: Vec::new(), others: 0, end, base };
    if heard.end.is_none() {
        let (late, mut messages) = Outlet::new(5000);
        let since = Since { cursor: None, not_before: model::Micros(i64::MIN) };
        source.backfill(&since, &late).await;
        while let Ok(message) = messages.try_recv() {
            match message {
                Upstream::Post(draft) => heard.drafts.insert(0, *draft),
                Upstream::Cursor(_) => {}
                _ => heard.others += 1,
            }
        }
    }
    heard
}

#[tokio::test(flavor = "multi_thread")]
async fn every_recorded_feed_is_read_or_refused_by_name_within_a_second() {
    let mut table: BTreeMap<String, BTreeMap<&str, usize>> = BTreeMap::new();
    let (mut refused, mut failed) = (Vec::new(), Vec::new());
    for path in files("feeds") {
        let bytes = std::fs::read(&path).unwrap();
        let Wanted { content_type, expect } = wanted(&bytes);
        let charset = content_type.as_deref().and_then(super::fetch::charset);
        let (feed, began) = (Url::parse(BASE).unwrap(), Instant::now());
        let document = document::read(&bytes, charset.as_deref(), &feed);
        let encoding = document.as_ref().map_or("", |document| document.encoding);
        let _articles = document.as_ref().map(|document| article::read(document, &feed, &feed));
        // The reading alone: what a socket takes depends on who else is at work.
        assert!(began.elapsed() < FILE_MAX, "{} took {:?}", path.display(), began.elapsed());
        let heard = heard(bytes, content_type).await;
        let name = path.to_string_lossy().rsplit("feeds/").next().unwrap().to_owned();
        let row = table.entry(name.rsplit_once('/').unwrap().0.to_owned()).or_default();
        *row.entry("files").or_default() += 1;
        *row.entry("articles").or_default() += heard.drafts.len();
        *row.entry("others").or_default() += heard.others;
        *row.entry("read").or_default() += usize::from(heard.end.is_none());
        if let Some(end) = &heard.end {
            refused.push(format!("{name}: {end}"));
        }
        if name.starts_with("feedparser") {
            let clauses = clauses(&expect);
            let (is_read, encoding) = (heard.end.is_none(), encoding.to_owned());
            let told = Told { drafts: heard.drafts, is_read, encoding, base: heard.base };
            let (verdict, word) = match told.judge(&clauses) {
                Verdict::Met => (true, "met"),
                Verdict::NotOurs => (true, "not ours"),
                Verdict::Failed => (false, "failed"),
            };
            *row.entry(word).or_default() += 1;
            if !verdict {
                let first =
                    told.drafts.first().map(|d| (&d.title, &d.words, &d.url, &d.author.name, &d.author_time));
                failed.push(format!("{name}: {clauses:?}\n      {first:?} {}", told.encoding));
            }
        }
    }
    table.iter().for_each(|(folder, row)| println!("{folder:<32} {row:?}"));
    println!("refused:\n  {}\nfailed:\n  {}", refused.join("\n  "), failed.join("\n  "));
    assert!(refused.len() <= REFUSED_MAX, "{} refused", refused.len());
    assert!(failed.len() <= FAILED_MAX, "{} failed", failed.len());
}

/// The address of an entry as feed-rs gives it: for people, if there is one.
fn link_of(entry: &Value) -> Option<&str> {
    let links = entry["links"].as_array()?;
    let is_page = |link: &&Value| matches!(link["rel"].as_str(), None | Some("alternate"));
    links.iter().find(is_page)?["href"].as_str()
}

fn differences(entry: &Value, draft: &Draft, base: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut hold = |what: &str, ours: Option<String>, theirs: Option<String>| {
        let squeeze = |t: String| t.split_whitespace().collect::<Vec<_>>().join(" ");
        let (ours, theirs) = (ours.map(squeeze), theirs.map(squeeze));
        if theirs.is_some() && ours != theirs {
            found.push(format!("{what}: {ours:?}, not {theirs:?}"));
        }
    };
    let title = entry["title"]["content"].as_str().filter(|title| !title.trim().is_empty());
    hold("title", draft.title.clone(), title.map(|title| model::html::to_body(title).text()));
    let link = link_of(entry).and_then(|link| Some(Url::parse(base).ok()?.join(link).ok()?.to_string()));
    hold("link", draft.url.clone(), link);
    let time = |name: &str| entry[name].as_str().and_then(date::moment);
    let at = |time: Option<model::Micros>| time.map(|at| at.timestamp().to_string());
    hold("time", at(draft.author_time), at(time("published").or_else(|| time("updated"))));
    let author = entry["authors"][0]["name"].as_str().map(str::to_owned);
    hold("author", draft.author.name.split(", ").next().map(str::to_owned), author);
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn what_feed_rs_reads_we_read_alike() {
    let (mut entries, mut differ, mut files_read) = (0, Vec::new(), 0);
    for path in files("feeds/feed-rs") {
        let Ok(serde) = std::fs::read(path.with_extension("serde.json")) else { continue };
        let theirs: Value = serde_json::from_slice(&serde).unwrap();
        let heard = heard(std::fs::read(&path).unwrap(), None).await;
        let wanted = theirs["entries"].as_array().unwrap();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        files_read += 1;
        entries += wanted.len();
        if wanted.len() != heard.drafts.len() {
            differ.push(format!("{name}: {} entries, not {}", heard.drafts.len(), wanted.len()));
            continue;
        }
        for (entry, draft) in wanted.iter().zip(&heard.drafts) {
            differ.extend(differences(entry, draft, &heard.base).into_iter().map(|d| format!("{name}: {d}")));
        }
    }
    println!(
        "{files_read} files, {entries} entries, {} differences:\n  {}",
        differ.len(),
        differ.join("\n  ")
    );
    assert!(differ.len() <= DIFFERENCES_MAX, "{} differences", differ.len());
}
