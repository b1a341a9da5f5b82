//! The links that people share: kept in step with the items that hold them, and what they amount to.

use std::collections::{BTreeMap, BTreeSet};

use model::{EventId, FilingState, ItemId, Micros, Row, RowState, TalkId};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::Error;
use crate::query::{LINK_ROWS_MAX, LINK_TALKS_MAX, LINKS_MAX, Link, Links, Rank};
use crate::reads::rows_of;
use crate::record::{Record, damaged, plain, seq, text};
use crate::sql::{Backend, Sql, list};

/// Longer addresses are not counted: an index has a bound.
const LINK_BYTES_MAX: usize = 1_000;

/// A link that an item holds, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Held {
    id: String,
    link: String,
    said: i64,
    /// Half of a hash of network and account: people are only told apart.
    author: i64,
    /// The talk that the item is filed to.
    talk: Option<String>,
}

/// The links that count for an item: each once, and none unless it is shown and not covered.
pub(crate) fn held(row: &Row) -> Vec<Held> {
    let Some(item) = row.item.as_ref().filter(|item| row.state == RowState::Shown && item.cover.is_none())
    else {
        return Vec::new();
    };
    let links: BTreeSet<String> = model::link::shared(item)
        .filter_map(|shared| model::link::normal(shared.address))
        .filter(|link| link.len() <= LINK_BYTES_MAX)
        .collect();
    if links.is_empty() {
        return Vec::new();
    }
    let filing = row.filing.as_ref().filter(|filing| filing.state == FilingState::Filed);
    let talk = filing.and_then(|filing| filing.talk.as_ref()).map(|talk| plain(talk.as_str()));
    let digest = Sha256::digest(format!("{}:{}", item.network.name(), item.author.id).as_bytes());
    let author = i64::from_be_bytes(digest[..8].try_into().expect("SHA-256 has 32 bytes"));
    let held = |link: String| Held {
        id: row.id.as_str().to_owned(),
        link: plain(&link),
        said: item.when.0,
        author,
        talk: talk.clone(),
    };
    links.into_iter().map(held).collect()
}

/// Brings links and sums in step with these rows, and with the disappearance of those ids.
pub(crate) async fn put<DB: Backend>(
    connection: &mut DB::Connection,
    event: EventId,
    records: &[Record],
    gone: &[ItemId],
) -> Result<(), Error> {
    let ids: Vec<ItemId> = records.iter().map(|record| record.id).chain(gone.iter().copied()).collect();
    let mut was: BTreeMap<String, BTreeSet<Held>> = BTreeMap::new();
    for held in kept::<DB>(connection, event, &ids).await? {
        was.entry(held.id.clone()).or_default().insert(held);
    }
    let (mut stale, mut fresh, mut links) = (Vec::new(), Vec::new(), BTreeSet::new());
    for id in &ids {
        let now = records.iter().find(|record| record.id == *id);
        let now: BTreeSet<Held> =
            now.map_or_else(BTreeSet::new, |record| record.links.iter().cloned().collect());
        let was = was.remove(id.as_str()).unwrap_or_default();
        if was != now {
            links.extend(was.iter().chain(&now).map(|held| held.link.clone()));
            stale.push(*id);
            fresh.extend(now);
        }
    }
    if stale.is_empty() {
        return Ok(());
    }
    let mut sql = Sql::new("DELETE FROM item_link WHERE event = $1 AND id ");
    sql.push(DB::IN_LIST);
    DB::execute(connection, sql.arg(event).arg(list(&stale))).await?;
    if !fresh.is_empty() {
        DB::execute(connection, Sql::new(DB::PUT_LINKS).arg(event).arg(list(&fresh))).await?;
    }
    sum::<DB>(connection, event, &links.into_iter().collect::<Vec<_>>()).await
}

async fn kept<DB: Backend>(
    connection: &mut DB::Connection,
    event: EventId,
    ids: &[ItemId],
) -> Result<Vec<Held>, Error> {
    let mut sql = Sql::new("SELECT id, link, said, author, talk FROM item_link WHERE event = $1 AND id ");
    sql.push(DB::IN_LIST);
    let held = |row| {
        Ok(Held {
            id: text::<DB>(row, 0, "id")?,
            link: text::<DB>(row, 1, "link")?,
            said: DB::int(row, 2)?.unwrap_or(0),
            author: DB::int(row, 3)?.unwrap_or(0),
            talk: DB::text(row, 4)?,
        })
    };
    DB::fetch(connection, sql.arg(event).arg(list(ids))).await?.iter().map(held).collect()
}

/// Counts these links again.
async fn sum<DB: Backend>(
    connection: &mut DB::Connection,
    event: EventId,
    links: &[String],
) -> Result<(), Error> {
    let links = list(links);
    let mut sql = Sql::new("DELETE FROM link_sum WHERE event = $1 AND link ");
    sql.push(DB::IN_LIST);
    DB::execute(connection, sql.arg(event).arg(links.as_str())).await?;
    let mut sql = Sql::new(
        "INSERT INTO link_sum (event, link, people, items, first)
         SELECT event, link, count(DISTINCT author), count(*), min(said) FROM item_link WHERE event = $1 AND link ",
    );
    sql.push(DB::IN_LIST).push(" GROUP BY event, link");
    DB::execute(connection, sql.arg(event).arg(links)).await?;
    Ok(())
}

/// The links that most people shared.
pub(crate) async fn links<DB: Backend>(
    connection: &mut DB::Connection,
    event: EventId,
    of: &Links,
    after: Option<&Rank>,
    limit: u32,
) -> Result<Vec<Link>, Error> {
    let mut sql = match of {
        Links::Event => {
            Sql::new("SELECT people, first, link, items FROM link_sum WHERE event = $1").arg(event)
        }
        Links::Talk(talk) => Sql::new(
            "SELECT people, first, link, items FROM (
                 SELECT count(DISTINCT author) AS people, min(said) AS first, link, count(*) AS items
                 FROM item_link WHERE event = $1 AND talk = $2 GROUP BY link) AS sums WHERE 1 = 1",
        )
        .arg(event)
        .arg(talk.as_str()),
    };
    if let Some(after) = after {
        sql.push(" AND (people, first, link) < (").bind(after.people).push(", ").bind(after.first.0);
        sql.push(", ").bind(after.link.as_str()).push(")");
    }
    sql.push(" ORDER BY people DESC, first DESC, link DESC LIMIT ").bind(i64::from(limit.min(LINKS_MAX)));
    let mut found = Vec::new();
    for row in DB::fetch(connection, sql).await? {
        let rank = Rank {
            people: seq::<DB>(&row, 0)?,
            first: Micros(DB::int(&row, 1)?.unwrap_or(0)),
            link: text::<DB>(&row, 2, "link")?,
        };
        found.push(Link { items: seq::<DB>(&row, 3)?, rank, talks: Vec::new(), rows: Vec::new() });
    }
    let names: Vec<String> = found.iter().map(|link| link.rank.link.clone()).collect();
    let mut sharers = sharers::<DB>(connection, event, of, &names).await?;
    let mut talks =
        if *of == Links::Event { talks::<DB>(connection, event, &names).await? } else { BTreeMap::new() };
    for link in &mut found {
        link.rows = sharers.remove(&link.rank.link).unwrap_or_default();
        link.talks = talks.remove(&link.rank.link).unwrap_or_default();
    }
    Ok(found)
}

/// The first items that hold each of these links.
async fn sharers<DB: Backend>(
    connection: &mut DB::Connection,
    event: EventId,
    of: &Links,
    links: &[String],
) -> Result<BTreeMap<String, Vec<Row>>, Error> {
    let mut sql = Sql::new(
        "SELECT link, id FROM (SELECT link, id, row_number() OVER (PARTITION BY link ORDER BY said, id) AS nth
             FROM item_link WHERE event = $1 AND link ",
    )
    .arg(event)
    .arg(list(links));
    sql.push(DB::IN_LIST);
    if let Links::Talk(talk) = of {
        sql.push(" AND talk = ").bind(talk.as_str());
    }
    sql.push(") AS numbered WHERE nth <= ").bind(i64::from(LINK_ROWS_MAX)).push(" ORDER BY link, nth");
    let mut held: Vec<(String, ItemId)> = Vec::new();
    for row in DB::fetch(connection, sql).await? {
        let id = text::<DB>(&row, 1, "id")?;
        let id = id.parse().map_err(|error: model::BadId| damaged("id", &id, &error.to_string()))?;
        held.push((text::<DB>(&row, 0, "link")?, id));
    }
    let ids: Vec<ItemId> = held.iter().map(|(_, id)| *id).collect();
    let rows = rows_of::<DB>(connection, event, &ids).await?;
    let rows: BTreeMap<ItemId, Row> = rows.into_iter().map(|row| (row.id, row)).collect();
    let mut sharers: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    for (link, id) in held {
        sharers.entry(link).or_default().extend(rows.get(&id).cloned());
    }
    Ok(sharers)
}

/// The talks to which the items of each of these links are filed, the one with the most first.
async fn talks<DB: Backend>(
    connection: &mut DB::Connection,
    event: EventId,
    links: &[String],
) -> Result<BTreeMap<String, Vec<TalkId>>, Error> {
    let mut sql =
        Sql::new("SELECT link, talk FROM item_link WHERE event = $1 AND talk IS NOT NULL AND link ");
    sql.push(DB::IN_LIST).push(" GROUP BY link, talk ORDER BY link, count(*) DESC, talk");
    let mut talks: BTreeMap<String, Vec<TalkId>> = BTreeMap::new();
    for row in DB::fetch(connection, sql.arg(event).arg(list(links))).await? {
        let of = talks.entry(text::<DB>(&row, 0, "link")?).or_default();
        if of.len() < LINK_TALKS_MAX as usize {
            of.push(TalkId(text::<DB>(&row, 1, "talk")?));
        }
    }
    Ok(talks)
}
