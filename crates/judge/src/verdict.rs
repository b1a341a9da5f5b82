//! Comparing what was seen with what was said.

use crate::{Alive, Exported, Seen};
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
    /// An item is told to be of another network than the one that it is of.
    Mislabelled {
        /// The item.
        id: String,
        /// Where it was posted.
        want: String,
        /// What is told.
        got: String,
    },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Order { want, got } => write!(f, "entry {want} was to come, entry {got} came"),
            Self::Lost(id) => write!(f, "item {id} is lost"),
            Self::Twice(id) => write!(f, "item {id} is there twice"),
            Self::Strange(id) => write!(f, "item {id} does not exist"),
            Self::Mislabelled { id, want, got } => write!(f, "item {id} is of {want}, not of {got}"),
        }
    }
}

/// A client's frames: every entry from the first on exactly once and in order; every item posted exactly once; what is public in
/// the end is what exists.
#[must_use]
pub fn compare_frames(alive: &Alive, frames: &[Seen]) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (seen, want) in frames.iter().zip(1..) {
        if seen.seq != want {
            faults.push(Fault::Order { want, got: seen.seq });
            break;
        }
    }
    let mut posts: BTreeMap<&str, usize> = BTreeMap::new();
    for id in frames.iter().filter(|seen| seen.kind == "post").filter_map(|seen| seen.id.as_deref()) {
        *posts.entry(id).or_default() += 1;
    }
    faults.extend(posts.iter().filter(|(_, n)| **n > 1).map(|(id, _)| Fault::Twice((*id).to_owned())));
    faults.extend(differences(alive, &public_after(frames)));
    let named = |seen: &Seen| mislabelled(alive, seen.id.as_deref()?, seen.network.as_deref()?);
    faults.extend(frames.iter().filter_map(named));
    faults
}

/// What is public after these entries.
#[must_use]
pub fn public_after(frames: &[Seen]) -> BTreeSet<String> {
    let mut public = BTreeSet::new();
    for seen in frames {
        let Some(id) = &seen.id else { continue };
        match seen.kind.as_str() {
            "post" | "edit" | "show" => public.insert(id.clone()),
            "hide" | "remove" => public.remove(id),
            _ => false,
        };
    }
    public
}

/// An export: every item that exists exactly once, nothing else.
#[must_use]
pub fn compare_export(alive: &Alive, export: &[Exported]) -> Vec<Fault> {
    let (unique, mut faults) = unique(export.iter().map(|line| &line.id));
    faults.extend(differences(alive, &unique));
    let named = |line: &Exported| mislabelled(alive, &line.id, line.network.as_deref()?);
    faults.extend(export.iter().filter_map(named));
    faults
}

/// A page: no item twice, none that does not exist, and the newest of the stream are all there. `frames` is what a watcher saw; the
/// page keeps only its newest items, and shows what it has newest first by first appearance.
#[must_use]
pub fn compare_dom(alive: &Alive, frames: &[Seen], dom: &[String]) -> Vec<Fault> {
    let (on_page, mut faults) = unique(dom);
    faults.extend(on_page.iter().filter(|id| !alive.contains_key(*id)).cloned().map(Fault::Strange));
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
        appeared.into_iter().rev().filter(|id| alive.contains_key(id)).take(on_page.len()).collect();
    faults.extend(newest.difference(&on_page).cloned().map(Fault::Lost));
    faults
}

/// How many of these items each network has, by where they were posted.
pub fn by_network<'a>(alive: &Alive, ids: impl IntoIterator<Item = &'a String>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for network in ids.into_iter().filter_map(|id| alive.get(id)) {
        *counts.entry(network.clone()).or_default() += 1;
    }
    counts
}

fn unique<'a>(ids: impl IntoIterator<Item = &'a String>) -> (BTreeSet<String>, Vec<Fault>) {
    let mut all = BTreeSet::new();
    let again = ids.into_iter().filter(|id| !all.insert((*id).clone()));
    let twice = again.cloned().map(Fault::Twice).collect();
    (all, twice)
}

fn differences(alive: &Alive, there: &BTreeSet<String>) -> Vec<Fault> {
    let lost = alive.keys().filter(|id| !there.contains(*id)).cloned().map(Fault::Lost);
    let strange = there.iter().filter(|id| !alive.contains_key(*id)).cloned().map(Fault::Strange);
    lost.chain(strange).collect()
}

fn mislabelled(alive: &Alive, id: &str, got: &str) -> Option<Fault> {
    let want = alive.get(id).filter(|want| *want != got)?;
    Some(Fault::Mislabelled { id: id.to_owned(), want: want.clone(), got: got.to_owned() })
}
