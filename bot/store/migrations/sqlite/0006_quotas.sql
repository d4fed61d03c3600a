-- What an event may use counts against the quotas for as long as it has no answer.
CREATE TABLE reservations (
    event_seq INTEGER PRIMARY KEY REFERENCES events (seq) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    items INTEGER NOT NULL                      -- pictures, sounds or videos asked for
) STRICT;

-- The dearest of one item or request: what the next one may cost.
ALTER TABLE usage ADD COLUMN price REAL NOT NULL DEFAULT 0;
UPDATE usage SET price = cost / max(items, requests, 1);

-- What was made for people who were forgotten, who are only numbers here: it counts until the end of the day.
CREATE TABLE allowances (
    person INTEGER PRIMARY KEY,
    day INTEGER NOT NULL,                       -- days since 1970
    items INTEGER NOT NULL
) STRICT;
