//! Whether the process can do its work yet, part by part.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

/// The parts of a process and their state; `/readyz` answers from it. Clones share one registry.
#[derive(Debug, Clone, Default)]
pub struct Readiness {
    parts: Arc<Mutex<BTreeMap<String, Option<String>>>>,
}

/// The handle of one part. It starts as not ready, and leaves the registry when dropped.
#[derive(Debug)]
pub struct Part {
    registry: Readiness,
    name: String,
}

impl Readiness {
    /// Adds a part that is not ready yet, because of `reason`.
    pub fn part(&self, name: &str, reason: &str) -> Part {
        self.set(name, Some(reason));
        Part { registry: self.clone(), name: name.to_owned() }
    }

    /// Parts that will be added soon: until then they count, as not ready, so that nobody is told too early that all is well.
    pub fn awaits(&self, names: &[&str]) {
        let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        for name in names {
            parts.entry((*name).to_owned()).or_insert_with(|| Some("it has not begun yet".to_owned()));
        }
    }

    /// Each part with the reason why it is not ready (`None`: ready), by name.
    pub fn parts(&self) -> BTreeMap<String, Option<String>> {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether every part is ready.
    pub fn is_ready(&self) -> bool {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner).values().all(Option::is_none)
    }

    fn set(&self, name: &str, reason: Option<&str>) {
        let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        parts.insert(name.to_owned(), reason.map(ToOwned::to_owned));
    }
}

impl Part {
    /// The part works.
    pub fn ready(&self) {
        self.registry.set(&self.name, None);
    }

    /// The part does not work, in words that a person can act on.
    pub fn not_ready(&self, reason: &str) {
        self.registry.set(&self.name, Some(reason));
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        self.registry.parts.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.name);
    }
}
