//! Events that move, end, are kept until a day, and are deleted.

use chassis::clock::Timeline;
use live::EmbeddedStore;
use live::Store as _;
use model::event::Former;

use super::*;
use crate::intake::Actor;

const DAY: i64 = 24 * Micros::HOUR;

/// A nozzle on a directory and a store of its own.
struct Alone {
    nozzle: Nozzle,
    store: Arc<EmbeddedStore>,
    shutdown: Shutdown,
    serving: JoinHandle<Result<(), Error>>,
}

impl Alone {
    async fn start(dir: &std::path::Path, clock: Clock) -> Self {
        chassis::tls::install();
        let (store, shutdown) = (Arc::new(EmbeddedStore::default()), Shutdown::new());
        let config = Config {
            data_dir: dir.to_owned(),
            listen: String::new(),
            hooks: Hooks::default(),
            token: Secret::new(TOKEN.into()),
            version: "test".into(),
        };
        let live = Live::Embedded(Arc::clone(&store));
        let parts = Parts { live, clock, readiness: Readiness::default(), env: |_| None };
        let nozzle = Nozzle::open(config, parts, shutdown.clone()).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let serving = tokio::spawn(nozzle.clone().serve(listener));
        Self { nozzle, store, shutdown, serving }
    }

    async fn ask(&self, eid: EventId, ask: Ask) -> Result<Outcome, Refusal> {
        let key = format!("key {}", Clock::real().now());
        let actor = Actor { role: "owner".into(), name: "ada".into() };
        self.nozzle.ask(eid, Order { ask, key, actor, is_dry_run: false }).await
    }

    async fn slugs(&self) -> Vec<String> {
        self.store.events().await.unwrap().into_iter().map(|event| event.slug).collect()
    }

    /// Waits until the store tells this of former addresses.
    async fn told(&self, is_so: impl Fn(&[Former]) -> bool) -> Vec<Former> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let formers = self.store.formers().await.unwrap();
            if is_so(&formers) {
                return formers;
            }
            assert!(Instant::now() < deadline, "{formers:?}");
            sleep(Duration::from_millis(20)).await;
        }
    }

    async fn stop(self) {
        self.shutdown.trigger();
        self.shutdown.finish().await;
        self.serving.await.unwrap().unwrap();
    }
}

fn file(slug: &str, more: &str) -> Ask {
    Ask::Event(format!("slug = {slug:?}\ntitle = {slug:?}\nonsite = \"open\"\n{more}"))
}

fn deleted(slug: &str) -> Ask {
    Ask::Life(SetLife::Delete { slug: slug.to_owned() })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_leads_to_its_event_for_good_and_no_other_event_takes_it() {
    let dir = tempfile::tempdir().unwrap();
    let (one, two) = (EventId::from_random(1), EventId::from_random(2));
    let alone = Alone::start(dir.path(), Clock::real()).await;
    alone.ask(one, file("spring", "")).await.unwrap();
    alone.ask(two, file("summer", "")).await.unwrap();
    let taken = alone.ask(two, Ask::Life(SetLife::Rename { slug: "spring".into() })).await.unwrap_err();
    assert!(matches!(&taken, Refusal::Conflict { state, .. } if state == "taken"), "{taken:?}");
    alone.ask(one, Ask::Life(SetLife::Rename { slug: "autumn".into() })).await.unwrap();
    let formers = alone.told(|formers| !formers.is_empty()).await;
    assert_eq!(
        formers,
        [Former { eid: one, slugs: vec!["spring".into()], deleted: None, by: String::new() }]
    );
    let former = alone.ask(EventId::from_random(3), file("spring", "")).await.unwrap_err();
    assert!(former.to_string().contains("leads there"), "{former}");
    assert_eq!(alone.slugs().await, ["autumn", "summer"]);
    alone.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_event_leaves_no_file_does_not_come_back_and_is_told_to_readers_at_every_start() {
    let dir = tempfile::tempdir().unwrap();
    let eid = EventId::from_random(1);
    let alone = Alone::start(dir.path(), Clock::real()).await;
    alone.ask(eid, file("spring", "")).await.unwrap();
    let wrong = alone.ask(eid, deleted("sprnig")).await.unwrap_err();
    assert!(wrong.to_string().contains("nothing was deleted"), "{wrong}");
    let done = alone.ask(eid, deleted("spring")).await.unwrap();
    assert_eq!(done.state.as_deref(), Some("deleted"));
    assert!(alone.ask(eid, deleted("spring")).await.unwrap().is_old, "twice is once");
    let left = || -> Vec<String> {
        let listing = std::fs::read_dir(dir.path().join("live")).unwrap();
        listing.map(|file| file.unwrap().file_name().into_string().unwrap()).collect()
    };
    assert_eq!(left(), [format!("{eid}.gone")]);
    assert!(alone.slugs().await.is_empty());
    assert!(alone.ask(eid, file("spring", "")).await.is_err(), "its id is used up");
    alone.stop().await;

    // A crash between the grave and the removal of the ledger: the file is there again.
    drop(Ledger::open(dir.path(), eid).await.unwrap());
    let alone = Alone::start(dir.path(), Clock::real()).await;
    let formers = alone.told(|formers| !formers.is_empty()).await;
    assert!(formers[0].deleted.is_some() && formers[0].slugs == ["spring"], "{formers:?}");
    let deadline = Instant::now() + PATIENCE;
    while left().len() > 1 {
        assert!(Instant::now() < deadline, "{:?}", left());
        sleep(Duration::from_millis(20)).await;
    }
    assert!(alone.nozzle.events().is_empty());
    // Its address may be another event's.
    alone.ask(EventId::from_random(2), file("spring", "")).await.unwrap();
    alone.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_kept_until_a_day_is_warned_of_and_deleted_when_the_day_is_over() {
    let dir = tempfile::tempdir().unwrap();
    let (kept, other) = (EventId::from_random(1), EventId::from_random(2));
    let day_over = Micros::parse_rfc3339("2026-07-01T00:00:00Z").unwrap();
    // Twenty days in ten seconds, up to two days behind the date.
    let (from, to) = (day_over.plus(-18 * DAY).0, day_over.plus(2 * DAY).0);
    let speed = (to - from) as f64 / 10e6;
    let clock = Clock::rehearsal(Timeline::new(vec![(from, to)], speed).unwrap(), 0);
    let alone = Alone::start(dir.path(), clock.clone()).await;
    alone.ask(other, file("other", "")).await.unwrap();
    alone.ask(kept, file("kept", "retain_until = 2026-06-30\n")).await.unwrap();
    let ledger = alone.nozzle.event(kept).unwrap().ledger.clone();
    let deadline = Instant::now() + PATIENCE;
    while ledger.view().note("retention.warned").await.unwrap().is_none() {
        assert!(Instant::now() < deadline, "nobody was warned");
        sleep(Duration::from_millis(10)).await;
    }
    assert!(clock.now() < day_over.plus(-10 * DAY).0, "warned in time");
    drop(ledger);
    let formers = alone.told(|formers| !formers.is_empty()).await;
    assert!(formers[0].deleted.is_some_and(|at| at >= day_over), "{formers:?}");
    assert_eq!((formers[0].eid, alone.slugs().await), (kept, vec!["other".to_owned()]));
    let grave = alone.nozzle.grave(kept).unwrap();
    assert_eq!(grave.former.by, "nozzle:retain_until");
    alone.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_planned_end_comes_by_the_clock_that_is_handed_in() {
    let dir = tempfile::tempdir().unwrap();
    let eid = EventId::from_random(1);
    let from = Micros::parse_rfc3339("2026-06-01T10:00:00Z").unwrap();
    let timeline = Timeline::new(vec![(from.0, from.plus(DAY).0)], 3600.0).unwrap();
    let alone = Alone::start(dir.path(), Clock::rehearsal(timeline, 0)).await;
    alone.ask(eid, file("spring", "")).await.unwrap();
    let ends = from.plus(2 * Micros::HOUR);
    alone.ask(eid, Ask::Life(SetLife::End { at: Some(ends) })).await.unwrap();
    let event = alone.nozzle.event(eid).unwrap();
    assert!(!event.view().life.is_over());
    let deadline = Instant::now() + PATIENCE;
    while !event.view().life.is_over() {
        assert!(Instant::now() < deadline, "{:?}", event.view().life);
        sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(event.view().life.ended, Some(ends), "at its moment, not when somebody noticed");
    drop(event);
    alone.stop().await;
}
