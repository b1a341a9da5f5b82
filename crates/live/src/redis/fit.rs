//! Whether a Redis server may hold a tail at all.

use super::client::Client;
use crate::Error;

/// The oldest version whose scripts and lists behave as the contract needs.
const MAJOR_MIN: u32 = 7;

/// What a server says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerFacts {
    /// For example `7.0.15`.
    pub version: String,
    /// For example `noeviction`.
    pub maxmemory_policy: String,
    /// What its data take, in bytes.
    pub memory_bytes: u64,
    /// What they may take; `None`: no bound is set.
    pub memory_bytes_max: Option<u64>,
    /// Whether it writes every command to a file (`appendonly`).
    pub is_durable: bool,
}

/// Asks, and refuses a server that is too old or throws keys away.
pub(super) async fn check(client: &dyn Client) -> Result<ServerFacts, Error> {
    let info = client.call("INFO", "", vec!["everything".into()]).await?.text()?;
    judge(&info)
}

fn judge(info: &str) -> Result<ServerFacts, Error> {
    let field =
        |name: &str| info.lines().find_map(|l| l.strip_prefix(name)?.strip_prefix(':')).unwrap_or_default();
    let bytes = |name: &str| field(name).trim().parse::<u64>().unwrap_or(0);
    let facts = ServerFacts {
        version: field("redis_version").trim().to_owned(),
        maxmemory_policy: field("maxmemory_policy").trim().to_owned(),
        memory_bytes: bytes("used_memory"),
        memory_bytes_max: Some(bytes("maxmemory")).filter(|max| *max > 0),
        is_durable: field("aof_enabled").trim() == "1",
    };
    let major = facts.version.split('.').next().and_then(|m| m.parse::<u32>().ok());
    if major.is_none_or(|m| m < MAJOR_MIN) {
        let version = if facts.version.is_empty() { "an unknown version" } else { &facts.version };
        return Err(Error::Unfit(format!("Redis {MAJOR_MIN} or newer is needed, the server runs {version}")));
    }
    if !matches!(facts.maxmemory_policy.as_str(), "noeviction" | "") {
        return Err(Error::Unfit(format!(
            "Redis throws keys away when memory is short (maxmemory-policy {}), and with them the live log; set \
             `maxmemory-policy noeviction`",
            facts.maxmemory_policy
        )));
    }
    Ok(facts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_is_too_old_or_evicts_is_refused_with_the_cure() {
        let says = |version: &str, policy: &str| {
            judge(&format!(
                "# Server\r\nredis_version:{version}\r\n# Memory\r\nmaxmemory_policy:{policy}\r\n"
            ))
        };
        assert_eq!(says("7.0.15", "noeviction").unwrap().version, "7.0.15");
        assert!(says("10.1", "noeviction").is_ok());
        assert!(says("6.2.9", "noeviction").unwrap_err().to_string().contains("Redis 7 or newer"));
        assert!(judge("").is_err());
        for policy in ["allkeys-lru", "volatile-ttl", "allkeys-random"] {
            assert!(says("7.2.0", policy).unwrap_err().to_string().contains("noeviction"), "{policy}");
        }
    }
}
