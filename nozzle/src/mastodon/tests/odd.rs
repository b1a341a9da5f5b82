//! Statuses as other servers than Mastodon, or careless ones, send them.

use model::html;

use crate::mastodon::status;
use crate::source::{BoostOf, Draft, Revision, Upstream, Wish, Words};

fn read(raw: &str) -> Upstream {
    status::read(raw.as_bytes()).ok().unwrap().upstream("s.example")
}

fn draft(raw: &str) -> Draft {
    match read(raw) {
        Upstream::Post(draft) => *draft,
        other => panic!("{other:?}"),
    }
}

/// A public status with these other fields.
fn with(fields: &str) -> String {
    format!(
        r#"{{"id":"1","uri":"https://a.example/1","visibility":"public","content":"<p>hi</p>",{fields}}}"#
    )
}

fn words(draft: &Draft) -> String {
    match &draft.words {
        Words::Html(words) => html::to_body(words).text(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn odd_statuses_lose_the_odd_field_only() {
    let odd = r#"{"id":12,"uri":"https://a.example/1","created_at":null,"edited_at":"soon","content":null,"visibility":"public",
        "account":{"acct":"bo","url":"https://a.example/@bo","display_name":" ","noindex":true,"avatar":"https://a.example/missing.png"},
        "media_attachments":[{"type":"image","url":null,"preview_url":"https://a.example/p.jpg","meta":{"original":{"width":"3","height":-1}}},
        {"type":"unknown","url":"https://a.example/x"},7],"spoiler_text":"<p>a &amp; b</p>","sensitive":"yes","replies_count":"4",
        "quote":{"state":"accepted","quoted_status_id":"11"},"in_reply_to_id":10,"tags":null,"card":[]}"#;
    let draft = draft(odd);
    assert!(words(&draft).contains("a.example/x"), "what cannot be shown is linked to");
    assert_eq!(
        (draft.uid.0.as_str(), draft.aliases.as_slice()),
        ("mastodon:https://a.example/1", &["mastodon@s.example:12".to_owned()][..])
    );
    assert_eq!(
        (draft.author.handle.as_str(), draft.author.name.as_str(), draft.author.avatar),
        ("@bo@a.example", "bo", None)
    );
    assert_eq!((draft.media.len(), draft.media[0].width, draft.media[0].height), (1, Some(3), None));
    assert_eq!(
        (draft.cover.as_deref(), draft.wish, draft.revision),
        (Some("a & b"), Wish::NotIndexed, Revision::Original)
    );
    assert_eq!(
        (draft.counts.replies, draft.reply_to.as_deref(), draft.quotes.as_deref()),
        (Some(4), Some("mastodon@s.example:10"), Some("mastodon@s.example:11"))
    );
    for hidden in ["unlisted", "private", "direct", "local"] {
        assert!(matches!(
            read(&odd.replace("\"public\"", &format!("\"{hidden}\""))),
            Upstream::Ignored { .. }
        ));
    }
    let boost = format!(r#"{{"id":"13","uri":"https://b.example/2","reblog":{odd}}}"#);
    assert!(matches!(read(&boost), Upstream::Boost { uid, .. } if uid == "mastodon:https://b.example/2"));
    assert!(matches!(read("{}"), Upstream::Malformed { reason: "no_id", .. }));
}

#[test]
fn a_boost_brings_its_original_through_boosts_of_boosts() {
    let original = with(r#""account":{"acct":"bo"}"#);
    let twice = format!(
        r#"{{"id":"3","uri":"https://c.example/3","visibility":"unlisted","reblog":{{"id":"2","uri":"https://b.example/2","reblog":{original}}}}}"#
    );
    let Upstream::Boost { uid, of: BoostOf::Post(draft) } = read(&twice) else { panic!() };
    assert_eq!(
        (uid.as_str(), draft.uid.0.as_str()),
        ("mastodon:https://c.example/3", "mastodon:https://a.example/1")
    );
    let hidden = twice.replace("\"public\"", "\"private\"");
    assert!(matches!(read(&hidden), Upstream::Ignored { kind: "followers_only" }));
}

#[test]
fn a_polls_choices_are_words_and_custom_emoji_stay_their_codes() {
    let poll = with(
        r#""poll":{"options":[{"title":"Tabs & <b>","votes_count":3},{"title":":blobcat: spaces"},{"votes_count":1}]},"emojis":[{"shortcode":"blobcat"}]"#,
    );
    assert_eq!(words(&draft(&poll)), "hi\n\n• Tabs & <b>\n• :blobcat: spaces");
}

#[test]
fn hashtags_that_the_words_do_not_show_are_kept_beside_them() {
    let tags =
        with(r#""tags":[{"name":"RustFest"},{"name":"hi"},{"name":""},7]"#).replace("<p>hi</p>", "#HI there");
    assert_eq!(draft(&tags).tags, ["RustFest"]);
}

#[test]
fn a_quote_is_named_in_each_servers_way_and_only_as_far_as_it_was_accepted() {
    for (fields, want) in [
        (
            r#""quote":{"state":"accepted","quoted_status":{"id":"9","uri":"https://b.example/9","content":"x"}}"#,
            Some("mastodon:https://b.example/9"),
        ),
        (r#""quote":{"state":"accepted","quoted_status_id":"9"}"#, Some("mastodon@s.example:9")),
        (r#""quote":{"state":"revoked","quoted_status_id":"9"}"#, None),
        (
            r#""quote":{"id":"9","uri":"https://b.example/9","content":"of Akkoma"},"quote_id":"9""#,
            Some("mastodon:https://b.example/9"),
        ),
        (r#""quote":null,"quote_id":"Al2KABLN3tuRoeE0A4""#, Some("mastodon@s.example:Al2KABLN3tuRoeE0A4")),
        (r#""pleroma":{"quote_id":"Ax","local":true}"#, Some("mastodon@s.example:Ax")),
        (r#""quote":[]"#, None),
    ] {
        assert_eq!(draft(&with(fields)).quotes.as_deref(), want, "{fields}");
    }
}

#[test]
fn a_warning_covers_with_or_without_the_flag_and_the_flag_covers_pictures() {
    let picture = r#""media_attachments":[{"type":"image","url":"https://a.example/1.png"}]"#;
    for (fields, want) in [
        (r#""spoiler_text":"Talk spoilers","sensitive":false"#.to_owned(), Some("Talk spoilers")),
        (r#""spoiler_text":"  ","sensitive":true"#.to_owned(), None),
        (format!(r#""sensitive":true,{picture}"#), Some("")),
        (format!(r#""sensitive":false,{picture}"#), None),
    ] {
        assert_eq!(draft(&with(&fields)).cover.as_deref(), want, "{fields}");
    }
}

#[test]
fn a_picture_that_is_not_ready_is_shown_by_what_there_is() {
    let media = |fields: &str| draft(&with(&format!(r#""media_attachments":[{{{fields}}}]"#)));
    let remote =
        media(r#""type":"image","url":null,"remote_url":"https://b.example/1.jpg","description":"one""#);
    assert_eq!(
        (remote.media[0].url.as_str(), remote.media[0].alt.as_deref()),
        ("https://b.example/1.jpg", Some("one"))
    );
    let nothing = media(r#""type":"image","url":null"#);
    assert!(nothing.media.is_empty());
    let video = media(r#""type":"video","url":"https://b.example/1.mp4","preview_url":null"#);
    assert!(video.media.is_empty() && words(&video).contains("https://b.example/1.mp4"));
    let unknown = media(r#""type":"unknown","url":null,"remote_url":"javascript:alert(1)""#);
    assert!(unknown.media.is_empty());
}

#[test]
fn a_change_without_a_date_is_newer_all_the_same() {
    let status = |fields: &str| status::read(with(fields).as_bytes()).ok().unwrap();
    let revision = |status: status::Status| match status.upstream("s.example") {
        Upstream::Post(draft) => draft.revision,
        other => panic!("{other:?}"),
    };
    assert_eq!(revision(status(r#""edited_at":null"#)), Revision::Original);
    assert_eq!(revision(status(r#""edited_at":null"#).changed()), Revision::Newer);
    let dated = status(r#""edited_at":"2026-06-01T00:00:00Z""#).changed();
    assert!(matches!(revision(dated), Revision::EditedAt(_)));
}

#[test]
fn posts_that_a_server_keeps_to_itself_are_not_shown() {
    for (fields, kind) in [(r#""local_only":true"#, "local_only"), (r#""visibility":"local""#, "local_only")]
    {
        let raw = if fields.contains("visibility") {
            with(r#""x":1"#).replace("\"public\"", "\"local\"")
        } else {
            with(fields)
        };
        assert!(matches!(read(&raw), Upstream::Ignored { kind: k } if k == kind), "{fields}");
    }
}
