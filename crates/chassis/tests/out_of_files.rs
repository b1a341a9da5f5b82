//! Out of file descriptors: the accept loop waits instead of spinning, and open connections are served. A binary of its own, as the limit is
//! the process's.

use std::time::Duration;

use axum::{Router, routing::get};
use chassis::{
    Shutdown,
    http::{Limits, serve},
};
use nix::sys::resource::{Resource, UsageWho, getrlimit, getrusage, setrlimit};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

fn processor_time() -> Duration {
    let usage = getrusage(UsageWho::RUSAGE_SELF).expect("usage can be read");
    let micros = |t: nix::sys::time::TimeVal| t.tv_sec() * 1_000_000 + t.tv_usec();
    Duration::from_micros(
        u64::try_from(micros(usage.user_time()) + micros(usage.system_time())).expect("positive"),
    )
}

#[tokio::test]
async fn without_free_descriptors_open_clients_are_served_and_nothing_spins() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    let shutdown = Shutdown::new();
    let routes = Router::new().route("/", get(async || "hello"));
    let limits = Limits { first_byte_wait: Duration::from_secs(30), ..Limits::default() };
    shutdown.spawn(serve(listener, routes, limits, shutdown.clone()));
    let mut first = TcpStream::connect(address).await.expect("somebody listens");

    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).expect("limits can be read");
    setrlimit(Resource::RLIMIT_NOFILE, 64, hard).expect("limits can be lowered");
    let mut crowd = Vec::new();
    while let Ok(socket) = TcpStream::connect(address).await {
        crowd.push(socket);
    }
    assert!(crowd.len() < 64, "the limit holds");
    let before = processor_time();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let spent = processor_time() - before;
    assert!(spent < Duration::from_millis(300), "{spent:?} of a second");

    first.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").await.expect("sent");
    let mut answer = [0; 12];
    first.read_exact(&mut answer).await.expect("answered");
    assert_eq!(&answer, b"HTTP/1.1 200");

    drop(crowd);
    setrlimit(Resource::RLIMIT_NOFILE, 1024.min(hard), hard).expect("limits can be raised");
    tokio::time::sleep(Duration::from_millis(300)).await;
    let mut later = TcpStream::connect(address).await.expect("somebody listens");
    later.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").await.expect("sent");
    later.read_exact(&mut answer).await.expect("the loop goes on");
}
