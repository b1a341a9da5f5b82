//! A server that says, byte for byte, what it is told to: recorded answers as they were recorded, and what no network says on
//! purpose (half an answer, silence, a reset). It knows no network; who runs it decides what each request is answered with.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::Error;

/// Largest request that is read, in bytes.
const REQUEST_BYTES_MAX: usize = 1024 * 1024;
/// Longest wait for a whole request.
const REQUEST_MAX: Duration = Duration::from_secs(10);
/// Bytes written at once, so that a long answer can be cut anywhere by its reader.
const WRITE_BYTES_MAX: usize = 64 * 1024;

/// One thing to do on a connection.
#[derive(Clone, Debug)]
pub enum Step {
    /// Write these bytes.
    Say(Vec<u8>),
    /// Write these bytes over and over, until the reader goes: a line without an end.
    SayForEver(Vec<u8>),
    /// Do nothing for so long.
    Wait(Duration),
    /// Stay open and silent until the reader goes.
    Silence,
    /// Shut our direction only, and wait until the reader goes.
    HalfClose,
    /// Break the connection off (TCP RST).
    Reset,
}

/// One request that came.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// How many requests had come to this path before.
    pub before: usize,
    /// `GET`, `POST`.
    pub method: String,
    /// Without the query.
    pub path: String,
    /// Without the `?`; empty when there was none.
    pub query: String,
    /// Names in small letters, as they came.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Asked {
    /// The first header of this name (small letters).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// A pair of the query, as it was written.
    pub fn query(&self, name: &str) -> Option<&str> {
        let mut pairs = self.query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(n, _)| *n == name).map(|(_, value)| value)
    }
}

/// A whole answer of one connection.
pub fn answer(status: u16, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Vec<Step> {
    let body = body.as_ref();
    let mut head =
        format!("HTTP/1.1 {status} Said\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
    headers.iter().for_each(|(name, value)| head.push_str(&format!("{name}: {value}\r\n")));
    head.push_str("\r\n");
    vec![Step::Say([head.as_bytes(), body].concat())]
}

/// A JSON answer.
pub fn json(status: u16, body: impl AsRef<[u8]>) -> Vec<Step> {
    answer(status, &[("content-type", "application/json")], body)
}

/// The head of an answer that goes on until the connection ends.
pub fn endless(content_type: &str) -> Step {
    Step::Say(
        format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: {content_type}\r\n\r\n").into_bytes(),
    )
}

/// What each request is answered with.
type Answers = dyn Fn(&Asked) -> Vec<Step> + Send + Sync;

/// A running server.
pub struct Raw {
    addr: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    shutdown: CancellationToken,
}

impl Drop for Raw {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

impl Raw {
    /// Listens on a free loopback port until it is dropped.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn serve(answers: impl Fn(&Asked) -> Vec<Step> + Send + Sync + 'static) -> Result<Self, Error> {
        let listener = TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0))
            .await
            .map_err(Error::io("listen on loopback"))?;
        let addr = listener.local_addr().map_err(Error::io("local address"))?;
        let (asked, shutdown) = (Arc::default(), CancellationToken::new());
        let raw = Self { addr, asked: Arc::clone(&asked), shutdown: shutdown.clone() };
        tokio::spawn(accept(listener, Arc::new(answers), asked, shutdown));
        Ok(raw)
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Base address.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// What was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How often a path was asked for.
    pub fn times(&self, path: &str) -> usize {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).iter().filter(|a| a.path == path).count()
    }
}

async fn accept(
    listener: TcpListener,
    answers: Arc<Answers>,
    asked: Arc<Mutex<Vec<Asked>>>,
    shutdown: CancellationToken,
) {
    let tasks = TaskTracker::new();
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => accepted,
            () = shutdown.cancelled() => return,
        };
        let Ok((stream, _)) = stream else { continue };
        let (answers, asked, shutdown) = (Arc::clone(&answers), Arc::clone(&asked), shutdown.clone());
        tasks.spawn(async move {
            shutdown.run_until_cancelled(connection(stream, &answers, &asked)).await;
        });
    }
}

async fn connection(mut stream: TcpStream, answers: &Arc<Answers>, asked: &Mutex<Vec<Asked>>) {
    let Ok(Some(mut request)) = timeout(REQUEST_MAX, read(&mut stream)).await else { return };
    {
        let mut asked = asked.lock().unwrap_or_else(PoisonError::into_inner);
        request.before = asked.iter().filter(|other| other.path == request.path).count();
        asked.push(request.clone());
    }
    for step in answers(&request) {
        if take(&mut stream, step).await.is_err() {
            return;
        }
    }
}

/// Carries a step out; an error when the reader has gone.
async fn take(stream: &mut TcpStream, step: Step) -> std::io::Result<()> {
    match step {
        Step::Say(bytes) => {
            for part in bytes.chunks(WRITE_BYTES_MAX) {
                stream.write_all(part).await?;
            }
        }
        Step::SayForEver(bytes) => loop {
            stream.write_all(&bytes).await?;
        },
        Step::Wait(time) => sleep(time).await,
        Step::Silence => gone(stream).await,
        Step::HalfClose => {
            stream.shutdown().await?;
            gone(stream).await;
        }
        Step::Reset => {
            stream.set_zero_linger()?;
            return Err(std::io::ErrorKind::ConnectionReset.into());
        }
    }
    Ok(())
}

/// Waits until the reader goes.
async fn gone(stream: &mut TcpStream) {
    let mut rest = [0; 64];
    while stream.read(&mut rest).await.is_ok_and(|n| n > 0) {}
}

/// Reads a request; `None` when it is none.
async fn read(stream: &mut TcpStream) -> Option<Asked> {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|w| w == b"\r\n\r\n") {
            let mut asked = head(std::str::from_utf8(&bytes[..end]).ok()?)?;
            let length = asked.header("content-length").and_then(|n| n.parse().ok()).unwrap_or(0);
            if bytes.len() >= end + 4 + length {
                asked.body = bytes[end + 4..end + 4 + length].to_vec();
                return Some(asked);
            }
        }
        if bytes.len() > REQUEST_BYTES_MAX || stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}

fn head(text: &str) -> Option<Asked> {
    let mut lines = text.split("\r\n");
    let mut first = lines.next()?.split(' ');
    let (method, target) = (first.next()?.to_owned(), first.next()?);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let headers = lines.filter_map(|line| line.split_once(':'));
    let headers = headers.map(|(name, value)| (name.to_lowercase(), value.trim().to_owned())).collect();
    Some(Asked { method, path: path.to_owned(), query: query.to_owned(), headers, ..Asked::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_said_is_what_arrives_byte_for_byte() {
        let raw = Raw::serve(|asked| match asked.before {
            0 => answer(429, &[("retry-after", "soon")], b"\xff\0"),
            _ => vec![endless("text/plain"), Step::Say(b"ha".to_vec()), Step::Reset],
        })
        .await
        .unwrap();
        let mut all = Vec::new();
        for _ in 0..2 {
            let mut stream = TcpStream::connect(raw.addr()).await.unwrap();
            stream
                .write_all(b"POST /a?b=c&d=e HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi")
                .await
                .unwrap();
            let mut bytes = Vec::new();
            let _reset = stream.read_to_end(&mut bytes).await;
            all.push(bytes);
        }
        assert!(all[0].ends_with(b"retry-after: soon\r\n\r\n\xff\0"), "{all:?}");
        assert!(all[1].is_empty() || all[1].starts_with(b"HTTP/1.1 200"), "a reset may overtake the words");
        let asked = raw.asked();
        assert_eq!((asked[0].method.as_str(), asked[0].body.as_slice()), ("POST", &b"hi"[..]));
        assert_eq!((asked[0].query("d"), asked[1].before, raw.times("/a")), (Some("e"), 1, 2));
    }
}
