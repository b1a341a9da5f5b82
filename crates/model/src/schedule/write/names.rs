//! Names that c3voc's schemas ask for and a talk may not have: a guid that is a UUID, a whole number as id, a slug, an acronym.
//! All are functions of the talk, so they stay from version to version.

use super::Slot;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// Characters of a title that its slug keeps.
const SLUG_CHARS_MAX: usize = 60;

/// What one file has used up: guids, ids and codes are unique in it.
#[derive(Default)]
pub(super) struct Used(BTreeSet<String>);

impl Used {
    /// The talk's guid where it is a UUID, else one made of what the talk is recognised by.
    pub(super) fn guid(&mut self, event: &str, slot: &Slot<'_>) -> String {
        let own = slot.talk.guid.clone().filter(|guid| is_uuid(guid));
        own.filter(|guid| self.0.insert(format!("guid:{guid}"))).unwrap_or_else(|| {
            let sign = slot.talk.guid.as_deref().or(slot.talk.code.as_deref()).unwrap_or("");
            uuid(&format!("talk:{event}:{sign}:{}", slot.talk.id))
        })
    }

    /// The talk's id where it is a whole number, else the number of ours, far above what others count to.
    pub(super) fn id(&mut self, slot: &Slot<'_>) -> u64 {
        let own = slot.talk.native.as_ref().and_then(|id| id.parse::<u64>().ok()).filter(|id| *id > 0);
        own.filter(|id| self.0.insert(format!("id:{id}"))).unwrap_or_else(|| {
            const OURS: u64 = 900_000_000;
            OURS + slot.talk.id.number().unwrap_or_default() as u64
        })
    }

    /// The talk's code, where no talk before it in the file has it.
    pub(super) fn code<'a>(&mut self, slot: &Slot<'a>) -> Option<&'a str> {
        let is_code = |code: &&str| {
            !code.is_empty() && code.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
        };
        let own = slot.talk.code.as_deref().filter(is_code)?;
        self.0.insert(format!("code:{own}")).then_some(own)
    }
}

fn is_uuid(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    lengths == [8, 4, 4, 4, 12] && parts.iter().all(|part| part.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// A UUID of version 8 (RFC 9562: own making) from a name.
pub(super) fn uuid(name: &str) -> String {
    let mut bytes = [0_u8; 16];
    bytes.copy_from_slice(&Sha256::digest(name.as_bytes())[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

/// A number for a person, the same in every version.
pub(super) fn person(event: &str, name: &str) -> u32 {
    let digest = Sha256::digest(format!("person:{event}:{name}").as_bytes());
    u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]) >> 1
}

/// The event's slug in the letters that an acronym may have, at least four.
pub(super) fn acronym(slug: &str) -> String {
    let plain: String = slug.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    format!("{:_<4}", plain.to_ascii_lowercase())
}

/// A talk's slug: acronym, id and the plain letters of its title.
pub(super) fn slug(acronym: &str, id: u64, title: &str) -> String {
    let mut words = ascii_slug(title);
    if words.is_empty() {
        "talk".clone_into(&mut words);
    }
    format!("{acronym}-{id}-{words}")
}

/// Lower-case ASCII letters and digits, with hyphens between; may be empty.
pub(super) fn ascii_slug(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars().map(|c| c.to_ascii_lowercase()) {
        if c.is_ascii_alphanumeric() {
            out.push(c);
        } else if !out.is_empty() && !out.ends_with('-') {
            out.push('-');
        }
        if out.len() >= SLUG_CHARS_MAX {
            break;
        }
    }
    out.trim_end_matches('-').to_owned()
}
