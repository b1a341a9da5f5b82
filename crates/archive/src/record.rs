//! One item as a row of the archive: the columns that queries open, and the rest as JSON text.

use model::{EventId, FilingState, GoneBy, Item, ItemId, Mark, Micros, Retain, Row, RowState, ScheduleEntry};
use sqlx::Database;

use crate::Error;
use crate::links::{self, Held};
use crate::sql::Backend;
use crate::tokens::Tokens;

/// The columns that [`read_row`] expects, in its order.
macro_rules! row_columns {
    () => {
        "id, state, first, last, touched, item, filing, gone_by, at"
    };
}
pub(crate) use row_columns;

/// A row as it is written.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) id: ItemId,
    pub(crate) state: &'static str,
    pub(crate) first: i64,
    pub(crate) last: i64,
    pub(crate) touched: i64,
    pub(crate) gone_by: Option<&'static str>,
    pub(crate) at: i64,
    pub(crate) said: Option<i64>,
    pub(crate) filed: Option<&'static str>,
    pub(crate) talk: Option<String>,
    pub(crate) room: Option<String>,
    pub(crate) network: Option<&'static str>,
    /// Network and account, so that people can be counted.
    pub(crate) author: Option<String>,
    pub(crate) reply_to: Option<ItemId>,
    pub(crate) photo: bool,
    pub(crate) question: bool,
    pub(crate) item: Option<String>,
    pub(crate) filing: Option<String>,
    /// What it is found by; none unless shown.
    pub(crate) tokens: Option<Tokens>,
    /// The links that count for it.
    pub(crate) links: Vec<Held>,
}

/// Whether a row may be stored: its author may have asked that it is only shown live.
pub(crate) fn is_kept(row: &Row) -> bool {
    row.item.as_ref().is_none_or(|item| item.retain != Retain::Live)
}

impl Record {
    pub(crate) fn new(event: EventId, row: &Row) -> Self {
        let item = row.item.as_ref();
        let filing = row.filing.as_ref();
        Self {
            id: row.id,
            state: state_name(row.state),
            first: number(row.first),
            last: number(row.last),
            touched: number(row.touched),
            gone_by: row.by.map(GoneBy::name),
            at: row.at.0,
            said: item.map(|item| item.when.0),
            filed: filing.map(|filing| filed_name(filing.state)),
            talk: filing.and_then(|filing| filing.talk.as_ref()).map(|talk| plain(talk.as_str())),
            room: filing.and_then(|filing| filing.room.as_ref()).map(|room| plain(room)),
            network: item.map(|item| item.network.name()),
            author: item.map(|item| plain(&format!("{}:{}", item.network.name(), item.author.id))),
            reply_to: item.and_then(|item| item.reply_to),
            photo: item.is_some_and(Item::has_photo),
            question: item.is_some_and(|item| item.marks.contains(&Mark::Question)),
            item: item.map(json),
            filing: filing.map(json),
            tokens: Tokens::of(event, row),
            links: links::held(row),
        }
    }
}

/// Seqs stay below 2^53, which the wire form requires.
pub(crate) fn number(seq: u64) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}

/// A schedule version as it is kept: with the moment of its entry, which the entry's words do not tell.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
pub(crate) struct Versioned {
    #[serde(default)]
    pub(crate) at: Option<Micros>,
    #[serde(flatten)]
    pub(crate) entry: ScheduleEntry,
}

pub(crate) fn json<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("the log's types hold no maps with keys that are no text")
}

/// PostgreSQL's text holds no NUL. Columns are only compared with each other, so a stand-in serves.
pub(crate) fn plain(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

fn state_name(state: RowState) -> &'static str {
    match state {
        RowState::Shown => "shown",
        RowState::Hidden => "hidden",
        RowState::Removed => "removed",
    }
}

fn filed_name(state: FilingState) -> &'static str {
    match state {
        FilingState::Filed => "filed",
        FilingState::Suggested => "suggested",
        FilingState::Unsorted => "unsorted",
        FilingState::Event => "event",
    }
}

fn gone_by(id: &str, name: &str) -> Result<GoneBy, Error> {
    [GoneBy::Author, GoneBy::Network, GoneBy::Moderator, GoneBy::Law]
        .into_iter()
        .find(|by| by.name() == name)
        .ok_or_else(|| damaged("gone_by", id, &format!("{name:?}")))
}

/// Reads the columns named by `row_columns!`.
pub(crate) fn read_row<DB: Backend>(row: &<DB as Database>::Row) -> Result<Row, Error> {
    let id = text::<DB>(row, 0, "id")?;
    let state = match text::<DB>(row, 1, "state")?.as_str() {
        "shown" => RowState::Shown,
        "hidden" => RowState::Hidden,
        "removed" => RowState::Removed,
        other => return Err(damaged("state", &id, &format!("{other:?}"))),
    };
    let item: Option<String> = DB::text(row, 5)?;
    let filing: Option<String> = DB::text(row, 6)?;
    Ok(Row {
        state,
        item: item.map(|text| parse("item", &id, &text)).transpose()?,
        filing: filing.map(|text| parse("filing", &id, &text)).transpose()?,
        first: seq::<DB>(row, 2)?,
        last: seq::<DB>(row, 3)?,
        touched: seq::<DB>(row, 4)?,
        by: DB::text(row, 7)?.map(|name| gone_by(&id, &name)).transpose()?,
        at: Micros(DB::int(row, 8)?.unwrap_or_default()),
        id: id.parse().map_err(|error: model::BadId| damaged("id", &id, &error.to_string()))?,
    })
}

/// A text column that is never null.
pub(crate) fn text<DB: Backend>(
    row: &<DB as Database>::Row,
    index: usize,
    what: &'static str,
) -> Result<String, Error> {
    DB::text(row, index)?.ok_or_else(|| damaged(what, "a row", "null"))
}

/// A column that holds a seq, a count or another number that is never negative.
pub(crate) fn seq<DB: Backend>(row: &<DB as Database>::Row, index: usize) -> Result<u64, Error> {
    let value = DB::int(row, index)?.unwrap_or(0);
    u64::try_from(value).map_err(|_| damaged("number", "a row", &value.to_string()))
}

/// Reads a JSON column.
pub(crate) fn parse<T: serde::de::DeserializeOwned>(
    what: &'static str,
    key: &str,
    text: &str,
) -> Result<T, Error> {
    serde_json::from_str(text).map_err(|error| damaged(what, key, &error.to_string()))
}

pub(crate) fn damaged(what: &'static str, key: &str, why: &str) -> Error {
    Error::Damaged { what, key: key.to_owned(), why: why.to_owned() }
}
