//! Signatures against the cases of the scheme's reference tests, bodies against the format, and what becomes of them.

use ::http::{HeaderMap, HeaderName, HeaderValue};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use model::{MediaKind, Micros};

use super::body::{ITEMS_MAX, Shape, read};
use super::secret::Keys;
use super::taken::key;
use super::verify::{ID_BYTES_MAX, Style, Unverified, Verified, verify};
use crate::source::{Draft, Revision, Upstream, Words};

const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
const BODY: &[u8] = br#"{"test": 2432232314}"#;
const SECRET: &str = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const SENT: i64 = 1_614_265_330;
/// What the reference tests say that the above signs to.
const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
const WRONG: &str = "v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc=";

fn at(seconds: i64) -> Micros {
    Micros(seconds * Micros::SECOND)
}

fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        headers.append(HeaderName::try_from(*name).unwrap(), HeaderValue::from_str(value).unwrap());
    }
    headers
}

fn signed() -> HeaderMap {
    headers(&[("webhook-id", ID), ("webhook-timestamp", &SENT.to_string()), ("webhook-signature", SIGNATURE)])
}

fn with(name: &'static str, value: &str) -> HeaderMap {
    let mut headers = signed();
    headers.insert(name, HeaderValue::from_str(value).unwrap());
    headers
}

fn without(name: &str) -> HeaderMap {
    let mut headers = signed();
    headers.remove(name);
    headers
}

fn check(secret: &str, headers: &HeaderMap, now: Micros) -> Result<Verified, Unverified> {
    verify(&Keys::read(secret).unwrap(), headers, BODY, now)
}

#[test]
fn the_reference_tests_of_the_scheme_hold() {
    let now = at(SENT);
    let several =
        |right: &str| format!("{WRONG} v2,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc= {right} {WRONG}");
    let one_too_many = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OA=";
    let cases: Vec<(&str, HeaderMap, Micros, bool)> = vec![
        ("valid signature", signed(), now, true),
        ("missing id", without("webhook-id"), now, false),
        ("missing timestamp", without("webhook-timestamp"), now, false),
        ("missing signature", without("webhook-signature"), now, false),
        ("timestamp is a word", with("webhook-timestamp", "hello"), now, false),
        ("another timestamp than was signed", with("webhook-timestamp", "946684800"), at(946_684_800), false),
        ("invalid signature (python)", with("webhook-signature", one_too_many), now, false),
        ("invalid signature (go)", with("webhook-signature", WRONG), now, false),
        ("partial signature", with("webhook-signature", "v1,"), now, false),
        ("old timestamp", signed(), at(SENT + 301), false),
        ("new timestamp", signed(), at(SENT - 301), false),
        ("within the window, behind", signed(), at(SENT + 299), true),
        ("within the window, ahead", signed(), at(SENT - 299), true),
        ("several signatures, one valid", with("webhook-signature", &several(SIGNATURE)), now, true),
        ("several signatures, none valid", with("webhook-signature", &several(WRONG)), now, false),
    ];
    println!("{:<36} {:>10} {:>10}", "case", "wanted", "got");
    for (name, headers, now, is_valid) in cases {
        for secret in [SECRET.to_owned(), format!("whsec_{SECRET}")] {
            let got = check(&secret, &headers, now);
            println!("{name:<36} {is_valid:>10} {:>10}", got.is_ok());
            assert_eq!(got.is_ok(), is_valid, "{name}: {got:?}");
        }
    }
    for empty in ["", "whsec_"] {
        assert!(Keys::read(empty).is_err(), "an empty secret");
    }
}

#[test]
fn a_secret_without_its_padding_is_the_same_secret() {
    let parts: [&[u8]; 1] = [b"signed"];
    let codes = |secret: &str| Keys::read(secret).unwrap().standard_codes(&parts)[0];
    for secret in ["MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS=", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwBr=="] {
        let bare = secret.trim_end_matches('=');
        for same in [secret.to_owned(), bare.to_owned(), format!("whsec_{bare}")] {
            assert_eq!(codes(&same), codes(&format!("whsec_{secret}")), "{same}");
        }
    }
}

#[test]
fn while_the_secret_is_changed_both_are_taken_and_later_only_the_new_one() {
    let new = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX";
    let old = format!("whsec_{SECRET}");
    for both in [format!("{new} {old}"), format!("{old} {new}")] {
        assert!(check(&both, &signed(), at(SENT)).is_ok());
    }
    assert_eq!(check(new, &signed(), at(SENT)), Err(Unverified::Signature));
}

#[test]
fn what_is_signed_cannot_be_changed_nor_headers_doubled() {
    let keys = Keys::read(SECRET).unwrap();
    for body in [&b"{\"test\": 2432232315}"[..], b"", b"{\"test\":2432232314}", b" {\"test\": 2432232314}"] {
        assert_eq!(verify(&keys, &signed(), body, at(SENT)), Err(Unverified::Signature));
    }
    assert_eq!(check(SECRET, &with("webhook-id", "msg_2"), at(SENT)), Err(Unverified::Signature));
    for timestamp in ["+1614265330", "1614265330 ", "01614265330", "1614265330.0", "99999999999999999999"] {
        assert!(check(SECRET, &with("webhook-timestamp", timestamp), at(SENT)).is_err(), "{timestamp:?}");
    }
    for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        let mut doubled = signed();
        doubled.append(HeaderName::from_static(name), HeaderValue::from_static("x"));
        assert_eq!(check(SECRET, &doubled, at(SENT)), Err(Unverified::Unsigned), "{name}");
    }
    for id in ["", "a b", "a\tb", &"x".repeat(ID_BYTES_MAX + 1)] {
        assert_eq!(check(SECRET, &with("webhook-id", id), at(SENT)), Err(Unverified::Unsigned), "{id:?}");
    }
}

#[test]
fn the_organiser_learns_by_how_much_a_clock_is_off() {
    let stale = check(SECRET, &signed(), at(SENT + 1200)).unwrap_err();
    assert_eq!(stale, Unverified::Stale { behind: 1200 });
    assert!(stale.sentence().contains("1200 s behind"));
    let ahead = check(SECRET, &with("webhook-timestamp", "99999999999"), at(SENT)).unwrap_err();
    assert_eq!(ahead, Unverified::Signature, "a time that was not signed tells nothing");
}

#[test]
fn github_signs_the_body_alone_with_the_text_of_the_secret() {
    // GitHub's own published example.
    let (secret, body) = ("It's a Secret to Everybody", b"Hello, World!");
    let fits = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    // Spaces separate secrets here, so the example's own secret is used by its key.
    let spaceless = Keys::read("It'saSecrettoEverybody").unwrap();
    let headers = |signature: &str| {
        headers(&[
            ("x-github-delivery", "72d3162e-cc78-11e3-81ab-4c9367dc0958"),
            ("x-github-event", "issues"),
            ("x-hub-signature-256", signature),
        ])
    };
    assert_eq!(verify(&spaceless, &headers(fits), body, at(0)), Err(Unverified::Signature));
    assert_eq!(super::secret::Keys::of_text(secret).text_codes(&[body])[0].to_vec(), unhex(&fits[7..]));
    let code = spaceless.text_codes(&[body])[0];
    let hex: String = code.iter().map(|byte| format!("{byte:02X}")).collect();
    let verified = verify(&spaceless, &headers(&format!("sha256={hex}")), body, at(0)).unwrap();
    assert_eq!(verified.style, Style::GitHub { event: "issues".into() });
    for bad in ["", "sha256=", "sha256=7", &format!("sha1={hex}"), &hex, &format!("sha256={}", &hex[..62])] {
        assert!(verify(&spaceless, &headers(bad), body, at(0)).is_err(), "{bad}");
    }
    let mut both = headers(&format!("sha256={hex}"));
    both.insert("webhook-signature", HeaderValue::from_static("v1,AAAA"));
    assert!(verify(&spaceless, &both, body, at(0)).is_err(), "the stronger way of signing counts");
}

#[test]
fn a_payload_that_comes_under_another_events_name_does_nothing() {
    let payload = |extra: &str| {
        format!(
            r#"{{"action":"deleted","repository":{{"private":false}},"issue":{{"id":1}},"discussion":{{"id":2}}{extra}}}"#
        )
    };
    let read =
        |event: &str, extra: &str| super::github::read("repo", event, payload(extra).as_bytes()).unwrap();
    for event in ["issues", "discussion"] {
        assert!(matches!(&read(event, "")[..], [Upstream::Delete { .. }]), "{event}");
        let replayed = read(event, r#","comment":{"id":3}"#);
        assert!(
            matches!(&replayed[..], [Upstream::Ignored { kind: "github_no_content" }]),
            "{event}: {replayed:?}"
        );
    }
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

#[test]
fn a_delivery_is_remembered_under_a_key_that_no_order_can_have() {
    let by = |id: &str, style: Style| Verified { id: id.to_owned(), style };
    let github = || Style::GitHub { event: "issues".into() };
    let keys = [
        key("a", &by("1", Style::Standard)),
        key("b", &by("1", Style::Standard)),
        key("a", &by("2", Style::Standard)),
        key("a", &by("1", github())),
    ];
    let distinct: std::collections::BTreeSet<_> = keys.iter().collect();
    assert_eq!(distinct.len(), keys.len());
    assert!(keys.iter().all(|key| key.len() > crate::intake::KEY_BYTES_MAX));
    assert_eq!(
        keys[3],
        key("a", &by("1", Style::GitHub { event: "push".into() })),
        "the event is not signed"
    );
}

fn drafts(body: &str) -> Vec<Draft> {
    let posts = read("blog", "msg_1", body.as_bytes()).unwrap().into_iter().map(|message| match message {
        Upstream::Post(draft) => *draft,
        other => panic!("{other:?}"),
    });
    posts.collect()
}

#[test]
fn everything_that_the_format_has_arrives() {
    let body = r#"{"type":"post.created","timestamp":"2026-06-01T09:30:00Z","data":{"id":42,"html":"<p>Doors <b>open</b></p>",
        "title":"Good morning","url":"https://blog.example/42","time":"2026-06-01T09:29:58.5Z","edited":"2026-06-01T09:29:59Z","lang":"en",
        "author":{"name":"Ada","handle":"ada","url":"https://blog.example/ada","avatar":"https://blog.example/a.png"},
        "media":[{"url":"https://blog.example/d.jpg","alt":"An open door","kind":"photo","width":1600,"height":"1067","licence":"CC BY 4.0"},
        {"alt":"no address"},{"url":"https://blog.example/v.jpg","kind":"video"}],"warning":"crowds","reply_to":"41","tags":["rustfest",7]}}"#;
    let draft = drafts(body).remove(0);
    assert_eq!(draft.uid.0, "hook:blog/42");
    assert_eq!(draft.words, Words::Html("<p>Doors <b>open</b></p>".into()));
    assert_eq!(draft.network_time, Micros::parse_rfc3339("2026-06-01T09:29:58.5Z").ok());
    assert_eq!(draft.revision, Revision::EditedAt(Micros::parse_rfc3339("2026-06-01T09:29:59Z").unwrap()));
    assert_eq!((draft.author.id.as_str(), draft.author.handle.as_str()), ("blog/ada", "ada"));
    assert_eq!(draft.reply_to.as_deref(), Some("hook:blog/41"));
    assert_eq!((draft.cover.as_deref(), draft.tags), (Some("crowds"), vec!["rustfest".to_owned()]));
    let kinds: Vec<MediaKind> = draft.media.iter().map(|m| m.kind).collect();
    assert_eq!(kinds, [MediaKind::Photo, MediaKind::Video]);
    assert_eq!((draft.media[0].width, draft.media[0].height), (Some(1600), Some(1067)));
    assert_eq!(draft.media[0].licence.as_deref(), Some("CC BY 4.0"));
}

#[test]
fn an_item_without_an_id_goes_by_its_deliverys() {
    let one = r#"{"type":"post.created","data":{"text":"x"}}"#;
    assert_eq!(drafts(one)[0].uid.0, "hook:blog/msg_1");
    assert_eq!(drafts(one)[0].author.name, "blog");
    let two = r#"{"type":"post.created","data":{"items":[{"text":"x"},{"text":"y","id":"own"},{"text":"z","id":""}]}}"#;
    let uids: Vec<String> = drafts(two).into_iter().map(|draft| draft.uid.0).collect();
    assert_eq!(uids, ["hook:blog/msg_1/0", "hook:blog/own", "hook:blog/msg_1/2"]);
}

#[test]
fn an_update_without_a_time_of_its_own_takes_the_events() {
    let at = Micros::parse_rfc3339("2026-06-01T09:30:00Z").unwrap();
    let stamped =
        r#"{"type":"post.updated","timestamp":"2026-06-01T09:30:00Z","data":{"id":"1","text":"x"}}"#;
    let draft = drafts(stamped).remove(0);
    assert_eq!((draft.revision, draft.network_time), (Revision::EditedAt(at), None));
    let bare = r#"{"type":"post.updated","data":{"id":"1","text":"x"}}"#;
    assert_eq!(drafts(bare)[0].revision, Revision::Newer);
}

#[test]
fn a_reply_may_answer_a_post_of_another_network() {
    let to = |to: &str| {
        let body = format!(r#"{{"type":"post.created","data":{{"text":"x","reply_to":"{to}"}}}}"#);
        drafts(&body).remove(0).reply_to.unwrap()
    };
    assert_eq!(to("mastodon:https://s.example/1"), "mastodon:https://s.example/1");
    assert_eq!(to("hook:other/1"), "hook:other/1");
    assert_eq!(to("urn:1"), "hook:blog/urn:1");
}

#[test]
fn a_delete_needs_an_id_and_nothing_else() {
    let said = |data: &str| {
        let body = format!(r#"{{"type":"post.deleted","data":{data}}}"#);
        read("blog", "msg_1", body.as_bytes()).unwrap().remove(0)
    };
    assert!(matches!(said(r#"{"id":"42"}"#), Upstream::Delete { name, .. } if name == "hook:blog/42"));
    assert!(matches!(said("{}"), Upstream::Malformed { reason: "no_id", .. }));
}

#[test]
fn what_cannot_be_a_delivery_is_told_what_would_be_and_repeats_nothing() {
    let items =
        |n: usize| format!(r#"{{"type":"post.created","data":{{"items":[{}]}}}}"#, vec!["{}"; n].join(","));
    for (body, want) in [
        ("", "not JSON (line 1"),
        ("{\"canary\"", "not JSON"),
        ("[\"canary\"]", "not the object"),
        ("\"canary\"", "not the object"),
        ("{}", "\"type\" is missing"),
        (r#"{"type":"post.created"}"#, "no object"),
        (r#"{"type":"post.created","data":"canary"}"#, "no object"),
        (r#"{"type":"post.created","data":{"items":"canary"}}"#, "no list"),
        (r#"{"type":"post.created","data":{"items":[{},"canary"]}}"#, "item 2"),
        (&items(0), "1 to 50"),
        (&items(ITEMS_MAX + 1), "not 51"),
    ] {
        let Err(Shape(why)) = read("blog", "msg_1", body.as_bytes()) else { panic!("{body}") };
        assert!(why.contains(want) && !why.contains("canary"), "{body:.60}: {why}");
    }
    assert_eq!(drafts(&items(ITEMS_MAX)).len(), ITEMS_MAX);
    for (kind, want) in
        [("ping", "ping"), ("user.created", "unknown_type"), ("post.archived", "unknown_type")]
    {
        let body = format!(r#"{{"type":"{kind}","data":null}}"#);
        let said = read("blog", "msg_1", body.as_bytes()).unwrap();
        assert!(matches!(said[..], [Upstream::Ignored { kind }] if kind == want), "{kind}: {said:?}");
    }
}

#[test]
fn a_signature_is_decoded_by_the_usual_base64() {
    assert_eq!(super::secret::decode(&STANDARD.encode([7; 32])), Some(vec![7; 32]));
}
