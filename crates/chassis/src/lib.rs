//! What every daemon stands on: telemetry, metrics, shutdown, HTTP serving, back-off.

pub mod clock;
