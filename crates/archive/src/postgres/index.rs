//! Search in PostgreSQL: a narrow table of terms with an inverted index. What is common is found among the newest rows, read in
//! the order of time; what is not comes from the index, which gives few hits, or the rows of many hits from few pages.

use model::EventId;
use sha2::{Digest as _, Sha256};
use sqlx::PgConnection;

use crate::Error;
use crate::find::{by_time, push_bounds};
use crate::query::{Order, Query};
use crate::record::{Record, row_columns};
use crate::sql::{Backend as _, Sql, Way, list};
use crate::tokens::{STRETCH, STRETCHES_BEFORE_1970, Tokens, Wanted, stretch_mark};

/// Rows that are looked through before the index is asked. Words that a tenth of all items hold fill a page from these.
const LOOKED_THROUGH: i64 = 1_000;
/// Hits that are sorted as they come from the index.
const FEW_MAX: u64 = 500;
/// `tokens::stretch` of a row, as SQL: [`STRETCH`] and [`STRETCHES_BEFORE_1970`] written out.
const STRETCH_OF: &str = "CAST(floor(said / 14400000000.0) AS bigint) + 1000000000";
const _: () = assert!(STRETCH == 14_400_000_000 && STRETCHES_BEFORE_1970 == 1_000_000_000);
/// The largest place that a tsvector keeps.
const PLACE_MAX: usize = 16_383;
/// Begins what stands for two terms side by side. Marks begin with another character for private use.
const PAIR: char = '\u{e002}';

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
    let pairs = tokens.words.windows(2).filter(|two| two[1].0 == two[0].0 + 1);
    let pairs = pairs.map(|two| lexeme(&pair(&two[0].1, &two[1].1)));
    words.chain(pairs).chain(tokens.marks.iter().map(|mark| lexeme(mark))).collect::<Vec<_>>().join(" ")
}

/// What stands for two terms side by side. The index knows no places, so without it a phrase of two common words would have to be looked
/// for in every item that holds both. Short, as there are so many; where two pairs share one, the places decide.
fn pair(one: &str, next: &str) -> String {
    const DIGITS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let hash = Sha256::new().chain_update(one).chain_update([0]).chain_update(next).finalize();
    let digits = hash[..4].iter().map(|byte| char::from(DIGITS[usize::from(byte % 32)]));
    std::iter::once(PAIR).chain(digits).collect()
}

/// What is wanted as a tsquery.
fn matching(wanted: &Wanted) -> String {
    let phrases = wanted.phrases.iter().map(|phrase| {
        let terms: Vec<String> = phrase.terms.iter().map(|term| lexeme(term)).collect();
        format!("{}{}", terms.join(" <-> "), if phrase.is_open { ":*" } else { "" })
    });
    let pairs = wanted.phrases.iter().flat_map(|phrase| {
        // What is only begun is half of no pair.
        let whole = phrase.terms.len() - usize::from(phrase.is_open);
        phrase.terms[..whole].windows(2).map(|two| lexeme(&pair(&two[0], &two[1])))
    });
    phrases.chain(pairs).chain(wanted.marks.iter().map(|mark| lexeme(mark))).collect::<Vec<_>>().join(" & ")
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

/// Ends a page.
fn finish(mut sql: Sql, query: &Query) -> Sql {
    let order = by_time(query.order);
    sql.push(order).push(" LIMIT ").bind(i64::from(query.rows_max()));
    sql.push(") AS hits JOIN item ON item.event = $1 AND item.id = hits.hit AND state = 'shown'").push(order);
    sql
}

pub(super) fn search(event: EventId, wanted: &Wanted, query: &Query) -> Way {
    Way::Several {
        next: next(event, wanted, query),
        hits: hits(wanted, query, FEW_MAX + 1),
        few_max: FEW_MAX,
        few: few(event, wanted, query),
        many: walk(event, wanted, query),
    }
}

/// What is common: looked for in the rows that come next, in their order.
fn next(event: EventId, wanted: &Wanted, query: &Query) -> Sql {
    let mut sql = rows_of(event, wanted);
    sql.push("(SELECT id, said, terms FROM item_search WHERE event = $1");
    push_bounds(&mut sql, query);
    sql.push(by_time(query.order)).push(" LIMIT ").bind(LOOKED_THROUGH);
    sql.push(") AS newest WHERE terms @@ CAST($2 AS tsquery)");
    finish(sql, query)
}

/// What is rare: all of its hits. The event is one of the marks. Named as a column, it would offer the planner a walk through all
/// items in their order.
fn few(event: EventId, wanted: &Wanted, query: &Query) -> Sql {
    let mut sql = rows_of(event, wanted);
    sql.push("item_search WHERE terms @@ CAST($2 AS tsquery)");
    push_bounds(&mut sql, query);
    finish(sql, query)
}

/// What is common, but not here: stretches of time, one behind the other, each asked of the index by its mark. Stretches in which
/// nothing was said are left out by a look at the index of times, and those behind the end of the page are never asked.
fn walk(event: EventId, wanted: &Wanted, query: &Query) -> Sql {
    let (order, limit) = (by_time(query.order), i64::from(query.rows_max()));
    let mut sql = Sql::new("WITH RECURSIVE walk (stretch) AS ((SELECT ").arg(event).arg(matching(wanted));
    sql.push(STRETCH_OF).push(" FROM item_search WHERE event = $1");
    push_bounds(&mut sql, query);
    sql.push(order).push(" LIMIT 1) UNION ALL SELECT (SELECT ").push(STRETCH_OF);
    sql.push(" FROM item_search WHERE event = $1 AND said ");
    sql.push(match query.order {
        Order::NewestFirst => "< (walk.stretch - 1000000000) * 14400000000",
        Order::OldestFirst => ">= (walk.stretch - 999999999) * 14400000000",
    });
    push_bounds(&mut sql, query);
    sql.push(order).push(" LIMIT 1) FROM walk WHERE walk.stretch IS NOT NULL) SELECT ").push(row_columns!());
    sql.push(
        " FROM (SELECT hit FROM walk CROSS JOIN LATERAL (
             SELECT id AS hit FROM item_search WHERE terms @@ CAST($2 || ' & ''' || ",
    );
    sql.bind(stretch_mark()).push(" || walk.stretch || '''' AS tsquery)");
    push_bounds(&mut sql, query);
    sql.push(order).push(" LIMIT ").bind(limit);
    sql.push(") AS found WHERE walk.stretch IS NOT NULL LIMIT ").bind(limit);
    sql.push(") AS hits JOIN item ON item.event = $1 AND item.id = hits.hit AND state = 'shown'").push(order);
    sql
}

pub(super) fn count(wanted: &Wanted, query: &Query, most: u32) -> Sql {
    hits(wanted, &Query { after: None, ..query.clone() }, u64::from(most))
}

/// How many hits there are within the bounds; counting stops at `most`.
fn hits(wanted: &Wanted, query: &Query, most: u64) -> Sql {
    let mut sql =
        Sql::new("SELECT count(*) FROM (SELECT 1 FROM item_search WHERE terms @@ CAST($1 AS tsquery)")
            .arg(matching(wanted));
    push_bounds(&mut sql, query);
    sql.push(" LIMIT ").bind(most).push(") AS found");
    sql
}
