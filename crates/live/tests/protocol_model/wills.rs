//! What people and the network last said of each item, kept beside the states as their judge: nothing that anybody keeps
//! from the public is shown, whatever else happened to it.

use crate::ledger::{Happening, Id, Kind, Ledger, State, Veil};
use std::collections::BTreeMap;

/// By item. A recovered ledger begins without: who hid what is known from its entries alone.
#[derive(Clone, Default)]
pub(crate) struct Wills(BTreeMap<Id, Veil>);

impl Wills {
    /// Notes what arrives; `state` and `has_words` are the item's, if it is known.
    pub(crate) fn note(&mut self, h: Happening, known: Option<(State, bool)>) {
        let Some((state, has_words)) = known else {
            if matches!(h.kind, Kind::Post | Kind::Edit) {
                self.0.insert(h.id, Veil { held: h.id.is_multiple_of(6), ..Veil::default() });
            }
            return;
        };
        let will = self.0.entry(h.id).or_default();
        match h.kind {
            Kind::Hide if state != State::Removed => (will.person, will.held) = (true, false),
            Kind::Show => {
                will.person = false;
                will.held &= will.network;
            }
            Kind::Away => will.network = true,
            Kind::Back => will.network = false,
            Kind::Post | Kind::Edit if !has_words => will.network = false,
            _ => {}
        }
    }

    /// Whether anything is shown against somebody's will.
    pub(crate) fn is_broken(&self, ledger: &Ledger) -> bool {
        let mut shown = ledger.items.iter().filter(|(_, item)| item.state == State::Shown);
        shown.any(|(id, _)| self.0.get(id).is_some_and(|will| *will != Veil::default()))
    }
}
