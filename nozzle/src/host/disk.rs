//! How much room there is on the disk of the ledgers. Nearly full is said; full pauses the intake while there is still room to take
//! words away and to stop well, and it goes on by itself.

use std::path::Path;
use std::time::Duration;

use metrics::gauge;
use serde::Serialize;
use tokio::sync::watch;

use crate::metrics as names;

/// How often the disk is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Nearly full: less than this is free, or less than its share of a small disk.
const LOW_BYTES: u64 = 1 << 30;
const LOW_SHARE: u64 = 8;
/// Full: so much is kept back for taking words away, for the write-ahead log, and for other programs.
const FULL_BYTES: u64 = 64 << 20;
const FULL_SHARE: u64 = 16;

/// What there is to be said of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Room {
    /// Enough.
    #[default]
    Enough,
    /// Nearly full.
    Low,
    /// Full: nothing more is taken.
    Full,
}

/// One look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Disk {
    /// What there is to be said of it.
    #[serde(rename = "state")]
    pub(super) room: Room,
    /// Bytes that we may write.
    pub(super) free_bytes: u64,
    /// Bytes there are.
    pub(super) total_bytes: u64,
}

impl Disk {
    /// What a look says, after `before`: a full disk has to become a quarter emptier than full before it counts as such, so that the
    /// intake does not open and close with every post.
    fn seen(before: Room, free_bytes: u64, total_bytes: u64) -> Self {
        let full = FULL_BYTES.min(total_bytes / FULL_SHARE);
        let full = if before == Room::Full { full + full / 4 } else { full };
        let room = match free_bytes {
            free if free < full => Room::Full,
            free if free < LOW_BYTES.min(total_bytes / LOW_SHARE) => Room::Low,
            _ => Room::Enough,
        };
        Self { room, free_bytes, total_bytes }
    }

    pub(super) fn is_full(&self) -> bool {
        self.room == Room::Full
    }

    /// Looks. A disk that cannot be asked counts as it did before: writing to it will tell.
    pub(super) fn look(dir: &Path, before: Self) -> Self {
        match nix::sys::statvfs::statvfs(dir) {
            Ok(stat) => {
                let bytes = |blocks: u64| blocks.saturating_mul(stat.fragment_size());
                Self::seen(before.room, bytes(stat.blocks_available()), bytes(stat.blocks()))
            }
            Err(error) => {
                tracing::debug!(%error, "the free space of the data directory cannot be told");
                before
            }
        }
    }
}

/// Looks again and again until it is dropped.
pub(super) async fn watch(dir: &Path, disk: &watch::Sender<Disk>) {
    loop {
        let (path, before) = (dir.to_owned(), *disk.borrow());
        // A disk that hangs must not hang whoever waits on this thread.
        let looked = tokio::task::spawn_blocking(move || Disk::look(&path, before)).await;
        let now = looked.unwrap_or(before);
        gauge!(names::DISK_FREE).set(now.free_bytes as f64);
        gauge!(names::DISK_FULL).set(f64::from(u8::from(now.is_full())));
        if now.room != before.room {
            tell(now);
        }
        disk.send_if_modified(|known| {
            let is_news = known.room != now.room;
            *known = now;
            is_news
        });
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn tell(now: Disk) {
    let free = now.free_bytes >> 20;
    match now.room {
        Room::Enough => tracing::info!(disk.free_mib = free, "there is room on the disk"),
        Room::Low => {
            tracing::warn!(
                disk.free_mib = free,
                "the disk is nearly full: make room, or the intake will pause"
            );
        }
        Room::Full => tracing::error!(
            disk.free_mib = free,
            "the disk is full: sources and intake pause until there is room; posts are kept back at their networks"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    #[test]
    fn a_large_disk_is_judged_by_bytes_and_a_small_one_by_its_share() {
        let room = |free, total| Disk::seen(Room::Enough, free, total).room;
        let large = 1 << 40;
        assert_eq!(room(2 << 30, large), Room::Enough);
        assert_eq!(room(1023 * MIB, large), Room::Low);
        assert_eq!(room(64 * MIB, large), Room::Low);
        assert_eq!(room(64 * MIB - 1, large), Room::Full);
        let small = 64 * MIB;
        assert_eq!((room(8 * MIB, small), room(8 * MIB - 1, small)), (Room::Enough, Room::Low));
        assert_eq!((room(4 * MIB, small), room(4 * MIB - 1, small)), (Room::Low, Room::Full));
    }

    #[test]
    fn a_full_disk_opens_again_only_when_there_is_some_room() {
        let after = |before, free| Disk::seen(before, free, 64 * MIB).room;
        assert_eq!(after(Room::Low, 4 * MIB), Room::Low);
        assert_eq!(after(Room::Full, 4 * MIB), Room::Full);
        assert_eq!(after(Room::Full, 5 * MIB), Room::Low);
    }
}
