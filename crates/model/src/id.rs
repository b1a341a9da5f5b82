//! The names of things: what a network calls an item, what we call it, and what we call an event.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{fmt, str::FromStr};

/// Crockford's base 32, lower case: no i, l, o, u.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const ITEM_ID_CHARS: usize = 12;
const EVENT_ID_CHARS: usize = 8;

/// `network:native id`, the identity of an item for ever. Never names the source that brought it, so that two
/// servers that federate the same post bring one item. Private: pages and browsers see [`ItemId`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Uid(pub String);

impl Uid {
    /// Joins a network's name and its native id.
    #[must_use]
    pub fn new(network: &str, native: &str) -> Self {
        Self(format!("{network}:{native}"))
    }

    /// The public id of the same item.
    #[must_use]
    pub fn id(&self) -> ItemId {
        let digest = Sha256::digest(self.0.as_bytes());
        let head = u64::from_be_bytes(digest[..8].try_into().expect("SHA-256 has 32 bytes"));
        ItemId(encode::<ITEM_ID_CHARS>(head >> 4))
    }
}

/// The public id of an item: the first 60 bits of SHA-256(uid) in Crockford's base 32, 12 characters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ItemId([u8; ITEM_ID_CHARS]);

/// The id of an event: 8 characters of Crockford's base 32, given once. The slug may change, this never does.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId([u8; EVENT_ID_CHARS]);

/// Why a text is no id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an id has {want} characters of 0-9 a-z without i, l, o, u; got {got:?}")]
pub struct BadId {
    want: usize,
    got: String,
}

impl ItemId {
    /// Before every id.
    pub(crate) const FIRST: Self = Self([0; ITEM_ID_CHARS]);
    /// Behind every id.
    pub(crate) const LAST: Self = Self([u8::MAX; ITEM_ID_CHARS]);
}

impl EventId {
    /// Makes an id from 40 random bits (the higher bits of `random` are ignored).
    #[must_use]
    pub fn from_random(random: u64) -> Self {
        Self(encode::<EVENT_ID_CHARS>(random))
    }
}

fn encode<const N: usize>(mut bits: u64) -> [u8; N] {
    let mut out = [0; N];
    for c in out.iter_mut().rev() {
        *c = ALPHABET[(bits & 31) as usize];
        bits >>= 5;
    }
    out
}

fn parse<const N: usize>(text: &str) -> Result<[u8; N], BadId> {
    let bytes: Option<[u8; N]> = text.as_bytes().try_into().ok();
    bytes
        .filter(|b| b.iter().all(|c| ALPHABET.contains(c)))
        .ok_or_else(|| BadId { want: N, got: text.chars().take(40).collect() })
}

macro_rules! text_id {
    ($name:ident) => {
        impl $name {
            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                std::str::from_utf8(&self.0).expect("the alphabet is ASCII")
            }
        }
        impl FromStr for $name {
            type Err = BadId;
            fn from_str(text: &str) -> Result<Self, BadId> {
                parse(text).map(Self)
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.serialize_str(self.as_str())
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}
text_id!(ItemId);
text_id!(EventId);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_id_is_the_first_60_bits_of_the_uids_hash() {
        let id = Uid::new("x", "20").id();
        let digest = Sha256::digest(b"x:20");
        let bits = digest.iter().take(8).fold(0u64, |a, b| a << 8 | u64::from(*b)) >> 4;
        let back = id.as_str().bytes().fold(0u64, |a, c| {
            a << 5 | ALPHABET.iter().position(|x| *x == c).expect("in the alphabet") as u64
        });
        assert_eq!(back, bits);
        assert_eq!(id.as_str().len(), 12);
    }

    #[test]
    fn only_the_alphabet_is_an_id() {
        assert!("k3f9q2m7xw4d".parse::<ItemId>().is_ok());
        for bad in ["", "k3f9q2m7xw4", "k3f9q2m7xw4dd", "K3F9Q2M7XW4D", "k3f9q2m7xwil", "é3f9q2m7xw4"] {
            assert!(bad.parse::<ItemId>().is_err(), "{bad}");
        }
    }
}
