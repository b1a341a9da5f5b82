//! One subscriber without its socket: what it asks, what it makes of the bytes that come, and what it answers.

use std::mem;

use memchr::memmem;

use super::message::{Found, Searcher};
use super::peer::{Dialect, Mode};
use super::wire::chunked::Chunks;
use super::wire::head::{Framing, Head, head};
use super::wire::websocket::{self, Opcode};
use super::wire::{Broken, events};

/// The key of RFC 6455's own example and the answer to it. Always the same, so that nobody hashes more than the other.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &[u8] = b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
/// What ours says to a reader of events who is too slow. A WebSocket is told by its close code.
const LAG: &[u8] = br#""why":"lag""#;
/// Longest message in pieces, and longest part of a frame, an event or an answer that is kept for its end.
const REST_BYTES_MAX: usize = 32 * 1024 * 1024;

/// How all subscribers of one run ask.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub(crate) struct Manner {
    pub(crate) mode: Mode,
    pub(crate) dialect: Dialect,
    /// For the `Host` header.
    pub(crate) host: String,
    pub(crate) path: String,
}

impl Manner {
    /// Appends the request of a subscriber that stands at `position`; an empty one is a newcomer's.
    fn request(&self, position: &[u8], out: &mut Vec<u8>) {
        let as_query = match (self.mode, self.dialect) {
            (_, Dialect::Halley) => !position.is_empty(),
            (_, Dialect::Nchan | Dialect::Raw) => false,
        };
        out.extend_from_slice(b"GET ");
        out.extend_from_slice(self.path.as_bytes());
        if as_query {
            out.extend_from_slice(if self.path.contains('?') { b"&after=" } else { b"?after=" });
            out.extend_from_slice(position);
        }
        out.extend_from_slice(b" HTTP/1.1\r\nHost: ");
        out.extend_from_slice(self.host.as_bytes());
        out.extend_from_slice(b"\r\nUser-Agent: bench\r\n");
        match self.mode {
            Mode::WebSocket => {
                let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ";
                out.extend_from_slice(upgrade.as_bytes());
                out.extend_from_slice(KEY.as_bytes());
                out.extend_from_slice(b"\r\n");
            }
            Mode::Events => out.extend_from_slice(b"Accept: text/event-stream\r\n"),
            Mode::Poll => out.extend_from_slice(b"Accept: */*\r\n"),
        }
        if !as_query && !position.is_empty() {
            match self.mode {
                Mode::Events => {
                    out.extend_from_slice(b"Last-Event-ID: ");
                    out.extend_from_slice(position);
                    out.extend_from_slice(b"\r\n");
                }
                // Whole header lines, as the answer before told them.
                Mode::WebSocket | Mode::Poll => out.extend_from_slice(position),
            }
        }
        out.extend_from_slice(b"\r\n");
    }
}

/// What was heard in one read. One for all subscribers.
#[derive(Default)]
pub(crate) struct Heard {
    /// The messages.
    pub(crate) found: Vec<Found>,
    /// What must be written now.
    pub(crate) out: Vec<u8>,
    searcher: Searcher,
    /// Where chunks are put together.
    body: Vec<u8>,
}

impl Heard {
    /// Forgets all.
    pub(crate) fn clear(&mut self) {
        self.found.clear();
        self.out.clear();
    }

    fn search(&mut self, unit: &[u8]) {
        let Self { found, searcher, .. } = self;
        searcher.search(unit, |one| found.push(one));
    }
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Subscriber {
    stage: Stage,
    /// Of a head, a frame, an event or an answer that has not all come.
    rest: Vec<u8>,
    /// What to say to go on behind what was received; empty for a newcomer.
    position: Vec<u8>,
}

#[derive(Debug, Default)]
enum Stage {
    /// Waits for the head of the answer to the first request, or of a poll's answer.
    #[default]
    Head,
    /// The text of events that has not all come lies in `text` when the body is in chunks, else in `rest`.
    Events { chunks: Option<Chunks>, text: Vec<u8> },
    /// Frames; of a message in pieces, the pieces so far.
    Frames { pieces: Option<Vec<u8>> },
    /// Has its first answer and holds a request.
    Polling,
}

impl Subscriber {
    /// The request on a new connection: a newcomer's, or one that goes on from where this one stands.
    pub(crate) fn begin(&mut self, manner: &Manner, out: &mut Vec<u8>) {
        self.stage = Stage::Head;
        self.rest = Vec::new();
        manner.request(&self.position, out);
        // Servers that hold the first poll answer nothing to it: whoever has asked is served.
    }

    /// Whether the stream was granted, or, for a poll that is held from the first request on, asked for.
    pub(crate) fn is_served(&self, manner: &Manner) -> bool {
        let is_held_at_once = manner.mode == Mode::Poll && manner.dialect != Dialect::Halley;
        is_held_at_once || !matches!(self.stage, Stage::Head)
    }

    /// Takes what was read.
    pub(crate) fn hear(&mut self, manner: &Manner, bytes: &[u8], heard: &mut Heard) -> Result<(), Broken> {
        if self.rest.is_empty() {
            let taken = self.take(manner, bytes, heard)?;
            self.rest.extend_from_slice(&bytes[taken..]);
            return Ok(());
        }
        let mut rest = mem::take(&mut self.rest);
        rest.extend_from_slice(bytes);
        let taken = self.take(manner, &rest, heard)?;
        if rest.len() - taken > REST_BYTES_MAX {
            return Err(Broken::Frame);
        }
        if taken < rest.len() {
            rest.drain(..taken);
            self.rest = rest;
        }
        Ok(())
    }

    /// How much of `bytes` is done with.
    fn take(&mut self, manner: &Manner, bytes: &[u8], heard: &mut Heard) -> Result<usize, Broken> {
        match &mut self.stage {
            Stage::Polling => self.take_answers(manner, bytes, heard),
            Stage::Head if manner.mode == Mode::Poll => self.take_answers(manner, bytes, heard),
            Stage::Head => {
                let Some((head, length)) = head(bytes)? else { return Ok(0) };
                self.stage = granted(manner.mode, &head)?;
                Ok(length + self.take(manner, &bytes[length..], heard)?)
            }
            Stage::Events { chunks: None, .. } => take_events(bytes, heard, manner, &mut self.position),
            Stage::Events { chunks: Some(chunks), text } => {
                let mut body = mem::take(&mut heard.body);
                body.clear();
                body.append(text);
                chunks.read(bytes, &mut body)?;
                let taken = take_events(&body, heard, manner, &mut self.position)?;
                text.extend_from_slice(&body[taken..]);
                heard.body = body;
                if chunks.is_at_end() { Err(Broken::Ended) } else { Ok(bytes.len()) }
            }
            Stage::Frames { pieces } => take_frames(bytes, pieces, heard, manner, &mut self.position),
        }
    }

    /// Answers to polls; each is followed by the next request.
    fn take_answers(&mut self, manner: &Manner, bytes: &[u8], heard: &mut Heard) -> Result<usize, Broken> {
        let mut at = 0;
        while let Some((head, head_bytes)) = head(&bytes[at..])? {
            let behind = &bytes[at + head_bytes..];
            let mut body = mem::take(&mut heard.body);
            body.clear();
            let taken = match head.framing {
                Framing::Length(length) => {
                    let length = usize::try_from(length).map_err(|_| Broken::Head)?;
                    behind
                        .get(..length)
                        .map(|text| self.read_answer(manner, &head, text, heard).map(|()| length))
                }
                Framing::Chunked => {
                    let mut chunks = Chunks::default();
                    let taken = chunks.read(behind, &mut body)?;
                    chunks.is_at_end().then(|| self.read_answer(manner, &head, &body, heard).map(|()| taken))
                }
                Framing::Close => Some(Err(Broken::Answer)),
            };
            heard.body = body;
            let Some(taken) = taken.transpose()? else { break };
            at += head_bytes + taken;
        }
        Ok(at)
    }

    fn read_answer(
        &mut self,
        manner: &Manner,
        head: &Head<'_>,
        text: &[u8],
        heard: &mut Heard,
    ) -> Result<(), Broken> {
        match head.status {
            200 => {
                heard.search(text);
                self.go_on(manner.dialect, head, text)?;
            }
            // Nothing came while it was held.
            204 | 304 | 408 => {}
            status => return Err(Broken::Status(status)),
        }
        if head.is_last {
            return Err(Broken::Ended);
        }
        self.stage = Stage::Polling;
        manner.request(&self.position, &mut heard.out);
        Ok(())
    }

    /// Where the next poll goes on.
    fn go_on(&mut self, dialect: Dialect, head: &Head<'_>, text: &[u8]) -> Result<(), Broken> {
        match dialect {
            Dialect::Halley => {
                let epoch =
                    after(text, br#""epoch":""#).and_then(|rest| rest.split(|byte| *byte == b'"').next());
                let next = after(text, br#""next":"#).map(leading_digits);
                let (Some(epoch), Some(next)) = (epoch, next) else { return Err(Broken::Answer) };
                set(&mut self.position, &[epoch, b".", next]);
            }
            Dialect::Nchan => {
                let (Some(modified), Some(etag)) = (head.last_modified, head.etag) else {
                    return Err(Broken::Answer);
                };
                let lines = [b"If-Modified-Since: ", modified, b"\r\nIf-None-Match: ", etag, b"\r\n"];
                set(&mut self.position, &lines);
            }
            Dialect::Raw => {}
        }
        Ok(())
    }
}

/// What comes behind the head of a stream that was granted.
fn granted(mode: Mode, head: &Head<'_>) -> Result<Stage, Broken> {
    match (mode, head.status) {
        (Mode::WebSocket, 101) if head.accept == Some(ACCEPT) => Ok(Stage::Frames { pieces: None }),
        (Mode::WebSocket, 101) => Err(Broken::Accept),
        (Mode::Events, 200) => {
            let chunks = (head.framing == Framing::Chunked).then(Chunks::default);
            Ok(Stage::Events { chunks, text: Vec::new() })
        }
        (_, status) => Err(Broken::Status(status)),
    }
}

fn take_events(
    bytes: &[u8],
    heard: &mut Heard,
    manner: &Manner,
    position: &mut Vec<u8>,
) -> Result<usize, Broken> {
    let mut at = 0;
    while let Some(length) = events::event_bytes(&bytes[at..]) {
        let event = &bytes[at..at + length];
        heard.search(event);
        match events::id(event) {
            Some(id) => set(position, &[id]),
            None if manner.dialect == Dialect::Halley => {
                if memmem::find(event, LAG).is_some() {
                    return Err(Broken::Lag);
                }
                take_hello(event, position);
            }
            None => {}
        }
        at += length;
    }
    Ok(at)
}

fn take_frames(
    bytes: &[u8],
    pieces: &mut Option<Vec<u8>>,
    heard: &mut Heard,
    manner: &Manner,
    position: &mut Vec<u8>,
) -> Result<usize, Broken> {
    let mut at = 0;
    while let Some(frame) = websocket::frame(&bytes[at..])? {
        let payload = &bytes[at..][frame.payload.clone()];
        match (frame.opcode, pieces.as_mut()) {
            (Opcode::Ping, _) => websocket::write_control(Opcode::Pong, payload, &mut heard.out),
            (Opcode::Pong, _) => {}
            (Opcode::Close, _) => return Err(Broken::Closed(websocket::close_code(payload))),
            (Opcode::Data, None) if frame.is_final => take_message(payload, heard, manner, position),
            (Opcode::Data, None) => *pieces = Some(payload.to_vec()),
            (Opcode::Continuation, Some(before)) if before.len() <= REST_BYTES_MAX => {
                before.extend_from_slice(payload);
                if frame.is_final {
                    take_message(&pieces.take().unwrap_or_default(), heard, manner, position);
                }
            }
            (Opcode::Data | Opcode::Continuation, _) => return Err(Broken::Frame),
        }
        at += frame.payload.end;
    }
    Ok(at)
}

/// One WebSocket message. Of ours the position is kept: `hello` names the epoch, each entry its number.
fn take_message(payload: &[u8], heard: &mut Heard, manner: &Manner, position: &mut Vec<u8>) {
    heard.search(payload);
    if manner.dialect != Dialect::Halley {
        return;
    }
    let Some(seq) = payload.strip_prefix(br#"{"seq":"#) else { return take_hello(payload, position) };
    if let Some(dot) = memchr::memrchr(b'.', position) {
        position.truncate(dot + 1);
        position.extend_from_slice(leading_digits(seq));
    }
}

/// Our first word on a stream, which tells where it begins.
fn take_hello(payload: &[u8], position: &mut Vec<u8>) {
    let epoch = after(payload, br#""epoch":""#).and_then(|rest| rest.split(|byte| *byte == b'"').next());
    let seq = after(payload, br#""after":"#).map(leading_digits);
    if let (Some(epoch), Some(seq)) = (epoch, seq) {
        set(position, &[epoch, b".", seq]);
    }
}

fn after<'a>(text: &'a [u8], key: &[u8]) -> Option<&'a [u8]> {
    memmem::find(text, key).map(|at| &text[at + key.len()..])
}

fn leading_digits(text: &[u8]) -> &[u8] {
    &text[..text.iter().take_while(|byte| byte.is_ascii_digit()).count()]
}

fn set(position: &mut Vec<u8>, parts: &[&[u8]]) {
    position.clear();
    parts.iter().for_each(|part| position.extend_from_slice(part));
}

#[cfg(test)]
mod tests;
