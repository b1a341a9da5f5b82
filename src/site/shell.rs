//! What every page has around its own part: title, accent, bar, foot, skip link.

use super::assets;
use model::{EventEntry, event::EventRef};

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
}

/// The event in bar and foot.
#[derive(Clone, Debug)]
pub(super) struct EventHead {
    pub(super) slug: String,
    pub(super) title: String,
    pub(super) foot: String,
    /// `live`, `programme`, or empty: which part of the event this is.
    pub(super) here: &'static str,
}

impl Shell {
    /// A page that belongs to no event.
    pub(super) fn plain(title: &str, skip: (&'static str, &'static str)) -> Self {
        Self { title: title.to_owned(), accent: None, accents: Vec::new(), event: None, skip }
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
        let head = EventHead { slug: listed.slug.clone(), title: name, foot, here };
        Self {
            title: title.to_owned(),
            accent,
            accents: accent.into_iter().collect(),
            event: Some(head),
            skip,
        }
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
