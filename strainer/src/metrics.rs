//! The names of the strainer's metrics.

use std::time::Duration;

/// Entries folded into the archive, by `event`.
pub(crate) const ENTRIES: &str = "strainer_entries_total";
/// Transactions committed, by `event`.
pub(crate) const BATCHES: &str = "strainer_batches_total";
/// Time of one transaction, in seconds.
pub(crate) const BATCH_SECONDS: &str = "strainer_batch_seconds";
/// Steps that failed, by `event` and `class`.
pub(crate) const ERRORS: &str = "strainer_errors_total";
/// Entries of the log that the archive does not have yet, by `event`.
pub(crate) const BEHIND: &str = "strainer_behind_entries";

/// A batch was committed.
pub(crate) fn committed(event: &str, entries: usize, took: Duration) {
    ::metrics::counter!(ENTRIES, "event" => event.to_owned()).increment(entries as u64);
    ::metrics::counter!(BATCHES, "event" => event.to_owned()).increment(1);
    ::metrics::histogram!(BATCH_SECONDS).record(took.as_secs_f64());
}

/// A step failed.
pub(crate) fn failed(event: &str, class: live::Class) {
    let class = match class {
        live::Class::Retry => "retry",
        live::Class::Reject => "reject",
        live::Class::Fatal => "fatal",
    };
    ::metrics::counter!(ERRORS, "event" => event.to_owned(), "class" => class).increment(1);
}

/// So many entries are not archived yet.
pub(crate) fn behind(event: &str, entries: u64) {
    // Exact to 2^53, which seqs never reach.
    ::metrics::gauge!(BEHIND, "event" => event.to_owned()).set(entries as f64);
}
