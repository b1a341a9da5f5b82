//! Statuses as no server should send them: each is read or refused, and what is read passes admit within its bounds.

use testkit::fuzz::{config, near, proptest};

use super::status;
use crate::admit::fuzz::hold_message;

const STATUSES: [&str; 2] = [
    r##"{"id":"114","uri":"https://s.example/users/a/statuses/114","url":"https://s.example/@a/114","created_at":"2026-06-01T09:30:00.000Z",
    "edited_at":"2026-06-01T09:31:00.000Z","in_reply_to_id":"113","sensitive":true,"spoiler_text":"&lt;b&gt; warned","visibility":"public",
    "language":"en","content":"<p>Hello <a href=\"https://s.example/tags/x\" class=\"mention hashtag\" rel=\"tag\">#<span>x</span></a></p>",
    "replies_count":1,"reblogs_count":"2","favourites_count":-1,"account":{"id":"7","uri":"https://s.example/users/a","acct":"a",
    "url":"https://s.example/@a","display_name":"A","avatar_static":"https://s.example/a.png","noindex":false},"media_attachments":[
    {"type":"image","url":"https://s.example/1.png","description":"one","meta":{"original":{"width":1600,"height":1067}}},
    {"type":"gifv","url":null,"preview_url":"https://s.example/2.png"},{"type":"audio","url":"https://s.example/3.mp3"}],
    "card":{"url":"https://w.example/","title":"W","description":"about"},"quote":{"quoted_status_id":"9","uri":"https://s.example/9"}}"##,
    r#"{"id":1,"uri":"https://s.example/2","visibility":null,"reblog":{"id":"3","uri":"https://s.example/3","content":"of another",
    "account":{"username":"b"},"quote":{"quoted_status":{"uri":"https://s.example/4"}}}}"#,
];

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_status_is_read_or_refused(bytes in near(&STATUSES)) {
        match status::read(&bytes) {
            Ok(status) => hold_message(status.upstream("s.example")),
            Err(message) => hold_message(message),
        }
    }
}
