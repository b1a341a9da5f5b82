//! Names of the nozzle's metrics. Labels come from closed lists; an event or a source never becomes one.

/// Messages that reached us from networks.
pub const RECEIVED: &str = "nozzle_received_total";
/// Messages dropped before the sequencer, by `reason`.
pub const REJECTED: &str = "nozzle_rejected_total";
/// Parts of posts that were cut or dropped, by `what`.
pub const TRIMMED: &str = "nozzle_trimmed_total";
/// Streams of sources that ended.
pub const SOURCE_ENDS: &str = "nozzle_source_ends_total";
/// Gap entries asked for.
pub const GAPS: &str = "nozzle_gaps_total";
/// Entries committed.
pub const ENTRIES: &str = "nozzle_entries_total";
/// Commands per transaction.
pub const BATCH: &str = "nozzle_batch_commands";
/// From the first read of a batch to its commit, in seconds.
pub const COMMIT_SECONDS: &str = "nozzle_commit_seconds";
/// Commands that waited in the queue when a batch was taken.
pub const QUEUE: &str = "nozzle_queue_commands";
/// Entries that the tail lacks, over all events.
pub const TAIL_BEHIND: &str = "nozzle_tail_behind_entries";
/// Deliveries to hooks, by `status`.
pub const HOOK: &str = "nozzle_hook_deliveries_total";
/// Requests to the intake, by `status`.
pub const INTAKE: &str = "nozzle_intake_requests_total";
