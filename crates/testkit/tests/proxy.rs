//! The proxy against a plain echo server.

use std::sync::Arc;
use std::time::{Duration, Instant};

use testkit::{Direction, Flow, Proxy};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

async fn echo_through_proxy() -> (Proxy, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let upstream = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (mut read, mut write) = socket.split();
                tokio::io::copy(&mut read, &mut write).await.ok();
            });
        }
    });
    let proxy = Proxy::start(upstream).await.unwrap();
    let mut client = TcpStream::connect(proxy.address()).await.unwrap();
    assert_eq!(&say(&mut client, b"ping").await.unwrap(), b"ping");
    (proxy, client)
}

async fn say(client: &mut TcpStream, words: &[u8]) -> std::io::Result<Vec<u8>> {
    client.write_all(words).await?;
    let mut answer = vec![0; words.len()];
    client.read_exact(&mut answer).await?;
    Ok(answer)
}

#[tokio::test]
async fn delay_and_drip_slow_bytes_without_losing_any() {
    let (proxy, mut client) = echo_through_proxy().await;
    let started = Instant::now();
    proxy.set(Direction::ToServer, Flow::Delay(Duration::from_millis(60)));
    proxy.set(Direction::ToClient, Flow::Drip(2, Duration::from_millis(20)));
    assert_eq!(&say(&mut client, b"12345678").await.unwrap(), b"12345678");
    assert!(started.elapsed() >= Duration::from_millis(60 + 3 * 20), "{:?}", started.elapsed());
    assert_eq!(proxy.connections(), 1);
}

#[tokio::test]
async fn black_hole_holds_bytes_until_it_is_healed() {
    let (proxy, mut client) = echo_through_proxy().await;
    proxy.set_both(Flow::BlackHole);
    let silent = tokio::time::timeout(Duration::from_millis(100), say(&mut client, b"held")).await;
    assert!(silent.is_err());
    proxy.set_both(Flow::Pass);
    let mut answer = [0; 4];
    client.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"held");
}

#[tokio::test]
async fn swallowed_chunk_never_arrives_and_later_ones_do() {
    let (proxy, mut client) = echo_through_proxy().await;
    proxy.set(Direction::ToServer, Flow::Swallow(Arc::new(|chunk| chunk.starts_with(b"bell"))));
    client.write_all(b"bell").await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(&say(&mut client, b"word").await.unwrap(), b"word");
}

#[tokio::test]
async fn cut_ends_in_order_and_reset_does_not() {
    let (proxy, mut client) = echo_through_proxy().await;
    proxy.cut();
    assert_eq!(client.read(&mut [0; 8]).await.unwrap(), 0);
    let mut client = TcpStream::connect(proxy.address()).await.unwrap();
    assert_eq!(&say(&mut client, b"again").await.unwrap(), b"again");
    proxy.reset();
    let error = client.read(&mut [0; 8]).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn half_close_ends_one_direction_only() {
    let (proxy, mut client) = echo_through_proxy().await;
    proxy.set(Direction::ToClient, Flow::Delay(Duration::from_millis(100)));
    client.write_all(b"last words").await.unwrap();
    tokio::time::sleep(Duration::from_millis(30)).await;
    proxy.half_close(Direction::ToServer);
    let mut rest = Vec::new();
    client.read_to_end(&mut rest).await.unwrap();
    assert_eq!(rest, b"last words");
}

#[tokio::test]
async fn refusing_proxy_closes_newcomers_and_keeps_others() {
    let (proxy, mut client) = echo_through_proxy().await;
    proxy.refuse(true);
    let mut newcomer = TcpStream::connect(proxy.address()).await.unwrap();
    assert!(say(&mut newcomer, b"hello").await.is_err());
    assert_eq!(&say(&mut client, b"still").await.unwrap(), b"still");
}
