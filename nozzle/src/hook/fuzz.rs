//! Bodies and headers as nobody should send them: what is read keeps its bounds, and what was changed is never verified.

use ::http::{HeaderMap, HeaderValue};
use model::Micros;
use testkit::fuzz::{config, near, near_text, proptest};

use super::secret::Keys;
use super::verify::verify;
use super::{body, github};
use crate::admit::fuzz::hold_message;

const BODIES: [&str; 3] = [
    r#"{"type":"post.created","timestamp":"2026-06-01T09:30:00Z","data":{"id":"42","html":"<p>Doors <a href=\"https://a.example\">open</a></p>",
    "title":"Good","url":"https://blog.example/42","time":"2026-06-01T09:29:58Z","lang":"en","author":{"name":"Ada","handle":"ada"},
    "media":[{"url":"https://blog.example/d.jpg","alt":"door","kind":"gif","width":1600,"height":1067,"licence":"CC"}],"warning":"w",
    "reply_to":"41","tags":["x"]}}"#,
    r#"{"type":"post.updated","data":{"items":[{"id":"1","text":"a"},{"text":"b","edited":"2026-06-01T09:29:58Z"}]}}"#,
    r#"{"type":"post.deleted","data":{"items":[{"id":"1"},{"id":2}]}}"#,
];
const PAYLOADS: [&str; 2] = [
    r#"{"action":"edited","repository":{"private":false,"visibility":"public"},"discussion":{"id":4,"html_url":"https://g.example/4",
    "title":"T","body":"words <!-- no --> https://a.example","user":{"login":"a","id":1},"created_at":"2021-03-30T20:09:52Z",
    "updated_at":"2021-03-30T20:26:24Z"},"comment":{"id":5,"parent_id":null,"body":"c"}}"#,
    r#"{"action":"published","repository":{"private":false},"release":{"id":1,"name":"","tag_name":"0.1","body":null,"draft":false,
    "published_at":"2019-05-15T15:20:53Z","author":{"login":"b"}}}"#,
];
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const HEADERS: [&str; 3] =
    ["msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="];
const SIGNED: &str = r#"{"test": 2432232314}"#;
const NAMES: [&str; 3] = ["webhook-id", "webhook-timestamp", "webhook-signature"];

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_body_is_read_or_refused(bytes in near(&BODIES)) {
        let messages = body::read("blog", "msg_1", &bytes).unwrap_or_default();
        assert!(messages.len() <= body::ITEMS_MAX);
        messages.into_iter().for_each(hold_message);
    }

    #[test]
    fn a_github_payload_is_read_or_refused(bytes in near(&PAYLOADS)) {
        for event in ["discussion", "discussion_comment", "issue_comment", "release"] {
            github::read("meet", event, &bytes).unwrap_or_default().into_iter().for_each(hold_message);
        }
    }

    #[test]
    fn what_was_changed_is_never_verified(
        id in near_text(&HEADERS[..1]), at in near_text(&HEADERS[1..2]), signature in near_text(&HEADERS[2..]), bytes in near(&[SIGNED])
    ) {
        let values = [id.as_str(), at.as_str(), signature.as_str()];
        let mut headers = HeaderMap::new();
        for (name, value) in NAMES.into_iter().zip(values) {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        }
        let keys = Keys::read(SECRET).expect("a secret");
        let verified = verify(&keys, &headers, &bytes, Micros(1_614_265_330 * Micros::SECOND));
        // A list of signatures may hold others beside the right one, which may lack its padding.
        let is_right = |one: &str| one.trim_end_matches('=') == HEADERS[2].trim_end_matches('=');
        let is_signed = id == HEADERS[0] && at == HEADERS[1] && *bytes == *SIGNED.as_bytes();
        assert!(verified.is_err() || is_signed && signature.split(' ').any(is_right), "{values:?}");
        assert!(verified.is_ok() || !is_signed || signature != HEADERS[2], "{values:?}");
    }
}
