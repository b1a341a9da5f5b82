//! The intake over real HTTP, in front of a real ledger, and the nozzle's right to write on a real Redis.

use std::sync::Arc;
use std::time::Duration;

use chassis::clock::Clock;
use chassis::{Readiness, Secret, Shutdown};
use live::redis::RedisStore;
use live::{EmbeddedStore, Store};
use model::{EventId, ItemId};
use nozzle::intake::{
    Actor, Ask, Decide, Decision, HttpIntake, Intake, Order, Refusal, Say, SetLimit, Unsay,
};
use nozzle::{Config, Live, Nozzle, Parts};
use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::JoinHandle;

const TOKEN: &str = "canary-token";
const EVENT: &str =
    "slug = \"rustfest\"\ntitle = \"RustFest\"\nhashtags = [\"rustfest\"]\nonsite = \"open\"\n";

struct Rig {
    dir: TempDir,
    nozzle: Nozzle,
    base: String,
    client: Client,
    shutdown: Shutdown,
    serving: JoinHandle<Result<(), nozzle::Error>>,
}

impl Rig {
    async fn embedded() -> Self {
        Self::start(tempfile::tempdir().unwrap(), Live::Embedded(Arc::new(EmbeddedStore::default()))).await
    }

    async fn start(dir: TempDir, live: Live) -> Self {
        chassis::tls::install();
        let shutdown = Shutdown::new();
        let nozzle = open(&dir, live, &shutdown).await.unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let serving = tokio::spawn(nozzle.clone().serve(listener));
        let client = Client::builder().timeout(Duration::from_secs(60)).build().unwrap();
        Self { dir, nozzle, base, client, shutdown, serving }
    }

    /// How many entries the log has besides tallies, which come whenever a minute ends.
    async fn entries(&self) -> usize {
        let lines = self.nozzle.lines(eid(), 0, 100).await.unwrap().lines;
        lines.iter().filter(|line| line.entry().unwrap().name() != "tally").count()
    }

    async fn stop(self) -> TempDir {
        self.shutdown.trigger();
        self.shutdown.finish().await;
        self.serving.await.unwrap().unwrap();
        self.dir
    }

    fn post(&self, path: &str, key: &str, body: impl Into<reqwest::Body>) -> reqwest::RequestBuilder {
        self.client
            .post(format!("{}/intake/{path}", self.base))
            .bearer_auth(TOKEN)
            .header("Idempotency-Key", key)
            .header("X-Actor", "moderator:ada")
            .body(body)
    }

    async fn apply(&self, eid: EventId) {
        let said = self.post(&format!("{eid}/event"), "apply", EVENT).send().await.unwrap();
        assert_eq!(said.status(), StatusCode::CREATED, "{}", said.text().await.unwrap());
    }

    async fn say(&self, eid: EventId, key: &str) -> ItemId {
        let body = json!({"text": "hello", "name": "Ana"}).to_string();
        let said = self.post(&format!("{eid}/say"), key, body).send().await.unwrap();
        assert_eq!(said.status(), StatusCode::CREATED);
        json_of(said).await["id"].as_str().unwrap().parse().unwrap()
    }
}

async fn open(dir: &TempDir, live: Live, shutdown: &Shutdown) -> Result<Nozzle, nozzle::Error> {
    let config = Config {
        data_dir: dir.path().to_owned(),
        listen: "127.0.0.1:0".into(),
        hooks: Default::default(),
        token: Secret::new(TOKEN.into()),
        version: "test".into(),
    };
    let parts = Parts { live, clock: Clock::real(), readiness: Readiness::default(), env: |_| None };
    Nozzle::open(config, parts, shutdown.clone()).await
}

async fn json_of(response: Response) -> Value {
    response.json().await.unwrap()
}

fn eid() -> EventId {
    EventId::from_random(77)
}

fn order(ask: Ask, key: &str) -> Order {
    Order { ask, key: key.into(), actor: Actor { role: "site".into(), name: "s".into() }, is_dry_run: false }
}

#[tokio::test]
async fn strangers_and_broken_requests_are_turned_away_with_a_reason() {
    let rig = Rig::embedded().await;
    rig.apply(eid()).await;
    let at = |verb: &str| format!("{}/intake/{}/{verb}", rig.base, eid());
    let bare = rig.client.post(at("say")).body("{}").send().await.unwrap();
    assert_eq!(bare.status(), StatusCode::UNAUTHORIZED);
    for token in ["", "canary-toke", "canary-token2"] {
        let said = rig.client.post(at("say")).bearer_auth(token).send().await.unwrap();
        assert_eq!(said.status(), StatusCode::UNAUTHORIZED);
        for verb in ["lines", "held"] {
            let read = rig.client.get(at(verb)).bearer_auth(token).send().await.unwrap();
            assert_eq!(read.status(), StatusCode::UNAUTHORIZED);
        }
    }
    let path = |verb: &str| format!("{}/{verb}", eid());
    let cases: [(&str, &str, String, StatusCode); 7] = [
        ("say", "k", "{".into(), StatusCode::BAD_REQUEST),
        ("say", "k", r#"{"text":"x","name":"a","admin":true}"#.into(), StatusCode::BAD_REQUEST),
        ("say", &"k".repeat(200), "{}".into(), StatusCode::BAD_REQUEST),
        ("say", "k", "x".repeat(65 * 1024), StatusCode::PAYLOAD_TOO_LARGE),
        ("decide", "k", r#"{"id":"000000000000","decision":"hide"}"#.into(), StatusCode::NOT_FOUND),
        ("shout", "k", "{}".into(), StatusCode::NOT_FOUND),
        ("event", "k", format!("{EVENT}[[source]]\nname=\"a\"\nkind=\"mastodn\"\n"), StatusCode::BAD_REQUEST),
    ];
    for (verb, key, body, want) in cases {
        let said = rig.post(&path(verb), key, body.clone()).send().await.unwrap();
        let status = said.status();
        assert_eq!(status, want, "{verb} {body:.60}");
        assert!(!json_of(said).await["message"].as_str().unwrap().is_empty());
    }
    let unknown = rig.post("77777777/say", "k", r#"{"text":"x","name":"a"}"#).send().await.unwrap();
    assert_eq!(unknown.status(), StatusCode::NOT_FOUND);
    let no_actor = rig.client.post(at("say")).bearer_auth(TOKEN).header("Idempotency-Key", "k").body("{}");
    assert_eq!(no_actor.send().await.unwrap().status(), StatusCode::BAD_REQUEST);
    rig.stop().await;
}

#[tokio::test]
async fn a_repeated_key_is_answered_200_and_a_removed_post_409() {
    let rig = Rig::embedded().await;
    rig.apply(eid()).await;
    let id = rig.say(eid(), "one").await;
    let body = json!({"id": id, "decision": "remove"}).to_string();
    let remove = |key: &str| rig.post(&format!("{}/decide", eid()), key, body.clone()).send();
    let first = remove("r").await.unwrap();
    assert_eq!(first.status(), StatusCode::CREATED);
    let first = json_of(first).await;
    let again = remove("r").await.unwrap();
    assert_eq!(again.status(), StatusCode::OK);
    assert_eq!(json_of(again).await, first);
    let already = remove("r2").await.unwrap();
    assert_eq!(already.status(), StatusCode::OK);
    assert_eq!(json_of(already).await["state"], "removed");
    let show = json!({"id": id, "decision": "show"}).to_string();
    let conflict = rig.post(&format!("{}/decide", eid()), "s", show).send().await.unwrap();
    assert_eq!(conflict.status(), StatusCode::CONFLICT);
    assert_eq!(json_of(conflict).await["state"], "removed");
    rig.stop().await;
}

#[tokio::test]
async fn both_carriers_tell_the_same_and_lines_come_back_as_they_were_written() {
    let rig = Rig::embedded().await;
    rig.apply(eid()).await;
    let id = rig.say(eid(), "one").await;
    let far = HttpIntake::new(rig.base.parse().unwrap(), Secret::new(TOKEN.into())).unwrap();
    let hide = || Ask::Decide(Decide { id, decision: Decision::Hide, law: false });
    let near_said = rig.nozzle.ask(eid(), order(hide(), "h")).await.unwrap();
    let far_said = far.ask(eid(), order(hide(), "h")).await.unwrap();
    assert_eq!((near_said.seq, &near_said.id, far_said.is_old), (far_said.seq, &far_said.id, true));
    let missing =
        || Ask::Decide(Decide { id: "000000000000".parse().unwrap(), decision: Decision::Show, law: false });
    let near_refused = rig.nozzle.ask(eid(), order(missing(), "m")).await.unwrap_err();
    assert_eq!(far.ask(eid(), order(missing(), "m")).await.unwrap_err(), near_refused);
    let near_page = rig.nozzle.lines(eid(), 1, 2).await.unwrap();
    assert_eq!(far.lines(eid(), 1, 2).await.unwrap().lines, near_page.lines);
    assert_eq!(near_page.lines.len(), 2);
    rig.stop().await;
}

#[tokio::test]
async fn a_dry_run_tells_what_would_move_and_leaves_nothing() {
    let rig = Rig::embedded().await;
    rig.apply(eid()).await;
    rig.say(eid(), "one").await;
    let now = jiff::Timestamp::now();
    let start = now - jiff::SignedDuration::from_mins(10);
    let file = json!({"schedule": {"version": "1", "conference": {"days": [{"date": "2026-01-01", "rooms": {
        "Hall": [{"guid": "g", "date": start.to_string(), "duration": "01:00", "title": "One", "persons": []}]}}]}}});
    let path = format!("{}/schedule", eid());
    let dry = rig.post(&format!("{path}?dry_run=1"), "d", file.to_string()).send().await.unwrap();
    assert_eq!(dry.status(), StatusCode::OK);
    assert_eq!(json_of(dry).await["moves"].as_array().unwrap().len(), 1);
    assert_eq!(rig.entries().await, 2);
    let real = rig.post(&path, "d", file.to_string()).send().await.unwrap();
    assert_eq!(real.status(), StatusCode::CREATED, "a dry run uses up no key");
    assert_eq!(rig.entries().await, 5);
    rig.stop().await;
}

#[tokio::test]
async fn a_slug_belongs_to_one_event() {
    let rig = Rig::embedded().await;
    rig.apply(eid()).await;
    let other = EventId::from_random(78);
    let taken = rig.post(&format!("{other}/event"), "k", EVENT).send().await.unwrap();
    assert_eq!(taken.status(), StatusCode::CONFLICT);
    assert!(!rig.dir.path().join(format!("live/{other}.sqlite")).exists());
    rig.stop().await;
}

#[tokio::test]
async fn what_was_taken_is_there_after_a_restart_and_keys_still_count() {
    let rig = Rig::embedded().await;
    rig.apply(eid()).await;
    let id = rig.say(eid(), "one").await;
    let dir = rig.stop().await;
    let rig = Rig::start(dir, Live::Embedded(Arc::new(EmbeddedStore::default()))).await;
    let body = json!({"text": "hello", "name": "Ana"}).to_string();
    let again = rig.post(&format!("{}/say", eid()), "one", body).send().await.unwrap();
    assert_eq!(again.status(), StatusCode::OK);
    assert_eq!(json_of(again).await["id"], id.to_string());
    rig.stop().await;
}

#[tokio::test]
async fn two_nozzles_never_share_a_ledger() {
    let rig = Rig::embedded().await;
    rig.apply(eid()).await;
    let second = open(&rig.dir, Live::Nobody, &Shutdown::new()).await;
    assert!(matches!(second.err(), Some(nozzle::Error::Live(live::Error::Locked { .. }))));
    rig.stop().await;
}

#[tokio::test]
async fn an_event_that_a_command_adds_is_picked_up() {
    let rig = Rig::embedded().await;
    let other = tempfile::tempdir().unwrap();
    let alone = Shutdown::new();
    let command = open(&other, Live::Nobody, &alone).await.unwrap();
    command.ask(eid(), order(Ask::Event(EVENT.into()), "a")).await.unwrap();
    drop(command);
    alone.trigger();
    alone.finish().await;
    std::fs::create_dir_all(rig.dir.path().join("live")).unwrap();
    let name = format!("live/{}.sqlite", eid());
    std::fs::copy(other.path().join(&name), rig.dir.path().join(&name)).unwrap();
    let found = async {
        while rig.nozzle.lines(eid(), 0, 1).await.is_err() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), found).await.unwrap();
    rig.stop().await;
}

#[tokio::test]
async fn with_redis_nothing_is_accepted_before_the_first_ok() {
    let Some(mut redis) = testkit::Redis::start().await else { return };
    let dir = tempfile::tempdir().unwrap();
    let url = redis.url();
    redis.kill9();
    let store = Arc::new(RedisStore::connect(&url).await.unwrap());
    let rig = Rig::start(dir, Live::Redis(Arc::clone(&store))).await;
    let early = rig.post(&format!("{}/event", eid()), "apply", EVENT).send().await.unwrap();
    assert_eq!(early.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(early.headers().contains_key("retry-after"));
    redis.restart().await;

    // A ledger that was never here looks for ten seconds whether anybody else owns the event.
    let patient = HttpIntake::new(rig.base.parse().unwrap(), Secret::new(TOKEN.into())).unwrap().patient();
    patient.ask(eid(), order(Ask::Event(EVENT.into()), "apply")).await.unwrap();
    let say =
        Ask::Say(Say { text: "hello".into(), name: "Ana".into(), reply_to: None, talk: None, room: None });
    let said = patient.ask(eid(), order(say, "one")).await.unwrap();
    let log = loop {
        match store.log(eid()).await {
            Ok(log) => break log,
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    };
    let tail = loop {
        match log.read(0, 100).await.unwrap() {
            Some(page) if page.head.top >= said.seq => break page,
            _ => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    };
    assert_eq!(tail.lines, rig.nozzle.lines(eid(), 0, 100).await.unwrap().lines);

    // After the first OK, Redis may go away and accepting goes on.
    redis.kill9();
    let say = Ask::Say(Say {
        text: "still here".into(),
        name: "Ana".into(),
        reply_to: None,
        talk: None,
        room: None,
    });
    assert!(rig.nozzle.ask(eid(), order(say, "two")).await.unwrap().seq > said.seq);
    rig.stop().await;
}

#[tokio::test]
async fn a_nozzle_whose_event_another_one_owns_ends_with_its_own_exit_code() {
    let Some(redis) = testkit::Redis::start().await else { return };
    let owner = format!("live:{{{}}}:owner", eid());
    let url = redis.url();
    let store = Arc::new(RedisStore::connect(&url).await.unwrap());
    let rig = Rig::start(tempfile::tempdir().unwrap(), Live::Redis(store)).await;
    redis.command(&["SET", &owner, "elsewhere"]).await.unwrap();
    let refused = rig.nozzle.ask(eid(), order(Ask::Event(EVENT.into()), "a")).await;
    assert!(matches!(refused, Err(Refusal::Later { .. })));
    let ended = tokio::time::timeout(Duration::from_secs(40), rig.serving).await.unwrap().unwrap();
    let error = ended.unwrap_err();
    assert_eq!(error.exit_code(), nozzle::EXIT_NOT_OURS, "{error}");
    rig.shutdown.trigger();
    rig.shutdown.finish().await;
}

#[tokio::test]
async fn what_waits_is_read_page_by_page_and_a_refusal_keeps_its_kind_over_the_wire() {
    let rig = Rig::embedded().await;
    let event = EVENT.replace("\"open\"", "\"hold\"") + "[onsite_limits]\nburst = 5\nper_minute = 1\n";
    let applied = rig.post(&format!("{}/event", eid()), "apply", event).send().await.unwrap();
    assert_eq!(applied.status(), StatusCode::CREATED);
    let intake = HttpIntake::new(rig.base.parse().unwrap(), Secret::new(TOKEN.into())).unwrap();
    let say = |n: u32| {
        let text = format!("post {n}");
        let ask = Ask::Say(Say { text, name: "Ana".into(), reply_to: None, talk: None, room: None });
        let actor = Actor { role: "person".into(), name: "ana".into() };
        Order { ask, key: format!("say {n}"), actor, is_dry_run: false }
    };
    for n in 0..5 {
        assert_eq!(intake.ask(eid(), say(n)).await.unwrap().state.as_deref(), Some("held"));
    }
    let slow = intake.ask(eid(), say(5)).await.unwrap_err();
    assert!(matches!(slow, Refusal::Slow { retry_seconds: 55..=60, .. }), "{slow:?}");
    assert!(intake.ask(eid(), say(0)).await.unwrap().is_old);
    let bar = SetLimit { person: "ana".into(), burst: Some(0), per_minute: None };
    intake.ask(eid(), order(Ask::Limit(bar), "bar")).await.unwrap();
    assert!(matches!(intake.ask(eid(), say(6)).await, Err(Refusal::Forbidden(_))));
    let unsay = order(Ask::Unsay(Unsay { id: "000000000000".parse().unwrap() }), "unsay");
    assert!(matches!(intake.ask(eid(), unsay).await, Err(Refusal::Unknown(_))));

    let first = intake.held(eid(), None, 2).await.unwrap();
    let rest = intake.held(eid(), Some(first[1].id), 200).await.unwrap();
    let mut ids: Vec<ItemId> = first.iter().chain(&rest).map(|post| post.id).collect();
    assert_eq!((first.len(), rest.len()), (2, 3));
    ids.dedup();
    assert_eq!(ids.len(), 5);
    assert!(rest.iter().all(|post| post.author == "person:ana" && post.text.starts_with("post ")));
    let path = format!("{}/intake/{}/held?after=nonsense", rig.base, eid());
    let said = rig.client.get(path).bearer_auth(TOKEN).send().await.unwrap();
    assert_eq!(said.status(), StatusCode::BAD_REQUEST);
    rig.stop().await;
}
