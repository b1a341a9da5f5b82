//! A nozzle that starts on settings that no longer work, asked over HTTP how its sources are doing.

mod life;

use std::time::Duration;

use model::Kind;
use model::event::EventFile;
use networks::{Happening, Options, Post, Protocol, Script, Timed, serve};
use reqwest::StatusCode;
use serde_json::Value;
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::intake::{Doing, HttpIntake};

const TOKEN: &str = "canary-token";
const SECRET: &str = "canary-secret";
const PATIENCE: Duration = Duration::from_secs(30);

/// One source of each kind that cannot work, and a word of the sentence that says why. They were applied once, by a
/// version that let them pass.
const BROKEN: [(&str, &str, &str); 11] = [
    ("unknown", "kind = \"myspace\"", "unknown"),
    ("mastodon", "kind = \"mastodon\"", "url is missing"),
    ("mastodon-ftp", "kind = \"mastodon\"\nurl = \"ftp://s.example\"", "https://"),
    ("mastodon-http", "kind = \"mastodon\"\nurl = \"http://s.example\"\ntoken_env = \"CANARY\"", "https://"),
    ("twitter", "kind = \"twitter\"\ntoken_env = \"CANARY\"\ntags = [\"a b\"]", "no hashtag"),
    ("twitter-http", "kind = \"twitter\"\nurl = \"http://x.example\"\ntoken_env = \"CANARY\"", "https://"),
    ("bluesky", "kind = \"bluesky\"\nurl = \"nowhere\"", "no address"),
    ("flickr-http", "kind = \"flickr\"\nurl = \"http://f.example\"\nkey_env = \"CANARY\"", "https://"),
    ("feed", "kind = \"feed\"", "url is missing"),
    ("hook", "kind = \"hook\"", "secret_env is missing"),
    ("replay", "kind = \"replay\"\nurl = \"/nowhere/posts.jsonl\"", "no file"),
];

fn eid() -> EventId {
    EventId::from_random(77)
}

/// A ledger whose event has these settings, however wrong they are.
async fn applied_once(text: &str) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(dir.path(), eid()).await.unwrap();
    let mut txn = ledger.begin().await.unwrap();
    txn.set_note("event.toml", text).await.unwrap();
    let event = Box::new(EventFile::parse(text).unwrap().entry());
    txn.append(Micros(1_795_189_320_000_000), Kind::Event { event }).unwrap();
    txn.commit().await.unwrap();
    dir
}

struct Rig {
    _dir: TempDir,
    nozzle: Nozzle,
    base: String,
    client: reqwest::Client,
    shutdown: Shutdown,
    serving: JoinHandle<Result<(), Error>>,
}

impl Rig {
    async fn start(text: &str) -> Self {
        chassis::tls::install();
        let dir = applied_once(text).await;
        let shutdown = Shutdown::new();
        let config = Config {
            data_dir: dir.path().to_owned(),
            listen: String::new(),
            hooks: Hooks::default(),
            token: Secret::new(TOKEN.into()),
            version: "test".into(),
        };
        let parts = Parts {
            live: Live::Embedded(Arc::default()),
            clock: Clock::real(),
            readiness: Readiness::default(),
            env: |name| (name == "CANARY").then(|| SECRET.to_owned()),
        };
        let nozzle = Nozzle::open(config, parts, shutdown.clone()).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let serving = tokio::spawn(nozzle.clone().serve(listener));
        let client = reqwest::Client::builder().timeout(PATIENCE).build().unwrap();
        Self { _dir: dir, nozzle, base, client, shutdown, serving }
    }

    async fn get(&self, eid: EventId, token: &str) -> (StatusCode, String) {
        let url = format!("{}/intake/{eid}/sources", self.base);
        let said = self.client.get(url).bearer_auth(token).send().await.unwrap();
        (said.status(), said.text().await.unwrap())
    }

    /// The report over HTTP, once `is_so` holds of it.
    async fn report(&self, is_so: impl Fn(&SourcesReport) -> bool) -> (SourcesReport, String) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let (status, text) = self.get(eid(), TOKEN).await;
            assert_eq!(status, StatusCode::OK, "{text}");
            let report: SourcesReport = serde_json::from_str(&text).unwrap();
            if is_so(&report) {
                return (report, text);
            }
            assert!(Instant::now() < deadline, "{report:#?}");
            sleep(Duration::from_millis(50)).await;
        }
    }

    async fn stop(self) {
        self.shutdown.trigger();
        self.shutdown.finish().await;
        self.serving.await.unwrap().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sources_of_each_kind_that_cannot_work_are_shown_with_the_reason_and_the_others_run() {
    let said = Happening::Post(Post::new("1", Clock::real().now(), "ana", "hello #rustfest"));
    let script = Script::on_clock(vec![Timed { after_ms: 500, what: said }]);
    let options = Options::new(Protocol::Mastodon, script);
    let network = serve(options, CancellationToken::new()).await.unwrap();
    let broken = BROKEN.map(|(name, keys, _)| format!("[[source]]\nname = {name:?}\n{keys}\n")).concat();
    let text = format!(
        "slug = \"rustfest\"\ntitle = \"RustFest\"\nhashtags = [\"rustfest\"]\nstarts = 2026-01-01\n{broken}\
         [[source]]\nname = \"good\"\nkind = \"mastodon\"\nurl = \"{}\"\npoll_seconds = 1\n",
        network.url()
    );
    let rig = Rig::start(&text).await;
    let is_there = |report: &SourcesReport| report.sources.iter().any(|s| s.name == "good" && s.new == 1);
    let (report, json) = rig.report(is_there).await;
    for (name, _, why) in BROKEN {
        let source = report.sources.iter().find(|source| source.name == name).unwrap();
        assert_eq!(source.state, Doing::Misconfigured, "{source:#?}");
        assert!(source.why.as_ref().unwrap().contains(why), "{name}: {:?}", source.why);
        assert!(source.cure.as_ref().unwrap().contains("event.toml"), "{name}");
    }
    let good = report.sources.iter().find(|source| source.name == "good").unwrap();
    assert!(matches!(good.state, Doing::Polling | Doing::CatchingUp), "{good:#?}");
    assert!(good.last_item.is_some() && good.heard.is_some());
    assert!(!json.contains(SECRET), "{json}");
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn how_sources_are_doing_is_told_to_those_who_hold_the_token_and_by_both_carriers() {
    let text = "slug = \"rustfest\"\ntitle = \"RustFest\"\nhashtags = [\"rustfest\"]\nonsite = \"open\"\n\
                [[source]]\nname = \"x\"\nkind = \"twitter\"\ntoken_env = \"UNSET\"\n";
    let rig = Rig::start(text).await;
    let needs = |report: &SourcesReport| report.sources.iter().any(|s| s.state == Doing::NeedsCredentials);
    let (report, json) = rig.report(needs).await;
    let names: Vec<&str> = report.sources.iter().map(|source| source.name.as_str()).collect();
    assert_eq!(names, ["x", "onsite"], "the page is last");
    assert!(report.sources[0].cure.as_ref().unwrap().contains("UNSET"), "{:?}", report.sources[0].cure);
    let told: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (&told["sources"][0]["state"], &told["sources"][1]["state"]),
        (&"needs_credentials".into(), &"open".into())
    );

    let far = HttpIntake::new(rig.base.parse().unwrap(), Secret::new(TOKEN.into())).unwrap();
    assert_eq!(far.sources(eid()).await.unwrap(), Intake::sources(&rig.nozzle, eid()).await.unwrap());
    for token in ["", "canary-toke", "canary-token2"] {
        assert_eq!(rig.get(eid(), token).await.0, StatusCode::UNAUTHORIZED, "{token:?}");
    }
    assert_eq!(rig.get(EventId::from_random(78), TOKEN).await.0, StatusCode::NOT_FOUND);
    rig.stop().await;
}
