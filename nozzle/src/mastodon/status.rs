//! A status of Mastodon's API as a draft. Every field may be missing or of another type: Pleroma, Akkoma, GoToSocial,
//! Pixelfed and Friendica speak the same API with other habits.

use model::{Author, Card, Media, MediaKind, Micros, Network, html};
use serde::Deserialize;
use url::Url;

use crate::source::{BoostOf, Draft, DraftCounts, Revision, Upstream, Wish, Words, sample};
use crate::wire::lenient;

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
}

#[derive(Deserialize)]
struct Account {
    #[serde(default, deserialize_with = "lenient::text")]
    id: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    uri: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    url: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    acct: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    username: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    display_name: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    avatar_static: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    avatar: Option<String>,
    #[serde(default, deserialize_with = "lenient::flag")]
    noindex: bool,
}

#[derive(Deserialize)]
struct Attachment {
    #[serde(default, rename = "type", deserialize_with = "lenient::text")]
    kind: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    url: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    preview_url: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    remote_url: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    description: Option<String>,
    #[serde(default, deserialize_with = "lenient::object")]
    meta: Option<Meta>,
}

#[derive(Deserialize)]
struct Meta {
    #[serde(default, deserialize_with = "lenient::object")]
    original: Option<Size>,
}

#[derive(Deserialize)]
struct Size {
    #[serde(default, deserialize_with = "lenient::number")]
    width: Option<i64>,
    #[serde(default, deserialize_with = "lenient::number")]
    height: Option<i64>,
}

#[derive(Deserialize)]
struct Preview {
    #[serde(default, deserialize_with = "lenient::text")]
    url: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    title: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    description: Option<String>,
}

/// Mastodon wraps the quoted status (or only names it); Akkoma gives the status itself.
#[derive(Deserialize)]
struct Quote {
    #[serde(default, deserialize_with = "lenient::object")]
    quoted_status: Option<Box<Status>>,
    #[serde(default, deserialize_with = "lenient::text")]
    quoted_status_id: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    uri: Option<String>,
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
    /// What this status says to the pump.
    pub(super) fn upstream(self, host: &str) -> Upstream {
        if !matches!(self.visibility.as_deref(), None | Some("public")) {
            return Upstream::Ignored { kind: "not_public" };
        }
        let Some(name) = self.name().map(str::to_owned) else {
            return Upstream::Malformed {
                reason: "no_id",
                sample: sample(self.id.unwrap_or_default().as_bytes()),
            };
        };
        match self.reblog {
            None => Upstream::Post(Box::new(self.draft(host, &name))),
            Some(original) => match original.upstream(host) {
                Upstream::Post(draft) => {
                    Upstream::Boost { uid: format!("mastodon:{name}"), of: BoostOf::Post(draft) }
                }
                other => other,
            },
        }
    }

    /// What a poll compares: an edit changes the first, a boost or a like the second.
    pub(super) fn version(&self) -> (Option<String>, DraftCounts) {
        (self.edited_at.clone(), self.counts())
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
            None => Revision::Original,
        };
        draft.reply_to = self.in_reply_to_id.map(|id| alias(host, &id));
        draft.quotes = self.quote.and_then(|q| q.name(host)).or(self.quote_id.map(|id| alias(host, &id)));
        draft.lang = self.language;
        let page = self.url.or(self.uri);
        draft.media = self.media_attachments.into_iter().filter_map(|a| a.media(page.as_deref())).collect();
        let warning = self.spoiler_text.filter(|w| !w.trim().is_empty());
        let is_sensitive = self.sensitive && !draft.media.is_empty();
        draft.cover = warning.map(|w| plain(&w)).or(is_sensitive.then(String::new));
        draft.url = page;
        draft.words = Words::Html(self.content.unwrap_or_default());
        draft.card = self.card.and_then(Preview::card);
        if let Some(account) = self.account {
            // `indexable` is no refusal: it is false until somebody turns it on. `noindex` is one.
            draft.wish = if account.noindex { Wish::NotIndexed } else { Wish::None };
            draft.author = account.author(host);
        }
        draft
    }
}

/// Warnings are plain text on Mastodon and HTML elsewhere.
fn plain(warning: &str) -> String {
    if warning.contains('<') || warning.contains('&') {
        html::to_body(warning).text()
    } else {
        warning.to_owned()
    }
}

fn time(text: &str) -> Option<Micros> {
    Micros::parse_rfc3339(text).ok()
}

impl Quote {
    fn name(self, host: &str) -> Option<String> {
        let status = self.quoted_status.and_then(|s| s.name().map(|name| format!("mastodon:{name}")));
        status
            .or(self.quoted_status_id.map(|id| alias(host, &id)))
            .or(self.uri.map(|uri| format!("mastodon:{uri}")))
    }
}

impl Account {
    fn author(self, host: &str) -> Author {
        let acct = self.acct.or(self.username).unwrap_or_default();
        let at_home = || {
            self.url.as_deref().and_then(|u| Url::parse(u).ok()).and_then(|u| u.host_str().map(str::to_owned))
        };
        let handle = match acct.contains('@') {
            _ if acct.is_empty() => String::new(),
            true => format!("@{acct}"),
            false => format!("@{acct}@{}", at_home().unwrap_or_else(|| host.to_owned())),
        };
        let name = self.display_name.filter(|n| !n.trim().is_empty()).unwrap_or(acct);
        // The number differs from server to server; the address does not.
        let id = self.uri.or_else(|| self.url.clone()).or(self.id).unwrap_or_default();
        let avatar = self.avatar_static.or(self.avatar).filter(|a| !a.ends_with("/missing.png"));
        Author { id, name, handle, url: self.url, avatar }
    }
}

impl Attachment {
    fn media(self, page: Option<&str>) -> Option<Media> {
        let kind = match self.kind.as_deref() {
            Some("image") => MediaKind::Photo,
            Some("video") => MediaKind::Video,
            Some("gifv") => MediaKind::Gif,
            Some("audio") => MediaKind::Audio,
            _ => return None,
        };
        // The address is null while the server still works on it; a still picture is a preview.
        let url = match kind {
            MediaKind::Photo => self.url.or(self.remote_url).or(self.preview_url),
            MediaKind::Video | MediaKind::Gif => self.preview_url,
            MediaKind::Audio => page.map(str::to_owned),
        };
        let size = self.meta.and_then(|m| m.original);
        let pixels = |n: Option<i64>| n.and_then(|n| u32::try_from(n).ok());
        Some(Media {
            kind,
            url: url?,
            width: size.as_ref().and_then(|s| pixels(s.width)),
            height: size.as_ref().and_then(|s| pixels(s.height)),
            alt: self.description,
            licence: None,
        })
    }
}

impl Preview {
    fn card(self) -> Option<Card> {
        let title = self.title.filter(|t| !t.trim().is_empty())?;
        Some(Card { url: self.url?, title, text: self.description.filter(|d| !d.trim().is_empty()) })
    }
}
