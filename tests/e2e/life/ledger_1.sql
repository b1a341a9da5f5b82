-- The ledger's tables as the first version that was landed made them.
CREATE TABLE meta (one INTEGER PRIMARY KEY CHECK (one = 1), eid TEXT NOT NULL, epoch TEXT NOT NULL, line TEXT NOT NULL,
    place TEXT NOT NULL, trim INTEGER NOT NULL);
CREATE TABLE entry (seq INTEGER PRIMARY KEY, chain TEXT NOT NULL, kind TEXT NOT NULL, voids TEXT NOT NULL,
    json TEXT NOT NULL);
CREATE INDEX entry_of_event ON entry (seq) WHERE kind IN ('talk', 'schedule', 'stage', 'event', 'notice', 'gap');
CREATE TABLE item (id TEXT PRIMARY KEY, state TEXT NOT NULL, rev INTEGER NOT NULL, words TEXT, first INTEGER NOT NULL,
    at TEXT NOT NULL);
CREATE TABLE alias (name TEXT PRIMARY KEY, id TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE cursor (source TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE answer (key TEXT PRIMARY KEY, made INTEGER NOT NULL, json TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE early (name TEXT PRIMARY KEY, made INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX early_by_age ON early (made);
CREATE TABLE note (name TEXT PRIMARY KEY, json TEXT NOT NULL) WITHOUT ROWID;
PRAGMA user_version = 1;
