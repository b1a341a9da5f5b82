//! The generator and its checker against a server that drops, doubles, reorders and tears, over real sockets.

mod moves;

use std::io::{BufRead, BufReader, PipeWriter, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::sync::{Arc, Barrier};
use std::thread::JoinHandle;

use super::*;
use crate::fanout::check::Faults;
use crate::fanout::control::{Command, Connect};
use crate::fanout::message::{Message, now};
use crate::fanout::peer::{Dialect, Mode};

const MESSAGES: u64 = 20;
const WAIT_MS: u64 = 10_000;
/// Long enough for what comes, short enough to wait for what never comes.
const REPORT_MS: u64 = 1_500;

/// What the five clients are sent, and what must be said of it.
const CLIENTS: usize = 5;
const FAULTS: Faults = Faults { lost: 3, doubled: 2, out_of_order: 1, torn: 2 };
const DELIVERIES: u64 = CLIENTS as u64 * MESSAGES - FAULTS.lost - FAULTS.torn;

/// The messages of the client with this number, each as it is sent.
fn script(client: usize) -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> =
        (1..=MESSAGES).map(|number| Message { number, due: now(), bytes: 600 }.json()).collect();
    match client {
        0 => {}
        1 => {
            // The last one too: only the wait can tell.
            all.remove(19);
            all.drain(4..6);
        }
        2 => {
            all.insert(7, all[6].clone());
            all.push(all[8].clone());
        }
        3 => all.swap(10, 11),
        _ => {
            all[12].truncate(300);
            all[13][400] ^= 1;
        }
    }
    all
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Form {
    Frames,
    Chunks,
    UntilClose,
    NchanPoll,
    HalleyPoll,
}

impl Form {
    fn manner(self, host: SocketAddr) -> Manner {
        let (mode, dialect) = match self {
            Self::Frames => (Mode::WebSocket, Dialect::Raw),
            Self::Chunks | Self::UntilClose => (Mode::Events, Dialect::Raw),
            Self::NchanPoll => (Mode::Poll, Dialect::Nchan),
            Self::HalleyPoll => (Mode::Poll, Dialect::Halley),
        };
        Manner { mode, dialect, host: host.to_string(), path: "/stream".to_owned() }
    }

    fn head(self) -> &'static str {
        match self {
            Self::Frames => {
                "HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
            }
            Self::Chunks => "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            Self::UntilClose => "HTTP/1.1 200 OK\r\n\r\n",
            Self::NchanPoll => "",
            Self::HalleyPoll => {
                "HTTP/1.1 200 OK\r\nContent-Length: 45\r\n\r\n{\"epoch\":\"e\",\"after\":0,\"next\":0,\"entries\":[]}"
            }
        }
    }

    /// One message as it goes over the wire; `at` tells a poll where it is.
    fn wrap(self, at: usize, message: &[u8]) -> Vec<u8> {
        let (before, after) = match self {
            Self::Frames => {
                let length = (message.len() as u16).to_be_bytes();
                return [&[0x81, 126], &length, message].concat();
            }
            // Cut in two, in the midst of the event.
            Self::Chunks => {
                let event = [b"data: ", message, b"\n\n"].concat();
                let chunk =
                    |part: &[u8]| [format!("{:x}\r\n", part.len()).as_bytes(), part, b"\r\n"].concat();
                let (one, two) = event.split_at(event.len() / 2);
                return [chunk(one), chunk(two)].concat();
            }
            Self::UntilClose => return [b"id: 7\ndata: ", message, b"\n\n"].concat(),
            Self::NchanPoll => (
                format!(
                    "HTTP/1.1 200 OK\r\nLast-Modified: now\r\nEtag: {at}\r\nContent-Length: {}\r\n\r\n",
                    message.len()
                ),
                "",
            ),
            Self::HalleyPoll => {
                let head = format!("{{\"epoch\":\"e\",\"after\":{at},\"next\":{},\"entries\":[", at + 1);
                let length = head.len() + message.len() + 2;
                (format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{head}"), "]}")
            }
        };
        [before.as_bytes(), message, after.as_bytes()].concat()
    }

    fn is_poll(self) -> bool {
        matches!(self, Self::NchanPoll | Self::HalleyPoll)
    }
}

/// Reads one request. Its head, or nothing at the end.
fn request(stream: &TcpStream) -> Option<String> {
    let mut head = String::new();
    let mut reader = BufReader::with_capacity(1, stream);
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    Some(head)
}

/// Serves one client, and begins when all are there.
fn serve(mut stream: TcpStream, client: usize, form: Form, begin: &Barrier) {
    stream.set_nodelay(true).expect("an option that all systems know");
    request(&stream).expect("a first request");
    stream.write_all(form.head().as_bytes()).expect("granted");
    if form == Form::HalleyPoll {
        request(&stream).expect("a second request");
    }
    begin.wait();
    for (at, message) in script(client).iter().enumerate() {
        // The first client gets all in crumbs.
        let bytes = form.wrap(at, message);
        for piece in bytes.chunks(if client == 0 { 97 } else { bytes.len() }) {
            stream.write_all(piece).expect("sent");
        }
        if form.is_poll() {
            let next = request(&stream).expect("the next request");
            let position = match form {
                Form::NchanPoll => format!("If-Modified-Since: now\r\nIf-None-Match: {at}\r\n"),
                _ => format!("GET /stream?after=e.{} HTTP/1.1\r\n", at + 1),
            };
            assert!(next.contains(&position), "{next:?} instead of {position:?}");
        }
    }
    while request(&stream).is_some() {}
}

/// A generator in a thread, told and heard through pipes as the real one is.
struct Told {
    commands: PipeWriter,
    answers: BufReader<std::io::PipeReader>,
    thread: JoinHandle<anyhow::Result<()>>,
}

impl Told {
    fn start() -> Self {
        let (commands_in, commands) = std::io::pipe().expect("a pipe");
        let (answers, answers_out) = std::io::pipe().expect("a pipe");
        let file = |fd: OwnedFd| File::from(fd);
        let thread = std::thread::spawn(move || run(file(commands_in.into()), file(answers_out.into())));
        Self { commands, answers: BufReader::new(answers), thread }
    }

    fn tell(&mut self, command: &Command) -> Answer {
        let line = serde_json::to_string(command).expect("plain data") + "\n";
        self.commands.write_all(line.as_bytes()).expect("told");
        let mut answer = String::new();
        self.answers.read_line(&mut answer).expect("heard");
        serde_json::from_str(&answer).expect("an answer")
    }

    fn connect(&mut self, manner: Manner, to: SocketAddr, connections: usize) -> usize {
        let from = Ipv4Addr::new(127, 0, 0, 2);
        let connect = Connect { to, manner, connections, from, wait_ms: WAIT_MS };
        match self.tell(&Command::Connect(connect)) {
            Answer::Connected(connected) => connected.held,
            other => panic!("{other:?}"),
        }
    }

    fn report(&mut self, wait_ms: u64) -> Report {
        match self.tell(&Command::Report { wait_ms }) {
            Answer::Report(report) => *report,
            other => panic!("{other:?}"),
        }
    }

    fn close(mut self) {
        self.tell(&Command::Close);
        self.thread.join().expect("no panic").expect("no error");
    }
}

fn checked(form: Form) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let begin = Arc::new(Barrier::new(CLIENTS + 1));
    let servers = {
        let begin = begin.clone();
        std::thread::spawn(move || {
            let serve_one = |client| {
                let (stream, _) = listener.accept().expect("a client");
                let begin = begin.clone();
                std::thread::spawn(move || serve(stream, client, form, &begin))
            };
            let all: Vec<JoinHandle<()>> = (0..CLIENTS).map(serve_one).collect();
            all.into_iter().for_each(|one| one.join().expect("served"));
        })
    };
    let mut told = Told::start();
    assert_eq!(told.connect(form.manner(address), address, CLIENTS), CLIENTS, "{form:?}");
    told.tell(&Command::Expect { first: 1, last: MESSAGES });
    begin.wait();
    let report = told.report(REPORT_MS);
    assert_eq!((report.faults, report.deliveries), (FAULTS, DELIVERIES), "{form:?}");
    assert_eq!(report.held, CLIENTS, "{form:?}: {:?}", report.broken);
    assert!(report.latencies.quantile(0.5) > 0, "{form:?}");
    told.close();
    servers.join().expect("served");
}

#[test]
fn every_fault_of_a_server_is_counted_over_websocket() {
    checked(Form::Frames);
}

#[test]
fn every_fault_of_a_server_is_counted_over_events_in_chunks() {
    checked(Form::Chunks);
}

#[test]
fn every_fault_of_a_server_is_counted_over_events_until_the_close() {
    checked(Form::UntilClose);
}

#[test]
fn every_fault_of_a_server_is_counted_over_polls_by_headers() {
    checked(Form::NchanPoll);
}

#[test]
fn every_fault_of_a_server_is_counted_over_polls_by_position() {
    checked(Form::HalleyPoll);
}
