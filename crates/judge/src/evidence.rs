//! Reading what was written down.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::Path;

/// What exists: the public id of each item, and the network that it is of.
pub type Alive = BTreeMap<String, String>;

/// One entry as a client saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Its number.
    pub seq: u64,
    /// Its kind.
    pub kind: String,
    /// The item it is about, if it is about one.
    pub id: Option<String>,
    /// The network that it names, if it holds the item itself.
    pub network: Option<String>,
}

/// One line of an export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exported {
    /// The item.
    pub id: String,
    /// The network that it names.
    pub network: Option<String>,
}

/// The public id of an item: the first 60 bits of SHA-256(uid) in Crockford's base 32.
#[must_use]
pub fn item_id(uid: &str) -> String {
    const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    let digest = Sha256::digest(uid.as_bytes());
    let bits = digest.iter().take(8).fold(0u64, |all, byte| (all << 8) | u64::from(*byte)) >> 4;
    (0..12).rev().map(|place| char::from(ALPHABET[(bits >> (5 * place) & 31) as usize])).collect()
}

/// The uid of an article that a feed at this address calls `id`: the first half of SHA-256 over both with the length of
/// each before it.
#[must_use]
pub fn article_uid(feed: &str, id: &str) -> String {
    let named = format!("id\n{id}");
    let mut hasher = Sha256::new();
    for part in [feed, &named] {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    let hex: String = hasher.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("feed:{hex}")
}

/// The originals that exist at the end of a fake network's journal. A blog's journal names its articles by their own ids;
/// `feed` is the address at which the product reads them.
///
/// # Errors
/// When the file cannot be read, a line is no JSON, or articles are named and no feed is.
pub fn read_journal(path: &Path, feed: Option<&str>) -> Result<Alive> {
    let mut alive = Alive::new();
    for value in json_lines(path)? {
        let uid = value["uid"].as_str().unwrap_or_default();
        let (network, name) = uid.split_once(':').unwrap_or((uid, ""));
        let id = match network {
            "feed" => item_id(&article_uid(feed.context("articles exist, and no --feed says where")?, name)),
            _ => item_id(uid),
        };
        match value["kind"].as_str() {
            Some("exists") => alive.insert(id, network.to_owned()),
            Some("delete") => alive.remove(&id),
            _ => None,
        };
    }
    Ok(alive)
}

/// Every entry in a file of raw frames, in the order of arrival: WebSocket and server-sent-event frames hold one, poll answers hold
/// several.
///
/// # Errors
/// When the file cannot be read, or a frame is no JSON.
pub fn read_frames(path: &Path) -> Result<Vec<Seen>> {
    let mut out = Vec::new();
    for frame in json_lines(path)? {
        match frame.get("entries").and_then(Value::as_array) {
            Some(entries) => out.extend(entries.iter().filter_map(seen)),
            None => out.extend(seen(&frame)),
        }
    }
    Ok(out)
}

fn seen(value: &Value) -> Option<Seen> {
    let seq = value.get("seq")?.as_u64()?;
    let kind = value.get("kind")?.as_str()?.to_owned();
    let id = value.get("id").and_then(Value::as_str).map(str::to_owned);
    Some(Seen { seq, kind, id, network: network(value) })
}

fn network(value: &Value) -> Option<String> {
    value["item"]["network"].as_str().map(str::to_owned)
}

/// The lines of an export, in its order.
///
/// # Errors
/// When the file cannot be read, or a line has no id.
pub fn read_export(path: &Path) -> Result<Vec<Exported>> {
    let line = |value: &Value| {
        let id = value["id"].as_str().context("a line of the export has no id")?.to_owned();
        Ok(Exported { id, network: network(value) })
    };
    json_lines(path)?.iter().map(line).collect()
}

/// The ids on a page, top to bottom, one a line.
///
/// # Errors
/// When the file cannot be read.
pub fn read_dom(path: &Path) -> Result<Vec<String>> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    Ok(text.lines().filter(|l| !l.is_empty()).map(str::to_owned).collect())
}

fn json_lines(path: &Path) -> Result<Vec<Value>> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    ensure!(text.is_empty() || text.ends_with('\n'), "{} ends in half a line", path.display());
    text.lines()
        .enumerate()
        .filter(|(_, line)| !line.is_empty())
        .map(|(n, line)| serde_json::from_str(line).with_context(|| format!("{}:{}", path.display(), n + 1)))
        .collect()
}
