//! Recordings of v2: lines of a stream, documents and bodies of answers as pages of a search.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use networks::raw::answer as raw_answer;
use serde_json::Deserializer;

use super::*;

/// The elements of a document's `data`.
fn elements(document: &Value) -> Vec<(Element, String)> {
    let data = match &document["data"] {
        Value::Array(list) => list.as_slice(),
        one @ Value::Object(_) => std::slice::from_ref(one),
        _ => &[],
    };
    data.iter().map(|tweet| (element(tweet, &document["includes"]), tweet.to_string())).collect()
}

fn element(tweet: &Value, includes: &Value) -> Element {
    let Some(own) = id(&tweet["id"]).filter(|_| tweet["text"].is_string()) else {
        return Element::Other;
    };
    let Some(original) = refers(tweet, "retweeted") else {
        return if is_protected(tweet, includes) {
            Element::NotPublic("protected")
        } else {
            Element::Post(Box::new(want(tweet, includes)))
        };
    };
    match find(includes, "tweets", "id", &original) {
        Some(found) if is_protected(found, includes) => Element::NotPublic("protected"),
        found => Element::Retweet(own, found.map(|found| Box::new(want(found, includes)))),
    }
}

fn is_protected(tweet: &Value, includes: &Value) -> bool {
    let author = id(&tweet["author_id"]).and_then(|author| find(includes, "users", "id", &author));
    author.is_some_and(|user| user["protected"] == true)
}

fn refers(tweet: &Value, kind: &str) -> Option<String> {
    id(&list(tweet, "referenced_tweets").iter().find(|r| r["type"] == kind)?["id"])
}

fn find<'a>(includes: &'a Value, group: &str, key: &str, wanted: &str) -> Option<&'a Value> {
    // Of several with the same id, the last is as good as the first.
    list(includes, group).iter().rfind(|one| id(&one[key]).as_deref() == Some(wanted))
}

fn want(tweet: &Value, includes: &Value) -> Want {
    let own = id(&tweet["id"]).expect("an id");
    let first = list(tweet, "edit_history_tweet_ids").first().and_then(id).unwrap_or_else(|| own.clone());
    let note = &tweet["note_tweet"];
    let whole = if note["text"].is_string() { note } else { tweet };
    let author_id = id(&tweet["author_id"]).unwrap_or_default();
    let user = find(includes, "users", "id", &author_id);
    let keys = list(&tweet["attachments"], "media_keys").iter().filter_map(Value::as_str);
    let media: Vec<_> = keys.filter_map(|key| picture(find(includes, "media", "media_key", key)?)).collect();
    let urls = list(&whole["entities"], "urls");
    let quotes = refers(tweet, "quoted");
    let is_elsewhere = |url: &Value, to: &str| {
        let is_picture = url["media_key"].is_string()
            || text(url, "display_url").is_some_and(|shown| shown.starts_with("pic.twitter.com/"));
        (is_picture && !media.is_empty())
            || quotes.as_ref().is_some_and(|id| to.contains(&format!("/status/{id}")))
    };
    let links = urls
        .iter()
        .filter_map(|u| Some((u, text(u, "unwound_url").or(text(u, "expanded_url")).or(text(u, "url"))?)));
    let links = links.filter(|(url, to)| !is_elsewhere(url, to)).map(|(_, to)| to.to_owned()).collect();
    let shorts: Vec<&str> = urls.iter().filter_map(|u| text(u, "url")).collect();
    let options = list(&tweet["attachments"], "poll_ids").iter().filter_map(Value::as_str);
    let options =
        options.filter_map(|poll| find(includes, "polls", "id", poll)).flat_map(|poll| list(poll, "options"));
    let options: String = options.filter_map(|o| text(o, "label")).collect();
    let words = whole["text"].as_str().unwrap_or_default();
    Want {
        handle: user.and_then(|u| text(u, "username")).map(str::to_owned),
        name: user.and_then(|u| text(u, "name")).map(str::to_owned),
        // An edit was said when the first revision was.
        at: text(tweet, "created_at").filter(|_| first == own).and_then(|t| t.parse().ok()),
        letters: letters(words, &shorts) + &letters(&options, &[]),
        links,
        is_covered: tweet["possibly_sensitive"] == true,
        reply_to: refers(tweet, "replied_to"),
        id: first,
        author_id,
        media,
        quotes,
    }
}

fn picture(media: &Value) -> Option<(MediaKind, String, Option<String>)> {
    let (kind, url) = match media["type"].as_str()? {
        "photo" => (MediaKind::Photo, text(media, "url").or(text(media, "preview_image_url"))?),
        "video" => (MediaKind::Video, text(media, "preview_image_url")?),
        "animated_gif" => (MediaKind::Gif, text(media, "preview_image_url")?),
        _ => return None,
    };
    Some((kind, url.to_owned(), text(media, "alt_text").map(str::to_owned)))
}

fn is_end(line: &str) -> bool {
    let Ok(value) = serde_json::from_str::<Value>(line) else { return false };
    let disconnects = list(&value, "errors").iter().any(|error| error["disconnect_type"].is_string());
    value["data"].is_null() && (disconnects || value["connection_issue"].is_string())
}

async fn stream(text: &str, row: &mut Row) {
    let lines: Vec<String> = text.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned).collect();
    let values: Vec<Option<Value>> = lines.iter().map(|line| serde_json::from_str(line).ok()).collect();
    let matching = values
        .iter()
        .flatten()
        .flat_map(|value| list(value, "matching_rules"))
        .filter_map(|rule| id(&rule["id"]));
    // The recording's rules are ours.
    let rules: Vec<Value> = matching
        .chain(["1".to_owned()])
        .map(|id| serde_json::json!({"id": id, "value": "#rustfest"}))
        .collect();
    let rules = serde_json::json!({ "data": rules }).to_string();
    let elements: Vec<(Element, String)> = (lines.iter().zip(&values).filter(|(line, _)| !is_end(line)))
        .flat_map(|(line, value)| {
            match value.as_ref().map(elements).filter(|elements| !elements.is_empty()) {
                Some(elements) => elements,
                None => vec![(Element::Other, line.clone())],
            }
        })
        .collect();
    let (told, ends) = as_stream(lines, is_end, Api::V2, rules).await;
    count(&told, &elements, row);
    ends.iter().for_each(|_| add(row, "disconnect"));
}

/// Serves a body, packed or not, as the only page of a search.
async fn page(body: Vec<u8>, value: &Value, row: &mut Row) {
    let is_packed = body.starts_with(&[0x1f, 0x8b]);
    let raw = Raw::serve(move |asked| match asked.before {
        0 if is_packed => {
            raw_answer(200, &[("content-type", "application/json"), ("content-encoding", "gzip")], &body)
        }
        0 => json(200, &body),
        _ => json(200, r#"{"meta":{"result_count":0}}"#),
    })
    .await
    .unwrap();
    let (told, done) = searched(source(&raw, Api::V2).as_ref()).await;
    if !value.is_object() {
        assert!(matches!(done, Backfilled::Broken(_)), "{done:?}");
        return add(row, "not a page");
    }
    assert_eq!(done, Backfilled::Complete);
    let elements = elements(value);
    count(&told, &elements, row);
    if elements.is_empty() {
        add(row, "answer without posts");
    }
    list(value, "errors").iter().for_each(|_| add(row, "partial error"));
}

/// The bodies of a recorded exchange in YAML: blocks of base64 behind `!!binary`, with what they unpack to.
async fn cassette(text: &str, row: &mut Row) {
    for block in text.split("string: !!binary |").skip(1) {
        let lines = block.lines().skip(1).map(str::trim);
        let packed: String = lines.take_while(|line| !line.is_empty() && !line.contains(':')).collect();
        let body = STANDARD.decode(packed).expect("base64");
        let value = serde_json::from_slice(&unpacked(&body)).expect("a recorded answer is JSON");
        page(body, &value, row).await;
    }
}

/// What a packed body holds.
fn unpacked(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(body), &mut out).expect("gzip");
    out
}

async fn file(path: &Path) -> Row {
    let (text, mut row) = (std::fs::read_to_string(path).unwrap(), Row::new());
    match path.extension().and_then(|e| e.to_str()) {
        Some("yaml") => cassette(&text, &mut row).await,
        _ if path.ends_with("filtered-stream.jsonl") || path.ends_with("documented-messages.jsonl") => {
            stream(&text, &mut row).await;
        }
        _ => {
            for value in Deserializer::from_str(&text).into_iter::<Value>().map_while(Result::ok) {
                page(value.to_string().into_bytes(), &value, &mut row).await;
            }
        }
    }
    row
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_was_recorded_of_v2_arrives_over_the_wire() {
    let mut table = Vec::new();
    for folder in ["filtered-stream.jsonl", "documented-messages.jsonl", "responses", "cassettes"] {
        for path in files(&format!("twitter-v2/{folder}")) {
            let row = file(&path).await;
            table.push((path, row));
        }
    }
    if !table.is_empty() {
        let all = print(&table);
        assert!(all["post"] > 20, "{all:?}");
    }
}
