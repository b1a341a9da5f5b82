//! What is asked about people.

use std::collections::BTreeMap;

use model::{EventId, Micros};

use super::{Account, AuditLine, AuditPage, AuditRow, Capability, Grant, PersonId, Role, Session, TokenHash};
use crate::Error;
use crate::sql::{Backend, Sql};

/// Most lines of one answer.
const AUDIT_LIMIT_MAX: u32 = 200;

pub(super) async fn version<DB: Backend>(connection: &mut DB::Connection) -> Result<i64, Error> {
    let rows = DB::fetch(connection, Sql::new("SELECT n FROM site_version WHERE id = 1")).await?;
    rows.first().map_or(Ok(0), |row| int::<DB>(row, 0))
}

pub(super) async fn has_owner<DB: Backend>(connection: &mut DB::Connection) -> Result<bool, Error> {
    let sql = Sql::new("SELECT account FROM site_grant WHERE event = '' AND role = 'owner' LIMIT 1");
    Ok(!DB::fetch(connection, sql).await?.is_empty())
}

pub(super) async fn accounts<DB: Backend>(connection: &mut DB::Connection) -> Result<Vec<Account>, Error> {
    let mut sql = Sql::new(
        "SELECT id, login, name, CAST(CASE WHEN password = '' THEN 0 ELSE 1 END AS BIGINT), disabled, made FROM site_account ORDER BY login",
    );
    sql.push(" LIMIT ").bind(i64::from(super::ACCOUNTS_MAX));
    let rows = DB::fetch(connection, sql).await?;
    let mut grants = all_grants::<DB>(connection).await?;
    rows.iter()
        .map(|row| {
            let id = PersonId(text::<DB>(row, 0)?);
            let grants = grants.remove(&id).unwrap_or_default();
            read_account::<DB>(row, grants)
        })
        .collect()
}

pub(super) async fn account<DB: Backend>(
    connection: &mut DB::Connection,
    id: &PersonId,
) -> Result<Option<Account>, Error> {
    let sql = Sql::new(
        "SELECT id, login, name, CAST(CASE WHEN password = '' THEN 0 ELSE 1 END AS BIGINT), disabled, made FROM site_account WHERE id = $1",
    );
    one::<DB>(connection, sql.arg(id.0.as_str())).await
}

pub(super) async fn login<DB: Backend>(
    connection: &mut DB::Connection,
    login: &str,
) -> Result<Option<(Account, String)>, Error> {
    let sql = Sql::new(
        "SELECT id, login, name, CAST(CASE WHEN password = '' THEN 0 ELSE 1 END AS BIGINT), disabled, made, password FROM site_account
         WHERE login = $1",
    );
    let rows = DB::fetch(connection, sql.arg(login)).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let grants = grants_of::<DB>(connection, &text::<DB>(row, 0)?).await?;
    Ok(Some((read_account::<DB>(row, grants)?, text::<DB>(row, 6)?)))
}

pub(super) async fn link<DB: Backend>(
    connection: &mut DB::Connection,
    hash: &TokenHash,
    now: Micros,
) -> Result<Option<Account>, Error> {
    let sql = Sql::new(
        "SELECT a.id, a.login, a.name, CAST(CASE WHEN a.password = '' THEN 0 ELSE 1 END AS BIGINT), a.disabled, a.made
         FROM site_link l JOIN site_account a ON a.id = l.account
         WHERE l.hash = $1 AND l.ends > $2 AND a.disabled = 0",
    );
    one::<DB>(connection, sql.arg(hash.as_str()).arg(now.0)).await
}

pub(super) async fn session<DB: Backend>(
    connection: &mut DB::Connection,
    hash: &TokenHash,
    now: Micros,
) -> Result<Option<(Session, Account)>, Error> {
    let sql = Sql::new(
        "SELECT a.id, a.login, a.name, CAST(CASE WHEN a.password = '' THEN 0 ELSE 1 END AS BIGINT), a.disabled, a.made,
             s.made, s.seen, s.ends
         FROM site_session s JOIN site_account a ON a.id = s.account
         WHERE s.hash = $1 AND s.ends > $2 AND a.disabled = 0",
    );
    let rows = DB::fetch(connection, sql.arg(hash.as_str()).arg(now.0)).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let id = text::<DB>(row, 0)?;
    let session = Session {
        hash: hash.clone(),
        person: PersonId(id.clone()),
        made: Micros(int::<DB>(row, 6)?),
        seen: Micros(int::<DB>(row, 7)?),
        ends: Micros(int::<DB>(row, 8)?),
    };
    let account = read_account::<DB>(row, grants_of::<DB>(connection, &id).await?)?;
    Ok(Some((session, account)))
}

pub(super) async fn sessions<DB: Backend>(
    connection: &mut DB::Connection,
    now: Micros,
) -> Result<Vec<(PersonId, u32)>, Error> {
    let sql = Sql::new("SELECT account, COUNT(*) FROM site_session WHERE ends > $1 GROUP BY account");
    let rows = DB::fetch(connection, sql.arg(now.0)).await?;
    rows.iter()
        .map(|row| Ok((PersonId(text::<DB>(row, 0)?), u32::try_from(int::<DB>(row, 1)?).unwrap_or(u32::MAX))))
        .collect()
}

pub(super) async fn capabilities<DB: Backend>(
    connection: &mut DB::Connection,
    now: Micros,
) -> Result<Vec<Capability>, Error> {
    let sql = Sql::new(
        "SELECT id, hash, event, kind, label, what, made, ends FROM site_capability WHERE ends = 0 OR ends > $1
         ORDER BY event, made, id",
    );
    let rows = DB::fetch(connection, sql.arg(now.0)).await?;
    rows.iter()
        .map(|row| {
            let id = text::<DB>(row, 0)?;
            Ok(Capability {
                hash: TokenHash::kept(text::<DB>(row, 1)?),
                event: event::<DB>(row, 2, &id)?.ok_or_else(|| damaged("event", &id))?,
                kind: text::<DB>(row, 3)?,
                label: text::<DB>(row, 4)?,
                what: text::<DB>(row, 5)?,
                made: Micros(int::<DB>(row, 6)?),
                ends: moment(int::<DB>(row, 7)?),
                id,
            })
        })
        .collect()
}

pub(super) async fn audit<DB: Backend>(
    connection: &mut DB::Connection,
    page: AuditPage,
) -> Result<Vec<AuditRow>, Error> {
    let mut sql = Sql::new(AUDIT);
    sql.push(" WHERE n < ").bind(page.before.unwrap_or(i64::MAX));
    if let Some(event) = page.event {
        sql.push(" AND event = ").bind(event);
    }
    sql.push(" ORDER BY n DESC LIMIT ").bind(i64::from(page.limit.min(AUDIT_LIMIT_MAX)));
    let rows = DB::fetch(connection, sql).await?;
    rows.iter().map(read_audit::<DB>).collect()
}

pub(super) async fn audit_row<DB: Backend>(
    connection: &mut DB::Connection,
    n: i64,
) -> Result<Option<AuditRow>, Error> {
    let mut sql = Sql::new(AUDIT);
    sql.push(" WHERE n = ").bind(n);
    let rows = DB::fetch(connection, sql).await?;
    rows.first().map(read_audit::<DB>).transpose()
}

const AUDIT: &str = "SELECT n, at, event, account, who, verb, object, sentence, undo, undone FROM site_audit";

fn read_audit<DB: Backend>(row: &DB::Row) -> Result<AuditRow, Error> {
    let n = int::<DB>(row, 0)?;
    let some = |text: String| Some(text).filter(|text| !text.is_empty());
    Ok(AuditRow {
        n,
        line: AuditLine {
            at: Micros(int::<DB>(row, 1)?),
            event: event::<DB>(row, 2, &n.to_string())?,
            person: some(text::<DB>(row, 3)?).map(PersonId),
            who: text::<DB>(row, 4)?,
            verb: text::<DB>(row, 5)?,
            object: text::<DB>(row, 6)?,
            sentence: text::<DB>(row, 7)?,
            undo: some(text::<DB>(row, 8)?),
        },
        undone: moment(int::<DB>(row, 9)?),
    })
}

async fn one<DB: Backend>(connection: &mut DB::Connection, sql: Sql) -> Result<Option<Account>, Error> {
    let rows = DB::fetch(connection, sql).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let grants = grants_of::<DB>(connection, &text::<DB>(row, 0)?).await?;
    read_account::<DB>(row, grants).map(Some)
}

fn read_account<DB: Backend>(row: &DB::Row, grants: Vec<Grant>) -> Result<Account, Error> {
    Ok(Account {
        id: PersonId(text::<DB>(row, 0)?),
        login: text::<DB>(row, 1)?,
        name: text::<DB>(row, 2)?,
        has_password: int::<DB>(row, 3)? != 0,
        disabled: moment(int::<DB>(row, 4)?),
        made: Micros(int::<DB>(row, 5)?),
        grants,
    })
}

async fn grants_of<DB: Backend>(connection: &mut DB::Connection, id: &str) -> Result<Vec<Grant>, Error> {
    let sql = Sql::new("SELECT account, event, role FROM site_grant WHERE account = $1 ORDER BY event");
    let rows = DB::fetch(connection, sql.arg(id)).await?;
    rows.iter().map(|row| read_grant::<DB>(row, id)).collect()
}

async fn all_grants<DB: Backend>(
    connection: &mut DB::Connection,
) -> Result<BTreeMap<PersonId, Vec<Grant>>, Error> {
    let rows =
        DB::fetch(connection, Sql::new("SELECT account, event, role FROM site_grant ORDER BY event")).await?;
    let mut all: BTreeMap<PersonId, Vec<Grant>> = BTreeMap::new();
    for row in &rows {
        let id = text::<DB>(row, 0)?;
        let grant = read_grant::<DB>(row, &id)?;
        all.entry(PersonId(id)).or_default().push(grant);
    }
    Ok(all)
}

fn read_grant<DB: Backend>(row: &DB::Row, of: &str) -> Result<Grant, Error> {
    let role = text::<DB>(row, 2)?.parse::<Role>();
    Ok(Grant { event: event::<DB>(row, 1, of)?, role: role.map_err(|_| damaged("role", of))? })
}

/// An event's id, or none where none is meant.
fn event<DB: Backend>(row: &DB::Row, index: usize, of: &str) -> Result<Option<EventId>, Error> {
    match text::<DB>(row, index)?.as_str() {
        "" => Ok(None),
        id => id.parse().map(Some).map_err(|_| damaged("event", of)),
    }
}

fn damaged(what: &'static str, of: &str) -> Error {
    Error::Damaged { what, key: of.to_owned(), why: "it is none that we write".to_owned() }
}

fn moment(at: i64) -> Option<Micros> {
    (at != 0).then_some(Micros(at))
}

pub(super) fn text<DB: Backend>(row: &DB::Row, index: usize) -> Result<String, Error> {
    Ok(DB::text(row, index)?.unwrap_or_default())
}

pub(super) fn int<DB: Backend>(row: &DB::Row, index: usize) -> Result<i64, Error> {
    Ok(DB::int(row, index)?.unwrap_or_default())
}
