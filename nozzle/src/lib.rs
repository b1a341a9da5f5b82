//! The ingest daemon: sources, admit, the sequencer, push and intake.

pub mod source;
