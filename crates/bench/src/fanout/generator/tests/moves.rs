//! Clients that leave, come back, come and go and read slowly, against a log that keeps everything.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use super::*;

const CONNECTIONS: usize = 6;

/// A server of events that remembers all of them, and how often somebody came from where.
struct Log {
    address: SocketAddr,
    top: Arc<AtomicU64>,
    is_over: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Log {
    fn serve() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let (top, is_over) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let thread = std::thread::spawn({
            let (top, is_over) = (top.clone(), is_over.clone());
            move || {
                let mut clients = Vec::new();
                while let Ok((stream, _)) = listener.accept()
                    && !is_over.load(Ordering::SeqCst)
                {
                    let (top, is_over) = (top.clone(), is_over.clone());
                    clients.push(std::thread::spawn(move || follow(stream, &top, &is_over)));
                }
                clients.into_iter().for_each(|client| client.join().expect("followed"));
            }
        });
        Self { address, top, is_over, thread }
    }

    fn say(&self, up_to: u64) {
        self.top.store(up_to, Ordering::SeqCst);
    }

    fn end(self) {
        self.is_over.store(true, Ordering::SeqCst);
        let _woken = TcpStream::connect(self.address).expect("it listens");
        self.thread.join().expect("served");
    }
}

/// One client, from where it says it stands, until it leaves.
fn follow(mut stream: TcpStream, top: &AtomicU64, is_over: &AtomicBool) {
    let Some(head) = request(&stream) else { return };
    let after = head.split("?after=e.").nth(1).and_then(|rest| rest.split(' ').next());
    let mut at: u64 = after.map_or(top.load(Ordering::SeqCst), |number| number.parse().expect("a number"));
    let mut said =
        format!("HTTP/1.1 200 OK\r\n\r\ndata: {{\"hello\":{{\"epoch\":\"e\",\"after\":{at}}}}}\n\n")
            .into_bytes();
    while stream.write_all(&said).is_ok() && !is_over.load(Ordering::SeqCst) {
        said.clear();
        for number in at + 1..=top.load(Ordering::SeqCst) {
            let message = Message { number, due: now(), bytes: 600 }.json();
            said.extend([format!("id: e.{number}\ndata: ").as_bytes(), &message, b"\n\n"].concat());
            at = number;
        }
        if said.is_empty() {
            // A comment: it finds out whether anybody is there.
            said.extend_from_slice(b":\n\n");
            #[expect(clippy::disallowed_methods, reason = "no runtime here: a thread for each client")]
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

fn manner(log: &Log) -> Manner {
    let host = log.address.to_string();
    Manner { mode: Mode::Events, dialect: Dialect::Halley, host, path: "/stream".to_owned() }
}

fn expect(told: &mut Told, first: u64, last: u64) {
    told.tell(&Command::Expect { first, last });
}

fn assert_all(report: &Report, messages: u64) {
    assert_eq!(
        (report.faults, report.deliveries),
        (Faults::default(), CONNECTIONS as u64 * messages),
        "{report:?}"
    );
}

#[test]
fn whoever_leaves_and_comes_back_misses_nothing() {
    let (log, mut told) = (Log::serve(), Told::start());
    assert_eq!(told.connect(manner(&log), log.address, CONNECTIONS), CONNECTIONS);
    expect(&mut told, 1, 10);
    log.say(10);
    assert_all(&told.report(WAIT_MS), 10);
    told.tell(&Command::Leave { connections: 4 });
    expect(&mut told, 11, 30);
    log.say(30);
    match told.tell(&Command::Return { wait_ms: WAIT_MS }) {
        Answer::Connected(connected) => {
            assert_eq!((connected.held, connected.broken.len()), (CONNECTIONS, 0));
        }
        other => panic!("{other:?}"),
    }
    assert_all(&told.report(WAIT_MS), 20);
    told.close();
    log.end();
}

#[test]
fn clients_that_come_and_go_and_clients_that_read_slowly_miss_nothing() {
    let (log, mut told) = (Log::serve(), Told::start());
    assert_eq!(told.connect(manner(&log), log.address, CONNECTIONS), CONNECTIONS);
    told.tell(&Command::Slow { connections: 2, every_ms: Some(10) });
    told.tell(&Command::Churn { each_second: 100 });
    expect(&mut told, 1, 200);
    for top in 1..=200 {
        log.say(top);
        #[expect(clippy::disallowed_methods, reason = "a pace, not a wait; no runtime here")]
        std::thread::sleep(Duration::from_millis(2));
    }
    told.tell(&Command::Churn { each_second: 0 });
    let report = told.report(WAIT_MS);
    assert_all(&report, 200);
    assert!(report.reopened > 10, "{report:?}");
    told.close();
    log.end();
}
