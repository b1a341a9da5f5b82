//! Every address of the product, read as browsers, feed readers, programs and caches read it: plain and packed, anew and with the ETag of
//! what was read before, with and without the token; and the streams.

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::header::{ACCEPT_ENCODING, ETAG, IF_NONE_MATCH};
use serde_json::{Value, json};

use super::plant::Planted;
use super::{HIDDEN, PLANTED, SOON, wait};
use crate::product::{EVENT, Product};
use crate::witness::Watchers;

/// The route tables whose addresses are asked for.
const TABLES: [&str; 2] = ["src/site/routes.rs", "halley/src/routes.rs"];
const CODINGS: [&str; 3] = ["identity", "gzip", "br"];
/// Addresses with parameters, which no table lists.
const ASKED: [&str; 12] = [
    "/{event}?network=mastodon",
    "/{event}/search?q=filler",
    "/{event}/search?q=says",
    "/{event}/search?q=text&has=photo",
    "/{event}/search/feed.atom?q=says",
    "/{event}/catch-up?after=0",
    "/{event}/items?after=0",
    "/{event}/wall?room=hall",
    "/api/v1/events/{event}/items?after=0",
    "/api/v1/events/{event}/search?q=says",
    "/oembed?url={site}/{event}/posts/{id}",
    "/oembed?url={site}/{event}",
];

/// See the module.
pub(super) struct Walk<'a> {
    product: &'a Product,
    token: String,
    hidden: String,
    paths: Vec<String>,
    /// The ETag of what each address answered, by coding, while it held the words.
    tags: BTreeMap<(String, &'static str), String>,
}

impl<'a> Walk<'a> {
    pub(super) async fn new(product: &'a Product, planted: &Planted) -> Self {
        let token = std::fs::read_to_string(product.place.path().join("data/intake-token"))
            .expect("the token was made");
        let ids: Vec<&str> = planted.gone().iter().map(String::as_str).chain([planted.hidden()]).collect();
        let mut paths: Vec<String> = TABLES.iter().flat_map(|table| crate::doors::routes(table)).collect();
        paths.extend(ASKED.map(str::to_owned));
        // Streams have no end, and are watched apart.
        paths.retain(|path| !path.ends_with("/ws") && !path.ends_with("/sse") && !path.ends_with("/poll"));
        let mut filled: Vec<String> =
            paths.iter().flat_map(|path| all_of(path, &product.site, &ids)).collect();
        filled.sort();
        filled.dedup();
        let hidden = planted.hidden().to_owned();
        Self { product, token: token.trim().to_owned(), hidden, paths: filled, tags: BTreeMap::new() }
    }

    fn url(&self, path: &str) -> String {
        let base = if path.starts_with("/live/") { &self.product.halley } else { &self.product.site };
        format!("{base}{path}")
    }

    async fn get(
        &self,
        path: &str,
        coding: &'static str,
        tag: Option<&String>,
    ) -> (u16, String, Option<String>) {
        let request =
            crate::web::client().get(self.url(path)).bearer_auth(&self.token).header(ACCEPT_ENCODING, coding);
        let request = match tag {
            Some(tag) => request.header(IF_NONE_MATCH, tag),
            None => request,
        };
        let answer = request.send().await.unwrap_or_else(|error| panic!("{path}: {error}"));
        let tag = answer.headers().get(ETAG).and_then(|tag| tag.to_str().ok()).map(str::to_owned);
        let status = answer.status().as_u16();
        let body = answer.bytes().await.unwrap_or_default();
        (status, String::from_utf8_lossy(&body).into_owned(), tag)
    }

    /// Reads everything once, so that whatever keeps anything has it; tells where the words were.
    pub(super) async fn prime(&mut self) -> Vec<String> {
        let mut held = Vec::new();
        for path in self.paths.clone() {
            for coding in CODINGS {
                let (_, body, tag) = self.get(&path, coding, None).await;
                if body.contains(PLANTED) || body.contains(HIDDEN) {
                    held.push(path.clone());
                    if let Some(tag) = tag {
                        self.tags.insert((path.clone(), coding), tag);
                    }
                }
            }
        }
        assert!(self.tags.len() > 40, "too few answers could be asked for again: {:?}", self.tags.keys());
        held
    }

    /// No address answers with the word, or with "you have it already" to who has it.
    pub(super) async fn finds_nothing(&self, word: &str) {
        for path in &self.paths {
            // Moderators see what is hidden.
            let is_theirs = path.starts_with("/admin") || path.contains("/moderate");
            for coding in CODINGS.iter().copied().filter(|_| word != HIDDEN || !is_theirs) {
                let (status, body, _) = self.get(path, coding, None).await;
                assert!(!body.contains(word), "{path} ({coding}) still says it, with {status}");
                let Some(tag) = self.tags.get(&(path.clone(), coding)) else { continue };
                let (status, body, _) = self.get(path, coding, Some(tag)).await;
                assert!(
                    status != 304 && !body.contains(word),
                    "{path} ({coding}) says {status} to who has it"
                );
            }
        }
        for (stream, text) in self.streams().await {
            assert!(!text.contains(word), "{stream} still says it");
        }
    }

    /// The word is back on every kind of surface.
    pub(super) async fn finds_again(&self, word: &str) {
        let post = format!("/posts/{}", self.hidden);
        let frame = format!("{post}/embed");
        let lists = ["", "/feed.atom", "/feed.json", "/export.ndjson", "/export.csv", "/search?q=says"];
        for path in lists.into_iter().chain([post.as_str(), &frame]) {
            let path = format!("/{EVENT}{path}");
            wait(self.product, &format!("{word} on {path}"), SOON, async || {
                self.get(&path, "gzip", None).await.1.contains(word)
            })
            .await;
        }
        let streams = self.streams().await;
        assert!(streams.iter().all(|(_, text)| text.contains(word)), "a stream lacks what was shown again");
    }

    /// What every transport tells from the first entry on.
    async fn streams(&self) -> Vec<(String, String)> {
        for transport in crate::witness::TRANSPORTS {
            // What an earlier look has left there.
            let _none = std::fs::remove_file(self.product.place.path().join(format!("frames.{transport}")));
        }
        let watchers = Watchers::start(self.product);
        watchers.wait_top(self.head().await["top"].as_u64().expect("a top"), SOON).await;
        let read = |file: std::path::PathBuf| {
            (file.display().to_string(), std::fs::read_to_string(file).unwrap_or_default())
        };
        watchers.files().into_iter().map(read).collect()
    }

    async fn head(&self) -> Value {
        let url = format!("{}/live/{EVENT}/head.json", self.product.halley);
        crate::web::get(url).await.expect("halley answers").json().await.expect("a head is JSON")
    }

    /// A wall says that it has obeyed everything up to now. Whoever is asked may be a little behind, so it is said until it counts.
    pub(super) async fn wall_obeys(&self) {
        let head = self.head().await;
        let top = head["top"].clone();
        let seen = json!({"screen": "a-wall-of-the-test", "room": null, "seq": 0, "shows": "schedule", "posts": [],
            "epoch": head["epoch"], "top": top});
        wait(self.product, "the wall's word", Duration::from_secs(10), async || {
            let url = format!("{}/{EVENT}/wall/seen", self.product.site);
            let request = crate::web::client().post(url).header("origin", &self.product.site);
            let answer = request.json(&seen).send().await.expect("the site answers");
            assert!(answer.status().is_success(), "{}", answer.status());
            let told: Value = answer.json().await.expect("JSON");
            told["top"].as_u64() >= top.as_u64()
        })
        .await;
    }
}

/// A route with something in place of each parameter: each of the posts, where it names a post.
fn all_of(route: &str, site: &str, ids: &[&str]) -> Vec<String> {
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date().to_string();
    let is_live = route.starts_with("/live/");
    let pairs = [
        ("{event}", EVENT),
        ("{site}", site),
        ("{room}", "hall"),
        ("{date}", today.as_str()),
        ("{talk}", "t1"),
        ("{n}", "1"),
        ("{token}", "none"),
        ("{file}", if is_live { "0.json" } else { "site.css" }),
        ("{*rest}", "x"),
    ];
    let known = pairs.iter().fold(route.to_owned(), |path, (name, value)| path.replace(name, value));
    let path = without_others(&known);
    let of = |id: &&str| path.replace("{id}", id).replace("{picture}", &format!("{EVENT}.{id}.0.0"));
    let mut all: Vec<String> = ids.iter().map(of).collect();
    if is_live {
        all.push(path.replace("0.json", "1.json"));
    }
    all
}

/// A stand-in for every parameter that names neither event nor post.
fn without_others(path: &str) -> String {
    let other = |part: &str| part.starts_with('{') && !matches!(part, "{id}" | "{picture}");
    path.split('/').map(|part| if other(part) { "x" } else { part }).collect::<Vec<_>>().join("/")
}
