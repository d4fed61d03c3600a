-- The question was deleted: turns that it has yet to leave do not count.
ALTER TABLE events ADD COLUMN withdrawn INTEGER NOT NULL DEFAULT 0 CHECK (withdrawn IN (0, 1));

-- What people think of answers.
CREATE TABLE feedback (
    event_seq INTEGER NOT NULL REFERENCES events (seq) ON DELETE CASCADE,
    actor TEXT NOT NULL,
    is_good INTEGER NOT NULL CHECK (is_good IN (0, 1)),
    at REAL NOT NULL,                           -- seconds since 1970
    PRIMARY KEY (event_seq, actor)
) STRICT, WITHOUT ROWID;
CREATE INDEX feedback_of_actor ON feedback (actor);
