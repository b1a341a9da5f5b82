//! A nozzle with a hook, on a ledger of its own.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chassis::client_addr::Ranges;
use chassis::clock::Clock;
use chassis::{Readiness, Secret, Shutdown};
use live::EmbeddedStore;
use live::ledger::Ledger;
use model::{EventId, Fold, Item, ItemId, Kind, Uid};
use networks::hook::Sender;
use nozzle::intake::{Actor, Ask, Intake, Order, Outcome};
use nozzle::{Config, Hooks, Live, Nozzle, Parts};
use tempfile::TempDir;
use tokio::task::JoinHandle;

pub(crate) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
pub(crate) const NEW_SECRET: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX";
pub(crate) const TEXT_SECRET: &str = "a-long-secret-in-plain-text";
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) const EVENT: &str = r#"slug = "rustfest"
title = "RustFest"
[[source]]
name = "blog"
kind = "hook"
secret_env = "BLOG"
[[source]]
name = "held"
kind = "hook"
secret_env = "BLOG"
moderation = "hold"
[[source]]
name = "meet"
kind = "hook"
secret_env = "MEET"
[[source]]
name = "unset"
kind = "hook"
secret_env = "UNSET"
"#;

fn env(name: &str) -> Option<String> {
    match name {
        "BLOG" => Some(format!("{NEW_SECRET} {SECRET}")),
        "MEET" => Some(TEXT_SECRET.to_owned()),
        _ => None,
    }
}

pub(crate) struct Rig {
    pub(crate) dir: TempDir,
    pub(crate) nozzle: Nozzle,
    pub(crate) shutdown: Shutdown,
    pub(crate) base: String,
    serving: JoinHandle<Result<(), nozzle::Error>>,
}

impl Rig {
    pub(crate) async fn start() -> Self {
        let rig =
            Self::at(tempfile::tempdir().unwrap(), Live::Embedded(Arc::new(EmbeddedStore::default()))).await;
        rig.apply(EVENT).await;
        rig.opened().await
    }

    /// A nozzle that may not be asked for anything yet.
    pub(crate) async fn at(dir: TempDir, live: Live) -> Self {
        Self::listening(dir, live, "127.0.0.1:0".parse().unwrap()).await
    }

    pub(crate) async fn listening(dir: TempDir, live: Live, hooks: std::net::SocketAddr) -> Self {
        chassis::tls::install();
        let shutdown = Shutdown::new();
        let config = Config {
            data_dir: dir.path().to_owned(),
            listen: "127.0.0.1:0".into(),
            hooks: Hooks {
                listen: hooks.to_string(),
                trusted_proxies: Ranges::parse(&["127.0.0.1"]).unwrap(),
            },
            token: Secret::new("t".into()),
            version: "test".into(),
        };
        let parts = Parts { live, clock: Clock::real(), readiness: Readiness::default(), env };
        let nozzle = Nozzle::open(config, parts, shutdown.clone()).await.unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let serving = tokio::spawn(nozzle.clone().serve(listener));
        Self { dir, nozzle, shutdown, base: String::new(), serving }
    }

    /// Waits until deliveries can come in.
    pub(crate) async fn opened(mut self) -> Self {
        let address = tokio::time::timeout(PATIENCE, self.nozzle.hooks_address()).await.expect("a listener");
        self.base = format!("http://{address}");
        for source in ["blog", "held", "meet"] {
            let probe = self.sender(source, "no secret of ours");
            let mut answer = probe.once("probe", b"{}").await.unwrap();
            // Each source opens its own door.
            while answer.status == 503 {
                tokio::time::sleep(Duration::from_millis(10)).await;
                answer = probe.once("probe", b"{}").await.unwrap();
            }
            assert_eq!(answer.status, 401);
        }
        self
    }

    pub(crate) async fn apply(&self, event: &str) -> Outcome {
        let actor = Actor { role: "site".into(), name: "test".into() };
        let key = format!("apply {event}").chars().rev().take(100).collect();
        self.nozzle
            .ask(eid(), Order { ask: Ask::Event(event.into()), key, actor, is_dry_run: false })
            .await
            .unwrap()
    }

    pub(crate) fn address(&self, source: &str) -> String {
        format!("{}/hooks/rustfest/{source}", self.base)
    }

    pub(crate) fn sender(&self, source: &str, secret: &str) -> Sender {
        Sender::new(&self.address(source), secret).unwrap()
    }

    /// Ends in order and gives back the directory.
    pub(crate) async fn stop(self) -> TempDir {
        self.shutdown.trigger();
        self.shutdown.finish().await;
        self.serving.await.unwrap().unwrap();
        self.dir
    }

    /// Every item of the log, with how many entries it has as a post.
    pub(crate) async fn posts(&self) -> BTreeMap<ItemId, usize> {
        let mut posts = BTreeMap::new();
        let page = self.nozzle.lines(eid(), 0, 500).await.unwrap();
        for line in page.lines {
            if let Kind::Post(post) = line.entry().unwrap().kind {
                *posts.entry(post.item.id()).or_default() += 1;
            }
        }
        posts
    }

    /// How many entries the log has besides tallies, which come whenever a minute ends.
    pub(crate) async fn entries(&self) -> usize {
        let lines = self.nozzle.lines(eid(), 0, 500).await.unwrap().lines;
        lines.iter().filter(|line| line.entry().unwrap().name() != "tally").count()
    }

    /// What the dashboard sees of a source; null while its event is still being started.
    pub(crate) fn status(&self, source: &str) -> serde_json::Value {
        let found = self.nozzle.sources(eid()).into_iter().find(|status| status.name == source);
        serde_json::to_value(found).unwrap()
    }
}

/// What the ledger of a stopped nozzle folds to.
pub(crate) async fn fold(dir: &TempDir) -> Fold {
    let ledger = Ledger::open(dir.path(), eid()).await.unwrap();
    ledger.view().fold().await.unwrap()
}

pub(crate) fn item<'f>(fold: &'f Fold, native: &str) -> Option<&'f Item> {
    let id = Uid::new("hook", native).id();
    fold.items.get(&id)?.item.as_ref()
}

pub(crate) fn eid() -> EventId {
    EventId::from_random(83)
}

/// Waits until something holds.
pub(crate) async fn until<F: Future<Output = bool>>(holds: impl Fn() -> F) {
    let waiting = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.expect("it never came to hold");
}
