//! v1.1 messages as no server should send them: each is read or refused, and what is read passes admit within its bounds.

use testkit::fuzz::{config, near, proptest};

use super::control::{Limits, Told, read};
use crate::admit::fuzz::hold_message;

const MESSAGES: [&str; 5] = [
    r##"{"id":29700859247,"id_str":"29700859247","created_at":"Tue Mar 21 20:50:14 +0000 2006","text":"cut…","truncated":true,"lang":"und",
    "user":{"id_str":"12","screen_name":"jack","name":"jack","profile_image_url_https":"https://p.example/a_normal.jpg"},"retweet_count":3,
    "extended_tweet":{"full_text":"@a the whole #text &amp; more https://t.co/x","display_text_range":[3,30],"entities":{
    "hashtags":[{"text":"text","indices":[13,18]}],"user_mentions":[{"screen_name":"a","indices":[0,2]}],"urls":[{"url":"https://t.co/x",
    "expanded_url":"https://w.example/","display_url":"w.example","indices":[30,44]}]}},"possibly_sensitive":true,
    "extended_entities":{"media":[{"type":"photo","media_url_https":"https://p.example/1.jpg","indices":[30,44],"sizes":{"large":{"w":9,"h":9}}}]}}"##,
    r#"{"id_str":"99","text":"RT @b: x","retweeted_status":{"id_str":"98","full_text":"x","edit_history":{"edit_tweet_ids":["97","98"]}}}"#,
    r#"{"delete":{"status":{"id":1234,"id_str":"1234","user_id":3,"user_id_str":"3"},"timestamp_ms":"1400000000000"}}"#,
    r#"{"limit":{"track":1234,"timestamp_ms":"1400000000000"}}"#,
    r#"{"disconnect":{"code":4,"stream_name":"s","reason":"stall"}}"#,
];

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_message_is_read_or_refused(one in near(&MESSAGES), other in near(&MESSAGES)) {
        let mut limits = Limits::default();
        for bytes in [one, other] {
            if let Told::Message(message, _) = read(&bytes, &mut limits) {
                hold_message(message);
            }
        }
    }
}
