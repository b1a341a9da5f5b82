//! Positions in a live log: which log (epoch), and how far (seq).

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr, sync::Arc};

/// The number of an entry, from 1 without holes. 0 stands for "before the first".
pub type Seq = u64;

/// The largest seq that is read from the outside: integers above 2^53 do not survive JavaScript.
const SEQ_MAX: Seq = (1 << 53) - 1;
const EPOCH_CHARS_MAX: usize = 64;

/// The random name of one ledger, `G.random`: G is its generation (0 for a new ledger; only a recovery makes a
/// higher one), so that readers can tell a newer log from an older one. Clones share the text: every connection holds one.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Epoch(Arc<str>);

impl Epoch {
    /// An epoch of this generation with 64 random bits.
    #[must_use]
    pub fn new(generation: u64, random: u64) -> Self {
        Self(format!("{generation}.{random:016x}").into())
    }

    /// The generation; higher ones replace lower ones.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.0.split_once('.').and_then(|(g, _)| g.parse().ok()).unwrap_or(0)
    }

    /// The epoch as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Epoch {
    type Err = BadPosition;
    fn from_str(text: &str) -> Result<Self, BadPosition> {
        let well_formed = text.split_once('.').is_some_and(|(g, r)| {
            g.parse::<u64>().is_ok_and(|n| n <= SEQ_MAX)
                && !r.is_empty()
                && r.bytes().all(|b| b.is_ascii_hexdigit() && !b.is_ascii_uppercase())
        });
        if well_formed && text.len() <= EPOCH_CHARS_MAX {
            Ok(Self(text.into()))
        } else {
            Err(BadPosition::Epoch)
        }
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Epoch {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// "I have every entry of this log up to and including `seq`." Written `EPOCH.SEQ`, split at the last dot.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Position {
    /// Which log.
    pub epoch: Epoch,
    /// The last entry that the holder has.
    pub seq: Seq,
}

/// Why a text is no position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPosition {
    /// No dot between epoch and seq.
    #[error("a position reads EPOCH.SEQ, for example 0.1f2e3d4c5b6a7988.42")]
    Shape,
    /// The part before the last dot is no epoch.
    #[error("the epoch of a position reads GENERATION.RANDOM in lower-case hexadecimal")]
    Epoch,
    /// The part behind the last dot is no seq.
    #[error("the seq of a position is a whole number from 0 to 9007199254740991")]
    Seq,
}

impl FromStr for Position {
    type Err = BadPosition;
    fn from_str(text: &str) -> Result<Self, BadPosition> {
        let (epoch, seq) = text.rsplit_once('.').ok_or(BadPosition::Shape)?;
        if !epoch.contains('.') {
            return Err(BadPosition::Shape);
        }
        let digits = !seq.is_empty() && seq.len() <= 16 && seq.bytes().all(|b| b.is_ascii_digit());
        let seq = seq.parse().ok().filter(|n| digits && *n <= SEQ_MAX).ok_or(BadPosition::Seq)?;
        Ok(Self { epoch: epoch.parse()?, seq })
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.epoch, self.seq)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_split_at_its_last_dot() {
        let p: Position = "1795189320.00ff.48113".parse().unwrap();
        assert_eq!((p.epoch.generation(), p.seq), (1_795_189_320, 48113));
        assert_eq!(p.to_string(), "1795189320.00ff.48113");
    }

    #[test]
    fn what_is_no_position_is_refused() {
        for bad in [
            "", "abc", "1", "-1", "1e9", "0.ff", "0.ff.", "0.ff.-1", "0.ff.+1", "0.ff.1e9", "0.FF.1", ".ff.1",
        ] {
            assert!(bad.parse::<Position>().is_err(), "{bad}");
        }
        assert_eq!("0.ff.9007199254740992".parse::<Position>(), Err(BadPosition::Seq));
        assert_eq!(format!("0.ff.1{}", "0".repeat(30)).parse::<Position>(), Err(BadPosition::Seq));
        assert_eq!(format!("0.{}.1", "f".repeat(80)).parse::<Position>(), Err(BadPosition::Epoch));
    }
}
