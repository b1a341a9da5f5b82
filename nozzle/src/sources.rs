//! From event.toml to sources: settings are resolved and checked, then the network's own folder opens its source.
//! Everything that can be said about bad settings without asking the network is said here, when they are applied.

mod check;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chassis::Secret;
use model::event::{EventFile, Moderation, SourceFile};
use url::Url;

pub use check::{check, read, unset, wrong_keys};

use crate::hook::{self, Doorway};
use crate::source::{Api, Memory, Source, SourceSettings};
use crate::{bluesky, feed, flickr, mastodon, replay, twitter};

/// Shortest and longest `poll_seconds`.
const POLL_SECONDS: std::ops::RangeInclusive<u32> = 1..=3600;
/// Most hashtags of one source.
const TAGS_MAX: usize = 20;
/// Longest hashtag, in bytes.
const TAG_BYTES_MAX: usize = 100;

/// Looks up an environment variable; tests bring their own.
pub type Env<'a> = &'a (dyn Fn(&str) -> Option<String> + Send + Sync);

/// Longest secret that is read from a file, in bytes.
const SECRET_BYTES_MAX: u64 = 4096;

/// The environment of this process: the variable itself; else what the file holds that `NAME_FILE` names, as containers hand
/// secrets over; else a credential of that name, as systemd does (`LoadCredential=`). A file is read anew each time, so that a
/// secret which has changed needs no other start.
pub fn process_env(name: &str) -> Option<String> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let file = || variable(&format!("{name}_FILE")).map(std::path::PathBuf::from);
    let credential = || variable("CREDENTIALS_DIRECTORY").map(|folder| Path::new(&folder).join(name));
    variable(name).or_else(|| file().or_else(credential).and_then(|path| secret_in(&path)))
}

/// What a file holds, without the end of its line.
fn secret_in(path: &Path) -> Option<String> {
    use std::io::Read;
    let mut text = String::new();
    let file = std::fs::File::open(path).ok()?;
    file.take(SECRET_BYTES_MAX).read_to_string(&mut text).ok()?;
    Some(text.trim_end_matches(['\r', '\n']).to_owned()).filter(|secret| !secret.is_empty())
}

/// Opens one source of an event.
///
/// # Errors
/// A sentence about what cannot work and what would.
pub fn open(
    file: &SourceFile,
    event: &EventFile,
    env: Env<'_>,
    memory: Arc<dyn Memory>,
) -> Result<Box<dyn Source>, String> {
    open_at(file, event, env, memory, &Doorway::closed())
}

/// As [`open`], for a source whose deliveries come in through `doorway`, if they come to us at all.
pub(crate) fn open_at(
    file: &SourceFile,
    event: &EventFile,
    env: Env<'_>,
    memory: Arc<dyn Memory>,
    doorway: &Doorway,
) -> Result<Box<dyn Source>, String> {
    if is_known(&file.kind)? == Known::Brought {
        return Err("nothing is fetched for this kind: people write on the page".to_owned());
    }
    // Settings may have been applied by a version that let them pass.
    if let Some(what) = check::wrong_to_open(file) {
        return Err(what);
    }
    let settings = resolve(file, event, env)?;
    match file.kind.as_str() {
        "bluesky" => bluesky::open(&settings, memory),
        "feed" => feed::open(&settings, memory),
        "mastodon" => mastodon::open(&settings, memory),
        "twitter" => twitter::open(&settings, memory),
        "flickr" => flickr::open(&settings, memory),
        hook::KIND => hook::open(&settings, doorway),
        _ => replay::open(&settings, memory),
    }
}

#[derive(PartialEq, Eq)]
enum Known {
    Available,
    /// Brought to the intake by people; there is nothing to open.
    Brought,
}

fn is_known(kind: &str) -> Result<Known, String> {
    match kind {
        "bluesky" | "feed" | "mastodon" | "twitter" | "flickr" | "replay" | hook::KIND => {
            Ok(Known::Available)
        }
        "onsite" => Ok(Known::Brought),
        other => Err(format!(
            "kind = {other:?} is unknown; write bluesky, feed, flickr, mastodon, twitter, hook or replay"
        )),
    }
}

/// The settings of one source with the event's defaults and the environment's secrets.
///
/// # Errors
/// A sentence about the first key that cannot work.
pub fn resolve(file: &SourceFile, event: &EventFile, env: Env<'_>) -> Result<SourceSettings, String> {
    let url = match file.url.as_deref() {
        Some(path) if file.kind == "replay" => Some(file_or_address(path)?),
        // A Jetstream's address is often written as that of a WebSocket.
        Some(host) if file.kind == "bluesky" => {
            Some(address("url", &host.replacen("wss://", "https://", 1))?)
        }
        other => other.map(|u| address("url", u)).transpose()?,
    };
    Ok(SourceSettings {
        name: file.name.clone(),
        url,
        streaming_url: file.streaming_url.as_deref().map(|u| address("streaming_url", u)).transpose()?,
        tags: own_tags(file, event)?,
        token: file.token_env.as_deref().and_then(env).map(Secret::new),
        token_env: file.token_env.clone(),
        api_url: file.api_url.as_deref().map(|u| address("api_url", u)).transpose()?,
        key: file.key_env.as_deref().and_then(env).map(Secret::new),
        key_env: file.key_env.clone(),
        secret: file.secret_env.as_deref().and_then(env).map(Secret::new),
        secret_env: file.secret_env.clone(),
        api: api(file.api.as_deref())?,
        posts_a_day_max: file.posts_a_day_max,
        poll: poll(file.poll_seconds)?,
        is_held: file.moderation == Moderation::Hold,
    })
}

/// The address itself is never told: it may hold a secret.
fn address(key: &str, text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|e| format!("{key} is no address ({e}); write https://host"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(format!(
            "{key} holds a user name or password; secrets belong in the environment (token_env)"
        ));
    }
    if !matches!(url.scheme(), "http" | "https" | "ws" | "wss") || url.host_str().is_none() {
        return Err(format!("{key} must begin with https:// (or wss:// for a stream) and name a host"));
    }
    Ok(url)
}

fn file_or_address(text: &str) -> Result<Url, String> {
    if text.contains("://") {
        return address("url", text);
    }
    let (path, how) = text.split_once('?').map_or((text, None), |(path, how)| (path, Some(how)));
    let path = std::path::absolute(Path::new(path)).map_err(|e| format!("url = {text:?}: {e}"))?;
    let mut url = Url::from_file_path(path).map_err(|()| format!("url = {text:?} is no path of a file"))?;
    url.set_query(how);
    Ok(url)
}

/// The hashtags that a source looks for.
fn own_tags(file: &SourceFile, event: &EventFile) -> Result<Vec<String>, String> {
    match file.tags.as_ref().unwrap_or(&event.hashtags) {
        // What is sent to us is not looked for.
        none if none.is_empty() && file.kind == hook::KIND => Ok(Vec::new()),
        // A feed is somebody's own: all of it is meant, unless it is said otherwise.
        _ if file.tags.is_none() && matches!(file.kind.as_str(), "feed" | "onsite") => Ok(Vec::new()),
        raw if raw.is_empty() => Err(format!("tags: give the source or the event 1 to {TAGS_MAX} hashtags")),
        raw => tags(raw),
    }
}

fn tags(raw: &[String]) -> Result<Vec<String>, String> {
    match tag_problem(raw) {
        Some(what) => Err(format!("tags: {what}")),
        None => Ok(raw.iter().map(|tag| bare(tag).to_owned()).collect()),
    }
}

fn bare(tag: &str) -> &str {
    tag.trim().trim_start_matches('#')
}

/// What is wrong with a list of hashtags.
fn tag_problem(raw: &[String]) -> Option<String> {
    if raw.len() > TAGS_MAX {
        return Some(format!("{} are too many; {TAGS_MAX} hashtags at most", raw.len()));
    }
    let is_tag = |tag: &str| {
        !tag.is_empty() && tag.len() <= TAG_BYTES_MAX && tag.chars().all(|c| c.is_alphanumeric() || c == '_')
    };
    let bad = raw.iter().map(|tag| bare(tag)).find(|tag| !is_tag(tag))?;
    Some(format!("{bad:?} is no hashtag; letters, digits and _ only"))
}

fn api(text: Option<&str>) -> Result<Api, String> {
    match text {
        None | Some("v2") => Ok(Api::V2),
        Some("v1") => Ok(Api::V1),
        Some(other) => Err(format!("api = {other:?} is unknown; write \"v2\" or \"v1\"")),
    }
}

fn poll(seconds: Option<u32>) -> Result<Option<Duration>, String> {
    match seconds {
        Some(n) if !POLL_SECONDS.contains(&n) => Err(format!(
            "poll_seconds = {n} must lie between {} and {}",
            POLL_SECONDS.start(),
            POLL_SECONDS.end()
        )),
        other => Ok(other.map(|n| Duration::from_secs(n.into()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(extra: &str) -> Result<SourceSettings, String> {
        let text = format!(
            "slug = \"rustfest\"\ntitle = \"RustFest\"\nhashtags = [\"#rustfest\"]\n[[source]]\nname = \"a\"\n{extra}\n"
        );
        let event = EventFile::parse(&text).unwrap();
        resolve(&event.sources[0], &event, &|name| (name == "SET").then(|| "canary".to_owned()))
    }

    #[test]
    fn a_source_takes_the_events_tags_and_the_environments_token() {
        let s = settings("kind = \"mastodon\"\nurl = \"https://s.example\"\ntoken_env = \"SET\"").unwrap();
        assert_eq!(s.tags, ["rustfest"]);
        assert_eq!(s.token.as_ref().unwrap().expose(), "canary");
        assert!(!format!("{s:?}").contains("canary"));
    }

    #[test]
    fn a_secret_in_a_file_is_read_without_the_end_of_its_line() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("token");
        std::fs::write(&path, "s3cret with spaces \r\n").unwrap();
        assert_eq!(secret_in(&path).as_deref(), Some("s3cret with spaces "));
        std::fs::write(&path, "\n").unwrap();
        assert_eq!(secret_in(&path), None, "an empty file holds none");
        assert_eq!(secret_in(&dir.path().join("none")), None);
    }

    #[test]
    fn a_setting_that_cannot_work_is_named() {
        for (extra, want) in [
            ("kind = \"mastodon\"\nurl = \"fosstodon.org\"", "no address"),
            ("kind = \"mastodon\"\nurl = \"ftp://fosstodon.org\"", "https://"),
            ("kind = \"mastodon\"\nurl = \"https://me:secret@s.example\"", "environment"),
            ("kind = \"twitter\"\napi = \"v3\"", "\"v2\" or \"v1\""),
            ("kind = \"twitter\"\npoll_seconds = 0", "between 1 and 3600"),
            ("kind = \"twitter\"\ntags = []", "hashtags"),
            ("kind = \"twitter\"\ntags = [\"a b\"]", "no hashtag"),
        ] {
            let why = settings(extra).unwrap_err();
            assert!(why.contains(want), "{extra}: {why}");
            assert!(!why.contains("secret@"), "{why}");
        }
    }
}
