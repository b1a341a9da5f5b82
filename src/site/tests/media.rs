//! Pictures through the proxy: what is fetched, and what never is.

use super::{
    entries::{gone, item, post_of},
    stand::Stand,
};
use http::StatusCode;
use model::{Body, Media, MediaKind};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

const GIF: &[u8] = b"GIF89a\x01\0\x01\0\0\0\0;";

/// A server that sends one answer to everybody, and counts.
async fn server(answer: Vec<u8>) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let base = format!("http://{}", listener.local_addr().expect("bound"));
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = asked.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (answer, counter) = (answer.clone(), counter.clone());
            tokio::spawn(async move {
                let mut head = [0; 2048];
                if stream.read(&mut head).await.is_ok_and(|n| n > 0) {
                    counter.fetch_add(1, Ordering::SeqCst);
                    let _gone = stream.write_all(&answer).await;
                }
            });
        }
    });
    (base, asked)
}

fn answer(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let head =
        format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n{headers}\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// A stand with one post whose pictures are these, and the addresses under which we serve them.
async fn stand_with(urls: &[&str]) -> (Stand, Vec<String>) {
    let stand = Stand::new().await;
    let mut item = item("pictured", Body::plain("look"));
    let medium = |url: &&str| Media {
        kind: MediaKind::Photo,
        url: (*url).into(),
        width: None,
        height: None,
        alt: None,
        licence: None,
    };
    item.media = urls.iter().map(medium).collect();
    let id = item.id();
    stand.commit(vec![post_of(5, item)]).await;
    let ours = (0..urls.len()).map(|n| format!("/media/rustfest.{id}.0.{n}")).collect();
    (stand, ours)
}

#[tokio::test]
async fn a_picture_is_fetched_once_served_as_a_picture_and_gone_with_its_item() {
    let (base, asked) = server(answer("200 OK", "content-type: text/html\r\n", GIF)).await;
    let (stand, ours) = stand_with(&[&format!("{base}/a.gif")]).await;
    for _ in 0..3 {
        let picture = stand.get(&ours[0]).await;
        assert_eq!((picture.status, picture.body.as_slice()), (StatusCode::OK, GIF));
        assert_eq!(picture.header("content-type"), "image/gif", "by its bytes, whatever its server says");
        assert_eq!(picture.header("content-security-policy"), "default-src 'none'; sandbox");
        assert_eq!(picture.header("x-content-type-options"), "nosniff");
        assert!(picture.header("cache-control").starts_with("private"));
    }
    assert_eq!(asked.load(Ordering::SeqCst), 1, "the second comes from the cache");
    stand.commit(vec![gone(6, 5, "pictured", true)]).await;
    assert_eq!(stand.get(&ours[0]).await.status, StatusCode::GONE);
}

#[tokio::test]
async fn only_addresses_that_a_shown_item_names_are_fetched() {
    let (base, asked) = server(answer("200 OK", "", GIF)).await;
    let (stand, ours) = stand_with(&[&format!("{base}/a.gif")]).await;
    let id = ours[0].split('.').nth(1).expect("an id");
    let unknown = model::Uid::new("mastodon", "unknown").id();
    for path in [
        format!("/media/rustfest.{id}.0.1"),
        format!("/media/rustfest.{id}.7.0"),
        format!("/media/rustfest.{unknown}.0.0"),
        format!("/media/other.{id}.0.0"),
        "/media/http:%2F%2F127.0.0.1".to_owned(),
    ] {
        let status = stand.get(&path).await.status;
        assert!(matches!(status, StatusCode::NOT_FOUND | StatusCode::GONE), "{path}: {status}");
    }
    assert_eq!(asked.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn inner_addresses_redirects_documents_and_floods_are_refused() {
    let (inner, inner_asked) = server(answer("200 OK", "", GIF)).await;
    let (redirect, _) = server(answer("302 Found", &format!("location: {inner}/a.gif\r\n"), b"")).await;
    let (document, _) =
        server(answer("200 OK", "content-type: image/png\r\n", b"<svg xmlns='http://www.w3.org/2000/svg'/>"))
            .await;
    let (large, _) =
        server(answer("200 OK", "", &[b"GIF89a".as_slice(), &vec![0; 5 * 1024 * 1024]].concat())).await;
    let (unmeasured, _) = server(
        [b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nGIF89a".as_slice(), &vec![0; 6 * 1024 * 1024]]
            .concat(),
    )
    .await;
    let (stand, ours) = stand_with(&[
        &redirect,
        &document,
        &large,
        &unmeasured,
        "http://169.254.169.254/latest/meta-data",
        "https://10.0.0.1/a.gif",
        "https://[::ffff:10.0.0.1]/a.gif",
        "https://2852039166/",
        "file:///etc/passwd",
    ])
    .await;
    for path in &ours {
        let refused = stand.get(path).await;
        assert_eq!(refused.status, StatusCode::BAD_GATEWAY, "{path}");
        assert!(refused.body.is_empty(), "{path}");
    }
    assert_eq!(inner_asked.load(Ordering::SeqCst), 0, "a redirect is not followed");
}

#[tokio::test]
async fn a_server_that_drips_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let base = format!("http://{}", listener.local_addr().expect("bound"));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut head = [0; 2048];
                let _asked = stream.read(&mut head).await;
                let _gone = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nGIF89a").await;
                while stream.write_all(b"x").await.is_ok() {
                    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
                }
            });
        }
    });
    let (stand, ours) = stand_with(&[&base]).await;
    let began = std::time::Instant::now();
    assert_eq!(stand.get(&ours[0]).await.status, StatusCode::BAD_GATEWAY);
    let took = began.elapsed().as_secs();
    assert!((4..8).contains(&took), "given up after {took} s");
}
