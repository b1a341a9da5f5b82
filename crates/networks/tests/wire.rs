//! Reads the fake networks with a plain socket, so that every byte is looked at by code that is not theirs.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::time::Duration;

use networks::{
    Author, Faults, Happening, Options, Post, Protocol, Script, Server, originals, rtweet, serve,
};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

const TOKEN: &str = "Authorization: Bearer secret\r\n";

fn open(server: &Server, method: &str, path: &str, headers: &str, body: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server.addr()).unwrap();
    send(&mut stream, method, path, headers, body);
    stream
}

fn send(stream: &mut TcpStream, method: &str, path: &str, headers: &str, body: &str) {
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:1\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
    );
    stream.write_all(head.as_bytes()).unwrap();
}

/// Reads until `enough` says so, the connection ends, or 5 s pass.
fn read_until(stream: &mut TcpStream, enough: impl Fn(&str) -> bool) -> String {
    let mut bytes = Vec::new();
    let mut buffer = [0; 65536];
    while !enough(&String::from_utf8_lossy(&bytes)) {
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => break,
            Ok(n) => bytes.extend_from_slice(&buffer[..n]),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Head and JSON body of a short answer.
fn ask(server: &Server, method: &str, path: &str, headers: &str, body: &str) -> (String, Value) {
    let headers = format!("{headers}Connection: close\r\n");
    let text = read_until(&mut open(server, method, path, &headers, body), |_| false);
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    (head.to_owned(), serde_json::from_str(body).unwrap_or(Value::String(body.to_owned())))
}

fn posts(n: i64) -> Vec<Happening> {
    let id = |i: i64| networks::snowflake_at(1_700_000_000_000_000 + i * 1_000_000, 0);
    let text = |i: i64| format!("Grüße {i} an @karo von #rustfest & <alle> https://example.org/{i} 日本");
    (0..n)
        .map(|i| Happening::Post(Post::new(&id(i), 1_700_000_000_000_000 + i * 1_000_000, "ada", &text(i))))
        .collect()
}

async fn network(protocol: Protocol, happenings: Vec<Happening>, faults: Faults) -> Server {
    let options = Options::new(protocol, Script::as_read(happenings)).token("secret").faults(faults);
    serve(options, CancellationToken::new()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn x_asks_for_token_and_rules_and_sends_only_what_was_asked_for() {
    let server = network(Protocol::XV2, posts(3), Faults::default()).await;
    let stream = "/2/tweets/search/stream";
    assert!(ask(&server, "GET", stream, "", "").0.contains("401"));
    assert!(ask(&server, "GET", stream, TOKEN, "").0.contains("409"));
    let add = r##"{"add":[{"value":"#rustfest OR #rust","tag":"t"}]}"##;
    let rules = format!("{stream}/rules");
    assert_eq!(
        ask(&server, "POST", &format!("{rules}?dry_run=true"), TOKEN, add).1["meta"]["summary"]["valid"],
        1
    );
    assert!(ask(&server, "GET", &rules, TOKEN, "").1["data"].is_null());
    let added = ask(&server, "POST", &rules, TOKEN, add).1;
    let again = ask(&server, "POST", &rules, TOKEN, add).1;
    assert_eq!(again["errors"][0]["title"], "DuplicateRule");
    assert_eq!(again["errors"][0]["id"], added["data"][0]["id"]);

    let mut one = open(&server, "GET", stream, TOKEN, "");
    let text = read_until(&mut one, |t| t.matches("matching_rules").count() == 3);
    assert!(text.contains("transfer-encoding: chunked"), "{text}");
    let line = text.lines().find(|l| l.starts_with('{')).unwrap();
    let message: Value = serde_json::from_str(line).unwrap();
    let keys: Vec<&String> = message["data"].as_object().unwrap().keys().collect();
    assert_eq!(keys, ["edit_history_tweet_ids", "id", "text"]);
    assert!(message["data"]["text"].as_str().unwrap().contains("&amp; &lt;alle&gt; https://t.co/"));
    let (head, second) = ask(&server, "GET", stream, TOKEN, "");
    assert!(head.contains("429") && head.contains("x-rate-limit-reset"), "{head}");
    assert_eq!(second["connection_issue"], "TooManyConnections");
}

#[tokio::test(flavor = "multi_thread")]
async fn x_entities_count_code_points_of_the_escaped_text_and_search_pages() {
    let server = network(Protocol::XV2, posts(25), Faults::default()).await;
    server.play(25);
    let fields =
        "tweet.fields=entities,created_at,author_id&expansions=author_id&query=%23rustfest&max_results=10";
    let (_, first) = ask(&server, "GET", &format!("/2/tweets/search/recent?{fields}"), TOKEN, "");
    assert_eq!(first["meta"]["result_count"], 10);
    assert_eq!(first["includes"]["users"][0]["username"], "ada");
    let text: Vec<char> = first["data"][0]["text"].as_str().unwrap().chars().collect();
    let url = &first["data"][0]["entities"]["urls"][0];
    let (from, to) = (url["start"].as_u64().unwrap() as usize, url["end"].as_u64().unwrap() as usize);
    assert_eq!(text[from..to].iter().collect::<String>(), url["url"].as_str().unwrap());
    let mut seen = 10;
    let mut token = first["meta"]["next_token"].clone();
    while let Some(next) = token.as_str() {
        let page =
            ask(&server, "GET", &format!("/2/tweets/search/recent?{fields}&next_token={next}"), TOKEN, "").1;
        seen += page["meta"]["result_count"].as_u64().unwrap();
        token = page["meta"]["next_token"].clone();
    }
    assert_eq!(seen, 25);
    let newest = first["data"][0]["id"].as_str().unwrap();
    server.say(Happening::Delete(newest.to_owned()));
    let gone = ask(&server, "GET", &format!("/2/tweets?ids={newest}"), TOKEN, "").1;
    assert!(gone["errors"][0]["type"].as_str().unwrap().ends_with("resource-not-found"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_on_x_has_a_new_id_and_one_history() {
    let server = network(Protocol::XV2, posts(1), Faults::default()).await;
    server.play(1);
    let Some(Happening::Post(post)) = posts(1).pop() else { unreachable!("a post was made") };
    server.say(Happening::Edit(Post {
        text: "better #rustfest".into(),
        edited_at: Some(1_700_000_060_000_000),
        ..post.clone()
    }));
    let page = ask(&server, "GET", "/2/tweets/search/recent?query=%23rustfest", TOKEN, "").1;
    assert_eq!(page["meta"]["result_count"], 1);
    let history = page["data"][0]["edit_history_tweet_ids"].as_array().unwrap();
    assert_eq!(history[0], post.id.as_str());
    assert_eq!(history[1], page["data"][0]["id"]);
    assert_eq!(server.journal().originals().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn mastodon_streams_on_its_own_host_with_its_own_bytes() {
    let server =
        network(Protocol::Mastodon, posts(2), Faults { heartbeat_ms: 50, ..Faults::default() }).await;
    let instance = ask(&server, "GET", "/api/v2/instance", "", "").1;
    let streaming =
        instance["configuration"]["urls"]["streaming"].as_str().unwrap().strip_prefix("ws://").unwrap();
    let path = "/api/v1/streaming/hashtag?tag=RustFest";
    assert!(ask(&server, "GET", path, TOKEN, "").0.contains("404"), "the main host does not stream");
    let at_streaming = |headers: &str| {
        let mut stream = TcpStream::connect(streaming).unwrap();
        send(&mut stream, "GET", path, headers, "");
        stream
    };
    let refused = read_until(&mut at_streaming("Connection: close\r\n"), |_| false);
    assert!(refused.starts_with("HTTP/1.1 401") && refused.contains("Missing access token"), "{refused}");
    let mut stream = at_streaming(TOKEN);
    let text = read_until(&mut stream, |t| t.matches(":thump").count() > 1);
    let body = text.split_once("\r\n\r\n").unwrap().1;
    assert!(body.contains("\r\n:)\n\r\n"), "{body}");
    assert_eq!(body.matches("event: update\ndata: {").count(), 2);
    assert!(body.contains("}\n\n"), "events end with a blank line");
    assert!(body.contains(":thump\n\r\n") && !body.contains(":thump\n\n"), "heartbeats have no blank line");
    server.say(Happening::Delete("404".into()));
    let Some(Happening::Post(post)) = posts(1).pop() else { unreachable!("a post was made") };
    server.say(Happening::Delete(post.id.clone()));
    let text = read_until(&mut stream, |t| t.contains("delete"));
    assert!(text.contains(&format!("event: delete\ndata: {}\n\n", post.id)), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mastodon_timeline_is_walked_by_min_id_until_it_is_empty() {
    let server = network(Protocol::Mastodon, posts(50), Faults::default()).await;
    server.play(50);
    let (mut seen, mut min_id) = (0, "1".to_owned());
    loop {
        let path = format!("/api/v1/timelines/tag/rustfest?limit=20&min_id={min_id}");
        let (head, page) = ask(&server, "GET", &path, "", "");
        let page = page.as_array().unwrap().clone();
        assert!(head.contains("x-ratelimit-reset: 20") && head.contains('T'), "ISO 8601: {head}");
        let Some(newest) = page.first() else { break };
        min_id = newest["id"].as_str().unwrap().to_owned();
        assert!(head.contains(&format!("min_id={min_id}>; rel=\"prev\"")), "{head}");
        seen += page.len();
    }
    assert_eq!(seen, 50);
    let wrong = "Authorization: Bearer wrong\r\n";
    assert!(ask(&server, "GET", "/api/v1/timelines/tag/rustfest", wrong, "").0.contains("401"));
}

#[tokio::test(flavor = "multi_thread")]
async fn v1_lengths_count_bytes_and_a_second_login_ends_the_first() {
    let server = network(Protocol::XV1, posts(2), Faults::default()).await;
    let path = "/1.1/statuses/filter.json";
    assert!(ask(&server, "POST", path, TOKEN, "").0.contains("406"));
    let mut first = open(&server, "POST", path, TOKEN, "track=%23rustfest&delimited=length");
    let text = read_until(&mut first, |t| t.matches("timestamp_ms").count() == 2);
    let message = text.lines().find(|l| l.starts_with('{')).unwrap();
    assert!(text.contains(&format!("\n{}\n", message.len() + 2)), "{text}");
    let status: Value = serde_json::from_str(message).unwrap();
    assert_eq!(status["user"]["screen_name"], "ada");
    let _second = open(&server, "POST", path, TOKEN, "track=%23rustfest");
    let end = read_until(&mut first, |_| false);
    assert!(end.contains("\"disconnect\"") && end.contains("\"code\":7"), "{end}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_cut_stream_missed_is_in_the_search() {
    let faults = Faults { drop_every: 10, ..Faults::rough(7) };
    let server = network(Protocol::XV1, posts(100), faults).await;
    let mut connections = 0;
    while server.progress().0 < 100 {
        let mut stream = open(&server, "POST", "/1.1/statuses/filter.json", TOKEN, "track=%23rustfest");
        read_until(&mut stream, |t| server.progress().0 == 100 && t.len() > 100);
        connections += 1;
        assert!(connections < 50, "the script must get on");
    }
    let search = "/1.1/search/tweets.json?q=%23rustfest&count=100&tweet_mode=extended&since_id=1";
    let page = ask(&server, "GET", search, TOKEN, "").1;
    assert_eq!(page["statuses"].as_array().unwrap().len(), 100);
    let lines = server.journal().lines();
    let streamed = lines.iter().filter(|l| l.via.as_deref() == Some("stream")).count();
    assert!(lines.iter().any(|l| l.note.as_deref().is_some_and(|n| n.starts_with("cut"))));
    assert!(connections > 3 && streamed < 100, "{connections} connections, {streamed} streamed");
    assert_eq!(originals(&lines).len(), 100);
}

#[test]
fn the_archive_of_a_real_conference_has_1932_originals() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/fixtures/conference-tweets/rtweet/rstudioconf-2018.jsonl");
    if !path.exists() {
        assert!(std::env::var_os("PERIHELION_REQUIRE_SERVERS").is_none(), "{} is missing", path.display());
        eprintln!("SKIPPED: {} is missing", path.display());
        return;
    }
    let happenings = rtweet::load(&path).unwrap();
    assert_eq!(happenings.len(), 7424);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let lines = runtime.block_on(async {
        let server = network(Protocol::XV2, happenings, Faults::default()).await;
        server.play(10_000);
        server.journal().lines()
    });
    assert_eq!(originals(&lines).len(), 1932);
    assert_eq!(lines.last().unwrap().kind, "end");
}

#[test]
fn a_retweet_whose_original_is_missing_rebuilds_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("one.jsonl");
    let line = r#"{"status_id":"955641762734800896","created_at":"2018-01-23T03:22:05Z","user_id":"7","screen_name":"bo","text":"RT @ada: Q&amp;A at #conf https://t.co/abc…","is_retweet":true,"retweet_status_id":"955570716073750529","hashtags":["conf"]}"#;
    std::fs::write(&path, line).unwrap();
    let Happening::Post(post) = rtweet::load(&path).unwrap().remove(0) else {
        unreachable!("archives hold posts only")
    };
    let original = post.original();
    assert_eq!((original.id.as_str(), original.author.handle.as_str()), ("955570716073750529", "ada"));
    assert_eq!(original.text, "Q&A at #conf https://t.co/abc…");
    assert_eq!(
        post.author,
        Author { id: "7".into(), name: "bo".into(), handle: "bo".into(), ..Author::default() }
    );
}
