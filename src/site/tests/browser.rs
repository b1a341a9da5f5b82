//! The pages in Chromium, against site and halley on one port.

use super::{
    entries::{edit, gone, item, post, post_of},
    pages::hostile_posts,
    stand::{SLUG, Stand},
};
use model::{
    Body, Card, Counts, CountsEntry, Entry, Gap, Item, ItemCounts, Kind, Mark, Media, MediaKind, Micros,
    Network, Run,
};
use std::time::Duration;
use testkit::{Chromium, Tab, Viewport};

/// Longer than the page's longest wait before it tries to connect again (30 s).
pub(super) const SOON: Duration = Duration::from_secs(45);

/// Ids in the page, newest first, with the seq they stand under.
pub(super) const DRAWN: &str = "JSON.stringify([...document.querySelectorAll('#feed [data-id]')].map(e => e.dataset.id + ':' + e.dataset.seq))";

/// The feed's markup without what only a script adds.
const MARKUP: &str = r#"(root => {
    for (const e of root.querySelectorAll('*')) {
        e.classList.remove('is-new');
        for (const name of ['aria-posinset', 'aria-setsize', 'data-yours']) e.removeAttribute(name);
    }
    return root.innerHTML.replace(/>\s+</g, '><').replace(/<\//g, '\n</').trim();
})"#;

pub(super) async fn live(tab: &Tab) {
    let is_live =
        "document.getElementById('conn').textContent === 'Live' && globalThis.perihelion.connection.ready";
    tab.wait_until(is_live, SOON).await.expect("the page is live");
}

pub(super) async fn drawn(tab: &Tab, seq: u64) {
    tab.wait_until(&format!("globalThis.perihelion.connection.cursor.seq >= {seq}"), SOON)
        .await
        .expect("the page follows");
}

/// One of everything that an item can be, from `seq` on.
pub(super) fn showcase(seq: u64) -> Vec<Entry> {
    let photo = |url: &str| Media {
        kind: MediaKind::Photo,
        url: url.into(),
        width: Some(1200),
        height: Some(800),
        alt: Some("A speaker \"points\" at a slide".into()),
        licence: Some("CC BY".into()),
    };
    let linked = |link: &str, text: &str| Run::Link { link: link.into(), text: text.into() };
    let mut all: Vec<Item> = Vec::new();
    let mut add = |native: &str, body: Vec<Run>, change: &dyn Fn(&mut Item)| {
        let mut made = item(native, Body(body));
        change(&mut made);
        all.push(made);
    };
    add(
        "words",
        vec![
            Run::text("Two\nlines.\n\nAnd <b>another</b> paragraph & an é."),
            Run::Tag { tag: "rustfest".into() },
        ],
        &|_| {},
    );
    add(
        "links",
        vec![
            linked(
                "https://www.quietforms.example/notes/2026/saving-without-asking?section=idle#the-three-queues",
                "",
            ),
            Run::text(" and "),
            linked("https://evil.example/x", "my notes"),
            Run::text(" "),
            linked("javascript:alert(1)", "nothing"),
            Run::Mention { mention: "@karo".into(), url: Some("https://pixels.example/@karo".into()) },
        ],
        &|i| i.counts = Counts { boosts: 1, likes: 1200, replies: 2 },
    );
    add(
        "tags",
        vec![
            Run::text("Said.\n\n"),
            Run::Tag { tag: "a".into() },
            Run::text("\n"),
            Run::Tag { tag: "b".into() },
        ],
        &|_| {},
    );
    add("arabic", vec![Run::text("أعجبتني الفكرة")], &|i| i.lang = Some("ar".into()));
    add("answer", vec![Run::text("Here, the long version?")], &|i| {
        i.reply_to = Some(item("words", Body::default()).id());
        i.marks = vec![Mark::Question];
    });
    add("photos", vec![], &|i| {
        i.media = vec![photo("https://pictures.example/1.png"), photo("https://pictures.example/2.png")];
        i.author.url = Some("https://pictures.example/people/ada".into());
    });
    add("video", vec![Run::text("look")], &|i| {
        i.media = vec![Media {
            kind: MediaKind::Video,
            licence: None,
            alt: None,
            ..photo("https://pictures.example/v.jpg")
        }];
    });
    add("covered", vec![Run::text("It is about job loss.")], &|i| {
        i.cover = Some("Job loss, paperwork".into());
    });
    add("sensitive", vec![], &|i| {
        i.cover = Some(String::new());
        i.media = vec![photo("https://pictures.example/3.png")];
    });
    add("article", vec![Run::text("My notes so far.")], &|i| {
        i.network = Network::Feed;
        i.title = Some("On <caches> as shared memory".into());
    });
    add("card", vec![Run::text("Read this.")], &|i| {
        i.card = Some(Card {
            url: "https://www.a.example/p".into(),
            title: "A title".into(),
            text: Some("One sentence.".into()),
        });
    });
    add("onsite", vec![Run::text("Sockets under the seats.")], &|i| {
        i.network = Network::Onsite;
        i.author.name = String::new();
        i.counts.likes = 9;
    });
    add("late1", vec![Run::text("From this morning.")], &|i| i.late = true);
    add("late2", vec![Run::text("Also from this morning.")], &|i| i.late = true);
    all.into_iter().enumerate().map(|(n, item)| post_of(seq + n as u64, item)).collect()
}

/// What follows the showcase: counts, an edit, a removal, a hidden post, a gap and its end.
pub(super) fn aftermath(seq: u64, first: u64) -> Vec<Entry> {
    let id = item("card", Body::default()).id();
    let counts =
        CountsEntry { counts: vec![ItemCounts { id, counts: Counts { boosts: 14, likes: 0, replies: 1 } }] };
    let gap = |closed| Gap {
        id: "g1".into(),
        source: "fosstodon".into(),
        from: super::entries::NOON,
        to: Some(super::entries::NOON.plus(Micros::MINUTE)),
        reason: "The stream broke off.".into(),
        count: None,
        closed,
    };
    let at = super::entries::NOON.plus(40 * Micros::SECOND);
    let more = [
        Kind::Counts(counts),
        edit(0, first, "words", "Reworded.").kind,
        gone(0, first + 3, "arabic", true).kind,
        gone(0, first + 9, "article", false).kind,
        Kind::Gap { gap: gap(false) },
        Kind::Gap { gap: gap(true) },
        // A post that is removed before anybody could read it: its words never leave, its line does.
        post(0, "unread", "Never read.").kind,
        gone(0, seq + 6, "unread", true).kind,
    ];
    more.into_iter().enumerate().map(|(n, kind)| Entry { seq: seq + n as u64, at, kind }).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_script_draws_what_the_server_draws() {
    let Some(chromium) = Chromium::start().await else { return };
    let stand = Stand::new().await;
    let (base, _stop) = stand.serve("127.0.0.1:0", &[]).await;
    let tab = chromium.open(&format!("{base}/{SLUG}"), Viewport::LAPTOP).await.expect("the live page");
    live(&tab).await;
    let top = stand.commit(showcase(5)).await;
    let top = stand.commit(aftermath(top + 1, 5)).await;
    drawn(&tab, top).await;
    let counts = "(root => [...root.querySelectorAll('[data-count]')].map(e => e.dataset.count + '=' + e.textContent).join(' '))";
    let counted = tab.eval_text(&format!("{counts}(document)")).await.expect("numbers");
    let ours = tab.eval_text(&format!("{MARKUP}(document.getElementById('feed'))")).await.expect("markup");
    let served = |of: &str| {
        format!(
            "fetch('/{SLUG}').then(r => r.text()).then(t => {of}(new DOMParser().parseFromString(t, 'text/html')))"
        )
    };
    assert_eq!(counted, tab.eval_text(&served(counts)).await.expect("numbers"));
    let feed = format!("(root => {MARKUP}(root.getElementById('feed')))");
    let theirs = tab.eval_text(&served(&feed)).await.expect("markup");
    assert!(
        ours.contains("Reworded.") && ours.contains("14 boosts") && ours.contains("older posts came in late")
    );
    for (n, (ours, theirs)) in ours.lines().zip(theirs.lines()).enumerate() {
        assert_eq!(ours, theirs, "line {n}: script, then server");
    }
    assert_eq!(ours.lines().count(), theirs.lines().count());
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_words_run_nothing_and_disturb_nobody() {
    let Some(chromium) = Chromium::start().await else { return };
    let stand = Stand::new().await;
    let (base, _stop) = stand.serve("127.0.0.1:0", &[]).await;
    let tab = chromium.open(&format!("{base}/{SLUG}"), Viewport::PHONE).await.expect("the live page");
    live(&tab).await;
    let mut entries = hostile_posts(5);
    let next = 5 + entries.len() as u64;
    entries.push(post(next, "neighbour", "I stand below."));
    let top = stand.commit(entries).await;
    drawn(&tab, top).await;
    for drawn_by in ["script", "server"] {
        let bad = "document.querySelectorAll('#feed script, #feed svg, #feed [onclick], #feed [onerror], #feed [onload], \
                   #feed [onmouseover], #feed a[href^=javascript], #feed b b').length";
        assert_eq!(tab.eval_number(bad).await.expect("a count"), 0.0, "{drawn_by}");
        let title = tab.eval_text("document.title").await.expect("a title");
        assert_eq!(title, "Live: RustFest", "{drawn_by}");
        let shown = tab.eval_text("document.getElementById('feed').textContent").await.expect("the words");
        assert!(
            shown.contains("<script>document.title='owned'</script>"),
            "{drawn_by}: the words are shown as words"
        );
        let wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
        assert!(tab.eval_number(wide).await.expect("a width") <= 0.0, "{drawn_by}: nothing widens the page");
        // The tower of marks and the reversing control stay within their own box.
        let tower = "(() => { const b = [...document.querySelectorAll('.item-body')].find(e => e.textContent.length > 5000); \
                     return getComputedStyle(b).overflow + ' ' + (b.getBoundingClientRect().height < 2000); })()";
        assert_eq!(tab.eval_text(tower).await.expect("a style"), "clip true", "{drawn_by}");
        let isolated = "[...document.querySelectorAll('.item-body, .item-head b, .item-head .handle')]\
                        .every(e => getComputedStyle(e).unicodeBidi.includes('isolate')) + ''";
        assert_eq!(tab.eval_text(isolated).await.expect("a style"), "true", "{drawn_by}");
        tab.reload().await.expect("the page from the server");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_transport_brings_every_item_once_and_the_page_says_how_it_stands() {
    let Some(chromium) = Chromium::start().await else { return };
    let transports: [(&'static [&'static str], f64); 3] =
        [(&[], 0.0), (&["/ws"], 1.0), (&["/ws", "/sse"], 2.0)];
    for (closed, rung) in transports {
        let stand = Stand::new().await;
        let (base, stop) = stand.serve("127.0.0.1:0", closed).await;
        let address = base.trim_start_matches("http://").to_owned();
        let tab = chromium.open(&format!("{base}/{SLUG}"), Viewport::LAPTOP).await.expect("the live page");
        let down = format!("globalThis.perihelion.connection.rung === {rung}");
        tab.wait_until(&down, SOON).await.unwrap_or_else(|error| panic!("rung {rung}: {error}"));
        live(&tab).await;
        assert_eq!(tab.eval_number("globalThis.perihelion.connection.rung").await.expect("a rung"), rung);
        stand.commit((5..25).map(|n| post(n, &n.to_string(), "before the break")).collect()).await;
        drawn(&tab, 24).await;
        stop.trigger();
        stop.finish().await;
        tab.wait_until("document.getElementById('conn').textContent === 'Reconnecting'", SOON)
            .await
            .expect("it says so");
        tab.wait_until("!document.getElementById('link-notice').hidden", SOON)
            .await
            .expect("and what is safe");
        let notice =
            tab.eval_text("document.getElementById('link-notice').textContent").await.expect("words");
        assert!(notice.contains("You have everything up to 14:00."), "{notice}");
        stand.commit((25..45).map(|n| post(n, &n.to_string(), "during the break")).collect()).await;
        let (_base, _stop) = stand.serve(&address, closed).await;
        drawn(&tab, 44).await;
        live(&tab).await;
        let want: Vec<String> = (5..45_u64)
            .rev()
            .map(|n| format!("{}:{n}", item(&n.to_string(), Body::default()).id()))
            .collect();
        let have: Vec<String> =
            serde_json::from_str(&tab.eval_text(DRAWN).await.expect("ids")).expect("JSON");
        assert_eq!(have, want, "rung {rung}");
        assert_eq!(
            tab.eval_number("globalThis.perihelion.connection.gaps").await.expect("gaps"),
            0.0,
            "rung {rung}"
        );
        tab.close().await.expect("closed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_moves_under_a_reading_eye() {
    let Some(chromium) = Chromium::start().await else { return };
    let stand = Stand::new().await;
    let (base, _stop) = stand.serve("127.0.0.1:0", &[]).await;
    stand.commit((5..65).map(|n| post(n, &n.to_string(), "Something to read here.")).collect()).await;
    let tab = chromium.open(&format!("{base}/{SLUG}"), Viewport::PHONE).await.expect("the live page");
    live(&tab).await;
    tab.eval_text("scrollTo(0, 1200); 'scrolled'").await.expect("scrolled");
    tab.wait_until("document.body.hasAttribute('data-scrolled')", SOON).await.expect("noticed");
    let watched =
        "String(Math.round(document.querySelectorAll('#feed article')[8].getBoundingClientRect().top))";
    let before = tab.eval_text(watched).await.expect("a place");
    stand.commit(vec![post(65, "new1", "fresh"), post(66, "new2", "fresh")]).await;
    drawn(&tab, 66).await;
    stand.commit(vec![gone(67, 65, "new1", true)]).await;
    drawn(&tab, 67).await;
    tab.wait_until("document.getElementById('pill').textContent === '2 new items'", SOON)
        .await
        .expect("the pill");
    assert_eq!(
        tab.eval_text("String(document.getElementById('pill').parentElement.hidden)").await.expect("a word"),
        "false"
    );
    assert_eq!(tab.eval_text(watched).await.expect("a place"), before);
    tab.eval_text(
        "document.dispatchEvent(new KeyboardEvent('keydown', {key: '.', bubbles: true})); 'pressed'",
    )
    .await
    .expect("pressed");
    tab.wait_until("document.querySelector('#feed article').textContent.includes('fresh')", SOON)
        .await
        .expect("shown");
    let second =
        tab.eval_text("document.querySelectorAll('#feed article')[1].textContent").await.expect("words");
    assert_eq!(
        second, "This post was removed by its author at 14:01.",
        "removed while it waited: only the line"
    );
    assert_eq!(
        tab.eval_text("document.activeElement.dataset.seq").await.expect("a seq"),
        "66",
        "the newest has the focus"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn old_items_leave_the_page_so_that_it_does_not_grow_for_ever() {
    let Some(chromium) = Chromium::start().await else { return };
    let stand = Stand::new().await;
    let (base, _stop) = stand.serve("127.0.0.1:0", &[]).await;
    let tab = chromium.open(&format!("{base}/{SLUG}"), Viewport::LAPTOP).await.expect("the live page");
    live(&tab).await;
    stand.commit((5..705).map(|n| post(n, &n.to_string(), "one of many")).collect()).await;
    drawn(&tab, 704).await;
    let held = tab.eval_number("document.querySelectorAll('#feed [data-id]').length").await.expect("a count");
    assert!((300.0..=320.0).contains(&held), "{held}");
    let lowest = "document.querySelector('#older a').search === '?before=' + [...document.querySelectorAll('#feed [data-id]')].at(-1).dataset.seq";
    tab.wait_until(lowest, SOON).await.expect("the way to older");
    assert_eq!(
        tab.eval_text("document.querySelector('#feed [data-id]').dataset.seq").await.expect("a seq"),
        "704"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_was_away_for_longer_than_the_tail_is_filled_from_the_archive() {
    let Some(chromium) = Chromium::start().await else { return };
    let stand = Stand::new().await;
    let (base, _stop) = stand.serve("127.0.0.1:0", &[]).await;
    stand.commit(vec![post(5, "kept", "old wording"), post(6, "taken", "to be removed")]).await;
    let tab = chromium.open(&format!("{base}/{SLUG}"), Viewport::LAPTOP).await.expect("the live page");
    live(&tab).await;
    // The page sleeps; meanwhile the tail has moved past it. What halley then says is its wire contract, word for word.
    tab.eval_text("perihelion.connection.open.close(); 'asleep'").await.expect("closed");
    let mut missed = vec![edit(7, 5, "kept", "new wording"), gone(8, 6, "taken", true)];
    missed.extend((9..30).map(|n| post(n, &n.to_string(), "while away")));
    stand.commit(missed).await;
    stand.archive_all().await;
    let wakes = "(c => { const e = c.cursor.epoch; \
        c.object({hello: {epoch: e, after: 29, top: 29, base: 29, resumed: false}}); \
        c.object({window: {after: 6, base: 29, archive: '/api/v1/events/rustfest/items?after=6'}}); \
        return String(c.cursor.seq); })(perihelion.connection)";
    assert_eq!(tab.eval_text(wakes).await.expect("a seq"), "29");
    tab.wait_until("document.querySelectorAll('#feed [data-id]').length === 23", SOON)
        .await
        .expect("all of it");
    let have: Vec<String> = serde_json::from_str(&tab.eval_text(DRAWN).await.expect("ids")).expect("JSON");
    let seqs: Vec<&str> = have.iter().filter_map(|item| item.split(':').nth(1)).collect();
    let want: Vec<String> = (9..30).rev().chain([6, 5]).map(|n: u64| n.to_string()).collect();
    assert_eq!(seqs, want, "in their places, each once");
    let words = tab.eval_text("document.getElementById('feed').textContent").await.expect("words");
    assert!(
        words.contains("new wording") && !words.contains("old wording") && !words.contains("to be removed")
    );
    let other = "perihelion.connection.object({hello: {epoch: '9.ff', after: 40, top: 41, base: 40, resumed: false}}); \
                 perihelion.connection.position() + ' ' + document.querySelectorAll('#feed [data-id]').length";
    assert_eq!(
        tab.eval_text(other).await.expect("a position"),
        "9.ff.40 0",
        "another log: nothing of the old one stays"
    );
}
