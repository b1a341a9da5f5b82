//! Shapes of X API v2, written by hand after recordings and the documentation.

use model::Run;

use super::document::{Said, read};
use crate::source::{BoostOf, Draft, Revision, SourceEnd, Upstream, Words};

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

#[test]
fn an_edit_is_named_by_its_first_id_and_keeps_the_first_ones_time() {
    let edit = post(
        r#"{"data":{"id":"1576994789110992896","text":"x","created_at":"2022-10-03T18:00:10.000Z",
        "edit_history_tweet_ids":["1576994746135764992","1576994789110992896"]}}"#,
    );
    assert_eq!(
        (edit.uid.0.as_str(), edit.aliases.as_slice()),
        ("x:1576994746135764992", &["x:1576994789110992896".to_owned()][..])
    );
    assert!(matches!(edit.revision, Revision::EditedAt(at) if at > edit.network_time.unwrap()));
}

#[test]
fn the_link_to_what_is_attached_is_not_shown_beside_it() {
    let with = |media: &str| {
        let line = r#"{"data":{"id":"9","text":"hall https://t.co/1 https://t.co/2","attachments":{"media_keys":["3_1"]},"entities":{"urls":[
            {"start":5,"end":19,"url":"https://t.co/1","expanded_url":"https://x.com/a/status/8/photo/1","display_url":"pic.twitter.com/1"},
            {"start":20,"end":34,"url":"https://t.co/2","expanded_url":"https://a.example/","unwound_url":"https://b.example/","display_url":"a.example"}]}},
            "includes":{"media":[MEDIA]}}"#;
        post(&line.replace("MEDIA", media))
    };
    let link = |to: &str, text: &str| Run::Link { link: to.into(), text: text.into() };
    let shown = with(
        r#"{"media_key":"3_1","type":"photo","url":"https://pbs.twimg.com/1.jpg","alt_text":"The hall"}"#,
    );
    assert_eq!(
        shown.words,
        Words::Runs(vec![Run::text("hall "), Run::text(" "), link("https://b.example/", "a.example")])
    );
    assert_eq!(shown.media[0].alt.as_deref(), Some("The hall"));
    let missing = with("");
    let Words::Runs(runs) = missing.words else { panic!() };
    assert_eq!(
        runs[1],
        link("https://x.com/a/status/8/photo/1", "pic.twitter.com/1"),
        "a missing join keeps the link"
    );
}
