//! What event.toml says about posts written on the event's own page.

use serde::{Deserialize, Serialize};

/// Most posts at once, and most posts a minute, that a setting may allow one person.
const BURST_MAX: u32 = 1000;
const PER_MINUTE_MAX: f64 = 600.0;

/// Whether people may write on the page itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Onsite {
    /// Shown at once.
    Open,
    /// Shown when a moderator says so.
    Hold,
    /// Not at all.
    #[default]
    Off,
}

/// How much one person may write on the page: `burst` posts at once, and `per_minute` more as time goes on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OnsiteLimits {
    /// Posts that somebody who was silent may write at once; 0: none at all. Default 5.
    pub burst: u32,
    /// Posts that come back each minute. Default 2.
    pub per_minute: f64,
}

impl Default for OnsiteLimits {
    fn default() -> Self {
        Self { burst: 5, per_minute: 2.0 }
    }
}

impl OnsiteLimits {
    /// Checks that both numbers can be.
    ///
    /// # Errors
    /// A sentence that names the number and what is allowed.
    pub fn check(self) -> Result<(), String> {
        if self.burst > BURST_MAX {
            return Err(format!("burst = {} must lie between 0 and {BURST_MAX}", self.burst));
        }
        if !(0.0..=PER_MINUTE_MAX).contains(&self.per_minute) {
            return Err(format!("per_minute = {} must lie between 0 and {PER_MINUTE_MAX}", self.per_minute));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::EventFile;

    fn limits(extra: &str) -> Result<OnsiteLimits, String> {
        let text = format!("slug = \"rustfest\"\ntitle = \"RustFest\"\n{extra}\n");
        EventFile::parse(&text).map(|file| file.onsite_limits).map_err(|bad| bad.to_string())
    }

    #[test]
    fn limits_are_five_posts_and_two_a_minute_unless_the_file_says_otherwise() {
        assert_eq!(limits("").unwrap(), OnsiteLimits { burst: 5, per_minute: 2.0 });
        let some = limits("[onsite_limits]\nburst = 1\nper_minute = 0.5").unwrap();
        assert_eq!(some, OnsiteLimits { burst: 1, per_minute: 0.5 });
        assert_eq!(limits("[onsite_limits]\nburst = 0").unwrap().per_minute, 2.0);
    }

    #[test]
    fn limits_that_cannot_be_are_refused_with_what_can() {
        for (extra, want) in [
            ("burst = 5000", "between 0 and 1000"),
            ("per_minute = -1", "between 0 and 600"),
            ("per_minute = nan", "between 0 and 600"),
            ("bursts = 3", "bursts"),
            ("burst = -1", "line 4"),
        ] {
            let why = limits(&format!("[onsite_limits]\n{extra}")).unwrap_err();
            assert!(why.contains(want), "{extra}: {why}");
        }
    }
}
