//! Posts to search: three days, as long as real ones, words as unevenly spread as those of real ones.

use model::{
    Author, Body, By, Entry, Filing, FilingState, Item, ItemEntry, Kind, Mark, Media, MediaKind, Micros,
    Network, Retain, Run, TalkId, Uid,
};

/// So many.
pub(super) const POSTS: u64 = 200_000;
/// People who wrote them, and talks that they are filed to.
pub(super) const PEOPLE: u64 = 4_000;
pub(super) const TALKS: u64 = 96;
/// When the first was said, and the time from that to the last.
pub(super) const FIRST: Micros = Micros(1_795_000_000_000_000);
pub(super) const SPAN: i64 = 72 * Micros::HOUR;
/// Words that are drawn from, the common ones far more often.
const VOCABULARY: u64 = 30_000;
const WORDS: u64 = 16;

/// The post under seq `n` + 1. Every second one says "rust", every second "talk" (so that every fourth says both, that way round),
/// those of the older half "morning" and of the newer half "evening"; "rare0" to "rare9999" 20 each.
pub(super) fn entry(n: u64) -> Entry {
    let item = item(n);
    let seq = n + 1;
    let filing = filing(n);
    let kind = Kind::Post(Box::new(ItemEntry { id: item.id(), first: seq, voids: Vec::new(), item, filing }));
    Entry { seq, at: said(n), kind }
}

fn said(n: u64) -> Micros {
    // Whole seconds, as most networks tell them.
    let at = FIRST.0 + SPAN / POSTS as i64 * n as i64;
    Micros(at - at.rem_euclid(Micros::SECOND))
}

fn item(n: u64) -> Item {
    let network = [Network::Mastodon, Network::Mastodon, Network::Bluesky, Network::X, Network::Onsite]
        [(n % 5) as usize];
    let who = mixed(n, 1) % PEOPLE;
    let native = format!("https://social.example/users/person{who}/statuses/{n}");
    let photo = Media {
        kind: MediaKind::Photo,
        url: format!("https://social.example/media/{n}.jpg"),
        width: Some(1600),
        height: Some(1067),
        alt: Some("the hall from the back row".to_owned()),
        licence: None,
    };
    Item {
        uid: Uid::new(network.name(), &native),
        network,
        source: format!("source{}", n % 7),
        rev: 0,
        url: Some(native),
        when: said(n),
        author: Author {
            id: who.to_string(),
            name: format!("Person {who}"),
            handle: format!("@person{who}@social.example"),
            url: Some(format!("https://social.example/@person{who}")),
            avatar: None,
        },
        title: None,
        body: body(n),
        lang: Some("en".to_owned()),
        cover: None,
        reply_to: None,
        quotes: None,
        media: if n.is_multiple_of(11) { vec![photo] } else { Vec::new() },
        card: None,
        counts: model::Counts::default(),
        marks: if n.is_multiple_of(13) { vec![Mark::Question] } else { Vec::new() },
        late: false,
        retain: Retain::Archive,
        tags: Vec::new(),
        at: None,
    }
}

fn body(n: u64) -> Body {
    let mut words = String::new();
    for i in 0..WORDS {
        // The square of a square: word 0 comes in most posts, word 20,000 in few.
        let drawn = (mixed(n, 2 + i) % 1_000_000) as f64 / 1_000_000.0;
        let word = (drawn.powi(4) * VOCABULARY as f64) as u64;
        words.push_str(&format!("w{word} "));
    }
    if n.is_multiple_of(2) {
        words.push_str("rust ");
    }
    if (n / 2).is_multiple_of(2) {
        words.push_str("talk ");
    }
    words.push_str(if n < POSTS / 2 { "morning" } else { "evening" });
    words.push_str(&format!(" rare{} ", mixed(n, 99) % 10_000));
    let mut body = Body::plain(words);
    body.push(Run::Tag { tag: "bench".to_owned() });
    if n % 4 == 1 {
        // Some pages are shared by hundreds, most by few.
        let drawn = (mixed(n, 50) % 1_000_000) as f64 / 1_000_000.0;
        let page = (drawn.powi(3) * 40_000.0) as u64;
        let link = format!("https://www.pages.example/{page}/?utm_source=bench");
        body.push(Run::Link { text: link.clone(), link });
    }
    body
}

fn filing(n: u64) -> Filing {
    // Talks follow each other in four rooms.
    let talk = n * (TALKS / 4) / POSTS * 4 + mixed(n, 77) % 4;
    let is_filed = !n.is_multiple_of(3);
    Filing {
        talk: is_filed.then(|| TalkId(format!("t{talk}"))),
        room: is_filed.then(|| format!("room{}", talk % 4)),
        state: if is_filed { FilingState::Filed } else { FilingState::Unsorted },
        score: 0.8,
        by: By::Rule,
        reasons: vec!["It was the only talk on when this was said.".to_owned()],
    }
}

/// The same number for the same post and purpose in every run: SplitMix64.
fn mixed(n: u64, purpose: u64) -> u64 {
    let mut mixed = (n ^ purpose.wrapping_mul(0xd134_2543_de82_ef95)).wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
