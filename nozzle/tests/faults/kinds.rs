//! What each network's server answers when it is well, and how it writes a post into its stream.

use std::sync::{Arc, Mutex};

use model::Micros;
use networks::raw::{Asked, Step, answer, endless, json};
use networks::snowflake_at;
use serde_json::{Value, json};

use crate::rig::now;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wire {
    Mastodon,
    X,
}

/// A network with the posts that its look-ups know, by their numbers.
#[derive(Clone)]
pub(crate) struct Kind {
    wire: Wire,
    began: i64,
    posts: Arc<Mutex<Vec<(i64, Value)>>>,
}

impl Kind {
    fn new(wire: Wire) -> Self {
        // A little earlier than now, so that no post is from the future.
        Self { wire, began: now() - 120 * Micros::SECOND, posts: Arc::default() }
    }

    pub(crate) fn mastodon() -> Self {
        Self::new(Wire::Mastodon)
    }

    pub(crate) fn x() -> Self {
        Self::new(Wire::X)
    }

    /// All that have a standing stream of text.
    pub(crate) fn streams() -> [Self; 2] {
        [Self::mastodon(), Self::x()]
    }

    pub(crate) fn name(&self) -> &'static str {
        match self.wire {
            Wire::Mastodon => "mastodon",
            Wire::X => "x",
        }
    }

    pub(crate) fn settings(&self) -> &'static str {
        match self.wire {
            Wire::Mastodon => "kind = \"mastodon\"\ntoken_env = \"THE_TOKEN\"\n",
            Wire::X => "kind = \"twitter\"\ntoken_env = \"THE_TOKEN\"\n",
        }
    }

    fn created(&self, n: i64) -> i64 {
        self.began + n * Micros::SECOND
    }

    pub(crate) fn id(&self, n: i64) -> String {
        snowflake_at(self.created(n), 0)
    }

    pub(crate) fn uid(&self, n: i64) -> String {
        match self.wire {
            Wire::Mastodon => format!("mastodon:https://a.example/{}", self.id(n)),
            Wire::X => format!("x:{}", self.id(n)),
        }
    }

    /// A post as this network writes it.
    pub(crate) fn document(&self, n: i64, words: &str) -> Value {
        let (id, time) = (self.id(n), Micros(self.created(n)).timestamp().to_string());
        match self.wire {
            Wire::Mastodon => json!({
                "id": id, "uri": format!("https://a.example/{id}"), "created_at": time, "visibility": "public",
                "content": format!("<p>{words} #rustfest</p>"), "account": {"acct": "a", "url": "https://a.example/@a"},
            }),
            Wire::X => json!({
                "id": id, "text": format!("{words} #rustfest"), "created_at": time, "author_id": "7",
                "edit_history_tweet_ids": [id],
            }),
        }
    }

    /// Lets a post be there for look-ups.
    pub(crate) fn post(&self, n: i64) {
        let document = self.document(n, &format!("post {n}"));
        self.posts.lock().unwrap().push((n, document));
    }

    pub(crate) fn is_stream(&self, asked: &Asked) -> bool {
        match self.wire {
            Wire::Mastodon => asked.path == "/api/v1/streaming/hashtag",
            Wire::X => asked.path == "/2/tweets/search/stream",
        }
    }

    /// What the stream begins with.
    pub(crate) fn head(&self) -> Step {
        match self.wire {
            Wire::Mastodon => endless("text/event-stream"),
            Wire::X => endless("application/json"),
        }
    }

    /// A sign of life.
    pub(crate) fn beat(&self) -> Step {
        Step::Say(match self.wire {
            Wire::Mastodon => b":thump\n".to_vec(),
            Wire::X => b"\r\n".to_vec(),
        })
    }

    /// Any bytes as the payload of one message.
    pub(crate) fn message(&self, payload: &[u8]) -> Step {
        Step::Say(match self.wire {
            Wire::Mastodon => [b"event: update\ndata: ", payload, b"\n\n"].concat(),
            Wire::X => [payload, b"\r\n"].concat(),
        })
    }

    pub(crate) fn told(&self, document: &Value) -> Vec<u8> {
        match self.wire {
            Wire::Mastodon => document.to_string().into_bytes(),
            Wire::X => json!({"data": document, "matching_rules": []}).to_string().into_bytes(),
        }
    }

    /// A post on the stream.
    pub(crate) fn line(&self, n: i64) -> Step {
        self.message(&self.told(&self.document(n, &format!("post {n}"))))
    }

    /// A stream that is well: these posts, then a heartbeat every 10 s for an hour.
    pub(crate) fn well(&self, posts: &[i64]) -> Vec<Step> {
        let mut steps = vec![self.head(), self.beat()];
        steps.extend(posts.iter().map(|n| self.line(*n)));
        for _ in 0..360 {
            steps.extend([self.beat(), Step::Wait(std::time::Duration::from_secs(10))]);
        }
        steps
    }

    /// Answers everything but the stream.
    pub(crate) fn answer(&self, asked: &Asked) -> Vec<Step> {
        let id = |name: &str| asked.query(name).and_then(|id| id.parse::<u128>().ok());
        let (above, below) = match self.wire {
            Wire::Mastodon => (id("min_id"), id("max_id")),
            Wire::X => (id("since_id"), id("until_id")),
        };
        let is_wanted = |document: &Value| {
            let id: u128 = document["id"].as_str().and_then(|id| id.parse().ok()).unwrap_or(0);
            above.is_none_or(|above| id > above) && below.is_none_or(|below| id < below)
        };
        let mut posts = self.posts.lock().unwrap().clone();
        posts.sort_by_key(|(n, _)| -n);
        let posts = posts.into_iter().map(|(_, document)| document);
        match (self.wire, asked.path.as_str()) {
            (Wire::Mastodon, "/api/v1/timelines/tag/rustfest") => {
                json(200, Value::Array(posts.filter(is_wanted).collect()).to_string())
            }
            (Wire::Mastodon, path) => {
                let id = path.strip_prefix("/api/v1/statuses/").unwrap_or_default();
                match posts.into_iter().find(|post| post["id"] == id) {
                    Some(post) => json(200, post.to_string()),
                    None => answer(404, &[], "{}"),
                }
            }
            (Wire::X, "/2/tweets/search/stream/rules") if asked.method == "POST" => json(
                201,
                r##"{"data":[{"id":"1","value":"#rustfest","tag":"perihelion:ill"}],"meta":{"summary":{"created":1}}}"##,
            ),
            (Wire::X, "/2/tweets/search/stream/rules") => json(200, r#"{"meta":{"result_count":0}}"#),
            (Wire::X, "/2/tweets/search/recent") => {
                let found: Vec<Value> = posts.filter(is_wanted).collect();
                json(200, json!({"meta": {"result_count": found.len()}, "data": found}).to_string())
            }
            (Wire::X, _) => {
                let ids = asked.query("ids").unwrap_or_default().replace("%2C", ",");
                let found: Vec<Value> =
                    posts.filter(|post| ids.split(',').any(|id| post["id"] == id)).collect();
                json(200, json!({"data": found}).to_string())
            }
        }
    }
}
