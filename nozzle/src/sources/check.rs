//! What can be said about the settings of sources without asking any network: everything that is wrong, each with the line
//! of event.toml and what would be right. No sentence holds an address or the value of a secret.

use std::sync::Arc;

use model::event::{BadEvent, EventFile, Places, Problem, SourceFile};
use url::{Host, Url};

use super::{Env, Known, address, api, file_or_address, is_known, open, own_tags, poll, tag_problem};
use crate::source::Forgetful;

/// Keys that a kind cannot do without, and an example of each.
const NEEDED: [(&str, &str, &str); 6] = [
    ("mastodon", "url", "\"https://fosstodon.org\""),
    ("feed", "url", "\"https://blog.example/feed.xml\""),
    ("replay", "url", "\"posts.ndjson\""),
    ("twitter", "token_env", "\"X_TOKEN\", the name of an environment variable"),
    ("flickr", "key_env", "\"FLICKR_KEY\", the name of an environment variable"),
    ("hook", "secret_env", "\"HOOK_SECRET\", the name of an environment variable"),
];

/// Keys that a network's own sentence may be about, longer names before those that they hold.
const KEYS: [&str; 10] = [
    "streaming_url",
    "api_url",
    "url",
    "token_env",
    "key_env",
    "secret_env",
    "poll_seconds",
    "posts_a_day_max",
    "tags",
    "api",
];

/// What is wrong with one key of a source.
struct Wrong {
    key: &'static str,
    what: String,
}

/// Reads an event.toml and checks all of it.
///
/// # Errors
/// Everything that is wrong with it.
pub fn read(text: &str, env: Env<'_>) -> Result<EventFile, BadEvent> {
    let places = Places::of(text)?;
    let (file, mut problems) = EventFile::inspect(text);
    if let Some(file) = &file {
        let told: Vec<usize> = problems.iter().map(|problem| problem.line).collect();
        let more = problems_of(file, &places, env);
        problems.extend(more.into_iter().filter(|problem| !told.contains(&problem.line)));
    }
    BadEvent::refuse(problems)?;
    // A file that could not be read at all has a problem.
    file.map_or_else(|| EventFile::parse(text), Ok)
}

/// Checks every source of an event.
///
/// # Errors
/// One sentence for each thing that is wrong, naming the source.
pub fn check(event: &EventFile, env: Env<'_>) -> Result<(), Vec<String>> {
    let wrong: Vec<String> = event.sources.iter().flat_map(|file| sentences(file, event, env)).collect();
    if wrong.is_empty() { Ok(()) } else { Err(wrong) }
}

/// What is wrong with one source of an event, by the key that it is about: for forms, which say it beside the field.
pub fn wrong_keys(file: &SourceFile, event: &EventFile, env: Env<'_>) -> Vec<(&'static str, String)> {
    wrong_in(file, event, env).into_iter().map(|wrong| (wrong.key, wrong.what)).collect()
}

fn sentences(file: &SourceFile, event: &EventFile, env: Env<'_>) -> Vec<String> {
    wrong_in(file, event, env).into_iter().map(|wrong| sentence(file, &wrong)).collect()
}

fn sentence(file: &SourceFile, wrong: &Wrong) -> String {
    format!("source {:?}: {}", file.name, wrong.what)
}

/// Environment variables that the sources of an event name and that are not set: source, key and variable.
pub fn unset<'e>(event: &'e EventFile, env: Env<'_>) -> Vec<(&'e str, &'static str, &'e str)> {
    let mut found = Vec::new();
    for file in &event.sources {
        for (key, name) in env_keys(file) {
            if let Some(name) = name.filter(|name| env(name).is_none()) {
                found.push((file.name.as_str(), key, name));
            }
        }
    }
    found
}

fn env_keys(file: &SourceFile) -> [(&'static str, Option<&str>); 3] {
    [
        ("token_env", file.token_env.as_deref()),
        ("key_env", file.key_env.as_deref()),
        ("secret_env", file.secret_env.as_deref()),
    ]
}

fn problems_of(file: &EventFile, places: &Places<'_>, env: Env<'_>) -> Vec<Problem> {
    let mut found = Vec::new();
    if let Some(what) = tag_problem(&file.hashtags) {
        found.push(Problem { line: places.line_of("hashtags"), what: format!("hashtags: {what}") });
    }
    for (n, room) in file.rooms.iter().enumerate() {
        if let Some(what) = tag_problem(&room.tags) {
            found.push(Problem { line: places.line_in("room", n, "tags"), what: format!("tags: {what}") });
        }
    }
    for (n, source) in file.sources.iter().enumerate() {
        for wrong in wrong_in(source, file, env) {
            let line = places.line_in("source", n, wrong.key);
            found.push(Problem { line, what: sentence(source, &wrong) });
        }
    }
    found
}

fn wrong_in(file: &SourceFile, event: &EventFile, env: Env<'_>) -> Vec<Wrong> {
    let known = match is_known(&file.kind) {
        Ok(known) => known,
        Err(what) => return vec![Wrong { key: "kind", what }],
    };
    let mut found = wrong_addresses(file);
    for (key, name) in env_keys(file) {
        if name.is_some_and(|name| !is_variable(name)) {
            let what = format!(
                "{key} is no name of an environment variable; write one such as \"X_TOKEN\" and keep the secret itself there"
            );
            found.push(Wrong { key, what });
        }
    }
    for (_, key, example) in NEEDED.iter().filter(|(kind, key, _)| *kind == file.kind && !has(file, key)) {
        found.push(Wrong { key, what: format!("{key} is missing; write {key} = {example}") });
    }
    let tags = own_tags(file, event);
    let has_tags = tags.is_ok();
    // The event's own are told once, where they stand.
    let is_own = file.tags.is_some() || event.hashtags.is_empty();
    let values = [
        ("tags", tags.err().filter(|_| is_own)),
        ("api", api(file.api.as_deref()).err()),
        ("poll_seconds", poll(file.poll_seconds).err()),
    ];
    found.extend(values.into_iter().filter_map(|(key, what)| what.map(|what| Wrong { key, what })));
    if found.is_empty() && has_tags && known == Known::Available {
        let opened = open(file, event, env, Arc::new(Forgetful));
        found.extend(opened.err().map(|what| of_network(file, what)));
    }
    found
}

/// A sentence of the network's own, at the key that it is about.
fn of_network(file: &SourceFile, what: String) -> Wrong {
    let is_word =
        |key: &&&str| what.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == **key);
    let unnamed = if file.url.is_some() { "url" } else { "kind" };
    Wrong { key: KEYS.iter().find(is_word).copied().unwrap_or(unnamed), what }
}

/// What is wrong with the first address that a source must not be opened with, if any is.
pub(super) fn wrong_to_open(file: &SourceFile) -> Option<String> {
    wrong_addresses(file).into_iter().next().map(|wrong| wrong.what)
}

fn wrong_addresses(file: &SourceFile) -> Vec<Wrong> {
    let keys = [("url", &file.url), ("streaming_url", &file.streaming_url), ("api_url", &file.api_url)];
    let wrong = |(key, text): (&'static str, &Option<String>)| {
        let what = wrong_address(file, key, text.as_deref()?)?;
        Some(Wrong { key, what })
    };
    keys.into_iter().filter_map(wrong).collect()
}

fn wrong_address(file: &SourceFile, key: &'static str, text: &str) -> Option<String> {
    let read = if file.kind == "replay" { file_or_address(text) } else { address(key, text) };
    let url = match read {
        Ok(url) => url,
        Err(what) => return Some(what),
    };
    let has_secret = file.token_env.is_some() || file.key_env.is_some();
    (has_secret && matches!(url.scheme(), "http" | "ws") && !is_loopback(&url)).then(|| {
        format!("{key} would send a secret where everybody on the way can read it; write https:// instead of {}://", url.scheme())
    })
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

fn has(file: &SourceFile, key: &str) -> bool {
    let value = match key {
        "url" => &file.url,
        "token_env" => &file.token_env,
        "key_env" => &file.key_env,
        _ => &file.secret_env,
    };
    value.is_some()
}

fn is_variable(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests;
