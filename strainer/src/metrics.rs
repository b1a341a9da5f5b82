//! The names of the strainer's metrics.

use std::time::Duration;

use chassis::metrics::Described;

/// Entries folded into the archive, by `event`.
pub(crate) const ENTRIES: &str = "perihelion_strainer_entries_archived_total";
/// Transactions committed, by `event`.
pub(crate) const BATCHES: &str = "perihelion_strainer_batches_total";
/// Time of one transaction, in seconds.
pub(crate) const BATCH_SECONDS: &str = "perihelion_strainer_batch_duration_seconds";
/// Steps that failed, by `event` and `class`.
pub(crate) const ERRORS: &str = "perihelion_strainer_errors_total";
/// Entries of the log that the archive does not have yet, by `event`.
pub(crate) const BEHIND: &str = "perihelion_strainer_waiting_entries";
/// For how long some entry has been waiting to be archived, by `event`.
pub(crate) const WAITING: &str = "perihelion_strainer_waiting_seconds";

const ALL: &[Described] = &[
    Described::counter(ENTRIES, "Entries folded into the archive, by event.").by_labels(),
    Described::counter(BATCHES, "Transactions committed, by event.").by_labels(),
    Described::histogram(BATCH_SECONDS, "Time of one transaction."),
    Described::counter(ERRORS, "Steps that failed, by event and class.").by_labels(),
    Described::gauge(BEHIND, "Entries of the log that the archive does not have yet, by event.").by_labels(),
    Described::gauge(WAITING, "For how long the archive has been lacking some entry, by event.").by_labels(),
];

/// Tells the recorder of them.
pub(crate) fn describe() {
    chassis::metrics::describe(ALL);
}

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

/// So many entries are not archived yet, and some of them for so long.
pub(crate) fn behind(event: &str, entries: u64, waiting: Duration) {
    // Exact to 2^53, which seqs never reach.
    ::metrics::gauge!(BEHIND, "event" => event.to_owned()).set(entries as f64);
    ::metrics::gauge!(WAITING, "event" => event.to_owned()).set(waiting.as_secs_f64());
}
