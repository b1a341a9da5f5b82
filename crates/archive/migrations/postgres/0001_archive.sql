-- Times are microseconds since 1970 UTC. Columns exist where a query opens them; the rest is JSON text.

CREATE TABLE log_cursor (
    event TEXT NOT NULL PRIMARY KEY,
    epoch TEXT NOT NULL,
    seq BIGINT NOT NULL,
    line TEXT NOT NULL
);

CREATE TABLE event (
    event TEXT NOT NULL PRIMARY KEY,
    settings TEXT NOT NULL
);

CREATE TABLE item (
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
    terms TSVECTOR,
    PRIMARY KEY (event, id)
);
CREATE INDEX item_by_time ON item (event, said, id) WHERE state = 'shown';
CREATE INDEX item_by_talk ON item (event, talk, said, id) WHERE filed = 'filed';
CREATE INDEX item_by_photo ON item (event, said, id) WHERE photo;
CREATE INDEX item_by_change ON item (event, touched, id);
CREATE INDEX item_by_answered ON item (event, reply_to) WHERE reply_to IS NOT NULL;
-- The terms are cut by model::terms; null unless the item is shown.
CREATE INDEX item_by_terms ON item USING gin (terms);

CREATE TABLE talk (
    event TEXT NOT NULL,
    id TEXT NOT NULL,
    talk TEXT NOT NULL,
    PRIMARY KEY (event, id)
);

CREATE TABLE schedule (
    event TEXT NOT NULL,
    seq BIGINT NOT NULL,
    version TEXT NOT NULL,
    PRIMARY KEY (event, seq)
);

CREATE TABLE stage (
    event TEXT NOT NULL,
    seq BIGINT NOT NULL,
    stage TEXT NOT NULL,
    PRIMARY KEY (event, seq)
);

CREATE TABLE gap (
    event TEXT NOT NULL,
    id TEXT NOT NULL,
    gap TEXT NOT NULL,
    PRIMARY KEY (event, id)
);

CREATE TABLE tally (
    event TEXT NOT NULL,
    minute BIGINT NOT NULL,
    source TEXT NOT NULL,
    counts TEXT NOT NULL,
    PRIMARY KEY (event, minute, source)
);

CREATE TABLE notice (
    event TEXT NOT NULL,
    seq BIGINT NOT NULL,
    notice TEXT NOT NULL,
    PRIMARY KEY (event, seq)
);
