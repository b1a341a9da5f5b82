//! The way of a newcomer in Chromium, on a phone: from an empty installation to the first post on the live page. Its pictures lie in
//! `tests/output`, to be looked at.

use super::super::{browser::SOON, stand::OWNER_KEY, writing::Desk};
use super::mastodon;
use networks::{Happening, Post, snowflake_at};
use std::{path::Path, sync::Arc};
use testkit::{Chromium, Tab, Viewport};

const PHONE: Viewport = Viewport { width: 390, height: 844, mobile: true };

async fn until(tab: &Tab, condition: &str) {
    if let Err(error) = tab.wait_until(condition, SOON).await {
        panic!("{condition}: {error}; {}", tab.html().await.unwrap_or_default());
    }
}

/// Types into a field as a person does: what listens hears of it.
async fn write(tab: &Tab, field: &str, words: &str) {
    let script = format!(
        "(() => {{ const f = document.getElementById({field:?}); f.focus(); f.value = {words:?}; f.dispatchEvent(new Event('input', {{ bubbles: true }})); return f.value; }})()"
    );
    assert_eq!(tab.eval_text(&script).await.expect("a field"), words);
}

async fn press(tab: &Tab, button: &str) {
    let script = format!("(() => {{ document.querySelector({button:?}).click(); return 'pressed'; }})()");
    tab.eval_text(&script).await.unwrap_or_else(|error| panic!("{button}: {error}"));
}

/// A picture, and that nothing is wider than the phone.
async fn look(tab: &Tab, name: &str) {
    let is_wide = tab
        .eval_text("String(document.documentElement.scrollWidth > document.documentElement.clientWidth)")
        .await;
    assert_eq!(is_wide.expect("a page"), "false", "{name} is wider than a phone");
    let small = "[...document.querySelectorAll('.setup button, .setup a.btn, .setup input:not([type=hidden]):not([type=radio]):not([type=checkbox]), .setup summary')]\
                 .filter((one) => one.offsetParent && one.getBoundingClientRect().height < 43).map((one) => one.outerHTML).join('\\n')";
    assert_eq!(tab.eval_text(small).await.expect("a page"), "", "{name}: too small for a thumb");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/output");
    // As long as the page is, and as wide as the phone: a picture of the whole page would be taken at another width.
    let height = tab.eval_number("document.documentElement.scrollHeight").await.expect("a height");
    tab.resize(Viewport { height: (height as u32).clamp(844, 6000), ..PHONE }).await.expect("resized");
    let picture = tab.screenshot(false).await.expect("a picture");
    tab.resize(PHONE).await.expect("resized");
    std::fs::create_dir_all(&folder)
        .and_then(|()| std::fs::write(folder.join(format!("new-user-{name}.png")), picture))
        .expect("written");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_installation_leads_a_newcomer_to_the_first_live_post() {
    let Some(chromium) = Chromium::start().await else { return };
    let desk = Desk::empty().await;
    let base = desk.serve(Arc::default()).await;
    let server = mastodon(&[
        "Good morning #rustfest",
        "Queue for coffee is long #rustfest",
        "Doors open at nine! #rustfest",
    ])
    .await;
    let tab = chromium.open(&format!("{base}/login?token={OWNER_KEY}"), PHONE).await.expect("a tab");
    tab.goto(&format!("{base}/")).await.expect("the start");
    look(&tab, "0-home").await;
    press(&tab, "a[href='/admin/new']").await;
    until(&tab, "globalThis.perihelion?.setup && document.getElementById('slug')").await;
    write(&tab, "title", "RustFest Zürich").await;
    assert_eq!(
        tab.eval_text("document.getElementById('slug').value").await.expect("a slug"),
        "rustfest-zurich"
    );
    assert!(!tab.eval_text("document.getElementById('timezone').value").await.expect("a zone").is_empty());
    write(&tab, "hashtags", "rustfest").await;
    look(&tab, "1-event").await;
    press(&tab, "button[value=create]").await;
    until(&tab, "location.pathname.endsWith('/sources/new')").await;
    look(&tab, "2-kinds").await;
    press(&tab, "a[href*='kind=mastodon']").await;
    until(&tab, "globalThis.perihelion?.setup && document.getElementById('url')").await;
    write(&tab, "url", "http://127.0.0.1:1").await;
    press(&tab, "button[value=test]").await;
    until(&tab, "document.querySelector('.probe[data-state=bad] .probe-cure')").await;
    look(&tab, "3-wrong").await;
    until(&tab, "globalThis.perihelion?.setup").await;
    write(&tab, "url", &server.url()).await;
    press(&tab, "button[value=test]").await;
    until(&tab, "document.querySelectorAll('.probe[data-state=ok] article').length === 3").await;
    look(&tab, "4-tested").await;
    press(&tab, ".probe button[value=save]").await;
    until(&tab, "location.pathname.endsWith('/sources')").await;
    look(&tab, "5-sources").await;
    press(&tab, "a[href='/rustfest-zurich']").await;
    until(&tab, "document.body.textContent.includes('Doors open at nine!') && globalThis.perihelion?.connection?.ready").await;
    let at = jiff::Timestamp::now().as_microsecond();
    server.say(Happening::Post(Post::new(&snowflake_at(at, 0), at, "ada", "We are live! #rustfest")));
    until(&tab, "[...document.querySelectorAll('article')].some((one) => one.textContent.includes('We are live!') && one.offsetParent)").await;
    look(&tab, "6-live").await;
    for (page, name) in [
        ("settings", "7-settings"),
        ("schedule", "8-programme"),
        ("rules?new=1", "9-rule"),
        ("rules", "10-rules"),
    ] {
        tab.goto(&format!("{base}/admin/rustfest-zurich/{page}")).await.expect("a page");
        look(&tab, name).await;
    }
    assert_eq!(tab.complaints().await.expect("none"), Vec::<String>::new());
    server.stop().await;
}
