//! Planting the words, and taking them back: on a network, on a blog, on the page.

use std::time::Duration;

use networks::{Happening, Link, Media, Options, Post, Protocol, Script, Server, serve, snowflake_at};
use reqwest::StatusCode;
use reqwest::header::SET_COOKIE;
use serde_json::Value;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{HIDDEN, PLANTED, SOON, wait};
use crate::product::{EVENT, Product, TOKEN};

const TAG: &str = "plantfest";
/// Enough entries for a whole chunk of the log.
const FILLERS: u32 = 70;

/// The networks.
pub(super) struct Sources {
    mastodon: Server,
    blog: Server,
    _shutdown: DropGuard,
}

impl Sources {
    pub(super) async fn start() -> Self {
        let shutdown = CancellationToken::new();
        let open = async |protocol| {
            let options = Options::new(protocol, Script::empty());
            let options = if protocol == Protocol::Mastodon { options.token(TOKEN) } else { options };
            serve(options, shutdown.clone()).await.expect("a fake network starts")
        };
        let (mastodon, blog) = (open(Protocol::Mastodon).await, open(Protocol::Feed).await);
        Self { mastodon, blog, _shutdown: shutdown.drop_guard() }
    }

    /// event.toml: today, one room, one network that streams, one blog, and what is written on the page.
    pub(super) fn event(&self) -> String {
        let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
        let day = |days: i64| today.saturating_add(jiff::Span::new().days(days));
        format!(
            "slug = \"{EVENT}\"\ntitle = \"Plant Fest\"\nstarts = {}\nends = {}\nhashtags = [\"{TAG}\"]\nonsite = \"open\"\n\
             [[room]]\nname = \"Hall\"\n\
             [[source]]\nname = \"one\"\nkind = \"mastodon\"\nurl = \"{}\"\ntoken_env = \"TEST_TOKEN\"\n\
             [[source]]\nname = \"blog\"\nkind = \"feed\"\nurl = \"{}/feed.xml\"\npoll_seconds = 1\n",
            day(-1),
            day(1),
            self.mastodon.url(),
            self.blog.url()
        )
    }
}

fn now() -> i64 {
    jiff::Timestamp::now().as_microsecond()
}

/// A post with the words in every place that it has.
fn full_of(word: &str, n: u32) -> Post {
    let at = now();
    let link = format!("https://example.org/{word}link");
    let mut post = Post::new(&snowflake_at(at, n), at, "planter", &format!("{word}text says {link} #{TAG}"));
    post.author.name = format!("{word}name");
    post.title = Some(format!("{word}title"));
    post.links = vec![Link { shown: link.clone(), expanded: link }];
    post.media = vec![Media {
        url: format!("https://pictures.example/{word}picture.jpg"),
        width: 800,
        height: 600,
        alt: Some(format!("{word}alt")),
        ..Media::default()
    }];
    post
}

/// Where the words are.
pub(super) struct Planted {
    upstream: [Post; 2],
    /// Deleted upstream, edited and deleted upstream, removed by a moderator, taken back on the page.
    gone: [String; 4],
    hidden: String,
    /// Of whoever wrote on the page.
    cookie: String,
}

impl Planted {
    pub(super) async fn plant(product: &Product, sources: &Sources) -> Self {
        let [one, edited, hidden, article] =
            [(PLANTED, 1), (PLANTED, 2), (HIDDEN, 3), (PLANTED, 4)].map(|(word, n)| full_of(word, n));
        for post in [&one, &edited, &hidden] {
            sources.mastodon.say(Happening::Post(post.clone()));
        }
        sources.blog.say(Happening::Post(article));
        let (page, cookie) = written(product).await;
        wait(product, "what is planted", SOON, async || {
            let page = product.get(&format!("/{EVENT}")).await.1;
            ["text", "title", "page"].iter().all(|what| page.contains(&format!("{PLANTED}{what}")))
                && page.contains(HIDDEN)
        })
        .await;
        // Behind it, so that a whole piece of the log holds it.
        for n in 0..FILLERS {
            let at = now();
            let words = format!("filler {n} #{TAG}");
            sources.mastodon.say(Happening::Post(Post::new(
                &snowflake_at(at, 100 + n),
                at,
                "filler",
                &words,
            )));
        }
        let id = async |word: &str| found(product, word).await;
        wait(product, "all posts in the archive", SOON, async || {
            exported(product).await.len() >= FILLERS as usize + 5
        })
        .await;
        let blog = id_of(product, |item| item["network"] == "feed").await;
        let of_network =
            ids_of(product, |item| item["network"] == "mastodon" && item.to_string().contains(PLANTED)).await;
        let [first, second] = &of_network[..] else { panic!("two posts of the network: {of_network:?}") };
        let hidden_id = id(HIDDEN).await;
        let newer =
            Post { text: format!("{PLANTED}edited #{TAG}"), edited_at: Some(now()), ..edited.clone() };
        sources.mastodon.say(Happening::Edit(newer));
        wait(product, "the edit", SOON, async || {
            product.get(&format!("/{EVENT}")).await.1.contains("zqwxplantedvkjqedited")
        })
        .await;
        Self {
            gone: [first.clone(), second.clone(), blog, page],
            upstream: [one, edited],
            hidden: hidden_id,
            cookie,
        }
    }

    pub(super) fn gone(&self) -> &[String] {
        &self.gone
    }

    pub(super) fn deleted(&self) -> &str {
        &self.gone[0]
    }

    pub(super) fn hidden(&self) -> &str {
        &self.hidden
    }

    /// Everything goes, each the way that it has.
    pub(super) async fn take_back(&self, product: &Product, sources: &Sources) {
        for post in &self.upstream {
            sources.mastodon.say(Happening::Delete(post.id.clone()));
        }
        let removed = product.place.run(&["moderate", "remove", EVENT, &self.gone[2]]);
        assert_eq!(removed.code, Some(0), "{removed:?}");
        let hidden = product.place.run(&["moderate", "hide", EVENT, &self.hidden]);
        assert_eq!(hidden.code, Some(0), "{hidden:?}");
        let url = format!("{}/{EVENT}/posts/{}/delete", product.site, self.gone[3]);
        let request =
            crate::web::client().post(url).header("cookie", &self.cookie).header("origin", &product.site);
        let request = request.header("content-type", "application/x-www-form-urlencoded").body("");
        let answer = request.send().await.expect("the site answers");
        assert!(answer.status().is_success() || answer.status().is_redirection(), "{}", answer.status());
        wait(product, "the deletes of the network", SOON, async || {
            let page = product.get(&format!("/{EVENT}")).await.1;
            !page.contains(PLANTED)
        })
        .await;
    }

    /// What is removed stays so, and whoever tries is told.
    pub(super) async fn cannot_come_back(&self, product: &Product) {
        for decision in ["show", "hide"] {
            let ended = product.place.run(&["moderate", decision, EVENT, &self.gone[2]]);
            assert!(ended.code == Some(2) && ended.stderr.contains("removed for good"), "{ended:?}");
        }
        for id in &self.gone {
            assert_eq!(product.get(&format!("/{EVENT}/posts/{id}")).await.0, 410, "{id}");
        }
    }
}

/// Writes on the page; the post's id and the writer's cookie.
async fn written(product: &Product) -> (String, String) {
    crate::web::client();
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(Duration::from_secs(60))
        .build()
        .expect("a client is made");
    let form = [("text", format!("{PLANTED}page was here")), ("name", format!("{PLANTED}guest"))];
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let request = client.post(format!("{}/{EVENT}/posts", product.site)).header("origin", &product.site);
    let request = request.header("content-type", "application/x-www-form-urlencoded").body(body);
    let answer = request.send().await.expect("the site answers");
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    let cookie =
        answer.headers()[SET_COOKIE].to_str().expect("text").split(';').next().expect("a pair").to_owned();
    (found(product, &format!("{PLANTED}page")).await, cookie)
}

async fn exported(product: &Product) -> Vec<Value> {
    let text = product.get(&format!("/{EVENT}/export.ndjson")).await.1;
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

async fn ids_of(product: &Product, is_it: impl Fn(&Value) -> bool) -> Vec<String> {
    let all = exported(product).await;
    all.iter()
        .filter(|line| is_it(&line["item"]))
        .map(|line| line["id"].as_str().expect("an id").to_owned())
        .collect()
}

async fn id_of(product: &Product, is_it: impl Fn(&Value) -> bool) -> String {
    wait(product, "a post in the archive", SOON, async || !ids_of(product, &is_it).await.is_empty()).await;
    ids_of(product, &is_it).await.remove(0)
}

async fn found(product: &Product, word: &str) -> String {
    id_of(product, |item| item.to_string().contains(word)).await
}
