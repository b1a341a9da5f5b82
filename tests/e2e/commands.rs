//! The commands beside the daemons: events and schedules applied with and without a nozzle, the archive exported and
//! rebuilt, a lost ledger recovered.

use std::time::{Duration, Instant};

use testkit::Redis;

use crate::program::{Ended, Place, Running};

const EVENT: &str = "slug = \"rustfest\"\ntitle = \"RustFest\"\nonsite = \"open\"\n";
const ARCHIVED_WITHIN: Duration = Duration::from_secs(60);

/// A place with an event.toml and settings on free ports; `live` is the URL of the live store.
pub(crate) fn place(live: &str) -> (Place, String) {
    let [site, nozzle, strainer] = [(); 3].map(|()| testkit::free_port());
    let place = Place::new();
    place.write("event.toml", EVENT);
    place.write(
        "perihelion.toml",
        &format!(
            "[live]\nurl = \"{live}\"\n[site]\nlisten = \"127.0.0.1:{site}\"\n[nozzle]\nlisten = \"127.0.0.1:{nozzle}\"\n\
             [strainer]\nlisten = \"127.0.0.1:{strainer}\"\n"
        ),
    );
    (place, format!("http://127.0.0.1:{nozzle}"))
}

#[track_caller]
pub(crate) fn done(ended: Ended) -> String {
    assert_eq!(ended.code, Some(0), "{ended:?}");
    ended.stdout
}

/// The id of the one event, as `event list` prints it.
pub(crate) fn event_id(place: &Place) -> String {
    let listed = done(place.run(&["event", "list"]));
    listed.split_whitespace().nth(1).expect("an event is listed with its id").to_owned()
}

/// Writes a post through the intake, as the event's own page would.
fn say(place: &Place, intake: &str, words: &str) {
    let eid = event_id(place);
    let token = std::fs::read_to_string(place.path().join("data/intake-token")).expect("the token was made");
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts");
    let answer = runtime.block_on(async {
        let request = crate::web::client()
            .post(format!("{intake}/intake/{eid}/say"))
            .bearer_auth(token.trim())
            .header("Idempotency-Key", words)
            .header("X-Actor", "guest:ada")
            .body(serde_json::json!({"text": words, "name": "Ada"}).to_string());
        request.send().await.expect("the intake answers")
    });
    assert_eq!(answer.status(), 201, "{words}");
}

/// Waits until the export has this many lines, and returns it.
fn export(place: &Place, lines: usize) -> String {
    let deadline = Instant::now() + ARCHIVED_WITHIN;
    loop {
        let exported = place.run(&["export", "rustfest"]);
        if exported.code == Some(0) && exported.stdout.lines().count() == lines {
            return exported.stdout;
        }
        assert!(Instant::now() < deadline, "not {lines} lines: {exported:?}");
        std::thread::park_timeout(Duration::from_millis(100));
    }
}

pub(crate) fn up(place: &Place) -> Running {
    place.start(&["up"], "Perihelion is at")
}

#[test]
fn event_applied_without_a_nozzle_is_served_by_the_next_and_changed_by_a_running_one() {
    let (place, intake) = place("embedded");
    let applied = done(place.run(&["event", "apply", "event.toml"]));
    assert!(applied.contains("created rustfest") && applied.contains("No nozzle runs"), "{applied}");
    let eid = event_id(&place);
    let _running = up(&place);
    say(&place, &intake, "before the change");
    place.write("event.toml", &EVENT.replace("RustFest", "RustFest 2026"));
    let changed = done(place.run(&["event", "apply", "event.toml"]));
    assert!(changed.contains("changed rustfest") && !changed.contains("No nozzle runs"), "{changed}");
    let shown = place.run(&["event", "show", "rustfest"]);
    assert!(shown.stdout.contains("RustFest 2026") && shown.stderr.contains(&eid), "{shown:?}");
    place.write("again.toml", &shown.stdout);
    done(place.run(&["event", "apply", "again.toml"]));
    let again = place.run(&["event", "show", "rustfest"]);
    assert_eq!(
        (again.stdout, again.stderr),
        (shown.stdout, shown.stderr),
        "what is shown is applied and changes nothing"
    );
}

#[test]
fn export_and_rebuild_tell_the_same() {
    let (place, intake) = place("embedded");
    done(place.run(&["event", "apply", "event.toml"]));
    let _running = up(&place);
    for words in ["one", "two", "three"] {
        say(&place, &intake, words);
    }
    let before = export(&place, 3);
    assert!(before.contains("\"two\""), "{before}");
    let rebuilt = done(place.run(&["archive", "rebuild", "rustfest"]));
    assert!(rebuilt.contains("archived rustfest anew"), "{rebuilt}");
    assert_eq!(export(&place, 3), before);
}

fn lose_the_ledger(place: &Place) {
    let live = place.path().join("data/live");
    assert!(live.is_dir());
    std::fs::remove_dir_all(live).expect("the ledgers can be removed");
}

#[test]
fn lost_ledger_is_recovered_from_the_archive() {
    let (place, intake) = place("embedded");
    done(place.run(&["event", "apply", "event.toml"]));
    let mut running = up(&place);
    let eid = event_id(&place);
    say(&place, &intake, "one");
    say(&place, &intake, "two");
    let before = export(&place, 2);
    running.stop();
    let refused = place.run(&["recover", "rustfest"]);
    assert_eq!(refused.code, Some(1), "a ledger that is there is not replaced: {refused:?}");
    assert!(refused.stderr.contains("has a ledger"), "{refused:?}");
    lose_the_ledger(&place);
    let recovered = done(place.run(&["recover", "rustfest"]));
    assert!(recovered.contains("2 items"), "{recovered}");
    assert_eq!(event_id(&place), eid);
    let _running = up(&place);
    say(&place, &intake, "three");
    let after = export(&place, 3);
    let (kept, new): (Vec<&str>, Vec<&str>) = after.lines().partition(|line| !line.contains("\"three\""));
    assert_eq!(new.len(), 1);
    let ids = |text: &str| -> Vec<serde_json::Value> {
        let parse =
            |line| serde_json::from_str::<serde_json::Value>(line).expect("a line is JSON")["id"].clone();
        text.lines().map(parse).collect()
    };
    assert_eq!(ids(&kept.join("\n")), ids(&before));
}

#[tokio::test]
async fn lost_ledger_is_recovered_from_redis_and_refused_without_a_witness() {
    let Some(redis) = Redis::start().await else { return };
    let url = redis.url();
    let story = move || {
        let (place, intake) = place(&url);
        done(place.run(&["event", "apply", "event.toml"]));
        let mut nozzle = place.start_quietly(&["nozzle"]);
        say_when_owned(&place, &intake, "only in the tail");
        // What is committed is pushed before it ends; a nozzle that is killed may leave its last entries in the ledger alone.
        nozzle.end();
        lose_the_ledger(&place);
        let refused = place.run(&["recover", "nowhere"]);
        assert_eq!(refused.code, Some(1), "{refused:?}");
        let alone = place.run(&["recover", "rustfest", "--without-tail"]);
        assert_eq!(alone.code, Some(1), "nobody else knows it: {alone:?}");
        let recovered = done(place.run(&["recover", "rustfest"]));
        assert!(recovered.contains("1 items"), "{recovered}");
        let _nozzle = place.start_quietly(&["nozzle"]);
        say_when_owned(&place, &intake, "after the loss");
        let _strainer = place.start_quietly(&["strainer"]);
        let exported = export(&place, 2);
        assert!(exported.contains("only in the tail") && exported.contains("after the loss"), "{exported}");
    };
    tokio::task::spawn_blocking(story).await.expect("the story holds");
}

/// A nozzle that found no owner looks for 10 s before it takes over; its intake says "later" meanwhile.
pub(crate) fn say_when_owned(place: &Place, intake: &str, words: &str) {
    let deadline = Instant::now() + Duration::from_secs(90);
    let address = format!("{intake}/readyz");
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts");
    while !runtime.block_on(async { crate::web::get(&address).await.is_ok_and(|a| a.status().is_success()) })
    {
        assert!(Instant::now() < deadline, "the nozzle does not become ready");
        std::thread::park_timeout(Duration::from_millis(100));
    }
    say(place, intake, words);
}
