//! Links, by the people who shared them; and archives that older programs wrote.

use archive::{Class, LINKS_MAX, Link, Links, Query, Rank, Search};
use model::{Author, Card, Entry, FilingEntry, Item, ItemId, Kind, Move, Run, TalkId};

use crate::common::{World, entry, event, filed, gone, id, item, item_entry, post, unsorted};
use crate::dice::Dice;

/// Item `n` by person `who`, with these links.
fn sharing(n: u64, who: u64, links: &[&str]) -> Item {
    let mut item = item(n, "see ");
    item.author = Author { id: format!("p{who}"), name: format!("Person {who}"), ..Author::default() };
    for link in links {
        item.body.push(Run::Link { link: (*link).to_owned(), text: String::new() });
    }
    item
}

async fn ranked(world: &World, of: &Links) -> Vec<Link> {
    world.archive.links(event(), of, None, LINKS_MAX).await.unwrap()
}

fn told(links: &[Link]) -> Vec<(&str, u64, u64)> {
    links.iter().map(|link| (link.rank.link.as_str(), link.rank.people, link.items)).collect()
}

pub(crate) async fn links_are_ranked_by_distinct_people(world: &World) {
    let mut covered = sharing(9, 9, &["https://a.example/x"]);
    covered.cover = Some("spoiler".into());
    let mut carded = sharing(7, 3, &[]);
    carded.card = Some(Card { url: "https://b.example/".into(), title: "B".into(), text: None });
    let log = vec![
        post(
            1,
            sharing(1, 1, &["https://www.a.example/x/?utm_source=me", "http://a.example/x"]),
            filed("t1", "main"),
        ),
        post(2, sharing(2, 1, &["https://a.example/x#part"]), filed("t1", "main")),
        post(3, sharing(3, 2, &["https://A.example/x"]), filed("t2", "main")),
        post(4, sharing(4, 1, &["https://b.example"]), filed("t1", "main")),
        post(5, sharing(5, 2, &["https://b.example/?fbclid=1"]), unsorted()),
        post(6, sharing(6, 1, &["https://c.example", "javascript:alert(1)", ""]), filed("t2", "main")),
        post(7, carded, filed("t2", "main")),
        post(8, sharing(8, 4, &["https://d.example"]), unsorted()),
        post(9, covered, filed("t1", "main")),
        post(10, sharing(10, 5, &[&format!("https://long.example/{}", "x".repeat(2_000))]), unsorted()),
    ];
    world.write(event(), log).await;
    let all = ranked(world, &Links::Event).await;
    assert_eq!(
        told(&all),
        [("b.example", 3, 3), ("a.example/x", 2, 3), ("d.example", 1, 1), ("c.example", 1, 1)],
        "people, not posts; the one that came last on top among equals"
    );
    let a = &all[1];
    assert_eq!(
        a.rows.iter().map(|row| row.id).collect::<Vec<_>>(),
        [id(1), id(2), id(3)],
        "as they were said"
    );
    assert_eq!(a.rank.first, item(1, "").when);
    assert_eq!(a.talks, [TalkId("t1".into()), TalkId("t2".into())]);
    let t2 = ranked(world, &Links::Talk(TalkId("t2".into()))).await;
    assert_eq!(told(&t2), [("b.example", 1, 1), ("c.example", 1, 1), ("a.example/x", 1, 1)]);
    assert_eq!(t2[2].rows.iter().map(|row| row.id).collect::<Vec<_>>(), [id(3)]);
    for n in 0..all.len() {
        let after = Some(all[n].rank.clone());
        let rest = world.archive.links(event(), &Links::Event, after.as_ref(), 1).await.unwrap();
        assert_eq!(told(&rest), told(&all[n + 1..(n + 2).min(all.len())]));
    }
    let nowhere = Rank { people: 0, ..all[0].rank.clone() };
    assert!(world.archive.links(event(), &Links::Event, Some(&nowhere), 9).await.unwrap().is_empty());
    assert!(
        world
            .archive
            .links(model::EventId::from_random(99), &Links::Event, None, 9)
            .await
            .unwrap()
            .is_empty()
    );
}

pub(crate) async fn links_follow_their_items(world: &World) {
    let a = |n, who| sharing(n, who, &["https://a.example"]);
    world.write(event(), (1..=4).map(|n| post(n, a(n, n), filed("t1", "main"))).collect()).await;
    assert_eq!(told(&ranked(world, &Links::Event).await), [("a.example", 4, 4)]);
    let moves = vec![Move { id: id(1), filing: filed("t2", "side") }, Move { id: id(2), filing: unsorted() }];
    let fleeting = Item { retain: model::Retain::Live, ..a(4, 4) };
    let log = vec![
        entry(5, Kind::Filing(FilingEntry { moves })),
        entry(6, Kind::Hide(gone(1, 1, vec![1]))),
        entry(7, Kind::Edit(item_entry(2, vec![2], sharing(2, 2, &["https://b.example"]), unsorted()))),
        entry(8, Kind::Edit(item_entry(4, vec![4], fleeting, unsorted()))),
    ];
    world.write(event(), log).await;
    assert_eq!(told(&ranked(world, &Links::Event).await), [("a.example", 1, 1), ("b.example", 1, 1)]);
    world
        .write(event(), vec![entry(9, Kind::Show(item_entry(1, Vec::new(), a(1, 1), filed("t2", "side"))))])
        .await;
    assert_eq!(told(&ranked(world, &Links::Talk(TalkId("t2".into()))).await), [("a.example", 1, 1)]);
    assert_eq!(told(&ranked(world, &Links::Talk(TalkId("t1".into()))).await), [("a.example", 1, 1)]);
    let log = (1..=3).map(|n| entry(9 + n, Kind::Remove(gone(n, n, vec![n])))).collect();
    world.write(event(), log).await;
    assert!(ranked(world, &Links::Event).await.is_empty());
    assert!(!world.all_item_text().await.contains("a.example"), "nothing is left of them");
}

/// Whatever happened, the sums are those of the items.
pub(crate) async fn sums_of_links_are_those_of_the_items(world: &World) {
    let mut dice = Dice(11);
    let pages = ["https://a.example", "https://b.example/?q=1", "https://c.example/p/", "https://d.example"];
    let share = |n: u64, dice: &mut Dice| {
        let links: Vec<&str> = pages.iter().copied().filter(|_| dice.below(3) == 0).collect();
        sharing(n, dice.below(5), &links)
    };
    let mut seq = 0;
    for _ in 0..30 {
        let mut log: Vec<Entry> = Vec::new();
        for _ in 0..1 + dice.below(6) {
            seq += 1;
            let n = 1 + dice.below(25);
            let filing = if dice.below(2) == 0 { filed("t1", "main") } else { unsorted() };
            log.push(match dice.below(6) {
                0 => entry(seq, Kind::Hide(gone(n, n, Vec::new()))),
                1 => entry(seq, Kind::Filing(FilingEntry { moves: vec![Move { id: id(n), filing }] })),
                2 => entry(seq, Kind::Edit(item_entry(seq, Vec::new(), share(n, &mut dice), filing))),
                _ => post(seq, share(n, &mut dice), filing),
            });
        }
        world.write(event(), log).await;
        for of in [Links::Event, Links::Talk(TalkId("t1".into()))] {
            let talk = if of == Links::Event { None } else { Some(TalkId("t1".into())) };
            let query = Query::newest(Search { talk, ..Search::default() });
            let rows = world.archive.items(event(), &query).await.unwrap();
            let mut expected: Vec<(String, u64, u64)> = Vec::new();
            for page in pages.map(|page| model::link::normal(page).unwrap()) {
                let holders = rows.iter().filter_map(|row| row.item.as_ref()).filter(|item| {
                    model::link::shared(item)
                        .any(|link| model::link::normal(link.address).as_ref() == Some(&page))
                });
                let people: Vec<&str> = holders.map(|item| item.author.id.as_str()).collect();
                let distinct = people.iter().collect::<std::collections::BTreeSet<_>>().len() as u64;
                if distinct > 0 {
                    expected.push((page, distinct, people.len() as u64));
                }
            }
            let ranked = ranked(world, &of).await;
            let mut found: Vec<(String, u64, u64)> = told(&ranked)
                .into_iter()
                .map(|(link, people, items)| (link.to_owned(), people, items))
                .collect();
            found.sort();
            assert_eq!(found, expected, "{of:?} after {seq}");
        }
    }
}

pub(crate) async fn archive_of_an_older_program_is_filled_from_its_items(world: &World) {
    let log = (1..=700).map(|n| post(n, sharing(n, n % 9, &["https://a.example"]), filed("t1", "main")));
    let mut log: Vec<Entry> = log.collect();
    log.push(entry(701, Kind::Remove(gone(1, 1, vec![1]))));
    world.write(event(), log).await;
    let found = || async {
        let ids: Vec<ItemId> = match world.archive.items(event(), &Query::newest(Search::words("see"))).await
        {
            Ok(rows) => rows.iter().map(|row| row.id).collect(),
            Err(error) => return Err(error.class()),
        };
        Ok((ids, ranked(world, &Links::Event).await))
    };
    let before = found().await.unwrap();
    assert_eq!((before.0.len(), told(&before.1)), (500, vec![("a.example", 9, 699)]));
    let index = if world.is_postgres() { "item_search" } else { "item_terms" };
    world
        .sql(&format!("DELETE FROM {index}; DELETE FROM item_link; DELETE FROM link_sum; DELETE FROM filled"))
        .await;
    if !world.is_postgres() {
        world.sql("UPDATE item SET spot = NULL").await;
    }
    assert_eq!(found().await.unwrap_err(), Class::Retry, "nothing is called absent before it was looked for");
    world.other.prepare().await.unwrap();
    assert_eq!(found().await.unwrap(), before);
}
