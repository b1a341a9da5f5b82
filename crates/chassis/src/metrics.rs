//! The process's metrics: one recorder, rendered in the Prometheus text form by `/metrics`.
//!
//! Each daemon keeps its names as constants in its own `metrics.rs`; those of HTTP serving are here.

use std::sync::OnceLock;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use crate::workers::Seat;

/// Connections accepted since the start.
pub const HTTP_ACCEPTED: &str = "http_connections_accepted_total";
/// Connections open now, those taken over included.
pub const HTTP_OPEN: &str = "http_connections_open";
/// Connections turned away because the cap was reached.
pub const HTTP_TURNED_AWAY: &str = "http_connections_turned_away_total";
/// Failures of `accept`, out of file descriptors above all.
pub const HTTP_ACCEPT_ERRORS: &str = "http_accept_errors_total";
/// Requests refused before any handler saw them, by `reason`.
pub const HTTP_REFUSED: &str = "http_requests_refused_total";
/// Handlers that panicked.
pub const HTTP_PANICS: &str = "http_handler_panics_total";

/// Clients cut off because they did not read: those of server-sent events cannot be told.
pub const HTTP_SLOW: &str = "http_slow_clients_total";

static RECORDER: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

/// Upper bounds, in seconds, of every histogram whose name ends in `_seconds`.
const SECONDS: [f64; 12] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5, 10.0];

/// Installs the recorder; later calls do nothing. Whoever is one of several workers says so in every line, as `worker`: they share one
/// address, and each answers with its own numbers.
pub fn install(seat: Option<Seat>) {
    RECORDER.get_or_init(|| {
        let builder = PrometheusBuilder::new();
        let builder = match seat {
            Some(seat) => builder.add_global_label("worker", seat.number().to_string()),
            None => builder,
        };
        builder
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)
            .and_then(PrometheusBuilder::install_recorder)
            .inspect_err(|e| tracing::warn!(error = %e, "metrics stay empty: another recorder is installed"))
            .ok()
    });
}

/// All metrics in the Prometheus text form; empty before [`install`].
pub fn render() -> String {
    let Some(Some(recorder)) = RECORDER.get() else { return String::new() };
    recorder.run_upkeep();
    recorder.render()
}
