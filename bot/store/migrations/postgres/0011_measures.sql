-- Limits are measured in requests, tokens, pictures, seconds and money, of people, channels and workspaces. Money is
-- counted in micros, millionths of the API's currency, as whole numbers.
ALTER TABLE events ADD COLUMN workspace text NOT NULL DEFAULT '';
-- What an event may use until it is answered, and afterwards what it did use.
ALTER TABLE events ADD COLUMN tokens bigint NOT NULL DEFAULT 0;
ALTER TABLE events ADD COLUMN milliseconds bigint NOT NULL DEFAULT 0;   -- of sound or video
ALTER TABLE events ADD COLUMN micros bigint DEFAULT 0;                  -- NULL: the price is not known

ALTER TABLE usage ADD COLUMN milliseconds bigint NOT NULL DEFAULT 0;
ALTER TABLE usage ADD COLUMN micros bigint NOT NULL DEFAULT 0;
UPDATE usage SET micros = round(cost * 1000000)::bigint;
ALTER TABLE usage DROP COLUMN cost;
CREATE INDEX usage_of_channel ON usage (adapter, channel, hour);

-- What is used by the hour, kind and workspace. Each process has rows of its own, so that none waits for another.
ALTER TABLE spent RENAME TO spent_before;
CREATE TABLE spent (
    hour bigint NOT NULL,                       -- hours since 1970
    kind text NOT NULL,
    owner integer NOT NULL,
    adapter text NOT NULL,
    workspace text NOT NULL,
    requests bigint NOT NULL,
    prompt_tokens bigint NOT NULL,
    completion_tokens bigint NOT NULL,
    items bigint NOT NULL,
    milliseconds bigint NOT NULL,
    micros bigint NOT NULL,
    price bigint NOT NULL,                      -- the dearest for one item or request, in micros
    CONSTRAINT spent_by_hour PRIMARY KEY (hour, kind, owner, adapter, workspace)
);
-- Costs and prices are known by the day, all else from usage.
INSERT INTO spent SELECT day * 24, kind, owner, '', '', 0, 0, 0, 0, 0, round(cost * 1000000)::bigint,
    ceil(price * 1000000)::bigint FROM spent_before;
INSERT INTO spent SELECT hour, kind, 0, adapter, workspace, sum(requests), sum(prompt_tokens), sum(completion_tokens),
    sum(items), 0, 0, 0 FROM usage GROUP BY 1, 2, 4, 5 ON CONFLICT DO NOTHING;
DROP TABLE spent_before;

-- What people who were forgotten have used, who are only numbers here: it counts until the end of the month.
CREATE TABLE carried (
    person bigint NOT NULL,
    hour bigint NOT NULL,
    workspace text NOT NULL,
    kind text NOT NULL,
    requests bigint NOT NULL,
    prompt_tokens bigint NOT NULL,
    completion_tokens bigint NOT NULL,
    items bigint NOT NULL,
    milliseconds bigint NOT NULL,
    micros bigint NOT NULL,
    PRIMARY KEY (person, hour, workspace, kind)
);
INSERT INTO carried SELECT person, day * 24, '', 'image', 0, 0, 0, items, 0, 0 FROM allowances WHERE items > 0;
ALTER TABLE allowances DROP COLUMN day;
ALTER TABLE allowances DROP COLUMN items;
