-- Times are microseconds since 1970 UTC. Columns exist where a query opens them; the rest is JSON text.

CREATE TABLE log_cursor (
    event TEXT NOT NULL PRIMARY KEY,
    epoch TEXT NOT NULL,
    seq BIGINT NOT NULL,
    line TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE event (
    event TEXT NOT NULL PRIMARY KEY,
    settings TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE item (
    key INTEGER NOT NULL PRIMARY KEY,
    event TEXT NOT NULL,
    id TEXT NOT NULL,
    state TEXT NOT NULL,
    first BIGINT NOT NULL,
    last BIGINT NOT NULL,
    touched BIGINT NOT NULL,
    gone_by TEXT,
    at BIGINT NOT NULL,
    said BIGINT,
    filed TEXT,
    talk TEXT,
    room TEXT,
    network TEXT,
    author TEXT,
    reply_to TEXT,
    photo BOOLEAN NOT NULL,
    question BOOLEAN NOT NULL,
    item TEXT,
    filing TEXT,
    UNIQUE (event, id)
);
CREATE INDEX item_by_time ON item (event, said, id) WHERE state = 'shown';
CREATE INDEX item_by_talk ON item (event, talk, said, id) WHERE filed = 'filed';
CREATE INDEX item_by_photo ON item (event, said, id) WHERE photo;
CREATE INDEX item_by_change ON item (event, touched, id);
CREATE INDEX item_by_answered ON item (event, reply_to) WHERE reply_to IS NOT NULL;

-- One row per shown item, under its key. The terms are cut by model::terms, so the tokenizer only splits at spaces.
CREATE VIRTUAL TABLE item_terms USING fts5 (terms, tokenize = 'ascii', detail = 'none', columnsize = 0);
-- What is deleted leaves the index at once, not at some later merge.
INSERT INTO item_terms (item_terms, rank) VALUES ('secure-delete', 1);

CREATE TABLE talk (
    event TEXT NOT NULL,
    id TEXT NOT NULL,
    talk TEXT NOT NULL,
    PRIMARY KEY (event, id)
) WITHOUT ROWID;

CREATE TABLE schedule (
    event TEXT NOT NULL,
    seq BIGINT NOT NULL,
    version TEXT NOT NULL,
    PRIMARY KEY (event, seq)
) WITHOUT ROWID;

CREATE TABLE stage (
    event TEXT NOT NULL,
    seq BIGINT NOT NULL,
    stage TEXT NOT NULL,
    PRIMARY KEY (event, seq)
) WITHOUT ROWID;

CREATE TABLE gap (
    event TEXT NOT NULL,
    id TEXT NOT NULL,
    gap TEXT NOT NULL,
    PRIMARY KEY (event, id)
) WITHOUT ROWID;

CREATE TABLE tally (
    event TEXT NOT NULL,
    minute BIGINT NOT NULL,
    source TEXT NOT NULL,
    counts TEXT NOT NULL,
    PRIMARY KEY (event, minute, source)
) WITHOUT ROWID;

CREATE TABLE notice (
    event TEXT NOT NULL,
    seq BIGINT NOT NULL,
    notice TEXT NOT NULL,
    PRIMARY KEY (event, seq)
) WITHOUT ROWID;
