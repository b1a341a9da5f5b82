-- Search: the index is filled from the items by the program (src/fill.rs), which cuts the terms.
ALTER TABLE item DROP COLUMN terms;

-- One row for each shown item. Apart from the items, so that many hits are many rows of few pages. Terms and marks are cut by
-- src/tokens.rs. What waits to be sorted into the index is read by every search, so it stays short.
CREATE TABLE item_search (
    event TEXT NOT NULL,
    id TEXT NOT NULL,
    said BIGINT NOT NULL,
    terms TSVECTOR NOT NULL,
    PRIMARY KEY (event, id)
);
CREATE INDEX item_search_by_time ON item_search (event, said, id);
CREATE INDEX item_search_by_terms ON item_search USING gin (terms) WITH (gin_pending_list_limit = 256);

-- The links of shown items that nobody covered. A link is an address as model::link::normal has it; an author is a number.
CREATE TABLE item_link (
    event TEXT NOT NULL,
    id TEXT NOT NULL,
    link TEXT COLLATE "C" NOT NULL,
    said BIGINT NOT NULL,
    author BIGINT NOT NULL,
    talk TEXT,
    PRIMARY KEY (event, id, link)
);
CREATE INDEX item_link_by_link ON item_link (event, link, said, id, author);
CREATE INDEX item_link_by_talk ON item_link (event, talk, link, author, said) WHERE talk IS NOT NULL;

-- What these amount to.
CREATE TABLE link_sum (
    event TEXT NOT NULL,
    link TEXT COLLATE "C" NOT NULL,
    people BIGINT NOT NULL,
    items BIGINT NOT NULL,
    first BIGINT NOT NULL,
    PRIMARY KEY (event, link)
);
CREATE INDEX link_sum_by_people ON link_sum (event, people, first, link);

-- By which version of the program's rules the tables above were filled.
CREATE TABLE filled (
    rules BIGINT NOT NULL PRIMARY KEY
);
