//! What a transaction has gathered, written in a few statements.

use super::{ROWS_PER_STATEMENT_MAX, Txn};
use crate::Error;
use crate::ledger::{author_name, signed};
use crate::state::ItemState;
use sqlx::QueryBuilder;
use sqlx::sqlite::Sqlite;

impl Txn<'_> {
    pub(super) async fn write_entries(&mut self) -> Result<(), Error> {
        for some in self.entries.chunks(ROWS_PER_STATEMENT_MAX) {
            let mut q = QueryBuilder::<Sqlite>::new("INSERT INTO entry (seq, chain, kind, voids, json) ");
            q.push_values(some, |mut b, e| {
                b.push_bind(signed(e.seq))
                    .push_bind(&e.chain)
                    .push_bind(e.kind)
                    .push_bind(&e.voids)
                    .push_bind(&e.json);
            });
            q.build().execute(&mut *self.conn).await?;
        }
        Ok(())
    }

    pub(super) async fn write_voids(&mut self) -> Result<(), Error> {
        for some in self.voids.chunks(ROWS_PER_STATEMENT_MAX) {
            let mut q = QueryBuilder::<Sqlite>::new(
                r#"UPDATE entry SET kind = 'void', voids = '', json = '{"seq":' || seq || ',"kind":"void"}' WHERE seq IN ("#,
            );
            let mut list = q.separated(", ");
            some.iter().for_each(|seq| {
                list.push_bind(signed(*seq));
            });
            q.push(")");
            q.build().execute(&mut *self.conn).await?;
        }
        Ok(())
    }

    pub(super) async fn write_items(&mut self) -> Result<(), Error> {
        let mut rows = Vec::with_capacity(self.items.len());
        for r in self.items.values() {
            rows.push((
                r,
                r.words.as_ref().map(serde_json::to_string).transpose()?,
                serde_json::to_string(&r.at)?,
            ));
        }
        // Whoever looks through them later meets what came together in the order in which it was said.
        rows.sort_by_key(|(r, ..)| (r.words.as_ref().map(|words| words.item.when), r.id));
        for some in rows.chunks(ROWS_PER_STATEMENT_MAX) {
            let mut q = QueryBuilder::<Sqlite>::new(
                "INSERT INTO item (id, state, veil, rev, words, first, at, author, source, said) ",
            );
            q.push_values(some, |mut b, (r, words, at)| {
                let item = r.words.as_ref().map(|words| &words.item);
                b.push_bind(r.id.as_str())
                    .push_bind(r.state.name())
                    .push_bind(r.veil.bits())
                    .push_bind(signed(r.rev))
                    .push_bind(words.as_deref())
                    .push_bind(signed(r.first))
                    .push_bind(at)
                    .push_bind(item.and_then(author_name))
                    .push_bind(item.map(|item| item.source.as_str()))
                    .push_bind(item.map(|item| item.when.0));
            });
            q.push(
                " ON CONFLICT DO UPDATE SET state = excluded.state, veil = excluded.veil, rev = excluded.rev, \
                 words = excluded.words, first = excluded.first, at = excluded.at, author = excluded.author, \
                 source = excluded.source, said = excluded.said",
            );
            q.build().execute(&mut *self.conn).await?;
        }
        drop(rows);
        let gone =
            self.items.values().filter(|r| r.state == ItemState::Removed).map(|r| r.id).collect::<Vec<_>>();
        self.forget_verdicts(&gone).await
    }

    pub(super) async fn write_aliases(&mut self) -> Result<(), Error> {
        for some in self.aliases.chunks(ROWS_PER_STATEMENT_MAX) {
            let mut q = QueryBuilder::<Sqlite>::new("INSERT INTO alias (name, id) ");
            q.push_values(some, |mut b, (name, id)| {
                b.push_bind(name).push_bind(id.as_str());
            });
            q.push(" ON CONFLICT DO NOTHING");
            q.build().execute(&mut *self.conn).await?;
        }
        Ok(())
    }
}
