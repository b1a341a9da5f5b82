//! The names of halley's metrics, and what they say.

use chassis::metrics::Described;

/// Streams and held polls open now, by `transport`.
pub(crate) const OPEN: &str = "perihelion_halley_connections_open";
/// Streams and polls begun, by `transport`.
pub(crate) const OPENED: &str = "perihelion_halley_connections_opened_total";
/// Requests and streams refused, by `limit`.
pub(crate) const REFUSED: &str = "perihelion_halley_requests_refused_total";
/// Entries handed to connections, by `transport`.
pub(crate) const DELIVERED: &str = "perihelion_halley_entries_delivered_total";
/// Streams closed because their client did not read.
pub(crate) const SLOW: &str = "perihelion_halley_slow_clients_total";
/// WebSocket clients closed for what they sent, by `code`.
pub(crate) const BAD_CLIENT: &str = "perihelion_halley_bad_clients_total";
/// Entries taken over from the log.
pub(crate) const TAKEN: &str = "perihelion_halley_entries_taken_total";
/// Reads of the log that failed.
pub(crate) const READ_ERRORS: &str = "perihelion_halley_read_errors_total";
/// 1 while a log is held because its tail is behind, older or strange, by `event`.
pub(crate) const HELD: &str = "perihelion_halley_log_held";
/// Chunks encoded and compressed.
pub(crate) const CHUNKS_ENCODED: &str = "perihelion_halley_chunks_encoded_total";
/// Entries in the ring, by `event`.
pub(crate) const RING_ENTRIES: &str = "perihelion_halley_ring_entries";
/// Bytes in the ring, by `event`.
pub(crate) const RING_BYTES: &str = "perihelion_halley_ring_bytes";
/// From the moment that a new post carries until it was written to the open streams of a shard.
pub(crate) const SOURCE_TO_SCREEN: &str = "perihelion_halley_source_to_screen_delay_seconds";
/// From a new post's commit until it was written to the open streams of a shard.
pub(crate) const COMMIT_TO_SCREEN: &str = "perihelion_halley_commit_to_screen_delay_seconds";

const ALL: &[Described] = &[
    Described::gauge(OPEN, "Streams and held polls open now, by transport.").by_labels(),
    Described::counter(OPENED, "Streams and polls begun, by transport.").by_labels(),
    Described::counter(REFUSED, "Requests and streams refused, by limit.").by_labels(),
    Described::counter(DELIVERED, "Entries handed to connections, by transport.").by_labels(),
    Described::counter(SLOW, "Streams closed because their client did not read."),
    Described::counter(BAD_CLIENT, "WebSocket clients closed for what they sent, by close code.").by_labels(),
    Described::counter(TAKEN, "Entries taken over from the log."),
    Described::counter(READ_ERRORS, "Reads of the log that failed."),
    Described::gauge(HELD, "1 while an event's log is held because its tail is behind, older or strange.")
        .by_labels(),
    Described::counter(CHUNKS_ENCODED, "Chunks encoded and compressed."),
    Described::gauge(RING_ENTRIES, "Entries in memory, by event.").by_labels(),
    Described::gauge(RING_BYTES, "Bytes of entries in memory, by event.").by_labels(),
    Described::histogram(
        SOURCE_TO_SCREEN,
        "From the moment a new post carries until it was written to the open streams of a shard.",
    ),
    Described::histogram(
        COMMIT_TO_SCREEN,
        "From a new post's commit until it was written to the open streams of a shard.",
    ),
];

/// Tells the recorder of them.
pub(crate) fn describe() {
    chassis::metrics::describe(ALL);
    // There from the first scrape, so that a rate begins with the first that is refused.
    for limit in ["connections", "address_connections", "address_rate"] {
        ::metrics::counter!(REFUSED, "limit" => limit).increment(0);
    }
}
