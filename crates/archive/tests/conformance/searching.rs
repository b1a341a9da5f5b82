//! Searching: every way to narrow, pages, what is gone.

use std::collections::BTreeSet;

use archive::{Has, Order, Page, Query, Scope, Search, Words};
use model::{
    Author, Body, Entry, FilingEntry, Item, ItemId, Kind, Mark, Media, MediaKind, Micros, Move, Network, Row,
    Run, TalkId,
};

use crate::common::{
    World, entry, event, filed, gone, id, item, item_entry, plain_post, post, unsorted, words,
};
use crate::dice::Dice;

async fn found(world: &World, search: Search) -> Vec<ItemId> {
    let rows = world.archive.items(event(), &Query::newest(search.clone())).await.unwrap();
    let count = world.archive.count(event(), &Query::newest(search), 1_000).await.unwrap();
    assert_eq!(count, rows.len() as u64, "what is counted is what is found");
    rows.iter().map(|row| row.id).collect()
}

fn place(row: &Row) -> Page {
    Page { when: row.item.as_ref().unwrap().when, id: row.id }
}

fn photo(alt: &str) -> Media {
    Media {
        kind: MediaKind::Photo,
        url: "https://pixels.example/3.png".into(),
        width: None,
        height: None,
        alt: Some(alt.into()),
        licence: None,
    }
}

fn by(name: &str, handle: &str) -> Author {
    Author { id: name.into(), name: name.into(), handle: handle.into(), ..Author::default() }
}

/// Six posts that differ in everything that can narrow a search.
fn six() -> Vec<Entry> {
    let mut one = item(1, "Rust at the café");
    one.author = by("Ada Löve", "@ada@pixels.example");
    let mut two = item(2, "rust, rust and rust?");
    two.author = by("Bo", "@bo@ada.example");
    two.marks = vec![Mark::Question];
    let mut three = item(3, "look");
    three.author = by("Cy", "@cy.bsky.social");
    three.network = Network::Bluesky;
    three.media = vec![photo("a rusty gate")];
    let mut four = item(4, "Rusty");
    four.author = by("Ada B", "@AdaB");
    four.network = Network::X;
    four.source = "other".into();
    let mut five = item(5, "nothing about rust ");
    five.author = by("Di", "@di@pixels.example");
    five.body.push(Run::Link { link: "https://a.example/".into(), text: "a.example".into() });
    let mut guess = filed("t1", "main");
    guess.state = model::FilingState::Suggested;
    vec![
        post(1, one, filed("t1", "main")),
        post(2, two, filed("t2", "side")),
        post(3, three, filed("t2", "main")),
        post(4, four, guess),
        post(5, five, unsorted()),
        post(6, item(6, "Rust, hidden"), filed("t1", "main")),
        entry(7, Kind::Hide(gone(6, 6, vec![6]))),
    ]
}

pub(crate) async fn everything_that_narrows_narrows(world: &World) {
    world.write(event(), six()).await;
    let rust = || Search::words("rust");
    let by = |typed: &str| Search { by: Some(typed.into()), ..Search::default() };
    let talk = |talk: &str| Some(TalkId(talk.into()));
    let cases: Vec<(&str, Search, &[u64])> = vec![
        ("words", rust(), &[5, 2, 1]),
        ("nothing", Search::default(), &[5, 4, 3, 2, 1]),
        ("the beginning of a word, in a picture's description too", Search::words("rust*"), &[5, 4, 3, 2, 1]),
        ("accents", Search::words("CAFÉ"), &[1]),
        ("name", by("ada"), &[4, 2, 1]),
        ("several words of a name", by("love ada"), &[1]),
        ("handle", by("@Ada@pixels.example"), &[1]),
        ("handle without its at sign", by("bo@ada.example"), &[2]),
        ("handle without its server", by("@ada"), &[1]),
        ("handle of a network without servers", by("@adab"), &[4]),
        ("handle without its host", by("@cy"), &[3]),
        ("nobody", by("..."), &[]),
        ("half a handle", by("@ad"), &[]),
        ("author and words", Search { by: Some("ada".into()), ..rust() }, &[2, 1]),
        ("talk", Search { talk: talk("t2"), ..Search::default() }, &[3, 2]),
        ("talk and words", Search { talk: talk("t2"), ..rust() }, &[2]),
        ("a guess is in no talk", Search { talk: talk("t1"), ..Search::default() }, &[1]),
        ("talks differ by case", Search { talk: talk("T1"), ..Search::default() }, &[]),
        ("room", Search { room: Some("main".into()), ..Search::default() }, &[3, 1]),
        ("network", Search { network: Some(Network::X), ..Search::default() }, &[4]),
        ("source", Search { source: Some("pixels".into()), ..Search::default() }, &[5, 3, 2, 1]),
        (
            "source and network",
            Search { network: Some(Network::Mastodon), source: Some("other".into()), ..rust() },
            &[],
        ),
        ("photos", Search { has: vec![Has::Photo], ..Search::default() }, &[3]),
        ("questions", Search { has: vec![Has::Question], ..Search::default() }, &[2]),
        ("links", Search { has: vec![Has::Link], ..Search::default() }, &[5]),
        ("questions with photos", Search { has: vec![Has::Photo, Has::Question], ..Search::default() }, &[]),
    ];
    for (what, search, expected) in cases {
        let expected: Vec<ItemId> = expected.iter().map(|n| id(*n)).collect();
        assert_eq!(found(world, search).await, expected, "{what}");
    }
}

pub(crate) async fn phrases_stand_side_by_side_within_one_field(world: &World) {
    let mut titled = item(3, "late");
    titled.title = Some("night".into());
    world
        .write(
            event(),
            vec![
                post(1, item(1, "A late, (night) train"), unsorted()),
                post(2, item(2, "night late"), unsorted()),
                post(3, titled, unsorted()),
                post(4, item(4, "late nights don't stop"), unsorted()),
                post(5, item(5, "オフライン入門"), unsorted()),
                post(6, item(6, "フライ と オフ"), unsorted()),
            ],
        )
        .await;
    for (typed, expected) in [
        ("late night", vec![3, 2, 1]),
        ("\"late night\"", vec![1]),
        ("\"late night*\"", vec![4, 1]),
        ("“night train”", vec![1]),
        ("don't", vec![4]),
        ("\"t don\"", vec![]),
        ("\"stop\" \"late nights\"", vec![4]),
        ("\"\"", vec![6, 5, 4, 3, 2, 1]),
        ("オフライ", vec![5]),
    ] {
        let expected: Vec<ItemId> = expected.into_iter().map(id).collect();
        assert_eq!(found(world, Search::words(typed)).await, expected, "{typed}");
    }
}

pub(crate) async fn time_bounds_hold_to_the_microsecond(world: &World) {
    let said = |n: u64, at: i64| Item { when: Micros(at), ..item(n, "rust") };
    let all = [-1_500_000, -1, 0, 999_999, 1_000_000, 1_000_001, 5_000_000];
    let posts = all.iter().enumerate().map(|(n, at)| post(n as u64 + 1, said(n as u64 + 1, *at), unsorted()));
    world.write(event(), posts.collect()).await;
    for order in [Order::OldestFirst, Order::NewestFirst] {
        for from in all.iter().copied().chain([i64::MIN, i64::MAX]) {
            for to in all.iter().copied().chain([i64::MIN, i64::MAX]) {
                let query = Query {
                    from: Some(Micros(from)),
                    to: Some(Micros(to)),
                    order,
                    limit: 3,
                    ..Query::newest(Search::words("rust"))
                };
                let mut expected: Vec<i64> =
                    all.iter().copied().filter(|at| from <= *at && *at < to).collect();
                assert_eq!(world.archive.count(event(), &query, 99).await.unwrap(), expected.len() as u64);
                if order == Order::NewestFirst {
                    expected.reverse();
                }
                expected.truncate(3);
                let rows = world.archive.items(event(), &query).await.unwrap();
                let seen: Vec<i64> = rows.iter().map(|row| place(row).when.0).collect();
                assert_eq!(seen, expected, "{from} to {to}, {order:?}");
            }
        }
    }
    assert_eq!(world.archive.count(event(), &Query::newest(Search::words("rust")), 4).await.unwrap(), 4);
}

/// Posts come in anywhere in time, are edited, moved and removed while somebody turns pages: whatever was there from the beginning
/// and did not change comes exactly once, in order.
pub(crate) async fn pages_neither_skip_nor_repeat_while_posts_come_in(world: &World) {
    for seed in 1..=6 {
        turn_pages(world, &mut Dice(seed), model::EventId::from_random(100 + seed)).await;
    }
}

async fn turn_pages(world: &World, dice: &mut Dice, of: model::EventId) {
    // Many at the same moment and in the same second.
    let said = |n: u64, dice: &mut Dice| {
        let when = Micros(1_795_189_320_000_000 + dice.below(40) as i64 * 250_000);
        let words = if dice.below(3) == 0 { "rust talk" } else { "rust" };
        Item { when, body: Body::plain(words), ..item(n, "") }
    };
    let mut seq = 0;
    let mut kept: BTreeSet<(Micros, ItemId)> = BTreeSet::new();
    let mut beginning = Vec::new();
    for n in 1..=120 {
        seq += 1;
        let item = said(n, dice);
        kept.insert((item.when, item.id()));
        beginning.push(post(seq, item, unsorted()));
    }
    world.write(of, beginning).await;
    let order = if dice.below(2) == 0 { Order::OldestFirst } else { Order::NewestFirst };
    let mut query = Query { order, limit: 1 + dice.below(9) as u32, ..Query::newest(Search::words("rust")) };
    let mut seen: Vec<(Micros, ItemId)> = Vec::new();
    let mut next = 1_000;
    loop {
        let rows = world.archive.items(of, &query).await.unwrap();
        seen.extend(rows.iter().map(|row| (place(row).when, row.id)));
        let Some(last) = rows.last() else { break };
        query.after = Some(place(last));
        let mut entries = Vec::new();
        for _ in 0..dice.below(4) {
            seq += 1;
            entries.push(match dice.below(4) {
                0 => {
                    let n = 1 + dice.below(120);
                    kept.retain(|(_, kept)| *kept != id(n));
                    entry(seq, Kind::Remove(gone(n, n, vec![n])))
                }
                1 => {
                    let moves = vec![Move { id: id(1 + dice.below(120)), filing: filed("t1", "main") }];
                    entry(seq, Kind::Filing(FilingEntry { moves }))
                }
                _ => {
                    next += 1;
                    post(seq, said(next, dice), unsorted())
                }
            });
        }
        if !entries.is_empty() {
            world.write(of, entries).await;
        }
    }
    let mut sorted = seen.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(sorted.len(), seen.len(), "nothing comes twice");
    if order == Order::NewestFirst {
        sorted.reverse();
    }
    assert_eq!(seen, sorted, "pages follow each other in order");
    let seen: BTreeSet<_> = seen.into_iter().collect();
    assert!(kept.is_subset(&seen), "nothing is left out: {:?}", kept.difference(&seen));
}

pub(crate) async fn a_word_that_was_taken_out_is_not_found(world: &World) {
    let said = |words: &str| item(1, words);
    world.write(event(), vec![post(1, said("zanzibar in june"), unsorted()), plain_post(2)]).await;
    assert_eq!(found(world, Search::words("zanzibar")).await, [id(1)]);
    world
        .write(event(), vec![entry(3, Kind::Edit(item_entry(1, vec![1], said("in june"), unsorted())))])
        .await;
    assert!(found(world, Search::words("zanzibar")).await.is_empty());
    assert!(found(world, Search::words("zanz*")).await.is_empty());
    assert_eq!(found(world, Search::words("june")).await, [id(1)]);
    // Its time may move with an edit, and then it is found there and nowhere else.
    let later = Item { when: Micros(said("").when.0 + Micros::HOUR), ..said("in july") };
    world.write(event(), vec![entry(4, Kind::Edit(item_entry(1, vec![3], later, unsorted())))]).await;
    assert_eq!(found(world, Search::default()).await, [id(1), id(2)]);
    // A move changes where it is found, and no word.
    let moves = vec![Move { id: id(1), filing: filed("t9", "side") }];
    world.write(event(), vec![entry(5, Kind::Filing(FilingEntry { moves }))]).await;
    let t9 = Search { talk: Some(TalkId("t9".into())), ..Search::words("july") };
    assert_eq!(found(world, t9).await, [id(1)]);
    world.write(event(), vec![entry(6, Kind::Remove(gone(1, 1, vec![4])))]).await;
    assert_eq!(found(world, Search::default()).await, [id(2)]);
    assert!(!world.all_item_text().await.contains("july"));
}

pub(crate) async fn what_cannot_be_typed_in_earnest_finds_nothing_and_breaks_nothing(world: &World) {
    world.write(event(), vec![plain_post(1)]).await;
    for typed in [
        "\"unclosed words",
        "a' OR 1=1 --",
        "NEAR(words 1)",
        "words^2",
        "{terms}: words",
        "words AND",
        "-words",
        "\u{e000}esomething",
        "words\u{0}",
        "\\",
        "'",
        "words' | 'x",
        "*",
        "**words",
        "words:*",
        "<->",
        "!words",
        "\u{202e}words",
    ] {
        let words = Words::parse(typed);
        let search = Search { words: words.clone(), ..Search::default() };
        let rows = world.archive.items(event(), &Query::newest(search)).await.unwrap();
        let plain: BTreeSet<String> = model::terms::terms(typed).into_iter().collect();
        let is_held = plain.iter().all(|term| ["words", "number", "1"].contains(&term.as_str()));
        assert_eq!(!rows.is_empty(), is_held, "{typed:?}");
    }
    let odd = Search {
        by: Some("@\0'\\\" OR".into()),
        talk: Some(TalkId("t1' OR '1'='1".into())),
        room: Some("\"*".into()),
        source: Some("\u{e001}".into()),
        ..Search::default()
    };
    assert!(found(world, odd).await.is_empty());
    let long = "x".repeat(5_000);
    assert!(found(world, Search { by: Some(format!("@{long}")), ..Search::words(&long) }).await.is_empty());
}

/// More hits than are few, and a word of which the newest posts know nothing, over half a day.
pub(crate) async fn words_of_long_ago_are_found_behind_a_thousand_others(world: &World) {
    let (mornings, all) = (560, 1_600);
    let said = |n: u64| {
        let when = Micros(1_795_189_320_000_000 + n as i64 * 25 * Micros::SECOND);
        Item { when, ..item(n, if n <= mornings { "morning" } else { "evening" }) }
    };
    for from in (1..=all).step_by(500) {
        let posts = (from..(from + 500).min(all + 1)).map(|n| post(n, said(n), unsorted()));
        world.write(event(), posts.collect()).await;
    }
    for order in [Order::NewestFirst, Order::OldestFirst] {
        let mut query = Query { limit: 400, order, ..Query::newest(Search::words("morning")) };
        let mut seen = Vec::new();
        loop {
            let rows = world.archive.items(event(), &query).await.unwrap();
            seen.extend(rows.iter().map(|row| row.id));
            let Some(last) = rows.last() else { break };
            query.after = Some(place(last));
        }
        let mut expected: Vec<ItemId> = (1..=mornings).map(id).collect();
        if order == Order::NewestFirst {
            expected.reverse();
        }
        assert_eq!(seen, expected, "{order:?}");
    }
    let middle = Query {
        from: Some(said(100).when),
        to: Some(said(500).when),
        limit: 3,
        ..Query::newest(Search::words("morning"))
    };
    let rows = world.archive.items(event(), &middle).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.id).collect::<Vec<_>>(), [id(499), id(498), id(497)]);
    let oldest = Query { order: Order::OldestFirst, limit: 1, ..Query::new(words("evening")) };
    assert_eq!(world.archive.items(event(), &oldest).await.unwrap()[0].id, id(mornings + 1));
    assert_eq!(
        world.archive.count(event(), &Query::newest(Search::words("evening")), 501).await.unwrap(),
        501
    );
    assert_eq!(world.archive.count(event(), &Query::new(Scope::Event), 501).await.unwrap(), 0);
}
