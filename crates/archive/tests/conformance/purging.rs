//! Removed words leave the disk: every byte of the files where they are SQLite's, every row where they are PostgreSQL's.

use archive::{Purged, Query};
use model::{Entry, Kind, Seq};

use crate::common::{World, entry, event, gone, item, post, unsorted, words};

const POSTS: u64 = 400;

/// A word that only post `n` says; its neighbours in the index are other posts'.
fn word(n: u64) -> String {
    format!("zq{:04}removed{n:03}end", n * 7_919 % 10_000)
}

async fn is_found(world: &World, n: u64) -> bool {
    let query = Query::new(words(&word(n)));
    !world.archive.items(event(), &query).await.unwrap().is_empty()
}

pub(crate) async fn what_was_removed_leaves_the_disk(world: &World) {
    let said =
        |n: u64| format!("{} and common words{}", word(n), " more".repeat(usize::try_from(n).unwrap() % 90));
    let posts: Vec<Entry> = (1..=POSTS).map(|n| post(n, item(n, &said(n)), unsorted())).collect();
    for some in posts.chunks(50) {
        world.write(event(), some.to_vec()).await;
    }
    // Every third of them goes, a few at a time, so that index and pages are written many times.
    let all: Vec<u64> = (1..=POSTS).step_by(3).collect();
    let remove = |(seq, n): (Seq, u64)| entry(seq, Kind::Remove(gone(n, n, vec![n])));
    let removals: Vec<Entry> = (POSTS + 1..).zip(all.iter().copied()).map(remove).collect();
    for some in removals.chunks(7) {
        world.write(event(), some.to_vec()).await;
    }
    let purged = loop {
        if let Some(purged) = world.archive.purge().await.unwrap() {
            break purged;
        }
    };
    let left = |text: &str| all.iter().map(|n| word(*n)).filter(|word| text.contains(word.as_str())).count();
    assert_eq!(left(&world.all_item_text().await), 0, "rows");
    assert_eq!(purged, if world.is_postgres() { Purged::Vacuumed } else { Purged::Wiped });
    for file in ["archive.sqlite", "archive.sqlite-wal"] {
        let bytes = std::fs::read(world.settings.data_dir.join(file)).unwrap_or_default();
        // A term of the index may lack its first letters, which it shares with the one before it.
        let text = String::from_utf8_lossy(&bytes);
        let ends = all.iter().filter(|n| text.contains(&format!("removed{n:03}end"))).count();
        assert_eq!((left(&text), ends), (0, 0), "{file}");
    }
    assert!(is_found(world, 2).await && !is_found(world, 1).await, "what stays is found as before");
    assert!(world.archive.purge().await.unwrap().is_some(), "and once more");
}
