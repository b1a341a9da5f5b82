//! Writing on the event's own page: a real nozzle behind real pages, with and without a script.

mod browser;
mod forms;
mod strangers;

use super::{
    super::{Keys, Parts, Settings, Site, router},
    stand::{Answer, INTAKE_TOKEN, OWNER_KEY, SLUG, asked},
};
use axum::{Router, body::Body, response::IntoResponse};
use chassis::{Readiness, Secret, Shutdown, client_addr::Ranges, clock::Clock};
use http::{Request, StatusCode};
use live::EmbeddedStore;
use model::EventId;
use nozzle::{
    Intake, Nozzle,
    intake::{Actor, Ask, Order, Outcome, Waiting},
};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    time::Duration,
};
use tempfile::TempDir;

/// An event on which everybody may write, two rooms, two talks of which one is on.
pub(super) struct Desk {
    pub(super) router: Router,
    pub(super) eid: EventId,
    nozzle: Nozzle,
    store: Arc<EmbeddedStore>,
    shutdown: Shutdown,
    keys: AtomicU64,
    _dir: TempDir,
}

impl Desk {
    /// With `onsite = "..."` and more of event.toml.
    pub(super) async fn new(onsite: &str, more: &str) -> Self {
        let desk = Self::empty().await;
        desk.apply(onsite, more).await;
        desk.ask(Ask::Schedule(programme())).await;
        // The site follows what the nozzle has committed and published.
        while !desk.get(&format!("/{SLUG}")).await.text().contains("Forms that forgive") {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        desk
    }

    /// An installation without any event.
    pub(super) async fn empty() -> Self {
        chassis::tls::install();
        let dir = tempfile::tempdir().expect("a directory");
        let (shutdown, store) = (Shutdown::new(), Arc::new(EmbeddedStore::default()));
        let config = nozzle::Config {
            data_dir: dir.path().to_owned(),
            listen: "127.0.0.1:0".into(),
            hooks: nozzle::Hooks::default(),
            token: Secret::new(INTAKE_TOKEN.to_owned()),
            version: "test".into(),
        };
        let parts = nozzle::Parts {
            live: nozzle::Live::Embedded(store.clone()),
            clock: Clock::real(),
            readiness: Readiness::default(),
            env: |_| None,
        };
        let nozzle = Nozzle::open(config, parts, shutdown.clone()).await.expect("a nozzle");
        let settings =
            archive::Settings { url: "embedded".into(), data_dir: dir.path().into(), statement_cache: true };
        let archive = archive::open(&settings).expect("an archive");
        archive.prepare().await.expect("its schema");
        let parts = Parts {
            store: store.clone(),
            archive: archive.clone(),
            people: archive::people::open(&settings).expect("people"),
            intake: Arc::new(nozzle.clone()),
            clock: Clock::real(),
            keys: Keys {
                intake: Secret::new(INTAKE_TOKEN.to_owned()),
                owner_sha256: Sha256::digest(OWNER_KEY.as_bytes()).into(),
            },
            readiness: Readiness::default(),
        };
        strainer::start(
            &strainer::Config { listen: "127.0.0.1:0".into(), version: "test".into() },
            strainer::Parts { store: store.clone(), archive, history: None, readiness: Readiness::default() },
            &shutdown,
        );
        let settings = Settings {
            public_url: "http://127.0.0.1:8080".parse().expect("a URL"),
            live_url: None,
            data_dir: dir.path().into(),
            cache_dir: dir.path().join("media"),
            media_from_loopback: true,
            venue: Ranges::default(),
        };
        let site = Site::start(settings, parts, &shutdown);
        let eid = EventId::from_random(42);
        Self { router: router(&site), eid, nozzle, store, shutdown, keys: AtomicU64::new(0), _dir: dir }
    }

    /// The nozzle itself.
    pub(super) fn nozzle(&self) -> &Nozzle {
        &self.nozzle
    }

    /// The event's settings, changed.
    pub(super) async fn apply(&self, onsite: &str, more: &str) {
        let text = format!(
            "slug = \"{SLUG}\"\ntitle = \"RustFest\"\nonsite = \"{onsite}\"\n[[room]]\nname = \"Main hall\"\n[[room]]\nname = \"Side\"\n{more}"
        );
        self.ask(Ask::Event(text)).await;
    }

    /// Asks the nozzle as an organiser does.
    pub(super) async fn ask(&self, ask: Ask) -> Outcome {
        self.ask_as("moderator", "ada", ask).await
    }

    /// Asks the nozzle as somebody.
    pub(super) async fn ask_as(&self, role: &str, name: &str, ask: Ask) -> Outcome {
        let key = format!("test {}", self.keys.fetch_add(1, Ordering::Relaxed));
        let actor = Actor { role: role.into(), name: name.into() };
        self.nozzle.ask(self.eid, Order { ask, key, actor, is_dry_run: false }).await.expect("taken")
    }

    pub(super) async fn held(&self) -> Vec<Waiting> {
        self.nozzle.held(self.eid, None, 100).await.expect("read")
    }

    pub(super) async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path), Body::empty()).await
    }

    pub(super) async fn send(&self, request: http::request::Builder, body: impl Into<Body>) -> Answer {
        let request = request.body(body.into()).expect("a request");
        asked(&self.router, request).await
    }

    /// A form as a browser without a script sends it.
    pub(super) async fn form(&self, fields: &[(&str, &str)], cookie: &str) -> Answer {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = Request::post(format!("/{SLUG}/posts"))
            .header("content-type", "application/x-www-form-urlencoded")
            .header("origin", "http://127.0.0.1:8080")
            .header("cookie", cookie);
        self.send(request, body).await
    }

    /// How many posts are on the live page.
    pub(super) async fn shown(&self) -> usize {
        self.get(&format!("/{SLUG}")).await.text().matches("<article class=\"item\"").count()
    }

    /// Site and halley on one port. `away` > 0 lets that many posts reach nobody: the first half of them is stored and its answer
    /// lost, as when a phone leaves the network between sending and hearing.
    pub(super) async fn serve(&self, away: Arc<AtomicU32>) -> String {
        let listener = chassis::http::bind("127.0.0.1:0", "[site] listen").await.expect("a port");
        let base = format!("http://{}", listener.local_addr().expect("bound"));
        let parts = halley::Parts { store: self.store.clone(), readiness: Readiness::default() };
        let config = halley::Config { connections_max: 64, ..halley::Config::default() };
        let live = halley::service(&config, parts, &self.shutdown).expect("halley");
        let lose = move |request: Request<Body>, next: axum::middleware::Next| {
            let away = away.clone();
            async move {
                let is_lost = request.method() == http::Method::POST
                    && away.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1)).is_ok();
                let answer = next.run(request).await;
                if is_lost { StatusCode::BAD_GATEWAY.into_response() } else { answer }
            }
        };
        let routes = self.router.clone().merge(live).layer(axum::middleware::from_fn(lose));
        let limits = chassis::http::Limits::default();
        tokio::spawn(chassis::http::serve(listener, routes, limits, self.shutdown.clone()));
        base
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.shutdown.trigger();
    }
}

fn programme() -> Vec<u8> {
    let now = jiff::Timestamp::now();
    let talk = |title: &str, from: i64| {
        let start = now + jiff::SignedDuration::from_mins(from);
        json!({"guid": title, "title": title, "date": start.to_string(), "duration": "01:00", "persons": []})
    };
    let rooms = json!({"Main hall": [talk("Forms that forgive", -10)], "Side": [talk("Over by now", -180)]});
    let days = json!([{"index": 1, "date": "2026-01-01", "rooms": rooms}]);
    json!({"schedule": {"version": "1", "conference": {"title": "x", "days": days}}}).to_string().into_bytes()
}
