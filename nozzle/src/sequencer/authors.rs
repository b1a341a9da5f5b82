//! What is said of authors for good: trusted, blocked, or that they want to be left out. A word about an author is noted in the
//! transaction in which it is said, and holds for what comes from then on; the posts that are there follow in transactions of
//! their own, like those of accounts ([`super::accounts`]), with others served in between.

mod codes;

use live::ledger::{AuthorChange, ITEMS_PER_STEP_MAX, author_name};
use live::receipts::{Asker, Way};
use live::state::Arrival;
use model::{GoneBy, Item, Network};

use super::orders::Said;
use super::work::Work;
use crate::intake::{AUTHOR_BYTES_MAX, AuthorStanding, Order, Outcome, Refusal, SetAuthor};

pub(super) use codes::TakeDowns;

/// The networks in the names of authors.
const NETWORKS: [Network; 7] = [
    Network::Mastodon,
    Network::X,
    Network::Bluesky,
    Network::Flickr,
    Network::Feed,
    Network::Onsite,
    Network::Hook,
];

impl Work<'_> {
    pub(super) fn set_author(&mut self, ask: &SetAuthor, order: &Order) -> Said {
        let name = ask.author.trim();
        let is_name = name.split_once(':').is_some_and(|(network, id)| {
            !id.is_empty() && NETWORKS.iter().any(|known| known.name() == network)
        });
        if !is_name || name.len() > AUTHOR_BYTES_MAX || name.chars().any(char::is_control) {
            let why = format!(
                "{name:?} is no author; an author's name reads network:id, such as mastodon:https://..."
            );
            return Err(Refusal::bad(why));
        }
        let known = self.authors.get(name).copied();
        let change = match ask.standing {
            AuthorStanding::Trusted => AuthorChange::Trusted,
            AuthorStanding::Blocked => AuthorChange::Blocked,
            AuthorStanding::None => AuthorChange::Cleared,
            AuthorStanding::OptedOut => {
                let why = "Only authors themselves can opt out, by posting their code. Block them instead.";
                return Err(Refusal::bad(why));
            }
        };
        if known == Some(AuthorChange::OptedOut) && change != AuthorChange::Cleared {
            return Err(Refusal::Conflict {
                why: "This author does not want to be here, and nothing of theirs is.".to_owned(),
                state: AuthorStanding::OptedOut.name().to_owned(),
            });
        }
        let before = AuthorStanding::of(known);
        let mut outcome = Outcome::unchanged(Some(name.to_owned()), Some(before.name()));
        outcome.is_old = before == ask.standing;
        if !outcome.is_old {
            self.say_of_author(name, change, &order.actor.to_string());
        }
        Ok(outcome)
    }

    /// Whether its author does not want to be here.
    pub(super) fn has_opted_out(&self, item: &Item) -> bool {
        let change = author_name(item).and_then(|name| self.authors.get(&name));
        change == Some(&AuthorChange::OptedOut)
    }

    /// Notes what holds for an author from here on.
    fn say_of_author(&mut self, name: &str, change: AuthorChange, actor: &str) {
        self.authors.insert(name.to_owned(), change);
        self.author_news.push((name.to_owned(), change, actor.to_owned()));
    }

    /// Does the next items of an author of whom something was said. False when no author is left to be done.
    pub(super) async fn next_of_author(&mut self) -> Result<bool, live::Error> {
        let Some((name, change)) = self.txn.author_to_do().await? else { return Ok(false) };
        let records = self.txn.authors_items(&name, change).await?;
        self.asked_by(asker(change));
        let all = records.len();
        for record in records {
            let id = record.id;
            self.records.insert(id, record);
            self.arrive(id, arrival(change))?;
        }
        if all == ITEMS_PER_STEP_MAX {
            return Ok(true);
        }
        self.txn.author_done(&name, change).await?;
        Ok(self.txn.author_to_do().await?.is_some())
    }

    /// Writes what was said of authors in this batch.
    pub(super) async fn write_authors(&mut self) -> Result<(), live::Error> {
        for (name, change, actor) in std::mem::take(&mut self.author_news) {
            if self.txn.set_author(&name, change, &actor, self.now).await? {
                self.effects.has_account_news = true;
            } else {
                tracing::error!(author = %name, "so much is said of authors that this one cannot be noted; clear some");
            }
        }
        Ok(())
    }
}

/// In whose name an author's posts are taken away.
fn asker(change: AuthorChange) -> Asker {
    match change {
        AuthorChange::OptedOut => Way::Wish.into(),
        _ => Asker::hand("moderator"),
    }
}

fn arrival(change: AuthorChange) -> Arrival {
    match change {
        AuthorChange::Blocked => Arrival::Block,
        AuthorChange::OptedOut => Arrival::Delete { by: GoneBy::Author },
        AuthorChange::Trusted | AuthorChange::Cleared => Arrival::Unblock,
    }
}
