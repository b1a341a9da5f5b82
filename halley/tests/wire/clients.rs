//! Clients of the three transports, as simple as a browser's.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::{io::AsyncWriteExt, net::TcpStream, time::timeout};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message, client::IntoClientRequest, protocol::CloseFrame},
};

use crate::stage::{SLUG, Stage};

const PATIENCE: Duration = Duration::from_secs(60);

/// A WebSocket.
pub(crate) struct Ws(WebSocketStream<TcpStream>);

/// What comes out of a socket.
#[derive(Debug)]
pub(crate) enum Heard {
    Object(Value),
    Closed(Option<CloseFrame>),
}

impl Ws {
    pub(crate) async fn open(stage: &Stage, after: Option<&str>) -> Self {
        let query = after.map(|after| format!("?after={after}")).unwrap_or_default();
        let url = format!("ws://{}/live/{SLUG}/ws{query}", stage.address);
        let stream = TcpStream::connect(&stage.address).await.expect("halley listens");
        let request = url.into_client_request().expect("a request");
        Self(client_async(request, stream).await.expect("the handshake is accepted").0)
    }

    pub(crate) async fn hear(&mut self) -> Heard {
        loop {
            match timeout(PATIENCE, self.0.next()).await.expect("something within a minute") {
                Some(Ok(Message::Text(text))) => {
                    return Heard::Object(serde_json::from_str(&text).expect("JSON"));
                }
                Some(Ok(Message::Close(frame))) => return Heard::Closed(frame),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Heard::Closed(None),
            }
        }
    }

    pub(crate) async fn object(&mut self) -> Value {
        match self.hear().await {
            Heard::Object(value) => value,
            Heard::Closed(frame) => panic!("closed with {frame:?}"),
        }
    }

    pub(crate) async fn send(&mut self, message: Message) {
        self.0.send(message).await.expect("sent");
    }

    /// Reads on to the close and returns its code.
    pub(crate) async fn close_code(&mut self) -> Option<u16> {
        loop {
            if let Heard::Closed(frame) = self.hear().await {
                return frame.map(|frame| u16::from(frame.code));
            }
        }
    }

    pub(crate) fn into_inner(self) -> TcpStream {
        self.0.into_inner()
    }
}

/// One server-sent event.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) id: Option<String>,
    pub(crate) retry: Option<u64>,
    pub(crate) data: Value,
}

/// A stream of server-sent events.
pub(crate) struct Sse {
    response: reqwest::Response,
    text: String,
}

impl Sse {
    pub(crate) async fn open(stage: &Stage, after: Option<&str>, last_event_id: Option<&str>) -> Self {
        let query = after.map(|after| format!("?after={after}")).unwrap_or_default();
        let mut request = http().get(stage.url(&format!("sse{query}")));
        if let Some(id) = last_event_id {
            request = request.header("last-event-id", id);
        }
        let response = request.send().await.expect("an answer");
        assert_eq!(response.status(), 200);
        assert!(response.headers()["content-type"].to_str().expect("text").starts_with("text/event-stream"));
        Self { response, text: String::new() }
    }

    /// The next event; `None` when the stream has ended.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let parsed = parse(event);
                self.text = rest.to_owned();
                return Some(parsed);
            }
            let piece =
                timeout(PATIENCE, self.response.chunk()).await.expect("something within a minute").ok()??;
            self.text.push_str(std::str::from_utf8(&piece).expect("frames are whole characters"));
        }
    }

    /// Whether the stream ends here, and the client takes it for whole.
    pub(crate) async fn ended_well(mut self) -> bool {
        let ended = timeout(PATIENCE, self.response.chunk()).await.expect("an end within a minute");
        self.text.is_empty() && matches!(ended, Ok(None))
    }

    pub(crate) async fn event(&mut self) -> Event {
        self.next().await.expect("the stream goes on")
    }
}

fn parse(event: &str) -> Event {
    let field = |name: &str| {
        event.lines().find_map(|line| line.strip_prefix(name)).map(|v| v.trim_start().to_owned())
    };
    Event {
        id: field("id:"),
        retry: field("retry:").map(|ms| ms.parse().expect("a number")),
        data: serde_json::from_str(&field("data:").expect("data")).expect("JSON"),
    }
}

/// One poll: status and, unless there was nothing, the body.
pub(crate) async fn poll(stage: &Stage, after: Option<&str>) -> (u16, Value) {
    let query = after.map(|after| format!("?after={after}")).unwrap_or_default();
    get_json(&stage.url(&format!("poll{query}"))).await
}

pub(crate) async fn get_json(url: &str) -> (u16, Value) {
    let response = http().get(url).send().await.expect("an answer");
    let status = response.status().as_u16();
    let body = response.bytes().await.expect("a body");
    (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
}

pub(crate) fn http() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).build().expect("a client")
}

/// The numbers of a list of entries.
pub(crate) fn seqs(entries: &Value) -> Vec<u64> {
    entries.as_array().expect("a list").iter().map(|entry| entry["seq"].as_u64().expect("a number")).collect()
}

/// Asks for a stream or a poll from the log's beginning over a bare socket, and reads nothing.
pub(crate) async fn ask(socket: &mut TcpStream, stage: &Stage, way: &str) {
    let upgrade = "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
                   sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";
    let upgrade = if way == "ws" { upgrade } else { "" };
    let at = stage.at(0);
    let head =
        format!("GET /live/{SLUG}/{way}?after={at} HTTP/1.1\r\nhost: {}\r\n{upgrade}\r\n", stage.address);
    socket.write_all(head.as_bytes()).await.expect("sent");
}
