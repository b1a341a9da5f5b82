-- What arrived after a reader left, and what had arrived by a moment.
CREATE INDEX item_by_arrival ON item (event, first, at, last) WHERE state = 'shown';
