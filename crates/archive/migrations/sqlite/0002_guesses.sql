-- A talk's page shows apart what is only guessed to be about it.
CREATE INDEX item_by_guess ON item (event, talk, said, id) WHERE filed = 'suggested';
