//! Comparing what was seen with what was said.

use crate::Seen;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Something that must not be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A number is missing, comes twice, or comes out of order.
    Order {
        /// What should have come.
        want: u64,
        /// What came.
        got: u64,
    },
    /// An item that exists was never seen (or was seen and then taken away).
    Lost(String),
    /// An item appeared more than once.
    Twice(String),
    /// An item that does not exist is there.
    Strange(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Order { want, got } => write!(f, "entry {want} was to come, entry {got} came"),
            Self::Lost(id) => write!(f, "item {id} is lost"),
            Self::Twice(id) => write!(f, "item {id} is there twice"),
            Self::Strange(id) => write!(f, "item {id} does not exist"),
        }
    }
}

/// A client's frames: every entry from the first on exactly once and in order; every item posted exactly once; what is public in
/// the end is what exists.
#[must_use]
pub fn compare_frames(alive: &BTreeSet<String>, frames: &[Seen]) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut posts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut public = BTreeSet::new();
    for (seen, want) in frames.iter().zip(1..) {
        if seen.seq != want {
            faults.push(Fault::Order { want, got: seen.seq });
            break;
        }
    }
    for seen in frames {
        let Some(id) = &seen.id else { continue };
        match seen.kind.as_str() {
            "post" => {
                *posts.entry(id).or_default() += 1;
                public.insert(id.clone());
            }
            "edit" | "show" => {
                public.insert(id.clone());
            }
            "hide" | "remove" => {
                public.remove(id);
            }
            _ => {}
        }
    }
    faults.extend(posts.iter().filter(|(_, n)| **n > 1).map(|(id, _)| Fault::Twice((*id).to_owned())));
    faults.extend(differences(alive, &public));
    faults
}

/// An export: every item that exists exactly once, nothing else.
#[must_use]
pub fn compare_export(alive: &BTreeSet<String>, export: &[String]) -> Vec<Fault> {
    let (unique, mut faults) = unique(export);
    faults.extend(differences(alive, &unique));
    faults
}

/// A page: no item twice, none that does not exist, and the newest of the stream are all there. `frames` is what a watcher saw; the
/// page keeps only its newest items, and shows what it has newest first by first appearance.
#[must_use]
pub fn compare_dom(alive: &BTreeSet<String>, frames: &[Seen], dom: &[String]) -> Vec<Fault> {
    let (on_page, mut faults) = unique(dom);
    faults.extend(on_page.difference(alive).cloned().map(Fault::Strange));
    let mut appeared = Vec::new();
    let mut known = BTreeSet::new();
    for id in frames
        .iter()
        .filter_map(|s| s.id.as_ref().filter(|_| matches!(s.kind.as_str(), "post" | "edit" | "show")))
    {
        if known.insert(id.clone()) {
            appeared.push(id.clone());
        }
    }
    let newest: BTreeSet<String> =
        appeared.into_iter().rev().filter(|id| alive.contains(id)).take(on_page.len()).collect();
    faults.extend(newest.difference(&on_page).cloned().map(Fault::Lost));
    faults
}

fn unique(ids: &[String]) -> (BTreeSet<String>, Vec<Fault>) {
    let mut all = BTreeSet::new();
    let twice = ids.iter().filter(|id| !all.insert((*id).clone())).cloned().map(Fault::Twice).collect();
    (all, twice)
}

fn differences(alive: &BTreeSet<String>, there: &BTreeSet<String>) -> Vec<Fault> {
    let lost = alive.difference(there).cloned().map(Fault::Lost);
    lost.chain(there.difference(alive).cloned().map(Fault::Strange)).collect()
}
