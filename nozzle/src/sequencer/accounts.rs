//! What becomes of accounts as a whole. A batch only notes the change, which keeps out what comes next; the account's
//! items follow in transactions of their own, so many at a time, and others are served in between.

use std::collections::BTreeSet;

use live::Class;
use live::ledger::{Account, ITEMS_PER_STEP_MAX, author_name};
use live::receipts::Way;
use live::state::Arrival;
use model::{Item, Micros, Network};

use super::command::{Brought, Command};
use super::refile::REFILES_MAX;
use super::work::Work;
use super::{RETRY_AFTER_MAX, Sequencer};
use crate::intake::Ask;

/// The accounts that commands speak of: those of their authors, and those that something has become of, or is said of.
pub(super) fn spoken_of(commands: &[Command]) -> BTreeSet<String> {
    let brought = commands.iter().flat_map(|command| match command {
        Command::Pumped(pumped) => std::slice::from_ref(&pumped.what),
        Command::Delivered { delivery, .. } => &delivery.brought,
        Command::Ordered { .. } => &[],
    });
    let ordered = commands.iter().filter_map(|command| match command {
        Command::Ordered { order, .. } => match &order.ask {
            Ask::Say(_) => Some(format!("{}:{}", Network::Onsite.name(), order.actor)),
            Ask::Author(ask) => Some(ask.author.trim().to_owned()),
            _ => None,
        },
        Command::Pumped(_) | Command::Delivered { .. } => None,
    });
    let name = |what: &Brought| match what {
        Brought::Post { admitted, .. } | Brought::Boost { admitted, .. } => author_name(&admitted.item),
        Brought::Account { name, .. } => Some(name.clone()),
        _ => None,
    };
    brought.filter_map(name).chain(ordered).collect()
}

impl Work<'_> {
    /// What became of the account that wrote an item, if anything did.
    pub(super) fn account_of(&self, item: &Item) -> Option<Account> {
        if self.accounts.is_empty() {
            return None;
        }
        self.accounts.get(&author_name(item)?).copied()
    }

    pub(super) fn account(&mut self, name: &str, account: Account) {
        let known = self.accounts.get(name);
        // A removal is final: whoever was away, or is back, after it has nothing left here.
        if !matches!(known, Some(Account::Removed(_))) || matches!(account, Account::Removed(_)) {
            self.accounts.insert(name.to_owned(), account);
            self.account_news.push((name.to_owned(), account));
        }
    }

    /// An author's wish about one post that we may have.
    pub(super) fn withdrawn(&mut self, name: &str) -> Result<(), live::Error> {
        match self.find(name) {
            Some(id) => {
                self.asked_by(Way::Wish);
                self.arrive(id, Arrival::Away).map(drop)
            }
            None => Ok(()),
        }
    }

    /// Does the next items of an account that something has become of. False when no account is left to be done.
    async fn next_of_account(&mut self) -> Result<bool, live::Error> {
        let Some((name, account)) = self.txn.account_to_do().await? else { return Ok(false) };
        let records = self.txn.items_to_do(&name, account).await?;
        self.asked_by(Way::Account);
        let all = records.len();
        for record in records {
            let id = record.id;
            self.records.insert(id, record);
            self.arrive(id, arrival(account))?;
        }
        if all == ITEMS_PER_STEP_MAX {
            return Ok(true);
        }
        self.txn.account_done(&name, account).await?;
        Ok(self.txn.account_to_do().await?.is_some())
    }
}

fn arrival(account: Account) -> Arrival {
    match account {
        Account::Removed(by) => Arrival::Delete { by },
        Account::Hidden => Arrival::Away,
        Account::Back => Arrival::Back,
    }
}

impl Sequencer {
    /// One transaction over the items of an account. False when the ledger cannot be written just now: they wait.
    pub(super) async fn sweep(&mut self) -> Result<bool, live::Error> {
        match Box::pin(self.sweep_once()).await {
            Ok(has_more) => {
                self.standing.has_account_to_do = has_more;
                Ok(true)
            }
            Err(e) if e.class() == Class::Retry => {
                tracing::error!(error = %e, "the ledger cannot be written; an account's posts wait to be taken away");
                tokio::time::sleep(RETRY_AFTER_MAX).await;
                Ok(false)
            }
            Err(e) => Err(e),
        }
    }

    async fn sweep_once(&mut self) -> Result<bool, live::Error> {
        let now = self.standing.next_at(Micros(self.clock.now()));
        let mut work = Work::begin(&self.ledger, &self.standing, &mut self.filer, now).await?;
        let has_more = work.next_of_account().await? || work.next_of_author().await?;
        work.settle(REFILES_MAX).await?;
        let effects = work.commit().await?;
        self.committed(effects);
        Ok(has_more)
    }
}
