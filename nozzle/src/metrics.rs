//! Names of the nozzle's metrics, and what they say. Labels come from closed lists, `event` (a slug) and `eid` apart; a source never becomes one.

use chassis::metrics::Described;

/// Messages that reached us from networks.
pub const RECEIVED: &str = "perihelion_nozzle_messages_received_total";
/// Messages dropped before the sequencer, by `reason`.
pub const REJECTED: &str = "perihelion_nozzle_messages_rejected_total";
/// Parts of posts that were cut or dropped, by `what`.
pub const TRIMMED: &str = "perihelion_nozzle_posts_trimmed_total";
/// Streams of sources that ended.
pub const SOURCE_ENDS: &str = "perihelion_nozzle_source_ends_total";
/// Gap entries asked for.
pub const GAPS: &str = "perihelion_nozzle_gap_entries_total";
/// Entries committed.
pub const ENTRIES: &str = "perihelion_nozzle_entries_committed_total";
/// Commands per transaction.
pub const BATCH: &str = "perihelion_nozzle_batch_commands";
/// From the first read of a batch to its commit, in seconds.
pub const COMMIT_SECONDS: &str = "perihelion_nozzle_commit_duration_seconds";
/// Commands that waited in the queue when a batch was taken, by `eid`.
pub const QUEUE: &str = "perihelion_nozzle_queue_commands";
/// Entries that the tail lacks, by `eid`.
pub const TAIL_BEHIND: &str = "perihelion_nozzle_tail_behind_entries";
/// Deliveries to hooks, by `status`.
pub const HOOK: &str = "perihelion_nozzle_hook_deliveries_total";
/// Requests to the intake, by `status`.
pub const INTAKE: &str = "perihelion_nozzle_intake_requests_total";
/// Bytes that are free on the disk of the ledgers.
pub const DISK_FREE: &str = "perihelion_nozzle_disk_free_bytes";
/// 1 while that disk is full and nothing is taken.
pub const DISK_FULL: &str = "perihelion_nozzle_disk_full";
/// Sources by `state`, over all events.
pub const SOURCES: &str = "perihelion_nozzle_sources";
/// From the moment that a new post carries to its commit.
pub const SOURCE_TO_COMMIT: &str = "perihelion_nozzle_source_to_commit_delay_seconds";
/// Public posts, by `event`.
pub const POSTS: &str = "perihelion_nozzle_posts";
/// People who wrote them, by `event`.
pub const PEOPLE: &str = "perihelion_nozzle_people";
/// Connections that follow an event, by `event`.
pub const VIEWERS: &str = "perihelion_nozzle_viewers";
/// The most of them there ever were, by `event`.
pub const VIEWERS_PEAK: &str = "perihelion_nozzle_viewers_peak";
/// Gaps that may still be filled, by `event`.
pub const GAPS_OPEN: &str = "perihelion_nozzle_gaps_open";
/// Gaps that can never be filled, by `event`.
pub const GAPS_UNFILLABLE: &str = "perihelion_nozzle_gaps_unfillable";
/// Messages received of which no tally tells what became of them, by `event`. Anything but 0 is a fault of ours.
pub const MISSING: &str = "perihelion_nozzle_messages_missing";

const ALL: &[Described] = &[
    Described::counter(RECEIVED, "Messages that reached us from networks."),
    Described::counter(REJECTED, "Messages dropped before the log, by reason.").by_labels(),
    Described::counter(TRIMMED, "Parts of posts that were cut or dropped, by what.").by_labels(),
    Described::counter(SOURCE_ENDS, "Streams of sources that ended."),
    Described::counter(GAPS, "Gap entries that sources asked for: opened, closed, given up."),
    Described::counter(ENTRIES, "Entries committed to ledgers."),
    Described::histogram(BATCH, "Commands in one transaction."),
    Described::histogram(COMMIT_SECONDS, "From the first read of a batch to its commit."),
    Described::gauge(QUEUE, "Commands that waited when a batch was taken, by event id.").by_labels(),
    Described::gauge(TAIL_BEHIND, "Entries that the tail in Redis lacks, by event id.").by_labels(),
    Described::counter(HOOK, "Deliveries to hooks, by HTTP status.").by_labels(),
    Described::counter(INTAKE, "Requests to the intake, by HTTP status.").by_labels(),
    Described::gauge(DISK_FREE, "Bytes free on the disk of the ledgers."),
    Described::gauge(DISK_FULL, "1 while that disk is full and nothing is taken."),
    Described::gauge(SOURCES, "Sources of all events, by state.").by_labels(),
    Described::histogram(SOURCE_TO_COMMIT, "From the moment a new post carries to its commit."),
    Described::gauge(POSTS, "Public posts, by event.").by_labels(),
    Described::gauge(PEOPLE, "People who wrote public posts, by event.").by_labels(),
    Described::gauge(VIEWERS, "Connections that follow an event now, by event.").by_labels(),
    Described::gauge(VIEWERS_PEAK, "The most connections there ever were at once, by event.").by_labels(),
    Described::gauge(GAPS_OPEN, "Gaps that may still be filled, by event.").by_labels(),
    Described::gauge(GAPS_UNFILLABLE, "Gaps that can never be filled, by event.").by_labels(),
    Described::gauge(MISSING, "Messages received of which no tally tells what became of them, by event.")
        .by_labels(),
    Described::gauge(
        live::metrics::TAIL_BEHIND_SECONDS,
        "How long the tail has been lacking a committed entry, by event id.",
    )
    .by_labels(),
    Described::counter(
        live::metrics::PUSH_ANSWERS_TOTAL,
        "Answers of the push script, by event id and word.",
    )
    .by_labels(),
];

/// Tells the recorder of them.
pub(crate) fn describe() {
    chassis::metrics::describe(ALL);
    // There from the first scrape, so that a rate begins with the first that is dropped.
    metrics::counter!(REJECTED, "reason" => "empty").increment(0);
}
