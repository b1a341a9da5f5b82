//! The archive: every item by talk, in SQLite or PostgreSQL.
