//! Authors who take their own posts down, by posting a code from the account that wrote them ([`crate::codes`]).

use std::collections::HashMap;
use std::sync::Arc;

use live::ledger::{AuthorChange, author_name};
use live::receipts::Way;
use live::state::{Arrival, ItemState};
use model::{GoneBy, ItemId, Network, Uid};

use crate::admit::Admitted;
use crate::codes::{Codes, Found, found};
use crate::sequencer::command::{Brought, Command};
use crate::sequencer::work::Work;

/// An author's newest posts among which the one that a code names is looked for.
const POSTS_OF_AUTHOR_MAX: usize = 5_000;

/// What a code asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TakeDown {
    /// This post.
    One(ItemId),
    /// All posts of the author.
    All,
    /// What it named is gone already.
    Done,
    /// It is none of this author's codes.
    Wrong,
}

/// The codes in a batch, by the posts that hold them.
#[derive(Debug, Default)]
pub(in crate::sequencer) struct TakeDowns(HashMap<Uid, TakeDown>);

impl TakeDowns {
    /// Whether a post holds a code that is none of its author's.
    pub(in crate::sequencer) fn is_wrong(&self, uid: &Uid) -> bool {
        self.0.get(uid) == Some(&TakeDown::Wrong)
    }
}

impl Work<'_> {
    /// Finds the codes in a batch and what they ask for.
    pub(in crate::sequencer) async fn find_codes(&mut self, commands: &[Command]) -> Result<(), live::Error> {
        let brought = commands.iter().flat_map(|command| match command {
            Command::Pumped(pumped) => std::slice::from_ref(&pumped.what),
            Command::Delivered { delivery, .. } => &delivery.brought,
            Command::Ordered { .. } => &[],
        });
        let posts = brought.filter_map(|what| match what {
            Brought::Post { admitted, .. } | Brought::Boost { admitted, .. } => Some(&admitted.item),
            _ => None,
        });
        // Who wrote on the page takes it back there.
        let coded = posts.filter(|item| item.network != Network::Onsite);
        let coded: Vec<_> =
            coded.filter_map(|item| Some((item.uid.clone(), author_name(item)?, found(item)?))).collect();
        for (uid, author, found) in coded {
            let asked = self.meant_by(&uid, &author, &found).await?;
            if let TakeDown::One(id) = asked
                && !self.records.contains_key(&id)
            {
                self.records.extend(self.txn.items(&[id]).await?);
            }
            self.codes.0.insert(uid, asked);
        }
        Ok(())
    }

    async fn meant_by(&mut self, uid: &Uid, author: &str, found: &Found) -> Result<TakeDown, live::Error> {
        // Another server, or another look, brings the same post again.
        let done = self.aliases.get(uid.0.as_str()).and_then(|id| self.records.get(id));
        if done.is_some_and(|record| record.state == ItemState::Removed) {
            return Ok(TakeDown::Done);
        }
        let codes: Arc<Codes> = Arc::clone(&self.standing.codes);
        match found {
            Found::Forget(chars) if codes.is_forget(chars, author) => Ok(TakeDown::All),
            Found::Remove(chars) => {
                let ids = self.txn.newest_by(author, POSTS_OF_AUTHOR_MAX).await?;
                let named = ids.into_iter().find(|id| codes.is_remove(chars, author, *id));
                Ok(named.map_or(TakeDown::Wrong, TakeDown::One))
            }
            Found::Forget(_) => Ok(TakeDown::Wrong),
        }
    }

    /// Does what the code in a post asks for. False where there is none, or a wrong one, which a moderator is to look at.
    pub(in crate::sequencer) fn take_down(
        &mut self,
        source: &Arc<str>,
        admitted: &Admitted,
    ) -> Result<bool, live::Error> {
        let (item, id) = (&admitted.item, admitted.item.id());
        match self.codes.0.get(&item.uid).copied() {
            None | Some(TakeDown::Wrong) => return Ok(false),
            Some(TakeDown::One(named)) => {
                self.asked_by(Way::Wish);
                self.arrive(named, Arrival::Delete { by: GoneBy::Author })?;
                // Under the name of the post with the code, so that it is known wherever else it comes from.
                for name in [&item.uid.0].into_iter().chain(&admitted.aliases) {
                    if !self.aliases.contains_key(name) {
                        self.txn.alias(name, named);
                        self.aliases.insert(name.clone(), named);
                    }
                }
            }
            Some(TakeDown::All) => {
                if let Some(author) = author_name(item) {
                    self.say_of_author(&author, AuthorChange::OptedOut, "author:code");
                }
            }
            Some(TakeDown::Done) => {}
        }
        // It was shown with other words before.
        if self.records.contains_key(&id) {
            self.arrive(id, Arrival::Delete { by: GoneBy::Author })?;
        }
        *self.counted(source).rejected.entry("removal_code".to_owned()).or_default() += 1;
        tracing::info!(source = %source, "an author has taken posts down by a code");
        Ok(true)
    }
}
