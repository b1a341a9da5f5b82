//! Knowing a poll's next request without parsing it.
//!
//! A poll's client asks again and again with the same head, byte for byte, but for the number behind `after=`. hyper has read such a head
//! once and the routes have granted it; a head of the same hash needs neither. Whatever differs in one byte goes back to hyper.

use std::hash::{BuildHasher, Hasher, RandomState};

use model::Position;

/// Heads above this size are hyper's.
pub(super) const HEAD_BYTES_MAX: usize = 4 * 1024;

/// A request that may be one that is known.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Again {
    /// Names all of the head but the position.
    pub(super) hash: u64,
    /// The position that the client has.
    pub(super) want: Position,
}

/// Reads what must be exactly one head of `GET ...?after=EPOCH.SEQ HTTP/1.1` without a body behind it; anything else is `None`.
pub(super) fn read(head: &[u8], keys: &RandomState) -> Option<Again> {
    const AFTER: &[u8] = b"?after=";
    if head.len() > HEAD_BYTES_MAX || !head.starts_with(b"GET ") {
        return None;
    }
    if memchr::memmem::find(head, b"\r\n\r\n")? + 4 != head.len() {
        return None;
    }
    let line = &head[..memchr::memchr(b'\r', head)?];
    // The first question mark: one further on belongs to a parameter that is not ours.
    let from = memchr::memchr(b'?', line).filter(|at| line[*at..].starts_with(AFTER))? + AFTER.len();
    let to = from + memchr::memchr(b' ', &line[from..])?;
    // Only what no layer reads in two ways: no escapes, no further parameters, no second address in the line.
    let value = &head[from..to];
    if !value.iter().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(byte) || *byte == b'.') {
        return None;
    }
    if &line[to..] != b" HTTP/1.1" {
        return None;
    }
    let want = std::str::from_utf8(value).ok()?.parse().ok()?;
    let mut hasher = keys.build_hasher();
    hasher.write(&head[..from]);
    hasher.write_u8(0);
    hasher.write(&head[to..]);
    Some(Again { hash: hasher.finish(), want })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(after: &str, rest: &str) -> Vec<u8> {
        format!("GET /live/rustfest/poll?after={after} HTTP/1.1\r\nhost: x\r\n{rest}\r\n").into_bytes()
    }

    #[test]
    fn only_the_position_may_differ() {
        let keys = RandomState::new();
        let first = read(&head("0.a1.7", "accept: */*\r\n"), &keys).expect("a poll");
        let next = read(&head("0.a1.1234", "accept: */*\r\n"), &keys).expect("a poll");
        assert_eq!(first.hash, next.hash);
        assert_eq!((next.want.seq, next.want.epoch.as_str()), (1234, "0.a1"));
        for other in [head("0.a1.7", "accept: *\r\n"), head("0.a1.7", "Accept: */*\r\n"), head("0.a1.7", "")]
        {
            assert_ne!(read(&other, &keys).expect("a poll").hash, first.hash);
        }
    }

    #[test]
    fn whatever_could_be_read_in_two_ways_is_not_known() {
        let keys = RandomState::new();
        let plain = head("0.a1.7", "");
        assert!(read(&plain, &keys).is_some());
        let mut two = plain.clone();
        two.extend_from_slice(&plain);
        let mut body = plain.clone();
        body.push(b'x');
        let strange = [
            two,
            body,
            plain[..plain.len() - 1].to_vec(),
            head("0.a1.7&after=0.a1.9", ""),
            head("0%2ea1.7", ""),
            head("", ""),
            head("0.a1.7 HTTP/1.1 ", ""),
            b"GET /live/rustfest/poll?x=1?after=0.a1.7 HTTP/1.1\r\n\r\n".to_vec(),
            b"POST /live/rustfest/poll?after=0.a1.7 HTTP/1.1\r\n\r\n".to_vec(),
            b"GET /live/rustfest/poll?after=0.a1.7 HTTP/1.0\r\n\r\n".to_vec(),
            b"GET /live/rustfest/poll HTTP/1.1\r\nx: ?after=0.a1.7 HTTP/1.1\r\n\r\n".to_vec(),
            [head("0.a1.7", &"x: y\r\n".repeat(1000))].concat(),
        ];
        for head in strange {
            assert_eq!(read(&head, &keys), None, "{}", String::from_utf8_lossy(&head));
        }
    }
}
