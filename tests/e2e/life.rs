//! The life of an event and of its data, on the real binary: moved, ended, deleted; saved and put back; a full disk; data of the first
//! version; a stop in the middle of everything.

mod backup;
mod disk;
mod old_data;

use std::time::{Duration, Instant};

use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

use crate::commands::{done, event_id, place, up};
use crate::program::Place;

/// How long something may take that comes by itself.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long a process may take to stop.
const STOP_MAX: Duration = Duration::from_secs(15);

/// A place, and the addresses of what runs in it.
struct World {
    place: Place,
    intake: String,
    site: String,
}

impl World {
    fn new(live: &str) -> Self {
        let (place, intake) = place(live);
        Self::of(place, intake)
    }

    fn of(place: Place, intake: String) -> Self {
        let settings =
            std::fs::read_to_string(place.path().join("perihelion.toml")).expect("settings were written");
        let site = settings.split("[site]\nlisten = \"").nth(1).and_then(|rest| rest.split('"').next());
        let site = format!("http://{}", site.expect("the site's address is in the settings"));
        Self { place, intake, site }
    }

    fn data(&self) -> std::path::PathBuf {
        self.place.path().join("data")
    }

    /// Asks, and follows no redirect.
    async fn ask(&self, method: Method, path: &str) -> Response {
        chassis::tls::install();
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(PATIENCE)
            .build()
            .expect("a client can be made");
        client.request(method, format!("{}{path}", self.site)).send().await.expect("the site answers")
    }

    async fn status(&self, path: &str) -> StatusCode {
        self.ask(Method::GET, path).await.status()
    }

    async fn text(&self, path: &str) -> String {
        self.ask(Method::GET, path).await.text().await.expect("a page is text")
    }

    /// Writes a post through the intake; its status, and when to come again.
    async fn say(&self, eid: &str, words: &str) -> (StatusCode, Option<String>, String) {
        let token = std::fs::read_to_string(self.data().join("intake-token")).expect("the token was made");
        let request = crate::web::client()
            .post(format!("{}/intake/{eid}/say", self.intake))
            .bearer_auth(token.trim())
            .header("Idempotency-Key", words)
            .header("X-Actor", "guest:ada")
            .body(json!({"text": words, "name": "Ada"}).to_string());
        match request.send().await {
            Ok(answer) => {
                let wait =
                    answer.headers().get("retry-after").and_then(|v| v.to_str().ok()).map(str::to_owned);
                (answer.status(), wait, answer.text().await.unwrap_or_default())
            }
            Err(error) => (StatusCode::BAD_GATEWAY, None, error.to_string()),
        }
    }

    /// Waits until this holds.
    async fn until<F: Future<Output = bool>>(&self, what: &str, is_so: impl Fn() -> F) {
        let deadline = Instant::now() + PATIENCE;
        while !is_so().await {
            assert!(Instant::now() < deadline, "{what}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The words of every item in the archive, once there are so many.
    fn exported(&self, slug: &str, count: usize) -> Vec<String> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let exported = self.place.run(&["export", slug]);
            let lines: Vec<Value> = exported
                .stdout
                .lines()
                .map(|line| serde_json::from_str(line).expect("a line is JSON"))
                .collect();
            if exported.code == Some(0) && lines.len() >= count {
                return lines
                    .iter()
                    .map(|line| line["item"]["body"].to_string() + &line["body"].to_string())
                    .collect();
            }
            assert!(Instant::now() < deadline, "{} of {count} lines: {}", lines.len(), exported.stderr);
            std::thread::park_timeout(Duration::from_millis(100));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_moves_with_all_its_addresses_ends_and_is_deleted_with_everything() {
    let world = World::new("embedded");
    done(world.place.run(&["event", "apply", "event.toml"]));
    let mut running = up(&world.place);
    let eid = event_id(&world.place);
    let (status, _, said) = world.say(&eid, "a canary sings").await;
    assert_eq!(status, StatusCode::CREATED, "{said}");
    let id = serde_json::from_str::<Value>(&said).expect("JSON")["id"].as_str().expect("an id").to_owned();
    world.exported("rustfest", 1);

    // A slug that was changed by hand is no silent second event.
    world.place.write("event.toml", "slug = \"rust-26\"\ntitle = \"RustFest\"\nonsite = \"open\"\n");
    let doubted = world.place.run(&["event", "apply", "event.toml"]);
    assert!(doubted.code == Some(2) && doubted.stderr.contains("--rename-from rustfest"), "{doubted:?}");
    done(world.place.run(&["event", "apply", "event.toml", "--rename-from", "rustfest"]));
    assert_eq!(event_id(&world.place), eid, "it is the same event");
    world
        .until("the new address is known", || async { world.status("/rust-26").await == StatusCode::OK })
        .await;
    for (old, new) in [
        ("/rustfest", "/rust-26"),
        ("/rustfest/feed.atom", "/rust-26/feed.atom"),
        (&*format!("/rustfest/posts/{id}?x=1"), &*format!("/rust-26/posts/{id}?x=1")),
        ("/api/v1/events/rustfest/items", "/api/v1/events/rust-26/items"),
    ] {
        let answer = world.ask(Method::GET, old).await;
        let to = answer.headers().get("location").and_then(|to| to.to_str().ok());
        assert_eq!((answer.status(), to), (StatusCode::PERMANENT_REDIRECT, Some(new)), "{old}");
    }
    let post = world.ask(Method::POST, "/rustfest/posts").await;
    assert_eq!(post.status(), StatusCode::PERMANENT_REDIRECT, "an open page's form goes along");
    for slug in ["rustfest", "rust-26"] {
        assert_eq!(world.status(&format!("/live/{slug}/head.json")).await, StatusCode::OK, "{slug}");
    }

    done(world.place.run(&["event", "end", "rust-26"]));
    world
        .until("the page says so", || async { world.text("/rust-26").await.contains("This event is over") })
        .await;
    assert!(!world.text("/rust-26").await.contains("id=\"compose\""), "the box is closed");
    assert_eq!(world.say(&eid, "too late").await.0, StatusCode::CONFLICT);

    let refused = world.place.run(&["event", "delete", "rust-26"]);
    assert!(
        refused.code == Some(2) && refused.stderr.contains("--yes"),
        "a script has to say so: {refused:?}"
    );
    done(world.place.run(&["event", "delete", "rust-26", "--yes"]));
    for path in ["/rust-26", "/rustfest", &*format!("/rust-26/posts/{id}"), "/api/v1/events/rust-26"] {
        world.until(path, || async { world.status(path).await == StatusCode::GONE }).await;
    }
    let unknown = || async { world.status("/live/rust-26/head.json").await == StatusCode::NOT_FOUND };
    world.until("its stream is closed", unknown).await;
    running.end();
    let mut words = Vec::new();
    for dir in [world.data(), world.data().join("live")] {
        for file in
            std::fs::read_dir(dir).expect("the data directory").map(|file| file.expect("a file").path())
        {
            let bytes = if file.is_file() { std::fs::read(&file).expect("a file") } else { Vec::new() };
            words.extend(String::from_utf8_lossy(&bytes).contains("canary").then_some(file));
        }
    }
    assert!(words.is_empty(), "its words are still in {words:?}");
    let _running = up(&world.place);
    world.until("it stays gone", || async { world.status("/rust-26").await == StatusCode::GONE }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_in_the_middle_of_writing_and_saving_is_over_in_time_and_loses_nothing() {
    let world = World::new("embedded");
    done(world.place.run(&["event", "apply", "event.toml"]));
    let mut running = up(&world.place);
    let eid = event_id(&world.place);
    let mut kept = Vec::new();
    for n in 0..40 {
        let words = format!("before the stop {n}");
        if world.say(&eid, &words).await.0 == StatusCode::CREATED {
            kept.push(words);
        }
    }
    let writing = async {
        let mut kept = Vec::new();
        for n in 0.. {
            let words = format!("into the stop {n}");
            match world.say(&eid, &words).await.0 {
                StatusCode::CREATED => kept.push(words),
                StatusCode::BAD_GATEWAY => break,
                _ => {}
            }
        }
        kept
    };
    let stopping = tokio::task::spawn_blocking(move || {
        std::thread::park_timeout(Duration::from_millis(300));
        let began = Instant::now();
        running.end();
        began.elapsed()
    });
    let (late, took) = tokio::join!(writing, stopping);
    let took = took.expect("it ends well");
    assert!(took < STOP_MAX, "the stop took {took:?}");
    kept.extend(late);
    let _running = up(&world.place);
    let found = world.exported("rustfest", kept.len()).join("\n");
    let lost: Vec<&String> = kept.iter().filter(|words| !found.contains(&format!("\"{words}\""))).collect();
    assert!(lost.is_empty(), "accepted and lost: {lost:?}");
}
