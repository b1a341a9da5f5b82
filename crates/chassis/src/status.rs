//! The record that every daemon writes about itself, which the dashboard reads and nothing else.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// How long a record lives in the store: a daemon that stops writing is gone.
pub const LIFE: Duration = Duration::from_secs(5);

/// How often it is written anew.
pub const EVERY: Duration = Duration::from_secs(1);

/// `status:{role}:{instance}` in the live store.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// `nozzle`, `halley`, `strainer`, `site` or `up`.
    pub role: String,
    /// Tells apart several processes of one role: `host-pid`.
    pub instance: String,
    /// The operating system's id of the process.
    pub pid: u32,
    /// The program's version.
    pub version: String,
    /// When the process started, microseconds UTC.
    pub started: i64,
    /// When this record was made, microseconds UTC.
    pub at: i64,
    /// Whether it can do its work.
    pub ready: bool,
    /// Resident memory in bytes, where the system tells.
    pub memory: Option<u64>,
    /// Processor time used since the start, in seconds, where the system tells.
    #[serde(default)]
    pub cpu_seconds: Option<f64>,
    /// What the role adds: per event, per source, per connection kind.
    #[serde(flatten)]
    pub details: Map<String, Value>,
}

impl Status {
    /// A first record, not ready yet.
    pub fn new(role: &str, version: &str) -> Self {
        // One process may have a record for each of its roles: all tell the same start.
        let now = crate::process::started_us();
        let (instance, pid) = (instance(), std::process::id());
        Self {
            role: role.to_owned(),
            instance,
            pid,
            version: version.to_owned(),
            started: now,
            at: now_us(),
            ready: false,
            memory: crate::process::resident_bytes(),
            cpu_seconds: crate::process::cpu_seconds(),
            details: Map::new(),
        }
    }

    /// The key in the live store.
    pub fn key(&self) -> String {
        format!("status:{}:{}", self.role, self.instance)
    }

    /// The same record as of now, with the present readiness and details.
    #[must_use]
    pub fn now(&self, ready: bool, details: Map<String, Value>) -> Self {
        let (memory, cpu_seconds) = (crate::process::resident_bytes(), crate::process::cpu_seconds());
        Self { at: now_us(), ready, memory, cpu_seconds, details, ..self.clone() }
    }
}

/// `host-pid`: names this process among those of one role.
pub fn instance() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host: String =
        host.trim().chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(40).collect();
    let host = if host.is_empty() { "localhost" } else { &host };
    format!("{host}-{}", std::process::id())
}

fn now_us() -> i64 {
    jiff::Timestamp::now().as_microsecond()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_survives_the_store_and_keeps_its_details_flat() {
        let mut details = Map::new();
        details.insert("connections".to_owned(), Value::from(3));
        let record = Status::new("halley", "0.1.0").now(true, details);
        let json = serde_json::to_value(&record).expect("plain data");
        assert_eq!(json["connections"], 3);
        assert_eq!(json["role"], "halley");
        assert_eq!(serde_json::from_value::<Status>(json).expect("own form"), record);
        assert!(record.key().starts_with("status:halley:"));
    }
}
