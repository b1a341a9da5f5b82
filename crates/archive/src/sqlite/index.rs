//! Search in SQLite: a full-text index whose row numbers, the *spots*, grow with the time of what they stand for. It gives its
//! hits in their order, so a page of the newest is read from the end, and nobody sorts a hundred thousand.

use model::EventId;
use sqlx::SqliteConnection;

use crate::Error;
use crate::find::{by_time, push_bounds};
use crate::query::{Order, Query};
use crate::record::{Record, row_columns};
use crate::sql::Sql;
use crate::tokens::{Tokens, Wanted};

/// Bits of a spot below the second: sixteen million items can be said in one.
const SECOND_BITS: u32 = 24;
/// Seconds that a spot has room for on either side of 1970: 17,000 years.
const SECONDS_MAX: i64 = 1 << 39;
/// Stands where no phrase reaches across. Marks begin like it and are longer.
const APART: &str = "\u{e000}";

/// Writes what an item is found by, unless nothing of it changed.
pub(super) async fn put(
    connection: &mut SqliteConnection,
    event: EventId,
    record: &Record,
) -> Result<(), Error> {
    let old: Option<i64> = sqlx::query_scalar("SELECT spot FROM item WHERE event = $1 AND id = $2")
        .bind(event.as_str())
        .bind(record.id.as_str())
        .fetch_one(&mut *connection)
        .await?;
    let terms = record.tokens.as_ref().map(text);
    let second = record.said.map_or(0, spot_of);
    if let (Some(old), Some(terms)) = (old, &terms)
        && old >> SECOND_BITS == second >> SECOND_BITS
    {
        let is_same = "SELECT count(*) FROM item_terms WHERE rowid = $1 AND terms = $2";
        if sqlx::query_scalar::<_, i64>(is_same).bind(old).bind(terms).fetch_one(&mut *connection).await? == 1
        {
            return Ok(());
        }
    }
    if let Some(old) = old {
        sqlx::query("DELETE FROM item_terms WHERE rowid = $1").bind(old).execute(&mut *connection).await?;
    }
    let spot = match &terms {
        None => None,
        Some(_) => Some(match old.filter(|old| old >> SECOND_BITS == second >> SECOND_BITS) {
            Some(old) => old,
            None => free(connection, second).await?,
        }),
    };
    if spot != old {
        sqlx::query("UPDATE item SET spot = $3 WHERE event = $1 AND id = $2")
            .bind(event.as_str())
            .bind(record.id.as_str())
            .bind(spot)
            .execute(&mut *connection)
            .await?;
    }
    if let (Some(spot), Some(terms)) = (spot, terms) {
        sqlx::query("INSERT INTO item_terms (rowid, terms) VALUES ($1, $2)")
            .bind(spot)
            .bind(terms)
            .execute(connection)
            .await?;
    }
    Ok(())
}

/// The first spot of the second in which something was said.
fn spot_of(said: i64) -> i64 {
    said.div_euclid(1_000_000).clamp(-SECONDS_MAX, SECONDS_MAX - 1) << SECOND_BITS
}

/// The first spot behind the second in which something was said; none behind the last of all.
fn behind(said: i64) -> Option<i64> {
    spot_of(said).checked_add(1 << SECOND_BITS)
}

/// A spot of this second that nobody has.
async fn free(connection: &mut SqliteConnection, second: i64) -> Result<i64, sqlx::Error> {
    let last: Option<i64> = sqlx::query_scalar("SELECT max(spot) FROM item WHERE spot BETWEEN $1 AND $2")
        .bind(second)
        .bind(second | ((1 << SECOND_BITS) - 1))
        .fetch_one(connection)
        .await?;
    Ok(last.map_or(second, |last| last + 1))
}

/// What is indexed: terms and marks, parted by blanks.
fn text(tokens: &Tokens) -> String {
    let mut out = String::new();
    let mut last = 0;
    for (place, term) in &tokens.words {
        if *place > last + 1 {
            out.push_str(APART);
            out.push(' ');
        }
        last = *place;
        out.push_str(term);
        out.push(' ');
    }
    out.push_str(APART);
    for mark in &tokens.marks {
        out.push(' ');
        out.push_str(mark);
    }
    out
}

/// What is wanted as FTS5 reads it. Terms hold no quotation mark: they are letters and digits.
fn matching(wanted: &Wanted) -> String {
    let phrases = wanted.phrases.iter().map(|phrase| {
        let open = if phrase.is_open { " *" } else { "" };
        format!("\"{}\"{open}", phrase.terms.join(" "))
    });
    let marks = wanted.marks.iter().map(|mark| format!("\"{mark}\""));
    phrases.chain(marks).collect::<Vec<_>>().join(" AND ")
}

/// The spots that a query's bounds leave.
struct Span {
    /// From this one on.
    from: i64,
    /// Up to this one.
    to: i64,
    /// Spots from here to there hold nothing that the bounds leave out: those of whole seconds between them.
    whole: (i64, i64),
}

impl Span {
    fn of(query: &Query) -> Self {
        let (mut first, mut last) =
            (query.from.map(|from| from.0), query.to.map(|to| to.0.saturating_sub(1)));
        if let Some(after) = query.after {
            match query.order {
                Order::OldestFirst => first = Some(first.map_or(after.when.0, |at| at.max(after.when.0))),
                Order::NewestFirst => last = Some(last.map_or(after.when.0, |at| at.min(after.when.0))),
            }
        }
        Self {
            from: first.map_or(i64::MIN, spot_of),
            to: last.and_then(behind).map_or(i64::MAX, |next| next - 1),
            whole: (
                first.map_or(i64::MIN, |first| behind(first).unwrap_or(i64::MAX)),
                last.map_or(i64::MAX, |last| spot_of(last).saturating_sub(1)),
            ),
        }
    }
}

/// A page: first the spot of the last hit that can be on it, counted within whole seconds; then the rows of all hits up to the end
/// of that second, in their exact order.
pub(super) fn search(event: EventId, wanted: &Wanted, query: &Query) -> Sql {
    let span = Span::of(query);
    let wanted = matching(wanted);
    let skipped = i64::from(query.rows_max().max(1)) - 1;
    let last =
        "(SELECT rowid FROM item_terms WHERE item_terms MATCH $2 AND rowid BETWEEN $5 AND $6 ORDER BY rowid";
    let (low, high) = match query.order {
        Order::NewestFirst => ("coalesce((", "$4"),
        Order::OldestFirst => ("$3", "coalesce(("),
    };
    let mut sql = Sql::new("SELECT ")
        .arg(event)
        .arg(wanted)
        .arg(span.from)
        .arg(span.to)
        .arg(span.whole.0)
        .arg(span.whole.1)
        .arg(skipped);
    sql.push(row_columns!()).push(
        " FROM item_terms CROSS JOIN item ON item.spot = item_terms.rowid
         WHERE item_terms MATCH $2 AND item_terms.rowid BETWEEN ",
    );
    match query.order {
        Order::NewestFirst => {
            sql.push(low).push(last).push(" DESC LIMIT 1 OFFSET $7) >> 24) << 24, $3) AND ").push(high);
        }
        Order::OldestFirst => {
            sql.push(low).push(" AND ").push(high).push(last).push(" LIMIT 1 OFFSET $7) | 16777215), $4)");
        }
    }
    sql.push(" AND event = $1 AND state = 'shown'");
    push_bounds(&mut sql, query);
    sql.push(by_time(query.order)).push(" LIMIT ").bind(i64::from(query.rows_max()));
    sql
}

pub(super) fn count(event: EventId, wanted: &Wanted, query: &Query, most: u32) -> Sql {
    let query = Query { after: None, ..query.clone() };
    let span = Span::of(&query);
    let mut sql = Sql::new(
        "SELECT count(*) FROM (
             SELECT 1 FROM item_terms CROSS JOIN item ON item.spot = item_terms.rowid
             WHERE item_terms MATCH $2 AND item_terms.rowid BETWEEN $3 AND $4 AND event = $1 AND state = 'shown'",
    )
    .arg(event)
    .arg(matching(wanted))
    .arg(span.from)
    .arg(span.to);
    push_bounds(&mut sql, &query);
    sql.push(" LIMIT ").bind(i64::from(most)).push(")");
    sql
}
