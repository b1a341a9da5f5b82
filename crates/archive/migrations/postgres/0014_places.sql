-- The stream as it stood, with the grey lines of what is gone: readers scroll back to its first minute.
CREATE INDEX item_by_place ON item (event, first);
