//! Few connections that ask for pages, one request behind the other on each: as fast as they are answered, or at a steady rate, each due
//! at its time whether the one before was late or not. One thread on a core of its own; nothing is looked at but heads and lengths.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use mio::{Events, Interest, Poll, Token, net::TcpStream};

/// Read at a time, in bytes.
const READ_BYTES: usize = 256 * 1024;
/// A larger head is none, in bytes.
const HEAD_BYTES_MAX: usize = 16 * 1024;
const HEADERS_MAX: usize = 64;
/// A server that says nothing for so long is taken for stuck.
const SILENT_MAX: Duration = Duration::from_secs(20);

/// What is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) to: SocketAddr,
    pub(crate) path: String,
    /// Asks for another one each time: the path ends with a number that grows.
    pub(crate) is_always_another: bool,
    /// `Accept-Encoding`.
    pub(crate) accept: &'static str,
    pub(crate) connections: usize,
    /// Requests each second; as fast as they are answered without.
    pub(crate) rate: Option<f64>,
    pub(crate) time: Duration,
    /// The core that asks.
    pub(crate) core: Option<usize>,
}

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Answered {
    pub(crate) seconds: f64,
    pub(crate) bytes: u64,
    /// From the time at which a request was due to the last byte of its answer, in seconds, sorted.
    pub(crate) latencies: Vec<f64>,
}

impl Answered {
    /// Answers each second.
    pub(crate) fn rate(&self) -> f64 {
        self.latencies.len() as f64 / self.seconds
    }

    /// The latency that so many of a hundred do not exceed, in milliseconds.
    pub(crate) fn percentile_ms(&self, of_hundred: f64) -> f64 {
        let last = self.latencies.len().saturating_sub(1);
        let at = (last as f64 * of_hundred / 100.0).ceil() as usize;
        self.latencies.get(at).map_or(f64::NAN, |seconds| seconds * 1000.0)
    }
}

/// Asks until the time is over; every answer must be a 200 of known length.
pub(crate) async fn run(ask: Ask) -> anyhow::Result<Answered> {
    tokio::task::spawn_blocking(move || {
        crate::fanout::bind_to(ask.core)?;
        let mut load = Load::new(ask)?;
        load.run()?;
        Ok(load.answered)
    })
    .await?
}

struct Load {
    ask: Ask,
    poll: Poll,
    connections: Vec<Connection>,
    /// Those that have nothing to do.
    idle: VecDeque<usize>,
    asked: u64,
    answered: Answered,
    began: Instant,
}

struct Connection {
    stream: TcpStream,
    head: Vec<u8>,
    /// What the body still lacks; none while the head is read.
    left: Option<usize>,
    due: Instant,
}

impl Load {
    fn new(ask: Ask) -> anyhow::Result<Self> {
        let poll = Poll::new()?;
        let mut connections = Vec::new();
        for n in 0..ask.connections {
            let stream = std::net::TcpStream::connect(ask.to).context("the server takes no connection")?;
            stream.set_nonblocking(true)?;
            stream.set_nodelay(true)?;
            let mut stream = TcpStream::from_std(stream);
            poll.registry().register(&mut stream, Token(n), Interest::READABLE)?;
            connections.push(Connection { stream, head: Vec::new(), left: None, due: Instant::now() });
        }
        let idle = (0..connections.len()).collect();
        Ok(Self {
            ask,
            poll,
            connections,
            idle,
            asked: 0,
            answered: Answered::default(),
            began: Instant::now(),
        })
    }

    fn run(&mut self) -> anyhow::Result<()> {
        let (mut events, mut buffer) = (Events::with_capacity(1024), vec![0; READ_BYTES]);
        self.began = Instant::now();
        let mut last = self.began;
        while self.began.elapsed() < self.ask.time {
            let wait = self.send_due()?;
            self.poll.poll(&mut events, Some(wait.min(Duration::from_millis(100))))?;
            for event in &events {
                last = Instant::now();
                self.read(event.token().0, &mut buffer)?;
            }
            ensure!(last.elapsed() < SILENT_MAX, "the server does not answer {}", self.ask.path);
        }
        self.answered.seconds = self.began.elapsed().as_secs_f64();
        self.answered.latencies.sort_by(f64::total_cmp);
        Ok(())
    }

    /// Sends what is due and says how long nothing else will be.
    fn send_due(&mut self) -> anyhow::Result<Duration> {
        loop {
            let now = Instant::now();
            let due = self
                .ask
                .rate
                .map_or(now, |rate| self.began + Duration::from_secs_f64(self.asked as f64 / rate));
            if due > now {
                return Ok(due - now);
            }
            let Some(n) = self.idle.pop_front() else { return Ok(SILENT_MAX) };
            self.send(n, due)?;
        }
    }

    fn send(&mut self, n: usize, due: Instant) -> anyhow::Result<()> {
        self.asked += 1;
        let Ask { path, accept, to, .. } = &self.ask;
        let number = if self.ask.is_always_another { self.asked.to_string() } else { String::new() };
        let request =
            format!("GET {path}{number} HTTP/1.1\r\nHost: {to}\r\nAccept-Encoding: {accept}\r\n\r\n");
        let connection = &mut self.connections[n];
        connection.due = due;
        // A request is far smaller than an empty buffer.
        connection.stream.write_all(request.as_bytes()).context("sending a request")
    }

    fn read(&mut self, n: usize, buffer: &mut [u8]) -> anyhow::Result<()> {
        loop {
            let connection = &mut self.connections[n];
            let read = match connection.stream.read(buffer) {
                Ok(0) => bail!("the server hung up"),
                Ok(read) => read,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error).context("reading an answer"),
            };
            self.answered.bytes += read as u64;
            if connection.take(&buffer[..read])? {
                self.answered.latencies.push(connection.due.elapsed().as_secs_f64());
                self.idle.push_back(n);
                self.send_due()?;
            }
        }
    }
}

impl Connection {
    /// Takes what was read; true when the answer is whole.
    fn take(&mut self, read: &[u8]) -> anyhow::Result<bool> {
        let mut rest = read.len();
        if self.left.is_none() {
            let before = self.head.len();
            self.head.extend_from_slice(read);
            let from = before.saturating_sub(3);
            let Some(end) = memchr::memmem::find(&self.head[from..], b"\r\n\r\n").map(|at| from + at + 4)
            else {
                ensure!(self.head.len() < HEAD_BYTES_MAX, "an answer without an end of its head");
                return Ok(false);
            };
            self.left = Some(length(&self.head[..end])?);
            rest = self.head.len() - end;
            self.head.clear();
        }
        let left = self.left.unwrap_or(0);
        ensure!(rest <= left, "more came than was asked for");
        self.left = Some(left - rest).filter(|left| *left > 0);
        Ok(left == rest)
    }
}

/// The length of the body of a 200.
fn length(head: &[u8]) -> anyhow::Result<usize> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut answer = httparse::Response::new(&mut headers);
    answer.parse(head).context("reading the head of an answer")?;
    ensure!(answer.code == Some(200), "answered {:?}: {}", answer.code, String::from_utf8_lossy(head));
    let length = answer.headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-length"));
    let length = length.with_context(|| format!("no length: {}", String::from_utf8_lossy(head)))?;
    Ok(std::str::from_utf8(length.value)?.trim().parse()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    /// Answers every request with these bytes until the client hangs up.
    fn server(answer: &'static [u8]) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("bound");
        std::thread::spawn(move || {
            while let Ok((mut stream, _)) = listener.accept() {
                // Else the second piece waits for the receipt of the first, which the client's system puts off.
                stream.set_nodelay(true).expect("a socket");
                let mut buffer = [0; 4096];
                // In two pieces, cut in the middle of the head's end.
                let cut = answer.windows(4).position(|end| end == b"\r\n\r\n").expect("a head") + 2;
                while matches!(stream.read(&mut buffer), Ok(1..)) {
                    if stream
                        .write_all(&answer[..cut])
                        .and_then(|()| stream.write_all(&answer[cut..]))
                        .is_err()
                    {
                        break;
                    }
                }
            }
        });
        address
    }

    fn ask(to: SocketAddr) -> Ask {
        Ask {
            to,
            path: "/page?n=".to_owned(),
            is_always_another: true,
            accept: "gzip",
            connections: 1,
            rate: None,
            time: Duration::from_millis(300),
            core: None,
        }
    }

    #[tokio::test]
    async fn answers_are_counted_whole_and_a_steady_rate_is_kept() {
        let to = server(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwords");
        let answered = run(ask(to)).await.expect("answers");
        assert!(answered.latencies.len() > 10 && answered.bytes >= answered.latencies.len() as u64 * 43);
        assert!(answered.percentile_ms(50.0) <= answered.percentile_ms(99.0));
        let steady = run(Ask { rate: Some(100.0), ..ask(to) }).await.expect("answers");
        assert!((10..=31).contains(&steady.latencies.len()), "{}", steady.latencies.len());
    }

    #[tokio::test]
    async fn anything_but_a_page_is_an_error() {
        for bad in [
            &b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"[..],
            b"HTTP/1.1 200 OK\r\n\r\nx",
            b"nonsense\r\n\r\n",
        ] {
            assert!(run(ask(server(bad))).await.is_err());
        }
    }
}
