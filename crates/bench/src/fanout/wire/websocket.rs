//! WebSocket frames as a client reads and writes them (RFC 6455, section 5).

use std::ops::Range;

use super::Broken;

/// Longest frame that is taken.
const FRAME_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// Longest payload of a control frame.
pub(crate) const CONTROL_BYTES_MAX: usize = 125;

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opcode {
    Continuation,
    Data,
    Close,
    Ping,
    Pong,
}

/// One whole frame at the beginning of some bytes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) opcode: Opcode,
    pub(crate) is_final: bool,
    /// Where its payload lies.
    pub(crate) payload: Range<usize>,
}

/// The frame at the beginning of `bytes`, or `None` when it has not all come.
pub(crate) fn frame(bytes: &[u8]) -> Result<Option<Frame>, Broken> {
    let [first, second, rest @ ..] = bytes else { return Ok(None) };
    let (is_final, is_masked) = (first & 0x80 != 0, second & 0x80 != 0);
    let opcode = match first & 0x7f {
        0 => Opcode::Continuation,
        1 | 2 => Opcode::Data,
        8 => Opcode::Close,
        9 => Opcode::Ping,
        10 => Opcode::Pong,
        _ => return Err(Broken::Frame),
    };
    let is_control = !matches!(opcode, Opcode::Continuation | Opcode::Data);
    let short = second & 0x7f;
    if is_masked || (is_control && (!is_final || usize::from(short) > CONTROL_BYTES_MAX)) {
        return Err(Broken::Frame);
    }
    let (length, head) = match short {
        126 => match rest.first_chunk::<2>() {
            Some(bytes) => (u64::from(u16::from_be_bytes(*bytes)), 4),
            None => return Ok(None),
        },
        127 => match rest.first_chunk::<8>() {
            Some(bytes) => (u64::from_be_bytes(*bytes), 10),
            None => return Ok(None),
        },
        short => (u64::from(short), 2),
    };
    if length > FRAME_BYTES_MAX {
        return Err(Broken::Frame);
    }
    let payload = head..head + length as usize;
    Ok((bytes.len() >= payload.end).then_some(Frame { opcode, is_final, payload }))
}

/// Appends a client's control frame. Its mask is none that hides anything; servers must undo it all the same.
pub(crate) fn write_control(opcode: Opcode, payload: &[u8], out: &mut Vec<u8>) {
    const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
    let payload = &payload[..payload.len().min(CONTROL_BYTES_MAX)];
    let code = match opcode {
        Opcode::Close => 8,
        Opcode::Ping => 9,
        Opcode::Pong | Opcode::Continuation | Opcode::Data => 10,
    };
    out.extend_from_slice(&[0x80 | code, 0x80 | payload.len() as u8]);
    out.extend_from_slice(&MASK);
    out.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
}

/// The code in a close frame's payload; 1005 stands for none (RFC 6455, 7.4.1).
pub(crate) fn close_code(payload: &[u8]) -> u16 {
    payload.first_chunk::<2>().map_or(1005, |code| u16::from_be_bytes(*code))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(length: usize) -> Vec<u8> {
        let mut bytes = vec![0x81];
        match length {
            0..=125 => bytes.push(length as u8),
            126..=0xffff => {
                bytes.push(126);
                bytes.extend_from_slice(&(length as u16).to_be_bytes());
            }
            _ => {
                bytes.push(127);
                bytes.extend_from_slice(&(length as u64).to_be_bytes());
            }
        }
        bytes.resize(bytes.len() + length, b'x');
        bytes
    }

    #[test]
    fn frames_of_every_length_form_are_read_only_when_they_have_all_come() {
        for length in [0, 1, 125, 126, 600, 65_535, 65_536, 70_000] {
            let bytes = text(length);
            let found = frame(&bytes).expect("well formed").expect("whole");
            assert_eq!((found.payload.len(), found.payload.end), (length, bytes.len()));
            assert_eq!((found.opcode, found.is_final), (Opcode::Data, true));
            for at in (0..bytes.len()).filter(|at| *at < 200 || bytes.len() - at < 20) {
                assert_eq!(frame(&bytes[..at]), Ok(None), "{length} {at}");
            }
        }
    }

    #[test]
    fn what_a_server_may_not_send_is_refused() {
        let forbidden: [&[u8]; 5] =
            [&[0xc1, 0], &[0x83, 0], &[0x81, 0x80, 0, 0, 0, 0], &[0x09, 0], &[0x89, 126, 0, 126]];
        for bad in forbidden {
            assert_eq!(frame(bad), Err(Broken::Frame), "{bad:?}");
        }
        assert_eq!(frame(&[0x82, 127, 0x7f, 0, 0, 0, 0, 0, 0, 0]), Err(Broken::Frame));
    }

    #[test]
    fn a_pong_is_masked_and_says_what_the_ping_said() {
        let mut out = Vec::new();
        write_control(Opcode::Pong, b"beat", &mut out);
        assert_eq!(out[..6], [0x8a, 0x84, 0x37, 0xfa, 0x21, 0x3d]);
        let unmasked: Vec<u8> = out[6..].iter().zip(out[2..6].iter().cycle()).map(|(a, b)| a ^ b).collect();
        assert_eq!(unmasked, b"beat");
        assert_eq!((close_code(&[0x03, 0xe9]), close_code(&[])), (1001, 1005));
    }
}
