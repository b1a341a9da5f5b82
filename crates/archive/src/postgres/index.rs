//! Search in PostgreSQL: a narrow table of terms with an inverted index. What is common is found among the newest rows, read in
//! the order of time; what is not comes from the index, which gives few hits, or the rows of many hits from few pages.

use model::EventId;
use sqlx::PgConnection;

use crate::Error;
use crate::find::{by_time, push_bounds};
use crate::query::Query;
use crate::record::{Record, row_columns};
use crate::sql::{Backend as _, Sql, list};
use crate::tokens::{Tokens, Wanted};

/// Rows that are looked through before the index is asked. Words that a tenth of all items hold fill a page from these.
const LOOKED_THROUGH: i64 = 1_000;
/// The largest place that a tsvector keeps.
const PLACE_MAX: usize = 16_383;

/// Writes what items are found by, except where nothing of it changed.
pub(super) async fn put(
    connection: &mut PgConnection,
    event: EventId,
    records: &[Record],
) -> Result<(), Error> {
    let gone: Vec<_> =
        records.iter().filter(|record| record.tokens.is_none()).map(|record| record.id).collect();
    if !gone.is_empty() {
        let mut sql = Sql::new("DELETE FROM item_search WHERE event = $1 AND id ");
        sql.push(sqlx::Postgres::IN_LIST);
        sqlx::Postgres::execute(connection, sql.arg(event).arg(list(&gone))).await?;
    }
    let (mut ids, mut said, mut terms) = (Vec::new(), Vec::new(), Vec::new());
    for record in records {
        let Some(tokens) = &record.tokens else { continue };
        ids.push(record.id.as_str().to_owned());
        said.push(record.said.unwrap_or_default());
        terms.push(vector(tokens));
    }
    if ids.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO item_search AS kept (event, id, said, terms)
         SELECT $1, id, said, CAST(terms AS tsvector) FROM unnest($2::text[], $3::bigint[], $4::text[]) AS t (id, said, terms)
         ON CONFLICT (event, id) DO UPDATE SET said = excluded.said, terms = excluded.terms
         WHERE kept.said <> excluded.said OR kept.terms <> excluded.terms",
    )
    .bind(event.as_str())
    .bind(ids)
    .bind(said)
    .bind(terms)
    .execute(connection)
    .await?;
    Ok(())
}

/// `'words':1 'of':2 'it':3 'mark'`.
fn vector(tokens: &Tokens) -> String {
    let words = tokens.words.iter().map(|(place, term)| match place {
        1..=PLACE_MAX => format!("{}:{place}", lexeme(term)),
        _ => lexeme(term),
    });
    words.chain(tokens.marks.iter().map(|mark| lexeme(mark))).collect::<Vec<_>>().join(" ")
}

/// What is wanted as a tsquery.
fn matching(wanted: &Wanted) -> String {
    let phrases = wanted.phrases.iter().map(|phrase| {
        let terms: Vec<String> = phrase.terms.iter().map(|term| lexeme(term)).collect();
        format!("{}{}", terms.join(" <-> "), if phrase.is_open { ":*" } else { "" })
    });
    phrases.chain(wanted.marks.iter().map(|mark| lexeme(mark))).collect::<Vec<_>>().join(" & ")
}

/// A term as tsvector and tsquery write it, taken as it is: no configuration cuts or stems it again.
fn lexeme(term: &str) -> String {
    format!("'{}'", term.replace('\\', "\\\\").replace('\'', "''"))
}

/// Begins a page: the rows of hits that the text behind it gives, between parentheses.
fn rows_of(event: EventId, wanted: &Wanted) -> Sql {
    let mut sql = Sql::new("SELECT ").arg(event).arg(matching(wanted));
    sql.push(row_columns!()).push(" FROM (SELECT id AS hit, said AS hit_said FROM ");
    sql
}

pub(super) fn search(event: EventId, wanted: &Wanted, query: &Query) -> Vec<Sql> {
    let order = by_time(query.order);
    let limit = i64::from(query.rows_max());
    let mut newest = rows_of(event, wanted);
    newest.push("(SELECT id, said, terms FROM item_search WHERE event = $1");
    push_bounds(&mut newest, query);
    newest.push(order).push(" LIMIT ").bind(LOOKED_THROUGH);
    newest.push(") AS newest WHERE terms @@ CAST($2 AS tsquery)");
    // The event is one of the marks. Named as a column, it would offer the planner a walk through all items in their order.
    let mut all = rows_of(event, wanted);
    all.push("item_search WHERE terms @@ CAST($2 AS tsquery)");
    push_bounds(&mut all, query);
    let finish = |mut sql: Sql| {
        sql.push(order).push(" LIMIT ").bind(limit);
        sql.push(") AS hits JOIN item ON item.event = $1 AND item.id = hits.hit AND state = 'shown'")
            .push(order);
        sql
    };
    vec![finish(newest), finish(all)]
}

pub(super) fn count(event: EventId, wanted: &Wanted, query: &Query, most: u32) -> Sql {
    let mut sql = Sql::new(
        "SELECT count(*) FROM (SELECT 1 FROM item_search WHERE event = $1 AND terms @@ CAST($2 AS tsquery)",
    )
    .arg(event)
    .arg(matching(wanted));
    push_bounds(&mut sql, &Query { after: None, ..query.clone() });
    sql.push(" LIMIT ").bind(i64::from(most)).push(") AS found");
    sql
}
