//! Shapes of v1.1 tweets, written by hand after recordings and the documentation.

use model::Run;

use super::status;
use crate::source::{Deleter, Draft, Revision, Upstream, Words};

fn draft(json: &str) -> Draft {
    let (Upstream::Post(draft), _) = status::read(json.as_bytes()).unwrap() else { panic!("no post") };
    *draft
}

fn runs(json: &str) -> Vec<Run> {
    let Words::Runs(runs) = draft(json).words else { panic!("no runs") };
    runs
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

#[test]
fn a_tweet_from_before_entities_keeps_its_links_and_what_it_answers() {
    let old = draft(
        r#"{"id":4811000001,"created_at":"Sun, 11 Oct 2009 10:00:00 +0000","text":"@bo see http://a.example/x &amp; you",
        "in_reply_to_status_id":4810000000,"in_reply_to_status_id_str":"","user":{"id":7,"id_str":"","screen_name":"ada","name":null}}"#,
    );
    assert_eq!(
        old.words,
        Words::Text("@bo see http://a.example/x & you".into()),
        "links are found in the words"
    );
    assert_eq!(old.reply_to.as_deref(), Some("x:4810000000"));
    assert_eq!((old.author.id.as_str(), old.author.name.as_str()), ("7", "ada"));
    assert_eq!(old.network_time, Some(model::Micros(1_255_255_200_000_000)));
    assert_eq!(
        draft(r#"{"id":5,"id_str":"","text":"x","quoted_status_id":4}"#).quotes.as_deref(),
        Some("x:4")
    );
}

#[test]
fn the_link_to_the_quoted_post_goes_even_when_no_entity_tells_of_it() {
    let quote = r#"{"id":50,"text":"so true https://t.co/q1","entities":{"urls":[]},"quoted_status_id_str":"49",
        "quoted_status_permalink":{"url":"https://t.co/q1","expanded":"https://twitter.com/a/status/49","display":"twitter.com/a/sta"}}"#;
    assert_eq!(runs(quote), [Run::text("so true")]);
    let retweet = format!(r#"{{"id":51,"text":"RT @b: so tr…","retweeted_status":{quote}}}"#);
    let (Upstream::Boost { of: crate::source::BoostOf::Post(of), .. }, _) =
        status::read(retweet.as_bytes()).unwrap()
    else {
        panic!("no boost")
    };
    assert_eq!((of.uid.0.as_str(), of.quotes.as_deref()), ("x:50", Some("x:49")));
}

#[test]
fn a_picture_that_nobody_placed_is_shown_and_one_without_an_address_is_not() {
    let d = draft(
        r#"{"id":60,"text":"look https://t.co/p","possibly_sensitive":true,"entities":{"media":[{"media_url_https":"https://pbs.twimg.com/one.jpg"}]},
        "extended_entities":{"media":[{"url":"https://t.co/p","media_url_https":"https://pbs.twimg.com/1.jpg","type":"photo","ext_alt_text":"A hall","sizes":{"large":{"w":"20","h":10}}},
        {"type":"video","media_url":"http://pbs.twimg.com/2.jpg"},{"type":"photo"}]}}"#,
    );
    let media: Vec<_> = d.media.iter().map(|m| (m.url.as_str(), m.alt.as_deref(), m.width)).collect();
    assert_eq!(
        media,
        [
            ("https://pbs.twimg.com/1.jpg", Some("A hall"), Some(20)),
            ("http://pbs.twimg.com/2.jpg", None, None)
        ]
    );
    assert_eq!((d.words, d.cover.as_deref()), (Words::Runs(vec![Run::text("look")]), Some("")));
}

#[test]
fn nulls_cost_themselves_only_and_what_the_law_takes_from_all_goes() {
    let nulls = draft(
        r#"{"id_str":"70","text":"x","user":null,"entities":{"hashtags":null,"urls":[{"url":null,"indices":null}],"media":null},
        "extended_entities":null,"retweeted_status":null,"quoted_status":null,"display_text_range":null,"favorite_count":null,"lang":null}"#,
    );
    assert_eq!((nulls.words, nulls.author.id.as_str()), (Words::Runs(vec![Run::text("x")]), ""));
    assert_eq!(nulls.url.as_deref(), Some("https://x.com/i/status/70"));
    for countries in [r#"["XX"]"#, r#""DE, XY""#] {
        let raw = format!(r#"{{"id":71,"text":"x","withheld_in_countries":{countries}}}"#);
        let told = status::read(raw.as_bytes()).unwrap().0;
        assert!(matches!(told, Upstream::Delete { name, by: Deleter::Law } if name == "x:71"), "{countries}");
    }
}
