//! The live page in Chromium: items that are filed into its filter later, and the climb back to the best transport.

use super::{
    browser::{DRAWN, SOON, drawn, live},
    entries::{NOON, item, post},
    stand::{SLUG, Stand},
};
use model::{Body, Entry, Filing, FilingEntry, FilingState, Kind, Micros, Move};
use testkit::{Chromium, Viewport};

/// An entry that files these posts into a room.
fn filed(seq: u64, natives: &[&str], room: &str) -> Entry {
    let filing = Filing {
        talk: None,
        room: Some(room.into()),
        state: FilingState::Filed,
        score: 1.0,
        by: model::By::Rule,
        reasons: vec!["The stage has changed.".into()],
    };
    let to = |native: &&str| Move { id: item(native, Body::default()).id(), filing: filing.clone() };
    let at = NOON.plus(i64::try_from(seq).expect("small") * Micros::SECOND);
    Entry { seq, at, kind: Kind::Filing(FilingEntry { moves: natives.iter().map(to).collect() }) }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_that_is_filed_into_a_room_later_comes_to_its_place_in_that_rooms_page() {
    let Some(chromium) = Chromium::start().await else { return };
    let stand = Stand::new().await;
    let (base, _stop) = stand.serve("127.0.0.1:0", &[]).await;
    stand.commit((5..9).map(|n| post(n, &n.to_string(), "said somewhere")).collect()).await;
    stand.commit(vec![filed(9, &["5", "8"], "side")]).await;
    let url = format!("{base}/{SLUG}?show=room.side");
    let tab = chromium.open(&url, Viewport::LAPTOP).await.expect("the page of the side room");
    live(&tab).await;
    let top = stand.commit(vec![filed(10, &["7"], "side")]).await;
    drawn(&tab, top).await;
    stand.archive_all().await;
    let three = "document.querySelectorAll('#feed [data-id]').length === 3";
    tab.wait_until(three, SOON).await.expect("it comes without a reload");
    let have: Vec<String> = serde_json::from_str(&tab.eval_text(DRAWN).await.expect("ids")).expect("JSON");
    let seqs: Vec<&str> = have.iter().filter_map(|item| item.split(':').nth(1)).collect();
    assert_eq!(seqs, ["8", "7", "5"], "between its neighbours");
    let counted = "document.querySelector('[data-count=\"room.side\"]').textContent";
    assert_eq!(tab.eval_text(counted).await.expect("a number"), "3");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_on_a_lower_transport_climbs_back_to_websocket_and_misses_nothing() {
    let Some(chromium) = Chromium::start().await else { return };
    for closed in [&["/ws"] as &'static [&'static str], &["/ws", "/sse"]] {
        let stand = Stand::new().await;
        let (base, stop) = stand.serve("127.0.0.1:0", closed).await;
        let address = base.trim_start_matches("http://").to_owned();
        let tab = chromium.open(&format!("{base}/{SLUG}"), Viewport::LAPTOP).await.expect("the live page");
        let low = format!("perihelion.connection.rung === {}", closed.len());
        tab.wait_until(&low, SOON).await.expect("it went down");
        live(&tab).await;
        tab.eval_text("perihelion.connection.climb = 300; 'sooner than in life'").await.expect("set");
        stop.trigger();
        stop.finish().await;
        tab.wait_until("document.getElementById('conn').textContent === 'Reconnecting'", SOON)
            .await
            .expect("noticed");
        let (_base, _stop) = stand.serve(&address, &[]).await;
        tab.wait_until("perihelion.connection.rung === 0", SOON).await.expect("it climbs");
        stand.commit((5..25).map(|n| post(n, &n.to_string(), "after the climb")).collect()).await;
        drawn(&tab, 24).await;
        live(&tab).await;
        let count = tab.eval_number("document.querySelectorAll('#feed [data-id]').length").await;
        assert_eq!(count.expect("a count"), 20.0);
        assert_eq!(tab.eval_number("perihelion.connection.gaps").await.expect("gaps"), 0.0);
        tab.close().await.expect("closed");
    }
}

/// Notes when a server asks the page to come back, what the page makes of it, and when it tries.
const NOTES: &str = r#"(connection => {
    const notes = globalThis.notes = { told: [], waits: [], asked: 0, tried: 0 };
    const { object, again, connect } = connection;
    connection.object = (said) => { if (said.bye) notes.told.push(said.bye.retry_ms); return object.call(connection, said); };
    connection.again = (ms) => { notes.waits.push(ms); notes.asked ||= performance.now(); again.call(connection, ms); };
    connection.connect = () => { notes.tried ||= performance.now(); connect.call(connection); };
    const { json } = Response.prototype;
    Response.prototype.json = async function () {
        const said = await json.call(this);
        if (this.status === 503) notes.told.push(said.retry_ms);
        return said;
    };
    return 'noted';
})(perihelion.connection)"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_page_comes_back_when_the_server_that_stops_asks_it_to_on_every_transport() {
    let Some(chromium) = Chromium::start().await else { return };
    for closed in [&[] as &'static [&'static str], &["/ws"], &["/ws", "/sse"]] {
        let stand = Stand::new().await;
        let (base, stop) = stand.serve("127.0.0.1:0", closed).await;
        let tab = chromium.open(&format!("{base}/{SLUG}"), Viewport::LAPTOP).await.expect("the live page");
        let rung = format!("perihelion.connection.rung === {}", closed.len());
        tab.wait_until(&rung, SOON).await.expect("it went down");
        live(&tab).await;
        assert_eq!(tab.eval_text(NOTES).await.expect("a word"), "noted");
        // A poll that is being answered just now is no poll that is held.
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        stop.trigger();
        stop.finish().await;
        tab.wait_until("notes.tried > 0", SOON).await.expect("it tries again");
        let notes = tab.eval_text("JSON.stringify(notes)").await.expect("notes");
        let notes: serde_json::Value = serde_json::from_str(&notes).expect("JSON");
        let number = |name: &str| notes.pointer(name).and_then(serde_json::Value::as_f64).unwrap_or(f64::NAN);
        let (told, tried_after) = (number("/told/0"), number("/tried") - number("/asked"));
        assert!((100.0..=1000.0).contains(&told) && number("/waits/0") == told, "{closed:?}: {notes}");
        assert!(tried_after >= told - 1.0, "{closed:?}: {notes}");
        tab.close().await.expect("closed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_climb_that_ends_during_a_break_leaves_one_connection_only() {
    let Some(chromium) = Chromium::start().await else { return };
    let stand = Stand::new().await;
    let (base, _stop) = stand.serve("127.0.0.1:0", &[]).await;
    let tab = chromium.open(&format!("{base}/{SLUG}"), Viewport::LAPTOP).await.expect("the live page");
    live(&tab).await;
    // The running connection is lost while the better one is being tried: the retry that waits must not open a second one.
    let broken = "(c => { c.rung = 1; c.lost({ retry_ms: 1500 }); c.probe(); return String(c.open); })(perihelion.connection)";
    assert_eq!(tab.eval_text(broken).await.expect("a word"), "null");
    tab.wait_until("perihelion.connection.open !== null", SOON).await.expect("the better one answers");
    tab.eval_text("globalThis.taken = perihelion.connection.open; 'noted'").await.expect("noted");
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    let same = "String(perihelion.connection.open === globalThis.taken)";
    assert_eq!(tab.eval_text(same).await.expect("a word"), "true");
}
