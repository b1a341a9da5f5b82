//! What a source is: the one door between a network's wire and the rest of the nozzle. The networks themselves
//! live in folders of their own (`mastodon`, `twitter`, `replay`); reconnecting, merging and gaps are the pump's.
//!
//! A source is two futures that the pump runs side by side on one task:
//!
//! ```text
//! stream(out)            sends Opened once the network accepted us, then what it hears, for ever; returns how it ended
//! backfill(since, out)   sends what was posted since a cursor; started by the pump on every Opened
//! ```
//!
//! Both only *send*: `Outlet::send` waits while the nozzle is busy, so a slow disk slows the read of the socket
//! and nothing is queued without bound. Both are dropped in mid-air at shutdown, on a stall, and when the settings
//! change; they must hold nothing that needs an orderly end.

mod draft;
mod memory;
mod settings;

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use chassis::Backoff;
use model::Micros;
use tokio::sync::mpsc;

pub use draft::{ALIASES_MAX, BoostOf, Draft, DraftCounts, Revision, TAGS_MAX, Wish, Words};
pub use memory::{Forgetful, Kept, Memory};
pub use settings::{Api, SourceSettings};

/// Longest line or frame that a source reads, in bytes; longer ones are skipped to their end and reported as
/// [`Upstream::Oversize`].
pub const LINE_BYTES_MAX: usize = 1024 * 1024;
/// Largest decoded REST answer that a source reads, in bytes.
pub const ANSWER_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Longest cursor that the pump saves, in bytes.
pub const CURSOR_BYTES_MAX: usize = 4 * 1024;
/// Longest sample of malformed input that is kept, in bytes.
pub const SAMPLE_BYTES_MAX: usize = 200;

/// One network, as the settings of one source name it.
///
/// Built by `sources::open`, which calls each network's `open(&SourceSettings) -> Result<Box<dyn Source>, String>`; the
/// error is a sentence about the setting that cannot work (that is what `event apply` shows). Whatever needs the
/// network to answer happens in `stream`, a missing token included.
#[async_trait]
pub trait Source: Send + Sync {
    /// How this network wants to be reconnected to, and after how much silence it counts as stalled.
    fn rhythm(&self) -> Rhythm;

    /// Whether somebody may try it beside the stream that runs. Where a network allows one connection, or keeps what is looked for
    /// with the account, a try asks the past alone.
    fn may_stream_twice(&self) -> bool {
        true
    }

    /// What the ledger remembers, told before every `stream`: for sources that need their place in order to connect (where a
    /// feed has moved to, what its server may leave out).
    fn resume(&self, _cursor: Option<&Cursor>) {}

    /// Connects, sends [`Upstream::Opened`] once the network accepted us, then sends what it hears until the feed ends.
    ///
    /// A polling source first asks for its newest id, sends `Opened`, and polls on from there. It never walks back
    /// (that is `backfill`'s), and it never retries: the returned value says what happened, the pump decides when to
    /// come again.
    async fn stream(&self, out: &Outlet) -> SourceEnd;

    /// Sends what was posted since `since.cursor` (or, without one, since `since.not_before`), up to now, with an
    /// overlap of the source's choosing; everything is deduplicated later.
    ///
    /// Sends [`Upstream::Cursor`] only when all that lies before it has been sent: a source that walks oldest first may
    /// do so on the way, one that walks newest first only at the end.
    async fn backfill(&self, since: &Since, out: &Outlet) -> Backfilled;
}

/// Where a backfill begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Since {
    /// The last cursor whose posts are all in the ledger; `None` at a source's first start.
    pub cursor: Option<Cursor>,
    /// Nothing older than this is wanted (the event's first day, or now when it has not begun).
    pub not_before: Micros,
}

/// A place in a network's own order, in the source's own notation; nobody else reads it. At most
/// [`CURSOR_BYTES_MAX`] bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor(pub String);

/// What a source has to say.
#[derive(Clone, Debug)]
pub enum Upstream {
    /// The network accepted the connection (or the first poll). Not yet a proof of health. Sent once per `stream`.
    Opened,
    /// Heartbeat, keep-alive, or a poll that brought nothing.
    Alive,
    /// A post, or a newer revision of one: `Draft::revision` tells which.
    Post(Box<Draft>),
    /// A boost, repost or retweet. Never an item: it brings its original or counts for it.
    Boost {
        /// `network:native id` of the boost itself, so that a repeated delivery does not count twice.
        uid: String,
        /// The original.
        of: BoostOf,
    },
    /// The network says that a post is gone for good.
    Delete {
        /// A uid or an alias (see [`Draft::aliases`]).
        name: String,
        /// On whose word.
        by: Deleter,
    },
    /// The network says something about an account as a whole: it concerns every item that we have of it.
    Account {
        /// `network:id`, with the id that [`Draft::author`] carries.
        name: String,
        /// What has become of it.
        change: AccountChange,
    },
    /// A hashtag that is near one of ours, used in a post that carries none of ours; for the suggestion of aliases.
    NearTag {
        /// The hashtag as it was written, without `#`.
        tag: String,
        /// `network:id` of who used it.
        author: String,
    },
    /// Items that have entered the log by another way (a hook's delivery, which waits for its commit): told for the
    /// status alone.
    Taken {
        /// How many.
        items: u64,
    },
    /// Something an operator should know while the source still works; shown beside its state until it is lifted.
    Warning {
        /// What, as a sentence; `None` lifts it.
        why: Option<String>,
    },
    /// New counts for a post, nothing else.
    Counts {
        /// A uid or an alias.
        name: String,
        /// What the network says; unknown numbers are `None`.
        counts: DraftCounts,
    },
    /// The network says that it kept posts from us (X: `limit`, `warning`); becomes a gap.
    Limit {
        /// How many since the last such message, when the network tells.
        undelivered: Option<u64>,
    },
    /// A line that could not be read; counted by reason, sampled for the dashboard, dropped.
    Malformed {
        /// Short closed word, e.g. `json`, `utf8`, `no_id`.
        reason: &'static str,
        /// The beginning of the line; see [`sample`].
        sample: String,
    },
    /// A message of a kind that we know to be of no interest, or do not know at all; counted, dropped.
    Ignored {
        /// Short word for the kind.
        kind: &'static str,
    },
    /// A line beyond [`LINE_BYTES_MAX`] was skipped; it may have held a post.
    Oversize {
        /// Bytes skipped.
        bytes: u64,
    },
    /// Everything before this place has been sent.
    Cursor(Cursor),
}

impl Upstream {
    /// Whether this message proves that the feed works, which resets the back-off. A mere accepted connection does not,
    /// nor does a line that we cannot read.
    pub fn proves_health(&self) -> bool {
        !matches!(
            self,
            Self::Opened
                | Self::Malformed { .. }
                | Self::Ignored { .. }
                | Self::Oversize { .. }
                | Self::Warning { .. }
        )
    }
}

/// On whose word a post is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deleter {
    /// Its author, or nobody said.
    Author,
    /// The network took it down.
    Network,
    /// Withheld by law.
    Law,
}

/// What has become of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountChange {
    /// Gone for good (deleted, taken down): all its items are removed.
    Removed {
        /// On whose word.
        by: Deleter,
    },
    /// Not to be shown for now (deactivated, suspended): its items are hidden, and come back with it.
    Hidden,
    /// To be seen again: what [`AccountChange::Hidden`] hid is shown.
    Back,
}

/// How a feed ended. A closed list: the pump's next step follows from it alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceEnd {
    /// Closed, reset, timed out, or never connected (TCP, DNS, TLS). Back-off: [`Rhythm::cut`].
    Cut(String),
    /// The network answered with an error that may pass (5xx, a shutdown notice). Back-off: [`Rhythm::refused`].
    Refused(String),
    /// Told to slow down without being told for how long (420, 429 of the "too many connections" kind).
    /// Back-off: [`Rhythm::throttled`].
    Throttled(String),
    /// Told for how long to stay away (`Retry-After`, `x-rate-limit-reset`, as seen from now). The pump caps it at 15
    /// minutes.
    WaitFor(Duration),
    /// Closed by our own settings (a day's allowance of posts is used up). Not capped: what is paid for is kept to.
    Paused {
        /// Why, and when it goes on.
        why: String,
        /// When to come again; there may be things to look after meanwhile, so it need not be when it goes on.
        wait: Duration,
    },
    /// Open but silent for longer than [`Rhythm::silence_max`]; the pump itself ends a stream this way.
    Stalled,
    /// 401 or 403, or no token in the environment: somebody must act.
    NeedsCredentials(String),
    /// The network says that our settings cannot work (404, 406, 413, no rules). Somebody must act.
    Misconfigured(String),
    /// The feed is complete and will say no more (a file replayed to its end).
    Finished,
}

impl fmt::Display for SourceEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cut(why) => write!(f, "connection lost: {why}"),
            Self::Refused(why) => write!(f, "refused by the network: {why}"),
            Self::Throttled(why) => write!(f, "told to slow down: {why}"),
            Self::WaitFor(wait) => write!(f, "told to wait for {} s", wait.as_secs()),
            Self::Paused { why, .. } => write!(f, "paused: {why}"),
            Self::Stalled => f.write_str("open but silent"),
            Self::NeedsCredentials(why) => write!(f, "needs credentials: {why}"),
            Self::Misconfigured(why) => write!(f, "misconfigured: {why}"),
            Self::Finished => f.write_str("finished"),
        }
    }
}

/// How a backfill ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Backfilled {
    /// Everything since the cursor has been sent.
    Complete,
    /// The network does not hand out the past, or no longer this far back: a gap that stays.
    Impossible(String),
    /// Broke off; the pump tries again by the rule of this end, and shows a gap while it lasts.
    Broken(SourceEnd),
}

/// The network's own rules for coming back: waits as `Backoff::linear(..).at_least()` and its like.
#[derive(Clone, Debug)]
pub struct Rhythm {
    /// After [`SourceEnd::Cut`] and [`SourceEnd::Stalled`].
    pub cut: Backoff,
    /// After [`SourceEnd::Refused`].
    pub refused: Backoff,
    /// After [`SourceEnd::Throttled`].
    pub throttled: Backoff,
    /// Silence (no [`Upstream`] at all) after which an open stream counts as stalled; two to three of the network's
    /// heartbeats.
    pub silence_max: Duration,
}

/// Where a source sends what it hears. Bounded: `send` waits while the nozzle is busy.
#[derive(Clone, Debug)]
pub struct Outlet(mpsc::Sender<Upstream>);

impl Outlet {
    /// A new outlet that holds at most `messages_max` messages, and its other end.
    pub fn new(messages_max: usize) -> (Self, mpsc::Receiver<Upstream>) {
        let (sender, receiver) = mpsc::channel(messages_max);
        (Self(sender), receiver)
    }

    /// Hands over one message. Once the pump is gone this waits for ever: the pump drops the source's future next.
    pub async fn send(&self, message: Upstream) {
        if self.0.send(message).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// The beginning of a raw line as a sample for [`Upstream::Malformed`]: at most [`SAMPLE_BYTES_MAX`] bytes of text,
/// control characters escaped.
pub fn sample(raw: &[u8]) -> String {
    let text = String::from_utf8_lossy(&raw[..raw.len().min(SAMPLE_BYTES_MAX)]);
    let mut sample = text.escape_debug().to_string();
    // Escapes and replacement characters are longer than what they stand for.
    sample.truncate(sample.floor_char_boundary(SAMPLE_BYTES_MAX));
    sample
}
