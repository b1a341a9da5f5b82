//! A post that waits for a moderator, or was hidden, as whoever decides about it sees it. Never public.

use live::state::{Record, Veil};
use model::{ItemId, Micros, Network};
use serde::{Deserialize, Serialize};

/// Most posts in one answer.
pub const WAITING_MAX: usize = 200;

/// One such post. Its uid stays inside: for a post from the page that is its writer's key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// Public id.
    pub id: ItemId,
    /// `held` (never public so far) or `hidden`.
    pub state: String,
    /// Why, as a sentence for people.
    pub why: String,
    /// Where it was said; absent when its words were lost with an older ledger.
    pub network: Option<Network>,
    /// The source that brought it.
    pub source: String,
    /// When it was said.
    pub when: Micros,
    /// The author's id there; for posts from the page `person:...`.
    pub author: String,
    /// Display name.
    pub name: String,
    /// Handle.
    pub handle: String,
    /// The words, as plain text.
    pub text: String,
    /// Content warning.
    pub cover: Option<String>,
    /// How many pictures, sounds and the like.
    pub media: usize,
    /// Its page at the network.
    pub url: Option<String>,
    /// The item that it answers.
    pub reply_to: Option<ItemId>,
}

impl From<&Record> for Waiting {
    fn from(record: &Record) -> Self {
        let item = record.words.as_ref().map(|words| &words.item);
        let text = |item: &model::Item| match &item.title {
            Some(title) => format!("{title}\n\n{}", item.body.text()),
            None => item.body.text(),
        };
        Self {
            id: record.id,
            state: record.state.name().to_owned(),
            why: why(record.veil).to_owned(),
            network: item.map(|item| item.network),
            source: item.map_or_else(String::new, |item| item.source.clone()),
            when: item.map_or(Micros(0), |item| item.when),
            author: item.map_or_else(String::new, |item| item.author.id.clone()),
            name: item.map_or_else(String::new, |item| item.author.name.clone()),
            handle: item.map_or_else(String::new, |item| item.author.handle.clone()),
            text: item.map_or_else(String::new, text),
            cover: item.and_then(|item| item.cover.clone()),
            media: item.map_or(0, |item| item.media.len()),
            url: item.and_then(|item| item.url.clone()),
            reply_to: item.and_then(|item| item.reply_to),
        }
    }
}

fn why(veil: Veil) -> &'static str {
    match veil {
        Veil { person: true, .. } => "hidden by a moderator or a rule",
        Veil { blocked: true, .. } => "its author is blocked here",
        Veil { network: true, held: true, .. } => {
            "waits for a moderator; its account is closed at its network"
        }
        Veil { network: true, .. } => "its account is closed at its network",
        _ => "waits for a moderator",
    }
}
