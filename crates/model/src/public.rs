//! The public form of an entry: what leaves the server. No uid, no talk abstract, nothing that only we should know.

use crate::{
    Author, Body, Card, Counts, Entry, EventEntry, Filing, Item, ItemEntry, ItemId, Kind, Mark, Media,
    Micros, Network, Retain, Row, ScheduleEntry, Seq, Talk,
};
use serde::{Serialize, Serializer, ser::SerializeMap};

/// An item without its uid. Field for field what [`Item`] says.
#[derive(Debug, Serialize)]
pub struct PublicItem<'a> {
    network: Network,
    source: &'a str,
    rev: u64,
    url: &'a Option<String>,
    when: Micros,
    author: &'a Author,
    title: &'a Option<String>,
    body: &'a Body,
    lang: &'a Option<String>,
    cover: &'a Option<String>,
    reply_to: &'a Option<ItemId>,
    quotes: &'a Option<ItemId>,
    media: &'a [Media],
    card: &'a Option<Card>,
    counts: Counts,
    marks: &'a [Mark],
    late: bool,
    retain: Retain,
}

impl<'a> From<&'a Item> for PublicItem<'a> {
    fn from(item: &'a Item) -> Self {
        Self {
            network: item.network,
            source: &item.source,
            rev: item.rev,
            url: &item.url,
            when: item.when,
            author: &item.author,
            title: &item.title,
            body: &item.body,
            lang: &item.lang,
            cover: &item.cover,
            reply_to: &item.reply_to,
            quotes: &item.quotes,
            media: &item.media,
            card: &item.card,
            counts: item.counts,
            marks: &item.marks,
            late: item.late,
            retain: item.retain,
        }
    }
}

/// An entry as everybody may read it. Serialises to one JSON object.
#[derive(Debug)]
pub struct PublicEntry<'a>(pub &'a Entry);

#[derive(Serialize)]
struct PublicItemEntry<'a> {
    seq: Seq,
    at: Micros,
    kind: &'static str,
    id: ItemId,
    first: Seq,
    voids: &'a [Seq],
    item: PublicItem<'a>,
    filing: &'a Filing,
}

impl Serialize for PublicEntry<'_> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let entry = self.0;
        match &entry.kind {
            Kind::Post(e) | Kind::Edit(e) | Kind::Show(e) => item_entry(entry, e).serialize(s),
            Kind::Talk { talk } => {
                let mut map = s.serialize_map(Some(4))?;
                map.serialize_entry("seq", &entry.seq)?;
                map.serialize_entry("at", &entry.at)?;
                map.serialize_entry("kind", entry.name())?;
                map.serialize_entry("talk", &public_talk(talk))?;
                map.end()
            }
            // Pages print these; a browser that follows the log needs no copy.
            Kind::Event { event } if event.privacy.is_some() || event.imprint.is_some() => {
                let event = EventEntry { privacy: None, imprint: None, ..(**event).clone() };
                Entry { seq: entry.seq, at: entry.at, kind: Kind::Event { event: Box::new(event) } }
                    .serialize(s)
            }
            Kind::Schedule(version) => {
                let version = ScheduleEntry { changes: Vec::new(), more: 0, ..version.clone() };
                Entry { seq: entry.seq, at: entry.at, kind: Kind::Schedule(version) }.serialize(s)
            }
            _ => entry.serialize(s),
        }
    }
}

fn item_entry<'a>(entry: &Entry, e: &'a ItemEntry) -> PublicItemEntry<'a> {
    PublicItemEntry {
        seq: entry.seq,
        at: entry.at,
        kind: entry.name(),
        id: e.id,
        first: e.first,
        voids: &e.voids,
        item: (&e.item).into(),
        filing: &e.filing,
    }
}

/// A talk without its abstract.
#[must_use]
pub fn public_talk(talk: &Talk) -> Talk {
    Talk { summary: None, ..talk.clone() }
}

/// The public form of an entry as JSON bytes.
#[must_use]
pub fn entry_json(entry: &Entry) -> Vec<u8> {
    serde_json::to_vec(&PublicEntry(entry)).expect("entries hold no maps with keys that are no text")
}

/// One line of `export.ndjson`: the public item with its id, its filing, and the seq under which it was first public.
#[derive(Debug, Serialize)]
pub struct ExportLine<'a> {
    /// The item's id.
    pub id: ItemId,
    /// The seq under which it was first public.
    pub seq: Seq,
    /// The item.
    pub item: PublicItem<'a>,
    /// Where it is filed.
    pub filing: &'a Option<Filing>,
}

/// The export line of a shown row; none for hidden and removed ones.
#[must_use]
pub fn export_line(row: &Row) -> Option<ExportLine<'_>> {
    let item = row.item.as_ref()?;
    Some(ExportLine { id: row.id, seq: row.first, item: item.into(), filing: &row.filing })
}
