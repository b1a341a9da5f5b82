//! Those who come to us: a partner who pushes posts and tries again until it is answered, and guests who write on the page.
//! What they were told was taken, they write down for the judge.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use ::networks::hook::{Fault, Sender, body};
use ::networks::{Happening, Post};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::world::{SECRET, now};
use crate::product::EVENT;

/// How long somebody keeps trying.
const PATIENCE: Duration = Duration::from_secs(60);
const RETRY: Duration = Duration::from_millis(250);
const TRIES_MAX: usize = 240;
const PACE: Duration = Duration::from_millis(150);

/// What was taken, in the form of the fake networks' journals.
pub(super) struct Journal {
    path: PathBuf,
    file: Mutex<std::fs::File>,
}

impl Journal {
    pub(super) fn new(path: &Path) -> Self {
        let file = std::fs::File::create(path).expect("the temporary directory takes a file");
        Self { path: path.to_owned(), file: Mutex::new(file) }
    }

    pub(super) fn path(&self) -> PathBuf {
        self.path.clone()
    }

    fn exists(&self, uid: &str) {
        let line = format!("{}\n", json!({"kind": "exists", "uid": uid}));
        let mut file = self.file.lock().expect("nobody panics while writing");
        file.write_all(line.as_bytes()).expect("the journal takes a line");
    }
}

/// A sender to the event's partner source, which tries again soon.
pub(super) fn sender(hooks: &str) -> Sender {
    let address = format!("{hooks}/hooks/{EVENT}/partner");
    Sender::new(&address, SECRET).expect("an address").retries([RETRY; TRIES_MAX])
}

/// Pushes so many posts, the first try of most of them spoiled in another way, some of them twice.
pub(super) async fn partner(hooks: &str, count: usize, journal: &Journal) {
    for n in 0..count {
        let id = format!("p-{n}");
        let post = Post::new(&id, now(), "partner", &format!("Pushed {n}: doors & floors"));
        let body = body(&Happening::Post(post), now()).expect("a post has a body");
        let delivery = format!("msg_{n}");
        let sender = sender(hooks).faults(fault(n));
        let delivered = sender.deliver(&delivery, &body).await;
        assert!(delivered.is_taken(), "delivery {n}: {delivered:?}");
        journal.exists(&format!("hook:partner/{id}"));
        if n % 3 == 0 {
            let again = sender.deliver(&delivery, &body).await;
            assert!(again.is_taken(), "an honest retry is answered as well: {again:?}");
        }
        tokio::time::sleep(PACE).await;
    }
}

fn fault(n: usize) -> Vec<Fault> {
    match n % 8 {
        1 => vec![Fault::HalfBody],
        2 => vec![Fault::Deaf { wait: Duration::from_millis(50) }],
        3 => vec![Fault::BadSignature],
        4 => vec![Fault::Chunked],
        5 => vec![Fault::Clock { seconds: -3600 }],
        6 => vec![Fault::Huge { bytes: 1024 * 1024 }],
        7 => vec![Fault::Unsigned, Fault::SlowBody { every: Duration::from_millis(1) }],
        _ => Vec::new(),
    }
}

/// So many people write one post each, all under keys of their own, every third one twice.
pub(super) async fn guests(site: &str, count: usize, journal: &Journal) {
    for n in 0..count {
        let key = format!("00000000-0000-4000-8000-{n:012}");
        let said = write(site, &key, &format!("Guest {n} was here")).await;
        if n % 3 == 0 {
            let again = write(site, &key, &format!("Guest {n} was here")).await;
            assert_eq!(again.0, said.0, "the same draft is the same post");
        }
        journal.exists(&format!("onsite:say-{key}"));
        tokio::time::sleep(PACE).await;
    }
}

/// Writes on the page as its script does, until it is taken; the post's id and the writer's cookie.
pub(super) async fn write(site: &str, key: &str, words: &str) -> (String, Option<String>) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let form = [("key", key), ("name", "Guest"), ("text", words)];
        let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = crate::web::client()
            .post(format!("{site}/{EVENT}/posts"))
            .header("accept", "application/json")
            .header("origin", site)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form);
        let mut wait = RETRY;
        let mut told = String::new();
        if let Ok(answer) = request.send().await {
            let status = answer.status();
            let header = |name: &str| answer.headers().get(name)?.to_str().ok().map(str::to_owned);
            let cookie = header("set-cookie").and_then(|line| Some(line.split(';').next()?.to_owned()));
            wait = header("retry-after").and_then(|s| s.parse().ok()).map_or(wait, Duration::from_secs);
            told = format!("{status} {}", answer.text().await.unwrap_or_default());
            if matches!(status, StatusCode::OK | StatusCode::CREATED) {
                let body: Value = serde_json::from_str(&told[status.to_string().len()..]).expect("JSON");
                return (body["id"].as_str().expect("a post has an id").to_owned(), cookie);
            }
        }
        assert!(Instant::now() < deadline, "nothing can be written: {told}");
        tokio::time::sleep(wait).await;
    }
}
