//! Saved while it runs, put back elsewhere.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use reqwest::StatusCode;
use testkit::Redis;

use super::World;
use crate::commands::{done, event_id, say_when_owned, up};

/// The same place without its data, as after the loss of the disk.
fn lose_everything(world: &World) {
    std::fs::remove_dir_all(world.data()).expect("the data directory can be removed");
}

fn modes_are_closed(dir: &Path) {
    for file in std::fs::read_dir(dir).expect("a directory").map(|file| file.expect("a file")) {
        let mode = file.metadata().expect("a file").permissions().mode() & 0o777;
        let wanted = if file.path().is_dir() { 0o700 } else { 0o600 };
        assert_eq!(mode, wanted, "{}", file.path().display());
        if file.path().is_dir() {
            modes_are_closed(&file.path());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_accepted_before_a_backup_under_load_is_there_after_it_was_put_back() {
    let world = World::new("embedded");
    done(world.place.run(&["event", "apply", "event.toml"]));
    let mut running = up(&world.place);
    let eid = event_id(&world.place);
    let mut kept = Vec::new();
    for n in 0..30 {
        let words = format!("before {n}");
        assert_eq!(world.say(&eid, &words).await.0, StatusCode::CREATED);
        kept.push(words);
    }
    // Two forms, while others write on.
    let (stop, mut stopped) = tokio::sync::oneshot::channel::<()>();
    let saving = async {
        for to in ["saved", "saved.tar"] {
            let mut command = tokio::process::Command::from(world.place.command(&["backup", to]));
            let saved = command.output().await.expect("the program runs");
            assert!(saved.status.success(), "{}", String::from_utf8_lossy(&saved.stderr));
        }
        drop(stop);
    };
    let writing = async {
        let mut n = 0;
        while stopped.try_recv() == Err(tokio::sync::oneshot::error::TryRecvError::Empty) {
            assert_eq!(world.say(&eid, &format!("meanwhile {n}")).await.0, StatusCode::CREATED);
            n += 1;
        }
    };
    tokio::join!(saving, writing);
    let again = world.place.run(&["backup", "saved"]);
    assert!(again.code == Some(1) && again.stderr.contains("is there already"), "{again:?}");
    modes_are_closed(&world.place.path().join("saved"));
    let position = world.text("/live/rustfest/head.json").await;
    let filled = world.place.run(&["restore", "saved"]);
    assert!(filled.code == Some(1) && filled.stderr.contains("is not empty"), "{filled:?}");
    running.end();

    for from in ["saved", "saved.tar"] {
        lose_everything(&world);
        let told = done(world.place.run(&["restore", from]));
        assert!(told.contains("put back up to entry"), "{told}");
        let mut running = up(&world.place);
        assert_eq!(event_id(&world.place), eid);
        let found = world.exported("rustfest", kept.len()).join("\n");
        let lost: Vec<&String> =
            kept.iter().filter(|words| !found.contains(&format!("\"{words}\""))).collect();
        assert!(lost.is_empty(), "{from}: {lost:?}");
        // Whoever comes with the old log's name hears that this is another one.
        let was: serde_json::Value = serde_json::from_str(&position).expect("JSON");
        let now: serde_json::Value =
            serde_json::from_str(&world.text("/live/rustfest/head.json").await).expect("JSON");
        assert_ne!(now["epoch"], was["epoch"], "numbers are not used twice under one name");
        for seq in ["5", "99999"] {
            let old = was["epoch"].as_str().expect("an epoch");
            let answer = world.text(&format!("/live/rustfest/poll?after={old}.{seq}")).await;
            let answer: serde_json::Value = serde_json::from_str(&answer).expect("JSON");
            assert_eq!(
                answer["epoch"], now["epoch"],
                "{old}.{seq} is not answered under the old name: {answer}"
            );
        }
        assert_eq!(world.say(&eid, "after the restore").await.0, StatusCode::CREATED);
        let is_archived =
            || async { world.exported("rustfest", kept.len()).join("\n").contains("after the restore") };
        world.until("the archive goes on", is_archived).await;
        running.end();
        // The archive that came back is the fold of the ledger that came back.
        let before = world.exported("rustfest", kept.len() + 1);
        done(world.place.run(&["archive", "rebuild", "rustfest"]));
        assert_eq!(world.exported("rustfest", before.len()), before);
    }

    lose_everything(&world);
    let token = world.place.path().join("saved/intake-token");
    std::fs::write(&token, "another").expect("a file of the backup");
    let damaged = world.place.run(&["restore", "saved"]);
    assert!(
        damaged.code == Some(1) && damaged.stderr.contains("intake-token is not as it was saved"),
        "{damaged:?}"
    );
    assert!(!world.data().join("live").exists(), "nothing is put back of a damaged backup");
}

#[tokio::test]
async fn a_backup_that_is_put_back_takes_over_what_redis_has_beyond_it() {
    let Some(redis) = Redis::start().await else { return };
    let url = redis.url();
    let story = move || {
        let world = World::new(&url);
        done(world.place.run(&["event", "apply", "event.toml"]));
        let mut nozzle = world.place.start_quietly(&["nozzle"]);
        say_when_owned(&world.place, &world.intake, "in the backup");
        done(world.place.run(&["backup", "saved"]));
        say_when_owned(&world.place, &world.intake, "only in the tail");
        let busy = world.place.run(&["restore", "saved"]);
        assert_eq!(busy.code, Some(1), "{busy:?}");
        // What is committed is pushed before it ends.
        nozzle.end();
        lose_everything(&world);
        let deadline = std::time::Instant::now() + super::PATIENCE;
        let told = loop {
            let told = world.place.run(&["restore", "saved"]);
            if told.code == Some(0) {
                break told.stdout;
            }
            assert!(
                told.stderr.contains("a nozzle runs on this event"),
                "the claim lives for 10 s: {told:?}"
            );
            assert!(std::time::Instant::now() < deadline, "{told:?}");
            std::thread::park_timeout(std::time::Duration::from_millis(500));
        };
        assert!(told.contains("entries more that Redis still held"), "{told}");
        let _nozzle = world.place.start_quietly(&["nozzle"]);
        say_when_owned(&world.place, &world.intake, "after the restore");
        let _strainer = world.place.start_quietly(&["strainer"]);
        let found = world.exported("rustfest", 3).join("\n");
        for words in ["in the backup", "only in the tail", "after the restore"] {
            assert!(found.contains(words), "{words}: {found}");
        }
    };
    tokio::task::spawn_blocking(story).await.expect("the story holds");
}
