//! Flickr's REST API: the search for photos and the look at one. The key is part of every address, so no address and no
//! unmasked answer leaves this file.

use chassis::Secret;
use reqwest::Client;
use serde_json::Value;
use url::Url;

use super::answer::{self as wire_answer, Fail, Unread};
use super::photo::{self, Photo};
use crate::source::{SourceEnd, SourceSettings, Upstream};
use crate::wire::answer::{self, ask};

/// Where the API is when no `url` is set.
const BASE: &str = "https://api.flickr.com";
/// Photos a page, the most that Flickr gives.
pub(super) const PAGE: usize = 500;
/// What every photo comes with.
const EXTRAS: &str = "date_upload,last_update,owner_name,path_alias,icon_server,tags,description,license,media,\
                      count_faves,count_comments,url_t,url_s,url_n,url_m,url_z,url_c,url_l";

/// The API for one set of tags.
pub(super) struct Api {
    endpoint: Url,
    key: Option<Secret<String>>,
    key_env: Option<String>,
    tags: String,
    client: Client,
}

/// A span of upload times in seconds, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) from: Option<i64>,
    pub(super) to: Option<i64>,
}

/// In which order a search lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    NewestFirst,
    OldestFirst,
}

/// A page of a search; photos that could not be read are told as such.
pub(super) struct Page {
    pub(super) photos: Vec<Result<Photo, Upstream>>,
    /// How many photos match in all, as Flickr estimates it.
    pub(super) total: usize,
    /// How many pages that makes; 0 when Flickr does not say.
    pub(super) pages: usize,
}

/// What a look at one photo finds.
pub(super) enum Info {
    There(Box<Photo>),
    /// Deleted, or no longer for everybody.
    Gone,
    /// An answer that says neither; a short word for its kind.
    Unclear(&'static str),
}

impl Api {
    pub(super) fn new(settings: &SourceSettings) -> Result<Self, String> {
        let base = settings.url.clone().map_or_else(|| Url::parse(BASE), Ok);
        let mut endpoint = base.map_err(|error| format!("{BASE}: {error}"))?;
        endpoint.set_query(None);
        if !endpoint.path().trim_end_matches('/').ends_with("/services/rest") {
            let mut segments = endpoint.path_segments_mut().map_err(|()| "url is no address of a host")?;
            segments.pop_if_empty().extend(["services", "rest", ""]);
        }
        Ok(Self {
            endpoint,
            key: settings.key.clone(),
            key_env: settings.key_env.clone(),
            tags: settings.tags.join(","),
            client: answer::client()?,
        })
    }

    /// Whether this is Flickr itself, with its limits.
    pub(super) fn is_flickr(&self) -> bool {
        self.endpoint.host_str().is_some_and(|host| host == "flickr.com" || host.ends_with(".flickr.com"))
    }

    /// One page of the search for any of the tags.
    pub(super) async fn search(&self, window: Window, page: usize, order: Order) -> Result<Page, SourceEnd> {
        let (page, size) = (page.to_string(), PAGE.to_string());
        let bounds = [("min_upload_date", window.from), ("max_upload_date", window.to)];
        let bounds: Vec<(&str, String)> =
            bounds.into_iter().filter_map(|(name, at)| Some((name, at?.to_string()))).collect();
        let mut query = vec![
            ("tags", self.tags.as_str()),
            ("tag_mode", "any"),
            ("sort", if order == Order::OldestFirst { "date-posted-asc" } else { "date-posted-desc" }),
            ("safe_search", "1"),
            ("content_types", "0,1,2,3"),
            ("media", "all"),
            ("extras", EXTRAS),
            ("per_page", &size),
            ("page", &page),
        ];
        query.extend(bounds.iter().map(|(name, at)| (*name, at.as_str())));
        let document =
            self.call("flickr.photos.search", &query).await?.map_err(|unread| self.end(&unread))?;
        let list = &document["photos"];
        if !list.is_object() {
            return Err(SourceEnd::Refused("a search that names no photos".into()));
        }
        let count =
            |name: &str| photo::number(&list[name]).and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
        let photos = photo::one_or_more(&list["photo"]).iter().take(PAGE).map(photo::read).collect();
        Ok(Page { photos, total: count("total"), pages: count("pages") })
    }

    /// A look at one photo. Only what concerns every call is an error.
    pub(super) async fn info(&self, id: &str) -> Result<Info, SourceEnd> {
        Ok(match self.call("flickr.photos.getInfo", &[("photo_id", id)]).await? {
            Err(Unread::Fail(fail)) if fail.is_gone() => Info::Gone,
            Err(Unread::Fail(fail)) => match fail.end(self.key_env.as_deref()) {
                // A code that this method alone knows.
                SourceEnd::Misconfigured(_) => Info::Unclear("fail"),
                end => return Err(end),
            },
            Err(Unread::Garbage(kind)) => Info::Unclear(kind),
            Ok(document) => match photo::read(&document["photo"]) {
                Ok(photo) if photo.id != id => Info::Unclear("other_photo"),
                Ok(photo) if !photo.is_public => Info::Gone,
                Ok(photo) => Info::There(Box::new(photo)),
                Err(_) => Info::Unclear("no_id"),
            },
        })
    }

    async fn call(&self, method: &str, query: &[(&str, &str)]) -> Result<Result<Value, Unread>, SourceEnd> {
        let Some(key) = &self.key else {
            return Err(SourceEnd::NeedsCredentials(wire_answer::cure(self.key_env.as_deref())));
        };
        let request = self.client.get(self.endpoint.clone());
        let request = request
            .query(&[("method", method), ("api_key", key.expose())])
            .query(query)
            .query(&[("format", "json"), ("nojsoncallback", "1")]);
        let answer = ask(request).await.map_err(|refusal| refusal.end)?;
        Ok(wire_answer::read(&answer.body).map_err(|unread| masked(unread, key.expose())))
    }

    fn end(&self, unread: &Unread) -> SourceEnd {
        match unread {
            Unread::Fail(fail) => fail.end(self.key_env.as_deref()),
            Unread::Garbage(kind) => SourceEnd::Refused(format!("an answer that cannot be read ({kind})")),
        }
    }
}

/// Flickr may repeat the key in its refusal.
fn masked(unread: Unread, key: &str) -> Unread {
    match unread {
        Unread::Fail(Fail { code, message }) if !key.is_empty() => {
            Unread::Fail(Fail { code, message: message.replace(key, "****") })
        }
        other => other,
    }
}
