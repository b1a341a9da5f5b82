//! The names of halley's metrics.

/// Streams and held polls open now, by `transport`.
pub(crate) const OPEN: &str = "halley_connections_open";
/// Streams and polls begun, by `transport`.
pub(crate) const OPENED: &str = "halley_connections_total";
/// Requests and streams refused, by `limit`.
pub(crate) const REFUSED: &str = "halley_refused_total";
/// Entries handed to connections, by `transport`.
pub(crate) const DELIVERED: &str = "halley_entries_delivered_total";
/// Streams closed because their client did not read.
pub(crate) const SLOW: &str = "halley_slow_clients_total";
/// WebSocket clients closed for what they sent, by `code`.
pub(crate) const BAD_CLIENT: &str = "halley_bad_clients_total";
/// Entries taken over from the log.
pub(crate) const TAKEN: &str = "halley_entries_taken_total";
/// Reads of the log that failed.
pub(crate) const READ_ERRORS: &str = "halley_read_errors_total";
/// 1 while a log is held because its tail is behind, older or strange, by `event`.
pub(crate) const HELD: &str = "halley_log_held";
/// Chunks encoded and compressed.
pub(crate) const CHUNKS_ENCODED: &str = "halley_chunks_encoded_total";
/// Entries in the ring, by `event`.
pub(crate) const RING_ENTRIES: &str = "halley_ring_entries";
/// Bytes in the ring, by `event`.
pub(crate) const RING_BYTES: &str = "halley_ring_bytes";
