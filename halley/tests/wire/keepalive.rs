//! Polls in a row, and whatever else a client asks on the same connection: answered in order, on that connection, nothing lost.

use std::time::Duration;

use halley::Config;
use serde_json::Value;
use testkit::Proxy;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{sleep, timeout},
};

use crate::{
    clients::seqs,
    stage::{SLUG, Stage},
};

const PATIENCE: Duration = Duration::from_secs(60);

/// A client that writes requests and reads answers by itself.
struct Asker {
    socket: TcpStream,
    address: String,
}

/// One answer.
#[derive(Debug)]
struct Answer {
    status: u16,
    head: String,
    body: Value,
}

impl Asker {
    async fn connect(stage: &Stage) -> Self {
        let socket = TcpStream::connect(&stage.address).await.expect("halley listens");
        socket.set_nodelay(true).expect("an option");
        Self { socket, address: stage.address.clone() }
    }

    fn head(&self, line: &str, rest: &str) -> String {
        format!("{line}\r\nhost: {}\r\n{rest}\r\n", self.address)
    }

    fn get(&self, rest: &str, headers: &str) -> String {
        self.head(&format!("GET /live/{SLUG}/{rest} HTTP/1.1"), headers)
    }

    fn poll(&self, at: &str) -> String {
        self.get(&format!("poll?after={at}"), "")
    }

    async fn write(&mut self, text: &str) {
        self.socket.write_all(text.as_bytes()).await.expect("sent");
    }

    async fn answer(&mut self) -> Answer {
        timeout(PATIENCE, self.read(true)).await.expect("an answer within a minute")
    }

    async fn read(&mut self, has_body: bool) -> Answer {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.socket.read_u8().await.expect("a byte"));
        }
        let head = String::from_utf8(head).expect("ASCII");
        let status =
            head.strip_prefix("HTTP/1.1 ").and_then(|rest| rest[..3].parse().ok()).expect("a status");
        let size = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let size = size.map_or(0, |size| size.parse().expect("a number"));
        let mut body = vec![0; if has_body { size } else { 0 }];
        self.socket.read_exact(&mut body).await.expect("a body");
        Answer { status, head, body: serde_json::from_slice(&body).unwrap_or(Value::Null) }
    }

    /// The server has said all, and closed.
    async fn has_ended(mut self) {
        let mut rest = Vec::new();
        let read = timeout(PATIENCE, self.socket.read_to_end(&mut rest)).await.expect("an end");
        assert_eq!((read.ok(), rest.len()), (Some(0), 0), "nothing follows, and no reset");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hundreds_of_polls_and_other_requests_stay_on_one_connection() {
    const ENTRIES: u64 = 400;
    let mut stage = Stage::start().await;
    let proxy = Proxy::start(stage.address.parse().expect("bound")).await.expect("a proxy");
    let ours = std::mem::replace(&mut stage.address, proxy.address().to_string());
    let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().expect("a client");
    let asking = async {
        let (mut all, mut rounds) = (Vec::new(), 0);
        while all.len() < ENTRIES as usize {
            let url = stage.url(&format!("poll?after={}", stage.at(all.len() as u64)));
            let mut request = client.get(url);
            if rounds % 23 == 7 {
                request = request.header("x-mood", "other");
            }
            let answer = request.send().await.expect("an answer");
            assert_eq!(answer.status(), 200);
            let page: Value = answer.json().await.expect("JSON");
            all.extend(seqs(&page["entries"]));
            for (every, other, status) in [
                (10, "head.json", 200),
                (17, "chunk/99.json", 404),
                (19, "nothing", 404),
                (29, "poll?after=x", 400),
            ] {
                if rounds % every == 3 {
                    let answer = client.get(stage.url(other)).send().await.expect("an answer");
                    assert_eq!(answer.status(), status, "{other}");
                    answer.bytes().await.expect("a body");
                }
            }
            if rounds % 31 == 5 {
                let answer = client.head(stage.url("poll")).send().await.expect("an answer");
                assert_eq!(answer.status(), 200);
            }
            rounds += 1;
        }
        assert!(all.iter().copied().eq(1..=ENTRIES), "lost, doubled or out of order: {all:?}");
        rounds
    };
    let posting = async {
        for n in 0..ENTRIES {
            stage.post("one more").await;
            sleep(Duration::from_millis(n % 4)).await;
        }
    };
    let (rounds, ()) = tokio::join!(asking, posting);
    assert!(rounds > 100, "{rounds} polls");
    // The client opens another one where it asks again before it has noticed that the first is free.
    assert!(proxy.connections() <= 3, "{} connections for {rounds} polls", proxy.connections());
    stage.address = ours;
}

#[tokio::test]
async fn requests_that_come_together_are_answered_in_their_order() {
    let stage = Stage::start().await;
    stage.seen(stage.many(3).await).await;
    let mut asker = Asker::connect(&stage).await;
    // Twice: the second time the poll is one that is known.
    for _ in 0..2 {
        let all = [
            asker.poll(&stage.at(0)),
            asker.get("head.json", ""),
            asker.poll(&stage.at(1)),
            asker.poll(&stage.at(2)),
            asker.get("nothing", ""),
            asker.poll(&stage.at(0)),
        ];
        asker.write(&all.concat()).await;
        let polls = [Some(vec![1, 2, 3]), None, Some(vec![2, 3]), Some(vec![3]), None, Some(vec![1, 2, 3])];
        for (n, expected) in polls.into_iter().enumerate() {
            let answer = asker.answer().await;
            match expected {
                Some(expected) => assert_eq!(seqs(&answer.body["entries"]), expected, "{n}: {answer:?}"),
                None if n == 1 => assert_eq!(answer.body["top"], 3, "{answer:?}"),
                None => assert_eq!(answer.status, 404, "{answer:?}"),
            }
        }
    }
    // What comes while a poll is held is not lost, and waits for its answer.
    asker.write(&asker.poll(&stage.at(3))).await;
    sleep(Duration::from_millis(100)).await;
    asker.write(&[asker.poll(&stage.at(3)), asker.get("head.json", "")].concat()).await;
    sleep(Duration::from_millis(100)).await;
    stage.post("four").await;
    assert_eq!(seqs(&asker.answer().await.body["entries"]), [4]);
    assert_eq!(seqs(&asker.answer().await.body["entries"]), [4]);
    assert_eq!(asker.answer().await.body["top"], 4);
}

#[tokio::test]
async fn a_request_may_come_in_pieces_and_with_other_headers() {
    let stage = Stage::start().await;
    stage.seen(stage.many(2).await).await;
    let mut asker = Asker::connect(&stage).await;
    for round in 0..4 {
        let whole = asker.poll(&stage.at(1));
        // Cut within the line, within a header, within the empty line: whatever is known of it by then.
        for cut in [5, 30, whole.len() - 6, whole.len() - 2, whole.len() - 1] {
            let (before, behind) = whole.split_at(cut);
            asker.write(before).await;
            sleep(Duration::from_millis(20)).await;
            asker.write(behind).await;
            assert_eq!(seqs(&asker.answer().await.body["entries"]), [2], "{round}, {cut}");
            asker.write(&whole).await;
            assert_eq!(seqs(&asker.answer().await.body["entries"]), [2], "{round}, whole");
        }
        let packed = asker.get(&format!("poll?after={}", stage.at(0)), "accept-encoding: gzip\r\n");
        asker.write(&packed).await;
        let answer = asker.answer().await;
        assert!(answer.status == 200 && answer.head.contains("\r\nvary: accept-encoding\r\n"), "{answer:?}");
        let missing = asker.head("GET /live/nosuch/poll?after=0.a1.1 HTTP/1.1", "");
        asker.write(&missing).await;
        assert_eq!(asker.answer().await.status, 404);
        asker.write(&asker.head(&format!("HEAD /live/{SLUG}/poll HTTP/1.1"), "")).await;
        let answer = timeout(PATIENCE, asker.read(false)).await.expect("an answer");
        assert_eq!(answer.status, 200);
    }
}

#[tokio::test]
async fn nothing_new_leaves_the_connection_for_the_next_poll() {
    let stage = Stage::with(Config { poll_hold: Duration::from_millis(300), ..Config::default() }).await;
    let mut asker = Asker::connect(&stage).await;
    for _ in 0..4 {
        asker.write(&asker.poll(&stage.at(0))).await;
        let answer = asker.answer().await;
        assert!(answer.status == 204 && !answer.head.contains("content-length"), "{answer:?}");
    }
    stage.post("at last").await;
    asker.write(&asker.poll(&stage.at(0))).await;
    assert_eq!(seqs(&asker.answer().await.body["entries"]), [1]);
}

#[tokio::test]
async fn who_wants_the_connection_closed_gets_the_answer_and_then_the_end() {
    let stage = Stage::start().await;
    stage.seen(stage.many(2).await).await;
    let old = format!("GET /live/{SLUG}/poll?after={} HTTP/1.0", stage.at(1));
    let new = old.replace("1.0", "1.1");
    for (line, rest) in [
        (&new, "connection: close\r\n"),
        (&new, "connection: Keep-Alive, Close\r\n"),
        (&old, ""),
        (&old, "connection: keep-alive\r\n"),
    ] {
        let mut asker = Asker::connect(&stage).await;
        if line == &new {
            // Also when it is not the first on its connection.
            asker.write(&asker.poll(&stage.at(0))).await;
            assert_eq!(seqs(&asker.answer().await.body["entries"]), [1, 2]);
        }
        asker.write(&asker.head(line, rest)).await;
        let answer = asker.answer().await;
        assert_eq!(seqs(&answer.body["entries"]), [2], "{line} {rest}");
        assert!(answer.head.contains("\r\nconnection: close\r\n"), "{answer:?}");
        asker.has_ended().await;
    }
}
