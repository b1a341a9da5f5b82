//! One POST over a socket of its own, byte by byte where a fault asks for it. Plain HTTP/1.1: the receiver is on loopback.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use url::Url;

use super::Fault;

/// Longest wait for an answer; the scheme recommends 15 to 30 s.
const ANSWER_WAIT: Duration = Duration::from_secs(30);
/// Longest answer that is read, in bytes.
const ANSWER_BYTES_MAX: u64 = 64 * 1024;
/// Bytes of one chunk of a huge body.
const CHUNK_BYTES: usize = 16 * 1024;

/// What a receiver answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// `Retry-After`, when it is there in seconds.
    pub retry_after: Option<Duration>,
    /// The body.
    pub body: String,
}

/// Posts; nothing when the fault leaves no ear for an answer.
pub(super) async fn post(
    address: &Url,
    headers: &[(&'static str, String)],
    body: &[u8],
    fault: Option<&Fault>,
) -> io::Result<Option<Answer>> {
    let host = address.host_str().unwrap_or("127.0.0.1");
    let port = address.port_or_known_default().unwrap_or(80);
    let mut socket = TcpStream::connect((host.trim_matches(['[', ']']), port)).await?;
    let kind = if let Some(Fault::ContentType(kind)) = fault { kind } else { "application/json" };
    let length = match fault {
        Some(Fault::Chunked | Fault::Huge { .. }) => "transfer-encoding: chunked".to_owned(),
        _ => format!("content-length: {}", body.len()),
    };
    let mut head = format!(
        "POST {} HTTP/1.1\r\nhost: {host}:{port}\r\ncontent-type: {kind}\r\n{length}\r\nconnection: close\r\n",
        address.path()
    );
    headers.iter().for_each(|(name, value)| head.push_str(&format!("{name}: {value}\r\n")));
    head.push_str("\r\n");
    socket.write_all(head.as_bytes()).await?;
    match write_body(&mut socket, body, fault).await {
        // A receiver may answer before it has read all, and close.
        Err(_) | Ok(true) => {}
        Ok(false) => return Ok(None),
    }
    timeout(ANSWER_WAIT, answer(&mut socket)).await?.map(Some)
}

/// Writes the body; false when nobody waits for the answer.
async fn write_body(socket: &mut TcpStream, body: &[u8], fault: Option<&Fault>) -> io::Result<bool> {
    match fault {
        Some(Fault::HalfBody) => {
            socket.write_all(&body[..body.len() / 2]).await?;
            socket.shutdown().await?;
            return Ok(true);
        }
        Some(Fault::SlowBody { every }) => {
            for byte in body {
                sleep(*every).await;
                socket.write_all(&[*byte]).await?;
            }
        }
        Some(Fault::Chunked) => {
            for some in body.chunks(7) {
                chunk(socket, some).await?;
            }
            socket.write_all(b"0\r\n\r\n").await?;
        }
        Some(Fault::Huge { bytes }) => {
            chunk(socket, body).await?;
            let spaces = vec![b' '; CHUNK_BYTES];
            for _ in 0..bytes.div_ceil(CHUNK_BYTES) {
                chunk(socket, &spaces).await?;
            }
            socket.write_all(b"0\r\n\r\n").await?;
        }
        _ => socket.write_all(body).await?,
    }
    if let Some(Fault::Deaf { wait }) = fault {
        sleep(*wait).await;
        return Ok(false);
    }
    Ok(true)
}

async fn chunk(socket: &mut TcpStream, bytes: &[u8]) -> io::Result<()> {
    socket.write_all(format!("{:x}\r\n", bytes.len()).as_bytes()).await?;
    socket.write_all(bytes).await?;
    socket.write_all(b"\r\n").await
}

async fn answer(socket: &mut TcpStream) -> io::Result<Answer> {
    let mut bytes = Vec::new();
    // A receiver that closes early may reset the connection behind its answer: what came counts.
    let read = socket.take(ANSWER_BYTES_MAX).read_to_end(&mut bytes).await;
    let text = String::from_utf8_lossy(&bytes);
    let parsed = text.split_once("\r\n\r\n").and_then(|(head, body)| {
        let status = head.split(' ').nth(1)?.parse().ok()?;
        let named = |line: &str| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("retry-after").then(|| value.trim().parse().ok())?
        };
        let retry_after = head.lines().skip(1).find_map(named).map(Duration::from_secs);
        Some(Answer { status, retry_after, body: body.to_owned() })
    });
    parsed.ok_or_else(|| read.err().unwrap_or_else(|| io::ErrorKind::UnexpectedEof.into()))
}
