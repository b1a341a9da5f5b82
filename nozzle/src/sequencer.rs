//! The sequencer: the one task through which everything enters an event's log. It takes what waits in its queue,
//! dedupes, files, numbers and commits it in one transaction, and answers after the commit. Never waits to fill a batch.

mod accounts;
mod answered;
mod authors;
mod board;
mod command;
mod deliveries;
mod items;
mod life;
mod moderate;
mod onsite;
mod orders;
mod programme;
mod radar;
mod receipts;
mod refile;
mod reports;
mod rules;
mod schedule;
mod stage;
mod standing;
mod wall;
mod work;

use std::sync::Arc;
use std::time::Duration;

use chassis::clock::Clock;
use live::{Class, ledger::Ledger, push::Standing};
use metrics::{counter, gauge, histogram};
use model::{Kind, Micros};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::codes::Codes;
use crate::intake::{Ask, Order, Outcome, Refusal};
use crate::metrics as names;

pub(crate) use board::Board;
pub(crate) use command::{Brought, Command, Delivery, Pumped};
pub(crate) use life::is_open;
pub use radar::{Near, NearTag};
pub(crate) use receipts::Taken;
pub(crate) use schedule::SLIPS;
pub(crate) use standing::{EventView, SETTINGS_NOTE};

use work::Work;

/// Commands that may wait for the sequencer.
pub(crate) const QUEUE_COMMANDS_MAX: usize = 1024;
/// Commands in one transaction.
const BATCH_COMMANDS_MAX: usize = 512;
/// First and longest wait before a failed transaction is tried again (a full disk above all).
const RETRY_AFTER: Duration = Duration::from_millis(100);
const RETRY_AFTER_MAX: Duration = Duration::from_secs(5);

/// The owner of an event's ledger.
pub(crate) struct Sequencer {
    ledger: Ledger,
    standing: standing::Standing,
    filer: refile::Filer,
    clock: Clock,
    queue: mpsc::Receiver<Command>,
    view: watch::Sender<EventView>,
    taken: watch::Sender<Taken>,
    /// The process ends: what cannot be written now will not be waited for.
    hurry: CancellationToken,
}

type Answers = Vec<(oneshot::Sender<Result<Outcome, Refusal>>, Result<Outcome, Refusal>)>;

impl Sequencer {
    /// Reads the state of the event from its ledger.
    ///
    /// # Errors
    /// What the ledger says.
    pub(crate) async fn load(
        ledger: Ledger,
        clock: Clock,
        queue: mpsc::Receiver<Command>,
    ) -> Result<(Self, watch::Receiver<EventView>), live::Error> {
        let standing = standing::Standing::load(&ledger).await?;
        let filer = refile::Filer::load(&ledger).await?;
        let (view, seen) = watch::channel(standing.view(ledger.eid()));
        let hurry = CancellationToken::new();
        Ok((
            Self { ledger, standing, filer, clock, queue, view, taken: watch::Sender::default(), hurry },
            seen,
        ))
    }

    /// What makes the codes by which authors take their posts down.
    pub(crate) fn codes(&self) -> Arc<Codes> {
        Arc::clone(&self.standing.codes)
    }

    /// What is known of its sources beside the log.
    pub(crate) fn board(&self) -> Arc<Board> {
        Arc::clone(&self.standing.board)
    }

    /// Tells of what was taken away, for whoever finds out when it was gone everywhere.
    pub(crate) fn taken(&self) -> watch::Receiver<Taken> {
        self.taken.subscribe()
    }

    /// Once `hurry` is cancelled, a ledger that cannot be written ends the work instead of being waited for.
    #[must_use]
    pub(crate) fn hurried_by(self, hurry: CancellationToken) -> Self {
        Self { hurry, ..self }
    }

    /// Works until it is told to stop, or the queue has no more senders; then takes what still waits.
    ///
    /// `gate` is open while this process owns the event. Nothing is accepted before, nor once it has closed.
    ///
    /// # Errors
    /// When the ledger fails for good.
    pub(crate) async fn run(
        mut self,
        mut gate: watch::Receiver<Standing>,
        stop: CancellationToken,
    ) -> Result<(), live::Error> {
        let mut batch = Vec::with_capacity(BATCH_COMMANDS_MAX);
        loop {
            tokio::select! {
                () = stop.cancelled() => {}
                open = gate.wait_for(|standing| standing.is_owner) => if open.is_err() { return Ok(()) },
            }
            if stop.is_cancelled() {
                return if gate.borrow().is_owner { self.finish().await } else { Ok(()) };
            }
            let counts_in = self.standing.counts_due().map(|due| self.clock.wait_for(due.0));
            tokio::select! {
                taken = self.queue.recv_many(&mut batch, BATCH_COMMANDS_MAX) => {
                    if taken == 0 {
                        return self.finish().await;
                    }
                }
                () = sleep(counts_in.unwrap_or_default()), if counts_in.is_some() => drop(self.counts().await?),
                () = std::future::ready(()), if self.standing.has_account_to_do => drop(self.sweep().await?),
                () = std::future::ready(()), if self.has_waiting() => drop(self.refile().await?),
                () = stop.cancelled() => continue,
            }
            gauge!(names::QUEUE, "eid" => self.ledger.eid().to_string()).set(self.queue.len() as f64);
            self.take(std::mem::take(&mut batch)).await?;
        }
    }

    /// Takes what was handed over, and writes the counts that wait. Whoever hands over later hears that the door is closed.
    async fn finish(mut self) -> Result<(), live::Error> {
        self.queue.close();
        let mut batch = Vec::new();
        while self.queue.recv_many(&mut batch, BATCH_COMMANDS_MAX).await > 0 {
            self.take(std::mem::take(&mut batch)).await?;
        }
        while self.standing.has_account_to_do && self.sweep().await? {}
        while self.counts().await? {}
        self.refile_last().await
    }

    /// Takes a batch: orders that look at the whole event get a transaction of their own, all else shares one.
    pub(crate) async fn take(&mut self, batch: Vec<Command>) -> Result<(), live::Error> {
        let mut rest = batch.into_iter().peekable();
        while let Some(first) = rest.next() {
            let mut some = vec![first];
            while !is_alone(&some[0]) && rest.peek().is_some_and(|next| !is_alone(next)) {
                some.extend(rest.next());
            }
            self.commit(some).await?;
        }
        Ok(())
    }

    async fn commit(&mut self, mut commands: Vec<Command>) -> Result<(), live::Error> {
        let began = Instant::now();
        let mut wait = RETRY_AFTER;
        loop {
            // Boxed, like the other transactions: what they need in between is large, and one is under way at a time.
            match Box::pin(self.attempt(&commands)).await {
                Ok(said) => {
                    histogram!(names::BATCH).record(commands.len() as f64);
                    histogram!(names::COMMIT_SECONDS).record(began.elapsed().as_secs_f64());
                    answer(pair(commands, said));
                    return Ok(());
                }
                Err(e) if e.class() == Class::Retry => {
                    tracing::error!(error = %e, "the ledger cannot be written; nothing is accepted until it can");
                    commands.retain_mut(|command| refuse(command, &e));
                    if commands.is_empty() {
                        return Ok(());
                    }
                    if self.hurry.run_until_cancelled(sleep(wait)).await.is_none() {
                        // None of it is accepted, and no cursor behind it either: sources bring it again.
                        return Err(e);
                    }
                    wait = (wait * 2).min(RETRY_AFTER_MAX);
                }
                Err(e) => {
                    commands.retain_mut(|command| refuse(command, &e));
                    return Err(e);
                }
            }
        }
    }

    /// One transaction. Nothing outside it changes before it has committed.
    async fn attempt(&mut self, commands: &[Command]) -> Result<Vec<Result<Outcome, Refusal>>, live::Error> {
        let now = self.standing.next_at(Micros(self.clock.now()));
        let mut work = Work::begin(&self.ledger, &self.standing, &mut self.filer, now).await?;
        work.look_up(commands).await?;
        let mut said = Vec::new();
        let mut is_dry_run = false;
        for command in commands {
            match command {
                Command::Pumped(pumped) => work.pumped(pumped)?,
                Command::Ordered { order, .. } => {
                    is_dry_run |= order.is_dry_run;
                    said.push(work.order(order).await?);
                }
                Command::Delivered { delivery, .. } => said.push(Ok(work.delivery(delivery).await?)),
            }
        }
        work.settle(refile::REFILES_MAX).await?;
        if is_dry_run {
            work.give_up().await?;
            return Ok(said);
        }
        let effects = work.commit().await?;
        self.committed(effects);
        Ok(said)
    }

    fn committed(&mut self, effects: standing::Effects) {
        counter!(names::ENTRIES).increment(effects.entries);
        if effects.has_voids || effects.newest_receipt.is_some() {
            let (newest, voided) = (effects.newest_receipt, self.ledger.top());
            if newest.is_some() {
                self.standing.board.removed(effects.at);
            }
            self.taken.send_modify(|taken| *taken = Taken { newest: newest.unwrap_or(taken.newest), voided });
        }
        if self.standing.apply(effects) {
            self.view.send_replace(self.standing.view(self.ledger.eid()));
        }
    }

    /// Writes the counts that have changed, once a minute at most. False when none were written: there are none, or the
    /// ledger cannot be written just now, and they wait for another minute.
    async fn counts(&mut self) -> Result<bool, live::Error> {
        let now = self.standing.next_at(Micros(self.clock.now()));
        let Some(entry) = self.standing.counts_entry(now) else { return Ok(false) };
        match self.append(now, Kind::Counts(entry.clone())).await {
            Ok(()) => {
                counter!(names::ENTRIES).increment(1);
                Ok(true)
            }
            Err(e) if e.class() == Class::Retry => {
                tracing::error!(error = %e, "the ledger cannot be written; counts wait");
                self.standing.put_back(entry);
                Ok(false)
            }
            Err(e) => Err(e),
        }
    }

    async fn append(&self, now: Micros, kind: Kind) -> Result<(), live::Error> {
        let mut txn = self.ledger.begin().await?;
        txn.append(now, kind)?;
        txn.commit().await.map(drop)
    }
}

/// Orders that change what filing looks at or the event's settings, and those that must leave nothing behind.
fn is_alone(command: &Command) -> bool {
    let Command::Ordered { order, .. } = command else { return false };
    order.is_dry_run
        || matches!(
            order.ask,
            Ask::Stage(_)
                | Ask::Schedule(_)
                | Ask::Handles(_)
                | Ask::Event(_)
                | Ask::Edit(_)
                | Ask::Wall(_)
                | Ask::Life(_)
        )
}

fn pair(commands: Vec<Command>, said: Vec<Result<Outcome, Refusal>>) -> Answers {
    let waiting = commands.into_iter().filter_map(|command| match command {
        Command::Ordered { answer, .. } | Command::Delivered { answer, .. } => Some(answer),
        Command::Pumped(_) => None,
    });
    waiting.zip(said).collect()
}

fn answer(answers: Answers) {
    for (waiting, said) in answers {
        // Whoever asked may have gone; the key gets the same answer when they ask again.
        let _gone = waiting.send(said);
    }
}

/// Tells people that the ledger failed, keeps what sources brought; false for what need not be tried again.
fn refuse(command: &mut Command, e: &live::Error) -> bool {
    let (Command::Ordered { answer, .. } | Command::Delivered { answer, .. }) = command else { return true };
    let (closed, _) = oneshot::channel();
    let refusal = match e.class() {
        Class::Retry => Refusal::later("The ledger cannot be written just now."),
        Class::Reject | Class::Fatal => Refusal::Failed("The ledger has failed.".to_owned()),
    };
    let _gone = std::mem::replace(answer, closed).send(Err(refusal));
    false
}

/// Asks a sequencer and waits for the commit.
pub(crate) async fn ask(queue: &mpsc::Sender<Command>, order: Order) -> Result<Outcome, Refusal> {
    let (answer, answered) = oneshot::channel();
    wait_for(queue, Command::Ordered { order: Box::new(order), answer }, answered).await
}

/// Hands over a hook's delivery and waits for the commit.
pub(crate) async fn deliver(queue: &mpsc::Sender<Command>, delivery: Delivery) -> Result<Outcome, Refusal> {
    let (answer, answered) = oneshot::channel();
    wait_for(queue, Command::Delivered { delivery: Box::new(delivery), answer }, answered).await
}

async fn wait_for(
    queue: &mpsc::Sender<Command>,
    command: Command,
    answered: oneshot::Receiver<Result<Outcome, Refusal>>,
) -> Result<Outcome, Refusal> {
    /// Longest wait for room in the queue and for the commit; the key makes asking again harmless.
    const WAIT: Duration = Duration::from_secs(10);
    let asked = async {
        queue.send(command).await.ok()?;
        answered.await.ok()
    };
    match tokio::time::timeout(WAIT, asked).await {
        Ok(Some(said)) => said,
        Ok(None) => Err(Refusal::later("The nozzle is stopping.")),
        Err(_) => Err(Refusal::later("The nozzle is busy; ask again under the same key.")),
    }
}

#[cfg(test)]
mod tests;
