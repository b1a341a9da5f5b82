//! Server-sent events: where one ends, and its id. What its data says is looked for by whoever knows.

/// The first event's length, its empty line included, or `None` when it has not all come.
pub(crate) fn event_bytes(bytes: &[u8]) -> Option<usize> {
    memchr::memchr_iter(b'\n', bytes).find_map(|at| match bytes.get(at + 1..)? {
        [b'\n', ..] => Some(at + 2),
        [b'\r', b'\n', ..] => Some(at + 3),
        _ => None,
    })
}

/// The event's `id`, when it has one.
pub(crate) fn id(event: &[u8]) -> Option<&[u8]> {
    let line = event.split(|byte| *byte == b'\n').find_map(|line| line.strip_prefix(b"id:"))?;
    Some(line.trim_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_end_with_an_empty_line_of_either_kind() {
        for (stream, lengths) in [
            ("data: a\n\nid: 1\ndata: b\n\n", vec![9, 15]),
            (": hi\r\n\r\ndata: a\r\n\r\ndata:", vec![8, 11]),
        ] {
            let (mut rest, mut found) = (stream.as_bytes(), Vec::new());
            while let Some(bytes) = event_bytes(rest) {
                found.push(bytes);
                rest = &rest[bytes..];
            }
            assert_eq!(found, lengths, "{stream:?}");
        }
        for at in 0..8 {
            assert_eq!(event_bytes(&b"data: a\n\n"[..at]), None, "{at}");
        }
    }

    #[test]
    fn an_id_is_read_without_its_blanks() {
        assert_eq!(id(b"id: 5.7\ndata: x\n\n"), Some(&b"5.7"[..]));
        assert_eq!((id(b"event: e\r\nid:7\r\n\r\n"), id(b"data: id: 7\n\n")), (Some(&b"7"[..]), None));
    }
}
