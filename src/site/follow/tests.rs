//! The list of events: what a crowd costs that asks for one that is not to be had, and the number that grows whenever anything happens.

use super::*;
use std::sync::Mutex as StdMutex;

/// A store whose list changes, or that is away.
#[derive(Default)]
struct Listing {
    list: StdMutex<Option<Vec<EventRef>>>,
    asked: AtomicUsize,
}

#[async_trait::async_trait]
impl Store for Listing {
    async fn events(&self) -> Result<Vec<EventRef>, live::Error> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        sleep(Duration::from_millis(20)).await;
        self.list.lock().unwrap().clone().ok_or_else(|| live::Error::NoEvent("away".to_owned()))
    }

    async fn log(&self, eid: EventId) -> Result<Arc<dyn Log>, live::Error> {
        Err(live::Error::NoEvent(eid.to_string()))
    }

    async fn put_status(&self, _: &str, _: &str) -> Result<(), live::Error> {
        Ok(())
    }

    async fn statuses(&self) -> Result<Vec<(String, String)>, live::Error> {
        Ok(Vec::new())
    }
}

async fn following(store: &Arc<Listing>) -> (Arc<Events>, Shutdown) {
    // Nothing is ever written there.
    let (dir, shutdown) = (std::path::PathBuf::from("/nowhere"), Shutdown::new());
    let nowhere = archive::Settings {
        url: "postgres://nobody@127.0.0.1:9/none".into(),
        data_dir: dir.clone(),
        statement_cache: true,
    };
    let archive = archive::open(&nowhere).expect("an archive that is never asked");
    let media = Arc::new(Media::new(dir, false));
    let bytes = Arc::default();
    let events = Events::start(store.clone(), archive, media, Readiness::default(), bytes, &shutdown);
    (events, shutdown)
}

fn event(n: u64, slug: &str) -> EventRef {
    EventRef { eid: EventId::from_random(n), slug: slug.into(), title: slug.into() }
}

#[tokio::test]
async fn a_crowd_that_asks_a_store_that_is_away_waits_once() {
    let store = Arc::new(Listing::default());
    let (events, shutdown) = following(&store).await;
    let found = futures_util::future::join_all((0..50).map(|_| events.find("nobody"))).await;
    assert!(found.iter().all(Option::is_none));
    let asked = store.asked.load(Ordering::Relaxed);
    assert!(asked < 10, "each waited for an answer of their own, one after the other: {asked}");
    shutdown.trigger();
}

#[tokio::test]
async fn what_happened_to_all_events_grows_also_when_another_event_takes_ones_address() {
    let store = Arc::new(Listing::default());
    *store.list.lock().unwrap() = Some(vec![event(1, "fest")]);
    let (events, shutdown) = following(&store).await;
    let one = events.find("fest").await.expect("it is listed");
    (0..100).for_each(|_| one.shelf.turn());
    let before = events.stamps();
    *store.list.lock().unwrap() = Some(vec![event(2, "fest")]);
    while events.known("fest").is_some_and(|event| event.eid == one.eid) {
        events.look().await;
        sleep(Duration::from_millis(5)).await;
    }
    assert!(events.stamps() > before, "a page of all events would stay as it was");
    shutdown.trigger();
}
