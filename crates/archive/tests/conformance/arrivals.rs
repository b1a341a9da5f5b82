//! Items in the order of their arrival, and what was known at a moment.

use archive::{Arrivals, Order};
use model::{ItemId, Kind, Micros, Row, Seq, StageEntry, TalkId};

use crate::common::{World, entry, event, filed, gone, id, item, post, unsorted};

fn ids(rows: &[Row]) -> Vec<ItemId> {
    rows.iter().map(|row| row.id).collect()
}

/// An entry that was committed at this moment.
fn at(mut entry: model::Entry, at: i64) -> model::Entry {
    entry.at = Micros(at);
    entry
}

pub(crate) async fn arrivals_come_by_the_seq_of_their_first_showing(world: &World) {
    // The later they come, the older they are: what comes late must not slip in behind a reader.
    let late = |n: u64| {
        let mut item = item(n, "words");
        item.when = Micros(1_000_000 * (100 - n as i64));
        post(n, item, unsorted())
    };
    let mut entries: Vec<_> = (1..=20).map(late).collect();
    entries.push(entry(21, Kind::Hide(gone(7, 7, vec![7]))));
    world.write(event(), entries).await;
    let ask = |after: Seq, before: Seq, order, limit| Arrivals { after, before, order, limit };
    let mut asked = ask(0, Seq::MAX, Order::OldestFirst, 3);
    let mut seen = Vec::new();
    loop {
        let page = world.archive.arrivals(event(), &asked).await.unwrap();
        let Some(last) = page.last() else { break };
        asked.after = last.first;
        seen.extend(ids(&page));
    }
    assert_eq!(seen, (1..=20).filter(|n| *n != 7).map(id).collect::<Vec<_>>());
    let down = world.archive.arrivals(event(), &ask(2, 9, Order::NewestFirst, u32::MAX)).await.unwrap();
    assert_eq!(ids(&down), [8, 6, 5, 4, 3].map(id));
    let places = world.archive.places(event(), &ask(2, 9, Order::NewestFirst, u32::MAX)).await.unwrap();
    assert_eq!(ids(&places), [8, 7, 6, 5, 4, 3].map(id), "what is hidden keeps its place");
    assert!(places[1].item.is_none());
}

pub(crate) async fn what_was_known_at_a_moment_is_told_from_what_came_later(world: &World) {
    let said = |talk: &str, since: i64| {
        let talk = Some(TalkId(talk.into()));
        Kind::Stage(StageEntry { room: "main".into(), talk, since: Micros(since), undone: false })
    };
    let mut again = entry_of(2);
    again.voids = vec![2];
    world
        .write(
            event(),
            vec![
                at(post(1, item(1, "one"), filed("t1", "main")), 10),
                at(post(2, when(2, 20), unsorted()), 20),
                at(entry(3, said("t1", 25)), 25),
                at(post(4, when(4, 30), unsorted()), 30),
                at(entry(5, said("t2", 35)), 35),
                at(entry(6, Kind::Edit(Box::new(again))), 60),
            ],
        )
        .await;
    let rows = world
        .archive
        .arrivals(event(), &Arrivals { after: 0, before: Seq::MAX, order: Order::OldestFirst, limit: 10 })
        .await
        .unwrap();
    let had = async |moment: i64| {
        let then = world.archive.then(event(), Micros(moment)).await.unwrap();
        let rows: Vec<ItemId> = rows.iter().filter(|row| then.holds(row)).map(|row| row.id).collect();
        (rows, then.stage.len())
    };
    assert_eq!(had(5).await, (vec![], 0));
    assert_eq!(had(12).await, (vec![id(1)], 0));
    assert_eq!(had(22).await, (vec![id(1), id(2)], 0), "what was edited since had arrived");
    assert_eq!(had(26).await, (vec![id(1), id(2)], 1));
    assert_eq!(had(31).await, (vec![id(1), id(2), id(4)], 1));
    assert_eq!(had(99).await, (vec![id(1), id(2), id(4)], 2));
}

fn when(n: u64, moment: i64) -> model::Item {
    let mut item = item(n, "words");
    item.when = Micros(moment);
    item
}

fn entry_of(n: u64) -> model::ItemEntry {
    let mut item = when(n, 20);
    item.rev = 1;
    model::ItemEntry { id: id(n), first: n, voids: Vec::new(), item, filing: unsorted() }
}

pub(crate) async fn what_is_filed_to_no_talk_is_counted_within_its_time(world: &World) {
    let all = [(1, 10, filed("t1", "main")), (2, 20, unsorted()), (3, 30, unsorted()), (4, 40, unsorted())];
    world.write(event(), all.into_iter().map(|(n, at, f)| post(n, when(n, at), f)).collect()).await;
    let count = async |from, to| world.archive.unfiled(event(), Micros(from), Micros(to)).await.unwrap();
    assert_eq!([count(0, 100).await, count(20, 40).await, count(41, 99).await], [3, 2, 0]);
}
