//! What was recorded of the network, said again over the wire by a host, and read by the real source.

use std::collections::BTreeMap;
use std::path::Path;

use model::{MediaKind, Run};
use networks::{Author, Faults, Happening};
use serde_json::{Value, json};

use super::{FROM_START, network, quick, source_with};
use crate::bluesky::Tags;
use crate::source::{Draft, Wish, Words};
use crate::wire::listen::{Heard, fixture, listen};

/// One recorded file: its event lines, and who is behind the accounts where it tells.
struct Recording {
    lines: Vec<String>,
    authors: BTreeMap<String, Author>,
}

/// A post's record as the event that brought it.
fn event(n: usize, uri: &str, record: &Value) -> Option<String> {
    let mut parts = uri.strip_prefix("at://")?.split('/');
    let (did, collection, rkey) = (parts.next()?, parts.next()?, parts.next()?);
    let commit = json!({"rev": "3l", "operation": "create", "collection": collection, "rkey": rkey, "record": record, "cid": "bafy"});
    let time = super::START + n as i64 * 1000;
    Some(format!("{{\"did\":\"{did}\",\"time_us\":{time},\"kind\":\"commit\",\"commit\":{commit}}}"))
}

fn author(view: &Value) -> Option<Author> {
    let text = |key: &str| view[key].as_str().map(str::to_owned);
    let labels = view["labels"].as_array().into_iter().flatten();
    Some(Author {
        id: text("did")?,
        handle: text("handle")?,
        name: text("displayName").unwrap_or_default(),
        avatar: text("avatar"),
        no_unauthenticated: labels.into_iter().any(|label| label["val"] == "!no-unauthenticated"),
        ..Author::default()
    })
}

/// Every post in a document, wherever it lies and in whichever of the network's shapes.
fn posts(value: &Value, found: &mut Recording) {
    if let Value::Array(list) = value {
        list.iter().for_each(|inner| posts(inner, found));
    }
    let Value::Object(map) = value else { return };
    let record = ["record", "value", "PostRecord"].iter().find_map(|key| map.get(*key));
    let is_post = |record: &&Value| record["$type"] == "app.bsky.feed.post";
    let uri = map.get("uri").and_then(Value::as_str).map(str::to_owned).or_else(|| {
        let (did, rkey) = (map.get("did")?.as_str()?, map.get("rkey")?.as_str()?);
        Some(format!("at://{did}/app.bsky.feed.post/{rkey}"))
    });
    if let (Some(record), Some(uri)) = (record.filter(is_post), uri)
        && let Some(line) = event(found.lines.len(), &uri, record)
    {
        found.lines.push(line);
    }
    if let Some(author) = map.get("author").and_then(author) {
        found.authors.insert(author.id.clone(), author);
    }
    map.values().for_each(|inner| posts(inner, found));
}

fn read(path: &Path) -> Recording {
    let text = std::fs::read_to_string(path).unwrap();
    let mut found = Recording { lines: Vec::new(), authors: BTreeMap::new() };
    if text.lines().next().is_some_and(|line| line.contains("\"time_us\"")) {
        found.lines = text.lines().map(str::to_owned).collect();
        return found;
    }
    for document in serde_json::Deserializer::from_str(&text).into_iter::<Value>() {
        posts(&document.unwrap(), &mut found);
    }
    found
}

async fn spoken(recording: &Recording) -> Heard {
    let author = |did: &str| recording.authors.get(did).cloned();
    let happenings: Vec<Happening> = networks::bluesky::recorded(&recording.lines.join("\n"), author);
    let server = network(happenings, Faults::default()).await;
    let uids: usize = records(recording).len();
    let source = source_with(&server, Tags::everything(), quick());
    let is_over = |heard: &Heard| {
        heard.posts.len() == uids && heard.cursor.is_some() && server.progress().0 == server.progress().1
    };
    listen(&source, &FROM_START, is_over).await
}

/// Records of new posts by uid.
fn records(recording: &Recording) -> BTreeMap<String, Value> {
    let events = recording.lines.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let post = |mut event: Value| {
        let commit = &event["commit"];
        let is_post = commit["collection"] == "app.bsky.feed.post" && commit["operation"] == "create";
        let name = format!("{}/app.bsky.feed.post/{}", event["did"].as_str()?, commit["rkey"].as_str()?);
        is_post.then(|| (format!("bluesky:at://{name}"), event["commit"]["record"].take()))
    };
    events.filter_map(post).collect()
}

fn shown(words: &Words) -> String {
    match words {
        Words::Text(text) => text.clone(),
        Words::Runs(runs) => runs.iter().map(Run::shown).collect(),
        Words::Html(_) => panic!("Bluesky has no HTML"),
    }
}

/// A draft says what its record says.
fn hold(draft: &Draft, record: &Value, authors: &BTreeMap<String, Author>) {
    let uid = &draft.uid.0;
    assert_eq!(shown(&draft.words), record["text"].as_str().unwrap(), "{uid}");
    assert_eq!(draft.lang.as_deref(), record["langs"][0].as_str(), "{uid}");
    let created = model::Micros::parse_rfc3339(record["createdAt"].as_str().unwrap()).unwrap();
    assert_eq!(draft.author_time, Some(created), "{uid}");
    assert!(draft.network_time.is_some(), "{uid}");
    let reply = record["reply"]["parent"]["uri"].as_str().map(|uri| format!("bluesky:{uri}"));
    assert_eq!(draft.reply_to, reply, "{uid}");
    assert_eq!(draft.cover.is_some(), record["labels"]["values"].is_array(), "{uid}");
    let embed = &record["embed"];
    let media = if embed["media"].is_object() { &embed["media"] } else { embed };
    let images = media["images"].as_array().map_or(0, Vec::len) + usize::from(media["video"].is_object());
    assert_eq!(draft.media.len(), images, "{uid}");
    for (picture, image) in draft.media.iter().zip(media["images"].as_array().into_iter().flatten()) {
        let cid = image["image"]["ref"]["$link"].as_str().unwrap();
        assert!(picture.url.ends_with(&format!("/{}/{cid}@jpeg", draft.author.id)), "{}", picture.url);
        assert_eq!(picture.alt.as_deref().unwrap_or_default(), image["alt"].as_str().unwrap(), "{uid}");
        assert_eq!(picture.width.map(u64::from), image["aspectRatio"]["width"].as_u64(), "{uid}");
        assert_eq!(picture.kind, MediaKind::Photo);
    }
    assert_eq!(draft.card.as_ref().map(|card| card.url.as_str()), media["external"]["uri"].as_str(), "{uid}");
    let quoted = embed["record"]["record"]["uri"].as_str().or(embed["record"]["uri"].as_str());
    assert_eq!(draft.quotes, quoted.map(|uri| format!("bluesky:{uri}")), "{uid}");
    match authors.get(&draft.author.id) {
        Some(author) => {
            assert_eq!(
                (&draft.author.name, &draft.author.handle),
                (&author.name, &format!("@{}", author.handle))
            );
            assert_eq!(draft.author.avatar, author.avatar);
            assert_eq!(draft.wish == Wish::NotShown, author.no_unauthenticated, "{uid}");
        }
        None => assert_eq!(draft.author.handle, draft.author.id),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_recorded_post_arrives_as_it_was_written() {
    let mut table = String::from("file                                kind                  how many\n");
    for file in
        ["jetstream-v1.jsonl", "post-views.jsonl", "post-records.jsonl", "captures/capture_atprotocom.json"]
    {
        let Some(path) = fixture(&format!("bluesky/{file}")) else { return };
        let recording = read(&path);
        let wanted = records(&recording);
        assert!(!wanted.is_empty(), "{file}");
        let heard = spoken(&recording).await;
        for (uid, record) in &wanted {
            let draft = heard.posts.get(uid).unwrap_or_else(|| panic!("{file}: {uid} did not arrive"));
            hold(draft, record, &recording.authors);
        }
        assert_eq!(heard.posts.len(), wanted.len(), "{file}: nothing else arrives");
        assert!(heard.malformed.is_empty(), "{file}: {:?}", heard.malformed);
        for (kind, count) in kinds(&recording) {
            table.push_str(&format!("{file:<35} {kind:<21} {count}\n"));
        }
    }
    println!("{table}");
}

/// How the lines of a recording are counted.
fn kinds(recording: &Recording) -> BTreeMap<String, usize> {
    let mut kinds = BTreeMap::new();
    for line in &recording.lines {
        let (_, told) = crate::bluesky::event::read(line, &Tags::everything());
        let debug = format!("{told:?}");
        let kind = match told {
            crate::bluesky::event::Told::Other(kind) => kind.to_owned(),
            _ => debug.split([' ', '(', '{']).next().unwrap_or_default().to_lowercase(),
        };
        *kinds.entry(kind).or_insert(0) += 1;
    }
    kinds
}
