//! Faults on demand. All counts are messages of one stream connection unless said otherwise; 0 means never.

use serde::{Deserialize, Serialize};

/// How a connection ends when it is dropped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cut {
    /// Both directions shut, without the end of the chunked body.
    #[default]
    Abrupt,
    /// The body ends as if it were complete.
    Clean,
    /// Our direction is shut; the socket stays open until the reader closes it.
    HalfClose,
}

/// What goes wrong, how often.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Faults {
    /// Same seed, same faults.
    pub seed: u64,
    /// The connection is dropped after so many messages.
    pub drop_every: u64,
    /// How it is dropped.
    pub cut: Cut,
    /// The first half of the next message is sent before the drop.
    pub half_message: bool,
    /// So many things of the script happen while nobody is connected after a drop (with [`crate::Pace::AsRead`]).
    pub missed_per_drop: u64,
    /// For so long after a drop, the stream answers 503.
    pub down_ms: u64,
    /// Percent of messages that are sent twice, the second time a few messages later.
    pub duplicates_percent: f64,
    /// Chunks end inside UTF-8 sequences and between `\r` and `\n`.
    pub split_chunks: bool,
    /// A line that is no message, after every so many.
    pub garbage_every: u64,
    /// A line of `oversize_bytes`, after every so many messages.
    pub oversize_every: u64,
    /// Length of an oversized line.
    pub oversize_bytes: usize,
    /// Open and silent, after every so many messages.
    pub stall_every: u64,
    /// For so long.
    pub stall_ms: u64,
    /// Percent of messages that come up to 8 messages late.
    pub late_percent: f64,
    /// Each post that will be deleted has its delete sent before it on the stream.
    pub deletes_first: bool,
    /// Answers to the first tries to connect to the stream, in order (0: let it in).
    pub stream_statuses: Vec<u16>,
    /// Answers to the first REST calls for posts, in order (0: answer properly).
    pub rest_statuses: Vec<u16>,
    /// Seconds named in `x-rate-limit-reset` of a 429 made by `stream_statuses` or `rest_statuses`.
    pub reset_seconds: u32,
    /// A connection that its reader left keeps its slot for so long (X: 429 TooManyConnections meanwhile).
    pub reap_ms: u64,
    /// Percent of messages before which strangers do something: likes, posts, deletes, changes of accounts (Bluesky).
    pub noise_percent: f64,
    /// What happened less than so long before a replay was asked for is lost where it turns live (Bluesky).
    pub handover_lost_ms: u64,
    /// Pings are not answered (Bluesky).
    pub no_pong: bool,
    /// Messages drip: so many bytes at a time (Bluesky); 0 means at once.
    pub drip_bytes: usize,
    /// Between two drips.
    pub drip_ms: u64,
    /// Heartbeat interval; the real ones are 15 s (Mastodon), 20 s (X v2), 30 s (v1.1).
    pub heartbeat_ms: u64,
}

impl Default for Faults {
    fn default() -> Self {
        Self {
            seed: 1,
            drop_every: 0,
            cut: Cut::Abrupt,
            half_message: false,
            missed_per_drop: 0,
            down_ms: 0,
            duplicates_percent: 0.0,
            split_chunks: false,
            garbage_every: 0,
            oversize_every: 0,
            oversize_bytes: 3 * 1024 * 1024,
            stall_every: 0,
            stall_ms: 0,
            late_percent: 0.0,
            deletes_first: false,
            stream_statuses: Vec::new(),
            rest_statuses: Vec::new(),
            reset_seconds: 1,
            reap_ms: 0,
            noise_percent: 0.0,
            handover_lost_ms: 0,
            no_pong: false,
            drip_bytes: 0,
            drip_ms: 0,
            heartbeat_ms: 15_000,
        }
    }
}

impl Faults {
    /// What the main test asks for: drops every 500 messages with half a message and things missed, 5% duplicates,
    /// unkind chunk ends, garbage, and a line of 3 MB now and then.
    pub fn rough(seed: u64) -> Self {
        Self {
            seed,
            drop_every: 500,
            half_message: true,
            missed_per_drop: 7,
            duplicates_percent: 5.0,
            split_chunks: true,
            garbage_every: 97,
            oversize_every: 400,
            ..Self::default()
        }
    }
}
