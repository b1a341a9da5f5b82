//! Frames in Chromium, on a page as others would write it: taken in as oEmbed says, on another origin and on one that can look inside.

use super::{
    browser::SOON,
    entries::{edit, gone, post},
    stand::{SLUG, Stand},
};
use axum::{Router, response::Html, routing::get};
use model::{ItemId, Uid};
use testkit::{Chromium, Viewport};

fn id(native: &str) -> ItemId {
    Uid::new("mastodon", native).id()
}

/// Somebody's page: what oEmbed told, and nothing else of ours.
async fn outer(stand: &Stand) -> String {
    let mut html =
        "<!doctype html><html lang=\"en\"><title>Somebody’s page</title><h1>Somebody’s page</h1>".to_owned();
    for path in [format!("/{SLUG}"), format!("/{SLUG}/talks/t1"), format!("/{SLUG}/posts/{}", id("a"))] {
        let told = stand.get(&format!("/oembed?url=http%3A%2F%2F127.0.0.1%3A8080{path}&maxheight=400")).await;
        let told: serde_json::Value = serde_json::from_slice(&told.body).expect("JSON");
        html.push_str(told["html"].as_str().expect("an element"));
    }
    html
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_follows_the_log_on_somebody_elses_page_and_keeps_to_itself() {
    let Some(chromium) = Chromium::start().await else { return };
    let mut stand = Stand::new().await;
    stand.commit((0..40).map(|n| post(5 + n, &n.to_string(), &format!("number {n}."))).collect()).await;
    stand.commit(vec![post(45, "a", "Sockets under the seats."), post(46, "b", "Packed.")]).await;
    stand.archive_all().await;
    let page = outer(&stand).await;
    let port = testkit::free_port();
    let page = page.replace("http://127.0.0.1:8080", &format!("http://127.0.0.1:{port}"));
    stand.router =
        stand.router.clone().merge(Router::new().route("/outer.html", get(async move || Html(page))));
    let (base, _stop) = stand.serve(&format!("127.0.0.1:{port}"), &[]).await;

    // To the browser, this is another site.
    let far = base.replace("127.0.0.1", "localhost");
    let tab = chromium.open(&format!("{far}/outer.html"), Viewport::LAPTOP).await.expect("their page");
    tab.wait_until(
        "performance.getEntriesByType('resource').filter(e => e.initiatorType === 'iframe').length >= 1",
        SOON,
    )
    .await
    .expect("the frames are asked for");
    tab.runs_clean().await;

    tab.goto(&format!("{base}/outer.html")).await.expect("a page that may look inside");
    let frame = "document.querySelector('iframe').contentDocument";
    let is_live = format!("{frame}?.getElementById('conn')?.textContent === 'Live'");
    tab.wait_until(&is_live, SOON).await.expect("the frame is live");
    let items = tab.eval_number(&format!("{frame}.querySelectorAll('[data-id]').length")).await;
    assert_eq!(items.expect("a number"), 30.0);

    stand
        .commit(vec![
            post(47, "c", "Just now."),
            edit(48, 45, "a", "Sockets, better."),
            gone(49, 46, "b", true),
        ])
        .await;
    let has = |words: &str| format!("{frame}.getElementById('feed').textContent.includes('{words}')");
    tab.wait_until(&has("Just now."), SOON).await.expect("what comes is drawn");
    tab.wait_until(&has("Sockets, better."), SOON).await.expect("an edit is drawn");
    tab.wait_until(&format!("{} && !{}", has("removed by its author"), has("Packed.")), SOON)
        .await
        .expect("a removal leaves its line");

    // Who reads is not moved; what came waits behind one button.
    let inside = "document.querySelector('iframe').contentWindow";
    tab.eval_number(&format!("({inside}.scrollTo(0, 200), {inside}.scrollY)")).await.expect("scrolled");
    stand.commit(vec![post(50, "d", "While you read.")]).await;
    tab.wait_until(&format!("!{frame}.querySelector('.pill-row').hidden"), SOON).await.expect("it waits");
    assert_eq!(
        tab.eval_text(&format!("{frame}.getElementById('pill').textContent")).await.expect("words"),
        "1 new post"
    );
    assert_eq!(tab.eval_number(&format!("{inside}.scrollY")).await.expect("a number"), 200.0);
    tab.eval_number(&format!("({frame}.getElementById('pill').click(), 0)")).await.expect("pressed");
    tab.wait_until(&format!("{} && {frame}.querySelector('.pill-row').hidden", has("While you read.")), SOON)
        .await
        .expect("it is shown");

    let looks = "JSON.stringify([...document.querySelectorAll('iframe')].map(({contentDocument: d}) => \
         [d.querySelector('base').target, d.cookie, d.documentElement.scrollWidth > d.documentElement.clientWidth, \
          [...d.links].some(a => a.target !== '' || a.rel.includes('opener') && !a.rel.includes('noopener'))]))";
    let told = tab.eval_text(looks).await.expect("an answer");
    assert_eq!(
        told,
        "[[\"_blank\",\"\",false,false],[\"_blank\",\"\",false,false],[\"_blank\",\"\",false,false]]"
    );
    tab.runs_clean().await;
}
