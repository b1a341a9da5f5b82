//! The names of the site's metrics, and what they say.

use chassis::metrics::Described;

/// Reads of a log that the site's fold held back from: the tail was behind, older or strange.
pub(super) const FOLD_HOLDS: &str = "perihelion_site_fold_holds_total";
/// Requests that came too often from one place.
pub(super) const LIMITED: &str = "perihelion_site_requests_limited_total";
/// Pictures that were not fetched or not shown, by `reason`.
pub(super) const MEDIA_REFUSED: &str = "perihelion_site_pictures_refused_total";
/// Pages that were kept when they were asked for.
pub(super) const PAGE_HITS: &str = "perihelion_site_page_cache_hits_total";
/// Pages that had to be drawn.
pub(super) const PAGE_MISSES: &str = "perihelion_site_page_cache_misses_total";
/// Requests that waited for a page that another one had drawn.
pub(super) const PAGE_WAITS: &str = "perihelion_site_page_cache_waits_total";
/// What kept pages take.
pub(super) const PAGE_BYTES: &str = "perihelion_site_page_cache_bytes";
/// Posts written on the page, by `status`.
pub(super) const POSTS: &str = "perihelion_site_posts_total";
/// Reads that the archive was too old for, restored from a backup perhaps.
pub(super) const ARCHIVE_RESTORING: &str = "perihelion_site_archive_restoring_total";
/// What walls told that was not taken.
pub(super) const WALLS_REFUSED: &str = "perihelion_site_walls_refused_total";
/// Lines of the audit log that are in the process's log alone.
pub(super) const AUDIT_DROPPED: &str = "perihelion_site_audit_lines_dropped_total";
/// Log-ins that were not even tried, as too many were.
pub(super) const LOGINS_REFUSED: &str = "perihelion_site_logins_refused_total";
/// Log-ins with a wrong name or password.
pub(super) const LOGINS_FAILED: &str = "perihelion_site_logins_failed_total";

const ALL: &[Described] = &[
    Described::counter(FOLD_HOLDS, "Reads of a log that the fold held back from."),
    Described::counter(LIMITED, "Requests that came too often from one place."),
    Described::counter(MEDIA_REFUSED, "Pictures that were not fetched or not shown, by reason.").by_labels(),
    Described::counter(PAGE_HITS, "Pages that were kept when they were asked for."),
    Described::counter(PAGE_MISSES, "Pages that had to be drawn."),
    Described::counter(PAGE_WAITS, "Requests that waited for a page that another one had drawn."),
    Described::gauge(PAGE_BYTES, "What kept pages take."),
    Described::counter(POSTS, "Posts written on the page, by status.").by_labels(),
    Described::counter(ARCHIVE_RESTORING, "Reads that the archive was too old for."),
    Described::counter(WALLS_REFUSED, "What walls told that was not taken."),
    Described::counter(AUDIT_DROPPED, "Lines of the audit log that the database does not have."),
    Described::counter(LOGINS_REFUSED, "Log-ins that were not tried, as too many were."),
    Described::counter(LOGINS_FAILED, "Log-ins with a wrong name or password."),
];

/// Tells the recorder of them.
pub(super) fn describe() {
    chassis::metrics::describe(ALL);
}
