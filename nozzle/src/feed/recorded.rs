//! Feeds as they were recorded, each served over a socket with the headers that its file asks for, read by the source.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use model::html;
use networks::raw::{Raw, answer};
use serde_json::Value;
use url::Url;

use super::document::{self, Document, NotFeed};
use super::{article, open};
use crate::source::{Draft, Forgetful, Outlet, Since, SourceEnd, SourceSettings, Upstream, Words};
use crate::wire::listen::{Heard, fixture, settings};

/// No file may take longer.
const FILE_MAX: Duration = Duration::from_secs(1);
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

/// Serves a file and listens until the source has told all of it.
async fn heard(bytes: Vec<u8>, content_type: Option<String>) -> (Heard, Option<SourceEnd>) {
    let raw = Raw::serve(move |_| match &content_type {
        Some(kind) => answer(200, &[("content-type", kind)], &bytes),
        None => answer(200, &[], &bytes),
    })
    .await
    .unwrap();
    let settings = SourceSettings { tags: Vec::new(), ..settings(&raw.url(), Default::default(), None) };
    let source = open(&settings, Arc::new(Forgetful)).unwrap();
    let (out, mut live) = Outlet::new(5000);
    let mut heard = Heard::default();
    let end = tokio::select! {
        end = source.stream(&out) => Some(end),
        () = async {
            while !matches!(live.recv().await, Some(Upstream::Opened)) {}
        } => None,
    };
    if end.is_none() {
        let (late, mut messages) = Outlet::new(5000);
        let done = source.backfill(&Since { cursor: None, not_before: model::Micros(i64::MIN) }, &late).await;
        heard.backfills.push(done);
        while let Ok(message) = messages.try_recv() {
            heard.take(message);
        }
    }
    (heard, end)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_recorded_feed_is_read_or_refused_by_name_within_a_second() {
    let mut table: BTreeMap<String, BTreeMap<&str, usize>> = BTreeMap::new();
    let mut refused = Vec::new();
    for path in files("feeds") {
        let bytes = std::fs::read(&path).unwrap();
        let kind = wanted(&bytes).content_type;
        let began = Instant::now();
        let (heard, end) = heard(bytes, kind).await;
        assert!(began.elapsed() < FILE_MAX, "{} took {:?}", path.display(), began.elapsed());
        let folder = path.parent().unwrap().to_string_lossy();
        let folder = folder.rsplit("feeds/").next().unwrap().to_owned();
        let row = table.entry(folder).or_default();
        *row.entry("files").or_default() += 1;
        *row.entry("articles").or_default() += heard.posts.len();
        *row.entry("ignored").or_default() += heard.ignored;
        if let Some(end) = end {
            *row.entry("refused").or_default() += 1;
            refused.push(format!("{}: {end}", path.file_name().unwrap().to_string_lossy()));
        }
    }
    for (folder, row) in &table {
        println!("{folder:<32} {row:?}");
    }
    println!("refused:\n  {}", refused.join("\n  "));
    assert!(table.is_empty() || refused.len() <= 12, "{} refused", refused.len());
}
