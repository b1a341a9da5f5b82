//! The floor: accept, read a request's head, answer a fixed one, then one `write(2)` for each subscriber and message in a plain loop.
//!
//! Nothing is looked at beyond what kind of stream is asked for, nobody is waited for, and whoever cannot take a message whole at once
//! is dropped and told of on standard error. The server is this program in a process of its own; messages reach it over a second
//! connection, each behind its length.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use async_trait::async_trait;
use tokio::io::AsyncWriteExt as _;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::program::{Program, on_cores};
use crate::fanout::message::Message;
use crate::fanout::peer::{Dialect, Mode, Peer, Start};

/// The name of the server's own process.
pub(super) const PART: &str = "raw";
const SAYS: &str = "raw ";
const START_MAX: Duration = Duration::from_secs(10);
const HEAD_BYTES_MAX: usize = 8 * 1024;
const HEAD_WAIT: Duration = Duration::from_secs(5);
const MESSAGE_BYTES_MAX: usize = 64 * 1024;
const EVENTS_HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n";

/// See the module.
pub(crate) struct Raw {
    program: Program,
    address: SocketAddr,
    control: tokio::net::TcpStream,
    mode: Mode,
}

impl Raw {
    pub(crate) async fn start(start: &Start) -> anyhow::Result<Self> {
        ensure!(start.mode != Mode::Poll, "the raw loop only writes; a long poll has to be read as well");
        let mut command = on_cores(std::env::current_exe()?, start.cores.as_deref());
        command.args([super::super::PART, PART]);
        let mut program = Program::start_unheard(command)?;
        let ports = |line: &str| {
            let (subscribers, control) = line.strip_prefix(SAYS)?.split_once(' ')?;
            Some((subscribers.parse().ok()?, control.parse().ok()?))
        };
        let (address, control): (SocketAddr, SocketAddr) =
            program.process().wait_line(START_MAX, ports).await?;
        let control = tokio::net::TcpStream::connect(control).await?;
        control.set_nodelay(true)?;
        Ok(Self { program, address, control, mode: start.mode })
    }
}

#[async_trait]
impl Peer for Raw {
    fn address(&self) -> SocketAddr {
        self.address
    }

    fn pids(&self) -> Vec<u32> {
        self.program.pids()
    }

    fn dialect(&self) -> Dialect {
        Dialect::Raw
    }

    fn path(&self) -> String {
        match self.mode {
            Mode::WebSocket => "/ws",
            Mode::Events | Mode::Poll => "/sse",
        }
        .to_owned()
    }

    async fn publish(&mut self, messages: &[Message]) -> anyhow::Result<()> {
        let mut bytes = Vec::new();
        for json in messages.iter().map(Message::json) {
            bytes.extend_from_slice(&u32::try_from(json.len())?.to_be_bytes());
            bytes.extend_from_slice(&json);
        }
        self.control.write_all(&bytes).await.context("telling the raw loop")
    }

    async fn stop(self: Box<Self>) -> anyhow::Result<()> {
        // The end of the control connection is its end.
        drop(self.control);
        self.program.stop().await
    }
}

/// One subscriber.
struct Subscriber {
    stream: TcpStream,
    mode: Mode,
}

type Joined = Arc<Mutex<Vec<Subscriber>>>;

/// The server itself; returns when the control connection ends.
///
/// # Errors
/// When it cannot listen, or is told nonsense.
pub(super) fn serve() -> anyhow::Result<()> {
    chassis::process::open_files_max()?;
    let subscribers = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let control = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    println!("{SAYS}{} {}", subscribers.local_addr()?, control.local_addr()?);
    std::io::stdout().flush()?;
    serve_on(subscribers, &control)
}

fn serve_on(subscribers: TcpListener, control: &TcpListener) -> anyhow::Result<()> {
    let joined = Joined::default();
    let (mut control, _) = control.accept()?;
    let door = joined.clone();
    // It ends with the process.
    std::thread::spawn(move || accept(&subscribers, &door));
    while let Some(message) = told(&mut control)? {
        let (frame, event) = (frame(&message), event(&message));
        let mut all = joined.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|subscriber| {
            let bytes = if subscriber.mode == Mode::WebSocket { &frame } else { &event };
            match (&subscriber.stream).write(bytes) {
                Ok(written) if written == bytes.len() => true,
                Ok(_) => is_dropped("a subscriber took only a part"),
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                    is_dropped("a subscriber is full")
                }
                // It has left.
                Err(_) => false,
            }
        });
    }
    Ok(())
}

fn is_dropped(why: &str) -> bool {
    eprintln!("dropped: {why}");
    false
}

fn accept(listener: &TcpListener, joined: &Joined) {
    for stream in listener.incoming().flatten() {
        match welcome(stream) {
            Ok(subscriber) => joined.lock().unwrap_or_else(PoisonError::into_inner).push(subscriber),
            Err(error) => eprintln!("not let in: {error:#}"),
        }
    }
}

fn welcome(mut stream: TcpStream) -> anyhow::Result<Subscriber> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(HEAD_WAIT))?;
    let mut head = Vec::with_capacity(1024);
    let mut some = [0; 1024];
    while !head.ends_with(b"\r\n\r\n") {
        let bytes = stream.read(&mut some)?;
        ensure!(bytes > 0 && head.len() < HEAD_BYTES_MAX, "no request came");
        head.extend_from_slice(&some[..bytes]);
    }
    let head = String::from_utf8(head).context("a request's head is text")?;
    let key = head.lines().filter_map(|line| line.split_once(':'));
    let key = key.into_iter().find(|(name, _)| name.eq_ignore_ascii_case("sec-websocket-key"));
    let (mode, answer) = match key {
        Some((_, key)) => (Mode::WebSocket, handshake(key.trim())),
        None => (Mode::Events, EVENTS_HEAD.to_owned()),
    };
    stream.write_all(answer.as_bytes())?;
    stream.set_nonblocking(true)?;
    Ok(Subscriber { stream, mode })
}

fn handshake(key: &str) -> String {
    let accept = derive_accept_key(key.as_bytes());
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
    )
}

/// The next message, or nothing when there will be none.
fn told(control: &mut TcpStream) -> anyhow::Result<Option<Vec<u8>>> {
    let mut length = [0; 4];
    match control.read_exact(&mut length) {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error.into()),
    }
    let length = u32::from_be_bytes(length) as usize;
    if length > MESSAGE_BYTES_MAX {
        bail!("a message of {length} bytes");
    }
    let mut message = vec![0; length];
    control.read_exact(&mut message)?;
    Ok(Some(message))
}

/// An unmasked text frame (RFC 6455, section 5.2).
fn frame(message: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x81];
    match u16::try_from(message.len()) {
        Ok(length) if length < 126 => frame.push(message.len() as u8),
        Ok(length) => {
            frame.push(126);
            frame.extend_from_slice(&length.to_be_bytes());
        }
        Err(_) => {
            frame.push(127);
            frame.extend_from_slice(&(message.len() as u64).to_be_bytes());
        }
    }
    frame.extend_from_slice(message);
    frame
}

fn event(message: &[u8]) -> Vec<u8> {
    [b"data: ", message, b"\n\n"].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(address: SocketAddr, head: &str) -> (TcpStream, String) {
        let mut stream = TcpStream::connect(address).expect("it listens");
        stream.write_all(format!("GET / HTTP/1.1\r\nHost: x\r\n{head}\r\n").as_bytes()).expect("asked");
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).expect("a head");
            answer.push(byte[0]);
        }
        (stream, String::from_utf8(answer).expect("text"))
    }

    #[test]
    fn both_kinds_of_subscribers_get_every_message() {
        let listen = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let (subscribers, control) = (listen(), listen());
        let (address, to_control) = (subscribers.local_addr().unwrap(), control.local_addr().unwrap());
        let serving = std::thread::spawn(move || serve_on(subscribers, &control));
        let mut publisher = TcpStream::connect(to_control).expect("it listens");
        let (mut socket, head) = ask(address, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
        assert!(head.contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"), "{head}");
        let (mut events, head) = ask(address, "");
        assert!(head.contains("text/event-stream"), "{head}");
        // Let in are they when the thread that answered them has said so; told again until both are.
        let message = "x".repeat(300);
        for stream in [&socket, &events] {
            stream.set_read_timeout(Some(Duration::from_millis(20))).expect("a limit");
        }
        let expected = [[0x81, 126, 1, 44].as_slice(), message.as_bytes()].concat();
        let mut frame = vec![0; expected.len()];
        let tell = |publisher: &mut TcpStream| {
            publisher.write_all(&300_u32.to_be_bytes()).expect("told");
            publisher.write_all(message.as_bytes()).expect("told");
        };
        tell(&mut publisher);
        while socket.read_exact(&mut frame).is_err() {
            tell(&mut publisher);
        }
        assert_eq!(frame, expected);
        let expected = format!("data: {message}\n\n").into_bytes();
        let mut event = vec![0; expected.len()];
        while events.read_exact(&mut event).is_err() {
            tell(&mut publisher);
        }
        assert_eq!(event, expected);
        drop(publisher);
        serving.join().expect("no panic").expect("the end of the control is the end");
    }

    #[test]
    fn a_frame_says_its_length_in_each_of_the_three_ways() {
        assert_eq!(frame(b"hi"), [0x81, 2, b'h', b'i']);
        assert_eq!(frame(&[b'x'; 126])[..4], [0x81, 126, 0, 126]);
        assert_eq!(frame(&vec![b'x'; 65_536])[..10], [0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]);
    }
}
