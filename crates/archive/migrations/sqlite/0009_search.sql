-- Search: the index is filled from the items by the program (src/fill.rs), which cuts the terms.

-- Where an item is in the index: the second in which it was said, times 2^24, and a number within that second. So the index
-- itself is ordered by time, and the newest hits are read first, however many there are.
ALTER TABLE item ADD COLUMN spot BIGINT;
CREATE UNIQUE INDEX item_by_spot ON item (spot);

-- One row for each shown item, under its spot. Terms and marks are cut by src/tokens.rs, so the tokenizer only splits at spaces.
DROP TABLE item_terms;
CREATE VIRTUAL TABLE item_terms USING fts5 (terms, tokenize = 'ascii', columnsize = 0);
-- What is deleted leaves the index at once, not at some later merge.
INSERT INTO item_terms (item_terms, rank) VALUES ('secure-delete', 1);

-- The links of shown items that nobody covered. A link is an address as model::link::normal has it; an author is a number.
CREATE TABLE item_link (
    event TEXT NOT NULL,
    id TEXT NOT NULL,
    link TEXT NOT NULL,
    said BIGINT NOT NULL,
    author BIGINT NOT NULL,
    talk TEXT,
    PRIMARY KEY (event, id, link)
) WITHOUT ROWID;
CREATE INDEX item_link_by_link ON item_link (event, link, said, id, author, talk);
CREATE INDEX item_link_by_talk ON item_link (event, talk, link, author, said) WHERE talk IS NOT NULL;

-- What these amount to.
CREATE TABLE link_sum (
    event TEXT NOT NULL,
    link TEXT NOT NULL,
    people BIGINT NOT NULL,
    items BIGINT NOT NULL,
    first BIGINT NOT NULL,
    PRIMARY KEY (event, link)
) WITHOUT ROWID;
CREATE INDEX link_sum_by_people ON link_sum (event, people, first, link);

-- By which version of the program's rules the tables above were filled.
CREATE TABLE filled (
    rules BIGINT NOT NULL PRIMARY KEY
) WITHOUT ROWID;
