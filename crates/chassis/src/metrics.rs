//! The process's metrics: one recorder, rendered in the Prometheus text form by `/metrics`.
//!
//! Each daemon keeps its names as constants in its own `metrics.rs`, with what they say; those of HTTP serving are here. Names follow
//! Prometheus' rules: `perihelion_`, what it is of, base units (`_seconds`, `_bytes`), `_total` for what only grows. The label `event` is a slug,
//! `eid` an event's id; all other labels come from closed lists.

mod described;
mod own;

pub use described::{Described, Kind, describe};

use std::sync::OnceLock;

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

use crate::workers::Seat;

/// Connections accepted since the start.
pub const HTTP_ACCEPTED: &str = "perihelion_http_connections_accepted_total";
/// Connections open now, those taken over included.
pub const HTTP_OPEN: &str = "perihelion_http_connections_open";
/// Connections turned away because the cap was reached.
pub const HTTP_TURNED_AWAY: &str = "perihelion_http_connections_turned_away_total";
/// Failures of `accept`, out of file descriptors above all.
pub const HTTP_ACCEPT_ERRORS: &str = "perihelion_http_accept_errors_total";
/// Requests refused before any handler saw them, by `reason`.
pub const HTTP_REFUSED: &str = "perihelion_http_requests_refused_total";
/// Handlers that panicked.
pub const HTTP_PANICS: &str = "perihelion_http_handler_panics_total";

/// Clients cut off because they did not read: those of server-sent events cannot be told.
pub const HTTP_SLOW: &str = "perihelion_http_slow_clients_total";

const HTTP: &[Described] = &[
    Described::counter(HTTP_ACCEPTED, "Connections accepted."),
    Described::gauge(HTTP_OPEN, "Connections open, those handed to streams included."),
    Described::counter(HTTP_TURNED_AWAY, "Connections turned away because the cap was reached."),
    Described::counter(
        HTTP_ACCEPT_ERRORS,
        "Failures to accept a connection, out of file descriptors above all.",
    ),
    Described::counter(HTTP_REFUSED, "Requests refused before any handler saw them, by reason.").by_labels(),
    Described::counter(HTTP_PANICS, "Handlers that panicked."),
    Described::counter(HTTP_SLOW, "Clients cut off because they did not read."),
];

struct Recorder {
    handle: PrometheusHandle,
    /// What stands behind the names of metrics that are not the recorder's.
    labels: String,
}

static RECORDER: OnceLock<Option<Recorder>> = OnceLock::new();

/// Upper bounds, in seconds, of every histogram whose name ends in `_duration_seconds`: steps of our own work.
const DURATIONS: [f64; 12] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5, 10.0];
/// Upper bounds, in seconds, of every histogram whose name ends in `_delay_seconds`: what people wait for, networks included.
const DELAYS: [f64; 15] =
    [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 30.0, 60.0, 300.0];
/// Upper bounds of every histogram whose name ends in `_commands`.
const COMMANDS: [f64; 8] = [1.0, 2.0, 4.0, 8.0, 32.0, 128.0, 256.0, 512.0];

/// Installs the recorder; later calls do nothing. Whoever is one of several workers says so in every line, as `worker`: they share one
/// address, and each answers with its own numbers.
pub fn install(seat: Option<Seat>) {
    RECORDER.get_or_init(|| {
        let builder = PrometheusBuilder::new();
        let (builder, labels) = match seat {
            Some(seat) => {
                let number = seat.number().to_string();
                let labels = format!("{{worker=\"{number}\"}}");
                (builder.add_global_label("worker", number), labels)
            }
            None => (builder, String::new()),
        };
        build(builder)
            .inspect_err(|e| tracing::warn!(error = %e, "metrics stay empty: another recorder is installed"))
            .ok()
            .map(|handle| Recorder { handle, labels })
    });
    describe(HTTP);
}

fn build(builder: PrometheusBuilder) -> Result<PrometheusHandle, BuildError> {
    let ending = |with: &str| Matcher::Suffix(with.to_owned());
    builder
        .set_buckets_for_metric(ending("_duration_seconds"), &DURATIONS)?
        .set_buckets_for_metric(ending("_delay_seconds"), &DELAYS)?
        .set_buckets_for_metric(ending("_commands"), &COMMANDS)?
        .install_recorder()
}

/// All metrics in the Prometheus text form; empty before [`install`].
pub fn render() -> String {
    let Some(Some(Recorder { handle, labels })) = RECORDER.get() else { return String::new() };
    handle.run_upkeep();
    handle.render() + &own::render(labels)
}
