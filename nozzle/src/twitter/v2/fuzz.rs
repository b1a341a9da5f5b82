//! v2 documents as no server should send them: each is read or refused, and what is read passes admit within its bounds.

use testkit::fuzz::{config, near, proptest};

use super::document::{Document, Said, read};
use crate::admit::fuzz::hold_message;

const DOCUMENTS: [&str; 4] = [
    r##"{"data":{"id":"1576994789110992896","text":"cut #no…","author_id":"7","created_at":"2022-10-03T18:00:00.000Z","lang":"en",
    "conversation_id":"1","attachments":{"media_keys":["3_1"]},"public_metrics":{"retweet_count":1,"like_count":-1,"reply_count":2},
    "entities":{"hashtags":[{"start":4,"end":7,"tag":"no"}],"urls":[{"start":0,"end":3,"url":"https://t.co/x","expanded_url":"https://w.example/"}]},
    "note_tweet":{"text":"the &lt;whole&gt; #text","entities":{"hashtags":[{"start":18,"end":23,"tag":"text"}],"mentions":[{"start":0,"end":3,
    "username":"the"}]}},"referenced_tweets":[{"type":"replied_to","id":"5"},{"type":"quoted","id":"6"}],
    "edit_history_tweet_ids":["1576994746135764992","1576994789110992896"]},"includes":{"users":[{"id":"7","name":"A","username":"a",
    "profile_image_url":"https://p.example/a_normal.jpg"}],"media":[{"media_key":"3_1","type":"photo","url":"https://p.example/1.jpg","width":9,
    "height":9,"alt_text":"one"}]},"matching_rules":[{"id":"12","tag":"t"}]}"##,
    r#"{"data":[{"id":"3","text":"RT @a: cut…","referenced_tweets":[{"type":"retweeted","id":"2"}]}],
    "includes":{"tweets":[{"id":"2","text":"whole","edit_history_tweet_ids":["1","2"]}]},"meta":{"next_token":"b26v89c19zqg8o3f"}}"#,
    r#"{"errors":[{"title":"operational-disconnect","disconnect_type":"UpstreamOperationalDisconnect","detail":"bye"}]}"#,
    r#"{"title":"ConnectionException","connection_issue":"TooManyConnections","detail":"x"}"#,
];

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_document_is_read_or_refused(bytes in near(&DOCUMENTS)) {
        match read(&bytes, |_| true) {
            Said::Posts(posts) => posts.into_iter().for_each(|(message, _)| hold_message(message)),
            Said::Other(message) => hold_message(message),
            Said::End(_) => {}
        }
        if let Ok(document) = serde_json::from_slice::<Document<'_>>(&bytes) {
            document.posts().into_iter().for_each(|(message, _)| hold_message(message));
            let _counted = document.tweets().len();
        }
    }
}
