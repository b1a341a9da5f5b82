//! The few lines of the Redis protocol that the kit itself speaks. It is a client of its own so that it can
//! bear witness about the client library under test.

use anyhow::{Context as _, bail};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

/// What Redis answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// A status such as `OK` or `PONG`.
    Status(String),
    /// An integer.
    Int(i64),
    /// A value, or `None` where there is none.
    Value(Option<Vec<u8>>),
    /// A list of replies.
    List(Vec<Reply>),
}

impl Reply {
    /// The reply as text: statuses, numbers and values; lists joined by newlines; nothing is empty.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Status(text) => text.clone(),
            Self::Int(number) => number.to_string(),
            Self::Value(value) => String::from_utf8_lossy(value.as_deref().unwrap_or_default()).into_owned(),
            Self::List(replies) => replies.iter().map(Self::text).collect::<Vec<_>>().join("\n"),
        }
    }
}

/// Sends one command over a connection of its own.
///
/// # Errors
/// When the server is away, or answers with an error.
pub(crate) async fn command(port: u16, words: &[&[u8]]) -> anyhow::Result<Reply> {
    let mut stream = BufReader::new(TcpStream::connect(("127.0.0.1", port)).await?);
    let mut request = format!("*{}\r\n", words.len()).into_bytes();
    for word in words {
        request.extend_from_slice(format!("${}\r\n", word.len()).as_bytes());
        request.extend_from_slice(word);
        request.extend_from_slice(b"\r\n");
    }
    stream.write_all(&request).await?;
    read(&mut stream).await
}

async fn read(stream: &mut BufReader<TcpStream>) -> anyhow::Result<Reply> {
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    let line = line.trim_end();
    let (kind, rest) = line.split_at_checked(1).context("Redis closed the connection")?;
    match kind {
        "+" => Ok(Reply::Status(rest.to_owned())),
        ":" => Ok(Reply::Int(rest.parse()?)),
        "$" => {
            let Ok(length) = usize::try_from(rest.parse::<i64>()?) else { return Ok(Reply::Value(None)) };
            let mut value = vec![0; length + 2];
            stream.read_exact(&mut value).await?;
            value.truncate(length);
            Ok(Reply::Value(Some(value)))
        }
        "*" => {
            let mut replies = Vec::new();
            for _ in 0..rest.parse::<i64>()?.max(0) {
                replies.push(Box::pin(read(stream)).await?);
            }
            Ok(Reply::List(replies))
        }
        "-" => bail!("Redis: {rest}"),
        _ => bail!("Redis answered {line:?}"),
    }
}
