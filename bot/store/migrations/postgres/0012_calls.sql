-- The API's calls that may cost something: reserved before they are posted, then settled or given back.
CREATE TABLE calls (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_seq bigint NOT NULL REFERENCES events (seq) ON DELETE CASCADE,
    at double precision NOT NULL,               -- seconds since 1970
    kind text NOT NULL,
    model text NOT NULL,
    items bigint NOT NULL,
    micros bigint,                              -- what it will cost at most, or did cost; NULL: not known yet
    state text NOT NULL CHECK (state IN ('reserved', 'settled', 'returned'))
);
CREATE INDEX calls_of_event ON calls (event_seq);
-- One call of an event is open at a time.
CREATE UNIQUE INDEX calls_open ON calls (event_seq) WHERE state = 'reserved';
