//! The ingest daemon: sources, admit, the sequencer, push and intake.
