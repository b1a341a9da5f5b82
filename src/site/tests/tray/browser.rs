//! The tray in Chromium, by keys and by touch: one steward at work while another one is, and the log goes on.

use super::{
    super::{
        browser::{SOON, live},
        stand::{OWNER_KEY, SLUG},
        writing::Desk,
    },
    desk, say, unsorted, waiting,
};
use nozzle::intake::{Ask, FileItems};
use std::sync::Arc;
use testkit::{Chromium, Tab, Viewport};

const CARDS: &str = "document.querySelectorAll('#cards > .sort:not(.gone)').length";

async fn tray(chromium: &Chromium, base: &str, viewport: Viewport) -> Tab {
    let tab = chromium.open(&format!("{base}/login?token={OWNER_KEY}"), viewport).await.expect("the door");
    tab.goto(&format!("{base}/admin/{SLUG}/file")).await.expect("the tray");
    live(&tab).await;
    tab
}

async fn press(tab: &Tab, keys: &str) {
    for key in keys.chars() {
        let script = format!(
            "document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {{ key: '{key}', bubbles: true, cancelable: true }})); 'pressed'"
        );
        tab.eval_text(&script).await.expect("pressed");
    }
}

async fn until(tab: &Tab, condition: &str) {
    if let Err(error) = tab.wait_until(condition, SOON).await {
        panic!("{condition}: {error}; {}", tab.html().await.unwrap_or_default());
    }
}

async fn cards(tab: &Tab, many: usize) {
    until(tab, &format!("{CARDS} === {many}")).await;
}

async fn said(tab: &Tab, words: &str) {
    until(tab, &format!("document.getElementById('said').textContent.includes({words:?})")).await;
}

/// Where a post is, by its public page.
async fn is_at(desk: &Desk, id: &str, words: &str) {
    let page = desk.get(&format!("/{SLUG}/posts/{id}")).await.text();
    let plain: String = page.split('<').filter_map(|part| Some(part.split_once('>')?.1)).collect();
    assert!(plain.contains(words), "{words}: {plain}");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_file_move_on_select_find_and_undo() {
    let Some(chromium) = Chromium::start().await else { return };
    let desk = desk().await;
    let mut ids = Vec::new();
    for words in ["Mm.", "Hm.", "Well.", "So.", "Aha."] {
        ids.push(say(&desk, words).await);
    }
    waiting(&desk, 5).await;
    let base = desk.serve(Arc::default()).await;
    let tab = tray(&chromium, &base, Viewport::LAPTOP).await;
    cards(&tab, 5).await;
    // The newest first: j goes to the fifth, 1 files it to what was on in the first room, and the fourth has the focus.
    press(&tab, "j1").await;
    said(&tab, "1 post filed to “Forms that forgive”.").await;
    cards(&tab, 4).await;
    let focused = "document.activeElement.closest('.sort').dataset.id";
    assert_eq!(tab.eval_text(focused).await.expect("an id"), ids[3]);
    is_at(&desk, &ids[4], "Filed to Forms that forgive, Main hall, by hand").await;
    press(&tab, "u").await;
    said(&tab, "Taken back: 1 post as before.").await;
    cards(&tab, 5).await;
    is_at(&desk, &ids[4], "Not filed: nobody knows which talk it is about.").await;
    // Two are selected, and e files both.
    press(&tab, "xjxe").await;
    said(&tab, "2 posts filed as about the event.").await;
    cards(&tab, 3).await;
    is_at(&desk, &ids[3], "About the event as a whole, by hand").await;
    press(&tab, "jn").await;
    said(&tab, "1 post filed to no talk.").await;
    cards(&tab, 2).await;
    // A talk that was over long ago, found by a speaker's name.
    press(&tab, "/").await;
    until(&tab, "document.getElementById('finder').open").await;
    let typed = "(() => { const box = document.getElementById('finder-words'); box.value = 'nobody else'; \
                 box.dispatchEvent(new Event('input')); \
                 box.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true })); \
                 return 'typed'; })()";
    tab.eval_text(typed).await.expect("typed");
    said(&tab, "1 post filed to “Over by now”.").await;
    cards(&tab, 1).await;
    press(&tab, "n").await;
    until(&tab, "!document.getElementById('nothing').hidden").await;
    until(&tab, "document.getElementById('nothing').textContent.includes('1 post is filed by talk.')").await;
    press(&tab, "uu").await;
    cards(&tab, 2).await;
    assert_eq!(unsorted(&desk, "").await["waiting"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn new_posts_come_and_what_another_steward_files_goes_without_moving_the_focus_to_another_post() {
    let Some(chromium) = Chromium::start().await else { return };
    let desk = desk().await;
    let (a, b) = (say(&desk, "Mm.").await, say(&desk, "Hm.").await);
    waiting(&desk, 2).await;
    let base = desk.serve(Arc::default()).await;
    let tab = tray(&chromium, &base, Viewport::LAPTOP).await;
    cards(&tab, 2).await;
    say(&desk, "Just now.").await;
    cards(&tab, 3).await;
    let file = |id: &str| {
        let ids = vec![id.parse().expect("an id")];
        Ask::File(FileItems { ids, talk: None, event: true, rule: false })
    };
    desk.ask(file(&a)).await;
    cards(&tab, 2).await;
    // The one in focus stays, says why, and takes no key.
    press(&tab, "jj").await;
    let focused = "document.activeElement.closest('.sort')?.dataset.id ?? 'none'";
    assert_eq!(tab.eval_text(focused).await.expect("an id"), b);
    desk.ask(file(&b)).await;
    until(
        &tab,
        "document.querySelector('.sort.gone')?.textContent.includes('Somebody filed this one meanwhile.')",
    )
    .await;
    press(&tab, "1").await;
    assert_eq!(tab.eval_text(focused).await.expect("an id"), b, "the key met no other post");
    press(&tab, "k").await;
    until(&tab, "document.querySelector('.sort.gone') === null").await;
    is_at(&desk, &b, "About the event as a whole, by hand").await;
    // What comes while somebody reads waits behind the pill.
    say(&desk, "And now.").await;
    until(&tab, "!document.querySelector('.pill-row').hidden").await;
    cards(&tab, 1).await;
    press(&tab, ".").await;
    cards(&tab, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_phone_everything_is_large_enough_to_touch_and_nothing_is_wider_than_the_screen() {
    let Some(chromium) = Chromium::start().await else { return };
    let desk = desk().await;
    say(&desk, "Mm.").await;
    waiting(&desk, 1).await;
    let base = desk.serve(Arc::default()).await;
    let tab = tray(&chromium, &base, Viewport::PHONE).await;
    cards(&tab, 1).await;
    let wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
    assert!(tab.eval_number(wide).await.expect("a width") <= 0.0);
    let small = "JSON.stringify([...document.querySelectorAll('#tray :is(.btn, .choice, .pick, summary)')]\
                 .filter(e => e.offsetParent && e.getBoundingClientRect().height < 44).map(e => e.outerHTML))";
    assert_eq!(tab.eval_text(small).await.expect("a list"), "[]");
    tab.eval_text("document.querySelector('.choice').click(); 'touched'").await.expect("touched");
    said(&tab, "1 post filed to “Forms that forgive”.").await;
    cards(&tab, 0).await;
    tab.eval_text("document.querySelector('#said button').click(); 'touched'").await.expect("touched");
    cards(&tab, 1).await;
}
