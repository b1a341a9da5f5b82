//! Frames as no host should send them: each is passed by, read or refused; what is passed by held nothing of ours, and what
//! is read passes admit within its bounds.

use testkit::fuzz::{config, near, proptest};

use super::event::{self, Told};
use super::frame::{Kind, Scanner};
use super::tags::Tags;
use crate::admit::fuzz::hold_message;
use crate::source::Upstream;

const FRAMES: [&str; 4] = [
    r##"{"did":"did:plc:yj3sjq3blzpynh27cumnp5ks","time_us":1783175888384849,"kind":"commit","commit":{"rev":"3lbh","operation":"create",
    "collection":"app.bsky.feed.post","rkey":"3lbhty","record":{"$type":"app.bsky.feed.post","createdAt":"2026-07-04T14:38:06.071Z",
    "embed":{"$type":"app.bsky.embed.recordWithMedia","media":{"$type":"app.bsky.embed.images","images":[{"alt":"one \u0026 only",
    "aspectRatio":{"height":3011,"width":4000},"image":{"$type":"blob","ref":{"$link":"bafkrei"},"mimeType":"image/jpeg","size":7}}]},
    "record":{"$type":"app.bsky.embed.record","record":{"cid":"b","uri":"at://did:plc:u/app.bsky.feed.post/3k4"}}},
    "facets":[{"features":[{"$type":"app.bsky.richtext.facet#tag","tag":"rustfest"}],"index":{"byteEnd":19,"byteStart":10}},
    {"features":[{"$type":"app.bsky.richtext.facet#link","uri":"https://a.example/x"}],"index":{"byteEnd":33,"byteStart":22}}],
    "langs":["de","en"],"labels":{"$type":"com.atproto.label.defs#selfLabels","values":[{"val":"nudity"}]},"tags":["Köln"],
    "reply":{"parent":{"cid":"b","uri":"at://did:plc:6/app.bsky.feed.post/3lbh"},"root":{"cid":"b","uri":"at://did:plc:6/app.bsky.feed.post/3lbh"}},
    "text":"Grüße ☠ #RustFest, www.a.example/... 日本"},"cid":"bafy"}}"##,
    r#"{"did":"did:plc:4s","time_us":1783175888377628,"kind":"commit","commit":{"rev":"3m","operation":"delete","collection":"app.bsky.feed.post","rkey":"3mpt"}}"#,
    r#"{"did":"did:plc:hq","time_us":1783175888390226,"kind":"account","account":{"active":false,"status":"takendown","did":"did:plc:hq","seq":1}}"#,
    r##"{"did":"did:web:a.example","time_us":1783175888390227,"kind":"commit","commit":{"operation":"update","collection":"app.bsky.feed.post","rkey":"self","record":{"text":"#rustfest","embed":{"$type":"app.bsky.embed.video","video":{"cid":"bafk"}}}}}"##,
];

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_frame_is_passed_by_read_or_refused(bytes in near(&FRAMES)) {
        let tags = Tags::new(&["rustfest".to_owned()]);
        // Broken UTF-8 never comes this far: the WebSocket refuses it.
        let text = String::from_utf8_lossy(&bytes);
        let look = Scanner::new(&tags).look(&text);
        let (time, told) = event::read(&text, &tags);
        match look.kind {
            Kind::Unmatched => assert!(!matches!(told, Told::Post(_)), "passed by: {text}"),
            Kind::Delete { .. } | Kind::Whole => {}
        }
        // Which of two times holds, a host that names two does not know either.
        let is_told_once = text.matches("time_us").count() == 1;
        if let (Some(seen), Some(read), true) = (look.time, time, is_told_once) {
            assert_eq!(seen, read, "{text}");
        }
        if let Told::Post(draft) = told {
            hold_message(Upstream::Post(draft));
        }
        if let (_, Told::Post(draft)) = event::read(&text, &Tags::everything()) {
            hold_message(Upstream::Post(draft));
        }
    }
}
