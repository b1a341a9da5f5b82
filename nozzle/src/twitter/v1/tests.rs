//! Recorded v1.1 tweets and control messages, and shapes written by hand after them.

use model::Run;

use super::control::{Limits, Told, read};
use super::status;
use crate::source::{Revision, Upstream, Words};
use crate::wire::listen::{Heard, fixture};

fn runs(json: &str) -> Vec<Run> {
    let (Upstream::Post(draft), _) = status::read(json.as_bytes()).unwrap() else { panic!("no post") };
    let Words::Runs(runs) = draft.words else { panic!("no runs") };
    runs
}

#[test]
fn recorded_tweets_are_read() {
    let Some(path) = fixture("twitter-v1/tweets.jsonl") else { return };
    let text = std::fs::read_to_string(path).unwrap();
    let mut heard = Heard::default();
    for line in text.lines() {
        let (message, _) = status::read(line.as_bytes()).unwrap_or_else(|| panic!("not read: {line}"));
        heard.take(message);
    }
    assert_eq!((heard.deliveries, heard.kinds.get("protected")), (215, Some(&5)));
    assert_eq!(heard.boosts.len(), 75);
    assert!(heard.posts.values().all(|d| d.network_time.is_some()));
    let shown = |words: &Words| match words {
        Words::Runs(runs) => runs.iter().map(Run::shown).collect::<String>(),
        _ => String::new(),
    };
    assert!(heard.posts.values().all(|d| !shown(&d.words).trim().is_empty() || !d.media.is_empty()));
    assert!(heard.posts.values().all(|d| !shown(&d.words).contains("&amp;")));
    assert!(heard.posts.values().any(|d| !d.media.is_empty()));
    assert!(
        heard.posts.values().any(|d| d.quotes.is_some())
            && heard.posts.values().any(|d| d.reply_to.is_some())
    );
}

#[test]
fn recorded_control_messages_are_read() {
    let Some(path) = fixture("twitter-v1/control-messages.jsonl") else { return };
    let text = std::fs::read_to_string(path).unwrap();
    let mut limits = Limits::default();
    let mut heard = Heard::default();
    for line in text.lines() {
        match read(line.as_bytes(), &mut limits) {
            Told::Message(message, _) => heard.take(message),
            Told::End(end) => heard.ends.push(end),
        }
    }
    assert_eq!((heard.deleted.len(), heard.limits, heard.ends.len(), heard.posts.len()), (3, 2, 2, 1));
    assert_eq!((heard.ignored, heard.malformed.len()), (11, 0));
}

#[test]
fn a_truncated_tweet_is_read_from_its_extension_and_a_retweet_from_its_original() {
    let cut = r##"{"id":29700859247,"id_str":"29700859247","created_at":"Tue Mar 21 20:50:14 +0000 2006","text":"cut…","truncated":true,
        "user":{"id_str":"12","screen_name":"jack","name":"jack"},"entities":{"hashtags":[{"text":"no","indices":[0,3]}]},
        "extended_tweet":{"full_text":"@a the whole #text &amp; more https://t.co/x","display_text_range":[3,30],
        "entities":{"hashtags":[{"text":"text","indices":[13,18]}],"user_mentions":[{"screen_name":"a","indices":[0,2]}]}}}"##;
    let want = [
        Run::Mention { mention: "@a".into(), url: Some("https://x.com/a".into()) },
        Run::text(" the whole "),
        Run::Tag { tag: "text".into() },
        Run::text(" & more"),
    ];
    assert_eq!(runs(cut), want);
    let retweet = format!(r#"{{"id_str":"99","text":"RT @jack: cut…","retweeted_status":{cut}}}"#);
    let (Upstream::Boost { uid, of: crate::source::BoostOf::Post(draft) }, id) =
        status::read(retweet.as_bytes()).unwrap()
    else {
        panic!("no boost")
    };
    assert_eq!((uid.as_str(), id.as_str(), draft.uid.0.as_str()), ("x:99", "99", "x:29700859247"));
    assert_eq!(draft.words, Words::Runs(want.to_vec()));
}

#[test]
fn what_is_no_tweet_is_told_so() {
    for no in [
        "",
        "{}",
        "[]",
        "null",
        r#"{"id":1}"#,
        r#"{"text":"x"}"#,
        r#"{"id":"a b","text":"x"}"#,
        r#"{"id":{},"text":[]}"#,
    ] {
        assert!(status::read(no.as_bytes()).is_none(), "{no}");
    }
    assert!(
        status::read(
            br#"{"id":20,"text":"x","user":7,"entities":[],"display_text_range":"no","retweeted_status":3}"#
        )
        .is_some()
    );
}

#[test]
fn an_edit_is_named_by_the_first_id() {
    let edit = r#"{"id_str":"1576994789110992896","text":"x","edit_history":{"edit_tweet_ids":["1576994746135764992","1576994789110992896"]}}"#;
    let initial = r#"{"id_str":"1576994789110992896","text":"x","edit_history":{"initial_tweet_id":"1576994746135764992"}}"#;
    for raw in [edit, initial] {
        let (Upstream::Post(draft), _) = status::read(raw.as_bytes()).unwrap() else { panic!("no post") };
        assert_eq!(
            (draft.uid.0.as_str(), draft.aliases.as_slice()),
            ("x:1576994746135764992", &["x:1576994789110992896".to_owned()][..])
        );
        assert!(matches!(draft.revision, Revision::EditedAt(_)));
    }
}
