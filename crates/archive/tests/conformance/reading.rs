//! The questions and their answers.

use archive::{Minute, Order, Page, Query, Scope};
use model::{
    Counts, CountsEntry, Entry, FilingEntry, ItemCounts, ItemId, Kind, Mark, Media, MediaKind, Micros, Move,
    Row, TalkId,
};

use crate::common::{
    World, entry, event, filed, gone, id, item, item_entry, plain_post, post, settings, talk, unsorted, words,
};

fn ids(rows: &[Row]) -> Vec<ItemId> {
    rows.iter().map(|row| row.id).collect()
}

async fn found(world: &World, scope: Scope) -> Vec<ItemId> {
    ids(&world.archive.items(event(), &Query::new(scope)).await.unwrap())
}

pub(crate) async fn pages_follow_each_other_without_holes_in_both_orders(world: &World) {
    // Items 2k and 2k+1 are said at the same moment, so the id decides between them.
    let said = |n: u64| {
        let mut item = item(n, "words");
        item.when = Micros(1_000_000 * (n as i64 / 2));
        item
    };
    let mut expected: Vec<(Micros, ItemId)> = (1..=41).map(|n| (said(n).when, id(n))).collect();
    world.write(event(), (1..=41).map(|n| post(n, said(n), unsorted())).collect()).await;
    expected.sort();
    for order in [Order::OldestFirst, Order::NewestFirst] {
        let mut query = Query { limit: 4, order, ..Query::new(Scope::Event) };
        let mut seen = Vec::new();
        loop {
            let page = world.archive.items(event(), &query).await.unwrap();
            assert!(page.len() <= 4);
            let Some(last) = page.last() else { break };
            query.after = Some(Page { when: last.item.as_ref().unwrap().when, id: last.id });
            seen.extend(page.iter().map(|row| (row.item.as_ref().unwrap().when, row.id)));
        }
        assert_eq!(seen, expected);
        expected.reverse();
    }
    let window = Query {
        from: Some(Micros(5_000_000)),
        to: Some(Micros(7_000_000)),
        limit: u32::MAX,
        ..Query::new(Scope::Event)
    };
    assert_eq!(world.archive.items(event(), &window).await.unwrap().len(), 4);
}

pub(crate) async fn scopes_find_their_own_items_only(world: &World) {
    let mut photo = item(3, "look");
    photo.media.push(Media {
        kind: MediaKind::Photo,
        url: "https://pixels.example/3.png".into(),
        width: None,
        height: None,
        alt: Some("a giraffe".into()),
        licence: None,
    });
    let mut reply = item(4, "indeed");
    reply.reply_to = Some(id(1));
    let mut guess = filed("t1", "main");
    guess.state = model::FilingState::Suggested;
    world
        .write(
            event(),
            vec![
                post(1, item(1, "one"), filed("t1", "main")),
                post(2, item(2, "two"), filed("t2", "side")),
                post(3, photo, unsorted()),
                post(4, reply, guess),
                post(5, item(5, "five"), filed("t1", "main")),
                entry(6, Kind::Hide(gone(5, 5, vec![5]))),
            ],
        )
        .await;
    assert_eq!(found(world, Scope::Event).await, [id(1), id(2), id(3), id(4)]);
    assert_eq!(found(world, Scope::Talk(TalkId("t1".into()))).await, [id(1)]);
    assert_eq!(found(world, Scope::Room("side".into())).await, [id(2)]);
    assert_eq!(found(world, Scope::Unfiled).await, [id(3), id(4)]);
    assert_eq!(found(world, Scope::Suggested(TalkId("t1".into()))).await, [id(4)]);
    assert!(found(world, Scope::Suggested(TalkId("t2".into()))).await.is_empty());
    assert_eq!(found(world, Scope::Photos).await, [id(3)]);
    assert_eq!(found(world, Scope::Replies(id(1))).await, [id(4)]);
    assert_eq!(found(world, words("GIRAFFE")).await, [id(3)]);
    assert!(world.archive.item(event(), id(99)).await.unwrap().is_none());
    assert!(world.archive.item(event(), id(5)).await.unwrap().is_some(), "hidden items keep their row");
}

pub(crate) async fn every_script_is_found_by_its_words(world: &World) {
    let said = [
        "Die Straße ist naß, don't!",
        "Rustのライフタイム入門 は楽しい",
        "एक अच्छा सम्मेलन",
        "مرحبا بالعالم #rustfest",
        "naïve café, Ｆｕｌｌｗｉｄｔｈ",
        "ASCII: C++ or a'quote \"here\"",
    ];
    let posts = |(n, words): (usize, &&str)| post(n as u64 + 1, item(n as u64 + 1, words), unsorted());
    world.write(event(), said.iter().enumerate().map(posts).collect()).await;
    for (typed, expected) in [
        ("STRASSE", Some(1)),
        ("straße", Some(1)),
        ("ライフ", Some(2)),
        ("入門", Some(2)),
        ("入口", None),
        ("सम्मेलन", Some(3)),
        ("مرحبا", Some(4)),
        ("#rustfest", Some(4)),
        ("café naïve", Some(5)),
        ("cafe", Some(5)),
        ("fullwidth", Some(5)),
        ("quote HERE", Some(6)),
        ("quote straße", None),
        ("' OR 1=1 --", None),
        ("\" & ! | : * ( NEAR", None),
    ] {
        let rows = found(world, words(typed)).await;
        assert_eq!(rows, expected.map(id).into_iter().collect::<Vec<_>>(), "{typed}");
    }
    assert_eq!(found(world, words("...")).await.len(), said.len(), "no words narrow nothing");
}

pub(crate) async fn changed_after_tells_a_late_reader_everything(world: &World) {
    let mut log: Vec<Entry> = (1..=9).map(plain_post).collect();
    let counts = Counts { boosts: 3, likes: 0, replies: 0 };
    let counted = [1, 2, 3].map(|n| ItemCounts { id: id(n), counts }).to_vec();
    log.push(entry(10, Kind::Counts(CountsEntry { counts: counted })));
    log.push(entry(
        11,
        Kind::Filing(FilingEntry { moves: vec![Move { id: id(4), filing: filed("t1", "main") }] }),
    ));
    log.push(entry(12, Kind::Remove(gone(5, 5, vec![5]))));
    log.push(entry(13, Kind::Edit(item_entry(6, vec![6], item(6, "new words"), unsorted()))));
    world.write(event(), log).await;

    let mut after = 8;
    let mut seen = Vec::new();
    loop {
        // A page of one: the three rows of the counts entry still come together.
        let rows = world.archive.changed_after(event(), after, 1).await.unwrap();
        let Some(last) = rows.last() else { break };
        assert!(last.touched > after);
        after = last.touched;
        let mut page = ids(&rows);
        page.sort();
        seen.push((after, page));
    }
    let mut counted = vec![id(1), id(2), id(3)];
    counted.sort();
    let expected =
        vec![(9, vec![id(9)]), (10, counted), (11, vec![id(4)]), (12, vec![id(5)]), (13, vec![id(6)])];
    assert_eq!(seen, expected);
    assert_eq!(world.archive.changed_after(event(), 0, 500).await.unwrap().len(), 9);
    assert!(world.archive.changed_after(event(), u64::MAX, 500).await.unwrap().is_empty());
}

pub(crate) async fn counts_add_up(world: &World) {
    let mut asks = item(1, "why?");
    asks.marks = vec![Mark::Question];
    world
        .write(
            event(),
            vec![
                post(1, asks, filed("t1", "main")),
                post(2, item(2, "a"), filed("t1", "main")),
                // Item 8 is by the author of item 1.
                post(3, item(8, "b"), filed("t1", "main")),
                post(4, item(70, "c"), filed("t2", "side")),
                post(5, item(71, "d"), unsorted()),
                post(6, item(72, "e"), filed("t2", "side")),
                entry(7, Kind::Remove(gone(72, 6, vec![6]))),
            ],
        )
        .await;
    let counts = world.archive.talk_counts(event()).await.unwrap();
    let told: Vec<_> = counts.iter().map(|c| (c.talk.as_str(), c.items, c.people, c.questions)).collect();
    assert_eq!(told, [("t1", 3, 2, 1), ("t2", 1, 1, 0)]);
    let totals = world.archive.totals(event()).await.unwrap();
    assert_eq!((totals.items, totals.people, totals.filed, totals.photos), (5, 3, 4, 0));
    assert_eq!(totals.networks, [("mastodon".to_owned(), 5)]);
    let minutes = world.archive.minutes(event()).await.unwrap();
    let first = Minute { talk: Some(TalkId("t1".into())), minute: item(1, "").when.minute(), items: 3 };
    assert!(minutes.contains(&first), "{minutes:?}");
    assert_eq!(minutes.iter().map(|minute| minute.items).sum::<u64>(), 5);
}

pub(crate) async fn lists_come_back_as_they_were_said(world: &World) {
    let tally = |minute: i64| model::Tally {
        source: "pixels".into(),
        minute: Micros(minute),
        counts: model::TallyCounts { received: 4, ..Default::default() },
    };
    let stage = |talk: Option<&str>| model::StageEntry {
        room: "main".into(),
        talk: talk.map(|talk| TalkId(talk.into())),
        since: Micros(5),
        undone: false,
    };
    let notice = model::Notice { text: "Lunch is served".into(), until: None };
    world
        .write(
            event(),
            vec![
                entry(1, Kind::Event { event: Box::new(settings("rustfest")) }),
                entry(2, Kind::Talk { talk: Box::new(talk("t1", "Old title")) }),
                entry(3, Kind::Talk { talk: Box::new(talk("t1", "New title")) }),
                entry(4, Kind::Stage(stage(Some("t1")))),
                entry(5, Kind::Stage(stage(None))),
                entry(6, Kind::Notice { notice: notice.clone() }),
                entry(7, Kind::Tally { tally: tally(0) }),
                entry(8, Kind::Tally { tally: tally(60_000_000) }),
            ],
        )
        .await;
    let archive = &world.archive;
    assert_eq!(archive.talks(event()).await.unwrap(), [talk("t1", "New title")]);
    assert_eq!(archive.stage(event()).await.unwrap(), [stage(Some("t1")), stage(None)]);
    assert_eq!(archive.notices(event()).await.unwrap(), [notice]);
    assert!(archive.gaps(event()).await.unwrap().is_empty());
    let later = archive.tallies(event(), Micros(1), Micros(i64::MAX)).await.unwrap();
    assert_eq!(later, [tally(60_000_000)]);
    let events = archive.events().await.unwrap();
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].settings, settings("rustfest"));
    assert_eq!(events[0].cursor.as_ref().unwrap().position.seq, 8);
}

pub(crate) async fn events_are_kept_apart(world: &World) {
    let other = model::EventId::from_random(8);
    world.write(event(), vec![plain_post(1)]).await;
    world.write(other, vec![post(1, item(1, "same id elsewhere"), unsorted()), plain_post(2)]).await;
    assert_eq!(found(world, Scope::Event).await, [id(1)]);
    assert!(found(world, words("elsewhere")).await.is_empty());
    assert_eq!(world.archive.totals(other).await.unwrap().items, 2);
    assert!(world.archive.snapshot(model::EventId::from_random(9), 10).await.unwrap().is_none());
}

pub(crate) async fn versions_are_numbered_and_come_newest_first(world: &World) {
    let version = |seq: u64| {
        let said = serde_json::json!({"version": format!("v{seq}"), "changed": ["t1"], "dropped": []});
        entry(seq, Kind::Schedule(serde_json::from_value(said).unwrap()))
    };
    let log = vec![version(1), plain_post(2), version(3), version(4)];
    let at: Vec<Micros> = log.iter().map(|entry| entry.at).collect();
    world.write(event(), log).await;
    let told = |below, limit| async move {
        let versions = world.archive.versions(event(), below, limit).await.unwrap();
        versions.into_iter().map(|v| (v.n, v.seq, v.at, v.entry.version)).collect::<Vec<_>>()
    };
    let (one, two) = ((1, 1, Some(at[0]), "v1".to_owned()), (2, 3, Some(at[2]), "v3".to_owned()));
    let three = (3, 4, Some(at[3]), "v4".to_owned());
    assert_eq!(told(u64::MAX, 9).await, [three.clone(), two.clone(), one.clone()]);
    assert_eq!(told(u64::MAX, 1).await, [three]);
    assert_eq!(told(3, 9).await, [two, one.clone()]);
    assert_eq!(told(2, 9).await, [one]);
    assert!(told(1, 9).await.is_empty());
}
