//! The live log's types and pure rules: entries, items, the fold, talks, filing. No I/O.
