//! What clients write, split anywhere. Nothing of a message is kept: its bytes are unmasked where they lie and judged in passing,
//! as no message is wanted here.
//!
//! A frame is judged by its header as soon as that is complete: what no client may send is 1002 even where it is too large as well.

use std::{io::Cursor, ops::ControlFlow};

use tokio_tungstenite::tungstenite::protocol::frame::{
    FrameHeader,
    coding::{CloseCode, Control, Data, OpCode},
};

use super::{CONTROL_BYTES_MAX, INBOUND_BYTES_MAX, utf8::Utf8};
use crate::goodbye::Goodbye;

/// The longest header of a client: two bytes, a length of eight, a mask of four.
const HEAD_BYTES_MAX: usize = 14;

/// What a client said with one frame. Each frame gives exactly one of these, so counting them bounds every kind of chatter.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Heard<'a> {
    /// To be answered by a pong with the same bytes; at most [`CONTROL_BYTES_MAX`] of them.
    Ping(&'a [u8]),
    /// Nothing to be done.
    Pong,
    /// A part of a message that goes on.
    Fragment,
    /// A whole message, well-formed, and unwanted for this reason. Frames go on to be read, so whoever has said goodbye can wait
    /// for the client's own close.
    Message(Goodbye),
    /// The client closes; to be answered with the same code. The last thing that is heard.
    Close(Option<u16>),
    /// The frames cannot be followed any further. The last thing that is heard.
    Bad(Goodbye),
}

/// Takes what is heard, and says whether to go on.
pub(crate) type Each<'a> = &'a mut dyn FnMut(Heard<'_>) -> ControlFlow<()>;

/// The reading half of one WebSocket. Holds memory only while a frame or a message is unfinished, and about a hundred bytes then.
#[derive(Debug, Default)]
pub(crate) struct Inbound(Option<Box<Partial>>);

impl Inbound {
    /// Reads what came and calls `each` for each frame, until it breaks or nothing more can be read; what comes later is then passed
    /// over. The bytes are unmasked in place. `is_deflating`: permessage-deflate was agreed.
    pub(crate) fn hear(&mut self, bytes: &mut [u8], is_deflating: bool, each: Each<'_>) {
        let mut partial = self.0.take().map_or_else(Partial::default, |held| *held);
        if let Err(end) = partial.read(bytes, is_deflating, each) {
            if let End::Bad(goodbye) = end {
                let _it_is_the_last = each(Heard::Bad(goodbye));
            }
            partial = Partial { stage: Stage::Over, message: None };
        }
        if !partial.is_idle() {
            self.0 = Some(Box::new(partial));
        }
    }

    /// Whether no frame and no message is unfinished, and reading goes on.
    #[cfg(test)]
    pub(super) fn is_idle(&self) -> bool {
        self.0.is_none()
    }
}

/// Why reading ended.
enum End {
    /// Who listens has heard enough.
    Enough,
    Bad(Goodbye),
}

impl From<Goodbye> for End {
    fn from(goodbye: Goodbye) -> Self {
        Self::Bad(goodbye)
    }
}

fn tell(each: Each<'_>, heard: Heard<'_>) -> Result<(), End> {
    if each(heard).is_break() { Err(End::Enough) } else { Ok(()) }
}

/// Where we are between two reads.
#[derive(Debug, Default)]
struct Partial {
    stage: Stage,
    /// The message whose last frame has not passed yet.
    message: Option<Message>,
}

#[derive(Debug)]
enum Stage {
    /// Within a header, or between frames when nothing of it is here.
    Head { held: [u8; HEAD_BYTES_MAX], len: usize },
    /// Within the payload of a control frame, of which `held` was read before.
    Control { kind: Control, mask: Mask, left: usize, held: Vec<u8> },
    /// Within the payload of a data frame.
    Data { is_final: bool, mask: Mask, left: usize },
    /// Nothing more is read.
    Over,
}

impl Default for Stage {
    fn default() -> Self {
        Self::Head { held: [0; HEAD_BYTES_MAX], len: 0 }
    }
}

/// The message so far.
#[derive(Debug)]
struct Message {
    is_text: bool,
    /// Compressed ones are refused without being inflated, so their text is not looked at.
    is_deflated: bool,
    len: u64,
    utf8: Utf8,
}

/// A frame's mask, the byte for the next one first.
#[derive(Debug)]
struct Mask([u8; 4]);

impl Mask {
    fn lift(&mut self, bytes: &mut [u8]) {
        for four in bytes.chunks_mut(4) {
            four.iter_mut().zip(self.0).for_each(|(byte, mask)| *byte ^= mask);
        }
        self.0.rotate_left(bytes.len() % 4);
    }
}

impl Partial {
    fn is_idle(&self) -> bool {
        matches!(self.stage, Stage::Head { len: 0, .. }) && self.message.is_none()
    }

    fn read(&mut self, mut bytes: &mut [u8], is_deflating: bool, each: Each<'_>) -> Result<(), End> {
        loop {
            bytes = match std::mem::take(&mut self.stage) {
                Stage::Head { held, len } if bytes.is_empty() => {
                    self.stage = Stage::Head { held, len };
                    return Ok(());
                }
                Stage::Head { held, len } => self.head(held, len, bytes, is_deflating)?,
                Stage::Control { kind, mut mask, left, mut held } => {
                    let (piece, rest) = bytes.split_at_mut(left.min(bytes.len()));
                    mask.lift(piece);
                    let left = left - piece.len();
                    if left > 0 {
                        held.extend_from_slice(piece);
                        self.stage = Stage::Control { kind, mask, left, held };
                        return Ok(());
                    }
                    if held.is_empty() {
                        control(kind, piece, each)?;
                    } else {
                        held.extend_from_slice(piece);
                        control(kind, &held, each)?;
                    }
                    rest
                }
                Stage::Data { is_final, mut mask, left } => {
                    let (piece, rest) = bytes.split_at_mut(left.min(bytes.len()));
                    mask.lift(piece);
                    self.pass(piece)?;
                    let left = left - piece.len();
                    if left > 0 {
                        self.stage = Stage::Data { is_final, mask, left };
                        return Ok(());
                    }
                    tell(each, self.frame_ends(is_final)?)?;
                    rest
                }
                Stage::Over => return Err(End::Enough),
            };
        }
    }

    /// Goes on with a header of which `len` bytes were read before; the bytes behind what it took.
    fn head<'a>(
        &mut self,
        mut held: [u8; HEAD_BYTES_MAX],
        len: usize,
        bytes: &'a mut [u8],
        is_deflating: bool,
    ) -> Result<&'a mut [u8], Goodbye> {
        let more = bytes.len().min(HEAD_BYTES_MAX - len);
        held[len..len + more].copy_from_slice(&bytes[..more]);
        let mut cursor = Cursor::new(&held[..len + more]);
        // The only thing that tungstenite refuses here is an opcode that nobody has defined.
        let Some((header, size)) = FrameHeader::parse(&mut cursor).map_err(|_| Goodbye::Broken)? else {
            self.stage = Stage::Head { held, len: len + more };
            return Ok(&mut bytes[more..]);
        };
        let used = cursor.position() as usize - len;
        self.stage = self.begin(&header, size, is_deflating)?;
        Ok(&mut bytes[used..])
    }

    /// Judges a header; what its payload is.
    fn begin(&mut self, header: &FrameHeader, size: u64, is_deflating: bool) -> Result<Stage, Goodbye> {
        let mask = Mask(header.mask.ok_or(Goodbye::Broken)?);
        // Only the first frame of a message says that it is compressed (RFC 7692 section 6.1).
        let may_be_deflated =
            matches!(header.opcode, OpCode::Data(Data::Text | Data::Binary)) && is_deflating;
        if header.rsv2 || header.rsv3 || (header.rsv1 && !may_be_deflated) {
            return Err(Goodbye::Broken);
        }
        let kind = match header.opcode {
            OpCode::Control(_) if !header.is_final || size > CONTROL_BYTES_MAX as u64 => {
                return Err(Goodbye::Broken);
            }
            OpCode::Control(kind) => {
                return Ok(Stage::Control { kind, mask, left: size as usize, held: Vec::new() });
            }
            OpCode::Data(kind) => kind,
        };
        match (kind, &self.message) {
            (Data::Continue, Some(_)) => {}
            (Data::Text | Data::Binary, None) => {
                let is_text = kind == Data::Text;
                self.message =
                    Some(Message { is_text, is_deflated: header.rsv1, len: 0, utf8: Utf8::default() });
            }
            _ => return Err(Goodbye::Broken),
        }
        let message = self.message.as_mut().expect("it has begun");
        message.len = message.len.saturating_add(size);
        if message.len > INBOUND_BYTES_MAX {
            return Err(Goodbye::TooBig);
        }
        Ok(Stage::Data { is_final: header.is_final, mask, left: size as usize })
    }

    /// Looks at a piece of a message.
    fn pass(&mut self, piece: &[u8]) -> Result<(), Goodbye> {
        match &mut self.message {
            Some(message) if message.is_text && !message.is_deflated => message.utf8.pass(piece),
            _ => Ok(()),
        }
    }

    /// What a whole data frame is.
    fn frame_ends(&mut self, is_final: bool) -> Result<Heard<'static>, Goodbye> {
        match self.message.take_if(|_| is_final) {
            None => Ok(Heard::Fragment),
            Some(Message { is_text: false, .. }) => Ok(Heard::Message(Goodbye::Binary)),
            Some(message) => {
                message.utf8.end()?;
                Ok(Heard::Message(Goodbye::BadInput))
            }
        }
    }
}

/// What a whole control frame is.
fn control(kind: Control, payload: &[u8], each: Each<'_>) -> Result<(), End> {
    match kind {
        Control::Ping => tell(each, Heard::Ping(payload)),
        Control::Pong => tell(each, Heard::Pong),
        Control::Close => {
            tell(each, Heard::Close(close_code(payload)?))?;
            Err(End::Enough)
        }
        Control::Reserved(_) => Err(Goodbye::Broken.into()),
    }
}

/// The code of a close frame (RFC 6455 section 7.4): one of those that may be sent, before a sentence in UTF-8.
fn close_code(payload: &[u8]) -> Result<Option<u16>, Goodbye> {
    let Some((code, reason)) = payload.split_first_chunk() else {
        return if payload.is_empty() { Ok(None) } else { Err(Goodbye::Broken) };
    };
    std::str::from_utf8(reason).map_err(|_| Goodbye::BadText)?;
    let code = u16::from_be_bytes(*code);
    if CloseCode::from(code).is_allowed() { Ok(Some(code)) } else { Err(Goodbye::Broken) }
}
