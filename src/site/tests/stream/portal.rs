//! A Wi-Fi that wants a log-in answers in our place. The page says so, takes nothing of it for data, loses no words, and goes on by itself.

use super::super::{
    browser::{SOON, live},
    stand::SLUG,
    writing::Desk,
};
use std::{net::SocketAddr, sync::Arc, time::Duration};
use testkit::{Chromium, Proxy, Viewport};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    task::JoinSet,
};

const LOG_IN: &str =
    "<!doctype html><title>Guest Wi-Fi</title><form><input name=room><button>Log in</button></form>";

/// What portals answer to everything.
fn answers() -> [String; 4] {
    let whole = |head: &str, body: &str| {
        format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
    };
    [
        whole("200 OK\r\nContent-Type: text/html", LOG_IN),
        whole("302 Found\r\nLocation: http://127.0.0.1:9/login", ""),
        whole("200 OK\r\nContent-Type: application/json", "{\"portal\":true,\"id\":\"x\"}"),
        whole("511 Network Authentication Required\r\nContent-Type: text/html", LOG_IN),
    ]
}

/// A portal that gives this answer to everything, until it is dropped.
async fn portal(answer: String) -> (SocketAddr, JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("bound");
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let answer = answer.clone();
            tokio::spawn(async move {
                let mut head = [0; 4096];
                let _asked = client.read(&mut head).await;
                let _told = client.write_all(answer.as_bytes()).await;
                let _closed = client.shutdown().await;
            });
        }
    });
    (address, tasks)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wi_fi_that_wants_a_log_in_is_named_and_outlived_without_losing_a_word() {
    let Some(chromium) = Chromium::start().await else { return };
    let desk = Desk::new("open", "").await;
    let ours: SocketAddr =
        desk.serve(Arc::default()).await.trim_start_matches("http://").parse().expect("an address");
    let proxy = Proxy::start(ours).await.expect("a proxy");
    let tab =
        chromium.open(&format!("http://{}/{SLUG}", proxy.address()), Viewport::PHONE).await.expect("a page");
    live(&tab).await;
    for (n, answer) in answers().into_iter().enumerate() {
        let (theirs, _portal) = portal(answer.clone()).await;
        let posts =
            tab.eval_number("document.querySelectorAll('#feed [data-id]').length").await.expect("a number");
        proxy.move_to(theirs);
        proxy.reset();
        tab.wait_until("document.getElementById('conn').dataset.s === 'portal' && document.getElementById('link-notice').textContent.includes('This Wi-Fi wants you to log in first.')", SOON)
            .await
            .unwrap_or_else(|error| panic!("{answer}: {error}"));
        assert_eq!(
            tab.eval_text("document.getElementById('conn').textContent").await.expect("a word"),
            "Log-in wanted"
        );
        let words = format!("Written before the log-in, {n}.");
        let write = format!(
            "(() => {{ document.getElementById('say').value = {words:?}; document.getElementById('compose').requestSubmit(); return 'sent'; }})()"
        );
        tab.eval_text(&write).await.expect("written");
        tab.wait_until(
            "document.getElementById('outbox').textContent.includes('as soon as there is a network')",
            SOON,
        )
        .await
        .expect("kept, whatever the portal answers");
        tokio::time::sleep(Duration::from_millis(300)).await;
        let same =
            tab.eval_number("document.querySelectorAll('#feed [data-id]').length").await.expect("a number");
        assert_eq!(same, posts, "nothing of it is data");
        assert_eq!(
            tab.eval_number("perihelion.connection.rung").await.expect("a rung"),
            0.0,
            "no rung is left for it"
        );
        proxy.move_to(ours);
        proxy.reset();
        tab.eval_text("dispatchEvent(new Event('online')); 'logged in'").await.expect("told");
        live(&tab).await;
        tab.wait_until(&format!("document.getElementById('feed').textContent.includes({words:?})"), SOON)
            .await
            .expect("posted");
        tab.wait_until("document.getElementById('link-notice').hidden && document.getElementById('outbox').children.length === 0", SOON)
            .await
            .expect("all is well again");
        assert_eq!(desk.shown().await, n + 1, "stored once");
    }
    // What is written by somebody who sits in a room goes there.
    let sits = "document.querySelector('[data-sit=side]').click(); document.querySelector('#compose select[name=room]').value";
    assert_eq!(tab.eval_text(sits).await.expect("a room"), "side");
    // Words that nobody sent outlive the page as well.
    let typed = "const say = document.getElementById('say'); say.value = 'Not finis'; say.dispatchEvent(new Event('input')); 'typed'";
    tab.eval_text(typed).await.expect("typed");
    tab.goto("about:blank").await.expect("away");
    tab.goto(&format!("http://{}/{SLUG}", proxy.address())).await.expect("and back");
    assert_eq!(tab.eval_text("document.getElementById('say').value").await.expect("words"), "Not finis");
    tab.runs_clean().await;
}
