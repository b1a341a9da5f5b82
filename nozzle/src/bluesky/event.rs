//! One Jetstream event, parsed whole: what `frame` could not pass by. Pure.

use serde_json::Value;

use super::frame::{POSTS, PROFILES};
use super::record::{self, Place, Read};
use super::tags::Tags;
use super::{is_did, is_rkey};
use crate::source::{AccountChange, Deleter, Draft};

/// What an event tells.
#[derive(Debug)]
pub(crate) enum Told {
    /// A post with one of our hashtags, or a newer version of one.
    Post(Box<Draft>),
    /// A post with none of ours.
    NotOurs {
        /// Whose.
        did: String,
        /// Which.
        rkey: String,
        /// It is a newer version, which may have lost our hashtag.
        is_update: bool,
        /// Hashtags that hold one of ours, as they were written.
        near: Vec<String>,
    },
    /// A post is gone.
    Delete {
        /// Whose.
        did: String,
        /// Which.
        rkey: String,
    },
    /// An account has changed as a whole.
    Account {
        /// Whose.
        did: String,
        /// How.
        change: AccountChange,
    },
    /// An account has said anew what it is, and whether it asks not to be shown to those who are not logged in.
    Profile {
        /// Whose.
        did: String,
        /// It asks.
        asks: bool,
    },
    /// An account's handle or document has changed.
    Identity {
        /// Whose.
        did: String,
    },
    /// The network is about to end the stream, for this reason.
    Ending(String),
    /// Of no interest, by kind.
    Other(&'static str),
    /// Not readable, by reason.
    Bad(&'static str),
}

/// Reads an event, with its time in microseconds.
pub(crate) fn read(text: &str, tags: &Tags) -> (Option<i64>, Told) {
    let Ok(event) = serde_json::from_str::<Value>(text) else { return (None, Told::Bad("json")) };
    let time = event["time_us"].as_i64();
    let Some(did) = event["did"].as_str().filter(|did| is_did(did)) else {
        return (None, without_did(&event));
    };
    let told = match event["kind"].as_str() {
        Some("commit") => commit(did, time, &event["commit"], tags),
        Some("account") => account(did, &event["account"]),
        Some("identity") => Told::Identity { did: did.to_owned() },
        Some(_) => Told::Other("unknown_kind"),
        None => Told::Bad("no_kind"),
    };
    (time, told)
}

fn without_did(event: &Value) -> Told {
    match event["error"].as_str() {
        Some(error) => Told::Ending(error.chars().take(100).collect()),
        None if !event.is_object() => Told::Bad("no_object"),
        None => Told::Bad("no_did"),
    }
}

fn commit(did: &str, time: Option<i64>, commit: &Value, tags: &Tags) -> Told {
    match commit["collection"].as_str() {
        Some(POSTS) => {}
        Some(PROFILES) => {
            let asks = record::labels(&commit["record"]).contains(&record::NOT_SHOWN);
            return Told::Profile { did: did.to_owned(), asks };
        }
        Some(other) => return Told::Other(other_kind(other)),
        None => return Told::Bad("no_collection"),
    }
    let Some(rkey) = commit["rkey"].as_str().filter(|rkey| is_rkey(rkey)) else {
        return Told::Bad("no_rkey");
    };
    let is_update = match commit["operation"].as_str() {
        Some("create") => false,
        Some("update") => true,
        Some("delete") => return Told::Delete { did: did.to_owned(), rkey: rkey.to_owned() },
        _ => return Told::Other("unknown_operation"),
    };
    if !commit["record"].is_object() {
        return Told::Bad("no_record");
    }
    match record::read(&Place { did, rkey, time, is_update }, &commit["record"], tags) {
        Read::Ours(draft) => Told::Post(draft),
        Read::NotOurs { near } => {
            Told::NotOurs { did: did.to_owned(), rkey: rkey.to_owned(), is_update, near }
        }
    }
}

fn other_kind(collection: &str) -> &'static str {
    match collection {
        "app.bsky.feed.like" => "like",
        "app.bsky.feed.repost" => "repost",
        "app.bsky.graph.follow" => "follow",
        "app.bsky.graph.block" => "block",
        _ => "other_collection",
    }
}

fn account(did: &str, account: &Value) -> Told {
    let change = match (account["active"].as_bool(), account["status"].as_str()) {
        (Some(true), _) => AccountChange::Back,
        (_, Some("deleted")) => AccountChange::Removed { by: Deleter::Author },
        (_, Some("takendown")) => AccountChange::Removed { by: Deleter::Network },
        // Suspended, deactivated, desynchronized, throttled, and what the network may think of next.
        (Some(false), _) => AccountChange::Hidden,
        (None, _) => return Told::Bad("no_active"),
    };
    Told::Account { did: did.to_owned(), change }
}
