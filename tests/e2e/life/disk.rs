//! A full disk, on a small file system of its own.

use std::path::{Path, PathBuf};
use std::process::Command;

use reqwest::StatusCode;

use super::World;
use crate::commands::{done, event_id, up};

/// A mounted file system; let go of when dropped.
struct Mounted(PathBuf);

impl Mounted {
    /// None where mounting is not allowed, said loudly.
    fn at(path: &Path) -> Option<Self> {
        std::fs::create_dir_all(path).expect("the mount point can be made");
        let mut command = Command::new("mount");
        command.args(["-t", "tmpfs", "-o", "size=64m,mode=0700", "tmpfs"]).arg(path);
        match command.output() {
            Ok(ended) if ended.status.success() => Some(Self(path.to_owned())),
            refused => {
                eprintln!("SKIPPED: a small file system cannot be mounted here: {refused:?}");
                None
            }
        }
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        // What still runs on it is killed before; a lazy unmount cannot fail on a reader that is a moment late.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_pauses_the_intake_with_a_banner_and_goes_on_by_itself_without_a_loss() {
    let world = World::new("embedded");
    let Some(_mounted) = Mounted::at(&world.data()) else { return };
    done(world.place.run(&["event", "apply", "event.toml"]));
    let mut running = up(&world.place);
    let eid = event_id(&world.place);
    let (status, _, said) = world.say(&eid, "there is room").await;
    assert_eq!(status, StatusCode::CREATED, "{said}");
    let id = serde_json::from_str::<serde_json::Value>(&said).expect("JSON")["id"]
        .as_str()
        .expect("an id")
        .to_owned();

    // To the last byte, as another program would.
    let filler = world.data().join("filler.log");
    let mut file = std::fs::File::create(&filler).expect("a file");
    while std::io::Write::write_all(&mut file, &[0x5a; 1 << 16]).is_ok() {}
    let is_told = || async { world.text("/rustfest/life.json").await.contains("kept-back") };
    world.until("readers are told that posts are kept back", is_told).await;
    assert!(world.text("/rustfest").await.contains("Posts are being kept back at their networks"));
    let (status, wait, said) = world.say(&eid, "too much").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{said}");
    assert!(wait.is_some() && said.contains("The disk is full"), "{wait:?} {said}");

    // Nearly full: said, and everything goes on.
    drop(file);
    std::fs::OpenOptions::new()
        .write(true)
        .open(&filler)
        .and_then(|file| file.set_len(50 << 20))
        .expect("some room");
    world.until("it goes on by itself", || async { world.say(&eid, "too much").await.0.is_success() }).await;
    let is_over = || async { !world.text("/rustfest/life.json").await.contains("kept-back") };
    world.until("the banner goes", is_over).await;
    std::fs::remove_file(&filler).expect("the filler can be removed");
    let found = world.exported("rustfest", 2).join("\n");
    assert!(found.contains("there is room") && found.contains("too much"), "{found}");
    assert_eq!(world.status(&format!("/rustfest/posts/{id}")).await, StatusCode::OK);
    running.end();
}
