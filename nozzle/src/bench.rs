//! For `cargo xtask bench`: how long the sequencer by itself takes to accept posts that admit has let through, to open an
//! event and to file again; how fast a Jetstream's frames are passed by, and how long the whole way from a frame to the
//! commit takes.

use std::sync::Arc;
use std::time::Duration;

use chassis::clock::Clock;
use live::ledger::Ledger;
use live::push::Standing;
use model::event::Consent;
use model::{ItemId, Micros};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::admit::{Arrival, admit};
use crate::intake::{Actor, Ask, Decide, Decision, Order};
use crate::sequencer::{Brought, Command, Pumped, QUEUE_COMMANDS_MAX, Sequencer, ask};
use crate::source::Draft;

pub use crate::bluesky::bench::Frames;

/// Carries out `setup`, then accepts `drafts` as fast as the ledger takes them. The time runs from the first draft handed
/// over to the last commit.
///
/// # Errors
/// What the ledger says, or the sentence of a refused setup.
pub async fn accept(ledger: Ledger, setup: Vec<Ask>, drafts: Vec<Draft>) -> Result<Duration, String> {
    let now = Micros(Clock::real().now());
    let source: Arc<str> = Arc::from("bench");
    let arrival = Arrival { source: &source, received: now, is_late: false, consent: Consent::Live };
    let commands = drafts.into_iter().map(|draft| {
        let admitted = Box::new(admit(draft, arrival).map_err(|why| why.to_string())?);
        let what = Brought::Post { admitted, is_held: false };
        Ok(Command::Pumped(Pumped { source: Arc::clone(&source), what }))
    });
    let commands: Vec<Command> = commands.collect::<Result<_, String>>()?;
    run(ledger, setup, commands.into_iter().map(Ok)).await
}

/// Carries out `setup`, then takes the whole way with every frame of a Jetstream: parsed, drafted, admitted, accepted. The
/// time runs from the first frame to the last commit.
///
/// # Errors
/// As [`accept`], and when a frame holds no post with one of `tags`.
pub async fn accept_frames(
    ledger: Ledger,
    setup: Vec<Ask>,
    tags: &[String],
    frames: &[Vec<u8>],
) -> Result<Duration, String> {
    let source: Arc<str> = Arc::from("bench");
    let mut reader = Frames::new(tags);
    let commands = frames.iter().map(|frame| {
        let draft = reader.read(frame).ok_or("a frame holds no post of ours")?;
        let received = Micros(Clock::real().now());
        let arrival = Arrival { source: &source, received, is_late: false, consent: Consent::Live };
        let admitted = Box::new(admit(*draft, arrival).map_err(|why| why.to_string())?);
        let what = Brought::Post { admitted, is_held: false };
        Ok(Command::Pumped(Pumped { source: Arc::clone(&source), what }))
    });
    run(ledger, setup, commands).await
}

/// An event whose state has been read.
pub struct Opened {
    /// How long that took.
    pub took: Duration,
    sequencer: Sequencer,
}

/// Reads the state of an event, what was said included, and keeps it.
///
/// # Errors
/// What the ledger says.
pub async fn open(ledger: Ledger) -> Result<Opened, String> {
    let (_queue, waiting) = mpsc::channel(1);
    let began = Instant::now();
    let (sequencer, _view) =
        Sequencer::load(ledger, Clock::real(), waiting).await.map_err(|e| e.to_string())?;
    Ok(Opened { took: began.elapsed(), sequencer })
}

/// Accepts `drafts` one by one, each in a transaction of its own, and tells how long each of them took.
///
/// # Errors
/// What the ledger says.
pub async fn one_by_one(ledger: Ledger, drafts: Vec<Draft>) -> Result<Vec<Duration>, String> {
    let mut sequencer = open(ledger).await?.sequencer;
    let source: Arc<str> = Arc::from("bench");
    let mut all = Vec::with_capacity(drafts.len());
    for draft in drafts {
        let received = Micros(Clock::real().now());
        let arrival = Arrival { source: &source, received, is_late: false, consent: Consent::Live };
        let admitted = Box::new(admit(draft, arrival).map_err(|why| why.to_string())?);
        let what = Brought::Post { admitted, is_held: false };
        let began = Instant::now();
        let command = Command::Pumped(Pumped { source: Arc::clone(&source), what });
        sequencer.take(vec![command]).await.map_err(|e| e.to_string())?;
        all.push(began.elapsed());
    }
    Ok(all)
}

/// How long it took to hide a post.
pub struct Hidden {
    /// Until it was decided.
    pub decided: Duration,
    /// Each transaction in which what followed it was filed again.
    pub steps: Vec<Duration>,
}

/// Hides a post, and files again what followed it until nothing waits.
///
/// # Errors
/// What the ledger says.
pub async fn hide(ledger: Ledger, id: ItemId) -> Result<Hidden, String> {
    let mut sequencer = open(ledger).await?.sequencer;
    let actor = Actor { role: "owner".to_owned(), name: "bench".to_owned() };
    let ask = Ask::Decide(Decide { id, decision: Decision::Hide, law: false });
    let order = Box::new(Order { ask, key: "hide".to_owned(), actor, is_dry_run: false });
    let began = Instant::now();
    let command = Command::Ordered { order, answer: tokio::sync::oneshot::channel().0 };
    sequencer.take(vec![command]).await.map_err(|e| e.to_string())?;
    let decided = began.elapsed();
    let mut steps = Vec::new();
    while sequencer.has_waiting() {
        let began = Instant::now();
        sequencer.refile().await.map_err(|e| e.to_string())?;
        steps.push(began.elapsed());
    }
    Ok(Hidden { decided, steps })
}

async fn run(
    ledger: Ledger,
    setup: Vec<Ask>,
    commands: impl Iterator<Item = Result<Command, String>>,
) -> Result<Duration, String> {
    let (queue, waiting) = mpsc::channel(QUEUE_COMMANDS_MAX);
    let (_owner, gate) = watch::channel(Standing { is_owner: true, is_reached: true, sent: 0 });
    let (sequencer, _view) =
        Sequencer::load(ledger, Clock::real(), waiting).await.map_err(|e| e.to_string())?;
    let running = tokio::spawn(sequencer.run(gate, CancellationToken::new()));
    for (n, step) in setup.into_iter().enumerate() {
        let actor = Actor { role: "owner".to_owned(), name: "bench".to_owned() };
        let order = Order { ask: step, key: format!("setup {n}"), actor, is_dry_run: false };
        ask(&queue, order).await.map_err(|refusal| refusal.to_string())?;
    }
    let began = Instant::now();
    for command in commands {
        queue.send(command?).await.map_err(|_| "the sequencer has ended".to_owned())?;
    }
    drop(queue);
    running.await.map_err(|e| e.to_string())?.map_err(|e| e.to_string())?;
    Ok(began.elapsed())
}
