//! Everything that was recorded of Mastodon and its relatives, served over the wire to the source itself: streams byte for
//! byte, statuses as timelines. What must arrive is read out of the recording by other means than the source's own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use model::{Body, Micros, Run, html};
use networks::raw::{Asked, Raw, Step, endless, json};
use serde_json::Value;

use super::open;
use crate::source::{Api, Draft, Forgetful, Since, Words};
use crate::wire::listen::{Heard, fixture, listen, settings};

const FROM_START: Since = Since { cursor: None, not_before: Micros(0) };

/// What one file was found to hold, by kind.
type Row = BTreeMap<String, usize>;

async fn heard(
    answers: impl Fn(&Asked) -> Vec<Step> + Send + Sync + 'static,
    token: Option<&str>,
    enough: usize,
) -> Heard {
    let raw = Raw::serve(answers).await.unwrap();
    let source = open(&settings(&raw.url(), Api::V2, token), Arc::new(Forgetful)).unwrap();
    listen(source.as_ref(), &FROM_START, |h| !h.backfills.is_empty() && h.alive >= enough).await
}

/// Serves one document as the only status of a timeline.
async fn as_timeline(document: String) -> Heard {
    let answers = move |asked: &Asked| match asked.path.as_str() {
        "/api/v1/timelines/tag/rustfest" if asked.query("max_id").is_none() => {
            json(200, format!("[{document}]"))
        }
        _ => json(200, "[]"),
    };
    heard(answers, None, 0).await
}

/// Serves bytes as a stream, then a heartbeat, which says that all has been read.
async fn as_stream(bytes: Vec<u8>) -> Heard {
    // Ours before and behind, and those of the recording.
    let comments = 2 + bytes.split(|b| *b == b'\n').filter(|line| line.starts_with(b":")).count();
    let answers = move |asked: &Asked| match asked.path.as_str() {
        "/api/v1/streaming/hashtag" => {
            let end = Step::Say(b"\n\n:thump\n".to_vec());
            vec![
                endless("text/event-stream"),
                Step::Say(b":)\n".to_vec()),
                Step::Say(bytes.clone()),
                end,
                Step::Silence,
            ]
        }
        "/api/v1/timelines/tag/rustfest" => json(200, "[]"),
        path if path.starts_with("/api/v1/statuses/") => json(401, "{}"),
        _ => json(404, r#"{"error":"Record not found"}"#),
    };
    heard(answers, Some("secret"), comments).await
}

fn is_status(value: &Value) -> bool {
    value.get("content").is_some() && value.get("account").is_some()
}

/// Every status in a document, boosts with what they boost.
fn statuses<'a>(value: &'a Value, found: &mut Vec<&'a Value>) {
    match value {
        _ if is_status(value) => found.push(value),
        Value::Object(map) => map.values().for_each(|v| statuses(v, found)),
        Value::Array(list) => list.iter().for_each(|v| statuses(v, found)),
        _ => {}
    }
}

fn innermost(status: &Value) -> &Value {
    match &status["reblog"] {
        inner @ Value::Object(_) => innermost(inner),
        _ => status,
    }
}

fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value[key].as_str().filter(|t| !t.is_empty())
}

/// The words of HTML by the plainest reading: no tags, no hidden parts, five entities; letters and digits only.
fn letters(content: &str) -> String {
    let mut out = String::new();
    let mut rest = content;
    while let Some(at) = rest.find('<') {
        out.push_str(&rest[..at]);
        let tag = &rest[at..rest[at..].find('>').map_or(rest.len(), |end| at + end + 1)];
        rest = &rest[at + tag.len()..];
        if tag.contains("\"invisible\"") {
            rest = rest.find("</span>").map_or("", |end| &rest[end..]);
        }
    }
    out.push_str(rest);
    for (entity, sign) in
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&nbsp;", " "), ("&amp;", "&")]
    {
        out = out.replace(entity, sign);
    }
    out.retain(char::is_alphanumeric);
    out
}

/// Addresses of the content's links that are neither mentions nor hashtags.
fn hrefs(content: &str) -> Vec<String> {
    let anchors = content.split("<a ").skip(1).map(|rest| &rest[..rest.find('>').unwrap_or(rest.len())]);
    let plain = anchors
        .filter(|tag| !tag.contains("mention") && !tag.contains("hashtag") && !tag.contains("rel=\"tag\""));
    plain
        .filter_map(|tag| Some(tag.split_once("href=\"")?.1.split_once('"')?.0.replace("&amp;", "&")))
        .collect()
}

fn body(draft: &Draft) -> Body {
    match &draft.words {
        Words::Html(words) => html::to_body(words),
        other => panic!("{other:?}"),
    }
}

/// Holds a draft against the document that it was made of.
fn hold(draft: &Draft, status: &Value) {
    let name = text(status, "uri").or(text(status, "url")).unwrap();
    assert_eq!(draft.uid.0, format!("mastodon:{name}"));
    let account = &status["account"];
    let shown = text(account, "display_name").filter(|n| !n.trim().is_empty()).or(text(account, "acct"));
    assert_eq!(Some(draft.author.name.as_str()), shown, "{name}");
    assert!(draft.author.handle.starts_with(&format!("@{}", account["acct"].as_str().unwrap())), "{name}");
    assert_eq!(draft.author.url.as_deref(), text(account, "url"), "{name}");
    let time = text(status, "created_at").and_then(|t| t.parse::<jiff::Timestamp>().ok());
    assert_eq!(draft.author_time.map(|t| t.0), time.map(|t| t.as_microsecond()), "{name}");
    let content = status["content"].as_str().unwrap_or_default();
    let words: String = body(draft).text().chars().filter(|c| c.is_alphanumeric()).collect();
    assert!(words.starts_with(&letters(content)), "{name}: {words:?} is not {content:?}");
    for href in hrefs(content) {
        let is_there = body(draft).0.iter().any(|run| matches!(run, Run::Link { link, .. } if *link == href));
        assert!(is_there, "{name}: {href} is missing");
    }
    let attachments = status["media_attachments"].as_array().map_or(&[][..], Vec::as_slice);
    assert!(draft.media.len() <= attachments.len());
    for image in attachments.iter().filter(|a| a["type"] == "image" && text(a, "url").is_some()) {
        let media = draft.media.iter().find(|m| Some(m.url.as_str()) == text(image, "url"));
        let media = media.unwrap_or_else(|| panic!("{name}: {image} is missing"));
        assert_eq!(media.alt.as_deref(), image["description"].as_str(), "{name}");
    }
    if let Some(warning) = text(status, "spoiler_text") {
        assert_eq!(draft.cover.as_deref().map(letters), Some(letters(warning)), "{name}");
    }
    assert_eq!(draft.counts.boosts, status["reblogs_count"].as_i64(), "{name}");
    for choice in status["poll"]["options"].as_array().into_iter().flatten() {
        assert!(body(draft).text().contains(choice["title"].as_str().unwrap()), "{name}: {choice}");
    }
}

/// Counts one status by what became of it, and holds it to that.
async fn one(status: &Value, row: &mut Row) {
    let heard = as_timeline(status.to_string()).await;
    let original = innermost(status);
    let visibility = text(original, "visibility").unwrap_or("public");
    let kind = if text(original, "uri").or(text(original, "url")).is_none() {
        // An entry of an edit history: words without a name of their own.
        assert_eq!(heard.malformed.get("no_id"), Some(&1), "{status}");
        "version without an id".to_owned()
    } else if visibility == "public" {
        let draft = heard.posts.values().next();
        hold(draft.unwrap_or_else(|| panic!("{status} is missing: {:?}", heard.malformed)), original);
        assert_eq!(heard.boosts.len(), usize::from(!status["reblog"].is_null()));
        if heard.boosts.is_empty() { "post".to_owned() } else { "boost".to_owned() }
    } else {
        assert!(heard.posts.is_empty(), "{visibility}");
        (*heard.kinds.keys().next().unwrap()).to_owned()
    };
    *row.entry(kind).or_default() += 1;
}

async fn document(value: &Value, row: &mut Row) {
    let mut found = Vec::new();
    statuses(value, &mut found);
    for status in &found {
        one(status, row).await;
    }
    if found.is_empty() {
        let heard = as_timeline(value.to_string()).await;
        // The answer to a deletion is a status without its words; whatever else it is, it is refused in one word.
        let is_bare = value.get("account").is_some() && value.get("visibility").is_some();
        let (refused, kept) =
            (heard.malformed.values().sum::<usize>() == 1, heard.posts.len() + heard.ignored == 1);
        assert!(if is_bare { kept } else { refused }, "{value}");
        *row.entry(if is_bare { "status without words" } else { "no status" }.into()).or_default() += 1;
    }
}

/// Events of a stream, read by another way than the source's.
fn events(stream: &str) -> Vec<(String, String)> {
    let blocks = stream.replace("\r\n", "\n");
    let field = |block: &str, name: &str| {
        let lines = block.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        lines.map(|value| value.strip_prefix(' ').unwrap_or(value)).collect::<Vec<_>>().join("\n")
    };
    let events = blocks.split("\n\n").map(|block| (field(block, "event"), field(block, "data")));
    events.filter(|(name, _)| !name.is_empty()).collect()
}

async fn stream(text: &str, row: &mut Row) {
    let heard = as_stream(text.as_bytes().to_vec()).await;
    let mut public = BTreeMap::new();
    for (name, data) in events(text) {
        let status = serde_json::from_str::<Value>(&data).unwrap_or_default();
        let kind = match name.as_str() {
            "update" | "status.update" if is_status(&status) => {
                match text_of(innermost(&status), "visibility") {
                    "public" | "" => {
                        let original = innermost(&status).clone();
                        public.insert(text_of(&original, "uri").to_owned(), original);
                        "post"
                    }
                    hidden => {
                        if hidden == "private" {
                            "followers_only"
                        } else {
                            hidden
                        }
                    }
                }
                .to_owned()
            }
            other => format!("event {other}"),
        };
        *row.entry(kind).or_default() += 1;
    }
    assert_eq!(heard.posts.len(), public.len());
    for draft in heard.posts.values() {
        hold(draft, &public[draft.uid.0.strip_prefix("mastodon:").unwrap()]);
    }
    let all: usize = events(text).len();
    let deletes = heard.deleted.len();
    let told = heard.deliveries + heard.ignored + deletes + heard.malformed.values().sum::<usize>();
    assert_eq!(told, all, "{row:?} {:?} {:?} {text}", heard.kinds, heard.malformed);
}

fn text_of<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

/// Address and body of each answer in a recording of Mastodon.py: YAML of one well-known form.
fn answers(cassette: &str) -> Vec<(String, String)> {
    let mut out = Vec::new();
    for part in cassette.split("\n- request:").skip(usize::from(!cassette.starts_with("- request:"))) {
        let uri =
            part.split_once("\n    uri: ").map_or("", |(_, rest)| rest.lines().next().unwrap_or_default());
        let Some((_, scalar)) = part.split_once("\n      string: ") else { continue };
        out.push((uri.to_owned(), scalar_of(scalar)));
    }
    out
}

/// A quoted YAML scalar, its lines folded.
fn scalar_of(text: &str) -> String {
    let quote = text.chars().next().unwrap_or(' ');
    let mut out = String::new();
    let mut rest = text[1..].chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\'' if quote == '\'' && rest.peek() == Some(&'\'') => out.extend(rest.next()),
            _ if c == quote => break,
            '\\' if quote == '"' => match rest.next() {
                Some('\n') => while rest.next_if(|c| *c == ' ').is_some() {},
                Some('n') => out.push('\n'),
                Some('t') => out.push('\t'),
                Some('u') => {
                    let digits: String = rest.by_ref().take(4).collect();
                    out.extend(u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32));
                }
                Some('U') => {
                    let digits: String = rest.by_ref().take(8).collect();
                    out.extend(u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32));
                }
                Some('x') => {
                    let digits: String = rest.by_ref().take(2).collect();
                    out.extend(u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32));
                }
                Some(other) => out.push(other),
                None => break,
            },
            '\n' => {
                let mut breaks = 0;
                while let Some(space) = rest.next_if(|c| c.is_ascii_whitespace()) {
                    breaks += usize::from(space == '\n');
                }
                if breaks == 0 { out.push(' ') } else { out.push_str(&"\n".repeat(breaks)) }
            }
            c => out.push(c),
        }
    }
    out
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().path()).collect();
    files.sort();
    files
}

async fn file(path: &Path) -> Row {
    let (text, mut row) = (std::fs::read_to_string(path).unwrap(), Row::new());
    match path.extension().and_then(|e| e.to_str()) {
        Some("sse") => stream(&text, &mut row).await,
        Some("yaml") => {
            for (uri, body) in answers(&text) {
                if uri.contains("/streaming/") {
                    stream(&body, &mut row).await;
                } else if let Ok(value) = serde_json::from_str(&body) {
                    document(&value, &mut row).await;
                }
            }
        }
        _ if path.ends_with("ws-messages.jsonl") => {
            // The same events in the other of Mastodon's two carriers; the words are untouched.
            let frames = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
            let (events, others): (Vec<_>, Vec<_>) = frames.partition(|frame| frame["event"].is_string());
            row.insert("frame of another kind".into(), others.len());
            let sse = events
                .iter()
                .map(|f| format!("event: {}\ndata: {}\n\n", text_of(f, "event"), text_of(f, "payload")));
            stream(&sse.collect::<String>(), &mut row).await;
        }
        _ => {
            for value in serde_json::Deserializer::from_str(&text).into_iter::<Value>().map_while(Result::ok)
            {
                document(&value, &mut row).await;
            }
        }
    }
    row
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_was_recorded_arrives_over_the_wire() {
    let (mut all, mut table) = (Row::new(), String::new());
    for folder in ["streaming", "entities", "cassettes"] {
        let Some(folder) = fixture(&format!("mastodon/{folder}")) else { return };
        for path in files(&folder) {
            let row = file(&path).await;
            let kinds: Vec<String> = row.iter().map(|(kind, n)| format!("{kind} {n}")).collect();
            table += &format!("{:<60} {}\n", path.file_name().unwrap().to_string_lossy(), kinds.join(", "));
            row.into_iter().for_each(|(kind, n)| *all.entry(kind).or_default() += n);
        }
    }
    println!("{table}{:<60} {all:?}", "all");
    let hidden: usize = ["unlisted", "direct", "followers_only"].iter().map(|kind| all[*kind]).sum();
    assert!(all["post"] > 60 && hidden > 15, "{all:?}");
}
