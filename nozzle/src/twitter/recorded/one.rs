//! Recordings of v1.1: lines of a stream, bodies of answers.

use networks::raw::json;
use serde_json::Deserializer;

use super::*;

/// What a v1.1 object is.
fn element(value: &Value) -> Element {
    let Some(own) = tweet_id(value) else { return Element::Other };
    let original = &value["retweeted_status"];
    let inner = if original.is_object() { original } else { value };
    if inner["user"]["protected"] == true {
        return Element::NotPublic("protected");
    }
    if inner["withheld_copyright"] == true
        || list(inner, "withheld_in_countries").iter().any(|c| c == "XX" || c == "XY")
    {
        return Element::NotPublic("withheld");
    }
    let want = Box::new(want(inner));
    if original.is_object() { Element::Retweet(own, Some(want)) } else { Element::Post(want) }
}

fn tweet_id(value: &Value) -> Option<String> {
    let has_words = value["text"].is_string() || value["full_text"].is_string();
    id(&value["id_str"]).or_else(|| id(&value["id"])).filter(|_| has_words)
}

fn want(tweet: &Value) -> Want {
    let own = tweet_id(tweet).expect("an id");
    let extension = &tweet["extended_tweet"];
    let whole = if extension["full_text"].is_string() { extension } else { tweet };
    let end = whole["display_text_range"][1].as_u64().filter(|_| whole["full_text"].is_string());
    let words = whole["full_text"].as_str().or(whole["text"].as_str()).unwrap_or_default();
    let words: String =
        words.chars().take(end.map_or(usize::MAX, |end| usize::try_from(end).unwrap())).collect();
    let places = [whole, tweet].into_iter().flat_map(|v| [&v["extended_entities"], &v["entities"]]);
    let of_whole_first =
        [&whole["extended_entities"], &tweet["extended_entities"], &whole["entities"], &tweet["entities"]];
    let media =
        of_whole_first.into_iter().map(|v| list(v, "media")).find(|m| !m.is_empty()).unwrap_or_default();
    let urls = list(&whole["entities"], "urls");
    let shorts: Vec<&str> = urls
        .iter()
        .chain(places.flat_map(|v| list(v, "media")))
        .chain([&tweet["quoted_status_permalink"]])
        .filter_map(|u| text(u, "url"))
        .collect();
    let either = |key: &str| id(&tweet[format!("{key}_str")]).or_else(|| id(&tweet[key]));
    let quotes = either("quoted_status_id");
    let shown = urls.iter().filter(|u| text(u, "url").is_some_and(|url| words.contains(url)));
    let links = shown.filter_map(|u| text(u, "expanded_url").or(text(u, "url")));
    let links = links.filter(|to| !quotes.as_ref().is_some_and(|id| to.contains(&format!("/status/{id}"))));
    let user = &tweet["user"];
    Want {
        author_id: id(&user["id_str"]).or_else(|| id(&user["id"])).unwrap_or_default(),
        handle: text(user, "screen_name").map(str::to_owned),
        name: text(user, "name").map(str::to_owned),
        at: text(tweet, "created_at")
            .and_then(|t| jiff::Timestamp::strptime("%a %b %d %H:%M:%S %z %Y", t).ok()),
        letters: letters(&words, &shorts),
        links: links.map(str::to_owned).collect(),
        media: media.iter().map(picture).collect(),
        is_covered: tweet["possibly_sensitive"] == true,
        reply_to: either("in_reply_to_status_id"),
        quotes,
        id: own,
    }
}

fn picture(media: &Value) -> (MediaKind, String, Option<String>) {
    let kind = match media["type"].as_str() {
        Some("video") => MediaKind::Video,
        Some("animated_gif") => MediaKind::Gif,
        _ => MediaKind::Photo,
    };
    let url = text(media, "media_url_https").or(text(media, "media_url")).expect("a picture's address");
    (kind, url.to_owned(), text(media, "ext_alt_text").map(str::to_owned))
}

fn read(line: &str) -> (Element, String) {
    (serde_json::from_str(line).map_or(Element::Other, |value| element(&value)), line.to_owned())
}

async fn stream(text: &str, row: &mut Row) {
    let lines: Vec<String> = text.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned).collect();
    let is_end = |line: &str| serde_json::from_str::<Value>(line).is_ok_and(|v| v["disconnect"].is_object());
    let elements: Vec<_> = lines.iter().filter(|line| !is_end(line)).map(|line| read(line)).collect();
    let (told, ends) = as_stream(lines, is_end, Api::V1, String::new()).await;
    count(&told, &elements, row);
    ends.iter().for_each(|_| add(row, "disconnect"));
}

/// Every tweet of a document that is not inside another one.
fn outermost<'a>(value: &'a Value, found: &mut Vec<&'a Value>) {
    match value {
        Value::Object(_) if tweet_id(value).is_some() && value["user"].is_object() => found.push(value),
        Value::Object(map) => map.values().for_each(|v| outermost(v, found)),
        Value::Array(list) => list.iter().for_each(|v| outermost(v, found)),
        _ => {}
    }
}

/// Serves a body as the answer of a search: as it is when it is one, else the tweets that are in it.
async fn answer(body: &str, row: &mut Row) {
    let Ok(value) = serde_json::from_str::<Value>(body) else { return add(row, "not JSON") };
    let (mut found, page) = (Vec::new(), value.clone());
    outermost(&page, &mut found);
    let elements: Vec<_> = found.iter().map(|tweet| (element(tweet), tweet.to_string())).collect();
    let body = match value.get("statuses") {
        Some(_) => body.to_owned(),
        None => serde_json::json!({ "statuses": found }).to_string(),
    };
    let raw = Raw::serve(move |asked| match asked.before {
        0 => json(200, &body),
        _ => json(200, r#"{"statuses":[]}"#),
    })
    .await
    .unwrap();
    let (told, done) = searched(source(&raw, Api::V1).as_ref()).await;
    assert_eq!(done, Backfilled::Complete);
    count(&told, &elements, row);
    if elements.is_empty() {
        add(row, "answer without posts");
    }
}

async fn file(path: &Path) -> Row {
    let (text, mut row) = (std::fs::read_to_string(path).unwrap(), Row::new());
    if path.extension().is_some_and(|e| e == "jsonl" || e == "txt") {
        stream(&text, &mut row).await;
        return row;
    }
    for document in Deserializer::from_str(&text).into_iter::<Value>().map_while(Result::ok) {
        let bodies = list(&document, "interactions").iter().map(|i| &i["response"]["body"]["string"]);
        let bodies: Vec<&str> = bodies.filter_map(Value::as_str).collect();
        for body in bodies {
            answer(body, &mut row).await;
        }
        if document["interactions"].is_null() {
            answer(&document.to_string(), &mut row).await;
        }
    }
    row
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_was_recorded_of_v1_arrives_over_the_wire() {
    let mut table = Vec::new();
    for folder in ["tweets.jsonl", "control-messages.jsonl", "cassettes"] {
        for path in files(&format!("twitter-v1/{folder}")) {
            let row = file(&path).await;
            table.push((path, row));
        }
    }
    if !table.is_empty() {
        let all = print(&table);
        assert!(all["post"] > 50, "{all:?}");
    }
}
