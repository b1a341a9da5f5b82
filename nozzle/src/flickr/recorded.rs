//! Recorded answers of Flickr, served over the wire as they came, gzip included, and read by the source itself. What a
//! search would not answer is served to it all the same: nothing may be lost or taken for something else silently.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chassis::Secret;
use model::Micros;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::open;
use super::rest::{Api, Info};
use crate::admit::{Arrival, admit};
use crate::source::{Backfilled, Draft, Forgetful, Outlet, Since, SourceEnd, SourceSettings, Upstream};
use crate::wire::listen::{fixture, settings};

/// One answer as it was recorded.
struct Recorded {
    /// The method that it answered, when that is known.
    method: String,
    body: Vec<u8>,
}

/// Answers every call with the same body, whatever it asks.
async fn served(body: Vec<u8>) -> SourceSettings {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let encoding = if body.starts_with(b"\x1f\x8b") { "content-encoding: gzip\r\n" } else { "" };
    let head =
        format!("HTTP/1.1 200 OK\r\n{encoding}content-length: {}\r\nconnection: close\r\n\r\n", body.len());
    let answer = Arc::new([head.as_bytes(), &body].concat());
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let answer = Arc::clone(&answer);
            tokio::spawn(async move {
                let mut head = [0; 4096];
                let _asked = socket.read(&mut head).await;
                let _gone_already = socket.write_all(&answer).await;
            });
        }
    });
    let key = Some(Secret::new("canary0123456789".to_owned()));
    SourceSettings { key, ..settings(&url, crate::source::Api::V2, None) }
}

/// What one answer led to.
#[derive(Default)]
struct Found {
    drafts: BTreeMap<String, Draft>,
    kinds: BTreeMap<String, usize>,
}

impl Found {
    fn take(&mut self, message: Upstream) {
        let kind = match message {
            Upstream::Post(draft) => {
                let uid = draft.uid.0.clone();
                let is_new = self.drafts.insert(uid, *draft).is_none();
                if is_new { "post" } else { "again" }
            }
            Upstream::Ignored { kind } => kind,
            Upstream::Malformed { reason, .. } => reason,
            Upstream::Cursor(_) => return,
            other => panic!("{other:?}"),
        };
        self.count(kind);
    }

    fn count(&mut self, kind: &str) {
        *self.kinds.entry(kind.to_owned()).or_default() += 1;
    }
}

/// The answer as one to a search, taken by a backfill.
async fn as_search(body: Vec<u8>) -> Found {
    let source = open(&served(body).await, Arc::new(Forgetful)).unwrap();
    let (out, mut messages) = Outlet::new(16);
    let since = Since { cursor: None, not_before: Micros(0) };
    let mut found = Found::default();
    let mut backfill = Box::pin(source.backfill(&since, &out));
    let done = loop {
        tokio::select! {
            done = &mut backfill => break done,
            Some(message) = messages.recv() => found.take(message),
        }
    };
    while let Ok(message) = messages.try_recv() {
        found.take(message);
    }
    match done {
        Backfilled::Complete => {}
        Backfilled::Impossible(_) => found.count("(more than was handed out)"),
        Backfilled::Broken(end) => found.count(match end {
            SourceEnd::Refused(why) if why.contains("names no photos") => "no_list",
            SourceEnd::Refused(_) => "(refused)",
            SourceEnd::Misconfigured(_) | SourceEnd::NeedsCredentials(_) => "(stat: fail)",
            other => panic!("{other:?}"),
        }),
    }
    found
}

/// The answer as one to a look at a photo.
async fn as_info(body: Vec<u8>, id: &str) -> Found {
    let api = Api::new(&served(body).await).unwrap();
    let mut found = Found::default();
    match api.info(id).await {
        Ok(Info::There(photo)) => found.take(Upstream::Post(Box::new(photo.draft))),
        Ok(Info::Gone) => found.count("gone"),
        Ok(Info::Unclear(kind)) => found.count(kind),
        Err(SourceEnd::Refused(_) | SourceEnd::NeedsCredentials(_)) => found.count("(stat: fail)"),
        Err(other) => panic!("{other:?}"),
    }
    found
}

/// A folded scalar of a YAML file, from its quote on: only what recorders of HTTP write.
fn quoted(text: &str) -> Vec<u8> {
    let mut out = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek().copied()) {
            ('"', _) => break,
            ('\\', Some('\n')) => while chars.next_if(|c| c.is_whitespace()).is_some() {},
            ('\\', Some(escaped)) => {
                chars.next();
                let mut hex = |digits: usize| {
                    let code: String = chars.by_ref().take(digits).collect();
                    char::from_u32(u32::from_str_radix(&code, 16).unwrap()).unwrap()
                };
                out.push(match escaped {
                    'n' => '\n',
                    't' => '\t',
                    'r' => '\r',
                    'x' => hex(2),
                    'u' => hex(4),
                    'U' => hex(8),
                    other => other,
                });
            }
            ('\n', _) => {
                out.truncate(out.trim_end_matches(' ').len());
                while chars.next_if(|c| c.is_whitespace()).is_some() {}
                out.push(' ');
            }
            _ => out.push(c),
        }
    }
    out.into_bytes()
}

/// The answers in a recorded exchange.
fn cassette(text: &str) -> Vec<Recorded> {
    let mut answers = Vec::new();
    let mut method = String::new();
    let mut from = 0;
    for line in text.split_inclusive('\n') {
        from += line.len();
        let said = line.trim_start();
        if let Some(uri) = said.strip_prefix("uri: ") {
            let rest = format!("{uri}{}", &text[from..text.len().min(from + 400)]);
            let after = rest.split_once("method=").map_or("", |(_, after)| after);
            method = after.split(['&', '\n', ' ']).next().unwrap_or_default().to_owned();
        }
        let Some(value) = said.strip_prefix("string: ").or_else(|| said.strip_prefix("content: ")) else {
            continue;
        };
        let start = from - value.len();
        let body = if value.starts_with("!!binary") {
            let lines = text[from..].lines().take_while(|line| line.starts_with("        "));
            STANDARD.decode(lines.map(str::trim).collect::<String>()).unwrap()
        } else {
            quoted(text[start..].strip_prefix('"').unwrap_or_default())
        };
        answers.push(Recorded { method: method.clone(), body });
    }
    answers
}

/// All answers of a file.
fn answers(path: &Path) -> Vec<Recorded> {
    let bytes = std::fs::read(path).unwrap();
    let one = |body| vec![Recorded { method: String::new(), body }];
    match path.extension().and_then(|e| e.to_str()) {
        Some("yml") => cassette(std::str::from_utf8(&bytes).unwrap()),
        Some("json") if path.components().any(|c| c.as_os_str() == "photo-fields") => {
            let photo: Value = serde_json::from_slice(&bytes).unwrap();
            one(serde_json::json!({"stat": "ok", "photos": {"total": 1, "photo": [photo]}})
                .to_string()
                .into_bytes())
        }
        Some("json" | "xml") => one(bytes),
        _ => Vec::new(),
    }
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
    found.sort();
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_recorded_goes_through_the_source() {
    let Some(folder) = fixture("flickr") else { return };
    let mut paths = Vec::new();
    files(&folder, &mut paths);
    let (mut all, mut totals) = (BTreeMap::new(), BTreeMap::new());
    let mut served = 0;
    for path in &paths {
        for recorded in answers(path) {
            served += 1;
            let id =
                String::from_utf8_lossy(&recorded.body).split_once(" id=\"").map(|(_, rest)| rest.to_owned());
            let id = id.and_then(|rest| Some(rest.split_once('"')?.0.to_owned())).unwrap_or_default();
            let found = match recorded.method.as_str() {
                "flickr.photos.getInfo" => as_info(recorded.body, &id).await,
                _ => as_search(recorded.body).await,
            };
            let name = path.strip_prefix(&folder).unwrap().display().to_string();
            println!("{:<70} {:<32} {:?}", &name[..name.len().min(70)], recorded.method, found.kinds);
            for (kind, n) in &found.kinds {
                *totals.entry(kind.clone()).or_insert(0) += n;
            }
            assert!(
                !found.kinds.is_empty() || name.contains("empty") || name.contains("panda"),
                "{name}: nothing"
            );
            all.extend(found.drafts);
        }
    }
    println!("{:<70} {:<32} {totals:?}", "all", served);
    all.values().for_each(hold);
    assert!(all.len() > 20, "{} photos, {totals:?}", all.len());
}

/// What every public photo has, once it is an item.
fn hold(draft: &Draft) {
    let arrival = Arrival {
        source: "s",
        received: crate::wire::answer::now(),
        is_late: false,
        consent: Default::default(),
    };
    let Ok(admitted) = admit(draft.clone(), arrival) else {
        assert!(draft.title.is_none() && draft.media.is_empty(), "{draft:?}");
        return;
    };
    let item = admitted.item;
    assert_eq!(item.media.len(), draft.media.len(), "{item:?}");
    assert!(
        item.media.iter().all(|m| m.url.starts_with("https://") && (item.title.is_none() || m.alt.is_some()))
    );
    assert_eq!(item.url.is_some(), !item.author.id.is_empty(), "{item:?}");
    if let Some(said) = draft.network_time {
        assert_eq!(item.when, said, "the time of its upload");
    }
}
