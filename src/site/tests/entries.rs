//! Entries for tests, as short as they can be said.

use model::{
    Author, Body, Entry, Filing, FilingState, Fold, Gone, GoneBy, Item, ItemEntry, Kind, Micros, Network,
    Row, Run, Seq, TalkId, Uid,
};

/// Noon of 1 June 2026, UTC.
pub(in crate::site) const NOON: Micros = Micros(1_780_315_200_000_000);

/// An item by its native id.
pub(in crate::site) fn item(native: &str, body: Body) -> Item {
    Item {
        uid: Uid::new("mastodon", native),
        network: Network::Mastodon,
        source: "fosstodon".into(),
        rev: 0,
        url: Some(format!("https://social.example/@ada/{native}")),
        when: NOON,
        author: Author {
            id: "1".into(),
            name: "Ada".into(),
            handle: "@ada@social.example".into(),
            url: None,
            avatar: None,
        },
        title: None,
        body,
        lang: Some("en".into()),
        cover: None,
        reply_to: None,
        quotes: None,
        media: Vec::new(),
        card: None,
        counts: model::Counts::default(),
        marks: Vec::new(),
        late: false,
        retain: model::Retain::Archive,
        tags: Vec::new(),
        at: None,
    }
}

/// A post of that item.
pub(in crate::site) fn post_of(seq: Seq, item: Item) -> Entry {
    let id = item.id();
    let at = NOON.plus(i64::try_from(seq).expect("small") * Micros::SECOND);
    let filing = Filing {
        talk: Some(TalkId("t1".into())),
        room: Some("main-hall".into()),
        state: FilingState::Filed,
        score: 0.6,
        by: model::By::Rule,
        reasons: vec!["It was the only talk on when this was said.".into()],
    };
    Entry {
        seq,
        at,
        kind: Kind::Post(Box::new(ItemEntry { id, first: seq, voids: Vec::new(), item, filing })),
    }
}

pub(in crate::site) fn post(seq: Seq, native: &str, words: &str) -> Entry {
    post_of(seq, item(native, Body(vec![Run::text(words)])))
}

pub(in crate::site) fn edit(seq: Seq, first: Seq, native: &str, words: &str) -> Entry {
    let mut entry = post(seq, native, words);
    if let Kind::Post(mut e) = entry.kind {
        e.first = first;
        e.voids = vec![first];
        e.item.rev = 1;
        entry.kind = Kind::Edit(e);
    }
    entry
}

pub(in crate::site) fn gone(seq: Seq, first: Seq, native: &str, for_good: bool) -> Entry {
    let gone = Gone { id: Uid::new("mastodon", native).id(), first, voids: vec![first], by: GoneBy::Author };
    let at = NOON.plus(i64::try_from(seq).expect("small") * Micros::SECOND);
    Entry { seq, at, kind: if for_good { Kind::Remove(gone) } else { Kind::Hide(gone) } }
}

/// The one row that these entries fold to.
pub(in crate::site) fn row_of(entries: &[Entry]) -> Row {
    let mut fold = Fold::default();
    let mut sorted = entries.to_vec();
    sorted.sort_by_key(|entry| entry.seq);
    for entry in &sorted {
        fold.apply(entry);
    }
    fold.items.into_values().next().expect("one item")
}
