//! Addresses under which no event is found any more: they lead to the event's new one, or say that it was deleted.

use super::{EventLive, Events};
use model::event::Former;
use model::{EventId, Micros};
use std::collections::{BTreeMap, HashSet};
use std::sync::PoisonError;

/// What has become of a slug.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Became {
    /// The event is found under another one.
    Moved(EventId),
    /// The event was deleted then.
    Deleted(Micros),
}

/// Where an address leads that was an event's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::site) enum Led {
    /// To the event's present slug.
    To(String),
    /// Nowhere: the event was deleted.
    Nowhere,
}

/// An event that was deleted while it was followed here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::site) struct Deleted {
    pub(in crate::site) eid: EventId,
    pub(in crate::site) slug: String,
    /// Who deleted it: `role:name`.
    pub(in crate::site) by: String,
}

/// What is known of former slugs.
#[derive(Debug, Default)]
pub(super) struct Formers(BTreeMap<String, Became>);

impl Formers {
    fn new(told: &[Former]) -> Self {
        let each = |former: &Former| {
            let became = former.deleted.map_or(Became::Moved(former.eid), Became::Deleted);
            former.slugs.clone().into_iter().map(move |slug| (slug, became)).collect::<Vec<_>>()
        };
        let mut slugs = BTreeMap::new();
        for (slug, became) in told.iter().flat_map(each) {
            let known = slugs.entry(slug).or_insert(became);
            // An event that lives on is found; of two that were deleted the later one is told.
            let is_better = match (&known, became) {
                (Became::Deleted(at), Became::Deleted(other)) => other > *at,
                (Became::Deleted(_), Became::Moved(_)) => true,
                (Became::Moved(_), _) => false,
            };
            if is_better {
                *known = became;
            }
        }
        Self(slugs)
    }
}

impl Events {
    /// Takes what the store tells of former slugs; the events that were deleted.
    pub(super) fn take_formers(&self, told: &[Former]) -> HashSet<EventId> {
        *self.formers.write().unwrap_or_else(PoisonError::into_inner) = Formers::new(told);
        told.iter().filter(|former| former.deleted.is_some()).map(|former| former.eid).collect()
    }

    /// Remembers that an event that was followed here is gone, and by whose hand.
    pub(super) fn note_deleted(&self, event: &EventLive, told: &[Former]) {
        let by = told.iter().find(|former| former.eid == event.eid).map(|former| former.by.clone());
        let deleted = Deleted { eid: event.eid, slug: event.listed().slug, by: by.unwrap_or_default() };
        self.deleted.lock().unwrap_or_else(PoisonError::into_inner).push(deleted);
    }

    /// The events that have gone since this was asked last.
    pub(in crate::site) fn take_deleted(&self) -> Vec<Deleted> {
        std::mem::take(&mut *self.deleted.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Removes the pictures of events that were deleted, once each.
    pub(super) fn bury(&self, deleted: &HashSet<EventId>) {
        let mut buried = self.buried.lock().unwrap_or_else(PoisonError::into_inner);
        for eid in deleted.iter().copied().filter(|eid| buried.insert(*eid)) {
            let media = self.media.clone();
            self.shutdown.spawn(async move { media.forget(eid).await });
        }
    }

    /// Where this slug leads that no event has.
    pub(in crate::site) fn led(&self, slug: &str) -> Option<Led> {
        let became = *self.formers.read().unwrap_or_else(PoisonError::into_inner).0.get(slug)?;
        match became {
            Became::Deleted(_) => Some(Led::Nowhere),
            Became::Moved(eid) => {
                let event = self.followed().into_iter().find(|event| event.eid == eid)?;
                Some(Led::To(event.listed().slug))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_that_lives_on_is_found_before_one_that_was_deleted() {
        let [one, two, three] = [1, 2, 3].map(|n: u64| EventId::from_random(n));
        let former = |eid, slug: &str, deleted: Option<i64>| Former {
            eid,
            slugs: vec![slug.to_owned()],
            deleted: deleted.map(Micros),
            by: String::new(),
        };
        for order in [[0, 1, 2], [2, 1, 0], [1, 0, 2]] {
            let all =
                [former(one, "fest", Some(5)), former(two, "fest", None), former(three, "fest", Some(9))];
            let told: Vec<Former> = order.iter().map(|n: &usize| all[*n].clone()).collect();
            assert_eq!(Formers::new(&told).0.get("fest"), Some(&Became::Moved(two)));
        }
        let gone = Formers::new(&[former(one, "fest", Some(5)), former(three, "fest", Some(9))]);
        assert_eq!(gone.0.get("fest"), Some(&Became::Deleted(Micros(9))));
    }
}
