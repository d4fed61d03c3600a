-- The API's calls that may cost something: reserved before they are posted, then settled or given back.
CREATE TABLE calls (
    seq INTEGER PRIMARY KEY,
    event_seq INTEGER NOT NULL REFERENCES events (seq) ON DELETE CASCADE,
    at REAL NOT NULL,                           -- seconds since 1970
    kind TEXT NOT NULL,
    model TEXT NOT NULL,
    items INTEGER NOT NULL,
    micros INTEGER,                             -- what it will cost at most, or did cost; NULL: not known yet
    state TEXT NOT NULL CHECK (state IN ('reserved', 'settled', 'returned'))
) STRICT;
CREATE INDEX calls_of_event ON calls (event_seq);
-- One call of an event is open at a time.
CREATE UNIQUE INDEX calls_open ON calls (event_seq) WHERE state = 'reserved';
