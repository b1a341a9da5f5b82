-- Who may pass the site's door. Written by the site and by `perihelion user`, never by the strainer, and not part of any log. Times are
-- microseconds since 1970 UTC; 0 and '' stand for "none", so that no statement has to bind a null.

-- Every change moves this number: other processes see by it that what they remember is old. Each transaction that changes anything begins
-- with this row, so two of them never pass each other.
CREATE TABLE site_version (
    id INTEGER NOT NULL PRIMARY KEY,
    n BIGINT NOT NULL
);
INSERT INTO site_version (id, n) VALUES (1, 1);

CREATE TABLE site_account (
    id TEXT NOT NULL PRIMARY KEY,
    login TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    password TEXT NOT NULL,
    disabled BIGINT NOT NULL,
    made BIGINT NOT NULL
);

-- event '': all events.
CREATE TABLE site_grant (
    account TEXT NOT NULL,
    event TEXT NOT NULL,
    role TEXT NOT NULL,
    PRIMARY KEY (account, event)
);
CREATE INDEX site_grant_by_event ON site_grant (event, role);

CREATE TABLE site_session (
    hash TEXT NOT NULL PRIMARY KEY,
    account TEXT NOT NULL,
    made BIGINT NOT NULL,
    seen BIGINT NOT NULL,
    ends BIGINT NOT NULL
);
CREATE INDEX site_session_by_account ON site_session (account, made);

-- One for each account at most.
CREATE TABLE site_link (
    hash TEXT NOT NULL PRIMARY KEY,
    account TEXT NOT NULL UNIQUE,
    ends BIGINT NOT NULL
);

CREATE TABLE site_capability (
    id TEXT NOT NULL PRIMARY KEY,
    hash TEXT NOT NULL UNIQUE,
    event TEXT NOT NULL,
    kind TEXT NOT NULL,
    label TEXT NOT NULL,
    what TEXT NOT NULL,
    made BIGINT NOT NULL,
    ends BIGINT NOT NULL
);
CREATE INDEX site_capability_by_event ON site_capability (event, made);

-- event '': of the whole installation.
CREATE TABLE site_audit (
    n BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at BIGINT NOT NULL,
    event TEXT NOT NULL,
    account TEXT NOT NULL,
    who TEXT NOT NULL,
    verb TEXT NOT NULL,
    object TEXT NOT NULL,
    sentence TEXT NOT NULL,
    undo TEXT NOT NULL,
    undone BIGINT NOT NULL
);
CREATE INDEX site_audit_by_event ON site_audit (event, n);
