//! A site on stores of its own: a real ledger, a real archive in SQLite, a clock that stands at noon.

use super::{
    super::{Keys, Parts, Settings, Site, front, router},
    entries::NOON,
};
use archive::{Archive, Batch, Cursor};
use axum::{
    Router,
    body::Body,
    middleware::{Next, from_fn},
    response::IntoResponse,
};
use chassis::{
    Readiness, Secret, Shutdown,
    clock::{Clock, Timeline},
};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use live::{EmbeddedStore, ledger::Ledger};
use model::{Entry, EventId, Kind, Micros, Seq, event::EventRef};
use sha2::{Digest, Sha256};
use std::{sync::Arc, time::Duration};
use tower::ServiceExt;

pub(super) const SLUG: &str = "rustfest";
pub(super) const OWNER_KEY: &str = "the-owner's-key-of-this-test-0001";
pub(super) const INTAKE_TOKEN: &str = "the-intake-token-of-this-test-01";

/// What the forms of whoever holds [`OWNER_KEY`] carry.
pub(super) fn form_token() -> String {
    crate::site::door::form_token(OWNER_KEY)
}

/// See the module. Stops its tasks when dropped.
pub(super) struct Stand {
    pub(super) router: Router,
    site: Site,
    pub(super) archive: Arc<dyn Archive>,
    store: Arc<EmbeddedStore>,
    ledger: Ledger,
    eid: EventId,
    shutdown: Shutdown,
    dir: tempfile::TempDir,
}

/// An answer, read whole.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

impl Stand {
    /// A site with one event of two rooms and two talks, and no posts.
    pub(super) async fn new() -> Self {
        Self::on("embedded").await
    }

    /// The same, on an archive at this address; one that does not answer is not prepared.
    pub(super) async fn on(archive_url: &str) -> Self {
        Self::at(archive_url, "embedded").await
    }

    /// The same, with people in a database at this address.
    pub(super) async fn with_people_at(url: &str) -> Self {
        Self::at("embedded", url).await
    }

    async fn at(archive_url: &str, people_url: &str) -> Self {
        chassis::tls::install();
        let dir = tempfile::tempdir().expect("a directory");
        let eid = EventId::from_random(42);
        let ledger = Ledger::open(dir.path(), eid).await.expect("a ledger");
        let settings =
            archive::Settings { url: archive_url.into(), data_dir: dir.path().into(), statement_cache: true };
        let archive = archive::open(&settings).expect("an archive");
        if archive_url == "embedded" {
            archive.prepare().await.expect("its schema");
        }
        // People stay where they are, whatever becomes of the archive.
        let people =
            archive::people::open(&archive::Settings { url: people_url.into(), ..settings }).expect("people");
        people.prepare().await.expect("their tables");
        let store = Arc::new(EmbeddedStore::default());
        store.publish(EventRef { eid, slug: SLUG.into(), title: "RustFest".into() }, ledger.clone());
        let shutdown = Shutdown::new();
        // A speed so low that the clock stands still for as long as a test takes.
        let noon = Timeline::new(vec![(NOON.0, NOON.0 + Micros::HOUR)], 1e-6).expect("an hour");
        let parts = Parts {
            store: store.clone(),
            archive: archive.clone(),
            people,
            intake: nobody(dir.path(), &shutdown).await,
            clock: Clock::rehearsal(noon, 0),
            keys: Keys {
                intake: Secret::new(INTAKE_TOKEN.to_owned()),
                owner_sha256: Sha256::digest(OWNER_KEY.as_bytes()).into(),
            },
            readiness: Readiness::default(),
        };
        let settings = Settings {
            public_url: "http://127.0.0.1:8080".parse().expect("a URL"),
            live_url: None,
            data_dir: dir.path().into(),
            cache_dir: dir.path().join("media"),
            media_from_loopback: true,
            venue: chassis::client_addr::Ranges::default(),
        };
        let site = Site::start(settings, parts, &shutdown);
        let stand = Self { router: router(&site), site, archive, store, ledger, eid, shutdown, dir };
        stand.commit(beginning()).await;
        stand
    }

    /// Commits entries to the ledger, in order; their numbers must be the ledger's next. Waits until the page has them.
    pub(super) async fn commit(&self, entries: Vec<Entry>) -> Seq {
        let mut txn = self.ledger.begin().await.expect("a transaction");
        for entry in entries {
            let seq = txn.append(entry.at, entry.kind).expect("an entry");
            assert_eq!(seq, entry.seq, "tests number their entries as the ledger does");
        }
        let top = txn.commit().await.expect("committed");
        for _ in 0..500 {
            if self.get(&format!("/{SLUG}")).await.text().contains(&format!("\"seq\":{top},")) {
                return top;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the page did not follow the log to {top}");
    }

    /// Runs statements past the site, where its people are kept beside the archive.
    pub(super) async fn people_sql(&self, text: &str) {
        use sqlx::Connection as _;
        let file = self.dir.path().join("archive.sqlite");
        let connection = sqlx::SqliteConnection::connect(&format!("sqlite://{}", file.display())).await;
        let done = sqlx::raw_sql(sqlx::AssertSqlSafe(text.to_owned()))
            .execute(&mut connection.expect("the file"))
            .await;
        done.expect("a statement");
    }

    /// The site itself.
    pub(super) fn site(&self) -> &Site {
        &self.site
    }

    /// Its live store.
    pub(super) fn store(&self) -> &EmbeddedStore {
        &self.store
    }

    /// Where its files are.
    pub(super) fn dir(&self) -> &std::path::Path {
        self.dir.path()
    }

    /// Lets the archive catch up with the ledger, as the strainer would.
    pub(super) async fn archive_all(&self) {
        let from = self.archive.cursor(self.eid).await.expect("the archive answers");
        let after = from.as_ref().map_or(0, |cursor| cursor.position.seq);
        let lines = self.ledger.view().lines(after, 1000).await.expect("lines");
        let entries: Vec<Entry> = lines.iter().map(|line| line.entry().expect("an entry")).collect();
        let to = Cursor::new(self.ledger.epoch().clone(), lines.last().map_or(after, |line| line.seq));
        self.archive
            .write(Batch { event: self.eid, from, entries: entries.into(), to })
            .await
            .expect("archived");
    }

    /// Serves site and halley on one port, as `up` does, until the answer is triggered. `closed` are ends of paths that are not
    /// answered, as behind a proxy that knows no WebSockets.
    pub(super) async fn serve(&self, address: &str, closed: &'static [&'static str]) -> (String, Shutdown) {
        let stop = self.shutdown.part();
        let listener = chassis::http::bind(address, "[site] listen").await.expect("a port");
        let base = format!("http://{}", listener.local_addr().expect("bound"));
        let parts = halley::Parts { store: self.store.clone(), readiness: Readiness::default() };
        let config = halley::Config { connections_max: 64, ..halley::Config::default() };
        let live = halley::service(&config, parts, &stop).expect("halley");
        let routes = self.router.clone().merge(live).layer(from_fn(
            move |request: Request<Body>, next: Next| async move {
                let path = request.uri().path();
                if closed.iter().any(|end| path.ends_with(end)) {
                    StatusCode::NOT_FOUND.into_response()
                } else {
                    next.run(request).await
                }
            },
        ));
        // What a test closes is closed on the short way, too.
        let front = closed.is_empty().then(|| front(&self.site));
        let limits = chassis::http::Limits { front, ..chassis::http::Limits::default() };
        tokio::spawn(chassis::http::serve(listener, routes, limits, stop.clone()));
        (base, stop)
    }

    pub(super) async fn get(&self, path: &str) -> Answer {
        self.ask(Request::get(path).body(Body::empty()).expect("a request")).await
    }

    pub(super) async fn ask(&self, request: Request<Body>) -> Answer {
        asked(&self.router, request).await
    }
}

/// What a site's routes answer.
pub(super) async fn asked(router: &Router, request: Request<Body>) -> Answer {
    let response = router.clone().oneshot(request).await.expect("a router never fails");
    let (parts, body) = response.into_parts();
    let body = body.collect().await.map_or_else(|_| Vec::new(), |all| all.to_bytes().to_vec());
    Answer { status: parts.status, headers: parts.headers, body }
}

/// A nozzle without events, for pages on which nobody writes.
async fn nobody(dir: &std::path::Path, shutdown: &Shutdown) -> Arc<dyn nozzle::Intake> {
    let config = nozzle::Config {
        data_dir: dir.join("nozzle"),
        listen: "127.0.0.1:0".into(),
        hooks: nozzle::Hooks::default(),
        token: Secret::new(INTAKE_TOKEN.to_owned()),
        version: "test".into(),
    };
    let parts = nozzle::Parts {
        live: nozzle::Live::Nobody,
        clock: Clock::real(),
        readiness: Readiness::default(),
        env: |_| None,
    };
    Arc::new(nozzle::Nozzle::open(config, parts, shutdown.clone()).await.expect("no event to be opened"))
}

impl Drop for Stand {
    fn drop(&mut self) {
        self.shutdown.trigger();
    }
}

/// The event's settings and two talks that are on at noon: entries 1 to 4.
fn beginning() -> Vec<Entry> {
    let event = serde_json::from_value(serde_json::json!({
        "slug": SLUG, "title": "RustFest", "timezone": "Europe/Berlin", "starts": "2026-06-01", "ends": "2026-06-02",
        "place": "Berlin", "hashtags": ["rustfest"],
        "rooms": [{"slug": "main-hall", "name": "Main hall"}, {"slug": "side", "name": "Side room"}],
    }))
    .expect("settings");
    let talk = |id: &str, room: &str, title: &str| {
        let talk = serde_json::from_value(serde_json::json!({
            "id": id, "title": title, "room": room, "day": "2026-06-01", "speakers": [{"name": "Sunniva Darr"}],
            "start": NOON.0 - 20 * Micros::MINUTE, "end": NOON.0 + 20 * Micros::MINUTE, "abstract": "Kept from the public log.",
        }));
        Kind::Talk { talk: Box::new(talk.expect("a talk")) }
    };
    let kinds = [
        Kind::Event { event: Box::new(event) },
        talk("t1", "main-hall", "Forms that forgive"),
        talk("t2", "side", "Who else reads your cache?"),
        Kind::Schedule(model::ScheduleEntry { version: "1".into(), ..model::ScheduleEntry::default() }),
    ];
    kinds.into_iter().enumerate().map(|(n, kind)| Entry { seq: n as Seq + 1, at: NOON, kind }).collect()
}
