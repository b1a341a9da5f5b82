//! What the ledger knows of the items that one source has brought: enough to ask the network about them again.

use super::txn::parse_id;
use super::{LedgerView, signed};
use crate::Error;
use crate::ledger::author_name;
use crate::state::Words;
use model::{Counts, ItemId, Micros, Seq};
use sqlx::Row;
use std::collections::HashMap;

/// Most items that are told at once.
pub const KEPT_MAX: usize = 5_000;
/// Names that are read at once.
const NAMES_PER_PAGE_MAX: usize = 2_000;

/// One item that is not removed, without its words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// `network:native id`.
    pub uid: String,
    /// The other names under which it is known, in their order.
    pub aliases: Vec<String>,
    /// `network:id` of its author; empty where the network did not say.
    pub author: String,
    /// When it was said.
    pub when: Micros,
    /// Newest revision.
    pub rev: u64,
    /// Its counts.
    pub counts: Counts,
}

impl LedgerView {
    /// The newest items that this source has brought first and that are not removed, newest first, at most `max` and never
    /// more than [`KEPT_MAX`]. Those whose words were lost are left out.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn newest_of(&self, source: &str, max: usize) -> Result<Vec<Kept>, Error> {
        let rows = sqlx::query("SELECT id, rev, words FROM item WHERE source = ? ORDER BY said DESC LIMIT ?")
            .bind(source)
            .bind(signed(max.min(KEPT_MAX) as Seq))
            .fetch_all(&self.pool)
            .await?;
        let mut ids = Vec::with_capacity(rows.len());
        let mut kept = Vec::with_capacity(rows.len());
        for row in rows {
            let Some(words) = row.try_get::<Option<&str>, _>("words")? else { continue };
            let Words { item, .. } = serde_json::from_str(words)?;
            ids.push(parse_id(row.try_get("id")?)?);
            kept.push(Kept {
                author: author_name(&item).unwrap_or_default(),
                uid: item.uid.0,
                aliases: Vec::new(),
                when: item.when,
                rev: item.rev,
                counts: item.counts,
            });
        }
        let mut names = self.names_of(&ids).await?;
        for (id, item) in ids.iter().zip(&mut kept) {
            item.aliases = names.remove(id).unwrap_or_default();
        }
        Ok(kept)
    }

    /// When the newest items that this source has brought first, and that are not removed, were said; newest first, at
    /// most `max` and never more than [`KEPT_MAX`].
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn newest_times(&self, source: &str, max: usize) -> Result<Vec<Micros>, Error> {
        let rows = sqlx::query("SELECT said FROM item WHERE source = ? ORDER BY said DESC LIMIT ?")
            .bind(source)
            .bind(signed(max.min(KEPT_MAX) as Seq))
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(|row| Ok(Micros(row.try_get(0)?))).collect()
    }

    /// Reads every name once: a source asks at its start only, and an index by item would cost each post that comes.
    async fn names_of(&self, ids: &[ItemId]) -> Result<HashMap<ItemId, Vec<String>>, Error> {
        let mut names: HashMap<ItemId, Vec<String>> = ids.iter().map(|id| (*id, Vec::new())).collect();
        if names.is_empty() {
            return Ok(names);
        }
        // Boosts are remembered beside the names, and there may be thousands of one item.
        let query = "SELECT id, name FROM alias WHERE name > ? AND (name < 'boost:' OR name >= 'boost;') \
                     ORDER BY name LIMIT ?";
        let mut after = String::new();
        loop {
            let limit = signed(NAMES_PER_PAGE_MAX as Seq);
            let rows = sqlx::query(query).bind(&after).bind(limit).fetch_all(&self.pool).await?;
            for row in &rows {
                if let Some(known) = names.get_mut(&parse_id(row.try_get(0)?)?) {
                    known.push(row.try_get(1)?);
                }
            }
            match rows.last() {
                Some(last) if rows.len() == NAMES_PER_PAGE_MAX => after = last.try_get(1)?,
                _ => return Ok(names),
            }
        }
    }
}
