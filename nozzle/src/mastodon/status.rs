//! A status of Mastodon's API as a draft. Every field may be missing or of another type: Pleroma, Akkoma, GoToSocial,
//! Pixelfed and Friendica speak the same API with other habits.

mod account;
mod media;
mod quote;
mod words;

use model::{Micros, Network};
use serde::Deserialize;

use super::known::Version;
use crate::source::{BoostOf, Draft, DraftCounts, Revision, Upstream, Words, sample};
use crate::wire::lenient;
use account::Account;
use media::{Attached, Attachment, Preview};
use quote::{Pleroma, Quote};
use words::{Poll, Tag};

#[derive(Deserialize)]
pub(super) struct Status {
    #[serde(default, deserialize_with = "lenient::text")]
    pub(super) id: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    uri: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    url: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    created_at: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    edited_at: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    in_reply_to_id: Option<String>,
    #[serde(default, deserialize_with = "lenient::flag")]
    sensitive: bool,
    #[serde(default, deserialize_with = "lenient::text")]
    spoiler_text: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    visibility: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    language: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    content: Option<String>,
    #[serde(default, deserialize_with = "lenient::number")]
    replies_count: Option<i64>,
    #[serde(default, deserialize_with = "lenient::number")]
    reblogs_count: Option<i64>,
    #[serde(default, deserialize_with = "lenient::number")]
    favourites_count: Option<i64>,
    #[serde(default, deserialize_with = "lenient::object")]
    reblog: Option<Box<Status>>,
    #[serde(default, deserialize_with = "lenient::object")]
    account: Option<Account>,
    #[serde(default, deserialize_with = "lenient::list")]
    media_attachments: Vec<Attachment>,
    #[serde(default, deserialize_with = "lenient::object")]
    card: Option<Preview>,
    #[serde(default, deserialize_with = "lenient::object")]
    quote: Option<Quote>,
    #[serde(default, deserialize_with = "lenient::text")]
    quote_id: Option<String>,
    #[serde(default, deserialize_with = "lenient::object")]
    pleroma: Option<Pleroma>,
    #[serde(default, deserialize_with = "lenient::object")]
    poll: Option<Poll>,
    #[serde(default, deserialize_with = "lenient::list")]
    tags: Vec<Tag>,
    /// Of servers that keep some posts to themselves (Hometown, Glitch).
    #[serde(default, deserialize_with = "lenient::flag")]
    local_only: bool,
    /// It came as a change of one that was told before.
    #[serde(skip)]
    is_change: bool,
}

/// The name under which one server speaks of a status.
pub(super) fn alias(host: &str, id: &str) -> String {
    format!("mastodon@{host}:{id}")
}

/// Reads a status as it came over the wire from `host`.
pub(super) fn read(raw: &[u8]) -> Result<Status, Upstream> {
    let malformed = |reason| Upstream::Malformed { reason, sample: sample(raw) };
    if std::str::from_utf8(raw).is_err() {
        return Err(malformed("utf8"));
    }
    serde_json::from_slice(raw).map_err(|_| malformed("json"))
}

impl Status {
    /// This status as news of one that was told before; a server gives a new date to edits only, not to a picture that is
    /// ready at last.
    pub(super) fn changed(self) -> Self {
        Self { is_change: true, ..self }
    }

    /// What this status says to the pump.
    pub(super) fn upstream(self, host: &str) -> Upstream {
        let malformed = |reason| Upstream::Malformed {
            reason,
            sample: sample(self.id.as_deref().unwrap_or_default().as_bytes()),
        };
        let Some(name) = self.name().map(str::to_owned) else { return malformed("no_id") };
        if self.account.is_none() && self.content.is_none() && self.reblog.is_none() {
            return malformed("no_status");
        }
        match self.innermost() {
            // The boost's own audience does not matter: nobody is told who boosted.
            (original, true) => match original.upstream(host) {
                Upstream::Post(draft) => {
                    Upstream::Boost { uid: format!("mastodon:{name}"), of: BoostOf::Post(draft) }
                }
                other => other,
            },
            (status, false) => match status.hidden() {
                Some(kind) => Upstream::Ignored { kind },
                None => Upstream::Post(Box::new(status.draft(host, &name))),
            },
        }
    }

    /// The status that was boosted, through boosts of boosts, and whether there was a boost.
    fn innermost(mut self) -> (Self, bool) {
        let mut is_boost = false;
        while let Some(original) = self.reblog.take() {
            is_boost = true;
            self = *original;
        }
        (self, is_boost)
    }

    /// Why it is not for everybody, in one word. Unlisted posts are for those who look for them; hashtag timelines do
    /// not hold them, and so neither do we.
    fn hidden(&self) -> Option<&'static str> {
        match self.visibility.as_deref() {
            None | Some("public") if self.local_only => Some("local_only"),
            None | Some("public") => None,
            Some("unlisted") => Some("unlisted"),
            Some("private") => Some("followers_only"),
            Some("direct") => Some("direct"),
            Some("local") => Some("local_only"),
            Some(_) => Some("not_public"),
        }
    }

    /// Whether everybody may see it.
    pub(super) fn is_public(&self) -> bool {
        self.hidden().is_none()
    }

    /// What two looks at a status compare.
    pub(super) fn version(&self) -> Version {
        let edited =
            self.edited_at.as_deref().and_then(time).map_or(0, |at| u64::try_from(at.0).unwrap_or(0));
        let ready = self.media_attachments.iter().filter(|a| a.is_ready()).count();
        Version { edited, looks: Some((ready, self.card.is_some())), counts: self.counts() }
    }

    /// Whether it was written before a moment; one without a time was not.
    pub(super) fn is_before(&self, moment: Micros) -> bool {
        self.created_at.as_deref().and_then(time).is_some_and(|at| at < moment)
    }

    pub(super) fn counts(&self) -> DraftCounts {
        DraftCounts { boosts: self.reblogs_count, likes: self.favourites_count, replies: self.replies_count }
    }

    /// The global name: the same from every server.
    fn name(&self) -> Option<&str> {
        self.uri.as_deref().or(self.url.as_deref()).filter(|name| !name.is_empty())
    }

    fn draft(self, host: &str, name: &str) -> Draft {
        let mut draft = Draft::new(Network::Mastodon, name);
        draft.counts = self.counts();
        draft.aliases = self.id.iter().map(|id| alias(host, id)).collect();
        // The only time that the API names. A server stamps its own posts; for one from elsewhere it passes on what that server
        // said. Without it as the network's word, a post fetched an hour late would count as said an hour late.
        draft.author_time = self.created_at.as_deref().and_then(time);
        draft.network_time = draft.author_time;
        draft.revision = match self.edited_at.as_deref().and_then(time) {
            Some(at) => Revision::EditedAt(at),
            None if self.is_change => Revision::Newer,
            None => Revision::Original,
        };
        draft.reply_to = self.in_reply_to_id.map(|id| alias(host, &id));
        draft.quotes = (self.quote.and_then(|q| q.name(host)))
            .or_else(|| self.pleroma.and_then(|p| p.name(host)))
            .or_else(|| self.quote_id.map(|id| alias(host, &id)));
        draft.lang = self.language;
        let page = self.url.or(self.uri);
        let mut links = Vec::new();
        for attached in self.media_attachments.into_iter().filter_map(|a| a.attached(page.as_deref())) {
            match attached {
                Attached::Media(media) => draft.media.push(media),
                Attached::Link(link) => links.push(link),
            }
        }
        let warning = self.spoiler_text.filter(|w| !w.trim().is_empty());
        let is_sensitive = self.sensitive && !draft.media.is_empty();
        draft.cover = warning.map(|w| words::plain(&w)).or(is_sensitive.then(String::new));
        draft.url = page;
        let content = self.content.unwrap_or_default();
        draft.tags = words::tags_outside(self.tags, &content);
        draft.words = Words::Html(words::words(content, self.poll, &links));
        draft.card = self.card.and_then(Preview::card);
        if let Some(account) = self.account {
            draft.wish = account.wish();
            draft.author = account.author(host);
        }
        draft
    }
}

fn time(text: &str) -> Option<Micros> {
    Micros::parse_rfc3339(text).ok()
}
