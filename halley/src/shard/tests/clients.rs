//! Clients that keep a position, and behave badly by chance.

use std::{net::SocketAddr, time::Duration};

use futures_util::StreamExt;
use model::{Epoch, Position, Seq};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::{sleep, timeout},
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message, client::IntoClientRequest},
};

use super::rig::PATIENCE;

/// The three ways.
#[derive(Debug, Clone, Copy)]
pub(super) enum Line {
    Ws,
    Sse,
    Poll,
}

/// What one client has, and its chances.
pub(super) struct Client {
    address: SocketAddr,
    line: Line,
    is_slow: bool,
    chance: StdRng,
    at: Option<Position>,
}

impl Client {
    pub(super) fn new(address: SocketAddr, line: Line, is_slow: bool, seed: u64) -> Self {
        Self { address, line, is_slow, chance: StdRng::seed_from_u64(seed), at: None }
    }

    /// Reads, leaves and comes back until it has all of a log.
    pub(super) async fn follow(mut self, mut end: tokio::sync::watch::Receiver<Option<(Epoch, Seq)>>) {
        loop {
            let turns = self.chance.random_range(1..40);
            let session = async {
                match self.line {
                    Line::Ws => self.frames(turns).await,
                    Line::Sse => self.events(turns).await,
                    Line::Poll => self.polls(turns).await,
                }
            };
            timeout(PATIENCE, session)
                .await
                .unwrap_or_else(|_| panic!("stuck at {:?} of {:?}", self.at, *end.borrow()));
            let top = end.borrow_and_update().clone();
            if let (Some((epoch, top)), Some(at)) = (top, &self.at)
                && (&at.epoch, at.seq) == (&epoch, top)
            {
                return;
            }
        }
    }

    async fn connect(&mut self) -> TcpStream {
        let socket = TcpSocket::new_v4().expect("a socket");
        if self.is_slow {
            socket.set_recv_buffer_size(64 << 10).expect("smaller");
        }
        socket.connect(self.address).await.expect("it listens")
    }

    async fn dawdle(&mut self) {
        if self.is_slow && self.chance.random_bool(0.2) {
            sleep(Duration::from_millis(self.chance.random_range(1..20))).await;
        }
    }

    /// One object of a stream; false when the stream is over.
    fn hear(&mut self, object: &Value) -> bool {
        if let Some(hello) = object.get("hello") {
            let after = hello["after"].as_u64().expect("a number");
            let epoch: Epoch = serde_json::from_value(hello["epoch"].clone()).expect("an epoch");
            self.begin(epoch, after, hello["resumed"] == true);
        } else if object.get("seq").is_some() {
            self.take(object);
        }
        object.get("bye").is_none()
    }

    /// Where the server says that it begins.
    fn begin(&mut self, epoch: Epoch, after: Seq, resumed: bool) {
        let new = Position { epoch, seq: after };
        if resumed {
            assert_eq!(Some(&new), self.at.as_ref(), "resumed where the client was");
        } else {
            assert!(self.at.as_ref().is_none_or(|at| at.epoch != new.epoch), "the same log goes on");
        }
        self.at = Some(new);
    }

    /// One entry: the next one, of this log, once.
    fn take(&mut self, entry: &Value) {
        let at = self.at.as_mut().expect("behind the hello");
        assert_eq!(entry["seq"], at.seq + 1, "exactly once and in order");
        if entry["kind"] == "notice" {
            let text = entry["notice"]["text"].as_str().expect("words");
            assert!(text.starts_with(&format!("{} ", at.epoch)), "of another log: {text:.40} at {at:?}");
        }
        at.seq += 1;
    }

    fn after(&self) -> String {
        self.at.as_ref().map(|at| format!("?after={at}")).unwrap_or_default()
    }

    async fn frames(&mut self, turns: u32) {
        let stream = self.connect().await;
        let request =
            format!("ws://{}/ws{}", self.address, self.after()).into_client_request().expect("a request");
        let (mut ws, _) = client_async(request, stream).await.expect("granted");
        for turn in 0..turns {
            self.dawdle().await;
            if turn > 0 && self.chance.random_bool(0.01) {
                return garbage(ws).await;
            }
            let Ok(heard) = timeout(Duration::from_millis(300), ws.next()).await else { return };
            match heard {
                Some(Ok(Message::Text(text))) => {
                    if !self.hear(&serde_json::from_str(&text).expect("JSON")) {
                        return;
                    }
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                Some(Ok(_)) => {}
            }
        }
    }

    async fn events(&mut self, turns: u32) {
        let mut stream = self.connect().await;
        let head = format!("GET /sse{} HTTP/1.1\r\nhost: x\r\n\r\n", self.after());
        stream.write_all(head.as_bytes()).await.expect("sent");
        let mut read = Vec::new();
        let mut is_head = true;
        for _ in 0..turns {
            self.dawdle().await;
            let came = timeout(Duration::from_millis(300), stream.read_buf(&mut read)).await;
            if !matches!(came, Ok(Ok(1..))) {
                return;
            }
            while let Some(end) = memchr::memmem::find(&read, if is_head { b"\r\n\r\n" } else { b"\n\n" }) {
                let event: Vec<u8> = read.drain(..end + if is_head { 4 } else { 2 }).collect();
                if std::mem::take(&mut is_head) {
                    continue;
                }
                let text = String::from_utf8(event).expect("text");
                let data = text.lines().find_map(|line| line.strip_prefix("data: ")).expect("data");
                if !self.hear(&serde_json::from_str(data).expect("JSON")) {
                    return;
                }
            }
        }
    }

    /// Asks on one connection again and again: in one piece or two, once or twice at once, and nonsense at times.
    async fn polls(&mut self, turns: u32) {
        let mut stream = self.connect().await;
        let mut read = Vec::new();
        for turn in 0..turns {
            self.dawdle().await;
            if turn > 0 && self.chance.random_bool(0.02) {
                stream.write_all(b"GARBAGE\r\n\r\n").await.ok();
                return;
            }
            let asked = self.at.clone();
            let request = format!("GET /poll{} HTTP/1.1\r\nhost: x\r\n\r\n", self.after());
            let count = if self.chance.random_bool(0.2) { 2 } else { 1 };
            let all = request.repeat(count);
            let cut = self.chance.random_range(1..=all.len());
            let is_cut = self.chance.random_bool(0.3);
            let (first, rest) = all.as_bytes().split_at(if is_cut { cut } else { all.len() });
            if stream.write_all(first).await.is_err() {
                return;
            }
            if !rest.is_empty() {
                sleep(Duration::from_millis(self.chance.random_range(0..5))).await;
                if stream.write_all(rest).await.is_err() {
                    return;
                }
            }
            let mut is_over = false;
            for _ in 0..count {
                match answer(&mut stream, &mut read).await {
                    Some(Some(page)) => self.page(asked.as_ref(), &page),
                    // No news: leave, or ask for more on the same connection.
                    Some(None) => is_over = self.chance.random_bool(0.7),
                    None => return,
                }
            }
            if is_over {
                return;
            }
            assert!(read.is_empty(), "more answers than requests: {}", String::from_utf8_lossy(&read));
        }
    }

    /// One page: what follows the position that was asked for, whatever came with another answer meanwhile.
    fn page(&mut self, asked: Option<&Position>, page: &Value) {
        let Some(entries) = page["entries"].as_array() else {
            assert_eq!(page["error"], "draining", "{page}");
            return;
        };
        let epoch: Epoch = serde_json::from_value(page["epoch"].clone()).expect("an epoch");
        let after = page["after"].as_u64().expect("a number");
        let resumed = asked.is_some() && page.get("resumed").is_none();
        if resumed {
            assert_eq!(asked, Some(&Position { epoch: epoch.clone(), seq: after }), "{page:.200}");
        } else if self.at.as_ref().is_none_or(|at| at.epoch != epoch) {
            self.begin(epoch.clone(), after, false);
        }
        if self.at.as_ref().is_some_and(|at| at.epoch != epoch) {
            return;
        }
        for (place, entry) in entries.iter().enumerate() {
            assert_eq!(entry["seq"], after + place as u64 + 1, "a page has no holes");
            if entry["seq"].as_u64() > self.at.as_ref().map(|at| at.seq) {
                self.take(entry);
            }
        }
    }
}

/// One answer: its page, or none for 204; `None` when there is none.
async fn answer(stream: &mut TcpStream, read: &mut Vec<u8>) -> Option<Option<Value>> {
    let end = loop {
        if let Some(end) = memchr::memmem::find(read, b"\r\n\r\n") {
            break end + 4;
        }
        if !matches!(stream.read_buf(read).await, Ok(1..)) {
            return None;
        }
    };
    let head = String::from_utf8(read.drain(..end).collect()).expect("text");
    if head.starts_with("HTTP/1.1 204 ") {
        return Some(None);
    }
    let told = head.lines().find_map(|line| line.strip_prefix("content-length: ")).expect("a length");
    let size: usize = told.parse().expect("a number");
    while read.len() < size {
        if !matches!(stream.read_buf(read).await, Ok(1..)) {
            return None;
        }
    }
    let body: Vec<u8> = read.drain(..size).collect();
    Some(Some(serde_json::from_slice(&body).expect("JSON")))
}

async fn garbage(ws: WebSocketStream<TcpStream>) {
    let mut stream = ws.into_inner();
    stream.write_all(&[0xff; 100]).await.ok();
    let mut rest = Vec::new();
    // It is told and closed, or reset: what we have not read is in its way.
    stream.read_to_end(&mut rest).await.ok();
}
