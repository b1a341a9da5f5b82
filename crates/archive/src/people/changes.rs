//! What changes people. Each change is one transaction that begins by moving the version, so that changes come one after the other on both
//! databases; what is not done is rolled back, the version with it.

use model::{EventId, Micros};

use super::{
    ACCOUNTS_MAX, AUDIT_ROWS_MAX, AuditLine, CAPABILITIES_MAX, Capability, Change, Done, Grant, NewAccount,
    OneTimeLink, PersonId, Role, SESSIONS_MAX, Session, TokenHash, reads,
};
use crate::Error;
use crate::sql::{Backend, Sql};

/// Does it. The transaction is the caller's to end.
pub(super) async fn apply<DB: Backend>(at: &mut DB::Connection, change: Change) -> Result<Done, Error> {
    match change {
        // Nobody remembers these, and they come often: they wait for no other change.
        Change::Seen(seen) => seen_at::<DB>(at, seen).await,
        Change::Audit(lines) => note::<DB>(at, lines).await,
        Change::Undo(n, now) => undo::<DB>(at, n, now).await,
        other => {
            run::<DB>(at, Sql::new("UPDATE site_version SET n = n + 1 WHERE id = 1")).await?;
            remembered::<DB>(at, other).await
        }
    }
}

async fn remembered<DB: Backend>(at: &mut DB::Connection, change: Change) -> Result<Done, Error> {
    match change {
        Change::FirstOwner(account) => {
            if reads::has_owner::<DB>(at).await? {
                return Ok(Done::Taken);
            }
            add::<DB>(at, &account, Some(Grant { event: None, role: Role::Owner }), None).await
        }
        Change::Add(account, grant, link) => add::<DB>(at, &account, grant, link).await,
        Change::Grant(person, event, role) => grant::<DB>(at, &person, event, role).await,
        Change::Disable(person, since) => disable::<DB>(at, &person, since).await,
        Change::Reset(person, link) => reset::<DB>(at, &person, &link).await,
        Change::UseLink(hash, password, now) => use_link::<DB>(at, &hash, &password, now).await,
        Change::Password(person, password, keep) => {
            if set_password::<DB>(at, &person, &password).await? == 0 {
                return Ok(Done::Gone);
            }
            end_sessions::<DB>(at, &person, keep.as_ref()).await
        }
        Change::Rehash(person, from, to) => {
            let sql = Sql::new("UPDATE site_account SET password = $3 WHERE id = $1 AND password = $2");
            found(run::<DB>(at, sql.arg(person.0).arg(from).arg(to)).await?)
        }
        Change::SignIn(session) => sign_in::<DB>(at, &session).await,
        Change::SignOut(hash) => found(
            run::<DB>(at, Sql::new("DELETE FROM site_session WHERE hash = $1").arg(hash.as_str())).await?,
        ),
        Change::SignOutAll(person) => end_sessions::<DB>(at, &person, None).await,
        Change::Capability(capability) => put_capability::<DB>(at, &capability).await,
        Change::EndCapability(event, id) => {
            let sql = Sql::new("DELETE FROM site_capability WHERE event = $1 AND id = $2");
            found(run::<DB>(at, sql.arg(event).arg(id)).await?)
        }
        Change::Seen(_) | Change::Audit(_) | Change::Undo(..) => Ok(Done::Gone),
    }
}

async fn add<DB: Backend>(
    at: &mut DB::Connection,
    account: &NewAccount,
    given: Option<Grant>,
    link: Option<OneTimeLink>,
) -> Result<Done, Error> {
    if count::<DB>(at, Sql::new("SELECT COUNT(*) FROM site_account")).await? >= i64::from(ACCOUNTS_MAX) {
        return Ok(Done::Full);
    }
    let sql = Sql::new(
        "INSERT INTO site_account (id, login, name, password, disabled, made) VALUES ($1, $2, $3, $4, 0, $5)
         ON CONFLICT (login) DO NOTHING",
    );
    let sql = sql.arg(account.id.0.as_str()).arg(account.login.as_str()).arg(account.name.as_str());
    if run::<DB>(at, sql.arg(account.password.as_str()).arg(account.made.0)).await? == 0 {
        return Ok(Done::Taken);
    }
    if let Some(Grant { event, role }) = given {
        put_grant::<DB>(at, &account.id, event, role).await?;
    }
    if let Some(link) = link {
        put_link::<DB>(at, &account.id, &link).await?;
    }
    Ok(Done::Yes)
}

async fn grant<DB: Backend>(
    at: &mut DB::Connection,
    person: &PersonId,
    event: Option<EventId>,
    role: Option<Role>,
) -> Result<Done, Error> {
    if reads::account::<DB>(at, person).await?.is_none() {
        return Ok(Done::Gone);
    }
    let had_owner = reads::has_owner::<DB>(at).await?;
    match role {
        Some(role) => put_grant::<DB>(at, person, event, role).await?,
        None => {
            let sql = Sql::new("DELETE FROM site_grant WHERE account = $1 AND event = $2");
            if run::<DB>(at, sql.arg(person.0.as_str()).arg(written(event))).await? == 0 {
                return Ok(Done::Gone);
            }
        }
    }
    still_owned::<DB>(at, had_owner).await
}

async fn disable<DB: Backend>(
    at: &mut DB::Connection,
    person: &PersonId,
    since: Option<Micros>,
) -> Result<Done, Error> {
    let had_owner = reads::has_owner::<DB>(at).await?;
    let sql = Sql::new("UPDATE site_account SET disabled = $2 WHERE id = $1");
    if run::<DB>(at, sql.arg(person.0.as_str()).arg(since.map_or(0, |since| since.0))).await? == 0 {
        return Ok(Done::Gone);
    }
    if since.is_some() {
        end_sessions::<DB>(at, person, None).await?;
        end_links::<DB>(at, person).await?;
    }
    still_owned::<DB>(at, had_owner).await
}

/// Refuses what has left no owner who can sign in, or could with the link that was just made. Before the first owner has an account, the
/// key in the data directory owns the place.
async fn still_owned<DB: Backend>(at: &mut DB::Connection, had_owner: bool) -> Result<Done, Error> {
    let sql = Sql::new(
        "SELECT g.account FROM site_grant g JOIN site_account a ON a.id = g.account
         WHERE g.event = '' AND g.role = 'owner' AND a.disabled = 0
             AND (a.password <> '' OR EXISTS (SELECT 1 FROM site_link l WHERE l.account = a.id)) LIMIT 1",
    );
    let is_owned = !DB::fetch(at, sql).await?.is_empty();
    Ok(if is_owned || !had_owner { Done::Yes } else { Done::LastOwner })
}

async fn reset<DB: Backend>(
    at: &mut DB::Connection,
    person: &PersonId,
    link: &OneTimeLink,
) -> Result<Done, Error> {
    if set_password::<DB>(at, person, "").await? == 0 {
        return Ok(Done::Gone);
    }
    end_sessions::<DB>(at, person, None).await?;
    put_link::<DB>(at, person, link).await?;
    Ok(Done::Yes)
}

async fn use_link<DB: Backend>(
    at: &mut DB::Connection,
    hash: &TokenHash,
    password: &str,
    now: Micros,
) -> Result<Done, Error> {
    let Some(account) = reads::link::<DB>(at, hash, now).await? else { return Ok(Done::Gone) };
    set_password::<DB>(at, &account.id, password).await?;
    end_links::<DB>(at, &account.id).await?;
    end_sessions::<DB>(at, &account.id, None).await
}

async fn sign_in<DB: Backend>(at: &mut DB::Connection, session: &Session) -> Result<Done, Error> {
    let Some(account) = reads::account::<DB>(at, &session.person).await? else { return Ok(Done::Gone) };
    if account.disabled.is_some() || !account.has_password {
        return Ok(Done::Gone);
    }
    // What nobody signs out of goes here.
    run::<DB>(at, Sql::new("DELETE FROM site_session WHERE ends <= $1").arg(session.made.0)).await?;
    let sql = Sql::new(
        "INSERT INTO site_session (hash, account, made, seen, ends) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (hash) DO NOTHING",
    );
    let sql = sql.arg(session.hash.as_str()).arg(session.person.0.as_str()).arg(session.made.0);
    run::<DB>(at, sql.arg(session.seen.0).arg(session.ends.0)).await?;
    let sql = Sql::new(
        "DELETE FROM site_session WHERE account = $1 AND hash NOT IN
             (SELECT hash FROM site_session WHERE account = $1 ORDER BY made DESC, hash LIMIT $2)",
    );
    run::<DB>(at, sql.arg(session.person.0.as_str()).arg(i64::from(SESSIONS_MAX))).await?;
    Ok(Done::Yes)
}

async fn seen_at<DB: Backend>(
    at: &mut DB::Connection,
    seen: Vec<(TokenHash, Micros)>,
) -> Result<Done, Error> {
    for (hash, moment) in seen {
        let sql = Sql::new("UPDATE site_session SET seen = $2 WHERE hash = $1 AND seen < $2");
        run::<DB>(at, sql.arg(hash.as_str()).arg(moment.0)).await?;
    }
    Ok(Done::Yes)
}

async fn put_capability<DB: Backend>(at: &mut DB::Connection, new: &Capability) -> Result<Done, Error> {
    let others = Sql::new("SELECT COUNT(*) FROM site_capability WHERE event = $1 AND id <> $2");
    if count::<DB>(at, others.arg(new.event).arg(new.id.as_str())).await? >= i64::from(CAPABILITIES_MAX) {
        return Ok(Done::Full);
    }
    let sql = Sql::new(
        "INSERT INTO site_capability (id, hash, event, kind, label, what, made, ends)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (id) DO UPDATE SET hash = excluded.hash, label = excluded.label, what = excluded.what,
             ends = excluded.ends
         WHERE site_capability.event = excluded.event",
    );
    let sql = sql.arg(new.id.as_str()).arg(new.hash.as_str()).arg(new.event).arg(new.kind.as_str());
    let sql = sql.arg(new.label.as_str()).arg(new.what.as_str()).arg(new.made.0);
    found(run::<DB>(at, sql.arg(new.ends.map_or(0, |ends| ends.0))).await?)
}

async fn note<DB: Backend>(at: &mut DB::Connection, lines: Vec<AuditLine>) -> Result<Done, Error> {
    for line in lines {
        let sql = Sql::new(
            "INSERT INTO site_audit (at, event, account, who, verb, object, sentence, undo, undone)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0)",
        );
        let sql =
            sql.arg(line.at.0).arg(written(line.event)).arg(line.person.map_or_else(String::new, |p| p.0));
        let sql = sql.arg(line.who).arg(line.verb).arg(line.object).arg(line.sentence);
        run::<DB>(at, sql.arg(line.undo.unwrap_or_default())).await?;
    }
    let sql = Sql::new("DELETE FROM site_audit WHERE n <= (SELECT MAX(n) FROM site_audit) - $1");
    run::<DB>(at, sql.arg(i64::from(AUDIT_ROWS_MAX))).await?;
    Ok(Done::Yes)
}

async fn undo<DB: Backend>(at: &mut DB::Connection, n: i64, now: Micros) -> Result<Done, Error> {
    let sql = Sql::new("UPDATE site_audit SET undone = $2 WHERE n = $1 AND undone = 0 AND undo <> ''");
    if run::<DB>(at, sql.arg(n).arg(now.0)).await? > 0 {
        return Ok(Done::Yes);
    }
    let is_there = reads::audit_row::<DB>(at, n).await?.is_some();
    Ok(if is_there { Done::Taken } else { Done::Gone })
}

async fn put_grant<DB: Backend>(
    at: &mut DB::Connection,
    person: &PersonId,
    event: Option<EventId>,
    role: Role,
) -> Result<(), Error> {
    let sql = Sql::new(
        "INSERT INTO site_grant (account, event, role) VALUES ($1, $2, $3)
         ON CONFLICT (account, event) DO UPDATE SET role = excluded.role",
    );
    run::<DB>(at, sql.arg(person.0.as_str()).arg(written(event)).arg(role.name())).await?;
    Ok(())
}

async fn put_link<DB: Backend>(
    at: &mut DB::Connection,
    person: &PersonId,
    link: &OneTimeLink,
) -> Result<(), Error> {
    end_links::<DB>(at, person).await?;
    let sql = Sql::new("INSERT INTO site_link (hash, account, ends) VALUES ($1, $2, $3)");
    run::<DB>(at, sql.arg(link.hash.as_str()).arg(person.0.as_str()).arg(link.ends.0)).await?;
    Ok(())
}

async fn end_links<DB: Backend>(at: &mut DB::Connection, person: &PersonId) -> Result<(), Error> {
    run::<DB>(at, Sql::new("DELETE FROM site_link WHERE account = $1").arg(person.0.as_str())).await?;
    Ok(())
}

async fn end_sessions<DB: Backend>(
    at: &mut DB::Connection,
    person: &PersonId,
    keep: Option<&TokenHash>,
) -> Result<Done, Error> {
    let sql = Sql::new("DELETE FROM site_session WHERE account = $1 AND hash <> $2");
    run::<DB>(at, sql.arg(person.0.as_str()).arg(keep.map_or("", TokenHash::as_str))).await?;
    Ok(Done::Yes)
}

async fn set_password<DB: Backend>(
    at: &mut DB::Connection,
    person: &PersonId,
    password: &str,
) -> Result<u64, Error> {
    let sql = Sql::new("UPDATE site_account SET password = $2 WHERE id = $1");
    run::<DB>(at, sql.arg(person.0.as_str()).arg(password)).await
}

async fn count<DB: Backend>(at: &mut DB::Connection, sql: Sql) -> Result<i64, Error> {
    let rows = DB::fetch(at, sql).await?;
    rows.first().map_or(Ok(0), |row| reads::int::<DB>(row, 0))
}

async fn run<DB: Backend>(at: &mut DB::Connection, sql: Sql) -> Result<u64, Error> {
    Ok(DB::execute(at, sql).await?)
}

fn found(rows: u64) -> Result<Done, Error> {
    Ok(if rows > 0 { Done::Yes } else { Done::Gone })
}

fn written(event: Option<EventId>) -> String {
    event.map_or_else(String::new, |event| event.as_str().to_owned())
}
