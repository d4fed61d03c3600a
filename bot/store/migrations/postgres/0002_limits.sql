-- What an event may use counts against the limits for as long as it has no answer.
ALTER TABLE events ADD COLUMN kind text NOT NULL DEFAULT '';      -- '': spends nothing, or nothing was limited
ALTER TABLE events ADD COLUMN items integer NOT NULL DEFAULT 0;   -- pictures, sounds or videos asked for

-- What limits know of a person, who is only a number here: it outlasts being forgotten, for a day.
CREATE TABLE allowances (
    person bigint PRIMARY KEY,
    recent double precision[] NOT NULL DEFAULT '{}',  -- when the requests of the last minute were, oldest first
    day bigint NOT NULL DEFAULT 0,              -- days since 1970 of
    items bigint NOT NULL DEFAULT 0             -- how many files were made that day, of those that `usage` no longer tells
);

-- Money by day. Each process has rows of its own, so that none waits for another.
CREATE TABLE spent (
    day bigint NOT NULL,                        -- days since 1970
    kind text NOT NULL,
    owner integer NOT NULL,
    cost double precision NOT NULL,
    price double precision NOT NULL,            -- the dearest for one item or request
    PRIMARY KEY (day, kind, owner)
);
INSERT INTO spent
SELECT hour / 24, kind, 0, sum(cost), max(cost / greatest(items, requests, 1)) FROM usage GROUP BY 1, 2;

CREATE INDEX usage_of_actor ON usage (adapter, actor, hour);
