//! Everything that was recorded of X, served over the wire to the source itself: streams line by line, answers as pages of a
//! search. What must arrive is read out of the recording by other means than the source's own.

mod one;
mod two;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use model::{MediaKind, Micros, Run};
use networks::raw::{Asked, Raw, Step, endless, json};
use serde_json::Value;

use super::open;
use crate::source::{
    Api, Backfilled, BoostOf, Draft, Forgetful, Outlet, Since, Source, SourceEnd, Upstream, Words,
};
use crate::wire::listen::{fixture, settings};

const FROM_START: Since = Since { cursor: None, not_before: Micros(0) };
/// Connections that one recording may take.
const CONNECTIONS_MAX: usize = 50;

/// What one file was found to hold, by kind.
type Row = BTreeMap<String, usize>;

/// What a post must arrive as, read out of its JSON.
struct Want {
    id: String,
    author_id: String,
    handle: Option<String>,
    name: Option<String>,
    at: Option<jiff::Timestamp>,
    /// Letters and digits of the words, links aside.
    letters: String,
    links: Vec<String>,
    media: Vec<(MediaKind, String, Option<String>)>,
    is_covered: bool,
    reply_to: Option<String>,
    quotes: Option<String>,
}

/// What a line or element of a recording is.
enum Element {
    Post(Box<Want>),
    /// With its own id; the original's words are the post's.
    Retweet(String, Option<Box<Want>>),
    /// Of no public account, or taken away by law.
    NotPublic(&'static str),
    /// No post at all.
    Other,
}

fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value[key].as_str().filter(|t| !t.is_empty())
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

/// An id, whichever type it has.
fn id(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned).or_else(|| value.as_u64().map(|n| n.to_string()))
}

/// The letters and digits of escaped words in which these addresses stand.
fn letters(words: &str, addresses: &[&str]) -> String {
    let mut words = words.to_owned();
    let mut longest_first = addresses.to_vec();
    longest_first.sort_by_key(|address| std::cmp::Reverse(address.len()));
    for address in longest_first.into_iter().filter(|address| !address.is_empty()) {
        words = words.replace(address, " ");
    }
    let words = words.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    words.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// Holds a draft against what it must be.
fn hold(draft: &Draft, want: &Want) {
    let of = &want.id;
    assert_eq!(draft.uid.0, format!("x:{of}"));
    assert_eq!(draft.author.id, want.author_id, "{of}");
    if let Some(handle) = &want.handle {
        assert_eq!(draft.author.handle, format!("@{handle}"), "{of}");
        assert_eq!(
            draft.url.as_deref().map(|u| u.starts_with(&format!("https://x.com/{handle}/status/"))),
            Some(true)
        );
    }
    if let Some(name) = &want.name {
        assert_eq!(&draft.author.name, name, "{of}");
    }
    if let Some(at) = want.at {
        let told = draft.network_time.expect("a time").0;
        // A snowflake is as exact as a millisecond, what the network says only as a second.
        assert!((told - at.as_microsecond()).abs() < Micros::SECOND, "{of}: {told} is not {at}");
    }
    let runs = match &draft.words {
        Words::Runs(runs) => runs,
        // Older than entities: a link is found in the words later.
        Words::Text(words) => &vec![Run::text(words.as_str())],
        Words::Html(_) => panic!("{of}: {:?}", draft.words),
    };
    let plain =
        runs.iter().filter(|run| !matches!(run, Run::Link { .. })).map(Run::shown).collect::<String>();
    let plain: String = plain.chars().filter(|c| c.is_alphanumeric()).collect();
    assert_eq!(plain, want.letters, "{of}");
    for link in &want.links {
        let is_there = runs.iter().any(|run| matches!(run, Run::Link { link: to, .. } if to == link));
        assert!(is_there, "{of}: {link} is missing from {runs:?}");
    }
    let media: Vec<_> = draft.media.iter().map(|m| (m.kind, m.url.clone(), m.alt.clone())).collect();
    assert_eq!(media, want.media, "{of}");
    assert_eq!(draft.cover.as_deref(), want.is_covered.then_some(""), "{of}");
    let named = |id: &Option<String>| id.as_ref().map(|id| format!("x:{id}"));
    assert_eq!((&draft.reply_to, &draft.quotes), (&named(&want.reply_to), &named(&want.quotes)), "{of}");
}

/// Holds a message against the element that it was made of; tells its kind.
fn hold_message(message: &Upstream, element: &Element, raw: &str) -> String {
    match (message, element) {
        (Upstream::Post(draft), Element::Post(want)) => {
            hold(draft, want);
            "post".into()
        }
        (Upstream::Boost { uid, of }, Element::Retweet(id, want)) => {
            assert_eq!(*uid, format!("x:{id}"));
            match (of, want) {
                (BoostOf::Post(draft), Some(want)) => hold(draft, want),
                (BoostOf::Name(_), None) => return "retweet without its original".into(),
                _ => panic!("a retweet lost its original: {raw}"),
            }
            "retweet".into()
        }
        (Upstream::Ignored { kind: "protected" } | Upstream::Delete { .. }, Element::NotPublic(kind)) => {
            (*kind).to_owned()
        }
        (Upstream::Post(_) | Upstream::Boost { .. }, _) => panic!("this is no public post: {raw}"),
        (other, Element::Other) => kind(other),
        (other, _) => panic!("{other:?} for a public post: {raw}"),
    }
}

fn kind(message: &Upstream) -> String {
    match message {
        Upstream::Delete { .. } => "delete".into(),
        Upstream::Limit { .. } => "limit".into(),
        Upstream::Account { .. } => "account".into(),
        Upstream::Ignored { kind } => format!("ignored: {kind}"),
        Upstream::Malformed { reason, .. } => format!("malformed: {reason}"),
        other => format!("{other:?}"),
    }
}

fn source(raw: &Raw, api: Api) -> Box<dyn Source> {
    open(&settings(&raw.url(), api, Some("secret")), Arc::new(Forgetful)).unwrap()
}

/// What tells nothing about a line.
fn is_aside(message: &Upstream) -> bool {
    matches!(message, Upstream::Opened | Upstream::Cursor(_) | Upstream::Warning { .. })
}

/// What the stream tells, connection after connection, until its last keep-alive.
async fn streamed(source: &dyn Source) -> (Vec<Upstream>, Vec<SourceEnd>) {
    let (mut told, mut ends) = (Vec::new(), Vec::new());
    for _ in 0..CONNECTIONS_MAX {
        let (out, mut live) = Outlet::new(16);
        let mut stream = source.stream(&out);
        let end = loop {
            tokio::select! {
                biased;
                Some(message) = live.recv() => match message {
                    Upstream::Alive => return (told, ends),
                    message if is_aside(&message) => {}
                    message => told.push(message),
                },
                end = &mut stream => break end,
            }
        };
        while let Ok(message) = live.try_recv() {
            told.extend(Some(message).filter(|message| !is_aside(message)));
        }
        ends.push(end);
    }
    panic!("the stream did not come to its end: {ends:?}");
}

/// What a search tells, newest first, as its page had it.
async fn searched(source: &dyn Source) -> (Vec<Upstream>, Backfilled) {
    let (out, mut late) = Outlet::new(4096);
    let done = source.backfill(&FROM_START, &out).await;
    let mut told = Vec::new();
    while let Ok(message) = late.try_recv() {
        told.extend(Some(message).filter(|message| !is_aside(message)));
    }
    told.reverse();
    (told, done)
}

/// A recorded stream: every connection gets the lines after those that ended the one before.
async fn as_stream(
    lines: Vec<String>,
    ends: fn(&str) -> bool,
    api: Api,
    rules: String,
) -> (Vec<Upstream>, Vec<SourceEnd>) {
    let mut parts: Vec<Vec<u8>> = vec![Vec::new()];
    for line in &lines {
        let part = parts.last_mut().expect("at least one");
        part.extend_from_slice(format!("{line}\r\n").as_bytes());
        if ends(line) {
            parts.push(Vec::new());
        }
    }
    let answers = move |asked: &Asked| match asked.path.as_str() {
        "/1.1/statuses/filter.json" | "/2/tweets/search/stream" => {
            let part = parts.get(asked.before).cloned().unwrap_or_default();
            let is_last = asked.before + 1 >= parts.len();
            let end =
                if is_last { Step::Say(b"\r\n".to_vec()) } else { Step::Wait(std::time::Duration::ZERO) };
            vec![endless("application/json"), Step::Say(part), end, Step::Silence]
        }
        "/2/tweets/search/stream/rules" => json(200, &rules),
        _ => json(404, "{}"),
    };
    let raw = Raw::serve(answers).await.unwrap();
    streamed(source(&raw, api).as_ref()).await
}

fn add(row: &mut Row, kind: impl Into<String>) {
    *row.entry(kind.into()).or_default() += 1;
}

/// Zips what was told with what was recorded, one to one.
fn count(told: &[Upstream], elements: &[(Element, String)], row: &mut Row) {
    assert_eq!(told.len(), elements.len(), "something was lost or made up: {told:?}");
    for (message, (element, raw)) in told.iter().zip(elements) {
        add(row, hold_message(message, element, raw));
    }
}

fn files(folder: &str) -> Vec<PathBuf> {
    let Some(folder) = fixture(folder) else { return Vec::new() };
    if folder.is_file() {
        return vec![folder];
    }
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().path()).collect();
    files.sort();
    files
}

fn print(table: &[(PathBuf, Row)]) -> Row {
    let mut all = Row::new();
    for (path, row) in table {
        let kinds: Vec<String> = row.iter().map(|(kind, n)| format!("{kind} {n}")).collect();
        println!("{:<48} {}", name(path), kinds.join(", "));
        row.iter().for_each(|(kind, n)| *all.entry(kind.clone()).or_default() += n);
    }
    println!("{:<48} {all:?}", "all");
    all
}

fn name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
