//! What every page has around its own part: title, accent, bar, foot, skip link, whose time it tells, whether search engines may keep it.

use super::{Settings, assets, oembed, view::time::Venue};
use model::{
    EventEntry,
    event::{EventRef, page_address},
};

/// The accent of an event that chose none.
pub(super) const HUE: u16 = 32;

/// See the module. Fields are what `base.html` prints.
#[derive(Clone, Debug)]
pub(super) struct Shell {
    pub(super) title: String,
    /// Hue of this page's event.
    pub(super) accent: Option<u16>,
    /// Every hue that the page shows.
    pub(super) accents: Vec<u16>,
    pub(super) event: Option<EventHead>,
    pub(super) skip: (&'static str, &'static str),
    /// What a link to this page shows elsewhere.
    pub(super) share: Option<Share>,
    /// Path below which this page's own feeds are (`/fest/talks/t7` for `/fest/talks/t7/feed.atom`).
    pub(super) feeds: Option<String>,
    /// Where its frame for other people's pages is told, as JSON and as XML; none for a page that has none.
    pub(super) oembed: Option<(String, String)>,
    /// Whether search engines are asked to keep away.
    pub(super) is_unlisted: bool,
}

/// What others show of a page that is linked to: Open Graph's `og:url`, `og:description`, `og:image` (<https://ogp.me>).
#[derive(Clone, Debug)]
pub(super) struct Share {
    /// The page's one address, whole.
    pub(super) url: String,
    pub(super) description: String,
    /// Whole address of a picture.
    pub(super) image: Option<String>,
}

/// The event in bar and foot.
#[derive(Clone, Debug)]
pub(super) struct EventHead {
    pub(super) slug: String,
    pub(super) title: String,
    pub(super) foot: String,
    /// Which page of the bar or the foot this is: `live`, `programme`, `catch-up`, `search`, `photos`, `links`, `feeds`, `about`, `privacy`,
    /// `imprint`; `in programme` below one; else empty.
    pub(super) here: &'static str,
    /// Whose time the pages tell: the venue's city and its IANA zone.
    pub(super) zone: (String, String),
    /// Where the organiser says who they are; none where they do not.
    pub(super) imprint: Option<String>,
}

impl EventHead {
    /// The page that a part of the event is.
    pub(super) fn way(&self, part: &str) -> String {
        let slug = &self.slug;
        if part == "live" { format!("/{slug}") } else { format!("/{slug}/{part}") }
    }

    /// What `aria-current` says of a part: this page, or what this page is below.
    pub(super) fn current(&self, part: &str) -> Option<&'static str> {
        match self.here.strip_prefix("in ") {
            Some(above) if above == part => Some("true"),
            None if self.here == part => Some("page"),
            _ => None,
        }
    }
}

impl Shell {
    /// A page that belongs to no event.
    pub(super) fn plain(title: &str, skip: (&'static str, &'static str)) -> Self {
        Self {
            title: title.to_owned(),
            accent: None,
            accents: Vec::new(),
            event: None,
            skip,
            share: None,
            feeds: None,
            oembed: None,
            is_unlisted: true,
        }
    }

    /// A page of an event. `settings` are absent until its log was read.
    pub(super) fn of(
        listed: &EventRef,
        settings: Option<&EventEntry>,
        title: &str,
        here: &'static str,
        skip: (&'static str, &'static str),
    ) -> Self {
        let name = settings.map_or(&listed.title, |event| &event.title).clone();
        let place = settings.and_then(|event| event.place.clone());
        let foot = place.map_or_else(|| name.clone(), |place| format!("{name}, {place}"));
        let accent = settings.and_then(|event| event.accent_hue).filter(|hue| *hue <= 360 && *hue != HUE);
        let venue = Venue::of(settings);
        let head = EventHead {
            slug: listed.slug.clone(),
            title: name,
            foot,
            here,
            zone: (venue.city(), venue.zone_name),
            imprint: settings.and_then(|event| event.imprint.as_deref()).map(|words| {
                page_address(words).map_or_else(|| format!("/{}/imprint", listed.slug), str::to_owned)
            }),
        };
        Self {
            title: title.to_owned(),
            accent,
            accents: accent.into_iter().collect(),
            event: Some(head),
            skip,
            share: None,
            feeds: None,
            oembed: None,
            is_unlisted: !settings.is_some_and(|event| event.published),
        }
    }

    /// Says what a link to this page shows elsewhere: the page's one address is `path` on the public site.
    pub(super) fn shared(mut self, settings: &Settings, path: &str, description: &str) -> Self {
        let url = absolute(settings, path);
        self.share = Some(Share { url, description: description.to_owned(), image: None });
        self.oembed = oembed::discovery(settings, path);
        self
    }

    /// Adds the picture at `path` to what a link shows.
    pub(super) fn pictured(mut self, settings: &Settings, path: &str) -> Self {
        if let Some(share) = &mut self.share {
            share.image = Some(absolute(settings, path));
        }
        self
    }

    /// Names the feeds that are below `path`, so that feed readers find them.
    pub(super) fn fed(mut self, path: &str) -> Self {
        self.feeds = Some(path.to_owned());
        self
    }

    /// The address of a compiled-in file.
    pub(super) fn asset(&self, name: &str) -> &'static str {
        assets::address(name)
    }

    /// The live page's scripts.
    pub(super) fn modules(&self) -> Vec<&'static str> {
        assets::modules()
    }

    /// The event's name.
    pub(super) fn heading(&self) -> &str {
        self.event.as_ref().map_or(&self.title, |event| &event.title)
    }
}

/// The whole address of a path of the public site.
pub(super) fn absolute(settings: &Settings, path: &str) -> String {
    format!("{}{path}", settings.public_url.origin().ascii_serialization())
}

/// A room's slug as addresses write it: it may be of any script, and has no spaces.
pub(super) fn in_path(slug: &str) -> String {
    url::form_urlencoded::byte_serialize(slug.as_bytes()).collect()
}
