//! Fetched pictures on disk: bounded in number and bytes, the oldest goes first, and a picture goes with its item. Losing it all costs
//! nothing but fetching again, so no write here is waited for by a disk's flush and no error reaches a reader.

use super::fetch::PICTURE_BYTES_MAX;
use bytes::Bytes;
use model::{EventId, ItemId};
use sha2::{Digest, Sha256};
use std::{
    collections::HashMap,
    io,
    path::{Path, PathBuf},
    time::SystemTime,
};
use tokio::sync::Mutex;

/// What all pictures together may take.
const BYTES_MAX: u64 = 256 * 1024 * 1024;
/// Files at most.
const FILES_MAX: usize = 5_000;

/// See the module.
#[derive(Debug)]
pub(super) struct Cache {
    dir: PathBuf,
    /// Bytes and files, counted at the first write.
    held: Mutex<Option<(u64, usize)>>,
}

impl Cache {
    pub(super) fn new(dir: PathBuf) -> Self {
        Self { dir, held: Mutex::default() }
    }

    /// The file of a key and an address: an address that changed within a revision is another picture.
    fn path(&self, key: &str, url: &str) -> PathBuf {
        let tag: String =
            Sha256::digest(url.as_bytes())[..6].iter().map(|byte| format!("{byte:02x}")).collect();
        self.dir.join(format!("{key}.{tag}"))
    }

    pub(super) async fn get(&self, key: &str, url: &str) -> Option<Bytes> {
        let bytes = tokio::fs::read(self.path(key, url)).await.ok()?;
        (bytes.len() <= PICTURE_BYTES_MAX).then(|| bytes.into())
    }

    pub(super) async fn put(&self, key: &str, url: &str, bytes: Bytes) {
        let path = self.path(key, url);
        let mut held = self.held.lock().await;
        let (dir, known) = (self.dir.clone(), *held);
        let written = tokio::task::spawn_blocking(move || write(&dir, &path, &bytes, known)).await;
        match written {
            Ok(Ok(now)) => *held = Some(now),
            Ok(Err(error)) => tracing::debug!(%error, "a picture could not be kept"),
            Err(error) => tracing::debug!(%error, "a picture could not be kept"),
        }
    }

    /// Forgets pictures of items: all of them, or all but those of the present revision. One pass over the files.
    /// False when the disk did not let us.
    pub(super) async fn drop_items(&self, event: EventId, items: HashMap<ItemId, Option<u64>>) -> bool {
        let dir = self.dir.clone();
        let mut held = self.held.lock().await;
        let dropped = tokio::task::spawn_blocking(move || drop_files(&dir, event, &items)).await;
        match dropped {
            Ok(Ok(n)) => {
                if n > 0 {
                    *held = None;
                }
                true
            }
            Ok(Err(error)) => error.kind() == io::ErrorKind::NotFound,
            Err(_) => false,
        }
    }

    /// Forgets one picture.
    pub(super) async fn drop_one(&self, key: &str, url: &str) {
        let path = self.path(key, url);
        let mut held = self.held.lock().await;
        if tokio::fs::remove_file(&path).await.is_ok() {
            *held = None;
        }
    }

    /// Forgets all pictures of an event.
    pub(super) async fn drop_event(&self, event: EventId) {
        let dir = self.dir.clone();
        let mut held = self.held.lock().await;
        let dropped = tokio::task::spawn_blocking(move || drop_all(&dir, event)).await;
        if !matches!(dropped, Ok(Ok(()))) {
            tracing::warn!(event.id = %event, "not all pictures of a deleted event could be removed; those that are left go with the oldest");
        }
        *held = None;
    }
}

fn drop_all(dir: &Path, event: EventId) -> io::Result<()> {
    if !dir.exists() {
        return Ok(());
    }
    for (_, _, path) in list(dir)? {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.split('.').next() == Some(event.as_str()) {
            std::fs::remove_file(&path)?;
        }
    }
    Ok(())
}

fn write(dir: &Path, path: &Path, bytes: &[u8], held: Option<(u64, usize)>) -> io::Result<(u64, usize)> {
    std::fs::create_dir_all(dir)?;
    let draft = path.with_extension("draft");
    std::fs::write(&draft, bytes)?;
    std::fs::rename(&draft, path)?;
    let (size, files) = match held {
        Some((size, files)) => (size + bytes.len() as u64, files + 1),
        None => measure(dir)?,
    };
    if size <= BYTES_MAX && files <= FILES_MAX { Ok((size, files)) } else { shrink(dir) }
}

fn list(dir: &Path) -> io::Result<Vec<(SystemTime, u64, PathBuf)>> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        let data = entry.metadata()?;
        if data.is_file() {
            all.push((data.modified().unwrap_or(SystemTime::UNIX_EPOCH), data.len(), entry.path()));
        }
    }
    Ok(all)
}

fn measure(dir: &Path) -> io::Result<(u64, usize)> {
    let all = list(dir)?;
    Ok((all.iter().map(|(_, size, _)| size).sum(), all.len()))
}

/// Takes the oldest files away until a quarter of both bounds is free.
fn shrink(dir: &Path) -> io::Result<(u64, usize)> {
    let mut all = list(dir)?;
    all.sort();
    let (mut size, mut files) = (all.iter().map(|(_, size, _)| size).sum::<u64>(), all.len());
    for (_, bytes, path) in all {
        if size <= BYTES_MAX / 4 * 3 && files <= FILES_MAX / 4 * 3 {
            break;
        }
        std::fs::remove_file(path)?;
        size -= bytes;
        files -= 1;
    }
    Ok((size, files))
}

fn drop_files(dir: &Path, event: EventId, items: &HashMap<ItemId, Option<u64>>) -> io::Result<usize> {
    let mut dropped = 0;
    for (_, _, path) in list(dir)? {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let mut parts = name.split('.');
        let (of, id, rev) = (parts.next(), parts.next(), parts.next());
        let Some(present) = id.and_then(|id| id.parse().ok()).and_then(|id: ItemId| items.get(&id)) else {
            continue;
        };
        let is_present = present.is_some() && rev.and_then(|rev| rev.parse().ok()) == *present;
        if of == Some(event.as_str()) && !is_present {
            std::fs::remove_file(&path)?;
            dropped += 1;
        }
    }
    Ok(dropped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_picture_is_kept_under_its_address_and_goes_with_its_item() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::new(dir.path().join("media"));
        let picture = Bytes::from_static(b"GIF89a");
        let (event, id) = (EventId::from_random(7), model::Uid::new("x", "1").id());
        let key = |rev: u64| format!("{event}.{id}.{rev}.0");
        for rev in [0, 7] {
            cache.put(&key(rev), "https://a.example/1", picture.clone()).await;
        }
        assert_eq!(cache.get(&key(7), "https://a.example/1").await, Some(picture.clone()));
        assert_eq!(cache.get(&key(7), "https://a.example/other").await, None);
        cache.drop_items(event, HashMap::from([(id, Some(7))])).await;
        assert_eq!(cache.get(&key(0), "https://a.example/1").await, None, "an edit takes the old pictures");
        assert_eq!(cache.get(&key(7), "https://a.example/1").await, Some(picture));
        cache.drop_items(EventId::from_random(8), HashMap::from([(id, None)])).await;
        assert!(
            cache.get(&key(7), "https://a.example/1").await.is_some(),
            "another event's item is another item"
        );
        cache.drop_items(event, HashMap::from([(id, None)])).await;
        assert_eq!(cache.get(&key(7), "https://a.example/1").await, None);
        cache.put(&key(8), "https://a.example/1", Bytes::from_static(b"GIF89a")).await;
        cache.drop_event(EventId::from_random(8)).await;
        assert!(cache.get(&key(8), "https://a.example/1").await.is_some());
        cache.drop_event(event).await;
        assert_eq!(
            cache.get(&key(8), "https://a.example/1").await,
            None,
            "an event takes its pictures along"
        );
    }

    #[test]
    fn a_full_cache_lets_the_oldest_go() {
        let dir = tempfile::tempdir().unwrap();
        for n in 0..FILES_MAX + 1 {
            std::fs::write(dir.path().join(format!("{n:05}")), b"x").unwrap();
        }
        let (_, files) = shrink(dir.path()).unwrap();
        assert_eq!(files, FILES_MAX / 4 * 3);
        assert_eq!(measure(dir.path()).unwrap().1, files);
    }
}
