//! The live log: the ledger in SQLite, its tail in Redis, readers and the bell.
