//! The tables of a ledger, and the steps from each version to the next. A new ledger takes all of them, so that an old one
//! that was brought up to date and a new one are the same.

/// Version of the tables, kept in `PRAGMA user_version`.
pub(super) const VERSION: i64 = 4;

/// `entry` is the log. `item` is private: the newest words of every item that may still be shown, hidden ones included;
/// it keeps its rowid, because rows this long under random keys would be rewritten with every page split.
const TABLES: &str = "
CREATE TABLE meta (
    one    INTEGER PRIMARY KEY CHECK (one = 1),
    eid    TEXT NOT NULL,
    epoch  TEXT NOT NULL,
    line   TEXT NOT NULL,
    place  TEXT NOT NULL,
    trim   INTEGER NOT NULL
);
CREATE TABLE entry (
    seq    INTEGER PRIMARY KEY,
    chain  TEXT NOT NULL,
    kind   TEXT NOT NULL,
    voids  TEXT NOT NULL,
    json   TEXT NOT NULL
);
CREATE INDEX entry_of_event ON entry (seq)
    WHERE kind IN ('talk', 'schedule', 'stage', 'event', 'notice', 'gap');
CREATE TABLE item (
    id     TEXT PRIMARY KEY,
    state  TEXT NOT NULL,
    rev    INTEGER NOT NULL,
    words  TEXT,
    first  INTEGER NOT NULL,
    at     TEXT NOT NULL
);
CREATE TABLE alias (
    name   TEXT PRIMARY KEY,
    id     TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE cursor (
    source TEXT PRIMARY KEY,
    value  TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE answer (
    key    TEXT PRIMARY KEY,
    made   INTEGER NOT NULL,
    json   TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE early (
    name   TEXT PRIMARY KEY,
    made   INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX early_by_age ON early (made);
CREATE TABLE note (
    name   TEXT PRIMARY KEY,
    json   TEXT NOT NULL
) WITHOUT ROWID;
";

/// Version 2: what keeps an item from the public (`veil`, see `state::Veil`), whose it is, which source brought it and when
/// it was said, so that an account's and a source's items are found; and what became of accounts. Answers are found by
/// age, since every delivery of a hook leaves one. Nothing but people hid items before. Words that cannot be read leave
/// the columns empty: this step must not end a ledger that works.
const ACCOUNTS: &str = "
ALTER TABLE item ADD COLUMN veil INTEGER NOT NULL DEFAULT 0;
ALTER TABLE item ADD COLUMN author TEXT;
ALTER TABLE item ADD COLUMN source TEXT;
ALTER TABLE item ADD COLUMN said INTEGER;
UPDATE item SET veil = CASE state WHEN 'hidden' THEN 2 WHEN 'held' THEN 4 ELSE 0 END;
UPDATE item SET
    author = (words ->> '$.item.network') || ':' || nullif(words ->> '$.item.author.id', ''),
    source = words ->> '$.item.source',
    said = words ->> '$.item.when'
    WHERE json_valid(words);
CREATE INDEX item_by_author ON item (author, veil) WHERE author IS NOT NULL;
CREATE INDEX item_by_source ON item (source, said) WHERE source IS NOT NULL;
CREATE TABLE account (
    name   TEXT PRIMARY KEY,
    change TEXT NOT NULL,
    made   INTEGER NOT NULL,
    todo   INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX answer_by_age ON answer (made);
CREATE INDEX account_by_age ON account (made);
CREATE INDEX account_to_do ON account (name) WHERE todo = 1;
PRAGMA user_version = 2;
";

/// Version 3: what moderators see and say. `author` is what was said of an author for good, `verdict` since when and why an item
/// is not shown, `hit` how often a rule held, `report` what readers say of items, `covered` the items that a moderator
/// covers. None of these holds anybody's words; what speaks of an item goes with it.
const MODERATION: &str = "
CREATE TABLE author (
    name   TEXT PRIMARY KEY,
    change TEXT NOT NULL,
    actor  TEXT NOT NULL,
    made   INTEGER NOT NULL,
    came   INTEGER NOT NULL,
    todo   INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX author_to_do ON author (name) WHERE todo = 1;
CREATE TABLE verdict (
    id     TEXT PRIMARY KEY,
    since  INTEGER NOT NULL,
    json   TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE hit (
    rule   TEXT PRIMARY KEY,
    times  INTEGER NOT NULL,
    last   INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE report (
    id     TEXT NOT NULL,
    who    TEXT NOT NULL,
    reason TEXT NOT NULL,
    made   INTEGER NOT NULL,
    open   INTEGER NOT NULL,
    PRIMARY KEY (id, who)
) WITHOUT ROWID;
CREATE INDEX report_by_who ON report (who, made);
CREATE INDEX report_open ON report (id) WHERE open = 1;
CREATE TABLE covered (
    id     TEXT PRIMARY KEY
) WITHOUT ROWID;
CREATE INDEX item_aside ON item (state) WHERE state IN ('held', 'hidden');
PRAGMA user_version = 3;
";

/// Version 4: receipts (see `crate::receipts`): who asked that an item be taken away, and up to where each surface has obeyed,
/// since when. Neither holds a word of anybody's.
const RECEIPTS: &str = "
CREATE TABLE receipt (
    seq     INTEGER PRIMARY KEY,
    id      TEXT NOT NULL,
    what    TEXT NOT NULL,
    gone_by TEXT NOT NULL,
    way     TEXT NOT NULL,
    role    TEXT NOT NULL,
    at      INTEGER NOT NULL,
    made    INTEGER NOT NULL,
    undone  INTEGER
);
CREATE INDEX receipt_by_item ON receipt (id, seq);
CREATE TABLE clean (
    surface TEXT NOT NULL,
    seq     INTEGER NOT NULL,
    since   INTEGER NOT NULL,
    told    INTEGER NOT NULL,
    silent  INTEGER NOT NULL,
    how     TEXT NOT NULL,
    PRIMARY KEY (surface, seq)
) WITHOUT ROWID;
PRAGMA user_version = 4;
";

/// `STEPS[n]` brings a ledger of version n to version n + 1; the last one says which version it is now.
pub(super) const STEPS: [&str; VERSION as usize] = [TABLES, ACCOUNTS, MODERATION, RECEIPTS];
