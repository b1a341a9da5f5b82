//! What a moderator looks through: items that wait, that readers have reported, that are shown or hidden, page by page; and
//! what is known of their authors and of the rules that held for them.

use super::author::AuthorChange;
use super::txn::read_record;
use super::{LedgerView, signed};
use crate::Error;
use crate::state::Record;
use model::{Micros, Seq};
use sqlx::sqlite::{Sqlite, SqliteRow};
use sqlx::{QueryBuilder, Row};
use std::collections::{BTreeMap, HashMap};

/// Most items of one answer.
pub const PILE_MAX: usize = 200;
/// Posts of an author are counted so far.
const COUNTED_MAX: i64 = 1_000;
/// Most authors that are listed.
const LISTED_MAX: i64 = 500;

/// Which items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pile {
    /// Those that wait, the oldest first.
    Held,
    /// Those with reports that nobody has answered, hidden ones too, the oldest first.
    Reported,
    /// Those that are public, the newest first.
    Shown,
    /// Those that are hidden, the newest first.
    Hidden,
}

/// Which of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Which {
    /// Those beyond this place, see [`Aside::place`].
    pub after: Option<i64>,
    /// Those by this author, `network:id`.
    pub author: Option<String>,
    /// Those for which this rule held.
    pub rule: Option<String>,
}

/// One item, with what was noted of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Aside {
    /// Its place in the order of arrival.
    pub place: i64,
    /// The item.
    pub record: Record,
    /// Since when it is not shown, where that was noted.
    pub since: Option<Micros>,
    /// Why, as it was noted.
    pub verdict: Option<String>,
    /// A moderator covers it.
    pub is_covered: bool,
    /// Reasons of the reports that nobody has answered, with how many say so.
    pub reports: BTreeMap<String, u32>,
    /// When the first of these came.
    pub reported: Option<Micros>,
}

/// How much there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    /// Items that wait.
    pub held: u64,
    /// Items with reports that nobody has answered.
    pub reported: u64,
    /// Items that are hidden.
    pub hidden: u64,
    /// Since when the one that waits longest waits.
    pub oldest: Option<Micros>,
}

/// What an author has here, each number counted to a thousand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// Shown posts.
    pub shown: u32,
    /// Posts that wait.
    pub held: u32,
    /// Hidden posts.
    pub hidden: u32,
    /// What is said of them.
    pub change: Option<AuthorChange>,
}

/// An author of whom something is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorNote {
    /// `network:id`.
    pub name: String,
    /// What.
    pub change: AuthorChange,
    /// Who said it.
    pub actor: String,
    /// When.
    pub made: Micros,
    /// Posts that came since.
    pub came: u64,
}

/// How often a rule held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Its name.
    pub rule: String,
    /// For so many posts.
    pub times: u64,
    /// For the last of them then.
    pub last: Micros,
}

const OF_ITEMS: &str = "SELECT item.rowid AS place, item.id, state, veil, rev, words, first, at, since, verdict.json AS verdict, \
     covered.id IS NOT NULL AS is_covered FROM item LEFT JOIN verdict ON verdict.id = item.id \
     LEFT JOIN covered ON covered.id = item.id WHERE ";

impl LedgerView {
    /// A page of a pile, at most `max` (and [`PILE_MAX`]) items.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn pile(&self, pile: Pile, which: &Which, max: usize) -> Result<Vec<Aside>, Error> {
        let mut q = QueryBuilder::<Sqlite>::new(OF_ITEMS);
        let is_newest_first = matches!(pile, Pile::Shown | Pile::Hidden);
        // Lists of states are those of the index.
        q.push(match pile {
            Pile::Held => "state IN ('held', 'hidden') AND state = 'held'",
            Pile::Hidden => "state IN ('held', 'hidden') AND state = 'hidden'",
            Pile::Shown => "state = 'shown'",
            Pile::Reported => "item.id IN (SELECT id FROM report WHERE open = 1)",
        });
        if let Some(after) = which.after {
            q.push(if is_newest_first { " AND item.rowid < " } else { " AND item.rowid > " })
                .push_bind(after);
        }
        if let Some(author) = &which.author {
            q.push(" AND author = ").push_bind(author);
        }
        if let Some(rule) = &which.rule {
            q.push(" AND EXISTS (SELECT 1 FROM json_each(verdict.json, '$.rules') WHERE value = ");
            q.push_bind(rule).push(")");
        }
        q.push(if is_newest_first {
            " ORDER BY item.rowid DESC LIMIT "
        } else {
            " ORDER BY item.rowid LIMIT "
        });
        q.push_bind(signed(max.min(PILE_MAX) as Seq));
        let rows = q.build().fetch_all(&self.pool).await?;
        let mut asides = rows.iter().map(read_aside).collect::<Result<Vec<_>, _>>()?;
        self.add_reports(&mut asides).await?;
        Ok(asides)
    }

    async fn add_reports(&self, asides: &mut [Aside]) -> Result<(), Error> {
        let mut q = QueryBuilder::<Sqlite>::new(
            "SELECT id, reason, count(*), min(made) FROM report WHERE open = 1 AND id IN (",
        );
        let mut list = q.separated(", ");
        for aside in asides.iter() {
            list.push_bind(aside.record.id.as_str().to_owned());
        }
        q.push(") GROUP BY id, reason");
        let mut by_id: HashMap<String, Vec<(String, u32, i64)>> = HashMap::new();
        for row in q.build().fetch_all(&self.pool).await? {
            let told = (row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
            by_id.entry(row.try_get(0)?).or_default().push(told);
        }
        for aside in asides {
            for (reason, times, first) in by_id.remove(aside.record.id.as_str()).unwrap_or_default() {
                aside.reports.insert(reason, times);
                aside.reported = Some(aside.reported.map_or(Micros(first), |known| known.min(Micros(first))));
            }
        }
        Ok(())
    }

    /// How much there is of each pile.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn sizes(&self) -> Result<Sizes, Error> {
        let row = sqlx::query(
            "SELECT (SELECT count(*) FROM item WHERE state IN ('held', 'hidden') AND state = 'held'), \
             (SELECT count(DISTINCT id) FROM report WHERE open = 1), \
             (SELECT count(*) FROM item WHERE state IN ('held', 'hidden') AND state = 'hidden'), \
             (SELECT min(coalesce(since, said)) FROM item LEFT JOIN verdict ON verdict.id = item.id \
              WHERE state IN ('held', 'hidden') AND state = 'held')",
        )
        .fetch_one(&self.pool)
        .await?;
        let count = |n: usize| -> Result<u64, Error> { Ok(super::number(row.try_get(n)?)) };
        let oldest = row.try_get::<Option<i64>, _>(3)?.map(Micros);
        Ok(Sizes { held: count(0)?, reported: count(1)?, hidden: count(2)?, oldest })
    }

    /// What these authors (`network:id`) have here.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn histories(&self, names: &[&str]) -> Result<HashMap<String, History>, Error> {
        let mut found = HashMap::with_capacity(names.len());
        for name in names {
            let row = sqlx::query(
                "SELECT (SELECT count(*) FROM (SELECT 1 FROM item WHERE author = ?1 AND veil = 0 LIMIT ?2)), \
                 (SELECT count(*) FROM (SELECT 1 FROM item WHERE author = ?1 AND veil = 4 LIMIT ?2)), \
                 (SELECT count(*) FROM (SELECT 1 FROM item WHERE author = ?1 AND veil NOT IN (0, 4) LIMIT ?2)), \
                 (SELECT change FROM author WHERE name = ?1)",
            )
            .bind(*name)
            .bind(COUNTED_MAX)
            .fetch_one(&self.pool)
            .await?;
            let change = row.try_get::<Option<&str>, _>(3)?.map(AuthorChange::of).transpose()?;
            let history = History {
                shown: row.try_get(0)?,
                held: row.try_get(1)?,
                hidden: row.try_get(2)?,
                change: change.filter(|change| *change != AuthorChange::Cleared),
            };
            found.insert((*name).to_owned(), history);
        }
        Ok(found)
    }

    /// Authors of whom something is said, the newest first, 500 at most.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn author_notes(&self) -> Result<Vec<AuthorNote>, Error> {
        let query = "SELECT name, change, actor, made, came FROM author WHERE change != 'cleared' ORDER BY made DESC LIMIT ?";
        let rows = sqlx::query(query).bind(LISTED_MAX).fetch_all(&self.pool).await?;
        let note = |row: &SqliteRow| {
            Ok(AuthorNote {
                name: row.try_get(0)?,
                change: AuthorChange::of(row.try_get(1)?)?,
                actor: row.try_get(2)?,
                made: Micros(row.try_get(3)?),
                came: super::number(row.try_get(4)?),
            })
        };
        rows.iter().map(note).collect()
    }

    /// How often rules held.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn hits(&self) -> Result<Vec<Hit>, Error> {
        let rows = sqlx::query("SELECT rule, times, last FROM hit").fetch_all(&self.pool).await?;
        let hit = |row: &SqliteRow| {
            Ok(Hit {
                rule: row.try_get(0)?,
                times: super::number(row.try_get(1)?),
                last: Micros(row.try_get(2)?),
            })
        };
        rows.iter().map(hit).collect()
    }

    /// The newest items, as they came, for what a rule counts over time: `max` at most, removed ones left out.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn newest(&self, max: usize) -> Result<Vec<Record>, Error> {
        let query = "SELECT id, state, veil, rev, words, first, at FROM item WHERE words IS NOT NULL ORDER BY rowid DESC LIMIT ?";
        let rows = sqlx::query(query).bind(signed(max as Seq)).fetch_all(&self.pool).await?;
        rows.iter().map(read_record).collect()
    }
}

fn read_aside(row: &SqliteRow) -> Result<Aside, Error> {
    Ok(Aside {
        place: row.try_get("place")?,
        record: read_record(row)?,
        since: row.try_get::<Option<i64>, _>("since")?.map(Micros),
        verdict: row.try_get("verdict")?,
        is_covered: row.try_get("is_covered")?,
        reports: BTreeMap::new(),
        reported: None,
    })
}
