//! Recorded messages and answers of X API v2, and shapes written by hand after them.

use model::Run;

use super::document::{Document, Said, read};
use crate::source::{BoostOf, Draft, Revision, SourceEnd, Upstream, Words};
use crate::wire::listen::{Heard, fixture};

fn said(line: &str) -> Said {
    read(line.as_bytes(), |_| true)
}

fn post(line: &str) -> Box<Draft> {
    match said(line) {
        Said::Posts(mut posts) => match posts.remove(0).0 {
            Upstream::Post(draft) => draft,
            other => panic!("{other:?}"),
        },
        _ => panic!("no post: {line}"),
    }
}

#[test]
fn recorded_stream_messages_are_read() {
    let Some(path) = fixture("twitter-v2/filtered-stream.jsonl") else { return };
    let text = std::fs::read_to_string(path).unwrap();
    let mut heard = Heard::default();
    for line in text.lines() {
        match said(line) {
            Said::Posts(posts) => posts.into_iter().for_each(|(message, _)| heard.take(message)),
            Said::Other(message) => heard.take(message),
            Said::End(end) => panic!("{end}"),
        }
    }
    assert_eq!(
        (heard.deliveries, heard.malformed.get("json")),
        (4, Some(&1)),
        "the recording ends in a damaged line"
    );
    assert!(heard.posts.values().all(|d| d.author.handle.starts_with('@') && d.network_time.is_some()));
}

#[test]
fn recorded_answers_are_read() {
    let Some(folder) = fixture("twitter-v2/responses") else { return };
    let mut heard = Heard::default();
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().path()).collect();
    // The recording after an edit is read last.
    files.sort_by_key(|file| file.ends_with("edited_after.jsonl"));
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let whole = [text.as_str()];
        let lines: Vec<&str> = if file.extension().is_some_and(|e| e == "jsonl") {
            text.lines().collect()
        } else {
            whole.to_vec()
        };
        for line in lines.into_iter().filter(|l| !l.trim().is_empty()) {
            if let Ok(document) = serde_json::from_str::<Document<'_>>(line) {
                document.posts().into_iter().for_each(|(message, _)| heard.take(message));
                let _counted = document.tweets().len();
            }
        }
    }
    assert_eq!((heard.deliveries, heard.posts.len()), (124, 59));
    assert!(!heard.boosts.is_empty() && heard.posts.values().any(|d| !d.media.is_empty()));
    let edited = &heard.posts["x:1576994746135764992"];
    assert!(matches!(edited.revision, Revision::EditedAt(_)));
}

#[test]
fn documented_messages_are_read() {
    let Some(path) = fixture("twitter-v2/documented-messages.jsonl") else { return };
    let text = std::fs::read_to_string(path).unwrap();
    let posts = text.lines().filter(|line| matches!(said(line), Said::Posts(_))).count();
    assert_eq!(posts, text.lines().filter(|line| line.starts_with("{\"data\"")).count());
}

#[test]
fn a_long_post_comes_whole_and_its_note_brings_its_own_entities() {
    let draft = post(
        r##"{"data":{"id":"1576994789110992896","text":"cut #no…","author_id":"7","entities":{"hashtags":[{"start":4,"end":7,"tag":"no"}]},
        "note_tweet":{"text":"the &lt;whole&gt; #text","entities":{"hashtags":[{"start":18,"end":23,"tag":"text"}]}},"lang":"und"}}"##,
    );
    assert_eq!(draft.words, Words::Runs(vec![Run::text("the <whole> "), Run::Tag { tag: "text".into() }]));
    assert_eq!((draft.author.id.as_str(), draft.lang), ("7", None), "a missing join costs the name only");
    assert_eq!(draft.url.as_deref(), Some("https://x.com/i/status/1576994789110992896"));
}

#[test]
fn a_retweet_brings_its_original_or_its_name() {
    let with = r#"{"data":{"id":"3","text":"RT @a: cut…","referenced_tweets":[{"type":"retweeted","id":"2"}]},
        "includes":{"tweets":[{"id":"2","text":"whole","edit_history_tweet_ids":["1","2"]}]}}"#;
    let of = |line: &str| match said(line) {
        Said::Posts(mut posts) => match posts.remove(0) {
            (Upstream::Boost { uid, of }, id) if uid == "x:3" && id == "3" => of,
            other => panic!("{other:?}"),
        },
        _ => panic!(),
    };
    let BoostOf::Post(draft) = of(with) else { panic!("no original") };
    assert_eq!((draft.uid.0.as_str(), draft.aliases.as_slice()), ("x:1", &["x:2".to_owned()][..]));
    let without = with.replace("\"id\":\"2\",\"text\"", "\"id\":\"9\",\"text\"");
    assert_eq!(of(&without), BoostOf::Name("x:2".into()));
}

#[test]
fn what_is_not_for_everybody_is_not_shown() {
    let law = |withheld: &str| said(&format!(r#"{{"data":{{"id":"9","text":"x","withheld":{withheld}}}}}"#));
    for withheld in [r#"{"copyright":true}"#, r#"{"country_codes":["XX"]}"#] {
        let Said::Posts(posts) = law(withheld) else { panic!() };
        assert!(matches!(&posts[0].0, Upstream::Delete { name, .. } if name == "x:9"), "{withheld}");
    }
    let Said::Posts(posts) = law(r#"{"copyright":false,"country_codes":["DE"]}"#) else { panic!() };
    assert!(matches!(posts[0].0, Upstream::Post(_)));
    let protected = r#"{"data":{"id":"9","text":"x","author_id":"7"},"includes":{"users":[{"id":"7","protected":true}]}}"#;
    let Said::Posts(posts) = said(protected) else { panic!() };
    assert!(matches!(posts[0].0, Upstream::Ignored { kind: "protected" }));
}

#[test]
fn a_poll_reads_as_its_options() {
    let draft = post(
        r#"{"data":{"id":"9","text":"Tabs?","attachments":{"poll_ids":["5"]},"possibly_sensitive":true},
        "includes":{"polls":[{"id":"5","options":[{"position":2,"label":"No","votes":1},{"position":1,"label":"Yes"}]}]}}"#,
    );
    let Words::Runs(runs) = draft.words else { panic!() };
    assert_eq!(
        runs.iter().map(Run::shown).collect::<String>(),
        "Tabs?
○ Yes
○ No"
    );
    assert_eq!(draft.cover.as_deref(), Some(""));
}

#[test]
fn errors_mean_three_things() {
    let partial =
        r#"{"data":{"id":"1","text":"x"},"errors":[{"title":"Not Found Error","resource_type":"tweet"}]}"#;
    assert!(matches!(said(partial), Said::Posts(_)));
    let ended = r#"{"errors":[{"title":"operational-disconnect","disconnect_type":"UpstreamOperationalDisconnect","detail":"bye"}]}"#;
    assert!(matches!(said(ended), Said::End(SourceEnd::Refused(why)) if why == "bye"));
    let twice = r#"{"title":"ConnectionException","connection_issue":"TooManyConnections","detail":"x"}"#;
    assert!(matches!(said(twice), Said::End(SourceEnd::Throttled(_))));
    for bad in [
        "{}",
        "[]",
        "1",
        "<html>",
        r#"{"errors":[{"title":"?"}]}"#,
        r#"{"data":7}"#,
        r#"{"data":{"text":"no id"}}"#,
    ] {
        match said(bad) {
            Said::Other(Upstream::Malformed { .. }) => {}
            Said::Posts(posts) => assert!(matches!(posts[0].0, Upstream::Malformed { .. }), "{bad}"),
            _ => panic!("{bad}"),
        }
    }
}

#[test]
fn posts_of_other_peoples_rules_are_not_ours() {
    let line = br#"{"data":{"id":"1","text":"x"},"matching_rules":[{"id":"77","tag":"other"}]}"#;
    assert!(matches!(read(line, |ids| ids == ["12"]), Said::Other(Upstream::Ignored { kind: "other_rule" })));
    assert!(matches!(read(line, |ids| ids == ["77"]), Said::Posts(_)));
}
