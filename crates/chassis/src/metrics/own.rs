//! What Prometheus' own client libraries tell of every process, under their names, and which program this is.

use std::fmt::Write;

use crate::process;

/// Metrics of this process in the Prometheus text form; `labels` go into each line (`{worker="1"}`, or nothing).
pub(super) fn render(labels: &str) -> String {
    let mut text = String::new();
    let mut tell = |name: &str, kind: &str, help: &str, value: Option<String>| {
        if let Some(value) = value {
            let _infallible =
                write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name}{labels} {value}\n\n");
        }
    };
    let number = |n: Option<u64>| n.map(|n| n.to_string());
    let cpu = process::cpu_seconds().map(|seconds| format!("{seconds:.3}"));
    let started = format!("{:.3}", process::started_us() as f64 / 1e6);
    tell("process_cpu_seconds_total", "counter", "Processor time used, in seconds.", cpu);
    tell(
        "process_resident_memory_bytes",
        "gauge",
        "Resident memory, in bytes.",
        number(process::resident_bytes()),
    );
    tell(
        "process_start_time_seconds",
        "gauge",
        "When the process started, in seconds since 1970.",
        Some(started),
    );
    tell("process_open_fds", "gauge", "Open file descriptors.", number(process::open_files()));
    tell(
        "process_max_fds",
        "gauge",
        "File descriptors that may be open.",
        number(process::open_files_max().ok()),
    );
    let version = env!("CARGO_PKG_VERSION");
    let inner = labels.trim_start_matches('{').trim_end_matches('}');
    let comma = if inner.is_empty() { "" } else { "," };
    let _infallible = write!(
        text,
        "# HELP perihelion_build_info Which version runs; always 1.\n# TYPE perihelion_build_info gauge\n\
         perihelion_build_info{{version=\"{version}\"{comma}{inner}}} 1\n"
    );
    text
}
